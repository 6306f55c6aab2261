#define _GNU_SOURCE
#include "lofi_pidfd.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// From include/uapi/linux/pidfd.h.
enum { SIGNAL_PROCESS_GROUP = 1 << 2, INFO_EXIT = 1 << 3 };

struct info {
    uint64_t mask, cgroupid;
    uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
    int32_t exit_code;
};
_Static_assert(sizeof(struct info) == 64, "PIDFD_INFO_SIZE_VER0");
#define GET_INFO _IOWR(0xFF, 11, struct info)

int lofi_pidfd_open(pid_t pid) {
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : fd;
}

int lofi_pidfd_signal(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0 ? errno : 0;
}

int lofi_pidfd_reap(int pidfd, int *code, int *was_signal) {
    siginfo_t info = {0};
    if (waitid(3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG) < 0) return -errno;
    if (info.si_pid == 0) return 0;
    *code = info.si_status;
    *was_signal = info.si_code != CLD_EXITED;
    return 1;
}

int lofi_pidfd_ended(int pidfd) {
    struct pollfd waiting = {.fd = pidfd, .events = POLLIN};
    return poll(&waiting, 1, 0) > 0;
}

int lofi_pidfd_signal_group(int pidfd, int signal) {
    return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, SIGNAL_PROCESS_GROUP) < 0 ? errno : 0;
}

int lofi_pidfd_exit_status(int pidfd, int *status) {
    struct info info = {.mask = INFO_EXIT};
    if (ioctl(pidfd, GET_INFO, &info) < 0) return -errno;
    if (!(info.mask & INFO_EXIT)) return 0;
    *status = info.exit_code;
    return 1;
}

void lofi_split_status(int status, int *code, int *was_signal) {
    *was_signal = WIFSIGNALED(status);
    *code = *was_signal ? WTERMSIG(status) : WEXITSTATUS(status);
}
