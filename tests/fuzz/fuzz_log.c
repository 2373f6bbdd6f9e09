/* Whatever an event log holds: no crash, no leak; what is refused has a reason; what is accepted is
 * counted in full, can be decided again under any timeout, and every late answer belongs to a call
 * that was given up under the timeout it was late for, one a call. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/analysis/decisions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct quote_record assumed_config(void)
{
    const struct score_weights *w = &score_weights_default;
    const double weights[6] = {w->priority,   w->price,        w->speed,
                               w->commission, w->availability, w->reliability};
    struct quote_record record = {.kind = QUOTE_RECORD_CONFIG};
    record.as.config.zero_is_missing = 1;
    record.as.config.missing_items = MISSING_ITEMS_MEDIAN;
    memcpy(record.as.config.weights, weights, sizeof weights);
    return record;
}

static void check_coverage(const struct decision_set *set)
{
    const struct decision_coverage *coverage = &set->coverage;
    uint64_t left_out = 0;
    for (unsigned g = 0; g < GAP_COUNT; g++)
        left_out += coverage->gaps[g];
    assert(coverage->usable > 0);
    assert(coverage->usable + coverage->without_quotes == set->count);
    assert(set->count + left_out == coverage->requests);
    assert(coverage->lines_unreadable <= coverage->lines);
    assert(coverage->late_damaged + set->late_unplaced + set->late_count <= coverage->late_seen);
}

static void check_late(const struct decision_set *set)
{
    for (uint32_t i = 0; i < set->late_count; i++) {
        const struct decision_late *late = &set->late[i];
        assert(late->order < set->count);
        const struct quote_record *record = &set->orders[late->order];
        assert(late->slot < record->as.order.quote_count);
        const struct quote_record_quote *asked = &record->as.order.quotes[late->slot];
        assert(asked->outcome == QUOTE_TIMEOUT && asked->provider == late->quote.provider);
        assert(asked->timeout_us == late->quote.timeout_us);
        assert(late->quote.latency_us >= late->quote.timeout_us);
        if (i == 0) continue;
        assert(late[-1].order < late->order ||
               (late[-1].order == late->order && late[-1].slot < late->slot));
    }
}

static void decide(const struct decision_set *set, uint32_t order, const struct decision_view *view)
{
    struct decision_inputs inputs;
    const struct score_weights weights = decision_weights(set, order);
    const struct quote_record *record = &set->orders[order];
    decision_inputs_of(set, order, view, &inputs);
    assert(inputs.count <= record->as.order.quote_count);
    assert(decision_wait(set, order, view) >= 0);
    if (inputs.count == 0) return;
    const enum preference preference = (enum preference)record->as.order.preference;
    assert(decision_select(&inputs, &weights, preference, NULL) < inputs.count);
}

static void check_orders(const struct decision_set *set)
{
    struct decision_view brief = {0}, patient = {0};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        brief.timeout_us[p] = 1;
        patient.timeout_us[p] = INT64_C(1) << 50;
    }
    for (uint32_t i = 0; i < set->count; i++) {
        const struct quote_record *record = &set->orders[i];
        assert(record->as.order.quote_count <= PROVIDER_COUNT);
        assert(record->as.order.start_us >= 0);
        assert(record->as.order.decided_us >= record->as.order.start_us);
        assert((record->as.order.code == ORDER_ROUTED) == (record->as.order.selected != 255));
        decide(set, i, NULL);
        decide(set, i, &brief);
        decide(set, i, &patient);
    }
    assert(decisions_reproduced(set, NULL) <= set->coverage.usable);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct err_list list;
    static const struct err_list none;
    struct decision_set set;
    const struct quote_record config = assumed_config();
    char path[] = "/tmp/routesim-fuzz-XXXXXX";
    const int file = mkstemp(path);
    assert(file >= 0);
    const ssize_t written = write(file, data, size);
    assert(written == (ssize_t)size);
    list = none;
    if (decisions_read_log(&set, path, &config, &list)) {
        check_coverage(&set);
        check_orders(&set);
        check_late(&set);
        decisions_release(&set);
    } else {
        assert(list.count > 0);
    }
    (void)close(file);
    (void)unlink(path);
    return 0;
}
