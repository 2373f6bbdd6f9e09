/* What a codec remembers: the texts of tokens and stores, MealMe's carts, secrets. */
#include "providers/codec_state.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/memory.h"

const char codec_forgotten[] = "forgotten";
const char codec_some_postal_code[] = "45202";

/* Stores whose text is no number are numbered from here. */
#define STORE_TEXTS_FROM (UINT32_C(1) << 31)

void codec_keep_init(struct codec *codec)
{
    codec->tokens =
        (struct codec_kept){.texts = codec->token_texts, .text_count = CODEC_TOKENS_MAX};
    codec->stores =
        (struct codec_kept){.texts = codec->store_texts, .text_count = CODEC_STORES_MAX};
}

static char *copy_bytes(const char *bytes, size_t length)
{
    char *const copy = memory_resize(NULL, length + 1, 1);
    if (copy == NULL) return NULL;
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return copy;
}

/* Whatever it is: nothing is lost by wiping it. */
static void wipe(char *text)
{
    if (text == NULL) return;
    OPENSSL_cleanse(text, strlen(text));
    free(text);
}

void codec_wipe(struct text *text)
{
    if (text->bytes != NULL) OPENSSL_cleanse(text->bytes, text->capacity);
    text_release(text);
}

/* ---- the newest texts of a kind -------------------------------------------------------------- */

static bool keep(struct codec_kept *kept, const char *text)
{
    char *const copy = copy_bytes(text, strlen(text));
    if (copy == NULL) return false;
    char **const place = &kept->texts[kept->given++ % kept->text_count];
    wipe(*place);
    *place = copy;
    return true;
}

static const char *recall(const struct codec_kept *kept, uint64_t number)
{
    if (number >= kept->given || kept->given - number > kept->text_count) return codec_forgotten;
    return kept->texts[number % kept->text_count];
}

/* The number under which a text is known; false: it is not. Newest first. */
static bool find(const struct codec_kept *kept, const char *text, uint64_t *number)
{
    for (uint64_t back = 1; back <= kept->given && back <= kept->text_count; back++) {
        *number = kept->given - back;
        if (strcmp(kept->texts[*number % kept->text_count], text) == 0) return true;
    }
    return false;
}

static void forget_all(struct codec_kept *kept)
{
    for (uint32_t i = 0; i < kept->text_count; i++)
        wipe(kept->texts[i]);
}

/* ---- tokens ---------------------------------------------------------------------------------- */

uint64_t codec_keep_token(struct codec *codec, const char *text)
{
    return keep(&codec->tokens, text) ? codec->tokens.given : 0;
}

const char *codec_token_text(const struct codec *codec, uint64_t token)
{
    assert(token != 0);
    return recall(&codec->tokens, token - 1);
}

/* ---- stores ---------------------------------------------------------------------------------- */

/* A text of `digits` digits, or, with 0, of no more than it needs, below STORE_TEXTS_FROM. */
static bool own_number(const char *text, unsigned digits, uint32_t *number)
{
    enum { DIGITS_MOST = 10 };
    const size_t length = strlen(text);
    if (length == 0 || length > DIGITS_MOST) return false;
    if (digits > 0 ? length != digits : length > 1 && text[0] == '0') return false;
    uint64_t value = 0;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') return false;
        value = value * 10 + (uint64_t)(*c - '0');
    }
    if (value >= STORE_TEXTS_FROM) return false;
    *number = (uint32_t)value;
    return true;
}

bool codec_keep_store(struct codec *codec, const char *text, unsigned digits, uint32_t *store)
{
    if (own_number(text, digits, store)) return true;
    uint64_t number;
    if (!find(&codec->stores, text, &number)) {
        number = codec->stores.given;
        if (number >= STORE_TEXTS_FROM || !keep(&codec->stores, text)) return false;
    }
    *store = STORE_TEXTS_FROM + (uint32_t)number;
    return true;
}

const char *codec_store_text(const struct codec *codec, uint32_t store, unsigned digits,
                             char room[NUMBER_TEXT_MAX])
{
    if (store >= STORE_TEXTS_FROM) return recall(&codec->stores, store - STORE_TEXTS_FROM);
    char plain[NUMBER_TEXT_MAX];
    const size_t length = number_write_int(plain, store);
    const size_t zeros = length < digits ? digits - length : 0;
    assert(zeros + length < NUMBER_TEXT_MAX);
    memset(room, '0', zeros);
    memcpy(room + zeros, plain, length + 1);
    return room;
}

/* ---- carts ----------------------------------------------------------------------------------- */

static bool make_room_for_carts(struct codec *codec)
{
    if (codec->cart_count < codec->cart_capacity) return true;
    const uint32_t capacity = codec->cart_capacity == 0 ? 16 : codec->cart_capacity * 2;
    struct codec_cart *const carts = memory_resize(codec->carts, capacity, sizeof *carts);
    if (carts == NULL) return false;
    codec->carts = carts;
    uint32_t *const free_places = memory_resize(codec->carts_free, capacity, sizeof *free_places);
    if (free_places == NULL) return false;
    codec->carts_free = free_places;
    codec->cart_capacity = capacity;
    return true;
}

/* A handle is the place and how often it has been used: an old one finds nothing. */
uint64_t codec_open_cart(struct codec *codec, uint32_t line_count, struct codec_cart **cart)
{
    assert(line_count <= ORDER_ITEMS_MAX);
    uint32_t place;
    if (codec->carts_free_count > 0) {
        place = codec->carts_free[--codec->carts_free_count];
    } else {
        *cart = NULL;
        if (!make_room_for_carts(codec)) return 0;
        place = codec->cart_count++;
        codec->carts[place] = (struct codec_cart){0};
    }
    struct codec_cart *const opened = &codec->carts[place];
    assert(!opened->in_use);
    opened->generation++;
    opened->in_use = true;
    opened->line_count = line_count;
    for (uint32_t i = 0; i < line_count; i++)
        opened->id_at[i] = CODEC_NO_PRODUCT;
    memset(opened->exact, 0, sizeof opened->exact);
    text_clear(&opened->ids);
    text_clear(&opened->order_id);
    *cart = opened;
    return (uint64_t)opened->generation << 32 | (place + 1);
}

struct codec_cart *codec_find_cart(const struct codec *codec, uint64_t handle)
{
    const uint64_t place = (handle & UINT32_MAX) - 1; /* of handle 0 beyond all */
    if (place >= codec->cart_count) return NULL;
    struct codec_cart *const cart = &codec->carts[place];
    return cart->in_use && cart->generation == handle >> 32 ? cart : NULL;
}

void codec_forget_cart(struct codec *codec, uint64_t handle)
{
    struct codec_cart *const cart = codec_find_cart(codec, handle);
    if (cart == NULL) return;
    cart->in_use = false;
    codec->carts_free[codec->carts_free_count++] = (uint32_t)(cart - codec->carts);
    assert(codec->carts_free_count <= codec->cart_count);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void forget_secret(struct codec_secret *kept)
{
    wipe(kept->id);
    wipe(kept->secret);
    *kept = (struct codec_secret){0};
}

/* A text without the line break that a file has left at its end: an echo of it has none. */
struct slice {
    const char *bytes;
    size_t length;
};

static struct slice trimmed(const char *text)
{
    struct slice slice = {.bytes = text != NULL ? text : ""};
    while (*slice.bytes > '\0' && *slice.bytes <= ' ')
        slice.bytes++;
    slice.length = strlen(slice.bytes);
    while (slice.length > 0 && slice.bytes[slice.length - 1] > '\0' &&
           slice.bytes[slice.length - 1] <= ' ')
        slice.length--;
    return slice;
}

static bool is_slice(const char *text, struct slice slice)
{
    return strncmp(text, slice.bytes, slice.length) == 0 && text[slice.length] == '\0';
}

static bool is_known(const struct codec *codec, struct slice id, struct slice secret)
{
    for (uint32_t i = 0; i < CODEC_SECRETS_MAX && i < codec->secrets_given; i++) {
        const struct codec_secret *const kept =
            &codec->secrets[(codec->secrets_given - 1 - i) % CODEC_SECRETS_MAX];
        if (is_slice(kept->secret, secret) && is_slice(kept->id, id)) return true;
    }
    return false;
}

bool codec_keep_secret(struct codec *codec, const struct credential *credential)
{
    if (credential == NULL) return true;
    const struct slice id = trimmed(credential->id);
    const struct slice secret = trimmed(credential->secret);
    if (is_known(codec, id, secret)) return true;
    struct codec_secret copy = {.id = copy_bytes(id.bytes, id.length),
                                .secret = copy_bytes(secret.bytes, secret.length)};
    if (copy.id == NULL || copy.secret == NULL) {
        forget_secret(&copy);
        return false;
    }
    struct codec_secret *const place = &codec->secrets[codec->secrets_given++ % CODEC_SECRETS_MAX];
    forget_secret(place);
    *place = copy;
    return true;
}

void codec_keep_release(struct codec *codec)
{
    forget_all(&codec->tokens);
    forget_all(&codec->stores);
    for (uint32_t i = 0; i < CODEC_SECRETS_MAX; i++)
        forget_secret(&codec->secrets[i]);
    for (uint32_t i = 0; i < codec->cart_count; i++) {
        text_release(&codec->carts[i].ids);
        text_release(&codec->carts[i].order_id);
    }
    free(codec->carts);
    free(codec->carts_free);
}
