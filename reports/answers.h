/* reports/answers.h - the operators' queries with their answers: for a console, a page, programs.
 *
 * Every cell stands as PostgreSQL prints it. SQL's NULL is "NULL" for people, null in JSON, and
 * nothing at all in CSV. A table that could not be filled is said, not answered with 0 rows. People
 * are shown ANSWERS_ROWS_MAX rows of a query and told of the rest.
 *
 *   answers.csv   query,row,column,value: a line a cell
 *   answers.json  "routesim.answers/1": each query with its SQL, columns, types and rows
 *
 * Failure: as struct text.
 */
#ifndef REPORTS_ANSWERS_H
#define REPORTS_ANSWERS_H

#include "reports/html.h"
#include "sim/analysis/operator_queries.h"

enum { ANSWERS_ROWS_MAX = 25 }; /* a day by hours is shown whole */

void answers_write_console(struct text *text, const struct operator_answers *answers, bool unicode);
void answers_write_csv(struct text *text, const struct operator_answers *answers);
void answers_write_json(struct text *text, const struct operator_answers *answers,
                        const char *program);

/* A section of a page (id "answers"): what now is, then a table a query, its SQL folded beneath. */
void answers_write_html(struct html *page, const struct operator_answers *answers);

/* "As of 2025-11-22 18:00:07+00, from 203,653 lines." */
void answers_put_instant(struct text *text, const struct operator_answers *answers);

#endif
