#include "providers/cassette_find.h"

#include <string.h>
#include <strings.h>

#include "providers/cassette_lexer.h"
#include "providers/cassette_views.h"

/* ---- by name --------------------------------------------------------------------------------- */

struct finding {
    const struct scrub_part *part;
    const struct needles *customer;
    void *context;
    value_found found;
    struct text name, value; /* with their escapes undone */
};

static void undo(struct text *to, enum view_escape escape, const char *bytes, size_t length)
{
    text_clear(to);
    view_undo(escape, bytes, length, to);
}

static bool is_told(enum name_class class)
{
    switch (class) {
    case NAME_SECRET:
    case NAME_TOKEN:
    case NAME_CUSTOMER:
        return true;
    case NAME_PLAIN:
    case NAME_VARIES:
        break;
    }
    return false;
}

static void report(struct finding *finding, enum name_class class, enum hide_how how, size_t start,
                   size_t end, enum view_escape escape)
{
    undo(&finding->value, escape, finding->part->bytes + start, end - start);
    if (finding->value.failed || start == end) return;
    const struct found_value found = {.class = class,
                                      .how = how,
                                      .start = start,
                                      .end = end,
                                      .value = finding->value.bytes,
                                      .length = finding->value.length};
    finding->found(finding->context, &found);
}

static size_t inner_start(const struct lexeme *lexeme)
{
    return lexeme->start + (lexeme->kind == LEXEME_STRING ? 1 : 0);
}

static size_t inner_end(const struct lexeme *lexeme)
{
    return lexeme->end - (lexeme->kind == LEXEME_STRING && lexeme->closed ? 1 : 0);
}

static enum name_class class_of(struct finding *finding, const struct lexeme *name,
                                enum view_escape escape)
{
    undo(&finding->name, escape, finding->part->bytes + inner_start(name),
         inner_end(name) - inner_start(name));
    if (finding->name.failed || finding->name.length == 0) return NAME_PLAIN;
    return name_classify(finding->name.bytes, finding->name.length, finding->part->response);
}

/* The value behind a telling name: the lexer goes on behind it. */
static void take_value(struct finding *finding, struct lexer *lexer, enum name_class class)
{
    static const char hidden[] = CASSETTE_HIDDEN;
    const struct lexeme value = lexer_peek(lexer);
    if (value.kind == LEXEME_END) return;
    if (lexer->length - value.start >= sizeof hidden - 1 &&
        memcmp(lexer->bytes + value.start, hidden, sizeof hidden - 1) == 0) {
        lexer->cursor = value.start + sizeof hidden - 1; /* no array: we have been here before */
    } else if (value.kind != LEXEME_MARK) {
        (void)lexer_next(lexer);
        if (value.kind == LEXEME_WORD &&
            lexer_is_literal(lexer->bytes + value.start, value.end - value.start)) {
            return;
        }
        report(finding, class, value.kind == LEXEME_STRING ? HIDE_TEXT : HIDE_NUMBER,
               inner_start(&value), inner_end(&value), VIEW_JSON);
    } else if (value.mark == '{' || value.mark == '[') {
        const bool closed = lexer_skip(lexer, &value);
        const enum hide_how how = value.mark == '{' ? (closed ? HIDE_OBJECT : HIDE_OPEN_OBJECT)
                                                    : (closed ? HIDE_ARRAY : HIDE_OPEN_ARRAY);
        report(finding, class, how, value.start, lexer->cursor, VIEW_JSON);
    }
}

static void take_echo(struct finding *finding, const struct lexeme *lexeme)
{
    if (finding->customer == NULL || !finding->part->response) return;
    const size_t start = inner_start(lexeme), end = inner_end(lexeme);
    undo(&finding->value, VIEW_JSON, finding->part->bytes + start, end - start);
    if (finding->value.failed || finding->value.length == 0) return;
    if (needles_token(finding->customer, finding->value.bytes, finding->value.length) == 0) return;
    report(finding, NAME_CUSTOMER, lexeme->kind == LEXEME_STRING ? HIDE_TEXT : HIDE_NUMBER, start,
           end, VIEW_JSON);
}

static void find_members(struct finding *finding)
{
    struct lexer lexer = {finding->part->bytes, finding->part->length, 0};
    const bool json = lexer_begins_json(lexer.bytes, lexer.length);
    for (struct lexeme lexeme; (lexeme = lexer_next(&lexer)).kind != LEXEME_END;) {
        if (lexeme.kind == LEXEME_MARK) continue;
        const struct lexeme behind = lexer_peek(&lexer);
        if (behind.kind != LEXEME_MARK || behind.mark != ':') {
            take_echo(finding, &lexeme);
            continue;
        }
        (void)lexer_next(&lexer);
        if (lexeme.kind == LEXEME_WORD && !json) continue; /* prose has colons too */
        const enum name_class class = class_of(finding, &lexeme, VIEW_JSON);
        if (is_told(class)) take_value(finding, &lexer, class);
    }
}

static void find_pairs(struct finding *finding)
{
    const char *const bytes = finding->part->bytes;
    const size_t length = finding->part->length;
    for (size_t at = 0; at < length;) {
        const char *const next = memchr(bytes + at, '&', length - at);
        const size_t end = next != NULL ? (size_t)(next - bytes) : length;
        const char *const equals = memchr(bytes + at, '=', end - at);
        if (equals != NULL) {
            const size_t value = (size_t)(equals - bytes) + 1;
            const struct lexeme name = {.kind = LEXEME_WORD, .start = at, .end = value - 1};
            const enum name_class class = class_of(finding, &name, VIEW_FORM);
            if (is_told(class)) report(finding, class, HIDE_TEXT, value, end, VIEW_FORM);
        }
        at = end + 1;
    }
}

bool find_by_name(const struct scrub_part *part, const struct needles *customer, void *context,
                  value_found found)
{
    struct finding finding = {
        .part = part, .customer = customer, .context = context, .found = found};
    if (part->pairs) {
        find_pairs(&finding);
    } else {
        find_members(&finding);
    }
    const bool done = !finding.name.failed && !finding.value.failed;
    text_release(&finding.name);
    text_release(&finding.value);
    return done;
}

/* ---- by looks -------------------------------------------------------------------------------- */

enum { NAME_BYTES_MAX = 64, FILLER_BYTES_MAX = 8, NAMED_BYTES_LEAST = 6, SCHEME_BYTES_LEAST = 8 };

struct looking {
    const char *bytes;
    size_t length;
    size_t run_end; /* of the last run of value characters that was looked at */
};

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

/* Between a name, its sign and its value: blanks, quotes, and the slashes of escaped quotes. */
static bool is_filler(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '\'' || c == '\\';
}

static bool is_value_char(char c)
{
    return (unsigned char)c > ' ' && strchr("\"'\\&,;<>{}()[]|", c) == NULL;
}

static size_t skip_filler(const struct looking *looking, size_t at)
{
    const size_t limit =
        looking->length - at < FILLER_BYTES_MAX ? looking->length : at + FILLER_BYTES_MAX;
    while (at < limit && is_filler(looking->bytes[at]))
        at++;
    return at;
}

/* The length of "Bearer " or "Basic ", blanks included, at `at`; 0: something else. */
static size_t scheme_length(const struct looking *looking, size_t at)
{
    static const char *const schemes[] = {"bearer", "basic"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        const size_t length = strlen(schemes[i]);
        if (looking->length - at <= length || looking->bytes[at + length] != ' ') continue;
        if (strncasecmp(looking->bytes + at, schemes[i], length) != 0) continue;
        size_t end = at + length;
        while (end < looking->length && looking->bytes[end] == ' ')
            end++;
        return end - at;
    }
    return 0;
}

/* The end of the run of value characters that begins at `at`, if it is long enough and looks
 * random; 0 otherwise. Runs within a run end with it, so that each byte is looked at once. */
static size_t random_run(struct looking *looking, size_t at, size_t least)
{
    if (at >= looking->run_end) {
        looking->run_end = at;
        while (looking->run_end < looking->length &&
               is_value_char(looking->bytes[looking->run_end]))
            looking->run_end++;
    }
    const size_t length = looking->run_end - at;
    return length >= least && value_looks_random(looking->bytes + at, length) ? looking->run_end
                                                                              : 0;
}

/* Whether what stands in front of the ":" or "=" at `at` is a secret's name. */
static bool names_a_secret(const struct looking *looking, size_t at)
{
    size_t end = at;
    while (end > 0 && at - end < FILLER_BYTES_MAX && is_filler(looking->bytes[end - 1]))
        end--;
    size_t start = end;
    while (start > 0 && end - start < NAME_BYTES_MAX && is_name_char(looking->bytes[start - 1]))
        start--;
    if (start == end) return false;
    const enum name_class class = name_classify(looking->bytes + start, end - start, true);
    return class == NAME_SECRET || class == NAME_TOKEN;
}

void find_by_looks(const char *bytes, size_t length, void *context, place_found found)
{
    struct looking looking = {bytes, length, 0};
    for (size_t at = 0; at < length; at++) {
        size_t start, end;
        if (bytes[at] == ':' || bytes[at] == '=') {
            start = skip_filler(&looking, at + 1);
            start += scheme_length(&looking, start);
            end = random_run(&looking, start, NAMED_BYTES_LEAST);
            if (end != 0 && names_a_secret(&looking, at)) found(context, start, end, 0);
        } else if ((bytes[at] == 'B' || bytes[at] == 'b') &&
                   (at == 0 || !is_name_char(bytes[at - 1]))) {
            start = at + scheme_length(&looking, at);
            end = start != at ? random_run(&looking, start, SCHEME_BYTES_LEAST) : 0;
            if (end != 0) found(context, start, end, 0);
        }
    }
}
