/* sim/analysis/runbook_document.h - a runbook in Markdown: its sections and its blocks of commands.
 *
 * What is read of CommonMark: headings (`# ...` and underlined ones), fenced blocks of ``` or ~~~
 * with their info string, at any indentation (a block in a list is indented), HTML comments, which
 * are passed over. Indented code and code within a sentence are no commands. A fence that is never
 * closed is an error, where CommonMark would take the rest of the file for code: half of a runbook
 * would be gone without a word.
 *
 * The language is the info string's first word. bash, sh, shell, zsh, console, terminal and curl
 * are shell, sql, postgres, postgresql, pgsql and psql are SQL. A block without a word is shell or
 * SQL where its first word is one of `supabase`, `curl`, SELECT or WITH, else of no language; so
 * is every other.
 *
 * A section is what a responder works through in one go, and begins with the settings of the
 * start. A heading begins one unless it is a part of the one before: of level 4 or deeper, or of
 * a text that other headings have too ("Resolution", under each issue), under a section of a
 * higher level. What stands before the first heading is a section without a name.
 *
 * Ownership: everything lies in the document's arena; runbook_document_release() frees it. `file`
 * is borrowed.
 * Failure:   ERR_INPUT with places, in `list`; ERR_ENVIRONMENT when memory is out. Release either
 * way: `source` is there for excerpts.
 */
#ifndef SIM_ANALYSIS_RUNBOOK_DOCUMENT_H
#define SIM_ANALYSIS_RUNBOOK_DOCUMENT_H

#include "router/base/arena.h"
#include "router/base/err.h"

enum {
    RUNBOOK_BYTES_MAX = 4 << 20,
    RUNBOOK_HEADINGS_MAX = 2048,
    RUNBOOK_BLOCKS_MAX = 2048,
    RUNBOOK_LEVELS = 6,
};

enum runbook_language { RUNBOOK_SHELL, RUNBOOK_CONSOLE, RUNBOOK_SQL, RUNBOOK_OTHER };

struct runbook_heading {
    const char *text; /* without marks of emphasis, code or links' targets */
    const char *path; /* "Emergencies > Emergency 1: everything is down", of the levels above too */
    uint32_t line;
    uint8_t level;       /* 1..6; 0: there is none, what stands before the first */
    bool begins_section; /* else a part of the section before */
    uint32_t section;    /* the heading that began it */
};

struct runbook_block {
    enum runbook_language language;
    const char *info; /* the first word of the info string; "" */
    uint32_t heading; /* that it stands under */
    uint32_t line;    /* of the fence */
    const char *text; /* without the fence's indentation */
    uint32_t length;  /* of the text */
    uint32_t *starts; /* by line of the text: where it begins in `source` */
    uint32_t line_count;
};

struct runbook_document {
    const char *file;
    char *source;
    uint32_t length;
    struct runbook_heading *headings; /* the first stands for what comes before any */
    uint32_t heading_count;
    struct runbook_block *blocks;
    uint32_t block_count;
    struct arena arena;
};

bool runbook_document_read(struct runbook_document *document, const char *file, const char *bytes,
                           size_t length, struct err_list *list);
void runbook_document_release(struct runbook_document *document);

/* Where `length` bytes at `offset` of a block's text stand in the file; underlined to the end of
 * their line at most. */
struct place runbook_place(const struct runbook_document *document,
                           const struct runbook_block *block, uint32_t offset, uint32_t length);

#endif
