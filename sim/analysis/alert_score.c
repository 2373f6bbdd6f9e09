#include "sim/analysis/alert_score.h"

#include <assert.h>
#include <math.h>

#include "router/base/duration.h"
#include "sim/analysis/stats_poisson.h"

enum { QUIET_PERIOD_DAYS = 30 };

const char *const alert_outcome_names[ALERT_OUTCOME_COUNT] = {"caught", "late",     "missed",
                                                              "extra",  "needless", "quiet"};

/* ---- one drill ---- */

static enum alert_severity severity_of(const struct alert_score_request *request,
                                       const struct alert_change *change)
{
    assert(change->rule < request->rule_count);
    return request->rules[change->rule].severity;
}

static bool has_fault(const struct alert_score_drill *drill)
{
    return drill->fault_us != INT64_MAX;
}

static int64_t end_of(const struct alert_score_request *request,
                      const struct alert_score_drill *drill)
{
    if (drill->clear_us >= drill->duration_us) return INT64_MAX;
    return drill->clear_us + request->grace_us;
}

static bool within(const struct alert_score_request *request, const struct alert_score_drill *drill,
                   int64_t at_us)
{
    if (!has_fault(drill)) return true;
    return at_us >= drill->fault_us && at_us <= end_of(request, drill);
}

/* Bad orders from the fault's bucket to that of an instant, in the budget. Buckets are whole: what
 * lies between is read at the end of the bucket. */
static double burned_until(const struct alert_score_drill *drill, int64_t until_us)
{
    uint64_t bad = 0;
    if (drill->budget_orders <= 0.0) return (double)NAN;
    const int64_t begun_us = has_fault(drill) ? drill->fault_us : 0;
    assert(drill->bucket_s > 0);
    const int64_t bucket_us = drill->bucket_s * US_PER_SECOND;
    for (uint32_t b = 0; b < drill->bucket_count; b++) {
        const int64_t from_us = b * bucket_us;
        if (from_us + bucket_us > begun_us && from_us < until_us) bad += drill->bad[b];
    }
    return (double)bad / drill->budget_orders;
}

static void take_change(const struct alert_score_request *request,
                        const struct alert_score_drill *drill, const struct alert_change *change,
                        struct alert_score_row *row)
{
    const bool inside = within(request, drill, change->at_us);
    const bool pages = severity_of(request, change) == SEVERITY_PAGE;
    if (change->kind == ALERT_TOLD && pages) {
        row->pages += inside;
        row->false_pages += !inside;
    }
    if (change->kind != ALERT_FIRED) return;
    row->episodes += pages;
    if (!inside) return;
    if (row->first_us == INT64_MAX) row->first_us = change->at_us;
    if (!pages || row->detect_us != INT64_MAX) return;
    row->detect_us = change->at_us;
    row->detected_by = change->rule;
    row->detected_scope = change->scope;
}

/* How many page instances fire at each instant is what comes of counting; the last instant at which
 * that became none, from the end of the faults on, is the reset. */
static int64_t reset_of(const struct alert_score_request *request,
                        const struct alert_score_drill *drill, const struct alert_score_row *row)
{
    int64_t reset_us = 0;
    uint32_t firing = 0;
    if (row->detect_us == INT64_MAX || !has_fault(drill)) return -1;
    for (uint32_t i = 0; i < drill->change_count; i++) {
        const struct alert_change *change = &drill->changes[i];
        if (severity_of(request, change) != SEVERITY_PAGE) continue;
        if (change->kind == ALERT_FIRED) {
            if (change->at_us > end_of(request, drill)) break; /* of another story */
            firing++;
        } else if (change->kind == ALERT_RESOLVED) {
            assert(firing > 0);
            firing--;
            if (firing == 0 && change->at_us > drill->clear_us)
                reset_us = change->at_us - drill->clear_us;
        }
    }
    return firing > 0 ? INT64_MAX : reset_us;
}

/* Whether users lost anything by it; without a fault, by whatever it was. */
static bool is_hurt(const struct alert_score_drill *drill, const struct alert_score_row *row)
{
    return has_fault(drill) ? drill->impact_us != INT64_MAX : row->burned > 0.0;
}

static enum alert_outcome outcome_of(const struct alert_score_request *request,
                                     const struct alert_score_drill *drill,
                                     const struct alert_score_row *row)
{
    const bool fired = row->detect_us != INT64_MAX;
    const bool hurt = is_hurt(drill, row);
    if (hurt && row->burned >= request->significant) {
        if (!fired) return OUTCOME_MISSED;
        return row->detect_us <= drill->clear_us ? OUTCOME_CAUGHT : OUTCOME_LATE;
    }
    if (!fired) return OUTCOME_QUIET;
    return hurt ? OUTCOME_EXTRA : OUTCOME_NEEDLESS;
}

static struct alert_score_row score_drill(const struct alert_score_request *request,
                                          const struct alert_score_drill *drill)
{
    struct alert_score_row row = {
        .detect_us = INT64_MAX, .first_us = INT64_MAX, .ttd_us = INT64_MAX, .detected_by = -1};
    for (uint32_t i = 0; i < drill->change_count; i++)
        take_change(request, drill, &drill->changes[i], &row);
    const bool fired = row.detect_us != INT64_MAX;
    const int64_t from_us = drill->impact_us != INT64_MAX ? drill->impact_us : drill->fault_us;
    if (fired) row.ttd_us = row.detect_us - from_us;
    if (!has_fault(drill)) row.ttd_us = ALERT_SCORE_UNTIMED;
    row.reset_us = reset_of(request, drill, &row);
    row.burned = burned_until(drill, INT64_MAX);
    row.burned_at_page = fired ? burned_until(drill, row.detect_us) : (double)NAN;
    row.outcome = outcome_of(request, drill, &row);
    return row;
}

/* ---- the set ---- */

static void add_row(struct alert_score *score, const struct alert_score_drill *drill,
                    const struct alert_score_row *row)
{
    const bool hurt = is_hurt(drill, row);
    score->outcomes[row->outcome]++;
    score->asked += row->outcome <= OUTCOME_MISSED;
    score->pages += row->pages;
    score->false_pages += row->false_pages;
    score->needless_pages += hurt ? 0 : row->pages;
    score->episodes += row->episodes;
    if (row->outcome > OUTCOME_LATE || isnan(row->burned_at_page)) return;
    if (!(row->burned_at_page <= score->worst_burned_at_page))
        score->worst_burned_at_page = row->burned_at_page;
}

static double share_of(uint32_t part, uint32_t whole)
{
    return whole == 0 ? (double)NAN : (double)part / (double)whole;
}

static bool is_timed(const struct alert_score_row *row)
{
    return row->outcome <= OUTCOME_MISSED && row->ttd_us != ALERT_SCORE_UNTIMED;
}

/* The rank is counted, rather than the times sorted: a handful of drills, and no memory to find. */
static int64_t median_ttd(const struct alert_score_row *rows, uint32_t count)
{
    uint32_t timed = 0;
    for (uint32_t i = 0; i < count; i++)
        timed += is_timed(&rows[i]);
    if (timed == 0) return INT64_MAX;
    const uint32_t rank = (timed - 1) / 2;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t less = 0, same = 0;
        if (!is_timed(&rows[i])) continue;
        for (uint32_t k = 0; k < count; k++) {
            if (!is_timed(&rows[k])) continue;
            less += rows[k].ttd_us < rows[i].ttd_us;
            same += rows[k].ttd_us == rows[i].ttd_us;
        }
        if (less <= rank && rank < less + same) return rows[i].ttd_us;
    }
    assert(!"a rank that no drill has");
    return INT64_MAX;
}

static void per_period(uint64_t events, int64_t span_us, double *rate, double *low, double *high)
{
    *rate = *low = *high = (double)NAN;
    if (span_us <= 0) return;
    const double periods = (double)span_us / ((double)QUIET_PERIOD_DAYS * (double)US_PER_DAY);
    stats_poisson_interval(events, 0.95, low, high);
    *rate = (double)events / periods;
    *low /= periods;
    *high /= periods;
}

static void score_quiet(const struct alert_score_request *request, struct alert_score *score)
{
    for (uint32_t i = 0; i < request->quiet_count; i++) {
        if (request->quiet[i].kind != ALERT_TOLD) continue;
        const enum alert_severity severity = severity_of(request, &request->quiet[i]);
        score->quiet_pages += severity == SEVERITY_PAGE;
        score->quiet_tickets += severity == SEVERITY_TICKET;
    }
    per_period(score->quiet_pages, request->quiet_us, &score->quiet_per_30d, &score->quiet_low,
               &score->quiet_high);
    per_period(score->quiet_tickets, request->quiet_us, &score->tickets_per_30d,
               &score->tickets_low, &score->tickets_high);
}

void alert_score(const struct alert_score_request *request, struct alert_score_row *rows,
                 struct alert_score *score)
{
    *score = (struct alert_score){.worst_burned_at_page = (double)NAN};
    for (uint32_t d = 0; d < request->drill_count; d++) {
        rows[d] = score_drill(request, &request->drills[d]);
        add_row(score, &request->drills[d], &rows[d]);
    }
    const uint32_t found = score->outcomes[OUTCOME_CAUGHT] + score->outcomes[OUTCOME_LATE];
    const uint32_t right = score->pages - score->needless_pages;
    score->recall = share_of(found, score->asked);
    score->precision = share_of(right, score->pages + score->false_pages);
    score->ttd_median_us = median_ttd(rows, request->drill_count);
    score_quiet(request, score);
}
