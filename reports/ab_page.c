/* An A/B as one HTML page. */
#include <math.h>
#include <string.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/figure.h"
#include "reports/files.h"
#include "reports/html.h"
#include "reports/show.h"
#include "reports/tune_text.h"

typedef void (*ab_sentence)(struct text *text, const struct ab_result *result, uint32_t variant);

static void write_how(struct text *text, const struct ab_result *result, uint32_t variant)
{
    (void)variant;
    ab_write_how(text, result);
}

/* ---- HTML: the top ---- */

static void put_sentence(struct html *page, const struct ab_result *result, ab_sentence write)
{
    struct text plain = {0};
    write(&plain, result, result->best);
    text_put(page->out, "<p>");
    html_put(page, &plain);
    text_put(page->out, "</p>\n");
}

static void put_banner(struct html *page, const struct ab_result *result)
{
    const enum experiment_verdict verdict = result->verdict;
    const bool bad = verdict == EXPERIMENT_VARIANT_LOSES || verdict == EXPERIMENT_INVALID_SRM ||
                     verdict == EXPERIMENT_GUARDRAIL_BREACHED;
    const bool good = verdict == EXPERIMENT_VARIANT_WINS;
    const char *tone = result->plan_only ? "open" : bad ? "bad" : good ? "good" : "open";
    text_format(page->out,
                "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\" "
                "style=\"white-space:normal\">%s ",
                tone, tone,
                bad    ? "\u2717"
                : good ? "\u2713"
                       : "\u2022");
    struct text title = {0};
    ab_write_verdict(&title, result);
    html_put(page, &title);
    text_put(page->out, "</strong>");
    put_sentence(page, result, ab_write_finding);
    text_put(page->out, "</div>\n");
}

static void put_facts(struct html *page, const struct ab_report *report)
{
    const struct ab_result *result = report->result;
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, "Orders from", result->source_path);
    text_grouped(&value, result->plan_only ? result->orders : result->used);
    text_put(&value, ", ");
    ab_show_orders(&value, result->orders_per_day);
    text_put(&value, " a day");
    html_fact(page, "Orders", value.bytes != NULL ? value.bytes : "");
    text_clear(&value);
    ab_write_goal(&value, result);
    html_fact(page, "Goal", value.bytes != NULL ? value.bytes : "");
    html_fact(page, "Design", result->interleave ? "interleaved" : "split");
    html_fact(page, "Salt", result->salt);
    text_clear(&value);
    text_format(&value, "%llu", (unsigned long long)result->seed);
    html_fact(page, "Seed", value.bytes != NULL ? value.bytes : "");
    text_clear(&value);
    text_put(&value, result->observed > 0 ? "observed for " : "drawn from the choice model");
    if (result->observed > 0) {
        text_grouped(&value, (int64_t)result->observed);
        text_put(&value, " orders, else drawn from the choice model");
    }
    text_put(&value, result->fitted ? ", fitted" : ", assumed");
    html_fact(page, "Purchases", value.bytes != NULL ? value.bytes : "");
    html_fact(page, "Program", report->program);
    text_put(page->out, "</dl>\n<pre><code>");
    html_text(page, report->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

/* ---- tables ---- */

static void put_verdict(struct html *page, const struct ab_result *result, uint32_t arm)
{
    if (arm == 0) {
        html_cell(page, "\u2013");
        return;
    }
    const char *title = ab_verdict_title(result->variants[arm - 1].judgement.verdict);
    struct text words = {0};
    text_char(&words, (char)(title[0] - 'a' + 'A'));
    text_put(&words, title + 1);
    html_cell(page, words.bytes != NULL ? words.bytes : "");
    page->out->failed |= words.failed;
    text_release(&words);
}

static void put_arms(struct html *page, const struct ab_result *result)
{
    struct html_column columns[REPLAY_PARTS + 3] = {{"Arm", false}};
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        columns[k + 1] = (struct html_column){replay_part_names[k], true};
    columns[REPLAY_PARTS + 1] = (struct html_column){result->plan_only ? "Share" : "Orders", true};
    columns[REPLAY_PARTS + 2] = (struct html_column){"Verdict", false};
    html_section(page, "arms", "Arms");
    html_table_begin(page, "Weights of each arm", columns, REPLAY_PARTS + 3 - result->plan_only);
    for (uint32_t a = 0; a < result->arm_count; a++) {
        html_row_begin(page, result->arms[a].name);
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            struct text cell = {0};
            tune_show_weight(&cell, score_weight_of(&result->arms[a].weights, (enum replay_part)k));
            html_cell_number(page, &cell);
        }
        if (result->plan_only) {
            html_cell_share(page, result->arms[a].share / (double)EXPERIMENT_BUCKETS);
        } else {
            html_cell_count(page, (double)result->counts[a]);
            put_verdict(page, result, a);
        }
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_metric(struct html *page, const struct ab_result *result, uint32_t variant,
                       unsigned metric)
{
    const struct ab_value *value = &result->variants[variant].values[metric];
    const enum tune_metric shown = ab_shown_as(result, metric);
    const struct stats_test *test = &value->tests[value->judged_by];
    const double low = result->reached ? test->low : value->always.low;
    const double high = result->reached ? test->high : value->always.high;
    struct text label = {0}, cells[9] = {0};
    ab_show_label(&label, result, metric);
    ab_show_mean(&cells[0], result, metric, value->adjusted_a);
    ab_show_mean(&cells[1], result, metric, value->adjusted_b);
    ab_show_change(&cells[2], shown, test->value, low, high);
    if (test->method == STATS_TEST_SAME) {
        text_put(&cells[3], "exact");
    } else {
        ab_show_range(&cells[3], shown, test->value, low, high);
    }
    ab_show_p(&cells[4], value->p_adjusted);
    ab_show_change(&cells[5], shown, value->truth.value, low, high); /* on one scale */
    ab_show_mean(&cells[6], result, metric, value->a);
    ab_show_mean(&cells[7], result, metric, value->b);
    ab_show_range(&cells[8], shown, value->tests[AB_RAW].value, value->tests[AB_RAW].low,
                  value->tests[AB_RAW].high);
    html_row_begin(page, label.bytes != NULL ? label.bytes : "");
    text_release(&label);
    for (unsigned i = 0; i < 9; i++)
        html_cell_number(page, &cells[i]);
    if (result->interleave) html_cell(page, ab_estimator_title(value->judged_by));
    html_row_end(page);
}

static void put_trigger(struct html *page, const struct ab_result *result, uint32_t variant)
{
    struct text plain = {0};
    ab_write_trigger(&plain, result, variant);
    text_put(page->out, "<p>");
    html_put(page, &plain);
    text_put(page->out, "</p>\n");
}

static void put_metrics(struct html *page, const struct ab_result *result)
{
    const struct html_column columns[] = {
        {"Metric", false},
        {result->interleave ? "Baseline" : "Baseline, adjusted", true},
        {result->interleave ? "Variant" : "Variant, adjusted", true},
        {result->interleave ? "Change" : "Adjusted change", true},
        {"Interval", true},
        {"p", true},
        {"Replay", true},
        {"Baseline, raw mean", true},
        {"Variant, raw mean", true},
        {"Raw interval", true},
        {"Judged by", false}};
    unsigned metrics[AB_METRICS];
    const uint32_t count = ab_order_metrics(result, metrics);
    struct text belief = {0};
    html_section(page, "metrics", "What each arm was seen to have");
    ab_write_belief(&belief, result);
    text_put(page->out, "<p>");
    html_put(page, &belief);
    text_put(page->out, "</p>\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        struct text caption = {0};
        text_format(&caption, "%s against %s, an order%s", result->arms[v + 1].name,
                    result->arms[0].name, result->interleave ? "" : ", judged by CUPED");
        html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns,
                         sizeof columns / sizeof *columns - !result->interleave);
        text_release(&caption);
        for (uint32_t i = 0; i < count; i++)
            put_metric(page, result, v, metrics[i]);
        html_table_end(page);
        put_trigger(page, result, v);
    }
}

static void put_guardrail(struct html *page, const struct ab_guardrail *guardrail)
{
    static const char *const tones[] = {"good", "bad", "open"};
    struct text value = {0}, limit = {0}, bound = {0}, p = {0};
    ab_show_guarded(&value, guardrail, guardrail->value);
    ab_show_guarded(&limit, guardrail, guardrail->limit);
    ab_show_bound(&bound, guardrail);
    ab_show_p(&p, guardrail->p_adjusted);
    html_row_begin(page, guardrail->text);
    text_format(page->out, "<td><span class=\"%s-word\">%s</span></td>", tones[guardrail->state],
                ab_guard_word(guardrail));
    html_cell_number(page, &value);
    html_cell_number(page, &limit);
    html_cell_number(page, &bound);
    html_cell_number(page, &p);
    html_row_end(page);
}

static void put_guardrails(struct html *page, const struct ab_result *result)
{
    static const struct html_column columns[] = {{"Guardrail", false},      {"State", false},
                                                 {"Measured", true},        {"Limit", true},
                                                 {"One-sided bound", true}, {"p of harm", true}};
    struct text bounds = {0};
    html_section(page, "guardrails", "Guardrails");
    if (result->constraint_count == 0) {
        text_put(page->out, "<p>None was given.</p>\n");
        return;
    }
    ab_write_bounds(&bounds, result);
    text_put(page->out, "<p>");
    html_put(page, &bounds);
    text_put(page->out, "</p>\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++) {
        struct text caption = {0};
        text_format(&caption, "Limits that %s has to keep", result->arms[v + 1].name);
        html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns,
                         sizeof columns / sizeof *columns);
        page->out->failed |= caption.failed;
        text_release(&caption);
        for (uint32_t i = 0; i < result->constraint_count; i++)
            put_guardrail(page, &result->variants[v].guardrails[i]);
        html_table_end(page);
    }
}

static void put_costs(struct html *page, const struct ab_result *result)
{
    static const struct html_column columns[] = {
        {"Metric", false},      {"Change", true},         {"Raw", true},
        {"CUPED", true},        {"Discordant", true},     {"Shadow", true},
        {"Raw, 14 days", true}, {"CUPED, 14 days", true}, {"Discordant, 14 days", true}};
    unsigned metrics[AB_METRICS];
    const uint32_t count = ab_order_metrics(result, metrics);
    html_section(page, "costs", "What it costs to learn");
    put_sentence(page, result, ab_write_cost);
    html_table_begin(page, "Time until the change is seen, and what 14 days would detect", columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < count; i++) {
        const struct ab_cost *cost = &result->variants[result->best].values[metrics[i]].cost;
        const enum tune_metric shown = ab_shown_as(result, metrics[i]);
        struct text label = {0}, change = {0};
        ab_show_label(&label, result, metrics[i]);
        ab_show_change(&change, shown, cost->difference, NAN, NAN);
        html_row_begin(page, label.bytes != NULL ? label.bytes : "");
        text_release(&label);
        html_cell_number(page, &change);
        for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
            struct text days = {0};
            ab_show_days(&days, cost->days[e]);
            html_cell_number(page, &days);
        }
        for (unsigned e = 0; e < AB_SHADOW; e++) {
            struct text mde = {0};
            ab_show_change(&mde, shown, cost->mde[e], NAN, NAN);
            html_cell_number(page, &mde);
        }
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_peeks(struct html *page)
{
    static const struct html_column columns[] = {{"Orders", true},
                                                 {"Change", true},
                                                 {"Always-valid interval", true},
                                                 {"p, least so far", true},
                                                 {"Sample ratio p", true}};
    const struct ab_result *result = page->ab;
    html_table_begin(page, "The goal at each look", columns, 5);
    for (uint32_t i = 0; i < result->peeks; i++) {
        const struct ab_peek *peek = &result->variants[result->best].peeks[i];
        struct text orders = {0}, cells[4] = {0};
        text_grouped(&orders, peek->orders);
        ab_show_change(&cells[0], result->goal, peek->look.value, peek->look.low, peek->look.high);
        ab_show_range(&cells[1], result->goal, peek->look.value, peek->look.low, peek->look.high);
        ab_show_p(&cells[2], peek->p_least);
        ab_show_p(&cells[3], peek->srm_p);
        html_row_begin(page, orders.bytes != NULL ? orders.bytes : "");
        text_release(&orders);
        for (unsigned c = 0; c < 4; c++)
            html_cell_number(page, &cells[c]);
        html_row_end(page);
    }
    html_table_end(page);
}

static bool put_course(struct html *page, const struct ab_result *result, struct err *err)
{
    struct text heading = {0}, description = {0};
    html_section(page, "looks", "Looking early");
    ab_write_peeks(&heading, result, result->best);
    text_put(&description, "The difference in the goal against the number of orders so far, with "
                           "the interval that holds at every look as a band that narrows, the "
                           "replay's own difference as a line, and the fixed-horizon interval at "
                           "the planned look.");
    const struct html_figure figure = {
        .name = "looks",
        .title = "The always-valid interval over time",
        .heading = &heading,
        .description = &description,
        .caption = "Band: holds at every look at once. Bar at the end: the fixed-horizon interval, "
                   "which is good for that look alone. Dashed: what the replay knows.",
        .table = put_peeks};
    const bool ok = html_picture(page, &figure, err);
    text_release(&description);
    text_put(page->out, "<p>");
    struct text assignment = {0};
    ab_write_assignment(&assignment, result);
    html_put(page, &assignment);
    text_put(page->out, "</p>\n");
    return ok;
}

static void put_method(struct html *page, const struct ab_result *result)
{
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul>\n");
    html_item(page,
              "Each order goes to one arm by a hash of its number and the salt; what the other "
              "policy would have done with it is known to the replay, and not to the A/B.");
    html_item(page, "Raw: Welch's t over the orders of both arms. CUPED: the same, less what the "
                    "replay expects of an order under both policies. Discordant: orders that the "
                    "policies decide alike cannot differ, so only the others are compared. Shadow: "
                    "both policies score every order, and differences are paired.");
    html_item(page, "Fixed-horizon p's are read once, at the planned number of orders; the "
                    "always-valid interval may be looked at as often as one likes.");
    html_item(page, "The goal of several variants is corrected by max-T, guardrails by Holm, other "
                    "metrics by Benjamini and Hochberg.");
    html_item(page, "Prices and ETAs are as quoted; whether a customer buys is a model's unless it "
                    "was observed.");
    for (uint32_t i = 0; i < result->note_count; i++)
        html_item(page, result->notes[i]);
    text_put(page->out, "</ul>\n");
}

bool ab_write_html(struct text *text, const struct ab_report *report, const struct drawing *drawing,
                   const struct result_file *files, uint32_t file_count, struct err *err)
{
    const struct ab_result *result = report->result;
    struct html page = {.out = text,
                        .ab = result,
                        .drawing = drawing,
                        .directory = report->directory,
                        .files = files,
                        .file_count = file_count};
    struct text title = {0};
    text_format(&title, "%s: %s", result->plan_only ? "Plan of an A/B" : "A/B", result->name);
    html_begin(&page, &title, "result");
    text_format(text, "<header><p class=\"muted\">%s</p>\n<h1>",
                result->plan_only ? "Plan of an A/B of scoring weights" : "A/B of scoring weights");
    html_text(&page, result->name);
    text_put(text, "</h1>\n");
    put_banner(&page, result);
    put_facts(&page, report);
    text_put(text, "</header>\n<main id=\"main\">\n");
    put_arms(&page, result);
    if (!result->plan_only) {
        put_metrics(&page, result);
        put_guardrails(&page, result);
        if (!put_course(&page, result, err)) return false;
    }
    put_costs(&page, result);
    if (result->plan_only) {
        html_section(&page, "how", "How to run it");
        put_sentence(&page, result, write_how);
    }
    put_method(&page, result);
    html_files(&page, "Files of this folder", "No other files were written.");
    html_end(&page, report->program);
    return !text->failed || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

bool ab_report_write_page(const struct ab_report *report, const struct drawing *drawing,
                          const struct result_file *files, uint32_t file_count, struct err *err)
{
    struct text markdown = {0}, html = {0}, json = {0};
    ab_write_markdown(&markdown, report);
    ab_write_json(&json, report);
    const bool ok = ab_write_html(&html, report, drawing, files, file_count, err) &&
                    files_write(report->directory, "report.md", &markdown, err) &&
                    files_write(report->directory, "report.html", &html, err) &&
                    files_write(report->directory, "summary.json", &json, err);
    text_release(&markdown);
    text_release(&html);
    text_release(&json);
    return ok;
}
