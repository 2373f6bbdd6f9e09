/* sim/command/logs.h - replication 0's logs on disk: events.jsonl and quotes.bin; of a run in real
 * time also calls.csv, a line a call with where its time went and how late it was.
 *
 * Failure: ERR_ENVIRONMENT at the write that failed; the run stops there.
 */
#ifndef SIM_COMMAND_LOGS_H
#define SIM_COMMAND_LOGS_H

#include <stdio.h>

#include "sim/world/quote_record.h"
#include "sim/world/world.h"

struct logs {
    FILE *events; /* NULL: not wanted */
    FILE *quotes;
    FILE *calls;
    struct text line;
    uint32_t deployment; /* that the last record was written under; 0: none was yet */
};

struct logs_wish {
    bool events;
    uint32_t event_sample;
    uint64_t event_lines_most;
    bool quotes;
    bool calls; /* calls.csv: every call of a run in real time */
};

/* Opens what is wished for in `directory` and fills `outputs` to match. */
bool logs_open(struct logs *logs, const struct logs_wish *wish, const char *directory,
               const struct scenario *scenario, struct world_outputs *outputs, struct err *err);

/* Flushes and closes; a full disk is noticed here at the latest. Safe to call twice. */
bool logs_close(struct logs *logs, struct err *err);

#endif
