#include "reports/files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool fail(struct err *err, const char *what, const char *path, int number)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot %s %s: %s", what, path,
                    strerror(number));
}

bool files_path(char path[static FILES_PATH_MAX], const char *directory, const char *name,
                struct err *err)
{
    const int length = snprintf(path, FILES_PATH_MAX, "%s/%s", directory, name);
    if (length > 0 && length < FILES_PATH_MAX) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "the path of %s is too long", name);
}

bool files_make_directory(const char *path, struct err *err)
{
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return fail(err, "make the folder", path, errno);
}

bool files_write(const char *directory, const char *name, const struct text *text, struct err *err)
{
    char path[FILES_PATH_MAX];
    if (!files_path(path, directory, name, err)) return false;
    if (text->failed)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %s", path);

    FILE *file = fopen(path, "wb");
    if (file == NULL) return fail(err, "write", path, errno);
    errno = 0;
    bool whole = text->length == 0 || fwrite(text->bytes, text->length, 1, file) == 1;
    int number = errno;
    if (fclose(file) != 0) {
        if (whole) number = errno;
        whole = false;
    }
    return whole || fail(err, "write", path, number);
}

bool files_read(const char *directory, const char *name, struct text *text, struct err *err)
{
    char path[FILES_PATH_MAX];
    if (!files_path(path, directory, name, err)) return false;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return err_fail(err, ERR_INPUT, (struct place){.file = NULL}, "cannot read %s: %s", path,
                        strerror(errno));
    }
    char bytes[16384];
    size_t got;
    while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
        text_append(text, bytes, got);
    const bool failed = ferror(file) != 0;
    const int number = errno;
    (void)fclose(file);
    if (failed) return fail(err, "read", path, number);
    if (text->failed)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %s", path);
    return true;
}
