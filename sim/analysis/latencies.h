/* sim/analysis/latencies.h - how long calls took, with what is not known of them: what `calibrate`
 * starts from.
 *
 * One series a provider (or, of a CSV, whatever its provider column says: a site, a service), one
 * sample an asked quote, in order of time. A sample says how far it was seen:
 *
 *   ANSWERED   a good answer came after `us`; it may be later than the timeout that was in force
 *   CENSORED   no answer had come by `us`, where watching ended: a timeout, or the hard cap. Its
 *              latency is more than `us`, nobody knows how much
 *   FAILED     an error came after `us`: no good answer, ever. Errors are fast and look good, so
 *              they are in no latency; they lower the success that any timeout can reach
 *   UNTIMED    failed, and nobody noted when; a 0 ms of a failed call is that
 *
 * A provider's calls never count as slow because they failed, nor as fast. The distribution that
 * timeouts are set from is that of the time to a good answer, of calls that did not fail:
 * ANSWERED, and CENSORED for at least as long as they were watched. An answer due at the very
 * microsecond of a timeout is late.
 *
 * From decisions (latencies_from_decisions): canned quotes were never called and are left out;
 * a fallback's call is the failed call it was. What came after its deadline is ANSWERED where the
 * record holds late answers, else CENSORED at its timeout. An adapter's error at the deadline is a
 * FAILED one.
 *
 * From a CSV (latencies_read_csv): the header names its columns; columns are found by common names
 * (capitals and underscores aside: latencyMs is latency_ms), or by `spec`. One row a call:
 *
 *   event    of the runbook's edge_logs: only provider_quote_success (an answer) and
 *            provider_quote_error (a failure; a timeout when its code says so) are calls, all
 *            other rows are passed over
 *   code     an HTTP status: 200 to 299 answer, all else fails, 408 and 504 too; 0: no reply at
 *            all. Or a word: ok, success, up, degraded (slow, but there) answer; timeout is
 *            CENSORED; all else failed. Empty: an answer, for what is empty is an error code
 *   neither  every row with a time is an answer
 *   provider one of ours by its id, key, short or displayed name in any spelling ("kroger", "Kroger
 *            Direct", "walmart_api") is that provider; all else is a site of that very name
 *   latency  milliseconds, or seconds of a column called latency_s, latency_seconds or seconds;
 *            a fraction is fine; a warning where others look like seconds. Empty, null, na and
 *            nan: not known. An answer without a time is passed over and counted; a failure
 *            without one is UNTIMED, a timeout without one stands at its timeout
 *   timeout  the row's own, else the spec's. Whatever came at it or later is CENSORED there: who
 *            hung up then saw nothing else
 *   time     Unix seconds, with a fraction or not (from 10^11 on: milliseconds), or ISO 8601 in UTC
 *
 * Ownership: a set owns its series; latencies_release() frees them (a zeroed set is fine).
 * Failure:   ERR_INPUT with the place of a bad cell, every bad cell up to the list's room;
 *            ERR_ENVIRONMENT when memory is out. Then the set is empty. A warning may be in the
 *            list of a set that was read.
 */
#ifndef SIM_ANALYSIS_LATENCIES_H
#define SIM_ANALYSIS_LATENCIES_H

#include "sim/analysis/decisions.h"

enum latency_fate {
    LATENCY_ANSWERED,
    LATENCY_CENSORED,
    LATENCY_FAILED,
    LATENCY_UNTIMED,
    LATENCY_FATES
};

#define LATENCY_US_MAX   (INT64_C(1000000) * 1000000) /* eleven days: no call takes that long */
#define LATENCY_NO_ORDER UINT32_MAX

struct latency_sample {
    int64_t at_us;      /* when it was asked, on one clock for the whole set */
    int64_t us;         /* from then on; 0 of an UNTIMED one */
    int64_t timeout_us; /* that was in force; 0: not known */
    uint32_t order;     /* place in the decision set, or the number of the CSV's order */
    uint8_t fate;       /* enum latency_fate */
    bool capped;        /* CENSORED at the hard cap, beyond its timeout */
};

enum { LATENCY_NAME_MAX = 64, LATENCY_SERIES_MAX = 64, LATENCY_COLUMNS = 7 };

struct latency_series {
    char name[LATENCY_NAME_MAX];    /* "KROGER_API", or what the CSV says; "all" without names */
    enum provider provider;         /* PROVIDER_COUNT: none of ours */
    int64_t timeout_us;             /* in force at the end; 0: not known */
    bool timeouts_differ;           /* it was not the same all along */
    struct latency_sample *samples; /* by at_us, then as they came */
    uint32_t count, capacity;
    uint32_t fates[LATENCY_FATES];
    uint32_t at_timeout; /* censored, and at a timeout at that (not at a cap beyond it) */
};

struct latency_set {
    struct latency_series *series; /* in registry order, or as the CSV first names them */
    uint32_t count;
    bool has_time;  /* at_us are instants; else they are 0, 1, 2, ...: the order of rows */
    bool has_fates; /* failed calls can be told from answers */
    uint64_t rows;  /* of a CSV: read */
    uint64_t rows_without_latency;                 /* passed over: an answer without a time */
    uint64_t rows_no_call;                         /* passed over: an event that is no call's end */
    bool in_seconds;                               /* of a CSV: its latencies were seconds */
    char spelt[PROVIDER_COUNT][LATENCY_NAME_MAX];  /* of a CSV: how a provider of ours was first
                                                      called when not by its id; "": never */
    char names[LATENCY_COLUMNS][LATENCY_NAME_MAX]; /* of a CSV: what was read as latency, provider,
                                                      ...; "": none */
};

bool latencies_from_decisions(struct latency_set *set, const struct decision_set *decisions,
                              struct err *err);

/* ---- CSV ---- */

enum latency_column {
    COLUMN_LATENCY,
    COLUMN_PROVIDER, /* none: the whole file is one series */
    COLUMN_CODE,
    COLUMN_TIME,
    COLUMN_ORDER,   /* rows with the same one belong to one order; empty: to none */
    COLUMN_TIMEOUT, /* milliseconds: this row's own; empty: the spec's */
    COLUMN_EVENT
};
extern const char *const latency_column_names[LATENCY_COLUMNS]; /* "latency", "provider", ... */

struct latency_csv {
    const char *columns[LATENCY_COLUMNS]; /* NULL: by common names, or none */
    int64_t timeout_us; /* in force where no row says otherwise; 0: none is known */
};

/* "latency=ms,provider=site,code=code,time=epoch": names are checked, not whether they exist. The
 * texts are kept in `room`. ERR_USAGE. */
enum { LATENCY_COLUMNS_TEXT_MAX = 512 };
bool latency_columns_read(struct latency_csv *spec, const char *text,
                          char room[static LATENCY_COLUMNS_TEXT_MAX], struct err *err);

/* `path`, or `name` for messages, is borrowed by the places in `list`. */
bool latencies_read_csv(struct latency_set *set, const char *path, const struct latency_csv *spec,
                        struct err_list *list);
bool latencies_from_csv_bytes(struct latency_set *set, const char *name, const char *bytes,
                              size_t length, const struct latency_csv *spec, struct err_list *list);

/* ---- parts and series ---- */

/* The series as it would have been recorded by somebody who hung up at `timeout_us`: what comes at
 * it or later is CENSORED there, errors among it. What had been watched for less stays as it is, so
 * a longer timeout shows nothing new. */
bool latency_cut(struct latency_series *cut, const struct latency_series *series,
                 int64_t timeout_us, struct err *err);

/* Finds or begins a series; NULL with an err when the name is too long or there are too many. An
 * answer is good until the next one is begun. */
struct latency_series *latency_series_of(struct latency_set *set, const char *name,
                                         struct err *err);

/* Room for one more sample; counts its fate. Samples need not come in order of time ... */
bool latency_add(struct latency_series *series, const struct latency_sample *sample,
                 struct err *err);
/* ... when this sorts them afterwards and finds out what the timeout was at the end. */
bool latency_finish(struct latency_series *series, struct err *err);

/* The samples that the time to a good answer is known from, if only in part. */
static inline uint32_t latency_watched(const struct latency_series *series)
{
    return series->fates[LATENCY_ANSWERED] + series->fates[LATENCY_CENSORED];
}

void latency_series_release(struct latency_series *series);
void latencies_release(struct latency_set *set);

#endif
