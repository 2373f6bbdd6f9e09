/* What a drill showed, in sentences with their numbers: the headline, and findings for the
 * post-mortem. */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "reports/drill_text.h"
#include "reports/show.h"

/* A value of one repeat; of several the median. */
static const struct drill_value *typical(const struct drill *drill, enum drill_measure measure)
{
    return drill->repeats > 1 ? &drill->measures[measure].p50 : &drill->values[measure];
}

static bool known_above(const struct drill_value *value, double least)
{
    return value->state == DRILL_KNOWN && value->value > least;
}

static void put_typical(struct text *text, const struct drill *drill, enum drill_measure measure)
{
    drill_show_value(text, measure, typical(drill, measure));
    if (drill->repeats <= 1 || drill->measures[measure].n <= 1) return;
    text_put(text, " (P90 ");
    drill_show_value(text, measure, &drill->measures[measure].p90);
    text_char(text, ')');
}

/* ---- the headline ---- */

/* "detected after 10.1 min (P90 12 min)"; an alert may be earlier than the first bad order. */
static void put_span(struct text *text, const struct drill *drill, const char *before,
                     const char *done, enum drill_measure measure)
{
    const struct drill_value *value = typical(drill, measure);
    text_put(text, before);
    switch (value->state) {
    case DRILL_KNOWN:
        if (value->value < 0 && drill->repeats <= 1) {
            const struct drill_value earlier = {-value->value, DRILL_KNOWN};
            text_format(text, "%s ", done);
            drill_show_value(text, measure, &earlier);
            text_put(text, " before it");
        } else {
            text_format(text, "%s after ", done);
            put_typical(text, drill, measure);
        }
        break;
    case DRILL_NEVER:
        text_format(text, "never %s", done);
        break;
    case DRILL_NOT_APPLICABLE:
        text_format(text, "%s: n/a", done);
        break;
    }
}

static void put_cost(struct text *text, const struct drill *drill)
{
    const struct drill_value *burned = typical(drill, DRILL_BUDGET_BURNED);
    const struct drill_value *lost = typical(drill, DRILL_ORDERS_LOST);
    if (burned->state != DRILL_KNOWN && lost->state != DRILL_KNOWN) return;
    text_put(text, " It cost ");
    if (lost->state == DRILL_KNOWN) {
        put_typical(text, drill, DRILL_ORDERS_LOST);
        text_put(text, lost->value == 1 ? " order" : " orders");
    }
    if (burned->state == DRILL_KNOWN) {
        text_put(text, lost->state == DRILL_KNOWN ? " and " : "");
        put_typical(text, drill, DRILL_BUDGET_BURNED);
        text_put(text, " of the error budget");
    }
    text_char(text, '.');
}

static uint32_t count_absorbed(const struct drill *drill)
{
    uint32_t count = 0;
    for (uint32_t r = 0; drill->each != NULL && r < drill->repeats; r++)
        count += drill->each[r].marks.absorbed;
    return count;
}

static void write_absorbed(struct text *text, const struct drill *drill)
{
    text_put(text, drill->repeats > 1
                       ? "Users noticed nothing in any repeat: no order was bad that is good "
                         "without the fault."
                       : "Users noticed nothing: no order was bad that is good without the fault.");
    const struct drill_value *detected = typical(drill, DRILL_TTD_FROM_FAULT);
    if (detected->state != DRILL_KNOWN) {
        text_put(text, " No page came either.");
        return;
    }
    text_put(text, " A page came ");
    put_typical(text, drill, DRILL_TTD_FROM_FAULT);
    text_put(text, " after the fault.");
}

void drill_write_repeats(struct text *text, const struct drill *drill)
{
    const char *before = "The story alone: ", *noun = " repeats";
    if (drill->repeats <= 1) return;
    for (unsigned v = 0; v < VERDICT_COUNT; v++) {
        const uint32_t count = drill->repeats_by_verdict[v];
        if (count == 0) continue;
        text_format(text, "%s%s in %s%" PRIu32 "%s", before, drill_verdict_names[v],
                    count == drill->repeats ? "all " : "", count, noun);
        before = ", ";
        noun = "";
    }
    if (before[0] == ',') text_put(text, ". ");
}

void drill_write_headline(struct text *text, const struct drill *drill)
{
    if (drill->verdict == VERDICT_INVALID && drill->marks.fault_us == INT64_MAX) {
        text_put(text, "Nothing was measured.");
        return;
    }
    if (drill->marks.fault_us == INT64_MAX) {
        text_put(text, "There was no fault to detect or to recover from.");
        put_cost(text, drill);
        return;
    }
    const bool absorbed =
        drill->repeats > 1 ? count_absorbed(drill) == drill->repeats : drill->marks.absorbed;
    if (absorbed) {
        write_absorbed(text, drill);
        return;
    }
    put_span(text, drill,
             drill->repeats > 1 ? "From the first bad order on, median of the repeats: "
                                : "From the first bad order on: ",
             "detected", DRILL_TTD);
    if (drill->repeats <= 1 && drill->marks.never_out)
        text_put(text, ", nothing to mitigate, as most orders stayed good");
    else
        put_span(text, drill, ", ", "mitigated", DRILL_TTM);
    put_span(text, drill, ", ", "recovered", DRILL_TTR);
    text_char(text, '.');
    put_cost(text, drill);
}

/* ---- findings ---- */

struct findings {
    const struct drill *drill;
    struct text sentence; /* the next one, being written */
    void (*put)(void *context, enum verdict_tone tone, const char *sentence);
    void *context;
};

static void end_finding(struct findings *findings, enum verdict_tone tone)
{
    struct text *sentence = &findings->sentence;
    if (sentence->length > 0 && !sentence->failed)
        findings->put(findings->context, tone, sentence->bytes);
    text_clear(sentence);
}

/* "In 3 of 40 repeats ", "In all 40 repeats ". */
static void put_in_repeats(struct text *text, uint32_t count, uint32_t of)
{
    if (count == of)
        text_format(text, "In all %u repeats ", of);
    else
        text_format(text, "In %u of %u repeats ", count, of);
}

static void find_absorbed(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    const uint32_t absorbed = count_absorbed(drill);
    struct text *text = &findings->sentence;
    if (absorbed == 0 || drill->repeats <= 1) return; /* of one repeat the headline says it */
    if (absorbed == drill->repeats) return;
    text_format(text,
                "In %u of %u repeats the fault was absorbed: no order was bad that is good "
                "without it.",
                absorbed, drill->repeats);
    end_finding(findings, TONE_NEUTRAL);
}

static void find_silence(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    const struct drill_distribution *detected = &drill->measures[DRILL_TTD_FROM_FAULT];
    struct text *text = &findings->sentence;
    if (drill->marks.fault_us == INT64_MAX) return;
    if (drill->repeats > 1 && detected->never > 0) {
        put_in_repeats(text, detected->never, detected->n);
        text_put(text, "nobody was paged for the fault.");
        end_finding(findings, TONE_BAD);
    } else if (drill->repeats <= 1 && drill->marks.detect_us == INT64_MAX &&
               !drill->marks.absorbed) {
        text_put(text, "Nobody was paged for the fault, though it cost orders.");
        end_finding(findings, TONE_BAD);
    }
}

static void put_rule(struct text *text, const struct drill *drill, uint32_t rule)
{
    if (rule >= drill->rule_count) return;
    text_put(text, " (");
    drill_show_rule(text, &drill->rules[rule]);
    text_char(text, ')');
}

/* The longest that an instance was pending without firing, from the journal; 0: it never was. */
static int64_t longest_pending_us(const struct drill *drill, const struct drill_alert *alert)
{
    int64_t longest_us = 0, since_us = INT64_MAX;
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->kind < STORY_PENDING || entry->kind > STORY_RESET) continue;
        if (entry->index != alert->rule || entry->scope != alert->scope) continue;
        if (entry->kind == STORY_RESET && since_us != INT64_MAX &&
            entry->at_us - since_us > longest_us)
            longest_us = entry->at_us - since_us;
        since_us = entry->kind == STORY_PENDING ? entry->at_us : INT64_MAX;
    }
    if (since_us == INT64_MAX) return longest_us;
    const int64_t last_us = drill->result.duration_us - since_us;
    return last_us > longest_us ? last_us : longest_us;
}

static void find_missed(struct findings *findings, const struct drill_alert *alert)
{
    const struct drill *drill = findings->drill;
    const int64_t pending_us = longest_pending_us(drill, alert);
    struct text *text = &findings->sentence;
    text_char(text, '"');
    drill_show_alert(text, drill, alert->rule, alert->scope);
    text_char(text, '"');
    put_rule(text, drill, alert->rule);
    text_put(text, " should have fired, and did not: ");
    if (pending_us > 0 && alert->rule < drill->rule_count) {
        text_put(text, "it was true for ");
        show_span(text, pending_us);
        text_put(text, " at most, of the ");
        show_span(text, drill->rules[alert->rule].for_us);
        text_put(text, " that it waits for");
    } else {
        text_put(text, "its condition never came true");
    }
    if (drill->repeats > 1 && alert->repeats_fired > 0)
        text_format(text, "; it fired in %u of %u repeats", alert->repeats_fired, drill->repeats);
    text_char(text, '.');
    end_finding(findings, TONE_BAD);
}

static void find_alerts(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    for (uint32_t i = 0; i < drill->alert_count; i++) {
        const struct drill_alert *alert = &drill->alerts[i];
        const enum drill_audit audit = drill_audit_of(alert);
        if (audit == AUDIT_MISSED) find_missed(findings, alert);
        if (audit != AUDIT_UNWANTED) continue;
        text_char(text, '"');
        drill_show_alert(text, drill, alert->rule, alert->scope);
        text_put(text, "\" must not fire, and did ");
        drill_show_after_fault(text, drill, alert->fired_us);
        text_char(text, '.');
        end_finding(findings, TONE_BAD);
    }
    for (uint32_t i = 0; i < drill->alert_count; i++) {
        const struct drill_alert *alert = &drill->alerts[i];
        if (alert->false_episodes == 0) continue;
        text_char(text, '"');
        drill_show_alert(text, drill, alert->rule, alert->scope);
        text_format(text, "\" fired %u %s before the fault, or as it does without it.",
                    alert->false_episodes, alert->false_episodes == 1 ? "time" : "times");
        end_finding(findings, TONE_BAD);
    }
}

/* How long an instance had been pending when it was reset by what an operator did: the change went
 * live meanwhile, and no longer ago than the rule looks back. 0: that did not happen. */
static int64_t forestalled_us(const struct drill *drill, const struct drill_alert *alert)
{
    const int64_t act_us = drill->marks.act_us;
    const int64_t looks_us = drill->rules[alert->rule].when.window_us + drill->interval_us;
    int64_t since_us = INT64_MAX;
    for (uint32_t i = 0; act_us != INT64_MAX && i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->kind != STORY_PENDING && entry->kind != STORY_RESET) continue;
        if (entry->index != alert->rule || entry->scope != alert->scope) continue;
        if (entry->kind == STORY_RESET && since_us <= act_us && act_us <= entry->at_us &&
            entry->at_us - act_us <= looks_us)
            return entry->at_us - since_us;
        since_us = entry->kind == STORY_PENDING && entry->at_us >= drill->marks.fault_us
                       ? entry->at_us
                       : INT64_MAX;
    }
    return 0;
}

/* A rule of a long "for" never fires where somebody acts on one of a shorter: nobody missed it, and
 * nobody can rely on it. The instance that waited longest speaks for its rule. */
static void find_forestalled(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    for (uint32_t rule = 0; rule < drill->rule_count; rule++) {
        const struct drill_alert *longest = NULL;
        int64_t longest_us = 0;
        bool fired = false;
        for (uint32_t i = 0; i < drill->alert_count; i++) {
            const struct drill_alert *alert = &drill->alerts[i];
            if (alert->rule != rule) continue;
            fired = fired || alert->repeats_fired > 0 || alert->episodes > 0;
            if (alert->should_fire) continue; /* missed, and said to be */
            const int64_t waited_us = forestalled_us(drill, alert);
            if (waited_us <= longest_us) continue;
            longest = alert;
            longest_us = waited_us;
        }
        if (longest == NULL || fired) continue;
        text_char(text, '"');
        drill_show_alert(text, drill, rule, longest->scope);
        text_put(text, "\" never fired: it waits for ");
        show_span(text, drill->rules[rule].for_us);
        text_put(text, ", and was true for ");
        show_span(text, longest_us);
        text_put(text, " when an operator\u2019s change, on an earlier alert, ended that");
        text_put(text, drill->repeats > 1 ? " (the first repeat)." : ".");
        end_finding(findings, TONE_NEUTRAL);
    }
}

/* "had no effect", "had no effect in all 40 repeats", "failed in 1 of 40 repeats". */
static void put_bad_outcomes(struct text *text, const struct drill *drill,
                             const struct drill_step *step)
{
    static const struct {
        enum step_outcome outcome;
        const char *words;
    } rows[] = {{STEP_NO_EFFECT, "had no effect"}, {STEP_FAILED, "failed"}};
    const char *before = " ";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint32_t count = step->outcomes[rows[i].outcome];
        const bool here = drill->repeats <= 1 ? step->outcome == rows[i].outcome : count > 0;
        if (!here) continue;
        text_format(text, "%s%s", before, rows[i].words);
        before = " and ";
        if (drill->repeats <= 1) continue;
        if (count == drill->repeats)
            text_format(text, " in all %u repeats", count);
        else
            text_format(text, " in %u of %u repeats", count, drill->repeats);
    }
}

/* A step that does nothing is the finding of a drill: which one, of which sentence of the runbook,
 * and why. */
static void find_steps(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    for (uint32_t i = 0; i < drill->step_count; i++) {
        const struct drill_step *step = &drill->steps[i];
        const uint32_t bad = step->outcomes[STEP_NO_EFFECT] + step->outcomes[STEP_FAILED];
        const bool here = step->outcome == STEP_NO_EFFECT || step->outcome == STEP_FAILED;
        if (!here && bad == 0) continue;
        text_format(text, "%s ", step->id);
        text_char(text, '"');
        drill_show_step(text, step);
        text_char(text, '"');
        if (step->runbook != NULL && step->runbook[0] != '\0')
            text_format(text, " (%s)", step->runbook);
        put_bad_outcomes(text, drill, step);
        if (here && step->why != NULL && step->why[0] != '\0') text_format(text, ": %s", step->why);
        drill_end_sentence(text);
        end_finding(findings, TONE_BAD);
    }
}

static void find_unmitigated(struct findings *findings)
{
    static const struct {
        enum drill_measure measure;
        const char *first, *words; /* its first letter, which is large at a sentence's beginning */
    } rows[] = {
        {DRILL_TTM, "nN", "othing was mitigated while the fault was on."},
        {DRILL_TTR, "sS", "teady state did not come back before the run's end."},
    };
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    if (drill->marks.fault_us == INT64_MAX) return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct drill_distribution *spans = &drill->measures[rows[i].measure];
        const bool many = drill->repeats > 1;
        if (many ? spans->never == 0 : drill->values[rows[i].measure].state != DRILL_NEVER)
            continue;
        if (many) put_in_repeats(text, spans->never, spans->n);
        text_char(text, rows[i].first[many ? 0 : 1]);
        text_put(text, rows[i].words);
        end_finding(findings, TONE_BAD);
    }
}

static void find_deadline(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    const struct drill_value *met = &drill->values[DRILL_RTO_MET];
    struct text *text = &findings->sentence;
    if (drill->rto_us < 0) return;
    if (drill->repeats > 1 && drill->measures[DRILL_RTO_MET].n > 0) {
        uint32_t count = 0, of = 0;
        for (uint32_t r = 0; drill->each != NULL && r < drill->repeats; r++) {
            const struct drill_value *one = &drill->each[r].values[DRILL_RTO_MET];
            of += one->state == DRILL_KNOWN;
            count += one->state == DRILL_KNOWN && one->value == 1;
        }
        text_put(text, "The recovery time objective of ");
        show_span(text, drill->rto_us);
        text_format(text, " was met in %u of %u repeats.", count, of);
        end_finding(findings, count == of ? TONE_GOOD : TONE_BAD);
    } else if (met->state == DRILL_KNOWN) {
        text_put(text, "The recovery time objective of ");
        show_span(text, drill->rto_us);
        text_put(text, met->value == 1 ? " was met: recovered after " : " was not met: it took ");
        drill_show_value(text, DRILL_TTR, &drill->values[DRILL_TTR]);
        text_char(text, '.');
        end_finding(findings, met->value == 1 ? TONE_GOOD : TONE_BAD);
    }
}

static const char *phase_words(const struct drill *drill, enum drill_measure phase)
{
    const bool paged = typical(drill, DRILL_TTD_FROM_FAULT)->state != DRILL_NEVER;
    const bool mitigated = typical(drill, DRILL_TTM)->state == DRILL_KNOWN;
    const bool recovered = typical(drill, DRILL_TTR)->state == DRILL_KNOWN;
    if (phase == DRILL_BUDGET_BEFORE_DETECT)
        return paged ? "before the first page" : "with nobody paged";
    if (phase == DRILL_BUDGET_BEFORE_MITIGATE)
        return mitigated   ? "between the first page and mitigation"
               : recovered ? "between the first page and recovery"
                           : "after the first page";
    if (phase == DRILL_BUDGET_BEFORE_RECOVER)
        return recovered ? "between mitigation and recovery" : "after mitigation";
    return "after recovery";
}

/* Where the budget went: the phase with most of it is where a minute saved is worth most. */
static void find_budget(struct findings *findings)
{
    static const enum drill_measure phases[] = {DRILL_BUDGET_BEFORE_DETECT,
                                                DRILL_BUDGET_BEFORE_MITIGATE,
                                                DRILL_BUDGET_BEFORE_RECOVER, DRILL_BUDGET_AFTER};
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    double sum = 0;
    enum drill_measure most = phases[0];
    if (drill->marks.fault_us == INT64_MAX || !known_above(typical(drill, DRILL_ORDERS_LOST), 0))
        return;
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
        const struct drill_value *value = typical(drill, phases[i]);
        if (value->state != DRILL_KNOWN) return;
        sum += value->value;
        if (value->value > typical(drill, most)->value) most = phases[i];
    }
    const double share = typical(drill, most)->value / sum;
    if (!(sum > 0) || !(share > 0.5)) return;
    show_share(text, share);
    text_format(text, " of the budget that was burned from the fault on went %s%s.",
                phase_words(drill, most), drill->repeats > 1 ? " (by medians)" : "");
    end_finding(findings, TONE_NEUTRAL);
}

static void find_lies(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    const struct drill_value *fakes = typical(drill, DRILL_FAKE_PRICE_ORDERS);
    const struct drill_value *mocked = typical(drill, DRILL_TIME_IN_MOCK);
    struct text *text = &findings->sentence;
    if (known_above(fakes, 0)) {
        put_typical(text, drill, DRILL_FAKE_PRICE_ORDERS);
        text_put(text, fakes->value == 1 ? " order was" : " orders were");
        text_put(text, " sold on a canned price");
        if (known_above(mocked, 0)) {
            text_put(text, ", in ");
            put_typical(text, drill, DRILL_TIME_IN_MOCK);
            text_put(text, " of mock mode");
        }
        text_put(text, ": availability looks well then, and the prices are invented.");
        end_finding(findings, TONE_BAD);
    }
}

static void find_debt(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    const struct drill_value *debt = typical(drill, DRILL_DEBT_TIME);
    const struct drill_value *orders = typical(drill, DRILL_DEBT_ORDERS);
    struct text *text = &findings->sentence;
    if (debt->state == DRILL_NEVER || known_above(debt, 0)) {
        text_put(text, "After the fault was over, the mitigation stayed on for ");
        put_typical(text, drill, DRILL_DEBT_TIME);
        if (known_above(orders, 0)) {
            text_put(text, " and ");
            put_typical(text, drill, DRILL_DEBT_ORDERS);
            text_put(text, orders->value == 1 ? " order" : " orders");
        }
        text_char(text, '.');
        end_finding(findings, TONE_BAD);
    }
}

static void find_undone(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    if (drill->repeats > 1 || drill->differing_count == 0) return;
    if (drill->marks.undone_us != INT64_MAX || drill->marks.act_us == INT64_MAX) return;
    text_put(text, "At the run's end the router still ran with changed settings: ");
    text_put(text, drill->differing[drill->differing_count - 1].text);
    text_char(text, '.');
    end_finding(findings, TONE_BAD);
}

static void find_probes(struct findings *findings)
{
    const struct drill *drill = findings->drill;
    struct text *text = &findings->sentence;
    for (uint32_t i = 0; i < drill->probe_count; i++) {
        const struct drill_probe *probe = &drill->probes[i];
        const bool throughout = probe->mode == PROBE_CONTINUOUS || probe->mode == PROBE_ON_CHAOS;
        if (probe->seen.evaluated == 0) {
            text_format(text, "Probe \"%s\" was never evaluated", probe->name);
            if (probe->seen.thin > 0)
                text_format(text, ": %u times there was too little to look at", probe->seen.thin);
            text_char(text, '.');
            end_finding(findings, TONE_BAD);
        } else if (throughout && probe->seen.met < probe->seen.evaluated) {
            text_format(text, "Probe \"%s\" (%s, limit ", probe->name, probe->metric);
            drill_show_limit(text, probe->limit);
            text_format(text, ") had to hold throughout, and did not at %u of %u looks",
                        probe->seen.evaluated - probe->seen.met, probe->seen.evaluated);
            if (probe->seen.first_unmet_us != INT64_MAX) {
                text_put(text, ", first ");
                drill_show_after_fault(text, drill, probe->seen.first_unmet_us);
            }
            text_char(text, '.');
            end_finding(findings, TONE_BAD);
        } else if (probe->seen.at_end == 0) {
            text_format(text, "Probe \"%s\" was not met at the end: %s was ", probe->name,
                        probe->metric);
            drill_show_signal(text, probe->unit, &probe->seen.end);
            text_put(text, ", limit ");
            drill_show_limit(text, probe->limit);
            text_char(text, '.');
            end_finding(findings, TONE_BAD);
        }
    }
}

void drill_each_finding(const struct drill *drill,
                        void (*put)(void *context, enum verdict_tone tone, const char *sentence),
                        void *context)
{
    static void (*const finds[])(struct findings *) = {
        find_silence, find_alerts, find_steps, find_unmitigated, find_deadline,    find_probes,
        find_undone,  find_lies,   find_debt,  find_budget,      find_forestalled, find_absorbed,
    };
    struct findings findings = {.drill = drill, .put = put, .context = context};
    assert(put != NULL);
    for (size_t i = 0; i < sizeof finds / sizeof *finds; i++)
        finds[i](&findings);
    text_release(&findings.sentence);
}
