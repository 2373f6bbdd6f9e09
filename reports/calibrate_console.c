/* A calibration on a terminal. */
#include <math.h>
#include <string.h>

#include "reports/calibrate_figures.h"
#include "reports/calibrate_report.h"
#include "reports/calibrate_sections.h"
#include "reports/calibrate_text.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum { LABEL = 13, WIDE = 20, CELL = 7, COLUMNS = 80 };

static const char *const titles[TIMEOUT_RULES] = {"today", "p95+",   "p99",  "p99.9",
                                                  "clamp", "target", "knee", "cost"};

static size_t width_of(const char *words)
{
    return words == NULL ? 0 : utf8_count(words, strlen(words));
}

static void spaces(struct text *text, size_t width, size_t taken)
{
    for (; taken < width; taken++)
        text_char(text, ' ');
}

/* A name may be a user's: no control gets to the terminal, and what is too long is cut. */
static void put_name(struct text *text, const char *words, size_t width)
{
    size_t bytes = 0, shown = 0;
    const size_t all = strlen(words);
    const bool cut = width_of(words) > width - 1;
    for (; bytes < all && shown < width - (cut ? 2u : 1u); shown++) {
        uint32_t code;
        const unsigned length = utf8_read(words + bytes, all - bytes, &code);
        bytes += length == 0 ? 1 : length;
    }
    calibrate_put_plain(text, words, bytes);
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

static void put_words(struct text *text, const char *words, size_t width)
{
    struct text cell = {0};
    text_put(&cell, words);
    put_right(text, &cell, width);
}

/* Sentences, broken between words, two blanks before each line; taken over and released. */
static void put_wrapped(struct text *text, struct text *sentence)
{
    size_t column = 0;
    const char *at = sentence->bytes != NULL ? sentence->bytes : "";
    while (*at != '\0') {
        const size_t length = strcspn(at, " ");
        const size_t width = utf8_count(at, length);
        if (column > 0 && column + 1 + width > COLUMNS - 2) {
            text_char(text, '\n');
            column = 0;
        }
        text_put(text, column == 0 ? "  " : " ");
        column += width + (column > 0);
        calibrate_put_plain(text, at, length);
        at += length;
        at += strspn(at, " ");
    }
    if (column > 0) text_char(text, '\n');
    text->failed |= sentence->failed;
    text_release(sentence);
}

static void put_found(struct text *text, const struct calibration *calibration,
                      void (*find)(struct text *, const struct calibration *))
{
    struct text sentence = {0};
    find(&sentence, calibration);
    if (sentence.length > 0) text_char(text, '\n');
    put_wrapped(text, &sentence);
}

/* ---- what it stands on ---- */

static void put_basis(struct text *text, const struct calibration *calibration)
{
    struct text words = {0};
    uint64_t calls = 0;
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        calls += calibration->providers[i].asked;
    put_name(text, calibration->name, 60);
    while (text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
    text_char(text, '\n');
    text_grouped(&words, (int64_t)calls);
    text_put(&words, calls == 1 ? " call to " : " calls to ");
    calibrate_show_count(&words, calibration);
    if (calibration->has_orders) {
        text_put(&words, ", ");
        text_grouped(&words, (int64_t)calibration->recommended.outcome.orders);
        text_put(&words, " orders decided again exactly under every timeout");
    } else {
        text_put(&words, "; no orders: the router's quantiles are a model's");
    }
    put_wrapped(text, &words);
}

static void put_warning(struct text *text, const struct calibration *calibration,
                        const struct calibrate_style *style)
{
    struct text sentence = {0};
    calibrate_find_censoring(&sentence, calibration);
    if (sentence.length > 0) {
        text_put(text, style->color ? "\n  \033[33mwarning\033[0m\n" : "\n  warning\n");
        put_wrapped(text, &sentence);
    } else {
        text_release(&sentence);
    }
}

/* ---- rules side by side ---- */

/* Seconds without their unit: "4.9", ">10", "n/a". */
static void put_seconds(struct text *text, int64_t us)
{
    struct text shown = {0};
    us = (us + 500) / 1000 * 1000;
    calibrate_show_timeout(&shown, us < 1000000 ? us + 1000000 : us);
    if (shown.bytes != NULL) {
        shown.bytes[strcspn(shown.bytes, " ")] = '\0';
        if (us < 1000000) shown.bytes[0] = '0';
        text_put(text, shown.bytes);
    }
    text->failed |= shown.failed;
    text_release(&shown);
}

/* Minutes and more: their milliseconds have no room here, and the report has them. */
#define PLAIN_US INT64_C(100000000)
static void put_narrow(struct text *text, int64_t us)
{
    put_seconds(text, us < PLAIN_US ? us : (us + 500000) / 1000000 * 1000000);
}

static void put_advice(struct text *text, const struct timeout_advice *advice)
{
    struct text cell = {0};
    if (advice->state == TIMEOUT_FOUND || advice->state == TIMEOUT_BEYOND) {
        if (advice->state == TIMEOUT_BEYOND) text_char(&cell, '>');
        put_narrow(&cell, advice->us);
    } else {
        text_put(&cell, advice->state == TIMEOUT_TOO_FEW ? "n/a" : "-");
    }
    put_right(text, &cell, CELL);
}

/* Whether anybody who is shown has anything to say under a rule. */
static bool has_rule(const struct calibration *calibration, enum timeout_rule rule)
{
    for (uint32_t i = 0; i < calibration->latencies.count; i++)
        if (calibration->providers[i].advice[rule].state != TIMEOUT_UNKNOWN) return true;
    return false;
}

/* What no rule takes up goes to the names. */
static size_t label_width(const struct calibration *calibration)
{
    size_t width = LABEL;
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (!has_rule(calibration, (enum timeout_rule)r)) width += CELL;
    return width;
}

static void put_rule_row(struct text *text, const struct calibration *calibration,
                         const struct calibrate_provider *provider)
{
    struct text cell = {0};
    text_put(text, "  ");
    put_name(text, provider->name, label_width(calibration));
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (has_rule(calibration, (enum timeout_rule)r)) put_advice(text, &provider->advice[r]);
    if (provider->recommended) {
        put_narrow(&cell, provider->recommended_us);
    } else {
        text_put(&cell, provider->recommended_us > 0 ? "kept" : "-");
    }
    put_right(text, &cell, CELL + 1);
    text_char(text, '\n');
}

static void put_rules(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_largest(calibration, CALIBRATE_LINES, places);
    text_put(text, "\n  TIMEOUTS, s");
    spaces(text, label_width(calibration) + 2, 13);
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        if (has_rule(calibration, (enum timeout_rule)r)) put_words(text, titles[r], CELL);
    put_words(text, "chosen", CELL + 1);
    text_char(text, '\n');
    for (uint32_t i = 0; i < shown; i++)
        put_rule_row(text, calibration, &calibration->providers[places[i]]);
    if (shown < calibration->latencies.count)
        text_format(text, "  and %u more in the report\n",
                    (unsigned)(calibration->latencies.count - shown));
    struct text help = {0};
    text_put(&help, "p95+: ");
    calibrate_show_rule(&help, calibration, TIMEOUT_P95_PLUS);
    text_put(&help, "; clamp: ");
    calibrate_show_rule(&help, calibration, TIMEOUT_CLAMP);
    text_put(&help, "; target: ");
    calibrate_show_rule(&help, calibration, TIMEOUT_TARGET);
    text_put(&help, ", less where the sample carries less; >T: beyond what was watched; n/a: too "
                    "few calls; chosen by ");
    calibrate_show_rule(&help, calibration, calibration->rule);
    text_char(&help, '.');
    put_wrapped(text, &help);
}

/* ---- what the chosen ones achieve ---- */

static void put_achieved(struct text *text, const struct calibrate_provider *provider)
{
    const struct timeout_achieved *achieved = calibrate_achieved(provider);
    struct text cells[5] = {{0}};
    if (provider->recommended_us > 0) {
        put_narrow(&cells[0], provider->recommended_us);
    } else {
        text_char(&cells[0], '-');
    }
    text_grouped(&cells[1], (int64_t)provider->asked);
    if (achieved != NULL) {
        calibrate_show_value(&cells[2], &achieved->success);
        calibrate_show_interval(&cells[3], &achieved->success);
        calibrate_show_value(&cells[4], &achieved->false_timeouts);
    } else {
        for (unsigned c = 2; c < 5; c++)
            text_put(&cells[c], "n/a");
    }
    text_put(text, "  ");
    put_name(text, provider->name, WIDE);
    static const size_t widths[5] = {7, 10, 9, 18, 8};
    for (unsigned c = 0; c < 5; c++)
        put_right(text, &cells[c], widths[c]);
    if (!provider->recommended) text_put(text, "  kept");
    text_char(text, '\n');
}

/* The same reason is said once, with all whom it is about. */
static void put_reasons(struct text *text, const struct calibration *calibration)
{
    for (uint32_t i = 0; i < calibration->latencies.count; i++) {
        const struct calibrate_provider *provider = &calibration->providers[i];
        bool again = false;
        unsigned others = 0;
        struct text sentence = {0};
        if (provider->recommended || provider->reason == NULL) continue;
        for (uint32_t j = 0; j < calibration->latencies.count; j++) {
            const struct calibrate_provider *other = &calibration->providers[j];
            if (j == i || other->recommended || other->reason == NULL ||
                strcmp(other->reason, provider->reason) != 0)
                continue;
            again |= j < i;
            others += j > i;
        }
        if (again) continue;
        text_format(&sentence, "%s", provider->name);
        if (others > 0) text_format(&sentence, " and %u more", others);
        text_format(&sentence, ": nothing is recommended: %s.", provider->reason);
        put_wrapped(text, &sentence);
    }
}

static void put_chosen(struct text *text, const struct calibration *calibration)
{
    uint32_t places[LATENCY_SERIES_MAX];
    const uint32_t shown = calibrate_largest(calibration, CALIBRATE_LINES, places);
    text_put(text, "\n  CHOSEN, s");
    spaces(text, WIDE + 2, 11);
    text_format(text, "%7s%10s%9s%18s%8s\n", "timeout", "calls", "in time", "95% interval",
                "false");
    for (uint32_t i = 0; i < shown; i++)
        put_achieved(text, &calibration->providers[places[i]]);
    put_reasons(text, calibration);
    struct text help = {0};
    text_put(&help, "in time: of all calls, failed ones too; false: answered after the timeout.");
    put_wrapped(text, &help);
}

/* ---- the router ---- */

static void put_arm(struct text *text, const struct calibration *calibration, const char *name,
                    const struct calibrate_arm *arm)
{
    struct text cells[6] = {{0}};
    const struct waiting_outcome *outcome = &arm->outcome;
    if (!arm->known) return;
    for (unsigned q = 0; q < WAITING_QUANTILES; q++)
        calibrate_show_wait(&cells[q], calibrate_arm_ms(calibration, arm, q));
    text_put(text, "  ");
    put_name(text, name, 18);
    if (calibration->has_orders) {
        text_grouped(&cells[3], (int64_t)outcome->without_quote);
        text_grouped(&cells[4], (int64_t)outcome->changed);
        calibrate_show_cents(&cells[5], outcome->cents.value);
    }
    static const size_t widths[6] = {8, 8, 8, 10, 10, 10};
    for (unsigned c = 0; c < 6; c++)
        if (c < 3 || calibration->has_orders) put_right(text, &cells[c], widths[c]);
    text_char(text, '\n');
}

static void put_router(struct text *text, const struct calibration *calibration)
{
    if (!calibration->has_orders && isnan(calibration->recommended.model_ms[0])) return;
    text_put(text, !calibration->has_orders ? "\n  ROUTER, a model     "
                   : calibration->unseen    ? "\n  ROUTER, as logged   "
                                            : "\n  ROUTER, exact       ");
    for (unsigned q = 0; q < WAITING_QUANTILES; q++) {
        static const char *const quantiles[WAITING_QUANTILES] = {"p50", "p95", "p99"};
        put_words(text, quantiles[q], 8);
    }
    if (calibration->has_orders) text_format(text, "%10s%10s%10s", "no quote", "changed", "regret");
    text_char(text, '\n');
    for (unsigned r = 0; r < TIMEOUT_RULES; r++)
        put_arm(text, calibration, titles[r], &calibration->arms[r]);
    put_arm(text, calibration, "recommended", &calibration->recommended);
    if (!calibration->has_orders) return;
    struct text help = {0};
    text_put(&help, "changed, regret: another winner, cents an order, against the decision that "
                    "waits for all; regret");
    const struct stats_estimate *cents = &calibration->recommended.outcome.cents;
    text_put(&help, " of the recommended ");
    if (cents->method != STATS_EXACT) text_put(&help, "95% interval ");
    calibrate_show_cents_interval(&help, cents);
    text_char(&help, '.');
    put_wrapped(text, &help);
}

/* ---- all of it ---- */

/* Without UTF-8 what is not ASCII has stand-ins. */
static void to_ascii(struct text *text)
{
    static const struct {
        const char *from, *to;
    } pairs[] = {{"\u2026", "."}, {"\u2212", "-"}, {"\u00a2", "c"},  {"\u2265", ">="},
                 {"\u00a0", " "}, {"\u2019", "'"}, {"\u201c", "\""}, {"\u201d", "\""}};
    struct text plain = {0};
    for (size_t at = 0; at < text->length;) {
        size_t taken = 0;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs && taken == 0; i++) {
            const size_t length = strlen(pairs[i].from);
            if (strncmp(text->bytes + at, pairs[i].from, length) != 0) continue;
            text_put(&plain, pairs[i].to);
            taken = length;
        }
        if (taken == 0) {
            const bool ascii = (unsigned char)text->bytes[at] < 0x80;
            uint32_t code;
            const unsigned length = utf8_read(text->bytes + at, text->length - at, &code);
            text_char(&plain, ascii ? text->bytes[at] : '?');
            taken = length == 0 ? 1 : length;
        }
        at += taken;
    }
    plain.failed |= text->failed;
    text_release(text);
    *text = plain;
}

static void put_end(struct text *text, const struct calibration *calibration)
{
    struct text secrets = {0}, unread = {0};
    calibrate_write_secrets(&secrets, calibration);
    if (secrets.length > 0) {
        text_put(text, "\n  Nothing was applied. To try it:\n  ");
        text_put(text, secrets.bytes);
        text_char(text, '\n');
    } else {
        text_put(text, "\n  Nothing was applied.\n");
    }
    text->failed |= secrets.failed;
    text_release(&secrets);
    if (!calibrate_unread(calibration)) return;
    text_put(&unread, calibrate_unread_words);
    put_wrapped(text, &unread);
}

void calibrate_write_console(struct text *text, const struct calibration *calibration,
                             const struct calibrate_style *style)
{
    struct text all = {0}, finding = {0};
    put_basis(&all, calibration);
    text_char(&all, '\n');
    calibrate_write_finding(&finding, calibration);
    put_wrapped(&all, &finding);
    put_warning(&all, calibration, style);
    put_rules(&all, calibration);
    put_chosen(&all, calibration);
    put_found(&all, calibration, calibrate_find_trap);
    put_router(&all, calibration);
    put_found(&all, calibration, calibrate_find_tail);
    put_found(&all, calibration, calibrate_find_early);
    calibrate_console_sections(&all, calibration);
    for (uint32_t i = 0; i < calibration->note_count; i++) {
        struct text note = {0};
        text_put(&note, calibration->notes[i]);
        text_char(&all, '\n');
        put_wrapped(&all, &note);
    }
    put_end(&all, calibration);
    if (style->report_path != NULL) text_format(&all, "\n  Report: %s\n", style->report_path);
    if (!style->unicode && !all.failed) to_ascii(&all);
    text_append(text, all.bytes != NULL ? all.bytes : "", all.length);
    text->failed |= all.failed;
    text_release(&all);
}
