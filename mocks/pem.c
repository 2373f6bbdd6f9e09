#include "mocks/pem.h"

#include <assert.h>
#include <openssl/pem.h>
#include <stdbool.h>
#include <string.h>

#include "router/base/memory.h"

char *pem_copy(BIO *bio)
{
    char *bytes = NULL;
    const long length = BIO_get_mem_data(bio, &bytes);
    assert(length > 0);
    char *const text = memory_zeroed((size_t)length + 1);
    if (text != NULL) memcpy(text, bytes, (size_t)length);
    return text;
}

char *pem_of_private_key(EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    const bool written =
        bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1;
    char *const text = written ? pem_copy(bio) : NULL;
    BIO_free(bio);
    return text;
}
