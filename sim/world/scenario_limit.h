/* sim/world/scenario_limit.h - limits as a scenario writes them: 14.4, "95%", "5s".
 *
 * A limit is compared, not scheduled: "9.9s" is a fine one, where a span of a run must be whole
 * numbers. What it means follows from what it is compared with: a bare number is in that one's own
 * unit, a share may be a percentage, a time may bear a unit.
 *
 * Ownership: forms are static.
 * Failure:   limit_parse(): false, and `limit` as it was.
 */
#ifndef SIM_WORLD_SCENARIO_LIMIT_H
#define SIM_WORLD_SCENARIO_LIMIT_H

#include "sim/world/result.h"

struct limit_form {
    const char *words; /* `a share such as 0.95 or "95%"` */
    bool is_share;
    int64_t unit_us; /* of a time: what 1 is; else 0 */
};

const struct limit_form *limit_form_of(enum metric_unit unit);
extern const struct limit_form limit_form_seconds;

bool limit_parse(const char *text, const struct limit_form *form, double *limit);

#endif
