/* bench_backend - what one answer of a mock provider costs, and one latency draw.
 *
 * Goal: a SEARCH answer is the bulk of a simulated run, so it is to cost a few tens of nanoseconds;
 * and a draw from a quantile table is to be several times cheaper than GSL's sampler of the same
 * law. Method: 8,192 search calls over a default Kroger mock (1,000 products, 4 stores, a valid
 * token, no faults) are made ready; a round answers all of them, again and again, with time going
 * on by 40 us a call, so that stock periods turn as they do in a run. The same again with one fault
 * on that touches half the orders. Draws: body_tail by table, against gsl_ran_lognormal() on
 * gsl_rng_taus2 for the same mixture; both sum what they draw. Best and median of the rounds after
 * one warm-up round. The sums are printed: they change only when what is computed changes. Usage:
 * bench_backend [smoke]
 */
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mocks/backend.h"
#include "router/base/random.h"

enum { CALLS = 8192, ROUNDS = 21, ITEMS = 64 };

struct bench {
    uint32_t rounds, repeats;
    struct arena arena;
    struct catalogue catalogue;
    struct order_item items[ITEMS];
    struct order_request request;
    struct credential credential;
    struct call calls[CALLS];
};

static double now_ns(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double print_rounds(const char *what, double *ns, uint32_t rounds, uint64_t sum)
{
    qsort(ns, rounds, sizeof *ns, ascending);
    printf("%-34s best %7.1f ns  median %7.1f ns  (%u rounds, sum %016llx)\n", what, ns[0],
           ns[rounds / 2], rounds, (unsigned long long)sum);
    return ns[rounds / 2];
}

static void stop(const struct err *err)
{
    fprintf(stderr, "bench_backend: %s\n", err->message);
    exit(1);
}

static void make_ready(struct bench *bench)
{
    struct err err;
    struct catalogue_spec spec = catalogue_spec_default();
    if (!catalogue_load(&spec, "", 1, &bench->arena, &bench->catalogue, &err)) stop(&err);
    for (uint32_t i = 0; i < ITEMS; i++) {
        const uint32_t product = random_below(random_draw(2, i), bench->catalogue.count);
        bench->items[i] =
            (struct order_item){.name = bench->catalogue.products[product].name,
                                .name_hash = bench->catalogue.products[product].name_hash,
                                .product = product,
                                .quantity = 1};
    }
    bench->request = (struct order_request){.items = bench->items, .item_count = ITEMS};
}

static struct backend *make_backend(struct bench *bench, const struct fault_spec *faults,
                                    uint32_t count)
{
    struct err err;
    const struct backend_spec spec = backend_spec_default(PROVIDER_KROGER_API);
    struct backend *const backend = backend_create(PROVIDER_KROGER_API, &spec, &bench->catalogue,
                                                   faults, count, "", &bench->arena, &err);
    if (backend == NULL) stop(&err);
    return backend;
}

static uint64_t fetch_token(struct bench *bench, struct backend *backend, int64_t now_us)
{
    bench->credential.fingerprint = backend_credential(backend, now_us);
    const struct call call = {.provider = PROVIDER_KROGER_API,
                              .operation = OPERATION_TOKEN,
                              .order_key = 77,
                              .sent_us = now_us,
                              .signed_us = now_us,
                              .request = &bench->request,
                              .credential = &bench->credential};
    struct reply reply = {0};
    for (uint32_t attempt = 0; attempt < 100 && reply.http_status != 200; attempt++) {
        struct call again = call;
        again.attempt = attempt;
        backend_answer(backend, &again, &reply);
    }
    return reply.as.token.value;
}

static double bench_search(struct bench *bench, const char *what, const struct fault_spec *faults,
                           uint32_t count)
{
    struct backend *const backend = make_backend(bench, faults, count);
    backend_reset(backend, 3, 0);
    for (uint32_t i = 0; i < CALLS; i++) {
        bench->calls[i] = (struct call){.provider = PROVIDER_KROGER_API,
                                        .operation = OPERATION_SEARCH,
                                        .item = random_below(random_draw(4, i), ITEMS),
                                        .request = &bench->request,
                                        .store = random_below(random_draw(5, i), 4)};
    }
    double ns[ROUNDS + 1];
    uint64_t sum = 0;
    int64_t now_us = 0;
    for (uint32_t round = 0; round <= bench->rounds; round++) {
        const uint64_t token = fetch_token(bench, backend, now_us);
        const double from = now_ns();
        for (uint32_t repeat = 0; repeat < bench->repeats; repeat++) {
            for (uint32_t i = 0; i < CALLS; i++) {
                struct call *const call = &bench->calls[i];
                struct reply reply;
                call->order_key = random_mix((uint64_t)now_us);
                call->sent_us = now_us;
                call->token = token;
                backend_answer(backend, call, &reply);
                sum += (uint64_t)reply.latency_us + (uint64_t)reply.as.product.unit_cents;
                now_us += 40;
            }
        }
        if (round > 0) ns[round - 1] = (now_ns() - from) / ((double)bench->repeats * CALLS);
    }
    return print_rounds(what, ns, bench->rounds, sum);
}

static void bench_draws(struct bench *bench)
{
    struct err err;
    struct law law;
    const struct backend_spec spec = backend_spec_default(PROVIDER_KROGER_API);
    const struct law_spec *const shape = &spec.latency[OPERATION_SEARCH];
    if (!law_compile(shape, "", &bench->arena, &law, &err)) stop(&err);
    double ns[ROUNDS + 1];
    uint64_t sum = 0;
    const uint32_t draws = CALLS * bench->repeats;
    for (uint32_t round = 0; round <= bench->rounds; round++) {
        const double from = now_ns();
        for (uint32_t i = 0; i < draws; i++) {
            sum += (uint64_t)law_draw(&law, random_draw(round, i), 0);
        }
        if (round > 0) ns[round - 1] = (now_ns() - from) / draws;
    }
    const double table = print_rounds("draw, quantile table", ns, bench->rounds, sum);

    gsl_rng *const rng = gsl_rng_alloc(gsl_rng_taus2);
    if (rng == NULL) exit(1);
    double total = 0;
    for (uint32_t round = 0; round <= bench->rounds; round++) {
        gsl_rng_set(rng, round);
        const double from = now_ns();
        for (uint32_t i = 0; i < draws; i++) {
            const bool tail = gsl_rng_uniform(rng) < shape->tail_weight;
            const double median = (double)shape->median_us * (tail ? shape->tail_factor : 1);
            total += gsl_ran_lognormal(rng, log(median), tail ? shape->tail_sigma : shape->sigma);
        }
        if (round > 0) ns[round - 1] = (now_ns() - from) / draws;
    }
    gsl_rng_free(rng);
    const double sampler =
        print_rounds("draw, gsl_ran_lognormal mixture", ns, bench->rounds, (uint64_t)total);
    printf("%-34s %.1f times faster by table (medians)\n", "ratio", sampler / table);
}

static void bench_create(struct bench *bench)
{
    double ns[ROUNDS + 1];
    for (uint32_t round = 0; round <= bench->rounds; round++) {
        const double from = now_ns();
        (void)make_backend(bench, NULL, 0);
        if (round > 0) ns[round - 1] = now_ns() - from;
    }
    (void)print_rounds("backend_create, all its tables", ns, bench->rounds, 0);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    bench.rounds = smoke ? 1 : ROUNDS;
    bench.repeats = smoke ? 2 : 100;
    make_ready(&bench);

    const double quiet = bench_search(&bench, "SEARCH, nothing wrong", NULL, 0);
    struct fault_spec fault = {.id = "half",
                               .provider_mask = 1u << PROVIDER_KROGER_API,
                               .kind = FAULT_ERROR,
                               .for_us = INT64_MAX,
                               .fraction = 0.5,
                               .status = 503};
    const double faulty = bench_search(&bench, "SEARCH, one fault on half", &fault, 1);
    printf("%-34s %.2f times a quiet answer\n", "ratio", faulty / quiet);
    bench_draws(&bench);
    bench_create(&bench);
    arena_release(&bench.arena);
    return 0;
}
