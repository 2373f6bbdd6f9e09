#include "sim/analysis/runbook_request.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "router/base/json.h"
#include "router/base/random.h"

struct form { /* what a profile calls things */
    const char *address, *postal, *optimize;
    bool user_required;
};

static const struct form forms[PROFILE_COUNT] = {
    [PROFILE_AS_DOCUMENTED] = {"shippingAddress", "postalCode", "optimize", false},
    [PROFILE_AS_CODED] = {"location", "zip", "optimizeFor", true},
};

struct reader {
    struct runbook_request *request;
    const cJSON *root;
    struct arena *arena;
    bool form[PROFILE_COUNT]; /* whose names count */
    bool anonymous;           /* nobody asks for a user */
};

__attribute__((format(printf, 2, 3))) static void miss(struct runbook_request *request,
                                                       const char *format, ...)
{
    const size_t taken = strlen(request->why);
    char *const at = request->why + taken;
    va_list arguments;
    request->body = BODY_REFUSED;
    if (taken + 2 >= sizeof request->why) return;
    const size_t space = sizeof request->why - taken;
    const size_t mark = taken > 0 ? (size_t)snprintf(at, space, "; ") : 0;
    va_start(arguments, format);
    (void)vsnprintf(at + mark, space - mark, format, arguments);
    va_end(arguments);
}

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

static const char *copy(struct reader *reader, const cJSON *node)
{
    return arena_text(reader->arena, node->valuestring, strlen(node->valuestring));
}

static bool has_text(const cJSON *node)
{
    return cJSON_IsString(node) && node->valuestring[0] != '\0';
}

/* ---- items ---- */

static void read_item(struct reader *reader, const cJSON *node, unsigned rank)
{
    struct runbook_request *const request = reader->request;
    const cJSON *const name = member(node, "name"), *const amount = member(node, "quantity");
    const double quantity = cJSON_IsNumber(amount) ? amount->valuedouble : 0;
    if (!has_text(name)) {
        miss(request, "item %u has no name", rank);
        return;
    }
    if (!(quantity > 0)) {
        miss(request, "item %u has no positive quantity", rank);
        return;
    }
    if (quantity != floor(quantity) || quantity > 10000) {
        if (request->body == BODY_REFUSED) return; /* whatever becomes of it */
        request->body = BODY_UNKNOWABLE;
        (void)snprintf(request->why, sizeof request->why,
                       "item %u: quantities are whole and at most 10000 here", rank);
        return;
    }
    struct order_item *const item = &request->items[request->order.item_count];
    const char *const kept = copy(reader, name);
    if (kept == NULL) return;
    *item = (struct order_item){.name = kept,
                                .name_hash = random_hash_text(kept),
                                .product = ORDER_PRODUCT_UNKNOWN,
                                .quantity = (uint32_t)quantity};
    request->order.item_count++;
}

static void read_items(struct reader *reader)
{
    struct runbook_request *const request = reader->request;
    const cJSON *const items = member(reader->root, "items");
    unsigned rank = 0;
    if (!cJSON_IsArray(items) || items->child == NULL) {
        miss(request, items == NULL ? "items is missing" : "items is no list with an item");
        return;
    }
    for (const cJSON *node = items->child; node != NULL; node = node->next) {
        if (++rank > ORDER_ITEMS_MAX) {
            request->body = BODY_UNKNOWABLE;
            (void)snprintf(request->why, sizeof request->why, "more than %d items are not routed",
                           ORDER_ITEMS_MAX);
            return;
        }
        if (request->body != BODY_UNKNOWABLE) read_item(reader, node, rank);
    }
}

/* ---- address and wishes ---- */

static enum profile other(enum profile profile)
{
    return profile == PROFILE_AS_CODED ? PROFILE_AS_DOCUMENTED : PROFILE_AS_CODED;
}

static void miss_address(struct reader *reader, enum profile profile)
{
    const struct form *const form = &forms[profile];
    const char *const elsewhere = forms[other(profile)].address;
    if (cJSON_IsObject(member(reader->root, form->address)))
        miss(reader->request, "%s has no %s", form->address, form->postal);
    else if (member(reader->root, elsewhere) != NULL)
        miss(reader->request, "%s is missing (%s is not looked at)", form->address, elsewhere);
    else
        miss(reader->request, "%s is missing", form->address);
}

static void read_address(struct reader *reader)
{
    enum profile asked = PROFILE_COUNT;
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!reader->form[p]) continue;
        if (asked == PROFILE_COUNT) asked = (enum profile)p;
        const cJSON *const address = member(reader->root, forms[p].address);
        const cJSON *postal = member(address, forms[p].postal);
        if (!has_text(postal)) continue;
        reader->request->order.postal_code = copy(reader, postal);
        if (reader->request->order.postal_code != NULL)
            reader->request->order.postal_hash = postal_hash(reader->request->order.postal_code);
        return;
    }
    assert(asked < PROFILE_COUNT);
    miss_address(reader, asked);
}

static void read_preference(struct reader *reader)
{
    const cJSON *const preferences = member(reader->root, "preferences");
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        const cJSON *const wish = member(preferences, forms[p].optimize);
        if (!reader->form[p] || !cJSON_IsString(wish)) continue;
        for (enum preference i = 0; i < PREFERENCE_COUNT; i++)
            if (strcmp(wish->valuestring, preference_names[i]) == 0)
                reader->request->order.preference = i;
    }
}

/* In the order in which production looks: the user, the items, the address. */
static void read_order(struct reader *reader)
{
    struct runbook_request *const request = reader->request;
    const cJSON *const user = member(reader->root, "userId");
    request->body = BODY_ORDER;
    request->order =
        (struct order_request){.items = request->items, .preference = PREFERENCE_BALANCED};
    request->order.user_id = has_text(user) ? copy(reader, user) : "anonymous";
    if (!reader->anonymous && !has_text(user)) miss(request, "userId is missing");
    read_items(reader);
    if (request->body == BODY_UNKNOWABLE) return;
    read_address(reader);
    read_preference(reader);
    if (request->body == BODY_ORDER &&
        (request->order.user_id == NULL || order_request_fault(&request->order, true) != NULL)) {
        request->body = BODY_UNKNOWABLE; /* memory ran out among the texts */
        (void)snprintf(request->why, sizeof request->why, "out of memory");
    }
}

/* ---- the body ---- */

static bool open_body(struct json *json, const char *body, struct err_list *ignored)
{
    return body != NULL && json_read(json, "body", body, strlen(body), ignored) &&
           cJSON_IsObject(json->root);
}

static void refuse_text(struct runbook_request *request, const char *body, bool open)
{
    request->body = open ? BODY_UNKNOWABLE : BODY_REFUSED;
    (void)snprintf(request->why, sizeof request->why, "%s",
                   body == NULL ? "there is no body"
                   : open       ? "its body is JSON only when the responder has filled it in"
                                : "its body is no JSON object");
    if (body == NULL) request->body = BODY_REFUSED;
}

static void read_action(struct reader *reader, enum profile profile)
{
    struct runbook_request *const request = reader->request;
    const cJSON *const action = member(reader->root, "action");
    if (profile == PROFILE_AS_CODED || !cJSON_IsString(action)) {
        read_order(reader);
        if (action == NULL || request->body != BODY_REFUSED) return;
        char rest[RUNBOOK_WHY_MAX];
        (void)snprintf(rest, sizeof rest, "%s", request->why);
        (void)snprintf(request->why, sizeof request->why,
                       "the code knows no action and takes it for an order: %.320s", rest);
    } else if (strcmp(action->valuestring, "health_check") == 0) {
        request->body = BODY_HEALTH_CHECK;
    } else if (member(reader->root, "items") != NULL) {
        read_order(reader);
    } else {
        request->body = BODY_UNKNOWABLE;
        (void)snprintf(request->why, sizeof request->why, "the action \"%.40s\" is not documented",
                       action->valuestring);
    }
}

void runbook_request_read(struct runbook_request *request, const char *body, bool open,
                          enum profile profile, struct arena *arena)
{
    struct err_list ignored = {0};
    struct json json = {0};
    request->body = BODY_REFUSED;
    request->why[0] = '\0';
    request->order = (struct order_request){0};
    if (open_body(&json, body, &ignored)) {
        struct reader reader = {.request = request,
                                .root = json.root,
                                .arena = arena,
                                .anonymous = !forms[profile].user_required};
        reader.form[profile] = true;
        read_action(&reader, profile);
    } else {
        refuse_text(request, body, open);
    }
    json_release(&json);
}

bool runbook_request_translate(struct runbook_request *request, const char *body,
                               struct arena *arena)
{
    struct err_list ignored = {0};
    struct json json = {0};
    request->body = BODY_REFUSED;
    request->why[0] = '\0';
    if (open_body(&json, body, &ignored)) {
        struct reader reader = {.request = request,
                                .root = json.root,
                                .arena = arena,
                                .form = {true, true},
                                .anonymous = true};
        read_order(&reader);
    }
    json_release(&json);
    return request->body == BODY_ORDER;
}
