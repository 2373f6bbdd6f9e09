#include "sim/command/timeout_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/duration.h"

static const struct place nowhere;

const struct waiting_prices timeout_prices_assumed = {
    .wait_per_s = 1.0, .lost_quote = 20.0, .lost_order = 150.0};

/* ---- a number in a word ---- */

static bool read_number(const char *text, double *number)
{
    char *end = NULL;
    const bool begins = (*text >= '0' && *text <= '9') || *text == '.';
    *number = strtod(text, &end);
    return begins && *end == '\0' && isfinite(*number);
}

static bool read_share(const char *text, double *share)
{
    char room[32];
    const size_t length = strlen(text);
    if (length == 0 || length >= sizeof room) return false;
    memcpy(room, text, length + 1);
    const bool percent = room[length - 1] == '%';
    if (percent) room[length - 1] = '\0';
    if (!read_number(room, share)) return false;
    if (percent) *share /= 100.0;
    return *share > 0.0 && *share < 1.0;
}

/* ---- rules ---- */

static bool refuse_rule(const char *text, struct err *err)
{
    (void)err_fail(err, ERR_USAGE, nowhere, "--rule: there is no rule \"%s\"", text);
    return err_hint(err, "rules are today, p95+2s (or another span), p99, p99.9, clamp, target, "
                         "target=99%%, knee, cost");
}

bool timeout_words_rule(const char *text, enum timeout_rule *rule, struct timeout_setup *setup,
                        struct err *err)
{
    *rule = TIMEOUT_TARGET;
    if (text == NULL) return true;
    if (strncmp(text, "target=", 7) == 0) {
        if (read_share(text + 7, &setup->target)) return true;
        (void)err_fail(err, ERR_USAGE, nowhere, "--rule: \"%s\" is no share of answers", text + 7);
        return err_hint(err, "a share lies between 0 and 100%%: target=99%%, target=0.995");
    }
    if (strncmp(text, "p95+", 4) == 0) {
        *rule = TIMEOUT_P95_PLUS;
        if (duration_parse(text + 4, nowhere, &setup->base_us, err)) return true;
        (void)err_fail(err, ERR_USAGE, nowhere, "--rule: \"%s\" is no span of time", text + 4);
        return err_hint(err, "write it with its unit: p95+2s, p95+500ms");
    }
    for (unsigned r = 0; r < TIMEOUT_RULES; r++) {
        if (strcmp(text, timeout_rule_names[r]) != 0) continue;
        *rule = (enum timeout_rule)r;
        return true;
    }
    return refuse_rule(text, err);
}

/* ---- prices ---- */

static bool read_price(const char *word, struct waiting_prices *prices, struct err *err)
{
    struct {
        const char *name;
        double *cents;
    } known[] = {{"wait=", &prices->wait_per_s},
                 {"quote=", &prices->lost_quote},
                 {"order=", &prices->lost_order}};
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        const size_t length = strlen(known[i].name);
        if (strncmp(word, known[i].name, length) != 0) continue;
        if (read_number(word + length, known[i].cents)) return true;
        (void)err_fail(err, ERR_USAGE, nowhere, "--prices: \"%s\" is no number of cents, 0 or more",
                       word + length);
        return err_hint(err, "as in wait=1,quote=20,order=150: cents a second, a quote, an order");
    }
    (void)err_fail(err, ERR_USAGE, nowhere, "--prices: \"%s\" is not understood", word);
    return err_hint(err, "as in wait=1,quote=20,order=150: cents a second, a quote, an order");
}

bool timeout_words_prices(const char *text, struct waiting_prices *prices, struct err *err)
{
    char room[128];
    if (text == NULL) return true;
    if (strlen(text) >= sizeof room)
        return err_fail(err, ERR_USAGE, nowhere, "--prices: that is too long");
    memcpy(room, text, strlen(text) + 1);
    char *word = room;
    while (word != NULL) {
        char *comma = strchr(word, ',');
        if (comma != NULL) *comma++ = '\0';
        if (!read_price(word, prices, err)) return false;
        word = comma;
    }
    return true;
}
