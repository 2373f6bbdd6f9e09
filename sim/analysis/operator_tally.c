/* sim/analysis/operator_tally.c - the operators' queries, computed: groups with counts, sums and
 * samples, and the rows that they make. */
#include <assert.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/analysis/operator_queries.h"
#include "sim/analysis/sql_number.h"

enum { SUMS = 6 };

struct samples {
    double *values; /* ms */
    size_t count, capacity;
};

struct group {
    const char *key, *second; /* NULL is a group too; texts lie in the arena */
    int64_t number;           /* of an hour: its start */
    int64_t rows, counts[2];
    int64_t sums[SUMS], known[SUMS]; /* of a column, and in how many rows it stands */
    int64_t first_us, last_us, most;
    struct samples samples;
};

struct groups {
    struct group *items;
    uint32_t count, capacity, last; /* `last` was found last */
};

struct operator_tally {
    struct arena arena;
    int64_t now_us;
    uint64_t lines;
    bool scores_known;
    struct groups groups[OPERATOR_QUERY_COUNT];
};

/* ---- groups ---- */

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static bool same_key(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

struct key {
    const char *first, *second;
    int64_t number;
};

static bool is_of(const struct group *group, const struct key *key)
{
    return group->number == key->number && same_key(group->key, key->first) &&
           same_key(group->second, key->second);
}

static bool keep_key(struct operator_tally *tally, const char *key, const char **kept)
{
    *kept = NULL;
    if (key == NULL) return true;
    *kept = arena_text(&tally->arena, key, strlen(key));
    return *kept != NULL;
}

static struct group *new_group(struct operator_tally *tally, struct groups *groups,
                               const struct key *key, struct err *err)
{
    if (groups->count == OPERATOR_GROUPS_MAX) {
        (void)err_fail(err, ERR_INPUT, (struct place){0},
                       "more than %d groups in one of the operators' queries", OPERATOR_GROUPS_MAX);
        return NULL;
    }
    if (groups->count == groups->capacity) {
        const uint32_t capacity = groups->capacity * 2 + 8;
        struct group *items = memory_resize(groups->items, capacity, sizeof *items);
        if (items == NULL) {
            (void)out_of_memory(err);
            return NULL;
        }
        groups->items = items;
        groups->capacity = capacity;
    }
    struct group *group = &groups->items[groups->count];
    *group = (struct group){.number = key->number, .first_us = INT64_MAX, .last_us = INT64_MIN};
    if (!keep_key(tally, key->first, &group->key) ||
        !keep_key(tally, key->second, &group->second)) {
        (void)out_of_memory(err);
        return NULL;
    }
    groups->last = groups->count++;
    return group;
}

static struct group *group_of(struct operator_tally *tally, enum operator_query query,
                              const struct key *key, struct err *err)
{
    struct groups *groups = &tally->groups[query];
    if (groups->count > 0 && is_of(&groups->items[groups->last], key))
        return &groups->items[groups->last];
    for (uint32_t i = 0; i < groups->count; i++) {
        if (!is_of(&groups->items[i], key)) continue;
        groups->last = i;
        return &groups->items[i];
    }
    return new_group(tally, groups, key, err);
}

static void add_sum(struct group *group, unsigned place, const struct event_value *value)
{
    if (!value->known) return;
    group->sums[place] += value->whole;
    group->known[place]++;
}

static bool add_sample(struct group *group, const struct event_value *span, struct err *err)
{
    struct samples *samples = &group->samples;
    if (!span->known) return true; /* SQL's aggregates pass over NULL */
    if (samples->count == samples->capacity) {
        const size_t capacity = samples->capacity * 2 + 64;
        double *values = memory_resize(samples->values, capacity, sizeof *values);
        if (values == NULL) return out_of_memory(err);
        samples->values = values;
        samples->capacity = capacity;
    }
    /* The double nearest to the numeric, as its cast gives. */
    samples->values[samples->count++] = (double)span->whole / 1000.0;
    if (span->whole > group->most) group->most = span->whole;
    return true;
}

/* ---- one row, query by query ---- */

static const char *text_of(const struct event_row *row, enum event_column column)
{
    return row->values[column].known ? row->values[column].text : NULL;
}

static const struct event_value *value_of(const struct event_row *row, enum event_column column)
{
    return &row->values[column];
}

static int64_t hour_of(int64_t unix_us)
{
    const int64_t into = unix_us % US_PER_HOUR;
    return unix_us - (into < 0 ? into + US_PER_HOUR : into);
}

static bool tally_hours(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    const struct key hour = {.number = hour_of(row->unix_us)};
    const bool ends = row->kind == EVENT_DECISION || row->kind == EVENT_FAILURE;
    struct group *lines = group_of(tally, OPERATOR_HOURLY_VOLUME, &hour, err);
    if (lines == NULL) return false;
    lines->rows++;
    add_sum(lines, 0, value_of(row, EVENT_COLUMN_TOTAL_LATENCY_MS));
    if (!ends) return true;
    struct group *orders = group_of(tally, OPERATOR_HOURLY_ORDERS, &hour, err);
    if (orders == NULL) return false;
    orders->rows++;
    orders->counts[0] += row->kind == EVENT_FAILURE;
    return true;
}

static bool tally_errors(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    const struct key provider = {.first = text_of(row, EVENT_COLUMN_PROVIDER_ID)};
    const bool error = row->kind == EVENT_QUOTE_ERROR;
    struct group *all = group_of(tally, OPERATOR_ERROR_RATE, &provider, err);
    if (all == NULL) return false;
    all->rows++;
    all->counts[0] += error;
    if (!error && row->kind != EVENT_QUOTE_SUCCESS) return true;
    struct group *settled = group_of(tally, OPERATOR_ERROR_SETTLED, &provider, err);
    if (settled == NULL) return false;
    settled->rows++;
    settled->counts[0] += error;
    return true;
}

static bool tally_failures(struct operator_tally *tally, const struct event_row *row,
                           struct err *err)
{
    if (row->kind != EVENT_QUOTE_ERROR && row->kind != EVENT_FAILURE) return true;
    const struct key key = {.first = text_of(row, EVENT_COLUMN_ERROR_CODE),
                            .second = text_of(row, EVENT_COLUMN_PROVIDER_ID)};
    struct group *group = group_of(tally, OPERATOR_FAILURES, &key, err);
    const struct event_value *retryable = value_of(row, EVENT_COLUMN_RETRYABLE);
    if (group == NULL) return false;
    group->rows++;
    group->counts[0] += retryable->known && retryable->whole != 0;
    if (row->unix_us < group->first_us) group->first_us = row->unix_us;
    if (row->unix_us > group->last_us) group->last_us = row->unix_us;
    return true;
}

static bool tally_router(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    const struct key all = {0};
    if (row->kind != EVENT_LATENCY) return true;
    struct group *group = group_of(tally, OPERATOR_ROUTER_LATENCY, &all, err);
    if (group == NULL) return false;
    group->rows++;
    add_sum(group, 0, value_of(row, EVENT_COLUMN_TOTAL_LATENCY_MS));
    return add_sample(group, value_of(row, EVENT_COLUMN_TOTAL_LATENCY_MS), err);
}

static bool tally_week(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    const struct key provider = {.first = text_of(row, EVENT_COLUMN_PROVIDER_ID)};
    const bool success = row->kind == EVENT_QUOTE_SUCCESS;
    struct group *group = group_of(tally, OPERATOR_WEEKLY_STATS, &provider, err);
    if (group == NULL) return false;
    group->rows++;
    group->counts[0] += success;
    group->counts[1] += row->kind == EVENT_QUOTE_ERROR;
    if (success) add_sum(group, 0, value_of(row, EVENT_COLUMN_LATENCY_MS));
    if (!add_sample(group, value_of(row, EVENT_COLUMN_LATENCY_MS), err)) return false;
    if (!success) return true;
    struct group *costs = group_of(tally, OPERATOR_CALL_COSTS, &provider, err);
    if (costs != NULL) costs->rows++;
    return costs != NULL;
}

static bool tally_selection(struct operator_tally *tally, const struct event_row *row,
                            struct err *err)
{
    if (row->kind != EVENT_DECISION) return true;
    const struct key winner = {.first = text_of(row, EVENT_COLUMN_SELECTED_PROVIDER_ID)};
    struct group *group = group_of(tally, OPERATOR_SELECTION, &winner, err);
    if (group == NULL) return false;
    group->rows++;
    add_sum(group, 0, value_of(row, EVENT_COLUMN_TOTAL_CENTS));
    return true;
}

static bool tally_outcome(struct operator_tally *tally, const struct event_row *row,
                          struct err *err)
{
    const struct key provider = {.first = text_of(row, EVENT_COLUMN_PROVIDER_ID)};
    const char *outcome = text_of(row, EVENT_COLUMN_OUTCOME);
    struct group *group = group_of(tally, OPERATOR_COMMISSION, &provider, err);
    if (group == NULL) return false;
    group->rows++;
    group->counts[0] += outcome != NULL && strcmp(outcome, "success") == 0;
    add_sum(group, 0, value_of(row, EVENT_COLUMN_VALUE_CENTS));
    add_sum(group, 1, value_of(row, EVENT_COLUMN_COMMISSION_CENTS));
    add_sum(group, 2, value_of(row, EVENT_COLUMN_DELIVERED_MINUTES));
    add_sum(group, 3, value_of(row, EVENT_COLUMN_RATING));
    return true;
}

bool operator_tally_row(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    const bool today = row->unix_us > tally->now_us - US_PER_DAY;
    const bool of_router = strcmp(event_function_name(row), EVENT_ROUTER_FUNCTION) == 0;
    tally->lines++;
    if (row->unix_us <= tally->now_us - 7 * US_PER_DAY) return true;
    if (row->kind == EVENT_RECORD_OUTCOME) return tally_outcome(tally, row, err);
    if (!of_router) return true;
    if (!tally_week(tally, row, err) || !tally_selection(tally, row, err)) return false;
    return !today || (tally_hours(tally, row, err) && tally_errors(tally, row, err) &&
                      tally_failures(tally, row, err) && tally_router(tally, row, err));
}

bool operator_tally_score(struct operator_tally *tally, const struct operator_score *score,
                          struct err *err)
{
    const struct score_parts *parts = &score->parts;
    const int32_t values[SUMS] = {parts->priority,     parts->price,  parts->speed,
                                  parts->availability, parts->margin, parts->reliability};
    const struct key provider = {.first = provider_traits[score->provider].id};
    tally->scores_known = true;
    if (score->unix_us <= tally->now_us - 7 * US_PER_DAY) return true;
    struct group *group = group_of(tally, OPERATOR_SCORES, &provider, err);
    if (group == NULL) return false;
    group->rows++;
    group->counts[0] += score->selected;
    for (unsigned i = 0; i < SUMS; i++) {
        group->sums[i] += values[i];
        group->known[i]++;
    }
    return true;
}

/* ---- rows of an answer ---- */

static int compare_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) return (a == NULL) - (b == NULL); /* NULLS LAST */
    return strcmp(a, b);
}

static int by_key(const void *left, const void *right)
{
    const struct group *const a = left, *const b = right;
    const int first = compare_text(a->key, b->key);
    return first != 0 ? first : compare_text(a->second, b->second);
}

static int by_hour(const void *left, const void *right) /* newest first */
{
    const struct group *const a = left, *const b = right;
    return (a->number < b->number) - (a->number > b->number);
}

static int by_rows(const void *left, const void *right) /* most first */
{
    const struct group *const a = left, *const b = right;
    if (a->rows != b->rows) return a->rows > b->rows ? -1 : 1;
    return by_key(left, right);
}

static int by_commission(const void *left, const void *right) /* most first */
{
    const struct group *const a = left, *const b = right;
    if (a->sums[1] != b->sums[1]) return a->sums[1] > b->sums[1] ? -1 : 1;
    return by_key(left, right);
}

struct writer { /* of one answer */
    struct operator_answers *answers;
    const char **next; /* cell */
    struct text cell;
    bool failed;
};

static void end_cell(struct writer *writer)
{
    *writer->next =
        arena_text(&writer->answers->arena, writer->cell.bytes != NULL ? writer->cell.bytes : "",
                   writer->cell.length);
    writer->failed = writer->failed || writer->cell.failed || *writer->next == NULL;
    writer->next++;
    text_clear(&writer->cell);
}

static void cell_null(struct writer *writer)
{
    *writer->next++ = NULL;
}

static void cell_text(struct writer *writer, const char *value)
{
    if (value == NULL) {
        cell_null(writer);
        return;
    }
    text_put(&writer->cell, value);
    end_cell(writer);
}

static void cell_whole(struct writer *writer, int64_t value)
{
    text_int(&writer->cell, value);
    end_cell(writer);
}

static void cell_decimal(struct writer *writer, int64_t units, int scale)
{
    sql_put_decimal(&writer->cell, (struct sql_decimal){units, scale});
    end_cell(writer);
}

static void cell_instant(struct writer *writer, int64_t unix_us)
{
    sql_put_instant(&writer->cell, unix_us);
    end_cell(writer);
}

/* AVG() of what has `scale` decimals. */
static void cell_mean(struct writer *writer, const struct group *group, unsigned place, int scale)
{
    if (group->known[place] == 0) {
        cell_null(writer);
        return;
    }
    sql_put_quotient(&writer->cell, (struct sql_decimal){group->sums[place], scale},
                     (struct sql_decimal){group->known[place], 0});
    end_cell(writer);
}

/* part * 100.0 / whole */
static void cell_percent(struct writer *writer, int64_t part, int64_t whole)
{
    sql_put_quotient(&writer->cell, (struct sql_decimal){part * 1000, 1},
                     (struct sql_decimal){whole, 0});
    end_cell(writer);
}

static void cell_percentile(struct writer *writer, const struct samples *samples, double share)
{
    if (samples->count == 0) {
        cell_null(writer);
        return;
    }
    sql_put_double(&writer->cell, sql_percentile_cont(samples->values, samples->count, share));
    end_cell(writer);
}

static void write_commission(struct writer *writer, const struct group *group)
{
    cell_text(writer, group->key);
    cell_whole(writer, group->rows);
    cell_whole(writer, group->counts[0]);
    cell_decimal(writer, group->sums[0], 2);
    cell_decimal(writer, group->sums[1], 2);
    if (group->sums[0] == 0) {
        cell_null(writer); /* NULLIF */
    } else {
        sql_put_quotient(&writer->cell, (struct sql_decimal){group->sums[1] * 100, 2},
                         (struct sql_decimal){group->sums[0], 2});
        end_cell(writer);
    }
    cell_mean(writer, group, 2, 0);
    cell_mean(writer, group, 3, 0);
}

static void write_failures(struct writer *writer, const struct group *group)
{
    cell_text(writer, group->key);
    cell_text(writer, group->second);
    cell_whole(writer, group->rows);
    cell_whole(writer, group->counts[0]);
    cell_instant(writer, group->first_us);
    cell_instant(writer, group->last_us);
}

static void write_router(struct writer *writer, const struct group *group)
{
    cell_whole(writer, group->rows);
    cell_percentile(writer, &group->samples, 0.50);
    cell_percentile(writer, &group->samples, 0.95);
    cell_mean(writer, group, 0, 3);
    if (group->known[0] > 0)
        cell_decimal(writer, group->most, 3);
    else
        cell_null(writer);
}

static void write_hour(struct writer *writer, const struct group *group, bool orders)
{
    cell_instant(writer, group->number);
    cell_whole(writer, group->rows);
    if (!orders) {
        cell_mean(writer, group, 0, 3);
        return;
    }
    cell_whole(writer, group->counts[0]);
    sql_put_rounded(&writer->cell, (struct sql_decimal){group->counts[0] * 1000, 1},
                    (struct sql_decimal){group->rows, 0}, 2);
    end_cell(writer);
}

static void write_week(struct writer *writer, const struct group *group)
{
    cell_text(writer, group->key);
    cell_whole(writer, group->counts[0]);
    cell_whole(writer, group->counts[1]);
    cell_mean(writer, group, 0, 3);
    cell_percentile(writer, &group->samples, 0.95);
}

static void write_scores(struct writer *writer, const struct group *group)
{
    cell_text(writer, group->key);
    cell_whole(writer, group->rows);
    cell_whole(writer, group->counts[0]);
    for (unsigned i = 0; i < SUMS; i++)
        cell_mean(writer, group, i, 0);
}

static void write_row(struct writer *writer, enum operator_query query, const struct group *group,
                      int64_t all_rows)
{
    switch (query) {
    case OPERATOR_HOURLY_VOLUME:
    case OPERATOR_HOURLY_ORDERS:
        write_hour(writer, group, query == OPERATOR_HOURLY_ORDERS);
        return;
    case OPERATOR_ERROR_RATE:
        cell_text(writer, group->key);
        cell_percent(writer, group->counts[0], group->rows);
        return;
    case OPERATOR_ERROR_SETTLED:
        cell_text(writer, group->key);
        cell_whole(writer, group->rows);
        cell_whole(writer, group->counts[0]);
        cell_percent(writer, group->counts[0], group->rows);
        return;
    case OPERATOR_ROUTER_LATENCY:
        write_router(writer, group);
        return;
    case OPERATOR_WEEKLY_STATS:
        write_week(writer, group);
        return;
    case OPERATOR_CALL_COSTS:
        cell_text(writer, group->key);
        cell_whole(writer, group->rows);
        cell_decimal(writer, group->rows, 3);
        return;
    case OPERATOR_SELECTION:
        cell_text(writer, group->key);
        cell_whole(writer, group->rows);
        cell_percent(writer, group->rows, all_rows);
        cell_mean(writer, group, 0, 0);
        return;
    case OPERATOR_FAILURES:
        write_failures(writer, group);
        return;
    case OPERATOR_COMMISSION:
        write_commission(writer, group);
        return;
    case OPERATOR_SCORES:
        write_scores(writer, group);
        return;
    case OPERATOR_HISTORY:
    case OPERATOR_QUERY_COUNT:
        break;
    }
    assert(!"a query that is answered from groups");
}

static void cell_rate(struct writer *writer, bool known, double rate)
{
    if (!known) {
        cell_null(writer);
        return;
    }
    text_fixed(&writer->cell, rate, 2);
    end_cell(writer);
}

static void write_history(struct writer *writer, const struct history *history)
{
    /* The registry's order, by id. */
    static const enum provider by_id[PROVIDER_COUNT] = {PROVIDER_INSTACART, PROVIDER_KROGER_API,
                                                        PROVIDER_MEALME, PROVIDER_WALMART_API};
    for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
        const struct provider_history *known = &history->providers[by_id[i]];
        cell_text(writer, provider_traits[by_id[i]].id);
        cell_whole(writer, known->total);
        cell_whole(writer, known->successful);
        cell_whole(writer, known->failed);
        cell_whole(writer, known->cancelled);
        cell_decimal(writer, known->value_cents, 2);
        cell_decimal(writer, known->commission_cents, 2);
        cell_rate(writer, known->has_success_rate, known->success_rate);
        cell_rate(writer, known->has_margin_rate, known->margin_rate);
    }
}

static void sort_groups(struct groups *groups, enum operator_query query)
{
    int (*compare)(const void *, const void *) = by_key;
    if (query == OPERATOR_HOURLY_VOLUME || query == OPERATOR_HOURLY_ORDERS) compare = by_hour;
    if (query == OPERATOR_SELECTION || query == OPERATOR_FAILURES) compare = by_rows;
    if (query == OPERATOR_COMMISSION) compare = by_commission;
    if (groups->count > 1) qsort(groups->items, groups->count, sizeof *groups->items, compare);
    for (uint32_t i = 0; i < groups->count; i++)
        gsl_sort(groups->items[i].samples.values, 1, groups->items[i].samples.count);
    groups->last = 0;
}

static bool answer(struct operator_tally *tally, enum operator_query query,
                   const struct history *history, struct operator_answers *answers, struct err *err)
{
    static const struct group nothing = {0};
    struct groups *groups = &tally->groups[query];
    struct operator_answer *out = &answers->answers[query];
    int64_t all_rows = 0;
    sort_groups(groups, query);
    /* An aggregate without GROUP BY has a row whatever there is. */
    const bool lone = query == OPERATOR_ROUTER_LATENCY && groups->count == 0;
    out->rows =
        query == OPERATOR_HISTORY ? (uint32_t)PROVIDER_COUNT : groups->count + (lone ? 1u : 0u);
    const uint32_t cells = out->rows * operator_queries[query].column_count;
    out->cells = arena_push(&answers->arena, const char *, cells > 0 ? cells : 1);
    if (out->cells == NULL) return out_of_memory(err);
    struct writer writer = {.answers = answers, .next = out->cells};
    for (uint32_t i = 0; i < groups->count; i++)
        all_rows += groups->items[i].rows;
    for (uint32_t i = 0; i < groups->count; i++)
        write_row(&writer, query, &groups->items[i], all_rows);
    if (lone) write_row(&writer, query, &nothing, 0);
    if (query == OPERATOR_HISTORY) write_history(&writer, history);
    text_release(&writer.cell);
    assert(writer.next == out->cells + cells);
    return !writer.failed || out_of_memory(err);
}

bool operator_tally_answer(struct operator_tally *tally, const struct history *history,
                           struct operator_answers *answers, struct err *err)
{
    *answers = (struct operator_answers){
        .now_us = tally->now_us, .lines = tally->lines, .scores_known = tally->scores_known};
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        if (answer(tally, (enum operator_query)q, history, answers, err)) continue;
        operator_answers_release(answers);
        return false;
    }
    return true;
}

void operator_answers_release(struct operator_answers *answers)
{
    arena_release(&answers->arena);
    *answers = (struct operator_answers){0};
}

/* ---- lifetime ---- */

struct operator_tally *operator_tally_create(int64_t now_us, struct err *err)
{
    struct operator_tally *tally = memory_zeroed(sizeof *tally);
    if (tally == NULL) {
        (void)out_of_memory(err);
        return NULL;
    }
    tally->now_us = now_us;
    return tally;
}

void operator_tally_destroy(struct operator_tally *tally)
{
    if (tally == NULL) return;
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        for (uint32_t i = 0; i < tally->groups[q].count; i++)
            free(tally->groups[q].items[i].samples.values);
        free(tally->groups[q].items);
    }
    arena_release(&tally->arena);
    free(tally);
}
