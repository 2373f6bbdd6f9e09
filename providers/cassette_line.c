/* A cassette's lines; those of takes without their secrets. */
#include "providers/cassette_line.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "providers/cassette_base64.h"
#include "providers/cassette_key.h"
#include "providers/cassette_tape.h"
#include "router/base/utf8.h"

struct writing {
    struct scrubber *scrubber;
    struct text *line;
    struct text part; /* what was scrubbed last */
    bool too_long;    /* something in the line is */
};

/* ---- the parts of a take --------------------------------------------------------------------- */

static struct scrub_part body_of_request(const struct http_request *request)
{
    const bool has_body = request->content_type != NULL;
    return (struct scrub_part){.bytes = has_body ? request->body.bytes : NULL,
                               .length = has_body ? request->body.length : 0,
                               .pairs = cassette_is_form(request->content_type)};
}

static struct scrub_part body_of_response(const struct http_response *response)
{
    return (struct scrub_part){.bytes = response->body.bytes,
                               .length = response->body.length,
                               .pairs = cassette_is_form(response->content_type),
                               .response = true,
                               .cut = response->truncated};
}

static struct scrub_part query_of(const struct http_request *request)
{
    const char *const target = request->target.bytes;
    const char *const mark = memchr(target, '?', request->target.length);
    struct scrub_part part = {.bytes = target + request->target.length, .pairs = true};
    if (mark == NULL) return part;
    part.bytes = mark + 1;
    part.length = request->target.length - (size_t)(mark + 1 - target);
    return part;
}

static void learn(struct scrubber *scrubber, const struct cassette_take *take)
{
    const struct scrub_part query = query_of(take->request);
    const struct scrub_part asked = body_of_request(take->request);
    scrubber_next_take(scrubber);
    for (const char *const *secret = take->secrets; secret != NULL && *secret != NULL; secret++)
        scrubber_learn_secret(scrubber, *secret);
    if (take->fate == CALL_ANSWERED) {
        const struct scrub_part answered = body_of_response(take->response);
        scrubber_learn(scrubber, &answered);
    }
    scrubber_learn_headers(scrubber, take->request->headers.bytes, take->request->headers.length);
    scrubber_learn(scrubber, &query);
    scrubber_learn(scrubber, &asked);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Scrubs into writing->part. */
static struct text *scrub(struct writing *writing, const struct scrub_part *part)
{
    text_clear(&writing->part);
    scrubber_write(writing->scrubber, part, &writing->part);
    if (writing->part.failed) writing->line->failed = true;
    return &writing->part;
}

static void put_key(struct writing *writing, const char *key)
{
    text_put(writing->line, key);
    text_char(writing->line, ':');
}

/* A text that the reader takes: in one line, and not too long. */
static void put_short_text(struct writing *writing, struct text *text)
{
    for (size_t i = 0; i < text->length; i++) {
        const unsigned char c = (unsigned char)text->bytes[i];
        if (c < 0x20 || c == 0x7F) text->bytes[i] = ' ';
    }
    if (text->length > CASSETTE_TARGET_BYTES_MAX) writing->too_long = true;
    text_json_string(writing->line, text->length > 0 ? text->bytes : "");
}

/* A scrubbed text, or null for NULL. */
static void put_line_text(struct writing *writing, const char *text, size_t length, bool response)
{
    if (text == NULL) {
        text_put(writing->line, "null");
        return;
    }
    const struct scrub_part part = {.bytes = text, .length = length, .response = response};
    put_short_text(writing, scrub(writing, &part));
}

/* Path and query, in visible ASCII. */
static void put_target(struct writing *writing, const struct http_request *request)
{
    const struct scrub_part query = query_of(request);
    const size_t path_length = (size_t)(query.bytes - request->target.bytes);
    const bool has_query = path_length > 0 && query.bytes[-1] == '?';
    const struct scrub_part path = {.bytes = request->target.bytes,
                                    .length = path_length - (has_query ? 1 : 0)};
    struct text target = {0};
    const struct text *scrubbed = scrub(writing, &path);
    if (scrubbed->length == 0 || scrubbed->bytes[0] != '/') text_char(&target, '/');
    text_append(&target, scrubbed->bytes, scrubbed->length);
    if (has_query) {
        text_char(&target, '?');
        scrubbed = scrub(writing, &query);
        text_append(&target, scrubbed->bytes, scrubbed->length);
    }
    struct text visible = {0};
    for (size_t i = 0; i < target.length; i++) {
        const unsigned char c = (unsigned char)target.bytes[i];
        if (c > ' ' && c < 0x7F) {
            text_char(&visible, (char)c);
        } else {
            text_format(&visible, "%%%02X", c);
        }
    }
    if (target.failed || visible.failed) writing->line->failed = true;
    put_short_text(writing, &visible);
    text_release(&target);
    text_release(&visible);
}

/* The headers that a cassette keeps, each once. */
static void put_headers(struct writing *writing, const struct http_request *request)
{
    static const char *const kept[] = {"Accept", "Accept-Language"};
    bool any = false;
    text_char(writing->line, '{');
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const size_t name = strlen(kept[i]);
        const char *line = request->headers.length > 0 ? request->headers.bytes : "";
        for (; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
            if (strncasecmp(line, kept[i], name) != 0 || line[name] != ':') continue;
            const char *const value = line + name + 1 + strspn(line + name + 1, " ");
            if (any) text_char(writing->line, ',');
            any = true;
            text_json_string(writing->line, kept[i]);
            text_char(writing->line, ':');
            put_line_text(writing, value, strcspn(value, "\n"), false);
            break;
        }
    }
    text_char(writing->line, '}');
}

static bool is_text(const struct text *bytes)
{
    for (size_t i = 0; i < bytes->length;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(bytes->bytes + i, bytes->length - i, &code);
        if (step == 0 || code == 0) return false;
        i += step;
    }
    return true;
}

static void put_body(struct writing *writing, const struct scrub_part *part)
{
    const struct text *const body = scrub(writing, part);
    if (body->length > CASSETTE_BODY_BYTES_MAX) writing->too_long = true;
    if (is_text(body)) {
        put_key(writing, ",\"body\"");
        text_json_string(writing->line, body->length > 0 ? body->bytes : "");
    } else {
        put_key(writing, ",\"body_base64\"");
        text_char(writing->line, '"');
        cassette_base64_encode(writing->line, body->bytes, body->length);
        text_char(writing->line, '"');
    }
}

static void put_call(struct writing *writing, const struct cassette_take *take)
{
    struct text *const line = writing->line;
    text_put(line, "{\"provider\":");
    text_json_string(line, provider_traits[take->provider].id);
    put_key(writing, ",\"api\"");
    text_json_string(line, api_names[take->api]);
    put_key(writing, ",\"operation\"");
    text_json_string(line, operation_names[take->operation]);
    put_key(writing, ",\"order\"");
    if (take->order == CASSETTE_NO_ORDER) {
        text_put(line, "null");
    } else {
        text_int(line, take->order);
    }
    put_key(writing, ",\"item\"");
    text_int(line, take->item);
    put_key(writing, ",\"attempt\"");
    text_int(line, take->attempt);
    put_key(writing, ",\"at_us\"");
    text_int(line, take->at_us);
    put_key(writing, ",\"latency_us\"");
    text_int(line, take->latency_us);
    put_key(writing, ",\"fate\"");
    text_json_string(line, call_fate_names[take->fate]);
}

static void put_request(struct writing *writing, const struct http_request *request)
{
    const struct scrub_part body = body_of_request(request);
    put_key(writing, ",\"request\":{\"method\"");
    text_json_string(writing->line, http_method_names[request->method]);
    put_key(writing, ",\"target\"");
    put_target(writing, request);
    put_key(writing, ",\"headers\"");
    put_headers(writing, request);
    put_key(writing, ",\"content_type\"");
    const char *const type = request->content_type;
    put_line_text(writing, type, type != NULL ? strlen(type) : 0, false);
    put_body(writing, &body);
    text_char(writing->line, '}');
}

static void put_response(struct writing *writing, const struct http_response *response)
{
    const struct scrub_part body = body_of_response(response);
    put_key(writing, ",\"response\":{\"status\"");
    text_int(writing->line, response->status);
    put_key(writing, ",\"content_type\"");
    const char *const type = response->content_type;
    put_line_text(writing, type, type != NULL ? strlen(type) : 0, true);
    put_key(writing, ",\"retry_after_s\"");
    text_int(writing->line, response->retry_after_s);
    put_key(writing, ",\"truncated\"");
    text_put(writing->line, response->truncated ? "true" : "false");
    put_body(writing, &body);
    text_char(writing->line, '}');
}

/* What is too long to be kept is too long to be looked through. */
static bool is_too_long(const struct cassette_take *take)
{
    const struct http_request *const request = take->request;
    return request->target.length > CASSETTE_TARGET_BYTES_MAX ||
           request->headers.length > CASSETTE_TARGET_BYTES_MAX ||
           body_of_request(request).length > CASSETTE_BODY_BYTES_MAX ||
           (take->fate == CALL_ANSWERED && take->response->body.length > CASSETTE_BODY_BYTES_MAX);
}

bool cassette_line(struct scrubber *scrubber, const struct cassette_take *take, struct text *line)
{
    if (is_too_long(take)) return false;
    learn(scrubber, take);
    struct writing writing = {.scrubber = scrubber, .line = line};
    put_call(&writing, take);
    put_request(&writing, take->request);
    if (take->fate == CALL_ANSWERED) {
        put_response(&writing, take->response);
    } else {
        text_put(line, ",\"response\":null");
    }
    text_char(line, '}');
    line->failed = line->failed || scrubber->failed || writing.part.failed;
    text_release(&writing.part);
    return !writing.too_long;
}

/* ---- the first and the last line ------------------------------------------------------------- */

static void put_member(struct text *line, const char *key, const char *value)
{
    text_format(line, ",\"%s\":", key);
    text_json_string(line, value != NULL ? value : "");
}

static void put_providers(struct text *line, const char *key, unsigned providers)
{
    const char *comma = "";
    text_format(line, ",\"%s\":[", key);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((providers >> p & 1u) == 0) continue;
        text_put(line, comma);
        text_json_string(line, provider_traits[p].id);
        comma = ",";
    }
    text_char(line, ']');
}

void cassette_head_line(const struct cassette_head *head, struct text *line)
{
    text_put(line, "{\"schema\":\"" CASSETTE_SCHEMA CASSETTE_VERSION "\"");
    put_member(line, "program", head->program);
    put_member(line, "scenario", head->scenario);
    put_member(line, "seed", head->seed);
    put_member(line, "clock", head->clock);
    text_format(line, ",\"start_unix_us\":%" PRId64 ",\"duration_us\":%" PRId64,
                head->start_unix_us, head->duration_us);
    text_format(line, ",\"order_gap_us\":%" PRId64, head->order_gap_us);
    put_providers(line, "providers", head->providers);
    put_providers(line, "live", head->live);
    text_char(line, '}');
}

void cassette_end_line(const struct cassette_end *end, struct text *line)
{
    text_format(line, "{\"end\":{\"takes\":%" PRIu64 ",\"refused\":%" PRIu64, end->takes,
                end->refused);
    text_format(line, ",\"orders\":%" PRIu64, end->orders);
    put_member(line, "stopped_by", end->stopped_by);
    put_member(line, "sha256", end->sha256);
    text_put(line, "}}");
}
