#include "sim/analysis/sweep.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/replay_kernel.h"

#define COINCIDE 1e-9 /* two scores closer than this along the whole axis are one line */

/* ---- one order ---- */

struct line { /* a quote's score along the axis: at + slope * weight */
    double at, slope;
};

struct axis {                    /* what all orders of a preference share */
    struct score_weights others; /* scaled, the swept weight 0 */
    double scale;                /* what the preference makes of one step of the weight */
};

static void make_axes(struct axis axes[PREFERENCE_COUNT], const struct score_weights *weights,
                      enum replay_part part)
{
    struct score_weights others = *weights, unit = {0};
    *score_weight(&others, part) = 0.0;
    *score_weight(&unit, part) = 1.0;
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++) {
        const struct score_weights scaled = score_weights_for(&unit, (enum preference)p);
        axes[p].others = score_weights_for(&others, (enum preference)p);
        axes[p].scale = score_weight_of(&scaled, part);
    }
}

static void make_lines(struct line lines[PROVIDER_COUNT], const struct replay_order *order,
                       const struct axis *axis, enum replay_part part)
{
    const struct score_weights *w = &axis->others;
    for (unsigned q = 0; q < order->count; q++) {
        const int16_t *parts = order->quotes[q].parts;
        lines[q].at = w->priority * parts[PART_PRIORITY] + w->price * parts[PART_PRICE] +
                      w->speed * parts[PART_SPEED] + w->commission * parts[PART_COMMISSION] +
                      w->availability * parts[PART_AVAILABILITY] +
                      w->reliability * parts[PART_RELIABILITY];
        lines[q].slope = axis->scale * parts[part];
    }
}

struct envelope { /* the leaders from left to right */
    double breaks[PROVIDER_COUNT];
    uint8_t leaders[PROVIDER_COUNT]; /* leaders[i] leads before breaks[i] */
    unsigned count;                  /* of breaks, in (low, high]: at most one a rival */
    bool uneasy; /* lines that coincide, or meet at the left end: doubles are to be asked */
};

/* The line that leads just right of `value`. */
static unsigned leader_after(const struct line *lines, unsigned count, double value, bool *tied)
{
    unsigned best = 0;
    for (unsigned q = 1; q < count; q++) {
        const double ahead =
            (lines[q].at - lines[best].at) + (lines[q].slope - lines[best].slope) * value;
        const bool level = fabs(ahead) <= COINCIDE;
        *tied = *tied || level;
        if (level ? lines[q].slope > lines[best].slope : ahead > 0.0) best = q;
    }
    return best;
}

/* Where `leader` is next overtaken, and by whom; HUGE_VAL: never. */
static double next_break(const struct line *lines, unsigned count, unsigned leader, double from,
                         unsigned *by, bool *coincident)
{
    const struct line lead = lines[leader];
    double nearest = HUGE_VAL;
    for (unsigned q = 0; q < count; q++) {
        const double gain = lines[q].slope - lead.slope, behind = lead.at - lines[q].at;
        if (gain == 0.0) *coincident = *coincident || (q != leader && fabs(behind) <= COINCIDE);
        if (!(gain > 0.0) || behind > nearest * gain) continue;
        double at = behind / gain;
        if (at < from) at = from; /* a tie where the leader was chosen */
        if (at < nearest || (at == nearest && lines[q].slope > lines[*by].slope)) {
            nearest = at;
            *by = q;
        }
    }
    return nearest;
}

static void find_envelope(struct envelope *envelope, const struct line *lines, unsigned count,
                          double low, double high)
{
    envelope->count = 0;
    envelope->uneasy = false;
    unsigned leader = leader_after(lines, count, low, &envelope->uneasy), by = 0;
    double from = low;
    envelope->leaders[0] = (uint8_t)leader;
    while (envelope->count + 1 < PROVIDER_COUNT) {
        const double at = next_break(lines, count, leader, from, &by, &envelope->uneasy);
        if (!(at <= high)) return;
        envelope->breaks[envelope->count++] = from = at;
        envelope->leaders[envelope->count] = (uint8_t)(leader = by);
    }
    (void)next_break(lines, count, leader, from, &by, &envelope->uneasy);
}

static bool coincides(const struct line *lines, unsigned count, unsigned with)
{
    for (unsigned q = 0; q < count; q++)
        if (q != with && lines[q].slope == lines[with].slope &&
            fabs(lines[q].at - lines[with].at) <= COINCIDE)
            return true;
    return false;
}

static uint32_t winner_at(const struct replay_order *order, const struct score_weights *weights,
                          enum replay_part part, double value)
{
    struct score_weights moved = *weights;
    *score_weight(&moved, part) = value;
    return replay_winner(order, &moved);
}

/* Coincident lines are decided in doubles in the middle of each stretch. */
static void settle(struct envelope *envelope, const struct line *lines,
                   const struct replay_order *order, const struct score_weights *weights,
                   enum replay_part part, double low, double high)
{
    for (unsigned i = 0; i <= envelope->count; i++) {
        if (!coincides(lines, order->count, envelope->leaders[i])) continue;
        const double from = i == 0 ? low : envelope->breaks[i - 1];
        const double until = i == envelope->count ? high : envelope->breaks[i];
        envelope->leaders[i] = (uint8_t)winner_at(order, weights, part, (from + until) / 2);
    }
}

uint32_t sweep_order(const struct replay_order *order, const struct score_weights *weights,
                     enum replay_part part, double low, double high, double breaks[3],
                     uint8_t winners[4])
{
    struct axis axes[PREFERENCE_COUNT];
    struct line lines[PROVIDER_COUNT];
    struct envelope envelope;
    make_axes(axes, weights, part);
    make_lines(lines, order, &axes[order->preference], part);
    find_envelope(&envelope, lines, order->count, low, high);
    settle(&envelope, lines, order, weights, part, low, high);
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

struct sweeping {
    const struct sweep_request *request;
    struct axis axes[PREFERENCE_COUNT];
    double step; /* between points, when they are at equal steps */
    double today;
    struct change *changes; /* of each point against the one before it; the first against 0 */
    struct event *events;   /* or every breakpoint */
    uint32_t event_count;
    struct sweep_curve *curve;
};

struct event {
    double at;
    uint32_t order;
    uint8_t from, to;
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

static double point_value(const struct sweeping *sweeping, uint32_t point)
{
    const struct sweep_request *request = sweeping->request;
    return point + 1 == request->points_wanted ? request->high
                                               : request->low + point * sweeping->step;
}

/* Every point in doubles: for orders with lines that coincide. */
static void step_in_doubles(struct sweeping *sweeping, uint32_t place)
{
    const struct sweep_request *request = sweeping->request;
    const struct replay_order *order = &request->table->orders[place];
    unsigned before = 0;
    for (uint32_t i = 0; i < request->points_wanted; i++) {
        const double value = point_value(sweeping, i);
        const unsigned winner = winner_at(order, &request->weights, request->part, value);
        if (i == 0) add_quote(&sweeping->changes[0], request, place, winner, 1);
        if (i > 0) add_change(&sweeping->changes[i], request, place, before, winner);
        before = winner;
    }
}

/* Points at equal steps. `index` of a break is the first point right of it. */
static void step_order(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    const struct replay_order *order = &sweeping->request->table->orders[place];
    const double *breaks = envelope->breaks;
    const uint8_t *leaders = envelope->leaders;
    const unsigned count = envelope->count;
    const struct sweep_request *request = sweeping->request;
    const uint32_t last = request->points_wanted - 1;
    add_quote(&sweeping->changes[0], request, place, leaders[0], 1);
    for (unsigned i = 0; i < count; i++) {
        const double along = (breaks[i] - request->low) / sweeping->step;
        const double nearest = rint(along);
        const bool near = fabs(breaks[i] - point_value(sweeping, (uint32_t)nearest)) <= SWEEP_NEAR;
        const uint32_t index = near ? (uint32_t)nearest + 1 : (uint32_t)ceil(along);
        if (index <= last)
            add_change(&sweeping->changes[index], request, place, leaders[i], leaders[i + 1]);
        if (!near) continue;
        /* Until then the leader before the break stands; at the point itself doubles decide. */
        const uint32_t point = (uint32_t)nearest;
        const unsigned winner =
            winner_at(order, &request->weights, request->part, point_value(sweeping, point));
        const unsigned assumed = leaders[i];
        if (winner == assumed) continue;
        if (point == 0) {
            add_quote(&sweeping->changes[0], request, place, assumed, -1);
            add_quote(&sweeping->changes[0], request, place, winner, 1);
        } else {
            add_change(&sweeping->changes[point], request, place, assumed, winner);
        }
        if (point < last)
            add_change(&sweeping->changes[point + 1], request, place, winner, assumed);
    }
}

static bool near_each_other(const double *breaks, unsigned count)
{
    for (unsigned i = 1; i < count; i++)
        if (breaks[i] - breaks[i - 1] <= 4 * SWEEP_NEAR) return true;
    return false;
}

/* The order's curve at steps; whatever is delicate is replayed at every one of them. */
static void sum_steps(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    const bool delicate =
        envelope->uneasy || near_each_other(envelope->breaks, envelope->count) ||
        (envelope->count > 0 && envelope->breaks[0] <= sweeping->request->low + SWEEP_NEAR);
    if (delicate) {
        step_in_doubles(sweeping, place);
    } else {
        step_order(sweeping, place, envelope);
    }
}

static void sum_breaks(struct sweeping *sweeping, uint32_t place, const struct envelope *envelope)
{
    const struct sweep_request *request = sweeping->request;
    add_quote(&sweeping->changes[0], request, place, envelope->leaders[0], 1);
    for (unsigned i = 0; i < envelope->count; i++)
        if (envelope->leaders[i] != envelope->leaders[i + 1])
            sweeping->events[sweeping->event_count++] = (struct event){
                envelope->breaks[i], place, envelope->leaders[i], envelope->leaders[i + 1]};
}

static void sweep_one(struct sweeping *sweeping, uint32_t place)
{
    const struct sweep_request *request = sweeping->request;
    const struct replay_order *order = &request->table->orders[place];
    struct line lines[PROVIDER_COUNT];
    struct envelope envelope;
    make_lines(lines, order, &sweeping->axes[order->preference], request->part);
    find_envelope(&envelope, lines, order->count, request->low, request->high);
    if (envelope.uneasy && request->points_wanted == 0)
        settle(&envelope, lines, order, &request->weights, request->part, request->low,
               request->high);
    bool flips = false;
    for (unsigned i = 0; i < envelope.count; i++) {
        if (envelope.leaders[i] == envelope.leaders[i + 1]) continue;
        flips = true;
        note_nearest(sweeping, envelope.breaks[i]);
    }
    sweeping->curve->ever_flip += flips;
    if (request->points_wanted > 0) {
        sum_steps(sweeping, place, &envelope);
    } else {
        sum_breaks(sweeping, place, &envelope);
    }
}

/* ---- the curve ---- */

static int compare_events(const void *left, const void *right)
{
    const struct event *const a = left, *const b = right;
    if (a->at != b->at) return a->at < b->at ? -1 : 1;
    return a->order != b->order ? (a->order < b->order ? -1 : 1) : 0;
}

static void apply(struct sweep_point *point, const struct change *change)
{
    point->flips = change->flips;
    for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
        point->columns[k] += change->columns[k];
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        point->won[p] = (uint32_t)((int64_t)point->won[p] + change->won[p]);
}

static void points_at_steps(struct sweeping *sweeping)
{
    struct sweep_curve *curve = sweeping->curve;
    const struct sweep_request *request = sweeping->request;
    struct sweep_point running = {0};
    for (uint32_t i = 0; i < request->points_wanted; i++) {
        apply(&running, &sweeping->changes[i]);
        running.from =
            i + 1 == request->points_wanted ? request->high : request->low + i * sweeping->step;
        curve->points[curve->count++] = running;
    }
    curve->points[0].flips = 0;
}

static void points_at_breaks(struct sweeping *sweeping)
{
    struct sweep_curve *curve = sweeping->curve;
    const struct sweep_request *request = sweeping->request;
    struct sweep_point running = {.from = request->low};
    apply(&running, &sweeping->changes[0]);
    running.flips = 0;
    curve->points[curve->count++] = running;
    qsort(sweeping->events, sweeping->event_count, sizeof *sweeping->events, compare_events);
    for (uint32_t i = 0; i < sweeping->event_count;) {
        struct change change = {0};
        const double at = sweeping->events[i].at;
        for (; i < sweeping->event_count && sweeping->events[i].at == at; i++) {
            const struct event *event = &sweeping->events[i];
            add_change(&change, request, event->order, event->from, event->to);
        }
        apply(&running, &change);
        running.from = at;
        curve->points[curve->count++] = running;
    }
}

bool sweep_make(struct sweep_curve *curve, const struct sweep_request *request, struct err *err)
{
    const struct replay_table *table = request->table;
    const bool steps = request->points_wanted > 0;
    assert(request->low < request->high && request->points_wanted != 1);
    *curve = (struct sweep_curve){.part = request->part,
                                  .low = request->low,
                                  .high = request->high,
                                  .orders = table->count,
                                  .nearest_below = NAN,
                                  .nearest_above = NAN};
    struct sweeping sweeping = {.request = request,
                                .curve = curve,
                                .today = score_weight_of(&request->weights, request->part)};
    const size_t events = steps ? 1 : (size_t)table->count * (PROVIDER_COUNT - 1) + 1;
    sweeping.changes = calloc(steps ? request->points_wanted + 1u : 1u, sizeof *sweeping.changes);
    sweeping.events = malloc(events * sizeof *sweeping.events);
    bool ok = sweeping.changes != NULL && sweeping.events != NULL;
    if (ok) {
        sweeping.step = steps ? (request->high - request->low) / (request->points_wanted - 1) : 0.0;
        make_axes(sweeping.axes, &request->weights, request->part);
        for (uint32_t i = 0; i < table->count; i++)
            sweep_one(&sweeping, i);
        const size_t points = steps ? request->points_wanted : (size_t)sweeping.event_count + 1;
        curve->points = calloc(points, sizeof *curve->points);
        ok = curve->points != NULL;
    }
    if (ok && steps) points_at_steps(&sweeping);
    if (ok && !steps) points_at_breaks(&sweeping);
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
