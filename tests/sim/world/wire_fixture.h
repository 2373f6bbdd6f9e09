/* tests/sim/world/wire_fixture.h - a wire, the backends behind it, and calls to them, for the tests
 * of sim/world/wire*.c.
 *
 * fixture_open() reads a scenario from text and opens a wire for it; over WIRE_STRUCT in virtual
 * time there is none, and fixture_ask() puts calls to the backends, as the world does.
 * fixture_call() is a call of one order of three lines.
 *
 * The wire's inside is looked into where there is no other way to lead a "live" provider to this
 * machine.
 *
 * Ownership: fixture_close() frees everything.
 */
#ifndef TESTS_SIM_WORLD_WIRE_FIXTURE_H
#define TESTS_SIM_WORLD_WIRE_FIXTURE_H

#include "providers/cassette.h"
#include "router/base/memory.h"
#include "sim/world/wire_state.h"
#include "sim/world/world.h"
#include "tests/support.h"

enum { FIXTURE_ITEMS = 3 };

static const struct cassette_head fixture_head = {.program = "test"};

struct fixture {
    struct scenario scenario;
    struct world_plan plan;
    struct arena arena;
    struct backend *backends[PROVIDER_COUNT];
    struct wire_spec spec;
    struct wire *wire; /* NULL: backends are asked directly */
    struct order_item items[FIXTURE_ITEMS];
    struct order_request request;
    struct credential credentials[PROVIDER_COUNT];
    uint64_t tokens[PROVIDER_COUNT]; /* of the last TOKEN that was answered well */
    uint64_t cart;
    uint64_t lines[LINE_WORDS];
    uint32_t stores[PROVIDER_COUNT];
};

/* Reads a scenario; `json` holds the keys behind schema and name. */
static inline void fixture_read(struct scenario *scenario, const char *json)
{
    struct text text = {0};
    text_put(&text, "{\"schema\":\"routesim.scenario/1\",\"name\":\"wire\"");
    if (json[0] != '\0') text_char(&text, ',');
    text_put(&text, json);
    text_char(&text, '}');
    struct err_list list = {0};
    static const struct scenario_options plain = {0};
    if (!scenario_read(scenario, "wire.json", text.bytes, text.length, &plain, &list)) {
        err_list_print(stderr, &list, text.bytes, false);
        fail_msg("the test's own scenario does not read");
    }
    text_release(&text);
}

static inline void fixture_make_plan(struct fixture *fixture)
{
    struct err err = {0};
    if (!world_plan_make(&fixture->scenario, &fixture->plan, &err)) fail_msg("%s", err.message);
    for (uint32_t i = 0; i < FIXTURE_ITEMS; i++) {
        const struct product *const product = &fixture->plan.catalogue.products[7 * i];
        fixture->items[i] = (struct order_item){.name = product->name,
                                                .name_hash = product->name_hash,
                                                .product = 7 * i,
                                                .quantity = 1 + i};
    }
    fixture->request = (struct order_request){.items = fixture->items,
                                              .item_count = FIXTURE_ITEMS,
                                              .postal_code = "45202",
                                              .postal_hash = postal_hash("45202")};
}

static inline void fixture_open_wire(struct fixture *fixture)
{
    struct err err = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        fixture->backends[p] = backend_create(
            (enum provider)p, &fixture->scenario.providers[p].backend, &fixture->plan.catalogue,
            fixture->scenario.faults, fixture->scenario.fault_count, "", &fixture->arena, &err);
        if (fixture->backends[p] == NULL) fail_msg("%s", err.message);
        backend_reset(fixture->backends[p], 1, fixture->scenario.start_unix_us);
        fixture->credentials[p] = backend_credential_texts(
            fixture->backends[p], backend_credential(fixture->backends[p], 0));
    }
    const struct wire_setup setup = {.spec = &fixture->spec,
                                     .scenario = &fixture->scenario,
                                     .catalogue = &fixture->plan.catalogue,
                                     .backends = fixture->backends};
    if (!wire_is_needed(&fixture->spec, &fixture->scenario)) return;
    fixture->wire = wire_create(&setup, &err);
    if (fixture->wire == NULL) fail_msg("%s", err.message);
    wire_begin(fixture->wire, 1);
}

static inline struct fixture *fixture_open(const char *json, const struct wire_spec *spec)
{
    struct fixture *const fixture = memory_zeroed(sizeof *fixture);
    assert_non_null(fixture);
    fixture->spec = *spec;
    fixture_read(&fixture->scenario, json);
    fixture_make_plan(fixture);
    fixture_open_wire(fixture);
    return fixture;
}

static inline void fixture_close(struct fixture *fixture)
{
    wire_destroy(fixture->wire);
    arena_release(&fixture->arena);
    world_plan_release(&fixture->plan);
    scenario_release(&fixture->scenario);
    free(fixture);
}

static inline struct call fixture_call(const struct fixture *fixture, enum provider provider,
                                       enum operation operation, uint64_t order, int64_t at_us)
{
    const bool unowned = operation == OPERATION_TOKEN || operation == OPERATION_HEALTH;
    return (struct call){.provider = provider,
                         .operation = operation,
                         .order_key = random_key(UINT64_C(77), order),
                         .order_index = unowned ? UINT64_MAX : order,
                         .item = operation == OPERATION_SEARCH ? 1 : 0,
                         .sent_us = at_us,
                         .request = &fixture->request,
                         .credential = &fixture->credentials[provider],
                         .token = fixture->tokens[provider],
                         .signed_us = at_us,
                         .store = provider == PROVIDER_WALMART_API ? 0 : fixture->stores[provider],
                         .subtotal_cents = 1234,
                         .cart = fixture->cart,
                         .lines = operation == OPERATION_QUOTE ? fixture->lines : NULL};
}

/* What a reply hands out for the calls that follow. */
static inline void fixture_keep(struct fixture *fixture, const struct call *call,
                                const struct reply *reply)
{
    if (reply->fate != CALL_ANSWERED || reply->http_status > 299 || reply->body != BODY_GOOD) {
        return;
    }
    if (call->operation == OPERATION_TOKEN) {
        fixture->tokens[call->provider] = reply->as.token.value;
    } else if (call->operation == OPERATION_STORE) {
        fixture->stores[call->provider] = reply->as.store.store;
    } else if (call->operation == OPERATION_CART) {
        fixture->cart = reply->as.cart.cart;
        memcpy(fixture->lines, reply->as.cart.lines, sizeof fixture->lines);
    }
}

/* Virtual time: one call, and what becomes of it. */
static inline struct reply fixture_ask(struct fixture *fixture, enum provider provider,
                                       enum operation operation, uint64_t order, int64_t at_us)
{
    const struct call call = fixture_call(fixture, provider, operation, order, at_us);
    struct reply reply;
    if (fixture->wire != NULL && wire_carries(fixture->wire, provider)) {
        wire_exchange(fixture->wire, &call, &reply);
    } else {
        backend_answer(fixture->backends[provider], &call, &reply);
    }
    fixture_keep(fixture, &call, &reply);
    return reply;
}

#endif
