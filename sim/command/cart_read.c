#include "sim/command/cart_read.h"

#include <assert.h>
#include <string.h>

#include "router/base/random.h"
#include "router/base/text.h"

struct form { /* what a profile calls things */
    const char *name;
    const char *const *root;
    const char *address;
    const char *const *address_keys;
    const char *postal;
    const char *const *item_keys;
    const char *optimize;
    bool user_required;
};

static const struct form forms[PROFILE_COUNT] = {
    [PROFILE_AS_DOCUMENTED] = {.name = "as_documented",
                               .root = (const char *const[]){"items", "shippingAddress",
                                                             "preferences", "userId", NULL},
                               .address = "shippingAddress",
                               .address_keys = (const char *const[]){"street", "city", "state",
                                                                     "postalCode", "country", NULL},
                               .postal = "postalCode",
                               .item_keys =
                                   (const char *const[]){"id", "name", "quantity", "unit", NULL},
                               .optimize = "optimize"},
    [PROFILE_AS_CODED] = {.name = "as_coded",
                          .root = (const char *const[]){"userId", "items", "location",
                                                        "preferences", NULL},
                          .address = "location",
                          .address_keys = (const char *const[]){"street", "city", "state", "zip",
                                                                "country", NULL},
                          .postal = "zip",
                          .item_keys = (const char *const[]){"name", "quantity", NULL},
                          .optimize = "optimizeFor",
                          .user_required = true},
};

/* Keys that mean the same in the two forms. */
static const char *const twins[][PROFILE_COUNT] = {
    {"shippingAddress", "location"}, {"postalCode", "zip"}, {"optimize", "optimizeFor"}};

struct reader {
    struct cart *cart;
    const struct json *json;
    enum profile profile;
    struct err_list *list;
    bool good;
};

static void fail(struct reader *reader, const cJSON *node, const char *hint, const char *message)
{
    err_add(reader->list, json_place(reader->json, node), hint, "%s", message);
    reader->good = false;
}

static const char *twin_of(const struct reader *reader, const char *key)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++) {
        const char *other = twins[i][reader->profile == PROFILE_AS_CODED ? PROFILE_AS_DOCUMENTED
                                                                         : PROFILE_AS_CODED];
        if (strcmp(key, other) == 0) return twins[i][reader->profile];
    }
    return NULL;
}

static void check_keys(struct reader *reader, const cJSON *object, const char *const *keys)
{
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        bool known = false;
        for (unsigned i = 0; keys[i] != NULL; i++)
            known |= strcmp(member->string, keys[i]) == 0;
        if (known) continue;
        char hint[ERR_HINT_MAX];
        const char *twin = twin_of(reader, member->string);
        if (twin != NULL) {
            (void)snprintf(hint, sizeof hint, "the profile %s calls it \"%s\"",
                           forms[reader->profile].name, twin);
        } else {
            (void)text_suggest(member->string, keys, hint, sizeof hint);
        }
        err_add(reader->list, json_key_place(reader->json, member), hint, "unknown key \"%s\"",
                member->string);
        reader->good = false;
    }
}

/* A copy of a string member; NULL when it is absent (an error where `required`) or wrong. */
static const char *read_text(struct reader *reader, const cJSON *object, const char *key,
                             bool required)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
    char message[96];
    if (node == NULL && !required) return NULL;
    if (node == NULL) {
        (void)snprintf(message, sizeof message, "\"%s\" is missing", key);
        fail(reader, object, NULL, message);
        return NULL;
    }
    if (!cJSON_IsString(node) || node->valuestring[0] == '\0') {
        (void)snprintf(message, sizeof message, "\"%s\" has to be a text%s", key,
                       cJSON_IsString(node) ? " that is not empty" : "");
        fail(reader, node, cJSON_IsNumber(node) ? "put it in quotes" : NULL, message);
        return NULL;
    }
    const char *copy =
        arena_text(&reader->cart->arena, node->valuestring, strlen(node->valuestring));
    if (copy == NULL) fail(reader, node, NULL, "out of memory");
    return copy;
}

static void read_item(struct reader *reader, const cJSON *node)
{
    const struct form *form = &forms[reader->profile];
    struct order_request *request = &reader->cart->request;
    if (!cJSON_IsObject(node)) {
        fail(reader, node, NULL, "an item has to be an object");
        return;
    }
    check_keys(reader, node, form->item_keys);
    struct order_item *item = &reader->cart->items[request->item_count++];
    *item = (struct order_item){.product = ORDER_PRODUCT_UNKNOWN};
    item->name = read_text(reader, node, "name", true);
    if (item->name != NULL) item->name_hash = random_hash_text(item->name);
    if (reader->profile == PROFILE_AS_DOCUMENTED) {
        const cJSON *id = cJSON_GetObjectItemCaseSensitive(node, "id");
        if (id != NULL && !cJSON_IsString(id) && !cJSON_IsNumber(id)) {
            fail(reader, id, NULL, "\"id\" has to be a text or a number");
        }
        (void)read_text(reader, node, "unit", false);
    }

    int64_t quantity = 0;
    const cJSON *amount = cJSON_GetObjectItemCaseSensitive(node, "quantity");
    if (amount != NULL && json_whole(amount, &quantity) && quantity >= 1 &&
        quantity <= CART_QUANTITY_MAX) {
        item->quantity = (uint32_t)quantity;
    } else {
        fail(reader, amount != NULL ? amount : node, NULL,
             amount != NULL ? "\"quantity\" has to be a whole number from 1 to 10000"
                            : "\"quantity\" is missing");
    }
}

static void read_items(struct reader *reader, const cJSON *root)
{
    const cJSON *items = cJSON_GetObjectItemCaseSensitive(root, "items");
    if (items == NULL || !cJSON_IsArray(items) || items->child == NULL) {
        fail(reader, items != NULL ? items : root, NULL,
             "\"items\" has to be a list of at least one item");
        return;
    }
    if (cJSON_GetArraySize(items) > ORDER_ITEMS_MAX) {
        fail(reader, items, NULL, "a cart holds at most 200 items");
        return;
    }
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        read_item(reader, item);
    }
}

static void read_address(struct reader *reader, const cJSON *root)
{
    const struct form *form = &forms[reader->profile];
    const cJSON *address = cJSON_GetObjectItemCaseSensitive(root, form->address);
    if (!cJSON_IsObject(address)) {
        char message[96];
        (void)snprintf(message, sizeof message, "\"%s\" has to be an object with \"%s\"",
                       form->address, form->postal);
        fail(reader, address != NULL ? address : root, NULL, message);
        return;
    }
    check_keys(reader, address, form->address_keys);
    for (unsigned i = 0; form->address_keys[i] != NULL; i++) {
        const char *key = form->address_keys[i];
        const bool postal = strcmp(key, form->postal) == 0;
        const char *text = read_text(reader, address, key, postal);
        if (postal && text != NULL) {
            reader->cart->request.postal_code = text;
            reader->cart->request.postal_hash = postal_hash(text);
        }
    }
}

static void read_preferences(struct reader *reader, const cJSON *root)
{
    const char *key = forms[reader->profile].optimize;
    const cJSON *preferences = cJSON_GetObjectItemCaseSensitive(root, "preferences");
    if (preferences == NULL) return;
    if (!cJSON_IsObject(preferences)) {
        fail(reader, preferences, NULL, "\"preferences\" has to be an object");
        return;
    }
    check_keys(reader, preferences, (const char *const[]){key, NULL});
    const char *wish = read_text(reader, preferences, key, false);
    if (wish == NULL) return;
    for (enum preference i = 0; i < PREFERENCE_COUNT; i++) {
        if (strcmp(wish, preference_names[i]) != 0) continue;
        reader->cart->request.preference = i;
        return;
    }
    char hint[ERR_HINT_MAX];
    if (!text_suggest(wish, preference_names, hint, sizeof hint)) {
        (void)snprintf(hint, sizeof hint, "balanced, price, speed and margin are known");
    }
    fail(reader, cJSON_GetObjectItemCaseSensitive(preferences, key), hint, "unknown preference");
}

bool cart_read(struct cart *cart, const struct json *json, enum profile profile,
               struct err_list *list)
{
    assert(profile < PROFILE_COUNT);
    *cart = (struct cart){.request = {.preference = PREFERENCE_BALANCED}};
    cart->request.items = cart->items;
    struct reader reader = {
        .cart = cart, .json = json, .profile = profile, .list = list, .good = true};
    const cJSON *root = json->root;
    if (!cJSON_IsObject(root)) {
        fail(&reader, root, NULL, "a cart has to be an object");
        return false;
    }
    check_keys(&reader, root, forms[profile].root);
    cart->request.user_id = read_text(&reader, root, "userId", forms[profile].user_required);
    read_items(&reader, root);
    read_address(&reader, root);
    read_preferences(&reader, root);
    if (reader.good) {
        assert(order_request_fault(&cart->request, forms[profile].user_required) == NULL);
    }
    return reader.good;
}

void cart_release(struct cart *cart)
{
    arena_release(&cart->arena);
}
