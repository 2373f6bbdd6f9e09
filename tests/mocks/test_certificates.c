/* Certificates made on the spot. Goal: a client that trusts ca.pem accepts the good one and refuses
 * each of the others for one reason; files are whole, private and never somebody else's. Method:
 * OpenSSL's own path validation in its strict mode, with all its complaints gathered, for every
 * kind and host; then each system call and each signature failing in turn. */
#include "mocks/certificates.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <time.h>

#include "router/base/memory.h"
#include "tests/support.h"

/* link: -Wl,--wrap=X509_sign,--wrap=write,--wrap=fsync,--wrap=rename,--wrap=OPENSSL_cleanse */
int __real_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *digest);
int __wrap_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *digest);
ssize_t __real_write(int file, const void *bytes, size_t length);
ssize_t __wrap_write(int file, const void *bytes, size_t length);
int __real_fsync(int file);
int __wrap_fsync(int file);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
void __real_OPENSSL_cleanse(void *bytes, size_t length);
void __wrap_OPENSSL_cleanse(void *bytes, size_t length);

static int fail_in; /* the so manieth wrapped call fails; 0: none */
static size_t cleansed_bytes;
static unsigned cleansed_count;

static bool is_due(void)
{
    return fail_in > 0 && --fail_in == 0;
}

int __wrap_X509_sign(X509 *x, EVP_PKEY *key, const EVP_MD *digest)
{
    return is_due() ? 0 : __real_X509_sign(x, key, digest);
}

/* The test's own output goes through write() too, and is left in peace. */
ssize_t __wrap_write(int file, const void *bytes, size_t length)
{
    if (file <= STDERR_FILENO || !is_due()) return __real_write(file, bytes, length);
    errno = ENOSPC;
    return -1;
}

int __wrap_fsync(int file)
{
    if (!is_due()) return __real_fsync(file);
    errno = EIO;
    return -1;
}

int __wrap_rename(const char *from, const char *to)
{
    if (!is_due()) return __real_rename(from, to);
    errno = EACCES;
    return -1;
}

void __wrap_OPENSSL_cleanse(void *bytes, size_t length)
{
    cleansed_bytes += length;
    cleansed_count++;
    __real_OPENSSL_cleanse(bytes, length);
}

/* ---- reading them ---------------------------------------------------------------------------- */

static const struct certificate_wish usual_wish = {
    .hosts = {"localhost", "127.0.0.1", "::1", "kroger.mock.invalid", "*.shop.invalid"}};

static struct certificates make(const struct certificate_wish *wish)
{
    struct certificates made;
    struct err err = {0};
    if (!certificates_make(wish, &made, &err)) fail_msg("%s", err.message);
    return made;
}

/* Certificate number `index` of a PEM text; NULL past the last. */
static X509 *read_certificate(const char *pem, unsigned index)
{
    BIO *const bio = BIO_new_mem_buf(pem, -1);
    X509 *certificate = NULL;
    for (unsigned i = 0; i <= index; i++) {
        X509_free(certificate);
        certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    }
    BIO_free(bio);
    return certificate;
}

static EVP_PKEY *read_key(const char *pem)
{
    BIO *const bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *const key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key;
}

/* ---- validation ------------------------------------------------------------------------------ */

enum { COMPLAINTS_MAX = 8 };
static int complaints[COMPLAINTS_MAX];
static unsigned complaint_count;

/* Goes on after each complaint, so that all are heard; a repeated one counts once. */
static int gather(int good, X509_STORE_CTX *context)
{
    if (good) return 1;
    const int complaint = X509_STORE_CTX_get_error(context);
    for (unsigned i = 0; i < complaint_count; i++) {
        if (complaints[i] == complaint) return 1;
    }
    assert_true(complaint_count < COMPLAINTS_MAX);
    complaints[complaint_count++] = complaint;
    return 1;
}

/* What a client that trusts `ca_pem` alone has to say to a server that shows `chain_pem`. */
static void validate(const char *ca_pem, const char *chain_pem, const char *host)
{
    X509_STORE *const store = X509_STORE_new();
    X509 *const ca = read_certificate(ca_pem, 0);
    X509 *const server = read_certificate(chain_pem, 0);
    STACK_OF(X509) *const others = sk_X509_new_null();
    assert_int_equal(sk_X509_push(others, read_certificate(chain_pem, 1)), 1);
    assert_null(read_certificate(chain_pem, 2));
    assert_int_equal(X509_STORE_add_cert(store, ca), 1);

    X509_STORE_CTX *const context = X509_STORE_CTX_new();
    assert_int_equal(X509_STORE_CTX_init(context, store, server, others), 1);
    X509_VERIFY_PARAM *const parameters = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_X509_STRICT);
    assert_int_equal(X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER), 1);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, host) != 1) {
        assert_int_equal(X509_VERIFY_PARAM_set1_host(parameters, host, 0), 1);
    }
    X509_STORE_CTX_set_verify_cb(context, gather);
    complaint_count = 0;
    (void)X509_verify_cert(context);

    X509_STORE_CTX_free(context);
    sk_X509_pop_free(others, X509_free);
    X509_free(server);
    X509_free(ca);
    X509_STORE_free(store);
}

static bool the_only_complaint_is(int complaint)
{
    if (complaint_count == 1 && complaints[0] == complaint) return true;
    for (unsigned i = 0; i < complaint_count; i++) {
        print_error("complaint: %s\n", X509_verify_cert_error_string(complaints[i]));
    }
    return false;
}

static void a_client_accepts_the_good_one_and_refuses_each_other_for_one_reason(void **state)
{
    (void)state;
    static const int reasons[CERTIFICATE_KIND_COUNT] = {
        [CERTIFICATE_GOOD] = X509_V_OK,
        [CERTIFICATE_EXPIRED] = X509_V_ERR_CERT_HAS_EXPIRED,
        [CERTIFICATE_WRONG_HOST] = X509_V_ERR_HOSTNAME_MISMATCH,
        [CERTIFICATE_UNKNOWN_ISSUER] = X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
    };
    static const char *const hosts[] = {"localhost", "127.0.0.1", "::1", "kroger.mock.invalid",
                                        "walmart.shop.invalid"};
    struct certificates made = make(&usual_wish);
    for (unsigned kind = 0; kind < CERTIFICATE_KIND_COUNT; kind++) {
        for (size_t h = 0; h < sizeof hosts / sizeof *hosts; h++) {
            validate(made.ca_pem, made.of[kind].cert_pem, hosts[h]);
            const bool is_address = strpbrk(hosts[h], "abcdefghijklmnopqrstuvwxyz") == NULL;
            int reason = reasons[kind];
            if (reason == X509_V_ERR_HOSTNAME_MISMATCH && is_address) {
                reason = X509_V_ERR_IP_ADDRESS_MISMATCH;
            }
            CHECK_ROW(certificate_kind_names[kind],
                      reason == X509_V_OK ? complaint_count == 0 : the_only_complaint_is(reason));
        }
    }
    validate(made.ca_pem, made.of[CERTIFICATE_WRONG_HOST].cert_pem, CERTIFICATE_OTHER_HOST);
    assert_int_equal(complaint_count, 0);
    validate(made.ca_pem, made.of[CERTIFICATE_GOOD].cert_pem, "instacart.mock.invalid");
    assert_true(the_only_complaint_is(X509_V_ERR_HOSTNAME_MISMATCH));
    validate(made.ca_pem, made.of[CERTIFICATE_GOOD].cert_pem, "127.0.0.2");
    assert_true(the_only_complaint_is(X509_V_ERR_IP_ADDRESS_MISMATCH));
    certificates_release(&made);
}

static void another_authority_of_the_same_name_is_not_trusted(void **state)
{
    (void)state;
    struct certificates one = make(&usual_wish), other = make(&usual_wish);
    validate(other.ca_pem, one.of[CERTIFICATE_GOOD].cert_pem, "localhost");
    assert_true(complaint_count > 0);
    certificates_release(&one);
    certificates_release(&other);
}

/* ---- what they say --------------------------------------------------------------------------- */

static int64_t unix_s_of(const ASN1_TIME *time_of)
{
    ASN1_TIME *const epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, time_of), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static bool lies_between(int64_t value, int64_t low, int64_t high)
{
    return value >= low && value <= high;
}

static void lives_are_counted_from_the_real_clock(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned kind;        /* CERTIFICATE_KIND_COUNT: the authority */
        int from_day, to_day; /* from now */
    } rows[] = {
        {"good", CERTIFICATE_GOOD, -1, 29},
        {"expired", CERTIFICATE_EXPIRED, -31, -1},
        {"wrong host", CERTIFICATE_WRONG_HOST, -1, 29},
        {"unknown issuer", CERTIFICATE_UNKNOWN_ISSUER, -1, 29},
        {"authority", CERTIFICATE_KIND_COUNT, -32, 29},
    };
    const int64_t before_s = time(NULL);
    struct certificates made = make(&usual_wish);
    const int64_t after_s = time(NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *const pem =
            rows[i].kind == CERTIFICATE_KIND_COUNT ? made.ca_pem : made.of[rows[i].kind].cert_pem;
        X509 *const certificate = read_certificate(pem, 0);
        const int64_t from_s = unix_s_of(X509_get0_notBefore(certificate));
        const int64_t to_s = unix_s_of(X509_get0_notAfter(certificate));
        CHECK_ROW(rows[i].label,
                  lies_between(from_s - rows[i].from_day * INT64_C(86400), before_s, after_s));
        CHECK_ROW(rows[i].label,
                  lies_between(to_s - rows[i].to_day * INT64_C(86400), before_s, after_s));
        X509_free(certificate);
    }
    certificates_release(&made);
}

static void every_name_says_mock_and_every_serial_is_its_own(void **state)
{
    (void)state;
    enum { MADE = 4, ALL = MADE * (CERTIFICATE_KIND_COUNT + 1) };
    uint64_t serials[ALL];
    unsigned count = 0;
    for (unsigned m = 0; m < MADE; m++) {
        struct certificates made = make(&usual_wish);
        for (unsigned kind = 0; kind <= CERTIFICATE_KIND_COUNT; kind++) {
            X509 *const certificate = read_certificate(
                kind < CERTIFICATE_KIND_COUNT ? made.of[kind].cert_pem : made.ca_pem, 0);
            char subject[256], issuer[256];
            (void)X509_NAME_oneline(X509_get_subject_name(certificate), subject, sizeof subject);
            (void)X509_NAME_oneline(X509_get_issuer_name(certificate), issuer, sizeof issuer);
            assert_non_null(strstr(subject, "CN=routesim mock"));
            assert_non_null(strstr(issuer, "CN=routesim mock"));
            assert_int_equal(
                ASN1_INTEGER_get_uint64(&serials[count], X509_get0_serialNumber(certificate)), 1);
            assert_true(serials[count] >> 62 == 1);
            for (unsigned i = 0; i < count; i++)
                assert_true(serials[i] != serials[count]);
            count++;
            X509_free(certificate);
        }
        certificates_release(&made);
    }
    assert_int_equal(count, ALL);
}

static void each_key_is_p256_and_belongs_to_its_certificate_alone(void **state)
{
    (void)state;
    struct certificates made = make(&usual_wish);
    for (unsigned k = 0; k < CERTIFICATE_KIND_COUNT; k++) {
        EVP_PKEY *const key = read_key(made.of[k].key_pem);
        assert_non_null(key);
        char group[32] = "";
        assert_int_equal(EVP_PKEY_get_group_name(key, group, sizeof group, NULL), 1);
        assert_string_equal(group, "prime256v1");
        for (unsigned c = 0; c < CERTIFICATE_KIND_COUNT; c++) {
            X509 *const certificate = read_certificate(made.of[c].cert_pem, 0);
            assert_int_equal(X509_check_private_key(certificate, key), k == c);
            X509_free(certificate);
        }
        EVP_PKEY_free(key);
    }
    certificates_release(&made);
}

/* ---- wishes ---------------------------------------------------------------------------------- */

static void hosts_are_names_and_addresses_and_nothing_else(void **state)
{
    (void)state;
    static const char label_63[] =
        "a23456789012345678901234567890123456789012345678901234567890123";
    static const char label_64[] =
        "a234567890123456789012345678901234567890123456789012345678901234";
    static const struct {
        const char *host;
        bool good;
    } rows[] = {
        {"localhost", true},
        {"api.kroger.com", true},
        {"API.Kroger.com", true},
        {"xn--bcher-kva.example", true},
        {"*.mock.invalid", true},
        {"3com.example", true},
        {"127.0.0.1", true},
        {"::1", true},
        {"2001:db8::17", true},
        {label_63, true},
        {label_64, false},
        {"", false},
        {".", false},
        {"a..b", false},
        {"localhost.", false},
        {"-a.example", false},
        {"a-.example", false},
        {"*", false},
        {"*.", false},
        {"a.*.example", false},
        {"256.0.0.1", false},
        {"127.1", false},
        {"127.0.0.1:443", false},
        {"[::1]", false},
        {"host name", false},
        {"host\n", false},
        {"a,DNS:evil.example", false}, /* would be a second name */
        {"DNS:evil.example", false},
        {"b\xC3\xBC"
         "cher.example",
         false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct certificate_wish wish = {.hosts = {rows[i].host}};
        struct certificates made;
        struct err err = {0};
        const bool good = certificates_make(&wish, &made, &err);
        CHECK_ROW(rows[i].host, good == rows[i].good);
        if (good) {
            validate(made.ca_pem, made.of[CERTIFICATE_GOOD].cert_pem,
                     rows[i].host[0] == '*' ? "any.mock.invalid" : rows[i].host);
            CHECK_ROW(rows[i].host, complaint_count == 0);
        } else {
            CHECK_ROW(rows[i].host, err.code == ERR_USAGE);
            CHECK_ROW(rows[i].host, made.ca_pem == NULL);
        }
        certificates_release(&made);
    }
}

static void a_wish_without_hosts_is_refused_and_a_full_one_is_met(void **state)
{
    (void)state;
    struct certificate_wish wish = {0};
    struct certificates made;
    struct err err = {0};
    assert_false(certificates_make(&wish, &made, &err));
    assert_int_equal(err.code, ERR_USAGE);

    char names[CERTIFICATE_HOSTS_MAX][CERTIFICATE_HOST_TEXT_MAX + 1];
    for (unsigned i = 0; i < CERTIFICATE_HOSTS_MAX; i++) { /* all as long as names may be */
        for (unsigned c = 0; c < CERTIFICATE_HOST_TEXT_MAX; c++) {
            names[i][c] = c % 60 == 59 ? '.' : (char)('a' + i);
        }
        names[i][CERTIFICATE_HOST_TEXT_MAX] = '\0';
        wish.hosts[i] = names[i];
    }
    made = make(&wish);
    for (unsigned i = 0; i < CERTIFICATE_HOSTS_MAX; i++) {
        validate(made.ca_pem, made.of[CERTIFICATE_GOOD].cert_pem, names[i]);
        assert_int_equal(complaint_count, 0);
    }
    certificates_release(&made);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void open_folder(char folder[TEST_PATH_MAX])
{
    (void)snprintf(folder, TEST_PATH_MAX, "/tmp/routesim-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
}

static unsigned files_in(const char *folder)
{
    DIR *const directory = opendir(folder);
    assert_non_null(directory);
    unsigned count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(directory);
    return count;
}

static char *path_in(const char *folder, const char *name)
{
    static char path[TEST_PATH_MAX + 64];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void close_folder(const char *folder)
{
    static const char *const names[] = {"ca.pem", "good.pem", "good.key", "expired.pem",
                                        "expired.key"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)remove(path_in(folder, names[i]));
    assert_int_equal(rmdir(folder), 0);
}

static void read_file(const char *path, char *bytes, size_t size)
{
    FILE *const stream = fopen(path, "rb");
    assert_non_null(stream);
    const size_t length = fread(bytes, 1, size - 1, stream);
    bytes[length] = '\0';
    assert_int_equal(fclose(stream), 0);
}

static void check_file(const char *folder, const char *name, const char *pem, mode_t mode)
{
    char bytes[8192];
    struct stat there;
    assert_int_equal(lstat(path_in(folder, name), &there), 0);
    assert_true(S_ISREG(there.st_mode));
    assert_int_equal(there.st_mode & 07777, mode);
    read_file(path_in(folder, name), bytes, sizeof bytes);
    assert_memory_equal(bytes, "routesim mock", 13);
    const char *const text = strstr(bytes, "-----BEGIN");
    assert_non_null(text);
    assert_string_equal(text, pem);
}

static void the_authority_is_written_and_no_key_unless_asked_for(void **state)
{
    (void)state;
    char folder[TEST_PATH_MAX];
    open_folder(folder);
    struct certificates made = make(&usual_wish);
    struct err err = {0};
    static const mode_t masks[] = {0, 022, 077}; /* what a user's umask says changes nothing */
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        const mode_t old = umask(masks[i]);
        assert_true(certificates_write(&made, folder, &err));
        assert_int_equal(files_in(folder), i == 0 ? 1 : 3);
        assert_true(certificates_write_server(&made, CERTIFICATE_GOOD, folder, &err));
        assert_int_equal(files_in(folder), 3);
        (void)umask(old);
        check_file(folder, "ca.pem", made.ca_pem, 0644);
        check_file(folder, "good.pem", made.of[CERTIFICATE_GOOD].cert_pem, 0644);
        check_file(folder, "good.key", made.of[CERTIFICATE_GOOD].key_pem, 0600);
    }
    certificates_release(&made);
    close_folder(folder);
}

static void what_is_written_reads_back_as_pem(void **state)
{
    (void)state;
    char folder[TEST_PATH_MAX], bytes[8192];
    open_folder(folder);
    struct certificates made = make(&usual_wish);
    struct err err = {0};
    assert_true(certificates_write(&made, folder, &err));
    assert_true(certificates_write_server(&made, CERTIFICATE_EXPIRED, folder, &err));
    read_file(path_in(folder, "ca.pem"), bytes, sizeof bytes);
    X509 *const ca = read_certificate(bytes, 0);
    assert_non_null(ca);
    read_file(path_in(folder, "expired.pem"), bytes, sizeof bytes);
    X509 *const server = read_certificate(bytes, 0), *const issuer = read_certificate(bytes, 1);
    assert_int_equal(X509_cmp(issuer, ca), 0);
    read_file(path_in(folder, "expired.key"), bytes, sizeof bytes);
    EVP_PKEY *const key = read_key(bytes);
    assert_int_equal(X509_check_private_key(server, key), 1);
    EVP_PKEY_free(key);
    X509_free(server);
    X509_free(issuer);
    X509_free(ca);
    certificates_release(&made);
    close_folder(folder);
}

static void a_file_of_an_earlier_run_is_replaced(void **state)
{
    (void)state;
    char folder[TEST_PATH_MAX];
    open_folder(folder);
    struct certificates one = make(&usual_wish), other = make(&usual_wish);
    struct err err = {0};
    assert_true(certificates_write(&one, folder, &err));
    assert_true(certificates_write(&other, folder, &err));
    check_file(folder, "ca.pem", other.ca_pem, 0644);
    assert_int_equal(files_in(folder), 1);
    certificates_release(&one);
    certificates_release(&other);
    close_folder(folder);
}

static void plant_file(const char *path)
{
    FILE *const stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_true(fputs("-----BEGIN CERTIFICATE-----\nsomebody's\n", stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

static void plant_link(const char *path)
{
    assert_int_equal(symlink("/tmp/routesim-test-nowhere", path), 0);
}

static void plant_folder(const char *path)
{
    assert_int_equal(mkdir(path, 0700), 0);
}

static void plant_pipe(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void what_is_not_ours_is_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        void (*plant)(const char *path);
    } rows[] = {{"a file", plant_file},
                {"a link", plant_link},
                {"a folder", plant_folder},
                {"a pipe", plant_pipe}};
    struct certificates made = make(&usual_wish);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char folder[TEST_PATH_MAX];
        open_folder(folder);
        rows[i].plant(path_in(folder, "ca.pem"));
        struct stat before, after;
        assert_int_equal(lstat(path_in(folder, "ca.pem"), &before), 0);
        struct err err = {0};
        CHECK_ROW(rows[i].label, !certificates_write(&made, folder, &err));
        CHECK_ROW(rows[i].label, err.code == ERR_USAGE);
        CHECK_ROW(rows[i].label, err.hint[0] != '\0');
        assert_int_equal(lstat(path_in(folder, "ca.pem"), &after), 0);
        CHECK_ROW(rows[i].label, before.st_ino == after.st_ino && before.st_size == after.st_size);
        CHECK_ROW(rows[i].label, files_in(folder) == 1);
        close_folder(folder);
    }
    certificates_release(&made);
}

static void folders_that_are_not_there_are_errors(void **state)
{
    (void)state;
    struct certificates made = make(&usual_wish);
    struct err err = {0};
    assert_false(certificates_write(&made, "/tmp/routesim-test-nowhere/else", &err));
    assert_int_equal(err.code, ERR_ENVIRONMENT);
    char far[8192];
    memset(far, 'a', sizeof far);
    far[sizeof far - 1] = '\0';
    assert_false(certificates_write(&made, far, &err));
    assert_int_equal(err.code, ERR_USAGE);
    certificates_release(&made);
}

/* ---- failing in turn ------------------------------------------------------------------------- */

static void a_disk_that_fails_at_any_call_leaves_the_old_file_whole(void **state)
{
    (void)state;
    char folder[TEST_PATH_MAX];
    open_folder(folder);
    struct certificates one = make(&usual_wish), other = make(&usual_wish);
    struct err err = {0};
    assert_true(certificates_write(&one, folder, &err));
    int calls = 0;
    for (bool done = false; !done; calls++) {
        fail_in = calls + 1;
        err = (struct err){0};
        done = certificates_write(&other, folder, &err);
        fail_in = 0;
        if (done) break;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        assert_non_null(strstr(err.message, "cannot write it"));
        assert_int_equal(files_in(folder), 1);
        check_file(folder, "ca.pem", one.ca_pem, 0644);
    }
    assert_int_equal(calls, 4); /* two writes, fsync, rename */
    check_file(folder, "ca.pem", other.ca_pem, 0644);
    certificates_release(&one);
    certificates_release(&other);
    close_folder(folder);
}

static void a_signature_that_fails_at_any_certificate_is_a_clean_error(void **state)
{
    (void)state;
    int calls = 0;
    for (;; calls++) {
        struct certificates made;
        struct err err = {0};
        fail_in = calls + 1;
        const bool done = certificates_make(&usual_wish, &made, &err);
        fail_in = 0;
        if (done) {
            certificates_release(&made);
            break;
        }
        assert_int_equal(err.code, ERR_ENVIRONMENT);
        assert_null(made.ca_pem);
        assert_null(made.of[CERTIFICATE_GOOD].key_pem);
    }
    assert_int_equal(calls, CERTIFICATE_KIND_COUNT + 2);
}

static void memory_that_runs_out_anywhere_is_a_clean_error(void **state)
{
    (void)state;
    uint32_t calls = 0;
    for (;; calls++) {
        struct certificates made;
        struct err err = {0};
        memory_fail_after(calls + 1);
        const bool done = certificates_make(&usual_wish, &made, &err);
        memory_fail_after(0);
        certificates_release(&made);
        if (done) break;
        assert_int_equal(err.code, ERR_ENVIRONMENT);
    }
    assert_int_equal(calls, 1 + 2 * CERTIFICATE_KIND_COUNT);
}

static void releasing_wipes_every_key(void **state)
{
    (void)state;
    struct certificates made = make(&usual_wish);
    size_t bytes = 0;
    for (unsigned kind = 0; kind < CERTIFICATE_KIND_COUNT; kind++)
        bytes += strlen(made.of[kind].key_pem);
    cleansed_bytes = cleansed_count = 0;
    certificates_release(&made);
    assert_int_equal(cleansed_count, CERTIFICATE_KIND_COUNT);
    assert_int_equal(cleansed_bytes, bytes);
    certificates_release(&made);
    certificates_release(NULL);
    assert_int_equal(cleansed_count, CERTIFICATE_KIND_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_accepts_the_good_one_and_refuses_each_other_for_one_reason),
        cmocka_unit_test(another_authority_of_the_same_name_is_not_trusted),
        cmocka_unit_test(lives_are_counted_from_the_real_clock),
        cmocka_unit_test(every_name_says_mock_and_every_serial_is_its_own),
        cmocka_unit_test(each_key_is_p256_and_belongs_to_its_certificate_alone),
        cmocka_unit_test(hosts_are_names_and_addresses_and_nothing_else),
        cmocka_unit_test(a_wish_without_hosts_is_refused_and_a_full_one_is_met),
        cmocka_unit_test(the_authority_is_written_and_no_key_unless_asked_for),
        cmocka_unit_test(what_is_written_reads_back_as_pem),
        cmocka_unit_test(a_file_of_an_earlier_run_is_replaced),
        cmocka_unit_test(what_is_not_ours_is_left_alone),
        cmocka_unit_test(folders_that_are_not_there_are_errors),
        cmocka_unit_test(a_disk_that_fails_at_any_call_leaves_the_old_file_whole),
        cmocka_unit_test(a_signature_that_fails_at_any_certificate_is_a_clean_error),
        cmocka_unit_test(memory_that_runs_out_anywhere_is_a_clean_error),
        cmocka_unit_test(releasing_wipes_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
