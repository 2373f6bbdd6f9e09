/* sim/analysis/operator_answers.c - what was tallied, as the rows that a database would answer. */
#include <assert.h>
#include <gsl/gsl_sort.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/operator_tally_state.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
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
    const struct sql_sum sum = {group->sums[place], scale, group->known[place]};
    sql_put_mean(&writer->cell, &sum);
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
    cell_decimal(writer, (int64_t)group->sums[0], 2);
    cell_decimal(writer, (int64_t)group->sums[1], 2);
    if (group->sums[0] == 0) {
        cell_null(writer); /* NULLIF */
    } else {
        sql_put_quotient(&writer->cell, (struct sql_decimal){(int64_t)group->sums[1] * 100, 2},
                         (struct sql_decimal){(int64_t)group->sums[0], 2});
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

static void write_winner(struct writer *writer, const struct group *group)
{
    cell_text(writer, group->key);
    cell_whole(writer, group->rows);
    if (group->score.count > 0) {
        sql_put_mean(&writer->cell, &group->score);
        end_cell(writer);
    } else {
        cell_null(writer);
    }
    cell_mean(writer, group, 0, 0);
    cell_mean(writer, group, 1, 0);
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
    case OPERATOR_WINNING_SCORES:
        write_winner(writer, group);
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
    case OPERATOR_AUTH_FAILURES:
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

static void write_listed(struct writer *writer, const struct operator_tally *tally)
{
    for (uint32_t i = 0; i < tally->listed_count; i++) {
        const struct listed *listed = &tally->listed[i];
        cell_instant(writer, listed->unix_us);
        cell_text(writer, listed->request_id);
        cell_text(writer, listed->event);
        cell_text(writer, listed->code);
    }
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
    if (query == OPERATOR_SELECTION || query == OPERATOR_FAILURES ||
        query == OPERATOR_WINNING_SCORES)
        compare = by_rows;
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
    out->rows = groups->count + (lone ? 1u : 0u);
    if (query == OPERATOR_HISTORY) out->rows = PROVIDER_COUNT;
    if (query == OPERATOR_AUTH_FAILURES) out->rows = tally->listed_count;
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
    if (query == OPERATOR_AUTH_FAILURES) write_listed(&writer, tally);
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
