/* What a drill cost, and what is to be learnt: losses against the control, findings, the providers,
 * the repeats, method. */
#include <math.h>
#include <string.h>

#include "reports/drill_figures.h"
#include "reports/drill_html.h"
#include "reports/show.h"

/* ---- losses ---- */

void drill_html_losses(struct html *page)
{
    static const struct html_column one[] = {
        {"Measure", false}, {"Value", true}, {"What counts", false}};
    static const struct html_column several[] = {
        {"Measure", false}, {"First repeat", true}, DRILL_SPREAD_TITLES};
    static const enum drill_measure measures[] = {DRILL_ORDERS_LOST,
                                                  DRILL_ORDERS_GAINED,
                                                  DRILL_BAD_ORDERS,
                                                  DRILL_FAILED_ORDERS,
                                                  DRILL_COMMISSION_LOST,
                                                  DRILL_REVENUE_LOST,
                                                  DRILL_PRICE_DELTA,
                                                  DRILL_BLAST_RADIUS,
                                                  DRILL_AUTHENTIC_RATIO,
                                                  DRILL_TIME_IN_MOCK,
                                                  DRILL_FAKE_PRICE_ORDERS,
                                                  DRILL_TIME_DIFFERING,
                                                  DRILL_DEBT_TIME,
                                                  DRILL_DEBT_ORDERS,
                                                  DRILL_PAGES,
                                                  DRILL_FALSE_PAGES,
                                                  DRILL_NOOPS};
    const struct drill *drill = page->drill;
    const bool many = drill->repeats > 1;
    html_section(page, "losses", "Losses");
    text_put(page->out,
             drill->has_control
                 ? "<p>Compared with the control: the same seed without faults and operators. An "
                   "order meets the same luck in both, so what differs is the fault\u2019s doing "
                   "and the operators\u2019.</p>\n"
                 : "<p>There is no control, as a provider was real or played back: what compares "
                   "with a run without the fault is n/a.</p>\n");
    html_table_begin(page, "What it cost, and what became of it", many ? several : one,
                     many ? 2 + DRILL_SPREAD_COLUMNS : 3);
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        html_row_begin(page, drill_measure_traits[measures[i]].label);
        drill_html_value(page, measures[i], &drill->values[measures[i]]);
        if (many)
            drill_html_spread(page, measures[i]);
        else
            html_cell(page, drill_measure_traits[measures[i]].help);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- findings ---- */

static void count_finding(void *context, enum verdict_tone tone, const char *sentence)
{
    uint32_t *count = context;
    (void)tone;
    (void)sentence;
    (*count)++;
}

void drill_html_findings(struct html *page)
{
    uint32_t count = 0;
    html_section(page, "findings", "Findings for the post-mortem");
    drill_each_finding(page->drill, count_finding, &count);
    if (count == 0) {
        text_put(page->out, "<p>Nothing that calls for a change was found.</p>\n");
        return;
    }
    text_put(page->out, "<ul class=\"found\">\n");
    drill_each_finding(page->drill, drill_html_finding, page);
    text_put(page->out, "</ul>\n");
}

/* ---- providers ---- */

static const enum metric provider_metrics[] = {
    METRIC_ASKED,           METRIC_SUCCESS_RATE, METRIC_TIMEOUTS, METRIC_PROVIDER_P50_MS,
    METRIC_PROVIDER_P95_MS, METRIC_CANNED,       METRIC_WINS,     METRIC_SELECTION_PCT};
enum { PROVIDER_METRICS = sizeof provider_metrics / sizeof *provider_metrics };

static bool took_part(const struct result *result, unsigned provider)
{
    const struct metric_value *asked = value_of(result, 0, provider, METRIC_ASKED);
    const struct metric_value *canned = value_of(result, 0, provider, METRIC_CANNED);
    return result->enabled[provider] || (asked->state == VALUE_KNOWN && asked->value > 0) ||
           (canned->state == VALUE_KNOWN && canned->value > 0);
}

static void write_phase(struct text *text, const struct result *result,
                        const struct result_phase *phase)
{
    static const char after[] = "after:";
    if (phase == result->phases)
        text_put(text, "the whole drill");
    else if (strcmp(phase->name, "quiet") == 0)
        text_put(text, "no fault on");
    else if (strncmp(phase->name, after, sizeof after - 1) == 0)
        text_format(text, "after %s", phase->name + sizeof after - 1);
    else
        text_format(text, "during %s", phase->name);
}

static void put_provider_row(struct html *page, struct text *when,
                             const struct metric_value values[METRIC_COUNT])
{
    html_row_begin(page, when->bytes != NULL ? when->bytes : "");
    for (size_t m = 0; m < PROVIDER_METRICS; m++)
        html_cell_value(page, metric_traits[provider_metrics[m]].unit,
                        &values[provider_metrics[m]]);
    html_row_end(page);
    page->out->failed |= when->failed;
    text_release(when);
}

static void put_provider(struct html *page, unsigned provider)
{
    static const struct html_column columns[] = {
        {"When", false}, {"Asked", true},  {"In time", true}, {"Timeouts", true}, {"p50", true},
        {"p95", true},   {"Canned", true}, {"Won", true},     {"Share won", true}};
    const struct result *result = page->result;
    struct text without = {0};
    html_table_begin(page, provider_traits[provider].short_name, columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t i = 1; i < result->phase_count; i++) {
        struct text when = {0};
        write_phase(&when, result, &result->phases[i]);
        put_provider_row(page, &when, result->phases[i].values[provider]);
    }
    struct text whole = {0};
    write_phase(&whole, result, result->phases);
    put_provider_row(page, &whole, result->phases[0].values[provider]);
    if (page->drill->has_control) {
        text_put(&without, "the whole control");
        put_provider_row(page, &without, page->drill->control[provider]);
    }
    html_table_end(page);
}

void drill_html_providers(struct html *page)
{
    html_section(page, "providers", "Providers before, during and after");
    if (page->result->phase_count == 0) {
        text_put(page->out, "<p>Nothing was measured of the providers.</p>\n");
        return;
    }
    text_put(page->out, "<p>\u201cNo fault on\u201d is all the time before, between and after the "
                        "faults, with what operators changed still in force. In time: of calls "
                        "that were settled, canned answers apart.");
    if (page->drill->repeats > 1)
        text_put(page->out, page->drill->has_control
                                ? " All repeats together; the control is that of the first."
                                : " All repeats together.");
    text_put(page->out, "</p>\n");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (took_part(page->result, p)) put_provider(page, p);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (!took_part(page->result, p))
            text_format(page->out, "<p class=\"muted\">%s was disabled and took no part.</p>\n",
                        provider_traits[p].short_name);
}

/* ---- repeats ---- */

bool drill_html_has_repeats(const struct drill *drill)
{
    return drill->repeats >= DRILL_SPREAD_LEAST;
}

static void put_verdicts(struct html *page)
{
    static const struct html_column columns[] = {
        {"Verdict", false}, {"Repeats", true}, {"Meaning", false}};
    const struct drill *drill = page->drill;
    html_table_begin(page, "What each repeat came to, without expectations over all of them",
                     columns, 3);
    for (unsigned v = 0; v < VERDICT_COUNT; v++) {
        if (drill->repeats_by_verdict[v] == 0) continue;
        html_row_begin(page, drill_verdict_title((enum drill_verdict)v));
        html_cell_count(page, (double)drill->repeats_by_verdict[v]);
        html_cell(page, drill_verdict_help((enum drill_verdict)v));
        html_row_end(page);
    }
    html_table_end(page);
    if (drill->left_out > 0)
        text_format(page->out,
                    "<p>%u %s left out of all distributions: steady state was not there before "
                    "the fault.</p>\n",
                    drill->left_out, drill->left_out == 1 ? "repeat was" : "repeats were");
}

static void put_number(struct html *page, enum drill_measure measure, double value)
{
    struct text words = {0};
    drill_show_number(&words, drill_measure_traits[measure].unit, value);
    html_cell_number(page, &words);
}

static void put_spread(struct html *page, enum drill_measure measure)
{
    const struct drill_distribution *spread = &page->drill->measures[measure];
    struct text interval = {0};
    html_row_begin(page, drill_measure_traits[measure].label);
    drill_html_value(page, measure, &spread->least);
    drill_html_value(page, measure, &spread->p50);
    drill_html_value(page, measure, &spread->p90);
    drill_html_value(page, measure, &spread->most);
    put_number(page, measure, spread->has_mean ? spread->mean : (double)NAN);
    if (spread->has_mean && isfinite(spread->mean_low) && isfinite(spread->mean_high)) {
        drill_show_number(&interval, drill_measure_traits[measure].unit, spread->mean_low);
        text_put(&interval, " to ");
        drill_show_number(&interval, drill_measure_traits[measure].unit, spread->mean_high);
    } else {
        text_put(&interval, "n/a");
    }
    html_cell_number(page, &interval);
    html_cell_count(page, (double)spread->n);
    html_cell_count(page, (double)spread->never);
    html_row_end(page);
}

static void table_of_spreads(struct html *page)
{
    static const struct html_column columns[] = {{"Measure", false},
                                                 {"Least", true},
                                                 {"Median", true},
                                                 {"P90", true},
                                                 {"Most", true},
                                                 {"Mean", true},
                                                 {"95% interval of the mean", true},
                                                 {"n", true},
                                                 {"Never", true}};
    html_table_begin(page, "Every measure over the repeats; a mean only where nothing is never",
                     columns, sizeof columns / sizeof *columns);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        if (page->drill->measures[m].n > 0) put_spread(page, (enum drill_measure)m);
    html_table_end(page);
}

/* By the longest that can be promised of most: P90, else the median. */
static void write_spread(struct text *text, const struct drill *drill)
{
    static const struct {
        enum drill_measure measure;
        const char *done;
    } rows[] = {{DRILL_TTD, "detected"}, {DRILL_TTM, "mitigated"}, {DRILL_TTR, "recovered"}};
    const char *before = "Of the repeats from the first bad order on, ";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct drill_distribution *spread = &drill->measures[rows[i].measure];
        const bool most = spread->p90.state == DRILL_KNOWN;
        if (spread->n == 0) continue;
        text_put(text, before);
        before = "; ";
        if (spread->p50.state != DRILL_KNOWN) {
            text_format(text, "%u of %u never %s", spread->never, spread->n, rows[i].done);
            continue;
        }
        text_format(text, "%s %s within ", most ? "nine in ten" : "half", rows[i].done);
        drill_show_value(text, rows[i].measure, most ? &spread->p90 : &spread->p50);
    }
    text_put(text, before[0] == ';' ? "." : "There is nothing to compare.");
}

bool drill_html_repeats(struct html *page, struct err *err)
{
    struct text heading = {0};
    if (!drill_html_has_repeats(page->drill)) return true;
    html_section(page, "repeats", "Over the repeats");
    put_verdicts(page);
    write_spread(&heading, page->drill);
    return drill_html_figure(page, &drill_figure_spread, &heading,
                             "Every repeat has another seed, derived of the drill\u2019s",
                             table_of_spreads, err);
}

/* ---- method ---- */

void drill_html_method(struct html *page)
{
    static const char *const items[] = {
        "The control is the same seed without faults and operators. The first bad order is the "
        "first that is bad in the drill and good in the control; an order that is bad in both is "
        "not the fault\u2019s doing.",
        "Detected: the first page that fires after the fault began and does not in the control. "
        "Mitigated: users are well though the fault is on. Recovered: the fault is over, settings "
        "route as at the start, and all probes hold.",
        "\u201cNever\u201d means: not before the run\u2019s end, and is longer than anything in "
        "medians and quantiles. \u201cn/a\u201d: there was nothing to measure it by.",
        "Alerts behave as Prometheus\u2019 rules do: looked at on ticks, pending for a while, then "
        "firing. They see completed orders and calls only, as the router\u2019s own metrics do.",
        "The runbook says \u201cfor 10 minutes\u201d and names no window. Read as A, a rule looks "
        "at "
        "that span and fires at once; as B at its own window, and waits for that span; as C at one "
        "minute, and waits for it.",
        "Operators are a model: how long they take is drawn from the laws that the file gives, and "
        "they do what their steps say. Real people look around, talk and err in other ways; these "
        "times say what the runbook allows for, not what a person achieves.",
        "One isolate of the router is simulated, which a redeploy replaces at once and whose "
        "memory it empties. Where many run, settings go live one after the other.",
        "Intervals of medians are exact for any distribution (order statistics); those of means "
        "are Student\u2019s t. Of one repeat there is no interval: it is one story of many.",
        "Commission and order value are of quoted prices, not of what was charged.",
    };
    html_section(page, "method", "Method and limits");
    const bool real = strcmp(page->result->clock, "real") == 0;
    text_put(page->out, "<ul class=\"method\">");
    text_put(page->out, real ? "<li>This was played in real time, over connections; orders, faults "
                               "and operators are made up all the same.</li>\n"
                             : "<li>Everything is simulated: orders, providers, faults, alerts and "
                               "operators.</li>\n");
    text_put(page->out, "<li>Ground truth is known: when the fault began is not guessed.</li>\n");
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        text_format(page->out, "<li>%s</li>\n", items[i]);
    for (uint32_t i = 0; i < page->result->note_count; i++)
        html_item(page, page->result->notes[i]);
    text_put(page->out, "</ul>\n");
}
