/* Whatever a client sends: no crash, no leak, no read past a body's end; every request gets an
 * answer of 200 to 599, with a type if and only if it has a body; what calls itself JSON is JSON,
 * unless a fault has spoilt it; and nobody is let in by accident.
 *
 * Input: a byte that chooses the API and whether a credential is shown, then the request as
 * "METHOD target", header lines, an empty line and the body. */
#include <assert.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mocks/dialect.h"
#include "mocks/signing.h"
#include "providers/signing.h"
#include "router/base/duration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EPOCH_US (INT64_C(1717718400) * US_PER_SECOND)

static const struct {
    enum provider provider;
    enum api api;
    const char *known; /* a header that shows a known caller; NULL: it has to be made */
} worlds[] = {
    {PROVIDER_KROGER_API, API_STANDARD, NULL},
    {PROVIDER_MEALME, API_STANDARD, "Id-Token: generation-1\n"},
    {PROVIDER_WALMART_API, API_STANDARD, NULL},
    {PROVIDER_WALMART_API, API_ACCESS_TOKEN,
     "WM_SEC.ACCESS_TOKEN: generation-1\nWM_CONSUMER.ID: mock-WALMART_API\n"},
    {PROVIDER_INSTACART, API_STANDARD, NULL},
    {PROVIDER_INSTACART, API_DEVELOPER, "Authorization: Bearer generation-1\n"},
};
enum { WORLDS = sizeof worlds / sizeof *worlds, FAULTS = 3 };

static struct world {
    struct catalogue catalogue;
    struct backend *backend;
    struct dialect *dialect;
    char known[1024];
} made[WORLDS];
static struct heard heard;
static struct http_response response;
static struct http_view view;

static struct fault_spec fault_of(const char *id, enum fault_kind kind)
{
    struct fault_spec fault = {.provider_mask = (1u << PROVIDER_COUNT) - 1,
                               .kind = kind,
                               .for_us = DURATION_US_MAX,
                               .fraction = 0.1,
                               .multiply = 1,
                               .price_factor = 3};
    (void)strcpy(fault.id, id);
    return fault;
}

static void make_world(size_t w, const struct fault_spec *faults)
{
    static struct arena arena;
    struct err err = {0};
    struct world *const world = &made[w];
    struct backend_spec spec = backend_spec_default(worlds[w].provider);
    spec.api = worlds[w].api;
    spec.prices.stock_out = 0.3;
    const struct catalogue_spec catalogue = catalogue_spec_default();
    const bool loaded = catalogue_load(&catalogue, "", 1, &arena, &world->catalogue, &err);
    assert(loaded);
    world->backend = backend_create(worlds[w].provider, &spec, &world->catalogue, faults, FAULTS,
                                    "", &arena, &err);
    assert(world->backend != NULL);
    const struct dialect_setup setup = {.provider = worlds[w].provider,
                                        .api = worlds[w].api,
                                        .backend = world->backend,
                                        .catalogue = &world->catalogue,
                                        .epoch_us = EPOCH_US};
    world->dialect = dialect_create(&setup, &err);
    assert(world->dialect != NULL);
}

/* A token of the mock's first credential, as the header that shows it. */
static void fetch_token(struct world *world, size_t w)
{
    const struct credential credential = {.fingerprint = backend_credential(world->backend, 0)};
    const struct call call = {.provider = worlds[w].provider,
                              .operation = OPERATION_TOKEN,
                              .order_key = 1, /* which no fault and no error hits */
                              .credential = &credential};
    struct reply reply;
    backend_answer(world->backend, &call, &reply);
    assert(reply.http_status == 200 && reply.body == BODY_GOOD);
    (void)snprintf(world->known, sizeof world->known, "Authorization: Bearer mock-%016llx\n",
                   (unsigned long long)reply.as.token.value);
}

/* The headers of a signature, which is good for as long as fuzzing takes: its clock stands still.
 */
static void sign(struct world *world)
{
    struct err err = {0};
    const char *const pem = signing_keys_private_pem(1, &err);
    assert(pem != NULL);
    struct signer *const signer = signer_from_pem(pem, &err);
    assert(signer != NULL);
    char signature[SIGNATURE_TEXT_MAX];
    const bool is_signed =
        signer_sign(signer, "mock-WALMART_API", EPOCH_US / US_PER_MS, "1", signature, &err);
    assert(is_signed);
    (void)snprintf(world->known, sizeof world->known,
                   "WM_CONSUMER.ID: mock-WALMART_API\nWM_CONSUMER.INTIMESTAMP: %lld\n"
                   "WM_SEC.KEY_VERSION: 1\nWM_SEC.AUTH_SIGNATURE: %s\n",
                   (long long)(EPOCH_US / US_PER_MS), signature);
    signer_destroy(signer);
}

static void make_worlds(void)
{
    static struct fault_spec faults[FAULTS];
    faults[0] = fault_of("partial", FAULT_PARTIAL);
    faults[0].share = 0.5;
    faults[1] = fault_of("malformed", FAULT_MALFORMED);
    faults[2] = fault_of("price drift", FAULT_PRICE_DRIFT);
    for (size_t w = 0; w < WORLDS; w++) {
        make_world(w, faults);
        if (api_has_tokens(worlds[w].provider, worlds[w].api))
            fetch_token(&made[w], w);
        else if (api_is_signed(worlds[w].provider, worlds[w].api))
            sign(&made[w]);
        else
            (void)snprintf(made[w].known, sizeof made[w].known, "%s", worlds[w].known);
    }
    view.storage = malloc(HTTP_VIEW_BYTES_MAX);
    assert(view.storage != NULL);
}

/* The next line of the input, as a text to be freed; the cursor moves past it. */
static char *take_line(const char **at, size_t *left)
{
    const char *const end = *left == 0 ? NULL : memchr(*at, '\n', *left);
    const size_t length = end == NULL ? *left : (size_t)(end - *at);
    char *const line = malloc(length + 1);
    assert(line != NULL);
    if (length > 0) memcpy(line, *at, length);
    line[length] = '\0';
    const size_t taken = length + (end != NULL);
    *at += taken;
    *left -= taken;
    return line;
}

/* The headers of the input, up to its empty line; what http_header() refuses is left out. */
static void take_headers(struct http_request *request, const char **at, size_t *left)
{
    for (bool more = true; more && *left > 0;) {
        char *const line = take_line(at, left);
        char *const colon = strchr(line, ':');
        more = *line != '\0';
        if (colon != NULL && colon > line) {
            *colon = '\0';
            http_header(request, line, colon + 1);
        }
        free(line);
    }
}

static const char *method_of(char *line, const char **target)
{
    static const char *const methods[] = {"POST", "PUT", "HEAD", "DELETE"};
    char *const space = strchr(line, ' ');
    *target = space == NULL ? line : space + 1;
    if (space == NULL) return "GET";
    *space = '\0';
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (strcmp(line, methods[i]) == 0) return methods[i];
    }
    return "GET";
}

static void check_answer(const struct reply *reply, bool asked)
{
    assert(!response.body.failed);
    assert(response.status >= 200 && response.status <= 599);
    assert((response.content_type == NULL) == (response.body.length == 0));
    if (response.body.length == 0 || strcmp(response.content_type, "application/json") != 0) return;
    cJSON *const read = cJSON_ParseWithOpts(response.body.bytes, NULL, 1);
    assert((read == NULL) == (asked && reply->body == BODY_MALFORMED));
    cJSON_Delete(read);
}

static void ask(struct world *world, const char *body, size_t length, bool known)
{
    char *const copy = malloc(length == 0 ? 1 : length); /* of its length, so that excess shows */
    assert(copy != NULL);
    if (length > 0) memcpy(copy, body, length);
    view.body = copy;
    view.body_length = length;
    struct reply reply = {0};
    const bool asked = dialect_hear(world->dialect, &view, 1000000, &heard, &response);
    free(copy);
    memset(view.storage, 0xA5, HTTP_VIEW_BYTES_MAX);
    if (asked) {
        backend_answer(world->backend, &heard.call, &reply);
        assert(reply.fate == CALL_ANSWERED);
        if (!known && heard.token_missing) assert(reply.http_status >= 400);
        dialect_say(world->dialect, &heard, &reply, &response);
    }
    check_answer(&reply, asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (made[0].dialect == NULL) make_worlds();
    if (size == 0) return 0;
    const size_t w = (data[0] & 0x7Fu) % WORLDS;
    const bool known = (data[0] & 0x80u) != 0;
    const char *at = (const char *)data + 1, *target;
    size_t left = size - 1;
    struct http_request request = {0};
    char *const line = take_line(&at, &left);
    const char *const method = method_of(line, &target);
    http_request_begin(&request, HTTP_GET, "/");
    text_clear(&request.target);
    text_put(&request.target, target);
    if (known) text_put(&request.headers, made[w].known);
    take_headers(&request, &at, &left);
    if (http_view_make(&request, &view)) {
        view.method = method;
        ask(&made[w], at, left, known);
    }
    http_request_release(&request);
    free(line);
    return 0;
}
