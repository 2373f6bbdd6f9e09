#include "sim/command/explain.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "router/base/duration.h"

enum { CELL_MAX = 48 };

static const struct {
    const char *name;
    size_t weight; /* offset in struct score_weights */
    size_t part;   /* offset in struct score_parts */
} terms[] = {
    /* in the order of the sum */
    {"priority", offsetof(struct score_weights, priority), offsetof(struct score_parts, priority)},
    {"price", offsetof(struct score_weights, price), offsetof(struct score_parts, price)},
    {"speed", offsetof(struct score_weights, speed), offsetof(struct score_parts, speed)},
    {"margin", offsetof(struct score_weights, commission), offsetof(struct score_parts, margin)},
    {"availability", offsetof(struct score_weights, availability),
     offsetof(struct score_parts, availability)},
    {"reliability", offsetof(struct score_weights, reliability),
     offsetof(struct score_parts, reliability)},
};
enum { TERM_COUNT = sizeof terms / sizeof terms[0] };

static double weight_of(const struct score_weights *weights, unsigned term)
{
    double value;
    memcpy(&value, (const char *)weights + terms[term].weight, sizeof value);
    return value;
}

static int32_t part_of(const struct score_parts *parts, unsigned term)
{
    int32_t value;
    memcpy(&value, (const char *)parts + terms[term].part, sizeof value);
    return value;
}

static void begin_row(struct text *text, const char *label, const char *weight)
{
    text_format(text, "  %-12s%6s", label, weight);
}

static void put_scores(struct text *text, const struct router_order *order,
                       const struct score_weights *weights)
{
    for (unsigned term = 0; term < TERM_COUNT; term++) {
        char shown[CELL_MAX];
        (void)snprintf(shown, sizeof shown, "%.3f", weight_of(weights, term));
        begin_row(text, terms[term].name, shown);
        for (unsigned rank = 0; rank < order->quote_count; rank++) {
            const int32_t part = part_of(&order->parts[order->ranked[rank]], term);
            text_format(text, " %4d %9.3f", part, weight_of(weights, term) * part);
        }
        text_char(text, '\n');
    }
    begin_row(text, "score", "");
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        text_format(text, " %14.3f", order->parts[order->ranked[rank]].score);
    }
    text_char(text, '\n');
}

/* ---- the quotes ---- */

static void write_money(const struct quote *quote, unsigned row, char cell[static CELL_MAX])
{
    const int64_t cents[] = {quote->subtotal_cents, quote->fee_cents, quote->tax_cents,
                             quote->total_cents};
    const int64_t amount = cents[row];
    (void)snprintf(cell, CELL_MAX, "$%" PRId64 ".%02d", amount / 100, (int)(amount % 100));
}

static const char *const quote_rows[] = {"subtotal", "delivery fee", "tax",  "total",
                                         "ETA",      "items",        "kind", "answered"};
enum {
    ROW_TOTAL = 3,
    MONEY_ROWS,
    ROW_ETA = MONEY_ROWS,
    ROW_ITEMS,
    ROW_KIND,
    ROW_ANSWERED,
    ROW_COUNT
};

static void write_cell(const struct router_order *order, const struct order_slot *slot,
                       unsigned row, char cell[static CELL_MAX])
{
    const struct quote *quote = &slot->result.quote;
    if (row < MONEY_ROWS) {
        write_money(quote, row, cell);
    } else if (row == ROW_ETA && quote->eta_minutes == 0) {
        (void)snprintf(cell, CELL_MAX, "none given");
    } else if (row == ROW_ETA) {
        (void)snprintf(cell, CELL_MAX, "%d min", quote->eta_minutes);
    } else if (row == ROW_ITEMS && quote->substituted > 0) {
        (void)snprintf(cell, CELL_MAX, "%u+%u of %u", quote->found, quote->substituted,
                       quote->requested);
    } else if (row == ROW_ITEMS) {
        (void)snprintf(cell, CELL_MAX, "%u of %u", quote->found, quote->requested);
    } else if (row == ROW_KIND) {
        (void)snprintf(cell, CELL_MAX, "%s",
                       quote->canned      ? "canned"
                       : quote->estimated ? "estimated"
                                          : "quoted");
    } else if (slot->settled_us == order->start_us) {
        (void)snprintf(cell, CELL_MAX, "at once"); /* canned: nothing was called */
    } else {
        char span[DURATION_TEXT_MAX];
        duration_for_people(slot->settled_us - order->start_us, span);
        (void)snprintf(cell, CELL_MAX, "%s", span);
    }
}

static void put_quotes(struct text *text, const struct router_order *order)
{
    for (unsigned row = 0; row < ROW_COUNT; row++) {
        begin_row(text, quote_rows[row], "");
        for (unsigned rank = 0; rank < order->quote_count; rank++) {
            char cell[CELL_MAX];
            write_cell(order, &order->slots[order->ranked[rank]], row, cell);
            text_format(text, " %14s", cell);
        }
        text_char(text, '\n');
    }
}

/* ---- words ---- */

static bool is_ranked(const struct router_order *order, unsigned slot)
{
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        if (order->ranked[rank] == slot) return true;
    }
    return false;
}

static void put_absent(struct text *text, const struct router_order *order)
{
    for (unsigned i = 0; i < order->candidate_count; i++) {
        if (is_ranked(order, i)) continue;
        const struct order_slot *slot = &order->slots[i];
        char code[QUOTE_CODE_MAX], span[DURATION_TEXT_MAX];
        duration_for_people(slot->settled_us - order->start_us, span);
        text_format(text, "  %s gave no quote: %s after %s\n",
                    provider_traits[slot->provider].display,
                    slot->result.outcome == QUOTE_OK
                        ? "left out by policy"
                        : quote_code(slot->result.outcome, slot->result.http_status, code),
                    span);
    }
}

static void put_sentences(struct text *text, const struct router_order *order)
{
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        const unsigned slot = order->ranked[rank];
        char sentence[SCORE_EXPLANATION_MAX];
        const enum provider provider = order->slots[slot].provider;
        score_explain(provider, &order->parts[slot], sentence);
        if (rank == 0) {
            text_format(text, "%s\n", sentence);
            continue;
        }
        /* The scorer's sentence, about one that was not selected. */
        const char *reason = strstr(sentence, " for ");
        text_format(text, "  %u. %s, %.3f points behind; its strong points: %s\n", rank + 1,
                    provider_traits[provider].display,
                    order->parts[order->ranked[0]].score - order->parts[slot].score,
                    reason != NULL ? reason + 5 : "none.");
    }
}

static void put_failure(struct text *text, const struct router_order *order, enum profile profile)
{
    text_format(text, "Not routed: %s%s%s\n",
                order_code_name((enum order_code)order->code, profile),
                order->fault != NULL ? ": " : "", order->fault != NULL ? order->fault : "");
    put_absent(text, order);
}

void explain_write_brief(struct text *text, const struct router_order *order, enum profile profile)
{
    assert(order->decided);
    if (order->code != ORDER_ROUTED) {
        put_failure(text, order, profile);
        return;
    }
    put_sentences(text, order);
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        const struct order_slot *slot = &order->slots[order->ranked[rank]];
        char total[CELL_MAX], eta[CELL_MAX];
        write_cell(order, slot, ROW_TOTAL, total);
        write_cell(order, slot, ROW_ETA, eta);
        text_format(text, "  %-10s %10s  %10s\n", provider_traits[slot->provider].short_name, total,
                    eta);
    }
    put_absent(text, order);
}

void explain_write(struct text *text, const struct router_order *order,
                   const struct score_weights *weights, enum profile profile)
{
    assert(order->decided);
    if (order->code != ORDER_ROUTED) {
        put_failure(text, order, profile);
        return;
    }
    assert(order->quote_count >= 1);
    put_sentences(text, order);
    text_char(text, '\n');
    begin_row(text, "", "weight");
    for (unsigned rank = 0; rank < order->quote_count; rank++) {
        const struct order_slot *slot = &order->slots[order->ranked[rank]];
        text_format(text, " %14s", provider_traits[slot->provider].short_name);
    }
    text_char(text, '\n');
    put_scores(text, order, weights);
    text_char(text, '\n');
    put_quotes(text, order);
    put_absent(text, order);
}
