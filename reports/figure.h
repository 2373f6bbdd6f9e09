/* reports/figure.h - what a figure is, the sheet that it is drawn on, and books of figures.
 *
 * A figure belongs to a book, which is about one subject: a run's result (figures.c), a tuning
 * (tune_figures.c), a calibration (calibrate_figures.c). To add one, write figure_x.c or
 * tune_figure_x.c and add a row to the book's table. It writes its numbers (NAME.tsv), its words
 * (NAME.labels.tsv) and its script (NAME.gp) into a sheet; figure_book.c puts the theme before the
 * script and lets gnuplot draw it twice, as SVG and as PNG.
 *
 * The rule that makes it safe: text from a scenario never enters a script. It goes to the labels
 * file, cleaned (sheet_label), and is plotted `with labels noenhanced`; scripts hold numbers and
 * constant words between single quotes alone.
 *
 * The sheet's places are pixels from the upper left corner, x values are in the units of its time
 * axis. Ownership: the sheet owns its texts; sheet_release() frees them.
 */
#ifndef REPORTS_FIGURE_H
#define REPORTS_FIGURE_H

#include "reports/figures.h"
#include "reports/groups.h"
#include "router/base/text.h"
#include "sim/world/result.h"

struct tuning;
struct ab_result;
struct calibration;
struct drill;

enum { FIGURE_WIDTH = 860, FIGURE_POINTS_MAX = 240, FIGURE_LABEL_MAX = 64, FIGURE_FEW_POINTS = 40 };

struct time_axis {
    double us_each;   /* microseconds of one unit */
    double step;      /* between ticks, in units */
    double end;       /* in units */
    const char *unit; /* "minutes" */
};

struct figure_subject { /* one of them is there */
    const struct result *result;
    const struct tuning *tuning;
    const struct ab_result *ab;
    const struct calibration *calibration;
    const struct drill *drill; /* beside its result */
};

struct sheet {
    const struct result *result; /* these three of a run's figures alone */
    const struct groups *groups;
    struct time_axis axis;
    const struct tuning *tuning;           /* of a tuning's */
    const struct ab_result *ab;            /* of an A/B's */
    const struct calibration *calibration; /* of a calibration's */
    const struct drill *drill;             /* of a drill's */
    int width, height;
    int blocks; /* of labels so far */
    struct text data, labels, script;
};

struct figure {
    const char *name; /* of its files */
    const char *title;
    /* Why there is nothing to draw, in a sentence; NULL when there is. */
    const char *(*absence)(const struct figure_subject *subject);
    void (*draw)(struct sheet *sheet);
    /* What the picture shows, for those who cannot see it. */
    void (*describe)(const struct figure_subject *subject, struct text *text);
};

struct figure_book {
    const struct figure *const *figures; /* in the order of the report; NULL ends */
    struct figure_subject subject;
    struct sheet blank; /* what every sheet of the book starts as */
};

/* As figures_draw(), of any book. */
bool book_draw(const struct figure_book *book, const char *directory, const char *gnuplot,
               struct drawing *drawing, struct err *err);
const struct figure *book_find(const struct figure *const *figures, const char *name);

struct time_axis time_axis_of(const struct result *result);
double axis_value(const struct time_axis *axis, int64_t us);

/* Sets the margins of the panel that comes next, in pixels. */
void sheet_panel(struct sheet *sheet, int left, int top, int right, int bottom);
/* Range and ticks of the time axis, with or without the ticks' words. */
void sheet_time_axis(struct sheet *sheet, bool with_words);
/* "minutes since the start" under the right end of the panel, whose height is given. */
void sheet_time_title(struct sheet *sheet, int panel_height);
/* The faults' windows behind the panel; their object numbers start at 100. */
void sheet_shade_faults(struct sheet *sheet);
/* 1, 2, 2.5 or 5 times a power of ten: the smallest that needs no more than five steps. */
double sheet_step(double most);
/* Range of an axis ('x' or 'y') and its ticks at multiples of `step`, in words of ours. */
struct axis_words {
    double factor; /* of a value, before it is written */
    const char *before, *after;
    bool sign; /* "+5" */
};
void sheet_axis(struct sheet *sheet, char axis, double low, double high, double step,
                const struct axis_words *words);
/* From 0 to a round number at or above `most`, with ticks in `unit`; returns the upper end. */
double sheet_value_axis(struct sheet *sheet, double most, enum metric_unit unit);

/* Labels come in blocks; a block is plotted with `index N`. Returns the block's number. */
int sheet_labels_begin(struct sheet *sheet);
void sheet_label(struct sheet *sheet, double x, double y, const char *words);

/* A number, or NaN, which breaks a line; then a tab or the line's end. */
void sheet_cell(struct sheet *sheet, double value, char after);

/* Moves labels' places apart until they are `gap` from each other, within [low, high]. */
struct spread_item {
    double wanted, placed;
};
void spread(struct spread_item *items, size_t count, double gap, double low, double high);

/* ---- label_places.c: words beside points, none upon another ---- */

struct label_place {
    double x, y; /* the point, in pixels */
    const char *words;
    double at_x, at_y; /* where the words go: their end at the point's side, or their middle */
    enum label_align { LABEL_LEFT, LABEL_RIGHT, LABEL_CENTER, LABEL_ALIGNS } align;
    bool far; /* a line should lead to it */
};
struct label_box {
    double left, top, right, bottom;
};
/* Places the labels one after the other, each where it covers least: points, what is `taken`,
 * labels before it, the edge of `within`. Letters are taken a little wider than most fonts have
 * them. */
struct label_room {
    struct label_box within;
    const struct label_box *taken;
    size_t taken_count;
};
void label_places(struct label_place *labels, size_t count, const struct label_room *room);

struct sheet_frame { /* a panel in pixels, and its axes' ranges */
    int left, top, right, bottom;
    double x_low, x_high, y_low, y_high;
};
double frame_x(const struct sheet_frame *frame, double value); /* in pixels */
double frame_y(const struct sheet_frame *frame, double value);
/* Lines from words that are far to their points: before the plot. Arrow numbers from 200. */
void sheet_lead(struct sheet *sheet, const struct sheet_frame *frame,
                const struct label_place *labels, size_t count);
/* The words, as further clauses of a plot command; `style` is their colour and font, and
 * "noenhanced" where they are a user's. */
void sheet_words(struct sheet *sheet, const struct sheet_frame *frame,
                 const struct label_place *labels, size_t count, const char *style);

const char *provider_token(enum provider provider); /* gnuplot's variable: "KROGER" */

void sheet_release(struct sheet *sheet);

extern const struct figure figure_timeline, figure_percentiles, figure_share, figure_budget,
    figure_errors;

#endif
