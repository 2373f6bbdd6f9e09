#include "tests/providers/tls_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 256, FRAME_HEAD = 9 };

struct peer {
    struct tls_server *server;
    int descriptor;
    pthread_t thread;
};

struct tls_server {
    enum tls_speech speech;
    SSL_CTX *context;
    int listening;
    uint16_t port;
    pthread_t thread;
    struct peer peers[CONNECTIONS_MAX];
    atomic_uint accepted;
    atomic_uint requests;
    atomic_bool stopping;
};

static void must(bool good)
{
    if (!good) abort(); /* the machine, not the code under test */
}

/* ---- certificates ---------------------------------------------------------------------------- */

struct authority {
    EVP_PKEY *key;
    X509 *certificate;
};

static const char ca_name[] = "routesim test CA";
static struct authority trusted;
static char ca_path[] = "/tmp/routesim-test-ca-XXXXXX";

static void add_extension(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *const extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const char *name, EVP_PKEY *key, const struct authority *issuer,
                              long from_s, long until_s)
{
    static long serial = 1;
    X509 *const certificate = X509_new();
    must(certificate != NULL && X509_set_version(certificate, 2) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++) == 1);
    must(X509_gmtime_adj(X509_getm_notBefore(certificate), from_s) != NULL);
    must(X509_gmtime_adj(X509_getm_notAfter(certificate), until_s) != NULL);
    must(X509_set_pubkey(certificate, key) == 1);
    X509_NAME *const subject = X509_get_subject_name(certificate);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1,
                                    -1, 0) == 1);
    must(X509_set_issuer_name(certificate, issuer != NULL
                                               ? X509_get_subject_name(issuer->certificate)
                                               : subject) == 1);
    return certificate;
}

static struct authority make_authority(const char *name)
{
    struct authority made = {.key = EVP_EC_gen("P-256")};
    must(made.key != NULL);
    made.certificate = make_certificate(name, made.key, NULL, -3600, 86400);
    add_extension(made.certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made.certificate, NID_key_usage, "critical,keyCertSign");
    must(X509_sign(made.certificate, made.key, EVP_sha256()) > 0);
    return made;
}

static void free_authority(struct authority *authority)
{
    X509_free(authority->certificate);
    EVP_PKEY_free(authority->key);
    *authority = (struct authority){0};
}

const char *tls_ca_file(void)
{
    if (trusted.key != NULL) return ca_path;
    trusted = make_authority(ca_name);
    const int descriptor = mkstemp(ca_path);
    must(descriptor >= 0);
    FILE *const file = fdopen(descriptor, "wb");
    must(file != NULL && PEM_write_X509(file, trusted.certificate) == 1);
    must(fclose(file) == 0);
    return ca_path;
}

void tls_forget_ca(void)
{
    if (trusted.key == NULL) return;
    free_authority(&trusted);
    (void)unlink(ca_path);
    memcpy(ca_path + sizeof ca_path - sizeof "XXXXXX", "XXXXXX", sizeof "XXXXXX");
}

static void use_certificate(SSL_CTX *context, enum tls_certificate kind)
{
    (void)tls_ca_file();
    struct authority stranger = {0};
    if (kind == TLS_UNKNOWN_ISSUER) stranger = make_authority("somebody else's CA");
    if (kind == TLS_FORGED) stranger = make_authority(ca_name);
    const struct authority *const issuer = stranger.key != NULL ? &stranger : &trusted;
    EVP_PKEY *const key = EVP_EC_gen("P-256");
    must(key != NULL);
    X509 *const certificate =
        make_certificate("server", key, issuer, kind == TLS_NOT_YET ? 43200 : -3600,
                         kind == TLS_EXPIRED ? -60 : 86400);
    add_extension(certificate, NID_subject_alt_name,
                  kind == TLS_WRONG_HOST ? "DNS:elsewhere.test" : "DNS:" TLS_HOST ",IP:127.0.0.1");
    must(X509_sign(certificate, issuer->key, EVP_sha256()) > 0);
    must(SSL_CTX_use_certificate(context, certificate) == 1);
    must(SSL_CTX_use_PrivateKey(context, key) == 1);
    X509_free(certificate);
    EVP_PKEY_free(key);
    free_authority(&stranger);
}

/* ---- speech ---------------------------------------------------------------------------------- */

static bool read_all(SSL *tls, uint8_t *bytes, size_t length)
{
    size_t done = 0;
    while (done < length) {
        size_t count = 0;
        if (SSL_read_ex(tls, bytes + done, length - done, &count) != 1) return false;
        done += count;
    }
    return true;
}

static bool write_all(SSL *tls, const void *bytes, size_t length)
{
    size_t count;
    return SSL_write_ex(tls, bytes, length, &count) == 1;
}

static void speak_http1(struct tls_server *server, SSL *tls)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 "X-Routesim-Latency-Us: 42\r\nContent-Length: 2\r\n\r\n{}";
    uint8_t last[4] = {0}, byte;
    while (read_all(tls, &byte, 1)) {
        memmove(last, last + 1, 3);
        last[3] = byte;
        if (memcmp(last, "\r\n\r\n", 4) != 0) continue;
        atomic_fetch_add(&server->requests, 1);
        if (!write_all(tls, answer, sizeof answer - 1)) return;
    }
}

static void put_head(uint8_t *frame, uint8_t length, uint8_t type, uint8_t flags, uint32_t stream)
{
    const uint8_t head[FRAME_HEAD] = {0,
                                      0,
                                      length,
                                      type,
                                      flags,
                                      (uint8_t)(stream >> 24),
                                      (uint8_t)(stream >> 16),
                                      (uint8_t)(stream >> 8),
                                      (uint8_t)stream};
    memcpy(frame, head, sizeof head);
}

/* RFC 9113 section 6: what a request is answered with. */
static bool answer_stream(enum tls_speech speech, SSL *tls, uint32_t stream)
{
    uint8_t frame[FRAME_HEAD + 4] = {0};
    if (speech == TLS_HTTP2) { /* HEADERS, the last of the stream; 0x88 is ":status: 200" */
        put_head(frame, 1, 1, 0x05, stream);
        frame[FRAME_HEAD] = 0x88;
        return write_all(tls, frame, FRAME_HEAD + 1);
    }
    if (speech == TLS_HTTP2_RESETS) { /* RST_STREAM, INTERNAL_ERROR */
        put_head(frame, 4, 3, 0, stream);
        frame[FRAME_HEAD + 3] = 2;
        return write_all(tls, frame, FRAME_HEAD + 4);
    }
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\nhere nobody speaks HTTP/2";
    return write_all(tls, text, sizeof text - 1);
}

static void speak_http2(struct tls_server *server, SSL *tls)
{
    uint8_t payload[1 << 14]; /* the longest frame there may be */
    uint8_t preface[24], head[FRAME_HEAD], settings[FRAME_HEAD];
    put_head(settings, 0, 4, 0, 0);
    if (!read_all(tls, preface, sizeof preface)) return;
    const bool polite = server->speech != TLS_HTTP2_BREAKS;
    if (polite && !write_all(tls, settings, sizeof settings)) return;
    while (read_all(tls, head, sizeof head)) {
        const size_t length = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        const uint32_t stream =
            (uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8];
        if (length > sizeof payload || !read_all(tls, payload, length)) return;
        if (head[3] != 1) continue; /* HEADERS begin a request, and end one without a body */
        atomic_fetch_add(&server->requests, 1);
        if (!answer_stream(server->speech, tls, stream)) return;
    }
}

static void *serve(void *context)
{
    struct peer *const peer = context;
    SSL *const tls = SSL_new(peer->server->context);
    must(tls != NULL && SSL_set_fd(tls, peer->descriptor) == 1);
    if (SSL_accept(tls) == 1) {
        if (peer->server->speech == TLS_HTTP1)
            speak_http1(peer->server, tls);
        else
            speak_http2(peer->server, tls);
    }
    SSL_free(tls);
    (void)shutdown(peer->descriptor, SHUT_RDWR); /* closed when its thread has been joined */
    return NULL;
}

static void *accept_all(void *context)
{
    struct tls_server *const server = context;
    for (;;) {
        const int descriptor = accept(server->listening, NULL, NULL);
        if (descriptor < 0 || atomic_load(&server->stopping)) {
            if (descriptor >= 0) (void)close(descriptor);
            return NULL;
        }
        const int one = 1;
        (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        const uint32_t index = atomic_load(&server->accepted);
        must(index < CONNECTIONS_MAX);
        struct peer *const peer = &server->peers[index];
        *peer = (struct peer){.server = server, .descriptor = descriptor};
        atomic_fetch_add(&server->accepted, 1);
        must(pthread_create(&peer->thread, NULL, serve, peer) == 0);
    }
}

/* ---- from the test's side -------------------------------------------------------------------- */

static int choose_protocol(SSL *tls, const unsigned char **chosen, unsigned char *chosen_length,
                           const unsigned char *offered, unsigned int offered_length, void *context)
{
    (void)tls;
    const struct tls_server *const server = context;
    static const unsigned char http1[] = "\x08http/1.1", http2[] = "\x02h2";
    const bool first = server->speech == TLS_HTTP1;
    unsigned char *found = NULL;
    if (SSL_select_next_proto(&found, chosen_length, first ? http1 : http2, first ? 9 : 3, offered,
                              offered_length) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

struct tls_server *tls_server_start(enum tls_certificate certificate, enum tls_speech speech)
{
    struct tls_server *const server = calloc(1, sizeof *server);
    must(server != NULL);
    server->speech = speech;
    server->context = SSL_CTX_new(TLS_server_method());
    must(server->context != NULL);
    SSL_CTX_set_alpn_select_cb(server->context, choose_protocol, server);
    use_certificate(server->context, certificate);
    server->listening = socket(AF_INET, SOCK_STREAM, 0);
    must(server->listening >= 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    must(bind(server->listening, (const struct sockaddr *)&address, length) == 0);
    must(getsockname(server->listening, (struct sockaddr *)&address, &length) == 0);
    must(listen(server->listening, 256) == 0);
    server->port = ntohs(address.sin_port);
    must(pthread_create(&server->thread, NULL, accept_all, server) == 0);
    return server;
}

void tls_server_stop(struct tls_server *server)
{
    atomic_store(&server->stopping, true);
    (void)shutdown(server->listening, SHUT_RDWR); /* accept() returns */
    (void)pthread_join(server->thread, NULL);
    for (uint32_t i = 0; i < atomic_load(&server->accepted); i++) {
        (void)shutdown(server->peers[i].descriptor, SHUT_RDWR);
        (void)pthread_join(server->peers[i].thread, NULL);
        (void)close(server->peers[i].descriptor);
    }
    (void)close(server->listening);
    SSL_CTX_free(server->context);
    free(server);
}

uint16_t tls_server_port(const struct tls_server *server)
{
    return server->port;
}

uint32_t tls_server_accepted(struct tls_server *server)
{
    return atomic_load(&server->accepted);
}

uint32_t tls_server_requests(struct tls_server *server)
{
    return atomic_load(&server->requests);
}
