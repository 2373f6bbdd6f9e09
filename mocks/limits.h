/* mocks/limits.h - a provider's rate limits, exact: a token bucket and counters of a UTC day.
 *
 * The bucket counts in millionths of a millionth of a call (1e-12), so that a rate given to a
 * millionth of a call a second refills by a whole number every microsecond and nothing is ever
 * rounded.
 *
 * A thief with a stolen credential spends from the same bucket and the same day, at even intervals
 * in time; his calls are made good before anybody asks. Nothing is allocated; nothing fails.
 */
#ifndef MOCKS_LIMITS_H
#define MOCKS_LIMITS_H

#include "mocks/backend.h"

struct thief {
    int64_t from_us;
    int64_t next_us;
    int64_t interval_us;
    int64_t until_us; /* the fault's end, or that of what was stolen */
};

struct limits {
    struct limit_spec spec;
    int64_t rate_ppm; /* millionths of a call a second = 1e-12 calls a microsecond; 0: no bucket */
    int64_t burst_pico;
    int64_t fill_us; /* after so long the bucket is full again */
    int64_t level_pico;
    int64_t level_at_us;
    int64_t epoch_us;
    int64_t day;
    int64_t day_calls, day_tokens;
    struct thief thieves[BACKEND_FAULTS_MAX];
    uint32_t thief_count;
    uint64_t thief_calls; /* served */
};

void limits_init(struct limits *limits, const struct limit_spec *spec);
void limits_reset(struct limits *limits, int64_t epoch_us);
void limits_add_thief(struct limits *limits, int64_t from_us, int64_t until_us,
                      double calls_per_minute);
void limits_skip_thieves(struct limits *limits, int64_t now_us); /* what they did by then is past */

/* What those hold who were at work before `now_us` is worth nothing from `until_us` on. */
void limits_end_thieves(struct limits *limits, int64_t now_us, int64_t until_us);

static inline bool limits_any(const struct limits *limits)
{
    return limits->rate_ppm > 0 || limits->spec.per_day > 0 || limits->spec.token_per_day > 0;
}

/* Takes one call out of what is left; false: nothing is, and nothing was taken. */
bool limits_take(struct limits *limits, bool is_token, int64_t now_us);

/* Makes the thieves' calls up to and including an instant. */
void limits_settle(struct limits *limits, int64_t now_us);

#endif
