/* On a terminal: does it hold, second calls, caches. A few lines each; the page has the rest. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum { COLUMNS = 80, NAME = 18 };

static size_t width_of(const char *words)
{
    return words == NULL ? 0 : utf8_count(words, strlen(words));
}

static void spaces(struct text *text, size_t width, size_t taken)
{
    for (; taken < width; taken++)
        text_char(text, ' ');
}

/* One character of somebody's words, or a blank for what is none to be seen; returns its bytes. */
static size_t put_character(struct text *text, const char *at, size_t left)
{
    uint32_t code = 0;
    const unsigned length = utf8_read(at, left, &code);
    if (length == 0 || !utf8_is_visible(code)) {
        text_char(text, ' ');
    } else {
        text_append(text, at, length);
    }
    return length == 0 ? 1 : length;
}

static void put_name(struct text *text, const char *words, size_t width)
{
    const size_t count = width_of(words), bytes = strlen(words);
    const bool cut = count > width - 1;
    size_t shown = 0;
    for (size_t at = 0; at < bytes && shown < width - (cut ? 2u : 1u); shown++)
        at += put_character(text, words + at, bytes - at);
    if (cut) text_put(text, "\u2026");
    spaces(text, width, shown + cut);
}

/* The cell is taken over and released. One that is too wide still stands apart. */
static void put_right(struct text *text, struct text *cell, size_t width)
{
    const size_t taken = width_of(cell->bytes);
    spaces(text, taken < width ? width : taken + 1, taken);
    if (cell->bytes != NULL) text_put(text, cell->bytes);
    text->failed |= cell->failed;
    text_release(cell);
}

/* A sentence, broken between words, two blanks before each line. */
static void put_wrapped(struct text *text, const char *at)
{
    size_t column = 0;
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        const size_t width = utf8_count(at, length);
        if (column > 0 && column + 1 + width > COLUMNS - 2) {
            text_char(text, '\n');
            column = 0;
        }
        text_put(text, column == 0 ? "  " : " ");
        column += width + (column > 0);
        for (size_t i = 0; i < length;)
            i += put_character(text, at + i, length - i);
        at += length;
        at += strspn(at, " ");
    }
    if (column > 0) text_char(text, '\n');
}

static void put_found(struct text *text, const struct calibration *calibration,
                      void (*find)(struct text *, const struct calibration *))
{
    struct text sentence = {0};
    find(&sentence, calibration);
    if (sentence.bytes != NULL) put_wrapped(text, sentence.bytes);
    text->failed |= sentence.failed;
    text_release(&sentence);
}

/* ---- does it hold? ---- */

static void put_held(struct text *text, const struct calibration *calibration,
                     const struct calibrate_provider *provider)
{
    const enum timeout_rule rule = calibration->rule;
    const struct calibrate_held *held = calibrate_held_of(provider, rule);
    const struct stability_timeout *judged = held != NULL ? &held->judged : NULL;
    const struct change_set *changes = &provider->stability.changes;
    struct text cells[5] = {{0}};
    if (held != NULL && held->advice.state == TIMEOUT_FOUND && judged->m > 0) {
        calibrate_show_timeout(&cells[0], held->advice.us);
        calibrate_show_in_time(&cells[1], judged);
        calibrate_show_predicted(&cells[2], judged);
    } else {
        for (unsigned c = 0; c < 3; c++)
            text_put(&cells[c], "n/a");
    }
    calibrate_show_verdict(&cells[3], provider, rule);
    if (changes->known || changes->rates_known) {
        text_grouped(&cells[4], (int64_t)changes->count + changes->rate_count);
    } else {
        text_put(&cells[4], "n/a");
    }
    text_put(text, "  ");
    put_name(text, provider->name, NAME);
    static const size_t widths[5] = {11, 9, 17, 15, 8};
    for (unsigned c = 0; c < 5; c++)
        put_right(text, &cells[c], widths[c]);
    text_char(text, '\n');
}

static void put_holds(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(calibration, places);
    text_format(text, "\n  DOES IT HOLD?     %11s%9s%17s%15s%8s\n", "timeout", "in time",
                "predicted", "verdict", "changes");
    for (uint32_t i = 0; i < shown; i++)
        put_held(text, calibration, &calibration->providers[places[i]]);
    if (shown < calibration->latencies.count)
        text_format(text, "  and %u more in the report\n",
                    (unsigned)(calibration->latencies.count - shown));
    put_found(text, calibration, calibrate_find_holds);
    put_wrapped(text,
                "predicted: of the rest, 95%; better, worse: more or fewer in time than that; "
                "stale: and the level moved; missed: and nothing shows why; changes: lasting "
                "ones of latency or of failures, over all calls.");
}

/* ---- second calls, caches ---- */

static void put_choice(struct text *text, const struct calibrate_provider *provider)
{
    const struct whatif_choice choice = whatif_choose(&provider->hedges);
    static const char *const words[] = {"yes", "no", "n/a"};
    struct text cells[5] = {{0}};
    if (choice.hedge != NULL) {
        calibrate_show_whatif(&cells[0], &choice.hedge->after);
        calibrate_show_share(&cells[1], choice.hedge->load, 0, 1);
        calibrate_show_whatif(&cells[2], &provider->hedges.before.quantiles[2]);
        calibrate_show_whatif(&cells[3], &choice.hedge->shared.quantiles[2]);
    } else {
        for (unsigned c = 0; c < 4; c++)
            text_put(&cells[c], "n/a");
    }
    text_put(&cells[4], words[choice.worth]);
    text_put(text, "  ");
    put_name(text, provider->name, NAME);
    static const size_t widths[5] = {11, 12, 11, 15, 11};
    for (unsigned c = 0; c < 5; c++)
        put_right(text, &cells[c], widths[c]);
    text_char(text, '\n');
}

static void put_second_calls(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_section_places(calibration, places);
    text_format(text, "\n  SECOND CALLS      %11s%12s%11s%15s%11s\n", "after", "more calls", "p99",
                "then, a model", "worth it");
    for (uint32_t i = 0; i < shown; i++)
        put_choice(text, &calibration->providers[places[i]]);
    put_wrapped(text, "then: with the slowness that neighbours share, at the best delay; yes: more "
                      "than 10% off p99 for at most 10% more calls; n/a: too few calls, or not "
                      "watched long enough.");
    put_found(text, calibration, calibrate_find_second_calls);
    put_wrapped(text, calibrate_no_replicas_words);
}

static void put_caches(struct text *text, const struct calibration *calibration)
{
    struct text lines[3] = {{0}};
    const unsigned count = calibrate_cache_lines(calibration, lines);
    text_put(text, "\n  CACHES\n");
    put_found(text, calibration, calibrate_find_caches);
    if (count > 0)
        put_wrapped(text, "Worth it? The contract's lives, each by itself, the other caches as the "
                          "policy has them (95% intervals):");
    for (unsigned l = 0; l < count; l++) {
        if (lines[l].bytes != NULL) put_wrapped(text, lines[l].bytes);
        text->failed |= lines[l].failed;
        text_release(&lines[l]);
    }
}

/* ---- all three ---- */

void calibrate_console_sections(struct text *text, const struct calibration *calibration)
{
    put_holds(text, calibration);
    put_second_calls(text, calibration);
    put_caches(text, calibration);
}
