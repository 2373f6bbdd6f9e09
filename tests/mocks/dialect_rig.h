/* tests/mocks/dialect_rig.h - a mock's API without a server: requests as texts, responses back.
 *
 * dialect_rig_open() makes a backend of tests/mocks/fixture.h and its dialect; dialect_rig_ask()
 * puts one request to them at rig->now_us, as a server would: heard, answered, said. Headers are
 * "Name: value\n" lines; RIG_KNOWN and the like are those of callers that the mock knows.
 *
 * Ownership: dialect_rig_close() frees everything; a response lives until the next request.
 */
#ifndef TESTS_MOCKS_DIALECT_RIG_H
#define TESTS_MOCKS_DIALECT_RIG_H

#include "mocks/dialect.h"
#include "tests/mocks/fixture.h"

/* printf mock-<ID>:generation-1 | base64 */
#define RIG_KROGER_BASIC    "Authorization: Basic bW9jay1LUk9HRVJfQVBJOmdlbmVyYXRpb24tMQ==\n"
#define RIG_WALMART_BASIC   "Authorization: Basic bW9jay1XQUxNQVJUX0FQSTpnZW5lcmF0aW9uLTE=\n"
#define RIG_INSTACART_BASIC "Authorization: Basic bW9jay1JTlNUQUNBUlQ6Z2VuZXJhdGlvbi0x\n"
#define RIG_MEALME_BASIC    "Authorization: Basic bW9jay1NRUFMTUU6Z2VuZXJhdGlvbi0x\n"
#define RIG_NOBODY_BASIC    "Authorization: Basic bm9ib2R5OnNlY3JldA==\n"
#define RIG_ID_TOKEN        "Id-Token: mock-MEALME:generation-1\n"
#define RIG_API_KEY         "Authorization: Bearer generation-1\n"
#define RIG_ACCESS_TOKEN    "WM_SEC.ACCESS_TOKEN: generation-1\nWM_CONSUMER.ID: mock-WALMART_API\n"

struct rig {
    struct fixture fixture;
    struct dialect *dialect;
    struct heard heard;
    struct http_view view;
    struct http_response response;
    struct reply reply; /* of the backend, where it was asked */
    char bearer[64];    /* "Authorization: Bearer mock-...\n", of dialect_rig_fetch_token() */
    int64_t now_us;
};

struct dialect_rig_request {
    const char *method;
    const char *target;
    const char *headers; /* NULL: none */
    const char *body;    /* NULL: none */
};

void dialect_rig_open(struct rig *rig, enum provider provider, enum api api);
void dialect_rig_open_spec(struct rig *rig, enum provider provider, const struct backend_spec *spec,
                           const struct fault_spec *faults, uint32_t fault_count);
void dialect_rig_close(struct rig *rig);

/* Whether a call was made of it; then it has been answered. */
bool dialect_rig_put(struct rig *rig, const struct dialect_rig_request *request);
bool dialect_rig_put_bytes(struct rig *rig, const struct dialect_rig_request *request,
                           const char *body, size_t length);

/* The response's body, never NULL. */
const char *dialect_rig_ask(struct rig *rig, const char *method, const char *target,
                            const char *headers, const char *body);

/* Fetches a token, with rig->bearer as the header that shows it. */
void dialect_rig_fetch_token(struct rig *rig);

/* Walmart's affiliate API, whose key is registered under a version (NULL: the usual one). */
void dialect_rig_open_version(struct rig *rig, const char *key_version);

/* The header of a signature by a generation's key, made at an instant. */
void dialect_rig_sign(const struct rig *rig, uint32_t generation, int64_t at_us,
                      char headers[1024]);
void dialect_rig_sign_version(const struct rig *rig, uint32_t generation, int64_t at_us,
                              const char *key_version, char headers[1024]);

/* One request and all of its answer. */
#define CHECK_ANSWER(rig, label, wanted_status, wanted_body)                                       \
    do {                                                                                           \
        const struct http_response *const response_ = &(rig)->response;                            \
        const char *const body_ = response_->body.length > 0 ? response_->body.bytes : "";         \
        if (response_->status != (wanted_status)) {                                                \
            print_error("row: %s\n  %u %s\n", (label), response_->status, body_);                  \
            fail_msg("the status should be %u", (unsigned)(wanted_status));                        \
        }                                                                                          \
        CHECK_ROW_TEXT((label), body_, (wanted_body));                                             \
    } while (0)

#endif
