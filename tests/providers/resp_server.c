#include "tests/providers/resp_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WORDS_MAX = 600, KEYS_MAX = 512, INPUT_MAX = 1 << 20 };

struct value {
    char *key, *bytes;
    size_t key_length, length;
};

struct word {
    const char *bytes;
    size_t length;
};

struct resp_server {
    int listening, connection; /* connection -1: none */
    int wake[2];               /* a byte: look again */
    uint16_t port;
    pthread_t thread;
    char *input;
    size_t input_length;
    char *held; /* what is to be answered at release */
    size_t held_length;
    struct value values[KEYS_MAX];
    unsigned value_count;
    pthread_mutex_t lock; /* of what follows */
    bool stopping, releasing, dropping;
    enum resp_way greets, serves;
    const char *greets_text, *serves_text;
    uint32_t accepted, commands;
    char heard[RESP_HEARD_MAX];
    size_t heard_length;
};

static void must(bool good)
{
    if (!good) abort(); /* the machine, not the code under test */
}

/* ---- saying ---------------------------------------------------------------------------------- */

static void hang_up(struct resp_server *server)
{
    if (server->connection >= 0) (void)close(server->connection);
    server->connection = -1;
    server->input_length = server->held_length = 0;
}

/* False when the peer has gone. */
static bool say(struct resp_server *server, const char *bytes, size_t length)
{
    while (length > 0 && server->connection >= 0) {
        const ssize_t sent = send(server->connection, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes += sent;
        length -= (size_t)sent;
    }
    return server->connection >= 0;
}

static void hold(struct resp_server *server, const char *bytes, size_t length)
{
    server->held = realloc(server->held, server->held_length + length);
    must(server->held != NULL);
    memcpy(server->held + server->held_length, bytes, length);
    server->held_length += length;
}

/* ---- keeping --------------------------------------------------------------------------------- */

static struct value *find(struct resp_server *server, const struct word *key)
{
    for (unsigned i = 0; i < server->value_count; i++) {
        struct value *const value = &server->values[i];
        if (value->key_length == key->length && memcmp(value->key, key->bytes, key->length) == 0) {
            return value;
        }
    }
    return NULL;
}

static char *copy(const struct word *word)
{
    char *const bytes = malloc(word->length + 1);
    must(bytes != NULL);
    memcpy(bytes, word->bytes, word->length);
    return bytes;
}

static void put(struct resp_server *server, const struct word *key, const struct word *bytes)
{
    struct value *value = find(server, key);
    if (value == NULL) {
        must(server->value_count < KEYS_MAX);
        value = &server->values[server->value_count++];
        *value = (struct value){.key = copy(key), .key_length = key->length};
    }
    free(value->bytes);
    value->bytes = copy(bytes);
    value->length = bytes->length;
}

static void take_out(struct resp_server *server, struct value *value)
{
    free(value->key);
    free(value->bytes);
    *value = server->values[--server->value_count];
}

/* ---- one command ----------------------------------------------------------------------------- */

static bool is(const struct word *word, const char *name)
{
    return word->length == strlen(name) && strncasecmp(word->bytes, name, word->length) == 0;
}

/* What a good server says; malloc'd. */
static char *good_answer(struct resp_server *server, const struct word *words, unsigned count,
                         size_t *length)
{
    char line[64] = "+OK\r\n";
    char *answer = NULL;
    const struct value *value = NULL;
    if (is(&words[0], "PING")) (void)snprintf(line, sizeof line, "+PONG\r\n");
    if (is(&words[0], "SET")) put(server, &words[1], &words[2]);
    if (is(&words[0], "UNLINK")) {
        unsigned removed = 0;
        for (unsigned i = 1; i < count; i++) {
            struct value *const gone = find(server, &words[i]);
            if (gone == NULL) continue;
            take_out(server, gone);
            removed++;
        }
        (void)snprintf(line, sizeof line, ":%u\r\n", removed);
    }
    if (is(&words[0], "GET")) {
        value = find(server, &words[1]);
        if (value == NULL) (void)snprintf(line, sizeof line, "$-1\r\n");
        if (value != NULL) (void)snprintf(line, sizeof line, "$%zu\r\n", value->length);
    }
    const size_t head = strlen(line);
    *length = head + (value != NULL ? value->length + 2 : 0);
    answer = malloc(*length + 1);
    must(answer != NULL);
    memcpy(answer, line, head);
    if (value != NULL) {
        memcpy(answer + head, value->bytes, value->length);
        memcpy(answer + head + value->length, "\r\n", 2);
    }
    return answer;
}

static void note(struct resp_server *server, const struct word *words, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const size_t room = sizeof server->heard - 2 - server->heard_length;
        const size_t length = words[i].length < room ? words[i].length : room;
        memcpy(server->heard + server->heard_length, words[i].bytes, length);
        server->heard_length += length;
        if (server->heard_length + 2 >= sizeof server->heard) return;
        server->heard[server->heard_length++] = i + 1 < count ? ' ' : '\n';
    }
}

static void answer(struct resp_server *server, const struct word *words, unsigned count)
{
    const bool data = is(&words[0], "GET") || is(&words[0], "SET");
    const bool greeting = is(&words[0], "AUTH") || is(&words[0], "SELECT") || is(&words[0], "PING");
    pthread_mutex_lock(&server->lock);
    server->commands++;
    note(server, words, count);
    const enum resp_way way = data ? server->serves : greeting ? server->greets : RESP_GOOD;
    const char *const text = data ? server->serves_text : server->greets_text;
    pthread_mutex_unlock(&server->lock);
    size_t length = 0;
    char *good = NULL;
    switch (way) {
    case RESP_GOOD:
    case RESP_HOLD:
        good = good_answer(server, words, count, &length);
        if (way == RESP_HOLD || server->held_length > 0) {
            hold(server, good, length); /* in their order */
        } else {
            (void)say(server, good, length);
        }
        free(good);
        return;
    case RESP_SAY:
        (void)say(server, text, strlen(text));
        return;
    case RESP_LEAVE:
        (void)say(server, text, strlen(text));
        hang_up(server);
        return;
    case RESP_FLOOD:
        while (say(server, text, strlen(text)))
            ;
        hang_up(server);
        return;
    }
}

/* A line's number after its sign; moves on. */
static bool number(const char **at, const char *end, char sign, size_t *value)
{
    const char *const line_end = memchr(*at, '\n', (size_t)(end - *at));
    if (line_end == NULL) return false;
    must(**at == sign);
    *value = strtoul(*at + 1, NULL, 10);
    *at = line_end + 1;
    return true;
}

/* Answers the first command of the input, if it is whole; returns its bytes, else 0. */
static size_t one_command(struct resp_server *server)
{
    struct word words[WORDS_MAX];
    const char *at = server->input, *const end = at + server->input_length;
    size_t count;
    if (!number(&at, end, '*', &count)) return 0;
    must(count > 0 && count <= WORDS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (!number(&at, end, '$', &words[i].length)) return 0;
        if ((size_t)(end - at) < words[i].length + 2) return 0;
        words[i].bytes = at;
        at += words[i].length + 2;
    }
    const size_t length = (size_t)(at - server->input);
    answer(server, words, (unsigned)count);
    return length;
}

static void listen_to(struct resp_server *server)
{
    const ssize_t got = recv(server->connection, server->input + server->input_length,
                             INPUT_MAX - server->input_length, 0);
    if (got <= 0) {
        hang_up(server);
        return;
    }
    server->input_length += (size_t)got;
    while (server->connection >= 0 && server->input_length > 0) {
        const size_t used = one_command(server);
        if (used == 0 || server->connection < 0) break;
        server->input_length -= used;
        memmove(server->input, server->input + used, server->input_length);
    }
}

/* ---- the thread ------------------------------------------------------------------------------ */

static void take_connection(struct resp_server *server)
{
    const int taken = accept(server->listening, NULL, NULL);
    if (taken < 0) return;
    hang_up(server);
    server->connection = taken;
    pthread_mutex_lock(&server->lock);
    server->accepted++;
    pthread_mutex_unlock(&server->lock);
}

static bool heed(struct resp_server *server)
{
    char bytes[64];
    (void)!read(server->wake[0], bytes, sizeof bytes);
    pthread_mutex_lock(&server->lock);
    const bool stopping = server->stopping, releasing = server->releasing;
    const bool dropping = server->dropping;
    server->releasing = server->dropping = false;
    pthread_mutex_unlock(&server->lock);
    if (releasing) {
        (void)say(server, server->held, server->held_length);
        server->held_length = 0;
    }
    if (dropping) hang_up(server);
    return !stopping;
}

static void *serve(void *context)
{
    struct resp_server *const server = context;
    for (;;) {
        struct pollfd ready[3] = {{.fd = server->wake[0], .events = POLLIN},
                                  {.fd = server->listening, .events = POLLIN},
                                  {.fd = server->connection, .events = POLLIN}};
        if (poll(ready, 3, -1) < 0) continue;
        if (ready[2].revents != 0) listen_to(server);
        if (ready[1].revents != 0) take_connection(server);
        if (ready[0].revents != 0 && !heed(server)) return NULL;
    }
}

static void open_port(struct resp_server *server, const char *path)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    if (path != NULL) {
        must(strlen(path) < sizeof local.sun_path);
        (void)snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
        server->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(bind(server->listening, (struct sockaddr *)&local, sizeof local) == 0);
    } else {
        socklen_t length = sizeof place;
        server->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        must(bind(server->listening, (struct sockaddr *)&place, sizeof place) == 0);
        must(getsockname(server->listening, (struct sockaddr *)&place, &length) == 0);
        server->port = ntohs(place.sin_port);
    }
    must(listen(server->listening, 8) == 0);
}

struct resp_server *resp_server_start(const char *path)
{
    struct resp_server *const server = calloc(1, sizeof *server);
    must(server != NULL);
    server->connection = -1;
    server->input = malloc(INPUT_MAX);
    must(server->input != NULL && pipe(server->wake) == 0);
    pthread_mutex_init(&server->lock, NULL);
    open_port(server, path);
    must(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

static void wake(struct resp_server *server)
{
    must(write(server->wake[1], "", 1) == 1);
}

void resp_server_stop(struct resp_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->stopping = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
    pthread_join(server->thread, NULL);
    hang_up(server);
    (void)close(server->listening);
    (void)close(server->wake[0]);
    (void)close(server->wake[1]);
    while (server->value_count > 0)
        take_out(server, &server->values[0]);
    free(server->input);
    free(server->held);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

uint16_t resp_server_port(const struct resp_server *server)
{
    return server->port;
}

void resp_server_greets(struct resp_server *server, enum resp_way way, const char *text)
{
    pthread_mutex_lock(&server->lock);
    server->greets = way;
    server->greets_text = text;
    pthread_mutex_unlock(&server->lock);
}

void resp_server_serves(struct resp_server *server, enum resp_way way, const char *text)
{
    pthread_mutex_lock(&server->lock);
    server->serves = way;
    server->serves_text = text;
    pthread_mutex_unlock(&server->lock);
}

void resp_server_release(struct resp_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->releasing = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

void resp_server_drop(struct resp_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->dropping = true;
    pthread_mutex_unlock(&server->lock);
    wake(server);
}

uint32_t resp_server_accepted(struct resp_server *server)
{
    pthread_mutex_lock(&server->lock);
    const uint32_t accepted = server->accepted;
    pthread_mutex_unlock(&server->lock);
    return accepted;
}

uint32_t resp_server_commands(struct resp_server *server)
{
    pthread_mutex_lock(&server->lock);
    const uint32_t commands = server->commands;
    pthread_mutex_unlock(&server->lock);
    return commands;
}

void resp_server_heard(struct resp_server *server, char text[RESP_HEARD_MAX])
{
    pthread_mutex_lock(&server->lock);
    memcpy(text, server->heard, server->heard_length);
    text[server->heard_length] = '\0';
    pthread_mutex_unlock(&server->lock);
}
