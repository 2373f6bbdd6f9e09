/* mocks/signing.h - the key pairs behind the mock Walmart's signatures, and their verification.
 *
 * Every generation of the mock's credential (mocks/credentials.h, from 1) has an RSA key pair of
 * its own, 2048 bits. They are made when first asked for (some 100 ms each) and kept for the life
 * of the process: all mock servers of a process share them, and a replication does not pay again.
 * Keys are random, so signatures differ from run to run; decisions do not, for all that counts is
 * whether one fits. A server that may not pause makes its keys before it listens.
 *
 * signing_verify() takes what a client sent, as it sent it. Its base64 is read strictly: one line,
 * padded, no foreign character, no stray bits; all else is a signature that does not fit. How old
 * the timestamp is, is the backend's business.
 *
 * Threads: any number, at any time, but signing_keys_forget(). Whoever asks for a generation in the
 * making waits for it, and for that one only.
 *
 * Ownership: texts are the module's, and live until signing_keys_forget() or the process's end.
 * Failure:   ERR_ENVIRONMENT when OpenSSL makes no key; it is tried again the next time.
 *            signing_verify() says false then, as of a signature that does not fit.
 */
#ifndef MOCKS_SIGNING_H
#define MOCKS_SIGNING_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"

enum { SIGNING_GENERATIONS_MAX = 17 }; /* the first, and one a rotation: BACKEND_ROTATIONS_MAX */

/* The private key of a generation (1 to SIGNING_GENERATIONS_MAX) as PEM, PKCS #8: what a client of
 * the mock signs with. NULL and a filled err when it cannot be made. */
const char *signing_keys_private_pem(uint32_t generation, struct err *err);

/* The public one, for clients that check what they sign, and for tests. */
const char *signing_keys_public_pem(uint32_t generation, struct err *err);

/* Whether a signature fits the three values under a generation's key. Generations out of range and
 * NULL texts (a header that is missing) do not fit. */
bool signing_verify(uint32_t generation, const char *consumer_id, const char *timestamp_text,
                    const char *key_version, const char *signature_base64);

/* Wipes all keys. No other thread may be in this module, and texts handed out are gone. */
void signing_keys_forget(void);

#endif
