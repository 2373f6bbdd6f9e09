#include "sim/analysis/runbook_shell.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/text.h"

struct variable {
    const char *key, *value;
};

struct heredoc { /* its body begins on the next line */
    struct runbook_command *command;
    char end[64];
    bool dashed; /* <<-: tabs before lines are taken off */
};

struct lexer {
    struct runbook_document *document;
    const struct runbook_block *block;
    struct runbook_commands *commands;
    struct err_list *list;
    const char *text;
    uint32_t at, length;
    struct variable variables[RUNBOOK_VARIABLES_MAX];
    uint32_t variable_count;
    struct heredoc heredoc;
    struct runbook_word *words; /* of the command being read */
    uint32_t word_count;
    bool failed, memory;
};

static bool fail(struct lexer *lexer, uint32_t offset, const char *message)
{
    if (!lexer->failed)
        err_add(lexer->list, runbook_place(lexer->document, lexer->block, offset, 1), NULL, "%s",
                message);
    lexer->failed = true;
    return false;
}

static bool out_of_memory(struct lexer *lexer)
{
    struct err err;
    if (!lexer->failed) {
        (void)err_fail(&err, ERR_ENVIRONMENT, (struct place){0}, "out of memory");
        err_list_add(lexer->list, &err);
    }
    lexer->failed = lexer->memory = true;
    return false;
}

static char peek(const struct lexer *lexer, uint32_t ahead)
{
    return lexer->at + ahead < lexer->length ? lexer->text[lexer->at + ahead] : '\0';
}

/* ---- variables ---- */

static bool is_key_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static uint32_t key_length(const char *text)
{
    uint32_t length = 0;
    if (isdigit((unsigned char)text[0])) return 0;
    while (is_key_char(text[length]))
        length++;
    return length;
}

static const char *value_of(const struct lexer *lexer, const char *key, uint32_t length)
{
    for (uint32_t i = lexer->variable_count; i > 0; i--) {
        const struct variable *variable = &lexer->variables[i - 1];
        if (strlen(variable->key) == length && strncmp(variable->key, key, length) == 0)
            return variable->value;
    }
    return NULL;
}

/* KEY=value; what has no room is forgotten, and stays as it is written. */
static void assign(struct lexer *lexer, const struct runbook_word *word)
{
    const uint32_t length = key_length(word->text);
    assert(word->text[length] == '=');
    if (lexer->variable_count == RUNBOOK_VARIABLES_MAX || word->open) return;
    const char *key = arena_text(&lexer->document->arena, word->text, length);
    if (key == NULL) {
        (void)out_of_memory(lexer);
        return;
    }
    lexer->variables[lexer->variable_count++] =
        (struct variable){.key = key, .value = word->text + length + 1};
}

static bool is_assignment(const struct runbook_word *word)
{
    const uint32_t length = key_length(word->text);
    return length > 0 && word->text[length] == '=';
}

/* ---- words ---- */

/* Past a `$(...)`, a `${...}` or the like: to the bracket that closes it. */
static bool skip_brackets(struct lexer *lexer, struct text *word, char open, char close)
{
    const uint32_t from = lexer->at;
    uint32_t depth = 0;
    char quote = '\0';
    while (lexer->at < lexer->length) {
        const char c = lexer->text[lexer->at++];
        text_char(word, c);
        if (c == '\\' && quote != '\'' && lexer->at < lexer->length) {
            text_char(word, lexer->text[lexer->at++]);
        } else if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '\'' || c == '"') {
            quote = c;
        } else if (c == open) {
            depth++;
        } else if (c == close && --depth == 0) {
            return true;
        }
    }
    return fail(lexer, from, "this bracket is never closed");
}

/* `$KEY`, `${KEY}`, `$(...)`, `$1`: replaced where it is known, else kept and `open` set. */
static bool read_dollar(struct lexer *lexer, struct text *word, bool *open)
{
    const char after = peek(lexer, 1);
    if (after == '(') {
        *open = true;
        text_char(word, '$');
        lexer->at++;
        return skip_brackets(lexer, word, '(', ')');
    }
    const bool braced = after == '{';
    const char *const key = lexer->text + lexer->at + 1 + braced;
    const uint32_t length =
        lexer->at + 1 + braced < lexer->length ? key_length(key) : 0; /* the text ends in a \n */
    const char *value = length > 0 ? value_of(lexer, key, length) : NULL;
    if (braced && (length == 0 || key[length] != '}')) {
        *open = true; /* ${KEY:-otherwise} and its like */
        text_char(word, '$');
        lexer->at++;
        return skip_brackets(lexer, word, '{', '}');
    }
    const uint32_t whole = 1 + length + 2u * braced;
    if (value != NULL) {
        text_put(word, value);
    } else {
        text_append(word, lexer->text + lexer->at, length == 0 ? 1 : whole);
        *open |= length > 0 || isdigit((unsigned char)after) || after == '@' || after == '?';
    }
    lexer->at += length == 0 ? 1 : whole;
    return true;
}

static bool read_single(struct lexer *lexer, struct text *word)
{
    const uint32_t from = lexer->at++;
    const char *const end = memchr(lexer->text + lexer->at, '\'', lexer->length - lexer->at);
    if (end == NULL) return fail(lexer, from, "this quote is never closed");
    const uint32_t length = (uint32_t)(end - lexer->text) - lexer->at;
    text_append(word, lexer->text + lexer->at, length);
    lexer->at += length + 1;
    return true;
}

static bool read_backquote(struct lexer *lexer, struct text *word, bool *open)
{
    const uint32_t from = lexer->at++;
    const char *const end = memchr(lexer->text + lexer->at, '`', lexer->length - lexer->at);
    if (end == NULL) return fail(lexer, from, "this backquote is never closed");
    const uint32_t length = (uint32_t)(end - lexer->text) + 1 - from;
    text_append(word, lexer->text + from, length);
    lexer->at = from + length;
    *open = true;
    return true;
}

static bool read_double(struct lexer *lexer, struct text *word, bool *open)
{
    const uint32_t from = lexer->at++;
    while (lexer->at < lexer->length) {
        const char c = peek(lexer, 0);
        if (c == '"') {
            lexer->at++;
            return true;
        }
        if (c == '$') {
            if (!read_dollar(lexer, word, open)) return false;
        } else if (c == '`') {
            if (!read_backquote(lexer, word, open)) return false;
        } else if (c == '\\' && strchr("$`\"\\\n", peek(lexer, 1)) != NULL && peek(lexer, 1) != 0) {
            if (peek(lexer, 1) != '\n') text_char(word, peek(lexer, 1));
            lexer->at += 2;
        } else {
            text_char(word, c);
            lexer->at++;
        }
    }
    return fail(lexer, from, "this quote is never closed");
}

/* "<new secret>", "<TOKEN>": the length with its brackets; 0: a redirection. */
static uint32_t placeholder_length(const struct lexer *lexer)
{
    uint32_t i = 1;
    if (!isalpha((unsigned char)peek(lexer, 1))) return 0;
    while (isalnum((unsigned char)peek(lexer, i)) ||
           (peek(lexer, i) != '\0' && strchr("_-. '", peek(lexer, i)) != NULL))
        i++;
    return peek(lexer, i) == '>' ? i + 1 : 0;
}

static bool ends_word(char c)
{
    return c == '\0' || isspace((unsigned char)c) || strchr(";|&()<>", c) != NULL;
}

static bool read_piece(struct lexer *lexer, struct text *text, bool *open)
{
    const char c = peek(lexer, 0);
    switch (c) {
    case '\'':
        return read_single(lexer, text);
    case '"':
        return read_double(lexer, text, open);
    case '`':
        return read_backquote(lexer, text, open);
    case '$':
        if (peek(lexer, 1) == '\'') { /* $'...' */
            lexer->at++;
            return read_single(lexer, text);
        }
        return read_dollar(lexer, text, open);
    case '\\':
        if (peek(lexer, 1) != '\n' && peek(lexer, 1) != '\0') text_char(text, peek(lexer, 1));
        lexer->at += 2;
        return true;
    default:
        text_char(text, c);
        lexer->at++;
        return true;
    }
}

static bool keep_word(struct lexer *lexer, struct text *text, uint32_t from, bool open)
{
    if (lexer->word_count == RUNBOOK_WORDS_MAX)
        return fail(lexer, from, "a command of more than 256 words");
    const char *const kept =
        text->failed ? NULL : arena_text(&lexer->document->arena, text->bytes, text->length);
    if (kept == NULL) return out_of_memory(lexer);
    lexer->words[lexer->word_count++] = (struct runbook_word){
        .text = kept, .offset = from, .length = lexer->at - from, .open = open};
    return true;
}

static bool read_word(struct lexer *lexer)
{
    const uint32_t from = lexer->at;
    struct text text = {0};
    bool open = false, good = true;
    while (good) {
        const uint32_t placeholder = peek(lexer, 0) == '<' ? placeholder_length(lexer) : 0;
        if (placeholder > 0) {
            text_append(&text, lexer->text + lexer->at, placeholder);
            lexer->at += placeholder;
            open = true;
        } else if (ends_word(peek(lexer, 0))) {
            break;
        } else {
            good = read_piece(lexer, &text, &open);
        }
    }
    if (lexer->at > lexer->length) lexer->at = lexer->length;
    /* A placeholder within quotes is one too. */
    const char *const bracket = text.bytes != NULL ? strchr(text.bytes, '<') : NULL;
    open |= bracket != NULL && isalpha((unsigned char)bracket[1]) && strchr(bracket, '>') != NULL;
    good = good && keep_word(lexer, &text, from, open);
    text_release(&text);
    return good;
}

/* ---- redirections ---- */

/* At `<`, `>`, `2>`, `&>`, `<<`: out of the words, with the file that it names. */
static bool read_redirection(struct lexer *lexer, struct heredoc *heredoc)
{
    const uint32_t from = lexer->at;
    while (isdigit((unsigned char)peek(lexer, 0)) || peek(lexer, 0) == '&')
        lexer->at++;
    const bool here = peek(lexer, 0) == '<' && peek(lexer, 1) == '<' && peek(lexer, 2) != '<';
    while (peek(lexer, 0) == '<' || peek(lexer, 0) == '>')
        lexer->at++;
    const bool dashed = here && peek(lexer, 0) == '-';
    while (strchr("&-", peek(lexer, 0)) != NULL && peek(lexer, 0) != '\0')
        lexer->at++;
    while (peek(lexer, 0) == ' ' || peek(lexer, 0) == '\t')
        lexer->at++;
    if (ends_word(peek(lexer, 0))) return true; /* of nothing: no matter */
    const uint32_t words = lexer->word_count;
    if (!read_word(lexer)) return false;
    lexer->word_count = words;
    if (!here) return true;
    if (heredoc->command != NULL || strlen(lexer->words[words].text) >= sizeof heredoc->end)
        return fail(lexer, from, "a here-document that is not understood");
    (void)snprintf(heredoc->end, sizeof heredoc->end, "%s", lexer->words[words].text);
    heredoc->dashed = dashed;
    return true;
}

static bool is_redirection(const struct lexer *lexer)
{
    uint32_t i = 0;
    while (isdigit((unsigned char)peek(lexer, i)))
        i++;
    if (i == 0 && peek(lexer, 0) == '&' && peek(lexer, 1) == '>') return true;
    return peek(lexer, i) == '<' || peek(lexer, i) == '>';
}

/* The lines to the one that is the end mark, once the command's own line is over. */
static bool read_heredoc(struct lexer *lexer)
{
    const uint32_t from = lexer->at;
    const struct heredoc heredoc = lexer->heredoc;
    struct text body = {0};
    lexer->heredoc = (struct heredoc){0};
    while (lexer->at < lexer->length) {
        const char *line = lexer->text + lexer->at;
        const char *const end = memchr(line, '\n', lexer->length - lexer->at);
        lexer->at = end == NULL ? lexer->length : (uint32_t)(end - lexer->text) + 1;
        uint32_t width = (uint32_t)(lexer->text + lexer->at - line) - (end != NULL);
        for (; heredoc.dashed && width > 0 && *line == '\t'; width--)
            line++;
        if (width == strlen(heredoc.end) && strncmp(line, heredoc.end, width) == 0) {
            heredoc.command->input = arena_text(&lexer->document->arena,
                                                body.bytes != NULL ? body.bytes : "", body.length);
            if (body.failed || heredoc.command->input == NULL) (void)out_of_memory(lexer);
            text_release(&body);
            return !lexer->failed;
        }
        text_append(&body, line, width);
        text_char(&body, '\n');
    }
    text_release(&body);
    return fail(lexer, from < lexer->length ? from : lexer->length,
                "a here-document that is never closed");
}

/* ---- commands ---- */

/* Blanks, comments, continued lines; not the end of a line. */
static void skip_blanks(struct lexer *lexer)
{
    for (;;) {
        if (peek(lexer, 0) == '\\' && peek(lexer, 1) == '\n') {
            lexer->at += 2;
        } else if (peek(lexer, 0) == '#') {
            while (lexer->at < lexer->length && peek(lexer, 0) != '\n')
                lexer->at++;
        } else if (peek(lexer, 0) != '\n' && isspace((unsigned char)peek(lexer, 0))) {
            lexer->at++;
        } else {
            return;
        }
    }
}

static bool finish_command(struct lexer *lexer, struct runbook_command *command)
{
    uint32_t first = 0;
    static const char *const passed_over[] = {"sudo", "time", "npx", "env",
                                              "then", "do",   "$",   NULL};
    while (first < lexer->word_count) {
        bool skip = is_assignment(&lexer->words[first]);
        for (unsigned i = 0; passed_over[i] != NULL; i++)
            skip |= strcmp(lexer->words[first].text, passed_over[i]) == 0;
        if (!skip) break;
        first++;
    }
    const uint32_t count = lexer->word_count - first;
    command->words = arena_push(&lexer->document->arena, struct runbook_word, count + 1);
    if (command->words == NULL) return out_of_memory(lexer);
    if (count > 0) memcpy(command->words, lexer->words + first, count * sizeof *command->words);
    command->word_count = count;
    const bool exports = count > 0 && strcmp(command->words[0].text, "export") == 0;
    const bool assigns_only = count == 0 || exports;
    for (uint32_t i = 0; assigns_only && i < lexer->word_count; i++)
        if (is_assignment(&lexer->words[i])) assign(lexer, &lexer->words[i]);
    return !lexer->failed;
}

/* Words to the next separator. */
static bool read_simple(struct lexer *lexer, struct runbook_command *command)
{
    *command = (struct runbook_command){.offset = lexer->at};
    lexer->word_count = 0;
    for (skip_blanks(lexer); lexer->at < lexer->length; skip_blanks(lexer)) {
        const char c = peek(lexer, 0);
        if (is_redirection(lexer) && (c != '<' || placeholder_length(lexer) == 0)) {
            struct heredoc heredoc = {0};
            if (!read_redirection(lexer, &heredoc)) return false;
            if (heredoc.end[0] == '\0') continue;
            heredoc.command = command;
            lexer->heredoc = heredoc;
        } else if (c == '(' || c == ')') {
            command->compound = true;
            lexer->at++;
        } else if (c == '\0' || strchr("\n;|&", c) != NULL) {
            break;
        } else if (!read_word(lexer)) {
            return false;
        }
    }
    return finish_command(lexer, command);
}

static bool read_pipe(struct lexer *lexer, struct runbook_command *first)
{
    struct runbook_command *last = first;
    if (!read_simple(lexer, first)) return false;
    while (peek(lexer, 0) == '|' && peek(lexer, 1) != '|') {
        lexer->at += peek(lexer, 1) == '&' ? 2 : 1;
        for (skip_blanks(lexer); peek(lexer, 0) == '\n'; skip_blanks(lexer))
            lexer->at++;
        last->next = arena_push(&lexer->document->arena, struct runbook_command, 1);
        if (last->next == NULL) return out_of_memory(lexer);
        last = last->next;
        if (!read_simple(lexer, last)) return false;
        first->compound |= last->compound;
    }
    uint32_t end = lexer->at;
    while (end > first->offset && isspace((unsigned char)lexer->text[end - 1]))
        end--;
    first->length = end - first->offset;
    return true;
}

static bool keep_command(struct lexer *lexer, const struct runbook_command *command)
{
    struct runbook_commands *const commands = lexer->commands;
    if (commands->count == commands->capacity) {
        const uint32_t capacity = commands->capacity == 0 ? 16 : commands->capacity * 2;
        struct runbook_command *items = realloc(commands->items, capacity * sizeof *items);
        if (items == NULL) return out_of_memory(lexer);
        commands->items = items;
        commands->capacity = capacity;
    }
    commands->items[commands->count++] = *command;
    return true;
}

/* How much deeper a command lies in loops and conditions than the one before it. */
static int depth_change(const struct runbook_command *command)
{
    static const char *const openers[] = {"if", "for", "while", "until", "case", "{", NULL};
    static const char *const closers[] = {"fi", "done", "esac", "}", NULL};
    int change = 0;
    for (uint32_t i = 0; i < command->word_count; i++) {
        const char *const word = command->words[i].text;
        for (unsigned k = 0; i == 0 && openers[k] != NULL; k++)
            change += strcmp(word, openers[k]) == 0;
        for (unsigned k = 0; closers[k] != NULL; k++)
            change -= i == 0 && strcmp(word, closers[k]) == 0;
    }
    return change;
}

/* A compound command grows over all that lies in it. */
static bool add_command(struct lexer *lexer, struct runbook_command *command, int *depth)
{
    const int before = *depth;
    *depth += depth_change(command);
    if (*depth < 0) *depth = 0;
    if (before > 0) {
        struct runbook_command *const outer = &lexer->commands->items[lexer->commands->count - 1];
        outer->length = command->offset + command->length - outer->offset;
        return true;
    }
    command->compound |= *depth > 0;
    if (command->word_count == 0 && !command->compound) return true;
    return keep_command(lexer, command);
}

/* Only what stands after a prompt; everything else becomes blank, so that offsets stay. */
static char *console_lines(struct lexer *lexer)
{
    char *const text =
        arena_text(&lexer->document->arena, lexer->block->text, lexer->block->length);
    bool continued = false;
    for (uint32_t i = 0; text != NULL && i < lexer->length;) {
        uint32_t end = i;
        while (end < lexer->length && text[end] != '\n')
            end++;
        const bool prompt =
            end - i >= 2 && (text[i] == '$' || text[i] == '%') && text[i + 1] == ' ';
        const bool command = prompt || continued;
        continued = command && end > i && text[end - 1] == '\\';
        if (prompt) text[i] = ' ';
        if (!command) memset(text + i, ' ', end - i);
        i = end + 1;
    }
    return text;
}

static void read_commands(struct lexer *lexer)
{
    int depth = 0;
    while (!lexer->failed) {
        struct runbook_command command;
        for (skip_blanks(lexer); strchr("\n;&|", peek(lexer, 0)) != NULL && peek(lexer, 0) != '\0';
             skip_blanks(lexer)) {
            const bool line_ends = peek(lexer, 0) == '\n';
            lexer->at++;
            if (line_ends && lexer->heredoc.command != NULL && !read_heredoc(lexer)) return;
        }
        if (lexer->at >= lexer->length) break;
        if (!read_pipe(lexer, &command)) return;
        const bool waits = lexer->heredoc.command == &command;
        if (!add_command(lexer, &command, &depth)) return;
        /* The command lies elsewhere now. */
        if (waits && lexer->commands->count > 0)
            lexer->heredoc.command = &lexer->commands->items[lexer->commands->count - 1];
    }
    if (!lexer->failed && lexer->heredoc.command != NULL)
        (void)fail(lexer, lexer->length, "a here-document that is never closed");
}

bool runbook_shell_read(struct runbook_document *document, const struct runbook_block *block,
                        struct runbook_commands *commands, struct err_list *list)
{
    struct runbook_word *words = calloc(RUNBOOK_WORDS_MAX, sizeof *words);
    struct lexer lexer = {.document = document,
                          .block = block,
                          .commands = commands,
                          .list = list,
                          .text = block->text,
                          .length = block->length,
                          .words = words};
    assert(block->language == RUNBOOK_SHELL || block->language == RUNBOOK_CONSOLE);
    if (block->language == RUNBOOK_CONSOLE) lexer.text = console_lines(&lexer);
    if (words == NULL || lexer.text == NULL)
        (void)out_of_memory(&lexer);
    else
        read_commands(&lexer);
    free(words);
    return !lexer.failed;
}

void runbook_commands_release(struct runbook_commands *commands)
{
    free(commands->items);
    *commands = (struct runbook_commands){0};
}
