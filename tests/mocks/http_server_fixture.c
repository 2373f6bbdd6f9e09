#include "tests/mocks/http_server_fixture.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

/* ---- the machine ----------------------------------------------------------------------------- */

int open_descriptors(void)
{
    DIR *const directory = opendir("/proc/self/fd");
    assert_non_null(directory);
    int count = 0;
    while (readdir(directory) != NULL)
        count++;
    (void)closedir(directory);
    return count;
}

void raise_descriptor_limit(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

static void nap(void)
{
    const struct timespec span = {.tv_nsec = 1000000};
    (void)nanosleep(&span, NULL);
}

/* ---- a world --------------------------------------------------------------------------------- */

int64_t serving_now_us(void *context)
{
    const struct serving *const serving = context;
    return serving->wish.clock == MOCK_CLOCK_TOLD ? 0 : monotonic_us() - serving->start_us;
}

static struct backend_spec spec_of(const struct wish *wish, enum provider provider)
{
    struct backend_spec spec = backend_spec_default(provider);
    if (provider == PROVIDER_WALMART_API) spec.api = API_ACCESS_TOKEN;
    if (wish->default_laws) return spec;
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        spec.latency[o] = law_spec_none();
        spec.latency[o].kind = LAW_CONSTANT;
        spec.latency[o].value_us = wish->latency_us;
        spec.errors.rate[o] = 0;
    }
    spec.errors.speed = 1;
    spec.prices.stock_out = 0;
    spec.outcomes.confirm_error = 0;
    return spec;
}

static struct backend *make_backend(struct serving *serving, enum provider provider)
{
    struct err err;
    const struct backend_spec spec = spec_of(&serving->wish, provider);
    struct backend *const backend =
        backend_create(provider, &spec, &serving->catalogue, serving->wish.faults,
                       serving->wish.fault_count, "", &serving->arena, &err);
    if (backend == NULL) fail_msg("%s", err.message);
    backend_reset(backend, SERVING_SEED, SERVING_EPOCH_US);
    return backend;
}

static void make_catalogue(struct serving *serving)
{
    struct err err;
    struct catalogue_spec spec = catalogue_spec_default();
    spec.size = 200;
    if (!catalogue_load(&spec, "", 1, &serving->arena, &serving->catalogue, &err)) {
        fail_msg("%s", err.message);
    }
    for (uint32_t i = 0; i < SERVING_ITEMS; i++) {
        const struct product *const product = &serving->catalogue.products[i];
        serving->items[i] = (struct order_item){
            .name = product->name, .name_hash = product->name_hash, .product = i, .quantity = 1};
    }
    serving->order = (struct order_request){.items = serving->items,
                                            .item_count = SERVING_ITEMS,
                                            .postal_code = "45202",
                                            .postal_hash = postal_hash("45202")};
}

static void make_provider(struct serving *serving, enum provider provider)
{
    struct err err;
    serving->backends[provider] = make_backend(serving, provider);
    serving->twins[provider] = make_backend(serving, provider);
    const uint64_t counts = backend_credential(serving->backends[provider], 0);
    serving->credentials[provider] = backend_credential_texts(serving->backends[provider], counts);
    serving->credentials[provider].fingerprint = counts;
    const struct codec_setup setup = {.provider = provider,
                                      .api = spec_of(&serving->wish, provider).api,
                                      .declared_mock = true,
                                      .epoch_us = SERVING_EPOCH_US};
    serving->codecs[provider] = codec_create(&setup, &err);
    assert_non_null(serving->codecs[provider]);
}

static void make_certificates(struct serving *serving)
{
    struct err err;
    const struct certificate_wish wish = {.hosts = {"127.0.0.1", "localhost"}};
    if (!certificates_make(&wish, &serving->certificates, &err)) fail_msg("%s", err.message);
    (void)snprintf(serving->directory, sizeof serving->directory, "/tmp/routesim-test-XXXXXX");
    assert_non_null(mkdtemp(serving->directory));
    assert_true(certificates_write(&serving->certificates, serving->directory, &err));
    (void)snprintf(serving->ca_file, sizeof serving->ca_file, "%s/ca.pem", serving->directory);
}

static void make_setup(struct serving *serving)
{
    const struct wish *const wish = &serving->wish;
    serving->setup = (struct mock_server_setup){
        .clock = wish->clock,
        .now_us = serving_now_us,
        .context = serving,
        .providers = wish->providers != 0 ? wish->providers : SERVING_ALL,
        .catalogue = &serving->catalogue,
        .lock = &serving->lock,
        .seed_r = SERVING_SEED,
        .epoch_us = SERVING_EPOCH_US,
        .call_life_us = wish->call_life_us,
        .tls = wish->tls ? &serving->certificates : NULL,
        .certificate = wish->certificate,
        .journal = serving->journal,
        .intercepted = wish->intercepted,
        .fault_header = !wish->no_fault_header,
    };
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        serving->setup.backends[p] = serving->backends[p];
        serving->setup.apis[p] = spec_of(wish, p).api;
    }
}

struct serving *serving_open(const struct wish *wish)
{
    const int descriptors = open_descriptors();
    struct serving *const serving = calloc(1, sizeof *serving);
    assert_non_null(serving);
    serving->wish = *wish;
    serving->descriptors = descriptors;
    serving->start_us = monotonic_us();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)pthread_mutex_init(&serving->lock, NULL);
    make_catalogue(serving);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        make_provider(serving, p);
    if (wish->tls) make_certificates(serving);
    struct err err;
    serving->journal = journal_create(JOURNAL_CAPACITY_DEFAULT, &err);
    assert_non_null(serving->journal);
    make_setup(serving);
    serving->server = mock_server_create(&serving->setup, &err);
    if (serving->server == NULL) fail_msg("%s", err.message);
    return serving;
}

void serving_close(struct serving *serving)
{
    mock_server_destroy(serving->server, 0);
    journal_destroy(serving->journal);
    for (enum provider p = 0; p < PROVIDER_COUNT; p++)
        codec_destroy(serving->codecs[p]);
    if (serving->wish.tls) {
        (void)unlink(serving->ca_file);
        (void)rmdir(serving->directory);
        certificates_release(&serving->certificates);
    }
    arena_release(&serving->arena);
    (void)pthread_mutex_destroy(&serving->lock);
    assert_int_equal(open_descriptors(), serving->descriptors);
    free(serving);
}

struct mock_server_counters serving_counters(const struct serving *serving)
{
    return mock_server_counters(serving->server);
}

static bool patience_is_over(int64_t since_us)
{
    return monotonic_us() - since_us > BARE_PATIENCE_S * US_PER_SECOND;
}

void serving_await_waiting(const struct serving *serving, uint64_t waiting)
{
    const int64_t since_us = monotonic_us();
    while (serving_counters(serving).waiting != waiting) {
        if (patience_is_over(since_us)) {
            fail_msg("%llu wait", (unsigned long long)serving_counters(serving).waiting);
        }
        nap();
    }
}

static uint64_t settled_of(const struct serving *serving)
{
    const struct mock_server_counters counters = serving_counters(serving);
    return counters.answered + counters.unanswered + counters.reset;
}

void serving_await_settled(const struct serving *serving, uint64_t settled)
{
    const int64_t since_us = monotonic_us();
    while (settled_of(serving) != settled) {
        if (patience_is_over(since_us)) {
            fail_msg("%llu settled", (unsigned long long)settled_of(serving));
        }
        nap();
    }
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct call serving_call(const struct serving *serving, enum provider provider,
                         enum operation operation, uint64_t order, int64_t sent_us)
{
    return (struct call){.provider = provider,
                         .operation = operation,
                         .order_key = random_key(SERVING_SEED, order),
                         .order_index = operation == OPERATION_HEALTH ? UINT64_MAX : order,
                         .sent_us = sent_us,
                         .signed_us = sent_us,
                         .request = &serving->order,
                         .credential = &serving->credentials[provider]};
}

static void put_lines(struct text *bytes, const struct text *headers)
{
    for (size_t i = 0; i < headers->length; i++) {
        if (headers->bytes[i] == '\n') text_char(bytes, '\r');
        text_char(bytes, headers->bytes[i]);
    }
}

static char *request_bytes(struct serving *serving, const struct call *call, const char *header)
{
    struct err err;
    struct http_request request = {0};
    if (!codec_encode(serving->codecs[call->provider], call, &request, &err)) {
        fail_msg("%s", err.message);
    }
    assert_false(request.failed);
    struct text bytes = {0};
    text_format(&bytes, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", http_method_names[request.method],
                request.target.bytes);
    put_lines(&bytes, &request.headers);
    if (header != NULL) text_format(&bytes, "%s\r\n", header);
    if (request.content_type != NULL) {
        text_format(&bytes, "Content-Type: %s\r\nContent-Length: %zu\r\n", request.content_type,
                    request.body.length);
    }
    text_put(&bytes, "\r\n");
    if (request.content_type != NULL) text_append(&bytes, request.body.bytes, request.body.length);
    http_request_release(&request);
    return text_take(&bytes);
}

char *serving_request(struct serving *serving, const struct call *call)
{
    return request_bytes(serving, call, NULL);
}

/* ---- a bare client --------------------------------------------------------------------------- */

int bare_connect(const struct serving *serving, enum provider provider)
{
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(client >= 0);
    const struct timeval patience = {.tv_sec = BARE_PATIENCE_S};
    (void)setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(mock_server_port(serving->server, provider)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

void bare_send(int client, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t sent = send(client, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) return; /* what has become of the connection, receiving will tell */
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void read_head(struct bare_answer *answer, size_t length)
{
    answer->head[length] = '\0';
    assert_int_equal(strncmp(answer->head, "HTTP/1.1 ", 9), 0);
    answer->status = atoi(answer->head + 9);
    char value[128];
    answer->stated = (size_t)strtoul(bare_header(answer, "Content-Length", value), NULL, 10);
}

/* With a time limit recv() is not begun again after the process was stopped for a while. */
static ssize_t receive(int client, void *bytes, size_t size)
{
    ssize_t got;
    do {
        got = recv(client, bytes, size, 0);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* One byte at a time as far as the blank line: the body is not ours yet. */
static bool receive_head(int client, struct bare_answer *answer)
{
    for (size_t length = 0; length + 1 < sizeof answer->head;) {
        const ssize_t got = receive(client, answer->head + length, 1);
        if (got <= 0) {
            if (got < 0 && errno != ECONNRESET) fail_msg("no answer: %s", strerror(errno));
            answer->end = got < 0 ? BARE_RESET : length == 0 ? BARE_NOTHING : BARE_SHORT;
            return false;
        }
        length++;
        if (length < 4 || memcmp(answer->head + length - 4, "\r\n\r\n", 4) != 0) continue;
        read_head(answer, length);
        return true;
    }
    fail_msg("a head without an end");
    return false;
}

void bare_receive(int client, bool no_body, struct bare_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    if (!receive_head(client, answer)) return;
    char rest[16384];
    while (!no_body && answer->body_length < answer->stated) {
        const size_t missing = answer->stated - answer->body_length;
        const ssize_t got = receive(client, rest, missing < sizeof rest ? missing : sizeof rest);
        if (got <= 0) {
            answer->end = got < 0 ? BARE_RESET : BARE_SHORT;
            return;
        }
        for (ssize_t i = 0; i < got; i++, answer->body_length++) {
            if (answer->body_length + 1 < sizeof answer->body)
                answer->body[answer->body_length] = rest[i];
        }
    }
    answer->end = BARE_WHOLE;
}

bool bare_is_silent(int client)
{
    struct pollfd entry = {.fd = client, .events = POLLIN};
    return poll(&entry, 1, 0) == 0;
}

const char *bare_header(const struct bare_answer *answer, const char *name, char value[128])
{
    value[0] = '\0';
    const size_t length = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line != NULL;
         line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
        (void)snprintf(value, 128, "%.*s", (int)strcspn(line + length + 2, "\r"),
                       line + length + 2);
        break;
    }
    return value;
}

int bare_begin(const struct serving *serving, enum provider provider, const char *method_and_path,
               const char *header)
{
    char request[1024];
    (void)snprintf(request, sizeof request, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n",
                   method_and_path, header != NULL ? header : "", header != NULL ? "\r\n" : "");
    const int client = bare_connect(serving, provider);
    bare_send(client, request, strlen(request));
    return client;
}

void bare_ask(const struct serving *serving, enum provider provider, const char *method_and_path,
              const char *header, struct bare_answer *answer)
{
    const int client = bare_begin(serving, provider, method_and_path, header);
    bare_receive(client, strncmp(method_and_path, "HEAD", 4) == 0, answer);
    (void)close(client);
}

void bare_call(struct serving *serving, const struct call *call, const char *header,
               struct bare_answer *answer)
{
    char *const bytes = request_bytes(serving, call, header);
    const int client = bare_connect(serving, call->provider);
    bare_send(client, bytes, strlen(bytes));
    bare_receive(client, false, answer);
    (void)close(client);
    free(bytes);
}
