/* sim/analysis/runbook_state.h - a runbook while it is played: for runbook*.c alone. */
#ifndef SIM_ANALYSIS_RUNBOOK_STATE_H
#define SIM_ANALYSIS_RUNBOOK_STATE_H

#include "router/base/text.h"
#include "sim/analysis/runbook.h"
#include "sim/analysis/runbook_curl.h"
#include "sim/analysis/runbook_request.h"
#include "sim/analysis/runbook_shell.h"
#include "sim/world/deployment.h"
#include "sim/world/world.h"

enum runbook_target { TARGET_ROUTER, TARGET_ELSEWHERE, TARGET_UNKNOWN };

struct runbook_deed { /* what a step does, beside what is shown of it */
    const struct runbook_block *block;
    const struct runbook_command *command; /* NULL: a query */
    uint32_t offset, length;               /* in the block's text */
    const char *key, *value;               /* of set and unset; `value` NULL: unset */
    bool open;                             /* the value is the responder's to fill in */
    const char *function;                  /* of deploy and logs; "": all of them, or not said */
    const char *pattern;                   /* of a grep behind it; NULL */
    bool any_case, inverted;               /* grep -i, -v */
    struct runbook_curl curl;
    enum runbook_target target;
    const struct sql_select *select;
    const char *refusal; /* what a query's reader said; NULL: it was read */
    bool refused;        /* PostgreSQL would say so too */
    const char *why;     /* it is not simulated; NULL: it is */
};

struct runbook_state {
    struct runbook *runbook;
    const struct runbook_play *play;
    struct err_list *list;
    struct runbook_commands *commands; /* by block */
    struct runbook_deed *deeds;        /* by step */
    /* under one profile */
    enum profile profile;
    struct scenario *scenario; /* a copy, under the settings of the moment */
    struct world_plan plan;
    struct world *world;
    struct deployment deployment;
    uint64_t generation; /* of credentials, for those that are issued */
    struct text log;     /* its lines */
    struct sql_table tables[4];
    double now_s;
    struct runbook_request *request;
    bool *marked; /* a flag a step, for findings */
    bool failed;
};

/* Texts in the runbook's arena; on failure "" and state->failed. Of an address, the name and the
 * password before its @ are hidden. What is to be cut has to be kept whole first. */
#define RUNBOOK_USER_HIDDEN "[hidden]@"
const char *runbook_keep(struct runbook_state *state, struct text *text); /* releases it */
const char *runbook_say(struct runbook_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void runbook_works(struct runbook_outcome *outcome, const char *said);
void runbook_is(struct runbook_outcome *outcome, enum runbook_verdict verdict,
                enum runbook_reason reason, const char *said, const char *why);
void runbook_is_unknown(struct runbook_outcome *outcome, const char *why);

/* ---- runbook_steps.c: commands into steps ---- */
bool runbook_find_steps(struct runbook_state *state);

/* ---- runbook_settings.c ---- */
void runbook_do_set(struct runbook_state *state, uint32_t step);
void runbook_do_list(struct runbook_state *state, uint32_t step);
void runbook_do_deploy(struct runbook_state *state, uint32_t step);
/* What nobody deployed has no effect: once a section is over. */
void runbook_settle_section(struct runbook_state *state, uint32_t first, uint32_t end);

/* ---- runbook_route.c ---- */
void runbook_do_request(struct runbook_state *state, uint32_t step);

/* ---- runbook_log.c ---- */
bool runbook_make_log(struct runbook_state *state, struct err *err);
void runbook_do_logs(struct runbook_state *state, uint32_t step);
/* Whether the log can hold such an event, such an error code: `pattern` is one of LIKE's. */
bool runbook_logs_event(const struct runbook_state *state, const char *word, bool pattern);
bool runbook_logs_code(const struct runbook_state *state, const char *word, bool pattern);

/* ---- runbook_query.c ---- */
void runbook_do_query(struct runbook_state *state, uint32_t step);

/* ---- runbook_findings.c ---- */
void runbook_find(struct runbook_state *state, uint32_t first, uint32_t end); /* of a section */

#endif
