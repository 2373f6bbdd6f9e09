#include "sim/analysis/calibrate.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"
#include "sim/analysis/calibrate_state.h"
#include "sim/analysis/timeout_fixed_point.h"

#define LEVEL        0.95
#define TARGET_LEAST 0.95  /* a target that was lowered below is no advice to act on */
#define STARVES_FROM 0.001 /* of orders */

static const char *const timeout_keys[PROVIDER_COUNT] = {
    [PROVIDER_MEALME] = "LOOPGPT_MEALME_TIMEOUT",
    [PROVIDER_INSTACART] = "LOOPGPT_INSTACART_TIMEOUT",
    [PROVIDER_KROGER_API] = "LOOPGPT_KROGER_TIMEOUT",
    [PROVIDER_WALMART_API] = "LOOPGPT_WALMART_TIMEOUT",
};

/* Keeps a constant sentence, once. */
static void note(struct calibration *calibration, const char *sentence)
{
    for (uint32_t i = 0; i < calibration->note_count; i++)
        if (strcmp(calibration->notes[i], sentence) == 0) return;
    assert(calibration->note_count < CALIBRATE_NOTES_MAX);
    calibration->notes[calibration->note_count++] = sentence;
}

static void tell(const struct calibrate_request *request, const char *step, uint64_t done,
                 uint64_t of)
{
    if (request->progress != NULL) request->progress(request->progress_context, step, done, of);
}

/* ---- one provider ---- */

static bool timed_out(const struct latency_sample *sample)
{
    return sample->fate == LATENCY_CENSORED ||
           (sample->fate == LATENCY_ANSWERED && sample->timeout_us > 0 &&
            sample->us >= sample->timeout_us);
}

static void count_calls(struct calibrate_provider *provider)
{
    const struct latency_series *series = provider->series;
    uint64_t late = 0;
    provider->asked = series->count;
    provider->answered = series->fates[LATENCY_ANSWERED];
    provider->censored = series->fates[LATENCY_CENSORED];
    provider->failed = series->fates[LATENCY_FAILED] + series->fates[LATENCY_UNTIMED];
    for (uint32_t i = 0; i < series->count; i++)
        late += timed_out(&series->samples[i]);
    provider->at_timeout = series->count > 0 ? (double)late / series->count : (double)NAN;
    provider->hidden = latency_hidden(series, LEVEL);
    provider->censoring_matters = provider->hidden.warn;
}

static bool quantiles_of(struct calibrate_provider *provider, struct err *err)
{
    struct latency_ranks ranks;
    if (!latency_ranks_make(&ranks, provider->series, LEVEL, err)) return false;
    provider->p50 = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.50);
    provider->p95 = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.95);
    provider->p99 = latency_quantile(&ranks, LATENCY_CENSORED_RANKS, 0.99);
    latency_ranks_release(&ranks);
    return true;
}

static int64_t longest_given_up(const struct latency_series *series)
{
    int64_t longest_us = 0;
    for (uint32_t i = 0; i < series->count; i++)
        if (series->samples[i].fate == LATENCY_CENSORED && series->samples[i].us > longest_us)
            longest_us = series->samples[i].us;
    return longest_us;
}

/* p95 + 2 s of answers alone: the next timeout, and where it ends when it is fed with what itself
 * let through. A series too small for a p95 has no trap to show. */
static bool spring_the_trap(struct calibrate_provider *provider, const struct timeout_setup *setup,
                            struct err *err)
{
    const int64_t from_us = provider->series->timeout_us > 0 ? provider->series->timeout_us
                                                             : longest_given_up(provider->series);
    const struct timeout_recursion recursion = {.rule = TIMEOUT_NAIVE,
                                                .probability = 0.95,
                                                .allowance_us = (double)setup->base_us,
                                                .from_us = (double)from_us};
    struct timeout_fixed_point point;
    if (from_us <= 0 || provider->series->fates[LATENCY_ANSWERED] < 200) return true;
    if (!timeout_fixed_point_of(&point, &recursion, provider->series, err)) {
        if (err->code != ERR_INPUT) return false;
        return true;
    }
    if (point.steps == 0) return true;
    provider->naive_us = (int64_t)ceil(point.path_us[1]);
    provider->naive_settled_us = (int64_t)ceil(point.timeout_us);
    return timeout_achieves(provider->series, provider->naive_settled_us, &provider->naive_achieved,
                            err);
}

static const char *reason_against(const struct timeout_advice *advice)
{
    switch (advice->state) {
    case TIMEOUT_FOUND:
        return NULL;
    case TIMEOUT_TOO_FEW:
        return "too few samples carry this rule";
    case TIMEOUT_BEYOND:
        return "what it asks for lies beyond where watching ended";
    case TIMEOUT_UNKNOWN:
        break;
    }
    return "this rule has nothing to go by here";
}

/* Why advice that can be given is not: nobody should act on what the samples themselves contradict.
 */
static const char *doubt_of(const struct calibration *calibration,
                            const struct calibrate_provider *provider)
{
    const struct calibrate_stability *stability = &provider->stability;
    const struct timeout_advice *advice = &provider->advice[calibration->rule];
    const struct stability_timeout *judged = &stability->held[calibration->rule].judged;
    if (calibration->rule == TIMEOUT_TODAY) return NULL;
    if (calibration->rule == TIMEOUT_TARGET && advice->target < TARGET_LEAST &&
        advice->target < calibration->setup.target)
        return "too few calls to be sure of 95% of the answers";
    if (advice->us > 2 * calibration->setup.most_us)
        return "it asks for more than twice the longest that is allowed";
    if (stability_advice_is_stale(&stability->fresh))
        return "its level moved in the last third of the calls: measure again";
    if (stability->known &&
        (judged->verdict == STABILITY_STALE || judged->verdict == STABILITY_MISSED) &&
        judged->y < judged->low)
        return "what the first part of the calls advised did not hold on the rest: measure again";
    return NULL;
}

/* Sets what is recommended for a provider, from the rule that was asked for. */
static void recommend(const struct calibration *calibration, struct calibrate_provider *provider)
{
    const struct timeout_advice *advice = &provider->advice[calibration->rule];
    provider->chosen = calibration->rule;
    provider->reason = reason_against(advice);
    if (provider->reason == NULL) provider->reason = doubt_of(calibration, provider);
    if (provider->reason == NULL && calibration->starves)
        provider->reason = "these timeouts would leave orders without a quote that have one today";
    provider->recommended = provider->reason == NULL;
    provider->recommended_us = provider->series->timeout_us;
    if (!provider->recommended) return;
    provider->recommended_us = advice->us;
    if (advice->us > calibration->setup.most_us) {
        provider->recommended_us = calibration->setup.most_us;
        provider->reason = "cut to the longest that is allowed";
    }
}

static bool look_at(struct calibration *calibration, struct calibrate_provider *provider,
                    struct err *err)
{
    const struct latency_series *series = provider->series;
    const bool ours = series->provider != PROVIDER_COUNT;
    provider->name = ours ? provider_traits[series->provider].short_name : series->name;
    provider->key = ours ? timeout_keys[series->provider] : NULL;
    provider->key_read = ours && !calibration->as_coded;
    count_calls(provider);
    if (!quantiles_of(provider, err) ||
        !timeout_rules_apply(series, &calibration->setup, provider->advice, err) ||
        !spring_the_trap(provider, &calibration->setup, err))
        return false;
    if (series->timeouts_differ)
        note(calibration, "A timeout was not the same all along: what was given up early "
                          "counts for as long as it was watched (Kaplan and Meier).");
    return true;
}

/* Timeouts to draw a curve through: evenly in log time, whole milliseconds, from the fastest
 * answers to past the slowest known. */
static uint32_t grid_of(const struct calibrate_provider *provider, int64_t most_us,
                        int64_t grid_us[CALIBRATE_STEPS])
{
    int64_t least_us = INT64_MAX, last_us = 0;
    const struct latency_series *series = provider->series;
    for (uint32_t i = 0; i < series->count; i++) {
        if (series->samples[i].fate != LATENCY_ANSWERED) continue;
        if (series->samples[i].us < least_us) least_us = series->samples[i].us;
        if (series->samples[i].us > last_us) last_us = series->samples[i].us;
    }
    if (last_us == 0) return 0;
    if (series->timeout_us > last_us) last_us = series->timeout_us;
    if (last_us > most_us && most_us > least_us) last_us = most_us;
    if (least_us < 1000) least_us = 1000;
    if (last_us <= least_us) last_us = least_us + 1000;
    uint32_t count = 0;
    const double step = log((double)last_us / (double)least_us) / (CALIBRATE_STEPS - 1);
    for (unsigned i = 0; i < CALIBRATE_STEPS; i++) {
        const double us = (double)least_us * exp(step * i);
        const int64_t rounded_us = ((int64_t)us / 1000 + 1) * 1000;
        if (count == 0 || rounded_us > grid_us[count - 1]) grid_us[count++] = rounded_us;
    }
    return count;
}

static bool make_curve(struct calibration *calibration, struct calibrate_provider *provider,
                       const struct waiting_patience *patience, const struct decision_view *today,
                       struct err *err)
{
    int64_t grid_us[CALIBRATE_STEPS];
    struct timeout_achieved achieved[CALIBRATE_STEPS];
    struct waiting_step steps[CALIBRATE_STEPS];
    const int64_t most_us = 60 * INT64_C(1000000);
    provider->step_count = grid_of(provider, most_us, grid_us);
    if (provider->step_count == 0) return true;
    provider->steps = memory_resize(NULL, provider->step_count, sizeof *provider->steps);
    if (provider->steps == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a curve");
    memset(steps, 0, sizeof steps);
    if (!timeout_curve(provider->series, grid_us, provider->step_count, achieved, err))
        return false;
    if (patience != NULL &&
        !waiting_sweep(patience, today, provider->series->provider, &calibration->prices, grid_us,
                       provider->step_count, steps, err))
        return false;
    for (uint32_t i = 0; i < provider->step_count; i++)
        provider->steps[i] = (struct calibrate_step){grid_us[i], achieved[i], steps[i]};
    return true;
}

/* ---- the router under a rule ---- */

/* The timeouts of one rule; a provider that it says nothing of keeps its own. */
static struct decision_view view_of_rule(const struct calibration *calibration,
                                         enum timeout_rule rule)
{
    struct decision_view view = calibration->today;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct calibrate_provider *provider = &calibration->providers[p];
        const struct timeout_advice *advice = &provider->advice[rule];
        if (provider->series->provider == PROVIDER_COUNT) continue;
        if (rule != TIMEOUT_TODAY && advice->state == TIMEOUT_FOUND)
            view.timeout_us[provider->series->provider] = advice->us;
    }
    return view;
}

static struct decision_view recommended_view(const struct calibration *calibration)
{
    struct decision_view view = calibration->today;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct calibrate_provider *provider = &calibration->providers[p];
        if (provider->series->provider != PROVIDER_COUNT && provider->recommended)
            view.timeout_us[provider->series->provider] = provider->recommended_us;
    }
    return view;
}

static bool arm_known(const struct calibration *calibration, enum timeout_rule rule)
{
    bool known = rule == TIMEOUT_TODAY && calibration->has_orders;
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        known = known || calibration->providers[p].advice[rule].state == TIMEOUT_FOUND;
    return known;
}

/* Timeouts that cost orders their only quote are nobody's to paste, whatever the rule. */
static bool judge_recommended(struct calibration *calibration,
                              const struct waiting_patience *patience, struct err *err)
{
    struct calibrate_arm *chosen = &calibration->recommended;
    const struct waiting_outcome *today = &calibration->arms[TIMEOUT_TODAY].outcome;
    chosen->rule = calibration->rule;
    chosen->known = true;
    chosen->view = recommended_view(calibration);
    if (!waiting_under(patience, &chosen->view, &calibration->prices, &chosen->outcome, err))
        return false;
    const double more = (double)chosen->outcome.without_quote - (double)today->without_quote;
    if (calibration->starves || !(more > STARVES_FROM * (double)chosen->outcome.orders)) {
        calibration->dearer = chosen->outcome.cost_cents > today->cost_cents;
        return true;
    }
    calibration->starves = true;
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        recommend(calibration, &calibration->providers[p]);
    return judge_recommended(calibration, patience, err);
}

static bool judge_arms(struct calibration *calibration, const struct calibrate_request *request,
                       const struct waiting_patience *patience, struct err *err)
{
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        struct calibrate_arm *arm = &calibration->arms[r];
        tell(request, "deciding again under each rule", r, TIMEOUT_RULES);
        arm->rule = (enum timeout_rule)r;
        arm->known = arm_known(calibration, arm->rule);
        arm->view = view_of_rule(calibration, arm->rule);
        if (arm->known &&
            !waiting_under(patience, &arm->view, &calibration->prices, &arm->outcome, err))
            return false;
    }
    return judge_recommended(calibration, patience, err);
}

/* The cheapest timeouts for the router as a whole take the place of the cheapest for each
 * provider's calls: a wait costs only where it is the longest. */
static bool find_cheapest(struct calibration *calibration, const struct waiting_patience *patience,
                          struct err *err)
{
    enum { GRID = 40 };
    int64_t grid_us[GRID];
    uint32_t count = 0;
    const struct waiting_prices *prices = &calibration->prices;
    struct decision_view best;
    struct decision_view today = {0};
    if (!(prices->wait_per_s > 0.0)) return true;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct latency_series *series = calibration->providers[p].series;
        if (series->provider != PROVIDER_COUNT &&
            series->timeout_us <= calibration->setup.most_us) /* may be cheapest as it is */
            today.timeout_us[series->provider] = series->timeout_us;
    }
    const double least = fmin(log(250000.0), log((double)calibration->setup.most_us) - 1.0);
    const double most = log((double)calibration->setup.most_us);
    for (unsigned i = 0; i < GRID; i++) {
        const double us = exp(least + (most - least) * i / (GRID - 1));
        const int64_t rounded_us = us < 100000.0 ? (int64_t)llround(us / 1000.0) * 1000
                                                 : (int64_t)llround(us / 10000.0) * 10000;
        if (rounded_us > 0 && (count == 0 || rounded_us > grid_us[count - 1]))
            grid_us[count++] = rounded_us;
    }
    if (count == 0) return true;
    if (!waiting_cheapest(patience, &today, prices, grid_us, count, &best, err)) return false;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        struct calibrate_provider *provider = &calibration->providers[p];
        const enum provider which = provider->series->provider;
        if (which == PROVIDER_COUNT) continue;
        struct timeout_advice *advice = &provider->advice[TIMEOUT_COST];
        *advice = (struct timeout_advice){
            .state = TIMEOUT_FOUND, .low_us = -1, .high_us = -1, .target = (double)NAN};
        advice->us = best.timeout_us[which];
        if (advice->us == 0) advice->state = TIMEOUT_UNKNOWN;
        if (advice->state == TIMEOUT_FOUND &&
            !timeout_achieves(provider->series, advice->us, &advice->achieved, err))
            return false;
    }
    return true;
}

static bool try_early(struct calibration *calibration, const struct waiting_patience *patience,
                      struct err *err)
{
    static const struct waiting_rule rules[CALIBRATE_EARLY] = {
        {.kind = EARLY_CERTAIN},
        {.kind = EARLY_LIKELY, .total_share = 0.7, .eta_share = 0.5},
        {.kind = EARLY_LIKELY, .total_share = 0.9, .eta_share = 0.8},
        {.kind = EARLY_AT_LEAST, .at_least = 3},
        {.kind = EARLY_AT_LEAST, .at_least = 2},
        {.kind = EARLY_AT_LEAST, .at_least = 1}};
    const struct decision_view *view = &calibration->recommended.view;
    for (unsigned i = 0; i < CALIBRATE_EARLY; i++) {
        if (rules[i].kind == EARLY_AT_LEAST && rules[i].at_least >= calibration->latencies.count)
            continue;
        if (!waiting_early(patience, view, &rules[i], &calibration->prices,
                           &calibration->early[calibration->early_count], err))
            return false;
        calibration->early_count++;
    }
    return true;
}

/* What came after a timeout may not be told; then patience is no more than what came in time. */
static void note_unseen(struct calibration *calibration)
{
    uint64_t given_up = 0, told = 0;
    for (uint32_t p = 0; p < calibration->latencies.count; p++) {
        const struct latency_series *series = calibration->providers[p].series;
        given_up += series->at_timeout;
        for (uint32_t i = 0; i < series->count; i++)
            told += series->samples[i].timeout_us > 0 &&
                    series->samples[i].us >= series->samples[i].timeout_us &&
                    (series->samples[i].fate == LATENCY_ANSWERED || series->samples[i].capped);
    }
    if (given_up > 0 && told == 0) calibration->unseen = true;
    if (calibration->unseen)
        note(calibration,
             "What became of calls after their timeouts is not recorded here: other "
             "winners and regret are against what came in time, not against every "
             "answer, and a longer timeout shows nothing new. A run\u2019s folder tells, "
             "and so does a log with policy.log_late_quotes.");
}

static bool look_at_router(struct calibration *calibration, const struct calibrate_request *request,
                           const struct waiting_patience *patience, struct err *err)
{
    static const double joints[CALIBRATE_JOINTS] = {0.50, 0.90, 0.95, 0.99, 0.999};
    const struct decision_view today = calibration->today;
    note_unseen(calibration);
    if (!find_cheapest(calibration, patience, err)) return false;
    for (uint32_t p = 0; p < calibration->latencies.count; p++)
        recommend(calibration, &calibration->providers[p]);
    if (!judge_arms(calibration, request, patience, err) ||
        !waiting_tail_of(patience, &today, &calibration->tail, err))
        return false;
    for (unsigned i = 0; i < CALIBRATE_JOINTS; i++)
        if (!waiting_joint_of(patience, joints[i], &calibration->joints[i], err)) return false;
    calibration->instant_count =
        waiting_value(patience, &today, calibration->instants, CALIBRATE_INSTANTS);
    return try_early(calibration, patience, err);
}

/* ---- all of it ---- */

/* The router was made to wait longer than its timeout, to see more: the timeout that is judged is
 * its own, and where watching ended is a hard cap. */
static void put_today(struct latency_series *series, int64_t today_us)
{
    series->timeout_us = today_us;
    series->at_timeout = 0;
    for (uint32_t i = 0; i < series->count; i++) {
        struct latency_sample *sample = &series->samples[i];
        sample->timeout_us = today_us;
        sample->capped = sample->fate == LATENCY_CENSORED && sample->us > today_us;
        series->at_timeout += sample->fate == LATENCY_CENSORED && !sample->capped;
    }
}

static bool make_series(struct calibration *calibration, const struct calibrate_request *request,
                        struct err *err)
{
    struct latency_set *set = &calibration->latencies;
    if (calibration->has_orders && set->count == 0 &&
        !latencies_from_decisions(set, &calibration->set, err))
        return false;
    uint64_t answered = 0;
    for (uint32_t s = 0; s < set->count; s++) {
        const enum provider provider = set->series[s].provider;
        if (provider != PROVIDER_COUNT && request->today_us[provider] > 0)
            put_today(&set->series[s], request->today_us[provider]);
    }
    for (uint32_t s = 0; s < set->count; s++)
        answered += set->series[s].fates[LATENCY_ANSWERED];
    if (answered == 0) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = calibration->source_path},
                       "not one call was answered: there is nothing to set a timeout from");
        return err_hint(err, calibration->source == CALIBRATE_CSV
                                 ? "what fails, or comes at its timeout or later, is no answer; is "
                                   "the right column read, and is --timeout long enough?"
                                 : "canned quotes are not calls; a provider has to be asked");
    }
    calibration->providers = memory_zeroed(set->count * sizeof *calibration->providers);
    if (calibration->providers == NULL)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t s = 0; s < set->count; s++)
        calibration->providers[s].series = &set->series[s];
    return true;
}

/* What is recommended need not be a rule's own: one may have been cut. */
static bool judge_chosen(struct calibrate_provider *provider, struct err *err)
{
    return provider->recommended_us <= 0 ||
           timeout_achieves(provider->series, provider->recommended_us, &provider->achieved, err);
}

static bool look_at_caches(struct calibration *calibration, const struct calibrate_request *request,
                           struct err *err)
{
    if (request->scenario == NULL) return true;
    const struct cache_sweep_request sweep = {.scenario = request->scenario, .seed = request->seed};
    tell(request, "what would be remembered", 0, 1);
    calibration->caches_known = cache_sweep_run(&calibration->caches, &sweep, err);
    return calibration->caches_known;
}

static bool calibrate_all(struct calibration *calibration, const struct calibrate_request *request,
                          struct err *err)
{
    struct waiting_patience *patience = NULL;
    const struct decision_view today = calibration->today;
    if (!make_series(calibration, request, err)) return false;
    const uint32_t count = calibration->latencies.count;
    for (uint32_t p = 0; p < count; p++) {
        tell(request, "looking at latencies", p, count);
        if (!look_at(calibration, &calibration->providers[p], err)) return false;
        recommend(calibration, &calibration->providers[p]);
    }
    if (calibration->has_orders) {
        patience = waiting_patience_make(&calibration->set, 0, err);
        if (patience == NULL) return false;
    }
    bool ok = true;
    for (uint32_t p = 0; ok && p < count; p++) {
        tell(request, "does it hold", p, count);
        ok = calibrate_stability_of(calibration, &calibration->providers[p], err);
        if (ok) recommend(calibration, &calibration->providers[p]);
    }
    for (uint32_t p = 0; ok && p < count; p++) {
        tell(request, "timeouts of one provider", p, count);
        ok = make_curve(calibration, &calibration->providers[p], patience, &today, err);
    }
    if (ok && patience != NULL) ok = look_at_router(calibration, request, patience, err);
    if (ok && patience == NULL) ok = calibrate_model_router(calibration, err);
    waiting_patience_release(patience);
    for (uint32_t p = 0; ok && p < count; p++) {
        tell(request, "second calls", p, count);
        ok = judge_chosen(&calibration->providers[p], err) &&
             calibrate_second_calls(calibration, &calibration->providers[p], err);
    }
    calibration->facts = calibrate_facts_of(count);
    return ok && look_at_caches(calibration, request, err);
}

static struct decision_view view_of(const int64_t timeouts_us[PROVIDER_COUNT])
{
    struct decision_view view = {0};
    memcpy(view.timeout_us, timeouts_us, sizeof view.timeout_us);
    return view;
}

static void note_hedged(struct calibration *calibration, const struct scenario *scenario)
{
    if (scenario == NULL) return;
    if (scenario->policy.hedge.enabled)
        note(calibration, "These calls were hedged already (policy.hedge): what is said "
                          "of second calls comes on top of that.");
    if (scenario->policy.retry.enabled)
        note(calibration, "Failed calls were tried again already (policy.retry): what is "
                          "said of retries comes on top of that.");
}

bool calibrate_run(struct calibration *calibration, const struct calibrate_request *request,
                   struct latency_set *latencies, struct decision_set *set, struct err *err)
{
    *calibration = (struct calibration){.name = request->name,
                                        .source_path = request->source_path,
                                        .source = request->source,
                                        .seed = request->seed,
                                        .as_coded = request->as_coded,
                                        .setup = request->setup,
                                        .prices = request->prices,
                                        .prices_assumed = request->prices_assumed,
                                        .rule = request->rule,
                                        .split = request->split,
                                        .resamples = request->resamples,
                                        .today = view_of(request->today_us),
                                        .latencies = *latencies};
    *latencies = (struct latency_set){0};
    if (set != NULL) {
        calibration->set = *set;
        calibration->has_orders = set->count > 0;
        *set = (struct decision_set){0};
    }
    note_hedged(calibration, request->scenario);
    if (calibrate_all(calibration, request, err)) return true;
    calibration_release(calibration);
    return false;
}

static void release_provider(struct calibrate_provider *provider)
{
    free(provider->steps);
    change_set_release(&provider->stability.changes);
}

void calibration_release(struct calibration *calibration)
{
    for (uint32_t p = 0; calibration->providers != NULL && p < calibration->latencies.count; p++)
        release_provider(&calibration->providers[p]);
    free(calibration->providers);
    if (calibration->caches_known) cache_sweep_release(&calibration->caches);
    latencies_release(&calibration->latencies);
    decisions_release(&calibration->set);
    *calibration = (struct calibration){0};
}
