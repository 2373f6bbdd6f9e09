/* The house form of a whole quote, at every provider: see providers/codec_single.c.
 *
 *   POST /single/v1/quote   Basic or Bearer: {"items":[{"name","quantity"}],"postal_code"}  SINGLE
 */
#include "mocks/dialect_state.h"

static bool hear_items(struct hearing *hearing, const cJSON *items)
{
    if (!cJSON_IsArray(items) || items->child == NULL) {
        return dialect_refuse(hearing, "items: can't be blank");
    }
    for (const cJSON *item = items->child; item != NULL; item = item->next) {
        uint32_t quantity;
        const char *const name = dialect_member_text(item, "name");
        if (name == NULL) return dialect_refuse(hearing, "items: a name can't be blank");
        if (!dialect_member_quantity(item, "quantity", &quantity)) {
            return dialect_refuse(hearing, "items: a quantity must be greater than 0");
        }
        if (!dialect_add_item(hearing, name, quantity)) return false;
    }
    return true;
}

static bool hear_quote(struct hearing *hearing)
{
    const cJSON *const body = dialect_body(hearing);
    if (body == NULL) return false;
    const cJSON *const code = dialect_member(body, "postal_code");
    if (!cJSON_IsString(code) || (code->valuestring[0] == '\0' && !hearing->heard->keyed)) {
        return dialect_refuse(hearing, "postal_code: can't be blank");
    }
    return dialect_set_postal_code(hearing, code->valuestring) &&
           hear_items(hearing, dialect_member(body, "items"));
}

static void say_quote(const struct saying *saying)
{
    const struct reply *const reply = saying->reply;
    const struct {
        const char *name;
        int64_t value;
    } members[] = {
        {"{\"subtotal_cents\":", reply->as.quote.subtotal_cents},
        {",\"fee_cents\":", reply->as.quote.fee_cents},
        {",\"tax_cents\":", reply->as.quote.tax_cents},
        {",\"eta_minutes_min\":", reply->as.quote.eta_minutes_min},
        {",\"eta_minutes_max\":", reply->as.quote.eta_minutes_max},
        {",\"found\":", reply->as.quote.found},
        {",\"substituted\":", reply->as.quote.substituted},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        text_put(saying->to, members[i].name);
        text_int(saying->to, members[i].value);
    }
    text_char(saying->to, '}');
}

const struct route dialect_single = {"POST", "/single/v1/quote", OPERATION_SINGLE, hear_quote,
                                     say_quote};
