/* The curve of answers over time, by Kaplan and Meier, with few enough points for a page. */
#include <math.h>

#include "reports/calibrate_figures.h"

enum { TAIL = 64 }; /* the slowest answers are all kept */

static void put_point(struct calibrate_ecdf *ecdf, const struct survival_step *step)
{
    ecdf->points[ecdf->count++] = (struct calibrate_ecdf_point){.ms = (double)step->us / 1000,
                                                                .reached = step->reached,
                                                                .low = 1 - step->high,
                                                                .high = 1 - step->low,
                                                                .at_risk = step->at_risk};
}

bool calibrate_ecdf_make(struct calibrate_ecdf *ecdf, const struct calibrate_provider *provider)
{
    struct survival curve = {0};
    struct err err;
    *ecdf = (struct calibrate_ecdf){0};
    if (!survival_make(&curve, provider->series, 0.95, &err)) return false;
    ecdf->n = curve.n;
    ecdf->last_ms = (double)curve.last_us / 1000;
    const uint32_t body = curve.count > TAIL ? curve.count - TAIL : 0;
    const uint32_t each = 1 + body / (CALIBRATE_ECDF_MAX - TAIL - 1);
    for (uint32_t i = 0; i < curve.count; i++)
        if (i >= body || i % each == 0) put_point(ecdf, &curve.steps[i]);
    survival_release(&curve);
    return true;
}
