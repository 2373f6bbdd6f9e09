#include "sim/command/watch.h"

#include <inttypes.h>
#include <unistd.h>

#include "router/base/duration.h"

static const int64_t drain_silent_us = 1000000; /* what ends so soon need not be explained */

/* The most urgent of what a run in real time still waits for. */
static void put_waited_for(const struct world_progress *at, bool stopping,
                           char text[static PROGRESS_TEXT_MAX])
{
    const char *const way_out = stopping ? "Ctrl-C again to stop at once" : "Ctrl-C to stop now";
    char left[DURATION_TEXT_MAX];
    if (at->in_flight > 0) {
        const int64_t left_us = at->last_end_us - at->now_us;
        duration_for_people(left_us > 0 ? left_us : 0, left);
        (void)snprintf(text, PROGRESS_TEXT_MAX,
                       "waiting for %" PRIu32 " call%s still in flight, at most %s, %s",
                       at->in_flight, at->in_flight == 1 ? "" : "s", left, way_out);
    } else if (at->unfinished > 0) {
        (void)snprintf(text, PROGRESS_TEXT_MAX, "waiting for %" PRIu64 " order%s to be decided, %s",
                       at->unfinished, at->unfinished == 1 ? "" : "s", way_out);
    } else {
        (void)snprintf(text, PROGRESS_TEXT_MAX, "waiting for %" PRIu64 " customer%s to confirm, %s",
                       at->unconfirmed, at->unconfirmed == 1 ? "" : "s", way_out);
    }
}

static void say_stopping(struct watch *watch)
{
    if (watch->stop_said || *watch->stop == 0) return;
    watch->stop_said = true;
    if (watch->quiet) return;
    progress_hide(&watch->progress);
    fputs("routesim: finishing what is in flight, press Ctrl-C again to stop at once\n",
          watch->progress.setup.stream);
}

/* After its last order a run waits for what is under way: hung calls, for as long as they live. */
static bool show_draining(struct watch *watch, const struct world_progress *at)
{
    char text[PROGRESS_TEXT_MAX];
    if (!at->draining) return false;
    if (watch->draining_us == 0) watch->draining_us = at->now_us;
    if (at->now_us - watch->draining_us < drain_silent_us) return false;
    put_waited_for(at, *watch->stop != 0, text);
    progress_wait(&watch->progress, text);
    return true;
}

void watch_time(void *context, const struct world_progress *at)
{
    struct watch *watch = context;
    char now[DURATION_TEXT_MAX], whole[DURATION_TEXT_MAX], text[PROGRESS_TEXT_MAX];
    if (watch->replications > 1) return; /* then replications are what is shown */
    duration_for_people(at->now_us, now);
    duration_for_people(watch->duration_us, whole);
    if (watch->real) {
        say_stopping(watch);
        if (show_draining(watch, at)) return;
        (void)snprintf(text, sizeof text,
                       "%s of %s, %" PRIu64 " orders, %" PRIu32 " calls in flight", now, whole,
                       at->orders, at->in_flight);
    } else {
        (void)snprintf(text, sizeof text, "%s of %s simulated, %" PRIu64 " orders", now, whole,
                       at->orders);
    }
    progress_update(&watch->progress, (double)at->now_us / (double)watch->duration_us, text);
}

void watch_replication(void *context, uint32_t done, uint32_t of)
{
    struct watch *watch = context;
    char text[PROGRESS_TEXT_MAX];
    if (of < 2) return;
    (void)snprintf(text, sizeof text, "%" PRIu32 " of %" PRIu32 " replications", done, of);
    progress_update(&watch->progress, (double)done / of, text);
}

void watch_begin(struct watch *watch, const struct watch_setup *setup)
{
    const struct console *console = setup->console;
    const struct scenario *scenario = setup->scenario;
    enum progress_mode mode = progress_mode_for(setup->progress, isatty(STDERR_FILENO) != 0);
    if (console->quiet) mode = PROGRESS_NONE;
    *watch = (struct watch){.duration_us = scenario->duration_us,
                            .replications = scenario->replications,
                            .real = setup->real,
                            .quiet = console->quiet,
                            .stop = setup->stop};
    const struct progress_setup progress = {.stream = console->err,
                                            .label = scenario->name,
                                            .mode = mode,
                                            .utf8 = console->utf8,
                                            .now_us = progress_clock_us,
                                            .columns = progress_columns};
    progress_begin(&watch->progress, &progress);
}

void watch_end(struct watch *watch, bool stopped)
{
    progress_end(&watch->progress, stopped ? "stopped" : watch->real ? "done" : "simulated");
}
