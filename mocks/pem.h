/* mocks/pem.h - keys and certificates as PEM texts.
 *
 * Ownership: the caller frees a text; one that holds a private key is wiped first.
 * Failure:   NULL, when memory is out or OpenSSL refuses.
 */
#ifndef MOCKS_PEM_H
#define MOCKS_PEM_H

#include <openssl/bio.h>
#include <openssl/evp.h>

/* A copy of what was written into a BIO of memory, which wipes its own when it is freed. */
char *pem_copy(BIO *bio);

char *pem_of_private_key(EVP_PKEY *key); /* PKCS #8, not encrypted */

#endif
