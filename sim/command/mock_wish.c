/* What `routesim mock` is asked for. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/command/mock_state.h"
#include "sim/command/provider_list.h"

static bool usage(struct err *err, const char *option, const char *text, const char *wanted)
{
    return err_fail(err, ERR_USAGE, (struct place){0}, "%s cannot be \"%s\": it takes %s", option,
                    text, wanted);
}

static bool read_port(const char *text, uint16_t *port)
{
    const size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "0123456789") != length) return false;
    const long number = strtol(text, NULL, 10);
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

/* "127.0.0.1", "127.0.0.1:9000", "[::1]:9000", "::1" */
static bool read_listen(const char *text, struct mock_wish *wish, struct err *err)
{
    static const char wanted[] = "an address, and a port if you like: 127.0.0.1:9000, [::1]:9000";
    unsigned char address[16];
    const bool bracket = text[0] == '[';
    const char *const colon = strrchr(text, ':');
    const char *end = bracket ? strchr(text, ']') : strchr(text, ':') == colon ? colon : NULL;
    const char *const start = bracket ? text + 1 : text;
    if (end == NULL) end = start + strlen(start);
    const char *const port = bracket && *end != '\0' ? end + 1 : end;
    const size_t length = (size_t)(end - start);
    if (length >= sizeof wish->listen) return usage(err, "--listen", text, wanted);
    memcpy(wish->listen, start, length);
    wish->listen[length] = '\0';
    if (inet_pton(AF_INET, wish->listen, address) != 1 &&
        inet_pton(AF_INET6, wish->listen, address) != 1) {
        return usage(err, "--listen", text, wanted);
    }
    if (*port == '\0') return true;
    return (*port == ':' && read_port(port + 1, &wish->port_base)) ||
           usage(err, "--listen", text, wanted);
}

bool mock_wish_is_local(const struct mock_wish *wish)
{
    return strncmp(wish->listen, "127.", 4) == 0 || strcmp(wish->listen, "::1") == 0;
}

/* This machine's address on the way out. Connecting such a socket looks the way up, and sends
 * nothing; whatever lies behind the address is never asked. */
static bool find_way_out(int family, char host[MOCK_HOST_MAX])
{
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(9)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
    (void)inet_pton(AF_INET, "198.51.100.1", &four.sin_addr); /* kept for documents: RFC 5737 */
    (void)inet_pton(AF_INET6, "2001:db8::1", &six.sin6_addr);
    const bool is_six = family == AF_INET6;
    socklen_t size = is_six ? sizeof six : sizeof four;
    struct sockaddr *const address = is_six ? (struct sockaddr *)&six : (struct sockaddr *)&four;
    const int asked = socket(family, SOCK_DGRAM, 0);
    if (asked < 0) return false;
    const bool found = connect(asked, address, size) == 0 &&
                       getsockname(asked, address, &size) == 0 &&
                       inet_ntop(family, is_six ? (void *)&six.sin6_addr : (void *)&four.sin_addr,
                                 host, MOCK_HOST_MAX) != NULL;
    (void)close(asked);
    return found;
}

/* Where every address is listened at, the one that other machines can use is told. */
static void name_host(struct mock_wish *wish)
{
    struct in6_addr six;
    struct in_addr four;
    memcpy(wish->host, wish->listen, sizeof wish->host);
    if (inet_pton(AF_INET, wish->listen, &four) == 1) {
        if (four.s_addr != htonl(INADDR_ANY) || find_way_out(AF_INET, wish->host)) return;
        memcpy(wish->host, "127.0.0.1", sizeof "127.0.0.1");
    } else if (inet_pton(AF_INET6, wish->listen, &six) == 1 && IN6_IS_ADDR_UNSPECIFIED(&six)) {
        if (find_way_out(AF_INET6, wish->host)) return;
        memcpy(wish->host, "::1", sizeof "::1");
    }
}

/* Providers take the ports from the base on in the registry's order, whoever of them is served, and
 * the admin interface the one behind. */
static bool read_ports(const struct invocation *invocation, struct mock_wish *wish, struct err *err)
{
    const struct option_value *const base = &invocation->values[OPTION_PORT_BASE];
    if (base->text != NULL) {
        if (wish->port_base != 0 && wish->port_base != (uint16_t)base->whole) {
            return err_fail(err, ERR_USAGE, (struct place){0},
                            "--listen and --port-base name different ports");
        }
        wish->port_base = (uint16_t)base->whole;
    }
    if (wish->port_base > UINT16_MAX - PROVIDER_COUNT) {
        return err_fail(err, ERR_USAGE, (struct place){0},
                        "there are not enough ports from %u on: it takes %d",
                        (unsigned)wish->port_base, PROVIDER_COUNT + 1);
    }
    const char *const admin = invocation->values[OPTION_ADMIN].text;
    wish->admin = admin == NULL || strcmp(admin, "none") != 0;
    if (wish->port_base != 0) wish->admin_port = (uint16_t)(wish->port_base + PROVIDER_COUNT);
    if (admin == NULL || !wish->admin) return true;
    return read_port(admin, &wish->admin_port) ||
           usage(err, "--admin", admin, "a port (0: any free one), or none");
}

static bool read_exposure(const struct invocation *invocation, const struct mock_wish *wish,
                          struct err *err)
{
    if (mock_wish_is_local(wish) || invocation_on(invocation, OPTION_EXPOSE)) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){0},
                   "%s is no loopback address: others could reach the mocks", wish->listen);
    return err_hint(err, "--expose says that this is meant");
}

bool mock_wish_read(const struct invocation *invocation, struct mock_wish *wish, struct err *err)
{
    const struct option_value *const values = invocation->values;
    *wish = (struct mock_wish){.providers = (1u << PROVIDER_COUNT) - 1,
                               .relay = invocation_on(invocation, OPTION_RELAY),
                               .tls = values[OPTION_TLS].text != NULL,
                               .keys = values[OPTION_KEYS].text,
                               .payloads = values[OPTION_PAYLOADS].text,
                               .journal = values[OPTION_JOURNAL].text,
                               .for_us = INT64_MAX};
    if (wish->tls) wish->certificate = (enum certificate_kind)values[OPTION_TLS].choice;
    if (values[OPTION_FOR].text != NULL) wish->for_us = values[OPTION_FOR].whole;
    if (!read_listen(values[OPTION_LISTEN].text, wish, err)) return false;
    name_host(wish);
    const char *const only = values[OPTION_ONLY].text;
    if (only != NULL && !provider_list_read("--only", only, &wish->providers, err)) return false;
    return read_ports(invocation, wish, err) && read_exposure(invocation, wish, err);
}
