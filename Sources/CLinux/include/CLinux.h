// The declarations of the kernel and the C library that Swift's Glibc module lacks.
#ifndef EARSHOT_CLINUX_H
#define EARSHOT_CLINUX_H
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <linux/if_packet.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <termios.h>
#include <time.h>

/// Calls epoll_pwait2 without a signal mask, through the kernel rather than the C library, which has it only since
/// 2.35. Returns -1 with ENOSYS before Linux 5.11.
int earshot_epoll_wait(int epoll, struct epoll_event *events, int count, const struct timespec *timeout);

/// Calls accept4; the accepted socket is non-blocking and is not inherited.
int earshot_accept(int socket, struct sockaddr *address, socklen_t *length);

/// Makes a fatal signal (a trap, a fault, an abort) restore this terminal mode before it is handled as before. Supports
/// one terminal at a time.
void earshot_restore_on_fatal_signal(int terminal, const struct termios *mode);
/// Undoes earshot_restore_on_fatal_signal.
void earshot_forget_fatal_signal(void);

/// Returns whether a signal is ignored. The parent process (nohup) may have made SIGHUP and SIGINT ignored, and they
/// must then stay so.
int earshot_signal_is_ignored(int signal);
#endif
