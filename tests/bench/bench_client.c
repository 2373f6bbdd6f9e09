/* What does a call through the live client cost, and how late are its deadlines?
 *
 * Goal: CPU of the client's thread a request, (1) with 256 calls always under way over kept-alive
 * connections to a server that answers at once, and (2) with 4,096 calls that wait a second each,
 * which is what a router in front of slow providers does; (3) by how much calls that nobody answers
 * outlive their life. Beside (1) and (2) stands the plain way to use libcurl, curl_multi_poll()
 * over the same connections with the same request.
 *
 * Method: a server thread of our own over epoll, 2 KB of JSON an answer. What is measured is the
 * CPU time of the client's thread (user and system), not the server's and not the wall's. The two
 * ways take turns; one round of each to warm up, 15 of each that count (5 where each lasts
 * seconds). The sum is over statuses and bodies of all answers.
 *
 * Usage: bench_client [smoke]
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "providers/http_client.h"
#include "router/base/random.h"

enum { ROUNDS_MAX = 15, BODY_BYTES = 2048, CALLS_MAX = 4096, DESCRIPTORS_MAX = 32768 };
static const uint64_t seed = 20251123;

static void must(bool good)
{
    if (!good) {
        perror("bench_client");
        exit(1);
    }
}

static double cpu_us(void) /* of this thread */
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- the server ------------------------------------------------------------------------------ */

struct waiting { /* an answer that is due; the delay is the same for all, so they are in order */
    int64_t due_us;
    int descriptor;
};

struct server {
    int listening, epoll, stop[2];
    uint16_t port;
    pthread_t thread;
    atomic_int delay_ms; /* below 0: no answer */
    char answer[BODY_BYTES + 128];
    size_t answer_length;
    uint8_t matched[DESCRIPTORS_MAX]; /* how much of the empty line was read, by descriptor */
    struct waiting line[2 * DESCRIPTORS_MAX];
    size_t line_begin, line_end; /* counted on, used modulo the size */
};

static void accept_all(struct server *server)
{
    int descriptor;
    while ((descriptor = accept(server->listening, NULL, NULL)) >= 0) {
        must(descriptor < DESCRIPTORS_MAX);
        const int one = 1;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        (void)fcntl(descriptor, F_SETFL, O_NONBLOCK);
        server->matched[descriptor] = 0;
        struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
        must(epoll_ctl(server->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0);
    }
}

/* A connection that its client gave up may be somebody else's by now; then a stray answer goes
 * there, so rounds that leave calls unanswered use a server of their own. */
static void answer(struct server *server, int descriptor)
{
    (void)!send(descriptor, server->answer, server->answer_length, MSG_NOSIGNAL);
}

static void take_request(struct server *server, int descriptor)
{
    const int delay_ms = atomic_load(&server->delay_ms);
    if (delay_ms == 0) answer(server, descriptor);
    if (delay_ms <= 0) return;
    server->line[server->line_end++ % (2 * DESCRIPTORS_MAX)] = (struct waiting){
        .due_us = http_client_now_us() + delay_ms * INT64_C(1000), .descriptor = descriptor};
}

static void read_some(struct server *server, int descriptor)
{
    static const char end[] = "\r\n\r\n";
    char bytes[4096];
    const ssize_t count = recv(descriptor, bytes, sizeof bytes, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) (void)close(descriptor);
    uint8_t *const matched = &server->matched[descriptor];
    for (ssize_t i = 0; i < count; i++) {
        *matched = bytes[i] == end[*matched] ? (uint8_t)(*matched + 1) : bytes[i] == end[0];
        if (*matched < 4) continue;
        *matched = 0;
        take_request(server, descriptor);
    }
}

static int answer_due(struct server *server)
{
    while (server->line_begin < server->line_end) {
        const struct waiting *first = &server->line[server->line_begin % (2 * DESCRIPTORS_MAX)];
        const int64_t left_us = first->due_us - http_client_now_us();
        if (left_us > 0) return (int)(left_us / 1000) + 1;
        answer(server, first->descriptor);
        server->line_begin++;
    }
    return -1;
}

static void *serve(void *context)
{
    struct server *const server = context;
    struct epoll_event events[256];
    for (;;) {
        const int count = epoll_wait(server->epoll, events, 256, answer_due(server));
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == server->stop[0]) return NULL;
            if (events[i].data.fd == server->listening)
                accept_all(server);
            else
                read_some(server, events[i].data.fd);
        }
    }
}

static struct server *server_start(int delay_ms)
{
    struct server *const server = calloc(1, sizeof *server);
    must(server != NULL);
    atomic_store(&server->delay_ms, delay_ms);
    const int head = snprintf(server->answer, sizeof server->answer,
                              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                              "Content-Length: %d\r\n\r\n",
                              BODY_BYTES);
    memset(server->answer + head, 'x', BODY_BYTES);
    server->answer_length = (size_t)head + BODY_BYTES;
    server->listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    must(bind(server->listening, (const struct sockaddr *)&address, length) == 0);
    must(listen(server->listening, CALLS_MAX) == 0);
    must(getsockname(server->listening, (struct sockaddr *)&address, &length) == 0);
    must(fcntl(server->listening, F_SETFL, O_NONBLOCK) == 0 && pipe(server->stop) == 0);
    server->port = ntohs(address.sin_port);
    server->epoll = epoll_create1(0);
    const int watched[2] = {server->listening, server->stop[0]};
    for (int i = 0; i < 2; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = watched[i]};
        must(epoll_ctl(server->epoll, EPOLL_CTL_ADD, watched[i], &event) == 0);
    }
    must(pthread_create(&server->thread, NULL, serve, server) == 0);
    return server;
}

static void server_stop(struct server *server) /* its connections end with their clients */
{
    (void)close(server->stop[1]);
    (void)pthread_join(server->thread, NULL);
    (void)close(server->stop[0]);
    (void)close(server->listening);
    (void)close(server->epoll);
    free(server);
}

/* ---- one way: ours --------------------------------------------------------------------------- */

struct load { /* `calls` under way until `left` have been started */
    uint32_t calls;
    uint64_t left;
    uint64_t ended;
    uint64_t sum;
};

struct ours {
    struct http_client *client;
    struct http_place place;
    struct http_request request;
    struct load load;
};

static void start_ours(struct ours *ours)
{
    if (ours->load.left == 0) return;
    ours->load.left--;
    struct err err;
    must(http_client_start(ours->client,
                           &(struct http_call){.place = &ours->place,
                                               .request = &ours->request,
                                               .life_us = 60000000},
                           &err) != 0);
}

static void on_ended(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)owner;
    struct ours *const ours = context;
    must(outcome->fate == CALL_ANSWERED);
    ours->load.ended++;
    ours->load.sum += outcome->response->status + outcome->response->body.length;
    start_ours(ours);
}

static void run_ours(struct ours *ours, struct load load)
{
    ours->load = load;
    for (uint32_t i = 0; i < load.calls; i++)
        start_ours(ours);
    while (ours->load.ended < load.left)
        http_client_wait(ours->client, INT64_MAX);
}

/* ---- the plain way --------------------------------------------------------------------------- */

struct plain {
    CURLM *multi;
    CURL *easy[CALLS_MAX];
    struct load load;
};

static size_t on_body(char *bytes, size_t size, size_t length, void *context)
{
    (void)bytes;
    (void)size;
    struct plain *const plain = context;
    plain->load.sum += length;
    return length;
}

static void plain_open(struct plain *plain, const char *url, uint32_t calls)
{
    plain->multi = curl_multi_init();
    (void)curl_multi_setopt(plain->multi, CURLMOPT_MAXCONNECTS, (long)calls);
    for (uint32_t i = 0; i < calls; i++) {
        CURL *const easy = plain->easy[i] = curl_easy_init();
        must(easy != NULL);
        (void)curl_easy_setopt(easy, CURLOPT_URL, url);
        (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 60000L);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
        (void)curl_easy_setopt(easy, CURLOPT_WRITEDATA, plain);
    }
}

static void plain_close(struct plain *plain, uint32_t calls)
{
    for (uint32_t i = 0; i < calls; i++)
        curl_easy_cleanup(plain->easy[i]);
    (void)curl_multi_cleanup(plain->multi);
}

static void drain_plain(struct plain *plain)
{
    const CURLMsg *message;
    int count = 0;
    while ((message = curl_multi_info_read(plain->multi, &count)) != NULL) {
        must(message->data.result == CURLE_OK);
        CURL *const easy = message->easy_handle;
        long status = 0;
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        plain->load.sum += (uint64_t)status;
        plain->load.ended++;
        (void)curl_multi_remove_handle(plain->multi, easy);
        if (plain->load.left == 0) continue;
        plain->load.left--;
        (void)curl_multi_add_handle(plain->multi, easy);
    }
}

static void run_plain(struct plain *plain, struct load load)
{
    plain->load = load;
    for (uint32_t i = 0; i < load.calls && plain->load.left > 0; i++, plain->load.left--)
        (void)curl_multi_add_handle(plain->multi, plain->easy[i]);
    while (plain->load.ended < load.left) {
        int running = 0;
        (void)curl_multi_perform(plain->multi, &running);
        drain_plain(plain);
        if (plain->load.ended < load.left) (void)curl_multi_poll(plain->multi, NULL, 0, 1000, NULL);
    }
}

/* ---- the questions --------------------------------------------------------------------------- */

static void compare(const char *title, uint32_t calls, int delay_ms, uint64_t requests, int rounds)
{
    struct server *const server = server_start(delay_ms);
    struct ours ours = {.place = {.declared_mock = true}};
    static struct plain plain;
    struct err err;
    (void)snprintf(ours.place.base_url, sizeof ours.place.base_url, "http://127.0.0.1:%u",
                   (unsigned)server->port);
    http_request_begin(&ours.request, HTTP_GET, "/v1/products?filter.term=milk");
    http_header(&ours.request, "Authorization", "Bearer 0123456789abcdef0123456789abcdef");
    ours.client = http_client_create(
        &(struct http_client_setup){.connections_max = calls, .context = &ours, .ended = on_ended},
        &err);
    must(ours.client != NULL);
    char url[HTTP_PLACE_URL_MAX + 64];
    (void)snprintf(url, sizeof url, "%s/v1/products?filter.term=milk", ours.place.base_url);
    plain_open(&plain, url, calls);
    const struct load load = {.calls = calls, .left = requests};
    double ours_us[ROUNDS_MAX], plain_us[ROUNDS_MAX];
    uint64_t sum = 0;
    for (int round = -1; round < rounds; round++) {
        const double start = cpu_us();
        run_ours(&ours, load);
        const double middle = cpu_us();
        run_plain(&plain, load);
        const double end = cpu_us();
        must(ours.load.sum == plain.load.sum);
        sum += ours.load.sum;
        if (round < 0) continue;
        ours_us[round] = (middle - start) / (double)requests;
        plain_us[round] = (end - middle) / (double)requests;
    }
    qsort(ours_us, (size_t)rounds, sizeof *ours_us, ascending);
    qsort(plain_us, (size_t)rounds, sizeof *plain_us, ascending);
    const double median_us = ours_us[rounds / 2];
    printf("%-8s %6" PRIu32 " %9" PRIu64 " %8.1f %8.1f %10.0f %8.1f %8.1f %7.2f   %016" PRIx64 "\n",
           title, calls, requests, ours_us[0], median_us, 1e6 / median_us, plain_us[0],
           plain_us[rounds / 2], plain_us[rounds / 2] / median_us, sum);
    http_client_destroy(ours.client);
    plain_close(&plain, calls);
    http_request_release(&ours.request);
    server_stop(server);
}

struct hung {
    int64_t started_us;
    int64_t life_us;
};

static double *overshoots_us;
static uint32_t overshoot_count;

static void on_hung(void *context, void *owner, const struct http_outcome *outcome)
{
    (void)context;
    const struct hung *const hung = owner;
    must(outcome->fate == CALL_UNANSWERED);
    overshoots_us[overshoot_count++] =
        (double)(outcome->ended_us - hung->started_us - hung->life_us);
}

static void print_late(const char *what, double *late_us, uint32_t count)
{
    qsort(late_us, count, sizeof *late_us, ascending);
    printf("%-8s %6" PRIu32 " %8.2f %8.2f %8.2f\n", what, count, late_us[count / 2] / 1e3,
           late_us[(size_t)count * 99 / 100] / 1e3, late_us[count - 1] / 1e3);
}

static void sleep_late(uint32_t count)
{
    double *const late_us = calloc(count, sizeof *late_us);
    must(late_us != NULL);
    for (uint32_t i = 0; i < count; i++) {
        const int64_t until_us = http_client_now_us() + 1000;
        const struct timespec until = {.tv_sec = until_us / 1000000,
                                       .tv_nsec = until_us % 1000000 * 1000};
        (void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
        late_us[i] = (double)(http_client_now_us() - until_us);
    }
    print_late("sleeps", late_us, count);
    free(late_us);
}

/* Calls that nobody answers, so many at a time, with lives spread over whole microseconds. */
static void overshoot(uint32_t calls, uint32_t batches)
{
    struct server *const server = server_start(-1);
    struct http_place place = {.declared_mock = true};
    struct http_request request = {0};
    struct err err;
    (void)snprintf(place.base_url, sizeof place.base_url, "http://127.0.0.1:%u",
                   (unsigned)server->port);
    http_request_begin(&request, HTTP_GET, "/");
    struct http_client *const client =
        http_client_create(&(struct http_client_setup){.ended = on_hung}, &err);
    struct hung *const hung = calloc(calls, sizeof *hung);
    overshoots_us = calloc((size_t)calls * batches, sizeof *overshoots_us);
    must(client != NULL && hung != NULL && overshoots_us != NULL);
    const uint64_t key = random_key(seed, 3);
    overshoot_count = 0;
    for (uint32_t batch = 0; batch < batches; batch++) {
        for (uint32_t i = 0; i < calls; i++) {
            hung[i].life_us = 50000 + (int64_t)(random_draw(key, batch * calls + i) % 200000);
            hung[i].started_us = http_client_now_us();
            must(http_client_start(client,
                                   &(struct http_call){.place = &place,
                                                       .request = &request,
                                                       .life_us = hung[i].life_us,
                                                       .owner = &hung[i]},
                                   &err) != 0);
        }
        while (overshoot_count < (batch + 1) * calls)
            http_client_wait(client, INT64_MAX);
    }
    print_late("calls", overshoots_us, overshoot_count);
    http_client_destroy(client);
    http_request_release(&request);
    free(hung);
    free(overshoots_us);
    server_stop(server);
}

/* Both ends of every connection are ours. */
static uint32_t calls_possible(uint32_t calls)
{
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlim_t needed = (rlim_t)calls * 4 + 64; /* either way keeps its own */
    if (limit.rlim_cur < needed) {
        limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= needed) return calls;
    const uint32_t fewer = (uint32_t)(limit.rlim_cur - 64) / 4;
    printf("only %" PRIu32 " calls at a time: more descriptors are not allowed here\n", fewer);
    return fewer;
}

int main(int argc, char **argv)
{
    const bool smoke = argc > 1 && strcmp(argv[1], "smoke") == 0;
    const uint32_t waiting = smoke ? 64 : calls_possible(CALLS_MAX);
    printf("seed %" PRIu64 ", %s, answers of %d bytes\n", seed, curl_version(), BODY_BYTES);
    printf("CPU of the client's thread, us a request (plain: curl_multi_poll)\n");
    printf("            calls  requests     ours   median     a core    plain   median   ratio   "
           "sum\n");
    compare("busy", smoke ? 16 : 256, 0, smoke ? 500 : 20000, smoke ? 3 : ROUNDS_MAX);
    compare("waiting", waiting, smoke ? 20 : 1000, (uint64_t)waiting * (smoke ? 1 : 3),
            smoke ? 1 : 5);
    printf("late, ms       n   median      p99     most\n");
    sleep_late(smoke ? 20 : 2000);
    overshoot(smoke ? 16 : 256, smoke ? 1 : 20);
    return 0;
}
