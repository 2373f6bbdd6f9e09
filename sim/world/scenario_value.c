#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"
#include "router/base/utf8.h"
#include "sim/world/scenario_keys.h"

static const char *const boolean_names[] = {"false", "true", NULL};

/* ---- words ---- */

const char *scenario_key_takes(const struct scenario_key *key)
{
    switch (key->type) {
    case KEY_TEXT:
        return "a text in quotes";
    case KEY_WHOLE:
        return "a whole number";
    case KEY_NUMBER:
        return "a number";
    case KEY_SHARE:
        return "a share from 0 to 1, or a percentage such as \"95%\"";
    case KEY_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
        return "a span such as \"250ms\" or \"1h30m\"";
    case KEY_SIGNED_SPAN:
        return "a span such as \"30s\" or \"-5h\"";
    case KEY_INSTANT:
    case KEY_STAMP:
        return "an instant such as \"2025-01-06T15:00:00Z\"";
    case KEY_RATE:
        return "a rate such as \"5/s\" or \"100/h\"";
    case KEY_BOOL:
        return "true or false";
    case KEY_ENUM:
        return "one word of a list";
    case KEY_MASK:
        return "a name, a list of names, or \"all\"";
    case KEY_SEED:
        return "a whole number below 2^53, or a larger one as a text";
    case KEY_LIMIT:
        return "a number, or a text such as \"5s\" or \"95%\"";
    case KEY_SETTING:
        return "a text, a number, true or false";
    case KEY_SCHEMA:
        return strcmp(key->names[0], SCENARIO_SCHEMA) == 0 ? "the text \"" SCENARIO_SCHEMA "\""
                                                           : "the text \"" ALERTS_SCHEMA "\"";
    case KEY_IGNORED:
        return "a text in quotes";
    case KEY_LIST:
        return "a list [...]";
    case KEY_OBJECT:
        return (key->flags & KEY_OR_SPAN) != 0 ? "a span such as \"3m\", or a law {...}"
                                               : "an object {...}";
    case KEY_MAP:
    case KEY_ENV:
    case KEY_SHORT:
        return "an object {...}";
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key of no type");
    return "";
}

static const char *what_it_is(const cJSON *node)
{
    if (cJSON_IsString(node)) return "a text";
    if (cJSON_IsNumber(node)) return "a number";
    if (cJSON_IsBool(node)) return cJSON_IsTrue(node) ? "true" : "false";
    if (cJSON_IsArray(node)) return "a list";
    if (cJSON_IsObject(node)) return "an object";
    return "null";
}

/* ---- whole numbers of several sizes ---- */

static void store_whole(const struct scenario_key *key, void *address, int64_t value)
{
    const uint8_t byte = (uint8_t)value;
    const uint16_t half = (uint16_t)value;
    const uint32_t word = (uint32_t)value;
    switch (key->size) {
    case sizeof byte:
        memcpy(address, &byte, sizeof byte);
        return;
    case sizeof half:
        memcpy(address, &half, sizeof half);
        return;
    case sizeof word:
        memcpy(address, &word, sizeof word);
        return;
    default:
        assert(key->size == sizeof value);
        memcpy(address, &value, sizeof value);
    }
}

/* ---- ranges ---- */

static bool is_span(enum key_type type)
{
    return type == KEY_SPAN || type == KEY_SIGNED_SPAN || type == KEY_SECONDS ||
           type == KEY_MINUTES;
}

/* `value` in the unit of the row's bounds. */
static bool is_in_range(const struct scenario_key *key, const char *path, double value,
                        struct place place, struct err_list *list)
{
    const double most = key->type == KEY_SHARE && key->most == 0 ? 1.0 : key->most;
    if (key->least == 0 && most == 0) return true;
    const bool above = (key->flags & KEY_ABOVE) != 0;
    if (value <= most && (above ? value > key->least : value >= key->least)) return true;

    const bool low = value <= key->least;
    const char *must = !low ? "at most" : above ? "above" : "at least";
    struct text bound = {0};
    struct text is = {0};
    scenario_bound_write(key, low ? key->least : most, &bound);
    scenario_bound_write(key, value, &is);
    err_add(list, place, NULL, "\"%s\" must be %s %s; it is %s", path, must, bound.bytes, is.bytes);
    text_release(&bound);
    text_release(&is);
    return false;
}

/* ---- texts ---- */

/* Where a string's first character stands: behind its quote. */
static struct place inside(struct place place)
{
    if (place.line == 0) return place;
    place.column += 1;
    if (place.width > 2) place.width -= 2;
    return place;
}

bool scenario_is_name(const char *text)
{
    if (text[0] == '\0') return false;
    for (const char *c = text; *c != '\0'; c++) {
        const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');
        const bool digit = *c >= '0' && *c <= '9';
        const bool mark = *c == '-' || *c == '_' || *c == '.';
        if (!letter && !digit && !(mark && c != text)) return false;
    }
    return true;
}

static bool read_text(const struct scenario_key *key, const char *path, const char *text,
                      struct place place, void *address, struct err_list *list)
{
    const size_t length = strlen(text);
    if ((key->flags & KEY_NAME) != 0 && !scenario_is_name(text)) {
        err_add(list, place,
                "a name has letters, digits, \"-\", \"_\" and \".\", a letter or digit first",
                "\"%s\" cannot be \"%s\"", path, text);
        return false;
    }
    if (length >= key->size) {
        err_add(list, place, NULL, "\"%s\" is too long: %zu bytes, at most %u", path, length,
                (unsigned)key->size - 1);
        return false;
    }
    memset(address, 0, key->size);
    memcpy(address, text, length);
    return true;
}

static void refuse_word(const char *path, const char *word, const char *const *names,
                        struct place place, struct err_list *list)
{
    char near[ERR_HINT_MAX];
    struct text hint = {0};
    if (names == fault_kind_names && strcmp(word, "timeout") == 0) {
        text_put(&hint, "a provider that never answers is a \"hang\". ");
    } else if (text_suggest(word, names, near, sizeof near)) {
        text_put(&hint, near);
        text_char(&hint, ' ');
    }
    text_put(&hint, hint.length > 0 ? "Known:" : "known:");
    for (int i = 0; names[i] != NULL; i++)
        text_format(&hint, "%s %s", i == 0 ? "" : ",", names[i]);
    err_add(list, place, hint.bytes, "\"%s\" cannot be \"%s\"", path, word);
    text_release(&hint);
}

/* ---- spans, instants, rates ---- */

static bool parse_span(const struct scenario_key *key, const char *text, struct place place,
                       int64_t *span_us, struct err *err)
{
    if ((key->flags & KEY_NEVER) != 0 && strcmp(text, "never") == 0) {
        *span_us = -1;
        return true;
    }
    if (key->type != KEY_SIGNED_SPAN || text[0] != '-') {
        return duration_parse(text, place, span_us, err);
    }
    if (place.line != 0) place.column += 1;
    if (!duration_parse(text + 1, place, span_us, err)) return false;
    *span_us = -*span_us;
    return true;
}

static bool read_span(const struct scenario_key *key, const char *path, const char *text,
                      struct place place, void *address, struct err_list *list)
{
    struct err err;
    int64_t span_us = 0;
    if (!parse_span(key, text, inside(place), &span_us, &err)) {
        err_add(list, err.place, err.hint[0] == '\0' ? NULL : err.hint, "\"%s\": %s", path,
                err.message);
        return false;
    }
    const bool never = span_us == -1 && (key->flags & KEY_NEVER) != 0;
    if (!never && !is_in_range(key, path, (double)span_us, place, list)) return false;
    if (!never && (key->flags & KEY_WHOLE_SECONDS) != 0 && span_us % US_PER_SECOND != 0) {
        err_add(list, place, NULL, "\"%s\" takes whole seconds", path);
        return false;
    }
    const double minutes = (double)span_us / (double)US_PER_MINUTE;
    if (key->type == KEY_MINUTES) {
        memcpy(address, &minutes, sizeof minutes);
    } else if (key->type != KEY_SECONDS) {
        store_whole(key, address, span_us);
    } else if (span_us % US_PER_SECOND == 0) {
        store_whole(key, address, span_us / US_PER_SECOND);
    } else {
        err_add(list, place, NULL, "\"%s\" takes whole seconds", path);
        return false;
    }
    return true;
}

static bool read_instant(const struct scenario_key *key, const char *path, const char *text,
                         struct place place, void *address, struct err_list *list)
{
    struct err err;
    int64_t unix_us = 0;
    if (!instant_parse(text, inside(place), &unix_us, &err)) {
        err_add(list, err.place, err.hint[0] == '\0' ? NULL : err.hint, "\"%s\": %s", path,
                err.message);
        return false;
    }
    if (key->type == KEY_STAMP) return read_text(key, path, text, place, address, list);
    store_whole(key, address, unix_us);
    return true;
}

static bool read_rate(const struct scenario_key *key, const char *path, const char *text,
                      struct place place, void *address, struct err_list *list)
{
    struct err err;
    double per_second = 0;
    if (!rate_parse(text, inside(place), &per_second, &err)) {
        err_add(list, err.place, err.hint[0] == '\0' ? NULL : err.hint, "\"%s\": %s", path,
                err.message);
        return false;
    }
    if (!is_in_range(key, path, per_second, place, list)) return false;
    memcpy(address, &per_second, sizeof per_second);
    return true;
}

/* "95%" as 0.95. */
static bool parse_percentage(const char *text, double *share)
{
    char *end = NULL;
    const double percent = strtod(text, &end);
    if (end == text || strcmp(end, "%") != 0 || !isfinite(percent)) return false;
    *share = percent / 100.0;
    return true;
}

/* ---- names, seeds, limits ---- */

static bool read_mask(const struct scenario_key *key, const char *path, const cJSON *node,
                      struct place place, void *address, struct err_list *list)
{
    uint32_t mask = 0;
    uint32_t whole = 0;
    const cJSON *const first = cJSON_IsArray(node) ? node->child : node;
    for (int i = 0; key->names[i] != NULL; i++)
        whole |= UINT32_C(1) << i;
    for (const cJSON *name = first; name != NULL; name = name->next) {
        if (!cJSON_IsString(name)) {
            err_add(list, place, NULL, "\"%s\" takes %s, not %s in its list", path,
                    scenario_key_takes(key), what_it_is(name));
            return false;
        }
        const int index = scenario_name_index(key->names, name->valuestring);
        const bool all = strcmp(name->valuestring, "all") == 0;
        if (!all && index < 0) {
            refuse_word(path, name->valuestring, key->names, place, list);
            return false;
        }
        mask |= all ? whole : UINT32_C(1) << index;
        if (first == node) break;
    }
    if (mask == 0) {
        err_add(list, place, NULL, "\"%s\" names nothing", path);
        return false;
    }
    if (mask == whole && (key->flags & KEY_ZERO_IS_ALL) != 0) mask = 0;
    memcpy(address, &mask, sizeof mask);
    return true;
}

static bool parse_seed(const char *text, uint64_t *seed)
{
    const bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *digits = hexadecimal ? text + 2 : text;
    const size_t known = strspn(digits, hexadecimal ? "0123456789abcdefABCDEF" : "0123456789");
    if (known == 0 || digits[known] != '\0' || known > (hexadecimal ? 16 : 20)) return false;
    if (!hexadecimal && known == 20 && strcmp(digits, "18446744073709551615") > 0) return false;
    *seed = strtoull(digits, NULL, hexadecimal ? 16 : 10);
    return true;
}

static bool read_seed(const char *path, const cJSON *node, struct place place, void *address,
                      struct err_list *list)
{
    char *const owner = (char *)address - offsetof(struct scenario, seed);
    char *const text = owner + offsetof(struct scenario, seed_text);
    const size_t text_size = sizeof((struct scenario *)0)->seed_text;
    int64_t whole = 0;
    uint64_t seed = 0;
    if (cJSON_IsString(node) && parse_seed(node->valuestring, &seed)) {
        (void)snprintf(text, text_size, "%s", node->valuestring);
    } else if (json_whole(node, &whole) && whole >= 0 && whole < INT64_C(1) << 53) {
        seed = (uint64_t)whole;
        (void)snprintf(text, text_size, "%llu", (unsigned long long)seed);
    } else {
        err_add(list, place, "larger seeds, up to 2^64 - 1, are written as texts: \"0x5EED\"",
                "\"%s\" takes a whole number from 0 to 2^53 - 1, or one as a text", path);
        return false;
    }
    memcpy(address, &seed, sizeof seed);
    return true;
}

static bool read_limit(const struct scenario_key *key, const char *path, const cJSON *node,
                       struct place place, void *address, struct err_list *list)
{
    char written[NUMBER_TEXT_MAX];
    if (cJSON_IsString(node)) return read_text(key, path, node->valuestring, place, address, list);
    written[number_write(written, node->valuedouble)] = '\0';
    return read_text(key, path, written, place, address, list);
}

static bool read_setting(const struct scenario_key *key, const char *path, const cJSON *node,
                         struct place place, void *address, struct err_list *list)
{
    const char *const flag = cJSON_IsTrue(node) ? "true" : "false";
    if (cJSON_IsBool(node)) return read_text(key, path, flag, place, address, list);
    return read_limit(key, path, node, place, address, list);
}

/* ---- one value ---- */

static bool read_number(const struct scenario_key *key, const char *path, const cJSON *node,
                        struct place place, void *address, struct err_list *list)
{
    const double value = node->valuedouble;
    if (!is_in_range(key, path, value, place, list)) return false;
    memcpy(address, &value, sizeof value);
    return true;
}

static bool read_whole(const struct scenario_key *key, const char *path, const cJSON *node,
                       struct place place, void *address, struct err_list *list)
{
    int64_t value = 0;
    if (!json_whole(node, &value)) {
        char is[NUMBER_TEXT_MAX];
        is[number_write(is, node->valuedouble)] = '\0';
        err_add(list, place, NULL, "\"%s\" takes a whole number; it is %s", path, is);
        return false;
    }
    if (!is_in_range(key, path, (double)value, place, list)) return false;
    store_whole(key, address, value);
    return true;
}

static bool read_share(const struct scenario_key *key, const char *path, const cJSON *node,
                       struct place place, void *address, struct err_list *list)
{
    double share = node->valuedouble;
    if (cJSON_IsString(node) && !parse_percentage(node->valuestring, &share)) {
        err_add(list, place, NULL, "\"%s\" takes %s", path, scenario_key_takes(key));
        return false;
    }
    if (!is_in_range(key, path, share, place, list)) return false;
    memcpy(address, &share, sizeof share);
    return true;
}

static bool read_word(const struct scenario_key *key, const char *path, const char *word,
                      struct place place, void *address, struct err_list *list)
{
    const int index = scenario_name_index(key->names, word);
    if (index < 0) {
        refuse_word(path, word, key->names, place, list);
        return false;
    }
    if (key->type == KEY_ENUM) store_whole(key, address, index);
    return true;
}

static bool is_of_type(const struct scenario_key *key, const cJSON *node)
{
    switch (key->type) {
    case KEY_WHOLE:
    case KEY_NUMBER:
        return cJSON_IsNumber(node);
    case KEY_SHARE:
    case KEY_LIMIT:
    case KEY_SEED:
        return cJSON_IsNumber(node) || cJSON_IsString(node);
    case KEY_SETTING:
        return cJSON_IsNumber(node) || cJSON_IsString(node) || cJSON_IsBool(node);
    case KEY_BOOL:
        return cJSON_IsBool(node);
    case KEY_MASK:
        return cJSON_IsString(node) || cJSON_IsArray(node);
    case KEY_TEXT:
    case KEY_SPAN:
    case KEY_SIGNED_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
    case KEY_INSTANT:
    case KEY_STAMP:
    case KEY_RATE:
    case KEY_ENUM:
    case KEY_SCHEMA:
    case KEY_IGNORED:
        return cJSON_IsString(node);
    case KEY_LIST:
        return cJSON_IsArray(node);
    case KEY_OBJECT:
        return cJSON_IsObject(node) || (cJSON_IsString(node) && (key->flags & KEY_OR_SPAN) != 0);
    case KEY_MAP:
    case KEY_ENV:
    case KEY_SHORT:
        return cJSON_IsObject(node);
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key of no type");
    return false;
}

/* A bare number where a unit is missing is the commonest slip: say how it would be written. */
static void refuse_type(const struct scenario_key *key, const char *path, const cJSON *node,
                        struct place place, struct err_list *list)
{
    char number[NUMBER_TEXT_MAX];
    char hint[ERR_HINT_MAX] = "";
    const bool span = is_span(key->type);
    const bool whole = cJSON_IsNumber(node) && node->valuedouble == floor(node->valuedouble);
    if (span && cJSON_IsNumber(node) && (!whole || node->valuedouble < 0)) {
        (void)snprintf(hint, sizeof hint, "whole numbers with units, such as \"1h30m\"");
    } else if (cJSON_IsNumber(node) && (span || key->type == KEY_RATE)) {
        number[number_write(number, node->valuedouble)] = '\0';
        (void)snprintf(hint, sizeof hint,
                       span ? "say the unit: \"%sms\", \"%ss\", \"%sm\" or \"%sh\"?"
                            : "say the unit: \"%s/s\", \"%s/m\" or \"%s/h\"?",
                       number, number, number, number);
    } else if (cJSON_IsString(node) && (key->type == KEY_WHOLE || key->type == KEY_NUMBER)) {
        (void)snprintf(hint, sizeof hint, "numbers stand without quotes");
    } else if (cJSON_IsString(node) && key->type == KEY_BOOL &&
               scenario_name_index(boolean_names, node->valuestring) >= 0) {
        (void)snprintf(hint, sizeof hint, "without quotes: %s", node->valuestring);
    }
    err_add(list, place, hint[0] == '\0' ? NULL : hint, "\"%s\" takes %s, not %s", path,
            scenario_key_takes(key), what_it_is(node));
}

bool scenario_value_read(const struct scenario_key *key, const char *path, const cJSON *node,
                         struct place place, void *address, struct err_list *list)
{
    assert(key != NULL && node != NULL);
    if (!is_of_type(key, node)) {
        refuse_type(key, path, node, place, list);
        return false;
    }
    const bool flag = cJSON_IsTrue(node) != 0;
    switch (key->type) {
    case KEY_TEXT:
        return read_text(key, path, node->valuestring, place, address, list);
    case KEY_WHOLE:
        return read_whole(key, path, node, place, address, list);
    case KEY_NUMBER:
        return read_number(key, path, node, place, address, list);
    case KEY_SHARE:
        return read_share(key, path, node, place, address, list);
    case KEY_SPAN:
    case KEY_SIGNED_SPAN:
    case KEY_SECONDS:
    case KEY_MINUTES:
        return read_span(key, path, node->valuestring, place, address, list);
    case KEY_INSTANT:
    case KEY_STAMP:
        return read_instant(key, path, node->valuestring, place, address, list);
    case KEY_RATE:
        return read_rate(key, path, node->valuestring, place, address, list);
    case KEY_BOOL:
        memcpy(address, &flag, sizeof flag);
        return true;
    case KEY_ENUM:
    case KEY_SCHEMA:
        return read_word(key, path, node->valuestring, place, address, list);
    case KEY_MASK:
        return read_mask(key, path, node, place, address, list);
    case KEY_SEED:
        return read_seed(path, node, place, address, list);
    case KEY_LIMIT:
        return read_limit(key, path, node, place, address, list);
    case KEY_SETTING:
        return read_setting(key, path, node, place, address, list);
    case KEY_IGNORED:
    case KEY_OBJECT:
    case KEY_MAP:
    case KEY_LIST:
    case KEY_ENV:
    case KEY_SHORT:
        return true;
    case KEY_TYPE_COUNT:
        break;
    }
    assert(!"a key of no type");
    return false;
}
