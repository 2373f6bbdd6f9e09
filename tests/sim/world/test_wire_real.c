/* Real time: calls end once, not before their time, as what they met; and no cap is passed.
 *
 * Method: our own mock servers, and for "live" providers a peer on this machine to which the wire
 * is led; that peer counts what really arrives. Nothing is asserted on how long anything takes, but
 * on how long it takes at least.
 */
#include "sim/world/world_state.h"
#include "tests/providers/raw_server.h"
#include "tests/sim/world/wire_fixture.h"

enum { CALLS_MAX = 128 };

#define GUARD_US (30 * US_PER_SECOND) /* when a test has hung */

static const struct wire_spec in_real_time = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};

struct ending {
    unsigned times;
    struct reply reply;
    struct wire_trip trip;
};

static struct ending endings[CALLS_MAX];
static unsigned ended_count;

static void take_ending(void *context, void *owner, const struct reply *reply, int64_t ended_us,
                        const struct wire_trip *trip)
{
    (void)context;
    (void)ended_us;
    struct ending *const ending = owner;
    ending->times++;
    ending->reply = *reply;
    ending->trip = *trip;
    ended_count++;
}

static void send_one(struct fixture *fixture, unsigned index, enum provider provider,
                     enum operation operation)
{
    const struct call call =
        fixture_call(fixture, provider, operation, index, wire_now_us(fixture->wire));
    assert_true(index < CALLS_MAX);
    wire_send(fixture->wire, &call, &endings[index]);
}

static void forget_endings(void)
{
    memset(endings, 0, sizeof endings);
    ended_count = 0;
}

/* Until so many have ended. */
static void wait_for(struct fixture *fixture, unsigned count)
{
    const int64_t guard_us = wire_now_us(fixture->wire) + GUARD_US;
    while (ended_count < count) {
        const int64_t now_us = wire_now_us(fixture->wire);
        assert_true(now_us < guard_us);
        wire_wait(fixture->wire, now_us + 50 * US_PER_MS, take_ending, NULL);
    }
}

/* A while longer: whoever was told would show. */
static void wait_on(struct fixture *fixture, int64_t for_us)
{
    const int64_t until_us = wire_now_us(fixture->wire) + for_us;
    while (wire_now_us(fixture->wire) < until_us)
        wire_wait(fixture->wire, until_us, take_ending, NULL);
}

static void check_each_was_told_once(unsigned count)
{
    assert_int_equal(ended_count, count);
    for (unsigned i = 0; i < CALLS_MAX; i++)
        assert_int_equal(endings[i].times, i < count ? 1 : 0);
}

/* ---- our own mocks --------------------------------------------------------------------------- */

static void many_at_once_are_answered_and_none_before_its_time(void **state)
{
    (void)state;
    struct fixture *const fixture = fixture_open(
        "\"providers\":{\"MEALME\":{\"latency\":{\"cart\":{\"law\":\"constant\",\"value\":"
        "\"120ms\"}}},\"KROGER_API\":{\"latency\":{\"token\":{\"law\":\"constant\",\"value\":"
        "\"40ms\"}}}}",
        &in_real_time);
    forget_endings();
    for (unsigned i = 0; i < 96; i++) {
        const bool cart = i % 2 == 0;
        send_one(fixture, i, cart ? PROVIDER_MEALME : PROVIDER_KROGER_API,
                 cart ? OPERATION_CART : OPERATION_TOKEN);
    }
    assert_int_equal(wire_in_flight(fixture->wire), 96);
    wait_for(fixture, 96);
    check_each_was_told_once(96);
    for (unsigned i = 0; i < 96; i++) {
        const struct reply *const reply = &endings[i].reply;
        assert_int_equal(reply->fate, CALL_ANSWERED);
        assert_int_equal(reply->body, BODY_GOOD);
        assert_true(reply->latency_us >= (i % 2 == 0 ? 120 : 40) * US_PER_MS);
        assert_false(endings[i].trip.live || endings[i].trip.injected || endings[i].trip.replayed);
    }
    assert_int_equal(wire_in_flight(fixture->wire), 0);
    assert_int_equal(wire_facts(fixture->wire).carried, 96);
    fixture_close(fixture);
}

static void a_fault_below_http_is_met_as_itself_and_not_before_it_shows(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        enum call_fate fate;
        int64_t least_ms;
    } rows[] = {{"refuse", CALL_REFUSED, 150},
                {"reset", CALL_RESET, 150},
                {"tls", CALL_TLS, 0},
                {"dns", CALL_DNS, 0},
                {"hang", CALL_UNANSWERED, 300}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[400];
        (void)snprintf(json, sizeof json,
                       "\"router\":{\"policy\":{\"call_life\":\"%s\"}},"
                       "\"providers\":{\"MEALME\":{\"no_answer\":\"150ms\"}},"
                       "\"faults\":[{\"id\":\"f\",\"provider\":\"MEALME\",\"kind\":\"%s\","
                       "\"at\":\"0s\",\"for\":\"1h\"}]",
                       rows[i].fate == CALL_UNANSWERED ? "300ms" : "20s", rows[i].kind);
        struct fixture *const fixture = fixture_open(json, &in_real_time);
        forget_endings();
        for (unsigned c = 0; c < 5; c++)
            send_one(fixture, c, PROVIDER_MEALME, OPERATION_HEALTH);
        wait_for(fixture, 5);
        check_each_was_told_once(5);
        for (unsigned c = 0; c < 5; c++) {
            CHECK_ROW(rows[i].kind, endings[c].reply.fate == rows[i].fate);
            CHECK_ROW(rows[i].kind, endings[c].trip.injected);
            CHECK_ROW(rows[i].kind, endings[c].reply.latency_us >= rows[i].least_ms * US_PER_MS);
        }
        CHECK_ROW(rows[i].kind, wire_facts(fixture->wire).mismatched == 0);
        fixture_close(fixture);
    }
}

static void an_answer_that_comes_after_its_call_s_life_reaches_nobody(void **state)
{
    (void)state;
    struct fixture *const fixture = fixture_open(
        "\"router\":{\"policy\":{\"call_life\":\"300ms\"}},\"providers\":{\"MEALME\":{\"latency\":{"
        "\"cart\":{\"law\":\"constant\",\"value\":\"500ms\"}}}}",
        &in_real_time);
    forget_endings();
    for (unsigned i = 0; i < 8; i++)
        send_one(fixture, i, PROVIDER_MEALME, OPERATION_CART);
    wait_for(fixture, 8);
    wait_on(fixture, 300 * US_PER_MS); /* past the instant at which it would have come */
    check_each_was_told_once(8);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(endings[i].reply.fate, CALL_UNANSWERED);
        assert_true(endings[i].reply.latency_us >= 300 * US_PER_MS);
    }
    assert_int_equal(wire_in_flight(fixture->wire), 0);
    fixture_close(fixture);
}

static void who_gives_up_is_told_of_each_call_once_and_of_none_again(void **state)
{
    (void)state;
    /* Some wait at the server, some for the instant at which their fault shows. */
    struct fixture *const fixture = fixture_open(
        "\"providers\":{\"MEALME\":{\"latency\":{\"cart\":{\"law\":\"constant\",\"value\":"
        "\"300ms\"}}},\"KROGER_API\":{\"no_answer\":\"300ms\"}},\"faults\":[{\"id\":\"f\","
        "\"provider\":\"KROGER_API\",\"kind\":\"refuse\",\"at\":\"0s\",\"for\":\"1h\"}]",
        &in_real_time);
    forget_endings();
    for (unsigned i = 0; i < 24; i++) {
        const bool cart = i % 2 == 0;
        send_one(fixture, i, cart ? PROVIDER_MEALME : PROVIDER_KROGER_API,
                 cart ? OPERATION_CART : OPERATION_TOKEN);
    }
    wire_wait(fixture->wire, wire_now_us(fixture->wire) + 20 * US_PER_MS, take_ending, NULL);
    wire_give_up(fixture->wire, take_ending, NULL);
    check_each_was_told_once(24);
    assert_int_equal(wire_in_flight(fixture->wire), 0);
    wait_on(fixture, 350 * US_PER_MS);
    check_each_was_told_once(24);
    /* The wire is as good as before. */
    send_one(fixture, 24, PROVIDER_MEALME, OPERATION_CART);
    wait_for(fixture, 25);
    check_each_was_told_once(25);
    assert_int_equal(endings[24].reply.fate, CALL_ANSWERED);
    fixture_close(fixture);
}

static void what_is_played_back_waits_for_its_latency(void **state)
{
    (void)state;
    struct err err = {0};
    char path[TEST_PATH_MAX], json[256];
    test_write_file("", 0, path);
    struct wire_spec spec = {.kind = WIRE_BYTES};
    spec.recorder = recorder_open(path, false, &fixture_head, &err);
    assert_non_null(spec.recorder);
    struct fixture *fixture = fixture_open(
        "\"providers\":{\"KROGER_API\":{\"latency\":{\"token\":{\"law\":\"constant\",\"value\":"
        "\"130ms\"}}}}",
        &spec);
    (void)fixture_ask(fixture, PROVIDER_KROGER_API, OPERATION_TOKEN, 0, 0);
    fixture_close(fixture);
    assert_true(recorder_close(spec.recorder, true, &err));
    (void)snprintf(json, sizeof json,
                   "\"providers\":{\"KROGER_API\":{\"mode\":\"replay\",\"cassette\":\"%s\"}}",
                   path);
    fixture = fixture_open(json, &in_real_time);
    forget_endings();
    for (unsigned i = 0; i < 4; i++)
        send_one(fixture, i, PROVIDER_KROGER_API, OPERATION_TOKEN);
    wait_for(fixture, 4);
    check_each_was_told_once(4);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(endings[i].reply.body, BODY_GOOD);
        assert_true(endings[i].trip.replayed);
        assert_true(endings[i].reply.latency_us >= 130 * US_PER_MS);
    }
    fixture_close(fixture);
    assert_int_equal(unlink(path), 0);
}

/* ---- live providers -------------------------------------------------------------------------- */

/* Good for whatever Kroger is asked: a token, a store, a product. */
#define KROGER_ANSWER                                                                              \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 159\r\n\r\n"             \
    "{\"access_token\":\"a-token\",\"expires_in\":1800,\"token_type\":\"bearer\",\"data\":[{"      \
    "\"locationId\":\"01400943\",\"description\":\"milk\",\"items\":[{\"price\":{\"regular\":1."   \
    "99}}]}]}"

/* Takes its time, so that many are in flight at once. */
static const struct raw_step answering[] = {RAW_DO(RAW_READ), RAW_WAIT(20), RAW_SAY(KROGER_ANSWER),
                                            RAW_DO(RAW_AGAIN)};
/* Dies under the second call, which libcurl then sends again. */
static const struct raw_step dying[] = {RAW_DO(RAW_READ), RAW_SAY(KROGER_ANSWER), RAW_DO(RAW_READ),
                                        RAW_DO(RAW_CLOSE)};

/* Leads the wire to a peer here; its codec and its caps are those of a live provider still. */
static void lead_here(struct wire *wire, enum provider provider, uint16_t port)
{
    struct endpoint *const endpoint = &wire->endpoints[provider];
    assert_int_equal(endpoint->route, ROUTE_LIVE);
    (void)snprintf(endpoint->place.base_url, sizeof endpoint->place.base_url, "http://127.0.0.1:%u",
                   (unsigned)port);
    endpoint->place.declared_mock = true; /* of the client, which else calls nobody here */
}

static struct fixture *open_live(const char *json, uint64_t max_requests, uint16_t port)
{
    struct wire_spec spec = in_real_time;
    spec.max_requests = max_requests;
    struct fixture *const fixture = fixture_open(json, &spec);
    lead_here(fixture->wire, PROVIDER_KROGER_API, port);
    return fixture;
}

static const char live_kroger[] = "\"providers\":{\"KROGER_API\":{\"mode\":\"live\"}}";

static void no_more_live_calls_are_sent_than_allowed_however_many_come_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const struct raw_step *script;
        enum operation operation; /* a POST is never sent again, a GET is */
        unsigned volley;          /* later ones find the connections that earlier ones left */
    } rows[] = {{"tokens", answering, OPERATION_TOKEN, 8},
                {"stores", answering, OPERATION_STORE, 8},
                {"tokens, connections die", dying, OPERATION_TOKEN, 8},
                {"stores, connections die", dying, OPERATION_STORE, 8},
                {"stores one by one, connections die", dying, OPERATION_STORE, 1}};
    enum { CALLS = 64, ALLOWED = 20 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct raw_server *const server = raw_server_start(rows[i].script);
        struct fixture *const fixture = open_live(live_kroger, ALLOWED, raw_server_port(server));
        forget_endings();
        send_one(fixture, 0, PROVIDER_KROGER_API, OPERATION_TOKEN);
        wait_for(fixture, 1);
        assert_int_equal(endings[0].reply.body, BODY_GOOD);
        fixture->tokens[PROVIDER_KROGER_API] = endings[0].reply.as.token.value;
        for (unsigned c = 1; c < CALLS; c++) {
            send_one(fixture, c, PROVIDER_KROGER_API, rows[i].operation);
            if ((c + 1) % rows[i].volley == 0) wait_for(fixture, c + 1);
        }
        check_each_was_told_once(CALLS);
        const uint64_t sent = wire_requests_sent(fixture->wire, PROVIDER_KROGER_API);
        const uint64_t withheld = wire_facts(fixture->wire).withheld;
        CHECK_ROW(rows[i].label, sent <= ALLOWED);
        CHECK_ROW(rows[i].label, raw_server_requests(server) <= ALLOWED);
        CHECK_ROW(rows[i].label, sent >= raw_server_requests(server)); /* none goes uncounted */
        CHECK_ROW(rows[i].label, withheld >= CALLS - ALLOWED && withheld < CALLS);
        CHECK_ROW(rows[i].label, wire_requests_left(fixture->wire) == ALLOWED - sent);
        unsigned refused = 0;
        for (unsigned c = 0; c < CALLS; c++)
            refused += strstr(endings[c].trip.said, "--max-requests") != NULL;
        CHECK_ROW(rows[i].label, refused == withheld);
        fixture_close(fixture);
        raw_server_stop(server);
    }
}

static void where_no_live_call_is_allowed_none_is_sent(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(answering);
    struct fixture *const fixture = open_live(live_kroger, 0, raw_server_port(server));
    forget_endings();
    for (unsigned c = 0; c < 10; c++)
        send_one(fixture, c, PROVIDER_KROGER_API, OPERATION_TOKEN);
    wait_for(fixture, 10);
    check_each_was_told_once(10);
    assert_int_equal(raw_server_accepted(server), 0);
    assert_int_equal(wire_facts(fixture->wire).withheld, 10);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void an_answer_that_a_fault_makes_too_late_reaches_nobody(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(answering);
    struct fixture *const fixture = open_live(
        "\"router\":{\"policy\":{\"call_life\":\"300ms\"}},\"providers\":{\"KROGER_API\":{\"mode\":"
        "\"live\"}},\"faults\":[{\"id\":\"f\",\"provider\":\"KROGER_API\",\"kind\":\"latency\","
        "\"add\":\"1h\",\"at\":\"0s\",\"for\":\"1h\"}]",
        10, raw_server_port(server));
    forget_endings();
    for (unsigned c = 0; c < 3; c++)
        send_one(fixture, c, PROVIDER_KROGER_API, OPERATION_TOKEN);
    wait_for(fixture, 3);
    check_each_was_told_once(3);
    for (unsigned c = 0; c < 3; c++) {
        assert_int_equal(endings[c].reply.fate, CALL_UNANSWERED);
        assert_true(endings[c].reply.latency_us >= 300 * US_PER_MS);
    }
    fixture_close(fixture);
    raw_server_stop(server);
}

static void faults_come_between_a_live_provider_and_us(void **state)
{
    (void)state;
    static const struct {
        const char *fault;
        enum call_fate fate;
        uint16_t status;
        enum reply_body body;
        int64_t least_ms;
        unsigned sent;
    } rows[] = {
        {"\"kind\":\"error\",\"status\":503", CALL_ANSWERED, 503, BODY_EMPTY, 0, 0},
        {"\"kind\":\"throttle\",\"retry_after\":\"3s\"", CALL_ANSWERED, 429, BODY_EMPTY, 0, 0},
        {"\"kind\":\"refuse\"", CALL_REFUSED, 0, BODY_GOOD, 0, 0},
        {"\"kind\":\"latency\",\"add\":\"200ms\"", CALL_ANSWERED, 200, BODY_GOOD, 220, 1},
        {"\"kind\":\"latency\",\"multiply\":5", CALL_ANSWERED, 200, BODY_GOOD, 100, 1},
        {"\"kind\":\"malformed\"", CALL_ANSWERED, 200, BODY_MALFORMED, 20, 1},
        {"\"kind\":\"truncated\"", CALL_ANSWERED, 200, BODY_TRUNCATED, 20, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char json[400];
        (void)snprintf(json, sizeof json,
                       "\"providers\":{\"KROGER_API\":{\"mode\":\"live\",\"no_answer\":\"10ms\"}},"
                       "\"faults\":[{\"id\":\"f\",\"provider\":\"KROGER_API\",%s,\"at\":\"0s\","
                       "\"for\":\"1h\"}]",
                       rows[i].fault);
        struct raw_server *const server = raw_server_start(answering);
        struct fixture *const fixture = open_live(json, 10, raw_server_port(server));
        forget_endings();
        send_one(fixture, 0, PROVIDER_KROGER_API, OPERATION_TOKEN);
        wait_for(fixture, 1);
        const struct reply *const reply = &endings[0].reply;
        CHECK_ROW(rows[i].fault, reply->fate == rows[i].fate);
        CHECK_ROW(rows[i].fault, reply->http_status == rows[i].status);
        CHECK_ROW(rows[i].fault, reply->body == rows[i].body);
        CHECK_ROW(rows[i].fault, reply->latency_us >= rows[i].least_ms * US_PER_MS);
        CHECK_ROW(rows[i].fault, endings[0].trip.injected);
        CHECK_ROW(rows[i].fault, raw_server_requests(server) == rows[i].sent);
        CHECK_ROW(rows[i].fault,
                  wire_requests_sent(fixture->wire, PROVIDER_KROGER_API) == rows[i].sent);
        fixture_close(fixture);
        raw_server_stop(server);
    }
}

/* ---- caps of whole runs ---------------------------------------------------------------------- */

struct run { /* of a world with a live Kroger that is here */
    struct fixture fixture;
    struct world_facts facts;
    int64_t starts_us[CALLS_MAX];
    unsigned orders;
};

static bool note_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    (void)router;
    (void)err;
    struct run *const run = context;
    assert_true(order->index < CALLS_MAX);
    run->starts_us[order->index] = order->start_us;
    run->orders++;
    return true;
}

static struct run *run_live(uint64_t max_requests, double max_orders_per_s, unsigned limit,
                            struct raw_server *server)
{
    char json[800];
    (void)snprintf(
        json, sizeof json,
        "\"duration\":\"20s\",\"workload\":{\"arrivals\":{\"rate\":\"400/s\",\"limit\":%u},"
        "\"carts\":{\"lines\":2}},\"router\":{\"profile\":\"as_documented\",\"env\":{"
        "\"LOOPGPT_ENABLE_KROGER\":\"true\",\"LOOPGPT_ENABLE_WALMART\":\"false\","
        "\"LOOPGPT_ENABLE_INSTACART\":\"false\",\"LOOPGPT_ENABLE_MEALME\":\"false\","
        "\"KROGER_CLIENT_ID\":\"i\",\"KROGER_CLIENT_SECRET\":\"s\"},\"policy\":{\"call_life\":"
        "\"2s\",\"auth_errors_final\":false}},\"providers\":{\"KROGER_API\":{\"mode\":\"live\"}}",
        limit);
    struct run *const run = memory_zeroed(sizeof *run);
    assert_non_null(run);
    struct err err = {0};
    fixture_read(&run->fixture.scenario, json);
    fixture_make_plan(&run->fixture);
    run->fixture.plan.wire = in_real_time;
    run->fixture.plan.wire.max_requests = max_requests;
    run->fixture.plan.wire.max_orders_per_s = max_orders_per_s;
    struct world *const world = world_create(&run->fixture.plan, 1024, &err);
    if (world == NULL) fail_msg("%s", err.message);
    lead_here(world->wire, PROVIDER_KROGER_API, raw_server_port(server));
    const struct world_outputs outputs = {.context = run, .write_order = note_order};
    if (!world_run(world, 0, &outputs, NULL, &err)) fail_msg("%s", err.message);
    run->facts = *world_facts(world);
    world_destroy(world);
    return run;
}

static void end_run(struct run *run)
{
    world_plan_release(&run->fixture.plan);
    scenario_release(&run->fixture.scenario);
    free(run);
}

static void a_run_of_many_orders_at_once_keeps_to_its_requests(void **state)
{
    (void)state;
    static const struct raw_step *const scripts[] = {answering, dying};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        struct raw_server *const server = raw_server_start(scripts[i]);
        struct run *const run = run_live(50, 0, 100, server);
        assert_true(run->facts.capped);
        assert_true(run->orders > 3);
        assert_true(raw_server_requests(server) <= 50);
        assert_true(run->facts.live[PROVIDER_KROGER_API].sent <= 50);
        assert_true(run->facts.live[PROVIDER_KROGER_API].sent >= raw_server_requests(server));
        assert_int_equal(run->facts.wire.withheld, 0); /* no order was stopped in its middle */
        end_run(run);
        raw_server_stop(server);
    }
}

static void orders_start_no_closer_together_than_the_rate_allows(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(answering);
    struct run *const run = run_live(1000, 20, 12, server);
    assert_int_equal(run->orders, 12);
    for (unsigned i = 1; i < run->orders; i++)
        assert_true(run->starts_us[i] - run->starts_us[i - 1] >= 50 * US_PER_MS);
    end_run(run);
    raw_server_stop(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_at_once_are_answered_and_none_before_its_time),
        cmocka_unit_test(a_fault_below_http_is_met_as_itself_and_not_before_it_shows),
        cmocka_unit_test(an_answer_that_comes_after_its_call_s_life_reaches_nobody),
        cmocka_unit_test(who_gives_up_is_told_of_each_call_once_and_of_none_again),
        cmocka_unit_test(what_is_played_back_waits_for_its_latency),
        cmocka_unit_test(no_more_live_calls_are_sent_than_allowed_however_many_come_at_once),
        cmocka_unit_test(where_no_live_call_is_allowed_none_is_sent),
        cmocka_unit_test(an_answer_that_a_fault_makes_too_late_reaches_nobody),
        cmocka_unit_test(faults_come_between_a_live_provider_and_us),
        cmocka_unit_test(a_run_of_many_orders_at_once_keeps_to_its_requests),
        cmocka_unit_test(orders_start_no_closer_together_than_the_rate_allows),
    };
    return cmocka_run_group_tests_name("sim/world/wire_real", tests, NULL, NULL);
}
