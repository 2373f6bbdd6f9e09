/* The journal: asking it, verifying by it, forgetting it; and the counters beside it. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "mocks/admin_state.h"

/* ---- a filter -------------------------------------------------------------------------------- */

/* One criterion, whether it comes from a query or from a body. Texts are borrowed. */
static bool set_criterion(struct admin_exchange *exchange, struct journal_filter *filter,
                          const char *name, const char *value)
{
    enum provider provider;
    uint64_t number = 0;
    int index;
    if (strcmp(name, "provider") == 0) {
        if (!admin_read_provider(exchange, value, strlen(value), &provider)) return false;
        filter->provider = (int)provider;
    } else if (strcmp(name, "operation") == 0) {
        const bool none = strcmp(value, "none") == 0;
        if (!none && !admin_read_word(exchange, "operation", value, operation_names, &index)) {
            return false;
        }
        filter->operation = none ? JOURNAL_NO_OPERATION : index;
    } else if (strcmp(name, "method") == 0) {
        filter->method = value;
    } else if (strcmp(name, "path") == 0) {
        filter->path_prefix = value;
    } else if (strcmp(name, "status") == 0) {
        const bool none = strcmp(value, "none") == 0;
        if (!none && !admin_read_whole(exchange, "\"status\"", value, 999, &number)) return false;
        filter->status = (int)number;
    } else if (strcmp(name, "since") == 0) {
        if (!admin_read_whole(exchange, "\"since\"", value, UINT64_MAX, &filter->since)) {
            return false;
        }
    } else {
        assert(strcmp(name, "limit") == 0);
        return admin_read_whole(exchange, "\"limit\"", value, UINT64_MAX, &filter->limit);
    }
    return true;
}

static const char *const query_names[] = {"provider", "operation", "method",     "path", "status",
                                          "since",    "limit",     "normalised", NULL};

void admin_get_journal(struct admin_exchange *exchange)
{
    const struct http_view *const view = exchange->view;
    struct journal_filter filter = journal_filter_any();
    int form = JOURNAL_PLAIN;
    for (uint32_t i = 0; i < view->query_count; i++) {
        const struct http_pair *const pair = &view->query[i];
        const char *const value = pair->value == NULL ? "" : pair->value;
        int index;
        if (!admin_read_word(exchange, "parameter", pair->name, query_names, &index)) return;
        if (strcmp(pair->name, "normalised") == 0) {
            form = strcmp(value, "0") == 0 ? JOURNAL_PLAIN : JOURNAL_NORMALISED;
        } else if (!set_criterion(exchange, &filter, pair->name, value)) {
            return;
        }
    }
    filter.newest = filter.since == 0; /* who says since= reads on from there, page by page */
    exchange->response->content_type = "application/x-ndjson";
    (void)journal_json(exchange->admin->setup.journal, &filter, form, &exchange->response->body);
}

static void put_journal_stats(struct admin_exchange *exchange)
{
    const struct journal_stats stats = journal_stats(exchange->admin->setup.journal);
    text_format(&exchange->response->body,
                "{\"appended\": %" PRIu64 ", \"kept\": %" PRIu64 ", \"lost\": %" PRIu64
                ", \"capacity\": %" PRIu32 "}",
                stats.appended, stats.kept, stats.lost, stats.capacity);
}

void admin_delete_journal(struct admin_exchange *exchange)
{
    journal_clear(exchange->admin->setup.journal);
    put_journal_stats(exchange);
    text_char(&exchange->response->body, '\n');
}

/* ---- verifying ------------------------------------------------------------------------------- */

struct bounds {
    uint64_t min, max;
};

/* A value as a query would say it: a text, or a whole number. */
static const char *plain(const cJSON *node, char digits[static NUMBER_TEXT_MAX])
{
    int64_t whole;
    if (cJSON_IsString(node)) return node->valuestring;
    if (!json_whole(node, &whole) || whole < 0) return NULL;
    (void)number_write_int(digits, whole);
    return digits;
}

static bool read_verify(struct admin_exchange *exchange, const struct json *json,
                        struct journal_filter *filter, struct bounds *bounds)
{
    for (const cJSON *node = json->root->child; node != NULL; node = node->next) {
        char digits[NUMBER_TEXT_MAX];
        const char *const value = plain(node, digits);
        uint64_t *const bound = strcmp(node->string, "min") == 0   ? &bounds->min
                                : strcmp(node->string, "max") == 0 ? &bounds->max
                                                                   : NULL;
        const bool textual =
            strcmp(node->string, "method") == 0 || strcmp(node->string, "path") == 0;
        if (value == NULL || (textual && value == digits)) {
            return admin_refuse(exchange, 400, NULL, "\"%s\" cannot be that", node->string);
        }
        if (bound != NULL) {
            if (!admin_read_whole(exchange, node->string, value, UINT64_MAX, bound)) return false;
        } else if (!set_criterion(exchange, filter, node->string, value)) {
            return false;
        }
    }
    if (bounds->min <= bounds->max) return true;
    return admin_refuse(exchange, 400, NULL, "\"min\" is more than \"max\"");
}

static const char *verdict_word(enum journal_verdict verdict)
{
    switch (verdict) {
    case JOURNAL_HOLDS:
        return "holds";
    case JOURNAL_FAILS:
        return "fails";
    case JOURNAL_UNDECIDED:
        return "undecided";
    }
    assert(!"a verdict without a word");
    return "";
}

static void put_near_miss(struct admin_exchange *exchange, const struct journal_near_miss *miss)
{
    struct text *const json = &exchange->response->body;
    if (!miss->there) {
        text_put(json, ", \"near_miss\": null");
        return;
    }
    text_format(json,
                ", \"near_miss\": {\"matched\": %u, \"failed\": %u, \"text\": ", miss->matched,
                miss->failed);
    text_json_string(json, miss->text);
    text_put(json, ", \"entry\": ");
    const size_t before = json->length;
    struct journal_filter only = journal_filter_any();
    only.since = miss->entry.sequence - 1;
    only.limit = 1;
    (void)journal_json(exchange->admin->setup.journal, &only, JOURNAL_PLAIN, json);
    if (json->failed) return;
    if (json->length == before) text_put(json, "null"); /* overwritten meanwhile */
    if (json->bytes[json->length - 1] == '\n') json->bytes[--json->length] = '\0';
    text_char(json, '}');
}

static void verify(struct admin_exchange *exchange, const struct journal_filter *filter,
                   struct bounds bounds)
{
    struct text *const json = &exchange->response->body;
    struct journal_verification found = {0};
    (void)journal_verify(exchange->admin->setup.journal, filter, bounds.min, bounds.max, &found);
    exchange->response->status = found.verdict == JOURNAL_HOLDS ? 200 : 409;
    text_format(json,
                "{\"verdict\": \"%s\", \"count\": %" PRIu64 ", \"lost\": %" PRIu64
                ", \"min\": %" PRIu64 ", \"max\": ",
                verdict_word(found.verdict), found.count, found.lost, bounds.min);
    if (bounds.max == UINT64_MAX) {
        text_put(json, "null");
    } else {
        text_format(json, "%" PRIu64, bounds.max);
    }
    put_near_miss(exchange, &found.near_miss);
    text_put(json, "}\n");
}

void admin_post_verify(struct admin_exchange *exchange)
{
    static const char *const keys[] = {"provider", "operation", "method", "path", "status",
                                       "since",    "min",       "max",    NULL};
    struct journal_filter filter = journal_filter_any();
    struct bounds bounds = {.min = 1, .max = UINT64_MAX};
    struct json json;
    if (admin_read_object(exchange, keys, &json)) {
        /* "never" needs no "min": 0 beside its "max". */
        if (cJSON_GetObjectItemCaseSensitive(json.root, "max") != NULL) bounds.min = 0;
        if (read_verify(exchange, &json, &filter, &bounds)) verify(exchange, &filter, bounds);
    }
    json_release(&json);
}

/* ---- counters -------------------------------------------------------------------------------- */

static void put_backend(struct admin_exchange *exchange, enum provider provider,
                        const struct backend_counters *counters)
{
    struct text *const json = &exchange->response->body;
    text_format(json, "\"%s\": {\"calls\": {", provider_traits[provider].id);
    bool any = false;
    for (enum operation o = 0; o < OPERATION_COUNT; o++) {
        if (!operation_exists(provider, o)) continue;
        text_format(json, "%s\"%s\": %" PRIu64, any ? ", " : "", operation_names[o],
                    counters->calls[o]);
        any = true;
    }
    text_format(json,
                "}, \"faulted\": %" PRIu64 ", \"limited\": %" PRIu64 ", \"unauthorized\": %" PRIu64
                ", \"unknown_names\": %" PRIu64 ", \"thief_calls\": %" PRIu64 "}",
                counters->faulted, counters->limited, counters->unauthorized,
                counters->unknown_names, counters->thief_calls);
}

static void put_backends(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    bool any = false;
    admin_lock(exchange->admin);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        struct backend *const backend = ask->backend(ask->context, p);
        if (backend == NULL) continue;
        backend_settle(backend, ask->now_us(ask->context));
        text_put(&exchange->response->body, any ? ",\n  " : "\n  ");
        put_backend(exchange, p, backend_counters(backend));
        any = true;
    }
    admin_unlock(exchange->admin);
}

void admin_get_counters(struct admin_exchange *exchange)
{
    const struct mock_server *const server = exchange->admin->setup.server;
    struct text *const json = &exchange->response->body;
    struct mock_server_counters served = {0};
    if (server != NULL) served = mock_server_counters(server);
    text_format(json,
                "{\"requests\": %" PRIu64 ", \"answered\": %" PRIu64 ", \"unanswered\": %" PRIu64
                ", \"reset\": %" PRIu64 ", \"waiting\": %" PRIu64 ", \"waiting_max\": %" PRIu64
                ",\n\"journal\": ",
                served.requests, served.answered, served.unanswered, served.reset, served.waiting,
                served.waiting_max);
    put_journal_stats(exchange);
    text_put(json, ",\n\"providers\": {");
    put_backends(exchange);
    text_put(json, "}}\n");
}
