/* Certificates on disk. */
#include <assert.h>
#include <stdio.h>

#include "mocks/certificates.h"
#include "mocks/marked_file.h"

/* Readers of PEM pass over what stands before "-----BEGIN". */
static const char our_mark[] = "routesim mock: made on the spot, trust it for tests only\n";

static bool write_pem(const char *directory, const char *name, const char *pem, mode_t mode,
                      struct err *err)
{
    const struct marked_file wish = {
        .directory = directory, .name = name, .mark = our_mark, .bytes = pem, .mode = mode};
    return marked_file_write(&wish, err);
}

bool certificates_write(const struct certificates *certificates, const char *directory,
                        struct err *err)
{
    assert(certificates->ca_pem != NULL);
    return write_pem(directory, "ca.pem", certificates->ca_pem, 0644, err);
}

bool certificates_write_server(const struct certificates *certificates, enum certificate_kind kind,
                               const char *directory, struct err *err)
{
    assert(kind < CERTIFICATE_KIND_COUNT);
    const struct certificate *const one = &certificates->of[kind];
    assert(one->cert_pem != NULL);
    assert(one->key_pem != NULL);
    char key[64], chain[64];
    (void)snprintf(key, sizeof key, "%s.key", certificate_kind_names[kind]);
    (void)snprintf(chain, sizeof chain, "%s.pem", certificate_kind_names[kind]);
    return write_pem(directory, key, one->key_pem, 0600, err) &&
           write_pem(directory, chain, one->cert_pem, 0644, err);
}
