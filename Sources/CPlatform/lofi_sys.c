#define _GNU_SOURCE
#include "lofi_sys.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t lofi_ended_child(void) {
    siginfo_t info = {0};
    return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? 0 : info.si_pid;
}

int lofi_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0 ? errno : 0; }

int lofi_peer(int fd, uid_t *uid, gid_t *gid, pid_t *pid) {
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) return errno;
    *uid = peer.uid;
    *gid = peer.gid;
    *pid = peer.pid;
    return 0;
}

int lofi_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int lofi_bytes_waiting(int fd) {
    int waiting = 0;
    return ioctl(fd, FIONREAD, &waiting) < 0 ? -errno : waiting;
}

int lofi_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? errno : 0; }

int lofi_set_pipe_size(int fd, int bytes) {
    int size = fcntl(fd, F_SETPIPE_SZ, bytes);
    return size < 0 ? -errno : size;
}

int lofi_cpus_allowed(void) {
    // 8192 processors: more than any kernel is built for by default.
    static const size_t size = 1024;
    cpu_set_t *allowed = CPU_ALLOC(8192);
    if (!allowed) return -ENOMEM;
    int count = sched_getaffinity(0, size, allowed) < 0 ? -errno : CPU_COUNT_S(size, allowed);
    CPU_FREE(allowed);
    return count;
}

void lofi_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int lofi_signalfd(uint64_t mask) {
    sigset_t set;
    sigemptyset(&set);
    for (int s = 1; s <= 64; s++)
        if (mask & (1ULL << (s - 1))) sigaddset(&set, s);
    int failed = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (failed) return -failed;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int lofi_next_signal(int fd) {
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}
