/* Certificates on disk: whole files or none, and nobody else's. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mocks/certificates.h"

/* Readers of PEM pass over what stands before "-----BEGIN". */
static const char our_mark[] = "routesim mock: made on the spot, trust it for tests only\n";

enum { WRITE_PATH_MAX = 4096 };

struct target {
    char path[WRITE_PATH_MAX];
    char temporary[WRITE_PATH_MAX];
};

static bool refuse(struct err *err, const char *path, const char *what, int error)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = err_keep_name(path)}, "%s: %s",
                    what, strerror(error));
}

static bool name_target(const char *directory, const char *name, struct target *target,
                        struct err *err)
{
    const int length = snprintf(target->path, sizeof target->path, "%s/%s", directory, name);
    const int longer =
        snprintf(target->temporary, sizeof target->temporary, "%s/.%s.XXXXXX", directory, name);
    assert(longer > length);
    if ((size_t)longer < sizeof target->temporary) return true;
    return err_fail(err, ERR_USAGE, (struct place){0}, "the folder's name is too long");
}

/* ---- whose file is it ------------------------------------------------------------------------ */

static bool begins_with_our_mark(const char *path)
{
    char bytes[sizeof our_mark - 1];
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return false;
    const ssize_t length = read(file, bytes, sizeof bytes);
    (void)close(file);
    return length == (ssize_t)sizeof bytes && memcmp(bytes, our_mark, sizeof bytes) == 0;
}

static bool may_replace(const char *path, struct err *err)
{
    struct stat there;
    if (lstat(path, &there) != 0) {
        return errno == ENOENT || refuse(err, path, "cannot look at it", errno);
    }
    if (S_ISREG(there.st_mode) && begins_with_our_mark(path)) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){.file = err_keep_name(path)},
                   "what lies there is not routesim's, and was left alone");
    return err_hint(err, "choose another folder, or move it away");
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_bytes(int file, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Closes `file` in any case; false with errno set. */
static bool fill(int file, const char *pem, mode_t mode)
{
    /* mkstemp() made it 0600, so that a key is at no time anybody else's to read. */
    const bool done = fchmod(file, mode) == 0 && write_bytes(file, our_mark, sizeof our_mark - 1) &&
                      write_bytes(file, pem, strlen(pem)) && fsync(file) == 0;
    const int error = errno;
    const bool closed = close(file) == 0;
    if (!done) errno = error;
    return done && closed;
}

static bool write_file(const char *directory, const char *name, const char *pem, mode_t mode,
                       struct err *err)
{
    struct target target;
    if (!name_target(directory, name, &target, err)) return false;
    if (!may_replace(target.path, err)) return false;
    const int file = mkstemp(target.temporary);
    if (file < 0) return refuse(err, target.path, "cannot write it", errno);
    if (fill(file, pem, mode) && rename(target.temporary, target.path) == 0) return true;
    const int error = errno;
    (void)unlink(target.temporary);
    return refuse(err, target.path, "cannot write it", error);
}

bool certificates_write(const struct certificates *certificates, const char *directory,
                        struct err *err)
{
    assert(certificates->ca_pem != NULL);
    return write_file(directory, "ca.pem", certificates->ca_pem, 0644, err);
}

bool certificates_write_server(const struct certificates *certificates, enum certificate_kind kind,
                               const char *directory, struct err *err)
{
    assert(kind < CERTIFICATE_KIND_COUNT);
    const struct certificate *const one = &certificates->of[kind];
    assert(one->cert_pem != NULL);
    assert(one->key_pem != NULL);
    char key[64], chain[64];
    (void)snprintf(key, sizeof key, "%s.key", certificate_kind_names[kind]);
    (void)snprintf(chain, sizeof chain, "%s.pem", certificate_kind_names[kind]);
    return write_file(directory, key, one->key_pem, 0600, err) &&
           write_file(directory, chain, one->cert_pem, 0644, err);
}
