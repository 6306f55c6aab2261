// Macros and system calls that Swift's Glibc import does not show.
#ifndef LOFI_SYS_H
#define LOFI_SYS_H
#include <stdint.h>
#include <sys/types.h>

/// The pid of some child that has ended and waits to be reaped, or 0. Reaps nothing.
pid_t lofi_ended_child(void);
/// Makes this process the reaper of its orphaned descendants. Returns 0 or errno.
int lofi_become_subreaper(void);
/// The uid, gid and pid at the other end of a connected Unix socket. Returns 0 or errno.
int lofi_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid);
/// accept4 with close-on-exec. Returns the descriptor, or -1 and errno.
int lofi_accept(int listener);
/// Bytes waiting to be read in a pipe or socket, or -errno.
int lofi_bytes_waiting(int fd);
/// A close-on-exec pipe. Returns 0 or errno.
int lofi_pipe(int ends[2]);
/// Resizes a pipe. Returns its new capacity in bytes, or -errno.
int lofi_set_pipe_size(int fd, int bytes);
/// On how many processors this process may run, or -errno.
int lofi_cpus_allowed(void);
/// Names the calling thread, for `top -H` and debuggers.
void lofi_name_thread(const char *name);
/// Blocks the signals of `mask` (bit n-1: signal n) on this thread and returns a close-on-exec, non-blocking
/// signalfd for them, or -errno. Call in main before any thread exists.
int lofi_signalfd(uint64_t mask);
/// The next signal number from a signalfd, or 0 when none waits.
int lofi_next_signal(int fd);
#endif
