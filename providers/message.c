#include "providers/message.h"

#include <stddef.h>

const char *const operation_names[OPERATION_COUNT + 1] = {
    "token", "store", "search", "cart", "quote", "slots", "single", "confirm", "health", NULL};

const char *const call_fate_names[CALL_FATE_COUNT] = {"answered", "unanswered", "refused",
                                                      "reset",    "dns",        "tls"};

bool operation_exists(enum provider provider, enum operation operation)
{
#define ON(o) (1u << OPERATION_##o)
    static const uint16_t operations_of[PROVIDER_COUNT] = {
        [PROVIDER_MEALME] = ON(CART) | ON(QUOTE) | ON(SINGLE) | ON(CONFIRM) | ON(HEALTH),
        [PROVIDER_INSTACART] =
            ON(TOKEN) | ON(STORE) | ON(SLOTS) | ON(SINGLE) | ON(CONFIRM) | ON(HEALTH),
        [PROVIDER_KROGER_API] =
            ON(TOKEN) | ON(STORE) | ON(SEARCH) | ON(SINGLE) | ON(CONFIRM) | ON(HEALTH),
        [PROVIDER_WALMART_API] = ON(STORE) | ON(SEARCH) | ON(SINGLE) | ON(CONFIRM) | ON(HEALTH),
    };
#undef ON
    return (operations_of[provider] >> operation & 1u) != 0;
}
