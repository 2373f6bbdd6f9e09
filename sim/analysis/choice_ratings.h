/* sim/analysis/choice_ratings.h - what customers did and said afterwards, from a CSV file.
 *
 *   order_index,bought,rating
 *   0,1,5
 *   1,0,
 *   2,1,
 *
 * order_index is the order's number in the run or log, from 0; bought is 0 or 1; rating is 1 to 5,
 * or empty: not answered. Columns may stand in any order among others; rows too. Orders without a
 * row are not known, and counted; nothing is guessed. A row of an order that is not among those
 * asked for is counted as `foreign` and otherwise ignored, for a file may cover more.
 *
 * A rating counts as satisfied from CHOICE_SATISFIED on ("top two boxes"). Its share is of those
 * who answered; who did not is a share of its own, because they may think otherwise.
 *
 * Ownership: choice_ratings owns its arrays; choice_ratings_release() frees them.
 * Failure:   ERR_INPUT with file, line and column of what is wrong: a field that is no number, an
 *            order that comes twice, a rating of what was not bought, a file no row of which is
 *            among the orders. ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_CHOICE_RATINGS_H
#define SIM_ANALYSIS_CHOICE_RATINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "router/base/err.h"

enum { CHOICE_RATING_MAX = 5, CHOICE_SATISFIED = 4 };

struct choice_ratings {
    uint32_t orders;  /* indices below it */
    uint8_t *bought;  /* [orders]: 1, 0, CHOICE_UNKNOWN (choice_tastes.h) */
    uint8_t *ratings; /* [orders]: 1 to 5; 0: none */
    uint32_t *lines;  /* [orders]: of the file, for messages; 0: no row */
    uint32_t rows;    /* read */
    uint32_t foreign; /* of them: of orders that are not among these */
    uint32_t known;   /* orders with a row: the coverage is known / orders */
    uint32_t purchases;
    uint32_t rated;
};

bool choice_ratings_read(struct choice_ratings *ratings, const char *path, uint32_t orders,
                         struct err *err);
bool choice_ratings_from_bytes(struct choice_ratings *ratings, const char *name, const char *bytes,
                               size_t length, uint32_t orders, struct err *err);
void choice_ratings_release(struct choice_ratings *ratings);

/* ---- the survey ---- */

struct choice_csat { /* logged, not modelled */
    uint64_t asked;  /* purchases: only they can be rated */
    uint64_t answered;
    uint64_t satisfied; /* rated CHOICE_SATISFIED or more */
    double share;       /* of those who answered; NaN: nobody did */
    double low, high;   /* Wilson's interval (stats_tests.h); [0, 1] when nobody answered */
    double silent;      /* share of purchases without an answer; NaN without purchases */
};

/* Over the orders with among[order] != 0; NULL: all. */
struct choice_csat choice_csat(const struct choice_ratings *ratings, const uint8_t *among,
                               double level);

#endif
