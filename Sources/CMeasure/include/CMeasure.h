// Functions for measurements only: counters of allocations and system calls, threads bound to processors, and a private
// network.
#ifndef EARSHOT_CMEASURE_H
#define EARSHOT_CMEASURE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/// Returns the number of allocations by this thread so far. A program that links this replaces malloc and its relatives
/// for all libraries of the process.
uint64_t measure_allocation_count(void);

/// Returns the number of calls by this thread that sent, received, read, wrote or changed an epoll set. These calls are
/// replaced likewise.
uint64_t measure_call_count(void);

/// Returns whether calls are counted: not under a sanitizer, which replaces the same functions.
int measure_is_counting(void);

/// Binds the calling thread, and the threads it starts, to one processor. Returns 0, or -1 with errno.
int measure_bind(int processor);

/// Moves the calling thread, and the threads it starts, to a network namespace of their own that contains only
/// loopback, which is up. Returns 0, or -1 with errno; needs root.
int measure_own_network(void);

/// Returns the first occurrence of some bytes in others, or NULL if there is none.
const void *measure_find(const void *wanted, size_t wantedSize, const void *bytes, size_t size);

/// Creates a pipe that no child inherits. Returns 0, or -1 with errno.
int measure_pipe(int ends[2]);

/// Enlarges a pipe to the maximum that the kernel grants to unprivileged users.
void measure_widen_pipe(int end);
#endif
