#include "mocks/signing.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/backend.h"
#include "mocks/pem.h"
#include "providers/signing.h"

static_assert(SIGNING_GENERATIONS_MAX == BACKEND_ROTATIONS_MAX + 1, "one key a generation");

enum {
    KEY_BITS = 2048,
    SIGNATURE_BYTES = KEY_BITS / 8,
    SIGNATURE_CHARACTERS = (SIGNATURE_BYTES + 2) / 3 * 4,
};

struct key_pair {
    pthread_mutex_t lock;  /* held while it is made */
    EVP_PKEY *_Atomic key; /* not NULL: all of the pair is there, and stays */
    char *private_pem;
    char *public_pem;
};

static struct key_pair pairs[SIGNING_GENERATIONS_MAX];
static pthread_once_t locks_made = PTHREAD_ONCE_INIT;

static void make_locks(void)
{
    for (unsigned i = 0; i < SIGNING_GENERATIONS_MAX; i++) {
        const int made = pthread_mutex_init(&pairs[i].lock, NULL);
        assert(made == 0);
        (void)made;
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

static void wipe(char *text)
{
    if (text != NULL) OPENSSL_cleanse(text, strlen(text));
    free(text);
}

static char *public_text(EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    const bool written = bio != NULL && PEM_write_bio_PUBKEY(bio, key) == 1;
    char *const text = written ? pem_copy(bio) : NULL;
    BIO_free(bio);
    return text;
}

static void make_pair(struct key_pair *pair)
{
    EVP_PKEY *key = EVP_RSA_gen(KEY_BITS);
    if (key != NULL) {
        pair->private_pem = pem_of_private_key(key);
        pair->public_pem = public_text(key);
    }
    if (pair->private_pem == NULL || pair->public_pem == NULL) {
        wipe(pair->private_pem);
        free(pair->public_pem);
        pair->private_pem = pair->public_pem = NULL;
        EVP_PKEY_free(key);
        key = NULL;
    }
    atomic_store_explicit(&pair->key, key, memory_order_release);
}

/* The pair of a generation, made if need be; NULL when it cannot be. */
static struct key_pair *pair_of(uint32_t generation)
{
    struct key_pair *const pair = &pairs[generation - 1];
    if (atomic_load_explicit(&pair->key, memory_order_acquire) != NULL) return pair;
    const int ready = pthread_once(&locks_made, make_locks);
    assert(ready == 0);
    (void)ready;
    const int locked = pthread_mutex_lock(&pair->lock);
    assert(locked == 0);
    (void)locked;
    if (atomic_load_explicit(&pair->key, memory_order_relaxed) == NULL) make_pair(pair);
    const bool there = atomic_load_explicit(&pair->key, memory_order_relaxed) != NULL;
    (void)pthread_mutex_unlock(&pair->lock);
    return there ? pair : NULL;
}

static struct key_pair *pair_or_err(uint32_t generation, struct err *err)
{
    assert(generation >= 1);
    assert(generation <= SIGNING_GENERATIONS_MAX);
    struct key_pair *const pair = pair_of(generation);
    if (pair != NULL) return pair;
    const unsigned long code = ERR_peek_last_error();
    const char *const reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "OpenSSL cannot make an RSA key: %s",
                   reason != NULL ? reason : "memory is out");
    return NULL;
}

const char *signing_keys_private_pem(uint32_t generation, struct err *err)
{
    const struct key_pair *const pair = pair_or_err(generation, err);
    return pair == NULL ? NULL : pair->private_pem;
}

const char *signing_keys_public_pem(uint32_t generation, struct err *err)
{
    const struct key_pair *const pair = pair_or_err(generation, err);
    return pair == NULL ? NULL : pair->public_pem;
}

void signing_keys_forget(void)
{
    for (unsigned i = 0; i < SIGNING_GENERATIONS_MAX; i++) {
        EVP_PKEY_free(atomic_exchange(&pairs[i].key, NULL));
        wipe(pairs[i].private_pem);
        free(pairs[i].public_pem);
        pairs[i].private_pem = pairs[i].public_pem = NULL;
    }
}

/* ---- verifying ------------------------------------------------------------------------------- */

/* Base64 that encodes back to itself: OpenSSL's decoder alone passes over blanks, padding in odd
 * places and bits that are left over. */
static bool decode_signature(const char *base64, unsigned char bytes[static SIGNATURE_BYTES + 2])
{
    if (strlen(base64) != SIGNATURE_CHARACTERS) return false;
    const int length = EVP_DecodeBlock(bytes, (const unsigned char *)base64, SIGNATURE_CHARACTERS);
    if (length < SIGNATURE_BYTES) return false;
    unsigned char again[SIGNATURE_CHARACTERS + 1];
    (void)EVP_EncodeBlock(again, bytes, SIGNATURE_BYTES);
    return memcmp(again, base64, sizeof again) == 0;
}

static bool fits(EVP_PKEY *key, const char *text, size_t length,
                 const unsigned char signature[static SIGNATURE_BYTES])
{
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    const bool fit = context != NULL &&
                     EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                     EVP_DigestVerify(context, signature, SIGNATURE_BYTES,
                                      (const unsigned char *)text, length) == 1;
    EVP_MD_CTX_free(context);
    if (!fit) ERR_clear_error();
    return fit;
}

bool signing_verify(uint32_t generation, const char *consumer_id, const char *timestamp_text,
                    const char *key_version, const char *signature_base64)
{
    if (generation < 1 || generation > SIGNING_GENERATIONS_MAX) return false;
    if (consumer_id == NULL || timestamp_text == NULL || key_version == NULL) return false;
    if (signature_base64 == NULL) return false;
    char text[SIGNING_TEXT_MAX];
    const size_t length = signing_text(consumer_id, timestamp_text, key_version, text);
    unsigned char signature[SIGNATURE_BYTES + 2]; /* the decoder writes whole threes */
    if (length == 0 || !decode_signature(signature_base64, signature)) return false;
    const struct key_pair *const pair = pair_of(generation);
    return pair != NULL && fits(pair->key, text, length, signature);
}
