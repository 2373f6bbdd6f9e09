/* An A/B's numbers on disk: the CSV files. RFC 4180; what is not known is an empty cell. */
#include <math.h>

#include "reports/ab_report.h"
#include "reports/ab_text.h"
#include "reports/files.h"

static void put_number(struct text *text, double value)
{
    text_char(text, ',');
    if (isfinite(value)) text_double(text, value);
}

static const char *name_of(unsigned metric)
{
    return metric == AB_GOAL ? "goal" : replay_outcome_traits[metric].name;
}

static const char *unit_of(const struct ab_result *result, unsigned metric)
{
    const enum tune_metric shown = ab_shown_as(result, metric);
    return shown == TUNE_GOAL ? "goal" : replay_outcome_traits[shown].unit;
}

static const char *evidence_of(const struct ab_result *result, unsigned metric)
{
    if (metric == OUTCOME_SURPLUS) return "model";
    if (!ab_is_of_purchases(result, metric)) return "interval";
    return result->observed == 0 ? "model" : "observed_and_model";
}

static void put_test(struct text *text, const struct ab_result *result, uint32_t variant,
                     unsigned metric, const char *estimator, const struct stats_test *test)
{
    const struct ab_value *value = &result->variants[variant].values[metric];
    text_csv(text, result->arms[variant + 1].name);
    text_format(text, ",%s,%s,%s", name_of(metric), unit_of(result, metric), estimator);
    put_number(text, value->a);
    put_number(text, value->b);
    put_number(text, test->value);
    put_number(text, test->error);
    put_number(text, test->low);
    put_number(text, test->high);
    put_number(text, test->p);
    put_number(text, value->truth.value);
    text_format(text, ",%llu,%llu,%s,%s\r\n", (unsigned long long)test->n_a,
                (unsigned long long)test->n_b, stats_test_method_names[test->method],
                evidence_of(result, metric));
}

static void put_arms(struct text *text, const struct ab_result *result)
{
    text_put(text, "variant,metric,unit,estimator,baseline,value,difference,error,low,high,p,truth,"
                   "orders_baseline,orders_variant,method,evidence\r\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        for (unsigned m = 0; m < AB_METRICS; m++) {
            const struct ab_value *value = &result->variants[v].values[m];
            for (unsigned e = 0; e < AB_ESTIMATORS; e++)
                if (!isnan(value->tests[e].value))
                    put_test(text, result, v, m, ab_estimator_names[e], &value->tests[e]);
            put_test(text, result, v, m, "triggered", &value->triggered);
        }
}

void ab_write_peeks_csv(struct text *text, const struct ab_result *result)
{
    text_put(text, "variant,peek,orders,hours,units,difference,low,high,p,p_least,srm_p\r\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        for (uint32_t i = 0; i < result->peeks; i++) {
            const struct ab_peek *peek = &result->variants[v].peeks[i];
            text_csv(text, result->arms[v + 1].name);
            text_format(text, ",%u,%u", (unsigned)i + 1, (unsigned)peek->orders);
            put_number(text, (double)peek->at_us / 3600e6);
            text_format(text, ",%llu", (unsigned long long)peek->look.n);
            put_number(text, peek->look.value);
            put_number(text, peek->look.low);
            put_number(text, peek->look.high);
            put_number(text, peek->look.p);
            put_number(text, peek->p_least);
            put_number(text, peek->srm_p);
            text_put(text, "\r\n");
        }
}

void ab_write_plan_csv(struct text *text, const struct ab_result *result)
{
    text_put(text, "variant,metric,unit,estimator,difference,sd_baseline,sd_variant,orders,days,"
                   "detectable_in_14_days,evidence\r\n");
    for (uint32_t v = 0; v + 1 < result->arm_count; v++)
        for (unsigned m = 0; m < AB_METRICS; m++)
            for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
                const struct ab_cost *cost = &result->variants[v].values[m].cost;
                if (isnan(cost->n[e])) continue;
                text_csv(text, result->arms[v + 1].name);
                text_format(text, ",%s,%s,%s", name_of(m), unit_of(result, m),
                            ab_estimator_names[e]);
                put_number(text, cost->difference);
                put_number(text, cost->sd_a);
                put_number(text, cost->sd_b);
                put_number(text, cost->n[e]);
                put_number(text, cost->days[e]);
                put_number(text, cost->mde[e]);
                text_format(text, ",%s\r\n",
                            ab_is_of_purchases(result, m) || m == OUTCOME_SURPLUS ? "model"
                                                                                  : "exact");
            }
}

void ab_write_csv(struct text *text, const struct ab_result *result)
{
    if (result->plan_only) {
        ab_write_plan_csv(text, result);
    } else {
        put_arms(text, result);
    }
}

bool ab_report_write_data(const struct ab_report *report, struct err *err)
{
    const struct ab_result *result = report->result;
    struct text plan = {0}, arms = {0}, peeks = {0};
    ab_write_plan_csv(&plan, result);
    bool ok = files_write(report->directory, "plan.csv", &plan, err);
    if (ok && !result->plan_only) {
        put_arms(&arms, result);
        ab_write_peeks_csv(&peeks, result);
        ok = files_write(report->directory, "arms.csv", &arms, err) &&
             files_write(report->directory, "peeks.csv", &peeks, err);
    }
    text_release(&plan);
    text_release(&arms);
    text_release(&peeks);
    return ok;
}
