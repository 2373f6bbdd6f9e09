/* On orders it was not tuned on: what changes, whether guardrails hold, how much of the gain is
 * left. */
#include <math.h>

#include "reports/compare_text.h"
#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

static const char *change_html(enum tune_change change)
{
    switch (change) {
    case CHANGE_BETTER:
        return "<span class=\"good-word\">\u2713 better</span>";
    case CHANGE_WORSE:
        return "<span class=\"bad-word\">\u2717 worse</span>";
    case CHANGE_SAME:
        return "same";
    case CHANGE_UNDECIDED:
        return "<span class=\"open-word\">undecided</span>";
    case CHANGE_NEITHER:
        return "changed";
    }
    return "";
}

/* What the difference rests on. */
static const char *evidence_words(enum tune_metric metric, const struct tune_value *value)
{
    if (tune_metric_traits[metric].evidence == EVIDENCE_MODEL) return "model";
    return value->difference.method == STATS_EXACT ? "exact" : "interval";
}

static void put_row(struct html *page, const struct tune_arm *arm, enum tune_metric metric)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric];
    struct text difference = {0}, interval = {0}, p = {0};
    if (!isfinite(value->value)) return;
    html_row_begin(page, tune_metric_traits[metric].label);
    text_format(page->out, "<td>%s</td>", change_html(value->change));
    tune_html_value(page, metric, value->baseline);
    tune_html_value(page, metric, value->value);
    tune_show_difference(&difference, metric, value);
    tune_show_interval(&interval, metric, value);
    compare_show_p(&p, value->p_adjusted);
    html_cell_number(page, &difference);
    html_cell_number(page, &interval);
    html_cell_number(page, &p);
    struct text n = {0};
    text_grouped(&n, (int64_t)value->difference.n);
    text_format(&n, " / %u", (unsigned)value->difference.blocks);
    html_cell_number(page, &n);
    html_cell(page, evidence_words(metric, value));
    html_row_end(page);
}

static void put_rows(struct html *page)
{
    static const struct html_column columns[] = {
        {"Metric, an order", false}, {"Change", false},      {"Baseline", true},
        {"Suggested", true},         {"Difference", true},   {"95% interval", true},
        {"p (Holm)", true},          {"n / clusters", true}, {"By", false},
    };
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(page->tuning, true, metrics);
    const struct tune_arm *arm = &page->tuning->arms[page->tuning->chosen];
    html_table_begin(page,
                     "Suggested against baseline, holdout, orders paired; values are exact but "
                     "for a model's",
                     columns, sizeof columns / sizeof *columns);
    put_row(page, arm, TUNE_GOAL);
    for (uint32_t i = 0; i < count; i++)
        put_row(page, arm, metrics[i]);
    html_table_end(page);
}

static void put_guardrail(struct html *page, const struct tune_guardrail *guardrail)
{
    static const char *const states[] = {
        [GUARD_KEPT] = "<span class=\"good-word\">\u2713 kept</span>",
        [GUARD_BREACHED] = "<span class=\"bad-word\">\u2717 breached</span>",
        [GUARD_UNDECIDED] = "<span class=\"open-word\">? undecided</span>"};
    html_row_begin(page, guardrail->text);
    text_format(page->out, "<td>%s</td>", states[guardrail->state]);
    tune_html_value(page, guardrail->metric, guardrail->limit);
    tune_html_value(page, guardrail->metric, guardrail->measured);
    struct text bound = {0};
    if (isnan(guardrail->bound)) {
        text_put(&bound, "exact");
    } else {
        text_put(&bound, guardrail->at_most ? "at most " : "at least ");
        tune_show_value(&bound, guardrail->metric, guardrail->bound);
    }
    html_cell_number(page, &bound);
    html_cell_count(page, page->tuning->orders[TUNE_HOLDOUT]);
    html_row_end(page);
}

static void put_guardrails(struct html *page)
{
    static const struct html_column columns[] = {{"Guardrail", false},      {"State", false},
                                                 {"Limit", true},           {"Measured", true},
                                                 {"End of interval", true}, {"n", true}};
    const struct tuning *tuning = page->tuning;
    html_section(page, "guardrails", "Guardrails");
    if (tuning->guardrail_count == 0) {
        text_put(page->out, "<p>None was asked for.</p>\n");
        return;
    }
    text_put(page->out, "<p>Kept means that the whole 95% interval of the paired difference is on "
                        "the good side of the limit; breached, that all of it is beyond; else the "
                        "orders held out do not tell.</p>\n");
    html_table_begin(page, "On the holdout; relative limits are against the baseline there",
                     columns, 6);
    for (uint32_t i = 0; i < tuning->guardrail_count; i++)
        put_guardrail(page, &tuning->guardrails[i]);
    html_table_end(page);
}

/* ---- training against holdout ---- */

static void put_gain_row(struct html *page, uint32_t index, bool guarded)
{
    const struct tune_arm *arm = &page->tuning->arms[index];
    html_row_begin(page, arm->name);
    for (unsigned part = TUNE_TRAIN; part <= TUNE_HOLDOUT; part++) {
        const struct stats_estimate *d = &arm->values[part][TUNE_GOAL].difference;
        struct text interval = {0};
        tune_html_goal(page, d->value);
        if (d->method == STATS_EXACT) {
            text_put(&interval, "exact");
        } else {
            tune_show_goal(&interval, d->low);
            text_put(&interval, " to ");
            tune_show_goal(&interval, d->high);
        }
        html_cell_number(page, &interval);
    }
    html_cell_share(page, (double)arm->changed[TUNE_HOLDOUT] /
                              (double)page->tuning->orders[TUNE_HOLDOUT]);
    if (guarded)
        html_cell(page, tune_html_candidate(page->tuning, index)->feasible
                            ? "sure to keep them"
                            : "not sure to keep them");
    html_row_end(page);
}

static void put_thirds(struct html *page)
{
    static const struct html_column columns[] = {{"Third of the training orders", false},
                                                 {"Priority", true},
                                                 {"Price", true},
                                                 {"Speed", true},
                                                 {"Commission", true},
                                                 {"Availability", true},
                                                 {"Reliability", true},
                                                 {"Its own goal", true},
                                                 {"Suggested there", true},
                                                 {"As good there", false}};
    static const char *const names[3] = {"first", "second", "third"};
    if (page->tuning->third_count == 0) return;
    html_table_begin(page, "The search repeated on each third: weights it would choose", columns,
                     sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < page->tuning->third_count; i++) {
        const struct tune_third *third = &page->tuning->thirds[i];
        html_row_begin(page, names[i]);
        tune_html_weights(page, &third->chosen);
        tune_html_goal(page, third->goal_of_own);
        tune_html_goal(page, third->goal_of_chosen);
        html_cell(page, third->same ? "yes" : third->kept ? "no" : "not sure to keep a guardrail");
        html_row_end(page);
    }
    html_table_end(page);
    text_put(page->out, "<p class=\"muted\">Goals of a third are scaled by its own range, so they "
                        "compare within a row alone. A third's own choice is the centre of its set "
                        "and keeps its guardrails; the suggestion need not, and so may be ahead of "
                        "it.</p>\n");
}

/* What other weights make of the history itself, beside what was met. */
static void put_evolved(struct html *page)
{
    static const struct html_column columns[] = {{"Metric, an order", false},
                                                 {"Frozen history", true},
                                                 {"Own history", true},
                                                 {"95% interval", true},
                                                 {"n / clusters", true}};
    const struct tuning *tuning = page->tuning;
    if (tuning->chosen == UINT32_MAX || !tuning->arms[tuning->chosen].evolved) return;
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, false, metrics);
    html_table_begin(page,
                     "Differences on the holdout: with the history each order met, and with the "
                     "scenario run again under either weights, each making its own history",
                     columns, 5);
    for (uint32_t i = 0; i < count; i++) {
        const struct tune_value *value = &arm->evolved_values[metrics[i]];
        struct text cells[4] = {0};
        if (!isfinite(value->value)) continue;
        html_row_begin(page, tune_metric_traits[metrics[i]].label);
        tune_show_difference(&cells[0], metrics[i], &arm->values[TUNE_HOLDOUT][metrics[i]]);
        tune_show_difference(&cells[1], metrics[i], value);
        tune_show_interval(&cells[2], metrics[i], value);
        text_grouped(&cells[3], (int64_t)value->difference.n);
        text_format(&cells[3], " / %u", (unsigned)value->difference.blocks);
        for (unsigned c = 0; c < 4; c++)
            html_cell_number(page, &cells[c]);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_gain(struct html *page)
{
    static const struct html_column columns[] = {{"Weights", false},
                                                 {"Goal, training", true},
                                                 {"95% interval", true},
                                                 {"Goal, holdout", true},
                                                 {"95% interval", true},
                                                 {"Decided otherwise", true},
                                                 {"Guardrails, training", false}};
    const struct tuning *tuning = page->tuning;
    struct text caption = {0};
    html_section(page, "gain",
                 tuning->chosen != UINT32_MAX ? "Is the gain real?" : "Training and holdout");
    tune_html_said(page, tune_find_gain);
    text_put(&caption, "Goal against the baseline; n = ");
    text_grouped(&caption, tuning->orders[TUNE_TRAIN]);
    text_put(&caption, " to tune on, ");
    text_grouped(&caption, tuning->orders[TUNE_HOLDOUT]);
    text_put(&caption, " held out. Decided otherwise: exact");
    /* Weights of the user's that the search did not meet: of them the guardrails are not known. */
    bool guarded = true;
    for (uint32_t i = 1; i < tuning->arm_count; i++)
        guarded = guarded && tune_html_candidate(tuning, i) != NULL;
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, guarded ? 7 : 6);
    text_release(&caption);
    for (uint32_t a = 1; a < tuning->arm_count; a++)
        put_gain_row(page, a, guarded);
    html_table_end(page);
    put_thirds(page);
    put_evolved(page);
}

bool tune_html_holdout(struct html *page, struct err *err)
{
    html_section(page, "holdout", "On the holdout");
    const bool chosen = page->tuning->chosen != UINT32_MAX;
    if (chosen &&
        !tune_html_figure(page, &tune_figure_forest, tune_find_forest,
                          "Dots are differences of means an order in percent of the baseline, "
                          "lines their 95% intervals over clusters of neighbouring orders. Green: "
                          "better, red: worse, grey: neither is shown. Hollow: a choice model's.",
                          put_rows, err))
        return false;
    tune_html_arms(page);
    if (chosen) put_guardrails(page);
    put_gain(page);
    return true;
}
