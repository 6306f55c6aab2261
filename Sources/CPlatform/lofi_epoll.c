#define _GNU_SOURCE
#include "lofi_epoll.h"
#include <errno.h>
#include <sys/epoll.h>

int lofi_epoll_open(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int lofi_epoll_watch(int epoll, int fd, int64_t key, int interest) {
    struct epoll_event event = {.data.u64 = (uint64_t)key};
    if (interest & LOFI_READABLE) event.events |= EPOLLIN;
    if (interest & LOFI_WRITABLE) event.events |= EPOLLOUT;
    if (interest & LOFI_URGENT) event.events |= EPOLLPRI;
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
    if (errno != EEXIST) return errno;
    return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) < 0 ? errno : 0;
}

int lofi_epoll_forget(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, 0) < 0 ? errno : 0; }

int lofi_epoll_wait(int epoll, int64_t *keys, int *happened, int max, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, max < 64 ? max : 64, milliseconds);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        uint32_t got = events[i].events;
        keys[i] = (int64_t)events[i].data.u64;
        happened[i] = (got & EPOLLIN ? LOFI_READABLE : 0) | (got & EPOLLOUT ? LOFI_WRITABLE : 0) |
                      (got & EPOLLPRI ? LOFI_URGENT : 0) | (got & (EPOLLHUP | EPOLLERR) ? LOFI_HUNG_UP : 0);
    }
    return count;
}
