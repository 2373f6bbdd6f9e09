/* sim/command/timeout_words.h - rules and prices as the command line spells them.
 *
 *   rule     "today", "p95+2s" (any span behind the plus), "p99", "p99.9", "clamp", "target",
 *            "target=99.5%", "knee", "cost"
 *   prices   "wait=1,quote=20,order=150": cents for an order's every second, for each quote that
 *            would have come, for each order without any; what is not named keeps its value
 *
 * Failure: ERR_USAGE, with a hint.
 */
#ifndef SIM_COMMAND_TIMEOUT_WORDS_H
#define SIM_COMMAND_TIMEOUT_WORDS_H

#include "sim/analysis/timeout_rules.h"
#include "sim/analysis/waiting.h"

/* What holds until somebody says what waiting is worth, and is called an assumption wherever it is
 * used: a cent a second, 20 cents a quote, and for an order that is lost the commission of a $50
 * cart at 3%. */
extern const struct waiting_prices timeout_prices_assumed;

bool timeout_words_rule(const char *text, enum timeout_rule *rule, struct timeout_setup *setup,
                        struct err *err);
bool timeout_words_prices(const char *text, struct waiting_prices *prices, struct err *err);

#endif
