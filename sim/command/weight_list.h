/* sim/command/weight_list.h - weights as an option names them: "price:0.4,commission:0.3".
 *
 * What is not named keeps the value it has. A weight is a number from 0 to 100.
 *
 * Failure: ERR_USAGE with a suggestion.
 */
#ifndef SIM_COMMAND_WEIGHT_LIST_H
#define SIM_COMMAND_WEIGHT_LIST_H

#include <stddef.h>

#include "router/base/err.h"
#include "sim/analysis/replay.h"

bool weight_list_read(const char *text, struct score_weights *weights, struct err *err);

/* "mine=price:0.4": the name goes to `name`. */
bool weight_list_read_named(const char *text, char *name, size_t name_bytes,
                            struct score_weights *weights, struct err *err);

/* "commission,priority": bit 1 << enum replay_part for each. */
bool weight_list_read_names(const char *text, uint8_t *parts, struct err *err);

#endif
