/* Goal: whatever comes, and in whatever order, each order is decided once and each candidate
 * settles once, as an obvious reading of the contract says it must.
 *
 * Method: 100,000 random orders. For each a script is drawn: who answers what and when (early, in
 * the deadline's own microsecond, late, twice, never), under random timeouts, mocks and fallbacks.
 * A model decides from the script alone, with no clock, no state and no regard for speed; the
 * router is driven through the same script in time order, and both must agree. */
#include "tests/router/fake_port.h"

enum { RANDOM_ORDERS = 100000, ANSWERS_MAX = 2 * PROVIDER_COUNT };

struct answer {
    int64_t at_us;
    unsigned slot;
    struct quote_result result;
};

struct script {
    struct answer answers[ANSWERS_MAX]; /* in time order */
    unsigned answer_count;
    bool wake_first; /* where an answer and the clock fall together */
};

/* What the port saw of one order. */
struct seen {
    unsigned asked[PROVIDER_COUNT];
    unsigned abandoned[PROVIDER_COUNT];
    unsigned settled[PROVIDER_COUNT];
    unsigned fallbacks[PROVIDER_COUNT];
    unsigned decided, decisions, failures, latencies;
};

static void see_ask(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    assert_int_equal(now_us, order->start_us);
    ((struct seen *)context)->asked[slot]++;
}

static void see_abandon(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    assert_true(now_us >= order->slots[slot].deadline_us);
    ((struct seen *)context)->abandoned[slot]++;
}

static void see_wake(void *context, struct router_order *order)
{
    assert_true(((struct seen *)context)->decided == 0);
    assert_true(order->wake_us > order->start_us);
}

static void see_decided(void *context, struct router_order *order, int64_t now_us)
{
    assert_int_equal(order->decided_us, now_us);
    assert_int_equal(order->wake_us, INT64_MAX); /* no clock is left ticking for it */
    ((struct seen *)context)->decided++;
}

static void see_event(void *context, enum event_kind kind, const struct router_order *order,
                      unsigned slot, int64_t now_us)
{
    struct seen *seen = context;
    assert_true(now_us >= order->start_us);
    seen->settled[slot] += kind == EVENT_QUOTE_SUCCESS || kind == EVENT_QUOTE_ERROR;
    seen->fallbacks[slot] += kind == EVENT_FALLBACK;
    seen->decisions += kind == EVENT_DECISION;
    seen->failures += kind == EVENT_FAILURE;
    seen->latencies += kind == EVENT_LATENCY;
}

/* ---- what is drawn ---- */

static void draw_config(struct router_config *config, uint64_t key)
{
    static const uint64_t credentials[PROVIDER_COUNT] = {1, 2, 3, 4};
    const struct env empty = {0};
    struct err_list warnings = {0};
    config_read(&empty, PROFILE_AS_DOCUMENTED, false, credentials, config, &warnings);
    config->weights.priority = random_draw(key, 1) % 3 == 0 ? 1.0 : 0.0; /* let the others decide */
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const uint64_t draw = random_draw(key, 2 + p);
        config->providers[p].forced_mock = draw % 8 == 0;
        config->providers[p].mock_fallback = (draw >> 8) % 4 == 0;
        config->providers[p].timeout_us = 1 + (int64_t)((draw >> 16) % 4) * 50;
    }
    config->candidate_count = 1 + (uint32_t)(random_draw(key, 7) % PROVIDER_COUNT);
}

static struct quote_result draw_result(uint64_t draw, uint32_t items)
{
    static const enum quote_outcome errors[] = {QUOTE_AUTH_FAILED, QUOTE_HTTP_ERROR,
                                                QUOTE_NETWORK_ERROR, QUOTE_INVALID_RESPONSE};
    if (draw % 5 == 0) {
        return (struct quote_result){.outcome = errors[draw >> 8 & 3],
                                     .http_status = (uint16_t)(400 + (draw >> 16) % 200)};
    }
    struct quote_result result = {.outcome = QUOTE_OK};
    result.quote.total_cents = (int64_t)((draw >> 8) % 5) * 500;
    result.quote.eta_minutes = (int32_t)((draw >> 16) % 4) * 30;
    result.quote.requested = (uint16_t)items;
    result.quote.found = (uint16_t)((draw >> 24) % (items + 1));
    return result;
}

/* Times are few, so that ties between answers and with deadlines are many. */
static struct script draw_script(uint64_t key, const struct router_config *config, int64_t start_us,
                                 uint32_t items)
{
    struct script script = {.wake_first = (key & 1) != 0};
    for (unsigned i = 0; i < ANSWERS_MAX; i++) {
        const unsigned slot = i % PROVIDER_COUNT;
        const uint64_t draw = random_draw(key, 100 + i);
        const bool comes = i < PROVIDER_COUNT ? draw % 6 != 0 : draw % 6 == 0;
        if (slot >= config->candidate_count || !comes) continue;
        if (config->providers[config->candidates[slot]].forced_mock) continue;
        const struct answer answer = {.at_us = start_us + (int64_t)((draw >> 32) % 5) * 50 + 1 -
                                               (int64_t)((draw >> 40) & 1),
                                      .slot = slot,
                                      .result = draw_result(random_mix(draw), items)};
        unsigned place = script.answer_count++;
        for (; place > 0 && script.answers[place - 1].at_us > answer.at_us; place--)
            script.answers[place] = script.answers[place - 1];
        script.answers[place] = answer;
    }
    return script;
}

/* ---- the model ---- */

struct expected {
    enum quote_outcome real[PROVIDER_COUNT];
    struct quote_result results[PROVIDER_COUNT];
    int64_t settled_us[PROVIDER_COUNT];
    int64_t decided_us;
    int selected; /* -1: nobody */
    double score;
};

static void expect_slot(struct expected *expected, unsigned slot, const struct script *script,
                        const struct router_config *config, const struct order_request *request,
                        int64_t start_us)
{
    const enum provider provider = (enum provider)config->candidates[slot];
    const struct provider_config *asked = &config->providers[provider];
    const int64_t deadline_us = start_us + asked->timeout_us;
    struct quote_result result = {.outcome = QUOTE_TIMEOUT, .retryable = true};
    int64_t settled_us = deadline_us;
    for (unsigned i = 0; i < script->answer_count; i++) {
        if (script->answers[i].slot != slot || script->answers[i].at_us >= deadline_us) continue;
        result = script->answers[i].result;
        settled_us = script->answers[i].at_us;
        break;
    }
    if (asked->forced_mock) {
        result = (struct quote_result){.outcome = QUOTE_OK};
        settled_us = start_us;
    }
    expected->real[slot] = result.outcome;
    if (asked->forced_mock || (result.outcome != QUOTE_OK && asked->mock_fallback)) {
        result.outcome = QUOTE_OK;
        quote_canned(&result.quote, provider, request);
    }
    expected->results[slot] = result;
    expected->settled_us[slot] = settled_us;
    if (settled_us > expected->decided_us) expected->decided_us = settled_us;
}

/* The first of the highest scores, in candidate order. tests/router/test_score.c holds
 * score_quotes() itself to an obvious scorer. */
static void expect_selected(struct expected *expected, const struct router_config *config,
                            const struct order_request *request)
{
    struct score_input inputs[PROVIDER_COUNT];
    struct score_parts parts[PROVIDER_COUNT];
    int slots[PROVIDER_COUNT];
    uint32_t count = 0;
    for (unsigned i = 0; i < config->candidate_count; i++) {
        const struct quote *quote = &expected->results[i].quote;
        if (expected->results[i].outcome != QUOTE_OK) continue;
        slots[count] = (int)i;
        inputs[count++] =
            (struct score_input){.priority = provider_traits[config->candidates[i]].priority,
                                 .total_cents = quote->total_cents,
                                 .eta_minutes = quote->eta_minutes,
                                 .found = quote->found,
                                 .substituted = quote->substituted};
    }
    expected->selected = -1;
    if (count == 0) return;
    const struct score_weights weights = score_weights_for(&config->weights, request->preference);
    score_quotes(&weights, (int32_t)request->item_count, true, inputs, count, parts);
    for (uint32_t i = 0; i < count; i++) {
        if (expected->selected >= 0 && parts[i].score <= expected->score) continue;
        expected->selected = slots[i];
        expected->score = parts[i].score;
    }
}

/* ---- the two side by side ---- */

static void play(struct router *router, struct router_order *order, const struct script *script)
{
    unsigned next = 0;
    while (!order->decided || next < script->answer_count) {
        const bool answers_left = next < script->answer_count;
        const int64_t answer_us = answers_left ? script->answers[next].at_us : INT64_MAX;
        const bool wakes =
            order->wake_us < answer_us || (order->wake_us == answer_us && script->wake_first);
        if (wakes) {
            router_on_wake(router, order, order->wake_us);
        } else {
            assert_true(answers_left); /* or the order waits for something that never comes */
            const struct answer *answer = &script->answers[next++];
            router_on_quote(router, order, answer->slot, &answer->result, answer->at_us);
        }
    }
}

static void check_slots(const struct router_order *order, const struct seen *seen,
                        const struct expected *expected, const struct router_config *config)
{
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        const struct provider_config *asked = &config->providers[slot->provider];
        assert_int_equal(slot->provider, config->candidates[i]);
        assert_true(slot->settled);
        assert_int_equal(seen->settled[i], 1);
        assert_int_equal(seen->asked[i], !asked->forced_mock);
        assert_int_equal(seen->abandoned[i], expected->real[i] == QUOTE_TIMEOUT);
        assert_int_equal(seen->fallbacks[i], expected->real[i] != QUOTE_OK && asked->mock_fallback);
        assert_int_equal(slot->fell_back, seen->fallbacks[i]);
        assert_int_equal(slot->real_outcome, expected->real[i]);
        assert_int_equal(slot->result.outcome, expected->results[i].outcome);
        assert_int_equal(slot->result.quote.total_cents, expected->results[i].quote.total_cents);
        assert_int_equal(slot->settled_us, expected->settled_us[i]);
    }
}

static void check_order(const struct router_order *order, const struct seen *seen,
                        const struct expected *expected)
{
    assert_int_equal(seen->decided, 1);
    assert_int_equal(seen->decisions + seen->failures, 1);
    assert_int_equal(seen->latencies, 1);
    assert_int_equal(order->pending, 0);
    assert_int_equal(order->decided_us, expected->decided_us);
    assert_int_equal(router_selected(order), expected->selected);
    assert_int_equal(order->code, expected->selected < 0 ? ORDER_NO_QUOTES : ORDER_ROUTED);
    if (expected->selected >= 0) {
        assert_true(order->parts[expected->selected].score == expected->score);
    }
    for (unsigned i = 1; i < order->quote_count; i++) {
        assert_true(order->parts[order->ranked[i - 1]].score >=
                    order->parts[order->ranked[i]].score);
    }
}

static void agrees_with_the_contract_on_any_script(void **state)
{
    (void)state;
    struct order_item items[8];
    for (size_t i = 0; i < 8; i++)
        items[i] = (struct order_item){.name = "rice", .quantity = 1};
    const struct policy policy = policy_default();
    unsigned routed = 0, timeouts = 0;
    for (uint64_t index = 0; index < RANDOM_ORDERS; index++) {
        const uint64_t key = test_bits(11, index);
        struct router_config config;
        draw_config(&config, key);
        struct seen seen = {0};
        const struct router_port port = {.context = &seen,
                                         .ask = see_ask,
                                         .abandon = see_abandon,
                                         .wake = see_wake,
                                         .decided = see_decided,
                                         .emit = see_event,
                                         .emit_mask = EVENT_MASK_ALL};
        struct router router;
        router_init(&router, &config, &policy, &port);
        const struct order_request request = {
            .items = items,
            .item_count = 1 + (uint32_t)(random_draw(key, 8) % 8),
            .preference = (enum preference)(random_draw(key, 9) % PREFERENCE_COUNT),
            .postal_code = "45202"};
        const int64_t start_us = (int64_t)(index % 7) * 1000;
        const struct script script =
            draw_script(random_draw(key, 10), &config, start_us, request.item_count);

        struct router_order order;
        router_begin(&router, &order, index, &request, start_us);
        play(&router, &order, &script);

        struct expected expected = {.decided_us = start_us};
        for (unsigned i = 0; i < config.candidate_count; i++)
            expect_slot(&expected, i, &script, &config, &request, start_us);
        expect_selected(&expected, &config, &request);
        check_slots(&order, &seen, &expected, &config);
        check_order(&order, &seen, &expected);
        routed += order.code == ORDER_ROUTED;
        for (unsigned i = 0; i < order.candidate_count; i++)
            timeouts += expected.real[i] == QUOTE_TIMEOUT;
    }
    /* The scripts are worth their name: every kind of end is frequent. */
    assert_true(routed > RANDOM_ORDERS / 2);
    assert_true(routed < RANDOM_ORDERS * 19 / 20);
    assert_true(timeouts > RANDOM_ORDERS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_contract_on_any_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
