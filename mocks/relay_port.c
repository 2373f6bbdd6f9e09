#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "mocks/relay_state.h"
#include "router/base/random.h"

enum { BACKLOG = 1024, ACCEPTS_A_ROUND = 64, BIND_TRIES = 16 };
enum { FILL_WAIT_MS = 500, PROBE_WAIT_MS = 30 };
#define ACCEPT_AGAIN_US INT64_C(10000) /* after a lack of descriptors */

/* ---- rules ----------------------------------------------------------------------------------- */

bool relay_rule_valid(const struct relay_rule *rule, const char **objection)
{
    *objection = NULL;
    const bool whole_port = rule->fault == RELAY_REFUSE || rule->fault == RELAY_BLACKHOLE;
    if ((unsigned)rule->fault >= RELAY_FAULT_COUNT)
        *objection = "no such fault";
    else if (!(rule->fraction >= 0 && rule->fraction <= 1))
        *objection = "the fraction of connections lies between 0 and 1";
    else if (whole_port && rule->fraction < 1)
        *objection = "refuse and blackhole are of all connections: their fraction is 1";
    else if (rule->delay_us < 0 || rule->delay_us > RELAY_IDLE_US)
        *objection = "the delay lies between 0 and ten minutes";
    else if (rule->tick_us < 0 || rule->tick_us > RELAY_IDLE_US)
        *objection = "the tick lies between 0 and ten minutes";
    else if (rule->silent_us < 0 || rule->silent_us > RELAY_IDLE_US)
        *objection = "the time of silence lies between 0 and ten minutes";
    else if (rule->fault == RELAY_BANDWIDTH && rule->bytes_per_s == 0)
        *objection = "a bandwidth needs bytes_per_s";
    return *objection == NULL;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static int look_up(const char *host, uint16_t port, int flags, struct relay_address *to,
                   uint32_t room, uint32_t *count)
{
    char service[8];
    (void)snprintf(service, sizeof service, "%u", port);
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    *count = 0;
    const int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) return error;
    for (const struct addrinfo *one = found; one != NULL && *count < room; one = one->ai_next) {
        memcpy(&to[*count].bytes, one->ai_addr, one->ai_addrlen);
        to[*count].length = one->ai_addrlen;
        ++*count;
    }
    freeaddrinfo(found);
    return 0;
}

static uint16_t *number_of(struct relay_address *address)
{
    return address->bytes.ss_family == AF_INET6
               ? &((struct sockaddr_in6 *)&address->bytes)->sin6_port
               : &((struct sockaddr_in *)&address->bytes)->sin_port;
}

/* ---- binding --------------------------------------------------------------------------------- */

static bool set_reuse(int fd, int reuse)
{
    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) == 0;
}

static int bound_socket(const struct relay_address *address, int reuse)
{
    const int fd = socket(address->bytes.ss_family, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    if (relay_descriptor_prepare(fd) && set_reuse(fd, reuse) &&
        bind(fd, (const struct sockaddr *)&address->bytes, address->length) == 0)
        return fd;
    const int error = errno;
    (void)close(fd);
    errno = error;
    return -1;
}

/* A port that the kernel chose itself is let go by the kernel whenever its socket stops listening.
 * One that was asked for by number stays bound, and that is what refusing needs: so a free number
 * is found with one socket and asked for with the next. Somebody may be quicker: then again. */
static int bound_to_free_port(struct relay_address *address)
{
    for (int i = 0; i < BIND_TRIES; i++) {
        *number_of(address) = 0;
        const int finder = bound_socket(address, 0);
        if (finder < 0) return -1;
        socklen_t length = sizeof address->bytes;
        const int got = getsockname(finder, (struct sockaddr *)&address->bytes, &length);
        (void)close(finder);
        if (got != 0) return -1;
        const int fd = bound_socket(address, 0);
        if (fd >= 0 || errno != EADDRINUSE) return fd;
    }
    return -1;
}

static bool bind_port(struct relay_port *port, const char *host, uint16_t number, struct err *err)
{
    uint32_t count;
    const int error = look_up(host, number, AI_NUMERICHOST | AI_PASSIVE, &port->address, 1, &count);
    if (error != 0 || count == 0)
        return err_fail(err, ERR_INPUT, (struct place){0}, "relay address \"%s\": %s", host,
                        gai_strerror(error));
    /* Reuse, for a number somebody wants again while its last connections still die away. */
    port->watch.fd =
        number == 0 ? bound_to_free_port(&port->address) : bound_socket(&port->address, 1);
    if (port->watch.fd < 0)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot bind %s:%u: %s", host,
                        number, strerror(errno));
    port->number = ntohs(*number_of(&port->address));
    return true;
}

struct relay_port *relay_port_create(const char *bind_host, uint16_t bind_number,
                                     const char *upstream_host, uint16_t upstream_port,
                                     struct err *err)
{
    struct relay_port *const port = calloc(1, sizeof *port);
    if (port == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a relay port");
        return NULL;
    }
    port->watch = (struct relay_watch){.kind = WATCH_PORT, .fd = -1, .owner = port};
    const int error = look_up(upstream_host, upstream_port, AI_ADDRCONFIG, port->upstream,
                              RELAY_ADDRESSES_MAX, &port->upstream_count);
    if (error != 0 || port->upstream_count == 0)
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "relay upstream \"%s\": %s",
                       upstream_host, gai_strerror(error));
    else if (bind_port(port, bind_host, bind_number, err))
        return port;
    relay_port_destroy(port);
    return NULL;
}

static void drop_fillers(struct relay_port *port)
{
    for (uint32_t i = 0; i < port->filler_count; i++)
        (void)close(port->fillers[i]);
    port->filler_count = 0;
}

void relay_port_destroy(struct relay_port *port)
{
    if (port == NULL) return;
    drop_fillers(port);
    if (port->watch.fd >= 0) (void)close(port->watch.fd);
    free(port);
}

/* ---- doors ----------------------------------------------------------------------------------- */

static enum relay_door door_of(enum relay_fault fault)
{
    if (fault == RELAY_REFUSE) return DOOR_SHUT;
    return fault == RELAY_BLACKHOLE ? DOOR_FULL : DOOR_OPEN;
}

/* Connections that wait to be accepted came under the old rule, and live by it. */
static void shut_door(struct relay_port *port)
{
    if (port->door == DOOR_SHUT) return;
    if (port->door == DOOR_OPEN) {
        if (!port->paused) relay_port_accept(port);
        port->paused = false;
        (void)epoll_ctl(port->relay->epoll, EPOLL_CTL_DEL, port->watch.fd, NULL);
    }
    /* On Linux this ends listening and keeps the binding; what waited is reset. */
    (void)shutdown(port->watch.fd, SHUT_RD);
    drop_fillers(port);
    port->door = DOOR_SHUT;
}

/* Reuse: the connections that were accepted before would stand in the way of listening again. */
static bool open_door(struct relay_port *port, enum relay_door door)
{
    if (!set_reuse(port->watch.fd, 1) || listen(port->watch.fd, door == DOOR_FULL ? 0 : BACKLOG))
        return false;
    port->door = door;
    return door == DOOR_FULL || relay_watch_add(port->relay, &port->watch, EPOLLIN);
}

bool relay_port_apply(struct relay_port *port, const struct relay_rule *rule)
{
    const enum relay_door door = door_of(rule->fault);
    if (door == DOOR_OPEN && port->door == DOOR_OPEN && !port->paused) relay_port_accept(port);
    if (door != port->door) shut_door(port);
    /* Without reuse nobody else can bind the port meanwhile. */
    if (door == DOOR_SHUT && !set_reuse(port->watch.fd, 0)) return false;
    if (door != port->door && !open_door(port, door)) return false;
    port->rule = *rule;
    return true;
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void pause_accepting(struct relay_port *port)
{
    struct relay *const relay = port->relay;
    port->paused = true;
    (void)epoll_ctl(relay->epoll, EPOLL_CTL_DEL, port->watch.fd, NULL);
    relay->accept_again_us = relay->now_us + ACCEPT_AGAIN_US;
}

void relay_port_resume(struct relay_port *port)
{
    port->paused = false;
    if (!relay_watch_add(port->relay, &port->watch, EPOLLIN)) pause_accepting(port);
}

static bool try_again(int error)
{
    return error == EINTR || error == ECONNABORTED || error == EPROTO;
}

bool relay_out_of_resources(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

void relay_port_accept(struct relay_port *port)
{
    for (int i = 0; i < ACCEPTS_A_ROUND; i++) {
        const int fd = accept(port->watch.fd, NULL, NULL);
        if (fd >= 0) {
            relay_connection_begin(port, fd);
        } else if (!try_again(errno)) {
            if (relay_out_of_resources(errno)) {
                (void)atomic_fetch_add(&port->relay->starved, 1);
                pause_accepting(port);
            }
            return;
        }
    }
}

/* ---- a full queue ---------------------------------------------------------------------------- */

/* Of a listening socket the kernel tells in tcp_info how many wait to be accepted and how many may
 * (sk_ack_backlog as tcpi_unacked, its maximum as tcpi_sacked). One more than may is full. POSIX's
 * view of the header lacks the struct: eight bytes of states, then 32-bit numbers. */
static bool queue_is_full(int listener)
{
    enum { UNACKED = 6, SACKED = 7, NUMBERS };
    uint32_t info[NUMBERS] = {0};
    socklen_t length = sizeof info;
    if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, info, &length) != 0) return false;
    return length == sizeof info && info[UNACKED] > info[SACKED];
}

static int begin_connecting(const struct relay_address *address)
{
    const int fd = socket(address->bytes.ss_family, SOCK_STREAM, 0);
    if (fd < 0) return -1;
    if (relay_descriptor_prepare(fd) &&
        (connect(fd, (const struct sockaddr *)&address->bytes, address->length) == 0 ||
         errno == EINPROGRESS))
        return fd;
    (void)close(fd);
    return -1;
}

/* Whether a connection in the making has come to anything, good or bad, in so long. */
static bool has_settled(int fd, int wait_for_ms)
{
    struct pollfd look = {.fd = fd, .events = POLLOUT};
    return poll(&look, 1, wait_for_ms) != 0;
}

static bool nobody_gets_in(const struct relay_address *address)
{
    const int probe = begin_connecting(address);
    if (probe < 0) return false;
    const bool settled = has_settled(probe, PROBE_WAIT_MS);
    (void)close(probe);
    return !settled;
}

bool relay_port_fill(const struct relay_address *address, int listener,
                     int fillers[static RELAY_FILLERS_MAX], uint32_t *count)
{
    *count = 0;
    while (!queue_is_full(listener) && *count < RELAY_FILLERS_MAX) {
        const int fd = begin_connecting(address);
        if (fd < 0) break;
        fillers[(*count)++] = fd;
        if (!has_settled(fd, FILL_WAIT_MS)) break;
    }
    if (queue_is_full(listener) && nobody_gets_in(address)) return true;
    for (uint32_t i = 0; i < *count; i++)
        (void)close(fillers[i]);
    *count = 0;
    return false;
}
