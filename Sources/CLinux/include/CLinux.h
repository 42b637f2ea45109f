// What Swift's Glibc module leaves out of the kernel's and the C library's headers.
#ifndef EARSHOT_CLINUX_H
#define EARSHOT_CLINUX_H
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif
