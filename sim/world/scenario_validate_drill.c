/* Hypothesis, ends and deployment of a drill; the rest stands in files of its own. */
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_validate.h"

static struct place whole_file(const struct scenario *scenario)
{
    return (struct place){.file = scenario->file};
}

/* ---- the hypothesis ---- */

struct probe_case {
    const struct scenario *scenario;
    struct probe_spec *probe;
    struct err_list *list;
    struct signal_place place;
};

static const struct scenario_given *given(const struct probe_case *about, const char *name)
{
    const struct scenario_key *const probes = scenario_key_find(scenario_hypothesis_keys, "probes");
    return given_in(about->scenario, probes->element->keys, name, about->probe);
}

static struct place place_of(const struct probe_case *about, const char *name)
{
    const struct scenario_given *const key = given(about, name);
    return key == NULL ? about->probe->place : key->place;
}

struct valid_names valid_probes(const struct scenario *scenario)
{
    const struct hypothesis_spec *const hypothesis = &scenario->drill.hypothesis;
    struct valid_names names = {.count = 0};
    for (uint32_t i = 0; i < hypothesis->probe_count; i++)
        valid_names_add(&names, hypothesis->probes[i].name);
    return names;
}

static void validate_name(const struct probe_case *about, uint32_t index)
{
    const struct probe_spec *const probe = about->probe;
    if (probe->name[0] == '\0') {
        if (scenario_is_refused(about->scenario, probe, sizeof *probe)) return;
        err_add(about->list, place_of(about, "name"), NULL, "a probe needs a name");
        return;
    }
    for (uint32_t i = 0; i < index; i++) {
        const struct probe_spec *const other = &about->scenario->drill.hypothesis.probes[i];
        if (strcmp(other->name, probe->name) != 0) continue;
        err_add(about->list, place_of(about, "name"), NULL,
                "two probes are called \"%s\"; the other stands in line %u", probe->name,
                (unsigned)other->place.line);
        return;
    }
}

static void validate_mode(const struct probe_case *about)
{
    static const char *const of_edges[] = {"eventually_within", "holds_for"};
    const enum probe_mode mode = about->probe->mode;
    const bool faults = scenario_window_count(about->scenario) > 0;
    if ((mode == PROBE_ON_CHAOS || mode == PROBE_START) && !faults) {
        err_warn(about->list, place_of(about, "mode"), NULL,
                 "probe \"%s\" is never looked at: this scenario has no faults",
                 about->probe->name);
    }
    if (mode != PROBE_CONTINUOUS && mode != PROBE_ON_CHAOS) return;
    for (size_t i = 0; i < sizeof of_edges / sizeof of_edges[0]; i++) {
        if (given(about, of_edges[i]) == NULL) continue;
        err_warn(about->list, place_of(about, of_edges[i]),
                 "say \"mode\": \"start\", \"end\" or \"edge\" to use it",
                 "\"%s\" means nothing for a probe of the mode \"%s\"", of_edges[i],
                 probe_mode_names[mode]);
    }
}

static void validate_hypothesis(struct scenario *scenario, struct err_list *list)
{
    struct hypothesis_spec *const hypothesis = &scenario->drill.hypothesis;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        struct probe_spec *const probe = &hypothesis->probes[i];
        const struct probe_case about = {
            .scenario = scenario, .probe = probe, .list = list, .place = {scenario, probe->place}};
        validate_name(&about, i);
        if (scenario_is_refused(scenario, probe, sizeof *probe)) continue;
        validate_mode(&about);
        if (!validate_signal(&about.place, probe->metric, false, &probe->scope, &probe->signal,
                             list)) {
            continue;
        }
        validate_threshold(&about.place, probe->limit_text, probe->metric, probe->signal,
                           &probe->limit, list);
        if (probe->signal != SIGNAL_SLOW_RATE && given(&about, "slow_over") != NULL) {
            err_warn(list, place_of(&about, "slow_over"), NULL,
                     "\"slow_over\" means nothing for %s", probe->metric);
        }
    }
    if (hypothesis->given && hypothesis->probe_count == 0 &&
        !scenario_is_refused(scenario, hypothesis, sizeof *hypothesis)) {
        err_warn(list,
                 scenario_place(scenario, hypothesis, sizeof *hypothesis, whole_file(scenario)),
                 NULL, "a hypothesis without \"probes\" is always met");
    }
}

/* ---- ends ---- */

static void validate_stops(struct scenario *scenario, struct err_list *list)
{
    for (uint32_t i = 0; i < scenario->drill.stop_count; i++) {
        struct stop_spec *const stop = &scenario->drill.stops[i];
        const struct signal_place place = {scenario, stop->place};
        if (scenario_is_refused(scenario, stop, sizeof *stop)) continue;
        if (!validate_signal(&place, stop->metric, false, &stop->scope, &stop->signal, list)) {
            continue;
        }
        validate_threshold(&place, stop->limit_text, stop->metric, stop->signal, &stop->limit,
                           list);
    }
}

static void validate_rollbacks(const struct scenario *scenario, struct err_list *list)
{
    const struct rollback_spec *const rollbacks = &scenario->drill.rollbacks;
    const struct place at =
        scenario_place(scenario, &rollbacks->at_us, sizeof rollbacks->at_us, whole_file(scenario));
    char text[DURATION_TEXT_MAX];
    char run[DURATION_TEXT_MAX];
    if (!rollbacks->given || scenario_is_refused(scenario, rollbacks, sizeof *rollbacks)) return;
    if (rollbacks->at_us >= scenario->duration_us) {
        duration_format(rollbacks->at_us, text);
        duration_format(scenario->duration_us, run);
        err_add(list, at, NULL, "rollbacks begin at %s, but the run ends at %s", text, run);
    }
    const struct place place =
        scenario_place(scenario, rollbacks, sizeof *rollbacks, whole_file(scenario));
    if (rollbacks->step_count == 0) {
        err_warn(list, place, "\"steps\": [{\"do\": \"rollback\"}, {\"do\": \"redeploy\"}]",
                 "rollbacks without \"steps\" undo nothing");
    } else if (rollbacks->strategy == ROLLBACK_NEVER) {
        err_warn(list, place, NULL, "nothing is rolled back: the strategy is \"never\"");
    }
}

static void validate_rto(const struct scenario *scenario, struct err_list *list)
{
    const struct drill_spec *const drill = &scenario->drill;
    if (drill->rto_us < 0 || drill->rto_us <= scenario->duration_us) return;
    err_warn(list,
             scenario_place(scenario, &drill->rto_us, sizeof drill->rto_us, whole_file(scenario)),
             NULL, "the run ends before the time that recovering may take");
}

/* ---- how changes take effect ---- */

static void validate_deployment(const struct scenario *scenario, struct err_list *list)
{
    const struct deployment_spec *const deployment = &scenario->deployment;
    const struct place unseen = {.line = UINT32_MAX};
    const struct place any = scenario_place(scenario, deployment, sizeof *deployment, unseen);
    const struct place recycle =
        scenario_place(scenario, &deployment->recycle, sizeof deployment->recycle, unseen);
    scenario_validate_law(scenario, &deployment->redeploy, "the time of a redeploy", list);
    scenario_validate_law(scenario, &deployment->recycle, "the time until an isolate is recycled",
                          list);
    if (any.line == UINT32_MAX || scenario_is_refused(scenario, deployment, sizeof *deployment)) {
        return;
    }
    if (scenario->drill.operator_count == 0 && !scenario->drill.rollbacks.given) {
        err_warn(list, any, NULL,
                 "\"deployment\" means nothing where neither operators nor rollbacks change "
                 "anything");
    } else if (recycle.line != UINT32_MAX && deployment->propagation != PROPAGATE_ON_COLD_START) {
        err_warn(list, recycle, "say \"propagation\": \"on_cold_start\" to use it",
                 "\"recycle\" means nothing for a propagation \"%s\"",
                 propagation_names[deployment->propagation]);
    }
}

void scenario_validate_drill(struct scenario *scenario, struct err_list *list)
{
    validate_deployment(scenario, list);
    validate_hypothesis(scenario, list);
    scenario_validate_operators(scenario, list);
    validate_stops(scenario, list);
    validate_rollbacks(scenario, list);
    validate_rto(scenario, list);
    scenario_validate_expects(scenario, list);
}
