/* sim/command/mock.c - `routesim mock`: the four providers as HTTP servers, until somebody stops
 * them. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/mock_state.h"
#include "sim/command/signals.h"

#define GRACE_US INT64_C(2000000) /* for answers that are due, when it is asked to stop */

/* ---- signals --------------------------------------------------------------------------------- */

static pthread_t serving_thread;
static atomic_bool stop_asked; /* by the admin interface */

static sigset_t signals_of_ours(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1); /* a thread of ours has something to say */
    return set;
}

static void wake(bool stop)
{
    if (stop) atomic_store(&stop_asked, true);
    (void)pthread_kill(serving_thread, SIGUSR1);
}

/* The first asked for a graceful stop; the next leaves at once. */
static void leave_on_second_signal(void)
{
    sigset_t set;
    signals_leave_at_next();
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* ---- serving --------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a_us, int64_t b_us)
{
    return a_us < b_us ? a_us : b_us;
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The next signal of ours, or 0 when `wait_us` are over. */
static int wait_for_signal(int64_t wait_us)
{
    enum { LONGEST_S = 1 }; /* what nobody wakes us for is looked at then */
    const sigset_t set = signals_of_ours();
    if (wait_us < 0) wait_us = 0;
    wait_us = sooner(wait_us, LONGEST_S * INT64_C(1000000));
    const struct timespec timeout = {.tv_sec = (time_t)(wait_us / 1000000),
                                     .tv_nsec = (long)(wait_us % 1000000) * 1000};
    const int number = sigtimedwait(&set, NULL, &timeout);
    return number > 0 ? number : 0;
}

static void reload(struct mock *mock)
{
    if (mock->world.path == NULL || strcmp(mock->world.path, "-") == 0) {
        mock_warn(mock, "give a scenario's file", "there is nothing to read again");
        return;
    }
    const bool read = mock_world_reload(&mock->world);
    fprintf(mock->console->err, "routesim mock: %s\n",
            read ? "the scenario was read again" : "the scenario from before is served on");
    if (read) mock_warn_of_faults(mock);
}

/* Until somebody stops it, or the time is over. */
static void serve(struct mock *mock)
{
    const int64_t until_us =
        mock->wish.for_us == INT64_MAX ? INT64_MAX : monotonic_us() + mock->wish.for_us;
    while (!atomic_load(&stop_asked)) {
        const int64_t turn_us = mock_turn(mock);
        const int64_t next_us = sooner(mock_world_strike(&mock->world), turn_us);
        const int64_t next_in_us =
            next_us == INT64_MAX ? INT64_MAX : next_us - mock_world_now_us(&mock->world);
        const int64_t left_us = until_us == INT64_MAX ? INT64_MAX : until_us - monotonic_us();
        if (left_us <= 0) return;
        const int number = wait_for_signal(sooner(next_in_us, left_us));
        if (number == SIGINT || number == SIGTERM) return;
        if (number == SIGHUP) reload(mock);
        mock_mind_starving(mock);
    }
}

static int serve_world(struct mock *mock)
{
    struct err err;
    if (!mock_start(mock, &err)) {
        mock_stop(mock, 0);
        return console_error(mock->console, &err, NULL);
    }
    const int64_t begun_us = monotonic_us();
    mock_say_warnings(mock);
    int code = mock_say_where(mock);
    if (code == EXIT_DONE) {
        serve(mock);
        leave_on_second_signal();
        mock_mind_starving(mock);
        mock_say_goodbye(mock, monotonic_us() - begun_us);
    }
    mock_stop(mock, code == EXIT_DONE ? GRACE_US : 0);
    if (code == EXIT_DONE) code = mock_write_journal(mock);
    return code == EXIT_DONE && mock->starved ? EXIT_ENVIRONMENT : code;
}

int command_mock(const struct invocation *invocation, struct console *console)
{
    struct mock *const mock = calloc(1, sizeof *mock);
    if (mock == NULL) return EXIT_ENVIRONMENT;
    mock->invocation = invocation;
    mock->console = console;
    mock->claim = -1;
    struct err err;
    int code;
    if (!mock_wish_read(invocation, &mock->wish, &err)) {
        code = console_error(console, &err, NULL);
        free(mock);
        return code;
    }
    (void)descriptors_raise();
    code = mock_world_open(&mock->world, invocation, console,
                           invocation->operand_count > 0 ? invocation->operands[0] : NULL);
    if (code == EXIT_DONE) {
        /* Before any thread begins, so that all of them leave signals to this one. */
        const sigset_t set = signals_of_ours();
        serving_thread = pthread_self();
        mock->world.wake = wake;
        atomic_store(&stop_asked, false);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        code = serve_world(mock);
    }
    mock_release(mock);
    return code;
}
