#include "sim/world/scenario_limit.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

const struct limit_form limit_form_seconds = {
    .words = "a span such as \"20m\", or a number of seconds", .unit_us = US_PER_SECOND};

const struct limit_form *limit_form_of(enum metric_unit unit)
{
    static const struct limit_form count = {.words = "a number"};
    static const struct limit_form share = {.words = "a share such as 0.95 or \"95%\"",
                                            .is_share = true};
    static const struct limit_form ms = {
        .words = "a span such as \"4.9s\", or a number of milliseconds", .unit_us = US_PER_MS};
    static const struct limit_form cents = {.words = "a number of US cents"};
    static const struct limit_form minutes = {
        .words = "a span such as \"35m\", or a number of minutes", .unit_us = US_PER_MINUTE};
    switch (unit) {
    case UNIT_COUNT:
    case UNIT_SCORE:
        return &count;
    case UNIT_SHARE:
        return &share;
    case UNIT_MS:
        return &ms;
    case UNIT_CENTS:
        return &cents;
    case UNIT_MINUTES:
        return &minutes;
    }
    assert(!"a metric of no unit");
    return &count;
}

/* "1h30m", or a decimal number and one unit. */
static bool parse_span(const char *text, double *us)
{
    static const struct {
        const char *unit;
        int64_t us;
    } units[] = {{"us", 1},          {"ms", US_PER_MS}, {"s", US_PER_SECOND}, {"m", US_PER_MINUTE},
                 {"h", US_PER_HOUR}, {"d", US_PER_DAY}};
    struct err ignored;
    int64_t span_us = 0;
    const struct place nowhere = {0};
    if (duration_parse(text, nowhere, &span_us, &ignored)) {
        *us = (double)span_us;
        return true;
    }
    char *end = NULL;
    const double number = strtod(text, &end);
    for (size_t i = 0; i < sizeof units / sizeof units[0] && number >= 0; i++) {
        if (strcmp(end, units[i].unit) != 0) continue;
        *us = number * (double)units[i].us;
        return true;
    }
    return false;
}

bool limit_parse(const char *text, const struct limit_form *form, double *limit)
{
    char *end = NULL;
    double us = 0;
    const double number = strtod(text, &end);
    if (end == text || !isfinite(number)) return false;
    if (*end == '\0') {
        *limit = number;
        return true;
    }
    if (form->is_share && strcmp(end, "%") == 0) {
        *limit = number / 100.0;
        return true;
    }
    if (form->unit_us == 0 || !parse_span(text, &us)) return false;
    *limit = us / (double)form->unit_us;
    return true;
}
