#include "tests/mocks/relay_rig.h"

char *rig_big;
size_t rig_big_length;
struct upstream *rig_server;

static const struct {
    const char *path;
    const char *bytes;
    bool close;
} answers[] = {
    {"/length", RIG_LENGTH, false},
    {"/chunked", RIG_CHUNKED, false},
    {"/trailer", RIG_TRAILER, false},
    {"/until-close", RIG_UNTIL_CLOSE, true},
    {"/empty", RIG_EMPTY, false},
    {"/none", RIG_NONE, false},
    {"/interim", RIG_INTERIM, false},
    {"/cut", RIG_HEAD "Content-Length: 10\r\n\r\n0123", true},
    {"/cut-head", "HTTP/1.1 200 OK\r\nContent-", true},
    {"/not-http", "220 mail.example ESMTP\r\n", true},
    {"/echo", RIG_ECHO, false},
};

static bool is(const char *path, size_t length, const char *wanted)
{
    return strlen(wanted) == length && memcmp(path, wanted, length) == 0;
}

static void answer(void *context, const char *head, struct upstream_answer *to)
{
    (void)context;
    const char *const path = strchr(head, '/');
    const size_t length = strcspn(path, " ");
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        if (!is(path, length, answers[i].path)) continue;
        to->bytes = answers[i].bytes;
        to->length = strlen(answers[i].bytes);
        to->close = answers[i].close;
    }
    to->echo = is(path, length, "/echo");
    to->reset = is(path, length, "/reset");
    if (!is(path, length, "/big")) return;
    to->bytes = rig_big;
    to->length = rig_big_length;
}

uint8_t rig_pattern(size_t at)
{
    return (uint8_t)(random_mix(at / 8) >> at % 8 * 8);
}

int rig_start(void **state)
{
    (void)state;
    static const char head[] = RIG_HEAD "Content-Length: 5242880\r\n\r\n";
    rig_big_length = strlen(head) + RIG_BIG_BYTES;
    rig_big = malloc(rig_big_length);
    if (rig_big == NULL) return -1;
    memcpy(rig_big, head, strlen(head));
    for (size_t i = 0; i < RIG_BIG_BYTES; i++)
        rig_big[strlen(head) + i] = (char)rig_pattern(i);
    rig_server = upstream_start(answer, NULL);
    return 0;
}

int rig_stop(void **state)
{
    (void)state;
    upstream_stop(rig_server);
    free(rig_big);
    return 0;
}

struct relay *rig_relay(uint64_t seed)
{
    struct err err;
    struct relay *const relay = relay_create(seed, &err);
    if (relay == NULL) fail_msg("%s", err.message);
    return relay;
}

uint16_t rig_open_before(struct relay *relay, uint16_t upstream, struct relay_rule rule)
{
    struct err err;
    uint16_t port = 0;
    if (!relay_open(relay, "127.0.0.1", 0, "127.0.0.1", upstream, &rule, &port, &err))
        fail_msg("%s", err.message);
    assert_int_not_equal(port, 0);
    return port;
}

uint16_t rig_open(struct relay *relay, enum relay_fault fault)
{
    return rig_open_before(relay, rig_server->port,
                           (struct relay_rule){.fault = fault, .fraction = 1});
}

void rig_set(struct relay *relay, uint16_t port, enum relay_fault fault)
{
    const struct relay_rule rule = {.fault = fault, .fraction = 1};
    assert_true(relay_set(relay, port, &rule));
}

const struct client_answer *rig_ask(uint16_t port, const char *request, size_t enough)
{
    static struct client_answer answer_of_one;
    const int fd = client_connect(port);
    client_send(fd, request);
    client_read(fd, enough, &answer_of_one);
    (void)close(fd);
    return &answer_of_one;
}

void rig_assert_serves(uint16_t port)
{
    const struct client_answer *const got =
        rig_ask(port, "GET /empty HTTP/1.1\r\n\r\n", strlen(RIG_EMPTY));
    assert_string_equal(got->bytes, RIG_EMPTY);
}

void rig_wait_until_accepted(struct relay *relay, uint16_t port, uint64_t count)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS && relay_counters(relay, port).accepted < count; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(relay_counters(relay, port).accepted, count);
}

void rig_wait_until_closed(struct relay *relay, uint16_t port, uint64_t count)
{
    rig_wait_until_accepted(relay, port, count);
    for (int i = 0; i < CLIENT_PATIENCE_MS && relay_counters(relay, port).open > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(relay_counters(relay, port).open, 0);
}

void rig_wait_until_server_closed(void)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS && rig_server->open > 0; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(rig_server->open, 0);
}

/* Descriptors of this process but the server's connections; two looks have to agree, for the server
 * may be in the middle of accepting or closing one. */
int rig_descriptors(void)
{
    for (int last = -1;;) {
        const unsigned long long open = rig_server->open;
        const int now = client_descriptors() - (int)open;
        if (now == last && open == rig_server->open) return now;
        last = now;
        (void)poll(NULL, 0, 2);
    }
}

void rig_wait_for_descriptors(int expected)
{
    for (int i = 0; i < CLIENT_PATIENCE_MS / 2 && rig_descriptors() != expected; i++)
        (void)poll(NULL, 0, 2);
    assert_int_equal(rig_descriptors(), expected);
}
