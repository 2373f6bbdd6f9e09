#include "sim/analysis/parity.h"

#include <gsl/gsl_statistics_double.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

const char *const parity_reason_names[PARITY_REASON_COUNT] = {"boundary", "edge", "shared",
                                                              "downstream", "unexplained"};

/* ---- saying what differs --------------------------------------------------------------------- */

static void put_quote(char *text, size_t size, const struct quote_record_quote *quote)
{
    char buffer[QUOTE_CODE_MAX];
    const enum quote_outcome outcome = (enum quote_outcome)quote->outcome;
    const char *const code =
        outcome == QUOTE_OK ? "OK" : quote_code(outcome, quote->http_status, buffer);
    if (quote->total_cents > 0) {
        (void)snprintf(text, size, "%s %" PRId64 ".%02d", code, quote->total_cents / 100,
                       (int)(quote->total_cents % 100));
    } else {
        (void)snprintf(text, size, "%s", code);
    }
}

static const char *winner_of(const struct quote_record *record)
{
    const unsigned selected = record->as.order.selected;
    if (selected >= record->as.order.quote_count) return "nobody";
    return provider_traits[record->as.order.quotes[selected].provider].id;
}

static bool quotes_agree(const struct quote_record_quote *a, const struct quote_record_quote *b)
{
    /* What was known of the history is compared by what it decides. */
    enum { OWN = QUOTE_FLAG_CANNED | QUOTE_FLAG_ESTIMATED | QUOTE_FLAG_FELL_BACK };
    return a->provider == b->provider && a->outcome == b->outcome &&
           ((a->flags ^ b->flags) & OWN) == 0 && a->http_status == b->http_status &&
           a->found == b->found && a->substituted == b->substituted &&
           a->total_cents == b->total_cents;
}

enum { WHAT_MAX = 160 };

/* "KROGER_API: TIMEOUT, was OK 61.20" */
static void say_quotes(const struct quote_record_quote *was, const struct quote_record_quote *is,
                       char what[WHAT_MAX])
{
    char before[48], now[48];
    put_quote(before, sizeof before, was);
    put_quote(now, sizeof now, is);
    (void)snprintf(what, WHAT_MAX, "%s: %s, was %s", provider_traits[was->provider].id, now,
                   before);
}

static bool winners_differ(const struct quote_record *was, const struct quote_record *is,
                           char what[WHAT_MAX])
{
    if (was->as.order.code == is->as.order.code &&
        was->as.order.selected == is->as.order.selected) {
        return false;
    }
    (void)snprintf(what, WHAT_MAX, "won by %s, was %s", winner_of(is), winner_of(was));
    return true;
}

/* False: the decisions agree. */
static bool decisions_differ(const struct quote_record *was, const struct quote_record *is,
                             char what[WHAT_MAX])
{
    for (unsigned q = 0; q < was->as.order.quote_count; q++) {
        if (quotes_agree(&was->as.order.quotes[q], &is->as.order.quotes[q])) continue;
        say_quotes(&was->as.order.quotes[q], &is->as.order.quotes[q], what);
        return true;
    }
    return winners_differ(was, is, what);
}

static void keep(struct parity *parity, uint64_t index, enum parity_reason reason, const char *what)
{
    parity->differing++;
    parity->reasons[reason]++;
    struct parity_difference difference = {.index = index, .reason = reason};
    (void)snprintf(difference.what, sizeof difference.what, "%s", what);
    if (parity->listed_count < PARITY_LISTED_MAX) {
        parity->listed[parity->listed_count++] = difference;
        return;
    }
    if (reason != PARITY_UNEXPLAINED) return;
    for (uint32_t i = 0; i < PARITY_LISTED_MAX; i++) { /* it matters more than an explained one */
        if (parity->listed[i].reason == PARITY_UNEXPLAINED) continue;
        parity->listed[i] = difference;
        return;
    }
}

/* ---- virtual time ---------------------------------------------------------------------------- */

void parity_exact(const struct quote_record *a, uint64_t a_count, const struct quote_record *b,
                  uint64_t b_count, struct parity *parity)
{
    *parity = (struct parity){.orders = {a_count, b_count}};
    parity->compared = a_count < b_count ? a_count : b_count;
    for (uint64_t i = 0; i < parity->compared; i++) {
        if (memcmp(&a[i], &b[i], sizeof a[i]) == 0) continue;
        char what[WHAT_MAX];
        const bool orders = a[i].kind == QUOTE_RECORD_ORDER && b[i].kind == QUOTE_RECORD_ORDER;
        if (!orders) {
            (void)snprintf(what, sizeof what, "the configuration differs");
        } else if (a[i].as.order.index != b[i].as.order.index) {
            (void)snprintf(what, sizeof what, "decided in another order: %" PRIu64 " came first",
                           b[i].as.order.index);
        } else if (!decisions_differ(&a[i], &b[i], what)) {
            (void)snprintf(what, sizeof what, "the same decision at another instant, ETA or rate");
        }
        keep(parity, orders ? a[i].as.order.index : 0, PARITY_UNEXPLAINED, what);
    }
    if (a_count == b_count) return;
    char what[WHAT_MAX];
    (void)snprintf(what, sizeof what, "%" PRIu64 " records against %" PRIu64, b_count, a_count);
    keep(parity, parity->compared, PARITY_UNEXPLAINED, what);
}

/* ---- real time ------------------------------------------------------------------------------- */

static bool near_timeout(const struct quote_record_quote *quote, int64_t epsilon_us)
{
    if (quote->flags & QUOTE_FLAG_CANNED && !(quote->flags & QUOTE_FLAG_FELL_BACK)) return false;
    if (quote->outcome == QUOTE_TIMEOUT) return false; /* its own end is the timeout */
    const int64_t left_us = quote->timeout_us - quote->latency_us;
    return left_us > -epsilon_us && left_us < epsilon_us;
}

/* Whether anything that calls to this provider meet changes while an order is under way. */
static bool spans_edge(const struct scenario *scenario, unsigned provider,
                       const struct quote_record *record, int64_t epsilon_us)
{
    const int64_t from_us = record->as.order.start_us - epsilon_us;
    const int64_t until_us = record->as.order.decided_us + epsilon_us;
    for (uint32_t f = 0; f < scenario->fault_count; f++) {
        const struct fault_spec *fault = &scenario->faults[f];
        if ((fault->provider_mask >> provider & 1u) == 0) continue;
        const int64_t next_us = fault_next_change_us(fault, from_us > 0 ? from_us - 1 : -1);
        if (next_us <= until_us) return true;
        /* A ramp changes all the time: calls meet it at another strength. */
        if (fault->ramp_us > 0 && from_us < fault->at_us + fault->ramp_us &&
            until_us > fault->at_us) {
            return true;
        }
    }
    const struct credential_spec *spec = &scenario->providers[provider].backend.credentials;
    const int64_t edges[] = {spec->expires_at_us, spec->rotated_at_us};
    for (unsigned e = 0; e < 2; e++) {
        if (edges[e] >= 0 && edges[e] >= from_us && edges[e] <= until_us) return true;
    }
    return false;
}

static bool learns(const struct scenario *scenario)
{
    return !scenario->history_frozen && scenario->workload.confirm > 0.0;
}

/* Outcomes of orders become known on whole seconds: one that is decided at such an instant may know
 * more in one run than in the other. */
static bool near_lesson(const struct quote_record *record, int64_t epsilon_us)
{
    const int64_t past_us = record->as.order.decided_us % US_PER_SECOND;
    return past_us < epsilon_us || US_PER_SECOND - past_us < epsilon_us;
}

/* Whether a provider serves all orders from one bucket or one queue. */
static bool is_shared(const struct backend_spec *backend)
{
    return backend->capacity > 0 || backend->limits.per_second > 0.0 ||
           backend->limits.per_day > 0 || backend->limits.token_per_day > 0;
}

/* Whether calls leave anything behind on our side that later ones meet. */
static bool calls_touch(const struct policy *policy)
{
    return policy->cache.token || policy->cache.store_us > 0 || policy->cache.sku_us > 0 ||
           (policy->retry.enabled && policy->retry.budget > 0.0) ||
           (policy->hedge.enabled && policy->hedge.budget > 0.0) ||
           policy->retry.throttle_tokens > 0.0;
}

static bool is_whole(const struct quote_record_quote *quote, unsigned items)
{
    return quote->outcome == QUOTE_OK && (unsigned)quote->found + quote->substituted >= items;
}

/* The whole cart at another price: no timeout does that, no token and no limit. (Where searches
 * failed, carts may lack different lines.) */
static bool only_prices_differ(const struct quote_record_quote *a,
                               const struct quote_record_quote *b, unsigned items)
{
    return is_whole(a, items) && is_whole(b, items) && a->found == b->found &&
           a->total_cents != b->total_cents;
}

struct pair { /* one order in both runs */
    const struct scenario *scenario;
    const struct quote_record *was, *is;
    int64_t epsilon_us;
    bool after_another; /* an order before it differed */
};

static enum parity_reason why_quotes_differ(const struct pair *pair, unsigned q)
{
    const struct quote_record_quote *a = &pair->was->as.order.quotes[q];
    const struct quote_record_quote *b = &pair->is->as.order.quotes[q];
    const struct scenario *scenario = pair->scenario;
    const bool prices = only_prices_differ(a, b, pair->was->as.order.items);
    if (!prices && (near_timeout(a, pair->epsilon_us) || near_timeout(b, pair->epsilon_us))) {
        return PARITY_BOUNDARY;
    }
    if (spans_edge(scenario, a->provider, pair->was, pair->epsilon_us) ||
        spans_edge(scenario, a->provider, pair->is, pair->epsilon_us)) {
        return PARITY_EDGE;
    }
    if (!prices && is_shared(&scenario->providers[a->provider].backend)) return PARITY_SHARED;
    if (!pair->after_another) return PARITY_UNEXPLAINED;
    const bool touched =
        prices ? scenario->policy.cache.sku_us > 0 : calls_touch(&scenario->policy);
    return touched ? PARITY_DOWNSTREAM : PARITY_UNEXPLAINED;
}

/* All quotes agree, and another won: by its ETA, which is counted from the answer's instant and
 * rounded to minutes, or by what was known of past orders. */
static enum parity_reason why_winners_differ(const struct pair *pair)
{
    for (unsigned q = 0; q < pair->was->as.order.quote_count; q++) {
        const int32_t eta_minutes = pair->was->as.order.quotes[q].eta_minutes;
        if (eta_minutes != pair->is->as.order.quotes[q].eta_minutes) return PARITY_BOUNDARY;
    }
    if (!learns(pair->scenario)) return PARITY_UNEXPLAINED;
    if (near_lesson(pair->was, pair->epsilon_us) || near_lesson(pair->is, pair->epsilon_us)) {
        return PARITY_EDGE;
    }
    return pair->after_another ? PARITY_DOWNSTREAM : PARITY_UNEXPLAINED;
}

static int by_index(const void *a, const void *b)
{
    const uint64_t x = (*(const struct quote_record *const *)a)->as.order.index;
    const uint64_t y = (*(const struct quote_record *const *)b)->as.order.index;
    return (x > y) - (x < y);
}

/* The orders among records, by index. Their count is at the end of the list. */
static const struct quote_record **sorted(const struct quote_record *records, uint64_t count,
                                          uint64_t *orders)
{
    const struct quote_record **list = calloc(count + 1, sizeof *list);
    *orders = 0;
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        if (records[i].kind == QUOTE_RECORD_ORDER) list[(*orders)++] = &records[i];
    }
    if (list != NULL) qsort(list, *orders, sizeof *list, by_index);
    return list;
}

struct costs {
    double *ms;
    uint64_t count;
};

static void add_costs(struct costs *costs, const struct quote_record *was,
                      const struct quote_record *is)
{
    for (unsigned q = 0; q < was->as.order.quote_count; q++) {
        const struct quote_record_quote *a = &was->as.order.quotes[q];
        const struct quote_record_quote *b = &is->as.order.quotes[q];
        if (a->outcome != QUOTE_OK || b->outcome != QUOTE_OK) continue;
        if ((a->flags & QUOTE_FLAG_CANNED) != 0 || a->latency_us == 0) continue;
        costs->ms[costs->count++] = (double)(b->latency_us - a->latency_us) / 1000;
    }
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void judge_costs(struct costs *costs, struct parity *parity)
{
    parity->quotes = costs->count;
    if (costs->count == 0) return;
    qsort(costs->ms, costs->count, sizeof *costs->ms, by_value);
    parity->cost_ms_p50 = gsl_stats_quantile_from_sorted_data(costs->ms, 1, costs->count, 0.5);
    parity->cost_ms_p99 = gsl_stats_quantile_from_sorted_data(costs->ms, 1, costs->count, 0.99);
    parity->cost_ms_max = costs->ms[costs->count - 1];
}

/* An order is explained when each of its quotes that differ is. */
static void judge(const struct pair *pair, struct parity *parity)
{
    char what[WHAT_MAX], worst[WHAT_MAX];
    bool differ = false;
    enum parity_reason reason = PARITY_BOUNDARY;
    for (unsigned q = 0; q < pair->was->as.order.quote_count; q++) {
        const struct quote_record_quote *a = &pair->was->as.order.quotes[q];
        const struct quote_record_quote *b = &pair->is->as.order.quotes[q];
        if (quotes_agree(a, b)) continue;
        const enum parity_reason why = why_quotes_differ(pair, q);
        if (!differ || why > reason) {
            say_quotes(a, b, worst);
            reason = why;
        }
        differ = true;
    }
    if (differ) {
        keep(parity, pair->was->as.order.index, reason, worst);
    } else if (winners_differ(pair->was, pair->is, what)) {
        keep(parity, pair->was->as.order.index, why_winners_differ(pair), what);
    }
}

void parity_real(const struct scenario *scenario, const struct quote_record *virtual_run,
                 uint64_t virtual_count, const struct quote_record *real_run, uint64_t real_count,
                 int64_t epsilon_us, struct parity *parity)
{
    *parity = (struct parity){0};
    const struct quote_record **was = sorted(virtual_run, virtual_count, &parity->orders[0]);
    const struct quote_record **is = sorted(real_run, real_count, &parity->orders[1]);
    struct costs costs = {.ms = calloc(virtual_count * PROVIDER_COUNT + 1, sizeof(double))};
    uint64_t a = 0, b = 0;
    while (was != NULL && is != NULL && costs.ms != NULL && a < parity->orders[0] &&
           b < parity->orders[1]) {
        const uint64_t x = was[a]->as.order.index, y = is[b]->as.order.index;
        if (x != y) { /* an order of one run alone: arrivals are keyed, so it should not be */
            keep(parity, x < y ? x : y, PARITY_UNEXPLAINED, "an order of one run alone");
            a += x < y;
            b += y < x;
            continue;
        }
        const struct pair pair = {.scenario = scenario,
                                  .was = was[a],
                                  .is = is[b],
                                  .epsilon_us = epsilon_us,
                                  .after_another = parity->differing > 0};
        judge(&pair, parity);
        add_costs(&costs, was[a], is[b]);
        parity->compared++;
        a++;
        b++;
    }
    for (uint64_t left = parity->orders[0] - a + parity->orders[1] - b; left > 0; left--)
        keep(parity, 0, PARITY_UNEXPLAINED, "an order of one run alone");
    judge_costs(&costs, parity);
    free(was);
    free(is);
    free(costs.ms);
}
