#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/un.h>
#include <unistd.h>

#include "providers/http_client.h"
#include "providers/redis_client_state.h"

enum { READ_BYTES = 1 << 14 };

/* ---- where it is ----------------------------------------------------------------------------- */

static bool find_path(struct redis_client *client)
{
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    memcpy(place.sun_path, client->address.path, sizeof place.sun_path);
    memcpy(&client->places[0], &place, sizeof place);
    client->place_lengths[0] = sizeof place;
    client->place_count = 1;
    return true;
}

static bool add_places(struct redis_client *client, const struct addrinfo *found, struct err *err)
{
    for (; found != NULL && client->place_count < REDIS_ADDRESSES_MAX; found = found->ai_next) {
        if (!http_address_is_inside(found->ai_addr)) {
            (void)err_fail(err, ERR_USAGE, (struct place){0},
                           "the cache %s is neither on this machine nor in a private network",
                           client->address.host);
            return err_hint(err, "its protocol is not encrypted: use a tunnel on this machine");
        }
        memcpy(&client->places[client->place_count], found->ai_addr, found->ai_addrlen);
        client->place_lengths[client->place_count] = found->ai_addrlen;
        client->place_count++;
    }
    return true;
}

bool redis_connection_find(struct redis_client *client, struct err *err)
{
    if (client->address.host[0] == '\0') return find_path(client);
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)client->address.port);
    const struct addrinfo wish = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    const int code = getaddrinfo(client->address.host, port, &wish, &found);
    if (code != 0) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "no cache at %s: %s",
                        client->address.host, gai_strerror(code));
    }
    const bool added = add_places(client, found, err);
    freeaddrinfo(found);
    return added;
}

/* ---- opening and giving up ------------------------------------------------------------------- */

static void watch(struct redis_client *client, int operation, bool writes)
{
    struct epoll_event event = {.events = writes ? EPOLLIN | EPOLLOUT : EPOLLIN,
                                .data.fd = client->socket};
    (void)epoll_ctl(client->epoll, operation, client->socket, &event);
    client->wants_write = writes;
}

void redis_connection_close(struct redis_client *client)
{
    if (client->socket >= 0) (void)close(client->socket); /* which takes it out of the set */
    client->socket = -1;
    redis_parser_destroy(client->parser);
    client->parser = NULL;
    text_release(&client->outgoing);
    client->outgoing_done = 0;
}

/* One attempt at one address; false, with errno, when it failed at once. */
static bool try_place(struct redis_client *client)
{
    const struct sockaddr *const place = (const struct sockaddr *)&client->places[client->place];
    client->socket = socket(place->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    client->parser = redis_parser_create(client->limits.value_bytes_max);
    if (client->socket < 0) return false;
    if (client->parser == NULL) {
        errno = ENOMEM;
        return false;
    }
    const int on = 1;
    if (place->sa_family != AF_UNIX) {
        (void)setsockopt(client->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return connect(client->socket, place, client->place_lengths[client->place]) == 0 ||
           errno == EINPROGRESS;
}

static void back_off(struct redis_client *client)
{
    client->state = REDIS_DOWN;
    client->place = 0;
    client->retry_us = redis_client_now_us() + client->backoff_us;
    client->backoff_us *= 2;
    if (client->backoff_us > client->limits.backoff_most_us) {
        client->backoff_us = client->limits.backoff_most_us;
    }
}

void redis_connection_fail(struct redis_client *client, const char *reason)
{
    const enum redis_state was = client->state;
    (void)snprintf(client->reason, sizeof client->reason, "%s", reason);
    redis_connection_close(client);
    if (was == REDIS_UP) {
        client->losses++;
        (void)snprintf(client->loss, sizeof client->loss, "%s", reason);
    }
    client->state = REDIS_DOWN; /* what the callbacks below send is refused */
    client->retry_us = INT64_MAX;
    redis_commands_lose(client);
    if (was != REDIS_UP && client->place + 1 < client->place_count) {
        client->place++;
        redis_connection_open(client, redis_client_now_us());
    } else {
        back_off(client);
    }
}

void redis_connection_open(struct redis_client *client, int64_t now_us)
{
    assert(client->socket < 0 && client->count == 0);
    client->state = REDIS_CONNECTING;
    client->connect_due_us = now_us + client->limits.connect_us;
    if (try_place(client)) {
        watch(client, EPOLL_CTL_ADD, true);
    } else {
        redis_connection_fail(client, strerror(errno));
    }
}

/* ---- greeting -------------------------------------------------------------------------------- */

static struct redis_word word_of(const char *text)
{
    return (struct redis_word){text, strlen(text)};
}

static void greet(struct redis_client *client, enum redis_command_kind kind,
                  const struct redis_word *words, unsigned count)
{
    const struct redis_command command = {.kind = (uint8_t)kind, .sent_us = redis_client_now_us()};
    (void)redis_command_add(client, &command, words, count);
}

/* All three at once: a wrong password makes the others fail, too. */
static void begin_greeting(struct redis_client *client)
{
    const struct redis_address *const address = &client->address;
    char database[NUMBER_TEXT_MAX];
    client->state = REDIS_GREETING;
    if (address->has_password && address->user[0] != '\0') {
        greet(client, REDIS_AUTH,
              (const struct redis_word[]){word_of("AUTH"), word_of(address->user),
                                          word_of(address->password)},
              3);
    } else if (address->has_password) {
        greet(client, REDIS_AUTH,
              (const struct redis_word[]){word_of("AUTH"), word_of(address->password)}, 2);
    }
    if (address->database != 0) {
        (void)number_write_int(database, address->database);
        greet(client, REDIS_SELECT,
              (const struct redis_word[]){word_of("SELECT"), word_of(database)}, 2);
    }
    greet(client, REDIS_PING, (const struct redis_word[]){word_of("PING")}, 1);
    redis_connection_write(client);
}

/* The error's first word where Redis has it; a peer can say what it likes, our password too. */
static const char *error_word(const struct redis_reply *reply)
{
    static const char *const known[] = {"BUSY",       "DENIED",   "ERR",       "LOADING",
                                        "MASTERDOWN", "MISCONF",  "NOAUTH",    "NOPERM",
                                        "OOM",        "READONLY", "WRONGPASS", "WRONGTYPE"};
    const size_t length = strcspn(reply->bytes, " ");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strlen(known[i]) == length && memcmp(known[i], reply->bytes, length) == 0) {
            return known[i];
        }
    return "an error";
}

void redis_connection_greeted(struct redis_client *client, enum redis_command_kind kind,
                              const struct redis_reply *reply)
{
    static const char *const refused[] = {[REDIS_AUTH] = "it refuses the password",
                                          [REDIS_SELECT] = "it refuses the database",
                                          [REDIS_PING] = "it refuses to answer"};
    char reason[REDIS_REASON_MAX];
    assert(kind <= REDIS_PING);
    if (reply->kind == REDIS_ERROR) {
        const char *const word = error_word(reply);
        const bool asks = strcmp(word, "NOAUTH") == 0;
        (void)snprintf(reason, sizeof reason, "%s (%s)",
                       asks ? "it wants a password" : refused[kind], word);
        redis_connection_fail(client, reason);
    } else if (reply->kind != REDIS_STATUS ||
               strcmp(reply->bytes, kind == REDIS_PING ? "PONG" : "OK") != 0) {
        redis_connection_fail(client, "its greeting is not that of a Redis");
    } else if (kind == REDIS_PING) {
        client->state = REDIS_UP;
        client->connects++;
        client->backoff_us = client->limits.backoff_first_us;
    }
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Writes what the peer takes now. What goes wrong is left to the next drive: this is called from
 * inside a get. */
void redis_connection_write(struct redis_client *client)
{
    struct text *const outgoing = &client->outgoing;
    while (client->outgoing_done < outgoing->length) {
        const ssize_t sent =
            send(client->socket, outgoing->bytes + client->outgoing_done,
                 outgoing->length - client->outgoing_done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) break; /* full, or broken: epoll tells which */
        client->outgoing_done += (size_t)sent;
    }
    if (client->outgoing_done == outgoing->length) {
        text_clear(outgoing);
        client->outgoing_done = 0;
    }
    const bool wants = outgoing->length > 0;
    if (wants != client->wants_write) watch(client, EPOLL_CTL_MOD, wants);
}

/* Takes whole replies out of what was fed; false: the connection is gone. */
static bool take_replies(struct redis_client *client)
{
    struct redis_reply reply;
    for (;;) {
        switch (redis_parser_next(client->parser, &reply)) {
        case REDIS_NEEDS_MORE:
            return true;
        case REDIS_BROKEN:
            redis_connection_fail(client, "what it sent is no answer of a Redis, or too long");
            return false;
        case REDIS_REPLIED:
            break;
        }
        if (client->count == 0) {
            redis_connection_fail(client, "it answered what nobody had asked");
            return false;
        }
        redis_command_answered(client, &reply);
        if (client->socket < 0 || client->state == REDIS_CONNECTING) return false;
    }
}

static void read_replies(struct redis_client *client, int64_t now_us)
{
    char bytes[READ_BYTES];
    for (;;) {
        const ssize_t got = recv(client->socket, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got < 0) {
            redis_connection_fail(client, strerror(errno));
            return;
        }
        if (got == 0) {
            redis_connection_fail(client, "it closed the connection");
            return;
        }
        client->heard_us = now_us;
        if (!redis_parser_feed(client->parser, bytes, (size_t)got)) {
            redis_connection_fail(client, "out of memory");
            return;
        }
        if (!take_replies(client)) return;
        if ((size_t)got < sizeof bytes) return; /* more is told by epoll */
    }
}

static void finish_connecting(struct redis_client *client)
{
    int error = 0;
    socklen_t length = sizeof error;
    (void)getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
        redis_connection_fail(client, strerror(error));
    } else {
        begin_greeting(client);
    }
}

/* ---- driving --------------------------------------------------------------------------------- */

static void expire_connection(struct redis_client *client, int64_t now_us)
{
    switch (client->state) {
    case REDIS_DOWN:
        if (client->retry_us <= now_us) redis_connection_open(client, now_us);
        return;
    case REDIS_CONNECTING:
        if (client->connect_due_us <= now_us) redis_connection_fail(client, "no answer in time");
        return;
    case REDIS_GREETING:
        if (client->connect_due_us <= now_us) {
            redis_connection_fail(client, "it takes connections and does not answer");
        }
        return;
    case REDIS_UP:
        if (client->count > 0 && client->heard_us + client->limits.stall_us <= now_us) {
            redis_connection_fail(client, "it stopped answering");
        }
        return;
    }
}

void redis_connection_drive(struct redis_client *client, int64_t now_us)
{
    struct epoll_event events[2];
    const int count = epoll_wait(client->epoll, events, 2, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.fd != client->socket || client->socket < 0) continue;
        if (client->state == REDIS_CONNECTING) {
            finish_connecting(client);
            continue;
        }
        if ((events[i].events & EPOLLOUT) != 0) redis_connection_write(client);
        if ((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
            read_replies(client, now_us);
        }
    }
    if (client->outgoing.failed) redis_connection_fail(client, "out of memory");
    expire_connection(client, now_us);
}
