/* sim/command/copy.h - a result as one file of the user's choosing: --json=FILE, --markdown FILE.
 *
 * Failure: ERR_ENVIRONMENT with the path, also when the text ran out of memory.
 */
#ifndef SIM_COMMAND_COPY_H
#define SIM_COMMAND_COPY_H

#include "router/base/err.h"
#include "router/base/text.h"

bool copy_write(const char *path, struct text *text, struct err *err); /* releases the text */

#endif
