#include "sim/command/option_value.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

static const struct place nowhere;

/* Digits alone: strtoull() would take spaces, signs and a hexadecimal prefix as well. */
static bool read_whole(const char *text, uint64_t *value)
{
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) return false;
    errno = 0;
    *value = strtoull(text, NULL, 10);
    return errno == 0;
}

static bool read_decimal(const char *text, size_t length, double *value)
{
    char copy[32];
    if (length == 0 || length >= sizeof copy) return false;
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (strspn(copy, "0123456789.") != length || copy[0] == '.' || copy[length - 1] == '.') {
        return false;
    }
    char *end = NULL;
    *value = strtod(copy, &end);
    return *end == '\0';
}

static bool read_share(const char *text, double *value)
{
    const size_t length = strlen(text);
    const bool percent = length > 1 && text[length - 1] == '%';
    if (!read_decimal(text, percent ? length - 1 : length, value)) return false;
    if (percent) *value /= 100.0;
    return *value >= 0.0 && *value <= 1.0;
}

unsigned percent_list(const char *text, double percents[PERCENTILES_MAX])
{
    unsigned count = 0;
    double last = 0.0;
    for (const char *word = text;; word++) {
        const size_t length = strcspn(word, ",");
        double percent = 0.0;
        if (count == PERCENTILES_MAX || !read_decimal(word, length, &percent)) return 0;
        if (percent <= last || percent >= 100.0) return 0;
        percents[count++] = last = percent;
        word += length;
        if (*word == '\0') return count;
    }
}

/* "all|sample=N|none": a word that ends in =N takes a count of at least 1. */
static bool read_choice(const char *choices, const char *text, struct option_value *value)
{
    unsigned length = 0;
    for (unsigned i = 0;; i++) {
        const char *word = choice_word(choices, i, &length);
        if (word == NULL) return false;
        value->choice = i;
        if (length > 2 && word[length - 2] == '=') {
            uint64_t count = 0;
            if (strncmp(text, word, length - 1) != 0) continue;
            if (!read_whole(text + length - 1, &count) || count == 0 || count > INT32_MAX) continue;
            value->whole = (int64_t)count;
            return true;
        }
        if (strlen(text) == length && strncmp(text, word, length) == 0) return true;
    }
}

static bool refuse(struct err *err, enum option option, const char *name, const char *text,
                   const char *wanted)
{
    (void)err_fail(err, ERR_USAGE, nowhere, "%s cannot be \"%s\": it takes %s", name, text, wanted);
    const char *fallback = option_traits(option)->fallback;
    return fallback == NULL ? false : err_hint(err, "the default is %s", fallback);
}

static bool refuse_choice(struct err *err, enum option option, const char *name, const char *text)
{
    enum { WORDS_MAX = 8, WORD_MAX = 24 };
    char words[WORDS_MAX][WORD_MAX];
    const char *candidates[WORDS_MAX + 1] = {NULL};
    unsigned length = 0;
    const char *choices = option_traits(option)->argument;
    for (unsigned i = 0; i < WORDS_MAX; i++) {
        const char *word = choice_word(choices, i, &length);
        if (word == NULL) break;
        (void)snprintf(words[i], WORD_MAX, "%.*s", (int)length, word);
        candidates[i] = words[i];
    }
    (void)err_fail(err, ERR_USAGE, nowhere, "%s cannot be \"%s\": it takes %s", name, text,
                   choices);
    char hint[ERR_HINT_MAX];
    return text_suggest(text, candidates, hint, sizeof hint) ? err_hint(err, "%s", hint) : false;
}

static bool read_count(enum option option, const char *name, const char *text,
                       struct option_value *value, struct err *err)
{
    const struct option_traits *traits = option_traits(option);
    uint64_t count = 0;
    if (read_whole(text, &count) && count >= (uint64_t)traits->least &&
        count <= (uint64_t)traits->most) {
        value->whole = (int64_t)count;
        return true;
    }
    char wanted[96];
    (void)snprintf(wanted, sizeof wanted, "a whole number from %lld to %lld",
                   (long long)traits->least, (long long)traits->most);
    return refuse(err, option, name, text, wanted);
}

bool option_value_read(enum option option, const char *name, const char *text,
                       struct option_value *value, struct err *err)
{
    assert(option < OPTION_COUNT);
    struct err inner;
    double percents[PERCENTILES_MAX];
    uint64_t seed = 0;
    value->text = text;
    switch (option_traits(option)->type) {
    case OPTION_FLAG: /* only an environment variable gives a flag a text */
        if (strcmp(text, "1") == 0 || strcmp(text, "true") == 0) {
            value->text = "true";
        } else if (strcmp(text, "0") == 0 || strcmp(text, "false") == 0) {
            value->text = "false";
        } else {
            return refuse(err, option, name, text, "true or false");
        }
        return true;
    case OPTION_TEXT:
    case OPTION_PATH:
        return text[0] != '\0' || refuse(err, option, name, text, option_traits(option)->argument);
    case OPTION_MAYBE_PATH:
        return true;
    case OPTION_NUMBER_COUNT:
        return read_count(option, name, text, value, err);
    case OPTION_NUMBER_SEED:
        return read_whole(text, &seed) ||
               refuse(err, option, name, text, "a whole number below 2^64");
    case OPTION_SPAN:
        if (!duration_parse(text, nowhere, &value->whole, &inner) || value->whole <= 0) {
            return refuse(err, option, name, text, "a span of time with its unit: 30s, 90m, 1h30m");
        }
        return true;
    case OPTION_EVENT_RATE:
        return rate_parse(text, nowhere, &value->number, &inner) ||
               refuse(err, option, name, text, "a rate: 40/s, 500/h");
    case OPTION_SHARE:
        return read_share(text, &value->number) ||
               refuse(err, option, name, text, "a share from 0 to 1, or a percentage: 0.05, 5%");
    case OPTION_CHOICE:
        return read_choice(option_traits(option)->argument, text, value) ||
               refuse_choice(err, option, name, text);
    case OPTION_MAYBE_CHOICE: /* a dash stands for no word */
        return strcmp(text, "-") == 0 ||
               read_choice(option_traits(option)->argument, text, value) ||
               refuse_choice(err, option, name, text);
    case OPTION_PERCENT_LIST:
        return percent_list(text, percents) > 0 ||
               refuse(err, option, name, text,
                      "up to 12 rising numbers between 0 and 100: 50,95,99.9");
    }
    assert(!"an option type without a reader");
    return false;
}

bool option_value_settle(enum option option, environment_get environment,
                         struct option_value *value, struct err *err)
{
    const struct option_traits *traits = option_traits(option);
    const char *text = traits->env != NULL ? environment(traits->env) : NULL;
    if (text != NULL && text[0] != '\0') {
        value->origin = ORIGIN_ENVIRONMENT;
        return option_value_read(option, traits->env, text, value, err);
    }
    if (traits->fallback == NULL) return true;
    value->origin = ORIGIN_DEFAULT;
    const bool readable = option_value_read(option, traits->name, traits->fallback, value, err);
    assert(readable);
    return readable;
}
