/* The one table of metrics, and how each is computed from a tally. To add one: an enumerator in
 * result.h, a row here, a case in router_metric() or provider_metric(). */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "router/base/text.h"
#include "sim/world/tally.h"

#define ROW(metric, name, unit, better, label, help)                                               \
    [METRIC_##metric] = {name, UNIT_##unit, BETTER_##better, label, help}

const struct metric_traits metric_traits[METRIC_COUNT] = {
    ROW(ORDERS, "orders", COUNT, NEITHER, "orders", "Orders completed after the warm-up."),
    ROW(ROUTED, "routed", COUNT, HIGH, "routed", "Orders that got at least one quote."),
    ROW(ERROR_RATE, "error_rate", SHARE, LOW, "error rate", "Failed orders over all orders."),
    ROW(OK_RATE, "ok_rate", SHARE, HIGH, "good orders",
        "Orders won by a real call's quote whose confirmation did not fail."),
    ROW(AUTHENTIC_RATIO, "authentic_ratio", SHARE, HIGH, "authentic",
        "Routed orders won by a real quote rather than a canned one."),
    ROW(P50_MS, "p50_ms", MS, LOW, "median latency", "Median router latency."),
    ROW(P95_MS, "p95_ms", MS, LOW, "p95 latency", "95th percentile of router latency."),
    ROW(P99_MS, "p99_ms", MS, LOW, "p99 latency", "99th percentile of router latency."),
    ROW(MEAN_MS, "mean_ms", MS, LOW, "mean latency", "Mean router latency."),
    ROW(MAX_MS, "max_ms", MS, LOW, "longest", "The longest router latency."),
    ROW(CART_CENTS, "cart_cents", CENTS, LOW, "average cart",
        "Mean total of the selected quote, fees and tax included."),
    ROW(COMMISSION_CENTS, "commission_cents", CENTS, HIGH, "commission per order",
        "Mean commission on the selected quote."),
    ROW(SAVINGS_BEST_CENTS, "savings_best_cents", CENTS, HIGH, "saved against the best alternative",
        "Mean of the cheapest quote not chosen minus the chosen one; negative: a cheaper one "
        "lost."),
    ROW(SAVINGS_MEAN_CENTS, "savings_mean_cents", CENTS, HIGH, "saved against the other quotes",
        "Mean of the average of the quotes not chosen minus the chosen one."),
    ROW(FILL_RATE, "fill_rate", SHARE, HIGH, "items filled",
        "Lines found or substituted in selected carts, over lines asked for."),
    ROW(ESTIMATED_WINS, "estimated_wins", COUNT, NEITHER, "won by an estimate",
        "Routed orders won by a quote that was priced from a declared list, as Instacart's are: "
        "its "
        "API states no prices."),
    ROW(EMPTY_WINS, "empty_wins", COUNT, LOW, "empty carts that won",
        "Routed orders whose selected cart holds nothing."),
    ROW(ETA_MINUTES, "eta_minutes", MINUTES, LOW, "average ETA", "Mean ETA of the selected quote."),
    ROW(QUOTES_PER_ORDER, "quotes_per_order", SCORE, HIGH, "quotes per order",
        "Mean number of scored quotes of a routed order."),
    ROW(CALLS_PER_ORDER, "calls_per_order", SCORE, LOW, "API calls per order",
        "Mean number of provider API calls per order."),
    ROW(CALL_COST_CENTS, "call_cost_cents", CENTS, LOW, "call cost per order",
        "Mean cost of provider API calls per order."),
    ROW(CONFIRMED, "confirmed", COUNT, HIGH, "orders placed", "Orders confirmed with a provider."),
    ROW(CONFIRM_FAIL_RATE, "confirm_fail_rate", SHARE, LOW, "confirmations failed",
        "Confirmations that failed, the failover included."),
    ROW(FAILOVERS, "failovers", COUNT, NEITHER, "failovers",
        "Confirmations that went to the first alternative."),
    ROW(DELIVERED_RATE, "delivered_rate", SHARE, HIGH, "delivered",
        "Delivered over placed orders."),
    ROW(LATE_RATE, "late_rate", SHARE, LOW, "late", "Late over delivered orders."),
    ROW(SHORT_RATE, "short_rate", SHARE, LOW, "short of items",
        "Delivered orders that lacked lines, over delivered orders."),
    ROW(CANCELLED_RATE, "cancelled_rate", SHARE, LOW, "cancelled", "Cancelled over placed orders."),
    ROW(RATING, "rating", SCORE, HIGH, "rating", "Mean rating, 1 to 5."),
    ROW(BUDGET_BURNED, "budget_burned", SHARE, LOW, "error budget burned",
        "Bad orders over those that the objective allows in its period, per replication."),
    ROW(TOP_SHARE, "top_share", SHARE, LOW, "largest share",
        "The largest provider's share of routed orders."),
    ROW(CLOSE_CALLS, "close_calls", COUNT, NEITHER, "close calls",
        "Routed orders whose best two scores lie within one point."),
    ROW(CACHE_HIT_RATE, "cache_hit_rate", SHARE, HIGH, "kept quotes used",
        "Quotes that came from the quote cache, over those that might have."),
    ROW(CACHE_ERRORS, "cache_errors", COUNT, LOW, "cache errors",
        "Times that the quote cache was asked in vain: refused, late, damaged."),
    ROW(CACHE_SKIPPED, "cache_skipped", COUNT, LOW, "cache let alone",
        "Times that the quote cache was not asked, because it had just failed."),
    ROW(CACHED_WINS, "cached_wins", COUNT, NEITHER, "won by a kept quote",
        "Routed orders won by a quote that was kept from an earlier order."),
    ROW(CACHE_SAVED_CALLS, "cache_saved_calls", COUNT, HIGH, "calls saved",
        "Calls that kept quotes took when they were made, and not again."),
    ROW(CACHE_SAVED_CENTS, "cache_saved_cents", CENTS, HIGH, "call cost saved",
        "What those calls would have cost, in all."),
    ROW(CACHE_AGE_P50_MS, "cache_age_p50_ms", MS, LOW, "median age of kept quotes",
        "Median age of a kept quote when it was used."),
    ROW(CACHE_AGE_P95_MS, "cache_age_p95_ms", MS, LOW, "p95 age of kept quotes",
        "95th percentile of a kept quote's age when it was used."),
    ROW(CACHE_COST_P50_MS, "cache_cost_p50_ms", MS, LOW, "median wait for the cache",
        "Median over orders of how much later a provider was asked, because the cache was first."),
    ROW(CACHE_COST_P95_MS, "cache_cost_p95_ms", MS, LOW, "p95 wait for the cache",
        "95th percentile over orders of how much later a provider was asked."),
    ROW(CACHE_COST_P99_MS, "cache_cost_p99_ms", MS, LOW, "p99 wait for the cache",
        "99th percentile over orders of how much later a provider was asked."),
    ROW(ASKED, "asked", COUNT, NEITHER, "asked", "Real quotes asked for and settled."),
    ROW(QUOTES, "quotes", COUNT, HIGH, "quotes", "Real quotes that came in time."),
    ROW(ESTIMATED, "estimated", COUNT, NEITHER, "estimated",
        "Of its quotes, those priced from a declared list because its API states no prices."),
    ROW(CANNED, "canned", COUNT, LOW, "canned",
        "Canned quotes: forced mock mode, or standing in for a failed call."),
    ROW(SUCCESS_RATE, "success_rate", SHARE, HIGH, "success",
        "Real quotes in time over settled calls, canned ones apart."),
    ROW(PROVIDER_ERROR_RATE, "error_rate", SHARE, LOW, "error rate",
        "Failed over settled calls, timeouts included, canned ones apart."),
    ROW(TIMEOUTS, "timeouts", COUNT, LOW, "timeouts", "Quotes that missed their deadline."),
    ROW(TIMEOUT_RATE, "timeout_rate", SHARE, LOW, "timeout rate", "Timeouts over settled calls."),
    ROW(WINS, "wins", COUNT, NEITHER, "won", "Orders this provider was selected for."),
    ROW(SELECTION_PCT, "selection_pct", SHARE, NEITHER, "share won", "Share of routed orders."),
    ROW(PROVIDER_P50_MS, "p50_ms", MS, LOW, "median latency",
        "Median time to a quote; timeouts count as longer than their limit, errors not at all."),
    ROW(PROVIDER_P95_MS, "p95_ms", MS, LOW, "p95 latency",
        "95th percentile of the time to a quote; timeouts count as longer than their limit."),
    ROW(PROVIDER_P99_MS, "p99_ms", MS, LOW, "p99 latency",
        "99th percentile of the time to a quote; timeouts count as longer than their limit."),
    ROW(PROVIDER_MEAN_MS, "mean_ms", MS, LOW, "mean latency",
        "Mean time to a quote, of the quotes that came."),
    ROW(TOTAL_CENTS, "total_cents", CENTS, LOW, "average quote", "Mean total of its real quotes."),
    ROW(PROVIDER_FILL_RATE, "fill_rate", SHARE, HIGH, "items filled",
        "Lines found or substituted in its real quotes, over lines asked for."),
    ROW(PROVIDER_ETA_MINUTES, "eta_minutes", MINUTES, LOW, "average ETA",
        "Mean ETA of its real quotes."),
    ROW(CALLS, "calls", COUNT, LOW, "API calls", "Calls sent to this provider."),
    ROW(COST_CENTS, "cost_cents", CENTS, LOW, "call cost", "What its calls cost in all."),
    ROW(LATE_ANSWERS, "late_answers", COUNT, LOW, "late answers",
        "Quotes that came after their deadline, unheard."),
    ROW(TOKEN_FETCHES, "token_fetches", COUNT, LOW, "tokens fetched", "Calls for an access token."),
    ROW(RETRIES, "retries", COUNT, LOW, "retries", "Calls sent again after a failure."),
    ROW(HEDGES, "hedges", COUNT, LOW, "hedges",
        "Second calls, sent beside one that had not answered in time."),
    ROW(HEDGE_LOAD, "hedge_load", SHARE, LOW, "extra load", "Hedges over all other calls."),
    ROW(HEDGE_WIN_RATE, "hedge_win_rate", SHARE, HIGH, "hedges won",
        "Hedges whose answer was taken, over hedges."),
    ROW(AUTH_ERRORS, "auth_errors", COUNT, LOW, "authentication errors",
        "Quotes lost to credentials: AUTH_FAILED, missing credentials, 401, 403."),
    ROW(RATE_LIMITED, "rate_limited", COUNT, LOW, "rate limited", "Quotes lost to a 429."),
    ROW(NETWORK_ERRORS, "network_errors", COUNT, LOW, "network errors",
        "Quotes lost to refused or reset connections, DNS or TLS."),
    ROW(HTTP_ERRORS, "http_errors", COUNT, LOW, "HTTP errors", "Quotes lost to an error status."),
    ROW(INVALID_RESPONSES, "invalid_responses", COUNT, LOW, "invalid responses",
        "Quotes lost to answers that could not be read."),
};

static struct metric_value known(double value, uint64_t n)
{
    return (struct metric_value){
        .value = value, .n = n, .state = VALUE_KNOWN, .low = value, .high = value};
}

static struct metric_value none(void)
{
    return (struct metric_value){.value = NAN, .state = VALUE_NONE, .low = NAN, .high = NAN};
}

/* A count out of `whole` that could have been counted: out of nothing, it says nothing. */
static struct metric_value count_of(uint64_t count, uint64_t whole)
{
    return whole == 0 ? none() : known((double)count, whole);
}

static struct metric_value ratio(double part, uint64_t whole)
{
    return whole == 0 ? none() : known(part / (double)whole, whole);
}

enum {
    BEYOND_LEAST = 10
}; /* samples beyond a percentile that make it worth printing (rulings 11) */

static struct metric_value quantile(struct samples *samples, double probability)
{
    const struct samples_quantile found = samples_quantile(samples, probability, BEYOND_LEAST);
    const uint64_t n = samples->count;
    struct metric_value value = known(found.us / 1000.0, n);
    switch (found.state) {
    case SAMPLES_KNOWN:
        return value;
    case SAMPLES_NONE:
        return none();
    case SAMPLES_TOO_FEW:
        value = none();
        value.n = n;
        value.state = VALUE_TOO_FEW;
        value.needs = found.needs;
        return value;
    case SAMPLES_ABOVE:
        value.state = VALUE_ABOVE;
        return value;
    }
    assert(!"a sample state outside its enum");
    return none();
}

static struct metric_value mean_ms(const struct samples *samples)
{
    const uint64_t n = samples->count - samples->censored;
    return n == 0 ? none() : known(samples_mean_us(samples) / 1000.0, n);
}

static uint64_t failed_orders(const struct tally *tally)
{
    return tally->orders - tally->codes[ORDER_ROUTED];
}

static uint64_t calls_in_all(const struct tally *tally)
{
    uint64_t calls = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        calls += tally->providers[p].calls;
    return calls;
}

static double cost_in_all(const struct tally *tally, const struct metric_context *context)
{
    double cents = 0.0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        cents += (double)tally->providers[p].calls * context->call_cost_cents[p];
    }
    return cents;
}

/* ---- the quote cache: without one there is nothing to count ---- */

static uint64_t recalls_between(const struct tally *tally, enum recall from, enum recall to)
{
    uint64_t sum = 0;
    for (unsigned r = from; r <= (unsigned)to; r++)
        sum += tally->cache.recalls[r];
    return sum;
}

static uint64_t saved_calls(const struct tally *tally)
{
    uint64_t calls = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        calls += tally->cache.saved_calls[p];
    return calls;
}

static double saved_cents(const struct tally *tally, const struct metric_context *context)
{
    double cents = 0.0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        cents += (double)tally->cache.saved_calls[p] * context->call_cost_cents[p];
    return cents;
}

static struct metric_value age(struct tally *tally, double probability)
{
    struct metric_value value = quantile(&tally->cache.age, probability);
    value.value *= 1000.0; /* its samples are milliseconds */
    value.low = value.high = value.value;
    return value;
}

static struct metric_value cache_metric(struct tally *tally, const struct metric_context *context,
                                        enum metric metric)
{
    const struct tally_cache *cache = &tally->cache;
    const uint64_t might = recalls_between(tally, RECALL_HIT, RECALL_SKIPPED);
    switch ((int)metric) {
    case METRIC_CACHE_HIT_RATE:
        return ratio((double)cache->recalls[RECALL_HIT], might);
    case METRIC_CACHE_ERRORS:
        return count_of(recalls_between(tally, RECALL_REFUSED, RECALL_LATE), might);
    case METRIC_CACHE_SKIPPED:
        return count_of(cache->recalls[RECALL_SKIPPED], might);
    case METRIC_CACHED_WINS:
        return might == 0 ? none() : known((double)cache->wins, tally->codes[ORDER_ROUTED]);
    case METRIC_CACHE_SAVED_CALLS:
        return count_of(saved_calls(tally), might);
    case METRIC_CACHE_SAVED_CENTS:
        return might == 0 ? none() : known(saved_cents(tally, context), saved_calls(tally));
    case METRIC_CACHE_AGE_P50_MS:
        return age(tally, 0.50);
    case METRIC_CACHE_AGE_P95_MS:
        return age(tally, 0.95);
    case METRIC_CACHE_COST_P50_MS:
        return quantile(&tally->cache.cost, 0.50);
    case METRIC_CACHE_COST_P95_MS:
        return quantile(&tally->cache.cost, 0.95);
    case METRIC_CACHE_COST_P99_MS:
        return quantile(&tally->cache.cost, 0.99);
    default:
        break;
    }
    assert(!"a cache metric without a computation");
    return none();
}

static struct metric_value budget_burned(const struct tally *tally,
                                         const struct metric_context *context)
{
    if (context->budget_orders <= 0.0) return none();
    return known((double)tally->bad / (context->budget_orders * context->replications), tally->finished);
}

static struct metric_value top_share(const struct tally *tally)
{
    uint64_t most = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (tally->providers[p].wins > most) most = tally->providers[p].wins;
    }
    return ratio((double)most, tally->codes[ORDER_ROUTED]);
}

static struct metric_value router_metric(struct tally *tally, const struct metric_context *context,
                                         enum metric metric)
{
    const uint64_t routed = tally->codes[ORDER_ROUTED];
    if (metric_of_cache(metric)) return cache_metric(tally, context, metric);
    switch ((int)metric) {
    case METRIC_ORDERS:
        return known((double)tally->orders, tally->orders);
    case METRIC_ROUTED:
        return count_of(routed, tally->orders);
    case METRIC_ERROR_RATE:
        return ratio((double)failed_orders(tally), tally->orders);
    case METRIC_OK_RATE:
        return ratio((double)tally->ok, tally->finished);
    case METRIC_AUTHENTIC_RATIO:
        return ratio((double)tally->authentic, routed);
    case METRIC_P50_MS:
        return quantile(&tally->latency, 0.50);
    case METRIC_P95_MS:
        return quantile(&tally->latency, 0.95);
    case METRIC_P99_MS:
        return quantile(&tally->latency, 0.99);
    case METRIC_MEAN_MS:
        return mean_ms(&tally->latency);
    case METRIC_MAX_MS:
        if (tally->orders == 0) return none();
        return known((double)tally->latency.most_us / 1000.0, tally->orders);
    case METRIC_CART_CENTS:
        return ratio((double)tally->cart_cents, routed);
    case METRIC_COMMISSION_CENTS:
        return ratio((double)tally->commission_cents, routed);
    case METRIC_SAVINGS_BEST_CENTS:
        return ratio((double)tally->savings_best_cents, tally->savings_count);
    case METRIC_SAVINGS_MEAN_CENTS:
        return ratio((double)tally->savings_mean_cents / 100.0, tally->savings_count);
    case METRIC_FILL_RATE:
        return ratio((double)tally->lines_filled, tally->lines);
    case METRIC_ESTIMATED_WINS:
        return count_of(tally->estimated_wins, tally->orders);
    case METRIC_EMPTY_WINS:
        return count_of(tally->empty_wins, tally->orders);
    case METRIC_ETA_MINUTES:
        return ratio((double)tally->eta_minutes, routed);
    case METRIC_QUOTES_PER_ORDER:
        return ratio((double)tally->quotes, routed);
    case METRIC_CALLS_PER_ORDER:
        return ratio((double)calls_in_all(tally), tally->orders);
    case METRIC_CALL_COST_CENTS:
        return ratio(cost_in_all(tally, context), tally->orders);
    case METRIC_CONFIRMED:
        return count_of(tally->placed, tally->orders);
    case METRIC_CONFIRM_FAIL_RATE:
        return ratio((double)tally->confirm_failed, tally->confirm_attempted);
    case METRIC_FAILOVERS:
        return count_of(tally->failovers, tally->orders);
    case METRIC_DELIVERED_RATE:
        return ratio((double)tally->delivered,
                     tally->delivered + tally->cancelled + tally->failed_delivery);
    case METRIC_LATE_RATE:
        return ratio((double)tally->late, tally->delivered);
    case METRIC_SHORT_RATE:
        return ratio((double)tally->short_of_items, tally->delivered);
    case METRIC_CANCELLED_RATE:
        return ratio((double)tally->cancelled,
                     tally->delivered + tally->cancelled + tally->failed_delivery);
    case METRIC_RATING:
        return ratio((double)tally->rating_sum, tally->ratings);
    case METRIC_BUDGET_BURNED:
        return budget_burned(tally, context);
    case METRIC_TOP_SHARE:
        return top_share(tally);
    case METRIC_CLOSE_CALLS:
        return count_of(tally->close_calls, tally->orders);
    default:
        break;
    }
    assert(!"a router metric without a computation");
    return none();
}

static struct metric_value provider_metric(struct tally *tally,
                                           const struct metric_context *context,
                                           enum provider provider, enum metric metric)
{
    struct tally_provider *counted = &tally->providers[provider];
    switch ((int)metric) {
    case METRIC_ASKED:
        return count_of(counted->asked, tally->orders);
    case METRIC_QUOTES:
        return count_of(counted->quotes, counted->asked);
    case METRIC_ESTIMATED:
        return count_of(counted->estimated, counted->asked);
    case METRIC_CANNED:
        return count_of(counted->canned, tally->orders);
    case METRIC_SUCCESS_RATE:
        return ratio((double)counted->quotes, counted->asked);
    case METRIC_PROVIDER_ERROR_RATE:
        return ratio((double)(counted->asked - counted->quotes), counted->asked);
    case METRIC_TIMEOUTS:
        return count_of(counted->errors[QUOTE_TIMEOUT], counted->asked);
    case METRIC_TIMEOUT_RATE:
        return ratio((double)counted->errors[QUOTE_TIMEOUT], counted->asked);
    case METRIC_WINS:
        return count_of(counted->wins, tally->orders);
    case METRIC_SELECTION_PCT:
        return ratio((double)counted->wins, tally->codes[ORDER_ROUTED]);
    case METRIC_PROVIDER_P50_MS:
        return quantile(&counted->latency, 0.50);
    case METRIC_PROVIDER_P95_MS:
        return quantile(&counted->latency, 0.95);
    case METRIC_PROVIDER_P99_MS:
        return quantile(&counted->latency, 0.99);
    case METRIC_PROVIDER_MEAN_MS:
        return mean_ms(&counted->latency);
    case METRIC_TOTAL_CENTS:
        return ratio((double)counted->total_cents, counted->quotes);
    case METRIC_PROVIDER_FILL_RATE:
        return ratio((double)counted->lines_filled, counted->lines);
    case METRIC_PROVIDER_ETA_MINUTES:
        return ratio((double)counted->eta_minutes, counted->quotes);
    case METRIC_CALLS:
        return count_of(counted->calls, tally->orders);
    case METRIC_COST_CENTS:
        return known((double)counted->calls * context->call_cost_cents[provider], counted->calls);
    case METRIC_LATE_ANSWERS:
        return count_of(counted->late_answers, tally->orders);
    case METRIC_TOKEN_FETCHES:
        return count_of(counted->token_fetches, tally->orders);
    case METRIC_RETRIES:
        return count_of(counted->retries, tally->orders);
    case METRIC_HEDGES:
        return count_of(counted->hedges, tally->orders);
    case METRIC_HEDGE_LOAD:
        return ratio((double)counted->hedges, counted->calls - counted->hedges);
    case METRIC_HEDGE_WIN_RATE:
        return ratio((double)counted->hedges_won, counted->hedges);
    case METRIC_AUTH_ERRORS:
        return count_of(counted->auth_errors, counted->asked);
    case METRIC_RATE_LIMITED:
        return count_of(counted->errors[QUOTE_RATE_LIMITED], counted->asked);
    case METRIC_NETWORK_ERRORS:
        return count_of(counted->errors[QUOTE_NETWORK_ERROR], counted->asked);
    case METRIC_HTTP_ERRORS:
        return count_of(counted->errors[QUOTE_HTTP_ERROR], counted->asked);
    case METRIC_INVALID_RESPONSES:
        return count_of(counted->errors[QUOTE_INVALID_RESPONSE], counted->asked);
    default:
        break;
    }
    assert(!"a provider metric without a computation");
    return none();
}

struct metric_value metric_compute(struct tally *tally, const struct metric_context *context,
                                   unsigned scope, enum metric metric)
{
    assert(scope <= SCOPE_ROUTER);
    assert(metric_of_router(metric) == (scope == SCOPE_ROUTER));
    if (scope == SCOPE_ROUTER) return router_metric(tally, context, metric);
    return provider_metric(tally, context, (enum provider)scope, metric);
}

void metric_name(unsigned scope, enum metric metric, char name[METRIC_NAME_MAX])
{
    (void)snprintf(name, METRIC_NAME_MAX, "%s.%s",
                   scope == SCOPE_ROUTER ? "router" : provider_traits[scope].id,
                   metric_traits[metric].name);
}

bool metric_find(const char *name, unsigned *scope, enum metric *metric, char *hint,
                 size_t hint_size)
{
    enum { NAMES = METRIC_ROUTER_COUNT + (METRIC_COUNT - METRIC_ROUTER_COUNT) * PROVIDER_COUNT };
    char names[NAMES][METRIC_NAME_MAX];
    const char *candidates[NAMES + 1];
    unsigned count = 0;
    for (unsigned s = 0; s < SCOPE_COUNT; s++) {
        for (unsigned m = 0; m < METRIC_COUNT; m++) {
            if (metric_of_router((enum metric)m) != (s == SCOPE_ROUTER)) continue;
            metric_name(s, (enum metric)m, names[count]);
            if (strcmp(names[count], name) == 0) {
                *scope = s;
                *metric = (enum metric)m;
                return true;
            }
            candidates[count] = names[count];
            count++;
        }
    }
    assert(count == NAMES);
    candidates[count] = NULL;
    (void)text_suggest(name, candidates, hint, hint_size);
    return false;
}

void result_release(struct result *result)
{
    arena_release(&result->arena);
}
