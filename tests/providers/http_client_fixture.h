/* tests/providers/http_client_fixture.h - a client, and what its calls came to.
 *
 * Each test begins with fixture_open() and ends with fixture_close(). Calls get a `struct kept` as
 * their owner, into which the callback copies what it was given.
 */
#ifndef TESTS_PROVIDERS_HTTP_CLIENT_FIXTURE_H
#define TESTS_PROVIDERS_HTTP_CLIENT_FIXTURE_H

#include <time.h>

#include "providers/http_client.h"
#include "tests/providers/raw_server.h"
#include "tests/support.h"

/* Long beside anything on loopback: a call that should not run into its life has this one. */
#define LIFE_US INT64_C(60000000)

enum { BODY_KEPT_MAX = 256 };

struct kept { /* of one call */
    uint32_t ended;
    struct http_outcome outcome; /* its pointers are not to be followed */
    uint16_t status;
    const char *content_type;
    uint32_t retry_after_s;
    bool truncated;
    size_t body_length;
    size_t body_capacity;
    char body[BODY_KEPT_MAX]; /* its beginning */
    char rsim[32];
};

struct fixture {
    struct http_client *client;
    uint32_t ended; /* calls, in all */
};

static inline void fixture_keep(void *context, void *owner, const struct http_outcome *outcome)
{
    struct fixture *const fixture = context;
    struct kept *const kept = owner;
    const struct http_response *const response = outcome->response;
    fixture->ended++;
    kept->ended++;
    kept->outcome = *outcome;
    kept->status = response->status;
    kept->content_type = response->content_type;
    kept->retry_after_s = response->retry_after_s;
    kept->truncated = response->truncated;
    kept->body_length = response->body.length;
    kept->body_capacity = response->body.capacity;
    size_t length = response->body.length;
    if (length >= BODY_KEPT_MAX) length = BODY_KEPT_MAX - 1;
    if (length > 0) memcpy(kept->body, response->body.bytes, length);
    kept->body[length] = '\0';
    (void)snprintf(kept->rsim, sizeof kept->rsim, "%s", outcome->rsim);
}

static inline struct fixture *fixture_open(size_t body_bytes_max, uint32_t connections_max)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    const struct http_client_setup setup = {.body_bytes_max = body_bytes_max,
                                            .connections_max = connections_max,
                                            .context = fixture,
                                            .ended = fixture_keep};
    struct err err;
    fixture->client = http_client_create(&setup, &err);
    assert_non_null(fixture->client);
    return fixture;
}

static inline void fixture_close(struct fixture *fixture)
{
    http_client_destroy(fixture->client);
    free(fixture);
}

static inline struct http_place place_of_mock(uint16_t port)
{
    struct http_place place = {.declared_mock = true};
    (void)snprintf(place.base_url, sizeof place.base_url, "http://127.0.0.1:%u", (unsigned)port);
    return place;
}

static inline uint64_t fixture_start(struct fixture *fixture, const struct http_call *call)
{
    struct err err;
    const uint64_t ticket = http_client_start(fixture->client, call, &err);
    if (ticket == 0) print_error("%s\n", err.message);
    assert_true(ticket != 0);
    return ticket;
}

/* Until `ended` calls in all have ended. What never comes fails the test, and does not hang it. */
static inline void fixture_wait(struct fixture *fixture, uint32_t ended)
{
    const int64_t give_up_us = http_client_now_us() + LIFE_US / 2;
    while (fixture->ended < ended) {
        http_client_wait(fixture->client, give_up_us);
        assert_true(http_client_now_us() < give_up_us);
    }
}

/* Until a server has seen its peers close all but `open` connections. */
static inline void await_closed(struct raw_server *server, uint32_t open)
{
    const int64_t give_up_us = http_client_now_us() + LIFE_US / 2;
    while (raw_server_open(server) > open) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
        assert_true(http_client_now_us() < give_up_us);
    }
}

/* One call, from beginning to end. */
static inline struct kept fixture_call(struct fixture *fixture, const struct http_call *call)
{
    struct kept kept = {0};
    struct http_call mine = *call;
    mine.owner = &kept;
    if (mine.life_us == 0) mine.life_us = LIFE_US;
    const uint32_t before = fixture->ended;
    (void)fixture_start(fixture, &mine);
    assert_int_equal(kept.ended, 0);
    fixture_wait(fixture, before + 1);
    assert_int_equal(kept.ended, 1);
    assert_int_equal(http_client_in_flight(fixture->client), 0);
    return kept;
}

/* GET /v1/products?filter.term=milk, of the place. */
static inline struct kept fixture_get(struct fixture *fixture, const struct http_place *place)
{
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/v1/products");
    http_query(&request, "filter.term", "milk");
    const struct kept kept =
        fixture_call(fixture, &(struct http_call){.place = place, .request = &request});
    http_request_release(&request);
    return kept;
}

/* The parts of a call's time add up, and none is negative. */
static inline void check_timing(const struct kept *kept)
{
    const struct http_timing *const t = &kept->outcome.timing;
    const int64_t parts[] = {t->queue_us, t->dns_us, t->tcp_us, t->tls_us, t->wait_us, t->body_us};
    int64_t sum_us = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        assert_true(parts[i] >= 0);
        sum_us += parts[i];
    }
    assert_int_equal(sum_us, t->total_us);
}

#endif
