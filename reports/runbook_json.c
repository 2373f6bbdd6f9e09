/* runbook.json, routesim.runbook/1; and summary.json, by which a folder is known. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "reports/files.h"
#include "reports/json_tree.h"
#include "reports/runbook_report.h"
#include "reports/runbook_text.h"

static void put_context(struct json_tree *tree, const struct runbook_report *report)
{
    char hash[20];
    (void)snprintf(hash, sizeof hash, "%016" PRIx64, report->experiment);
    json_tree_open(tree, "context", '{', JSON_BLOCK);
    json_tree_string(tree, "scenario", report->name);
    json_tree_string(tree, "experiment_hash", hash);
    json_tree_string(tree, "program", report->program);
    json_tree_string(tree, "command", report->command);
    json_tree_string(tree, "runbook", report->runbook->file);
    json_tree_string(tree, "against", report->runbook->scenario);
    json_tree_string(tree, "router_function", report->runbook->function);
    json_tree_close(tree, '}');
}

static void put_counts(struct json_tree *tree, const struct runbook *runbook)
{
    static const char *const keys[RUNBOOK_VERDICTS] = {"works", "no_effect", "fails", "unknown"};
    json_tree_count(tree, "steps_count", runbook->step_count);
    json_tree_open(tree, "profiles", '{', JSON_BLOCK);
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!runbook->profiles[p]) continue;
        json_tree_open(tree, runbook_profile_ids[p], '{', JSON_LINE);
        for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
            json_tree_count(tree, keys[v], runbook->verdicts[p][v]);
        json_tree_count(tree, "log_orders", runbook->logs[p].orders);
        json_tree_count(tree, "log_lines", runbook->logs[p].lines);
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, '}');
}

/* ---- steps ---- */

static void put_value(struct json_tree *tree, const struct sql_value *value)
{
    char shown[SQL_SHOWN_MAX];
    switch (value->type) {
    case SQL_NULL:
        json_tree_null(tree, NULL);
        break;
    case SQL_BOOL:
        json_tree_flag(tree, NULL, value->number != 0);
        break;
    case SQL_INTEGER:
    case SQL_NUMBER:
    case SQL_SPAN:
        json_tree_number(tree, NULL, value->number);
        break;
    case SQL_TIME:
        sql_show(value, shown);
        json_tree_string(tree, NULL, shown);
        break;
    case SQL_TEXT:
        json_tree_string(tree, NULL, value->text);
        break;
    }
}

static void put_rows(struct json_tree *tree, const struct runbook_outcome *outcome)
{
    const struct sql_table *const rows = &outcome->rows;
    if (rows->column_count == 0) return;
    json_tree_count(tree, "row_count", outcome->row_count);
    json_tree_open(tree, "columns", '[', JSON_LINE);
    for (uint32_t c = 0; c < rows->column_count; c++)
        json_tree_string(tree, NULL, rows->columns[c]);
    json_tree_close(tree, ']');
    json_tree_open(tree, "rows", '[', JSON_BLOCK);
    for (uint32_t r = 0; r < rows->row_count; r++) {
        json_tree_open(tree, NULL, '[', JSON_LINE);
        for (uint32_t c = 0; c < rows->column_count; c++)
            put_value(tree, &rows->values[(size_t)r * rows->column_count + c]);
        json_tree_close(tree, ']');
    }
    json_tree_close(tree, ']');
}

static void put_answer(struct json_tree *tree, const struct runbook_answer *answer)
{
    if (!answer->given) return;
    json_tree_open(tree, "answer", '{', JSON_LINE);
    json_tree_count(tree, "http_status", answer->http_status);
    json_tree_string(tree, "code", answer->code[0] != '\0' ? answer->code : NULL);
    if (answer->winner >= 0) {
        json_tree_string(tree, "winner", provider_traits[answer->winner].id);
        json_tree_flag(tree, "canned", answer->canned);
        json_tree_whole(tree, "total_cents", answer->total_cents);
        json_tree_number(tree, "latency_ms", (double)answer->latency_us / 1000);
        json_tree_count(tree, "items_found", answer->items_found);
        json_tree_count(tree, "items_requested", answer->items_requested);
        json_tree_count(tree, "quotes", answer->quotes);
        json_tree_count(tree, "canned_quotes", answer->canned_quotes);
    }
    json_tree_close(tree, '}');
}

static void put_outcome(struct json_tree *tree, const struct runbook *runbook, unsigned profile,
                        const struct runbook_outcome *outcome)
{
    json_tree_open(tree, runbook_profile_ids[profile], '{', JSON_BLOCK);
    json_tree_string(tree, "verdict", runbook_verdict_names[outcome->verdict]);
    json_tree_string(tree, "reason",
                     outcome->reason == REASON_NONE ? NULL : runbook_reason_names[outcome->reason]);
    json_tree_string(tree, "said", outcome->said);
    json_tree_string(tree, "why", outcome->why);
    json_tree_string(tree, "hint", outcome->hint);
    if (outcome->live_step >= 0)
        json_tree_count(tree, "live_with_line", runbook->steps[outcome->live_step].place.line);
    put_answer(tree, &outcome->answer);
    put_rows(tree, outcome);
    json_tree_close(tree, '}');
}

static void put_step(struct json_tree *tree, const struct runbook *runbook,
                     const struct runbook_step *step)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_count(tree, "line", step->place.line);
    json_tree_count(tree, "column", step->place.column);
    json_tree_string(tree, "heading", runbook->document->headings[step->heading].path);
    json_tree_string(tree, "section", runbook->document->headings[step->section].path);
    json_tree_string(tree, "verb", runbook_verb_names[step->verb]);
    json_tree_string(tree, "what", step->what);
    json_tree_string(tree, "source", step->source);
    if (step->filter[0] != '\0') json_tree_string(tree, "piped_into", step->filter);
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p]) put_outcome(tree, runbook, p, &step->outcomes[p]);
    json_tree_close(tree, '}');
}

/* ---- findings ---- */

struct findings {
    struct json_tree *tree;
    const struct runbook *runbook;
};

static void put_finding(void *context, const struct runbook_finding *finding)
{
    const struct findings *const findings = context;
    struct json_tree *const tree = findings->tree;
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "kind", runbook_finding_names[finding->kind]);
    json_tree_flag(tree, "remark", finding->remark);
    json_tree_string(tree, "section", findings->runbook->document->headings[finding->section].path);
    json_tree_open(tree, "lines", '[', JSON_LINE);
    for (uint32_t i = 0; i < finding->line_count; i++)
        json_tree_count(tree, NULL, finding->lines[i]);
    json_tree_close(tree, ']');
    json_tree_open(tree, "profiles", '[', JSON_LINE);
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if ((finding->profiles >> p & 1u) != 0)
            json_tree_string(tree, NULL, runbook_profile_ids[p]);
    json_tree_close(tree, ']');
    json_tree_string(tree, "text", finding->text);
    json_tree_close(tree, '}');
}

static void begin(struct json_tree *tree, const struct runbook_report *report)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "schema", "routesim.runbook/1");
    put_context(tree, report);
    put_counts(tree, report->runbook);
}

void runbook_write_json(struct text *text, const struct runbook_report *report)
{
    const struct runbook *const runbook = report->runbook;
    struct json_tree tree = {.text = text};
    struct findings findings = {&tree, runbook};
    begin(&tree, report);
    json_tree_open(&tree, "steps", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < runbook->step_count; i++)
        put_step(&tree, runbook, &runbook->steps[i]);
    json_tree_close(&tree, ']');
    json_tree_open(&tree, "findings", '[', JSON_BLOCK);
    runbook_each_finding(runbook, put_finding, &findings);
    json_tree_close(&tree, ']');
    json_tree_close(&tree, '}');
    text_char(text, '\n');
}

bool runbook_report_write_data(const struct runbook_report *report, struct err *err)
{
    struct text json = {0};
    runbook_write_json(&json, report);
    const bool ok = files_write(report->directory, "runbook.json", &json, err);
    text_release(&json);
    return ok;
}

bool runbook_report_write_page(const struct runbook_report *report, const struct result_file *files,
                               uint32_t file_count, struct err *err)
{
    struct text markdown = {0}, html = {0}, summary = {0};
    struct json_tree tree = {.text = &summary};
    runbook_write_markdown(&markdown, report);
    begin(&tree, report);
    json_tree_close(&tree, '}');
    text_char(&summary, '\n');
    const bool ok = runbook_write_html(&html, report, files, file_count, err) &&
                    files_write(report->directory, "report.md", &markdown, err) &&
                    files_write(report->directory, "report.html", &html, err) &&
                    files_write(report->directory, "summary.json", &summary, err);
    text_release(&markdown);
    text_release(&html);
    text_release(&summary);
    return ok;
}
