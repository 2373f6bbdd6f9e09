/* summary.json of a calibration: the members "stability", "second_calls" and "caches". What is not
 * known is null; so is a distance that is infinite. */
#include <math.h>

#include "reports/calibrate_sections.h"
#include "reports/json_put.h"
#include "router/base/duration.h"

/* ---- pieces ---- */

static void put_ms(struct text *text, const char *before, const char *key, int64_t us)
{
    json_put_number(text, before, key, us > 0 && us != INT64_MAX ? (double)us / 1000 : (double)NAN);
}

static void put_double_ms(struct text *text, const char *before, const char *key, double us)
{
    json_put_number(text, before, key, us / 1000);
}

/* An instant as ISO 8601, null where the data has no times. */
static void put_instant(struct text *text, const struct calibration *calibration,
                        const char *before, const char *key, int64_t at_us)
{
    char instant[INSTANT_TEXT_MAX];
    json_put_key(text, before, key);
    if (!calibration->latencies.has_time) {
        text_put(text, "null");
        return;
    }
    instant_format(at_us, instant);
    text_json_string(text, instant);
}

static void put_hits(struct text *text, const char *before, const char *key, uint64_t hits,
                     uint64_t n)
{
    json_put_key(text, before, key);
    json_put_count(text, "{", "hits", hits);
    json_put_count(text, ", ", "n", n);
    text_char(text, '}');
}

static void put_estimate(struct text *text, const char *key, const struct stats_estimate *estimate)
{
    json_put_key(text, ", ", key);
    json_put_number(text, "{", "value", estimate->value);
    json_put_number(text, ", ", "low", estimate->low);
    json_put_number(text, ", ", "high", estimate->high);
    json_put_count(text, ", ", "n", estimate->n);
    text_char(text, '}');
}

static void begin_item(struct text *text, uint32_t index, const char *indent)
{
    text_put(text, index == 0 ? "\n" : ",\n");
    text_put(text, indent);
}

/* ---- stability ---- */

static void put_held(struct text *text, const char *before, enum timeout_rule rule,
                     const struct calibrate_held *held)
{
    const struct stability_timeout *judged = &held->judged;
    json_put_key(text, before, timeout_rule_names[rule]);
    json_put_string(text, "{", "verdict", stability_verdict_names[judged->verdict]);
    if (held->advice.state == TIMEOUT_FOUND) {
        put_ms(text, ", ", "timeout_ms", held->advice.us);
        put_hits(text, ", ", "first", judged->k, judged->n);
        put_hits(text, ", ", "rest", judged->y, judged->m);
        json_put_key(text, ", ", "predicted");
        json_put_count(text, "{", "low", judged->low);
        json_put_count(text, ", ", "high", judged->high);
        text_char(text, '}');
        json_put_count(text, ", ", "unknown", judged->unknown);
    }
    text_char(text, '}');
}

static void put_quantile(struct text *text, const char *key,
                         const struct latency_quantile *quantile)
{
    json_put_key(text, ", ", key);
    put_double_ms(text, "{", "value", quantile->us);
    put_double_ms(text, ", ", "more_than", quantile->beyond_us);
    put_double_ms(text, ", ", "low",
                  quantile->low.state == LATENCY_END_KNOWN ? quantile->low.us : (double)NAN);
    put_double_ms(text, ", ", "high",
                  quantile->high.state == LATENCY_END_KNOWN ? quantile->high.us : (double)NAN);
    json_put_flag(text, ", ", "high_beyond", quantile->high.state == LATENCY_END_BEYOND);
    text_char(text, '}');
}

static void put_thirds(struct text *text, const struct calibration *calibration,
                       const struct calibrate_stability *stability)
{
    static const char *const keys[STABILITY_QUANTILES] = {"p50_ms", "p95_ms", "p99_ms"};
    json_put_key(text, ",\n     ", "thirds");
    text_char(text, '[');
    for (unsigned i = 0; i < STABILITY_PARTS; i++) {
        const struct stability_third *third = &stability->thirds[i];
        const struct timeout_advice *advice = &stability->third_advice[i];
        begin_item(text, i, "      ");
        json_put_count(text, "{", "first_call", third->count > 0 ? third->first + UINT64_C(1) : 0);
        json_put_count(text, ", ", "calls", third->count);
        if (third->count > 0) {
            put_instant(text, calibration, ", ", "from", third->from_us);
            put_instant(text, calibration, ", ", "until", third->until_us);
        }
        for (unsigned q = 0; q < STABILITY_QUANTILES; q++)
            put_quantile(text, keys[q], &third->quantiles[q]);
        put_ms(text, ", ", "timeout_ms", advice->state == TIMEOUT_FOUND ? advice->us : 0);
        put_ms(text, ", ", "timeout_more_than_ms",
               advice->state == TIMEOUT_BEYOND ? advice->us : 0);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_changes(struct text *text, const struct calibration *calibration,
                        const struct change_set *changes)
{
    json_put_flag(text, ",\n     ", "changes_known", changes->known);
    json_put_key(text, ", ", "changes");
    text_char(text, '[');
    for (uint32_t c = 0; c < changes->count; c++) {
        const struct change *change = &changes->items[c];
        begin_item(text, c, "      ");
        json_put_count(text, "{", "call", change->index + UINT64_C(1));
        put_instant(text, calibration, ", ", "at", change->at_us);
        put_double_ms(text, ", ", "before_ms", change->before);
        put_double_ms(text, ", ", "after_ms", change->after);
        json_put_number(text, ", ", "ratio", change->ratio);
        json_put_count(text, ", ", "low_call", change->low + UINT64_C(1));
        json_put_count(text, ", ", "high_call", change->high + UINT64_C(1));
        text_char(text, '}');
    }
    json_put_flag(text, "],\n     ", "failure_changes_known", changes->rates_known);
    json_put_key(text, ", ", "failure_changes");
    text_char(text, '[');
    for (uint32_t c = 0; c < changes->rate_count; c++) {
        const struct rate_change *change = &changes->rates[c];
        begin_item(text, c, "      ");
        json_put_count(text, "{", "call", change->index + UINT64_C(1));
        put_instant(text, calibration, ", ", "at", change->at_us);
        put_hits(text, ", ", "failed_before", change->failed_before, change->before);
        put_hits(text, ", ", "failed_after", change->failed_after, change->after);
        text_char(text, '}');
    }
    text_char(text, ']');
    json_put_number(text, ",\n     ", "autocorrelation", changes->autocorrelation);
    json_put_number(text, ", ", "autocorrelation_within", changes->autocorrelation_within);
    json_put_number(text, ", ", "autocorrelation_bound", changes->autocorrelation_bound);
}

static void put_fresh(struct text *text, const struct calibration *calibration,
                      const struct stability_fresh *fresh)
{
    json_put_key(text, ",\n     ", "fresh");
    json_put_string(text, "{", "which", stability_freshness_names[fresh->freshness]);
    json_put_count(text, ", ", "first_call", fresh->index + UINT64_C(1));
    put_instant(text, calibration, ", ", "from", fresh->fresh_from_us);
    json_put_count(text, ", ", "calls", fresh->count);
    json_put_flag(text, ", ", "by_failures", fresh->by_success);
    text_char(text, '}');
}

/* ---- laws ---- */

static void put_tail(struct text *text, uint32_t index, const struct fit_tail *tail)
{
    begin_item(text, index, "        ");
    json_put_number(text, "{", "probability", tail->probability);
    put_double_ms(text, ", ", "fitted_ms", tail->at.us);
    json_put_flag(text, ", ", "extrapolated", tail->at.reach == FIT_EXTRAPOLATED);
    json_put_count(text, ", ", "above", tail->above);
    json_put_count(text, ", ", "unknown", tail->unknown);
    json_put_count(text, ", ", "n", tail->n);
    json_put_number(text, ", ", "share", tail->share);
    json_put_number(text, ", ", "low", tail->low);
    json_put_number(text, ", ", "high", tail->high);
    text_char(text, '}');
}

static void put_goodness(struct text *text, const char *key, const struct fit_goodness *goodness)
{
    json_put_key(text, ",\n       ", key);
    json_put_number(text, "{", "ks", goodness->ks);
    json_put_number(text, ", ", "ks_p", goodness->ks_p);
    json_put_number(text, ", ", "ad", goodness->ad);
    json_put_number(text, ", ", "ad_p", goodness->ad_p);
    json_put_count(text, ", ", "resamples", goodness->resamples);
    json_put_count(text, ", ", "unfit", goodness->unfit);
    json_put_key(text, ", ", "tails");
    text_char(text, '[');
    put_tail(text, 0, &goodness->tails[0]);
    put_tail(text, 1, &goodness->tails[1]);
    text_put(text, "]}");
}

static void put_fit(struct text *text, const char *before, const struct fit *fit, double weight)
{
    json_put_key(text, before, fit_law_names[fit->law]);
    json_put_number(text, "{", "weight", weight);
    json_put_number(text, ", ", "aicc", fit->aicc);
    json_put_key(text, ", ", "reason");
    if (fit->reason == FIT_FINE) {
        text_put(text, "null");
    } else {
        text_json_string(text, fit_reason_texts[fit->reason]);
    }
    json_put_flag(text, ", ", "at_edge", fit->at_edge);
    for (unsigned i = 0; fit->reason == FIT_FINE && i < fit->parameters; i++) {
        json_put_key(text, ", ", fit_parameter_names[fit->law][i]);
        json_put_number(text, "{", "value", fit->values[i]);
        json_put_number(text, ", ", "standard_error", fit->errors[i]);
        text_char(text, '}');
    }
    text_char(text, '}');
}

static void put_laws(struct text *text, const struct calibrate_stability *stability)
{
    json_put_key(text, ",\n     ", "laws");
    json_put_key(text, "{", "best");
    if (stability->best == FIT_LAWS) {
        text_put(text, "null");
    } else {
        text_json_string(text, fit_law_names[stability->best]);
    }
    json_put_key(text, ", ", "fits");
    for (unsigned l = 0; l < FIT_LAWS; l++)
        put_fit(text, l == 0 ? "{\n       " : ",\n       ", &stability->fits[l],
                stability->weights[l]);
    text_char(text, '}');
    if (stability->best != FIT_LAWS) put_goodness(text, "best_fits", &stability->goodness);
    if (stability->best != FIT_LAWS && stability->fits[FIT_LOGNORMAL].reason == FIT_FINE)
        put_goodness(text, "lognormal_fits", &stability->lognormal);
    text_char(text, '}');
}

static void put_stability(struct text *text, const struct calibration *calibration,
                          const struct calibrate_provider *provider)
{
    const struct calibrate_stability *stability = &provider->stability;
    bool first = true;
    json_put_string(text, "{", "name", provider->name);
    json_put_key(text, ",\n     ", "held");
    if (stability->known) {
        for (unsigned r = 0; r < TIMEOUT_RULES; r++, first = false)
            put_held(text, first ? "{" : ",\n       ", (enum timeout_rule)r, &stability->held[r]);
        text_char(text, '}');
        json_put_number(text, ",\n     ", "levels_p", stability->halves.move.levels.p);
        json_put_number(text, ", ", "failures_p", stability->halves.move.failures_p);
        json_put_flag(text, ", ", "moved", stability->halves.move.moved);
    } else {
        text_put(text, "null");
    }
    put_thirds(text, calibration, stability);
    put_changes(text, calibration, &stability->changes);
    put_fresh(text, calibration, &stability->fresh);
    put_laws(text, stability);
    text_char(text, '}');
}

/* ---- second calls ---- */

static void put_near(struct text *text, const char *key, const struct whatif_near *near)
{
    json_put_key(text, ", ", key);
    json_put_count(text, "{", "pairs", near->pairs);
    json_put_count(text, ", ", "both", near->both);
    json_put_number(text, ", ", "after", near->after);
    json_put_number(text, ", ", "low", near->low);
    json_put_number(text, ", ", "high", near->high);
    json_put_number(text, ", ", "alone", near->alone);
    text_char(text, '}');
}

/* In milliseconds when it is in that state, else null; an answer may take no time at all. */
static void put_time(struct text *text, const char *before, const char *key,
                     const struct whatif_time *time, enum whatif_state state)
{
    json_put_number(text, before, key,
                    time->state == state ? (double)time->us / 1000 : (double)NAN);
}

static void put_outcome(struct text *text, const char *before, const char *key,
                        const struct whatif_outcome *outcome)
{
    static const char *const names[WHATIF_QUANTILES] = {"p50_ms", "p95_ms", "p99_ms", "p999_ms"};
    json_put_key(text, before, key);
    if (!outcome->known) {
        text_put(text, "null");
        return;
    }
    json_put_string(text, "{", "evidence", outcome->model ? "model" : "measured");
    json_put_count(text, ", ", "n", outcome->n);
    for (unsigned q = 0; q < WHATIF_QUANTILES; q++) {
        const struct whatif_time *time = &outcome->quantiles[q];
        json_put_key(text, ", ", names[q]);
        put_time(text, "{", "value", time, WHATIF_KNOWN);
        put_time(text, ", ", "more_than", time, WHATIF_BEYOND);
        text_char(text, '}');
    }
    json_put_number(text, ", ", "in_time", outcome->in_time);
    text_char(text, '}');
}

static void put_hedge(struct text *text, uint32_t index, const struct whatif_hedge *hedge)
{
    const bool known = hedge->after.state == WHATIF_KNOWN;
    begin_item(text, index, "       ");
    json_put_number(text, "{", "delay_quantile", hedge->delay_quantile);
    put_time(text, ", ", "after_ms", &hedge->after, WHATIF_KNOWN);
    put_time(text, ", ", "after_more_than_ms", &hedge->after, WHATIF_BEYOND);
    if (known) {
        json_put_number(text, ", ", "extra_load", hedge->load);
        put_near(text, "slow", &hedge->slow);
        put_outcome(text, ", ", "independent", &hedge->independent);
        put_outcome(text, ", ", "shared", &hedge->shared);
    }
    text_char(text, '}');
}

static void put_retries(struct text *text, const struct calibrate_provider *provider)
{
    const struct whatif_retries *retries = &provider->retries;
    json_put_key(text, ",\n     ", "retries");
    if (!provider->retries_known) {
        text_put(text, "null");
        return;
    }
    json_put_count(text, "{", "n", retries->n);
    json_put_number(text, ", ", "failing", retries->failing);
    json_put_count(text, ", ", "untimed", retries->untimed);
    put_near(text, "fails", &retries->fails);
    json_put_flag(text, ", ", "beyond", retries->beyond);
    json_put_key(text, ", ", "tries");
    text_char(text, '[');
    for (unsigned t = 0; t < WHATIF_TRIES; t++) {
        const struct whatif_tries *tries = &retries->tries[t];
        begin_item(text, t, "       ");
        json_put_count(text, "{", "tries", tries->tries);
        json_put_string(text, ", ", "evidence", tries->tries == 1 ? "measured" : "model");
        json_put_number(text, ", ", "success", tries->success);
        json_put_number(text, ", ", "load", tries->load);
        json_put_number(text, ", ", "success_shared", tries->success_shared);
        json_put_number(text, ", ", "load_shared", tries->load_shared);
        text_char(text, '}');
    }
    text_put(text, "]}");
}

static void put_second_calls(struct text *text, const struct calibrate_provider *provider)
{
    const struct whatif_hedges *hedges = &provider->hedges;
    json_put_string(text, "{", "name", provider->name);
    put_ms(text, ", ", "deadline_ms", provider->recommended_us);
    json_put_count(text, ", ", "calls", hedges->n);
    put_outcome(text, ",\n     ", "before", &hedges->before);
    json_put_key(text, ",\n     ", "hedges");
    text_char(text, '[');
    for (unsigned d = 0; d < WHATIF_DELAYS; d++)
        put_hedge(text, d, &hedges->hedges[d]);
    text_char(text, ']');
    put_retries(text, provider);
    text_char(text, '}');
}

static void put_facts(struct text *text, const struct calibrate_facts *facts)
{
    json_put_key(text, ",\n   ", "formulas");
    json_put_string(text, "{", "evidence", "model");
    json_put_count(text, ", ", "answers", facts->answers);
    json_put_key(text, ", ", "fan_out");
    for (unsigned i = 0; i < CALIBRATE_FANS; i++) {
        json_put_number(text, i == 0 ? "[{" : ", {", "slow", facts->slow[i]);
        json_put_number(text, ", ", "orders", facts->fan_out[i]);
        text_char(text, '}');
    }
    json_put_number(text, "], ", "quantile_of_each_for_p99", facts->each);
    json_put_count(text, ", ", "tries", facts->tries);
    json_put_count(text, ", ", "layers", facts->layers);
    json_put_number(text, ", ", "layer_calls", facts->layer_calls);
    json_put_number(text, ", ", "budget", facts->budget);
    json_put_number(text, ", ", "budget_load", facts->budget_load);
    json_put_number(text, ", ", "throttle_limit", facts->throttle_limit);
    text_char(text, '}');
}

/* ---- caches ---- */

static void put_cache_share(struct text *text, const char *before, const char *key,
                            const struct cache_share *share)
{
    json_put_key(text, before, key);
    json_put_count(text, "{", "hits", share->hits);
    json_put_count(text, ", ", "n", share->of);
    json_put_number(text, ", ", "share", share->of > 0 ? share->share : (double)NAN);
    json_put_number(text, ", ", "low", share->of > 0 ? share->low : (double)NAN);
    json_put_number(text, ", ", "high", share->of > 0 ? share->high : (double)NAN);
    text_char(text, '}');
}

static void put_recurrences(struct text *text, const struct cache_sweep *sweep)
{
    json_put_key(text, ",\n   ", "recurrences");
    for (unsigned k = 0; k < RECUR_KINDS; k++) {
        const struct cache_recurrence *recurrence = &sweep->recurrences[k];
        json_put_key(text, k == 0 ? "{\n     " : ",\n     ", cache_recurrence_names[k]);
        put_cache_share(text, "{", "before", &recurrence->before);
        const double unit = sweep->has_times ? 1e6 : 1;
        json_put_number(text, ", ", sweep->has_times ? "gap_p50_s" : "gap_p50_orders",
                        recurrence->gap_us_p50 / unit);
        json_put_number(text, ", ", sweep->has_times ? "gap_p90_s" : "gap_p90_orders",
                        recurrence->gap_us_p90 / unit);
        text_char(text, '}');
    }
    text_char(text, '}');
}

static void put_stale(struct text *text, const char *key, const struct cache_stale *stale)
{
    json_put_key(text, ", ", key);
    put_cache_share(text, "{", "changed", &stale->changed);
    json_put_string(text, ", ", "evidence", "model");
    json_put_number(text, ", ", "cents_p50", stale->cents_p50);
    json_put_number(text, ", ", "cents_p95", stale->cents_p95);
    json_put_number(text, ", ", "cents_mean", stale->cents_mean);
    text_char(text, '}');
}

static void put_effect(struct text *text, const struct cache_effect *effect)
{
    json_put_key(text, ", ", "effect");
    if (!effect->known) {
        text_put(text, "null");
        return;
    }
    json_put_count(text, "{", "orders", effect->orders);
    json_put_count(text, ", ", "unpaired", effect->unpaired);
    json_put_count(text, ", ", "changed", effect->changed);
    json_put_count(text, ", ", "changed_by_arrival", effect->changed_by_arrival);
    json_put_count(text, ", ", "changed_by_quotes", effect->changed_by_quotes);
    json_put_count(text, ", ", "changed_by_history", effect->changed_by_history);
    put_estimate(text, "changed_share", &effect->changed_share);
    put_cache_share(text, ", ", "shown_differs", &effect->differs);
    put_estimate(text, "gap_cents", &effect->gap_cents);
    put_estimate(text, "regret_cents", &effect->regret_cents);
    json_put_count(text, ", ", "stale_orders", effect->stale_orders);
    json_put_count(text, ", ", "stale_changed", effect->stale_changed);
    put_estimate(text, "stale_regret_cents", &effect->stale_regret_cents);
    put_estimate(text, "latency_ms", &effect->latency_ms);
    text_char(text, '}');
}

static void put_row(struct text *text, uint32_t index, const struct cache_row *row)
{
    begin_item(text, index, "     ");
    json_put_string(text, "{", "kind", cache_sweep_traits[row->kind].name);
    json_put_number(text, ", ", "life_s", (double)row->ttl_us / 1e6);
    json_put_flag(text, ", ", "contract", row->contract);
    put_cache_share(text, ", ", "hits", &row->hits);
    json_put_count(text, ", ", "calls_without", row->calls_without);
    json_put_key(text, ", ", "calls_saved");
    text_int(text, row->calls_saved);
    json_put_number(text, ", ", "calls_saved_share", row->calls_saved_share);
    json_put_number(text, ", ", "cents_saved", row->cents_saved);
    json_put_count(text, ", ", "entries_peak", row->entries_peak);
    json_put_count(text, ", ", "entries_enough", row->entries_enough);
    if (cache_sweep_traits[row->kind].has_prices) {
        put_stale(text, "stale_lines", &row->lines);
        if (row->kind != CACHE_SWEEP_ITEM) put_stale(text, "stale_quotes", &row->quotes);
    }
    put_effect(text, &row->effect);
    text_char(text, '}');
}

static void put_caches(struct text *text, const struct calibration *calibration)
{
    const struct cache_sweep *sweep = &calibration->caches;
    json_put_key(text, ",\n  ", "caches");
    if (!calibration->caches_known) {
        text_put(text, "null");
        return;
    }
    json_put_count(text, "{", "orders", sweep->orders);
    json_put_count(text, ", ", "lines", sweep->lines);
    json_put_count(text, ", ", "items", sweep->items);
    json_put_count(text, ", ", "carts", sweep->carts);
    json_put_count(text, ", ", "users", sweep->users);
    json_put_count(text, ", ", "places", sweep->places);
    json_put_flag(text, ", ", "cut", sweep->cut);
    json_put_string(text, ", ", "hits_are", cache_evidence_names[sweep->hits_are]);
    json_put_string(text, ", ", "calls_are", cache_evidence_names[sweep->calls_are]);
    json_put_string(text, ", ", "stale_are", cache_evidence_names[sweep->stale_are]);
    put_recurrences(text, sweep);
    json_put_key(text, ",\n   ", "rows");
    text_char(text, '[');
    for (uint32_t r = 0; r < sweep->row_count; r++)
        put_row(text, r, &sweep->rows[r]);
    json_put_key(text, "],\n   ", "notes");
    text_char(text, '[');
    for (uint32_t n = 0; n < sweep->note_count; n++) {
        if (n > 0) text_put(text, ", ");
        text_json_string(text, sweep->notes[n]);
    }
    text_put(text, "]}");
}

/* ---- all three ---- */

void calibrate_json_sections(struct text *text, const struct calibration *calibration)
{
    const uint32_t count = calibration->latencies.count;
    json_put_key(text, ",\n  ", "stability");
    json_put_number(text, "{", "first_part", calibration->split);
    json_put_key(text, ", ", "providers");
    text_char(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        begin_item(text, i, "    ");
        put_stability(text, calibration, &calibration->providers[i]);
    }
    text_put(text, "]}");
    json_put_key(text, ",\n  ", "second_calls");
    json_put_key(text, "{", "providers");
    text_char(text, '[');
    for (uint32_t i = 0; i < count; i++) {
        begin_item(text, i, "    ");
        put_second_calls(text, &calibration->providers[i]);
    }
    text_char(text, ']');
    put_facts(text, &calibration->facts);
    text_char(text, '}');
    put_caches(text, calibration);
}
