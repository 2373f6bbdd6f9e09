/* reports/calibrate_figures.h - the figures of a calibration, and the sentences that stand above
 * them.
 *
 * A sentence states what was found, with its number and what that rests on: "exact" with n, an
 * interval, or "a model". Where there is nothing to say it is empty. Failure: text->failed.
 */
#ifndef REPORTS_CALIBRATE_FIGURES_H
#define REPORTS_CALIBRATE_FIGURES_H

#include "reports/figure.h"
#include "sim/analysis/calibrate.h"
#include "sim/analysis/survival.h"

extern const struct figure calibrate_figure_ecdf, calibrate_figure_tradeoff,
    calibrate_figure_percentiles, calibrate_figure_tail, calibrate_figure_waiting;

/* All of them, in the order of the report; NULL ends. */
extern const struct figure *const calibrate_figures[];

/* ---- calibrate_findings.c ---- */

void calibrate_find_ecdf(struct text *text, const struct calibration *calibration);
void calibrate_find_tradeoff(struct text *text, const struct calibration *calibration);
void calibrate_find_percentiles(struct text *text, const struct calibration *calibration);
void calibrate_find_tail(struct text *text, const struct calibration *calibration);
void calibrate_find_joint(struct text *text, const struct calibration *calibration);
void calibrate_find_waiting(struct text *text, const struct calibration *calibration);
void calibrate_find_early(struct text *text, const struct calibration *calibration);
/* Where rules on answers alone would lead: "Of answers alone, ...". */
void calibrate_find_trap(struct text *text, const struct calibration *calibration);
/* Whose tail is cut off where it matters. */
void calibrate_find_censoring(struct text *text, const struct calibration *calibration);
/* What cannot be said without orders. */
void calibrate_find_no_orders(struct text *text, const struct calibration *calibration);

bool calibrate_has_trap(const struct calibrate_provider *provider);
void calibrate_show_early(struct text *text, const struct waiting_rule *rule);
const char *calibrate_early_name(const struct waiting_rule *rule); /* "certain": in files */

/* ---- calibrate_figures.c: what several figures share ---- */

/* The largest of those shown (calibrate_largest, CALIBRATE_SHOWN) that answered at all: a curve
 * without answers has nothing to show. Returns how many. */
uint32_t calibrate_answering(const struct calibration *calibration,
                             uint32_t places[LATENCY_SERIES_MAX]);
/* A logarithmic axis of milliseconds with at most `most` ticks, unless powers of ten are more. */
void calibrate_log_axis(struct sheet *sheet, char axis, double low_ms, double high_ms,
                        unsigned most, bool with_words);
/* A y axis whose ticks have no words: the panel at its left has them. */
void calibrate_quiet_axis(struct sheet *sheet, double low, double high, double step);
/* "set arrow N from MS,graph 0 to MS,graph 1 ..." when it lies within the axis. */
void calibrate_mark(struct sheet *sheet, unsigned number, double ms, double low_ms, double high_ms,
                    const char *style);

/* ---- calibrate_ecdf.c: the curve of answers over time, thinned for a file or a figure ---- */

enum { CALIBRATE_ECDF_MAX = 320 };

struct calibrate_ecdf {
    struct calibrate_ecdf_point {
        double ms, reached; /* F from here on */
        double low, high;   /* of F, 95%; NaN: none */
        uint32_t at_risk;
    } points[CALIBRATE_ECDF_MAX];
    uint32_t count;
    double last_ms; /* the longest that anybody watched */
    uint32_t n;
};
/* False when memory is out. A provider without answers has no points. */
bool calibrate_ecdf_make(struct calibrate_ecdf *ecdf, const struct calibrate_provider *provider);

#endif
