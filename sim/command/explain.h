/* sim/command/explain.h - why one order went where it went, as a table.
 *
 * A column a quoting provider, best first: each part of its score, the points it brings under the
 * order's weights (weight times part), their sum, and the quote behind them. Under the table, who
 * did not quote and why; above it each provider's sentence. The table is at most 80 characters
 * wide.
 */
#ifndef SIM_COMMAND_EXPLAIN_H
#define SIM_COMMAND_EXPLAIN_H

#include "router/base/text.h"
#include "router/router.h"

/* Of a decided order. `weights` are the order's, scaled by its preference. */
void explain_write(struct text *text, const struct router_order *order,
                   const struct score_weights *weights, enum profile profile);

/* The chosen provider's sentence, its total and ETA, and the alternatives. */
void explain_write_brief(struct text *text, const struct router_order *order, enum profile profile);

#endif
