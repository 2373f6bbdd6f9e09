/* sim/command/verify.c - `routesim verify`: one scenario over three wires, and what differs. */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "sim/analysis/parity.h"
#include "sim/command/command.h"
#include "sim/command/descriptors.h"
#include "sim/command/load.h"
#include "sim/world/world.h"

/* A file without a "short" block is cut to this. */
enum { SHORT_SECONDS = 60, REAL_SHORT_SECONDS = 20 };
enum { MEDIAN_LEAST = 20 }; /* quotes: ten samples beyond it */
/* A call over loopback costs some tenths of a millisecond; a Kroger quote makes a dozen in a row,
 * and a busy machine adds more. Decisions closer to a boundary than this may fall on either side.
 */
#define EPSILON_US INT64_C(50000)

struct records {
    struct quote_record *items;
    uint64_t count, capacity;
    const struct router_config *config;
    bool full;
};

static bool push(struct records *records, const struct quote_record *record)
{
    if (records->count == records->capacity) {
        const uint64_t capacity = records->capacity == 0 ? 1024 : 2 * records->capacity;
        struct quote_record *items = realloc(records->items, capacity * sizeof *items);
        if (items == NULL) return false;
        records->items = items;
        records->capacity = capacity;
    }
    records->items[records->count++] = *record;
    return true;
}

static bool keep_order(void *context, const struct router *router, const struct router_order *order,
                       struct err *err)
{
    struct records *records = context;
    struct quote_record record;
    bool fine = true;
    if (records->config != router->config) {
        quote_record_config(&record, router);
        fine = push(records, &record);
        records->config = router->config;
    }
    quote_record_order(&record, router, order);
    if (fine && push(records, &record)) return true;
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %" PRIu64 " orders",
                    records->count);
}

/* What a wire that had no descriptors left came to says nothing about it. */
static bool refuse_starved(const struct wire_facts *facts, struct err *err)
{
    (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                   "no file descriptor was left here (%s): nothing can be said of calls over HTTP",
                   strerror(facts->starved_error));
    return err_hint(err, "say `ulimit -n` with more than %" PRIu64, descriptors_raise());
}

static bool run_over(const struct scenario *scenario, const struct wire_spec *wire,
                     struct records *records, struct world_facts *facts, struct err *err)
{
    struct world_plan plan;
    if (!world_plan_make(scenario, &plan, err)) return false;
    plan.wire = *wire;
    struct world *world = world_create(&plan, 1024, err);
    const struct world_outputs outputs = {.context = records, .write_order = keep_order};
    const bool ran = world != NULL && world_run(world, 0, &outputs, NULL, err);
    if (ran) *facts = *world_facts(world);
    world_destroy(world);
    world_plan_release(&plan);
    return ran && (facts->wire.starved == 0 || refuse_starved(&facts->wire, err));
}

/* ---- telling --------------------------------------------------------------------------------- */

static void put_count(struct text *text, uint64_t count, const char *one, const char *many)
{
    text_grouped(text, (int64_t)count);
    text_format(text, " %s", count == 1 ? one : many);
}

static void put_differences(const struct parity *parity, struct text *text)
{
    for (uint32_t i = 0; i < parity->listed_count; i++) {
        const struct parity_difference *difference = &parity->listed[i];
        text_format(text, "      order %" PRIu64 "  %s  (%s)\n", difference->index,
                    difference->what, parity_reason_names[difference->reason]);
    }
    if (parity->differing > parity->listed_count) {
        text_format(text, "      and %" PRIu64 " more\n", parity->differing - parity->listed_count);
    }
}

static void put_wire(const char *name, const struct parity *parity, const struct wire_facts *facts,
                     struct text *text)
{
    text_format(text, "  %-18s", name);
    put_count(text, facts->carried, "call", "calls");
    text_put(text, ", ");
    put_count(text, parity->differing, "difference", "differences");
    text_char(text, '\n');
    put_differences(parity, text);
    if (facts->mismatched > 0 || facts->unstated > 0) {
        text_format(text,
                    "      %" PRIu64 " faults met as another kind, %" PRIu64
                    " calls that the mock did not understand\n",
                    facts->mismatched, facts->unstated);
    }
}

/* The epsilon is what a wire is allowed to cost: beyond it no boundary explains anything. Single
 * quotes may wait for a busy machine; half of them may not. */
static bool costs_too_much(const struct parity *parity)
{
    return parity->quotes >= MEDIAN_LEAST && fabs(parity->cost_ms_p50) * 1000 > EPSILON_US;
}

static void put_real(const struct parity *parity, const struct wire_facts *facts, struct text *text)
{
    put_wire("http, real time", parity, facts, text);
    if (parity->differing > 0) {
        text_put(text, "      reasons: ");
        for (unsigned r = 0; r < PARITY_REASON_COUNT; r++) {
            text_format(text, "%s%" PRIu64 " %s", r == 0 ? "" : ", ", parity->reasons[r],
                        parity_reason_names[r]);
        }
        text_format(text, "; epsilon %g ms\n", (double)EPSILON_US / 1000);
    }
    if (parity->quotes == 0) return;
    text_put(text, "      a quote took longer by ");
    if (parity->quotes >= MEDIAN_LEAST) {
        text_format(text, "%.2f ms (median), ", parity->cost_ms_p50);
    } else {
        text_put(text, "n/a (median, needs 20 quotes), ");
    }
    if (parity->quotes >= 1000) {
        text_format(text, "%.2f ms (99%%), ", parity->cost_ms_p99);
    } else {
        text_put(text, "n/a (99%, needs 1,000 quotes), ");
    }
    text_format(text, "%.2f ms (most), n = %" PRIu64 "\n", parity->cost_ms_max, parity->quotes);
    if (costs_too_much(parity)) {
        text_format(text,
                    "      latencies do not agree: that median is beyond the epsilon of %g ms\n",
                    (double)EPSILON_US / 1000);
    }
}

/* Where the faults went that had to fit into less time. */
static void put_squeezed(const struct scenario *scenario, struct text *text)
{
    text_put(text, "  faults moved into it:");
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *fault = &scenario->faults[f];
        text_format(text, "%s %s %.1f to %.1f s", f == 0 ? "" : ",", fault->id,
                    (double)fault->at_us / US_PER_SECOND,
                    (double)fault_end_us(fault) / US_PER_SECOND);
    }
    text_char(text, '\n');
}

/* A fault that hit nobody was carried by no wire. False: there is one. */
static bool put_unmet(const struct scenario *scenario, uint64_t met, struct text *text)
{
    bool all = true;
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        if ((met >> f & 1u) != 0) continue;
        text_format(text, "  undecided: no call met the fault \"%s\"\n", scenario->faults[f].id);
        all = false;
    }
    return all;
}

/* ---- one scenario ---------------------------------------------------------------------------- */

struct verification {
    const struct scenario *scenario;
    struct records base;
    bool real;
    bool squeezed; /* the faults are not where the file says */
    bool failed;
    bool undecided;
    struct text text;
};

static bool hold_to_base(struct verification *verification, enum wire_kind kind, const char *name,
                         struct err *err)
{
    const struct wire_spec wire = {.kind = kind};
    struct records records = {0};
    struct world_facts facts;
    const bool ran = run_over(verification->scenario, &wire, &records, &facts, err);
    if (ran) {
        struct parity parity;
        parity_exact(verification->base.items, verification->base.count, records.items,
                     records.count, &parity);
        put_wire(name, &parity, &facts.wire, &verification->text);
        verification->failed = verification->failed || parity.differing > 0 ||
                               facts.wire.mismatched > 0 || facts.wire.unstated > 0;
    }
    free(records.items);
    return ran;
}

static bool hold_to_real(struct verification *verification, struct err *err)
{
    const struct wire_spec wire = {.kind = WIRE_HTTP, .clock = WIRE_CLOCK_REAL};
    struct records records = {0};
    struct world_facts facts;
    const bool ran = run_over(verification->scenario, &wire, &records, &facts, err);
    if (ran) {
        struct parity parity;
        parity_real(verification->scenario, verification->base.items, verification->base.count,
                    records.items, records.count, EPSILON_US, &parity);
        put_real(&parity, &facts.wire, &verification->text);
        verification->failed = verification->failed || parity.reasons[PARITY_UNEXPLAINED] > 0 ||
                               facts.wire.mismatched > 0 || costs_too_much(&parity);
    }
    free(records.items);
    return ran;
}

static bool verify(struct verification *verification, struct err *err)
{
    static const struct wire_spec structs = {0};
    struct world_facts facts;
    const struct scenario *scenario = verification->scenario;
    if (!run_over(scenario, &structs, &verification->base, &facts, err)) return false;
    char span[DURATION_TEXT_MAX];
    duration_for_people(scenario->duration_us, span);
    text_format(&verification->text, "%s, seed %s, %s: ", scenario->name, scenario->seed_text,
                span);
    put_count(&verification->text, facts.orders, "order", "orders");
    text_put(&verification->text, ", ");
    put_count(&verification->text, facts.calls_sent, "call", "calls");
    text_put(&verification->text, " as structs\n");
    if (verification->squeezed) put_squeezed(scenario, &verification->text);
    verification->undecided = !put_unmet(scenario, facts.faults_met, &verification->text);
    return hold_to_base(verification, WIRE_BYTES, "bytes", err) &&
           hold_to_base(verification, WIRE_HTTP, "http", err) &&
           (!verification->real || hold_to_real(verification, err));
}

/* Shortened by its own block, or by the clock; whoever says how long is obeyed. True: the faults
 * had to be moved. */
static bool shorten(const struct invocation *invocation, struct scenario *scenario, bool real)
{
    const bool said = invocation_given(invocation, OPTION_DURATION) ||
                      invocation_given(invocation, OPTION_REQUESTS);
    const int64_t most_us = SHORT_SECONDS * US_PER_SECOND;
    if (said || scenario->duration_us <= most_us) return false;
    if (scenario->fault_count > 0 && !real) return false; /* its short block fits them */
    scenario_squeeze(scenario, real ? REAL_SHORT_SECONDS * US_PER_SECOND : most_us);
    return scenario->fault_count > 0;
}

static int verify_file(const struct invocation *invocation, struct console *console,
                       const char *path)
{
    struct loaded loaded;
    if (!load_scenario(invocation, console, path, &loaded)) return loaded.exit_code;
    struct verification verification = {.scenario = loaded.scenario,
                                        .real = invocation->values[OPTION_CLOCK].choice ==
                                                WIRE_CLOCK_REAL};
    loaded.scenario->replications = 1;
    verification.squeezed = shorten(invocation, loaded.scenario, verification.real);
    struct err err;
    int code;
    if (verify(&verification, &err)) {
        code = console_write(console, &verification.text);
        if (code == EXIT_DONE && verification.undecided) code = EXIT_INCONCLUSIVE;
        if (code != EXIT_ENVIRONMENT && verification.failed) code = EXIT_CHECK_FAILED;
    } else {
        code = console_error(console, &err, err_source(&err, loaded.scenario->file, loaded.source));
        text_release(&verification.text);
    }
    free(verification.base.items);
    load_release(&loaded);
    return code;
}

/* Of several files: one that is undecided weighs less than one that fails. */
static int gravity(int code)
{
    return code == EXIT_INCONCLUSIVE ? 1 : 2 * code;
}

int command_verify(const struct invocation *invocation, struct console *console)
{
    int worst = EXIT_DONE;
    (void)descriptors_raise();
    for (unsigned i = 0; i < invocation->operand_count; i++) {
        const int code = verify_file(invocation, console, invocation->operands[i]);
        if (gravity(code) > gravity(worst)) worst = code;
    }
    return worst;
}
