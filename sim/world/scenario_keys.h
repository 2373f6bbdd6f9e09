/* sim/world/scenario_keys.h - the one tree of keys that a scenario file may hold.
 *
 * A row says how a key is called, what it takes, where its value lies, its range and what it does.
 * The reader, `--set`, did-you-mean, the JSON Schema, docs/scenario.md, run.json and the hash all
 * walk these rows, so a new key is one new row (and a field, and its default in
 * scenario_default()). The default is not in the row: it is what scenario_default() leaves in the
 * field.
 *
 * An object refers to a table of rows, a map to one row for all its entries, a list to one row for
 * its elements. Offsets count from the object that holds the key; those of entries are 0.
 *
 * Ownership: rows are static; nothing here allocates.
 * Failure:   none.
 */
#ifndef SIM_WORLD_SCENARIO_KEYS_H
#define SIM_WORLD_SCENARIO_KEYS_H

#include "router/base/text.h"
#include "sim/world/scenario.h"

enum key_type {
    KEY_TEXT,        /* char[size] */
    KEY_WHOLE,       /* an integer of `size` bytes */
    KEY_NUMBER,      /* double */
    KEY_SHARE,       /* double, 0 to 1; the file may say "95%" */
    KEY_SPAN,        /* int64_t, microseconds */
    KEY_SIGNED_SPAN, /* the same, "-5h" allowed */
    KEY_SECONDS,     /* uint32_t: a span of whole seconds */
    KEY_MINUTES,     /* double: a span, kept in minutes */
    KEY_INSTANT,     /* int64_t, microseconds since 1970 */
    KEY_STAMP,       /* char[size] that reads as an instant */
    KEY_RATE,        /* double, per second */
    KEY_BOOL,        /* bool */
    KEY_ENUM,        /* an enum or a bool of `size` bytes, by `names` */
    KEY_MASK,        /* uint32_t: one or more of `names`, or "all" */
    KEY_SEED,        /* uint64_t, with its text beside it */
    KEY_LIMIT,       /* char[size]: a check's limit, read when its metric is known */
    KEY_SETTING,     /* char[size]: a setting's value; numbers and booleans as their text */
    KEY_SCHEMA,      /* the version of the language; not kept */
    KEY_IGNORED,     /* for editors; not kept */
    KEY_OBJECT,      /* `keys` */
    KEY_MAP,         /* `names`, each an `element` at `stride` */
    KEY_LIST,        /* of `element`, at most `capacity` at `stride` */
    KEY_ENV,         /* struct env */
    KEY_SHORT,       /* the whole tree again */
    KEY_TYPE_COUNT
};

enum key_flag {
    KEY_REQUIRED = 1 << 0,
    KEY_ABOVE = 1 << 1,          /* `least` itself is not allowed */
    KEY_UNSET = 1 << 2,          /* -1 means: not given */
    KEY_NEVER = 1 << 3,          /* of an unset span: "never" says so */
    KEY_REPLACES = 1 << 4,       /* a map of numbers: what is not named becomes 0 */
    KEY_FULL = 1 << 5,           /* a list that must have exactly `capacity` elements */
    KEY_OPERATIONS = 1 << 6,     /* a map by operation: only those that the provider has */
    KEY_ONE_FOR_ALL = 1 << 7,    /* a map that also takes one value for every entry */
    KEY_NO_HASH = 1 << 8,        /* the run does not depend on it */
    KEY_NAME = 1 << 9,           /* letters, digits and - _ . only, and not empty */
    KEY_ZERO_IS_ALL = 1 << 10,   /* a mask of nothing means everything, and "all" is kept so */
    KEY_WHOLE_SECONDS = 1 << 11, /* of a span */
    KEY_OR_SPAN = 1 << 12,       /* of a law: a plain span is the constant law */
    KEY_MERGES = 1 << 13,        /* a list: its elements join those of a file of their own */
    KEY_TOLD_BEFORE = 1 << 14,   /* a list: the manual has the table of its elements already */
};

struct scenario_key {
    const char *name; /* NULL ends a table */
    enum key_type type;
    uint32_t offset;
    uint32_t size;
    double least, most; /* both 0: any; spans in microseconds */
    uint32_t flags;
    uint32_t stride, capacity;
    uint32_t
        count_offset; /* of a list's uint32_t count; from where `offset` counts from; 0: none */
    const char *const *names;
    const struct scenario_key *keys;
    const struct scenario_key *element;
    const char *identity;        /* list of objects: the key that tells its elements apart */
    void (*fresh)(void *object); /* list: what an element is before it is read */
    /* object: called before its keys are read; true when what was given in it no longer counts */
    bool (*prepare)(void *object, const cJSON *node);
    /* object: whether the run depends on what is in it, so that it is walked; NULL: always */
    bool (*used)(const struct scenario *scenario, const void *object);
    uint32_t place_end;   /* object: offset just past its struct place; 0: it has none */
    const char *unit;     /* "ms", "US cents"; may be NULL */
    const char *defaults; /* said in the manual instead of the value; may be NULL */
    const char *help;     /* a sentence or two */
};

extern const struct scenario_key scenario_root; /* an object: the whole file */

/* Sub-tables, each in its own file. */
extern const struct scenario_key scenario_workload_keys[];
extern const struct scenario_key scenario_router_keys[];
extern const struct scenario_key scenario_provider_keys[];
extern const struct scenario_key scenario_law_keys[];
extern const struct scenario_key scenario_fault_keys[];
extern const struct scenario_key scenario_cache_keys[];
extern const struct scenario_key scenario_deployment_keys[];
extern const struct scenario_key scenario_hypothesis_keys[];
extern const struct scenario_key scenario_rollback_keys[];
extern const struct scenario_key scenario_operator_element, scenario_stop_element,
    scenario_expect_element;
extern const char *const provider_id_names[PROVIDER_COUNT + 1];

/* A file of alert rules, whole. Its table is that of the key `alerts` with ALERT_FILE_OWN_KEYS rows
 * before it, so that a rule's rows are the same wherever it stands. */
enum { ALERT_FILE_OWN_KEYS = 3 };
extern const struct scenario_key scenario_alert_file;
extern const struct scenario_key scenario_alert_file_keys[];

/* The row of `name` in a table; NULL when there is none. */
const struct scenario_key *scenario_key_find(const struct scenario_key *keys, const char *name);

/* The index of `name` in a list of names that NULL ends; -1 when there is none. */
int scenario_name_index(const char *const *names, const char *name);

/* Whether a text can be a name: letters, digits and - _ . only, a letter or digit first. */
bool scenario_is_name(const char *text);

/* Whether a row holds one value (lists of such values included), rather than more rows. */
bool scenario_key_is_leaf(const struct scenario_key *key);

/* ---- values (scenario_value.c, scenario_value_write.c) ---- */

/* What a key takes, in words: `a span such as "250ms"`. */
const char *scenario_key_takes(const struct scenario_key *key);

/* Reads one scalar into `address`. False, with an error in `list`, when it is not what the key
 * takes; `address` is then as before. `path` is for messages. */
bool scenario_value_read(const struct scenario_key *key, const char *path, const cJSON *node,
                         struct place place, void *address, struct err_list *list);

/* Whether a value is there: false for what is marked as not given. */
bool scenario_value_is_set(const struct scenario_key *key, const void *address);

/* Writes one leaf as the JSON that reads back as the same value. */
void scenario_value_write(const struct scenario_key *key, const void *address, struct text *json);

/* Writes an end of a key's range, or a value in the unit of its range: "5m", "0.95", "40/s". */
void scenario_bound_write(const struct scenario_key *key, double bound, struct text *out);

/* ---- walking ---- */

struct scenario_leaf {
    const struct scenario_key *key;
    const char *path; /* "providers.KROGER_API.latency.search.p50" */
    const void *address;
    uint32_t offset; /* of `address` in the scenario */
    uint32_t flags;  /* of the key and all above it */
};

/* Calls `visit` for each value in use, in the tree's order; not for `short`, env pairs last. */
void scenario_walk(const struct scenario *scenario,
                   void (*visit)(void *context, const struct scenario_leaf *leaf), void *context);

/* What the file or an override said about a value; NULL: nothing. */
const struct scenario_given *scenario_find_given(const struct scenario *scenario,
                                                 const struct scenario_key *key,
                                                 const void *address);

/* ---- reading (scenario_read.c, scenario_override.c, scenario_validate.c) ---- */

enum { KEY_PATH_MAX = 256 };

struct scenario_reader {
    struct scenario *scenario;
    const struct json *json; /* of the nodes that are read; NULL: they are an override's */
    struct place place;      /* of an override */
    struct err_list *list;
    int provider;   /* whose keys are read; -1: none's */
    bool for_all;   /* inside `all`: an operation that a provider lacks is no mistake */
    bool shortened; /* inside `short`: lists replace, and elements start from their namesake */
    char path[KEY_PATH_MAX];
};

/* Reads a node into the value of `key` at `address`. `named` is where its key stands. */
void scenario_read_node(struct scenario_reader *reader, const struct scenario_key *key,
                        const cJSON *node, struct place named, void *address);

/* A value that cannot be had: what is said about it any more is noise. */
void scenario_note_refused(struct scenario *scenario, const struct scenario_key *key,
                           const void *address, struct place place);

/* Reads the file of alert rules that stands at `named` as `file`, into `alerts`, before what is
 * given beside it. */
void scenario_read_alert_file(struct scenario *scenario, const char *file, struct place named,
                              struct err_list *list);

/* Forgets complaints from `from` on that were made before. */
void scenario_drop_repeated(struct err_list *list, uint32_t from);

/* Calls the `prepare` of an object, if it has one, before keys of `node` are read into it. */
void scenario_prepare(struct scenario *scenario, const struct scenario_key *key, void *object,
                      const cJSON *node);

/* Applies one `--set`-like override. */
void scenario_apply_override(struct scenario *scenario, const struct scenario_override *override,
                             struct err_list *list);

/* What no key alone can know: laws, faults, checks, sums, and what looks suspicious. */
void scenario_validate(struct scenario *scenario, struct err_list *list);
void scenario_validate_laws(struct scenario *scenario, struct err_list *list);
void scenario_validate_faults(struct scenario *scenario, struct err_list *list);
void scenario_validate_cache(struct scenario *scenario, struct err_list *list);
void scenario_validate_alerts(struct scenario *scenario, struct err_list *list);
void scenario_validate_drill(struct scenario *scenario, struct err_list *list);
void scenario_validate_checks(struct scenario *scenario, struct err_list *list);

/* Whether anything inside [address, address + size) was refused: what is said about it any more is
 * noise. */
bool scenario_is_refused(const struct scenario *scenario, const void *address, size_t size);

/* The place of a value that was given; else `otherwise`. */
struct place scenario_place(const struct scenario *scenario, const void *address, size_t size,
                            struct place otherwise);

/* A check as --check gives it: "metric op limit [during PHASE]", spaces where one likes. */
void scenario_add_check(struct scenario *scenario, const char *text, struct err_list *list);

#endif
