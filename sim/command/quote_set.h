/* sim/command/quote_set.h - one order's quotes as a JSON line: read, scored, written back,
 * compared.
 *
 *   {"weights":{"price":0.4},"preference":"speed","itemsRequested":3,
 *    "quotes":[{"providerId","priority","totalCents","etaMinutes","found","substituted"}...],
 *    "metrics":[{"providerId","totalOrders","successRate","avgMarginRate"}...],
 *    "expect":[{"providerId","score","priceScore",...,"explanation"}...]}
 *
 * Weights that are not named keep production's defaults. A provider without orders, or whose
 * success rate is null, has no success rate; a margin rate counts whenever it is not null, also
 * without orders, as production has it. Quotes come in candidate order, which breaks ties.
 *
 * Ownership: nothing is allocated; a set keeps no pointer into the JSON.
 * Failure:   every mistake of a line goes to the list, with its place.
 */
#ifndef SIM_COMMAND_QUOTE_SET_H
#define SIM_COMMAND_QUOTE_SET_H

#include "router/base/json.h"
#include "router/base/text.h"
#include "router/score.h"

struct quote_set {
    struct score_weights weights; /* before the preference scales them */
    enum preference preference;
    int32_t items_requested;
    struct score_input inputs[SCORE_QUOTES_MAX];
    uint32_t count;
};

struct quote_set_result {
    struct score_parts parts[SCORE_QUOTES_MAX];                 /* by input */
    char explanations[SCORE_QUOTES_MAX][SCORE_EXPLANATION_MAX]; /* by input */
    uint8_t ranked[SCORE_QUOTES_MAX];                           /* inputs, best first */
};

bool quote_set_read(const struct json *json, struct quote_set *set, struct err_list *list);

/* Production's scorer, with its quirk zero_is_missing. */
void quote_set_score(const struct quote_set *set, struct quote_set_result *result);

/* Appends the line with `result` where `expect` (or an earlier result) was, else at the end. */
void quote_set_write(struct text *text, const struct json *json, const struct quote_set *set,
                     const struct quote_set_result *result);

/* True when the line's "expect" is what was computed: order, integers and texts equal, score the
 * same double to the last bit. Else `err` says what differs first, at its place (ERR_INPUT: no
 * "expect" to compare with, or not a list of objects; ERR_NONE: a true difference). */
bool quote_set_matches(const struct json *json, const struct quote_set *set,
                       const struct quote_set_result *result, struct err *err);

#endif
