#include "mocks/relay.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "mocks/relay_state.h"

const char *const relay_fault_names[RELAY_FAULT_COUNT + 1] = {
    [RELAY_PASS] = "pass",
    [RELAY_REFUSE] = "refuse",
    [RELAY_BLACKHOLE] = "blackhole",
    [RELAY_TLS_ALERT] = "tls_alert",
    [RELAY_TLS_PLAINTEXT] = "tls_plaintext",
    [RELAY_TLS_CLOSE] = "tls_close",
    [RELAY_HANG] = "hang",
    [RELAY_RESET] = "reset",
    [RELAY_RESET_AFTER_HEADERS] = "reset_after_headers",
    [RELAY_RESET_IN_BODY] = "reset_in_body",
    [RELAY_CLOSE] = "close",
    [RELAY_HALF_CLOSE] = "half_close",
    [RELAY_STALL] = "stall",
    [RELAY_DRIP] = "drip",
    [RELAY_BANDWIDTH] = "bandwidth",
    [RELAY_SLOW_CLOSE] = "slow_close",
    [RELAY_REUSE_RACE] = "reuse_race",
    [RELAY_GARBAGE] = "garbage",
    [RELAY_BAD_CHUNK] = "bad_chunk",
    [RELAY_NO_LAST_CHUNK] = "no_last_chunk",
    [RELAY_SHORT_BODY] = "short_body",
    [RELAY_TWO_LENGTHS] = "two_lengths",
    [RELAY_HEADER_FLOOD] = "header_flood",
};

/* ---- commands, on the caller's side ---------------------------------------------------------- */

static void command(struct relay *relay, struct relay_command *order)
{
    const uint64_t one = 1;
    (void)pthread_mutex_lock(&relay->queue_lock);
    struct relay_command **link = &relay->queue;
    while (*link != NULL)
        link = &(*link)->next;
    *link = order;
    while (write(relay->wake.fd, &one, sizeof one) < 0 && errno == EINTR)
        ;
    while (!order->done)
        (void)pthread_cond_wait(&relay->queue_done, &relay->queue_lock);
    (void)pthread_mutex_unlock(&relay->queue_lock);
}

static void close_by_number(struct relay *relay, uint16_t number)
{
    struct relay_command order = {.kind = COMMAND_CLOSE, .number = number};
    command(relay, &order);
}

/* A port whose door was just made full is filled from here, because that takes waiting. */
static bool fill(struct relay *relay, uint16_t number, const struct relay_address *address,
                 int listener)
{
    struct relay_command order = {.kind = COMMAND_FILLED, .number = number};
    if (!relay_port_fill(address, listener, order.fillers, &order.filler_count)) return false;
    command(relay, &order);
    return true;
}

static bool open_bound(struct relay *relay, struct relay_port *made, const struct relay_rule *rule,
                       struct err *err)
{
    const uint16_t number = made->number;
    const int listener = made->watch.fd;
    const struct relay_address address = made->address;
    struct relay_command order = {.kind = COMMAND_ADD, .port = made, .rule = *rule};
    command(relay, &order);
    if (!order.ok) {
        relay_port_destroy(made);
        if (order.error == ENOSPC)
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                            "the relay has %d ports open, the most it can", RELAY_PORTS_MAX);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot listen on port %u: %s",
                        number, strerror(order.error));
    }
    if (rule->fault != RELAY_BLACKHOLE || fill(relay, number, &address, listener)) return true;
    close_by_number(relay, number);
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                    "this machine does not drop connections to a port with a full queue");
}

bool relay_open(struct relay *relay, const char *bind_host, uint16_t bind_port,
                const char *upstream_host, uint16_t upstream_port, const struct relay_rule *rule,
                uint16_t *port, struct err *err)
{
    const char *objection;
    if (!relay_rule_valid(rule, &objection))
        return err_fail(err, ERR_INPUT, (struct place){0}, "relay rule: %s", objection);
    struct relay_port *const made =
        relay_port_create(bind_host, bind_port, upstream_host, upstream_port, err);
    if (made == NULL) return false;
    *port = made->number;
    (void)pthread_mutex_lock(&relay->control);
    const bool ok = open_bound(relay, made, rule, err);
    (void)pthread_mutex_unlock(&relay->control);
    return ok;
}

static bool set_locked(struct relay *relay, uint16_t port, const struct relay_rule *rule)
{
    struct relay_command order = {.kind = COMMAND_SET, .number = port, .rule = *rule};
    command(relay, &order);
    if (!order.ok) return false;
    const bool full = order.filler_count > 0; /* it was before */
    if (rule->fault != RELAY_BLACKHOLE || full || fill(relay, port, &order.address, order.listener))
        return true;
    struct relay_command back = {.kind = COMMAND_SET, .number = port, .rule = order.rule};
    command(relay, &back);
    return false;
}

bool relay_set(struct relay *relay, uint16_t port, const struct relay_rule *rule)
{
    const char *objection;
    if (!relay_rule_valid(rule, &objection)) return false;
    (void)pthread_mutex_lock(&relay->control);
    const bool ok = set_locked(relay, port, rule);
    (void)pthread_mutex_unlock(&relay->control);
    return ok;
}

void relay_close(struct relay *relay, uint16_t port)
{
    (void)pthread_mutex_lock(&relay->control);
    close_by_number(relay, port);
    (void)pthread_mutex_unlock(&relay->control);
}

void relay_reset_connections(struct relay *relay, uint16_t port)
{
    struct relay_command order = {.kind = COMMAND_RESET, .number = port};
    command(relay, &order);
}

uint64_t relay_starved(const struct relay *relay)
{
    return atomic_load(&relay->starved);
}

struct relay_counters relay_counters(struct relay *relay, uint16_t port)
{
    struct relay_command order = {.kind = COMMAND_COUNT, .number = port};
    command(relay, &order);
    return order.counters;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool start_thread(struct relay *relay)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    const int error = pthread_create(&relay->thread, NULL, relay_run, relay);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return error == 0;
}

static bool start(struct relay *relay)
{
    relay->heap = calloc(RELAY_CONNECTIONS_MAX, sizeof *relay->heap);
    relay->epoll = epoll_create1(EPOLL_CLOEXEC);
    relay->wake = (struct relay_watch){
        .kind = WATCH_WAKE, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .owner = relay};
    return relay->heap != NULL && relay->epoll >= 0 && relay->wake.fd >= 0 &&
           relay_watch_add(relay, &relay->wake, EPOLLIN) && start_thread(relay);
}

static void release(struct relay *relay)
{
    if (relay->epoll >= 0) (void)close(relay->epoll);
    if (relay->wake.fd >= 0) (void)close(relay->wake.fd);
    (void)pthread_mutex_destroy(&relay->control);
    (void)pthread_mutex_destroy(&relay->queue_lock);
    (void)pthread_cond_destroy(&relay->queue_done);
    free(relay->heap);
    free(relay);
}

struct relay *relay_create(uint64_t seed, struct err *err)
{
    struct relay *const relay = calloc(1, sizeof *relay);
    if (relay == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a relay");
        return NULL;
    }
    relay->seed = seed;
    relay->epoll = relay->wake.fd = -1;
    relay->accept_again_us = RELAY_NEVER_US;
    (void)pthread_mutex_init(&relay->control, NULL);
    (void)pthread_mutex_init(&relay->queue_lock, NULL);
    (void)pthread_cond_init(&relay->queue_done, NULL);
    if (start(relay)) return relay;
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot start a relay: %s",
                   strerror(errno));
    release(relay);
    return NULL;
}

void relay_destroy(struct relay *relay)
{
    if (relay == NULL) return;
    struct relay_command order = {.kind = COMMAND_STOP};
    command(relay, &order);
    (void)pthread_join(relay->thread, NULL);
    release(relay);
}
