/* Goal: the scorer decides as production does, to the last bit.
 *
 * Method: production's recorded decisions, where they are at hand (ROUTESIM_VECTORS, or the folder
 * shared/ beside this clone); ten orders worked by hand, with weights whose sums are exact in
 * binary; and a second scorer, written from the contract sentence by sentence without regard for
 * speed, which has to agree on 100,000 random orders, bit for bit. */
#include "tests/support.h"

#include "router/base/json.h"
#include "router/score.h"
#include "sim/command/quote_set.h"

enum { RANDOM_ORDERS = 100000 };

static const struct score_weights plain = {1.0, 1.0, 1.0, 1.0, 1.0, 1.0};

/* ---- recorded and hand-worked orders ---- */

static void check_line(const char *path, unsigned number, const char *line)
{
    struct err_list list = {0};
    struct json json = {0};
    struct quote_set set;
    struct quote_set_result result;
    struct err err = {0};
    const bool read =
        json_read(&json, path, line, strlen(line), &list) && quote_set_read(&json, &set, &list);
    if (!read) fail_msg("%s:%u: %s", path, number, list.items[0].message);
    quote_set_score(&set, &result);
    if (!quote_set_matches(&json, &set, &result, &err)) {
        fail_msg("%s:%u: %s", path, number, err.message);
    }
    json_release(&json);
}

/* False when there is no such file. */
static bool check_file(const char *path, unsigned *lines)
{
    FILE *stream = fopen(path, "r");
    if (stream == NULL) return false;
    char *line = NULL;
    size_t capacity = 0;
    *lines = 0;
    while (getline(&line, &capacity, stream) > 0)
        check_line(path, ++*lines, line);
    free(line);
    assert_int_equal(fclose(stream), 0);
    return true;
}

static void meets_productions_recorded_decisions(void **state)
{
    (void)state;
    const char *path = getenv("ROUTESIM_VECTORS");
    if (path == NULL) path = "../shared/vectors/scoring-sample.ndjson";
    unsigned lines = 0;
    if (!check_file(path, &lines)) {
        print_message("%s is not here; ROUTESIM_VECTORS may name it\n", path);
        skip();
    }
    assert_true(lines > 0);
}

static void meets_orders_worked_by_hand(void **state)
{
    (void)state;
    unsigned lines = 0;
    assert_true(check_file("tests/router/score-vectors.ndjson", &lines));
    assert_int_equal(lines, 10);
}

/* ---- the obvious scorer ---- */

/* Half up: twice the value is exact, and so is the floor of it. */
static long obvious_round(double value)
{
    const long twice = (long)floor(value * 2.0);
    return (twice + 1) >> 1;
}

static double obvious_eta(const struct score_input *input)
{
    return input->eta_minutes == 0 ? 60.0 : (double)input->eta_minutes;
}

static long obvious_reliability(const struct score_input *input)
{
    if (!input->has_success_rate) return 50;
    const double s = input->success_rate;
    double points = s * (50.0 / 70.0);
    if (s >= 70) points = 50 + (s - 70) * (20.0 / 15.0);
    if (s >= 85) points = 70 + (s - 85) * 2;
    if (s >= 95) points = 90 + (s - 95) * 2;
    return obvious_round(points);
}

/* The score of a value among all: 100 for the least, 0 for the most; `turned`: the other way round.
 */
static long obvious_among(const double *values, uint32_t count, double value, bool turned)
{
    double least = INFINITY, most = -INFINITY;
    for (uint32_t i = 0; i < count; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (least == most) return 100;
    const double share = (value - least) / (most - least);
    return obvious_round((turned ? share : 1.0 - share) * 100.0);
}

static struct score_parts obvious_parts(const struct score_weights *weights, int32_t requested,
                                        bool zero_is_missing, const struct score_input *inputs,
                                        uint32_t count, uint32_t which)
{
    const struct score_input *mine = &inputs[which];
    double totals[SCORE_QUOTES_MAX], etas[SCORE_QUOTES_MAX], rates[SCORE_QUOTES_MAX];
    uint32_t rates_known = 0;
    for (uint32_t i = 0; i < count; i++) {
        totals[i] = (double)inputs[i].total_cents;
        etas[i] = obvious_eta(&inputs[i]);
        if (inputs[i].has_margin_rate) rates[rates_known++] = inputs[i].margin_rate;
    }
    const double filled = mine->found + 0.8 * mine->substituted;
    long reliability = obvious_reliability(mine);
    long margin = 50;
    if (mine->has_margin_rate && rates_known >= 2) {
        margin = obvious_among(rates, rates_known, mine->margin_rate, true);
    }
    if (zero_is_missing && reliability == 0) reliability = 50;
    if (zero_is_missing && margin == 0) margin = 50;

    struct score_parts parts = {
        .priority = mine->priority,
        .price = (int32_t)obvious_among(totals, count, totals[which], false),
        .speed = (int32_t)obvious_among(etas, count, etas[which], false),
        .availability = requested == 0 ? 100 : (int32_t)obvious_round(filled / requested * 100.0),
        .margin = (int32_t)margin,
        .reliability = (int32_t)reliability};
    const double terms[] = {weights->priority * parts.priority,
                            weights->price * parts.price,
                            weights->speed * parts.speed,
                            weights->commission * parts.margin,
                            weights->availability * parts.availability,
                            weights->reliability * parts.reliability};
    for (unsigned i = 0; i < 6; i++)
        parts.score += terms[i];
    return parts;
}

static void obvious_rank(const struct score_parts *parts, uint32_t count, uint8_t *order)
{
    bool taken[SCORE_QUOTES_MAX] = {false};
    for (uint32_t place = 0; place < count; place++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count; i++) {
            if (taken[i]) continue;
            if (best == count || parts[i].score > parts[best].score) best = i;
        }
        taken[best] = true;
        order[place] = (uint8_t)best;
    }
}

struct random_order {
    struct score_weights weights;
    int32_t requested;
    bool zero_is_missing;
    uint32_t count;
    struct score_input inputs[SCORE_QUOTES_MAX];
};

static uint32_t below(uint64_t order, uint64_t draw, uint32_t limit)
{
    return random_below(test_bits(order, draw), limit);
}

/* Small ranges, so that equal totals, equal rates and halves are common. */
static struct random_order draw_order(uint64_t index)
{
    struct random_order order = {.requested = (int32_t)below(index, 0, 17),
                                 .zero_is_missing = below(index, 1, 4) != 0,
                                 .count = 1 + below(index, 2, SCORE_QUOTES_MAX)};
    double weights[6];
    for (unsigned i = 0; i < 6; i++)
        weights[i] = below(index, 10 + i, 101) / 100.0;
    order.weights = (struct score_weights){weights[0], weights[1], weights[2],
                                           weights[3], weights[4], weights[5]};
    const enum preference preference = (enum preference)below(index, 3, PREFERENCE_COUNT);
    order.weights = score_weights_for(&order.weights, preference);
    for (uint32_t i = 0; i < order.count; i++) {
        const uint64_t draw = 100 * (i + 1);
        const uint32_t spread = below(index, 4, 2) == 0 ? 9 : 20000;
        order.inputs[i] = (struct score_input){
            .provider = (enum provider)i,
            .priority = 40 + 10 * (int32_t)below(index, draw, 5),
            .total_cents = 100 + below(index, draw + 1, spread),
            .eta_minutes = (int32_t)below(index, draw + 2, 9) * 20,
            .found = (int32_t)below(index, draw + 3, (uint32_t)order.requested + 1),
            .has_success_rate = below(index, draw + 5, 5) != 0,
            .has_margin_rate = below(index, draw + 6, 5) != 0,
            .success_rate = below(index, draw + 7, 10001) / 100.0,
            .margin_rate = below(index, draw + 8, 9) / 4.0};
        order.inputs[i].substituted = (int32_t)below(
            index, draw + 4, (uint32_t)(order.requested - order.inputs[i].found) + 1);
    }
    return order;
}

static bool same_parts(const struct score_parts *a, const struct score_parts *b)
{
    return memcmp(&a->score, &b->score, sizeof a->score) == 0 && a->priority == b->priority &&
           a->price == b->price && a->speed == b->speed && a->availability == b->availability &&
           a->margin == b->margin && a->reliability == b->reliability;
}

static void agrees_with_the_obvious_scorer_to_the_last_bit(void **state)
{
    (void)state;
    for (uint64_t index = 0; index < RANDOM_ORDERS; index++) {
        const struct random_order order = draw_order(index);
        struct score_parts parts[SCORE_QUOTES_MAX], obvious[SCORE_QUOTES_MAX];
        uint8_t ranked[SCORE_QUOTES_MAX], obvious_ranked[SCORE_QUOTES_MAX];
        score_quotes(&order.weights, order.requested, order.zero_is_missing, order.inputs,
                     order.count, parts);
        score_rank(parts, order.count, ranked);
        for (uint32_t i = 0; i < order.count; i++) {
            obvious[i] = obvious_parts(&order.weights, order.requested, order.zero_is_missing,
                                       order.inputs, order.count, i);
            if (!same_parts(&parts[i], &obvious[i])) {
                fail_msg("order %u, quote %u: %.17g and %.17g", (unsigned)index, i, parts[i].score,
                         obvious[i].score);
            }
        }
        obvious_rank(obvious, order.count, obvious_ranked);
        assert_memory_equal(ranked, obvious_ranked, order.count);
    }
}

/* ---- tables ---- */

static void keeps_candidate_order_among_equal_scores(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        double scores[4];
        uint8_t order[4];
    } rows[] = {
        {"all equal", {7, 7, 7, 7}, {0, 1, 2, 3}},     {"two pairs", {3, 9, 3, 9}, {1, 3, 0, 2}},
        {"the best last", {5, 5, 5, 6}, {3, 0, 1, 2}}, {"falling", {4, 3, 2, 1}, {0, 1, 2, 3}},
        {"rising", {1, 2, 3, 4}, {3, 2, 1, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct score_parts parts[4] = {0};
        uint8_t order[4];
        for (unsigned k = 0; k < 4; k++)
            parts[k].score = rows[i].scores[k];
        score_rank(parts, 4, order);
        CHECK_ROW(rows[i].label, memcmp(order, rows[i].order, sizeof order) == 0);
    }
}

static void scales_price_speed_and_commission_by_preference_and_nothing_else(void **state)
{
    (void)state;
    static const struct {
        enum preference preference;
        double price, speed, commission;
    } rows[PREFERENCE_COUNT] = {
        {PREFERENCE_BALANCED, 1.0, 1.0, 1.0},
        {PREFERENCE_PRICE, 2.0, 0.5, 0.5},
        {PREFERENCE_SPEED, 0.5, 2.5, 0.5},
        {PREFERENCE_MARGIN, 0.7, 0.7, 2.0},
    };
    for (size_t i = 0; i < PREFERENCE_COUNT; i++) {
        const char *label = preference_names[rows[i].preference];
        const struct score_weights scaled = score_weights_for(&plain, rows[i].preference);
        CHECK_ROW(label, scaled.price == rows[i].price);
        CHECK_ROW(label, scaled.speed == rows[i].speed);
        CHECK_ROW(label, scaled.commission == rows[i].commission);
        CHECK_ROW(label, scaled.priority == 1.0);
        CHECK_ROW(label, scaled.availability == 1.0);
        CHECK_ROW(label, scaled.reliability == 1.0);
    }
}

static void explains_itself_by_its_strong_parts(void **state)
{
    (void)state;
    static const struct {
        const char *sentence;
        enum provider provider;
        struct score_parts parts;
    } rows[] = {
        {"Instacart selected as best available option.",
         PROVIDER_INSTACART,
         {.priority = 59,
          .price = 80,
          .speed = 80,
          .availability = 80,
          .margin = 80,
          .reliability = 80}},
        {"Kroger Direct selected for preferred provider.", PROVIDER_KROGER_API, {.priority = 60}},
        {"MealMe MCP selected for competitive pricing.", PROVIDER_MEALME, {.price = 81}},
        {"MealMe MCP selected for fast delivery.", PROVIDER_MEALME, {.speed = 81}},
        {"MealMe MCP selected for most items available.", PROVIDER_MEALME, {.availability = 81}},
        {"MealMe MCP selected for most items available.", PROVIDER_MEALME, {.availability = 99}},
        {"MealMe MCP selected for all items in stock.", PROVIDER_MEALME, {.availability = 100}},
        {"MealMe MCP selected for good commission.", PROVIDER_MEALME, {.margin = 81}},
        {"MealMe MCP selected for reliable service.", PROVIDER_MEALME, {.reliability = 81}},
        {"Walmart Direct selected for preferred provider and reliable service.",
         PROVIDER_WALMART_API,
         {.priority = 80, .reliability = 100}},
        {"Instacart selected for competitive pricing, all items in stock, and good commission.",
         PROVIDER_INSTACART,
         {.price = 100, .availability = 100, .margin = 100}},
        {"Walmart Direct selected for preferred provider, competitive pricing, fast delivery, all "
         "items in stock, good commission, and reliable service.",
         PROVIDER_WALMART_API,
         {.priority = 60,
          .price = 100,
          .speed = 100,
          .availability = 100,
          .margin = 100,
          .reliability = 100}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char sentence[SCORE_EXPLANATION_MAX];
        score_explain(rows[i].provider, &rows[i].parts, sentence);
        CHECK_ROW_TEXT(rows[i].sentence, sentence, rows[i].sentence);
    }
}

static void takes_a_zero_for_missing_only_where_production_does(void **state)
{
    (void)state;
    /* The first provider has no success at all and the least margin: both scores come out as 0. */
    const struct score_input inputs[2] = {
        {.total_cents = 100,
         .eta_minutes = 10,
         .has_success_rate = true,
         .success_rate = 0.0,
         .has_margin_rate = true,
         .margin_rate = 1.0},
        {.provider = PROVIDER_INSTACART,
         .total_cents = 200,
         .eta_minutes = 20,
         .has_success_rate = true,
         .success_rate = 100.0,
         .has_margin_rate = true,
         .margin_rate = 3.0},
    };
    struct score_parts parts[2];
    score_quotes(&plain, 4, true, inputs, 2, parts);
    assert_int_equal(parts[0].reliability, 50);
    assert_int_equal(parts[0].margin, 50);
    assert_int_equal(parts[1].price, 0); /* a price or speed of 0 stays 0 */
    assert_int_equal(parts[1].speed, 0);
    assert_int_equal(parts[0].availability, 0);
    score_quotes(&plain, 4, false, inputs, 2, parts);
    assert_int_equal(parts[0].reliability, 0);
    assert_int_equal(parts[0].margin, 0);
    assert_int_equal(parts[1].reliability, 100);
    assert_int_equal(parts[1].margin, 100);
}

static void rounds_halves_up(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int32_t found, requested, availability;
    } rows[] = {
        {"12.5 is 13", 1, 8, 13},    {"37.5 is 38", 3, 8, 38},
        {"62.5 is 63", 5, 8, 63},    {"87.5 is 88", 7, 8, 88},
        {"0.5 is 1", 1, 200, 1},     {"99.5 is 100", 199, 200, 100},
        {"33.33 is 33", 1, 3, 33},   {"66.67 is 67", 2, 3, 67},
        {"0.4998 is 0", 1, 2001, 0}, {"nothing asked for is all there", 0, 0, 100},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct score_input input = {.total_cents = 1, .found = rows[i].found};
        struct score_parts parts;
        score_quotes(&plain, rows[i].requested, true, &input, 1, &parts);
        CHECK_ROW(rows[i].label, parts.availability == rows[i].availability);
    }
}

static void counts_a_missing_eta_as_an_hour(void **state)
{
    (void)state;
    const struct score_input inputs[3] = {{.total_cents = 1, .eta_minutes = 0},
                                          {.total_cents = 1, .eta_minutes = 60},
                                          {.total_cents = 1, .eta_minutes = 20}};
    struct score_parts parts[3];
    score_quotes(&plain, 1, true, inputs, 3, parts);
    assert_int_equal(parts[0].speed, 0);
    assert_int_equal(parts[1].speed, 0);
    assert_int_equal(parts[2].speed, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_productions_recorded_decisions),
        cmocka_unit_test(meets_orders_worked_by_hand),
        cmocka_unit_test(agrees_with_the_obvious_scorer_to_the_last_bit),
        cmocka_unit_test(keeps_candidate_order_among_equal_scores),
        cmocka_unit_test(scales_price_speed_and_commission_by_preference_and_nothing_else),
        cmocka_unit_test(explains_itself_by_its_strong_parts),
        cmocka_unit_test(takes_a_zero_for_missing_only_where_production_does),
        cmocka_unit_test(rounds_halves_up),
        cmocka_unit_test(counts_a_missing_eta_as_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
