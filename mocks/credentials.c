#include "mocks/credentials.h"

#include <assert.h>
#include <stdio.h>

#include "router/base/random.h"

enum { GENERATIONS = BACKEND_ROTATIONS_MAX + 1 };

static bool is_one_text(enum provider provider)
{
    return provider == PROVIDER_MEALME || provider == PROVIDER_INSTACART;
}

static void make_one_text(struct credentials *credentials, unsigned generation)
{
    const struct credential *const known = &credentials->known[generation];
    char both[96];
    if (!is_one_text(credentials->provider)) return;
    (void)snprintf(both, sizeof both, "%s:%s", known->id, known->secret);
    credentials->joined[generation] = credential_fingerprint("", both);
    credentials->alone[generation] = credential_fingerprint("", known->secret);
}

static bool make_generations(struct credentials *credentials, struct arena *arena)
{
    char id[64], secret[32];
    const int id_length =
        snprintf(id, sizeof id, "mock-%s", provider_traits[credentials->provider].id);
    const char *const kept_id = arena_text(arena, id, (size_t)id_length);
    for (unsigned generation = 1; generation <= GENERATIONS; generation++) {
        const int length = snprintf(secret, sizeof secret, "generation-%u", generation);
        const char *const kept = arena_text(arena, secret, (size_t)length);
        if (kept_id == NULL || kept == NULL) return false;
        credentials->known[generation] = (struct credential){
            .id = kept_id, .secret = kept, .fingerprint = credential_fingerprint(kept_id, kept)};
        make_one_text(credentials, generation);
    }
    return true;
}

bool credentials_create(enum provider provider, enum api api, const struct credential_spec *spec,
                        struct arena *arena, struct credentials *credentials, struct err *err)
{
    static_assert((BACKEND_TOKENS_MAX & (BACKEND_TOKENS_MAX - 1)) == 0, "a token's slot is a mask");
    *credentials = (struct credentials){
        .provider = provider, .has_tokens = api_has_tokens(provider, api), .spec = *spec};
    if (credentials->has_tokens && spec->token_life_us <= 0) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "%s's tokens need a life above 0",
                        provider_traits[provider].id);
    }
    credentials->ring = arena_push(arena, struct token_slot, BACKEND_TOKENS_MAX);
    if (credentials->ring != NULL && make_generations(credentials, arena)) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for tokens");
}

void credentials_reset(struct credentials *credentials, uint64_t seed_r)
{
    credentials->key =
        random_key(seed_r, random_what(RANDOM_TOKEN, (unsigned)credentials->provider, 0, 0, 0));
    credentials->rotation_count = 0;
    credentials->issued = 0;
    for (uint32_t i = 0; i < BACKEND_TOKENS_MAX; i++) {
        credentials->ring[i] = (struct token_slot){0};
    }
    if (credentials->spec.rotated_at_us >= 0) {
        (void)credentials_rotate(credentials, credentials->spec.rotated_at_us, 0);
    }
    (void)credentials_look(credentials, 0);
}

/* ---- generations ----------------------------------------------------------------------------- */

uint32_t credentials_generation(const struct credentials *credentials, int64_t now_us)
{
    uint32_t generation = 1;
    for (uint32_t i = 0; i < credentials->rotation_count; i++) {
        generation += credentials->rotations[i].at_us <= now_us;
    }
    return generation;
}

/* The credential that expires is the one in force at that instant; a newer one lives. */
static bool has_expired(const struct credentials *credentials, uint32_t generation, int64_t now_us)
{
    const int64_t expires_us = credentials->spec.expires_at_us;
    return expires_us >= 0 && now_us >= expires_us &&
           generation <= credentials_generation(credentials, expires_us);
}

uint64_t credentials_accepted(const struct credentials *credentials, int64_t now_us)
{
    const uint32_t generation = credentials_generation(credentials, now_us);
    return has_expired(credentials, generation, now_us)
               ? 0
               : credentials->known[generation].fingerprint;
}

struct credential credentials_texts(const struct credentials *credentials, uint64_t fingerprint)
{
    for (unsigned generation = 1; generation <= GENERATIONS; generation++) {
        if (credentials->known[generation].fingerprint == fingerprint) {
            return credentials->known[generation];
        }
    }
    return (struct credential){0};
}

bool credentials_rotate(struct credentials *credentials, int64_t now_us, int64_t overlap_us)
{
    assert(overlap_us >= 0);
    if (credentials->rotation_count >= BACKEND_ROTATIONS_MAX) return false;
    uint32_t at = credentials->rotation_count++;
    for (; at > 0 && credentials->rotations[at - 1].at_us > now_us; at--) {
        credentials->rotations[at] = credentials->rotations[at - 1];
    }
    credentials->rotations[at] = (struct rotation){
        .at_us = now_us,
        .elders_until_us = overlap_us > INT64_MAX - now_us ? INT64_MAX : now_us + overlap_us};
    return true;
}

int64_t credentials_end_us(const struct credentials *credentials, uint32_t generation)
{
    assert(generation > 0);
    int64_t end_us = INT64_MAX;
    for (uint32_t i = generation - 1; i < credentials->rotation_count; i++) {
        const int64_t until_us = credentials->rotations[i].elders_until_us;
        if (until_us < end_us) end_us = until_us;
    }
    return end_us;
}

static int64_t earlier_change(int64_t next_us, int64_t at_us, int64_t now_us)
{
    return at_us > now_us && at_us < next_us ? at_us : next_us;
}

int64_t credentials_look(struct credentials *credentials, int64_t now_us)
{
    credentials->accepted = credentials_accepted(credentials, now_us);
    credentials->newest = credentials_generation(credentials, now_us);
    /* Neither ends nor expiries ever outrun an older generation's: what counts is a span. */
    credentials->oldest = credentials->newest;
    while (credentials->oldest > 1 &&
           credentials_end_us(credentials, credentials->oldest - 1) > now_us &&
           !has_expired(credentials, credentials->oldest - 1, now_us)) {
        credentials->oldest--;
    }
    int64_t next_us = earlier_change(INT64_MAX, credentials->spec.expires_at_us, now_us);
    for (uint32_t i = 0; i < credentials->rotation_count; i++) {
        next_us = earlier_change(next_us, credentials->rotations[i].at_us, now_us);
        next_us = earlier_change(next_us, credentials->rotations[i].elders_until_us, now_us);
    }
    return next_us;
}

/* ---- tokens ---------------------------------------------------------------------------------- */

uint64_t credentials_issue(struct credentials *credentials, uint32_t generation, int64_t now_us,
                           int64_t clock_us)
{
    const uint32_t number = ++credentials->issued;
    const uint64_t noise = random_draw(credentials->key, number) >> 32;
    const uint64_t value = (uint64_t)number << 32 | noise | 1; /* never 0 */
    credentials->ring[number & (BACKEND_TOKENS_MAX - 1)] =
        (struct token_slot){.value = value,
                            .issued_us = now_us,
                            .expires_us = clock_us + credentials->spec.token_life_us,
                            .generation = generation};
    return value;
}

/* ---- refusing -------------------------------------------------------------------------------- */

/* The generation whose credential this is, in whatever form; 0: none's. */
static uint32_t generation_of(const struct credentials *credentials, uint64_t fingerprint)
{
    if (fingerprint == 0) return 0;
    for (uint32_t generation = 1; generation <= GENERATIONS; generation++) {
        if (credentials->known[generation].fingerprint == fingerprint ||
            credentials->joined[generation] == fingerprint ||
            credentials->alone[generation] == fingerprint) {
            return generation;
        }
    }
    return 0;
}

static bool is_accepted(const struct credentials *credentials, uint64_t fingerprint)
{
    if (fingerprint == 0 || credentials->accepted == 0) return false;
    if (fingerprint == credentials->accepted) return true;
    const uint32_t generation = generation_of(credentials, fingerprint);
    return generation >= credentials->oldest && generation <= credentials->newest;
}

static uint16_t refusal_at_token_endpoint(enum provider provider)
{
    return provider == PROVIDER_KROGER_API ? 400 : 401;
}

/* Whether a call proves itself by a token: what needs one, and what has one. */
static bool shows_token(const struct credentials *credentials, const struct call *call)
{
    if (!credentials->has_tokens || call->operation == OPERATION_TOKEN) return false;
    if (call->token != 0 || call->credential == NULL) return true;
    return call->operation != OPERATION_SINGLE && call->operation != OPERATION_CONFIRM &&
           call->operation != OPERATION_HEALTH;
}

uint16_t credentials_refusal(const struct credentials *credentials, const struct call *call,
                             int64_t clock_us)
{
    if (shows_token(credentials, call)) {
        const struct token_slot *const slot = credentials_token(credentials, call->token);
        return slot != NULL && clock_us < slot->expires_us ? 0 : 401;
    }
    const uint64_t fingerprint = call->credential == NULL ? 0 : call->credential->fingerprint;
    if (is_accepted(credentials, fingerprint)) return 0;
    return call->operation == OPERATION_TOKEN ? refusal_at_token_endpoint(credentials->provider)
                                              : 401;
}

uint32_t credentials_shown(const struct credentials *credentials, const struct call *call)
{
    if (shows_token(credentials, call)) {
        const struct token_slot *const slot = credentials_token(credentials, call->token);
        return slot == NULL ? 0 : slot->generation;
    }
    return generation_of(credentials, call->credential == NULL ? 0 : call->credential->fingerprint);
}

uint16_t credentials_fault_refusal(const struct credentials *credentials, const struct call *call,
                                   const struct fault_spec *fault)
{
    const bool at_endpoint = call->operation == OPERATION_TOKEN;
    /* A fault of a credential is of the one in force when it began: rotating ends it. */
    const bool of_this =
        credentials_shown(credentials, call) <= credentials_generation(credentials, fault->at_us);
    switch (fault->auth) {
    case AUTH_EXPIRED:
        if (shows_token(credentials, call)) {
            const struct token_slot *const slot = credentials_token(credentials, call->token);
            return slot != NULL && slot->issued_us < fault->at_us ? 401 : 0;
        }
        return credentials->has_tokens || !of_this ? 0 : 401;
    case AUTH_REVOKED:
        if (!of_this) return 0;
        return at_endpoint ? refusal_at_token_endpoint(credentials->provider) : 401;
    case AUTH_WRONG_SCOPE:
        return at_endpoint ? 0 : 403;
    case AUTH_TOKEN_ENDPOINT_DOWN:
        return at_endpoint || !credentials->has_tokens ? 503 : 0;
    case AUTH_KIND_COUNT:
        break;
    }
    assert(false);
    return 0;
}
