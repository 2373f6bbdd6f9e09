#include "reports/show.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "router/base/duration.h"

const struct metric_value *value_of(const struct result *result, uint32_t phase, unsigned scope,
                                    enum metric metric)
{
    static const struct metric_value none = {.value = NAN, .state = VALUE_NONE};
    assert(scope < SCOPE_COUNT);
    return phase < result->phase_count ? &result->phases[phase].values[scope][metric] : &none;
}

const struct result_phase *phase_named(const struct result *result, const char *name)
{
    for (uint32_t i = 0; i < result->phase_count; i++)
        if (strcmp(result->phases[i].name, name) == 0) return &result->phases[i];
    return NULL;
}

const char *scope_label(unsigned scope)
{
    return scope == SCOPE_ROUTER ? "router" : provider_traits[scope].short_name;
}

const char *outcome_label(unsigned outcome)
{
    static const char *const labels[QUOTE_OUTCOME_COUNT] = {
        [QUOTE_PENDING] = "pending",
        [QUOTE_OK] = "answered",
        [QUOTE_TIMEOUT] = "timeout",
        [QUOTE_AUTH_FAILED] = "sign-in refused",
        [QUOTE_MISSING_CREDENTIALS] = "no credentials",
        [QUOTE_HTTP_ERROR] = "HTTP error",
        [QUOTE_RATE_LIMITED] = "rate limited",
        [QUOTE_UNAVAILABLE] = "unavailable",
        [QUOTE_NO_STORES] = "no stores",
        [QUOTE_NETWORK_ERROR] = "network error",
        [QUOTE_INVALID_RESPONSE] = "invalid response",
    };
    assert(outcome < QUOTE_OUTCOME_COUNT);
    return labels[outcome];
}

void show_latency(struct text *text, double ms)
{
    if (ms < 100) {
        text_fixed(text, ms, ms < 10 ? 1 : 0);
        text_put(text, " ms");
        return;
    }
    const double seconds = ms / 1000;
    text_fixed(text, seconds, seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0);
    text_put(text, " s");
}

void show_share(struct text *text, double share)
{
    const double percent = share * 100;
    if (percent > 0 && percent < 0.05) {
        text_put(text, "<0.1%");
    } else if (percent < 100 && percent >= 99.95) {
        text_put(text, ">99.9%");
    } else {
        text_fixed(text, percent, percent == 0 || percent == 100 ? 0 : 1);
        text_char(text, '%');
    }
}

void show_small_share(struct text *text, double share)
{
    text_fixed(text, share * 100, 2);
    text_char(text, '%');
}

const char *check_operator(const char *op)
{
    if (strcmp(op, "<=") == 0) return "\u2264";
    if (strcmp(op, ">=") == 0) return "\u2265";
    if (strcmp(op, "==") == 0) return "=";
    if (strcmp(op, "!=") == 0) return "\u2260";
    return op;
}

bool percentile_of_histogram(const struct result *result, enum metric metric)
{
    const bool percentile =
        metric == METRIC_P50_MS || metric == METRIC_P95_MS || metric == METRIC_P99_MS;
    return percentile && !result->router_latency.exact;
}

void show_money(struct text *text, double cents)
{
    if (cents < 0) text_put(text, "\u2212");
    const double size = fabs(cents);
    if (size > 0 && size < 10) {
        text_fixed(text, size, 2);
        text_put(text, "\u00a2");
        return;
    }
    text_char(text, '$');
    if (size >= 1e8) { /* a million dollars: cents say nothing any more */
        text_grouped(text, llround(size / 100));
        return;
    }
    const long long whole_cents = llround(size); /* first, so that 199.6 is $2.00 */
    text_grouped(text, whole_cents / 100);
    text_format(text, ".%02d", (int)(whole_cents % 100));
}

void show_count(struct text *text, double count)
{
    if (count == floor(count) && fabs(count) < 9e15)
        text_grouped(text, (int64_t)count);
    else
        text_fixed(text, count, 2);
}

void show_number(struct text *text, enum metric_unit unit, double value)
{
    switch (unit) {
    case UNIT_COUNT:
        show_count(text, value);
        break;
    case UNIT_SHARE:
        show_share(text, value);
        break;
    case UNIT_MS:
        show_latency(text, value);
        break;
    case UNIT_CENTS:
        show_money(text, value);
        break;
    case UNIT_MINUTES:
        text_fixed(text, value, value == floor(value) ? 0 : 1);
        text_put(text, " min");
        break;
    case UNIT_SCORE:
        text_fixed(text, value, 2);
        break;
    }
}

static void show_state(struct text *text, enum metric_unit unit, const struct metric_value *value,
                       bool with_need)
{
    switch (value->state) {
    case VALUE_KNOWN:
        show_number(text, unit, value->value);
        break;
    case VALUE_ABOVE:
        text_put(text, "> ");
        show_number(text, unit, value->value);
        break;
    case VALUE_NONE:
        text_put(text, "n/a");
        break;
    case VALUE_TOO_FEW:
        text_put(text, "n/a");
        if (!with_need) break;
        text_put(text, " (needs \u2265 ");
        text_grouped(text, (int64_t)ceil(value->needs));
        text_char(text, ')');
        break;
    }
}

void show_value(struct text *text, enum metric_unit unit, const struct metric_value *value)
{
    show_state(text, unit, value, true);
}

void show_value_short(struct text *text, enum metric_unit unit, const struct metric_value *value)
{
    show_state(text, unit, value, false);
}

void show_interval(struct text *text, enum metric_unit unit, const struct metric_value *value)
{
    if (value->state != VALUE_KNOWN || !(value->low < value->high)) return;
    show_number(text, unit, value->low);
    text_put(text, " to ");
    show_number(text, unit, value->high);
}

void show_instant(struct text *text, int64_t us)
{
    const int64_t seconds = us / US_PER_SECOND;
    const int64_t days = seconds / 86400;
    const int hours = (int)(seconds / 3600 % 24);
    const int minutes = (int)(seconds / 60 % 60);
    if (days > 0)
        text_format(text, "%lld d %02d:%02d", (long long)days, hours, minutes);
    else if (hours > 0)
        text_format(text, "%d:%02d:%02d", hours, minutes, (int)(seconds % 60));
    else
        text_format(text, "%d:%02d", minutes, (int)(seconds % 60));
}

void show_span(struct text *text, int64_t us)
{
    char span[DURATION_TEXT_MAX];
    duration_for_people(us, span);
    text_put(text, span);
}
