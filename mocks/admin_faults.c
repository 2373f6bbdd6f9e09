/* GET, PUT, POST and DELETE /faults. The language is the scenario's; what it means is asked for. */
#include <inttypes.h>
#include <string.h>

#include "mocks/admin_state.h"

static const char *state_of(const struct fault_spec *fault, int64_t now_us)
{
    if (now_us < fault->at_us) return "waiting";
    if (now_us >= fault_end_us(fault)) return "over";
    return fault_is_on(fault, now_us) ? "on" : "resting";
}

/* With the lock held. */
static void put_fault(const struct admin_port *ask, const struct fault_spec *fault, uint32_t index,
                      int64_t now_us, struct text *json)
{
    text_char(json, '{');
    ask->write_fault(ask->context, index, json);
    text_format(json, ", \"state\": \"%s\", \"strength\": ", state_of(fault, now_us));
    text_double(json, fault_strength(fault, now_us));
    text_char(json, '}');
}

void admin_get_faults(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    struct text *const json = &exchange->response->body;
    const int64_t now_us = ask->now_us(ask->context);
    text_format(json, "{\"now_us\": %" PRId64 ", \"faults\": [", now_us);
    admin_lock(exchange->admin);
    uint32_t count;
    const struct fault_spec *const faults = ask->faults(ask->context, &count);
    for (uint32_t i = 0; i < count; i++) {
        text_put(json, i == 0 ? "\n  " : ",\n  ");
        put_fault(ask, &faults[i], i, now_us, json);
    }
    admin_unlock(exchange->admin);
    text_put(json, "]}\n");
}

static bool has_body(struct admin_exchange *exchange)
{
    if (exchange->view->body_length > 0) return true;
    return admin_refuse(exchange, 400,
                        "{\"id\": \"x\", \"provider\": \"KROGER_API\", \"kind\": \"hang\", "
                        "\"for\": \"30s\"}",
                        "the body has to hold faults, in a scenario's keys");
}

void admin_put_faults(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    const struct http_view *const view = exchange->view;
    struct err_list list = {.source_file = "body"};
    if (!has_body(exchange)) return;
    if (ask->put_faults(ask->context, view->body, view->body_length, &list)) {
        admin_get_faults(exchange);
    } else {
        (void)admin_refuse_list(exchange, &list);
    }
}

void admin_post_fault(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    const struct http_view *const view = exchange->view;
    struct err_list list = {.source_file = "body"};
    if (!has_body(exchange)) return;
    if (!ask->add_fault(ask->context, view->body, view->body_length, &list)) {
        (void)admin_refuse_list(exchange, &list);
        return;
    }
    exchange->response->status = 201;
    admin_lock(exchange->admin);
    uint32_t count;
    const struct fault_spec *const faults = ask->faults(ask->context, &count);
    if (count > 0) { /* the newest is the last */
        put_fault(ask, &faults[count - 1], count - 1, ask->now_us(ask->context),
                  &exchange->response->body);
    }
    admin_unlock(exchange->admin);
    text_char(&exchange->response->body, '\n');
}

static void refuse_id(struct admin_exchange *exchange, const char *id)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    char ids[FAULTS_MAX][FAULT_ID_MAX];
    const char *candidates[FAULTS_MAX + 1] = {NULL};
    admin_lock(exchange->admin);
    uint32_t count;
    const struct fault_spec *const faults = ask->faults(ask->context, &count);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(ids[i], faults[i].id, sizeof ids[i]);
        candidates[i] = ids[i];
    }
    admin_unlock(exchange->admin);
    char hint[ERR_HINT_MAX];
    (void)text_suggest(id, candidates, hint, sizeof hint);
    (void)admin_refuse(exchange, 404, hint, "there is no fault \"%.*s\"", FAULT_ID_MAX, id);
}

void admin_delete_faults(struct admin_exchange *exchange)
{
    const struct admin_port *const ask = &exchange->admin->setup.ask;
    struct err_list list = {0};
    const char *const id = exchange->rest;
    if (id[0] == '\0') {
        if (!ask->put_faults(ask->context, "[]", 2, &list)) {
            (void)admin_refuse_list(exchange, &list);
            return;
        }
    } else if (!ask->remove_fault(ask->context, id)) {
        refuse_id(exchange, id);
        return;
    }
    admin_get_faults(exchange);
}
