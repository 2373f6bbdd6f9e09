/* sim/command/run_logs.h - the logs of a finished run or drill, found in its folder, and whether
 * they are whole.
 *
 * summary.json says whose they are and how many lines the log should have; run.json what the router
 * knew of its providers at the start. A log that holds a sample of the orders, or was cut, is
 * refused: every count made of it would be wrong; the hint is the command of run.json, with all
 * lines, as far as it is short. What else has to be known before its figures are
 * read is put into `remarks`, a sentence a line.
 *
 * Ownership: nothing is allocated. Failure: ERR_INPUT for a folder that is no run's, or whose log
 * is not there, not whole or not what the summary says; ERR_ENVIRONMENT for what cannot be read.
 */
#ifndef SIM_COMMAND_RUN_LOGS_H
#define SIM_COMMAND_RUN_LOGS_H

#include "router/history.h"
#include "sim/analysis/event_rows.h"

enum { RUN_LOGS_PATH_MAX = 4200, RUN_LOGS_REMARKS_MAX = 640 };

struct run_logs {
    char events[RUN_LOGS_PATH_MAX], quotes[RUN_LOGS_PATH_MAX];
    bool has_quotes;
    bool partial; /* a sample of the orders: why it was refused */
    char scenario[128], seed[32];
    uint64_t experiment;
    struct event_span span;
    struct history history; /* at the start */
    char remarks[RUN_LOGS_REMARKS_MAX];
};

bool run_logs_read(struct run_logs *logs, const char *directory, struct err *err);

#endif
