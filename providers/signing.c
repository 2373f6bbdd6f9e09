#include "providers/signing.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/base/memory.h"
#include "router/base/text.h"

enum { SIGNATURE_BYTES_MAX = SIGNING_BITS_MAX / 8 };

struct signer {
    EVP_PKEY *key;
    uint64_t computed;
    char signed_text[SIGNING_TEXT_MAX]; /* what `signature` is of; empty: nothing yet */
    char signature[SIGNATURE_TEXT_MAX];
};

/* ---- the text that is signed ----------------------------------------------------------------- */

static const char blanks[] = " \t\r\n";

static size_t trimmed_length(const char *text)
{
    size_t length = strlen(text);
    while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
        length--;
    return length;
}

/* A line break within a value would begin a value of somebody else's. */
static bool is_value(const char *value, size_t length)
{
    if (length == 0 || length > SIGNING_FIELD_MAX) return false;
    for (size_t i = 0; i < length; i++) {
        const unsigned char c = (unsigned char)value[i];
        if (c < 0x20 || c == 0x7F) return false;
    }
    return true;
}

size_t signing_text(const char *consumer_id, const char *timestamp, const char *key_version,
                    char text[static SIGNING_TEXT_MAX])
{
    const char *const values[] = {consumer_id, timestamp, key_version};
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const char *const value = values[i] + strspn(values[i], blanks);
        const size_t length = trimmed_length(value);
        if (!is_value(value, length)) return 0;
        memcpy(text + at, value, length);
        at += length;
        text[at++] = '\n';
    }
    assert(at < SIGNING_TEXT_MAX);
    text[at] = '\0';
    return at;
}

/* ---- signing --------------------------------------------------------------------------------- */

/* The length of the signature, or 0. */
static size_t sign_bytes(EVP_PKEY *key, const char *text, size_t length,
                         unsigned char signature[static SIGNATURE_BYTES_MAX])
{
    size_t signature_length = SIGNATURE_BYTES_MAX;
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    const bool done = context != NULL &&
                      EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                      EVP_DigestSign(context, signature, &signature_length,
                                     (const unsigned char *)text, length) == 1;
    EVP_MD_CTX_free(context);
    return done ? signature_length : 0;
}

bool signer_sign(struct signer *signer, const char *consumer_id, int64_t timestamp_ms,
                 const char *key_version, char signature[static SIGNATURE_TEXT_MAX],
                 struct err *err)
{
    assert(timestamp_ms >= 0);
    char timestamp[NUMBER_TEXT_MAX], text[SIGNING_TEXT_MAX];
    (void)number_write_int(timestamp, timestamp_ms);
    const size_t length = signing_text(consumer_id, timestamp, key_version, text);
    if (length == 0) {
        return err_fail(err, ERR_INPUT, (struct place){0},
                        "the consumer id or the key version is empty, longer than %d characters, "
                        "or holds a control character",
                        SIGNING_FIELD_MAX);
    }
    if (strcmp(text, signer->signed_text) != 0) {
        unsigned char bytes[SIGNATURE_BYTES_MAX];
        const size_t signature_length = sign_bytes(signer->key, text, length, bytes);
        if (signature_length == 0) {
            ERR_clear_error();
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "OpenSSL cannot sign");
        }
        (void)EVP_EncodeBlock((unsigned char *)signer->signature, bytes, (int)signature_length);
        memcpy(signer->signed_text, text, length + 1);
        signer->computed++;
    }
    memcpy(signature, signer->signature, sizeof signer->signature);
    return true;
}

uint64_t signer_computed(const struct signer *signer)
{
    return signer->computed;
}

/* ---- reading a key --------------------------------------------------------------------------- */

struct passphrase {
    bool asked_for;
};

/* OpenSSL would ask the terminal, where a program that runs unattended waits forever. */
static int give_no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void)buffer;
    (void)size;
    (void)writing;
    ((struct passphrase *)context)->asked_for = true;
    return -1;
}

/* Env files hold a key on one line, with two characters for each line end; in place. */
static void unfold_lines(char *pem)
{
    if (strchr(pem, '\n') != NULL) return;
    char *to = pem;
    for (const char *from = pem; *from != '\0';) {
        const bool escape = from[0] == '\\' && from[1] == 'n';
        *to++ = escape ? '\n' : *from;
        from += escape ? 2 : 1;
    }
    *to = '\0';
}

static EVP_PKEY *parse_key(const char *pem, struct place place, struct err *err)
{
    if (strstr(pem, "-----BEGIN ") == NULL) {
        (void)err_fail(err, ERR_INPUT, place, "this is no PEM text");
        (void)err_hint(err, "it begins with -----BEGIN PRIVATE KEY-----");
        return NULL;
    }
    struct passphrase passphrase = {0};
    BIO *const bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *const key =
        bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, give_no_passphrase, &passphrase);
    BIO_free(bio);
    ERR_clear_error(); /* its words for this are about decoders, and help nobody */
    if (key != NULL) return key;
    if (passphrase.asked_for) {
        (void)err_fail(err, ERR_INPUT, place, "the private key is locked with a passphrase");
        (void)err_hint(err, "unlock it with: openssl pkey -in LOCKED -out FILE");
    } else {
        (void)err_fail(err, ERR_INPUT, place, "there is no private key in it that can be read");
    }
    return NULL;
}

/* Whether what the private half signs is what the public half knows. */
static bool halves_fit(EVP_PKEY *key)
{
    static const char text[] = "routesim";
    unsigned char signature[SIGNATURE_BYTES_MAX];
    const size_t length = sign_bytes(key, text, sizeof text, signature);
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    const bool fit =
        length > 0 && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestVerify(context, signature, length, (const unsigned char *)text, sizeof text) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return fit;
}

static bool check_key(EVP_PKEY *key, struct place place, struct err *err)
{
    if (EVP_PKEY_is_a(key, "RSA") != 1) {
        (void)err_fail(err, ERR_INPUT, place, "this is a key of the kind %s, and not RSA",
                       EVP_PKEY_get0_type_name(key));
        return err_hint(err, "make one with: openssl genrsa -out FILE 2048");
    }
    const int bits = EVP_PKEY_get_bits(key);
    if (bits < SIGNING_BITS_MIN || bits > SIGNING_BITS_MAX) {
        return err_fail(err, ERR_INPUT, place, "an RSA key of %d bits, not of %d to %d", bits,
                        SIGNING_BITS_MIN, SIGNING_BITS_MAX);
    }
    if (halves_fit(key)) return true;
    return err_fail(err, ERR_INPUT, place, "the key's private half does not fit its public half");
}

static struct signer *make_signer(const char *pem, struct place place, struct err *err)
{
    EVP_PKEY *const key = parse_key(pem, place, err);
    if (key == NULL) return NULL;
    struct signer *signer = NULL;
    if (check_key(key, place, err)) {
        signer = memory_zeroed(sizeof *signer);
        if (signer == NULL) (void)err_fail(err, ERR_ENVIRONMENT, place, "out of memory for a key");
    }
    if (signer == NULL) {
        EVP_PKEY_free(key);
    } else {
        signer->key = key;
    }
    return signer;
}

static struct signer *signer_from(const char *pem, size_t length, struct place place,
                                  struct err *err)
{
    if (length > SIGNING_PEM_MAX) {
        (void)err_fail(err, ERR_INPUT, place, "longer than %d bytes, which no key is",
                       SIGNING_PEM_MAX);
        return NULL;
    }
    char *const copy = memory_zeroed(length + 1);
    if (copy == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, place, "out of memory for a key");
        return NULL;
    }
    memcpy(copy, pem, length);
    unfold_lines(copy);
    struct signer *const signer = make_signer(copy, place, err);
    OPENSSL_cleanse(copy, length + 1);
    free(copy);
    return signer;
}

struct signer *signer_from_pem(const char *pem, struct err *err)
{
    return signer_from(pem, strlen(pem), (struct place){0}, err);
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool check_file(int file, struct place place, struct err *err)
{
    struct stat there;
    if (fstat(file, &there) != 0) {
        return err_fail(err, ERR_INPUT, place, "cannot look at it: %s", strerror(errno));
    }
    if (!S_ISREG(there.st_mode)) return err_fail(err, ERR_INPUT, place, "this is no file");
    if ((there.st_mode & (S_IRWXG | S_IRWXO)) == 0) return true;
    (void)err_fail(err, ERR_INPUT, place, "this is a private key, and others may use the file");
    return err_hint(err, "chmod 600 it");
}

/* Up to `size` bytes; -1 with errno set. */
static ssize_t read_all(int file, char *bytes, size_t size)
{
    size_t filled = 0;
    while (filled < size) {
        const ssize_t length = read(file, bytes + filled, size - filled);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0) return -1;
        if (length == 0) break;
        filled += (size_t)length;
    }
    return (ssize_t)filled;
}

struct signer *signer_from_file(const char *path, struct err *err)
{
    const struct place place = {.file = path};
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file < 0) {
        (void)err_fail(err, ERR_INPUT, place, "cannot read the private key: %s", strerror(errno));
        return NULL;
    }
    struct signer *signer = NULL;
    char bytes[SIGNING_PEM_MAX + 1]; /* one more than allowed shows that there are more */
    if (check_file(file, place, err)) {
        const ssize_t length = read_all(file, bytes, sizeof bytes);
        if (length < 0) {
            (void)err_fail(err, ERR_INPUT, place, "cannot read the private key: %s",
                           strerror(errno));
        } else {
            signer = signer_from(bytes, (size_t)length, place, err);
        }
        OPENSSL_cleanse(bytes, sizeof bytes);
    }
    (void)close(file);
    return signer;
}

void signer_destroy(struct signer *signer)
{
    if (signer == NULL) return;
    EVP_PKEY_free(signer->key); /* OpenSSL clears private numbers as it frees them */
    OPENSSL_cleanse(signer, sizeof *signer);
    free(signer);
}
