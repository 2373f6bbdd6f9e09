#include "reports/terminal.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "reports/columns.h"
#include "reports/findings.h"
#include "reports/show.h"
#include "router/base/utf8.h"

enum { WIDTH = 80, LIMIT_WIDTH = 10, MEASURED_WIDTH = 13, WHERE_MAX = 26, NAME_LEAST = 24 };

struct console {
    struct text *text;
    const struct terminal_style *style;
};

static void put_plain(struct text *out, const char *words, bool unicode)
{
    columns_plain(&(struct columns){.unicode = unicode}, out, words);
}

static void put_words(struct console *console, const char *words)
{
    put_plain(console->text, words, console->style->unicode);
}

static size_t characters(const struct text *text)
{
    return text->bytes != NULL ? utf8_count(text->bytes, text->length) : 0;
}

static void put_spaces(struct text *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        text_char(text, ' ');
}

/* Cuts a plain text to `width` characters, the last of which then says so. */
static void cut(struct text *plain, size_t width, bool unicode)
{
    if (characters(plain) <= width || plain->bytes == NULL) return;
    const char *mark = unicode ? "\u2026" : "...";
    size_t kept = width - (unicode ? 1 : 3);
    size_t at = 0;
    while (kept-- > 0) {
        uint32_t code;
        const unsigned length = utf8_read(plain->bytes + at, plain->length - at, &code);
        at += length == 0 ? 1 : length;
    }
    plain->length = at;
    plain->bytes[at] = '\0';
    text_put(plain, mark);
}

enum side { LEFT, RIGHT };

/* One cell; takes the words. */
static void put_cell(struct console *console, struct text *words, size_t width, enum side side)
{
    struct text plain = {0};
    if (words->bytes != NULL) put_plain(&plain, words->bytes, console->style->unicode);
    cut(&plain, width, console->style->unicode);
    const size_t used = characters(&plain);
    const size_t pad = used < width ? width - used : 0;
    if (side == RIGHT) put_spaces(console->text, pad);
    text_append(console->text, plain.bytes, plain.length);
    if (side == LEFT) put_spaces(console->text, pad);
    if (words->failed || plain.failed) console->text->failed = true;
    text_release(&plain);
    text_release(words);
}

static void put_head_cell(struct console *console, const char *words, size_t width, enum side side)
{
    struct text cell = {0};
    text_put(&cell, words);
    put_cell(console, &cell, width, side);
}

static void end_line(struct console *console)
{
    struct text *text = console->text;
    while (text->length > 0 && text->bytes[text->length - 1] == ' ')
        text->bytes[--text->length] = '\0';
    text_char(text, '\n');
}

static const char *verdict_glyph(const struct console *console, int verdict)
{
    if (console->style->unicode)
        return verdict == CHECK_PASSED ? "\u2713" : verdict == CHECK_FAILED ? "\u2717" : "?";
    return verdict == CHECK_PASSED ? "ok" : verdict == CHECK_FAILED ? "FAIL" : "?";
}

static void put_colored(struct console *console, const char *words, int verdict)
{
    const char *colour = verdict == CHECK_PASSED   ? "\033[32m"
                         : verdict == CHECK_FAILED ? "\033[31m"
                                                   : "\033[33m";
    if (console->style->color) text_put(console->text, colour);
    text_put(console->text, words);
    if (console->style->color) text_put(console->text, "\033[0m");
}

/* "kroger-brownout.json:44", without its folder, or "line 44" when that is too long. */
static void where_of(const struct result_check *check, struct text *where)
{
    if (check->verdict == CHECK_PASSED) return;
    if (check->file == NULL) {
        text_put(where, "--check");
        return;
    }
    const char *slash = strrchr(check->file, '/');
    text_format(where, "%s:%u", slash != NULL ? slash + 1 : check->file, check->line);
    if (characters(where) <= WHERE_MAX) return;
    text_clear(where);
    text_format(where, "line %u", check->line);
}

static void put_check(struct console *console, const struct result_check *check, size_t name_width)
{
    struct text cell = {0};
    const char *glyph = verdict_glyph(console, check->verdict);
    text_put(console->text, "  ");
    put_colored(console, glyph, check->verdict);
    put_spaces(console->text, console->style->unicode ? 1 : 5 - strlen(glyph));
    text_put(&cell, check->name);
    put_cell(console, &cell, name_width, LEFT);
    text_format(&cell, "%s %s", check_operator(check->op), check->limit_text);
    put_cell(console, &cell, LIMIT_WIDTH, RIGHT);
    show_value_short(&cell, metric_traits[check->metric_id].unit, &check->measured);
    put_cell(console, &cell, MEASURED_WIDTH, RIGHT);
    where_of(check, &cell);
    if (cell.length > 0) {
        text_put(console->text, "  ");
        put_cell(console, &cell, WHERE_MAX, LEFT);
    }
    text_release(&cell);
    end_line(console);
}

static void put_checks(struct console *console, const struct result *result)
{
    if (result->check_count == 0) return;
    size_t where_width = 0;
    size_t longest = NAME_LEAST;
    for (uint32_t i = 0; i < result->check_count; i++) {
        struct text where = {0};
        where_of(&result->checks[i], &where);
        if (characters(&where) > where_width) where_width = characters(&where);
        const size_t name = utf8_count(result->checks[i].name, strlen(result->checks[i].name)) + 1;
        if (name > longest) longest = name;
        text_release(&where);
    }
    const size_t left = console->style->unicode ? 4 : 7;
    const size_t most = WIDTH - left - LIMIT_WIDTH - MEASURED_WIDTH - 2 - where_width;
    const size_t name_width = longest < most ? longest : most;
    text_put(console->text, "  ");
    put_head_cell(console, "CHECKS", name_width + left - 2, LEFT);
    put_head_cell(console, "limit", LIMIT_WIDTH, RIGHT);
    put_head_cell(console, "measured", MEASURED_WIDTH, RIGHT);
    end_line(console);
    for (uint32_t i = 0; i < result->check_count; i++)
        put_check(console, &result->checks[i], name_width);
    text_char(console->text, '\n');
}

struct provider_column {
    const char *title;
    enum metric metric;
    size_t width;
};

static const struct provider_column provider_columns[] = {
    {"quotes", METRIC_QUOTES, 10},      {"ok", METRIC_SUCCESS_RATE, 8},
    {"p50", METRIC_PROVIDER_P50_MS, 9}, {"p95", METRIC_PROVIDER_P95_MS, 9},
    {"p99", METRIC_PROVIDER_P99_MS, 9}, {"timeouts", METRIC_TIMEOUTS, 10},
    {"won", METRIC_SELECTION_PCT, 8},
};

static void put_providers(struct console *console, const struct result *result)
{
    enum { NAME_WIDTH = 11, COLUMNS = sizeof provider_columns / sizeof *provider_columns };
    text_put(console->text, "  ");
    put_head_cell(console, "PROVIDER", NAME_WIDTH, LEFT);
    for (size_t c = 0; c < COLUMNS; c++)
        put_head_cell(console, provider_columns[c].title, provider_columns[c].width, RIGHT);
    end_line(console);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (!result->enabled[p]) continue;
        text_put(console->text, "  ");
        put_head_cell(console, provider_traits[p].short_name, NAME_WIDTH, LEFT);
        for (size_t c = 0; c < COLUMNS; c++) {
            const enum metric metric = provider_columns[c].metric;
            struct text cell = {0};
            show_value_short(&cell, metric_traits[metric].unit, value_of(result, 0, p, metric));
            put_cell(console, &cell, provider_columns[c].width, RIGHT);
        }
        end_line(console);
    }
    text_char(console->text, '\n');
}

static void put_figure(struct console *console, const struct result *result, const char *title,
                       enum metric metric)
{
    struct text words = {0};
    text_format(&words, "  %s ", title);
    show_value_short(&words, metric_traits[metric].unit, value_of(result, 0, SCOPE_ROUTER, metric));
    put_words(console, words.bytes != NULL ? words.bytes : "");
    text_release(&words);
}

static void put_router(struct console *console, const struct result *result)
{
    text_put(console->text, "  ROUTER");
    put_figure(console, result, "good", METRIC_OK_RATE);
    put_figure(console, result, "p50", METRIC_P50_MS);
    put_figure(console, result, "p95", METRIC_P95_MS);
    put_figure(console, result, "p99", METRIC_P99_MS);
    end_line(console);
    text_put(console->text, "  ORDERS");
    put_figure(console, result, "cart", METRIC_CART_CENTS);
    put_figure(console, result, "commission", METRIC_COMMISSION_CENTS);
    put_figure(console, result, "saved", METRIC_SAVINGS_MEAN_CENTS);
    put_figure(console, result, "API cost", METRIC_CALL_COST_CENTS);
    end_line(console);
    if (result->cache.on) {
        text_put(console->text, "  CACHE ");
        put_figure(console, result, "used", METRIC_CACHE_HIT_RATE);
        put_figure(console, result, "calls saved", METRIC_CACHE_SAVED_CALLS);
        put_figure(console, result, "waited p95", METRIC_CACHE_COST_P95_MS);
        put_figure(console, result, "errors", METRIC_CACHE_ERRORS);
        end_line(console);
    }
    const struct metric_value *empty = value_of(result, 0, SCOPE_ROUTER, METRIC_EMPTY_WINS);
    if (empty->state == VALUE_KNOWN && empty->value > 0) {
        text_put(console->text, "  BUT    orders won by an empty cart:");
        put_figure(console, result, "", METRIC_EMPTY_WINS);
        end_line(console);
    }
    text_char(console->text, '\n');
}

/* The share of latencies up to `ms`, read off the curve towards the tail. */
static double share_up_to(const struct result_latency *latency, double ms)
{
    double before_x = 0;
    double before_ms = latency->min_ms;
    for (uint32_t i = 0; i < latency->curve_count; i++) {
        const double x = latency->curve[i].x;
        const double at = latency->curve[i].ms;
        if (at > ms) {
            const double part = at > before_ms ? (ms - before_ms) / (at - before_ms) : 0;
            return part <= 0 ? 1 - pow(10, -before_x)
                             : 1 - pow(10, -(before_x + part * (x - before_x)));
        }
        before_x = x;
        before_ms = at;
    }
    return 1;
}

static void put_bar(struct console *console, double share)
{
    enum { BAR_WIDTH = 40 };
    static const char *const eighths[] = {"",       "\u258f", "\u258e", "\u258d",
                                          "\u258c", "\u258b", "\u258a", "\u2589"};
    const int parts = (int)lround(fmin(1, share) * BAR_WIDTH * 8);
    for (int i = 0; i < parts / 8; i++)
        text_put(console->text, console->style->unicode ? "\u2588" : "#");
    if (console->style->unicode) text_put(console->text, eighths[parts % 8]);
}

static void put_histogram(struct console *console, const struct result *result)
{
    static const double edges_ms[] = {0, 100, 250, 500, 1000, 2000, 3000, 5000, 10000, 30000};
    enum { EDGES = sizeof edges_ms / sizeof *edges_ms };
    const struct result_latency *latency = &result->router_latency;
    if (latency->curve_count == 0) return;
    text_put(console->text, "  LATENCY OF ORDERS\n");
    double below = 0;
    for (size_t i = 0; i < EDGES; i++) {
        const bool last = i + 1 == EDGES;
        const double up_to = last ? 1 : share_up_to(latency, edges_ms[i + 1]);
        const double share = fmax(0, up_to - below);
        below = fmax(below, up_to);
        if (share <= 0 && (i > 4 || below == 0)) continue;
        struct text cell = {0};
        if (last)
            text_put(&cell, "over ");
        else
            text_put(&cell, "up to ");
        show_latency(&cell, last ? edges_ms[i] : edges_ms[i + 1]);
        put_cell(console, &cell, 18, RIGHT);
        show_share(&cell, share);
        put_cell(console, &cell, 9, RIGHT);
        text_put(console->text, "  ");
        put_bar(console, share);
        end_line(console);
    }
    text_char(console->text, '\n');
}

static void put_title(struct console *console, const struct result *result)
{
    const char *dot = " \u00b7 ";
    struct text line = {0};
    text_put(&line, result->scenario);
    text_format(&line, "%sseed %s%s", dot, result->seed_text, dot);
    text_grouped(&line, (int64_t)result->orders);
    text_format(&line, result->orders == 1 ? " order%s" : " orders%s", dot);
    if (result->replications > 1) text_format(&line, "%u x ", result->replications);
    show_span(&line, result->duration_us);
    const bool real = strcmp(result->clock, "real") == 0;
    text_put(&line, !result->complete ? " asked for, stopped early"
                    : real            ? " in real time, run"
                                      : " simulated");
    if (console->style->wall_seconds >= 0) {
        text_put(&line, " in ");
        show_span(&line, (int64_t)(console->style->wall_seconds * 1e6));
    }
    put_words(console, line.bytes != NULL ? line.bytes : "");
    text_release(&line);
    text_put(console->text, "\n\n");
}

static void put_verdict(struct console *console, const struct result *result)
{
    text_put(console->text, "  ");
    if (result_is_deaf(result) || result_lacks_answers(result)) {
        put_colored(console, verdict_word(result), CHECK_FAILED);
        text_put(console->text, ". ");
    }
    if (result->check_count == 0) {
        text_put(console->text, "No checks were given.");
    } else if (result->checks_failed > 0) {
        text_format(console->text, "%u of %u checks ", result->checks_failed, result->check_count);
        put_colored(console, "failed", CHECK_FAILED);
    } else if (result->checks_inconclusive == 0) {
        if (result->check_count == 1) {
            text_put(console->text, "The one check ");
        } else {
            text_format(console->text, "All %u checks ", result->check_count);
        }
        put_colored(console, "passed", CHECK_PASSED);
    } else {
        text_format(console->text, "%u of %u checks ", result->checks_passed, result->check_count);
        put_colored(console, "passed", CHECK_PASSED);
    }
    if (result->checks_inconclusive > 0) {
        text_format(console->text, ", %u ", result->checks_inconclusive);
        put_colored(console, "undecided", CHECK_INCONCLUSIVE);
    }
    if (result->check_count > 0) text_char(console->text, '.');
    if (result->complete) return;
    text_put(console->text, " Stopped early");
    if (result->stopped_by[0] != '\0') text_format(console->text, " by %s", result->stopped_by);
    text_char(console->text, '.');
}

/* What has to be read first, in lines of the console's width. */
static void put_first(struct console *console, const struct result *result)
{
    struct text finding = {0}, plain = {0};
    finding_first(result, &finding);
    if (finding.length > 0) put_plain(&plain, finding.bytes, console->style->unicode);
    const char *rest = plain.bytes != NULL ? plain.bytes : "";
    while (*rest != '\0') {
        size_t length = strlen(rest);
        if (length > WIDTH - 2) {
            length = WIDTH - 2;
            while (length > 0 && rest[length] != ' ')
                length--;
            if (length == 0) length = WIDTH - 2;
        }
        text_put(console->text, "  ");
        text_append(console->text, rest, length);
        text_char(console->text, '\n');
        rest += length + (rest[length] == ' ' ? 1 : 0);
    }
    if (finding.length > 0) text_char(console->text, '\n');
    if (finding.failed || plain.failed) console->text->failed = true;
    text_release(&finding);
    text_release(&plain);
}

void terminal_write_verdict(struct text *text, const struct result *result,
                            const struct terminal_style *style)
{
    struct console console = {text, style};
    put_verdict(&console, result);
    if (style->report_path != NULL) {
        text_put(text, "  Report: ");
        text_put(text, style->report_path);
    }
    text_char(text, '\n');
}

void terminal_write(struct text *text, const struct result *result,
                    const struct terminal_style *style)
{
    struct console console = {text, style};
    assert(style != NULL);
    put_title(&console, result);
    put_first(&console, result);
    put_checks(&console, result);
    put_providers(&console, result);
    put_router(&console, result);
    if (style->histogram) put_histogram(&console, result);
    terminal_write_verdict(text, result, style);
}
