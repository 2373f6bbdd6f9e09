/* sim/world/check_operator.h - how a measured value is compared with a limit: checks, alerts,
 * probes and expectations say it alike. Nothing that is not a number compares true. */
#ifndef SIM_WORLD_CHECK_OPERATOR_H
#define SIM_WORLD_CHECK_OPERATOR_H

#include <stdbool.h>

enum check_operator { CHECK_LE, CHECK_LT, CHECK_GE, CHECK_GT, CHECK_EQ, CHECK_NE, CHECK_OP_COUNT };
extern const char *const check_operator_names[CHECK_OP_COUNT + 1]; /* "<=", "<", ... */

bool check_operator_holds(enum check_operator op, double value, double limit);

#endif
