// Spawning a child with a clean slate, which neither Foundation.Process nor posix_spawn of glibc 2.36 can do in one.
#ifndef LOFI_SPAWN_H
#define LOFI_SPAWN_H
#include <sys/types.h>

/// Starts `path` with `argv` and `envp` (both ended by NULL).
///
/// The child gets an empty signal mask, default signal dispositions, a session of its own when `new_session` is
/// set, the working directory `cwd` unless that is NULL, and exactly these descriptors: `fds[i]` becomes
/// descriptor i (-1: /dev/null); all others are closed. If `nice` is not 0 it is added to the child's niceness. With
/// `dies_with_thread` it is killed when the thread that calls this ends.
///
/// Returns 0 and sets `*pid` and `*pidfd` (close-on-exec), or returns the errno of whatever failed first, exec
/// included; then no child is left behind.
int lofi_spawn(const char *path, char *const argv[], char *const envp[], const char *cwd, const int *fds,
               int fd_count, int new_session, int dies_with_thread, int nice, pid_t *pid, int *pidfd);
#endif
