/* A tuning's numbers on disk: recommendation.env and the CSV files. RFC 4180, units in the names.
 */
#include <math.h>

#include "reports/files.h"
#include "reports/tune_report.h"
#include "reports/tune_text.h"

static const char *const env_keys[REPLAY_PARTS] = {
    "LOOPGPT_SCORE_PRIORITY_WEIGHT",     "LOOPGPT_SCORE_PRICE_WEIGHT",
    "LOOPGPT_SCORE_SPEED_WEIGHT",        "LOOPGPT_SCORE_COMMISSION_WEIGHT",
    "LOOPGPT_SCORE_AVAILABILITY_WEIGHT", "LOOPGPT_SCORE_RELIABILITY_WEIGHT"};

/* ---- recommendation.env ---- */

static void put_weights(struct text *text, const char *before, const struct score_weights *weights)
{
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        text_format(text, "%s%s=", before, env_keys[k]);
        text_double(text, score_weight_of(weights, (enum replay_part)k));
        text_char(text, '\n');
    }
}

/* Weights that did not win stand in comments: a file that is sourced must change nothing then. */
static void put_recommendation(struct text *text, const struct tuning *tuning)
{
    text_put(text, "# Scoring weights of routesim tune; nothing was applied.\n# ");
    text_put(text, tune_verdict_title(tuning));
    text_format(text, " (%s)\n# ", experiment_verdict_names[tuning->verdict]);
    tune_write_finding(text, tuning);
    text_char(text, '\n');
    if (tune_recommends(tuning)) {
        put_weights(text, "", &tuning->arms[tuning->chosen].weights);
        return;
    }
    text_put(text, "# Not recommended; these are the baseline's:\n");
    put_weights(text, "", &tuning->arms[0].weights);
    if (tuning->chosen == UINT32_MAX) return;
    text_put(text, "# What was looked at:\n");
    put_weights(text, "# ", &tuning->arms[tuning->chosen].weights);
}

/* ---- arms.csv ---- */

static void put_number(struct text *text, double value)
{
    text_char(text, ',');
    if (isfinite(value)) text_double(text, value); /* what is not known is an empty cell */
}

static const char *unit_name(enum tune_metric metric)
{
    switch (tune_metric_traits[metric].unit) {
    case TUNE_CENTS:
        return "cents";
    case TUNE_MINUTES:
        return "minutes";
    case TUNE_SHARE:
        return "share";
    case TUNE_POINTS:
        return "goal";
    }
    return "";
}

static const char *method_name(enum stats_method method)
{
    switch (method) {
    case STATS_NONE:
        return "none";
    case STATS_EXACT:
        return "exact";
    case STATS_BLOCKS:
        return "t_over_clusters";
    case STATS_DISCORDANT:
        return "mcnemar";
    case STATS_BOOTSTRAP:
        return "bootstrap";
    }
    return "";
}

static void put_value(struct text *text, const struct tune_arm *arm, const char *part,
                      enum tune_metric metric, const struct tune_value *value)
{
    const struct stats_estimate *d = &value->difference;
    text_csv(text, arm->name);
    text_format(text, ",%s,%s,%s", part, tune_metric_traits[metric].name, unit_name(metric));
    put_number(text, value->baseline);
    put_number(text, value->value);
    put_number(text, d->value);
    put_number(text, d->low);
    put_number(text, d->high);
    put_number(text, d->p);
    put_number(text, value->p_adjusted);
    text_format(text, ",%llu,%u,%s,%s,%s\r\n", (unsigned long long)d->n, (unsigned)d->blocks,
                method_name(d->method), tune_evidence_names[tune_metric_traits[metric].evidence],
                tune_change_names[value->change]);
}

static bool is_known(const struct tune_value *value)
{
    return isfinite(value->value);
}

void tune_write_csv(struct text *text, const struct tuning *tuning)
{
    text_put(text, "arm,part,metric,unit,baseline,value,difference,low95,high95,p,p_holm,orders,"
                   "clusters,method,evidence,change\r\n");
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const struct tune_arm *arm = &tuning->arms[a];
        for (unsigned part = 0; part < TUNE_PARTS; part++)
            for (unsigned m = 0; m < TUNE_METRICS; m++)
                if (is_known(&arm->values[part][m]))
                    put_value(text, arm, tune_part_names[part], (enum tune_metric)m,
                              &arm->values[part][m]);
        for (unsigned m = 0; arm->evolved && m < TUNE_METRICS; m++)
            if (is_known(&arm->evolved_values[m]))
                put_value(text, arm, "holdout_evolved", (enum tune_metric)m,
                          &arm->evolved_values[m]);
    }
}

/* ---- candidates.csv ---- */

/* Of the tens of thousands tried: the presets, the front and what may belong to it, the set. */
static bool is_worth_a_row(const struct search *search, uint32_t i)
{
    const struct search_candidate *candidate = &search->candidates[i];
    return i == search->baseline || candidate->preset >= 0 || candidate->in_set ||
           candidate->on_front >= 0.01;
}

static void put_candidates(struct text *text, const struct search *search)
{
    text_put(text, "priority,price,speed,commission,availability,reliability");
    for (uint32_t k = 0; k < search->column_count; k++)
        text_format(text, ",%s_%s", replay_outcome_traits[search->columns[k]].name,
                    replay_outcome_traits[search->columns[k]].unit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(text, ",%s_share", provider_traits[p].short_name);
    text_put(text, ",goal,feasible,on_front,front_probability,in_set\r\n");
    for (uint32_t i = 0; i < search->count; i++) {
        const struct search_candidate *candidate = &search->candidates[i];
        if (!is_worth_a_row(search, i)) continue;
        for (unsigned k = 0; k < REPLAY_PARTS; k++) {
            if (k > 0) text_char(text, ',');
            text_double(text, score_weight_of(&candidate->weights, (enum replay_part)k));
        }
        for (uint32_t k = 0; k < search->column_count; k++)
            put_number(text, candidate->means[k]);
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            put_number(text, candidate->shares[p]);
        put_number(text, candidate->goal);
        text_format(text, ",%d,%d", candidate->feasible, candidate->front);
        put_number(text, candidate->on_front);
        text_format(text, ",%d\r\n", candidate->in_set);
    }
}

/* ---- sweeps.csv ---- */

static void put_sweeps(struct text *text, const struct tuning *tuning)
{
    text_put(text, "weight,value,orders_changed_since_last_point,price_cents,eta_minutes,"
                   "commission_cents,availability_share");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(text, ",%s_share", provider_traits[p].short_name);
    text_put(text, "\r\n");
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        const struct sweep_curve *curve = &tuning->sweeps[k];
        static const double scales[REPLAY_COLUMNS] = {1.0, 1.0, 1.0, 1e-4};
        for (uint32_t i = 0; i < curve->count; i++) {
            const struct sweep_point *point = &curve->points[i];
            text_format(text, "%s", replay_part_names[k]);
            put_number(text, point->from);
            text_format(text, ",%u", (unsigned)point->flips);
            for (unsigned c = 0; c < REPLAY_COLUMNS; c++)
                put_number(text, (double)point->columns[c] * scales[c] / curve->orders);
            for (unsigned p = 0; p < PROVIDER_COUNT; p++)
                put_number(text, (double)point->won[p] / curve->orders);
            text_put(text, "\r\n");
        }
    }
}

/* ---- flips.csv ---- */

static void put_flip(struct text *text, const struct tuning *tuning,
                     const struct geometry_flip *flip)
{
    const struct replay_order *order = &tuning->all.orders[flip->order];
    const struct replay_fates *fates = &tuning->all.fates[flip->order];
    const struct quote_record *record = &tuning->set.orders[order->source];
    text_format(text, "%llu,%u,%s", (unsigned long long)record->as.order.index,
                (unsigned)record->as.order.items, preference_names[order->preference]);
    const uint8_t quotes[2] = {flip->a, flip->b};
    for (unsigned i = 0; i < 2; i++) {
        const struct replay_quote *quote = &order->quotes[quotes[i]];
        text_format(text, ",%s,%d,%d", provider_traits[quote->provider].id,
                    (int)fates->of[quotes[i]][OUTCOME_PRICE],
                    (int)fates->of[quotes[i]][OUTCOME_ETA]);
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            text_format(text, ",%d", quote->parts[k]);
    }
    put_number(text, flip->margin_a);
    put_number(text, flip->margin_b);
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        put_number(text, flip->by_part[k]);
    text_put(text, "\r\n");
}

static void put_flips(struct text *text, const struct tuning *tuning)
{
    static const char *const sides[2] = {"from", "to"};
    text_put(text, "order,lines,preference");
    for (unsigned i = 0; i < 2; i++) {
        text_format(text, ",%s,%s_cents,%s_eta_minutes", sides[i], sides[i], sides[i]);
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            text_format(text, ",%s_%s_score", sides[i], replay_part_names[k]);
    }
    text_put(text, ",margin_before,margin_after");
    for (unsigned k = 0; k < REPLAY_PARTS; k++)
        text_format(text, ",by_%s", replay_part_names[k]);
    text_put(text, "\r\n");
    for (uint32_t i = 0; i < tuning->flip_count; i++)
        put_flip(text, tuning, &tuning->flips[i]);
}

/* ---- all ---- */

bool tune_report_write_data(const struct tune_report *report, struct err *err)
{
    const struct tuning *tuning = report->tuning;
    struct text texts[5] = {{0}};
    static const char *const names[5] = {"recommendation.env", "arms.csv", "candidates.csv",
                                         "sweeps.csv", "flips.csv"};
    bool ok = true;
    put_recommendation(&texts[0], tuning);
    tune_write_csv(&texts[1], tuning);
    put_candidates(&texts[2], &tuning->search);
    put_sweeps(&texts[3], tuning);
    put_flips(&texts[4], tuning);
    for (unsigned i = 0; i < 5; i++) {
        ok = ok && files_write(report->directory, names[i], &texts[i], err);
        text_release(&texts[i]);
    }
    return ok;
}
