/* Goal: each of the operators' queries is answered as its SQL says.
 *
 * Method: random rows, kept in an array, over which each query is evaluated anew as a database
 * without an index would: for every row of the answer, all rows are gone through and filtered by
 * the WHERE clause. Counts, sums and extremes are compared as text; quotients through their own
 * function, whose digits test_sql_number.c holds to PostgreSQL's. Then windows to the microsecond,
 * order, NULLs, and what an empty log answers. */
#include "sim/analysis/operator_queries.h"

#include <gsl/gsl_sort.h>

#include "router/base/duration.h"
#include "sim/analysis/sql_number.h"
#include "tests/support.h"

#define NOW INT64_C(1763830800123000) /* 2025-11-22T17:00:00.123Z */

enum { ROWS = 8000 };

static struct event_row rows[ROWS];

static const enum event_kind kinds[] = {
    EVENT_QUOTE_START, EVENT_QUOTE_SUCCESS,   EVENT_QUOTE_ERROR,     EVENT_FALLBACK,
    EVENT_DECISION,    EVENT_FAILURE,         EVENT_LATENCY,         EVENT_RECORD_OUTCOME,
    EVENT_QUOTE_ERROR, EVENT_CONFIRM_SUCCESS, EVENT_FAILOVER_ATTEMPT};
static const char *const codes[] = {"TIMEOUT", "HTTP_503", "AUTH_FAILED"};
static char ids_of_rows[ROWS][16];
static const char *const outcomes[] = {"success", "failed", "cancelled"};

static void set_whole(struct event_row *row, enum event_column column, int64_t value)
{
    row->values[column] = (struct event_value){.known = true, .whole = value};
}

static void set_text(struct event_row *row, enum event_column column, const char *value)
{
    row->values[column] = (struct event_value){.known = true, .text = value};
}

static void make_row(struct event_row *row, uint64_t i)
{
    const enum event_kind kind = kinds[test_bits(1, i) % (sizeof kinds / sizeof *kinds)];
    const char *provider = provider_traits[test_bits(2, i) % PROVIDER_COUNT].id;
    const bool of_provider =
        kind != EVENT_DECISION && kind != EVENT_FAILURE && kind != EVENT_LATENCY;
    const bool timed =
        kind == EVENT_QUOTE_SUCCESS || kind == EVENT_QUOTE_ERROR || kind == EVENT_CONFIRM_SUCCESS;
    (void)snprintf(ids_of_rows[i], sizeof ids_of_rows[i], "req-%04u",
                   (unsigned)(test_bits(13, i) % 900));
    *row =
        (struct event_row){.kind = kind, .event = event_names[kind], .request_id = ids_of_rows[i]};
    /* Ten days, so that some are younger than a day and some older than a week. */
    row->unix_us = NOW - (int64_t)(test_bits(3, i) % (uint64_t)(10 * US_PER_DAY));
    row->unix_us -= row->unix_us % 1000;
    if (of_provider) set_text(row, EVENT_COLUMN_PROVIDER_ID, provider);
    if (timed && i % 17 != 0) /* some rows of a foreign log lack it */
        set_whole(row, EVENT_COLUMN_LATENCY_MS, (int64_t)(test_bits(4, i) % 12000000u));
    if (kind == EVENT_LATENCY)
        set_whole(row, EVENT_COLUMN_TOTAL_LATENCY_MS, (int64_t)(test_bits(5, i) % 12000000u));
    if (kind == EVENT_QUOTE_ERROR || kind == EVENT_FAILURE)
        set_text(row, EVENT_COLUMN_ERROR_CODE, codes[test_bits(6, i) % 3]);
    if (kind == EVENT_QUOTE_ERROR)
        set_whole(row, EVENT_COLUMN_RETRYABLE, (int64_t)(test_bits(7, i) % 2));
    if (kind == EVENT_DECISION) {
        set_text(row, EVENT_COLUMN_SELECTED_PROVIDER_ID, provider);
        set_whole(row, EVENT_COLUMN_TOTAL_CENTS, (int64_t)(test_bits(8, i) % 20000u));
        set_whole(row, EVENT_COLUMN_PRICE_SCORE, (int64_t)(test_bits(14, i) % 101u));
        row->values[EVENT_COLUMN_SCORE] = (struct event_value){
            .known = true, .number = (double)(test_bits(15, i) % 20000u) / 100.0};
    }
    if (kind == EVENT_RECORD_OUTCOME) {
        const uint64_t outcome = test_bits(9, i) % 3;
        set_text(row, EVENT_COLUMN_OUTCOME, outcomes[outcome]);
        set_whole(row, EVENT_COLUMN_VALUE_CENTS,
                  outcome == 0 ? (int64_t)(test_bits(10, i) % 9000u) : 0);
        set_whole(row, EVENT_COLUMN_COMMISSION_CENTS,
                  outcome == 0 ? (int64_t)(test_bits(11, i) % 300u) : 0);
        if (outcome == 0) set_whole(row, EVENT_COLUMN_RATING, 1 + (int64_t)(test_bits(12, i) % 5));
    }
}

static struct operator_answers answer_of(const struct event_row *from, size_t count,
                                         const struct history *history)
{
    struct operator_answers answers;
    struct err err;
    struct operator_tally *tally = operator_tally_create(NOW, &err);
    assert_non_null(tally);
    for (size_t i = 0; i < count; i++)
        assert_true(operator_tally_row(tally, &from[i], &err));
    assert_true(operator_tally_answer(tally, history, &answers, &err));
    operator_tally_destroy(tally);
    return answers;
}

static struct operator_answers answers;

static int make_answers(void **state)
{
    static const struct history nothing = {0};
    (void)state;
    for (uint64_t i = 0; i < ROWS; i++)
        make_row(&rows[i], i);
    answers = answer_of(rows, ROWS, &nothing);
    return 0;
}

static int drop_answers(void **state)
{
    (void)state;
    operator_answers_release(&answers);
    return 0;
}

/* ---- a database without an index ---- */

struct where { /* NULL and 0: any */
    int64_t younger_us;
    uint32_t kinds;  /* bits */
    const char *key; /* "": rows without one */
    enum event_column key_column;
    const char *second; /* of the error code */
    int64_t hour_us;
};

static bool matches(const struct event_row *row, const struct where *where)
{
    const struct event_value *key = &row->values[where->key_column];
    const bool commerce = strncmp(row->event, "commerce.", 9) == 0;
    const bool outcomes_only = where->kinds == UINT32_C(1) << EVENT_RECORD_OUTCOME;
    if (commerce && !outcomes_only) return false;
    if (row->unix_us <= NOW - where->younger_us) return false;
    if (where->kinds != 0 && (where->kinds >> row->kind & 1u) == 0) return false;
    if (where->hour_us != 0 && row->unix_us / US_PER_HOUR != where->hour_us / US_PER_HOUR)
        return false;
    if (where->second != NULL &&
        strcmp(row->values[EVENT_COLUMN_ERROR_CODE].text, where->second) != 0)
        return false;
    if (where->key == NULL) return true;
    return where->key[0] == '\0' ? !key->known : key->known && strcmp(key->text, where->key) == 0;
}

struct found {
    int64_t rows, errors, failures, successes, retryable, sum, known, most;
    int64_t first_us, last_us;
    double values[ROWS];
    size_t count;
};

static struct found found;

static void select_rows(const struct where *where, enum event_column column)
{
    found = (struct found){.first_us = INT64_MAX, .last_us = INT64_MIN};
    for (size_t i = 0; i < ROWS; i++) {
        const struct event_value *value = &rows[i].values[column];
        if (!matches(&rows[i], where)) continue;
        found.rows++;
        found.errors += rows[i].kind == EVENT_QUOTE_ERROR;
        found.failures += rows[i].kind == EVENT_FAILURE;
        found.successes += rows[i].kind == EVENT_QUOTE_SUCCESS;
        found.retryable += rows[i].values[EVENT_COLUMN_RETRYABLE].whole;
        if (rows[i].unix_us < found.first_us) found.first_us = rows[i].unix_us;
        if (rows[i].unix_us > found.last_us) found.last_us = rows[i].unix_us;
        if (!value->known) continue;
        found.sum += value->whole;
        found.known++;
        if (value->whole > found.most) found.most = value->whole;
        found.values[found.count++] = (double)value->whole / 1000.0;
    }
    gsl_sort(found.values, 1, found.count);
}

/* ---- comparing ---- */

static const char *cell(enum operator_query query, uint32_t row, uint32_t column)
{
    return operator_cell(&answers, query, row, column);
}

static void check_whole(enum operator_query query, uint32_t row, uint32_t column, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%lld", (long long)value);
    assert_string_equal(cell(query, row, column), text);
}

static void check_quotient(enum operator_query query, uint32_t row, uint32_t column, int64_t above,
                           int scale, int64_t below)
{
    struct text text = {0};
    sql_put_quotient(&text, (struct sql_decimal){above, scale}, (struct sql_decimal){below, 0});
    assert_string_equal(cell(query, row, column), text.bytes);
    text_release(&text);
}

static void check_percentile(enum operator_query query, uint32_t row, uint32_t column, double share)
{
    struct text text = {0};
    assert_true(found.count > 0);
    sql_put_double(&text, sql_percentile_cont(found.values, found.count, share));
    assert_string_equal(cell(query, row, column), text.bytes);
    text_release(&text);
}

static void check_instant(enum operator_query query, uint32_t row, uint32_t column, int64_t unix_us)
{
    struct text text = {0};
    sql_put_instant(&text, unix_us);
    assert_string_equal(cell(query, row, column), text.bytes);
    text_release(&text);
}

static uint32_t rows_of(enum operator_query query)
{
    return answers.answers[query].rows;
}

#define BIT(kind) (UINT32_C(1) << (kind))

static const char *const ids[] = {"INSTACART", "KROGER_API", "MEALME", "WALMART_API"};

/* ---- the queries ---- */

static void error_rates_divide_by_what_they_say(void **state)
{
    (void)state;
    assert_int_equal(rows_of(OPERATOR_ERROR_RATE), 5); /* and the router's own rows */
    assert_int_equal(rows_of(OPERATOR_ERROR_SETTLED), 4);
    for (uint32_t i = 0; i < 5; i++) {
        struct where where = {.younger_us = US_PER_DAY, .key = i < 4 ? ids[i] : ""};
        select_rows(&where, EVENT_COLUMN_LATENCY_MS);
        if (i < 4)
            assert_string_equal(cell(OPERATOR_ERROR_RATE, i, 0), ids[i]);
        else
            assert_null(cell(OPERATOR_ERROR_RATE, i, 0));
        check_quotient(OPERATOR_ERROR_RATE, i, 1, found.errors * 1000, 1, found.rows);
        if (i == 4) continue;
        where.kinds = BIT(EVENT_QUOTE_SUCCESS) | BIT(EVENT_QUOTE_ERROR);
        select_rows(&where, EVENT_COLUMN_LATENCY_MS);
        check_whole(OPERATOR_ERROR_SETTLED, i, 1, found.rows);
        check_whole(OPERATOR_ERROR_SETTLED, i, 2, found.errors);
        check_quotient(OPERATOR_ERROR_SETTLED, i, 3, found.errors * 1000, 1, found.rows);
    }
}

static void latency_of_the_router_is_over_its_own_rows(void **state)
{
    const struct where where = {.younger_us = US_PER_DAY, .kinds = BIT(EVENT_LATENCY)};
    (void)state;
    select_rows(&where, EVENT_COLUMN_TOTAL_LATENCY_MS);
    assert_int_equal(rows_of(OPERATOR_ROUTER_LATENCY), 1);
    check_whole(OPERATOR_ROUTER_LATENCY, 0, 0, found.rows);
    check_percentile(OPERATOR_ROUTER_LATENCY, 0, 1, 0.5);
    check_percentile(OPERATOR_ROUTER_LATENCY, 0, 2, 0.95);
    check_quotient(OPERATOR_ROUTER_LATENCY, 0, 3, found.sum, 3, found.known);
    struct text most = {0};
    sql_put_decimal(&most, (struct sql_decimal){found.most, 3});
    assert_string_equal(cell(OPERATOR_ROUTER_LATENCY, 0, 4), most.bytes);
    text_release(&most);
}

static void weekly_percentiles_are_over_successes_and_errors(void **state)
{
    (void)state;
    assert_int_equal(rows_of(OPERATOR_WEEKLY_STATS), 5);
    for (uint32_t i = 0; i < 4; i++) {
        struct where where = {.younger_us = 7 * US_PER_DAY, .key = ids[i]};
        select_rows(&where, EVENT_COLUMN_LATENCY_MS);
        check_whole(OPERATOR_WEEKLY_STATS, i, 1, found.successes);
        check_whole(OPERATOR_WEEKLY_STATS, i, 2, found.errors);
        check_percentile(OPERATOR_WEEKLY_STATS, i, 4, 0.95);
        where.kinds = BIT(EVENT_QUOTE_SUCCESS);
        select_rows(&where, EVENT_COLUMN_LATENCY_MS);
        check_quotient(OPERATOR_WEEKLY_STATS, i, 3, found.sum, 3, found.known);
        check_whole(OPERATOR_CALL_COSTS, i, 1, found.rows);
    }
    assert_null(cell(OPERATOR_WEEKLY_STATS, 4, 3)); /* the router's rows have no such latency */
    assert_null(cell(OPERATOR_WEEKLY_STATS, 4, 4));
}

static void shares_are_of_all_decisions(void **state)
{
    int64_t all = 0, before = INT64_MAX;
    (void)state;
    for (size_t i = 0; i < ROWS; i++)
        all += rows[i].kind == EVENT_DECISION && rows[i].unix_us > NOW - 7 * US_PER_DAY;
    assert_int_equal(rows_of(OPERATOR_SELECTION), 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct where where = {.younger_us = 7 * US_PER_DAY,
                                    .kinds = BIT(EVENT_DECISION),
                                    .key = cell(OPERATOR_SELECTION, i, 0),
                                    .key_column = EVENT_COLUMN_SELECTED_PROVIDER_ID};
        select_rows(&where, EVENT_COLUMN_TOTAL_CENTS);
        check_whole(OPERATOR_SELECTION, i, 1, found.rows);
        check_quotient(OPERATOR_SELECTION, i, 2, found.rows * 1000, 1, all);
        check_quotient(OPERATOR_SELECTION, i, 3, found.sum, 0, found.known);
        assert_true(found.rows <= before);
        before = found.rows;
    }
}

static void failures_are_told_apart_by_code_and_provider(void **state)
{
    int64_t told = 0, before = INT64_MAX;
    const struct where all = {.younger_us = US_PER_DAY,
                              .kinds = BIT(EVENT_QUOTE_ERROR) | BIT(EVENT_FAILURE)};
    (void)state;
    for (uint32_t i = 0; i < rows_of(OPERATOR_FAILURES); i++) {
        const char *provider = cell(OPERATOR_FAILURES, i, 1);
        struct where where = all;
        where.second = cell(OPERATOR_FAILURES, i, 0);
        where.key = provider != NULL ? provider : "";
        select_rows(&where, EVENT_COLUMN_LATENCY_MS);
        check_whole(OPERATOR_FAILURES, i, 2, found.rows);
        check_whole(OPERATOR_FAILURES, i, 3, found.retryable);
        check_instant(OPERATOR_FAILURES, i, 4, found.first_us);
        check_instant(OPERATOR_FAILURES, i, 5, found.last_us);
        assert_true(found.rows <= before);
        before = found.rows;
        told += found.rows;
    }
    select_rows(&all, EVENT_COLUMN_LATENCY_MS);
    assert_int_equal(told, found.rows);
}

static void winning_scores_are_means_over_decisions(void **state)
{
    (void)state;
    assert_int_equal(rows_of(OPERATOR_WINNING_SCORES), 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct where where = {.younger_us = US_PER_DAY,
                                    .kinds = BIT(EVENT_DECISION),
                                    .key = cell(OPERATOR_WINNING_SCORES, i, 0),
                                    .key_column = EVENT_COLUMN_SELECTED_PROVIDER_ID};
        int64_t hundredths = 0;
        bool tenths_only = true, whole = true;
        select_rows(&where, EVENT_COLUMN_PRICE_SCORE);
        check_whole(OPERATOR_WINNING_SCORES, i, 1, found.rows);
        check_quotient(OPERATOR_WINNING_SCORES, i, 3, found.sum, 0, found.known);
        assert_null(cell(OPERATOR_WINNING_SCORES, i, 4));
        for (size_t r = 0; r < ROWS; r++) {
            if (!matches(&rows[r], &where)) continue;
            const int64_t score = llrint(rows[r].values[EVENT_COLUMN_SCORE].number * 100.0);
            hundredths += score;
            tenths_only = tenths_only && score % 10 == 0;
            whole = whole && score % 100 == 0;
        }
        assert_false(tenths_only || whole); /* so the sum has two decimals */
        check_quotient(OPERATOR_WINNING_SCORES, i, 2, hundredths, 2, found.rows);
    }
}

static bool comes_before(const struct event_row *a, const struct event_row *b)
{
    if (a->unix_us != b->unix_us) return a->unix_us > b->unix_us;
    const int by_id = strcmp(a->request_id, b->request_id);
    return by_id != 0 ? by_id < 0 : strcmp(a->event, b->event) < 0;
}

static bool is_refused(const struct event_row *row)
{
    const struct event_value *provider = &row->values[EVENT_COLUMN_PROVIDER_ID];
    const struct event_value *code = &row->values[EVENT_COLUMN_ERROR_CODE];
    return provider->known && code->known && strcmp(provider->text, "KROGER_API") == 0 &&
           strcmp(code->text, "AUTH_FAILED") == 0;
}

static void refused_calls_are_the_newest_hundred_in_order(void **state)
{
    uint32_t refused = 0;
    (void)state;
    assert_int_equal(rows_of(OPERATOR_AUTH_FAILURES), OPERATOR_LISTED_MAX);
    for (size_t i = 0; i < ROWS; i++) {
        uint32_t place = 0;
        if (!is_refused(&rows[i])) continue;
        refused++;
        for (size_t k = 0; k < ROWS; k++)
            place += is_refused(&rows[k]) && comes_before(&rows[k], &rows[i]);
        if (place >= OPERATOR_LISTED_MAX) continue;
        check_instant(OPERATOR_AUTH_FAILURES, place, 0, rows[i].unix_us);
        assert_string_equal(cell(OPERATOR_AUTH_FAILURES, place, 1), rows[i].request_id);
        assert_string_equal(cell(OPERATOR_AUTH_FAILURES, place, 2), rows[i].event);
        assert_string_equal(cell(OPERATOR_AUTH_FAILURES, place, 3), "AUTH_FAILED");
    }
    assert_true(refused > OPERATOR_LISTED_MAX);
}

static void hours_come_newest_first_and_add_up(void **state)
{
    int64_t lines = 0, orders = 0;
    const int64_t newest = NOW / US_PER_HOUR;
    uint32_t row = 0;
    (void)state;
    for (int64_t hour = newest; hour >= newest - 25; hour--) {
        struct where where = {.younger_us = US_PER_DAY, .hour_us = hour * US_PER_HOUR};
        select_rows(&where, EVENT_COLUMN_TOTAL_LATENCY_MS);
        if (found.rows == 0) continue; /* no group */
        assert_true(row < rows_of(OPERATOR_HOURLY_VOLUME));
        check_instant(OPERATOR_HOURLY_VOLUME, row, 0, hour * US_PER_HOUR);
        check_whole(OPERATOR_HOURLY_VOLUME, row, 1, found.rows);
        if (found.known > 0)
            check_quotient(OPERATOR_HOURLY_VOLUME, row, 2, found.sum, 3, found.known);
        else
            assert_null(cell(OPERATOR_HOURLY_VOLUME, row, 2));
        lines += found.rows;
        row++;
    }
    assert_int_equal(row, rows_of(OPERATOR_HOURLY_VOLUME));
    select_rows(&(struct where){.younger_us = US_PER_DAY}, EVENT_COLUMN_LATENCY_MS);
    assert_int_equal(lines, found.rows);
    for (row = 0; row < rows_of(OPERATOR_HOURLY_ORDERS); row++)
        orders += strtoll(cell(OPERATOR_HOURLY_ORDERS, row, 1), NULL, 10);
    select_rows(&(struct where){.younger_us = US_PER_DAY,
                                .kinds = BIT(EVENT_DECISION) | BIT(EVENT_FAILURE)},
                EVENT_COLUMN_LATENCY_MS);
    assert_int_equal(orders, found.rows);
}

static void commission_is_of_outcomes(void **state)
{
    (void)state;
    assert_int_equal(rows_of(OPERATOR_COMMISSION), 4);
    for (uint32_t i = 0; i < 4; i++) {
        const struct where where = {.younger_us = 7 * US_PER_DAY,
                                    .kinds = BIT(EVENT_RECORD_OUTCOME),
                                    .key = cell(OPERATOR_COMMISSION, i, 0)};
        struct text sum = {0};
        select_rows(&where, EVENT_COLUMN_COMMISSION_CENTS);
        check_whole(OPERATOR_COMMISSION, i, 1, found.rows);
        sql_put_decimal(&sum, (struct sql_decimal){found.sum, 2});
        assert_string_equal(cell(OPERATOR_COMMISSION, i, 4), sum.bytes);
        text_release(&sum);
        select_rows(&where, EVENT_COLUMN_RATING);
        check_quotient(OPERATOR_COMMISSION, i, 7, found.sum, 0, found.known);
    }
}

/* ---- windows, and nothing ---- */

static void a_window_ends_strictly(void **state)
{
    static const struct history nothing = {0};
    struct event_row edge[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        edge[i] = (struct event_row){.kind = EVENT_LATENCY,
                                     .event = event_names[EVENT_LATENCY],
                                     .request_id = "r",
                                     .unix_us = NOW - US_PER_DAY + (int64_t)i - 1};
        set_whole(&edge[i], EVENT_COLUMN_TOTAL_LATENCY_MS, 1000 * (i + 1));
    }
    struct operator_answers of_edge = answer_of(edge, 3, &nothing);
    assert_string_equal(operator_cell(&of_edge, OPERATOR_ROUTER_LATENCY, 0, 0), "1");
    assert_string_equal(operator_cell(&of_edge, OPERATOR_ROUTER_LATENCY, 0, 4), "3.000");
    operator_answers_release(&of_edge);
}

static void an_empty_log_answers_as_sql_does(void **state)
{
    struct history history = {0};
    (void)state;
    history_seed(&history, PROVIDER_KROGER_API, 200, 91.5, 2.75);
    struct operator_answers none = answer_of(rows, 0, &history);
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++)
        if (q != OPERATOR_ROUTER_LATENCY && q != OPERATOR_HISTORY)
            CHECK_ROW(operator_queries[q].name, none.answers[q].rows == 0);
    /* Aggregates over everything have a row; of nothing they are NULL. */
    assert_int_equal(none.answers[OPERATOR_ROUTER_LATENCY].rows, 1);
    assert_string_equal(operator_cell(&none, OPERATOR_ROUTER_LATENCY, 0, 0), "0");
    for (uint32_t c = 1; c < 5; c++)
        assert_null(operator_cell(&none, OPERATOR_ROUTER_LATENCY, 0, c));
    /* What the router knew at the start. */
    assert_string_equal(operator_cell(&none, OPERATOR_HISTORY, 1, 0), "KROGER_API");
    assert_string_equal(operator_cell(&none, OPERATOR_HISTORY, 1, 2), "183");
    assert_string_equal(operator_cell(&none, OPERATOR_HISTORY, 1, 7), "91.50");
    assert_string_equal(operator_cell(&none, OPERATOR_HISTORY, 1, 8), "2.75");
    assert_null(operator_cell(&none, OPERATOR_HISTORY, 0, 7));
    assert_false(none.scores_known);
    operator_answers_release(&none);
}

static void every_query_is_whole(void **state)
{
    (void)state;
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        const struct operator_query_traits *query = &operator_queries[q];
        CHECK_ROW(query->name, query->column_count <= OPERATOR_COLUMNS_MAX);
        CHECK_ROW(query->name, strstr(query->sql, query->table) != NULL);
        CHECK_ROW(query->name, query->sql[strlen(query->sql) - 2] == ';');
        for (uint32_t c = 0; c < query->column_count; c++)
            CHECK_ROW(query->columns[c].name, strstr(query->sql, query->columns[c].name) != NULL);
        if (query->corrects >= 0)
            CHECK_ROW(query->name, operator_queries[query->corrects].of_runbook);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_rates_divide_by_what_they_say),
        cmocka_unit_test(latency_of_the_router_is_over_its_own_rows),
        cmocka_unit_test(weekly_percentiles_are_over_successes_and_errors),
        cmocka_unit_test(shares_are_of_all_decisions),
        cmocka_unit_test(failures_are_told_apart_by_code_and_provider),
        cmocka_unit_test(winning_scores_are_means_over_decisions),
        cmocka_unit_test(refused_calls_are_the_newest_hundred_in_order),
        cmocka_unit_test(hours_come_newest_first_and_add_up),
        cmocka_unit_test(commission_is_of_outcomes),
        cmocka_unit_test(a_window_ends_strictly),
        cmocka_unit_test(an_empty_log_answers_as_sql_does),
        cmocka_unit_test(every_query_is_whole),
    };
    return cmocka_run_group_tests(tests, make_answers, drop_answers);
}
