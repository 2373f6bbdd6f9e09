/* Whatever the bytes: no crash, no leak. As a file: what is refused has a reason with a line; what
 * is accepted can be played. As a request and its answer, recorded: no secret of theirs is in the
 * line, the line can be read, and the request that was sent finds its take. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/cassette.h"
#include "providers/cassette_key.h"
#include "providers/cassette_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char head[] =
    "{\"schema\":\"routesim.cassette/2\",\"program\":\"fuzz\",\"scenario\":\"\",\"seed\":\"\","
    "\"clock\":\"\",\"start_unix_us\":0,\"duration_us\":0,\"order_gap_us\":0,\"providers\":[],"
    "\"live\":[]}\n";
static const char secret[] = "Canary/+\"7";

static struct cassette *read_bytes(const char *bytes, size_t length, struct err_list *list)
{
    *list = (struct err_list){0};
    return cassette_read("fuzz.jsonl", bytes, length, list);
}

static void as_file(const char *bytes, size_t length)
{
    static struct err_list list;
    struct text file = {0};
    text_put(&file, head);
    text_append(&file, bytes, length);
    struct cassette *const cassette = read_bytes(file.bytes, file.length, &list);
    assert((cassette == NULL) == (list.errors > 0));
    for (uint32_t i = 0; i < list.count; i++)
        assert(list.items[i].place.line >= 1 && list.items[i].place.column >= 1);
    if (cassette != NULL) {
        struct http_request request = {0};
        struct http_response response = {0};
        enum call_fate fate;
        int64_t latency_us;
        http_request_begin(&request, HTTP_GET, "/p?q=milk");
        for (int i = 0; i < PROVIDER_COUNT; i++) {
            const struct cassette_call call = {.provider = (enum provider)i,
                                               .operation = OPERATION_HEALTH,
                                               .order = (int64_t)length % 3 - 1,
                                               .request = &request};
            (void)cassette_play(cassette, &call, &response, &fate, &latency_us);
        }
        struct text said = {0};
        cassette_say_flaws(cassette, "fuzz.jsonl", &said);
        text_release(&said);
        http_request_release(&request);
        http_response_release(&response);
    }
    cassette_close(cassette);
    cassette_close(read_bytes(bytes, length, &list));
    text_release(&file);
}

/* The next piece of the input: up to a byte that ends it. */
static void next_piece(const char **bytes, size_t *left, struct text *piece)
{
    const char *const end = memchr(*bytes, '\xFF', *left);
    const size_t length = end != NULL ? (size_t)(end - *bytes) : *left;
    text_append(piece, *bytes, length);
    *bytes += length + (end != NULL);
    *left -= length + (end != NULL);
}

/* A target's bytes are those that a request can have. */
static void put_target(const struct text *piece, struct http_request *request)
{
    http_request_begin(request, HTTP_POST, "/");
    for (size_t i = 0; i < piece->length; i++) {
        const unsigned char c = (unsigned char)piece->bytes[i];
        if (c > ' ' && c < 0x7F) text_char(&request->target, (char)c);
    }
}

static bool holds_secret(const struct text *text)
{
    for (size_t i = 0; i + sizeof secret - 1 <= text->length; i++) {
        if (memcmp(text->bytes + i, secret, sizeof secret - 1) == 0) return true;
    }
    return false;
}

static void as_call(const char *bytes, size_t left, unsigned traits)
{
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded",
                                        "text/html", NULL};
    static struct err_list list;
    const char *const named[] = {secret, NULL};
    struct http_request request = {0};
    struct http_response response = {.status = 200};
    struct text piece = {0}, line = {0};
    struct scrubber scrubber = {0};
    next_piece(&bytes, &left, &piece);
    put_target(&piece, &request);
    next_piece(&bytes, &left, &request.headers);
    for (size_t i = 0; i < request.headers.length; i++) {
        if (request.headers.bytes[i] == '\0') request.headers.bytes[i] = ' ';
    }
    request.content_type = types[traits % 4];
    next_piece(&bytes, &left, &request.body);
    response.content_type = types[traits / 4 % 4];
    response.truncated = (traits & 16) != 0;
    text_append(&response.body, bytes, left);

    const bool has_secret = (traits & 32) != 0;
    const struct cassette_take take = {.provider = PROVIDER_KROGER_API,
                                       .operation = OPERATION_SEARCH,
                                       .request = &request,
                                       .response = &response,
                                       .secrets = has_secret ? named : NULL};
    text_put(&line, head);
    if (cassette_line(&scrubber, &take, &line)) {
        assert(!line.failed);
        text_char(&line, '\n');
        if (has_secret) assert(!holds_secret(&line));
        struct cassette *const cassette = read_bytes(line.bytes, line.length, &list);
        assert(cassette != NULL);
        struct http_response played = {0};
        enum call_fate fate;
        int64_t latency_us;
        const struct cassette_call call = {
            .provider = PROVIDER_KROGER_API, .operation = OPERATION_SEARCH, .request = &request};
        const enum cassette_match match =
            cassette_play(cassette, &call, &played, &fate, &latency_us);
        if (match == CASSETTE_EXACT) {
            assert(played.truncated == response.truncated);
            if (has_secret) assert(!holds_secret(&played.body));
        }
        /* Unless a credential of its own stood in an unusual place, it is found again. */
        if (!has_secret && scrubber.needles.count == 0) assert(match == CASSETTE_EXACT);
        http_response_release(&played);
        cassette_close(cassette);
    }
    scrubber_release(&scrubber);
    text_release(&piece);
    text_release(&line);
    http_request_release(&request);
    http_response_release(&response);
}

static void as_json(const char *bytes, size_t length)
{
    struct text once = {0}, twice = {0};
    if (cassette_key_json(bytes, length, &once)) {
        assert(cassette_key_json(once.bytes, once.length, &twice));
    }
    text_release(&once);
    text_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    char *const bytes = malloc(size);
    memcpy(bytes, data, size);
    if (data[0] < 64) {
        as_call(bytes + 1, size - 1, data[0]);
    } else if (data[0] < 96) {
        as_json(bytes + 1, size - 1);
    } else {
        as_file(bytes, size);
    }
    free(bytes);
    return 0;
}
