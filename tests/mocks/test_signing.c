/* Walmart's signatures, the mock's side. Goal: what our signer and what openssl(1) sign under a
 * generation's key verifies, and nothing else does. Method: a round trip, then one thing changed at
 * a time; every single character of a signature spoiled; random garbage; threads that ask for one
 * key at once. */
#include "mocks/signing.h"

#include <pthread.h>
#include <sys/stat.h>

#include "providers/signing.h"
#include "router/base/memory.h"
#include "tests/support.h"

enum { CHARACTERS = 344 };

static const char *private_pem(uint32_t generation)
{
    struct err err = {0};
    const char *const pem = signing_keys_private_pem(generation, &err);
    if (pem == NULL) fail_msg("%s", err.message);
    return pem;
}

static void sign(uint32_t generation, const char *id, int64_t timestamp_ms, const char *version,
                 char signature[static SIGNATURE_TEXT_MAX])
{
    struct err err = {0};
    struct signer *const signer = signer_from_pem(private_pem(generation), &err);
    assert_non_null(signer);
    assert_true(signer_sign(signer, id, timestamp_ms, version, signature, &err));
    signer_destroy(signer);
}

static int forget(void **state)
{
    (void)state;
    signing_keys_forget();
    return 0;
}

static void a_signature_fits_its_own_values_and_generation_alone(void **state)
{
    (void)state;
    char signature[SIGNATURE_TEXT_MAX];
    sign(1, "a1-b2", 1717718400123, "1", signature);
    const struct {
        const char *label;
        uint32_t generation;
        const char *id, *timestamp, *version;
        bool fits;
    } rows[] = {
        {"as it was signed", 1, "a1-b2", "1717718400123", "1", true},
        {"a second time", 1, "a1-b2", "1717718400123", "1", true},
        {"blanks at the ends", 1, " a1-b2", "1717718400123 ", "1\t", true},
        {"another generation", 2, "a1-b2", "1717718400123", "1", false},
        {"another time", 1, "a1-b2", "1717718400124", "1", false},
        {"the same time, written otherwise", 1, "a1-b2", "01717718400123", "1", false},
        {"another id", 1, "a1-b3", "1717718400123", "1", false},
        {"the same id in capitals", 1, "A1-B2", "1717718400123", "1", false},
        {"another version", 1, "a1-b2", "1717718400123", "2", false},
        {"values that have moved", 1, "a1-b21717718400123", "1", "1", false},
        {"a line break smuggled in", 1, "a1-b2\n1717718400123", "1", "1", false},
        {"no id", 1, "", "1717718400123", "1", false},
        {"id missing", 1, NULL, "1717718400123", "1", false},
        {"time missing", 1, "a1-b2", NULL, "1", false},
        {"version missing", 1, "a1-b2", "1717718400123", NULL, false},
        {"generation 0", 0, "a1-b2", "1717718400123", "1", false},
        {"past the last generation", SIGNING_GENERATIONS_MAX + 1, "a1-b2", "1717718400123", "1",
         false},
        {"far past it", UINT32_MAX, "a1-b2", "1717718400123", "1", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_ROW(rows[i].label, signing_verify(rows[i].generation, rows[i].id, rows[i].timestamp,
                                                rows[i].version, signature) == rows[i].fits);
    }
    assert_false(signing_verify(1, "a1-b2", "1717718400123", "1", NULL));
}

static void the_last_generation_has_a_key_of_its_own(void **state)
{
    (void)state;
    char signature[SIGNATURE_TEXT_MAX];
    sign(SIGNING_GENERATIONS_MAX, "a", 5, "1", signature);
    assert_true(signing_verify(SIGNING_GENERATIONS_MAX, "a", "5", "1", signature));
    assert_false(signing_verify(1, "a", "5", "1", signature));
    assert_string_not_equal(private_pem(1), private_pem(SIGNING_GENERATIONS_MAX));
    assert_ptr_equal(private_pem(1), private_pem(1));
}

/* ---- base64 ---------------------------------------------------------------------------------- */

static bool verify(const char *signature)
{
    return signing_verify(1, "a", "5", "1", signature);
}

static void no_character_of_a_signature_may_change(void **state)
{
    (void)state;
    static const char others[] = "Aa/+=- \n\t\x80\xFF";
    char signature[SIGNATURE_TEXT_MAX];
    sign(1, "a", 5, "1", signature);
    assert_true(verify(signature));
    for (size_t i = 0; i < CHARACTERS; i++) {
        const char kept = signature[i];
        for (const char *other = others; *other != '\0'; other++) {
            if (*other == kept) continue;
            if (i % 16 != 0 && i < CHARACTERS - 4 && other > others + 1)
                break; /* the rest: at some */
            signature[i] = *other;
            assert_false(verify(signature));
        }
        signature[i] = kept;
    }
    assert_true(verify(signature));
}

static void base64_is_read_strictly(void **state)
{
    (void)state;
    char good[SIGNATURE_TEXT_MAX];
    sign(1, "a", 5, "1", good);
    assert_string_equal(good + CHARACTERS - 2, "==");
    char text[2 * SIGNATURE_TEXT_MAX];
    const struct {
        const char *label, *format;
    } rows[] = {
        {"a blank before", " %s"},
        {"a blank behind", "%s "},
        {"a line break behind", "%s\n"},
        {"twice", "%1$s%1$s"},
        {"more padding", "%s="},
        {"more padding, whole", "%s===="},
        {"one padding less", "%.343s"},
        {"no padding", "%.342s"},
        {"cut short to whole fours", "%.340s"},
        {"only the beginning", "%.4s"},
        {"nothing", "%.0s"},
        {"padding in its middle", "%.340s===="},
        {"url-safe alphabet", "-_%.342s"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        (void)snprintf(text, sizeof text, rows[i].format, good);
#pragma GCC diagnostic pop
        CHECK_ROW(rows[i].label, !verify(text));
    }
    /* Four bits of the last character before the padding mean nothing, and have to be 0. */
    (void)strcpy(text, good);
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *const last = strchr(alphabet, good[CHARACTERS - 3]);
    assert_int_equal((last - alphabet) % 16, 0);
    text[CHARACTERS - 3] = last[1];
    assert_false(verify(text));
}

static void garbage_is_no_signature_and_does_no_harm(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (uint64_t round = 0; round < 3000; round++) {
        const uint64_t kind = test_bits(round, 0) % 3;
        const size_t length = kind == 0 ? test_bits(round, 1) % 600 : CHARACTERS;
        char *const text = malloc(length + 1); /* so that the sanitizer sees one byte too many */
        assert_non_null(text);
        for (size_t i = 0; i < length; i++) {
            const uint64_t bits = test_bits(round, 2 + i);
            text[i] = kind == 1 ? (char)(bits % 255 + 1) : alphabet[bits % 64];
        }
        if (kind == 2) memcpy(text + CHARACTERS - 3, "A==", 3); /* well formed: 256 random bytes */
        text[length] = '\0';
        assert_false(verify(text));
        free(text);
    }
}

/* ---- openssl(1) ------------------------------------------------------------------------------ */

/* What a shell command prints; false when it fails. */
static bool run(const char *command, char *output, size_t size)
{
    FILE *const pipe = popen(command, "r");
    assert_non_null(pipe);
    const size_t length = fread(output, 1, size - 1, pipe);
    output[length] = '\0';
    return pclose(pipe) == 0;
}

static void what_openssl_dgst_signs_verifies(void **state)
{
    (void)state;
    char output[1024], key[TEST_PATH_MAX], text[TEST_PATH_MAX], command[512];
    if (!run("openssl version 2>/dev/null", output, sizeof output)) {
        print_message("skipped: there is no openssl command here\n");
        skip();
    }
    test_write_file(BYTES_OF(private_pem(1)), key);
    test_write_file(BYTES_OF("a1-b2\n1717718400123\n1\n"), text);
    (void)snprintf(command, sizeof command, "openssl dgst -sha256 -sign %s %s | openssl base64 -A",
                   key, text);
    assert_true(run(command, output, sizeof output));
    assert_int_equal(unlink(key), 0);
    assert_int_equal(unlink(text), 0);
    assert_int_equal(strlen(output), CHARACTERS);
    assert_true(signing_verify(1, "a1-b2", "1717718400123", "1", output));
    assert_false(signing_verify(2, "a1-b2", "1717718400123", "1", output));
    char ours[SIGNATURE_TEXT_MAX]; /* PKCS #1 v1.5 knows no chance: both must be the same */
    sign(1, "a1-b2", 1717718400123, "1", ours);
    assert_string_equal(output, ours);
}

static void openssl_dgst_verifies_ours_with_the_public_key(void **state)
{
    (void)state;
    char output[1024], key[TEST_PATH_MAX], text[TEST_PATH_MAX], signed_by_us[TEST_PATH_MAX];
    char signature[SIGNATURE_TEXT_MAX], command[512];
    if (!run("openssl version 2>/dev/null", output, sizeof output)) {
        print_message("skipped: there is no openssl command here\n");
        skip();
    }
    struct err err = {0};
    const char *const public_pem = signing_keys_public_pem(1, &err);
    assert_non_null(public_pem);
    assert_null(strstr(public_pem, "PRIVATE"));
    sign(1, "a", 5, "1", signature);
    test_write_file(BYTES_OF(public_pem), key);
    test_write_file(BYTES_OF("a\n5\n1\n"), text);
    test_write_file(BYTES_OF(signature), signed_by_us);
    (void)snprintf(command, sizeof command,
                   "openssl base64 -d -A -in %s -out %s.raw && "
                   "openssl dgst -sha256 -verify %s -signature %s.raw %s; status=$?; rm -f %s.raw; "
                   "exit $status",
                   signed_by_us, signed_by_us, key, signed_by_us, text, signed_by_us);
    const bool good = run(command, output, sizeof output);
    assert_int_equal(unlink(key), 0);
    assert_int_equal(unlink(text), 0);
    assert_int_equal(unlink(signed_by_us), 0);
    assert_true(good);
    assert_string_equal(output, "Verified OK\n");
}

/* ---- making keys ----------------------------------------------------------------------------- */

enum { ASKERS = 6, ASKED = 3 };

static void *ask(void *context)
{
    struct err err;
    *(const char **)context = signing_keys_private_pem(ASKED, &err);
    return NULL;
}

static void threads_that_ask_at_once_get_one_key(void **state)
{
    (void)state;
    pthread_t threads[ASKERS];
    const char *answers[ASKERS] = {NULL};
    for (unsigned i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &answers[i]), 0);
    for (unsigned i = 0; i < ASKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_non_null(answers[i]);
        assert_ptr_equal(answers[i], answers[0]);
    }
    char signature[SIGNATURE_TEXT_MAX];
    sign(ASKED, "a", 5, "1", signature);
    assert_true(signing_verify(ASKED, "a", "5", "1", signature));
}

static void a_key_that_finds_no_memory_is_tried_again(void **state)
{
    (void)state;
    enum { GENERATION = 4 };
    for (uint32_t countdown = 1; countdown <= 2; countdown++) {
        struct err err = {0};
        memory_fail_after(countdown);
        assert_null(signing_keys_private_pem(GENERATION, &err));
        memory_fail_after(0);
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    assert_non_null(private_pem(GENERATION));
}

static void forgotten_keys_are_made_anew_and_old_signatures_fit_no_more(void **state)
{
    (void)state;
    char signature[SIGNATURE_TEXT_MAX];
    sign(1, "a", 5, "1", signature);
    signing_keys_forget();
    assert_false(signing_verify(1, "a", "5", "1", signature));
    sign(1, "a", 5, "1", signature);
    assert_true(signing_verify(1, "a", "5", "1", signature));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_fits_its_own_values_and_generation_alone),
        cmocka_unit_test(the_last_generation_has_a_key_of_its_own),
        cmocka_unit_test(no_character_of_a_signature_may_change),
        cmocka_unit_test(base64_is_read_strictly),
        cmocka_unit_test(garbage_is_no_signature_and_does_no_harm),
        cmocka_unit_test(what_openssl_dgst_signs_verifies),
        cmocka_unit_test(openssl_dgst_verifies_ours_with_the_public_key),
        cmocka_unit_test(threads_that_ask_at_once_get_one_key),
        cmocka_unit_test(a_key_that_finds_no_memory_is_tried_again),
        cmocka_unit_test(forgotten_keys_are_made_anew_and_old_signatures_fit_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
