/* What does one event cost: the timing wheel against a binary heap of the usual kind.
 *
 * Goal: ns of CPU time an event, and how it grows with the number of pending events. Two models.
 * Hold: with N events pending, take out the next and put it back after a random delay, exponential
 * with a mean of one second (Vaucher and Duval, "A comparison of simulation event list algorithms",
 * CACM 1975). Deadlines: each event has a deadline 10 s after it went in, which is cancelled when
 * the event comes out, as nearly all of the router's are; so an event is one pop, one cancellation
 * and two insertions. The heap is bundled here, an array of (due, sequence, node); it does not
 * cancel but leaves dead deadlines in and skips them when their time comes.
 *
 * Method: both get the same delays, made beforehand; their rounds alternate, one to warm up and 15
 * that count; the checksums over what came out when must agree.
 *
 * Usage: bench_wheel [smoke]
 */
#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "router/base/random.h"
#include "sim/world/wheel.h"

enum { DELAYS = 1 << 16, ROUNDS = 15, DEADLINE_US = 10000000 };
static const uint64_t seed = 20251123;
static int64_t delays_us[DELAYS];

static void make_delays(void)
{
    const uint64_t key = random_key(seed, 1);
    for (uint64_t i = 0; i < DELAYS; i++) {
        const double delay_us = -log1p(-random_unit(random_draw(key, i))) * 1e6;
        delays_us[i] = (int64_t)fmin(delay_us, DEADLINE_US - 1);
    }
}

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static uint64_t sum_in(uint64_t sum, int64_t due_us, uint32_t kind)
{
    return (sum ^ (uint64_t)due_us ^ ((uint64_t)kind << 40)) * UINT64_C(0xD1342543DE82EF95);
}

/* --- the heap --- */

struct entry {
    int64_t due_us;
    uint64_t sequence;
    struct wheel_node *node;
};

struct heap {
    struct entry *entries;
    size_t count, capacity;
    uint64_t sequence;
};

static inline bool before(const struct entry *a, const struct entry *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->sequence < b->sequence);
}

static void heap_push(struct heap *heap, struct wheel_node *node, int64_t due_us)
{
    assert(heap->count < heap->capacity);
    const struct entry entry = {due_us, heap->sequence++, node};
    size_t place = heap->count++;
    while (place > 0 && before(&entry, &heap->entries[(place - 1) / 2])) {
        heap->entries[place] = heap->entries[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap->entries[place] = entry;
}

static struct entry heap_pop(struct heap *heap)
{
    assert(heap->count > 0);
    const struct entry top = heap->entries[0];
    const struct entry last = heap->entries[--heap->count];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count && before(&heap->entries[child + 1], &heap->entries[child])) {
            child++;
        }
        if (!before(&heap->entries[child], &last)) break;
        heap->entries[place] = heap->entries[child];
        place = child;
    }
    heap->entries[place] = last;
    return top;
}

/* --- the models --- */

struct bench { /* both structures hold the same events and go on where they were */
    uint32_t pending;
    bool deadlines;
    struct wheel *wheel;
    struct wheel_node *nodes; /* of event i: 2 i, and 2 i + 1 for its deadline */
    uint64_t wheel_step;
    struct heap heap;
    struct wheel_node *heap_nodes;
    uint64_t *heap_deadlines; /* of event i: the sequence of the deadline that is alive */
    uint64_t heap_step;
};

static void wheel_put(struct bench *bench, struct wheel_node *node, int64_t now_us)
{
    const int64_t delay_us = delays_us[bench->wheel_step++ % DELAYS];
    wheel_add(bench->wheel, node, now_us + delay_us);
    if (bench->deadlines) wheel_add(bench->wheel, node + 1, now_us + DEADLINE_US);
}

static uint64_t run_wheel(struct bench *bench, uint64_t events)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < events; i++) {
        struct wheel_node *const node = wheel_pop(bench->wheel, INT64_MAX);
        sum = sum_in(sum, node->due_us, node->kind);
        if (bench->deadlines) wheel_cancel(bench->wheel, node + 1);
        wheel_put(bench, node, node->due_us);
    }
    return sum;
}

static void heap_put(struct bench *bench, struct wheel_node *node, int64_t now_us)
{
    const int64_t delay_us = delays_us[bench->heap_step++ % DELAYS];
    heap_push(&bench->heap, node, now_us + delay_us);
    if (!bench->deadlines) return;
    bench->heap_deadlines[node->kind / 2] = bench->heap.sequence;
    heap_push(&bench->heap, node + 1, now_us + DEADLINE_US);
}

static uint64_t run_heap(struct bench *bench, uint64_t events)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < events;) {
        const struct entry entry = heap_pop(&bench->heap);
        const uint32_t kind = entry.node->kind;
        if (kind % 2 == 1) { /* dead: no delay is as long as the deadline */
            if (bench->heap_deadlines[kind / 2] == entry.sequence) abort();
            continue;
        }
        sum = sum_in(sum, entry.due_us, kind);
        heap_put(bench, entry.node, entry.due_us);
        i++;
    }
    return sum;
}

static void *must(void *memory)
{
    if (memory == NULL) abort();
    return memory;
}

static void bench_fill(struct bench *bench, uint32_t pending, bool deadlines)
{
    /* A dead deadline lingers for 10 s, in which each event goes in about 10 times. */
    const size_t entries = deadlines ? (size_t)pending * 16 + 1000 : pending;
    *bench =
        (struct bench){.pending = pending, .deadlines = deadlines, .wheel = must(wheel_create())};
    bench->nodes = must(calloc(pending, 2 * sizeof *bench->nodes));
    bench->heap_nodes = must(calloc(pending, 2 * sizeof *bench->heap_nodes));
    bench->heap_deadlines = must(calloc(pending, sizeof *bench->heap_deadlines));
    bench->heap.entries = must(calloc(entries, sizeof *bench->heap.entries));
    bench->heap.capacity = entries;
    for (uint32_t i = 0; i < 2 * pending; i++) {
        bench->nodes[i].kind = i;
        bench->heap_nodes[i].kind = i;
    }
    for (uint32_t i = 0; i < 2 * pending; i += 2) {
        wheel_put(bench, &bench->nodes[i], 0);
        heap_put(bench, &bench->heap_nodes[i], 0);
    }
}

static void bench_empty(struct bench *bench)
{
    wheel_destroy(bench->wheel);
    free(bench->nodes);
    free(bench->heap_nodes);
    free(bench->heap_deadlines);
    free(bench->heap.entries);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(uint32_t pending, bool deadlines, uint64_t events, int rounds)
{
    double wheel_ns[ROUNDS];
    double heap_ns[ROUNDS];
    struct bench bench;
    bench_fill(&bench, pending, deadlines);
    uint64_t sum = 0;
    for (int round = -1; round < rounds; round++) {
        const double start = now_ns();
        const uint64_t wheel_sum = run_wheel(&bench, events);
        const double middle = now_ns();
        const uint64_t heap_sum = run_heap(&bench, events);
        const double end = now_ns();
        if (wheel_sum != heap_sum) {
            printf("wheel and heap disagree at %" PRIu32 " pending\n", pending);
            exit(1);
        }
        sum = random_key(sum, wheel_sum);
        if (round < 0) continue;
        wheel_ns[round] = (middle - start) / (double)events;
        heap_ns[round] = (end - middle) / (double)events;
    }
    qsort(wheel_ns, (size_t)rounds, sizeof *wheel_ns, ascending);
    qsort(heap_ns, (size_t)rounds, sizeof *heap_ns, ascending);
    const int middle = rounds / 2;
    printf("%9" PRIu32 " %8.1f %8.1f %8.1f %8.1f %7.1f   %016" PRIx64 "\n", pending, wheel_ns[0],
           wheel_ns[middle], heap_ns[0], heap_ns[middle], heap_ns[middle] / wheel_ns[middle], sum);
    bench_empty(&bench);
}

static void table(const char *title, bool deadlines, uint32_t pending_most, uint64_t events,
                  int rounds)
{
    printf("%s, ns an event\n", title);
    printf("  pending    wheel   median     heap   median   ratio   checksum\n");
    for (uint32_t pending = 100; pending <= pending_most; pending *= 10) {
        compare(pending, deadlines, events, rounds);
    }
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint64_t events = smoke ? 20000 : 1000000;
    const int rounds = smoke ? 3 : ROUNDS;
    make_delays();
    printf("seed %" PRIu64 ", %d rounds of %" PRIu64 " events\n", seed, rounds, events);
    table("hold", false, smoke ? 10000 : 1000000, events, rounds);
    table("with deadlines", true, smoke ? 1000 : 100000, events, rounds);
    return 0;
}
