#include "sim/world/workload_replay.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/empirical.h"
#include "router/base/csv.h"
#include "router/base/memory.h"
#include "router/base/random.h"

struct rows { /* grows while a file is read; copied into the arena at its final size */
    void *bytes;
    size_t count, capacity;
};

/* Room for one more row of `size` bytes; NULL when memory is out. */
static void *next_row(struct rows *rows, size_t size)
{
    if (rows->count == rows->capacity) {
        const size_t capacity = rows->capacity == 0 ? 1024 : 2 * rows->capacity;
        void *const grown = memory_resize(rows->bytes, capacity, size);
        if (grown == NULL) return NULL;
        rows->bytes = grown;
        rows->capacity = capacity;
    }
    return (char *)rows->bytes + size * rows->count++;
}

static void *keep_rows(const struct rows *rows, size_t size, struct arena *arena)
{
    void *const kept = arena_alloc(arena, rows->count, size);
    if (kept != NULL && rows->count > 0) memcpy(kept, rows->bytes, rows->count * size);
    return kept;
}

static bool out_of_memory(const char *file, struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = file},
                    "out of memory for the rows of %s", file);
}

/* Opens a scenario's file; its path lies in the arena, because places borrow it. */
static bool open_file(struct csv *csv, const struct scenario *scenario, const char *file,
                      struct arena *arena, struct err *err)
{
    const char *const path = empirical_path(scenario->folder, file, arena);
    if (path == NULL) return out_of_memory(file, err);
    return csv_open(csv, path, err);
}

/* --- arrivals --- */

static bool collect_stamps(struct csv *csv, const struct arrival_spec *spec, struct rows *rows,
                           struct err *err)
{
    uint32_t column = 0;
    err->code = ERR_NONE;
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        return err_fail(err, ERR_INPUT, spec->place, "%s is empty", csv->file);
    }
    if (!csv_column(csv, spec->column, &column, err)) return false;
    while (csv_next(csv, err)) {
        if (column >= csv->count) {
            return err_fail(err, ERR_INPUT, csv_place(csv, 0),
                            "the row has %u fields, and \"%s\" is number %u", csv->count,
                            spec->column, column + 1);
        }
        int64_t unix_us = 0;
        if (!instant_parse(csv->fields[column], csv_place(csv, column), &unix_us, err)) {
            return false;
        }
        int64_t *const row = next_row(rows, sizeof *row);
        if (row == NULL) return out_of_memory(csv->file, err);
        *row = unix_us;
    }
    return err->code == ERR_NONE;
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Drops the rows before `from`, and turns the others into offsets at the replay's speed. */
static bool settle_stamps(const struct arrival_spec *spec, int64_t *stamps_us, uint64_t *count,
                          struct err *err)
{
    int64_t from_us = *count > 0 ? stamps_us[0] : 0;
    if (spec->from[0] != '\0' && !instant_parse(spec->from, spec->place, &from_us, err)) {
        return false;
    }
    uint64_t kept = 0;
    for (uint64_t i = 0; i < *count; i++) {
        if (stamps_us[i] < from_us) continue;
        stamps_us[kept++] = (int64_t)llround((double)(stamps_us[i] - from_us) / spec->speed);
    }
    *count = kept;
    if (kept > 0) return true;
    return err_fail(err, ERR_INPUT, spec->place, "no row of %s is left to replay%s%s", spec->file,
                    spec->from[0] != '\0' ? " from " : "", spec->from);
}

static bool keep_stamps(struct workload *workload, struct rows *rows, const char *file,
                        struct arena *arena, struct err *err)
{
    const struct arrival_spec *const spec = &workload->scenario->workload.arrivals;
    if (rows->count > 1) qsort(rows->bytes, rows->count, sizeof(int64_t), ascending);
    uint64_t count = rows->count;
    if (!settle_stamps(spec, rows->bytes, &count, err)) return false;
    rows->count = count;
    int64_t *const stamps_us = keep_rows(rows, sizeof *stamps_us, arena);
    if (stamps_us == NULL) return out_of_memory(file, err);
    workload->stamps_us = stamps_us;
    workload->stamp_count = count;
    const int64_t span_us = stamps_us[count - 1] - stamps_us[0];
    if (count > 1) workload->stamp_period_us = span_us + span_us / (int64_t)(count - 1);
    if (!spec->cycle || workload->stamp_period_us > 0) return true;
    return err_fail(err, ERR_INPUT, spec->place,
                    "the rows of %s span no time, so they cannot cycle", spec->file);
}

bool workload_read_stamps(struct workload *workload, struct arena *arena, struct err *err)
{
    const struct arrival_spec *const spec = &workload->scenario->workload.arrivals;
    struct csv csv;
    if (!open_file(&csv, workload->scenario, spec->file, arena, err)) return false;
    struct rows rows = {0};
    const bool read = collect_stamps(&csv, spec, &rows, err) &&
                      keep_stamps(workload, &rows, spec->file, arena, err);
    free(rows.bytes);
    csv_release(&csv);
    return read;
}

/* --- baskets --- */

/* The item of that name in the basket that began at row `start`, or NULL. */
static struct order_item *item_in_basket(const struct rows *items, size_t start, uint64_t name_hash,
                                         const char *name)
{
    struct order_item *const all = items->bytes;
    for (size_t i = start; i < items->count; i++) {
        if (all[i].name_hash == name_hash && strcmp(all[i].name, name) == 0) return &all[i];
    }
    return NULL;
}

static bool add_item(struct workload *workload, struct rows *items, const char *name,
                     uint64_t name_hash, struct arena *arena)
{
    const uint32_t product = catalogue_find(workload->catalogue, name_hash, name);
    const bool known = product != ORDER_PRODUCT_UNKNOWN;
    const char *const kept =
        known ? workload->catalogue->products[product].name : arena_text(arena, name, strlen(name));
    struct order_item *const item = next_row(items, sizeof *item);
    if (kept == NULL || item == NULL) return false;
    *item = (struct order_item){
        .name = kept, .name_hash = name_hash, .product = product, .quantity = 1};
    workload->basket_lines_unknown += !known;
    return true;
}

static bool read_basket(struct workload *workload, const struct csv *csv, struct rows *items,
                        struct arena *arena, struct err *err)
{
    const size_t start = items->count;
    for (uint32_t field = 0; field < csv->count; field++) {
        const char *const name = csv->fields[field];
        if (name[0] == '\0') continue;
        const uint64_t name_hash = random_hash_text(name);
        struct order_item *const again = item_in_basket(items, start, name_hash, name);
        if (again != NULL) {
            again->quantity++;
            continue;
        }
        if (items->count - start == ORDER_ITEMS_MAX) {
            return err_fail(err, ERR_INPUT, csv_place(csv, field), "a basket of more than %d items",
                            ORDER_ITEMS_MAX);
        }
        if (!add_item(workload, items, name, name_hash, arena)) {
            return out_of_memory(csv->file, err);
        }
    }
    if (items->count > start) return true;
    return err_fail(err, ERR_INPUT, csv_place(csv, 0), "a basket without an item");
}

static bool collect_baskets(struct workload *workload, struct csv *csv, struct rows *starts,
                            struct rows *items, struct arena *arena, struct err *err)
{
    err->code = ERR_NONE;
    for (;;) {
        uint32_t *const start = next_row(starts, sizeof *start);
        if (start == NULL) return out_of_memory(csv->file, err);
        *start = (uint32_t)items->count; /* a file has at most 2^30 bytes */
        if (!csv_next(csv, err)) break;
        if (!read_basket(workload, csv, items, arena, err)) return false;
    }
    if (err->code != ERR_NONE) return false;
    if (starts->count > 1) return true;
    return err_fail(err, ERR_INPUT, workload->scenario->workload.carts.place, "%s holds no basket",
                    csv->file);
}

bool workload_read_baskets(struct workload *workload, struct arena *arena, struct err *err)
{
    const struct cart_spec *const spec = &workload->scenario->workload.carts;
    struct csv csv;
    if (!open_file(&csv, workload->scenario, spec->file, arena, err)) return false;
    struct rows starts = {0};
    struct rows items = {0};
    bool read = collect_baskets(workload, &csv, &starts, &items, arena, err);
    if (read) {
        workload->basket_count = (uint32_t)(starts.count - 1);
        workload->basket_starts = keep_rows(&starts, sizeof(uint32_t), arena);
        workload->basket_items = keep_rows(&items, sizeof(struct order_item), arena);
        read = workload->basket_starts != NULL && workload->basket_items != NULL;
        if (!read) (void)out_of_memory(spec->file, err);
    }
    free(starts.bytes);
    free(items.bytes);
    csv_release(&csv);
    return read;
}
