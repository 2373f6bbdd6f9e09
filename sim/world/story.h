/* sim/world/story.h - the course of a drill: what alerts saw, what operators did, and what came of
 * it.
 *
 * A story is the part of a world that watches and acts. The world tells it of orders; on ticks it
 * looks at probes, stop conditions and alerts; alerts tell operators, who after human delays set,
 * redeploy, rotate, verify. Causality is kept: every act carries its cause, so another alert rule
 * makes another story. Draws are keyed by (seed_r, purpose, operator, step) and by nothing else.
 *
 * Order within one instant: settings go live, then notifications, then alert ticks, then probes and
 * stop conditions, then operators in file order.
 *
 * The journal is every act and change in order of time. It is kept for each replication until the
 * next begins, whatever its length; an operator's step makes two entries, an alert's episode at
 * most four.
 *
 * Ownership: the world owns its story. Texts of entries lie in the story's arena and live until the
 * next replication.
 * Failure:   story_create(): NULL, err filled. Later: `failed`, when memory is out.
 */
#ifndef SIM_WORLD_STORY_H
#define SIM_WORLD_STORY_H

#include "sim/world/deployment.h"
#include "sim/world/drill_spec.h"
#include "sim/world/scenario.h"

enum story_kind {
    STORY_FAULT_ON, /* ground truth: `index` is the fault */
    STORY_FAULT_OFF,
    STORY_PENDING, /* `index` is the alert rule, `scope` its instance */
    STORY_FIRED,
    STORY_RESOLVED,
    STORY_RESET,     /* pending, and no longer true */
    STORY_TOLD,      /* a notification */
    STORY_ACK,       /* `index` is the operator; `step` -1 */
    STORY_ESCALATED, /* nobody acknowledged in time: `index` is who is told now */
    STORY_STEP_BEGAN,
    STORY_STEP_ENDED, /* with its outcome */
    STORY_LIVE,       /* other settings are in force */
    STORY_HYPOTHESIS_LOST,
    STORY_HYPOTHESIS_MET,
    STORY_STOPPED,  /* a stop condition: `index` */
    STORY_ROLLBACK, /* begins */
    STORY_KIND_COUNT
};
extern const char *const story_kind_names[STORY_KIND_COUNT];

struct story_entry {
    int64_t at_us;
    enum story_kind kind;
    uint16_t index;
    uint8_t scope;
    uint8_t whose; /* of steps: the operator whose they are, OPERATORS_MAX of the rollback's */
    int16_t step;  /* in the operator's list; -1: none. Rollbacks: operator OPERATORS_MAX */
    int32_t cause; /* the entry that brought it about; -1: the script */
    enum step_outcome outcome;
    const char
        *text;       /* for people: "LOOPGPT_KROGER_MOCK = true", "HTTP 400 INVALID_REQUEST: ..." */
    const char *why; /* of a step without effect or that failed; of a notification or an
                        escalation that found nobody free; else "" */
    struct signal_value value; /* of alerts, probes, stop conditions */
};

struct story_probe { /* how a probe fared */
    uint32_t evaluated, met;
    uint32_t thin;                  /* times that there was too little to look at */
    int8_t at_start, at_end;        /* 1 met, 0 not, -1 not evaluated */
    struct signal_value start, end; /* what it measured then */
    int64_t first_unmet_us;         /* INT64_MAX: never */
};

/* What became of one order, for pairing with the run without faults. */
struct story_order {
    int32_t total_cents; /* of the winning quote; -1: not routed */
    int32_t commission_cents;
    uint8_t winner; /* provider; PROVIDER_COUNT: none */
    bool judged, ok, bad, canned;
    int64_t judged_us;
};

struct story_second { /* of the user's view, by second in which an order's last act was */
    uint32_t judged, ok, bad;
};

/* Orders by when they were decided and how long that took: 120 equal columns over the run, and rows
 * that are a third of an octave high. */
enum { STORY_HEAT_COLUMNS = 120, STORY_HEAT_ROWS = 24 };
/* The least latency of a row: 100 ms * 2^(row / 3); row 0 also holds what was faster, the last what
 * was slower. */
double story_heat_row_ms(unsigned row);

struct story_span {            /* settings that route otherwise than those of the start were live */
    int64_t from_us, until_us; /* INT64_MAX: to the end */
    uint32_t mocked, disabled; /* masks of providers that are so beyond the start's */
    const char *text;          /* deployment_describe() */
};

struct story_facts { /* of a replication */
    const struct story_entry *entries;
    uint32_t entry_count;
    const struct story_probe *probes; /* as in the hypothesis */
    const struct story_order *orders; /* by index; NULL when nothing was to be paired */
    uint64_t order_count;
    const struct story_second *seconds; /* index s: (s - 1, s] */
    uint32_t second_count;
    /* Whether all probes of the hypothesis held, by `frequency`: bit per look; what was too thin
     * counts as the look before. */
    const uint8_t *looks; /* 0 unmet, 1 met, 2 nothing could be said */
    uint32_t look_count;
    int64_t look_from_us, look_every_us;
    int64_t first_fault_us, last_clear_us;   /* ground truth; INT64_MAX: no fault */
    int64_t stopped_us;                      /* INT64_MAX: no stop condition was met */
    const uint32_t (*heat)[STORY_HEAT_ROWS]; /* [column][row]: orders */
    uint64_t test_orders;                    /* that operators sent: in no figure */
    const struct story_span *differing;      /* spans in which settings route otherwise */
    uint32_t differing_count;
};

/* Whether alerts look at a provider: it is enabled at the start, or some step may enable it. */
bool story_watches(const struct scenario *scenario, enum provider provider);

struct story;
struct world;

/* Whether a scenario has anything for a story to do. */
bool story_is_needed(const struct scenario *scenario);

/* The facts of the last replication; NULL: the world has no story. */
const struct story_facts *world_story(const struct world *world);
const struct deployment *world_deployment(const struct world *world);

#endif
