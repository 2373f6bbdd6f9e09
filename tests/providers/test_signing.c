/* Walmart's signatures, the client's side. Goal: the right text is signed with the right scheme,
 * and a key that is unfit, or open to others, is refused without a word of it in the message.
 * Method: texts by table; signatures verified by OpenSSL apart from our code; every kind of file
 * and key that somebody could hand in; each allocation failing in turn. */
#include "providers/signing.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include "router/base/memory.h"
#include "tests/support.h"

static EVP_PKEY *rsa; /* made once: 2048 bits take a while */
static char *rsa_pem;

static char *take(BIO *bio)
{
    char *bytes = NULL;
    const long length = BIO_get_mem_data(bio, &bytes);
    char *const text = strndup(bytes, (size_t)length);
    assert_non_null(text);
    BIO_free(bio);
    return text;
}

/* PKCS #8, locked when there is a passphrase. */
static char *pem_of(EVP_PKEY *key, const char *passphrase)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio, key, passphrase == NULL ? NULL : EVP_aes_128_cbc(), passphrase,
                         passphrase == NULL ? 0 : (int)strlen(passphrase), NULL, NULL),
                     1);
    return take(bio);
}

/* "BEGIN RSA PRIVATE KEY", as openssl genrsa of old writes it. */
static char *old_pem_of(EVP_PKEY *key, const char *passphrase)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PrivateKey_traditional(
                         bio, key, passphrase == NULL ? NULL : EVP_aes_128_cbc(),
                         (const unsigned char *)passphrase,
                         passphrase == NULL ? 0 : (int)strlen(passphrase), NULL, NULL),
                     1);
    return take(bio);
}

static char *public_pem_of(EVP_PKEY *key)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, key), 1);
    return take(bio);
}

static int make_key(void **state)
{
    (void)state;
    rsa = EVP_RSA_gen(SIGNING_BITS_MIN);
    if (rsa == NULL) return -1;
    rsa_pem = pem_of(rsa, NULL);
    return 0;
}

static int free_key(void **state)
{
    (void)state;
    free(rsa_pem);
    EVP_PKEY_free(rsa);
    return 0;
}

static struct signer *open_signer(const char *pem)
{
    struct err err = {0};
    struct signer *const signer = signer_from_pem(pem, &err);
    if (signer == NULL) fail_msg("%s", err.message);
    return signer;
}

/* ---- the text -------------------------------------------------------------------------------- */

static void values_are_trimmed_and_each_ends_its_line(void **state)
{
    (void)state;
    char longest[SIGNING_FIELD_MAX + 2];
    memset(longest, 'a', sizeof longest);
    longest[SIGNING_FIELD_MAX] = '\0';
    char too_long[SIGNING_FIELD_MAX + 2];
    memset(too_long, 'a', sizeof too_long);
    too_long[SIGNING_FIELD_MAX + 1] = '\0';
    const struct {
        const char *label, *id, *timestamp, *version;
        const char *text; /* NULL: refused */
    } rows[] = {
        {"plain", "a1-b2", "1717718400000", "1", "a1-b2\n1717718400000\n1\n"},
        {"blanks at the ends", "  a1-b2\t", " 17 ", "1\r\n", "a1-b2\n17\n1\n"},
        {"blanks within", "a b", "17", "1", "a b\n17\n1\n"},
        {"beyond ASCII", "\xC3\xBC", "17", "1", "\xC3\xBC\n17\n1\n"},
        {"no id", "", "17", "1", NULL},
        {"blank id", " \t ", "17", "1", NULL},
        {"no timestamp", "a", "", "1", NULL},
        {"no version", "a", "17", "", NULL},
        {"a line break within", "a\nb", "17", "1", NULL},
        {"a return within", "a", "1\r7", "1", NULL},
        {"a tab within", "a", "17", "1\t2", NULL},
        {"a delete",
         "a\x7F"
         "b",
         "17", "1", NULL},
        {"too long", too_long, "17", "1", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[SIGNING_TEXT_MAX];
        const size_t length = signing_text(rows[i].id, rows[i].timestamp, rows[i].version, text);
        CHECK_ROW(rows[i].label, (length > 0) == (rows[i].text != NULL));
        if (rows[i].text == NULL) continue;
        CHECK_ROW_TEXT(rows[i].label, text, rows[i].text);
        CHECK_ROW(rows[i].label, length == strlen(rows[i].text));
    }
    char text[SIGNING_TEXT_MAX];
    assert_int_equal(signing_text(longest, longest, longest, text), SIGNING_TEXT_MAX - 1);
}

/* ---- signing --------------------------------------------------------------------------------- */

static bool verifies(EVP_PKEY *key, const char *text, const char *base64)
{
    unsigned char bytes[1024];
    const int length = EVP_DecodeBlock(bytes, (const unsigned char *)base64, (int)strlen(base64));
    if (length < EVP_PKEY_get_size(key)) return false;
    EVP_MD_CTX *const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *of_key = NULL;
    assert_int_equal(EVP_DigestVerifyInit(context, &of_key, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PADDING), 1);
    const int fit = EVP_DigestVerify(context, bytes, (size_t)EVP_PKEY_get_size(key),
                                     (const unsigned char *)text, strlen(text));
    EVP_MD_CTX_free(context);
    return fit == 1;
}

static void a_signature_is_pkcs1_over_the_text_in_one_line_of_base64(void **state)
{
    (void)state;
    struct signer *const signer = open_signer(rsa_pem);
    char signature[SIGNATURE_TEXT_MAX];
    struct err err = {0};
    assert_true(signer_sign(signer, " a1-b2 ", 1717718400123, "1\n", signature, &err));
    assert_int_equal(strlen(signature), 344);
    assert_null(strpbrk(signature, "\r\n "));
    assert_true(verifies(rsa, "a1-b2\n1717718400123\n1\n", signature));
    assert_false(verifies(rsa, "a1-b2\n1717718400123\n1", signature));
    assert_false(verifies(rsa, "a1-b2\n1717718400124\n1\n", signature));
    signer_destroy(signer);
}

static void larger_keys_sign_longer(void **state)
{
    (void)state;
    EVP_PKEY *const key = EVP_RSA_gen(2304);
    char *const pem = pem_of(key, NULL);
    struct signer *const signer = open_signer(pem);
    char signature[SIGNATURE_TEXT_MAX];
    struct err err = {0};
    assert_true(signer_sign(signer, "a", 0, "1", signature, &err));
    assert_int_equal(strlen(signature), 384);
    assert_true(verifies(key, "a\n0\n1\n", signature));
    signer_destroy(signer);
    free(pem);
    EVP_PKEY_free(key);
}

static void the_same_text_is_signed_once(void **state)
{
    (void)state;
    static const struct {
        const char *label, *id, *version;
        int64_t timestamp_ms;
        uint64_t computed;
    } rows[] = {
        {"the first", "a", "1", 1000, 1},
        {"the same", "a", "1", 1000, 1},
        {"the same but for blanks", " a ", "1 ", 1000, 1},
        {"a millisecond later", "a", "1", 1001, 2},
        {"another id", "b", "1", 1001, 3},
        {"another version", "b", "2", 1001, 4},
        {"back to the first, long forgotten", "a", "1", 1000, 5},
        {"digits that move from one value to the next", "a1", "1", 0, 6},
        {"refused ones leave it alone", "", "1", 0, 6},
        {"and the last is still known", "a1", "1", 0, 6},
    };
    struct signer *const signer = open_signer(rsa_pem);
    char first[SIGNATURE_TEXT_MAX] = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char signature[SIGNATURE_TEXT_MAX], text[128];
        struct err err = {0};
        const bool done =
            signer_sign(signer, rows[i].id, rows[i].timestamp_ms, rows[i].version, signature, &err);
        CHECK_ROW(rows[i].label, signer_computed(signer) == rows[i].computed);
        CHECK_ROW(rows[i].label, done == (rows[i].id[0] != '\0'));
        if (!done) continue;
        (void)snprintf(text, sizeof text, "%s\n%lld\n%s\n",
                       strncmp(rows[i].id, " a", 2) == 0 ? "a" : rows[i].id,
                       (long long)rows[i].timestamp_ms, rows[i].version[0] == '2' ? "2" : "1");
        CHECK_ROW(rows[i].label, verifies(rsa, text, signature));
        if (i == 0) (void)strcpy(first, signature);
        CHECK_ROW(rows[i].label,
                  (strcmp(signature, first) == 0) == (strcmp(text, "a\n1000\n1\n") == 0));
    }
    signer_destroy(signer);
}

static void a_value_that_cannot_stand_in_a_header_is_an_error(void **state)
{
    (void)state;
    struct signer *const signer = open_signer(rsa_pem);
    char signature[SIGNATURE_TEXT_MAX];
    struct err err = {0};
    assert_false(signer_sign(signer, "a\nWM_EVIL: b", 1, "1", signature, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(signer_sign(signer, "a", 1, "", signature, &err));
    assert_int_equal(err.code, ERR_INPUT);
    signer_destroy(signer);
}

/* ---- keys ------------------------------------------------------------------------------------ */

/* No eight characters in a row of any line of the key. */
static void check_silence(const char *label, const struct err *err, const char *pem)
{
    enum { RUN = 8 };
    for (const char *at = pem; strlen(at) >= RUN; at++) {
        char run[RUN + 1];
        memcpy(run, at, RUN);
        run[RUN] = '\0';
        if (strpbrk(run, "- \n") != NULL) continue; /* the frame is no secret */
        CHECK_ROW(label, strstr(err->message, run) == NULL);
        CHECK_ROW(label, strstr(err->hint, run) == NULL);
    }
}

static void check_refused(const char *label, const char *pem, const char *reason)
{
    struct err err = {0};
    struct signer *const signer = signer_from_pem(pem, &err);
    CHECK_ROW(label, signer == NULL);
    CHECK_ROW(label, err.code == ERR_INPUT);
    if (strstr(err.message, reason) == NULL) print_error("%s\n", err.message);
    CHECK_ROW(label, strstr(err.message, reason) != NULL);
    check_silence(label, &err, pem);
}

static void keys_that_are_unfit_are_refused_in_words(void **state)
{
    (void)state;
    EVP_PKEY *const small = EVP_RSA_gen(1024), *const curve = EVP_EC_gen("P-256");
    char *const texts[] = {pem_of(rsa, "open sesame"), old_pem_of(rsa, "open sesame"),
                           public_pem_of(rsa), pem_of(small, NULL), pem_of(curve, NULL)};
    check_refused("locked", texts[0], "passphrase");
    check_refused("locked, the old way", texts[1], "passphrase");
    check_refused("public", texts[2], "no private key");
    check_refused("1024 bits", texts[3], "1024 bits");
    check_refused("of another kind", texts[4], "EC");
    check_refused("empty", "", "no PEM");
    check_refused("no PEM", "dGhpcyBpcyBub3QgYSBrZXk", "no PEM");
    check_refused("nothing within", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
                  "no private key");
    char *const half = strndup(rsa_pem, strlen(rsa_pem) / 2);
    check_refused("cut short", half, "no private key");
    char *const huge = malloc(SIGNING_PEM_MAX + 2);
    assert_non_null(huge);
    memset(huge, 'a', SIGNING_PEM_MAX + 1);
    huge[SIGNING_PEM_MAX + 1] = '\0';
    check_refused("endless", huge, "longer than");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(half);
    free(huge);
    EVP_PKEY_free(small);
    EVP_PKEY_free(curve);
}

static void a_key_with_damaged_numbers_is_refused(void **state)
{
    (void)state;
    /* A letter changed in the middle of each line: some hit a prime, some the exponent. */
    unsigned refused = 0, lines = 0;
    char *const pem = strdup(rsa_pem);
    assert_non_null(pem);
    for (char *line = strchr(pem, '\n') + 1; *line != '-'; line = strchr(line, '\n') + 1) {
        if (strchr(line, '\n') - line < 64) break;
        const char kept = line[30];
        line[30] = kept == 'A' ? 'B' : 'A';
        struct err err = {0};
        struct signer *const signer = signer_from_pem(pem, &err);
        lines++;
        if (signer == NULL) {
            refused++;
            check_silence("damaged", &err, pem);
        } else { /* OpenSSL makes up for a wrong prime; what it signs is right all the same */
            char signature[SIGNATURE_TEXT_MAX];
            assert_true(signer_sign(signer, "a", 0, "1", signature, &err));
            assert_true(verifies(rsa, "a\n0\n1\n", signature));
        }
        signer_destroy(signer);
        line[30] = kept;
    }
    assert_true(refused > 0);
    assert_true(lines > 20);
    free(pem);
}

static void keys_are_read_in_every_common_form(void **state)
{
    (void)state;
    char *const old = old_pem_of(rsa, NULL);
    struct {
        const char *label;
        char text[4096];
    } rows[5] = {
        {"PKCS #8", ""}, {"PKCS #1", ""}, {"one line", ""}, {"CR LF", ""}, {"a note first", ""}};
    (void)snprintf(rows[0].text, sizeof rows[0].text, "%s", rsa_pem);
    (void)snprintf(rows[1].text, sizeof rows[1].text, "%s", old);
    size_t folded = 0, returned = 0;
    for (const char *c = rsa_pem; *c != '\0'; c++) {
        folded += (size_t)sprintf(rows[2].text + folded, *c == '\n' ? "\\n" : "%c", *c);
        returned += (size_t)sprintf(rows[3].text + returned, *c == '\n' ? "\r\n" : "%c", *c);
    }
    (void)snprintf(rows[4].text, sizeof rows[4].text, "my key\n\n%s", rsa_pem);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signer *const signer = open_signer(rows[i].text);
        char signature[SIGNATURE_TEXT_MAX];
        struct err err = {0};
        CHECK_ROW(rows[i].label, signer_sign(signer, "a", 0, "1", signature, &err));
        CHECK_ROW(rows[i].label, verifies(rsa, "a\n0\n1\n", signature));
        signer_destroy(signer);
    }
    free(old);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_key_file_must_be_its_owners_alone(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool good;
    } rows[] = {{0600, true},  {0400, true},  {0700, true},  {0640, false}, {0644, false},
                {0604, false}, {0620, false}, {0602, false}, {0610, false}, {0666, false}};
    char path[TEST_PATH_MAX];
    test_write_file(BYTES_OF(rsa_pem), path);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(chmod(path, rows[i].mode), 0);
        char label[16];
        (void)snprintf(label, sizeof label, "%04o", (unsigned)rows[i].mode);
        struct err err = {0};
        struct signer *const signer = signer_from_file(path, &err);
        CHECK_ROW(label, (signer != NULL) == rows[i].good);
        if (!rows[i].good) {
            CHECK_ROW(label, err.code == ERR_INPUT);
            CHECK_ROW_TEXT(label, err.place.file, path);
            CHECK_ROW(label, strstr(err.message, "others may use") != NULL);
            CHECK_ROW(label, strstr(err.hint, "chmod 600") != NULL);
        }
        signer_destroy(signer);
    }
    assert_int_equal(unlink(path), 0);
}

static void a_link_to_a_private_file_is_followed(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX], link[TEST_PATH_MAX + 8];
    test_write_file(BYTES_OF(rsa_pem), path);
    (void)snprintf(link, sizeof link, "%s.link", path);
    assert_int_equal(symlink(path, link), 0);
    struct err err = {0};
    struct signer *const signer = signer_from_file(link, &err);
    assert_non_null(signer);
    signer_destroy(signer);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
}

static void what_is_no_file_or_no_key_is_refused_by_its_name(void **state)
{
    (void)state;
    char pipe_path[TEST_PATH_MAX], garbage[TEST_PATH_MAX], empty[TEST_PATH_MAX], big[TEST_PATH_MAX];
    test_write_file("", 0, pipe_path);
    assert_int_equal(unlink(pipe_path), 0);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    test_write_file("a\0b", 3, garbage);
    test_write_file("", 0, empty);
    char *const bytes = calloc(1, 1 << 20);
    assert_non_null(bytes);
    test_write_file(bytes, 1 << 20, big);
    free(bytes);
    const struct {
        const char *path, *reason;
    } rows[] = {{"/tmp/routesim-test-nowhere", "cannot read"},
                {"/tmp", "no file"},
                {"", "cannot read"},
                {pipe_path, "no file"}, /* and nobody waits for its other end */
                {garbage, "no PEM"},
                {empty, "no PEM"},
                {big, "longer than"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = {0};
        CHECK_ROW(rows[i].path, signer_from_file(rows[i].path, &err) == NULL);
        CHECK_ROW(rows[i].path, err.code == ERR_INPUT);
        CHECK_ROW_TEXT(rows[i].path, err.place.file, rows[i].path);
        CHECK_ROW(rows[i].path, strstr(err.message, rows[i].reason) != NULL);
    }
    assert_int_equal(unlink(pipe_path), 0);
    assert_int_equal(unlink(garbage), 0);
    assert_int_equal(unlink(empty), 0);
    assert_int_equal(unlink(big), 0);
}

static void memory_that_runs_out_is_a_clean_error(void **state)
{
    (void)state;
    uint32_t calls = 0;
    for (;; calls++) {
        struct err err = {0};
        memory_fail_after(calls + 1);
        struct signer *const signer = signer_from_pem(rsa_pem, &err);
        memory_fail_after(0);
        signer_destroy(signer);
        if (signer != NULL) break;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    assert_int_equal(calls, 2);
    signer_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_trimmed_and_each_ends_its_line),
        cmocka_unit_test(a_signature_is_pkcs1_over_the_text_in_one_line_of_base64),
        cmocka_unit_test(larger_keys_sign_longer),
        cmocka_unit_test(the_same_text_is_signed_once),
        cmocka_unit_test(a_value_that_cannot_stand_in_a_header_is_an_error),
        cmocka_unit_test(keys_that_are_unfit_are_refused_in_words),
        cmocka_unit_test(a_key_with_damaged_numbers_is_refused),
        cmocka_unit_test(keys_are_read_in_every_common_form),
        cmocka_unit_test(a_key_file_must_be_its_owners_alone),
        cmocka_unit_test(a_link_to_a_private_file_is_followed),
        cmocka_unit_test(what_is_no_file_or_no_key_is_refused_by_its_name),
        cmocka_unit_test(memory_that_runs_out_is_a_clean_error),
    };
    return cmocka_run_group_tests(tests, make_key, free_key);
}
