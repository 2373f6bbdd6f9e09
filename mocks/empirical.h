/* mocks/empirical.h - measured latencies from a CSV column, as rows of whole microseconds.
 *
 * Values are milliseconds, decimals allowed. Rows that the law's `where` filter leaves out do not
 * count.
 *
 * Ownership: the rows lie in the arena.
 * Failure:   ERR_ENVIRONMENT for a file that cannot be read, ERR_INPUT with the place in the CSV
 * for a value that is no time, and for a column or filter that leaves no row.
 */
#ifndef MOCKS_EMPIRICAL_H
#define MOCKS_EMPIRICAL_H

#include "mocks/law.h"

/* Joins a scenario's folder and a file's name; a path from the root stays as it is. The text lies
 * in the arena, because the places of messages borrow it. NULL: out of memory. */
const char *empirical_path(const char *folder, const char *file, struct arena *arena);

bool empirical_load(const struct law_spec *spec, const char *folder, struct arena *arena,
                    const int64_t **rows, uint32_t *count, struct err *err);

#endif
