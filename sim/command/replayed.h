/* sim/command/replayed.h - which recordings a run plays back, by what they hold.
 *
 * A path says little: the file may have been recorded anew since, or lie elsewhere under another
 * name. "KROGER_API 3fa2fc033c7784b5, MEALME 3fa2fc033c7784b5" names each replayed provider and the
 * beginning of its cassette's SHA-256; `compare` holds two runs against each other by it.
 *
 * A cassette that is no plain file is named "?", because a pipe cannot be read twice.
 */
#ifndef SIM_COMMAND_REPLAYED_H
#define SIM_COMMAND_REPLAYED_H

#include "sim/world/scenario.h"

/* Appends nothing where nobody is replayed. A file that cannot be read is "?", too: opening it for
 * the run says why. */
void replayed_name(const struct scenario *scenario, struct text *text);

#endif
