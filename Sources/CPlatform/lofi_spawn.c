#define _GNU_SOURCE
#include "lofi_spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the kernel groups by session (sched_autogroup_enabled), niceness counts among the threads of one session only,
// and each session has an equal share: the new one is told to stand as far back as its process does. Everything here
// may fail: on a kernel without it, or unprivileged for a tenth of a second after the last such change.
static void tell_session_niceness(void) {
    int own = getpriority(PRIO_PROCESS, 0);
    if (own == 0) return;
    char text[4];
    int length = 0, size = own < 0 ? -own : own;
    if (own < 0) text[length++] = '-';
    if (size >= 10) text[length++] = (char)('0' + size / 10);
    text[length++] = (char)('0' + size % 10);
    int file = open("/proc/self/autogroup", O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t unused = write(file, text, (size_t)length);
    (void)unused;
    close(file);
}

// Everything here runs between fork and exec: only async-signal-safe calls.
static void child(const char *path, char *const argv[], char *const envp[], const char *cwd, const int *fds,
                  int fd_count, pid_t parent, int new_session, int dies_with_thread, int niceness, int report) {
    int failed;
    // Dispatch's threads block nearly every signal and exec would hand that mask on.
    struct sigaction plain = {.sa_handler = SIG_DFL};
    for (int s = 1; s < NSIG; s++) sigaction(s, &plain, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (new_session) setsid();
    if (niceness) { int unused = nice(niceness); (void)unused; }
    if (new_session) {
        tell_session_niceness();
        // A process that its parent has stopped (SIGSTOP) must not stay so when the parent is killed: it would never
        // notice that it is alone. To one that runs the signal means nothing.
        prctl(PR_SET_PDEATHSIG, SIGCONT);
    }
    if (dies_with_thread) {
        // The kernel means the thread by "parent". One that ended before this line has left us to somebody else already.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) goto fail;
        if (getppid() != parent) _exit(127);
    }
    if (cwd && chdir(cwd) < 0) goto fail;
    // First out of the way of the targets, then into place: sources and targets may overlap. No higher than needed: few
    // numbers may be allowed.
    int high = fcntl(report, F_DUPFD_CLOEXEC, fd_count);
    if (high < 0) goto fail;
    report = high;
    for (int i = 0; i < fd_count; i++) {
        int from = fds[i] >= 0 ? fds[i] : open("/dev/null", O_RDWR | O_CLOEXEC);
        if (from < 0) goto fail;
        int lifted = fcntl(from, F_DUPFD_CLOEXEC, fd_count);
        if (lifted < 0) goto fail;
        ((int *)fds)[i] = lifted; // the child's own copy of the parent's array
    }
    for (int i = 0; i < fd_count; i++)
        if (dup2(fds[i], i) < 0) goto fail;
    // Everything else closes at exec, so that `report` can still tell of a failed exec.
    if (syscall(SYS_close_range, fd_count, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
        for (int i = fd_count; i < 1024; i++) fcntl(i, F_SETFD, FD_CLOEXEC);
    execve(path, argv, envp);
fail:
    failed = errno;
    ssize_t unused = write(report, &failed, sizeof failed);
    (void)unused;
    _exit(127);
}

int lofi_spawn(const char *path, char *const argv[], char *const envp[], const char *cwd, const int *fds,
               int fd_count, int new_session, int dies_with_thread, int niceness, pid_t *pid, int *pidfd) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) return errno;
    // No signal handler of ours may run in the child before it has reset them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t born = fork();
    if (born == 0) {
        child(path, argv, envp, cwd, fds, fd_count, parent, new_session, dies_with_thread, niceness, pipe_ends[1]);
        _exit(127);
    }
    int fork_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(pipe_ends[1]);
    if (born < 0) {
        close(pipe_ends[0]);
        return fork_errno;
    }
    int failed = 0;
    ssize_t got;
    do got = read(pipe_ends[0], &failed, sizeof failed);
    while (got < 0 && errno == EINTR);
    close(pipe_ends[0]);
    int handle = got > 0 ? -1 : (int)syscall(SYS_pidfd_open, born, 0);
    if (got > 0 || handle < 0) {
        int reason = got > 0 ? failed : errno;
        kill(born, SIGKILL);
        while (waitpid(born, NULL, 0) < 0 && errno == EINTR) {}
        return reason;
    }
    *pid = born;
    *pidfd = handle;
    return 0;
}
