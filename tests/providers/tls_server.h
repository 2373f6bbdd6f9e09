/* tests/providers/tls_server.h - a TLS peer with a certificate of one's choice, that speaks just
 * enough HTTP to answer 200, or to break HTTP/2 in one of two ways.
 *
 * A thread a connection. The certificate authority is made anew in every process; its file is what
 * a client has to trust. Certificates are for TLS_HOST and 127.0.0.1 but for the one of the wrong
 * host.
 *
 * Ownership: tls_server_stop() ends its threads. The CA file is removed by tls_forget_ca().
 * Failure:   what the machine cannot do stops the test program.
 */
#ifndef TESTS_PROVIDERS_TLS_SERVER_H
#define TESTS_PROVIDERS_TLS_SERVER_H

#include <stdint.h>

#define TLS_HOST "api.kroger.test"

enum tls_certificate {
    TLS_GOOD,
    TLS_EXPIRED,
    TLS_NOT_YET,
    TLS_WRONG_HOST,
    TLS_UNKNOWN_ISSUER,
    TLS_FORGED, /* by an issuer of the trusted one's name, with another key */
};

enum tls_speech {
    TLS_HTTP1,        /* an answer with X-Routesim-Latency-Us: 42 a request; offers no HTTP/2 */
    TLS_HTTP2,        /* an answer a stream */
    TLS_HTTP2_RESETS, /* RST_STREAM a request */
    TLS_HTTP2_BREAKS, /* HTTP/1 instead, once HTTP/2 has been agreed on */
};

struct tls_server;

struct tls_server *tls_server_start(enum tls_certificate certificate, enum tls_speech speech);
void tls_server_stop(struct tls_server *server);
uint16_t tls_server_port(const struct tls_server *server);
uint32_t tls_server_accepted(struct tls_server *server); /* connections, so far */
uint32_t tls_server_requests(struct tls_server *server);

const char *tls_ca_file(void); /* PEM; made at the first call */
void tls_forget_ca(void);

#endif
