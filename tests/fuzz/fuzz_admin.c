/* The admin interface on any request: it answers JSON (or lines of it), and never crashes, leaks,
 * overruns or shows a secret that was not asked for.
 *
 * The input is a request as text: a line "METHOD /path?query", lines of headers, an empty line, the
 * body. Host and type of body are put in when the first byte is even, so that most of what the
 * fuzzer finds gets past the door. Behind it stands the world of `routesim mock` with defaults and
 * no server. One world serves all inputs: what one leaves behind the next one finds.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "sim/command/mock_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mock_world world;
static struct admin *admin;
static struct journal *journal;
static char host[32];

static void wake(bool stop)
{
    (void)stop;
}

static void fill_journal(void)
{
    for (unsigned i = 0; i < 20; i++) {
        struct journal_entry entry = {.provider = (enum provider)(i % PROVIDER_COUNT),
                                      .operation = (int)(i % 3) - 1,
                                      .fate = i % 5 == 0 ? CALL_UNANSWERED : CALL_ANSWERED,
                                      .status = (uint16_t)(i % 5 == 0 ? 0 : 200 + i)};
        (void)snprintf(entry.method, sizeof entry.method, "GET");
        (void)snprintf(entry.path, sizeof entry.path, "/v1/%u", i);
        (void)journal_append(journal, &entry);
    }
}

static void open_world(void)
{
    static struct invocation invocation;
    static struct console console;
    static char program[] = "routesim", command[] = "mock";
    char *words[] = {program, command, NULL};
    struct err err;
    console_open(&console);
    const bool read = invocation_read(&invocation, 2, words, console_environment, &err);
    assert(read);
    const int opened = mock_world_open(&world, &invocation, &console, NULL);
    assert(opened == 0);
    world.providers = (1u << PROVIDER_COUNT) - 1;
    world.wake = wake;
    mock_world_start(&world);
    journal = journal_create(64, &err);
    assert(journal != NULL);
    const struct admin_setup setup = {
        .journal = journal, .lock = &world.lock, .ask = mock_world_admin_port(&world)};
    admin = admin_create(&setup, &err);
    assert(admin != NULL);
    (void)snprintf(host, sizeof host, "127.0.0.1:%u", (unsigned)admin_port_number(admin));
}

/* Cuts the line that `*at` stands at; the rest is behind it. */
static char *take_line(char **at, const char *end)
{
    char *const line = *at;
    char *const stop = memchr(line, '\n', (size_t)(end - line));
    if (stop == NULL) {
        *at += end - line;
    } else {
        *stop = '\0';
        *at = stop + 1;
    }
    return line;
}

static void take_target(struct http_view *view, char *line)
{
    char *const space = strchr(line, ' ');
    view->method = line;
    view->path = "/";
    if (space == NULL) return;
    *space = '\0';
    view->path = space + 1;
    char *query = strchr(space + 1, '?');
    if (query != NULL) *query++ = '\0';
    while (query != NULL && view->query_count < HTTP_PAIRS_MAX) {
        char *const next = strchr(query, '&');
        if (next != NULL) *next = '\0';
        char *const value = strchr(query, '=');
        if (value != NULL) *value = '\0';
        view->query[view->query_count++] =
            (struct http_pair){.name = query, .value = value == NULL ? NULL : value + 1};
        query = next == NULL ? NULL : next + 1;
    }
}

static void read_request(struct http_view *view, char *bytes, size_t length, bool polite)
{
    const char *const end = bytes + length;
    take_target(view, take_line(&bytes, end));
    while (bytes < end && view->header_count + 2 < HTTP_PAIRS_MAX) {
        char *const line = take_line(&bytes, end);
        char *const colon = strchr(line, ':');
        if (colon == NULL) break;
        *colon = '\0';
        view->headers[view->header_count++] = (struct http_pair){.name = line, .value = colon + 1};
    }
    if (polite) {
        view->headers[view->header_count++] = (struct http_pair){.name = "Host", .value = host};
        view->headers[view->header_count++] =
            (struct http_pair){.name = "Content-Type", .value = "application/json"};
    }
    view->body = bytes;
    view->body_length = (size_t)(end - bytes);
}

/* Every line of it, or all of it. */
static void check_json(const struct admin_response *response, bool issued)
{
    const char *at = response->body.bytes == NULL ? "" : response->body.bytes;
    const bool lines = strcmp(response->content_type, "application/x-ndjson") == 0;
    do {
        const char *end = NULL;
        if (lines && *at == '\0') return;
        cJSON *const json = cJSON_ParseWithOpts(at, &end, false);
        assert(json != NULL);
        assert(issued || cJSON_GetObjectItemCaseSensitive(json, "secret") == NULL);
        cJSON_Delete(json);
        while (*end == '\n')
            end++;
        at = end;
    } while (lines && *at != '\0');
    assert(*at == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (admin == NULL) open_world();
    if (size == 0) return 0;
    char *const bytes = calloc(1, size + 1);
    assert(bytes != NULL);
    memcpy(bytes, data + 1, size - 1);
    struct http_view view = {0};
    read_request(&view, bytes, size - 1, (data[0] & 1u) == 0);
    if (journal_stats(journal).appended == 0) fill_journal();
    struct admin_response response;
    admin_answer(admin, &view, &response);
    assert(!response.body.failed);
    assert(response.status >= 200 && response.status < 500);
    check_json(&response, strncmp(view.path, "/credentials/", 13) == 0 && response.status == 200);
    text_release(&response.body);
    free(bytes);
    return 0;
}
