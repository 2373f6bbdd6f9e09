#include "sim/command/quote_set.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum {
    PRIORITY_MAX = 1000,
    LINES_MAX = 1000000, /* keeps a hundred times it within an int32_t */
    ETA_MINUTES_MAX = 1000000,
};
static const double weight_max = 1e6;
static const int64_t cents_max = INT64_C(1000000000000);
static const int64_t orders_max = INT64_C(1000000000000000);

struct reader {
    const struct json *json;
    struct err_list *list;
};

/* ---- small readers ---- */

static void object_to(const struct reader *reader, const cJSON *node, const char *wanted)
{
    err_add(reader->list, json_place(reader->json, node), NULL, "%s", wanted);
}

static bool known_keys(const struct reader *reader, const cJSON *object, const char *const *keys)
{
    bool all = true;
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        bool known = false;
        for (unsigned i = 0; keys[i] != NULL; i++)
            known |= strcmp(member->string, keys[i]) == 0;
        if (known) continue;
        char hint[ERR_HINT_MAX];
        (void)text_suggest(member->string, keys, hint, sizeof hint);
        err_add(reader->list, json_key_place(reader->json, member), hint, "unknown key \"%s\"",
                member->string);
        all = false;
    }
    return all;
}

struct whole_range {
    int64_t least, most;
};

/* A whole number; `optional`: null or absence leave what is there. */
static bool read_whole(const struct reader *reader, const cJSON *object, const char *key,
                       struct whole_range range, bool optional, int64_t *value)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
    if (optional && (node == NULL || cJSON_IsNull(node))) return true;
    if (node == NULL) {
        err_add(reader->list, json_place(reader->json, object), NULL, "\"%s\" is missing", key);
        return false;
    }
    int64_t whole = 0;
    if (json_whole(node, &whole) && whole >= range.least && whole <= range.most) {
        *value = whole;
        return true;
    }
    err_add(reader->list, json_place(reader->json, node), NULL,
            "\"%s\" has to be a whole number from %" PRId64 " to %" PRId64, key, range.least,
            range.most);
    return false;
}

/* A rate in percent, or null. */
static bool read_rate(const struct reader *reader, const cJSON *object, const char *key,
                      bool *known, double *rate)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
    *known = false;
    if (node == NULL || cJSON_IsNull(node)) return true;
    if (!cJSON_IsNumber(node) || node->valuedouble < 0.0 || node->valuedouble > 100.0) {
        err_add(reader->list, json_place(reader->json, node), NULL,
                "\"%s\" has to be a number from 0 to 100, or null", key);
        return false;
    }
    *known = true;
    *rate = node->valuedouble;
    return true;
}

static bool read_provider(const struct reader *reader, const cJSON *object, enum provider *provider)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "providerId");
    if (cJSON_IsString(node) && provider_by_id(node->valuestring, provider)) return true;
    if (!cJSON_IsString(node)) {
        object_to(reader, node != NULL ? node : object, "\"providerId\" has to be a provider's id");
        return false;
    }
    const char *ids[PROVIDER_COUNT + 1] = {NULL};
    for (unsigned i = 0; i < PROVIDER_COUNT; i++)
        ids[i] = provider_traits[i].id;
    char hint[ERR_HINT_MAX];
    (void)text_suggest(node->valuestring, ids, hint, sizeof hint);
    err_add(reader->list, json_place(reader->json, node), hint, "unknown provider \"%s\"",
            node->valuestring);
    return false;
}

/* ---- the parts of a line ---- */

static bool read_weights(const struct reader *reader, const cJSON *node,
                         struct score_weights *weights)
{
    static const char *const keys[] = {"priority",     "price",       "speed", "commission",
                                       "availability", "reliability", NULL};
    double *const values[] = {&weights->priority,   &weights->price,        &weights->speed,
                              &weights->commission, &weights->availability, &weights->reliability};
    if (node == NULL || cJSON_IsNull(node)) return true;
    if (!cJSON_IsObject(node)) {
        object_to(reader, node, "\"weights\" has to be an object");
        return false;
    }
    bool good = known_keys(reader, node, keys);
    for (unsigned i = 0; keys[i] != NULL; i++) {
        const cJSON *weight = cJSON_GetObjectItemCaseSensitive(node, keys[i]);
        if (weight == NULL) continue;
        if (cJSON_IsNumber(weight) && weight->valuedouble <= weight_max &&
            weight->valuedouble >= -weight_max) {
            *values[i] = weight->valuedouble;
        } else {
            object_to(reader, weight, "a weight has to be a number from -1000000 to 1000000");
            good = false;
        }
    }
    return good;
}

static bool read_preference(const struct reader *reader, const cJSON *node,
                            enum preference *preference)
{
    if (node == NULL || cJSON_IsNull(node)) return true;
    if (!cJSON_IsString(node)) {
        object_to(reader, node, "\"preference\" has to be a string");
        return false;
    }
    for (enum preference i = 0; i < PREFERENCE_COUNT; i++) {
        if (strcmp(node->valuestring, preference_names[i]) != 0) continue;
        *preference = i;
        return true;
    }
    char hint[ERR_HINT_MAX];
    (void)text_suggest(node->valuestring, preference_names, hint, sizeof hint);
    err_add(reader->list, json_place(reader->json, node), hint, "unknown preference \"%s\"",
            node->valuestring);
    return false;
}

static struct score_input *input_of(struct quote_set *set, enum provider provider)
{
    for (uint32_t i = 0; i < set->count; i++) {
        if (set->inputs[i].provider == provider) return &set->inputs[i];
    }
    return NULL;
}

static bool read_quote(const struct reader *reader, const cJSON *node, struct quote_set *set)
{
    static const char *const keys[] = {"providerId", "priority",    "totalCents", "etaMinutes",
                                       "found",      "substituted", NULL};
    enum provider provider;
    if (!cJSON_IsObject(node)) {
        object_to(reader, node, "a quote has to be an object");
        return false;
    }
    bool good = known_keys(reader, node, keys);
    if (!read_provider(reader, node, &provider)) return false;
    if (input_of(set, provider) != NULL) {
        object_to(reader, node, "this provider has a quote already");
        return false;
    }
    int64_t priority = 0, total = 0, eta = 0, found = 0, substituted = 0;
    const struct whole_range lines = {0, LINES_MAX};
    good &= read_whole(reader, node, "priority", (struct whole_range){0, PRIORITY_MAX}, false,
                       &priority);
    good &=
        read_whole(reader, node, "totalCents", (struct whole_range){0, cents_max}, false, &total);
    good &= read_whole(reader, node, "etaMinutes", (struct whole_range){0, ETA_MINUTES_MAX}, true,
                       &eta);
    good &= read_whole(reader, node, "found", lines, false, &found);
    good &= read_whole(reader, node, "substituted", lines, true, &substituted);
    set->inputs[set->count++] = (struct score_input){.provider = provider,
                                                     .priority = (int32_t)priority,
                                                     .total_cents = total,
                                                     .eta_minutes = (int32_t)eta,
                                                     .found = (int32_t)found,
                                                     .substituted = (int32_t)substituted};
    return good;
}

static bool read_quotes(const struct reader *reader, const cJSON *root, struct quote_set *set)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(root, "quotes");
    if (!cJSON_IsArray(node) || node->child == NULL) {
        object_to(reader, node != NULL ? node : root,
                  "\"quotes\" has to be a list of at least one quote");
        return false;
    }
    bool good = true;
    for (const cJSON *quote = node->child; quote != NULL; quote = quote->next) {
        good &= read_quote(reader, quote, set);
    }
    return good;
}

static bool read_metric(const struct reader *reader, const cJSON *node, struct quote_set *set,
                        bool seen[PROVIDER_COUNT])
{
    static const char *const keys[] = {"providerId", "totalOrders", "successRate", "avgMarginRate",
                                       NULL};
    enum provider provider;
    if (!cJSON_IsObject(node)) {
        object_to(reader, node, "a metric has to be an object");
        return false;
    }
    bool good = known_keys(reader, node, keys);
    if (!read_provider(reader, node, &provider)) return false;
    if (seen[provider]) {
        object_to(reader, node, "this provider has metrics already");
        return false;
    }
    seen[provider] = true;
    struct score_input unheard; /* a provider that did not quote: read for its mistakes alone */
    struct score_input *input = input_of(set, provider);
    if (input == NULL) input = &unheard;
    int64_t orders = 0;
    good &=
        read_whole(reader, node, "totalOrders", (struct whole_range){0, orders_max}, true, &orders);
    good &= read_rate(reader, node, "successRate", &input->has_success_rate, &input->success_rate);
    good &= read_rate(reader, node, "avgMarginRate", &input->has_margin_rate, &input->margin_rate);
    if (orders == 0) input->has_success_rate = false;
    return good;
}

static bool read_metrics(const struct reader *reader, const cJSON *node, struct quote_set *set)
{
    if (node == NULL || cJSON_IsNull(node)) return true;
    if (!cJSON_IsArray(node)) {
        object_to(reader, node, "\"metrics\" has to be a list");
        return false;
    }
    bool seen[PROVIDER_COUNT] = {false};
    bool good = true;
    for (const cJSON *metric = node->child; metric != NULL; metric = metric->next) {
        good &= read_metric(reader, metric, set, seen);
    }
    return good;
}

bool quote_set_read(const struct json *json, struct quote_set *set, struct err_list *list)
{
    static const char *const keys[] = {"weights", "preference", "itemsRequested", "quotes",
                                       "metrics", "expect",     "result",         NULL};
    const struct reader reader = {.json = json, .list = list};
    const cJSON *root = json->root;
    *set = (struct quote_set){.weights = score_weights_default};
    if (!cJSON_IsObject(root)) {
        object_to(&reader, root, "a quote set has to be an object");
        return false;
    }
    int64_t requested = 0;
    bool good = known_keys(&reader, root, keys);
    good &= read_weights(&reader, cJSON_GetObjectItemCaseSensitive(root, "weights"), &set->weights);
    good &= read_preference(&reader, cJSON_GetObjectItemCaseSensitive(root, "preference"),
                            &set->preference);
    good &= read_whole(&reader, root, "itemsRequested", (struct whole_range){0, LINES_MAX}, false,
                       &requested);
    set->items_requested = (int32_t)requested;
    good &= read_quotes(&reader, root, set);
    good &= read_metrics(&reader, cJSON_GetObjectItemCaseSensitive(root, "metrics"), set);
    return good;
}

/* ---- scoring ---- */

void quote_set_score(const struct quote_set *set, struct quote_set_result *result)
{
    assert(set->count >= 1);
    const struct score_weights weights = score_weights_for(&set->weights, set->preference);
    score_quotes(&weights, set->items_requested, true, set->inputs, set->count, result->parts);
    score_rank(result->parts, set->count, result->ranked);
    for (uint32_t i = 0; i < set->count; i++) {
        score_explain(set->inputs[i].provider, &result->parts[i], result->explanations[i]);
    }
}

/* ---- writing ---- */

static void put_node(struct text *text, const cJSON *node)
{
    if (cJSON_IsString(node)) {
        text_json_string(text, node->valuestring);
    } else if (cJSON_IsNumber(node)) {
        text_double(text, node->valuedouble);
    } else if (cJSON_IsArray(node) || cJSON_IsObject(node)) {
        const bool object = cJSON_IsObject(node);
        text_char(text, object ? '{' : '[');
        for (const cJSON *member = node->child; member != NULL; member = member->next) {
            if (member != node->child) text_char(text, ',');
            if (object) {
                text_json_string(text, member->string);
                text_char(text, ':');
            }
            put_node(text, member);
        }
        text_char(text, object ? '}' : ']');
    } else {
        text_put(text, cJSON_IsNull(node) ? "null" : cJSON_IsTrue(node) ? "true" : "false");
    }
}

static const struct {
    const char *key;
    size_t offset;
} scores[] = {
    /* in the order of the file's form */
    {"priceScore", offsetof(struct score_parts, price)},
    {"speedScore", offsetof(struct score_parts, speed)},
    {"availabilityScore", offsetof(struct score_parts, availability)},
    {"marginScore", offsetof(struct score_parts, margin)},
    {"reliabilityScore", offsetof(struct score_parts, reliability)},
};
enum { SCORES_COUNT = sizeof scores / sizeof scores[0] };

static int32_t score_of(const struct score_parts *parts, unsigned which)
{
    int32_t value;
    memcpy(&value, (const char *)parts + scores[which].offset, sizeof value);
    return value;
}

static void put_result(struct text *text, const struct quote_set *set,
                       const struct quote_set_result *result)
{
    text_put(text, "\"result\":[");
    for (uint32_t rank = 0; rank < set->count; rank++) {
        const uint32_t i = result->ranked[rank];
        text_format(text, "%s{\"providerId\":\"%s\",\"score\":", rank > 0 ? "," : "",
                    provider_traits[set->inputs[i].provider].id);
        text_double(text, result->parts[i].score);
        for (unsigned which = 0; which < SCORES_COUNT; which++) {
            text_format(text, ",\"%s\":", scores[which].key);
            text_int(text, score_of(&result->parts[i], which));
        }
        text_put(text, ",\"explanation\":");
        text_json_string(text, result->explanations[i]);
        text_char(text, '}');
    }
    text_char(text, ']');
}

static bool holds_scores(const cJSON *member)
{
    return strcmp(member->string, "expect") == 0 || strcmp(member->string, "result") == 0;
}

void quote_set_write(struct text *text, const struct json *json, const struct quote_set *set,
                     const struct quote_set_result *result)
{
    bool written = false;
    text_char(text, '{');
    for (const cJSON *member = json->root->child; member != NULL; member = member->next) {
        if (holds_scores(member) && written) continue;
        if (member != json->root->child) text_char(text, ',');
        if (holds_scores(member)) {
            put_result(text, set, result);
            written = true;
        } else {
            text_json_string(text, member->string);
            text_char(text, ':');
            put_node(text, member);
        }
    }
    if (!written) {
        text_char(text, ','); /* a set has quotes, so something stands before */
        put_result(text, set, result);
    }
    text_put(text, "}\n");
}

/* ---- comparing ---- */

/* Says what differs. The code stays ERR_NONE: the input is fine, the answer is another. */
static bool differs(struct err *err, const struct json *json, const cJSON *node, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));

static bool differs(struct err *err, const struct json *json, const cJSON *node, const char *format,
                    ...)
{
    char message[ERR_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    (void)err_fail(err, ERR_INPUT, json_place(json, node), "%s", message);
    err->code = ERR_NONE;
    return false;
}

static bool same_text(const struct json *json, const cJSON *entry, const char *key,
                      const char *computed, uint32_t rank, struct err *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(entry, key);
    const char *expected = cJSON_IsString(node) ? node->valuestring : "(nothing)";
    if (strcmp(expected, computed) == 0) return true;
    return differs(err, json, node != NULL ? node : entry,
                   "%s of rank %u is \"%s\", expected \"%s\"", key, rank + 1, computed, expected);
}

static bool same_number(const struct json *json, const cJSON *entry, const char *key,
                        double computed, uint32_t rank, struct err *err)
{
    const cJSON *node = cJSON_GetObjectItemCaseSensitive(entry, key);
    if (cJSON_IsNumber(node) && memcmp(&node->valuedouble, &computed, sizeof computed) == 0) {
        return true;
    }
    char mine[NUMBER_TEXT_MAX + 1], theirs[NUMBER_TEXT_MAX + 1] = "(nothing)";
    mine[number_write(mine, computed)] = '\0';
    if (cJSON_IsNumber(node)) theirs[number_write(theirs, node->valuedouble)] = '\0';
    return differs(err, json, node != NULL ? node : entry, "%s of rank %u is %s, expected %s", key,
                   rank + 1, mine, theirs);
}

static bool same_entry(const struct json *json, const cJSON *entry, const struct quote_set *set,
                       const struct quote_set_result *result, uint32_t rank, struct err *err)
{
    const uint32_t i = result->ranked[rank];
    const struct score_parts *parts = &result->parts[i];
    if (!same_text(json, entry, "providerId", provider_traits[set->inputs[i].provider].id, rank,
                   err)) {
        return false;
    }
    if (!same_number(json, entry, "score", parts->score, rank, err)) return false;
    for (unsigned which = 0; which < SCORES_COUNT; which++) {
        if (!same_number(json, entry, scores[which].key, score_of(parts, which), rank, err)) {
            return false;
        }
    }
    return same_text(json, entry, "explanation", result->explanations[i], rank, err);
}

bool quote_set_matches(const struct json *json, const struct quote_set *set,
                       const struct quote_set_result *result, struct err *err)
{
    const cJSON *expect = cJSON_GetObjectItemCaseSensitive(json->root, "expect");
    if (!cJSON_IsArray(expect)) {
        return err_fail(err, ERR_INPUT, json_place(json, expect != NULL ? expect : json->root),
                        "there is no list \"expect\" to check against");
    }
    const unsigned entries = (unsigned)cJSON_GetArraySize(expect);
    if (entries != set->count) {
        return differs(err, json, expect, "%u quotes are ranked, expected %u", set->count, entries);
    }
    uint32_t rank = 0;
    for (const cJSON *entry = expect->child; entry != NULL; entry = entry->next, rank++) {
        if (!same_entry(json, entry, set, result, rank, err)) return false;
    }
    return true;
}
