#include "providers/redis_client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "providers/redis_client_state.h"
#include "router/base/memory.h"

int64_t redis_client_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- making ---------------------------------------------------------------------------------- */

static struct redis_limits with_defaults(const struct redis_limits *asked)
{
    struct redis_limits limits = asked != NULL ? *asked : (struct redis_limits){0};
    if (limits.connect_us == 0) limits.connect_us = 1000000;
    if (limits.stall_us == 0) limits.stall_us = 2000000;
    if (limits.backoff_first_us == 0) limits.backoff_first_us = 50000;
    if (limits.backoff_most_us == 0) limits.backoff_most_us = 2000000;
    if (limits.value_bytes_max == 0) limits.value_bytes_max = 1 << 16;
    return limits;
}

static bool open_waiting(struct redis_client *client, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN};
    client->epoll = epoll_create1(EPOLL_CLOEXEC);
    client->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    event.data.fd = client->timer;
    if (client->epoll >= 0 && client->timer >= 0 &&
        epoll_ctl(client->epoll, EPOLL_CTL_ADD, client->timer, &event) == 0) {
        return true;
    }
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "cannot wait for the cache: %s",
                    strerror(errno));
}

struct redis_client *redis_client_create(const struct redis_address *address,
                                         const struct redis_limits *limits, struct err *err)
{
    if (redis_protocol_version() == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                       "this routesim was built without hiredis and cannot speak to a Redis");
        (void)err_hint(err, "install libhiredis-dev (Debian, Ubuntu) and run make again");
        return NULL;
    }
    struct redis_client *const client = calloc(1, sizeof *client);
    if (client == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        return NULL;
    }
    client->address = *address;
    client->limits = with_defaults(limits);
    client->socket = client->epoll = client->timer = -1;
    client->timer_us = client->first_due_us = INT64_MAX;
    client->backoff_us = client->limits.backoff_first_us;
    if (!open_waiting(client, err) || !redis_connection_find(client, err)) {
        redis_client_destroy(client);
        return NULL;
    }
    redis_connection_open(client, redis_client_now_us());
    return client;
}

void redis_client_destroy(struct redis_client *client)
{
    if (client == NULL) return;
    redis_connection_close(client);
    if (client->timer >= 0) (void)close(client->timer);
    if (client->epoll >= 0) (void)close(client->epoll);
    free(client->refusals);
    free(client);
}

/* ---- the ring of commands -------------------------------------------------------------------- */

struct redis_command *redis_command_at(struct redis_client *client, uint32_t index)
{
    assert(index < client->count);
    return &client->commands[(client->first + index) % REDIS_COMMANDS_MAX];
}

bool redis_command_add(struct redis_client *client, const struct redis_command *command,
                       const struct redis_word *words, unsigned count)
{
    if (client->count == REDIS_COMMANDS_MAX) return false;
    const size_t before = client->outgoing.length;
    if (before - client->outgoing_done > REDIS_OUTGOING_BYTES_MAX) return false;
    redis_protocol_write(&client->outgoing, words, count);
    if (client->outgoing.failed) return false; /* and the connection with it, at the next write */
    if (client->count == 0) client->heard_us = command->sent_us; /* nothing was owed before */
    client->count++;
    *redis_command_at(client, client->count - 1) = *command;
    if (command->heard) {
        client->heard_count++;
        if (command->due_us < client->first_due_us) client->first_due_us = command->due_us;
    }
    return true;
}

static void tell(struct redis_client *client, const struct redis_command *command,
                 const struct redis_answer *answer)
{
    struct redis_answer told = *answer;
    told.owner = command->owner;
    told.was_set = command->kind == REDIS_SET;
    if (client->ended != NULL) client->ended(client->ended_context, &told);
}

static void stop_hearing(struct redis_client *client, struct redis_command *command)
{
    if (!command->heard) return;
    command->heard = false;
    assert(client->heard_count > 0);
    client->heard_count--;
}

/* A get is answered by a value or by nothing, a set by OK; all else is a failure. */
static enum cache_error judge(enum redis_command_kind kind, const struct redis_reply *reply)
{
    if (reply->too_long) return CACHE_FAILED;
    if (kind == REDIS_SET) {
        return reply->kind == REDIS_STATUS && strcmp(reply->bytes, "OK") == 0 ? CACHE_OK
                                                                              : CACHE_FAILED;
    }
    assert(kind == REDIS_GET);
    return reply->kind == REDIS_STRING || reply->kind == REDIS_NOTHING ? CACHE_OK : CACHE_FAILED;
}

void redis_command_answered(struct redis_client *client, const struct redis_reply *reply)
{
    struct redis_command *const slot = redis_command_at(client, 0);
    const struct redis_command command = *slot;
    const enum redis_command_kind kind = (enum redis_command_kind)command.kind;
    stop_hearing(client, slot);
    client->first = (client->first + 1) % REDIS_COMMANDS_MAX;
    client->count--;
    if (kind == REDIS_AUTH || kind == REDIS_SELECT || kind == REDIS_PING) {
        redis_connection_greeted(client, kind, reply);
    } else if (kind == REDIS_REMOVE) {
        client->removed = reply->kind == REDIS_NUMBER;
    } else if (command.heard) {
        struct redis_answer answer = {.error = judge(kind, reply)};
        if (answer.error == CACHE_OK && reply->kind == REDIS_STRING) {
            answer.found = true;
            answer.bytes = reply->bytes;
            answer.length = reply->length;
        }
        tell(client, &command, &answer);
    } else {
        client->forgotten++;
    }
}

/* Told at the next poll, when there is none: nobody is called back from inside a get or a set. */
static void refuse(struct redis_client *client, void *owner, bool was_set, enum cache_error error)
{
    if (client->refusal_count == client->refusals_room) {
        const uint32_t room = client->refusals_room == 0 ? 64 : client->refusals_room * 2;
        struct redis_refusal *const grown =
            memory_resize(client->refusals, room, sizeof *client->refusals);
        assert(grown != NULL); /* a few bytes: nothing sensible goes on without them */
        client->refusals = grown;
        client->refusals_room = room;
    }
    client->refusals[client->refusal_count++] =
        (struct redis_refusal){.owner = owner, .was_set = was_set, .error = error};
}

static void tell_refusals(struct redis_client *client)
{
    /* What the callbacks have refused meanwhile waits for the next poll. */
    const uint32_t count = client->refusal_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct redis_refusal refusal = client->refusals[i];
        const struct redis_answer answer = {
            .owner = refusal.owner, .was_set = refusal.was_set, .error = refusal.error};
        client->ended(client->ended_context, &answer);
    }
    client->refusal_count -= count;
    if (client->refusal_count == 0) return;
    memmove(client->refusals, client->refusals + count,
            client->refusal_count * sizeof client->refusals[0]);
}

void redis_commands_lose(struct redis_client *client)
{
    static const struct redis_answer lost = {.error = CACHE_REFUSED};
    while (client->count > 0) {
        struct redis_command *const slot = redis_command_at(client, 0);
        const struct redis_command command = *slot;
        stop_hearing(client, slot);
        client->first = (client->first + 1) % REDIS_COMMANDS_MAX;
        client->count--;
        if (command.heard) tell(client, &command, &lost);
    }
    client->first_due_us = INT64_MAX;
}

static void expire(struct redis_client *client, int64_t now_us)
{
    static const struct redis_answer late = {.error = CACHE_TIMEOUT};
    if (client->first_due_us > now_us) return;
    int64_t first_us = INT64_MAX;
    const uint32_t count = client->count; /* callbacks may add behind it */
    client->first_due_us = INT64_MAX;     /* by them alone, from here on */
    for (uint32_t i = 0; i < count; i++) {
        struct redis_command *const command = redis_command_at(client, i);
        if (!command->heard) continue;
        if (command->due_us > now_us) {
            if (command->due_us < first_us) first_us = command->due_us;
            continue;
        }
        stop_hearing(client, command);
        tell(client, command, &late);
    }
    if (first_us < client->first_due_us) client->first_due_us = first_us;
}

/* ---- sending --------------------------------------------------------------------------------- */

static void send_command(struct redis_client *client, struct redis_command *command,
                         const struct redis_word *words, unsigned count, int64_t timeout_us)
{
    const bool was_set = command->kind == REDIS_SET;
    command->sent_us = redis_client_now_us();
    command->due_us = command->sent_us + (timeout_us > 0 ? timeout_us : 0);
    command->heard = true;
    if (client->state != REDIS_UP) {
        refuse(client, command->owner, was_set, CACHE_REFUSED);
    } else if (!redis_command_add(client, command, words, count)) {
        refuse(client, command->owner, was_set, CACHE_FAILED);
    } else {
        redis_connection_write(client);
    }
}

static void set_timer(struct redis_client *client);

void redis_client_get(struct redis_client *client, const char *key, size_t length, void *owner,
                      int64_t timeout_us)
{
    const struct redis_word words[] = {{"GET", 3}, {key, length}};
    struct redis_command command = {.kind = REDIS_GET, .owner = owner};
    send_command(client, &command, words, 2, timeout_us);
    set_timer(client);
}

void redis_client_set(struct redis_client *client, const char *key, size_t length,
                      const struct redis_value *value, void *owner, int64_t timeout_us)
{
    char life[NUMBER_TEXT_MAX];
    const int64_t ttl_ms = value->ttl_us > 0 ? (value->ttl_us + 999) / 1000 : 1;
    const size_t life_length = number_write_int(life, ttl_ms);
    const struct redis_word words[] = {
        {"SET", 3}, {key, length}, {value->bytes, value->length}, {"PX", 2}, {life, life_length}};
    struct redis_command command = {.kind = REDIS_SET, .owner = owner};
    send_command(client, &command, words, 5, timeout_us);
    set_timer(client);
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t next_us(const struct redis_client *client)
{
    int64_t due_us = client->first_due_us;
    if (client->refusal_count > 0) return 0;
    switch (client->state) {
    case REDIS_DOWN:
        return client->retry_us < due_us ? client->retry_us : due_us;
    case REDIS_CONNECTING:
    case REDIS_GREETING:
        return client->connect_due_us < due_us ? client->connect_due_us : due_us;
    case REDIS_UP:
        break;
    }
    if (client->count == 0) return due_us;
    const int64_t stalled_us = client->heard_us + client->limits.stall_us;
    return stalled_us < due_us ? stalled_us : due_us;
}

/* The timer may ring too early, and is set anew then; it never rings late. So a due that moved away
 * costs a wait that ends for nothing now and then, and not a system call an answer. */
static void set_timer(struct redis_client *client)
{
    const int64_t due_us = next_us(client);
    if (due_us >= client->timer_us) return;
    const int64_t at_us = due_us > 0 ? due_us : 1; /* 0 would switch it off */
    const struct itimerspec when = {
        .it_value = {.tv_sec = at_us / 1000000, .tv_nsec = at_us % 1000000 * 1000}};
    (void)timerfd_settime(client->timer, TFD_TIMER_ABSTIME, &when, NULL);
    client->timer_us = due_us;
}

/* Until it has been read the descriptor stays readable. */
static void hear_timer(struct redis_client *client)
{
    uint64_t rings;
    if (read(client->timer, &rings, sizeof rings) == sizeof rings) client->timer_us = INT64_MAX;
}

/* ---- driving --------------------------------------------------------------------------------- */

static void ignore_answer(void *context, const struct redis_answer *answer)
{
    (void)context;
    (void)answer;
}

void redis_client_poll(struct redis_client *client, redis_client_ended ended, void *context)
{
    assert(client->ended == NULL);
    client->ended = ended != NULL ? ended : ignore_answer;
    client->ended_context = context;
    const int64_t now_us = redis_client_now_us();
    hear_timer(client);
    redis_connection_drive(client, now_us); /* answers that are here before deadlines */
    expire(client, now_us);
    tell_refusals(client);
    client->ended = NULL;
    set_timer(client);
}

int redis_client_descriptor(const struct redis_client *client)
{
    return client->epoll;
}

void redis_client_wait(struct redis_client *client, int64_t until_us)
{
    struct epoll_event event;
    const int64_t now_us = redis_client_now_us();
    const int64_t left_us = until_us > now_us ? until_us - now_us : 0;
    const struct timespec wait = {.tv_sec = left_us / 1000000, .tv_nsec = left_us % 1000000 * 1000};
    if (epoll_pwait2(client->epoll, &event, 1, &wait, NULL) >= 0 || errno != ENOSYS) return;
    const int64_t wait_ms = (left_us + 999) / 1000; /* kernels before 5.11 */
    (void)epoll_wait(client->epoll, &event, 1, wait_ms < 60000 ? (int)wait_ms : 60000);
}

bool redis_client_connect(struct redis_client *client, struct err *err)
{
    const int64_t until_us = redis_client_now_us() + client->limits.connect_us;
    struct text where = {0};
    while (client->state != REDIS_UP && client->state != REDIS_DOWN) {
        redis_client_wait(client, until_us);
        redis_client_poll(client, NULL, NULL);
        if (redis_client_now_us() >= until_us) break;
    }
    if (client->state == REDIS_UP) return true;
    redis_address_write(&client->address, &where);
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "no cache at %s: %s",
                   where.bytes != NULL ? where.bytes : "",
                   client->reason[0] != '\0' ? client->reason : "no answer in time");
    text_release(&where);
    return false;
}

void redis_client_forget(struct redis_client *client)
{
    for (uint32_t i = 0; i < client->count; i++)
        stop_hearing(client, redis_command_at(client, i));
    client->first_due_us = INT64_MAX;
    client->refusal_count = 0;
}

bool redis_client_remove(struct redis_client *client, const char *const *keys, unsigned count,
                         int64_t timeout_us)
{
    struct redis_word words[REDIS_REMOVED_MAX + 1] = {{"UNLINK", 6}};
    assert(count > 0 && count <= REDIS_REMOVED_MAX);
    for (unsigned i = 0; i < count; i++)
        words[i + 1] = (struct redis_word){keys[i], strlen(keys[i])};
    const struct redis_command command = {.kind = REDIS_REMOVE, .sent_us = redis_client_now_us()};
    const int64_t until_us = command.sent_us + timeout_us;
    redis_client_forget(client);
    client->removed = false;
    if (client->state != REDIS_UP || !redis_command_add(client, &command, words, count + 1)) {
        return false;
    }
    redis_connection_write(client);
    while (!client->removed && client->state == REDIS_UP && client->count > 0 &&
           redis_client_now_us() < until_us) {
        redis_client_wait(client, until_us);
        redis_client_poll(client, NULL, NULL);
    }
    return client->removed;
}

uint32_t redis_client_in_flight(const struct redis_client *client)
{
    return client->heard_count + client->refusal_count;
}

void redis_client_facts(const struct redis_client *client, struct redis_facts *facts)
{
    *facts = (struct redis_facts){.connects = client->connects,
                                  .losses = client->losses,
                                  .forgotten = client->forgotten,
                                  .up = client->state == REDIS_UP};
    (void)snprintf(facts->loss, sizeof facts->loss, "%s", client->loss);
    (void)snprintf(facts->reason, sizeof facts->reason, "%s", client->reason);
}
