/* The verdict of one repeat, of what was expected, and of the drill. */
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/analysis/drill_state.h"

enum { WORDS_MAX = 384, TEXT_MAX = 2 * DRILL_TEXT_MAX + 32 };

static const char *say(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static const char *say(struct arena *arena, const char *format, ...)
{
    char text[WORDS_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const char *kept = arena_text(arena, text, strlen(text));
    return kept != NULL ? kept : "";
}

/* --- one repeat ----------------------------------------------------------------------------------
 */

static bool is_due_before(enum probe_mode mode)
{
    return mode == PROBE_START || mode == PROBE_EDGE;
}

static bool is_due_after(enum probe_mode mode)
{
    return mode == PROBE_END || mode == PROBE_EDGE;
}

/* Before the method; what comes after a stop condition is nobody's omission. */
static const char *find_unmet_start(const struct drill_play *play, struct arena *arena)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const int64_t fault_us = play->facts->first_fault_us;
    if (fault_us == INT64_MAX || play->facts->stopped_us < fault_us) return NULL;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        const struct story_probe *seen = &play->facts->probes[i];
        if (is_due_before(probe->mode) && seen->at_start != 1) {
            return say(arena,
                       seen->at_start == 0
                           ? "steady state was not there before the method: \"%s\" did not "
                             "hold"
                           : "steady state is not known before the method: \"%s\" had too "
                             "little to look at",
                       probe->name);
        }
    }
    return NULL;
}

static const char *find_unevaluated(const struct drill_play *play, struct arena *arena)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const bool faults = play->scenario->fault_count > 0;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        const struct story_probe *seen = &play->facts->probes[i];
        if (seen->evaluated == 0) {
            return say(arena,
                       "the probe \"%s\" was never evaluated (too little to look at %u "
                       "times)",
                       probe->name, (unsigned)seen->thin);
        }
    }
    if (faults && play->faults_met == 0) return say(arena, "no fault has hit a single call");
    return NULL;
}

static const char *find_deviation(const struct drill_play *play, struct arena *arena)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    for (uint32_t i = 0; i < hypothesis->probe_count; i++) {
        const struct probe_spec *probe = &hypothesis->probes[i];
        const struct story_probe *seen = &play->facts->probes[i];
        if (is_due_after(probe->mode) && seen->at_end != 1) {
            return say(arena, "steady state was not restored: \"%s\" did not hold at the end",
                       probe->name);
        }
        const bool throughout = probe->mode == PROBE_CONTINUOUS || probe->mode == PROBE_ON_CHAOS;
        if (throughout && seen->met < seen->evaluated) {
            return say(arena, "\"%s\" had to hold throughout and did not, %u of %u times",
                       probe->name, (unsigned)(seen->evaluated - seen->met),
                       (unsigned)seen->evaluated);
        }
    }
    return NULL;
}

static const char *stop_metric(const struct drill_play *play)
{
    for (uint32_t i = 0; i < play->facts->entry_count; i++) {
        const struct story_entry *entry = &play->facts->entries[i];
        if (entry->kind == STORY_STOPPED) return entry->text;
    }
    return "";
}

void drill_judge_repeat(const struct drill_play *play, struct drill_repeat *repeat,
                        struct arena *arena)
{
    const char *why = find_unmet_start(play, arena);
    repeat->verdict = VERDICT_INVALID;
    if (why == NULL && play->facts->stopped_us == INT64_MAX) why = find_unevaluated(play, arena);
    if (why == NULL && play->facts->stopped_us < INT64_MAX) {
        char at[DURATION_TEXT_MAX];
        duration_for_people(play->facts->stopped_us, at);
        why = say(arena, "the stop condition on %s ended it at %s", stop_metric(play), at);
        repeat->verdict = VERDICT_ABORTED;
    }
    if (why == NULL) {
        why = find_deviation(play, arena);
        repeat->verdict = VERDICT_DEVIATED;
    }
    if (why == NULL) {
        why = "";
        repeat->verdict = VERDICT_PASS;
    }
    repeat->why = why;
}

/* --- expectations --------------------------------------------------------------------------------
 */

struct judging {
    const struct scenario *scenario;
    const struct drill_detail *details;
    struct drill *drill;
};

/* How many of the repeats have to be so: all, or so large a share. */
static bool enough(const struct judging *judging, const struct expect_spec *spec, uint32_t hits)
{
    const uint32_t judged = judging->drill->repeats - judging->drill->left_out;
    if (spec->quantile <= 0.0) return hits == judged;
    return (double)hits + 1e-9 >= spec->quantile * judged;
}

static const char *in_repeats(const struct judging *judging, const char *what, uint32_t hits)
{
    if (judging->drill->repeats == 1) return say(&judging->drill->arena, "%s", what);
    return say(&judging->drill->arena, "%s; so in %u of %u repeats", what, (unsigned)hits,
               (unsigned)(judging->drill->repeats - judging->drill->left_out));
}

static bool is_named(const struct alert_rule *rule, const char *name)
{
    return strcmp(rule->name, name) == 0;
}

/* When the alert first fired in a repeat, of any instance that is meant. What must not fire must
 * not do so before the fault or without it either. */
static int64_t first_firing_us(const struct judging *judging, const struct expect_spec *spec,
                               uint32_t repeat)
{
    int64_t first_us = INT64_MAX;
    for (uint32_t r = 0; r < judging->scenario->alerts.rule_count; r++) {
        if (!is_named(&judging->scenario->alerts.rules[r], spec->alert)) continue;
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            if (spec->provider >= 0 && (unsigned)spec->provider != s) continue;
            const struct drill_detail *detail = &judging->details[repeat];
            const uint32_t slot = drill_alert_slot(r, s);
            const int64_t us =
                spec->must_not_fire ? detail->any_fired_us[slot] : detail->fired_us[slot];
            if (us < first_us) first_us = us;
        }
    }
    return first_us;
}

static void judge_alert(const struct judging *judging, const struct expect_spec *spec,
                        struct drill_expect *expect)
{
    struct drill *drill = judging->drill;
    uint32_t hits = 0;
    for (uint32_t i = 0; i < drill->repeats; i++) {
        if (drill->each[i].left_out) continue;
        const int64_t fired_us = first_firing_us(judging, spec, i);
        const int64_t fault_us = drill->each[i].marks.fault_us;
        const int64_t after_us =
            fired_us == INT64_MAX || fault_us == INT64_MAX ? fired_us : fired_us - fault_us;
        const bool in_time = fired_us < INT64_MAX &&
                             (spec->fires_within_us < 0 || after_us <= spec->fires_within_us);
        hits += spec->must_not_fire ? fired_us == INT64_MAX : in_time;
    }
    const int64_t fired_us = first_firing_us(judging, spec, 0);
    char text[DURATION_TEXT_MAX];
    if (fired_us == INT64_MAX) {
        expect->measured = in_repeats(judging, "it never fired", hits);
    } else if (drill->marks.fault_us == INT64_MAX || fired_us < drill->marks.fault_us) {
        duration_for_people(fired_us, text);
        expect->measured = in_repeats(judging, say(&drill->arena, "fired at %s", text), hits);
    } else {
        duration_for_people(fired_us - drill->marks.fault_us, text);
        expect->measured = in_repeats(judging, say(&drill->arena, "fired after %s", text), hits);
    }
    if (spec->must_not_fire) {
        expect->limit = "never fires";
    } else if (spec->fires_within_us < 0) {
        expect->limit = "fires";
    } else {
        duration_for_people(spec->fires_within_us, text);
        expect->limit = say(&drill->arena, "fires within %s of the fault", text);
    }
    expect->met = enough(judging, spec, hits);
    expect->known = true;
}

/* "Never" is longer than any limit. What does not apply (nothing had to be mitigated) is below any
 * limit from above and meets no other. */
static bool value_meets(const struct drill_value *value, const struct expect_spec *spec)
{
    const bool from_above = spec->op == CHECK_LE || spec->op == CHECK_LT;
    if (value->state == DRILL_NOT_APPLICABLE) return from_above;
    const double number = value->state == DRILL_NEVER ? HUGE_VAL : value->value;
    return check_operator_holds(spec->op, number, spec->limit);
}

/* As the file says it; cents, which it says as a number, as money. */
static const char *limit_words(struct arena *arena, const struct expect_spec *spec,
                               enum drill_unit unit)
{
    char text[DRILL_TEXT_MAX];
    const struct drill_value limit = {.value = spec->limit, .state = DRILL_KNOWN};
    if (unit != DRILL_CENTS) return spec->limit_text;
    drill_value_text(&limit, unit, text);
    return say(arena, "%s", text);
}

/* Beside the first repeat's value, the one that the share is about: of a least, from the other end.
 */
static void put_quantile(const struct judging *judging, const struct expect_spec *spec,
                         enum drill_measure measure, char text[static TEXT_MAX])
{
    const struct drill *drill = judging->drill;
    const bool least = spec->op == CHECK_GE || spec->op == CHECK_GT;
    const double p = least ? 1.0 - spec->quantile : spec->quantile;
    const struct drill_value value = drill_quantile(drill->each, drill->repeats, measure, p);
    if (drill->repeats < 2 || value.state == DRILL_NOT_APPLICABLE) return;
    char words[DRILL_TEXT_MAX];
    drill_value_text(&value, drill_measure_traits[measure].unit, words);
    const size_t used = strlen(text);
    (void)snprintf(text + used, TEXT_MAX - used, ", P%g %s", p * 100.0, words);
}

static void judge_measure(const struct judging *judging, const struct expect_spec *spec,
                          struct drill_expect *expect)
{
    struct drill *drill = judging->drill;
    const int measure = drill_measure_find(spec->measure);
    assert(measure >= 0); /* scenario_validate_drill() has seen to it */
    const struct drill_measure_traits *traits = &drill_measure_traits[measure];
    const char *limit = limit_words(&drill->arena, spec, traits->unit);
    char text[TEXT_MAX];
    expect->known = true;
    uint32_t hits = 0;
    for (uint32_t i = 0; i < drill->repeats; i++) {
        if (!drill->each[i].left_out) hits += value_meets(&drill->each[i].values[measure], spec);
    }
    drill_value_text(&drill->values[measure], traits->unit, text);
    expect->limit = say(&drill->arena, "%s %s", check_operator_names[spec->op], limit);
    if (spec->quantile > 0.0) {
        expect->limit =
            say(&drill->arena, "%s in %g%% of repeats", expect->limit, spec->quantile * 100.0);
        put_quantile(judging, spec, (enum drill_measure)measure, text);
    }
    expect->measured = in_repeats(judging, text, hits);
    expect->met = enough(judging, spec, hits);
}

static void judge_step(const struct judging *judging, const struct expect_spec *spec,
                       struct drill_expect *expect)
{
    struct drill *drill = judging->drill;
    expect->limit = say(&drill->arena, "ends as: %s", step_outcome_names[spec->outcome]);
    for (uint32_t i = 0; i < drill->step_count; i++) {
        const struct drill_step *step = &drill->steps[i];
        if (strcmp(step->id, spec->step) != 0) continue;
        expect->known = true;
        expect->met = enough(judging, spec, step->outcomes[spec->outcome]);
        expect->measured =
            in_repeats(judging, step_outcome_names[step->outcome], step->outcomes[spec->outcome]);
        return;
    }
    expect->measured = "there is no such step";
}

static void judge_share(const struct judging *judging, const struct expect_spec *spec,
                        struct drill_expect *expect)
{
    struct drill *drill = judging->drill;
    expect->limit =
        say(&drill->arena, "%g%% to %g%% of orders%s%s", spec->low * 100.0, spec->high * 100.0,
            spec->during[0] != '\0' ? " during " : "", spec->during);
    const char *phase = spec->during[0] != '\0' ? spec->during : "all";
    unsigned p = 0;
    while (p < PROVIDER_COUNT && strcmp(provider_traits[p].id, spec->winner) != 0)
        p++;
    assert(p < PROVIDER_COUNT);
    for (uint32_t i = 0; i < drill->result.phase_count; i++) {
        if (strcmp(drill->result.phases[i].name, phase) != 0) continue;
        const struct metric_value *share = &drill->result.phases[i].values[p][METRIC_SELECTION_PCT];
        if (share->state != VALUE_KNOWN) break;
        expect->known = true;
        expect->met = share->value >= spec->low && share->value <= spec->high;
        expect->measured = say(&drill->arena, "%.3g%% of %llu", share->value * 100.0,
                               (unsigned long long)share->n);
        return;
    }
    expect->measured = "n/a: no order was routed then";
}

static void judge_story(const struct judging *judging, const struct expect_spec *spec,
                        struct drill_expect *expect)
{
    struct drill *drill = judging->drill;
    const uint32_t hits = drill->repeats_by_verdict[spec->verdict];
    expect->limit =
        say(&drill->arena, "the story comes to: %s", drill_verdict_names[spec->verdict]);
    expect->measured = in_repeats(judging, drill_verdict_names[drill->each[0].verdict], hits);
    expect->met = enough(judging, spec, hits);
    expect->known = true;
}

static void judge_expect(const struct judging *judging, const struct expect_spec *spec,
                         struct drill_expect *expect)
{
    struct arena *arena = &judging->drill->arena;
    expect->name = say(arena, "%s", spec->name);
    expect->place = spec->place;
    if (spec->place.file != NULL) expect->place.file = say(arena, "%s", spec->place.file);
    expect->limit = expect->measured = "";
    switch (spec->kind) {
    case EXPECT_ALERT:
        judge_alert(judging, spec, expect);
        return;
    case EXPECT_MEASURE:
        judge_measure(judging, spec, expect);
        return;
    case EXPECT_STEP:
        judge_step(judging, spec, expect);
        return;
    case EXPECT_SHARE:
        judge_share(judging, spec, expect);
        return;
    case EXPECT_VERDICT:
        judge_story(judging, spec, expect);
        return;
    case EXPECT_KIND_COUNT:
        break;
    }
    assert(!"an expectation outside its enum");
}

/* --- the drill -----------------------------------------------------------------------------------
 */

/* The worst of the repeats', and why it is that. */
static void judge_stories(struct drill *drill)
{
    static const enum drill_verdict worst_first[] = {VERDICT_INVALID, VERDICT_ABORTED,
                                                     VERDICT_DEVIATED, VERDICT_PASS};
    for (uint32_t i = 0; i < drill->repeats; i++) {
        if (!drill->each[i].left_out) drill->repeats_by_verdict[drill->each[i].verdict]++;
    }
    for (unsigned v = 0; v < sizeof worst_first / sizeof worst_first[0]; v++) {
        drill->story_verdict = worst_first[v];
        if (drill->repeats_by_verdict[worst_first[v]] > 0) break;
    }
    uint32_t first = 0;
    while (drill->each[first].left_out || drill->each[first].verdict != drill->story_verdict)
        first++;
    const uint32_t of = drill->repeats_by_verdict[drill->story_verdict];
    drill->why = drill->each[first].why;
    if (drill->why[0] != '\0' && drill->repeats > 1) {
        drill->why = say(&drill->arena, "%s (%u of %u repeats)", drill->why, (unsigned)of,
                         (unsigned)(drill->repeats - drill->left_out));
    }
}

static bool expects_verdict(const struct scenario *scenario)
{
    for (uint32_t i = 0; i < scenario->drill.expect_count; i++) {
        if (scenario->drill.expects[i].kind == EXPECT_VERDICT) return true;
    }
    return false;
}

static const char *first_unmet(const struct drill *drill)
{
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        if (!drill->expects[i].met) return drill->expects[i].name;
    }
    return "";
}

/* What was expected of the story, it may be: then only what was expected counts. */
static void conclude(const struct scenario *scenario, struct drill *drill)
{
    const uint32_t unmet = drill->expect_count - drill->expects_met;
    const bool foreseen = expects_verdict(scenario);
    drill->verdict = drill->story_verdict;
    if (drill->story_verdict != VERDICT_PASS && !foreseen) return;
    if (unmet > 0) {
        drill->verdict = VERDICT_FAIL;
        drill->why = say(&drill->arena, "%u of %u expectations not met, the first: %s",
                         (unsigned)unmet, (unsigned)drill->expect_count, first_unmet(drill));
        return;
    }
    drill->verdict = VERDICT_PASS;
    if (drill->story_verdict != VERDICT_PASS) {
        drill->why = say(&drill->arena, "as expected the story %s: %s",
                         drill->story_verdict == VERDICT_DEVIATED  ? "deviated"
                         : drill->story_verdict == VERDICT_ABORTED ? "was aborted"
                                                                   : "was invalid",
                         drill->why);
    } else if (drill->expect_count == 1) {
        drill->why = "the one expectation was met";
    } else if (drill->expect_count > 0) {
        drill->why =
            say(&drill->arena, "all %u expectations were met", (unsigned)drill->expect_count);
    } else if (drill->probe_count > 0) {
        drill->why = "steady state was kept or restored; nothing else was expected";
    } else {
        drill->why = "nothing was expected, and no steady state was stated";
    }
}

bool drill_judge(const struct scenario *scenario, const struct drill_detail *details,
                 struct drill *drill)
{
    const struct judging judging = {.scenario = scenario, .details = details, .drill = drill};
    judge_stories(drill);
    drill->expect_count = scenario->drill.expect_count;
    drill->expects = arena_push(&drill->arena, struct drill_expect, drill->expect_count + 1u);
    if (drill->expects == NULL) return false;
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        judge_expect(&judging, &scenario->drill.expects[i], &drill->expects[i]);
        drill->expects_met += drill->expects[i].met;
        drill->expects_unknown += !drill->expects[i].known;
    }
    conclude(scenario, drill);
    return true;
}

int drill_exit_code(enum drill_verdict verdict)
{
    switch (verdict) {
    case VERDICT_PASS:
        return 0;
    case VERDICT_FAIL:
    case VERDICT_DEVIATED:
    case VERDICT_ABORTED:
        return 1;
    case VERDICT_INVALID:
        return 5;
    case VERDICT_COUNT:
        break;
    }
    assert(!"a verdict outside its enum");
    return 70;
}
