#include "reports/contours.h"

#include <stdlib.h>
#include <string.h>

/* Corners of pieces are known by what they are, not where: a node, or a crossing of the edge of two
 * nodes. So pieces side by side name their common edge alike, and it cancels out. */
struct corner {
    int from, to; /* nodes; the same: the node itself */
};

struct edge {
    struct corner start, end;
    bool used;
};

struct tracer {
    const double *values;
    int steps;
    double level;
    struct edge *edges;
    size_t count, capacity;
    bool failed;
};

static int node(int steps, int a, int b)
{
    return a * (2 * steps + 3 - a) / 2 + b;
}

static bool same(struct corner left, struct corner right)
{
    return left.from == right.from && left.to == right.to;
}

/* The edge, unless its opposite is there: then neither is on the border. */
static void add_edge(struct tracer *tracer, struct corner start, struct corner end)
{
    for (size_t i = tracer->count; i > 0; i--) {
        const struct edge *edge = &tracer->edges[i - 1];
        if (!same(edge->start, end) || !same(edge->end, start)) continue;
        tracer->edges[i - 1] = tracer->edges[--tracer->count];
        return;
    }
    if (tracer->count == tracer->capacity) {
        const size_t capacity = tracer->capacity * 2 + 256;
        struct edge *edges = realloc(tracer->edges, capacity * sizeof *edges);
        if (edges == NULL) {
            tracer->failed = true;
            return;
        }
        tracer->edges = edges;
        tracer->capacity = capacity;
    }
    tracer->edges[tracer->count++] = (struct edge){.start = start, .end = end};
}

/* The part of a small triangle at or above the level: nothing, or three to four corners. */
static void add_piece(struct tracer *tracer, const int nodes[3])
{
    struct corner corners[4];
    size_t count = 0;
    for (unsigned i = 0; i < 3; i++) {
        const int here = nodes[i], next = nodes[(i + 1) % 3];
        const bool in = tracer->values[here] >= tracer->level;
        const bool next_in = tracer->values[next] >= tracer->level;
        if (in) corners[count++] = (struct corner){here, here};
        if (in != next_in)
            corners[count++] =
                (struct corner){here < next ? here : next, here < next ? next : here};
    }
    for (size_t i = 0; i < count; i++)
        add_edge(tracer, corners[i], corners[(i + 1) % count]);
}

static void add_pieces(struct tracer *tracer)
{
    const int steps = tracer->steps;
    for (int a = 0; a < steps; a++)
        for (int b = 0; a + b < steps; b++) {
            const int up[3] = {node(steps, a, b), node(steps, a + 1, b), node(steps, a, b + 1)};
            add_piece(tracer, up);
            if (a + b + 1 >= steps) continue;
            const int down[3] = {node(steps, a + 1, b), node(steps, a + 1, b + 1),
                                 node(steps, a, b + 1)};
            add_piece(tracer, down);
        }
}

static struct contour_point node_place(int steps, int index)
{
    int a = 0;
    while (index > steps - a) {
        index -= steps - a + 1;
        a++;
    }
    return (struct contour_point){a, index};
}

static struct contour_point place_of(const struct tracer *tracer, struct corner corner)
{
    const struct contour_point from = node_place(tracer->steps, corner.from);
    if (corner.from == corner.to) return from;
    const struct contour_point to = node_place(tracer->steps, corner.to);
    const double low = tracer->values[corner.from], high = tracer->values[corner.to];
    const double part = (tracer->level - low) / (high - low);
    return (struct contour_point){from.a + part * (to.a - from.a), from.b + part * (to.b - from.b)};
}

static struct edge *unused_from(struct tracer *tracer, struct corner start)
{
    for (size_t i = 0; i < tracer->count; i++)
        if (!tracer->edges[i].used && same(tracer->edges[i].start, start)) return &tracer->edges[i];
    return NULL;
}

static void put(struct contour *contour, const struct tracer *tracer, struct corner corner)
{
    contour->points[contour->count++] = place_of(tracer, corner);
}

/* One loop after the other, each followed by the way back to the first one's start. */
static void string_loops(struct tracer *tracer, struct contour *contour)
{
    const struct corner home = tracer->edges[0].start;
    for (size_t i = 0; i < tracer->count; i++) {
        struct edge *edge = &tracer->edges[i];
        if (edge->used) continue;
        const struct corner start = edge->start;
        put(contour, tracer, start);
        while (edge != NULL) {
            edge->used = true;
            put(contour, tracer, edge->end);
            edge = same(edge->end, start) ? NULL : unused_from(tracer, edge->end);
        }
        put(contour, tracer, home);
    }
}

bool contour_above(struct contour *contour, const double *values, int steps, double level)
{
    struct tracer tracer = {.values = values, .steps = steps, .level = level};
    *contour = (struct contour){0};
    add_pieces(&tracer);
    bool ok = !tracer.failed;
    if (ok && tracer.count > 0) {
        contour->points = malloc(3 * tracer.count * sizeof *contour->points);
        ok = contour->points != NULL;
        if (ok) string_loops(&tracer, contour);
    }
    free(tracer.edges);
    return ok;
}

void contour_release(struct contour *contour)
{
    free(contour->points);
    *contour = (struct contour){0};
}
