#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

int earshot_epoll_wait(int epoll, struct epoll_event *events, int count, const struct timespec *timeout) {
    return (int)syscall(SYS_epoll_pwait2, epoll, events, count, timeout, NULL, (size_t)0);
}

int earshot_accept(int socket, struct sockaddr *address, socklen_t *length) {
    return accept4(socket, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// The signals that end a program through its own fault. Signals from outside arrive through signalfd.
static const int fatal_signals[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP};
enum { fatal_count = sizeof fatal_signals / sizeof fatal_signals[0] };

static struct sigaction previous_actions[fatal_count];
static struct termios mode_to_restore;
static volatile sig_atomic_t terminal_to_restore = -1;

// Only async-signal-safe calls. The signal is not raised again: on return the faulting instruction runs once more,
// under the previous handlers.
static void restore_terminal(int signal) {
    (void)signal;
    int error = errno;
    if (terminal_to_restore >= 0) tcsetattr(terminal_to_restore, TCSANOW, &mode_to_restore);
    for (int index = 0; index < fatal_count; index++) sigaction(fatal_signals[index], &previous_actions[index], NULL);
    errno = error;
}

void earshot_restore_on_fatal_signal(int terminal, const struct termios *mode) {
    if (terminal_to_restore >= 0) return;
    mode_to_restore = *mode;
    struct sigaction action = {0};
    action.sa_handler = restore_terminal;
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < fatal_count; index++) sigaction(fatal_signals[index], &action, &previous_actions[index]);
    terminal_to_restore = terminal;
}

void earshot_forget_fatal_signal(void) {
    if (terminal_to_restore < 0) return;
    terminal_to_restore = -1;
    for (int index = 0; index < fatal_count; index++) sigaction(fatal_signals[index], &previous_actions[index], NULL);
}

int earshot_signal_is_ignored(int signal) {
    struct sigaction action;
    return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}
