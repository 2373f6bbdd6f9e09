/* sim/analysis/pairing.h - two runs' quote records, order by order.
 *
 * Records lie in the order of decisions, which differs between runs; pairs are handed out by rising
 * order index. What one run has decided and the other has not yet waits in a ring, so memory goes
 * with the orders in flight and not with the length of the run. Two runs of one workload have the
 * same orders: the same indices, starts and carts. Anything else is an error.
 *
 * Ownership: nothing outlives the call.
 * Failure:   ERR_INPUT for a file that is missing, damaged, cut off, or of another workload;
 *            ERR_ENVIRONMENT for what the system refuses.
 */
#ifndef SIM_ANALYSIS_PAIRING_H
#define SIM_ANALYSIS_PAIRING_H

#include "sim/world/quote_record.h"

enum { PAIRING_NONE = PROVIDER_COUNT, PAIRING_RING_MAX = 1 << 21 };

struct pair_side { /* what one run made of an order */
    int64_t start_us;
    int64_t latency_us;
    uint32_t items;   /* lines asked for */
    uint8_t code;     /* enum order_code */
    uint8_t selected; /* enum provider; PAIRING_NONE: not routed */
    uint8_t asked;    /* bit p: a real quote was asked of provider p */
    uint8_t answered; /* bit p: and it came in time */
    /* of a routed order */
    bool canned;     /* the selected quote */
    uint8_t quotes;  /* scored */
    uint32_t filled; /* lines found or substituted */
    int32_t eta_minutes;
    int64_t total_cents;
    int64_t commission_cents;
    int64_t saved_best_cents;            /* with two quotes or more */
    int64_t saved_mean_hundredths_cents; /* likewise */
};

struct pairing_side {
    struct quote_record_header header;
    struct quote_record config; /* the first; kind 0: none */
    uint32_t configs;           /* more than one: the router was redeployed */
};

struct pairing {
    const char *path_a, *path_b; /* quotes.bin of either run */
    void (*take)(void *context, uint64_t index, const struct pair_side *a,
                 const struct pair_side *b);
    void *context;
    struct pairing_side a, b; /* set */
    uint64_t records_most;    /* set before the first pair: orders are no more than this */
    uint64_t pairs;           /* set */
};

bool pairing_run(struct pairing *pairing, struct err *err);

#endif
