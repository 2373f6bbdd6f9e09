#include <assert.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

/* Which of the keys that not every fault has, a kind takes, and which it cannot do without. */
static const struct kind_form {
    const char *takes[4];
    const char *needs;
} forms[FAULT_KIND_COUNT] = {
    [FAULT_LATENCY] = {.takes = {"add", "multiply"}},
    [FAULT_ERROR] = {.takes = {"status"}},
    [FAULT_THROTTLE] = {.takes = {"retry_after"}},
    [FAULT_AUTH] = {.takes = {"auth"}, .needs = "auth"},
    [FAULT_SLOW_BODY] = {.takes = {"multiply"}, .needs = "multiply"},
    [FAULT_PARTIAL] = {.takes = {"share"}, .needs = "share"},
    [FAULT_PRICE_DRIFT] = {.takes = {"factor"}, .needs = "factor"},
    [FAULT_STALE_PRICES] = {.takes = {"age"}},
    [FAULT_CLOCK_SKEW] = {.takes = {"skew"}, .needs = "skew"},
    [FAULT_OUTAGE] = {.takes = {"outage"}, .needs = "outage"},
    [FAULT_COMPROMISED] = {.takes = {"calls_per_min"}},
};
static const char *const of_some_kinds[] = {"add",  "multiply", "status",        "retry_after",
                                            "auth", "share",    "factor",        "age",
                                            "skew", "outage",   "calls_per_min", NULL};

struct fault_case {
    const struct scenario *scenario;
    const struct fault_spec *fault;
    struct err_list *list;
};

static const struct scenario_given *given_key(const struct fault_case *about, const char *name)
{
    const struct scenario_key *row = scenario_key_find(scenario_fault_keys, name);
    assert(row != NULL);
    return scenario_find_given(about->scenario, row, (const char *)about->fault + row->offset);
}

static struct place place_of(const struct fault_case *about, const char *name)
{
    const struct scenario_given *given = given_key(about, name);
    return given == NULL ? about->fault->place : given->place;
}

/* ---- kinds ---- */

static bool takes(enum fault_kind kind, const char *name)
{
    for (size_t i = 0; i < sizeof forms[kind].takes / sizeof forms[kind].takes[0]; i++) {
        if (forms[kind].takes[i] != NULL && strcmp(forms[kind].takes[i], name) == 0) return true;
    }
    return false;
}

static void say_what_it_takes(enum fault_kind kind, struct text *hint)
{
    text_format(hint, "a fault \"%s\" takes ", fault_kind_names[kind]);
    const char *between = "";
    for (size_t i = 0; of_some_kinds[i] != NULL; i++) {
        if (!takes(kind, of_some_kinds[i])) continue;
        text_format(hint, "%s\"%s\"", between, of_some_kinds[i]);
        between = " and ";
    }
    text_put(hint, between[0] == '\0' ? "nothing of its own" : " of its own");
}

static void validate_kind(const struct fault_case *about)
{
    const enum fault_kind kind = about->fault->kind;
    for (size_t i = 0; of_some_kinds[i] != NULL; i++) {
        if (takes(kind, of_some_kinds[i]) || given_key(about, of_some_kinds[i]) == NULL) continue;
        struct text hint = {0};
        say_what_it_takes(kind, &hint);
        err_add(about->list, place_of(about, of_some_kinds[i]), hint.bytes,
                "\"%s\" means nothing for a fault \"%s\"", of_some_kinds[i],
                fault_kind_names[kind]);
        text_release(&hint);
    }
    const char *needs = forms[kind].needs;
    if (kind == FAULT_OUTAGE && about->fault->part_count == 0) {
        err_add(about->list, place_of(about, "kind"),
                "\"outage\": [{\"kind\": \"refuse\", \"share\": 0.6}, {\"kind\": \"error\", "
                "\"share\": 0.4}]",
                "a fault \"outage\" needs a list \"outage\" of what its orders meet");
    } else if (needs != NULL && kind != FAULT_OUTAGE && given_key(about, needs) == NULL) {
        err_add(about->list, place_of(about, "kind"), NULL, "a fault \"%s\" needs \"%s\"",
                fault_kind_names[kind], needs);
    }
    if (kind == FAULT_LATENCY && given_key(about, "add") == NULL &&
        given_key(about, "multiply") == NULL) {
        err_add(about->list, place_of(about, "kind"), NULL,
                "a fault \"latency\" needs \"add\", \"multiply\" or both");
    }
}

static void validate_parts(const struct fault_case *about)
{
    for (uint32_t i = 0; i < about->fault->part_count; i++) {
        const struct outage_part *part = &about->fault->parts[i];
        const struct place place =
            scenario_place(about->scenario, part, sizeof *part, about->fault->place);
        const bool modifier =
            fault_layer(part->kind) == LAYER_MODIFIER && part->kind != FAULT_LATENCY;
        if (modifier || part->kind == FAULT_OUTAGE || part->kind == FAULT_COMPROMISED) {
            err_add(about->list, place, "make it a fault of its own",
                    "\"%s\" cannot be a part of an outage", fault_kind_names[part->kind]);
        }
    }
}

/* ---- time ---- */

static void validate_time(const struct fault_case *about)
{
    const struct fault_spec *fault = about->fault;
    const int64_t run_us = about->scenario->duration_us;
    char at[DURATION_TEXT_MAX];
    char end[DURATION_TEXT_MAX];
    char run[DURATION_TEXT_MAX];
    duration_format(fault->at_us, at);
    duration_format(fault->at_us + fault->for_us, end);
    duration_format(run_us, run);
    if (fault->at_us >= run_us) {
        err_add(about->list, place_of(about, "at"), NULL,
                "fault \"%s\" begins at %s, but the run ends at %s", fault->id, at, run);
        return;
    }
    if (fault->at_us + fault->for_us > run_us) {
        err_warn(about->list, place_of(about, "for"), NULL,
                 "fault \"%s\" lasts until %s, but the run ends at %s", fault->id, end, run);
    }
    if ((fault->flap_on_us == 0) != (fault->flap_off_us == 0)) {
        const void *flap = fault->flap_on_us == 0 ? &fault->flap_on_us : &fault->flap_off_us;
        err_add(about->list, scenario_place(about->scenario, flap, sizeof(int64_t), fault->place),
                NULL, "fault \"%s\" flaps: \"on\" and \"off\" must both be above 0s", fault->id);
    }
    if (fault->ramp_us > fault->for_us) {
        err_warn(about->list, place_of(about, "ramp"), NULL,
                 "fault \"%s\" ends before its ramp does, so it never reaches its fraction",
                 fault->id);
    }
}

/* ---- what it hits ---- */

static bool hits_an_operation(const struct fault_spec *fault)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            const bool asked =
                (fault->provider_mask >> p & 1u) != 0 && (fault->operation_mask >> o & 1u) != 0;
            if (asked && operation_exists((enum provider)p, (enum operation)o)) return true;
        }
    }
    return false;
}

static void validate_reach(const struct fault_case *about)
{
    const struct fault_spec *fault = about->fault;
    if (fault->fraction == 0.0) {
        err_warn(about->list, place_of(about, "fraction"), NULL,
                 "fault \"%s\" hits no order: its fraction is 0", fault->id);
    }
    if (fault->operation_mask == 0 || hits_an_operation(fault)) return;
    struct text hint = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((fault->provider_mask >> p & 1u) == 0) continue;
        text_format(&hint, "%s%s has", hint.length == 0 ? "" : "; ", provider_traits[p].id);
        const char *between = " ";
        for (unsigned o = 0; o < OPERATION_COUNT; o++) {
            if (!operation_exists((enum provider)p, (enum operation)o)) continue;
            text_format(&hint, "%s%s", between, operation_names[o]);
            between = ", ";
        }
    }
    err_add(about->list, place_of(about, "operations"), hint.bytes,
            "fault \"%s\" hits nothing: no provider of it has such an operation", fault->id);
    text_release(&hint);
}

static void validate_id(const struct fault_case *about, uint32_t index)
{
    const struct fault_spec *fault = about->fault;
    if (fault->id[0] == '\0') return; /* said already */
    if (strcmp(fault->id, "quiet") == 0 || strcmp(fault->id, "all") == 0) {
        err_add(about->list, place_of(about, "id"), "checks use the word for a part of the run",
                "a fault cannot be called \"%s\"", fault->id);
    }
    for (uint32_t i = 0; i < index; i++) {
        const struct fault_spec *other = &about->scenario->faults[i];
        if (strcmp(other->id, fault->id) != 0) continue;
        err_add(about->list, place_of(about, "id"), NULL,
                "two faults are called \"%s\"; the other stands in line %u", fault->id,
                (unsigned)other->place.line);
        return;
    }
}

void scenario_validate_faults(struct scenario *scenario, struct err_list *list)
{
    for (uint32_t i = 0; i < scenario->fault_count; i++) {
        const struct fault_case about = {
            .scenario = scenario, .fault = &scenario->faults[i], .list = list};
        validate_id(&about, i);
        if (scenario_is_refused(scenario, about.fault, sizeof *about.fault)) continue;
        validate_kind(&about);
        validate_parts(&about);
        if (!scenario_is_refused(scenario, &scenario->duration_us, sizeof scenario->duration_us)) {
            validate_time(&about);
        }
        validate_reach(&about);
    }
}
