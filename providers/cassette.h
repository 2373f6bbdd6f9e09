/* providers/cassette.h - HTTP conversations kept in a file, and played back from it.
 *
 * A take is one call: what was sent, what came back or how it failed, and how long that took. A
 * cassette is a text file of JSON lines: first the run that was recorded ({"schema":
 * "routesim.cassette/2","program":...}), then one take a line in the order of recorder_add(), its
 * keys always in the same order, and last {"end":...} with the number of takes and the SHA-256 of
 * all lines before it. Bodies are texts, or base64 ("body_base64") when they are not UTF-8 or hold
 * a NUL.
 *
 * A file without that last line was cut, or its recording was interrupted; one whose last line says
 * another number or sum was edited. Either is read as far as it goes, and cassette_say_flaws() says
 * what is amiss: whoever plays it has to pass that on.
 *
 * Which takes answer a request. Two requests are the same when provider, method, path, query,
 * content type and body are: query and form pairs in any order, JSON members in any order and
 * spacing, numbers as they are written. Headers do not count, nor do parameters and members that
 * say who asks or when: credentials, signatures, timestamps, correlation ids. A request is answered
 * by the takes of the same request: first by that of the same order, line and attempt, because two
 * orders that ask the same at the same time end in any order; else by the next unused one in the
 * order in which they were sent; then by the last of them again and again. When there are none,
 * TOKEN, STORE, CART, QUOTE, SLOTS and HEALTH calls get the next unused take of their provider and
 * operation; others get none, because a recorded search for milk is no answer to a search for eggs.
 *
 * Secrets never reach the file; they are taken out before a byte is written:
 *   - of a request's headers only Accept, Accept-Language and Content-Type are kept;
 *   - values whose name is a secret's, in queries, forms and JSON: client_id, client_secret,
 * api_key, password, signature and the like; in requests also what says who the customer is: name,
 * email, phone, street, coordinates; in responses user_name and its kind;
 *   - tokens that a response issues become "token-1", "token-2" in the order in which they first
 *     appear, and the same wherever else they stand, so that a replay has distinct tokens too;
 *   - what credentials the request's headers, query or body held, wherever else it stands, then and
 *     later; what the customer's values were, where the response gives one back whole;
 *   - every text of `secrets`, wherever it stands.
 * "Wherever" includes percent-encoded (also twice), JSON-escaped and HTML-escaped forms, and base64
 * at any alignment for texts of 4 bytes and more. What is hidden reads "[hidden]"; where JSON has a
 * number, 0; where it has an object or array, an empty one: so a body of the wrong type stays one.
 * All other bytes of a body are kept as they were.
 *
 * Ownership: see each function. One thread at a time may use a recorder, or a cassette; forks of
 *            one cassette may be played in different threads.
 * Failure:   recording: ERR_ENVIRONMENT (file system, memory); ERR_INPUT for a path that holds
 *            something else, and for a take that is too long. Opening: every bad line up to the
 *            list's limit, with line and column. Playing cannot fail but for memory, which shows in
 *            response->body.failed. No message holds a byte of a body, nor a secret.
 */
#ifndef PROVIDERS_CASSETTE_H
#define PROVIDERS_CASSETTE_H

#include "providers/http.h"
#include "providers/message.h"
#include "router/base/err.h"

enum {
    CASSETTE_BODY_BYTES_MAX = 1 << 20,   /* of a request or a response; what the client reads */
    CASSETTE_TARGET_BYTES_MAX = 1 << 16, /* path and query; also all kept headers together */
    CASSETTE_BYTES_MAX = 1 << 28,        /* of a file: some hundred thousand usual takes */
};

/* The run that was recorded: what a replay has to have alike, or to say that it has not. Texts are
 * one line each. */
struct cassette_head {
    const char *program; /* who recorded */
    const char *scenario;
    const char *seed;
    const char *clock;     /* "virtual", "real" */
    int64_t start_unix_us; /* instant 0: answers may state instants */
    int64_t duration_us;
    int64_t order_gap_us; /* between the starts of two orders at least; 0: they came as they came */
    unsigned providers;   /* bit of enum provider: its calls were recorded */
    unsigned live;        /* those that were the real ones */
};

/* ---- recording ------------------------------------------------------------------------------- */

struct recorder;

enum cassette_orders { CASSETTE_NO_ORDER = -1 };

struct cassette_take {
    enum provider provider;
    enum api api;
    enum operation operation;
    int64_t order; /* whose call it is, from 0 to 2^53; CASSETTE_NO_ORDER: all orders' */
    uint32_t item, attempt;
    int64_t at_us;      /* when it was sent, by the run's clock; within +-2^53 */
    int64_t latency_us; /* 0 to 2^53; of CALL_UNANSWERED: the call's life */
    enum call_fate fate;
    const struct http_request *request;
    const struct http_response *response; /* not looked at unless fate is CALL_ANSWERED */
    const char *const *secrets; /* texts that must not appear; NULL ends, and NULL is none */
};

/* Begins a cassette that will be `path`: writes to PATH.tmp-PID beside it, which only its owner may
 * read, and which gets the name when the recorder is closed. What lies there already is never
 * replaced unless it is empty or, with `replace`, a cassette; else it is refused now, as ERR_USAGE.
 * NULL on failure. */
struct recorder *recorder_open(const char *path, bool replace, const struct cassette_head *head,
                               struct err *err);

/* Appends a take; it is copied. A take that is too long is refused, and recording can go on. When
 * writing fails the temporary file is removed at once, and this and every later call gives the same
 * err. */
bool recorder_add(struct recorder *recorder, const struct cassette_take *take, struct err *err);

/* How many takes are in it. */
uint64_t recorder_takes(const struct recorder *recorder);

/* The run was stopped early, by `why` ("a signal"), after so many orders had begun: the cassette is
 * marked as partial. It replaces no other: where one lies, this one is called PATH.part-PID. */
void recorder_stopped(struct recorder *recorder, const char *why);

/* How many orders the run has begun; the last line tells whoever plays it. */
void recorder_orders(struct recorder *recorder, uint64_t orders);

/* What the file will be called. */
const char *recorder_path(const struct recorder *recorder);

/* How many takes were refused because they or the file would have been too long. A recording that
 * lacks them is kept all the same: whoever closes it should say so. */
uint64_t recorder_refused(const struct recorder *recorder);

/* Ends and frees; NULL is fine. With `keep` the file is brought to the disk and gets its name,
 * whole or not at all; without, and after any failure, no file of ours is left behind. But for one:
 * where a file has come to lie at `path` meanwhile that may not be replaced, the recording is kept
 * beside it, as PATH.part-PID, and err says so. */
bool recorder_close(struct recorder *recorder, bool keep, struct err *err);

/* ---- playing --------------------------------------------------------------------------------- */

struct cassette;

/* Reads a file whole. NULL when there is any error in it; `path` is borrowed by the list's places.
 * A file whose last line does not end was cut within it, which is an error. */
struct cassette *cassette_open(const char *path, struct err_list *list);

/* The same from memory; `name` is borrowed by the list's places. */
struct cassette *cassette_read(const char *name, const char *bytes, size_t length,
                               struct err_list *list);

/* Another player of the same takes, at the beginning and with counters of its own, for replications
 * that run at the same time. Closed before the cassette it comes from. NULL on failure. */
struct cassette *cassette_fork(const struct cassette *cassette, struct err *err);

void cassette_close(struct cassette *cassette); /* NULL is fine */

/* All takes are unused again: a new replication. Counters go on. */
void cassette_rewind(struct cassette *cassette);

enum cassette_match {
    CASSETTE_NONE,  /* nothing fits */
    CASSETTE_EXACT, /* the same request, the next of its takes */
    CASSETTE_AGAIN, /* all takes of the same request were used; this is the last of them */
    CASSETTE_LIKE,  /* another request of the same operation */
    CASSETTE_MATCH_COUNT
};

struct cassette_call {
    enum provider provider;
    enum operation operation;
    int64_t order; /* as of a take */
    uint32_t item, attempt;
    const struct http_request *request;
};

/* Plays one call. `response` is reused storage; it is empty unless *fate is CALL_ANSWERED, and for
 * CASSETTE_NONE, which also gives CALL_ANSWERED and 0 us: the caller answers 404. Its content_type
 * lives as long as the cassette (of forks: the one they come from). */
enum cassette_match cassette_play(struct cassette *cassette, const struct cassette_call *call,
                                  struct http_response *response, enum call_fate *fate,
                                  int64_t *latency_us);

/* How many calls of a provider ended in each match since the cassette was opened or forked. */
struct cassette_counters {
    uint64_t exact, again, like, none;
};
struct cassette_counters cassette_counters(const struct cassette *cassette, enum provider provider);

/* How many takes there are of a provider in one of its APIs. A replay has to speak the API that was
 * recorded. */
uint32_t cassette_take_count(const struct cassette *cassette, enum provider provider, enum api api);

/* Whether an operation of that API was recorded at all. */
bool cassette_holds(const struct cassette *cassette, enum provider provider, enum api api,
                    enum operation operation);

/* The run that was recorded; lives as long as the cassette. */
const struct cassette_head *cassette_head(const struct cassette *cassette);

/* How many orders that run began; 0 where the file does not say. */
uint64_t cassette_orders(const struct cassette *cassette);

/* What the file lacks of what was to be recorded, or has otherwise than it was, in sentences that
 * call it `name`; nothing where it is whole. "x.jsonl is partial: its recording was stopped early,
 * by a signal, after 312 calls." */
void cassette_say_flaws(const struct cassette *cassette, const char *name, struct text *text);

#endif
