#include "sim/analysis/sweep_envelope.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define COINCIDE 1e-9 /* two scores closer than this along the whole axis are one line */

#define INLINE static inline __attribute__((always_inline)) /* into either below */

enum { LANES = 8, GROUPS = ENVELOPE_BATCH / LANES };

/* Everything in doubles, places and truths too: lanes of one width make vectors of one width. */
struct group {                        /* of lanes */
    double at[PROVIDER_COUNT][LANES]; /* a score along the axis is at + slope * weight */
    double slope[PROVIDER_COUNT][LANES];
    double leader[LANES], lead_at[LANES], lead_slope[LANES];
    double from[LANES];       /* where it began to lead */
    double overtaken[LANES];  /* where it ends; HUGE_VAL: nowhere */
    double by[LANES];         /* and by whom */
    double coincident[LANES]; /* not 0: a line lies on the leader's */
    double tied[LANES];       /* not 0: a line meets the leader's at `from` */
    uint8_t order[LANES];     /* place in the batch */
};

void envelope_axis_make(struct envelope_axis *axis, const struct score_weights *weights,
                        enum replay_part part, double low, double high, uint32_t preferences)
{
    struct score_weights others = *weights, unit = {0};
    *score_weight(&others, part) = 0.0;
    *score_weight(&unit, part) = 1.0;
    axis->part = part;
    axis->low = low;
    axis->high = high;
    axis->avx2 = strcmp(replay_kernel_name(), "plain") != 0;
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        if ((preferences >> p & 1u) == 0) continue;
        struct score_weights held = score_weights_for(&others, (enum preference)p);
        struct score_weights scaled = score_weights_for(&unit, (enum preference)p);
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            axis->weights[p][k] = *score_weight(&held, (enum replay_part)k);
        axis->scales[p] = *score_weight(&scaled, part);
    }
}

/* ---- lines ---- */

/* The orders' numbers by lane, before arithmetic. */
struct lanes {
    int32_t parts[PROVIDER_COUNT][REPLAY_PARTS][LANES];
    double weights[REPLAY_PARTS][LANES];
    double scale[LANES];
    double there[PROVIDER_COUNT][LANES]; /* 0; -HUGE_VAL for a quote that is not there */
};

INLINE void spread(struct lanes *lanes, const struct envelope_axis *axis,
                   const struct replay_order *orders, uint32_t count)
{
    static const double there[PROVIDER_COUNT + 1][PROVIDER_COUNT] = {
        {0.0, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL},
        {0.0, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL},
        {0.0, 0.0, -HUGE_VAL, -HUGE_VAL},
        {0.0, 0.0, 0.0, -HUGE_VAL},
        {0.0, 0.0, 0.0, 0.0},
    };
    if (count < LANES) memset(lanes, 0, sizeof *lanes);
    for (unsigned i = 0; i < LANES && i < count; i++) {
        const struct replay_order *order = &orders[i];
        for (unsigned q = 0; q < PROVIDER_COUNT; q++) {
            lanes->there[q][i] = there[order->count][q];
            const int16_t *const parts = order->quotes[q].parts;
            lanes->parts[q][0][i] = parts[0];
            lanes->parts[q][1][i] = parts[1];
            lanes->parts[q][2][i] = parts[2];
            lanes->parts[q][3][i] = parts[3];
            lanes->parts[q][4][i] = parts[4];
            lanes->parts[q][5][i] = parts[5];
        }
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            lanes->weights[k][i] = axis->weights[order->preference][k];
        lanes->scale[i] = axis->scales[order->preference];
    }
}

INLINE void make_lines(struct group *group, const struct lanes *lanes,
                       const struct envelope_axis *axis)
{
    for (unsigned q = 0; q < PROVIDER_COUNT; q++) {
        for (unsigned i = 0; i < LANES; i++)
            group->slope[q][i] = lanes->scale[i] * lanes->parts[q][axis->part][i];
        for (unsigned i = 0; i < LANES; i++)
            group->at[q][i] = lanes->weights[0][i] * lanes->parts[q][0][i] +
                              lanes->weights[1][i] * lanes->parts[q][1][i] +
                              lanes->weights[2][i] * lanes->parts[q][2][i] +
                              lanes->weights[3][i] * lanes->parts[q][3][i] +
                              lanes->weights[4][i] * lanes->parts[q][4][i] +
                              lanes->weights[5][i] * lanes->parts[q][5][i] + lanes->there[q][i];
    }
}

/* ---- leaders ---- */

/* gcc's vectors (and clang's): two doubles, as every processor of 64 bits has them. */
typedef double vector __attribute__((vector_size(16)));
typedef int64_t truths __attribute__((vector_size(16))); /* of lanes: all ones or zeros */

enum { VECTOR_LANES = sizeof(vector) / sizeof(double) };

INLINE vector load(const double *lanes)
{
    vector loaded;
    memcpy(&loaded, lanes, sizeof loaded);
    return loaded;
}

INLINE void store(double *lanes, vector stored)
{
    memcpy(lanes, &stored, sizeof stored);
}

INLINE vector all(double value)
{
    return (vector){value, value};
}

INLINE vector choose(truths truth, vector yes, vector no)
{
    return (vector)((truth & (truths)yes) | (~truth & (truths)no));
}

INLINE truths level(vector apart) /* tied, as far as doubles tell */
{
    return (apart <= all(COINCIDE)) & (apart >= all(-COINCIDE));
}

struct leader {
    vector place, at, slope;
};

INLINE struct leader leader_of(const struct group *group, unsigned first)
{
    return (struct leader){load(&group->leader[first]), load(&group->lead_at[first]),
                           load(&group->lead_slope[first])};
}

/* The line that leads just right of the left end: of those level there, the steepest. */
INLINE void find_first(struct group *group, unsigned first, double low)
{
    struct leader lead = {all(0.0), load(&group->at[0][first]), load(&group->slope[0][first])};
    for (unsigned q = 1; q < PROVIDER_COUNT; q++) {
        const vector at = load(&group->at[q][first]), slope = load(&group->slope[q][first]);
        const vector steeper = slope - lead.slope;
        const vector ahead = (at - lead.at) + steeper * all(low);
        const truths leads = choose(level(ahead), steeper, ahead) > all(0.0);
        lead.place = choose(leads, all(q), lead.place);
        lead.at = choose(leads, at, lead.at);
        lead.slope = choose(leads, slope, lead.slope);
    }
    store(&group->leader[first], lead.place);
    store(&group->lead_at[first], lead.at);
    store(&group->lead_slope[first], lead.slope);
    store(&group->from[first], all(low));
}

/* Where the leader is next overtaken, and by whom: of several there, by the steepest. */
INLINE void find_next(struct group *group, unsigned first)
{
    const struct leader lead = leader_of(group, first);
    const vector from = load(&group->from[first]), never = all(HUGE_VAL);
    vector overtaken = never, by = all(0.0), by_slope = -never;
    truths coincident = {0}, tied = {0};
    for (unsigned q = 0; q < PROVIDER_COUNT; q++) {
        const vector slope = load(&group->slope[q][first]), gain = slope - lead.slope;
        const vector behind = lead.at - load(&group->at[q][first]);
        const truths other = level(behind - gain * from) & (lead.place != all(q));
        coincident |= other & (gain == all(0.0));
        tied |= other;
        const vector meets = behind / gain; /* of no meaning, and unused, without a gain */
        /* Before `from` is a tie where the leader was chosen. */
        const vector not_before = choose(meets < from, from, meets);
        const vector at = choose(gain > all(0.0), not_before, never);
        const truths sooner = (at < overtaken) | ((at == overtaken) & (slope > by_slope));
        overtaken = choose(sooner, at, overtaken);
        by = choose(sooner, all(q), by);
        by_slope = choose(sooner, slope, by_slope);
    }
    store(&group->overtaken[first], overtaken);
    store(&group->by[first], by);
    store(&group->coincident[first], choose(coincident, all(1.0), all(0.0)));
    store(&group->tied[first], choose(tied, all(1.0), all(0.0)));
}

/* ---- rounds ---- */

struct round {
    struct group groups[GROUPS];
    uint32_t count; /* of lanes in use */
};

/* The lane's order goes into the next round, with the leader that follows. Written whether it goes
 * or not, and kept if it does: there is no branch to guess wrong. */
INLINE void pass_on(struct round *next, const struct group *group, unsigned lane, bool goes)
{
    struct group *to = &next->groups[next->count / LANES];
    const unsigned i = next->count % LANES, by = (unsigned)group->by[lane];
    for (unsigned q = 0; q < PROVIDER_COUNT; q++) {
        to->at[q][i] = group->at[q][lane];
        to->slope[q][i] = group->slope[q][lane];
    }
    to->leader[i] = by;
    to->lead_at[i] = group->at[by][lane];
    to->lead_slope[i] = group->slope[by][lane];
    to->from[i] = group->overtaken[lane];
    to->order[i] = group->order[lane];
    next->count += goes;
}

INLINE void note(struct envelope *envelope, const struct group *group, unsigned lane, bool goes)
{
    envelope->coincident |= group->coincident[lane] != 0.0;
    if (envelope->count == PROVIDER_COUNT - 1) return; /* the steepest leads for good */
    envelope->breaks[envelope->count] = group->overtaken[lane];
    envelope->leaders[envelope->count + 1] = (uint8_t)group->by[lane];
    envelope->count = (uint8_t)(envelope->count + goes);
}

/* Lanes of the last group that hold no order hold numbers all the same. */
INLINE void fill_up(struct round *round)
{
    if (round->count % LANES == 0) return;
    struct group *group = &round->groups[round->count / LANES];
    for (unsigned i = round->count % LANES; i < LANES; i++) {
        for (unsigned q = 0; q < PROVIDER_COUNT; q++)
            group->at[q][i] = group->slope[q][i] = 0.0;
        group->leader[i] = group->lead_at[i] = group->lead_slope[i] = group->from[i] = 0.0;
    }
}

INLINE void play(struct round *round, struct round *next, struct envelope *found, double high)
{
    next->count = 0;
    for (uint32_t first = 0; first < round->count; first += LANES) {
        struct group *group = &round->groups[first / LANES];
        const uint32_t lanes = round->count - first < LANES ? round->count - first : LANES;
        for (unsigned i = 0; i < lanes; i += VECTOR_LANES)
            find_next(group, i);
        for (unsigned lane = 0; lane < lanes; lane++) {
            const bool goes = group->overtaken[lane] <= high;
            note(&found[group->order[lane]], group, lane, goes);
            pass_on(next, group, lane, goes);
        }
    }
    fill_up(next);
}

INLINE void start(struct round *round, const struct envelope_axis *axis,
                  const struct replay_order *orders, uint32_t count, struct envelope *found)
{
    round->count = count;
    for (uint32_t first = 0; first < count; first += LANES) {
        struct group *group = &round->groups[first / LANES];
        struct lanes lanes;
        spread(&lanes, axis, orders + first, count - first);
        make_lines(group, &lanes, axis);
        for (unsigned i = 0; i < LANES && first + i < count; i += VECTOR_LANES)
            find_first(group, i, axis->low);
        for (unsigned lane = 0; lane < LANES; lane++)
            group->order[lane] = (uint8_t)(first + lane);
        for (unsigned lane = 0; lane < LANES && first + lane < count; lane++) {
            struct envelope *envelope = &found[first + lane];
            envelope->count = 0;
            envelope->coincident = false;
            envelope->leaders[0] = (uint8_t)group->leader[lane];
        }
    }
}

INLINE void find_all(const struct envelope_axis *axis, const struct replay_order *orders,
                     uint32_t count, struct envelope *found)
{
    struct round rounds[2];
    assert(count <= ENVELOPE_BATCH);
    start(&rounds[0], axis, orders, count, found);
    play(&rounds[0], &rounds[1], found, axis->high);
    for (uint32_t i = 0; i < count; i++)
        found[i].tied = rounds[0].groups[i / LANES].tied[i % LANES] != 0.0;
    for (unsigned r = 1; rounds[r % 2].count > 0; r++)
        play(&rounds[r % 2], &rounds[(r + 1) % 2], found, axis->high);
}

/* The same arithmetic in two builds: without AVX2 choosing by lanes takes gcc many instructions. */
static void find_anywhere(const struct envelope_axis *axis, const struct replay_order *orders,
                          uint32_t count, struct envelope *found)
{
    find_all(axis, orders, count, found);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static void find_by_avx2(const struct envelope_axis *axis,
                                                         const struct replay_order *orders,
                                                         uint32_t count, struct envelope *found)
{
    find_all(axis, orders, count, found);
}
#else
#define find_by_avx2 find_anywhere
#endif

void envelopes_find(const struct envelope_axis *axis, const struct replay_order *orders,
                    uint32_t count, struct envelope *found)
{
    (axis->avx2 ? find_by_avx2 : find_anywhere)(axis, orders, count, found);
}

bool envelope_coincides(const struct envelope_axis *axis, const struct replay_order *order,
                        uint32_t quote)
{
    struct lanes lanes;
    struct group group;
    spread(&lanes, axis, order, 1);
    make_lines(&group, &lanes, axis);
    for (unsigned q = 0; q < order->count; q++)
        if (q != quote && group.slope[q][0] == group.slope[quote][0] &&
            fabs(group.at[q][0] - group.at[quote][0]) <= COINCIDE)
            return true;
    return false;
}
