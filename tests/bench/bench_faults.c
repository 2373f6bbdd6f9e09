/* What does a call that goes wrong cost, and does it leave anything behind?
 *
 * Goal: 100,000 transfers through the live client and the fault relay, each of them hit by a fault
 * below HTTP or in its framing, end as they should and leave no descriptor. How many a second, and
 * how many times the cost of a transfer that meets no fault, on a connection of its own as theirs
 * are.
 *
 * Method: every kind of fault has a port of one relay, before a raw server with one answer; 64
 * calls are always under way, of all kinds in turn. Calls that nothing will ever come of live 20
 * ms. Faulted and clean rounds take turns, 1 to warm up and 15 that count. Each call's fate is
 * compared with what its kind's has to be. Transfers a second are of the wall's clock, with client,
 * relay and server on the same machine; the sum is over the fates. Descriptors are counted before
 * anything is made and after all is taken down. Exit code 1: a descriptor more or less, or a wrong
 * fate. Meant to be run under the sanitizers too.
 *
 * Usage: bench_faults [smoke]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mocks/certificates.h"
#include "mocks/relay.h"
#include "providers/http_client.h"
#include "router/base/random.h"
#include "tests/mocks/upstream.h"

enum { ROUNDS = 15, TRANSFERS = 6250, UNDER_WAY = 64, DESCRIPTORS_MAX = 8192, WRONG_SHOWN = 10 };
#define LIFE_US       INT64_C(120000000)
#define SHORT_LIFE_US INT64_C(20000)

static const struct kind {
    struct relay_rule rule;
    enum call_fate fate;
    bool tls;
    bool gives_up;
} kinds[] = {
    {{.fault = RELAY_REFUSE}, CALL_REFUSED, 0, 0},
    {{.fault = RELAY_BLACKHOLE}, CALL_UNANSWERED, 0, 1},
    {{.fault = RELAY_TLS_ALERT}, CALL_TLS, 1, 0},
    {{.fault = RELAY_TLS_PLAINTEXT}, CALL_TLS, 1, 0},
    {{.fault = RELAY_TLS_CLOSE}, CALL_TLS, 1, 0},
    {{.fault = RELAY_HANG}, CALL_UNANSWERED, 0, 1},
    {{.fault = RELAY_RESET}, CALL_RESET, 0, 0},
    {{.fault = RELAY_RESET_AFTER_HEADERS}, CALL_RESET, 0, 0},
    {{.fault = RELAY_RESET_IN_BODY}, CALL_RESET, 0, 0},
    {{.fault = RELAY_CLOSE}, CALL_RESET, 0, 0},
    {{.fault = RELAY_HALF_CLOSE}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_STALL, .bytes = 10}, CALL_UNANSWERED, 0, 1},
    {{.fault = RELAY_DRIP, .bytes = 100, .tick_us = 1000}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_BANDWIDTH, .bytes_per_s = 100000}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_SLOW_CLOSE, .delay_us = 1000}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_REUSE_RACE}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_GARBAGE}, CALL_RESET, 0, 0},
    {{.fault = RELAY_BAD_CHUNK}, CALL_RESET, 0, 0},
    {{.fault = RELAY_NO_LAST_CHUNK}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_SHORT_BODY}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_TWO_LENGTHS}, CALL_ANSWERED, 0, 0},
    {{.fault = RELAY_HEADER_FLOOD}, CALL_RESET, 0, 0},
    {{.fault = RELAY_PASS}, CALL_ANSWERED, 0, 0}, /* of the clean rounds */
};
enum { KINDS = sizeof kinds / sizeof *kinds, CLEAN = KINDS - 1 };

static struct bench {
    struct upstream *upstream;
    struct relay *relay;
    struct http_client *client;
    char folder[64], ca_file[80];
    struct http_place plain, tls;
    struct http_request request;
    char connect_to[KINDS][32];
    uint64_t begun, ended, wanted; /* of this round */
    bool clean;
    uint64_t wrong, sum;
    uint64_t unlucky; /* lost every race */
} bench;

static void must(bool good, const char *what)
{
    if (good) return;
    fprintf(stderr, "bench_faults: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < DESCRIPTORS_MAX; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void answer(void *context, const char *head, struct upstream_answer *to)
{
    (void)context;
    (void)head;
    to->bytes = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n"
                "{\"data\":[{\"productId\":\"0001111041700\"}]}";
    to->length = strlen(to->bytes);
}

/* ---- transfers ------------------------------------------------------------------------------- */

static void begin_next(void)
{
    const uint64_t kind = bench.clean ? CLEAN : bench.begun % CLEAN;
    const struct http_call call = {.place = kinds[kind].tls ? &bench.tls : &bench.plain,
                                   .request = &bench.request,
                                   .life_us = kinds[kind].gives_up ? SHORT_LIFE_US : LIFE_US,
                                   .connect_to = bench.connect_to[kind],
                                   .own_connection = bench.clean,
                                   .owner = (void *)(uintptr_t)&kinds[kind]};
    struct err err;
    bench.begun++;
    must(http_client_start(bench.client, &call, &err) != 0, err.message);
}

/* A GET that loses the race is sent again, perhaps over another kept connection that is about to
 * lose it too; our client lets it be sent twice, and then it ends as what it is. */
static bool is_as_it_should_be(const struct kind *kind, enum call_fate fate)
{
    return fate == kind->fate || (kind->rule.fault == RELAY_REUSE_RACE && fate == CALL_RESET);
}

static void on_ended(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)context;
    const struct kind *const kind = owner;
    const bool right = is_as_it_should_be(kind, outcome->fate);
    bench.unlucky += right && outcome->fate != kind->fate;
    bench.ended++;
    bench.sum +=
        (uint64_t)(kind - kinds) * CALL_FATE_COUNT + (uint64_t)(right ? kind->fate : outcome->fate);
    if (!right && bench.wrong++ < WRONG_SHOWN)
        fprintf(stderr, "%s: %s instead of %s: %s\n", relay_fault_names[kind->rule.fault],
                call_fate_names[outcome->fate], call_fate_names[kind->fate], outcome->message);
    if (bench.begun < bench.wanted) begin_next();
}

static double run_round(bool clean, uint64_t transfers) /* transfers a second */
{
    bench.clean = clean;
    bench.begun = bench.ended = 0;
    bench.wanted = transfers;
    const double from_s = now_s();
    for (int i = 0; i < UNDER_WAY && bench.begun < transfers; i++)
        begin_next();
    while (bench.ended < transfers)
        http_client_wait(bench.client, http_client_now_us() + LIFE_US);
    return (double)transfers / (now_s() - from_s);
}

/* ---- setting up, taking down ----------------------------------------------------------------- */

static void make_ca(void)
{
    const struct certificate_wish wish = {.hosts = {"127.0.0.1"}};
    struct certificates certificates;
    struct err err;
    const char *const folder = getenv("TMPDIR");
    (void)snprintf(bench.folder, sizeof bench.folder, "%s/bench-faults-XXXXXX",
                   folder != NULL && strlen(folder) < 32 ? folder : "/tmp");
    must(mkdtemp(bench.folder) != NULL, "no temporary folder");
    must(certificates_make(&wish, &certificates, &err) &&
             certificates_write(&certificates, bench.folder, &err),
         "no certificates");
    certificates_release(&certificates);
    (void)snprintf(bench.ca_file, sizeof bench.ca_file, "%s/ca.pem", bench.folder);
}

static void open_ports(void)
{
    struct err err;
    for (int i = 0; i < KINDS; i++) {
        struct relay_rule rule = kinds[i].rule;
        uint16_t port;
        rule.fraction = 1;
        must(relay_open(bench.relay, "127.0.0.1", 0, "127.0.0.1", bench.upstream->port, &rule,
                        &port, &err),
             err.message);
        (void)snprintf(bench.connect_to[i], sizeof bench.connect_to[i], "127.0.0.1:%u", port);
    }
}

static void set_up(void)
{
    struct err err;
    make_ca();
    bench.plain = (struct http_place){.base_url = "http://127.0.0.1", .declared_mock = true};
    bench.tls = (struct http_place){
        .base_url = "https://127.0.0.1", .ca_file = bench.ca_file, .declared_mock = true};
    http_request_begin(&bench.request, HTTP_GET, "/v1/products");
    const struct http_client_setup setup = {.ended = on_ended};
    bench.client = http_client_create(&setup, &err);
    bench.relay = relay_create(1, &err);
    must(bench.client != NULL && bench.relay != NULL, err.message);
    bench.upstream = upstream_start(answer, NULL);
    open_ports();
}

static void take_down(void)
{
    http_client_destroy(bench.client);
    relay_destroy(bench.relay);
    upstream_stop(bench.upstream);
    http_request_release(&bench.request);
    (void)unlink(bench.ca_file);
    (void)rmdir(bench.folder);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double print_rounds(const char *what, double *per_s, uint32_t rounds)
{
    qsort(per_s, rounds, sizeof *per_s, ascending);
    printf("%-28s best %8.0f transfers/s  median %8.0f transfers/s  (%u rounds)\n", what,
           per_s[rounds - 1], per_s[rounds / 2], rounds);
    return per_s[rounds / 2];
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint32_t rounds = smoke ? 1 : ROUNDS;
    const uint64_t transfers = smoke ? 10 * CLEAN : TRANSFERS;
    double faulted[ROUNDS + 1], clean[ROUNDS + 1];
    const int before = descriptors();
    set_up();
    for (uint32_t round = 0; round <= rounds; round++) {
        faulted[round] = run_round(false, transfers);
        clean[round] = run_round(true, transfers);
    }
    const struct relay_counters counters = relay_counters(bench.relay, 0);
    take_down();
    const int after = descriptors();

    const double slow = print_rounds("a fault each, 22 kinds", faulted + 1, rounds);
    const double fast = print_rounds("no fault, own connection", clean + 1, rounds);
    printf("%-28s %.1f times a clean transfer (medians)\n", "a faulted one takes", fast / slow);
    printf("%-28s %" PRIu64 " faulted transfers, sum %" PRIu64 ", wrong fates %" PRIu64
           ", races lost twice %" PRIu64 "\n",
           "in all", (rounds + 1) * transfers, bench.sum, bench.wrong, bench.unlucky);
    printf("%-28s %" PRIu64 " accepted, %" PRIu64 " at once at most, %" PRIu64 " bytes\n",
           "the relay", counters.accepted, counters.open_max, counters.relayed_bytes);
    printf("%-28s %d before, %d after\n", "descriptors", before, after);
    return before == after && bench.wrong == 0 ? 0 : 1;
}
