/* sim/analysis/decisions_log_state.h - an event log while it is read: what its lines have said so
 * far of each request. For decisions_log*.c alone; decisions.h is the door.
 *
 * Lines of a request may lie anywhere, so nothing is judged before the last was read. A late answer
 * is kept apart from its request, because few requests have one.
 *
 * Ownership: decisions_read_log() owns all of it.
 */
#ifndef SIM_ANALYSIS_DECISIONS_LOG_STATE_H
#define SIM_ANALYSIS_DECISIONS_LOG_STATE_H

#include "providers/foreign_json.h"
#include "sim/analysis/decisions.h"

enum { ID_BYTES = 48, PRIORITY_MOST = 1000 };

#define CENTS_MOST INT64_C(16700000) /* what replay.h can add up: no cart costs that much */
#define ETA_MOST   INT64_C(5256000)  /* ten years */

enum field {
    FIELD_TOTAL,
    FIELD_ETA,
    FIELD_FOUND,
    FIELD_REQUESTED,
    FIELD_SUBSTITUTED,
    FIELD_PRIORITY,
    FIELD_LATENCY,
    FIELD_SELECTED,
    FIELD_QUOTES,
    FIELD_PREFERENCE,
    FIELD_HISTORY,
    FIELD_COUNT
};
_Static_assert((int)FIELD_COUNT == (int)DECISION_FIELDS, "each field has a name");

struct log_request { /* what the log says of one */
    char id[ID_BYTES];
    int64_t first_us; /* the earliest instant any of its lines names, but for late answers */
    int64_t decided_us;
    struct quote_record_quote quotes[PROVIDER_COUNT]; /* by provider */
    uint8_t seen;     /* bit p: a quote of provider p came, real or canned */
    uint8_t failed;   /* bit p: its call failed */
    uint8_t scored;   /* bit p: the decision names it in its history */
    uint8_t told;     /* bit p: the decision names it among its candidates */
    uint32_t missing; /* bit field */
    uint16_t items;
    uint16_t total_quotes;
    uint8_t selected, preference;
    bool named; /* by a line that is no late answer */
    bool decided, failure, unreadable, has_history;
    bool items_known, preference_known;
    bool contradicts; /* two of its lines say different things of the same */
};

struct log_late { /* how an abandoned call ended */
    uint32_t request;
    uint32_t place; /* among the late answers of the log */
    uint16_t items; /* of a good one: that were asked for */
    struct quote_record_quote quote;
};

struct log_reading {
    struct decision_set *set;
    const char *path;
    struct log_request *requests;
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing: index + 1 */
    uint32_t slot_count;
    struct log_late *late; /* settled: by request and provider, each once */
    uint32_t late_count, late_capacity;
    uint32_t late_next; /* the first that was neither placed nor dropped */
    uint64_t line;
    struct err *err;
};

bool log_out_of_memory(struct log_reading *reading);

/* ---- pieces of a line ---- */

const cJSON *log_member(const cJSON *object, const char *name);
/* A whole number within [least, most]; anything else is as good as missing. */
bool log_whole(const cJSON *object, const char *name, int64_t least, int64_t most, int64_t *value);
bool log_provider(const cJSON *object, const char *name, enum provider *provider);
/* Milliseconds, below 11 days, as microseconds; -1: none. */
int64_t log_span_us(const cJSON *object, const char *name);
enum quote_outcome log_outcome(const cJSON *line); /* by its errorCode */

/* ---- late answers (decisions_log_late.c) ---- */

/* What a decision or failure says its candidates were asked under and known for. One that lacks
 * anything is as good as not named. */
void log_take_candidates(struct log_request *request, const cJSON *line);
/* False: out of memory. A damaged line is counted. */
bool log_take_late(struct log_reading *reading, uint32_t request, const cJSON *line);

/* All lines were read: the same said twice counts once, and two that differ are a contradiction of
 * their request, as is another number of items than its quotes name. */
void log_settle_late(struct log_reading *reading);
/* Requests are gone through in order. The late answers of one become the set's, or, where they are
 * about no call that was given up, are counted with those that have no place. */
bool log_place_late(struct log_reading *reading, uint32_t request,
                    const struct quote_record *order);
void log_drop_late(struct log_reading *reading, uint32_t request);

#endif
