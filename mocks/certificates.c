#include "mocks/certificates.h"

#include <assert.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mocks/pem.h"

const char *const certificate_kind_names[CERTIFICATE_KIND_COUNT + 1] = {
    "good", "expired", "wrong_host", "unknown_issuer", NULL};

enum { DAY_S = 86400, SERIAL_BYTES = 8, NAME_LABEL_MAX = 63 };
/* Room for every host as "DNS:name,". */
enum { SAN_TEXT_MAX = CERTIFICATE_HOSTS_MAX * (CERTIFICATE_HOST_TEXT_MAX + 5) + 1 };

struct issuer {
    EVP_PKEY *key;
    X509 *certificate;
};

struct making { /* what all certificates of one wish share */
    time_t now_s;
    char hosts[SAN_TEXT_MAX];
    struct issuer ours;
    struct issuer stranger;
};

/* OpenSSL's reason for the newest failure; its queue is left empty. */
static bool openssl_refuses(struct err *err, const char *what)
{
    const unsigned long code = ERR_peek_last_error();
    const char *const reason = code == 0 ? NULL : ERR_reason_error_string(code);
    ERR_clear_error();
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "OpenSSL cannot %s: %s", what,
                    reason != NULL ? reason : "memory is out");
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static bool is_address(const char *host)
{
    ASN1_OCTET_STRING *const address = a2i_IPADDRESS(host);
    if (address == NULL) ERR_clear_error();
    ASN1_OCTET_STRING_free(address);
    return address != NULL;
}

static bool is_label(const char *label, size_t length)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return length > 0 && length <= NAME_LABEL_MAX && strspn(label, allowed) >= length &&
           label[0] != '-' && label[length - 1] != '-';
}

/* Labels of letters, digits and inner hyphens; the first may be "*" when others follow. A last one
 * of digits alone would be half an address. */
static bool is_name(const char *host)
{
    if (strlen(host) > CERTIFICATE_HOST_TEXT_MAX) return false;
    const char *label = strncmp(host, "*.", 2) == 0 ? host + 2 : host;
    for (;;) {
        const size_t length = strcspn(label, ".");
        if (!is_label(label, length)) return false;
        if (label[length] == '\0') return strspn(label, "0123456789") < length;
        label += length + 1;
    }
}

/* OpenSSL's form of a list of alternative names: "DNS:localhost,IP:127.0.0.1". */
static bool list_hosts(const struct certificate_wish *wish, char text[static SAN_TEXT_MAX],
                       struct err *err)
{
    size_t length = 0;
    for (unsigned i = 0; i < CERTIFICATE_HOSTS_MAX && wish->hosts[i] != NULL; i++) {
        const char *const host = wish->hosts[i];
        const bool address = is_address(host);
        if (!address && !is_name(host)) {
            (void)err_fail(err, ERR_USAGE, (struct place){0},
                           "\"%.64s\" is neither a host's name nor an address", host);
            return err_hint(err, "a certificate is for names like localhost, or for 127.0.0.1");
        }
        const int written = snprintf(text + length, SAN_TEXT_MAX - length, "%s%s:%s",
                                     length == 0 ? "" : ",", address ? "IP" : "DNS", host);
        assert(written > 0 && (size_t)written < SAN_TEXT_MAX - length);
        length += (size_t)written;
    }
    if (length > 0) return true;
    return err_fail(err, ERR_USAGE, (struct place){0}, "a certificate needs a host");
}

/* ---- one certificate ------------------------------------------------------------------------- */

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
    bytes[0] &= 0x7F; /* positive in as many bytes */
    bytes[0] |= 0x40; /* and never of fewer */
    BIGNUM *const number = BN_bin2bn(bytes, sizeof bytes, NULL);
    const bool done =
        number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return done;
}

static bool set_subject(X509 *certificate, const char *name)
{
    X509_NAME *const subject = X509_get_subject_name(certificate);
    const unsigned char *const organisation = (const unsigned char *)"routesim mock";
    const unsigned char *const common = (const unsigned char *)name;
    return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, organisation, -1, -1, 0) == 1 &&
           X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common, -1, -1, 0) == 1;
}

static bool set_life(X509 *certificate, const struct making *making, int from_day, int until_day)
{
    time_t now_s = making->now_s;
    return X509_time_adj_ex(X509_getm_notBefore(certificate), from_day, 0, &now_s) != NULL &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), until_day, 0, &now_s) != NULL;
}

static bool add_extension(X509 *certificate, X509 *issuer, int what, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *const extension = X509V3_EXT_conf_nid(NULL, &context, what, value);
    const bool done = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return done;
}

static X509 *begin_certificate(const struct making *making, EVP_PKEY *key, const char *name,
                               int from_day, int until_day)
{
    X509 *const certificate = X509_new();
    if (certificate != NULL && X509_set_version(certificate, X509_VERSION_3) == 1 &&
        set_serial(certificate) && set_subject(certificate, name) &&
        set_life(certificate, making, from_day, until_day) &&
        X509_set_pubkey(certificate, key) == 1) {
        return certificate;
    }
    X509_free(certificate);
    return NULL;
}

static bool finish_certificate(X509 *certificate, const struct issuer *issuer)
{
    X509_NAME *const name = X509_get_subject_name(issuer->certificate);
    return X509_set_issuer_name(certificate, name) == 1 &&
           add_extension(certificate, issuer->certificate, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, issuer->certificate, NID_authority_key_identifier, "keyid") &&
           X509_sign(certificate, issuer->key, EVP_sha256()) > 0;
}

/* ---- authorities and servers ----------------------------------------------------------------- */

static void release_issuer(struct issuer *issuer)
{
    X509_free(issuer->certificate);
    EVP_PKEY_free(issuer->key); /* OpenSSL clears private numbers as it frees them */
    *issuer = (struct issuer){0};
}

/* It was there before the expired certificate was, which thus had its time. */
static bool make_issuer(const struct making *making, const char *name, struct issuer *issuer,
                        struct err *err)
{
    issuer->key = EVP_EC_gen("P-256");
    if (issuer->key == NULL) return openssl_refuses(err, "make an authority's key");
    issuer->certificate = begin_certificate(making, issuer->key, name, -CERTIFICATE_LIFE_DAYS - 2,
                                            CERTIFICATE_LIFE_DAYS - 1);
    X509 *const certificate = issuer->certificate;
    if (certificate != NULL &&
        add_extension(certificate, certificate, NID_basic_constraints,
                      "critical,CA:TRUE,pathlen:0") &&
        add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        finish_certificate(certificate, issuer)) {
        return true;
    }
    return openssl_refuses(err, "make an authority's certificate");
}

static X509 *make_server(const struct making *making, enum certificate_kind kind, EVP_PKEY *key)
{
    char name[64];
    (void)snprintf(name, sizeof name, "routesim mock server (%s)", certificate_kind_names[kind]);
    const int late = kind == CERTIFICATE_EXPIRED ? CERTIFICATE_LIFE_DAYS : 0;
    const char *const hosts =
        kind == CERTIFICATE_WRONG_HOST ? "DNS:" CERTIFICATE_OTHER_HOST : making->hosts;
    const struct issuer *const issuer =
        kind == CERTIFICATE_UNKNOWN_ISSUER ? &making->stranger : &making->ours;

    X509 *const certificate =
        begin_certificate(making, key, name, -1 - late, CERTIFICATE_LIFE_DAYS - 1 - late);
    X509 *const ca = issuer->certificate;
    if (certificate != NULL &&
        add_extension(certificate, ca, NID_basic_constraints, "critical,CA:FALSE") &&
        add_extension(certificate, ca, NID_key_usage, "critical,digitalSignature") &&
        add_extension(certificate, ca, NID_ext_key_usage, "serverAuth") &&
        add_extension(certificate, ca, NID_subject_alt_name, hosts) &&
        finish_certificate(certificate, issuer)) {
        return certificate;
    }
    X509_free(certificate);
    return NULL;
}

/* ---- texts ----------------------------------------------------------------------------------- */

/* The certificate, and its issuer's after it unless that is NULL. */
static char *certificate_text(X509 *certificate, X509 *issuer)
{
    BIO *const bio = BIO_new(BIO_s_mem());
    const bool written = bio != NULL && PEM_write_bio_X509(bio, certificate) == 1 &&
                         (issuer == NULL || PEM_write_bio_X509(bio, issuer) == 1);
    char *const text = written ? pem_copy(bio) : NULL;
    BIO_free(bio);
    return text;
}

static bool make_kind(const struct making *making, enum certificate_kind kind,
                      struct certificate *out, struct err *err)
{
    const struct issuer *const issuer =
        kind == CERTIFICATE_UNKNOWN_ISSUER ? &making->stranger : &making->ours;
    EVP_PKEY *const key = EVP_EC_gen("P-256");
    X509 *const certificate = key == NULL ? NULL : make_server(making, kind, key);
    if (certificate != NULL) {
        out->cert_pem = certificate_text(certificate, issuer->certificate);
        out->key_pem = pem_of_private_key(key);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (out->cert_pem != NULL && out->key_pem != NULL) return true;
    return openssl_refuses(err, "make a server's certificate");
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool make_all(struct making *making, struct certificates *out, struct err *err)
{
    if (!make_issuer(making, "routesim mock authority", &making->ours, err) ||
        !make_issuer(making, "routesim mock authority nobody knows", &making->stranger, err)) {
        return false;
    }
    out->ca_pem = certificate_text(making->ours.certificate, NULL);
    if (out->ca_pem == NULL) return openssl_refuses(err, "write a certificate");
    for (unsigned kind = 0; kind < CERTIFICATE_KIND_COUNT; kind++) {
        if (!make_kind(making, (enum certificate_kind)kind, &out->of[kind], err)) return false;
    }
    return true;
}

bool certificates_make(const struct certificate_wish *wish, struct certificates *out,
                       struct err *err)
{
    assert(wish != NULL);
    *out = (struct certificates){0};
    struct making making = {.now_s = time(NULL)};
    if (!list_hosts(wish, making.hosts, err)) return false;
    const bool made = make_all(&making, out, err);
    release_issuer(&making.ours);
    release_issuer(&making.stranger);
    if (!made) certificates_release(out);
    return made;
}

void certificates_release(struct certificates *certificates)
{
    if (certificates == NULL) return;
    free(certificates->ca_pem);
    for (unsigned kind = 0; kind < CERTIFICATE_KIND_COUNT; kind++) {
        struct certificate *const one = &certificates->of[kind];
        if (one->key_pem != NULL) OPENSSL_cleanse(one->key_pem, strlen(one->key_pem));
        free(one->key_pem);
        free(one->cert_pem);
    }
    *certificates = (struct certificates){0};
}
