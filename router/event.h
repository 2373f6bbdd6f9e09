/* router/event.h - what production logs, one JSON object a line, field names as production spells
 * them.
 *
 * An event is a view: a kind, the order, the slot it is about and the instant. Nothing is copied
 * until somebody wants it in writing. event_write() appends one line with `timestamp` (ISO 8601
 * UTC, milliseconds) and `requestId`; latencies carry three decimals, so that no microsecond is
 * lost.
 *
 * Besides production's fields a log holds what it takes to decide every order again:
 * provider_quote_success carries itemsSubstituted, priority, subtotalCents, `canned` and, of a
 * quote that was kept from an earlier order and of no other, `cached`,
 * provider_fallback the canned quote that stands in, and router_decision the preference and, per
 * scored provider, the history it was scored with:
 * "history":{"KROGER_API":{"successRate":96.5,"avgMarginRate":3}}, null where nothing was known.
 * estimatedDeliveryMinutes is null where the provider gave none. Keys stand in one order.
 *
 * With policy.log_late_quotes, and only then, a log also holds what it takes to decide every order
 * again under longer timeouts: provider_quote_late is how a call ended that was given up, with
 * `lateByMs` after its timeout, the quote (of a good answer) or error and errorCode; TIMEOUT when
 * its life was over before an answer came. Such an answer could not be scored by what stands in
 * `history` alone, so router_decision, and router_failure where no quote was scored, tell of every
 * candidate what it was asked under and known for:
 * "candidates":{"MEALME":{"priority":50,"timeoutMs":10000.000,"successRate":null,
 * "avgMarginRate":3}}, and router_failure the preference.
 *
 * Failure: as text.h says; a line is written whole or not at all.
 */
#ifndef ROUTER_EVENT_H
#define ROUTER_EVENT_H

#include <stdint.h>

#include "router/base/text.h"

enum event_kind {
    EVENT_QUOTE_START,
    EVENT_QUOTE_SUCCESS,
    EVENT_QUOTE_ERROR,
    EVENT_QUOTE_LATE,
    EVENT_FALLBACK,
    EVENT_DECISION,
    EVENT_FAILURE,
    EVENT_LATENCY,
    EVENT_CONFIRM_SUCCESS,
    EVENT_CONFIRM_FAILURE,
    EVENT_FAILOVER_ATTEMPT,
    EVENT_FAILOVER_SUCCESS,
    EVENT_FAILOVER_FAILURE,
    EVENT_RECORD_OUTCOME,
    EVENT_KIND_COUNT
};
extern const char *const event_names[EVENT_KIND_COUNT];
#define EVENT_MASK_ALL ((UINT32_C(1) << EVENT_KIND_COUNT) - 1u)

struct router;
struct router_order;

/* Appends one line. `epoch_us` is the Unix time of the run's instant 0. EVENT_RECORD_OUTCOME is
 * written by event_write_outcome(). */
void event_write(struct text *text, enum event_kind kind, const struct router *router,
                 const struct router_order *order, unsigned slot, int64_t now_us, int64_t epoch_us);

/* What went wrong with the call of a settled slot, as production words it: "Unauthorized",
 * "Provider KROGER_API timed out after 10000ms". The canned quote of a fallback changes nothing. */
enum { EVENT_ERROR_MAX = 96 };
const char *event_error_text(const struct router_order *order, unsigned slot,
                             char text[static EVENT_ERROR_MAX]);

/* "commerce.record_outcome", which belongs to no order's slot any more. */
struct outcome_note {
    uint64_t order_index;
    unsigned provider;
    const char *outcome;       /* "success", "failed", "cancelled" */
    int32_t delivered_minutes; /* 0: not delivered */
    int32_t items_delivered;
    int32_t rating; /* 1..5; 0: none given */
    const char *const *issues;
    uint32_t issue_count;
    int64_t value_cents;
    int64_t commission_cents;
};
void event_write_outcome(struct text *text, const struct outcome_note *note, int64_t now_us,
                         int64_t epoch_us);

#endif
