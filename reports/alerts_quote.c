/* Texts of rules as data of three languages: YAML, PromQL and the templates of annotations. */
#include <string.h>

#include "reports/alerts_prometheus.h"
#include "reports/drill_text.h"
#include "router/base/utf8.h"

/* YAML 1.1 breaks lines at NEL, LS and PS also inside quotes, and refuses other controls. */
static bool stands_as_it_is(uint32_t code)
{
    return utf8_is_visible(code) && code != 0xfffe && code != 0xffff;
}

/* Escapes that YAML's double quotes, JSON and Go (which PromQL follows) read alike. */
void alerts_put_quoted(struct text *text, const char *string)
{
    const size_t length = strlen(string);
    text_char(text, '"');
    for (size_t i = 0; i < length;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(string + i, length - i, &code);
        if (step == 0) {
            text_put(text, "\xEF\xBF\xBD");
        } else if (code == '"' || code == '\\') {
            text_char(text, '\\');
            text_char(text, (char)code);
        } else if (!stands_as_it_is(code)) {
            text_format(text, code > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)code);
        } else {
            text_append(text, string + i, step);
        }
        i += step == 0 ? 1 : step;
    }
    text_char(text, '"');
}

void alerts_put_template(struct text *text, const char *string)
{
    for (const char *at = string; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] == '{') {
            text_put(text, "{{\"{{\"}}");
            at++;
        } else {
            text_char(text, *at);
        }
    }
}

void alerts_put_summary(struct text *text, const struct alert_rule *rule)
{
    if (rule->says[0] != '\0') {
        text_put(text, rule->says);
    } else {
        drill_show_rule(text, rule);
    }
}

/* Prometheus has whole milliseconds. Ticks are whole seconds, so to round up changes nothing. */
void alerts_put_span(struct text *text, int64_t span_us)
{
    char span[DURATION_TEXT_MAX];
    const int64_t ms = span_us / US_PER_MS + (span_us % US_PER_MS > 0);
    duration_format(ms * US_PER_MS, span);
    text_put(text, span);
}
