#include "providers/cassette_sum.h"

#include <assert.h>
#include <openssl/evp.h>

bool cassette_sum_begin(struct cassette_sum *sum)
{
    sum->context = EVP_MD_CTX_new();
    return sum->context != NULL && EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) == 1;
}

bool cassette_sum_add(struct cassette_sum *sum, const char *bytes, size_t length)
{
    assert(sum->context != NULL);
    return EVP_DigestUpdate(sum->context, bytes, length) == 1;
}

bool cassette_sum_end(struct cassette_sum *sum, char text[CASSETTE_SUM_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    assert(sum->context != NULL);
    const bool ended = EVP_DigestFinal_ex(sum->context, digest, &length) == 1;
    cassette_sum_release(sum);
    text[0] = '\0';
    if (!ended) return false;
    assert(2 * length + 1 == CASSETTE_SUM_TEXT_MAX);
    for (unsigned i = 0; i < length; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    text[2 * length] = '\0';
    return true;
}

void cassette_sum_release(struct cassette_sum *sum)
{
    EVP_MD_CTX_free(sum->context);
    sum->context = NULL;
}
