/* router/history.h - what the router remembers of each provider's orders, and learns from.
 *
 * Outcomes of confirmed orders accumulate per provider. success_rate is 100 * successful / total,
 * rounded half up to two decimals; avg_margin_rate is 100 * commission / value likewise. They feed
 * the reliability and margin scores of later orders, so routing changes history and history
 * routing. Totals are whole numbers (money in cents); rates are recomputed when an outcome arrives,
 * not when a quote is scored.
 */
#ifndef ROUTER_HISTORY_H
#define ROUTER_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "router/provider.h"

enum order_outcome { ORDER_SUCCESS, ORDER_FAILED, ORDER_CANCELLED, ORDER_OUTCOME_COUNT };

struct provider_history {
    int64_t total;
    int64_t successful;
    int64_t failed;
    int64_t cancelled;
    int64_t value_cents;      /* gross merchandise value of successful orders */
    int64_t commission_cents; /* of successful orders */
    bool has_success_rate;
    bool has_margin_rate;
    double success_rate; /* percent, two decimals */
    double margin_rate;  /* percent, two decimals */
};

struct history {
    struct provider_history providers[PROVIDER_COUNT];
    bool frozen; /* outcomes are counted, rates stay as they were given */
};

/* A number of outcomes at once, as a batch job records them. */
struct outcome_batch {
    int64_t counts[ORDER_OUTCOME_COUNT];
    int64_t value_cents;
    int64_t commission_cents;
};
void history_record(struct history *history, enum provider provider,
                    const struct outcome_batch *batch);

/* Starts a provider with given rates (percent); a negative rate means unknown. The margin stands on
 * `total` orders of $35.00. */
void history_seed(struct history *history, enum provider provider, int64_t total,
                  double success_rate, double margin_rate);

/* An order's commission in cents, half up. */
int64_t history_commission_cents(enum provider provider, int64_t value_cents);

/* 100 * part / whole, half up to two decimals, from whole numbers and so the same everywhere. */
double history_percent(int64_t part, int64_t whole);

#endif
