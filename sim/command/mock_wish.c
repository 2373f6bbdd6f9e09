/* What `routesim mock` is asked for. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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
    const char *const only = values[OPTION_ONLY].text;
    if (only != NULL && !provider_list_read("--only", only, &wish->providers, err)) return false;
    return read_ports(invocation, wish, err) && read_exposure(invocation, wish, err);
}
