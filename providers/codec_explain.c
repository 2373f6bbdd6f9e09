/* What the body of an error says, for people, and what of it must not be seen. */
#include "providers/codec_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "providers/foreign_json.h"
#include "router/base/utf8.h"

/* ---- in the provider's own words ------------------------------------------------------------- */

static void say_error(struct text *to, const cJSON *node, int depth);

/* A text or a number, after ": " when something stands there already. */
static bool say(struct text *to, const cJSON *node)
{
    const bool number = cJSON_IsNumber(node);
    const char *const words = codec_string(node);
    if (!number && (words == NULL || words[0] == '\0')) return false;
    if (to->length > 0) text_put(to, ": ");
    if (number) {
        text_double(to, node->valuedouble);
    } else {
        text_put(to, words);
    }
    return true;
}

/* Which parameter an error is about, as Instacart says it. */
static void say_key(struct text *to, const cJSON *object)
{
    const char *const key = codec_string(codec_member(codec_member(object, "meta"), "key"));
    if (key != NULL) text_format(to, " (%s)", key);
}

static void say_object(struct text *to, const cJSON *object, int depth)
{
    const cJSON *const error = codec_member(object, "error");
    const cJSON *const code = codec_member(object, "code");
    if (error != NULL) {
        say_error(to, error, depth + 1);
        (void)say(to, codec_member(object, "error_description"));
        say_key(to, object);
    } else {
        (void)say(to, code);
        if (!say(to, codec_member(object, "reason")))
            (void)say(to, codec_member(object, "message"));
    }
    say_error(to, codec_member(object, "errors"), depth + 1);
    const cJSON *const details = codec_member(object, "details");
    (void)say(to, details);
    (void)say(to, codec_member(details, "Description"));
}

/* An error, whichever way it is wrapped; of several the first. */
static void say_error(struct text *to, const cJSON *node, int depth)
{
    enum { WRAPPINGS_MAX = 6 };
    if (node == NULL || depth > WRAPPINGS_MAX) return;
    if (cJSON_IsArray(node)) {
        say_error(to, node->child, depth + 1);
    } else if (cJSON_IsObject(node)) {
        say_object(to, node, depth);
    } else {
        (void)say(to, node);
    }
}

/* ---- what must not be seen ------------------------------------------------------------------- */

static bool is_space(uint32_t code)
{
    return code == '\t' || code == '\n' || code == '\r' || code == ' ' || code == 0x2028 ||
           code == 0x2029;
}

/* Controls, and marks that turn the direction of writing or show nothing at all. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0xAD ||
           (code >= 0x200B && code <= 0x200F) || (code >= 0x202A && code <= 0x202E) ||
           (code >= 0x2060 && code <= 0x206F) || code == 0xFEFF;
}

/* Any secret that begins where it could be shown lies in it whole. */
enum { CLEAN_MAX = CODEC_EXPLAIN_MAX + CODEC_TEXT_MAX };

/* Hidden characters go first: one in the middle of a secret would keep it from being found. */
static void clean(const struct text *words, struct text *cleaned)
{
    for (size_t at = 0; at < words->length && cleaned->length < CLEAN_MAX;) {
        uint32_t code = 0;
        const unsigned step = utf8_read(words->bytes + at, words->length - at, &code);
        if (step == 0) {
            text_char(cleaned, '?');
        } else if (is_space(code)) {
            text_char(cleaned, ' ');
        } else if (!is_hidden(code)) {
            text_append(cleaned, words->bytes + at, step);
        }
        at += step == 0 ? 1 : step;
    }
}

/* Overwrites every occurrence with NULs, which clean() has left none of. `twin` is the text as it
 * was, so that secrets within each other are all found. */
static void blot(struct text *words, const char *twin, const char *secret, size_t length_least)
{
    const size_t length = secret == NULL ? 0 : strlen(secret);
    if (length == 0 || length < length_least) return;
    for (const char *at = strstr(twin, secret); at != NULL; at = strstr(at + 1, secret)) {
        memset(words->bytes + (at - twin), '\0', length);
    }
}

static bool is_token_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._~+/=", c) != NULL);
}

/* Long runs of letters and digits are somebody's token, key or signature, though we know it not. A
 * long name with a digit in it goes too; that is the price. */
static void blot_runs(struct text *words, const char *twin)
{
    enum { RUN_LEAST = 20 };
    for (size_t at = 0; twin[at] != '\0';) {
        size_t end = at;
        bool digits = false;
        for (; is_token_character(twin[end]); end++)
            digits = digits || (twin[end] >= '0' && twin[end] <= '9');
        if (digits && end - at >= RUN_LEAST) memset(words->bytes + at, '\0', end - at);
        at = end + (end == at);
    }
}

static void blot_secrets(const struct codec *codec, struct text *words, const char *twin)
{
    enum { ID_LEAST = 4 }; /* the id "1" would take every 1 with it */
    for (uint32_t i = 0; i < CODEC_TOKENS_MAX; i++)
        blot(words, twin, codec->token_texts[i], 0);
    for (uint32_t i = 0; i < CODEC_SECRETS_MAX; i++) {
        blot(words, twin, codec->secrets[i].secret, 0);
        blot(words, twin, codec->secrets[i].id, ID_LEAST);
    }
    blot_runs(words, twin);
}

/* With "***" for every run of NULs, cut between characters. */
static void show(const struct text *words, char text[CODEC_EXPLAIN_MAX])
{
    size_t length = 0;
    for (size_t at = 0; at < words->length;) {
        const size_t left = words->length - at;
        uint32_t code;
        size_t step = utf8_read(words->bytes + at, left, &code);
        const bool blotted = words->bytes[at] == '\0';
        if (blotted) {
            for (step = 1; step < left && words->bytes[at + step] == '\0';)
                step++;
        }
        const size_t size = blotted ? strlen("***") : step;
        if (length + size >= CODEC_EXPLAIN_MAX) break;
        if (step == 0) { /* the rest of a character of which a secret took the beginning */
            step = 1;
        } else {
            memcpy(text + length, blotted ? "***" : words->bytes + at, size);
            length += size;
        }
        at += step;
    }
    text[length] = '\0';
}

void codec_explain(const struct codec *codec, const struct http_response *response,
                   char text[CODEC_EXPLAIN_MAX])
{
    text[0] = '\0';
    if (response->body.length == 0) return;
    cJSON *const root = foreign_json_parse(response->body.bytes, response->body.length);
    struct text words = {0}, cleaned = {0}, twin = {0};
    say_error(&words, root, 0);
    clean(&words, &cleaned);
    text_append(&twin, cleaned.length > 0 ? cleaned.bytes : "", cleaned.length);
    if (!words.failed && !cleaned.failed && !twin.failed) {
        if (cleaned.length > 0) blot_secrets(codec, &cleaned, twin.bytes);
        show(&cleaned, text);
    }
    cJSON_Delete(root);
    text_release(&words);
    text_release(&cleaned);
    text_release(&twin);
}
