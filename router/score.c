#include "router/score.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { MISSING_SCORE = 50, ETA_WHEN_MISSING = 60 };

const struct score_weights score_weights_default = {.priority = 1.0,
                                                    .price = 0.30,
                                                    .speed = 0.15,
                                                    .commission = 0.20,
                                                    .availability = 0.25,
                                                    .reliability = 0.10};

struct score_weights score_weights_for(const struct score_weights *weights,
                                       enum preference preference)
{
    static const struct {
        double price, speed, commission;
    } scale[PREFERENCE_COUNT] = {
        [PREFERENCE_BALANCED] = {1.0, 1.0, 1.0},
        [PREFERENCE_PRICE] = {2.0, 0.5, 0.5},
        [PREFERENCE_SPEED] = {0.5, 2.5, 0.5},
        [PREFERENCE_MARGIN] = {0.7, 0.7, 2.0},
    };
    struct score_weights scaled = *weights;
    scaled.price *= scale[preference].price;
    scaled.speed *= scale[preference].speed;
    scaled.commission *= scale[preference].commission;
    return scaled;
}

/* Math.round for the values that occur here, 0..200: half goes up. Not (int)(value + 0.5), which
 * rounds the largest double below one half up. */
static int32_t round_half_up(double value)
{
    const int32_t floor = (int32_t)value;
    return floor + (value - floor >= 0.5);
}

/* 100 for the least, 0 for the most. The division comes first, as in production. */
static int32_t least_is_best(double value, double least, double most)
{
    return round_half_up((1.0 - (value - least) / (most - least)) * 100.0);
}

static int32_t reliability_score(double s)
{
    if (s >= 95.0) return round_half_up(90.0 + (s - 95.0) * 2.0);
    if (s >= 85.0) return round_half_up(70.0 + (s - 85.0) * 2.0);
    if (s >= 70.0) return round_half_up(50.0 + (s - 70.0) * (20.0 / 15.0));
    return round_half_up(s * (50.0 / 70.0));
}

static int32_t eta_counted(const struct score_input *input)
{
    return input->eta_minutes == 0 ? ETA_WHEN_MISSING : input->eta_minutes;
}

struct extremes { /* of one order's quotes */
    int64_t total_least, total_most;
    int32_t eta_least, eta_most;
    double margin_least, margin_most;
    uint32_t margins_known;
};

static struct extremes extremes_of(const struct score_input *inputs, uint32_t count)
{
    struct extremes found = {.total_least = inputs[0].total_cents,
                             .total_most = inputs[0].total_cents,
                             .eta_least = eta_counted(&inputs[0]),
                             .eta_most = eta_counted(&inputs[0])};
    for (uint32_t i = 0; i < count; i++) {
        const int64_t total = inputs[i].total_cents;
        const int32_t eta = eta_counted(&inputs[i]);
        if (total < found.total_least) found.total_least = total;
        if (total > found.total_most) found.total_most = total;
        if (eta < found.eta_least) found.eta_least = eta;
        if (eta > found.eta_most) found.eta_most = eta;
        if (!inputs[i].has_margin_rate) continue;
        const double rate = inputs[i].margin_rate;
        if (found.margins_known == 0 || rate < found.margin_least) found.margin_least = rate;
        if (found.margins_known == 0 || rate > found.margin_most) found.margin_most = rate;
        found.margins_known++;
    }
    return found;
}

static int32_t margin_score(const struct score_input *input, const struct extremes *extremes)
{
    if (!input->has_margin_rate || extremes->margins_known <= 1) return MISSING_SCORE;
    const double span = extremes->margin_most - extremes->margin_least;
    if (span == 0.0) return 100;
    return round_half_up((input->margin_rate - extremes->margin_least) / span * 100.0);
}

void score_quotes(const struct score_weights *weights, int32_t items_requested,
                  bool zero_is_missing, const struct score_input *inputs, uint32_t count,
                  struct score_parts *parts)
{
    assert(count >= 1);
    assert(count <= SCORE_QUOTES_MAX);

    const struct extremes extremes = extremes_of(inputs, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct score_input *input = &inputs[i];
        struct score_parts *part = &parts[i];
        part->priority = input->priority;
        part->price = extremes.total_least == extremes.total_most
                          ? 100
                          : least_is_best((double)input->total_cents, (double)extremes.total_least,
                                          (double)extremes.total_most);
        part->speed =
            extremes.eta_least == extremes.eta_most
                ? 100
                : least_is_best(eta_counted(input), extremes.eta_least, extremes.eta_most);
        part->availability = items_requested == 0
                                 ? 100
                                 : round_half_up((input->found + 0.8 * input->substituted) /
                                                 items_requested * 100.0);
        part->reliability =
            input->has_success_rate ? reliability_score(input->success_rate) : MISSING_SCORE;
        part->margin = margin_score(input, &extremes);
        if (zero_is_missing) {
            if (part->reliability == 0) part->reliability = MISSING_SCORE;
            if (part->margin == 0) part->margin = MISSING_SCORE;
        }
        part->score = weights->priority * part->priority + weights->price * part->price +
                      weights->speed * part->speed + weights->commission * part->margin +
                      weights->availability * part->availability +
                      weights->reliability * part->reliability;
    }
}

void score_rank(const struct score_parts *parts, uint32_t count, uint8_t *order)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t place = i;
        while (place > 0 && parts[order[place - 1]].score < parts[i].score) {
            order[place] = order[place - 1];
            place--;
        }
        order[place] = (uint8_t)i;
    }
}

void score_explain(enum provider provider, const struct score_parts *parts,
                   char explanation[static SCORE_EXPLANATION_MAX])
{
    const char *factors[6];
    uint32_t count = 0;
    if (parts->priority >= 60) factors[count++] = "preferred provider";
    if (parts->price > 80) factors[count++] = "competitive pricing";
    if (parts->speed > 80) factors[count++] = "fast delivery";
    if (parts->availability == 100) {
        factors[count++] = "all items in stock";
    } else if (parts->availability > 80) {
        factors[count++] = "most items available";
    }
    if (parts->margin > 80) factors[count++] = "good commission";
    if (parts->reliability > 80) factors[count++] = "reliable service";

    const char *name = provider_traits[provider].display;
    if (count == 0) {
        (void)snprintf(explanation, SCORE_EXPLANATION_MAX, "%s selected as best available option.",
                       name);
        return;
    }
    int length =
        snprintf(explanation, SCORE_EXPLANATION_MAX, "%s selected for %s", name, factors[0]);
    for (uint32_t i = 1; i < count; i++) {
        const bool last = i + 1 == count;
        const char *joint = !last ? ", " : count == 2 ? " and " : ", and ";
        length += snprintf(explanation + length, (size_t)(SCORE_EXPLANATION_MAX - length), "%s%s",
                           joint, factors[i]);
    }
    assert(length < SCORE_EXPLANATION_MAX - 2); /* the longest sentence has 160 characters */
    (void)strcpy(explanation + length, ".");
}
