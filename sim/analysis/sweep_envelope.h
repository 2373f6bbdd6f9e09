/* sim/analysis/sweep_envelope.h - who leads along one weight: the upper envelopes of many orders.
 *
 * Orders go in lanes of vectors, without a branch to guess wrong. Orders whose leader is overtaken
 * are packed into lanes anew for the next round; as slopes rise from leader to leader there are at
 * most three.
 *
 * Lines are doubles: where two of them are nearer to each other than rounding tells apart, the
 * envelope says so and the caller asks the router's own arithmetic.
 */
#ifndef SIM_ANALYSIS_SWEEP_ENVELOPE_H
#define SIM_ANALYSIS_SWEEP_ENVELOPE_H

#include "sim/analysis/replay.h"

enum { ENVELOPE_BATCH = 64 };

struct envelope_axis {
    double weights[PREFERENCE_COUNT][REPLAY_PARTS]; /* scaled; the swept one is 0 */
    double scales[PREFERENCE_COUNT]; /* what the preference makes of one step of the weight */
    enum replay_part part;
    double low, high;
    bool avx2; /* whether the processor has it, unless ROUTESIM_KERNEL=plain */
};

struct envelope {                      /* of one order: the leaders from left to right */
    double breaks[PROVIDER_COUNT - 1]; /* in [low, high] */
    uint8_t leaders[PROVIDER_COUNT];   /* by place; leaders[i] leads before breaks[i] */
    uint8_t count;                     /* of breaks */
    bool coincident; /* another line lies on that of a leader: doubles decide along the axis */
    bool tied;       /* another line meets the first leader's at the left end: they decide there */
};

/* For orders of the preferences whose bits are set. */
#define ENVELOPE_ALL ((1u << PREFERENCE_COUNT) - 1u)
void envelope_axis_make(struct envelope_axis *axis, const struct score_weights *weights,
                        enum replay_part part, double low, double high, uint32_t preferences);

/* `count` orders, at most ENVELOPE_BATCH; found[i] is that of orders[i]. */
void envelopes_find(const struct envelope_axis *axis, const struct replay_order *orders,
                    uint32_t count, struct envelope *found);

/* Whether another quote's score is the same as this one's along the whole axis. */
bool envelope_coincides(const struct envelope_axis *axis, const struct replay_order *order,
                        uint32_t quote);

#endif
