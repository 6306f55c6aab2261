// The kernel's clock and the terminal's size, which take a struct and a variadic call.
#ifndef LOFI_PROBE_H
#define LOFI_PROBE_H

/// 1 when the kernel's clock is kept right from outside (NTP), 0 when it is not, or -errno. Sets `error_us` to the
/// greatest error the kernel assumes, in microseconds.
int lofi_clock_is_kept(long *error_us);
/// The size of the terminal behind `fd` in characters. Returns 0 or errno.
int lofi_terminal_size(int fd, int *rows, int *columns);
#endif
