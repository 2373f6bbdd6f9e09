#include "sim/command/provider_list.h"

#include <ctype.h>
#include <string.h>

#include "router/base/text.h"

enum { WORD_MAX = 32, ALL = (1 << PROVIDER_COUNT) - 1 };

static bool refuse(const char *option, const char *word, struct err *err)
{
    const char *names[PROVIDER_COUNT + 2] = {NULL};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        names[p] = provider_traits[p].key;
    names[PROVIDER_COUNT] = "ALL";
    char hint[ERR_HINT_MAX];
    (void)err_fail(err, ERR_USAGE, (struct place){0}, "%s: there is no provider \"%s\"", option,
                   word);
    if (text_suggest(word, names, hint, sizeof hint)) return err_hint(err, "%s", hint);
    return err_hint(err, "they are mealme, instacart, kroger and walmart, with commas between");
}

bool provider_list_read(const char *option, const char *text, uint32_t *mask, struct err *err)
{
    *mask = 0;
    for (const char *at = text;; at++) {
        char word[WORD_MAX];
        const size_t length = strcspn(at, ",");
        enum provider provider;
        (void)snprintf(word, sizeof word, "%.*s", (int)(length < WORD_MAX ? length : WORD_MAX), at);
        for (char *c = word; *c != '\0'; c++)
            *c = (char)toupper((unsigned char)*c);
        if (strcmp(word, "ALL") == 0) {
            *mask |= ALL;
        } else if (provider_by_id(word, &provider) || provider_by_key(word, &provider)) {
            *mask |= UINT32_C(1) << provider;
        } else {
            return refuse(option, word, err);
        }
        at += length;
        if (*at == '\0') return true;
    }
}
