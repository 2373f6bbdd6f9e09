#include "sim/command/progress.h"

#include <assert.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "router/base/duration.h"
#include "router/base/utf8.h"

enum { BAR_CELLS = 18, NARROW = 60, COLUMNS_DEFAULT = 80, LINE_BYTES = 1024 };

static const int64_t quiet_us = 300000;     /* shorter runs show no bar */
static const int64_t redraw_us = 100000;    /* ten a second */
static const int64_t repeat_us = 10000000;  /* between plain lines */
static const int64_t estimate_us = 1000000; /* before it, what is left is not foretold */

enum progress_mode progress_mode_for(unsigned choice, bool is_terminal)
{
    static const enum progress_mode modes[] = {PROGRESS_NONE, PROGRESS_BAR, PROGRESS_PLAIN,
                                               PROGRESS_NONE};
    assert(choice < sizeof modes / sizeof modes[0]);
    if (choice == 0) return is_terminal ? PROGRESS_BAR : PROGRESS_PLAIN;
    return modes[choice];
}

int64_t progress_clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

unsigned progress_columns(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* ---- one line ---- */

struct line {
    char bytes[LINE_BYTES];
    size_t length;
    unsigned cells; /* characters so far */
    unsigned cells_max;
    bool cut;   /* a character found no room */
    bool lacks; /* a fact did not */
    bool utf8;
};

static void put_bytes(struct line *line, const char *bytes, unsigned length)
{
    if (line->cells >= line->cells_max || line->length + length >= LINE_BYTES) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->length, bytes, length);
    line->length += length;
    line->cells++;
}

/* Control characters could move the cursor, so they are left out; a dot between two facts becomes a
 * comma in ASCII, and what else ASCII lacks a question mark. */
static void put(struct line *line, const char *text)
{
    while (*text != '\0') {
        uint32_t code = 0;
        unsigned length = utf8_read(text, strlen(text), &code);
        if (length == 0) length = 1;
        if (length == 1 && (unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7F) {
            put_bytes(line, text, 1);
        } else if (length > 1 && code >= 0xA0) {
            if (line->utf8) {
                put_bytes(line, text, length);
            } else {
                put_bytes(line, code == 0xB7 ? "," : "?", 1);
            }
        }
        text += length;
    }
}

/* All of it or nothing: half a number is another number. */
static void put_whole(struct line *line, const char *text)
{
    const size_t length = line->length;
    const unsigned cells = line->cells;
    line->cut = false;
    put(line, text);
    if (!line->cut) return;
    line->lacks = true;
    line->length = length;
    line->cells = cells;
}

/* Facts, of which those that find no room are left out. */
static void put_fields(struct line *line, const char *text)
{
    const char *before = "";
    for (const char *at = text; *at != '\0'; before = ", ") {
        const char *const comma = strstr(at, ", ");
        const size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        char field[PROGRESS_TEXT_MAX + 2];
        (void)snprintf(field, sizeof field, "%s%.*s", before, (int)length, at);
        put_whole(line, field);
        at += comma != NULL ? length + 2 : length;
    }
}

static void put_bar(struct line *line, double done)
{
    static const char *const eighths[] = {" ", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const unsigned filled = (unsigned)(done * BAR_CELLS * 8);
    put(line, line->utf8 ? "▕" : "[");
    for (unsigned cell = 0; cell < BAR_CELLS; cell++) {
        const unsigned left = filled > cell * 8 ? filled - cell * 8 : 0;
        if (!line->utf8) {
            put(line, left >= 8 ? "#" : "-");
        } else {
            put(line, left >= 8 ? "█" : eighths[left]);
        }
    }
    put(line, line->utf8 ? "▏" : "]");
}

/* Percent, what was done, and what is left once that can be told. */
static void put_facts(struct line *line, const struct progress *progress, double done,
                      const char *text, int64_t now_us)
{
    char percent[16];
    (void)snprintf(percent, sizeof percent, " %3d%%  ", (int)(done * 100));
    put_whole(line, percent);
    put_fields(line, text);
    const int64_t elapsed_us = now_us - progress->started_us;
    if (elapsed_us < estimate_us || done < 0.01 || done >= 1.0) return;
    char left[DURATION_TEXT_MAX], fact[DURATION_TEXT_MAX + 16];
    duration_for_people((int64_t)((double)elapsed_us * (1.0 - done) / done), left);
    (void)snprintf(fact, sizeof fact, " · %s left", left);
    put_whole(line, fact);
}

static struct line begin_line(const struct progress *progress, unsigned *columns)
{
    *columns = progress->setup.columns(progress->setup.stream);
    /* The last column stays free: some terminals wrap when it is written. */
    struct line line = {.cells_max = *columns > 1 ? *columns - 1 : 1, .utf8 = progress->setup.utf8};
    char label[PROGRESS_LABEL_MAX + 2];
    (void)snprintf(label, sizeof label, "%s  ", progress->label);
    put_whole(&line, label);
    return line;
}

static void show(struct progress *progress, const struct line *line, int64_t now_us)
{
    (void)fprintf(progress->setup.stream, "\r%.*s\033[K", (int)line->length, line->bytes);
    (void)fflush(progress->setup.stream);
    progress->drawn = true;
    progress->shown_us = now_us;
}

static void draw_bar(struct progress *progress, double done, const char *text, int64_t now_us)
{
    unsigned columns;
    struct line line = begin_line(progress, &columns);
    if (columns >= NARROW) put_bar(&line, done);
    put_facts(&line, progress, done, text, now_us);
    show(progress, &line, now_us);
}

static void draw_wait(struct progress *progress, const char *text, int64_t now_us)
{
    unsigned columns;
    struct line line = begin_line(progress, &columns);
    put_fields(&line, text);
    if (line.lacks) { /* whose run it is, is known */
        line.length = line.cells = 0;
        put_fields(&line, text);
    }
    show(progress, &line, now_us);
}

static void say(struct progress *progress, const char *text, int64_t now_us)
{
    struct line line = {.cells_max = LINE_BYTES, .utf8 = progress->setup.utf8};
    put(&line, progress->label);
    put(&line, ": ");
    put(&line, text);
    (void)fprintf(progress->setup.stream, "%.*s\n", (int)line.length, line.bytes);
    (void)fflush(progress->setup.stream);
    progress->shown_us = now_us;
}

/* ---- the life of a run ---- */

void progress_begin(struct progress *progress, const struct progress_setup *setup)
{
    assert(setup->stream != NULL);
    const int64_t now_us = setup->now_us();
    *progress = (struct progress){.setup = *setup, .started_us = now_us, .shown_us = now_us};
    (void)snprintf(progress->label, sizeof progress->label, "%s", setup->label);
    progress->setup.label = progress->label;
    if (setup->mode == PROGRESS_PLAIN) say(progress, "started", now_us);
}

static bool may_draw(const struct progress *progress, int64_t now_us)
{
    if (now_us - progress->started_us < quiet_us) return false;
    return !progress->drawn || now_us - progress->shown_us >= redraw_us;
}

void progress_update(struct progress *progress, double done, const char *text)
{
    if (progress->setup.mode == PROGRESS_NONE) return;
    const int64_t now_us = progress->setup.now_us();
    const double share = done < 0.0 ? 0.0 : done > 1.0 ? 1.0 : done;
    if (progress->setup.mode == PROGRESS_BAR) {
        if (may_draw(progress, now_us)) draw_bar(progress, share, text, now_us);
        return;
    }
    if (now_us - progress->shown_us < repeat_us) return;
    char line[PROGRESS_TEXT_MAX + 16];
    (void)snprintf(line, sizeof line, "%d%%, %s", (int)(share * 100), text);
    say(progress, line, now_us);
}

void progress_wait(struct progress *progress, const char *text)
{
    if (progress->setup.mode == PROGRESS_NONE) return;
    const int64_t now_us = progress->setup.now_us();
    if (progress->setup.mode == PROGRESS_BAR) {
        if (may_draw(progress, now_us)) draw_wait(progress, text, now_us);
        return;
    }
    if (progress->waiting && now_us - progress->shown_us < repeat_us) return;
    progress->waiting = true;
    say(progress, text, now_us);
}

void progress_hide(struct progress *progress)
{
    if (!progress->drawn) return;
    (void)fputs("\r\033[K", progress->setup.stream);
    (void)fflush(progress->setup.stream);
    progress->drawn = false;
}

void progress_phase(struct progress *progress, const char *name)
{
    if (progress->setup.mode == PROGRESS_PLAIN) say(progress, name, progress->setup.now_us());
}

void progress_end(struct progress *progress, const char *text)
{
    if (progress->setup.mode == PROGRESS_PLAIN) say(progress, text, progress->setup.now_us());
    progress_hide(progress);
}
