/* An order's course through the world: begun, routed, confirmed or not, its outcome learned from.
 */
#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "router/base/random.h"
#include "sim/world/world_state.h"

static struct world_order *slot_of(struct router_order *order)
{
    static_assert(offsetof(struct world_order, order) == 0, "an order is its slot's first member");
    return (struct world_order *)order;
}

static struct world_order *take_order(struct world *world)
{
    if (world->free_orders == NULL) {
        struct world_order *chunk = arena_push(&world->arena, struct world_order, ORDERS_CHUNK);
        assert(chunk !=
               NULL); /* memory for orders in flight: nothing sensible goes on without it */
        struct hedge_races *races = NULL;
        if (world->scenario->policy.hedge.enabled) {
            races = arena_push(&world->arena, struct hedge_races, ORDERS_CHUNK * PROVIDER_COUNT);
            assert(races != NULL);
        }
        for (unsigned i = 0; i < ORDERS_CHUNK; i++) {
            chunk[i].races = races != NULL ? &races[i * PROVIDER_COUNT] : NULL;
            chunk[i].next_free = world->free_orders;
            world->free_orders = &chunk[i];
        }
        world->facts.order_slots += ORDERS_CHUNK;
    }
    struct world_order *slot = world->free_orders;
    world->free_orders = slot->next_free;
    world->orders_open++;
    return slot;
}

static struct long_cart *take_cart(struct world *world)
{
    struct long_cart *cart = world->free_carts;
    if (cart == NULL) {
        cart = arena_push(&world->arena, struct long_cart, 1);
        assert(cart != NULL);
    } else {
        world->free_carts = cart->next_free;
    }
    return cart;
}

struct tally *world_tally_of(struct world *world, const struct world_order *slot)
{
    struct world_segment *now = &world->segments[world->segment];
    if (!now->has_wake) return &now->tally;
    for (uint32_t i = slot->segment; i < world->segment; i++) {
        if (world->segments[i].active != 0) return &now->wake;
    }
    return &now->tally;
}

void world_promise_calls(struct world *world, struct world_order *slot, uint32_t calls)
{
    if (slot->calls_promised == calls) return;
    world->calls_promised = world->calls_promised - slot->calls_promised + calls;
    slot->calls_promised = calls;
    wire_reserve(world->wire, world->calls_promised);
}

/* The carts that were priced live as long as the order: its confirmation names one of them. */
static void forget_carts(struct world *world, struct world_order *slot)
{
    for (unsigned place = 0; place < PROVIDER_COUNT; place++) {
        struct quote_run *run = &slot->runs[place];
        wire_forget_cart(world->wire, (enum provider)run->provider, run->cart);
        run->cart = 0; /* the slot's next order may not ask this provider */
    }
}

void world_order_unref(struct world *world, struct world_order *slot)
{
    assert(slot->references > 0);
    if (--slot->references > 0) return;
    assert(!wheel_holds(&slot->timer));
    world_promise_calls(world, slot, 0);
    if (world->wire != NULL) forget_carts(world, slot);
    if (slot->long_cart != NULL) {
        slot->long_cart->next_free = world->free_carts;
        world->free_carts = slot->long_cart;
        slot->long_cart = NULL;
    }
    slot->next_free = world->free_orders;
    world->free_orders = slot;
    world->orders_open--;
}

static bool wants_log(const struct world *world, uint64_t key)
{
    if (world->router.port.emit_mask == 0) return false;
    const struct world_outputs *outputs = world->outputs;
    if (outputs->event_lines_most > 0 && world->facts.event_lines >= outputs->event_lines_most) {
        return false;
    }
    if (outputs->event_sample <= 1) return true;
    return random_below(random_draw(key, random_what(RANDOM_EVENT_SAMPLE, 0, 0, 0, 0)),
                        outputs->event_sample) == 0;
}

/* A name for each customer is made where anything goes by it. */
static bool tells_users_apart(const struct scenario *scenario)
{
    const struct cache_policy *cache = &scenario->policy.cache;
    return scenario->workload.users > 0 ||
           (cache->quote_us > 0 && cache->quote_key == QUOTE_KEY_USER);
}

/* The workload writes into the inline cart when it is known to fit, else into a long one that is
 * given back at once when the cart turned out short: most carts are. */
static void make_cart(struct world *world, struct world_order *slot, uint64_t arrival)
{
    struct long_cart *cart = take_cart(world);
    const uint64_t key = random_key(world->seed_r, arrival); /* without requotes the slot's own */
    workload_order(&world->plan->workload, key, arrival, &slot->request, cart->items);
    if (tells_users_apart(world->scenario)) {
        workload_user(&world->plan->workload, key, arrival, slot->user);
        slot->request.user_id = slot->user;
    }
    if (slot->request.item_count > CART_INLINE) {
        slot->long_cart = cart;
        return;
    }
    memcpy(slot->cart, cart->items, slot->request.item_count * sizeof slot->cart[0]);
    slot->request.items = slot->cart;
    cart->next_free = world->free_carts;
    world->free_carts = cart;
}

uint32_t world_calls_of(const struct world *world, const struct order_request *request)
{
    const struct policy *policy = &world->scenario->policy;
    uint32_t calls = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_config *config = &world->config.providers[p];
        if (world->scenario->providers[p].mode != MODE_LIVE) continue;
        if (!config->enabled || config->forced_mock) continue;
        const bool searches = operation_exists((enum provider)p, OPERATION_SEARCH);
        uint32_t own = searches ? 2u + request->item_count : 3u;
        if (!policy->auth_errors_final) own += 2; /* another token, and the call again */
        if (policy->retry.enabled) {
            own *= 1u + (policy->retry.attempts > 0 ? policy->retry.attempts : config->retries);
        }
        if (policy->hedge.enabled) own += policy->hedge.per_quote;
        calls += own;
    }
    return calls;
}

static struct world_order *open_order(struct world *world, uint64_t index, int64_t now_us)
{
    struct world_order *slot = take_order(world);
    slot->key = random_key(world->seed_r, index);
    slot->references = 1;
    world->orders_at_work++;
    slot->measured = now_us >= world->scenario->warmup_us;
    slot->segment = world->segment;
    slot->confirming = false;
    slot->long_cart = NULL;
    slot->timer.next = NULL;
    slot->logged = wants_log(world, slot->key);
    slot->ticket = 0;
    slot->probe_asked = slot->probe_open = slot->probe_bad = 0;
    return slot;
}

void world_order_begin(struct world *world, const struct order_request *given,
                       struct order_origin origin, int64_t now_us)
{
    const uint64_t index = world->order_next++;
    struct world_order *slot = open_order(world, index, now_us);
    world->facts.orders++;
    if (given != NULL) {
        slot->request = *given;
    } else {
        make_cart(world, slot, origin.arrival);
        world_requote_plan(world, origin, now_us);
    }
    world_promise_calls(world, slot, world_calls_of(world, &slot->request));
    router_begin(&world->router, &slot->order, index, &slot->request, now_us);
}

static struct world_order *open_test(struct world *world, uint32_t ticket, int64_t now_us)
{
    struct world_order *slot = open_order(world, WORLD_TEST_ORDERS + ticket, now_us);
    slot->measured = false;
    slot->ticket = ticket;
    make_cart(world, slot, 0);
    return slot;
}

/* One line of a cart is enough of a test. */
void world_order_test(struct world *world, bool understood, uint32_t ticket, int64_t now_us)
{
    struct world_order *slot = open_test(world, ticket, now_us);
    slot->request.item_count = 1;
    slot->request.user_id = understood ? "operator" : NULL;
    if (!understood) slot->request.postal_code = NULL;
    router_begin(&world->router, &slot->order, WORLD_TEST_ORDERS + ticket, &slot->request, now_us);
}

/* --- the router's port -------------------------------------------------------------------------
 */

static struct quote_run *start_run(struct world *world, struct world_order *slot, unsigned place,
                                   enum provider provider, enum run_purpose purpose,
                                   int64_t deadline_us)
{
    (void)world;
    struct quote_run *run = &slot->runs[place];
    run->order_key = slot->key;
    run->order_index = slot->order.index;
    run->request = &slot->request;
    run->owner = slot;
    run->deadline_us = deadline_us;
    run->races = slot->races != NULL && place < PROVIDER_COUNT ? &slot->races[place] : NULL;
    run->provider = (uint8_t)provider;
    run->purpose = (uint8_t)purpose;
    slot->references++;
    return run;
}

/* When the next of those that have not answered is given up. */
static void await_probe(struct world *world, struct world_order *slot)
{
    int64_t next_us = INT64_MAX;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const bool open = (slot->probe_open >> p & 1u) != 0;
        if (open && slot->runs[p].deadline_us < next_us) next_us = slot->runs[p].deadline_us;
    }
    wheel_cancel(world->wheel, &slot->timer);
    slot->timer.kind = NODE_WAKE;
    wheel_add(world->wheel, &slot->timer, next_us);
}

void world_order_probe(struct world *world, uint32_t ticket, uint32_t providers, int64_t now_us)
{
    assert(providers != 0);
    struct world_order *slot = open_test(world, ticket, now_us);
    slot->order = (struct router_order){.index = WORLD_TEST_ORDERS + ticket, .start_us = now_us};
    slot->probe_asked = slot->probe_open = (uint8_t)providers;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        slot->runs[p].deadline_us = now_us + world->config.providers[p].timeout_us;
    await_probe(world, slot);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((providers >> p & 1u) == 0) continue;
        const int64_t deadline_us = slot->runs[p].deadline_us;
        adapter_begin(&world->adapters,
                      start_run(world, slot, p, (enum provider)p, RUN_HEALTH, deadline_us), now_us);
    }
}

static void ask(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    struct world *world = context;
    const struct order_slot *asked = &order->slots[slot];
    adapter_begin(&world->adapters,
                  start_run(world, slot_of(order), slot, (enum provider)asked->provider, RUN_QUOTE,
                            asked->deadline_us),
                  now_us);
}

static void abandon(void *context, struct router_order *order, unsigned slot, int64_t now_us)
{
    (void)now_us;
    struct world *world = context;
    if (world->scenario->policy.abandoned_calls_run_on) return;
    adapter_cancel(&world->adapters, &slot_of(order)->runs[slot]);
}

static void wake(void *context, struct router_order *order)
{
    struct world *world = context;
    struct world_order *slot = slot_of(order);
    wheel_cancel(world->wheel, &slot->timer);
    if (order->wake_us == INT64_MAX) return;
    slot->timer.kind = NODE_WAKE;
    wheel_add(world->wheel, &slot->timer, order->wake_us);
}

static void fold_into_hash(struct world *world, const struct router_order *order)
{
    uint64_t hash = world->facts.hash ^ random_mix(order->index + 1);
    hash = random_mix(hash + (uint64_t)order->decided_us * 8u + order->code);
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *slot = &order->slots[i];
        const uint64_t money =
            (uint64_t)(slot->result.outcome == QUOTE_OK ? slot->result.quote.total_cents
                                                        : slot->result.http_status);
        hash = random_mix(hash ^ ((uint64_t)slot->settled_us << 8 | slot->real_outcome));
        hash += money * UINT64_C(0x9E3779B97F4A7C15) + slot->provider;
    }
    if (order->code == ORDER_ROUTED) hash ^= order->ranked[0];
    world->facts.hash = random_mix(hash);
}

bool world_counts(const struct world *world, const struct world_order *slot)
{
    return slot->measured && !world->facts.starved;
}

static void judge(struct world *world, const struct world_order *slot, bool ok, int64_t now_us)
{
    const struct router_order *order = &slot->order;
    const int64_t within_us = world->scenario->slo.within_us;
    const bool slow = within_us > 0 && order->decided_us - order->start_us > within_us;
    const bool failed = order->code != ORDER_ROUTED;
    const bool bad = (world->budget.slo_kind == SLO_KIND_ROUTED ? failed : !ok) || slow;
    ok = ok && !slow;
    const bool counts = world_counts(world, slot);
    if (world->story != NULL && !world->facts.starved) {
        story_order_judged(world->story, order, ok, bad, counts, now_us);
    }
    if (!counts) return;
    struct tally *tally = world_tally_of(world, slot);
    tally->finished++;
    tally->ok += ok;
    tally->bad += bad;
    if (world->series_on) series_judged(&world->series, ok, bad, now_us);
}

static bool authentic(const struct router_order *order)
{
    return order->code == ORDER_ROUTED && !order->slots[order->ranked[0]].result.quote.canned;
}

/* An order's own course is over; calls that it made may still run. */
static void finish(struct world *world, struct world_order *slot)
{
    assert(world->orders_at_work > 0);
    world->orders_at_work--;
    world_order_unref(world, slot);
}

static bool is_for_sale(const struct world *world, const struct router_order *order)
{
    const unsigned provider = order->slots[order->ranked[0]].provider;
    return world->wire == NULL || wire_sells(world->wire, (enum provider)provider);
}

/* What the customer does with a routed order: confirms it, cancels it, or leaves. */
static void choose_confirm(struct world *world, struct world_order *slot, int64_t now_us)
{
    const struct workload_spec *workload = &world->scenario->workload;
    struct router_order *order = &slot->order;
    if (order->code == ORDER_ROUTED && is_for_sale(world, order) &&
        (workload->confirm > 0.0 || workload->cancel > 0.0)) {
        const double share =
            random_unit(random_draw(slot->key, random_what(RANDOM_CONFIRM, 0, 0, 0, 0)));
        if (share < workload->confirm) {
            slot->confirming = true;
            world->orders_waiting++;
            slot->timer.kind = NODE_CONFIRM;
            wheel_add(world->wheel, &slot->timer, now_us + workload->confirm_after_us);
            return;
        }
        if (share < workload->confirm + workload->cancel) {
            (void)router_cancel(&world->router, order, now_us);
        }
    }
    judge(world, slot, authentic(order), now_us);
    finish(world, slot);
}

static void decided(void *context, struct router_order *order, int64_t now_us)
{
    struct world *world = context;
    struct world_order *slot = slot_of(order);
    if (slot->ticket > 0) {
        world_story_test_decided(world, slot, now_us);
        finish(world, slot);
        return;
    }
    world->facts.decided++;
    world->facts.left_out += world->facts.starved;
    if (!world->facts.starved) fold_into_hash(world, order);
    if (world_counts(world, slot)) {
        tally_order(world_tally_of(world, slot), order);
        if (world->series_on) series_order(&world->series, order);
    }
    if (world->story != NULL && !world->facts.starved) {
        story_order_decided(world->story, order, world_counts(world, slot), now_us);
    }
    if (world->outputs->write_order != NULL && !world->failed && !world->facts.starved &&
        !world->outputs->write_order(world->outputs->context, &world->router, order, world->err)) {
        world->failed = true;
    }
    if (world->route_one != NULL) *world->route_one = *order;
    choose_confirm(world, slot, now_us);
}

/* --- confirming ----------------------------------------------------------------------------------
 */

static void confirm(void *context, struct router_order *order, unsigned slot_index, int64_t now_us)
{
    struct world *world = context;
    struct world_order *slot = slot_of(order);
    const struct order_slot *chosen = &order->slots[slot_index];
    slot->confirm_run = (uint8_t)(PROVIDER_COUNT + order->confirm_attempts - 1);
    wheel_cancel(world->wheel, &slot->timer);
    if (chosen->result.quote.canned) { /* nothing is placed anywhere; production says yes at once */
        slot->timer.kind = NODE_CONFIRM_CANNED;
        wheel_add(world->wheel, &slot->timer, now_us);
        return;
    }
    const int64_t deadline_us = now_us + world->scenario->policy.confirm_timeout_us;
    slot->timer.kind = NODE_CONFIRM_LATE;
    wheel_add(world->wheel, &slot->timer, deadline_us);
    struct quote_run *run = start_run(world, slot, slot->confirm_run,
                                      (enum provider)chosen->provider, RUN_CONFIRM, deadline_us);
    run->cart = slot->runs[slot_index].cart;
    adapter_begin(&world->adapters, run, now_us);
}

static void schedule_outcomes(struct world *world, int64_t second)
{
    const int64_t due_us = second * US_PER_SECOND;
    if (wheel_holds(&world->outcome_node)) {
        if (world->outcome_node.due_us <= due_us) return;
        wheel_cancel(world->wheel, &world->outcome_node);
    }
    world->outcome_node.kind = NODE_OUTCOMES;
    wheel_add(world->wheel, &world->outcome_node, due_us);
}

static void log_outcome(struct world *world, const struct world_order *slot,
                        const struct order_fate *fate, enum provider provider, int64_t value_cents,
                        int64_t second)
{
    static const char *const outcome_words[ORDER_OUTCOME_COUNT] = {"success", "failed",
                                                                   "cancelled"};
    struct note_slot *note = world->free_notes;
    if (note == NULL) {
        note = arena_push(&world->arena, struct note_slot, 1);
        assert(note != NULL);
    } else {
        world->free_notes = note->next_free;
    }
    const bool delivered = fate->outcome == ORDER_SUCCESS;
    note->note = (struct outcome_note){
        .order_index = slot->order.index,
        .provider = provider,
        .outcome = outcome_words[fate->outcome],
        .delivered_minutes = delivered ? fate->delivered_minutes : 0,
        .items_delivered = fate->items_delivered,
        .rating = fate->rating,
        .issues = note->issues,
        .value_cents = delivered ? value_cents : 0,
        .commission_cents = delivered ? history_commission_cents(provider, value_cents) : 0};
    if (fate->short_of_items) note->issues[note->note.issue_count++] = "missing_items";
    if (fate->late) note->issues[note->note.issue_count++] = "late_delivery";
    note->node.kind = NODE_OUTCOME_NOTE;
    wheel_add(world->wheel, &note->node, second * US_PER_SECOND);
}

/* Outcomes become known on whole seconds, and what becomes known in one second is recorded at once:
 * the ring of seconds keeps memory flat however many orders are on their way. */
static void learn(struct world *world, enum provider provider, enum order_outcome outcome,
                  int64_t value_cents, int64_t second)
{
    if (world->router.history.frozen) return;
    const unsigned place = (unsigned)(second % OUTCOME_SECONDS);
    struct outcome_batch *batch = &world->outcomes[place][provider];
    batch->counts[outcome]++;
    if (outcome == ORDER_SUCCESS) {
        batch->value_cents += value_cents;
        batch->commission_cents += history_commission_cents(provider, value_cents);
    }
    world->outcome_bits[place / 64] |= UINT64_C(1) << (place % 64);
    schedule_outcomes(world, second);
}

static void place_order(struct world *world, struct world_order *slot, int64_t now_us)
{
    struct router_order *order = &slot->order;
    const struct order_slot *chosen = &order->slots[order->confirm_slot];
    const struct quote *quote = &chosen->result.quote;
    if (quote->canned) return; /* nothing was ordered anywhere, so nothing comes of it */

    struct order_fate fate;
    backend_order_fate(world->backends[chosen->provider], slot->key, quote->eta_minutes,
                       quote->found + quote->substituted, &fate);
    if (world_counts(world, slot)) {
        struct tally *tally = world_tally_of(world, slot);
        tally->placed++;
        tally->delivered += fate.outcome == ORDER_SUCCESS;
        tally->late += fate.late;
        tally->short_of_items += fate.short_of_items;
        tally->cancelled += fate.outcome == ORDER_CANCELLED;
        tally->failed_delivery += fate.outcome == ORDER_FAILED;
        tally->ratings += fate.rating > 0;
        tally->rating_sum += (uint64_t)fate.rating;
    }
    const int64_t known_us = now_us + (int64_t)fate.delivered_minutes * US_PER_MINUTE;
    int64_t second = (known_us + US_PER_SECOND - 1) / US_PER_SECOND;
    const int64_t farthest = now_us / US_PER_SECOND + OUTCOME_SECONDS - 2;
    if (second > farthest) second = farthest;
    if (slot->logged) {
        log_outcome(world, slot, &fate, (enum provider)chosen->provider, quote->total_cents,
                    second);
    }
    learn(world, (enum provider)chosen->provider, fate.outcome, quote->total_cents, second);
}

void world_outcomes_due(struct world *world, int64_t now_us)
{
    const int64_t second = now_us / US_PER_SECOND;
    const unsigned place = (unsigned)(second % OUTCOME_SECONDS);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct outcome_batch *batch = &world->outcomes[place][p];
        if (batch->counts[0] + batch->counts[1] + batch->counts[2] == 0) continue;
        history_record(&world->router.history, (enum provider)p, batch);
        *batch = (struct outcome_batch){0};
    }
    world->outcome_bits[place / 64] &= ~(UINT64_C(1) << (place % 64));

    /* The next second with anything in it, once round the ring. */
    for (unsigned ahead = 1; ahead < OUTCOME_SECONDS; ahead++) {
        const unsigned next = (place + ahead) % OUTCOME_SECONDS;
        const uint64_t word = world->outcome_bits[next / 64] >> (next % 64);
        if (word == 0) {
            ahead += 63u - next % 64u; /* the rest of this word is empty */
            continue;
        }
        if ((word & 1u) == 0) continue;
        schedule_outcomes(world, second + ahead);
        return;
    }
}

/* Every attempt counts: a provider that would not take the order has failed it, also when the
 * failover then did. */
static void learn_failures(struct world *world, const struct router_order *order, int64_t now_us)
{
    for (unsigned attempt = 0; attempt < order->confirm_attempts; attempt++) {
        if (order->confirm_errors[attempt] == CONFIRM_OK) continue;
        const struct order_slot *asked = &order->slots[order->ranked[attempt]];
        learn(world, (enum provider)asked->provider, ORDER_FAILED, 0,
              (now_us + US_PER_SECOND - 1) / US_PER_SECOND);
    }
}

static void confirmed(void *context, struct router_order *order, int64_t now_us)
{
    struct world *world = context;
    struct world_order *slot = slot_of(order);
    const bool placed = order->confirm_state == CONFIRM_DONE;
    wheel_cancel(world->wheel, &slot->timer);
    if (world_counts(world, slot)) {
        struct tally *tally = world_tally_of(world, slot);
        tally->confirm_attempted++;
        tally->confirm_failed += !placed;
        tally->failovers += order->confirm_attempts == 2;
    }
    learn_failures(world, order, now_us);
    if (placed) place_order(world, slot, now_us);
    judge(world, slot, placed && !order->slots[order->confirm_slot].result.quote.canned, now_us);
    finish(world, slot);
}

static void tell_late(struct world *world, const struct router_order *order, unsigned place,
                      const struct quote_result *result, int64_t now_us)
{
    const struct order_slot *asked = &order->slots[place];
    if (!asked->settled && now_us < asked->deadline_us) return;
    if (world->outputs->write_late == NULL || world->failed || world->facts.starved) return;
    if (!world->outputs->write_late(world->outputs->context, order, place, result, now_us,
                                    world->err))
        world->failed = true;
}

static void close_probe(struct world *world, struct world_order *slot, uint32_t providers,
                        uint32_t bad, int64_t now_us)
{
    slot->probe_open &= (uint8_t)~providers;
    slot->probe_bad |= (uint8_t)bad;
    if (slot->probe_open != 0) {
        await_probe(world, slot);
        return;
    }
    wheel_cancel(world->wheel, &slot->timer);
    world_story_probe_done(world, slot, now_us);
    finish(world, slot);
}

static void hear_probe(struct world *world, struct world_order *slot, const struct quote_run *run,
                       const struct quote_result *result, int64_t now_us)
{
    const uint32_t provider = 1u << run->provider;
    if ((slot->probe_open & provider) == 0) return; /* it was given up */
    const bool good = result->outcome == QUOTE_OK && now_us < run->deadline_us;
    close_probe(world, slot, provider, good ? 0 : provider, now_us);
}

/* Who has not answered by the timeout of his quotes is not well. */
static void give_up_probe(struct world *world, struct world_order *slot, int64_t now_us)
{
    uint32_t late = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const bool open = (slot->probe_open >> p & 1u) != 0;
        if (!open || slot->runs[p].deadline_us > now_us) continue;
        late |= 1u << p;
        if (world->scenario->policy.abandoned_calls_run_on) continue;
        adapter_cancel(&world->adapters, &slot->runs[p]);
    }
    close_probe(world, slot, late, late, now_us);
}

void world_order_run_done(struct world *world, struct world_order *slot, struct quote_run *run,
                          const struct quote_result *result, int64_t now_us)
{
    const unsigned place = (unsigned)(run - slot->runs);
    assert(place < RUNS);
    if (run->purpose == RUN_HEALTH) {
        hear_probe(world, slot, run, result, now_us);
        return;
    }
    if (place < PROVIDER_COUNT) {
        const bool late = slot->order.slots[place].settled;
        if (late && result->outcome == QUOTE_OK && world_counts(world, slot)) {
            world_tally_of(world, slot)->providers[run->provider].late_answers++;
        }
        tell_late(world, &slot->order, place, result, now_us);
        router_on_quote(&world->router, &slot->order, place, result, now_us);
        return;
    }
    if (place != slot->confirm_run || slot->order.confirm_state != CONFIRM_PENDING)
        return; /* late */
    router_on_confirmed(&world->router, &slot->order, adapter_confirm_error(result), now_us);
}

void world_order_timer(struct world *world, struct world_order *slot, enum node_kind kind,
                       int64_t now_us)
{
    switch ((int)kind) {
    case NODE_WAKE:
        if (slot->probe_open != 0) {
            give_up_probe(world, slot, now_us);
            return;
        }
        router_on_wake(&world->router, &slot->order, now_us);
        return;
    case NODE_CONFIRM:
        world->orders_waiting--;
        if (router_confirm(&world->router, &slot->order, now_us)) return;
        /* The token's life was over: the customer waited too long, which is nobody's failure. */
        judge(world, slot, authentic(&slot->order), now_us);
        finish(world, slot);
        return;
    case NODE_CONFIRM_CANNED:
        router_on_confirmed(&world->router, &slot->order, CONFIRM_OK, now_us);
        return;
    case NODE_CONFIRM_LATE:
        router_on_confirmed(&world->router, &slot->order, CONFIRM_TIMEOUT, now_us);
        return;
    default:
        break;
    }
    assert(!"a timer that is no order's");
}

/* --- the log -------------------------------------------------------------------------------------
 */

enum { EVENTS_FLUSH_BYTES = 1 << 18 };

void world_events_flush(struct world *world)
{
    if (world->events.length == 0) return;
    if (!world->failed &&
        !world->outputs->write_events(world->outputs->context, world->events.bytes,
                                      world->events.length, world->err)) {
        world->failed = true;
    }
    text_clear(&world->events);
}

static void emit(void *context, enum event_kind kind, const struct router_order *order,
                 unsigned slot, int64_t now_us)
{
    struct world *world = context;
    if (world->facts.starved) return;
    world->facts.event_lines_due++;
    if (!((const struct world_order *)order)->logged) return;
    world->facts.event_lines++;
    event_write(&world->events, kind, &world->router, order, slot, now_us,
                world->scenario->start_unix_us);
    if (world->events.length >= EVENTS_FLUSH_BYTES) world_events_flush(world);
}

void world_note_due(struct world *world, struct note_slot *note, int64_t now_us)
{
    world->facts.event_lines++;
    world->facts.event_lines_due++;
    event_write_outcome(&world->events, &note->note, now_us, world->scenario->start_unix_us);
    if (world->events.length >= EVENTS_FLUSH_BYTES) world_events_flush(world);
    note->next_free = world->free_notes;
    world->free_notes = note;
}

struct router_port world_router_port(struct world *world)
{
    struct router_port port = {.context = world,
                               .ask = ask,
                               .abandon = abandon,
                               .wake = wake,
                               .decided = decided,
                               .confirm = confirm,
                               .confirmed = confirmed,
                               .emit = emit,
                               .emit_mask =
                                   world->outputs->write_events != NULL ? EVENT_MASK_ALL : 0u};
    world_cache_port(world, &port);
    return port;
}
