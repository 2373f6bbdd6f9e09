#include "reports/lanes.h"

#include <assert.h>
#include <math.h>

enum { GAP = 6 }; /* pixels between neighbours in a lane */

uint32_t lanes_place(struct lane_span *spans, uint32_t count, double width)
{
    double free_from[LANES_MAX] = {0};
    uint32_t used = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct lane_span *span = &spans[i];
        const bool runs_off = span->from + fmax(span->until - span->from, span->words) > width;
        span->right_aligned = runs_off && span->words > span->until - span->from;
        const double from =
            span->right_aligned ? fmin(span->from, span->until - span->words) : span->from;
        const double until =
            span->right_aligned ? span->until : fmax(span->until, span->from + span->words);
        uint32_t lane = 0;
        while (lane < LANES_MAX && free_from[lane] > from)
            lane++;
        span->has_words = lane < LANES_MAX;
        if (lane == LANES_MAX) lane = LANES_MAX - 1;
        span->lane = lane;
        free_from[lane] = fmax(free_from[lane], until + GAP);
        if (lane + 1 > used) used = lane + 1;
    }
    assert(used <= LANES_MAX);
    return used;
}
