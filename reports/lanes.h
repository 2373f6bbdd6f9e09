/* reports/lanes.h - puts spans with words beside each other so that none covers another.
 *
 * Each span takes the first lane that is free for its bar and its words. Words stand inside the bar
 * when they fit, else to its right, else to its left. Spans for which every other lane is taken
 * share the last one, without words: the table beside the figure names them all.
 */
#ifndef REPORTS_LANES_H
#define REPORTS_LANES_H

#include <stdint.h>

enum { LANES_MAX = 8, LANES_SPANS_MAX = 128 };

enum lane_words { LANE_WORDS_INSIDE, LANE_WORDS_RIGHT, LANE_WORDS_LEFT, LANE_WORDS_NONE };

struct lane_span {
    double from, until;    /* pixels along the axis */
    double words;          /* pixels that the words take, with their margins */
    uint32_t lane;         /* set: 0 is the topmost */
    enum lane_words place; /* set */
};

/* Spans in order of start. Returns how many lanes are used. */
uint32_t lanes_place(struct lane_span *spans, uint32_t count, double width);

#endif
