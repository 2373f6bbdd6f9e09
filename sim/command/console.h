/* sim/command/console.h - the two streams, their colour, and the one printer of errors.
 *
 * stdout carries the result and nothing else; warnings, errors and progress go to stderr. Colour is
 * decided per stream: `--color`, then NO_COLOR, then FORCE_COLOR or CLICOLOR_FORCE, then whether
 * the stream is a terminal that is not dumb.
 *
 * Ownership: borrows its streams.
 * Failure:   writes are checked once, by console_close(): a full disk behind stdout is exit code 4.
 * A reader that went away (`| head`) is no failure of ours and says nothing.
 */
#ifndef SIM_COMMAND_CONSOLE_H
#define SIM_COMMAND_CONSOLE_H

#include "router/base/err.h"
#include "router/base/text.h"

struct console {
    FILE *out;
    FILE *err;
    bool out_color;
    bool err_color;
    bool utf8; /* the locale's characters: else ASCII bars and verdict words */
    bool quiet;
    int write_errno; /* of the first write to `out` that failed */
};

typedef const char *(*environment_get)(const char *name); /* console_environment, or a test's own */
const char *console_environment(const char *name);        /* getenv() */

/* `wish`: "auto", "always" or "never". */
bool console_wants_color(const char *wish, bool is_terminal, environment_get environment);

/* The process's own streams; the locale's character set is read, its numbers are not. */
void console_open(struct console *console);

/* Applies --color. */
void console_set_color(struct console *console, const char *wish, environment_get environment);

/* One error, or all of an input; `source` is the text of the file, or NULL. Returns the exit code
 * that belongs to them: 0 when there are only warnings. */
int console_error(struct console *console, const struct err *err, const char *source);
int console_errors(struct console *console, const struct err_list *list, const char *source);

/* Writes and releases a text; memory that ran out is said, with exit code 4. */
int console_write(struct console *console, struct text *text);

/* Flushes stdout; returns `code`, or 4 with a message when the result could not be written. */
int console_close(struct console *console, int code);

#endif
