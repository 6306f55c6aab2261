#define _GNU_SOURCE
#include "lofi_probe.h"
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/timex.h>

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
