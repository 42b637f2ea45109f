// libcrypto's operations are sequences of calls with contexts to create and free; here each sequence is one function.
#include "COpenSSL.h"
#include <pthread.h>
#include <string.h>

typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_pkey_ctx_st EVP_PKEY_CTX;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
typedef struct hmac_ctx_st HMAC_CTX;
typedef struct evp_cipher_ctx_st EVP_CIPHER_CTX;
typedef struct evp_cipher_st EVP_CIPHER;
typedef struct engine_st ENGINE;

// Numbers of algorithms and controls from OpenSSL 3's public headers (obj_mac.h, evp.h), which are part of its stable
// ABI.
enum { nidX25519 = 1034, nidEd25519 = 1087, ctrlGetTag = 0x10, ctrlSetTag = 0x11 };

extern EVP_MD *EVP_MD_fetch(void *library, const char *algorithm, const char *properties);
extern int EVP_DigestInit_ex(EVP_MD_CTX *context, const EVP_MD *type, ENGINE *engine);
extern int EVP_DigestUpdate(EVP_MD_CTX *context, const void *data, size_t count);
extern int EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *out, unsigned int *outCount);
extern HMAC_CTX *HMAC_CTX_new(void);
extern void HMAC_CTX_free(HMAC_CTX *context);
extern int HMAC_Init_ex(HMAC_CTX *context, const void *key, int keyCount, const EVP_MD *type, ENGINE *engine);
extern int HMAC_Update(HMAC_CTX *context, const unsigned char *data, size_t count);
extern int HMAC_Final(HMAC_CTX *context, unsigned char *out, unsigned int *outCount);
extern EVP_PKEY *EVP_PKEY_new_raw_private_key(int type, ENGINE *engine, const unsigned char *key, size_t count);
extern EVP_PKEY *EVP_PKEY_new_raw_public_key(int type, ENGINE *engine, const unsigned char *key, size_t count);
extern int EVP_PKEY_get_raw_public_key(const EVP_PKEY *key, unsigned char *out, size_t *count);
extern void EVP_PKEY_free(EVP_PKEY *key);
extern EVP_MD_CTX *EVP_MD_CTX_new(void);
extern void EVP_MD_CTX_free(EVP_MD_CTX *context);
extern int EVP_DigestSignInit(
    EVP_MD_CTX *context, EVP_PKEY_CTX **keyContext, const EVP_MD *type, ENGINE *engine, EVP_PKEY *key);
extern int EVP_DigestSign(
    EVP_MD_CTX *context, unsigned char *signature, size_t *signatureCount, const unsigned char *data, size_t count);
extern int EVP_DigestVerifyInit(
    EVP_MD_CTX *context, EVP_PKEY_CTX **keyContext, const EVP_MD *type, ENGINE *engine, EVP_PKEY *key);
extern int EVP_DigestVerify(
    EVP_MD_CTX *context, const unsigned char *signature, size_t signatureCount, const unsigned char *data,
    size_t count);
extern EVP_PKEY_CTX *EVP_PKEY_CTX_new(EVP_PKEY *key, ENGINE *engine);
extern void EVP_PKEY_CTX_free(EVP_PKEY_CTX *context);
extern int EVP_PKEY_derive_init(EVP_PKEY_CTX *context);
extern int EVP_PKEY_derive_set_peer(EVP_PKEY_CTX *context, EVP_PKEY *peer);
extern int EVP_PKEY_derive(EVP_PKEY_CTX *context, unsigned char *out, size_t *count);
extern EVP_CIPHER_CTX *EVP_CIPHER_CTX_new(void);
extern void EVP_CIPHER_CTX_free(EVP_CIPHER_CTX *context);
extern const EVP_CIPHER *EVP_chacha20_poly1305(void);
extern const EVP_CIPHER *EVP_chacha20(void);
extern int EVP_CipherInit_ex(
    EVP_CIPHER_CTX *context, const EVP_CIPHER *type, ENGINE *engine, const unsigned char *key,
    const unsigned char *nonce, int isEncryption);
extern int EVP_CipherUpdate(
    EVP_CIPHER_CTX *context, unsigned char *out, int *outCount, const unsigned char *in, int count);
extern int EVP_CipherFinal_ex(EVP_CIPHER_CTX *context, unsigned char *out, int *outCount);
extern int EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *context, int type, int argument, void *pointer);
extern int EVP_PBE_scrypt(
    const char *password, size_t passwordCount, const unsigned char *salt, size_t saltCount, uint64_t cost,
    uint64_t blockSize, uint64_t parallelization, uint64_t memoryLimit, unsigned char *out, size_t count);
extern int CRYPTO_memcmp(const void *left, const void *right, size_t count);
extern void OPENSSL_cleanse(void *memory, size_t count);

// Fetching an algorithm and creating a context take longer than hashing our short inputs, so each thread reuses one
// context of each kind.
static pthread_key_t digestKey, codeKey;
static pthread_once_t digestOnce = PTHREAD_ONCE_INIT;
static EVP_MD *sha256;
static int hasDigestKeys = 0;

static void freeDigestContext(void *context) { EVP_MD_CTX_free(context); }
static void freeCodeContext(void *context) { HMAC_CTX_free(context); }

static void prepareDigests(void) {
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    hasDigestKeys = sha256 != NULL && pthread_key_create(&digestKey, freeDigestContext) == 0 &&
                    pthread_key_create(&codeKey, freeCodeContext) == 0;
}

static EVP_MD_CTX *digestContext(void) {
    if (pthread_once(&digestOnce, prepareDigests) != 0 || !hasDigestKeys) return NULL;
    EVP_MD_CTX *context = pthread_getspecific(digestKey);
    if (context != NULL) return context;
    context = EVP_MD_CTX_new();
    if (context != NULL && pthread_setspecific(digestKey, context) == 0) return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

static HMAC_CTX *codeContext(void) {
    if (pthread_once(&digestOnce, prepareDigests) != 0 || !hasDigestKeys) return NULL;
    HMAC_CTX *context = pthread_getspecific(codeKey);
    if (context != NULL) return context;
    context = HMAC_CTX_new();
    if (context != NULL && pthread_setspecific(codeKey, context) == 0) return context;
    HMAC_CTX_free(context);
    return NULL;
}

int earshot_sha256(const uint8_t *data, size_t count, uint8_t *out) {
    EVP_MD_CTX *context = digestContext();
    return context != NULL && EVP_DigestInit_ex(context, sha256, NULL) == 1 &&
           EVP_DigestUpdate(context, data, count) == 1 && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

int earshot_hmac_sha256(const uint8_t *key, size_t keyCount, const uint8_t *data, size_t count, uint8_t *out) {
    static const uint8_t zeros[32];
    HMAC_CTX *context = codeContext();
    unsigned int outCount = 32;
    int ok = context != NULL && HMAC_Init_ex(context, key, (int)keyCount, sha256, NULL) == 1 &&
             (count == 0 || HMAC_Update(context, data, count) == 1) && HMAC_Final(context, out, &outCount) == 1 &&
             outCount == 32;
    // The context keeps its last key for reuse, which must not be ours.
    return ok && HMAC_Init_ex(context, zeros, sizeof zeros, sha256, NULL) == 1;
}

void *earshot_ed25519_key(const uint8_t *seed) { return EVP_PKEY_new_raw_private_key(nidEd25519, NULL, seed, 32); }

int earshot_ed25519_public(void *key, uint8_t *publicKey) {
    size_t count = 32;
    return EVP_PKEY_get_raw_public_key(key, publicKey, &count) == 1 && count == 32;
}

int earshot_ed25519_sign(void *key, const uint8_t *message, size_t count, uint8_t *signature) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signatureCount = 64;
    int ok = context != NULL && EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestSign(context, signature, &signatureCount, message, count) == 1 && signatureCount == 64;
    EVP_MD_CTX_free(context);
    return ok;
}

int earshot_ed25519_verify(const uint8_t *publicKey, const uint8_t *message, size_t count, const uint8_t *signature) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(nidEd25519, NULL, publicKey, 32);
    if (key == NULL) return 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context != NULL && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
             EVP_DigestVerify(context, signature, 64, message, count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return ok;
}

void earshot_key_free(void *key) { EVP_PKEY_free(key); }

void *earshot_x25519_key(const uint8_t *privateKey) {
    return EVP_PKEY_new_raw_private_key(nidX25519, NULL, privateKey, 32);
}

int earshot_x25519_public(void *key, uint8_t *publicKey) {
    size_t count = 32;
    return EVP_PKEY_get_raw_public_key(key, publicKey, &count) == 1 && count == 32;
}

int earshot_x25519(void *key, const uint8_t *publicKey, uint8_t *shared) {
    static const uint8_t zeros[32];
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(nidX25519, NULL, publicKey, 32);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    size_t count = 32;
    int ok = peer != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
             EVP_PKEY_derive_set_peer(context, peer) == 1 && EVP_PKEY_derive(context, shared, &count) == 1 &&
             count == 32 && CRYPTO_memcmp(shared, zeros, 32) != 0;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    return ok;
}

// Creating a context takes a kilobyte and most of a microsecond. ChaCha20 has no key schedule, so setting the key again
// for each record costs next to nothing. Each thread therefore uses one context for all keys.
static pthread_key_t aeadContextKey;
static pthread_once_t aeadContextOnce = PTHREAD_ONCE_INIT;
static int hasAEADContextKey = 0;

static void freeAEADContext(void *context) { EVP_CIPHER_CTX_free(context); }

static void makeAEADContextKey(void) {
    hasAEADContextKey = pthread_key_create(&aeadContextKey, freeAEADContext) == 0;
}

static EVP_CIPHER_CTX *aeadContext(void) {
    if (pthread_once(&aeadContextOnce, makeAEADContextKey) != 0 || !hasAEADContextKey) return NULL;
    EVP_CIPHER_CTX *context = pthread_getspecific(aeadContextKey);
    if (context != NULL) return context;
    context = EVP_CIPHER_CTX_new();
    if (context == NULL) return NULL;
    if (EVP_CipherInit_ex(context, EVP_chacha20_poly1305(), NULL, NULL, NULL, 1) != 1 ||
        pthread_setspecific(aeadContextKey, context) != 0) {
        EVP_CIPHER_CTX_free(context);
        return NULL;
    }
    return context;
}

int earshot_aead_seal(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associatedCount, const uint8_t *in,
    size_t count, uint8_t *out) {
    EVP_CIPHER_CTX *context = aeadContext();
    int done = 0;
    return context != NULL && EVP_CipherInit_ex(context, NULL, NULL, key, nonce, 1) == 1 &&
           (associatedCount == 0 || EVP_CipherUpdate(context, NULL, &done, associated, (int)associatedCount) == 1) &&
           (count == 0 || EVP_CipherUpdate(context, out, &done, in, (int)count) == 1) &&
           EVP_CipherFinal_ex(context, out + count, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, ctrlGetTag, 16, out + count) == 1;
}

int earshot_aead_open(
    const uint8_t *key, const uint8_t *nonce, const uint8_t *associated, size_t associatedCount, const uint8_t *in,
    size_t count, uint8_t *out) {
    EVP_CIPHER_CTX *context = aeadContext();
    int done = 0;
    uint8_t spare[16];
    return context != NULL && EVP_CipherInit_ex(context, NULL, NULL, key, nonce, 0) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, ctrlSetTag, 16, (void *)(in + count)) == 1 &&
           (associatedCount == 0 || EVP_CipherUpdate(context, NULL, &done, associated, (int)associatedCount) == 1) &&
           (count == 0 || EVP_CipherUpdate(context, out, &done, in, (int)count) == 1) &&
           EVP_CipherFinal_ex(context, spare, &done) == 1;
}

void earshot_aead_forget(void) {
    static const uint8_t zeros[32];
    if (hasAEADContextKey && pthread_getspecific(aeadContextKey) != NULL)
        EVP_CipherInit_ex(pthread_getspecific(aeadContextKey), NULL, NULL, zeros, zeros, 1);
}

int earshot_chacha20_stream(const uint8_t *key, uint64_t number, uint8_t *out, size_t count) {
    // OpenSSL's 16-byte IV is the 4-byte block counter followed by the 12-byte nonce of RFC 8439.
    uint8_t iv[16] = {0};
    for (int index = 0; index < 8; index++) iv[8 + index] = (uint8_t)(number >> (8 * index));
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int done = 0;
    memset(out, 0, count);
    int ok = context != NULL && EVP_CipherInit_ex(context, EVP_chacha20(), NULL, key, iv, 1) == 1 &&
             EVP_CipherUpdate(context, out, &done, out, (int)count) == 1;
    EVP_CIPHER_CTX_free(context);
    return ok;
}

int earshot_scrypt(
    const uint8_t *password, size_t passwordCount, const uint8_t *salt, size_t saltCount, uint64_t cost,
    uint64_t blockSize, uint64_t parallelization, uint64_t memoryLimit, uint8_t *out, size_t count) {
    return EVP_PBE_scrypt(
        (const char *)password, passwordCount, salt, saltCount, cost, blockSize, parallelization, memoryLimit, out,
        count);
}

int earshot_equal(const uint8_t *left, const uint8_t *right, size_t count) {
    return CRYPTO_memcmp(left, right, count) == 0;
}

void earshot_wipe(void *memory, size_t count) { OPENSSL_cleanse(memory, count); }
