/* What weights do to decisions: along each alone, who gets the orders, which orders change and why.
 */
#include <math.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

/* ---- curves ---- */

static void put_distance(struct html *page, double at, double now)
{
    struct text plain = {0};
    if (isfinite(at)) {
        text_fixed(&plain, at, 4);
        if (fabs(at - now) < TUNE_TIE) text_put(&plain, " (a tie)");
    } else {
        text_put(&plain, "none");
    }
    html_cell_number(page, &plain);
}

static void put_curves_table(struct html *page)
{
    static const struct html_column columns[] = {{"Weight", false},
                                                 {"Now", true},
                                                 {"Orders it can change", true},
                                                 {"Share of orders", true},
                                                 {"Nearest change below", true},
                                                 {"Nearest change above", true},
                                                 {"n", true}};
    const struct tuning *tuning = page->tuning;
    html_table_begin(page,
                     "Along each weight, from 0 to 1 or, where that is more, to twice today's (a "
                     "priority of 1 runs to 2), the others held at the baseline's (exact)",
                     columns, 7);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct sweep_curve *curve = &tuning->sweeps[k];
        const double now = score_weight_of(&tuning->arms[0].weights, (enum replay_part)k);
        html_row_begin(page, replay_part_names[k]);
        struct text weight = {0};
        tune_show_weight(&weight, now);
        html_cell_number(page, &weight);
        html_cell_count(page, curve->ever_flip);
        html_cell_share(page,
                        curve->orders > 0 ? (double)curve->ever_flip / curve->orders : (double)NAN);
        put_distance(page, curve->nearest_below, now);
        put_distance(page, curve->nearest_above, now);
        html_cell_count(page, curve->orders);
        html_row_end(page);
    }
    html_table_end(page);
    text_put(page->out, "<p class=\"muted\">The curves, with price, ETA, commission and "
                        "availability: <code>sweeps.csv</code>.</p>\n");
}

/* ---- selection ---- */

static void put_shares_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Provider", false}, {"Baseline, orders", true}, {"Suggested, orders", true},
        {"Baseline", true},  {"Suggested", true},        {"Difference", true}};
    const struct tuning *tuning = page->tuning;
    const struct tune_arm *was = &tuning->arms[0], *is = &tuning->arms[tuning->chosen];
    html_table_begin(page, "Selections over all orders (exact)", columns, 6);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const double change = is->shares[TUNE_ALL][p] - was->shares[TUNE_ALL][p];
        struct text points = {0};
        html_row_provider(page, p);
        html_cell_count(page, (double)was->wins[TUNE_ALL][p]);
        html_cell_count(page, (double)is->wins[TUNE_ALL][p]);
        html_cell_share(page, was->shares[TUNE_ALL][p]);
        html_cell_share(page, is->shares[TUNE_ALL][p]);
        text_put(&points, change < 0 ? "\u2212" : change > 0 ? "+" : "");
        text_fixed(&points, 100 * fabs(change), 2);
        text_put(&points, " pp");
        html_cell_number(page, &points);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_moves(struct html *page)
{
    struct html_column columns[PROVIDER_COUNT + 2] = {{"From (baseline)", false}};
    const struct geometry_moves *moves = &page->tuning->moves;
    for (unsigned to = 0; to < PROVIDER_COUNT; to++) {
        columns[to + 1] = (struct html_column){provider_traits[to].short_name, true};
    }
    columns[PROVIDER_COUNT + 1] = (struct html_column){"Loses in all", true};
    html_table_begin(page, "Who loses orders to whom: to (suggested)", columns, PROVIDER_COUNT + 2);
    for (unsigned from = 0; from < PROVIDER_COUNT; from++) {
        uint64_t lost = 0;
        html_row_provider(page, from);
        for (unsigned to = 0; to < PROVIDER_COUNT; to++) {
            if (to == from) {
                html_cell(page, "");
                continue;
            }
            html_cell_count(page, (double)moves->from_to[from][to]);
            lost += moves->from_to[from][to];
        }
        html_cell_count(page, (double)lost);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- flips ---- */

static unsigned cause_of(const struct geometry_flip *flip)
{
    unsigned most = 0;
    for (unsigned k = 1; k < REPLAY_PARTS; k++)
        if (flip->by_part[k] > flip->by_part[most]) most = k;
    return most;
}

static void put_quote(struct html *page, const struct replay_order *order,
                      const struct replay_fates *fates, uint8_t quote)
{
    struct text parts = {0}, words = {0};
    text_format(&words, "%s, ", provider_traits[order->quotes[quote].provider].short_name);
    tune_show_value(&words, (enum tune_metric)OUTCOME_PRICE, fates->of[quote][OUTCOME_PRICE]);
    text_format(&words, ", %d min", (int)fates->of[quote][OUTCOME_ETA]);
    text_put(page->out, "<td>");
    html_put(page, &words);
    text_put(page->out, "</td>");
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        text_format(&parts, "%s%s %d", k > 0 ? ", " : "", replay_part_names[k],
                    order->quotes[quote].parts[k]);
    text_put(page->out, "<td>");
    html_put(page, &parts);
    text_put(page->out, "</td>");
}

static void put_flip(struct html *page, const struct geometry_flip *flip)
{
    const struct tuning *tuning = page->tuning;
    const struct replay_order *order = &tuning->all.orders[flip->order];
    const struct replay_fates *fates = &tuning->all.fates[flip->order];
    const struct quote_record *record = &tuning->set.orders[order->source];
    struct text words = {0};
    text_format(&words, "%llu", (unsigned long long)record->as.order.index);
    html_row_begin(page, words.bytes != NULL ? words.bytes : "");
    text_release(&words);
    put_quote(page, order, fates, flip->a);
    put_quote(page, order, fates, flip->b);
    const unsigned cause = cause_of(flip);
    text_format(&words, "%s +", replay_part_names[cause]);
    text_fixed(&words, flip->by_part[cause], 1);
    html_cell_number(page, &words);
    html_row_end(page);
}

static void put_causes(struct html *page)
{
    static const struct html_column columns[] = {
        {"What tipped it most", false}, {"Orders", true}, {"Share", true}};
    const struct geometry_moves *moves = &page->tuning->moves;
    html_table_begin(page, "Orders that change provider, by cause (exact)", columns, 3);
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        html_row_begin(page, replay_part_names[k]);
        html_cell_count(page, (double)moves->by_cause[k]);
        html_cell_share(page, (double)moves->by_cause[k] / (double)moves->flips);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_flips(struct html *page)
{
    static const struct html_column columns[] = {{"Order", false},  {"From", false},
                                                 {"Scores", false}, {"To", false},
                                                 {"Scores", false}, {"Tipped by", true}};
    const struct tuning *tuning = page->tuning;
    html_section(page, "flips", "Orders that change");
    tune_html_said(page, tune_find_flips);
    if (tuning->moves.flips == 0) return;
    put_causes(page);
    text_put(page->out, "<p>Tipped by: the weight whose change adds most to the "
                        "difference of the two quotes\u2019 scores, and how many points.</p>\n");
    html_table_begin(page, "Some of them, spread over causes and time", columns, 6);
    for (uint32_t i = 0; i < tuning->flip_count; i++)
        put_flip(page, &tuning->flips[i]);
    html_table_end(page);
    text_put(page->out, "<p class=\"muted\">With margins and every part: "
                        "<code>flips.csv</code>.</p>\n");
}

bool tune_html_decisions(struct html *page, struct err *err)
{
    html_section(page, "curves", "Each weight alone");
    if (!tune_html_figure(page, &tune_figure_sweeps, tune_find_sweeps,
                          "Share of orders by provider while one weight moves and the others stay "
                          "at the baseline's: every change of winner is counted, none "
                          "interpolated. Above each panel: how far the weight has to go until the "
                          "first order changes.",
                          put_curves_table, err))
        return false;
    if (page->tuning->chosen == UINT32_MAX) return true;
    html_section(page, "selection", "Who gets the orders");
    if (!tune_html_figure(page, &tune_figure_shares, tune_find_shares,
                          "All orders, training and holdout.", put_shares_table, err))
        return false;
    put_moves(page);
    put_flips(page);
    return true;
}
