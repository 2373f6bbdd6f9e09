/* Commands into steps: what each does, as far as it is understood. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sim/analysis/runbook_state.h"

/* ---- texts ---- */

static bool is_secret_header(const char *word)
{
    return strncasecmp(word, "authorization:", 14) == 0 || strncasecmp(word, "apikey:", 7) == 0;
}

/* "name:password" after curl's option. */
static bool is_user_and_password(const struct runbook_command *command, uint32_t index)
{
    static const char *const options[] = {"-u", "--user", "-U", "--proxy-user", NULL};
    const struct runbook_word *const word = &command->words[index];
    if (index < 2 || word->open || strchr(word->text, ':') == NULL) return false;
    if (strcmp(command->words[0].text, "curl") != 0) return false;
    for (unsigned i = 0; options[i] != NULL; i++)
        if (strcmp(command->words[index - 1].text, options[i]) == 0) return true;
    return false;
}

/* The length of KEY in a word KEY=value whose value must not be shown; 0: it may be. */
static size_t secret_key_length(const struct runbook_word *word)
{
    char key[ENV_KEY_MAX];
    const char *const equals = strchr(word->text, '=');
    if (equals == NULL || word->open || equals - word->text >= ENV_KEY_MAX) return 0;
    (void)snprintf(key, sizeof key, "%.*s", (int)(equals - word->text), word->text);
    return config_key_is_secret(key) ? strlen(key) : 0;
}

/* The command as it stands there, a line's end as a blank, without what is secret. */
static const char *source_of(struct runbook_state *state, const struct runbook_deed *deed)
{
    struct text text = {0};
    uint32_t at = deed->offset;
    const uint32_t end = deed->offset + deed->length;
    for (const struct runbook_command *c = deed->command; c != NULL; c = c->next)
        for (uint32_t i = 0; i < c->word_count; i++) {
            const struct runbook_word *const word = &c->words[i];
            const size_t key = secret_key_length(word);
            const bool header = !word->open && is_secret_header(word->text);
            const bool user = is_user_and_password(c, i);
            if ((key == 0 && !header && !user) || word->offset < at ||
                word->offset + word->length > end)
                continue;
            text_append(&text, deed->block->text + at, word->offset - at);
            if (key > 0) text_format(&text, "%.*s=(hidden)", (int)key, word->text);
            if (user) text_put(&text, "'(hidden)'");
            if (header)
                text_format(&text, "'%.*s (hidden)'", (int)strcspn(word->text, ":") + 1,
                            word->text);
            at = word->offset + word->length;
        }
    text_append(&text, deed->block->text + at, end - at);
    if (text.bytes != NULL) runbook_hide_secrets(text.bytes); /* before commands, in loops */
    return runbook_keep(state, &text);
}

static const char *one_line(struct runbook_state *state, const char *bytes, uint32_t length,
                            uint32_t most)
{
    struct text text = {0};
    for (uint32_t i = 0; i < length && text.length < most; i++) {
        const bool blank = isspace((unsigned char)bytes[i]) || bytes[i] == '\\';
        if (!blank)
            text_char(&text, bytes[i]);
        else if (text.length > 0 && text.bytes[text.length - 1] != ' ')
            text_char(&text, ' ');
    }
    while (text.length > 0 &&
           ((unsigned char)text.bytes[text.length - 1] >= 0x80 ||
            text.bytes[text.length - 1] == ' ') &&
           text.length >= most)
        text.bytes[--text.length] = '\0'; /* no character that was cut in two */
    if (text.length >= most || (text.length > 0 && text.length + 8 >= most)) text_put(&text, "...");
    return runbook_keep(state, &text);
}

static const char *filter_of(struct runbook_state *state, const struct runbook_deed *deed)
{
    const struct runbook_command *const next = deed->command != NULL ? deed->command->next : NULL;
    if (next == NULL) return "";
    const uint32_t end = deed->command->offset + deed->command->length;
    const char *const whole =
        runbook_say(state, "%.*s", (int)(end - next->offset), deed->block->text + next->offset);
    return one_line(state, whole, (uint32_t)strlen(whole), 100);
}

/* ---- adding one ---- */

static struct runbook_step *add_step(struct runbook_state *state, enum runbook_verb verb,
                                     const struct runbook_deed *deed, const char *what)
{
    struct runbook *const runbook = state->runbook;
    if (runbook->step_count == RUNBOOK_STEPS_MAX) {
        if (!state->failed)
            err_add(state->list,
                    runbook_place(runbook->document, deed->block, deed->offset, deed->length), NULL,
                    "a runbook of more than %d steps", RUNBOOK_STEPS_MAX);
        state->failed = true;
        return NULL;
    }
    struct runbook_step *const step = &runbook->steps[runbook->step_count];
    const struct runbook_heading *const heading =
        &runbook->document->headings[deed->block->heading];
    state->deeds[runbook->step_count++] = *deed;
    *step = (struct runbook_step){
        .place = runbook_place(runbook->document, deed->block, deed->offset, deed->length),
        .section = heading->section,
        .heading = deed->block->heading,
        .verb = verb,
        .what = what,
        .source = source_of(state, deed),
        .filter = filter_of(state, deed)};
    return step;
}

/* A step about one word of a command. */
static void add_key(struct runbook_state *state, const struct runbook_deed *deed,
                    const struct runbook_word *word, enum runbook_verb verb)
{
    struct runbook_deed mine = *deed;
    const char *const equals = strchr(word->text, '=');
    const size_t length = verb == RUNBOOK_SET ? (size_t)(equals - word->text) : strlen(word->text);
    mine.key = arena_text(&state->runbook->arena, word->text, length);
    mine.value = verb == RUNBOOK_SET ? equals + 1 : NULL;
    mine.open = word->open;
    if (mine.key == NULL) {
        state->failed = true;
        return;
    }
    const bool hidden = config_key_is_secret(mine.key) && !word->open;
    const char *const value = mine.value == NULL ? "" : runbook_say(state, "%s", mine.value);
    const char *const what = verb == RUNBOOK_UNSET ? runbook_say(state, "%.63s unset", mine.key)
                                                   : runbook_say(state, "%.63s = %.120s", mine.key,
                                                                 hidden ? "(hidden)" : value);
    struct runbook_step *const step = add_step(state, verb, &mine, what);
    if (step != NULL)
        step->place =
            runbook_place(state->runbook->document, deed->block, word->offset, word->length);
}

static void add_other(struct runbook_state *state, const struct runbook_deed *deed, const char *why)
{
    struct runbook_deed mine = *deed;
    mine.why = why;
    (void)add_step(state, RUNBOOK_COMMAND, &mine,
                   one_line(state, deed->block->text + deed->offset, deed->length, 72));
    struct runbook_step *const step = &state->runbook->steps[state->runbook->step_count - 1];
    if (deed->command != NULL)
        step->what = one_line(state, step->source, (uint32_t)strlen(step->source), 72);
}

/* ---- supabase ---- */

static bool word_is(const struct runbook_command *command, uint32_t index, const char *text)
{
    return index < command->word_count && strcmp(command->words[index].text, text) == 0;
}

/* Options that stand before or among the words, with a value of their own. */
static bool takes_value(const char *option)
{
    static const char *const names[] = {"--project-ref", "-p", "--workdir", "--import-map", NULL};
    for (unsigned i = 0; names[i] != NULL; i++)
        if (strcmp(option, names[i]) == 0) return true;
    return false;
}

/* The next word that is no option; word_count: none. */
static uint32_t next_word(const struct runbook_command *command, uint32_t index)
{
    while (index < command->word_count && command->words[index].text[0] == '-')
        index += takes_value(command->words[index].text) ? 2 : 1;
    return index < command->word_count ? index : command->word_count;
}

static void add_secrets(struct runbook_state *state, const struct runbook_deed *deed,
                        uint32_t first)
{
    const struct runbook_command *const command = deed->command;
    const bool unset = word_is(command, first, "unset");
    uint32_t keys = 0;
    for (uint32_t i = first + 1; i < command->word_count; i++) {
        const struct runbook_word *const word = &command->words[i];
        if (strncmp(word->text, "--env-file", 10) == 0) {
            add_other(state, deed, "the file that the settings come from is not here");
            return;
        }
        if (word->text[0] == '-') {
            i += takes_value(word->text);
            continue;
        }
        if (!unset && strchr(word->text, '=') == NULL) {
            struct runbook_deed mine = *deed;
            mine.offset = word->offset;
            mine.length = word->length;
            add_other(state, &mine, "a setting is KEY=value");
            continue;
        }
        add_key(state, deed, word, unset ? RUNBOOK_UNSET : RUNBOOK_SET);
        keys++;
    }
    if (keys == 0) add_other(state, deed, "it names no key");
}

static void read_grep(struct runbook_deed *deed)
{
    for (const struct runbook_command *c = deed->command->next; c != NULL; c = c->next) {
        if (!word_is(c, 0, "grep") && !word_is(c, 0, "egrep") && !word_is(c, 0, "rg")) continue;
        for (uint32_t i = 1; i < c->word_count; i++) {
            const char *const word = c->words[i].text;
            if (word[0] == '-' && word[1] != '-') {
                deed->any_case |= strchr(word, 'i') != NULL;
                deed->inverted |= strchr(word, 'v') != NULL;
                if (strchr(word, 'e') == NULL || i + 1 == c->word_count) {
                    i += strpbrk(word, "ABCm") != NULL && isalpha((unsigned char)word[1]) &&
                         word[2] == '\0';
                    continue;
                }
                deed->pattern = c->words[i + 1].text;
                return;
            }
            if (word[0] == '-') continue;
            deed->pattern = word;
            return;
        }
    }
}

static void add_function(struct runbook_state *state, struct runbook_deed *deed, uint32_t verb)
{
    const struct runbook_command *const command = deed->command;
    const uint32_t name = next_word(command, verb + 1);
    deed->function = name < command->word_count ? command->words[name].text : "";
    const bool open = name < command->word_count && command->words[name].open;
    if (open) deed->function = "";
    if (word_is(command, verb, "deploy")) {
        (void)add_step(state, RUNBOOK_DEPLOY, deed,
                       runbook_say(state, "deploy %.80s",
                                   deed->function[0] != '\0' ? deed->function : "every function"));
        return;
    }
    const char *const whose = deed->function[0] != '\0' ? deed->function : "of every function";
    (void)add_step(state, RUNBOOK_LOGS, deed,
                   deed->pattern != NULL ? runbook_say(state, "logs, for \"%.80s\"", deed->pattern)
                                         : runbook_say(state, "logs %.80s", whose));
}

static void add_supabase(struct runbook_state *state, struct runbook_deed *deed)
{
    const struct runbook_command *const command = deed->command;
    const uint32_t group = next_word(command, 1), verb = next_word(command, group + 1);
    read_grep(deed);
    if (word_is(command, group, "secrets") &&
        (word_is(command, verb, "set") || word_is(command, verb, "unset"))) {
        add_secrets(state, deed, verb);
    } else if (word_is(command, group, "secrets") && word_is(command, verb, "list")) {
        (void)add_step(state, RUNBOOK_LIST, deed,
                       deed->pattern != NULL
                           ? runbook_say(state, "list secrets, for \"%.80s\"", deed->pattern)
                           : "list secrets");
    } else if (word_is(command, group, "functions") &&
               (word_is(command, verb, "deploy") || word_is(command, verb, "logs"))) {
        add_function(state, deed, verb);
    } else {
        add_other(state, deed,
                  "of supabase, secrets set, unset and list and functions deploy and "
                  "logs are simulated");
    }
}

/* ---- curl ---- */

static bool has_key(const char *body, const char *key)
{
    char quoted[40];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", key);
    return body != NULL && strstr(body, quoted) != NULL;
}

/* The function of ".../functions/v1/NAME"; "": the address does not say. */
static const char *function_of(struct runbook_state *state, const char *url)
{
    static const char mark[] = "/functions/v1/";
    const char *const at = strstr(url, mark);
    if (at == NULL) return "";
    const char *const name = at + sizeof mark - 1;
    const char *const kept = arena_text(&state->runbook->arena, name, strcspn(name, "/?#\"' "));
    state->failed |= kept == NULL;
    return kept != NULL ? kept : "";
}

static bool is_placeholder(const char *url)
{
    return url[0] == '$' || url[0] == '<' || url[0] == '{';
}

static void add_request(struct runbook_state *state, struct runbook_deed *deed)
{
    struct runbook_curl *const curl = &deed->curl;
    runbook_curl_read(curl, deed->command);
    read_grep(deed);
    if (curl->url == NULL) {
        add_other(state, deed, "it names no address");
        return;
    }
    const bool ours = has_key(curl->body, "items") || has_key(curl->body, "action");
    deed->function = function_of(state, curl->url);
    deed->target = deed->function[0] != '\0' || (is_placeholder(curl->url) && ours) ? TARGET_ROUTER
                   : is_placeholder(curl->url)                                      ? TARGET_UNKNOWN
                                               : TARGET_ELSEWHERE;
    const char *const url = runbook_say(state, "%s", curl->url);
    const char *const host = strstr(url, "://");
    const char *from = host != NULL ? host + 3 : url;
    if (strncmp(from, RUNBOOK_USER_HIDDEN, strlen(RUNBOOK_USER_HIDDEN)) == 0)
        from += strlen(RUNBOOK_USER_HIDDEN);
    (void)add_step(state, RUNBOOK_REQUEST, deed,
                   runbook_say(state, "%.10s %.*s%s", curl->method,
                               deed->function[0] != '\0' ? 80 : (int)strcspn(from, "/?\"'"),
                               deed->function[0] != '\0' ? deed->function : from,
                               has_key(curl->body, "health_check") ? ", a health check"
                               : has_key(curl->body, "items")      ? ", an order"
                                                                   : ""));
}

/* ---- blocks ---- */

static void add_command(struct runbook_state *state, const struct runbook_block *block,
                        const struct runbook_command *command)
{
    struct runbook_deed deed = {.block = block,
                                .command = command,
                                .offset = command->offset,
                                .length = command->length,
                                .function = ""};
    static const char *const silent[] = {"export", "echo", "cd", "set", "source", ".", NULL};
    for (unsigned i = 0; silent[i] != NULL && !command->compound && command->next == NULL; i++)
        if (word_is(command, 0, silent[i])) return;
    if (command->compound)
        add_other(state, &deed, "loops, conditions and groups of a shell are not run");
    else if (word_is(command, 0, "supabase"))
        add_supabase(state, &deed);
    else if (word_is(command, 0, "curl"))
        add_request(state, &deed);
    else
        add_other(state, &deed,
                  runbook_say(state, "%.60s is not simulated",
                              command->word_count > 0 ? command->words[0].text : "it"));
}

static bool add_shell(struct runbook_state *state, uint32_t index)
{
    struct runbook_document *const document = state->play->document;
    const struct runbook_block *const block = &document->blocks[index];
    struct runbook_commands *const commands = &state->commands[index];
    if (!runbook_shell_read(document, block, commands, state->list)) return false;
    for (uint32_t i = 0; i < commands->count && !state->failed; i++)
        add_command(state, block, &commands->items[i]);
    return !state->failed;
}

static void add_query(struct runbook_state *state, const struct runbook_deed *deed)
{
    struct text title = {0};
    if (deed->select != NULL) sql_title(deed->select, &title);
    (void)add_step(state, RUNBOOK_QUERY, deed,
                   title.length > 0
                       ? runbook_keep(state, &title)
                       : one_line(state, deed->block->text + deed->offset, deed->length, 72));
}

static bool add_sql(struct runbook_state *state, const struct runbook_block *block)
{
    struct sql_error error;
    struct sql_script *const script = arena_push(&state->runbook->arena, struct sql_script, 1);
    if (script == NULL) return false;
    const bool read = sql_read(script, block->text, block->length, &state->runbook->arena, &error);
    struct runbook_deed deed = {.block = block, .function = ""};
    for (uint32_t i = 0; i < script->count; i++) {
        deed.offset = script->statements[i].offset;
        deed.length = script->statements[i].length;
        deed.select = script->statements[i].select;
        add_query(state, &deed);
    }
    if (read) return !state->failed;
    if (error.memory) return false;
    /* The rest of the block, from the statement that could not be read. */
    const uint32_t from = script->count == 0 ? 0 : deed.offset + deed.length;
    deed = (struct runbook_deed){.block = block, .function = "", .refused = error.known};
    deed.offset = error.offset < block->length ? error.offset : block->length;
    deed.length = error.length;
    const struct place place =
        runbook_place(state->play->document, block, deed.offset, error.length);
    deed.refusal = runbook_say(state, "line %u, column %u: %s", (unsigned)place.line,
                               (unsigned)place.column, error.message);
    deed.offset = from + (uint32_t)strspn(block->text + from, "; \t\r\n");
    deed.length = block->length - deed.offset;
    add_query(state, &deed);
    return !state->failed;
}

/* ---- the router's function ---- */

static uint32_t votes_for(const struct runbook_state *state, const char *name,
                          enum runbook_verb verb)
{
    uint32_t votes = 0;
    for (uint32_t i = 0; i < state->runbook->step_count; i++)
        votes +=
            state->runbook->steps[i].verb == verb && strcmp(state->deeds[i].function, name) == 0;
    return votes;
}

static const char *most_named(const struct runbook_state *state, enum runbook_verb verb)
{
    const char *best = "";
    uint32_t most = 0;
    for (uint32_t i = 0; i < state->runbook->step_count; i++) {
        const char *const name = state->deeds[i].function;
        if (state->runbook->steps[i].verb != verb || name[0] == '\0') continue;
        const uint32_t votes = votes_for(state, name, verb);
        if (votes <= most) continue;
        most = votes;
        best = name;
    }
    return best;
}

/* ---- the whole ---- */

static bool is_wanted(const struct runbook_state *state, const struct runbook_block *block)
{
    const struct runbook_document *const document = state->play->document;
    const char *const only = state->play->only;
    const uint32_t section = document->headings[block->heading].section;
    if (only == NULL) return true;
    const size_t length = strlen(only);
    for (uint32_t h = section; h <= block->heading; h++)
        for (const char *at = document->headings[h].path; *at != '\0'; at++)
            if (strncasecmp(at, only, length) == 0) return true;
    return false;
}

bool runbook_find_steps(struct runbook_state *state)
{
    const struct runbook_document *const document = state->play->document;
    bool good = true;
    for (uint32_t i = 0; i < document->block_count; i++) {
        const struct runbook_block *const block = &document->blocks[i];
        if (block->language == RUNBOOK_OTHER) state->runbook->other_blocks++;
        if (block->language == RUNBOOK_OTHER || !is_wanted(state, block)) continue;
        /* Every mistake of the file is said, so a bad block ends nothing. */
        good &= block->language == RUNBOOK_SQL ? add_sql(state, block) : add_shell(state, i);
    }
    const char *const asked = most_named(state, RUNBOOK_REQUEST);
    state->runbook->function = asked[0] != '\0' ? asked : most_named(state, RUNBOOK_DEPLOY);
    return good && !state->failed;
}
