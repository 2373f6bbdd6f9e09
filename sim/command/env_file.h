/* sim/command/env_file.h - production's keys from a file of KEY=value lines (`--env-file`).
 *
 *   # a comment                      LOOPGPT_KROGER_TIMEOUT=4900   # the rest after a space and #
 * too export KROGER_CLIENT_ID='as is'  WALMART_API_KEY="with \"escapes\", \\ and \n"
 *
 * Nothing is expanded: a dollar sign is a dollar sign. A key that comes twice keeps its last value,
 * as in a shell, and a warning. A file that holds secrets must be readable by its owner alone; no
 * message ever shows a value.
 *
 * Ownership: the env keeps copies; places in it borrow `path`.
 * Failure:   every bad line goes to the list, and then the env is to be thrown away.
 */
#ifndef SIM_COMMAND_ENV_FILE_H
#define SIM_COMMAND_ENV_FILE_H

#include <stddef.h>

#include "router/config.h"

enum { ENV_FILE_BYTES_MAX = 1 << 20 };

/* Opens, checks who may read it, and parses. */
bool env_file_read(const char *path, struct env *env, struct err_list *list);

/* Parses bytes; `secret_place` is set to the place of the first secret key, or line 0. */
bool env_file_parse(const char *file, const char *bytes, size_t length, struct env *env,
                    struct place *secret_place, struct err_list *list);

#endif
