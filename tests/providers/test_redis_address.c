/* Addresses of a Redis: what they mean, how they are shown, and that a password is shown nowhere.
 */
#include "providers/redis_address.h"

#include "tests/support.h"

#define CANARY "CANARY-51c0"

static void a_good_address_means_what_it_says(void **state)
{
    (void)state;
    static const struct {
        const char *url, *shown, *user, *password;
    } rows[] = {
        {"redis://127.0.0.1", "redis://127.0.0.1:6379", "", NULL},
        {"redis://127.0.0.1/", "redis://127.0.0.1:6379", "", NULL},
        {"redis://127.0.0.1/0", "redis://127.0.0.1:6379", "", NULL},
        {"redis://127.0.0.1:6380/15", "redis://127.0.0.1:6380/15", "", NULL},
        {"redis://cache.internal:1/65535", "redis://cache.internal:1/65535", "", NULL},
        {"redis://[::1]", "redis://[::1]:6379", "", NULL},
        {"redis://[::1]:6380/2", "redis://[::1]:6380/2", "", NULL},
        {"redis://:secret@localhost", "redis://localhost:6379", "", "secret"},
        {"redis://me:secret@localhost", "redis://localhost:6379", "me", "secret"},
        {"redis://:@localhost", "redis://localhost:6379", "", ""},
        {"redis://:a:b/c@d%40%25@localhost/1", "redis://localhost:6379/1", "", "a:b/c@d@%"},
        {"unix:///run/redis.sock", "unix:///run/redis.sock", "", NULL},
        {"unix:///run/redis.sock?db=2", "unix:///run/redis.sock?db=2", "", NULL},
        {"unix://:secret@/run/a%20b", "unix:///run/a b", "", "secret"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct redis_address address;
        struct err err;
        struct text shown = {0};
        if (!redis_address_read(rows[i].url, &address, &err)) {
            print_error("row: %s\n", rows[i].url);
            fail_msg("%s", err.message);
        }
        redis_address_write(&address, &shown);
        CHECK_ROW_TEXT(rows[i].url, shown.bytes, rows[i].shown);
        CHECK_ROW_TEXT(rows[i].url, address.user, rows[i].user);
        CHECK_ROW(rows[i].url, address.has_password == (rows[i].password != NULL));
        CHECK_ROW_TEXT(rows[i].url, address.password,
                       rows[i].password != NULL ? rows[i].password : "");
        text_release(&shown);
    }
}

static void a_bad_address_is_refused_without_its_password(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "127.0.0.1:6379",
        "http://127.0.0.1",
        "rediss://:" CANARY "@127.0.0.1",
        CANARY "redis://127.0.0.1",
        "redis:" CANARY,
        "redis://",
        "redis://:" CANARY "@",
        "redis://" CANARY "@127.0.0.1",
        "redis://:" CANARY "%4@127.0.0.1",
        "redis://:" CANARY "%00@127.0.0.1",
        "redis://:" CANARY "@127.0.0.1:0",
        "redis://:" CANARY "@127.0.0.1:65536",
        "redis://:" CANARY "@127.0.0.1:x",
        "redis://:" CANARY "@127.0.0.1:",
        "redis://:" CANARY "@127.0.0.1/x",
        "redis://:" CANARY "@127.0.0.1/65536",
        "redis://:" CANARY "@127.0.0.1/1/2",
        "redis://:" CANARY "@[::1",
        "redis://:" CANARY "@[::1]x",
        "redis://:" CANARY "@ho st",
        "redis://:" CANARY "@host?db=1",
        "unix://",
        "unix://relative",
        "unix://:" CANARY "@relative",
        "unix://:" CANARY "@/run/x?db=",
        "unix://:" CANARY "@/run/x?" CANARY,
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct redis_address address;
        struct err err = {.code = ERR_NONE};
        CHECK_ROW(rows[i], !redis_address_read(rows[i], &address, &err));
        CHECK_ROW(rows[i], err.code == ERR_USAGE);
        CHECK_ROW(rows[i], err.message[0] != '\0' && err.hint[0] != '\0');
        CHECK_ROW(rows[i], strstr(err.message, CANARY) == NULL);
        CHECK_ROW(rows[i], strstr(err.hint, CANARY) == NULL);
    }
}

static void words_that_are_too_long_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
        size_t fits; /* so many bytes between them; one more does not */
    } rows[] = {{"redis://:", "@localhost", REDIS_WORD_MAX - 1},
                {"redis://", ":x@localhost", REDIS_WORD_MAX - 1},
                {"redis://", ":1", REDIS_HOST_MAX - 1},
                {"unix:///", "", REDIS_PATH_MAX - 2}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t more = 0; more < 2; more++) {
            char url[512] = "";
            struct redis_address address;
            struct err err;
            (void)snprintf(url, sizeof url, "%s", rows[i].before);
            const size_t length = strlen(url);
            memset(url + length, 'a', rows[i].fits + more);
            (void)snprintf(url + length + rows[i].fits + more, 32, "%s", rows[i].after);
            CHECK_ROW(rows[i].before, redis_address_read(url, &address, &err) == (more == 0));
        }
    }
}

static void a_word_with_an_address_is_shown_without_its_password(void **state)
{
    (void)state;
    static const struct {
        const char *word, *shown;
    } rows[] = {
        {"redis://127.0.0.1", "redis://127.0.0.1"},
        {"redis://:" CANARY "@127.0.0.1/1", "redis://127.0.0.1/1"},
        {"redis://me:a@" CANARY "@127.0.0.1", "redis://127.0.0.1"},
        {"--cache=redis://:" CANARY "@[::1]:1", "--cache=redis://[::1]:1"},
        {"unix://:" CANARY "@/run/x", "unix:///run/x"},
        {"rediss://:" CANARY "@h", "rediss://h"},
        {"redis:" CANARY "@h", "redis:h"},
        {"somebody@example.com", "somebody@example.com"},
        {"a@b-redis://h", "a@b-redis://h"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text shown = {0};
        text_put(&shown, ">");
        redis_address_hide(rows[i].word, &shown);
        CHECK_ROW_TEXT(rows[i].word, shown.bytes + 1, rows[i].shown);
        text_release(&shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_address_means_what_it_says),
        cmocka_unit_test(a_bad_address_is_refused_without_its_password),
        cmocka_unit_test(words_that_are_too_long_are_refused),
        cmocka_unit_test(a_word_with_an_address_is_shown_without_its_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
