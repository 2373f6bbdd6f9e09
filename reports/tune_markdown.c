/* report.md of a tuning: for pull requests. A fixed number of rows, names cut: far below 64 KiB. */
#include <math.h>
#include <string.h>

#include "reports/compare_text.h"
#include "reports/exports.h"
#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_report.h"
#include "reports/tune_text.h"

static void put_cell(struct text *text, struct text *plain)
{
    text_char(text, ' ');
    markdown_plain(text, plain);
    text_put(text, " |");
}

static void put_weights(struct text *text, const char *name, const struct score_weights *weights)
{
    text_put(text, "| ");
    markdown_words(text, name);
    text_put(text, " |");
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        struct text cell = {0};
        tune_show_weight(&cell, score_weight_of(weights, (enum replay_part)k));
        put_cell(text, &cell);
    }
    text_char(text, '\n');
}

static void put_weight_table(struct text *text, const struct tuning *tuning)
{
    text_put(text, "| Weights | Priority | Price | Speed | Commission | Availability | Reliability "
                   "|\n|:--|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t a = 0; a < tuning->arm_count; a++)
        put_weights(text, tuning->arms[a].name, &tuning->arms[a].weights);
    if (tuning->search.set_count > 0) {
        put_weights(text, "as good: lowest", &tuning->search.set_low);
        put_weights(text, "as good: highest", &tuning->search.set_high);
    }
    text_char(text, '\n');
}

static void put_metric(struct text *text, const struct tune_arm *arm, enum tune_metric metric)
{
    const struct tune_value *value = &arm->values[TUNE_HOLDOUT][metric];
    struct text cells[6] = {0};
    if (!isfinite(value->value)) return;
    tune_show_value(&cells[0], metric, value->baseline);
    tune_show_value(&cells[1], metric, value->value);
    tune_show_difference(&cells[2], metric, value);
    tune_show_interval(&cells[3], metric, value);
    compare_show_p(&cells[4], value->p_adjusted);
    text_grouped(&cells[5], (int64_t)value->difference.n);
    text_format(text, "| %s%s | %s |", tune_metric_traits[metric].label,
                tune_metric_traits[metric].evidence == EVIDENCE_MODEL ? " (model)" : "",
                tune_change_names[value->change]);
    for (unsigned c = 0; c < 6; c++)
        put_cell(text, &cells[c]);
    text_char(text, '\n');
}

static void put_metrics(struct text *text, const struct tuning *tuning)
{
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, true, metrics);
    text_put(text, "| On the holdout, an order | Change | Baseline | Suggested | Difference | 95% "
                   "interval | p (Holm) | n |\n|:--|:--|--:|--:|--:|--:|--:|--:|\n");
    for (uint32_t i = 0; i < count; i++)
        put_metric(text, &tuning->arms[tuning->chosen], metrics[i]);
    text_char(text, '\n');
}

/* The same differences when every arm makes its own history. */
static void put_evolved(struct text *text, const struct tuning *tuning)
{
    const struct tune_arm *arm = &tuning->arms[tuning->chosen];
    enum tune_metric metrics[TUNE_METRICS];
    const uint32_t count = tune_order_metrics(tuning, false, metrics);
    if (!arm->evolved) return;
    text_put(text, "| Difference on the holdout, an order | Frozen history | Own history | 95% "
                   "interval | n |\n|:--|--:|--:|--:|--:|\n");
    for (uint32_t i = 0; i < count; i++) {
        const struct tune_value *value = &arm->evolved_values[metrics[i]];
        struct text cells[4] = {0};
        if (!isfinite(value->value)) continue;
        tune_show_difference(&cells[0], metrics[i], &arm->values[TUNE_HOLDOUT][metrics[i]]);
        tune_show_difference(&cells[1], metrics[i], value);
        tune_show_interval(&cells[2], metrics[i], value);
        text_grouped(&cells[3], (int64_t)value->difference.n);
        text_format(text, "| %s |", tune_metric_traits[metrics[i]].label);
        for (unsigned c = 0; c < 4; c++)
            put_cell(text, &cells[c]);
        text_char(text, '\n');
    }
    text_put(text, "\nOwn history: the scenario was run again under the baseline's and under the "
                   "suggested weights, each feeding its own later scores.\n\n");
}

static void put_guardrails(struct text *text, const struct tuning *tuning)
{
    static const char *const states[] = {[GUARD_KEPT] = "\u2713 kept",
                                         [GUARD_BREACHED] = "**\u2717 breached**",
                                         [GUARD_UNDECIDED] = "? undecided"};
    if (tuning->guardrail_count == 0) return;
    text_put(text, "| Guardrail | State | Limit | Measured | End of interval |\n"
                   "|:--|:--|--:|--:|--:|\n");
    for (uint32_t i = 0; i < tuning->guardrail_count; i++) {
        const struct tune_guardrail *guardrail = &tuning->guardrails[i];
        struct text cells[3] = {0};
        text_put(text, "| ");
        markdown_words(text, guardrail->text);
        text_format(text, " | %s |", states[guardrail->state]);
        tune_show_value(&cells[0], guardrail->metric, guardrail->limit);
        tune_show_value(&cells[1], guardrail->metric, guardrail->measured);
        if (isnan(guardrail->bound)) {
            text_put(&cells[2], "exact");
        } else {
            tune_show_value(&cells[2], guardrail->metric, guardrail->bound);
        }
        for (unsigned c = 0; c < 3; c++)
            put_cell(text, &cells[c]);
        text_char(text, '\n');
    }
    text_char(text, '\n');
}

static void put_sentence(struct text *text, const struct tuning *tuning,
                         void (*find)(struct text *, const struct tuning *))
{
    struct text plain = {0};
    find(&plain, tuning);
    markdown_plain(text, &plain);
}

static void put_basis(struct text *text, const struct tuning *tuning)
{
    const struct decision_coverage *coverage = &tuning->coverage;
    struct text plain = {0};
    if (coverage->usable + coverage->without_quotes < coverage->requests) {
        text_put(&plain, "Only ");
        text_grouped(&plain, (int64_t)coverage->usable);
        text_put(&plain, " of ");
        text_grouped(&plain, (int64_t)coverage->requests);
        text_put(&plain, " requests can be decided again. ");
    }
    text_put(&plain, "Tuned on ");
    text_grouped(&plain, tuning->orders[TUNE_TRAIN]);
    text_put(&plain, " orders, judged on the ");
    text_grouped(&plain, tuning->orders[TUNE_HOLDOUT]);
    text_put(&plain, " after them; goal: ");
    tune_write_goal(&plain, tuning);
    text_put(&plain, ". Every order was decided again exactly, with the history it met.");
    markdown_plain(text, &plain);
    text_put(text, "\n\n");
}

void tune_write_markdown(struct text *text, const struct tuning *tuning)
{
    text_put(text, "## Weights for ");
    markdown_words(text, tuning->name);
    text_put(text, "\n\n");
    put_basis(text, tuning);
    text_format(text, "**%s.** ", tune_verdict_title(tuning));
    put_sentence(text, tuning, tune_write_finding);
    text_put(text, "\n\n");
    for (uint32_t i = 0; i < tuning->note_count; i++)
        text_format(text, "%s\n\n", tuning->notes[i]);
    put_weight_table(text, tuning);
    if (tuning->chosen == UINT32_MAX) return;
    put_metrics(text, tuning);
    put_evolved(text, tuning);
    put_guardrails(text, tuning);
    put_sentence(text, tuning, tune_find_gain);
    text_char(text, ' ');
    put_sentence(text, tuning, tune_find_shares);
    if (!tune_recommends(tuning)) {
        text_put(text, "\n\nNothing is recommended, and nothing was applied.\n");
        return;
    }
    text_put(text, "\n\nNothing was applied. To try it:\n\n");
    struct text secrets = {0};
    tune_write_secrets(&secrets, &tuning->arms[tuning->chosen].weights);
    markdown_command(text, secrets.bytes != NULL ? secrets.bytes : "");
    text_release(&secrets);
}
