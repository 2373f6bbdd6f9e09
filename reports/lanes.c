#include "reports/lanes.h"

#include <assert.h>
#include <math.h>

enum { GAP = 6 }; /* pixels between neighbours in a lane */

static enum lane_words words_of(const struct lane_span *span, double width)
{
    if (span->words <= span->until - span->from) return LANE_WORDS_INSIDE;
    if (span->until + span->words <= width) return LANE_WORDS_RIGHT;
    return span->words <= span->from ? LANE_WORDS_LEFT : LANE_WORDS_INSIDE;
}

uint32_t lanes_place(struct lane_span *spans, uint32_t count, double width)
{
    double free_from[LANES_MAX] = {0};
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct lane_span *span = &spans[i];
        span->place = words_of(span, width);
        double from = span->from;
        double until = span->until;
        if (span->place == LANE_WORDS_LEFT) from -= span->words;
        if (span->place == LANE_WORDS_RIGHT) until += span->words;
        if (span->place == LANE_WORDS_INSIDE) until = fmax(until, from + span->words);
        uint32_t lane = 0;
        while (lane < LANES_MAX - 1 && free_from[lane] > from)
            lane++;
        if (lane == LANES_MAX - 1) span->place = LANE_WORDS_NONE;
        span->lane = lane;
        free_from[lane] = fmax(free_from[lane], until + GAP);
        if (lane + 1 > used) used = lane + 1;
    }
    assert(used <= LANES_MAX);
    return used;
}
