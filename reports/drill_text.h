/* reports/drill_text.h - the words and numbers that every form of a drill shares.
 *
 * Spans have three significant figures and one unit ("11.4 min"), shares two decimals below one
 * percent and none that is rounded to a 0% or 100% that is not so, money is dollars from ten cents
 * on. What did not come about is "never", what has no meaning here "n/a". Instants are offsets from
 * the run's start ("32:10") with the scenario's local clock beside them ("10:32:10").
 *
 * Names, titles, steps and causes are a user's: whoever writes HTML, Markdown, CSV or to a terminal
 * escapes what comes from here. Nothing is judged here that struct drill does not say already; what
 * is derived for people (enum drill_audit, findings) is said beside it.
 *
 * Ownership: texts are the caller's; drills are borrowed for the call. Failure: text->failed.
 */
#ifndef REPORTS_DRILL_TEXT_H
#define REPORTS_DRILL_TEXT_H

#include "reports/findings.h"
#include "router/base/text.h"
#include "sim/analysis/drill.h"

/* ---- values ---- */

/* "12.4 min", "9.3%", "1,204", "$3.20"; without "never" and "n/a": for means and limits. */
void drill_show_number(struct text *text, enum drill_unit unit, double value);
/* The same of a measure's value; "never", "n/a". */
void drill_show_value(struct text *text, enum drill_measure measure,
                      const struct drill_value *value);
/* The 95% interval of the median: "11 min to 13.9 min", "14 min to never"; nothing when unknown. */
void drill_show_interval(struct text *text, enum drill_measure measure,
                         const struct drill_distribution *distribution);
/* "12.4 min (P90 20 min, 95% interval of the median 11 min to 13.9 min, n = 200, 3 never)"; of one
 * repeat the value and "n = 1"; of none "n/a". */
void drill_show_distribution(struct text *text, enum drill_measure measure,
                             const struct drill_distribution *distribution);
/* What a signal read: "12.3% (n = 321)", "7.2 s (n = 80)", "no data". */
void drill_show_signal(struct text *text, enum metric_unit unit, const struct signal_value *value);

/* A limit, or a name made of one, with operators as one character: "ttm <= 20m" -> "ttm ≤ 20m". */
void drill_show_limit(struct text *text, const char *limit);

/* ---- verdicts ---- */

/* "Passed", "Failed", "Deviated", "Aborted", "Invalid". */
const char *drill_verdict_title(enum drill_verdict verdict);
/* What the word means: "steady state was not restored at the end". */
const char *drill_verdict_help(enum drill_verdict verdict);
/* Good, bad, or neither: invalid says nothing about the system. */
enum verdict_tone drill_verdict_tone(enum drill_verdict verdict);

/* drill->why as a sentence; nothing when there is nothing to say. */
void drill_write_why(struct text *text, const struct drill *drill);
/* A full stop, unless the text has its own end. */
void drill_end_sentence(struct text *text);
/* What the stories of the repeats came to, before anything that is expected of all of them is
 * judged, as a sentence and a space; nothing when there is one repeat. */
void drill_write_repeats(struct text *text, const struct drill *drill);
/* What to read first, one or two sentences: how long detection, mitigation and recovery took and
 * what it cost; of one repeat its values, of several medians with P90. */
void drill_write_headline(struct text *text, const struct drill *drill);

/* ---- time ---- */

/* Offset from the start: "32:10", "2:15:00"; INT64_MAX: "never". */
void drill_show_instant(struct text *text, int64_t at_us);
/* The scenario's local clock: "10:32:10"; with the date, "2025-11-24 00:02:10", on another day than
 * that of the start; INT64_MAX: "never". */
void drill_show_clock(struct text *text, const struct drill *drill, int64_t at_us);
/* "32:10 (10:32:10)". */
void drill_show_when(struct text *text, const struct drill *drill, int64_t at_us);
/* From the first fault: "+11.4 min", "at once", "4 min before"; INT64_MAX on either side: "never".
 */
void drill_show_since_fault(struct text *text, const struct drill *drill, int64_t at_us);

/* The same in a sentence: "11.4 min after the fault began". */
void drill_show_after_fault(struct text *text, const struct drill *drill, int64_t at_us);

/* The named instants of a repeat, in the order in which they usually come. */
enum drill_mark {
    DRILL_MARK_FAULT,
    DRILL_MARK_IMPACT,
    DRILL_MARK_DETECT,
    DRILL_MARK_TOLD,
    DRILL_MARK_ACK,
    DRILL_MARK_ACT,
    DRILL_MARK_MITIGATE,
    DRILL_MARK_CLEAR,
    DRILL_MARK_UNDONE,
    DRILL_MARK_RECOVER,
    DRILL_MARK_STOPPED,
    DRILL_MARK_COUNT
};
extern const char *const drill_mark_names[DRILL_MARK_COUNT];  /* for programs: "mitigate" */
extern const char *const drill_mark_labels[DRILL_MARK_COUNT]; /* for people: "mitigated" */
int64_t drill_mark_us(const struct drill_marks *marks, enum drill_mark mark);

/* ---- alerts ---- */

/* "KROGER_API", "router"; of a rule on every provider "provider". */
const char *drill_scope_name(unsigned scope);
/* "Provider API Down (KROGER_API)"; of the router the rule's name alone. */
void drill_show_alert(struct text *text, const struct drill *drill, uint32_t rule, unsigned scope);
/* The condition in words: "success rate < 50% over 5 min, for 10 min", with its other conditions,
 * the least volume, hours, and how long it is kept. */
void drill_show_rule(struct text *text, const struct alert_rule *rule);

/* What became of one instance, derived of should_fire, fired_us and the false episodes. */
enum drill_audit {
    AUDIT_CAUGHT,   /* should fire, fired */
    AUDIT_MISSED,   /* should fire, did not */
    AUDIT_UNWANTED, /* the file says that it must not fire, and the fault made it */
    AUDIT_FALSE,    /* fired, and only before the fault or as in the control */
    AUDIT_EXTRA,    /* fired because of the fault; nobody said whether it should */
    AUDIT_QUIET,    /* did not fire, nor should it */
    AUDIT_COUNT
};
/* Whether it should fire: "yes", "no"; "-" where nobody has said. */
const char *drill_should_word(const struct drill_alert *alert);
enum drill_audit drill_audit_of(const struct drill_alert *alert);
extern const char *const drill_audit_names[AUDIT_COUNT];  /* for programs: "caught" */
extern const char *const drill_audit_labels[AUDIT_COUNT]; /* "fired as it should", "missed", ... */
enum verdict_tone drill_audit_tone(enum drill_audit audit);

/* ---- operators ---- */

/* "oncall", "rollbacks". */
const char *drill_step_who(const struct drill_step *step);
/* "set LOOPGPT_KROGER_MOCK = true", "redeploy", "verify errors"; never the verb twice. */
void drill_show_step(struct text *text, const struct drill_step *step);
/* "done", "no effect": why; "failed": why. */
void drill_show_outcome(struct text *text, const struct drill_step *step);
/* Of all repeats: "done 38, failed 2"; nothing when there is one. */
void drill_show_outcomes(struct text *text, const struct drill *drill,
                         const struct drill_step *step);
enum verdict_tone drill_outcome_tone(enum step_outcome outcome);

/* ---- the journal ---- */

/* The entry's kind as files name it: story_kind_names, but for a step that had no effect, which is
 * "operator_noop". */
const char *drill_entry_kind(const struct story_entry *entry);
/* Whose act an entry is: a fault's id, an alert with its instance, an operator, "rollbacks",
 * "router", "hypothesis", "stop condition". */
void drill_entry_who(struct text *text, const struct drill *drill, const struct story_entry *entry);
/* What happened, in a few words: "fires: success rate 12.3% (n = 321)", "begins redeploy". */
void drill_entry_what(struct text *text, const struct drill *drill,
                      const struct story_entry *entry);
/* What brought it about: who and what of the entry it names; else "script", or "orders" for what is
 * measured. */
void drill_entry_cause(struct text *text, const struct drill *drill,
                       const struct story_entry *entry);

/* ---- findings for the post-mortem ---- */

/* Calls `put` with each finding, the most important first: one line, plain text, its number in it.
 * What is quiet is not a finding; a drill without any gets none. */
void drill_each_finding(const struct drill *drill,
                        void (*put)(void *context, enum verdict_tone tone, const char *sentence),
                        void *context);

#endif
