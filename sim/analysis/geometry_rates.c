/* sim/analysis/geometry_rates.c - what the scores of commission are made of. */
#include <math.h>

#include "sim/analysis/geometry.h"

/* The known rates of the quotes that stood to choice; how many there are. */
static uint32_t rates_of(const struct replay_table *table, const struct replay_order *order,
                         double *low, double *high)
{
    const struct quote_record *record = &table->set->orders[order->source];
    uint32_t known = 0;
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    for (uint32_t q = 0; q < order->count; q++) {
        const struct quote_record_quote *quote = &record->as.order.quotes[order->quotes[q].slot];
        if ((quote->flags & QUOTE_FLAG_MARGIN_RATE) == 0) continue;
        known++;
        *low = fmin(*low, quote->margin_rate);
        *high = fmax(*high, quote->margin_rate);
    }
    return known;
}

static bool alike(const struct replay_order *order)
{
    for (uint32_t q = 1; q < order->count; q++)
        if (order->quotes[q].parts[PART_COMMISSION] != order->quotes[0].parts[PART_COMMISSION])
            return false;
    return true;
}

struct geometry_rates geometry_rates_of(const struct replay_table *table)
{
    struct geometry_rates rates = {.orders = table->count, .low = HUGE_VAL, .high = -HUGE_VAL};
    for (uint32_t i = 0; table->set != NULL && i < table->count; i++) {
        const struct replay_order *order = &table->orders[i];
        double low, high;
        const uint32_t known = rates_of(table, order, &low, &high);
        rates.low = fmin(rates.low, low);
        rates.high = fmax(rates.high, high);
        if (alike(order)) {
            rates.alike++;
        } else if (known >= 2 && high > low && high - low < GEOMETRY_RATES_CLOSE) {
            rates.stretched++;
        } else if (known < order->count) {
            rates.partly++;
        }
    }
    if (!(rates.low <= rates.high)) rates.low = rates.high = (double)NAN;
    return rates;
}
