#include "sim/command/env_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/base/text.h"
#include "router/base/utf8.h"

struct line {
    const char *file;
    uint32_t number;
    const char *start;
    const char *end; /* of the text, without the line's own end */
    struct err_list *list;
};

static const char *after_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    return at;
}

static struct place place_of(const struct line *line, const char *at, size_t width)
{
    return (struct place){.file = line->file,
                          .line = line->number,
                          .column =
                              (uint32_t)utf8_count(line->start, (size_t)(at - line->start)) + 1,
                          .width = (uint32_t)width};
}

static bool fail_at(const struct line *line, const char *at, const char *hint, const char *message)
{
    err_add(line->list, place_of(line, at, 1), hint, "%s", message);
    return false;
}

static bool is_key_start(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static const char *key_end(const char *at, const char *end)
{
    if (at == end || !is_key_start(*at)) return at;
    while (at < end && (is_key_start(*at) || (*at >= '0' && *at <= '9')))
        at++;
    return at;
}

struct value {
    char text[ENV_VALUE_MAX];
    size_t length;
    bool too_long;
};

static void put(struct value *value, char c)
{
    if (value->length + 1 >= sizeof value->text) {
        value->too_long = true;
    } else {
        value->text[value->length++] = c;
    }
}

/* Text between quotes; `at` stands behind the first one. NULL: no closing quote on this line. */
static const char *take_quoted(struct value *value, const char *at, const char *end, char quote)
{
    for (; at < end && *at != quote; at++) {
        if (quote == '\'' || *at != '\\' || at + 1 == end) {
            put(value, *at);
            continue;
        }
        at++;
        put(value, *at == 'n' ? '\n' : *at == 't' ? '\t' : *at);
    }
    return at < end ? at + 1 : NULL;
}

/* Up to the end or a comment, without blanks at the end. A # inside a word is part of it. */
static void take_bare(struct value *value, const char *at, const char *end)
{
    const char *stop = at;
    for (const char *c = at; c < end; c++) {
        if (*c == '#' && (c == at || c[-1] == ' ' || c[-1] == '\t')) break;
        if (*c != ' ' && *c != '\t') stop = c + 1;
    }
    for (; at < stop; at++)
        put(value, *at);
}

static bool take_value(const struct line *line, const char *at, struct value *value)
{
    if (at < line->end && (*at == '"' || *at == '\'')) {
        const char *rest = take_quoted(value, at + 1, line->end, *at);
        if (rest == NULL) return fail_at(line, at, NULL, "this quote is not closed on its line");
        rest = after_blanks(rest, line->end);
        if (rest < line->end && *rest != '#') {
            return fail_at(line, rest, NULL, "there is text after the closing quote");
        }
    } else {
        take_bare(value, at, line->end);
    }
    value->text[value->length] = '\0';
    if (!value->too_long) return true;
    char message[64];
    (void)snprintf(message, sizeof message, "the value has more than %d bytes", ENV_VALUE_MAX - 1);
    return fail_at(line, at, NULL, message);
}

/* A key from elsewhere, a scenario's, is meant to be replaced; one of this file hardly. */
static bool stands_in_file(const struct env *env, const char *key, const char *file)
{
    for (uint32_t i = 0; i < env->count; i++) {
        const struct env_pair *pair = &env->pairs[i];
        if (strcmp(pair->key, key) == 0) return pair->place.file == file;
    }
    return false;
}

static bool parse_line(const struct line *line, struct env *env, struct place *secret_place)
{
    const char *at = after_blanks(line->start, line->end);
    if (at == line->end || *at == '#') return true;
    if (line->end - at > 7 && strncmp(at, "export", 6) == 0 && (at[6] == ' ' || at[6] == '\t')) {
        at = after_blanks(at + 6, line->end);
    }
    const char *stop = key_end(at, line->end);
    const size_t length = (size_t)(stop - at);
    if (length == 0) return fail_at(line, at, "lines are KEY=value", "a key is expected here");
    if (stop == line->end || *stop != '=') {
        return fail_at(line, stop, "lines are KEY=value, without blanks around the equals sign",
                       "an equals sign is expected here");
    }
    if (length >= ENV_KEY_MAX) return fail_at(line, at, NULL, "this key is too long");
    char key[ENV_KEY_MAX];
    memcpy(key, at, length);
    key[length] = '\0';

    struct value value = {.length = 0};
    if (!take_value(line, stop + 1, &value)) return false;
    const struct place place = place_of(line, at, length);
    if (stands_in_file(env, key, line->file)) {
        err_warn(line->list, place, NULL, "%s is given again; this value holds", key);
    }
    if (config_key_is_secret(key) && secret_place->line == 0) *secret_place = place;
    struct err err;
    if (env_set(env, key, value.text, place, &err)) return true;
    err_list_add(line->list, &err);
    return false;
}

bool env_file_parse(const char *file, const char *bytes, size_t length, struct env *env,
                    struct place *secret_place, struct err_list *list)
{
    bool good = true;
    *secret_place = (struct place){0};
    struct line line = {.file = file, .start = bytes, .list = list};
    const char *const end = bytes + length;
    while (line.start < end) {
        const char *stop = memchr(line.start, '\n', (size_t)(end - line.start));
        if (stop == NULL) stop = end;
        line.number++;
        line.end = stop > line.start && stop[-1] == '\r' ? stop - 1 : stop;
        if (memchr(line.start, '\0', (size_t)(line.end - line.start)) != NULL) {
            good = fail_at(&line, line.start, NULL, "this line holds a NUL byte");
        } else {
            good &= parse_line(&line, env, secret_place);
        }
        line.start = stop + 1;
    }
    return good;
}

/* The whole file, or NULL and an error. A descriptor is asked who may read it, so that nobody can
 * put another file in its place between the question and the reading. */
static char *load(const char *path, size_t *length, mode_t *mode, struct err_list *list)
{
    const struct place place = {.file = path};
    char *bytes = NULL;
    struct stat status;
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) {
        err_add(list, place, NULL, "cannot be read: %s", strerror(errno));
        goto done;
    }
    if (S_ISDIR(status.st_mode)) {
        err_add(list, place, NULL, "is a folder");
        goto done;
    }
    *mode = status.st_mode;
    *length = 0;
    bytes = malloc(ENV_FILE_BYTES_MAX);
    if (bytes == NULL) {
        err_add(list, place, NULL, "cannot be read: out of memory");
        goto done;
    }
    for (;;) {
        const ssize_t got = read(descriptor, bytes + *length, ENV_FILE_BYTES_MAX - *length);
        if (got == 0) break;
        if (got < 0 && errno == EINTR) continue;
        if (got > 0) *length += (size_t)got;
        if (got > 0 && *length < ENV_FILE_BYTES_MAX) continue;
        err_add(list, place, NULL, "cannot be read: %s",
                got < 0 ? strerror(errno) : "it is larger than 1 MiB");
        free(bytes);
        bytes = NULL;
        break;
    }
done:
    if (descriptor >= 0) (void)close(descriptor);
    return bytes;
}

bool env_file_read(const char *path, struct env *env, struct err_list *list)
{
    size_t length = 0;
    mode_t mode = 0;
    struct place secret_place;
    char *bytes = load(path, &length, &mode, list);
    if (bytes == NULL) return false;
    bool good = env_file_parse(path, bytes, length, env, &secret_place, list);
    if (secret_place.line != 0 && (mode & (S_IRWXG | S_IRWXO)) != 0) {
        char hint[ERR_HINT_MAX];
        (void)snprintf(hint, sizeof hint, "chmod 600 %s", path);
        err_add(list, secret_place, hint, "this is a secret, and others may read the file");
        good = false;
    }
    free(bytes);
    return good;
}
