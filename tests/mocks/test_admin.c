/* Goal: the control room does what it says to the providers behind it, answers JSON whatever it is
 * asked, shows no secret, and lets no web page in.
 *
 * Method: the world of `routesim mock` with default providers and no server, so that every answer
 * can be held to what a backend then does; requests are handed over as views, and a few go over a
 * socket. No case waits for time to pass: the clock is made to jump. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "tests/support.h"

#include "mocks/signing.h"
#include "router/base/duration.h"
#include "sim/command/mock_world.h"

/* ---- a room ---------------------------------------------------------------------------------- */

static atomic_int wakes, stops;

static void wake(bool stop)
{
    (void)atomic_fetch_add(stop ? &stops : &wakes, 1);
}

static struct invocation invocation;
static struct console console;

struct room {
    struct mock_world world;
    struct journal *journal;
    struct admin *admin;
    char host[32];
};

static void open_room(struct room *room)
{
    static char program[] = "routesim", command[] = "mock";
    char *words[] = {program, command, NULL};
    struct err err;
    console_open(&console);
    assert_true(invocation_read(&invocation, 2, words, console_environment, &err));
    memset(room, 0, sizeof *room);
    assert_int_equal(mock_world_open(&room->world, &invocation, &console, NULL), 0);
    room->world.providers = (1u << PROVIDER_COUNT) - 1;
    room->world.wake = wake;
    mock_world_start(&room->world);
    room->journal = journal_create(64, &err);
    assert_non_null(room->journal);
    const struct admin_setup setup = {.journal = room->journal,
                                      .lock = &room->world.lock,
                                      .ask = mock_world_admin_port(&room->world)};
    room->admin = admin_create(&setup, &err);
    if (room->admin == NULL) fail_msg("%s", err.message);
    (void)snprintf(room->host, sizeof room->host, "127.0.0.1:%u",
                   (unsigned)admin_port_number(room->admin));
}

static void close_room(struct room *room)
{
    admin_destroy(room->admin);
    journal_destroy(room->journal);
    mock_world_close(&room->world);
}

/* Asks "GET /journal?provider=kroger"; a body is JSON. The answer is the caller's to release. */
static struct admin_response ask(struct room *room, const char *line, const char *body)
{
    static char storage[2048];
    struct http_view view = {.body = body, .body_length = body == NULL ? 0 : strlen(body)};
    (void)snprintf(storage, sizeof storage, "%s", line);
    char *const path = strchr(storage, ' ');
    assert_non_null(path);
    *path = '\0';
    view.method = storage;
    view.path = path + 1;
    char *query = strchr(path + 1, '?');
    for (; query != NULL; query = strchr(query, '&')) {
        *query++ = '\0';
        char *const value = strchr(query, '=');
        assert_non_null(value);
        *value = '\0';
        view.query[view.query_count++] = (struct http_pair){.name = query, .value = value + 1};
        query = value + 1;
    }
    view.headers[view.header_count++] = (struct http_pair){.name = "Host", .value = room->host};
    if (body != NULL) {
        view.headers[view.header_count++] =
            (struct http_pair){.name = "Content-Type", .value = "application/json"};
    }
    struct admin_response response;
    admin_answer(room->admin, &view, &response);
    assert_false(response.body.failed);
    return response;
}

/* The answer as JSON, its status checked; the caller deletes it. */
static cJSON *told(struct room *room, uint16_t status, const char *line, const char *body)
{
    struct admin_response response = ask(room, line, body);
    if (response.status != status) {
        fail_msg("%s %s: %u, not %u: %s", line, body == NULL ? "" : body, (unsigned)response.status,
                 (unsigned)status, response.body.bytes);
    }
    cJSON *const json = cJSON_Parse(response.body.bytes);
    if (json == NULL) fail_msg("%s: no JSON: %s", line, response.body.bytes);
    text_release(&response.body);
    return json;
}

static void tell(struct room *room, uint16_t status, const char *line, const char *body)
{
    cJSON_Delete(told(room, status, line, body));
}

static const char *text_of(const cJSON *json, const char *key)
{
    const cJSON *const node = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsString(node) ? node->valuestring : "(none)";
}

static double number_of(const cJSON *json, const char *key)
{
    const cJSON *const node = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsNumber(node) ? node->valuedouble : -1;
}

/* What a provider answers to somebody who shows `fingerprint`; a token is fetched where one is
 * needed and none is given. */
static uint16_t knock(struct room *room, enum provider provider, uint64_t fingerprint,
                      uint64_t *token)
{
    struct backend *const backend = room->world.now->backends[provider];
    const struct credential credential = {.id = "", .secret = "", .fingerprint = fingerprint};
    const struct order_request request = {.item_count = 0};
    struct call call = {.provider = provider,
                        .operation = OPERATION_HEALTH,
                        .order_index = UINT64_MAX,
                        .sent_us = mock_world_now_us(&room->world),
                        .signed_us = mock_world_now_us(&room->world),
                        .request = &request,
                        .credential = &credential};
    struct reply reply;
    if (token != NULL && *token == 0) {
        call.operation = OPERATION_TOKEN;
        backend_answer(backend, &call, &reply);
        *token = reply.as.token.value;
        return reply.http_status;
    }
    if (token != NULL) {
        call.credential = NULL;
        call.token = *token;
    }
    backend_answer(backend, &call, &reply);
    return reply.http_status;
}

static uint64_t current(struct room *room, enum provider provider)
{
    return backend_credential(room->world.now->backends[provider], mock_world_now_us(&room->world));
}

/* ---- who may ask ----------------------------------------------------------------------------- */

static void nobody_but_this_machines_programs_is_let_in(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    char local[40], six[40], other[40], dotted[40];
    const unsigned port = admin_port_number(room.admin);
    (void)snprintf(local, sizeof local, "LOCALHOST:%u", port);
    (void)snprintf(six, sizeof six, "[::1]:%u", port);
    (void)snprintf(other, sizeof other, "127.0.0.1:%u", port + 1);
    (void)snprintf(dotted, sizeof dotted, "127.0.0.1.evil.example:%u", port);
    const struct {
        const char *label, *host, *second_host, *origin, *type, *length;
        size_t body;
        uint16_t status;
    } rows[] = {
        {"the address", room.host, NULL, NULL, NULL, NULL, 0, 200},
        {"localhost, in any case", local, NULL, NULL, NULL, NULL, 0, 200},
        {"IPv6 loopback", six, NULL, NULL, NULL, NULL, 0, 200},
        {"a name that was rebound", "evil.example", NULL, NULL, NULL, NULL, 0, 403},
        {"a name that begins like us", dotted, NULL, NULL, NULL, NULL, 0, 403},
        {"another port", other, NULL, NULL, NULL, NULL, 0, 403},
        {"no port", "127.0.0.1", NULL, NULL, NULL, NULL, 0, 403},
        {"no host", NULL, NULL, NULL, NULL, NULL, 0, 403},
        {"two hosts", room.host, room.host, NULL, NULL, NULL, 0, 403},
        {"a web page", room.host, NULL, "http://evil.example", NULL, NULL, 0, 403},
        {"a web page from a file", room.host, NULL, "null", NULL, NULL, 0, 403},
        {"a body", room.host, NULL, NULL, "application/json", NULL, 2, 200},
        {"a body with a charset", room.host, NULL, NULL, "Application/JSON; charset=utf-8", NULL, 2,
         200},
        {"a body of no type", room.host, NULL, NULL, NULL, NULL, 2, 415},
        {"a form", room.host, NULL, NULL, "text/plain", NULL, 2, 415},
        {"nearly the type", room.host, NULL, NULL, "application/jsonx", NULL, 2, 415},
        {"a body announced", room.host, NULL, NULL, "text/plain", "2", 0, 415},
        {"too much announced", room.host, NULL, NULL, "application/json", "262145", 0, 413},
        {"far too much announced", room.host, NULL, NULL, "application/json",
         "99999999999999999999", 0, 413},
        {"too much", room.host, NULL, NULL, "application/json", NULL, ADMIN_BODY_MAX + 1, 413},
    };
    char *const body = calloc(1, ADMIN_BODY_MAX + 1);
    assert_non_null(body);
    memset(body, ' ', ADMIN_BODY_MAX + 1);
    memcpy(body, "{}", 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_view view = {.method = "GET", .path = "/health", .body = body};
        const struct http_pair pairs[] = {{"Host", rows[i].host},
                                          {"host", rows[i].second_host},
                                          {"Origin", rows[i].origin},
                                          {"content-type", rows[i].type},
                                          {"Content-Length", rows[i].length}};
        for (size_t h = 0; h < sizeof pairs / sizeof pairs[0]; h++) {
            if (pairs[h].value != NULL) view.headers[view.header_count++] = pairs[h];
        }
        view.body_length = rows[i].body;
        struct admin_response response;
        admin_answer(room.admin, &view, &response);
        CHECK_ROW(rows[i].label, response.status == rows[i].status);
        CHECK_ROW(rows[i].label,
                  response.status == 200 || strstr(response.body.bytes, "\"error\"") != NULL);
        text_release(&response.body);
    }
    free(body);
    close_room(&room);
}

static void it_is_opened_on_loopback_alone_and_says_why_it_is_not(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    struct err err;
    struct admin_setup setup = {.journal = room.journal,
                                .lock = &room.world.lock,
                                .ask = mock_world_admin_port(&room.world)};
    static const char *const elsewhere[] = {"0.0.0.0", "192.0.2.1", "::", "localhost", "127.1"};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        setup.listen = elsewhere[i];
        CHECK_ROW(elsewhere[i], admin_create(&setup, &err) == NULL);
        CHECK_ROW(elsewhere[i], err.code == ERR_USAGE && strstr(err.message, elsewhere[i]) != NULL);
    }
    setup.listen = "127.0.0.1";
    setup.port = admin_port_number(room.admin); /* which is taken */
    assert_null(admin_create(&setup, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    char port[8];
    (void)snprintf(port, sizeof port, "%u", (unsigned)setup.port);
    assert_non_null(strstr(err.message, port));
    close_room(&room);
}

/* ---- what there is --------------------------------------------------------------------------- */

static void the_root_lists_routes_that_answer_and_the_rest_is_refused(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    cJSON *const root = told(&room, 200, "GET /", NULL);
    const cJSON *route;
    unsigned count = 0;
    cJSON_ArrayForEach(route, cJSON_GetObjectItemCaseSensitive(root, "routes"))
    {
        char line[128];
        count++;
        if (strcmp(text_of(route, "method"), "GET") != 0) continue;
        (void)snprintf(line, sizeof line, "GET %s", text_of(route, "path"));
        struct admin_response response = ask(&room, line, NULL);
        CHECK_ROW(line, response.status == 200);
        text_release(&response.body);
    }
    assert_true(count >= 18);
    cJSON_Delete(root);

    static const struct {
        const char *line;
        uint16_t status;
        const char *allow, *hint;
    } rows[] = {{"GET /fault", 404, NULL, "/faults"},
                {"GET /nothing-like-it", 404, NULL, "GET / lists"},
                {"GET /faults/", 404, NULL, NULL},
                {"GET /faults/x", 405, "DELETE", NULL},
                {"PATCH /faults", 405, "GET, PUT, POST, DELETE", NULL},
                {"OPTIONS /faults", 405, "GET, PUT, POST, DELETE", NULL},
                {"DELETE /clock", 405, "GET, PUT", NULL},
                {"POST /credentials", 405, "GET", NULL},
                {"GET /stop", 405, "POST", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct admin_response response = ask(&room, rows[i].line, NULL);
        CHECK_ROW(rows[i].line, response.status == rows[i].status);
        if (rows[i].allow != NULL) CHECK_ROW_TEXT(rows[i].line, response.allow, rows[i].allow);
        CHECK_ROW(rows[i].line,
                  rows[i].hint == NULL || strstr(response.body.bytes, rows[i].hint) != NULL);
        text_release(&response.body);
    }
    close_room(&room);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void a_fault_put_in_strikes_now_and_ends_when_it_is_taken_out(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    tell(&room, 200, "PUT /clock", "{\"to\": \"10m\"}");
    const uint64_t mealme = current(&room, PROVIDER_MEALME);
    assert_int_equal(knock(&room, PROVIDER_MEALME, mealme, NULL), 200);
    cJSON *made = told(&room, 201, "POST /faults",
                       "{\"id\": \"mine\", \"provider\": \"MEALME\", \"kind\": \"error\", "
                       "\"status\": 502, \"for\": \"1h\"}");
    assert_string_equal(text_of(made, "state"), "on");
    assert_string_equal(text_of(made, "kind"), "error");
    assert_string_equal(text_of(made, "for"), "1h");
    assert_int_equal((int)number_of(made, "status"), 502);
    assert_true(number_of(made, "strength") >= 1.0);
    cJSON_Delete(made);
    assert_int_equal(knock(&room, PROVIDER_MEALME, mealme, NULL), 502);
    tell(&room, 200, "PUT /clock", "{\"advance\": \"1h\"}");
    assert_int_equal(knock(&room, PROVIDER_MEALME, mealme, NULL), 200); /* it is over */

    tell(&room, 201, "POST /faults",
         "{\"id\": \"for-good\", \"provider\": \"all\", \"kind\": \"error\", \"status\": 500}");
    tell(&room, 201, "POST /faults",
         "{\"id\": \"later\", \"provider\": \"all\", \"kind\": \"error\", \"at\": \"1000d\", "
         "\"flap\": {\"on\": \"1s\", \"off\": \"2s\"}}");
    assert_int_equal(knock(&room, PROVIDER_MEALME, mealme, NULL), 500);
    cJSON *all = told(&room, 200, "GET /faults", NULL);
    const cJSON *const list = cJSON_GetObjectItemCaseSensitive(all, "faults");
    assert_int_equal(cJSON_GetArraySize(list), 3);
    assert_string_equal(text_of(cJSON_GetArrayItem(list, 0), "state"), "over");
    assert_string_equal(text_of(cJSON_GetArrayItem(list, 1), "state"), "on");
    assert_string_equal(text_of(cJSON_GetArrayItem(list, 2), "state"), "waiting");
    assert_string_equal(text_of(cJSON_GetArrayItem(list, 2), "at"), "1000d");
    cJSON_Delete(all);

    cJSON *const none = told(&room, 404, "DELETE /faults/for-godo", NULL);
    assert_non_null(strstr(text_of(none, "hint"), "for-good"));
    cJSON_Delete(none);
    tell(&room, 200, "DELETE /faults/for-good", NULL);
    assert_int_equal(knock(&room, PROVIDER_MEALME, mealme, NULL), 200);
    all = told(&room, 200, "DELETE /faults", NULL);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(all, "faults")), 0);
    cJSON_Delete(all);
    close_room(&room);
}

static void faults_that_cannot_be_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *body, *error;
        int column; /* 0: none is said */
    } rows[] = {
        {"", "the body has to hold", 0},
        {"[", "never closed", 1},
        {"[]", "one fault, an object", 1},
        {"{\"id\": \"x\"}", "provider", 8},
        {"{\"id\": \"x\", \"provider\": \"KROGER\", \"kind\": \"hang\"}", "KROGER", 25},
        {"{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hnag\"}", "hnag", 40},
        {"{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hang\", \"for\": \"10\"}", "unit", 56},
        {"{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hang\", \"statsu\": 5}", "statsu", 48},
        {"{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hang\", \"status\": 503}", "status",
         58},
        {"{\"id\": \"a b\", \"provider\": \"all\", \"kind\": \"hang\"}", "", 8},
        {"{\"id\": \"there\", \"provider\": \"all\", \"kind\": \"hang\"}", "already", 0},
        {"{\"id\": \"x\", \"id\": \"y\", \"provider\": \"all\", \"kind\": \"hang\"}", "", 13},
        /* what would end the wrapping that the reader needs */
        {"{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hang\"}], \"seed\": [1", "", 47},
        {"{} // a comment without an end", "", 1},
    };
    struct room room;
    open_room(&room);
    tell(&room, 201, "POST /faults",
         "{\"id\": \"there\", \"provider\": \"MEALME\", \"kind\": \"hang\"}");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *const said = told(&room, 400, "POST /faults", rows[i].body);
        CHECK_ROW(rows[i].body, strstr(text_of(said, "error"), rows[i].error) != NULL);
        if ((int)number_of(said, "column") != (rows[i].column == 0 ? -1 : rows[i].column)) {
            fail_msg("%s: column %d, %s", rows[i].body, (int)number_of(said, "column"),
                     text_of(said, "error"));
        }
        cJSON_Delete(said);
    }
    /* On other lines nothing stands in front, and all mistakes are told. */
    cJSON *const said = told(&room, 400, "PUT /faults",
                             "[\n{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"no\"},\n"
                             "{\"id\": \"y\", \"provider\": \"none\", \"kind\": \"hang\"}]");
    assert_int_equal((int)number_of(said, "line"), 2);
    assert_int_equal((int)number_of(said, "column"), 40);
    const cJSON *const more = cJSON_GetObjectItemCaseSensitive(said, "more");
    assert_int_equal(cJSON_GetArraySize(more), 1);
    assert_int_equal((int)number_of(cJSON_GetArrayItem(more, 0), "line"), 3);
    cJSON_Delete(said);
    /* And the old list is still there. */
    uint32_t count;
    const struct admin_port port = mock_world_admin_port(&room.world);
    assert_string_equal(port.faults(port.context, &count)[0].id, "there");
    assert_int_equal(count, 1);
    close_room(&room);
}

static void there_is_an_end_to_faults(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    for (unsigned i = 0; i <= FAULTS_MAX; i++) {
        char body[96];
        (void)snprintf(body, sizeof body,
                       "{\"id\": \"f%u\", \"provider\": \"all\", \"kind\": \"hang\"}", i);
        tell(&room, i < FAULTS_MAX ? 201 : 400, "POST /faults", body);
    }
    close_room(&room);
}

static unsigned faults_of(struct room *room)
{
    cJSON *const said = told(room, 200, "GET /faults", NULL);
    const int count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(said, "faults"));
    cJSON_Delete(said);
    return (unsigned)count;
}

static void a_fault_that_is_over_gives_up_its_id_and_its_room(void **state)
{
    (void)state;
    static const char brief[] =
        "{\"id\": \"brief\", \"provider\": \"KROGER_API\", \"kind\": \"hang\", \"for\": \"30s\"}";
    struct room room;
    open_room(&room);
    tell(&room, 201, "POST /faults", brief);
    tell(&room, 201, "POST /faults",
         "{\"id\": \"other\", \"provider\": \"all\", \"kind\": \"hang\"}");
    tell(&room, 400, "POST /faults", brief); /* it is on */
    tell(&room, 200, "PUT /clock", "{\"advance\": \"30s\"}");
    assert_int_equal(faults_of(&room), 2); /* what is over is still told */
    cJSON *const said = told(&room, 201, "POST /faults", brief);
    assert_string_equal(text_of(said, "id"), "brief");
    assert_string_equal(text_of(said, "state"), "on");
    cJSON_Delete(said);
    assert_int_equal(faults_of(&room), 2);
    tell(&room, 400, "POST /faults", brief);
    tell(&room, 400, "POST /faults",
         "{\"id\": \"other\", \"provider\": \"all\", \"kind\": \"hang\"}");

    for (unsigned i = 2; i < FAULTS_MAX; i++) {
        char body[128];
        (void)snprintf(body, sizeof body,
                       "{\"id\": \"f%u\", \"provider\": \"all\", \"kind\": \"hang\"}", i);
        tell(&room, 201, "POST /faults", body);
    }
    static const char last[] = "{\"id\": \"last\", \"provider\": \"all\", \"kind\": \"hang\"}";
    tell(&room, 400, "POST /faults", last);
    tell(&room, 200, "PUT /clock", "{\"advance\": \"30s\"}");
    tell(&room, 201, "POST /faults", last);
    assert_int_equal(faults_of(&room), FAULTS_MAX);
    close_room(&room);
}

/* What GET says can be PUT back, and is then said the same: over every kind of fault. */
static void what_is_said_of_faults_can_be_put_back(void **state)
{
    (void)state;
    static const char list[] =
        "[{\"id\": \"a\", \"provider\": [\"MEALME\", \"KROGER_API\"], \"kind\": \"latency\", "
        "\"add\": \"2s\", \"multiply\": 3, \"at\": \"1m\", \"for\": \"2m\"},\n"
        "{\"id\": \"b\", \"provider\": \"all\", \"kind\": \"outage\", \"at\": \"1m\", \"outage\": "
        "[{\"kind\": \"refuse\", \"share\": 2}, {\"kind\": \"error\", \"share\": 1, \"status\": "
        "504}]},\n"
        "{\"id\": \"c\", \"provider\": \"WALMART_API\", \"kind\": \"throttle\", \"retry_after\": "
        "\"30s\", \"operations\": [\"search\"], \"fraction\": 0.25, \"per\": \"call\"},\n"
        "{\"id\": \"d\", \"provider\": \"INSTACART\", \"kind\": \"auth\", \"auth\": "
        "\"wrong_scope\", \"ramp\": \"10s\", \"hits_in_flight\": true},\n"
        "{\"id\": \"e\", \"provider\": \"MEALME\", \"kind\": \"price_drift\", \"factor\": 1.5, "
        "\"flap\": {\"on\": \"5s\", \"off\": \"7s\"}},\n"
        "{\"id\": \"f\", \"provider\": \"MEALME\", \"kind\": \"clock_skew\", \"skew\": \"-5m\"},\n"
        "{\"id\": \"g\", \"provider\": \"MEALME\", \"kind\": \"partial\", \"share\": 0.75},\n"
        "{\"id\": \"h\", \"provider\": \"MEALME\", \"kind\": \"stale_prices\", \"age\": \"3d\"},\n"
        "{\"id\": \"i\", \"provider\": \"MEALME\", \"kind\": \"compromised\", "
        "\"calls_per_min\": 7}]";
    struct room room;
    open_room(&room);
    cJSON *const first = told(&room, 200, "PUT /faults", list);
    cJSON *const again = cJSON_GetObjectItemCaseSensitive(first, "faults");
    cJSON *fault;
    assert_int_equal(cJSON_GetArraySize(again), 9);
    cJSON_ArrayForEach(fault, again)
    {
        cJSON_DeleteItemFromObjectCaseSensitive(fault, "state");
        cJSON_DeleteItemFromObjectCaseSensitive(fault, "strength");
        cJSON_DeleteItemFromObjectCaseSensitive(fault, "note");
    }
    char *const body = cJSON_PrintUnformatted(again);
    struct fault_spec before[FAULTS_MAX];
    uint32_t count;
    const struct admin_port port = mock_world_admin_port(&room.world);
    memcpy(before, port.faults(port.context, &count), sizeof before);
    tell(&room, 200, "PUT /faults", body);
    const struct fault_spec *const after = port.faults(port.context, &count);
    assert_int_equal(count, 9);
    for (uint32_t i = 0; i < count; i++) {
        struct fault_spec a = before[i], b = after[i];
        a.place = b.place = (struct place){0};
        CHECK_ROW(a.id, memcmp(&a, &b, sizeof a) == 0);
    }
    free(body);
    cJSON_Delete(first);
    close_room(&room);
}

/* ---- credentials ----------------------------------------------------------------------------- */

static void rotating_refuses_the_old_credential_and_shows_no_secret(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        char line[64];
        const char *const id = provider_traits[p].id;
        const bool tokens = p == PROVIDER_INSTACART || p == PROVIDER_KROGER_API;
        const uint64_t old = current(&room, p);
        uint64_t token = 0;
        CHECK_ROW(id, knock(&room, p, old, tokens ? &token : NULL) == 200);
        (void)snprintf(line, sizeof line, "POST /credentials/%s/rotate", provider_traits[p].key);
        cJSON *const said = told(&room, 200, line, NULL);
        CHECK_ROW_TEXT(id, text_of(said, "provider"), id);
        CHECK_ROW_TEXT(id, text_of(said, "state"), "accepted");
        CHECK_ROW(id, (int)number_of(said, "generation") == 2);
        cJSON_Delete(said);
        uint64_t none = 0;
        CHECK_ROW(id, knock(&room, p, old, tokens ? &none : NULL) >= 400);
        none = 0;
        CHECK_ROW(id, knock(&room, p, current(&room, p), tokens ? &none : NULL) == 200);
        if (tokens) CHECK_ROW(id, knock(&room, p, old, &token) == 200); /* it lives on */
    }
    static const char *const lines[] = {"GET /",         "GET /credentials", "GET /counters",
                                        "GET /scenario", "GET /journal",     "GET /faults"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct admin_response response = ask(&room, lines[i], NULL);
        CHECK_ROW(lines[i],
                  response.body.length == 0 || strstr(response.body.bytes, "generation-") == NULL);
        text_release(&response.body);
    }
    close_room(&room);
}

static void revoking_ends_tokens_too_and_rotating_ends_a_revocation(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    const enum provider kroger = PROVIDER_KROGER_API;
    uint64_t token = 0;
    assert_int_equal(knock(&room, kroger, current(&room, kroger), &token), 200);
    cJSON *said = told(&room, 200, "POST /credentials/kroger/revoke", NULL);
    assert_string_equal(text_of(said, "state"), "refused");
    assert_int_equal((int)number_of(said, "status"), 400); /* as Kroger's token end point says it */
    cJSON_Delete(said);
    assert_int_equal(knock(&room, kroger, 0, &token), 401);
    tell(&room, 200, "POST /credentials/kroger/revoke", NULL); /* again is no mistake */
    said = told(&room, 200, "POST /credentials/kroger/rotate", NULL);
    assert_string_equal(text_of(said, "state"), "accepted");
    cJSON_Delete(said);
    token = 0;
    assert_int_equal(knock(&room, kroger, current(&room, kroger), &token), 200);
    assert_int_equal(knock(&room, kroger, 0, &token), 200);

    /* The new one can be revoked as well, and by taking the fault out it counts again. */
    tell(&room, 200, "POST /credentials/kroger/revoke", NULL);
    assert_int_equal(knock(&room, kroger, 0, &token), 401);
    tell(&room, 200, "DELETE /faults/admin-revoked-KROGER_API", NULL);
    assert_int_equal(knock(&room, kroger, 0, &token), 200);
    close_room(&room);
}

static void expiring_ends_the_tokens_issued_so_far_and_no_later_ones(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    const enum provider instacart = PROVIDER_INSTACART;
    for (unsigned round = 0; round < 2; round++) { /* the second time moves the first */
        uint64_t old = 0, fresh = 0;
        assert_int_equal(knock(&room, instacart, current(&room, instacart), &old), 200);
        tell(&room, 200, "PUT /clock", "{\"advance\": \"1s\"}");
        assert_int_equal(knock(&room, instacart, 0, &old), 200);
        tell(&room, 200, "POST /credentials/INSTACART/expire", NULL);
        assert_int_equal(knock(&room, instacart, 0, &old), 401);
        tell(&room, 200, "PUT /clock", "{\"advance\": \"1s\"}");
        assert_int_equal(knock(&room, instacart, current(&room, instacart), &fresh), 200);
        assert_int_equal(knock(&room, instacart, 0, &fresh), 200);
    }
    /* Without tokens it is the credential that expires. */
    tell(&room, 200, "POST /credentials/mealme/expire", NULL);
    assert_int_equal(knock(&room, PROVIDER_MEALME, current(&room, PROVIDER_MEALME), NULL), 401);
    close_room(&room);
}

static void issuing_hands_out_what_is_then_accepted(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    static const struct {
        const char *before, *body;
        int generation;
    } rows[] = {{NULL, NULL, 1}, /* of what counts already */
                {NULL, "{\"new\": true}", 2},
                {"POST /credentials/walmart/revoke", NULL, 3}, /* nothing counts: a new one */
                {NULL, "{\"new\": false}", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].before != NULL) tell(&room, 200, rows[i].before, NULL);
        cJSON *const said = told(&room, 200, "POST /credentials/walmart/issue", rows[i].body);
        assert_int_equal((int)number_of(said, "generation"), rows[i].generation);
        const uint64_t fingerprint =
            credential_fingerprint(text_of(said, "id"), text_of(said, "secret"));
        assert_int_equal(knock(&room, PROVIDER_WALMART_API, fingerprint, NULL), 200);
        assert_string_equal(text_of(said, "key_version"), "1");
        struct err err;
        assert_string_equal(text_of(said, "private_key_pem"),
                            signing_keys_private_pem((uint32_t)rows[i].generation, &err));
        cJSON_Delete(said);
    }
    tell(&room, 400, "POST /credentials/walmart/issue", "{\"new\": 1}");
    tell(&room, 400, "POST /credentials/walmart/issue", "{\"old\": true}");
    tell(&room, 400, "POST /credentials/walmart/rotate", "{\"new\": true}");
    tell(&room, 400, "POST /credentials/walmart/rotat", NULL);
    tell(&room, 404, "POST /credentials/walmart", NULL);
    tell(&room, 404, "POST /credentials/walmrat/rotate", NULL);
    close_room(&room);
}

static void rotations_come_to_an_end_and_a_reset_begins_anew(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    for (unsigned i = 0; i <= BACKEND_ROTATIONS_MAX; i++) {
        tell(&room, i < BACKEND_ROTATIONS_MAX ? 200 : 409, "POST /credentials/mealme/rotate", NULL);
    }
    tell(&room, 201, "POST /faults", "{\"id\": \"x\", \"provider\": \"all\", \"kind\": \"hang\"}");
    tell(&room, 200, "PUT /clock", "{\"to\": \"2h\"}");
    cJSON *said = told(&room, 200, "POST /reset", "{\"seed\": \"18446744073709551615\"}");
    assert_true(number_of(said, "now_us") < 3600e6);
    cJSON_Delete(said);
    assert_true(room.world.seed == UINT64_MAX);
    said = told(&room, 200, "GET /faults", NULL);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(said, "faults")), 0);
    cJSON_Delete(said);
    said = told(&room, 200, "POST /credentials/mealme/rotate", NULL);
    assert_int_equal((int)number_of(said, "generation"), 2);
    cJSON_Delete(said);
    tell(&room, 200, "POST /reset", NULL); /* the seed stays */
    assert_true(room.world.seed == UINT64_MAX);
    tell(&room, 400, "POST /reset", "{\"seed\": -1}");
    tell(&room, 400, "POST /reset", "{\"seed\": 0.5}");
    tell(&room, 400, "POST /reset", "{\"sed\": 1}");
    close_room(&room);
}

static void a_provider_that_is_not_served_is_not_there(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    room.world.providers = 1u << PROVIDER_MEALME;
    tell(&room, 404, "POST /credentials/kroger/rotate", NULL);
    cJSON *const said = told(&room, 200, "GET /credentials", NULL);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(said, "credentials")), 1);
    cJSON_Delete(said);
    close_room(&room);
}

/* ---- the clock ------------------------------------------------------------------------------- */

static void the_clock_jumps_forward_and_only_forward(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    const int before = atomic_load(&wakes);
    cJSON *said = told(&room, 200, "PUT /clock", "{\"advance\": \"1h30m\"}");
    const double there = number_of(said, "now_us");
    assert_true(there >= 5400e6);
    cJSON_Delete(said);
    assert_true(atomic_load(&wakes) > before); /* a strike may be due */
    said = told(&room, 200, "GET /clock", NULL);
    assert_true(number_of(said, "now_us") >= there);
    cJSON_Delete(said);
    tell(&room, 200, "PUT /clock", "{\"to\": \"2d\"}");
    tell(&room, 409, "PUT /clock", "{\"to\": \"1d\"}");
    static const char *const bad[] = {"",
                                      "{}",
                                      "{\"advance\": 5}",
                                      "{\"advance\": \"5\"}",
                                      "{\"advance\": \"5m\", \"to\": \"3d\"}",
                                      "{\"back\": \"5m\"}",
                                      "{\"advance\": \"3650d\"}",
                                      "{\"advance\": \"5m\"",
                                      "[\"5m\"]"};
    said = told(&room, 400, "PUT /clock", bad[4]);
    assert_non_null(strstr(text_of(said, "error"), "both given"));
    cJSON_Delete(said);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct admin_response response = ask(&room, "PUT /clock", bad[i]);
        CHECK_ROW(bad[i], response.status == 400);
        text_release(&response.body);
    }
    close_room(&room);
}

/* ---- the journal ----------------------------------------------------------------------------- */

static void note(struct room *room, enum provider provider, enum operation operation,
                 uint16_t status, const char *path)
{
    struct journal_entry entry = {.provider = provider,
                                  .operation = (int)operation,
                                  .fate = status == 0 ? CALL_UNANSWERED : CALL_ANSWERED,
                                  .status = status};
    (void)snprintf(entry.method, sizeof entry.method, "GET");
    (void)snprintf(entry.path, sizeof entry.path, "%s", path);
    (void)journal_append(room->journal, &entry);
}

static unsigned lines_of(struct room *room, const char *line)
{
    struct admin_response response = ask(room, line, NULL);
    unsigned lines = 0;
    if (response.status != 200) fail_msg("%s: %s", line, response.body.bytes);
    assert_string_equal(response.content_type, "application/x-ndjson");
    for (size_t i = 0; i < response.body.length; i++)
        lines += response.body.bytes[i] == '\n';
    text_release(&response.body);
    return lines;
}

static void the_journal_is_asked_by_filters_and_verified_by_them(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    note(&room, PROVIDER_KROGER_API, OPERATION_TOKEN, 400, "/v1/connect/oauth2/token");
    note(&room, PROVIDER_KROGER_API, OPERATION_SEARCH, 200, "/v1/products");
    note(&room, PROVIDER_KROGER_API, OPERATION_SEARCH, 200, "/v1/products");
    note(&room, PROVIDER_MEALME, OPERATION_CART, 0, "/search/cart");
    static const struct {
        const char *line;
        unsigned lines;
    } queries[] = {{"GET /journal", 4},
                   {"GET /journal?provider=kroger", 3},
                   {"GET /journal?provider=KROGER_API&operation=search", 2},
                   {"GET /journal?status=none", 1},
                   {"GET /journal?status=400&normalised=1", 1},
                   {"GET /journal?path=/v1/&since=1", 2},
                   {"GET /journal?method=POST", 0},
                   {"GET /journal?limit=1", 1}};
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        CHECK_ROW(queries[i].line, lines_of(&room, queries[i].line) == queries[i].lines);
    }
    static const struct {
        const char *line, *first; /* the sequence number that the answer begins with */
    } pages[] = {{"GET /journal?limit=1", "{\"sequence\":4,"},
                 {"GET /journal?limit=3", "{\"sequence\":2,"},
                 {"GET /journal?limit=9", "{\"sequence\":1,"},
                 {"GET /journal?operation=search&limit=1", "{\"sequence\":3,"},
                 {"GET /journal?since=1&limit=1", "{\"sequence\":2,"}};
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        struct admin_response response = ask(&room, pages[i].line, NULL);
        CHECK_ROW(pages[i].line,
                  strncmp(response.body.bytes, pages[i].first, strlen(pages[i].first)) == 0);
        text_release(&response.body);
    }
    tell(&room, 400, "GET /journal?stauts=400", NULL);
    tell(&room, 400, "GET /journal?status=4e2", NULL);
    tell(&room, 404, "GET /journal?provider=krogre", NULL);
    tell(&room, 400, "GET /journal?limit=-1", NULL);

    static const struct {
        const char *body;
        uint16_t status;
        const char *verdict;
        int count;
    } rows[] = {{"", 200, "holds", 4},
                {"{\"provider\": \"kroger\", \"operation\": \"search\", \"min\": 2, \"max\": 2}",
                 200, "holds", 2},
                {"{\"provider\": \"kroger\", \"min\": 4}", 409, "fails", 3},
                {"{\"status\": 400, \"max\": 0}", 409, "fails", 1},
                {"{\"status\": 500, \"max\": 0}", 200, "holds", 0},
                {"{\"status\": \"none\"}", 200, "holds", 1},
                {"{\"operation\": \"token\", \"status\": 200}", 409, "fails", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cJSON *const said = told(&room, rows[i].status, "POST /verify", rows[i].body);
        CHECK_ROW_TEXT(rows[i].body, text_of(said, "verdict"), rows[i].verdict);
        CHECK_ROW(rows[i].body, (int)number_of(said, "count") == rows[i].count);
        cJSON_Delete(said);
    }
    cJSON *const said = told(&room, 409, "POST /verify", rows[6].body);
    const cJSON *const miss = cJSON_GetObjectItemCaseSensitive(said, "near_miss");
    assert_int_equal((int)number_of(cJSON_GetObjectItemCaseSensitive(miss, "entry"), "sequence"),
                     3);
    assert_true(strlen(text_of(miss, "text")) > 10);
    cJSON_Delete(said);
    tell(&room, 400, "POST /verify", "{\"min\": 2, \"max\": 1}");
    tell(&room, 400, "POST /verify", "{\"path\": 5}");
    tell(&room, 400, "POST /verify", "{\"limit\": 5}");
    tell(&room, 400, "POST /verify", "{\"min\": -1}");
    tell(&room, 400, "POST /verify", "{\"status\": null}");
    tell(&room, 200, "DELETE /journal", NULL);
    assert_int_equal(lines_of(&room, "GET /journal"), 0);
    tell(&room, 409, "POST /verify", NULL);
    close_room(&room);
}

static void counters_count_what_backends_were_asked(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    (void)knock(&room, PROVIDER_MEALME, current(&room, PROVIDER_MEALME), NULL);
    (void)knock(&room, PROVIDER_MEALME, 1, NULL);
    cJSON *const said = told(&room, 200, "GET /counters", NULL);
    const cJSON *const mealme = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(said, "providers"), "MEALME");
    assert_int_equal((int)number_of(cJSON_GetObjectItemCaseSensitive(mealme, "calls"), "health"),
                     2);
    assert_int_equal((int)number_of(mealme, "unauthorized"), 1);
    cJSON_Delete(said);
    close_room(&room);
}

/* ---- over a socket --------------------------------------------------------------------------- */

static int dial(const struct room *room)
{
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(admin_port_number(room->admin)),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int socket_of_ours = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(socket_of_ours >= 0);
    assert_int_equal(connect(socket_of_ours, (const struct sockaddr *)&address, sizeof address), 0);
    return socket_of_ours;
}

/* Sends bytes and reads what comes until the other side closes. */
static void exchange(const struct room *room, const char *bytes, size_t length, char *answer,
                     size_t size)
{
    const int line = dial(room);
    while (length > 0) {
        const ssize_t sent = send(line, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) break; /* it has heard enough */
        bytes += sent;
        length -= (size_t)sent;
    }
    size_t got = 0;
    for (;;) {
        const ssize_t more = recv(line, answer + got, size - 1 - got, 0);
        if (more <= 0) break;
        got += (size_t)more;
        if (got == size - 1) break;
    }
    answer[got] = '\0';
    (void)close(line);
}

static void it_answers_over_a_socket_and_a_silent_client_blocks_nobody(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    const int silent = dial(&room), halfway = dial(&room);
    assert_int_equal(send(halfway, "POST /faults HTTP/1.1\r\n", 23, 0), 23);
    char request[256], answer[8192];
    (void)snprintf(request, sizeof request,
                   "PUT /clock HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                   "Content-Length: 17\r\nConnection: close\r\n\r\n{\"advance\":\"1h\"}\n",
                   room.host);
    exchange(&room, request, strlen(request), answer, sizeof answer);
    assert_true(strncmp(answer, "HTTP/1.1 200 ", 13) == 0);
    assert_non_null(strstr(answer, "\"now\": \"1h"));
    assert_null(strstr(answer, "Access-Control"));

    (void)snprintf(request, sizeof request,
                   "GET /health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    exchange(&room, request, strlen(request), answer, sizeof answer);
    assert_true(strncmp(answer, "HTTP/1.1 403 ", 13) == 0);
    (void)close(silent);
    (void)close(halfway);
    close_room(&room);
}

/* Whether a connection stands, and nothing has come by it. */
static bool stands(int line)
{
    char byte;
    return recv(line, &byte, 1, MSG_DONTWAIT) < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* The whole of an answer that says its length, in whatever pieces it comes; what were left of it
 * would be taken for the next one. False: the connection ended first. */
static bool read_answer(int line, char *answer, size_t size)
{
    static const char length_of[] = "Content-Length: ";
    size_t got = 0;
    for (;;) {
        assert_true(got < size - 1);
        const ssize_t more = recv(line, answer + got, size - 1 - got, 0);
        if (more <= 0) return false;
        got += (size_t)more;
        answer[got] = '\0';
        const char *const body = strstr(answer, "\r\n\r\n");
        if (body == NULL) continue;
        const char *const length = strstr(answer, length_of);
        assert_non_null(length);
        if (strlen(body + 4) >= strtoul(length + strlen(length_of), NULL, 10)) return true;
    }
}

/* Asks on a connection that is to be kept; false: it has been closed. */
static bool is_answered(const struct room *room, int line)
{
    char request[128], answer[1024];
    const int length =
        snprintf(request, sizeof request, "GET /health HTTP/1.1\r\nHost: %s\r\n\r\n", room->host);
    if (send(line, request, (size_t)length, MSG_NOSIGNAL) != length) return false;
    return read_answer(line, answer, sizeof answer) && strncmp(answer, "HTTP/1.1 200 ", 13) == 0;
}

/* More than there is room for, twice: those that were silent longest go, and only as many as it
 * takes; who is heard now and then stays. Waiting for them to time out would close them all. */
static void clients_that_say_nothing_make_room_for_those_that_ask(void **state)
{
    (void)state;
    enum { SILENT = 2 * ADMIN_CONNECTIONS_MAX };
    static struct room room;
    open_room(&room);
    int silent[SILENT];
    const int regular = dial(&room);
    for (unsigned i = 0; i < SILENT; i++) {
        silent[i] = dial(&room);
        if (i % 3 == 1) assert_int_equal(send(silent[i], "GET /hea", 8, MSG_NOSIGNAL), 8);
        if (i % 16 == 0) assert_true(is_answered(&room, regular));
    }
    const int late = dial(&room);
    assert_true(is_answered(&room, late));
    assert_true(is_answered(&room, regular));
    unsigned standing = 0;
    for (unsigned i = 0; i < SILENT; i++)
        standing += stands(silent[i]);
    assert_int_equal(standing, ADMIN_CONNECTIONS_MAX - 2);
    assert_false(stands(silent[0]));
    assert_true(stands(silent[SILENT - 1]));
    for (unsigned i = 0; i < SILENT; i++)
        (void)close(silent[i]);
    (void)close(late);
    (void)close(regular);
    close_room(&room);
}

/* Each is followed by a question that may not be answered. */
static void heads_that_hide_something_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *headers;
        int many; /* headers before the last */
        int status;
    } rows[] = {
        {"GET /health%00/x", "", 0, 400},
        {"GET /journal?limit=1%00x", "", 0, 400},
        {"PUT /clock", "Content-Length: 2\r\nContent-Length: 60\r\n", 0, 400},
        {"PUT /clock", "Content-Length: 60\r\nTransfer-Encoding: chunked\r\n", 0, 400},
        {"PUT /clock", "Transfer-Encoding: gzip\r\n", 0, 501},
        {"PUT /clock", "Content-Length : 60\r\n", 0, 400},
        {"GET /health", "Origin: http://evil.example\r\n", 0, 403},
        {"GET /health", "Origin: http://evil.example\r\n", HTTP_PAIRS_MAX, 431},
    };
    static struct room room;
    open_room(&room);
    struct text request = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char answer[4096], wanted[32];
        text_clear(&request);
        text_format(&request, "%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n",
                    rows[i].line, room.host);
        for (int h = 0; h < rows[i].many; h++)
            text_put(&request, "A: b\r\n");
        text_format(&request,
                    "%s\r\n{}GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n",
                    rows[i].headers, room.host);
        exchange(&room, request.bytes, request.length, answer, sizeof answer);
        (void)snprintf(wanted, sizeof wanted, "HTTP/1.1 %d ", rows[i].status);
        if (strncmp(answer, wanted, strlen(wanted)) != 0) fail_msg("%s: %s", rows[i].line, answer);
        CHECK_ROW(rows[i].line, strstr(answer, "uptime_ms") == NULL);
    }
    text_release(&request);
    close_room(&room);
}

/* Nothing announces how long it is. */
static void an_endless_body_is_cut_off(void **state)
{
    (void)state;
    enum { CHUNKS = 96 };
    struct room room;
    open_room(&room);
    struct text request = {0};
    text_format(&request,
                "PUT /faults HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
                room.host);
    for (unsigned i = 0; i < CHUNKS; i++)
        text_format(&request, "1000\r\n%4096s\r\n", "");
    text_put(&request, "0\r\n\r\n");
    char answer[4096];
    exchange(&room, request.bytes, request.length, answer, sizeof answer);
    assert_true(strncmp(answer, "HTTP/1.1 413 ", 13) == 0);
    text_release(&request);
    close_room(&room);
}

static void a_stop_is_passed_on_once_its_answer_is_out(void **state)
{
    (void)state;
    struct room room;
    open_room(&room);
    atomic_store(&stops, 0);
    char request[128], answer[2048];
    (void)snprintf(request, sizeof request,
                   "POST /stop HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", room.host);
    exchange(&room, request, strlen(request), answer, sizeof answer);
    assert_true(strncmp(answer, "HTTP/1.1 200 ", 13) == 0);
    assert_non_null(strstr(answer, "stopping"));
    close_room(&room); /* which waits for the thread that passes it on */
    assert_int_equal(atomic_load(&stops), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_but_this_machines_programs_is_let_in),
        cmocka_unit_test(it_is_opened_on_loopback_alone_and_says_why_it_is_not),
        cmocka_unit_test(the_root_lists_routes_that_answer_and_the_rest_is_refused),
        cmocka_unit_test(a_fault_put_in_strikes_now_and_ends_when_it_is_taken_out),
        cmocka_unit_test(faults_that_cannot_be_are_refused_with_their_place),
        cmocka_unit_test(there_is_an_end_to_faults),
        cmocka_unit_test(a_fault_that_is_over_gives_up_its_id_and_its_room),
        cmocka_unit_test(what_is_said_of_faults_can_be_put_back),
        cmocka_unit_test(rotating_refuses_the_old_credential_and_shows_no_secret),
        cmocka_unit_test(revoking_ends_tokens_too_and_rotating_ends_a_revocation),
        cmocka_unit_test(expiring_ends_the_tokens_issued_so_far_and_no_later_ones),
        cmocka_unit_test(issuing_hands_out_what_is_then_accepted),
        cmocka_unit_test(rotations_come_to_an_end_and_a_reset_begins_anew),
        cmocka_unit_test(a_provider_that_is_not_served_is_not_there),
        cmocka_unit_test(the_clock_jumps_forward_and_only_forward),
        cmocka_unit_test(the_journal_is_asked_by_filters_and_verified_by_them),
        cmocka_unit_test(counters_count_what_backends_were_asked),
        cmocka_unit_test(it_answers_over_a_socket_and_a_silent_client_blocks_nobody),
        cmocka_unit_test(clients_that_say_nothing_make_room_for_those_that_ask),
        cmocka_unit_test(heads_that_hide_something_are_refused),
        cmocka_unit_test(an_endless_body_is_cut_off),
        cmocka_unit_test(a_stop_is_passed_on_once_its_answer_is_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
