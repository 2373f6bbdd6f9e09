/* router/base/err.h - why something cannot be done, in words a person can act on.
 *
 * A function that can fail returns bool and takes `struct err *` last; on false the err is filled
 * in once, by whoever knows most, and passed up untouched. A provider that times out or answers 401
 * is no err: that is what routesim simulates, and it is data. An err is bad input or a failing
 * machine.
 *
 * `struct err_list` gathers every mistake of one input before giving up, so that a person mends a
 * scenario in one go. err_print() is the one printer: gcc's `file:line:column:` form, the line, a
 * caret with tildes under the culprit, and a hint.
 *
 * Ownership: places borrow their file name; err_list keeps copies of messages inside itself.
 * Failure:   none; a message longer than its buffer is cut between characters and ends in "...".
 */
#ifndef ROUTER_BASE_ERR_H
#define ROUTER_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { ERR_MESSAGE_MAX = 320, ERR_HINT_MAX = 256, ERR_LIST_MAX = 20 };

enum err_code {
    ERR_NONE,
    ERR_USAGE,       /* wrong command line: exit 2 */
    ERR_INPUT,       /* a file is not there, invalid or unusable: exit 3 */
    ERR_ENVIRONMENT, /* cannot write, bind, spawn, allocate: exit 4 */
};

struct place {        /* where in an input file; line 0 means the file as a whole */
    const char *file; /* borrowed: lives as long as the input's name; NULL: nowhere */
    uint32_t line;    /* 1-based */
    uint32_t column;  /* 1-based, counted in characters, not bytes */
    uint32_t width;   /* characters to underline; 0 counts as 1 */
};

struct err {
    enum err_code code;
    struct place place;
    bool warning;                  /* worth saying, stops nothing */
    char message[ERR_MESSAGE_MAX]; /* no newline; names the value it objects to */
    char hint[ERR_HINT_MAX];       /* what to do next; may be empty */
};

/* Fills `err` (hint emptied) and returns false, so that a caller can `return err_fail(...)`. */
bool err_fail(struct err *err, enum err_code code, struct place place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds a hint to a filled err; returns false for the same reason. */
bool err_hint(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The process exit code that belongs to a code: 2, 3 or 4 (docs: README, exit codes). */
int err_exit_code(enum err_code code);

struct err_list {
    struct err items[ERR_LIST_MAX];
    uint32_t count;          /* kept */
    uint32_t errors;         /* met in all, warnings apart, also past ERR_LIST_MAX */
    uint32_t warnings;       /* met in all */
    const char *source_file; /* whose text err_list_print() is given; NULL: that of every place */
};

/* Appends a copy; past ERR_LIST_MAX it only counts. Then an error takes the place of the last
 * warning kept, for whoever is refused must be told why; no error is ever displaced. */
void err_list_add(struct err_list *list, const struct err *err);

/* Makes and appends an error (err_add) or a warning (err_warn). `hint` may be NULL. */
void err_add(struct err_list *list, struct place place, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void err_warn(struct err_list *list, struct place place, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Prints one err:
 *
 *     scenarios/x.json:3:20: error: unknown provider "KROGER" in fault
 *         3 |       {"provider": "KROGER", "at": "10m"}
 *           |                    ^~~~~~~~
 *       hint: did you mean "KROGER_API"?
 *
 * `source` is the text of place.file for the excerpt, or NULL for none. Long lines are cut around
 * the caret, tabs are shown as four spaces. Control characters, marks that turn the direction of
 * writing and bytes that are not UTF-8 are shown as escapes, whether they come from a message, a
 * file name or the source. `color` adds ANSI colour to the words "error" and "warning" and the
 * caret only. */
void err_print(FILE *stream, const struct err *err, const char *source, bool color);

/* Prints what was kept, then how many more were met. `source` is the text of every place. */
/* A copy of a file's name that lives as long as the process: for a place whose owner is about to
 * go. */
const char *err_keep_name(const char *name);

/* Keeps a copy of the text of a file whose name is kept, for excerpts of messages about it: for a
 * file that another one names. Not for many: it stays until the process ends. */
void err_keep_source(const char *name, const char *source);

/* `source` if the err lies in `file`, else what was kept for the err's own file, else NULL: another
 * file's line would be shown. */
const char *err_source(const struct err *err, const char *file, const char *source);

void err_list_print(FILE *stream, const struct err_list *list, const char *source, bool color);

#endif
