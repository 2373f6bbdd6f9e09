/* An A/B for programs: {"schema": "routesim.ab/1"}. Keys have a fixed order, numbers read back to
 * the same double, what is not known is null, and what is never reached is null too. */
#include <inttypes.h>
#include <math.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/json_put.h"

/* ---- what it stands on ---- */

static void put_context(struct text *text, const struct ab_report *report)
{
    const struct ab_result *result = report->result;
    static const char *const sources[] = {"scenario", "run", "log"};
    struct text name = {0};
    text_format(&name, "ab-%s", result->name); /* whose folder it is */
    json_put_string(text, "  \"context\": {", "scenario", name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    text_format(text, ", \"experiment_hash\": \"%016" PRIx64 "\"", report->experiment);
    json_put_string(text, ", ", "program", report->program);
    json_put_string(text, ", ", "command", report->command);
    json_put_string(text, ", ", "source", sources[result->source]);
    json_put_key(text, ", ", "seed");
    text_format(text, "\"%" PRIu64 "\"}", result->seed);
}

static void put_design(struct text *text, const struct ab_result *result)
{
    json_put_key(text, ",\n  ", "design");
    json_put_flag(text, "{", "plan_only", result->plan_only);
    json_put_string(text, ", ", "mode", result->interleave ? "interleaved" : "split");
    json_put_string(text, ", ", "salt", result->salt);
    json_put_number(text, ", ", "alpha", result->alpha);
    json_put_number(text, ", ", "power", result->power);
    json_put_count(text, ", ", "planned_n", result->planned_n);
    json_put_flag(text, ", ", "planned", result->planned);
    json_put_flag(text, ", ", "reached", result->reached);
    json_put_count(text, ", ", "peeks", result->peeks);
    for (uint32_t o = 0; o < result->objective_count; o++) {
        json_put_string(text, o == 0 ? ", \"goal\": [{" : ", {", "outcome",
                        replay_outcome_traits[result->objectives[o].outcome].name);
        json_put_number(text, ", ", "weight", result->objectives[o].weight);
        text_char(text, '}');
    }
    text_put(text, "]}");
}

static void put_traffic(struct text *text, const struct ab_result *result)
{
    json_put_key(text, ",\n  ", "traffic");
    json_put_count(text, "{", "requests", result->coverage.requests);
    json_put_count(text, ", ", "orders", result->orders);
    json_put_count(text, ", ", "used", result->used);
    json_put_number(text, ", ", "span_s", (double)result->span_us / 1e6);
    json_put_number(text, ", ", "orders_per_day", result->orders_per_day);
    json_put_count(text, ", ", "purchases_observed", result->observed);
    json_put_flag(text, ", ", "choice_model_fitted", result->fitted);
    text_char(text, '}');
}

static void put_arms(struct text *text, const struct ab_result *result)
{
    json_put_key(text, ",\n  ", "arms");
    for (uint32_t a = 0; a < result->arm_count; a++) {
        json_put_string(text, a == 0 ? "[{" : ",\n    {", "name", result->arms[a].name);
        json_put_number(text, ", ", "share", result->arms[a].share / (double)EXPERIMENT_BUCKETS);
        json_put_count(text, ", ", "orders", result->counts[a]);
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            json_put_number(text, k == 0 ? ", \"weights\": {" : ", ", replay_part_names[k],
                            score_weight_of(&result->arms[a].weights, (enum replay_part)k));
        text_put(text, "}}");
    }
    text_char(text, ']');
}

static void put_strata(struct text *text, const char *key, const char *of,
                       const struct ab_strata *strata)
{
    json_put_count(text, ", ", key, strata->strata);
    struct text worst = {0};
    text_format(&worst, "worst_%s", of);
    json_put_count(text, ", ", worst.bytes != NULL ? worst.bytes : "worst", strata->worst);
    text_clear(&worst);
    text_format(&worst, "%s_p_holm", of);
    json_put_number(text, ", ", worst.bytes != NULL ? worst.bytes : "p", strata->p);
    text_release(&worst);
}

static void put_assignment(struct text *text, const struct ab_result *result)
{
    json_put_key(text, ",\n  ", "sample_ratio");
    json_put_number(text, "{", "chi_square", result->srm.chi_square);
    json_put_number(text, ", ", "p", result->srm.p);
    put_strata(text, "hours", "hour", &result->srm_hours);
    put_strata(text, "quote_counts", "quote_count", &result->srm_quotes);
    json_put_number(text, ", ", "p_judged", result->srm_p);
    json_put_number(text, ", ", "threshold", STATS_SRM_ALPHA);
    json_put_number(text, ", ", "detectable_shift", result->srm_shift);
    text_char(text, '}');
}

/* ---- variants ---- */

static void put_test(struct text *text, const char *key, const struct stats_test *test)
{
    json_put_key(text, ",\n        ", key);
    json_put_number(text, "{", "difference", test->value);
    json_put_number(text, ", ", "error", test->error);
    json_put_number(text, ", ", "low", test->low);
    json_put_number(text, ", ", "high", test->high);
    json_put_number(text, ", ", "p", test->p);
    json_put_count(text, ", ", "n_baseline", test->n_a);
    json_put_count(text, ", ", "n_variant", test->n_b);
    json_put_string(text, ", ", "method", stats_test_method_names[test->method]);
    text_char(text, '}');
}

static void put_cost(struct text *text, const struct ab_cost *cost)
{
    json_put_key(text, ",\n        ", "cost");
    json_put_number(text, "{", "difference", cost->difference);
    json_put_number(text, ", ", "sd_baseline", cost->sd_a);
    json_put_number(text, ", ", "sd_variant", cost->sd_b);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
        json_put_key(text, ", ", ab_estimator_names[e]);
        json_put_number(text, "{", "orders", cost->n[e]);
        json_put_number(text, ", ", "days", cost->days[e]);
        json_put_number(text, ", ", "detectable_in_14_days", cost->mde[e]);
        text_char(text, '}');
    }
    text_char(text, '}');
}

static void put_value(struct text *text, const struct ab_result *result, unsigned metric,
                      const struct ab_value *value)
{
    const bool purchases = ab_is_of_purchases(result, metric);
    json_put_string(text, "{", "outcome",
                    metric == AB_GOAL ? "goal" : replay_outcome_traits[metric].name);
    json_put_string(text, ", ", "judged_by", ab_estimator_names[value->judged_by]);
    json_put_string(text, ", ", "evidence",
                    purchases || metric == OUTCOME_SURPLUS
                        ? result->observed == 0 ? "model" : "observed_and_model"
                        : "interval");
    if (!result->plan_only) {
        json_put_number(text, ", ", "baseline", value->a);
        json_put_number(text, ", ", "variant", value->b);
        json_put_number(text, ", ", "baseline_adjusted", value->adjusted_a);
        json_put_number(text, ", ", "variant_adjusted", value->adjusted_b);
        json_put_number(text, ", ", "p_adjusted", value->p_adjusted);
        for (unsigned e = 0; e < AB_ESTIMATORS; e++)
            if (!isnan(value->tests[e].value))
                put_test(text, ab_estimator_names[e], &value->tests[e]);
        put_test(text, "triggered", &value->triggered);
        json_put_key(text, ",\n        ", "always_valid");
        json_put_number(text, "{", "low", value->always.low);
        json_put_number(text, ", ", "high", value->always.high);
        json_put_number(text, ", ", "p", value->always.p);
        json_put_count(text, ", ", "n", value->always.n);
        json_put_key(text, "},\n        ", "truth");
        json_put_number(text, "{", "difference", value->truth.value);
        json_put_number(text, ", ", "low", value->truth.low);
        json_put_number(text, ", ", "high", value->truth.high);
        json_put_string(text, ", ", "evidence", purchases ? "model" : "exact");
        json_put_key(text, "},\n        ", "control_variate");
        json_put_number(text, "{", "theta", value->theta);
        json_put_number(text, ", ", "variance_removed", value->reduction);
        json_put_number(text, ", ", "imbalance_p", value->imbalance_p);
        json_put_flag(text, ", ", "sign_flip", value->sign_flip);
        json_put_number(text, "}, ", "sign_test_p", value->sign.p);
    }
    put_cost(text, &value->cost);
    text_char(text, '}');
}

static void put_guardrails(struct text *text, const struct ab_result *result,
                           const struct ab_variant *variant)
{
    static const char *const states[] = {"kept", "breached", "open"};
    json_put_key(text, ",\n      ", "guardrails");
    text_char(text, '[');
    for (uint32_t i = 0; i < result->constraint_count; i++) {
        const struct ab_guardrail *guardrail = &variant->guardrails[i];
        json_put_string(text, i == 0 ? "{" : ", {", "limit", guardrail->text);
        json_put_number(text, ", ", "limit_value", guardrail->limit);
        json_put_number(text, ", ", "measured", guardrail->value);
        json_put_flag(text, ", ", "absolute", guardrail->absolute);
        json_put_number(text, ", ", "bound", guardrail->bound);
        json_put_number(text, ", ", "p_kept", guardrail->p_kept);
        json_put_number(text, ", ", "p_harm", guardrail->p_harm);
        json_put_number(text, ", ", "p_harm_adjusted", guardrail->p_adjusted);
        json_put_string(text, ", ", "state", states[guardrail->state]);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_variant(struct text *text, const struct ab_result *result, uint32_t v)
{
    const struct ab_variant *variant = &result->variants[v];
    json_put_string(text, v == 0 ? "[\n    {" : ",\n    {", "name", result->arms[v + 1].name);
    json_put_count(text, ", ", "triggered", variant->triggered);
    json_put_number(text, ", ", "triggered_share", variant->triggered_share);
    if (!result->plan_only) {
        json_put_string(text, ", ", "verdict",
                        experiment_verdict_names[variant->judgement.verdict]);
        json_put_key(text, ", ", "decided_at_peek");
        if (variant->decided_at == UINT32_MAX) {
            text_put(text, "null");
        } else {
            text_int(text, (int64_t)variant->decided_at + 1);
        }
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            json_put_number(text, p == 0 ? ", \"shares\": {" : ", ", provider_traits[p].id,
                            variant->shares[p]);
        text_char(text, '}');
        put_guardrails(text, result, variant);
    }
    json_put_key(text, ",\n      ", "metrics");
    text_put(text, "[\n      ");
    for (unsigned m = 0; m < AB_METRICS; m++) {
        if (m > 0) text_put(text, ",\n      ");
        put_value(text, result, m, &variant->values[m]);
    }
    text_put(text, "]}");
}

void ab_write_json(struct text *text, const struct ab_report *report)
{
    const struct ab_result *result = report->result;
    struct text sentence = {0};
    text_put(text, "{\n  \"schema\": \"routesim.ab/1\",\n");
    put_context(text, report);
    json_put_key(text, ",\n  ", "verdict");
    if (result->plan_only) {
        text_put(text, "null");
    } else {
        text_json_string(text, experiment_verdict_names[result->verdict]);
    }
    json_put_string(text, ", ", "best", result->arms[result->best + 1].name);
    ab_write_finding(&sentence, result, result->best);
    json_put_string(text, ",\n  ", "finding", sentence.bytes != NULL ? sentence.bytes : "");
    text_release(&sentence);
    put_design(text, result);
    put_traffic(text, result);
    put_arms(text, result);
    put_assignment(text, result);
    json_put_key(text, ",\n  ", "plan");
    json_put_number(text, "{", "orders", result->plan_n);
    json_put_number(text, ", ", "days", result->plan_days);
    json_put_count(text, ", ", "peeks", result->plan_peeks);
    json_put_key(text, "},\n  ", "variants");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        put_variant(text, result, v);
    json_put_key(text, "],\n  ", "notes");
    text_char(text, '[');
    for (uint32_t i = 0; i < result->note_count; i++) {
        if (i > 0) text_put(text, ", ");
        text_json_string(text, result->notes[i]);
    }
    text_put(text, "]\n}\n");
}
