#include "sim/analysis/decisions.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *const decision_gap_texts[GAP_COUNT] = {
    [GAP_NO_DECISION] = "neither a decision nor a failure was logged",
    [GAP_NO_QUOTES] = "a decision was logged, but not one of its quotes",
    [GAP_QUOTE_MISSING] = "the decision counts other quotes than were logged",
    [GAP_FIELD_MISSING] = "a field is missing, or says what cannot be",
    [GAP_SELECTED_MISSING] = "the selected provider's quote was not logged",
    [GAP_NOT_READABLE] = "one of its lines cannot be read",
    [GAP_CONTRADICTION] = "its id was used for two different orders",
};

/* ---- the set ---- */

bool decisions_reserve(struct decision_set *set, uint32_t count, struct err *err)
{
    struct quote_record *orders = realloc(set->orders, (count + 1u) * sizeof *orders);
    if (orders != NULL) set->orders = orders;
    uint8_t *config_of = realloc(set->config_of, count + 1u);
    if (config_of != NULL) set->config_of = config_of;
    if (orders != NULL && config_of != NULL) {
        set->capacity = count;
        return true;
    }
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for %u orders",
                    (unsigned)count);
}

void decisions_release(struct decision_set *set)
{
    free(set->orders);
    free(set->config_of);
    free(set->late);
    *set = (struct decision_set){0};
}

struct placed { /* an order and where it lies, for sorting */
    int64_t start_us;
    uint64_t index;
    uint32_t place;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *const a = left, *const b = right;
    if (a->start_us != b->start_us) return a->start_us < b->start_us ? -1 : 1;
    if (a->index != b->index) return a->index < b->index ? -1 : 1;
    return a->place < b->place ? -1 : 1;
}

static bool is_sorted(const struct decision_set *set)
{
    for (uint32_t i = 1; i < set->count; i++) {
        const struct quote_record *before = &set->orders[i - 1], *after = &set->orders[i];
        if (after->as.order.start_us < before->as.order.start_us) return false;
        if (after->as.order.start_us == before->as.order.start_us &&
            after->as.order.index < before->as.order.index)
            return false;
    }
    return true;
}

/* Out of memory leaves the set as it was, in the order of decisions: nothing is wrong with that but
 * that neighbours are not neighbours in time; so it is an error. */
static bool sort_orders(struct decision_set *set, struct err *err)
{
    if (is_sorted(set)) return true;
    struct placed *placed = malloc(set->count * sizeof *placed);
    struct quote_record *orders = malloc((set->count + 1u) * sizeof *orders);
    uint8_t *config_of = malloc(set->count + 1u);
    const bool room = placed != NULL && orders != NULL && config_of != NULL;
    for (uint32_t i = 0; room && i < set->count; i++)
        placed[i] =
            (struct placed){set->orders[i].as.order.start_us, set->orders[i].as.order.index, i};
    if (room) {
        qsort(placed, set->count, sizeof *placed, compare_placed);
        for (uint32_t i = 0; i < set->count; i++) {
            orders[i] = set->orders[placed[i].place];
            config_of[i] = set->config_of[placed[i].place];
        }
        free(set->orders);
        free(set->config_of);
        set->orders = orders;
        set->config_of = config_of;
    } else {
        free(orders);
        free(config_of);
    }
    free(placed);
    return room || err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
}

static bool has_quote(const struct quote_record_quote *quote)
{
    return quote->outcome == QUOTE_OK || (quote->flags & QUOTE_FLAG_FELL_BACK) != 0;
}

static void count_coverage(struct decision_set *set)
{
    struct decision_coverage *coverage = &set->coverage;
    coverage->usable = 0;
    coverage->without_quotes = 0;
    coverage->eta_imputed = 0;
    for (uint32_t i = 0; i < set->count; i++) {
        const struct quote_record *record = &set->orders[i];
        bool any = false;
        for (unsigned q = 0; q < record->as.order.quote_count; q++) {
            if (!has_quote(&record->as.order.quotes[q])) continue;
            any = true;
            coverage->eta_imputed += record->as.order.quotes[q].eta_minutes == 0;
        }
        coverage->usable += any;
        coverage->without_quotes += !any;
    }
}

/* ---- how abandoned calls ended ---- */

static int compare_late(const void *left, const void *right)
{
    const struct decision_late *const a = left, *const b = right;
    if (a->order != b->order) return a->order < b->order ? -1 : 1;
    return a->slot - b->slot;
}

static int compare_ended(const void *left, const void *right)
{
    const struct decision_late *const a = left, *const b = right;
    const int by_place = compare_late(a, b);
    if (by_place != 0) return by_place;
    if (a->quote.latency_us != b->quote.latency_us)
        return a->quote.latency_us < b->quote.latency_us ? -1 : 1;
    return memcmp(&a->quote, &b->quote, sizeof a->quote);
}

static uint32_t place_of(const struct decision_set *set, int64_t start_us, uint64_t index)
{
    uint32_t low = 0, high = set->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        const struct quote_record *record = &set->orders[middle];
        const bool before =
            record->as.order.start_us < start_us ||
            (record->as.order.start_us == start_us && record->as.order.index < index);
        if (before) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    const bool found = low < set->count && set->orders[low].as.order.index == index &&
                       set->orders[low].as.order.start_us == start_us;
    return found ? low : UINT32_MAX;
}

/* Only a quote that was given up for its timeout can come late; the rest of what the scorer sees is
 * in the order's own record. */
static bool fits(const struct decision_set *set, struct decision_late *late)
{
    late->order = place_of(set, late->start_us, late->index);
    if (late->order == UINT32_MAX) return false;
    const struct quote_record *record = &set->orders[late->order];
    if (late->slot >= record->as.order.quote_count) return false;
    const struct quote_record_quote *asked = &record->as.order.quotes[late->slot];
    if (asked->outcome != QUOTE_TIMEOUT || asked->provider != late->quote.provider) return false;
    if (late->quote.latency_us < asked->timeout_us) return false; /* it would have been in time */
    late->quote.priority = asked->priority;
    late->quote.success_rate = asked->success_rate;
    late->quote.margin_rate = asked->margin_rate;
    late->quote.flags |=
        (uint8_t)(asked->flags & (QUOTE_FLAG_SUCCESS_RATE | QUOTE_FLAG_MARGIN_RATE));
    return true;
}

static void place_late(struct decision_set *set)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < set->late_count; i++) {
        struct decision_late late = set->late[i];
        if (fits(set, &late)) set->late[kept++] = late;
    }
    if (kept > 1) qsort(set->late, kept, sizeof *set->late, compare_ended);
    const uint32_t placed = kept;
    kept = 0;
    for (uint32_t i = 0; i < placed; i++) /* a call ends once: the first counts */
        if (kept == 0 || compare_late(&set->late[kept - 1], &set->late[i]) != 0)
            set->late[kept++] = set->late[i];
    set->late_unplaced += set->late_count - kept;
    set->late_count = kept;
}

bool decisions_push_late(struct decision_set *set, const struct quote_record *record,
                         struct err *err)
{
    if (set->late_count == set->late_capacity) {
        const uint32_t capacity = set->late_capacity * 2 + 256;
        struct decision_late *late = realloc(set->late, capacity * sizeof *late);
        if (late == NULL)
            return err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                            "out of memory for %u late answers", (unsigned)capacity);
        set->late = late;
        set->late_capacity = capacity;
    }
    set->late[set->late_count++] = (struct decision_late){.start_us = record->as.late.start_us,
                                                          .index = record->as.late.index,
                                                          .slot = record->as.late.slot,
                                                          .quote = record->as.late.quote};
    return true;
}

bool decisions_finish(struct decision_set *set, struct err *err)
{
    count_coverage(set);
    if (!sort_orders(set, err)) return false;
    place_late(set);
    return true;
}

/* ---- quotes.bin ---- */

static bool take_config(struct decision_set *set, const struct quote_record *record,
                        const char *path, struct err *err)
{
    if (set->config_count > 0 &&
        memcmp(&set->configs[set->config_count - 1], record, sizeof *record) == 0)
        return true;
    if (set->config_count == DECISION_CONFIGS_MAX) {
        return err_fail(err, ERR_INPUT, (struct place){.file = path},
                        "the router was configured anew more than %d times", DECISION_CONFIGS_MAX);
    }
    set->configs[set->config_count++] = *record;
    return true;
}

static bool take_records(struct decision_set *set, struct quote_record_reader *reader,
                         struct err *err)
{
    struct quote_record record;
    while (quote_record_next(reader, &record, err)) {
        if (record.kind == QUOTE_RECORD_CONFIG) {
            if (!take_config(set, &record, reader->path, err)) return false;
            continue;
        }
        if (record.kind == QUOTE_RECORD_LATE) {
            if (!decisions_push_late(set, &record, err)) return false;
            continue;
        }
        if (set->config_count == 0) {
            return err_fail(err, ERR_INPUT, (struct place){.file = reader->path},
                            "an order comes before the router's configuration");
        }
        set->coverage.requests++;
        set->coverage.quotes_expected += record.as.order.quote_count;
        set->coverage.quotes_seen += record.as.order.quote_count;
        set->config_of[set->count] = (uint8_t)(set->config_count - 1u);
        set->orders[set->count++] = record;
    }
    return err->code == ERR_NONE;
}

bool decisions_read_record(struct decision_set *set, const char *path, struct err *err)
{
    struct quote_record_reader reader;
    struct stat facts;
    *set = (struct decision_set){.weights_known = true};
    if (stat(path, &facts) != 0) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = path},
                       "there is no such file: the run kept no quotes");
        return err_hint(err, "run it again without --no-quotes");
    }
    if (!quote_record_open(&reader, path, err)) return false;
    set->header = reader.header;
    const uint64_t most = (uint64_t)facts.st_size / sizeof(struct quote_record);
    bool ok = most < UINT32_MAX || err_fail(err, ERR_INPUT, (struct place){.file = path},
                                            "more than 4,294,967,294 orders");
    ok = ok && decisions_reserve(set, (uint32_t)most, err) && take_records(set, &reader, err) &&
         decisions_finish(set, err);
    quote_record_close(&reader);
    if (!ok) decisions_release(set);
    return ok;
}

/* ---- a running router ---- */

bool decisions_add(struct decision_set *set, const struct router *router,
                   const struct router_order *order, struct err *err)
{
    struct quote_record record;
    if (set->count == set->capacity && !decisions_reserve(set, set->capacity * 2 + 4096, err))
        return false;
    quote_record_config(&record, router);
    if (!take_config(set, &record, "the run", err)) return false;
    quote_record_order(&record, router, order);
    set->coverage.requests++;
    set->coverage.quotes_expected += record.as.order.quote_count;
    set->coverage.quotes_seen += record.as.order.quote_count;
    set->config_of[set->count] = (uint8_t)(set->config_count - 1u);
    set->orders[set->count++] = record;
    return true;
}

bool decisions_add_late(struct decision_set *set, const struct router_order *order, unsigned slot,
                        const struct quote_result *result, int64_t now_us, struct err *err)
{
    struct quote_record record;
    quote_record_late(&record, order, slot, result, now_us);
    return decisions_push_late(set, &record, err);
}

/* ---- deciding again ---- */

static const struct quote_record *config_of(const struct decision_set *set, uint32_t order)
{
    return &set->configs[set->config_of[order]];
}

struct score_weights decision_weights(const struct decision_set *set, uint32_t order)
{
    const double *w = config_of(set, order)->as.config.weights;
    return (struct score_weights){.priority = w[0],
                                  .price = w[1],
                                  .speed = w[2],
                                  .commission = w[3],
                                  .availability = w[4],
                                  .reliability = w[5]};
}

const struct quote_record_quote *decision_quote(const struct decision_set *set, uint32_t order,
                                                unsigned slot)
{
    const struct quote_record_quote *recorded = &set->orders[order].as.order.quotes[slot];
    if (recorded->outcome != QUOTE_TIMEOUT || set->late_count == 0) return recorded;
    const struct decision_late wanted = {.order = order, .slot = (uint8_t)slot};
    const struct decision_late *late =
        bsearch(&wanted, set->late, set->late_count, sizeof *set->late, compare_late);
    return late != NULL ? &late->quote : recorded;
}

/* The quote that an order has from a candidate under a view; NULL: none. A canned quote that stands
 * in was there from the instant its call failed; a shorter timeout only makes that earlier. One
 * that was forced comes at once. */
static const struct quote_record_quote *in_view(const struct decision_set *set, uint32_t order,
                                                unsigned slot, const struct decision_view *view)
{
    const struct quote_record_quote *recorded = &set->orders[order].as.order.quotes[slot];
    const int64_t timeout_us = view == NULL ? 0 : view->timeout_us[recorded->provider];
    if (view != NULL && (view->without >> recorded->provider & 1u) != 0) return NULL;
    if (timeout_us == 0) return has_quote(recorded) ? recorded : NULL;
    const struct quote_record_quote *known = decision_quote(set, order, slot);
    if (known->outcome == QUOTE_OK && known->latency_us < timeout_us) return known;
    return (recorded->flags & QUOTE_FLAG_FELL_BACK) != 0 ? recorded : NULL;
}

int64_t decision_slot_wait(const struct decision_set *set, uint32_t order, unsigned slot,
                           const struct decision_view *view)
{
    const struct quote_record_quote *recorded = &set->orders[order].as.order.quotes[slot];
    const int64_t timeout_us = view == NULL ? 0 : view->timeout_us[recorded->provider];
    if (view != NULL && (view->without >> recorded->provider & 1u) != 0) return 0;
    if (timeout_us == 0) return recorded->latency_us;
    const struct quote_record_quote *known = decision_quote(set, order, slot);
    const bool ended = known != recorded || known->outcome != QUOTE_TIMEOUT; /* given up for good */
    return ended && known->latency_us < timeout_us ? known->latency_us : timeout_us;
}

int64_t decision_wait(const struct decision_set *set, uint32_t order,
                      const struct decision_view *view)
{
    int64_t longest_us = 0;
    for (unsigned i = 0; i < set->orders[order].as.order.quote_count; i++) {
        const int64_t wait_us = decision_slot_wait(set, order, i, view);
        if (wait_us > longest_us) longest_us = wait_us;
    }
    return longest_us;
}

static struct quote quote_of(const struct quote_record *record,
                             const struct quote_record_quote *quote)
{
    return (struct quote){.subtotal_cents = quote->subtotal_cents,
                          .total_cents = quote->total_cents,
                          .eta_minutes = quote->eta_minutes,
                          .requested = record->as.order.items,
                          .found = quote->found,
                          .substituted = quote->substituted};
}

/* What the scorer is given of the quotes that are there, by slot; NULL: none. */
static void fill_inputs(const struct decision_set *set, uint32_t order,
                        const struct quote_record_quote *const there[PROVIDER_COUNT],
                        struct decision_inputs *inputs)
{
    const struct quote_record *record = &set->orders[order];
    const struct quote_record *config = config_of(set, order);
    struct quote quotes[PROVIDER_COUNT];
    const struct quote *present[PROVIDER_COUNT];
    const struct quote_record_quote *seen[PROVIDER_COUNT];
    uint8_t slots[PROVIDER_COUNT];
    unsigned count = 0;
    for (unsigned i = 0; i < record->as.order.quote_count; i++) {
        if (there[i] == NULL) continue;
        seen[count] = there[i];
        quotes[count] = quote_of(record, seen[count]);
        present[count] = &quotes[count];
        slots[count++] = (uint8_t)i;
    }
    inputs->count = 0;
    inputs->items = record->as.order.items;
    inputs->zero_is_missing = config->as.config.zero_is_missing != 0;
    for (unsigned i = 0; i < count; i++) {
        const struct quote_record_quote *quote = seen[i];
        int64_t total_cents = quote->total_cents;
        if (config->as.config.missing_items == MISSING_ITEMS_EXCLUDED &&
            quote->found + quote->substituted <
                config->as.config.fill_least * record->as.order.items)
            continue;
        if (config->as.config.missing_items == MISSING_ITEMS_MEDIAN)
            total_cents += quote_missing_cents(&quotes[i], present, count);
        inputs->slots[inputs->count] = slots[i];
        inputs->quotes[inputs->count] = quote;
        inputs->inputs[inputs->count++] =
            (struct score_input){.provider = (enum provider)quote->provider,
                                 .priority = quote->priority,
                                 .total_cents = total_cents,
                                 .eta_minutes = quote->eta_minutes,
                                 .found = quote->found,
                                 .substituted = quote->substituted,
                                 .has_success_rate = (quote->flags & QUOTE_FLAG_SUCCESS_RATE) != 0,
                                 .has_margin_rate = (quote->flags & QUOTE_FLAG_MARGIN_RATE) != 0,
                                 .success_rate = quote->success_rate,
                                 .margin_rate = quote->margin_rate};
    }
}

void decision_inputs_of(const struct decision_set *set, uint32_t order,
                        const struct decision_view *view, struct decision_inputs *inputs)
{
    const struct quote_record_quote *there[PROVIDER_COUNT] = {NULL};
    for (unsigned i = 0; i < set->orders[order].as.order.quote_count; i++)
        there[i] = in_view(set, order, i, view);
    fill_inputs(set, order, there, inputs);
}

void decision_inputs_of_mask(const struct decision_set *set, uint32_t order, uint8_t known,
                             uint8_t recorded, struct decision_inputs *inputs)
{
    const struct quote_record_quote *there[PROVIDER_COUNT] = {NULL};
    for (unsigned i = 0; i < set->orders[order].as.order.quote_count; i++) {
        const struct quote_record_quote *quote = NULL;
        if (((unsigned)known >> i & 1u) != 0) quote = decision_quote(set, order, i);
        if (quote != NULL && quote->outcome != QUOTE_OK) quote = NULL;
        if (quote == NULL && ((unsigned)recorded >> i & 1u) != 0)
            quote = &set->orders[order].as.order.quotes[i];
        if (quote != NULL && has_quote(quote)) there[i] = quote;
    }
    fill_inputs(set, order, there, inputs);
}

uint32_t decision_select(const struct decision_inputs *inputs, const struct score_weights *weights,
                         enum preference preference, struct score_parts *parts)
{
    struct score_parts scored[PROVIDER_COUNT];
    uint8_t ranked[PROVIDER_COUNT];
    const struct score_weights scaled = score_weights_for(weights, preference);
    assert(inputs->count >= 1);
    score_quotes(&scaled, inputs->items, inputs->zero_is_missing, inputs->inputs, inputs->count,
                 scored);
    score_rank(scored, inputs->count, ranked);
    if (parts != NULL) memcpy(parts, scored, inputs->count * sizeof *parts);
    return ranked[0];
}

uint64_t decisions_reproduced(const struct decision_set *set, uint32_t *first_differing)
{
    uint64_t reproduced = 0;
    uint32_t first = set->count;
    for (uint32_t i = 0; i < set->count; i++) {
        struct decision_inputs inputs;
        const struct quote_record *record = &set->orders[i];
        decision_inputs_of(set, i, NULL, &inputs);
        if (inputs.count == 0) continue;
        const struct score_weights weights = decision_weights(set, i);
        const uint32_t selected =
            decision_select(&inputs, &weights, (enum preference)record->as.order.preference, NULL);
        const bool same = inputs.slots[selected] == record->as.order.selected;
        reproduced += same;
        if (!same && first == set->count) first = i;
    }
    if (first_differing != NULL) *first_differing = first;
    return reproduced;
}
