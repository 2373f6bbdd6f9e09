/* providers/redis_address.h - where a Redis is, and whom it lets in.
 *
 *   redis://127.0.0.1                     port 6379, database 0
 *   redis://[::1]:6380/2                  database 2
 *   redis://:password@127.0.0.1
 *   redis://user:password@127.0.0.1:6379
 *   unix:///run/redis/redis.sock?db=2     a socket of this machine
 *   unix://:password@/run/redis/redis.sock
 *
 * User and password may hold %41 for what would end them. This protocol is not encrypted, so an
 * address has to be one of this machine or of a private network; redis_client_create() looks at
 * what a name resolves to.
 *
 * Ownership: everything is copied. Failure: redis_address_read(): ERR_USAGE, in words that never
 * hold the password, wherever in the text it stood.
 */
#ifndef PROVIDERS_REDIS_ADDRESS_H
#define PROVIDERS_REDIS_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"
#include "router/base/text.h"

enum {
    REDIS_HOST_MAX = 254,
    REDIS_PATH_MAX = 108, /* of sockaddr_un */
    REDIS_WORD_MAX = 256, /* user, password */
    REDIS_PORT = 6379,
    REDIS_DATABASE_MAX = 65535,
};

struct redis_address {
    char host[REDIS_HOST_MAX]; /* a literal without brackets, or a name; "": a unix socket */
    char path[REDIS_PATH_MAX]; /* of a unix socket; "": none */
    uint16_t port;
    uint16_t database;
    char user[REDIS_WORD_MAX]; /* "": the default one */
    char password[REDIS_WORD_MAX];
    bool has_password; /* an empty one is one, too */
};

bool redis_address_read(const char *url, struct redis_address *address, struct err *err);

/* The same for people and for commands that are repeated: without user and password. */
void redis_address_write(const struct redis_address *address, struct text *text);

/* A word of a command line that may hold such an address, well formed or not ("redis://...",
 * "--cache=redis://..."), without what stands before the last "@" of it; any other word as it is.
 */
void redis_address_hide(const char *word, struct text *text);

#endif
