/* sim/world/scenario_validate.h - what the validations of a scenario's parts share; included by
 * them alone.
 *
 * Every function takes what it judges and adds to `list`; nothing here fails otherwise.
 */
#ifndef SIM_WORLD_SCENARIO_VALIDATE_H
#define SIM_WORLD_SCENARIO_VALIDATE_H

#include "sim/world/scenario_keys.h"
#include "sim/world/scenario_limit.h"

/* Names that may stand somewhere, borrowed; NULL ends them. */
enum { VALID_NAMES_MAX = 256 };
struct valid_names {
    const char *items[VALID_NAMES_MAX + 1];
    uint32_t count;
};

void valid_names_add(struct valid_names *names, const char *name);
bool valid_names_have(const struct valid_names *names, const char *name);
/* "did you mean ...?", or which there are; `none` where there is none. */
void valid_names_hint(const struct valid_names *names, const char *word, const char *none,
                      struct text *hint);

/* What was given of `name`, a row of `keys`, in `object`; NULL: nothing. */
const struct scenario_given *given_in(const struct scenario *scenario,
                                      const struct scenario_key *keys, const char *name,
                                      const void *object);

/* The places of a span of bytes, or of the element that it is in. */
struct signal_place {
    const struct scenario *scenario;
    struct place element; /* where the rule, probe or stop condition stands */
};

/* The signal of `metric`. False, having said so, when there is none, or it needs an SLO, or it is
 * one for each provider where only one may stand. */
bool validate_signal(const struct signal_place *about, const char metric[SIGNAL_NAME_MAX],
                     bool each_allowed, unsigned *scope, enum signal_kind *kind,
                     struct err_list *list);

/* Reads `text` as a threshold of such a signal. */
void validate_threshold(const struct signal_place *about, const char text[32], const char *metric,
                        enum signal_kind kind, double *threshold, struct err_list *list);

/* A part of the run, as checks name it: "" the whole, "quiet", a fault's id, "after:ID". */
void validate_during(const struct scenario *scenario, const char *during, struct place place,
                     struct err_list *list);

/* `law` as it was given; `owner` says whose it is: "the latency of the cache". */
void scenario_validate_law(const struct scenario *scenario, const struct law_spec *law,
                           const char *owner, struct err_list *list);

/* Parts of scenario_validate_drill(). */
void scenario_validate_operators(struct scenario *scenario, struct err_list *list);
void scenario_validate_expects(struct scenario *scenario, struct err_list *list);

/* The names of rules, probes and steps that a drill has. */
struct valid_names valid_rules(const struct scenario *scenario);
struct valid_names valid_probes(const struct scenario *scenario);
struct valid_names valid_steps(const struct scenario *scenario);

/* A rule by its name; NULL: none. */
const struct alert_rule *valid_rule(const struct scenario *scenario, const char *name);

/* Says that no rule has this name; nothing when the file of rules could not be read. `advice` follows
 * the hint; NULL: none. */
void refuse_rule(const struct scenario *scenario, const char *name, struct place place,
                 const char *advice, struct err_list *list);

#endif
