/* providers/cassette_line.h - a take as a cassette's line, without its secrets.
 *
 * Failure: `line->failed` when memory is out.
 */
#ifndef PROVIDERS_CASSETTE_LINE_H
#define PROVIDERS_CASSETTE_LINE_H

#include "providers/cassette.h"
#include "providers/cassette_scrub.h"

/* Learns the take's secrets and appends the line, without a newline; false for a take that is too
 * long, and then what was appended is of no use. */
bool cassette_line(struct scrubber *scrubber, const struct cassette_take *take, struct text *line);

#endif
