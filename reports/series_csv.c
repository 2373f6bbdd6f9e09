#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/summary.h"
#include "router/base/csv.h"

/* A row for each bucket and scope. What does not concern a scope is left empty. */
enum column {
    COLUMN_FROM_US,
    COLUMN_SCOPE,
    COLUMN_ORDERS,
    COLUMN_FAILED,
    COLUMN_ROUTED,
    COLUMN_AUTHENTIC,
    COLUMN_OK,
    COLUMN_ASKED,
    COLUMN_QUOTES,
    COLUMN_TIMEOUTS,
    COLUMN_WINS,
    COLUMN_CANNED,
    COLUMN_P50_MS,
    COLUMN_P95_MS,
    COLUMN_P99_MS,
    COLUMN_BUDGET_BURNED,
    COLUMN_ERRORS, /* the first kind; the others follow */
    COLUMN_COUNT = COLUMN_ERRORS + QUOTE_OUTCOME_COUNT - QUOTE_TIMEOUT,
};

static const char *const column_names[COLUMN_ERRORS] = {
    "from_us", "scope",    "orders", "failed", "routed", "authentic", "ok",     "asked",
    "quotes",  "timeouts", "wins",   "canned", "p50_ms", "p95_ms",    "p99_ms", "budget_burned",
};

static void put_header(struct text *text)
{
    for (unsigned c = 0; c < COLUMN_ERRORS; c++) {
        if (c > 0) text_char(text, ',');
        text_put(text, column_names[c]);
    }
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++)
        text_format(text, ",error_%s", quote_outcome_names[k]);
    text_put(text, "\r\n");
}

static void put_percentile(struct text *text, double ms)
{
    text_char(text, ',');
    if (!isnan(ms)) text_double(text, ms);
}

static void put_router(struct text *text, const struct result_bucket *bucket)
{
    const struct result_bucket_router *router = &bucket->router;
    text_int(text, bucket->from_us);
    text_format(text, ",router,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",,,,,",
                router->orders, router->failed, router->routed, router->authentic, router->ok);
    put_percentile(text, router->p50_ms);
    put_percentile(text, router->p95_ms);
    put_percentile(text, router->p99_ms);
    text_char(text, ',');
    text_double(text, bucket->budget_burned);
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++)
        text_char(text, ',');
    text_put(text, "\r\n");
}

static void put_provider(struct text *text, const struct result_bucket *bucket, unsigned p)
{
    const struct result_bucket_provider *provider = &bucket->providers[p];
    text_int(text, bucket->from_us);
    text_format(text, ",%s,,,,,,%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32,
                provider_traits[p].id, provider->asked, provider->quotes, provider->timeouts,
                provider->wins, provider->canned);
    put_percentile(text, provider->p50_ms);
    put_percentile(text, provider->p95_ms);
    put_percentile(text, provider->p99_ms);
    text_char(text, ',');
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++) {
        text_char(text, ',');
        text_int(text, provider->errors[k]);
    }
    text_put(text, "\r\n");
}

void series_csv_write(struct text *text, const struct result *result)
{
    put_header(text);
    for (uint32_t i = 0; i < result->bucket_count; i++) {
        put_router(text, &result->buckets[i]);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            put_provider(text, &result->buckets[i], p);
    }
}

/* ---- and back ---- */

static bool bad_field(const struct csv *csv, uint32_t field, const char *should, struct err *err)
{
    return err_fail(err, ERR_INPUT, csv_place(csv, field), "\"%s\" should be %s",
                    csv->fields[field], should);
}

static bool read_count(const struct csv *csv, uint32_t field, uint32_t *count, struct err *err)
{
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(csv->fields[field], &end, 10);
    if (end == csv->fields[field] || *end != '\0' || errno != 0 || value > UINT32_MAX ||
        csv->fields[field][0] == '-')
        return bad_field(csv, field, "a count", err);
    *count = (uint32_t)value;
    return true;
}

static bool read_number(const struct csv *csv, uint32_t field, double *number, struct err *err)
{
    const char *text = csv->fields[field];
    if (*text == '\0') {
        *number = (double)NAN;
        return true;
    }
    char *end;
    *number = strtod(text, &end);
    return *end == '\0' || bad_field(csv, field, "a number", err);
}

static bool read_percentiles(const struct csv *csv, double *p50_ms, double *p95_ms, double *p99_ms,
                             struct err *err)
{
    return read_number(csv, COLUMN_P50_MS, p50_ms, err) &&
           read_number(csv, COLUMN_P95_MS, p95_ms, err) &&
           read_number(csv, COLUMN_P99_MS, p99_ms, err);
}

static bool read_router(const struct csv *csv, struct result_bucket *bucket, struct err *err)
{
    struct result_bucket_router *router = &bucket->router;
    char *end;
    bucket->from_us = strtoll(csv->fields[COLUMN_FROM_US], &end, 10);
    if (*end != '\0') return bad_field(csv, COLUMN_FROM_US, "a whole number", err);
    return read_count(csv, COLUMN_ORDERS, &router->orders, err) &&
           read_count(csv, COLUMN_FAILED, &router->failed, err) &&
           read_count(csv, COLUMN_ROUTED, &router->routed, err) &&
           read_count(csv, COLUMN_AUTHENTIC, &router->authentic, err) &&
           read_count(csv, COLUMN_OK, &router->ok, err) &&
           read_percentiles(csv, &router->p50_ms, &router->p95_ms, &router->p99_ms, err) &&
           read_number(csv, COLUMN_BUDGET_BURNED, &bucket->budget_burned, err);
}

static bool read_provider(const struct csv *csv, struct result_bucket_provider *provider,
                          struct err *err)
{
    for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++)
        if (!read_count(csv, COLUMN_ERRORS + k - QUOTE_TIMEOUT, &provider->errors[k], err))
            return false;
    return read_count(csv, COLUMN_ASKED, &provider->asked, err) &&
           read_count(csv, COLUMN_QUOTES, &provider->quotes, err) &&
           read_count(csv, COLUMN_TIMEOUTS, &provider->timeouts, err) &&
           read_count(csv, COLUMN_WINS, &provider->wins, err) &&
           read_count(csv, COLUMN_CANNED, &provider->canned, err) &&
           read_percentiles(csv, &provider->p50_ms, &provider->p95_ms, &provider->p99_ms, err);
}

/* The next record, which has to be of that scope. */
static bool next_of(struct csv *csv, const char *scope, struct err *err)
{
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        return err_fail(err, ERR_INPUT, (struct place){.file = csv->file},
                        "the series ends before its last bucket");
    }
    if (csv->count != COLUMN_COUNT)
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "%u fields instead of %d", csv->count,
                        (int)COLUMN_COUNT);
    return strcmp(csv->fields[COLUMN_SCOPE], scope) == 0 ||
           bad_field(csv, COLUMN_SCOPE, scope, err);
}

static bool read_buckets(struct csv *csv, struct result *result, struct err *err)
{
    for (uint32_t i = 0; i < result->bucket_count; i++) {
        struct result_bucket *bucket = &result->buckets[i];
        if (!next_of(csv, "router", err) || !read_router(csv, bucket, err)) return false;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            if (!next_of(csv, provider_traits[p].id, err) ||
                !read_provider(csv, &bucket->providers[p], err))
                return false;
    }
    return true;
}

bool series_csv_read(struct result *result, const char *name, const char *bytes, size_t length,
                     struct err *err)
{
    struct csv csv;
    bool good = csv_from_bytes(&csv, name, bytes, length, err);
    if (good && !csv_next(&csv, err)) {
        good = false;
        if (err->code == ERR_NONE)
            (void)err_fail(err, ERR_INPUT, (struct place){.file = name}, "the series is empty");
    }
    if (good && (csv.count != COLUMN_COUNT || strcmp(csv.fields[0], column_names[0]) != 0))
        good = err_fail(err, ERR_INPUT, csv_place(&csv, 0), "this is not a series of this version");
    result->buckets = NULL;
    if (good) {
        /* The count comes from another file: it is believed no further than the bytes reach. */
        if (result->bucket_count > length)
            good = err_fail(err, ERR_INPUT, (struct place){.file = name},
                            "the series is too short for its %u buckets", result->bucket_count);
        else
            result->buckets =
                arena_push(&result->arena, struct result_bucket, result->bucket_count);
        if (good && result->buckets == NULL)
            good = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    good = good && read_buckets(&csv, result, err);
    if (!good) result->bucket_count = 0;
    csv_release(&csv);
    return good;
}
