#include "mocks/front.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "mocks/relay.h"

struct front {
    struct front_setup setup;
    struct relay *relay;
    uint16_t ports[PROVIDER_COUNT];
    enum relay_fault rules[PROVIDER_COUNT]; /* in force */
};

/* ---- which faults ---------------------------------------------------------------------------- */

/* What a fault is to every call that it hits; FAULT_OUTAGE where that differs from call to call. */
static enum fault_kind kind_of(const struct fault_spec *fault)
{
    const bool one = fault->kind == FAULT_OUTAGE && fault->part_count == 1;
    return one ? fault->parts[0].kind : fault->kind;
}

static bool has_kind(const struct fault_spec *fault, enum fault_kind kind)
{
    if (fault->kind == kind) return true;
    for (uint32_t i = 0; fault->kind == FAULT_OUTAGE && i < fault->part_count; i++) {
        if (fault->parts[i].kind == kind) return true;
    }
    return false;
}

/* Whether the front enacts it, once it has its full strength. */
static bool is_ours(const struct fault_spec *fault)
{
    const enum fault_kind kind = kind_of(fault);
    return (kind == FAULT_REFUSE || kind == FAULT_TLS) && fault->fraction >= 1 &&
           fault->operation_mask == 0;
}

static bool concerns(const struct fault_spec *fault, enum provider provider)
{
    return (fault->provider_mask >> provider & 1u) != 0;
}

bool front_is_needed(const struct fault_spec *faults, uint32_t fault_count, enum provider provider)
{
    for (uint32_t i = 0; i < fault_count; i++) {
        if (concerns(&faults[i], provider) && is_ours(&faults[i])) return true;
    }
    return false;
}

bool front_note(const struct fault_spec *fault, char note[FRONT_NOTE_MAX])
{
    note[0] = '\0';
    if (has_kind(fault, FAULT_DNS)) {
        (void)snprintf(note, FRONT_NOTE_MAX,
                       "fault %s: a server cannot make its own name unknown; its calls are reset",
                       fault->id);
    } else if ((has_kind(fault, FAULT_REFUSE) || has_kind(fault, FAULT_TLS)) && !is_ours(fault)) {
        (void)snprintf(note, FRONT_NOTE_MAX,
                       "fault %s: a share of connections cannot be told apart as they are made; "
                       "its calls are reset",
                       fault->id);
    }
    return note[0] != '\0';
}

/* ---- in force -------------------------------------------------------------------------------- */

static bool is_whole(const struct fault_spec *fault, int64_t now_us)
{
    return is_ours(fault) && fault_is_on(fault, now_us) && fault_strength(fault, now_us) >= 1;
}

static enum relay_fault rule_at(const struct front *front, enum provider provider, int64_t now_us)
{
    enum relay_fault rule = RELAY_PASS;
    for (uint32_t i = 0; i < front->setup.fault_count; i++) {
        const struct fault_spec *const fault = &front->setup.faults[i];
        if (!concerns(fault, provider) || !is_whole(fault, now_us)) continue;
        if (kind_of(fault) == FAULT_REFUSE) return RELAY_REFUSE; /* nothing lies lower */
        rule = RELAY_TLS_ALERT;
    }
    return rule;
}

static int64_t next_change_us(const struct front *front, int64_t now_us)
{
    int64_t next_us = INT64_MAX;
    for (uint32_t i = 0; i < front->setup.fault_count; i++) {
        const struct fault_spec *const fault = &front->setup.faults[i];
        if (!is_ours(fault)) continue;
        const int64_t change_us = fault_next_change_us(fault, now_us);
        const int64_t ramped_us = fault->at_us + fault->ramp_us;
        if (change_us < next_us) next_us = change_us;
        if (ramped_us > now_us && ramped_us < next_us) next_us = ramped_us;
    }
    return next_us;
}

int64_t front_turn(struct front *front, int64_t now_us)
{
    for (enum provider p = 0; p < PROVIDER_COUNT; p++) {
        if (front->ports[p] == 0) continue;
        const enum relay_fault wanted = rule_at(front, p, now_us);
        if (wanted == front->rules[p]) continue;
        const struct relay_rule rule = {.fault = wanted, .fraction = 1};
        if (relay_set(front->relay, front->ports[p], &rule)) front->rules[p] = wanted;
    }
    return next_change_us(front, now_us);
}

int64_t front_set_faults(struct front *front, const struct fault_spec *faults, uint32_t fault_count,
                         int64_t now_us)
{
    front->setup.faults = faults;
    front->setup.fault_count = fault_count;
    return front_turn(front, now_us);
}

/* ---- making ---------------------------------------------------------------------------------- */

struct front *front_create(const struct front_setup *setup, int64_t now_us, struct err *err)
{
    struct front *const front = calloc(1, sizeof *front);
    if (front == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a front");
        return NULL;
    }
    front->setup = *setup;
    /* Every connection is hit or none: no draw of the relay's decides anything. */
    front->relay = relay_create(0, err);
    bool open = front->relay != NULL;
    const char *const host = setup->listen != NULL ? setup->listen : "127.0.0.1";
    for (enum provider p = 0; p < PROVIDER_COUNT && open; p++) {
        if ((setup->providers >> p & 1u) == 0) continue;
        assert(setup->upstream[p] != 0);
        front->rules[p] = rule_at(front, p, now_us);
        const struct relay_rule rule = {.fault = front->rules[p], .fraction = 1};
        open = relay_open(front->relay, host, setup->ports[p], "127.0.0.1", setup->upstream[p],
                          &rule, &front->ports[p], err);
    }
    if (open) return front;
    front_destroy(front);
    return NULL;
}

void front_destroy(struct front *front)
{
    if (front == NULL) return;
    relay_destroy(front->relay);
    free(front);
}

uint64_t front_starved(const struct front *front)
{
    return relay_starved(front->relay);
}

uint16_t front_port(const struct front *front, enum provider provider)
{
    return front->ports[provider];
}
