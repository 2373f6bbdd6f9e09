/* sim/command/option_value.h - one option's text, checked against its type and turned into numbers.
 *
 * Failure: ERR_USAGE that names the option, the value and what would do.
 */
#ifndef SIM_COMMAND_OPTION_VALUE_H
#define SIM_COMMAND_OPTION_VALUE_H

#include "sim/command/invocation.h"

/* Fills text, whole, number and choice of `value`; `name` is how the user gave it ("--jobs", "-j",
 * "ROUTESIM_JOBS"). */
bool option_value_read(enum option option, const char *name, const char *text,
                       struct option_value *value, struct err *err);

/* What holds for an option that the command line does not give: its environment variable, else its
 * fallback, else nothing. */
bool option_value_settle(enum option option, environment_get environment,
                         struct option_value *value, struct err *err);

#endif
