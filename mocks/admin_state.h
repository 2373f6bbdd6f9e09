/* mocks/admin_state.h - the inside of the admin interface, for the files that make it up. Nobody
 * else's.
 *
 *   admin.c              the port, the library that serves it, who may ask
 *   admin_callers.c      connections, and which of them makes room
 *   admin_routes.c       what there is, and who answers it
 *   admin_faults.c       faults
 *   admin_credentials.c  credentials
 *   admin_journal.c      journal, verify, counters
 *   admin_read.c         bodies, names and refusals, for all of them
 */
#ifndef MOCKS_ADMIN_STATE_H
#define MOCKS_ADMIN_STATE_H

#include <microhttpd.h>

#include "mocks/admin.h"
#include "router/base/json.h"

struct admin_caller;

struct admin {
    struct admin_setup setup;
    struct MHD_Daemon *daemon;
    const char *listen;
    uint16_t number;
    int64_t started_us;           /* CLOCK_MONOTONIC */
    struct admin_caller *callers; /* the head of their ring; it and the count are the library's
                                     thread's */
    uint32_t caller_count;
};

struct admin_exchange { /* one request in work */
    struct admin *admin;
    const struct http_view *view;
    const char *rest; /* of the path, behind the route's own: "KROGER_API/rotate" */
    struct admin_response *response;
};

typedef void (*admin_handler)(struct admin_exchange *exchange);

/* Answers: each may be called once an exchange, and returns false so that a reader can fail by it.
 */
bool admin_refuse(struct admin_exchange *exchange, uint16_t status, const char *hint,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));
bool admin_refuse_list(struct admin_exchange *exchange, const struct err_list *list);

/* The body as an object whose keys are all in `keys` (NULL ends them); none is an empty object.
 * json_release() ends it either way. */
bool admin_read_object(struct admin_exchange *exchange, const char *const *keys, struct json *json);

/* "KROGER_API", "kroger": `length` bytes of `name`. */
bool admin_read_provider(struct admin_exchange *exchange, const char *name, size_t length,
                         enum provider *provider);

/* The index of a word in a list that NULL ends; else a refusal that suggests one. */
bool admin_read_word(struct admin_exchange *exchange, const char *what, const char *word,
                     const char *const *words, int *index);

/* A whole number from 0 to `most`. */
bool admin_read_whole(struct admin_exchange *exchange, const char *what, const char *text,
                      uint64_t most, uint64_t *value);

void admin_lock(struct admin *admin);
void admin_unlock(struct admin *admin);
int64_t admin_monotonic_us(void);

/* admin_callers.c */
bool admin_callers_create(struct admin *admin); /* false: no memory */
void admin_callers_destroy(struct admin *admin);
void admin_callers_notify(void *admin, struct MHD_Connection *connection, void **kept,
                          enum MHD_ConnectionNotificationCode code);
void admin_callers_heard(struct admin *admin, struct MHD_Connection *connection);

/* Handlers. */
void admin_get_root(struct admin_exchange *exchange);
void admin_get_health(struct admin_exchange *exchange);
void admin_get_clock(struct admin_exchange *exchange);
void admin_put_clock(struct admin_exchange *exchange);
void admin_post_reset(struct admin_exchange *exchange);
void admin_get_scenario(struct admin_exchange *exchange);
void admin_post_stop(struct admin_exchange *exchange);
void admin_get_faults(struct admin_exchange *exchange);
void admin_put_faults(struct admin_exchange *exchange);
void admin_post_fault(struct admin_exchange *exchange);
void admin_delete_faults(struct admin_exchange *exchange);
void admin_get_credentials(struct admin_exchange *exchange);
void admin_post_credentials(struct admin_exchange *exchange);
void admin_get_journal(struct admin_exchange *exchange);
void admin_delete_journal(struct admin_exchange *exchange);
void admin_post_verify(struct admin_exchange *exchange);
void admin_get_counters(struct admin_exchange *exchange);

#endif
