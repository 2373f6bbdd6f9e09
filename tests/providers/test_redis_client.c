/* Goal: a Redis that is slow, broken, hostile or gone costs whoever asks it an error in time, and
 * never more; the password is in no message.
 *
 * Method: a peer of ours on loopback (resp_server.h) that answers well or as badly as it is told.
 * No redis-server is needed, and no outcome depends on how fast this machine is: where a timeout is
 * to be met, the answer is held back until it was. */
#include "providers/redis_client.h"

#include "providers/redis_protocol.h"
#include "tests/providers/raw_server.h"
#include "tests/providers/resp_server.h"
#include "tests/support.h"

static const int64_t ample_us = 20000000; /* a timeout that is not to be met */

/* ---- the fixture ----------------------------------------------------------------------------- */

enum { KEPT_MAX = 8192 };

struct kept {
    uint32_t count; /* answers */
    uint32_t of_error[CACHE_ERROR_COUNT];
    struct redis_answer last;
    char bytes[4096];               /* of the last */
    uint8_t times[KEPT_MAX];        /* that an owner was answered; owners are numbers here */
    bool inside;                    /* a get or set is on the stack */
    struct redis_client *then_gets; /* from inside a callback, once */
};

static void keep(void *context, const struct redis_answer *answer)
{
    struct kept *const kept = context;
    assert_false(kept->inside);
    kept->count++;
    kept->of_error[answer->error]++;
    kept->last = *answer;
    assert_true(answer->length < sizeof kept->bytes);
    if (answer->found) memcpy(kept->bytes, answer->bytes, answer->length);
    kept->bytes[answer->length] = '\0';
    assert_true((uintptr_t)answer->owner < KEPT_MAX);
    kept->times[(uintptr_t)answer->owner]++;
    if (kept->then_gets != NULL) {
        struct redis_client *const client = kept->then_gets;
        kept->then_gets = NULL;
        redis_client_get(client, "again", 5, (void *)(uintptr_t)77, ample_us);
    }
}

static void get(struct redis_client *client, struct kept *kept, const char *key, uintptr_t owner,
                int64_t timeout_us)
{
    kept->inside = true;
    redis_client_get(client, key, strlen(key), (void *)owner, timeout_us);
    kept->inside = false;
}

static void set(struct redis_client *client, struct kept *kept, const char *key,
                const struct redis_value *value, uintptr_t owner, int64_t timeout_us)
{
    kept->inside = true;
    redis_client_set(client, key, strlen(key), value, (void *)owner, timeout_us);
    kept->inside = false;
}

/* Drives until so many answers have come, for half a minute at most. */
static void await(struct redis_client *client, struct kept *kept, uint32_t count)
{
    const int64_t end_us = redis_client_now_us() + 30000000;
    while (kept->count < count) {
        redis_client_wait(client, end_us);
        redis_client_poll(client, keep, kept);
        if (redis_client_now_us() > end_us) fail_msg("%u of %u answers came", kept->count, count);
    }
    assert_int_equal(kept->count, count);
}

static struct redis_facts facts_of(const struct redis_client *client)
{
    struct redis_facts facts;
    redis_client_facts(client, &facts);
    return facts;
}

/* Drives until it was up so many times and is, or so many times lost. */
static void await_facts(struct redis_client *client, struct kept *kept, uint64_t connects,
                        uint64_t losses)
{
    const int64_t end_us = redis_client_now_us() + 30000000;
    for (;;) {
        const struct redis_facts facts = facts_of(client);
        if (facts.connects >= connects && facts.losses >= losses) return;
        redis_client_wait(client, end_us);
        redis_client_poll(client, keep, kept);
        if (redis_client_now_us() > end_us) fail_msg("neither up nor lost: %s", facts.reason);
    }
}

static struct redis_address address_of(const char *url)
{
    struct redis_address address;
    struct err err;
    assert_true(redis_address_read(url, &address, &err));
    return address;
}

static struct redis_address address_at(uint16_t port)
{
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%u", (unsigned)port);
    return address_of(url);
}

static const struct redis_limits calm = {.connect_us = 20000000,
                                         .stall_us = 20000000,
                                         .backoff_first_us = 1000,
                                         .backoff_most_us = 4000};

static struct redis_client *client_of(const struct redis_address *address,
                                      const struct redis_limits *limits)
{
    struct err err;
    struct redis_client *const client = redis_client_create(address, limits, &err);
    if (client == NULL) fail_msg("%s", err.message);
    return client;
}

static struct redis_client *connected(struct resp_server *server, const struct redis_limits *limits)
{
    const struct redis_address address = address_at(resp_server_port(server));
    struct redis_client *const client = client_of(&address, limits);
    struct err err;
    if (!redis_client_connect(client, &err)) fail_msg("%s", err.message);
    return client;
}

#define NEEDS_HIREDIS                                                                              \
    (void)state;                                                                                   \
    if (redis_protocol_version() == NULL) skip()

/* ---- well --------------------------------------------------------------------------------------
 */

static void what_was_set_is_got(void **state)
{
    NEEDS_HIREDIS;
    static const char bytes[] = "a\0b\r\n$-1\r\n\xff";
    const struct redis_value value = {.bytes = bytes, .length = sizeof bytes, .ttl_us = 1001};
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    get(client, &kept, "k", 1, ample_us);
    await(client, &kept, 1);
    assert_int_equal(kept.last.error, CACHE_OK);
    assert_false(kept.last.found);
    assert_false(kept.last.was_set);
    set(client, &kept, "k", &value, 2, ample_us);
    await(client, &kept, 2);
    assert_int_equal(kept.last.error, CACHE_OK);
    assert_true(kept.last.was_set);
    get(client, &kept, "k", 3, ample_us);
    await(client, &kept, 3);
    assert_true(kept.last.found);
    assert_int_equal(kept.last.length, sizeof bytes);
    assert_memory_equal(kept.bytes, bytes, sizeof bytes);
    assert_int_equal(redis_client_in_flight(client), 0);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_life_is_rounded_up_to_a_millisecond(void **state)
{
    NEEDS_HIREDIS;
    static const struct {
        int64_t ttl_us;
        const char *said;
    } rows[] = {{0, "SET a v PX 1\n"},    {-5, "SET a v PX 1\n"},
                {1, "SET a v PX 1\n"},    {1000, "SET a v PX 1\n"},
                {1001, "SET a v PX 2\n"}, {300000000, "SET a v PX 300000\n"}};
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char heard[RESP_HEARD_MAX];
        const struct redis_value value = {.bytes = "v", .length = 1, .ttl_us = rows[i].ttl_us};
        set(client, &kept, "a", &value, 1, ample_us);
        await(client, &kept, i + 1);
        resp_server_heard(server, heard);
        const size_t length = strlen(rows[i].said);
        CHECK_ROW_TEXT(rows[i].said, heard + strlen(heard) - length, rows[i].said);
    }
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void many_under_way_get_their_own_answers(void **state)
{
    NEEDS_HIREDIS;
    enum { MANY = 400 };
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    for (unsigned i = 0; i < MANY; i++) {
        char key[16];
        const int length = snprintf(key, sizeof key, "k%u", i);
        const struct redis_value value = {
            .bytes = key, .length = (size_t)length, .ttl_us = 1000000};
        set(client, &kept, key, &value, i, ample_us);
    }
    await(client, &kept, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "k%u", i);
        get(client, &kept, key, i, ample_us);
    }
    assert_int_equal(redis_client_in_flight(client), MANY);
    await(client, &kept, 2 * MANY);
    assert_int_equal(kept.of_error[CACHE_OK], 2 * MANY);
    assert_string_equal(kept.bytes, "k399");
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(kept.times[i], 2);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_callback_may_ask_for_more(void **state)
{
    NEEDS_HIREDIS;
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {.then_gets = client};
    get(client, &kept, "first", 1, ample_us);
    await(client, &kept, 2);
    assert_int_equal(kept.times[77], 1);
    resp_server_drop(server); /* and when there is nobody any more, too */
    await_facts(client, &kept, 1, 1);
    kept.then_gets = client;
    resp_server_greets(server, RESP_HOLD, NULL);
    get(client, &kept, "third", 3, ample_us);
    await(client, &kept, 4);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void keys_are_removed(void **state)
{
    NEEDS_HIREDIS;
    const struct redis_value value = {.bytes = "v", .length = 1, .ttl_us = 1000000};
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    set(client, &kept, "a", &value, 1, ample_us);
    set(client, &kept, "b", &value, 2, ample_us);
    await(client, &kept, 2);
    assert_true(redis_client_remove(client, (const char *const[]){"a", "never"}, 2, ample_us));
    get(client, &kept, "a", 3, ample_us);
    get(client, &kept, "b", 4, ample_us);
    await(client, &kept, 4);
    assert_true(kept.last.found);
    resp_server_serves(server, RESP_HOLD, NULL); /* a get in front that is never answered */
    get(client, &kept, "b", 5, ample_us);
    assert_false(redis_client_remove(client, (const char *const[]){"b"}, 1, 20000));
    assert_int_equal(kept.count, 4); /* it was forgotten */
    assert_int_equal(redis_client_in_flight(client), 0);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_unix_socket_will_do(void **state)
{
    NEEDS_HIREDIS;
    char path[64], url[96];
    (void)snprintf(path, sizeof path, "/tmp/routesim-redis-%ld.sock", (long)getpid());
    (void)unlink(path);
    struct resp_server *const server = resp_server_start(path);
    (void)snprintf(url, sizeof url, "unix://%s?db=3", path);
    const struct redis_address address = address_of(url);
    struct redis_client *const client = client_of(&address, &calm);
    struct err err;
    char heard[RESP_HEARD_MAX];
    assert_true(redis_client_connect(client, &err));
    resp_server_heard(server, heard);
    assert_string_equal(heard, "SELECT 3\nPING\n");
    redis_client_destroy(client);
    resp_server_stop(server);
    (void)unlink(path);
}

/* ---- greeting ----------------------------------------------------------------------------------
 */

#define CANARY "CANARY-7f3a"

static void it_says_who_it_is_and_where_it_wants_to(void **state)
{
    NEEDS_HIREDIS;
    static const struct {
        const char *format, *heard;
    } rows[] = {
        {"redis://127.0.0.1:%u", "PING\n"},
        {"redis://127.0.0.1:%u/0", "PING\n"},
        {"redis://127.0.0.1:%u/7", "SELECT 7\nPING\n"},
        {"redis://:p%%40ss@127.0.0.1:%u/7", "AUTH p@ss\nSELECT 7\nPING\n"},
        {"redis://me:secret@127.0.0.1:%u", "AUTH me secret\nPING\n"},
        {"redis://localhost:%u", "PING\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct resp_server *const server = resp_server_start(NULL);
        char url[96], heard[RESP_HEARD_MAX];
        struct err err;
        const char *const colon = strstr(rows[i].format, ":%u");
        char *out = url;
        for (const char *at = rows[i].format; at < colon; at++) {
            *out++ = *at;
            if (*at == '%') at++;
        }
        (void)snprintf(out, 48, ":%u%s", (unsigned)resp_server_port(server), colon + 3);
        const struct redis_address address = address_of(url);
        struct redis_client *const client = client_of(&address, &calm);
        CHECK_ROW(rows[i].format, redis_client_connect(client, &err));
        resp_server_heard(server, heard);
        CHECK_ROW_TEXT(rows[i].format, heard, rows[i].heard);
        redis_client_destroy(client);
        resp_server_stop(server);
    }
}

static void a_greeting_that_fails_is_told_without_the_password(void **state)
{
    NEEDS_HIREDIS;
    static const struct {
        enum resp_way way;
        const char *text, *reason;
    } rows[] = {
        {RESP_SAY, "-WRONGPASS invalid password " CANARY "\r\n",
         "it refuses the password (WRONGPASS)"},
        {RESP_SAY, "-" CANARY " is wrong\r\n", "it refuses the password (an error)"},
        {RESP_SAY, "-NOAUTH Authentication required.\r\n", "it wants a password (NOAUTH)"},
        {RESP_SAY, "-LOADING Redis is loading the dataset in memory\r\n",
         "it refuses the password (LOADING)"},
        {RESP_SAY, "+" CANARY "\r\n", "its greeting is not that of a Redis"},
        {RESP_SAY, ":1\r\n", "its greeting is not that of a Redis"},
        {RESP_SAY, "HTTP/1.1 400 " CANARY "\r\n",
         "what it sent is no answer of a Redis, or too long"},
        {RESP_SAY, "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
         "what it sent is no answer of a Redis, or too long"},
        {RESP_LEAVE, "", "it closed the connection"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct resp_server *const server = resp_server_start(NULL);
        struct redis_address address = address_at(resp_server_port(server));
        struct err err = {.code = ERR_NONE};
        (void)snprintf(address.password, sizeof address.password, CANARY);
        address.has_password = true;
        resp_server_greets(server, rows[i].way, rows[i].text);
        struct redis_client *const client = client_of(&address, &calm);
        CHECK_ROW(rows[i].text, !redis_client_connect(client, &err));
        CHECK_ROW(rows[i].text, err.code == ERR_ENVIRONMENT);
        CHECK_ROW(rows[i].text, strstr(err.message, CANARY) == NULL);
        CHECK_ROW(rows[i].text, strstr(err.hint, CANARY) == NULL);
        CHECK_ROW(rows[i].text, strstr(err.message, "no cache at redis://127.0.0.1:") != NULL);
        /* A reset may come before the close is read. */
        if (rows[i].way == RESP_SAY) {
            CHECK_ROW_TEXT(rows[i].text, facts_of(client).reason, rows[i].reason);
        }
        redis_client_destroy(client);
        resp_server_stop(server);
    }
}

static void a_peer_that_says_nothing_is_not_waited_for_for_ever(void **state)
{
    NEEDS_HIREDIS;
    struct redis_limits limits = calm;
    struct resp_server *const server = resp_server_start(NULL);
    const struct redis_address address = address_at(resp_server_port(server));
    struct err err;
    limits.connect_us = 50000;
    resp_server_greets(server, RESP_HOLD, NULL);
    struct redis_client *const client = client_of(&address, &limits);
    assert_false(redis_client_connect(client, &err));
    assert_non_null(strstr(err.message, "it takes connections and does not answer"));
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_port_that_swallows_connections_is_not_waited_for_for_ever(void **state)
{
    NEEDS_HIREDIS;
    int descriptors[RAW_SILENT_DESCRIPTORS];
    struct redis_limits limits = calm;
    const struct redis_address address = address_at(raw_port_silent(descriptors));
    struct err err;
    limits.connect_us = 50000;
    struct redis_client *const client = client_of(&address, &limits);
    assert_false(redis_client_connect(client, &err));
    assert_non_null(strstr(err.message, "no answer in time"));
    redis_client_destroy(client);
    for (unsigned i = 0; i < RAW_SILENT_DESCRIPTORS; i++)
        (void)close(descriptors[i]);
}

/* ---- badly -------------------------------------------------------------------------------------
 */

static void nobody_there_is_an_answer_too(void **state)
{
    NEEDS_HIREDIS;
    int descriptor;
    const struct redis_address address = address_at(raw_port_refusing(&descriptor));
    const struct redis_value value = {.bytes = "v", .length = 1, .ttl_us = 1000000};
    struct redis_client *const client = client_of(&address, &calm);
    struct kept kept = {0};
    struct err err;
    assert_false(redis_client_connect(client, &err));
    assert_non_null(strstr(err.message, "Connection refused"));
    get(client, &kept, "k", 1, ample_us);
    set(client, &kept, "k", &value, 2, ample_us);
    assert_int_equal(kept.count, 0);
    assert_int_equal(redis_client_in_flight(client), 2);
    await(client, &kept, 2);
    assert_int_equal(kept.of_error[CACHE_REFUSED], 2);
    redis_client_destroy(client);
    (void)close(descriptor);
}

/* The answer to a get that was given up is not taken for that of the next. */
static void a_late_answer_is_nobody_elses(void **state)
{
    NEEDS_HIREDIS;
    const struct redis_value old = {.bytes = "old", .length = 3, .ttl_us = 1000000};
    const struct redis_value new = {.bytes = "new", .length = 3, .ttl_us = 1000000};
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    set(client, &kept, "a", &old, 1, ample_us);
    set(client, &kept, "b", &new, 2, ample_us);
    await(client, &kept, 2);
    resp_server_serves(server, RESP_HOLD, NULL);
    get(client, &kept, "a", 3, 2000);
    await(client, &kept, 3);
    assert_int_equal(kept.last.error, CACHE_TIMEOUT);
    get(client, &kept, "b", 4, ample_us);
    /* Answers are held until both commands were read: PING, two sets, two gets. */
    while (resp_server_commands(server) < 5)
        ;
    resp_server_release(server);
    await(client, &kept, 4);
    assert_int_equal(kept.last.error, CACHE_OK);
    assert_string_equal(kept.bytes, "new");
    const struct redis_facts facts = facts_of(client);
    assert_int_equal(facts.forgotten, 1);
    assert_int_equal(facts.losses, 0);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_hanging_peer_is_left_for_a_new_connection(void **state)
{
    NEEDS_HIREDIS;
    struct redis_limits limits = calm;
    struct resp_server *const server = resp_server_start(NULL);
    limits.stall_us = 30000;
    struct redis_client *const client = connected(server, &limits);
    struct kept kept = {0};
    resp_server_serves(server, RESP_HOLD, NULL);
    get(client, &kept, "a", 1, 1000);
    await(client, &kept, 1);
    assert_int_equal(kept.last.error, CACHE_TIMEOUT);
    await_facts(client, &kept, 1, 1);
    assert_string_equal(facts_of(client).loss, "it stopped answering");
    resp_server_serves(server, RESP_GOOD, NULL);
    await_facts(client, &kept, 2, 1);
    assert_true(facts_of(client).up);
    get(client, &kept, "a", 2, ample_us);
    await(client, &kept, 2);
    assert_int_equal(kept.last.error, CACHE_OK);
    redis_client_destroy(client);
    resp_server_stop(server);
}

/* Every wrong answer is an error of that one command; where no later byte could be trusted the
 * connection goes, and another one comes. */
static void a_wrong_answer_is_a_failure(void **state)
{
    NEEDS_HIREDIS;
    static char long_value[3000];
    if (long_value[0] == '\0') {
        (void)snprintf(long_value, sizeof long_value, "$2500\r\n%*d\r\n", 2500, 0);
    }
    const struct {
        const char *name;
        enum resp_way way;
        const char *text;
        enum cache_error get, set;
        bool lost;
    } rows[] = {
        {"out of memory", RESP_SAY, "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
         CACHE_FAILED, CACHE_FAILED, false},
        {"a wrong type", RESP_SAY, "-WRONGTYPE Operation against a key\r\n", CACHE_FAILED,
         CACHE_FAILED, false},
        {"a number", RESP_SAY, ":17\r\n", CACHE_FAILED, CACHE_FAILED, false},
        {"a status", RESP_SAY, "+QUEUED\r\n", CACHE_FAILED, CACHE_FAILED, false},
        {"OK", RESP_SAY, "+OK\r\n", CACHE_FAILED, CACHE_OK, false},
        {"nothing", RESP_SAY, "$-1\r\n", CACHE_OK, CACHE_FAILED, false},
        {"a value beyond the cap", RESP_SAY, long_value, CACHE_FAILED, CACHE_FAILED, true},
        {"a list", RESP_SAY, "*2147483647\r\n", CACHE_REFUSED, CACHE_REFUSED, true},
        {"an empty list", RESP_SAY, "*0\r\n", CACHE_REFUSED, CACHE_REFUSED, true},
        {"another protocol", RESP_SAY, "HTTP/1.1 400 Bad Request\r\n\r\n", CACHE_REFUSED,
         CACHE_REFUSED, true},
        {"a broken length", RESP_SAY, "$zz\r\n", CACHE_REFUSED, CACHE_REFUSED, true},
        {"a half answer", RESP_LEAVE, "$5\r\nhel", CACHE_REFUSED, CACHE_REFUSED, true},
        {"a closed connection", RESP_LEAVE, "", CACHE_REFUSED, CACHE_REFUSED, true},
        {"a flood", RESP_FLOOD, "$1000000000\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
         CACHE_REFUSED, CACHE_REFUSED, true},
        {"two answers", RESP_SAY, "+OK\r\n+OK\r\n", CACHE_FAILED, CACHE_OK, true},
    };
    const struct redis_value value = {.bytes = "v", .length = 1, .ttl_us = 1000000};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned sets = 0; sets < 2; sets++) {
            struct redis_limits limits = calm;
            struct resp_server *const server = resp_server_start(NULL);
            limits.value_bytes_max = 1024;
            struct redis_client *const client = connected(server, &limits);
            struct kept kept = {0};
            resp_server_serves(server, rows[i].way, rows[i].text);
            if (sets == 0) get(client, &kept, "k", 1, ample_us);
            if (sets == 1) set(client, &kept, "k", &value, 1, ample_us);
            await(client, &kept, 1);
            const bool too_long = rows[i].text == long_value; /* it may come in parts */
            if (!too_long) {
                CHECK_ROW(rows[i].name, kept.last.error == (sets == 0 ? rows[i].get : rows[i].set));
                CHECK_ROW(rows[i].name, facts_of(client).losses == 0 || rows[i].lost);
            } else {
                CHECK_ROW(rows[i].name, kept.last.error != CACHE_OK);
            }
            CHECK_ROW(rows[i].name, !kept.last.found);
            if (rows[i].lost && !too_long) await_facts(client, &kept, 2, 1);
            if (too_long && facts_of(client).losses > 0) await_facts(client, &kept, 2, 1);
            resp_server_serves(server, RESP_GOOD, NULL);
            get(client, &kept, "other", 2, ample_us);
            await(client, &kept, 2);
            CHECK_ROW(rows[i].name, kept.last.error == CACHE_OK);
            redis_client_destroy(client);
            resp_server_stop(server);
        }
    }
}

static void a_server_that_comes_back_is_found_again(void **state)
{
    NEEDS_HIREDIS;
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    resp_server_greets(server, RESP_LEAVE, ""); /* it is there and will not have us */
    resp_server_serves(server, RESP_HOLD, NULL);
    for (uintptr_t i = 0; i < 8; i++)
        get(client, &kept, "k", i, ample_us);
    resp_server_drop(server);
    await(client, &kept, 8);
    assert_int_equal(kept.of_error[CACHE_REFUSED], 8);
    for (uintptr_t i = 0; i < 8; i++)
        assert_int_equal(kept.times[i], 1);
    const uint32_t accepted = resp_server_accepted(server);
    const int64_t end_us = redis_client_now_us() + 30000000;
    while (resp_server_accepted(server) < accepted + 3) { /* it tries again by itself */
        redis_client_wait(client, end_us);
        redis_client_poll(client, keep, &kept);
        assert_true(redis_client_now_us() < end_us);
    }
    assert_false(facts_of(client).up);
    resp_server_greets(server, RESP_GOOD, NULL);
    resp_server_serves(server, RESP_GOOD, NULL);
    await_facts(client, &kept, 2, 1);
    get(client, &kept, "k", 9, ample_us);
    await(client, &kept, 9);
    assert_int_equal(kept.last.error, CACHE_OK);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void there_is_an_end_to_what_may_be_under_way(void **state)
{
    NEEDS_HIREDIS;
    enum { OVER = 100 };
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept *const kept = calloc(1, sizeof *kept);
    assert_non_null(kept);
    resp_server_serves(server, RESP_HOLD, NULL);
    for (uintptr_t i = 0; i < REDIS_COMMANDS_MAX + OVER; i++)
        get(client, kept, "k", i, ample_us);
    await(client, kept, OVER);
    assert_int_equal(kept->of_error[CACHE_FAILED], OVER);
    resp_server_drop(server);
    await(client, kept, REDIS_COMMANDS_MAX + OVER);
    assert_int_equal(kept->of_error[CACHE_REFUSED], REDIS_COMMANDS_MAX);
    for (unsigned i = 0; i < REDIS_COMMANDS_MAX + OVER; i++)
        assert_int_equal(kept->times[i], 1);
    free(kept);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void what_is_forgotten_calls_nobody(void **state)
{
    NEEDS_HIREDIS;
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    resp_server_serves(server, RESP_HOLD, NULL);
    get(client, &kept, "a", 1, ample_us);
    get(client, &kept, "b", 2, 1000);
    redis_client_forget(client);
    assert_int_equal(redis_client_in_flight(client), 0);
    get(client, &kept, "c", 3, ample_us);
    while (resp_server_commands(server) < 4)
        ;
    resp_server_release(server);
    await(client, &kept, 1);
    assert_int_equal(kept.times[3], 1);
    assert_int_equal(facts_of(client).forgotten, 2);
    redis_client_destroy(client);
    resp_server_stop(server);
}

static void a_client_may_go_with_commands_under_way(void **state)
{
    NEEDS_HIREDIS;
    struct resp_server *const server = resp_server_start(NULL);
    struct redis_client *const client = connected(server, &calm);
    struct kept kept = {0};
    resp_server_serves(server, RESP_HOLD, NULL);
    get(client, &kept, "a", 1, ample_us);
    redis_client_destroy(client);
    assert_int_equal(kept.count, 0);
    redis_client_destroy(NULL);
    resp_server_stop(server);
}

/* ---- where -------------------------------------------------------------------------------------
 */

static void addresses_outside_are_not_spoken_to(void **state)
{
    NEEDS_HIREDIS;
    static const char *const urls[] = {"redis://8.8.8.8", "redis://[2600::1]:6379",
                                       "redis://:" CANARY "@169.254.169.254"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        const struct redis_address address = address_of(urls[i]);
        struct err err;
        CHECK_ROW(urls[i], redis_client_create(&address, &calm, &err) == NULL);
        CHECK_ROW(urls[i], err.code == ERR_USAGE);
        CHECK_ROW(urls[i], strstr(err.message, CANARY) == NULL);
    }
}

static void without_hiredis_it_is_said_how_to_get_it(void **state)
{
    (void)state;
    if (redis_protocol_version() != NULL) skip();
    const struct redis_address address = address_of("redis://127.0.0.1");
    struct err err;
    assert_null(redis_client_create(&address, NULL, &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    assert_non_null(strstr(err.hint, "libhiredis-dev"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_set_is_got),
        cmocka_unit_test(a_life_is_rounded_up_to_a_millisecond),
        cmocka_unit_test(many_under_way_get_their_own_answers),
        cmocka_unit_test(a_callback_may_ask_for_more),
        cmocka_unit_test(keys_are_removed),
        cmocka_unit_test(a_unix_socket_will_do),
        cmocka_unit_test(it_says_who_it_is_and_where_it_wants_to),
        cmocka_unit_test(a_greeting_that_fails_is_told_without_the_password),
        cmocka_unit_test(a_peer_that_says_nothing_is_not_waited_for_for_ever),
        cmocka_unit_test(a_port_that_swallows_connections_is_not_waited_for_for_ever),
        cmocka_unit_test(nobody_there_is_an_answer_too),
        cmocka_unit_test(a_late_answer_is_nobody_elses),
        cmocka_unit_test(a_hanging_peer_is_left_for_a_new_connection),
        cmocka_unit_test(a_wrong_answer_is_a_failure),
        cmocka_unit_test(a_server_that_comes_back_is_found_again),
        cmocka_unit_test(there_is_an_end_to_what_may_be_under_way),
        cmocka_unit_test(what_is_forgotten_calls_nobody),
        cmocka_unit_test(a_client_may_go_with_commands_under_way),
        cmocka_unit_test(addresses_outside_are_not_spoken_to),
        cmocka_unit_test(without_hiredis_it_is_said_how_to_get_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
