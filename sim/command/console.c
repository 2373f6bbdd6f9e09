#include "sim/command/console.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/command.h"

const char *console_environment(const char *name)
{
    return getenv(name);
}

static bool is_set(environment_get environment, const char *name)
{
    const char *value = environment(name);
    return value != NULL && value[0] != '\0';
}

/* CLICOLOR_FORCE=0 and FORCE_COLOR=0 mean no, as everywhere. */
static bool is_forced(environment_get environment, const char *name)
{
    return is_set(environment, name) && strcmp(environment(name), "0") != 0;
}

bool console_wants_color(const char *wish, bool is_terminal, environment_get environment)
{
    if (strcmp(wish, "always") == 0) return true;
    if (strcmp(wish, "never") == 0) return false;
    if (is_set(environment, "NO_COLOR")) return false;
    if (is_forced(environment, "FORCE_COLOR")) return true;
    if (is_forced(environment, "CLICOLOR_FORCE")) return true;
    const char *terminal = environment("TERM");
    return is_terminal && (terminal == NULL || strcmp(terminal, "dumb") != 0);
}

void console_open(struct console *console)
{
    /* The character set alone: numbers keep their decimal point whatever the locale. */
    (void)setlocale(LC_CTYPE, "");
    *console = (struct console){
        .out = stdout, .err = stderr, .utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
}

void console_set_color(struct console *console, const char *wish, environment_get environment)
{
    console->out_color = console_wants_color(wish, isatty(fileno(console->out)) == 1, environment);
    console->err_color = console_wants_color(wish, isatty(fileno(console->err)) == 1, environment);
}

int console_error(struct console *console, const struct err *err, const char *source)
{
    err_print(console->err, err, source, console->err_color);
    return err->warning ? EXIT_DONE : err_exit_code(err->code);
}

int console_errors(struct console *console, const struct err_list *list, const char *source)
{
    err_list_print(console->err, list, source, console->err_color);
    for (uint32_t i = 0; i < list->count; i++) {
        if (!list->items[i].warning) return err_exit_code(list->items[i].code);
    }
    return list->errors > 0 ? EXIT_INPUT : EXIT_DONE;
}

int console_write(struct console *console, struct text *text)
{
    int code = EXIT_DONE;
    if (text->failed) {
        struct err err;
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        code = console_error(console, &err, NULL);
    } else if (text->length > 0) {
        errno = 0;
        const size_t written = fwrite(text->bytes, 1, text->length, console->out);
        if (written < text->length && console->write_errno == 0) console->write_errno = errno;
    }
    text_release(text);
    return code;
}

/* The other end of a pipe was closed: `| head` has seen enough. */
static bool reader_is_gone(FILE *stream)
{
    struct pollfd asked = {.fd = fileno(stream), .events = POLLOUT};
    return poll(&asked, 1, 0) == 1 && (asked.revents & POLLERR) != 0;
}

int console_close(struct console *console, int code)
{
    errno = 0;
    const bool flushed = fflush(console->out) == 0;
    if (console->write_errno == 0) console->write_errno = errno;
    if (flushed && ferror(console->out) == 0) return code;
    if (console->write_errno == EPIPE || reader_is_gone(console->out)) return code;
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "cannot write the result: %s",
                   console->write_errno != 0 ? strerror(console->write_errno)
                                             : "standard output failed");
    return console_error(console, &err, NULL);
}
