/* The goal over all ways to share out what price, speed and commission weigh together. */
#include <math.h>
#include <stdlib.h>

#include "reports/contours.h"
#include "reports/tune_figures.h"
#include "reports/tune_text.h"

enum { WIDTH = 720, HEIGHT = 520, LEFT = 60, RIGHT = 560, TOP = 44, SHADES = 9, LEGEND_ROW = 26 };

#define TALL 0.8660254037844386 /* of a triangle of side 1 */

struct map {
    struct sheet *sheet;
    const struct tuning *tuning;
    struct sheet_frame frame;
    double values[TUNE_SIMPLEX_POINTS];
    double levels[SHADES]; /* where each shade begins */
    unsigned shades;
    struct label_place labels[TUNE_ARMS_MAX];
    uint32_t labelled;
    bool has_suggested;
};

static int compare_values(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* Each shade covers as much of the triangle as any other, as far as equal values let it: most of
 * the range would else go to weights that nobody would choose. */
static void choose_levels(struct map *map)
{
    double sorted[TUNE_SIMPLEX_POINTS];
    for (uint32_t i = 0; i < TUNE_SIMPLEX_POINTS; i++)
        sorted[i] = map->values[i] = map->tuning->simplex[i].goal;
    qsort(sorted, TUNE_SIMPLEX_POINTS, sizeof *sorted, compare_values);
    map->shades = 0;
    for (unsigned s = 0; s < SHADES; s++) {
        const double level = sorted[s * TUNE_SIMPLEX_POINTS / SHADES];
        if (map->shades == 0 || level > map->levels[map->shades - 1])
            map->levels[map->shades++] = level;
    }
}

/* Price is left below, speed right below, commission on top. */
static void put_place(struct sheet *sheet, double speed, double commission)
{
    sheet_cell(sheet, speed + commission / 2, '\t');
    sheet_cell(sheet, commission * TALL, '\n');
}

static unsigned token_index(const struct map *map, unsigned shade)
{
    return map->shades > 1 ? shade * (SHADES - 1) / (map->shades - 1) : SHADES / 2;
}

static void write_regions(struct map *map)
{
    for (unsigned s = 0; s < map->shades; s++) {
        struct contour contour;
        if (!contour_above(&contour, map->values, TUNE_SIMPLEX_STEPS, map->levels[s]))
            map->sheet->data.failed = true;
        text_format(&map->sheet->data, "%s# where the goal is at least ", s > 0 ? "\n\n" : "");
        text_double(&map->sheet->data, map->levels[s]);
        text_put(&map->sheet->data, ": x\ty\n");
        for (size_t i = 0; i < contour.count; i++) {
            const double price = contour.points[i].a / TUNE_SIMPLEX_STEPS;
            const double speed = contour.points[i].b / TUNE_SIMPLEX_STEPS;
            put_place(map->sheet, speed, 1 - price - speed);
        }
        contour_release(&contour);
    }
}

/* Those with weight on any of the three. Returns whether the suggestion is among them. */
static void write_arms(struct map *map)
{
    const struct tuning *tuning = map->tuning;
    text_put(&map->sheet->data, "\n\n# arms: x\ty\tsuggested\n");
    for (uint32_t a = 0; a < tuning->arm_count; a++) {
        const struct score_weights *weights = &tuning->arms[a].weights;
        const double sum = weights->price + weights->speed + weights->commission;
        if (!(sum > 0)) continue;
        const double x = (weights->speed + weights->commission / 2) / sum;
        const double y = weights->commission / sum * TALL;
        sheet_cell(map->sheet, x, '\t');
        sheet_cell(map->sheet, y, '\t');
        sheet_cell(map->sheet, a == tuning->chosen, '\n');
        map->has_suggested |= a == tuning->chosen;
        map->labels[map->labelled++] = (struct label_place){.x = frame_x(&map->frame, x),
                                                            .y = frame_y(&map->frame, y),
                                                            .words = tuning->arms[a].name};
    }
}

static void put_legend(struct map *map)
{
    struct text *script = &map->sheet->script;
    const double x = RIGHT + 44;
    for (unsigned s = 0; s < map->shades; s++) {
        struct text words = {0};
        const double top = TOP + 40 + LEGEND_ROW * (double)(map->shades - 1 - s);
        text_format(script,
                    "set object %u rect from screen %.5f,%.5f to screen %.5f,%.5f fc rgb S%u fs "
                    "solid border lc rgb GRID\n",
                    20 + s, x / WIDTH, 1 - (top + LEGEND_ROW) / HEIGHT, (x + 18) / WIDTH,
                    1 - top / HEIGHT, token_index(map, s));
        text_put(&words, s > 0 ? "from " : "below ");
        tune_show_goal(&words, s > 0 || map->shades == 1 ? map->levels[s] : map->levels[1]);
        text_format(script, "set label %u '%s' at screen %.5f,%.5f left tc rgb FG font SMALL\n",
                    20 + s, words.bytes != NULL ? words.bytes : "", (x + 26) / WIDTH,
                    1 - (top + LEGEND_ROW / 2.0) / HEIGHT);
        script->failed |= words.failed;
        text_release(&words);
    }
    text_format(script,
                "set label 19 '{/:Bold Goal}, of its range' at screen %.5f,%.5f left tc rgb FG\n",
                x / WIDTH, 1 - (TOP + 22.0) / HEIGHT);
}

static void put_plot(struct map *map)
{
    struct text *script = &map->sheet->script;
    const uint32_t others = map->labelled - (map->has_suggested ? 1 : 0);
    for (unsigned s = 0; s < map->shades; s++)
        text_format(script, "%s index %u u 1:2 w filledcurves closed fc rgb S%u",
                    s == 0 ? "plot DATA" : ", \\\n     ''", s, token_index(map, s));
    if (map->labelled > 0)
        text_format(script,
                    ", \\\n     '' index %u u 1:2 w p pt 7 ps 3.2*FEW lc rgb BG"
                    ", \\\n     '' index %u u ($3==0?$1:NaN):2 w p pt 7 ps 2.2*FEW lc rgb FG",
                    map->shades, map->shades);
    if (map->has_suggested)
        text_format(script,
                    ", \\\n     '' index %u u ($3==1?$1:NaN):2 w p pt 13 ps 2.8*FEW lc rgb "
                    "MEALME",
                    map->shades);
    sheet_words(map->sheet, &map->frame, map->labels, others, "noenhanced tc rgb FG font SMALL");
    sheet_words(map->sheet, &map->frame, map->labels + others, map->labelled - others,
                "tc rgb FG font BOLD");
    text_put(script, "\nunset label\nunset arrow\nunset object\n");
}

static void draw(struct sheet *sheet)
{
    struct map *map = calloc(1, sizeof *map);
    if (map == NULL) {
        sheet->script.failed = true;
        return;
    }
    map->sheet = sheet;
    map->tuning = sheet->tuning;
    sheet->width = WIDTH;
    sheet->height = HEIGHT;
    const int bottom = TOP + (int)lrint((RIGHT - LEFT) * TALL);
    map->frame = (struct sheet_frame){LEFT, TOP, RIGHT, bottom, 0, 1, 0, TALL};
    choose_levels(map);
    write_regions(map);
    write_arms(map);
    sheet_panel(sheet, LEFT, TOP, RIGHT, bottom);
    text_format(&sheet->script,
                "unset border\nunset tics\nunset grid\nset xrange [0:1]\nset yrange [0:%.7f]\n"
                "set object 1 polygon from 0,0 to 1,0 to 0.5,%.7f to 0,0 fs empty border lc rgb "
                "AXIS lw 1.2 front\n"
                "set label 1 'all {/:Bold price}' at 0,0 center offset 0,-1.2 tc rgb FG\n"
                "set label 2 'all {/:Bold speed}' at 1,0 center offset 0,-1.2 tc rgb FG\n"
                "set label 3 'all {/:Bold commission}' at 0.5,%.7f center offset 0,1 tc rgb FG\n",
                TALL, TALL, TALL);
    put_legend(map);
    const struct label_room room = {.within = {LEFT - 40, TOP, RIGHT + 20, bottom - 4}};
    label_places(map->labels, map->labelled, &room);
    sheet_lead(sheet, &map->frame, map->labels, map->labelled);
    put_plot(map);
    free(map);
}

static const char *absence(const struct figure_subject *subject)
{
    const struct tune_simplex_point *points = subject->tuning->simplex;
    double low = HUGE_VAL, high = -HUGE_VAL;
    if (points == NULL) return "The three weights were not mapped.";
    for (uint32_t i = 0; i < TUNE_SIMPLEX_POINTS; i++) {
        if (!isfinite(points[i].goal)) return "The goal is not known everywhere on the map.";
        low = fmin(low, points[i].goal);
        high = fmax(high, points[i].goal);
    }
    return high > low ? NULL
                      : "The goal is the same wherever price, speed and commission share their "
                        "weight, so there is no map to draw.";
}

static void describe(const struct figure_subject *subject, struct text *text)
{
    text_put(text, "A triangle whose corners are all the weight on price, on speed and on "
                   "commission; shades show the goal, stronger is better; points mark the arms by "
                   "how they share out these three. ");
    tune_find_simplex(text, subject->tuning);
}

const struct figure tune_figure_simplex = {.name = "simplex",
                                           .title = "Goal over price, speed and commission",
                                           .absence = absence,
                                           .draw = draw,
                                           .describe = describe};
