/* The log that queries and greps are answered from, and what can stand in it at all. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/event_rows.h"
#include "sim/analysis/runbook_state.h"

enum { LOG_HEAD = 4 /* function_name, timestamp, event, request_id */ };
static_assert(LOG_HEAD + EVENT_COLUMN_COUNT + 1 <= SQL_COLUMNS_MAX, "edge_logs has that room");

struct taking { /* while the scenario's first orders are routed */
    struct runbook_state *state;
    struct history history; /* as of the last decided order */
    struct sql_value *scores;
    uint32_t score_count, score_capacity;
    bool failed;
};

enum { WORD_MAX = 96 /* of a grep's pattern */ };
enum { SCORE_COLUMNS = 13, METRIC_COLUMNS = 10, OUTCOME_COLUMNS = 9 };

/* ---- values ---- */

static struct sql_value number(enum sql_type type, double of)
{
    return (struct sql_value){.type = type, .number = of};
}

static struct sql_value text_value(const char *text)
{
    return text == NULL ? (struct sql_value){.type = SQL_NULL}
                        : (struct sql_value){.type = SQL_TEXT, .text = text};
}

static const char *keep_text(struct runbook_state *state, const char *text)
{
    const char *const kept = arena_text(&state->runbook->arena, text, strlen(text));
    state->failed |= kept == NULL;
    return kept;
}

static struct sql_value *take_values(struct runbook_state *state, size_t count)
{
    struct sql_value *const values =
        arena_push(&state->runbook->arena, struct sql_value, count + 1);
    state->failed |= values == NULL;
    return values;
}

/* ---- routing ---- */

static bool take_events(void *context, const char *bytes, size_t length, struct err *err)
{
    struct taking *const taking = context;
    (void)err;
    text_append(&taking->state->log, bytes, length);
    return !taking->state->log.failed ||
           err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static double seconds_of(const struct runbook_state *state, int64_t us)
{
    return ((double)state->scenario->start_unix_us + (double)us) / 1e6;
}

static bool make_room(struct taking *taking)
{
    if (taking->score_count < taking->score_capacity) return true;
    const uint32_t capacity = taking->score_capacity == 0 ? 1024 : 2 * taking->score_capacity;
    struct sql_value *const grown =
        realloc(taking->scores, (size_t)capacity * SCORE_COLUMNS * sizeof *grown);
    if (grown == NULL) return false;
    taking->scores = grown;
    taking->score_capacity = capacity;
    return true;
}

static bool take_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    struct taking *const taking = context;
    struct runbook_state *const state = taking->state;
    char id[24];
    taking->history = router->history;
    if (order->quote_count == 0) return true;
    (void)snprintf(id, sizeof id, "req-%012llu", (unsigned long long)order->index);
    const char *const request = keep_text(state, id);
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        const unsigned slot = order->ranked[rank];
        const struct score_parts *const parts = &order->parts[slot];
        if (!make_room(taking))
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        struct sql_value *const row =
            taking->scores + (size_t)taking->score_count++ * SCORE_COLUMNS;
        const struct sql_value values[SCORE_COLUMNS] = {
            text_value(request),
            text_value(provider_traits[order->slots[slot].provider].id),
            number(SQL_TIME, seconds_of(state, order->decided_us)),
            number(SQL_INTEGER, rank + 1),
            number(SQL_BOOL, rank == 0),
            number(SQL_NUMBER, parts->score),
            number(SQL_INTEGER, parts->priority),
            number(SQL_INTEGER, parts->price),
            number(SQL_INTEGER, parts->speed),
            number(SQL_INTEGER, parts->availability),
            number(SQL_INTEGER, parts->margin),
            number(SQL_INTEGER, parts->reliability),
            number(SQL_INTEGER, (double)order->slots[slot].result.quote.total_cents)};
        memcpy(row, values, sizeof values);
    }
    return true;
}

/* ---- tables ---- */

static void name_columns(struct sql_table *table, const char *name, const char *const *columns,
                         uint32_t count)
{
    *table = (struct sql_table){.name = name, .column_count = count};
    for (uint32_t i = 0; i < count; i++)
        table->columns[i] = columns[i];
}

static struct sql_value value_of(struct runbook_state *state, const struct event_value *value,
                                 enum event_value_kind kind)
{
    if (!value->known) return (struct sql_value){.type = SQL_NULL};
    switch (kind) {
    case EVENT_VALUE_TEXT:
        return text_value(keep_text(state, value->text));
    case EVENT_VALUE_WHOLE:
        return number(SQL_INTEGER, (double)value->whole);
    case EVENT_VALUE_MS:
        return number(SQL_NUMBER, (double)value->whole / 1000);
    case EVENT_VALUE_DOUBLE:
        return number(SQL_NUMBER, value->number);
    case EVENT_VALUE_BOOL:
        return number(SQL_BOOL, (double)value->whole);
    }
    assert(!"a kind of value outside its enum");
    return (struct sql_value){.type = SQL_NULL};
}

static void fill_log_row(struct runbook_state *state, const struct event_row *row,
                         struct sql_value *values)
{
    values[0] = text_value(event_function_name(row));
    values[1] = number(SQL_TIME, (double)row->unix_us / 1e6);
    values[2] = text_value(keep_text(state, row->event));
    values[3] = text_value(keep_text(state, row->request_id));
    for (unsigned c = 0; c < EVENT_COLUMN_COUNT; c++)
        values[LOG_HEAD + c] = value_of(state, &row->values[c], event_columns[c].kind);
    values[LOG_HEAD + EVENT_COLUMN_COUNT] = (struct sql_value){.type = SQL_NULL}; /* metadata */
}

static void fill_outcome_row(struct runbook_state *state, const struct event_row *row,
                             struct sql_value *values)
{
    const struct event_value *const of = row->values;
    values[0] = text_value(keep_text(state, row->request_id));
    values[1] = value_of(state, &of[EVENT_COLUMN_PROVIDER_ID], EVENT_VALUE_TEXT);
    values[2] = number(SQL_TIME, (double)row->unix_us / 1e6);
    values[3] = value_of(state, &of[EVENT_COLUMN_OUTCOME], EVENT_VALUE_TEXT);
    values[4] = number(SQL_NUMBER, (double)of[EVENT_COLUMN_VALUE_CENTS].whole / 100);
    values[5] = number(SQL_NUMBER, (double)of[EVENT_COLUMN_COMMISSION_CENTS].whole / 100);
    values[6] = value_of(state, &of[EVENT_COLUMN_DELIVERED_MINUTES], EVENT_VALUE_WHOLE);
    values[7] = value_of(state, &of[EVENT_COLUMN_ITEMS_DELIVERED], EVENT_VALUE_WHOLE);
    values[8] = value_of(state, &of[EVENT_COLUMN_RATING], EVENT_VALUE_WHOLE);
}

static void name_log_tables(struct runbook_state *state)
{
    static const char *const outcome_columns[OUTCOME_COLUMNS] = {
        "request_id", "provider_id",       "recorded_at",     "outcome", "order_value",
        "commission", "delivered_minutes", "items_delivered", "rating"};
    const char *log_columns[LOG_HEAD + EVENT_COLUMN_COUNT + 1] = {"function_name", "timestamp",
                                                                  "event", "request_id"};
    for (unsigned c = 0; c < EVENT_COLUMN_COUNT; c++)
        log_columns[LOG_HEAD + c] = event_columns[c].name;
    log_columns[LOG_HEAD + EVENT_COLUMN_COUNT] = "metadata";
    name_columns(&state->tables[0], "edge_logs", log_columns, LOG_HEAD + EVENT_COLUMN_COUNT + 1);
    name_columns(&state->tables[3], "order_outcomes", outcome_columns, OUTCOME_COLUMNS);
}

/* Lines into edge_logs and order_outcomes. */
static bool fill_log(struct runbook_state *state, uint64_t lines, struct err *err)
{
    struct sql_table *const logs = &state->tables[0], *const outcomes = &state->tables[3];
    struct event_rows rows = {.path = "log"};
    name_log_tables(state);
    logs->values = take_values(state, lines * logs->column_count);
    outcomes->values = take_values(state, lines * OUTCOME_COLUMNS);
    *err = (struct err){.code = ERR_NONE};
    if (state->failed || state->log.length == 0) return true;
    rows.stream = fmemopen(state->log.bytes, state->log.length, "r");
    if (rows.stream == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    while (!state->failed && event_rows_next(&rows, err)) {
        assert(logs->row_count < lines);
        if (rows.row.kind == EVENT_RECORD_OUTCOME)
            fill_outcome_row(state, &rows.row,
                             outcomes->values + (size_t)outcomes->row_count++ * OUTCOME_COLUMNS);
        fill_log_row(state, &rows.row,
                     logs->values + (size_t)logs->row_count++ * logs->column_count);
        const double at_s = (double)rows.row.unix_us / 1e6;
        if (at_s > state->now_s) state->now_s = at_s;
    }
    event_rows_close(&rows);
    return err->code == ERR_NONE;
}

static void fill_scores(struct runbook_state *state, const struct taking *taking)
{
    static const char *const columns[SCORE_COLUMNS] = {
        "request_id",   "provider_id",       "calculated_at", "rank",        "selected",
        "score",        "priority",          "price_score",   "speed_score", "availability_score",
        "margin_score", "reliability_score", "total_cents"};
    struct sql_table *const table = &state->tables[2];
    name_columns(table, "score_calculations", columns, SCORE_COLUMNS);
    table->values = take_values(state, (size_t)taking->score_count * SCORE_COLUMNS);
    if (state->failed) return;
    if (taking->score_count > 0)
        memcpy(table->values, taking->scores,
               (size_t)taking->score_count * SCORE_COLUMNS * sizeof *table->values);
    table->row_count = taking->score_count;
}

static void fill_metrics(struct runbook_state *state, const struct history *history)
{
    static const char *const columns[METRIC_COLUMNS] = {
        "provider_id",      "total_orders", "successful_orders", "failed_orders",
        "cancelled_orders", "total_gmv",    "total_commission",  "success_rate",
        "avg_margin_rate",  "updated_at"};
    struct sql_table *const table = &state->tables[1];
    name_columns(table, "provider_metrics", columns, METRIC_COLUMNS);
    table->values = take_values(state, (size_t)PROVIDER_COUNT * METRIC_COLUMNS);
    for (unsigned p = 0; p < PROVIDER_COUNT && !state->failed; p++) {
        const struct provider_history *const known = &history->providers[p];
        struct sql_value *const row = table->values + (size_t)table->row_count++ * METRIC_COLUMNS;
        row[0] = text_value(provider_traits[p].id);
        row[1] = number(SQL_INTEGER, (double)known->total);
        row[2] = number(SQL_INTEGER, (double)known->successful);
        row[3] = number(SQL_INTEGER, (double)known->failed);
        row[4] = number(SQL_INTEGER, (double)known->cancelled);
        row[5] = number(SQL_NUMBER, (double)known->value_cents / 100);
        row[6] = number(SQL_NUMBER, (double)known->commission_cents / 100);
        row[7] = known->has_success_rate ? number(SQL_NUMBER, known->success_rate)
                                         : (struct sql_value){.type = SQL_NULL};
        row[8] = known->has_margin_rate ? number(SQL_NUMBER, known->margin_rate)
                                        : (struct sql_value){.type = SQL_NULL};
        row[9] = number(SQL_TIME, state->now_s);
    }
}

bool runbook_make_log(struct runbook_state *state, struct err *err)
{
    struct taking taking = {.state = state};
    const struct world_outputs outputs = {
        .context = &taking, .write_events = take_events, .write_order = take_order};
    const struct world_control control = {0};
    const bool ran = world_run(state->world, 0, &outputs, &control, err);
    const struct world_facts *const facts = world_facts(state->world);
    state->now_s = seconds_of(state, 0);
    const bool good = ran && fill_log(state, facts->event_lines, err);
    if (good) {
        fill_scores(state, &taking);
        fill_metrics(state, &taking.history);
        state->now_s += 0.001; /* the last line lies within any window that ends now */
        state->runbook->logs[state->profile] =
            (struct runbook_log){.orders = (uint32_t)facts->orders, .lines = facts->event_lines};
    }
    free(taking.scores);
    return good;
}

/* ---- what can be logged ---- */

static bool matches(const char *text, const char *word, bool pattern)
{
    return pattern ? sql_like(text, word, false) : strcmp(text, word) == 0;
}

bool runbook_logs_event(const struct runbook_state *state, const char *word, bool pattern)
{
    for (unsigned k = 0; k < EVENT_KIND_COUNT; k++) {
        if (k == EVENT_QUOTE_LATE && !state->scenario->policy.log_late_quotes) continue;
        if (matches(event_names[k], word, pattern)) return true;
    }
    return false;
}

static bool is_http_code(const char *word, bool pattern)
{
    char text[16];
    for (unsigned status = 400; status < 600; status++) {
        (void)snprintf(text, sizeof text, "HTTP_%u", status);
        if (matches(text, word, pattern)) return true;
    }
    return false;
}

bool runbook_logs_code(const struct runbook_state *state, const char *word, bool pattern)
{
    for (unsigned o = QUOTE_TIMEOUT; o < QUOTE_OUTCOME_COUNT; o++)
        if (o != QUOTE_HTTP_ERROR && matches(quote_outcome_names[o], word, pattern)) return true;
    for (unsigned c = CONFIRM_TIMEOUT; c < CONFIRM_ERROR_COUNT; c++)
        if (matches(confirm_error_names[c], word, pattern)) return true;
    for (unsigned c = ORDER_INVALID_REQUEST; c < ORDER_CODE_COUNT; c++)
        if (matches(order_code_name((enum order_code)c, state->profile), word, pattern))
            return true;
    return matches("INCOMPLETE", word, pattern) || is_http_code(word, pattern);
}

static bool line_holds(const char *line, const char *end, const char *word, bool any_case);

/* The sentences of errors are the router's own: one of each kind of failure is made and looked at.
 */
static bool logs_sentence(const char *word, bool any_case)
{
    static const uint16_t statuses[] = {0, 401, 404, 500, 503};
    char text[EVENT_ERROR_MAX];
    for (unsigned provider = 0; provider < PROVIDER_COUNT; provider++)
        for (unsigned outcome = QUOTE_TIMEOUT; outcome < QUOTE_OUTCOME_COUNT; outcome++)
            for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
                struct router_order order = {.candidate_count = 1};
                order.slots[0].provider = (uint8_t)provider;
                order.slots[0].real_outcome = (uint8_t)outcome;
                order.slots[0].result.http_status = statuses[i];
                order.slots[0].deadline_us = 10000000;
                const char *const sentence = event_error_text(&order, 0, text);
                if (line_holds(sentence, sentence + strlen(sentence), word, any_case)) return true;
            }
    return false;
}

/* "NO_PROVIDERS_AVAILABLE", "provider_quote_failed": words of ours by their looks. */
static bool looks_like_code(const char *word)
{
    bool upper = false, score = false;
    for (const char *at = word; *at != '\0'; at++) {
        if (islower((unsigned char)*at) || !(isalnum((unsigned char)*at) || *at == '_'))
            return false;
        upper |= isupper((unsigned char)*at) != 0;
        score |= *at == '_';
    }
    return upper && (score || strcmp(word, "TIMEOUT") == 0);
}

static bool looks_like_event(const char *word)
{
    static const char *const heads[] = {"provider_", "router_", "commerce.", NULL};
    for (unsigned i = 0; heads[i] != NULL; i++)
        if (strncmp(word, heads[i], strlen(heads[i])) == 0) return true;
    return false;
}

/* ---- logs | grep ---- */

/* Alternatives of a grep: "A|B", "A\|B". Each is looked at alone. */
static bool next_alternative(const char **at, char word[static WORD_MAX])
{
    size_t length = 0;
    if (**at == '\0') return false;
    while (**at != '\0' && **at != '|') {
        if (**at != '\\' && length + 1 < WORD_MAX) word[length++] = **at;
        (*at)++;
    }
    *at += **at == '|';
    word[length] = '\0';
    return true;
}

static bool line_holds(const char *line, const char *end, const char *word, bool any_case)
{
    const size_t width = strlen(word);
    for (; line + width <= end; line++)
        if (any_case ? strncasecmp(line, word, width) == 0 : strncmp(line, word, width) == 0)
            return true;
    return false;
}

static uint32_t count_lines(const struct runbook_state *state, const struct runbook_deed *deed)
{
    uint32_t count = 0;
    for (const char *line = state->log.bytes; line != NULL && *line != '\0';) {
        const char *const end = strchr(line, '\n');
        const char *const stop = end != NULL ? end : line + strlen(line);
        const char *at = deed->pattern;
        char word[WORD_MAX];
        bool found = false;
        while (!found && next_alternative(&at, word))
            found = line_holds(line, stop, word, deed->any_case);
        count += found;
        line = end != NULL ? end + 1 : NULL;
    }
    return count;
}

struct searching {
    bool can_be_found, all_ours;
    char never[WORD_MAX]; /* the first word that is ours by its looks, and never logged */
};

static void look_for(const struct runbook_state *state, const struct runbook_deed *deed,
                     struct searching *searching)
{
    const char *at = deed->pattern;
    char word[WORD_MAX], upper[WORD_MAX];
    searching->all_ours = true;
    while (next_alternative(&at, word)) {
        for (size_t i = 0; i < sizeof upper; i++)
            upper[i] = deed->any_case ? (char)toupper((unsigned char)word[i]) : word[i];
        const bool logged = runbook_logs_event(state, word, false) ||
                            runbook_logs_code(state, upper, false) ||
                            logs_sentence(word, deed->any_case);
        const bool ours = looks_like_code(upper) || looks_like_event(word);
        searching->can_be_found |= logged;
        searching->all_ours &= ours;
        if (!logged && ours && searching->never[0] == '\0')
            (void)snprintf(searching->never, WORD_MAX, "%s", word);
    }
}

static void judge_pattern(struct runbook_state *state, const struct runbook_deed *deed,
                          struct runbook_outcome *outcome)
{
    struct searching searching = {0};
    const uint64_t all = state->runbook->logs[state->profile].lines;
    look_for(state, deed, &searching);
    const uint32_t lines = count_lines(state, deed);
    if (lines > 0)
        runbook_works(outcome, runbook_say(state, "%u of %llu lines of this scenario's log",
                                           (unsigned)lines, (unsigned long long)all));
    else if (searching.can_be_found)
        runbook_works(outcome, "is logged when it happens; it did not in this scenario");
    else if (searching.all_ours && searching.never[0] != '\0')
        runbook_is(outcome, RUNBOOK_FAILS, REASON_NEVER_LOGGED, "no line, whatever happens",
                   runbook_say(state, "\"%s\" is never logged", searching.never));
    else
        runbook_is(outcome, RUNBOOK_UNKNOWN, REASON_NOT_SIMULATED, "no line of this scenario's log",
                   "whether another line would hold it is not known");
}

void runbook_do_logs(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    const char *const router = state->runbook->function;
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    if (deed->function[0] != '\0' && router[0] != '\0' && strcmp(deed->function, router) != 0) {
        runbook_is_unknown(outcome,
                           runbook_say(state, "%.80s is another function, which is not simulated",
                                       deed->function));
    } else if (deed->pattern != NULL && !deed->inverted) {
        judge_pattern(state, deed, outcome);
    } else {
        const struct runbook_log *const log = &state->runbook->logs[state->profile];
        runbook_works(outcome, runbook_say(state, "%llu lines of %u orders",
                                           (unsigned long long)log->lines, (unsigned)log->orders));
    }
}
