/* sim/command/load.h - a scenario as the command line wants it: the file, and what the flags
 * change.
 *
 * Flags that shadow a key (--seed, --duration, --rate, --requests, --replications) and --set become
 * overrides, in that order, so that the last word is --set's. --env-file adds to router.env.
 * LOOPGPT_* keys of the shell are ignored with a warning, or taken in with --inherit-env: a drill
 * must not depend silently on somebody's laptop.
 *
 * Ownership: load_scenario() and load_read() allocate; load_release() frees, also after a failure.
 * The path is borrowed. Failure:   load_scenario() prints everything, load_read() leaves it in the
 * list; `exit_code` says how the process is to end.
 */
#ifndef SIM_COMMAND_LOAD_H
#define SIM_COMMAND_LOAD_H

#include "sim/command/console.h"
#include "sim/command/invocation.h"
#include "sim/world/scenario.h"

struct loaded {
    struct scenario *scenario;
    char *source; /* the file's text, for excerpts: values of secret keys are starred out */
    size_t length;
    struct err_list list; /* warnings, and errors when it failed */
    int exit_code;        /* when it failed */
};

bool load_scenario(const struct invocation *invocation, struct console *console, const char *path,
                   struct loaded *loaded);

/* The same without a word: for lint, which tells it in several forms. A path of NULL is the
 * scenario in which every key has its default. */
bool load_read(const struct invocation *invocation, const char *path, struct loaded *loaded);
void load_release(struct loaded *loaded);

/* What a provider knows us by, from this process's environment, where the scenario and the env file
 * do not say it. */
void load_take_credentials(struct scenario *scenario, enum provider provider,
                           struct err_list *list);

/* An argument as it may be shown: the value of a secret key of router.env, or of the whole of it,
 * is replaced by "[hidden]". */
void load_put_argument(const char *argument, struct text *text);

/* The command that repeats this run: program, command, file, and the options that change results.
 */
void load_canonical_command(const struct invocation *invocation, const char *path,
                            struct text *text);

/* The same with where its results and its recording went, as run.json has it. Reports do without:
 * they are the same bytes wherever they lie. */
void load_whole_command(const struct invocation *invocation, const char *path, struct text *text);

#endif
