#include "reports/findings.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/show.h"

static bool known(const struct metric_value *value)
{
    return value->state == VALUE_KNOWN || value->state == VALUE_ABOVE;
}

const char *verdict_word(const struct result *result)
{
    if (result_is_deaf(result)) return "No live data";
    if (result_lacks_answers(result)) return "Calls without an answer";
    if (result->checks_failed > 0) return "Failed";
    if (!result->complete) return "Stopped early";
    if (result->checks_inconclusive > 0) return "Inconclusive";
    return result->check_count > 0 ? "Passed" : "No checks";
}

enum verdict_tone verdict_tone(const struct result *result)
{
    if (result->checks_failed > 0 || result_is_deaf(result) || result_lacks_answers(result)) {
        return TONE_BAD;
    }
    const bool decided = result->complete && result->checks_inconclusive == 0;
    return decided && result->check_count > 0 ? TONE_GOOD : TONE_NEUTRAL;
}

void finding_live(const struct result *result, struct text *text)
{
    struct text said = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        text_clear(&said);
        live_calls_say(&said, scope_label(p), &result->live_calls[p]);
        if (said.length > 0) text_format(text, "%s%s", text->length > 0 ? " " : "", said.bytes);
    }
    if (said.failed) text->failed = true;
    text_release(&said);
    if (result_is_deaf(result)) text_put(text, " No figure here is about a real provider.");
}

void finding_replay(const struct result *result, struct text *text)
{
    const size_t before = text->length;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (result->replay_calls[p].unanswered == 0) continue;
        if (text->length > 0) text_char(text, ' ');
        replay_calls_say(text, scope_label(p), &result->replay_calls[p]);
    }
    if (text->length > before) {
        text_put(text, " They were told 404, and figures that hang on them mean nothing.");
    }
    if (result->replay_flaws[0] == '\0') return;
    text_format(text, "%s%s", text->length > 0 ? " " : "", result->replay_flaws);
}

void finding_first(const struct result *result, struct text *text)
{
    finding_live(result, text);
    finding_replay(result, text);
}

void finding_checks(const struct result *result, struct text *text)
{
    if (result->check_count == 0) {
        text_put(text, "No checks were given, so nothing was judged.");
        return;
    }
    text_format(text, "%u of %u check%s passed", result->checks_passed, result->check_count,
                result->check_count == 1 ? "" : "s");
    if (result->checks_inconclusive > 0)
        text_format(text, ", %u could not be decided", result->checks_inconclusive);
    text_char(text, '.');
}

static void put_measured(struct text *text, const struct result_check *check)
{
    show_value(text, metric_traits[check->metric_id].unit, &check->measured);
}

void finding_verdict(const struct result *result, struct text *text)
{
    if (!result->complete) {
        text_put(text, "The run was stopped before its end");
        if (result->stopped_by[0] != '\0') text_format(text, " by %s", result->stopped_by);
        if (result->local_failures > 0)
            text_format(text, " of this machine (%s), which is no failure of any provider",
                        result->local_error);
        text_put(text, "; what follows covers the part that ran. ");
    }
    for (uint32_t i = 0; i < result->check_count; i++) {
        const struct result_check *check = &result->checks[i];
        if (check->verdict != CHECK_FAILED) continue;
        text_format(text, "First to fail: \u201c%s\u201d measured ", check->name);
        put_measured(text, check);
        text_format(text, " against a limit of %s %s.", check_operator(check->op),
                    check->limit_text);
        return;
    }
    for (uint32_t i = 0; i < result->check_count; i++) {
        const struct result_check *check = &result->checks[i];
        if (check->verdict != CHECK_INCONCLUSIVE) continue;
        text_format(text, "Undecided: \u201c%s\u201d measured ", check->name);
        put_measured(text, check);
        text_char(text, '.');
        return;
    }
    const struct metric_value *p95 = value_of(result, 0, SCOPE_ROUTER, METRIC_P95_MS);
    const struct metric_value *ok = value_of(result, 0, SCOPE_ROUTER, METRIC_OK_RATE);
    if (!known(p95) || !known(ok)) {
        text_put(text, "Too few orders were completed to say more.");
        return;
    }
    show_value(text, UNIT_SHARE, ok);
    text_put(text, " of orders went well; 95 of 100 were answered within ");
    show_value(text, UNIT_MS, p95);
    text_char(text, '.');
    const struct metric_value *empty = value_of(result, 0, SCOPE_ROUTER, METRIC_EMPTY_WINS);
    const struct metric_value *routed = value_of(result, 0, SCOPE_ROUTER, METRIC_ROUTED);
    if (!known(empty) || !known(routed) || empty->value <= 0.005 * routed->value) return;
    text_put(text, " But ");
    show_value(text, UNIT_COUNT, empty);
    text_put(text,
             " of them were won by an empty cart: what looks like success and savings there is "
             "nothing delivered.");
}

static double badness(const struct result_phase *phase)
{
    const struct metric_value *ok = &phase->values[SCOPE_ROUTER][METRIC_OK_RATE];
    return known(ok) ? 1 - ok->value : -1;
}

const struct result_phase *worst_phase(const struct result *result)
{
    const struct result_phase *worst = NULL;
    for (uint32_t f = 0; f < result->fault_count; f++) {
        const struct result_phase *phase = phase_named(result, result->faults[f].id);
        if (phase == NULL || badness(phase) < 0) continue;
        if (worst == NULL || badness(phase) > badness(worst)) {
            worst = phase;
        } else if (badness(phase) == badness(worst)) {
            const struct metric_value *mine = &phase->values[SCOPE_ROUTER][METRIC_P95_MS];
            const struct metric_value *best = &worst->values[SCOPE_ROUTER][METRIC_P95_MS];
            if (known(mine) && known(best) && mine->value > best->value) worst = phase;
        }
    }
    return worst;
}

static const struct result_fault *fault_of(const struct result *result,
                                           const struct result_phase *phase)
{
    for (uint32_t f = 0; f < result->fault_count; f++)
        if (strcmp(result->faults[f].id, phase->name) == 0) return &result->faults[f];
    return NULL;
}

/* What one run cannot tell from chance: half a point of a share, five percent of anything else. */
static bool about_equal(enum metric_unit unit, const struct metric_value *before,
                        const struct metric_value *during)
{
    const double margin = unit == UNIT_SHARE ? 0.005 : 0.05 * fabs(before->value);
    return before->state == during->state && fabs(during->value - before->value) <= margin;
}

/* "p95 went from 2.91 s to > 10.0 s", or "p95 stayed at 2.91 s". */
static void put_change(struct text *text, const char *what, enum metric_unit unit,
                       const struct metric_value *before, const struct metric_value *during)
{
    struct text from = {0};
    struct text to = {0};
    show_value_short(&from, unit, before);
    show_value_short(&to, unit, during);
    if (from.failed || to.failed) {
        text->failed = true;
    } else if (about_equal(unit, before, during)) {
        text_format(text, "%s stayed at %s", what, to.bytes);
    } else {
        text_format(text, "%s went from %s to %s", what, from.bytes, to.bytes);
    }
    text_release(&from);
    text_release(&to);
}

static void finding_without_faults(const struct result *result, struct text *text)
{
    const struct metric_value *p95 = value_of(result, 0, SCOPE_ROUTER, METRIC_P95_MS);
    const struct metric_value *orders = value_of(result, 0, SCOPE_ROUTER, METRIC_ORDERS);
    const struct metric_value *errors = value_of(result, 0, SCOPE_ROUTER, METRIC_ERROR_RATE);
    if (!known(orders) || orders->value == 0) {
        text_put(text, "No order was completed.");
        return;
    }
    text_put(text, "No fault was injected: of ");
    show_value(text, UNIT_COUNT, orders);
    text_put(text, orders->value == 1 ? " order, " : " orders, ");
    show_value(text, UNIT_SHARE, errors);
    text_put(text, " failed; p95 latency was ");
    show_value(text, UNIT_MS, p95);
    text_char(text, '.');
}

/* The provider whose success rate fell most, by five points at least; PROVIDER_COUNT: none. */
static unsigned hardest_hit(const struct result_fault *fault, const struct result_phase *quiet,
                            const struct result_phase *worst)
{
    unsigned hit = PROVIDER_COUNT;
    double most = 0.05;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct metric_value *before = &quiet->values[p][METRIC_SUCCESS_RATE];
        const struct metric_value *during = &worst->values[p][METRIC_SUCCESS_RATE];
        if ((fault->provider_mask >> p & 1u) == 0 || !known(before) || !known(during)) continue;
        if (before->value - during->value <= most) continue;
        most = before->value - during->value;
        hit = p;
    }
    return hit;
}

void finding_timeline(const struct result *result, struct text *text)
{
    const struct result_phase *quiet = phase_named(result, "quiet");
    const struct result_phase *worst = worst_phase(result);
    const struct result_fault *fault = worst != NULL ? fault_of(result, worst) : NULL;
    if (result->fault_count == 0) {
        finding_without_faults(result, text);
        return;
    }
    if (fault == NULL || quiet == NULL) {
        text_put(text, "No order was completed while a fault was active.");
        return;
    }
    const struct metric_value *before = quiet->values[SCOPE_ROUTER];
    const struct metric_value *during = worst->values[SCOPE_ROUTER];
    text_format(text, "During \u201c%s\u201d ", fault->label);
    const unsigned hit = hardest_hit(fault, quiet, worst);
    if (hit < PROVIDER_COUNT) {
        text_format(text, "%s answered ", scope_label(hit));
        show_value_short(text, UNIT_SHARE, &worst->values[hit][METRIC_SUCCESS_RATE]);
        text_put(text, " of quotes in time instead of ");
        show_value_short(text, UNIT_SHARE, &quiet->values[hit][METRIC_SUCCESS_RATE]);
        text_put(text, "; ");
    }
    /* A short run has samples enough for a median at best. */
    const bool p95 = known(&before[METRIC_P95_MS]) && known(&during[METRIC_P95_MS]);
    const bool p50 = known(&before[METRIC_P50_MS]) && known(&during[METRIC_P50_MS]);
    if (p95) {
        put_change(text, "router p95", UNIT_MS, &before[METRIC_P95_MS], &during[METRIC_P95_MS]);
    } else if (p50) {
        put_change(text, "router p50", UNIT_MS, &before[METRIC_P50_MS], &during[METRIC_P50_MS]);
    }
    if (p95 || p50) text_put(text, ", and ");
    put_change(text, "the share of good orders", UNIT_SHARE, &before[METRIC_OK_RATE],
               &during[METRIC_OK_RATE]);
    text_char(text, '.');
}

void finding_percentiles(const struct result *result, struct text *text)
{
    unsigned worst = PROVIDER_COUNT;
    double share = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct result_latency *latency = &result->provider_latency[p];
        if (latency->n == 0) continue;
        const double censored = (double)latency->censored / (double)latency->n;
        if (worst < PROVIDER_COUNT && censored <= share) continue;
        worst = p;
        share = censored;
    }
    if (worst == PROVIDER_COUNT) {
        text_put(text, "No provider was asked for a quote.");
        return;
    }
    const struct metric_value *p95 = value_of(result, 0, worst, METRIC_PROVIDER_P95_MS);
    if (share == 0) {
        text_put(text, "No quote reached its timeout.");
        return;
    }
    text_put(text, scope_label(worst));
    text_put(text, " has the heaviest tail: ");
    show_share(text, share);
    text_put(text, " of its quotes reached the timeout, and its p95 is ");
    show_value(text, UNIT_MS, p95);
    text_char(text, '.');
}

static unsigned leader(const struct result *result, uint32_t phase, double *share)
{
    unsigned first = PROVIDER_COUNT;
    *share = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct metric_value *value = value_of(result, phase, p, METRIC_SELECTION_PCT);
        if (value->state != VALUE_KNOWN || value->value <= *share) continue;
        first = p;
        *share = value->value;
    }
    return first;
}

void finding_share(const struct result *result, struct text *text)
{
    double share;
    const unsigned first = leader(result, 0, &share);
    if (first == PROVIDER_COUNT) {
        text_put(text, "No order was routed.");
        return;
    }
    text_put(text, scope_label(first));
    text_put(text, " won most often, ");
    show_share(text, share);
    text_put(text, " of routed orders");
    const struct result_phase *worst = worst_phase(result);
    const struct result_phase *quiet = phase_named(result, "quiet");
    unsigned moved = PROVIDER_COUNT;
    double most = 0.01; /* less than a point is not worth a sentence */
    for (unsigned p = 0; worst != NULL && quiet != NULL && p < PROVIDER_COUNT; p++) {
        const struct metric_value *before = &quiet->values[p][METRIC_SELECTION_PCT];
        const struct metric_value *during = &worst->values[p][METRIC_SELECTION_PCT];
        if (!known(before) || !known(during)) continue;
        const double change = fabs(during->value - before->value);
        if (change <= most) continue;
        most = change;
        moved = p;
    }
    if (moved < PROVIDER_COUNT) {
        text_put(text, "; during the worst fault ");
        struct text what = {0};
        text_format(&what, "%s\u2019s share", scope_label(moved));
        put_change(text, what.bytes ? what.bytes : "", UNIT_SHARE,
                   &quiet->values[moved][METRIC_SELECTION_PCT],
                   &worst->values[moved][METRIC_SELECTION_PCT]);
        text_release(&what);
    }
    text_char(text, '.');
}

void finding_errors(const struct result *result, struct text *text)
{
    uint64_t sum = 0;
    uint64_t most = 0;
    unsigned kind = 0;
    unsigned provider = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        for (unsigned k = QUOTE_TIMEOUT; k < QUOTE_OUTCOME_COUNT; k++) {
            sum += result->errors[p][k];
            if (result->errors[p][k] <= most) continue;
            most = result->errors[p][k];
            kind = k;
            provider = p;
        }
    if (sum == 0) {
        text_put(text, "No quote failed.");
        return;
    }
    text_grouped(text, (int64_t)sum);
    text_put(text, sum == 1 ? " quote failed" : " quotes failed");
    text_format(text, "; most often it was a %s at %s (", outcome_label(kind),
                scope_label(provider));
    show_share(text, (double)most / (double)sum);
    text_put(text, " of all).");
}

void finding_budget(const struct result *result, struct text *text)
{
    const struct metric_value *burned = value_of(result, 0, SCOPE_ROUTER, METRIC_BUDGET_BURNED);
    if (!result->slo_given || !known(burned) || result->slo_period_us <= 0) {
        text_put(text, "There is no error budget to speak of.");
        return;
    }
    const double pace = (double)result->duration_us / (double)result->slo_period_us;
    text_put(text, "The run spent ");
    show_small_share(text, burned->value);
    text_put(text, " of the budget for ");
    show_span(text, result->slo_period_us);
    text_put(text, "; an even pace would have spent ");
    show_small_share(text, pace);
    if (burned->value > 0 && pace > 0) {
        text_put(text, " (");
        text_fixed(text, burned->value / pace, burned->value / pace < 10 ? 2 : 0);
        text_put(text, " times the even pace)");
    }
    text_char(text, '.');
}

void finding_money(const struct result *result, struct text *text)
{
    const struct metric_value *cart = value_of(result, 0, SCOPE_ROUTER, METRIC_CART_CENTS);
    const struct metric_value *commission =
        value_of(result, 0, SCOPE_ROUTER, METRIC_COMMISSION_CENTS);
    const struct metric_value *savings =
        value_of(result, 0, SCOPE_ROUTER, METRIC_SAVINGS_MEAN_CENTS);
    if (!known(cart)) {
        text_put(text, "No order was routed, so no money moved.");
        return;
    }
    text_put(text, "The average cart cost ");
    show_value(text, UNIT_CENTS, cart);
    text_put(text, " and earned ");
    show_value(text, UNIT_CENTS, commission);
    text_put(text, " of commission");
    if (savings->state == VALUE_KNOWN) {
        text_put(text, "; it was ");
        struct metric_value size = *savings;
        size.value = fabs(size.value);
        show_value(text, UNIT_CENTS, &size);
        text_put(text, savings->value < 0 ? " dearer" : " cheaper");
        text_put(text, " than the other quotes on average");
    }
    text_char(text, '.');
}
