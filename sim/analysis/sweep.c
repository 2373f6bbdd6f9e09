#include "sim/analysis/sweep.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/replay_kernel.h"
#include "sim/analysis/sweep_envelope.h"

/* ---- one order ---- */

static uint32_t winner_at(const struct replay_order *order, const struct score_weights *weights,
                          enum replay_part part, double value)
{
    struct score_weights moved = *weights;
    *score_weight(&moved, part) = value;
    return replay_winner(order, &moved);
}

/* Coincident lines are decided in doubles in the middle of each stretch. */
static void settle(struct envelope *envelope, const struct envelope_axis *axis,
                   const struct replay_order *order, const struct score_weights *weights)
{
    for (unsigned i = 0; i <= envelope->count; i++) {
        if (!envelope_coincides(axis, order, envelope->leaders[i])) continue;
        const double from = i == 0 ? axis->low : envelope->breaks[i - 1];
        const double until = i == envelope->count ? axis->high : envelope->breaks[i];
        envelope->leaders[i] = (uint8_t)winner_at(order, weights, axis->part, (from + until) / 2);
    }
}

uint32_t sweep_order(const struct replay_order *order, const struct score_weights *weights,
                     enum replay_part part, double low, double high, double breaks[3],
                     uint8_t winners[4])
{
    struct envelope_axis axis;
    struct envelope envelope;
    envelope_axis_make(&axis, weights, part, low, high, 1u << order->preference);
    envelopes_find(&axis, order, 1, &envelope);
    if (envelope.coincident) settle(&envelope, &axis, order, weights);
    memcpy(breaks, envelope.breaks, envelope.count * sizeof *breaks);
    memcpy(winners, envelope.leaders, envelope.count + 1u);
    return envelope.count;
}

/* ---- sums ---- */

struct change { /* what a change of winner does to the sums */
    int64_t columns[REPLAY_COLUMNS];
    int32_t won[PROVIDER_COUNT];
    uint32_t flips;
};

struct event { /* a breakpoint of one order, with all that is added up of it */
    double at;
    int32_t columns[REPLAY_COLUMNS]; /* after minus before */
    uint8_t from, to;                /* providers */
};

struct sweeping {
    const struct sweep_request *request;
    struct envelope_axis axis;
    double step; /* between points, when they are at equal steps */
    double today;
    struct change *changes; /* of each point against the one before it; the first against 0 */
    struct score_weights *scaled[PREFERENCE_COUNT]; /* at each point */
    struct event *events;                           /* or every breakpoint */
    uint32_t event_count;
    struct sweep_curve *curve;
};

static void add_quote(struct change *change, const struct sweep_request *request, uint32_t place,
                      unsigned quote, int sign)
{
    const int32_t *outcomes = request->table->fates[place].of[quote];
    change->won[request->table->orders[place].quotes[quote].provider] += sign;
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        change->columns[k] += sign * (int64_t)outcomes[request->columns[k]];
}

static void add_change(struct change *change, const struct sweep_request *request, uint32_t place,
                       unsigned from, unsigned to)
{
    if (from == to) return;
    add_quote(change, request, place, from, -1);
    add_quote(change, request, place, to, 1);
    change->flips++;
}

static void note_nearest(struct sweeping *sweeping, double at)
{
    struct sweep_curve *curve = sweeping->curve;
    if (at <= sweeping->today && (isnan(curve->nearest_below) || at > curve->nearest_below))
        curve->nearest_below = at;
    if (at > sweeping->today && (isnan(curve->nearest_above) || at < curve->nearest_above))
        curve->nearest_above = at;
}

static double point_value(const struct sweep_request *request, double step, uint32_t point)
{
    return point + 1 == request->points_wanted ? request->high : request->low + point * step;
}

/* The router's own winner at a point. */
static unsigned winner_in_doubles(const struct sweeping *sweeping, uint32_t place, uint32_t point)
{
    const struct replay_order *order = &sweeping->request->table->orders[place];
    return replay_winner_scaled(order, &sweeping->scaled[order->preference][point]);
}

/* Every point in doubles, after `first` was counted as the first winner. */
static void step_in_doubles(struct sweeping *sweeping, uint32_t place, unsigned first)
{
    const struct sweep_request *request = sweeping->request;
    unsigned before = first;
    for (uint32_t i = 0; i < request->points_wanted; i++) {
        const unsigned winner = winner_in_doubles(sweeping, place, i);
        add_change(&sweeping->changes[i], request, place, before, winner);
        before = winner;
    }
}

/* One point in doubles, where `assumed` leads for all that the envelope tells. */
static void correct_point(struct sweeping *sweeping, uint32_t place, uint32_t point,
                          unsigned assumed)
{
    const struct sweep_request *request = sweeping->request;
    const unsigned winner = winner_in_doubles(sweeping, place, point);
    if (winner == assumed) return;
    add_change(&sweeping->changes[point], request, place, assumed, winner);
    if (point + 1 < request->points_wanted)
        add_change(&sweeping->changes[point + 1], request, place, winner, assumed);
}

/* Points at equal steps: what follows the first leader. `index` is the first point right of a
 * break. */
static void step_order(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    const struct sweep_request *request = sweeping->request;
    const uint32_t last = request->points_wanted - 1;
    for (unsigned i = 0; i < envelope->count; i++) {
        const double along = (envelope->breaks[i] - request->low) / sweeping->step;
        const uint32_t nearest = (uint32_t)(along + 0.5), whole = (uint32_t)along;
        const bool near =
            fabs(envelope->breaks[i] - point_value(request, sweeping->step, nearest)) <= SWEEP_NEAR;
        const uint32_t index = near ? nearest + 1 : whole + (whole < along);
        const unsigned from = envelope->leaders[i], to = envelope->leaders[i + 1];
        if (index <= last) add_change(&sweeping->changes[index], request, place, from, to);
        /* Until then the leader before the break stands; at the point itself doubles decide. */
        if (near) correct_point(sweeping, place, nearest, from);
    }
}

/* Whether two breaks, or one and the left end, are too close for points to be decided one by one.
 */
static bool is_crowded(const struct sweeping *sweeping, const struct envelope *envelope)
{
    for (unsigned i = 1; i < envelope->count; i++)
        if (envelope->breaks[i] - envelope->breaks[i - 1] <= 4 * SWEEP_NEAR) return true;
    return (envelope->count > 0 && envelope->breaks[0] <= sweeping->axis.low + SWEEP_NEAR) ||
           sweeping->step <= 1000 * SWEEP_NEAR;
}

/* The order's curve at steps; whatever is delicate is replayed at every one of them. */
static void sum_steps(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    if (envelope->coincident || is_crowded(sweeping, envelope)) {
        step_in_doubles(sweeping, place, envelope->leaders[0]);
        return;
    }
    if (envelope->tied) correct_point(sweeping, place, 0, envelope->leaders[0]);
    step_order(sweeping, place, envelope);
}

static void add_event(struct sweeping *sweeping, uint32_t place, double at, unsigned from,
                      unsigned to)
{
    const struct replay_table *table = sweeping->request->table;
    const int32_t *before = table->fates[place].of[from], *after = table->fates[place].of[to];
    struct event *event = &sweeping->events[sweeping->event_count++];
    event->at = at;
    event->from = table->orders[place].quotes[from].provider;
    event->to = table->orders[place].quotes[to].provider;
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++) {
        const enum replay_outcome outcome = sweeping->request->columns[k];
        event->columns[k] = after[outcome] - before[outcome]; /* of 24 bits each */
    }
}

static void sum_breaks(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    for (unsigned i = 0; i < envelope->count; i++)
        if (envelope->leaders[i] != envelope->leaders[i + 1])
            add_event(sweeping, place, envelope->breaks[i], envelope->leaders[i],
                      envelope->leaders[i + 1]);
}

static void follow_order(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    struct sweep_curve *const curve = sweeping->curve;
    bool flips = false;
    for (unsigned i = 0; i < envelope->count && envelope->breaks[i] <= curve->high; i++) {
        if (envelope->leaders[i] == envelope->leaders[i + 1]) continue;
        flips = true;
        note_nearest(sweeping, envelope->breaks[i]);
    }
    curve->ever_flip += flips;
    (sweeping->request->points_wanted > 0 ? sum_steps : sum_breaks)(sweeping, place, envelope);
}

/* Everyone's first winner, into the first point. */
static void add_first(struct sweeping *sweeping, uint32_t first, uint32_t count,
                      const struct envelope *found)
{
    const struct replay_table *table = sweeping->request->table;
    const enum replay_outcome *const columns = sweeping->request->columns;
    const enum replay_outcome a = columns[0], b = columns[1], c = columns[2], d = columns[3];
    int64_t sum_a = 0, sum_b = 0, sum_c = 0, sum_d = 0;
    for (uint32_t i = 0; i < count; i++) {
        const unsigned quote = found[i].leaders[0];
        const int32_t *const outcomes = table->fates[first + i].of[quote];
        sum_a += outcomes[a];
        sum_b += outcomes[b];
        sum_c += outcomes[c];
        sum_d += outcomes[d];
        sweeping->changes[0].won[table->orders[first + i].quotes[quote].provider]++;
    }
    sweeping->changes[0].columns[0] += sum_a;
    sweeping->changes[0].columns[1] += sum_b;
    sweeping->changes[0].columns[2] += sum_c;
    sweeping->changes[0].columns[3] += sum_d;
}

/* What the sums will read, asked for ahead of time: it comes while envelopes are found. */
static void fetch(const struct replay_fates *fates, uint32_t count)
{
    const char *const end = (const char *)(fates + count);
    for (const char *line = (const char *)fates; line < end; line += 64)
        __builtin_prefetch(line);
}

static void sweep_all(struct sweeping *sweeping)
{
    const struct replay_table *table = sweeping->request->table;
    struct envelope found[ENVELOPE_BATCH];
    for (uint32_t first = 0; first < table->count; first += ENVELOPE_BATCH) {
        const uint32_t left = table->count - first;
        const uint32_t count = left < ENVELOPE_BATCH ? left : ENVELOPE_BATCH;
        fetch(&table->fates[first], count);
        envelopes_find(&sweeping->axis, &table->orders[first], count, found);
        for (uint32_t i = 0; i < count && sweeping->request->points_wanted == 0; i++)
            if (found[i].coincident)
                settle(&found[i], &sweeping->axis, &table->orders[first + i],
                       &sweeping->request->weights);
        add_first(sweeping, first, count, found);
        for (uint32_t i = 0; i < count; i++)
            follow_order(sweeping, first + i, &found[i]);
    }
}

/* ---- breakpoints in order ---- */

enum { BUCKETS = 1 << 16, INSERT_MOST = 24 };

static int compare_events(const void *left, const void *right)
{
    const double a = ((const struct event *)left)->at, b = ((const struct event *)right)->at;
    return (a > b) - (a < b);
}

static void sort_few(struct event *events, uint32_t count)
{
    if (count > INSERT_MOST) {
        qsort(events, count, sizeof *events, compare_events);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const struct event moved = events[i];
        uint32_t at = i;
        for (; at > 0 && events[at - 1].at > moved.at; at--)
            events[at] = events[at - 1];
        events[at] = moved;
    }
}

static uint32_t bucket_of(const struct sweeping *sweeping, double at)
{
    const double low = sweeping->axis.low, high = sweeping->axis.high;
    return (uint32_t)((at - low) / (high - low) * (BUCKETS - 1));
}

/* By counting, into `sorted`; then each bucket, where breakpoints are few or equal. Which of equal
 * ones comes first is all the same: their sums are. */
static void sort_events(const struct sweeping *sweeping, struct event *sorted, uint32_t *ends)
{
    for (uint32_t i = 0; i < sweeping->event_count; i++)
        ends[bucket_of(sweeping, sweeping->events[i].at)]++;
    for (uint32_t b = 0, sum = 0; b < BUCKETS; b++) {
        const uint32_t size = ends[b];
        ends[b] = sum; /* where it starts; filling moves that to its end */
        sum += size;
    }
    for (uint32_t i = 0; i < sweeping->event_count; i++)
        sorted[ends[bucket_of(sweeping, sweeping->events[i].at)]++] = sweeping->events[i];
    for (uint32_t b = 0; b < BUCKETS; b++) {
        const uint32_t start = b == 0 ? 0 : ends[b - 1];
        sort_few(sorted + start, ends[b] - start);
    }
}

/* ---- the curve ---- */

static void apply(struct sweep_point *point, const struct change *change)
{
    point->flips = change->flips;
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        point->columns[k] += change->columns[k];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        point->won[p] = (uint32_t)((int64_t)point->won[p] + change->won[p]);
}

static void apply_event(struct sweep_point *point, const struct event *event)
{
    point->flips++;
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        point->columns[k] += event->columns[k];
    point->won[event->from]--;
    point->won[event->to]++;
}

static bool points_at_steps(struct sweeping *sweeping)
{
    struct sweep_curve *curve = sweeping->curve;
    const struct sweep_request *request = sweeping->request;
    struct sweep_point running = {0};
    curve->points = malloc(request->points_wanted * sizeof *curve->points);
    if (curve->points == NULL) return false;
    for (uint32_t i = 0; i < request->points_wanted; i++) {
        apply(&running, &sweeping->changes[i]);
        running.from = point_value(request, sweeping->step, i);
        curve->points[curve->count++] = running;
    }
    curve->points[0].flips = 0;
    return true;
}

static bool points_at_breaks(struct sweeping *sweeping)
{
    struct sweep_curve *curve = sweeping->curve;
    const uint32_t events = sweeping->event_count;
    struct event *sorted = malloc((events + 1u) * sizeof *sorted);
    uint32_t *ends = calloc(BUCKETS, sizeof *ends), distinct = 0;
    const bool room = sorted != NULL && ends != NULL;
    if (room) sort_events(sweeping, sorted, ends);
    free(ends);
    for (uint32_t i = 0; room && i < events; i++)
        distinct += i == 0 || sorted[i].at != sorted[i - 1].at;
    curve->points = malloc((distinct + 1u) * sizeof *curve->points);
    if (!room || curve->points == NULL) {
        free(sorted);
        return false;
    }
    struct sweep_point running = {.from = sweeping->request->low};
    apply(&running, &sweeping->changes[0]);
    running.flips = 0;
    curve->points[curve->count++] = running;
    for (uint32_t i = 0; i < events;) {
        running.from = sorted[i].at;
        running.flips = 0;
        for (; i < events && sorted[i].at == running.from; i++)
            apply_event(&running, &sorted[i]);
        curve->points[curve->count++] = running;
    }
    free(sorted);
    return true;
}

/* The weights of each preference at each point, as the router scales them. */
static bool scale_points(struct sweeping *sweeping)
{
    const struct sweep_request *request = sweeping->request;
    sweeping->step = (request->high - request->low) / (request->points_wanted - 1);
    struct score_weights moved = request->weights;
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        sweeping->scaled[p] = malloc(request->points_wanted * sizeof *sweeping->scaled[p]);
        if (sweeping->scaled[p] == NULL) return false;
        for (uint32_t i = 0; i < request->points_wanted; i++) {
            *score_weight(&moved, request->part) = point_value(request, sweeping->step, i);
            sweeping->scaled[p][i] = score_weights_for(&moved, (enum preference)p);
        }
    }
    return true;
}

static bool prepare(struct sweeping *sweeping)
{
    const struct sweep_request *request = sweeping->request;
    const bool steps = request->points_wanted > 0;
    /* A break just beyond the last point may be one at it, for the router's doubles. */
    const double high = steps ? request->high + SWEEP_NEAR : request->high;
    envelope_axis_make(&sweeping->axis, &request->weights, request->part, request->low, high,
                       ENVELOPE_ALL);
    sweeping->changes = calloc(steps ? request->points_wanted : 1u, sizeof *sweeping->changes);
    if (steps) return sweeping->changes != NULL && scale_points(sweeping);
    const size_t most = (size_t)request->table->count * (PROVIDER_COUNT - 1) + 1;
    sweeping->events = malloc(most * sizeof *sweeping->events);
    return sweeping->changes != NULL && sweeping->events != NULL;
}

bool sweep_make(struct sweep_curve *curve, const struct sweep_request *request, struct err *err)
{
    assert(request->low < request->high && request->points_wanted != 1);
    *curve = (struct sweep_curve){.part = request->part,
                                  .low = request->low,
                                  .high = request->high,
                                  .orders = request->table->count,
                                  .nearest_below = NAN,
                                  .nearest_above = NAN};
    struct sweeping sweeping = {.request = request,
                                .curve = curve,
                                .today = score_weight_of(&request->weights, request->part)};
    bool ok = prepare(&sweeping);
    if (ok) {
        sweep_all(&sweeping);
        ok = (request->points_wanted > 0 ? points_at_steps : points_at_breaks)(&sweeping);
    }
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++)
        free(sweeping.scaled[p]);
    free(sweeping.changes);
    free(sweeping.events);
    return ok || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

void sweep_release(struct sweep_curve *curve)
{
    free(curve->points);
    *curve = (struct sweep_curve){0};
}

const struct sweep_point *sweep_find(const struct sweep_curve *curve, double value)
{
    uint32_t low = 0, high = curve->count;
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (curve->points[middle].from <= value) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &curve->points[low];
}
