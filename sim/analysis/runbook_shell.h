/* sim/analysis/runbook_shell.h - commands of a shell block, as far as a runbook's go.
 *
 * A reader of POSIX shell words, no shell: quotes, escapes, continued lines, comments, KEY=value
 * before a command, here-documents, pipes, and the separators ; && || & and the end of the line.
 * Assignments that stand alone or after `export` are kept, and `$KEY` or `${KEY}` is replaced where
 * it was assigned in the block; what is not known stays as it is written, and so do `$(...)`,
 * backquotes and placeholders such as <token>, which are no redirections here. Redirections are
 * taken out of the words. Loops, conditions, functions and groups are one command each, which
 * nobody runs.
 *
 * A command's first word is found past a prompt (`$ `), `sudo`, `npx`, `time` and assignments. A
 * pipe makes a chain: `next` is what reads the output.
 *
 * Of a console's block only lines after a prompt, `$ ` or `% `, are commands; the rest is what was
 * printed.
 *
 * Ownership: commands and words lie in the document's arena.
 * Failure:   ERR_INPUT with a place: a quote, a here-document or a parenthesis that is never
 * closed; ERR_ENVIRONMENT when memory is out.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_SHELL_H
#define SIM_ANALYSIS_RUNBOOK_SHELL_H

#include "sim/analysis/runbook_document.h"

enum { RUNBOOK_WORDS_MAX = 256, RUNBOOK_VARIABLES_MAX = 64 };

struct runbook_word {
    const char *text;
    uint32_t offset, length; /* as written, in the block's text */
    bool
        open; /* holds something that only the responder's shell, or the responder, would fill in */
};

struct runbook_command {
    struct runbook_word *words; /* the first is the program */
    uint32_t word_count;
    uint32_t offset, length;      /* as written, with all that it is piped into */
    const char *input;            /* of a here-document; NULL */
    bool compound;                /* a loop, a condition, a group, a function */
    struct runbook_command *next; /* of the pipe */
};

struct runbook_commands {
    struct runbook_command *items; /* the first of each pipe */
    uint32_t count, capacity;
};

bool runbook_shell_read(struct runbook_document *document, const struct runbook_block *block,
                        struct runbook_commands *commands, struct err_list *list);
void runbook_commands_release(struct runbook_commands *commands);

#endif
