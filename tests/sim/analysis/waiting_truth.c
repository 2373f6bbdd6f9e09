#include "tests/sim/analysis/waiting_truth.h"

#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>

#include "router/base/memory.h"
#include "tests/support.h"

static struct decision_view seen_by(const struct truth_set *truth, const struct decision_view *view)
{
    struct decision_view both = *view;
    both.without |= truth->without;
    return both;
}

static uint32_t select_of(const struct decision_set *set, uint32_t order,
                          const struct decision_inputs *inputs)
{
    const struct score_weights weights = decision_weights(set, order);
    const enum preference preference = (enum preference)set->orders[order].as.order.preference;
    if (inputs->count == 0) return 255;
    return inputs->slots[decision_select(inputs, &weights, preference, NULL)];
}

struct truth_choice truth_choose(const struct truth_set *truth, uint32_t order,
                                 const struct decision_view *view)
{
    const struct decision_view both = seen_by(truth, view);
    struct decision_inputs inputs;
    decision_inputs_of(truth->set, order, &both, &inputs);
    return (struct truth_choice){.wait_us = decision_wait(truth->set, order, &both),
                                 .quotes = inputs.count,
                                 .winner = select_of(truth->set, order, &inputs)};
}

uint8_t truth_pending(const struct truth_set *truth, uint32_t order,
                      const struct decision_view *view, int64_t at_us)
{
    const struct decision_view both = seen_by(truth, view);
    const struct quote_record *record = &truth->set->orders[order];
    unsigned pending = 0;
    for (unsigned s = 0; s < record->as.order.quote_count; s++)
        if (decision_slot_wait(truth->set, order, s, &both) > at_us) pending |= 1u << s;
    return (uint8_t)pending;
}

/* Who is still awaited is left out. */
static struct decision_view without_pending(const struct truth_set *truth, uint32_t order,
                                            const struct decision_view *view, int64_t at_us)
{
    struct decision_view both = seen_by(truth, view);
    const uint8_t pending = truth_pending(truth, order, view, at_us);
    for (unsigned s = 0; s < PROVIDER_COUNT; s++)
        if ((pending >> s & 1u) != 0)
            both.without |= (uint8_t)(1u << truth->set->orders[order].as.order.quotes[s].provider);
    return both;
}

struct truth_choice truth_choose_at(const struct truth_set *truth, uint32_t order,
                                    const struct decision_view *view, int64_t at_us)
{
    const struct decision_view arrived = without_pending(truth, order, view, at_us);
    struct truth_choice choice = truth_choose(truth, order, &arrived);
    choice.wait_us = at_us;
    return choice;
}

/* ---- early ---- */

/* The order as it would be if `bidders` came as imagined, and nobody else that is awaited. */
static bool bidder_wins(const struct truth_set *truth, uint32_t order,
                        const struct decision_inputs *arrived, unsigned bidders, int64_t total,
                        int32_t eta, bool dearest)
{
    struct quote_record record = truth->set->orders[order];
    struct decision_set one = {.orders = &record, .config_of = (uint8_t[]){0}, .count = 1};
    struct decision_inputs inputs;
    one.configs[0] = truth->set->configs[truth->set->config_of[order]];
    one.configs[0].as.config.missing_items = MISSING_ITEMS_FREE;
    for (unsigned s = 0; s < record.as.order.quote_count; s++) {
        struct quote_record_quote *quote = &record.as.order.quotes[s];
        quote->outcome = QUOTE_NETWORK_ERROR;
        quote->flags &= (uint8_t)~QUOTE_FLAG_FELL_BACK;
        if ((bidders >> s & 1u) == 0) continue;
        quote->outcome = QUOTE_OK;
        quote->total_cents = total;
        quote->eta_minutes = eta;
        quote->found = record.as.order.items;
        quote->substituted = 0;
    }
    for (uint32_t i = 0; i < arrived->count; i++) {
        struct quote_record_quote *quote = &record.as.order.quotes[arrived->slots[i]];
        *quote = *arrived->quotes[i];
        quote->outcome = QUOTE_OK;
        quote->total_cents = dearest ? INT64_C(1) << 39 : arrived->inputs[i].total_cents;
    }
    decision_inputs_of(&one, 0, NULL, &inputs);
    return (bidders >> select_of(&one, 0, &inputs) & 1u) != 0;
}

static bool somebody_could_win(const struct truth_set *truth, uint32_t order,
                               const struct decision_inputs *arrived, uint8_t pending,
                               const struct waiting_rule *rule)
{
    double cheapest = INFINITY, fastest = INFINITY;
    bool lacks = false;
    for (uint32_t i = 0; i < arrived->count; i++) {
        const struct score_input *input = &arrived->inputs[i];
        const int eta = input->eta_minutes == 0 ? 60 : input->eta_minutes;
        cheapest = fmin(cheapest, (double)input->total_cents);
        fastest = fmin(fastest, eta);
        lacks = lacks || input->found + input->substituted < arrived->items;
    }
    const bool certain = rule->kind == EARLY_CERTAIN;
    const bool dearest =
        certain && lacks &&
        truth->set->configs[truth->set->config_of[order]].as.config.missing_items ==
            MISSING_ITEMS_MEDIAN;
    const int64_t total = certain ? 1 : (int64_t)fmax(1, round(rule->total_share * cheapest));
    const int32_t eta = certain ? 1 : (int32_t)fmax(1, round(rule->eta_share * fastest));
    for (unsigned bidders = 1; bidders < 16; bidders++)
        if ((bidders & ~(unsigned)pending) == 0 &&
            bidder_wins(truth, order, arrived, bidders, total, eta, dearest))
            return true;
    return false;
}

static int compare_int64(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

struct truth_choice truth_choose_early(const struct truth_set *truth, uint32_t order,
                                       const struct decision_view *view,
                                       const struct waiting_rule *rule)
{
    const struct decision_view both = seen_by(truth, view);
    int64_t at_us[PROVIDER_COUNT];
    unsigned count = 0;
    for (unsigned s = 0; s < truth->set->orders[order].as.order.quote_count; s++)
        at_us[count++] = decision_slot_wait(truth->set, order, s, &both);
    qsort(at_us, count, sizeof *at_us, compare_int64);
    for (unsigned k = 0; k < count; k++) {
        const struct decision_view arrived = without_pending(truth, order, view, at_us[k]);
        const uint8_t pending = truth_pending(truth, order, view, at_us[k]);
        struct decision_inputs inputs;
        decision_inputs_of(truth->set, order, &arrived, &inputs);
        if (pending == 0 || inputs.count == 0) continue;
        if (rule->kind == EARLY_AT_LEAST
                ? inputs.count >= rule->at_least
                : !somebody_could_win(truth, order, &inputs, pending, rule))
            return truth_choose_at(truth, order, view, at_us[k]);
    }
    return truth_choose(truth, order, view);
}

/* ---- against the patient decision ---- */

static struct decision_view with_timeouts(const struct truth_set *truth, int64_t us)
{
    struct decision_view view = {.without = truth->without};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        view.timeout_us[p] = us;
    return view;
}

static uint32_t place_in(const struct decision_inputs *inputs, uint32_t slot)
{
    uint32_t place = 0;
    while (place < inputs->count && inputs->slots[place] != slot)
        place++;
    return place;
}

struct truth_regret truth_regret_of(const struct truth_set *truth, uint32_t order, uint32_t winner)
{
    const struct decision_view forever = with_timeouts(truth, INT64_MAX);
    const struct score_weights weights = decision_weights(truth->set, order);
    const enum preference preference =
        (enum preference)truth->set->orders[order].as.order.preference;
    struct decision_inputs inputs;
    struct score_parts parts[PROVIDER_COUNT];
    decision_inputs_of(truth->set, order, &forever, &inputs);
    const uint32_t patient = select_of(truth->set, order, &inputs);
    struct truth_regret regret = {.changed = winner != patient};
    if (winner == 255 || patient == 255 || winner == patient) return regret;
    if (place_in(&inputs, winner) == inputs.count) { /* excluded, but its stand-in was not */
        uint8_t others = 0;
        for (uint32_t i = 0; i < inputs.count; i++)
            others |= (uint8_t)(1u << inputs.slots[i]);
        decision_inputs_of_mask(truth->set, order, others, (uint8_t)(others | 1u << winner),
                                &inputs);
    }
    (void)decision_select(&inputs, &weights, preference, parts);
    const uint32_t a = place_in(&inputs, patient), b = place_in(&inputs, winner);
    assert_true(b < inputs.count);
    regret.points = fmax(0.0, parts[a].score - parts[b].score);
    regret.cents = (double)(inputs.quotes[b]->total_cents - inputs.quotes[a]->total_cents);
    return regret;
}

static uint64_t known_of(const struct truth_set *truth, uint32_t order)
{
    const struct decision_view forever = with_timeouts(truth, INT64_MAX);
    const struct decision_view never = with_timeouts(truth, 1);
    struct decision_inputs late, early;
    unsigned known = 0;
    decision_inputs_of(truth->set, order, &forever, &late);
    decision_inputs_of(truth->set, order, &never, &early);
    for (uint32_t i = 0; i < late.count; i++)
        known |= 1u << late.slots[i];
    for (uint32_t i = 0; i < early.count; i++)
        known |= 1u << early.slots[i];
    uint64_t count = 0;
    for (; known != 0; known >>= 1)
        count += known & 1u;
    return count;
}

/* ---- adding up ---- */

double truth_quantile_ms(const int64_t *us, uint32_t count, double p)
{
    if (count * (1.0 - p) < 9.999999) return NAN;
    double *const sorted = memory_zeroed(count * sizeof *sorted);
    assert_non_null(sorted);
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = (double)us[i];
    gsl_sort(sorted, 1, count);
    const double quantile = gsl_stats_quantile_from_sorted_data(sorted, 1, count, p);
    free(sorted);
    return quantile / 1000.0;
}

static void take_waits(const struct truth_choice *choices, uint32_t count,
                       struct waiting_outcome *outcome)
{
    int64_t *const us = memory_zeroed(count * sizeof *us);
    assert_non_null(us);
    for (uint32_t i = 0; i < count; i++)
        us[i] = choices[i].wait_us;
    qsort(us, count, sizeof *us, compare_int64);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        uint64_t low, high;
        struct waiting_quantile *wait = &outcome->waits[q];
        *wait =
            (struct waiting_quantile){truth_quantile_ms(us, count, waiting_quantiles[q]), NAN, NAN};
        if (isnan(wait->ms) ||
            !stats_quantile_ranks(count, waiting_quantiles[q], 0.95, &low, &high))
            continue;
        wait->low_ms = (double)us[low - 1] / 1000.0;
        wait->high_ms = (double)us[high - 1] / 1000.0;
    }
    free(us);
}

void truth_outcome(const struct truth_set *truth, const struct truth_choice *choices,
                   const struct waiting_prices *prices, struct waiting_outcome *outcome)
{
    const uint32_t count = truth->set->count;
    double wait_ms = 0.0;
    struct stats_block by_cents[WAITING_BLOCKS] = {{0}}, by_points[WAITING_BLOCKS] = {{0}};
    *outcome = (struct waiting_outcome){.orders = count};
    for (uint32_t i = 0; i < count; i++) {
        const struct truth_choice *choice = &choices[i];
        const struct truth_regret regret = truth_regret_of(truth, i, choice->winner);
        const uint32_t block = (uint32_t)((uint64_t)i * WAITING_BLOCKS / count);
        wait_ms += (double)choice->wait_us / 1000.0;
        outcome->quotes += choice->quotes;
        outcome->quotes_known += known_of(truth, i);
        outcome->changed += regret.changed;
        if (choice->winner == 255) {
            outcome->without_quote++;
            continue;
        }
        outcome->won[truth->set->orders[i].as.order.quotes[choice->winner].provider]++;
        by_cents[block] =
            (struct stats_block){by_cents[block].n + 1, by_cents[block].difference + regret.cents,
                                 by_cents[block].weight + 1.0};
        by_points[block] = (struct stats_block){by_points[block].n + 1,
                                                by_points[block].difference + regret.points,
                                                by_points[block].weight + 1.0};
    }
    take_waits(choices, count, outcome);
    outcome->mean_wait_ms = wait_ms / count;
    outcome->cents = stats_mean_difference(by_cents, WAITING_BLOCKS, 0.95);
    outcome->points = stats_mean_difference(by_points, WAITING_BLOCKS, 0.95);
    outcome->cost_cents =
        prices == NULL
            ? (double)NAN
            : prices->wait_per_s * outcome->mean_wait_ms / 1000.0 +
                  prices->lost_quote * (double)(outcome->quotes_known - outcome->quotes) / count +
                  prices->lost_order * (double)outcome->without_quote / count;
}

/* ---- checks ---- */

void truth_check_same(double is, double should)
{
    if (isnan(is) && isnan(should)) return;
    CHECK_NEAR(is, should, 1e-9 * (1.0 + fabs(should)));
}

void truth_check_outcome(const struct waiting_outcome *is, const struct waiting_outcome *should)
{
    assert_int_equal(is->orders, should->orders);
    assert_int_equal(is->without_quote, should->without_quote);
    assert_int_equal(is->changed, should->changed);
    assert_int_equal(is->quotes, should->quotes);
    assert_int_equal(is->quotes_known, should->quotes_known);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        assert_int_equal(is->won[p], should->won[p]);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        truth_check_same(is->waits[q].ms, should->waits[q].ms);
        truth_check_same(is->waits[q].low_ms, should->waits[q].low_ms);
        truth_check_same(is->waits[q].high_ms, should->waits[q].high_ms);
    }
    truth_check_same(is->mean_wait_ms, should->mean_wait_ms);
    truth_check_same(is->cents.value, should->cents.value);
    truth_check_same(is->cents.low, should->cents.low);
    truth_check_same(is->points.value, should->points.value);
    truth_check_same(is->points.high, should->points.high);
    truth_check_same(is->cost_cents, should->cost_cents);
}
