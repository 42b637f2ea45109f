// What only measurements need: allocations and calls of the system counted, threads bound to processors, a network of one's own.
#ifndef EARSHOT_CMEASURE_H
#define EARSHOT_CMEASURE_H
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/// How often this thread has asked for memory so far. The program that links this takes the C library's place in front
/// of malloc and its kin, for all libraries of the process.
uint64_t measure_allocation_count(void);

/// How often this thread has sent, received, read, written or changed what epoll waits for. The same goes for these.
uint64_t measure_call_count(void);

/// Whether anything is counted: not beside a sanitizer, which stands there itself.
int measure_is_counting(void);

/// Binds the calling thread, and what it starts, to one processor. Returns 0, or -1 with errno.
int measure_bind(int processor);

/// Gives the calling thread, and what it starts, a network namespace of its own with nothing in it but loopback, which
/// is up. Returns 0, or -1 with errno; needs root.
int measure_own_network(void);

/// Where some bytes are first found in others; NULL if they are not.
const void *measure_find(const void *wanted, size_t wantedSize, const void *bytes, size_t size);

/// A pipe that no child inherits. Returns 0, or -1 with errno.
int measure_pipe(int ends[2]);

/// As much room in a pipe as the kernel gives to everybody.
void measure_widen_pipe(int end);
#endif
