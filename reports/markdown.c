#include <string.h>

#include "reports/exports.h"
#include "reports/findings.h"
#include "reports/show.h"
#include "router/base/utf8.h"

/* Shares of the 64 KiB; escaping makes a byte into five at most. */
enum { CHECKS_BYTES_MAX = 32768, FINDING_BYTES_MAX = 600, COMMAND_BYTES_MAX = 8192 };

void markdown_words(struct text *text, const char *words)
{
    size_t left = strlen(words);
    for (size_t shown = 0; left > 0; shown++) {
        if (shown == MARKDOWN_WORDS_MAX) {
            text_put(text, "\u2026");
            return;
        }
        uint32_t code = 0;
        const unsigned length = utf8_read(words, left, &code);
        if (length == 0 || !utf8_is_visible(code))
            text_char(text, ' ');
        else if (code == '<')
            text_put(text, "&lt;");
        else if (code == '>')
            text_put(text, "&gt;");
        else if (code == '&')
            text_put(text, "&amp;");
        else if (code == '@')
            text_put(text, "&#64;");
        else if (length == 1 && strchr("\\`*_{}[]()#+!|~$", (int)code) != NULL)
            text_format(text, "\\%c", (int)code);
        else
            text_append(text, words, length);
        words += length == 0 ? 1 : length;
        left -= length == 0 ? 1 : length;
    }
}

void markdown_sentence(struct text *text, struct text *plain)
{
    /* Sentences are longer than names: they are put in parts, so that none is cut. */
    size_t at = 0;
    while (at < plain->length && at < FINDING_BYTES_MAX) {
        size_t end = at + MARKDOWN_WORDS_MAX - 4;
        if (end > plain->length) end = plain->length;
        end = at + utf8_whole(plain->bytes + at, end - at);
        struct text part = {0};
        text_append(&part, plain->bytes + at, end - at);
        if (part.bytes != NULL) markdown_words(text, part.bytes);
        text_release(&part);
        at = end;
    }
    if (plain->failed) text->failed = true;
    text_release(plain);
}

void markdown_plain(struct text *text, struct text *plain)
{
    struct text escaped = {0};
    markdown_sentence(&escaped, plain);
    for (size_t i = 0; i < escaped.length; i++) {
        const bool pair = escaped.bytes[i] == '\\' && i + 1 < escaped.length;
        if (pair && strchr("+()$", escaped.bytes[i + 1]) == NULL) text_char(text, escaped.bytes[i]);
        i += pair;
        text_char(text, escaped.bytes[i]);
    }
    text->failed |= escaped.failed;
    text_release(&escaped);
}

static void put_finding(struct text *text, const struct result *result,
                        void (*finding)(const struct result *, struct text *))
{
    struct text plain = {0};
    finding(result, &plain);
    markdown_sentence(text, &plain);
}

static void put_metric(struct text *text, const struct result *result, unsigned scope,
                       enum metric metric)
{
    struct text plain = {0};
    show_value(&plain, metric_traits[metric].unit, value_of(result, 0, scope, metric));
    text_put(text, " ");
    if (plain.bytes != NULL) markdown_words(text, plain.bytes);
    text_put(text, " |");
    text_release(&plain);
}

static void put_check(struct text *text, const struct result_check *check)
{
    static const char *const words[] = {[CHECK_PASSED] = "\u2713 passed",
                                        [CHECK_FAILED] = "**\u2717 failed**",
                                        [CHECK_INCONCLUSIVE] = "? undecided"};
    struct text measured = {0};
    show_value(&measured, metric_traits[check->metric_id].unit, &check->measured);
    text_put(text, "| ");
    markdown_words(text, check->name);
    text_format(text, " | %s ", check_operator(check->op));
    markdown_words(text, check->limit_text);
    text_put(text, " | ");
    if (measured.bytes != NULL) markdown_words(text, measured.bytes);
    text_put(text, " | ");
    text_grouped(text, (int64_t)check->measured.n);
    text_format(text, " | %s | ", words[check->verdict]);
    if (check->file != NULL) {
        markdown_words(text, check->file);
        text_format(text, ":%u", check->line);
    } else {
        text_put(text, "--check");
    }
    text_put(text, " |\n");
    text_release(&measured);
}

static void put_checks(struct text *text, const struct result *result)
{
    if (result->check_count == 0) return;
    text_put(text, "| Check | Limit | Measured | n | Verdict | Where |\n"
                   "|:--|--:|--:|--:|:--|:--|\n");
    uint32_t shown = 0;
    for (int failed = 1; failed >= 0; failed--) /* those that failed come first, if not all fit */
        for (uint32_t i = 0; i < result->check_count && shown < MARKDOWN_CHECKS_MAX &&
                             text->length < CHECKS_BYTES_MAX;
             i++) {
            const bool is_failed = result->checks[i].verdict == CHECK_FAILED;
            if (result->check_count > MARKDOWN_CHECKS_MAX ? is_failed != (failed == 1)
                                                          : failed == 1)
                continue;
            put_check(text, &result->checks[i]);
            shown++;
        }
    if (shown < result->check_count)
        text_format(text, "\n%u more checks stand in report.html.\n", result->check_count - shown);
    text_char(text, '\n');
}

static void put_providers(struct text *text, const struct result *result)
{
    static const enum metric metrics[] = {
        METRIC_QUOTES,          METRIC_SUCCESS_RATE, METRIC_PROVIDER_P50_MS, METRIC_PROVIDER_P95_MS,
        METRIC_PROVIDER_P99_MS, METRIC_TIMEOUTS,     METRIC_SELECTION_PCT};
    text_put(text, "| Provider | Quotes | In time | p50 | p95 | p99 | Timeouts | Share won |\n"
                   "|:--|--:|--:|--:|--:|--:|--:|--:|\n");
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!result->enabled[p]) continue;
        text_format(text, "| %s |", provider_traits[p].short_name);
        for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++)
            put_metric(text, result, p, metrics[m]);
        text_char(text, '\n');
    }
    text_char(text, '\n');
}

void markdown_command(struct text *text, const char *command)
{
    if (strlen(command) > COMMAND_BYTES_MAX) command = "(too long to stand here: see report.html)";
    text_put(text, "    ");
    for (; *command != '\0'; command++)
        text_char(text, (unsigned char)*command < 0x20 ? ' ' : *command);
    text_put(text, "\n");
}

void markdown_write(struct text *text, const struct result *result)
{
    text_put(text, "## ");
    markdown_words(text, result->title);
    text_format(text, "\n\n**%s.** ", verdict_word(result));
    const size_t before = text->length;
    put_finding(text, result, finding_first);
    if (text->length > before) text_put(text, "\n\n");
    put_finding(text, result, finding_checks);
    text_char(text, ' ');
    put_finding(text, result, finding_verdict);
    text_put(text, "\n\n");
    put_checks(text, result);
    put_finding(text, result, finding_timeline);
    text_put(text, "\n\n");
    put_providers(text, result);
    put_finding(text, result, finding_share);
    text_char(text, ' ');
    put_finding(text, result, finding_money);
    const bool real = strcmp(result->clock, "real") == 0;
    text_put(text, real ? "\n\nThe command, which gives other figures each time, seed "
                        : "\n\nThe same run again, seed ");
    markdown_words(text, result->seed_text);
    text_format(text, ", event hash %016llx:\n\n", (unsigned long long)result->event_hash);
    markdown_command(text, result->command);
}
