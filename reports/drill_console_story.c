/* What happened, on a terminal: the timeline, the audit of alerts, the steps. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/drill_console.h"
#include "reports/drill_text.h"
#include "reports/show.h"

/* ---- the timeline ---- */

enum { LANE_LABEL = 27, LANE = DRILL_COLUMNS - 2 - LANE_LABEL, LANES_OF_ALERTS = 10 };

/* One glyph a column: an index into the glyphs of a form, or a letter of its own. */
enum {
    CELL_EMPTY,
    CELL_FAULT,
    CELL_PENDING,
    CELL_FIRING,
    CELL_SETTINGS,
    CELL_BAD_1,
    CELL_BAD_8 = 12
};

#define LEAST_BAD 0.01 /* less of a column's orders is not drawn: the fault's echo */

struct lane {
    unsigned char cells[LANE];
};

static void put_glyph(const struct columns *columns, unsigned char cell)
{
    static const char *const glyphs[2][CELL_BAD_8 + 1] = {
        {" ", "#", ".", "=", "~", ".", ":", "-", "=", "+", "*", "%", "@"},
        {" ", "\u2588", "\u00b7", "\u2501", "\u2592", "\u2581", "\u2582", "\u2583", "\u2584",
         "\u2585", "\u2586", "\u2587", "\u2588"}};
    if (cell <= CELL_BAD_8)
        text_put(columns->text, glyphs[columns->unicode][cell]);
    else
        text_char(columns->text, (char)cell);
}

static void put_lane(const struct columns *columns, struct text *label, const struct lane *lane)
{
    columns_spaces(columns, 2);
    columns_cell(columns, label, LANE_LABEL - 1, COLUMNS_LEFT);
    columns_spaces(columns, 1);
    for (unsigned i = 0; i < LANE; i++)
        put_glyph(columns, lane->cells[i]);
    columns_end(columns);
}

static unsigned lane_column(const struct drill *drill, int64_t at_us)
{
    const int64_t duration_us = drill->result.duration_us;
    if (at_us < 0 || duration_us <= 0) return 0;
    if (at_us >= duration_us) return LANE - 1;
    return (unsigned)((double)at_us / (double)duration_us * LANE);
}

/* A span shows even where it is shorter than a column, and never hides what counts more. */
static void fill(const struct drill *drill, struct lane *lane, int64_t from_us, int64_t until_us,
                 unsigned char cell)
{
    if (from_us == INT64_MAX || from_us > drill->result.duration_us) return;
    const unsigned from = lane_column(drill, from_us);
    const unsigned until = lane_column(drill, until_us > from_us ? until_us - 1 : from_us);
    for (unsigned i = from; i <= until; i++)
        if (lane->cells[i] < cell) lane->cells[i] = cell;
}

/* A letter at its instant, or at the next place that is free. */
static void mark(const struct drill *drill, struct lane *lane, int64_t at_us, char letter)
{
    if (at_us == INT64_MAX) return;
    for (unsigned i = lane_column(drill, at_us); i < LANE; i++) {
        if (lane->cells[i] > CELL_BAD_8) continue;
        lane->cells[i] = (unsigned char)letter;
        return;
    }
}

static void put_axis(const struct columns *columns, const struct drill *drill)
{
    enum { TICKS = 5, TICK = LANE / TICKS };
    columns_put(columns, "  TIMELINE", 2 + LANE_LABEL, COLUMNS_LEFT);
    for (int i = 0; i < TICKS; i++) {
        struct text tick = {0};
        show_instant(&tick, drill->result.duration_us / TICKS * i);
        columns_cell(columns, &tick, TICK, COLUMNS_LEFT);
    }
    columns_end(columns);
}

static void put_faults(const struct columns *columns, const struct drill *drill)
{
    for (uint32_t i = 0; i < drill->result.fault_count; i++) {
        const struct result_fault *fault = &drill->result.faults[i];
        struct lane lane = {{0}};
        struct text label = {0};
        text_format(&label, "fault %s", fault->id);
        fill(drill, &lane, fault->from_us, fault->until_us, CELL_FAULT);
        put_lane(columns, &label, &lane);
    }
}

/* Which share of the orders of a column's time was bad, beyond what is bad without the fault. */
static void put_users(const struct columns *columns, const struct drill *drill)
{
    const struct drill_burn *burn = &drill->burn;
    struct lane lane = {{0}};
    struct text label = {0};
    double judged[LANE] = {0}, bad[LANE] = {0};
    bool any = false;
    for (uint32_t i = 0; i < burn->count; i++) {
        const int64_t at_us = (int64_t)i * burn->bucket_s * 1000000;
        if (at_us >= drill->result.duration_us) break;
        const unsigned column = lane_column(drill, at_us);
        judged[column] += burn->judged[i];
        bad[column] += (double)burn->bad[i] - (double)burn->control_bad[i];
    }
    for (unsigned c = 0; c < LANE; c++) {
        const double share = judged[c] > 0 ? bad[c] / judged[c] : 0;
        if (!(share >= LEAST_BAD)) continue;
        lane.cells[c] = (unsigned char)(CELL_BAD_1 + fmin(7, floor(share * 8)));
        any = true;
    }
    if (!any) return;
    text_put(&label, "orders it spoilt");
    put_lane(columns, &label, &lane);
}

/* The states of one instance, from the journal. */
static bool fill_alert(const struct drill *drill, const struct drill_alert *alert,
                       struct lane *lane)
{
    int64_t since_us = INT64_MAX;
    unsigned char state = CELL_EMPTY;
    bool any = false;
    for (uint32_t i = 0; i <= drill->entry_count; i++) {
        const bool over = i == drill->entry_count;
        const struct story_entry *entry = over ? NULL : &drill->entries[i];
        if (!over && (entry->kind < STORY_PENDING || entry->kind > STORY_RESET)) continue;
        if (!over && (entry->index != alert->rule || entry->scope != alert->scope)) continue;
        if (state != CELL_EMPTY)
            fill(drill, lane, since_us, over ? drill->result.duration_us : entry->at_us, state);
        if (over) break;
        any = true;
        since_us = entry->at_us;
        state = entry->kind == STORY_PENDING ? CELL_PENDING
                : entry->kind == STORY_FIRED ? CELL_FIRING
                                             : CELL_EMPTY;
    }
    return any;
}

static void put_alerts(const struct columns *columns, const struct drill *drill)
{
    unsigned shown = 0, more = 0;
    for (uint32_t i = 0; i < drill->alert_count; i++) {
        const struct drill_alert *alert = &drill->alerts[i];
        struct lane lane = {{0}};
        struct text label = {0};
        if (!fill_alert(drill, alert, &lane)) continue;
        if (shown == LANES_OF_ALERTS) {
            more++;
            continue;
        }
        shown++;
        if (alert->scope < PROVIDER_COUNT)
            text_format(&label, "%s: ", provider_traits[alert->scope].short_name);
        drill_show_alert(&label, drill, alert->rule, SCOPE_ROUTER);
        put_lane(columns, &label, &lane);
    }
    if (more > 0) text_format(columns->text, "  and %u more alerts in the report\n", more);
}

static void put_settings(const struct columns *columns, const struct drill *drill)
{
    struct lane lane = {{0}};
    struct text label = {0};
    if (drill->differing_count == 0) return;
    for (uint32_t i = 0; i < drill->differing_count; i++)
        fill(drill, &lane, drill->differing[i].from_us, drill->differing[i].until_us,
             CELL_SETTINGS);
    text_put(&label, "other settings");
    put_lane(columns, &label, &lane);
}

/* Steps by their number in the operator's list, where they ended; "!" did nothing or failed. */
static void put_operator(const struct columns *columns, const struct drill *drill,
                         int operator_index, const char *name)
{
    static const char numbers[] = "123456789abcdefghijklmnopqrstuvwxyz";
    struct lane lane = {{0}};
    struct text label = {0};
    unsigned number = 0, reached = 0;
    for (uint32_t i = 0; i < drill->step_count; i++) {
        const struct drill_step *step = &drill->steps[i];
        if (step->operator_index != operator_index) continue;
        const bool bad = drill_outcome_tone(step->outcome) == TONE_BAD;
        const int64_t at_us = step->ended_us != INT64_MAX ? step->ended_us : step->began_us;
        mark(drill, &lane, at_us, bad ? '!' : numbers[number < 34 ? number : 34]);
        reached += at_us != INT64_MAX;
        number++;
    }
    if (reached == 0) return;
    text_put(&label, name);
    put_lane(columns, &label, &lane);
}

static void put_marks(const struct columns *columns, const struct drill *drill)
{
    static const struct {
        enum drill_mark mark;
        char letter;
        const char *words;
    } marks[] = {
        {DRILL_MARK_IMPACT, 'I', "I first bad order"}, {DRILL_MARK_DETECT, 'D', "D detected"},
        {DRILL_MARK_ACT, 'A', "A first change live"},  {DRILL_MARK_MITIGATE, 'M', "M mitigated"},
        {DRILL_MARK_RECOVER, 'R', "R recovered"},      {DRILL_MARK_STOPPED, 'S', "S stopped"},
    };
    struct lane lane = {{0}};
    struct text label = {0}, legend = {0};
    const char *before = "";
    text_put(&label, "marks");
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const int64_t at_us = drill_mark_us(&drill->marks, marks[i].mark);
        if (at_us == INT64_MAX) continue;
        mark(drill, &lane, at_us, marks[i].letter);
        text_format(&legend, "%s%s", before, marks[i].words);
        before = ", ";
    }
    put_lane(columns, &label, &lane);
    text_format(&legend,
                "%s%s pending, %s firing, %s other settings; 1, 2, ... steps where they "
                "ended, ! without effect or failed.",
                before[0] != '\0' ? "; " : "", columns->unicode ? "\u00b7" : ".",
                columns->unicode ? "\u2501" : "=", columns->unicode ? "\u2592" : "~");
    columns_wrap(columns, "  ", &legend, DRILL_COLUMNS);
}

void drill_console_timeline(const struct columns *columns, const struct drill *drill)
{
    if (drill->result.fault_count == 0 && drill->entry_count == 0) return;
    put_axis(columns, drill);
    put_faults(columns, drill);
    put_users(columns, drill);
    put_alerts(columns, drill);
    put_settings(columns, drill);
    for (uint32_t o = 0; o < drill->operator_count; o++)
        put_operator(columns, drill, (int)o, drill->operator_ids[o]);
    put_operator(columns, drill, -1, "rollbacks");
    put_marks(columns, drill);
    if (drill->repeats > 1)
        text_format(columns->text, "  The first of %u repeats.\n", drill->repeats);
    text_char(columns->text, '\n');
}

/* ---- the audit of alerts ---- */

enum { ALERT_SHOULD = 7, ALERT_TIME = 10, ALERT_RULE = 31 };

static void put_instant(const struct columns *columns, int64_t at_us)
{
    struct text cell = {0};
    if (at_us == INT64_MAX)
        text_put(&cell, "\u2013");
    else
        drill_show_instant(&cell, at_us);
    columns_cell(columns, &cell, ALERT_TIME, COLUMNS_NUMBER);
}

static void put_alert(const struct columns *columns, const struct drill *drill,
                      const struct drill_alert *alert)
{
    const enum drill_audit audit = drill_audit_of(alert);
    struct text name = {0}, times = {0};
    columns_spaces(columns, 2);
    if (alert->scope < PROVIDER_COUNT)
        text_format(&name, "%s: ", provider_traits[alert->scope].short_name);
    drill_show_alert(&name, drill, alert->rule, SCOPE_ROUTER);
    columns_cell(columns, &name, ALERT_RULE - 1, COLUMNS_LEFT);
    columns_spaces(columns, 1);
    columns_put(columns, drill_should_word(alert), ALERT_SHOULD, COLUMNS_LEFT);
    put_instant(columns, alert->fired_us);
    if (drill->repeats > 1) {
        text_format(&times, "%u/%u", alert->repeats_fired, drill->repeats);
        columns_cell(columns, &times, ALERT_TIME, COLUMNS_NUMBER);
    } else {
        put_instant(columns, alert->resolved_us);
    }
    columns_spaces(columns, 2);
    columns_tone(columns, drill_audit_names[audit], 0, drill_audit_tone(audit));
    if (alert->false_episodes > 0 && audit != AUDIT_FALSE)
        text_format(columns->text, ", %u false", alert->false_episodes);
    columns_end(columns);
}

void drill_console_alerts(const struct columns *columns, const struct drill *drill)
{
    uint32_t quiet = 0;
    columns_put(columns, "  ALERTS", 2 + ALERT_RULE, COLUMNS_LEFT);
    if (drill->alert_count == 0) {
        columns_end(columns);
        text_put(columns->text, "  There are no rules.\n\n");
        return;
    }
    columns_put(columns, "should", ALERT_SHOULD, COLUMNS_LEFT);
    columns_put(columns, "fired", ALERT_TIME, COLUMNS_RIGHT);
    columns_put(columns, drill->repeats > 1 ? "repeats" : "resolved", ALERT_TIME, COLUMNS_RIGHT);
    text_put(columns->text, "  verdict\n");
    for (uint32_t i = 0; i < drill->alert_count; i++) {
        if (drill_audit_of(&drill->alerts[i]) == AUDIT_QUIET) {
            quiet++;
            continue;
        }
        put_alert(columns, drill, &drill->alerts[i]);
    }
    if (quiet > 0 && quiet == drill->alert_count)
        text_format(columns->text, "  None of %u fired, nor should any.\n", quiet);
    else if (quiet > 0)
        text_format(columns->text, "  %u more did not fire, nor should they.\n", quiet);
    text_char(columns->text, '\n');
}

/* ---- steps ---- */

enum { STEP_TIME = 10, STEP_WORDS = DRILL_COLUMNS - 2 - 2 * STEP_TIME - 14 };

static void put_step(const struct columns *columns, const struct drill *drill,
                     const struct drill_step *step)
{
    struct text words = {0}, why = {0};
    const size_t id = columns_width(columns, step->id);
    columns_spaces(columns, 2);
    columns_put(columns, step->id, id > 16 ? 16 : id, COLUMNS_LEFT);
    columns_spaces(columns, 1);
    drill_show_step(&words, step);
    columns_cell(columns, &words, STEP_WORDS - (id > 16 ? 16 : id) - 1, COLUMNS_LEFT);
    put_instant(columns, step->began_us);
    put_instant(columns, step->ended_us);
    columns_spaces(columns, 2);
    columns_tone(columns, step_outcome_names[step->outcome], 0, drill_outcome_tone(step->outcome));
    columns_end(columns);
    if (step->why != NULL) text_put(&why, step->why);
    columns_wrap(columns, "      ", &why, DRILL_COLUMNS);
    drill_show_outcomes(&words, drill, step);
    if (words.length > 0 && step->outcomes[step->outcome] != drill->repeats) {
        text_put(&why, "in all repeats: ");
        text_put(&why, words.bytes);
        columns_wrap(columns, "      ", &why, DRILL_COLUMNS);
    }
    text_release(&words);
}

void drill_console_steps(const struct columns *columns, const struct drill *drill)
{
    columns_put(columns, "  STEPS", 2 + STEP_WORDS, COLUMNS_LEFT);
    if (drill->step_count == 0) {
        columns_end(columns);
        text_put(columns->text, "  Nobody did anything.\n\n");
        return;
    }
    columns_put(columns, "began", STEP_TIME, COLUMNS_RIGHT);
    columns_put(columns, "ended", STEP_TIME, COLUMNS_RIGHT);
    text_put(columns->text, "  effect\n");
    for (uint32_t i = 0; i < drill->step_count; i++) {
        const struct drill_step *step = &drill->steps[i];
        const bool first = i == 0 || drill->steps[i - 1].operator_index != step->operator_index;
        const bool told =
            step->cause != NULL && step->cause[0] != '\0' && strcmp(step->cause, "script") != 0;
        if (first && step->began_us != INT64_MAX && told) {
            struct text cause = {0};
            text_format(&cause, "%s, because of %s:", drill_step_who(step), step->cause);
            columns_wrap(columns, "  ", &cause, DRILL_COLUMNS);
        }
        put_step(columns, drill, step);
    }
    text_char(columns->text, '\n');
}
