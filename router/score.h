/* router/score.h - the production scorer, to the last bit.
 *
 * Component scores are integers 0..100, rounded half up as JavaScript's Math.round. The total is
 * summed in doubles in the order priority, price, speed, margin, availability, reliability, without
 * fused multiply-adds (-ffp-contract=off): decisions depend on that order and on that rounding.
 * Quotes are ranked by score, highest first; equal scores keep the order in which the quotes were
 * given, which is candidate order (priority, then registry).
 *
 * Price and speed are min-max scores over the quotes that arrived: a provider's timeout moves the
 * scores of the others.
 *
 * Nothing is allocated, nothing can fail. tests/router/test_score.c holds it to recorded production
 * decisions and to a second, obvious scorer.
 */
#ifndef ROUTER_SCORE_H
#define ROUTER_SCORE_H

#include <stdbool.h>
#include <stdint.h>

#include "router/order.h"
#include "router/provider.h"

enum { SCORE_QUOTES_MAX = PROVIDER_COUNT, SCORE_EXPLANATION_MAX = 256 };

struct score_weights {
    double priority;
    double price;
    double speed;
    double commission;
    double availability;
    double reliability;
};
extern const struct score_weights score_weights_default;

/* What an order's preference makes of the weights: price, speed and commission are scaled. */
struct score_weights score_weights_for(const struct score_weights *weights,
                                       enum preference preference);

struct score_input { /* one quote, and its provider's history */
    enum provider provider;
    int32_t priority; /* boost included */
    int64_t total_cents;
    int32_t eta_minutes; /* 0 counts as 60 */
    int32_t found;
    int32_t substituted;
    bool has_success_rate; /* false: no history, no orders, or no rate: reliability is 50 */
    bool has_margin_rate;
    double success_rate; /* percent */
    double margin_rate;  /* percent */
};

struct score_parts {
    double score;
    int32_t priority;
    int32_t price;
    int32_t speed;
    int32_t availability;
    int32_t margin;
    int32_t reliability;
};

/* Scores `count` quotes of one order, under weights already scaled by score_weights_for(). With
 * `zero_is_missing` a reliability or margin of 0 counts as 50, as in production. */
void score_quotes(const struct score_weights *weights, int32_t items_requested,
                  bool zero_is_missing, const struct score_input *inputs, uint32_t count,
                  struct score_parts *parts);

/* Writes the indices of `parts` best first; stable. */
void score_rank(const struct score_parts *parts, uint32_t count, uint8_t *order);

/* "Kroger Direct selected for preferred provider and all items in stock." */
void score_explain(enum provider provider, const struct score_parts *parts,
                   char explanation[static SCORE_EXPLANATION_MAX]);

#endif
