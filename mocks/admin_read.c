/* What every part of the admin interface needs: refusals, bodies, names, numbers. */
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mocks/admin_state.h"

void admin_lock(struct admin *admin)
{
    const int locked = pthread_mutex_lock(admin->setup.lock);
    assert(locked == 0);
}

void admin_unlock(struct admin *admin)
{
    const int unlocked = pthread_mutex_unlock(admin->setup.lock);
    assert(unlocked == 0);
}

int64_t admin_monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void put_member(struct text *json, const char *key, const char *value)
{
    if (value == NULL || value[0] == '\0') return;
    text_format(json, ", \"%s\": ", key);
    text_json_string(json, value);
}

bool admin_refuse(struct admin_exchange *exchange, uint16_t status, const char *hint,
                  const char *format, ...)
{
    struct admin_response *const response = exchange->response;
    struct text message = {0};
    va_list arguments;
    va_start(arguments, format);
    text_format_list(&message, format, arguments);
    va_end(arguments);
    response->status = status;
    text_clear(&response->body);
    text_put(&response->body, "{\"error\": ");
    text_json_string(&response->body, message.failed ? "out of memory" : message.bytes);
    put_member(&response->body, "hint", hint);
    text_put(&response->body, "}\n");
    text_release(&message);
    return false;
}

static void put_err(struct text *json, const struct err *err)
{
    text_put(json, "\"error\": ");
    text_json_string(json, err->message);
    put_member(json, "hint", err->hint);
    if (err->place.line == 0) return;
    text_format(json, ", \"line\": %u, \"column\": %u", (unsigned)err->place.line,
                (unsigned)err->place.column);
}

/* The first mistake stands at the top; all of them, when there are several, in a list. */
bool admin_refuse_list(struct admin_exchange *exchange, const struct err_list *list)
{
    struct text *const json = &exchange->response->body;
    exchange->response->status = 400;
    text_clear(json);
    uint32_t said = 0;
    for (uint32_t i = 0; i < list->count; i++) {
        const struct err *const err = &list->items[i];
        if (err->warning) continue;
        if (err->code == ERR_ENVIRONMENT) exchange->response->status = 503;
        text_put(json, said == 0 ? "{" : said == 1 ? ", \"more\": [{" : ", {");
        put_err(json, err);
        if (said > 0) text_char(json, '}');
        said++;
    }
    if (said == 0) return admin_refuse(exchange, 400, NULL, "this cannot be used");
    text_put(json, said > 1 ? "]}\n" : "}\n");
    return false;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static bool holds(const char *const *words, const char *word)
{
    for (; *words != NULL; words++) {
        if (strcmp(*words, word) == 0) return true;
    }
    return false;
}

static void check_keys(const struct json *json, const char *const *keys, struct err_list *list)
{
    for (const cJSON *node = json->root->child; node != NULL; node = node->next) {
        if (holds(keys, node->string)) continue;
        char hint[ERR_HINT_MAX];
        (void)text_suggest(node->string, keys, hint, sizeof hint);
        err_add(list, json_key_place(json, node), hint, "there is no key \"%s\" here",
                node->string);
    }
}

bool admin_read_object(struct admin_exchange *exchange, const char *const *keys, struct json *json)
{
    const struct http_view *const view = exchange->view;
    const bool given = view->body_length > 0;
    struct err_list list = {.source_file = "body"};
    const bool read =
        json_read(json, "body", given ? view->body : "{}", given ? view->body_length : 2, &list);
    if (!read || list.errors > 0) return admin_refuse_list(exchange, &list);
    if (!cJSON_IsObject(json->root)) {
        return admin_refuse(exchange, 400, NULL, "the body has to be a JSON object");
    }
    check_keys(json, keys, &list);
    return list.errors == 0 || admin_refuse_list(exchange, &list);
}

/* ---- names and numbers ----------------------------------------------------------------------- */

enum { NAME_SHOWN_MAX = 48 };

bool admin_read_provider(struct admin_exchange *exchange, const char *name, size_t length,
                         enum provider *provider)
{
    char upper[NAME_SHOWN_MAX];
    const char *ids[PROVIDER_COUNT + 1] = {NULL};
    if (length >= sizeof upper) length = sizeof upper - 1;
    for (size_t i = 0; i < length; i++) {
        upper[i] = (char)toupper((unsigned char)name[i]);
    }
    upper[length] = '\0';
    if (provider_by_id(upper, provider) || provider_by_key(upper, provider)) return true;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        ids[p] = provider_traits[p].id;
    char hint[ERR_HINT_MAX];
    if (!text_suggest(upper, ids, hint, sizeof hint)) {
        (void)snprintf(hint, sizeof hint, "they are %s, %s, %s and %s", ids[0], ids[1], ids[2],
                       ids[3]);
    }
    return admin_refuse(exchange, 404, hint, "there is no provider \"%.*s\"", (int)length, name);
}

bool admin_read_word(struct admin_exchange *exchange, const char *what, const char *word,
                     const char *const *words, int *index)
{
    for (*index = 0; words[*index] != NULL; ++*index) {
        if (strcmp(words[*index], word) == 0) return true;
    }
    char hint[ERR_HINT_MAX];
    (void)text_suggest(word, words, hint, sizeof hint);
    return admin_refuse(exchange, 400, hint, "there is no %s \"%.*s\"", what, NAME_SHOWN_MAX, word);
}

bool admin_read_whole(struct admin_exchange *exchange, const char *what, const char *text,
                      uint64_t most, uint64_t *value)
{
    const size_t length = strlen(text);
    errno = 0;
    if (length > 0 && strspn(text, "0123456789") == length) {
        *value = strtoull(text, NULL, 10);
        if (errno == 0 && *value <= most) return true;
    }
    return admin_refuse(exchange, 400, NULL,
                        "%s has to be a whole number from 0 to %llu, not \"%.*s\"", what,
                        (unsigned long long)most, NAME_SHOWN_MAX, text);
}
