/* providers/cassette_line.h - the lines of a cassette: the run, a take without its secrets, the
 * end.
 *
 * Failure: `line->failed` when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_LINE_H
#define PROVIDERS_CASSETTE_LINE_H

#include "providers/cassette.h"
#include "providers/cassette_scrub.h"
#include "providers/cassette_sum.h"

struct cassette_end { /* what the last line says */
    uint64_t takes;
    uint64_t refused;                   /* those that were too long to be kept */
    uint64_t orders;                    /* that the run has begun */
    const char *stopped_by;             /* what ended the run early; "": nothing did */
    char sha256[CASSETTE_SUM_TEXT_MAX]; /* of all lines before this one, newlines included */
};

/* Append a line without its newline. */
void cassette_head_line(const struct cassette_head *head, struct text *line);
void cassette_end_line(const struct cassette_end *end, struct text *line);

/* Learns the take's secrets and appends the line, without a newline; false for a take that is too
 * long, and then what was appended is of no use. */
bool cassette_line(struct scrubber *scrubber, const struct cassette_take *take, struct text *line);

#endif
