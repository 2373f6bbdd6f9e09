/* A comparison on a terminal, and as Markdown. */
#include <string.h>

#include "reports/compare_text.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum {
    LABEL = 20,
    VALUE = 9,
    DIFFERENCE = 11,
    PATH = 36,
    SETTING = 19,
    MOVES_MOST = 6,
    CAVEAT = 78
};

/* ---- columns ---- */

static size_t width_of(const char *words)
{
    return words == NULL ? 0 : utf8_count(words, strlen(words));
}

static void spaces(struct text *text, size_t width, size_t taken)
{
    for (; taken < width; taken++)
        text_char(text, ' ');
}

static void put_left(struct text *text, const char *words, size_t width)
{
    text_put(text, words);
    spaces(text, width, width_of(words));
}

/* The cell is taken over and released. */
static void put_right(struct text *text, struct text *cell, size_t width)
{
    spaces(text, width, width_of(cell->bytes));
    if (cell->bytes != NULL) text_put(text, cell->bytes);
    text->failed |= cell->failed;
    text_release(cell);
}

/* Words that are too long lose their beginning: the end of a path tells settings apart. */
static void put_tail(struct text *text, const char *words, size_t width)
{
    size_t length = width_of(words);
    if (length <= width) {
        put_left(text, words, width);
        return;
    }
    text_put(text, "..");
    for (; length > width - 2; length--) {
        uint32_t code;
        const unsigned bytes = utf8_read(words, strlen(words), &code);
        words += bytes == 0 ? 1 : bytes;
    }
    text_put(text, words);
}

/* ---- console ---- */

/* Returns the columns it took. */
static size_t put_verdict_title(struct text *text, enum comparison_verdict verdict, bool color)
{
    static const char *const titles[COMPARE_VERDICTS] = {[VERDICT_WORSE] = "WORSE",
                                                         [VERDICT_BETTER] = "BETTER",
                                                         [VERDICT_CHANGED] = "CHANGED",
                                                         [VERDICT_INCONCLUSIVE] = "INCONCLUSIVE",
                                                         [VERDICT_SAME] = "SAME"};
    const char *paint = verdict == VERDICT_WORSE    ? "\033[31m"
                        : verdict == VERDICT_BETTER ? "\033[32m"
                                                    : NULL;
    text_put(text, "  ");
    if (color && paint != NULL) text_put(text, paint);
    text_put(text, titles[verdict]);
    if (color && paint != NULL) text_put(text, "\033[0m");
    return strlen(titles[verdict]);
}

static void put_row(struct text *text, const struct comparison_row *row)
{
    char label[COMPARE_LABEL_MAX];
    struct text a = {0}, b = {0}, difference = {0};
    comparison_label(row, label);
    compare_show_value(&a, row, row->a);
    compare_show_value(&b, row, row->b);
    compare_show_difference(&difference, row);
    text_put(text, "  ");
    put_left(text, label, LABEL);
    put_right(text, &a, 1 + VALUE);
    put_right(text, &b, 1 + VALUE);
    put_right(text, &difference, 1 + DIFFERENCE);
    text_put(text, "  ");
    compare_show_interval(text, row);
    text_char(text, '\n');
}

static void put_group(struct text *text, const struct comparison *comparison,
                      enum comparison_verdict verdict, const struct compare_style *style,
                      bool *headed)
{
    if (comparison->verdicts[verdict] == 0) return;
    const size_t taken = put_verdict_title(text, verdict, style->color);
    if (!*headed) {
        spaces(text, LABEL, taken);
        text_format(text, "%*s%*s%*s  %g%% interval", 1 + VALUE, "A", 1 + VALUE, "B",
                    1 + DIFFERENCE, "B - A", 100.0 * (1.0 - comparison->alpha));
    }
    *headed = true;
    text_char(text, '\n');
    for (uint32_t r = 0; r < comparison->row_count; r++)
        if (comparison->rows[r].verdict == verdict) put_row(text, &comparison->rows[r]);
}

struct move {
    unsigned from, to;
    uint64_t orders;
};

/* The moves from one provider to another, most orders first. Returns their number. */
static unsigned rank_moves(const struct comparison *comparison,
                           struct move moves[(PROVIDER_COUNT + 1) * PROVIDER_COUNT])
{
    unsigned count = 0;
    for (unsigned from = 0; from <= PROVIDER_COUNT; from++) {
        for (unsigned to = 0; to <= PROVIDER_COUNT; to++) {
            const uint64_t orders = comparison->moves[from][to];
            if (from == to || orders == 0) continue;
            unsigned at = count++;
            for (; at > 0 && moves[at - 1].orders < orders; at--)
                moves[at] = moves[at - 1];
            moves[at] = (struct move){from, to, orders};
        }
    }
    return count;
}

static void put_moves(struct text *text, const struct comparison *comparison)
{
    struct move moves[(PROVIDER_COUNT + 1) * PROVIDER_COUNT];
    const unsigned count = rank_moves(comparison, moves);
    text_put(text, "\n  ");
    compare_write_moves(text, comparison);
    text_put(text, count > 0 ? ":\n" : ".\n");
    for (unsigned i = 0; i < count && i < MOVES_MOST; i++) {
        struct text orders = {0};
        text_grouped(&orders, (int64_t)moves[i].orders);
        put_right(text, &orders, 2 + VALUE);
        text_format(text, "  from %s to %s\n", compare_destination(moves[i].from),
                    compare_destination(moves[i].to));
    }
    if (count <= MOVES_MOST) return;
    text_format(text, "  and %u other way%s\n", count - MOVES_MOST,
                count == MOVES_MOST + 1 ? "" : "s");
}

/* What is less than exact, in lines of the console's width. */
static void put_caveats(struct text *text, const struct comparison *comparison)
{
    struct text caveats = {0};
    comparison_caveats(&caveats, comparison);
    const char *rest = caveats.bytes != NULL ? caveats.bytes : "";
    if (*rest != '\0') text_char(text, '\n');
    while (*rest != '\0') {
        size_t length = strlen(rest);
        for (size_t at = length; length > CAVEAT && at > 0; at--) {
            if (rest[at] == ' ' && at <= CAVEAT) length = at;
        }
        text_put(text, "  ");
        text_append(text, rest, length);
        text_char(text, '\n');
        rest += length + (rest[length] == ' ' ? 1 : 0);
    }
    text->failed |= caveats.failed;
    text_release(&caveats);
}

static void put_settings(struct text *text, const struct comparison *comparison)
{
    if (comparison->setting_count == 0) {
        if (comparison->same_experiment) text_put(text, "\n  Both runs had the same settings.\n");
        return;
    }
    text_put(text, "\n  ");
    put_left(text, "SETTINGS THAT DIFFER", PATH);
    text_put(text, " ");
    put_left(text, "A", SETTING);
    text_put(text, " B\n");
    for (uint32_t s = 0; s < comparison->setting_count; s++) {
        const struct comparison_setting *setting = &comparison->settings[s];
        text_put(text, "  ");
        put_tail(text, setting->path, PATH);
        text_char(text, ' ');
        put_tail(text, setting->a, SETTING);
        text_char(text, ' ');
        put_tail(text, setting->b, width_of(setting->b) < SETTING ? width_of(setting->b) : SETTING);
        text_char(text, '\n');
    }
    if (comparison->settings_beyond > 0)
        text_format(text, "  and %u more\n", (unsigned)comparison->settings_beyond);
}

/* Every sign that ASCII lacks, by one that it has. */
static void make_ascii(struct text *text)
{
    static const struct {
        const char *sign, *stand_in;
    } rows[] = {{"\u2212", "-"}, {"\u00a2", "c"}, {"\u00b7", "-"}, {"\u2265", ">="}};
    struct text plain = {.failed = text->failed};
    for (size_t i = 0; i < text->length;) {
        size_t k = 0;
        while (k < 4 && strncmp(text->bytes + i, rows[k].sign, strlen(rows[k].sign)) != 0)
            k++;
        if (k < 4) {
            text_put(&plain, rows[k].stand_in);
            i += strlen(rows[k].sign);
        } else {
            text_char(&plain, text->bytes[i++]);
        }
    }
    text_release(text);
    *text = plain;
}

void compare_write_console(struct text *text, const struct comparison *comparison,
                           const struct compare_style *style)
{
    struct text out = {0};
    const struct result *result = comparison->a.result;
    bool headed = false;
    text_format(&out, "A  %s\nB  %s\n%s \u00b7 seed %s \u00b7 ", comparison->a.name,
                comparison->b.name, result->scenario, result->seed_text);
    text_grouped(&out, (int64_t)comparison->orders);
    text_put(&out, comparison->orders == 1 ? " order paired\n" : " orders paired\n");
    compare_write_counts(&out, comparison);
    text_put(&out, "\n\n");
    for (enum comparison_verdict verdict = 0; verdict < COMPARE_VERDICTS; verdict++)
        put_group(&out, comparison, verdict, style, &headed);
    put_moves(&out, comparison);
    compare_drill_console(&out, comparison, style);
    put_settings(&out, comparison);
    put_caveats(&out, comparison);
    if (!style->unicode) make_ascii(&out);
    if (out.bytes != NULL) text_append(text, out.bytes, out.length);
    text->failed |= out.failed;
    text_release(&out);
}

/* ---- Markdown ---- */

/* Names come from people: nothing in one may become markup or end a cell. */
static void put_words(struct text *text, const char *words)
{
    for (; *words != '\0'; words++) {
        if ((unsigned char)*words < 0x20)
            text_char(text, ' ');
        else if (*words == '<')
            text_put(text, "&lt;");
        else if (*words == '&')
            text_put(text, "&amp;");
        else if (strchr("\\`*_[]#|~$@", *words) != NULL)
            text_format(text, "\\%c", *words);
        else
            text_char(text, *words);
    }
}

static void put_cell(struct text *text, struct text *cell)
{
    text_put(text, " ");
    if (cell->bytes != NULL) put_words(text, cell->bytes);
    text_put(text, " |");
    text->failed |= cell->failed;
    text_release(cell);
}

static void put_markdown_row(struct text *text, const struct comparison_row *row)
{
    char label[COMPARE_LABEL_MAX];
    struct text cells[7] = {0};
    comparison_label(row, label);
    text_put(&cells[0], comparison_verdict_names[row->verdict]);
    text_put(&cells[1], label);
    compare_show_value(&cells[2], row, row->a);
    compare_show_value(&cells[3], row, row->b);
    compare_show_difference(&cells[4], row);
    compare_show_interval(&cells[5], row);
    compare_show_p(&cells[6], row->p_adjusted);
    text_put(text, "|");
    for (unsigned i = 0; i < 7; i++)
        put_cell(text, &cells[i]);
    struct text n = {0};
    text_grouped(&n, (int64_t)row->difference.n);
    put_cell(text, &n);
    text_char(text, '\n');
}

void compare_write_markdown(struct text *text, const struct comparison *comparison)
{
    text_put(text, "## ");
    put_words(text, comparison->a.result->scenario);
    text_put(text, ": ");
    compare_write_counts(text, comparison);
    text_put(text, "\n\n");
    struct text finding = {0};
    compare_write_finding(&finding, comparison);
    if (finding.bytes != NULL) put_words(text, finding.bytes);
    text_clear(&finding);
    comparison_caveats(&finding, comparison);
    if (finding.length > 0) {
        text_put(text, "\n\n");
        put_words(text, finding.bytes);
    }
    text->failed |= finding.failed;
    text_release(&finding);
    text_put(text, "\n\nA: ");
    put_words(text, comparison->a.name);
    text_put(text, " \u00b7 B: ");
    put_words(text, comparison->b.name);
    text_put(text, " \u00b7 seed ");
    put_words(text, comparison->a.result->seed_text);
    text_format(text,
                "\n\n| verdict | metric | A | B | B \u2212 A | %g%% interval | p (Holm) | n |\n"
                "|---|---|--:|--:|--:|--:|--:|--:|\n",
                100.0 * (1.0 - comparison->alpha));
    for (unsigned v = 0; v < COMPARE_VERDICTS; v++)
        for (uint32_t r = 0; r < comparison->row_count; r++)
            if (comparison->rows[r].verdict == v) put_markdown_row(text, &comparison->rows[r]);
    text_char(text, '\n');
    compare_write_moves(text, comparison);
    text_put(text, ".\n");
    compare_drill_markdown(text, comparison);
    if (comparison->setting_count > 0)
        text_put(text, "\n| setting that differs | A | B |\n|---|---|---|\n");
    for (uint32_t s = 0; s < comparison->setting_count; s++) {
        const struct comparison_setting *setting = &comparison->settings[s];
        const char *const words[3] = {setting->path, setting->a, setting->b};
        text_put(text, "|");
        for (unsigned i = 0; i < 3; i++) {
            text_char(text, ' ');
            put_words(text, words[i]);
            text_put(text, " |");
        }
        text_char(text, '\n');
    }
    if (comparison->settings_beyond > 0)
        text_format(text, "\nAnd %u more.\n", (unsigned)comparison->settings_beyond);
    text_put(text, "\n<sub>");
    compare_write_method(text, comparison);
    text_put(text, "</sub>\n");
}
