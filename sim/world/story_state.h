/* sim/world/story_state.h - the inside of a story, and what the world tells it; only
 * sim/world/story*.c and sim/world/world*.c include it.
 *
 * A story asks its port for what it cannot do itself: the world redeploys, rotates, sends test
 * orders, ends faults. Answers to test orders and health checks come to story_answered(), maybe
 * from inside the asking.
 */
#ifndef SIM_WORLD_STORY_STATE_H
#define SIM_WORLD_STORY_STATE_H

#include "sim/world/signal.h"
#include "sim/world/story.h"

struct story_port {
    void *context;
    void (*redeploy)(void *context, const struct router_config *config, int64_t now_us);
    /* A new credential at the provider; its fingerprint, 0 when it is no mock of ours. */
    uint64_t (*rotate)(void *context, enum provider provider, int64_t overlap_us, int64_t now_us);
    /* Whether a mock made this credential later than the one in force at `since_us`. */
    bool (*is_newer)(void *context, enum provider provider, uint64_t credential, int64_t since_us);
    void (*request)(void *context, uint32_t ticket, enum profile payload, int64_t now_us);
    void (*health_check)(void *context, uint32_t ticket, int64_t now_us);
    void (*end_faults)(void *context, int64_t now_us);
    /* Of each entry of the journal, as it is written; NULL: nobody reads along. */
    void (*noted)(void *context, const struct story_entry *entry);
    /* Behind each tick of the alerts, with what they looked at; NULL: nobody wants that. */
    void (*ticked)(void *context, int64_t now_us, const struct alerts *alerts,
                   struct signals *signals);
};

/* Test orders have indices of their own, so that customers' draws are what they were without. */
#define WORLD_TEST_ORDERS (UINT64_C(1) << 40)

enum { ROLLBACK_ACTOR = OPERATORS_MAX, ACTORS_MAX = OPERATORS_MAX + 1 };

enum actor_state {
    ACTOR_IDLE,     /* never told, or done and ready for more */
    ACTOR_TOLD,     /* acknowledges at due_us */
    ACTOR_WORKING,  /* on a step, whose time is over at due_us */
    ACTOR_POLLING,  /* looks again at due_us: verify, wait_until */
    ACTOR_AWAITING, /* an answer of a test order or a health check */
    ACTOR_OVER
};

struct actor { /* an operator, or the rollback */
    enum actor_state state;
    int64_t due_us;  /* INT64_MAX: nothing is */
    int64_t call_us; /* the clock's next call, heard or not; INT64_MAX: none */
    uint32_t whose;  /* operator whose steps they are */
    uint32_t step;
    uint32_t runs;             /* times begun: part of every draw's key */
    int32_t cause;             /* journal entry */
    int32_t began;             /* journal entry of the current step */
    uint32_t ticket;           /* of the answer that is awaited */
    bool late_ack;             /* at due_us it is somebody else's turn */
    enum mistake_kind mistake; /* in the current step */
    int64_t began_us;
    int64_t holds_since_us; /* of a verification; INT64_MAX: it does not hold */
    int64_t met_us;         /* of a wait: the condition came true; INT64_MAX: not yet */
};

struct probe_state {
    bool holds;             /* at the last look that said anything */
    bool looked;            /* some look has said something */
    int64_t holds_since_us; /* INT64_MAX: it does not */
    int64_t unmet_since_us; /* INT64_MAX: it holds */
    int64_t restored_us;    /* first look after all faults from which on it held long enough */
};

struct story {
    const struct scenario *scenario;
    const struct drill_spec *drill;
    struct story_port port;
    bool pairs; /* orders and seconds are kept for pairing */

    struct signals signals;
    struct alerts alerts;
    struct deployment deployment;
    struct law redeploy_law, recycle_law;
    struct law ack_laws[OPERATORS_MAX];
    struct law step_laws[ACTORS_MAX][STEPS_MAX];
    struct arena laws; /* theirs */

    /* the replication */
    uint64_t seed_r;
    uint32_t replication;
    struct arena texts;
    struct actor actors[ACTORS_MAX];
    struct probe_state probe_states[PROBES_MAX];
    uint32_t tickets;
    int32_t last_told;  /* entry of the newest notification; -1: none was */
    int64_t recycle_us; /* INT64_MAX: the isolate has nothing to take up */
    int32_t recycle_cause;
    uint32_t recycles;
    int64_t look_us; /* next look at probes and stop conditions; INT64_MAX: none */
    int64_t start_look_us, end_look_us; /* before the method, at the end; INT64_MAX: done */
    uint32_t fault_next;                /* of `turns` */
    struct fault_turn {
        int64_t at_us;
        uint16_t fault;
        bool on;
    } turns[2 * FAULTS_MAX];
    uint32_t turn_count;
    int64_t over_us[FAULTS_MAX]; /* by window: when it is over; a credential's, once replaced */
    bool hypothesis_lost;
    bool stopped;
    int32_t stop_entry; /* where the journal says so; -1 */
    bool rolled_back;
    bool failed; /* memory is out */

    struct story_entry *entries;
    uint32_t entry_count, entry_capacity;
    struct story_probe probes[PROBES_MAX];
    struct story_order *orders;
    uint64_t order_count, order_capacity;
    struct story_second *seconds;
    uint32_t second_count, second_capacity;
    uint8_t *looks;
    uint32_t look_count, look_capacity;
    uint32_t heat[STORY_HEAT_COLUMNS][STORY_HEAT_ROWS];
    struct story_span *spans;
    uint32_t span_count, span_capacity;
    struct story_facts facts;
};

/* ---- the world's side (story.c) ---- */

struct story_setup {
    const struct scenario *scenario;
    bool pairs;
    double budget_orders;
    struct story_port port;
};

struct story *story_create(const struct story_setup *setup, struct err *err);
void story_destroy(struct story *story); /* NULL is fine */

/* A replication begins; the deployment is made of the scenario's env. */
void story_begin(struct story *story, uint64_t seed_r, uint32_t replication,
                 const uint64_t held[PROVIDER_COUNT], struct err_list *warnings);

int64_t story_next_us(const struct story *story);
void story_due(struct story *story, int64_t now_us);
/* `counts`: it is in the figures. Alerts and probes see orders of the warm-up too. */
void story_order_decided(struct story *story, const struct router_order *order, bool counts,
                         int64_t now_us);
void story_order_judged(struct story *story, const struct router_order *order, bool ok, bool bad,
                        bool counts, int64_t now_us);
void story_answered(struct story *story, uint32_t ticket, bool good, const char *text,
                    int64_t now_us);
void story_end(struct story *story, int64_t ended_us);
const struct story_facts *story_facts(const struct story *story);

/* Ground truth changes: faults of a credential are over when another one is live. */
void story_end_credential_faults(struct story *story, int64_t now_us);
/* When the last fault is over, from when each is; INT64_MAX without any. */
void story_find_last_clear(struct story *story);

/* ---- the journal (story_journal.c) ---- */

/* Adds an entry and returns its index; text and why are copied, NULL is "". */
int32_t story_note(struct story *story, const struct story_entry *entry);
const char *story_text(struct story *story, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- probes (story_probes.c) ---- */

void story_probes_begin(struct story *story);
void story_look(struct story *story, int64_t now_us); /* every `frequency` */
void story_look_at_start(struct story *story, int64_t now_us);
void story_look_at_end(struct story *story, int64_t now_us);
/* 1 met, 0 not, -1 too little to say. `value` is what was measured. */
int story_probe_now(struct story *story, const struct probe_spec *probe, int64_t now_us,
                    struct signal_value *value);
const struct probe_spec *story_probe_named(const struct story *story, const char *name);
bool story_fault_is_on(const struct story *story, int64_t now_us);

/* ---- operators (story_operators.c, story_steps.c) ---- */

void story_actors_begin(struct story *story);
int64_t story_actors_next_us(const struct story *story);
void story_actors_due(struct story *story, int64_t now_us);
/* An alert has been told of; `entry` is where the journal says so. */
void story_tell_operators(struct story *story, const struct alert_change *change, int32_t entry);
/* Why none of those who listen to it can be told now, a sentence of this replication; "" when one
 * can, and when nobody listens. */
const char *story_why_nobody(struct story *story, const struct alert_change *change);
void story_actors_stop(struct story *story, int64_t now_us);
void story_rollback_begin(struct story *story, int32_t cause, int64_t now_us);
/* An operator whose steps are written while the drill runs has got more: the next one begins,
 * unless he is at work; then it follows. */
void story_operator_go(struct story *story, uint32_t operator_index, int64_t now_us);
bool story_actors_rest(const struct story *story); /* nobody is told or at work */

const struct step_spec *story_steps_of(const struct story *story, uint32_t actor, uint32_t *count);

/* A step begins: draws its mistake and its time, notes it. */
void story_step_begin(struct story *story, uint32_t actor, int64_t now_us);
/* Its time is over, or it looks again. */
void story_step_due(struct story *story, uint32_t actor, int64_t now_us);
/* It has ended so; the next one begins, or the actor is over. */
void story_step_end(struct story *story, uint32_t actor, enum step_outcome outcome, const char *why,
                    int64_t now_us);

/* Other settings become live. */
void story_go_live(struct story *story, int32_t cause, const char *how, int64_t now_us);

#endif
