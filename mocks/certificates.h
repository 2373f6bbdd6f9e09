/* mocks/certificates.h - TLS certificates made on the spot: one good, and three that a client has
 * to refuse.
 *
 * certificates_make() makes a certificate authority (ECDSA P-256, SHA-256) and, for each kind, a
 * server's key and certificate:
 *
 *   good             signed by the authority, for the wished hosts
 *   expired          the same, but its time ended a day ago
 *   wrong_host       signed by the authority, for CERTIFICATE_OTHER_HOST and nothing else
 *   unknown_issuer   for the wished hosts, signed by an authority that nobody was told about
 *
 * A client that is given ca_pem as its only trust accepts the first and refuses the others for that
 * one reason each: everything else about them is in order. Certificates are valid from a day before
 * the real clock's now for CERTIFICATE_LIFE_DAYS; the expired one had the same life, and ended a
 * day ago; the authority was valid all that while, and ends with the good one. A wish of hosts
 * covers several servers: all mock providers of a process may share one certificate.
 *
 * The authorities' private keys are gone when certificates_make() returns: nobody can sign anything
 * else that a trusted ca.pem would vouch for. Serial numbers are random (62 bits), every name says
 * "routesim mock", and names of hosts stand in the subject alternative name alone.
 *
 * Files: certificates_write() writes ca.pem (mode 0644), which is no secret.
 * certificates_write_server() is the one way to get a private key on disk (<kind>.key, mode 0600,
 * beside <kind>.pem). Both write a temporary file and rename it, so that nobody reads half a file.
 * Every file begins with a line of text that says it is routesim's, which readers of PEM pass over;
 * a file, link or folder of that name without such a line is somebody else's, and is left alone: an
 * error says so.
 *
 * Ownership: `struct certificates` owns its texts; certificates_release() wipes the keys and frees
 *            all. Nothing is kept between calls, and calls from several threads do not meet.
 * Failure:   ERR_USAGE for a host that cannot stand in a certificate and for a file that is not
 * ours, ERR_ENVIRONMENT when OpenSSL or the disk refuses. After a failure `out` is empty and no
 * temporary file is left. No message holds key material.
 */
#ifndef MOCKS_CERTIFICATES_H
#define MOCKS_CERTIFICATES_H

#include "router/base/err.h"

enum certificate_kind {
    CERTIFICATE_GOOD,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_WRONG_HOST,
    CERTIFICATE_UNKNOWN_ISSUER,
    CERTIFICATE_KIND_COUNT
};
/* "good", "expired", "wrong_host", "unknown_issuer"; NULL ends it. */
extern const char *const certificate_kind_names[CERTIFICATE_KIND_COUNT + 1];

enum {
    CERTIFICATE_HOSTS_MAX = 16,      /* four providers under a few names each, and addresses */
    CERTIFICATE_HOST_TEXT_MAX = 253, /* characters of a name (RFC 1035) */
    CERTIFICATE_LIFE_DAYS = 30,
};
#define CERTIFICATE_OTHER_HOST "wrong-host.routesim.invalid"

struct certificate_wish {
    /* Names ("localhost", "kroger.mock.invalid", "*.mock.invalid") and addresses ("127.0.0.1",
     * "::1"), one at least; NULL ends a list that is not full. Names are ASCII, IDNs in punycode.
     */
    const char *hosts[CERTIFICATE_HOSTS_MAX];
};

struct certificate {
    char *cert_pem; /* the server's certificate, then its issuer's */
    char *key_pem;  /* PKCS #8, not encrypted */
};

struct certificates {
    char *ca_pem; /* what a client is to trust */
    struct certificate of[CERTIFICATE_KIND_COUNT];
};

/* `out` is overwritten, not released. */
bool certificates_make(const struct certificate_wish *wish, struct certificates *out,
                       struct err *err);

/* Writes <directory>/ca.pem. The directory has to be there. */
bool certificates_write(const struct certificates *certificates, const char *directory,
                        struct err *err);

/* Writes <directory>/<kind>.key and then <directory>/<kind>.pem: for a server that is not ours. */
bool certificates_write_server(const struct certificates *certificates, enum certificate_kind kind,
                               const char *directory, struct err *err);

void certificates_release(struct certificates *certificates); /* NULL and empty are fine */

#endif
