/* reports/calibrate_text.h - the words and numbers that every form of a calibration shares.
 *
 * Timeouts are whole milliseconds and shown whole: "4.9 s", "850 ms". Shares that an interval pins
 * to less than half a percentage point have two decimals. What lies beyond the censoring is "> T",
 * what is not known "n/a", with the samples it would need.
 *
 * Names of providers may be a user's: whoever writes HTML or Markdown escapes what comes from here.
 * Failure: text->failed.
 */
#ifndef REPORTS_CALIBRATE_TEXT_H
#define REPORTS_CALIBRATE_TEXT_H

#include "router/base/text.h"
#include "sim/analysis/calibrate.h"

enum { CALIBRATE_SHOWN = 12, CALIBRATE_LINES = 16 };

/* "p95 + 2 s", "99% of answers": as the setup has it. */
void calibrate_show_rule(struct text *text, const struct calibration *calibration,
                         enum timeout_rule rule);
/* What the rule is, in a sentence. */
void calibrate_write_rule_help(struct text *text, const struct calibration *calibration,
                               enum timeout_rule rule);

void calibrate_show_timeout(struct text *text, int64_t us);
/* "n/a (needs >= 1,000)", "> 10 s", "4.9 s". */
void calibrate_show_advice(struct text *text, const struct timeout_advice *advice);
/* The 95% interval of the quantile that a rule rests on, carried over: "4.85 s to 4.97 s",
 * "9.2 s to beyond", "n/a". */
void calibrate_show_bounds(struct text *text, const struct timeout_advice *advice);
/* A quantile of calls: "3.49 s", "> 10 s", "n/a"; and its interval: "3.4 s to > 10 s". */
void calibrate_show_latency(struct text *text, const struct latency_quantile *quantile);
void calibrate_show_latency_interval(struct text *text, const struct latency_quantile *quantile);
/* A share to two decimals where its interval is narrow, else to one; NaN: "n/a". */
void calibrate_show_share(struct text *text, double share, double low, double high);
/* "97.24%" and "97.05% to 97.43%". */
void calibrate_show_value(struct text *text, const struct timeout_share *share);
void calibrate_show_interval(struct text *text, const struct timeout_share *share);
/* "97.24% (95% interval 97.05% to 97.43%, n = 28,800)". */
void calibrate_show_whole(struct text *text, const struct timeout_share *share);
void calibrate_show_wait(struct text *text, double ms); /* NaN: "n/a" */
/* "5.20 s (95% interval 5.10 s to 5.31 s)". */
void calibrate_show_quantile(struct text *text, const struct waiting_quantile *quantile);
/* Cents with a sign, "+1.24¢"; "n/a". */
void calibrate_show_cents(struct text *text, double cents);
/* "+1.1¢ to +1.3¢", "exact", "n/a". */
void calibrate_show_cents_interval(struct text *text, const struct stats_estimate *cents);
/* ", n = 28,800" */
void calibrate_show_n(struct text *text, uint64_t n);

/* A place in calibration.providers, whom the headline is about: with orders, who is last in most
 * orders at the router's p99, if its timeout is to change; else whose timeout changes most.
 * UINT32_MAX when nothing is recommended. */
uint32_t calibrate_lead(const struct calibration *calibration);
/* Today's timeout; 0 when that is not known. */
int64_t calibrate_today_us(const struct calibrate_provider *provider);
/* What the recommended timeout achieves; NULL when that is not known. */
const struct timeout_achieved *calibrate_achieved(const struct calibrate_provider *provider);
/* The first `limit` places by calls, most first (ties: as they come), then in their own order. */
uint32_t calibrate_largest(const struct calibration *calibration, uint32_t limit,
                           uint32_t places[LATENCY_SERIES_MAX]);
/* A provider's colour in figures: "KROGER"; of a site, "S7". */
const char *calibrate_token(const struct calibrate_provider *provider);
/* "4 providers"; of a CSV's, "18 sites". */
void calibrate_show_count(struct text *text, const struct calibration *calibration);
/* Somebody's words with a blank for what is no character to be seen (utf8_is_visible): for
 * comments and terminals; and such a name as a cell of a CSV. */
void calibrate_put_plain(struct text *text, const char *words, size_t bytes);
void calibrate_csv_name(struct text *text, const char *name);
bool calibrate_has_sites(const struct calibration *calibration);
/* Whether production reads none of the keys that are recommended. */
bool calibrate_unread(const struct calibration *calibration);
extern const char calibrate_unread_words[];
/* The router's p99 under an arm, in ms: counted with orders, else the model's; NaN. */
double calibrate_arm_ms(const struct calibration *calibration, const struct calibrate_arm *arm,
                        unsigned quantile);

#endif
