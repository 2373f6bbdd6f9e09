/* Goal: progress is seen where it helps and leaves no trace where it does not.
 *
 * Method: a clock and a terminal of the test's own; what was written is compared byte for byte. */
#include "tests/support.h"

#include "router/base/utf8.h"
#include "sim/command/progress.h"

static int64_t now_us;
static unsigned columns;
static char *written;
static size_t written_length;
static FILE *stream;

static int64_t clock_us(void)
{
    return now_us;
}

static unsigned terminal_columns(FILE *unused)
{
    (void)unused;
    return columns;
}

static struct progress begin(enum progress_mode mode, bool utf8)
{
    now_us = 5000000;
    columns = 100;
    written = NULL;
    stream = open_memstream(&written, &written_length);
    assert_non_null(stream);
    const struct progress_setup setup = {.stream = stream,
                                         .label = "drill",
                                         .mode = mode,
                                         .utf8 = utf8,
                                         .now_us = clock_us,
                                         .columns = terminal_columns};
    struct progress progress;
    progress_begin(&progress, &setup);
    return progress;
}

static void end(struct progress *progress, const char *text)
{
    progress_end(progress, text);
    assert_int_equal(fclose(stream), 0);
}

static unsigned count(const char *what)
{
    unsigned found = 0;
    for (const char *at = strstr(written, what); at != NULL; at = strstr(at + 1, what))
        found++;
    return found;
}

static void shows_no_bar_for_a_short_run(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_BAR, true);
    for (int i = 0; i < 29; i++) {
        now_us += 10000;
        progress_update(&progress, i / 29.0, "working");
    }
    end(&progress, "done");
    assert_string_equal(written, "");
    free(written);
}

static void redraws_ten_times_a_second_and_clears_at_the_end(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_BAR, true);
    for (int i = 1; i <= 2000; i++) { /* two seconds */
        now_us += 1000;
        progress_update(&progress, i / 4000.0, "37:12 of 60:00 simulated");
    }
    end(&progress, "done");
    assert_in_range(count("\r"), 17, 19); /* from 0.3 s on, and the clearing */
    assert_int_equal(count("\n"), 0);
    assert_non_null(
        strstr(written, "drill  ▕█████████         ▏  50%  37:12 of 60:00 simulated · 2 s left"));
    assert_string_equal(written + written_length - 4, "\r\033[K");
    free(written);
}

static void fits_the_terminal_whatever_its_width(void **state)
{
    (void)state;
    static const unsigned widths[] = {1, 2, 10, 20, 59, 60, 80, 200};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct progress progress = begin(PROGRESS_BAR, true);
        columns = widths[i];
        now_us += 2000000;
        progress_update(&progress, 0.5, "12,345 orders · p95 1.9 s · a rather long text");
        end(&progress, "");
        const char *start = written + 1;
        const size_t length = (size_t)(strstr(start, "\033[K") - start);
        assert_true(utf8_count(start, length) < (widths[i] > 1 ? widths[i] : 2));
        assert_true(utf8_whole(start, length) == length);
        free(written);
    }
}

/* What stands on the terminal after one update of a bar at 50%, two seconds after the start. */
static void draw(unsigned width, const char *text, char shown[static 256])
{
    struct progress progress = begin(PROGRESS_BAR, false);
    columns = width;
    now_us += 2000000;
    progress_update(&progress, 0.5, text);
    end(&progress, "");
    (void)snprintf(shown, 256, "%.*s", (int)(strstr(written, "\033[K") - written - 1), written + 1);
    free(written);
}

static void leaves_facts_out_whole_where_they_do_not_fit(void **state)
{
    (void)state;
    static const char text[] = "37:12 of 60:00, 1234567 orders, 4711 calls in flight";
    char shown[256];
    draw(100, text, shown);
    assert_string_equal(shown, "drill  [#########---------]  50%  37:12 of 60:00, 1234567 orders, "
                               "4711 calls in flight , 2 s left");
    draw(80, text, shown);
    assert_string_equal(shown, "drill  [#########---------]  50%  37:12 of 60:00, 1234567 orders , "
                               "2 s left");
    for (unsigned width = 1; width < 120; width++) { /* every number is there whole or not at all */
        draw(width, text, shown);
        for (const char *at = shown; *at != '\0';) {
            char number[16] = "";
            const size_t length = strspn(at, "0123456789");
            (void)snprintf(number, sizeof number, " %.*s ", (int)length, at);
            if (length > 0) assert_non_null(strstr(" 37 12 60 00 1234567 4711 50 2 ", number));
            at += length > 0 ? length : 1;
        }
    }
}

static void says_what_it_waits_for_without_a_bar(void **state)
{
    (void)state;
    static const char text[] = "waiting for 3 calls still in flight, at most 41 s";
    struct progress progress = begin(PROGRESS_BAR, true);
    now_us += 2000000;
    progress_wait(&progress, text);
    now_us += 10000; /* too early to draw again */
    progress_wait(&progress, "nothing");
    end(&progress, "");
    assert_string_equal(written, "\rdrill  waiting for 3 calls still in flight, at most 41 s\033[K"
                                 "\r\033[K");
    free(written);
    progress = begin(PROGRESS_BAR, true);
    now_us += 2000000;
    columns = 54; /* the name goes before a fact does */
    progress_wait(&progress, text);
    end(&progress, "");
    assert_string_equal(written, "\rwaiting for 3 calls still in flight, at most 41 s\033[K"
                                 "\r\033[K");
    free(written);
    progress = begin(PROGRESS_PLAIN, true);
    for (int i = 0; i < 150; i++) { /* 15 s */
        now_us += 100000;
        progress_wait(&progress, text);
    }
    end(&progress, "done");
    assert_string_equal(written, "drill: started\n"
                                 "drill: waiting for 3 calls still in flight, at most 41 s\n"
                                 "drill: waiting for 3 calls still in flight, at most 41 s\n"
                                 "drill: done\n");
    free(written);
}

static void makes_room_for_a_line_of_somebody_else(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_BAR, false);
    now_us += 2000000;
    progress_update(&progress, 0.5, "x");
    progress_hide(&progress);
    progress_hide(&progress);
    fputs("a line\n", stream);
    progress_update(&progress, 0.5, "y");
    end(&progress, "");
    assert_non_null(strstr(written, "x , 2 s left\033[K\r\033[Ka line\n\rdrill"));
    free(written);
}

static void writes_ascii_alone_without_utf8(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_BAR, false);
    now_us += 2000000;
    progress_update(&progress, 0.5, "1 · 2 — 3");
    end(&progress, "");
    assert_non_null(strstr(written, "drill  [#########---------]  50%  1 , 2 ? 3 , 2 s left"));
    for (size_t i = 0; i < written_length; i++)
        assert_true((unsigned char)written[i] < 0x80);
    free(written);
}

static void lets_no_control_character_through(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_PLAIN, true);
    progress_phase(&progress, "a\033[2Jb\nc\rd\xC2\x9B"
                              "e");
    end(&progress, "done");
    assert_string_equal(written, "drill: started\ndrill: a[2Jbcde\ndrill: done\n");
    free(written);
}

static void writes_plain_lines_at_most_every_ten_seconds(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_PLAIN, true);
    for (int i = 1; i <= 250; i++) { /* 25 s */
        now_us += 100000;
        progress_update(&progress, i / 250.0, "working");
    }
    progress_phase(&progress, "writing the report");
    end(&progress, "28,800 orders in 25 s");
    assert_string_equal(written, "drill: started\n"
                                 "drill: 40%, working\n"
                                 "drill: 80%, working\n"
                                 "drill: writing the report\n"
                                 "drill: 28,800 orders in 25 s\n");
    free(written);
}

static void says_nothing_when_asked_for_nothing(void **state)
{
    (void)state;
    struct progress progress = begin(PROGRESS_NONE, true);
    now_us += 60000000;
    progress_update(&progress, 0.5, "working");
    progress_phase(&progress, "phase");
    end(&progress, "done");
    assert_string_equal(written, "");
    free(written);
}

static void survives_shares_out_of_range(void **state)
{
    (void)state;
    static const double shares[] = {-1.0, 0.0, 1.0, 2.0};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        struct progress progress = begin(PROGRESS_BAR, true);
        now_us += 2000000;
        progress_update(&progress, shares[i], "x");
        end(&progress, "");
        assert_non_null(strstr(written, shares[i] < 0.5 ? "   0%" : " 100%"));
        free(written);
    }
}

static void picks_a_mode_by_flag_and_terminal(void **state)
{
    (void)state;
    assert_int_equal(progress_mode_for(0, true), PROGRESS_BAR);
    assert_int_equal(progress_mode_for(0, false), PROGRESS_PLAIN);
    assert_int_equal(progress_mode_for(1, false), PROGRESS_BAR);
    assert_int_equal(progress_mode_for(2, true), PROGRESS_PLAIN);
    assert_int_equal(progress_mode_for(3, true), PROGRESS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_no_bar_for_a_short_run),
        cmocka_unit_test(redraws_ten_times_a_second_and_clears_at_the_end),
        cmocka_unit_test(fits_the_terminal_whatever_its_width),
        cmocka_unit_test(leaves_facts_out_whole_where_they_do_not_fit),
        cmocka_unit_test(says_what_it_waits_for_without_a_bar),
        cmocka_unit_test(makes_room_for_a_line_of_somebody_else),
        cmocka_unit_test(writes_ascii_alone_without_utf8),
        cmocka_unit_test(lets_no_control_character_through),
        cmocka_unit_test(writes_plain_lines_at_most_every_ten_seconds),
        cmocka_unit_test(says_nothing_when_asked_for_nothing),
        cmocka_unit_test(survives_shares_out_of_range),
        cmocka_unit_test(picks_a_mode_by_flag_and_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
