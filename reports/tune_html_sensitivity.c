/* What the goal hangs on, and how firmly decisions stand. */
#include <math.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

static void put_index(struct html *page, double value, double low, double high)
{
    struct text interval = {0};
    tune_html_fixed(page, value, 3);
    if (isfinite(low) && isfinite(high)) {
        const double ends[2] = {low, high};
        for (unsigned e = 0; e < 2; e++) {
            if (e == 1) text_put(&interval, " to ");
            if (ends[e] < -0.0005) text_put(&interval, "\u2212");
            text_fixed(&interval, fabs(ends[e]), 3);
        }
    } else {
        text_put(&interval, "n/a");
    }
    html_cell_number(page, &interval);
}

static void put_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Weight", false},        {"Goal at 80%", true},     {"Goal at 120%", true},
        {"Changed at 80%", true}, {"Changed at 120%", true}, {"First-order", true},
        {"95% interval", true},   {"Total", true},           {"95% interval", true}};
    html_table_begin(page,
                     "Goal and decisions: exact, all orders. Sobol indices: each weight "
                     "anywhere from 0 to 1, independent of the others",
                     columns, 9);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct tune_sensitivity *of = &page->tuning->sensitivity[k];
        html_row_begin(page, replay_part_names[k]);
        tune_html_goal(page, of->goal_down);
        tune_html_goal(page, of->goal_up);
        html_cell_share(page, of->changed_down);
        html_cell_share(page, of->changed_up);
        put_index(page, of->first, of->first_low, of->first_high);
        put_index(page, of->total, of->total_low, of->total_high);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_effects(struct html *page)
{
    static const struct html_column columns[] = {
        {"Weight", false},        {"Decisions it can change", true}, {"Orders", true},
        {"Spread, points", true}, {"Distinct scores", true},         {"So", false}};
    const struct geometry *geometry = &page->tuning->geometry;
    struct text caption = {0};
    text_put(&caption, "What any value from 0 to 1 of a weight can change, five weights "
                       "summing to 1, exact, n = ");
    text_grouped(&caption, geometry->orders);
    text_put(&caption, "; spread: root mean square of the score within orders");
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 6);
    text_release(&caption);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct geometry_weight *weight = &geometry->weights[k];
        html_row_begin(page, replay_part_names[k]);
        html_cell_share(page, weight->movable);
        html_cell_count(page, (double)weight->movable_orders);
        tune_html_fixed(page, weight->spread, 1);
        html_cell_count(page, weight->levels);
        html_cell(page, tune_effect_words(page->tuning, (enum replay_part)k));
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_sentences(struct html *page)
{
    const struct geometry *geometry = &page->tuning->geometry;
    struct text words = {0};
    text_put(&words, "Priority is a fixed score of each provider, up to 20 points apart: without "
                     "its weight the router would decide ");
    show_share(&words, geometry->without_priority);
    text_put(&words, " of orders otherwise (the table counts values of the weight that have some "
                     "width; an order that is tied at exactly 0 adds to this figure alone). ");
    show_share(&words, geometry->exact_ties);
    text_put(&words, " of decisions are exact ties, which the order of the providers decides; the "
                     "best two lie within one point in ");
    show_share(&words, geometry->near_ties);
    text_put(&words, ". Taking away a quote that did not win would change the winner of ");
    show_share(&words, geometry->reversals);
    text_put(&words, " of orders, because price and speed are scored against the quotes present "
                     "(rank reversal).");
    if (isfinite(geometry->condition)) {
        text_put(&words, " The scores' condition number is ");
        text_fixed(&words, geometry->condition, 1);
        text_put(&words, geometry->condition > 30 ? ": some weights can hardly be told apart."
                                                  : ": no two weights stand for the same thing.");
    } else {
        text_put(&words, " Some scores are combinations of others, so their weights cannot be told "
                         "apart.");
    }
    text_char(&words, ' ');
    tune_write_rates(&words, page->tuning);
    text_put(&words, " All exact");
    tune_show_value_n(&words, geometry->orders);
    text_char(&words, '.');
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

static void put_radius(struct html *page)
{
    static const struct html_column columns[] = {{"Every weight moves by at most", false},
                                                 {"Orders that may change", true}};
    const struct geometry *geometry = &page->tuning->geometry;
    if (!isfinite(geometry->radius_median)) return;
    struct text words = {0};
    text_put(&words,
             "Half of all orders keep their winner as long as no weight moves by more than ");
    text_fixed(&words, geometry->radius_median, 4);
    text_put(&words, "; the least firm one changes at ");
    text_fixed(&words, geometry->radius_least, 4);
    text_put(&words, " (exact");
    tune_show_value_n(&words, geometry->orders);
    text_put(&words, ").");
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
    html_table_begin(
        page,
        "How far weights may move (largest change of any one, five weights summing to 1, exact)",
        columns, 2);
    for (unsigned i = 0; i < 8; i++) {
        text_fixed(&words, geometry->radius[i], 3);
        html_row_begin(page, words.bytes != NULL ? words.bytes : "");
        text_clear(&words);
        html_cell_share(page, geometry->within[i]);
        html_row_end(page);
    }
    html_table_end(page);
    text_release(&words);
}

static void put_regret(struct html *page)
{
    static const struct html_column columns[] = {{"Outcome", false},
                                                 {"Mean distance from hindsight", true}};
    static const enum replay_outcome shown[] = {OUTCOME_PRICE, OUTCOME_ETA, OUTCOME_COMMISSION,
                                                OUTCOME_AVAILABILITY};
    const struct geometry *geometry = &page->tuning->geometry;
    struct text caption = {0};
    text_put(&caption,
             "How far the baseline is from the best quote of each order, one outcome at a "
             "time, exact, n = ");
    text_grouped(&caption, geometry->orders);
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 2);
    text_release(&caption);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        html_row_begin(page, tune_metric_traits[shown[i]].label);
        tune_html_value(page, (enum tune_metric)shown[i],
                        geometry->regret[shown[i]] * replay_outcome_traits[shown[i]].scale);
        html_row_end(page);
    }
    html_table_end(page);
}

bool tune_html_sensitivity(struct html *page, struct err *err)
{
    html_section(page, "sensitivity", "What the goal hangs on");
    if (!tune_html_figure(
            page, &tune_figure_sensitivity, tune_find_sensitivity,
            "Left: how the goal over all orders changes when one weight is multiplied "
            "and the others stay as suggested (without a suggestion, the "
            "baseline's). Right: the part of the goal's variance over all weights "
            "that one weight explains, alone and with its interactions.",
            put_table, err))
        return false;
    tune_html_robust(page);
    html_section(page, "firmness", "How firm decisions are");
    put_effects(page);
    put_sentences(page);
    put_radius(page);
    put_regret(page);
    return true;
}
