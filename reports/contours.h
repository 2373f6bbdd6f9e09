/* reports/contours.h - where a figure on a triangle is at or above a level, as one closed line.
 *
 * The figure is known at the nodes of a triangular grid of `steps` steps a side and linear between
 * them. Node (a, b), a + b <= steps, stands at values[a * (2 * steps + 3 - a) / 2 + b]: in the
 * order of two loops, a outside. What is returned are a and b, for any affine map onto paper.
 *
 * All parts and holes of the region are strung on one line: it goes out to each and back the same
 * way, which covers nothing. Filled by either rule it is the region.
 *
 * Ownership: contour_release() frees the points (zeroed is fine). Failure: false when memory is
 * out.
 */
#ifndef REPORTS_CONTOURS_H
#define REPORTS_CONTOURS_H

#include <stdbool.h>
#include <stddef.h>

struct contour {
    struct contour_point {
        double a, b;
    } * points;
    size_t count; /* 0: nowhere */
};

/* Every value is finite. */
bool contour_above(struct contour *contour, const double *values, int steps, double level);
void contour_release(struct contour *contour);

#endif
