/* What a filter asks for, how an entry does under it, and that in words. */
#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "mocks/journal_state.h"
#include "router/base/utf8.h"

static const char *const criterion_names[CRITERION_COUNT] = {"provider", "operation", "method",
                                                             "path", "status"};

/* ---- judging --------------------------------------------------------------------------------- */

static unsigned bit_if(bool set, enum criterion criterion)
{
    return set ? 1u << criterion : 0;
}

/* A path that was cut may have gone on as asked, but nobody knows: it does not match. */
static bool begins_as_asked(const char *path, const char *prefix)
{
    return strncmp(path, prefix, strlen(prefix)) == 0;
}

struct judgement journal_judge(const struct journal_filter *filter,
                               const struct journal_entry *entry)
{
    const bool by_provider = filter->provider != JOURNAL_ANY;
    const bool by_operation = filter->operation != JOURNAL_ANY;
    const bool by_status = filter->status != JOURNAL_ANY;
    const bool by_method = filter->method != NULL;
    const bool by_path = filter->path_prefix != NULL;
    return (struct judgement){
        .asked = bit_if(by_provider, CRITERION_PROVIDER) |
                 bit_if(by_operation, CRITERION_OPERATION) | bit_if(by_method, CRITERION_METHOD) |
                 bit_if(by_path, CRITERION_PATH) | bit_if(by_status, CRITERION_STATUS),
        .failed =
            bit_if(by_provider && filter->provider != (int)entry->provider, CRITERION_PROVIDER) |
            bit_if(by_operation && filter->operation != entry->operation, CRITERION_OPERATION) |
            bit_if(by_method && strcmp(filter->method, entry->method) != 0, CRITERION_METHOD) |
            bit_if(by_path && !begins_as_asked(entry->path, filter->path_prefix), CRITERION_PATH) |
            bit_if(by_status && filter->status != entry->status, CRITERION_STATUS)};
}

size_t journal_path_in_common(const struct journal_filter *filter,
                              const struct journal_entry *entry)
{
    if (filter->path_prefix == NULL) return 0;
    size_t length = 0;
    while (filter->path_prefix[length] != '\0' &&
           filter->path_prefix[length] == entry->path[length])
        length++;
    return length;
}

/* ---- in words -------------------------------------------------------------------------------- */

struct sentence {
    char *text;
    size_t length;
};

/* Longer ones are cut between characters; the limit is chosen so that only a filter's own path can
 * be as long. */
static void say(struct sentence *sentence, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void say(struct sentence *sentence, const char *format, ...)
{
    const size_t room = JOURNAL_MISS_TEXT_MAX - sentence->length;
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(sentence->text + sentence->length, room, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    sentence->length += (size_t)length < room ? (size_t)length : room - 1;
    if ((size_t)length >= room) {
        sentence->length = utf8_whole(sentence->text, sentence->length);
        sentence->text[sentence->length] = '\0';
    }
}

static const char *operation_word(int operation)
{
    return operation == JOURNAL_NO_OPERATION ? "none" : operation_names[operation];
}

static void say_status(struct sentence *sentence, int status)
{
    if (status == 0) {
        say(sentence, "none");
    } else {
        say(sentence, "%d", status);
    }
}

static void say_failure(struct sentence *sentence, enum criterion criterion,
                        const struct journal_filter *filter, const struct journal_entry *entry)
{
    say(sentence, "%s was ", criterion_names[criterion]);
    switch (criterion) {
    case CRITERION_PROVIDER:
        say(sentence, "%s instead of %s", provider_traits[entry->provider].id,
            provider_traits[filter->provider].id);
        return;
    case CRITERION_OPERATION:
        say(sentence, "%s instead of %s", operation_word(entry->operation),
            operation_word(filter->operation));
        return;
    case CRITERION_METHOD:
        say(sentence, "%s instead of %s", entry->method, filter->method);
        return;
    case CRITERION_PATH:
        say(sentence, "\"%s\", which does not begin with \"%s\"", entry->path, filter->path_prefix);
        return;
    case CRITERION_STATUS:
        say_status(sentence, entry->status);
        say(sentence, " instead of ");
        say_status(sentence, filter->status);
        return;
    case CRITERION_COUNT:
        break;
    }
    assert(false);
}

/* "provider and path", "provider, method and path" */
static unsigned say_matches(struct sentence *sentence, unsigned matched)
{
    unsigned said = 0;
    for (unsigned c = 0; c < CRITERION_COUNT; c++) {
        if ((matched >> c & 1) == 0) continue;
        const bool last = matched >> c == 1;
        say(sentence, "%s%s", said == 0 ? "" : last ? " and " : ", ", criterion_names[c]);
        said++;
    }
    return said;
}

static unsigned say_failures(struct sentence *sentence, unsigned failed,
                             const struct journal_filter *filter, const struct journal_entry *entry)
{
    unsigned said = 0;
    for (unsigned c = 0; c < CRITERION_COUNT; c++) {
        if ((failed >> c & 1) == 0) continue;
        const bool last = failed >> c == 1;
        if (said > 0) say(sentence, last ? " and " : ", ");
        say_failure(sentence, (enum criterion)c, filter, entry);
        said++;
    }
    return said;
}

void journal_explain(const struct journal_filter *filter, struct journal_near_miss *near_miss)
{
    struct sentence sentence = {.text = near_miss->text};
    if (!near_miss->there) {
        say(&sentence, filter->since == 0 ? "no request is there" : "no newer request is there");
        return;
    }
    const struct judgement judgement = journal_judge(filter, &near_miss->entry);
    near_miss->matched = say_matches(&sentence, judgement.asked & ~judgement.failed);
    if (near_miss->matched > 0) {
        say(&sentence, judgement.failed == 0 ? " matched" : " matched, ");
    } else { /* a request that came between the count and this look may have matched */
        say(&sentence, judgement.failed == 0 ? "any request matches" : "nothing matched: ");
    }
    near_miss->failed = say_failures(&sentence, judgement.failed, filter, &near_miss->entry);
}
