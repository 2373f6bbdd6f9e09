/* A runbook as Markdown, for pull requests: counts, findings, then the steps that do not work. */
#include <string.h>

#include "reports/exports.h"
#include "reports/runbook_report.h"
#include "reports/runbook_text.h"

enum { BYTES_MAX = 60000 /* a comment on a pull request has 65,536 at most */ };

static void put_counts(struct text *text, const struct runbook *runbook)
{
    text_put(text, "| |");
    for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
        text_format(text, " %s |", runbook_verdict_names[v]);
    text_put(text, "\n|:--|--:|--:|--:|--:|\n");
    for (unsigned p = 0; p < PROFILE_COUNT; p++) {
        if (!runbook->profiles[p]) continue;
        text_format(text, "| %s |", runbook_profile_titles[p]);
        for (unsigned v = 0; v < RUNBOOK_VERDICTS; v++)
            text_format(text, " %u |", (unsigned)runbook->verdicts[p][v]);
        text_char(text, '\n');
    }
    text_char(text, '\n');
}

struct listing {
    struct text *text;
    const struct runbook *runbook;
    uint32_t left_out;
};

static void put_finding(void *context, const struct runbook_finding *finding)
{
    struct listing *const listing = context;
    struct text plain = {0}, where = {0};
    if (listing->text->length > BYTES_MAX / 2) {
        listing->left_out++;
        return;
    }
    text_format(listing->text, "- **%s** (", runbook_finding_titles[finding->kind]);
    runbook_write_where(&where, listing->runbook, finding);
    markdown_plain(listing->text, &where);
    text_put(listing->text, "). ");
    text_put(&plain, finding->text);
    markdown_plain(listing->text, &plain);
    text_char(listing->text, '\n');
}

static void put_findings(struct text *text, const struct runbook *runbook)
{
    struct listing listing = {.text = text, .runbook = runbook};
    if (runbook->finding_count == 0) return;
    text_put(text, "## Findings\n\n");
    runbook_each_finding(runbook, put_finding, &listing);
    if (listing.left_out > 0) text_format(text, "\nAnd %u more.\n", (unsigned)listing.left_out);
    text_char(text, '\n');
}

static void put_verdict(struct text *text, const struct runbook_outcome *outcome)
{
    struct text plain = {0};
    const bool bad = runbook_tone(outcome->verdict) == TONE_BAD;
    text_format(text, bad ? " **%s**" : " %s", runbook_verdict_names[outcome->verdict]);
    runbook_write_why(&plain, outcome);
    if (plain.length > 0) text_put(text, ": ");
    markdown_plain(text, &plain);
    text_put(text, " |");
}

static bool is_of_note(const struct runbook *runbook, const struct runbook_step *step)
{
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p] && step->outcomes[p].verdict != RUNBOOK_WORKS) return true;
    return false;
}

static void put_steps(struct text *text, const struct runbook *runbook)
{
    uint32_t section = UINT32_MAX, left_out = 0;
    text_put(text, "## Steps that do not work, or are not known\n\n| Line | Step |");
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p]) text_format(text, " %s |", runbook_profile_titles[p]);
    text_put(text, "\n|--:|:--|");
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        if (runbook->profiles[p]) text_put(text, ":--|");
    text_char(text, '\n');
    for (uint32_t i = 0; i < runbook->step_count; i++) {
        const struct runbook_step *const step = &runbook->steps[i];
        if (!is_of_note(runbook, step)) continue;
        if (text->length > BYTES_MAX) {
            left_out++;
            continue;
        }
        if (step->section != section) {
            section = step->section;
            text_put(text, "| | **");
            markdown_words(text, runbook->document->headings[section].path);
            text_put(text, "** |");
            for (unsigned p = 0; p < PROFILE_COUNT; p++)
                if (runbook->profiles[p]) text_put(text, " |");
            text_char(text, '\n');
        }
        text_format(text, "| %u | ", (unsigned)step->place.line);
        markdown_words(text, step->what);
        text_put(text, " |");
        for (unsigned p = 0; p < PROFILE_COUNT; p++)
            if (runbook->profiles[p]) put_verdict(text, &step->outcomes[p]);
        text_char(text, '\n');
    }
    if (left_out > 0) text_format(text, "\nAnd %u more steps.\n", (unsigned)left_out);
    text_char(text, '\n');
}

void runbook_write_markdown(struct text *text, const struct runbook_report *report)
{
    const struct runbook *const runbook = report->runbook;
    struct text plain = {0};
    text_put(text, "# Runbook: ");
    markdown_words(text, runbook->file);
    text_put(text, "\n\n**");
    runbook_write_headline(&plain, runbook);
    markdown_plain(text, &plain);
    text_put(text, ".** ");
    plain = (struct text){0};
    runbook_write_finding(&plain, runbook);
    if (plain.length > 0 && plain.bytes[0] == 'l') plain.bytes[0] = 'L';
    markdown_plain(text, &plain);
    text_put(text, "\n\n");
    put_counts(text, runbook);
    put_findings(text, runbook);
    if (runbook_is_at_fault(runbook)) put_steps(text, runbook);
    plain = (struct text){0};
    runbook_write_basis(&plain, runbook);
    text_put(text, "Tried out against the scenario ");
    markdown_words(text, runbook->scenario);
    text_put(text, "; ");
    markdown_plain(text, &plain);
    text_put(text, ".\n\n");
    markdown_command(text, report->command);
}
