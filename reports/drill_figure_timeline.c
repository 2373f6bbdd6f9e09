/* The story as lanes - faults, alerts, settings, operators - over what users had of it. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/drill_figures.h"
#include "reports/drill_text.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum {
    LEFT = 226, /* room for alerts' names */
    RIGHT = FIGURE_WIDTH - 62,
    ROW_HEIGHT = 20,
    MARKS_HEIGHT = 34,
    LATENCY_HEIGHT = 150,
    GOOD_HEIGHT = 110,
    GAP = 40,
    FOOT = 50,
    TOP = 10,
    ALERTS_SHOWN = 8,
    ROWS_MAX = FAULTS_MAX + ALERTS_SHOWN + OPERATORS_MAX + 2,
    FAULTS_SHOWN = 6,
    NAME_MAX = 34,  /* characters of a row's name */
    WORDS_MAX = 80, /* bytes of what stands beside a row's bars */
};

static const double pixels_each_character = 6.4;

/* Columns of the data file. */
enum { COLUMN_MIDDLE = 3, COLUMN_P50, COLUMN_P95, COLUMN_GOOD };

struct timeline {
    struct sheet *sheet;
    const struct drill *drill;
    unsigned rows;   /* so far, from the top */
    unsigned all;    /* in the end */
    unsigned object; /* numbers of gnuplot's objects and arrows, so far */
    unsigned arrow;
    struct row {
        double from, until; /* of its bars, in pixels from the axis; from > until: none yet */
        char words[WORDS_MAX];
        double on_from, on_until; /* a bar that words may stand on */
    } row[ROWS_MAX];
};

static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data,
                "# from_%s\tuntil_%s\tmiddle_%s\tp50_ms\tp95_ms\tgood_share\torders\n",
                sheet->axis.unit, sheet->axis.unit, sheet->axis.unit);
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        const double from = axis_value(&sheet->axis, group->from_us);
        const double until = axis_value(&sheet->axis, group->until_us);
        sheet_cell(sheet, from, '\t');
        sheet_cell(sheet, until, '\t');
        sheet_cell(sheet, (from + until) / 2, '\t');
        sheet_cell(sheet, group->p50_ms, '\t');
        sheet_cell(sheet, group->p95_ms, '\t');
        sheet_cell(sheet,
                   group->orders == 0 ? (double)NAN
                                      : fmin((double)group->ok / (double)group->orders, 1),
                   '\t');
        sheet_cell(sheet, (double)group->orders, '\n');
    }
}

/* ---- which alerts ---- */

/* Those that fired, then those that were true for longest without firing. */
static double weight_of(const struct drill *drill, const struct drill_alert *alert)
{
    if (alert->fired_us < INT64_MAX) return 1e18 - (double)alert->fired_us;
    if (alert->episodes > 0) return 1e17;
    const int64_t fault_us = drill->marks.fault_us < INT64_MAX ? drill->marks.fault_us : 0;
    double pending_us = 0;
    int64_t since_us = INT64_MAX;
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->index != alert->rule || entry->scope != alert->scope) continue;
        if (entry->kind == STORY_PENDING && entry->at_us >= fault_us) since_us = entry->at_us;
        if (entry->kind == STORY_RESET && since_us < INT64_MAX) {
            pending_us = fmax(pending_us, (double)(entry->at_us - since_us));
            since_us = INT64_MAX;
        }
    }
    return pending_us;
}

struct chosen {
    const struct drill_alert *alerts[ALERTS_SHOWN];
    unsigned count;
};

static void choose_alerts(const struct drill *drill, struct chosen *chosen)
{
    bool taken[ALERT_INSTANCES_MAX] = {false};
    chosen->count = 0;
    while (chosen->count < ALERTS_SHOWN) {
        uint32_t best = UINT32_MAX;
        double best_weight = 0;
        for (uint32_t i = 0; i < drill->alert_count; i++) {
            const double weight = taken[i] ? 0 : weight_of(drill, &drill->alerts[i]);
            if (weight <= best_weight) continue;
            best = i;
            best_weight = weight;
        }
        if (best == UINT32_MAX) return;
        taken[best] = true;
        chosen->alerts[chosen->count++] = &drill->alerts[best];
    }
}

/* ---- bars ---- */

static void put_number(struct text *script, double value)
{
    text_fixed(script, value, 5);
}

/* The middle of a row, in the lanes' units: rows count downwards. */
static double middle(const struct timeline *line, unsigned row)
{
    return (double)(line->all - row) - 0.5;
}

static double axis_at(const struct timeline *line, int64_t us)
{
    const struct time_axis *axis = &line->sheet->axis;
    return us == INT64_MAX ? axis->end : fmin(axis_value(axis, us), axis->end);
}

static void extend(struct timeline *line, unsigned row, int64_t from_us, int64_t until_us)
{
    const double pixels = (RIGHT - LEFT) / line->sheet->axis.end;
    line->row[row].from = fmin(line->row[row].from, axis_at(line, from_us) * pixels);
    line->row[row].until = fmax(line->row[row].until, axis_at(line, until_us) * pixels);
}

static void put_bar(struct timeline *line, unsigned row, int64_t from_us, int64_t until_us,
                    const char *colour, double half)
{
    extend(line, row, from_us, until_us);
    struct text *script = &line->sheet->script;
    const double from = axis_at(line, from_us);
    const double least = 2.0 * line->sheet->axis.end / (RIGHT - LEFT); /* two pixels */
    text_format(script, "set object %u rect from ", line->object++);
    put_number(script, from);
    text_char(script, ',');
    put_number(script, middle(line, row) - half);
    text_put(script, " to ");
    put_number(script, fmin(fmax(axis_at(line, until_us), from + least), line->sheet->axis.end));
    text_char(script, ',');
    put_number(script, middle(line, row) + half);
    text_format(script, " fc rgb %s fs solid noborder back\n", colour);
}

static void put_dotted(struct timeline *line, unsigned row, int64_t from_us, int64_t until_us)
{
    extend(line, row, from_us, until_us);
    struct text *script = &line->sheet->script;
    text_format(script, "set arrow %u from ", line->arrow++);
    put_number(script, axis_at(line, from_us));
    text_char(script, ',');
    put_number(script, middle(line, row));
    text_put(script, " to ");
    put_number(script, axis_at(line, until_us));
    text_char(script, ',');
    put_number(script, middle(line, row));
    text_put(script, " nohead dt 3 lw 2 lc rgb WARN\n");
}

/* ---- rows ---- */

static unsigned begin_row(struct timeline *line, const char *name)
{
    char shown[4 * NAME_MAX + 8];
    size_t used = 0, characters = 0;
    for (const char *c = name; *c != '\0' && used + 8 < sizeof shown; c++) {
        const bool starts = ((unsigned char)*c & 0xC0u) != 0x80u;
        if (starts && ++characters > NAME_MAX) {
            (void)snprintf(shown + used, sizeof shown - used, "\u2026");
            used = strlen(shown);
            break;
        }
        shown[used++] = *c;
    }
    shown[used] = '\0';
    sheet_label(line->sheet, 0, middle(line, line->rows), shown);
    line->row[line->rows] = (struct row){.from = RIGHT - LEFT, .until = 0};
    return line->rows++;
}

/* What stands beside the row's bars; taken over and released. */
static void say(struct timeline *line, unsigned row, struct text *words)
{
    if (words->failed) line->sheet->labels.failed = true;
    if (words->bytes != NULL && words->length < WORDS_MAX)
        memcpy(line->row[row].words, words->bytes, words->length + 1);
    text_release(words);
}

enum side { SIDE_RIGHT, SIDE_LEFT, SIDES };

/* Words stand on a wide bar that has room for them, else after the last bar, else before the first,
 * else nowhere: the tables say it too. False: nowhere. */
static bool place_words(const struct row *row, enum side *side, double *at)
{
    const double width = (double)utf8_count(row->words, strlen(row->words)) * pixels_each_character;
    *side = SIDE_RIGHT;
    *at = row->on_from + 6;
    if (row->words[0] == '\0') return false;
    if (*at + width + 4 <= row->on_until) return true;
    *at = row->until + 6;
    if (*at + width <= RIGHT - LEFT + 50) return true;
    *side = SIDE_LEFT;
    *at = row->from - 6;
    return *at - width >= 0;
}

static int word_block(const struct timeline *line, enum side wanted)
{
    const int block = sheet_labels_begin(line->sheet);
    sheet_label(line->sheet, 0, 0, ""); /* a block may not be empty */
    for (unsigned r = 0; r < line->rows; r++) {
        enum side side;
        double at;
        if (!place_words(&line->row[r], &side, &at) || side != wanted) continue;
        sheet_label(line->sheet, at * line->sheet->axis.end / (RIGHT - LEFT), middle(line, r),
                    line->row[r].words);
    }
    return block;
}

/* When a fault began and ended in this repeat, as the journal has it; INT64_MAX: it did not. */
static void fault_span(const struct drill *drill, uint32_t fault, int64_t *from_us,
                       int64_t *until_us)
{
    *from_us = *until_us = INT64_MAX;
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->index != fault) continue;
        if (entry->kind == STORY_FAULT_ON && *from_us == INT64_MAX) *from_us = entry->at_us;
        if (entry->kind == STORY_FAULT_OFF && *until_us == INT64_MAX) *until_us = entry->at_us;
    }
}

/* What ran, not what was planned: a stop keeps a fault from coming, a new credential ends one. */
static void put_faults(struct timeline *line)
{
    const struct result *result = &line->drill->result;
    for (uint32_t f = 0; f < result->fault_count && f < FAULTS_SHOWN; f++) {
        int64_t from_us, until_us;
        fault_span(line->drill, f, &from_us, &until_us);
        const unsigned row = begin_row(line, result->faults[f].id);
        struct text words = {0};
        if (from_us < INT64_MAX) {
            put_bar(line, row, from_us, until_us, "FAULT", 0.38);
            line->row[row].on_from = line->row[row].from;
            line->row[row].on_until = line->row[row].until;
        } else {
            line->row[row].from = line->row[row].until = 0; /* its words begin the row */
        }
        text_put(&words, result->faults[f].label);
        if (from_us == INT64_MAX) text_put(&words, ": never began");
        say(line, row, &words);
    }
}

/* Behind a panel; object numbers as sheet_shade_faults() has them. */
static void shade_faults(const struct timeline *line)
{
    struct text *script = &line->sheet->script;
    for (uint32_t f = 0; f < line->drill->result.fault_count; f++) {
        int64_t from_us, until_us;
        fault_span(line->drill, f, &from_us, &until_us);
        if (from_us == INT64_MAX) continue;
        text_format(script, "set object %u rect from ", 100 + (unsigned)f);
        put_number(script, axis_at(line, from_us));
        text_put(script, ",graph 0 to ");
        put_number(script, axis_at(line, until_us));
        text_put(script, ",graph 1 fc rgb FAULT fs solid noborder behind\n");
    }
}

static const char *alert_colour(const struct drill *drill, const struct drill_alert *alert)
{
    return drill->rules[alert->rule].severity == SEVERITY_PAGE ? "BAD" : "WARN";
}

static void say_of_alert(struct timeline *line, unsigned row, const struct drill_alert *alert)
{
    const struct drill *drill = line->drill;
    const int64_t for_us = drill->rules[alert->rule].for_us;
    struct text words = {0};
    if (alert->fired_us < INT64_MAX && drill->marks.fault_us < INT64_MAX) {
        text_put(&words, "fired ");
        drill_show_since_fault(&words, drill, alert->fired_us);
    } else if (alert->episodes > 0) {
        text_put(&words, "fired, not for the fault");
    } else {
        text_put(&words, "never fired");
        if (for_us > 0) {
            text_put(&words, ": needs ");
            show_span(&words, for_us);
        }
    }
    say(line, row, &words);
}

static void put_alert(struct timeline *line, const struct drill_alert *alert)
{
    const struct drill *drill = line->drill;
    struct text name = {0};
    if (alert->scope < PROVIDER_COUNT) {
        text_format(&name, "%s: ", provider_traits[alert->scope].short_name);
    }
    text_put(&name, drill->rules[alert->rule].name);
    const unsigned row = begin_row(line, name.bytes != NULL ? name.bytes : "");
    text_release(&name);
    int64_t pending_us = INT64_MAX, firing_us = INT64_MAX;
    for (uint32_t i = 0; i < drill->entry_count; i++) {
        const struct story_entry *entry = &drill->entries[i];
        if (entry->index != alert->rule || entry->scope != alert->scope) continue;
        if (entry->kind == STORY_PENDING) pending_us = entry->at_us;
        if (entry->kind == STORY_RESET || entry->kind == STORY_FIRED) {
            if (pending_us < INT64_MAX) put_dotted(line, row, pending_us, entry->at_us);
            pending_us = INT64_MAX;
        }
        if (entry->kind == STORY_FIRED) firing_us = entry->at_us;
        if (entry->kind == STORY_RESOLVED && firing_us < INT64_MAX) {
            put_bar(line, row, firing_us, entry->at_us, alert_colour(drill, alert), 0.22);
            firing_us = INT64_MAX;
        }
    }
    if (pending_us < INT64_MAX) put_dotted(line, row, pending_us, INT64_MAX);
    if (firing_us < INT64_MAX) {
        put_bar(line, row, firing_us, INT64_MAX, alert_colour(drill, alert), 0.22);
    }
    say_of_alert(line, row, alert);
}

/* In words what the longest span was. */
static void put_settings(struct timeline *line)
{
    const double pixels = (RIGHT - LEFT) / line->sheet->axis.end;
    const unsigned row = begin_row(line, "other settings live");
    const struct story_span *longest = NULL;
    struct text words = {0};
    for (uint32_t i = 0; i < line->drill->differing_count; i++) {
        const struct story_span *span = &line->drill->differing[i];
        put_bar(line, row, span->from_us, span->until_us, "BAND", 0.38);
        if (longest == NULL ||
            span->until_us - span->from_us > longest->until_us - longest->from_us)
            longest = span;
    }
    if (longest == NULL) return;
    line->row[row].on_from = axis_at(line, longest->from_us) * pixels;
    line->row[row].on_until = axis_at(line, longest->until_us) * pixels;
    text_put(&words, longest->text);
    say(line, row, &words);
}

static bool acts(const struct drill *drill, int operator_index)
{
    for (uint32_t s = 0; s < drill->step_count; s++) {
        if (drill->steps[s].operator_index == operator_index &&
            drill->steps[s].began_us < INT64_MAX) {
            return true;
        }
    }
    return false;
}

/* From each step's beginning to its end; those that had no effect or failed in their colour. */
static void put_operator(struct timeline *line, int operator_index, const char *name)
{
    const unsigned row = begin_row(line, name);
    unsigned steps = 0, idle = 0, failed = 0;
    for (uint32_t s = 0; s < line->drill->step_count; s++) {
        const struct drill_step *step = &line->drill->steps[s];
        if (step->operator_index != operator_index || step->began_us == INT64_MAX) continue;
        steps++;
        idle += step->outcome == STEP_NO_EFFECT;
        failed += step->outcome == STEP_FAILED;
        const bool well = step->outcome == STEP_DONE;
        const bool waits = strcmp(step->verb, "wait_until") == 0;
        put_bar(line, row, step->began_us, step->ended_us,
                !well   ? "BAD"
                : waits ? "NEUTRAL"
                        : "WALMART",
                !well   ? 0.36
                : waits ? 0.12
                        : 0.26);
    }
    struct text words = {0};
    text_format(&words, "%u %s", steps, steps == 1 ? "step" : "steps");
    if (idle > 0) text_format(&words, ": %u no effect", idle);
    if (failed > 0) text_format(&words, "%s %u failed", idle > 0 ? "," : ":", failed);
    say(line, row, &words);
}

/* ---- the panels ---- */

static unsigned count_rows(const struct drill *drill, const struct chosen *chosen)
{
    const uint32_t faults =
        drill->result.fault_count < FAULTS_SHOWN ? drill->result.fault_count : FAULTS_SHOWN;
    unsigned rows = faults + chosen->count + (drill->differing_count > 0);
    for (uint32_t o = 0; o < drill->operator_count; o++)
        rows += acts(drill, (int)o);
    return rows + acts(drill, -1);
}

static void draw_lanes(struct timeline *line, const struct chosen *chosen, int top)
{
    struct sheet *sheet = line->sheet;
    struct text *script = &sheet->script;
    const struct drill *drill = line->drill;
    sheet_panel(sheet, LEFT, top, RIGHT, top + (int)line->all * ROW_HEIGHT);
    text_format(script,
                "unset border\nunset xtics\nunset ytics\nunset grid\nset format x ''\n"
                "set yrange [0:%u]\nset xrange [0:",
                line->all);
    text_double(script, sheet->axis.end);
    text_put(script, "]\n");
    const int names = sheet_labels_begin(sheet);
    put_faults(line);
    for (unsigned i = 0; i < chosen->count; i++)
        put_alert(line, chosen->alerts[i]);
    if (drill->differing_count > 0) put_settings(line);
    for (uint32_t o = 0; o < drill->operator_count; o++) {
        if (acts(drill, (int)o)) put_operator(line, (int)o, drill->operator_ids[o]);
    }
    if (acts(drill, -1)) put_operator(line, -1, "rollbacks");
    assert(line->rows == line->all);
    for (unsigned row = 1; row < line->all; row++)
        text_format(script,
                    "set arrow %u from graph 0,first %u to graph 1,first %u nohead lw 0.6 "
                    "lc rgb GRID back\n",
                    line->arrow++, row, row);
    const int after = word_block(line, SIDE_RIGHT);
    const int before = word_block(line, SIDE_LEFT);
    text_format(script,
                "plot LABELS index %d u 1:2:3 w labels right offset -1,0 noenhanced tc rgb FG font "
                "SMALL, \\\n"
                "     '' index %d u 1:2:3 w labels left noenhanced tc rgb MUTED font SMALL, \\\n"
                "     '' index %d u 1:2:3 w labels right noenhanced tc rgb MUTED font SMALL\n"
                "unset object\nunset arrow\nset border 1\nset grid ytics\n"
                "set xtics nomirror out scale 0.4,0 textcolor rgb MUTED\n"
                "set ytics nomirror scale 0 offset 0.3,0 textcolor rgb MUTED\n",
                names, after, before);
}

static const struct {
    enum drill_mark mark;
    const char *letter;
} letters[] = {{DRILL_MARK_IMPACT, "I"},
               {DRILL_MARK_DETECT, "D"},
               {DRILL_MARK_ACT, "A"},
               {DRILL_MARK_MITIGATE, "M"},
               {DRILL_MARK_RECOVER, "R"}};
enum { LETTERS = sizeof letters / sizeof letters[0] };

/* Lines down a panel at the story's instants. */
static void put_marks(const struct timeline *line)
{
    struct text *script = &line->sheet->script;
    for (unsigned i = 0; i < LETTERS; i++) {
        const int64_t us = drill_mark_us(&line->drill->marks, letters[i].mark);
        if (us == INT64_MAX || axis_value(&line->sheet->axis, us) > line->sheet->axis.end) continue;
        text_format(script, "set arrow %u from ", 300 + i);
        put_number(script, axis_at(line, us));
        text_put(script, ",graph 0 to ");
        put_number(script, axis_at(line, us));
        text_put(script, ",graph 1 nohead dt 2 lw 1 lc rgb MUTED back\n");
    }
}

/* Their letters, apart where two instants are one. */
static int letter_block(const struct timeline *line, double y)
{
    struct spread_item items[LETTERS];
    const char *words[LETTERS];
    size_t count = 0;
    for (unsigned i = 0; i < LETTERS; i++) {
        const int64_t us = drill_mark_us(&line->drill->marks, letters[i].mark);
        if (us == INT64_MAX || axis_value(&line->sheet->axis, us) > line->sheet->axis.end) continue;
        items[count].wanted = axis_at(line, us);
        words[count++] = letters[i].letter;
    }
    const double pixel = line->sheet->axis.end / (RIGHT - LEFT);
    spread(items, count, 13 * pixel, 0, line->sheet->axis.end);
    const int block = sheet_labels_begin(line->sheet);
    sheet_label(line->sheet, 0, y, "");
    for (size_t i = 0; i < count; i++)
        sheet_label(line->sheet, items[i].placed, y, words[i]);
    return block;
}

/* The limit of a latency rule on the router, ms; 0: there is none. */
static double alert_limit_ms(const struct drill *drill)
{
    for (uint32_t r = 0; r < drill->rule_count; r++) {
        const struct alert_rule *rule = &drill->rules[r];
        if (rule->signal == SIGNAL_P95_MS && rule->scope == SCOPE_ROUTER) {
            return rule->when.threshold;
        }
    }
    return 0;
}

static void draw_latency(struct timeline *line, int top)
{
    struct sheet *sheet = line->sheet;
    struct text *script = &sheet->script;
    const double limit = alert_limit_ms(line->drill);
    double most = limit;
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        most = fmax(most, sheet->groups->items[i].p95_ms);
    sheet_panel(sheet, LEFT, top, RIGHT, top + LATENCY_HEIGHT);
    sheet_time_axis(sheet, false);
    const double end = sheet_value_axis(sheet, fmax(most, 1), UNIT_MS);
    shade_faults(line);
    put_marks(line);
    text_put(script, "set label 1 '{/:Bold Router latency}, median and p95' at graph 0,1.25 tc rgb "
                     "FG\n");
    if (limit > 0) {
        text_put(script, "set arrow 290 from graph 0,first ");
        put_number(script, limit);
        text_put(script, " to graph 1,first ");
        put_number(script, limit);
        text_put(script, " nohead dt 3 lw 1.4 lc rgb WARN back\n");
    }
    const int above = letter_block(line, end);
    const int alarm = sheet_labels_begin(sheet);
    sheet_label(sheet, sheet->axis.end, limit > 0 ? limit : 0, limit > 0 ? "alert" : "");
    text_format(
        script,
        "plot DATA u %d:%d:%d w filledcurves fc rgb BAND, \\\n"
        "     '' u %d:%d w lines lw 1.2 lc rgb WALMART, \\\n"
        "     '' u %d:%d w lines lw 2.2 lc rgb WALMART, \\\n"
        "     LABELS index %d u 1:2:3 w labels center offset 0,0.7 tc rgb MUTED font BOLD, \\\n"
        "     '' index %d u 1:2:3 w labels left offset 0.8,0 tc rgb WARN font SMALL\n"
        "unset label\nunset object\nunset arrow\n",
        COLUMN_MIDDLE, COLUMN_P50, COLUMN_P95, COLUMN_MIDDLE, COLUMN_P95, COLUMN_MIDDLE, COLUMN_P50,
        above, alarm);
}

static void draw_good(struct timeline *line, int top)
{
    struct sheet *sheet = line->sheet;
    struct text *script = &sheet->script;
    sheet_panel(sheet, LEFT, top, RIGHT, top + GOOD_HEIGHT);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, GOOD_HEIGHT);
    text_put(script, "set yrange [0:1.04]\n"
                     "set ytics ('0%%' 0, '50%%' 0.5, '100%%' 1)\n");
    shade_faults(line);
    put_marks(line);
    text_format(script,
                "set label 1 '{/:Bold Good orders}, of those completed' at graph 0,1.14 tc rgb FG\n"
                "plot DATA u %d:%d w lines lw 2.2 lc rgb GOOD\n"
                "unset label\nunset object\nunset arrow\n",
                COLUMN_MIDDLE, COLUMN_GOOD);
}

static void draw(struct sheet *sheet)
{
    struct chosen chosen;
    choose_alerts(sheet->drill, &chosen);
    struct timeline line = {.sheet = sheet,
                            .drill = sheet->drill,
                            .all = count_rows(sheet->drill, &chosen),
                            .object = 400,
                            .arrow = 400};
    const int lanes_height = (int)line.all * ROW_HEIGHT;
    const int latency_top = line.all > 0 ? TOP + lanes_height + GAP + 16 : 56;
    const int good_top = latency_top + LATENCY_HEIGHT + GAP;
    sheet->height = good_top + GOOD_HEIGHT + FOOT;
    write_data(sheet);
    if (line.all > 0) draw_lanes(&line, &chosen, TOP);
    draw_latency(&line, latency_top);
    draw_good(&line, good_top);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        if (isfinite(result->buckets[i].router.p50_ms)) return NULL;
    return "No order was completed, so there is no course of events to draw.";
}

void drill_find_timeline(struct text *text, const struct drill *drill)
{
    drill_write_headline(text, drill);
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(
        text,
        "Lanes over one time axis: faults as bars, alerts dotted while pending and solid while "
        "firing, spans in which other settings were live, operators' steps from beginning to "
        "end. Below, the router's latency and the share of good orders. Dashed lines mark the "
        "story's instants: I the first bad order, D detected, A the first change live, M "
        "mitigated, R recovered. ");
    drill_find_timeline(text, subject->drill);
}

const struct figure drill_figure_timeline = {.name = "drill_timeline",
                                             .title = "Faults, alerts and operators over latency "
                                                      "and good orders",
                                             .absence = absence,
                                             .draw = draw,
                                             .describe = describe};
