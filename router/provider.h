/* router/provider.h - the four providers: names, economics, and what every table is indexed by.
 *
 * Registry order is the order of `enum provider`; candidates of equal priority keep it. Economics
 * (fees, tax, ETA, canned unit price) are the production constants, used for canned quotes and,
 * where a provider's API gives no figure, for real ones.
 *
 * To add a provider: an enumerator here, a row in provider.c, an adapter in providers/, a default
 * row in sim/world/scenario_defaults.c.
 */
#ifndef ROUTER_PROVIDER_H
#define ROUTER_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

enum provider {
    PROVIDER_MEALME,
    PROVIDER_INSTACART,
    PROVIDER_KROGER_API,
    PROVIDER_WALMART_API,
    PROVIDER_COUNT
};

/* Production's two readings: what its runbook documents, and what its code does. */
enum profile { PROFILE_AS_DOCUMENTED, PROFILE_AS_CODED, PROFILE_COUNT };

struct provider_defaults { /* differ between the profiles */
    bool enabled;
    int64_t timeout_us;
};

struct provider_traits {
    const char *id;          /* "KROGER_API": in events, files and checks */
    const char *display;     /* "Kroger Direct": in explanations */
    const char *short_name;  /* "Kroger": in tables and figures */
    const char *key;         /* "KROGER": the middle of LOOPGPT_ENABLE_KROGER */
    bool direct;             /* can be preferred, needs credentials to be live */
    bool live_in_production; /* false: production always answers it canned */
    int priority;
    int retries;       /* declared by production, performed by none of its code */
    int commission_bp; /* basis points of the order's value */
    struct provider_defaults defaults[PROFILE_COUNT];
    int32_t canned_unit_cents;
    int32_t fee_cents;
    int32_t fee_free_from_cents; /* subtotal from which the fee is waived; 0: never */
    int32_t tax_per_mille;       /* of the subtotal, rounded half up to a cent */
    int32_t eta_minutes;
};

extern const struct provider_traits provider_traits[PROVIDER_COUNT];

/* Finds "KROGER_API" (by_id) or "KROGER" (by_key); false when there is none. */
bool provider_by_id(const char *id, enum provider *provider);
bool provider_by_key(const char *key, enum provider *provider);

int64_t provider_fee_cents(enum provider provider, int64_t subtotal_cents);
int64_t provider_tax_cents(enum provider provider, int64_t subtotal_cents);

#endif
