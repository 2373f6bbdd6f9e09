#include "reports/runbook_text.h"

#include <assert.h>
#include <string.h>

const char *const runbook_profile_ids[PROFILE_COUNT] = {"as_documented", "as_coded"};
const char *const runbook_profile_titles[PROFILE_COUNT] = {"As documented", "As coded"};
static const char *const profile_words[PROFILE_COUNT] = {"as documented", "as coded"};

const char *const runbook_finding_titles[FINDING_KINDS] = {
    [FINDING_NOT_DEPLOYED] = "Nobody deploys the change",
    [FINDING_ROTATED_TOO_LATE] = "Rotated after the only deploy",
    [FINDING_KEYS_NOT_READ] = "Keys that are not read",
    [FINDING_MISLEADING_ANSWER] = "A verification that misleads",
    [FINDING_NO_HEALTH_CHECK] = "There is no health check",
    [FINDING_BLIND_HEALTH_CHECK] = "The health check is blind",
    [FINDING_NEVER_LOGGED] = "A search for what is never logged",
    [FINDING_RATE_TOPS_OUT] = "An error rate that tops out",
    [FINDING_OTHER_FUNCTION] = "Another function is deployed",
    [FINDING_NOT_UNDONE] = "A mitigation that nobody takes back",
    [FINDING_SECRET_IN_TEXT] = "A secret in plain text"};

unsigned runbook_profile_count(const struct runbook *runbook)
{
    unsigned count = 0;
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        count += runbook->profiles[p];
    return count;
}

static uint32_t at_fault(const struct runbook *runbook, unsigned profile)
{
    return runbook->verdicts[profile][RUNBOOK_NO_EFFECT] +
           runbook->verdicts[profile][RUNBOOK_FAILS];
}

void runbook_write_headline(struct text *text, const struct runbook *runbook)
{
    bool any = false;
    if (!runbook_is_at_fault(runbook)) {
        text_put(text, runbook->step_count == 1 ? "The one step that there is works"
                                                : "Every step that could be tried works");
        return;
    }
    /* The code first: that is what responders meet. */
    for (unsigned i = PROFILE_COUNT; i > 0; i--) {
        const unsigned p = i - 1;
        if (!runbook->profiles[p]) continue;
        const uint32_t count = at_fault(runbook, p);
        if (any)
            text_format(text, ", %u %s", (unsigned)count, profile_words[p]);
        else
            text_format(text, "%u of %u steps %s nothing or %s %s", (unsigned)count,
                        (unsigned)runbook->step_count, count == 1 ? "does" : "do",
                        count == 1 ? "fails" : "fail", profile_words[p]);
        any = true;
    }
}

enum verdict_tone runbook_tone(enum runbook_verdict verdict)
{
    switch (verdict) {
    case RUNBOOK_WORKS:
        return TONE_GOOD;
    case RUNBOOK_NO_EFFECT:
    case RUNBOOK_FAILS:
        return TONE_BAD;
    case RUNBOOK_UNKNOWN:
    case RUNBOOK_VERDICTS:
        break;
    }
    return TONE_NEUTRAL;
}

void runbook_write_why(struct text *text, const struct runbook_outcome *outcome)
{
    if (outcome->verdict == RUNBOOK_WORKS) return;
    text_put(text, outcome->said);
    if (outcome->said[0] != '\0' && outcome->why[0] != '\0') text_put(text, ": ");
    text_put(text, outcome->why);
    if (outcome->hint[0] != '\0') text_format(text, "; %s", outcome->hint);
}

void runbook_write_said(struct text *text, const struct runbook_outcome *outcome)
{
    if (outcome->verdict != RUNBOOK_WORKS) return;
    text_put(text, outcome->said);
    if (outcome->hint[0] != '\0')
        text_format(text, "%s%s", outcome->said[0] != '\0' ? "; " : "", outcome->hint);
}

static const char *profiles_of(const struct runbook *runbook, const struct runbook_finding *finding)
{
    if (runbook_profile_count(runbook) < 2) return "";
    const bool documented = (finding->profiles >> PROFILE_AS_DOCUMENTED & 1u) != 0;
    const bool coded = (finding->profiles >> PROFILE_AS_CODED & 1u) != 0;
    if (documented && coded) return "as documented and as coded";
    return profile_words[coded ? PROFILE_AS_CODED : PROFILE_AS_DOCUMENTED];
}

static void write_lines(struct text *text, const struct runbook_finding *finding)
{
    text_put(text, finding->line_count == 1 ? "line " : "lines ");
    for (uint32_t i = 0; i < finding->line_count; i++)
        text_format(text, "%s%u",
                    i == 0                         ? ""
                    : i + 1 == finding->line_count ? " and "
                                                   : ", ",
                    (unsigned)finding->lines[i]);
}

void runbook_write_where(struct text *text, const struct runbook *runbook,
                         const struct runbook_finding *finding)
{
    const char *const heading = runbook->document->headings[finding->section].text;
    const char *const profiles = profiles_of(runbook, finding);
    write_lines(text, finding);
    if (finding->line_count == 1 && heading[0] != '\0') text_format(text, ", %s", heading);
    if (profiles[0] != '\0') text_format(text, ", %s", profiles);
}

void runbook_each_finding(const struct runbook *runbook, runbook_each each, void *context)
{
    static const enum runbook_finding_kind order[] = {
        FINDING_MISLEADING_ANSWER,  FINDING_KEYS_NOT_READ,   FINDING_ROTATED_TOO_LATE,
        FINDING_NOT_DEPLOYED,       FINDING_OTHER_FUNCTION,  FINDING_NEVER_LOGGED,
        FINDING_RATE_TOPS_OUT,      FINDING_NO_HEALTH_CHECK, FINDING_SECRET_IN_TEXT,
        FINDING_BLIND_HEALTH_CHECK, FINDING_NOT_UNDONE};
    static_assert(sizeof order / sizeof *order == FINDING_KINDS, "every kind has its place");
    for (unsigned remark = 0; remark < 2; remark++)
        for (size_t k = 0; k < sizeof order / sizeof *order; k++)
            for (uint32_t i = 0; i < runbook->finding_count; i++)
                if (runbook->findings[i].kind == order[k] &&
                    runbook->findings[i].remark == (remark == 1))
                    each(context, &runbook->findings[i]);
}

uint32_t runbook_count_findings(const struct runbook *runbook, bool remarks)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < runbook->finding_count; i++)
        count += runbook->findings[i].remark == remarks;
    return count;
}

static void take_first(void *context, const struct runbook_finding *finding)
{
    const struct runbook_finding **const first = context;
    if (*first == NULL) *first = finding;
}

void runbook_write_finding(struct text *text, const struct runbook *runbook)
{
    const struct runbook_finding *first = NULL;
    runbook_each_finding(runbook, take_first, &first);
    if (first == NULL || first->remark) {
        text_put(text, "No step contradicts another.");
        return;
    }
    runbook_write_where(text, runbook, first);
    text_format(text, ": %s", first->text);
}

void runbook_write_basis(struct text *text, const struct runbook *runbook)
{
    const char *before = "";
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!runbook->profiles[p] || runbook->logs[p].orders == 0) continue;
        text_format(text, "%s%s: ", before, profile_words[p]);
        text_grouped(text, runbook->logs[p].orders);
        text_put(text, " orders, ");
        text_grouped(text, (int64_t)runbook->logs[p].lines);
        text_put(text, " lines of log");
        before = "; ";
    }
    if (before[0] == '\0') text_put(text, "no step asked for a log");
}
