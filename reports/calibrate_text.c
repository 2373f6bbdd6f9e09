#include "reports/calibrate_text.h"

#include <math.h>
#include <string.h>

#include "reports/show.h"
#include "router/base/utf8.h"

const char calibrate_unread_words[] =
    "Production's code, as it is today, does not read the LOOPGPT_*_TIMEOUT keys: setting them "
    "changes nothing until it does.";

/* ---- timeouts ---- */

/* Seconds with as many decimals as a whole number of milliseconds needs. */
static void put_seconds(struct text *text, int64_t us)
{
    const int64_t ms = (us + 500) / 1000;
    int decimals = 3;
    for (int64_t left = ms; decimals > 0 && left % 10 == 0; left /= 10)
        decimals--;
    text_fixed(text, (double)ms / 1000, decimals);
}

void calibrate_show_timeout(struct text *text, int64_t us)
{
    if (us < 1000000) {
        text_fixed(text, (double)us / 1000, us < 10000 ? 1 : 0);
        text_put(text, " ms");
    } else {
        put_seconds(text, us);
        text_put(text, " s");
    }
}

void calibrate_show_advice(struct text *text, const struct timeout_advice *advice)
{
    switch (advice->state) {
    case TIMEOUT_FOUND:
        calibrate_show_timeout(text, advice->us);
        break;
    case TIMEOUT_TOO_FEW:
        text_put(text, "n/a (needs \u2265 ");
        text_grouped(text, (int64_t)advice->needs);
        text_char(text, ')');
        break;
    case TIMEOUT_BEYOND:
        text_put(text, "> ");
        calibrate_show_timeout(text, advice->us);
        break;
    case TIMEOUT_UNKNOWN:
        text_put(text, "n/a");
        break;
    }
}

void calibrate_show_bounds(struct text *text, const struct timeout_advice *advice)
{
    const bool known = advice->state == TIMEOUT_FOUND || advice->state == TIMEOUT_BEYOND;
    if (!known || advice->low_us < 0 || advice->high_us < 0) {
        text_put(text, "n/a");
        return;
    }
    if (advice->low_us == INT64_MAX) {
        text_put(text, "beyond what is known");
        return;
    }
    calibrate_show_timeout(text, advice->low_us);
    text_put(text, " to ");
    if (advice->high_us == INT64_MAX) {
        text_put(text, "beyond");
    } else {
        calibrate_show_timeout(text, advice->high_us);
    }
}

void calibrate_show_latency(struct text *text, const struct latency_quantile *quantile)
{
    switch (quantile->state) {
    case LATENCY_OK:
        show_latency(text, quantile->us / 1000);
        break;
    case LATENCY_TOO_FEW:
        text_put(text, "n/a (needs \u2265 ");
        text_grouped(text, llround(LATENCY_SAMPLES_BEYOND / (1 - quantile->probability)));
        text_char(text, ')');
        break;
    case LATENCY_BEYOND:
        text_put(text, "> ");
        show_latency(text, quantile->beyond_us / 1000);
        break;
    }
}

static void put_end(struct text *text, const struct latency_end *end)
{
    switch (end->state) {
    case LATENCY_END_KNOWN:
        show_latency(text, end->us / 1000);
        break;
    case LATENCY_END_BEYOND:
        text_put(text, "> ");
        show_latency(text, end->us / 1000);
        break;
    case LATENCY_END_NONE:
        text_put(text, "n/a");
        break;
    }
}

void calibrate_show_latency_interval(struct text *text, const struct latency_quantile *quantile)
{
    if (quantile->state == LATENCY_TOO_FEW || quantile->low.state == LATENCY_END_NONE ||
        quantile->high.state == LATENCY_END_NONE) {
        text_put(text, "n/a");
        return;
    }
    put_end(text, &quantile->low);
    text_put(text, " to ");
    put_end(text, &quantile->high);
}

/* ---- rules ---- */

/* Where the calls of some are too few for the target, down to which it was lowered. */
static void put_lowered(struct text *text, const struct calibration *calibration)
{
    double least = calibration->setup.target;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct timeout_advice *advice = &calibration->providers[i].advice[TIMEOUT_TARGET];
        if (advice->state == TIMEOUT_FOUND && advice->target < least) least = advice->target;
    }
    if (!(least < calibration->setup.target)) return;
    text_put(text, ", down to ");
    text_double(text, round(1e5 * least) / 1000);
    text_put(text, "% where calls are few");
}

void calibrate_show_rule(struct text *text, const struct calibration *calibration,
                         enum timeout_rule rule)
{
    const struct timeout_setup *setup = &calibration->setup;
    switch (rule) {
    case TIMEOUT_TODAY:
        text_put(text, "today");
        break;
    case TIMEOUT_P95_PLUS:
        text_put(text, "p95 + ");
        calibrate_show_timeout(text, setup->base_us);
        break;
    case TIMEOUT_P99:
        text_put(text, "p99");
        break;
    case TIMEOUT_P999:
        text_put(text, "p99.9");
        break;
    case TIMEOUT_CLAMP:
        text_put(text, "p");
        text_double(text, round(1e5 * setup->clamp_quantile) / 1000);
        text_put(text, " + ");
        calibrate_show_timeout(text, setup->clamp_base_us);
        text_put(text, ", clamped");
        break;
    case TIMEOUT_TARGET:
        text_double(text, round(1e5 * setup->target) / 1000);
        text_put(text, "% of answers");
        put_lowered(text, calibration);
        break;
    case TIMEOUT_KNEE:
        text_put(text, "knee");
        break;
    case TIMEOUT_COST:
        text_put(text, "cheapest");
        break;
    case TIMEOUT_RULES:
        break;
    }
}

static void put_cost_help(struct text *text, const struct calibration *calibration)
{
    const struct waiting_prices *prices = &calibration->prices;
    const struct timeout_setup *setup = &calibration->setup;
    const double second = calibration->has_orders ? prices->wait_per_s : setup->wait_cents_per_s;
    const double quote = calibration->has_orders ? prices->lost_quote : setup->lost_quote_cents;
    const double order = calibration->has_orders ? prices->lost_order : 0;
    if (!(second > 0) && !(quote > 0) && !(order > 0)) {
        text_put(text, "The cheapest timeouts under stated prices; no price was stated.");
        return;
    }
    text_put(text, "The cheapest timeouts when a second of waiting costs ");
    show_money(text, second);
    text_put(text, ", a quote that is not waited for ");
    show_money(text, quote);
    if (calibration->has_orders) {
        text_put(text, " and an order without any quote ");
        show_money(text, order);
        text_put(text, calibration->prices_assumed ? ": assumed prices, of the whole router."
                                                   : ": stated prices, of the whole router.");
    } else {
        text_put(text, calibration->prices_assumed
                           ? ": assumed prices, of this provider\u2019s calls alone."
                           : ": stated prices, of this provider\u2019s calls alone.");
    }
}

void calibrate_write_rule_help(struct text *text, const struct calibration *calibration,
                               enum timeout_rule rule)
{
    const struct timeout_setup *setup = &calibration->setup;
    switch (rule) {
    case TIMEOUT_TODAY:
        text_put(text, "What is in force.");
        break;
    case TIMEOUT_P95_PLUS:
        text_put(text, "The runbook\u2019s rule; calls that timed out count at their timeout.");
        break;
    case TIMEOUT_P99:
        text_put(text, "The 99th percentile of the time to a good answer.");
        break;
    case TIMEOUT_P999:
        text_put(text, "The 99.9th percentile: one false timeout in a thousand.");
        break;
    case TIMEOUT_CLAMP:
        text_put(text, "A percentile and a margin, not below ");
        calibrate_show_timeout(text, setup->least_us);
        text_put(text, " and not above ");
        calibrate_show_timeout(text, setup->most_us);
        text_char(text, '.');
        break;
    case TIMEOUT_TARGET:
        text_put(text, "The shortest that waits for that share of good answers with 95% "
                       "confidence; lowered where the sample cannot carry it.");
        break;
    case TIMEOUT_KNEE:
        text_put(text, "Where the curve of answers bends most; it moves with the slowest answer.");
        break;
    case TIMEOUT_COST:
        put_cost_help(text, calibration);
        break;
    case TIMEOUT_RULES:
        break;
    }
}

/* ---- shares ---- */

void calibrate_show_share(struct text *text, double share, double low, double high)
{
    if (isnan(share)) {
        text_put(text, "n/a");
    } else if (high - low < 0.005 && share > 0.0001 && share < 0.9999) {
        text_fixed(text, 100 * share, 2);
        text_char(text, '%');
    } else {
        show_share(text, share);
    }
}

void calibrate_show_value(struct text *text, const struct timeout_share *share)
{
    if (share->n == 0) {
        text_put(text, "n/a");
    } else {
        calibrate_show_share(text, share->value, share->low, share->high);
    }
}

void calibrate_show_interval(struct text *text, const struct timeout_share *share)
{
    if (share->n == 0 || isnan(share->low) || isnan(share->high)) {
        text_put(text, "n/a");
        return;
    }
    calibrate_show_share(text, share->low, share->low, share->high);
    text_put(text, " to ");
    calibrate_show_share(text, share->high, share->low, share->high);
}

void calibrate_show_n(struct text *text, uint64_t n)
{
    text_put(text, ", n\u00a0=\u00a0");
    text_grouped(text, (int64_t)n);
}

void calibrate_show_whole(struct text *text, const struct timeout_share *share)
{
    calibrate_show_value(text, share);
    if (share->n == 0) return;
    text_put(text, " (95% interval ");
    calibrate_show_interval(text, share);
    calibrate_show_n(text, share->n);
    text_char(text, ')');
}

/* ---- waits and money ---- */

void calibrate_show_wait(struct text *text, double ms)
{
    if (isnan(ms)) {
        text_put(text, "n/a");
    } else {
        show_latency(text, ms);
    }
}

void calibrate_show_quantile(struct text *text, const struct waiting_quantile *quantile)
{
    calibrate_show_wait(text, quantile->ms);
    if (isnan(quantile->ms) || isnan(quantile->low_ms) || isnan(quantile->high_ms)) return;
    text_put(text, " (95% interval ");
    show_latency(text, quantile->low_ms);
    text_put(text, " to ");
    show_latency(text, quantile->high_ms);
    text_char(text, ')');
}

void calibrate_show_cents(struct text *text, double cents)
{
    struct text digits = {0};
    if (isnan(cents)) {
        text_put(text, "n/a");
        return;
    }
    text_fixed(&digits, fabs(cents), fabs(cents) < 10 ? 2 : 1);
    const char *shown = digits.bytes != NULL ? digits.bytes : "";
    const bool nothing = strspn(shown, "0.") == strlen(shown);
    text_put(text, nothing ? "" : cents < 0 ? "\u2212" : "+");
    text_format(text, "%s\u00a2", shown);
    text->failed |= digits.failed;
    text_release(&digits);
}

void calibrate_show_cents_interval(struct text *text, const struct stats_estimate *cents)
{
    if (cents->method == STATS_EXACT) {
        text_put(text, "exact");
    } else if (isnan(cents->low) || isnan(cents->high)) {
        text_put(text, "n/a");
    } else {
        calibrate_show_cents(text, cents->low);
        text_put(text, " to ");
        calibrate_show_cents(text, cents->high);
    }
}

/* ---- which ---- */

int64_t calibrate_today_us(const struct calibrate_provider *provider)
{
    const struct timeout_advice *today = &provider->advice[TIMEOUT_TODAY];
    return today->state == TIMEOUT_FOUND ? today->us : 0;
}

const struct timeout_achieved *calibrate_achieved(const struct calibrate_provider *provider)
{
    return provider->recommended_us > 0 ? &provider->achieved : NULL;
}

static uint32_t whose_tail(const struct calibration *calibration)
{
    const uint64_t *slowest = calibration->tail.slowest[WAITING_QUANTILES - 1];
    uint32_t most = UINT32_MAX;
    for (uint32_t i = 0; calibration->has_orders && i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        const unsigned p = provider->series->provider;
        const bool changes = provider->recommended && provider->recommended_us > 0 &&
                             provider->recommended_us != calibrate_today_us(provider);
        if (!changes || p >= PROVIDER_COUNT || slowest[p] == 0) continue;
        if (2 * slowest[p] > calibration->tail.beyond[WAITING_QUANTILES - 1]) most = i;
    }
    return most;
}

uint32_t calibrate_lead(const struct calibration *calibration)
{
    uint32_t lead = UINT32_MAX;
    double most = -1;
    if (whose_tail(calibration) != UINT32_MAX) return whose_tail(calibration);
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        const double today = (double)calibrate_today_us(provider);
        if (!provider->recommended || provider->recommended_us <= 0) continue;
        /* Without a timeout of today's the largest sample leads, behind all that have one. */
        const double change = today > 0 ? 1 + fabs(log((double)provider->recommended_us / today))
                                        : -1 / (1 + (double)provider->asked);
        if (change <= most) continue;
        most = change;
        lead = i;
    }
    return lead;
}

uint32_t calibrate_largest(const struct calibration *calibration, uint32_t limit,
                           uint32_t places[LATENCY_SERIES_MAX])
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < calibration->latencies.count && i < LATENCY_SERIES_MAX; i++) {
        uint32_t larger = 0; /* how many come before it */
        for (uint32_t j = 0; j < calibration->latencies.count; j++)
            larger += calibration->providers[j].asked > calibration->providers[i].asked ||
                      (calibration->providers[j].asked == calibration->providers[i].asked && j < i);
        if (larger < limit) places[shown++] = i;
    }
    return shown;
}

const char *calibrate_token(const struct calibrate_provider *provider)
{
    static const char *const tokens[PROVIDER_COUNT] = {[PROVIDER_MEALME] = "MEALME",
                                                       [PROVIDER_INSTACART] = "INSTACART",
                                                       [PROVIDER_KROGER_API] = "KROGER",
                                                       [PROVIDER_WALMART_API] = "WALMART"};
    const enum provider own = provider->series->provider;
    return (unsigned)own < PROVIDER_COUNT ? tokens[own] : "S7";
}

void calibrate_put_plain(struct text *text, const char *words, size_t bytes)
{
    for (size_t at = 0; at < bytes;) {
        uint32_t code = 0;
        const unsigned length = utf8_read(words + at, bytes - at, &code);
        if (length > 0 && utf8_is_visible(code))
            text_append(text, words + at, length);
        else
            text_char(text, ' ');
        at += length == 0 ? 1 : length;
    }
}

void calibrate_csv_name(struct text *text, const char *name)
{
    struct text plain = {0};
    calibrate_put_plain(&plain, name, strlen(name));
    text_csv(text, plain.bytes != NULL ? plain.bytes : "");
    text->failed |= plain.failed;
    text_release(&plain);
}

bool calibrate_has_sites(const struct calibration *calibration)
{
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        if (calibration->providers[i].key == NULL) return true;
    return false;
}

void calibrate_show_count(struct text *text, const struct calibration *calibration)
{
    text_int(text, calibration->latencies.count);
    text_put(text, calibrate_has_sites(calibration) ? " site" : " provider");
    if (calibration->latencies.count != 1) text_char(text, 's');
}

bool calibrate_unread(const struct calibration *calibration)
{
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (provider->key != NULL && !provider->key_read) return true;
    }
    return false;
}

double calibrate_arm_ms(const struct calibration *calibration, const struct calibrate_arm *arm,
                        unsigned quantile)
{
    if (!arm->known) return NAN;
    return calibration->has_orders ? arm->outcome.waits[quantile].ms : arm->model_ms[quantile];
}
