#include "sim/analysis/drill.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/drill_state.h"

/* --- the control ---------------------------------------------------------------------------------
 */

/* The same without faults, and nobody who acts. What expires or is rotated by the file is a fault
 * of its kind. Alerts stay: what they say without a fault is false. */
static struct scenario *make_control(const struct scenario *scenario)
{
    struct scenario *control = malloc(sizeof *control);
    if (control == NULL) return NULL;
    *control = *scenario; /* borrows the arena */
    control->fault_count = 0;
    control->cache.fault_count = 0;
    control->drill.hypothesis.probe_count = 0;
    control->drill.operator_count = 0;
    control->drill.stop_count = 0;
    control->drill.rollbacks.step_count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct credential_spec *credentials = &control->providers[p].backend.credentials;
        credentials->expires_at_us = credentials->rotated_at_us = -1;
    }
    return control;
}

/* Who is real answers but once: the same orders cannot be asked of him again without the fault. */
static bool all_are_mocks(const struct scenario *scenario)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode != MODE_MOCK) return false;
    }
    return true;
}

/* --- looking on ----------------------------------------------------------------------------------
 */

struct looking { /* what all threads share */
    const struct scenario *scenario;
    struct world_plan control_plan;
    struct drill *drill;
    struct drill_repeat *repeats;
    struct drill_detail *details;
    struct arena *arenas; /* one a repeat, for its words */
    bool has_control;
    bool real; /* the clock is */
    double budget_orders;
};

struct looker { /* a thread's own */
    struct world *control;
    bool *false_entry;
    uint32_t entry_room;
};

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the drill");
}

enum {
    CONTROL_SAMPLES = 4096,
    LEFT_OUT_SHARE = 10, /* one repeat in so many may be invalid */
};

static bool hired(void *context, void **state, struct err *err)
{
    struct looking *looking = context;
    struct looker *looker = calloc(1, sizeof *looker);
    if (looker == NULL) return out_of_memory(err);
    *state = looker;
    if (!looking->has_control) return true;
    looker->control = world_create(&looking->control_plan, CONTROL_SAMPLES, err);
    return looker->control != NULL;
}

static void dismissed(void *context, void *state)
{
    struct looker *looker = state;
    (void)context;
    world_destroy(looker->control);
    free(looker->false_entry);
    free(looker);
}

static bool room_for_entries(struct looker *looker, uint32_t count)
{
    if (count <= looker->entry_room) return true;
    bool *grown = realloc(looker->false_entry, count * sizeof *grown);
    if (grown == NULL) return false;
    looker->false_entry = grown;
    looker->entry_room = count;
    return true;
}

static bool make_detail(struct looking *looking, uint32_t replication)
{
    struct drill_detail *detail = &looking->details[replication];
    struct arena *arena = &looking->arenas[replication];
    detail->fired_us = arena_push(arena, int64_t, DRILL_ALERT_SLOTS);
    detail->any_fired_us = arena_push(arena, int64_t, DRILL_ALERT_SLOTS);
    detail->outcomes = arena_push(arena, uint8_t, DRILL_STEPS_MAX);
    return detail->fired_us != NULL && detail->any_fired_us != NULL && detail->outcomes != NULL;
}

static void measure_control(const struct looking *looking, const struct looker *looker)
{
    struct drill *drill = looking->drill;
    struct metric_context context = {.budget_orders = looking->budget_orders, .replications = 1};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        context.call_cost_cents[p] = looking->scenario->providers[p].backend.call_cost_cents;
    }
    context.slo_kind =
        looking->scenario->slo.indicator == SLO_ORDERS_ROUTED ? SLO_KIND_ROUTED : SLO_KIND_OK;
    uint32_t segments;
    struct world_segment *segment = world_segments(looker->control, &segments);
    assert(segments == 1); /* no fault cuts it */
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        for (unsigned m = 0; m < METRIC_COUNT; m++) {
            if (metric_of_router((enum metric)m) != (s == SCOPE_ROUTER)) continue;
            drill->control[s][m] = metric_compute(&segment->tally, &context, s, (enum metric)m);
        }
    }
}

/* The control's metrics as a whole, and the story of the drill: what reports show of repeat 0. */
static bool keep_first(struct looking *looking, struct looker *looker,
                       const struct drill_play *play)
{
    struct drill *drill = looking->drill;
    drill->has_control = looking->has_control;
    if (looking->has_control) measure_control(looking, looker);
    const uint32_t probes = looking->scenario->drill.hypothesis.probe_count;
    drill->story_probes = arena_push(&drill->arena, struct story_probe, probes + 1u);
    drill->false_entries = arena_push(&drill->arena, bool, play->facts->entry_count + 1u);
    if (drill->story_probes == NULL || drill->false_entries == NULL) return false;
    memcpy(drill->story_probes, play->facts->probes, probes * sizeof drill->story_probes[0]);
    memcpy(drill->false_entries, play->false_entry,
           play->facts->entry_count * sizeof drill->false_entries[0]);
    return drill_keep_story(play, drill);
}

static bool ran(void *context, void *state, struct world *world, uint32_t replication,
                struct err *err)
{
    static const struct world_outputs nowhere = {0};
    struct looking *looking = context;
    struct looker *looker = state;
    /* Somebody said stop. In virtual time it can be played again; what people did in real time
     * cannot, and is kept. */
    if (world_facts(world)->stopped && !looking->real) return true;
    if (looking->has_control && !world_run(looker->control, replication, &nowhere, NULL, err)) {
        return false;
    }
    const struct story_facts *facts = world_story(world);
    if (!room_for_entries(looker, facts->entry_count + 1u) || !make_detail(looking, replication)) {
        return out_of_memory(err);
    }
    const struct drill_play play = {.scenario = looking->scenario,
                                    .facts = facts,
                                    .control =
                                        looking->has_control ? world_story(looker->control) : NULL,
                                    .budget_orders = looking->budget_orders,
                                    .faults_met = world_facts(world)->faults_met,
                                    .false_entry = looker->false_entry};
    struct drill_repeat *repeat = &looking->repeats[replication];
    drill_find_false(&play);
    drill_find_marks(&play, &repeat->marks);
    drill_measure(&play, &repeat->marks, repeat->values);
    drill_judge_repeat(&play, repeat, &looking->arenas[replication]);
    drill_note_detail(&play, &looking->details[replication]);
    if (replication != 0 || keep_first(looking, looker, &play)) return true;
    return out_of_memory(err);
}

/* --- the whole -----------------------------------------------------------------------------------
 */

static const char *keep(struct arena *arena, const char *text)
{
    const char *kept = arena_text(arena, text, strlen(text));
    return kept != NULL ? kept : "";
}

static void describe(const struct scenario *scenario, struct drill *drill)
{
    struct arena *arena = &drill->arena;
    drill->name = keep(arena, scenario->name);
    drill->title = keep(arena, scenario->title[0] != '\0' ? scenario->title : scenario->name);
    drill->description = keep(arena, scenario->description);
    drill->file = keep(arena, scenario->file);
    drill->hypothesis_title = keep(arena, scenario->drill.hypothesis.title);
    drill->rto_us = scenario->drill.rto_us;
    drill->slo_given = scenario->slo.given;
    drill->slo_objective = scenario->slo.objective;
    drill->good = scenario->drill.hypothesis.good;
    drill->holds_for_us = scenario->drill.hypothesis.holds_for_us;
    const char **tags = arena_push(arena, const char *, scenario->drill.tag_count + 1u);
    for (uint32_t i = 0; tags != NULL && i < scenario->drill.tag_count; i++)
        tags[i] = keep(arena, scenario->drill.tags[i]);
    drill->tags = tags;
    drill->tag_count = tags == NULL ? 0 : scenario->drill.tag_count;
}

/* What threads found, in order; their words move to the drill's arena. */
static bool gather(struct looking *looking, struct drill *drill)
{
    const uint32_t count = drill->result.replications;
    struct drill_repeat *each = arena_push(&drill->arena, struct drill_repeat, count + 1u);
    if (each == NULL) return false;
    memcpy(each, looking->repeats, count * sizeof *each);
    for (uint32_t i = 0; i < count; i++) {
        each[i].why = keep(&drill->arena, each[i].why);
        drill->left_out += each[i].verdict == VERDICT_INVALID;
    }
    if (each[0].verdict == VERDICT_INVALID || drill->left_out * LEFT_OUT_SHARE > count) {
        drill->left_out = 0;
    }
    for (uint32_t i = 0; i < count; i++)
        each[i].left_out = drill->left_out > 0 && each[i].verdict == VERDICT_INVALID;
    drill->each = each;
    drill->repeats = count;
    drill->marks = each[0].marks;
    memcpy(drill->values, each[0].values, sizeof drill->values);
    drill->budget_orders = looking->budget_orders;
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++) {
        drill_distribute(each, count, (enum drill_measure)m, &drill->measures[m]);
    }
    return true;
}

static void note(struct drill *drill, const char *words)
{
    struct result *result = &drill->result;
    if (result->note_count < RESULT_NOTES_MAX) result->notes[result->note_count++] = words;
}

/* What else than the file says, or otherwise, this drill is. */
static void note_ways(const struct looking *looking, const struct run_request *run,
                      struct drill *drill)
{
    const bool real = run->wire != NULL && run->wire->clock == WIRE_CLOCK_REAL;
    if (looking->scenario->drill.pace > 1.0) {
        char words[320];
        (void)snprintf(words, sizeof words,
                       "Played %.6g times as fast as it is written: spans of the story, of alerts "
                       "and of operators are divided by that, calls and the rate of orders are "
                       "not. Fewer orders come to a window, so alerts are more nervous.",
                       looking->scenario->drill.pace);
        note(drill, keep(&drill->arena, words));
    }
    if (real && looking->has_control) {
        note(drill, "The control ran in virtual time: an order that a socket's own cost moved "
                    "across a boundary differs from it without any fault.");
    }
    if (!looking->has_control) {
        note(drill, "There is no control: a provider that is real, or played back, cannot be asked "
                    "the same again without the fault. The impact is the first bad order of the "
                    "fault, and nothing is paired.");
    }
}

/* Cut short by a person, a drill is aborted, whatever its expectations had come to. */
static bool tell_stopped(struct drill *drill)
{
    if (drill->result.complete) return true;
    drill->verdict = drill->story_verdict = VERDICT_ABORTED;
    drill->why = "it was stopped by hand; what follows is of the time until then";
    return true;
}

static bool play_all(struct looking *looking, const struct drill_request *request,
                     struct drill *drill, struct err *err)
{
    const struct run_observer observer = {
        .context = looking, .pairs = true, .hired = hired, .dismissed = dismissed, .ran = ran};
    struct run_request run = request->run;
    run.observer = &observer;
    if (!run_scenario(&run, &drill->result, err)) return false;
    describe(looking->scenario, drill);
    note_ways(looking, &run, drill);
    if (!drill->result.complete && !looking->real) return true;
    return (gather(looking, drill) && drill_audit(looking->scenario, looking->details, drill) &&
            drill_judge(looking->scenario, looking->details, drill) && tell_stopped(drill)) ||
           out_of_memory(err);
}

bool drill_play(const struct drill_request *request, struct drill *drill, struct err *err)
{
    const struct scenario *scenario = request->run.scenario;
    const uint32_t count = scenario->replications;
    *drill = (struct drill){0};
    struct looking looking = {.scenario = scenario, .drill = drill};
    struct scenario *control = make_control(scenario);
    looking.repeats = calloc(count, sizeof *looking.repeats);
    looking.details = calloc(count, sizeof *looking.details);
    looking.arenas = calloc(count, sizeof *looking.arenas);
    bool fine = control != NULL && looking.repeats != NULL && looking.details != NULL &&
                looking.arenas != NULL;
    if (!fine) (void)out_of_memory(err);
    const bool planned = fine && world_plan_make(control, &looking.control_plan, err);
    if (planned) {
        looking.control_plan.pairs = true;
        looking.has_control = all_are_mocks(scenario);
        looking.real = request->run.wire != NULL && request->run.wire->clock == WIRE_CLOCK_REAL;
        looking.budget_orders = world_budget_orders(scenario, &looking.control_plan.workload);
        fine = play_all(&looking, request, drill, err);
        world_plan_release(&looking.control_plan);
    }
    for (uint32_t i = 0; looking.arenas != NULL && i < count; i++)
        arena_release(&looking.arenas[i]);
    free(looking.arenas);
    free(looking.details);
    free(looking.repeats);
    free(control);
    if (fine && planned) return true;
    drill_release(drill);
    return false;
}

void drill_release(struct drill *drill)
{
    result_release(&drill->result);
    arena_release(&drill->arena);
    *drill = (struct drill){0};
}
