/* tests/sim/world/story_fixture.h - a small drill from text, played in virtual time, and its
 * journal asked, for the tests of sim/world/story*.c.
 *
 * Texts are JSON with ' for ". STORY_BASE is a quiet half hour: two orders a second at even
 * distances, Kroger on. Walmart is not: it turns errors into empty carts. All keys of a drill
 * follow it. What a drill warns of (a key that does nothing) is no error here.
 *
 * Ownership: story_close() frees everything; entries live until the next story_play().
 */
#ifndef TESTS_SIM_WORLD_STORY_FIXTURE_H
#define TESTS_SIM_WORLD_STORY_FIXTURE_H

#include "router/base/memory.h"
#include "router/base/text.h"
#include "sim/world/world.h"
#include "tests/support.h"

#define STORY_BASE                                                                                 \
    "'duration': '30m', 'seed': 7, 'workload': {'arrivals': {'kind': 'constant', "                 \
    "'rate': '2/s'}, 'carts': {'lines': 2}, 'confirm': {'share': 0}}, "
#define STORY_ENV         "'LOOPGPT_ENABLE_KROGER': true, 'LOOPGPT_ENABLE_WALMART': false"
#define STORY_ENV_WALMART "'LOOPGPT_ENABLE_KROGER': true, 'LOOPGPT_ENABLE_WALMART': true"
#define STORY_ALL         STORY_BASE "'router': {'env': {" STORY_ENV "}}"

#define SECOND(s) ((int64_t)(s)*US_PER_SECOND)
#define MINUTE(m) ((int64_t)(m)*US_PER_MINUTE)

enum { ROLLBACK_OWNER = OPERATORS_MAX }; /* `whose` of the rollback's steps */

/* For what a test fills in; freed by who asked. */
static inline char *test_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline char *test_format(const char *format, ...)
{
    enum { SIZE = 8192 };
    char *const text = malloc(SIZE);
    assert_non_null(text);
    va_list arguments;
    va_start(arguments, format);
    const int length = vsnprintf(text, SIZE, format, arguments);
    va_end(arguments);
    assert_true(length >= 0 && length < SIZE);
    return text;
}

struct played {
    struct scenario scenario;
    struct world_plan plan;
    struct world *world;
    const struct story_facts *facts;
};

static inline void story_read(struct scenario *scenario, const char *keys)
{
    struct text text = {0};
    text_put(&text, "{'schema': 'routesim.scenario/1', 'name': 'story', ");
    text_put(&text, keys);
    text_char(&text, '}');
    for (char *c = text.bytes; *c != '\0'; c++) {
        if (*c == '\'') *c = '"';
    }
    struct err_list list = {0};
    static const struct scenario_options plain = {0};
    if (!scenario_read(scenario, "story.json", text.bytes, text.length, &plain, &list)) {
        err_list_print(stderr, &list, text.bytes, false);
        fail_msg("the test's own drill does not read");
    }
    text_release(&text);
}

static inline void story_play_with(struct played *played, uint32_t replication,
                                   const struct world_outputs *outputs)
{
    struct err err = {0};
    if (!world_run(played->world, replication, outputs, NULL, &err)) fail_msg("%s", err.message);
    played->facts = world_story(played->world);
}

static inline void story_play(struct played *played, uint32_t replication)
{
    static const struct world_outputs nowhere = {0};
    story_play_with(played, replication, &nowhere);
}

/* Reads it and makes its world; nothing has run. */
static inline struct played *story_open(const char *keys)
{
    struct played *const played = memory_zeroed(sizeof *played);
    assert_non_null(played);
    struct err err = {0};
    story_read(&played->scenario, keys);
    if (!world_plan_make(&played->scenario, &played->plan, &err)) fail_msg("%s", err.message);
    played->plan.pairs = true;
    played->world = world_create(&played->plan, 4096, &err);
    if (played->world == NULL) fail_msg("%s", err.message);
    return played;
}

static inline struct played *story_run(const char *keys)
{
    struct played *const played = story_open(keys);
    story_play(played, 0);
    return played;
}

static inline void story_close(struct played *played)
{
    world_destroy(played->world);
    world_plan_release(&played->plan);
    scenario_release(&played->scenario);
    free(played);
}

/* ---- the journal ---- */

static inline void story_print(const struct played *played)
{
    for (uint32_t i = 0; i < played->facts->entry_count; i++) {
        const struct story_entry *const e = &played->facts->entries[i];
        print_error("%3u %9.3f %-20s %u/%u whose %u step %d cause %d %s: %s (%s)\n", (unsigned)i,
                    (double)e->at_us / 1e6, story_kind_names[e->kind], (unsigned)e->index,
                    (unsigned)e->scope, (unsigned)e->whose, (int)e->step, (int)e->cause,
                    step_outcome_names[e->outcome], e->text, e->why);
    }
}

/* The nth entry (from 0) of a kind; -1: there are not so many. */
static inline int32_t story_nth(const struct played *played, enum story_kind kind, uint32_t nth)
{
    for (uint32_t i = 0; i < played->facts->entry_count; i++) {
        if (played->facts->entries[i].kind == kind && nth-- == 0) return (int32_t)i;
    }
    return -1;
}

static inline uint32_t story_count(const struct played *played, enum story_kind kind)
{
    uint32_t count = 0;
    while (story_nth(played, kind, count) >= 0)
        count++;
    return count;
}

static inline const struct story_entry *story_at(const struct played *played, enum story_kind kind,
                                                 uint32_t nth)
{
    const int32_t i = story_nth(played, kind, nth);
    if (i < 0) {
        story_print(played);
        fail_msg("no entry %u of %s", (unsigned)nth, story_kind_names[kind]);
    }
    return &played->facts->entries[i];
}

/* The end of a step (from 0) of an operator's list, the first time that it was done. */
static inline const struct story_entry *story_ended(const struct played *played, unsigned whose,
                                                    int step)
{
    for (uint32_t i = 0; i < played->facts->entry_count; i++) {
        const struct story_entry *const e = &played->facts->entries[i];
        if (e->kind == STORY_STEP_ENDED && e->whose == whose && e->step == step) return e;
    }
    story_print(played);
    fail_msg("step %d of %u has not ended", step, whose);
    return NULL;
}

/* Shows the journal with what failed. */
#define CHECK_STORY(played, condition)                                                             \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            story_print(played);                                                                   \
            fail_msg("%s", #condition);                                                            \
        }                                                                                          \
    } while (0)

/* What every journal keeps: time goes on, a cause comes before its effect and ends at an alert that
 * was told, at the clock or at a fault, and a step that began ends once, unless the run ended. */
static inline void story_check(const struct played *played)
{
    const struct story_facts *const facts = played->facts;
    for (uint32_t i = 0; i < facts->entry_count; i++) {
        const struct story_entry *const e = &facts->entries[i];
        CHECK_STORY(played, i == 0 || e->at_us >= facts->entries[i - 1].at_us);
        CHECK_STORY(played, e->cause < (int32_t)i);
        if (e->kind == STORY_STEP_BEGAN || e->kind == STORY_STEP_ENDED || e->kind == STORY_LIVE) {
            CHECK_STORY(played, e->cause >= 0);
        }
        if (e->kind == STORY_STEP_ENDED) {
            const struct story_entry *const began = &facts->entries[e->cause];
            CHECK_STORY(played, began->kind == STORY_STEP_BEGAN);
            CHECK_STORY(played, began->step == e->step && began->whose == e->whose);
        }
        if (e->kind == STORY_STEP_BEGAN) {
            uint32_t ends = 0;
            for (uint32_t j = i; j < facts->entry_count; j++) {
                const struct story_entry *const later = &facts->entries[j];
                ends += later->kind == STORY_STEP_ENDED && later->cause == (int32_t)i;
            }
            CHECK_STORY(played, ends <= 1);
        }
        int32_t root = (int32_t)i;
        while (facts->entries[root].cause >= 0)
            root = facts->entries[root].cause;
        const enum story_kind kind = facts->entries[root].kind;
        CHECK_STORY(played, kind != STORY_STEP_BEGAN && kind != STORY_STEP_ENDED);
        CHECK_STORY(played, kind != STORY_LIVE && kind != STORY_ESCALATED);
    }
}

#endif
