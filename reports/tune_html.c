/* report.html of a tuning: verdict first, then the suggestion and all it rests on. */
#include "reports/tune_html.h"

#include <math.h>
#include <string.h>

#include "reports/files.h"
#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

/* ---- parts of parts ---- */

const struct html_column tune_weight_columns[TUNE_WEIGHT_COLUMNS] = {
    {"Weights", false},   {"Priority", true},     {"Price", true},      {"Speed", true},
    {"Commission", true}, {"Availability", true}, {"Reliability", true}};

bool tune_html_figure(struct html *page, const struct figure *figure,
                      void (*find)(struct text *, const struct tuning *), const char *caption,
                      void (*table)(struct html *), struct err *err)
{
    const struct figure_subject subject = {.tuning = page->tuning};
    struct text heading = {0}, description = {0};
    if (figure->absence(&subject) == NULL) {
        find(&heading, page->tuning);
        figure->describe(&subject, &description);
    }
    const struct html_figure drawn = {.name = figure->name,
                                      .title = figure->title,
                                      .heading = &heading,
                                      .description = &description,
                                      .caption = caption,
                                      .table = table};
    const bool good = html_picture(page, &drawn, err);
    text_release(&heading);
    text_release(&description);
    return good;
}

void tune_html_value(struct html *page, enum tune_metric metric, double value)
{
    struct text plain = {0};
    tune_show_value(&plain, metric, value);
    html_cell_number(page, &plain);
}

void tune_html_goal(struct html *page, double goal)
{
    struct text plain = {0};
    tune_show_goal(&plain, goal);
    html_cell_number(page, &plain);
}

void tune_html_weights(struct html *page, const struct score_weights *weights)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        struct text plain = {0};
        tune_show_weight(&plain, score_weight_of(weights, (enum replay_part)k));
        html_cell_number(page, &plain);
    }
}

void tune_html_fixed(struct html *page, double value, int decimals)
{
    struct text plain = {0};
    if (isfinite(value)) {
        struct text digits = {0};
        text_fixed(&digits, fabs(value), decimals);
        const char *shown = digits.bytes != NULL ? digits.bytes : "";
        if (value < 0 && strspn(shown, "0.") != strlen(shown)) text_put(&plain, "\u2212");
        text_put(&plain, shown);
        plain.failed |= digits.failed;
        text_release(&digits);
    } else {
        text_put(&plain, "n/a");
    }
    html_cell_number(page, &plain);
}

void tune_html_said(struct html *page, void (*find)(struct text *, const struct tuning *))
{
    struct text plain = {0};
    find(&plain, page->tuning);
    if (plain.length > 0) {
        text_put(page->out, "<p>");
        html_put(page, &plain);
        text_put(page->out, "</p>\n");
    }
    page->out->failed |= plain.failed;
    text_release(&plain);
}

/* ---- the top ---- */

/* What the thirds of the training orders say against the suggestion. */
static void put_doubts(struct text *text, const struct tuning *tuning)
{
    uint32_t loose = 0, behind = 0, either = 0;
    if (tuning->chosen == UINT32_MAX) return;
    for (uint32_t i = 0; i < tuning->third_count; i++) {
        const struct tune_third *third = &tuning->thirds[i];
        const bool is_behind = third->goal_of_own > third->goal_of_chosen;
        loose += !third->kept;
        behind += is_behind;
        either += !third->kept || is_behind;
    }
    if (either == 0) return;
    text_format(text, "In %u of %u thirds of the training orders ", (unsigned)either,
                (unsigned)tuning->third_count);
    if (loose > 0) text_put(text, "the suggestion is not sure to keep the guardrails");
    if (loose > 0 && behind > 0) text_put(text, " or ");
    if (behind > 0) text_put(text, "the third\u2019s own choice has a higher goal");
    text_put(text, ", which argues against it.");
}

static void put_banner(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    const bool bad =
        tuning->chosen != UINT32_MAX && (tuning->verdict == EXPERIMENT_VARIANT_LOSES ||
                                         tuning->verdict == EXPERIMENT_GUARDRAIL_BREACHED);
    const bool good = tuning->chosen != UINT32_MAX && tuning->verdict == EXPERIMENT_VARIANT_WINS;
    const char *tone = good ? "good" : bad ? "bad" : "open";
    struct text title = {0};
    text_put(&title, tune_verdict_title(tuning));
    if (title.bytes != NULL && title.bytes[0] >= 'a' && title.bytes[0] <= 'z')
        title.bytes[0] = (char)(title.bytes[0] - 'a' + 'A');
    text_format(page->out,
                "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\" "
                "style=\"white-space:normal\">%s ",
                tone, tone,
                good  ? "\u2713"
                : bad ? "\u2717"
                      : "\u2022");
    html_put(page, &title);
    text_format(page->out, "</strong> <code>%s</code>\n",
                experiment_verdict_names[tuning->verdict]);
    tune_html_said(page, tune_write_finding);
    tune_html_said(page, put_doubts);
    text_put(page->out, "<p>Nothing was applied.</p></div>\n");
}

static bool is_whole(const struct tuning *tuning)
{
    const struct decision_coverage *coverage = &tuning->coverage;
    return coverage->usable + coverage->without_quotes >= coverage->requests &&
           coverage->quotes_seen >= coverage->quotes_expected;
}

/* Before any result: what of the source could not be used, and why. */
static void put_gaps(struct html *page)
{
    const struct decision_coverage *coverage = &page->tuning->coverage;
    if (is_whole(page->tuning)) return;
    struct text words = {0};
    text_put(&words, "Only ");
    text_grouped(&words, (int64_t)coverage->usable);
    text_put(&words, " of ");
    text_grouped(&words, (int64_t)coverage->requests);
    text_put(&words, " requests can be decided again; all that follows is about those. ");
    text_put(page->out, "<div class=\"notice\"><p>");
    html_put(page, &words);
    text_put(page->out, "</p><ul>");
    for (unsigned g = 0; g < GAP_COUNT; g++) {
        if (coverage->gaps[g] == 0) continue;
        text_grouped(&words, (int64_t)coverage->gaps[g]);
        text_format(&words, ": %s", decision_gap_texts[g]);
        html_item(page, words.bytes != NULL ? words.bytes : "");
        text_clear(&words);
    }
    if (coverage->without_quotes > 0) {
        text_grouped(&words, (int64_t)coverage->without_quotes);
        text_put(&words, ": no quote came, whatever the weights");
        html_item(page, words.bytes != NULL ? words.bytes : "");
        text_clear(&words);
    }
    text_grouped(&words, (int64_t)coverage->quotes_seen);
    text_put(&words, " quotes were seen where decisions say there were ");
    text_grouped(&words, (int64_t)coverage->quotes_expected);
    html_item(page, words.bytes != NULL ? words.bytes : "");
    text_put(page->out, "</ul></div>\n");
    page->out->failed |= words.failed;
    text_release(&words);
}

static void put_fact(struct html *page, const char *name, struct text *value)
{
    html_fact(page, name, value->bytes != NULL ? value->bytes : "");
    page->out->failed |= value->failed;
    text_clear(value);
}

static void put_counts(struct text *text, const uint32_t counts[TUNE_PARTS])
{
    text_grouped(text, counts[TUNE_TRAIN]);
    text_put(text, " to tune on, ");
    text_grouped(text, counts[TUNE_HOLDOUT]);
    text_put(text, " held out");
}

static void put_guardrail_list(struct text *text, const struct tuning *tuning)
{
    for (uint32_t i = 0; i < tuning->constraint_count; i++)
        text_format(text, "%s%s", i > 0 ? ", " : "", tuning->constraints[i].text);
    if (tuning->constraint_count == 0) text_put(text, "none");
}

static void put_facts(struct html *page, const struct tune_report *report)
{
    const struct tuning *tuning = page->tuning;
    static const char *const sources[] = {"Scenario", "Run", "Event log"};
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, sources[tuning->source], tuning->source_path);
    if (tune_html_has_robust(tuning))
        html_fact(page, "Further scenarios", "met: they judge the choice, see below");
    text_format(&value, "%llu", (unsigned long long)tuning->seed);
    put_fact(page, "Seed", &value);
    put_counts(&value, tuning->orders);
    put_fact(page, "Orders", &value);
    put_counts(&value, tuning->clusters);
    text_put(&value,
             tuning->clustered[TUNE_HOLDOUT] == CLUSTERS_BY_DAY ? "; by UTC day" : "; by block");
    put_fact(page, "Clusters", &value);
    show_span(&value, tuning->train_until_us -
                          (tuning->set.count > 0 ? tuning->set.orders[0].as.order.start_us : 0));
    text_put(&value, " of ");
    show_span(&value, tuning->span_us);
    put_fact(page, "Tuned on the first", &value);
    tune_write_goal(&value, tuning);
    put_fact(page, "Goal", &value);
    put_guardrail_list(&value, tuning);
    put_fact(page, "Guardrails", &value);
    text_grouped(&value, (int64_t)tuning->reproduced);
    text_put(&value, " of ");
    text_grouped(&value, (int64_t)tuning->reproducible);
    text_put(&value, tuning->weights_known ? " recorded decisions met again"
                                           : " recorded decisions met again, weights assumed");
    put_fact(page, "Replay", &value);
    text_grouped(&value, tuning->search.evaluated);
    put_fact(page, "Weights tried", &value);
    html_fact(page, "Program", report->program);
    text_put(page->out, "</dl>\n<pre><code>");
    html_text(page, report->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

static void put_contents(struct html *page)
{
    const bool robust = tune_html_has_robust(page->tuning);
    const bool chosen = page->tuning->chosen != UINT32_MAX;
    const struct {
        const char *id, *title;
        bool shown;
    } entries[] = {
        {"weights", "Suggested weights", true},
        {"holdout", "On the holdout", true},
        {"guardrails", "Guardrails", chosen},
        {"gain", chosen ? "Is the gain real?" : "Training and holdout", true},
        {"tradeoff", "The trade-off", true},
        {"three", "Price, speed, commission", true},
        {"curves", "Each weight alone", true},
        {"selection", "Who gets the orders", chosen},
        {"flips", "Orders that change", chosen},
        {"sensitivity", "What the goal hangs on", true},
        {"robust", "Further scenarios", robust},
        {"firmness", "How firm decisions are", true},
        {"customers", "Customers", tune_html_has_customers(page->tuning)},
        {"method", "Method and limits", true},
        {"files", "Files", true},
    };
    text_put(page->out, "<nav aria-label=\"Sections\"><ol>");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (entries[i].shown)
            text_format(page->out, "<li><a href=\"#%s\">%s</a></li>", entries[i].id,
                        entries[i].title);
    text_put(page->out, "</ol></nav>\n</header>\n<main id=\"main\">\n");
}

void tune_html_overview(struct html *page, const struct tune_report *report)
{
    text_put(page->out, "<header>\n<p class=\"muted\">Report of a tuning \u00b7 weights of the "
                        "router</p>\n<h1>");
    html_text(page, page->tuning->name);
    text_put(page->out, "</h1>\n");
    put_gaps(page);
    put_banner(page);
    for (uint32_t i = 0; i < page->tuning->note_count; i++)
        text_format(page->out, "<p class=\"notice\">%s</p>\n", page->tuning->notes[i]);
    if (page->drawing->reason[0] != '\0') {
        text_put(page->out, "<p class=\"notice\">");
        html_text(page, page->drawing->reason);
        text_put(page->out, "</p>\n");
    }
    put_facts(page, report);
    put_contents(page);
}

/* ---- weights ---- */

static void put_weight_row(struct html *page, const char *name, bool strong,
                           const struct score_weights *weights)
{
    text_put(page->out,
             strong ? "<tr class=\"chosen\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
    html_text(page, name);
    text_put(page->out, "</th>");
    tune_html_weights(page, weights);
    html_row_end(page);
}

static void put_set(struct html *page)
{
    const struct search *search = &page->tuning->search;
    struct text words = {0};
    if (search->set_count == 0) return;
    text_grouped(&words, search->set_count);
    text_put(&words, search->set_count == 1 ? " weights tried is" : " of the weights tried are");
    text_put(&words, " as good as the best as far as these orders tell (simultaneous 95% "
                     "intervals); all of them decide ");
    show_share(&words, search->set_agreement);
    text_put(&words, " of orders alike. The suggestion is the one that agrees most with the "
                     "others, not the lucky best.");
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

static void put_nothing(struct text *text, const struct tuning *tuning)
{
    const struct search *search = &tuning->search;
    text_put(text,
             "No weights are suggested: keep the baseline\u2019s. What would be said of a "
             "suggestion (guardrails on the holdout, who gets the orders, orders that change) "
             "is left out.");
    if (search->best == UINT32_MAX) return;
    text_put(text, " The best weights that are sure to keep the guardrails have a goal of ");
    tune_show_goal(text, search->candidates[search->best].goal);
    text_put(text, " (exact");
    tune_show_value_n(text, tuning->orders[TUNE_TRAIN]);
    text_put(text, ", training orders).");
}

void tune_html_suggestion(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    html_section(page, "weights", "Suggested weights");
    if (tuning->chosen == UINT32_MAX) tune_html_said(page, put_nothing);
    html_table_begin(page, "As one would configure them; only their ratios matter",
                     tune_weight_columns, TUNE_WEIGHT_COLUMNS);
    for (uint32_t a = 0; a < tuning->arm_count; a++)
        put_weight_row(page, tuning->arms[a].name, a == tuning->chosen, &tuning->arms[a].weights);
    if (tuning->chosen == UINT32_MAX && tuning->search.best != UINT32_MAX)
        put_weight_row(page, "best found", false,
                       &tuning->search.candidates[tuning->search.best].weights);
    if (tuning->search.set_count > 0) {
        put_weight_row(page, "as good: lowest", false, &tuning->search.set_low);
        put_weight_row(page, "as good: highest", false, &tuning->search.set_high);
    }
    html_table_end(page);
    put_set(page);
    if (tuning->chosen == UINT32_MAX) return;
    if (!tune_recommends(tuning)) {
        text_put(page->out, "<p>Nothing is recommended, and nothing was applied.</p>\n");
        return;
    }
    struct text secrets = {0};
    tune_write_secrets(&secrets, &tuning->arms[tuning->chosen].weights);
    text_put(page->out, "<p>Nothing was applied. To try it:</p>\n<pre class=\"wrap\"><code>");
    html_text(page, secrets.bytes != NULL ? secrets.bytes : "");
    text_put(page->out, "</code></pre>\n");
    page->out->failed |= secrets.failed;
    text_release(&secrets);
}

/* ---- all of it ---- */

static bool put_page(struct html *page, const struct tune_report *report, struct err *err)
{
    struct text title = {0};
    text_format(&title, "%s: %s", tune_verdict_title(page->tuning), page->tuning->name);
    html_begin(page, &title, "results");
    tune_html_overview(page, report);
    tune_html_suggestion(page);
    if (!tune_html_holdout(page, err) || !tune_html_choices(page, err) ||
        !tune_html_decisions(page, err) || !tune_html_sensitivity(page, err))
        return false;
    if (tune_html_has_customers(page->tuning)) tune_html_customers(page);
    tune_html_method(page);
    html_end(page, report->program);
    return true;
}

bool tune_report_write_page(const struct tune_report *report, const struct drawing *drawing,
                            const struct result_file *files, uint32_t file_count, struct err *err)
{
    struct text out = {0}, markdown = {0}, json = {0};
    struct html page = {.out = &out,
                        .tuning = report->tuning,
                        .drawing = drawing,
                        .directory = report->directory,
                        .files = files,
                        .file_count = file_count};
    tune_write_markdown(&markdown, report->tuning);
    tune_write_json(&json, report);
    const bool ok = put_page(&page, report, err) &&
                    files_write(report->directory, "report.md", &markdown, err) &&
                    files_write(report->directory, "report.html", &out, err) &&
                    files_write(report->directory, "summary.json", &json, err);
    text_release(&out);
    text_release(&markdown);
    text_release(&json);
    return ok;
}
