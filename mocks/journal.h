/* mocks/journal.h - what a mock server was asked and what it did: the newest entries, in a ring.
 *
 * One journal serves all providers of a mock server process. Entries have a fixed size, the ring is
 * one allocation made at the start, appending is O(1), and the oldest entry makes room for the
 * newest. Sequence numbers start at 1 and have no gaps, so whoever asks `since` the last one he saw
 * misses nothing that is still there; journal_stats() says how many are not.
 *
 * No secret enters an entry. journal_describe() takes a request apart and scrubs it; what is shown
 * of a text that may hold a secret is "[hidden]" (mocks/journal_scrub.h has the rules). Method,
 * path, query and headers are cut at the lengths below, between characters and after they were
 * scrubbed, and `cut` says which were. Taking a request apart costs 1 to 2 us, appending it 0.03.
 *
 * Order is the order of journal_append(). Where a mock answers one call at a time (the virtual
 * clock), two runs with the same seed give the same entries but for the clock's: `instant_us`, and
 * the headers whose value a clock, a port or a random number decides (journal_header_varies()),
 * which stand apart in `varying`. JOURNAL_NORMALISED leaves these out, and the bytes are the same.
 *
 * Threads: every function that takes a `struct journal *` may be called from any thread at any
 * time, but create and destroy. Callbacks run without the lock, on copies: they may take their
 * time, and call the journal. A query sees what was there when it began, less what is overwritten
 * meanwhile.
 *
 * Ownership: journal_create() allocates, journal_destroy() frees. Entries handed out are copies;
 * the texts `fault` points to are constants. Failure:   creating: ERR_ENVIRONMENT (memory).
 * journal_json(): `text->failed`. Nothing else fails.
 */
#ifndef MOCKS_JOURNAL_H
#define MOCKS_JOURNAL_H

#include "providers/http.h"
#include "providers/message.h"

enum {
    JOURNAL_CAPACITY_DEFAULT = 4096, /* 4 MB */
    JOURNAL_CAPACITY_MAX = 1 << 20,  /* 1 GB */
    JOURNAL_METHOD_MAX = 8,          /* sizes in bytes, with the NUL */
    JOURNAL_PATH_MAX = 128,
    JOURNAL_QUERY_MAX = 320, /* a MealMe cart of ten items fits */
    JOURNAL_HEADERS_MAX = 320,
    JOURNAL_VARYING_MAX = 192,
    JOURNAL_NO_OPERATION = -1, /* no operation of ours was recognised */
};

enum journal_cut { /* bits */
                   JOURNAL_CUT_METHOD = 1,
                   JOURNAL_CUT_PATH = 2,
                   JOURNAL_CUT_QUERY = 4,
                   JOURNAL_CUT_HEADERS = 8,
                   JOURNAL_CUT_VARYING = 16
};

struct journal_entry {
    uint64_t sequence;  /* given by journal_append(); 1 is the first */
    int64_t instant_us; /* when the request was there, by the scenario's clock */
    uint64_t order_key; /* 0: foreign, of a client that is not ours */
    int64_t latency_us; /* as the mock states it; INT64_MAX: never answered */
    const char *fault;  /* a constant, e.g. of fault_kind_names; NULL: none */
    enum provider provider;
    int operation; /* enum operation, or JOURNAL_NO_OPERATION */
    enum call_fate fate;
    uint16_t status; /* 0: none was sent */
    uint8_t cut;     /* enum journal_cut */
    char method[JOURNAL_METHOD_MAX];
    char path[JOURNAL_PATH_MAX];
    char query[JOURNAL_QUERY_MAX];     /* "name=value&name=value", scrubbed */
    char headers[JOURNAL_HEADERS_MAX]; /* "Name: value\n" each, scrubbed */
    char varying[JOURNAL_VARYING_MAX]; /* the same, of headers that no seed decides */
};

/* Fills in method, path, query and headers from a request, scrubbed and cut. The rest of the entry
 * is left as it is. */
void journal_describe(struct journal_entry *entry, const struct http_view *view);

/* Whether a header's value comes from a clock, a port or chance: Host, Date,
 * WM_CONSUMER.INTIMESTAMP, WM_QOS.CORRELATION_ID and their like. */
bool journal_header_varies(const char *name);

/* ---- the ring -------------------------------------------------------------------------------- */

struct journal;

/* `capacity` from 1 to JOURNAL_CAPACITY_MAX. */
struct journal *journal_create(uint32_t capacity, struct err *err);
void journal_destroy(struct journal *journal); /* NULL is fine */

/* Appends a copy, whose sequence number is returned; `entry->sequence` is not looked at. */
uint64_t journal_append(struct journal *journal, const struct journal_entry *entry);

/* Forgets all entries; the next one is number 1 again. */
void journal_clear(struct journal *journal);

struct journal_stats {
    uint64_t appended; /* since the start or the last clear; the newest sequence number */
    uint64_t kept;
    uint64_t lost; /* overwritten: 1 to `lost` */
    uint32_t capacity;
};
struct journal_stats journal_stats(struct journal *journal);

/* ---- asking ---------------------------------------------------------------------------------- */

/* What an entry has to be. {0} with `provider` and `operation` set to JOURNAL_ANY matches all:
 * begin with journal_filter_any(). */
enum { JOURNAL_ANY = -2 };

struct journal_filter {
    int provider;            /* enum provider, or JOURNAL_ANY */
    int operation;           /* enum operation, JOURNAL_NO_OPERATION, or JOURNAL_ANY */
    const char *method;      /* exactly; NULL: any */
    const char *path_prefix; /* by bytes; NULL: any */
    int status;              /* 0: that none was sent; JOURNAL_ANY: any */
    uint64_t since;          /* only entries with a higher sequence number */
    uint64_t limit;          /* so many of them, oldest first; 0: all */
    bool newest;             /* a limit leaves out the older ones, not the newer */
};
struct journal_filter journal_filter_any(void);

/* Whether an entry fits; `limit` is not looked at. */
bool journal_matches(const struct journal_filter *filter, const struct journal_entry *entry);

typedef void (*journal_visit)(void *context, const struct journal_entry *entry);

/* Hands every entry that fits to `visit`, oldest first; returns how many. */
uint64_t journal_query(struct journal *journal, const struct journal_filter *filter, void *context,
                       journal_visit visit);

enum { JOURNAL_PLAIN = 0, JOURNAL_NORMALISED = 1 };

/* Appends every entry that fits as one line of JSON; returns how many. The keys, in this order:
 * sequence, instant_us, provider, operation, method, path, query, headers, varying, status, fate,
 * fault, latency_us, order_key, cut. headers, varying and cut are lists of texts; operation,
 * status, fault, order_key (16 hexadecimal digits) and a latency without end are null when there is
 * none. JOURNAL_NORMALISED leaves out instant_us and varying, and of cut what varying was. */
uint64_t journal_json(struct journal *journal, const struct journal_filter *filter, int form,
                      struct text *text);

/* ---- verifying ------------------------------------------------------------------------------- */

enum { JOURNAL_MISS_TEXT_MAX = 640 };

struct journal_near_miss {
    bool there;                       /* false: no entry, past `since`, at all */
    struct journal_entry entry;       /* of those that fit most criteria, see journal_nearest() */
    unsigned matched, failed;         /* numbers of criteria; what may be any is none */
    char text[JOURNAL_MISS_TEXT_MAX]; /* "path matched, status was 401 instead of 200" */
};

enum journal_verdict {
    JOURNAL_HOLDS,
    JOURNAL_FAILS,
    JOURNAL_UNDECIDED, /* entries that could tell have been overwritten */
};

struct journal_verification {
    enum journal_verdict verdict;
    uint64_t count;                     /* entries that fit, of those still there */
    uint64_t lost;                      /* entries past `since` that are not there any more */
    struct journal_near_miss near_miss; /* looked for when count is 0 and min is not */
};

/* Counts what fits (`limit` is not looked at) and says whether it is between `min` and `max`, both
 * included; UINT64_MAX: no upper bound. Returns the count. */
uint64_t journal_verify(struct journal *journal, const struct journal_filter *filter, uint64_t min,
                        uint64_t max, struct journal_verification *verification);

/* The entry that comes nearest to a filter which none fits: it meets most criteria; among equals
 * its path shares most with the one asked for; among those it is the newest. */
void journal_nearest(struct journal *journal, const struct journal_filter *filter,
                     struct journal_near_miss *near_miss);

#endif
