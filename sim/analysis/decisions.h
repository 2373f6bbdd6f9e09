/* sim/analysis/decisions.h - recorded decisions, each with every quote it was made from: what tune,
 * ab and calibrate decide again.
 *
 * Two sources fill the same set: the quotes.bin of a run (decisions_read_record) and an event log
 * as JSON lines, our own or production's (decisions_read_log). What a source does not tell is
 * counted and never guessed: an order that lacks something a counterfactual needs is left out, and
 * `coverage` says how many and why. Coverage comes before any result.
 *
 * Orders are sorted by their start, then by index. Those that no quote reached are counted
 * (`without_quotes`) and kept, because a view with longer memory may need them; they decide
 * nothing.
 *
 * A view changes what an order had to choose from: fewer providers, shorter timeouts. The quotes
 * that remain are scored anew (price and speed are min-max scores over the quotes present), by the
 * router's own score_quotes(). Longer timeouts can be replayed as far as abandoned calls were
 * watched to their end (`late`); added providers cannot, their quotes were never seen. History is
 * frozen: each order is scored with the rates it was scored with.
 *
 * Ownership: a set owns its arrays; decisions_release() frees them (a zeroed set is fine).
 * Failure:   ERR_INPUT for files that are missing, damaged, or lack what a counterfactual needs
 *            (the hint says what to log); ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_DECISIONS_H
#define SIM_ANALYSIS_DECISIONS_H

#include "router/score.h"
#include "sim/world/quote_record.h"

enum { DECISION_CONFIGS_MAX = 256, DECISION_REASONS_MAX = 12 };

enum decision_gap {                       /* why a request of a log cannot be decided again */
                    GAP_NO_DECISION,      /* quotes, but neither a decision nor a failure */
                    GAP_NO_QUOTES,        /* a decision, but not one quote of it */
                    GAP_QUOTE_MISSING,    /* fewer quotes than the decision says it had */
                    GAP_FIELD_MISSING,    /* a quote or decision lacks a field */
                    GAP_SELECTED_MISSING, /* the selected provider's quote is not there */
                    GAP_NOT_READABLE,     /* a line of it is no JSON, or is cut off */
                    GAP_CONTRADICTION,    /* its id stands for two different orders */
                    GAP_COUNT
};
extern const char
    *const decision_gap_texts[GAP_COUNT]; /* "a quote that was counted is not there" */

enum { DECISION_FIELDS = 11 };

/* What a counterfactual cannot do without, and the event that tells it. */
struct decision_field {
    const char *name, *event;
};
extern const struct decision_field decision_fields[DECISION_FIELDS];

struct decision_coverage {
    uint64_t requests;                 /* that the source names */
    uint64_t usable;                   /* decided again: orders with a quote or more */
    uint64_t without_quotes;           /* failed: nothing to choose from, whatever the weights */
    uint64_t gaps[GAP_COUNT];          /* left out, by the first reason found */
    uint64_t lacking[DECISION_FIELDS]; /* decided, but the field is missing or cannot be true */
    uint64_t quotes_expected; /* over requests with a decision: what the decisions say they had */
    uint64_t quotes_seen;
    uint64_t lines, lines_unreadable; /* of a log */
    uint64_t late_seen, late_damaged; /* lines of late answers, and which say what cannot be */
    uint64_t eta_imputed;             /* quotes without an ETA: the router counts 60 minutes */
};

struct decision_late { /* how an abandoned call ended */
    int64_t start_us;  /* of the order, and its index: */
    uint64_t index;    /* what its place is found by */
    uint32_t order;    /* that place, once the set is finished */
    uint8_t slot;
    struct quote_record_quote quote; /* priority and rates as in the order's own record */
};

struct decision_set {
    struct quote_record_header header; /* a log's: zero but for the start */
    struct quote_record *orders;       /* kind ORDER */
    uint8_t *config_of;                /* index into configs, by order */
    uint32_t count, capacity;
    struct quote_record configs[DECISION_CONFIGS_MAX]; /* kind CONFIG */
    uint32_t config_count;
    struct decision_late *late; /* by order and slot */
    uint32_t late_count, late_capacity;
    uint32_t late_unplaced; /* of orders that are not in the set, or of calls that were not given
                               up: passed over */
    bool weights_known;     /* a log tells no weights: its one config has the defaults */
    struct decision_coverage coverage;
};

bool decisions_read_record(struct decision_set *set, const char *path, struct err *err);

/* Reads an event log (router/event.h says which fields), late answers too where it tells of them
 * (policy.log_late_quotes). `assumed` are the weights and quirks that
 * the log does not tell. Every damaged line is counted; a log in which no request can be decided
 * again is refused, naming the fields to log. */
bool decisions_read_log(struct decision_set *set, const char *path,
                        const struct quote_record *assumed, struct err_list *list);

/* Takes in what a running router has just decided (the outputs' write_order of sim/world/world.h);
 * decisions_finish() when all are in. */
bool decisions_add(struct decision_set *set, const struct router *router,
                   const struct router_order *order, struct err *err);

/* The same with the end of an abandoned call (write_late). */
bool decisions_add_late(struct decision_set *set, const struct router_order *order, unsigned slot,
                        const struct quote_result *result, int64_t now_us, struct err *err);

/* The same from a record of kind LATE. */
bool decisions_push_late(struct decision_set *set, const struct quote_record *record,
                         struct err *err);

/* An empty set to fill by hand: room for `count` orders. */
bool decisions_reserve(struct decision_set *set, uint32_t count, struct err *err);
/* Sorts by start and index, and counts what coverage needs of orders that were put in by hand. */
bool decisions_finish(struct decision_set *set, struct err *err);
void decisions_release(struct decision_set *set);

/* ---- deciding again ---- */

struct decision_view {
    uint8_t without;                    /* bit p: provider p's quotes never came */
    int64_t timeout_us[PROVIDER_COUNT]; /* 0: as recorded. Else in its place: slower quotes are
                                           late, and late ones that were seen are in time. A canned
                                           quote that stands in for a failed call stays. */
};

/* All that is known of a quote: the end of an abandoned call where it was watched, else what the
 * order recorded. */
const struct quote_record_quote *decision_quote(const struct decision_set *set, uint32_t order,
                                                unsigned slot);

/* How long the router waits for that quote under a view, from the order's start: until it came,
 * failed, or its timeout. A call that was abandoned and not watched is taken to never answer, which
 * matters only to timeouts longer than its own. `view` may be NULL; 0 for a provider left out. */
int64_t decision_slot_wait(const struct decision_set *set, uint32_t order, unsigned slot,
                           const struct decision_view *view);
/* The same of the whole order: its slowest candidate. */
int64_t decision_wait(const struct decision_set *set, uint32_t order,
                      const struct decision_view *view);

struct decision_inputs { /* what the scorer is given of one order, in candidate order */
    struct score_input inputs[PROVIDER_COUNT];
    uint8_t slots[PROVIDER_COUNT];                           /* of the record's quotes */
    const struct quote_record_quote *quotes[PROVIDER_COUNT]; /* what was seen there, late or not */
    uint32_t count;                                          /* 0: no quote is left */
    int32_t items;
    bool zero_is_missing;
};

/* `view` may be NULL: as recorded. */
void decision_inputs_of(const struct decision_set *set, uint32_t order,
                        const struct decision_view *view, struct decision_inputs *inputs);

/* The same of a choice of quotes, by bits of slots: what is known of a candidate (decision_quote(),
 * where that is a good answer), else what the order itself recorded of it. Where there is none, a
 * bit is passed over. */
void decision_inputs_of_mask(const struct decision_set *set, uint32_t order, uint8_t known,
                             uint8_t recorded, struct decision_inputs *inputs);

/* The index into inputs.inputs that the router selects; parts may be NULL. `weights` are not yet
 * scaled by the preference. */
uint32_t decision_select(const struct decision_inputs *inputs, const struct score_weights *weights,
                         enum preference preference, struct score_parts *parts);

/* The weights of an order's own configuration. */
struct score_weights decision_weights(const struct decision_set *set, uint32_t order);

/* How many recorded selections the replay reproduces under the recorded weights, of those that can
 * be decided; `first_differing` (may be NULL) is an order's place, or `count`. */
uint64_t decisions_reproduced(const struct decision_set *set, uint32_t *first_differing);

#endif
