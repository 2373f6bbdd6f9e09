/* reports/figures.h - draws every figure of a result into DIRECTORY/plots.
 *
 * Each figure leaves NAME.tsv, NAME.labels.tsv and NAME.gp, which draw it again by hand: cd plots
 * && gnuplot NAME.gp. Where gnuplot works, NAME.svg and NAME.png stand beside them. What a figure
 * has nothing to draw from is said in words, and gnuplot is not asked.
 *
 * Failure: ERR_ENVIRONMENT when the files cannot be written. A missing or failing gnuplot is no
 * error: `drawing` says so, and the report does without pictures.
 */
#ifndef REPORTS_FIGURES_H
#define REPORTS_FIGURES_H

#include "router/base/err.h"
#include "router/base/text.h"
#include "sim/world/result.h"

enum { FIGURES_MAX = 16, DRAWING_REASON_MAX = 256 };

enum drawing_state {
    DRAWING_DONE,
    DRAWING_OFF,     /* not asked for */
    DRAWING_MISSING, /* gnuplot is not there */
    DRAWING_FAILED,  /* gnuplot failed on at least one figure */
};

struct drawing {
    enum drawing_state state;
    char reason[DRAWING_REASON_MAX]; /* one sentence for people; empty when done */
    struct drawing_figure {
        const char *name;
        const char *absence; /* why there is nothing to draw; NULL: there is */
        bool drawn;          /* plots/NAME.svg and .png are there, made just now */
    } figures[FIGURES_MAX];
    uint32_t count;
    uint32_t drawn;
};

/* `gnuplot` is a program's name or path; NULL: write scripts and data, draw nothing. */
bool figures_draw(const struct result *result, const char *directory, const char *gnuplot,
                  struct drawing *drawing, struct err *err);

/* What the figure of that name shows, in sentences, and its title. */
void figure_describe(const struct result *result, const char *name, struct text *text);
const char *figure_title(const char *name);

#endif
