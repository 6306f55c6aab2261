#define _GNU_SOURCE
#include "lofi_probe.h"
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
// linux/pidfd.h of kernels before 6.9 does not have it.
#define LOFI_PIDFD_SIGNAL_PROCESS_GROUP 4

static int own_pidfd(void) { return (int)syscall(SYS_pidfd_open, getpid(), 0); }

int lofi_try_pidfd(void) {
    int fd = own_pidfd();
    if (fd < 0) return errno;
    close(fd);
    return 0;
}

int lofi_try_pidfd_wait(void) {
    int fd = own_pidfd();
    if (fd < 0) return errno;
    siginfo_t info;
    // P_PIDFD is 3. Nobody is a child of itself: a kernel that knows pidfds says ECHILD.
    int failed = waitid((idtype_t)3, (id_t)fd, &info, WEXITED | WNOHANG) == 0 ? 0 : errno;
    close(fd);
    return failed == ECHILD ? 0 : failed;
}

int lofi_try_pidfd_group_signal(void) {
    int fd = own_pidfd();
    if (fd < 0) return errno;
    int failed = syscall(SYS_pidfd_send_signal, fd, 0, NULL, LOFI_PIDFD_SIGNAL_PROCESS_GROUP) == 0 ? 0 : errno;
    close(fd);
    // A process that leads no group has none to signal, which only a kernel that looked can know.
    return failed == ESRCH ? 0 : failed;
}

int lofi_clock_is_kept(long *error_us) {
    struct timex facts = {.modes = 0};
    int state = adjtimex(&facts);
    if (state < 0) return -errno;
    *error_us = facts.maxerror;
    return state != TIME_ERROR && !(facts.status & STA_UNSYNC);
}

int lofi_terminal_size(int fd, int *rows, int *columns) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0) return errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}
