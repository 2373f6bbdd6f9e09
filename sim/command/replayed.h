/* sim/command/replayed.h - which recordings a run plays back, of what runs they are, and what of
 * that this run takes over.
 *
 * A path says little: the file may have been recorded anew since, or lie elsewhere under another
 * name. "KROGER_API 3fa2fc033c7784b5, MEALME 3fa2fc033c7784b5" names each replayed provider and the
 * beginning of its cassette's SHA-256; `compare` holds two runs against each other by it.
 *
 * From the recording a run takes
 *   - its instant 0, unless --set start= or the calendar (somebody is live) says otherwise: answers
 *     state instants, as Instacart's delivery slots do. Of several recordings Instacart's counts;
 *   - its pace, and how many orders it began at that pace: a recording of real providers starts
 *     fewer orders than its scenario's arrivals, and a replay has to start the same ones.
 *
 * A cassette that is no plain file is named "?", and nothing is taken over from it: a pipe cannot
 * be read twice.
 *
 * Ownership: replayed_release(). Failure: every bad line of every cassette, in the list.
 */
#ifndef SIM_COMMAND_REPLAYED_H
#define SIM_COMMAND_REPLAYED_H

#include "router/base/text.h"
#include "sim/world/wire.h"

struct replayed {
    struct text names; /* nothing where nobody is replayed */
    struct text flaws; /* what the recordings lack, or have unlike this run, in sentences */
    struct text runs;  /* "\"small\", seed 7, 4s, 24 orders (small.jsonl)" */
};

bool replayed_look(struct scenario *scenario, struct wire_spec *spec, struct replayed *replayed,
                   struct err_list *list);

void replayed_release(struct replayed *replayed);

#endif
