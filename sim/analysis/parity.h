/* sim/analysis/parity.h - two runs of one scenario over two wires, held against each other.
 *
 * Both runs are given as their quote records (sim/world/quote_record.h), which hold every decision
 * and all it was decided from.
 *
 * Under the virtual clock the records have to be the same, byte by byte: parity_exact().
 *
 * Under the real clock the wire costs time, so an order may be decided otherwise. Each of its
 * quotes that differs needs a reason (rulings 4), looked for in this order:
 *
 *   boundary    it came within epsilon of its timeout, in either run
 *   edge        a fault of its provider begins or ends (or flaps), or its credential does, while
 *               the order is under way, epsilon to either side: a call may have been sent on the
 *               other side of it
 *   shared      its provider has a rate limit or a capacity: one bucket, one queue, and calls of
 *               all orders reached it in another order
 *   downstream  an order before it differed, and tokens, stores, prices or a budget of retries or
 *               hedges are kept from order to order: what it met was touched in another order
 *
 * A whole cart at another price has no timeout, token or limit behind it: an edge may explain it,
 * or a price that was kept. Where all quotes agree and another one won, that may be for an ETA
 * rounded to another minute (boundary), for a lesson that became known just then (edge; on whole
 * seconds) or for the history of orders that differed (downstream). What has none of these is
 * unexplained, and an order is if any of its quotes is.
 *
 * Same decisions: code, winner, each provider's outcome, status, total, lines found; scores follow
 * from these and from history. Instants and latencies are compared apart: `cost` is what a quote
 * took longer in the second run.
 *
 * Ownership: records are borrowed. Failure: none.
 */
#ifndef SIM_ANALYSIS_PARITY_H
#define SIM_ANALYSIS_PARITY_H

#include "sim/world/quote_record.h"
#include "sim/world/scenario.h"

enum parity_reason {
    PARITY_BOUNDARY,
    PARITY_EDGE,
    PARITY_SHARED,
    PARITY_DOWNSTREAM,
    PARITY_UNEXPLAINED,
    PARITY_REASON_COUNT
};
extern const char *const parity_reason_names[PARITY_REASON_COUNT];

enum { PARITY_LISTED_MAX = 20 };

struct parity_difference {
    uint64_t index; /* of the order */
    enum parity_reason reason;
    char what[160]; /* "KROGER_API: TIMEOUT, was OK 61.20" */
};

struct parity {
    uint64_t orders[2];
    uint64_t compared;
    uint64_t differing; /* decisions */
    uint64_t reasons[PARITY_REASON_COUNT];
    struct parity_difference listed[PARITY_LISTED_MAX]; /* unexplained ones first */
    uint32_t listed_count;
    /* real: what quotes that both runs have took longer in the second, in ms */
    uint64_t quotes;
    double cost_ms_p50, cost_ms_p99, cost_ms_max;
};

/* Byte by byte, CONFIG records included. */
void parity_exact(const struct quote_record *a, uint64_t a_count, const struct quote_record *b,
                  uint64_t b_count, struct parity *parity);

void parity_real(const struct scenario *scenario, const struct quote_record *virtual_run,
                 uint64_t virtual_count, const struct quote_record *real_run, uint64_t real_count,
                 int64_t epsilon_us, struct parity *parity);

#endif
