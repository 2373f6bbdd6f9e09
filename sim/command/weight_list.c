#include "sim/command/weight_list.h"

#include <stdlib.h>
#include <string.h>

#include "router/base/text.h"

enum { LIST_BYTES = 512 };

#define WEIGHT_MOST 100.0

static const struct place nowhere = {0};

static bool part_by_name(const char *name, enum replay_part *part, struct err *err)
{
    const char *known[REPLAY_PARTS + 1] = {0};
    char hint[ERR_HINT_MAX];
    for (unsigned k = 0; k < REPLAY_PARTS; k++) {
        known[k] = replay_part_names[k];
        if (strcmp(name, replay_part_names[k]) != 0) continue;
        *part = (enum replay_part)k;
        return true;
    }
    (void)err_fail(err, ERR_USAGE, nowhere, "there is no weight \"%s\"", name);
    if (text_suggest(name, known, hint, sizeof hint)) return err_hint(err, "%s", hint);
    return err_hint(err, "known: priority, price, speed, commission, availability, reliability");
}

static bool read_one(char *word, struct score_weights *weights, struct err *err)
{
    enum replay_part part;
    char *colon = strchr(word, ':'), *end = NULL;
    if (colon == NULL) {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%s\" names no value", word);
        return err_hint(err, "write it as price:0.4");
    }
    *colon = '\0';
    if (!part_by_name(word, &part, err)) return false;
    const double value = strtod(colon + 1, &end);
    if (end == colon + 1 || *end != '\0' || !(value >= 0.0 && value <= WEIGHT_MOST))
        return err_fail(err, ERR_USAGE, nowhere, "\"%s\" is no weight: it takes 0 to 100",
                        colon + 1);
    *score_weight(weights, part) = value;
    return true;
}

static bool copy_list(const char *text, char copy[static LIST_BYTES], struct err *err)
{
    if (strlen(text) >= LIST_BYTES)
        return err_fail(err, ERR_USAGE, nowhere, "the list of weights is too long");
    (void)strcpy(copy, text);
    return true;
}

bool weight_list_read(const char *text, struct score_weights *weights, struct err *err)
{
    char copy[LIST_BYTES];
    if (!copy_list(text, copy, err)) return false;
    for (char *word = copy, *next; word != NULL; word = next) {
        next = strchr(word, ',');
        if (next != NULL) *next++ = '\0';
        if (!read_one(word, weights, err)) return false;
    }
    return true;
}

bool weight_list_read_named(const char *text, char *name, size_t name_bytes,
                            struct score_weights *weights, struct err *err)
{
    const char *equals = strchr(text, '=');
    const size_t length = equals != NULL ? (size_t)(equals - text) : 0;
    const size_t plain = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                      "0123456789-_.");
    if (length > 0 && plain < length) {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%.*s\" is no name for weights", (int)length,
                       text);
        return err_hint(err, "a name has letters, digits, -, _ and .");
    }
    if (length == 0 || length >= name_bytes) {
        (void)err_fail(err, ERR_USAGE, nowhere, "\"%s\" gives its weights no name", text);
        return err_hint(err,
                        "write it as mine=price:0.4,commission:0.3; a name has at most %d "
                        "characters",
                        (int)name_bytes - 1);
    }
    memcpy(name, text, length);
    name[length] = '\0';
    return weight_list_read(equals + 1, weights, err);
}

bool weight_list_read_names(const char *text, uint8_t *parts, struct err *err)
{
    char copy[LIST_BYTES];
    if (!copy_list(text, copy, err)) return false;
    for (char *word = copy, *next; word != NULL; word = next) {
        enum replay_part part;
        next = strchr(word, ',');
        if (next != NULL) *next++ = '\0';
        if (!part_by_name(word, &part, err)) return false;
        *parts |= (uint8_t)(1u << part);
    }
    return true;
}
