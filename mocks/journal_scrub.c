#include "mocks/journal_scrub.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <string.h>

#include "providers/foreign_json.h"

/* ---- characters, whatever they are wrapped in ------------------------------------------------ */

enum { DECODE_ROUNDS = 3, NOT_ASCII = 0x80 };

struct cursor {
    const char *at;
    const char *end;
};

static int hex_digit(int c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* \u0074 as JSON writes it: the cursor stands behind the backslash. */
static int read_unicode_escape(struct cursor *cursor)
{
    if (cursor->end - cursor->at < 5 || *cursor->at != 'u') return '\\';
    int code = 0;
    for (int i = 1; i <= 4; i++) {
        const int digit = hex_digit(cursor->at[i]);
        if (digit < 0) return '\\';
        code = code << 4 | digit;
    }
    cursor->at += 5;
    return code < NOT_ASCII ? code : NOT_ASCII;
}

/* The next character, unwrapped from so many rounds of percent-encoding; -1 at the end. Each round
 * reads through the one below, because the digits of an escape may be escaped as well. */
static int read_character(struct cursor *cursor, unsigned rounds)
{
    if (rounds == 0) {
        if (cursor->at == cursor->end) return -1;
        const int c = (unsigned char)*cursor->at++;
        return c == '\\' ? read_unicode_escape(cursor) : c;
    }
    const int c = read_character(cursor, rounds - 1);
    if (c != '%') return c;
    struct cursor ahead = *cursor;
    const int high = hex_digit(read_character(&ahead, rounds - 1));
    const int low = high < 0 ? -1 : hex_digit(read_character(&ahead, rounds - 1));
    if (low < 0) return '%';
    *cursor = ahead;
    return high << 4 | low;
}

/* Unwrapping costs several times what reading does, so plain texts are read plainly. */
static unsigned rounds_for(const char *text, size_t length)
{
    return memchr(text, '%', length) == NULL ? 0 : DECODE_ROUNDS;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Tell wherever they stand in a name, because no innocent word holds them. In alphabetical order.
 */
static const char *const telling_parts[] = {"accesskey", "apikey",    "assertion",  "authentica",
                                            "authoris",  "authoriz",  "bearer",     "credential",
                                            "passwd",    "password",  "passphrase", "privatekey",
                                            "secret",    "signature", "token"};
/* Tell as a name's last word alone: others end in them ("monkey"). */
enum { TELLING_WORD_MAX = 5 };
static const char *const telling_words[] = {"key", "keys", "auth", "oauth", "jwt", "pwd", "sig"};

/* A name in letters and digits, lower case, and where its last word begins. */
enum { NAME_MAX_LENGTH = 96 };
struct name {
    char text[NAME_MAX_LENGTH + 1];
    size_t length;
    size_t last_word;
    char
        before[2]; /* the last two characters of the name as it is written; 0: none, or no letter */
    bool too_long;
};

static void begin_name(struct name *name)
{
    name->length = name->last_word = 0;
    name->before[0] = name->before[1] = '\0';
    name->too_long = false;
}

static bool is_upper(int c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(int c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_alphanumeric(int c)
{
    return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9');
}

/* Words begin behind a separator, at the K of apiKey, and at the K of APIKey. */
static void add_character(struct name *name, int c)
{
    if (!is_alphanumeric(c)) {
        name->before[0] = name->before[1] = '\0';
        return;
    }
    if (name->length == NAME_MAX_LENGTH) {
        name->too_long = true;
        return;
    }
    const bool begins = name->before[1] == '\0' || (is_upper(c) && !is_upper(name->before[1]));
    if (begins) {
        name->last_word = name->length;
    } else if (is_lower(c) && is_upper(name->before[1]) && is_upper(name->before[0])) {
        name->last_word = name->length - 1;
    }
    name->text[name->length++] = (char)(is_upper(c) ? c - 'A' + 'a' : c);
    name->before[0] = name->before[1];
    name->before[1] = (char)c;
}

static bool begins_telling_part(const char *at)
{
    switch (*at) { /* of every name that comes by, hardly a letter gets past this */
    case 'a':
    case 'b':
    case 'c':
    case 'p':
    case 's':
    case 't':
        break;
    default:
        return false;
    }
    for (size_t i = 0; i < sizeof telling_parts / sizeof *telling_parts; i++) {
        if (telling_parts[i][0] < *at) continue;
        if (telling_parts[i][0] > *at) return false;
        if (telling_parts[i][1] != at[1]) continue;
        if (strncmp(at, telling_parts[i], strlen(telling_parts[i])) == 0) return true;
    }
    return false;
}

static bool name_tells(struct name *name)
{
    if (name->length < 3) return false; /* "key" is the shortest of them */
    if (name->too_long) return true;    /* nobody's honest name is as long */
    name->text[name->length] = '\0';
    if (strncmp(name->text, "wmsec", 5) == 0) return true;
    for (size_t i = 0; i < sizeof telling_words / sizeof *telling_words; i++) {
        if (name->length - name->last_word > TELLING_WORD_MAX) break;
        if (strcmp(name->text + name->last_word, telling_words[i]) == 0) return true;
    }
    for (size_t i = 0; i < name->length; i++) {
        if (begins_telling_part(name->text + i)) return true;
    }
    return false;
}

static void read_name(const char *text, size_t length, struct name *name)
{
    begin_name(name);
    struct cursor cursor = {text, text + length};
    const unsigned rounds = rounds_for(text, length);
    for (int c; (c = read_character(&cursor, rounds)) >= 0;) {
        add_character(name, c);
    }
    name->text[name->length] = '\0';
}

bool scrub_name_is_secret(const char *text, size_t length)
{
    struct name name;
    read_name(text, length, &name);
    return name_tells(&name);
}

bool scrub_header_is_secret(const char *text, size_t length)
{
    struct name name;
    read_name(text, length, &name);
    return name_tells(&name) || strcmp(name.text, "cookie") == 0 ||
           strcmp(name.text, "setcookie") == 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* In lower case; a space may be a plus. */
static const char *const telling_beginnings[] = {"basic ", "bearer ", "keys.", "-----begin "};
enum { BEGINNING_MAX = 11 };

static bool begins_like_a_secret(const char *value, size_t length, unsigned rounds)
{
    char beginning[BEGINNING_MAX + 1] = "";
    size_t filled = 0;
    struct cursor cursor = {value, value + length};
    for (int c; filled < BEGINNING_MAX && (c = read_character(&cursor, rounds)) >= 0;) {
        if (c == '+' || c == '\t') c = ' ';
        if (filled == 0 && (c == ' ' || c == '"')) continue;
        if (filled == 0 && (c == 0 || strchr("bBkK-", c) == NULL)) return false;
        beginning[filled++] = (char)(is_upper(c) ? c - 'A' + 'a' : c);
    }
    for (size_t i = 0; i < sizeof telling_beginnings / sizeof *telling_beginnings; i++) {
        const size_t of = strlen(telling_beginnings[i]);
        if (filled >= of && memcmp(beginning, telling_beginnings[i], of) == 0) return true;
    }
    return false;
}

/* What separates the words of one name; all else ends it. */
static bool joins(int c)
{
    return c == '_' || c == '-' || c == '.';
}

/* Runs over the value and looks at the name that stands before every "=" and ":"; quotes, blanks
 * and brackets may lie between. */
static bool holds_a_named_secret(const char *value, size_t length, unsigned rounds)
{
    struct cursor cursor = {value, value + length};
    struct name name;
    begin_name(&name);
    bool ended = false;
    for (int c; (c = read_character(&cursor, rounds)) >= 0;) {
        if (is_alphanumeric(c)) {
            if (ended) begin_name(&name);
            ended = false;
            add_character(&name, c);
        } else if (joins(c)) {
            add_character(&name, c);
        } else {
            if ((c == '=' || c == ':') && name_tells(&name)) return true;
            ended = true;
        }
    }
    return false;
}

bool scrub_value_tells(const char *value, size_t length)
{
    /* Most values have nothing that could introduce a secret, and are not read any further. */
    bool introduces = false;
    for (size_t i = 0; i < length; i++)
        introduces |= value[i] == '=' || value[i] == ':' || value[i] == '%' || value[i] == '\\';
    const unsigned rounds = rounds_for(value, length);
    return begins_like_a_secret(value, length, rounds) ||
           (introduces && holds_a_named_secret(value, length, rounds));
}

/* ---- forms and queries ----------------------------------------------------------------------- */

static void scrub_pair(const char *pair, size_t length, struct text *out)
{
    const char *const equals = memchr(pair, '=', length);
    const size_t name = equals == NULL ? length : (size_t)(equals - pair);
    if (scrub_value_tells(pair, name)) {
        text_put(out, SCRUB_HIDDEN);
        return;
    }
    text_append(out, pair, name);
    if (equals == NULL) return;
    const char *const value = equals + 1;
    const size_t value_length = length - name - 1;
    text_char(out, '=');
    if (scrub_name_is_secret(pair, name) || scrub_value_tells(value, value_length)) {
        text_put(out, SCRUB_HIDDEN);
    } else {
        text_append(out, value, value_length);
    }
}

static void scrub_form(const char *text, size_t length, struct text *out)
{
    const char *const end = text + length;
    for (;;) {
        const char *const stop = memchr(text, '&', (size_t)(end - text));
        scrub_pair(text, (size_t)((stop != NULL ? stop : end) - text), out);
        if (stop == NULL) return;
        text_char(out, '&');
        text = stop + 1;
    }
}

/* ---- headers --------------------------------------------------------------------------------- */

static void scrub_header(const char *line, size_t length, bool folded, struct text *out)
{
    const char *const colon = memchr(line, ':', length);
    const size_t name = colon == NULL ? length : (size_t)(colon - line);
    const char *const value = line + name + 1;
    if (scrub_value_tells(line, name)) {
        text_put(out, SCRUB_HIDDEN);
    } else if (colon == NULL) {
        text_append(out, line, name);
    } else if (folded || scrub_header_is_secret(line, name) ||
               scrub_value_tells(value, length - name - 1)) {
        text_append(out, line, name);
        text_put(out, ": " SCRUB_HIDDEN);
    } else {
        text_append(out, line, length);
    }
    text_char(out, '\n');
}

/* Where the line that begins at `line` ends, its LF not counted. */
static const char *end_of_line(const char *line, const char *end)
{
    const char *const feed = memchr(line, '\n', (size_t)(end - line));
    return feed != NULL ? feed : end;
}

static bool goes_on(const char *line, const char *end)
{
    return line < end && (*line == ' ' || *line == '\t');
}

static void scrub_headers(const char *text, size_t length, struct text *out)
{
    const char *const end = text + length;
    while (text < end) {
        const char *const first_end = end_of_line(text, end);
        const char *next = first_end < end ? first_end + 1 : end;
        const bool folded = goes_on(next, end);
        while (goes_on(next, end)) {
            const char *const line_end = end_of_line(next, end);
            next = line_end < end ? line_end + 1 : end;
        }
        size_t line = (size_t)(first_end - text);
        while (line > 0 && text[line - 1] == '\r')
            line--;
        scrub_header(text, line, folded, out);
        text = next;
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json(const cJSON *item, struct text *out);

static void put_string(const char *string, struct text *out)
{
    const bool tells = scrub_value_tells(string, strlen(string));
    text_json_string(out, tells ? SCRUB_HIDDEN : string);
}

static void put_members(const cJSON *item, struct text *out)
{
    const bool object = cJSON_IsObject(item);
    text_char(out, object ? '{' : '[');
    for (const cJSON *member = item->child; member != NULL; member = member->next) {
        if (member != item->child) text_char(out, ',');
        if (object) {
            put_string(member->string, out);
            text_char(out, ':');
        }
        if (object && scrub_name_is_secret(member->string, strlen(member->string))) {
            text_json_string(out, SCRUB_HIDDEN);
        } else {
            put_json(member, out);
        }
    }
    text_char(out, object ? '}' : ']');
}

static void put_json(const cJSON *item, struct text *out)
{
    if (cJSON_IsObject(item) || cJSON_IsArray(item)) {
        put_members(item, out);
    } else if (cJSON_IsString(item)) {
        put_string(item->valuestring, out);
    } else if (cJSON_IsNumber(item)) {
        text_double(out, item->valuedouble);
    } else if (cJSON_IsBool(item)) {
        text_put(out, cJSON_IsTrue(item) ? "true" : "false");
    } else {
        text_put(out, "null");
    }
}

static void scrub_json(const char *text, size_t length, struct text *out)
{
    cJSON *const root = foreign_json_parse(text, length);
    if (root != NULL) {
        put_json(root, out);
    } else {
        text_put(out, SCRUB_HIDDEN);
    }
    cJSON_Delete(root);
}

void journal_scrub(enum scrub_form form, const char *text, size_t length, struct text *out)
{
    assert(text != NULL);
    assert(out != NULL);
    switch (form) {
    case SCRUB_FORM:
        scrub_form(text, length, out);
        return;
    case SCRUB_HEADERS:
        scrub_headers(text, length, out);
        return;
    case SCRUB_JSON:
        scrub_json(text, length, out);
        return;
    }
}
