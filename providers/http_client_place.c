#include "providers/http_client_state.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

/* Shows the URL without what may be secret in it: a query, and all of it when it holds a user. */
static bool fail(struct err *err, const struct http_place *place, const char *why)
{
    const char *url = place->base_url;
    if (strchr(url, '@') != NULL) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "base URL (not shown): %s", why);
    }
    return err_fail(err, ERR_INPUT, (struct place){0}, "base URL \"%.*s\": %s",
                    (int)strcspn(url, "?#"), url, why);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_host_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

/* A port from 1 to 65535, without signs or zeros before it. */
static bool is_port(const char *text, size_t length)
{
    if (length == 0 || length > 5 || text[0] == '0') return false;
    uint32_t port = 0;
    for (size_t i = 0; i < length; i++) {
        if (!is_digit(text[i])) return false;
        port = port * 10 + (uint32_t)(text[i] - '0');
    }
    return port <= UINT16_MAX;
}

/* Takes "name", "1.2.3.4" or "[::1]" from the front of `text` into `host`, without brackets;
 * returns how far it goes, 0 when it is none of them. */
static size_t take_host(const char *text, size_t length, char host[HTTP_PLACE_URL_MAX])
{
    const bool bracketed = length > 0 && text[0] == '[';
    size_t end = bracketed ? 1 : 0;
    const size_t begin = end;
    while (end < length && (bracketed ? text[end] != ']' : is_host_character(text[end])))
        end++;
    if (end == begin || (bracketed && end == length)) return 0;
    memcpy(host, text + begin, end - begin);
    host[end - begin] = '\0';
    struct in6_addr ipv6;
    if (bracketed && inet_pton(AF_INET6, host, &ipv6) != 1) return 0;
    return bracketed ? end + 1 : end;
}

static const char outside[] = "a mock server is on this machine or in a private network, and this "
                              "address is in neither";
static const char outside_hint[] = "whoever is out there is called as a real provider is: in the "
                                   "mode \"live\", after a yes, and no more often than allowed";

static bool check_authority(const struct http_place *place, const char *text, size_t length,
                            struct err *err)
{
    if (memchr(text, '@', length) != NULL) {
        return fail(err, place, "credentials do not belong into a URL");
    }
    char host[HTTP_PLACE_URL_MAX];
    const size_t host_length = take_host(text, length, host);
    if (host_length == 0) return fail(err, place, "it names no host");
    if (host_length < length &&
        (text[host_length] != ':' || !is_port(text + host_length + 1, length - host_length - 1))) {
        return fail(err, place, "what follows the host is no port from 1 to 65535");
    }
    struct sockaddr_storage literal;
    if (!address_read(host, &literal)) return true;
    const struct sockaddr *const address = (const struct sockaddr *)&literal;
    if (place->declared_mock && !http_address_is_inside(address)) {
        (void)fail(err, place, outside);
        return err_hint(err, "%s", outside_hint);
    }
    if (!place->declared_mock && !http_address_is_public(address)) {
        (void)fail(err, place, "a real provider is at a public address, and this is none");
        return err_hint(err, "a mock server is called in the mode \"mock\"");
    }
    return true;
}

static bool check_path(const struct http_place *place, const char *path, struct err *err)
{
    for (const char *c = path; *c != '\0'; c++) {
        if (*c == '?' || *c == '#') return fail(err, place, "it holds a query or a fragment");
        if (*c <= 0x20 || *c >= 0x7F || *c == '\\') {
            return fail(err, place, "it holds a character that has to be percent-encoded");
        }
    }
    if (path[0] != '\0' && path[strlen(path) - 1] == '/') {
        return fail(err, place, "it ends in a slash, and paths begin with one");
    }
    return true;
}

/* A file without a certificate would show as a failed handshake of every call. */
static bool holds_certificate(FILE *file)
{
    X509 *const certificate = PEM_read_X509(file, NULL, NULL, NULL);
    X509_free(certificate);
    ERR_clear_error();
    return certificate != NULL;
}

static bool check_ca_file(const struct http_place *place, struct err *err)
{
    if (place->ca_file == NULL) return true;
    const struct place where = {.file = place->ca_file};
    FILE *file = fopen(place->ca_file, "rb");
    if (file == NULL) {
        return err_fail(err, ERR_INPUT, where, "cannot read the CA file: %s", strerror(errno));
    }
    const bool holds = holds_certificate(file);
    (void)fclose(file);
    if (holds) return true;
    (void)err_fail(err, ERR_INPUT, where, "the CA file holds no certificate in PEM form");
    return err_hint(err, "`routesim mock --tls --keys DIR` writes its authority to DIR/ca.pem");
}

bool http_place_check(const struct http_place *place, struct err *err)
{
    if (memchr(place->base_url, '\0', sizeof place->base_url) == NULL) {
        return err_fail(err, ERR_INPUT, (struct place){0}, "a base URL has at most %d characters",
                        HTTP_PLACE_URL_MAX - 1);
    }
    static const char https[] = "https://", http[] = "http://";
    const char *authority = place->base_url;
    if (strncmp(authority, https, sizeof https - 1) == 0) {
        authority += sizeof https - 1;
    } else if (strncmp(authority, http, sizeof http - 1) == 0) {
        if (!place->declared_mock) {
            (void)fail(err, place, "credentials travel over https only; http is for mocks");
            return err_hint(err, "write https://; a mock server is called in the mode \"mock\"");
        }
        authority += sizeof http - 1;
    } else {
        return fail(err, place, "it has to begin with https:// (or, for mocks, http://)");
    }
    const size_t length = strcspn(authority, "/?#");
    return check_authority(place, authority, length, err) &&
           check_path(place, authority + length, err) && check_ca_file(place, err);
}

bool http_place_check_inside(const struct http_place *place, struct err *err)
{
    char host[HTTP_PLACE_URL_MAX];
    const char *const authority = strstr(place->base_url, "://") + 3;
    assert(place->declared_mock && authority > place->base_url);
    (void)take_host(authority, strcspn(authority, "/?#"), host);
    const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    if (getaddrinfo(host, NULL, &wanted, &found) != 0) return true;
    bool inside = true;
    for (const struct addrinfo *a = found; a != NULL && inside; a = a->ai_next) {
        char text[INET6_ADDRSTRLEN] = "?";
        inside = http_address_is_inside(a->ai_addr);
        if (inside) continue;
        (void)getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
        (void)err_fail(err, ERR_INPUT, (struct place){0}, "base URL \"%s\" leads to %s: %s",
                       place->base_url, text, outside);
        (void)err_hint(err, "%s", outside_hint);
    }
    freeaddrinfo(found);
    return inside;
}

void place_authority(const char *base_url, char authority[AUTHORITY_MAX])
{
    const char *begin = strstr(base_url, "://");
    begin = begin != NULL ? begin + 3 : base_url;
    size_t length = strcspn(begin, "/?#");
    const bool cut = length >= AUTHORITY_MAX;
    if (cut) length = AUTHORITY_MAX - 1;
    memcpy(authority, begin, length);
    authority[length] = '\0';
    if (cut) memcpy(authority + length - 3, "...", 3);
}
