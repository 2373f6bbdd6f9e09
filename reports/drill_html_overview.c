/* The top of a drill's page: verdict, facts, contents; then what was expected and steady state. */
#include <inttypes.h>
#include <string.h>

#include "reports/drill_html.h"
#include "reports/show.h"
#include "router/base/duration.h"

/* ---- verdict ---- */

static void put_verdict(struct html *page)
{
    const struct drill *drill = page->drill;
    struct text title = {0}, why = {0}, headline = {0};
    text_put(&title, drill_verdict_title(drill->verdict));
    if (drill->verdict == VERDICT_PASS && drill->story_verdict != VERDICT_PASS)
        text_format(&title, " (the story %s, as expected)",
                    drill_verdict_names[drill->story_verdict]);
    else if (drill->verdict != VERDICT_PASS)
        text_format(&title, ": %s", drill_verdict_help(drill->verdict));
    drill_write_why(&why, drill);
    drill_write_repeats(&headline, drill);
    drill_write_headline(&headline, drill);
    drill_html_banner(page, drill_verdict_tone(drill->verdict),
                      title.bytes != NULL ? title.bytes : "", &why, &headline);
    page->out->failed |= title.failed;
    text_release(&title);
}

/* ---- facts ---- */

static void put_time_facts(struct html *page, struct text *value)
{
    const struct result *result = &page->drill->result;
    const bool real = strcmp(result->clock, "real") == 0;
    char start[INSTANT_TEXT_MAX];
    show_span(value, result->duration_us);
    if (page->drill->repeats > 1) text_format(value, ", %u repeats", page->drill->repeats);
    drill_html_fact(page, real ? "Real time" : "Simulated time", value);
    instant_format(result->start_unix_us + result->timezone_us, start);
    text_format(value, "%.10s %.8s local time", start, start + sizeof "2025-11-24T" - 1);
    drill_html_fact(page, real ? "Instant 0 is" : "Starts at (virtual)", value);
}

static void put_rule_fact(struct html *page, struct text *value)
{
    const struct drill *drill = page->drill;
    if (drill->rule_count == 0) {
        text_put(value, "none");
    } else {
        text_format(value, "%u, looked at every ", drill->rule_count);
        show_span(value, drill->interval_us);
        text_format(value, "; \u201cfor\u201d read as %s", alert_reading_names[drill->reading]);
    }
    drill_html_fact(page, "Alert rules", value);
}

static void put_facts(struct html *page)
{
    const struct drill *drill = page->drill;
    const struct result *result = &drill->result;
    struct text value = {0};
    text_put(page->out, "<dl class=\"facts\">\n");
    html_fact(page, "Drill", drill->file);
    html_fact(page, "Seed", result->seed_text);
    put_time_facts(page, &value);
    text_grouped(&value, (int64_t)result->orders);
    text_put(&value, " orders, ");
    text_grouped(&value, (int64_t)result->calls);
    text_put(&value, " API calls");
    drill_html_fact(page, "Volume", &value);
    html_fact(page, "Router as", result->profile);
    put_rule_fact(page, &value);
    if (drill->operator_count > 0) {
        for (uint32_t i = 0; i < drill->operator_count; i++)
            text_format(&value, "%s%s", i > 0 ? ", " : "", drill->operator_ids[i]);
    } else {
        text_put(&value, "none");
    }
    drill_html_fact(page, "Operators", &value);
    for (uint32_t i = 0; i < drill->tag_count; i++)
        text_format(&value, "%s%s", i > 0 ? ", " : "", drill->tags[i]);
    if (drill->tag_count > 0) drill_html_fact(page, "Tags", &value);
    text_format(&value, "%016" PRIx64, result->event_hash);
    drill_html_fact(page, "Event hash", &value);
    html_fact(page, "Program", result->program);
    text_put(page->out, "</dl>\n<pre class=\"wrap\"><code>");
    html_text(page, result->command);
    text_put(page->out, "</code></pre>\n");
    text_release(&value);
}

static void put_contents(struct html *page)
{
    const struct {
        const char *id, *title;
        bool shown;
    } entries[] = {
        {"expected", "What was expected", true},
        {"steady", "Steady state", true},
        {"course", "What happened", true},
        {"times", "Response times", true},
        {"latency", "Latency", true},
        {"selection", "Who got the orders", true},
        {"budget", "Error budget", true},
        {"alerts", "Audit of the alerts", true},
        {"steps", "Operators\u2019 steps", true},
        {"losses", "Losses", true},
        {"findings", "Findings", true},
        {"providers", "Providers", true},
        {"repeats", "Over the repeats", drill_html_has_repeats(page->drill)},
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

static void put_notice(struct html *page, const char *words)
{
    text_put(page->out, "<p class=\"notice\">");
    html_text(page, words);
    text_put(page->out, "</p>\n");
}

void drill_html_overview(struct html *page)
{
    const struct drill *drill = page->drill;
    text_put(page->out, "<header>\n<p class=\"muted\">Report of a drill \u00b7 ");
    html_text(page, drill->name);
    text_put(page->out, "</p>\n<h1>");
    html_text(page, drill->title[0] != '\0' ? drill->title : drill->name);
    text_put(page->out, "</h1>\n");
    put_verdict(page);
    if (page->drawing->reason[0] != '\0') put_notice(page, page->drawing->reason);
    if (drill->description[0] != '\0') {
        text_put(page->out, "<p>");
        html_text(page, drill->description);
        text_put(page->out, "</p>\n");
    }
    put_facts(page);
    put_contents(page);
}

/* ---- expectations ---- */

void drill_html_expects(struct html *page)
{
    static const struct html_column columns[] = {{"Expected", false},
                                                 {"Limit", false},
                                                 {"Measured", false},
                                                 {"Verdict", false},
                                                 {"Where", false}};
    const struct drill *drill = page->drill;
    html_section(page, "expected", "What was expected");
    if (drill->expect_count == 0) {
        text_put(page->out, "<p>The file expects nothing, so the verdict is steady state\u2019s "
                            "alone. An expectation is one line under <code>expect</code>.</p>\n");
        return;
    }
    text_format(page->out, "<p>%u of %u %s met", drill->expects_met, drill->expect_count,
                drill->expect_count == 1 ? "expectation was" : "expectations were");
    if (drill->expects_unknown > 0)
        text_format(page->out, "; of %u nothing is known", drill->expects_unknown);
    text_put(page->out, ".</p>\n");
    html_table_begin(page, "Every expectation, in the order of the file", columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        const struct drill_expect *expect = &drill->expects[i];
        const bool measured = expect->measured != NULL && expect->measured[0] != '\0';
        struct text name = {0}, limit = {0};
        drill_show_limit(&name, expect->name);
        html_row_begin(page, name.bytes != NULL ? name.bytes : "");
        drill_show_limit(&limit, expect->limit);
        drill_html_cell(page, &limit);
        html_cell(page, measured ? expect->measured : "n/a");
        text_put(page->out, "<td>");
        drill_html_word(page,
                        !expect->known ? TONE_NEUTRAL
                        : expect->met  ? TONE_GOOD
                                       : TONE_BAD,
                        !expect->known ? "not known"
                        : expect->met  ? "met"
                                       : "not met");
        text_put(page->out, "</td>");
        drill_html_place(page, &expect->place);
        html_row_end(page);
        page->out->failed |= name.failed;
        text_release(&name);
    }
    html_table_end(page);
}

/* ---- steady state ---- */

static void put_look(struct html *page, const struct drill_probe *probe, int8_t met,
                     const struct signal_value *value)
{
    struct text words = {0};
    text_put(page->out, "<td class=\"n\">");
    if (met < 0) {
        text_put(page->out, "not looked at</td>");
        return;
    }
    if (value->known)
        show_number(&words, probe->unit, value->value);
    else
        text_put(&words, "no data");
    text_char(&words, ' ');
    html_put(page, &words);
    drill_html_word(page, met == 1 ? TONE_GOOD : TONE_BAD, met == 1 ? "met" : "not met");
    text_put(page->out, "<span class=\"need\">n = ");
    text_grouped(page->out, (int64_t)value->n);
    text_put(page->out, "</span></td>");
}

static const char *const mode_words[PROBE_MODE_COUNT] = {
    [PROBE_START] = "before the fault",       [PROBE_END] = "at the end",
    [PROBE_EDGE] = "before and at the end",   [PROBE_CONTINUOUS] = "throughout",
    [PROBE_ON_CHAOS] = "while a fault is on",
};

static void put_looks(struct html *page, const struct drill_probe *probe)
{
    struct text words = {0};
    if (probe->seen.evaluated == 0) {
        text_put(&words, "never");
    } else {
        text_grouped(&words, probe->seen.met);
        text_put(&words, " of ");
        text_grouped(&words, probe->seen.evaluated);
    }
    if (probe->seen.thin > 0)
        text_format(&words, " (%u times too little to look at)", probe->seen.thin);
    drill_html_cell(page, &words);
}

static void put_probe(struct html *page, const struct drill_probe *probe)
{
    const uint32_t repeats = page->drill->repeats;
    struct text words = {0};
    html_row_begin(page, probe->name);
    text_put(page->out, "<td>");
    html_code(page, probe->metric);
    text_put(page->out, "<span class=\"need\">");
    html_text(page, mode_words[probe->mode]);
    text_put(page->out, "</span></td>");
    drill_show_limit(&words, probe->limit);
    html_cell_number(page, &words);
    put_look(page, probe, probe->seen.at_start, &probe->seen.start);
    put_look(page, probe, probe->seen.at_end, &probe->seen.end);
    put_looks(page, probe);
    if (repeats > 1) {
        text_format(&words, "%u / %u of %u", probe->repeats_met_at_start, probe->repeats_met_at_end,
                    repeats);
        html_cell_number(page, &words);
    }
    html_row_end(page);
}

void drill_html_steady(struct html *page)
{
    static const struct html_column columns[] = {{"Probe", false},
                                                 {"Looks at", false},
                                                 {"Limit", true},
                                                 {"Before the fault", true},
                                                 {"At the end", true},
                                                 {"Met, of looks", false},
                                                 {"Repeats: before / end", true}};
    const struct drill *drill = page->drill;
    struct text words = {0};
    html_section(page, "steady", "Steady state before and after");
    if (drill->probe_count == 0) {
        text_put(page->out, "<p>The file has no hypothesis, so nothing says what steady state "
                            "is.</p>\n");
        return;
    }
    if (drill->hypothesis_title != NULL && drill->hypothesis_title[0] != '\0')
        text_format(&words, "Hypothesis: %s. ", drill->hypothesis_title);
    text_put(&words, "All is well again when the probes hold for ");
    show_span(&words, drill->holds_for_us);
    text_put(&words, "; mitigated when ");
    show_share(&words, drill->good);
    text_put(&words, " of the orders are good for as long.");
    drill_html_said(page, &words);
    html_table_begin(page,
                     drill->repeats > 1 ? "What the probes measured in the first repeat, and in "
                                          "how many of all they were met"
                                        : "What the probes measured",
                     columns, drill->repeats > 1 ? 7 : 6);
    for (uint32_t i = 0; i < drill->probe_count; i++)
        put_probe(page, &drill->probes[i]);
    html_table_end(page);
}
