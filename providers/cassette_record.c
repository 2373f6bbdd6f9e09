/* Recording: a take is scrubbed, written as one line, and the file gets its name at the end. What
 * was recorded was paid for: it is never given up for the sake of its name. */
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

enum { END_BYTES_MAX = 512 }; /* more than the last line takes */

struct recorder {
    char *path, *temporary;
    char *beside; /* its name where another file may not lose that */
    bool replaces;
    int file;       /* -1: closed */
    uint64_t bytes; /* written */
    struct cassette_sum sum;
    struct cassette_end end;
    char stopped_by[64];
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

static bool may_replace(const char *path, bool replace, struct err *err)
{
    struct stat there;
    if (lstat(path, &there) != 0) {
        return errno == ENOENT || refuse(err, path, "cannot look at it", errno);
    }
    const struct place place = {.file = err_keep_name(path)};
    if (!S_ISREG(there.st_mode) || !is_ours(path)) {
        (void)err_fail(err, ERR_USAGE, place, "what lies there is no cassette of routesim's");
        return err_hint(err, "record to another file; nothing was touched");
    }
    if (replace || there.st_size == 0) return true;
    (void)err_fail(err, ERR_USAGE, place, "there is an earlier recording");
    return err_hint(err, "record to another file, or replace it with --force");
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
    bool fits = !recorder->line.failed;
    if (fits && recorder->sum.context != NULL) { /* the last line has the sum of all others */
        fits = cassette_sum_add(&recorder->sum, recorder->line.bytes, recorder->line.length);
    }
    if (!fits) return give_up(recorder, "cannot write the cassette", ENOMEM, err);
    return write_bytes(recorder, recorder->line.bytes, recorder->line.length, err);
}

static bool write_head(struct recorder *recorder, const struct cassette_head *head, struct err *err)
{
    cassette_head_line(head, &recorder->line);
    return write_line(recorder, err);
}

static void destroy(struct recorder *recorder)
{
    abandon(recorder);
    cassette_sum_release(&recorder->sum);
    scrubber_release(&recorder->scrubber);
    text_release(&recorder->line);
    free(recorder->path);
    free(recorder->temporary);
    free(recorder->beside);
    free(recorder);
}

struct recorder *recorder_open(const char *path, bool replace, const struct cassette_head *head,
                               struct err *err)
{
    assert(path != NULL);
    assert(head->program != NULL);
    char behind[32], part[32];
    (void)snprintf(behind, sizeof behind, ".tmp-%ld", (long)getpid());
    (void)snprintf(part, sizeof part, ".part-%ld", (long)getpid());
    if (!may_replace(path, replace, err)) return NULL;
    struct recorder *const recorder = memory_zeroed(sizeof *recorder);
    if (recorder == NULL) {
        (void)refuse(err, path, "cannot begin a cassette", ENOMEM);
        return NULL;
    }
    recorder->file = -1;
    recorder->replaces = replace;
    recorder->path = copy_text(path, "");
    recorder->temporary = copy_text(path, behind);
    recorder->beside = copy_text(path, part);
    bool opened = recorder->path != NULL && recorder->temporary != NULL &&
                  recorder->beside != NULL && cassette_sum_begin(&recorder->sum);
    if (!opened) (void)refuse(err, path, "cannot begin a cassette", ENOMEM);
    opened = opened && create(recorder, err) && write_head(recorder, head, err);
    if (opened) return recorder;
    destroy(recorder);
    return NULL;
}

/* ---- adding and closing ---------------------------------------------------------------------- */

static bool refuse_take(struct recorder *recorder, struct err *err)
{
    recorder->end.refused++;
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
    if (recorder->bytes + recorder->line.length < CASSETTE_BYTES_MAX - END_BYTES_MAX) return true;
    recorder->end.refused++;
    return err_fail(err, ERR_INPUT, (struct place){.file = err_keep_name(recorder->path)},
                    "the cassette is full: %d bytes are the limit", CASSETTE_BYTES_MAX);
}

bool recorder_add(struct recorder *recorder, const struct cassette_take *take, struct err *err)
{
    assert(api_exists(take->provider, take->api));
    assert(operation_exists(take->provider, take->operation));
    assert(take->order >= CASSETTE_NO_ORDER);
    assert(take->order <= INT64_C(1) << 53);
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
    recorder->end.takes++;
    return true;
}

uint64_t recorder_takes(const struct recorder *recorder)
{
    return recorder->end.takes;
}

uint64_t recorder_refused(const struct recorder *recorder)
{
    return recorder->end.refused;
}

void recorder_orders(struct recorder *recorder, uint64_t orders)
{
    recorder->end.orders = orders;
}

void recorder_stopped(struct recorder *recorder, const char *why)
{
    struct stat there;
    (void)snprintf(recorder->stopped_by, sizeof recorder->stopped_by, "%s", why);
    if (lstat(recorder->path, &there) != 0 || there.st_size == 0) return;
    free(recorder->path); /* what lies there may be whole */
    recorder->path = recorder->beside;
    recorder->beside = NULL;
}

const char *recorder_path(const struct recorder *recorder)
{
    return recorder->path;
}

static bool write_end(struct recorder *recorder, struct err *err)
{
    struct cassette_end *const end = &recorder->end;
    end->stopped_by = recorder->stopped_by;
    if (!cassette_sum_end(&recorder->sum, end->sha256)) {
        return give_up(recorder, "cannot write the cassette", ENOMEM, err);
    }
    text_clear(&recorder->line);
    cassette_end_line(end, &recorder->line);
    return write_line(recorder, err);
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

/* Brings the file to the disk, under its temporary name. */
static bool finish_file(struct recorder *recorder, struct err *err)
{
    if (!write_end(recorder, err)) return false;
    if (fchmod(recorder->file, 0600) != 0 || fsync(recorder->file) != 0) {
        return give_up(recorder, "cannot write the cassette", errno, err);
    }
    const int file = recorder->file;
    recorder->file = -1;
    if (close(file) == 0) return true;
    const int error = errno;
    (void)unlink(recorder->temporary);
    leftover_forget(recorder->temporary);
    return refuse(err, recorder->path, "cannot write the cassette", error);
}

static bool name_file(struct recorder *recorder, const char *path, struct err *err)
{
    const bool named = rename(recorder->temporary, path) == 0;
    const int error = errno;
    if (!named) (void)unlink(recorder->temporary);
    leftover_forget(recorder->temporary);
    if (!named) return refuse(err, recorder->path, "cannot write the cassette", error);
    sync_folder(path);
    return true;
}

/* Gives the file its name, or another where somebody else's file has come while we recorded. */
static bool keep_file(struct recorder *recorder, struct err *err)
{
    struct err came;
    if (!finish_file(recorder, err)) return false;
    if (recorder->beside == NULL || may_replace(recorder->path, recorder->replaces, &came)) {
        return name_file(recorder, recorder->path, err);
    }
    if (!name_file(recorder, recorder->beside, err)) return false;
    *err = came;
    return err_hint(err, "it came while this run was recorded, which is kept in %s",
                    recorder->beside);
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
