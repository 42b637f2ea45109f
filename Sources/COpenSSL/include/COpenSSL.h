// The functions of libcrypto (OpenSSL 3) that Earshot uses, declared here so that no -dev package is needed.
#ifndef EARSHOT_COPENSSL_H
#define EARSHOT_COPENSSL_H
#include <stddef.h>
unsigned char *SHA256(const unsigned char *data, size_t count, unsigned char *digest);
#endif
