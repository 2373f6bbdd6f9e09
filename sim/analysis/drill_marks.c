/* When things happened in one repeat, by ground truth. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/drill_state.h"

/* --- alerts that are not the fault's doing -------------------------------------------------------
 */

/* Whether an instance was firing in the control when it fired here. */
static bool fired_in_control(const struct drill_play *play, const struct story_entry *fired)
{
    bool firing = false;
    const struct story_facts *control = play->control;
    /* Without a fault the control is the same course without operators: what fires there is true.
     */
    if (control == NULL || play->facts->first_fault_us == INT64_MAX) return false;
    for (uint32_t i = 0; i < control->entry_count; i++) {
        const struct story_entry *entry = &control->entries[i];
        if (entry->at_us > fired->at_us) break;
        if (entry->index != fired->index || entry->scope != fired->scope) continue;
        if (entry->kind == STORY_FIRED) firing = true;
        if (entry->kind == STORY_RESOLVED) firing = false;
    }
    return firing;
}

static bool same_instance(const struct story_entry *a, const struct story_entry *b)
{
    return a->index == b->index && a->scope == b->scope;
}

void drill_find_false(const struct drill_play *play)
{
    const struct story_facts *facts = play->facts;
    for (uint32_t i = 0; i < facts->entry_count; i++) {
        const struct story_entry *entry = &facts->entries[i];
        play->false_entry[i] = false;
        if (entry->kind == STORY_FIRED) {
            const bool early =
                facts->first_fault_us < INT64_MAX && entry->at_us < facts->first_fault_us;
            play->false_entry[i] = early || fired_in_control(play, entry);
        } else if (entry->kind == STORY_TOLD) { /* as the episode that it tells of */
            for (uint32_t j = i; j-- > 0;) {
                if (facts->entries[j].kind != STORY_FIRED ||
                    !same_instance(&facts->entries[j], entry)) {
                    continue;
                }
                play->false_entry[i] = play->false_entry[j];
                break;
            }
        }
    }
}

/* --- the user's view -----------------------------------------------------------------------------
 */

/* Without a control: the first bad order after the fault began. */
static int64_t first_bad_us(const struct story_facts *facts)
{
    int64_t first_us = INT64_MAX;
    for (uint64_t i = 0; i < facts->order_count; i++) {
        const struct story_order *order = &facts->orders[i];
        if (!order->judged || !order->bad || order->judged_us < facts->first_fault_us) continue;
        if (order->judged_us < first_us) first_us = order->judged_us;
    }
    return first_us;
}

/* The first order, by when its last act was, that is bad here and good in the control. */
static int64_t find_impact(const struct drill_play *play)
{
    const struct story_facts *facts = play->facts, *control = play->control;
    int64_t impact_us = INT64_MAX;
    if (facts->orders == NULL) return impact_us;
    if (control == NULL) return first_bad_us(facts);
    if (control->orders == NULL) return impact_us;
    const uint64_t count =
        facts->order_count < control->order_count ? facts->order_count : control->order_count;
    for (uint64_t i = 0; i < count; i++) {
        const struct story_order *here = &facts->orders[i], *there = &control->orders[i];
        if (!here->judged || !there->judged || !here->bad || there->bad) continue;
        /* What operators spoil before the fault is not its doing. */
        if (facts->first_fault_us < INT64_MAX && here->judged_us < facts->first_fault_us) continue;
        if (here->judged_us < impact_us) impact_us = here->judged_us;
    }
    return impact_us;
}

struct share_window { /* slides over seconds: (from, from + span] */
    const struct story_facts *facts;
    int64_t from, span;
    int64_t judged, ok;
};

static void add_second(struct share_window *window, int64_t second, int sign)
{
    if (second < 0 || second >= window->facts->second_count) return;
    const struct story_second *counts = &window->facts->seconds[second];
    window->judged += sign * (int64_t)counts->judged;
    window->ok += sign * (int64_t)counts->ok;
}

static void open_window(struct share_window *window, const struct story_facts *facts, int64_t from,
                        int64_t span)
{
    *window = (struct share_window){.facts = facts, .from = from, .span = span};
    for (int64_t s = from + 1; s <= from + span; s++)
        add_second(window, s, 1);
}

static void slide_window(struct share_window *window)
{
    window->from++;
    add_second(window, window->from, -1);
    add_second(window, window->from + window->span, 1);
}

/* Nothing judged says nothing: it is neither well nor unwell, and counts as what it is not. */
static bool is_well(const struct share_window *window, double good)
{
    return window->judged > 0 && (double)window->ok >= good * (double)window->judged;
}

static bool is_unwell(const struct share_window *window, double good)
{
    return window->judged > 0 && (double)window->ok < good * (double)window->judged;
}

/* Whether some fault is on throughout: what is well while one that flaps rests is not mitigated.
 * Without faults there is nothing to wait out. */
static bool is_fault_on(const struct scenario *scenario, int64_t from_us, int64_t until_us)
{
    const uint32_t windows = scenario_window_count(scenario);
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *fault = &scenario->faults[f];
        if (fault_is_on(fault, from_us) && fault_next_change_us(fault, from_us) >= until_us) {
            return true;
        }
    }
    for (uint32_t f = scenario->fault_count; f < windows; f++) { /* the cache's */
        const struct fault_window window = scenario_window(scenario, f);
        if (window.at_us <= from_us && until_us <= window.at_us + window.for_us) return true;
    }
    return windows == 0;
}

/* Whether users were unwell from the impact on until `holds_for` later, or until the fault was
 * over: one that is shorter than a whole window is looked at as long as it lasted. */
static bool is_hurt_at_once(const struct drill_play *play, const struct drill_marks *marks,
                            int64_t clear_s)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const int64_t from = (marks->impact_us + US_PER_SECOND - 1) / US_PER_SECOND - 1;
    int64_t span = hypothesis->holds_for_us / US_PER_SECOND;
    if (clear_s > from + 1 && clear_s - from < span) span = clear_s - from;
    struct share_window window;
    open_window(&window, play->facts, from, span);
    return is_unwell(&window, hypothesis->good);
}

/* From the first window that is below the tolerance on, the first that is not, while the fault is
 * on. */
static void find_mitigation(const struct drill_play *play, struct drill_marks *marks)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const int64_t span = hypothesis->holds_for_us / US_PER_SECOND;
    marks->mitigate_us = INT64_MAX;
    if (marks->absorbed || span <= 0) return;
    const int64_t duration_s = play->scenario->duration_us / US_PER_SECOND;
    const int64_t clear_s =
        marks->clear_us == INT64_MAX ? duration_s : marks->clear_us / US_PER_SECOND;
    struct share_window window;
    bool was_out = is_hurt_at_once(play, marks, clear_s);
    open_window(&window, play->facts, marks->impact_us / US_PER_SECOND, span);
    for (; window.from + span <= clear_s; slide_window(&window)) {
        if (!was_out && is_unwell(&window, hypothesis->good)) was_out = true;
        if (!was_out || !is_well(&window, hypothesis->good)) continue;
        if (!is_fault_on(play->scenario, window.from * US_PER_SECOND,
                         (window.from + span) * US_PER_SECOND)) {
            continue;
        }
        marks->mitigate_us = window.from * US_PER_SECOND;
        if (marks->mitigate_us < marks->impact_us) marks->mitigate_us = marks->impact_us;
        return;
    }
    marks->never_out = !was_out;
}

/* --- recovery ------------------------------------------------------------------------------------
 */

/* When the settings last came to route as at the start, and stayed so. */
static int64_t find_undone(const struct drill_play *play)
{
    const struct story_facts *facts = play->facts;
    if (facts->differing_count == 0) return -1; /* nothing was ever changed */
    const struct story_span *last = &facts->differing[facts->differing_count - 1];
    return last->until_us >= play->scenario->duration_us ? INT64_MAX : last->until_us;
}

/* Probes look back through their windows: one that is long does not see what is short. So users
 * have to be well, too. */
static bool are_users_unwell(const struct drill_play *play, int64_t at_us)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const int64_t span = hypothesis->holds_for_us / US_PER_SECOND;
    struct share_window window;
    open_window(&window, play->facts, at_us / US_PER_SECOND, span > 0 ? span : 1);
    return is_unwell(&window, hypothesis->good);
}

static bool says_anything(const struct story_facts *facts)
{
    for (uint32_t k = 0; k < facts->look_count; k++) {
        if (facts->looks[k] != 2) return true;
    }
    return false;
}

static int64_t recovery_by_looks(const struct drill_play *play, int64_t from_us)
{
    const struct story_facts *facts = play->facts;
    const int64_t holds_us = play->scenario->drill.hypothesis.holds_for_us;
    int64_t since_us = INT64_MAX;
    for (uint32_t k = 0; k < facts->look_count; k++) {
        const int64_t at_us = facts->look_from_us + (int64_t)k * facts->look_every_us;
        if (at_us < from_us) continue;
        if (facts->looks[k] != 1) {
            since_us = INT64_MAX;
            continue;
        }
        if (since_us == INT64_MAX && are_users_unwell(play, at_us)) continue;
        if (since_us == INT64_MAX) since_us = at_us;
        if (at_us - since_us >= holds_us) return since_us;
    }
    return INT64_MAX;
}

/* Without probes: the share of good orders. */
static int64_t recovery_by_share(const struct drill_play *play, int64_t from_us)
{
    const struct hypothesis_spec *hypothesis = &play->scenario->drill.hypothesis;
    const int64_t span = hypothesis->holds_for_us / US_PER_SECOND;
    const int64_t duration_s = play->scenario->duration_us / US_PER_SECOND;
    struct share_window window;
    open_window(&window, play->facts, (from_us + US_PER_SECOND - 1) / US_PER_SECOND, span);
    for (; window.from + span <= duration_s; slide_window(&window)) {
        if (is_well(&window, hypothesis->good)) return window.from * US_PER_SECOND;
    }
    return INT64_MAX;
}

static void find_recovery(const struct drill_play *play, struct drill_marks *marks)
{
    marks->recover_us = INT64_MAX;
    if (marks->undone_us == INT64_MAX) return;
    int64_t from_us = marks->clear_us == INT64_MAX ? 0 : marks->clear_us;
    if (marks->undone_us > from_us) from_us = marks->undone_us;
    if (marks->impact_us < INT64_MAX && marks->impact_us > from_us) from_us = marks->impact_us;
    /* Where no fault has an end, it is over for users when they are well: probes with long windows
     * still hold when it has just begun. */
    const bool tells = play->scenario->drill.hypothesis.holds_for_us >= US_PER_SECOND;
    const bool hurts = marks->fault_us == INT64_MAX && tells && !marks->never_out;
    if (hurts && marks->mitigate_us == INT64_MAX) return;
    if (hurts && marks->mitigate_us > from_us) from_us = marks->mitigate_us;
    const bool probes =
        play->scenario->drill.hypothesis.probe_count > 0 && says_anything(play->facts);
    marks->recover_us =
        probes ? recovery_by_looks(play, from_us) : recovery_by_share(play, from_us);
}

/* --- all of them ---------------------------------------------------------------------------------
 */

static void take_entry(const struct drill_play *play, uint32_t i, struct drill_marks *marks)
{
    const struct story_entry *entry = &play->facts->entries[i];
    const bool page = (entry->kind == STORY_FIRED || entry->kind == STORY_TOLD) &&
                      play->scenario->alerts.rules[entry->index].severity == SEVERITY_PAGE &&
                      !play->false_entry[i];
    if (page && entry->kind == STORY_FIRED && marks->detect_us == INT64_MAX) {
        marks->detect_us = entry->at_us;
        marks->detected_by = entry->index;
        marks->detected_scope = entry->scope;
    }
    if (page && entry->kind == STORY_TOLD && marks->told_us == INT64_MAX) {
        marks->told_us = entry->at_us;
    }
    /* Who was at work before the fault was not called by it, nor who did it himself. */
    const int64_t since_us = marks->fault_us < INT64_MAX ? marks->fault_us : marks->impact_us;
    if (since_us < INT64_MAX && entry->at_us < since_us) return;
    if (entry->kind == STORY_ACK && marks->ack_us == INT64_MAX) marks->ack_us = entry->at_us;
}

/* Whether somebody was called by an alert that is the fault's doing. */
static bool is_called(const struct drill_play *play, const struct story_entry *ack, bool paged)
{
    int32_t at = ack->cause;
    while (at >= 0 && play->facts->entries[at].kind == STORY_ESCALATED)
        at = play->facts->entries[at].cause;
    if (at < 0 || play->facts->entries[at].kind != STORY_TOLD || play->false_entry[at])
        return false;
    /* Who reads tickets does not acknowledge a page. */
    return !paged ||
           play->scenario->alerts.rules[play->facts->entries[at].index].severity == SEVERITY_PAGE;
}

/* Of those who began after the fault, who was called by it comes before who had other work; what he
 * first changed is the act. */
static void find_act(const struct drill_play *play, struct drill_marks *marks)
{
    const int64_t since_us = marks->fault_us < INT64_MAX ? marks->fault_us : marks->impact_us;
    if (since_us == INT64_MAX) return;
    for (uint32_t i = 0; i < play->facts->entry_count; i++) {
        const struct story_entry *entry = &play->facts->entries[i];
        const bool paged = marks->detect_us < INT64_MAX;
        if (entry->kind != STORY_ACK || entry->at_us < since_us) continue;
        if (!is_called(play, entry, paged)) continue;
        marks->ack_us = entry->at_us;
        break;
    }
    const int64_t from_us = marks->ack_us < INT64_MAX ? marks->ack_us : since_us;
    for (uint32_t i = 0; i < play->facts->entry_count; i++) {
        const struct story_entry *entry = &play->facts->entries[i];
        if (entry->kind != STORY_LIVE || entry->outcome != STEP_DONE || entry->at_us < from_us) {
            continue;
        }
        marks->act_us = entry->at_us;
        return;
    }
}

void drill_find_marks(const struct drill_play *play, struct drill_marks *marks)
{
    const struct story_facts *facts = play->facts;
    *marks = (struct drill_marks){.fault_us = facts->first_fault_us,
                                  .clear_us = facts->last_clear_us,
                                  .impact_us = find_impact(play),
                                  .detect_us = INT64_MAX,
                                  .told_us = INT64_MAX,
                                  .ack_us = INT64_MAX,
                                  .act_us = INT64_MAX,
                                  .mitigate_us = INT64_MAX,
                                  .recover_us = INT64_MAX,
                                  .stopped_us = facts->stopped_us,
                                  .detected_by = -1,
                                  .detected_scope = SCOPE_ROUTER};
    marks->absorbed = marks->impact_us == INT64_MAX;
    for (uint32_t i = 0; i < facts->entry_count; i++)
        take_entry(play, i, marks);
    find_act(play, marks);
    marks->undone_us = find_undone(play);
    find_mitigation(play, marks);
    if (marks->absorbed) {
        marks->recover_us = INT64_MAX; /* there was nothing to recover from */
    } else {
        find_recovery(play, marks);
    }
}
