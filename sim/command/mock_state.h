/* sim/command/mock_state.h - the inside of `routesim mock`, for the files that make it up.
 *
 *   mock.c         the command: signals, and what happens until somebody stops it
 *   mock_wish.c    what the command line asks for
 *   mock_start.c   certificates, servers, the relay in front, the admin interface, keys
 *   mock_say.c     addresses, warnings, the journal at the end
 *   mock_world.c   the providers behind it, their clock and their faults
 *   mock_faults.c  faults in the scenario's language
 *   mock_keys.c    credentials as files
 */
#ifndef SIM_COMMAND_MOCK_STATE_H
#define SIM_COMMAND_MOCK_STATE_H

#include "mocks/front.h"
#include "sim/command/mock_keys.h"
#include "sim/command/mock_world.h"

enum { MOCK_HOST_MAX = 64 };

struct mock_wish {
    char listen[MOCK_HOST_MAX];
    char host[MOCK_HOST_MAX]; /* by which clients get there: "0.0.0.0" is no place to go to */
    uint16_t port_base;       /* 0: any free ports */
    uint32_t providers;
    bool admin;
    uint16_t admin_port;
    bool relay; /* a relay in front in any case */
    bool tls;
    enum certificate_kind certificate;
    const char *keys;     /* NULL: none are written */
    const char *payloads; /* a folder; NULL: the compiled-in ones */
    const char *journal;  /* NULL: it is not kept at the end */
    int64_t for_us;       /* INT64_MAX: until it is stopped */
};

struct mock {
    const struct invocation *invocation;
    struct console *console;
    struct mock_wish wish;
    struct mock_world world;
    struct certificates certificates;
    struct journal *journal;
    struct payloads *payloads;
    struct mock_server *server;
    struct front *front; /* NULL: clients come to the server itself */
    uint64_t fronted;    /* the list of faults that it goes by: world.edition */
    struct admin *admin;
    pthread_t key_maker; /* of Walmart's private key */
    bool makes_key;
    bool starved; /* some client was not served for want of a descriptor, and that was said */
    char folder[MOCK_KEYS_PATH_MAX]; /* of keys; "": none */
    int claim;                       /* on that folder; -1: none */
    char urls[PROVIDER_COUNT][MOCK_URL_MAX];
    char admin_url[ADMIN_URL_MAX];
};

/* mock_wish.c */
bool mock_wish_read(const struct invocation *invocation, struct mock_wish *wish, struct err *err);
bool mock_wish_is_local(const struct mock_wish *wish); /* loopback only */

/* mock_start.c. After a failed start too, mock_stop() ends what runs: nobody may ask any more, and
 * what is due within the grace goes out. The journal stays until mock_release(). */
bool mock_start(struct mock *mock, struct err *err);
void mock_stop(struct mock *mock, int64_t grace_us);
void mock_release(struct mock *mock);

/* Makes the relay follow the faults; returns when that is next to be done. */
int64_t mock_turn(struct mock *mock);

/* mock_say.c */
int mock_say_where(const struct mock *mock); /* and flushes it */
void mock_say_warnings(const struct mock *mock);
void mock_warn_of_faults(const struct mock *mock); /* that are not met as they are written */
void mock_warn(const struct mock *mock, const char *hint, const char *message);
void mock_mind_starving(struct mock *mock); /* says it, once */
void mock_say_goodbye(const struct mock *mock, int64_t served_us);
bool mock_check_journal(const struct mock *mock, struct err *err); /* whether it can be written */
int mock_write_journal(const struct mock *mock);

#endif
