/* report.html of a calibration: what to set first, then each rule beside the others, and how sure
 * that is. */
#include "reports/calibrate_html.h"

#include <math.h>
#include <stdio.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/files.h"
#include "reports/show.h"

bool calibrate_html_figure(struct html *page, const struct figure *figure,
                           void (*find)(struct text *, const struct calibration *),
                           const char *caption, void (*table)(struct html *), struct err *err)
{
    const struct figure_subject subject = {.calibration = page->calibration};
    struct text heading = {0}, description = {0};
    if (figure->absence(&subject) == NULL) {
        find(&heading, page->calibration);
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

/* ---- the top ---- */

static void put_banner(struct html *page)
{
    const struct calibration *calibration = page->calibration;
    bool any = false;
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        any = any || calibration->providers[p].recommended;
    const char *tone = any && !calibration->dearer ? "good" : "open";
    const char *title = !any                  ? "\u2022 Nothing to recommend"
                        : calibration->dearer ? "\u2022 Timeouts that cost more than today\u2019s"
                                              : "\u2713 Timeouts to try";
    text_format(page->out,
                "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\" "
                "style=\"white-space:normal\">%s</strong>\n",
                tone, tone, title);
    calibrate_html_found(page, calibrate_write_finding);
    calibrate_html_found(page, calibrate_find_holds);
    text_put(page->out, "<p>Nothing was applied.</p></div>\n");
}

static void put_notice(struct html *page, void (*find)(struct text *, const struct calibration *))
{
    struct text plain = {0};
    find(&plain, page->calibration);
    if (plain.length > 0) {
        text_put(page->out, "<p class=\"notice\">");
        html_put(page, &plain);
        text_put(page->out, "</p>\n");
    }
    page->out->failed |= plain.failed;
    text_release(&plain);
}

static void put_fact(struct html *page, const char *name, struct text *value)
{
    html_fact(page, name, value->bytes != NULL ? value->bytes : "");
    page->out->failed |= value->failed;
    text_clear(value);
}

static void put_price(struct text *text, const char *before, double cents, const char *after)
{
    text_put(text, before);
    text_fixed(text, cents, cents < 10.0 && fmod(cents, 1.0) != 0.0 ? 2 : 0);
    text_put(text, after);
}

static void put_calls(struct html *page)
{
    const struct calibration *calibration = page->calibration;
    struct text value = {0};
    uint64_t asked = 0;
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        asked += calibration->providers[p].asked;
    text_grouped(&value, (int64_t)asked);
    text_put(&value, " to ");
    calibrate_show_count(&value, calibration);
    put_fact(page, "Calls", &value);
    if (calibration->has_orders) {
        text_grouped(&value, calibration->set.count);
        text_put(&value, ", each decided again exactly under every timeout");
        put_fact(page, "Orders", &value);
        text_format(&value, "%llu", (unsigned long long)calibration->seed);
        put_fact(page, "Seed", &value);
    }
    text_release(&value);
}

static void put_facts(struct html *page, const struct calibrate_report *report)
{
    static const char *const sources[CALIBRATE_SOURCES] = {[CALIBRATE_SCENARIO] = "Scenario",
                                                           [CALIBRATE_RUN] = "Run",
                                                           [CALIBRATE_LOG] = "Event log",
                                                           [CALIBRATE_CSV] = "Latencies",
                                                           [CALIBRATE_LIVE] = "Live"};
    const struct calibration *calibration = page->calibration;
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, sources[calibration->source], calibration->source_path);
    put_calls(page);
    calibrate_show_rule(&value, calibration, calibration->rule);
    put_fact(page, "Rule", &value);
    show_span(&value, calibration->setup.most_us);
    put_fact(page, "Longest allowed", &value);
    put_price(&value, "", calibration->prices.wait_per_s, "\u00a2 for an order\u2019s second, ");
    put_price(&value, "", calibration->prices.lost_quote, "\u00a2 for a quote given up, ");
    put_price(&value, "", calibration->prices.lost_order, "\u00a2 for an order without any");
    if (calibration->prices_assumed) text_put(&value, " (assumed)");
    put_fact(page, "Prices", &value);
    html_fact(page, "Program", report->program);
    text_put(page->out, "</dl>\n<pre><code>");
    html_text(page, report->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

static void put_contents(struct html *page)
{
    const bool orders = page->calibration->has_orders;
    const struct {
        const char *id, *title;
        bool shown;
    } entries[] = {{"settings", "What to set", true},
                   {"rules", "The rules side by side", true},
                   {"trap", "What answers alone would say", true},
                   {"tradeoff", "Success against waiting", true},
                   {"router", "The router under each rule", true},
                   {"tail", "Whose tail it is", orders},
                   {"early", "Deciding early", orders},
                   {"holds", "Does it hold?", true},
                   {"second-calls", "Retries and hedges", true},
                   {"caches", "Caches", true},
                   {"method", "Method and limits", true},
                   {"files", "Files", true}};
    text_put(page->out, "<nav aria-label=\"Sections\"><ol>");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        if (entries[i].shown)
            text_format(page->out, "<li><a href=\"#%s\">%s</a></li>", entries[i].id,
                        entries[i].title);
    text_put(page->out, "</ol></nav>\n</header>\n<main id=\"main\">\n");
}

static void put_overview(struct html *page, const struct calibrate_report *report)
{
    text_put(page->out, "<header>\n<p class=\"muted\">Report of a calibration \u00b7 timeouts of "
                        "the router</p>\n<h1>");
    html_text(page, page->calibration->name);
    text_put(page->out, "</h1>\n");
    put_banner(page);
    if (calibrate_unread(page->calibration))
        text_format(page->out, "<p class=\"notice\">%s</p>\n", calibrate_unread_words);
    put_notice(page, calibrate_find_censoring);
    put_notice(page, calibrate_find_no_orders);
    for (uint32_t i = 0; i < page->calibration->note_count; i++)
        text_format(page->out, "<p class=\"notice\">%s</p>\n", page->calibration->notes[i]);
    if (page->drawing->reason[0] != '\0') {
        text_put(page->out, "<p class=\"notice\">");
        html_text(page, page->drawing->reason);
        text_put(page->out, "</p>\n");
    }
    put_facts(page, report);
    put_contents(page);
}

/* ---- what to set ---- */

static void cell(struct html *page, struct text *plain)
{
    html_cell_number(page, plain);
}

static void cell_timeout(struct html *page, int64_t us)
{
    struct text plain = {0};
    if (us > 0) {
        calibrate_show_timeout(&plain, us);
    } else {
        text_put(&plain, "\u2013");
    }
    cell(page, &plain);
}

static void cell_advice(struct html *page, const struct timeout_advice *advice)
{
    struct text plain = {0};
    calibrate_show_advice(&plain, advice);
    cell(page, &plain);
}

static void cell_bounds(struct html *page, const struct timeout_advice *advice)
{
    struct text plain = {0};
    calibrate_show_bounds(&plain, advice);
    cell(page, &plain);
}

static void cell_share(struct html *page, const struct timeout_share *share)
{
    struct text plain = {0};
    calibrate_show_value(&plain, share);
    cell(page, &plain);
}

static void cell_interval(struct html *page, const struct timeout_share *share)
{
    struct text plain = {0};
    calibrate_show_interval(&plain, share);
    cell(page, &plain);
}

static void cell_target(struct html *page, const struct timeout_advice *advice)
{
    struct text plain = {0};
    if (isfinite(advice->target)) {
        show_share(&plain, advice->target);
    } else {
        text_put(&plain, "\u2013");
    }
    cell(page, &plain);
}

static void put_setting(struct html *page, const struct calibrate_provider *provider)
{
    const struct timeout_achieved *achieved = calibrate_achieved(provider);
    const struct timeout_share none = {.n = 0};
    struct text p95 = {0}, interval = {0};
    calibrate_html_row(page, provider);
    cell_timeout(page, calibrate_today_us(provider));
    cell_advice(page, &provider->advice[TIMEOUT_P95_PLUS]);
    cell_advice(page, &provider->advice[TIMEOUT_TARGET]);
    cell_target(page, &provider->advice[TIMEOUT_TARGET]);
    if (provider->recommended) {
        cell_timeout(page, provider->recommended_us);
    } else {
        html_cell(page, "kept");
    }
    cell_share(page, achieved != NULL ? &achieved->success : &none);
    cell_interval(page, achieved != NULL ? &achieved->success : &none);
    cell_share(page, achieved != NULL ? &achieved->false_timeouts : &none);
    calibrate_show_latency(&p95, &provider->p95);
    cell(page, &p95);
    calibrate_show_latency_interval(&interval, &provider->p95);
    cell(page, &interval);
    html_cell_count(page, (double)provider->asked);
    html_row_end(page);
}

static void put_reasons(struct html *page)
{
    const struct calibration *calibration = page->calibration;
    bool any = false;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct calibrate_provider *provider = &calibration->providers[p];
        if (provider->reason == NULL) continue;
        if (!any) text_put(page->out, "<ul>");
        any = true;
        text_put(page->out, "<li>");
        html_text(page, provider->name);
        text_format(page->out, ": %s%s.</li>",
                    provider->recommended ? "" : "nothing is recommended, ", provider->reason);
    }
    if (any) text_put(page->out, "</ul>\n");
}

static void put_paste(struct html *page)
{
    struct text secrets = {0};
    calibrate_write_secrets(&secrets, page->calibration);
    if (secrets.length > 0) {
        text_put(page->out, "<p>Nothing was applied. To try it:</p>\n<pre class=\"wrap\"><code>");
        html_text(page, secrets.bytes);
        text_put(page->out, "</code></pre>\n");
        if (calibrate_unread(page->calibration))
            text_format(page->out, "<p>%s</p>\n", calibrate_unread_words);
    }
    page->out->failed |= secrets.failed;
    text_release(&secrets);
}

static void put_settings(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false},    {"Today", true},        {"p95 + 2 s", true},
        {"By target", true},    {"Target", true},       {"Chosen", true},
        {"In time", true},      {"95% interval", true}, {"Given up, came later", true},
        {"p95 of calls", true}, {"95% interval", true}, {"Calls", true}};
    html_section(page, "settings", "What to set");
    html_table_begin(page,
                     "In time: of all calls, failed ones too. p95 counts what was given up for as "
                     "long as it was watched; > T: beyond that; n/a: too few calls",
                     columns, sizeof columns / sizeof *columns);
    for (uint32_t p = 0; p < page->calibration->latencies.count; p++)
        put_setting(page, &page->calibration->providers[p]);
    html_table_end(page);
    put_reasons(page);
    put_paste(page);
}

/* ---- the rules side by side ---- */

static void put_rule_row(struct html *page, const struct calibrate_provider *provider,
                         enum timeout_rule rule)
{
    const struct timeout_advice *advice = &provider->advice[rule];
    const bool found = advice->state == TIMEOUT_FOUND;
    const struct timeout_share none = {.n = 0};
    struct text name = {0};
    calibrate_show_rule(&name, page->calibration, rule);
    html_row_begin(page, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    cell_advice(page, advice);
    cell_bounds(page, advice);
    cell_share(page, found ? &advice->achieved.success : &none);
    cell_interval(page, found ? &advice->achieved.success : &none);
    html_cell_share(page, found ? advice->achieved.caught : (double)NAN);
    cell_share(page, found ? &advice->achieved.false_timeouts : &none);
    html_cell_share(page, found ? advice->achieved.false_possible : (double)NAN);
    html_row_end(page);
}

static void put_rules_of(struct html *page, const struct calibrate_provider *provider, bool open)
{
    static const struct html_column columns[] = {
        {"Rule", false},        {"Timeout", true},    {"95% interval", true}, {"In time", true},
        {"95% interval", true}, {"Of answers", true}, {"Came later", true},   {"At most", true}};
    text_format(page->out, "<details%s><summary>", open ? " open" : "");
    html_text(page, provider->name);
    text_put(page->out, "</summary>\n");
    html_table_begin(page, "What each rule says, and what it achieves on these very calls", columns,
                     sizeof columns / sizeof *columns);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (provider->advice[r].state != TIMEOUT_UNKNOWN)
            put_rule_row(page, provider, (enum timeout_rule)r);
    html_table_end(page);
    text_put(page->out, "</details>\n");
}

static bool put_rules(struct html *page, struct err *err)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const struct calibration *calibration = page->calibration;
    html_section(page, "rules", "The rules side by side");
    if (!calibrate_html_figure(page, &calibrate_figure_ecdf, calibrate_find_ecdf,
                               "Answers over time; lines: today\u2019s timeout "
                               "(dashed) and the chosen one; above, each rule with its 95% "
                               "interval",
                               NULL, err))
        return false;
    const uint32_t shown = calibrate_section_places(calibration, places);
    for (uint32_t i = 0; i < shown; i++)
        put_rules_of(page, &calibration->providers[places[i]], shown <= PROVIDER_COUNT);
    calibrate_html_rest(page, shown, "rules.csv");
    text_put(page->out, "<dl>");
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        struct text name = {0}, help = {0};
        calibrate_show_rule(&name, calibration, (enum timeout_rule)r);
        calibrate_write_rule_help(&help, calibration, (enum timeout_rule)r);
        html_fact(page, name.bytes != NULL ? name.bytes : "", help.bytes != NULL ? help.bytes : "");
        text_release(&name);
        text_release(&help);
    }
    text_put(page->out, "</dl>\n");
    return true;
}

/* ---- the trap ---- */

static void put_trap(struct html *page)
{
    static const struct html_column columns[] = {{"Provider", false},    {"Of answers alone", true},
                                                 {"Ends at", true},      {"In time there", true},
                                                 {"95% interval", true}, {"With all calls", true}};
    const struct calibration *calibration = page->calibration;
    uint32_t shown = 0;
    html_section(page, "trap", "What answers alone would say");
    calibrate_html_found(page, calibrate_find_trap);
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        shown += calibrate_has_trap(&calibration->providers[p]);
    if (shown == 0) {
        text_put(page->out, "<p>No call was given up, or too few calls are known: p95 + 2 s of "
                            "answers alone and of all calls hardly differ here.</p>\n");
        return;
    }
    html_table_begin(page,
                     "p95 + 2 s of the calls that were answered in time, and where it ends when "
                     "each new timeout decides which calls are counted next",
                     columns, sizeof columns / sizeof *columns);
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct calibrate_provider *provider = &calibration->providers[p];
        if (!calibrate_has_trap(provider)) continue;
        calibrate_html_row(page, provider);
        cell_timeout(page, provider->naive_us);
        cell_timeout(page, provider->naive_settled_us);
        cell_share(page, &provider->naive_achieved.success);
        cell_interval(page, &provider->naive_achieved.success);
        cell_advice(page, &provider->advice[TIMEOUT_P95_PLUS]);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- success against waiting ---- */

static void put_percentile_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false},    {"p50", true}, {"95% interval", true}, {"p95", true},
        {"95% interval", true}, {"p99", true}, {"95% interval", true}};
    html_table_begin(page, "Time to a good answer, with what was given up counted", columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t p = 0; p < page->calibration->latencies.count; p++) {
        const struct calibrate_provider *provider = &page->calibration->providers[p];
        const struct latency_quantile *quantiles[] = {&provider->p50, &provider->p95,
                                                      &provider->p99};
        calibrate_html_row(page, provider);
        for (unsigned q = 0; q < 3; q++) {
            struct text value = {0}, interval = {0};
            calibrate_show_latency(&value, quantiles[q]);
            cell(page, &value);
            calibrate_show_latency_interval(&interval, quantiles[q]);
            cell(page, &interval);
        }
        html_row_end(page);
    }
    html_table_end(page);
}

static bool put_tradeoff(struct html *page, struct err *err)
{
    html_section(page, "tradeoff", "Success against waiting");
    return calibrate_html_figure(
               page, &calibrate_figure_tradeoff, calibrate_find_tradeoff,
               "Each provider\u2019s timeout moved alone; dashed: today, line: chosen; the band is "
               "an exact 95% interval. All steps are in curves.csv",
               NULL, err) &&
           calibrate_html_figure(page, &calibrate_figure_percentiles, calibrate_find_percentiles,
                                 "Percentiles under today\u2019s timeouts and the chosen ones",
                                 put_percentile_table, err);
}

/* ---- method ---- */

static void put_method(struct html *page)
{
    static const char *const items[] = {
        "A call that was given up is neither an answer nor nothing: it took longer than it was "
        "watched. Quantiles count it so, Kaplan and Meier\u2019s curve where timeouts differed; a "
        "quantile that lies beyond what was watched is printed as > T and set nothing from.",
        "Failed calls are in no latency: errors are fast. They lower the share of calls that is "
        "answered in time, which no timeout can raise. A failed call without a time is unknown, "
        "not 0 ms.",
        "Intervals of quantiles are those of order statistics, exact for any distribution; of "
        "shares Clopper and Pearson\u2019s. Both take calls as independent: neighbours that are "
        "alike (see autocorrelation) make them too narrow.",
        "A percentile needs ten samples beyond it. The target rule promises less, and so needs "
        "less: an order statistic that is, with 95% confidence, no shorter than the quantile.",
        "Orders are decided again by the router\u2019s own scorer, with the quotes that would have "
        "been in time. What an order\u2019s outcome would have taught the router is not played on: "
        "history is frozen.",
        "Cents and points compare with the decision that every answer was waited for, however "
        "late. They are quoted prices, not what was charged.",
        "Rules are judged here on the samples they were made from, which flatters them; Does it "
        "hold? judges the first part\u2019s advice on the rest.",
    };
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul>");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        text_format(page->out, "<li>%s</li>", items[i]);
    text_put(page->out, "</ul>\n");
}

/* ---- all of it ---- */

static bool put_page(struct html *page, const struct calibrate_report *report, struct err *err)
{
    struct text title = {0};
    text_format(&title, "Timeouts: %s", page->calibration->name);
    html_begin(page, &title, "results");
    put_overview(page, report);
    put_settings(page);
    if (!put_rules(page, err)) return false;
    put_trap(page);
    if (!put_tradeoff(page, err) || !calibrate_html_router(page, err)) return false;
    calibrate_html_holds(page);
    calibrate_html_second_calls(page);
    calibrate_html_caches(page);
    put_method(page);
    html_files(page, "Everything beside this page, with its SHA-256",
               "Nothing was written beside this page.");
    html_end(page, report->program);
    return true;
}

bool calibrate_report_write_page(const struct calibrate_report *report,
                                 const struct drawing *drawing, const struct result_file *files,
                                 uint32_t file_count, struct err *err)
{
    struct text out = {0}, markdown = {0}, json = {0};
    struct html page = {.out = &out,
                        .calibration = report->calibration,
                        .drawing = drawing,
                        .directory = report->directory,
                        .files = files,
                        .file_count = file_count};
    calibrate_write_markdown(&markdown, report->calibration);
    calibrate_write_json(&json, report);
    const bool ok = put_page(&page, report, err) &&
                    files_write(report->directory, "report.md", &markdown, err) &&
                    files_write(report->directory, "report.html", &out, err) &&
                    files_write(report->directory, "summary.json", &json, err);
    text_release(&out);
    text_release(&markdown);
    text_release(&json);
    return ok;
}
