/* Who waits, until when: a heap of instants, and one thread that sleeps until the next of them.
 *
 * The thread sleeps in an epoll that holds a timer (timerfd: no slack, microseconds), the sockets
 * of requests that wait for long, and hung sockets. What the epoll has to say is asked for again
 * under the lock: whoever takes a wait out of the heap takes its socket out of the epoll under the
 * same holding, so that no event can speak of a wait that is over. */
#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "mocks/http_server_state.h"
#include "router/base/duration.h"

enum { EVENTS = 64, HEAP_FIRST = 256 };

int64_t server_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

/* ---- the heap -------------------------------------------------------------------------------- */

static bool before(const struct wait *a, const struct wait *b)
{
    return a->due_us < b->due_us || (a->due_us == b->due_us && a->ordinal < b->ordinal);
}

static void put_at(struct mock_server *server, uint32_t place, struct wait *wait)
{
    server->heap[place] = wait;
    wait->place = place;
}

static void sift_up(struct mock_server *server, uint32_t place, struct wait *wait)
{
    while (place > 0 && before(wait, server->heap[(place - 1) / 2])) {
        put_at(server, place, server->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put_at(server, place, wait);
}

static void sift_down(struct mock_server *server, uint32_t place, struct wait *wait)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= server->heap_count) break;
        if (child + 1 < server->heap_count && before(server->heap[child + 1], server->heap[child]))
            child++;
        if (!before(server->heap[child], wait)) break;
        put_at(server, place, server->heap[child]);
        place = child;
    }
    put_at(server, place, wait);
}

static bool heap_add(struct mock_server *server, struct wait *wait)
{
    if (server->heap_count == server->heap_capacity) {
        const uint32_t capacity =
            server->heap_capacity == 0 ? HEAP_FIRST : 2 * server->heap_capacity;
        struct wait **const heap = realloc(server->heap, capacity * sizeof *heap);
        if (heap == NULL) return false;
        server->heap = heap;
        server->heap_capacity = capacity;
    }
    wait->ordinal = server->ordinals++;
    sift_up(server, server->heap_count++, wait);
    return true;
}

static void heap_take(struct mock_server *server, struct wait *wait)
{
    const uint32_t place = wait->place;
    assert(place < server->heap_count);
    assert(server->heap[place] == wait);
    struct wait *const last = server->heap[--server->heap_count];
    if (last == wait) return;
    if (place > 0 && before(last, server->heap[(place - 1) / 2]))
        sift_up(server, place, last);
    else
        sift_down(server, place, last);
}

/* ---- timer and epoll ------------------------------------------------------------------------- */

static void set_timer(struct mock_server *server, int64_t due_us)
{
    if (server->armed_us == due_us) return;
    server->armed_us = due_us;
    struct itimerspec at = {{0, 0}, {0, 0}}; /* that much: never */
    if (due_us != INT64_MAX) {
        at.it_value.tv_sec = (time_t)(due_us / US_PER_SECOND);
        at.it_value.tv_nsec = (long)(due_us % US_PER_SECOND) * 1000;
    }
    const int set = timerfd_settime(server->timer, TFD_TIMER_ABSTIME, &at, NULL);
    assert(set == 0);
}

static void set_timer_to_first(struct mock_server *server)
{
    set_timer(server, server->heap_count > 0 ? server->heap[0]->due_us : INT64_MAX);
}

/* A machine that cannot watch one more socket notices its client at the wait's end. */
static void watch(struct mock_server *server, struct wait *wait)
{
    struct epoll_event event = {.events = EPOLLRDHUP, .data.ptr = wait};
    wait->watched = epoll_ctl(server->epoll, EPOLL_CTL_ADD, wait->socket, &event) == 0;
}

static void unwatch(struct mock_server *server, struct wait *wait)
{
    if (!wait->watched) return;
    const int removed = epoll_ctl(server->epoll, EPOLL_CTL_DEL, wait->socket, NULL);
    assert(removed == 0);
    wait->watched = false;
}

/* ---- beginning and ending -------------------------------------------------------------------- */

static void count_waiting(struct mock_server *server)
{
    const uint64_t waiting = atomic_fetch_add(&server->waiting, 1) + 1;
    if (waiting > atomic_load(&server->waiting_max)) atomic_store(&server->waiting_max, waiting);
}

static bool begin(struct mock_server *server, struct wait *wait, bool watched)
{
    if (server->ending || !heap_add(server, wait)) return false;
    count_waiting(server);
    if (watched) watch(server, wait);
    if (wait->due_us < server->armed_us) set_timer(server, wait->due_us);
    return true;
}

static void end(struct mock_server *server, struct wait *wait)
{
    heap_take(server, wait);
    unwatch(server, wait);
    (void)atomic_fetch_sub(&server->waiting, 1);
}

static void enter_flight(struct request *request)
{
    struct request *const head = &request->wait.port->flights;
    request->flight_next = head;
    request->flight_prev = head->flight_prev;
    head->flight_prev->flight_next = request;
    head->flight_prev = request;
}

static void leave_flight(struct request *request)
{
    if (request->flight_next == NULL) return;
    request->flight_next->flight_prev = request->flight_prev;
    request->flight_prev->flight_next = request->flight_next;
    request->flight_next = request->flight_prev = NULL;
}

void server_forget_flights_locked(struct port *port)
{
    while (port->flights.flight_next != &port->flights)
        leave_flight(port->flights.flight_next);
}

void server_wake_locked(struct request *request)
{
    end(request->wait.port->server, &request->wait);
    leave_flight(request);
    request->phase = PHASE_DUE;
    MHD_resume_connection(request->connection);
}

void server_defer_locked(struct request *request, int64_t due_us)
{
    struct mock_server *const server = request->wait.port->server;
    heap_take(server, &request->wait);
    request->wait.due_us = due_us;
    const bool added = heap_add(server, &request->wait);
    assert(added); /* there is the place it had */
    if (due_us < server->armed_us) set_timer(server, due_us);
}

static void end_held(struct wait *wait)
{
    struct mock_server *const server = wait->port->server;
    end(server, wait);
    (void)close(wait->socket);
    (void)atomic_fetch_add(&server->unanswered, 1);
    (void)atomic_fetch_sub(&wait->port->held, 1);
    free(wait);
}

static void end_by_time(struct wait *wait)
{
    if (wait->held)
        end_held(wait);
    else
        server_wake_locked(request_of(wait));
}

/* The client has left, or the server ends. */
static void end_unanswered(struct wait *wait)
{
    if (wait->held) {
        end_held(wait);
        return;
    }
    request_of(wait)->manner = MANNER_CLOSE;
    server_wake_locked(request_of(wait));
}

bool server_wait(struct request *request, int64_t due_us)
{
    struct mock_server *const server = request->wait.port->server;
    request->wait.due_us = due_us;
    request->wait.held = false;
    request->wait.watched = false;
    const bool watched = due_us - server_monotonic_us() > SERVER_WATCH_US;
    if (watched) {
        request->wait.socket =
            MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                ->connect_fd;
    }
    (void)pthread_mutex_lock(&server->lock);
    const bool waits = begin(server, &request->wait, watched);
    if (waits) {
        request->phase = PHASE_WAITING;
        if (request->strikable) enter_flight(request);
        MHD_suspend_connection(request->connection);
    }
    (void)pthread_mutex_unlock(&server->lock);
    return waits;
}

void server_hold(struct port *port, int socket, int64_t due_us)
{
    struct mock_server *const server = port->server;
    struct wait *const wait = calloc(1, sizeof *wait);
    bool waits = false;
    if (wait != NULL) {
        *wait = (struct wait){.due_us = due_us, .socket = socket, .held = true, .port = port};
        (void)atomic_fetch_add(&port->held, 1);
        (void)pthread_mutex_lock(&server->lock);
        waits = begin(server, wait, true);
        (void)pthread_mutex_unlock(&server->lock);
        if (!waits) (void)atomic_fetch_sub(&port->held, 1);
    }
    if (waits) return;
    free(wait);
    (void)close(socket);
    (void)atomic_fetch_add(&server->unanswered, 1);
}

void server_end_waits(struct mock_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    server->ending = true;
    while (server->heap_count > 0)
        end_unanswered(server->heap[server->heap_count - 1]);
    (void)pthread_mutex_unlock(&server->lock);
}

bool server_has_due(struct mock_server *server, int64_t by_us)
{
    bool has = false;
    (void)pthread_mutex_lock(&server->lock);
    for (uint32_t i = 0; i < server->heap_count && !has; i++) {
        const struct wait *const wait = server->heap[i];
        has = !wait->held && wait->due_us <= by_us;
    }
    (void)pthread_mutex_unlock(&server->lock);
    return has;
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void notice_departures(struct mock_server *server)
{
    struct epoll_event events[EVENTS];
    const int count = epoll_wait(server->epoll, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr != NULL) end_unanswered(events[i].data.ptr);
    }
}

static void end_what_is_due(struct mock_server *server)
{
    const int64_t now_us = server_monotonic_us();
    while (server->heap_count > 0 && server->heap[0]->due_us <= now_us)
        end_by_time(server->heap[0]);
    /* A timer that has run out has to be set again, be it to never, or it would be heard for ever.
     */
    if (server->armed_us <= now_us) server->armed_us = INT64_MIN;
    set_timer_to_first(server);
}

static void *run_clock(void *context)
{
    struct mock_server *const server = context;
    for (;;) {
        struct epoll_event event;
        (void)epoll_wait(server->epoll, &event, 1, -1);
        (void)pthread_mutex_lock(&server->lock);
        const bool over = server->clock_over;
        if (!over) {
            notice_departures(server);
            end_what_is_due(server);
        }
        (void)pthread_mutex_unlock(&server->lock);
        if (over) return NULL;
    }
}

/* No signal is for this thread: those who wait for signals do it elsewhere. */
static int start_thread(struct mock_server *server)
{
    sigset_t all, before_us;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before_us);
    const int failed = pthread_create(&server->clock, NULL, run_clock, server);
    (void)pthread_sigmask(SIG_SETMASK, &before_us, NULL);
    return failed;
}

bool server_clock_start(struct mock_server *server, struct err *err)
{
    server->armed_us = INT64_MAX;
    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (server->epoll < 0 || server->timer < 0 ||
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->timer, &event) != 0) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                        "no timer for the mock servers: %s", strerror(errno));
    }
    const int failed = start_thread(server);
    if (failed != 0) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                        "no thread for the mock servers' clock: %s", strerror(failed));
    }
    server->clock_runs = true;
    return true;
}

void server_clock_stop(struct mock_server *server)
{
    if (server->clock_runs) {
        (void)pthread_mutex_lock(&server->lock);
        server->clock_over = true;
        set_timer(server, 1); /* long past */
        (void)pthread_mutex_unlock(&server->lock);
        (void)pthread_join(server->clock, NULL);
        server->clock_runs = false;
    }
    assert(server->heap_count == 0);
    free(server->heap);
    if (server->timer >= 0) (void)close(server->timer);
    if (server->epoll >= 0) (void)close(server->epoll);
}
