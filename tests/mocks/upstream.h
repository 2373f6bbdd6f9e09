/* tests/mocks/upstream.h - a raw HTTP server for tests of the relay: one thread, poll(), and byte
 * for byte what the test says.
 *
 * For each request head an `answer` function gives the bytes to send, and what then: go on, close,
 * reset, say nothing, or send back whatever comes. It runs in the server's thread. Requests have no
 * bodies, or bodies that the answer's `echo` swallows.
 *
 * In a header so that benchmarks, which link no test code, can have it too.
 *
 * Failure: abort(), with a line on stderr: a test machine without loopback is no test machine.
 */
#ifndef TESTS_MOCKS_UPSTREAM_H
#define TESTS_MOCKS_UPSTREAM_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { UPSTREAM_CONNECTIONS_MAX = 512, UPSTREAM_HEAD_MAX = 16384 };

struct upstream_answer {
    const char *bytes; /* lives as long as the server */
    size_t length;
    bool close; /* FIN after the last byte */
    bool reset; /* RST after it */
    bool echo;  /* from now on bytes come back, until the client's FIN */
};

typedef void upstream_answer_fn(void *context, const char *head, struct upstream_answer *answer);

struct upstream_connection {
    int fd; /* -1: free */
    char head[UPSTREAM_HEAD_MAX];
    size_t head_length;
    struct upstream_answer answer;
    size_t sent;
    bool answering, echoing, ending;
};

struct upstream {
    pthread_t thread;
    int listener, wake[2];
    uint16_t port;
    upstream_answer_fn *answer;
    void *context;
    atomic_ullong accepted, requests, open, received_bytes;
    atomic_bool paused; /* reads nothing: backpressure */
    struct upstream_connection connections[UPSTREAM_CONNECTIONS_MAX];
};

static inline void upstream_require(bool ok, const char *what)
{
    if (ok) return;
    fprintf(stderr, "upstream: %s: %s\n", what, strerror(errno));
    abort();
}

static inline struct sockaddr_in loopback_address(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static inline void upstream_drop(struct upstream *server, struct upstream_connection *one,
                                 bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    if (reset) (void)setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(one->fd);
    one->fd = -1;
    server->open--;
}

static inline void upstream_accept(struct upstream *server)
{
    const int fd = accept(server->listener, NULL, NULL);
    if (fd < 0) return;
    struct upstream_connection *one = server->connections;
    while (one < server->connections + UPSTREAM_CONNECTIONS_MAX && one->fd >= 0)
        one++;
    upstream_require(one < server->connections + UPSTREAM_CONNECTIONS_MAX, "too many connections");
    const int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    one->fd = fd;
    one->head_length = one->sent = 0;
    one->answering = one->echoing = one->ending = false;
    server->accepted++;
    server->open++;
}

/* The first whole head in the buffer is answered, and leaves it. */
static inline bool upstream_begin(struct upstream *server, struct upstream_connection *one)
{
    one->head[one->head_length] = '\0';
    char *const blank = strstr(one->head, "\r\n\r\n");
    if (blank == NULL || one->answering || one->echoing) return false;
    const size_t length = (size_t)(blank - one->head) + 4;
    char kept = one->head[length];
    one->head[length] = '\0';
    one->answer = (struct upstream_answer){0};
    server->requests++;
    server->answer(server->context, one->head, &one->answer);
    one->head[length] = kept;
    memmove(one->head, one->head + length, one->head_length - length);
    one->head_length -= length;
    one->sent = 0;
    one->answering = true;
    return true;
}

/* False when the connection is over. */
static inline bool upstream_write(struct upstream_connection *one)
{
    while (one->answering && one->sent < one->answer.length) {
        const ssize_t sent = send(one->fd, one->answer.bytes + one->sent,
                                  one->answer.length - one->sent, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        one->sent += (size_t)sent;
    }
    if (!one->answering) return true;
    one->answering = false;
    one->echoing = one->answer.echo;
    if (one->answer.close) (void)shutdown(one->fd, SHUT_WR);
    return !one->answer.reset;
}

/* What came is sent back at once, or stays in `head` until there is room. */
static inline bool upstream_echo(struct upstream_connection *one)
{
    if (one->head_length > 0) {
        const ssize_t sent = send(one->fd, one->head, one->head_length, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN || errno == EINTR;
        memmove(one->head, one->head + sent, one->head_length - (size_t)sent);
        one->head_length -= (size_t)sent;
    }
    return one->head_length > 0 || !one->ending;
}

static inline bool upstream_read(struct upstream *server, struct upstream_connection *one)
{
    const size_t room = sizeof one->head - 1 - one->head_length;
    if (room == 0 || one->ending) return true;
    const ssize_t got = recv(one->fd, one->head + one->head_length, room, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    one->ending = got == 0;
    one->head_length += (size_t)got;
    server->received_bytes += (unsigned long long)got;
    return true;
}

static inline void upstream_serve(struct upstream *server, struct upstream_connection *one,
                                  short events)
{
    bool ok = true;
    if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) ok = upstream_read(server, one);
    while (ok && upstream_begin(server, one))
        ok = upstream_write(one);
    if (ok && one->answering) ok = upstream_write(one);
    if (ok && one->echoing) ok = upstream_echo(one);
    if (ok && one->ending && !one->echoing && !one->answering) ok = false;
    if (!ok) upstream_drop(server, one, one->answer.reset);
}

static inline short upstream_wants(const struct upstream *server,
                                   const struct upstream_connection *one)
{
    const bool reads = !one->ending && !server->paused && one->head_length < sizeof one->head - 1;
    const bool writes = one->answering || (one->echoing && one->head_length > 0);
    return (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

static inline void *upstream_run(void *context)
{
    struct upstream *const server = context;
    struct pollfd polled[UPSTREAM_CONNECTIONS_MAX + 2];
    for (;;) {
        polled[0] = (struct pollfd){.fd = server->wake[0], .events = POLLIN};
        polled[1] = (struct pollfd){.fd = server->listener, .events = POLLIN};
        for (int i = 0; i < UPSTREAM_CONNECTIONS_MAX; i++) {
            struct upstream_connection *const one = &server->connections[i];
            const short events = one->fd < 0 ? 0 : upstream_wants(server, one);
            polled[i + 2] = (struct pollfd){.fd = events == 0 ? -1 : one->fd, .events = events};
        }
        (void)poll(polled, UPSTREAM_CONNECTIONS_MAX + 2, server->paused ? 5 : -1);
        if (polled[0].revents != 0) break;
        for (int i = 0; i < UPSTREAM_CONNECTIONS_MAX; i++) {
            if (polled[i + 2].fd >= 0 && polled[i + 2].revents != 0)
                upstream_serve(server, &server->connections[i], polled[i + 2].revents);
        }
        if (polled[1].revents != 0) upstream_accept(server);
    }
    for (int i = 0; i < UPSTREAM_CONNECTIONS_MAX; i++) {
        if (server->connections[i].fd >= 0) (void)close(server->connections[i].fd);
    }
    return NULL;
}

static inline struct upstream *upstream_start(upstream_answer_fn *answer, void *context)
{
    struct upstream *const server = calloc(1, sizeof *server);
    upstream_require(server != NULL, "memory");
    for (int i = 0; i < UPSTREAM_CONNECTIONS_MAX; i++)
        server->connections[i].fd = -1;
    server->answer = answer;
    server->context = context;
    struct sockaddr_in address = loopback_address(0);
    socklen_t length = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    upstream_require(bind(server->listener, (struct sockaddr *)&address, sizeof address) == 0 &&
                         listen(server->listener, 512) == 0 &&
                         getsockname(server->listener, (struct sockaddr *)&address, &length) == 0,
                     "listen");
    (void)fcntl(server->listener, F_SETFL, O_NONBLOCK);
    server->port = ntohs(address.sin_port);
    upstream_require(pipe(server->wake) == 0, "pipe");
    errno = pthread_create(&server->thread, NULL, upstream_run, server);
    upstream_require(errno == 0, "thread");
    return server;
}

static inline void upstream_stop(struct upstream *server)
{
    upstream_require(write(server->wake[1], "x", 1) == 1, "wake");
    (void)pthread_join(server->thread, NULL);
    (void)close(server->wake[0]);
    (void)close(server->wake[1]);
    (void)close(server->listener);
    free(server);
}

#endif
