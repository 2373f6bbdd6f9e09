/* sim/world/quote_record.h - quotes.bin: every decision with all it was decided from, one fixed
 * record each.
 *
 * Because every order carries all its quotes, other weights, priorities or shorter timeouts can be
 * decided again exactly from this file alone; `compare` pairs two runs by it. Little-endian,
 * written as it lies in memory (static asserts fix the layout); a header names version and sizes,
 * and a reader refuses what it does not know. Records are never sampled.
 *
 *   header    64 bytes
 *   records  304 bytes each: ORDER, CONFIG or LATE. A CONFIG record holds for the orders that
 *            follow it. A LATE one says how an abandoned call ended, whose order may stand before
 *            or after it; with these, longer timeouts can be decided again too, as far as calls
 *            were watched (policy.call_life).
 *
 * Failure: quote_record_open(): ERR_INPUT for a file that is none of ours, of another version, or
 * cut off.
 */
#ifndef SIM_WORLD_QUOTE_RECORD_H
#define SIM_WORLD_QUOTE_RECORD_H

#include <stdio.h>

#include "router/router.h"

#define QUOTE_RECORD_MAGIC "RSQUOTES"
enum { QUOTE_RECORD_VERSION = 3 };

struct quote_record_header {
    char magic[8];
    uint32_t version;
    uint32_t record_bytes;
    uint64_t experiment_hash;
    uint64_t scenario_hash;
    uint64_t seed;
    int64_t start_unix_us;
    uint64_t reserved[2];
};

enum quote_record_kind { QUOTE_RECORD_ORDER = 1, QUOTE_RECORD_CONFIG = 2, QUOTE_RECORD_LATE = 3 };

enum { /* flags of a quote */
       QUOTE_FLAG_CANNED = 1,
       QUOTE_FLAG_ESTIMATED = 2,
       QUOTE_FLAG_FELL_BACK = 4,    /* the canned quote stands in; outcome is the real call's */
       QUOTE_FLAG_SUCCESS_RATE = 8, /* success_rate was known */
       QUOTE_FLAG_MARGIN_RATE = 16,
       QUOTE_FLAG_SCORED = 32,
       QUOTE_FLAG_CACHED = 64 /* kept from an earlier order: latency_us is the cache's */
};

struct quote_record_quote { /* one candidate, in candidate order */
    uint8_t provider;
    uint8_t outcome; /* enum quote_outcome of the real call */
    uint8_t flags;
    uint8_t reserved;
    uint16_t http_status;
    uint16_t found;
    uint16_t substituted;
    int16_t priority;
    int32_t eta_minutes;
    int64_t total_cents;    /* 0: no quote */
    int64_t subtotal_cents; /* of the lines alone */
    int64_t latency_us;     /* from the order's start; of a timeout: the timeout */
    int64_t timeout_us;
    double success_rate; /* percent, as the scorer saw it */
    double margin_rate;
};

struct quote_record {
    uint8_t kind;
    union {
        struct {
            uint8_t code; /* enum order_code */
            uint8_t preference;
            uint8_t quote_count; /* candidates */
            uint8_t selected;    /* index into quotes; 255: none */
            uint8_t reserved[3];
            uint16_t items;
            uint16_t reserved2[3];
            uint64_t index;
            int64_t start_us;
            int64_t decided_us;
            struct quote_record_quote quotes[PROVIDER_COUNT];
        } order;
        struct {
            uint8_t profile;
            uint8_t zero_is_missing;
            uint8_t missing_items; /* enum missing_items */
            uint8_t reserved[4];
            double fill_least;
            double weights[6]; /* priority, price, speed, commission, availability, reliability */
            int64_t timeout_us[PROVIDER_COUNT];
            uint8_t enabled[8];
        } config;
        struct {
            uint8_t slot; /* of the order's quotes */
            uint8_t reserved[6];
            uint64_t index; /* of the order */
            int64_t start_us;
            /* How the call ended, after the timeout: TIMEOUT when its life was over before an
             * answer came. Priority and rates are those of the order's own record. */
            struct quote_record_quote quote;
        } late;
    } as;
};

void quote_record_config(struct quote_record *record, const struct router *router);
void quote_record_order(struct quote_record *record, const struct router *router,
                        const struct router_order *order);

/* `result` came for `slot` at now_us, when nobody waited for it any more. */
void quote_record_late(struct quote_record *record, const struct router_order *order, unsigned slot,
                       const struct quote_result *result, int64_t now_us);

struct quote_record_reader {
    FILE *stream;
    const char *path; /* borrowed */
    struct quote_record_header header;
    uint64_t record; /* read so far */
};

bool quote_record_open(struct quote_record_reader *reader, const char *path, struct err *err);
/* The next record; false at the end (err->code is ERR_NONE) or on damage. */
bool quote_record_next(struct quote_record_reader *reader, struct quote_record *record,
                       struct err *err);
void quote_record_close(struct quote_record_reader *reader);

#endif
