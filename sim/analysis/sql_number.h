/* sim/analysis/sql_number.h - numbers and instants as PostgreSQL 15 computes and prints them, to
 * the last digit.
 *
 *   numeric   exact decimals. A sum keeps the scale of what is summed. A quotient gets at least 16
 *             significant digits by the rule of PostgreSQL's select_div_scale() (numeric.c): from
 *             the weights and first digits in base 10000 of both; it is rounded half away from
 *             zero. AVG() of integers or numerics is such a quotient.
 *   double    the fewest digits that read back (extra_float_digits 1, the default since 12).
 *             PERCENTILE_CONT() takes double precision, so a numeric column is cast first.
 *   timestamptz  in UTC, trailing zeros of the fraction dropped: "2025-11-22 17:00:00.2+00".
 *
 * Counts, spans and cents are at least 0; a sum of scores may be below. Failure: as text.h says.
 */
#ifndef SIM_ANALYSIS_SQL_NUMBER_H
#define SIM_ANALYSIS_SQL_NUMBER_H

#include <stddef.h>

#include "router/base/text.h"

struct sql_decimal { /* units / 10^scale */
    int64_t units;   /* below 10^15 */
    int scale;       /* 0 to 6 */
};

/* "1234.500" */
void sql_put_decimal(struct text *text, struct sql_decimal value);
/* above / below, which is not 0. */
void sql_put_quotient(struct text *text, struct sql_decimal above, struct sql_decimal below);
/* ROUND(above / below, decimals): of the quotient as it was rounded before. */
void sql_put_rounded(struct text *text, struct sql_decimal above, struct sql_decimal below,
                     int decimals);

/* A sum of numerics that are written as doubles are: its scale is the longest that any has. */
__extension__ typedef __int128 sql_wide;
struct sql_sum {
    sql_wide units;
    int scale;
    int64_t count;
};
/* False: the value is none that can be summed exactly (beyond 10^12, or 22 decimals). */
bool sql_sum_add(struct sql_sum *sum, double value);
void sql_put_mean(struct text *text, const struct sql_sum *sum); /* AVG(); of one value or more */

void sql_put_double(struct text *text, double value); /* 0 to 10^15 */
void sql_put_instant(struct text *text, int64_t unix_us);

/* PERCENTILE_CONT(share) over `count` values in rising order, one or more: linear between the two
 * ranks around share * (count - 1), in PostgreSQL's own order of operations, whose last bit differs
 * from gsl_stats_quantile_from_sorted_data()'s. */
double sql_percentile_cont(const double *sorted, size_t count, double share);

#endif
