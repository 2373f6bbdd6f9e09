/* router/base/csv.h - reads RFC 4180 CSV, one record at a time, and knows the line of each.
 *
 * Quoted fields may hold commas, doubled quotes and line breaks. CR LF and LF end a record; a UTF-8
 * byte order mark is skipped; empty lines are passed over. Fields are unescaped in place.
 *
 * Ownership: the reader owns the file's bytes; fields borrow until the next csv_next() or release.
 * Failure:   ERR_ENVIRONMENT for a file that cannot be read, ERR_INPUT with the line for a bad record
 *            (unclosed quote, text after a closing quote, more than CSV_FIELDS_MAX fields, a NUL).
 */
#ifndef ROUTER_BASE_CSV_H
#define ROUTER_BASE_CSV_H

#include <stddef.h>

#include "router/base/err.h"

enum { CSV_FIELDS_MAX = 512 };
#define CSV_BYTES_MAX ((size_t)1 << 30)

struct csv {
    const char *file; /* borrowed */
    char *bytes;
    size_t length;
    size_t cursor;
    uint32_t line;      /* of the current record's first character */
    uint32_t next_line; /* of the next record */
    uint32_t count;     /* fields of the current record */
    char *fields[CSV_FIELDS_MAX];
};

bool csv_open(struct csv *csv, const char *path, struct err *err);
bool csv_from_bytes(struct csv *csv, const char *name, const char *bytes, size_t length, struct err *err);

/* The next record; false at the end (err->code is ERR_NONE then) or on a bad record. */
bool csv_next(struct csv *csv, struct err *err);

/* The index of a named column in the current record (a header), or an err that suggests one. */
bool csv_column(const struct csv *csv, const char *name, uint32_t *column, struct err *err);

struct place csv_place(const struct csv *csv, uint32_t field);
void csv_release(struct csv *csv);

#endif
