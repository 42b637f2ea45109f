#define _GNU_SOURCE
#include "CMeasure.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// The C library's own names for the functions that are replaced below.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static _Thread_local uint64_t count __attribute__((tls_model("initial-exec")));

static _Thread_local uint64_t callCount __attribute__((tls_model("initial-exec")));

uint64_t measure_allocation_count(void) { return count; }

uint64_t measure_call_count(void) { return callCount; }

// Sanitizers replace these functions themselves; then nothing is counted.
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
void *malloc(size_t size) {
    count++;
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count++;
    return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
    count++;
    return __libc_realloc(memory, size);
}

void *memalign(size_t alignment, size_t size) {
    count++;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    void *got = memalign(alignment, size);
    if (got == NULL) return ENOMEM;
    *memory = got;
    return 0;
}

ssize_t send(int socket, const void *bytes, size_t size, int flags) {
    callCount++;
    return syscall(SYS_sendto, socket, bytes, size, flags, NULL, 0);
}

ssize_t recv(int socket, void *bytes, size_t size, int flags) {
    callCount++;
    return syscall(SYS_recvfrom, socket, bytes, size, flags, NULL, NULL);
}

ssize_t read(int file, void *bytes, size_t size) {
    callCount++;
    return syscall(SYS_read, file, bytes, size);
}

ssize_t write(int file, const void *bytes, size_t size) {
    callCount++;
    return syscall(SYS_write, file, bytes, size);
}

int epoll_ctl(int epoll, int operation, int file, struct epoll_event *event) {
    callCount++;
    return (int)syscall(SYS_epoll_ctl, epoll, operation, file, event);
}

int measure_is_counting(void) { return 1; }
#else
int measure_is_counting(void) { return 0; }
#endif

int measure_bind(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int measure_own_network(void) {
    if (unshare(CLONE_NEWNET) != 0) return -1;
    int socket_number = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket_number < 0) return -1;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
    int result = ioctl(socket_number, SIOCSIFFLAGS, &request);
    close(socket_number);
    return result;
}

int measure_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void measure_widen_pipe(int end) { fcntl(end, F_SETPIPE_SZ, 1 << 20); }

const void *measure_find(const void *wanted, size_t wantedSize, const void *bytes, size_t size) {
    return memmem(bytes, size, wanted, wantedSize);
}
