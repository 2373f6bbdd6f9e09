#include "sim/analysis/runbook_document.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "router/base/text.h"
#include "router/base/utf8.h"

struct fence {
    char mark; /* 0: not in a block */
    uint32_t width, indent;
    uint32_t line;
    uint32_t from; /* where its first line of code begins, in the source */
    char info[32];
};

struct reader {
    struct runbook_document *document;
    struct err_list *list;
    uint32_t line;
    struct fence fence;
    bool in_comment;
    const char *before; /* the line before, for headings that are underlined; NULL: none */
    uint32_t before_length;
    bool failed; /* memory is out */
};

/* ---- places ---- */

struct place runbook_place(const struct runbook_document *document,
                           const struct runbook_block *block, uint32_t offset, uint32_t length)
{
    uint32_t line = 0, begin = 0;
    assert(offset <= block->length);
    for (uint32_t i = 0; i < offset; i++) {
        if (block->text[i] != '\n') continue;
        line++;
        begin = i + 1;
    }
    assert(block->line_count > 0);
    if (line >= block->line_count) line = block->line_count - 1; /* behind the last line's end */
    const char *const end = memchr(block->text + offset, '\n', block->length - offset);
    const uint32_t left =
        end == NULL ? block->length - offset : (uint32_t)(end - block->text) - offset;
    const uint32_t at = block->starts[line] + (offset - begin);
    uint32_t first = block->starts[line];
    while (first > 0 && document->source[first - 1] != '\n')
        first--;
    const uint32_t shown = length < left ? length : left;
    return (struct place){.file = document->file,
                          .line = block->line + 1 + line,
                          .column = (uint32_t)utf8_count(document->source + first, at - first) + 1,
                          .width = (uint32_t)utf8_count(block->text + offset, shown)};
}

/* ---- headings ---- */

/* Words without marks: `*`, backquotes, trailing hashes; of a link its text. */
static char *plain_words(struct arena *arena, const char *bytes, uint32_t length)
{
    while (length > 0 && isspace((unsigned char)bytes[length - 1]))
        length--;
    uint32_t end = length;
    while (end > 0 && bytes[end - 1] == '#')
        end--;
    if (end == 0 || (end < length && isspace((unsigned char)bytes[end - 1]))) length = end;
    char *const text = arena_text(arena, bytes, length);
    if (text == NULL) return NULL;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < length; i++) {
        const char c = text[i];
        if (c == ']' && i + 1 < length && text[i + 1] == '(') {
            while (i < length && text[i] != ')')
                i++;
            continue;
        }
        if (c == '*' || c == '`' || c == '[' || c == ']') continue;
        if (isspace((unsigned char)c) && (kept == 0 || text[kept - 1] == ' ')) continue;
        text[kept++] = isspace((unsigned char)c) ? ' ' : c;
    }
    while (kept > 0 && text[kept - 1] == ' ')
        kept--;
    text[kept] = '\0';
    return text;
}

static struct runbook_heading *push_heading(struct reader *reader)
{
    struct runbook_document *const document = reader->document;
    if (document->heading_count == RUNBOOK_HEADINGS_MAX) {
        err_add(reader->list, (struct place){.file = document->file, .line = reader->line}, NULL,
                "more than %d headings", RUNBOOK_HEADINGS_MAX);
        return NULL;
    }
    return &document->headings[document->heading_count++];
}

static void add_heading(struct reader *reader, const char *bytes, uint32_t length, uint8_t level,
                        uint32_t line)
{
    struct runbook_heading *const heading = push_heading(reader);
    if (heading == NULL) return;
    *heading = (struct runbook_heading){.line = line, .level = level};
    heading->text = plain_words(&reader->document->arena, bytes, length);
    reader->failed |= heading->text == NULL;
}

static bool is_blank(const char *bytes, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (!isspace((unsigned char)bytes[i])) return false;
    return true;
}

/* "=====" or "-----" under a line of words. */
static uint8_t underline_level(const char *bytes, uint32_t length)
{
    uint32_t i = 0;
    while (length > 0 && isspace((unsigned char)bytes[length - 1]))
        length--;
    while (i < length && i < 4 && bytes[i] == ' ')
        i++;
    if (i == 4 || length - i < 2 || (bytes[i] != '=' && bytes[i] != '-')) return 0;
    for (uint32_t k = i; k < length; k++)
        if (bytes[k] != bytes[i]) return 0;
    return bytes[i] == '=' ? 1 : 2;
}

/* A list's item, a quote or a row of a table cannot be underlined into a heading. */
static bool may_be_underlined(const char *bytes, uint32_t length)
{
    uint32_t i = 0;
    while (i < length && bytes[i] == ' ')
        i++;
    return i < 4 && !is_blank(bytes, length) && strchr("-*+>|#`~", bytes[i]) == NULL;
}

static bool read_heading(struct reader *reader, const char *bytes, uint32_t length)
{
    uint32_t i = 0, level = 0;
    while (i < length && i < 3 && bytes[i] == ' ')
        i++;
    while (i + level < length && bytes[i + level] == '#')
        level++;
    if (level >= 1 && level <= RUNBOOK_LEVELS &&
        (i + level == length || isspace((unsigned char)bytes[i + level]))) {
        add_heading(reader, bytes + i + level, length - i - level, (uint8_t)level, reader->line);
        return true;
    }
    if (reader->before == NULL || !may_be_underlined(reader->before, reader->before_length))
        return false;
    const uint8_t below = underline_level(bytes, length);
    if (below == 0) return false;
    add_heading(reader, reader->before, reader->before_length, below, reader->line - 1);
    return true;
}

/* ---- blocks ---- */

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(word, *words) == 0) return true;
    return false;
}

static enum runbook_language language_of(const char *info, const char *code)
{
    static const char *const shell[] = {"bash", "sh", "shell", "zsh", "curl", NULL};
    static const char *const console[] = {"console", "terminal", "shell-session", NULL};
    static const char *const sql[] = {"sql", "postgres", "postgresql", "pgsql", "psql", NULL};
    static const char *const first_shell[] = {"supabase", "curl", NULL};
    static const char *const first_sql[] = {"SELECT", "WITH", NULL};
    char word[16];
    if (is_one_of(info, shell)) return RUNBOOK_SHELL;
    if (is_one_of(info, console)) return RUNBOOK_CONSOLE;
    if (is_one_of(info, sql)) return RUNBOOK_SQL;
    if (info[0] != '\0') return RUNBOOK_OTHER;
    code += strspn(code, " \t\r\n");
    (void)snprintf(word, sizeof word, "%.*s", (int)strcspn(code, " \t\r\n"), code);
    if (is_one_of(word, first_shell)) return RUNBOOK_SHELL;
    return is_one_of(word, first_sql) ? RUNBOOK_SQL : RUNBOOK_OTHER;
}

/* Copies the lines of code without the fence's indentation, and notes where each begins. */
static bool copy_code(struct runbook_document *document, struct runbook_block *block,
                      const struct fence *fence, uint32_t end)
{
    uint32_t lines = 0;
    for (uint32_t i = fence->from; i < end; i++)
        lines += document->source[i] == '\n';
    char *const text = arena_alloc(&document->arena, end - fence->from + 2, 1);
    block->starts = arena_push(&document->arena, uint32_t, lines + 1);
    if (text == NULL || block->starts == NULL) return false;
    uint32_t at = fence->from;
    while (at < end) {
        for (uint32_t i = 0; i < fence->indent && at < end; i++, at++)
            if (document->source[at] != ' ' && document->source[at] != '\t') break;
        block->starts[block->line_count++] = at;
        while (at < end && document->source[at] != '\n') {
            const char c = document->source[at++];
            if (c != '\r' || at == end || document->source[at] != '\n') text[block->length++] = c;
        }
        text[block->length++] = '\n';
        at++;
    }
    if (block->line_count == 0) block->starts[block->line_count++] = fence->from;
    block->text = text;
    return true;
}

static void add_block(struct reader *reader, uint32_t end)
{
    struct runbook_document *const document = reader->document;
    if (document->block_count == RUNBOOK_BLOCKS_MAX) {
        err_add(reader->list, (struct place){.file = document->file, .line = reader->fence.line},
                NULL, "more than %d blocks of code", RUNBOOK_BLOCKS_MAX);
        return;
    }
    struct runbook_block *const block = &document->blocks[document->block_count];
    *block =
        (struct runbook_block){.heading = document->heading_count - 1, .line = reader->fence.line};
    block->info = arena_text(&document->arena, reader->fence.info, strlen(reader->fence.info));
    if (block->info == NULL || !copy_code(document, block, &reader->fence, end)) {
        reader->failed = true;
        return;
    }
    block->language = language_of(block->info, block->text);
    document->block_count++;
}

static uint32_t indentation(const char *bytes, uint32_t length)
{
    uint32_t i = 0;
    while (i < length && (bytes[i] == ' ' || bytes[i] == '\t'))
        i++;
    return i;
}

/* The marks of a fence at the line's beginning; 0: it is none. */
static uint32_t fence_width(const char *bytes, uint32_t length, uint32_t indent)
{
    uint32_t width = 0;
    if (indent == length || (bytes[indent] != '`' && bytes[indent] != '~')) return 0;
    while (indent + width < length && bytes[indent + width] == bytes[indent])
        width++;
    return width >= 3 ? width : 0;
}

static bool open_fence(struct reader *reader, const char *bytes, uint32_t length)
{
    const uint32_t indent = indentation(bytes, length);
    const uint32_t width = fence_width(bytes, length, indent);
    const char *const info = bytes + indent + width;
    const uint32_t left = length - indent - width;
    /* A line of code between backquotes is a sentence's, not a fence. */
    if (width == 0 || (bytes[indent] == '`' && memchr(info, '`', left) != NULL)) return false;
    uint32_t skip = 0, kept = 0;
    struct fence *const fence = &reader->fence;
    *fence = (struct fence){
        .mark = bytes[indent], .width = width, .indent = indent, .line = reader->line};
    while (skip < left && (info[skip] == ' ' || info[skip] == '{' || info[skip] == '.'))
        skip++;
    while (skip + kept < left && kept + 1 < sizeof fence->info &&
           strchr(" \t\r\n,{}:", info[skip + kept]) == NULL) {
        fence->info[kept] = info[skip + kept];
        kept++;
    }
    return true;
}

static bool closes_fence(const struct fence *fence, const char *bytes, uint32_t length)
{
    const uint32_t indent = indentation(bytes, length);
    const uint32_t width = fence_width(bytes, length, indent);
    return width >= fence->width && bytes[indent] == fence->mark &&
           is_blank(bytes + indent + width, length - indent - width);
}

/* ---- line by line ---- */

static const char *find(const char *bytes, uint32_t length, const char *words)
{
    const size_t width = strlen(words);
    for (uint32_t i = 0; i + width <= length; i++)
        if (memcmp(bytes + i, words, width) == 0) return bytes + i;
    return NULL;
}

static void read_words(struct reader *reader, const char *bytes, uint32_t length)
{
    if (reader->in_comment) {
        reader->in_comment = find(bytes, length, "-->") == NULL;
        return;
    }
    if (indentation(bytes, length) + 4 <= length &&
        memcmp(bytes + indentation(bytes, length), "<!--", 4) == 0) {
        reader->in_comment = find(bytes, length, "-->") == NULL;
        return;
    }
    if (open_fence(reader, bytes, length)) {
        reader->before = NULL;
    } else if (read_heading(reader, bytes, length)) {
        reader->before = NULL;
    } else {
        reader->before = bytes;
        reader->before_length = length;
    }
}

static void read_lines(struct reader *reader)
{
    struct runbook_document *const document = reader->document;
    uint32_t at = 0;
    while (at < document->length && !reader->failed) {
        const char *const bytes = document->source + at;
        const char *const end = memchr(bytes, '\n', document->length - at);
        const uint32_t length = end == NULL ? document->length - at : (uint32_t)(end - bytes);
        reader->line++;
        if (reader->fence.mark == '\0') {
            read_words(reader, bytes, length);
            reader->fence.from = at + length + 1;
        } else if (closes_fence(&reader->fence, bytes, length)) {
            add_block(reader, at);
            reader->fence = (struct fence){0};
        }
        at += length + 1;
    }
    if (reader->fence.mark == '\0' || reader->failed) return;
    err_add(reader->list, (struct place){.file = document->file, .line = reader->fence.line},
            "close it with a line of the same marks", "this block of code is never closed");
}

/* ---- sections ---- */

static bool is_repeated(const struct runbook_document *document, uint32_t index)
{
    for (uint32_t i = 1; i < document->heading_count; i++)
        if (i != index &&
            strcasecmp(document->headings[i].text, document->headings[index].text) == 0)
            return true;
    return false;
}

static bool write_path(struct runbook_document *document, uint32_t index,
                       const uint32_t above[RUNBOOK_LEVELS + 1])
{
    struct runbook_heading *const heading = &document->headings[index];
    struct text path = {0};
    /* The one title of the whole is no part of a path. */
    for (unsigned level = 2; level < heading->level; level++)
        if (above[level] != 0) text_format(&path, "%s > ", document->headings[above[level]].text);
    text_put(&path, heading->text);
    heading->path = path.failed ? NULL : arena_text(&document->arena, path.bytes, path.length);
    text_release(&path);
    return heading->path != NULL;
}

static bool make_sections(struct runbook_document *document)
{
    uint32_t above[RUNBOOK_LEVELS + 1] = {0}, section = 0;
    document->headings[0].begins_section = true;
    for (uint32_t i = 1; i < document->heading_count; i++) {
        struct runbook_heading *const heading = &document->headings[i];
        const uint8_t outer = document->headings[section].level;
        const bool part = outer > 0 && outer < heading->level &&
                          (heading->level >= 4 || is_repeated(document, i));
        heading->begins_section = !part;
        if (!part) section = i;
        heading->section = section;
        if (!write_path(document, i, above)) return false;
        above[heading->level] = i;
        for (unsigned level = heading->level + 1u; level <= RUNBOOK_LEVELS; level++)
            above[level] = 0;
    }
    return true;
}

/* ---- the whole ---- */

static bool check_bytes(const struct runbook_document *document, struct err_list *list)
{
    uint32_t line = 1, line_start = 0;
    for (uint32_t i = 0; i < document->length;) {
        uint32_t code = 0;
        const unsigned width = utf8_read(document->source + i, document->length - i, &code);
        if (width == 0 || code == 0) {
            const struct place place = {
                .file = document->file,
                .line = line,
                .column = (uint32_t)utf8_count(document->source + line_start, i - line_start) + 1};
            err_add(list, place, "a runbook is Markdown in UTF-8",
                    width == 0 ? "this byte is no UTF-8" : "a NUL byte");
            return false;
        }
        if (code == '\n') {
            line++;
            line_start = i + 1;
        }
        i += width;
    }
    return true;
}

static bool out_of_memory(struct err_list *list)
{
    struct err err;
    (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
    err_list_add(list, &err);
    return false;
}

bool runbook_document_read(struct runbook_document *document, const char *file, const char *bytes,
                           size_t length, struct err_list *list)
{
    const uint32_t errors = list->errors;
    *document = (struct runbook_document){.file = file};
    if (length > RUNBOOK_BYTES_MAX) {
        err_add(list, (struct place){.file = file}, NULL, "a runbook has at most %d MB",
                RUNBOOK_BYTES_MAX >> 20);
        return false;
    }
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        length -= 3;
    }
    document->length = (uint32_t)length;
    document->source = arena_text(&document->arena, bytes, length);
    document->headings = calloc(RUNBOOK_HEADINGS_MAX, sizeof *document->headings);
    document->blocks = calloc(RUNBOOK_BLOCKS_MAX, sizeof *document->blocks);
    if (document->source == NULL || document->headings == NULL || document->blocks == NULL)
        return out_of_memory(list);
    document->headings[0] = (struct runbook_heading){.text = "", .path = ""};
    document->heading_count = 1;
    if (!check_bytes(document, list)) return false;
    struct reader reader = {.document = document, .list = list};
    read_lines(&reader);
    if (reader.failed || !make_sections(document)) return out_of_memory(list);
    return list->errors == errors;
}

void runbook_document_release(struct runbook_document *document)
{
    if (document == NULL) return;
    free(document->headings);
    free(document->blocks);
    arena_release(&document->arena);
    *document = (struct runbook_document){0};
}
