/* sim/command/progress.h - how far a run is, on standard error, without getting in anybody's way.
 *
 * On a terminal: one line that is redrawn at most ten times a second and cleared at the end, and
 * nothing at all for what takes less than 0.3 s. Elsewhere: a line at the start, at each phase, at
 * most every ten seconds, and at the end; no carriage returns, no escapes. The width is the
 * terminal's own at each drawing: facts that find no room there are left out whole, so that no
 * number is ever cut. Without UTF-8 the bar and the text are ASCII.
 *
 *   kroger-timeout  ▕███████████▌      ▏  62%  37:12 of 60:00 simulated · 2 s left
 *
 * One thread calls these. What the clock says decides everything, so tests bring their own.
 * Nothing is allocated; a stream that cannot be written is left alone.
 */
#ifndef SIM_COMMAND_PROGRESS_H
#define SIM_COMMAND_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum progress_mode { PROGRESS_NONE, PROGRESS_PLAIN, PROGRESS_BAR };
enum { PROGRESS_LABEL_MAX = 64, PROGRESS_TEXT_MAX = 192 };

struct progress_setup {
    FILE *stream;
    const char *label; /* copied: "kroger-timeout" */
    enum progress_mode mode;
    bool utf8;
    int64_t (*now_us)(void);           /* monotonic */
    unsigned (*columns)(FILE *stream); /* of the terminal */
};

struct progress {
    struct progress_setup setup;
    char label[PROGRESS_LABEL_MAX];
    int64_t started_us;
    int64_t shown_us;
    bool drawn;   /* a bar stands on the terminal */
    bool waiting; /* and what for was said */
};

/* --progress: 0 auto, 1 bar, 2 plain, 3 none; auto is the bar on a terminal and plain lines
 * elsewhere. */
enum progress_mode progress_mode_for(unsigned choice, bool is_terminal);

/* The real clock and terminal. */
int64_t progress_clock_us(void);
unsigned progress_columns(FILE *stream);

void progress_begin(struct progress *progress, const struct progress_setup *setup);

/* Cheap when it is too early to show anything. `done` is 0..1; `text` says what has been done, in
 * facts with ", " between them. */
void progress_update(struct progress *progress, double done, const char *text);

/* All is done but for what `text` says, in facts as above: instead of the bar, or as a line at once
 * and then as often as others. */
void progress_wait(struct progress *progress, const char *text);

/* The line is free for somebody else to write on; the next update draws the bar again. */
void progress_hide(struct progress *progress);

/* A new phase, by name: a line of its own where there is no bar. */
void progress_phase(struct progress *progress, const char *name);

/* Clears the bar; `text` is the last line where there is none. */
void progress_end(struct progress *progress, const char *text);

#endif
