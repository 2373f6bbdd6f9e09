/* A drill for continuous integration: a test case an expectation and a probe, and one for the
 * verdict where that is not an expectation's. */
#include <string.h>

#include "reports/drill_exports.h"
#include "reports/drill_text.h"
#include "reports/show.h"

static void put_attribute(struct text *text, const char *name, const char *value)
{
    text_format(text, " %s=\"", name);
    text_html(text, value);
    text_char(text, '"');
}

static void put_property(struct text *text, const char *name, const char *value)
{
    text_put(text, "      <property");
    put_attribute(text, "name", name);
    put_attribute(text, "value", value);
    text_put(text, "/>\n");
}

enum outcome { OUTCOME_PASSED, OUTCOME_FAILED, OUTCOME_SKIPPED, OUTCOME_ERROR };

struct counts {
    unsigned tests, failures, errors, skipped;
};

/* One test case; the message is taken over and released. */
static void put_case(struct text *text, const struct drill *drill, const char *name,
                     const struct place *place, enum outcome outcome, const char *type,
                     struct text *message)
{
    static const char *const elements[] = {
        [OUTCOME_FAILED] = "failure", [OUTCOME_SKIPPED] = "skipped", [OUTCOME_ERROR] = "error"};
    const char *words = message->bytes != NULL ? message->bytes : "";
    text_put(text, "    <testcase");
    put_attribute(text, "classname", drill->name);
    put_attribute(text, "name", name);
    if (place != NULL && place->file != NULL) {
        put_attribute(text, "file", place->file);
        text_format(text, " line=\"%u\"", place->line);
    }
    text_put(text, " time=\"0\">\n");
    if (outcome == OUTCOME_PASSED) {
        text_put(text, "      <system-out>");
        text_html(text, words);
        text_put(text, "</system-out>\n");
    } else {
        text_format(text, "      <%s", elements[outcome]);
        if (outcome != OUTCOME_SKIPPED) put_attribute(text, "type", type);
        put_attribute(text, "message", words);
        text_put(text, "/>\n");
    }
    text_put(text, "    </testcase>\n");
    text->failed |= message->failed;
    text_release(message);
}

/* ---- expectations ---- */

static enum outcome expect_outcome(const struct drill_expect *expect)
{
    if (!expect->known) return OUTCOME_SKIPPED;
    return expect->met ? OUTCOME_PASSED : OUTCOME_FAILED;
}

static void put_expect(struct text *text, const struct drill *drill,
                       const struct drill_expect *expect)
{
    struct text message = {0};
    text_format(&message, "%s; expected: ", expect->measured[0] != '\0' ? expect->measured : "n/a");
    drill_show_limit(&message, expect->limit);
    put_case(text, drill, expect->name, &expect->place, expect_outcome(expect), "expectation",
             &message);
}

/* ---- probes ---- */

/* As the verdict has it: what is looked at throughout has to hold throughout. */
static enum outcome probe_outcome(const struct drill_probe *probe)
{
    if (probe->seen.evaluated == 0) return OUTCOME_ERROR; /* it checked nothing */
    const bool throughout = probe->mode == PROBE_CONTINUOUS || probe->mode == PROBE_ON_CHAOS;
    const bool unmet = probe->seen.at_start == 0 || probe->seen.at_end == 0 ||
                       (throughout && probe->seen.met < probe->seen.evaluated);
    return unmet ? OUTCOME_FAILED : OUTCOME_PASSED;
}

static void put_reading(struct text *message, const char *when, const struct drill_probe *probe,
                        int8_t met, const struct signal_value *value)
{
    if (met < 0) return;
    text_format(message, "%s: ", when);
    drill_show_signal(message, probe->unit, value);
    text_put(message, met == 1 ? ", met; " : ", not met; ");
}

static void put_probe(struct text *text, const struct drill *drill, const struct drill_probe *probe)
{
    struct text name = {0}, message = {0};
    text_format(&name, "steady state: %s", probe->name);
    text_format(&message, "%s, limit ", probe->metric);
    drill_show_limit(&message, probe->limit);
    text_put(&message, "; ");
    put_reading(&message, "before", probe, probe->seen.at_start, &probe->seen.start);
    put_reading(&message, "at the end", probe, probe->seen.at_end, &probe->seen.end);
    text_format(&message, "met %u of %u times", probe->seen.met, probe->seen.evaluated);
    if (probe->seen.thin > 0)
        text_format(&message, ", %u times too little to look at", probe->seen.thin);
    put_case(text, drill, name.bytes != NULL ? name.bytes : "", NULL, probe_outcome(probe), "probe",
             &message);
    text->failed |= name.failed;
    text_release(&name);
}

/* ---- the verdict ---- */

/* Aborted, deviated and invalid drills, and such as were stopped, have to be seen even when every
 * expectation that was judged is met. */
static bool needs_verdict(const struct drill *drill)
{
    return !drill->result.complete ||
           (drill->verdict != VERDICT_PASS && drill->verdict != VERDICT_FAIL);
}

static enum outcome verdict_outcome(const struct drill *drill)
{
    return !drill->result.complete || drill->verdict == VERDICT_INVALID ? OUTCOME_ERROR
                                                                        : OUTCOME_FAILED;
}

static void put_verdict(struct text *text, const struct drill *drill)
{
    struct text message = {0};
    if (drill->result.complete) {
        text_put(&message, drill->why);
    } else {
        text_put(&message,
                 drill->result.stopped_by[0] != '\0' ? drill->result.stopped_by : "stopped early");
    }
    put_case(text, drill, "the drill passes", NULL, verdict_outcome(drill),
             drill->result.complete ? drill_verdict_names[drill->verdict] : "stopped", &message);
}

/* ---- all of it ---- */

static void count_one(struct counts *counts, enum outcome outcome)
{
    counts->tests++;
    counts->failures += outcome == OUTCOME_FAILED;
    counts->errors += outcome == OUTCOME_ERROR;
    counts->skipped += outcome == OUTCOME_SKIPPED;
}

static struct counts count_all(const struct drill *drill)
{
    struct counts counts = {0};
    for (uint32_t i = 0; i < drill->expect_count; i++)
        count_one(&counts, expect_outcome(&drill->expects[i]));
    for (uint32_t i = 0; i < drill->probe_count; i++)
        count_one(&counts, probe_outcome(&drill->probes[i]));
    if (needs_verdict(drill)) count_one(&counts, verdict_outcome(drill));
    return counts;
}

static void put_counts(struct text *text, const struct counts *counts)
{
    text_format(text, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\"",
                counts->tests, counts->failures, counts->errors, counts->skipped);
}

static void put_suite(struct text *text, const struct drill *drill)
{
    const struct counts counts = count_all(drill);
    text_put(text, "  <testsuite");
    put_attribute(text, "name", drill->name);
    put_counts(text, &counts);
    text_put(text, ">\n    <properties>\n");
    put_property(text, "seed", drill->result.seed_text);
    put_property(text, "command", drill->result.command);
    put_property(text, "verdict", drill_verdict_names[drill->verdict]);
    text_put(text, "    </properties>\n");
    for (uint32_t i = 0; i < drill->expect_count; i++)
        put_expect(text, drill, &drill->expects[i]);
    for (uint32_t i = 0; i < drill->probe_count; i++)
        put_probe(text, drill, &drill->probes[i]);
    if (needs_verdict(drill)) put_verdict(text, drill);
    text_put(text, "  </testsuite>\n");
}

void drill_write_suite_junit(struct text *text, const struct drill *const *drills, uint32_t count)
{
    struct counts all = {0};
    for (uint32_t i = 0; i < count; i++) {
        const struct counts one = count_all(drills[i]);
        all.tests += one.tests;
        all.failures += one.failures;
        all.errors += one.errors;
        all.skipped += one.skipped;
    }
    text_put(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_attribute(text, "name", count > 0 ? drills[0]->result.program : "");
    put_counts(text, &all);
    text_put(text, ">\n");
    for (uint32_t i = 0; i < count; i++)
        put_suite(text, drills[i]);
    text_put(text, "</testsuites>\n");
}

void drill_write_junit(struct text *text, const struct drill *drill)
{
    drill_write_suite_junit(text, &drill, 1);
}
