// Processes by pidfd; part of it is younger than the headers of glibc 2.36.
#ifndef LOFI_PIDFD_H
#define LOFI_PIDFD_H
#include <stdint.h>
#include <sys/types.h>

/// A close-on-exec pidfd of `pid`, or -errno.
int lofi_pidfd_open(pid_t pid);
/// Sends `signal` through a pidfd. Returns 0 or errno.
int lofi_pidfd_signal(int pidfd, int signal);
/// Reaps the child behind `pidfd` if it has ended. Returns 1 and fills `code` and `was_signal` when it had,
/// 0 when it still runs, or -errno.
int lofi_pidfd_reap(int pidfd, int *code, int *was_signal);
/// True once the process behind `pidfd` has ended, reaped or not.
int lofi_pidfd_ended(int pidfd);
/// Signals the process group that the process behind `pidfd` leads or led (Linux 6.9). Returns 0; ESRCH when the
/// group is empty (a zombie in it still counts); EINVAL where the kernel cannot.
int lofi_pidfd_signal_group(int pidfd, int signal);
/// Asks how a process that need not be a child has ended (Linux 6.15). Returns 1 and fills `status` as wait(2)
/// does; 0 while it has not ended or its parent has not reaped it; -errno where the kernel cannot tell.
int lofi_pidfd_exit_status(int pidfd, int *status);
/// Takes a wait status apart: `code` is the exit code or the signal.
void lofi_split_status(int status, int *code, int *was_signal);
#endif
