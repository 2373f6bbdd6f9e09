/* What the admin interface has, and its smaller answers: itself, health, clock, reset, stop. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "mocks/admin_state.h"
#include "router/base/duration.h"

static const struct route {
    const char *method;
    const char *path; /* one that ends in a slash takes more behind it */
    admin_handler handle;
    const char *shown;
    const char *help;
} routes[] = {
    {"GET", "/", admin_get_root, "/", "what there is"},
    {"GET", "/health", admin_get_health, "/health", "whether it serves, and since when"},
    {"GET", "/faults", admin_get_faults, "/faults", "the faults in force, each with its state"},
    {"PUT", "/faults", admin_put_faults, "/faults", "a list that takes their place"},
    {"POST", "/faults", admin_post_fault, "/faults", "one more; without \"at\" it begins now"},
    {"DELETE", "/faults", admin_delete_faults, "/faults", "away with all of them"},
    {"DELETE", "/faults/", admin_delete_faults, "/faults/{id}", "away with one"},
    {"GET", "/credentials", admin_get_credentials, "/credentials",
     "which generations count; never a secret"},
    {"POST", "/credentials/", admin_post_credentials,
     "/credentials/{provider}/{rotate|revoke|expire|issue}",
     "a new one; the end of one; the end of its tokens; its texts"},
    {"GET", "/clock", admin_get_clock, "/clock", "the scenario's clock"},
    {"PUT", "/clock", admin_put_clock, "/clock",
     "{\"advance\": \"5m\"} or {\"to\": \"1h\"}: it jumps forward"},
    {"POST", "/reset", admin_post_reset, "/reset", "{\"seed\": 7}: as it was at the start"},
    {"GET", "/journal", admin_get_journal, "/journal",
     "JSON lines; ?provider= operation= method= path= status= since= limit= normalised=1; a limit "
     "means the newest, or with since= the next ones"},
    {"DELETE", "/journal", admin_delete_journal, "/journal", "forgets it"},
    {"POST", "/verify", admin_post_verify, "/verify",
     "the journal's filter, \"min\" and \"max\": 200 when it holds, else 409"},
    {"GET", "/counters", admin_get_counters, "/counters", "what was served"},
    {"GET", "/scenario", admin_get_scenario, "/scenario",
     "every value of the scenario, with its origin"},
    {"POST", "/stop", admin_post_stop, "/stop", "a graceful stop"},
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

/* ---- finding one ----------------------------------------------------------------------------- */

/* What stands behind a route's own path; NULL: it is another's. */
static const char *rest_of(const struct route *route, const char *path)
{
    const size_t length = strlen(route->path);
    if (length > 1 && route->path[length - 1] == '/') {
        return strncmp(path, route->path, length) == 0 && path[length] != '\0' ? path + length
                                                                               : NULL;
    }
    return strcmp(path, route->path) == 0 ? path + length : NULL;
}

/* "GET, PUT" of a path, as a constant: there are few. NULL: nothing answers there. */
static const char *allowed_at(const char *path)
{
    static const char *const all[] = {
        "GET", "PUT", "POST", "DELETE", "GET, DELETE", "GET, PUT", "GET, PUT, POST, DELETE"};
    char methods[40] = "";
    size_t length = 0;
    for (size_t i = 0; i < ROUTES; i++) {
        if (rest_of(&routes[i], path) == NULL) continue;
        length += (size_t)snprintf(methods + length, sizeof methods - length, "%s%s",
                                   length > 0 ? ", " : "", routes[i].method);
    }
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i], methods) == 0) return all[i];
    }
    assert(length == 0);
    return NULL;
}

static void refuse_path(struct admin_exchange *exchange)
{
    enum { PATH_SHOWN_MAX = 80 };
    const char *const path = exchange->view->path;
    const char *const allow = allowed_at(path);
    if (allow != NULL) {
        exchange->response->allow = allow;
        (void)admin_refuse(exchange, 405, NULL, "%s takes %s", exchange->view->path, allow);
        return;
    }
    const char *paths[ROUTES + 1] = {NULL};
    for (size_t i = 0; i < ROUTES; i++)
        paths[i] = routes[i].path;
    char hint[ERR_HINT_MAX];
    if (!text_suggest(path, paths, hint, sizeof hint)) {
        (void)snprintf(hint, sizeof hint, "GET / lists what there is");
    }
    (void)admin_refuse(exchange, 404, hint, "there is no %.*s", PATH_SHOWN_MAX, path);
}

void admin_answer(struct admin *admin, const struct http_view *view,
                  struct admin_response *response)
{
    *response = (struct admin_response){.status = 200, .content_type = "application/json"};
    if (!admin_admit(admin, view, response)) return;
    struct admin_exchange exchange = {.admin = admin, .view = view, .response = response};
    const bool head = strcmp(view->method, "HEAD") == 0; /* whose body the library leaves out */
    for (size_t i = 0; i < ROUTES; i++) {
        exchange.rest = rest_of(&routes[i], view->path);
        if (exchange.rest == NULL) continue;
        if (strcmp(routes[i].method, head ? "GET" : view->method) != 0) continue;
        routes[i].handle(&exchange);
        return;
    }
    refuse_path(&exchange);
}

/* ---- the smaller answers --------------------------------------------------------------------- */

void admin_get_root(struct admin_exchange *exchange)
{
    struct text *const json = &exchange->response->body;
    text_put(json, "{\"what\": \"routesim mock providers\", \"routes\": [");
    for (size_t i = 0; i < ROUTES; i++) {
        text_format(json,
                    "%s\n  {\"method\": \"%s\", \"path\": \"%s\", \"does\": ", i == 0 ? "" : ",",
                    routes[i].method, routes[i].shown);
        text_json_string(json, routes[i].help);
        text_char(json, '}');
    }
    text_put(json, "\n]}\n");
}

/* `"now": "5m3s", "now_us": 303000000, "unix": "2025-...Z"` */
static void put_clock(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    struct text *const json = &exchange->response->body;
    const int64_t now_us = ask->now_us(ask->context);
    char now[DURATION_TEXT_MAX], unix_time[INSTANT_TEXT_MAX];
    duration_format(now_us, now);
    instant_format(ask->epoch_us(ask->context) + now_us, unix_time);
    text_format(json, "\"now\": \"%s\", \"now_us\": %" PRId64 ", \"unix\": \"%s\"", now, now_us,
                unix_time);
}

void admin_get_health(struct admin_exchange *exchange)
{
    struct text *const json = &exchange->response->body;
    text_format(json, "{\"status\": \"ok\", \"uptime_ms\": %" PRId64 ", ",
                (admin_monotonic_us() - exchange->admin->started_us) / US_PER_MS);
    put_clock(exchange);
    text_put(json, "}\n");
}

void admin_get_clock(struct admin_exchange *exchange)
{
    text_char(&exchange->response->body, '{');
    put_clock(exchange);
    text_put(&exchange->response->body, "}\n");
}

static bool read_jump(struct admin_exchange *exchange, const struct json *json, int64_t now_us,
                      int64_t *by_us)
{
    const cJSON *const advance = cJSON_GetObjectItemCaseSensitive(json->root, "advance");
    const cJSON *const to = cJSON_GetObjectItemCaseSensitive(json->root, "to");
    const cJSON *const given = advance != NULL ? advance : to;
    if (advance != NULL && to != NULL) {
        return admin_refuse(exchange, 400, "{\"advance\": \"5m\"} or {\"to\": \"1h\"}",
                            "\"advance\" and \"to\" are both given, and only one can be meant");
    }
    if (!cJSON_IsString(given)) {
        return admin_refuse(exchange, 400, "{\"advance\": \"5m\"} or {\"to\": \"1h\"}",
                            "say how far, or to where, the clock is to jump");
    }
    struct err_list list = {.source_file = "body"};
    struct err err;
    int64_t span_us;
    struct place place = json_place(json, given);
    place.column++; /* behind the quote */
    if (!duration_parse(given->valuestring, place, &span_us, &err)) {
        err_list_add(&list, &err);
        return admin_refuse_list(exchange, &list);
    }
    *by_us = given == to ? span_us - now_us : span_us;
    if (*by_us < 0) {
        return admin_refuse(exchange, 409, "POST /reset begins anew",
                            "it is later than that, and the clock only goes forward");
    }
    if (*by_us > DURATION_US_MAX - now_us) {
        return admin_refuse(exchange, 400, NULL, "the clock does not go past ten years");
    }
    return true;
}

void admin_put_clock(struct admin_exchange *exchange)
{
    static const char *const keys[] = {"advance", "to", NULL};
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    struct json json;
    int64_t by_us;
    if (admin_read_object(exchange, keys, &json) &&
        read_jump(exchange, &json, ask->now_us(ask->context), &by_us)) {
        ask->advance(ask->context, by_us);
        admin_get_clock(exchange);
    }
    json_release(&json);
}

/* A seed of more than 53 bits has to come as a text, as in a scenario. */
static bool read_seed(struct admin_exchange *exchange, const cJSON *node, uint64_t *seed)
{
    int64_t whole;
    if (cJSON_IsString(node)) {
        return admin_read_whole(exchange, "\"seed\"", node->valuestring, UINT64_MAX, seed);
    }
    if (json_whole(node, &whole) && whole >= 0) {
        *seed = (uint64_t)whole;
        return true;
    }
    return admin_refuse(exchange, 400, "past 2^53 it has to be a text",
                        "\"seed\" has to be a whole number");
}

void admin_post_reset(struct admin_exchange *exchange)
{
    static const char *const keys[] = {"seed", NULL};
    struct admin *const admin = exchange->admin;
    struct json json;
    uint64_t seed = 0;
    if (admin_read_object(exchange, keys, &json)) {
        const cJSON *const given = cJSON_GetObjectItemCaseSensitive(json.root, "seed");
        if (given == NULL || read_seed(exchange, given, &seed)) {
            admin->setup.ask.reset(admin->setup.ask.context, given == NULL ? NULL : &seed);
            journal_clear(admin->setup.journal);
            admin_get_clock(exchange);
        }
    }
    json_release(&json);
}

void admin_get_scenario(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    ask->write_scenario(ask->context, &exchange->response->body);
    text_char(&exchange->response->body, '\n');
}

void admin_post_stop(struct admin_exchange *exchange)
{
    text_put(&exchange->response->body, "{\"status\": \"stopping\"}\n");
    exchange->response->stop = true;
}
