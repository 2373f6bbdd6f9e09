#include "providers/http_client_state.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "router/base/memory.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error                                                                                             \
    "libcurl 7.87 or newer is needed: protocols by name, a cache of CA files, no wait for resolvers"
#endif

enum { TRANSFERS_FIRST = 16 };

int64_t http_client_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

uint32_t http_client_in_flight(const struct http_client *client)
{
    return client->in_flight;
}

/* ---- making and unmaking --------------------------------------------------------------------- */

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the HTTP client");
}

/* Once a process, and never undone: other clients may be in use. A peer that has gone may not end
 * the process, and libcurl, told to leave signals alone, does not see to it. */
static void begin_process(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL) {
        action.sa_handler = SIG_IGN;
        (void)sigaction(SIGPIPE, &action, NULL);
    }
}

void http_client_begin_process(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, begin_process);
}

/* libcurl's own default is lost once a handle was given another CA file, so it is given always. */
static const char *find_system_ca_file(void)
{
    const curl_version_info_data *const info = curl_version_info(CURLVERSION_NOW);
    if (info->cainfo != NULL) return info->cainfo;
    static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        if (access(usual[i], R_OK) == 0) return usual[i];
    }
    return NULL;
}

struct http_client *http_client_create(const struct http_client_setup *setup, struct err *err)
{
    assert(setup->ended != NULL);
    http_client_begin_process();
    struct http_client *client = memory_zeroed(sizeof *client);
    if (client == NULL) {
        (void)out_of_memory(err);
        return NULL;
    }
    client->setup = *setup;
    if (client->setup.body_bytes_max == 0)
        client->setup.body_bytes_max = HTTP_CLIENT_BODY_BYTES_MAX;
    if (client->setup.connections_max == 0) {
        client->setup.connections_max = HTTP_CLIENT_CONNECTIONS_MAX;
    }
    client->ended_last = &client->ended_first;
    client->system_ca_file = find_system_ca_file();
    client->epoll = -1;
    client->multi = curl_multi_init();
    if (client->multi == NULL) (void)out_of_memory(err);
    if (client->multi == NULL || !sockets_open(client, err)) {
        http_client_destroy(client);
        return NULL;
    }
    (void)curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    (void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS,
                            (long)client->setup.connections_max);
    return client;
}

void http_client_destroy(struct http_client *client)
{
    if (client == NULL) return;
    assert(!client->calling);
    for (uint32_t i = 0; i < client->transfer_count; i++) {
        struct transfer *const transfer = client->transfers[i];
        if (transfer->state == TRANSFER_RUNNING) {
            (void)curl_multi_remove_handle(client->multi, transfer->easy);
        }
        transfer_destroy(transfer);
    }
    (void)curl_multi_cleanup(client->multi); /* closes connections, hence before the sockets */
    sockets_close(client);
    free(client->transfers);
    free(client->deadlines);
    free(client);
}

/* ---- calls ----------------------------------------------------------------------------------- */

static uint64_t ticket_of(const struct transfer *transfer)
{
    return (uint64_t)transfer->generation << 32 | (transfer->slot + 1);
}

static struct transfer *transfer_of(const struct http_client *client, uint64_t ticket)
{
    const uint32_t slot = (uint32_t)ticket - 1;
    if (slot >= client->transfer_count) return NULL;
    struct transfer *const transfer = client->transfers[slot];
    return ticket_of(transfer) == ticket ? transfer : NULL;
}

static bool add_transfer(struct http_client *client)
{
    const uint32_t count = client->transfer_count;
    if (count == 0 || (count >= TRANSFERS_FIRST && (count & (count - 1)) == 0)) {
        const size_t capacity = count == 0 ? TRANSFERS_FIRST : (size_t)count * 2;
        struct transfer **grown = memory_resize(client->transfers, capacity, sizeof *grown);
        if (grown == NULL) return false;
        client->transfers = grown;
        grown = memory_resize(client->deadlines, capacity, sizeof *grown);
        if (grown == NULL) return false;
        client->deadlines = grown;
    }
    struct transfer *const transfer = transfer_create(client);
    if (transfer == NULL) return false;
    transfer->slot = count;
    client->transfers[client->transfer_count++] = transfer;
    transfer_recycle(transfer);
    return true;
}

/* At least a microsecond, and no longer than the clock can count. */
static int64_t life_of(const struct http_call *call)
{
    static const int64_t most_us = INT64_MAX / 4;
    if (call->life_us < 1) return 1;
    return call->life_us < most_us ? call->life_us : most_us;
}

uint64_t http_client_start(struct http_client *client, const struct http_call *call,
                           struct err *err)
{
    if (client->pool == NULL && !add_transfer(client)) {
        (void)out_of_memory(err);
        return 0;
    }
    struct transfer *const transfer = client->pool;
    if (!transfer_prepare(transfer, call, err)) {
        client->pool = transfer->next;
        transfer_recycle(transfer);
        return 0;
    }
    transfer->started_us = http_client_now_us();
    if (curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        (void)out_of_memory(err);
        return 0;
    }
    client->pool = transfer->next;
    transfer->next = NULL;
    transfer->state = TRANSFER_RUNNING;
    transfer->due_us = transfer->started_us + life_of(call);
    deadlines_add(client, transfer);
    client->in_flight++;
    return ticket_of(transfer);
}

static void take_out(struct http_client *client, struct transfer *transfer)
{
    assert(transfer->state == TRANSFER_RUNNING);
    (void)curl_multi_remove_handle(client->multi, transfer->easy);
    deadlines_remove(client, transfer);
}

bool http_client_cancel(struct http_client *client, uint64_t ticket)
{
    struct transfer *const transfer = transfer_of(client, ticket);
    if (transfer == NULL) return false;
    switch (transfer->state) {
    case TRANSFER_RUNNING:
        take_out(client, transfer);
        client->in_flight--;
        transfer_recycle(transfer);
        return true;
    case TRANSFER_ENDED: /* it stands in the line of those to be called back */
        client->in_flight--;
        transfer->state = TRANSFER_SETTLED;
        return true;
    case TRANSFER_IDLE:
    case TRANSFER_SETTLED:
        return false;
    }
    return false;
}

uint32_t http_client_sends(const struct http_client *client, uint64_t ticket)
{
    const struct transfer *const transfer = transfer_of(client, ticket);
    return transfer != NULL ? sends_of(transfer) : 0;
}

/* ---- driving --------------------------------------------------------------------------------- */

static void end(struct http_client *client, struct transfer *transfer, CURLcode code)
{
    outcome_make(transfer, code, http_client_now_us());
    take_out(client, transfer);
    transfer->state = TRANSFER_ENDED;
    *client->ended_last = transfer;
    client->ended_last = &transfer->next;
}

/* Takes every call that libcurl has done with out of it before anything else happens. Whoever waits
 * between driving and this, waits for nothing: when all calls ended in one drive, no event is left
 * to come. */
static void collect(struct http_client *client)
{
    const CURLMsg *message;
    int left = 0;
    while ((message = curl_multi_info_read(client->multi, &left)) != NULL) {
        assert(message->msg == CURLMSG_DONE);
        const CURLcode code = message->data.result; /* the message goes with the handle */
        struct transfer *transfer = NULL;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        end(client, transfer, code);
    }
}

static void end_lives(struct http_client *client, int64_t now_us)
{
    struct transfer *first;
    while ((first = deadlines_first(client)) != NULL && first->due_us <= now_us)
        end(client, first, CURLE_OPERATION_TIMEDOUT);
}

/* Calls back for those that have ended; what the callbacks start ends at the earliest in the next
 * drive. Returns whether there were any. */
static bool call_back(struct http_client *client)
{
    bool any = false;
    client->calling = true;
    while (client->ended_first != NULL) {
        struct transfer *const transfer = client->ended_first;
        client->ended_first = transfer->next;
        if (transfer->state == TRANSFER_ENDED) {
            transfer->state = TRANSFER_SETTLED;
            client->in_flight--;
            any = true;
            client->setup.ended(client->setup.context, transfer->call.owner, &transfer->outcome);
        }
        transfer_recycle(transfer);
    }
    client->ended_last = &client->ended_first;
    client->calling = false;
    return any;
}

void http_client_wait(struct http_client *client, int64_t until_us)
{
    assert(!client->calling);
    client->woken = false;
    for (bool polled = false;; polled = true) {
        const int64_t now_us = http_client_now_us();
        sockets_expire(client, now_us);
        collect(client);
        end_lives(client, now_us);
        if (call_back(client) || client->woken || (polled && now_us >= until_us)) return;
        const struct transfer *const first = deadlines_first(client);
        sockets_poll(client, first != NULL && first->due_us < until_us ? first->due_us : until_us);
    }
}
