/* A calibration for programs: {"schema": "routesim.calibration/1"}. Keys have a fixed order,
 * numbers read back to the same double, what is not known is null. */
#include <inttypes.h>
#include <math.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/json_put.h"

static const char *const quantile_keys[WAITING_QUANTILES] = {"p50", "p95", "p99"};

static void put_us(struct text *text, const char *before, const char *key, int64_t us)
{
    const bool known = us > 0 && us != INT64_MAX;
    json_put_number(text, before, key, known ? (double)us / 1000 : (double)NAN);
}

static const char *state_name(enum timeout_state state)
{
    switch (state) {
    case TIMEOUT_FOUND:
        return "found";
    case TIMEOUT_TOO_FEW:
        return "too_few";
    case TIMEOUT_BEYOND:
        return "beyond";
    case TIMEOUT_UNKNOWN:
        break;
    }
    return "unknown";
}

/* ---- what it stands on ---- */

static void put_context(struct text *text, const struct calibrate_report *report)
{
    const struct calibration *calibration = report->calibration;
    static const char *const sources[CALIBRATE_SOURCES] = {"scenario", "run", "log", "csv", "live"};
    struct text name = {0};
    text_format(&name, "calibrate-%s", calibration->name); /* whose folder it is */
    text_put(text, "  \"context\": {\"scenario\": ");
    text_json_string(text, name.bytes != NULL ? name.bytes : "");
    text->failed |= name.failed;
    text_release(&name);
    text_format(text, ", \"experiment_hash\": \"%016" PRIx64 "\"", report->experiment);
    json_put_string(text, ", ", "program", report->program);
    json_put_string(text, ", ", "command", report->command);
    json_put_string(text, ", ", "source", sources[calibration->source]);
    json_put_key(text, ", ", "seed");
    text_format(text, "\"%" PRIu64 "\"", calibration->seed);
    json_put_flag(text, ", ", "as_coded", calibration->as_coded);
    text_char(text, '}');
}

static void put_setup(struct text *text, const struct calibration *calibration)
{
    const struct timeout_setup *setup = &calibration->setup;
    json_put_string(text, ",\n  ", "rule", timeout_rule_names[calibration->rule]);
    json_put_key(text, ",\n  ", "setup");
    put_us(text, "{", "base_ms", setup->base_us);
    json_put_number(text, ", ", "clamp_quantile", setup->clamp_quantile);
    put_us(text, ", ", "clamp_base_ms", setup->clamp_base_us);
    put_us(text, ", ", "least_ms", setup->least_us);
    put_us(text, ", ", "most_ms", setup->most_us);
    json_put_number(text, ", ", "target", setup->target);
    json_put_number(text, ", ", "call_wait_cents_per_s", setup->wait_cents_per_s);
    json_put_number(text, ", ", "call_lost_quote_cents", setup->lost_quote_cents);
    text_char(text, '}');
    json_put_key(text, ",\n  ", "prices");
    json_put_number(text, "{", "wait_cents_per_s", calibration->prices.wait_per_s);
    json_put_number(text, ", ", "lost_quote_cents", calibration->prices.lost_quote);
    json_put_number(text, ", ", "lost_order_cents", calibration->prices.lost_order);
    json_put_flag(text, ", ", "assumed", calibration->prices_assumed);
    text_char(text, '}');
}

static void put_input(struct text *text, const struct calibration *calibration)
{
    const struct latency_set *set = &calibration->latencies;
    const struct decision_coverage *coverage = &calibration->set.coverage;
    json_put_key(text, ",\n  ", "input");
    json_put_flag(text, "{", "has_orders", calibration->has_orders);
    json_put_flag(text, ", ", "has_time", set->has_time);
    json_put_flag(text, ", ", "has_fates", set->has_fates);
    json_put_count(text, ", ", "rows", set->rows);
    json_put_count(text, ", ", "rows_without_latency", set->rows_without_latency);
    json_put_count(text, ", ", "rows_no_call", set->rows_no_call);
    if (calibration->has_orders) {
        json_put_count(text, ", ", "requests", coverage->requests);
        json_put_count(text, ", ", "usable", coverage->usable);
        json_put_count(text, ", ", "without_quotes", coverage->without_quotes);
    }
    text_char(text, '}');
}

/* ---- providers ---- */

static void put_share(struct text *text, const char *before, const char *key,
                      const struct timeout_share *share)
{
    json_put_key(text, before, key);
    json_put_count(text, "{", "hits", share->hits);
    json_put_count(text, ", ", "n", share->n);
    json_put_number(text, ", ", "value", share->n > 0 ? share->value : (double)NAN);
    json_put_number(text, ", ", "low", share->low);
    json_put_number(text, ", ", "high", share->high);
    text_char(text, '}');
}

static void put_achieved(struct text *text, const char *before, const char *key,
                         const struct timeout_achieved *achieved)
{
    json_put_key(text, before, key);
    put_share(text, "{", "success", &achieved->success);
    json_put_number(text, ", ", "success_possible", achieved->success_possible);
    json_put_number(text, ", ", "caught", achieved->caught);
    put_share(text, ", ", "false_timeouts", &achieved->false_timeouts);
    json_put_number(text, ", ", "false_possible", achieved->false_possible);
    text_char(text, '}');
}

static void put_advice(struct text *text, const char *before, enum timeout_rule rule,
                       const struct timeout_advice *advice)
{
    const bool known = advice->state == TIMEOUT_FOUND || advice->state == TIMEOUT_BEYOND;
    json_put_key(text, before, timeout_rule_names[rule]);
    json_put_string(text, "{", "state", state_name(advice->state));
    put_us(text, ", ", "timeout_ms", advice->state == TIMEOUT_FOUND ? advice->us : 0);
    put_us(text, ", ", "more_than_ms", advice->state == TIMEOUT_BEYOND ? advice->us : 0);
    put_us(text, ", ", "low_ms", known ? advice->low_us : 0);
    put_us(text, ", ", "high_ms", known ? advice->high_us : 0);
    json_put_flag(text, ", ", "high_beyond", known && advice->high_us == INT64_MAX);
    if (rule == TIMEOUT_TARGET) json_put_number(text, ", ", "target", advice->target);
    if (advice->state == TIMEOUT_TOO_FEW) json_put_count(text, ", ", "needs", advice->needs);
    if (advice->state == TIMEOUT_FOUND)
        put_achieved(text, ",\n        ", "achieved", &advice->achieved);
    text_char(text, '}');
}

static void put_end(struct text *text, const char *key, const struct latency_end *end)
{
    json_put_number(text, ", ", key,
                    end->state == LATENCY_END_KNOWN ? end->us / 1000 : (double)NAN);
}

static void put_quantile(struct text *text, const char *before, const char *key,
                         const struct latency_quantile *quantile)
{
    json_put_key(text, before, key);
    json_put_number(text, "{", "value",
                    quantile->state == LATENCY_OK ? quantile->us / 1000 : (double)NAN);
    json_put_number(text, ", ", "more_than",
                    quantile->state == LATENCY_BEYOND ? quantile->beyond_us / 1000 : (double)NAN);
    put_end(text, "low", &quantile->low);
    put_end(text, "high", &quantile->high);
    json_put_flag(text, ", ", "high_beyond", quantile->high.state == LATENCY_END_BEYOND);
    json_put_count(text, ", ", "n", quantile->n);
    text_char(text, '}');
}

static void put_provider(struct text *text, const struct calibrate_provider *provider)
{
    json_put_string(text, "{", "name", provider->name);
    json_put_string(text, ", ", "series", provider->series->name);
    json_put_key(text, ", ", "key");
    if (provider->key != NULL) {
        text_json_string(text, provider->key);
    } else {
        text_put(text, "null");
    }
    json_put_flag(text, ", ", "key_read", provider->key_read);
    json_put_flag(text, ", ", "recommended", provider->recommended);
    put_us(text, ", ", "recommended_ms", provider->recommended_us);
    json_put_string(text, ", ", "rule",
                    provider->recommended ? timeout_rule_names[provider->chosen] : "today");
    json_put_key(text, ", ", "reason");
    if (provider->reason != NULL) {
        text_json_string(text, provider->reason);
    } else {
        text_put(text, "null");
    }
    json_put_count(text, ",\n      ", "asked", provider->asked);
    json_put_count(text, ", ", "answered", provider->answered);
    json_put_count(text, ", ", "failed", provider->failed);
    json_put_count(text, ", ", "censored", provider->censored);
    json_put_number(text, ", ", "at_timeout", provider->at_timeout);
    put_quantile(text, ",\n      ", "p50_ms", &provider->p50);
    put_quantile(text, ", ", "p95_ms", &provider->p95);
    put_quantile(text, ", ", "p99_ms", &provider->p99);
    json_put_key(text, ",\n      ", "given_up");
    json_put_count(text, "{", "hits", provider->hidden.hits);
    json_put_count(text, ", ", "n", provider->hidden.n);
    json_put_number(text, ", ", "share", provider->hidden.share);
    json_put_number(text, ", ", "low", provider->hidden.low);
    json_put_number(text, ", ", "high", provider->hidden.high);
    json_put_flag(text, ", ", "matters", provider->censoring_matters);
    text_char(text, '}');
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        put_advice(text, r == 0 ? ",\n      \"rules\": {" : ",\n        ", (enum timeout_rule)r,
                   &provider->advice[r]);
    text_char(text, '}');
    if (provider->naive_us > 0) {
        json_put_key(text, ",\n      ", "of_answers_alone");
        put_us(text, "{", "timeout_ms", provider->naive_us);
        put_us(text, ", ", "settles_ms", provider->naive_settled_us);
        put_achieved(text, ", ", "achieved_there", &provider->naive_achieved);
        text_char(text, '}');
    }
    text_char(text, '}');
}

static void put_providers(struct text *text, const struct calibration *calibration)
{
    json_put_key(text, ",\n  ", "providers");
    text_char(text, '[');
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        text_put(text, i == 0 ? "\n    " : ",\n    ");
        put_provider(text, &calibration->providers[i]);
    }
    text_char(text, ']');
}

/* ---- the router ---- */

static void put_quantiles(struct text *text, const char *before, const char *key,
                          const double ms[WAITING_QUANTILES])
{
    json_put_key(text, before, key);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        json_put_number(text, q == 0 ? "{" : ", ", quantile_keys[q], ms[q]);
    text_char(text, '}');
}

static void put_estimate(struct text *text, const char *key, const struct stats_estimate *estimate)
{
    json_put_key(text, ", ", key);
    json_put_number(text, "{", "value", estimate->value);
    json_put_number(text, ", ", "low", estimate->low);
    json_put_number(text, ", ", "high", estimate->high);
    json_put_count(text, ", ", "n", estimate->n);
    json_put_string(text, ", ", "evidence", estimate->method == STATS_EXACT ? "exact" : "interval");
    text_char(text, '}');
}

static void put_outcome(struct text *text, const struct waiting_outcome *outcome)
{
    json_put_count(text, "{", "orders", outcome->orders);
    json_put_count(text, ", ", "without_quote", outcome->without_quote);
    json_put_count(text, ", ", "changed", outcome->changed);
    json_put_key(text, ", ", "wait_ms");
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        const struct waiting_quantile *wait = &outcome->waits[q];
        json_put_key(text, q == 0 ? "{" : ", ", quantile_keys[q]);
        json_put_number(text, "{", "value", wait->ms);
        json_put_number(text, ", ", "low", wait->low_ms);
        json_put_number(text, ", ", "high", wait->high_ms);
        text_char(text, '}');
    }
    json_put_number(text, "}, ", "mean_wait_ms", outcome->mean_wait_ms);
    json_put_count(text, ", ", "quotes", outcome->quotes);
    json_put_count(text, ", ", "quotes_known", outcome->quotes_known);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        json_put_count(text, p == 0 ? ", \"won\": {" : ", ", provider_traits[p].id,
                       outcome->won[p]);
    text_char(text, '}');
    put_estimate(text, "regret_cents", &outcome->cents);
    put_estimate(text, "regret_points", &outcome->points);
    json_put_number(text, ", ", "cost_cents", outcome->cost_cents);
    text_char(text, '}');
}

static void put_arm(struct text *text, const char *before, const char *key,
                    const struct calibration *calibration, const struct calibrate_arm *arm)
{
    json_put_key(text, before, key);
    if (!arm->known) {
        text_put(text, "null");
    } else if (calibration->has_orders) {
        put_outcome(text, &arm->outcome);
    } else {
        put_quantiles(text, "{", "model_ms", arm->model_ms);
        text_char(text, '}');
    }
}

static void put_router(struct text *text, const struct calibration *calibration)
{
    json_put_key(text, ",\n  ", "router");
    json_put_string(text, "{", "evidence",
                    !calibration->has_orders ? "model"
                    : calibration->unseen    ? "as_logged"
                                             : "exact");
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        put_arm(text, ",\n    ", timeout_rule_names[r], calibration, &calibration->arms[r]);
    put_arm(text, ",\n    ", "recommended", calibration, &calibration->recommended);
    text_char(text, '}');
}

static void put_tail(struct text *text, const struct waiting_tail *tail)
{
    json_put_key(text, ",\n  ", "tail");
    put_quantiles(text, "{", "router_ms", tail->ms);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        json_put_count(text, q == 0 ? ", \"orders_beyond\": {" : ", ", quantile_keys[q],
                       tail->beyond[q]);
    text_char(text, '}');
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        json_put_key(text, ",\n    ", provider_traits[p].id);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            json_put_count(text, q == 0 ? "{\"waited_for_last\": {" : ", ", quantile_keys[q],
                           tail->slowest[q][p]);
        put_quantiles(text, "}, ", "router_without_it_ms", tail->without_ms[p]);
        text_char(text, '}');
    }
    text_char(text, '}');
}

static void put_joints(struct text *text, const struct calibration *calibration)
{
    json_put_key(text, ",\n  ", "joint_quantiles");
    for (unsigned i = 0; i < CALIBRATE_JOINTS; i++) {
        const struct waiting_joint *joint = &calibration->joints[i];
        json_put_number(text, i == 0 ? "[{" : ", {", "p", joint->p);
        json_put_count(text, ", ", "orders", joint->orders);
        json_put_count(text, ", ", "within", joint->within);
        json_put_number(text, ", ", "independent_model", joint->independent);
        json_put_number(text, ", ", "needed_model", joint->needed);
        json_put_count(text, ", ", "providers", joint->providers);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static void put_early(struct text *text, const struct calibration *calibration)
{
    json_put_key(text, ",\n  ", "early");
    text_char(text, '[');
    for (uint32_t i = 0; i < calibration->early_count; i++) {
        const struct waiting_early_outcome *early = &calibration->early[i];
        json_put_string(text, i == 0 ? "\n    {" : ",\n    {", "decide",
                        calibrate_early_name(&early->rule));
        json_put_count(text, ", ", "at_least",
                       early->rule.kind == EARLY_AT_LEAST ? early->rule.at_least : 0);
        if (early->rule.kind == EARLY_LIKELY) {
            json_put_number(text, ", ", "total_share", early->rule.total_share);
            json_put_number(text, ", ", "eta_share", early->rule.eta_share);
        }
        json_put_count(text, ", ", "early", early->early);
        json_put_number(text, ", ", "saved_ms", early->saved_ms);
        put_quantiles(text, ", ", "saved_ms_quantiles", early->saved_ms_quantiles);
        json_put_key(text, ", ", "outcome");
        put_outcome(text, &early->outcome);
        text_char(text, '}');
    }
    text_char(text, ']');
}

/* ---- all of it ---- */

static void put_notes(struct text *text, const struct calibration *calibration)
{
    json_put_key(text, ",\n  ", "notes");
    text_char(text, '[');
    for (uint32_t i = 0; i < calibration->note_count; i++) {
        if (i > 0) text_put(text, ", ");
        text_json_string(text, calibration->notes[i]);
    }
    text_char(text, ']');
}

static void put_found(struct text *text, const char *key, const struct calibration *calibration,
                      void (*find)(struct text *, const struct calibration *))
{
    struct text sentence = {0};
    find(&sentence, calibration);
    json_put_string(text, ",\n  ", key, sentence.bytes != NULL ? sentence.bytes : "");
    text->failed |= sentence.failed;
    text_release(&sentence);
}

void calibrate_write_json(struct text *text, const struct calibrate_report *report)
{
    const struct calibration *calibration = report->calibration;
    text_put(text, "{\n  \"schema\": \"routesim.calibration/1\",\n");
    put_context(text, report);
    put_found(text, "finding", calibration, calibrate_write_finding);
    put_found(text, "paste", calibration, calibrate_write_secrets);
    put_setup(text, calibration);
    put_input(text, calibration);
    put_providers(text, calibration);
    put_router(text, calibration);
    if (calibration->has_orders) {
        put_tail(text, &calibration->tail);
        put_joints(text, calibration);
        put_early(text, calibration);
    }
    calibrate_json_sections(text, calibration);
    put_notes(text, calibration);
    text_put(text, "\n}\n");
}
