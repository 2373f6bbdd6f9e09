/* The journal: entries in order of time, their texts in an arena of the replication. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/world/story_state.h"

const char *const story_kind_names[STORY_KIND_COUNT] = {
    [STORY_FAULT_ON] = "fault_on",
    [STORY_FAULT_OFF] = "fault_off",
    [STORY_PENDING] = "alert_pending",
    [STORY_FIRED] = "alert_firing",
    [STORY_RESOLVED] = "alert_resolved",
    [STORY_RESET] = "alert_reset",
    [STORY_TOLD] = "alert_told",
    [STORY_ACK] = "operator_ack",
    [STORY_ESCALATED] = "operator_escalated",
    [STORY_STEP_BEGAN] = "operator_step",
    [STORY_STEP_ENDED] = "operator_step_ended",
    [STORY_LIVE] = "settings_live",
    [STORY_HYPOTHESIS_LOST] = "hypothesis_lost",
    [STORY_HYPOTHESIS_MET] = "hypothesis_met",
    [STORY_STOPPED] = "stop_condition",
    [STORY_ROLLBACK] = "rollback",
};

enum { TEXT_MAX = 512, ENTRIES_FIRST = 64 };

const char *story_text(struct story *story, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    const size_t kept = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    const char *copy = arena_text(&story->texts, text, kept);
    if (copy != NULL) return copy;
    story->failed = true;
    return "";
}

static const char *kept(struct story *story, const char *text)
{
    return text == NULL || text[0] == '\0' ? "" : story_text(story, "%s", text);
}

int32_t story_note(struct story *story, const struct story_entry *entry)
{
    assert(story->entry_count == 0 || entry->at_us >= story->entries[story->entry_count - 1].at_us);
    if (story->entry_count == story->entry_capacity) {
        const uint32_t more =
            story->entry_capacity == 0 ? ENTRIES_FIRST : story->entry_capacity * 2;
        struct story_entry *grown = realloc(story->entries, more * sizeof *grown);
        if (grown == NULL) {
            story->failed = true;
            return -1;
        }
        story->entries = grown;
        story->entry_capacity = more;
    }
    struct story_entry *added = &story->entries[story->entry_count];
    *added = *entry;
    added->text = kept(story, entry->text);
    added->why = kept(story, entry->why);
    if (story->port.noted != NULL) story->port.noted(story->port.context, added);
    return (int32_t)story->entry_count++;
}
