#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/story_state.h"

bool story_is_needed(const struct scenario *scenario)
{
    const struct drill_spec *drill = &scenario->drill;
    return scenario->alerts.rule_count > 0 || drill->hypothesis.probe_count > 0 ||
           drill->operator_count > 0 || drill->stop_count > 0 || drill->rollbacks.step_count > 0;
}

double story_heat_row_ms(unsigned row)
{
    return 100.0 * exp2((double)row / 3.0);
}

/* --- making --------------------------------------------------------------------------------------
 */

static int64_t whole_seconds(int64_t us)
{
    return (us + US_PER_SECOND - 1) / US_PER_SECOND;
}

static void want(struct signals_setup *setup, enum signal_kind kind, unsigned scope,
                 int64_t window_us)
{
    const int64_t window_s = whole_seconds(window_us);
    if (window_s > setup->longest_s) setup->longest_s = window_s;
    const bool latency = kind == SIGNAL_P50_MS || kind == SIGNAL_P95_MS || kind == SIGNAL_P99_MS ||
                         kind == SIGNAL_SLOW_RATE;
    if (!latency) return;
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        const bool meant =
            scope == s || (scope == SCOPE_EACH_PROVIDER && s != (unsigned)SCOPE_ROUTER);
        setup->wants_latency[s] = setup->wants_latency[s] || meant;
    }
}

static bool init_signals(struct story *story, double budget_orders)
{
    const struct scenario *scenario = story->scenario;
    struct signals_setup setup = {.longest_s = 1,
                                  .objective = scenario->slo.given ? scenario->slo.objective : 0.0,
                                  .budget_orders = budget_orders};
    alerts_want(&scenario->alerts, &setup);
    const struct drill_spec *drill = story->drill;
    for (uint32_t i = 0; i < drill->hypothesis.probe_count; i++) {
        const struct probe_spec *probe = &drill->hypothesis.probes[i];
        want(&setup, probe->signal, probe->scope, probe->window_us);
    }
    for (uint32_t i = 0; i < drill->stop_count; i++) {
        const struct stop_spec *stop = &drill->stops[i];
        want(&setup, stop->signal, stop->scope, stop->window_us);
    }
    /* A window that reaches back before the run is cut there. */
    const int64_t run_s = whole_seconds(scenario->duration_us) + 3600;
    if (setup.longest_s > run_s) setup.longest_s = run_s;
    setup.longest_s++; /* operators look within a second, at the end of the one before */
    return signals_init(&story->signals, &setup);
}

static bool compile(struct story *story, const struct law_spec *spec, struct law *law,
                    struct err *err)
{
    if (spec->kind == LAW_KIND_COUNT) return true; /* not given */
    return law_compile(spec, story->scenario->folder, &story->laws, law, err);
}

static bool compile_steps(struct story *story, uint32_t actor, const struct step_spec *steps,
                          uint32_t count, struct err *err)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!compile(story, &steps[i].takes, &story->step_laws[actor][i], err)) return false;
    }
    return true;
}

static bool compile_laws(struct story *story, struct err *err)
{
    const struct drill_spec *drill = story->drill;
    const struct deployment_spec *deployment = &story->scenario->deployment;
    if (!compile(story, &deployment->redeploy, &story->redeploy_law, err) ||
        !compile(story, &deployment->recycle, &story->recycle_law, err) ||
        !compile_steps(story, ROLLBACK_ACTOR, drill->rollbacks.steps, drill->rollbacks.step_count,
                       err)) {
        return false;
    }
    for (uint32_t i = 0; i < drill->operator_count; i++) {
        const struct operator_spec *spec = &drill->operators[i];
        if (!compile(story, &spec->ack, &story->ack_laws[i], err)) return false;
        if (!compile_steps(story, i, spec->steps, spec->step_count, err)) return false;
    }
    return true;
}

struct story *story_create(const struct story_setup *setup, struct err *err)
{
    struct story *story = calloc(1, sizeof *story);
    if (story == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return NULL;
    }
    story->scenario = setup->scenario;
    story->drill = &setup->scenario->drill;
    story->port = setup->port;
    story->pairs = setup->pairs;
    if (!init_signals(story, setup->budget_orders)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                       "out of memory for windows of %lld s", (long long)story->signals.longest_s);
    } else if (compile_laws(story, err)) {
        return story;
    }
    story_destroy(story);
    return NULL;
}

void story_destroy(struct story *story)
{
    if (story == NULL) return;
    signals_release(&story->signals);
    arena_release(&story->laws);
    arena_release(&story->texts);
    free(story->entries);
    free(story->orders);
    free(story->seconds);
    free(story->looks);
    free(story->spans);
    free(story);
}

/* --- beginning -----------------------------------------------------------------------------------
 */

static int by_turn(const void *a, const void *b)
{
    const struct fault_turn *x = a, *y = b;
    if (x->at_us != y->at_us) return (x->at_us > y->at_us) - (x->at_us < y->at_us);
    if (x->on != y->on) return x->on ? 1 : -1; /* what ends makes room first */
    return (x->fault > y->fault) - (x->fault < y->fault);
}

/* Ground truth: when faults begin and end. */
static void plan_turns(struct story *story)
{
    const struct scenario *scenario = story->scenario;
    story->turn_count = story->fault_next = 0;
    story->facts.first_fault_us = INT64_MAX;
    const uint32_t count = scenario_window_count(scenario);
    assert(count <= FAULTS_MAX);
    for (uint32_t f = 0; f < count; f++) {
        const struct fault_window window = scenario_window(scenario, f);
        int64_t end_us = window.at_us + window.for_us;
        if (end_us > scenario->duration_us) end_us = scenario->duration_us;
        story->turns[story->turn_count++] = (struct fault_turn){window.at_us, (uint16_t)f, true};
        story->turns[story->turn_count++] = (struct fault_turn){end_us, (uint16_t)f, false};
        if (window.at_us < story->facts.first_fault_us) {
            story->facts.first_fault_us = window.at_us;
        }
        story->over_us[f] = end_us;
    }
    story_find_last_clear(story);
    qsort(story->turns, story->turn_count, sizeof story->turns[0], by_turn);
}

/* Ticks of repeats are shifted against the fault, as nobody chooses when one strikes: it adds up to
 * an interval to what detection takes. Replication 0 has the phase of the file. */
static int64_t phase_of(const struct story *story)
{
    const int64_t interval_s = story->scenario->alerts.interval_us / US_PER_SECOND;
    if (story->replication == 0 || interval_s <= 1) return 0;
    const uint64_t bits = random_draw(story->seed_r, random_what(RANDOM_PHASE, 0, 0, 0, 0));
    return (int64_t)random_below(bits, (uint32_t)interval_s) * US_PER_SECOND;
}

static bool any_names(const struct step_spec *steps, uint32_t count, const char *key)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(steps[i].key, key) == 0) return true;
    }
    return false;
}

bool story_watches(const struct scenario *scenario, enum provider provider)
{
    char key[ENV_KEY_MAX];
    (void)snprintf(key, sizeof key, "LOOPGPT_ENABLE_%s", provider_traits[provider].key);
    const char *given = env_get(&scenario->env, key);
    if (given == NULL && provider_traits[provider].defaults[scenario->profile].enabled) return true;
    if (given != NULL && (strcmp(given, "true") == 0 || strcmp(given, "1") == 0)) return true;
    const struct drill_spec *drill = &scenario->drill;
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        const struct operator_spec *spec = &drill->operators[o];
        if (any_names(spec->steps, spec->step_count, key)) return true;
    }
    return any_names(drill->rollbacks.steps, drill->rollbacks.step_count, key);
}

static void begin_alerts(struct story *story)
{
    struct alerts_setup setup = {.spec = &story->scenario->alerts,
                                 .start_unix_us = story->scenario->start_unix_us,
                                 .timezone_us = story->scenario->timezone_us};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        setup.enabled[p] = story_watches(story->scenario, (enum provider)p);
    alerts_init(&story->alerts, &setup);
    alerts_clear(&story->alerts, phase_of(story));
}

static void seed_laws(struct story *story)
{
    law_seed(&story->redeploy_law, story->seed_r);
    law_seed(&story->recycle_law, story->seed_r);
    for (uint32_t i = 0; i < OPERATORS_MAX; i++)
        law_seed(&story->ack_laws[i], story->seed_r);
    for (uint32_t a = 0; a < ACTORS_MAX; a++) {
        for (uint32_t s = 0; s < STEPS_MAX; s++)
            law_seed(&story->step_laws[a][s], story->seed_r);
    }
}

void story_begin(struct story *story, uint64_t seed_r, uint32_t replication,
                 const uint64_t held[PROVIDER_COUNT], struct err_list *warnings)
{
    const struct scenario *scenario = story->scenario;
    story->seed_r = seed_r;
    story->replication = replication;
    arena_release(&story->texts);
    story->texts = (struct arena){0};
    story->entry_count = story->second_count = story->look_count = story->span_count = 0;
    story->order_count = 0;
    story->tickets = 0;
    story->last_told = -1;
    story->recycles = 0;
    story->recycle_us = INT64_MAX;
    story->hypothesis_lost = story->stopped = story->rolled_back = false;
    story->stop_entry = -1;
    memset(story->heat, 0, sizeof story->heat);
    story->facts = (struct story_facts){.stopped_us = INT64_MAX};
    signals_clear(&story->signals);
    seed_laws(story);
    deployment_start(&story->deployment, &scenario->env, scenario->profile,
                     scenario->policy.live_adapters, held, warnings);
    plan_turns(story);
    begin_alerts(story);
    story_probes_begin(story);
    story_actors_begin(story);
}

/* --- orders --------------------------------------------------------------------------------------
 */

/* Makes room for one more of `size` bytes; false, and `failed` set, without memory. */
static bool room_for(struct story *story, void **items, uint64_t needed, uint64_t capacity,
                     size_t size, uint64_t *grown_to)
{
    if (needed <= capacity) {
        *grown_to = capacity;
        return true;
    }
    uint64_t more = capacity < 256 ? 256 : capacity * 2;
    while (more < needed)
        more *= 2;
    void *grown = realloc(*items, more * size);
    if (grown == NULL) {
        story->failed = true;
        return false;
    }
    *items = grown;
    *grown_to = more;
    return true;
}

static struct story_order *order_at(struct story *story, uint64_t index)
{
    if (!story->pairs || index >= WORLD_TEST_ORDERS) return NULL;
    if (!room_for(story, (void **)&story->orders, index + 1, story->order_capacity,
                  sizeof story->orders[0], &story->order_capacity)) {
        return NULL;
    }
    for (; story->order_count <= index; story->order_count++) {
        story->orders[story->order_count] =
            (struct story_order){.total_cents = -1, .winner = PROVIDER_COUNT};
    }
    return &story->orders[index];
}

static void count_heat(struct story *story, const struct router_order *order, int64_t now_us)
{
    const int64_t duration_us = story->scenario->duration_us;
    int64_t column = now_us * STORY_HEAT_COLUMNS / duration_us;
    if (column >= STORY_HEAT_COLUMNS) column = STORY_HEAT_COLUMNS - 1;
    const double ms = (double)(order->decided_us - order->start_us) / 1000.0;
    unsigned row = 0;
    while (row + 1 < STORY_HEAT_ROWS && ms >= story_heat_row_ms(row + 1))
        row++;
    story->heat[column][row]++;
}

void story_order_decided(struct story *story, const struct router_order *order, bool counts,
                         int64_t now_us)
{
    signals_order(&story->signals, order, now_us);
    if (!counts) return;
    count_heat(story, order, now_us);
    struct story_order *kept = order_at(story, order->index);
    if (kept == NULL || order->code != ORDER_ROUTED) return;
    const struct order_slot *winner = &order->slots[order->ranked[0]];
    const int64_t cents = winner->result.quote.total_cents;
    kept->total_cents = (int32_t)cents;
    kept->commission_cents =
        (int32_t)history_commission_cents((enum provider)winner->provider, cents);
    kept->winner = winner->provider;
    kept->canned = winner->result.quote.canned;
}

static void count_second(struct story *story, bool ok, bool bad, int64_t now_us)
{
    const uint64_t second = (uint64_t)whole_seconds(now_us);
    uint64_t capacity = story->second_capacity;
    if (!room_for(story, (void **)&story->seconds, second + 1, capacity, sizeof story->seconds[0],
                  &capacity)) {
        return;
    }
    story->second_capacity = (uint32_t)capacity;
    for (; story->second_count <= second; story->second_count++)
        story->seconds[story->second_count] = (struct story_second){0};
    story->seconds[second].judged++;
    story->seconds[second].ok += ok;
    story->seconds[second].bad += bad;
}

void story_order_judged(struct story *story, const struct router_order *order, bool ok, bool bad,
                        bool counts, int64_t now_us)
{
    signals_judged(&story->signals, ok, bad, now_us);
    if (!counts) return;
    if (story->pairs) count_second(story, ok, bad, now_us);
    struct story_order *kept = order_at(story, order->index);
    if (kept == NULL) return;
    kept->judged = true;
    kept->ok = ok;
    kept->bad = bad;
    kept->judged_us = now_us;
}

/* --- faults that operators end -------------------------------------------------------------------
 */

static bool is_of_credential(const struct fault_spec *fault)
{
    return fault->kind == FAULT_COMPROMISED ||
           (fault->kind == FAULT_AUTH &&
            (fault->auth == AUTH_EXPIRED || fault->auth == AUTH_REVOKED));
}

/* As the mock sees it: what the router shows now is of a later generation than the one in force
 * when the fault struck. A secret that was set by hand and is no credential is of none. */
static bool has_replaced(const struct story *story, const struct fault_spec *fault)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const bool hit = (fault->provider_mask >> p & 1u) != 0;
        const struct credential *live = &story->deployment.config.providers[p].credential;
        if (hit && !story->port.is_newer(story->port.context, (enum provider)p, live->fingerprint,
                                         fault->at_us)) {
            return false;
        }
    }
    return true;
}

void story_find_last_clear(struct story *story)
{
    const uint32_t count = scenario_window_count(story->scenario);
    int64_t last_us = -1;
    for (uint32_t f = 0; f < count; f++) {
        if (story->over_us[f] > last_us) last_us = story->over_us[f];
    }
    story->facts.last_clear_us = count > 0 ? last_us : INT64_MAX;
}

void story_end_credential_faults(struct story *story, int64_t now_us)
{
    if (story->stopped) return; /* it has ended them all */
    for (uint32_t f = 0; f < story->scenario->fault_count; f++) {
        const struct fault_spec *fault = &story->scenario->faults[f];
        if (!is_of_credential(fault) || now_us < fault->at_us || now_us >= story->over_us[f]) {
            continue;
        }
        if (!has_replaced(story, fault)) continue;
        story->over_us[f] = now_us;
        (void)story_note(story, &(struct story_entry){.at_us = now_us,
                                                      .kind = STORY_FAULT_OFF,
                                                      .index = (uint16_t)f,
                                                      .step = -1,
                                                      .cause = -1,
                                                      .text = fault->id});
        story_find_last_clear(story);
    }
}

/* --- settings ------------------------------------------------------------------------------------
 */

static void note_span(struct story *story, int64_t now_us)
{
    if (story->span_count > 0 && story->spans[story->span_count - 1].until_us == INT64_MAX) {
        story->spans[story->span_count - 1].until_us = now_us;
    }
    if (!deployment_differs(&story->deployment)) return;
    uint64_t capacity = story->span_capacity;
    if (!room_for(story, (void **)&story->spans, story->span_count + 1u, capacity,
                  sizeof story->spans[0], &capacity)) {
        return;
    }
    story->span_capacity = (uint32_t)capacity;
    struct story_span span = {.from_us = now_us, .until_us = INT64_MAX};
    const struct router_config *now = &story->deployment.config, *first = &story->deployment.first;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *is = &now->providers[p], *was = &first->providers[p];
        if (is->enabled && is->forced_mock && !was->forced_mock) span.mocked |= 1u << p;
        if (!is->enabled && was->enabled) span.disabled |= 1u << p;
    }
    char text[256];
    deployment_describe(&story->deployment, text, sizeof text);
    span.text = story_text(story, "%s", text);
    story->spans[story->span_count++] = span;
}

void story_go_live(struct story *story, int32_t cause, const char *how, int64_t now_us)
{
    struct err_list ignored = {0}; /* what a key does not do was said when it was set */
    const bool changed = deployment_go_live(&story->deployment, &ignored);
    story->recycle_us = INT64_MAX;
    story_end_credential_faults(story, now_us);
    story->port.redeploy(story->port.context, &story->deployment.config, now_us);
    char text[256];
    deployment_describe(&story->deployment, text, sizeof text);
    const char *is = text[0] != '\0' ? text : "as at the start";
    (void)story_note(story, &(struct story_entry){.at_us = now_us,
                                                  .kind = STORY_LIVE,
                                                  .step = -1,
                                                  .cause = cause,
                                                  .outcome = changed ? STEP_DONE : STEP_NO_EFFECT,
                                                  .text = story_text(story, "%s: %s", how, is)});
    note_span(story, now_us);
}

/* --- what is due ---------------------------------------------------------------------------------
 */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the rollback has an hour of its own and that is to come; INT64_MAX: it has not. */
static int64_t rollback_next_us(const struct story *story)
{
    const struct rollback_spec *rollbacks = &story->drill->rollbacks;
    const bool waits = rollbacks->given && rollbacks->step_count > 0 && !story->rolled_back;
    return waits && rollbacks->at_us >= 0 ? rollbacks->at_us : INT64_MAX;
}

int64_t story_next_us(const struct story *story)
{
    int64_t next_us = least(alerts_next_us(&story->alerts), story_actors_next_us(story));
    next_us = least(next_us, story->recycle_us);
    next_us = least(next_us, least(story->look_us, story->start_look_us));
    next_us = least(next_us, story->end_look_us);
    next_us = least(next_us, rollback_next_us(story));
    if (story->fault_next < story->turn_count) {
        next_us = least(next_us, story->turns[story->fault_next].at_us);
    }
    return next_us;
}

static void turn_faults(struct story *story, int64_t now_us)
{
    while (story->fault_next < story->turn_count &&
           story->turns[story->fault_next].at_us <= now_us) {
        const struct fault_turn *turn = &story->turns[story->fault_next++];
        if (!turn->on && story->over_us[turn->fault] < now_us) continue; /* said already */
        (void)story_note(
            story, &(struct story_entry){.at_us = now_us,
                                         .kind = turn->on ? STORY_FAULT_ON : STORY_FAULT_OFF,
                                         .index = turn->fault,
                                         .step = -1,
                                         .cause = -1,
                                         .text = scenario_window(story->scenario, turn->fault).id});
    }
}

/* The alert's last step on the way here: what a notification tells of, what fires. */
static int32_t alert_entry(const struct story *story, const struct alert_change *change)
{
    if (change->kind == ALERT_BECAME_PENDING) return -1; /* it is the orders' doing */
    for (uint32_t i = story->entry_count; i-- > 0;) {
        const struct story_entry *entry = &story->entries[i];
        const bool of_alert = entry->kind >= STORY_PENDING && entry->kind <= STORY_RESET;
        if (!of_alert || entry->index != change->rule || entry->scope != change->scope) continue;
        const bool over = entry->kind == STORY_RESOLVED || entry->kind == STORY_RESET;
        return over ? -1 : (int32_t)i; /* of an episode before: this one fired at once */
    }
    return -1;
}

static void alert_changed(void *context, const struct alert_change *change)
{
    static const enum story_kind kinds[] = {[ALERT_BECAME_PENDING] = STORY_PENDING,
                                            [ALERT_FIRED] = STORY_FIRED,
                                            [ALERT_RESOLVED] = STORY_RESOLVED,
                                            [ALERT_RESET] = STORY_RESET,
                                            [ALERT_TOLD] = STORY_TOLD};
    struct story *story = context;
    const char *why = change->kind == ALERT_TOLD ? story_why_nobody(story, change) : "";
    const int32_t entry =
        story_note(story, &(struct story_entry){.at_us = change->at_us,
                                                .kind = kinds[change->kind],
                                                .index = change->rule,
                                                .scope = change->scope,
                                                .step = -1,
                                                .cause = alert_entry(story, change),
                                                .text = story->alerts.rules[change->rule].name,
                                                .why = why,
                                                .value = change->value});
    if (change->kind != ALERT_TOLD) return;
    story->last_told = entry;
    story_tell_operators(story, change, entry);
}

static void look_at_alerts(struct story *story, int64_t now_us)
{
    const bool tick = story->alerts.next_tick_us <= now_us;
    alerts_due(&story->alerts, &story->signals, now_us, alert_changed, NULL, story);
    if (!tick || story->port.ticked == NULL) return;
    story->port.ticked(story->port.context, now_us, &story->alerts, &story->signals);
}

/* The method is over at its hour, if it has one, else when no fault is on or to come and nobody is
 * at work; a stop condition ends it before. */
static bool method_is_over(const struct story *story, int64_t now_us)
{
    const int64_t at_us = story->drill->rollbacks.at_us;
    if (story->stopped) return true;
    if (at_us >= 0) return now_us >= at_us;
    return story->turn_count > 0 && now_us >= story->facts.last_clear_us &&
           story_actors_rest(story);
}

static void maybe_roll_back(struct story *story, int64_t now_us)
{
    const struct rollback_spec *rollbacks = &story->drill->rollbacks;
    if (!rollbacks->given || rollbacks->step_count == 0 || story->rolled_back) return;
    if (!method_is_over(story, now_us)) return;
    bool wanted = true;
    switch (rollbacks->strategy) {
    case ROLLBACK_DEFAULT:
        wanted = !story->stopped;
        break;
    case ROLLBACK_ALWAYS:
        break;
    case ROLLBACK_NEVER:
        wanted = false;
        break;
    case ROLLBACK_DEVIATED:
        wanted = story->hypothesis_lost;
        break;
    case ROLLBACK_STRATEGY_COUNT:
        assert(!"a strategy outside its enum");
    }
    story->rolled_back = true;
    if (wanted) story_rollback_begin(story, story->stop_entry, now_us);
}

void story_due(struct story *story, int64_t now_us)
{
    turn_faults(story, now_us);
    if (story->recycle_us <= now_us) {
        story_go_live(story, story->recycle_cause, "isolate recycled", now_us);
    }
    if (alerts_next_us(&story->alerts) <= now_us) look_at_alerts(story, now_us);
    if (story->start_look_us <= now_us) story_look_at_start(story, now_us);
    if (story->look_us <= now_us) story_look(story, now_us);
    if (story->end_look_us <= now_us) story_look_at_end(story, now_us);
    story_actors_due(story, now_us);
    maybe_roll_back(story, now_us);
}

/* --- the end -------------------------------------------------------------------------------------
 */

void story_end(struct story *story, int64_t ended_us)
{
    if (story->span_count > 0 && story->spans[story->span_count - 1].until_us == INT64_MAX) {
        const int64_t duration_us = story->scenario->duration_us;
        story->spans[story->span_count - 1].until_us =
            ended_us > duration_us ? ended_us : duration_us;
    }
    struct story_facts *facts = &story->facts;
    facts->entries = story->entries;
    facts->entry_count = story->entry_count;
    facts->probes = story->probes;
    facts->orders = story->pairs ? story->orders : NULL;
    facts->order_count = story->order_count;
    facts->seconds = story->seconds;
    facts->second_count = story->second_count;
    facts->looks = story->looks;
    facts->look_count = story->look_count;
    facts->heat = (const uint32_t(*)[STORY_HEAT_ROWS])story->heat;
    facts->test_orders = story->tickets;
    facts->differing = story->spans;
    facts->differing_count = story->span_count;
}

const struct story_facts *story_facts(const struct story *story)
{
    return &story->facts;
}
