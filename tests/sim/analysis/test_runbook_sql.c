/* Goal: queries are answered as PostgreSQL would answer them.
 *
 * Method: a table of six rows whose answers a person can check, a query a row of the test; what is
 * refused, and whose fault that is; then the operators' own queries over random rows, against
 * operator_queries.h, which answers the same without reading SQL. Broken once while it was written:
 * division of whole numbers, NULL in NOT IN, FILTER left out, PERCENTILE_CONT by rank. */
#include <math.h>
#include <stdlib.h>

#include "router/base/duration.h"
#include "sim/analysis/operator_queries.h"
#include "sim/analysis/runbook_sql.h"
#include "tests/support.h"

static struct arena arena;

static int drop_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    arena = (struct arena){0};
    return 0;
}

/* ---- a small table ---- */

#define NONE                                                                                       \
    {                                                                                              \
        .type = SQL_NULL                                                                           \
    }
#define TEXT(of)                                                                                   \
    {                                                                                              \
        .type = SQL_TEXT, .text = (of)                                                             \
    }
#define WHOLE(of)                                                                                  \
    {                                                                                              \
        .type = SQL_INTEGER, .number = (of)                                                        \
    }
#define AT(of)                                                                                     \
    {                                                                                              \
        .type = SQL_TIME, .number = (of)                                                           \
    }
#define YES                                                                                        \
    {                                                                                              \
        .type = SQL_BOOL, .number = 1                                                              \
    }

enum { HOUR = 3600, NOW = 100 * HOUR };

static struct sql_value small_values[] = {TEXT("a"), WHOLE(10), AT(NOW - HOUR),      YES,
                                          TEXT("b"), WHOLE(3),  AT(NOW - 2 * HOUR),  NONE,
                                          TEXT("a"), NONE,      AT(NOW - 30 * HOUR), NONE,
                                          TEXT("b"), WHOLE(4),  AT(NOW - 3 * HOUR),  YES,
                                          NONE,      WHOLE(7),  AT(NOW - HOUR / 2),  YES,
                                          TEXT("a"), WHOLE(1),  AT(NOW - 25 * HOUR), NONE};
static const struct sql_table small = {
    .name = "t",
    .columns = {"k", "v", "timestamp", "f"},
    .column_count = 4,
    .values = small_values,
    .row_count = 6,
};

static const struct sql_world small_world = {.tables = &small, .table_count = 1, .now_s = NOW};

/* The answer as one line: cells by '|', rows by '/'. */
static void answer_small(const char *query, struct text *shown, struct sql_error *error)
{
    struct sql_script script;
    struct sql_table result;
    text_clear(shown);
    if (!sql_read(&script, query, (uint32_t)strlen(query), &arena, error)) return;
    assert_int_equal(script.count, 1);
    if (!sql_answer(script.statements[0].select, &small_world, &arena, &result, error)) return;
    for (uint32_t r = 0; r < result.row_count; r++)
        for (uint32_t c = 0; c < result.column_count; c++) {
            char cell[SQL_SHOWN_MAX];
            sql_show(&result.values[r * result.column_count + c], cell);
            text_format(shown, "%s%s", c > 0 ? "|" : r > 0 ? "/" : "", cell);
        }
}

static void answers_what_a_person_can_check(void **state)
{
    static const struct {
        const char *query, *answer;
    } rows[] = {
        {"SELECT 1", "1"},
        {"SELECT 7 / 2, -7 / 2, 7 % 3, 7 / 2.0, 1 + 2 * 3", "3|-3|1|3.5|7"},
        {"SELECT 'it''s' || '!' -- a remark", "it's!"},
        {"SELECT COUNT(*), COUNT(v), COUNT(DISTINCT k) FROM t", "6|5|2"},
        {"SELECT SUM(v), AVG(v), MIN(v), MAX(v) FROM t", "25|5|1|10"},
        {"SELECT count(*) FILTER (WHERE k = 'a') * 100.0 / count(*) FROM t", "50"},
        {"SELECT count(*) FILTER (WHERE k = 'a') / count(*) FROM t", "0"},
        {"SELECT k, COUNT(*) FROM t GROUP BY k ORDER BY k", "a|3/b|2/NULL|1"},
        {"SELECT k, COUNT(*) n FROM t GROUP BY 1 ORDER BY n DESC, k DESC", "a|3/b|2/NULL|1"},
        {"SELECT k FROM t ORDER BY v DESC, k LIMIT 2", "a/a"},
        {"SELECT k FROM t ORDER BY v DESC NULLS LAST LIMIT 2", "a/NULL"},
        {"SELECT DISTINCT k FROM t ORDER BY k", "a/b/NULL"},
        {"SELECT k FROM t WHERE v BETWEEN 3 AND 7 ORDER BY v", "b/b/NULL"},
        {"SELECT v FROM t WHERE k IN ('a', 'x') AND v IS NOT NULL ORDER BY v", "1/10"},
        {"SELECT v FROM t WHERE k NOT IN ('a', 'b')", ""},
        {"SELECT v FROM t WHERE k NOT IN ('a', NULL)", ""},
        {"SELECT v FROM t WHERE NOT (k = 'a') ORDER BY v", "3/4"},
        {"SELECT v FROM t WHERE k IS NULL OR k LIKE '_' AND v > 9 ORDER BY v", "7/10"},
        {"SELECT v FROM t WHERE k ILIKE 'B%' ORDER BY v", "3/4"},
        {"SELECT COUNT(*) FROM t WHERE timestamp > NOW() - INTERVAL '24 hours'", "4"},
        {"SELECT COUNT(*) FROM t WHERE timestamp > now() - interval '1 day 6 hours 1 minute'", "6"},
        {"SELECT COUNT(*) FROM t WHERE timestamp >= NOW() - '1 hour'::interval", NULL},
        {"SELECT date_trunc('hour', timestamp) FROM t WHERE v = 7", "1970-01-05 03:00:00"},
        {"SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) FROM t", "4"},
        {"SELECT PERCENTILE_CONT(0.95) WITHIN GROUP (ORDER BY v) FROM t", "9.4"},
        {"SELECT PERCENTILE_CONT(0.25) WITHIN GROUP (ORDER BY v DESC) FROM t", "7"},
        {"SELECT COUNT(*) * 100.0 / SUM(COUNT(*)) OVER () FROM t GROUP BY k ORDER BY k",
         "50|33.3333|16.6667"},
        {"SELECT SUM(CASE WHEN k = 'a' THEN 1 ELSE 0 END), "
         "MAX(CASE k WHEN 'b' THEN v END) FROM t",
         "3|4"},
        {"SELECT k FROM t GROUP BY k HAVING COUNT(*) > 2", "a"},
        {"SELECT ROUND(AVG(v), 1), ROUND(2.5), ROUND(-2.5), ROUND(2.345, 2) FROM t WHERE k = 'b'",
         "3.5|3|-3|2.35"},
        {"SELECT COALESCE(k, 'none'), NULLIF(v, 7) FROM t WHERE v = 7", "none|NULL"},
        {"SELECT v::float / 4, CAST(v AS numeric) / 4, (v / 4.0)::int FROM t WHERE v = 10",
         "2.5|2.5|3"},
        {"WITH x AS (SELECT k, SUM(v) AS s FROM t GROUP BY k) SELECT s FROM x WHERE k = 'a'", "11"},
        {"SELECT m FROM (SELECT MAX(v) AS m FROM t) AS inside", "10"},
        {"SELECT v FROM t WHERE v = (SELECT MAX(v) FROM t)", "10"},
        {"SELECT COUNT(*) FILTER (WHERE f), COUNT(*) FILTER (WHERE NOT f) FROM t", "3|0"},
        {"SELECT AVG(v), COUNT(*) FROM t WHERE k = 'nobody'", "NULL|0"},
        {"SELECT k, COUNT(*) FROM t WHERE k = 'nobody' GROUP BY k", ""},
        {"SELECT GREATEST(1, 3, NULL), LEAST(2, 1), ABS(-3), CEIL(1.2), FLOOR(-1.2)", "3|1|3|2|-2"},
        {"SELECT k COLLATE \"C\" FROM t AS u WHERE u.v = 4", "b"},
        {"SELECT EXTRACT(hour FROM timestamp) FROM t WHERE v = 7", "3"},
        {"SELECT UPPER(k), LENGTH(k) FROM t WHERE v = 4", "B|1"},
    };
    struct text shown = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sql_error error = {0};
        answer_small(rows[i].query, &shown, &error);
        const char *const answer = shown.bytes != NULL ? shown.bytes : "";
        if (rows[i].answer == NULL) {
            assert_false(error.known); /* beyond this reader, and said so */
            assert_string_not_equal(error.message, "");
            continue;
        }
        /* A row a cell where the window's shares are listed. */
        char flat[200];
        (void)snprintf(flat, sizeof flat, "%s", answer);
        if (strstr(rows[i].query, "OVER") != NULL)
            for (char *at = flat; *at != '\0'; at++)
                if (*at == '/') *at = '|';
        if (error.message[0] != '\0' || strcmp(flat, rows[i].answer) != 0)
            fail_msg("%s: \"%s\", not \"%s\"; %s", rows[i].query, flat, rows[i].answer,
                     error.message);
    }
    text_release(&shown);
}

static void refuses_what_postgresql_would_refuse_and_owns_up_to_the_rest(void **state)
{
    static const struct {
        const char *query, *message;
        bool known;
        uint32_t offset;
    } rows[] = {
        {"SELECT x FROM t", "column \"x\" does not exist", true, 7},
        {"SELECT k FROM u", "relation \"u\" does not exist", true, 14},
        {"SELECT k, COUNT(*) FROM t", "must appear in the GROUP BY", true, 7},
        {"SELECT k FROM t WHERE COUNT(*) > 1", "not allowed here", true, 22},
        {"SELECT k FROM", "ends where a table should be", true, 13},
        {"SELECT k FROM t WHERE", "ends where", true, 21},
        {"SELECT (k FROM t", "\")\" should be here", true, 10},
        {"SELECT 'k FROM t", "never closed", true, 7},
        {"SELECT k FROM t GROUP k", "\"by\" should be here", true, 22},
        {"SELECT 1 / 0", "division by zero", true, 7},
        {"SELECT k FROM t JOIN u ON 1 = 1", "several tables", false, 16},
        {"SELECT frobnicate(k) FROM t", "frobnicate is not understood", false, 7},
        {"UPDATE t SET k = 1", "other than SELECT", false, 0},
        {"SELECT SUM(v) OVER (PARTITION BY k) FROM t", "OVER ()", false, 20},
        {"SELECT k FROM t UNION SELECT k FROM t", "union", false, 16},
    };
    struct text shown = {0};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sql_error error = {0};
        answer_small(rows[i].query, &shown, &error);
        if (strstr(error.message, rows[i].message) == NULL || error.known != rows[i].known ||
            error.offset != rows[i].offset)
            fail_msg("%s: \"%s\", %sknown, at %u", rows[i].query, error.message,
                     error.known ? "" : "not ", (unsigned)error.offset);
    }
    text_release(&shown);
}

static void a_script_is_read_to_its_first_mistake(void **state)
{
    static const char text[] = "SELECT 1;\nSELECT k FROM t ;; SELECT FROM t";
    struct sql_script script;
    struct sql_error error;
    (void)state;
    assert_false(sql_read(&script, text, sizeof text - 1, &arena, &error));
    assert_int_equal(script.count, 2);
    assert_int_equal(script.statements[1].offset, 10);
    assert_int_equal(script.statements[1].length, 15);
    assert_true(error.known);
}

static void depth_is_refused_before_the_stack_is_out(void **state)
{
    struct text deep = {0}, wide = {0};
    struct sql_script script;
    struct sql_error error;
    (void)state;
    text_put(&deep, "SELECT ");
    text_put(&wide, "SELECT 1");
    for (unsigned i = 0; i < 5000; i++) {
        text_char(&deep, '(');
        text_put(&wide, "+1");
    }
    assert_false(sql_read(&script, deep.bytes, (uint32_t)deep.length, &arena, &error));
    assert_non_null(strstr(error.message, "deep"));
    assert_false(sql_read(&script, wide.bytes, (uint32_t)wide.length, &arena, &error));
    assert_non_null(strstr(error.message, "in a row"));
    text_release(&deep);
    text_release(&wide);
}

static void finds_the_texts_that_columns_are_compared_with(void **state)
{
    static const char query[] =
        "WITH x AS (SELECT k FROM t WHERE k LIKE 'a%') "
        "SELECT COUNT(*) FILTER (WHERE event = 'one') FROM x "
        "WHERE error_code IN ('two', 'three') AND 'four' <> LOWER(k) AND v = 5";
    struct sql_script script;
    struct sql_error error;
    struct sql_literal found[8];
    (void)state;
    assert_true(sql_read(&script, query, sizeof query - 1, &arena, &error));
    assert_int_equal(sql_literals(script.statements[0].select, found, 8), 5);
    assert_string_equal(found[0].text, "a%");
    assert_true(found[0].pattern);
    assert_string_equal(found[1].column, "event");
    assert_string_equal(found[2].text, "two");
    assert_string_equal(found[3].column, "error_code");
    assert_string_equal(found[4].text, "four");
    assert_string_equal(found[4].column, "k");
    assert_int_equal(sql_literals(script.statements[0].select, found, 2), 2);
}

/* ---- the operators' queries ---- */

enum { ROWS = 3000, HEAD = 4, COLUMNS = HEAD + EVENT_COLUMN_COUNT };
static const int64_t now_us = INT64_C(1763830800123000); /* 2025-11-22T17:00:00.123Z */

static struct sql_value logged[ROWS][COLUMNS];

static void set_value(struct event_row *row, struct sql_value *values, enum event_column column,
                      int64_t whole, const char *text)
{
    row->values[column] = (struct event_value){.known = true, .whole = whole, .text = text};
    values += HEAD + column;
    if (text != NULL)
        *values = (struct sql_value)TEXT(text);
    else if (event_columns[column].kind == EVENT_VALUE_MS)
        *values = (struct sql_value){.type = SQL_NUMBER, .number = (double)whole / 1000};
    else if (event_columns[column].kind == EVENT_VALUE_BOOL)
        *values = (struct sql_value){.type = SQL_BOOL, .number = (double)whole};
    else
        *values = (struct sql_value)WHOLE((double)whole);
}

static void make_row(struct event_row *row, struct sql_value *values, uint64_t i)
{
    static const enum event_kind kinds[] = {EVENT_QUOTE_START, EVENT_QUOTE_SUCCESS,
                                            EVENT_QUOTE_ERROR, EVENT_DECISION,
                                            EVENT_FAILURE,     EVENT_LATENCY};
    static const char *const codes[] = {"TIMEOUT", "HTTP_503", "AUTH_FAILED"};
    const enum event_kind kind = kinds[test_bits(1, i) % (sizeof kinds / sizeof *kinds)];
    const char *const provider = provider_traits[test_bits(2, i) % PROVIDER_COUNT].id;
    const int64_t age_us = (int64_t)(test_bits(3, i) % (10u * 86400u * 1000u)) * 1000;
    *row = (struct event_row){.kind = kind, .event = event_names[kind], .request_id = "r"};
    row->unix_us = now_us - age_us;
    values[0] = (struct sql_value)TEXT(event_function_name(row));
    values[1] = (struct sql_value)AT((double)row->unix_us / 1e6);
    values[2] = (struct sql_value)TEXT(row->event);
    values[3] = (struct sql_value)TEXT("r");
    if (kind == EVENT_QUOTE_START || kind == EVENT_QUOTE_SUCCESS || kind == EVENT_QUOTE_ERROR)
        set_value(row, values, EVENT_COLUMN_PROVIDER_ID, 0, provider);
    if (kind == EVENT_QUOTE_SUCCESS || kind == EVENT_QUOTE_ERROR)
        set_value(row, values, EVENT_COLUMN_LATENCY_MS, (int64_t)(test_bits(4, i) % 12000000u),
                  NULL);
    if (kind == EVENT_QUOTE_ERROR || kind == EVENT_FAILURE)
        set_value(row, values, EVENT_COLUMN_ERROR_CODE, 0, codes[test_bits(5, i) % 3]);
    if (kind == EVENT_QUOTE_ERROR)
        set_value(row, values, EVENT_COLUMN_RETRYABLE, (int64_t)(test_bits(6, i) % 2), NULL);
    if (kind == EVENT_LATENCY)
        set_value(row, values, EVENT_COLUMN_TOTAL_LATENCY_MS,
                  (int64_t)(test_bits(7, i) % 12000000u), NULL);
    if (kind != EVENT_DECISION) return;
    set_value(row, values, EVENT_COLUMN_SELECTED_PROVIDER_ID, 0, provider);
    set_value(row, values, EVENT_COLUMN_TOTAL_CENTS, (int64_t)(test_bits(8, i) % 20000u), NULL);
}

/* A cell of ours against psql's: texts as they are, numbers as far as a double goes. */
static bool same_cell(const struct sql_value *ours, const char *theirs)
{
    char *end = NULL;
    if (theirs == NULL || ours->type == SQL_NULL) return theirs == NULL && ours->type == SQL_NULL;
    if (ours->type == SQL_TEXT) return strcmp(ours->text, theirs) == 0;
    if (ours->type == SQL_TIME) {
        char shown[SQL_SHOWN_MAX];
        sql_show(ours, shown);
        return strncmp(shown, theirs, 19) == 0;
    }
    const double number = strtod(theirs, &end);
    return fabs(number - ours->number) <= 1e-9 * fabs(number) + 1e-12;
}

static void check_query(const struct operator_answers *answers, enum operator_query query,
                        const struct sql_world *world)
{
    const struct operator_query_traits *const traits = &operator_queries[query];
    struct sql_script script;
    struct sql_table result;
    struct sql_error error;
    if (!sql_read(&script, traits->sql, (uint32_t)strlen(traits->sql), &arena, &error) ||
        !sql_answer(script.statements[0].select, world, &arena, &result, &error))
        fail_msg("%s: %s", traits->name, error.message);
    assert_int_equal(result.column_count, traits->column_count);
    assert_int_equal(result.row_count, answers->answers[query].rows);
    assert_true(result.row_count > 0);
    for (uint32_t r = 0; r < result.row_count; r++)
        for (uint32_t c = 0; c < result.column_count; c++)
            if (!same_cell(&result.values[r * result.column_count + c],
                           operator_cell(answers, query, r, c)))
                fail_msg("%s: row %u, column %s", traits->name, (unsigned)r, result.columns[c]);
}

static void answers_the_operators_queries_as_they_are_answered_without_sql(void **state)
{
    static const struct history nothing = {0};
    struct operator_answers answers;
    struct err err;
    struct sql_table log = {.name = "edge_logs",
                            .columns = {"function_name", "timestamp", "event", "request_id"},
                            .column_count = COLUMNS,
                            .values = logged[0],
                            .row_count = ROWS};
    struct operator_tally *const tally = operator_tally_create(now_us, &err);
    (void)state;
    for (unsigned c = 0; c < EVENT_COLUMN_COUNT; c++)
        log.columns[HEAD + c] = event_columns[c].name;
    for (uint64_t i = 0; i < ROWS; i++) {
        struct event_row row;
        make_row(&row, logged[i], i);
        assert_true(operator_tally_row(tally, &row, &err));
    }
    assert_true(operator_tally_answer(tally, &nothing, &answers, &err));
    operator_tally_destroy(tally);
    const struct sql_world world = {
        .tables = &log, .table_count = 1, .now_s = (double)now_us / 1e6};
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++)
        if (strcmp(operator_queries[q].table, "edge_logs") == 0)
            check_query(&answers, (enum operator_query)q, &world);
    operator_answers_release(&answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(answers_what_a_person_can_check, drop_arena),
        cmocka_unit_test_teardown(refuses_what_postgresql_would_refuse_and_owns_up_to_the_rest,
                                  drop_arena),
        cmocka_unit_test_teardown(a_script_is_read_to_its_first_mistake, drop_arena),
        cmocka_unit_test_teardown(depth_is_refused_before_the_stack_is_out, drop_arena),
        cmocka_unit_test_teardown(finds_the_texts_that_columns_are_compared_with, drop_arena),
        cmocka_unit_test_teardown(answers_the_operators_queries_as_they_are_answered_without_sql,
                                  drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
