#include "sim/analysis/ab.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/analysis/ab_state.h"
#include "sim/analysis/choice_ratings.h"
#include "sim/analysis/choice_tastes.h"
#include "sim/analysis/tune_state.h"

enum { BLOCKS = 50 };

#define US_PER_DAY INT64_C(86400000000)

const char *const ab_estimator_names[AB_ESTIMATORS] = {"raw", "cuped", "discordant", "shadow"};

/* ---- what an order brings ---- */

double ab_buys(const struct ab_work *work, uint32_t order, unsigned quote)
{
    return work->table.fates[order].of[quote][OUTCOME_BUYS] *
           replay_outcome_traits[OUTCOME_BUYS].scale;
}

static struct ab_part part_of_outcome(const int32_t *of, unsigned outcome)
{
    if (outcome == OUTCOME_BUYS) return (struct ab_part){0.0, 1.0};
    if (outcome == OUTCOME_EARNS) return (struct ab_part){0.0, of[OUTCOME_COMMISSION]};
    return (struct ab_part){of[outcome] * replay_outcome_traits[outcome].scale, 0.0};
}

struct ab_part ab_part_of(const struct ab_work *work, uint32_t order, unsigned quote,
                          unsigned metric)
{
    const int32_t *of = work->table.fates[order].of[quote];
    struct ab_part sum = {0.0, 0.0};
    if (metric < OUTCOME_COUNT) return part_of_outcome(of, metric);
    for (unsigned k = 0; k < OUTCOME_COUNT; k++) {
        if (work->factors[k] == 0.0) continue;
        const struct ab_part part = part_of_outcome(of, k);
        sum.e += work->factors[k] * part.e;
        sum.g += work->factors[k] * part.g;
    }
    return sum;
}

double ab_seen(const struct ab_work *work, uint32_t order, unsigned quote, unsigned metric)
{
    const struct ab_part part = ab_part_of(work, order, quote, metric);
    return (work->bought[order] >> quote & 1) != 0 ? part.e + part.g : part.e;
}

double ab_expected(const struct ab_work *work, uint32_t order, unsigned quote, unsigned metric)
{
    const struct ab_part part = ab_part_of(work, order, quote, metric);
    return part.g == 0.0 ? part.e : part.e + ab_buys(work, order, quote) * part.g;
}

/* ---- purchases ---- */

/* What was seen of the quote that was really shown; CHOICE_UNKNOWN. */
static uint8_t observed_of(const struct ab_work *work, uint32_t order, unsigned quote)
{
    const struct choice_ratings *purchases = work->request->purchases;
    const struct replay_order *of = &work->table.orders[order];
    const uint64_t index = work->table.set->orders[of->source].as.order.index;
    if (purchases == NULL || of->recorded != quote || index >= purchases->orders)
        return CHOICE_UNKNOWN;
    return purchases->bought[index];
}

static void decide_purchases(struct ab_work *work)
{
    const uint64_t key =
        random_key(work->request->seed, random_hash_text("purchases of an experiment"));
    for (uint32_t i = 0; i < work->table.count; i++) {
        const struct replay_order *order = &work->table.orders[i];
        const uint64_t index = work->table.set->orders[order->source].as.order.index;
        const double draw = random_unit(random_draw(random_key(key, index), 0));
        work->bought[i] = 0;
        for (unsigned q = 0; q < order->count; q++) {
            const uint8_t seen = observed_of(work, i, q);
            const bool buys = seen == CHOICE_UNKNOWN ? draw < ab_buys(work, i, q) : seen != 0;
            if (buys) work->bought[i] |= (uint8_t)(1u << q);
        }
    }
}

/* ---- who is where, and until when ---- */

static void assign(struct ab_work *work)
{
    const struct ab_request *request = work->request;
    struct experiment_plan plan = {
        .salt = request->salt, .arms = request->arm_count, .coverage = EXPERIMENT_BUCKETS};
    for (uint32_t a = 0; a < request->arm_count; a++)
        plan.shares[a] = request->arms[a].share;
    for (uint32_t i = 0; i < work->table.count; i++) {
        const uint32_t source = work->table.orders[i].source;
        work->arm_of[i] = request->assigned != NULL
                              ? request->assigned[source]
                              : (uint8_t)experiment_assign_number(
                                    &plan, work->table.set->orders[source].as.order.index);
        assert(work->arm_of[i] < request->arm_count || work->arm_of[i] == AB_OUTSIDE);
    }
}

static uint64_t smallest(const struct ab_result *result)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t a = 0; a < result->arm_count; a++)
        if (result->counts[a] < least) least = result->counts[a];
    return least;
}

/* Orders count up to the planned look. Without a plan that is the last order, whose arms are as
 * large as they are: nothing of what became of orders has a say in it. */
static void find_planned_look(struct ab_work *work)
{
    struct ab_result *result = work->result;
    result->planned = work->request->planned_n > 0;
    for (uint32_t i = 0; i < work->table.count; i++) {
        if (work->arm_of[i] == AB_OUTSIDE) continue;
        result->counts[work->arm_of[i]]++;
        result->used = i + 1;
        if (result->planned && smallest(result) >= work->request->planned_n) break;
    }
    result->planned_n = result->planned ? work->request->planned_n : smallest(result);
    result->reached = smallest(result) >= result->planned_n && result->planned_n > 0;
    result->tuning = 2.0 * (double)result->planned_n;
    for (uint32_t i = 0; i < result->used; i++) {
        if (work->arm_of[i] == AB_OUTSIDE) continue;
        const unsigned served = work->winners[work->arm_of[i]][i];
        result->observed += observed_of(work, i, served) != CHOICE_UNKNOWN;
    }
}

/* ---- the goal ---- */

static double deviation_of(const struct ab_work *work, unsigned outcome)
{
    double sum = 0.0, squares = 0.0;
    for (uint32_t i = 0; i < work->table.count; i++)
        sum += ab_expected(work, i, work->winners[0][i], outcome);
    const double mean = sum / work->table.count;
    for (uint32_t i = 0; i < work->table.count; i++) {
        const double off = ab_expected(work, i, work->winners[0][i], outcome) - mean;
        squares += off * off;
    }
    return sqrt(squares / work->table.count);
}

static void set_goal(struct ab_work *work)
{
    struct ab_result *result = work->result;
    const bool several = result->objective_count > 1;
    result->goal = several ? TUNE_GOAL : (enum tune_metric)result->objectives[0].outcome;
    result->goal_more_is_better =
        several || replay_outcome_traits[result->objectives[0].outcome].better > 0;
    for (uint32_t o = 0; o < result->objective_count; o++) {
        const struct search_objective *objective = &result->objectives[o];
        result->goal_of_purchases |=
            objective->outcome == OUTCOME_BUYS || objective->outcome == OUTCOME_EARNS;
        const double spread = several ? deviation_of(work, objective->outcome) : 1.0;
        const double sign = several ? replay_outcome_traits[objective->outcome].better : 1.0;
        if (spread > 0.0)
            work->factors[objective->outcome] +=
                sign * (several ? objective->weight : 1.0) / spread;
    }
}

/* ---- peeks ---- */

static struct ab_peek peek_at(const struct ab_work *work, const struct ab_sample *sample,
                              const uint64_t *counts, uint32_t orders)
{
    const struct ab_result *result = work->result;
    const struct decision_set *set = work->table.set;
    const enum ab_estimator estimator = ab_judge_of(result, AB_GOAL);
    const struct stats_test test = ab_estimate(sample, estimator, 1.0 - result->alpha);
    double shares[AB_ARMS_MAX];
    for (uint32_t a = 0; a < result->arm_count; a++)
        shares[a] = result->arms[a].share;
    return (struct ab_peek){
        .orders = orders,
        .at_us = set->orders[work->table.orders[orders - 1].source].as.order.start_us -
                 set->orders[work->table.orders[0].source].as.order.start_us,
        .look = ab_look(work, sample, &test, estimator),
        .srm_p = sequence_srm(counts, shares, result->arm_count)};
}

static void follow(struct ab_work *work, uint32_t variant)
{
    struct ab_result *result = work->result;
    struct ab_variant *of = &result->variants[variant];
    struct ab_sample sample;
    uint64_t counts[AB_ARMS_MAX] = {0};
    struct sequence_seen seen = sequence_unseen;
    uint32_t peek = 0;
    of->decided_at = UINT32_MAX;
    ab_sample_begin(work, &sample, variant, AB_GOAL);
    for (uint32_t i = 0; i < result->used; i++) {
        ab_sample_take(work, &sample, i);
        if (work->arm_of[i] != AB_OUTSIDE) counts[work->arm_of[i]]++;
        while (peek < result->peeks &&
               (uint64_t)(peek + 1) * result->used / result->peeks == i + 1u) {
            struct ab_peek *at = &of->peeks[peek];
            *at = peek_at(work, &sample, counts, i + 1u);
            sequence_follow(&seen, &at->look);
            at->p_least = seen.p;
            if (seen.p * (result->arm_count - 1) <= result->alpha && of->decided_at == UINT32_MAX)
                of->decided_at = peek;
            peek++;
        }
    }
}

/* ---- values ---- */

static struct stats_test before_the_look(struct stats_test test)
{
    test.p = test.low = test.high = test.statistic = (double)NAN;
    return test;
}

/* Both policies on the same orders, clusters varying. */
static struct stats_estimate truth_of(const struct ab_work *work, uint32_t variant, unsigned metric)
{
    static const struct stats_block empty = {0};
    struct stats_block blocks[REPLAY_CLUSTERS_MAX];
    for (uint32_t c = 0; c < work->table.cluster_count; c++)
        blocks[c] = empty;
    for (uint32_t i = 0; i < work->result->used; i++) {
        struct stats_block *block = &blocks[work->table.orders[i].cluster];
        block->n++;
        block->weight += 1.0;
        if (ab_differs(work, i, variant))
            block->difference += ab_expected(work, i, work->winners[variant + 1][i], metric) -
                                 ab_expected(work, i, work->winners[0][i], metric);
    }
    return stats_mean_difference(blocks, work->table.cluster_count, 1.0 - work->result->alpha);
}

static void measure(struct ab_work *work, uint32_t variant, unsigned metric)
{
    const struct ab_result *result = work->result;
    struct ab_value *value = &work->result->variants[variant].values[metric];
    const double level = 1.0 - result->alpha;
    struct ab_sample sample;
    ab_sample_begin(work, &sample, variant, metric);
    for (uint32_t i = 0; i < result->used; i++)
        ab_sample_take(work, &sample, i);
    value->triggered = ab_estimate_triggered(&sample, level);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++) {
        const bool known = e != AB_SHADOW || !ab_is_of_purchases(result, metric);
        value->tests[e] = known ? ab_estimate(&sample, (enum ab_estimator)e, level)
                                : (struct stats_test){.value = (double)NAN,
                                                      .low = (double)NAN,
                                                      .high = (double)NAN,
                                                      .error = (double)NAN,
                                                      .statistic = (double)NAN,
                                                      .freedom = (double)NAN,
                                                      .p = (double)NAN};
    }
    ab_describe(&sample, value);
    value->sign_flip = value->tests[AB_RAW].value * value->tests[AB_CUPED].value < 0.0;
    value->always = ab_look(work, &sample, &value->tests[value->judged_by], value->judged_by);
    value->truth = truth_of(work, variant, metric);
    value->sign = stats_share_difference(
        (struct stats_discordant){sample.gained, sample.lost, sample.orders}, level);
    const bool shadowed = result->interleave && !ab_is_of_purchases(result, metric);
    if (!shadowed || !result->reached)
        value->sign.p = value->sign.low = value->sign.high = (double)NAN;
    if (!shadowed) value->sign.value = (double)NAN;
    if (result->reached) return;
    value->triggered = before_the_look(value->triggered);
    for (unsigned e = 0; e < AB_ESTIMATORS; e++)
        value->tests[e] = before_the_look(value->tests[e]);
}

static void count_selections(struct ab_work *work, uint32_t variant)
{
    struct ab_variant *of = &work->result->variants[variant];
    uint64_t orders = 0, won[PROVIDER_COUNT] = {0};
    for (uint32_t i = 0; i < work->result->used; i++) {
        if (work->arm_of[i] != variant + 1) continue;
        orders++;
        won[work->table.orders[i].quotes[work->winners[variant + 1][i]].provider]++;
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        of->shares[p] = orders > 0 ? (double)won[p] / (double)orders : (double)NAN;
}

static void count_triggered(struct ab_work *work, uint32_t variant)
{
    struct ab_variant *of = &work->result->variants[variant];
    for (uint32_t i = 0; i < work->table.count; i++)
        of->triggered += ab_differs(work, i, variant);
    of->triggered_share = (double)of->triggered / work->table.count;
}

static bool experiment(struct ab_work *work, struct err *err)
{
    assign(work);
    find_planned_look(work);
    ab_check_assignment(work);
    for (uint32_t v = 0; v + 1 < work->result->arm_count; v++) {
        count_selections(work, v);
        for (unsigned m = 0; m < AB_METRICS; m++)
            measure(work, v, m);
        follow(work, v);
    }
    return ab_judge(work, err);
}

/* ---- all of it ---- */

static bool make_room(struct ab_work *work, struct err *err)
{
    const size_t count = work->table.count + 1u;
    bool room = true;
    for (uint32_t a = 0; a < work->request->arm_count; a++) {
        work->winners[a] = malloc(count);
        room = room && work->winners[a] != NULL;
    }
    work->arm_of = malloc(count);
    work->bought = malloc(count);
    room = room && work->arm_of != NULL && work->bought != NULL;
    return room || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static void release(struct ab_work *work)
{
    for (uint32_t a = 0; a < AB_ARMS_MAX; a++)
        free(work->winners[a]);
    free(work->arm_of);
    free(work->bought);
    replay_table_release(&work->table);
}

static void describe_request(struct ab_result *result, const struct ab_request *request)
{
    *result =
        (struct ab_result){.name = request->name,
                           .source_path = request->source_path,
                           .salt = request->salt,
                           .source = request->source,
                           .seed = request->seed,
                           .coverage = request->set->coverage,
                           .arm_count = request->arm_count,
                           .interleave = request->interleave,
                           .plan_only = request->plan_only,
                           .alpha = request->alpha,
                           .power = request->power,
                           .peeks = request->peeks,
                           .objective_count = request->objective_count,
                           .constraint_count = request->constraint_count,
                           .fitted = request->fit != NULL && request->fit->state == CHOICE_FITTED};
    memcpy(result->arms, request->arms, request->arm_count * sizeof *request->arms);
    memcpy(result->objectives, request->objectives,
           request->objective_count * sizeof *request->objectives);
    if (request->constraint_count > 0)
        memcpy(result->constraints, request->constraints,
               request->constraint_count * sizeof *request->constraints);
}

static void measure_traffic(struct ab_work *work)
{
    struct ab_result *result = work->result;
    const struct replay_table *table = &work->table;
    result->orders = table->count;
    result->span_us = table->set->orders[table->orders[table->count - 1].source].as.order.start_us -
                      table->set->orders[table->orders[0].source].as.order.start_us;
    result->orders_per_day = result->span_us > 0
                                 ? (double)table->count * US_PER_DAY / (double)result->span_us
                                 : (double)NAN;
}

static bool work_through(struct ab_work *work, struct err *err)
{
    const struct ab_request *request = work->request;
    const struct replay_table_request wanted = {
        .set = request->set, .view = &request->view, .blocks = BLOCKS};
    const struct tune_request model = {.prior = request->prior, .fit = request->fit};
    if (!replay_table_make(&work->table, &wanted, err)) return false;
    if (work->table.count < AB_ORDERS_LEAST) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = request->source_path},
                       "%u orders can be decided: an experiment takes %d at least",
                       (unsigned)work->table.count, AB_ORDERS_LEAST);
        return err_hint(err, "give it more orders: a longer run, or a larger part of the log");
    }
    if (!make_room(work, err)) return false;
    tune_fill_table(&work->table, &model);
    for (uint32_t a = 0; a < request->arm_count; a++)
        replay_winners(&work->table, &request->arms[a].weights, work->winners[a]);
    measure_traffic(work);
    set_goal(work);
    decide_purchases(work);
    for (uint32_t v = 0; v + 1 < request->arm_count; v++)
        count_triggered(work, v);
    ab_measure_costs(work);
    if (!request->plan_only && !experiment(work, err)) return false;
    ab_plan(work);
    return true;
}

bool ab_run(struct ab_result *result, const struct ab_request *request, struct err *err)
{
    struct ab_work work = {.request = request, .result = result};
    assert(request->arm_count >= 2 && request->arm_count <= AB_ARMS_MAX);
    assert(request->objective_count >= 1 && request->peeks <= AB_PEEKS_MAX);
    describe_request(result, request);
    const bool ok = work_through(&work, err);
    release(&work);
    return ok;
}
