#include <math.h>

#include "reports/exports.h"
#include "reports/summary.h"

static const char *unit_name(enum metric_unit unit)
{
    switch (unit) {
    case UNIT_COUNT:
        return "count";
    case UNIT_SHARE:
        return "share";
    case UNIT_MS:
        return "ms";
    case UNIT_CENTS:
        return "cents";
    case UNIT_MINUTES:
        return "minutes";
    case UNIT_SCORE:
        return "score";
    }
    return "";
}

static void put_number(struct text *text, double value)
{
    text_char(text, ',');
    if (isfinite(value)) text_double(text, value);
}

static void put_row(struct text *text, const struct result_phase *phase, unsigned scope,
                    enum metric metric)
{
    const struct metric_value *value = &phase->values[scope][metric];
    text_csv(text, phase->name);
    text_format(text, ",%s,%s,%s", scope == SCOPE_ROUTER ? "router" : provider_traits[scope].id,
                metric_traits[metric].name, unit_name(metric_traits[metric].unit));
    put_number(text, value->value);
    put_number(text, value->low);
    put_number(text, value->high);
    text_char(text, ',');
    text_int(text, (int64_t)value->n);
    text_format(text, ",%s", summary_state_names[value->state]);
    put_number(text, value->state == VALUE_TOO_FEW ? value->needs : (double)NAN);
    text_put(text, "\r\n");
}

void metrics_csv_write(struct text *text, const struct result *result)
{
    text_put(text, "phase,scope,metric,unit,value,low,high,n,state,needs\r\n");
    for (uint32_t i = 0; i < result->phase_count; i++) {
        for (unsigned m = 0; m < METRIC_ROUTER_COUNT; m++) {
            if (metric_of_cache((enum metric)m) && !result->cache.on) continue;
            put_row(text, &result->phases[i], SCOPE_ROUTER, (enum metric)m);
        }
        for (unsigned p = 0; p < PROVIDER_COUNT; p++)
            for (unsigned m = METRIC_ROUTER_COUNT; m < METRIC_COUNT; m++)
                put_row(text, &result->phases[i], p, (enum metric)m);
    }
}
