/* The live client's calls among each other. Goal: each call ends exactly once, connections are kept
 * and shared as promised, nothing is sent twice that may not be, no descriptor is left, and driving
 * never waits for nothing. Method: a raw server on loopback; what is compared is counts. */
#define _GNU_SOURCE /* one core for client and server */
#include "providers/http_client.h"

#include <curl/curl.h>
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>

#include "router/base/memory.h"
#include "tests/providers/http_client_fixture.h"

static const struct raw_step good[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), RAW_DO(RAW_AGAIN)};
static const struct raw_step hang[] = {RAW_DO(RAW_READ), RAW_DO(RAW_HANG)};
static const struct raw_step once_then_closed[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), RAW_DO(RAW_CLOSE)};
/* The race of kept connections: it closes when the next request has arrived. */
static const struct raw_step closes_on_the_second[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), RAW_DO(RAW_READ),
    RAW_DO(RAW_CLOSE)};

struct scene {
    struct raw_server *server;
    struct http_place place;
    struct fixture *fixture;
    struct http_request get;
};

static struct scene scene_open(const struct raw_step *script, uint32_t connections_max)
{
    struct scene scene = {.server = raw_server_start(script),
                          .fixture = fixture_open(0, connections_max)};
    scene.place = place_of_mock(raw_server_port(scene.server));
    http_request_begin(&scene.get, HTTP_GET, "/");
    return scene;
}

static void scene_close(struct scene *scene)
{
    fixture_close(scene->fixture);
    http_request_release(&scene->get);
    raw_server_stop(scene->server);
}

static struct http_call call_of(const struct scene *scene, int64_t life_us, struct kept *kept)
{
    return (struct http_call){
        .place = &scene->place, .request = &scene->get, .life_us = life_us, .owner = kept};
}

static uint32_t count_descriptors(void)
{
    DIR *const folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    uint32_t count = 0;
    while (readdir(folder) != NULL)
        count++;
    assert_int_equal(closedir(folder), 0);
    return count;
}

/* ---- connections ----------------------------------------------------------------------------- */

static void a_second_call_takes_the_kept_connection(void **state)
{
    (void)state;
    struct scene scene = scene_open(good, 0);
    const struct kept first = fixture_get(scene.fixture, &scene.place);
    const struct kept second = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(first.outcome.timing.connects, 1);
    assert_int_equal(second.outcome.timing.connects, 0);
    assert_int_equal(first.outcome.timing.sends, 1);
    assert_int_equal(second.outcome.timing.sends, 1);
    assert_int_equal(second.outcome.timing.dns_us, 0);
    assert_int_equal(second.outcome.timing.tcp_us, 0);
    assert_int_equal(second.outcome.timing.tls_us, 0);
    check_timing(&first);
    check_timing(&second);
    assert_int_equal(raw_server_accepted(scene.server), 1);
    scene_close(&scene);
}

static void a_connection_of_its_own_is_new_and_not_kept(void **state)
{
    (void)state;
    struct scene scene = scene_open(good, 0);
    (void)fixture_get(scene.fixture, &scene.place);
    struct http_call call = call_of(&scene, LIFE_US, NULL);
    call.own_connection = true;
    for (int i = 0; i < 3; i++) {
        const struct kept own = fixture_call(scene.fixture, &call);
        assert_int_equal(own.outcome.timing.connects, 1);
    }
    const struct kept kept = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(kept.outcome.timing.connects, 0);
    assert_int_equal(raw_server_accepted(scene.server), 4);
    await_closed(scene.server, 1); /* the first one stays */
    scene_close(&scene);
}

static void only_so_many_connections_are_kept(void **state)
{
    (void)state;
    enum { CALLS = 20, KEPT = 4 };
    struct scene scene = scene_open(good, KEPT);
    struct kept kept[CALLS] = {{0}};
    for (int i = 0; i < CALLS; i++) {
        const struct http_call call = call_of(&scene, LIFE_US, &kept[i]);
        (void)fixture_start(scene.fixture, &call);
    }
    fixture_wait(scene.fixture, CALLS);
    await_closed(scene.server, KEPT);
    scene_close(&scene);
}

static void connect_to_leads_elsewhere_and_the_host_stays(void **state)
{
    (void)state;
    struct scene scene = scene_open(good, 0);
    const struct http_place place = {.base_url = "http://kroger.invalid:81", .declared_mock = true};
    char there[32], sent[RAW_REQUEST_MAX];
    (void)snprintf(there, sizeof there, "127.0.0.1:%u", (unsigned)raw_server_port(scene.server));
    const struct kept kept = fixture_call(
        scene.fixture,
        &(struct http_call){.place = &place, .request = &scene.get, .connect_to = there});
    assert_int_equal(kept.status, 200);
    raw_server_last_request(scene.server, sent);
    assert_non_null(strstr(sent, "Host: kroger.invalid:81\r\n"));
    /* The detour is the call's and not the handle's. */
    const struct kept direct = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(direct.status, 200);
    raw_server_last_request(scene.server, sent);
    assert_non_null(strstr(sent, "Host: 127.0.0.1"));
    scene_close(&scene);
}

/* ---- sent twice ------------------------------------------------------------------------------ */

static void only_a_get_is_sent_again_when_a_kept_connection_dies(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        enum http_method method;
        uint32_t sent;
        enum call_fate fate;
        int code;
    } rows[] = {
        {"GET", HTTP_GET, 2, CALL_ANSWERED, CURLE_OK},
        {"POST", HTTP_POST, 1, CALL_RESET, CURLE_ABORTED_BY_CALLBACK},
        {"PUT", HTTP_PUT, 1, CALL_RESET, CURLE_ABORTED_BY_CALLBACK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scene scene = scene_open(closes_on_the_second, 0);
        (void)fixture_get(scene.fixture, &scene.place);
        struct http_request request = {0};
        http_request_begin(&request, rows[i].method, "/");
        const struct kept kept = fixture_call(
            scene.fixture, &(struct http_call){.place = &scene.place, .request = &request});
        CHECK_ROW(rows[i].label, kept.outcome.fate == rows[i].fate);
        CHECK_ROW(rows[i].label, kept.outcome.curl_code == rows[i].code);
        CHECK_ROW(rows[i].label, kept.outcome.timing.sends == rows[i].sent);
        CHECK_ROW(rows[i].label, raw_server_requests(scene.server) == 1 + rows[i].sent);
        CHECK_ROW(rows[i].label, (kept.outcome.fate == CALL_ANSWERED) ==
                                     (strstr(kept.outcome.message, "not sent twice") == NULL));
        check_timing(&kept);
        http_request_release(&request);
        scene_close(&scene);
    }
}

static void a_get_is_sent_twice_at_the_most_however_many_kept_connections_are_dead(void **state)
{
    (void)state;
    enum { KEPT = 4 };
    struct scene scene = scene_open(closes_on_the_second, 0);
    struct kept kept[KEPT] = {{0}};
    for (int i = 0; i < KEPT; i++) {
        const struct http_call call = call_of(&scene, LIFE_US, &kept[i]);
        (void)fixture_start(scene.fixture, &call);
    }
    fixture_wait(scene.fixture, KEPT);
    assert_int_equal(raw_server_requests(scene.server), KEPT);
    const struct kept last = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(last.outcome.timing.sends, 2);
    assert_int_equal(raw_server_requests(scene.server), KEPT + 2);
    assert_int_equal(last.outcome.fate, CALL_RESET);
    check_timing(&last);
    scene_close(&scene);
}

/* ---- many ------------------------------------------------------------------------------------ */

static void two_hundred_hanging_calls_end_with_their_lives(void **state)
{
    (void)state;
    enum { CALLS = 200, LIFE_MS = 150 };
    struct scene scene = scene_open(hang, 0);
    struct kept *const kept = calloc(CALLS, sizeof *kept);
    assert_non_null(kept);
    for (int i = 0; i < CALLS; i++) {
        const struct http_call call = call_of(&scene, LIFE_MS * 1000, &kept[i]);
        (void)fixture_start(scene.fixture, &call);
    }
    assert_int_equal(http_client_in_flight(scene.fixture->client), CALLS);
    fixture_wait(scene.fixture, CALLS);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(kept[i].ended, 1);
        assert_int_equal(kept[i].outcome.fate, CALL_UNANSWERED);
        assert_int_equal(kept[i].outcome.curl_code, CURLE_OPERATION_TIMEDOUT);
        assert_true(kept[i].outcome.timing.total_us >= LIFE_MS * 1000);
        check_timing(&kept[i]);
    }
    assert_int_equal(http_client_in_flight(scene.fixture->client), 0);
    free(kept);
    scene_close(&scene);
}

/* libcurl 7.88.1 forgets a timeout that comes less than a millisecond after another timer of its
 * call, and 200 ms after it began to connect there is one. Such a call may not live for ever. */
static void no_life_is_forgotten(void **state)
{
    (void)state;
    enum { CALLS = 180, FROM_US = 199000, STEP_US = 50 };
    struct scene scene = scene_open(hang, 0);
    struct kept *const kept = calloc(CALLS, sizeof *kept);
    assert_non_null(kept);
    for (int i = 0; i < CALLS; i++) {
        const struct http_call call = call_of(&scene, FROM_US + i * STEP_US, &kept[i]);
        (void)fixture_start(scene.fixture, &call);
    }
    const int64_t give_up_us = http_client_now_us() + LIFE_US;
    while (scene.fixture->ended < CALLS && http_client_now_us() < give_up_us)
        http_client_wait(scene.fixture->client, give_up_us);
    for (int i = 0; i < CALLS; i++) {
        assert_int_equal(kept[i].ended, 1);
        assert_int_equal(kept[i].outcome.fate, CALL_UNANSWERED);
        assert_true(kept[i].outcome.timing.total_us >= FROM_US + i * STEP_US);
        check_timing(&kept[i]);
    }
    free(kept);
    scene_close(&scene);
}

struct lives {
    uint32_t ended;
    uint32_t out_of_order;
    int64_t due_us; /* of the last that ended */
};

static void note_end(void *context, void *owner, const struct http_outcome *outcome)
{
    struct lives *const lives = context;
    const int64_t *const life_us = owner;
    const int64_t due_us = outcome->ended_us - outcome->timing.total_us + *life_us;
    assert_int_equal(outcome->fate, CALL_UNANSWERED);
    assert_true(outcome->ended_us >= due_us);
    lives->ended++;
    lives->out_of_order += due_us < lives->due_us;
    lives->due_us = due_us;
}

/* Also when calls leave from everywhere in the heap. */
static void lives_end_in_the_order_of_their_ends(void **state)
{
    (void)state;
    enum { CALLS = 300 };
    struct scene scene = scene_open(hang, 0);
    struct lives lives = {0};
    struct err err;
    struct http_client *const client =
        http_client_create(&(struct http_client_setup){.context = &lives, .ended = note_end}, &err);
    assert_non_null(client);
    static int64_t lives_us[CALLS];
    static uint64_t tickets[CALLS];
    uint32_t cancelled = 0;
    for (uint64_t i = 0; i < CALLS; i++) {
        lives_us[i] = 100000 + (int64_t)(test_bits(7, i) % 40000);
        struct http_call call = call_of(&scene, lives_us[i], NULL);
        call.owner = &lives_us[i];
        tickets[i] = http_client_start(client, &call, &err);
        assert_true(tickets[i] != 0);
        if (i % 3 == 2) cancelled += http_client_cancel(client, tickets[test_bits(8, i) % (i + 1)]);
    }
    while (http_client_in_flight(client) > 0)
        http_client_wait(client, INT64_MAX);
    assert_in_range(cancelled, 50, 100);
    assert_int_equal(lives.ended, CALLS - cancelled);
    assert_int_equal(lives.out_of_order, 0);
    http_client_destroy(client);
    scene_close(&scene);
}

static void again_and_again(void *context, void *owner, const struct http_outcome *outcome);

struct relay_race { /* each of so many runners starts its next call when one has ended */
    struct fixture *fixture;
    const struct scene *scene;
    uint32_t left; /* to be started */
    uint32_t ended;
    uint32_t good;
};

static void start_next(struct relay_race *race)
{
    if (race->left == 0) return;
    race->left--;
    const struct http_call call = {.place = &race->scene->place,
                                   .request = &race->scene->get,
                                   .life_us = LIFE_US,
                                   .owner = race};
    (void)fixture_start(race->fixture, &call);
}

static void again_and_again(void *context, void *owner, const struct http_outcome *outcome)
{
    struct relay_race *const race = owner;
    assert_ptr_equal(context, race->fixture);
    race->ended++;
    race->good += outcome->fate == CALL_ANSWERED && outcome->response->status == 200;
    start_next(race);
}

/* libcurl may finish every running call within one drive; then no event is left to come, and who
 * waits before reading what has ended waits in vain. It shows when both sides share a core: the
 * answers are there before the drive looks. */
static void nobody_waits_for_what_has_ended_already(void **state)
{
    (void)state;
    enum { RUNNERS = 8, CALLS = 800 };
    cpu_set_t before, one;
    assert_int_equal(pthread_getaffinity_np(pthread_self(), sizeof before, &before), 0);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &before)) continue;
        CPU_SET(i, &one);
        break;
    }
    assert_int_equal(pthread_setaffinity_np(pthread_self(), sizeof one, &one), 0);
    struct scene scene = scene_open(good, 0); /* its thread inherits the core */
    struct relay_race race = {.scene = &scene, .left = CALLS};
    struct fixture fixture = {0};
    race.fixture = &fixture;
    struct err err;
    fixture.client = http_client_create(
        &(struct http_client_setup){.context = &fixture, .ended = again_and_again}, &err);
    assert_non_null(fixture.client);
    for (int i = 0; i < RUNNERS; i++)
        start_next(&race);
    uint32_t in_vain = 0; /* waits that lasted 5 s and ended nothing */
    while (race.ended < CALLS) {
        const uint32_t ended = race.ended;
        http_client_wait(fixture.client, http_client_now_us() + INT64_C(5000000));
        in_vain += race.ended == ended;
        assert_true(in_vain < 3);
    }
    assert_int_equal(in_vain, 0);
    assert_int_equal(race.ended, CALLS);
    assert_int_equal(race.good, CALLS);
    assert_true(raw_server_accepted(scene.server) <= RUNNERS);
    http_client_destroy(fixture.client);
    scene_close(&scene);
    assert_int_equal(pthread_setaffinity_np(pthread_self(), sizeof before, &before), 0);
}

/* ---- cancelling ------------------------------------------------------------------------------ */

static void a_cancelled_call_never_calls_back(void **state)
{
    (void)state;
    struct scene scene = scene_open(hang, 0);
    struct http_client *const client = scene.fixture->client;
    struct kept kept[4] = {{0}};
    uint64_t tickets[4];
    for (int i = 0; i < 4; i++) {
        const struct http_call call = call_of(&scene, i < 2 ? LIFE_US : 300000, &kept[i]);
        tickets[i] = fixture_start(scene.fixture, &call);
    }
    assert_true(http_client_cancel(client, tickets[0])); /* not begun */
    http_client_wait(client, http_client_now_us() + 20000);
    assert_true(http_client_cancel(client, tickets[1])); /* under way */
    assert_false(http_client_cancel(client, tickets[0]));
    assert_false(http_client_cancel(client, tickets[1]));
    assert_int_equal(http_client_in_flight(client) + scene.fixture->ended, 2);
    fixture_wait(scene.fixture, 2);
    assert_false(http_client_cancel(client, tickets[2])); /* over */
    assert_int_equal(kept[0].ended, 0);
    assert_int_equal(kept[1].ended, 0);
    assert_int_equal(kept[2].ended, 1);
    assert_int_equal(kept[3].ended, 1);
    assert_false(http_client_cancel(client, 0));
    assert_false(http_client_cancel(client, UINT64_MAX));

    /* Handles are used again, tickets are not. */
    const struct http_call call = call_of(&scene, LIFE_US, &kept[0]);
    const uint64_t ticket = fixture_start(scene.fixture, &call);
    for (int i = 0; i < 4; i++) {
        assert_true(ticket != tickets[i]);
        assert_false(http_client_cancel(client, tickets[i]));
    }
    assert_int_equal(http_client_in_flight(client), 1);
    scene_close(&scene); /* with a call in flight */
}

struct pair { /* of calls that end together: the first to end cancels the other */
    struct fixture *fixture;
    uint64_t tickets[2];
    uint32_t ended;
    uint32_t cancelled;
};

static void cancel_the_other(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)owner;
    (void)outcome;
    struct pair *const pair = context;
    pair->ended++;
    for (int i = 0; i < 2; i++)
        pair->cancelled += http_client_cancel(pair->fixture->client, pair->tickets[i]);
}

static void a_call_that_has_ended_unheard_can_still_be_cancelled(void **state)
{
    (void)state;
    int descriptor;
    const struct http_place place = place_of_mock(raw_port_refusing(&descriptor));
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    struct fixture fixture = {0};
    struct pair pair = {.fixture = &fixture};
    struct err err;
    fixture.client = http_client_create(
        &(struct http_client_setup){.context = &pair, .ended = cancel_the_other}, &err);
    assert_non_null(fixture.client);
    const struct http_call call = {.place = &place, .request = &request, .life_us = LIFE_US};
    for (int round = 0; round < 20; round++) {
        pair.ended = pair.cancelled = 0;
        for (int i = 0; i < 2; i++)
            pair.tickets[i] = fixture_start(&fixture, &call);
        while (http_client_in_flight(fixture.client) > 0)
            http_client_wait(fixture.client, INT64_MAX);
        assert_int_equal(pair.ended, 1);
        assert_int_equal(pair.cancelled, 1);
    }
    http_client_destroy(fixture.client);
    http_request_release(&request);
    assert_int_equal(close(descriptor), 0);
}

/* ---- driving --------------------------------------------------------------------------------- */

static void a_wait_ends_at_its_time_or_when_it_is_woken(void **state)
{
    (void)state;
    struct scene scene = scene_open(hang, 0);
    struct http_client *const client = scene.fixture->client;
    struct kept kept = {0};
    const struct http_call call = call_of(&scene, LIFE_US, &kept);
    (void)fixture_start(scene.fixture, &call);
    for (int i = 0; i < 20; i++) {
        const int64_t until_us = http_client_now_us() + 1500;
        http_client_wait(client, until_us);
        assert_true(http_client_now_us() >= until_us);
    }
    http_client_wait(client, 0); /* long ago */
    while (raw_server_requests(scene.server) == 0)
        http_client_wait(client, 0); /* and yet it drives */

    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct err err;
    assert_true(http_client_watch(client, ends[0], &err));
    assert_int_equal(write(ends[1], "x", 1), 1);
    http_client_wait(client, INT64_MAX);
    http_client_wait(client, INT64_MAX); /* nobody has read it */
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 1);
    const int64_t until_us = http_client_now_us() + 1500;
    http_client_wait(client, until_us);
    assert_true(http_client_now_us() >= until_us);
    http_client_unwatch(client, ends[0]);
    assert_int_equal(write(ends[1], "x", 1), 1);
    http_client_wait(client, http_client_now_us() + 1500); /* nobody watches */
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(kept.ended, 0);
    scene_close(&scene);
}

static uint64_t epoll_waits;

/* Linked in front of the C library's: how often the client went to sleep. */
int epoll_pwait2(int set, struct epoll_event *events, int events_max, const struct timespec *wait,
                 const sigset_t *signals)
{
    epoll_waits++;
    const int wait_ms =
        wait == NULL ? -1 : (int)(wait->tv_sec * 1000 + (wait->tv_nsec + 999999) / 1000000);
    return epoll_pwait(set, events, events_max, wait_ms, signals);
}

/* A kept connection that its peer closed stays readable, and would wake each wait at once. */
static void a_dead_kept_connection_wakes_nobody(void **state)
{
    (void)state;
    struct scene scene = scene_open(once_then_closed, 0);
    struct http_client *const client = scene.fixture->client;
    const struct kept first = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(first.status, 200);
    await_closed(scene.server, 0);
    epoll_waits = 0;
    http_client_wait(client, http_client_now_us() + 50000);
    assert_in_range(epoll_waits, 1, 10); /* thousands, if it spins */

    const struct kept second = fixture_get(scene.fixture, &scene.place);
    assert_int_equal(second.status, 200);
    assert_int_equal(second.outcome.timing.connects, 1);
    assert_int_equal(second.outcome.timing.sends, 1);
    scene_close(&scene);
}

/* ---- nothing is left ------------------------------------------------------------------------- */

static void faulted_calls_leave_no_descriptor(void **state)
{
    (void)state;
    static const struct raw_step reset[] = {RAW_DO(RAW_READ), RAW_DO(RAW_RESET)};
    static const struct raw_step closed[] = {RAW_DO(RAW_READ), RAW_DO(RAW_CLOSE)};
    static const struct raw_step partial[] = {
        RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{}"),
        RAW_DO(RAW_CLOSE)};
    static const struct raw_step bad_chunk[] = {
        RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        RAW_DO(RAW_HANG)};
    static const struct raw_step *const scripts[] = {good, reset,     closed,          partial,
                                                     hang, bad_chunk, once_then_closed};
    enum { SCRIPTS = sizeof scripts / sizeof *scripts, CALLS = 50, ROUNDS = 3 };
    const uint32_t before = count_descriptors();
    struct scene scene = scene_open(good, 8);
    const uint32_t with_server = count_descriptors();
    struct kept *const kept = calloc(CALLS, sizeof *kept);
    assert_non_null(kept);
    uint32_t ended = 0;
    for (int round = 0; round < ROUNDS * SCRIPTS; round++) {
        raw_server_play(scene.server, scripts[round % SCRIPTS]);
        for (int i = 0; i < CALLS; i++) {
            const int64_t life_us = scripts[round % SCRIPTS] == hang ? 20000 : LIFE_US;
            struct http_call call = call_of(&scene, life_us, &kept[i]);
            call.own_connection = i % 2 == 0;
            const uint64_t ticket = fixture_start(scene.fixture, &call);
            if (i % 10 == 9)
                assert_true(http_client_cancel(scene.fixture->client, ticket));
            else
                ended++;
        }
        fixture_wait(scene.fixture, ended);
    }
    /* Closing is not always at once: libcurl may wait for its next drive. */
    http_client_wait(scene.fixture->client, http_client_now_us() + 1000);
    await_closed(scene.server, 8);
    assert_true(count_descriptors() <= with_server + 2 * 8);
    free(kept);
    scene_close(&scene);
    assert_int_equal(count_descriptors(), before);
}

/* The 1st allocation fails, then the 2nd, and so on until none does; each time a new client. */
static void running_out_of_memory_is_said_or_breaks_one_call(void **state)
{
    (void)state;
    struct scene scene = scene_open(good, 0);
    uint32_t unmade = 0, refused = 0, broken = 0;
    bool answered = false;
    for (uint32_t fail_at = 1; !answered; fail_at++) {
        struct fixture fixture = {0};
        const struct http_client_setup setup = {.context = &fixture, .ended = fixture_keep};
        struct err err = {0};
        struct kept kept = {0};
        const struct http_call call = call_of(&scene, LIFE_US, &kept);
        memory_fail_after(fail_at);
        fixture.client = http_client_create(&setup, &err);
        if (fixture.client == NULL) {
            unmade++;
        } else if (http_client_start(fixture.client, &call, &err) == 0) {
            refused++;
        } else {
            fixture_wait(&fixture, 1);
            answered = kept.outcome.fate == CALL_ANSWERED;
            if (!answered) {
                broken++;
                assert_true(kept.outcome.fate == CALL_RESET || kept.outcome.fate == CALL_REFUSED);
                assert_non_null(strstr(kept.outcome.message, "memory"));
            }
        }
        memory_fail_after(0);
        if (kept.ended == 0) assert_int_equal(err.code, ERR_ENVIRONMENT);
        if (fixture.client != NULL) { /* and it goes on */
            const struct kept next = fixture_get(&fixture, &scene.place);
            assert_int_equal(next.status, 200);
        }
        http_client_destroy(fixture.client);
    }
    assert_true(unmade >= 1);
    assert_true(refused >= 4);
    assert_true(broken >= 2);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_call_takes_the_kept_connection),
        cmocka_unit_test(a_connection_of_its_own_is_new_and_not_kept),
        cmocka_unit_test(only_so_many_connections_are_kept),
        cmocka_unit_test(connect_to_leads_elsewhere_and_the_host_stays),
        cmocka_unit_test(only_a_get_is_sent_again_when_a_kept_connection_dies),
        cmocka_unit_test(a_get_is_sent_twice_at_the_most_however_many_kept_connections_are_dead),
        cmocka_unit_test(two_hundred_hanging_calls_end_with_their_lives),
        cmocka_unit_test(no_life_is_forgotten),
        cmocka_unit_test(lives_end_in_the_order_of_their_ends),
        cmocka_unit_test(nobody_waits_for_what_has_ended_already),
        cmocka_unit_test(a_cancelled_call_never_calls_back),
        cmocka_unit_test(a_call_that_has_ended_unheard_can_still_be_cancelled),
        cmocka_unit_test(a_wait_ends_at_its_time_or_when_it_is_woken),
        cmocka_unit_test(a_dead_kept_connection_wakes_nobody),
        cmocka_unit_test(faulted_calls_leave_no_descriptor),
        cmocka_unit_test(running_out_of_memory_is_said_or_breaks_one_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
