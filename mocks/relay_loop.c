#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "mocks/relay_state.h"
#include "router/base/random.h"

static int64_t clock_us(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

/* ---- buffers --------------------------------------------------------------------------------- */

size_t relay_buffer_room(struct relay_buffer *buffer)
{
    if (buffer->start > 0) {
        const size_t length = relay_buffer_length(buffer);
        if (length > 0) memmove(buffer->bytes, buffer->bytes + buffer->start, length);
        buffer->start = 0;
        buffer->end = length;
    }
    return RELAY_BUFFER_BYTES - buffer->end;
}

void relay_buffer_take(struct relay_buffer *buffer, size_t length)
{
    assert(length <= relay_buffer_length(buffer));
    buffer->start += length;
    if (buffer->start == buffer->end) buffer->start = buffer->end = 0;
}

void relay_buffer_put(struct relay_buffer *buffer, const void *bytes, size_t length)
{
    assert(length <= RELAY_BUFFER_BYTES - buffer->end);
    memcpy(buffer->bytes + buffer->end, bytes, length);
    buffer->end += length;
}

/* ---- timers: a binary heap ------------------------------------------------------------------- */

static void heap_place(struct relay *relay, uint32_t index, struct relay_connection *connection)
{
    relay->heap[index] = connection;
    connection->heap_index = index;
}

static void heap_rise(struct relay *relay, uint32_t index)
{
    struct relay_connection *const moving = relay->heap[index];
    while (index > 0) {
        const uint32_t parent = (index - 1) / 2;
        if (relay->heap[parent]->due_us <= moving->due_us) break;
        heap_place(relay, index, relay->heap[parent]);
        index = parent;
    }
    heap_place(relay, index, moving);
}

static void heap_sink(struct relay *relay, uint32_t index)
{
    struct relay_connection *const moving = relay->heap[index];
    for (;;) {
        uint32_t child = 2 * index + 1;
        if (child >= relay->heap_count) break;
        if (child + 1 < relay->heap_count &&
            relay->heap[child + 1]->due_us < relay->heap[child]->due_us)
            child++;
        if (moving->due_us <= relay->heap[child]->due_us) break;
        heap_place(relay, index, relay->heap[child]);
        index = child;
    }
    heap_place(relay, index, moving);
}

void relay_timer_remove(struct relay *relay, struct relay_connection *connection)
{
    const uint32_t index = connection->heap_index;
    if (index == RELAY_NOT_IN_HEAP) return;
    assert(relay->heap[index] == connection);
    connection->heap_index = RELAY_NOT_IN_HEAP;
    struct relay_connection *const last = relay->heap[--relay->heap_count];
    if (last == connection) return;
    heap_place(relay, index, last);
    heap_rise(relay, index);
    heap_sink(relay, last->heap_index);
}

/* A timer is never put off: most deadlines move away with every byte, and the one that comes too
 * early costs one look. */
void relay_timer_set(struct relay *relay, struct relay_connection *connection, int64_t due_us)
{
    const bool waits = connection->heap_index != RELAY_NOT_IN_HEAP;
    if (waits && connection->due_us <= due_us) return;
    connection->due_us = due_us;
    if (!waits) {
        assert(relay->heap_count < RELAY_CONNECTIONS_MAX);
        heap_place(relay, relay->heap_count++, connection);
    }
    heap_rise(relay, connection->heap_index);
}

static int wait_ms(const struct relay *relay)
{
    if (relay->ready_first != NULL) return 0;
    int64_t due_us = relay->accept_again_us;
    if (relay->heap_count > 0 && relay->heap[0]->due_us < due_us) due_us = relay->heap[0]->due_us;
    if (due_us == RELAY_NEVER_US) return -1;
    const int64_t left_us = due_us - clock_us();
    return left_us <= 0 ? 0 : (int)((left_us + 999) / 1000); /* under RELAY_IDLE_US: it fits */
}

/* ---- the loop -------------------------------------------------------------------------------- */

bool relay_descriptor_prepare(int fd)
{
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool relay_watch_add(struct relay *relay, struct relay_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    return epoll_ctl(relay->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

void relay_ready(struct relay *relay, struct relay_connection *connection)
{
    if (connection->ready) return;
    connection->ready = true;
    connection->next_ready = NULL;
    if (relay->ready_last == NULL)
        relay->ready_first = connection;
    else
        relay->ready_last->next_ready = connection;
    relay->ready_last = connection;
}

static void on_event(struct relay *relay, const struct epoll_event *event)
{
    struct relay_watch *const watch = event->data.ptr;
    if (watch->fd < 0) return; /* closed earlier in this round */
    uint64_t ticks;
    switch (watch->kind) {
    case WATCH_WAKE:
        while (read(watch->fd, &ticks, sizeof ticks) < 0 && errno == EINTR)
            ;
        break;
    case WATCH_PORT:
        relay_port_accept(watch->owner);
        break;
    case WATCH_CLIENT:
    case WATCH_UPSTREAM:
        relay_connection_event(watch->owner, watch, event->events);
        relay_ready(relay, watch->owner);
        break;
    }
}

static void fire_timers(struct relay *relay)
{
    while (relay->heap_count > 0 && relay->heap[0]->due_us <= relay->now_us) {
        struct relay_connection *const connection = relay->heap[0];
        relay_timer_remove(relay, connection);
        relay_ready(relay, connection);
    }
    if (relay->accept_again_us > relay->now_us) return;
    relay->accept_again_us = RELAY_NEVER_US;
    for (struct relay_port *port = relay->ports; port != NULL; port = port->next) {
        if (port->paused) relay_port_resume(port);
    }
}

/* Those that put themselves on the list again have their turn in the next round. */
static void pump_ready(struct relay *relay)
{
    struct relay_connection *connection = relay->ready_first;
    relay->ready_first = relay->ready_last = NULL;
    while (connection != NULL) {
        struct relay_connection *const next = connection->next_ready;
        connection->ready = false;
        if (connection->mode != MODE_DEAD) relay_connection_pump(connection);
        connection = next;
    }
}

static void bury_dead(struct relay *relay)
{
    struct relay_connection *connection = relay->dead;
    relay->dead = NULL;
    while (connection != NULL) {
        struct relay_connection *const next = connection->next;
        assert(!connection->ready);
        free(connection->memory);
        free(connection);
        connection = next;
    }
}

/* ---- commands, on the relay's side ----------------------------------------------------------- */

static struct relay_port *find_port(struct relay *relay, uint16_t number)
{
    struct relay_port *port = relay->ports;
    while (port != NULL && port->number != number)
        port = port->next;
    return port;
}

static void reset_all(struct relay_port *port)
{
    while (port->connections != NULL)
        relay_connection_kill(port->connections, true);
}

static bool add_port(struct relay *relay, struct relay_command *command)
{
    struct relay_port *const port = command->port;
    command->error = ENOSPC;
    if (relay->port_count == RELAY_PORTS_MAX) return false;
    port->relay = relay;
    /* The key goes by place, not by number: numbers differ from run to run. */
    port->key = random_key(relay->seed, relay->ports_opened);
    if (!relay_port_apply(port, &command->rule)) {
        command->error = errno;
        return false;
    }
    relay->ports_opened++;
    relay->port_count++;
    port->next = relay->ports;
    relay->ports = port;
    return true;
}

static void close_port(struct relay *relay, struct relay_port *port)
{
    reset_all(port);
    struct relay_port **link = &relay->ports;
    while (*link != port)
        link = &(*link)->next;
    *link = port->next;
    relay->port_count--;
    relay_port_destroy(port);
}

static bool set_rule(struct relay_port *port, struct relay_command *command)
{
    const struct relay_rule before = port->rule;
    command->filler_count = port->filler_count;
    if (!relay_port_apply(port, &command->rule)) {
        command->error = errno;
        return false;
    }
    command->rule = before;
    command->listener = port->watch.fd;
    command->address = port->address;
    return true;
}

static void take_fillers(struct relay_port *port, const struct relay_command *command)
{
    assert(port->door == DOOR_FULL);
    memcpy(port->fillers, command->fillers, sizeof port->fillers);
    port->filler_count = command->filler_count;
}

static void reset_connections(struct relay *relay, uint16_t number)
{
    for (struct relay_port *port = relay->ports; port != NULL; port = port->next) {
        if (number == 0 || port->number == number) reset_all(port);
    }
}

static void obey(struct relay *relay, struct relay_command *command)
{
    struct relay_port *const port =
        command->kind == COMMAND_ADD ? NULL : find_port(relay, command->number);
    switch (command->kind) {
    case COMMAND_ADD:
        command->ok = add_port(relay, command);
        break;
    case COMMAND_SET:
        command->error = EINVAL;
        command->ok = port != NULL && set_rule(port, command);
        break;
    case COMMAND_FILLED:
        take_fillers(port, command);
        break;
    case COMMAND_CLOSE:
        if (port != NULL) close_port(relay, port);
        break;
    case COMMAND_RESET:
        reset_connections(relay, command->number);
        break;
    case COMMAND_COUNT:
        if (command->number == 0)
            command->counters = relay->counters;
        else if (port != NULL)
            command->counters = port->counters;
        break;
    case COMMAND_STOP:
        relay->stopping = true;
        break;
    }
}

static void obey_queue(struct relay *relay)
{
    (void)pthread_mutex_lock(&relay->queue_lock);
    while (relay->queue != NULL) {
        struct relay_command *const command = relay->queue;
        relay->queue = command->next;
        obey(relay, command);
        command->done = true; /* from here on it is the caller's again */
    }
    (void)pthread_cond_broadcast(&relay->queue_done);
    (void)pthread_mutex_unlock(&relay->queue_lock);
}

enum { EVENTS_A_ROUND = 128 };

void *relay_run(void *context)
{
    struct relay *const relay = context;
    struct epoll_event events[EVENTS_A_ROUND];
    while (!relay->stopping) {
        const int count = epoll_wait(relay->epoll, events, EVENTS_A_ROUND, wait_ms(relay));
        relay->now_us = clock_us();
        for (int i = 0; i < count; i++)
            on_event(relay, &events[i]);
        fire_timers(relay);
        pump_ready(relay);
        obey_queue(relay);
        pump_ready(relay); /* a connection that a command killed may not be buried on this list */
        bury_dead(relay);
    }
    while (relay->ports != NULL)
        close_port(relay, relay->ports);
    pump_ready(relay);
    bury_dead(relay);
    return NULL;
}
