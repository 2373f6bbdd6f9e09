/* What one repeat comes to in numbers, and many repeats in distributions. */
#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/text.h"
#include "sim/analysis/drill_state.h"
#include "sim/analysis/stats.h"

#define ROW(measure, name, unit, low, label, help)                                                 \
    [DRILL_##measure] = {name, DRILL_##unit, low, label, help}

const struct drill_measure_traits drill_measure_traits[DRILL_MEASURE_COUNT] = {
    ROW(TTD, "ttd", SECONDS, true, "time to detect",
        "From the first order that the fault spoilt to the first page that fired."),
    ROW(TTA, "tta", SECONDS, true, "time to acknowledge",
        "From the first page that fired to an operator who starts."),
    ROW(TTM, "ttm", SECONDS, true, "time to mitigate",
        "From the first order that the fault spoilt until users are well though it is still on."),
    ROW(TTR, "ttr", SECONDS, true, "time to recover",
        "From the first order that the fault spoilt until all probes hold, the fault over and all "
        "settings back."),
    ROW(TTD_FROM_FAULT, "ttd_from_fault", SECONDS, true, "time to detect, from the fault",
        "From the fault's beginning to the first page that fired."),
    ROW(TTI, "tti", SECONDS, false, "time to impact",
        "From the fault's beginning to the first order that it spoilt."),
    ROW(TTM_FROM_FAULT, "ttm_from_fault", SECONDS, true, "time to mitigate, from the fault",
        "From the fault's beginning until users are well though it is still on."),
    ROW(TTR_FROM_FAULT, "ttr_from_fault", SECONDS, true, "time to recover, from the fault",
        "From the fault's beginning until all probes hold, the fault over and all settings back."),
    ROW(TIME_TO_ACT, "time_to_act", SECONDS, true, "time to act",
        "From the first page that fired to the first change of settings that is live."),
    ROW(TIME_DIFFERING, "time_differing", SECONDS, true, "time with other settings",
        "How long settings were live that route otherwise than those of the start."),
    ROW(TIME_IN_MOCK, "time_in_mock", SECONDS, true, "time in mock mode",
        "How long some provider was in mock mode that was not at the start."),
    ROW(DEBT_TIME, "debt_time", SECONDS, true, "mitigation debt",
        "How long other settings stayed live after the fault was over."),
    ROW(RTO_MET, "rto_met", SHARE, false, "RTO met", "Whether recovery came within the objective."),
    ROW(BUDGET_BURNED, "budget_burned", SHARE, true, "error budget burned",
        "Bad orders from the fault on, over those that the objective allows in its period."),
    ROW(BUDGET_BEFORE_DETECT, "budget_before_detect", SHARE, true, "budget before detection",
        "Of it, before the first page."),
    ROW(BUDGET_BEFORE_MITIGATE, "budget_before_mitigate", SHARE, true, "budget until mitigated",
        "Of it, from the first page until users were well."),
    ROW(BUDGET_BEFORE_RECOVER, "budget_before_recover", SHARE, true, "budget until recovered",
        "Of it, from there until recovery."),
    ROW(BUDGET_AFTER, "budget_after", SHARE, true, "budget after recovery", "Of it, the rest."),
    ROW(BLAST_RADIUS, "blast_radius", SHARE, true, "blast radius",
        "Orders that ended otherwise than without the fault: bad, elsewhere, or at another price."),
    ROW(AUTHENTIC_RATIO, "authentic_ratio", SHARE, false, "authentic",
        "Routed orders that a real quote won."),
    ROW(BAD_ORDERS, "bad_orders", COUNT, true, "bad orders", "Orders that burn the budget."),
    ROW(FAILED_ORDERS, "failed_orders", COUNT, true, "orders not routed",
        "Orders that got no quote."),
    ROW(ORDERS_LOST, "orders_lost", COUNT, true, "orders lost",
        "Orders that are bad here and good without the fault."),
    ROW(ORDERS_GAINED, "orders_gained", COUNT, false, "orders gained",
        "Orders that are good here and bad without the fault."),
    ROW(FAKE_PRICE_ORDERS, "fake_price_orders", COUNT, true, "orders at invented prices",
        "Orders that a canned quote won."),
    ROW(DEBT_ORDERS, "debt_orders", COUNT, true, "orders in mitigation debt",
        "Orders that ended while other settings were live though the fault was over."),
    ROW(PAGES, "pages", COUNT, true, "pages", "Notifications of the severity page."),
    ROW(FALSE_PAGES, "false_pages", COUNT, true, "false pages",
        "Of them, those before the fault, or that came without it too."),
    ROW(NOOPS, "noops", COUNT, true, "steps without effect",
        "Operators' steps that changed nothing."),
    ROW(COMMISSION_LOST, "commission_lost", CENTS, true, "commission lost",
        "Commission on real winning quotes, without the fault minus with it."),
    ROW(REVENUE_LOST, "revenue_lost", CENTS, true, "order value lost",
        "Totals of real winning quotes, without the fault minus with it."),
    ROW(PRICE_DELTA, "price_delta", CENTS, true, "price to users",
        "What users were asked more, on average over orders that a real quote won in both."),
};

int drill_measure_find(const char *name)
{
    for (int m = 0; m < DRILL_MEASURE_COUNT; m++) {
        if (strcmp(drill_measure_traits[m].name, name) == 0) return m;
    }
    return -1;
}

/* --- one repeat ----------------------------------------------------------------------------------
 */

static struct drill_value known(double value)
{
    return (struct drill_value){.value = value, .state = DRILL_KNOWN};
}

static const struct drill_value never = {.value = NAN, .state = DRILL_NEVER};
static const struct drill_value not_applicable = {.value = NAN, .state = DRILL_NOT_APPLICABLE};

static struct drill_value span_between(int64_t from_us, int64_t to_us)
{
    if (from_us == INT64_MAX) return not_applicable;
    if (to_us == INT64_MAX) return never;
    return known((double)(to_us - from_us) / (double)US_PER_SECOND);
}

static void measure_spans(const struct drill_marks *marks,
                          struct drill_value values[DRILL_MEASURE_COUNT])
{
    values[DRILL_TTD] = span_between(marks->impact_us, marks->detect_us);
    /* Without a fault a page is about the course itself, and the impact is what operators spoilt.
     */
    if (marks->fault_us == INT64_MAX && marks->detect_us < marks->impact_us) {
        values[DRILL_TTD] = not_applicable;
    }
    values[DRILL_TTA] = span_between(marks->detect_us, marks->ack_us);
    values[DRILL_TTM] = span_between(marks->impact_us, marks->mitigate_us);
    values[DRILL_TTR] = span_between(marks->impact_us, marks->recover_us);
    values[DRILL_TTD_FROM_FAULT] = span_between(marks->fault_us, marks->detect_us);
    values[DRILL_TTI] =
        marks->absorbed ? not_applicable : span_between(marks->fault_us, marks->impact_us);
    values[DRILL_TTM_FROM_FAULT] = span_between(marks->fault_us, marks->mitigate_us);
    values[DRILL_TTR_FROM_FAULT] = span_between(marks->fault_us, marks->recover_us);
    values[DRILL_TIME_TO_ACT] = span_between(marks->detect_us, marks->act_us);
    /* Nothing had to be mitigated, or was there to recover from. */
    if (marks->absorbed || marks->never_out) {
        values[DRILL_TTM] = values[DRILL_TTM_FROM_FAULT] = not_applicable;
    }
    if (marks->absorbed) values[DRILL_TTR_FROM_FAULT] = not_applicable;
}

static int64_t overlap_us(int64_t from_us, int64_t until_us, int64_t since_us)
{
    if (from_us < since_us) from_us = since_us;
    return until_us > from_us ? until_us - from_us : 0;
}

static bool lies_in_debt(const struct drill_play *play, const struct drill_marks *marks,
                         int64_t at_us)
{
    if (marks->clear_us == INT64_MAX || at_us < marks->clear_us) return false;
    for (uint32_t i = 0; i < play->facts->differing_count; i++) {
        const struct story_span *span = &play->facts->differing[i];
        if (at_us >= span->from_us && at_us < span->until_us) return true;
    }
    return false;
}

static void measure_settings(const struct drill_play *play, const struct drill_marks *marks,
                             struct drill_value values[DRILL_MEASURE_COUNT])
{
    int64_t differing_us = 0, mock_us = 0, debt_us = 0;
    for (uint32_t i = 0; i < play->facts->differing_count; i++) {
        const struct story_span *span = &play->facts->differing[i];
        differing_us += span->until_us - span->from_us;
        if (span->mocked != 0) mock_us += span->until_us - span->from_us;
        if (marks->clear_us < INT64_MAX) {
            debt_us += overlap_us(span->from_us, span->until_us, marks->clear_us);
        }
    }
    values[DRILL_TIME_DIFFERING] = known((double)differing_us / (double)US_PER_SECOND);
    values[DRILL_TIME_IN_MOCK] = known((double)mock_us / (double)US_PER_SECOND);
    values[DRILL_DEBT_TIME] = marks->clear_us == INT64_MAX
                                  ? not_applicable
                                  : known((double)debt_us / (double)US_PER_SECOND);
    if (play->scenario->drill.rto_us < 0) {
        values[DRILL_RTO_MET] = not_applicable;
    } else if (marks->absorbed) {
        values[DRILL_RTO_MET] = known(1.0);
    } else {
        const struct drill_value *ttr = &values[DRILL_TTR];
        const double rto_s = (double)play->scenario->drill.rto_us / (double)US_PER_SECOND;
        values[DRILL_RTO_MET] = known(ttr->state == DRILL_KNOWN && ttr->value <= rto_s);
    }
}

/* Bad orders in (from, until]; whole seconds, so that the parts add up. */
static uint64_t bad_between(const struct story_facts *facts, int64_t from_us, int64_t until_us)
{
    uint64_t bad = 0;
    const int64_t last = until_us / US_PER_SECOND;
    for (int64_t s = from_us / US_PER_SECOND + 1; s <= last && s < facts->second_count; s++)
        bad += facts->seconds[s].bad;
    return bad;
}

static int64_t within(int64_t us, int64_t least_us, int64_t most_us)
{
    return us < least_us ? least_us : us > most_us ? most_us : us;
}

static void measure_budget(const struct drill_play *play, const struct drill_marks *marks,
                           struct drill_value values[DRILL_MEASURE_COUNT])
{
    static const enum drill_measure parts[] = {DRILL_BUDGET_BEFORE_DETECT,
                                               DRILL_BUDGET_BEFORE_MITIGATE,
                                               DRILL_BUDGET_BEFORE_RECOVER, DRILL_BUDGET_AFTER};
    values[DRILL_BUDGET_BURNED] = not_applicable;
    for (unsigned i = 0; i < 4; i++)
        values[parts[i]] = not_applicable;
    if (play->budget_orders <= 0.0) return;
    const int64_t end_us = (int64_t)play->facts->second_count * US_PER_SECOND;
    /* The second in which the fault begins is the incident's. */
    int64_t at_us = marks->fault_us == INT64_MAX ? -US_PER_SECOND
                                                 : marks->fault_us / US_PER_SECOND * US_PER_SECOND;
    const int64_t recover_us = within(marks->recover_us, at_us, end_us);
    const int64_t cuts_us[] = {within(marks->detect_us, at_us, recover_us),
                               within(marks->mitigate_us, at_us, recover_us), recover_us, end_us};
    values[DRILL_BUDGET_BURNED] =
        known((double)bad_between(play->facts, at_us, end_us) / play->budget_orders);
    for (unsigned i = 0; i < 4; i++) {
        const int64_t until_us = cuts_us[i] > at_us ? cuts_us[i] : at_us;
        values[parts[i]] =
            known((double)bad_between(play->facts, at_us, until_us) / play->budget_orders);
        at_us = until_us;
    }
}

struct pair_sums {
    uint64_t judged, bad, failed, lost, gained, other, debt;
    uint64_t routed, canned, both;
    int64_t commission_cents, revenue_cents, price_cents;
};

static bool is_real(const struct story_order *order)
{
    return order->total_cents >= 0 && !order->canned;
}

static void add_pair(struct pair_sums *sums, const struct story_order *here,
                     const struct story_order *there)
{
    sums->lost += here->bad && !there->bad;
    sums->gained += !here->bad && there->bad;
    sums->other += here->bad != there->bad || here->winner != there->winner ||
                   here->total_cents != there->total_cents;
    if (is_real(there)) {
        sums->commission_cents += there->commission_cents;
        sums->revenue_cents += there->total_cents;
    }
    if (is_real(here)) {
        sums->commission_cents -= here->commission_cents;
        sums->revenue_cents -= here->total_cents;
    }
    if (!is_real(here) || !is_real(there)) return;
    sums->both++;
    sums->price_cents += here->total_cents - there->total_cents;
}

static struct pair_sums sum_pairs(const struct drill_play *play, const struct drill_marks *marks)
{
    const struct story_facts *facts = play->facts, *control = play->control;
    struct pair_sums sums = {0};
    for (uint64_t i = 0; i < facts->order_count; i++) {
        const struct story_order *here = &facts->orders[i];
        if (!here->judged) continue;
        sums.judged++;
        sums.bad += here->bad;
        sums.failed += here->total_cents < 0;
        sums.routed += here->total_cents >= 0;
        sums.canned += here->total_cents >= 0 && here->canned;
        sums.debt += lies_in_debt(play, marks, here->judged_us);
        if (control == NULL || i >= control->order_count || !control->orders[i].judged) continue;
        add_pair(&sums, here, &control->orders[i]);
    }
    return sums;
}

static void measure_orders(const struct drill_play *play, const struct drill_marks *marks,
                           struct drill_value values[DRILL_MEASURE_COUNT])
{
    const struct pair_sums sums = sum_pairs(play, marks);
    values[DRILL_BAD_ORDERS] = known((double)sums.bad);
    values[DRILL_FAILED_ORDERS] = known((double)sums.failed);
    values[DRILL_FAKE_PRICE_ORDERS] = known((double)sums.canned);
    values[DRILL_DEBT_ORDERS] = known((double)sums.debt);
    values[DRILL_AUTHENTIC_RATIO] =
        sums.routed == 0 ? not_applicable
                         : known((double)(sums.routed - sums.canned) / (double)sums.routed);
    static const enum drill_measure paired[] = {DRILL_ORDERS_LOST,  DRILL_ORDERS_GAINED,
                                                DRILL_BLAST_RADIUS, DRILL_COMMISSION_LOST,
                                                DRILL_REVENUE_LOST, DRILL_PRICE_DELTA};
    for (unsigned i = 0; i < sizeof paired / sizeof paired[0]; i++)
        values[paired[i]] = not_applicable;
    if (play->control == NULL || sums.judged == 0) return;
    values[DRILL_ORDERS_LOST] = known((double)sums.lost);
    values[DRILL_ORDERS_GAINED] = known((double)sums.gained);
    values[DRILL_BLAST_RADIUS] = known((double)sums.other / (double)sums.judged);
    values[DRILL_COMMISSION_LOST] = known((double)sums.commission_cents);
    values[DRILL_REVENUE_LOST] = known((double)sums.revenue_cents);
    if (sums.both > 0) {
        values[DRILL_PRICE_DELTA] = known((double)sums.price_cents / (double)sums.both);
    }
}

static void measure_journal(const struct drill_play *play,
                            struct drill_value values[DRILL_MEASURE_COUNT])
{
    uint32_t pages = 0, false_pages = 0, noops = 0;
    for (uint32_t i = 0; i < play->facts->entry_count; i++) {
        const struct story_entry *entry = &play->facts->entries[i];
        noops += entry->kind == STORY_STEP_ENDED && entry->outcome == STEP_NO_EFFECT;
        if (entry->kind != STORY_TOLD) continue;
        if (play->scenario->alerts.rules[entry->index].severity != SEVERITY_PAGE) continue;
        pages++;
        false_pages += play->false_entry[i];
    }
    values[DRILL_PAGES] = known(pages);
    values[DRILL_FALSE_PAGES] = known(false_pages);
    values[DRILL_NOOPS] = known(noops);
}

void drill_measure(const struct drill_play *play, const struct drill_marks *marks,
                   struct drill_value values[DRILL_MEASURE_COUNT])
{
    measure_spans(marks, values);
    measure_settings(play, marks, values);
    measure_budget(play, marks, values);
    measure_orders(play, marks, values);
    measure_journal(play, values);
}

/* --- many ----------------------------------------------------------------------------------------
 */

/* Sorted, "never" as infinity; how many there are. */
static double *sorted_values(const struct drill_repeat *repeats, uint32_t count,
                             enum drill_measure measure, uint32_t *n)
{
    double *values = calloc(count > 0 ? count : 1, sizeof *values);
    *n = 0;
    if (values == NULL) return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const struct drill_value *value = &repeats[i].values[measure];
        if (value->state == DRILL_NOT_APPLICABLE || repeats[i].left_out) continue;
        values[(*n)++] = value->state == DRILL_NEVER ? HUGE_VAL : value->value;
    }
    gsl_sort(values, 1, *n);
    return values;
}

static struct drill_value as_value(double value)
{
    return isinf(value) ? never : known(value);
}

/* Type 7; between a number and "never" lies "never". */
static struct drill_value quantile_of(const double *sorted, uint32_t n, double probability)
{
    if (n == 0) return not_applicable;
    const double place = (double)(n - 1) * probability;
    const uint32_t low = (uint32_t)floor(place);
    const double part = place - low;
    if (part <= 0.0 || low + 1 >= n) return as_value(sorted[low]);
    if (isinf(sorted[low + 1])) return never;
    return known((1.0 - part) * sorted[low] + part * sorted[low + 1]);
}

struct drill_value drill_quantile(const struct drill_repeat *repeats, uint32_t count,
                                  enum drill_measure measure, double probability)
{
    uint32_t n;
    double *sorted = sorted_values(repeats, count, measure, &n);
    if (sorted == NULL) return not_applicable;
    const struct drill_value found = quantile_of(sorted, n, probability);
    free(sorted);
    return found;
}

static void take_mean(const double *sorted, uint32_t n, struct drill_distribution *distribution)
{
    double mean = 0.0, m2 = 0.0; /* Welford 1962 */
    for (uint32_t i = 0; i < n; i++) {
        const double step = sorted[i] - mean;
        mean += step / (double)(i + 1);
        m2 += step * (sorted[i] - mean);
    }
    distribution->has_mean = n > 0;
    distribution->mean = mean;
    distribution->mean_low = distribution->mean_high = NAN;
    if (n < 2) return;
    const double half =
        gsl_cdf_tdist_Pinv(0.975, (double)(n - 1)) * sqrt(m2 / (double)(n - 1) / (double)n);
    distribution->mean_low = mean - half;
    distribution->mean_high = mean + half;
}

void drill_distribute(const struct drill_repeat *repeats, uint32_t count,
                      enum drill_measure measure, struct drill_distribution *distribution)
{
    *distribution = (struct drill_distribution){.p50 = not_applicable,
                                                .p90 = not_applicable,
                                                .least = not_applicable,
                                                .most = not_applicable,
                                                .p50_low = not_applicable,
                                                .p50_high = not_applicable};
    uint32_t n;
    double *sorted = sorted_values(repeats, count, measure, &n);
    if (sorted == NULL || n == 0) {
        free(sorted);
        return;
    }
    distribution->n = n;
    for (uint32_t i = 0; i < n; i++)
        distribution->never += isinf(sorted[i]) != 0;
    distribution->p50 = quantile_of(sorted, n, 0.5);
    distribution->p90 = quantile_of(sorted, n, 0.9);
    distribution->least = as_value(sorted[0]);
    distribution->most = as_value(sorted[n - 1]);
    uint64_t low, high;
    if (stats_quantile_ranks(n, 0.5, 0.95, &low, &high) && low >= 1 && high <= n) {
        distribution->p50_low = as_value(sorted[low - 1]);
        distribution->p50_high = as_value(sorted[high - 1]);
    }
    if (distribution->never == 0) take_mean(sorted, n, distribution);
    free(sorted);
}

/* --- for people ----------------------------------------------------------------------------------
 */

static void put_cents(double cents, char text[static DRILL_TEXT_MAX])
{
    (void)snprintf(text, DRILL_TEXT_MAX, "%s$%.2f", cents < 0 ? "-" : "", fabs(cents) / 100.0);
}

void drill_value_text(const struct drill_value *value, enum drill_unit unit,
                      char text[static DRILL_TEXT_MAX])
{
    if (value->state != DRILL_KNOWN) {
        (void)snprintf(text, DRILL_TEXT_MAX, "%s", value->state == DRILL_NEVER ? "never" : "n/a");
        return;
    }
    char span[DURATION_TEXT_MAX];
    switch (unit) {
    case DRILL_SECONDS:
        duration_for_people((int64_t)llround(fabs(value->value) * (double)US_PER_SECOND), span);
        (void)snprintf(text, DRILL_TEXT_MAX, "%s%s", value->value < 0 ? "-" : "", span);
        return;
    case DRILL_SHARE:
        (void)snprintf(text, DRILL_TEXT_MAX, "%.3g%%", value->value * 100.0);
        return;
    case DRILL_COUNT:
        (void)snprintf(text, DRILL_TEXT_MAX, "%.6g", value->value);
        return;
    case DRILL_CENTS:
        put_cents(value->value, text);
        return;
    }
    assert(!"a unit outside its enum");
}
