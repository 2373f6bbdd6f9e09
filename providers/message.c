#include "providers/message.h"

#include <stddef.h>

const char *const operation_names[OPERATION_COUNT + 1] = {
    "token", "store", "search", "cart", "quote", "slots", "single", "confirm", "health", NULL};

const char *const call_fate_names[CALL_FATE_COUNT] = {"answered", "unanswered", "refused",
                                                      "reset",    "dns",        "tls"};

const char *const api_names[API_COUNT + 1] = {"standard", "access_token", "developer", NULL};

bool api_exists(enum provider provider, enum api api)
{
    switch (api) {
    case API_STANDARD:
        return true;
    case API_ACCESS_TOKEN:
        return provider == PROVIDER_WALMART_API;
    case API_DEVELOPER:
        return provider == PROVIDER_INSTACART;
    case API_COUNT:
        break;
    }
    return false;
}

const struct credential_keys *api_keys(enum provider provider, enum api api)
{
    /* Production calls neither Walmart's nor Instacart's standard API. */
    static const enum api own[PROVIDER_COUNT] = {
        [PROVIDER_INSTACART] = API_DEVELOPER, [PROVIDER_WALMART_API] = API_ACCESS_TOKEN};
    if (!api_exists(provider, api)) return NULL;
    return config_pair_keys(provider, api == own[provider] ? PAIR_OWN : PAIR_OTHER);
}

bool api_has_tokens(enum provider provider, enum api api)
{
    return api == API_STANDARD && operation_exists(provider, OPERATION_TOKEN);
}

bool kroger_takes_term(const char *term)
{
    enum { CHARACTERS_LEAST = 3, WORDS_MOST = 8 };
    unsigned characters = 0, words = 0;
    bool in_word = false;
    for (const char *c = term; *c != '\0'; c++) {
        characters += ((unsigned char)*c & 0xC0u) != 0x80u; /* not a byte within a character */
        const bool is_space = *c == ' ';
        words += !is_space && !in_word;
        in_word = !is_space;
    }
    return characters >= CHARACTERS_LEAST && words <= WORDS_MOST;
}

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
