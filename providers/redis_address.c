#include "providers/redis_address.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What is quoted in a message comes from behind the last '@', or is a scheme: a password is before
 * one and after the other. */
static bool refuse(struct err *err, const char *what)
{
    (void)err_fail(err, ERR_USAGE, (struct place){0}, "the address of the cache %s", what);
    return err_hint(err, "write redis://[:PASSWORD@]HOST[:PORT][/DATABASE] or "
                         "unix://[:PASSWORD@]/PATH[?db=DATABASE]");
}

static int hex_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Copies up to `end`, with %41 as what it stands for; false when it is too long or broken. */
static bool decode(char *word, size_t size, const char *from, const char *end)
{
    size_t length = 0;
    while (from < end) {
        char c = *from++;
        if (c == '%') {
            if (end - from < 2 || hex_of(from[0]) < 0 || hex_of(from[1]) < 0) return false;
            c = (char)(hex_of(from[0]) * 16 + hex_of(from[1]));
            from += 2;
        }
        if (c == '\0' || length + 1 >= size) return false;
        word[length++] = c;
    }
    word[length] = '\0';
    return true;
}

static bool read_number(const char *from, const char *end, unsigned long most, uint16_t *number)
{
    unsigned long value = 0;
    if (from == end || end - from > 5) return false;
    for (; from < end; from++) {
        if (*from < '0' || *from > '9') return false;
        value = value * 10 + (unsigned long)(*from - '0');
    }
    if (value > most) return false;
    *number = (uint16_t)value;
    return true;
}

/* "user:password"; a lone word is refused, for it might be either. */
static bool read_user(const char *from, const char *end, struct redis_address *address,
                      struct err *err)
{
    const char *const colon = memchr(from, ':', (size_t)(end - from));
    if (colon == NULL) return refuse(err, "has no \":\" before its \"@\"");
    if (!decode(address->user, sizeof address->user, from, colon) ||
        !decode(address->password, sizeof address->password, colon + 1, end)) {
        return refuse(err, "has a user or a password that is too long or broken");
    }
    address->has_password = true;
    return true;
}

/* "host", "host:port", "[::1]:port" */
static bool read_host(const char *from, const char *end, struct redis_address *address,
                      struct err *err)
{
    const char *host = from, *host_end;
    if (from < end && *from == '[') {
        host = from + 1;
        host_end = memchr(host, ']', (size_t)(end - host));
        if (host_end == NULL) return refuse(err, "has a \"[\" without its \"]\"");
        from = host_end + 1;
        if (from < end && *from != ':') return refuse(err, "goes on behind its \"]\"");
    } else {
        host_end = memchr(host, ':', (size_t)(end - host));
        if (host_end == NULL) host_end = end;
        from = host_end;
    }
    const size_t length = (size_t)(host_end - host);
    if (length == 0) return refuse(err, "names no host");
    if (length >= sizeof address->host) return refuse(err, "has too long a host name");
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)host[i] <= ' ' || (unsigned char)host[i] >= 0x7f ||
            strchr("%\\\"'<>?#[]@", host[i]) != NULL) {
            return refuse(err, "has a character in its host name that none may hold");
        }
    memcpy(address->host, host, length);
    address->host[length] = '\0';
    address->port = REDIS_PORT;
    if (from == end) return true;
    if (!read_number(from + 1, end, 65535, &address->port) || address->port == 0) {
        return refuse(err, "has a port that is none of 1 to 65535");
    }
    return true;
}

static bool read_unix(const char *rest, struct redis_address *address, struct err *err)
{
    const char *const question = strchr(rest, '?');
    const char *const end = question != NULL ? question : rest + strlen(rest);
    if (*rest != '/') return refuse(err, "has no absolute path");
    if (!decode(address->path, sizeof address->path, rest, end)) {
        return refuse(err, "has a path that is broken, or longer than 107 bytes");
    }
    if (question == NULL) return true;
    if (strncmp(question, "?db=", 4) == 0 && read_number(question + 4, question + strlen(question),
                                                         REDIS_DATABASE_MAX, &address->database)) {
        return true;
    }
    return refuse(err, "has something behind its path that is no \"?db=NUMBER\"");
}

static bool read_network(const char *rest, struct redis_address *address, struct err *err)
{
    const char *const slash = strchr(rest, '/');
    const char *const end = slash != NULL ? slash : rest + strlen(rest);
    if (!read_host(rest, end, address, err)) return false;
    if (slash == NULL || slash[1] == '\0') return true;
    if (read_number(slash + 1, slash + strlen(slash), REDIS_DATABASE_MAX, &address->database)) {
        return true;
    }
    return refuse(err, "has a database that is no number of 0 to 65535");
}

bool redis_address_read(const char *url, struct redis_address *address, struct err *err)
{
    *address = (struct redis_address){0};
    if (strncmp(url, "rediss:", 7) == 0) {
        (void)refuse(err, "asks for TLS, which is not offered");
        return err_hint(err, "a tunnel on this machine can encrypt the way to it");
    }
    const bool is_unix = strncmp(url, "unix://", 7) == 0;
    if (!is_unix && strncmp(url, "redis://", 8) != 0) {
        return refuse(err, "begins with neither redis:// nor unix://");
    }
    const char *rest = url + (is_unix ? 7 : 8);
    const char *const at = strrchr(rest, '@'); /* the last: a password may hold one */
    if (at != NULL && !read_user(rest, at, address, err)) return false;
    if (at != NULL) rest = at + 1;
    return is_unix ? read_unix(rest, address, err) : read_network(rest, address, err);
}

void redis_address_write(const struct redis_address *address, struct text *text)
{
    if (address->host[0] == '\0') {
        text_format(text, "unix://%s", address->path);
        if (address->database != 0) text_format(text, "?db=%u", (unsigned)address->database);
        return;
    }
    const bool ipv6 = strchr(address->host, ':') != NULL;
    text_format(text, ipv6 ? "redis://[%s]:%u" : "redis://%s:%u", address->host,
                (unsigned)address->port);
    if (address->database != 0) text_format(text, "/%u", (unsigned)address->database);
}

void redis_address_hide(const char *word, struct text *text)
{
    static const char *const schemes[] = {"redis:", "rediss:", "unix:"};
    const char *const at = strrchr(word, '@');
    for (size_t i = 0; at != NULL && i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *rest = strstr(word, schemes[i]);
        if (rest == NULL || rest > at) continue;
        rest += strlen(schemes[i]);
        rest += strspn(rest, "/");
        text_append(text, word, (size_t)(rest - word));
        word = at + 1;
        break;
    }
    text_put(text, word);
}
