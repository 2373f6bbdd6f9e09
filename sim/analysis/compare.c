#include "sim/analysis/compare.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/analysis/block_samples.h"
#include "sim/analysis/pairing.h"

const char *const comparison_verdict_names[COMPARE_VERDICTS] = {
    [VERDICT_WORSE] = "worse",     [VERDICT_BETTER] = "better",
    [VERDICT_CHANGED] = "changed", [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_SAME] = "same",
};

/* ---- what is compared, and how it is read off a pair ---- */

struct reading {
    double a, b;
    double weight; /* 1, or the denominator of a ratio */
};

enum measure_kind { MEASURE_MEAN, MEASURE_SHARE, MEASURE_QUANTILE };

struct measure {
    enum metric metric;
    const char *label; /* after the provider's name, for a provider's */
    enum measure_kind kind;
    /* False: this pair does not count. */
    bool (*read)(const struct pair_side *a, const struct pair_side *b, unsigned scope,
                 struct reading *reading);
    double probability; /* of a quantile */
};

static bool both_routed(const struct pair_side *a, const struct pair_side *b)
{
    return a->code == ORDER_ROUTED && b->code == ORDER_ROUTED;
}

#define READER(name, condition, of_a, of_b, denominator)                                           \
    static bool read_##name(const struct pair_side *a, const struct pair_side *b, unsigned scope,  \
                            struct reading *reading)                                               \
    {                                                                                              \
        (void)scope;                                                                               \
        if (!(condition)) return false;                                                            \
        *reading = (struct reading){(double)(of_a), (double)(of_b), (double)(denominator)};        \
        return true;                                                                               \
    }

/* Times 1,000 would round: a mean is divided by it once, at the end. */
READER(latency, true, a->latency_us, b->latency_us, 1000)
READER(failed, true, a->code != ORDER_ROUTED, b->code != ORDER_ROUTED, 1)
READER(authentic, both_routed(a, b), !a->canned, !b->canned, 1)
READER(cart, both_routed(a, b), a->total_cents, b->total_cents, 1)
READER(commission, both_routed(a, b), a->commission_cents, b->commission_cents, 1)
READER(saved_best, both_routed(a, b) && a->quotes > 1 && b->quotes > 1, a->saved_best_cents,
       b->saved_best_cents, 1)
READER(saved_mean, both_routed(a, b) && a->quotes > 1 && b->quotes > 1,
       a->saved_mean_hundredths_cents, b->saved_mean_hundredths_cents, 100)
READER(filled, both_routed(a, b), a->filled, b->filled, a->items)
READER(eta, both_routed(a, b), a->eta_minutes, b->eta_minutes, 1)
READER(quotes, both_routed(a, b), a->quotes, b->quotes, 1)
READER(selected, both_routed(a, b), a->selected == scope, b->selected == scope, 1)
READER(answered, ((a->asked & b->asked) >> scope & 1u) != 0, a->answered >> scope & 1u,
       b->answered >> scope & 1u, 1)

static const struct measure router_measures[] = {
    {METRIC_MEAN_MS, "latency, mean", MEASURE_MEAN, read_latency, 0},
    {METRIC_P50_MS, "latency, p50", MEASURE_QUANTILE, NULL, 0.50},
    {METRIC_P95_MS, "latency, p95", MEASURE_QUANTILE, NULL, 0.95},
    {METRIC_P99_MS, "latency, p99", MEASURE_QUANTILE, NULL, 0.99},
    {METRIC_ERROR_RATE, "orders failed", MEASURE_SHARE, read_failed, 0},
    {METRIC_AUTHENTIC_RATIO, "won by real quotes", MEASURE_SHARE, read_authentic, 0},
    {METRIC_CART_CENTS, "cart total", MEASURE_MEAN, read_cart, 0},
    {METRIC_COMMISSION_CENTS, "commission", MEASURE_MEAN, read_commission, 0},
    {METRIC_SAVINGS_BEST_CENTS, "saved, next cheapest", MEASURE_MEAN, read_saved_best, 0},
    {METRIC_SAVINGS_MEAN_CENTS, "saved, other quotes", MEASURE_MEAN, read_saved_mean, 0},
    {METRIC_FILL_RATE, "items filled", MEASURE_MEAN, read_filled, 0},
    {METRIC_ETA_MINUTES, "ETA", MEASURE_MEAN, read_eta, 0},
    {METRIC_QUOTES_PER_ORDER, "quotes per order", MEASURE_MEAN, read_quotes, 0},
};
static const struct measure provider_measures[] = {
    {METRIC_SELECTION_PCT, "share", MEASURE_SHARE, read_selected, 0},
    {METRIC_SUCCESS_RATE, "success", MEASURE_SHARE, read_answered, 0},
};
enum {
    ROUTER_MEASURES = sizeof router_measures / sizeof router_measures[0],
    PROVIDER_MEASURES = sizeof provider_measures / sizeof provider_measures[0],
};
static_assert(ROUTER_MEASURES + PROVIDER_MEASURES * PROVIDER_COUNT <= COMPARE_ROWS_MAX,
              "every measure has a row");

static const struct measure *measure_of(unsigned scope, enum metric metric)
{
    const bool router = scope == SCOPE_ROUTER;
    const struct measure *measures = router ? router_measures : provider_measures;
    const unsigned count = router ? ROUTER_MEASURES : PROVIDER_MEASURES;
    for (unsigned i = 0; i < count; i++)
        if (measures[i].metric == metric) return &measures[i];
    return NULL;
}

bool comparison_knows(unsigned scope, enum metric metric)
{
    return measure_of(scope, metric) != NULL;
}

void comparison_label(const struct comparison_row *row, char label[static COMPARE_LABEL_MAX])
{
    const struct measure *measure = measure_of(row->scope, row->metric);
    assert(measure != NULL);
    const bool router = row->scope == SCOPE_ROUTER;
    (void)snprintf(label, COMPARE_LABEL_MAX, "%s%s%s",
                   router ? "" : provider_traits[row->scope].short_name, router ? "" : " ",
                   measure->label);
}

/* ---- summing pairs ---- */

struct row_sums {
    struct stats_block blocks[COMPARE_BLOCKS];
    double sum_a, sum_b, weight;
    struct stats_discordant discordant;
    uint64_t discordant_blocks; /* bit g */
};

struct work {
    const struct comparison_request *request;
    struct comparison *comparison;
    const struct measure *measures[COMPARE_ROWS_MAX];
    struct row_sums sums[COMPARE_ROWS_MAX];
    struct block_samples latency_a, latency_b;
    struct pairing pairing;
    bool wants_latency;
    bool out_of_memory;
};

static void add_reading(struct row_sums *sums, const struct reading *reading, bool share,
                        uint32_t block)
{
    struct stats_block *into = &sums->blocks[block];
    into->n++;
    into->difference += reading->b - reading->a;
    into->weight += reading->weight;
    sums->sum_a += reading->a;
    sums->sum_b += reading->b;
    sums->weight += reading->weight;
    if (!share) return;
    sums->discordant.n++;
    if (reading->a == reading->b) return;
    sums->discordant.gained += reading->b > reading->a;
    sums->discordant.lost += reading->b < reading->a;
    sums->discordant_blocks |= UINT64_C(1) << block;
}

static uint32_t capped_us(int64_t us)
{
    return us < 0 ? 0u : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void take_pair(void *context, uint64_t index, const struct pair_side *a,
                      const struct pair_side *b)
{
    struct work *work = context;
    struct comparison *comparison = work->comparison;
    if (a->start_us < work->request->warmup_us) return;
    const uint64_t all = work->pairing.records_most;
    const uint32_t block = all <= COMPARE_BLOCKS
                               ? (uint32_t)index % COMPARE_BLOCKS
                               : (uint32_t)((double)index / (double)all * COMPARE_BLOCKS);
    assert(block < COMPARE_BLOCKS);
    comparison->orders++;
    comparison->routed_both += both_routed(a, b);
    comparison->moves[a->selected][b->selected]++;
    comparison->moved += a->selected != b->selected;
    if (work->wants_latency) {
        work->out_of_memory |=
            !block_samples_add(&work->latency_a, capped_us(a->latency_us), block) ||
            !block_samples_add(&work->latency_b, capped_us(b->latency_us), block);
    }
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        const struct measure *measure = work->measures[r];
        struct reading reading;
        if (measure->kind == MEASURE_QUANTILE) continue;
        if (measure->read(a, b, comparison->rows[r].scope, &reading))
            add_reading(&work->sums[r], &reading, measure->kind == MEASURE_SHARE, block);
    }
}

/* ---- from sums to rows ---- */

static void finish_sums(struct comparison_row *row, const struct row_sums *sums,
                        const struct measure *measure, double level)
{
    row->a = sums->weight > 0.0 ? sums->sum_a / sums->weight : (double)NAN;
    row->b = sums->weight > 0.0 ? sums->sum_b / sums->weight : (double)NAN;
    row->difference = stats_mean_difference(sums->blocks, COMPARE_BLOCKS, level);
    if (measure->kind != MEASURE_SHARE) return;
    const int discordant_blocks = __builtin_popcountll(sums->discordant_blocks);
    if (discordant_blocks >= COMPARE_DISCORDANT_BLOCKS) return;
    const uint32_t blocks = row->difference.blocks;
    row->difference = stats_share_difference(sums->discordant, level);
    row->difference.blocks = blocks;
}

/* Samples needed so that ten lie beyond the percentile, on its thinner side. */
static uint64_t needed(double probability)
{
    return (uint64_t)ceil(10.0 / fmin(probability, 1.0 - probability) - 1e-6);
}

static uint32_t resamples_for(const struct comparison *comparison)
{
    /* Holm multiplies the smallest p a bootstrap can give by the number of rows; it must stay
     * below alpha with room to spare. */
    const double wanted = 4.0 * comparison->row_count / comparison->alpha;
    return wanted < STATS_RESAMPLES ? STATS_RESAMPLES
           : wanted > 20000.0       ? 20000u
                                    : (uint32_t)wanted;
}

static void set_quantile(struct comparison_row *row, const struct stats_estimate *estimate_us,
                         double a_us, double b_us)
{
    row->a = a_us / 1000.0;
    row->b = b_us / 1000.0;
    row->difference = *estimate_us;
    row->difference.value /= 1000.0;
    row->difference.low /= 1000.0;
    row->difference.high /= 1000.0;
}

static bool finish_quantiles(struct work *work, struct err *err)
{
    struct comparison *comparison = work->comparison;
    double probabilities[STATS_QUANTILES_MAX], a[STATS_QUANTILES_MAX], b[STATS_QUANTILES_MAX];
    struct stats_estimate estimates[STATS_QUANTILES_MAX];
    struct comparison_row *rows[STATS_QUANTILES_MAX];
    uint32_t count = 0;
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        if (work->measures[r]->kind != MEASURE_QUANTILE) continue;
        struct comparison_row *row = &comparison->rows[r];
        const uint64_t needs = needed(work->measures[r]->probability);
        row->a = row->b = NAN;
        row->difference = (struct stats_estimate){
            .value = NAN, .low = NAN, .high = NAN, .p = NAN, .n = comparison->orders};
        if (comparison->orders < needs) {
            row->needs = needs;
            continue;
        }
        rows[count] = row;
        probabilities[count++] = work->measures[r]->probability;
    }
    if (count == 0) return true;
    struct stats_bootstrap bootstrap = {.block_count = COMPARE_BLOCKS,
                                        .probabilities = probabilities,
                                        .count = count,
                                        .resamples = comparison->resamples,
                                        .level = 1.0 - comparison->alpha,
                                        .seed = random_hash_text("compare")};
    if (!block_samples_atoms(&work->latency_a, &bootstrap.a) ||
        !block_samples_atoms(&work->latency_b, &bootstrap.b)) {
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    stats_quantiles(bootstrap.a, NULL, probabilities, count, a);
    stats_quantiles(bootstrap.b, NULL, probabilities, count, b);
    if (!stats_quantile_differences(&bootstrap, estimates, err)) return false;
    for (uint32_t q = 0; q < count; q++) {
        set_quantile(rows[q], &estimates[q], a[q], b[q]);
        if (!block_samples_exact(&work->latency_a)) rows[q]->error_bound = BLOCK_SAMPLES_ERROR;
    }
    return true;
}

static double noise_of(const struct comparison_row *row, double noise)
{
    if (isnan(row->a)) return 0.0;
    const bool share = metric_traits[row->metric].unit == UNIT_SHARE;
    return noise * (share ? fmin(row->a, 1.0 - row->a) : fabs(row->a));
}

static enum comparison_verdict judge(const struct comparison_row *row, double alpha)
{
    const struct stats_estimate *difference = &row->difference;
    if (difference->method == STATS_NONE) return VERDICT_INCONCLUSIVE;
    if (difference->low >= -row->noise && difference->high <= row->noise) return VERDICT_SAME;
    if (row->p_adjusted > alpha || fabs(difference->value) <= row->noise)
        return VERDICT_INCONCLUSIVE;
    switch (metric_traits[row->metric].better) {
    case BETTER_NEITHER:
        return VERDICT_CHANGED;
    case BETTER_LOW:
        return difference->value < 0.0 ? VERDICT_BETTER : VERDICT_WORSE;
    case BETTER_HIGH:
        return difference->value > 0.0 ? VERDICT_BETTER : VERDICT_WORSE;
    }
    assert(!"a metric without a direction");
    return VERDICT_INCONCLUSIVE;
}

/* Nobody selected, nobody asked: a provider that plays no part needs no row. */
static void drop_empty_rows(struct comparison *comparison)
{
    uint32_t kept = 0;
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        const struct comparison_row *row = &comparison->rows[r];
        const bool empty = row->scope != SCOPE_ROUTER &&
                           (row->difference.n == 0 || (row->metric == METRIC_SELECTION_PCT &&
                                                       row->a == 0.0 && row->b == 0.0));
        if (!empty) comparison->rows[kept++] = *row;
    }
    comparison->row_count = kept;
}

static bool finish(struct work *work, struct err *err)
{
    struct comparison *comparison = work->comparison;
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        if (work->measures[r]->kind != MEASURE_QUANTILE) {
            finish_sums(&comparison->rows[r], &work->sums[r], work->measures[r],
                        1.0 - comparison->alpha);
        }
    }
    comparison->resamples = resamples_for(comparison);
    if (!finish_quantiles(work, err)) return false;
    if (work->request->choice_count == 0) drop_empty_rows(comparison);

    double p[COMPARE_ROWS_MAX], adjusted[COMPARE_ROWS_MAX];
    for (uint32_t r = 0; r < comparison->row_count; r++)
        p[r] = comparison->rows[r].difference.p;
    stats_holm(p, comparison->row_count, adjusted);
    for (uint32_t r = 0; r < comparison->row_count; r++) {
        struct comparison_row *row = &comparison->rows[r];
        row->p_adjusted = adjusted[r];
        row->noise = noise_of(row, comparison->noise);
        row->verdict = judge(row, comparison->alpha);
        comparison->verdicts[row->verdict]++;
    }
    return true;
}

/* ---- the whole ---- */

static void add_row(struct work *work, unsigned scope, const struct measure *measure)
{
    struct comparison *comparison = work->comparison;
    assert(comparison->row_count < COMPARE_ROWS_MAX);
    work->measures[comparison->row_count] = measure;
    work->wants_latency |= measure->kind == MEASURE_QUANTILE;
    comparison->rows[comparison->row_count++] =
        (struct comparison_row){.scope = scope, .metric = measure->metric};
}

static void choose_rows(struct work *work)
{
    const struct comparison_request *request = work->request;
    for (uint32_t c = 0; c < request->choice_count; c++) {
        const struct comparison_choice *choice = &request->choices[c];
        bool twice = false;
        for (uint32_t r = 0; r < work->comparison->row_count; r++) {
            twice |= work->comparison->rows[r].scope == choice->scope &&
                     work->comparison->rows[r].metric == choice->metric;
        }
        if (!twice) add_row(work, choice->scope, measure_of(choice->scope, choice->metric));
    }
    if (request->choice_count > 0) return;
    for (unsigned i = 0; i < ROUTER_MEASURES; i++)
        add_row(work, SCOPE_ROUTER, &router_measures[i]);
    for (unsigned i = 0; i < PROVIDER_MEASURES; i++)
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            add_row(work, p, &provider_measures[i]);
}

/* The record must be that of the summary beside it, whole. */
static bool belongs(const struct comparison_side *side, const struct pairing_side *records,
                    uint64_t pairs, struct err *err)
{
    const struct result *result = side->result;
    const struct place place = {.file = side->quotes};
    if (records->header.experiment_hash != result->experiment_hash ||
        records->header.scenario_hash != result->scenario_hash ||
        records->header.start_unix_us != result->start_unix_us) {
        return err_fail(err, ERR_INPUT, place,
                        "it belongs to another run than the summary beside it");
    }
    if (result->replications == 1 && pairs != result->orders) {
        return err_fail(err, ERR_INPUT, place,
                        "it holds %" PRIu64 " orders, and the summary tells of %" PRIu64
                        ": it is cut off",
                        pairs, result->orders);
    }
    return true;
}

static bool run(struct work *work, struct err *err)
{
    const struct comparison_request *request = work->request;
    struct pairing *pairing = &work->pairing;
    *pairing = (struct pairing){.path_a = request->a.quotes,
                                .path_b = request->b.quotes,
                                .take = take_pair,
                                .context = work};
    if (!pairing_run(pairing, err)) return false;
    if (work->out_of_memory)
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    if (!belongs(&request->a, &pairing->a, pairing->pairs, err) ||
        !belongs(&request->b, &pairing->b, pairing->pairs, err))
        return false;
    if (pairing->a.header.seed != pairing->b.header.seed) {
        return err_fail(err, ERR_INPUT, (struct place){.file = request->b.quotes},
                        "its seed differs from the baseline's: %" PRIu64 ", not %" PRIu64,
                        pairing->b.header.seed, pairing->a.header.seed);
    }
    if (work->comparison->setting_count == 0)
        comparison_note_records(work->comparison, &pairing->a.config, &pairing->b.config);
    return finish(work, err);
}

bool comparison_make(const struct comparison_request *request, struct comparison *comparison,
                     struct err *err)
{
    assert(request->alpha > 0.0 && request->alpha < 1.0);
    assert(request->noise >= 0.0);
    struct work *work = calloc(1, sizeof *work);
    if (work == NULL) return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    work->request = request;
    work->comparison = comparison;
    comparison->a = request->a;
    comparison->b = request->b;
    comparison->alpha = request->alpha;
    comparison->noise = request->noise;
    comparison->same_experiment =
        request->a.result->experiment_hash == request->b.result->experiment_hash;
    choose_rows(work);
    const bool made = run(work, err);
    block_samples_release(&work->latency_a);
    block_samples_release(&work->latency_b);
    free(work);
    return made;
}
