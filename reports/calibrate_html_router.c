/* The router in the page of a calibration: what it does under each rule, whose tail it is, what the
 * next millisecond is worth, deciding early. */
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_html.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

static void cell_wait(struct html *page, double ms)
{
    struct text plain = {0};
    calibrate_show_wait(&plain, ms);
    html_cell_number(page, &plain);
}

static void cell_cents(struct html *page, double cents)
{
    struct text plain = {0};
    calibrate_show_cents(&plain, cents);
    html_cell_number(page, &plain);
}

static void cell_cents_interval(struct html *page, const struct stats_estimate *cents)
{
    struct text plain = {0};
    calibrate_show_cents_interval(&plain, cents);
    html_cell_number(page, &plain);
}

static void cell_cost(struct html *page, double cents)
{
    struct text plain = {0};
    if (isfinite(cents)) {
        text_fixed(&plain, cents, 2);
        text_put(&plain, "\u00a2");
    } else {
        text_put(&plain, "n/a");
    }
    html_cell_number(page, &plain);
}

static void cell_count(struct html *page, uint64_t count)
{
    html_cell_count(page, (double)count);
}

static void row_of_rule(struct html *page, enum timeout_rule rule)
{
    struct text name = {0};
    calibrate_show_rule(&name, page->calibration, rule);
    html_row_begin(page, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
}

/* ---- under each rule ---- */

static void put_outcome(struct html *page, const struct waiting_outcome *outcome)
{
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        cell_wait(page, outcome->waits[q].ms);
    cell_count(page, outcome->without_quote);
    cell_count(page, outcome->changed);
    cell_cents(page, outcome->cents.value);
    cell_cents_interval(page, &outcome->cents);
    cell_cost(page, outcome->cost_cents);
    html_row_end(page);
}

static void put_winners(struct html *page, const struct waiting_outcome *outcome)
{
    const double orders = (double)outcome->orders;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        html_cell_share(page, orders > 0 ? (double)outcome->won[p] / orders : (double)NAN);
    html_row_end(page);
}

/* A row for each rule that is known, and one for what is recommended. */
static void put_rows(struct html *page,
                     void (*put)(struct html *page, const struct waiting_outcome *outcome))
{
    const struct calibration *calibration = page->calibration;
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        if (!calibration->arms[r].known) continue;
        row_of_rule(page, (enum timeout_rule)r);
        put(page, &calibration->arms[r].outcome);
    }
    html_row_begin(page, "as recommended");
    put(page, &calibration->recommended.outcome);
}

static void put_arms(struct html *page)
{
    static const struct html_column columns[] = {{"Timeouts", false},
                                                 {"p50", true},
                                                 {"p95", true},
                                                 {"p99", true},
                                                 {"Without quote", true},
                                                 {"Other winner", true},
                                                 {"Regret an order", true},
                                                 {"95% interval", true},
                                                 {"Cost an order", true}};
    static const struct html_column winners[] = {{"Timeouts", false},
                                                 {"MealMe", true},
                                                 {"Instacart", true},
                                                 {"Kroger", true},
                                                 {"Walmart", true}};
    struct text caption = {0};
    text_put(&caption, "Every order decided again, exactly, n = ");
    text_grouped(&caption, (int64_t)page->calibration->recommended.outcome.orders);
    text_put(&caption, ". Other winner and regret (cents that the customer pays more) against the "
                       "decision that waits for every answer; cost by the prices above");
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns,
                     sizeof columns / sizeof *columns);
    text_release(&caption);
    put_rows(page, put_outcome);
    html_table_end(page);
    text_put(page->out, "<p class=\"muted\">Where a rule says nothing of a provider, that "
                        "provider keeps today\u2019s timeout.</p>\n");
    html_table_begin(page, "Who wins, of all orders (exact)", winners,
                     sizeof winners / sizeof *winners);
    put_rows(page, put_winners);
    html_table_end(page);
}

static void put_model_arms(struct html *page)
{
    static const struct html_column columns[] = {
        {"Timeouts", false}, {"p50", true}, {"p95", true}, {"p99", true}};
    const struct calibration *calibration = page->calibration;
    text_put(page->out, "<p>A model: a router that asked all of these at once, if their latencies "
                        "were independent of each other. P(all settled by t) is the product of "
                        "each one\u2019s.</p>\n");
    html_table_begin(page, "How long it would wait", columns, sizeof columns / sizeof *columns);
    for (unsigned r = 0; r <= TIMEOUT_RULES; r++) {
        const struct calibrate_arm *arm =
            r < TIMEOUT_RULES ? &calibration->arms[r] : &calibration->recommended;
        if (!arm->known) continue;
        if (r < TIMEOUT_RULES) {
            row_of_rule(page, (enum timeout_rule)r);
        } else {
            html_row_begin(page, "as recommended");
        }
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            cell_wait(page, arm->model_ms[q]);
        html_row_end(page);
    }
    html_table_end(page);
}

/* ---- whose tail ---- */

static void put_tail_table(struct html *page)
{
    static const struct html_column columns[] = {
        {"Waited for last", false}, {"at p50", true}, {"at p95", true}, {"at p99", true},
        {"p50 without it", true},   {"p95", true},    {"p99", true}};
    const struct waiting_tail *tail = &page->calibration->tail;
    html_table_begin(page,
                     "Orders at or beyond the router\u2019s quantile under today\u2019s "
                     "timeouts, by who was waited for last (exact)",
                     columns, sizeof columns / sizeof *columns);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        html_row_provider(page, p);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            cell_count(page, tail->slowest[q][p]);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            cell_wait(page, tail->without_ms[p][q]);
        html_row_end(page);
    }
    html_row_begin(page, "the router");
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        cell_count(page, tail->beyond[q]);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        cell_wait(page, tail->ms[q]);
    html_row_end(page);
    html_table_end(page);
}

static void put_joints(struct html *page)
{
    static const struct html_column columns[] = {{"Each provider within its own", false},
                                                 {"Order, if independent", true},
                                                 {"Order, counted", true},
                                                 {"Each has to keep, for the order\u2019s", true}};
    calibrate_html_found(page, calibrate_find_joint);
    html_table_begin(page, "What a quantile of each provider is to the order", columns,
                     sizeof columns / sizeof *columns);
    for (unsigned i = 0; i < CALIBRATE_JOINTS; i++) {
        const struct waiting_joint *joint = &page->calibration->joints[i];
        struct text name = {0}, needed = {0};
        text_format(&name, "p%g", joint->p * 100.0);
        html_row_begin(page, name.bytes != NULL ? name.bytes : "");
        text_release(&name);
        html_cell_share(page, joint->independent);
        html_cell_share(page, joint->orders > 0 ? (double)joint->within / (double)joint->orders
                                                : (double)NAN);
        text_format(&needed, "p%.2f", joint->needed * 100.0);
        html_cell_number(page, &needed);
        html_row_end(page);
    }
    html_table_end(page);
}

static bool put_tail(struct html *page, struct err *err)
{
    html_section(page, "tail", "Whose tail it is");
    if (!calibrate_html_figure(page, &calibrate_figure_tail, calibrate_find_tail,
                               "Orders at or beyond the router\u2019s p50, p95 and p99, by who "
                               "was waited for last",
                               put_tail_table, err))
        return false;
    put_joints(page);
    return true;
}

/* ---- early ---- */

static void put_early_row(struct html *page, const struct waiting_early_outcome *early)
{
    const struct waiting_outcome *outcome = &early->outcome;
    struct text name = {0};
    calibrate_show_early(&name, &early->rule);
    html_row_begin(page, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    cell_count(page, early->early);
    cell_wait(page, early->saved_ms);
    cell_wait(page, early->saved_ms_quantiles[1]);
    cell_wait(page, outcome->waits[1].ms);
    cell_wait(page, outcome->waits[2].ms);
    cell_count(page, outcome->changed);
    cell_cents(page, outcome->cents.value);
    cell_cents_interval(page, &outcome->cents);
    html_row_end(page);
}

static bool put_early(struct html *page, struct err *err)
{
    static const struct html_column columns[] = {
        {"Decide", false},      {"Decided early", true},   {"Saved, mean", true},
        {"Saved, p95", true},   {"Router p95", true},      {"p99", true},
        {"Other winner", true}, {"Regret an order", true}, {"95% interval", true}};
    const struct calibration *calibration = page->calibration;
    html_section(page, "early", "Deciding early");
    if (!calibrate_html_figure(page, &calibrate_figure_waiting, calibrate_find_waiting,
                               "If every order were decided at one instant, with what has come by "
                               "then; all instants are in waiting.csv",
                               NULL, err))
        return false;
    calibrate_html_found(page, calibrate_find_early);
    html_table_begin(page,
                     "Under the recommended timeouts, every order decided again (exact); no "
                     "production router does this today",
                     columns, sizeof columns / sizeof *columns);
    for (uint32_t i = 0; i < calibration->early_count; i++)
        put_early_row(page, &calibration->early[i]);
    html_table_end(page);
    return true;
}

bool calibrate_html_router(struct html *page, struct err *err)
{
    html_section(page, "router", "The router under each rule");
    if (!page->calibration->has_orders) {
        put_model_arms(page);
        return true;
    }
    put_arms(page);
    return put_tail(page, err) && put_early(page, err);
}
