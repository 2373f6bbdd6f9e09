#include "tests/providers/raw_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct connection {
    int descriptor;
    const struct raw_step *script;
    const struct raw_step *step;
    size_t done; /* bytes of this step */
    int64_t due_ms;
    char request[RAW_REQUEST_MAX];
    size_t request_length; /* kept, at most RAW_REQUEST_MAX - 1 */
    size_t body_left;
    bool head_over;
};

struct raw_server {
    int listening;
    int stop[2]; /* a pipe: closed at one end, readable at the other */
    uint16_t port;
    pthread_t thread;
    struct connection *connections[RAW_CONNECTIONS_MAX];
    uint32_t open;
    pthread_mutex_t lock; /* of what follows */
    const struct raw_step *script;
    uint32_t accepted;
    uint32_t requests;
    uint32_t open_seen;
    char last_request[RAW_REQUEST_MAX];
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void must(bool good)
{
    if (!good) abort(); /* the machine, not the code under test */
}

/* ---- one connection -------------------------------------------------------------------------- */

static size_t length_of(const struct raw_step *step)
{
    return step->length != 0 ? step->length : strlen(step->bytes);
}

static void close_connection(struct raw_server *server, uint32_t index)
{
    (void)close(server->connections[index]->descriptor);
    free(server->connections[index]);
    server->connections[index] = server->connections[--server->open];
}

static void next_step(struct connection *connection)
{
    connection->step++;
    if (connection->step->act == RAW_AGAIN) connection->step = connection->script;
    connection->done = 0;
    connection->due_ms = now_ms() + connection->step->ms;
    connection->request_length = connection->body_left = 0;
    connection->head_over = false;
}

static size_t stated_body(const char *request)
{
    static const char name[] = "\r\nContent-Length:";
    for (const char *c = request; *c != '\0'; c++) {
        if (strncasecmp(c, name, sizeof name - 1) == 0)
            return strtoul(c + sizeof name - 1, NULL, 10);
    }
    return 0;
}

/* Whether the request is whole now. */
static bool take_request(struct connection *connection, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (connection->request_length < RAW_REQUEST_MAX - 1) {
            connection->request[connection->request_length++] = bytes[i];
            connection->request[connection->request_length] = '\0';
        }
        if (connection->head_over) {
            connection->body_left--;
        } else if (connection->request_length >= 4 &&
                   strcmp(connection->request + connection->request_length - 4, "\r\n\r\n") == 0) {
            connection->head_over = true;
            connection->body_left = stated_body(connection->request);
        }
        if (connection->head_over && connection->body_left == 0) return true;
    }
    return false;
}

static void note_request(struct raw_server *server, const struct connection *connection)
{
    (void)pthread_mutex_lock(&server->lock);
    server->requests++;
    memcpy(server->last_request, connection->request, connection->request_length + 1);
    (void)pthread_mutex_unlock(&server->lock);
}

/* False, here and below: the connection is over. */
static bool read_some(struct raw_server *server, struct connection *connection)
{
    char bytes[16384];
    const ssize_t count = recv(connection->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    if (connection->step->act == RAW_READ && take_request(connection, bytes, (size_t)count)) {
        note_request(server, connection);
        next_step(connection);
    }
    return true;
}

static bool write_some(struct connection *connection, size_t at_most)
{
    const struct raw_step *const step = connection->step;
    const size_t length = length_of(step);
    size_t part = length - connection->done;
    if (part > at_most) part = at_most;
    const ssize_t count = send(connection->descriptor, step->bytes + connection->done, part,
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection->done += (size_t)count;
    if (connection->done < length) return true;
    if (step->act == RAW_FLOOD)
        connection->done = 0;
    else
        next_step(connection);
    return true;
}

static void reset(struct connection *connection)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(connection->descriptor, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

static bool take_step(struct raw_server *server, struct connection *connection, short ready)
{
    const struct raw_step *const step = connection->step;
    switch (step->act) {
    case RAW_READ:
    case RAW_HANG:
        return (ready & (POLLIN | POLLHUP | POLLERR)) == 0 || read_some(server, connection);
    case RAW_WRITE:
    case RAW_FLOOD:
        return write_some(connection, SIZE_MAX);
    case RAW_DRIP:
        if (now_ms() < connection->due_ms) return true;
        connection->due_ms = now_ms() + step->ms;
        return write_some(connection, 1);
    case RAW_PAUSE:
        if (now_ms() >= connection->due_ms) next_step(connection);
        return (ready & (POLLHUP | POLLERR)) == 0;
    case RAW_HALF_CLOSE:
        (void)shutdown(connection->descriptor, SHUT_WR);
        next_step(connection);
        return true;
    case RAW_RESET:
        reset(connection);
        return false;
    case RAW_CLOSE:
        return false;
    case RAW_AGAIN: /* next_step() has gone on */
        break;
    }
    abort();
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void accept_all(struct raw_server *server)
{
    for (;;) {
        const int descriptor = accept(server->listening, NULL, NULL);
        if (descriptor < 0) return;
        must(server->open < RAW_CONNECTIONS_MAX);
        const int one = 1;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
        struct connection *const connection = calloc(1, sizeof *connection);
        must(connection != NULL);
        (void)pthread_mutex_lock(&server->lock);
        server->accepted++;
        connection->script = connection->step = server->script;
        (void)pthread_mutex_unlock(&server->lock);
        connection->descriptor = descriptor;
        connection->due_ms = now_ms() + connection->step->ms;
        server->connections[server->open++] = connection;
    }
}

static short wanted(const struct connection *connection)
{
    const enum raw_act act = connection->step->act;
    if (act == RAW_READ || act == RAW_HANG) return POLLIN;
    return act == RAW_DRIP || act == RAW_PAUSE ? 0 : POLLOUT;
}

static int next_due_ms(const struct raw_server *server)
{
    int64_t wait_ms = 1000;
    const int64_t now = now_ms();
    for (uint32_t i = 0; i < server->open; i++) {
        const struct connection *const connection = server->connections[i];
        if (connection->step->act != RAW_DRIP && connection->step->act != RAW_PAUSE) continue;
        const int64_t left_ms = connection->due_ms - now;
        if (left_ms < wait_ms) wait_ms = left_ms > 0 ? left_ms : 0;
    }
    return (int)wait_ms;
}

static void *serve(void *context)
{
    struct raw_server *const server = context;
    static _Thread_local struct pollfd polled[RAW_CONNECTIONS_MAX + 2];
    for (;;) {
        const uint32_t count = server->open;
        polled[0] = (struct pollfd){.fd = server->stop[0], .events = POLLIN};
        polled[1] = (struct pollfd){.fd = server->listening, .events = POLLIN};
        for (uint32_t i = 0; i < count; i++) {
            polled[i + 2] = (struct pollfd){.fd = server->connections[i]->descriptor,
                                            .events = wanted(server->connections[i])};
        }
        (void)poll(polled, count + 2, next_due_ms(server));
        if (polled[0].revents != 0) return NULL;
        /* From the last to the first, for closing moves the last into the gap. */
        for (uint32_t i = count; i-- > 0;) {
            struct connection *const connection = server->connections[i];
            const bool timed = wanted(connection) == 0;
            if (polled[i + 2].revents == 0 && !timed) continue;
            if (!take_step(server, connection, polled[i + 2].revents)) close_connection(server, i);
        }
        if (polled[1].revents != 0) accept_all(server);
        (void)pthread_mutex_lock(&server->lock);
        server->open_seen = server->open;
        (void)pthread_mutex_unlock(&server->lock);
    }
}

/* ---- from the test's side -------------------------------------------------------------------- */

static int bind_loopback(uint16_t *port)
{
    const int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    must(descriptor >= 0);
    (void)fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    must(bind(descriptor, (const struct sockaddr *)&address, length) == 0);
    must(getsockname(descriptor, (struct sockaddr *)&address, &length) == 0);
    *port = ntohs(address.sin_port);
    return descriptor;
}

struct raw_server *raw_server_start(const struct raw_step *script)
{
    struct raw_server *const server = calloc(1, sizeof *server);
    must(server != NULL);
    server->script = script;
    server->listening = bind_loopback(&server->port);
    must(listen(server->listening, 1024) == 0);
    must(fcntl(server->listening, F_SETFL, O_NONBLOCK) == 0);
    must(pipe(server->stop) == 0);
    must(pthread_mutex_init(&server->lock, NULL) == 0);
    must(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

void raw_server_stop(struct raw_server *server)
{
    (void)close(server->stop[1]);
    (void)pthread_join(server->thread, NULL);
    while (server->open > 0)
        close_connection(server, 0);
    (void)close(server->stop[0]);
    (void)close(server->listening);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}

uint16_t raw_server_port(const struct raw_server *server)
{
    return server->port;
}

void raw_server_play(struct raw_server *server, const struct raw_step *script)
{
    (void)pthread_mutex_lock(&server->lock);
    server->script = script;
    (void)pthread_mutex_unlock(&server->lock);
}

static uint32_t read_counter(struct raw_server *server, const uint32_t *counter)
{
    (void)pthread_mutex_lock(&server->lock);
    const uint32_t value = *counter;
    (void)pthread_mutex_unlock(&server->lock);
    return value;
}

uint32_t raw_server_accepted(struct raw_server *server)
{
    return read_counter(server, &server->accepted);
}

uint32_t raw_server_requests(struct raw_server *server)
{
    return read_counter(server, &server->requests);
}

uint32_t raw_server_open(struct raw_server *server)
{
    return read_counter(server, &server->open_seen);
}

void raw_server_last_request(struct raw_server *server, char text[RAW_REQUEST_MAX])
{
    (void)pthread_mutex_lock(&server->lock);
    memcpy(text, server->last_request, RAW_REQUEST_MAX);
    (void)pthread_mutex_unlock(&server->lock);
}

/* Bound and not listening: the port is nobody else's, and a SYN meets a reset. */
uint16_t raw_port_refusing(int *descriptor)
{
    uint16_t port;
    *descriptor = bind_loopback(&port);
    return port;
}

uint16_t raw_port_silent(int descriptors[RAW_SILENT_DESCRIPTORS])
{
    uint16_t port;
    descriptors[0] = bind_loopback(&port);
    must(listen(descriptors[0], 0) == 0);
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 1; i < RAW_SILENT_DESCRIPTORS; i++) {
        descriptors[i] = socket(AF_INET, SOCK_STREAM, 0);
        must(descriptors[i] >= 0);
        must(fcntl(descriptors[i], F_SETFL, O_NONBLOCK) == 0);
        (void)connect(descriptors[i], (const struct sockaddr *)&address, sizeof address);
    }
    return port;
}
