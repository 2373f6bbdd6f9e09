/* Reading a cassette: every line is looked at, and every bad one is reported. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cassette_base64.h"
#include "providers/cassette_key.h"
#include "providers/cassette_tape.h"
#include "router/base/json.h"
#include "router/base/memory.h"

struct reading {
    const char *name;
    struct err_list *list;    /* the caller's */
    struct err_list mistakes; /* of the line at hand, as if it were the first */
    struct tape *tape;
    const char *bytes_of_file;
    size_t at; /* where the line at hand begins in them */
    uint32_t line;
    const struct json *json; /* of the line */
    struct text key, bytes;  /* scratch */
    bool out_of_memory;
};

/* ---- mistakes -------------------------------------------------------------------------------- */

/* Whole lines, and what is amiss with the file as such. */
static void report_line(struct reading *reading, const char *hint, const char *what)
{
    const struct place place = {.file = reading->name, .line = reading->line, .column = 1};
    err_add(reading->list, place, hint, "%s", what);
}

static bool complain(struct reading *reading, const cJSON *node, const char *what)
{
    err_add(&reading->mistakes, json_place(reading->json, node), NULL, "%s", what);
    return false;
}

/* Hands the line's mistakes on, with the line's own number. */
static void hand_on(struct reading *reading)
{
    struct err_list *const mistakes = &reading->mistakes;
    for (uint32_t i = 0; i < mistakes->count; i++) {
        mistakes->items[i].place.line = reading->line;
        err_list_add(reading->list, &mistakes->items[i]);
    }
    reading->list->errors += mistakes->errors - mistakes->count; /* past the limit of one line */
    mistakes->count = mistakes->errors = 0;
}

static bool no_memory(struct reading *reading)
{
    reading->out_of_memory = true;
    return false;
}

/* ---- members --------------------------------------------------------------------------------- */

static bool is_known(const char *key, const char *const *known)
{
    for (; *known != NULL; known++) {
        if (strcmp(key, *known) == 0) return true;
    }
    return false;
}

/* Whether `node` is an object that has no keys but those `known`. */
static bool check_object(struct reading *reading, const cJSON *node, const char *const *known)
{
    if (!cJSON_IsObject(node)) return complain(reading, node, "an object belongs here");
    bool good = true;
    for (const cJSON *member = node->child; member != NULL; member = member->next) {
        if (is_known(member->string, known)) continue;
        char hint[ERR_HINT_MAX];
        const bool near = text_suggest(member->string, known, hint, sizeof hint);
        err_add(&reading->mistakes, json_key_place(reading->json, member), near ? hint : NULL,
                "unknown key \"%s\"", member->string);
        good = false;
    }
    return good;
}

static const cJSON *member_of(struct reading *reading, const cJSON *object, const char *key)
{
    const cJSON *const member = cJSON_GetObjectItemCaseSensitive(object, key);
    if (member == NULL) {
        err_add(&reading->mistakes, json_place(reading->json, object), NULL, "\"%s\" is missing",
                key);
    }
    return member;
}

/* One of `names`, which NULL ends: its place among them. */
static bool read_name(struct reading *reading, const cJSON *object, const char *key,
                      const char *const *names, int *value)
{
    const cJSON *const member = member_of(reading, object, key);
    if (member == NULL) return false;
    if (!cJSON_IsString(member)) return complain(reading, member, "a text belongs here");
    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], member->valuestring) != 0) continue;
        *value = i;
        return true;
    }
    char hint[ERR_HINT_MAX];
    const bool near = text_suggest(member->valuestring, names, hint, sizeof hint);
    err_add(&reading->mistakes, json_place(reading->json, member), near ? hint : NULL,
            "unknown %s \"%s\"", key, member->valuestring);
    return false;
}

static bool read_whole(struct reading *reading, const cJSON *object, const char *key, int64_t least,
                       int64_t most, int64_t *value)
{
    const cJSON *const member = member_of(reading, object, key);
    if (member == NULL) return false;
    if (json_whole(member, value) && *value >= least && *value <= most) return true;
    err_add(&reading->mistakes, json_place(reading->json, member), NULL,
            "%s is a whole number from %" PRId64 " to %" PRId64, key, least, most);
    return false;
}

static bool is_line(const char *text) /* no control characters, so that it can be a header */
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7F) return false;
    }
    return true;
}

/* A text in one line, or NULL for null; it is kept in the arena. */
static bool read_line_text(struct reading *reading, const cJSON *object, const char *key,
                           const char **value)
{
    *value = NULL;
    const cJSON *const member = member_of(reading, object, key);
    if (member == NULL) return false;
    if (cJSON_IsNull(member)) return true;
    if (!cJSON_IsString(member) || !is_line(member->valuestring) ||
        strlen(member->valuestring) > CASSETTE_TARGET_BYTES_MAX) {
        return complain(reading, member, "a text of one line, or null, belongs here");
    }
    *value = arena_text(&reading->tape->arena, member->valuestring, strlen(member->valuestring));
    return *value != NULL || no_memory(reading);
}

/* "body" or "body_base64", one of the two, into reading->bytes. */
static bool read_body(struct reading *reading, const cJSON *object)
{
    const cJSON *const plain = cJSON_GetObjectItemCaseSensitive(object, "body");
    const cJSON *const encoded = cJSON_GetObjectItemCaseSensitive(object, "body_base64");
    text_clear(&reading->bytes);
    if ((plain == NULL) == (encoded == NULL)) {
        return complain(reading, object, "\"body\" or \"body_base64\" belongs here, and not both");
    }
    const cJSON *const body = plain != NULL ? plain : encoded;
    if (!cJSON_IsString(body)) return complain(reading, body, "a text belongs here");
    const size_t length = strlen(body->valuestring);
    if (plain != NULL) {
        text_append(&reading->bytes, plain->valuestring, length);
    } else if (!cassette_base64_decode(&reading->bytes, encoded->valuestring, length)) {
        return complain(reading, body, "this is no base64");
    }
    if (reading->bytes.failed) return no_memory(reading);
    if (reading->bytes.length <= CASSETTE_BODY_BYTES_MAX) return true;
    err_add(&reading->mistakes, json_place(reading->json, body), NULL,
            "a body of %zu bytes is too long; %d are the limit", reading->bytes.length,
            CASSETTE_BODY_BYTES_MAX);
    return false;
}

/* ---- a take ---------------------------------------------------------------------------------- */

static bool check_headers(struct reading *reading, const cJSON *request)
{
    static const char *const known[] = {"Accept", "Accept-Language", NULL};
    const cJSON *const headers = member_of(reading, request, "headers");
    if (headers == NULL || !check_object(reading, headers, known)) return false;
    for (const cJSON *header = headers->child; header != NULL; header = header->next) {
        if (!cJSON_IsString(header) || !is_line(header->valuestring)) {
            return complain(reading, header, "a text of one line belongs here");
        }
    }
    return true;
}

/* Reads the request, of which its key is all that playing needs. */
static bool read_request(struct reading *reading, const cJSON *take, enum provider provider)
{
    static const char *const known[] = {"method", "target",      "headers", "content_type",
                                        "body",   "body_base64", NULL};
    const cJSON *const request = member_of(reading, take, "request");
    if (request == NULL || !check_object(reading, request, known)) return false;
    int method = 0;
    struct key_request of = {.provider = provider};
    bool read = read_name(reading, request, "method", http_method_names, &method);
    read = read_line_text(reading, request, "target", &of.target) && read;
    read = check_headers(reading, request) && read;
    read = read_line_text(reading, request, "content_type", &of.content_type) && read;
    read = read_body(reading, request) && read;
    if (!read) return false;
    if (of.target == NULL || of.target[0] != '/') {
        return complain(reading, cJSON_GetObjectItemCaseSensitive(request, "target"),
                        "a path, which begins with \"/\", belongs here");
    }
    of.method = http_method_names[method];
    of.target_length = strlen(of.target);
    of.body = reading->bytes.bytes;
    of.body_length = reading->bytes.length;
    text_clear(&reading->key);
    cassette_key(&of, &reading->key);
    return !reading->key.failed || no_memory(reading);
}

static bool read_response(struct reading *reading, const cJSON *take, struct tape_take *to)
{
    static const char *const known[] = {
        "status", "content_type", "retry_after_s", "truncated", "body", "body_base64", NULL};
    const cJSON *const response = member_of(reading, take, "response");
    if (response == NULL) return false;
    if (to->fate != CALL_ANSWERED) {
        return cJSON_IsNull(response) ||
               complain(reading, response, "a call that was not answered has null here");
    }
    if (!check_object(reading, response, known)) return false;
    int64_t status = 0, retry_after_s = 0;
    const cJSON *const truncated = member_of(reading, response, "truncated");
    bool read = read_whole(reading, response, "status", 0, UINT16_MAX, &status);
    read = read_line_text(reading, response, "content_type", &to->content_type) && read;
    read = read_whole(reading, response, "retry_after_s", 0, UINT32_MAX, &retry_after_s) && read;
    read = read_body(reading, response) && read && truncated != NULL;
    if (truncated != NULL && !cJSON_IsBool(truncated)) {
        read = complain(reading, truncated, "true or false belongs here");
    }
    if (!read) return false;
    to->status = (uint16_t)status;
    to->retry_after_s = (uint32_t)retry_after_s;
    to->truncated = cJSON_IsTrue(truncated);
    to->body_length = reading->bytes.length;
    to->body =
        arena_text(&reading->tape->arena, reading->bytes.length > 0 ? reading->bytes.bytes : "",
                   reading->bytes.length);
    return to->body != NULL || no_memory(reading);
}

static bool check_api(struct reading *reading, const cJSON *take, const struct tape_take *to)
{
    if (!api_exists(to->provider, to->api)) {
        return complain(reading, cJSON_GetObjectItemCaseSensitive(take, "api"),
                        "the provider has no such API");
    }
    if (!operation_exists(to->provider, to->operation)) {
        return complain(reading, cJSON_GetObjectItemCaseSensitive(take, "operation"),
                        "the provider has no such operation");
    }
    return true;
}

/* Whose call it is. */
static bool read_owner(struct reading *reading, const cJSON *take, struct tape_take *to)
{
    int64_t item = 0, attempt = 0;
    to->order = CASSETTE_NO_ORDER;
    const cJSON *const order = member_of(reading, take, "order");
    bool read = order != NULL;
    if (read && !cJSON_IsNull(order)) {
        read = read_whole(reading, take, "order", 0, INT64_C(1) << 53, &to->order);
    }
    read = read_whole(reading, take, "item", 0, UINT32_MAX, &item) && read;
    read = read_whole(reading, take, "attempt", 0, UINT32_MAX, &attempt) && read;
    to->item = (uint32_t)item;
    to->attempt = (uint32_t)attempt;
    return read;
}

static bool read_call(struct reading *reading, const cJSON *take, struct tape_take *to)
{
    const char *providers[PROVIDER_COUNT + 1] = {NULL};
    for (int i = 0; i < PROVIDER_COUNT; i++)
        providers[i] = provider_traits[i].id;
    const char *fates[CALL_FATE_COUNT + 1] = {NULL};
    memcpy(fates, call_fate_names, sizeof call_fate_names);
    int provider = 0, api = 0, operation = 0, fate = 0;
    const int64_t most = INT64_C(1) << 53;
    bool read = read_name(reading, take, "provider", providers, &provider);
    read = read_name(reading, take, "api", api_names, &api) && read;
    read = read_name(reading, take, "operation", operation_names, &operation) && read;
    read = read_owner(reading, take, to) && read;
    read = read_whole(reading, take, "at_us", -most, most, &to->at_us) && read;
    read = read_whole(reading, take, "latency_us", 0, most, &to->latency_us) && read;
    read = read_name(reading, take, "fate", fates, &fate) && read;
    to->provider = (enum provider)provider;
    to->api = (enum api)api;
    to->operation = (enum operation)operation;
    to->fate = (enum call_fate)fate;
    return read && check_api(reading, take, to);
}

static bool read_take(struct reading *reading, const cJSON *take)
{
    static const char *const known[] = {"provider", "api",     "operation", "order",
                                        "item",     "attempt", "at_us",     "latency_us",
                                        "fate",     "request", "response",  NULL};
    struct tape_take to = {0};
    if (!check_object(reading, take, known)) return false;
    if (!read_call(reading, take, &to)) return false;
    if (!read_request(reading, take, to.provider) || !read_response(reading, take, &to)) {
        return false;
    }
    return tape_add(reading->tape, &to, &reading->key) || no_memory(reading);
}

/* ---- the first and the last line ------------------------------------------------------------- */

/* A text in one line, which may not be null. */
static bool read_words(struct reading *reading, const cJSON *object, const char *key,
                       const char **value)
{
    *value = "";
    const char *text = NULL;
    if (!read_line_text(reading, object, key, &text)) return false;
    if (text == NULL) {
        return complain(reading, cJSON_GetObjectItemCaseSensitive(object, key),
                        "a text belongs here");
    }
    *value = text;
    return true;
}

static bool read_providers(struct reading *reading, const cJSON *head, const char *key,
                           unsigned *providers)
{
    *providers = 0;
    const cJSON *const list = member_of(reading, head, key);
    if (list == NULL) return false;
    if (!cJSON_IsArray(list)) return complain(reading, list, "a list of providers belongs here");
    for (const cJSON *item = list->child; item != NULL; item = item->next) {
        unsigned p = 0;
        while (p < PROVIDER_COUNT &&
               (!cJSON_IsString(item) || strcmp(provider_traits[p].id, item->valuestring) != 0))
            p++;
        if (p == PROVIDER_COUNT) return complain(reading, item, "this is no provider");
        *providers |= 1u << p;
    }
    return true;
}

static bool check_schema(struct reading *reading, const cJSON *head)
{
    const cJSON *const schema = cJSON_GetObjectItemCaseSensitive(head, "schema");
    const size_t length = strlen(CASSETTE_SCHEMA);
    if (!cJSON_IsString(schema) || strncmp(schema->valuestring, CASSETTE_SCHEMA, length) != 0) {
        report_line(reading, NULL, "this is no cassette of routesim's");
        return false;
    }
    if (strcmp(schema->valuestring + length, CASSETTE_VERSION) == 0) return true;
    err_add(&reading->mistakes, json_place(reading->json, schema),
            "record it anew with this version of routesim",
            "cassettes of version %.16s cannot be read, only those of version %s",
            schema->valuestring + length, CASSETTE_VERSION);
    return false;
}

static bool read_head(struct reading *reading, const cJSON *object)
{
    static const char *const known[] = {"schema",    "program",       "scenario",    "seed",
                                        "clock",     "start_unix_us", "duration_us", "order_gap_us",
                                        "providers", "live",          NULL};
    const int64_t most = INT64_C(1) << 53;
    struct cassette_head *const head = &reading->tape->head;
    if (!check_schema(reading, object) || !check_object(reading, object, known)) return false;
    bool read = read_words(reading, object, "program", &head->program);
    read = read_words(reading, object, "scenario", &head->scenario) && read;
    read = read_words(reading, object, "seed", &head->seed) && read;
    read = read_words(reading, object, "clock", &head->clock) && read;
    read = read_whole(reading, object, "start_unix_us", -most, most, &head->start_unix_us) && read;
    read = read_whole(reading, object, "duration_us", 0, most, &head->duration_us) && read;
    read = read_whole(reading, object, "order_gap_us", 0, most, &head->order_gap_us) && read;
    read = read_providers(reading, object, "providers", &head->providers) && read;
    return read_providers(reading, object, "live", &head->live) && read;
}

static bool read_count(struct reading *reading, const cJSON *object, const char *key,
                       uint64_t *count)
{
    int64_t value = 0;
    const bool read = read_whole(reading, object, key, 0, INT64_C(1) << 53, &value);
    *count = (uint64_t)value;
    return read;
}

/* Whether the lines before this one are those that it counts. */
static bool hold_against(struct reading *reading, const char *sha256)
{
    struct cassette_sum sum = {0};
    char text[CASSETTE_SUM_TEXT_MAX];
    if (!cassette_sum_begin(&sum) || !cassette_sum_add(&sum, reading->bytes_of_file, reading->at) ||
        !cassette_sum_end(&sum, text)) {
        cassette_sum_release(&sum);
        return no_memory(reading);
    }
    const struct tape *const tape = reading->tape;
    reading->tape->altered = tape->end.takes != tape->take_count || strcmp(text, sha256) != 0;
    return true;
}

static bool read_end(struct reading *reading, const cJSON *line)
{
    static const char *const only[] = {"end", NULL};
    static const char *const known[] = {"takes", "refused", "orders", "stopped_by", "sha256", NULL};
    struct cassette_end *const end = &reading->tape->end;
    const cJSON *const object = member_of(reading, line, "end");
    const char *sha256 = "";
    if (!check_object(reading, line, only) || !check_object(reading, object, known)) return false;
    bool read = read_count(reading, object, "takes", &end->takes);
    read = read_count(reading, object, "refused", &end->refused) && read;
    read = read_count(reading, object, "orders", &end->orders) && read;
    read = read_words(reading, object, "stopped_by", &end->stopped_by) && read;
    read = read_words(reading, object, "sha256", &sha256) && read;
    reading->tape->ended = true;
    return read && hold_against(reading, sha256);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static bool read_object(struct reading *reading, const cJSON *object)
{
    if (reading->line == 1) return read_head(reading, object);
    if (reading->tape->ended) {
        report_line(reading, "was it put together of two cassettes?",
                    "this line stands behind the cassette's last one");
        return false;
    }
    if (cJSON_HasObjectItem(object, "end")) return read_end(reading, object);
    return read_take(reading, object);
}

static bool read_line(struct reading *reading, const char *line, size_t length)
{
    struct json json;
    bool good = json_read(&json, reading->name, line, length, &reading->mistakes) &&
                reading->mistakes.errors == 0; /* no key stands there twice */
    reading->json = &json;
    if (good) good = read_object(reading, json.root);
    json_release(&json);
    hand_on(reading);
    return good;
}

static bool read_lines(struct reading *reading, const char *bytes, size_t length)
{
    bool good = true;
    reading->bytes_of_file = bytes;
    while (reading->at < length && !reading->out_of_memory) {
        const size_t at = reading->at;
        reading->line++;
        const char *const end = memchr(bytes + at, '\n', length - at);
        if (end == NULL) {
            report_line(reading,
                        "it was copied in part, edited, or its recording was interrupted: without "
                        "this line the file can be read",
                        "the file ends within this line");
            return false;
        }
        const size_t line = (size_t)(end - bytes) - at;
        good = read_line(reading, bytes + at, line) && good;
        if (reading->line == 1 && !good) return false; /* what follows is something else */
        reading->at = at + line + 1;
    }
    return good && !reading->out_of_memory;
}

static bool begins_like_ours(const char *bytes, size_t length)
{
    static const char begin[] = "{\"schema\":\"" CASSETTE_SCHEMA;
    return length >= sizeof begin - 1 && memcmp(bytes, begin, sizeof begin - 1) == 0;
}

static void fail_memory(struct reading *reading)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){.file = reading->name}, "out of memory");
    err_list_add(reading->list, &err);
}

struct cassette *cassette_read(const char *name, const char *bytes, size_t length,
                               struct err_list *list)
{
    assert(list != NULL);
    const uint32_t errors = list->errors;
    struct reading reading = {.name = name, .list = list};
    if (!begins_like_ours(bytes, length)) {
        reading.line = 1;
        report_line(&reading, NULL, "this is no cassette of routesim's");
        return NULL;
    }
    struct cassette *cassette = NULL;
    reading.tape = memory_zeroed(sizeof *reading.tape);
    if (reading.tape == NULL) {
        fail_memory(&reading);
        return NULL;
    }
    tape_init(reading.tape);
    if (read_lines(&reading, bytes, length)) {
        tape_link(reading.tape);
        cassette = cassette_of_tape(reading.tape);
    }
    if (cassette == NULL) {
        if (list->errors == errors) fail_memory(&reading);
        tape_release(reading.tape);
        free(reading.tape);
    }
    text_release(&reading.key);
    text_release(&reading.bytes);
    return cassette;
}

struct cassette *cassette_open(const char *path, struct err_list *list)
{
    assert(path != NULL);
    struct err err;
    size_t length;
    char *const bytes = json_load(path, CASSETTE_BYTES_MAX, &length, &err);
    if (bytes == NULL) {
        err_list_add(list, &err);
        return NULL;
    }
    struct cassette *const cassette = cassette_read(path, bytes, length, list);
    free(bytes);
    return cassette;
}
