/* reports/calibrate_sections.h - three sections of a calibration's report, in every form: whether
 * the advice holds, what second calls would do, what caches would.
 *
 * Each section begins with a sentence that states what was found, with its number. What rests on a
 * model says so wherever it stands; what is not known is "n/a", in JSON null, in CSV empty; what
 * lies beyond what was watched is "> T". With many sites tables have the first
 * CALIBRATE_SECTION_ROWS by calls and say how many more there are; the CSVs have all.
 *
 * Names of a CSV's providers are a user's: pages and Markdown escape them, the terminal gets no
 * control of theirs.
 *
 * Failure: text->failed.
 */
#ifndef REPORTS_CALIBRATE_SECTIONS_H
#define REPORTS_CALIBRATE_SECTIONS_H

#include "reports/html.h"
#include "sim/analysis/calibrate.h"

enum { CALIBRATE_SECTION_ROWS = 16 };

/* ---- the page; ids "holds", "second-calls", "caches" ---- */

void calibrate_html_holds(struct html *page);        /* halves, thirds, changes, laws */
void calibrate_html_second_calls(struct html *page); /* hedges, retries, closed forms */
void calibrate_html_caches(struct html *page);       /* what recurs, lives, effects */

/* ---- findings; never empty ---- */

void calibrate_find_holds(struct text *text, const struct calibration *calibration);
void calibrate_find_second_calls(struct text *text, const struct calibration *calibration);
void calibrate_find_caches(struct text *text, const struct calibration *calibration);
/* What the contract's lives would do to these orders; nothing without a sweep. */
void calibrate_find_contract_lives(struct text *text, const struct calibration *calibration);

/* "items for 60 min: 70.7% of calls saved, ...", a line a kind, most calls saved first; returns how
 * many. The caller releases them. */
unsigned calibrate_cache_lines(const struct calibration *calibration, struct text lines[3]);

/* ---- other forms, all three sections at once ---- */

/* At most 80 columns, a blank line before each section. */
void calibrate_console_sections(struct text *text, const struct calibration *calibration);
/* "## Does it hold?" and so on. */
void calibrate_markdown_sections(struct text *text, const struct calibration *calibration);
/* The members "stability", "second_calls" and "caches", each after a comma. */
void calibrate_json_sections(struct text *text, const struct calibration *calibration);

/* stability.csv: provider, kind, name, figure, value: one number or word a row. */
void calibrate_write_stability_csv(struct text *text, const struct calibration *calibration);
/* hedges.csv, retries.csv: a row each provider, delay or tries, and assumption. */
void calibrate_write_hedges_csv(struct text *text, const struct calibration *calibration);
void calibrate_write_retries_csv(struct text *text, const struct calibration *calibration);
/* caches.csv: a row each kind and life; then what recurs. The heading alone without a sweep. */
void calibrate_write_caches_csv(struct text *text, const struct calibration *calibration);

/* ---- what their files share ---- */

/* "2026-11-24 14:00 UTC"; without times in the data "call 1,234" (from 1). */
void calibrate_show_place(struct text *text, const struct calibration *calibration, int64_t at_us,
                          uint32_t sample);
/* "n/a", "> 10 s", "3.49 s". */
void calibrate_show_whatif(struct text *text, const struct whatif_time *time);
/* "1.2% to 1.9%", with as many decimals as calibrate_show_share() gives; NaN: "n/a". */
void calibrate_show_share_interval(struct text *text, double low, double high);
/* Places of the first CALIBRATE_SECTION_ROWS by calls; returns how many. */
uint32_t calibrate_section_places(const struct calibration *calibration,
                                  uint32_t places[LATENCY_SERIES_MAX]);
/* Which rules' advice is judged: the rule of the recommendation, then p95 + 2 s if that is
 * another; returns how many. */
uint32_t calibrate_held_rules(const struct calibration *calibration, enum timeout_rule rules[2]);
/* What was judged; NULL: too few calls to cut in two. */
const struct calibrate_held *calibrate_held_of(const struct calibrate_provider *provider,
                                               enum timeout_rule rule);
enum stability_verdict calibrate_verdict_of(const struct calibrate_provider *provider,
                                            enum timeout_rule rule);
/* "stale, better": more in time than predicted; "missed, worse"; "held". */
void calibrate_show_verdict(struct text *text, const struct calibrate_provider *provider,
                            enum timeout_rule rule);
/* Shares of the rest that was judged, m > 0: "99.12%", "98.9% to 99.1%". Both with the decimals
 * that tell a share outside from the bound that it crossed. */
void calibrate_show_in_time(struct text *text, const struct stability_timeout *judged);
void calibrate_show_predicted(struct text *text, const struct stability_timeout *judged);
/* Why a verdict is n/a, in a few words: "12 given up before it"; "" for any other verdict. */
void calibrate_show_na_reason(struct text *text, const struct calibrate_provider *provider,
                              enum timeout_rule rule);
/* "the first half", "the first 70%" */
void calibrate_show_first_part(struct text *text, const struct calibration *calibration);
/* "median 812 ms, sigma 0.41" */
void calibrate_show_law(struct text *text, const struct fit *fit);
const char *calibrate_law_words(enum fit_law law); /* "body and tail" */

/* "1.2% (1.0% to 1.4%)"; of nothing "n/a". */
void calibrate_show_cache_share(struct text *text, const struct cache_share *share);
/* Milliseconds that a cache saves an order, with their interval; above 0: saved. */
void calibrate_show_saved_ms(struct text *text, const struct stats_estimate *latency);
/* Why a hedge asks the same provider twice. */
extern const char calibrate_no_replicas_words[];

/* The heading of a row: with its colour, or a site's name. */
void calibrate_html_row(struct html *page, const struct calibrate_provider *provider);
/* "The 16 with the most calls of 18; all are in FILE."; nothing where all are shown. */
void calibrate_html_rest(struct html *page, uint32_t shown, const char *file);
/* <details>; whoever calls it closes it. */
void calibrate_html_fold(struct html *page, const char *summary, bool open);
/* What a function finds, as a paragraph. */
void calibrate_html_found(struct html *page,
                          void (*find)(struct text *, const struct calibration *));

#endif
