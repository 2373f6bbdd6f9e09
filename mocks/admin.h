/* mocks/admin.h - the mock providers' control room: a JSON interface on a port of its own.
 *
 * JSON in, JSON out. Errors are {"error": ..., "hint": ...} with a status of 4xx; a mistake in a
 * body says its "line" and "column" too. GET / lists what there is:
 *
 *   GET    /                                what there is
 *   GET    /health                          whether it serves, and since when
 *   GET    /faults                          all faults in force, each with its state
 *   PUT    /faults                          a list that takes their place
 *   POST   /faults                          one more; without "at" it begins now; one that is over
 *                                           gives up its id
 *   DELETE /faults, /faults/{id}            away with all, or one
 *   GET    /credentials                     which generations count; never a secret
 *   POST   /credentials/{provider}/rotate   a new generation counts, the old ones no longer
 *   POST   /credentials/{provider}/revoke   what counts now counts no longer, tokens included
 *   POST   /credentials/{provider}/expire   tokens issued so far are past their life (of a provider
 *                                           without tokens: the credential is)
 *   POST   /credentials/{provider}/issue    the texts of what counts; {"new": true}, or when
 *                                           nothing counts: of a new generation
 *   GET    /clock                           the scenario's clock
 *   PUT    /clock                           {"advance": "5m"} or {"to": "1h"}: it jumps forward;
 *                                           signatures still go by the clients' clocks
 *   POST   /reset                           {"seed": 7}: as it was at the start; the journal too
 *   GET    /journal                         JSON lines; ?provider= operation= method= path= status=
 *                                           since= limit= normalised=1; of too many the newest, or
 *                                           where since= is given those that come next
 *   DELETE /journal                         forgets it
 *   POST   /verify                          the same filter, and "min", "max": 200 or 409
 *   GET    /counters                        what was served
 *   GET    /scenario                        every value of the scenario, with its origin
 *   POST   /stop                            a graceful stop
 *
 * A provider is named by its id or by its key, in any case: KROGER_API, kroger. Revoking and
 * expiring put in a fault (admin-revoked-KROGER_API), which GET /faults shows and DELETE ends.
 *
 * Who may ask. The port is opened on a loopback address and nowhere else. Browsers are kept out,
 * whatever page they show: a Host that is no loopback name with this port (a name that was rebound)
 * is refused, so is every request with an Origin, and nothing says that another origin might read
 * an answer. A body has to say Content-Type: application/json and is ADMIN_BODY_MAX bytes at most.
 * A head that could be read in two ways is refused (mocks/http_head.h), as is one with more than 64
 * headers: an Origin may be behind them. There is no password: whoever may open sockets on this
 * machine may ask.
 *
 * Credentials leave by /issue alone. They are a mock's and open nothing else.
 *
 * Threads: one internal thread answers, one request after the other. Callbacks run on it, without
 * the lock unless they say otherwise.
 *
 * Ownership: everything in the setup is borrowed and outlives the admin interface.
 * Failure:   admin_create(): ERR_USAGE for an address that is not loopback, ERR_ENVIRONMENT with
 *            the port and why. Serving cannot fail.
 */
#ifndef MOCKS_ADMIN_H
#define MOCKS_ADMIN_H

#include "mocks/http_server.h"

enum {
    ADMIN_BODY_MAX = 262144,
    ADMIN_CONNECTIONS_MAX = 32, /* when another comes, the one that was silent longest is closed */
    ADMIN_IDLE_SECONDS = 15,
    ADMIN_URL_MAX = MOCK_URL_MAX,
};

/* What needs more than mocks/ knows: the scenario's language, and the run around it. */
struct admin_port {
    void *context;
    const char *key_version;            /* Walmart's, as registered; NULL: "1" */
    int64_t (*now_us)(void *context);   /* the scenario's clock */
    int64_t (*epoch_us)(void *context); /* Unix time of instant 0 */

    /* With the lock held. */
    struct backend *(*backend)(void *context, enum provider provider); /* NULL: not served */
    const struct fault_spec *(*faults)(void *context, uint32_t *count);
    void (*write_fault)(void *context, uint32_t index, struct text *json); /* `"id": "x", ...` */

    /* A list, or one fault, in the scenario's own keys. False: `list` says why, with places in
     * `json`, and nothing has changed. A fault without "at" begins now, one without "for" lasts. */
    bool (*put_faults)(void *context, const char *json, size_t length, struct err_list *list);
    bool (*add_fault)(void *context, const char *json, size_t length, struct err_list *list);
    bool (*remove_fault)(void *context, const char *id); /* false: there is none */

    uint32_t (*rotate)(void *context, enum provider provider); /* the new generation; 0: no more */
    void (*advance)(void *context, int64_t by_us);
    void (*reset)(void *context, const uint64_t *seed); /* NULL: the one it has */
    void (*write_scenario)(void *context, struct text *json);
    void (*stop)(void *context); /* its answer has been sent by then */
};

struct admin_setup {
    const char *listen;         /* NULL: 127.0.0.1 */
    uint16_t port;              /* 0: any free one */
    struct mock_server *server; /* NULL: none runs, its counters are 0 */
    struct journal *journal;
    pthread_mutex_t *lock; /* of mocks/http_server.h */
    struct admin_port ask;
};

struct admin;

struct admin *admin_create(const struct admin_setup *setup, struct err *err);
void admin_destroy(struct admin *admin); /* NULL is fine */

uint16_t admin_port_number(const struct admin *admin);
void admin_url(const struct admin *admin, char url[ADMIN_URL_MAX]);

/* ---- without a socket: for tests and fuzzers ------------------------------------------------- */

struct admin_response {
    uint16_t status;
    const char *content_type; /* a constant */
    const char *allow;        /* of a 405; a constant */
    struct text body;
    bool closes; /* the connection */
    bool stop;   /* once it has been sent */
};

/* What a request is told before its body is read: true when it may go on. */
bool admin_admit(const struct admin *admin, const struct http_view *view,
                 struct admin_response *response);

/* Answers a whole request, admitted or not. `response` is overwritten; its body is the caller's. */
void admin_answer(struct admin *admin, const struct http_view *view,
                  struct admin_response *response);

#endif
