// epoll(7), whose packed events Swift cannot lay out.
#ifndef LOFI_EPOLL_H
#define LOFI_EPOLL_H
#include <stdint.h>

enum { LOFI_READABLE = 1, LOFI_WRITABLE = 2, LOFI_URGENT = 4, LOFI_HUNG_UP = 8 };

/// A close-on-exec epoll descriptor, or -errno.
int lofi_epoll_open(void);
/// Watches `fd` for `interest` (LOFI_READABLE | ...), or changes what it is watched for. Returns 0 or errno.
int lofi_epoll_watch(int epoll, int fd, int64_t key, int interest);
/// Watches `fd` no longer. Returns 0 or errno.
int lofi_epoll_forget(int epoll, int fd);
/// Waits up to `milliseconds`. Fills at most `max` keys and what happened to each; returns how many, or -errno.
int lofi_epoll_wait(int epoll, int64_t *keys, int *happened, int max, int milliseconds);
#endif
