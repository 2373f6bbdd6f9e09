/* sim/command/score.c - `routesim score`: quote sets in, scores out, or held to what they should
 * be. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim/command/command.h"
#include "sim/command/quote_set.h"

enum { LINE_BYTES_MAX = 1 << 20 };

struct scoring {
    struct console *console;
    bool check;
    uint64_t sets;
    uint64_t matched;
    bool has_difference;
    struct err difference; /* the first */
    struct err_list errors;
};

/* A line is its own JSON text, so its errors stand in line 1 until they are moved. */
static void move_errors(struct err_list *list, uint32_t from, const char *file, uint32_t line)
{
    for (uint32_t i = from; i < list->count; i++) {
        list->items[i].place.file = file;
        list->items[i].place.line = line;
    }
}

static void keep_difference(struct scoring *scoring, struct err *err, const char *file,
                            uint32_t line)
{
    err->place.file = file;
    err->place.line = line;
    if (err->code != ERR_NONE) {
        err_list_add(&scoring->errors, err);
    } else if (!scoring->has_difference) {
        scoring->has_difference = true;
        scoring->difference = *err;
        scoring->difference.code = ERR_INPUT; /* so that it can be printed */
    }
}

static void score_set(struct scoring *scoring, const struct json *json, const struct quote_set *set,
                      uint32_t line)
{
    struct quote_set_result result;
    struct err err;
    quote_set_score(set, &result);
    scoring->sets++;
    if (!scoring->check) {
        struct text text = {0};
        quote_set_write(&text, json, set, &result);
        (void)console_write(scoring->console, &text);
    } else if (quote_set_matches(json, set, &result, &err)) {
        scoring->matched++;
    } else {
        keep_difference(scoring, &err, json->file, line);
    }
}

static void score_line(struct scoring *scoring, const char *file, uint32_t number, const char *line,
                       size_t length)
{
    const uint32_t before = scoring->errors.count;
    struct json json = {0};
    struct quote_set set;
    if (length > LINE_BYTES_MAX) {
        err_add(&scoring->errors, (struct place){.file = file}, NULL,
                "a line has more than %d bytes", LINE_BYTES_MAX);
    } else if (json_read(&json, file, line, length, &scoring->errors) &&
               quote_set_read(&json, &set, &scoring->errors)) {
        score_set(scoring, &json, &set, number);
    }
    json_release(&json);
    move_errors(&scoring->errors, before, file, number);
}

static bool is_blank(const char *line, size_t length)
{
    return strspn(line, " \t\r\n") >= length;
}

static void score_stream(struct scoring *scoring, const char *file, FILE *stream)
{
    char *line = NULL;
    size_t capacity = 0;
    uint32_t number = 0;
    for (;;) {
        errno = 0;
        const ssize_t got = getline(&line, &capacity, stream);
        if (got < 0) break;
        number++;
        size_t length = (size_t)got;
        if (is_blank(line, length)) continue;
        while (length > 0 && (line[length - 1] == '\n' || line[length - 1] == '\r'))
            length--;
        score_line(scoring, file, number, line, length);
        /* A reader that went away, or twenty mistakes, and the rest is wasted work. */
        if (ferror(scoring->console->out) || scoring->errors.errors >= ERR_LIST_MAX) break;
    }
    if (ferror(stream)) {
        struct err err;
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){.file = file, .line = number},
                       "cannot be read further: %s", strerror(errno));
        err_list_add(&scoring->errors, &err);
    }
    free(line);
}

static void score_file(struct scoring *scoring, const char *path)
{
    if (strcmp(path, "-") == 0) {
        score_stream(scoring, "<stdin>", stdin);
        return;
    }
    FILE *stream = fopen(path, "r");
    if (stream == NULL) {
        struct err err;
        (void)err_fail(&err, ERR_INPUT, (struct place){.file = path}, "cannot be read: %s",
                       strerror(errno));
        err_list_add(&scoring->errors, &err);
        return;
    }
    score_stream(scoring, path, stream);
    (void)fclose(stream);
}

static int verdict(struct scoring *scoring)
{
    struct console *console = scoring->console;
    if (scoring->sets == 0) {
        struct err err;
        (void)err_fail(&err, ERR_INPUT, (struct place){0}, "there is no quote set to check");
        return console_error(console, &err, NULL);
    }
    const bool matched = scoring->matched == scoring->sets;
    if (!console->quiet || !matched) {
        (void)fprintf(console->out, "%llu of %llu match\n", (unsigned long long)scoring->matched,
                      (unsigned long long)scoring->sets);
    }
    if (scoring->has_difference) (void)console_error(console, &scoring->difference, NULL);
    return matched ? EXIT_DONE : EXIT_CHECK_FAILED;
}

int command_score(const struct invocation *invocation, struct console *console)
{
    static struct scoring scoring; /* its lists are large */
    scoring = (struct scoring){.console = console,
                               .check = invocation_on(invocation, OPTION_SCORE_CHECK)};
    assert(invocation->operand_count >= 1);
    for (unsigned i = 0; i < invocation->operand_count; i++) {
        score_file(&scoring, invocation->operands[i]);
    }
    const int broken = console_errors(console, &scoring.errors, NULL);
    if (broken != EXIT_DONE) return broken;
    return scoring.check ? verdict(&scoring) : EXIT_DONE;
}
