#include "mocks/limits.h"

#include <assert.h>
#include <math.h>

#include "router/base/duration.h"

#define PICO      INT64_C(1000000000000)
#define BURST_MAX 4e6 /* calls: twice as many still fit an int64 in 1e-12 parts */

void limits_init(struct limits *limits, const struct limit_spec *spec)
{
    *limits = (struct limits){.spec = *spec};
    if (!(spec->per_second > 0)) return;
    limits->rate_ppm = llround(fmin(spec->per_second, BURST_MAX) * 1e6);
    if (limits->rate_ppm == 0) limits->rate_ppm = 1;
    /* Without a burst of its own a bucket holds one second's calls, and one call at least. */
    const double burst = spec->burst > 0 ? spec->burst : spec->per_second;
    limits->burst_pico = llround(fmin(fmax(burst, 1), BURST_MAX) * 1e6) * (PICO / 1000000);
    limits->fill_us = limits->burst_pico / limits->rate_ppm + 1;
}

void limits_reset(struct limits *limits, int64_t epoch_us)
{
    limits->level_pico = limits->burst_pico;
    limits->level_at_us = 0;
    limits->epoch_us = epoch_us;
    limits->day = INT64_MIN;
    limits->day_calls = limits->day_tokens = 0;
    limits->thief_count = 0;
    limits->thief_calls = 0;
}

static void refill(struct limits *limits, int64_t now_us)
{
    const int64_t elapsed_us = now_us - limits->level_at_us;
    if (elapsed_us <= 0) return;
    limits->level_at_us = now_us;
    if (elapsed_us >= limits->fill_us)
        limits->level_pico = limits->burst_pico;
    else
        limits->level_pico += elapsed_us * limits->rate_ppm;
    if (limits->level_pico > limits->burst_pico) limits->level_pico = limits->burst_pico;
}

static void turn_day(struct limits *limits, int64_t now_us)
{
    const int64_t unix_us = limits->epoch_us + now_us;
    const int64_t day = unix_us / US_PER_DAY - (unix_us % US_PER_DAY < 0);
    if (day <= limits->day) return; /* calls may come a little out of order over HTTP */
    limits->day = day;
    limits->day_calls = limits->day_tokens = 0;
}

static bool take_one(struct limits *limits, bool is_token, int64_t now_us)
{
    turn_day(limits, now_us);
    int64_t *const spent = is_token ? &limits->day_tokens : &limits->day_calls;
    const int64_t quota = is_token ? limits->spec.token_per_day : limits->spec.per_day;
    if (quota > 0 && *spent >= quota) return false;
    if (limits->rate_ppm > 0) {
        refill(limits, now_us);
        if (limits->level_pico < PICO) return false;
        limits->level_pico -= PICO;
    }
    ++*spent;
    return true;
}

bool limits_take(struct limits *limits, bool is_token, int64_t now_us)
{
    limits_settle(limits, now_us);
    return take_one(limits, is_token, now_us);
}

/* ---- thieves --------------------------------------------------------------------------------- */

void limits_add_thief(struct limits *limits, int64_t from_us, int64_t until_us,
                      double calls_per_minute)
{
    assert(limits->thief_count < BACKEND_FAULTS_MAX);
    if (!(calls_per_minute > 0)) return;
    const double interval_us = fmax((double)US_PER_MINUTE / calls_per_minute, 1);
    limits->thieves[limits->thief_count++] =
        (struct thief){.from_us = from_us,
                       .next_us = from_us,
                       .interval_us = interval_us < 1e15 ? llround(interval_us) : INT64_C(1) << 50,
                       .until_us = until_us};
}

void limits_skip_thieves(struct limits *limits, int64_t now_us)
{
    for (uint32_t i = 0; i < limits->thief_count; i++) {
        struct thief *const thief = &limits->thieves[i];
        if (thief->next_us > now_us) continue;
        const int64_t done = (now_us - thief->next_us) / thief->interval_us + 1;
        thief->next_us += done * thief->interval_us;
    }
}

void limits_end_thieves(struct limits *limits, int64_t now_us, int64_t until_us)
{
    limits_settle(limits, now_us - 1);
    for (uint32_t i = 0; i < limits->thief_count; i++) {
        struct thief *const thief = &limits->thieves[i];
        if (thief->from_us < now_us && thief->until_us > until_us) thief->until_us = until_us;
    }
}

void limits_settle(struct limits *limits, int64_t now_us)
{
    for (;;) { /* in order of time over all thieves, because the bucket remembers order */
        struct thief *first = NULL;
        for (uint32_t i = 0; i < limits->thief_count; i++) {
            struct thief *const thief = &limits->thieves[i];
            if (thief->next_us > now_us || thief->next_us >= thief->until_us) continue;
            if (first == NULL || thief->next_us < first->next_us) first = thief;
        }
        if (first == NULL) return;
        limits->thief_calls += take_one(limits, false, first->next_us);
        first->next_us += first->interval_us;
    }
}
