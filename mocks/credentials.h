/* mocks/credentials.h - which credential and which tokens one mock provider accepts.
 *
 * Credentials come in generations; the newest begun one counts. A rotation may leave its elders an
 * overlap in which they count too: while some of the router's isolates still hold the old one.
 * Generation g counts until the earliest end that rotation g or a later one set, so that a rotation
 * without overlap stops all that came before it, those in an overlap too. A token is a number that
 * only its provider can interpret: it names its slot in a ring of the newest tokens and is
 * otherwise noise, so that a foreign or forgotten one is never mistaken for a good one.
 *
 * `clock_us` is the provider's own clock, `now_us` the simulation's; they differ under clock_skew
 * only.
 *
 * Ownership: the ring lies in the arena. Failure: none past credentials_create().
 */
#ifndef MOCKS_CREDENTIALS_H
#define MOCKS_CREDENTIALS_H

#include "mocks/backend.h"

struct token_slot {
    uint64_t value; /* 0: never used */
    int64_t issued_us;
    int64_t expires_us;  /* by the provider's clock */
    uint32_t generation; /* of the credential it was issued for */
};

struct rotation {
    int64_t at_us;
    int64_t elders_until_us; /* older generations count no longer from here on; at_us: no overlap */
};

struct credentials {
    enum provider provider;
    bool has_tokens; /* a token end point */
    struct credential_spec spec;
    struct credential
        known[BACKEND_ROTATIONS_MAX + 2]; /* by generation, from 1; texts in the arena */
    /* The same as one text, "id:secret" or the secret alone, where production's key is one text
     * (MEALME_API_KEY, INSTACART_API_KEY); 0 elsewhere. */
    uint64_t joined[BACKEND_ROTATIONS_MAX + 2], alone[BACKEND_ROTATIONS_MAX + 2];
    struct rotation rotations[BACKEND_ROTATIONS_MAX]; /* ascending by at_us */
    uint32_t rotation_count;
    uint64_t accepted;       /* the newest, at the instant looked at last; 0: none */
    uint32_t oldest, newest; /* then: the generations that count */
    uint64_t key;
    uint32_t issued; /* tokens so far */
    struct token_slot *ring;
};

bool credentials_create(enum provider provider, enum api api, const struct credential_spec *spec,
                        struct arena *arena, struct credentials *credentials, struct err *err);
void credentials_reset(struct credentials *credentials, uint64_t seed_r);

uint32_t credentials_generation(const struct credentials *credentials, int64_t now_us);
uint64_t credentials_accepted(const struct credentials *credentials, int64_t now_us);
struct credential credentials_texts(const struct credentials *credentials, uint64_t fingerprint);

/* As backend_rotate(). False: it had its BACKEND_ROTATIONS_MAX, and nothing changed. */
bool credentials_rotate(struct credentials *credentials, int64_t now_us, int64_t overlap_us);

/* From when on a generation counts no longer; INT64_MAX: no rotation ends it. Expiry apart. */
int64_t credentials_end_us(const struct credentials *credentials, uint32_t generation);

/* Looks at an instant: what is accepted from there to the next change, which is returned. */
int64_t credentials_look(struct credentials *credentials, int64_t now_us);

/* A token for whoever showed a credential of `generation`. */
uint64_t credentials_issue(struct credentials *credentials, uint32_t generation, int64_t now_us,
                           int64_t clock_us);

static inline const struct token_slot *credentials_token(const struct credentials *credentials,
                                                         uint64_t token)
{
    const struct token_slot *const slot =
        &credentials->ring[token >> 32 & (BACKEND_TOKENS_MAX - 1)];
    return token != 0 && slot->value == token ? slot : NULL;
}

/* The generation that a call's credential or token is of; 0: of none. */
uint32_t credentials_shown(const struct credentials *credentials, const struct call *call);

/* 0, or the status with which a call is refused. */
uint16_t credentials_refusal(const struct credentials *credentials, const struct call *call,
                             int64_t clock_us);

/* The same under an auth fault: 0 when the fault does not touch this call. */
uint16_t credentials_fault_refusal(const struct credentials *credentials, const struct call *call,
                                   const struct fault_spec *fault);

#endif
