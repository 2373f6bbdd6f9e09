/* Products as answers list them: the one that was asked for, and variants of it. */
#include <assert.h>
#include <string.h>

#include "mocks/dialect_state.h"
#include "router/base/random.h"

static const char *const variant_names[GOODS_VARIANTS] = {
    "Organic",    "Family Size", "Value Pack", "Twin Pack", "Lightly Salted", "Low Sodium",
    "Sugar Free", "Gluten Free", "Original",   "Premium",   "Snack Size",     "Party Size",
};

struct goods dialect_goods(const struct order_item *item, uint32_t variant, bool exact,
                           int32_t cents)
{
    assert(variant <= GOODS_VARIANTS);
    struct goods goods = {.item = item,
                          .variant = variant,
                          .exact = exact,
                          .cents = cents,
                          .bits = random_draw(item->name_hash, variant)};
    if (variant > 0) { /* dearer or cheaper by up to three tenths */
        const int64_t percent = 70 + (int64_t)random_below(goods.bits, 61);
        const int64_t varied = (cents * percent + 50) / 100;
        goods.cents = varied < 1 ? 1 : (int32_t)(varied < INT32_MAX ? varied : INT32_MAX);
    }
    return goods;
}

void dialect_put_found(const struct saying *saying, uint32_t first, uint32_t limit,
                       dialect_put_one put)
{
    const struct order_item *const item = &saying->heard->items[saying->heard->call.item];
    const struct reply *const reply = saying->reply;
    const uint32_t total = reply->as.product.found ? 1 + GOODS_VARIANTS : 0;
    dialect_remember_goods(saying->dialect, item);
    for (uint32_t i = first; i < total && i - first < limit; i++) {
        const struct goods goods =
            dialect_goods(item, i, reply->as.product.exact, reply->as.product.unit_cents);
        if (i > first) text_char(saying->to, ',');
        put(saying, &goods);
    }
}

uint32_t dialect_put_listed(const struct saying *saying, uint32_t limit, dialect_put_one put)
{
    const struct heard *const heard = saying->heard;
    uint32_t listed = 0;
    for (uint32_t i = 0; i < heard->request.item_count && listed < limit; i++) {
        int32_t cents;
        bool exact;
        if (!backend_line(saying->dialect->setup.backend, &heard->call, i, &cents, &exact)) {
            continue;
        }
        const struct goods goods =
            dialect_goods(&heard->items[i], heard->variants[i], exact, cents);
        if (listed++ > 0) text_char(saying->to, ',');
        put(saying, &goods);
    }
    return listed;
}

enum { UNKNOWN_FROM = 100000 };

uint32_t dialect_goods_number(const struct goods *goods)
{
    static_assert((int)CATALOGUE_PRODUCTS_MAX <= (int)UNKNOWN_FROM,
                  "places and made-up numbers are apart");
    const struct order_item *const item = goods->item;
    if (item->product != ORDER_PRODUCT_UNKNOWN) return item->product;
    return UNKNOWN_FROM + (uint32_t)(item->name_hash % (GOODS_NUMBERS - UNKNOWN_FROM));
}

void dialect_remember_goods(struct dialect *dialect, const struct order_item *item)
{
    const size_t length = strlen(item->name);
    if (item->product != ORDER_PRODUCT_UNKNOWN || length >= GOODS_NAME_MAX) return;
    const struct goods goods = {.item = item};
    const uint32_t number = dialect_goods_number(&goods);
    struct shown_name *const shown = &dialect->names[number % GOODS_NAMES];
    shown->number = number;
    memcpy(shown->name, item->name, length + 1);
}

bool dialect_goods_item(struct hearing *hearing, uint32_t number, struct order_item *item)
{
    const struct catalogue *const catalogue = hearing->dialect->setup.catalogue;
    const struct shown_name *const shown = &hearing->dialect->names[number % GOODS_NAMES];
    if (number >= UNKNOWN_FROM && shown->number == number) {
        *item = (struct order_item){.name = shown->name, .product = ORDER_PRODUCT_UNKNOWN};
        return true;
    }
    if (number >= catalogue->count) return false;
    *item = (struct order_item){.name = catalogue->products[number].name, .product = number};
    return true;
}

const char *dialect_goods_name(struct dialect *dialect, const struct goods *goods)
{
    if (goods->exact && goods->variant == 0) return goods->item->name;
    struct text *const name = &dialect->scratch;
    text_clear(name);
    if (!goods->exact) PUT(name, "Store Brand alternative to ");
    text_put(name, goods->item->name);
    if (goods->variant > 0) {
        PUT(name, ", ");
        text_put(name, variant_names[goods->variant - 1]);
    }
    return name->failed ? "" : name->bytes;
}

void dialect_put_dollars(struct text *to, int64_t cents)
{
    assert(cents >= 0);
    text_int(to, cents / 100);
    const char decimals[3] = {'.', (char)('0' + cents % 100 / 10), (char)('0' + cents % 10)};
    text_append(to, decimals, sizeof decimals);
}
