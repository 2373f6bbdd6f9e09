#include "mocks/empirical.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/csv.h"
#include "router/base/memory.h"

const char *empirical_path(const char *folder, const char *file, struct arena *arena)
{
    const size_t before = folder == NULL || file[0] == '/' ? 0 : strlen(folder);
    const bool slash = before > 0 && folder[before - 1] != '/';
    const size_t length = before + slash + strlen(file);
    char *const path = arena_push(arena, char, length + 1);
    if (path == NULL) return NULL;
    (void)snprintf(path, length + 1, "%.*s%s%s", (int)before, folder == NULL ? "" : folder,
                   slash ? "/" : "", file);
    return path;
}

struct rows { /* grows while the file is read; copied into the arena at its final size */
    int64_t *us;
    uint32_t count, capacity;
};

static bool append(struct rows *rows, int64_t us)
{
    if (rows->count == rows->capacity) {
        const uint32_t capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
        int64_t *const grown = memory_resize(rows->us, capacity, sizeof *rows->us);
        if (grown == NULL) return false;
        rows->us = grown;
        rows->capacity = capacity;
    }
    rows->us[rows->count++] = us;
    return true;
}

static bool read_ms(const struct csv *csv, uint32_t field, int64_t *us, struct err *err)
{
    char *end;
    const double ms = strtod(csv->fields[field], &end);
    if (end == csv->fields[field] || *end != '\0' ||
        !(ms >= 0 && ms * 1000 <= (double)LAW_US_MAX)) {
        return err_fail(err, ERR_INPUT, csv_place(csv, field),
                        "\"%.40s\" is no latency in milliseconds", csv->fields[field]);
    }
    *us = llround(ms * 1000);
    return true;
}

static bool read_rows(struct csv *csv, const struct law_spec *spec, struct rows *rows,
                      struct err *err)
{
    uint32_t column, where = 0;
    const bool filtered = spec->where_column[0] != '\0';
    if (!csv_next(csv, err)) {
        return err->code == ERR_NONE
                   ? err_fail(err, ERR_INPUT, spec->place, "%s is empty", csv->file)
                   : false;
    }
    if (!csv_column(csv, spec->column, &column, err)) return false;
    if (filtered && !csv_column(csv, spec->where_column, &where, err)) return false;
    while (csv_next(csv, err)) {
        if (column >= csv->count || where >= csv->count) {
            return err_fail(err, ERR_INPUT, csv_place(csv, 0), "the row has only %u fields",
                            csv->count);
        }
        if (filtered && strcmp(csv->fields[where], spec->where_value) != 0) continue;
        int64_t us = 0;
        if (!read_ms(csv, column, &us, err)) return false;
        if (!append(rows, us)) {
            return err_fail(err, ERR_ENVIRONMENT, spec->place, "out of memory for the rows of %s",
                            csv->file);
        }
    }
    return err->code == ERR_NONE;
}

bool empirical_load(const struct law_spec *spec, const char *folder, struct arena *arena,
                    const int64_t **rows, uint32_t *count, struct err *err)
{
    if (spec->file[0] == '\0' || spec->column[0] == '\0') {
        return err_fail(err, ERR_INPUT, spec->place, "empirical law: needs a file and a column");
    }
    const char *const path = empirical_path(folder, spec->file, arena);
    if (path == NULL) return err_fail(err, ERR_ENVIRONMENT, spec->place, "out of memory");
    struct csv csv;
    if (!csv_open(&csv, path, err)) return false;

    struct rows read = {0};
    int64_t *kept = NULL;
    bool ok = read_rows(&csv, spec, &read, err);
    if (!ok) goto done;
    if (read.count == 0) {
        ok = err_fail(err, ERR_INPUT, spec->place, "no row of %s is left to draw from", spec->file);
        goto done;
    }
    kept = arena_push(arena, int64_t, read.count);
    if (kept == NULL) {
        ok = err_fail(err, ERR_ENVIRONMENT, spec->place, "out of memory for the rows of %s",
                      spec->file);
        goto done;
    }
    memcpy(kept, read.us, read.count * sizeof *kept);
    *rows = kept;
    *count = read.count;
done:
    free(read.us);
    csv_release(&csv);
    return ok;
}
