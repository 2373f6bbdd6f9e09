/* The steady-state hypothesis while it is looked at, and stop conditions. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/story_state.h"

enum { LOOK_UNMET, LOOK_MET, LOOK_NOTHING };

const struct probe_spec *story_probe_named(const struct story *story, const char *name)
{
    const struct hypothesis_spec *hypothesis = &story->drill->hypothesis;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        if (strcmp(hypothesis->probes[i].name, name) == 0) return &hypothesis->probes[i];
    }
    return NULL;
}

bool story_fault_is_on(const struct story *story, int64_t now_us)
{
    if (story->stopped) return false;
    for (uint32_t f = 0; f < scenario_window_count(story->scenario); f++) {
        const struct fault_window window = scenario_window(story->scenario, f);
        if (now_us >= window.at_us && now_us < story->over_us[f]) return true;
    }
    return false;
}

/* Of a signal of each provider, the probe holds when it does for all that are enabled. */
static int compare(struct story *story, struct signal_query query, const struct probe_spec *probe,
                   int64_t now_us, struct signal_value *value)
{
    *value = signals_read(&story->signals, &query, now_us / US_PER_SECOND);
    if (!value->known || value->n < probe->min_volume) return -1;
    return check_operator_holds(probe->op, value->value, probe->limit);
}

int story_probe_now(struct story *story, const struct probe_spec *probe, int64_t now_us,
                    struct signal_value *value)
{
    struct signal_query query = {.kind = probe->signal,
                                 .scope = probe->scope,
                                 .window_s = probe->window_us / US_PER_SECOND,
                                 .slow_over_us = probe->slow_over_us};
    if (probe->scope != SCOPE_EACH_PROVIDER) return compare(story, query, probe, now_us, value);
    int found = -1;
    struct signal_value worst = {.value = NAN};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!story->deployment.first.providers[p].enabled) continue;
        struct signal_value one;
        query.scope = p;
        const int met = compare(story, query, probe, now_us, &one);
        if (met < 0) continue;
        if (found < 0 || met < found) {
            found = met;
            worst = one;
        }
    }
    *value = worst;
    return found;
}

/* --- looks ---------------------------------------------------------------------------------------
 */

static int64_t next_second_us(int64_t us)
{
    return (us + US_PER_SECOND - 1) / US_PER_SECOND * US_PER_SECOND;
}

void story_probes_begin(struct story *story)
{
    const struct hypothesis_spec *hypothesis = &story->drill->hypothesis;
    const struct scenario *scenario = story->scenario;
    const int64_t end_us = scenario->duration_us / US_PER_SECOND * US_PER_SECOND;
    for (uint32_t i = 0; i < PROBES_MAX; i++) {
        story->probes[i] =
            (struct story_probe){.at_start = -1, .at_end = -1, .first_unmet_us = INT64_MAX};
        story->probe_states[i] = (struct probe_state){
            .holds_since_us = INT64_MAX, .unmet_since_us = INT64_MAX, .restored_us = INT64_MAX};
    }
    const bool looks = hypothesis->probe_count > 0 || story->drill->stop_count > 0;
    const int64_t first_us = next_second_us(scenario->warmup_us);
    story->look_us = looks ? first_us + hypothesis->frequency_us : INT64_MAX;
    if (story->look_us > end_us) story->look_us = INT64_MAX;
    story->facts.look_from_us = story->look_us;
    story->facts.look_every_us = hypothesis->frequency_us;
    story->start_look_us = story->end_look_us = INT64_MAX;
    if (hypothesis->probe_count == 0) return;
    story->end_look_us = end_us;
    if (story->facts.first_fault_us < INT64_MAX) {
        story->start_look_us = story->facts.first_fault_us / US_PER_SECOND * US_PER_SECOND;
    }
}

static bool is_due_before(enum probe_mode mode)
{
    return mode == PROBE_START || mode == PROBE_EDGE;
}

static bool is_due_after(enum probe_mode mode)
{
    return mode == PROBE_END || mode == PROBE_EDGE;
}

/* Whether a probe that holds now has for as long as it has to; looks say it. */
static bool has_held(const struct story *story, uint32_t index, int64_t now_us)
{
    const int64_t holds_for_us = story->drill->hypothesis.probes[index].holds_for_us;
    const int64_t since_us = story->probe_states[index].holds_since_us;
    return holds_for_us == 0 || (since_us < INT64_MAX && now_us - since_us >= holds_for_us);
}

void story_look_at_start(struct story *story, int64_t now_us)
{
    const struct hypothesis_spec *hypothesis = &story->drill->hypothesis;
    story->start_look_us = INT64_MAX;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        struct story_probe *seen = &story->probes[i];
        int met = story_probe_now(story, probe, now_us, &seen->start);
        if (met == 1) met = has_held(story, i, now_us);
        seen->at_start = (int8_t)met;
        if (!is_due_before(probe->mode)) continue;
        seen->evaluated += met >= 0;
        seen->met += met == 1;
        seen->thin += met < 0;
    }
}

static void follow(struct story *story, uint32_t index, int met, int64_t now_us)
{
    const struct probe_spec *probe = &story->drill->hypothesis.probes[index];
    struct probe_state *state = &story->probe_states[index];
    struct story_probe *seen = &story->probes[index];
    if (met < 0) {
        seen->thin++;
        return;
    }
    state->looked = true;
    state->holds = met == 1;
    if (met == 1) {
        if (state->holds_since_us == INT64_MAX) state->holds_since_us = now_us;
        state->unmet_since_us = INT64_MAX;
    } else {
        state->holds_since_us = INT64_MAX;
        if (state->unmet_since_us == INT64_MAX) state->unmet_since_us = now_us;
        if (seen->first_unmet_us == INT64_MAX) seen->first_unmet_us = now_us;
    }
    const bool continuous = probe->mode == PROBE_CONTINUOUS ||
                            (probe->mode == PROBE_ON_CHAOS && story_fault_is_on(story, now_us));
    if (continuous) {
        seen->evaluated++;
        seen->met += met == 1;
    }
    if (story->facts.last_clear_us > now_us || state->restored_us < INT64_MAX) return;
    if (met == 1 && now_us - state->holds_since_us >= probe->holds_for_us) {
        const int64_t since_us = state->holds_since_us;
        state->restored_us =
            since_us > story->facts.last_clear_us ? since_us : story->facts.last_clear_us;
    }
}

static void keep_look(struct story *story, uint8_t look)
{
    if (story->look_count == story->look_capacity) {
        const uint32_t more = story->look_capacity == 0 ? 1024 : story->look_capacity * 2;
        uint8_t *grown = realloc(story->looks, more);
        if (grown == NULL) {
            story->failed = true;
            return;
        }
        story->looks = grown;
        story->look_capacity = more;
    }
    story->looks[story->look_count++] = look;
}

static void note_hypothesis(struct story *story, bool met, const struct probe_spec *unmet,
                            const struct signal_value *value, int64_t now_us)
{
    if (met == !story->hypothesis_lost) return;
    story->hypothesis_lost = !met;
    (void)story_note(
        story, &(struct story_entry){.at_us = now_us,
                                     .kind = met ? STORY_HYPOTHESIS_MET : STORY_HYPOTHESIS_LOST,
                                     .step = -1,
                                     .cause = -1,
                                     .text = unmet != NULL ? unmet->name : "",
                                     .value = *value});
}

/* What all probes that make up the steady state say together: those of `start` do so only before
 * the method, those of `on_chaos` are about the fault. */
static void look_at_hypothesis(struct story *story, int64_t now_us)
{
    const struct hypothesis_spec *hypothesis = &story->drill->hypothesis;
    const struct probe_spec *unmet = NULL;
    struct signal_value unmet_value = {.value = NAN};
    bool said = false;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        struct signal_value value;
        const int met = story_probe_now(story, probe, now_us, &value);
        follow(story, i, met, now_us);
        if (probe->mode == PROBE_START || probe->mode == PROBE_ON_CHAOS) continue;
        const struct probe_state *state = &story->probe_states[i];
        said = said || state->looked;
        if (!state->looked || state->holds || unmet != NULL) continue;
        unmet = probe;
        unmet_value = value;
    }
    keep_look(story, !said ? LOOK_NOTHING : unmet == NULL ? LOOK_MET : LOOK_UNMET);
    if (said) note_hypothesis(story, unmet == NULL, unmet, &unmet_value, now_us);
}

/* Those that are on; the others are not to come any more, and so are over too. */
static void end_faults(struct story *story, int32_t cause, int64_t now_us)
{
    for (uint32_t f = 0; f < scenario_window_count(story->scenario); f++) {
        const struct fault_window window = scenario_window(story->scenario, f);
        if (now_us >= story->over_us[f]) continue;
        story->over_us[f] = now_us;
        if (now_us < window.at_us) continue;
        (void)story_note(story, &(struct story_entry){.at_us = now_us,
                                                      .kind = STORY_FAULT_OFF,
                                                      .index = (uint16_t)f,
                                                      .step = -1,
                                                      .cause = cause,
                                                      .text = window.id});
    }
}

static void stop(struct story *story, uint32_t index, const struct signal_value *value,
                 int64_t now_us)
{
    const int32_t entry =
        story_note(story, &(struct story_entry){.at_us = now_us,
                                                .kind = STORY_STOPPED,
                                                .index = (uint16_t)index,
                                                .step = -1,
                                                .cause = -1,
                                                .text = story->drill->stops[index].metric,
                                                .value = *value});
    story->stopped = true;
    story->stop_entry = entry;
    story->facts.stopped_us = now_us;
    end_faults(story, entry, now_us);
    story_find_last_clear(story);
    story->fault_next = story->turn_count;
    story->port.end_faults(story->port.context, now_us);
    story_actors_stop(story, now_us);
}

static void look_at_stops(struct story *story, int64_t now_us)
{
    for (uint32_t i = 0; i < story->drill->stop_count && !story->stopped; i++) {
        const struct stop_spec *spec = &story->drill->stops[i];
        const struct signal_query query = {.kind = spec->signal,
                                           .scope = spec->scope,
                                           .window_s = spec->window_us / US_PER_SECOND};
        const struct signal_value value =
            signals_read(&story->signals, &query, now_us / US_PER_SECOND);
        if (!value.known || value.n < spec->min_volume) continue;
        if (check_operator_holds(spec->op, value.value, spec->limit)) {
            stop(story, i, &value, now_us);
        }
    }
}

void story_look(struct story *story, int64_t now_us)
{
    const int64_t end_us = story->scenario->duration_us;
    if (story->drill->hypothesis.probe_count > 0) look_at_hypothesis(story, now_us);
    look_at_stops(story, now_us);
    story->look_us += story->drill->hypothesis.frequency_us;
    if (story->look_us > end_us) story->look_us = INT64_MAX;
}

/* At the end a probe holds when it does now and has for `holds_for`; where it had so long to become
 * true again (`eventually_within`), it did by then. */
void story_look_at_end(struct story *story, int64_t now_us)
{
    const struct hypothesis_spec *hypothesis = &story->drill->hypothesis;
    story->end_look_us = INT64_MAX;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        const struct probe_state *state = &story->probe_states[i];
        struct story_probe *seen = &story->probes[i];
        int met = story_probe_now(story, probe, now_us, &seen->end);
        if (met == 1) met = has_held(story, i, now_us);
        if (met == 1 && probe->eventually_within_us > 0 && story->turn_count > 0) {
            met = state->restored_us < INT64_MAX &&
                  state->restored_us - story->facts.last_clear_us <= probe->eventually_within_us;
        }
        seen->at_end = (int8_t)met;
        if (!is_due_after(probe->mode)) continue;
        seen->evaluated += met >= 0;
        seen->met += met == 1;
        seen->thin += met < 0;
    }
}
