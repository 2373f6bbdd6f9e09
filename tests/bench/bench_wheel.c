/* What does one event cost: the timing wheel against a binary heap of the usual kind.
 *
 * Goal: ns per pop + push, and how it grows with the number of pending events. Method: the hold
 * model: with N events pending, take out the next and put it back after a random delay,
 * exponential with a mean of one second (Vaucher and Duval, "A comparison of simulation event list
 * algorithms", CACM 1975). Both get the same delays, made beforehand. The heap is bundled here:
 * an array of (due, sequence, node), no cancelling, so it has the easier task. Rounds of the two
 * alternate; the checksum over what came out when must agree. Second table: a deadline 10 s away
 * is added with each event and cancelled when it comes out, as the router's are; the heap leaves
 * cancelled ones in and skips them.
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

enum { DELAYS = 1 << 16, ROUNDS_MAX = 21, DEADLINE_US = 10000000 };
static const uint64_t seed = 20251123;
static int64_t delays_us[DELAYS];

static void make_delays(void)
{
    const uint64_t key = random_key(seed, 1);
    for (uint64_t i = 0; i < DELAYS; i++) {
        delays_us[i] = (int64_t)(-log1p(-random_unit(random_draw(key, i))) * 1e6);
    }
}

static double now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
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
    size_t count;
    uint64_t sequence;
};

static inline bool before(const struct entry *a, const struct entry *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->sequence < b->sequence);
}

static void heap_push(struct heap *heap, struct wheel_node *node, int64_t due_us)
{
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

/* --- the hold model --- */

struct bench { /* both structures hold the same number of events and go on where they were */
    uint32_t pending;
    struct wheel *wheel;
    struct wheel_node *nodes;
    uint64_t wheel_step;
    struct heap heap;
    uint64_t heap_step;
    uint32_t *heap_kinds; /* the heap's events are numbers only; nodes would not be read */
    struct wheel_node *heap_nodes;
};

static uint64_t hold_wheel(struct bench *bench, uint64_t holds)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < holds; i++) {
        struct wheel_node *const node = wheel_pop(bench->wheel, INT64_MAX);
        sum = sum_in(sum, node->due_us, node->kind);
        wheel_add(bench->wheel, node, node->due_us + delays_us[bench->wheel_step++ % DELAYS]);
    }
    return sum;
}

static uint64_t hold_heap(struct bench *bench, uint64_t holds)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < holds; i++) {
        const struct entry entry = heap_pop(&bench->heap);
        sum = sum_in(sum, entry.due_us, entry.node->kind);
        heap_push(&bench->heap, entry.node, entry.due_us + delays_us[bench->heap_step++ % DELAYS]);
    }
    return sum;
}

static void *must(void *memory)
{
    if (memory == NULL) abort();
    return memory;
}

static void bench_fill(struct bench *bench, uint32_t pending)
{
    *bench = (struct bench){.pending = pending, .wheel = must(wheel_create())};
    bench->nodes = must(calloc(pending, sizeof *bench->nodes));
    bench->heap_nodes = must(calloc(pending, sizeof *bench->heap_nodes));
    bench->heap.entries = must(calloc(pending + 1, sizeof *bench->heap.entries));
    const uint64_t key = random_key(seed, 2);
    for (uint32_t i = 0; i < pending; i++) {
        const int64_t due_us = delays_us[random_below(random_draw(key, i), DELAYS)];
        bench->nodes[i].kind = i;
        bench->heap_nodes[i].kind = i;
        wheel_add(bench->wheel, &bench->nodes[i], due_us);
        heap_push(&bench->heap, &bench->heap_nodes[i], due_us);
    }
}

static void bench_empty(struct bench *bench)
{
    wheel_destroy(bench->wheel);
    free(bench->nodes);
    free(bench->heap_nodes);
    free(bench->heap.entries);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(uint32_t pending, uint64_t holds, int rounds)
{
    double wheel_ns[ROUNDS_MAX];
    double heap_ns[ROUNDS_MAX];
    struct bench bench;
    bench_fill(&bench, pending);
    uint64_t sum = 0;
    for (int round = -1; round < rounds; round++) { /* one to warm up */
        const double start = now_ns();
        const uint64_t wheel_sum = hold_wheel(&bench, holds);
        const double middle = now_ns();
        const uint64_t heap_sum = hold_heap(&bench, holds);
        const double end = now_ns();
        if (wheel_sum != heap_sum) {
            printf("wheel and heap disagree at %" PRIu32 " pending\n", pending);
            exit(1);
        }
        sum = random_key(sum, wheel_sum);
        if (round < 0) continue;
        wheel_ns[round] = (middle - start) / (double)holds;
        heap_ns[round] = (end - middle) / (double)holds;
    }
    qsort(wheel_ns, (size_t)rounds, sizeof *wheel_ns, ascending);
    qsort(heap_ns, (size_t)rounds, sizeof *heap_ns, ascending);
    printf("%9" PRIu32 " %8.1f %8.1f %8.1f %8.1f %7.1f   %016" PRIx64 "\n", pending, wheel_ns[0],
           wheel_ns[rounds / 2], heap_ns[0], heap_ns[rounds / 2],
           heap_ns[rounds / 2] / wheel_ns[rounds / 2], sum);
    bench_empty(&bench);
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    make_delays();
    printf("hold model, seed %" PRIu64 ", ns per pop + push\n", seed);
    printf("  pending    wheel   median     heap   median   ratio   checksum\n");
    for (uint32_t pending = 100; pending <= (smoke ? 10000u : 1000000u); pending *= 10) {
        compare(pending, smoke ? 10000 : pending > 100000 ? 2000000 : 1000000, smoke ? 3 : 15);
    }
    return 0;
}
