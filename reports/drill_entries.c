/* The journal's entries in words: who, what, and what brought it about. */
#include <string.h>

#include "reports/drill_text.h"
#include "reports/show.h"

static const char *operator_id(const struct drill *drill, uint32_t index)
{
    return index < drill->operator_count ? drill->operator_ids[index] : "rollbacks";
}

const char *drill_entry_kind(const struct story_entry *entry)
{
    const bool noop = entry->kind == STORY_STEP_ENDED && entry->outcome == STEP_NO_EFFECT;
    return noop ? "operator_noop" : story_kind_names[entry->kind];
}

void drill_entry_who(struct text *text, const struct drill *drill, const struct story_entry *entry)
{
    switch (entry->kind) {
    case STORY_FAULT_ON:
    case STORY_FAULT_OFF:
        text_put(text, entry->index < drill->result.fault_count
                           ? drill->result.faults[entry->index].id
                           : "a fault");
        break;
    case STORY_PENDING:
    case STORY_FIRED:
    case STORY_RESOLVED:
    case STORY_RESET:
    case STORY_TOLD:
        drill_show_alert(text, drill, entry->index, entry->scope);
        break;
    case STORY_ACK:
    case STORY_ESCALATED:
    case STORY_STEP_BEGAN:
    case STORY_STEP_ENDED:
        text_put(text, operator_id(drill, entry->index));
        break;
    case STORY_LIVE:
        text_put(text, "router");
        break;
    case STORY_HYPOTHESIS_LOST:
    case STORY_HYPOTHESIS_MET:
        text_put(text, "hypothesis");
        break;
    case STORY_STOPPED:
        text_put(text, "stop condition");
        break;
    case STORY_ROLLBACK:
        text_put(text, "rollbacks");
        break;
    case STORY_KIND_COUNT:
        break;
    }
}

static void put_after(struct text *text, const char *before, const char *words)
{
    if (words != NULL && words[0] != '\0') text_format(text, "%s%s", before, words);
}

static void put_reading(struct text *text, const struct drill *drill,
                        const struct story_entry *entry)
{
    if (entry->index >= drill->rule_count) return;
    const struct signal_traits *traits = &signal_traits[drill->rules[entry->index].signal];
    text_format(text, ": %s ", traits->label);
    drill_show_signal(text, traits->unit, &entry->value);
}

static void put_told(struct text *text, const struct drill *drill, const struct story_entry *entry)
{
    text_put(text, "notifies");
    if (entry->index < drill->rule_count)
        text_format(text, " by %s", alert_route_names[drill->rules[entry->index].severity]);
    put_after(text, ", and nobody is free: ", entry->why);
}

static void put_escalated(struct text *text, const struct story_entry *entry)
{
    const bool free = entry->why == NULL || entry->why[0] == '\0';
    text_put(text, free ? "is told, as nobody has acknowledged" : "is next, but not free: ");
    if (!free) text_put(text, entry->why);
}

static void put_fault(struct text *text, const struct drill *drill, const struct story_entry *entry)
{
    if (entry->text != NULL && entry->text[0] != '\0')
        put_after(text, ": ", entry->text);
    else if (entry->index < drill->result.fault_count)
        put_after(text, ": ", drill->result.faults[entry->index].label);
}

static void put_ended(struct text *text, const struct story_entry *entry)
{
    text_put(text, step_outcome_names[entry->outcome]);
    put_after(text, ": ", entry->text);
    put_after(text, " \u2013 ", entry->why);
}

void drill_entry_what(struct text *text, const struct drill *drill, const struct story_entry *entry)
{
    switch (entry->kind) {
    case STORY_FAULT_ON:
        text_put(text, "begins");
        put_fault(text, drill, entry);
        break;
    case STORY_FAULT_OFF:
        text_put(text, "ends");
        break;
    case STORY_PENDING:
        text_put(text, "pending");
        put_reading(text, drill, entry);
        break;
    case STORY_FIRED:
        text_put(text, "fires");
        put_reading(text, drill, entry);
        break;
    case STORY_RESOLVED:
        text_put(text, "resolves");
        put_reading(text, drill, entry);
        break;
    case STORY_RESET:
        text_put(text, "no longer pending");
        put_reading(text, drill, entry);
        break;
    case STORY_TOLD:
        put_told(text, drill, entry);
        break;
    case STORY_ACK:
        text_put(text, "starts");
        break;
    case STORY_ESCALATED:
        put_escalated(text, entry);
        break;
    case STORY_STEP_BEGAN:
        text_put(text, "begins");
        put_after(text, ": ", entry->text);
        break;
    case STORY_STEP_ENDED:
        put_ended(text, entry);
        break;
    case STORY_LIVE:
        text_put(text, "other settings are live");
        put_after(text, ": ", entry->text);
        break;
    case STORY_HYPOTHESIS_LOST:
        text_put(text, "no longer holds");
        put_after(text, ": ", entry->text);
        break;
    case STORY_HYPOTHESIS_MET:
        text_put(text, "holds");
        put_after(text, ": ", entry->text);
        break;
    case STORY_STOPPED:
        text_put(text, "is met");
        put_after(text, ": ", entry->text);
        break;
    case STORY_ROLLBACK:
        text_put(text, "begin");
        break;
    case STORY_KIND_COUNT:
        break;
    }
}

void drill_entry_cause(struct text *text, const struct drill *drill,
                       const struct story_entry *entry)
{
    if (entry->cause < 0 || (uint32_t)entry->cause >= drill->entry_count) {
        if (entry->kind == STORY_TOLD) {
            text_put(text, "alert ");
            drill_entry_who(text, drill, entry);
            return;
        }
        const bool measured =
            (entry->kind >= STORY_PENDING && entry->kind <= STORY_RESET) ||
            (entry->kind >= STORY_HYPOTHESIS_LOST && entry->kind <= STORY_STOPPED);
        text_put(text, measured ? "orders" : "script");
        return;
    }
    static const char *const kinds[STORY_KIND_COUNT] = {
        [STORY_FAULT_ON] = "fault ",
        [STORY_FAULT_OFF] = "end of fault ",
        [STORY_PENDING] = "alert ",
        [STORY_FIRED] = "alert ",
        [STORY_RESOLVED] = "end of alert ",
        [STORY_RESET] = "alert ",
        [STORY_TOLD] = "alert ",
    };
    const struct story_entry *cause = &drill->entries[entry->cause];
    if (kinds[cause->kind] != NULL) text_put(text, kinds[cause->kind]);
    drill_entry_who(text, drill, cause);
    if (cause->kind == STORY_STEP_BEGAN || cause->kind == STORY_STEP_ENDED)
        put_after(text, ": ", cause->text);
}
