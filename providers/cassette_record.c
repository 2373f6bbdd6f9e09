/* Recording: a take is scrubbed, written as one line, and the file gets its name at the end. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "providers/cassette_base64.h"
#include "providers/cassette_key.h"
#include "providers/cassette_scrub.h"
#include "providers/cassette_tape.h"
#include "router/base/memory.h"
#include "router/base/utf8.h"

struct recorder {
    char *path, *temporary;
    int file;       /* -1: closed */
    uint64_t bytes; /* written */
    bool failed;    /* and `why` says how; the temporary file is gone */
    struct err why;
    struct scrubber scrubber;
    struct text line, part; /* scratch */
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
    recorder->file =
        open(recorder->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (recorder->file >= 0) return true;
    const int error = errno;
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
    text_release(&recorder->part);
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

/* ---- a take as a line ------------------------------------------------------------------------ */

static struct scrub_part body_of_request(const struct http_request *request)
{
    const bool has_body = request->content_type != NULL;
    return (struct scrub_part){.bytes = has_body ? request->body.bytes : NULL,
                               .length = has_body ? request->body.length : 0,
                               .pairs = cassette_is_form(request->content_type)};
}

static struct scrub_part body_of_response(const struct http_response *response)
{
    return (struct scrub_part){.bytes = response->body.bytes,
                               .length = response->body.length,
                               .pairs = cassette_is_form(response->content_type),
                               .response = true,
                               .cut = response->truncated};
}

static struct scrub_part query_of(const struct http_request *request)
{
    const char *const target = request->target.bytes;
    const char *const mark = memchr(target, '?', request->target.length);
    struct scrub_part part = {.bytes = target + request->target.length, .pairs = true};
    if (mark == NULL) return part;
    part.bytes = mark + 1;
    part.length = request->target.length - (size_t)(mark + 1 - target);
    return part;
}

static void learn(struct recorder *recorder, const struct cassette_take *take)
{
    struct scrubber *const scrubber = &recorder->scrubber;
    const struct scrub_part query = query_of(take->request);
    const struct scrub_part asked = body_of_request(take->request);
    scrubber_next_take(scrubber);
    for (const char *const *secret = take->secrets; secret != NULL && *secret != NULL; secret++)
        scrubber_learn_secret(scrubber, *secret);
    if (take->fate == CALL_ANSWERED) {
        const struct scrub_part answered = body_of_response(take->response);
        scrubber_learn(scrubber, &answered);
    }
    scrubber_learn_headers(scrubber, take->request->headers.bytes, take->request->headers.length);
    scrubber_learn(scrubber, &query);
    scrubber_learn(scrubber, &asked);
}

/* Scrubs into recorder->part. */
static const struct text *scrub(struct recorder *recorder, const struct scrub_part *part)
{
    text_clear(&recorder->part);
    scrubber_write(&recorder->scrubber, part, &recorder->part);
    if (recorder->part.failed) recorder->line.failed = true;
    return &recorder->part;
}

static void put_key(struct recorder *recorder, const char *key)
{
    text_put(&recorder->line, key);
    text_char(&recorder->line, ':');
}

/* A scrubbed text, or null for NULL. */
static void put_line_text(struct recorder *recorder, const char *text, size_t length, bool response)
{
    if (text == NULL) {
        text_put(&recorder->line, "null");
        return;
    }
    const struct scrub_part part = {.bytes = text, .length = length, .response = response};
    const struct text *const scrubbed = scrub(recorder, &part);
    text_json_string(&recorder->line, scrubbed->length > 0 ? scrubbed->bytes : "");
}

/* Path and query, in visible ASCII. */
static void put_target(struct recorder *recorder, const struct http_request *request)
{
    const struct scrub_part query = query_of(request);
    const size_t path_length = (size_t)(query.bytes - request->target.bytes);
    const bool has_query = path_length > 0 && query.bytes[-1] == '?';
    const struct scrub_part path = {.bytes = request->target.bytes,
                                    .length = path_length - (has_query ? 1 : 0)};
    struct text target = {0};
    const struct text *scrubbed = scrub(recorder, &path);
    if (scrubbed->length == 0 || scrubbed->bytes[0] != '/') text_char(&target, '/');
    text_append(&target, scrubbed->bytes, scrubbed->length);
    if (has_query) {
        text_char(&target, '?');
        scrubbed = scrub(recorder, &query);
        text_append(&target, scrubbed->bytes, scrubbed->length);
    }
    struct text visible = {0};
    for (size_t i = 0; i < target.length; i++) {
        const unsigned char c = (unsigned char)target.bytes[i];
        if (c > ' ' && c < 0x7F) {
            text_char(&visible, (char)c);
        } else {
            text_format(&visible, "%%%02X", c);
        }
    }
    if (target.failed || visible.failed) recorder->line.failed = true;
    text_json_string(&recorder->line, visible.length > 0 ? visible.bytes : "/");
    text_release(&target);
    text_release(&visible);
}

/* The headers that a cassette keeps, each once. */
static void put_headers(struct recorder *recorder, const struct http_request *request)
{
    static const char *const kept[] = {"Accept", "Accept-Language"};
    bool any = false;
    text_char(&recorder->line, '{');
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const size_t name = strlen(kept[i]);
        const char *line = request->headers.length > 0 ? request->headers.bytes : "";
        for (; *line != '\0'; line += strcspn(line, "\n") + 1) {
            if (strncasecmp(line, kept[i], name) != 0 || line[name] != ':') continue;
            const char *const value = line + name + 1 + strspn(line + name + 1, " ");
            if (any) text_char(&recorder->line, ',');
            any = true;
            text_json_string(&recorder->line, kept[i]);
            text_char(&recorder->line, ':');
            put_line_text(recorder, value, strcspn(value, "\n"), false);
            break;
        }
    }
    text_char(&recorder->line, '}');
}

static bool is_text(const struct text *bytes)
{
    for (size_t i = 0; i < bytes->length;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(bytes->bytes + i, bytes->length - i, &code);
        if (step == 0 || code == 0) return false;
        i += step;
    }
    return true;
}

static bool put_body(struct recorder *recorder, const struct scrub_part *part, struct err *err)
{
    const struct text *const body = scrub(recorder, part);
    if (body->length > CASSETTE_BODY_BYTES_MAX || part->length > CASSETTE_BODY_BYTES_MAX) {
        return err_fail(err, ERR_INPUT, (struct place){.file = err_keep_name(recorder->path)},
                        "a body of %zu bytes is too long for a cassette; %d are the limit",
                        part->length > body->length ? part->length : body->length,
                        CASSETTE_BODY_BYTES_MAX);
    }
    if (is_text(body)) {
        put_key(recorder, ",\"body\"");
        text_json_string(&recorder->line, body->length > 0 ? body->bytes : "");
    } else {
        put_key(recorder, ",\"body_base64\"");
        text_char(&recorder->line, '"');
        cassette_base64_encode(&recorder->line, body->bytes, body->length);
        text_char(&recorder->line, '"');
    }
    return true;
}

static void put_call(struct recorder *recorder, const struct cassette_take *take)
{
    struct text *const line = &recorder->line;
    text_put(line, "{\"provider\":");
    text_json_string(line, provider_traits[take->provider].id);
    put_key(recorder, ",\"api\"");
    text_json_string(line, api_names[take->api]);
    put_key(recorder, ",\"operation\"");
    text_json_string(line, operation_names[take->operation]);
    put_key(recorder, ",\"at_us\"");
    text_int(line, take->at_us);
    put_key(recorder, ",\"latency_us\"");
    text_int(line, take->latency_us);
    put_key(recorder, ",\"fate\"");
    text_json_string(line, call_fate_names[take->fate]);
}

static bool put_request(struct recorder *recorder, const struct http_request *request,
                        struct err *err)
{
    const struct scrub_part body = body_of_request(request);
    put_key(recorder, ",\"request\":{\"method\"");
    text_json_string(&recorder->line, http_method_names[request->method]);
    put_key(recorder, ",\"target\"");
    put_target(recorder, request);
    put_key(recorder, ",\"headers\"");
    put_headers(recorder, request);
    put_key(recorder, ",\"content_type\"");
    const char *const type = request->content_type;
    put_line_text(recorder, type, type != NULL ? strlen(type) : 0, false);
    if (!put_body(recorder, &body, err)) return false;
    text_char(&recorder->line, '}');
    return true;
}

static bool put_response(struct recorder *recorder, const struct http_response *response,
                         struct err *err)
{
    const struct scrub_part body = body_of_response(response);
    put_key(recorder, ",\"response\":{\"status\"");
    text_int(&recorder->line, response->status);
    put_key(recorder, ",\"content_type\"");
    const char *const type = response->content_type;
    put_line_text(recorder, type, type != NULL ? strlen(type) : 0, true);
    put_key(recorder, ",\"retry_after_s\"");
    text_int(&recorder->line, response->retry_after_s);
    put_key(recorder, ",\"truncated\"");
    text_put(&recorder->line, response->truncated ? "true" : "false");
    if (!put_body(recorder, &body, err)) return false;
    text_char(&recorder->line, '}');
    return true;
}

static bool check_lengths(const struct recorder *recorder, const struct cassette_take *take,
                          struct err *err)
{
    const struct place place = {.file = err_keep_name(recorder->path)};
    const size_t target = take->request->target.length;
    if (target > CASSETTE_TARGET_BYTES_MAX) {
        return err_fail(
            err, ERR_INPUT, place,
            "a path and query of %zu bytes are too long for a cassette; %d are the limit", target,
            CASSETTE_TARGET_BYTES_MAX);
    }
    const size_t asked = body_of_request(take->request).length;
    const size_t answered = take->fate == CALL_ANSWERED ? take->response->body.length : 0;
    const size_t longer = asked > answered ? asked : answered;
    if (longer <= CASSETTE_BODY_BYTES_MAX) return true;
    return err_fail(err, ERR_INPUT, place,
                    "a body of %zu bytes is too long for a cassette; %d are the limit", longer,
                    CASSETTE_BODY_BYTES_MAX);
}

/* ---- adding and closing ---------------------------------------------------------------------- */

static bool put_take(struct recorder *recorder, const struct cassette_take *take, struct err *err)
{
    text_clear(&recorder->line);
    put_call(recorder, take);
    if (!put_request(recorder, take->request, err)) return false;
    if (take->fate != CALL_ANSWERED) {
        text_put(&recorder->line, ",\"response\":null");
    } else if (!put_response(recorder, take->response, err)) {
        return false;
    }
    text_char(&recorder->line, '}');
    if (recorder->bytes + recorder->line.length < CASSETTE_BYTES_MAX) return true;
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
    if (!check_lengths(recorder, take, err)) return false;
    learn(recorder, take);
    if (recorder->scrubber.failed) {
        return give_up(recorder, "cannot write the cassette", ENOMEM, err);
    }
    return put_take(recorder, take, err) && write_line(recorder, err);
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
        return refuse(err, recorder->path, "cannot write the cassette", error);
    }
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
