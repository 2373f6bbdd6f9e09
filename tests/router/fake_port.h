/* tests/router/fake_port.h - a port that does nothing but write down what the router asks of it.
 *
 * Everything asked is one word in `trace`: "ask0" (the slot), "abandon1", "wake10000" (the instant
 * in ms; "wake-" takes it back), "decided", "confirm0", "confirmed". Every event is a word with an
 * exclamation mark, "router_decision!", when `with_events` is set, and a line in `log` always. A
 * test plays the provider and the clock itself: fake_quote(), fake_error(), router_on_wake().
 *
 * Ownership: fake_deinit() frees the texts.
 */
#ifndef TESTS_ROUTER_FAKE_PORT_H
#define TESTS_ROUTER_FAKE_PORT_H

#include "tests/support.h"

#include "router/router.h"

#define MS(n)         (INT64_C(1000) * (n))
#define FAKE_EPOCH_US INT64_C(1709294400000000) /* 2024-03-01T12:00:00Z */

struct fake_port {
    struct router router;
    struct router_config config;
    struct policy policy;
    struct env env;
    bool with_events;
    unsigned decided_count;
    unsigned confirmed_count;
    struct text trace;
    struct text log;
};

static inline void fake_word(struct fake_port *fake, const char *word, int64_t number)
{
    if (fake->trace.length > 0) text_char(&fake->trace, ' ');
    text_put(&fake->trace, word);
    if (number >= 0) text_int(&fake->trace, number);
}

static inline void fake_ask(void *context, struct router_order *order, unsigned slot,
                            int64_t now_us)
{
    assert_int_equal(now_us, order->start_us);
    assert_false(order->slots[slot].settled);
    fake_word(context, "ask", (int64_t)slot);
}

static inline void fake_abandon(void *context, struct router_order *order, unsigned slot,
                                int64_t now_us)
{
    assert_true(now_us >= order->slots[slot].deadline_us);
    fake_word(context, "abandon", (int64_t)slot);
}

static inline void fake_wake(void *context, struct router_order *order)
{
    const bool taken_back = order->wake_us == INT64_MAX;
    fake_word(context, taken_back ? "wake-" : "wake", taken_back ? -1 : order->wake_us / 1000);
}

static inline void fake_decided(void *context, struct router_order *order, int64_t now_us)
{
    struct fake_port *fake = context;
    assert_true(order->decided);
    assert_int_equal(order->decided_us, now_us);
    fake->decided_count++;
    fake_word(fake, "decided", -1);
}

static inline void fake_confirm(void *context, struct router_order *order, unsigned slot,
                                int64_t now_us)
{
    assert_true(now_us >= order->decided_us);
    fake_word(context, "confirm", (int64_t)slot);
}

static inline void fake_confirmed(void *context, struct router_order *order, int64_t now_us)
{
    struct fake_port *fake = context;
    assert_true(now_us >= order->confirm_started_us);
    fake->confirmed_count++;
    fake_word(fake, "confirmed", -1);
}

static inline void fake_emit(void *context, enum event_kind kind, const struct router_order *order,
                             unsigned slot, int64_t now_us)
{
    struct fake_port *fake = context;
    event_write(&fake->log, kind, &fake->router, order, slot, now_us, FAKE_EPOCH_US);
    if (!fake->with_events) return;
    fake_word(fake, event_names[kind], -1);
    text_char(&fake->trace, '!');
}

/* Reads fake->env again, every mock's credential held, as a first deployment. */
static inline void fake_deploy(struct fake_port *fake, enum profile profile)
{
    static const uint64_t credentials[PROVIDER_COUNT] = {1, 2, 3, 4};
    struct err_list warnings = {0};
    config_read(&fake->env, profile, false, credentials, &fake->config, &warnings);
}

static inline void fake_set(struct fake_port *fake, const char *key, const char *value)
{
    struct err err = {0};
    assert_true(env_set(&fake->env, key, value, (struct place){0}, &err));
}

/* `fake` is all zero but for its env; its policy is production's. */
static inline void fake_init(struct fake_port *fake, enum profile profile)
{
    fake_deploy(fake, profile);
    fake->policy = policy_default();
    const struct router_port port = {.context = fake,
                                     .ask = fake_ask,
                                     .abandon = fake_abandon,
                                     .wake = fake_wake,
                                     .decided = fake_decided,
                                     .confirm = fake_confirm,
                                     .confirmed = fake_confirmed,
                                     .emit = fake_emit,
                                     .emit_mask = EVENT_MASK_ALL};
    router_init(&fake->router, &fake->config, &fake->policy, &port);
}

static inline void fake_deinit(struct fake_port *fake)
{
    text_release(&fake->trace);
    text_release(&fake->log);
}

/* The trace since the last look is exactly `expected`. */
static inline void fake_expect(struct fake_port *fake, const char *label, const char *expected)
{
    text_reserve(&fake->trace, 0);
    CHECK_ROW_TEXT(label, fake->trace.bytes, expected);
    text_clear(&fake->trace);
}

/* The provider of `slot` answers a whole cart at this price and ETA. */
static inline void fake_quote(struct fake_port *fake, struct router_order *order, unsigned slot,
                              int64_t total_cents, int32_t eta_minutes, int64_t now_us)
{
    const uint16_t lines = (uint16_t)order->request->item_count;
    const struct quote_result result = {.outcome = QUOTE_OK,
                                        .http_status = 200,
                                        .quote = {.subtotal_cents = total_cents,
                                                  .total_cents = total_cents,
                                                  .eta_minutes = eta_minutes,
                                                  .requested = lines,
                                                  .found = lines}};
    router_on_quote(&fake->router, order, slot, &result, now_us);
}

static inline void fake_error(struct fake_port *fake, struct router_order *order, unsigned slot,
                              enum quote_outcome outcome, uint16_t http_status, int64_t now_us)
{
    const struct quote_result result = {
        .outcome = outcome, .http_status = http_status, .retryable = http_status >= 500};
    router_on_quote(&fake->router, order, slot, &result, now_us);
}

/* Two lines, three units. */
static inline const struct order_request *fake_request(void)
{
    static const struct order_item items[] = {{.name = "milk", .quantity = 2},
                                              {.name = "eggs", .quantity = 1}};
    static const struct order_request request = {
        .items = items, .item_count = 2, .postal_code = "45202", .user_id = "u1"};
    return &request;
}

#endif
