// libFuzzer, which comes with the toolchain and is linked by -sanitize=fuzzer.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Runs as the arguments say, in a process's own main; returns its status.
int LLVMFuzzerRunDriver(int *argumentCount, char ***arguments, int (*test)(const uint8_t *bytes, size_t count));
