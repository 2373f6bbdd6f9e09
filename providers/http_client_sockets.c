#include "providers/http_client_state.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "router/base/memory.h"

/* epoll's set is kept up lazily. When a call is over libcurl says that it no longer cares about the
 * connection, and when the next call takes it, that it does: two system calls a request that change
 * nothing. So a connection stays in the set until it is closed, or until it turns readable while
 * nobody cares (the peer closed it, mostly): then it has to go, for epoll would report it at every
 * wait. Descriptors that libcurl makes behind our back (its resolver's) are kept up eagerly,
 * because nothing tells when they are closed and their number is given to another. */

static_assert(CURL_POLL_IN == CURL_CSELECT_IN && CURL_POLL_OUT == CURL_CSELECT_OUT,
              "what is wanted can be reported as it is");

/* ---- the set --------------------------------------------------------------------------------- */

static bool descriptors_reach(struct http_client *client, int number)
{
    assert(number >= 0);
    const uint32_t needed = (uint32_t)number + 1;
    if (needed <= client->descriptor_count) return true;
    uint32_t count = client->descriptor_count == 0 ? 64 : client->descriptor_count;
    while (count < needed)
        count *= 2;
    struct descriptor *grown = memory_resize(client->descriptors, count, sizeof *grown);
    if (grown == NULL) return false;
    memset(grown + client->descriptor_count, 0, (count - client->descriptor_count) * sizeof *grown);
    client->descriptors = grown;
    client->descriptor_count = count;
    return true;
}

/* A full table (ENOSPC, ENOMEM) leaves the descriptor out, and its call ends with its life. */
static void tell(struct http_client *client, int number, uint8_t wanted)
{
    struct descriptor *const descriptor = &client->descriptors[number];
    if (descriptor->ours && descriptor->told == wanted) return;
    struct epoll_event event = {.data.fd = number};
    if ((wanted & CURL_POLL_IN) != 0) event.events |= EPOLLIN;
    if ((wanted & CURL_POLL_OUT) != 0) event.events |= EPOLLOUT;
    int result;
    if (wanted == 0) {
        result = epoll_ctl(client->epoll, EPOLL_CTL_DEL, number, NULL);
    } else {
        const bool known = descriptor->told != 0;
        result = epoll_ctl(client->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, number, &event);
        if (result != 0 && (errno == ENOENT || errno == EEXIST)) { /* the number changed hands */
            result = epoll_ctl(client->epoll, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
                               number, &event);
        }
    }
    descriptor->told = result == 0 ? wanted : 0;
}

static int on_socket(CURL *easy, curl_socket_t socket, int what, void *context, void *unused)
{
    (void)easy;
    (void)unused;
    struct http_client *const client = context;
    if (!descriptors_reach(client, socket)) return 0;
    struct descriptor *const descriptor = &client->descriptors[socket];
    descriptor->wanted = what == CURL_POLL_REMOVE ? 0 : (uint8_t)what;
    if (descriptor->wanted != 0 || !descriptor->ours) tell(client, socket, descriptor->wanted);
    return 0;
}

static void note_refusal(struct transfer *transfer, const struct sockaddr *address)
{
    transfer->address_refused = true;
    const void *bytes = NULL;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
    if (address->sa_family == AF_INET) {
        memcpy(&ipv4, address, sizeof ipv4);
        bytes = &ipv4.sin_addr;
    } else if (address->sa_family == AF_INET6) {
        memcpy(&ipv6, address, sizeof ipv6);
        bytes = &ipv6.sin6_addr;
    }
    transfer->refused_text[0] = '\0';
    if (bytes != NULL) {
        (void)inet_ntop(address->sa_family, bytes, transfer->refused_text,
                        sizeof transfer->refused_text);
    }
}

/* Every address of every connection passes through here, whatever a name resolved to. */
curl_socket_t socket_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    (void)purpose;
    struct transfer *const transfer = context;
    struct http_client *const client = transfer->client;
    if (!address_allowed(transfer, &address->addr)) {
        note_refusal(transfer, &address->addr);
        return CURL_SOCKET_BAD;
    }
    const int number = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (number < 0) {
        transfer->socket_error = errno;
        return CURL_SOCKET_BAD;
    }
    if (!descriptors_reach(client, number)) {
        transfer->socket_error = ENOMEM;
        (void)close(number);
        return CURL_SOCKET_BAD;
    }
    client->descriptors[number] = (struct descriptor){.ours = true, .born = client->batch};
    return number;
}

int socket_close(void *context, curl_socket_t socket)
{
    struct http_client *const client = context;
    client->descriptors[socket] = (struct descriptor){0}; /* closing takes it out of the set */
    return close(socket);
}

/* ---- waiting --------------------------------------------------------------------------------- */

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct http_client *const client = context;
    client->timer_us =
        timeout_ms < 0 ? INT64_MAX : http_client_now_us() + (int64_t)timeout_ms * 1000;
    return 0;
}

static void drive(struct http_client *client, curl_socket_t socket, int events)
{
    int running = 0;
    const CURLMcode code = curl_multi_socket_action(client->multi, socket, events, &running);
    assert(code == CURLM_OK);
    (void)code;
}

void sockets_expire(struct http_client *client, int64_t now_us)
{
    if (client->timer_us > now_us) return;
    client->timer_us = INT64_MAX; /* libcurl sets it anew when something is left to wait for */
    drive(client, CURL_SOCKET_TIMEOUT, 0);
}

static void handle(struct http_client *client, const struct epoll_event *event)
{
    const int number = event->data.fd;
    const struct descriptor *const descriptor = &client->descriptors[number];
    if (descriptor->watched) {
        client->woken = true;
    } else if (descriptor->born == client->batch) {
        return; /* the event is of the connection that had this number before */
    } else if (descriptor->wanted == 0) {
        tell(client, number, 0);
    } else {
        int bits = 0; /* CURL_POLL_x and CURL_CSELECT_x have the same values */
        if ((event->events & EPOLLIN) != 0) bits |= CURL_CSELECT_IN;
        if ((event->events & EPOLLOUT) != 0) bits |= CURL_CSELECT_OUT;
        /* An error is met, and named, by reading or writing. */
        if ((event->events & (EPOLLERR | EPOLLHUP)) != 0) bits |= descriptor->wanted;
        drive(client, number, bits);
    }
}

/* epoll_wait() alone knows whole milliseconds only; kernels before 5.11 have nothing better. */
static int wait_for_events(struct http_client *client, struct epoll_event events[EVENTS_MAX],
                           int64_t wait_us)
{
    const struct timespec wait = {.tv_sec = wait_us / 1000000, .tv_nsec = wait_us % 1000000 * 1000};
    const int count = epoll_pwait2(client->epoll, events, EVENTS_MAX, &wait, NULL);
    if (count >= 0 || errno != ENOSYS) return count;
    const int64_t wait_ms = (wait_us + 999) / 1000;
    return epoll_wait(client->epoll, events, EVENTS_MAX, wait_ms < 60000 ? (int)wait_ms : 60000);
}

void sockets_poll(struct http_client *client, int64_t until_us)
{
    if (client->timer_us < until_us) until_us = client->timer_us;
    const int64_t now_us = http_client_now_us();
    int64_t wait_us = until_us > now_us ? until_us - now_us : 0;
    if (wait_us > INT64_C(3600000000)) wait_us = INT64_C(3600000000);
    struct epoll_event events[EVENTS_MAX];
    const int count = wait_for_events(client, events, wait_us);
    client->batch++;
    for (int i = 0; i < count; i++) /* -1: a signal came, and the caller looks again */
        handle(client, &events[i]);
}

/* ---- from outside ---------------------------------------------------------------------------- */

bool http_client_watch(struct http_client *client, int descriptor, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
    if (!descriptors_reach(client, descriptor)) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, descriptor, &event) != 0) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                        "cannot wait for descriptor %d: %s", descriptor, strerror(errno));
    }
    client->descriptors[descriptor] = (struct descriptor){.watched = true};
    return true;
}

void http_client_unwatch(struct http_client *client, int descriptor)
{
    assert((uint32_t)descriptor < client->descriptor_count);
    assert(client->descriptors[descriptor].watched);
    client->descriptors[descriptor] = (struct descriptor){0};
    (void)epoll_ctl(client->epoll, EPOLL_CTL_DEL, descriptor, NULL);
}

bool sockets_open(struct http_client *client, struct err *err)
{
    client->timer_us = INT64_MAX;
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (client->epoll < 0) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot make an epoll set: %s",
                        strerror(errno));
    }
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    (void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    (void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    return true;
}

void sockets_close(struct http_client *client)
{
    if (client->epoll >= 0) (void)close(client->epoll);
    free(client->descriptors);
}
