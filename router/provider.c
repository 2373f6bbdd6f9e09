#include "router/provider.h"

#include <assert.h>
#include <string.h>

#define SECONDS(n) (INT64_C(1000000) * (n))

const struct provider_traits provider_traits[PROVIDER_COUNT] = {
    [PROVIDER_MEALME] = {.id = "MEALME",
                         .display = "MealMe MCP",
                         .short_name = "MealMe",
                         .key = "MEALME",
                         .priority = 50,
                         .retries = 2,
                         .commission_bp = 300,
                         .defaults = {{true, SECONDS(10)}, {true, SECONDS(10)}},
                         .canned_unit_cents = 1299,
                         .fee_cents = 499,
                         .tax_per_mille = 80,
                         .eta_minutes = 35},
    [PROVIDER_INSTACART] = {.id = "INSTACART",
                            .display = "Instacart",
                            .short_name = "Instacart",
                            .key = "INSTACART",
                            .priority = 40,
                            .retries = 2,
                            .commission_bp = 200,
                            .defaults = {{true, SECONDS(10)}, {true, SECONDS(10)}},
                            .canned_unit_cents = 1149,
                            .fee_cents = 599,
                            .tax_per_mille = 80,
                            .eta_minutes = 52},
    [PROVIDER_KROGER_API] = {.id = "KROGER_API",
                             .display = "Kroger Direct",
                             .short_name = "Kroger",
                             .key = "KROGER",
                             .direct = true,
                             .live_in_production = true,
                             .priority = 60,
                             .retries = 3,
                             .commission_bp = 300,
                             .defaults = {{true, SECONDS(10)}, {false, SECONDS(15)}},
                             .canned_unit_cents = 1099,
                             .fee_cents = 995,
                             .fee_free_from_cents = 3500,
                             .tax_per_mille = 75,
                             .eta_minutes = 150},
    [PROVIDER_WALMART_API] = {.id = "WALMART_API",
                              .display = "Walmart Direct",
                              .short_name = "Walmart",
                              .key = "WALMART",
                              .direct = true,
                              .live_in_production = true,
                              .priority = 60,
                              .retries = 3,
                              .commission_bp = 300,
                              .defaults = {{true, SECONDS(10)}, {false, SECONDS(15)}},
                              .canned_unit_cents = 999,
                              .fee_cents = 795,
                              .tax_per_mille = 70,
                              .eta_minutes = 90},
};

bool provider_by_id(const char *id, enum provider *provider)
{
    for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
        if (strcmp(id, provider_traits[i].id) != 0) continue;
        *provider = (enum provider)i;
        return true;
    }
    return false;
}

bool provider_by_key(const char *key, enum provider *provider)
{
    for (unsigned i = 0; i < PROVIDER_COUNT; i++) {
        if (strcmp(key, provider_traits[i].key) != 0) continue;
        *provider = (enum provider)i;
        return true;
    }
    return false;
}

int64_t provider_fee_cents(enum provider provider, int64_t subtotal_cents)
{
    const struct provider_traits *traits = &provider_traits[provider];
    if (traits->fee_free_from_cents > 0 && subtotal_cents >= traits->fee_free_from_cents) return 0;
    return traits->fee_cents;
}

int64_t provider_tax_cents(enum provider provider, int64_t subtotal_cents)
{
    assert(subtotal_cents >= 0);
    return (subtotal_cents * provider_traits[provider].tax_per_mille + 500) / 1000;
}
