/* mocks/journal_state.h - what the files of the journal know of each other, and nobody else. */
#ifndef MOCKS_JOURNAL_STATE_H
#define MOCKS_JOURNAL_STATE_H

#include "mocks/journal.h"

enum criterion {
    CRITERION_PROVIDER,
    CRITERION_OPERATION,
    CRITERION_METHOD,
    CRITERION_PATH,
    CRITERION_STATUS,
    CRITERION_COUNT
};

struct judgement { /* bits 1 << enum criterion */
    unsigned asked;
    unsigned failed;
};

/* How an entry does under a filter; `since` and `limit` are not looked at. */
struct judgement journal_judge(const struct journal_filter *filter,
                               const struct journal_entry *entry);

/* How many bytes an entry's path shares with the beginning that is asked for. */
size_t journal_path_in_common(const struct journal_filter *filter,
                              const struct journal_entry *entry);

/* Fills in the rest of a near miss whose entry, if any, has been found. */
void journal_explain(const struct journal_filter *filter, struct journal_near_miss *near_miss);

/* Appends one entry as a line of JSON. */
void journal_write_entry(const struct journal_entry *entry, int form, struct text *text);

#endif
