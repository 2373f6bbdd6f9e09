/* Where the live client may connect. Goal: no name, literal or kept connection leads a live call to
 * an address that is not public, and a hung resolver holds up nobody. Method: a table of addresses
 * from IANA's registries, then calls; names are resolved by a getaddrinfo() of this test's own,
 * which libcurl finds before the C library's. */
#include "providers/http_client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/un.h>

#include "tests/providers/http_client_fixture.h"

/* ---- a resolver ------------------------------------------------------------------------------ */

static pthread_mutex_t resolver_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t resolver_freed = PTHREAD_COND_INITIALIZER;
static bool resolver_held;       /* "slow.test" is not answered while it is set */
static uint32_t resolver_inside; /* who waits for that */

static const struct {
    const char *name;
    const char *addresses[3];
} names[] = {
    {"local.test", {"127.0.0.1"}},
    {"slow.test", {"127.0.0.1"}},
    {"private.test", {"10.1.2.3"}},
    {"metadata.test", {"169.254.169.254"}},
    {"both.test", {"10.1.2.3", "::1"}},
    {"mapped.test", {"::ffff:127.0.0.1"}},
    {"out.test", {"8.8.8.8"}},
    {"half.test", {"127.0.0.1", "8.8.8.8"}},
    {"mappedout.test", {"::ffff:8.8.8.8"}},
};

/* One allocation an address, as freeaddrinfo() below expects. */
static struct addrinfo *make_entry(const char *text, const char *service, int type)
{
    struct {
        struct addrinfo info;
        struct sockaddr_in6 address;
    } *const entry = calloc(1, sizeof *entry);
    assert(entry != NULL);
    const uint16_t port = htons((uint16_t)strtoul(service, NULL, 10));
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = port};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = port};
    entry->info.ai_socktype = type;
    entry->info.ai_addr = (struct sockaddr *)&entry->address;
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
        entry->info.ai_family = AF_INET;
        entry->info.ai_addrlen = sizeof ipv4;
        memcpy(&entry->address, &ipv4, sizeof ipv4);
    } else {
        assert(inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1);
        entry->info.ai_family = AF_INET6;
        entry->info.ai_addrlen = sizeof ipv6;
        entry->address = ipv6;
    }
    return &entry->info;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **result)
{
    if (strcmp(name, "slow.test") == 0) {
        (void)pthread_mutex_lock(&resolver_lock);
        resolver_inside++;
        while (resolver_held)
            (void)pthread_cond_wait(&resolver_freed, &resolver_lock);
        resolver_inside--;
        (void)pthread_mutex_unlock(&resolver_lock);
    }
    *result = NULL;
    struct addrinfo **last = result;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i].name) != 0) continue;
        for (size_t k = 0; k < 3 && names[i].addresses[k] != NULL; k++) {
            *last = make_entry(names[i].addresses[k], service != NULL ? service : "0",
                               hints != NULL ? hints->ai_socktype : SOCK_STREAM);
            last = &(*last)->ai_next;
        }
    }
    return *result != NULL ? 0 : EAI_NONAME;
}

void freeaddrinfo(struct addrinfo *info)
{
    while (info != NULL) {
        struct addrinfo *const next = info->ai_next;
        free(info);
        info = next;
    }
}

static void hold_resolver(bool held)
{
    (void)pthread_mutex_lock(&resolver_lock);
    resolver_held = held;
    (void)pthread_cond_broadcast(&resolver_freed);
    (void)pthread_mutex_unlock(&resolver_lock);
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* What the client holds an address for: public, inside. */
static bool is(const char *text, bool (*what)(const struct sockaddr *))
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &ipv4.sin_addr) == 1) {
        return what((const struct sockaddr *)&ipv4);
    }
    CHECK_ROW(text, inet_pton(AF_INET6, text, &ipv6.sin6_addr) == 1);
    return what((const struct sockaddr *)&ipv6);
}

static void mock_servers_are_on_this_machine_or_in_private_networks(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool expected;
    } rows[] = {
        {"127.0.0.1", true},
        {"127.255.255.255", true},
        {"0.0.0.0", true},
        {"0.0.0.1", false},
        {"9.255.255.255", false},
        {"10.0.0.0", true},
        {"172.15.0.1", false},
        {"172.31.255.255", true},
        {"192.168.0.1", true},
        {"100.64.0.1", true},
        {"198.18.0.1", true},
        {"192.0.2.1", false},
        {"169.254.169.254", false},
        {"224.0.0.1", false},
        {"8.8.8.8", false},
        {"::", true},
        {"::1", true},
        {"::2", false},
        {"fc00::1", true},
        {"fdff::1", true},
        {"fe80::1", false},
        {"::ffff:10.0.0.1", true},
        {"::ffff:8.8.8.8", false},
        {"2002:a00:1::", false},
        {"2606:4700::1111", false},
        {"64:ff9b::10.0.0.1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].address, is(rows[i].address, http_address_is_inside) == rows[i].expected);
    }
}

static void addresses_are_public_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        bool expected;
    } rows[] = {
        /* each block's first and last address, and its neighbours */
        {"0.0.0.0", false},
        {"0.255.255.255", false},
        {"1.0.0.0", true},
        {"9.255.255.255", true},
        {"10.0.0.0", false},
        {"10.255.255.255", false},
        {"11.0.0.0", true},
        {"100.63.255.255", true},
        {"100.64.0.0", false},
        {"100.127.255.255", false},
        {"100.128.0.0", true},
        {"126.255.255.255", true},
        {"127.0.0.0", false},
        {"127.0.0.1", false},
        {"127.255.255.255", false},
        {"128.0.0.0", true},
        {"169.253.255.255", true},
        {"169.254.0.0", false},
        {"169.254.169.254", false},
        {"169.254.255.255", false},
        {"169.255.0.0", true},
        {"172.15.255.255", true},
        {"172.16.0.0", false},
        {"172.31.255.255", false},
        {"172.32.0.0", true},
        {"192.0.0.0", false},
        {"192.0.0.255", false},
        {"192.0.1.0", true},
        {"192.0.2.0", false},
        {"192.0.2.255", false},
        {"192.0.3.0", true},
        {"192.88.98.255", true},
        {"192.88.99.1", false},
        {"192.88.100.0", true},
        {"192.167.255.255", true},
        {"192.168.0.0", false},
        {"192.168.255.255", false},
        {"192.169.0.0", true},
        {"198.17.255.255", true},
        {"198.18.0.0", false},
        {"198.19.255.255", false},
        {"198.20.0.0", true},
        {"198.51.99.255", true},
        {"198.51.100.1", false},
        {"198.51.101.0", true},
        {"203.0.112.255", true},
        {"203.0.113.1", false},
        {"203.0.114.0", true},
        {"223.255.255.255", true},
        {"224.0.0.0", false},
        {"239.255.255.255", false},
        {"240.0.0.0", false},
        {"255.255.255.255", false},
        {"8.8.8.8", true},

        {"::", false},
        {"::1", false},
        {"::7f00:1", false},         /* IPv4-compatible */
        {"::ffff:127.0.0.1", false}, /* IPv4-mapped */
        {"::ffff:8.8.8.8", false},
        {"::ffff:0:8.8.8.8", false}, /* IPv4-translated */
        {"64:ff9b::8.8.8.8", true},  /* NAT64 of a public address */
        {"64:ff9b::10.0.0.1", false},
        {"64:ff9b::127.0.0.1", false},
        {"64:ff9b::169.254.169.254", false},
        {"64:ff9b:1::8.8.8.8", false}, /* NAT64 of some network of its own */
        {"64:ff9b::1:808:808", false},
        {"100::1", false}, /* discarded */
        {"1fff::1", false},
        {"2000::1", true},
        {"2001::1", false},         /* Teredo */
        {"2001:10::1", false},      /* ORCHID */
        {"2001:1ff:ffff::", false}, /* the last of the protocol assignments */
        {"2001:200::1", true},
        {"2001:db7::1", true},
        {"2001:db8::1", false},
        {"2001:db9::1", true},
        {"2001:4860:4860::8888", true},
        {"2002:7f00:1::", false}, /* 6to4 of 127.0.0.1 */
        {"2002:808:808::", false},
        {"2606:4700::1111", true},
        {"3fff::1", false},
        {"3fff:fff:ffff::", false},
        {"3fff:1000::", true},
        {"4000::1", false},
        {"fc00::1", false},
        {"fd12:3456::1", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_ROW(rows[i].address, is(rows[i].address, http_address_is_public) == rows[i].expected);
    const struct sockaddr_un file = {.sun_family = AF_UNIX, .sun_path = "/run/x"};
    assert_false(http_address_is_public((const struct sockaddr *)&file));
}

/* ---- places ---------------------------------------------------------------------------------- */

static void base_urls_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        bool mock;
        const char *error; /* NULL: it may be used */
    } rows[] = {
        {"https://api.kroger.com", false, NULL},
        {"https://api.kroger.com:8443", false, NULL},
        {"https://connect.instacart.com/v2", false, NULL},
        {"https://8.8.8.8", false, NULL},
        {"https://[2606:4700::1111]:8443/a/b", false, NULL},
        {"http://127.0.0.1:9004", true, NULL},
        {"http://[::1]:9004", true, NULL},
        {"https://localhost:1", true, NULL},
        {"http://mock:65535", true, NULL},
        {"", false, "https://"},
        {"api.kroger.com", false, "https://"},
        {"ftp://api.kroger.com", false, "https://"},
        {"file:///etc/passwd", true, "https://"},
        {"HTTPS://api.kroger.com", false, "https://"},
        {"http://api.kroger.com", false, "http is for mocks"},
        {"http://127.0.0.1:9004", false, "http is for mocks"},
        {"https://", false, "names no host"},
        {"https:///v1", false, "names no host"},
        {"https://:443", false, "names no host"},
        {"https://[::1", true, "names no host"},
        {"https://[zz]", true, "names no host"},
        {"https://[127.0.0.1]", true, "names no host"},
        {"https://caf\xC3\xA9.com", false, "no port"},
        {"https://a b.com", false, "no port"},
        {"https://a%2eb.com", false, "no port"},
        {"https://a\\@b.com", false, "credentials do not belong"},
        {"https://a.com:", false, "no port"},
        {"https://a.com:0", false, "no port"},
        {"https://a.com:080", false, "no port"},
        {"https://a.com:65536", false, "no port"},
        {"https://a.com:+80", false, "no port"},
        {"https://a.com:80x", false, "no port"},
        {"https://user:sesame@a.com", false, "credentials do not belong"},
        {"https://sesame@a.com", false, "credentials do not belong"},
        {"https://a.com?key=sesame", false, "query or a fragment"},
        {"https://a.com/v1?key=sesame", false, "query or a fragment"},
        {"https://a.com#sesame", false, "query or a fragment"},
        {"https://a.com/", false, "ends in a slash"},
        {"https://a.com/v1/", false, "ends in a slash"},
        {"https://a.com/a b", false, "percent-encoded"},
        {"https://a.com/a\r\nX: 1", false, "percent-encoded"},
        {"https://10.0.0.1", false, "public address"},
        {"https://127.0.0.1:9004", false, "public address"},
        {"https://169.254.169.254/latest", false, "public address"},
        {"https://[::1]", false, "public address"},
        {"https://[::ffff:8.8.8.8]", false, "public address"},
        {"http://8.8.8.8:80", true, "private network"},
        {"https://[2606:4700::1111]", true, "private network"},
        {"http://[::ffff:8.8.8.8]", true, "private network"},
        {"http://169.254.169.254", true, "private network"},
        {"http://10.1.2.3:80", true, NULL},
        {"http://[::ffff:10.1.2.3]", true, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_place place = {.declared_mock = rows[i].mock};
        strcpy(place.base_url, rows[i].url);
        struct err err = {0};
        const bool good = http_place_check(&place, &err);
        CHECK_ROW(rows[i].url, good == (rows[i].error == NULL));
        if (good) continue;
        CHECK_ROW(rows[i].url, err.code == ERR_INPUT);
        if (strstr(err.message, rows[i].error) == NULL)
            CHECK_ROW_TEXT(rows[i].url, err.message, rows[i].error);
        CHECK_ROW(rows[i].url, strstr(err.message, "sesame") == NULL);
    }
}

static void long_urls_and_missing_files_are_said(void **state)
{
    (void)state;
    struct http_place place = {.base_url = "https://"};
    struct err err = {0};
    memset(place.base_url + 8, 'a', sizeof place.base_url - 8);
    assert_false(http_place_check(&place, &err));
    assert_non_null(strstr(err.message, "at most 255 characters"));
    place.base_url[sizeof place.base_url - 1] = '\0';
    assert_true(http_place_check(&place, &err));

    place = (struct http_place){.base_url = "https://a.com", .ca_file = "/nowhere/ca.pem"};
    assert_false(http_place_check(&place, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.place.file, "/nowhere/ca.pem");
    place.ca_file = "/dev/null";
    assert_false(http_place_check(&place, &err));
    assert_non_null(strstr(err.message, "no certificate"));
}

/* ---- calls ----------------------------------------------------------------------------------- */

static const struct raw_step good[] = {
    RAW_DO(RAW_READ), RAW_SAY("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"), RAW_DO(RAW_AGAIN)};
static const struct raw_step no_tls[] = {RAW_SAY("this is no TLS\r\n"), RAW_DO(RAW_HANG)};

static struct kept call(struct fixture *fixture, const struct http_place *place,
                        const char *connect_to, int64_t life_us)
{
    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    const struct kept kept = fixture_call(fixture, &(struct http_call){.place = place,
                                                                       .request = &request,
                                                                       .connect_to = connect_to,
                                                                       .life_us = life_us});
    http_request_release(&request);
    return kept;
}

static void a_live_call_reaches_no_address_inside(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(no_tls);
    const unsigned port = raw_server_port(server);
    static const struct {
        const char *host;
        const char *connect_to; /* %u: the server's port */
        const char *shown;
    } rows[] = {
        {"local.test", NULL, "127.0.0.1"},
        {"private.test", NULL, "10.1.2.3"},
        {"metadata.test", NULL, "169.254.169.254"},
        {"both.test", NULL, "not public"},
        {"mapped.test", NULL, "::ffff:127.0.0.1"},
        {"localhost", NULL, "not public"},
        {"127.0.0.1", NULL, "127.0.0.1"},
        {"2130706433", NULL, "127.0.0.1"}, /* the same, as libcurl reads numbers */
        {"0x7f.1", NULL, "127.0.0.1"},
        {"017700000001", NULL, "127.0.0.1"},
        {"0", NULL, "0.0.0.0"},
        {"[::1]", NULL, "::1"},
        {"[::ffff:127.0.0.1]", NULL, "::ffff:127.0.0.1"},
        {"kroger.invalid", "localhost:%u", "not public"}, /* a name is no literal */
        {"kroger.invalid", "local.test:%u", "127.0.0.1"},
        {"kroger.invalid", "10.1.2.3:%u", "10.1.2.3"}, /* a literal, and no loopback */
        {"kroger.invalid", "0.0.0.0:%u", "0.0.0.0"},
    };
    struct fixture *const fixture = fixture_open(0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_place place = {.declared_mock = false};
        (void)snprintf(place.base_url, sizeof place.base_url, "https://%s:%u", rows[i].host, port);
        char there[64] = "";
        if (rows[i].connect_to != NULL) {
            const size_t name = strcspn(rows[i].connect_to, ":");
            (void)snprintf(there, sizeof there, "%.*s:%u", (int)name, rows[i].connect_to, port);
        }
        const struct kept kept =
            call(fixture, &place, rows[i].connect_to != NULL ? there : NULL, LIFE_US);
        const char *const label = rows[i].connect_to != NULL ? there : rows[i].host;
        if (kept.outcome.curl_code != CURLE_COULDNT_CONNECT)
            print_error("%s\n", kept.outcome.message);
        CHECK_ROW(label, kept.outcome.curl_code == CURLE_COULDNT_CONNECT);
        CHECK_ROW(label, kept.outcome.fate == CALL_REFUSED);
        CHECK_ROW(label, kept.outcome.phase == HTTP_PHASE_CONNECT);
        CHECK_ROW(label, strstr(kept.outcome.message, "not public") != NULL);
        CHECK_ROW(label, strstr(kept.outcome.message, rows[i].shown) != NULL);
    }
    assert_int_equal(raw_server_accepted(server), 0);
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_relay_on_loopback_may_stand_in_front_of_a_live_place(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(no_tls);
    const struct http_place place = {.base_url = "https://kroger.invalid"};
    struct fixture *const fixture = fixture_open(0, 0);
    char there[32];
    (void)snprintf(there, sizeof there, "127.0.0.1:%u", (unsigned)raw_server_port(server));
    const struct kept kept = call(fixture, &place, there, LIFE_US);
    assert_int_equal(kept.outcome.fate, CALL_TLS); /* it came as far as the handshake */
    assert_int_equal(raw_server_accepted(server), 1);
    const struct kept direct = call(fixture, &place, NULL, LIFE_US);
    assert_int_equal(direct.outcome.fate, CALL_DNS); /* the leave was the call's alone */
    fixture_close(fixture);
    raw_server_stop(server);
}

static void a_mock_is_called_on_this_machine_or_in_a_private_network(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    struct http_place place = {.declared_mock = true};
    (void)snprintf(place.base_url, sizeof place.base_url, "http://local.test:%u",
                   (unsigned)raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    const struct kept kept = call(fixture, &place, NULL, LIFE_US);
    assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
    fixture_close(fixture);
    raw_server_stop(server);
}

/* Mocks are called without limit and asked to place orders: nobody out there may be taken for one.
 * Neither the numbers that only a resolver understands nor a detour are a way round. */
static void a_mock_that_turns_out_to_be_outside_is_not_called(void **state)
{
    (void)state;
    static const struct {
        const char *url, *connect_to, *shown;
    } rows[] = {
        {"http://out.test:1", NULL, "8.8.8.8"},
        {"http://half.test:1", NULL, "8.8.8.8"},
        {"http://mappedout.test:1", NULL, "8.8.8.8"},
        {"http://metadata.test:1", NULL, "169.254.169.254"},
        {"http://local.test:1", "8.8.8.8:1", "8.8.8.8"},
    };
    struct fixture *const fixture = fixture_open(0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_place place = {.declared_mock = true};
        struct err err = {0};
        strcpy(place.base_url, rows[i].url);
        CHECK_ROW(rows[i].url, http_place_check(&place, &err)); /* a name says nothing yet */
        if (rows[i].connect_to == NULL) {
            CHECK_ROW(rows[i].url, !http_place_check_inside(&place, &err));
            CHECK_ROW(rows[i].url, strstr(err.message, rows[i].shown) != NULL);
            CHECK_ROW(rows[i].url, strstr(err.hint, "\"live\"") != NULL);
        }
        const struct kept kept = call(fixture, &place, rows[i].connect_to, LIFE_US);
        CHECK_ROW(rows[i].url, kept.outcome.fate == CALL_REFUSED);
        if (strcmp(rows[i].url, "http://half.test:1") == 0) continue; /* 127.0.0.1:1 refuses, too */
        CHECK_ROW(rows[i].url, kept.outcome.address_refused);
        CHECK_ROW(rows[i].url, strstr(kept.outcome.message, rows[i].shown) != NULL);
        CHECK_ROW(rows[i].url, strstr(kept.outcome.message, "private network") != NULL);
    }
    struct http_place place = {.base_url = "http://local.test", .declared_mock = true};
    struct err err = {0};
    assert_true(http_place_check_inside(&place, &err));
    strcpy(place.base_url, "http://nowhere.test/path");
    assert_true(http_place_check_inside(&place, &err)); /* its calls will tell */
    fixture_close(fixture);
}

/* ---- a resolver that says nothing ------------------------------------------------------------ */

static void a_hung_resolver_holds_up_nobody(void **state)
{
    (void)state;
    struct raw_server *const server = raw_server_start(good);
    const struct http_place mock = place_of_mock(raw_server_port(server));
    struct http_place slow = {.declared_mock = true};
    (void)snprintf(slow.base_url, sizeof slow.base_url, "http://slow.test:%u",
                   (unsigned)raw_server_port(server));
    struct fixture *const fixture = fixture_open(0, 0);
    hold_resolver(true);
    const struct kept late = call(fixture, &slow, NULL, 30000); /* would wait for ever */
    assert_int_equal(late.outcome.fate, CALL_UNANSWERED);
    assert_int_equal(late.outcome.phase, HTTP_PHASE_DNS);
    assert_non_null(strstr(late.outcome.message, "asking for its address"));
    assert_true(late.outcome.timing.dns_us > 0);

    struct http_request request = {0};
    http_request_begin(&request, HTTP_GET, "/");
    struct kept cancelled = {0};
    struct err err;
    const uint64_t ticket = http_client_start(
        fixture->client,
        &(struct http_call){
            .place = &slow, .request = &request, .life_us = LIFE_US, .owner = &cancelled},
        &err);
    struct kept kept = {0};
    assert_true(http_client_start(
                    fixture->client,
                    &(struct http_call){
                        .place = &mock, .request = &request, .life_us = LIFE_US, .owner = &kept},
                    &err) != 0);
    while (kept.ended == 0)
        http_client_wait(fixture->client, INT64_MAX);
    assert_int_equal(kept.outcome.fate, CALL_ANSWERED);
    assert_int_equal(cancelled.ended, 0);
    assert_true(http_client_cancel(fixture->client, ticket));
    hold_resolver(false);

    const struct kept answered = call(fixture, &slow, NULL, LIFE_US);
    assert_int_equal(answered.outcome.fate, CALL_ANSWERED);
    http_request_release(&request);
    fixture_close(fixture);
    raw_server_stop(server);
    for (bool inside = true; inside;) { /* the threads that were left behind end by themselves */
        (void)pthread_mutex_lock(&resolver_lock);
        inside = resolver_inside > 0;
        (void)pthread_mutex_unlock(&resolver_lock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_public_or_not),
        cmocka_unit_test(mock_servers_are_on_this_machine_or_in_private_networks),
        cmocka_unit_test(base_urls_are_checked),
        cmocka_unit_test(long_urls_and_missing_files_are_said),
        cmocka_unit_test(a_live_call_reaches_no_address_inside),
        cmocka_unit_test(a_relay_on_loopback_may_stand_in_front_of_a_live_place),
        cmocka_unit_test(a_mock_is_called_on_this_machine_or_in_a_private_network),
        cmocka_unit_test(a_mock_that_turns_out_to_be_outside_is_not_called),
        cmocka_unit_test(a_hung_resolver_holds_up_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
