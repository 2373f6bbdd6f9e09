/* Mock servers: waiting, hanging, striking, stopping. Goal: what the backend decides happens on the
 * connection, at its time or never, and nobody's waiting costs anybody else anything. Method: bare
 * sockets and the servers' own counters. Times are looked at from below only: a busy machine may
 * always be late. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>

#include "tests/mocks/http_server_fixture.h"

#define KROGER PROVIDER_KROGER_API

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static void an_answer_waits_for_its_latency(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.latency_us = 30000});
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        struct bare_answer answer;
        const int64_t sent_us = serving_now_us(serving);
        const bool tokens = api_has_tokens(p, serving->setup.apis[p]);
        const struct call call =
            serving_call(serving, p, tokens ? OPERATION_TOKEN : OPERATION_HEALTH, p, sent_us);
        bare_call(serving, &call, NULL, &answer);
        const char *const id = provider_traits[p].id;
        CHECK_ROW(id, answer.status == 200);
        CHECK_ROW(id, serving_now_us(serving) - sent_us >= 30000);
        char value[128];
        CHECK_ROW_TEXT(id, bare_header(&answer, CODEC_LATENCY_HEADER, value), "30000");
    }
    assert_int_equal(serving_counters(serving).waiting_max, 1);
    serving_close(serving);
}

static void answers_come_when_they_are_due_and_not_as_they_were_asked_for(void **state)
{
    (void)state;
    static const int delays_ms[] = {400, 100, 300, 200};
    enum { CALLS = sizeof delays_ms / sizeof *delays_ms };
    struct serving *const serving = serving_open(&(struct wish){0});
    int clients[CALLS];
    int64_t asked_us[CALLS], answered_us[CALLS];
    for (int i = 0; i < CALLS; i++) {
        char header[64];
        (void)snprintf(header, sizeof header, "X-Mock-Fault: delay=%dms", delays_ms[i]);
        asked_us[i] = now_us();
        clients[i] = bare_begin(serving, KROGER, "GET /", header);
    }
    serving_await_waiting(serving, CALLS);
    static const int order[] = {1, 3, 2, 0};
    for (int i = 0; i < CALLS; i++) {
        struct bare_answer answer;
        bare_receive(clients[order[i]], false, &answer);
        answered_us[order[i]] = now_us();
        assert_int_equal(answer.end, BARE_WHOLE);
        assert_true(answered_us[order[i]] - asked_us[order[i]] >= delays_ms[order[i]] * 1000);
        /* Those due before it have been received; of the others none may be there 50 ms early. */
        for (int j = i + 1; j < CALLS; j++) {
            const bool silent = bare_is_silent(clients[order[j]]);
            const int64_t waited_us = now_us() - asked_us[order[j]];
            assert_true(silent || waited_us >= delays_ms[order[j]] * 1000);
        }
        (void)close(clients[order[i]]);
    }
    serving_close(serving);
}

/* Its clock began at another time than ours: a mock and a run that start one after the other have
 * instants that lie close together and mean nothing to each other. */
static void an_instant_that_another_process_names_is_not_believed(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.latency_us = 60000});
    serving->start_us -= 100 * US_PER_SECOND; /* it is a hundred seconds later */
    static const int64_t apart_us[] = {-80000, -1500000, 300000, -50 * US_PER_SECOND};
    for (size_t i = 0; i < sizeof apart_us / sizeof *apart_us; i++) {
        const struct call call = serving_call(serving, KROGER, OPERATION_HEALTH, 1,
                                              serving_now_us(serving) + apart_us[i]);
        struct bare_answer answer;
        const int64_t begun_us = now_us();
        bare_call(serving, &call, NULL, &answer);
        assert_int_equal(answer.status, 200);
        assert_true(now_us() - begun_us >= 60000);
    }
    serving_close(serving);
}

static void a_call_of_our_own_process_is_judged_at_its_instant_however_late(void **state)
{
    (void)state;
    const struct fault_spec fault = {.id = "early",
                                     .provider_mask = SERVING_ALL,
                                     .kind = FAULT_ERROR,
                                     .for_us = 1000,
                                     .fraction = 1,
                                     .status = 500};
    struct serving *const serving = serving_open(&(struct wish){
        .faults = &fault, .fault_count = 1, .intercepted = true, .clock = MOCK_CLOCK_WALL});
    serving->start_us -= 10 * US_PER_SECOND; /* ten seconds later */
    struct bare_answer answer;
    const struct call call = serving_call(serving, PROVIDER_MEALME, OPERATION_HEALTH, 1, 500);
    bare_call(serving, &call, NULL, &answer);
    assert_int_equal(answer.status, 500);
    serving_close(serving);
}

/* ---- hanging --------------------------------------------------------------------------------- */

static void a_hanging_call_whose_client_leaves_is_noticed(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    static const char *const faults[] = {"X-Mock-Fault: hang", "X-Mock-Fault: delay=1h"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const int client = bare_begin(serving, KROGER, "GET /", faults[i]);
        const int other = bare_begin(serving, PROVIDER_MEALME, "GET /", faults[i]);
        serving_await_waiting(serving, 2);
        assert_true(bare_is_silent(client));
        (void)close(client);
        serving_await_waiting(serving, 1);
        (void)close(other);
        serving_await_waiting(serving, 0);
    }
    serving_await_settled(serving, 4);
    assert_int_equal(serving_counters(serving).unanswered, 4);
    assert_int_equal(serving_counters(serving).waiting_max, 2);
    serving_close(serving);
}

static void a_hanging_call_is_closed_when_its_life_is_over(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){.call_life_us = 40000});
    static const char *const faults[] = {"X-Mock-Fault: hang", "X-Mock-Fault: delay=1h"};
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        const int64_t begun_us = now_us();
        struct bare_answer answer;
        bare_ask(serving, KROGER, "GET /", faults[i], &answer);
        CHECK_ROW(faults[i], answer.end == BARE_NOTHING);
        CHECK_ROW(faults[i], now_us() - begun_us >= 40000);
    }
    serving_await_settled(serving, 2);
    serving_close(serving);
}

static void abandoned_hanging_calls_leave_nothing_behind(void **state)
{
    (void)state;
    enum { ROUNDS = 20, CALLS = 100 };
    struct serving *const serving = serving_open(&(struct wish){0});
    int clients[CALLS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CALLS; i++)
            clients[i] = bare_begin(serving, KROGER, "GET /", "X-Mock-Fault: hang");
        for (int i = 0; i < CALLS; i++)
            (void)close(clients[i]);
    }
    serving_await_settled(serving, ROUNDS * CALLS);
    assert_int_equal(serving_counters(serving).waiting, 0);
    serving_close(serving); /* compares descriptors */
}

static void two_thousand_waiting_calls_end_with_the_server(void **state)
{
    (void)state;
    enum { CALLS = 2000 };
    struct serving *const serving = serving_open(&(struct wish){0});
    static int clients[CALLS];
    for (int i = 0; i < CALLS; i++) { /* soon, never, and much later */
        static const char *const faults[] = {"X-Mock-Fault: delay=2s", "X-Mock-Fault: hang",
                                             "X-Mock-Fault: delay=1h"};
        clients[i] =
            bare_begin(serving, (enum provider)(i % PROVIDER_COUNT), "GET /", faults[i % 3]);
    }
    const int64_t since_us = now_us();
    while (serving_counters(serving).requests != CALLS && now_us() - since_us < 20 * US_PER_SECOND)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    mock_server_destroy(serving->server, 60 * US_PER_SECOND);
    serving->server = NULL;
    for (int i = 0; i < CALLS; i++) {
        struct bare_answer answer;
        bare_receive(clients[i], false, &answer);
        (void)close(clients[i]);
        assert_int_equal(answer.end, i % 3 == 0 ? BARE_WHOLE : BARE_NOTHING);
    }
    serving_close(serving);
}

static void without_grace_nobody_is_waited_for(void **state)
{
    (void)state;
    struct serving *const serving =
        serving_open(&(struct wish){.call_life_us = 3600 * US_PER_SECOND});
    const int slow = bare_begin(serving, KROGER, "GET /", "X-Mock-Fault: delay=1h");
    const int hung = bare_begin(serving, KROGER, "GET /", "X-Mock-Fault: hang");
    const int drip = bare_begin(serving, KROGER, "GET /", "X-Mock-Fault: slow=1");
    const int silent = bare_connect(serving, KROGER);
    serving_await_waiting(serving, 3);
    mock_server_destroy(serving->server, 0);
    serving->server = NULL;
    struct bare_answer answer;
    bare_receive(slow, false, &answer);
    assert_int_equal(answer.end, BARE_NOTHING);
    bare_receive(hung, false, &answer);
    assert_int_equal(answer.end, BARE_NOTHING);
    bare_receive(drip, false, &answer);
    assert_int_equal(answer.end, BARE_SHORT);
    bare_receive(silent, false, &answer);
    assert_int_not_equal(answer.end, BARE_WHOLE);
    (void)close(slow);
    (void)close(hung);
    (void)close(drip);
    (void)close(silent);
    serving_close(serving);
}

/* ---- strikes --------------------------------------------------------------------------------- */

/* Begins at once to be judged, and strikes calls in flight at SECOND. */
static struct fault_spec strike_of(enum fault_kind kind)
{
    struct fault_spec fault = {.provider_mask = SERVING_ALL,
                               .kind = kind,
                               .at_us = 3600 * US_PER_SECOND,
                               .for_us = 3600 * US_PER_SECOND,
                               .fraction = 1,
                               .status = 503,
                               .hits_in_flight = true};
    (void)snprintf(fault.id, sizeof fault.id, "%s", fault_kind_names[kind]);
    return fault;
}

static void a_strike_ends_calls_in_flight_as_its_fault_does(void **state)
{
    (void)state;
    static const struct {
        enum fault_kind kind;
        enum bare_end end;
        int status;
    } rows[] = {
        {FAULT_RESET, BARE_RESET, 0},
        {FAULT_REFUSE, BARE_RESET, 0},
        {FAULT_ERROR, BARE_WHOLE, 503},
        {FAULT_TRUNCATED, BARE_SHORT, 200},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const label = fault_kind_names[rows[i].kind];
        const struct fault_spec fault = strike_of(rows[i].kind);
        struct serving *const serving = serving_open(
            &(struct wish){.latency_us = 7200 * US_PER_SECOND, .faults = &fault, .fault_count = 1});
        const struct call call = serving_call(serving, KROGER, OPERATION_HEALTH, 1, 1000);
        char *const bytes = serving_request(serving, &call);
        const int client = bare_connect(serving, KROGER);
        bare_send(client, bytes, strlen(bytes));
        serving_await_waiting(serving, 1);
        mock_server_strike(serving->server, PROVIDER_MEALME, fault.at_us); /* somebody else's */
        assert_int_equal(serving_counters(serving).waiting, 1);
        mock_server_strike(serving->server, KROGER, fault.at_us);
        struct bare_answer answer;
        bare_receive(client, false, &answer);
        CHECK_ROW(label, answer.end == rows[i].end);
        CHECK_ROW(label, answer.status == rows[i].status);
        (void)close(client);
        free(bytes);
        serving_await_settled(serving, 1);
        serving_close(serving);
    }
}

static void a_strike_that_hangs_leaves_the_call_without_an_answer(void **state)
{
    (void)state;
    struct fault_spec faults[2] = {strike_of(FAULT_HANG), strike_of(FAULT_ERROR)};
    faults[1].at_us += US_PER_SECOND;
    for (uint32_t count = 1; count <= 2; count++) { /* with one to follow, and without */
        struct serving *const serving = serving_open(&(struct wish){
            .latency_us = 7200 * US_PER_SECOND, .faults = faults, .fault_count = count});
        const struct call call = serving_call(serving, KROGER, OPERATION_HEALTH, 1, 1000);
        char *const bytes = serving_request(serving, &call);
        const int client = bare_connect(serving, KROGER);
        bare_send(client, bytes, strlen(bytes));
        serving_await_waiting(serving, 1);
        mock_server_strike(serving->server, KROGER, faults[0].at_us);
        serving_await_waiting(serving, 1);
        assert_true(bare_is_silent(client));
        if (count == 2) {
            struct bare_answer answer;
            mock_server_strike(serving->server, KROGER, faults[1].at_us);
            bare_receive(client, false, &answer);
            assert_int_equal(answer.status, 503);
        }
        (void)close(client);
        free(bytes);
        serving_await_settled(serving, 1);
        serving_close(serving);
    }
}

static void a_hanging_call_can_still_be_struck(void **state)
{
    (void)state;
    struct fault_spec faults[2] = {strike_of(FAULT_HANG), strike_of(FAULT_RESET)};
    faults[0].at_us = 0;
    struct serving *const serving =
        serving_open(&(struct wish){.faults = faults, .fault_count = 2});
    const struct call call = serving_call(serving, KROGER, OPERATION_HEALTH, 1, 1000);
    char *const bytes = serving_request(serving, &call);
    const int client = bare_connect(serving, KROGER);
    bare_send(client, bytes, strlen(bytes));
    serving_await_waiting(serving, 1);
    mock_server_strike(serving->server, KROGER, faults[1].at_us);
    struct bare_answer answer;
    bare_receive(client, false, &answer);
    assert_int_equal(answer.end, BARE_RESET);
    (void)close(client);
    free(bytes);
    serving_close(serving);
}

static void a_call_sent_before_a_strike_and_heard_after_it_is_struck(void **state)
{
    (void)state;
    struct fault_spec faults[2] = {strike_of(FAULT_ERROR), strike_of(FAULT_RESET)};
    faults[0].at_us = 2000;
    faults[0].for_us = 1000; /* long over when the call is heard; the other is far off */
    struct serving *const serving = serving_open(&(struct wish){.latency_us = 7200 * US_PER_SECOND,
                                                                .faults = faults,
                                                                .fault_count = 2,
                                                                .intercepted = true});
    mock_server_strike(serving->server, KROGER, faults[0].at_us);
    struct bare_answer answer;
    const struct call before = serving_call(serving, KROGER, OPERATION_HEALTH, 1, 1999);
    bare_call(serving, &before, NULL, &answer);
    assert_int_equal(answer.status, 503);
    /* In its own microsecond a fault is met by judgement, not by its strike; later not at all. */
    static const int64_t sent_us[] = {2000, 3001};
    for (int i = 0; i < 2; i++) {
        const struct call after = serving_call(serving, KROGER, OPERATION_HEALTH, 1, sent_us[i]);
        char *const bytes = serving_request(serving, &after);
        const int client = bare_connect(serving, KROGER);
        bare_send(client, bytes, strlen(bytes));
        serving_await_waiting(serving, 1); /* for two hours */
        mock_server_strike(serving->server, KROGER, faults[0].at_us);
        assert_int_equal(serving_counters(serving).waiting, 1);
        assert_true(bare_is_silent(client));
        (void)close(client);
        serving_await_waiting(serving, 0);
        free(bytes);
    }
    serving_close(serving);
}

/* ---- hostile clients ------------------------------------------------------------------------- */

static void clients_that_say_nothing_or_little_stop_nobody(void **state)
{
    (void)state;
    enum { CLIENTS = 1000 };
    static const char piece[] = "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ";
    struct serving *const serving = serving_open(&(struct wish){0});
    static int clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = bare_connect(serving, KROGER);
        bare_send(clients[i], piece, (size_t)i % sizeof piece);
    }
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CLIENTS; i++)
            if ((size_t)i % sizeof piece == sizeof piece - 1) bare_send(clients[i], "a", 1);
        struct bare_answer answer;
        const struct call call =
            serving_call(serving, KROGER, OPERATION_HEALTH, 1, serving_now_us(serving));
        bare_call(serving, &call, NULL, &answer);
        assert_int_equal(answer.status, 200);
    }
    for (int i = 0; i < CLIENTS; i++)
        (void)close(clients[i]);
    serving_close(serving);
}

static void a_client_that_leaves_in_the_middle_of_a_slow_body_is_let_go(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    const int client = bare_begin(serving, KROGER, "GET /", "X-Mock-Fault: slow=2000");
    serving_await_waiting(serving, 1);
    const struct linger now = {.l_onoff = 1};
    (void)setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    (void)close(client);
    serving_await_settled(serving, 1);
    serving_close(serving);
}

static void a_reset_counts_from_what_is_in_work(void **state)
{
    (void)state;
    struct serving *const serving = serving_open(&(struct wish){0});
    struct bare_answer answer;
    bare_ask(serving, PROVIDER_MEALME, "GET /", NULL, &answer);
    bare_ask(serving, PROVIDER_MEALME, "GET /", "X-Mock-Fault: reset", &answer);
    const int left = bare_begin(serving, PROVIDER_MEALME, "GET /", "X-Mock-Fault: hang");
    const int hung = bare_begin(serving, PROVIDER_MEALME, "GET /", "X-Mock-Fault: hang");
    serving_await_waiting(serving, 2);
    (void)close(left);
    serving_await_waiting(serving, 1);
    serving_await_settled(serving, 3);

    (void)pthread_mutex_lock(&serving->lock);
    mock_server_reset(serving->server, SERVING_SEED, SERVING_EPOCH_US);
    (void)pthread_mutex_unlock(&serving->lock);
    struct mock_server_counters counters = serving_counters(serving);
    assert_int_equal(counters.requests, 1);
    assert_int_equal(counters.answered, 0);
    assert_int_equal(counters.unanswered, 0);
    assert_int_equal(counters.reset, 0);
    assert_int_equal(counters.waiting, 1);
    assert_int_equal(counters.waiting_max, 1);

    bare_ask(serving, PROVIDER_MEALME, "GET /", NULL, &answer);
    (void)close(hung);
    serving_await_settled(serving, 2);
    counters = serving_counters(serving);
    assert_int_equal(counters.requests, 2);
    assert_int_equal(counters.answered, 1);
    assert_int_equal(counters.unanswered, 1);
    serving_close(serving);
}

/* ---- under way ------------------------------------------------------------------------------- */

struct crowd {
    struct serving *serving;
    enum provider provider;
    atomic_bool over;
    uint64_t answered;
};

static void *ask_on_and_on(void *context)
{
    struct crowd *const crowd = context;
    while (!atomic_load(&crowd->over)) {
        const int client = bare_begin(crowd->serving, crowd->provider, "GET /",
                                      crowd->answered % 2 == 0 ? "X-Mock-Fault: delay=1ms" : NULL);
        struct bare_answer answer;
        bare_receive(client, false, &answer);
        (void)close(client);
        crowd->answered += answer.end == BARE_WHOLE;
    }
    return NULL;
}

static void resets_reloads_and_strikes_go_on_while_requests_run(void **state)
{
    (void)state;
    enum { CHANGES = 100, THREADS = 3 };
    const struct fault_spec fault = strike_of(FAULT_RESET);
    struct serving *const serving =
        serving_open(&(struct wish){.faults = &fault, .fault_count = 1});
    struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        crowds[i] = (struct crowd){.serving = serving, .provider = (enum provider)(i % 2)};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_on_and_on, &crowds[i]), 0);
    }
    for (int i = 0; i < CHANGES; i++) {
        (void)pthread_mutex_lock(&serving->lock);
        for (enum provider p = 0; p < PROVIDER_COUNT; p++)
            backend_reset(serving->backends[p], (uint64_t)i, SERVING_EPOCH_US);
        mock_server_reset(serving->server, (uint64_t)i, SERVING_EPOCH_US);
        struct err err;
        assert_true(mock_server_rebind(serving->server,
                                       i % 2 == 0 ? serving->twins : serving->backends,
                                       &serving->catalogue, serving->setup.apis, &err));
        (void)pthread_mutex_unlock(&serving->lock);
        mock_server_strike(serving->server, (enum provider)(i % PROVIDER_COUNT), fault.at_us);
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    uint64_t answered = 0;
    for (int i = 0; i < THREADS; i++) {
        atomic_store(&crowds[i].over, true);
        (void)pthread_join(threads[i], NULL);
        answered += crowds[i].answered;
    }
    assert_true(answered > 0);
    serving_await_waiting(serving, 0);
    serving_await_settled(serving, serving_counters(serving).requests);
    serving_close(serving);
}

int main(void)
{
    raise_descriptor_limit();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_waits_for_its_latency),
        cmocka_unit_test(answers_come_when_they_are_due_and_not_as_they_were_asked_for),
        cmocka_unit_test(an_instant_that_another_process_names_is_not_believed),
        cmocka_unit_test(a_call_of_our_own_process_is_judged_at_its_instant_however_late),
        cmocka_unit_test(a_hanging_call_whose_client_leaves_is_noticed),
        cmocka_unit_test(a_hanging_call_is_closed_when_its_life_is_over),
        cmocka_unit_test(abandoned_hanging_calls_leave_nothing_behind),
        cmocka_unit_test(two_thousand_waiting_calls_end_with_the_server),
        cmocka_unit_test(without_grace_nobody_is_waited_for),
        cmocka_unit_test(a_strike_ends_calls_in_flight_as_its_fault_does),
        cmocka_unit_test(a_strike_that_hangs_leaves_the_call_without_an_answer),
        cmocka_unit_test(a_hanging_call_can_still_be_struck),
        cmocka_unit_test(a_call_sent_before_a_strike_and_heard_after_it_is_struck),
        cmocka_unit_test(clients_that_say_nothing_or_little_stop_nobody),
        cmocka_unit_test(a_client_that_leaves_in_the_middle_of_a_slow_body_is_let_go),
        cmocka_unit_test(a_reset_counts_from_what_is_in_work),
        cmocka_unit_test(resets_reloads_and_strikes_go_on_while_requests_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
