/* tests/mocks/http_server_fixture.h - mock servers in a small world, and clients of theirs: the
 * project's own HTTP client, and bare sockets that may do what no client would.
 *
 * serving_open() makes a catalogue of 200 products and, for every provider, a backend, its twin
 * (made alike, and asked by nobody but the test), a codec, and a server on a free port. A wish says
 * what is to be different. Latencies are constant unless a wish has laws of its own.
 *
 * A bare client waits for at most BARE_PATIENCE_S for anything; a test that meets that end fails.
 *
 * Ownership: serving_close() frees everything, and checks that no descriptor is left.
 */
#ifndef TESTS_MOCKS_HTTP_SERVER_FIXTURE_H
#define TESTS_MOCKS_HTTP_SERVER_FIXTURE_H

#include "mocks/http_server.h"
#include "providers/http_client.h"
#include "router/base/duration.h"
#include "tests/support.h"

enum { SERVING_ITEMS = 10, BARE_PATIENCE_S = 30 };
#define SERVING_SEED     UINT64_C(20241123)
#define SERVING_EPOCH_US (INT64_C(1717718400) * US_PER_SECOND) /* a Friday, 00:00 UTC */
#define SERVING_ALL      ((1u << PROVIDER_COUNT) - 1)

struct wish { /* zeroed: wall clock, plain HTTP, every provider, no latency, no fault */
    enum mock_clock clock;
    uint32_t providers; /* 0: all */
    int64_t latency_us;
    bool default_laws; /* the calibrated mocks, instead of constant latencies and no errors */
    const struct fault_spec *faults;
    uint32_t fault_count;
    int64_t call_life_us;
    bool tls;
    enum certificate_kind certificate;
    bool no_fault_header;
    bool intercepted;
};

struct serving {
    struct wish wish;
    int descriptors; /* open before */
    struct arena arena;
    struct catalogue catalogue;
    struct order_item items[SERVING_ITEMS];
    struct order_request order;
    struct backend *backends[PROVIDER_COUNT];
    struct backend *twins[PROVIDER_COUNT];
    struct credential credentials[PROVIDER_COUNT];
    struct codec *codecs[PROVIDER_COUNT];
    pthread_mutex_t lock;
    struct journal *journal;
    struct certificates certificates;
    char directory[TEST_PATH_MAX]; /* with ca.pem, where TLS is wished for */
    char ca_file[2 * TEST_PATH_MAX];
    int64_t start_us;
    struct mock_server_setup setup;
    struct mock_server *server;
};

struct serving *serving_open(const struct wish *wish);
void serving_close(struct serving *serving); /* no grace */
int64_t serving_now_us(void *serving);       /* wall clock: since serving_open(); told: 0 */
struct mock_server_counters serving_counters(const struct serving *serving);

/* Waits until a counter says so; fails the test after BARE_PATIENCE_S. */
void serving_await_waiting(const struct serving *serving, uint64_t waiting);
void serving_await_settled(const struct serving *serving, uint64_t settled);

/* A call with everything in it, keyed by `order`, with the credential that counts. A health check
 * belongs to no order. */
struct call serving_call(const struct serving *serving, enum provider provider,
                         enum operation operation, uint64_t order, int64_t sent_us);

/* The bytes of a call's HTTP request; free() them. */
char *serving_request(struct serving *serving, const struct call *call);

int open_descriptors(void);
void raise_descriptor_limit(void); /* as far as we may */

/* ---- a bare client --------------------------------------------------------------------------- */

enum bare_end {
    BARE_WHOLE,   /* all that was stated */
    BARE_SHORT,   /* FIN before that */
    BARE_NOTHING, /* FIN without a byte */
    BARE_RESET,
};

struct bare_answer {
    enum bare_end end;
    int status; /* 0: none */
    size_t stated;
    char head[2048];
    size_t body_length; /* as far as it came */
    char body[8192];    /* its beginning, NUL-terminated */
};

int bare_connect(const struct serving *serving, enum provider provider);
void bare_send(int client, const char *bytes, size_t length);
void bare_receive(int client, bool no_body, struct bare_answer *answer);
/* Whether nothing has come, and the connection stands. */
bool bare_is_silent(int client);
/* The value of a header, "" when there is none; into `answer->head`, which is cut up by it. */
const char *bare_header(const struct bare_answer *answer, const char *name, char value[128]);

/* On a connection of its own: "GET /path", with a header line of one's choice or NULL. */
void bare_ask(const struct serving *serving, enum provider provider, const char *method_and_path,
              const char *header, struct bare_answer *answer);
int bare_begin(const struct serving *serving, enum provider provider, const char *method_and_path,
               const char *header);

/* A call on a connection of its own. */
void bare_call(struct serving *serving, const struct call *call, const char *header,
               struct bare_answer *answer);

#endif
