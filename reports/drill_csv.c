/* A drill's journal and its measures as CSV: RFC 4180, a header, units in the names. What is not
 * known is an empty cell, what did not come about "never". */
#include <math.h>
#include <string.h>

#include "reports/calibrate_text.h"
#include "reports/drill_exports.h"
#include "reports/drill_text.h"

static void put_words(struct text *text, const struct drill *drill, const struct story_entry *entry,
                      void (*words)(struct text *, const struct drill *,
                                    const struct story_entry *))
{
    struct text cell = {0};
    words(&cell, drill, entry);
    text_char(text, ',');
    calibrate_csv_name(text, cell.bytes != NULL ? cell.bytes : "");
    text->failed |= cell.failed;
    text_release(&cell);
}

static void put_entry(struct text *text, const struct drill *drill, uint32_t index)
{
    const struct story_entry *entry = &drill->entries[index];
    text_format(text, "%u,", index);
    text_double(text, (double)entry->at_us / 1e6);
    text_char(text, ',');
    drill_show_clock(text, drill, entry->at_us);
    text_char(text, ',');
    text_csv(text, drill_entry_kind(entry));
    put_words(text, drill, entry, drill_entry_who);
    put_words(text, drill, entry, drill_entry_what);
    text_char(text, ',');
    if (entry->kind == STORY_STEP_ENDED) text_csv(text, step_outcome_names[entry->outcome]);
    text_char(text, ',');
    if (entry->value.known && isfinite(entry->value.value)) {
        text_double(text, entry->value.value);
        text_format(text, ",%llu,", (unsigned long long)entry->value.n);
    } else {
        text_put(text, ",,");
    }
    if (entry->cause >= 0) text_int(text, entry->cause);
    put_words(text, drill, entry, drill_entry_cause);
    text_put(text, "\r\n");
}

void drill_write_timeline_csv(struct text *text, const struct drill *drill)
{
    text_put(text, "entry,at_s,clock,kind,who,what,outcome,value,n,cause_entry,cause\r\n");
    for (uint32_t i = 0; i < drill->entry_count; i++)
        put_entry(text, drill, i);
}

/* ---- a row a repeat ---- */

static const char *suffix_of(enum drill_unit unit)
{
    switch (unit) {
    case DRILL_SECONDS:
        return "_s";
    case DRILL_SHARE:
        return "_share";
    case DRILL_CENTS:
        return "_cents";
    case DRILL_COUNT:
        break;
    }
    return "";
}

static void put_value(struct text *text, const struct drill_value *value)
{
    text_char(text, ',');
    if (value->state == DRILL_NEVER) text_put(text, "never");
    if (value->state == DRILL_KNOWN && isfinite(value->value)) text_double(text, value->value);
}

static void put_instant(struct text *text, int64_t at_us)
{
    text_char(text, ',');
    if (at_us == INT64_MAX)
        text_put(text, "never");
    else if (at_us >= 0) /* below: nothing was ever changed that could be undone */
        text_double(text, (double)at_us / 1e6);
}

void drill_write_measures_csv(struct text *text, const struct drill *drill)
{
    text_put(text, "repeat,verdict");
    for (unsigned m = 0; m < DRILL_MARK_COUNT; m++)
        text_format(text, ",%s_at_s", drill_mark_names[m]);
    for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
        text_format(text, ",%s%s", drill_measure_traits[m].name,
                    suffix_of(drill_measure_traits[m].unit));
    text_put(text, "\r\n");
    for (uint32_t r = 0; r < drill->repeats; r++) {
        const struct drill_repeat *repeat = &drill->each[r];
        text_format(text, "%u,%s", r, drill_verdict_names[repeat->verdict]);
        for (unsigned m = 0; m < DRILL_MARK_COUNT; m++)
            put_instant(text, drill_mark_us(&repeat->marks, (enum drill_mark)m));
        for (unsigned m = 0; m < DRILL_MEASURE_COUNT; m++)
            put_value(text, &repeat->values[m]);
        text_put(text, "\r\n");
    }
}
