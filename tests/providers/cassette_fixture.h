/* tests/providers/cassette_fixture.h - a folder for cassettes, and conversations to put into them.
 *
 * fixture_begin() makes the folder, fixture_end() looks that nothing is left in it but the
 * cassette, and removes both.
 */
#ifndef TESTS_PROVIDERS_CASSETTE_FIXTURE_H
#define TESTS_PROVIDERS_CASSETTE_FIXTURE_H

#include <dirent.h>

#include "providers/cassette.h"
#include "tests/support.h"

struct fixture {
    char folder[TEST_PATH_MAX];
    char path[TEST_PATH_MAX + 16];
    struct http_request request;
    struct http_response response;
    struct cassette_take take;
};

static inline void fixture_begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.folder = "/tmp/routesim-test-XXXXXX"};
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->path, sizeof fixture->path, "%s/c.jsonl", fixture->folder);
    fixture->take = (struct cassette_take){.provider = PROVIDER_KROGER_API,
                                           .operation = OPERATION_SEARCH,
                                           .latency_us = 1000,
                                           .request = &fixture->request,
                                           .response = &fixture->response};
}

static inline unsigned fixture_files(const struct fixture *fixture)
{
    DIR *const folder = opendir(fixture->folder);
    assert_non_null(folder);
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    assert_int_equal(closedir(folder), 0);
    return count;
}

/* Removes the one recording that was kept beside the cassette's name. */
static inline void fixture_remove_part(const struct fixture *fixture)
{
    char part[TEST_PATH_MAX + 48];
    (void)snprintf(part, sizeof part, "%s.part-%ld", fixture->path, (long)getpid());
    assert_int_equal(unlink(part), 0);
}

static inline void fixture_end(struct fixture *fixture)
{
    (void)unlink(fixture->path);
    if (rmdir(fixture->folder) != 0) fail_msg("%s: something is left", fixture->folder);
    http_request_release(&fixture->request);
    http_response_release(&fixture->response);
}

/* ---- requests and responses ------------------------------------------------------------------ */

static inline void fixture_get(struct fixture *fixture, const char *target)
{
    http_request_begin(&fixture->request, HTTP_GET, target);
}

static inline void fixture_post(struct fixture *fixture, const char *target, const char *type,
                                const char *body)
{
    http_request_begin(&fixture->request, HTTP_POST, target);
    fixture->request.content_type = type;
    text_put(&fixture->request.body, body);
}

static inline void fixture_answer(struct fixture *fixture, uint16_t status, const char *body)
{
    http_response_clear(&fixture->response);
    fixture->response.status = status;
    fixture->response.content_type = "application/json";
    text_put(&fixture->response.body, body);
}

/* ---- recording and reading ------------------------------------------------------------------- */

static const struct cassette_head fixture_head = {.program = "test",
                                                  .scenario = "small",
                                                  .seed = "7",
                                                  .clock = "virtual",
                                                  .start_unix_us = 1736175600000000,
                                                  .duration_us = 4000000,
                                                  .providers = 1u << PROVIDER_KROGER_API};

static inline struct recorder *fixture_record(struct fixture *fixture)
{
    struct err err;
    struct recorder *const recorder = recorder_open(fixture->path, true, &fixture_head, &err);
    if (recorder == NULL) fail_msg("%s", err.message);
    return recorder;
}

static inline void fixture_add(struct fixture *fixture, struct recorder *recorder)
{
    struct err err;
    assert_false(fixture->request.failed);
    if (!recorder_add(recorder, &fixture->take, &err)) fail_msg("%s", err.message);
}

static inline void fixture_close(struct recorder *recorder)
{
    struct err err;
    if (!recorder_close(recorder, true, &err)) fail_msg("%s", err.message);
}

static inline struct cassette *fixture_open(const struct fixture *fixture)
{
    static struct err_list list;
    list = (struct err_list){0};
    struct cassette *const cassette = cassette_open(fixture->path, &list);
    if (cassette == NULL) {
        err_list_print(stderr, &list, NULL, false);
        fail_msg("%s", "the cassette cannot be read");
    }
    return cassette;
}

/* The file's bytes; the caller frees. */
static inline char *fixture_bytes(const struct fixture *fixture, size_t *length)
{
    FILE *const stream = fopen(fixture->path, "rb");
    assert_non_null(stream);
    struct text bytes = {0};
    char block[65536];
    for (size_t got; (got = fread(block, 1, sizeof block, stream)) > 0;)
        text_append(&bytes, block, got);
    assert_int_equal(fclose(stream), 0);
    *length = bytes.length;
    return text_take(&bytes);
}

struct played {
    enum cassette_match match;
    enum call_fate fate;
    int64_t latency_us;
    struct http_response response;
};

static inline void fixture_play(struct cassette *cassette, const struct cassette_take *take,
                                struct played *played)
{
    const struct cassette_call call = {.provider = take->provider,
                                       .operation = take->operation,
                                       .order = take->order,
                                       .item = take->item,
                                       .attempt = take->attempt,
                                       .request = take->request};
    played->match =
        cassette_play(cassette, &call, &played->response, &played->fate, &played->latency_us);
    assert_false(played->response.body.failed);
}

static inline const char *fixture_body(const struct played *played)
{
    return played->response.body.length > 0 ? played->response.body.bytes : "";
}

#endif
