/* What customers might do, by a model; how the numbers were made and what they cannot tell. */
#include <math.h>

#include "reports/show.h"
#include "reports/tune_figures.h"
#include "reports/tune_html.h"
#include "reports/tune_text.h"

enum { TRIAL_DAYS_MOST = 1000 };

/* ---- customers ---- */

static void put_cents(struct html *page, double cents)
{
    struct text plain = {0};
    if (isfinite(cents)) {
        text_put(&plain, cents < 0 ? "\u2212" : cents > 0 ? "+" : "");
        text_fixed(&plain, fabs(cents), 2);
        text_put(&plain, "\u00a2");
    } else {
        text_put(&plain, "n/a");
    }
    html_cell_number(page, &plain);
}

static void put_break_even(struct html *page)
{
    static const struct html_column columns[] = {
        {"Taste", false}, {"Low", true},       {"Middle", true},  {"High", true},
        {"At low", true}, {"At middle", true}, {"At high", true}, {"Turns at", true}};
    const struct tuning *tuning = page->tuning;
    if (tuning->break_even_count == 0) return;
    html_table_begin(page,
                     "Model: difference of expected commission, suggested against baseline, cents "
                     "an order, all orders, over the range of each taste",
                     columns, 8);
    for (uint32_t i = 0; i < tuning->break_even_count; i++) {
        const struct tune_break_even *of = &tuning->break_even[i];
        html_row_begin(page, of->parameter);
        tune_html_fixed(page, of->low, 4);
        tune_html_fixed(page, of->mid, 4);
        tune_html_fixed(page, of->high, 4);
        put_cents(page, of->at_low);
        put_cents(page, of->at_mid);
        put_cents(page, of->at_high);
        if (isfinite(of->flips_at)) {
            tune_html_fixed(page, of->flips_at, 4);
        } else {
            struct text nowhere = {0};
            text_put(&nowhere, "nowhere in it");
            html_cell_number(page, &nowhere);
        }
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_customers_words(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    struct text words = {0};
    text_put(&words, tuning->model_fitted
                         ? "A choice model was fitted to purchases. What follows is the model's, "
                           "not a count."
                         : "Nothing is known of purchases here, so a choice model is assumed, with "
                           "a range for each taste. What follows is that model's, not a count: it "
                           "shows where the suggestion would turn, not what customers do.");
    if (isfinite(tuning->surplus_per_commission)) {
        text_put(&words, " By the model, each cent of commission won ");
        text_put(&words, tuning->surplus_per_commission >= 0 ? "costs" : "brings");
        text_put(&words, " customers ");
        text_fixed(&words, fabs(tuning->surplus_per_commission), 2);
        text_put(&words, "\u00a2 of surplus.");
    }
    text_put(page->out, "<p><strong>Model.</strong> ");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

/* The coefficients of a fitted model, with what they rest on. */
static void put_tastes(struct html *page)
{
    static const struct html_column columns[] = {
        {"Coefficient", false}, {"Value", true}, {"Standard error", true}};
    const struct tuning *tuning = page->tuning;
    struct text caption = {0};
    if (!tuning->model_fitted) return;
    text_put(&caption, "Model: coefficients of buying, robust standard errors; n = ");
    text_grouped(&caption, tuning->purchases_known);
    text_put(&caption, " orders used; purchases told: ");
    text_grouped(&caption, tuning->purchases);
    html_table_begin(page, caption.bytes != NULL ? caption.bytes : "", columns, 3);
    page->out->failed |= caption.failed;
    text_release(&caption);
    for (unsigned t = 0; t < TUNE_TASTES; t++) {
        if (tuning->tastes[t].name == NULL) continue;
        html_row_begin(page, tuning->tastes[t].name);
        tune_html_fixed(page, tuning->tastes[t].value, 5);
        tune_html_fixed(page, tuning->tastes[t].error, 5);
        html_row_end(page);
    }
    html_table_end(page);
}

static void put_range(struct html *page, enum tune_metric metric, double low, double high)
{
    const struct tune_value value = {
        .difference = {
            .value = (low + high) / 2, .low = low, .high = high, .method = STATS_BOOTSTRAP}};
    struct text interval = {0};
    tune_show_interval(&interval, metric, &value);
    html_cell_number(page, &interval);
}

static void put_uncertain(struct html *page, enum tune_metric metric,
                          const struct tune_uncertainty *of)
{
    const struct tune_value value = {
        .difference = {
            .value = of->value, .low = of->low, .high = of->high, .method = STATS_BOOTSTRAP}};
    struct text difference = {0};
    if (!isfinite(of->value)) return;
    html_row_begin(page, tune_metric_traits[metric].label);
    tune_show_difference(&difference, metric, &value);
    html_cell_number(page, &difference);
    put_range(page, metric, of->model_low, of->model_high);
    put_range(page, metric, of->orders_low, of->orders_high);
    put_range(page, metric, of->low, of->high);
    html_row_end(page);
}

static void put_uncertainty(struct html *page)
{
    static const struct html_column columns[] = {{"Difference, an order", false},
                                                 {"By the model", true},
                                                 {"95%: coefficients", true},
                                                 {"95%: orders", true},
                                                 {"95%: both", true}};
    const struct tuning *tuning = page->tuning;
    if (!tuning->model_fitted || tuning->chosen == UINT32_MAX) return;
    if (!isfinite(tuning->buys.value) && !isfinite(tuning->earns.value)) return;
    html_table_begin(page,
                     "Model: suggested against baseline over all orders, and what leaves it open; "
                     "only both together are the whole uncertainty",
                     columns, 5);
    put_uncertain(page, (enum tune_metric)OUTCOME_BUYS, &tuning->buys);
    put_uncertain(page, (enum tune_metric)OUTCOME_EARNS, &tuning->earns);
    html_table_end(page);
}

/* The survey: counted, no model. */
static void put_survey(struct text *text, const struct tuning *tuning)
{
    if (tuning->rated == 0 || !isfinite(tuning->csat)) return;
    text_put(text, "Survey, all orders, under the recorded weights: ");
    text_grouped(text, (int64_t)tuning->satisfied);
    text_put(text, " of ");
    text_grouped(text, (int64_t)tuning->rated);
    text_put(text, " ratings are satisfied, ");
    show_share(text, tuning->csat);
    text_put(text, " (95% interval ");
    show_share(text, tuning->csat_low);
    text_put(text, " to ");
    show_share(text, tuning->csat_high);
    text_put(text, "); ");
    show_share(text, tuning->silent);
    text_put(text, " of buyers gave none.");
}

static void put_trial(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    struct text words = {0};
    if (tuning->chosen == UINT32_MAX || !isfinite(tuning->orders_per_day)) return;
    text_put(&words, "A live A/B would meet ");
    text_grouped(&words, llround(tuning->orders_per_day));
    text_put(&words, " orders a day, of which ");
    show_share(&words, tuning->triggered);
    text_put(&words, " go to different providers in the two arms (exact).");
    if (isfinite(tuning->mde_conversion)) {
        text_put(&words, " In 14 days it would see a difference of conversion of ");
        text_fixed(&words, 100 * tuning->mde_conversion, 2);
        text_put(&words, " pp or more (80% power, two-sided 5%).");
    }
    if (tuning->days_for_conversion > TRIAL_DAYS_MOST) {
        text_put(&words, " The model\u2019s own difference is too small for any trial.");
    } else if (isfinite(tuning->days_for_conversion)) {
        text_put(&words, " The model\u2019s own difference would take ");
        text_grouped(&words, llround(ceil(tuning->days_for_conversion)));
        text_put(&words, " days.");
    }
    text_put(page->out, "<p>");
    html_put(page, &words);
    text_put(page->out, "</p>\n");
}

bool tune_html_has_customers(const struct tuning *tuning)
{
    return tuning->chosen != UINT32_MAX || tuning->model_fitted || tuning->break_even_count > 0 ||
           tuning->rated > 0;
}

void tune_html_customers(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    html_section(page, "customers", "Customers");
    if (!tuning->model_fitted && tuning->break_even_count == 0) {
        text_put(page->out, "<p>What customers would do was not modelled, or there is no "
                            "suggestion to model it for.</p>\n");
        put_trial(page);
        return;
    }
    put_customers_words(page);
    put_tastes(page);
    put_uncertainty(page);
    tune_html_said(page, put_survey);
    put_break_even(page);
    put_trial(page);
}

/* ---- method ---- */

static void put_numbers(struct html *page)
{
    const struct tuning *tuning = page->tuning;
    struct text words = {0};
    text_put(&words, "Intervals are 95%, two-sided, Student\u2019s t over ");
    text_grouped(&words, tuning->clusters[TUNE_HOLDOUT]);
    text_put(&words, tuning->clustered[TUNE_HOLDOUT] == CLUSTERS_BY_DAY
                         ? " clusters on the holdout, one a UTC day: "
                         : " clusters on the holdout, equal blocks of neighbouring orders: ");
    text_put(&words,
             "orders of a bad minute are not independent. They speak of other orders of the "
             "same kind, not of these, for which differences are exact. Shares have the "
             "jackknife over the same clusters; bootstraps draw ");
    text_grouped(&words, tuning->resamples);
    text_put(&words, " times.");
    html_item(page, words.bytes != NULL ? words.bytes : "");
    page->out->failed |= words.failed;
    text_release(&words);
}

/* Which history quotes were scored with. */
static const char *history_words(const struct tuning *tuning)
{
    bool evolved = false;
    for (uint32_t a = 0; a < tuning->arm_count; a++)
        evolved |= tuning->arms[a].evolved;
    if (evolved)
        return "History both ways: the search and every figure score each quote with the "
               "reliability and margin that its order met; what the run makes of it when the "
               "scenario is run again under each arm\u2019s weights, each making its own history, "
               "stands beside it, over the holdout, under \u201cIs the gain real?\u201d.";
    if (tuning->source == TUNE_SCENARIO)
        return "History is frozen: each quote keeps the reliability and margin that its order met. "
               "Other weights would in time have made another history: of a scenario, --history "
               "evolve shows how far that goes.";
    return "History is frozen: each quote keeps the reliability and margin that its order met. "
           "Other weights would in time have made another history, of which a record tells "
           "nothing.";
}

static void put_definitions(struct html *page)
{
    html_item(page, "Savings vs next cheapest: the cheapest other quote of the order less the one "
                    "chosen. An order that changes from the second cheapest to the cheapest so "
                    "counts their difference twice, from minus to plus.");
    html_item(page, "Paid above the cheapest: the chosen quote less the cheapest of the order; 0 "
                    "when the cheapest was chosen.");
    html_item(page, "HHI: the sum of the squared shares of selections; 1 when one provider gets "
                    "all orders.");
    html_item(page, "Satisfaction index (model): the chance that the chosen quote is bought, in "
                    "percent of that of the order\u2019s best quote.");
    html_item(page, "Surplus (model): what the chance to buy is worth to the customer, in cents "
                    "an order.");
    html_item(page, "A quote that lacks items is priced as quoted; what is missing is seen in the "
                    "availability, not in the price.");
}

static void put_method(struct html *page)
{
    html_section(page, "method", "Method and limits");
    text_put(page->out, "<ul class=\"method\">\n");
    html_item(page,
              "Exact means counted: every order is decided again, from all the quotes it had, "
              "in the router's own arithmetic. Nothing about these orders is estimated.");
    html_item(page, history_words(page->tuning));
    html_item(page, "Orders are cut in time. Weights are chosen on the first part; what is said of "
                    "the choice is measured once, on the rest. If the world changed between the "
                    "two, the difference shows both that and the luck of the search.");
    put_numbers(page);
    html_item(page, "p-values are adjusted by Holm\u2019s method over the metrics of an arm. A "
                    "change counts as better or worse when it is significant and beyond the noise "
                    "zone: 1% of the baseline; for shares, of their rarer side, and 0.2 pp at "
                    "least.");
    html_item(page,
              "The goal is a weighted sum of objectives, each divided by its range over all "
              "weights tried and taken against the baseline: 0 is the baseline, 100% would be "
              "the whole range of every objective.");
    html_item(page, "Weights as good as the best are those whose paired difference to it has a "
                    "simultaneous (max-T) 95% interval that contains 0. The one suggested is their "
                    "centre: the one whose decisions agree most with the others\u2019.");
    html_item(page,
              "The price is the total quoted, not what was charged; the ETA is as quoted, and "
              "one that is absent counts 60 minutes, as the router counts it. Quotes that "
              "never came cannot be replayed.");
    put_definitions(page);
    html_item(page, "What a choice model says is marked as a model\u2019s: purchases, expected "
                    "commission, surplus, satisfaction.");
    for (uint32_t i = 0; i < page->tuning->note_count; i++)
        html_item(page, page->tuning->notes[i]);
    text_put(page->out, "</ul>\n");
}

void tune_html_method(struct html *page)
{
    put_method(page);
    html_files(page, "Files of this tuning; this page, report.md and summary.json apart",
               "The other files stand beside this one; their hashes were not taken.");
}
