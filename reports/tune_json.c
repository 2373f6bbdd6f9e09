/* A tuning for programs: {"schema": "routesim.tuning/1"}. Keys have a fixed order, numbers read
 * back to the same double, what is not known is null. */
#include <inttypes.h>
#include <math.h>

#include "reports/tune_report.h"
#include "reports/tune_text.h"

static void put_key(struct text *text, const char *before, const char *key)
{
    text_put(text, before);
    text_json_string(text, key);
    text_put(text, ": ");
}

static void put_string(struct text *text, const char *before, const char *key, const char *value)
{
    put_key(text, before, key);
    text_json_string(text, value);
}

static void put_number(struct text *text, const char *before, const char *key, double value)
{
    put_key(text, before, key);
    text_double(text, value);
}

static void put_count(struct text *text, const char *before, const char *key, uint64_t value)
{
    put_key(text, before, key);
    text_int(text, (int64_t)value);
}

static void put_flag(struct text *text, const char *before, const char *key, bool value)
{
    put_key(text, before, key);
    text_put(text, value ? "true" : "false");
}

static void put_weights(struct text *text, const char *before, const char *key,
                        const struct score_weights *weights)
{
    put_key(text, before, key);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        put_number(text, k == 0 ? "{" : ", ", replay_part_names[k],
                   score_weight_of(weights, (enum replay_part)k));
    text_char(text, '}');
}

/* ---- what it stands on ---- */

static void put_context(struct text *text, const struct tune_report *report)
{
    const struct tuning *tuning = report->tuning;
    static const char *const sources[] = {"scenario", "run", "log"};
    text_format(text, "  \"context\": {\"scenario\": ");
    struct text name = {0};
    text_format(&name, "tune-%s", tuning->name); /* whose folder it is */
    text_json_string(text, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    text_format(text, ", \"experiment_hash\": \"%016" PRIx64 "\"", report->experiment);
    put_string(text, ", ", "program", report->program);
    put_string(text, ", ", "command", report->command);
    put_string(text, ", ", "source", sources[tuning->source]);
    put_string(text, ", ", "history", tuning->arms[0].evolved ? "evolve" : "frozen");
    put_key(text, ", ", "seed");
    text_format(text, "\"%" PRIu64 "\"}", tuning->seed);
}

static void put_coverage(struct text *text, const struct tuning *tuning)
{
    static const char *const gaps[GAP_COUNT] = {
        "no_decision",      "no_quotes",    "quote_missing", "field_missing",
        "selected_missing", "not_readable", "contradiction"};
    const struct decision_coverage *coverage = &tuning->coverage;
    put_key(text, ",\n  ", "coverage");
    put_count(text, "{", "requests", coverage->requests);
    put_count(text, ", ", "usable", coverage->usable);
    put_count(text, ", ", "without_quotes", coverage->without_quotes);
    put_count(text, ", ", "quotes_expected", coverage->quotes_expected);
    put_count(text, ", ", "quotes_seen", coverage->quotes_seen);
    put_count(text, ", ", "eta_imputed", coverage->eta_imputed);
    put_count(text, ", ", "reproduced", tuning->reproduced);
    put_count(text, ", ", "reproducible", tuning->reproducible);
    put_flag(text, ", ", "weights_known", tuning->weights_known);
    for (unsigned g = 0; g < GAP_COUNT; g++)
        put_count(text, g == 0 ? ", \"left_out\": {" : ", ", gaps[g], coverage->gaps[g]);
    text_put(text, "}}");
    put_key(text, ",\n  ", "orders");
    for (unsigned part = 0; part < TUNE_PARTS; part++)
        put_count(text, part == 0 ? "{" : ", ", tune_part_names[part], tuning->orders[part]);
    text_put(text, "}");
    put_key(text, ",\n  ", "clusters");
    for (unsigned part = 0; part < TUNE_PARTS; part++)
        put_count(text, part == 0 ? "{" : ", ", tune_part_names[part], tuning->clusters[part]);
    put_string(text, ", ", "by",
               tuning->clustered[TUNE_HOLDOUT] == CLUSTERS_BY_DAY ? "day" : "block");
    text_put(text, "}");
}

static void put_aims(struct text *text, const struct tuning *tuning)
{
    put_key(text, ",\n  ", "objectives");
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        put_string(text, o == 0 ? "[{" : ", {", "outcome",
                   replay_outcome_traits[tuning->objectives[o].outcome].name);
        put_number(text, ", ", "weight", tuning->objectives[o].weight);
        put_number(text, ", ", "scale", tuning->search.scales[o]);
        text_char(text, '}');
    }
    text_char(text, ']');
    put_key(text, ",\n  ", "constraints");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->constraint_count; i++) {
        if (i > 0) text_put(text, ", ");
        text_json_string(text, tuning->constraints[i].text);
    }
    text_char(text, ']');
}

/* ---- arms ---- */

static void put_value(struct text *text, enum tune_metric metric, const struct tune_value *value)
{
    const struct stats_estimate *d = &value->difference;
    put_number(text, "{", "baseline", value->baseline);
    put_number(text, ", ", "value", value->value);
    put_number(text, ", ", "difference", d->value);
    put_number(text, ", ", "low", d->low);
    put_number(text, ", ", "high", d->high);
    put_number(text, ", ", "p", d->p);
    put_number(text, ", ", "p_holm", value->p_adjusted);
    put_count(text, ", ", "n", d->n);
    put_count(text, ", ", "clusters", d->blocks);
    put_string(text, ", ", "evidence",
               d->method == STATS_EXACT                                ? "exact"
               : tune_metric_traits[metric].evidence == EVIDENCE_MODEL ? "model"
                                                                       : "interval");
    put_string(text, ", ", "change", tune_change_names[value->change]);
    text_char(text, '}');
}

static void put_values(struct text *text, const char *before, const char *key,
                       const struct tune_value values[TUNE_METRICS])
{
    bool first = true;
    put_key(text, before, key);
    text_char(text, '{');
    for (unsigned m = 0; m < TUNE_METRICS; m++) {
        if (!isfinite(values[m].value)) continue;
        put_key(text, first ? "" : ",\n        ", tune_metric_traits[m].name);
        put_value(text, (enum tune_metric)m, &values[m]);
        first = false;
    }
    text_char(text, '}');
}

static void put_shares(struct text *text, const char *key, const double shares[PROVIDER_COUNT])
{
    put_key(text, ",\n      ", key);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        put_number(text, p == 0 ? "{" : ", ", provider_traits[p].id, shares[p]);
    text_char(text, '}');
}

static void put_arms(struct text *text, const struct tuning *tuning)
{
    put_key(text, ",\n  ", "arms");
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const struct tune_arm *arm = &tuning->arms[a];
        put_string(text, a == 0 ? "[\n    {" : ",\n    {", "name", arm->name);
        put_weights(text, ", ", "weights", &arm->weights);
        for (unsigned part = 0; part < TUNE_PARTS; part++) {
            put_count(text, part == 0 ? ", \"changed\": {" : ", ", tune_part_names[part],
                      arm->changed[part]);
        }
        text_char(text, '}');
        put_shares(text, "shares", arm->shares[TUNE_ALL]);
        for (unsigned part = 0; part < TUNE_PARTS; part++)
            put_values(text, ",\n      ", tune_part_names[part], arm->values[part]);
        if (arm->evolved) {
            put_shares(text, "evolved_shares", arm->evolved_shares);
            put_values(text, ",\n      ", "holdout_evolved", arm->evolved_values);
        }
        text_char(text, '}');
    }
    text_char(text, ']');
}

/* ---- the search ---- */

static void put_search(struct text *text, const struct search *search)
{
    put_key(text, ",\n  ", "search");
    put_count(text, "{", "weights_tried", search->evaluated);
    put_count(text, ", ", "feasible", search->feasible);
    put_count(text, ", ", "different_among_feasible", search->points);
    put_count(text, ", ", "on_front", search->front_points);
    put_number(text, ", ", "hypervolume", search->hypervolume);
    put_number(text, ", ", "hypervolume_low", search->hypervolume_low);
    put_number(text, ", ", "hypervolume_high", search->hypervolume_high);
    put_count(text, ", ", "points_beyond_reference", search->beyond_reference);
    put_count(text, ",\n    ", "set", search->set_count);
    put_flag(text, ", ", "set_is_at_least", search->set_capped);
    put_number(text, ", ", "set_agreement", search->set_agreement);
    if (search->set_count > 0) {
        put_weights(text, ",\n    ", "set_low", &search->set_low);
        put_weights(text, ",\n    ", "set_high", &search->set_high);
    }
    if (search->best != UINT32_MAX)
        put_weights(text, ",\n    ", "best", &search->candidates[search->best].weights);
    if (search->knee != UINT32_MAX)
        put_weights(text, ",\n    ", "knee", &search->candidates[search->knee].weights);
    for (uint32_t r = 0; r < search->robust_count; r++) {
        const struct search_robust *robust = &search->robust[r];
        put_weights(text, r == 0 ? ",\n    \"robust\": [{" : ",\n      {", "weights",
                    &search->candidates[robust->candidate].weights);
        put_number(text, ", ", "worst", robust->worst);
        put_number(text, ", ", "cvar20", robust->cvar20);
        put_number(text, ", ", "mean", robust->mean);
        put_number(text, ", ", "regret", robust->regret);
        text_put(text, r + 1 == search->robust_count ? "}]" : "}");
    }
    text_char(text, '}');
}

/* ---- geometry, sensitivity ---- */

static void put_geometry(struct text *text, const struct tuning *tuning)
{
    const struct geometry *geometry = &tuning->geometry;
    put_key(text, ",\n  ", "weights");
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct geometry_weight *weight = &geometry->weights[k];
        const struct tune_sensitivity *sensitivity = &tuning->sensitivity[k];
        put_key(text, k == 0 ? "{\n    " : ",\n    ", replay_part_names[k]);
        put_number(text, "{", "movable", weight->movable);
        put_count(text, ", ", "movable_orders", weight->movable_orders);
        put_flag(text, ", ", "no_effect", weight->no_effect);
        put_number(text, ", ", "spread", weight->spread);
        put_number(text, ", ", "goal_at_80", sensitivity->goal_down);
        put_number(text, ", ", "goal_at_120", sensitivity->goal_up);
        put_number(text, ", ", "changed_at_80", sensitivity->changed_down);
        put_number(text, ", ", "changed_at_120", sensitivity->changed_up);
        put_number(text, ", ", "sobol_first", sensitivity->first);
        put_number(text, ", ", "sobol_total", sensitivity->total);
        put_number(text, ", ", "nearest_change_below", tuning->sweeps[k].nearest_below);
        put_number(text, ", ", "nearest_change_above", tuning->sweeps[k].nearest_above);
        text_char(text, '}');
    }
    text_put(text, "\n  }");
    put_key(text, ",\n  ", "decisions");
    put_number(text, "{", "without_priority", geometry->without_priority);
    put_number(text, ", ", "exact_ties", geometry->exact_ties);
    put_number(text, ", ", "near_ties", geometry->near_ties);
    put_number(text, ", ", "radius_median", geometry->radius_median);
    put_number(text, ", ", "radius_least", geometry->radius_least);
    put_number(text, ", ", "rank_reversals", geometry->reversals);
    put_number(text, ", ", "condition", geometry->condition);
    put_number(text, ", ", "regret_price_cents", geometry->regret[OUTCOME_PRICE]);
    put_number(text, ", ", "regret_commission_cents", geometry->regret[OUTCOME_COMMISSION]);
    put_number(text, ", ", "regret_eta_minutes", geometry->regret[OUTCOME_ETA]);
    text_char(text, '}');
    put_key(text, ",\n  ", "commission_rates");
    put_number(text, "{", "low_percent", tuning->rates.low);
    put_number(text, ", ", "high_percent", tuning->rates.high);
    put_count(text, ", ", "orders", tuning->rates.orders);
    put_count(text, ", ", "alike", tuning->rates.alike);
    put_count(text, ", ", "not_all_known", tuning->rates.partly);
    put_count(text, ", ", "less_than_a_tenth_of_a_point_apart", tuning->rates.stretched);
    text_char(text, '}');
}

static void put_guardrails(struct text *text, const struct tuning *tuning)
{
    static const char *const states[] = {"kept", "breached", "undecided"};
    put_key(text, ",\n  ", "guardrails");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->guardrail_count; i++) {
        const struct tune_guardrail *guardrail = &tuning->guardrails[i];
        put_string(text, i == 0 ? "{" : ", {", "limit", guardrail->text);
        put_number(text, ", ", "limit_value", guardrail->limit);
        put_number(text, ", ", "measured", guardrail->measured);
        put_number(text, ", ", "bound", guardrail->bound);
        put_string(text, ", ", "state", states[guardrail->state]);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_thirds(struct text *text, const struct tuning *tuning)
{
    put_key(text, ",\n  ", "thirds");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->third_count; i++) {
        const struct tune_third *third = &tuning->thirds[i];
        put_weights(text, i == 0 ? "{" : ", {", "chosen", &third->chosen);
        put_number(text, ", ", "goal_of_suggested", third->goal_of_chosen);
        put_number(text, ", ", "goal_of_its_own", third->goal_of_own);
        put_flag(text, ", ", "suggested_keeps_guardrails", third->kept);
        put_flag(text, ", ", "suggested_in_its_set", third->same);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_uncertainty(struct text *text, const char *before, const char *key,
                            const struct tune_uncertainty *of)
{
    put_key(text, before, key);
    put_number(text, "{", "value", of->value);
    put_number(text, ", ", "low", of->low);
    put_number(text, ", ", "high", of->high);
    put_number(text, ", ", "model_low", of->model_low);
    put_number(text, ", ", "model_high", of->model_high);
    put_number(text, ", ", "orders_low", of->orders_low);
    put_number(text, ", ", "orders_high", of->orders_high);
    text_char(text, '}');
}

static void put_model(struct text *text, const struct tuning *tuning)
{
    put_key(text, ",\n  ", "model");
    put_flag(text, "{", "fitted", tuning->model_fitted);
    put_count(text, ", ", "purchases_known", tuning->purchases_known);
    put_count(text, ", ", "purchases", tuning->purchases);
    for (unsigned t = 0; t < TUNE_TASTES; t++) {
        put_key(text, t == 0 ? ", \"tastes\": {" : ", ", tuning->tastes[t].name);
        put_number(text, "{", "value", tuning->tastes[t].value);
        put_number(text, ", ", "error", tuning->tastes[t].error);
        text_char(text, '}');
    }
    put_uncertainty(text, "}, ", "conversion_difference", &tuning->buys);
    put_uncertainty(text, ", ", "expected_commission_difference", &tuning->earns);
    put_count(text, ", \"survey\": {", "answered", tuning->rated);
    put_count(text, ", ", "satisfied", tuning->satisfied);
    put_number(text, ", ", "share", tuning->csat);
    put_number(text, ", ", "low", tuning->csat_low);
    put_number(text, ", ", "high", tuning->csat_high);
    put_number(text, ", ", "silent", tuning->silent);
    put_number(text, "}, ", "surplus_per_commission", tuning->surplus_per_commission);
    put_number(text, ", ", "mde_conversion", tuning->mde_conversion);
    put_number(text, ", ", "days_for_conversion", tuning->days_for_conversion);
    put_number(text, ", ", "triggered", tuning->triggered);
    put_number(text, ", ", "orders_per_day", tuning->orders_per_day);
    put_key(text, ", ", "break_even");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->break_even_count; i++) {
        const struct tune_break_even *of = &tuning->break_even[i];
        put_string(text, i == 0 ? "{" : ", {", "parameter", of->parameter);
        put_number(text, ", ", "low", of->low);
        put_number(text, ", ", "mid", of->mid);
        put_number(text, ", ", "high", of->high);
        put_number(text, ", ", "flips_at", of->flips_at);
        put_count(text, ", ", "flips", of->flips);
        put_number(text, ", ", "elasticity_there", of->elasticity);
        put_number(text, ", ", "at_low", of->at_low);
        put_number(text, ", ", "at_mid", of->at_mid);
        put_number(text, ", ", "at_high", of->at_high);
        text_char(text, '}');
    }
    text_put(text, "]}");
}

void tune_write_json(struct text *text, const struct tune_report *report)
{
    const struct tuning *tuning = report->tuning;
    struct text sentence = {0};
    text_put(text, "{\n  \"schema\": \"routesim.tuning/1\",\n");
    put_context(text, report);
    put_string(text, ",\n  ", "verdict", experiment_verdict_names[tuning->verdict]);
    tune_write_finding(&sentence, tuning);
    put_string(text, ",\n  ", "finding", sentence.bytes != NULL ? sentence.bytes : "");
    text_release(&sentence);
    put_key(text, ",\n  ", "suggested");
    if (tuning->chosen == UINT32_MAX) {
        text_put(text, "null");
    } else {
        put_weights(text, "{", "weights", &tuning->arms[tuning->chosen].weights);
        text_char(text, '}');
    }
    put_coverage(text, tuning);
    put_aims(text, tuning);
    put_guardrails(text, tuning);
    put_number(text, ",\n  ", "holdout_gain_over_training_gain", tuning->shrunk_goal);
    put_arms(text, tuning);
    put_search(text, &tuning->search);
    put_geometry(text, tuning);
    put_thirds(text, tuning);
    put_model(text, tuning);
    put_key(text, ",\n  ", "notes");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->note_count; i++) {
        if (i > 0) text_put(text, ", ");
        text_json_string(text, tuning->notes[i]);
    }
    text_put(text, "]\n}\n");
}
