#include "mocks/payloads.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "router/base/arena.h"
#include "router/base/json.h"

const char *const payload_words[WORD_COUNT + 1] = {
    "timestamp_ms", "status",  "price", "reason", "signed_ms", "start_at",    "end_at",
    "window_type",  "item_id", "name",  "stock",  "store_id",  "postal_code", NULL};

static bool is_number(enum payload_word word)
{
    return word <= WORD_PRICE;
}

/* Names that dialects ask for, besides statuses. All of them are in the compiled-in copies. */
static const char *const known_names[PROVIDER_COUNT][8] = {
    [PROVIDER_KROGER_API] = {"404_product", "5xx_token"},
    [PROVIDER_WALMART_API] = {"401_missing", "401_key", "401_expired", "401_token",
                              "access_token_item", "access_token_store"},
    [PROVIDER_INSTACART] = {"window"},
};

struct gap {       /* where a word stands in the bytes */
    uint32_t at;   /* the bytes before it end here */
    uint32_t from; /* and those behind it begin here */
    enum payload_word word;
    bool bare; /* without quotes */
};

struct payload {
    const char *name;
    const char *content_type; /* NULL: none */
    const char *bytes;
    uint32_t length;
    bool json;
    struct gap gaps[PAYLOAD_WORDS_MAX];
    uint32_t gap_count;
    struct payload *next;
};

struct payloads {
    struct arena arena;
    struct payload *first[PROVIDER_COUNT];
};

/* ---- reading a payload ----------------------------------------------------------------------- */

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for payloads");
}

static bool is_word_character(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static bool find_word(const char *text, size_t length, enum payload_word *word)
{
    for (enum payload_word w = 0; w < WORD_COUNT; w++) {
        if (strlen(payload_words[w]) != length) continue;
        if (memcmp(payload_words[w], text, length) != 0) continue;
        *word = w;
        return true;
    }
    return false;
}

static bool refuse_word(const char *at, size_t length, struct place place, struct err *err)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", (int)(length < 63 ? length : 63), at);
    (void)err_fail(err, ERR_INPUT, place, "\"$%s\" stands for nothing", name);
    char hint[ERR_HINT_MAX];
    if (text_suggest(name, payload_words, hint, sizeof hint)) (void)err_hint(err, "%s", hint);
    return false;
}

static bool add_gap(struct payload *payload, struct gap gap, struct place place, struct err *err)
{
    if (payload->gap_count == PAYLOAD_WORDS_MAX) {
        return err_fail(err, ERR_INPUT, place, "a payload has at most %d words to replace",
                        PAYLOAD_WORDS_MAX);
    }
    payload->gaps[payload->gap_count++] = gap;
    return true;
}

/* Finds the words in payload->bytes, which are JSON or text as they will be sent. */
static bool find_gaps(struct payload *payload, struct place place, struct err *err)
{
    const char *const bytes = payload->bytes;
    for (uint32_t i = 0; i < payload->length; i++) {
        if (bytes[i] != '$') continue;
        struct gap gap = {.at = i, .from = i + 1};
        if (bytes[gap.from] == '$') { /* a dollar sign: the second one stays */
            gap.word = WORD_COUNT;
        } else {
            while (is_word_character(bytes[gap.from]))
                gap.from++;
            const size_t length = gap.from - i - 1;
            if (!find_word(bytes + i + 1, length, &gap.word)) {
                return refuse_word(bytes + i + 1, length, place, err);
            }
            const bool alone = payload->json && bytes[i - 1] == '"' && bytes[gap.from] == '"';
            gap.bare = alone && is_number(gap.word);
            gap.at -= gap.bare;
            gap.from += gap.bare;
        }
        if (!add_gap(payload, gap, place, err)) return false;
        i = gap.word == WORD_COUNT ? gap.from : gap.from - 1;
    }
    return true;
}

static bool keep(struct arena *arena, const char *text, const char **kept, struct err *err)
{
    *kept = arena_text(arena, text, strlen(text));
    return *kept != NULL || out_of_memory(err);
}

static bool read_body(struct payload *payload, struct arena *arena, const struct json *json,
                      const cJSON *body, struct err *err)
{
    payload->json = !cJSON_IsString(body);
    if (!payload->json) {
        if (!keep(arena, body->valuestring, &payload->bytes, err)) return false;
    } else {
        char *const printed = cJSON_PrintUnformatted(body);
        if (printed == NULL) return out_of_memory(err);
        const bool kept = keep(arena, printed, &payload->bytes, err);
        cJSON_free(printed);
        if (!kept) return false;
    }
    payload->length = (uint32_t)strlen(payload->bytes);
    payload->content_type = payload->json         ? "application/json"
                            : payload->length > 0 ? "text/html"
                                                  : NULL;
    return find_gaps(payload, json_place(json, body), err);
}

static bool is_status(const char *name)
{
    const bool class = name[0] == '4' || name[0] == '5';
    if (!class || strlen(name) != 3) return false;
    return strcmp(name + 1, "xx") == 0 || strspn(name + 1, "0123456789") == 2;
}

static bool is_known(enum provider provider, const char *name)
{
    if (is_status(name)) return true;
    for (const char *const *known = known_names[provider]; *known != NULL; known++) {
        if (strcmp(*known, name) == 0) return true;
    }
    return false;
}

static bool check_members(const struct json *json, const cJSON *node, struct err *err)
{
    static const char *const members[] = {"body", "content_type", "note", NULL};
    for (const cJSON *member = node->child; member != NULL; member = member->next) {
        const char *const *known = members;
        while (*known != NULL && strcmp(*known, member->string) != 0)
            known++;
        const bool is_body = known == members;
        if (*known != NULL && (is_body || cJSON_IsString(member))) continue;
        return err_fail(err, ERR_INPUT, json_key_place(json, member),
                        "\"%s\" is no text of a payload: it has body, content_type and note",
                        member->string);
    }
    return true;
}

static bool check_payload(const struct json *json, enum provider provider, const cJSON *node,
                          struct err *err)
{
    const struct place key = json_key_place(json, node);
    if (!is_known(provider, node->string)) {
        (void)err_fail(err, ERR_INPUT, key, "%s has no payload \"%s\"",
                       provider_traits[provider].short_name, node->string);
        char hint[ERR_HINT_MAX];
        if (text_suggest(node->string, known_names[provider], hint, sizeof hint)) {
            (void)err_hint(err, "%s", hint);
        }
        return false;
    }
    if (!cJSON_IsObject(node) || cJSON_GetObjectItemCaseSensitive(node, "body") == NULL) {
        return err_fail(err, ERR_INPUT, key, "payload \"%s\" has no body", node->string);
    }
    return check_members(json, node, err);
}

static struct payload *find(const struct payloads *payloads, enum provider provider,
                            const char *name)
{
    struct payload *payload = payloads->first[provider];
    while (payload != NULL && strcmp(payload->name, name) != 0)
        payload = payload->next;
    return payload;
}

static bool take_payload(struct payloads *payloads, enum provider provider, const struct json *json,
                         const cJSON *node, struct err *err)
{
    if (!check_payload(json, provider, node, err)) return false;
    struct payload read = {0};
    const cJSON *const type = cJSON_GetObjectItemCaseSensitive(node, "content_type");
    const cJSON *const body = cJSON_GetObjectItemCaseSensitive(node, "body");
    if (!read_body(&read, &payloads->arena, json, body, err)) return false;
    if (type != NULL && !keep(&payloads->arena, type->valuestring, &read.content_type, err)) {
        return false;
    }
    struct payload *payload = find(payloads, provider, node->string);
    if (payload != NULL) { /* the file's takes the copy's place */
        read.name = payload->name;
        read.next = payload->next;
    } else {
        payload = arena_push(&payloads->arena, struct payload, 1);
        if (payload == NULL) return out_of_memory(err);
        if (!keep(&payloads->arena, node->string, &read.name, err)) return false;
        read.next = payloads->first[provider];
        payloads->first[provider] = payload;
    }
    *payload = read;
    return true;
}

/* ---- reading files --------------------------------------------------------------------------- */

static bool take_text(struct payloads *payloads, enum provider provider, const char *name,
                      const char *bytes, size_t length, struct err *err)
{
    struct err_list list = {0};
    struct json json;
    bool taken = json_read(&json, name, bytes, length, &list);
    if (taken && !cJSON_IsObject(json.root)) {
        taken = err_fail(err, ERR_INPUT, json_place(&json, json.root),
                         "payloads are an object of payloads by name");
    } else if (!taken || list.errors > 0) {
        *err = list.items[0];
        taken = false;
    } else {
        for (const cJSON *node = json.root->child; taken && node != NULL; node = node->next)
            taken = take_payload(payloads, provider, &json, node, err);
    }
    json_release(&json);
    return taken;
}

static bool take_file(struct payloads *payloads, const char *folder, enum provider provider,
                      struct err *err)
{
    struct text path = {0};
    text_format(&path, "%s/%s", folder, payloads_file(provider));
    struct stat status;
    bool taken = !path.failed || out_of_memory(err);
    if (taken && (stat(path.bytes, &status) == 0 || errno != ENOENT)) {
        size_t length;
        char *const bytes = json_load(path.bytes, PAYLOAD_FILE_MAX, &length, err);
        taken = bytes != NULL &&
                take_text(payloads, provider, err_keep_name(path.bytes), bytes, length, err);
        free(bytes);
    }
    text_release(&path);
    return taken;
}

static bool take_all(struct payloads *payloads, const char *folder, struct err *err)
{
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        const char *const text = payloads_text(p);
        if (!take_text(payloads, p, payloads_file(p), text, strlen(text), err)) return false;
        if (folder != NULL && !take_file(payloads, folder, p, err)) return false;
        assert(find(payloads, p, "4xx") != NULL);
        assert(find(payloads, p, "5xx") != NULL);
        for (const char *const *known = known_names[p]; *known != NULL; known++)
            assert(find(payloads, p, *known) != NULL);
    }
    return true;
}

struct payloads *payloads_create(const char *folder, struct err *err)
{
    struct payloads *const payloads = calloc(1, sizeof *payloads);
    if (payloads == NULL) {
        (void)out_of_memory(err);
        return NULL;
    }
    if (take_all(payloads, folder, err)) return payloads;
    payloads_destroy(payloads);
    return NULL;
}

void payloads_destroy(struct payloads *payloads)
{
    if (payloads == NULL) return;
    arena_release(&payloads->arena);
    free(payloads);
}

/* ---- asking ---------------------------------------------------------------------------------- */

const struct payload *payloads_find(const struct payloads *payloads, enum provider provider,
                                    const char *name)
{
    return find(payloads, provider, name);
}

const struct payload *payloads_at_status(const struct payloads *payloads, enum provider provider,
                                         uint16_t status)
{
    if (status < 400 || status > 599) status = 500;
    char name[8];
    (void)snprintf(name, sizeof name, "%u", status);
    const struct payload *const own = find(payloads, provider, name);
    return own != NULL ? own : find(payloads, provider, status < 500 ? "4xx" : "5xx");
}

const char *payload_content_type(const struct payload *payload)
{
    return payload->content_type;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Within a JSON text: escaped, without the quotes that are there already. */
static void put_escaped(struct text *to, const char *value)
{
    const size_t before = to->length;
    text_json_string(to, value);
    if (to->failed) return;
    to->length -= 2;
    memmove(to->bytes + before, to->bytes + before + 1, to->length - before);
    to->bytes[to->length] = '\0';
}

static void put_value(const struct payload *payload, const struct gap *gap,
                      const struct payload_values *values, struct text *to)
{
    if (gap->word == WORD_COUNT) return; /* a dollar sign, which stands behind the gap */
    const char *value = values->texts[gap->word];
    if (value == NULL) value = is_number(gap->word) ? "0" : "";
    if (gap->bare)
        text_put(to, value);
    else if (payload->json)
        put_escaped(to, value);
    else
        text_html(to, value);
}

void payload_write(const struct payload *payload, const struct payload_values *values,
                   struct text *to)
{
    uint32_t from = 0;
    for (uint32_t i = 0; i < payload->gap_count; i++) {
        const struct gap *const gap = &payload->gaps[i];
        text_append(to, payload->bytes + from, gap->at - from);
        put_value(payload, gap, values, to);
        from = gap->from;
    }
    text_append(to, payload->bytes + from, payload->length - from);
}
