/* sim/analysis/operator_tally_state.h - the operators' queries while rows come in: groups with
 * counts, sums and samples. For operator_tally.c and operator_answers.c alone; operator_queries.h
 * is the door.
 */
#ifndef SIM_ANALYSIS_OPERATOR_TALLY_STATE_H
#define SIM_ANALYSIS_OPERATOR_TALLY_STATE_H

#include "sim/analysis/operator_queries.h"
#include "sim/analysis/sql_number.h"

enum { SUMS = 6 };

struct samples {
    double *values; /* ms */
    size_t count, capacity;
};

struct group {
    const char *key, *second; /* NULL is a group too; texts lie in the arena */
    int64_t number;           /* of an hour: its start */
    int64_t rows, counts[2];
    sql_wide sums[SUMS]; /* of a column, */
    int64_t known[SUMS]; /* and in how many rows it stands */
    int64_t first_us, last_us, most;
    struct sql_sum score;
    struct samples samples;
};

struct groups {
    struct group *items;
    uint32_t count, capacity, last; /* `last` was found last */
};

struct listed { /* of the query that lists rows; texts are its own */
    int64_t unix_us;
    char *request_id, *event, *code;
};

struct operator_tally {
    struct arena arena;
    int64_t now_us;
    uint64_t lines;
    bool scores_known;
    struct groups groups[OPERATOR_QUERY_COUNT];
    struct listed listed[OPERATOR_LISTED_MAX]; /* newest first */
    uint32_t listed_count;
};

/* How two of the list stand to each other: newest first, then by request and event. */
int operator_compare_listed(const struct listed *a, const struct listed *b);

#endif
