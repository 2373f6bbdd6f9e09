/* tests/mocks/fixture.h - a mock provider in a small world, and calls to it, for the tests of
 * mocks/.
 *
 * fixture_open() makes a catalogue of 200 products and one backend; fixture_call() is a call of an
 * order with everything in it that the backend looks at. Acceptance is by 99.9% regions under seeds
 * fixed here.
 *
 * Ownership: fixture_close() frees everything.
 */
#ifndef TESTS_MOCKS_FIXTURE_H
#define TESTS_MOCKS_FIXTURE_H

#include "mocks/backend.h"
#include "router/base/duration.h"
#include "tests/support.h"

enum { FIXTURE_ITEMS = 10, FIXTURE_PRODUCTS = 200 };
#define FIXTURE_SEED UINT64_C(20240607)
#define FIXTURE_EPOCH_US                                                                           \
    (INT64_C(1717718400) * US_PER_SECOND) /* 2024-06-07, a Friday, 00:00 UTC                       \
                                           */

struct fixture {
    enum provider provider;
    struct arena arena;
    struct catalogue catalogue;
    struct order_item items[FIXTURE_ITEMS];
    struct order_request request;
    struct credential credential;
    uint64_t token;
    struct backend *backend;
};

/* The default mock with constant latencies of 100 ms, and nothing else that is random. */
static inline struct backend_spec fixture_spec(enum provider provider)
{
    struct backend_spec spec = backend_spec_default(provider);
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        spec.latency[o] = law_spec_none();
        spec.latency[o].kind = LAW_CONSTANT;
        spec.latency[o].value_us = 100 * US_PER_MS;
        spec.errors.rate[o] = 0;
    }
    spec.prices.stock_out = 0;
    spec.outcomes.confirm_error = 0;
    return spec;
}

static inline void fixture_open(struct fixture *fixture, enum provider provider,
                                const struct backend_spec *spec, const struct fault_spec *faults,
                                uint32_t fault_count)
{
    *fixture = (struct fixture){.provider = provider};
    struct err err = {0};
    struct catalogue_spec catalogue = catalogue_spec_default();
    catalogue.size = FIXTURE_PRODUCTS;
    if (!catalogue_load(&catalogue, "", 1, &fixture->arena, &fixture->catalogue, &err)) {
        fail_msg("%s", err.message);
    }
    for (uint32_t i = 0; i < FIXTURE_ITEMS; i++) {
        const struct product *const product = &fixture->catalogue.products[i];
        fixture->items[i] = (struct order_item){.name = product->name,
                                                .name_hash = product->name_hash,
                                                .product = i,
                                                .quantity = 1 + i % 2};
    }
    fixture->request = (struct order_request){.items = fixture->items, .item_count = FIXTURE_ITEMS};
    fixture->backend = backend_create(provider, spec, &fixture->catalogue, faults, fault_count, "",
                                      &fixture->arena, &err);
    if (fixture->backend == NULL) fail_msg("%s", err.message);
    backend_reset(fixture->backend, FIXTURE_SEED, FIXTURE_EPOCH_US);
    fixture->credential.fingerprint = backend_credential(fixture->backend, 0);
}

static inline void fixture_close(struct fixture *fixture)
{
    arena_release(&fixture->arena);
}

static inline uint64_t fixture_order(uint64_t index)
{
    return random_key(FIXTURE_SEED, index);
}

static inline struct call fixture_call(const struct fixture *fixture, enum operation operation,
                                       uint64_t order, int64_t now_us)
{
    return (struct call){.provider = fixture->provider,
                         .operation = operation,
                         .order_key = fixture_order(order),
                         .order_index = order,
                         .sent_us = now_us,
                         .signed_us = now_us,
                         .request = &fixture->request,
                         .credential = &fixture->credential,
                         .token = fixture->token};
}

static inline struct reply fixture_answer(struct fixture *fixture, const struct call *call)
{
    struct reply reply;
    backend_answer(fixture->backend, call, &reply);
    return reply;
}

static inline struct reply fixture_ask(struct fixture *fixture, enum operation operation,
                                       uint64_t order, int64_t now_us)
{
    const struct call call = fixture_call(fixture, operation, order, now_us);
    return fixture_answer(fixture, &call);
}

/* Fetches a token, as an adapter would, and keeps it for the calls that follow. */
static inline struct reply fixture_fetch_token(struct fixture *fixture, int64_t now_us)
{
    const struct reply reply = fixture_ask(fixture, OPERATION_TOKEN, 1000000, now_us);
    if (reply.http_status == 200) fixture->token = reply.as.token.value;
    return reply;
}

static inline struct fault_spec fixture_fault(const char *id, enum fault_kind kind, int64_t at_us,
                                              int64_t for_us)
{
    struct fault_spec fault = {.provider_mask = (1u << PROVIDER_COUNT) - 1,
                               .kind = kind,
                               .at_us = at_us,
                               .for_us = for_us,
                               .fraction = 1,
                               .multiply = 1,
                               .status = 500,
                               .price_factor = 1};
    (void)snprintf(fault.id, sizeof fault.id, "%s", id);
    return fault;
}

/* Whether `hits` of `n` are what a chance of `share` gives: inside the normal 99.9% region. */
static inline bool share_fits(uint64_t hits, uint64_t n, double share)
{
    const double apart = fabs((double)hits - (double)n * share);
    return apart <= 3.2905 * sqrt((double)n * share * (1 - share)) + 1;
}

#define CHECK_SHARE(hits, n, share)                                                                \
    do {                                                                                           \
        if (!share_fits((hits), (n), (share))) {                                                   \
            print_error("is %.5f, should be %.5f\n", (double)(hits) / (double)(n), (share));       \
            fail_msg("%s", #hits);                                                                 \
        }                                                                                          \
    } while (0)

#endif
