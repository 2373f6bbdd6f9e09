#include "mocks/marked_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WRITE_PATH_MAX = 4096, MARK_MAX = 128 };

struct target {
    char path[WRITE_PATH_MAX];
    char temporary[WRITE_PATH_MAX];
};

static bool refuse(struct err *err, const char *path, const char *what, int error)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = err_keep_name(path)}, "%s: %s",
                    what, strerror(error));
}

static bool name_target(const struct marked_file *wish, struct target *target, struct err *err)
{
    const int length =
        snprintf(target->path, sizeof target->path, "%s/%s", wish->directory, wish->name);
    const int longer = snprintf(target->temporary, sizeof target->temporary, "%s/.%s.XXXXXX",
                                wish->directory, wish->name);
    assert(longer > length);
    if ((size_t)longer < sizeof target->temporary) return true;
    return err_fail(err, ERR_USAGE, (struct place){0}, "the folder's name is too long");
}

/* ---- whose file is it ------------------------------------------------------------------------ */

static bool begins_with(const char *path, const char *mark)
{
    char bytes[MARK_MAX];
    const size_t wanted = strlen(mark);
    assert(wanted <= sizeof bytes);
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return false;
    const ssize_t length = read(file, bytes, wanted);
    (void)close(file);
    return length == (ssize_t)wanted && memcmp(bytes, mark, wanted) == 0;
}

static bool may_replace(const char *path, const char *mark, struct err *err)
{
    struct stat there;
    if (lstat(path, &there) != 0) {
        return errno == ENOENT || refuse(err, path, "cannot look at it", errno);
    }
    if (S_ISREG(there.st_mode) && begins_with(path, mark)) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){.file = err_keep_name(path)},
                   "what lies there is not routesim's, and was left alone");
    return err_hint(err, "choose another folder, or move it away");
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_text(int file, const char *text)
{
    size_t length = strlen(text);
    while (length > 0) {
        const ssize_t written = write(file, text, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text += written;
        length -= (size_t)written;
    }
    return true;
}

/* Closes `file` in any case; false with errno set. */
static bool fill(int file, const struct marked_file *wish)
{
    /* mkstemp() made it 0600, so that a key is at no time anybody else's to read. */
    const bool done = fchmod(file, wish->mode) == 0 && write_text(file, wish->mark) &&
                      write_text(file, wish->bytes) && fsync(file) == 0;
    const int error = errno;
    const bool closed = close(file) == 0;
    if (!done) errno = error;
    return done && closed;
}

bool marked_file_write(const struct marked_file *wish, struct err *err)
{
    struct target target;
    if (!name_target(wish, &target, err)) return false;
    if (!may_replace(target.path, wish->mark, err)) return false;
    const int file = mkstemp(target.temporary);
    if (file < 0) return refuse(err, target.path, "cannot write it", errno);
    if (fill(file, wish) && rename(target.temporary, target.path) == 0) return true;
    const int error = errno;
    (void)unlink(target.temporary);
    return refuse(err, target.path, "cannot write it", error);
}
