// What this kernel and this terminal can do, by trying it.
#ifndef LOFI_PROBE_H
#define LOFI_PROBE_H

/// Opens a pidfd of this process and closes it. Returns 0 or errno (Linux 5.3).
int lofi_try_pidfd(void);
/// Waits for a child by pidfd, of which there is none: 0 where the kernel knows how (Linux 5.4), or errno.
int lofi_try_pidfd_wait(void);
/// Sends signal 0 to the process group of a pidfd (Linux 6.9). Returns 0 or errno; nothing is signalled.
int lofi_try_pidfd_group_signal(void);
/// 1 when the kernel's clock is kept right from outside (NTP), 0 when it is not, or -errno. Sets `error_us` to the
/// greatest error the kernel assumes, in microseconds.
int lofi_clock_is_kept(long *error_us);
/// The size of the terminal behind `fd` in characters. Returns 0 or errno.
int lofi_terminal_size(int fd, int *rows, int *columns);
#endif
