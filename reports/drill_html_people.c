/* What alerts and operators did: the audit of each instance, each step and what came of it. */
#include <string.h>

#include "reports/drill_html.h"
#include "reports/show.h"

/* ---- alerts ---- */

static void put_alert_heading(struct html *page, const struct drill_alert *alert)
{
    const struct drill *drill = page->drill;
    struct text words = {0};
    text_put(page->out, "<tr><th scope=\"row\">");
    drill_show_alert(&words, drill, alert->rule, alert->scope);
    html_put(page, &words);
    if (alert->rule < drill->rule_count) {
        text_put(page->out, "<span class=\"need\">");
        drill_show_rule(&words, &drill->rules[alert->rule]);
        html_put(page, &words);
        text_format(page->out, "; %s</span>",
                    alert_severity_names[drill->rules[alert->rule].severity]);
    }
    text_put(page->out, "</th>");
}

static void put_audit(struct html *page, const struct drill_alert *alert)
{
    const enum drill_audit audit = drill_audit_of(alert);
    text_put(page->out, "<td>");
    drill_html_word(page, drill_audit_tone(audit), drill_audit_labels[audit]);
    if (alert->false_episodes > 0)
        text_format(page->out, "<span class=\"need\">%u of %u %s false</span>",
                    alert->false_episodes, alert->episodes,
                    alert->episodes == 1 ? "episode" : "episodes");
    text_put(page->out, "</td>");
}

static void put_alert(struct html *page, const struct drill_alert *alert)
{
    const struct drill *drill = page->drill;
    struct text words = {0};
    put_alert_heading(page, alert);
    text_format(page->out, "<td>%s", drill_should_word(alert));
    if (alert->expected_by_file) text_put(page->out, "<span class=\"need\">says the file</span>");
    text_put(page->out, "</td>");
    drill_html_instant(page, alert->pending_us);
    drill_html_instant(page, alert->fired_us);
    drill_html_instant(page, alert->told_us);
    drill_html_instant(page, alert->resolved_us);
    put_audit(page, alert);
    if (drill->repeats > 1) {
        text_format(&words, "%u of %u", alert->repeats_fired, drill->repeats);
        html_cell_number(page, &words);
    }
    html_row_end(page);
}

static void put_alert_table(struct html *page, const char *caption, bool quiet)
{
    static const struct html_column columns[] = {{"Alert, and when it fires", false},
                                                 {"Should it fire?", false},
                                                 {"Pending", true},
                                                 {"Fired", true},
                                                 {"Told", true},
                                                 {"Cleared", true},
                                                 {"Verdict", false},
                                                 {"Repeats it fired in", true}};
    const struct drill *drill = page->drill;
    html_table_begin(page, caption, columns, drill->repeats > 1 ? 8 : 7);
    for (uint32_t i = 0; i < drill->alert_count; i++)
        if ((drill_audit_of(&drill->alerts[i]) == AUDIT_QUIET) == quiet)
            put_alert(page, &drill->alerts[i]);
    html_table_end(page);
}

void drill_html_alerts(struct html *page)
{
    const struct drill *drill = page->drill;
    uint32_t counts[AUDIT_COUNT] = {0};
    html_section(page, "alerts", "Audit of the alerts");
    if (drill->alert_count == 0) {
        text_put(page->out, "<p>There are no alert rules, so nobody could be told.</p>\n");
        return;
    }
    for (uint32_t i = 0; i < drill->alert_count; i++)
        counts[drill_audit_of(&drill->alerts[i])]++;
    text_put(page->out, "<p>Of ");
    text_format(page->out, "%u %s, ", drill->alert_count,
                drill->alert_count == 1 ? "instance" : "instances");
    const char *before = "";
    for (unsigned a = 0; a < AUDIT_COUNT; a++) {
        if (counts[a] == 0) continue;
        text_format(page->out, "%s%u %s", before, counts[a], drill_audit_labels[a]);
        before = "; ";
    }
    text_put(page->out, ". An alert should fire where the file says so, and each page about a "
                        "provider that was hit.</p>\n");
    if (counts[AUDIT_QUIET] < drill->alert_count)
        put_alert_table(page,
                        drill->repeats > 1 ? "Alerts that fired or should have; instants of the "
                                             "first repeat, of the first episode that the fault "
                                             "brought"
                                           : "Alerts that fired or should have; instants of the "
                                             "first episode that the fault brought",
                        false);
    if (counts[AUDIT_QUIET] == 0) return;
    text_format(page->out, "<details><summary>%u that did not fire, nor should they</summary>\n",
                counts[AUDIT_QUIET]);
    put_alert_table(page, "Alerts that stayed quiet, as they should", true);
    text_put(page->out, "</details>\n");
}

/* ---- steps ---- */

static bool has_words(const char *words)
{
    return words != NULL && words[0] != '\0';
}

static void put_step(struct html *page, const struct drill_step *step)
{
    const struct drill *drill = page->drill;
    struct text words = {0};
    text_put(page->out, "<tr><th scope=\"row\">");
    html_text(page, step->id);
    text_put(page->out, "<span class=\"need\">");
    html_text(page, drill_step_who(step));
    text_put(page->out, "</span></th><td>");
    drill_show_step(&words, step);
    html_put(page, &words);
    if (has_words(step->runbook)) {
        text_put(page->out, "<span class=\"need\">");
        html_text(page, step->runbook);
        text_put(page->out, "</span>");
    }
    text_put(page->out, "</td>");
    drill_html_instant(page, step->began_us);
    drill_html_instant(page, step->ended_us);
    text_put(page->out, "<td>");
    drill_html_word(page, drill_outcome_tone(step->outcome), step_outcome_names[step->outcome]);
    if (has_words(step->why)) {
        text_put(page->out, "<span class=\"need\">");
        html_text(page, step->why);
        text_put(page->out, "</span>");
    }
    text_put(page->out, "</td>");
    text_put(page->out, "<td><span class=\"need\">");
    html_text(page, has_words(step->cause) ? step->cause : "\u2013");
    text_put(page->out, "</span></td>");
    if (drill->repeats > 1) {
        drill_show_outcomes(&words, drill, step);
        drill_html_cell(page, &words);
    }
    html_row_end(page);
}

void drill_html_steps(struct html *page)
{
    static const struct html_column columns[] = {
        {"Step", false},          {"What, by the runbook", false},
        {"Began", true},          {"Done", true},
        {"Effect", false},        {"Because of", false},
        {"In all repeats", false}};
    const struct drill *drill = page->drill;
    struct text words = {0};
    html_section(page, "steps", "Operators\u2019 steps");
    if (drill->step_count == 0) {
        text_put(page->out, "<p>Nobody did anything: the file has no operators.</p>\n");
        return;
    }
    html_table_begin(page,
                     drill->repeats > 1 ? "Each step in the first repeat, what came of it and why"
                                        : "Each step, what came of it and why",
                     columns, drill->repeats > 1 ? 7 : 6);
    for (uint32_t i = 0; i < drill->step_count; i++)
        put_step(page, &drill->steps[i]);
    html_table_end(page);
    if (drill->test_orders > 0) {
        text_grouped(&words, (int64_t)drill->test_orders);
        text_put(&words, drill->test_orders == 1
                             ? " test order was sent by operators; it is in no other figure."
                             : " test orders were sent by operators; they are in no other figure.");
        drill_html_said(page, &words);
    }
}
