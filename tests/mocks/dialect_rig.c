#include "tests/mocks/dialect_rig.h"

#include <inttypes.h>

#include "mocks/signing.h"
#include "providers/signing.h"

static void open_rig(struct rig *rig, enum provider provider, const struct backend_spec *spec,
                     const struct fault_spec *faults, uint32_t fault_count, const char *key_version)
{
    memset(rig, 0, sizeof *rig);
    fixture_open(&rig->fixture, provider, spec, faults, fault_count);
    const struct dialect_setup setup = {.provider = provider,
                                        .api = spec->api,
                                        .backend = rig->fixture.backend,
                                        .catalogue = &rig->fixture.catalogue,
                                        .key_version = key_version,
                                        .epoch_us = FIXTURE_EPOCH_US,
                                        .seed_r = FIXTURE_SEED};
    struct err err = {0};
    rig->dialect = dialect_create(&setup, &err);
    if (rig->dialect == NULL) fail_msg("%s", err.message);
    rig->view.storage = malloc(HTTP_VIEW_BYTES_MAX);
    assert_non_null(rig->view.storage);
}

void dialect_rig_open_spec(struct rig *rig, enum provider provider, const struct backend_spec *spec,
                           const struct fault_spec *faults, uint32_t fault_count)
{
    open_rig(rig, provider, spec, faults, fault_count, NULL);
}

void dialect_rig_open_version(struct rig *rig, const char *key_version)
{
    const struct backend_spec spec = fixture_spec(PROVIDER_WALMART_API);
    open_rig(rig, PROVIDER_WALMART_API, &spec, NULL, 0, key_version);
}

void dialect_rig_open(struct rig *rig, enum provider provider, enum api api)
{
    struct backend_spec spec = fixture_spec(provider);
    spec.api = api;
    dialect_rig_open_spec(rig, provider, &spec, NULL, 0);
}

void dialect_rig_close(struct rig *rig)
{
    http_response_release(&rig->response);
    free(rig->view.storage);
    dialect_destroy(rig->dialect);
    fixture_close(&rig->fixture);
}

/* The view of a request, whose body is a copy of exactly its length: a byte read past it shows. */
static char *make_view(struct rig *rig, const struct dialect_rig_request *request, const char *body,
                       size_t length)
{
    struct http_request raw = {.content_type = "application/json"};
    text_put(&raw.target, request->target);
    if (request->headers != NULL) text_put(&raw.headers, request->headers);
    assert_true(http_view_make(&raw, &rig->view));
    http_request_release(&raw);
    char *const copy = malloc(length == 0 ? 1 : length);
    assert_non_null(copy);
    memcpy(copy, body, length);
    rig->view.method = request->method;
    rig->view.body = copy;
    rig->view.body_length = length;
    return copy;
}

bool dialect_rig_put_bytes(struct rig *rig, const struct dialect_rig_request *request,
                           const char *body, size_t length)
{
    char *const copy = make_view(rig, request, body, length);
    const bool is_call =
        dialect_hear(rig->dialect, &rig->view, rig->now_us, &rig->heard, &rig->response);
    free(copy);
    memset(rig->view.storage, 0xA5, HTTP_VIEW_BYTES_MAX); /* nobody may look there any more */
    if (!is_call) return false;
    backend_answer(rig->fixture.backend, &rig->heard.call, &rig->reply);
    if (rig->reply.fate == CALL_ANSWERED) {
        dialect_say(rig->dialect, &rig->heard, &rig->reply, &rig->response);
    }
    assert_false(rig->response.body.failed);
    return true;
}

bool dialect_rig_put(struct rig *rig, const struct dialect_rig_request *request)
{
    const char *const body = request->body == NULL ? "" : request->body;
    return dialect_rig_put_bytes(rig, request, body, strlen(body));
}

const char *dialect_rig_ask(struct rig *rig, const char *method, const char *target,
                            const char *headers, const char *body)
{
    const struct dialect_rig_request request = {
        .method = method, .target = target, .headers = headers, .body = body};
    (void)dialect_rig_put(rig, &request);
    return rig->response.body.length > 0 ? rig->response.body.bytes : "";
}

void dialect_rig_fetch_token(struct rig *rig)
{
    if (rig->fixture.provider == PROVIDER_KROGER_API) {
        (void)dialect_rig_ask(rig, "POST", "/v1/connect/oauth2/token", RIG_KROGER_BASIC,
                              "grant_type=client_credentials");
    } else {
        (void)dialect_rig_ask(
            rig, "POST", "/v2/oauth/token", NULL,
            "{\"client_id\":\"mock-INSTACART\",\"client_secret\":\"generation-1\","
            "\"grant_type\":\"client_credentials\"}");
    }
    assert_int_equal(rig->response.status, 200);
    (void)snprintf(rig->bearer, sizeof rig->bearer, "Authorization: Bearer mock-%016" PRIx64 "\n",
                   rig->reply.as.token.value);
}

void dialect_rig_sign(const struct rig *rig, uint32_t generation, int64_t at_us, char headers[1024])
{
    dialect_rig_sign_version(rig, generation, at_us, "1", headers);
}

void dialect_rig_sign_version(const struct rig *rig, uint32_t generation, int64_t at_us,
                              const char *key_version, char headers[1024])
{
    (void)rig;
    struct err err = {0};
    const char *const pem = signing_keys_private_pem(generation, &err);
    struct signer *const signer = pem == NULL ? NULL : signer_from_pem(pem, &err);
    if (signer == NULL) fail_msg("%s", err.message);
    const int64_t unix_ms = (FIXTURE_EPOCH_US + at_us) / US_PER_MS;
    char signature[SIGNATURE_TEXT_MAX];
    if (!signer_sign(signer, "mock-WALMART_API", unix_ms, key_version, signature, &err)) {
        fail_msg("%s", err.message);
    }
    (void)snprintf(headers, 1024,
                   "WM_CONSUMER.ID: mock-WALMART_API\nWM_CONSUMER.INTIMESTAMP: %" PRId64 "\n"
                   "WM_SEC.KEY_VERSION: %s\nWM_SEC.AUTH_SIGNATURE: %s\n",
                   unix_ms, key_version, signature);
    signer_destroy(signer);
}
