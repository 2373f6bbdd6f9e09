/* A calibration's numbers on disk: recommendation.env and the CSV files. RFC 4180, units in the
 * names; what is not known is an empty cell. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/files.h"

const char *const calibrate_report_files[] = {
    "recommendation.env", "rules.csv",  "curves.csv",  "ecdf.csv",   "waiting.csv", "early.csv",
    "stability.csv",      "hedges.csv", "retries.csv", "caches.csv", NULL};

/* ---- recommendation.env ---- */

/* A name, or a sentence with one in it, as a comment: no control, so no line of its own. */
static void put_comment(struct text *text, const char *words)
{
    calibrate_put_plain(text, words, strlen(words));
}

static void put_line(struct text *text, const struct calibration *calibration,
                     void (*find)(struct text *, const struct calibration *))
{
    struct text sentence = {0};
    find(&sentence, calibration);
    if (sentence.length > 0) {
        text_put(text, "# ");
        put_comment(text, sentence.bytes);
        text_char(text, '\n');
    }
    text->failed |= sentence.failed;
    text_release(&sentence);
}

/* What has no key, or keeps what it has, stands in a comment: a file that is sourced changes only
 * what is recommended. */
static void put_setting(struct text *text, const struct calibrate_provider *provider)
{
    const long long ms = (long long)(provider->recommended_us / 1000);
    if (provider->key != NULL && provider->recommended) {
        text_format(text, "%s=%lld\n", provider->key, ms);
        return;
    }
    text_put(text, "# ");
    put_comment(text, provider->key != NULL ? provider->key : provider->name);
    if (ms > 0) {
        text_format(text, "%s%lld", provider->key != NULL ? "=" : ": ", ms);
        if (provider->key == NULL) text_put(text, " ms");
    } else {
        text_put(text, ": n/a");
    }
    if (!provider->recommended)
        text_format(text, " (not recommended, as it is%s%s)", provider->reason != NULL ? ": " : "",
                    provider->reason != NULL ? provider->reason : "");
    text_char(text, '\n');
}

static void put_recommendation(struct text *text, const struct calibration *calibration)
{
    text_put(text, "# Timeouts of routesim calibrate, in milliseconds; nothing was applied.\n");
    put_line(text, calibration, calibrate_write_finding);
    put_line(text, calibration, calibrate_find_censoring);
    if (calibrate_unread(calibration)) text_format(text, "# %s\n", calibrate_unread_words);
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        put_setting(text, &calibration->providers[i]);
}

/* ---- cells ---- */

static void put_number(struct text *text, double value)
{
    text_char(text, ',');
    if (isfinite(value)) text_double(text, value);
}

static void put_us(struct text *text, int64_t us)
{
    put_number(text, us > 0 && us != INT64_MAX ? (double)us / 1000 : (double)NAN);
}

static void put_count(struct text *text, uint64_t count)
{
    text_format(text, ",%llu", (unsigned long long)count);
}

static void put_empty(struct text *text, unsigned cells)
{
    for (; cells > 0; cells--)
        text_char(text, ',');
}

static void put_share(struct text *text, const struct timeout_share *share)
{
    put_number(text, share->n > 0 ? share->value : (double)NAN);
    put_number(text, share->low);
    put_number(text, share->high);
}

/* ---- rules.csv ---- */

enum { ACHIEVED_CELLS = 10, ROUTER_CELLS = 17 + PROVIDER_COUNT };

static void put_achieved(struct text *text, const struct timeout_achieved *achieved)
{
    put_count(text, achieved->success.n);
    put_share(text, &achieved->success);
    put_number(text, achieved->success_possible);
    put_number(text, achieved->caught);
    put_share(text, &achieved->false_timeouts);
    put_number(text, achieved->false_possible);
}

static void put_advice(struct text *text, const struct calibrate_provider *provider,
                       enum timeout_rule rule)
{
    static const char *const states[] = {"found", "too_few", "beyond", "unknown"};
    const struct timeout_advice *advice = &provider->advice[rule];
    const bool known = advice->state == TIMEOUT_FOUND || advice->state == TIMEOUT_BEYOND;
    calibrate_csv_name(text, provider->name);
    text_format(text, ",%s,%s", timeout_rule_names[rule], states[advice->state]);
    put_us(text, known ? advice->us : 0);
    put_us(text, known ? advice->low_us : 0);
    put_us(text, known ? advice->high_us : 0);
    text_format(text, ",%d", provider->recommended && provider->chosen == rule);
    if (advice->state == TIMEOUT_FOUND) {
        put_achieved(text, &advice->achieved);
    } else {
        put_empty(text, ACHIEVED_CELLS);
    }
    put_empty(text, ROUTER_CELLS);
    text_put(text, "\r\n");
}

static void put_outcome(struct text *text, const struct waiting_outcome *outcome)
{
    put_count(text, outcome->orders);
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        put_number(text, outcome->waits[q].ms);
        put_number(text, outcome->waits[q].low_ms);
        put_number(text, outcome->waits[q].high_ms);
    }
    put_count(text, outcome->without_quote);
    put_count(text, outcome->changed);
    put_number(text, outcome->cents.value);
    put_number(text, outcome->cents.low);
    put_number(text, outcome->cents.high);
    put_number(text, outcome->cost_cents);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        put_number(text, outcome->orders > 0 ? (double)outcome->won[p] / (double)outcome->orders
                                             : (double)NAN);
}

static void put_arm(struct text *text, const struct calibration *calibration, const char *rule,
                    const struct calibrate_arm *arm)
{
    if (!arm->known) return;
    text_format(text, "router,%s,found,,,,%d", rule, arm == &calibration->recommended);
    put_empty(text, ACHIEVED_CELLS);
    if (calibration->has_orders) {
        put_outcome(text, &arm->outcome);
        text_put(text, calibration->unseen ? ",as_logged" : ",exact");
    } else {
        text_char(text, ',');
        for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
            put_number(text, arm->model_ms[q]);
            put_empty(text, 2);
        }
        put_empty(text, 6 + PROVIDER_COUNT);
        text_put(text, ",model");
    }
    text_put(text, "\r\n");
}

void calibrate_write_csv(struct text *text, const struct calibration *calibration)
{
    text_put(text, "provider,rule,state,timeout_ms,low95_ms,high95_ms,recommended,calls,"
                   "success_share,success_low95,success_high95,success_possible_share,caught_share,"
                   "false_timeout_share,false_timeout_low95,false_timeout_high95,"
                   "false_timeout_possible_share,orders,router_p50_ms,router_p50_low95_ms,"
                   "router_p50_high95_ms,router_p95_ms,router_p95_low95_ms,router_p95_high95_ms,"
                   "router_p99_ms,router_p99_low95_ms,router_p99_high95_ms,without_quote,changed,"
                   "regret_cents,regret_low95_cents,regret_high95_cents,cost_cents");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(text, ",%s_won_share", provider_traits[p].short_name);
    text_put(text, ",router_evidence\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        for (unsigned r = 0; r < TIMEOUT_RULES; r++)
            put_advice(text, &calibration->providers[i], (enum timeout_rule)r);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        put_arm(text, calibration, timeout_rule_names[r], &calibration->arms[r]);
    put_arm(text, calibration, "recommended", &calibration->recommended);
}

/* ---- curves.csv ---- */

static void put_step(struct text *text, const struct calibration *calibration,
                     const struct calibrate_provider *provider, const struct calibrate_step *step)
{
    calibrate_csv_name(text, provider->name);
    put_us(text, step->us);
    put_achieved(text, &step->achieved);
    if (calibration->has_orders) {
        const struct waiting_step *router = &step->router;
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            put_number(text, router->wait_ms[q]);
        put_count(text, router->without_quote);
        put_count(text, router->changed);
        put_number(text, router->cents);
        put_number(text, router->cost_cents);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            put_count(text, router->won[p]);
    } else {
        put_empty(text, WAITING_QUANTILES + 4 + PROVIDER_COUNT);
    }
    text_put(text, "\r\n");
}

static void put_curves(struct text *text, const struct calibration *calibration)
{
    text_put(text, "provider,timeout_ms,calls,success_share,success_low95,success_high95,"
                   "success_possible_share,caught_share,false_timeout_share,false_timeout_low95,"
                   "false_timeout_high95,false_timeout_possible_share,router_p50_ms,router_p95_ms,"
                   "router_p99_ms,without_quote,changed,regret_cents,cost_cents");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(text, ",%s_won", provider_traits[p].short_name);
    text_put(text, "\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        for (uint32_t s = 0; s < calibration->providers[i].step_count; s++)
            put_step(text, calibration, &calibration->providers[i],
                     &calibration->providers[i].steps[s]);
}

/* ---- ecdf.csv ---- */

static void put_ecdf(struct text *text, const struct calibration *calibration)
{
    text_put(text, "provider,latency_ms,answered_share,answered_low95,answered_high95,watched\r\n");
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        struct calibrate_ecdf ecdf;
        if (!calibrate_ecdf_make(&ecdf, &calibration->providers[i])) text->failed = true;
        for (uint32_t k = 0; k < ecdf.count; k++) {
            calibrate_csv_name(text, calibration->providers[i].name);
            put_number(text, ecdf.points[k].ms);
            put_number(text, ecdf.points[k].reached);
            put_number(text, ecdf.points[k].low);
            put_number(text, ecdf.points[k].high);
            put_count(text, ecdf.points[k].at_risk);
            text_put(text, "\r\n");
        }
    }
}

/* ---- waiting.csv, early.csv ---- */

static void put_waiting(struct text *text, const struct calibration *calibration)
{
    text_put(text, "decided_at_ms,undecided,without_quote,changed,regret_points,regret_cents,"
                   "points_won_per_1000_orders_and_ms,quotes_won_per_1000_orders_and_ms\r\n");
    for (uint32_t i = 0; i < calibration->instant_count; i++) {
        const struct waiting_instant *instant = &calibration->instants[i];
        text_double(text, instant->ms);
        put_count(text, instant->undecided);
        put_count(text, instant->without_quote);
        put_count(text, instant->changed);
        put_number(text, instant->points);
        put_number(text, instant->cents);
        put_number(text, instant->points_per_ms);
        put_number(text, instant->quotes_per_ms);
        text_put(text, "\r\n");
    }
}

static void put_early(struct text *text, const struct calibration *calibration)
{
    text_put(text, "decide,at_least,total_share,eta_share,orders,early,saved_mean_ms,saved_p50_ms,"
                   "saved_p95_ms,saved_p99_ms,router_p50_ms,router_p95_ms,router_p99_ms,"
                   "without_quote,changed,regret_cents,regret_low95_cents,regret_high95_cents,"
                   "cost_cents\r\n");
    for (uint32_t i = 0; i < calibration->early_count; i++) {
        const struct waiting_early_outcome *early = &calibration->early[i];
        const struct waiting_rule *rule = &early->rule;
        const struct waiting_outcome *outcome = &early->outcome;
        text_put(text, calibrate_early_name(rule));
        put_number(text, rule->kind == EARLY_AT_LEAST ? (double)rule->at_least : (double)NAN);
        put_number(text, rule->kind == EARLY_LIKELY ? rule->total_share : (double)NAN);
        put_number(text, rule->kind == EARLY_LIKELY ? rule->eta_share : (double)NAN);
        put_count(text, outcome->orders);
        put_count(text, early->early);
        put_number(text, early->saved_ms);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            put_number(text, early->saved_ms_quantiles[q]);
        for (unsigned q = 0; q < WAITING_QUANTILES; q++)
            put_number(text, outcome->waits[q].ms);
        put_count(text, outcome->without_quote);
        put_count(text, outcome->changed);
        put_number(text, outcome->cents.value);
        put_number(text, outcome->cents.low);
        put_number(text, outcome->cents.high);
        put_number(text, outcome->cost_cents);
        text_put(text, "\r\n");
    }
}

/* ---- all ---- */

bool calibrate_report_write_data(const struct calibrate_report *report, struct err *err)
{
    typedef void writes_file(struct text *, const struct calibration *);
    static writes_file *const writes[] = {put_recommendation,
                                          calibrate_write_csv,
                                          put_curves,
                                          put_ecdf,
                                          put_waiting,
                                          put_early,
                                          calibrate_write_stability_csv,
                                          calibrate_write_hedges_csv,
                                          calibrate_write_retries_csv,
                                          calibrate_write_caches_csv};
    bool ok = true;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        struct text text = {0};
        writes[i](&text, report->calibration);
        ok = ok && files_write(report->directory, calibrate_report_files[i], &text, err);
        text_release(&text);
    }
    return ok;
}
