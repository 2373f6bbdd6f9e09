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
 * ANSWERED, and CENSORED for at least as long as they were watched.
 *
 * From decisions (latencies_from_decisions): canned quotes were never called and are left out;
 * a fallback's call is the failed call it was. What came after its deadline is ANSWERED where the
 * record holds late answers, else CENSORED at its timeout. An adapter's error at the deadline is a
 * FAILED one.
 *
 * From a CSV (latencies_read_csv): the header names its columns; columns are found by common names
 * or by `spec`. Without a code or status column every row with a time is an answer.
 *
 * Ownership: a set owns its series; latencies_release() frees them (a zeroed set is fine).
 * Failure:   ERR_INPUT with the place of a bad cell, every bad cell up to the list's room;
 *            ERR_ENVIRONMENT when memory is out.
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

struct latency_sample {
    int64_t at_us; /* when it was asked, on one clock for the whole set */
    int64_t us;    /* from then on; 0 of an UNTIMED one */
    uint32_t
        order; /* place in the decision set, or the number of the CSV's order; UINT32_MAX: none */
    uint8_t fate; /* enum latency_fate */
};

enum { LATENCY_NAME_MAX = 64, LATENCY_SERIES_MAX = 64, LATENCY_COLUMNS = 6 };

struct latency_series {
    char name[LATENCY_NAME_MAX];    /* "KROGER_API", or what the CSV says */
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
    uint64_t rows, rows_without_latency; /* of a CSV: read; passed over, an answer without a time */
    const char *columns[LATENCY_COLUMNS];          /* of a CSV, borrowed: what was read as latency,
                                                      provider, code, time, order, timeout; NULL: none */
    char names[LATENCY_COLUMNS][LATENCY_NAME_MAX]; /* where `columns` point to */
};

bool latencies_from_decisions(struct latency_set *set, const struct decision_set *decisions,
                              struct err *err);

enum latency_column {
    COLUMN_LATENCY,  /* milliseconds; a fraction is fine. Without `spec`: ms, latency_ms, ... */
    COLUMN_PROVIDER, /* none: the whole file is one series */
    COLUMN_CODE,     /* an HTTP status (200..299 answers, 408 and 504 as any error fail), or a word:
                        ok, success, up answer; timeout is CENSORED; all else failed */
    COLUMN_TIME,     /* Unix seconds, with a fraction or not, or ISO 8601 */
    COLUMN_ORDER,    /* rows with the same one belong to one order */
    COLUMN_TIMEOUT   /* milliseconds: this row's own */
};
extern const char *const latency_column_names[LATENCY_COLUMNS]; /* "latency", "provider", ... */

struct latency_csv {
    const char *columns[LATENCY_COLUMNS]; /* NULL: by common names, or none */
    int64_t timeout_us; /* rows at or past it are censored there; 0: none is known */
};

/* "latency=ms,provider=site,code=code,time=epoch": names are checked, not whether they exist. The
 * texts are kept in `room`. */
bool latency_columns_read(struct latency_csv *spec, const char *text, char room[static 512],
                          struct err *err);

bool latencies_read_csv(struct latency_set *set, const char *path, const struct latency_csv *spec,
                        struct err_list *list);

/* The samples asked in [from_us, until_us), of every series; names and order as in `set`. */
bool latencies_between(struct latency_set *part, const struct latency_set *set, int64_t from_us,
                       int64_t until_us, struct err *err);

/* Room for one more sample; counts its fate. */
bool latency_add(struct latency_series *series, const struct latency_sample *sample,
                 struct err *err);
void latencies_release(struct latency_set *set);

#endif
