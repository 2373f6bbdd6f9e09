/* sim/command/provider_list.h - providers as an option names them: "kroger,walmart".
 *
 * By id or by key, in any case, with commas between; "all" is all of them.
 *
 * Failure: ERR_USAGE with a suggestion.
 */
#ifndef SIM_COMMAND_PROVIDER_LIST_H
#define SIM_COMMAND_PROVIDER_LIST_H

#include "router/base/err.h"
#include "router/provider.h"

/* `option` is for the message: "--only". `mask` gets bit 1 << enum provider for each. */
bool provider_list_read(const char *option, const char *text, uint32_t *mask, struct err *err);

#endif
