#include "sim/world/quote_record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static_assert(sizeof(struct quote_record_header) == 64, "the header's layout is the file's");
static_assert(sizeof(struct quote_record_quote) == 64, "a quote's layout is the file's");
static_assert(sizeof(struct quote_record) == 304, "a record's layout is the file's");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the file is little-endian");

void quote_record_config(struct quote_record *record, const struct router *router)
{
    const struct score_weights *weights = &router->config->weights;
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_CONFIG;
    record->as.config.profile = (uint8_t)router->config->profile;
    record->as.config.zero_is_missing = router->policy.zero_is_missing;
    record->as.config.missing_items = (uint8_t)router->policy.missing_items;
    record->as.config.fill_least = router->policy.fill_least;
    const double in_order[6] = {weights->priority,   weights->price,        weights->speed,
                                weights->commission, weights->availability, weights->reliability};
    memcpy(record->as.config.weights, in_order, sizeof in_order);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        record->as.config.timeout_us[p] = router->config->providers[p].timeout_us;
        record->as.config.enabled[p] = router->config->providers[p].enabled;
    }
}

static void record_quoted(struct quote_record_quote *into, const struct quote *quote)
{
    into->flags |= (uint8_t)((quote->canned ? QUOTE_FLAG_CANNED : 0) |
                             (quote->estimated ? QUOTE_FLAG_ESTIMATED : 0) |
                             (quote->cached ? QUOTE_FLAG_CACHED : 0));
    into->found = quote->found;
    into->substituted = quote->substituted;
    into->eta_minutes = quote->eta_minutes;
    into->total_cents = quote->total_cents;
    into->subtotal_cents = quote->subtotal_cents;
}

static void record_quote(struct quote_record_quote *into, const struct router *router,
                         const struct router_order *order, const struct order_slot *slot)
{
    const struct provider_history *known = &router->history.providers[slot->provider];
    const struct quote *quote = &slot->result.quote;
    const bool quoted = slot->result.outcome == QUOTE_OK;
    into->provider = slot->provider;
    into->outcome = slot->real_outcome;
    into->flags = (uint8_t)((known->has_success_rate ? QUOTE_FLAG_SUCCESS_RATE : 0) |
                            (known->has_margin_rate ? QUOTE_FLAG_MARGIN_RATE : 0) |
                            (slot->fell_back ? QUOTE_FLAG_FELL_BACK : 0));
    into->http_status = slot->result.http_status;
    into->priority = (int16_t)slot->priority;
    into->latency_us = slot->settled_us - order->start_us;
    into->timeout_us = slot->deadline_us - order->start_us;
    into->success_rate = known->success_rate;
    into->margin_rate = known->margin_rate;
    if (!quoted) return;
    record_quoted(into, quote);
}

void quote_record_order(struct quote_record *record, const struct router *router,
                        const struct router_order *order)
{
    assert(order->decided);
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_ORDER;
    record->as.order.code = order->code;
    record->as.order.preference = (uint8_t)order->request->preference;
    record->as.order.quote_count = order->candidate_count;
    record->as.order.selected = order->code == ORDER_ROUTED ? order->ranked[0] : 255;
    record->as.order.items = (uint16_t)order->request->item_count;
    record->as.order.index = order->index;
    record->as.order.start_us = order->start_us;
    record->as.order.decided_us = order->decided_us;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        record_quote(&record->as.order.quotes[i], router, order, &order->slots[i]);
    }
    for (unsigned i = 0; i < order->quote_count; i++) {
        record->as.order.quotes[order->ranked[i]].flags |= QUOTE_FLAG_SCORED;
    }
}

void quote_record_late(struct quote_record *record, const struct router_order *order, unsigned slot,
                       const struct quote_result *result, int64_t now_us)
{
    const struct order_slot *asked = &order->slots[slot];
    struct quote_record_quote *into = &record->as.late.quote;
    memset(record, 0, sizeof *record);
    record->kind = QUOTE_RECORD_LATE;
    record->as.late.slot = (uint8_t)slot;
    record->as.late.index = order->index;
    record->as.late.start_us = order->start_us;
    into->provider = asked->provider;
    into->outcome = (uint8_t)result->outcome;
    into->http_status = result->http_status;
    into->latency_us = now_us - order->start_us;
    into->timeout_us = asked->deadline_us - order->start_us;
    if (result->outcome == QUOTE_OK) record_quoted(into, &result->quote);
}

bool quote_record_open(struct quote_record_reader *reader, const char *path, struct err *err)
{
    *reader = (struct quote_record_reader){.path = path};
    const struct place place = {.file = path};
    reader->stream = fopen(path, "rb");
    if (reader->stream == NULL) {
        return err_fail(err, ERR_ENVIRONMENT, place, "cannot read it: %s", strerror(errno));
    }
    const size_t got = fread(&reader->header, sizeof reader->header, 1, reader->stream);
    const struct quote_record_header *header = &reader->header;
    if (got != 1 || memcmp(header->magic, QUOTE_RECORD_MAGIC, sizeof header->magic) != 0) {
        quote_record_close(reader);
        return err_fail(err, ERR_INPUT, place, "this is no quote record of routesim");
    }
    if (header->version != QUOTE_RECORD_VERSION ||
        header->record_bytes != sizeof(struct quote_record)) {
        const uint32_t version = header->version;
        quote_record_close(reader);
        (void)err_fail(err, ERR_INPUT, place, "version %u of the quote record is not known here",
                       (unsigned)version);
        return err_hint(err, "run the scenario again with this routesim");
    }
    return true;
}

/* Far beyond any cart and any run, so that sums of what is read cannot overflow. */
#define CENTS_MOST   (INT64_C(1) << 40)
#define INSTANT_MOST (INT64_C(1) << 50) /* 35 years */

static bool quote_reads(const struct quote_record_quote *quote)
{
    return quote->provider < PROVIDER_COUNT && quote->outcome < QUOTE_OUTCOME_COUNT &&
           quote->total_cents >= -CENTS_MOST && quote->total_cents <= CENTS_MOST &&
           quote->subtotal_cents >= -CENTS_MOST && quote->subtotal_cents <= CENTS_MOST;
}

static bool order_reads(const struct quote_record *record)
{
    const int64_t start_us = record->as.order.start_us, decided_us = record->as.order.decided_us;
    if (record->as.order.code >= ORDER_CODE_COUNT) return false;
    if (record->as.order.quote_count > PROVIDER_COUNT) return false;
    if (record->as.order.preference >= PREFERENCE_COUNT) return false;
    if (start_us < 0 || decided_us < start_us || decided_us > INSTANT_MOST) return false;
    for (unsigned i = 0; i < record->as.order.quote_count; i++)
        if (!quote_reads(&record->as.order.quotes[i])) return false;
    const bool routed = record->as.order.code == ORDER_ROUTED;
    return routed == (record->as.order.selected < record->as.order.quote_count);
}

static bool late_reads(const struct quote_record *record)
{
    const struct quote_record_quote *quote = &record->as.late.quote;
    return record->as.late.slot < PROVIDER_COUNT && record->as.late.start_us >= 0 &&
           quote_reads(quote) && quote->latency_us >= 0 && quote->latency_us <= INSTANT_MOST;
}

bool quote_record_next(struct quote_record_reader *reader, struct quote_record *record,
                       struct err *err)
{
    err->code = ERR_NONE;
    const size_t got = fread(record, 1, sizeof *record, reader->stream);
    if (got == sizeof *record) {
        reader->record++;
        if (record->kind == QUOTE_RECORD_CONFIG ||
            (record->kind == QUOTE_RECORD_ORDER && order_reads(record)) ||
            (record->kind == QUOTE_RECORD_LATE && late_reads(record))) {
            return true;
        }
    } else if (got == 0 && feof(reader->stream)) {
        return false;
    }
    (void)err_fail(err, ERR_INPUT, (struct place){.file = reader->path},
                   "record %llu is damaged or cut off", (unsigned long long)reader->record);
    return false;
}

void quote_record_close(struct quote_record_reader *reader)
{
    if (reader->stream != NULL) (void)fclose(reader->stream);
    reader->stream = NULL;
}
