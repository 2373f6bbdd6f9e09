/* Goal: the timeline's bars of faults are what ran, not what was planned.
 *
 * Method: the sheet of a made-up drill is drawn without gnuplot, and the bars in its script are
 * read while entries of the journal are moved and taken away.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/drill_figures.h"
#include "reports/figure.h"
#include "tests/reports/drill_small.h"
#include "tests/support.h"

struct bars { /* in units of the axis: minutes */
    unsigned count;
    unsigned shades;    /* behind the panels */
    double from, until; /* of the last one */
};

static struct bars read_bars(const char *script)
{
    struct bars bars = {0};
    for (const char *at = strstr(script, "set object "); at != NULL;
         at = strstr(at + 1, "set object ")) {
        double from, low, until, high;
        unsigned object;
        char colour[16];
        bars.shades += sscanf(at, "set object %u rect from %lf,graph 0 to %lf,graph 1 fc rgb %15s",
                              &object, &from, &until, colour) == 4 &&
                       strcmp(colour, "FAULT") == 0;
        if (sscanf(at, "set object %u rect from %lf,%lf to %lf,%lf", &object, &from, &low, &until,
                   &high) != 5) {
            continue;
        }
        const char *const filled = strstr(at, "fc rgb ");
        if (filled == NULL || strncmp(filled, "fc rgb FAULT ", 13) != 0) continue;
        bars.count++;
        bars.from = from;
        bars.until = until;
    }
    return bars;
}

/* `never`: whether some row says that its fault never began. */
static struct bars draw(const struct drill *drill, bool *never)
{
    struct groups groups;
    struct err err = {0};
    assert_true(groups_make(&groups, &drill->result, FIGURE_POINTS_MAX, &err));
    struct sheet sheet = {.result = &drill->result,
                          .drill = drill,
                          .groups = &groups,
                          .axis = time_axis_of(&drill->result)};
    drill_figure_timeline.draw(&sheet);
    assert_false(sheet.script.failed || sheet.labels.failed || sheet.data.failed);
    const struct bars bars = read_bars(sheet.script.bytes);
    *never = strstr(sheet.labels.bytes, ": never began") != NULL;
    text_release(&sheet.data);
    text_release(&sheet.labels);
    text_release(&sheet.script);
    groups_release(&groups);
    return bars;
}

/* The drill's journal, to be changed. */
struct journal {
    struct story_entry entries[64];
};

static void make(struct drill *drill, struct journal *journal)
{
    drill_small(drill, 1);
    assert_true(drill->entry_count <= 64);
    memcpy(journal->entries, drill->entries, drill->entry_count * sizeof journal->entries[0]);
    drill->entries = journal->entries;
}

static struct story_entry *find(struct journal *journal, enum story_kind kind)
{
    uint32_t i = 0;
    while (journal->entries[i].kind != kind)
        i++;
    return &journal->entries[i];
}

static void check_span(const struct bars *bars, double from, double until)
{
    assert_int_equal(bars->count, 1);
    if (fabs(bars->from - from) < 1e-4 && fabs(bars->until - until) < 1e-4) return;
    fail_msg("a bar from %g to %g", bars->from, bars->until);
}

static void draws_a_fault_from_when_it_began_to_when_it_ended(void **state)
{
    (void)state;
    struct drill drill;
    struct journal journal;
    bool never;
    make(&drill, &journal);
    drill.result.fault_count = 1; /* the journal is of the first alone */
    struct bars bars = draw(&drill, &never);
    check_span(&bars, 15, 33);
    assert_false(never);
    find(&journal, STORY_FAULT_ON)->at_us = 16 * 60 * US_PER_SECOND;
    find(&journal, STORY_FAULT_OFF)->at_us = 40 * 60 * US_PER_SECOND;
    bars = draw(&drill, &never);
    check_span(&bars, 16, 40);
    find(&journal, STORY_FAULT_OFF)->index = 7; /* another's: ours goes on to the end */
    bars = draw(&drill, &never);
    check_span(&bars, 16, 60);
    drill_release(&drill);
}

static void draws_no_bar_of_a_fault_that_never_began(void **state)
{
    (void)state;
    struct drill drill;
    struct journal journal;
    bool never;
    make(&drill, &journal);
    assert_int_equal(drill.result.fault_count, 2);
    struct bars bars = draw(&drill, &never);
    assert_int_equal(bars.count, 1);
    assert_int_equal(bars.shades, 2); /* behind latency and behind good orders */
    assert_true(never);
    find(&journal, STORY_FAULT_ON)->index = 7;
    bars = draw(&drill, &never);
    assert_int_equal(bars.count, 0);
    assert_int_equal(bars.shades, 0);
    drill_release(&drill);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_a_fault_from_when_it_began_to_when_it_ended),
        cmocka_unit_test(draws_no_bar_of_a_fault_that_never_began),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
