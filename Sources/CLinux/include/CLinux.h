// What Swift's Glibc module leaves out of the kernel's and the C library's headers.
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

/// epoll_pwait2 without a signal mask, through the kernel rather than the C library, which has it only since 2.35.
/// Returns -1 with ENOSYS before Linux 5.11.
int earshot_epoll_wait(int epoll, struct epoll_event *events, int count, const struct timespec *timeout);

/// accept4: the accepted socket never blocks and is never inherited.
int earshot_accept(int socket, struct sockaddr *address, socklen_t *length);

/// From now on a fatal signal (a trap, a fault, an abort) first puts this mode back, then goes its usual way.
/// Fit to be called for one terminal at a time.
void earshot_restore_on_fatal_signal(int terminal, const struct termios *mode);
/// Ends the above.
void earshot_forget_fatal_signal(void);

/// Takes a signal as if the program had never heard of it: SIGHUP and SIGINT may have been set to be ignored by
/// whoever started us (nohup), and must then stay so.
int earshot_signal_is_ignored(int signal);
#endif
