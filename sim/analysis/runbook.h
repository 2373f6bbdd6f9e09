/* sim/analysis/runbook.h - the operators' runbook, put to the test: each step is done against the
 * simulated system, and what came of it is said.
 *
 * A step is one thing that a responder does: a key that is set or unset (a command with four keys
 * is four steps), a list of secrets, a deploy, a look into the logs, a request, a query. Steps are
 * done in the order of the file, under each profile that is asked for (router/provider.h), in a
 * section that begins with the scenario's own settings (sim/analysis/runbook_document.h):
 *
 *   set, unset   the secrets change (sim/world/deployment.h). It works when it changes what the
 *                router does once it is live, or when it says what holds already. It has no effect
 *                when the router does not read the key or the value, or when nothing in the
 *                section makes it live: with propagation on_deploy a later deploy of the function
 *                that requests go to. A credential's new value, placeholder or not, stands for the
 *                one that the provider has just issued
 *   deploy       makes the secrets live. It has no effect when it deploys another function
 *   list         works, unless what it is searched for is not there
 *   logs         works, unless it is searched for a code or an event that is never logged
 *   request      is read as production would (sim/analysis/runbook_request.h) and routed by the
 *                full router at the scenario's first instant under what is live by then: 200 works,
 *                any other answer fails. A health check answers by configuration, which is all that
 *                production's looks at; a scenario that probes instead is not simulated here
 *   query        is answered from the log of the scenario's first orders under its own settings
 *                (sim/analysis/runbook_sql.h). It fails when PostgreSQL would refuse it or when it
 *                looks for a code or an event that is never logged
 *   other        is not simulated: unknown, and why; echo, export, cd and set are no steps
 *
 * Which function is the router: the one that most requests address; without any, the one that is
 * deployed most often.
 *
 * Findings are what no step shows alone: a change that nobody deploys, credentials rotated after
 * the only deploy, a verification that answers 400 and condemns a change that worked, an error rate
 * that cannot pass 50%. Values of secrets are in no text.
 *
 * Ownership: a runbook owns its texts; runbook_release() frees them. The document is borrowed.
 * Failure:   ERR_INPUT for a file without a step, ERR_USAGE for an `only` that fits none, and as
 * runbook_shell.h; ERR_ENVIRONMENT when memory is out. Release either way.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_H
#define SIM_ANALYSIS_RUNBOOK_H

#include "sim/analysis/runbook_document.h"
#include "sim/analysis/runbook_sql.h"
#include "sim/world/scenario.h"

enum {
    RUNBOOK_STEPS_MAX = 4096,
    RUNBOOK_FINDINGS_MAX = 256,
    RUNBOOK_LINES_MAX = 16,
    RUNBOOK_LOG_ORDERS = 1000, /* that queries and greps are answered from */
    RUNBOOK_ROWS_SHOWN = 12,   /* of a query's answer */
};

enum runbook_verdict {
    RUNBOOK_WORKS,
    RUNBOOK_NO_EFFECT,
    RUNBOOK_FAILS,
    RUNBOOK_UNKNOWN,
    RUNBOOK_VERDICTS
};
extern const char *const runbook_verdict_names[RUNBOOK_VERDICTS]; /* "works", "has no effect" */

enum runbook_verb {
    RUNBOOK_SET,
    RUNBOOK_UNSET,
    RUNBOOK_LIST,
    RUNBOOK_DEPLOY,
    RUNBOOK_LOGS,
    RUNBOOK_REQUEST,
    RUNBOOK_QUERY,
    RUNBOOK_COMMAND,
    RUNBOOK_VERBS
};
extern const char *const runbook_verb_names[RUNBOOK_VERBS]; /* "set", "unset", "list", ... */

enum runbook_reason { /* why, in a word */
                      REASON_NONE,
                      REASON_ALREADY_SO, /* of a change that works: there was nothing to change */
                      REASON_UNKNOWN_KEY,
                      REASON_UNREAD_KEY, /* known, and read nowhere under this profile */
                      REASON_BAD_VALUE,
                      REASON_REFUSED,
                      REASON_NOT_DEPLOYED,    /* no deploy in the section */
                      REASON_DEPLOYED_BEFORE, /* and none after this */
                      REASON_OTHER_FUNCTION,
                      REASON_INVALID_REQUEST,
                      REASON_NOT_ROUTED,
                      REASON_NEVER_LOGGED,
                      REASON_BAD_SQL,
                      REASON_NOT_SIMULATED,
                      REASON_COUNT
};
extern const char *const runbook_reason_names[REASON_COUNT]; /* "not_deployed"; "" of none */

struct runbook_answer { /* of a request that was sent */
    bool given;
    unsigned http_status;
    const char *code; /* "INVALID_REQUEST"; "" of an answer with a quote */
    int winner;       /* enum provider; -1: none */
    bool canned;      /* the winner's quote is the provider's constant one */
    int64_t total_cents;
    int64_t latency_us;
    unsigned items_found, items_requested; /* of the winner; substitutes are found */
    unsigned quotes, canned_quotes;
};

struct runbook_outcome { /* of a step under one profile */
    enum runbook_verdict verdict;
    enum runbook_reason reason;
    const char *said; /* what came back, what will change; "" */
    const char *why;  /* of no effect, of a failure, of what is not known; "" */
    const char *hint; /* what to do instead; "" */
    int live_step;    /* of a change: the step that makes it live; -1: none */
    struct runbook_answer answer;
    struct sql_table rows; /* of a query, as many as are shown; row_count 0: none */
    uint32_t row_count;    /* of the whole answer */
};

struct runbook_step {
    struct place place;
    uint32_t section, heading; /* headings of the document */
    enum runbook_verb verb;
    const char *what;   /* "LOOPGPT_KROGER_MOCK = true", "POST loopgpt_route_order" */
    const char *source; /* the command as written; values of secrets are hidden */
    const char *filter; /* "grep X", "jq .providers": what its output goes into; "" */
    struct runbook_outcome outcomes[PROFILE_COUNT];
};

enum runbook_finding_kind {
    FINDING_NOT_DEPLOYED,
    FINDING_ROTATED_TOO_LATE,
    FINDING_KEYS_NOT_READ,
    FINDING_MISLEADING_ANSWER,
    FINDING_NO_HEALTH_CHECK,
    FINDING_BLIND_HEALTH_CHECK,
    FINDING_NEVER_LOGGED,
    FINDING_RATE_TOPS_OUT,
    FINDING_OTHER_FUNCTION,
    FINDING_NOT_UNDONE,
    FINDING_SECRET_IN_TEXT,
    FINDING_KINDS
};
extern const char *const runbook_finding_names[FINDING_KINDS]; /* "not_deployed", ... */

struct runbook_finding {
    enum runbook_finding_kind kind;
    unsigned profiles;  /* bit 1 << enum profile */
    bool remark;        /* nothing is wrong with the runbook, but the responder should know */
    struct place place; /* where it was met first */
    uint32_t section;
    uint32_t lines[RUNBOOK_LINES_MAX]; /* where it was met, rising; all that there is room for */
    uint32_t line_count;
    const char *text; /* a sentence or two */
};

struct runbook_log { /* what queries and greps were answered from; 0 where nothing asked for it */
    uint32_t orders;
    uint64_t lines;
};

struct runbook {
    struct arena arena;
    const struct runbook_document *document;
    const char *file, *scenario;
    const char *function; /* the router's; "" when nothing names one */
    bool profiles[PROFILE_COUNT];
    struct runbook_step *steps;
    uint32_t step_count;
    uint32_t other_blocks; /* in languages that are not read */
    uint32_t verdicts[PROFILE_COUNT][RUNBOOK_VERDICTS];
    struct runbook_finding *findings;
    uint32_t finding_count;
    struct runbook_log logs[PROFILE_COUNT];
};

struct runbook_play {
    struct runbook_document *document; /* its arena takes the commands, too */
    const struct scenario *scenario;   /* its profile does not count */
    bool profiles[PROFILE_COUNT];
    const char *only; /* a part of a heading, in any case: those sections alone; NULL: all */
};

bool runbook_run(struct runbook *runbook, const struct runbook_play *play, struct err_list *list);
void runbook_release(struct runbook *runbook);

/* Whether some step has no effect or fails under a profile that was played. */
bool runbook_is_at_fault(const struct runbook *runbook);

/* Stars out values of secret keys, what follows "Bearer", and who logs in by an address, keeping the
 * text's length; not what is to be filled in. */
void runbook_hide_secrets(char *text);

#endif
