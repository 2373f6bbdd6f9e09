#include "router/policy.h"

#include <stddef.h>

const char *const missing_items_names[MISSING_ITEMS_COUNT + 1] = {"free", "median", "excluded",
                                                                  NULL};
const char *const quote_key_names[QUOTE_KEY_COUNT + 1] = {"cart", "user", NULL};

struct policy policy_default(void)
{
    return (struct policy){
        .zero_is_missing = true,
        .abandoned_calls_run_on = true,
        .swallowed_search_errors = true,
        .health_is_configuration = true,
        .auth_errors_final = true,
        .missing_items = MISSING_ITEMS_FREE,
        .fill_least = 0.5,
        .parallel_searches = 1,
        /* Off, but with sane numbers for whoever switches it on: one retry layer with a budget of a
         * tenth of the first tries (Google SRE book, "Handling Overload"). */
        .retry = {.backoff_us = 100000,
                  .backoff_us_max = 2000000,
                  .jitter = 1.0,
                  .budget = 0.1,
                  .budget_burst = 10.0,
                  .throttle_ratio = 0.1},
        /* Off as well. The documented P95 of the slowest provider: a twentieth of such calls takes
         * longer, and a budget of a tenth leaves room. */
        .hedge = {.after_us = 3500000, .per_quote = 3, .budget = 0.1, .budget_burst = 10.0},
        /* Prices: room for four times the 4,000 that a catalogue of 1,000 has in four stores.
         * Quotes are kept nowhere. Redis answers within a millisecond when it is well: one that has
         * not after 50 ms is not waited for, and after three such it is left alone for 10 s.
         * Nothing fixes these three; they are assumptions. */
        .cache = {.token = true,
                  .sku_entries = 16384,
                  .timeout_us = 50000,
                  .breaker_failures = 3,
                  .breaker_skip_us = INT64_C(10000000)},
        .call_life_us = INT64_C(60000000),
        .token_margin_us = INT64_C(60000000),
        .confirm_life_us = INT64_C(900000000),
        .confirm_timeout_us = INT64_C(10000000),
    };
}
