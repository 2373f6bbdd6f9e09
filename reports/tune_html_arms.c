/* Presets and the user's own weights beside the suggestion: what each would have changed on the
 * holdout. */
#include <math.h>

#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

static const enum tune_metric shown[] = {TUNE_GOAL,
                                         (enum tune_metric)OUTCOME_PRICE,
                                         (enum tune_metric)OUTCOME_COMMISSION,
                                         (enum tune_metric)OUTCOME_SAVINGS,
                                         (enum tune_metric)OUTCOME_ETA,
                                         (enum tune_metric)OUTCOME_AVAILABILITY,
                                         TUNE_TOP_SHARE};
enum { SHOWN = sizeof shown / sizeof *shown };

/* The difference, its interval below. */
static void put_difference(struct html *page, enum tune_metric metric,
                           const struct tune_value *value)
{
    struct text difference = {0}, interval = {0};
    tune_show_difference(&difference, metric, value);
    tune_show_interval(&interval, metric, value);
    text_put(page->out, "<td class=\"n\">");
    html_put(page, &difference);
    if (isfinite(value->difference.value)) {
        text_put(page->out, "<span class=\"need\">");
        html_put(page, &interval);
        text_put(page->out, "</span>");
    } else {
        page->out->failed |= interval.failed;
        text_release(&interval);
    }
    text_put(page->out, "</td>");
}

void tune_html_arms(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    struct html_column columns[SHOWN + 1] = {{"Weights", false}};
    struct text caption = {0};
    for (unsigned m = 0; m < SHOWN; m++)
        columns[m + 1] = (struct html_column){tune_metric_traits[shown[m]].label, true};
    text_put(&caption, "Every arm on the holdout: differences to the baseline an order, 95% "
                       "intervals below; n = ");
    text_grouped(&caption, tuning->orders[TUNE_HOLDOUT]);
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, SHOWN + 1);
    page->out->failed |= caption.failed;
    text_release(&caption);
    for (uint32_t a = 1; a < tuning->arm_count; a++) {
        html_row_begin(page, tuning->arms[a].name);
        for (unsigned m = 0; m < SHOWN; m++)
            put_difference(page, shown[m], &tuning->arms[a].values[TUNE_HOLDOUT][shown[m]]);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- whether an arm is sure to keep the guardrails ---- */

static bool is_alike(const struct score_weights *a, const struct score_weights *b)
{
    static const double rounding = 1e-9;
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        if (fabs(score_weight_of(a, (enum replay_part)k) -
                 score_weight_of(b, (enum replay_part)k)) > rounding)
            return false;
    return true;
}

const struct search_candidate *tune_html_candidate(const struct tuning *tuning, uint32_t arm)
{
    const struct search *search = &tuning->search;
    if (tuning->arms[arm].candidate >= 0) return &search->candidates[tuning->arms[arm].candidate];
    const struct score_weights weights = search_normalise(&tuning->arms[arm].weights);
    for (uint32_t i = 0; i < search->count; i++)
        if (is_alike(&search->candidates[i].weights, &weights)) return &search->candidates[i];
    return NULL;
}
