/* What a calibration found, in sentences. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"

enum { P50, P95, P99 };

static const struct calibrate_provider *lead_of(const struct calibration *calibration)
{
    const uint32_t lead = calibrate_lead(calibration);
    return lead == UINT32_MAX ? NULL : &calibration->providers[lead];
}

/* ---- the headline ---- */

static uint32_t count_recommended(const struct calibration *calibration)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        count += calibration->providers[i].recommended;
    return count;
}

/* "takes the router's p99 from 10 s to 5.2 s (...)" */
static void put_router(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_arm *was = &calibration->arms[TIMEOUT_TODAY];
    const struct calibrate_arm *is = &calibration->recommended;
    const double before = calibrate_arm_ms(calibration, was, P99);
    const double after = calibrate_arm_ms(calibration, is, P99);
    if (isnan(after)) return;
    text_put(text, count_recommended(calibration) > 1
                       ? "; all recommended timeouts together take the router\u2019s p99 "
                       : " and takes the router\u2019s p99 ");
    if (isnan(before)) {
        text_put(text, "to ");
    } else {
        text_put(text, "from ");
        show_latency(text, before);
        text_put(text, " to ");
    }
    if (calibration->has_orders) {
        calibrate_show_quantile(text, &is->outcome.waits[P99]);
    } else {
        show_latency(text, after);
        text_put(text, " (a model: providers slow independently)");
    }
}

/* "keeps 99.1% of its good answers: 97.2% of calls are answered in time (...)" */
static void put_kept(struct text *text, const struct timeout_achieved *achieved)
{
    if (achieved == NULL) return;
    if (!isnan(achieved->caught)) {
        text_put(text, " keeps ");
        show_share(text, achieved->caught);
        text_put(text, " of the answers that come at all (in time: ");
    } else {
        text_put(text, " gets answers in time (");
    }
    calibrate_show_value(text, &achieved->success);
    text_put(text, " of calls, 95% interval ");
    calibrate_show_interval(text, &achieved->success);
    calibrate_show_n(text, achieved->success.n);
    text_char(text, ')');
}

/* ", today 91.5%" */
static void put_was(struct text *text, const struct calibrate_provider *lead)
{
    const struct timeout_advice *today = &lead->advice[TIMEOUT_TODAY];
    if (today->state != TIMEOUT_FOUND || today->us == lead->recommended_us) return;
    text_put(text, ", today ");
    calibrate_show_value(text, &today->achieved.success);
}

static void put_cost(struct text *text, double cents)
{
    text_fixed(text, cents, 2);
    text_put(text, "\u00a2");
}

/* Who sets the router's p99 and is not to be changed: that is what holds everything up. */
static void put_kept_tail(struct text *text, const struct calibration *calibration)
{
    const uint64_t *slowest = calibration->tail.slowest[P99];
    for (uint32_t i = 0; calibration->has_orders && i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        const unsigned p = provider->series->provider;
        if (p >= PROVIDER_COUNT || provider->recommended || provider->reason == NULL) continue;
        if (2 * slowest[p] <= calibration->tail.beyond[P99]) continue;
        text_format(text, " %s, whose tail the router\u2019s p99 is, keeps its timeout: %s.",
                    provider->name, provider->reason);
        return;
    }
}

/* Whether it is worth it: the same orders under today's timeouts. */
static void put_against_today(struct text *text, const struct calibration *calibration)
{
    const struct waiting_outcome *was = &calibration->arms[TIMEOUT_TODAY].outcome;
    const struct waiting_outcome *is = &calibration->recommended.outcome;
    if (!calibration->has_orders || isnan(was->cost_cents) || isnan(is->cost_cents)) return;
    text_put(text, " Against today, by ");
    text_put(text, calibration->prices_assumed ? "assumed" : "the stated");
    text_put(text, " prices, an order costs ");
    put_cost(text, was->cost_cents);
    text_put(text, " then ");
    put_cost(text, is->cost_cents);
    text_put(text, calibration->dearer ? ": dearer, not worth it at these prices"
                                       : " in waiting and lost quotes");
    text_put(text, "; its customer pays ");
    calibrate_show_cents(text, was->cents.value);
    text_put(text, " then ");
    calibrate_show_cents(text, is->cents.value);
    text_put(text, calibration->unseen ? " more than with all that came in time."
                                       : " more than if every answer were waited for (exact).");
}

static void put_nothing(struct text *text, const struct calibration *calibration)
{
    const uint32_t count = calibration->latencies.count;
    const char *reason = count > 0 ? calibration->providers[0].reason : NULL;
    text_put(text, "No timeout is recommended: what is in force stays.");
    if (reason == NULL) return;
    for (uint32_t i = 0; i < count; i++)
        if (calibration->providers[i].reason == NULL ||
            strcmp(calibration->providers[i].reason, reason) != 0) {
            text_format(text, " %s: %s.", calibration->providers[0].name, reason);
            return;
        }
    text_put(text, " For ");
    calibrate_show_count(text, calibration);
    text_format(text, ": %s.", reason);
}

/* Of many sites no single one is what it is about: how many, and from where to where. */
static void put_many(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *shortest = NULL, *longest = NULL;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (!provider->recommended) continue;
        if (shortest == NULL || provider->recommended_us < shortest->recommended_us)
            shortest = provider;
        if (longest == NULL || provider->recommended_us > longest->recommended_us)
            longest = provider;
    }
    text_format(text, "Timeouts for %u of ", (unsigned)count_recommended(calibration));
    calibrate_show_count(text, calibration);
    text_put(text, ", from ");
    calibrate_show_timeout(text, shortest->recommended_us);
    text_format(text, " (%s) to ", shortest->name);
    calibrate_show_timeout(text, longest->recommended_us);
    text_format(text, " (%s)", longest->name);
    put_router(text, calibration);
    text_char(text, '.');
    put_against_today(text, calibration);
}

void calibrate_write_finding(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *lead = lead_of(calibration);
    if (lead == NULL) {
        put_nothing(text, calibration);
        return;
    }
    if (count_recommended(calibration) > PROVIDER_COUNT) {
        put_many(text, calibration);
        return;
    }
    const int64_t today = calibrate_today_us(lead);
    text_put(text, "Waiting ");
    calibrate_show_timeout(text, lead->recommended_us);
    text_format(text, " for %s", lead->name);
    if (today > 0 && today != lead->recommended_us) {
        text_put(text, " instead of ");
        calibrate_show_timeout(text, today);
    } else if (today > 0) {
        text_put(text, ", as today,");
    }
    put_kept(text, calibrate_achieved(lead));
    put_was(text, lead);
    put_router(text, calibration);
    text_char(text, '.');
    put_kept_tail(text, calibration);
    put_against_today(text, calibration);
}

void calibrate_write_secrets(struct text *text, const struct calibration *calibration)
{
    bool any = false;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (provider->key == NULL || !provider->recommended) continue;
        if (!any) text_put(text, "supabase secrets set");
        any = true;
        text_format(text, " %s=%lld", provider->key, (long long)(provider->recommended_us / 1000));
    }
}

/* ---- calls ---- */

void calibrate_find_censoring(struct text *text, const struct calibration *calibration)
{
    unsigned named = 0, more = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (!provider->censoring_matters) continue;
        if (named == 4) {
            more++;
            continue;
        }
        text_put(text, named++ == 0 ? "Calls that were given up hide the tail: " : ", ");
        show_share(text, provider->hidden.share);
        text_format(text, " of %s\u2019s (n\u00a0=\u00a0", provider->name);
        text_grouped(text, provider->hidden.n);
        text_char(text, ')');
    }
    if (more > 0) text_format(text, " and more than 0.5%% of %u others\u2019", more);
    if (named > 0)
        text_put(text, " ended at the timeout then in force. How long those answers would have "
                       "taken is not known; what lies beyond reads \u201c> T\u201d.");
}

void calibrate_find_ecdf(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *lead = lead_of(calibration);
    if (lead == NULL) {
        text_put(text, "How much had been answered by when, of calls that did not fail.");
        return;
    }
    text_format(text, "%s: ", lead->name);
    if (lead->p95.state == LATENCY_OK) {
        text_put(text, "95% of the calls that did not fail are answered by ");
        calibrate_show_latency(text, &lead->p95);
        text_put(text, " (95% interval ");
        calibrate_show_latency_interval(text, &lead->p95);
        calibrate_show_n(text, lead->p95.n);
        text_put(text, "); ");
    }
    const struct timeout_achieved *achieved = calibrate_achieved(lead);
    text_put(text, "the recommended ");
    calibrate_show_timeout(text, lead->recommended_us);
    if (achieved != NULL && !isnan(achieved->caught)) {
        text_put(text, " wait for ");
        calibrate_show_share(text, achieved->caught, 0, 0);
        text_put(text, " of the answers that come at all.");
    } else {
        text_put(text, " lie beyond what is known.");
    }
}

/* The figure's columns move one timeout alone; the two that matter are known exactly. */
void calibrate_find_tradeoff(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *lead = lead_of(calibration);
    const struct timeout_achieved *achieved = lead != NULL ? calibrate_achieved(lead) : NULL;
    if (achieved == NULL || achieved->success.n == 0) {
        text_put(text, "Success of each provider and the router\u2019s p99 over its timeout.");
        return;
    }
    const int64_t today = calibrate_today_us(lead);
    const bool moved = today > 0 && today != lead->recommended_us;
    text_format(text, "%s: within the recommended ", lead->name);
    calibrate_show_timeout(text, lead->recommended_us);
    text_put(text, " come the answers to ");
    calibrate_show_whole(text, &achieved->success);
    text_put(text, " of its calls");
    if (moved) {
        text_put(text, ", within today\u2019s ");
        calibrate_show_timeout(text, today);
        text_put(text, " to ");
        calibrate_show_whole(text, &lead->advice[TIMEOUT_TODAY].achieved.success);
    }
    const double before = calibrate_arm_ms(calibration, &calibration->arms[TIMEOUT_TODAY], P99);
    const double after = calibrate_arm_ms(calibration, &calibration->recommended, P99);
    if (calibration->has_orders && !isnan(after)) {
        text_put(text, "; the router\u2019s p99 is ");
        calibrate_show_wait(text, after);
        text_put(text, " under all recommended timeouts");
        if (!isnan(before)) {
            text_put(text, ", ");
            calibrate_show_wait(text, before);
            text_put(text, " under today\u2019s");
        }
    }
    text_char(text, '.');
}

void calibrate_find_percentiles(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *lead = lead_of(calibration);
    const struct timeout_achieved *achieved = lead != NULL ? calibrate_achieved(lead) : NULL;
    if (achieved == NULL || isnan(achieved->caught)) {
        text_put(text, "How long the router waits for each provider, by percentile.");
        return;
    }
    text_put(text, "At ");
    calibrate_show_timeout(text, lead->recommended_us);
    text_put(text, " the router stops waiting for the slowest ");
    calibrate_show_share(text, 1 - achieved->caught, 0, 0);
    text_format(text, " of %s\u2019s answers", lead->name);
    if (calibrate_today_us(lead) > 0 && calibrate_today_us(lead) != lead->recommended_us) {
        text_put(text, ", instead of at ");
        calibrate_show_timeout(text, calibrate_today_us(lead));
    }
    calibrate_show_n(text, latency_watched(lead->series));
    text_char(text, '.');
}

bool calibrate_has_trap(const struct calibrate_provider *provider)
{
    const struct timeout_advice *honest = &provider->advice[TIMEOUT_P95_PLUS];
    if (provider->naive_us <= 0 || provider->naive_settled_us <= 0) return false;
    return honest->state != TIMEOUT_FOUND || provider->naive_settled_us < honest->us / 100 * 99;
}

void calibrate_find_trap(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *worst = NULL;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (!calibrate_has_trap(provider)) continue;
        if (worst == NULL ||
            provider->naive_achieved.success.value < worst->naive_achieved.success.value)
            worst = provider;
    }
    if (worst == NULL) return;
    text_put(text, "Percentiles of answers alone hide the calls that never came: for ");
    text_put(text, worst->name);
    text_put(text, " that rule gives ");
    calibrate_show_timeout(text, worst->naive_us);
    text_put(text, ", settles at ");
    calibrate_show_timeout(text, worst->naive_settled_us);
    text_put(text, " when it is applied again and again, and has ");
    calibrate_show_whole(text, &worst->naive_achieved.success);
    text_put(text, " of calls answered in time there.");
}

/* ---- the router ---- */

void calibrate_find_no_orders(struct text *text, const struct calibration *calibration)
{
    if (calibration->has_orders) return;
    text_put(text, "Calls alone are known here, not which of them belong to one order: winners, "
                   "cents, early decisions and whose tail the router waits for are left out.");
}

static unsigned slowest_at(const struct waiting_tail *tail, unsigned quantile)
{
    unsigned most = 0;
    for (unsigned p = 1; p < PROVIDER_COUNT; p++)
        if (tail->slowest[quantile][p] > tail->slowest[quantile][most]) most = p;
    return most;
}

void calibrate_find_tail(struct text *text, const struct calibration *calibration)
{
    const struct waiting_tail *tail = &calibration->tail;
    const unsigned quantile = !isnan(tail->ms[P99]) ? P99 : P95;
    if (!calibration->has_orders) return;
    if (isnan(tail->ms[quantile]) || tail->beyond[quantile] == 0) {
        text_put(text, "Too few orders to say whose tail the router waits for.");
        return;
    }
    const unsigned p = slowest_at(tail, quantile);
    text_format(text, "%s is waited for last in ", provider_traits[p].short_name);
    show_share(text, (double)tail->slowest[quantile][p] / (double)tail->beyond[quantile]);
    text_put(text, " of the ");
    text_grouped(text, (int64_t)tail->beyond[quantile]);
    text_format(text, " orders at or beyond the router\u2019s %s of ",
                quantile == P99 ? "p99" : "p95");
    show_latency(text, tail->ms[quantile]);
    text_put(text, " under today\u2019s timeouts (exact)");
    if (!isnan(tail->without_ms[p][quantile])) {
        text_put(text, "; without it that would be ");
        show_latency(text, tail->without_ms[p][quantile]);
    }
    text_char(text, '.');
}

static void put_percentile(struct text *text, double p)
{
    text_char(text, 'p');
    text_double(text, round(1e4 * p) / 100);
}

void calibrate_find_joint(struct text *text, const struct calibration *calibration)
{
    const struct waiting_joint *joint = NULL;
    for (unsigned i = 0; i < CALIBRATE_JOINTS; i++)
        if (fabs(calibration->joints[i].p - 0.95) < 1e-9) joint = &calibration->joints[i];
    if (!calibration->has_orders || joint == NULL) return;
    if (joint->orders == 0) {
        text_put(text, "Not every provider\u2019s p95 is known, so what they are to the order "
                       "together is not.");
        return;
    }
    text_put(text, "With ");
    text_int(text, joint->providers);
    text_put(text, " providers waited for, each within its own p95 leaves ");
    show_share(text, (double)joint->within / (double)joint->orders);
    text_put(text, " of orders within all of them (exact");
    calibrate_show_n(text, joint->orders);
    text_put(text, "; ");
    show_share(text, joint->independent);
    text_put(text, " if they were slow independently, a model); for the router to keep its p95, "
                   "each would have to keep its ");
    put_percentile(text, joint->needed);
    text_put(text, " (model).");
}

void calibrate_find_waiting(struct text *text, const struct calibration *calibration)
{
    const struct waiting_instant *at = NULL;
    const uint64_t orders = calibration->arms[TIMEOUT_TODAY].outcome.orders;
    if (!calibration->has_orders || calibration->instant_count == 0 || orders == 0) return;
    for (uint32_t i = 0; at == NULL && i < calibration->instant_count; i++)
        if (calibration->instants[i].undecided * 20 <= orders) at = &calibration->instants[i];
    if (at == NULL) at = &calibration->instants[calibration->instant_count - 1];
    text_put(text, "At ");
    show_latency(text, at->ms);
    text_put(text, " somebody is still waited for in ");
    show_share(text, (double)at->undecided / (double)orders);
    text_put(text, " of orders; deciding all of them then would change ");
    show_share(text, (double)at->changed / (double)orders);
    text_put(text, " of decisions and leave ");
    text_grouped(text, (int64_t)at->without_quote);
    text_put(text, at->without_quote == 1 ? " order" : " orders");
    text_put(text, " without a quote (exact");
    calibrate_show_n(text, orders);
    text_put(text, ").");
}

const char *calibrate_early_name(const struct waiting_rule *rule)
{
    switch (rule->kind) {
    case EARLY_AT_LEAST:
        return "at_least";
    case EARLY_CERTAIN:
        return "certain";
    case EARLY_LIKELY:
        return "likely";
    }
    return "";
}

void calibrate_show_early(struct text *text, const struct waiting_rule *rule)
{
    switch (rule->kind) {
    case EARLY_AT_LEAST:
        text_format(text, "once %u %s", (unsigned)rule->at_least,
                    rule->at_least == 1 ? "quote has come" : "quotes have come");
        break;
    case EARLY_CERTAIN:
        text_put(text, "once no pending quote can win");
        break;
    case EARLY_LIKELY:
        text_put(text, "once none is likely to win (");
        text_fixed(text, 100 * rule->total_share, 0);
        text_put(text, "% of the price, ");
        text_fixed(text, 100 * rule->eta_share, 0);
        text_put(text, "% of the ETA)");
        break;
    }
}

/* Regret that is a sure thing first: of the rest, the one that saves most for least. */
void calibrate_find_early(struct text *text, const struct calibration *calibration)
{
    const struct waiting_early_outcome *best = NULL;
    for (uint32_t i = 0; i < calibration->early_count; i++)
        if (calibration->early[i].rule.kind == EARLY_CERTAIN) best = &calibration->early[i];
    if (best == NULL && calibration->early_count > 0) best = &calibration->early[0];
    if (!calibration->has_orders || best == NULL) return;
    text_put(text, "Deciding ");
    calibrate_show_early(text, &best->rule);
    text_put(text, " saves ");
    calibrate_show_wait(text, best->saved_ms);
    text_put(text, " an order on average and decides ");
    text_grouped(text, (int64_t)best->early);
    text_put(text, " of ");
    text_grouped(text, (int64_t)best->outcome.orders);
    text_put(text, " before all have settled (exact); against patience ");
    text_grouped(text, (int64_t)best->outcome.changed);
    text_put(text, " decisions change, ");
    calibrate_show_cents(text, best->outcome.cents.value);
    text_put(text, " an order (");
    if (best->outcome.cents.method != STATS_EXACT) text_put(text, "95% interval ");
    calibrate_show_cents_interval(text, &best->outcome.cents);
    text_put(text, ").");
}
