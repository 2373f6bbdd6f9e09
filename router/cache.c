#include "router/cache.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "router/base/random.h"

const char *const cache_error_names[CACHE_ERROR_COUNT] = {
    [CACHE_OK] = "OK",         [CACHE_REFUSED] = "REFUSED", [CACHE_TIMEOUT] = "TIMEOUT",
    [CACHE_FAILED] = "FAILED", [CACHE_DAMAGED] = "DAMAGED",
};

const char *const recall_names[RECALL_COUNT + 1] = {"unasked", "hit",     "miss",   "expired",
                                                    "refused", "timeout", "failed", "damaged",
                                                    "late",    "skipped", NULL};

/* ---- keys ------------------------------------------------------------------------------------ */

/* Lines come in any order: what they add up to does not depend on it. A sum of well mixed words is
 * as good as a word, and unlike an exclusive or it tells a line that stands twice from none. */
static uint64_t lines_sum(const struct order_request *request, uint64_t half)
{
    uint64_t sum = request->item_count;
    for (uint32_t i = 0; i < request->item_count; i++) {
        const struct order_item *item = &request->items[i];
        sum += random_key(random_key(half, item->name_hash), item->quantity);
    }
    return sum;
}

static uint64_t key_half(enum quote_key kind, enum provider provider,
                         const struct order_request *request, uint64_t half)
{
    uint64_t key = random_key(half, provider);
    key = random_key(key, random_hash_text(request->postal_code));
    key = random_key(key, lines_sum(request, half));
    switch (kind) {
    case QUOTE_KEY_CART:
        return key;
    case QUOTE_KEY_USER:
        return random_key(key, request->user_id != NULL ? random_hash_text(request->user_id) : 0);
    case QUOTE_KEY_COUNT:
        break;
    }
    assert(!"a kind of quote key outside its enum");
    return key;
}

struct cache_key cache_key_make(enum quote_key kind, enum provider provider,
                                const struct order_request *request)
{
    assert(request->item_count <= ORDER_ITEMS_MAX);
    return (struct cache_key){.provider = provider,
                              .high = key_half(kind, provider, request, 1),
                              .low = key_half(kind, provider, request, 2)};
}

void cache_key_text(const struct cache_key *key, char text[static CACHE_KEY_TEXT_MAX])
{
    const int length = snprintf(text, CACHE_KEY_TEXT_MAX, "quote:%s:%016llx%016llx",
                                provider_traits[key->provider].id, (unsigned long long)key->high,
                                (unsigned long long)key->low);
    assert(length > 0);
    assert(length < CACHE_KEY_TEXT_MAX);
    (void)length;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

enum { BYTES_VERSION = 1, FLAG_ESTIMATED = 1, WORDS = CACHE_QUOTE_BYTES / 8 };

static const char magic[4] = {'R', 'S', 'Q', 'C'};

static_assert(CACHE_QUOTE_BYTES == 96, "the layout below is the cache's");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the bytes are little-endian");

struct layout { /* as it lies in memory; no holes */
    char magic[4];
    uint8_t version;
    uint8_t provider;
    uint8_t flags;
    uint8_t reserved;
    uint64_t key_high, key_low;
    int64_t made_us, expires_us;
    int64_t subtotal_cents, fee_cents, tax_cents, total_cents;
    int32_t eta_minutes;
    uint16_t requested, found;
    uint16_t substituted;
    uint16_t calls;
    uint32_t store;
    uint64_t check;
};
static_assert(sizeof(struct layout) == CACHE_QUOTE_BYTES, "the layout has no holes");

static uint64_t check_sum(const struct layout *layout)
{
    uint64_t words[WORDS];
    memcpy(words, layout, sizeof words);
    uint64_t sum = BYTES_VERSION;
    for (unsigned i = 0; i + 1 < WORDS; i++)
        sum = random_key(sum, words[i]);
    return sum;
}

void cache_quote_write(const struct cache_quote *cached, const struct cache_key *key,
                       unsigned char bytes[static CACHE_QUOTE_BYTES])
{
    const struct quote *quote = &cached->quote;
    assert(!quote->canned); /* our own constants are no quote of a provider's */
    assert(cached->expires_us > cached->made_us);
    struct layout layout = {.version = BYTES_VERSION,
                            .provider = (uint8_t)key->provider,
                            .flags = quote->estimated ? FLAG_ESTIMATED : 0,
                            .key_high = key->high,
                            .key_low = key->low,
                            .made_us = cached->made_us,
                            .expires_us = cached->expires_us,
                            .subtotal_cents = quote->subtotal_cents,
                            .fee_cents = quote->fee_cents,
                            .tax_cents = quote->tax_cents,
                            .total_cents = quote->total_cents,
                            .eta_minutes = quote->eta_minutes,
                            .requested = quote->requested,
                            .found = quote->found,
                            .substituted = quote->substituted,
                            .calls = cached->calls,
                            .store = quote->store};
    memcpy(layout.magic, magic, sizeof magic);
    layout.check = check_sum(&layout);
    memcpy(bytes, &layout, sizeof layout);
}

bool cache_quote_read(struct cache_quote *cached, const struct cache_key *key,
                      const unsigned char *bytes, size_t length)
{
    struct layout layout;
    if (length != sizeof layout) return false;
    memcpy(&layout, bytes, sizeof layout);
    if (memcmp(layout.magic, magic, sizeof magic) != 0) return false;
    if (layout.version != BYTES_VERSION || layout.check != check_sum(&layout)) return false;
    if (layout.provider != key->provider || layout.key_high != key->high ||
        layout.key_low != key->low) {
        return false;
    }
    *cached = (struct cache_quote){
        .quote = {.subtotal_cents = layout.subtotal_cents,
                  .fee_cents = layout.fee_cents,
                  .tax_cents = layout.tax_cents,
                  .total_cents = layout.total_cents,
                  .eta_minutes = layout.eta_minutes,
                  .requested = layout.requested,
                  .found = layout.found,
                  .substituted = layout.substituted,
                  .estimated = (layout.flags & FLAG_ESTIMATED) != 0,
                  .cached = true,
                  .store = layout.store},
        .made_us = layout.made_us,
        .expires_us = layout.expires_us,
        .calls = layout.calls,
    };
    return cached->quote.total_cents >= 0 && cached->expires_us > cached->made_us;
}

/* ---- the breaker ----------------------------------------------------------------------------- */

bool cache_breaker_allows(struct cache_breaker *breaker, int64_t now_us)
{
    if (breaker->open_until_us == 0) return true;
    if (now_us < breaker->open_until_us || breaker->trying) return false;
    breaker->trying = true;
    return true;
}

void cache_breaker_good(struct cache_breaker *breaker)
{
    breaker->failed = 0;
    breaker->trying = false;
    breaker->open_until_us = 0;
}

/* A recall that went out before the breaker opened fails after it did: the span is not begun anew,
 * or a storm of them would keep the cache shut for longer than it says. */
void cache_breaker_bad(struct cache_breaker *breaker, const struct cache_policy *policy,
                       int64_t now_us)
{
    breaker->failed++;
    if (policy->breaker_failures == 0) return;
    const bool tried = breaker->trying && now_us >= breaker->open_until_us;
    if (!tried && (breaker->open_until_us != 0 || breaker->failed < policy->breaker_failures)) {
        return;
    }
    breaker->trying = false;
    breaker->open_until_us = now_us + policy->breaker_skip_us;
    breaker->opened++;
}
