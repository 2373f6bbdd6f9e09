/* stability.csv, hedges.csv, retries.csv, caches.csv. RFC 4180, units in the names; what is not
 * known is an empty cell. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "router/base/duration.h"

/* ---- cells ---- */

static void put_number(struct text *text, double value)
{
    text_char(text, ',');
    if (isfinite(value)) text_double(text, value);
}

static void put_count(struct text *text, uint64_t count)
{
    text_char(text, ',');
    text_int(text, (int64_t)count);
}

static void put_ms(struct text *text, int64_t us)
{
    put_number(text, us > 0 && us != INT64_MAX ? (double)us / 1000 : (double)NAN);
}

static void put_empty(struct text *text, unsigned cells)
{
    for (; cells > 0; cells--)
        text_char(text, ',');
}

static void put_end(struct text *text)
{
    text_put(text, "\r\n");
}

/* ---- stability.csv: one figure a row ---- */

struct row { /* what its rows begin with */
    struct text *text;
    const struct calibration *calibration;
    const char *provider, *kind, *name;
};

static void begin_figure(const struct row *row, const char *figure)
{
    calibrate_csv_name(row->text, row->provider);
    text_format(row->text, ",%s,%s,%s", row->kind, row->name, figure);
}

static void put_figure(const struct row *row, const char *figure, double value)
{
    begin_figure(row, figure);
    put_number(row->text, value);
    put_end(row->text);
}

static void put_word(const struct row *row, const char *figure, const char *word)
{
    begin_figure(row, figure);
    text_char(row->text, ',');
    text_csv(row->text, word);
    put_end(row->text);
}

static void put_instant(const struct row *row, const char *figure, int64_t at_us)
{
    char instant[INSTANT_TEXT_MAX];
    if (!row->calibration->latencies.has_time) return;
    instant_format(at_us, instant);
    put_word(row, figure, instant);
}

static double ms_of(int64_t us)
{
    return us > 0 && us != INT64_MAX ? (double)us / 1000 : (double)NAN;
}

static void put_held(const struct row *row, const struct calibrate_held *held)
{
    const struct stability_timeout *judged = &held->judged;
    put_word(row, "verdict", stability_verdict_names[judged->verdict]);
    if (held->advice.state != TIMEOUT_FOUND) return;
    put_figure(row, "timeout_ms", ms_of(held->advice.us));
    put_figure(row, "first_in_time", (double)judged->k);
    put_figure(row, "first_calls", (double)judged->n);
    put_figure(row, "predicted_low95", (double)judged->low);
    put_figure(row, "predicted_high95", (double)judged->high);
    put_figure(row, "rest_in_time", (double)judged->y);
    put_figure(row, "rest_calls", (double)judged->m);
    put_figure(row, "unknown", (double)judged->unknown);
}

static void put_third(const struct row *row, const struct calibrate_stability *stability,
                      unsigned part)
{
    static const char *const names[STABILITY_QUANTILES] = {"p50", "p95", "p99"};
    static const char *const figures[4] = {"_ms", "_low95_ms", "_high95_ms", "_more_than_ms"};
    const struct stability_third *third = &stability->thirds[part];
    const struct timeout_advice *advice = &stability->third_advice[part];
    put_figure(row, "calls", third->count);
    if (third->count == 0) return;
    put_figure(row, "first_call", third->first + 1.0);
    put_instant(row, "from", third->from_us);
    put_instant(row, "until", third->until_us);
    for (unsigned q = 0; q < STABILITY_QUANTILES; q++) {
        const struct latency_quantile *quantile = &third->quantiles[q];
        const double values[4] = {
            quantile->us, quantile->low.state == LATENCY_END_KNOWN ? quantile->low.us : (double)NAN,
            quantile->high.state == LATENCY_END_KNOWN ? quantile->high.us : (double)NAN,
            quantile->beyond_us};
        for (unsigned v = 0; v < 4; v++) {
            char figure[32];
            (void)snprintf(figure, sizeof figure, "%s%s", names[q], figures[v]);
            put_figure(row, figure, values[v] / 1000);
        }
    }
    put_figure(row, "timeout_ms", advice->state == TIMEOUT_FOUND ? ms_of(advice->us) : (double)NAN);
    put_figure(row, "timeout_more_than_ms",
               advice->state == TIMEOUT_BEYOND ? ms_of(advice->us) : (double)NAN);
}

static void put_change(const struct row *row, const struct change *change)
{
    put_figure(row, "call", change->index + 1.0);
    put_instant(row, "at", change->at_us);
    put_figure(row, "before_ms", change->before / 1000);
    put_figure(row, "after_ms", change->after / 1000);
    put_figure(row, "ratio", change->ratio);
    put_figure(row, "low95_call", change->low + 1.0);
    put_figure(row, "high95_call", change->high + 1.0);
}

static void put_rate_change(const struct row *row, const struct rate_change *change)
{
    put_figure(row, "call", change->index + 1.0);
    put_instant(row, "at", change->at_us);
    put_figure(row, "failed_before", (double)change->failed_before);
    put_figure(row, "calls_before", (double)change->before);
    put_figure(row, "failed_after", (double)change->failed_after);
    put_figure(row, "calls_after", (double)change->after);
}

static void put_changes(struct row *row, const struct change_set *changes)
{
    char name[16];
    row->name = name;
    row->kind = "change";
    for (uint32_t c = 0; c < changes->count; c++) {
        (void)snprintf(name, sizeof name, "%u", (unsigned)c + 1);
        put_change(row, &changes->items[c]);
    }
    row->kind = "failure_change";
    for (uint32_t c = 0; c < changes->rate_count; c++) {
        (void)snprintf(name, sizeof name, "%u", (unsigned)c + 1);
        put_rate_change(row, &changes->rates[c]);
    }
    row->kind = "neighbours";
    row->name = "lag1";
    put_figure(row, "autocorrelation", changes->autocorrelation);
    put_figure(row, "autocorrelation_within", changes->autocorrelation_within);
    put_figure(row, "autocorrelation_bound", changes->autocorrelation_bound);
}

static void put_goodness(const struct row *row, const struct fit_goodness *goodness)
{
    static const char *const names[2] = {"p99", "p999"};
    static const char *const figures[4] = {"_ms", "_above_share", "_above_low95", "_above_high95"};
    put_figure(row, "ks", goodness->ks);
    put_figure(row, "ks_p", goodness->ks_p);
    put_figure(row, "ad", goodness->ad);
    put_figure(row, "ad_p", goodness->ad_p);
    for (unsigned t = 0; t < 2; t++) {
        const struct fit_tail *tail = &goodness->tails[t];
        const double values[4] = {tail->at.us / 1000, tail->share, tail->low, tail->high};
        for (unsigned v = 0; v < 4; v++) {
            char figure[32];
            (void)snprintf(figure, sizeof figure, "fitted_%s%s", names[t], figures[v]);
            put_figure(row, figure, values[v]);
        }
        char figure[32];
        (void)snprintf(figure, sizeof figure, "fitted_%s_extrapolated", names[t]);
        if (tail->at.reach != FIT_NO_VALUE)
            put_figure(row, figure, tail->at.reach == FIT_EXTRAPOLATED);
    }
}

static void put_laws(struct row *row, const struct calibrate_stability *stability)
{
    row->kind = "law";
    for (unsigned l = 0; l < FIT_LAWS; l++) {
        const struct fit *fit = &stability->fits[l];
        row->name = fit_law_names[l];
        put_figure(row, "weight", stability->weights[l]);
        put_figure(row, "aicc", fit->aicc);
        for (unsigned i = 0; fit->reason == FIT_FINE && i < fit->parameters; i++)
            put_figure(row, fit_parameter_names[l][i], fit->values[i]);
        if (stability->best == FIT_LAWS || fit->reason != FIT_FINE) continue;
        if (l == stability->best) {
            put_goodness(row, &stability->goodness);
        } else if (l == FIT_LOGNORMAL) {
            put_goodness(row, &stability->lognormal);
        }
    }
}

void calibrate_write_stability_csv(struct text *text, const struct calibration *calibration)
{
    static const char *const parts[STABILITY_PARTS] = {"first", "second", "last"};
    text_put(text, "provider,kind,name,figure,value\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_stability *stability = &calibration->providers[i].stability;
        struct row row = {text, calibration, calibration->providers[i].name, "held", ""};
        for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
            row.name = timeout_rule_names[r];
            if (stability->known) {
                put_held(&row, &stability->held[r]);
            } else {
                put_word(&row, "verdict", stability_verdict_names[STABILITY_NA]);
            }
        }
        row.kind = "third";
        for (unsigned part = 0; part < STABILITY_PARTS; part++) {
            row.name = parts[part];
            put_third(&row, stability, part);
        }
        put_changes(&row, &stability->changes);
        row.kind = "fresh";
        row.name = stability_freshness_names[stability->fresh.freshness];
        put_figure(&row, "first_call", stability->fresh.index + 1.0);
        put_figure(&row, "calls", stability->fresh.count);
        put_laws(&row, stability);
    }
}

/* ---- hedges.csv ---- */

/* In milliseconds when it is in that state, else empty; an answer may take no time at all. */
static void put_time(struct text *text, const struct whatif_time *time, enum whatif_state state)
{
    put_number(text, time->state == state ? (double)time->us / 1000 : (double)NAN);
}

static void put_outcome(struct text *text, const struct whatif_outcome *outcome)
{
    text_format(text, ",%s,%s", whatif_method_names[outcome->method],
                outcome->model ? "model" : "measured");
    if (!outcome->known) {
        put_empty(text, 2 + 2 * WHATIF_QUANTILES);
        return;
    }
    put_count(text, outcome->n);
    for (unsigned q = 0; q < WHATIF_QUANTILES; q++) {
        const struct whatif_time *time = &outcome->quantiles[q];
        put_time(text, time, WHATIF_KNOWN);
        put_time(text, time, WHATIF_BEYOND);
    }
    put_number(text, outcome->in_time);
}

static void put_hedge(struct text *text, const struct calibrate_provider *provider,
                      const struct whatif_hedge *hedge, const struct whatif_outcome *outcome)
{
    calibrate_csv_name(text, provider->name);
    put_number(text, hedge->delay_quantile);
    put_time(text, &hedge->after, WHATIF_KNOWN);
    put_number(text, hedge->load);
    put_count(text, hedge->slow.pairs);
    put_number(text, hedge->slow.after);
    put_number(text, hedge->slow.low);
    put_number(text, hedge->slow.high);
    put_number(text, hedge->slow.alone);
    put_outcome(text, outcome);
    put_end(text);
}

void calibrate_write_hedges_csv(struct text *text, const struct calibration *calibration)
{
    text_put(text, "provider,delay_quantile,after_ms,extra_load,slow_pairs,slow_after_slow_share,"
                   "slow_after_slow_low95,slow_after_slow_high95,slow_share,assumption,evidence,"
                   "calls,p50_ms,p50_more_than_ms,p95_ms,p95_more_than_ms,p99_ms,"
                   "p99_more_than_ms,p999_ms,p999_more_than_ms,in_time_share\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        calibrate_csv_name(text, provider->name);
        put_empty(text, 8);
        put_outcome(text, &provider->hedges.before);
        put_end(text);
        for (unsigned d = 0; d < WHATIF_DELAYS; d++) {
            const struct whatif_hedge *hedge = &provider->hedges.hedges[d];
            if (hedge->after.state != WHATIF_KNOWN) continue;
            put_hedge(text, provider, hedge, &hedge->independent);
            put_hedge(text, provider, hedge, &hedge->shared);
        }
    }
}

/* ---- retries.csv ---- */

void calibrate_write_retries_csv(struct text *text, const struct calibration *calibration)
{
    text_put(text, "provider,deadline_ms,calls,failing_share,fail_pairs,fails_after_failed_share,"
                   "fails_after_failed_low95,fails_after_failed_high95,tries,evidence,"
                   "in_time_share,tries_per_call,in_time_shared_share,tries_per_call_shared,"
                   "at_least\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        const struct whatif_retries *retries = &provider->retries;
        for (unsigned t = 0; provider->retries_known && t < WHATIF_TRIES; t++) {
            const struct whatif_tries *tries = &retries->tries[t];
            calibrate_csv_name(text, provider->name);
            put_ms(text, provider->recommended_us);
            put_count(text, retries->n);
            put_number(text, retries->failing);
            put_count(text, retries->fails.pairs);
            put_number(text, retries->fails.after);
            put_number(text, retries->fails.low);
            put_number(text, retries->fails.high);
            put_count(text, tries->tries);
            text_put(text, tries->tries == 1 ? ",measured" : ",model");
            put_number(text, tries->success);
            put_number(text, tries->load);
            put_number(text, tries->success_shared);
            put_number(text, tries->load_shared);
            put_count(text, retries->beyond);
            put_end(text);
        }
    }
}

/* ---- caches.csv ---- */

enum { CACHE_CELLS_AFTER_HITS = 24 };

static void put_cache_share(struct text *text, const struct cache_share *share)
{
    put_count(text, share->hits);
    put_count(text, share->of);
    put_number(text, share->of > 0 ? share->share : (double)NAN);
    put_number(text, share->of > 0 ? share->low : (double)NAN);
    put_number(text, share->of > 0 ? share->high : (double)NAN);
}

static void put_stale(struct text *text, const struct cache_row *row)
{
    const struct cache_stale *stale = row->kind == CACHE_SWEEP_ITEM ? &row->lines : &row->quotes;
    if (!cache_sweep_traits[row->kind].has_prices || stale->changed.of == 0) {
        put_empty(text, 5);
        return;
    }
    put_cache_share(text, &stale->changed);
}

static void put_estimate(struct text *text, const struct stats_estimate *estimate)
{
    put_number(text, estimate->value);
    put_number(text, estimate->low);
    put_number(text, estimate->high);
}

static void put_effect(struct text *text, const struct cache_effect *effect)
{
    if (!effect->known) {
        put_empty(text, 13);
        return;
    }
    put_count(text, effect->orders);
    put_count(text, effect->changed);
    put_estimate(text, &effect->changed_share);
    put_number(text, effect->differs.of > 0 ? effect->differs.share : (double)NAN);
    put_estimate(text, &effect->regret_cents);
    put_estimate(text, &effect->latency_ms);
    put_count(text, effect->stale_changed);
}

void calibrate_write_caches_csv(struct text *text, const struct calibration *calibration)
{
    const struct cache_sweep *sweep = &calibration->caches;
    text_put(text, "kind,life_s,contract,hits,requests,hit_share,hit_low95,hit_high95,"
                   "calls_without,calls_saved,calls_saved_share,cents_saved,entries_peak,"
                   "entries_enough,model_stale,model_stale_of,model_stale_share,model_stale_low95,"
                   "model_stale_high95,orders,changed,changed_share,changed_low95,changed_high95,"
                   "shown_differs_share,regret_cents,regret_low95_cents,regret_high95_cents,"
                   "latency_change_ms,latency_change_low95_ms,latency_change_high95_ms,"
                   "changed_by_staleness_alone\r\n");
    if (!calibration->caches_known) return;
    for (uint32_t r = 0; r < sweep->row_count; r++) {
        const struct cache_row *row = &sweep->rows[r];
        text_put(text, cache_sweep_traits[row->kind].name);
        put_number(text, (double)row->ttl_us / 1e6);
        put_count(text, row->contract);
        put_cache_share(text, &row->hits);
        put_count(text, row->calls_without);
        text_char(text, ',');
        text_int(text, row->calls_saved);
        put_number(text, row->calls_saved_share);
        put_number(text, row->cents_saved);
        put_count(text, row->entries_peak);
        put_count(text, row->entries_enough);
        put_stale(text, row);
        put_effect(text, &row->effect);
        put_end(text);
    }
    for (unsigned k = 0; k < RECUR_KINDS; k++) {
        text_format(text, "seen_before_%s,,", cache_recurrence_names[k]);
        put_cache_share(text, &sweep->recurrences[k].before);
        put_empty(text, CACHE_CELLS_AFTER_HITS);
        put_end(text);
    }
}
