/* What is said to PagerDuty and to Slack. */
#include <assert.h>
#include <string.h>

#include "providers/webhook.h"
#include "router/base/duration.h"
#include "router/base/utf8.h"

const char *const webhook_severity_names[WEBHOOK_SEVERITY_COUNT] = {"critical", "warning", "info"};

/* ---- texts that fit -------------------------------------------------------------------------- */

/* The bytes of the first `count` characters. */
static size_t bytes_of(const char *string, size_t count)
{
    const size_t length = strlen(string);
    size_t at = 0;
    for (; count > 0 && at < length; count--) {
        uint32_t code;
        const unsigned width = utf8_read(string + at, length - at, &code);
        at += width > 0 ? width : 1;
    }
    return at;
}

static void put_cut(struct text *text, const char *string, size_t count_max)
{
    if (bytes_of(string, count_max) == strlen(string)) {
        text_put(text, string);
        return;
    }
    text_append(text, string, bytes_of(string, count_max - 3));
    text_put(text, "...");
}

/* A JSON string of what was gathered. */
static void put_json(struct text *text, struct text *gathered)
{
    text_json_string(text, gathered->bytes == NULL ? "" : gathered->bytes);
    text->failed |= gathered->failed;
    text_clear(gathered);
}

static void put_json_cut(struct text *text, const char *string, size_t count_max)
{
    struct text cut = {0};
    put_cut(&cut, string, count_max);
    put_json(text, &cut);
    text_release(&cut);
}

/* ---- PagerDuty ------------------------------------------------------------------------------- */

static void put_member(struct text *text, const char *name, const char *value)
{
    if (value[0] == '\0') return;
    text_format(text, ",\"%s\":", name);
    put_json_cut(text, value, WEBHOOK_SUMMARY_MAX);
}

static void put_details(struct text *text, const struct webhook_event *event)
{
    if (event->detail_count == 0) return;
    text_put(text, ",\"custom_details\":{");
    for (uint32_t i = 0; i < event->detail_count; i++) {
        if (i > 0) text_char(text, ',');
        text_json_string(text, event->details[i].name);
        text_char(text, ':');
        put_json_cut(text, event->details[i].value, WEBHOOK_FIELD_MAX);
    }
    text_char(text, '}');
}

static void put_payload(struct text *text, const struct webhook_event *event)
{
    char at[INSTANT_TEXT_MAX];
    instant_format(event->at_unix_us, at);
    text_put(text, ",\"payload\":{\"summary\":");
    put_json_cut(text, event->summary, WEBHOOK_SUMMARY_MAX);
    put_member(text, "source", event->source);
    put_member(text, "severity", webhook_severity_names[event->severity]);
    put_member(text, "timestamp", at);
    put_member(text, "component", event->component);
    put_member(text, "group", event->group);
    put_member(text, "class", event->class);
    put_details(text, event);
    text_put(text, "},\"client\":\"routesim\"");
}

void webhook_put_pagerduty(struct text *text, const struct webhook_event *event,
                           const char *routing_key)
{
    assert(event->dedup_key[0] != '\0');
    assert(event->detail_count <= WEBHOOK_DETAILS_MAX);
    text_put(text, "{\"routing_key\":");
    text_json_string(text, routing_key);
    text_format(text,
                ",\"event_action\":\"%s\",\"dedup_key\":", event->resolved ? "resolve" : "trigger");
    put_json_cut(text, event->dedup_key, WEBHOOK_DEDUP_KEY_MAX);
    if (!event->resolved) put_payload(text, event);
    text_char(text, '}');
}

/* ---- Slack ----------------------------------------------------------------------------------- */

static const char *state_of(const struct webhook_event *event)
{
    return event->resolved ? "resolved" : "firing";
}

/* Slack's own three; anything else that its markup would read is only bold or slanted. */
static void put_escaped(struct text *text, const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == '&')
            text_put(text, "&amp;");
        else if (*string == '<')
            text_put(text, "&lt;");
        else if (*string == '>')
            text_put(text, "&gt;");
        else
            text_char(text, *string);
    }
}

/* Cut before it is escaped, so that no escape is cut: an "&amp;" is five characters at most. */
static void put_markup_cut(struct text *text, const char *string, size_t count_max)
{
    struct text cut = {0};
    put_cut(&cut, string, count_max);
    put_escaped(text, cut.bytes == NULL ? "" : cut.bytes);
    text->failed |= cut.failed;
    text_release(&cut);
}

static void put_field(struct text *text, const char *name, const char *value, bool first)
{
    struct text field = {0};
    text_char(&field, '*');
    put_markup_cut(&field, name, 40);
    text_put(&field, "*\n");
    put_markup_cut(&field, value, (WEBHOOK_FIELD_MAX - 210) / 5);
    if (!first) text_char(text, ',');
    text_put(text, "{\"type\":\"mrkdwn\",\"text\":");
    put_json(text, &field);
    text_char(text, '}');
    text_release(&field);
}

static void put_header(struct text *text, const struct webhook_event *event)
{
    struct text title = {0};
    text_format(&title, "%s: %s", event->resolved ? "Resolved" : "Firing", event->summary);
    text_put(text, "{\"type\":\"header\",\"text\":{\"type\":\"plain_text\",\"text\":");
    put_json_cut(text, title.bytes == NULL ? "" : title.bytes, WEBHOOK_HEADER_MAX);
    text->failed |= title.failed;
    text_put(text, ",\"emoji\":false}}");
    text_release(&title);
}

static void put_context(struct text *text, const struct webhook_event *event)
{
    struct text line = {0};
    char at[INSTANT_TEXT_MAX];
    instant_format(event->at_unix_us, at);
    put_markup_cut(&line, event->source, WEBHOOK_FIELD_MAX / 10);
    text_format(&line, ", %s", at);
    text_put(text, "{\"type\":\"context\",\"elements\":[{\"type\":\"mrkdwn\",\"text\":");
    put_json(text, &line);
    text_put(text, "}]}");
    text_release(&line);
}

void webhook_put_slack(struct text *text, const struct webhook_event *event)
{
    assert(event->detail_count <= WEBHOOK_DETAILS_MAX);
    struct text plain = {0};
    text_format(&plain, "%s (%s): ", event->resolved ? "Resolved" : "Firing",
                webhook_severity_names[event->severity]);
    put_markup_cut(&plain, event->summary, WEBHOOK_SUMMARY_MAX);
    text_put(text, "{\"text\":");
    put_json(text, &plain);
    text_release(&plain);
    text_put(text, ",\"blocks\":[");
    put_header(text, event);
    text_put(text, ",{\"type\":\"section\",\"fields\":[");
    put_field(text, "Severity", webhook_severity_names[event->severity], true);
    put_field(text, "State", state_of(event), false);
    for (uint32_t i = 0; i < event->detail_count; i++)
        put_field(text, event->details[i].name, event->details[i].value, false);
    text_put(text, "]},");
    put_context(text, event);
    text_put(text, "]}");
}
