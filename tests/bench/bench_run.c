/* Goal: orders a second on one core, whole orders through the whole router, in virtual time:
 *   (a) fan4   one call per provider, the workload other engines were measured on
 *   (b) chain  every API call of every provider, carts of ten lines
 *   (c) events fan4 again with every event written as JSON, to /dev/null
 * Method: fixed seed; one warm-up round, then ROUNDS; best and median. Every round is a whole
 * replication, so its tallies, series and rolling hash are counted in; the hash is printed, so that
 * the work can be neither optimised away nor changed. `smoke` runs a few thousand orders and prints
 * nothing.
 *
 *   bench_run [smoke] [orders]      `bench_run memory N` runs fan4 once and prints peak memory */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "router/base/json.h"
#include "sim/world/world.h"

enum { ROUNDS = 15, ORDERS_SMOKE = 2000, ORDERS = 500000 };

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool write_nowhere(void *context, const char *bytes, size_t length, struct err *err)
{
    (void)err;
    return fwrite(bytes, 1, length, context) == length;
}

static void die(const struct err_list *list, const char *source)
{
    err_list_print(stderr, list, source, false);
    exit(1);
}

static struct scenario *load(const char *path, uint64_t orders)
{
    struct err_list list = {0};
    struct err err;
    size_t length;
    char *source = json_load(path, 1 << 20, &length, &err);
    if (source == NULL) {
        err_list_add(&list, &err);
        die(&list, NULL);
    }
    char limit[32], duration[32];
    (void)snprintf(limit, sizeof limit, "%" PRIu64, orders);
    (void)snprintf(duration, sizeof duration, "%" PRIu64 "s", orders / 50 * 2 + 3600);
    const struct scenario_override overrides[] = {{"workload.arrivals.limit", limit, "bench"},
                                                  {"duration", duration, "bench"}};
    const struct scenario_options options = {.overrides = overrides, .override_count = 2};
    struct scenario *scenario = calloc(1, sizeof *scenario);
    if (scenario == NULL) exit(1);
    if (!scenario_read(scenario, path, source, length, &options, &list)) die(&list, source);
    free(source);
    return scenario;
}

struct measured {
    double best, median; /* orders a second */
    uint64_t hash;
    uint64_t events, calls;
};

static struct measured measure(const char *path, uint64_t orders, int rounds, FILE *events)
{
    struct scenario *scenario = load(path, orders);
    struct world_plan plan;
    struct err err;
    struct err_list list = {0};
    struct world *world = NULL;
    if (!world_plan_make(scenario, &plan, &err) ||
        (world = world_create(&plan, SAMPLES_LIMIT_DEFAULT, &err)) == NULL) {
        err_list_add(&list, &err);
        die(&list, NULL);
    }
    struct world_outputs outputs = {.context = events, .series = true};
    if (events != NULL) outputs.write_events = write_nowhere;
    double rates[ROUNDS];
    for (int round = -1; round < rounds; round++) { /* round -1 warms up */
        const int64_t start_ns = now_ns();
        if (!world_run(world, 0, &outputs, NULL, &err)) {
            err_list_add(&list, &err);
            die(&list, NULL);
        }
        const double ns = (double)(now_ns() - start_ns);
        if (round >= 0) rates[round] = (double)world_facts(world)->orders / ns * 1e9;
    }
    qsort(rates, (size_t)rounds, sizeof rates[0], by_value);
    const struct world_facts *facts = world_facts(world);
    const struct measured measured = {.best = rates[rounds - 1],
                                      .median = rates[rounds / 2],
                                      .hash = facts->hash,
                                      .events = facts->events,
                                      .calls = facts->calls_sent};
    world_destroy(world);
    world_plan_release(&plan);
    scenario_release(scenario);
    free(scenario);
    return measured;
}

static void report(const char *name, const char *what, const struct measured *measured,
                   uint64_t orders)
{
    printf("%s %s: %.2f calls and %.2f events an order, %" PRIu64
           " orders, seed 20251123, hash %016" PRIx64 ", best %.0f, median %.0f orders/s\n",
           name, what, (double)measured->calls / (double)orders,
           (double)measured->events / (double)orders, orders, measured->hash, measured->best,
           measured->median);
    (void)fflush(stdout);
}

static int memory(uint64_t orders)
{
    (void)measure("tests/bench/fan4.json", orders, 0 + 1, NULL);
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("fan4, %" PRIu64 " orders: peak memory %ld KiB\n", orders, usage.ru_maxrss);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "memory") == 0) return memory(strtoull(argv[2], NULL, 10));
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint64_t given = !smoke && argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    const uint64_t orders = smoke ? ORDERS_SMOKE : given > 0 ? given : ORDERS;
    const int rounds = smoke ? 1 : ROUNDS;
    FILE *nowhere = fopen("/dev/null", "wb");
    if (nowhere == NULL) return 1;
    const struct measured fan = measure("tests/bench/fan4.json", orders, rounds, NULL);
    if (!smoke) report("(a) fan4", "one call per provider", &fan, orders);
    const struct measured chain = measure("tests/bench/chain.json", orders, rounds, NULL);
    if (!smoke) report("(b) chain", "full call chains, ten lines", &chain, orders);
    const struct measured events = measure("tests/bench/fan4.json", orders, rounds, nowhere);
    if (!smoke) report("(c) events", "fan4, every event written", &events, orders);
    (void)fclose(nowhere);
    return fan.hash == events.hash ? 0 : 1; /* logging must not move a decision */
}
