/* A tuning for programs: {"schema": "routesim.tuning/1"}. Keys have a fixed order, numbers read
 * back to the same double, what is not known is null. */
#include <inttypes.h>
#include <math.h>

#include "reports/json_put.h"
#include "reports/tune_report.h"
#include "reports/tune_text.h"

static void put_weights(struct text *text, const char *before, const char *key,
                        const struct score_weights *weights)
{
    json_put_key(text, before, key);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        json_put_number(text, k == 0 ? "{" : ", ", replay_part_names[k],
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
    json_put_string(text, ", ", "program", report->program);
    json_put_string(text, ", ", "command", report->command);
    json_put_string(text, ", ", "source", sources[tuning->source]);
    json_put_string(text, ", ", "history", tuning->arms[0].evolved ? "evolve" : "frozen");
    json_put_key(text, ", ", "seed");
    text_format(text, "\"%" PRIu64 "\"}", tuning->seed);
}

static void put_coverage(struct text *text, const struct tuning *tuning)
{
    static const char *const gaps[GAP_COUNT] = {
        "no_decision",      "no_quotes",    "quote_missing", "field_missing",
        "selected_missing", "not_readable", "contradiction"};
    const struct decision_coverage *coverage = &tuning->coverage;
    json_put_key(text, ",\n  ", "coverage");
    json_put_count(text, "{", "requests", coverage->requests);
    json_put_count(text, ", ", "usable", coverage->usable);
    json_put_count(text, ", ", "without_quotes", coverage->without_quotes);
    json_put_count(text, ", ", "quotes_expected", coverage->quotes_expected);
    json_put_count(text, ", ", "quotes_seen", coverage->quotes_seen);
    json_put_count(text, ", ", "eta_imputed", coverage->eta_imputed);
    json_put_count(text, ", ", "reproduced", tuning->reproduced);
    json_put_count(text, ", ", "reproducible", tuning->reproducible);
    json_put_flag(text, ", ", "weights_known", tuning->weights_known);
    for (unsigned g = 0; g < GAP_COUNT; g++)
        json_put_count(text, g == 0 ? ", \"left_out\": {" : ", ", gaps[g], coverage->gaps[g]);
    text_put(text, "}}");
    json_put_key(text, ",\n  ", "orders");
    for (unsigned part = 0; part < TUNE_PARTS; part++)
        json_put_count(text, part == 0 ? "{" : ", ", tune_part_names[part], tuning->orders[part]);
    text_put(text, "}");
    json_put_key(text, ",\n  ", "clusters");
    for (unsigned part = 0; part < TUNE_PARTS; part++)
        json_put_count(text, part == 0 ? "{" : ", ", tune_part_names[part], tuning->clusters[part]);
    json_put_string(text, ", ", "by",
                    tuning->clustered[TUNE_HOLDOUT] == CLUSTERS_BY_DAY ? "day" : "block");
    text_put(text, "}");
}

static void put_aims(struct text *text, const struct tuning *tuning)
{
    json_put_key(text, ",\n  ", "objectives");
    for (uint32_t o = 0; o < tuning->objective_count; o++) {
        json_put_string(text, o == 0 ? "[{" : ", {", "outcome",
                        replay_outcome_traits[tuning->objectives[o].outcome].name);
        json_put_number(text, ", ", "weight", tuning->objectives[o].weight);
        json_put_number(text, ", ", "scale", tuning->search.scales[o]);
        text_char(text, '}');
    }
    text_char(text, ']');
    json_put_key(text, ",\n  ", "constraints");
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
    json_put_number(text, "{", "baseline", value->baseline);
    json_put_number(text, ", ", "value", value->value);
    json_put_number(text, ", ", "difference", d->value);
    json_put_number(text, ", ", "low", d->low);
    json_put_number(text, ", ", "high", d->high);
    json_put_number(text, ", ", "p", d->p);
    json_put_number(text, ", ", "p_holm", value->p_adjusted);
    json_put_count(text, ", ", "n", d->n);
    json_put_count(text, ", ", "clusters", d->blocks);
    json_put_string(text, ", ", "evidence",
                    d->method == STATS_EXACT                                ? "exact"
                    : tune_metric_traits[metric].evidence == EVIDENCE_MODEL ? "model"
                                                                            : "interval");
    json_put_string(text, ", ", "change", tune_change_names[value->change]);
    text_char(text, '}');
}

static void put_values(struct text *text, const char *before, const char *key,
                       const struct tune_value values[TUNE_METRICS])
{
    bool first = true;
    json_put_key(text, before, key);
    text_char(text, '{');
    for (unsigned m = 0; m < TUNE_METRICS; m++) {
        if (!isfinite(values[m].value)) continue;
        json_put_key(text, first ? "" : ",\n        ", tune_metric_traits[m].name);
        put_value(text, (enum tune_metric)m, &values[m]);
        first = false;
    }
    text_char(text, '}');
}

static void put_shares(struct text *text, const char *key, const double shares[PROVIDER_COUNT])
{
    json_put_key(text, ",\n      ", key);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        json_put_number(text, p == 0 ? "{" : ", ", provider_traits[p].id, shares[p]);
    text_char(text, '}');
}

static void put_arms(struct text *text, const struct tuning *tuning)
{
    json_put_key(text, ",\n  ", "arms");
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const struct tune_arm *arm = &tuning->arms[a];
        json_put_string(text, a == 0 ? "[\n    {" : ",\n    {", "name", arm->name);
        put_weights(text, ", ", "weights", &arm->weights);
        for (unsigned part = 0; part < TUNE_PARTS; part++) {
            json_put_count(text, part == 0 ? ", \"changed\": {" : ", ", tune_part_names[part],
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
    json_put_key(text, ",\n  ", "search");
    json_put_count(text, "{", "weights_tried", search->evaluated);
    json_put_count(text, ", ", "feasible", search->feasible);
    json_put_count(text, ", ", "different_among_feasible", search->points);
    json_put_count(text, ", ", "on_front", search->front_points);
    json_put_number(text, ", ", "hypervolume", search->hypervolume);
    json_put_number(text, ", ", "hypervolume_low", search->hypervolume_low);
    json_put_number(text, ", ", "hypervolume_high", search->hypervolume_high);
    json_put_count(text, ", ", "points_beyond_reference", search->beyond_reference);
    json_put_count(text, ",\n    ", "set", search->set_count);
    json_put_flag(text, ", ", "set_is_at_least", search->set_capped);
    json_put_number(text, ", ", "set_agreement", search->set_agreement);
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
        json_put_number(text, ", ", "worst", robust->worst);
        json_put_number(text, ", ", "cvar20", robust->cvar20);
        json_put_number(text, ", ", "mean", robust->mean);
        json_put_number(text, ", ", "regret", robust->regret);
        text_put(text, r + 1 == search->robust_count ? "}]" : "}");
    }
    text_char(text, '}');
}

/* ---- geometry, sensitivity ---- */

static void put_geometry(struct text *text, const struct tuning *tuning)
{
    const struct geometry *geometry = &tuning->geometry;
    json_put_key(text, ",\n  ", "weights");
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct geometry_weight *weight = &geometry->weights[k];
        const struct tune_sensitivity *sensitivity = &tuning->sensitivity[k];
        json_put_key(text, k == 0 ? "{\n    " : ",\n    ", replay_part_names[k]);
        json_put_number(text, "{", "movable", weight->movable);
        json_put_count(text, ", ", "movable_orders", weight->movable_orders);
        json_put_flag(text, ", ", "no_effect", weight->no_effect);
        json_put_number(text, ", ", "spread", weight->spread);
        json_put_number(text, ", ", "goal_at_80", sensitivity->goal_down);
        json_put_number(text, ", ", "goal_at_120", sensitivity->goal_up);
        json_put_number(text, ", ", "changed_at_80", sensitivity->changed_down);
        json_put_number(text, ", ", "changed_at_120", sensitivity->changed_up);
        json_put_number(text, ", ", "sobol_first", sensitivity->first);
        json_put_number(text, ", ", "sobol_total", sensitivity->total);
        json_put_number(text, ", ", "nearest_change_below", tuning->sweeps[k].nearest_below);
        json_put_number(text, ", ", "nearest_change_above", tuning->sweeps[k].nearest_above);
        text_char(text, '}');
    }
    text_put(text, "\n  }");
    json_put_key(text, ",\n  ", "decisions");
    json_put_number(text, "{", "without_priority", geometry->without_priority);
    json_put_number(text, ", ", "exact_ties", geometry->exact_ties);
    json_put_number(text, ", ", "near_ties", geometry->near_ties);
    json_put_number(text, ", ", "radius_median", geometry->radius_median);
    json_put_number(text, ", ", "radius_least", geometry->radius_least);
    json_put_number(text, ", ", "rank_reversals", geometry->reversals);
    json_put_number(text, ", ", "condition", geometry->condition);
    json_put_number(text, ", ", "regret_price_cents", geometry->regret[OUTCOME_PRICE]);
    json_put_number(text, ", ", "regret_commission_cents", geometry->regret[OUTCOME_COMMISSION]);
    json_put_number(text, ", ", "regret_eta_minutes", geometry->regret[OUTCOME_ETA]);
    text_char(text, '}');
    json_put_key(text, ",\n  ", "commission_rates");
    json_put_number(text, "{", "low_percent", tuning->rates.low);
    json_put_number(text, ", ", "high_percent", tuning->rates.high);
    json_put_count(text, ", ", "orders", tuning->rates.orders);
    json_put_count(text, ", ", "alike", tuning->rates.alike);
    json_put_count(text, ", ", "not_all_known", tuning->rates.partly);
    json_put_count(text, ", ", "less_than_a_tenth_of_a_point_apart", tuning->rates.stretched);
    text_char(text, '}');
}

static void put_guardrails(struct text *text, const struct tuning *tuning)
{
    static const char *const states[] = {"kept", "breached", "undecided"};
    json_put_key(text, ",\n  ", "guardrails");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->guardrail_count; i++) {
        const struct tune_guardrail *guardrail = &tuning->guardrails[i];
        json_put_string(text, i == 0 ? "{" : ", {", "limit", guardrail->text);
        json_put_number(text, ", ", "limit_value", guardrail->limit);
        json_put_number(text, ", ", "measured", guardrail->measured);
        json_put_number(text, ", ", "bound", guardrail->bound);
        json_put_string(text, ", ", "state", states[guardrail->state]);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_thirds(struct text *text, const struct tuning *tuning)
{
    json_put_key(text, ",\n  ", "thirds");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->third_count; i++) {
        const struct tune_third *third = &tuning->thirds[i];
        put_weights(text, i == 0 ? "{" : ", {", "chosen", &third->chosen);
        json_put_number(text, ", ", "goal_of_suggested", third->goal_of_chosen);
        json_put_number(text, ", ", "goal_of_its_own", third->goal_of_own);
        json_put_flag(text, ", ", "suggested_keeps_guardrails", third->kept);
        json_put_flag(text, ", ", "suggested_in_its_set", third->same);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_uncertainty(struct text *text, const char *before, const char *key,
                            const struct tune_uncertainty *of)
{
    json_put_key(text, before, key);
    json_put_number(text, "{", "value", of->value);
    json_put_number(text, ", ", "low", of->low);
    json_put_number(text, ", ", "high", of->high);
    json_put_number(text, ", ", "model_low", of->model_low);
    json_put_number(text, ", ", "model_high", of->model_high);
    json_put_number(text, ", ", "orders_low", of->orders_low);
    json_put_number(text, ", ", "orders_high", of->orders_high);
    text_char(text, '}');
}

static void put_model(struct text *text, const struct tuning *tuning)
{
    json_put_key(text, ",\n  ", "model");
    json_put_flag(text, "{", "fitted", tuning->model_fitted);
    json_put_count(text, ", ", "purchases_known", tuning->purchases_known);
    json_put_count(text, ", ", "purchases", tuning->purchases);
    for (unsigned t = 0; t < TUNE_TASTES; t++) {
        json_put_key(text, t == 0 ? ", \"tastes\": {" : ", ", tuning->tastes[t].name);
        json_put_number(text, "{", "value", tuning->tastes[t].value);
        json_put_number(text, ", ", "error", tuning->tastes[t].error);
        text_char(text, '}');
    }
    put_uncertainty(text, "}, ", "conversion_difference", &tuning->buys);
    put_uncertainty(text, ", ", "expected_commission_difference", &tuning->earns);
    json_put_count(text, ", \"survey\": {", "answered", tuning->rated);
    json_put_count(text, ", ", "satisfied", tuning->satisfied);
    json_put_number(text, ", ", "share", tuning->csat);
    json_put_number(text, ", ", "low", tuning->csat_low);
    json_put_number(text, ", ", "high", tuning->csat_high);
    json_put_number(text, ", ", "silent", tuning->silent);
    json_put_number(text, "}, ", "surplus_per_commission", tuning->surplus_per_commission);
    json_put_number(text, ", ", "mde_conversion", tuning->mde_conversion);
    json_put_number(text, ", ", "days_for_conversion", tuning->days_for_conversion);
    json_put_number(text, ", ", "triggered", tuning->triggered);
    json_put_number(text, ", ", "orders_per_day", tuning->orders_per_day);
    json_put_key(text, ", ", "break_even");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->break_even_count; i++) {
        const struct tune_break_even *of = &tuning->break_even[i];
        json_put_string(text, i == 0 ? "{" : ", {", "parameter", of->parameter);
        json_put_number(text, ", ", "low", of->low);
        json_put_number(text, ", ", "mid", of->mid);
        json_put_number(text, ", ", "high", of->high);
        json_put_number(text, ", ", "flips_at", of->flips_at);
        json_put_count(text, ", ", "flips", of->flips);
        json_put_number(text, ", ", "elasticity_there", of->elasticity);
        json_put_number(text, ", ", "at_low", of->at_low);
        json_put_number(text, ", ", "at_mid", of->at_mid);
        json_put_number(text, ", ", "at_high", of->at_high);
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
    json_put_string(text, ",\n  ", "verdict", experiment_verdict_names[tuning->verdict]);
    tune_write_finding(&sentence, tuning);
    json_put_string(text, ",\n  ", "finding", sentence.bytes != NULL ? sentence.bytes : "");
    text_release(&sentence);
    json_put_key(text, ",\n  ", "suggested");
    if (tuning->chosen == UINT32_MAX) {
        text_put(text, "null");
    } else {
        put_weights(text, "{", "weights", &tuning->arms[tuning->chosen].weights);
        text_char(text, '}');
    }
    put_coverage(text, tuning);
    put_aims(text, tuning);
    put_guardrails(text, tuning);
    json_put_number(text, ",\n  ", "holdout_gain_over_training_gain", tuning->shrunk_goal);
    put_arms(text, tuning);
    put_search(text, &tuning->search);
    put_geometry(text, tuning);
    put_thirds(text, tuning);
    put_model(text, tuning);
    json_put_key(text, ",\n  ", "notes");
    text_char(text, '[');
    for (uint32_t i = 0; i < tuning->note_count; i++) {
        if (i > 0) text_put(text, ", ");
        text_json_string(text, tuning->notes[i]);
    }
    text_put(text, "]\n}\n");
}
