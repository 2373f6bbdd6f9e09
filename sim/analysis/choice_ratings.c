#include "sim/analysis/choice_ratings.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/csv.h"
#include "router/base/memory.h"
#include "sim/analysis/choice_tastes.h"
#include "sim/analysis/stats_tests.h"

struct columns {
    uint32_t order, bought, rating;
};

static bool find_columns(struct csv *csv, struct columns *columns, struct err *err)
{
    err->code = ERR_NONE;
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file}, "is empty") ||
               err_hint(err, "the first line names the columns: order_index,bought,rating");
    }
    return csv_column(csv, "order_index", &columns->order, err) &&
           csv_column(csv, "bought", &columns->bought, err) &&
           csv_column(csv, "rating", &columns->rating, err);
}

/* Digits alone, up to nine of them. */
static bool read_whole(const char *text, uint32_t *value)
{
    const size_t length = strlen(text);
    if (length == 0 || length > 9 || strspn(text, "0123456789") != length) return false;
    *value = (uint32_t)strtoul(text, NULL, 10);
    return true;
}

struct row {
    uint32_t order, bought, rating;
};

static bool read_row(struct csv *csv, struct columns columns, struct row *row, struct err *err)
{
    const uint32_t most = columns.order > columns.bought ? columns.order : columns.bought;
    if (csv->count <= most || csv->count <= columns.rating) {
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "the row has only %u field%s",
                        csv->count, csv->count == 1 ? "" : "s");
    }
    if (!read_whole(csv->fields[columns.order], &row->order)) {
        return err_fail(err, ERR_INPUT, csv_place(csv, columns.order),
                        "\"%.40s\" is no order's index", csv->fields[columns.order]);
    }
    if (!read_whole(csv->fields[columns.bought], &row->bought) || row->bought > 1) {
        return err_fail(err, ERR_INPUT, csv_place(csv, columns.bought),
                        "\"%.40s\" is neither 0 nor 1: was it bought?",
                        csv->fields[columns.bought]);
    }
    row->rating = 0;
    const char *rating = csv->fields[columns.rating];
    if (rating[0] == '\0') return true;
    if (!read_whole(rating, &row->rating) || row->rating < 1 || row->rating > CHOICE_RATING_MAX) {
        return err_fail(err, ERR_INPUT, csv_place(csv, columns.rating),
                        "\"%.40s\" is no rating from 1 to %d, and not empty", rating,
                        CHOICE_RATING_MAX);
    }
    if (row->bought == 1) return true;
    return err_fail(err, ERR_INPUT, csv_place(csv, columns.rating),
                    "order %u was rated and not bought", row->order);
}

static bool take_row(struct choice_ratings *ratings, struct csv *csv, struct columns columns,
                     struct err *err)
{
    struct row row = {0};
    if (!read_row(csv, columns, &row, err)) return false;
    ratings->rows++;
    if (row.order >= ratings->orders) {
        ratings->foreign++;
        return true;
    }
    if (ratings->lines[row.order] != 0) {
        return err_fail(err, ERR_INPUT, csv_place(csv, columns.order),
                        "order %u comes twice: it stands in line %u already", row.order,
                        ratings->lines[row.order]);
    }
    ratings->lines[row.order] = csv->line;
    ratings->bought[row.order] = (uint8_t)row.bought;
    ratings->ratings[row.order] = (uint8_t)row.rating;
    ratings->known++;
    ratings->purchases += row.bought;
    ratings->rated += row.rating != 0;
    return true;
}

static bool allocate(struct choice_ratings *ratings, struct err *err)
{
    ratings->bought = memory_zeroed(ratings->orders);
    ratings->ratings = memory_zeroed(ratings->orders);
    ratings->lines = memory_zeroed(ratings->orders * sizeof *ratings->lines);
    if (ratings->bought == NULL || ratings->ratings == NULL || ratings->lines == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    memset(ratings->bought, CHOICE_UNKNOWN, ratings->orders);
    return true;
}

static bool read_all(struct choice_ratings *ratings, struct csv *csv, struct err *err)
{
    struct columns columns = {0};
    if (!allocate(ratings, err) || !find_columns(csv, &columns, err)) return false;
    while (csv_next(csv, err)) {
        if (!take_row(ratings, csv, columns, err)) return false;
    }
    if (err->code != ERR_NONE) return false;
    if (ratings->known > 0) return true;
    if (ratings->rows == 0)
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file}, "has no rows");
    return err_fail(err, ERR_INPUT, (struct place){.file = csv->file},
                    "none of its %u orders is among the %u of this data: order_index counts from 0",
                    ratings->rows, ratings->orders);
}

/* `opened` says whether the reader of `csv` began well; it is released either way. */
static bool read_opened(struct choice_ratings *ratings, struct csv *csv, bool opened,
                        uint32_t orders, struct err *err)
{
    *ratings = (struct choice_ratings){.orders = orders};
    const bool read = opened && read_all(ratings, csv, err);
    csv_release(csv);
    if (!read) choice_ratings_release(ratings);
    return read;
}

bool choice_ratings_read(struct choice_ratings *ratings, const char *path, uint32_t orders,
                         struct err *err)
{
    struct csv csv;
    const bool opened = csv_open(&csv, path, err);
    return read_opened(ratings, &csv, opened, orders, err);
}

bool choice_ratings_from_bytes(struct choice_ratings *ratings, const char *name, const char *bytes,
                               size_t length, uint32_t orders, struct err *err)
{
    struct csv csv;
    const bool opened = csv_from_bytes(&csv, name, bytes, length, err);
    return read_opened(ratings, &csv, opened, orders, err);
}

void choice_ratings_release(struct choice_ratings *ratings)
{
    free(ratings->bought);
    free(ratings->ratings);
    free(ratings->lines);
    *ratings = (struct choice_ratings){0};
}

/* ---- the survey ---- */

struct choice_csat choice_csat(const struct choice_ratings *ratings, const uint8_t *among,
                               double level)
{
    struct choice_csat csat = {.share = (double)NAN, .silent = (double)NAN};
    for (uint32_t i = 0; i < ratings->orders; i++) {
        if (ratings->bought[i] != 1 || (among != NULL && among[i] == 0)) continue;
        csat.asked++;
        csat.answered += ratings->ratings[i] != 0;
        csat.satisfied += ratings->ratings[i] >= CHOICE_SATISFIED;
    }
    const struct stats_share share = {.hits = csat.satisfied, .n = csat.answered};
    stats_wilson_interval(share, level, &csat.low, &csat.high);
    if (csat.answered > 0) csat.share = (double)csat.satisfied / (double)csat.answered;
    if (csat.asked > 0) csat.silent = 1.0 - (double)csat.answered / (double)csat.asked;
    return csat;
}
