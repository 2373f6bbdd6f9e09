#include "sim/command/copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool copy_write(const char *path, struct text *text, struct err *err)
{
    const bool out = strcmp(path, "-") == 0;
    FILE *stream = out ? stdout : fopen(path, "wb");
    bool fine = stream != NULL && !text->failed &&
                fwrite(text->bytes, 1, text->length, stream) == text->length;
    if (stream != NULL && (out ? fflush(stream) : fclose(stream)) != 0) fine = false;
    text_release(text);
    return fine || err_fail(err, ERR_ENVIRONMENT, (struct place){.file = path},
                            "cannot write it: %s", strerror(errno));
}
