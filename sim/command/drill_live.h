/* sim/command/drill_live.h - a drill in real time: what it says while it runs, whom it tells, and
 * the person at the terminal who is its operator.
 *
 * Every entry of the journal is a line on standard error as it is written. With --notify-* alerts
 * that are told of go out for real (sim/command/notify.h). With --ask the file's operators are
 * replaced by one, "you", whose steps are the lines of standard input, timed as they are typed:
 *
 *   set KEY VALUE | unset KEY | redeploy | rotate PROVIDER [overlap SPAN] | request | health |
 *   rollback | note WORDS | status | help | stop
 *
 * A line that is none of these is said to be so and changes nothing. Steps follow each other: what
 * is typed while one is under way waits for its end. Expectations about the file's own steps do not
 * count then. Input that ends leaves the drill to run on.
 *
 * Ownership: everything lies inside; the scenario is changed (its operators) before it is played.
 * Failure:   drill_live_open(): as notify_open().
 */
#ifndef SIM_COMMAND_DRILL_LIVE_H
#define SIM_COMMAND_DRILL_LIVE_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/command/notify.h"
#include "sim/world/world.h"

enum { DRILL_LINE_MAX = 1024 };

struct drill_live {
    struct scenario *scenario;
    struct console *console;
    bool asks, says;
    bool input_over;
    char line[DRILL_LINE_MAX]; /* what was typed of the next one */
    size_t length;
    bool too_long;
    bool firing[ALERT_RULES_MAX][SCOPE_COUNT];
    volatile sig_atomic_t wants_stop;  /* somebody typed so */
    const volatile sig_atomic_t *stop; /* of the process */
    struct notify_keys keys;
    struct notify *notify; /* NULL: nobody is told */
    int64_t now_us;
};

/* Makes a drill that is to run in real time ready: --speed, --ask, --notify-*. */
bool drill_live_open(struct drill_live *live, const struct invocation *invocation,
                     struct console *console, struct scenario *scenario,
                     const volatile sig_atomic_t *stop, struct err_list *list);
/* Adds what it wants to be told. */
void drill_live_control(struct drill_live *live, struct world_control *control);
/* Ends the telling and says what came of it. */
void drill_live_close(struct drill_live *live);

#endif
