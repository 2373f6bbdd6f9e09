/* sim/analysis/operator_tally.c - rows taken in, query by query. */
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/analysis/operator_tally_state.h"

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

static bool tally_winner(struct operator_tally *tally, const struct event_row *row, struct err *err)
{
    if (row->kind != EVENT_DECISION) return true;
    const struct key winner = {.first = text_of(row, EVENT_COLUMN_SELECTED_PROVIDER_ID)};
    struct group *group = group_of(tally, OPERATOR_WINNING_SCORES, &winner, err);
    const struct event_value *score = value_of(row, EVENT_COLUMN_SCORE);
    if (group == NULL) return false;
    group->rows++;
    add_sum(group, 0, value_of(row, EVENT_COLUMN_PRICE_SCORE));
    add_sum(group, 1, value_of(row, EVENT_COLUMN_SPEED_SCORE));
    if (!score->known || sql_sum_add(&group->score, score->number)) return true;
    return err_fail(err, ERR_INPUT, (struct place){0}, "%s: no score is so large", row->request_id);
}

/* ---- the query that lists rows ---- */

static int compare_words(const char *a, const char *b)
{
    return a == NULL || b == NULL ? (a == NULL) - (b == NULL) : strcmp(a, b);
}

int operator_compare_listed(const struct listed *a, const struct listed *b)
{
    if (a->unix_us != b->unix_us) return a->unix_us > b->unix_us ? -1 : 1;
    const int by_request = compare_words(a->request_id, b->request_id);
    return by_request != 0 ? by_request : compare_words(a->event, b->event);
}

static char *copy_of(const char *text)
{
    const size_t size = strlen(text) + 1;
    char *copy = memory_zeroed(size);
    if (copy != NULL) memcpy(copy, text, size);
    return copy;
}

static void drop_listed(struct listed *listed)
{
    free(listed->request_id);
    free(listed->event);
    free(listed->code);
}

/* Takes its texts over. */
static void insert_listed(struct operator_tally *tally, struct listed listed)
{
    if (tally->listed_count == OPERATOR_LISTED_MAX) {
        struct listed *last = &tally->listed[OPERATOR_LISTED_MAX - 1];
        if (operator_compare_listed(&listed, last) > 0) {
            drop_listed(&listed);
            return;
        }
        drop_listed(last);
        tally->listed_count--;
    }
    uint32_t at = tally->listed_count++;
    for (; at > 0 && operator_compare_listed(&tally->listed[at - 1], &listed) > 0; at--)
        tally->listed[at] = tally->listed[at - 1];
    tally->listed[at] = listed;
}

static bool is_refused(const char *code)
{
    return code != NULL && (strcmp(code, "AUTH_FAILED") == 0 || strcmp(code, "HTTP_401") == 0 ||
                            strcmp(code, "HTTP_403") == 0);
}

static bool tally_refused(struct operator_tally *tally, const struct event_row *row,
                          struct err *err)
{
    const char *provider = text_of(row, EVENT_COLUMN_PROVIDER_ID);
    const char *code = text_of(row, EVENT_COLUMN_ERROR_CODE);
    if (provider == NULL || strcmp(provider, "KROGER_API") != 0 || !is_refused(code)) return true;
    const bool full = tally->listed_count == OPERATOR_LISTED_MAX;
    if (full && row->unix_us < tally->listed[OPERATOR_LISTED_MAX - 1].unix_us) return true;
    struct listed listed = {row->unix_us, copy_of(row->request_id), copy_of(row->event),
                            copy_of(code)};
    if (listed.request_id != NULL && listed.event != NULL && listed.code != NULL) {
        insert_listed(tally, listed);
        return true;
    }
    drop_listed(&listed);
    return out_of_memory(err);
}

/* ---- a row, and a score ---- */

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
    if (!tally_refused(tally, row, err)) return false;
    if (row->unix_us <= tally->now_us - 7 * US_PER_DAY) return true;
    if (row->kind == EVENT_RECORD_OUTCOME) return tally_outcome(tally, row, err);
    if (!of_router) return true;
    if (!tally_week(tally, row, err) || !tally_selection(tally, row, err)) return false;
    return !today || (tally_hours(tally, row, err) && tally_errors(tally, row, err) &&
                      tally_failures(tally, row, err) && tally_router(tally, row, err) &&
                      tally_winner(tally, row, err));
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
    for (uint32_t i = 0; i < tally->listed_count; i++)
        drop_listed(&tally->listed[i]);
    arena_release(&tally->arena);
    free(tally);
}
