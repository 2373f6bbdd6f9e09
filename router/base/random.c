#include "router/base/random.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

uint64_t random_hash_text(const char *text)
{
    assert(text != NULL);
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    for (const char *c = text; *c != '\0'; c++) {
        hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001B3);
    }
    return random_mix(hash);
}

uint64_t random_rate_q32(double rate)
{
    if (!(rate > 0)) return 0; /* NaN too: a rate nobody knows hits nobody */
    if (rate >= 1) return UINT64_C(1) << 32;
    const uint64_t rate_q32 = (uint64_t)llround(rate * 0x1p32);
    assert(rate_q32 <= UINT64_C(1) << 32);
    return rate_q32;
}
