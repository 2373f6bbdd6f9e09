#include "sim/command/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 16 };

static bool hash_stream(FILE *stream, struct result_file *file)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char chunk[CHUNK_BYTES], digest[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool fine = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    file->bytes = 0;
    for (size_t got; fine && (got = fread(chunk, 1, sizeof chunk, stream)) > 0;) {
        file->bytes += got;
        fine = EVP_DigestUpdate(context, chunk, got) == 1;
    }
    fine = fine && ferror(stream) == 0 && EVP_DigestFinal_ex(context, digest, &length) == 1;
    EVP_MD_CTX_free(context);
    for (unsigned i = 0; fine && i < length; i++) {
        file->sha256[2 * i] = digits[digest[i] >> 4];
        file->sha256[2 * i + 1] = digits[digest[i] & 15];
    }
    file->sha256[64] = '\0';
    return fine && length == 32;
}

bool digest_file(const char *directory, const char *path, struct result_file *file, struct err *err)
{
    char name[4352];
    (void)snprintf(name, sizeof name, "%.4096s/%.200s", directory, path);
    err->code = ERR_NONE;
    file->path = path;
    FILE *stream = fopen(name, "rb");
    if (stream == NULL) {
        if (errno == ENOENT) return false;
        return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = path}, "cannot read it: %s",
                        strerror(errno));
    }
    const bool hashed = hash_stream(stream, file);
    const int why = errno;
    (void)fclose(stream);
    return hashed || err_fail(err, ERR_ENVIRONMENT, (struct place){.file = path},
                              "cannot hash it: %s", strerror(why));
}
