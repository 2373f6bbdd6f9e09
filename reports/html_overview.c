/* The top of the page: what came out, of what, and the checks. */
#include <math.h>
#include <string.h>

#include "reports/findings.h"
#include "reports/html.h"
#include "reports/show.h"
#include "router/base/duration.h"

static void put_verdict(struct html *page)
{
    static const char *const glyphs[] = {
        [TONE_GOOD] = "\u2713", [TONE_BAD] = "\u2717", [TONE_NEUTRAL] = "\u2022"};
    static const char *const banners[] = {
        [TONE_GOOD] = "good", [TONE_BAD] = "bad", [TONE_NEUTRAL] = "open"};
    const enum verdict_tone tone = verdict_tone(page->result);
    text_format(
        page->out,
        "<div class=\"verdict %s\" role=\"status\"><strong class=\"%s-word\">%s %s</strong> ",
        banners[tone], banners[tone], glyphs[tone], verdict_word(page->result));
    struct text live = {0};
    finding_first(page->result, &live);
    const bool first = live.length > 0; /* it goes before all else */
    if (first) {
        html_text(page, live.bytes);
        text_put(page->out, "\n<p>");
    }
    text_release(&live);
    html_finding(page, finding_checks);
    text_put(page->out, first ? " " : "\n<p>");
    html_finding(page, finding_verdict);
    text_put(page->out, "</p></div>\n");
}

static void put_facts(struct html *page)
{
    const struct result *result = page->result;
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, "Scenario", result->file);
    html_fact(page, "Seed", result->seed_text);
    show_span(&value, result->duration_us);
    if (result->replications > 1) text_format(&value, ", %u replications", result->replications);
    const bool real = strcmp(result->clock, "real") == 0;
    html_fact(page, real ? "Real time" : "Simulated time", value.bytes ? value.bytes : "");
    text_clear(&value);
    char start[INSTANT_TEXT_MAX]; /* "2025-11-24T00:00:00.000Z" */
    instant_format(result->start_unix_us, start);
    text_format(&value, "%.10s %.8s UTC", start, start + 11);
    html_fact(page, real ? "Instant 0 is" : "Starts at (virtual)", value.bytes ? value.bytes : "");
    text_clear(&value);
    text_grouped(&value, (int64_t)result->orders);
    text_put(&value, " orders, ");
    text_grouped(&value, (int64_t)result->calls);
    text_put(&value, " API calls");
    html_fact(page, "Volume", value.bytes ? value.bytes : "");
    html_fact(page, "Router as", result->profile);
    if (strcmp(result->wire, "struct") != 0) {
        html_fact(page, "Calls travelled",
                  strcmp(result->wire, "http") == 0 ? "over HTTP"
                                                    : "through the codecs, in memory");
    }
    if (result->live[0] != '\0') html_fact(page, "Real providers", result->live);
    text_clear(&value);
    text_format(&value, "%016llx", (unsigned long long)result->event_hash);
    html_fact(page, "Event hash", value.bytes ? value.bytes : "");
    html_fact(page, "Program", result->program);
    text_put(page->out, "</dl>\n<pre><code>");
    html_text(page, result->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

static void put_contents(struct html *page)
{
    static const char *const entries[][2] = {
        {"checks", "Checks"},       {"course", "What happened"},
        {"phases", "Phases"},       {"providers", "Providers"},
        {"selection", "Selection"}, {"money", "Orders and money"},
        {"budget", "Error budget"}, {"calls", "API calls"},
        {"cache", "Quote cache"},   {"method", "Method and limits"},
        {"files", "Files"},
    };
    text_put(page->out, "<nav aria-label=\"Sections\"><ol>");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (strcmp(entries[i][0], "cache") == 0 && !page->result->cache.on) continue;
        text_format(page->out, "<li><a href=\"#%s\">%s</a></li>", entries[i][0], entries[i][1]);
    }
    text_put(page->out, "</ol></nav>\n</header>\n<main id=\"main\">\n");
}

static void put_check(struct html *page, const struct result_check *check)
{
    static const char *const words[] = {
        [CHECK_PASSED] = "<span class=\"good-word\">\u2713 passed</span>",
        [CHECK_FAILED] = "<span class=\"bad-word\">\u2717 failed</span>",
        [CHECK_INCONCLUSIVE] = "<span class=\"open-word\">? undecided</span>"};
    struct text *out = page->out;
    html_row_begin(page, check->name);
    text_put(out, "<td>");
    html_code(page, check->metric);
    if (check->during[0] != '\0') {
        text_put(out, " during ");
        html_text(page, check->during);
    }
    text_put(out, "</td><td class=\"n wrap\">");
    html_text(page, check_operator(check->op));
    text_put(out, "&nbsp;");
    html_text(page, check->limit_text);
    text_put(out, "</td>");
    html_cell_value(page, metric_traits[check->metric_id].unit, &check->measured);
    html_cell_count(page, (double)check->measured.n);
    text_format(out, "<td>%s</td><td>", words[check->verdict]);
    struct text where = {0};
    if (check->file != NULL)
        text_format(&where, "%s:%u", check->file, check->line);
    else
        text_put(&where, "--check");
    html_code(page, where.bytes ? where.bytes : "");
    text_release(&where);
    text_put(out, "</td>");
    html_row_end(page);
}

static void put_checks(struct html *page)
{
    static const struct html_column columns[] = {
        {"Check", false}, {"Metric", false},  {"Limit", true},  {"Measured", true},
        {"n", true},      {"Verdict", false}, {"Where", false},
    };
    html_section(page, "checks", "Checks");
    if (page->result->check_count == 0) {
        text_put(page->out,
                 "<p>The scenario gives no checks, so nothing was judged. A check is one line: "
                 "<code>--check 'router.p95_ms&lt;=5000'</code>.</p>\n");
        return;
    }
    html_table_begin(page, "Every check, in the order of the scenario", columns, 7);
    for (uint32_t i = 0; i < page->result->check_count; i++)
        put_check(page, &page->result->checks[i]);
    html_table_end(page);
}

static void put_card(struct html *page, enum metric metric)
{
    const struct metric_traits *traits = &metric_traits[metric];
    const struct metric_value *value = value_of(page->result, 0, SCOPE_ROUTER, metric);
    struct text words = {0};
    text_put(page->out, "<div><dt>");
    html_text(page, traits->label);
    text_put(page->out, "</dt><dd>");
    show_value_short(&words, traits->unit, value);
    html_text(page, words.bytes ? words.bytes : "");
    text_put(page->out, "</dd><dd class=\"small\">");
    text_clear(&words);
    show_interval(&words, traits->unit, value);
    if (words.length == 0 && value->state == VALUE_KNOWN) {
        if (percentile_of_histogram(page->result, metric)) {
            text_put(&words, "\u00b1");
            text_fixed(&words, page->result->router_latency.error_bound * 100, 1);
            text_char(&words, '%');
        } else {
            text_put(&words, "exact");
        }
    }
    if (value->state == VALUE_TOO_FEW) {
        text_put(&words, "needs \u2265 ");
        text_grouped(&words, (int64_t)ceil(value->needs));
    }
    if (words.length > 0) text_put(&words, ", ");
    text_put(&words, "n = ");
    text_grouped(&words, (int64_t)value->n);
    html_text(page, words.bytes ? words.bytes : "");
    text_put(page->out, "</dd></div>\n");
    text_release(&words);
}

static void put_cards(struct html *page)
{
    static const enum metric metrics[] = {METRIC_ORDERS,           METRIC_OK_RATE,
                                          METRIC_P95_MS,           METRIC_CART_CENTS,
                                          METRIC_COMMISSION_CENTS, METRIC_SAVINGS_MEAN_CENTS,
                                          METRIC_CALL_COST_CENTS,  METRIC_DELIVERED_RATE};
    text_put(page->out, "<dl class=\"cards\">\n");
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        put_card(page, metrics[i]);
    text_put(page->out, "</dl>\n");
}

void html_overview(struct html *page)
{
    text_put(page->out, "<header>\n<p class=\"muted\">Report of a run \u00b7 ");
    html_text(page, page->result->scenario);
    text_put(page->out, "</p>\n<h1>");
    html_text(page, page->result->title);
    text_put(page->out, "</h1>\n");
    put_verdict(page);
    if (page->drawing->reason[0] != '\0') {
        text_put(page->out, "<p class=\"notice\">");
        html_text(page, page->drawing->reason);
        text_put(page->out, "</p>\n");
    }
    if (page->result->description[0] != '\0') {
        text_put(page->out, "<p>");
        html_text(page, page->result->description);
        text_put(page->out, "</p>\n");
    }
    put_facts(page);
    put_contents(page);
    put_checks(page);
    put_cards(page);
}
