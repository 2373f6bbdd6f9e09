/* journal.json: a drill as the Chaos Toolkit writes down an experiment, for programs that read
 * such. Its names and states are the toolkit's (chaoslib's journal: "status" completed, failed,
 * aborted or interrupted; activities "succeeded", "failed", "aborted"; instants in UTC without a
 * zone), what it has no name for stands under "extensions".
 *
 * Where the toolkit says which machine ran it and when, this says "routesim" and the scenario's own
 * instants: a journal is a function of the drill. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/drill_exports.h"
#include "reports/drill_json.h"
#include "reports/drill_text.h"
#include "router/base/duration.h"

/* ---- instants ---- */

static void put_instant(struct json_tree *tree, const char *key, const struct drill *drill,
                        int64_t at_us)
{
    char instant[INSTANT_TEXT_MAX];
    if (at_us == INT64_MAX) {
        json_tree_null(tree, key);
        return;
    }
    instant_format(drill->result.start_unix_us + at_us, instant);
    instant[strcspn(instant, "Z")] = '\0';
    json_tree_string(tree, key, instant);
}

static void put_course(struct json_tree *tree, const struct drill *drill, int64_t from_us,
                       int64_t until_us)
{
    const bool known = from_us != INT64_MAX && until_us != INT64_MAX;
    put_instant(tree, "start", drill, from_us);
    put_instant(tree, "end", drill, until_us);
    json_tree_number(tree, "duration", known ? (double)(until_us - from_us) / 1e6 : (double)NAN);
}

/* ---- steady states ---- */

static void put_probe_activity(struct json_tree *tree, const char *key,
                               const struct drill_probe *probe)
{
    json_tree_open(tree, key, '{', JSON_BLOCK);
    json_tree_string(tree, "type", "probe");
    json_tree_string(tree, "name", probe->name);
    json_tree_string(tree, "tolerance", probe->limit);
    json_tree_open(tree, "provider", '{', JSON_LINE);
    json_tree_string(tree, "type", "routesim");
    json_tree_string(tree, "metric", probe->metric);
    json_tree_string(tree, "mode", probe_mode_names[probe->mode]);
    json_tree_close(tree, '}');
    json_tree_close(tree, '}');
}

static void put_looked(struct json_tree *tree, const struct drill *drill,
                       const struct drill_probe *probe, int8_t met,
                       const struct signal_value *value, int64_t at_us)
{
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    put_probe_activity(tree, "activity", probe);
    json_tree_number(tree, "output", value->known ? value->value : (double)NAN);
    json_tree_string(tree, "status", value->known ? "succeeded" : "failed");
    json_tree_flag(tree, "tolerance_met", met == 1);
    put_course(tree, drill, at_us, at_us);
    json_tree_close(tree, '}');
}

/* The probes that are looked at before the method, or at the end; null when none is. */
static void put_state(struct json_tree *tree, const char *key, const struct drill *drill,
                      bool at_end, int64_t at_us)
{
    bool met = true, any = false;
    for (uint32_t i = 0; i < drill->probe_count; i++) {
        const struct story_probe *seen = &drill->probes[i].seen;
        const int8_t now = at_end ? seen->at_end : seen->at_start;
        any |= now >= 0;
        met &= now != 0;
    }
    if (!any) {
        json_tree_null(tree, key);
        return;
    }
    json_tree_open(tree, key, '{', JSON_BLOCK);
    json_tree_flag(tree, "steady_state_met", met);
    json_tree_open(tree, "probes", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->probe_count; i++) {
        const struct drill_probe *probe = &drill->probes[i];
        const int8_t now = at_end ? probe->seen.at_end : probe->seen.at_start;
        if (now < 0) continue;
        put_looked(tree, drill, probe, now, at_end ? &probe->seen.end : &probe->seen.start, at_us);
    }
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* While the method runs, a state is written down when it changes. */
static void put_during(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "during", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        const bool met = entry->kind == STORY_HYPOTHESIS_MET;
        if (!met && entry->kind != STORY_HYPOTHESIS_LOST) continue;
        json_tree_open(tree, NULL, '{', JSON_BLOCK);
        json_tree_flag(tree, "steady_state_met", met);
        put_instant(tree, "start", drill, entry->at_us);
        json_tree_string(tree, "output", entry->text);
        json_tree_open(tree, "probes", '[', JSON_LINE);
        json_tree_close(tree, ']');
        json_tree_close(tree, '}');
    }
    json_tree_close(tree, ']');
}

static void put_states(struct json_tree *tree, const struct drill *drill)
{
    const int64_t first_us = drill->marks.fault_us != INT64_MAX ? drill->marks.fault_us : 0;
    json_tree_open(tree, "steady_states", '{', JSON_BLOCK);
    put_state(tree, "before", drill, false, first_us);
    put_during(tree, drill);
    put_state(tree, "after", drill, true, drill->result.duration_us);
    json_tree_close(tree, '}');
}

/* ---- activities ---- */

static void put_step_activity(struct json_tree *tree, const char *key,
                              const struct drill_step *step)
{
    struct text name = {0};
    text_format(&name, "%s: ", step->id);
    drill_show_step(&name, step);
    json_tree_open(tree, key, '{', JSON_BLOCK);
    json_tree_string(tree, "type", strcmp(step->verb, "verify") == 0 ? "probe" : "action");
    json_tree_string(tree, "name", name.bytes != NULL ? name.bytes : "");
    json_tree_open(tree, "provider", '{', JSON_LINE);
    json_tree_string(tree, "type", "routesim");
    json_tree_string(tree, "operator", drill_step_who(step));
    json_tree_string(tree, "do", step->verb);
    json_tree_string(tree, "what", step->what);
    json_tree_close(tree, '}');
    json_tree_close(tree, '}');
    tree->text->failed |= name.failed;
    text_release(&name);
}

static void put_fault_activity(struct json_tree *tree, const char *key,
                               const struct result_fault *fault)
{
    json_tree_open(tree, key, '{', JSON_BLOCK);
    json_tree_string(tree, "type", "action");
    json_tree_string(tree, "name", fault->id);
    json_tree_open(tree, "provider", '{', JSON_LINE);
    json_tree_string(tree, "type", "routesim");
    json_tree_string(tree, "fault", fault->kind);
    json_tree_open(tree, "targets", '[', JSON_LINE);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        if (fault->provider_mask & 1u << p) json_tree_string(tree, NULL, provider_traits[p].id);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
    json_tree_close(tree, '}');
}

static const char *step_status(const struct drill_step *step)
{
    if (step->outcome == STEP_FAILED) return "failed";
    return step->ended_us == INT64_MAX ? "aborted" : "succeeded";
}

static void put_step(struct json_tree *tree, const struct drill *drill,
                     const struct drill_step *step)
{
    struct text output = {0};
    drill_show_outcome(&output, step);
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    put_step_activity(tree, "activity", step);
    json_tree_string(tree, "output", output.bytes != NULL ? output.bytes : "");
    json_tree_string(tree, "status", step_status(step));
    put_course(tree, drill, step->began_us, step->ended_us);
    json_tree_close(tree, '}');
    tree->text->failed |= output.failed;
    text_release(&output);
}

/* The window that a fault has in the file, or shorter where a rollback has ended it. */
static void put_fault(struct json_tree *tree, const struct drill *drill, uint32_t index)
{
    const struct result_fault *fault = &drill->result.faults[index];
    int64_t from_us = INT64_MAX, until_us = INT64_MAX;
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->index != index) continue;
        if (entry->kind == STORY_FAULT_ON && from_us == INT64_MAX) from_us = entry->at_us;
        if (entry->kind == STORY_FAULT_OFF) until_us = entry->at_us;
    }
    if (from_us == INT64_MAX) return; /* it never came to it */
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    put_fault_activity(tree, "activity", fault);
    json_tree_string(tree, "output", fault->label);
    json_tree_string(tree, "status", "succeeded");
    put_course(tree, drill, from_us, until_us != INT64_MAX ? until_us : drill->result.duration_us);
    json_tree_close(tree, '}');
}

/* In the order in which they began; faults of an instant before steps of it. */
static void put_run(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "run", '[', JSON_BLOCK);
    int64_t after_us = INT64_MIN;
    while (after_us != INT64_MAX) {
        int64_t next_us = INT64_MAX;
        for (uint32_t i = 0; i < drill->entry_count; i++)
            if (drill->entries[i].kind == STORY_FAULT_ON && drill->entries[i].at_us > after_us &&
                drill->entries[i].at_us < next_us)
                next_us = drill->entries[i].at_us;
        for (uint32_t i = 0; i < drill->step_count; i++)
            if (drill->steps[i].operator_index >= 0 && drill->steps[i].began_us > after_us &&
                drill->steps[i].began_us < next_us)
                next_us = drill->steps[i].began_us;
        if (next_us == INT64_MAX) break;
        for (uint32_t i = 0; i < drill->entry_count; i++)
            if (drill->entries[i].kind == STORY_FAULT_ON && drill->entries[i].at_us == next_us &&
                drill->entries[i].index < drill->result.fault_count)
                put_fault(tree, drill, drill->entries[i].index);
        for (uint32_t i = 0; i < drill->step_count; i++)
            if (drill->steps[i].operator_index >= 0 && drill->steps[i].began_us == next_us)
                put_step(tree, drill, &drill->steps[i]);
        after_us = next_us;
    }
    json_tree_close(tree, ']');
}

static void put_rollbacks(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "rollbacks", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->step_count; i++)
        if (drill->steps[i].operator_index < 0 && drill->steps[i].began_us != INT64_MAX)
            put_step(tree, drill, &drill->steps[i]);
    json_tree_close(tree, ']');
}

/* ---- the experiment ---- */

static void put_hypothesis(struct json_tree *tree, const struct drill *drill)
{
    if (drill->probe_count == 0) return;
    const bool titled = drill->hypothesis_title != NULL && drill->hypothesis_title[0] != '\0';
    json_tree_open(tree, "steady-state-hypothesis", '{', JSON_BLOCK);
    json_tree_string(tree, "title", titled ? drill->hypothesis_title : drill->title);
    json_tree_open(tree, "probes", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->probe_count; i++)
        put_probe_activity(tree, NULL, &drill->probes[i]);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

static void put_experiment(struct json_tree *tree, const struct drill *drill)
{
    json_tree_open(tree, "experiment", '{', JSON_BLOCK);
    json_tree_string(tree, "version", "1.0.0");
    json_tree_string(tree, "title", drill->title);
    json_tree_string(tree, "description", drill->description);
    json_tree_open(tree, "tags", '[', JSON_LINE);
    for (uint32_t i = 0; i < drill->tag_count; i++)
        json_tree_string(tree, NULL, drill->tags[i]);
    json_tree_close(tree, ']');
    put_hypothesis(tree, drill);
    json_tree_open(tree, "method", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->result.fault_count; i++)
        put_fault_activity(tree, NULL, &drill->result.faults[i]);
    for (uint32_t i = 0; i < drill->step_count; i++)
        if (drill->steps[i].operator_index >= 0) put_step_activity(tree, NULL, &drill->steps[i]);
    json_tree_close(tree, ']');
    json_tree_open(tree, "rollbacks", '[', JSON_BLOCK);
    for (uint32_t i = 0; i < drill->step_count; i++)
        if (drill->steps[i].operator_index < 0) put_step_activity(tree, NULL, &drill->steps[i]);
    json_tree_close(tree, ']');
    json_tree_close(tree, '}');
}

/* ---- ours ---- */

static void put_extension(struct json_tree *tree, const struct drill *drill)
{
    const struct drill_marks *marks = &drill->marks;
    json_tree_open(tree, "extensions", '[', JSON_BLOCK);
    json_tree_open(tree, NULL, '{', JSON_BLOCK);
    json_tree_string(tree, "name", "routesim");
    json_tree_string(tree, "schema", DRILL_SCHEMA);
    json_tree_string(tree, "drill", drill->name);
    json_tree_string(tree, "command", drill->result.command);
    json_tree_string(tree, "seed", drill->result.seed_text);
    json_tree_count(tree, "repeats", drill->repeats);
    json_tree_string(tree, "verdict", drill_verdict_names[drill->verdict]);
    json_tree_string(tree, "story_verdict", drill_verdict_names[drill->story_verdict]);
    json_tree_string(tree, "why", drill->why);
    json_tree_open(tree, "marks", '{', JSON_BLOCK);
    for (unsigned m = 0; m < DRILL_MARK_COUNT; m++)
        put_instant(tree, drill_mark_names[m], drill, drill_mark_us(marks, (enum drill_mark)m));
    json_tree_close(tree, '}');
    json_tree_open(tree, "measures", '{', JSON_BLOCK);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        drill_json_value(tree, drill_measure_traits[m].name, &drill->values[m]);
    json_tree_close(tree, '}');
    json_tree_close(tree, '}');
    json_tree_close(tree, ']');
}

static const char *status_of(const struct drill *drill)
{
    if (!drill->result.complete) return "interrupted";
    switch (drill->story_verdict) {
    case VERDICT_PASS:
    case VERDICT_FAIL: /* an expectation is ours: the experiment ran to its end */
        return "completed";
    case VERDICT_DEVIATED:
    case VERDICT_INVALID:
        return "failed";
    case VERDICT_ABORTED:
    case VERDICT_COUNT:
        break;
    }
    return "aborted";
}

void drill_write_journal(struct text *text, const struct drill *drill)
{
    struct json_tree tree = {.text = text};
    json_tree_open(&tree, NULL, '{', JSON_BLOCK);
    json_tree_string(&tree, "chaoslib-version", drill->result.program);
    json_tree_string(&tree, "platform", "routesim");
    json_tree_string(&tree, "node", "routesim");
    put_experiment(&tree, drill);
    put_instant(&tree, "start", drill, 0);
    json_tree_string(&tree, "status", status_of(drill));
    json_tree_flag(&tree, "deviated", drill->story_verdict == VERDICT_DEVIATED);
    put_states(&tree, drill);
    put_run(&tree, drill);
    put_rollbacks(&tree, drill);
    put_instant(&tree, "end", drill, drill->result.duration_us);
    json_tree_number(&tree, "duration", (double)drill->result.duration_us / 1e6);
    put_extension(&tree, drill);
    json_tree_close(&tree, '}');
}
