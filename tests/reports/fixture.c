#include "tests/reports/fixture.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/random.h"

const char *const fixture_weird_name =
    "<b>&\"'`date`$(id) {/:Bold x}_^@| %d \\n # \u00fcn\u00ef\u2014\u6771\u4eac";

enum { ORDERS_A_SECOND = 8 };

static double noise(uint64_t key, uint64_t what) /* about -1 to 1, middling values likelier */
{
    return random_unit(random_draw(random_key(7, key), what)) -
           random_unit(random_draw(random_key(11, key), what));
}

static bool during(const struct result *result, const char *id, int64_t at_us)
{
    for (uint32_t i = 0; i < result->fault_count; i++)
        if (strcmp(result->faults[i].id, id) == 0)
            return at_us >= result->faults[i].from_us && at_us < result->faults[i].until_us;
    return false;
}

static const double latency_ms[PROVIDER_COUNT][3] = {
    {620, 1210, 1980}, {480, 840, 1100}, {1170, 2910, 6400}, {820, 1820, 3400}};
static const double shares[2][PROVIDER_COUNT] = {{.17, .22, .34, .27}, {.23, .31, .12, .32}};

static void fill_provider(struct result_bucket_provider *out, unsigned p, int64_t at, bool outage,
                          bool throttle, uint64_t key)
{
    out->asked = ORDERS_A_SECOND;
    const double hang = p == PROVIDER_KROGER_API && outage ? 0.62 : 0.004 * (p + 1);
    for (unsigned i = 0; i < ORDERS_A_SECOND; i++) {
        const double luck = random_unit(random_draw(random_key(key, p), i));
        if (luck < hang * 0.7) {
            out->timeouts++;
            out->errors[QUOTE_TIMEOUT]++;
        } else if (luck < hang)
            out->errors[p == PROVIDER_KROGER_API ? QUOTE_UNAVAILABLE : QUOTE_HTTP_ERROR]++;
        else if (p == PROVIDER_WALMART_API && throttle && luck < 0.2)
            out->errors[QUOTE_RATE_LIMITED]++;
        else
            out->quotes++;
    }
    const double slower = p == PROVIDER_KROGER_API && outage ? 2.4 : 1;
    out->p50_ms = latency_ms[p][0] * slower * (1 + 0.08 * noise(key, p));
    out->p95_ms = fmin(10000, latency_ms[p][1] * slower * (1 + 0.2 * noise(key, p + 9)));
    out->p99_ms = fmin(10000, latency_ms[p][2] * slower * (1 + 0.3 * noise(key, p + 19)));
    (void)at;
}

static void fill_bucket(struct result *result, uint32_t index)
{
    struct result_bucket *bucket = &result->buckets[index];
    const int64_t at = (int64_t)index * result->bucket_us;
    const bool outage = during(result, "kroger-hangs", at);
    const bool throttle = during(result, "walmart-throttles", at);
    const double drift = 0.02 * sin((double)index / 240);
    bucket->from_us = at;
    bucket->router.orders = ORDERS_A_SECOND;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        fill_provider(&bucket->providers[p], p, at, outage, throttle, index);
    for (unsigned i = 0; i < ORDERS_A_SECOND; i++) {
        const double luck = random_unit(random_draw(random_key(99, index), i));
        double sum = 0;
        bool won = false;
        for (unsigned p = 0; p < PROVIDER_COUNT && !won; p++) {
            sum += shares[outage][p] + (p == 0 ? drift : 0);
            if (luck >= sum && !(p + 1 == PROVIDER_COUNT && !outage)) continue;
            bucket->providers[p].wins++;
            won = true;
        }
        bucket->router.routed += won;
        bucket->router.failed += !won;
    }
    bucket->router.authentic = bucket->router.routed;
    bucket->router.ok = bucket->router.routed - (index % 400 == 0 ? 1 : 0);
    const double slow = outage ? 7800 : 0;
    bucket->router.p50_ms = fmin(10000, 1350 * (1 + 0.1 * noise(index, 1)) + slow);
    bucket->router.p95_ms = fmin(10000, 3100 * (1 + 0.3 * noise(index, 2)) + slow);
    bucket->router.p99_ms = fmin(10000, 5600 * (1 + 0.5 * noise(index, 3)) + slow);
    const double before = index > 0 ? result->buckets[index - 1].budget_burned : 0;
    bucket->budget_burned =
        before + (bucket->router.orders - bucket->router.ok) / (0.02 * 8 * 86400 * 30);
}

static struct metric_value known(double value, double n)
{
    return (struct metric_value){
        .value = value, .n = (uint64_t)n, .state = VALUE_KNOWN, .low = value, .high = value};
}

static struct metric_value none(void)
{
    return (struct metric_value){
        .value = (double)NAN, .low = (double)NAN, .high = (double)NAN, .state = VALUE_NONE};
}

static struct metric_value percentile(double ms, double n, double share_beyond, double cap)
{
    struct metric_value value = known(ms, n);
    if (n * share_beyond < 10) {
        value.state = VALUE_TOO_FEW;
        value.needs = 10 / share_beyond;
        value.value = value.low = value.high = (double)NAN;
    } else if (ms >= cap) {
        value.value = value.low = value.high = cap;
        value.state = VALUE_ABOVE;
    }
    return value;
}

struct sums {
    double orders, failed, routed, ok;
    double quotes[PROVIDER_COUNT], timeouts[PROVIDER_COUNT], errors[PROVIDER_COUNT];
    double wins[PROVIDER_COUNT], kinds[PROVIDER_COUNT][QUOTE_OUTCOME_COUNT];
};

static struct sums sum_up(const struct result *result, const struct result_phase *phase)
{
    struct sums sums = {0};
    for (uint32_t i = 0; i < result->bucket_count; i++) {
        const struct result_bucket *bucket = &result->buckets[i];
        bool active = false;
        for (uint32_t f = 0; f < result->fault_count; f++)
            active |= during(result, result->faults[f].id, bucket->from_us);
        if (strcmp(phase->name, "quiet") == 0
                ? active
                : bucket->from_us < phase->from_us || bucket->from_us >= phase->until_us)
            continue;
        sums.orders += bucket->router.orders;
        sums.failed += bucket->router.failed;
        sums.routed += bucket->router.routed;
        sums.ok += bucket->router.ok;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            sums.quotes[p] += bucket->providers[p].quotes;
            sums.timeouts[p] += bucket->providers[p].timeouts;
            sums.wins[p] += bucket->providers[p].wins;
            for (unsigned k = 0; k < QUOTE_OUTCOME_COUNT; k++) {
                sums.kinds[p][k] += bucket->providers[p].errors[k];
                if (k != QUOTE_TIMEOUT) sums.errors[p] += bucket->providers[p].errors[k];
            }
        }
    }
    return sums;
}

static struct metric_value ratio(double part, double whole)
{
    return whole > 0 ? known(part / whole, whole) : none();
}

static void fill_router(struct metric_value *v, const struct sums *s, double slow, double burned)
{
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        v[m] = none();
    v[METRIC_ORDERS] = known(s->orders, s->orders);
    v[METRIC_ROUTED] = known(s->routed, s->orders);
    v[METRIC_ERROR_RATE] = ratio(s->failed, s->orders);
    v[METRIC_OK_RATE] = ratio(s->ok, s->orders);
    v[METRIC_FAILOVERS] = known(31, s->orders);
    v[METRIC_CONFIRMED] = known(floor(s->routed * 0.98), s->routed);
    v[METRIC_EMPTY_WINS] = known(0, s->routed);
    v[METRIC_CLOSE_CALLS] = known(floor(s->routed * 0.04), s->routed);
    if (s->orders == 0) return;
    v[METRIC_AUTHENTIC_RATIO] = ratio(s->routed, s->routed);
    v[METRIC_P50_MS] = percentile(1350 + slow, s->orders, 0.5, 10000);
    v[METRIC_P95_MS] = percentile(3105 + slow, s->orders, 0.05, 10000);
    v[METRIC_P99_MS] = percentile(5650 + slow, s->orders, 0.01, 10000);
    v[METRIC_MEAN_MS] = known(1702.5 + slow, s->orders);
    v[METRIC_MAX_MS] = known(10000.012, s->orders);
    v[METRIC_CART_CENTS] = known(13482.17, s->routed);
    v[METRIC_COMMISSION_CENTS] = known(384.62, s->routed);
    v[METRIC_SAVINGS_BEST_CENTS] = known(-212.4, s->routed);
    v[METRIC_SAVINGS_MEAN_CENTS] = known(1093.75, s->routed);
    v[METRIC_FILL_RATE] = known(0.9412, s->routed * 10.5);
    v[METRIC_ETA_MINUTES] = known(74.2, s->routed);
    v[METRIC_QUOTES_PER_ORDER] = known(3.87, s->routed);
    v[METRIC_CALLS_PER_ORDER] = known(15.2, s->orders);
    v[METRIC_CALL_COST_CENTS] = known(0.304, s->orders);
    v[METRIC_CONFIRM_FAIL_RATE] = known(0.0021, s->routed);
    v[METRIC_DELIVERED_RATE] = known(0.971, s->routed);
    v[METRIC_LATE_RATE] = known(0.084, s->routed);
    v[METRIC_SHORT_RATE] = known(0.052, s->routed);
    v[METRIC_CANCELLED_RATE] = known(0.013, s->routed);
    v[METRIC_RATING] = known(4.41, s->routed);
    v[METRIC_BUDGET_BURNED] = known(burned, s->orders);
}

static void fill_provider_values(struct metric_value *v, const struct sums *s, unsigned p,
                                 double slower)
{
    for (unsigned m = 0; m < METRIC_COUNT; m++)
        v[m] = none();
    const double settled = s->quotes[p] + s->timeouts[p] + s->errors[p];
    for (unsigned m = METRIC_ASKED; m < METRIC_COUNT; m++)
        if (metric_traits[m].unit == UNIT_COUNT) v[m] = known(0, settled);
    v[METRIC_ASKED] = known(settled, settled);
    v[METRIC_QUOTES] = known(s->quotes[p], settled);
    v[METRIC_SUCCESS_RATE] = ratio(s->quotes[p], settled);
    v[METRIC_PROVIDER_ERROR_RATE] = ratio(settled - s->quotes[p], settled);
    v[METRIC_TIMEOUTS] = known(s->timeouts[p], settled);
    v[METRIC_TIMEOUT_RATE] = ratio(s->timeouts[p], settled);
    v[METRIC_WINS] = known(s->wins[p], s->routed);
    v[METRIC_SELECTION_PCT] = ratio(s->wins[p], s->routed);
    v[METRIC_RATE_LIMITED] = known(s->kinds[p][QUOTE_RATE_LIMITED], settled);
    v[METRIC_HTTP_ERRORS] = known(s->kinds[p][QUOTE_HTTP_ERROR], settled);
    v[METRIC_CALLS] = known(settled * 4 + 12, settled);
    v[METRIC_COST_CENTS] = known(settled * 0.08, settled);
    if (settled == 0) return;
    const double heard = s->quotes[p] + s->timeouts[p];
    v[METRIC_PROVIDER_P50_MS] = percentile(latency_ms[p][0] * slower, heard, 0.5, 10000);
    v[METRIC_PROVIDER_P95_MS] = percentile(latency_ms[p][1] * slower, heard, 0.05, 10000);
    v[METRIC_PROVIDER_P99_MS] = percentile(latency_ms[p][2] * slower, heard, 0.01, 10000);
    v[METRIC_PROVIDER_MEAN_MS] = known(latency_ms[p][0] * 1.1 * slower, s->quotes[p]);
    v[METRIC_TOTAL_CENTS] = known(12800 + 431.5 * p, s->quotes[p]);
    v[METRIC_PROVIDER_FILL_RATE] = known(0.95 - 0.01 * p, s->quotes[p] * 10);
    v[METRIC_PROVIDER_ETA_MINUTES] = known(35 + 30 * p, s->quotes[p]);
}

static void fill_phases(struct result *result)
{
    result->phase_count = 2 + result->fault_count;
    result->phases = arena_push(&result->arena, struct result_phase, result->phase_count);
    assert(result->phases != NULL);
    for (uint32_t i = 0; i < result->phase_count; i++) {
        struct result_phase *phase = &result->phases[i];
        phase->name = i == 0 ? "all" : i == 1 ? "quiet" : result->faults[i - 2].id;
        phase->from_us = i < 2 ? 0 : result->faults[i - 2].from_us;
        phase->until_us = i < 2 ? result->duration_us : result->faults[i - 2].until_us;
        const struct sums sums = sum_up(result, phase);
        const bool outage = i >= 2 && strcmp(result->faults[i - 2].kind, "hang") == 0;
        const double burned =
            result->bucket_count ? result->buckets[result->bucket_count - 1].budget_burned : 0;
        fill_router(phase->values[SCOPE_ROUTER], &sums, outage ? 7800 : i == 0 ? 400 : 0, burned);
        if (!result->slo_given) phase->values[SCOPE_ROUTER][METRIC_BUDGET_BURNED] = none();
        double top = 0;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
            top = fmax(top, sums.routed > 0 ? sums.wins[p] / sums.routed : 0);
            fill_provider_values(phase->values[p], &sums, p,
                                 outage && p == PROVIDER_KROGER_API ? 4.2 : 1);
        }
        if (sums.routed > 0)
            phase->values[SCOPE_ROUTER][METRIC_TOP_SHARE] = known(top, sums.routed);
        if (i > 0) continue;
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            for (unsigned k = 0; k < QUOTE_OUTCOME_COUNT; k++)
                result->errors[p][k] = (uint64_t)sums.kinds[p][k];
        result->order_codes[0] = (uint64_t)sums.routed;
        result->order_codes[3] = (uint64_t)sums.failed;
        result->orders = (uint64_t)sums.orders;
    }
}

static void fill_latency(struct result_latency *out, const double ms[3], double n, double censored)
{
    static const double percents[] = {50, 95, 99, 99.9, 99.99};
    *out = (struct result_latency){.n = (uint64_t)n,
                                   .censored = (uint64_t)censored,
                                   .exact = n < 20000,
                                   .error_bound = n < 20000 ? 0 : 1.0 / 128,
                                   .mean_ms = n > 0 ? ms[0] * 1.1 : (double)NAN,
                                   .min_ms = n > 0 ? ms[0] / 3 : (double)NAN,
                                   .max_ms = n > 0 ? 10000 : (double)NAN,
                                   .quantile_count = 5};
    for (unsigned q = 0; q < 5; q++) {
        const double beyond = 1 - percents[q] / 100;
        const double guess = q < 3 ? ms[q] : ms[2] * (1 + 0.9 * (q - 2));
        const bool in_tail = n * beyond <= censored;
        out->quantiles[q].percent = percents[q];
        out->quantiles[q].value =
            n > 0 ? percentile(in_tail ? 10000 : guess, n, beyond, 10000) : none();
    }
    if (n < 20) return;
    const double right = log10(n / 10);
    out->curve_count = 48;
    for (unsigned i = 0; i < out->curve_count; i++) {
        const double x = right * i / (out->curve_count - 1);
        const double beyond = pow(10, -x);
        double value =
            ms[0] * pow(0.4 + 0.6 * pow(-log(fmin(1, beyond) * 0.999 - 1e-9) / 0.69, 1.05), 1);
        value = fmax(value, ms[0] * 0.4);
        out->curve[i].x = x;
        out->curve[i].ms = n * beyond <= censored ? 10000 : fmin(9990, value);
    }
}

static void fill_operations(struct result *result)
{
    static const char *const names[] = {"token", "stores", "search", "cart-quote"};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct metric_value *values = result->phases[0].values[p];
        const double asked = values[METRIC_ASKED].value;
        fill_latency(&result->provider_latency[p], latency_ms[p],
                     values[METRIC_QUOTES].value + values[METRIC_TIMEOUTS].value,
                     values[METRIC_TIMEOUTS].value);
        result->operation_count[p] = p < 2 ? 3 : 4;
        result->operations[p] =
            arena_push(&result->arena, struct result_operation, result->operation_count[p]);
        assert(result->operations[p] != NULL);
        for (uint32_t i = 0; i < result->operation_count[p]; i++) {
            const unsigned name = i + (p < 2 ? 1 : 0);
            const double part[3] = {latency_ms[p][0] / (3 + i), latency_ms[p][1] / (3 + i),
                                    latency_ms[p][2] / (3 + i)};
            result->operations[p][i].name = names[name];
            result->operations[p][i].calls = (uint64_t)(name == 0 ? fmin(asked, 3) : asked);
            fill_latency(&result->operations[p][i].latency, part,
                         (double)result->operations[p][i].calls, 0);
        }
    }
    const double router[3] = {1750, 3505, 6050};
    fill_latency(&result->router_latency, router,
                 result->phases[0].values[SCOPE_ROUTER][METRIC_ORDERS].value,
                 result->fault_count > 0 ? 900 : 0);
}

struct check_row {
    const char *name, *metric, *during, *op, *limit_text;
    double limit;
};

static const struct check_row check_rows[] = {
    {"p95 within five seconds when all is quiet", "router.p95_ms", "quiet", "<=", "5 s", 5000},
    {"orders go well", "router.ok_rate", "", ">=", "98%", 0.98},
    {"p99 during the outage", "router.p99_ms", "kroger-hangs", "<=", "12 s", 12000},
    {"no provider takes more than 80%", "router.top_share", "", "<=", "80%", 0.8},
    {"Kroger quotes succeed", "KROGER_API.success_rate", "", ">=", "90%", 0.9},
    {"nobody wins with an empty cart", "router.empty_wins", "", "==", "0", 0},
};

static bool holds(const char *op, double value, double limit)
{
    return strcmp(op, "<=") == 0   ? value <= limit
           : strcmp(op, ">=") == 0 ? value >= limit
                                   : value == limit;
}

static void fill_checks(struct result *result)
{
    result->check_count = sizeof check_rows / sizeof *check_rows;
    result->checks = arena_push(&result->arena, struct result_check, result->check_count);
    assert(result->checks != NULL);
    for (uint32_t i = 0; i < result->check_count; i++) {
        const struct check_row *row = &check_rows[i];
        struct result_check *check = &result->checks[i];
        char hint[64];
        *check = (struct result_check){.name = row->name,
                                       .metric = row->metric,
                                       .during = row->during,
                                       .op = row->op,
                                       .limit = row->limit,
                                       .limit_text = row->limit_text,
                                       .file = i == 5 ? NULL : result->file,
                                       .line = i == 5 ? 0 : 61 + i};
        const bool found =
            metric_find(row->metric, &check->scope, &check->metric_id, hint, sizeof hint);
        assert(found);
        (void)found;
        uint32_t phase = 0;
        for (uint32_t k = 0; k < result->phase_count; k++)
            if (strcmp(result->phases[k].name, row->during) == 0) phase = k;
        check->measured = result->phases[phase].values[check->scope][check->metric_id];
        const struct metric_value *value = &check->measured;
        if (value->state == VALUE_KNOWN)
            check->verdict = holds(row->op, value->value, row->limit) ? CHECK_PASSED : CHECK_FAILED;
        else
            check->verdict = CHECK_INCONCLUSIVE;
        result->checks_passed += check->verdict == CHECK_PASSED;
        result->checks_failed += check->verdict == CHECK_FAILED;
        result->checks_inconclusive += check->verdict == CHECK_INCONCLUSIVE;
    }
}

static void begin(struct result *result, int64_t duration_us, uint32_t buckets)
{
    *result = (struct result){
        .program = "routesim 0.1.0",
        .scenario = "kroger-hangs",
        .title = "Kroger hangs for eighteen minutes",
        .description = "An evening hour. From minute 15 to minute 33 most calls to Kroger are "
                       "accepted and never answered; later Walmart refuses one call in five.",
        .file = "scenarios/kroger-hangs.json",
        .command = "routesim run scenarios/kroger-hangs.json --seed 20251123",
        .seed_text = "20251123",
        .profile = "as_documented",
        .clock = "virtual",
        .wire = "struct",
        .live = "",
        .elsewhere = "",
        .replayed = "",
        .replay_flaws = "",
        .scenario_hash = UINT64_C(0x1f2e3d4c5b6a7988),
        .experiment_hash = UINT64_C(0x8877665544332211),
        .event_hash = UINT64_C(0xfedcba9876543210),
        .start_unix_us = INT64_C(1763942400000000),
        .timezone_us = -5 * US_PER_HOUR,
        .duration_us = duration_us,
        .replications = 1,
        .complete = true,
        .stopped_by = "",
        .events_written = 201640,
        .events_total = 201640,
        .calls = 437762,
        .slo_given = true,
        .slo_indicator = "orders_ok",
        .slo_objective = 0.98,
        .slo_period_us = 30 * US_PER_DAY,
        .bucket_us = US_PER_SECOND,
        .bucket_count = buckets,
        .order_code_names = {"ROUTED", "INVALID_REQUEST", "NO_PROVIDERS", "NO_VALID_QUOTES"},
    };
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        result->enabled[p] = true;
        result->timeout_us[p] = 10 * US_PER_SECOND;
    }
    result->buckets = arena_push(&result->arena, struct result_bucket, buckets);
    assert(result->buckets != NULL);
    result->notes[0] = "Latency levels of the four providers are assumptions; none was measured.";
    result->notes[1] = "Every order that was routed is placed at once (workload.confirm).";
    result->note_count = 2;
}

static void finish(struct result *result)
{
    for (uint32_t i = 0; i < result->bucket_count; i++)
        fill_bucket(result, i);
    fill_phases(result);
    fill_operations(result);
    fill_checks(result);
}

static void add_faults(struct result *result, const char *first, const char *second)
{
    result->faults = arena_push(&result->arena, struct result_fault, 2);
    assert(result->faults != NULL);
    result->fault_count = 2;
    result->faults[0] = (struct result_fault){.id = "kroger-hangs",
                                              .label = first,
                                              .kind = "hang",
                                              .provider_mask = 1u << PROVIDER_KROGER_API,
                                              .from_us = 15 * US_PER_MINUTE,
                                              .until_us = 33 * US_PER_MINUTE};
    result->faults[1] = (struct result_fault){.id = "walmart-throttles",
                                              .label = second,
                                              .kind = "throttle",
                                              .provider_mask = 1u << PROVIDER_WALMART_API,
                                              .from_us = 44 * US_PER_MINUTE,
                                              .until_us = 49 * US_PER_MINUTE};
}

void fixture_hour(struct result *result)
{
    begin(result, US_PER_HOUR, 3600);
    add_faults(result, "Kroger hangs in 62% of orders", "Walmart throttles 20%");
    finish(result);
}

void fixture_empty(struct result *result)
{
    begin(result, US_PER_HOUR, 0);
    result->complete = false;
    result->stopped_by = "SIGINT";
    result->events_written = result->events_total = result->calls = 0;
    finish(result);
}

void fixture_three(struct result *result)
{
    begin(result, 3 * US_PER_SECOND, 3);
    result->slo_given = false;
    finish(result);
}

void fixture_weird(struct result *result)
{
    begin(result, US_PER_HOUR, 3600);
    result->scenario = result->title = result->description = fixture_weird_name;
    result->file = result->command = fixture_weird_name;
    add_faults(result, fixture_weird_name, fixture_weird_name);
    finish(result);
    for (uint32_t i = 0; i < result->check_count; i++) {
        result->checks[i].name = fixture_weird_name;
        result->checks[i].limit_text = fixture_weird_name;
    }
    result->notes[result->note_count++] = fixture_weird_name;
}
