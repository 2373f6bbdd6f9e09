#include "sim/command/logs.h"

#include <errno.h>
#include <string.h>

static const struct place events_place = {.file = "events.jsonl"};
static const struct place calls_place = {.file = "calls.csv"};
static const struct place quotes_place = {.file = "quotes.bin"};

static bool refuse(struct err *err, struct place place)
{
    return err_fail(err, ERR_ENVIRONMENT, place, "cannot write it: %s", strerror(errno));
}

static bool write_events(void *context, const char *bytes, size_t length, struct err *err)
{
    struct logs *logs = context;
    return fwrite(bytes, 1, length, logs->events) == length || refuse(err, events_place);
}

static bool write_order(void *context, const struct router *router,
                        const struct router_order *order, struct err *err)
{
    struct logs *logs = context;
    struct quote_record record;
    if (logs->deployment != router->deployments) {
        quote_record_config(&record, router);
        if (fwrite(&record, sizeof record, 1, logs->quotes) != 1) return refuse(err, quotes_place);
        logs->deployment = router->deployments;
    }
    quote_record_order(&record, router, order);
    return fwrite(&record, sizeof record, 1, logs->quotes) == 1 || refuse(err, quotes_place);
}

static bool write_late(void *context, const struct router_order *order, unsigned slot,
                       const struct quote_result *result, int64_t now_us, struct err *err)
{
    struct logs *logs = context;
    struct quote_record record;
    quote_record_late(&record, order, slot, result, now_us);
    return fwrite(&record, sizeof record, 1, logs->quotes) == 1 || refuse(err, quotes_place);
}

static void put_order(struct text *line, const struct call *call)
{
    if (call->order_index != UINT64_MAX) text_int(line, (int64_t)call->order_index);
}

static const char *kind_of(const struct wire_trip *trip)
{
    return trip->live ? "live" : trip->replayed ? "replay" : "mock";
}

/* Texts of the provider come last, quoted: they are the only ones that we did not write. */
static bool write_call(void *context, const struct call *call, const struct reply *reply,
                       const struct wire_trip *trip, int64_t late_us, struct err *err)
{
    struct logs *logs = context;
    struct text *line = &logs->line;
    const struct http_timing *timing = &trip->timing;
    text_clear(line);
    put_order(line, call);
    text_format(line, ",%s,%s,%u,%u,", provider_traits[call->provider].id,
                operation_names[call->operation], (unsigned)call->item, (unsigned)call->attempt);
    text_ms(line, call->sent_us);
    text_char(line, ',');
    text_ms(line, reply->latency_us);
    text_format(line, ",%s,%u,%s,%d,", call_fate_names[reply->fate], (unsigned)reply->http_status,
                http_phase_names[trip->phase], trip->curl_code);
    const int64_t parts_us[] = {timing->queue_us, timing->dns_us,  timing->tcp_us,
                                timing->tls_us,   timing->wait_us, timing->body_us};
    for (size_t i = 0; i < sizeof parts_us / sizeof parts_us[0]; i++) {
        text_ms(line, parts_us[i]);
        text_char(line, ',');
    }
    text_format(line, "%u,", (unsigned)timing->connects);
    if (late_us > 0) text_ms(line, late_us);
    text_format(line, ",%s,%s,", kind_of(trip),
                trip->local      ? "local"
                : trip->injected ? "injected"
                                 : "");
    text_csv(line, trip->said);
    text_put(line, "\r\n");
    return fwrite(line->bytes, 1, line->length, logs->calls) == line->length ||
           refuse(err, calls_place);
}

static const char calls_header[] =
    "order,provider,operation,item,attempt,sent_ms,latency_ms,fate,status,phase,curl_code,queue_ms,"
    "dns_ms,tcp_ms,tls_ms,first_byte_ms,body_ms,connects,late_by_ms,kind,fault,said\r\n";

static FILE *open_in(const char *directory, const char *name)
{
    char path[4200];
    (void)snprintf(path, sizeof path, "%.4096s/%s", directory, name);
    return fopen(path, "wb");
}

static bool write_header(FILE *stream, const struct scenario *scenario)
{
    struct quote_record_header header = {.version = QUOTE_RECORD_VERSION,
                                         .record_bytes = sizeof(struct quote_record),
                                         .experiment_hash = scenario_hash(scenario, false),
                                         .scenario_hash = scenario_hash(scenario, true),
                                         .seed = scenario->seed,
                                         .start_unix_us = scenario->start_unix_us};
    memcpy(header.magic, QUOTE_RECORD_MAGIC, sizeof header.magic);
    return fwrite(&header, sizeof header, 1, stream) == 1;
}

bool logs_open(struct logs *logs, const struct logs_wish *wish, const char *directory,
               const struct scenario *scenario, struct world_outputs *outputs, struct err *err)
{
    *logs = (struct logs){0};
    *outputs = (struct world_outputs){.context = logs,
                                      .event_sample = wish->event_sample,
                                      .event_lines_most = wish->event_lines_most};
    if (wish->events) {
        logs->events = open_in(directory, "events.jsonl");
        if (logs->events == NULL) return refuse(err, events_place);
        outputs->write_events = write_events;
    }
    if (wish->calls) {
        logs->calls = open_in(directory, "calls.csv");
        if (logs->calls == NULL || fputs(calls_header, logs->calls) == EOF) {
            return refuse(err, calls_place);
        }
        outputs->write_call = write_call;
    }
    if (wish->quotes) {
        logs->quotes = open_in(directory, "quotes.bin");
        if (logs->quotes == NULL || !write_header(logs->quotes, scenario)) {
            (void)refuse(err, quotes_place);
            struct err ignored;
            (void)logs_close(logs, &ignored);
            return false;
        }
        outputs->write_order = write_order;
        outputs->write_late = write_late;
    }
    return true;
}

bool logs_close(struct logs *logs, struct err *err)
{
    bool fine = true;
    if (logs->events != NULL && fclose(logs->events) != 0) fine = refuse(err, events_place);
    if (logs->quotes != NULL && fclose(logs->quotes) != 0) fine = refuse(err, quotes_place);
    if (logs->calls != NULL && fclose(logs->calls) != 0) fine = refuse(err, calls_place);
    text_release(&logs->line);
    logs->calls = NULL;
    logs->events = NULL;
    logs->quotes = NULL;
    return fine;
}
