/* Recording: a take is scrubbed, written as one line, and the file gets its name at the end. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/cassette_line.h"
#include "providers/cassette_tape.h"
#include "router/base/leftover.h"
#include "router/base/memory.h"

struct recorder {
    char *path, *temporary;
    int file;       /* -1: closed */
    uint64_t bytes; /* written */
    uint64_t takes, refused;
    bool failed; /* and `why` says how; the temporary file is gone */
    struct err why;
    struct scrubber scrubber;
    struct text line; /* scratch */
};

/* ---- failing --------------------------------------------------------------------------------- */

static bool refuse(struct err *err, const char *path, const char *what, int error)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = err_keep_name(path)}, "%s: %s",
                    what, strerror(error));
}

static void abandon(struct recorder *recorder)
{
    if (recorder->file < 0) return;
    (void)close(recorder->file);
    recorder->file = -1;
    (void)unlink(recorder->temporary);
    leftover_forget(recorder->temporary);
}

/* The recorder is of no more use, and says why from now on. */
static bool give_up(struct recorder *recorder, const char *what, int error, struct err *err)
{
    abandon(recorder);
    recorder->failed = true;
    (void)refuse(&recorder->why, recorder->path, what, error);
    *err = recorder->why;
    return false;
}

/* ---- whose file is it ------------------------------------------------------------------------ */

/* Empty, or the beginning of a cassette. */
static bool is_ours(const char *path)
{
    static const char begin[] = "{\"schema\":\"" CASSETTE_SCHEMA;
    char bytes[sizeof begin - 1];
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return false;
    const ssize_t length = read(file, bytes, sizeof bytes);
    (void)close(file);
    return length == 0 ||
           (length == (ssize_t)sizeof bytes && memcmp(bytes, begin, sizeof bytes) == 0);
}

static bool may_replace(const char *path, struct err *err)
{
    struct stat there;
    if (lstat(path, &there) != 0) {
        return errno == ENOENT || refuse(err, path, "cannot look at it", errno);
    }
    if (S_ISREG(there.st_mode) && is_ours(path)) return true;
    (void)err_fail(err, ERR_INPUT, (struct place){.file = err_keep_name(path)},
                   "what lies there is no cassette, and was left alone");
    return err_hint(err, "record to another file, or move it away");
}

/* ---- opening --------------------------------------------------------------------------------- */

static char *copy_text(const char *text, const char *behind)
{
    const size_t length = strlen(text), more = strlen(behind);
    char *const copy = memory_resize(NULL, length + more + 1, 1);
    if (copy == NULL) return NULL;
    memcpy(copy, text, length);
    memcpy(copy + length, behind, more + 1);
    return copy;
}

static bool create(struct recorder *recorder, struct err *err)
{
    leftover_add(recorder->temporary);
    recorder->file =
        open(recorder->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (recorder->file >= 0) return true;
    const int error = errno;
    leftover_forget(recorder->temporary); /* it may be somebody else's */
    (void)refuse(err, recorder->temporary, "cannot begin a cassette", error);
    if (error == EEXIST) {
        (void)err_hint(err, "another recording writes it, or left it behind: then remove it");
    }
    return false;
}

static bool write_bytes(struct recorder *recorder, const char *bytes, size_t length,
                        struct err *err)
{
    while (length > 0) {
        const ssize_t written = write(recorder->file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return give_up(recorder, "cannot write the cassette", errno, err);
        bytes += written;
        length -= (size_t)written;
        recorder->bytes += (uint64_t)written;
    }
    return true;
}

static bool write_line(struct recorder *recorder, struct err *err)
{
    text_char(&recorder->line, '\n');
    if (recorder->line.failed) return give_up(recorder, "cannot write the cassette", ENOMEM, err);
    return write_bytes(recorder, recorder->line.bytes, recorder->line.length, err);
}

static bool write_head(struct recorder *recorder, const char *program, struct err *err)
{
    text_put(&recorder->line, "{\"schema\":\"" CASSETTE_SCHEMA CASSETTE_VERSION "\",\"program\":");
    text_json_string(&recorder->line, program);
    text_char(&recorder->line, '}');
    return write_line(recorder, err);
}

static void destroy(struct recorder *recorder)
{
    abandon(recorder);
    scrubber_release(&recorder->scrubber);
    text_release(&recorder->line);
    free(recorder->path);
    free(recorder->temporary);
    free(recorder);
}

struct recorder *recorder_open(const char *path, const char *program, struct err *err)
{
    assert(path != NULL);
    assert(program != NULL);
    char behind[32];
    (void)snprintf(behind, sizeof behind, ".tmp-%ld", (long)getpid());
    if (!may_replace(path, err)) return NULL;
    struct recorder *const recorder = memory_zeroed(sizeof *recorder);
    if (recorder == NULL) {
        (void)refuse(err, path, "cannot begin a cassette", ENOMEM);
        return NULL;
    }
    recorder->file = -1;
    recorder->path = copy_text(path, "");
    recorder->temporary = copy_text(path, behind);
    bool opened = recorder->path != NULL && recorder->temporary != NULL;
    if (!opened) (void)refuse(err, path, "cannot begin a cassette", ENOMEM);
    opened = opened && create(recorder, err) && write_head(recorder, program, err);
    if (opened) return recorder;
    destroy(recorder);
    return NULL;
}

/* ---- adding and closing ---------------------------------------------------------------------- */

static bool refuse_take(struct recorder *recorder, struct err *err)
{
    recorder->refused++;
    return err_fail(err, ERR_INPUT, (struct place){.file = err_keep_name(recorder->path)},
                    "a call is too long for a cassette: %d bytes are the limit of a body, %d of a "
                    "path or a header",
                    CASSETTE_BODY_BYTES_MAX, CASSETTE_TARGET_BYTES_MAX);
}

static bool put_take(struct recorder *recorder, const struct cassette_take *take, struct err *err)
{
    text_clear(&recorder->line);
    if (!cassette_line(&recorder->scrubber, take, &recorder->line)) {
        return refuse_take(recorder, err);
    }
    if (recorder->bytes + recorder->line.length < CASSETTE_BYTES_MAX) return true;
    recorder->refused++;
    return err_fail(err, ERR_INPUT, (struct place){.file = err_keep_name(recorder->path)},
                    "the cassette is full: %d bytes are the limit", CASSETTE_BYTES_MAX);
}

bool recorder_add(struct recorder *recorder, const struct cassette_take *take, struct err *err)
{
    assert(api_exists(take->provider, take->api));
    assert(operation_exists(take->provider, take->operation));
    assert(take->latency_us >= 0);
    assert(take->latency_us <= INT64_C(1) << 53);
    assert(take->at_us >= -(INT64_C(1) << 53));
    assert(take->at_us <= INT64_C(1) << 53);
    assert(take->request->target.length > 0);
    assert(take->fate != CALL_ANSWERED || take->response != NULL);
    if (recorder->failed) {
        *err = recorder->why;
        return false;
    }
    if (!put_take(recorder, take, err) || !write_line(recorder, err)) return false;
    recorder->takes++;
    return true;
}

uint64_t recorder_takes(const struct recorder *recorder)
{
    return recorder->takes;
}

uint64_t recorder_refused(const struct recorder *recorder)
{
    return recorder->refused;
}

/* The name is on the disk too; a file system that cannot say so is not asked twice. */
static void sync_folder(const char *path)
{
    const char *const slash = strrchr(path, '/');
    char *const folder = slash != NULL ? copy_text(path, "") : copy_text(".", "");
    if (folder == NULL) return;
    if (slash != NULL) folder[slash == path ? 1 : slash - path] = '\0';
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
        (void)fsync(file);
        (void)close(file);
    }
    free(folder);
}

/* Gives the file its name. */
static bool keep_file(struct recorder *recorder, struct err *err)
{
    struct err replaced;
    if (!may_replace(recorder->path, &replaced)) { /* somebody else's came while we recorded */
        abandon(recorder);
        *err = replaced;
        return false;
    }
    if (fchmod(recorder->file, 0600) != 0 || fsync(recorder->file) != 0) {
        return give_up(recorder, "cannot write the cassette", errno, err);
    }
    const int file = recorder->file;
    recorder->file = -1;
    if (close(file) != 0 || rename(recorder->temporary, recorder->path) != 0) {
        const int error = errno;
        (void)unlink(recorder->temporary);
        leftover_forget(recorder->temporary);
        return refuse(err, recorder->path, "cannot write the cassette", error);
    }
    leftover_forget(recorder->temporary);
    sync_folder(recorder->path);
    return true;
}

bool recorder_close(struct recorder *recorder, bool keep, struct err *err)
{
    if (recorder == NULL) return true;
    bool closed = true;
    if (keep && recorder->failed) {
        *err = recorder->why;
        closed = false;
    } else if (keep) {
        closed = keep_file(recorder, err);
    }
    destroy(recorder);
    return closed;
}
