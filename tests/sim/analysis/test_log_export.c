/* Goal: the tables hold what the log says, no more and no less, and provider_metrics is what the
 * router knew.
 *
 * Method: a run in which orders are confirmed, fail over and end, with its log and record on disk.
 * Every number of edge_logs.csv is held to its text in the log; the selected rows of
 * score_calculations to the decisions; provider_metrics to the history that decisions name, by
 * exporting the log up to each of them. Then damaged logs, and every allocation failing once. */
#include "sim/analysis/log_export.h"

#include <unistd.h>

#include "providers/foreign_json.h"
#include "reports/files.h"
#include "router/base/csv.h"
#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/command/logs.h"
#include "sim/world/run.h"
#include "tests/reports/folder.h"
#include "tests/sim/world/wire_fixture.h"

/* Deliveries take minutes here, so that outcomes are learned within the run. */
static const char scenario_text[] =
    "\"start\":\"2025-11-22T17:00:00Z\",\"duration\":\"90m\",\"seed\":11,"
    "\"workload\":{\"arrivals\":{\"rate\":\"12/"
    "m\"},\"carts\":{\"kind\":\"generated\",\"lines\":2}},"
    "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":\"true\","
    "\"LOOPGPT_KROGER_TIMEOUT\":\"2500\"}},"
    "\"providers\":{\"KROGER_API\":{\"history\":{\"orders\":60,\"success_rate\":91.5,"
    "\"margin_rate\":2.75}}},"
    "\"faults\":[{\"id\":\"no-orders\",\"provider\":\"all\",\"operations\":\"confirm\","
    "\"kind\":\"error\",\"status\":503,\"fraction\":0.3,\"per\":\"call\",\"at\":\"0s\","
    "\"for\":\"90m\"}],"
    "\"checks\":[{\"metric\":\"router.orders\",\"op\":\">=\",\"limit\":0}]";

static char folder[TEST_PATH_MAX * 4];
static char events[TEST_PATH_MAX * 5], quotes[TEST_PATH_MAX * 5], part[TEST_PATH_MAX * 5];
static struct history at_start;

static int run_once(void **state)
{
    struct scenario *const scenario = memory_zeroed(sizeof *scenario);
    struct world_outputs outputs;
    struct logs logs;
    struct result result;
    struct err err = {0};
    const struct logs_wish wish = {.events = true, .event_sample = 1, .quotes = true};
    (void)state;
    assert_non_null(scenario);
    folder_make(folder);
    (void)snprintf(events, sizeof events, "%s/events.jsonl", folder);
    (void)snprintf(quotes, sizeof quotes, "%s/quotes.bin", folder);
    (void)snprintf(part, sizeof part, "%s/part.jsonl", folder);
    fixture_read(scenario, scenario_text);
    history_seed(&at_start, PROVIDER_KROGER_API, 60, 91.5, 2.75);
    assert_true(logs_open(&logs, &wish, folder, scenario, &outputs, &err));
    const struct run_request request = {.scenario = scenario, .jobs = 1, .outputs = &outputs};
    if (!run_scenario(&request, &result, &err)) fail_msg("%s", err.message);
    assert_true(logs_close(&logs, &err));
    result_release(&result);
    scenario_release(scenario);
    free(scenario);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    folder_remove(folder);
    return 0;
}

static bool export_of(const char *log, const char *directory, struct log_export_facts *facts,
                      struct operator_answers *answers, struct err *err)
{
    struct log_export_request request = {
        .events = log, .quotes = quotes, .directory = directory, .history = at_start};
    return event_rows_span(log, &request.span, err) &&
           log_export_run(&request, facts, answers, err);
}

static struct log_export_facts facts_of(const char *log, const char *directory)
{
    struct log_export_facts facts;
    struct operator_answers answers;
    struct err err;
    if (!export_of(log, directory, &facts, &answers, &err)) fail_msg("%s", err.message);
    operator_answers_release(&answers);
    return facts;
}

/* ---- edge_logs ---- */

/* The text of a member as the log has it: "latencyMs":812.345 */
static bool raw_member(const char *line, const char *field, char text[64])
{
    char key[64];
    (void)snprintf(key, sizeof key, "\"%s\":", field);
    const char *at = strstr(line, key);
    if (at == NULL) return false;
    at += strlen(key);
    const bool quoted = *at == '"';
    at += quoted;
    (void)snprintf(text, 64, "%.*s", (int)strcspn(at, quoted ? "\"" : ",}"), at);
    return strcmp(text, "null") != 0;
}

static void every_cell_is_the_logs(void **state)
{
    struct text log = folder_read(folder, "events.jsonl");
    struct csv csv;
    struct err err;
    char path[TEST_PATH_MAX * 5], *rest = NULL;
    uint64_t lines = 0, cells = 0;
    (void)state;
    const struct log_export_facts facts = facts_of(events, folder);
    (void)snprintf(path, sizeof path, "%s/edge_logs.csv", folder);
    assert_true(csv_open(&csv, path, &err));
    assert_true(csv_next(&csv, &err));
    assert_int_equal(csv.count, 4 + EVENT_COLUMN_COUNT + 1);
    assert_string_equal(csv.fields[4 + EVENT_COLUMN_LATENCY_MS], "latency_ms");
    for (char *line = strtok_r(log.bytes, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char text[64];
        assert_true(csv_next(&csv, &err));
        lines++;
        assert_true(raw_member(line, "timestamp", text));
        assert_string_equal(csv.fields[1], text);
        assert_true(raw_member(line, "requestId", text));
        assert_string_equal(csv.fields[3], text);
        for (unsigned c = 0; c < EVENT_COLUMN_COUNT; c++) {
            const char *cell = csv.fields[4 + c];
            /* Fields of the same names stand within metadata too, behind the plain ones. */
            if (!raw_member(line, event_columns[c].field, text)) text[0] = '\0';
            if (cell[0] == '\0' && (c == EVENT_COLUMN_ERROR_CODE || c == EVENT_COLUMN_ERROR))
                continue; /* of the providers, in router_failure's list */
            if (event_columns[c].kind == EVENT_VALUE_BOOL && text[0] != '\0') text[1] = '\0';
            CHECK_ROW_TEXT(event_columns[c].field, cell, text);
            cells += cell[0] != '\0';
        }
    }
    assert_false(csv_next(&csv, &err));
    assert_int_equal(lines, facts.rows[EXPORT_EDGE_LOGS]);
    assert_true(cells > 5 * lines);
    csv_release(&csv);
    text_release(&log);
}

/* ---- score_calculations ---- */

static void the_winners_score_is_the_decisions(void **state)
{
    struct event_rows rows;
    struct csv csv;
    struct err err;
    char path[TEST_PATH_MAX * 5];
    uint64_t scored = 0;
    (void)state;
    const struct log_export_facts facts = facts_of(events, folder);
    (void)snprintf(path, sizeof path, "%s/score_calculations.csv", folder);
    assert_true(csv_open(&csv, path, &err));
    assert_true(csv_next(&csv, &err));
    assert_true(event_rows_open(&rows, events, &err));
    while (event_rows_next(&rows, &err)) {
        struct text score = {0};
        if (rows.row.kind != EVENT_DECISION) continue;
        do {
            assert_true(csv_next(&csv, &err));
            scored++;
        } while (strcmp(csv.fields[3], "1") != 0);
        assert_string_equal(csv.fields[0], rows.row.request_id);
        assert_string_equal(csv.fields[1], rows.row.values[EVENT_COLUMN_SELECTED_PROVIDER_ID].text);
        text_double(&score, rows.row.values[EVENT_COLUMN_SCORE].number);
        assert_string_equal(csv.fields[5], score.bytes);
        text_release(&score);
    }
    assert_int_equal(err.code, ERR_NONE);
    while (csv_next(&csv, &err))
        scored++;
    assert_int_equal(scored, facts.rows[EXPORT_SCORE_CALCULATIONS]);
    assert_true(scored > 3000);
    event_rows_close(&rows);
    csv_release(&csv);
}

/* ---- provider_metrics ---- */

static bool same_rate(const cJSON *rates, const char *name, bool known, double rate)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(rates, name);
    return known ? cJSON_IsNumber(node) && node->valuedouble == rate : cJSON_IsNull(node);
}

static void check_history(const char *decision, const struct history *history)
{
    cJSON *line = foreign_json_parse(decision, strcspn(decision, "\n"));
    const cJSON *rates;
    assert_non_null(line);
    cJSON_ArrayForEach(rates, cJSON_GetObjectItemCaseSensitive(line, "history"))
    {
        enum provider provider;
        assert_true(provider_by_id(rates->string, &provider));
        const struct provider_history *known = &history->providers[provider];
        CHECK_ROW(decision,
                  same_rate(rates, "successRate", known->has_success_rate, known->success_rate));
        CHECK_ROW(decision,
                  same_rate(rates, "avgMarginRate", known->has_margin_rate, known->margin_rate));
    }
    cJSON_Delete(line);
}

/* The router learns of a failed attempt with the next whole second: decisions within that second of
 * one are passed over. */
static void history_is_what_decisions_were_made_with(void **state)
{
    struct text log = folder_read(folder, "events.jsonl");
    int64_t failed_us = 0;
    unsigned checked = 0, decisions = 0;
    (void)state;
    for (char *line = log.bytes; *line != '\0'; line = strchr(line, '\n') + 1) {
        char stamp[64];
        int64_t unix_us = 0;
        struct err err;
        assert_true(raw_member(line, "timestamp", stamp));
        assert_true(instant_parse(stamp, (struct place){0}, &unix_us, &err));
        const char *event = strstr(line, "\"event\":\"") + 9;
        const bool failure = strncmp(event, "commerce.confirm_order.failure", 30) == 0 ||
                             strncmp(event, "commerce.failover_failure", 25) == 0 ||
                             strncmp(event, "commerce.failover_attempt", 25) == 0;
        if (failure) failed_us = unix_us;
        if (strncmp(event, "router_decision", 15) != 0 || line == log.bytes) continue;
        if (decisions++ % 20 != 0 || unix_us - failed_us < 2 * US_PER_SECOND) continue;
        struct text before = {0};
        text_append(&before, log.bytes, (size_t)(line - log.bytes));
        assert_true(files_write(folder, "part.jsonl", &before, &err));
        text_release(&before);
        const struct log_export_facts facts = facts_of(part, NULL);
        check_history(line, &facts.history);
        checked++;
    }
    const struct log_export_facts facts = facts_of(events, NULL);
    assert_true(checked > 10);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_true(p == PROVIDER_INSTACART || facts.history.providers[p].failed > 0);
    text_release(&log);
}

/* ---- what is refused, and when memory is out ---- */

static void a_damaged_log_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text;
        uint32_t line;
        const char *message;
    } rows[] = {
        {"", 0, "there is no event in it"},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\",\"requestId\":\"r\"}\n"
         "{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\",\"requ",
         2, "cut off"},
        {"[]\n", 1, "no JSON object"},
        {"{\"timestamp\":\"yesterday\",\"event\":\"x\",\"requestId\":\"r\"}\n", 1, "\"timestamp\""},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"requestId\":\"r\"}\n", 1, "\"event\""},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\"}\n", 1, "\"requestId\""},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\",\"requestId\":\"r\","
         "\"latencyMs\":\"12\"}\n",
         1, "\"latencyMs\""},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\",\"requestId\":\"r\","
         "\"totalCents\":12.5}\n",
         1, "\"totalCents\""},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"x\",\"requestId\":\"\xff\"}\n", 1,
         "UTF-8"},
        {"{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"commerce.record_outcome\","
         "\"requestId\":\"r\",\"providerId\":\"KROGER_API\",\"outcome\":\"eaten\"}\n",
         0, "an outcome without"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct log_export_facts facts;
        struct operator_answers answers;
        struct text text = {0};
        struct err err;
        text_put(&text, rows[i].text);
        text_put(&text, "");
        assert_true(files_write(folder, "part.jsonl", &text, &err));
        text_release(&text);
        CHECK_ROW(rows[i].message, !export_of(part, NULL, &facts, &answers, &err));
        CHECK_ROW(rows[i].message, err.code == ERR_INPUT);
        CHECK_ROW(err.message, strstr(err.message, rows[i].message) != NULL);
        CHECK_ROW(rows[i].message, err.place.line == rows[i].line);
    }
}

static void what_no_column_is_for_is_metadata(void **state)
{
    static const char line[] =
        "{\"timestamp\":\"2025-11-22T17:00:00.000Z\",\"event\":\"router_decision\",\"requestId\":"
        "\"r\",\"score\":137.35,\"weather\":\"wet, \\\"very\\\"\",\"history\":{\"MEALME\":"
        "{\"successRate\":96.53,\"avgMarginRate\":null}},\"tags\":[1.5,true,[]]}\n";
    struct text text = {0}, metadata = {0};
    struct event_rows rows;
    struct err err;
    (void)state;
    text_put(&text, line);
    assert_true(files_write(folder, "part.jsonl", &text, &err));
    assert_true(event_rows_open(&rows, part, &err));
    assert_true(event_rows_next(&rows, &err));
    event_rows_metadata(&rows.row, &metadata);
    assert_string_equal(metadata.bytes,
                        "{\"weather\":\"wet, \\\"very\\\"\",\"history\":{\"MEALME\":"
                        "{\"successRate\":96.53,\"avgMarginRate\":null}},\"tags\":[1.5,true,[]]}");
    assert_false(event_rows_next(&rows, &err));
    event_rows_close(&rows);
    text_release(&metadata);
    text_release(&text);
}

static void memory_that_runs_out_is_said(void **state)
{
    struct text log = folder_read(folder, "events.jsonl"), head = {0};
    struct err err;
    uint32_t failed = 0;
    bool ok = false;
    (void)state;
    const char *end = log.bytes;
    for (unsigned i = 0; i < 60; i++)
        end = strchr(end, '\n') + 1;
    text_append(&head, log.bytes, (size_t)(end - log.bytes));
    assert_true(files_write(folder, "part.jsonl", &head, &err));
    for (uint32_t countdown = 1; !ok && countdown < 4000; countdown++) {
        struct log_export_facts facts;
        struct operator_answers answers = {0};
        memory_fail_after(countdown);
        ok = export_of(part, folder, &facts, &answers, &err);
        memory_fail_after(0);
        if (ok) operator_answers_release(&answers);
        if (!ok) assert_int_equal(err.code, ERR_ENVIRONMENT);
        failed += !ok;
    }
    assert_true(ok);
    assert_true(failed > 10);
    text_release(&head);
    text_release(&log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_is_the_logs),
        cmocka_unit_test(the_winners_score_is_the_decisions),
        cmocka_unit_test(history_is_what_decisions_were_made_with),
        cmocka_unit_test(a_damaged_log_is_refused_with_its_line),
        cmocka_unit_test(what_no_column_is_for_is_metadata),
        cmocka_unit_test(memory_that_runs_out_is_said),
    };
    return cmocka_run_group_tests(tests, run_once, clean_up);
}
