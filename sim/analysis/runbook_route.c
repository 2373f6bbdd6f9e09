/* Requests to the route: read as production reads them, and answered by the router itself. */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "router/base/duration.h"
#include "sim/analysis/runbook_state.h"

/* ---- an order ---- */

static void look_up(struct runbook_state *state)
{
    struct runbook_request *const request = state->request;
    for (uint32_t i = 0; i < request->order.item_count; i++)
        request->items[i].product = catalogue_find(
            &state->plan.catalogue, request->items[i].name_hash, request->items[i].name);
}

static void take_answer(const struct router_order *order, enum profile profile,
                        struct runbook_answer *answer)
{
    const enum order_code code = (enum order_code)order->code;
    const int selected = router_selected(order);
    *answer =
        (struct runbook_answer){.given = true,
                                .http_status = (unsigned)order_code_http_status(code),
                                .code = code == ORDER_ROUTED ? "" : order_code_name(code, profile),
                                .winner = selected < 0 ? -1 : (int)order->slots[selected].provider,
                                .latency_us = order->decided_us - order->start_us,
                                .quotes = order->quote_count};
    for (unsigned rank = 0; rank < order->quote_count; rank++)
        answer->canned_quotes += order->slots[order->ranked[rank]].result.quote.canned;
    if (selected < 0) return;
    answer->canned = order->slots[selected].result.quote.canned;
    answer->total_cents = order->slots[selected].result.quote.total_cents;
    answer->items_found = order->slots[selected].result.quote.found +
                          (unsigned)order->slots[selected].result.quote.substituted;
    answer->items_requested = order->slots[selected].result.quote.requested;
}

/* "MealMe TIMEOUT, Kroger HTTP_503": who gave no quote. */
static void put_absent(struct text *text, const struct router_order *order)
{
    bool any = false;
    for (unsigned i = 0; i < order->candidate_count; i++) {
        const struct order_slot *const slot = &order->slots[i];
        char code[QUOTE_CODE_MAX];
        if (slot->result.outcome == QUOTE_OK) continue;
        text_format(text, "%s%s %s", any ? ", " : "", provider_traits[slot->provider].short_name,
                    quote_code(slot->result.outcome, slot->result.http_status, code));
        any = true;
    }
}

static const char *say_answer(struct runbook_state *state, const struct router_order *order,
                              const struct runbook_answer *answer)
{
    struct text text = {0};
    char span[DURATION_TEXT_MAX];
    if (answer->winner < 0) {
        text_format(&text, "%u %s", answer->http_status, answer->code);
        if (order->candidate_count > 0) {
            text_put(&text, ": ");
            put_absent(&text, order);
        }
        return runbook_keep(state, &text);
    }
    duration_for_people(answer->latency_us, span);
    text_format(&text, "%u: %s, $%" PRId64 ".%02d%s, %s; %u quote%s", answer->http_status,
                provider_traits[answer->winner].short_name, answer->total_cents / 100,
                (int)(answer->total_cents % 100), answer->canned ? ", canned" : "",
                answer->latency_us == 0 ? "at once" : span, answer->quotes,
                answer->quotes == 1 ? "" : "s");
    if (answer->items_found < answer->items_requested)
        text_format(&text, ", %u of %u items found", answer->items_found, answer->items_requested);
    if (answer->canned_quotes > 0) text_format(&text, ", %u of them canned", answer->canned_quotes);
    if (answer->quotes < order->candidate_count) {
        text_put(&text, "; none from ");
        put_absent(&text, order);
    }
    return runbook_keep(state, &text);
}

/* Under what is live now; false: the machine failed. */
static bool route(struct runbook_state *state, struct router_order *order)
{
    struct err err = {0};
    look_up(state);
    state->scenario->env = state->deployment.live.env;
    if (world_route_one(state->world, &state->request->order, order, &err)) return true;
    err_list_add(state->list, &err);
    state->failed = true;
    return false;
}

static void do_order(struct runbook_state *state, struct runbook_outcome *outcome)
{
    struct router_order order;
    if (!route(state, &order)) return;
    take_answer(&order, state->profile, &outcome->answer);
    const char *const said = say_answer(state, &order, &outcome->answer);
    if (outcome->answer.http_status == 200)
        runbook_works(outcome, said);
    else
        runbook_is(outcome, RUNBOOK_FAILS, REASON_NOT_ROUTED, said, "the order is not routed");
}

/* ---- refused ---- */

/* The responder meant an order: what the router says to it in the form that it reads. */
static void try_translated(struct runbook_state *state, const char *body,
                           struct runbook_outcome *outcome)
{
    struct router_order order;
    struct runbook_answer answer;
    if (!runbook_request_translate(state->request, body, &state->runbook->arena)) return;
    if (!route(state, &order)) return;
    take_answer(&order, state->profile, &answer);
    outcome->hint = runbook_say(state, "the same order in the form that is read answers %s",
                                say_answer(state, &order, &answer));
}

static void do_refused(struct runbook_state *state, const struct runbook_deed *deed,
                       struct runbook_outcome *outcome)
{
    outcome->answer = (struct runbook_answer){
        .given = true,
        .http_status = (unsigned)order_code_http_status(ORDER_INVALID_REQUEST),
        .code = order_code_name(ORDER_INVALID_REQUEST, state->profile),
        .winner = -1};
    runbook_is(outcome, RUNBOOK_FAILS, REASON_INVALID_REQUEST,
               runbook_say(state, "%u %s", outcome->answer.http_status, outcome->answer.code),
               runbook_say(state, "%s", state->request->why));
    try_translated(state, deed->curl.body, outcome);
}

/* ---- health ---- */

static void do_health_check(struct runbook_state *state, struct runbook_outcome *outcome)
{
    const struct router_port nobody = {0};
    struct router router;
    struct text text = {0};
    if (!state->scenario->policy.health_is_configuration) {
        runbook_is_unknown(outcome, "this scenario's health check asks the providers, which is not "
                                    "simulated here");
        return;
    }
    router_init(&router, &state->deployment.config, &state->scenario->policy, &nobody);
    outcome->answer =
        (struct runbook_answer){.given = true, .http_status = 200, .code = "", .winner = -1};
    text_put(&text, "200: ");
    for (unsigned p = 0, told = 0; p < PROVIDER_COUNT; p++) {
        if (!state->deployment.config.providers[p].enabled) continue;
        text_format(&text, "%s%s %s", told++ > 0 ? ", " : "", provider_traits[p].short_name,
                    router_health_by_configuration(&router, (enum provider)p) ? "healthy"
                                                                              : "not healthy");
    }
    text_put(&text, ", by their settings: nothing is called");
    runbook_works(outcome, runbook_keep(state, &text));
}

/* ---- a request ---- */

static const char *beyond(struct runbook_state *state, const struct runbook_deed *deed)
{
    const struct runbook_curl *const curl = &deed->curl;
    if (deed->target == TARGET_ELSEWHERE)
        return runbook_say(state, "it goes to another system, which is not simulated");
    if (deed->target == TARGET_UNKNOWN) return "where it goes is the responder's to fill in";
    if (curl->unknown_option != NULL)
        return runbook_say(state, "curl's option %.40s is not understood", curl->unknown_option);
    if (curl->body_elsewhere) return "its body lies in a file, or is no JSON";
    if (curl->bodies) return "curl joins several bodies into none that is JSON";
    if (deed->function[0] != '\0' && strcmp(deed->function, state->runbook->function) != 0)
        return runbook_say(state, "%.80s is another function, which is not simulated",
                           deed->function);
    return NULL;
}

void runbook_do_request(struct runbook_state *state, uint32_t index)
{
    const struct runbook_deed *const deed = &state->deeds[index];
    struct runbook_outcome *const outcome = &state->runbook->steps[index].outcomes[state->profile];
    const char *const why = beyond(state, deed);
    if (why != NULL) {
        runbook_is_unknown(outcome, why);
        return;
    }
    runbook_request_read(state->request, deed->curl.body, deed->curl.body_open, state->profile,
                         &state->runbook->arena);
    switch (state->request->body) {
    case BODY_ORDER:
        do_order(state, outcome);
        break;
    case BODY_HEALTH_CHECK:
        do_health_check(state, outcome);
        break;
    case BODY_REFUSED:
        do_refused(state, deed, outcome);
        break;
    case BODY_UNKNOWABLE:
        runbook_is_unknown(outcome, runbook_say(state, "%s", state->request->why));
        break;
    }
}
