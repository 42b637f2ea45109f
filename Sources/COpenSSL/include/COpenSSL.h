// The functions of libcrypto (OpenSSL 3) that Earshot uses, in the form in which it uses them. libcrypto's own
// functions are declared in COpenSSL.c, so that no -dev package is needed. All return 1 for success and 0 for failure
// unless documented otherwise.
#ifndef EARSHOT_COPENSSL_H
#define EARSHOT_COPENSSL_H
#include <stddef.h>
#include <stdint.h>

// SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). `out` has 32 bytes.
int earshot_sha256(const uint8_t *data, size_t count, uint8_t *out);
int earshot_hmac_sha256(const uint8_t *key, size_t keyCount, const uint8_t *data, size_t count, uint8_t *out);

// Ed25519 (RFC 8032). A signing key is created from its 32-byte seed and freed by earshot_key_free; NULL on failure.
void *earshot_ed25519_key(const uint8_t *seed);
int earshot_ed25519_public(void *key, uint8_t *publicKey);
int earshot_ed25519_sign(void *key, const uint8_t *message, size_t count, uint8_t *signature);
int earshot_ed25519_verify(const uint8_t *publicKey, const uint8_t *message, size_t count, const uint8_t *signature);
void earshot_key_free(void *key);

// X25519 (RFC 7748). A key pair is created from its 32-byte private key, which is wiped when earshot_key_free frees the
// pair; NULL on failure. Creating it computes the public key once, which each agreement would otherwise compute again.
void *earshot_x25519_key(const uint8_t *privateKey);
int earshot_x25519_public(void *key, uint8_t *publicKey);
// Fails if the result is all zeros.
int earshot_x25519(void *key, const uint8_t *publicKey, uint8_t *shared);

// ChaCha20-Poly1305 (RFC 8439). Keys have 32 bytes, nonces 12, tags 16.
// Writes `count` bytes of ciphertext, followed by the tag. `out` may equal `in`.
int earshot_aead_seal(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associatedCount, const uint8_t *in,
    size_t count, uint8_t *out);
// `count` excludes the tag, which must follow the ciphertext.
int earshot_aead_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associatedCount, const uint8_t *in,
    size_t count, uint8_t *out);
// Clears the key last used on this thread, which is otherwise kept for reuse.
void earshot_aead_forget(void);

// Writes the keystream of ChaCha20 (RFC 8439 §2.4) from block 0, with an 8-byte little-endian number in the last bytes
// of the nonce.
int earshot_chacha20_stream(const uint8_t *key, uint64_t number, uint8_t *out, size_t count);

// scrypt (RFC 7914) with N, r and p. Fails if they are not allowed or need more than `memoryLimit` bytes.
int earshot_scrypt(
    const uint8_t *password, size_t passwordCount, const uint8_t *salt, size_t saltCount, uint64_t cost,
    uint64_t blockSize, uint64_t parallelization, uint64_t memoryLimit, uint8_t *out, size_t count);

// Returns whether two buffers are equal, in a time that depends only on `count`.
int earshot_equal(const uint8_t *left, const uint8_t *right, size_t count);
void earshot_wipe(void *memory, size_t count);
#endif
