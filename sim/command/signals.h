/* sim/command/signals.h - being told to stop, by Ctrl-C (SIGINT) or SIGTERM.
 *
 * The first asks to finish what is in flight: it is noted, and the command looks for it. The second
 * ends the process at once with 128 and its number, after taking away what would be left behind
 * (router/base/leftover.h).
 */
#ifndef SIM_COMMAND_SIGNALS_H
#define SIM_COMMAND_SIGNALS_H

#include <signal.h>

/* From now on, for the whole process. What it gives is non-zero once somebody said stop: the
 * signal's number. */
const volatile sig_atomic_t *signals_catch(void);

/* The first has come by another way: the next ends the process. */
void signals_leave_at_next(void);

/* What the process says on standard error when it leaves at once, newline included: borrowed, and
 * read in a signal handler. NULL, as at the beginning: nothing. */
void signals_leave_with(const char *words);

/* Nobody is heard in between: for what may not be left half done. */
void signals_hold(sigset_t *before);
void signals_free(const sigset_t *before);

#endif
