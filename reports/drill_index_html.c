/* index.html of a suite: how many went as expected, a table that links each drill's own page, and
 * what each showed. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "reports/drill_html.h"
#include "reports/files.h"
#include "reports/show.h"

/* ---- the top ---- */

static const char *title_of(const struct drill *drill)
{
    return drill->title[0] != '\0' ? drill->title : drill->name;
}

static uint32_t count_of(const struct drill_suite *suite, enum drill_verdict verdict)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < suite->count; i++)
        count += suite->rows[i].verdict == verdict;
    return count;
}

static void write_summary(struct text *text, const struct drill_suite *suite)
{
    text_format(text, "%u of %u %s went as expected", count_of(suite, VERDICT_PASS), suite->count,
                suite->count == 1 ? "drill" : "drills");
}

static void write_others(struct text *text, const struct drill_suite *suite)
{
    const char *before = "Of the others, ";
    for (unsigned v = VERDICT_PASS + 1; v < VERDICT_COUNT; v++) {
        const uint32_t count = count_of(suite, (enum drill_verdict)v);
        if (count == 0) continue;
        text_format(text, "%s%u %s", before, count,
                    v == VERDICT_FAIL ? "failed" : drill_verdict_names[v]);
        before = ", ";
    }
    if (text->length > 0) text_char(text, '.');
}

static void write_expectations(struct text *text, const struct drill_suite *suite)
{
    uint32_t met = 0, count = 0;
    for (uint32_t i = 0; i < suite->count; i++) {
        met += suite->drills[i]->expects_met;
        count += suite->drills[i]->expect_count;
    }
    text_format(text, "%u of %u expectations were met. ", met, count);
    drill_write_gaps(text, suite->rows, suite->count);
}

static void put_facts(struct html *page, const struct drill_suite *suite)
{
    struct text value = {0};
    uint64_t orders = 0, calls = 0;
    int64_t span_us = 0;
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct result *result = &suite->drills[i]->result;
        orders += result->orders;
        calls += result->calls;
        span_us += result->duration_us * (suite->drills[i]->repeats);
    }
    text_put(page->out, "<dl class=\"facts\">\n");
    text_format(&value, "%u", suite->count);
    drill_html_fact(page, "Drills", &value);
    show_span(&value, span_us);
    drill_html_fact(page, "Played in all", &value);
    text_grouped(&value, (int64_t)orders);
    text_put(&value, " orders, ");
    text_grouped(&value, (int64_t)calls);
    text_put(&value, " API calls");
    drill_html_fact(page, "Volume", &value);
    text_format(&value, "%016" PRIx64, suite->experiment);
    drill_html_fact(page, "Experiment", &value);
    html_fact(page, "Program", suite->program);
    text_put(page->out, "</dl>\n<pre class=\"wrap\"><code>");
    html_text(page, suite->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

static void put_overview(struct html *page, const struct drill_suite *suite)
{
    struct text title = {0}, others = {0}, met = {0};
    const uint32_t passed = count_of(suite, VERDICT_PASS);
    const bool bad = passed + count_of(suite, VERDICT_INVALID) < suite->count;
    text_put(page->out, "<header>\n<p class=\"muted\">Report of a suite of drills</p>\n<h1>");
    html_text(page, suite->name);
    text_put(page->out, "</h1>\n");
    write_summary(&title, suite);
    write_others(&others, suite);
    write_expectations(&met, suite);
    drill_html_banner(page,
                      bad                      ? TONE_BAD
                      : passed == suite->count ? TONE_GOOD
                                               : TONE_NEUTRAL,
                      title.bytes != NULL ? title.bytes : "", &others, &met);
    page->out->failed |= title.failed;
    text_release(&title);
    put_facts(page, suite);
    text_put(page->out,
             "<nav aria-label=\"Sections\"><ol><li><a href=\"#drills\">The drills</a></li>"
             "<li><a href=\"#showed\">What each showed</a></li>"
             "<li><a href=\"#covers\">What the suite covers</a></li>"
             "<li><a href=\"#method\">Method and limits</a></li></ol></nav>\n"
             "</header>\n<main id=\"main\">\n");
}

/* ---- the table ---- */

/* Names are letters, digits and - _ . (sim/world/scenario_keys.h); escaped nevertheless. */
static void put_link(struct html *page, const char *name, const char *words)
{
    text_put(page->out, "<a href=\"");
    html_text(page, name);
    text_put(page->out, "/report.html\">");
    html_text(page, words);
    text_put(page->out, "</a>");
}

static void put_row(struct html *page, const struct drill *drill, const struct drill_row *row)
{
    struct text met = {0};
    text_put(page->out, "<tr><th scope=\"row\">");
    put_link(page, drill->name, title_of(drill));
    text_put(page->out, "<span class=\"need\">");
    html_text(page, drill->name);
    if (row->repeats > 1) text_format(page->out, ", %u repeats", row->repeats);
    text_put(page->out, "</span></th><td>");
    drill_html_word(page, drill_verdict_tone(row->verdict), drill_verdict_names[row->verdict]);
    text_put(page->out, "</td>");
    drill_html_value(page, DRILL_TTD, &row->ttd);
    drill_html_value(page, DRILL_TTM, &row->ttm);
    drill_html_value(page, DRILL_TTR, &row->ttr);
    drill_html_value(page, DRILL_BUDGET_BURNED, &row->budget);
    drill_html_value(page, DRILL_ORDERS_LOST, &row->lost);
    text_format(&met, "%u of %u", drill->expects_met, drill->expect_count);
    html_cell_number(page, &met);
    html_row_end(page);
}

static void put_table(struct html *page, const struct drill_suite *suite)
{
    static const struct html_column columns[] = {
        {"Drill", false},      {"Verdict", false},        {"Time to detect", true},
        {"To mitigate", true}, {"To recover", true},      {"Budget burned", true},
        {"Orders lost", true}, {"Expectations met", true}};
    html_section(page, "drills", "The drills");
    if (suite->count == 0) {
        text_put(page->out, "<p>No drill was played.</p>\n");
        return;
    }
    html_table_begin(page,
                     "Times from the first order that the fault spoilt; medians where a drill was "
                     "repeated",
                     columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < suite->count; i++)
        put_row(page, suite->drills[i], &suite->rows[i]);
    html_table_end(page);
}

/* ---- what each showed ---- */

enum { FINDINGS_SHOWN = 3 };

struct first_findings {
    struct html *page;
    uint32_t count;
};

static void put_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    struct first_findings *first = context;
    if (first->count == 0) text_put(first->page->out, "<ul class=\"found\">\n");
    if (first->count < FINDINGS_SHOWN) drill_html_finding(first->page, tone, sentence);
    first->count++;
}

static void put_showed(struct html *page, const struct drill *drill)
{
    struct text why = {0}, headline = {0};
    struct first_findings first = {.page = page};
    text_put(page->out, "<h3>");
    drill_html_word(page, drill_verdict_tone(drill->verdict), "");
    text_char(page->out, ' ');
    put_link(page, drill->name, title_of(drill));
    text_put(page->out, "</h3>\n");
    drill_write_why(&why, drill);
    if (why.length > 0) text_char(&why, ' ');
    drill_write_headline(&headline, drill);
    if (headline.bytes != NULL) text_put(&why, headline.bytes);
    why.failed |= headline.failed;
    text_release(&headline);
    drill_html_said(page, &why);
    page->drill = drill;
    drill_each_finding(drill, put_finding, &first);
    page->drill = NULL;
    if (first.count > FINDINGS_SHOWN) {
        text_put(page->out, "<li class=\"muted\">");
        text_format(page->out, "%u more in ", first.count - FINDINGS_SHOWN);
        put_link(page, drill->name, "its report");
        text_put(page->out, "</li>\n");
    }
    if (first.count > 0) text_put(page->out, "</ul>\n");
}

/* ---- what it covers ---- */

struct covers {
    struct text faults, tags;
    bool hit[PROVIDER_COUNT];
};

/* Whether `words`, parted by commas, has this one. */
static bool has_word(const struct text *words, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = words->bytes; at != NULL; at = strchr(at, ',')) {
        at += at != words->bytes ? 2 : 0;
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

static void add_word(struct text *words, const char *word)
{
    if (word[0] == '\0' || strchr(word, ',') != NULL || has_word(words, word)) return;
    if (words->length > 0) text_put(words, ", ");
    text_put(words, word);
}

static void put_covers(struct html *page, const struct drill_suite *suite)
{
    struct covers covers = {.faults = {0}};
    struct text providers = {0};
    uint32_t pages = 0;
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct drill *drill = suite->drills[i];
        for (uint32_t t = 0; t < drill->tag_count; t++)
            add_word(&covers.tags, drill->tags[t]);
        for (uint32_t f = 0; f < drill->result.fault_count; f++) {
            add_word(&covers.faults, drill->result.faults[f].kind);
            for (unsigned p = 0; p < PROVIDER_COUNT; p++)
                covers.hit[p] |= drill->result.faults[f].provider_mask >> p & 1;
        }
        pages += drill->marks.detect_us != INT64_MAX;
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (covers.hit[p]) add_word(&providers, provider_traits[p].short_name);
    html_section(page, "covers", "What the suite covers");
    text_put(page->out, "<dl class=\"facts\">\n");
    const struct {
        const char *name;
        struct text *value;
    } rows[] = {{"Kinds of fault", &covers.faults},
                {"Providers that were hit", &providers},
                {"Tags", &covers.tags}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].value->length == 0) text_put(rows[i].value, "none");
        drill_html_fact(page, rows[i].name, rows[i].value);
        text_release(rows[i].value);
    }
    text_format(page->out,
                "<div><dt>Drills in which somebody was paged</dt><dd>%u of %u</dd></div>", pages,
                suite->count);
    text_put(page->out, "</dl>\n");
}

/* ---- method ---- */

static void put_method(struct html *page)
{
    static const char *const items[] = {
        "Each drill is simulated from its file and seed alone: played again it gives the same "
        "bytes, alone or in a suite.",
        "A drill passes when what its file expects comes true. One that is to show a gap of the "
        "runbook expects that gap, and fails on the day it is closed.",
        "Invalid says nothing about the system: steady state was not there before the fault, or "
        "no fault hit anything.",
        "Operators are a model, alerts behave as Prometheus\u2019 rules do, losses compare with "
        "the same seed without the fault. Each drill\u2019s page says more.",
    };
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul class=\"method\">");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        text_format(page->out, "<li>%s</li>\n", items[i]);
    text_put(page->out, "</ul>\n<p>For programs: <code>suite.json</code>; for a pull request: "
                        "<code>suite.md</code>.</p>\n");
}

/* ---- all of it ---- */

bool drill_write_index(const struct drill_suite *suite, const char *directory, struct err *err)
{
    assert(suite != NULL && directory != NULL);
    struct text out = {0}, title = {0};
    struct html page = {.out = &out, .directory = directory};
    write_summary(&title, suite);
    text_format(&title, ": %s", suite->name);
    html_begin(&page, &title, "drills");
    put_overview(&page, suite);
    put_table(&page, suite);
    html_section(&page, "showed", "What each showed");
    for (uint32_t i = 0; i < suite->count; i++)
        put_showed(&page, suite->drills[i]);
    put_covers(&page, suite);
    put_method(&page);
    html_end(&page, suite->program);
    const bool ok = files_write(directory, "index.html", &out, err);
    text_release(&out);
    return ok;
}
