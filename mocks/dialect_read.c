/* Pieces of requests that several providers want. */
#include <assert.h>
#include <string.h>

#include "mocks/dialect_state.h"
#include "providers/foreign_json.h"
#include "router/base/json.h"
#include "router/base/random.h"

/* ---- numbers --------------------------------------------------------------------------------- */

bool dialect_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        const uint64_t digit = (uint64_t)(*text - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    if (value < least || value > most) return false;
    *number = value;
    return true;
}

bool dialect_query_number(const struct hearing *hearing, const char *name, uint32_t least,
                          uint32_t most, uint32_t *number)
{
    const char *const text = http_view_query(hearing->view, name);
    uint64_t value;
    if (text == NULL) return true;
    if (!dialect_number(text, least, most, &value)) return false;
    *number = (uint32_t)value;
    return true;
}

/* ---- texts ----------------------------------------------------------------------------------- */

const char *dialect_keep(struct heard *heard, const char *bytes, size_t length)
{
    if (length >= HEARD_TEXT_MAX - heard->text_length) return NULL;
    char *const kept = heard->text + heard->text_length;
    memcpy(kept, bytes, length);
    kept[length] = '\0';
    heard->text_length += length + 1;
    return kept;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

const cJSON *dialect_body(struct hearing *hearing)
{
    assert(hearing->body == NULL);
    hearing->body = foreign_json_parse(hearing->view->body, hearing->view->body_length);
    if (cJSON_IsObject(hearing->body)) return hearing->body;
    (void)dialect_refuse(hearing, "The request body is not valid JSON");
    return NULL;
}

const cJSON *dialect_member(const cJSON *object, const char *name)
{
    if (!cJSON_IsObject(object)) return NULL;
    const cJSON *const member = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNull(member) ? NULL : member;
}

const char *dialect_member_text(const cJSON *object, const char *name)
{
    const cJSON *const member = dialect_member(object, name);
    return cJSON_IsString(member) && member->valuestring[0] != '\0' ? member->valuestring : NULL;
}

bool dialect_member_quantity(const cJSON *object, const char *name, uint32_t *quantity)
{
    const cJSON *const member = dialect_member(object, name);
    int64_t whole;
    *quantity = 1;
    if (member == NULL) return true;
    if (!json_whole(member, &whole) || whole < 1) return false;
    *quantity = whole < UINT32_MAX ? (uint32_t)whole : UINT32_MAX;
    return true;
}

/* ---- orders ---------------------------------------------------------------------------------- */

static bool fill_item(struct hearing *hearing, uint32_t index, const char *name, uint32_t quantity)
{
    struct heard *const heard = hearing->heard;
    const char *const kept = dialect_keep(heard, name, strlen(name));
    if (kept == NULL) return dialect_refuse(hearing, "The request is too long");
    const uint64_t hash = random_hash_text(kept);
    heard->items[index] = (struct order_item){
        .name = kept,
        .name_hash = hash,
        .product = catalogue_find(hearing->dialect->setup.catalogue, hash, kept),
        .quantity = quantity};
    heard->variants[index] = 0;
    return true;
}

bool dialect_add_item(struct hearing *hearing, const char *name, uint32_t quantity)
{
    uint32_t *const count = &hearing->heard->request.item_count;
    if (*count == ORDER_ITEMS_MAX) return dialect_refuse(hearing, "Too many items");
    if (!fill_item(hearing, *count, name, quantity)) return false;
    ++*count;
    return true;
}

bool dialect_set_term(struct hearing *hearing, const char *term)
{
    struct heard *const heard = hearing->heard;
    const uint32_t index = heard->call.item;
    assert(index < ORDER_ITEMS_MAX);
    for (uint32_t i = 0; i < index; i++) {
        heard->items[i] = (struct order_item){.name = "", .product = ORDER_PRODUCT_UNKNOWN};
    }
    heard->request.item_count = index + 1;
    return fill_item(hearing, index, term, 1);
}

bool dialect_set_postal_code(struct hearing *hearing, const char *postal_code)
{
    struct order_request *const request = &hearing->heard->request;
    const char *const kept = dialect_keep(hearing->heard, postal_code, strlen(postal_code));
    if (kept == NULL) return dialect_refuse(hearing, "The request is too long");
    request->postal_code = kept;
    request->postal_hash = postal_hash(kept);
    return true;
}
