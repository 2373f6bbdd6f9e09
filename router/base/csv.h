/* router/base/csv.h - reads RFC 4180 CSV, one record at a time, and knows the line of each.
 *
 * Quoted fields may hold commas, doubled quotes and line breaks. CR LF and LF end a record; a UTF-8
 * byte order mark is skipped; empty lines are passed over. Fields are unescaped in place.
 *
 * A quote inside an unquoted field, and a CR that no LF follows, are ordinary characters.
 *
 * Ownership: the reader owns the file's bytes; fields borrow until csv_release(). The bytes are
 *            rewritten while they are read, so there is no source for err_print() to show.
 * Failure:   ERR_ENVIRONMENT for a file that cannot be read, ERR_INPUT with the place of a bad
 * record (unclosed quote, text after a closing quote, more than CSV_FIELDS_MAX fields, a NUL).
 */
#ifndef ROUTER_BASE_CSV_H
#define ROUTER_BASE_CSV_H

#include <stddef.h>

#include "router/base/err.h"

enum { CSV_FIELDS_MAX = 512 };          /* a record this wide has lost a quote */
#define CSV_BYTES_MAX ((size_t)1 << 30) /* lines and columns stay within 31 bits */

struct csv_spot { /* counted as in struct place */
    uint32_t line;
    uint32_t column;
    uint32_t width; /* quotes included, when the field begins and ends in one line */
};

struct csv {
    const char *file; /* borrowed */
    char *bytes;
    size_t length;
    size_t cursor;
    uint32_t line;        /* of the current record's first character */
    uint32_t next_line;   /* of the next record */
    uint32_t next_column; /* where the cursor stands in its line */
    uint32_t count;       /* fields of the current record */
    char *fields[CSV_FIELDS_MAX];
    struct csv_spot spots[CSV_FIELDS_MAX]; /* where each field stands */
};

/* Either of these begins a reader, also when it fails; csv_release() ends it. csv_from_bytes()
 * copies. */
bool csv_open(struct csv *csv, const char *path, struct err *err);
bool csv_from_bytes(struct csv *csv, const char *name, const char *bytes, size_t length,
                    struct err *err);

/* The next record; false at the end (err->code is ERR_NONE then) or on a bad record, after which
 * nothing more is read. */
bool csv_next(struct csv *csv, struct err *err);

/* The index of a named column in the current record (a header), or an err that suggests one. */
bool csv_column(const struct csv *csv, const char *name, uint32_t *column, struct err *err);

/* Where a field stands; past the last one, where the record begins. */
struct place csv_place(const struct csv *csv, uint32_t field);
void csv_release(struct csv *csv);

#endif
