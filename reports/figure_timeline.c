/* What was done to the system, and what it did: faults over router latency over success rates. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/figure.h"
#include "reports/findings.h"
#include "reports/lanes.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum {
    LEFT = 62,
    RIGHT = FIGURE_WIDTH - 84, /* room for the lines' names */
    LANE_HEIGHT = 23,
    LATENCY_HEIGHT = 190,
    SUCCESS_HEIGHT = 130,
    GAP = 46, /* between panels: a title, and air */
    FOOT = 50,
};

/* Columns of the data file. */
enum { COLUMN_MIDDLE = 3, COLUMN_P50, COLUMN_P95, COLUMN_P99, COLUMN_SUCCESS };

static const double pixels_each_character = 6.7;

static double success_at(const struct group *group, unsigned which)
{
    const struct group_provider *provider = &group->providers[which];
    if (provider->settled == 0) return NAN;
    return (double)provider->quotes / (double)provider->settled;
}

static void write_data(struct sheet *sheet)
{
    text_format(&sheet->data, "# from_%s\tuntil_%s\tmiddle_%s\tp50_ms\tp95_ms\tp99_ms",
                sheet->axis.unit, sheet->axis.unit, sheet->axis.unit);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_success", provider_traits[p].id);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        text_format(&sheet->data, "\t%s_settled", provider_traits[p].id);
    text_put(&sheet->data, "\torders\n");
    for (uint32_t i = 0; i < sheet->groups->count; i++) {
        const struct group *group = &sheet->groups->items[i];
        const double from = axis_value(&sheet->axis, group->from_us);
        const double until = axis_value(&sheet->axis, group->until_us);
        sheet_cell(sheet, from, '\t');
        sheet_cell(sheet, until, '\t');
        sheet_cell(sheet, (from + until) / 2, '\t');
        sheet_cell(sheet, group->p50_ms, '\t');
        sheet_cell(sheet, group->p95_ms, '\t');
        sheet_cell(sheet, group->p99_ms, '\t');
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            sheet_cell(sheet, success_at(group, p), '\t');
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            sheet_cell(sheet, (double)group->providers[p].settled, '\t');
        sheet_cell(sheet, (double)group->orders, '\n');
    }
}

static int compare_starts(const void *left, const void *right)
{
    const struct result_fault *a = *(const struct result_fault *const *)left;
    const struct result_fault *b = *(const struct result_fault *const *)right;
    if (a->from_us != b->from_us) return a->from_us < b->from_us ? -1 : 1;
    return a < b ? -1 : a > b;
}

struct fault_lanes {
    const struct result_fault *faults[LANES_SPANS_MAX]; /* by start */
    struct lane_span spans[LANES_SPANS_MAX];
    uint32_t count, lanes;
};

static void place_faults(struct fault_lanes *lanes, const struct sheet *sheet)
{
    const struct result *result = sheet->result;
    *lanes = (struct fault_lanes){0};
    for (uint32_t i = 0; i < result->fault_count && lanes->count < LANES_SPANS_MAX; i++)
        if (axis_value(&sheet->axis, result->faults[i].from_us) < sheet->axis.end)
            lanes->faults[lanes->count++] = &result->faults[i];
    qsort(lanes->faults, lanes->count, sizeof *lanes->faults, compare_starts);
    const double pixels = (RIGHT - LEFT) / sheet->axis.end;
    for (uint32_t i = 0; i < lanes->count; i++) {
        const struct result_fault *fault = lanes->faults[i];
        const size_t length = utf8_count(fault->label, strlen(fault->label));
        const double characters = length < FIGURE_LABEL_MAX ? (double)length : FIGURE_LABEL_MAX;
        const double until = fmin(axis_value(&sheet->axis, fault->until_us), sheet->axis.end);
        lanes->spans[i] = (struct lane_span){
            .from = axis_value(&sheet->axis, fault->from_us) * pixels,
            .until = until * pixels,
            .words = characters * pixels_each_character + 10,
        };
    }
    lanes->lanes = lanes_place(lanes->spans, lanes->count, RIGHT - LEFT + 76);
}

static void draw_lanes(struct sheet *sheet, const struct fault_lanes *lanes, int top)
{
    struct text *script = &sheet->script;
    const double units = sheet->axis.end / (RIGHT - LEFT);
    sheet_panel(sheet, LEFT, top, RIGHT, top + (int)lanes->lanes * LANE_HEIGHT);
    text_format(script,
                "unset border\nunset xtics\nunset ytics\nunset grid\nset format x ''\n"
                "set yrange [0:%u]\n",
                (unsigned)lanes->lanes);
    text_put(script, "set xrange [0:");
    text_double(script, sheet->axis.end);
    text_format(script, "]\nset label 1 '{/:Bold Faults}' at graph 0,1 offset -0.9,-0.7 right "
                        "tc rgb FG\n");
    for (uint32_t i = 0; i < lanes->count; i++) {
        const struct lane_span *span = &lanes->spans[i];
        text_format(script, "set object %u rect from ", 100 + (unsigned)i);
        text_fixed(script, span->from * units, 5);
        text_format(script, ",%u.08 to ", (unsigned)(lanes->lanes - span->lane - 1));
        text_fixed(script, fmax(span->until, span->from + 2) * units, 5);
        text_format(script, ",%u.92 fc rgb FAULT fs solid noborder behind\n",
                    (unsigned)(lanes->lanes - span->lane - 1));
    }
    int blocks[2];
    for (int right = 0; right < 2; right++) {
        blocks[right] = sheet_labels_begin(sheet);
        sheet_label(sheet, 0, 0, ""); /* a block may not be empty */
        for (uint32_t i = 0; i < lanes->count; i++) {
            const struct lane_span *span = &lanes->spans[i];
            if (span->place == LANE_WORDS_NONE) continue;
            if ((span->place == LANE_WORDS_LEFT) != (right == 1)) continue;
            const double at = span->place == LANE_WORDS_LEFT ? span->from - 5
                              : span->place == LANE_WORDS_RIGHT
                                  ? fmax(span->until, span->from + 2) + 5
                                  : span->from + 5;
            sheet_label(sheet, fmin(at * units, sheet->axis.end), lanes->lanes - span->lane - 0.5,
                        lanes->faults[i]->label);
        }
    }
    text_format(script,
                "plot LABELS index %d u 1:2:3 w labels left noenhanced tc rgb FG font SMALL, \\\n"
                "     '' index %d u 1:2:3 w labels right noenhanced tc rgb FG font SMALL\n"
                "unset label\nunset object\nset border 1\nset grid ytics\n"
                "set xtics nomirror out scale 0.4,0 textcolor rgb MUTED\n"
                "set ytics nomirror scale 0 offset 0.3,0 textcolor rgb MUTED\n",
                blocks[0], blocks[1]);
}

/* Names of lines stand at their right ends, moved apart where the lines meet. */
static int name_lines(struct sheet *sheet, const struct spread_item *items,
                      const char *const *names, size_t count, int first)
{
    for (size_t i = 0; i < count; i++) {
        const int block = sheet_labels_begin(sheet);
        assert(block == first + (int)i);
        sheet_label(sheet, sheet->axis.end, items[i].placed, names[i]);
    }
    return first + (int)count;
}

static double last_known(const struct sheet *sheet, double (*value)(const struct group *, unsigned),
                         unsigned which)
{
    for (uint32_t i = sheet->groups->count; i > 0; i--) {
        const double found = value(&sheet->groups->items[i - 1], which);
        if (isfinite(found)) return found;
    }
    return NAN;
}

static double percentile_at(const struct group *group, unsigned which)
{
    return which == 0 ? group->p50_ms : which == 1 ? group->p95_ms : group->p99_ms;
}

static const char *line_style(const struct sheet *sheet)
{
    return sheet->groups->count <= FIGURE_FEW_POINTS ? "linespoints pt 7 ps FEW" : "lines";
}

static void draw_latency(struct sheet *sheet, int top)
{
    static const char *const names[] = {"p50", "p95", "p99"};
    struct text *script = &sheet->script;
    double most = 0;
    for (uint32_t i = 0; i < sheet->groups->count; i++)
        for (unsigned q = 0; q < 3; q++)
            most = fmax(most, percentile_at(&sheet->groups->items[i], q));

    sheet_panel(sheet, LEFT, top, RIGHT, top + LATENCY_HEIGHT);
    sheet_time_axis(sheet, false);
    const double end = sheet_value_axis(sheet, most, UNIT_MS);
    sheet_shade_faults(sheet);
    text_put(script, "set label 1 '{/:Bold Router latency}' at graph 0,1.08 tc rgb FG\n");

    struct spread_item items[3];
    for (unsigned q = 0; q < 3; q++)
        items[q].wanted = last_known(sheet, percentile_at, q);
    const double pixel = end / LATENCY_HEIGHT;
    spread(items, 3, 15 * pixel, 4 * pixel, end - 2 * pixel);
    const int first = sheet->blocks;
    (void)name_lines(sheet, items, names, 3, first);
    text_format(script,
                "plot DATA u %d:%d:%d w filledcurves fc rgb BAND, \\\n"
                "     '' u %d:%d w %s lw 1 lc rgb REF, \\\n"
                "     '' u %d:%d w %s lw 1.2 lc rgb WALMART, \\\n"
                "     '' u %d:%d w %s lw 2.4 lc rgb WALMART, \\\n",
                COLUMN_MIDDLE, COLUMN_P50, COLUMN_P95, COLUMN_MIDDLE, COLUMN_P99, line_style(sheet),
                COLUMN_MIDDLE, COLUMN_P95, line_style(sheet), COLUMN_MIDDLE, COLUMN_P50,
                line_style(sheet));
    text_format(
        script,
        "     LABELS index %d u 1:2:3 w labels left offset 0.8,0 tc rgb WALMART font BOLD, "
        "\\\n"
        "     '' index %d u 1:2:3 w labels left offset 0.8,0 tc rgb WALMART font SMALL, \\\n"
        "     '' index %d u 1:2:3 w labels left offset 0.8,0 tc rgb REF font SMALL\n"
        "unset label\nunset object\n",
        first, first + 1, first + 2);
}

static void draw_success(struct sheet *sheet, int top)
{
    struct text *script = &sheet->script;
    unsigned shown[PROVIDER_COUNT];
    const char *names[PROVIDER_COUNT];
    struct spread_item items[PROVIDER_COUNT];
    size_t count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const double last = last_known(sheet, success_at, p);
        if (!isfinite(last)) continue;
        shown[count] = p;
        names[count] = provider_traits[p].short_name;
        items[count++].wanted = last;
    }
    sheet_panel(sheet, LEFT, top, RIGHT, top + SUCCESS_HEIGHT);
    sheet_time_axis(sheet, true);
    sheet_time_title(sheet, SUCCESS_HEIGHT);
    text_put(script, "set yrange [0:1.04]\n"
                     "set ytics ('0%%' 0, '25%%' 0.25, '50%%' 0.5, '75%%' 0.75, '100%%' 1)\n");
    sheet_shade_faults(sheet);
    text_put(script,
             "set label 1 '{/:Bold Quotes that came in time}, of those asked for' at graph 0,1.12 "
             "tc rgb FG\n");
    const double pixel = 1.04 / SUCCESS_HEIGHT;
    spread(items, count, 16 * pixel, 4 * pixel, 1.04 - 4 * pixel);
    const int first = sheet->blocks;
    (void)name_lines(sheet, items, names, count, first);
    text_put(script, "plot ");
    if (count == 0) text_put(script, "-1 lc rgb GRID");
    for (size_t i = 0; i < count; i++) {
        const char *token = provider_token((enum provider)shown[i]);
        text_format(script, "%sDATA u %d:%u w %s lw 2 lc rgb %s, \\\n", i > 0 ? "     " : "",
                    COLUMN_MIDDLE, COLUMN_SUCCESS + shown[i], line_style(sheet), token);
        text_format(script,
                    "     LABELS index %d u 1:2:3 w labels left offset 0.8,0 "
                    "tc rgb %s font BOLD%s",
                    first + (int)i, token, i + 1 < count ? ", \\\n" : "");
    }
    text_put(script, "\nunset label\nunset object\n");
}

static void draw(struct sheet *sheet)
{
    struct fault_lanes lanes;
    place_faults(&lanes, sheet);
    const int lanes_height = (int)lanes.lanes * LANE_HEIGHT;
    const int latency_top = lanes.lanes > 0 ? 12 + lanes_height + GAP : 34;
    const int success_top = latency_top + LATENCY_HEIGHT + GAP;
    sheet->height = success_top + SUCCESS_HEIGHT + FOOT;

    write_data(sheet);
    if (lanes.lanes > 0) draw_lanes(sheet, &lanes, 12);
    draw_latency(sheet, latency_top);
    draw_success(sheet, success_top);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct result *result = subject->result;
    for (uint32_t i = 0; i < result->bucket_count; i++)
        if (isfinite(result->buckets[i].router.p50_ms)) return NULL;
    return "No order was completed, so there is no course of events to draw.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    const struct result *result = subject->result;
    text_put(text, "Three panels over the same time axis. ");
    if (result->fault_count > 0)
        text_format(text, "At the top, %u injected fault%s as bars. ", result->fault_count,
                    result->fault_count == 1 ? "" : "s");
    text_put(text,
             "Then the router's latency as lines for its 50th, 95th and 99th percentile, and at "
             "the bottom, for each provider, the share of quotes that came in time. ");
    finding_timeline(result, text);
}

const struct figure figure_timeline = {.name = "timeline",
                                       .title = "Faults, router latency and success rates",
                                       .absence = absence,
                                       .draw = draw,
                                       .describe = describe};
