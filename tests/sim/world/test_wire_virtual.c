/* Virtual time: a call has one outcome, however it travels.
 *
 * Method: the same calls, by each provider's chain, are put to the backends directly, through both
 * codecs, over loopback and over TLS, each to a world of its own; what came back has to be the same
 * but for the handles of tokens and carts, which are each codec's own.
 */
#include "tests/sim/world/wire_fixture.h"

enum { EXCHANGES_MAX = 64 };

#define FAULT_AT_US (5 * US_PER_SECOND)

static const struct wire_spec ways[] = {{.kind = WIRE_STRUCT},
                                        {.kind = WIRE_BYTES},
                                        {.kind = WIRE_HTTP},
                                        {.kind = WIRE_HTTP, .tls = true}};
static const char *const way_names[] = {"struct", "bytes", "http", "https"};
enum { WAYS = sizeof ways / sizeof ways[0] };

struct exchange {
    enum provider provider;
    enum operation operation;
    struct reply reply;
};

struct exchanges {
    struct exchange items[EXCHANGES_MAX];
    unsigned count;
};

static void ask(struct fixture *fixture, struct exchanges *all, enum provider provider,
                enum operation operation, uint64_t order, int64_t at_us)
{
    if (!operation_exists(provider, operation)) return;
    const enum api api = fixture->scenario.providers[provider].backend.api;
    if (operation == OPERATION_TOKEN && !api_has_tokens(provider, api)) return;
    assert_true(all->count < EXCHANGES_MAX);
    struct exchange *const exchange = &all->items[all->count++];
    *exchange = (struct exchange){provider, operation,
                                  fixture_ask(fixture, provider, operation, order, at_us)};
}

/* The whole chain of every provider at one instant, and what else it can be asked. */
static void ask_everything(struct fixture *fixture, struct exchanges *all, uint64_t order,
                           int64_t at_us)
{
    static const enum operation chain[] = {OPERATION_TOKEN,   OPERATION_STORE, OPERATION_SEARCH,
                                           OPERATION_CART,    OPERATION_QUOTE, OPERATION_SLOTS,
                                           OPERATION_CONFIRM, OPERATION_HEALTH};
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        for (size_t i = 0; i < sizeof chain / sizeof chain[0]; i++)
            ask(fixture, all, p, chain[i], order, at_us + (int64_t)i * US_PER_SECOND / 10);
    }
}

static bool is_good(const struct reply *reply)
{
    return reply->fate == CALL_ANSWERED && reply->body == BODY_GOOD &&
           reply->http_status / 100 == 2;
}

/* What a reply says, without the numbers that are the codec's own. */
static bool says_the_same(const struct exchange *one, const struct exchange *other)
{
    const struct reply a = one->reply, b = other->reply;
    if (a.fate != b.fate || a.latency_us != b.latency_us) return false;
    if (a.fate != CALL_ANSWERED) return true;
    if (a.body != b.body || a.retry_after_s != b.retry_after_s) return false;
    /* Structs know one status for what is good; MealMe says 202 to a quote. */
    if (is_good(&a) != is_good(&b)) return false;
    if (!is_good(&a)) return a.http_status == b.http_status;
    if (one->operation == OPERATION_TOKEN) return a.as.token.life_us == b.as.token.life_us;
    if (one->operation == OPERATION_CONFIRM || one->operation == OPERATION_HEALTH) return true;
    if (one->operation == OPERATION_STORE && !a.as.store.found) return !b.as.store.found;
    if (one->operation == OPERATION_SEARCH && !a.as.product.found) return !b.as.product.found;
    switch (one->operation) { /* by members: padding is nobody's */
    case OPERATION_STORE:
        return a.as.store.found == b.as.store.found && a.as.store.store == b.as.store.store;
    case OPERATION_SEARCH:
        return a.as.product.exact == b.as.product.exact &&
               a.as.product.unit_cents == b.as.product.unit_cents && b.as.product.found;
    case OPERATION_CART:
        return a.as.cart.found == b.as.cart.found &&
               a.as.cart.substituted == b.as.cart.substituted &&
               a.as.cart.subtotal_cents == b.as.cart.subtotal_cents &&
               memcmp(a.as.cart.lines, b.as.cart.lines, sizeof a.as.cart.lines) == 0;
    case OPERATION_SLOTS:
        return a.as.slots.start_unix_ms == b.as.slots.start_unix_ms;
    case OPERATION_QUOTE:
    case OPERATION_SINGLE:
        return a.as.quote.subtotal_cents == b.as.quote.subtotal_cents &&
               a.as.quote.fee_cents == b.as.quote.fee_cents &&
               a.as.quote.tax_cents == b.as.quote.tax_cents &&
               a.as.quote.eta_minutes_min == b.as.quote.eta_minutes_min &&
               a.as.quote.eta_minutes_max == b.as.quote.eta_minutes_max &&
               a.as.quote.found == b.as.quote.found &&
               a.as.quote.substituted == b.as.quote.substituted;
    case OPERATION_TOKEN:
    case OPERATION_CONFIRM:
    case OPERATION_HEALTH:
    case OPERATION_COUNT:
        break;
    }
    return true;
}

static void show(const char *way, const struct exchange *exchange)
{
    const struct reply *const reply = &exchange->reply;
    print_error("%-6s %s %s: %s, %u, body %d, retry after %u s, %lld us\n", way,
                provider_traits[exchange->provider].id, operation_names[exchange->operation],
                call_fate_names[reply->fate], (unsigned)reply->http_status, (int)reply->body,
                (unsigned)reply->retry_after_s, (long long)reply->latency_us);
}

static void check_same(const char *label, const char *way, const struct exchanges *base,
                       const struct exchanges *all)
{
    assert_int_equal(base->count, all->count);
    for (unsigned i = 0; i < base->count; i++) {
        if (says_the_same(&base->items[i], &all->items[i])) continue;
        show("struct", &base->items[i]);
        show(way, &all->items[i]);
        CHECK_ROW(label, !"the same over every wire");
    }
}

/* Asks once before the fault and once in it, over each of the first `count` ways. Returns what was
 * answered directly. */
static struct exchanges ask_over(const char *label, const char *json, unsigned count)
{
    struct exchanges base = {.count = 0};
    for (unsigned w = 0; w < count; w++) {
        struct fixture *const fixture = fixture_open(json, &ways[w]);
        struct exchanges all = {.count = 0};
        ask_everything(fixture, &all, 1, 0);
        ask_everything(fixture, &all, 2, FAULT_AT_US + US_PER_SECOND);
        if (w == 0) {
            base = all;
        } else {
            check_same(label, way_names[w], &base, &all);
            const struct wire_facts facts = wire_facts(fixture->wire);
            CHECK_ROW(label, facts.carried == all.count);
            CHECK_ROW(label, facts.mismatched == 0 && facts.unstated == 0);
        }
        fixture_close(fixture);
    }
    return base;
}

/* ---- one outcome ----------------------------------------------------------------------------- */

static void a_call_that_nothing_happens_to_is_the_same_over_every_wire(void **state)
{
    (void)state;
    const struct exchanges base = ask_over("quiet", "", WAYS);
    unsigned good = 0;
    for (unsigned i = 0; i < base.count; i++)
        good += base.items[i].reply.fate == CALL_ANSWERED;
    assert_int_equal(good, base.count);
    assert_true(base.count > 30);
}

static void the_other_apis_and_the_single_call_are_the_same_over_every_wire(void **state)
{
    (void)state;
    (void)ask_over("other APIs",
                   "\"providers\":{\"INSTACART\":{\"api\":\"developer\"},"
                   "\"WALMART_API\":{\"api\":\"access_token\"}}",
                   3);
    static const char single[] = "\"providers\":{\"KROGER_API\":{\"chain\":\"single\"}}";
    struct exchanges base = {.count = 0};
    for (unsigned w = 0; w < 3; w++) {
        struct fixture *const fixture = fixture_open(single, &ways[w]);
        struct exchanges all = {.count = 0};
        for (uint64_t order = 0; order < 8; order++)
            ask(fixture, &all, PROVIDER_KROGER_API, OPERATION_SINGLE, order, (int64_t)order * 1000);
        if (w == 0) base = all;
        check_same("single", way_names[w], &base, &all);
        fixture_close(fixture);
    }
}

static void each_layer_s_faults_are_the_same_over_every_wire(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *fault; /* keys behind id, provider, at and for */
        enum call_fate fate;
        uint16_t status; /* of an answer; 0: any */
        enum reply_body body;
    } rows[] = {
        {"dns", "\"kind\":\"dns\"", CALL_DNS, 0, BODY_GOOD},
        {"connect", "\"kind\":\"refuse\"", CALL_REFUSED, 0, BODY_GOOD},
        {"tls", "\"kind\":\"tls\"", CALL_TLS, 0, BODY_GOOD},
        {"transport, reset", "\"kind\":\"reset\"", CALL_RESET, 0, BODY_GOOD},
        {"transport, hang", "\"kind\":\"hang\"", CALL_UNANSWERED, 0, BODY_GOOD},
        {"status, error", "\"kind\":\"error\",\"status\":503", CALL_ANSWERED, 503, BODY_EMPTY},
        {"status, throttle", "\"kind\":\"throttle\",\"retry_after\":\"7s\"", CALL_ANSWERED, 429,
         BODY_EMPTY},
        {"status, auth", "\"kind\":\"auth\",\"auth\":\"revoked\"", CALL_ANSWERED, 401, BODY_EMPTY},
        {"body, malformed", "\"kind\":\"malformed\"", CALL_ANSWERED, 200, BODY_MALFORMED},
        {"body, truncated", "\"kind\":\"truncated\"", CALL_ANSWERED, 200, BODY_TRUNCATED},
        {"body, empty", "\"kind\":\"empty_results\"", CALL_ANSWERED, 200, BODY_GOOD},
        {"modifier, latency", "\"kind\":\"latency\",\"multiply\":2,\"add\":\"3s\"", CALL_ANSWERED,
         200, BODY_GOOD},
        {"modifier, slow body", "\"kind\":\"slow_body\",\"multiply\":3", CALL_ANSWERED, 200,
         BODY_GOOD},
        {"modifier, prices", "\"kind\":\"price_drift\",\"factor\":1.5", CALL_ANSWERED, 200,
         BODY_GOOD},
        {"modifier, partial", "\"kind\":\"partial\",\"share\":0.5", CALL_ANSWERED, 200, BODY_GOOD},
        {"modifier, clock", "\"kind\":\"clock_skew\",\"skew\":\"400s\"", CALL_ANSWERED, 0,
         BODY_GOOD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text json = {0};
        text_put(&json, "\"faults\":[");
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            text_format(&json,
                        "%s{\"id\":\"f%u\",\"provider\":\"%s\",\"at\":\"5s\",\"for\":\"1m\",%s}",
                        p == 0 ? "" : ",", p, provider_traits[p].id, rows[i].fault);
        }
        text_char(&json, ']');
        const struct exchanges base = ask_over(rows[i].label, json.bytes, 3);
        text_release(&json);
        unsigned met = 0;
        for (unsigned e = base.count / 2; e < base.count; e++) {
            const struct reply *const reply = &base.items[e].reply;
            met += reply->fate == rows[i].fate && reply->body == rows[i].body &&
                   (rows[i].status == 0 || reply->http_status == rows[i].status);
        }
        CHECK_ROW(rows[i].label, met >= PROVIDER_COUNT); /* the row is about what it says */
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static void a_latency_is_the_stated_one_to_the_microsecond(void **state)
{
    (void)state;
    /* Hours that nobody waits for: the test would not end. */
    static const char slow[] =
        "\"providers\":{\"MEALME\":{\"latency\":{\"cart\":{\"law\":\"constant\",\"value\":"
        "\"3599123456us\"}}}}";
    for (unsigned w = 0; w < 3; w++) {
        struct fixture *const fixture = fixture_open(slow, &ways[w]);
        const struct reply reply =
            fixture_ask(fixture, PROVIDER_MEALME, OPERATION_CART, 1, US_PER_SECOND);
        CHECK_ROW(way_names[w], reply.fate == CALL_ANSWERED);
        CHECK_ROW(way_names[w], reply.latency_us == INT64_C(3599123456));
        fixture_close(fixture);
    }
}

struct told { /* of a run */
    struct world_facts facts;
    int64_t last_decided_us;
    uint64_t orders;
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)err;
    struct told *const told = context;
    told->orders++;
    if (order->decided_us > told->last_decided_us) told->last_decided_us = order->decided_us;
    return true;
}

static struct told run_over(const struct wire_spec *spec)
{
    static const char hours[] =
        "\"duration\":\"3h\",\"workload\":{\"arrivals\":{\"rate\":\"0.002/s\"}},"
        "\"router\":{\"env\":{\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":"
        "\"true\"}},\"faults\":[{\"id\":\"h\",\"provider\":\"KROGER_API\",\"kind\":\"hang\",\"at\":"
        "\"1h\",\"for\":\"1h\"}]";
    struct fixture *const fixture = memory_zeroed(sizeof *fixture);
    assert_non_null(fixture);
    fixture_read(&fixture->scenario, hours);
    fixture_make_plan(fixture);
    fixture->plan.wire = *spec;
    struct err err = {0};
    struct told told = {.orders = 0};
    struct world *const world = world_create(&fixture->plan, 1024, &err);
    if (world == NULL) fail_msg("%s", err.message);
    const struct world_outputs outputs = {.context = &told, .write_order = note_order};
    if (!world_run(world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    told.facts = *world_facts(world);
    world_destroy(world);
    fixture_close(fixture);
    return told;
}

static void a_run_of_hours_jumps_over_them_on_every_wire_to_the_same_decisions(void **state)
{
    (void)state;
    const struct told base = run_over(&ways[0]);
    assert_true(base.orders > 5);
    assert_true(base.last_decided_us > US_PER_HOUR);
    for (unsigned w = 1; w < 3; w++) {
        const struct told told = run_over(&ways[w]);
        CHECK_ROW(way_names[w], told.facts.hash == base.facts.hash);
        CHECK_ROW(way_names[w], told.facts.ended_us == base.facts.ended_us);
        CHECK_ROW(way_names[w], told.last_decided_us == base.last_decided_us);
        CHECK_ROW(way_names[w], told.facts.wire.carried == base.facts.calls_sent);
    }
}

/* ---- replay ---------------------------------------------------------------------------------- */

static const enum operation replayed[] = {OPERATION_TOKEN, OPERATION_STORE, OPERATION_SEARCH};

static void ask_kroger(struct fixture *fixture, struct exchanges *all)
{
    for (size_t i = 0; i < sizeof replayed / sizeof replayed[0]; i++)
        ask(fixture, all, PROVIDER_KROGER_API, replayed[i], 1, (int64_t)i * US_PER_SECOND);
    ask(fixture, all, PROVIDER_KROGER_API, OPERATION_SEARCH, 2, FAULT_AT_US + 1);
}

static void a_cassette_answers_as_the_provider_did_over_every_wire(void **state)
{
    (void)state;
    static const char recorded[] =
        "\"faults\":[{\"id\":\"f\",\"provider\":\"KROGER_API\",\"kind\":\"hang\",\"at\":\"5s\","
        "\"for\":\"1m\"}]";
    struct exchanges base = {.count = 0};
    struct err err = {0};
    char path[TEST_PATH_MAX], json[256];
    test_write_file("", 0, path);
    struct wire_spec spec = {.kind = WIRE_BYTES};
    spec.recorder = recorder_open(path, false, &fixture_head, &err);
    assert_non_null(spec.recorder);
    struct fixture *fixture = fixture_open(recorded, &spec);
    ask_kroger(fixture, &base);
    fixture_close(fixture);
    assert_true(recorder_close(spec.recorder, true, &err));
    assert_int_equal(base.items[base.count - 1].reply.fate, CALL_UNANSWERED);

    (void)snprintf(json, sizeof json,
                   "\"providers\":{\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"}}",
                   path);
    for (unsigned w = 0; w < 3; w++) {
        struct exchanges all = {.count = 0};
        fixture = fixture_open(json, &ways[w]);
        ask_kroger(fixture, &all);
        assert_int_equal(base.count, all.count);
        for (unsigned i = 0; i < all.count; i++) {
            struct exchange *const was = &base.items[i];
            /* A call that hung is recorded as long as calls live. */
            if (was->reply.fate == CALL_UNANSWERED)
                was->reply.latency_us = fixture->scenario.policy.call_life_us;
        }
        check_same("replayed", way_names[w], &base, &all);
        struct wire_facts facts = wire_facts(fixture->wire);
        assert_int_equal(facts.carried, all.count);
        assert_int_equal(facts.unmatched, 0);
        assert_int_equal(facts.alike, 0);
        assert_false(wire_sells(fixture->wire, PROVIDER_KROGER_API)); /* it holds no confirmation */

        /* What was not recorded: another item's search is no answer. */
        fixture->items[1] = fixture->items[2];
        const struct reply other =
            fixture_ask(fixture, PROVIDER_KROGER_API, OPERATION_SEARCH, 3, US_PER_SECOND);
        assert_int_equal(other.http_status, 404);
        assert_int_equal(wire_facts(fixture->wire).unmatched, 1);

        wire_begin(fixture->wire, 2); /* rewound */
        struct exchanges again = {.count = 0};
        fixture->items[1] =
            (struct order_item){.name = fixture->plan.catalogue.products[7].name,
                                .name_hash = fixture->plan.catalogue.products[7].name_hash,
                                .product = 7,
                                .quantity = 2};
        ask_kroger(fixture, &again);
        check_same("rewound", way_names[w], &base, &again);
        fixture_close(fixture);
    }
    assert_int_equal(unlink(path), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_nothing_happens_to_is_the_same_over_every_wire),
        cmocka_unit_test(the_other_apis_and_the_single_call_are_the_same_over_every_wire),
        cmocka_unit_test(each_layer_s_faults_are_the_same_over_every_wire),
        cmocka_unit_test(a_latency_is_the_stated_one_to_the_microsecond),
        cmocka_unit_test(a_run_of_hours_jumps_over_them_on_every_wire_to_the_same_decisions),
        cmocka_unit_test(a_cassette_answers_as_the_provider_did_over_every_wire),
    };
    return cmocka_run_group_tests_name("sim/world/wire_virtual", tests, NULL, NULL);
}
