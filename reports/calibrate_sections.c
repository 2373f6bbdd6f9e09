/* What the sections of a calibration say in words, and the words that their forms share. */
#include "reports/calibrate_sections.h"

#include <math.h>
#include <string.h>

#include "reports/calibrate_text.h"
#include "reports/show.h"
#include "router/base/duration.h"

const char calibrate_no_replicas_words[] =
    "No provider stands in for another: each has its own prices, stores and stock, so a second "
    "call goes to the same provider and shares its bad minutes. If all slowness were shared a "
    "second call would gain nothing.";

/* ---- words ---- */

void calibrate_show_place(struct text *text, const struct calibration *calibration, int64_t at_us,
                          uint32_t sample)
{
    char instant[INSTANT_TEXT_MAX];
    if (!calibration->latencies.has_time) {
        text_put(text, "call ");
        text_grouped(text, (int64_t)sample + 1);
        return;
    }
    instant_format(at_us, instant); /* to the minute */
    text_format(text, "%.10s %.5s UTC", instant, instant + 11);
}

void calibrate_show_whatif(struct text *text, const struct whatif_time *time)
{
    switch (time->state) {
    case WHATIF_KNOWN:
        show_latency(text, (double)time->us / 1000);
        break;
    case WHATIF_BEYOND:
        text_put(text, "> ");
        show_latency(text, (double)time->us / 1000);
        break;
    case WHATIF_TOO_FEW:
        text_put(text, "n/a");
        break;
    }
}

void calibrate_show_share_interval(struct text *text, double low, double high)
{
    if (isnan(low) || isnan(high)) {
        text_put(text, "n/a");
        return;
    }
    calibrate_show_share(text, low, low, high);
    text_put(text, " to ");
    calibrate_show_share(text, high, low, high);
}

uint32_t calibrate_section_places(const struct calibration *calibration,
                                  uint32_t places[LATENCY_SERIES_MAX])
{
    return calibrate_largest(calibration, CALIBRATE_SECTION_ROWS, places);
}

uint32_t calibrate_held_rules(const struct calibration *calibration, enum timeout_rule rules[2])
{
    rules[0] = calibration->rule;
    rules[1] = TIMEOUT_P95_PLUS;
    return rules[0] == rules[1] ? 1 : 2;
}

const struct calibrate_held *calibrate_held_of(const struct calibrate_provider *provider,
                                               enum timeout_rule rule)
{
    return provider->stability.known ? &provider->stability.held[rule] : NULL;
}

enum stability_verdict calibrate_verdict_of(const struct calibrate_provider *provider,
                                            enum timeout_rule rule)
{
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    return held != NULL ? held->judged.verdict : STABILITY_NA;
}

void calibrate_show_na_reason(struct text *text, const struct calibrate_provider *provider,
                              enum timeout_rule rule)
{
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    if (held == NULL) {
        text_put(text, "too few calls");
    } else if (held->judged.verdict != STABILITY_NA) {
        return;
    } else if (held->advice.state != TIMEOUT_FOUND) {
        text_put(text, "no advice from the first part");
    } else if (held->judged.unknown > 0) {
        text_grouped(text, (int64_t)held->judged.unknown);
        text_put(text, " given up before it");
    } else {
        text_put(text, "too few calls");
    }
}

/* Which way it went, where it was not as predicted. */
void calibrate_show_verdict(struct text *text, const struct calibrate_provider *provider,
                            enum timeout_rule rule)
{
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    const enum stability_verdict verdict = calibrate_verdict_of(provider, rule);
    text_put(text, stability_verdict_names[verdict]);
    if (held == NULL || (verdict != STABILITY_MISSED && verdict != STABILITY_STALE)) return;
    if (held->judged.y > held->judged.high) text_put(text, ", better");
    if (held->judged.y < held->judged.low) text_put(text, ", worse");
}

enum { DECIMALS_MAX = 5 };

static void put_percent(struct text *text, double share, int decimals)
{
    if (decimals == 1 || share <= 0 || share >= 1) {
        show_share(text, share);
    } else {
        text_fixed(text, 100 * share, decimals);
        text_char(text, '%');
    }
}

static bool prints_alike(double a, double b, int decimals)
{
    struct text one = {0}, other = {0};
    put_percent(&one, a, decimals);
    put_percent(&other, b, decimals);
    const bool alike =
        one.bytes != NULL && other.bytes != NULL && strcmp(one.bytes, other.bytes) == 0;
    text_release(&one);
    text_release(&other);
    return alike;
}

/* As many as a narrow interval needs, and more where a share outside would print like its bound. */
static int judged_decimals(const struct stability_timeout *judged)
{
    const double m = (double)judged->m, y = (double)judged->y / m;
    const double low = (double)judged->low / m, high = (double)judged->high / m;
    int decimals = high - low < 0.005 ? 2 : 1;
    while (decimals < DECIMALS_MAX && ((y < low && prints_alike(y, low, decimals)) ||
                                       (y > high && prints_alike(y, high, decimals))))
        decimals++;
    return decimals;
}

void calibrate_show_in_time(struct text *text, const struct stability_timeout *judged)
{
    put_percent(text, (double)judged->y / (double)judged->m, judged_decimals(judged));
}

void calibrate_show_predicted(struct text *text, const struct stability_timeout *judged)
{
    const int decimals = judged_decimals(judged);
    put_percent(text, (double)judged->low / (double)judged->m, decimals);
    text_put(text, " to ");
    put_percent(text, (double)judged->high / (double)judged->m, decimals);
}

void calibrate_show_first_part(struct text *text, const struct calibration *calibration)
{
    if (calibration->split == 0.5) {
        text_put(text, "the first half");
        return;
    }
    text_put(text, "the first ");
    text_double(text, round(1e4 * calibration->split) / 100);
    text_put(text, "%");
}

const char *calibrate_law_words(enum fit_law law)
{
    static const char *const words[FIT_LAWS] = {
        "lognormal", "gamma", "Weibull", "log-logistic", "shifted lognormal", "body and tail"};
    return law < FIT_LAWS ? words[law] : "none fits";
}

/* "median_us" is shown as a time and called "median"; what has no unit has three figures. */
void calibrate_show_law(struct text *text, const struct fit *fit)
{
    for (unsigned i = 0; i < fit->parameters; i++) {
        const char *name = fit_parameter_names[fit->law][i];
        const size_t length = strlen(name);
        const bool is_time = length > 3 && strcmp(name + length - 3, "_us") == 0;
        text_put(text, i > 0 ? ", " : "");
        for (size_t c = 0; c < length - (is_time ? 3 : 0); c++)
            text_char(text, name[c] == '_' ? ' ' : name[c]);
        text_char(text, ' ');
        if (isnan(fit->values[i])) {
            text_put(text, "n/a");
        } else if (is_time) {
            show_latency(text, fit->values[i] / 1000);
        } else {
            text_fixed(text, fit->values[i], fabs(fit->values[i]) < 10 ? 3 : 1);
        }
    }
    if (fit->at_edge) text_put(text, " (one at its bound)");
}

/* ---- does it hold? ---- */

/* How far outside of what was predicted, as a share of the rest; 0: within. */
static double distance_of(const struct stability_timeout *judged)
{
    const double y = (double)judged->y, m = (double)judged->m;
    if (judged->y < judged->low) return ((double)judged->low - y) / m;
    return judged->y > judged->high ? (y - (double)judged->high) / m : 0;
}

/* Of those with that verdict the farthest off, then the one with the most calls; NULL: nobody. */
static const struct calibrate_provider *farthest_with(const struct calibration *calibration,
                                                      enum stability_verdict verdict)
{
    const struct calibrate_provider *farthest = NULL;
    double most = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (calibrate_verdict_of(provider, calibration->rule) != verdict) continue;
        const double distance =
            distance_of(&calibrate_held_of(provider, calibration->rule)->judged);
        if (farthest != NULL &&
            (distance < most || (distance == most && provider->asked <= farthest->asked)))
            continue;
        farthest = provider;
        most = distance;
    }
    return farthest;
}

/* "KROGER: 2,703 of the next 2,780 calls in time, 2,690 to 2,731 predicted" */
static void put_example(struct text *text, const struct calibrate_provider *provider,
                        const struct stability_timeout *judged)
{
    text_format(text, " %s: ", provider->name);
    text_grouped(text, (int64_t)judged->y);
    text_put(text, " of the next ");
    text_grouped(text, (int64_t)judged->m);
    text_put(text, " calls in time where ");
    text_grouped(text, (int64_t)judged->low);
    text_put(text, " to ");
    text_grouped(text, (int64_t)judged->high);
    text_put(text, " were predicted (95%)");
}

static void put_verdicts(struct text *text, const uint32_t counts[STABILITY_VERDICTS])
{
    static const char *const words[STABILITY_VERDICTS] = {"held for ", "missed for ", "stale for ",
                                                          "n/a for "};
    bool any = false;
    for (unsigned v = 0; v < STABILITY_VERDICTS; v++) {
        if (counts[v] == 0) continue;
        text_put(text, any ? ", " : " ");
        text_put(text, words[v]);
        text_grouped(text, counts[v]);
        any = true;
    }
}

void calibrate_find_holds(struct text *text, const struct calibration *calibration)
{
    uint32_t counts[STABILITY_VERDICTS] = {0};
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        counts[calibrate_verdict_of(&calibration->providers[i], calibration->rule)]++;
    text_put(text, "Advice of ");
    calibrate_show_first_part(text, calibration);
    text_put(text, " of the calls (");
    calibrate_show_rule(text, calibration, calibration->rule);
    text_put(text, "), judged on the rest:");
    put_verdicts(text, counts);
    text_put(text, " of ");
    calibrate_show_count(text, calibration);
    static const enum stability_verdict order[] = {STABILITY_STALE, STABILITY_MISSED,
                                                   STABILITY_HELD};
    for (size_t v = 0; v < sizeof order / sizeof *order; v++) {
        const struct calibrate_provider *provider = farthest_with(calibration, order[v]);
        if (provider == NULL) continue;
        text_put(text, ".");
        put_example(text, provider, &calibrate_held_of(provider, calibration->rule)->judged);
        break;
    }
    text_char(text, '.');
}

/* ---- second calls ---- */

/* Whom the sentence is about, and the delay: p95, else the longest that is known. */
static const struct whatif_hedge *hedge_of(const struct calibrate_provider *provider)
{
    static const unsigned order[] = {2, 1, 0, 3};
    for (unsigned i = 0; i < WHATIF_DELAYS; i++) {
        const struct whatif_hedge *hedge = &provider->hedges.hedges[order[i]];
        if (hedge->after.state == WHATIF_KNOWN) return hedge;
    }
    return NULL;
}

static const struct calibrate_provider *hedged(const struct calibration *calibration)
{
    const uint32_t lead = calibrate_lead(calibration);
    const struct calibrate_provider *largest = NULL;
    if (lead != UINT32_MAX && hedge_of(&calibration->providers[lead]) != NULL)
        return &calibration->providers[lead];
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        if (hedge_of(provider) == NULL) continue;
        if (largest == NULL || provider->asked > largest->asked) largest = provider;
    }
    return largest;
}

/* The farthest of p99 and p95 that something is known of, and that a call after that delay can
 * change; WHATIF_QUANTILES: neither. */
static unsigned told_quantile(const struct whatif_outcome *before, double delay_quantile)
{
    enum { P95 = 1, P99 = 2 };
    for (unsigned q = P99; before->known && q >= P95; q--)
        if (whatif_quantiles[q] > delay_quantile && before->quantiles[q].state != WHATIF_TOO_FEW)
            return q;
    return WHATIF_QUANTILES;
}

static void put_gain(struct text *text, const struct calibrate_provider *provider,
                     const struct whatif_hedge *hedge)
{
    const unsigned q = told_quantile(&provider->hedges.before, hedge->delay_quantile);
    if (q == WHATIF_QUANTILES || !hedge->independent.known) {
        text_put(text, "; what it gains is n/a: too few answers");
        return;
    }
    text_format(text, " and takes its p%.0f from ", 100 * whatif_quantiles[q]);
    calibrate_show_whatif(text, &provider->hedges.before.quantiles[q]);
    text_put(text, " to ");
    calibrate_show_whatif(text, &hedge->independent.quantiles[q]);
    text_put(text, " if calls are slow independently");
    const bool both = hedge->shared.known && hedge->shared.quantiles[q].state != WHATIF_TOO_FEW;
    if (both) {
        text_put(text, ", to ");
        calibrate_show_whatif(text, &hedge->shared.quantiles[q]);
        text_put(text, " with the slowness that neighbours share");
    }
    text_put(text, both ? " (both a model)" : " (a model)");
}

void calibrate_find_second_calls(struct text *text, const struct calibration *calibration)
{
    const struct calibrate_provider *provider = hedged(calibration);
    const struct whatif_hedge *hedge = provider != NULL ? hedge_of(provider) : NULL;
    if (hedge == NULL) {
        text_put(text, "What a second call would bring is n/a: too few calls were answered to tell "
                       "when to send it.");
        return;
    }
    text_format(text, "A second call to %s after its p%.0f (", provider->name,
                100 * hedge->delay_quantile);
    calibrate_show_whatif(text, &hedge->after);
    text_put(text, ") makes ");
    show_share(text, hedge->load);
    text_put(text, " more calls");
    put_gain(text, provider, hedge);
    if (hedge->slow.pairs > 0 && !isnan(hedge->slow.after)) {
        text_put(text, "; after a call that slow the next one is as slow with ");
        show_share(text, hedge->slow.after);
        text_put(text, " (95% interval ");
        calibrate_show_share_interval(text, hedge->slow.low, hedge->slow.high);
        calibrate_show_n(text, hedge->slow.pairs);
        text_put(text, "), any call with ");
        show_share(text, hedge->slow.alone);
    }
    text_char(text, '.');
}

/* ---- caches ---- */

void calibrate_find_caches(struct text *text, const struct calibration *calibration)
{
    if (!calibration->caches_known) {
        text_put(text, "What caches would do is n/a: only a scenario tells what is asked for, and "
                       "this is ");
        text_put(text, calibration->has_orders ? "what became of orders." : "latencies alone.");
        return;
    }
    const struct cache_share *cart = &calibration->caches.recurrences[RECUR_CART].before;
    const struct cache_share *place = &calibration->caches.recurrences[RECUR_CART_PLACE].before;
    if (cart->of == 0 || isnan(cart->share)) {
        text_put(text, "How often a cart recurs is n/a: there are no orders.");
        return;
    }
    text_put(text, cart->share < 0.1 ? "Exact carts seldom recur: " : "Exact carts recur: ");
    calibrate_show_share(text, cart->share, cart->low, cart->high);
    text_put(text, " of orders bring a cart that anybody ordered before (");
    if (!isnan(cart->low)) {
        text_put(text, "95% interval ");
        calibrate_show_share_interval(text, cart->low, cart->high);
        calibrate_show_n(text, cart->of);
    } else {
        text_put(text, "exact");
        calibrate_show_n(text, cart->of);
    }
    text_put(text, "), ");
    calibrate_show_share(text, place->share, place->low, place->high);
    text_put(text, " in the same postal code, which is what a quote can be kept for.");
    if (calibration->caches.drawn)
        text_put(text, " These carts are drawn item by item and recur less than people\u2019s "
                       "(elsewhere 29% of a shop\u2019s baskets, 10.5% without single-line ones): "
                       "take what quotes would save as a lower bound.");
}

static const struct cache_row *contract_row(const struct cache_sweep *sweep,
                                            enum cache_sweep_kind kind)
{
    for (uint32_t r = 0; r < sweep->row_count; r++)
        if (sweep->rows[r].kind == kind && sweep->rows[r].contract) return &sweep->rows[r];
    return NULL;
}

enum { LEVERS = 3 };
static const struct {
    enum cache_sweep_kind kind;
    const char *what;
} levers[LEVERS] = {
    {CACHE_SWEEP_ITEM, "items"}, {CACHE_SWEEP_STORE, "stores"}, {CACHE_SWEEP_PLACE, "quotes"}};

/* Rows at the contract's lives, the one that saves the most calls first. */
static unsigned order_levers(const struct cache_sweep *sweep, const struct cache_row *rows[LEVERS])
{
    unsigned count = 0;
    for (unsigned l = 0; l < LEVERS; l++) {
        const struct cache_row *row = contract_row(sweep, levers[l].kind);
        if (row == NULL || row->hits.of == 0) continue;
        unsigned at = count++;
        for (; at > 0 && rows[at - 1]->calls_saved < row->calls_saved; at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
    return count;
}

static void put_life(struct text *text, const struct cache_sweep *sweep,
                     const struct cache_row *row)
{
    for (unsigned l = 0; l < LEVERS; l++)
        if (levers[l].kind == row->kind) text_put(text, levers[l].what);
    text_put(text, " for ");
    show_span(text, row->ttl_us);
    text_put(text, ": ");
    calibrate_show_share(text, row->calls_saved_share, 0, 1);
    text_put(text, " of calls saved, ");
    calibrate_show_cache_share(text, &row->hits);
    text_put(text, " of requests answered");
    if (row->effect.known && !isnan(row->effect.latency_ms.value)) {
        text_put(text, ", time saved an order ");
        calibrate_show_saved_ms(text, &row->effect.latency_ms);
    }
    text_put(text, sweep->kept[row->kind] ? "; the scenario has it" : "; the scenario has it not");
}

unsigned calibrate_cache_lines(const struct calibration *calibration, struct text lines[3])
{
    const struct cache_row *rows[LEVERS];
    if (!calibration->caches_known) return 0;
    const unsigned count = order_levers(&calibration->caches, rows);
    for (unsigned r = 0; r < count; r++)
        put_life(&lines[r], &calibration->caches, rows[r]);
    return count;
}

void calibrate_find_contract_lives(struct text *text, const struct calibration *calibration)
{
    struct text lines[LEVERS] = {{0}};
    const unsigned count = calibrate_cache_lines(calibration, lines);
    for (unsigned l = 0; l < count; l++) {
        text_put(text, l == 0 ? "The contract\u2019s lives here, each by itself, the other caches "
                                "as the policy has them, most calls saved first (95% intervals): "
                              : ". ");
        text_put(text, lines[l].bytes != NULL ? lines[l].bytes : "");
        text->failed |= lines[l].failed;
        text_release(&lines[l]);
    }
    if (count > 0) text_char(text, '.');
}

void calibrate_show_cache_share(struct text *text, const struct cache_share *share)
{
    calibrate_show_share(text, share->of > 0 ? share->share : (double)NAN, share->low, share->high);
    if (share->of == 0 || isnan(share->share) || isnan(share->low)) return;
    text_put(text, " (");
    calibrate_show_share_interval(text, share->low, share->high);
    text_char(text, ')');
}

/* The estimate is cached minus base: what is below 0 was saved. */
static void put_saved(struct text *text, double ms)
{
    if (ms > 0) text_put(text, "\u2212");
    show_latency(text, fabs(ms));
}

void calibrate_show_saved_ms(struct text *text, const struct stats_estimate *latency)
{
    if (isnan(latency->value)) {
        text_put(text, "n/a");
        return;
    }
    put_saved(text, latency->value);
    if (isnan(latency->low) || isnan(latency->high)) return;
    text_put(text, " (");
    put_saved(text, latency->high);
    text_put(text, " to ");
    put_saved(text, latency->low);
    text_char(text, ')');
}
