/* sim/world/scenario.h - a scenario file, read: everything that a run is a function of.
 *
 * The file is JSON with comments. One static tree of keys (sim/world/scenario_keys.c: path, type,
 * unit, range, default, help) generates the reader, the JSON Schema, `--set`, did-you-mean and
 * docs/scenario.md, so that they cannot differ. Every mistake of a file is reported at once, with
 * line, column, caret and hint; after a syntax error only that one.
 *
 * Instants inside a scenario are offsets from `start`, spans are strings with units, shares are
 * numbers from 0 to 1, money is whole cents.
 *
 * Ownership: scenario_read() fills a caller's struct; texts longer than a name lie in its arena,
 * which scenario_release() frees. Failure:   false, with every error and warning in `list`.
 */
#ifndef SIM_WORLD_SCENARIO_H
#define SIM_WORLD_SCENARIO_H

#include "mocks/backend.h"
#include "mocks/catalogue.h"
#include "mocks/fault.h"
#include "providers/adapter.h"
#include "providers/codec.h"
#include "providers/http_client.h"
#include "router/base/duration.h"
#include "router/base/json.h"
#include "router/config.h"
#include "router/policy.h"
#include "sim/world/cache_spec.h"
#include "sim/world/check_operator.h"
#include "sim/world/deployment_spec.h"
#include "sim/world/drill_spec.h"

#define SCENARIO_SCHEMA "routesim.scenario/1"

enum {
    SCENARIO_NAME_MAX = 64,
    SCENARIO_PATH_MAX = 256,
    SCENARIO_TEXT_MAX = 1024,
    SCENARIO_CHECKS_MAX = 64,
    SCENARIO_POSTAL_MAX = 32,
    SCENARIO_REPLICATIONS_MAX = 100000,
};

enum arrival_kind {
    ARRIVAL_POISSON,
    ARRIVAL_GAMMA,
    ARRIVAL_CONSTANT,
    ARRIVAL_PROFILE, /* Poisson, thinned by hour and weekday */
    ARRIVAL_REPLAY,  /* time stamps of a CSV column */
    ARRIVAL_KIND_COUNT
};
extern const char *const arrival_kind_names[ARRIVAL_KIND_COUNT + 1];

struct arrival_spec {
    enum arrival_kind kind;
    struct place place;
    double per_second;            /* mean rate; of profile: over a week */
    double shape;                 /* gamma: of the gaps; 1 is Poisson, 0.23 is bursty */
    double hour_share[24];        /* profile; normalised; local time */
    double weekday_share[7];      /* profile; Monday first; normalised */
    char file[SCENARIO_PATH_MAX]; /* replay */
    char column[LAW_COLUMN_MAX];  /* replay: a column of time stamps */
    char from[INSTANT_TEXT_MAX];  /* replay: rows before this instant are passed over; "": the first
                                   */
    double speed;                 /* replay: 2.0 plays the stamps twice as fast */
    bool cycle;                   /* replay: start again when the rows end */
    uint64_t limit;               /* orders at most; 0: no limit */
};

enum cart_kind { CART_GENERATED, CART_REPLAY, CART_KIND_COUNT };
extern const char *const cart_kind_names[CART_KIND_COUNT + 1];

struct cart_spec {
    enum cart_kind kind;
    struct place place;
    double size_r, size_p;        /* generated: lines are zero-truncated negative binomial */
    uint32_t lines;               /* generated: a fixed number of lines instead; 0: drawn */
    double quantity_more;         /* chance that a line asks for one more unit, again and again */
    char file[SCENARIO_PATH_MAX]; /* replay: one basket a record, an item a field, no header */
    bool resample;                /* replay: baskets drawn by key instead of in order */
};

struct workload_spec {
    struct arrival_spec arrivals;
    struct cart_spec carts;
    double preferences[PREFERENCE_COUNT]; /* shares; normalised */
    char postal_codes[SCENARIO_POSTAL_MAX][12];
    uint32_t postal_count;
    double confirm; /* share of routed orders that are confirmed */
    int64_t confirm_after_us;
    double cancel;  /* share of routed orders cancelled instead, before confirming */
    double requote; /* share of orders that are followed by another for the same cart */
    struct law_spec requote_after;
    uint32_t users; /* how many customers there are; 0: every order is another's */
    struct codec_customer customer;
};

enum provider_mode {
    MODE_MOCK,
    MODE_LIVE,
    MODE_REPLAY, /* answers come from a cassette (providers/cassette.h) */
    MODE_COUNT
};
extern const char *const provider_mode_names[MODE_COUNT + 1];
extern const char *const chain_names[]; /* "api", "single"; NULL ends */
extern const char *const profile_names[PROFILE_COUNT + 1];

struct history_spec { /* -1: not given */
    int64_t orders;
    double success_rate; /* percent */
    double margin_rate;  /* percent */
};

struct provider_spec {
    enum provider_mode mode;
    enum chain chain;
    char base_url[HTTP_PLACE_URL_MAX]; /* live, or a mock elsewhere; "": the vendor's, or our own */
    char cassette[SCENARIO_PATH_MAX];  /* MODE_REPLAY */
    struct backend_spec backend;
    struct history_spec history;
};

enum slo_indicator { SLO_ORDERS_OK, SLO_ORDERS_ROUTED, SLO_INDICATOR_COUNT };
extern const char *const slo_indicator_names[SLO_INDICATOR_COUNT + 1];

struct slo_spec {
    bool given;
    enum slo_indicator indicator;
    double objective;  /* share of good orders, 0.999 */
    int64_t period_us; /* that the budget is for: "30d" */
    int64_t within_us; /* a good order is also decided within this; -1: however long it takes */
};

struct check_spec {
    struct place place;
    char name[128];            /* "": made from the rest */
    char metric[64];           /* "router.p95_ms", "KROGER_API.success_rate" */
    char during[FAULT_ID_MAX]; /* "": the whole run; "quiet": outside all faults; a fault's id;
                                  "after:ID" */
    enum check_operator op;
    double limit;        /* in the metric's unit; the file may say "5s" or "95%" */
    char limit_text[32]; /* as the file says it */
};

/* A key that the file or an override gave: what messages point at, and where a value comes from. */
struct scenario_key;
struct scenario_given {
    const struct scenario_key *key;
    uint32_t offset; /* of the value, from the start of the scenario */
    struct place place;
    bool refused; /* an error was said about it; the value is still the default */
};

struct scenario {
    const char *file;               /* borrowed name, for messages */
    char folder[SCENARIO_PATH_MAX]; /* that relative paths start from, with its slash; may be "" */
    char name[SCENARIO_NAME_MAX];
    char title[128]; /* the report's heading; "": the name */
    char description[SCENARIO_TEXT_MAX];
    char seed_text[24];
    uint64_t seed;
    int64_t start_unix_us;
    int64_t timezone_us; /* local time minus UTC, for hours and weekdays */
    int64_t duration_us;
    int64_t warmup_us; /* orders that start before it are routed but not measured */
    uint32_t replications;
    struct workload_spec workload;
    struct catalogue_spec catalogue;
    enum profile profile;
    struct env env;
    struct policy policy;
    bool history_frozen;
    struct cache_spec cache;
    struct provider_spec providers[PROVIDER_COUNT];
    struct fault_spec faults[FAULTS_MAX];
    uint32_t fault_count;
    struct slo_spec slo;
    struct deployment_spec deployment;
    struct alert_spec alerts;
    struct drill_spec drill;
    struct check_spec checks[SCENARIO_CHECKS_MAX];
    uint32_t check_count;
    struct scenario_given *given; /* in the arena */
    uint32_t given_count, given_capacity;
    struct arena arena;
};

struct scenario_override { /* `--set path=value`, flags that shadow a key, the `short` block */
    const char *path;      /* "workload.arrivals.rate" */
    const char *value;     /* JSON, or a bare word that is read as a string */
    const char *origin;    /* "--set", "--duration": for messages and run.json */
};

struct scenario_options {
    const struct scenario_override *overrides;
    uint32_t override_count;
    const char *const *checks; /* "router.p95_ms<=5000", as --check gives them */
    uint32_t check_count;
    bool shortened; /* apply the file's `short` block, before the overrides */
};

/* Production's defaults, calibrated mocks, one hour of Poisson 5/s: what an empty object means. */
void scenario_default(struct scenario *scenario);

/* Reads `bytes` (of `file`; relative paths start at its folder). On success everything is in range,
 * data files are not opened yet. Warnings may be in `list` either way. */
bool scenario_read(struct scenario *scenario, const char *file, const char *bytes, size_t length,
                   const struct scenario_options *options, struct err_list *list);

void scenario_release(struct scenario *scenario);

/* Instant 0, by word of `origin`, a literal: run.json names it. */
void scenario_set_start(struct scenario *scenario, int64_t start_unix_us, const char *origin);

/* When anything is wrong with a provider, and then when anything is with the cache: fault 0 is the
 * first of `faults`, fault_count the first of the cache's. */
struct fault_window {
    const char *id;
    struct place place;
    int64_t at_us, for_us;
};
uint32_t scenario_window_count(const struct scenario *scenario);
struct fault_window scenario_window(const struct scenario *scenario, uint32_t index);

/* Makes a run that is longer than this so long, and moves with it what has its instants in the run:
 * faults, their ramps and flaps, changes of credentials, the warm-up, what operators and rollbacks
 * do at an instant. A fault lasts 2 s at least, and ends within the run. Spans that are no part of
 * the run's course (timeouts, latencies, lives, what alerts and people wait for) stay. */
void scenario_squeeze(struct scenario *scenario, int64_t duration_us);

/* A hash of every value the run depends on, defaults included, apart from seed, replications,
 * checks and texts: equal means the same experiment. `router_apart` leaves out router.* (compare:
 * the treatment). */
uint64_t scenario_hash(const struct scenario *scenario, bool router_apart);

/* Writes every effective value with its origin ("default", "file:line", "--set") as JSON: run.json.
 */
struct text;
void scenario_describe(const struct scenario *scenario, struct text *json);

/* The JSON Schema (draft 2020-12) and the Markdown table of docs/scenario.md, from the key tree. */
void scenario_schema(struct text *json);
void scenario_manual(struct text *markdown);

#endif
