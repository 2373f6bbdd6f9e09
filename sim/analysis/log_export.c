#include "sim/analysis/log_export.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "router/base/duration.h"
#include "router/base/memory.h"
#include "sim/analysis/decisions.h"
#include "sim/analysis/sql_number.h"

/* What numeric(12,2) holds, and what sums of it stay exact with: no order costs that much. */
#define CENTS_MOST INT64_C(10000000000)

enum { FLUSH_BYTES = 1 << 18, PATH_BYTES = 4400, ID_BYTES = 32 };

/* ---- files ---- */

struct table {
    enum export_table id;
    FILE *stream; /* NULL: nothing is written */
    struct text rows;
    char path[PATH_BYTES];
};

static bool cannot_write(const struct table *table, struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){.file = err_keep_name(table->path)},
                    "cannot write it: %s", strerror(errno));
}

static bool flush(struct table *table, struct err *err)
{
    if (table->rows.failed)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    const bool ok = table->rows.length == 0 || fwrite(table->rows.bytes, 1, table->rows.length,
                                                      table->stream) == table->rows.length;
    text_clear(&table->rows);
    return ok || cannot_write(table, err);
}

static bool open_table(struct table *table, enum export_table id, const char *directory,
                       struct err *err)
{
    table->id = id;
    if (directory == NULL) return true;
    (void)snprintf(table->path, sizeof table->path, "%.4096s/%s.csv", directory,
                   export_table_names[id]);
    table->stream = fopen(table->path, "wb");
    if (table->stream == NULL) return cannot_write(table, err);
    log_export_header(id, &table->rows);
    return true;
}

/* Closes in any state; a full disk is noticed here at the latest. */
static bool close_table(struct table *table, bool ok, struct err *err)
{
    if (table->stream != NULL) {
        ok = ok && flush(table, err);
        if (fclose(table->stream) != 0 && ok) ok = cannot_write(table, err);
    }
    text_release(&table->rows);
    return ok;
}

static bool end_row(struct table *table, struct err *err)
{
    text_char(&table->rows, '\n');
    return table->rows.length < FLUSH_BYTES || flush(table, err);
}

/* ---- cells: NULL is nothing at all, an empty text is quoted ---- */

static void next_cell(struct table *table)
{
    text_char(&table->rows, ',');
}

static void cell_text(struct table *table, const char *value)
{
    if (value[0] == '\0') {
        text_put(&table->rows, "\"\"");
    } else {
        text_csv(&table->rows, value);
    }
}

static void cell_instant(struct table *table, int64_t unix_us)
{
    char stamp[INSTANT_TEXT_MAX];
    instant_format(unix_us, stamp);
    text_put(&table->rows, stamp);
}

static void cell_whole(struct table *table, int64_t value)
{
    next_cell(table);
    text_int(&table->rows, value);
}

static void cell_cents(struct table *table, int64_t cents)
{
    next_cell(table);
    sql_put_decimal(&table->rows, (struct sql_decimal){cents, 2});
}

static void cell_bool(struct table *table, bool value)
{
    text_put(&table->rows, value ? ",t" : ",f");
}

static void cell_rate(struct table *table, bool known, double rate)
{
    next_cell(table);
    if (known) text_fixed(&table->rows, rate, 2);
}

static void cell_value(struct table *table, const struct event_value *value,
                       enum event_value_kind kind)
{
    next_cell(table);
    if (!value->known) return;
    switch (kind) {
    case EVENT_VALUE_TEXT:
        cell_text(table, value->text);
        return;
    case EVENT_VALUE_WHOLE:
        text_int(&table->rows, value->whole);
        return;
    case EVENT_VALUE_MS:
        text_ms(&table->rows, value->whole);
        return;
    case EVENT_VALUE_DOUBLE:
        text_double(&table->rows, value->number);
        return;
    case EVENT_VALUE_BOOL:
        text_put(&table->rows, value->whole != 0 ? "t" : "f");
        return;
    }
}

/* ---- what an export is in the middle of ---- */

struct exporting {
    const struct log_export_request *request;
    struct log_export_facts *facts;
    struct operator_tally *tally;
    struct table tables[EXPORT_TABLE_COUNT];
    struct text metadata;
    struct decision_set order; /* of one order: score_calculations */
    uint8_t config_of;
    struct err *err;
};

static struct table *table_of(struct exporting *exporting, enum export_table id)
{
    exporting->facts->rows[id]++;
    return exporting->tables[id].stream != NULL ? &exporting->tables[id] : NULL;
}

/* ---- edge_logs ---- */

static bool export_line(struct exporting *exporting, const struct event_row *row)
{
    struct table *table = table_of(exporting, EXPORT_EDGE_LOGS);
    if (table == NULL) return true;
    text_put(&table->rows, event_function_name(row));
    next_cell(table);
    cell_instant(table, row->unix_us);
    next_cell(table);
    cell_text(table, row->event);
    next_cell(table);
    cell_text(table, row->request_id);
    for (unsigned c = 0; c < EVENT_COLUMN_COUNT; c++)
        cell_value(table, &row->values[c], event_columns[c].kind);
    text_clear(&exporting->metadata);
    event_rows_metadata(row, &exporting->metadata);
    next_cell(table);
    if (exporting->metadata.length > 0) text_csv(&table->rows, exporting->metadata.bytes);
    table->rows.failed |= exporting->metadata.failed;
    return end_row(table, exporting->err);
}

/* ---- order_outcomes, and what the router learns ---- */

static bool provider_in(const struct event_row *row, enum event_column column,
                        enum provider *provider)
{
    const struct event_value *value = &row->values[column];
    return value->known && provider_by_id(value->text, provider);
}

static void learn_failure(struct history *history, const struct event_row *row,
                          enum event_column column)
{
    enum provider provider;
    const struct outcome_batch failed = {.counts = {[ORDER_FAILED] = 1}};
    if (provider_in(row, column, &provider)) history_record(history, provider, &failed);
}

/* Every attempt counts: one that a provider would not take, it has failed. */
static void learn(struct history *history, const struct event_row *row)
{
    const struct event_value *attempts = &row->values[EVENT_COLUMN_ATTEMPTS];
    if (row->kind == EVENT_FAILOVER_ATTEMPT)
        learn_failure(history, row, EVENT_COLUMN_FROM_PROVIDER_ID);
    if (row->kind == EVENT_FAILOVER_FAILURE)
        learn_failure(history, row, EVENT_COLUMN_TO_PROVIDER_ID);
    if (row->kind == EVENT_CONFIRM_FAILURE && attempts->known && attempts->whole == 1)
        learn_failure(history, row, EVENT_COLUMN_PROVIDER_ID);
}

static int outcome_of(const struct event_row *row)
{
    static const char *const words[ORDER_OUTCOME_COUNT] = {"success", "failed", "cancelled"};
    const struct event_value *value = &row->values[EVENT_COLUMN_OUTCOME];
    for (int i = 0; value->known && i < ORDER_OUTCOME_COUNT; i++)
        if (strcmp(value->text, words[i]) == 0) return i;
    return -1;
}

static bool is_money(const struct event_value *cents)
{
    return cents->known && cents->whole >= 0 && cents->whole <= CENTS_MOST;
}

static bool export_outcome(struct exporting *exporting, const struct event_row *row)
{
    const struct event_value *value = &row->values[EVENT_COLUMN_VALUE_CENTS];
    const struct event_value *commission = &row->values[EVENT_COLUMN_COMMISSION_CENTS];
    enum provider provider;
    const int outcome = outcome_of(row);
    if (outcome < 0 || !is_money(value) || !is_money(commission) ||
        !provider_in(row, EVENT_COLUMN_PROVIDER_ID, &provider))
        return err_fail(exporting->err, ERR_INPUT,
                        (struct place){.file = exporting->request->events},
                        "%s: an outcome without provider, outcome, valueCents or commissionCents",
                        row->request_id);
    struct outcome_batch batch = {.value_cents = value->whole,
                                  .commission_cents = commission->whole};
    batch.counts[outcome] = 1;
    history_record(&exporting->facts->history, provider, &batch);
    struct table *table = table_of(exporting, EXPORT_ORDER_OUTCOMES);
    if (table == NULL) return true;
    cell_text(table, row->request_id);
    next_cell(table);
    cell_text(table, provider_traits[provider].id);
    next_cell(table);
    cell_instant(table, row->unix_us);
    next_cell(table);
    cell_text(table, row->values[EVENT_COLUMN_OUTCOME].text);
    cell_cents(table, value->whole);
    cell_cents(table, commission->whole);
    cell_value(table, &row->values[EVENT_COLUMN_DELIVERED_MINUTES], EVENT_VALUE_WHOLE);
    cell_value(table, &row->values[EVENT_COLUMN_ITEMS_DELIVERED], EVENT_VALUE_WHOLE);
    cell_value(table, &row->values[EVENT_COLUMN_RATING], EVENT_VALUE_WHOLE);
    next_cell(table);
    char *issues = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(row->line, "issues"));
    if (issues != NULL) text_csv(&table->rows, issues);
    cJSON_free(issues);
    return end_row(table, exporting->err);
}

static bool export_events(struct exporting *exporting)
{
    struct event_rows rows;
    struct err *err = exporting->err;
    bool ok = event_rows_open(&rows, exporting->request->events, err);
    while (ok && event_rows_next(&rows, err)) {
        rows.row.unix_us += exporting->request->shift_us;
        learn(&exporting->facts->history, &rows.row);
        ok = export_line(exporting, &rows.row) &&
             (rows.row.kind != EVENT_RECORD_OUTCOME || export_outcome(exporting, &rows.row)) &&
             operator_tally_row(exporting->tally, &rows.row, err);
    }
    ok = ok && err->code == ERR_NONE;
    event_rows_close(&rows);
    return ok;
}

/* ---- score_calculations ---- */

struct scored { /* an order, decided again */
    struct decision_inputs inputs;
    struct score_parts parts[PROVIDER_COUNT];
    uint8_t ranked[PROVIDER_COUNT];
    int64_t unix_us;
};

static bool score_order(struct exporting *exporting, const struct quote_record *record,
                        struct scored *scored)
{
    const struct score_weights weights = decision_weights(&exporting->order, 0);
    decision_inputs_of(&exporting->order, 0, NULL, &scored->inputs);
    if (scored->inputs.count == 0) return true;
    const uint32_t winner = decision_select(
        &scored->inputs, &weights, (enum preference)record->as.order.preference, scored->parts);
    score_rank(scored->parts, scored->inputs.count, scored->ranked);
    if (scored->inputs.slots[winner] == record->as.order.selected) return true;
    return err_fail(exporting->err, ERR_INPUT, (struct place){.file = exporting->request->quotes},
                    "order %" PRIu64 " is decided otherwise than the record says",
                    record->as.order.index);
}

static bool export_score(struct exporting *exporting, const struct quote_record *record,
                         const struct scored *scored, unsigned rank)
{
    struct table *table = table_of(exporting, EXPORT_SCORE_CALCULATIONS);
    const unsigned place = scored->ranked[rank];
    const struct score_input *input = &scored->inputs.inputs[place];
    const struct score_parts *parts = &scored->parts[place];
    const struct quote_record_quote *quote = scored->inputs.quotes[place];
    const struct operator_score score = {.unix_us = scored->unix_us,
                                         .provider = input->provider,
                                         .selected = rank == 0,
                                         .parts = *parts};
    if (!operator_tally_score(exporting->tally, &score, exporting->err)) return false;
    if (table == NULL) return true;
    text_format(&table->rows, "req-%012" PRIu64 ",%s,", record->as.order.index,
                provider_traits[input->provider].id);
    cell_instant(table, scored->unix_us);
    cell_whole(table, rank + 1);
    cell_bool(table, rank == 0);
    next_cell(table);
    text_double(&table->rows, parts->score);
    cell_whole(table, parts->priority);
    cell_whole(table, parts->price);
    cell_whole(table, parts->speed);
    cell_whole(table, parts->availability);
    cell_whole(table, parts->margin);
    cell_whole(table, parts->reliability);
    next_cell(table);
    text_put(&table->rows, preference_names[record->as.order.preference]);
    cell_whole(table, input->total_cents);
    next_cell(table);
    if (quote->eta_minutes != 0) text_int(&table->rows, quote->eta_minutes);
    cell_whole(table, input->found);
    cell_whole(table, input->substituted);
    cell_whole(table, record->as.order.items);
    cell_rate(table, input->has_success_rate, input->success_rate);
    cell_rate(table, input->has_margin_rate, input->margin_rate);
    cell_bool(table, (quote->flags & QUOTE_FLAG_CANNED) != 0);
    return end_row(table, exporting->err);
}

static bool export_order(struct exporting *exporting, struct quote_record *record)
{
    struct scored scored;
    exporting->order.orders = record;
    exporting->order.count = 1;
    exporting->order.config_of = &exporting->config_of;
    if (!score_order(exporting, record, &scored)) return false;
    /* The log's instants are cut to a millisecond. */
    const int64_t unix_us = exporting->order.header.start_unix_us + record->as.order.decided_us;
    scored.unix_us = unix_us - unix_us % 1000 + exporting->request->shift_us;
    for (unsigned rank = 0; rank < scored.inputs.count; rank++)
        if (!export_score(exporting, record, &scored, rank)) return false;
    return true;
}

static bool export_scores(struct exporting *exporting)
{
    struct quote_record_reader reader = {0};
    struct quote_record record;
    struct err *err = exporting->err;
    if (exporting->request->quotes == NULL) return true;
    bool ok = quote_record_open(&reader, exporting->request->quotes, err);
    exporting->order.header = reader.header;
    while (ok && quote_record_next(&reader, &record, err)) {
        if (record.kind == QUOTE_RECORD_CONFIG) exporting->order.configs[0] = record;
        if (record.kind == QUOTE_RECORD_CONFIG) exporting->order.config_count = 1;
        if (record.kind == QUOTE_RECORD_ORDER && exporting->order.config_count == 0)
            ok = err_fail(err, ERR_INPUT, (struct place){.file = exporting->request->quotes},
                          "an order stands before any configuration");
        if (ok && record.kind == QUOTE_RECORD_ORDER) ok = export_order(exporting, &record);
    }
    ok = ok && err->code == ERR_NONE;
    if (reader.stream != NULL) quote_record_close(&reader);
    return ok;
}

/* ---- provider_metrics ---- */

static bool export_metrics(struct exporting *exporting)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_history *known = &exporting->facts->history.providers[p];
        struct table *table = table_of(exporting, EXPORT_PROVIDER_METRICS);
        if (table == NULL) continue;
        cell_text(table, provider_traits[p].id);
        cell_whole(table, known->total);
        cell_whole(table, known->successful);
        cell_whole(table, known->failed);
        cell_whole(table, known->cancelled);
        cell_cents(table, known->value_cents);
        cell_cents(table, known->commission_cents);
        cell_rate(table, known->has_success_rate, known->success_rate);
        cell_rate(table, known->has_margin_rate, known->margin_rate);
        next_cell(table);
        cell_instant(table, exporting->request->span.last_us + exporting->request->shift_us);
        if (!end_row(table, exporting->err)) return false;
    }
    return true;
}

/* ---- all of it ---- */

static bool export_all(struct exporting *exporting)
{
    return export_events(exporting) && export_scores(exporting) && export_metrics(exporting);
}

bool log_export_run(const struct log_export_request *request, struct log_export_facts *facts,
                    struct operator_answers *answers, struct err *err)
{
    assert(request->shift_us % 1000 == 0);
    struct exporting *exporting = memory_zeroed(sizeof *exporting);
    if (exporting == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    *facts = (struct log_export_facts){.history = request->history};
    *answers = (struct operator_answers){0};
    exporting->request = request;
    exporting->facts = facts;
    exporting->err = err;
    exporting->tally = operator_tally_create(request->span.last_us + request->shift_us, err);
    bool ok = exporting->tally != NULL;
    for (unsigned t = 0; ok && t < EXPORT_TABLE_COUNT; t++)
        ok = open_table(&exporting->tables[t], (enum export_table)t, request->directory, err);
    ok = ok && export_all(exporting);
    for (unsigned t = 0; t < EXPORT_TABLE_COUNT; t++)
        ok = close_table(&exporting->tables[t], ok, err);
    ok = ok && operator_tally_answer(exporting->tally, &facts->history, answers, err);
    operator_tally_destroy(exporting->tally);
    text_release(&exporting->metadata);
    free(exporting);
    return ok;
}
