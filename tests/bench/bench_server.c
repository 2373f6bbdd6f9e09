/* What does a mock server cost: CPU a request, how late its delays are, memory of hung calls.
 *
 * Goal: (1) a product answer of about 2 KB, with matching, credentials and journal on, at or below
 * what nginx takes for a file of the same size (aim: 10 us of CPU). (2) An answer that is to take
 * 5 ms is late by at most 0.3 ms at p50 and 1 ms at p99. (3) 10,000 hung connections within 64 MB.
 * All of it holds on a quiet machine only; nothing here passes or fails.
 *
 * Method: the server runs in this process, whose CPU time is taken from getrusage(); whoever asks
 * is another process: wrk where it is installed, otherwise this program once more, as "drive". (1)
 * 64 kept-alive connections on one thread ask as fast as they can, a second a round; nginx is
 * driven in the same way, in turns with us: as its package sets it up, whose access log is the
 * counterpart of our journal, and tuned. One round to warm up, 15 that count. (2) 8 connections ask
 * one after the other (about 1,500 requests a second), and measure from sending to the last byte;
 * the same without a delay says what of it is the wire's and the driver's. (3) Resident memory in
 * /proc/self/statm before and after. Where the soft limit of descriptors is lower than needed it is
 * raised as far as it may be.
 *
 * Usage: bench_server [smoke]
 */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mocks/http_server.h"
#include "providers/codec.h"
#include "router/base/random.h"
#include "tests/bench/server_driver.h"
#include "tests/bench/server_nginx.h"

enum { ROUNDS = 15, CONNECTIONS = 64, DELAY_CONNECTIONS = 8, HUNG = 10000, ITEMS = 8 };
#define DELAY_US INT64_C(5000)
static const uint64_t seed = 20241124;

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- the world behind the server ------------------------------------------------------------- */

struct bench {
    bool smoke;
    char folder[FOLDER_TEXT_MAX];
    char wrk[PATH_TEXT_MAX], nginx[PATH_TEXT_MAX];
    bool has_wrk, has_nginx;
    struct arena arena;
    struct catalogue catalogue;
    struct order_item items[ITEMS];
    struct order_request order;
    struct backend *backends[PROVIDER_COUNT];
    pthread_mutex_t lock;
    struct journal *journal;
    struct mock_server *server;
    int64_t start_us;
    uint16_t port;
    struct text request;  /* a search, as bytes */
    char headers[8][512]; /* of it, for wrk */
    int header_count;
    char target[512];
    char file[PATH_TEXT_MAX]; /* that holds `request` */
    size_t body_bytes;        /* of the answer to it */
};

/* Far from 0, the instant that the request names, which is asked for again and again: it is judged
 * when it comes. */
static int64_t scenario_us(void *context)
{
    const struct bench *const bench = context;
    return now_us() - bench->start_us + US_PER_HOUR;
}

static void make_backend(struct bench *bench, enum provider provider, int64_t latency_us)
{
    struct err err;
    struct backend_spec spec = backend_spec_default(provider);
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        spec.latency[o] = law_spec_none();
        spec.latency[o].kind = LAW_CONSTANT;
        spec.latency[o].value_us = latency_us;
        spec.errors.rate[o] = 0;
    }
    spec.credentials.token_life_us = US_PER_DAY;
    bench->backends[provider] =
        backend_create(provider, &spec, &bench->catalogue, NULL, 0, "", &bench->arena, &err);
    if (bench->backends[provider] == NULL) stop(err.message);
    backend_reset(bench->backends[provider], seed, 0);
}

static void make_world(struct bench *bench)
{
    struct err err;
    const struct catalogue_spec spec = catalogue_spec_default();
    if (!catalogue_load(&spec, "", seed, &bench->arena, &bench->catalogue, &err)) stop(err.message);
    for (uint32_t i = 0; i < ITEMS; i++) {
        const struct product *const product = &bench->catalogue.products[i];
        bench->items[i] = (struct order_item){
            .name = product->name, .name_hash = product->name_hash, .product = i, .quantity = 1};
    }
    bench->order = (struct order_request){.items = bench->items,
                                          .item_count = ITEMS,
                                          .postal_code = "45202",
                                          .postal_hash = postal_hash("45202")};
    (void)pthread_mutex_init(&bench->lock, NULL);
    bench->journal = journal_create(JOURNAL_CAPACITY_DEFAULT, &err);
    if (bench->journal == NULL) stop(err.message);
}

static void start_server(struct bench *bench, int64_t latency_us)
{
    struct err err;
    make_backend(bench, PROVIDER_KROGER_API, latency_us);
    struct mock_server_setup setup = {.clock = MOCK_CLOCK_WALL,
                                      .now_us = scenario_us,
                                      .context = bench,
                                      .providers = 1u << PROVIDER_KROGER_API,
                                      .catalogue = &bench->catalogue,
                                      .lock = &bench->lock,
                                      .seed_r = seed,
                                      .journal = bench->journal,
                                      .fault_header = true};
    memcpy(setup.backends, bench->backends, sizeof setup.backends);
    bench->server = mock_server_create(&setup, &err);
    if (bench->server == NULL) stop(err.message);
    bench->port = mock_server_port(bench->server, PROVIDER_KROGER_API);
}

static void stop_server(struct bench *bench)
{
    mock_server_destroy(bench->server, 0);
    bench->server = NULL;
}

/* ---- the request ----------------------------------------------------------------------------- */

static void exchange(struct bench *bench, const struct text *request, char *answer, size_t size)
{
    const int client = connect_to(bench->port);
    if (send(client, request->bytes, request->length, 0) < 0) stop("cannot send");
    size_t length = 0;
    for (ssize_t got; length + 1 < size; length += (size_t)got) {
        got = recv(client, answer + length, size - 1 - length, 0);
        if (got <= 0) break;
    }
    answer[length] = '\0';
    (void)close(client);
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) stop(answer);
}

static void write_bytes(struct text *bytes, const struct http_request *request, const char *last)
{
    text_clear(bytes);
    text_format(bytes, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\n", http_method_names[request->method],
                request->target.bytes);
    for (size_t i = 0; i < request->headers.length; i++) {
        if (request->headers.bytes[i] == '\n') text_char(bytes, '\r');
        text_char(bytes, request->headers.bytes[i]);
    }
    if (request->content_type != NULL) {
        text_format(bytes, "Content-Type: %s\r\nContent-Length: %zu\r\n", request->content_type,
                    request->body.length);
    }
    text_format(bytes, "%s\r\n", last);
    if (request->content_type != NULL)
        text_append(bytes, request->body.bytes, request->body.length);
}

static void split_headers(struct bench *bench, const struct http_request *request)
{
    bench->header_count = 0;
    const char *line = request->headers.bytes;
    while (line != NULL && *line != '\0' && bench->header_count < 8) {
        (void)snprintf(bench->headers[bench->header_count++], sizeof *bench->headers, "%.*s",
                       (int)strcspn(line, "\n"), line);
        line = strchr(line, '\n');
        if (line != NULL) line++;
    }
    (void)snprintf(bench->target, sizeof bench->target, "%s", request->target.bytes);
}

/* A token first, then the search that is asked for again and again with it. */
static void make_request(struct bench *bench)
{
    struct err err;
    static char answer[65536];
    struct backend *const backend = bench->backends[PROVIDER_KROGER_API];
    struct credential credential =
        backend_credential_texts(backend, backend_credential(backend, 0));
    credential.fingerprint = backend_credential(backend, 0);
    const struct codec_setup setup = {.provider = PROVIDER_KROGER_API, .declared_mock = true};
    struct codec *const codec = codec_create(&setup, &err);
    struct call call = {.provider = PROVIDER_KROGER_API,
                        .operation = OPERATION_TOKEN,
                        .order_key = random_key(seed, 1),
                        .request = &bench->order,
                        .credential = &credential};
    struct http_request request = {0};
    if (codec == NULL || !codec_encode(codec, &call, &request, &err)) stop(err.message);
    write_bytes(&bench->request, &request, "Connection: close\r\n");
    exchange(bench, &bench->request, answer, sizeof answer);

    struct http_response response = {.status = 200, .content_type = "application/json"};
    text_put(&response.body, strstr(answer, "\r\n\r\n") + 4);
    struct reply reply = {0};
    codec_decode(codec, &call, &response, &reply);
    call.token = reply.as.token.value;
    call.operation = OPERATION_SEARCH;
    if (!codec_encode(codec, &call, &request, &err)) stop(err.message);
    write_bytes(&bench->request, &request, "Connection: close\r\n");
    exchange(bench, &bench->request, answer, sizeof answer);
    bench->body_bytes = strlen(strstr(answer, "\r\n\r\n") + 4);
    write_bytes(&bench->request, &request, "");
    split_headers(bench, &request);
    (void)snprintf(bench->file, sizeof bench->file, "%s/request", bench->folder);
    save(bench->file, bench->request.bytes, bench->request.length);
    http_response_release(&response);
    http_request_release(&request);
    codec_destroy(codec);
}

/* ---- (1) CPU a request ----------------------------------------------------------------------- */

static double own_cpu_us(void)
{
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* How many requests wrk made in a second; it says so in "N requests in". */
static uint64_t drive_with_wrk(const struct bench *bench, uint16_t port, const char *target,
                               bool headers)
{
    char threads[] = "-t1", lanes[16], span[] = "-d1s", flag[] = "-H", url[600];
    char program[PATH_TEXT_MAX], lines[8][512];
    (void)snprintf(program, sizeof program, "%s", bench->wrk);
    (void)snprintf(lanes, sizeof lanes, "-c%d", CONNECTIONS);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%u%s", port, target);
    char *argv[32] = {program, threads, lanes, span};
    int count = 4;
    for (int i = 0; headers && i < bench->header_count; i++) {
        memcpy(lines[i], bench->headers[i], sizeof lines[i]);
        argv[count++] = flag;
        argv[count++] = lines[i];
    }
    argv[count] = url;
    struct child child = start_child(argv);
    char line[512];
    uint64_t requests = 0;
    while (fgets(line, sizeof line, child.output) != NULL) {
        if (strstr(line, "Non-2xx") != NULL) stop("wrk was refused");
        if (strstr(line, " requests in ") != NULL) requests = strtoull(line, NULL, 10);
    }
    if (!end_child(&child) || requests == 0) stop("wrk has failed");
    return requests;
}

static uint64_t drive_hard(const struct bench *bench, uint16_t port, const char *target,
                           const char *file, bool ours)
{
    if (bench->has_wrk && !bench->smoke) return drive_with_wrk(bench, port, target, ours);
    return drive(port, CONNECTIONS, bench->smoke ? 2000 : 50000, file).requests;
}

struct cost { /* of one server, by round */
    const char *what;
    double us[ROUNDS];
    uint64_t requests;
    double span_us;
};

static void add_round(struct cost *cost, int round, double cpu_us, double span_us,
                      uint64_t requests)
{
    if (round < 0) return; /* to warm up */
    cost->us[round] = cpu_us / (double)requests;
    cost->span_us += span_us;
    cost->requests += requests;
}

static double print_cost(struct cost *cost, int rounds)
{
    qsort(cost->us, (size_t)rounds, sizeof *cost->us, ascending);
    printf("  %-22s best %6.2f us  median %6.2f us  %8.0f requests/s\n", cost->what, cost->us[0],
           cost->us[rounds / 2], (double)cost->requests * 1e6 / cost->span_us);
    return cost->us[rounds / 2];
}

static void drive_nginx(const struct bench *bench, const struct nginx *nginx, struct cost *costs,
                        int round)
{
    for (int i = 0; i < NGINX_SETTINGS; i++) {
        const double cpu_us = nginx_cpu_us(nginx);
        const int64_t at_us = now_us();
        const uint64_t requests =
            drive_hard(bench, nginx->ports[i], "/file", nginx->request, false);
        add_round(&costs[i], round, nginx_cpu_us(nginx) - cpu_us, (double)(now_us() - at_us),
                  requests);
    }
}

static void measure_cpu(struct bench *bench)
{
    struct nginx nginx = {0};
    struct cost ours = {.what = "mock server"}, theirs[NGINX_SETTINGS] = {{0}};
    const int rounds = bench->smoke ? 2 : ROUNDS;
    const bool beside =
        bench->has_nginx && nginx_start(&nginx, bench->nginx, bench->folder, bench->body_bytes);
    printf("CPU a request: %zu bytes of body, %d kept-alive connections, driven by %s\n",
           bench->body_bytes, CONNECTIONS, bench->has_wrk && !bench->smoke ? "wrk" : "our own");
    for (int round = -1; round < rounds; round++) {
        const double cpu_us = own_cpu_us();
        const int64_t at_us = now_us();
        const uint64_t requests = drive_hard(bench, bench->port, bench->target, bench->file, true);
        add_round(&ours, round, own_cpu_us() - cpu_us, (double)(now_us() - at_us), requests);
        if (beside) drive_nginx(bench, &nginx, theirs, round);
    }
    const double ours_us = print_cost(&ours, rounds);
    for (int i = 0; beside && i < NGINX_SETTINGS; i++) {
        theirs[i].what = nginx_setting_names[i];
        printf("    ratio to ours %.2f\n", print_cost(&theirs[i], rounds) / ours_us);
    }
    printf(beside ? "  (aims: 10 us; ratios of 1.0 or more)\n"
                  : "  (aim: 10 us; nginx is not installed or does not start: no ratios)\n");
    if (beside) nginx_stop(&nginx);
}

/* ---- (2) delays ------------------------------------------------------------------------------ */

static void measure_delays(struct bench *bench)
{
    const uint64_t requests = bench->smoke ? 400 : 20000;
    const struct driven wire = drive(bench->port, DELAY_CONNECTIONS, requests, bench->file);
    stop_server(bench);
    start_server(bench, DELAY_US);
    make_request(bench);
    const double cpu_us = own_cpu_us();
    const struct driven delayed = drive(bench->port, DELAY_CONNECTIONS, requests, bench->file);
    const double each_us = (own_cpu_us() - cpu_us) / (double)requests;
    printf("delays: %" PRIu64 " requests over %d connections, us from sending to the last byte\n",
           requests, DELAY_CONNECTIONS);
    printf("  without                p50 %6" PRId64 "  p99 %6" PRId64 "\n", wire.p50_us,
           wire.p99_us);
    printf("  5 ms requested         p50 %6" PRId64 "  p99 %6" PRId64 "\n", delayed.p50_us,
           delayed.p99_us);
    printf("  late by                p50 %6" PRId64 "  p99 %6" PRId64 " (aim: 300 and 1,000)\n",
           delayed.p50_us - DELAY_US, delayed.p99_us - DELAY_US);
    printf("  CPU of a request that waits %.1f us\n", each_us);
}

/* ---- (3) hung connections -------------------------------------------------------------------- */

static double resident_kib(void)
{
    FILE *const file = fopen("/proc/self/statm", "r");
    long pages = 0;
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) stop("no /proc/self/statm");
    (void)fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static int descriptors_allowed(int wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
    const rlim_t needed = (rlim_t)wanted + 256;
    if (limit.rlim_cur < needed) {
        limit.rlim_cur =
            limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= needed ? needed : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= needed ? wanted : (int)limit.rlim_cur - 256;
}

static void measure_hung(struct bench *bench)
{
    char self[] = "/proc/self/exe", mode[] = "hang", ports[16], lanes[16], path[PATH_TEXT_MAX];
    const int wanted = bench->smoke ? 200 : HUNG;
    const int count = descriptors_allowed(wanted);
    static const char request[] =
        "GET /v1/products HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Mock-Fault: hang\r\n\r\n";
    (void)snprintf(path, sizeof path, "%s/ask-hang", bench->folder);
    save(path, request, sizeof request - 1);
    (void)snprintf(ports, sizeof ports, "%u", bench->port);
    (void)snprintf(lanes, sizeof lanes, "%d", count);
    const double before_kib = resident_kib();
    char *const argv[] = {self, mode, ports, lanes, path, NULL};
    struct child child = start_child(argv);
    char word[16];
    if (fscanf(child.output, "%15s", word) != 1) stop("the clients that hang have failed");
    while (mock_server_counters(bench->server).waiting < (uint64_t)count)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    const double after_kib = resident_kib();
    printf("hung: %d connections%s\n", count,
           count < wanted ? " (the limit of descriptors allows no more)" : "");
    printf("  resident %.0f KiB, of which they %.0f: %.2f KiB each (aim: 64 MiB in all)\n",
           after_kib, after_kib - before_kib, (after_kib - before_kib) / count);
    (void)end_child(&child);
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void clean_up(struct bench *bench)
{
    static const char *const names[] = {"request",  "nginx.conf", "file", "ask-nginx",
                                        "ask-hang", "pid",        "log"};
    static const char *const folders[] = {"a", "b", "c", "d", "e"};
    char path[PATH_TEXT_MAX];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bench->folder, names[i]);
        (void)unlink(path);
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", bench->folder, folders[i]);
        (void)rmdir(path);
    }
    (void)rmdir(bench->folder);
    text_release(&bench->request);
    journal_destroy(bench->journal);
    (void)pthread_mutex_destroy(&bench->lock);
    arena_release(&bench->arena);
}

int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc == 6 && strcmp(argv[1], "drive") == 0) return drive_main(argv);
    if (argc == 5 && strcmp(argv[1], "hang") == 0) return hang_main(argv);
    static struct bench bench;
    bench.start_us = now_us();
    bench.smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    bench.has_wrk = find_program("wrk", bench.wrk);
    bench.has_nginx = find_program("nginx", bench.nginx);
    (void)snprintf(bench.folder, sizeof bench.folder, "/tmp/routesim-bench-XXXXXX");
    if (mkdtemp(bench.folder) == NULL || chmod(bench.folder, 0755) != 0) stop("no folder in /tmp");
    printf("seed %" PRIu64 "; repeat with: bench_server%s\n", seed, bench.smoke ? " smoke" : "");
    make_world(&bench);
    start_server(&bench, 0);
    make_request(&bench);
    measure_cpu(&bench);
    measure_delays(&bench);
    measure_hung(&bench);
    stop_server(&bench);
    clean_up(&bench);
    return 0;
}
