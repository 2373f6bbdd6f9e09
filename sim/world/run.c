#include "sim/world/run.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/run_state.h"

/* --- phases --------------------------------------------------------------------------------------
 */

static bool in_phase(const struct phase_plan *phase, const struct world_segment *segment)
{
    switch (phase->kind) {
    case PHASE_ALL:
        return true;
    case PHASE_QUIET:
        return segment->active == 0;
    case PHASE_FAULT:
        return (segment->active >> phase->fault & 1u) != 0;
    case PHASE_AFTER:
        return segment->from_us >= phase->from_us;
    }
    assert(!"a phase outside its enum");
    return false;
}

/* Orders that had a fault in their course count where they end, but not as quiet. */
static bool has_wake_in(const struct phase_plan *phase, const struct world_segment *segment)
{
    return segment->has_wake && phase->kind != PHASE_QUIET;
}

struct tally *run_phase_tally(const struct phase_plan *phase, struct world_segment *segments,
                              uint32_t count, struct tally *scratch)
{
    struct tally *only = NULL;
    uint32_t parts = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!in_phase(phase, &segments[i])) continue;
        only = &segments[i].tally;
        parts += 1 + has_wake_in(phase, &segments[i]);
    }
    if (parts == 1) return only;
    tally_clear(scratch);
    for (uint32_t i = 0; i < count; i++) {
        if (!in_phase(phase, &segments[i])) continue;
        tally_merge(scratch, &segments[i].tally);
        if (has_wake_in(phase, &segments[i])) tally_merge(scratch, &segments[i].wake);
    }
    return scratch;
}

void run_phase_values(struct tally *tally, const struct metric_context *context,
                      struct metric_value values[SCOPE_COUNT][METRIC_COUNT])
{
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        for (unsigned m = 0; m < METRIC_COUNT; m++) {
            if (metric_of_router((enum metric)m) != (s == SCOPE_ROUTER)) continue;
            values[s][m] = metric_compute(tally, context, s, (enum metric)m);
        }
    }
}

static const char after_prefix[] = "after:";

static void add_phase(struct run_sums *sums, const struct phase_plan *phase)
{
    if (sums->phase_count < RESULT_PHASES_MAX) sums->phases[sums->phase_count++] = *phase;
}

/* The whole run, its quiet part, each fault's window, and what some check asks for beyond these. */
static void plan_phases(struct run_sums *sums, struct arena *arena)
{
    const struct scenario *scenario = sums->request->scenario;
    const int64_t end_us = scenario->duration_us;
    add_phase(sums, &(struct phase_plan){.name = "all", .until_us = end_us, .kind = PHASE_ALL});
    if (scenario_window_count(scenario) == 0) return;
    add_phase(sums, &(struct phase_plan){.name = "quiet", .until_us = end_us, .kind = PHASE_QUIET});
    for (uint32_t f = 0; f < scenario_window_count(scenario); f++) {
        const struct fault_window fault = scenario_window(scenario, f);
        add_phase(sums, &(struct phase_plan){.name = fault.id,
                                             .from_us = fault.at_us,
                                             .until_us = fault.at_us + fault.for_us,
                                             .kind = PHASE_FAULT,
                                             .fault = f});
    }
    for (uint32_t c = 0; c < scenario->check_count; c++) {
        const char *during = scenario->checks[c].during;
        if (strncmp(during, after_prefix, sizeof after_prefix - 1) != 0) continue;
        for (uint32_t f = 0; f < scenario_window_count(scenario); f++) {
            const struct fault_window fault = scenario_window(scenario, f);
            if (strcmp(during + sizeof after_prefix - 1, fault.id) != 0) continue;
            add_phase(sums, &(struct phase_plan){.name = arena_text(arena, during, strlen(during)),
                                                 .from_us = fault.at_us + fault.for_us,
                                                 .until_us = end_us,
                                                 .kind = PHASE_AFTER,
                                                 .fault = f});
        }
    }
}

/* --- merging -------------------------------------------------------------------------------------
 */

static void spread_add(struct spread *spread, double value)
{
    if (!isfinite(value)) return;
    spread->n++;
    const double step = value - spread->mean;
    spread->mean += step / spread->n;
    spread->m2 += step * (value - spread->mean);
}

static void merge_spreads(struct run_sums *sums,
                          struct metric_value (*values)[SCOPE_COUNT][METRIC_COUNT])
{
    for (uint32_t p = 0; p < sums->phase_count; p++) {
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            for (unsigned m = 0; m < METRIC_COUNT; m++) {
                if (metric_of_router((enum metric)m) != (s == SCOPE_ROUTER)) continue;
                const struct metric_value *value = &values[p][s][m];
                if (value->state == VALUE_KNOWN) spread_add(&sums->spreads[p][s][m], value->value);
            }
        }
    }
}

static void merge_quotes(struct run_sums *sums, const struct world_facts *facts)
{
    for (unsigned r = 0; r < RECALL_COUNT; r++)
        sums->quotes.recalls[r] += facts->quotes.recalls[r];
    sums->quotes.sets += facts->quotes.sets;
    sums->quotes.sets_skipped += facts->quotes.sets_skipped;
    sums->quotes.set_errors += facts->quotes.set_errors;
    sums->breaker_opened += facts->breaker_opened;
    sums->pushed_out += facts->pushed_out;
}

static bool init_tally(const struct run_request *request, struct tally *tally, uint32_t limit)
{
    const bool keeps = request->scenario->policy.cache.quote_us > 0;
    return tally_init(tally, limit) && (!keeps || tally_keep_cache(tally, limit));
}

static void merge_replication(struct run_sums *sums, struct world *world, uint32_t replication)
{
    const struct world_facts *facts = world_facts(world);
    uint32_t count;
    const struct world_segment *segments = world_segments(world, &count);
    assert(count == sums->segment_count);
    for (uint32_t i = 0; i < count; i++) {
        tally_merge(&sums->segments[i].tally, &segments[i].tally);
        if (segments[i].has_wake) tally_merge(&sums->segments[i].wake, &segments[i].wake);
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            uint64_t calls;
            const struct samples *latency =
                world_operation_samples(world, (enum provider)p, (enum operation)o, &calls);
            sums->operations[p][o].calls += calls;
            samples_merge(&sums->operations[p][o].latency, latency);
        }
        sums->hedges += facts->hedges[p];
        sums->hedges_won += facts->hedges_won[p];
        sums->hedges_denied += facts->hedges_denied[p];
        sums->retries_denied += facts->retries_denied[p];
        memo_counters_add(&sums->stores, &facts->stores[p]);
        memo_counters_add(&sums->skus, &facts->skus[p]);
        sums->thief_calls[p] += facts->thief_calls[p];
        live_calls_add(&sums->live[p], &facts->live[p]);
        replay_calls_add(&sums->replay[p], &facts->replay[p]);
        sums->late_calls[p] += facts->late_calls[p];
    }
    merge_quotes(sums, facts);
    sums->orders += facts->orders;
    sums->calls += facts->calls_sent;
    sums->unknown_names += facts->unknown_names;
    sums->withheld += facts->wire.withheld;
    sums->mismatched += facts->wire.mismatched;
    sums->capped = sums->capped || facts->capped;
    sums->starved += facts->wire.starved;
    sums->left_out += facts->left_out;
    if (sums->starved_error == 0) sums->starved_error = facts->wire.starved_error;
    sums->order_calls = facts->order_calls; /* real time has one replication */
    sums->calls_left = facts->calls_left;
    sums->replications++;
    if (facts->stopped && !sums->stopped) {
        sums->stopped = true;
        sums->stopped_us = facts->ended_us;
    }
    if (replication != 0) return;
    sums->hash = facts->hash;
    sums->event_lines = facts->event_lines;
    sums->event_lines_due = facts->event_lines_due;
    sums->config = *world_config(world);
    sums->config_warnings = *world_config_warnings(world);
    const struct series *series = world_series(world);
    sums->bucket_us = series->bucket_us;
    sums->bucket_count = series->count;
    memcpy(sums->buckets, series->buckets, series->count * sizeof *series->buckets);
}

/* --- threads -------------------------------------------------------------------------------------
 */

struct crew { /* the threads, and what they share */
    pthread_mutex_t lock;
    pthread_cond_t turn;
    uint32_t next_taken;
    uint32_t next_merged;
    bool failed;
    struct err err;
    struct run_sums *sums;
};

struct worker {
    struct crew *crew;
    struct world *world;
    struct tally scratch;
    struct metric_value (*values)[SCOPE_COUNT][METRIC_COUNT];
    void *observer_state;
};

static bool stop_asked(const struct run_request *request)
{
    return request->control != NULL && request->control->stop != NULL &&
           *request->control->stop != 0;
}

static bool take_replication(struct crew *crew, uint32_t *replication)
{
    const uint32_t of = crew->sums->request->scenario->replications;
    pthread_mutex_lock(&crew->lock);
    const bool taken = !crew->failed && crew->next_taken < of &&
                       !(crew->next_taken > 0 && stop_asked(crew->sums->request));
    if (taken) *replication = crew->next_taken++;
    pthread_mutex_unlock(&crew->lock);
    return taken;
}

static bool run_one(struct worker *worker, uint32_t replication, struct err *err)
{
    static const struct world_outputs nowhere = {0};
    struct run_sums *sums = worker->crew->sums;
    const struct run_request *request = sums->request;
    struct world_outputs outputs =
        replication == 0 && request->outputs != NULL ? *request->outputs : nowhere;
    outputs.series = replication == 0;
    const struct world_control *control = request->control;
    struct world_control quiet = control != NULL ? *control : (struct world_control){0};
    if (replication != 0) quiet.progress = NULL;
    if (!world_run(worker->world, replication, &outputs, &quiet, err)) return false;
    const struct run_observer *observer = request->observer;
    if (observer != NULL && !observer->ran(observer->context, worker->observer_state, worker->world,
                                           replication, err)) {
        return false;
    }
    if (sums->spreads == NULL) return true;

    uint32_t count;
    struct world_segment *segments = world_segments(worker->world, &count);
    struct metric_context context = sums->context;
    context.replications = 1;
    for (uint32_t p = 0; p < sums->phase_count; p++) {
        struct tally *tally = run_phase_tally(&sums->phases[p], segments, count, &worker->scratch);
        run_phase_values(tally, &context, worker->values[p]);
    }
    return true;
}

/* Hands in a replication when all before it are in. */
static void hand_in(struct worker *worker, uint32_t replication, bool ran, const struct err *err)
{
    struct crew *crew = worker->crew;
    struct run_sums *sums = crew->sums;
    pthread_mutex_lock(&crew->lock);
    while (crew->next_merged != replication)
        pthread_cond_wait(&crew->turn, &crew->lock);
    if (!ran && !crew->failed) {
        crew->failed = true;
        crew->err = *err;
    }
    if (!crew->failed) {
        merge_replication(sums, worker->world, replication);
        if (sums->spreads != NULL) merge_spreads(sums, worker->values);
        if (sums->request->replicated != NULL) {
            sums->request->replicated(sums->request->replicated_context, sums->replications,
                                      sums->request->scenario->replications);
        }
    }
    crew->next_merged++;
    pthread_cond_broadcast(&crew->turn);
    pthread_mutex_unlock(&crew->lock);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    uint32_t replication;
    while (take_replication(worker->crew, &replication)) {
        struct err err = {.code = ERR_NONE};
        const bool ran = run_one(worker, replication, &err);
        hand_in(worker, replication, ran, &err);
    }
    return NULL;
}

static uint32_t sample_limit(const struct run_request *request)
{
    return request->sample_limit > 0 ? request->sample_limit : SAMPLES_LIMIT_DEFAULT;
}

static bool hire(struct crew *crew, struct worker *worker, struct err *err)
{
    struct run_sums *sums = crew->sums;
    worker->crew = crew;
    worker->world = world_create(sums->plan, sample_limit(sums->request), err);
    if (worker->world == NULL) return false;
    const struct run_observer *observer = sums->request->observer;
    if (observer != NULL && !observer->hired(observer->context, &worker->observer_state, err)) {
        return false;
    }
    if (sums->spreads == NULL) return true;
    worker->values = calloc(sums->phase_count, sizeof *worker->values);
    if (worker->values != NULL &&
        init_tally(sums->request, &worker->scratch, sample_limit(sums->request))) {
        return true;
    }
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static void dismiss(struct worker *worker)
{
    const struct run_observer *observer =
        worker->crew != NULL ? worker->crew->sums->request->observer : NULL;
    if (observer != NULL && worker->observer_state != NULL) {
        observer->dismissed(observer->context, worker->observer_state);
    }
    world_destroy(worker->world);
    tally_release(&worker->scratch);
    free(worker->values);
}

static bool copy_segments(struct run_sums *sums, struct world *world)
{
    uint32_t count;
    const struct world_segment *segments = world_segments(world, &count);
    sums->segments = calloc(count, sizeof *sums->segments);
    if (sums->segments == NULL) return false;
    for (uint32_t i = 0; i < count; i++) {
        sums->segments[i] = (struct world_segment){.from_us = segments[i].from_us,
                                                   .until_us = segments[i].until_us,
                                                   .active = segments[i].active};
        if (!init_tally(sums->request, &sums->segments[i].tally, sample_limit(sums->request)))
            return false;
        sums->segment_count++;
        if (!segments[i].has_wake) continue;
        if (!init_tally(sums->request, &sums->segments[i].wake, sample_limit(sums->request)))
            return false;
        sums->segments[i].has_wake = true;
    }
    return true;
}

enum { JOBS_MAX = 256 };

static bool work_all(struct run_sums *sums, struct err *err)
{
    const uint32_t replications = sums->request->scenario->replications;
    uint32_t jobs = sums->request->jobs == 0 ? 1 : sums->request->jobs;
    if (jobs > replications) jobs = replications;
    if (jobs > JOBS_MAX) jobs = JOBS_MAX;

    struct crew crew = {.sums = sums};
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.turn, NULL);
    struct worker *workers = calloc(jobs, sizeof *workers);
    pthread_t *threads = calloc(jobs, sizeof *threads);
    bool fine = workers != NULL && threads != NULL;
    if (!fine) (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    for (uint32_t i = 0; fine && i < jobs; i++)
        fine = hire(&crew, &workers[i], err);
    if (fine && !copy_segments(sums, workers[0].world)) {
        fine = err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    uint32_t started = 1; /* this thread works too */
    if (fine) {
        while (started < jobs &&
               pthread_create(&threads[started], NULL, work, &workers[started]) == 0) {
            started++; /* a thread that cannot be had: the others do its share */
        }
        (void)work(&workers[0]);
        for (uint32_t i = 1; i < started; i++)
            pthread_join(threads[i], NULL);
        if (crew.failed) *err = crew.err;
        fine = !crew.failed;
    }
    for (uint32_t i = 0; workers != NULL && i < jobs; i++)
        dismiss(&workers[i]);
    free(threads);
    free(workers);
    pthread_cond_destroy(&crew.turn);
    pthread_mutex_destroy(&crew.lock);
    return fine;
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static void fill_context(struct run_sums *sums)
{
    const struct scenario *scenario = sums->request->scenario;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        sums->context.call_cost_cents[p] = scenario->providers[p].backend.call_cost_cents;
    }
    sums->context.slo_kind =
        scenario->slo.indicator == SLO_ORDERS_ROUTED ? SLO_KIND_ROUTED : SLO_KIND_OK;
    sums->context.budget_orders = world_budget_orders(scenario, &sums->plan->workload);
}

static bool make_sums(struct run_sums *sums)
{
    const struct scenario *scenario = sums->request->scenario;
    const uint32_t limit = sample_limit(sums->request);
    bool made = init_tally(sums->request, &sums->scratch, limit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            made = made && samples_init(&sums->operations[p][o].latency, limit);
        }
    }
    const int64_t bucket_us = series_bucket_us(scenario->duration_us);
    const int64_t buckets = (scenario->duration_us + bucket_us - 1) / bucket_us;
    sums->buckets = calloc((size_t)buckets, sizeof *sums->buckets);
    if (scenario->replications > 1) {
        sums->spreads = calloc(sums->phase_count, sizeof *sums->spreads);
        made = made && sums->spreads != NULL;
    }
    return made && sums->buckets != NULL;
}

static void release_sums(struct run_sums *sums)
{
    tally_release(&sums->scratch);
    for (uint32_t i = 0; i < sums->segment_count; i++) {
        tally_release(&sums->segments[i].tally);
        tally_release(&sums->segments[i].wake);
    }
    free(sums->segments);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            samples_release(&sums->operations[p][o].latency);
        }
    }
    free(sums->spreads);
    free(sums->buckets);
    free(sums);
}

bool run_scenario(const struct run_request *request, struct result *result, struct err *err)
{
    *result = (struct result){0};
    struct world_plan plan;
    if (!world_plan_make(request->scenario, &plan, err)) return false;
    if (request->wire != NULL) plan.wire = *request->wire;
    plan.cache = request->cache;
    plan.pairs = request->observer != NULL && request->observer->pairs;
    struct run_sums *sums = calloc(1, sizeof *sums);
    bool fine = sums != NULL;
    if (fine) {
        sums->request = request;
        sums->plan = &plan;
        plan_phases(sums, &result->arena);
        fill_context(sums);
        fine = make_sums(sums);
    }
    if (!fine) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    } else {
        fine = work_all(sums, err) && run_result_fill(sums, result, err);
    }
    if (sums != NULL) release_sums(sums);
    world_plan_release(&plan);
    if (!fine) result_release(result);
    return fine;
}
