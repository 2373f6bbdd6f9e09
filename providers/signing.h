/* providers/signing.h - signs Walmart's affiliate headers with an RSA key.
 *
 * The text that is signed holds the values of WM_CONSUMER.ID, WM_CONSUMER.INTIMESTAMP and
 * WM_SEC.KEY_VERSION, in this (alphabetical) order, each without blanks at its ends and each ended
 * by a newline, the last as well. WM_SEC.AUTH_SIGNATURE is RSA PKCS #1 v1.5 with SHA-256 over it,
 * in base64 on one line: 344 characters for a key of 2048 bits.
 *
 * Neither method nor path is signed, so one signature serves every call of the same millisecond,
 * and the same text as last time is not signed again (a signature costs 200 us or more). A caller
 * that keeps its timestamp for a second pays once a second; the provider takes it for 180.
 *
 * Keys: an unencrypted PEM text, PKCS #8 or PKCS #1, of an RSA key of SIGNING_BITS_MIN to
 * SIGNING_BITS_MAX bits. A text in one line with "\n" for its line ends is read as well, because
 * that is how env files hold it. A file must be a regular one that nobody but its owner may read or
 * write. Nothing asks for a passphrase.
 *
 * Ownership: signer_from_*() allocate, signer_destroy() wipes and frees. The PEM text is copied.
 *            One thread at a time.
 * Failure:   loading: ERR_INPUT, with the file's name as the place; memory is ERR_ENVIRONMENT.
 *            signing: ERR_INPUT for a value that cannot stand in a header. No message holds a byte
 *            of a key, nor of a text that was taken for one.
 */
#ifndef PROVIDERS_SIGNING_H
#define PROVIDERS_SIGNING_H

#include <stddef.h>

#include "router/base/err.h"

enum {
    SIGNING_BITS_MIN = 2048,
    SIGNING_BITS_MAX = 4096,
    SIGNING_PEM_MAX = 16384,                                     /* bytes of a PEM text */
    SIGNING_FIELD_MAX = 128,                                     /* bytes of a signed value */
    SIGNING_TEXT_MAX = 3 * (SIGNING_FIELD_MAX + 1) + 1,          /* with the NUL */
    SIGNATURE_TEXT_MAX = (SIGNING_BITS_MAX / 8 + 2) / 3 * 4 + 1, /* with the NUL */
};

/* The text that is signed, NUL-terminated; its length, or 0 when a value is empty, longer than
 * SIGNING_FIELD_MAX, or holds control characters. The mock verifies over the same text. */
size_t signing_text(const char *consumer_id, const char *timestamp, const char *key_version,
                    char text[static SIGNING_TEXT_MAX]);

struct signer;

/* NULL and a filled err on failure. */
struct signer *signer_from_pem(const char *pem, struct err *err);
struct signer *signer_from_file(const char *path, struct err *err);
void signer_destroy(struct signer *signer); /* NULL is fine */

/* `timestamp_ms` is Unix time, and goes into WM_CONSUMER.INTIMESTAMP in decimal digits. */
bool signer_sign(struct signer *signer, const char *consumer_id, int64_t timestamp_ms,
                 const char *key_version, char signature[static SIGNATURE_TEXT_MAX],
                 struct err *err);

/* How many signatures were computed, as against taken from the last one. */
uint64_t signer_computed(const struct signer *signer);

#endif
