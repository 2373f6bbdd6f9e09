#include "sim/analysis/replay_kernel.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "router/history.h"

enum { BLOCKS_DEFAULT = 50, DAYS_LEAST = 5, PART_MOST = 30000, ETA_WHEN_MISSING = 60 };

#define US_PER_DAY   INT64_C(86400000000)
#define OUTCOME_MOST ((INT64_C(1) << 24) - 1) /* 32 of them fit a lane of the kernels */

const struct replay_outcome_traits replay_outcome_traits[OUTCOME_COUNT] = {
    [OUTCOME_PRICE] = {"price", "price paid", "cents", 1.0, -1, false},
    [OUTCOME_ETA] = {"eta", "quoted ETA", "minutes", 1.0, -1, false},
    [OUTCOME_COMMISSION] = {"commission", "commission", "cents", 1.0, 1, false},
    [OUTCOME_AVAILABILITY] = {"availability", "items available", "share", 1e-4, 1, false},
    [OUTCOME_SAVINGS] = {"savings", "savings against the cheapest other quote", "cents", 1.0, 1,
                         false},
    [OUTCOME_REGRET] = {"regret", "paid above the cheapest quote", "cents", 1.0, -1, false},
    [OUTCOME_CANNED] = {"canned", "won by a canned quote", "share", 1.0, -1, false},
    [OUTCOME_BUYS] = {"conversion", "orders bought", "share", 1e-6, 1, true},
    [OUTCOME_EARNS] = {"expected_commission", "expected commission", "cents", 1e-3, 1, true},
    [OUTCOME_SURPLUS] = {"surplus", "consumer surplus", "cents", 1e-2, 1, true},
};

const char *const replay_part_names[REPLAY_PARTS] = {"priority",   "price",        "speed",
                                                     "commission", "availability", "reliability"};

double *score_weight(struct score_weights *weights, enum replay_part part)
{
    switch (part) {
    case PART_PRIORITY:
        return &weights->priority;
    case PART_PRICE:
        return &weights->price;
    case PART_SPEED:
        return &weights->speed;
    case PART_COMMISSION:
        return &weights->commission;
    case PART_AVAILABILITY:
        return &weights->availability;
    case PART_RELIABILITY:
        return &weights->reliability;
    }
    assert(!"a part of the score");
    return &weights->priority;
}

double score_weight_of(const struct score_weights *weights, enum replay_part part)
{
    struct score_weights copy = *weights;
    return *score_weight(&copy, part);
}

/* ---- one order ---- */

static int32_t availability_of(const struct score_input *input, int32_t items)
{
    if (items == 0) return 10000;
    return (int32_t)((INT64_C(20) * input->found * 1000 + INT64_C(16) * input->substituted * 1000 +
                      items) /
                     (INT64_C(2) * items)); /* half up */
}

/* The least of the other quotes' totals; the quote's own when it is alone. */
static int64_t cheapest_other(const int64_t *totals, uint32_t count, uint32_t quote)
{
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (i != quote && totals[i] < least) least = totals[i];
    return count > 1 ? least : totals[quote];
}

static bool fill_quotes(struct replay_order *order, struct replay_fates *fates,
                        const struct decision_set *set, const struct decision_inputs *inputs,
                        struct err *err)
{
    const struct quote_record *record = &set->orders[order->source];
    struct score_parts parts[PROVIDER_COUNT];
    int64_t totals[PROVIDER_COUNT];
    const struct score_weights any = score_weights_default;
    score_quotes(&any, inputs->items, inputs->zero_is_missing, inputs->inputs, inputs->count,
                 parts);
    for (uint32_t i = 0; i < inputs->count; i++) /* as quoted: what is paid, not what was scored */
        totals[i] = inputs->quotes[i]->total_cents;
    for (uint32_t i = 0; i < inputs->count; i++) {
        const struct score_input *input = &inputs->inputs[i];
        const int64_t least = cheapest_other(totals, inputs->count, i);
        if (totals[i] > OUTCOME_MOST || totals[i] < -OUTCOME_MOST ||
            input->eta_minutes > OUTCOME_MOST || input->eta_minutes < -OUTCOME_MOST) {
            return err_fail(err, ERR_INPUT, (struct place){0},
                            "order %" PRIu64 " has a quote of %" PRId64
                            " cents in %d minutes: beyond what a replay can add up",
                            record->as.order.index, totals[i], (int)input->eta_minutes);
        }
        const int32_t largest[] = {parts[i].priority,     parts[i].price,  parts[i].speed,
                                   parts[i].availability, parts[i].margin, parts[i].reliability};
        for (unsigned k = 0; k < REPLAY_PARTS; k++)
            if (largest[k] > PART_MOST || largest[k] < -PART_MOST)
                return err_fail(err, ERR_INPUT, (struct place){0},
                                "order %" PRIu64 " has a score of %d: beyond what a replay holds",
                                record->as.order.index, (int)largest[k]);
        order->quotes[i] = (struct replay_quote){
            .parts = {(int16_t)parts[i].priority, (int16_t)parts[i].price, (int16_t)parts[i].speed,
                      (int16_t)parts[i].margin, (int16_t)parts[i].availability,
                      (int16_t)parts[i].reliability},
            .provider = (uint8_t)input->provider,
            .slot = inputs->slots[i]};
        const int32_t outcomes[OUTCOME_COUNT] = {
            [OUTCOME_PRICE] = (int32_t)totals[i],
            [OUTCOME_ETA] = input->eta_minutes == 0 ? ETA_WHEN_MISSING : input->eta_minutes,
            [OUTCOME_COMMISSION] = (int32_t)history_commission_cents(input->provider, totals[i]),
            [OUTCOME_AVAILABILITY] = availability_of(input, inputs->items),
            [OUTCOME_SAVINGS] = (int32_t)(least - totals[i]),
            [OUTCOME_REGRET] = (int32_t)(totals[i] > least ? totals[i] - least : 0),
            [OUTCOME_CANNED] = (inputs->quotes[i]->flags & QUOTE_FLAG_CANNED) != 0,
        };
        memcpy(fates->of[i], outcomes, sizeof outcomes);
    }
    return true;
}

static uint8_t recorded_in(const struct replay_order *order, const struct quote_record *record)
{
    for (uint8_t i = 0; i < order->count; i++)
        if (order->quotes[i].slot == record->as.order.selected) return i;
    return 255;
}

/* ---- the table ---- */

static int64_t day_of(const struct replay_table *table, const struct replay_order *order)
{
    return (table->set->header.start_unix_us +
            table->set->orders[order->source].as.order.start_us) /
           US_PER_DAY;
}

/* Days are numbered as they have orders: a day without any is no cluster. */
static uint32_t number_days(struct replay_table *table)
{
    uint32_t days = 0;
    int64_t last = INT64_MIN;
    for (uint32_t i = 0; i < table->count; i++) {
        const int64_t day = day_of(table, &table->orders[i]);
        days += day != last;
        last = day;
        table->orders[i].cluster =
            (uint16_t)(days <= REPLAY_CLUSTERS_MAX ? days - 1 : REPLAY_CLUSTERS_MAX - 1);
    }
    return days;
}

static void cluster_orders(struct replay_table *table, uint32_t blocks)
{
    if (table->count == 0) return;
    table->days = number_days(table);
    table->clustered = table->days >= DAYS_LEAST && table->days <= REPLAY_CLUSTERS_MAX
                           ? CLUSTERS_BY_DAY
                           : CLUSTERS_BY_BLOCK;
    if (table->clustered == CLUSTERS_BY_DAY) {
        table->cluster_count = table->days;
        return;
    }
    if (blocks > table->count) blocks = table->count;
    for (uint32_t i = 0; i < table->count; i++)
        table->orders[i].cluster = (uint16_t)((uint64_t)i * blocks / table->count);
    table->cluster_count = blocks;
}

/* Room for so many orders, each on a line of its own. */
static struct replay_order *replay_lines(uint32_t count)
{
    void *room = NULL;
    return posix_memalign(&room, 64, count * sizeof(struct replay_order)) == 0 ? room : NULL;
}

bool replay_table_make(struct replay_table *table, const struct replay_table_request *request,
                       struct err *err)
{
    const struct decision_set *set = request->set;
    assert(request->first <= set->count && request->blocks <= REPLAY_CLUSTERS_MAX);
    const uint32_t left = set->count - request->first;
    const uint32_t most = request->count == 0 || request->count > left ? left : request->count;
    *table = (struct replay_table){.set = set};
    table->orders = replay_lines(most + 1u);
    table->fates = malloc((most + 1u) * sizeof *table->fates);
    if (table->orders == NULL || table->fates == NULL) {
        replay_table_release(table);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    }
    for (uint32_t i = request->first; i < request->first + most; i++) {
        struct decision_inputs inputs;
        const struct quote_record *record = &set->orders[i];
        decision_inputs_of(set, i, request->view, &inputs);
        if (inputs.count == 0) {
            table->lost += record->as.order.code == ORDER_ROUTED;
            continue;
        }
        struct replay_order *order = &table->orders[table->count];
        *order = (struct replay_order){.source = i,
                                       .preference = record->as.order.preference & 15u,
                                       .count = inputs.count & 15u};
        if (!fill_quotes(order, &table->fates[table->count], set, &inputs, err)) {
            replay_table_release(table);
            return false;
        }
        order->recorded = recorded_in(order, record);
        table->count++;
    }
    cluster_orders(table, request->blocks == 0 ? BLOCKS_DEFAULT : request->blocks);
    return true;
}

void replay_table_release(struct replay_table *table)
{
    free(table->orders);
    free(table->fates);
    *table = (struct replay_table){0};
}

/* ---- one decision, in doubles ---- */

/* The sum as score_quotes() writes it: the same order, the same rounding. */
static double score_of(const struct replay_quote *quote, const struct score_weights *weights)
{
    return weights->priority * quote->parts[PART_PRIORITY] +
           weights->price * quote->parts[PART_PRICE] + weights->speed * quote->parts[PART_SPEED] +
           weights->commission * quote->parts[PART_COMMISSION] +
           weights->availability * quote->parts[PART_AVAILABILITY] +
           weights->reliability * quote->parts[PART_RELIABILITY];
}

uint32_t replay_winner_scaled(const struct replay_order *order, const struct score_weights *scaled)
{
    uint32_t best = 0;
    double best_score = score_of(&order->quotes[0], scaled);
    for (uint32_t i = 1; i < order->count; i++) {
        const double score = score_of(&order->quotes[i], scaled);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
    }
    return best;
}

uint32_t replay_winner(const struct replay_order *order, const struct score_weights *weights)
{
    const struct score_weights scaled =
        score_weights_for(weights, (enum preference)order->preference);
    return replay_winner_scaled(order, &scaled);
}

void replay_winners(const struct replay_table *table, const struct score_weights *weights,
                    uint8_t *winners)
{
    struct score_weights scaled[PREFERENCE_COUNT];
    for (unsigned p = 0; p < PREFERENCE_COUNT; p++)
        scaled[p] = score_weights_for(weights, (enum preference)p);
    for (uint32_t i = 0; i < table->count; i++)
        winners[i] =
            (uint8_t)replay_winner_scaled(&table->orders[i], &scaled[table->orders[i].preference]);
}

struct replay_sums replay_total(const struct replay_sums *sums, uint32_t clusters)
{
    struct replay_sums total = {0};
    for (uint32_t c = 0; c < clusters; c++) {
        for (unsigned k = 0; k < REPLAY_COLUMNS; k++)
            total.columns[k] += sums[c].columns[k];
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            total.won[p] += sums[c].won[p];
        total.near += sums[c].near;
        total.orders += sums[c].orders;
    }
    return total;
}
