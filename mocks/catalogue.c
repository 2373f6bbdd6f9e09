#include "mocks/catalogue.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/empirical.h"
#include "router/base/csv.h"
#include "router/base/memory.h"
#include "router/base/random.h"

enum { PRICE_CENTS_MAX = 10000000 }; /* $100,000: dearer is a mistake in the file */

static const struct place nowhere = {0};

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, nowhere, "out of memory for the catalogue");
}

/* ---- names to places ------------------------------------------------------------------------- */

static uint32_t *slot_of(const struct catalogue *catalogue, uint64_t name_hash, const char *name)
{
    uint32_t slot = (uint32_t)name_hash & catalogue->slot_mask;
    for (;; slot = (slot + 1) & catalogue->slot_mask) {
        const uint32_t place = catalogue->slots[slot];
        if (place == ORDER_PRODUCT_UNKNOWN) return &catalogue->slots[slot];
        const struct product *const product = &catalogue->products[place];
        if (product->name_hash == name_hash && strcmp(product->name, name) == 0) {
            return &catalogue->slots[slot];
        }
    }
}

uint32_t catalogue_find(const struct catalogue *catalogue, uint64_t name_hash, const char *name)
{
    return *slot_of(catalogue, name_hash, name);
}

/* Fills the slots. False: `twice` is a product whose name an earlier one has. */
static bool index_names(struct catalogue *catalogue, uint32_t *twice)
{
    for (uint32_t i = 0; i <= catalogue->slot_mask; i++) {
        catalogue->slots[i] = ORDER_PRODUCT_UNKNOWN;
    }
    for (uint32_t i = 0; i < catalogue->count; i++) {
        const struct product *const product = &catalogue->products[i];
        uint32_t *const slot = slot_of(catalogue, product->name_hash, product->name);
        if (*slot != ORDER_PRODUCT_UNKNOWN) {
            *twice = i;
            return false;
        }
        *slot = i;
    }
    return true;
}

static bool make_slots(struct catalogue *catalogue, struct arena *arena)
{
    uint32_t size = 16; /* at most half full, so that looking for an unknown name ends soon */
    while (size < 2 * catalogue->count)
        size *= 2;
    catalogue->slot_mask = size - 1;
    catalogue->slots = arena_push(arena, uint32_t, size);
    return catalogue->slots != NULL;
}

/* ---- generated ------------------------------------------------------------------------------- */

static int32_t lognormal_cents(double median, double sigma, double unit)
{
    const double z = gsl_cdf_ugaussian_Pinv(fmin(fmax(unit, 0x1p-40), 1 - 0x1p-40));
    return (int32_t)fmin(fmax(round(median * exp(sigma * z)), 1), PRICE_CENTS_MAX);
}

static bool generate(const struct catalogue_spec *spec, uint64_t seed, struct arena *arena,
                     struct catalogue *catalogue, struct err *err)
{
    if (spec->size == 0 || spec->size > CATALOGUE_PRODUCTS_MAX) {
        return err_fail(err, ERR_INPUT, nowhere,
                        "a generated catalogue has 1 to %d products, not %u",
                        CATALOGUE_PRODUCTS_MAX, spec->size);
    }
    if (!(spec->price_median_cents >= 1) || !(spec->price_sigma >= 0)) {
        return err_fail(err, ERR_INPUT, nowhere, "a catalogue's prices need a median and a sigma");
    }
    catalogue->products = arena_push(arena, struct product, spec->size);
    if (catalogue->products == NULL) return out_of_memory(err);
    catalogue->count = spec->size;
    const uint64_t key = random_key(seed, RANDOM_PRICE);
    for (uint32_t i = 0; i < spec->size; i++) {
        char name[32];
        const int length = snprintf(name, sizeof name, "grocery %05u", i + 1);
        struct product *const product = &catalogue->products[i];
        product->name = arena_text(arena, name, (size_t)length);
        if (product->name == NULL) return out_of_memory(err);
        product->name_hash = random_hash_text(product->name);
        product->base_cents = lognormal_cents(spec->price_median_cents, spec->price_sigma,
                                              random_unit(random_draw(key, product->name_hash)));
    }
    return true;
}

/* ---- from a file ----------------------------------------------------------------------------- */

struct read_rows {
    struct product *products;
    uint32_t *lines; /* for the message about a name that comes twice */
    uint32_t count, capacity;
};

static struct product *next_row(struct read_rows *rows, uint32_t line)
{
    if (rows->count == rows->capacity) {
        const uint32_t capacity = rows->capacity == 0 ? 256 : 2 * rows->capacity;
        void *const products = memory_resize(rows->products, capacity, sizeof *rows->products);
        if (products == NULL) return NULL;
        rows->products = products;
        void *const lines = memory_resize(rows->lines, capacity, sizeof *rows->lines);
        if (lines == NULL) return NULL;
        rows->lines = lines;
        rows->capacity = capacity;
    }
    rows->lines[rows->count] = line;
    return &rows->products[rows->count++];
}

static bool read_row(struct csv *csv, uint32_t name, uint32_t price, struct read_rows *rows,
                     struct arena *arena, struct err *err)
{
    if (name >= csv->count || price >= csv->count) {
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "the row has only %u fields",
                        csv->count);
    }
    char *end;
    const double cents = round(strtod(csv->fields[price], &end) * 100);
    if (end == csv->fields[price] || *end != '\0' || !(cents >= 1 && cents <= PRICE_CENTS_MAX)) {
        return err_fail(err, ERR_INPUT, csv_place(csv, price), "\"%.40s\" is no price in dollars",
                        csv->fields[price]);
    }
    if (csv->fields[name][0] == '\0') {
        return err_fail(err, ERR_INPUT, csv_place(csv, name), "the product has no name");
    }
    if (rows->count == CATALOGUE_PRODUCTS_MAX) {
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "a catalogue has at most %d products",
                        CATALOGUE_PRODUCTS_MAX);
    }
    struct product *const product = next_row(rows, csv->line);
    if (product == NULL) return out_of_memory(err);
    product->name = arena_text(arena, csv->fields[name], strlen(csv->fields[name]));
    if (product->name == NULL) return out_of_memory(err);
    product->name_hash = random_hash_text(product->name);
    product->base_cents = (int32_t)cents;
    return true;
}

static bool read_file(const struct catalogue_spec *spec, struct csv *csv, struct read_rows *rows,
                      struct arena *arena, struct err *err)
{
    uint32_t name, price;
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file},
                        "the catalogue is empty");
    }
    if (!csv_column(csv, spec->name_column, &name, err)) return false;
    if (!csv_column(csv, spec->price_column, &price, err)) return false;
    while (spec->size == 0 || rows->count < spec->size) {
        if (!csv_next(csv, err)) {
            if (err->code != ERR_NONE) return false;
            break;
        }
        if (!read_row(csv, name, price, rows, arena, err)) return false;
    }
    if (rows->count == 0) {
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file},
                        "the catalogue has no products");
    }
    return true;
}

/* Median and sigma of a lognormal law through the products' prices. */
static void fit_prices(struct catalogue *catalogue)
{
    double sum = 0, squares = 0;
    for (uint32_t i = 0; i < catalogue->count; i++)
        sum += log(catalogue->products[i].base_cents);
    const double mean = sum / catalogue->count;
    for (uint32_t i = 0; i < catalogue->count; i++) {
        const double apart = log(catalogue->products[i].base_cents) - mean;
        squares += apart * apart;
    }
    catalogue->price_median_cents = exp(mean);
    catalogue->price_sigma = sqrt(squares / catalogue->count);
}

static bool load(const struct catalogue_spec *spec, const char *folder, struct arena *arena,
                 struct catalogue *catalogue, struct read_rows *rows, struct err *err)
{
    const char *const path = empirical_path(folder, spec->file, arena);
    if (path == NULL) return out_of_memory(err);
    struct csv csv;
    if (!csv_open(&csv, path, err)) return false;
    const bool read = read_file(spec, &csv, rows, arena, err);
    csv_release(&csv);
    if (!read) return false;

    catalogue->count = rows->count;
    catalogue->products = arena_push(arena, struct product, rows->count);
    if (catalogue->products == NULL || !make_slots(catalogue, arena)) return out_of_memory(err);
    memcpy(catalogue->products, rows->products, rows->count * sizeof *rows->products);
    uint32_t twice;
    if (index_names(catalogue, &twice)) return true;
    return err_fail(err, ERR_INPUT, (struct place){.file = path, .line = rows->lines[twice]},
                    "\"%s\" is in the catalogue twice", catalogue->products[twice].name);
}

bool catalogue_load(const struct catalogue_spec *spec, const char *folder, uint64_t seed,
                    struct arena *arena, struct catalogue *catalogue, struct err *err)
{
    *catalogue = (struct catalogue){.price_median_cents = spec->price_median_cents,
                                    .price_sigma = spec->price_sigma};
    if (spec->file[0] != '\0') {
        struct read_rows rows = {0};
        const bool loaded = load(spec, folder, arena, catalogue, &rows, err);
        free(rows.products);
        free(rows.lines);
        if (!loaded) return false;
        if (!(spec->price_median_cents > 0)) fit_prices(catalogue);
        return true;
    }
    if (!generate(spec, seed, arena, catalogue, err)) return false;
    if (!make_slots(catalogue, arena)) return out_of_memory(err);
    uint32_t twice;
    const bool distinct = index_names(catalogue, &twice);
    assert(distinct);
    return distinct;
}

bool catalogue_fits_kroger(const struct catalogue *catalogue)
{
    for (uint32_t i = 0; i < catalogue->count; i++) {
        if (!kroger_takes_term(catalogue->products[i].name)) return false;
    }
    return true;
}
