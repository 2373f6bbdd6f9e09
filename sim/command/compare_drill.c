#include "sim/command/compare_drill.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_BYTES = 4200, KEY_BYTES = 256 };

bool compare_drill_is(const char *folder)
{
    char path[PATH_BYTES];
    struct stat facts;
    (void)snprintf(path, sizeof path, "%.4096s/drill.json", folder);
    return stat(path, &facts) == 0;
}

static bool begins(const char *path, const char *word)
{
    const size_t length = strlen(word);
    return strncmp(path, word, length) == 0 && (path[length] == '.' || path[length] == '\0');
}

enum compare_drill_key compare_drill_key_of(const char *path)
{
    static const char *const treatment[] = {"alerts", "operators", "stop_conditions", "rollbacks"};
    static const char *const apart[] = {"name",   "title",  "description",  "seed",
                                        "tags",   "expect", "replications", "checks",
                                        "schema", "start",  "duration",     "hypothesis.title"};
    for (size_t i = 0; i < sizeof treatment / sizeof *treatment; i++)
        if (begins(path, treatment[i])) return DRILL_KEY_TREATMENT;
    for (size_t i = 0; i < sizeof apart / sizeof *apart; i++)
        if (begins(path, apart[i])) return DRILL_KEY_APART;
    return DRILL_KEY_SAME;
}

/* ---- two groups of keys ---- */

struct sides {
    struct comparison *comparison;
    const cJSON *a, *b;
};

static bool has(const cJSON *settings, const char *path)
{
    return cJSON_GetObjectItemCaseSensitive(settings, path) != NULL;
}

static bool same(const struct sides *sides, const char *in_a, const char *in_b)
{
    const cJSON *left = cJSON_GetObjectItemCaseSensitive(sides->a, in_a);
    const cJSON *right = cJSON_GetObjectItemCaseSensitive(sides->b, in_b);
    left = cJSON_GetObjectItemCaseSensitive(left, "value");
    right = cJSON_GetObjectItemCaseSensitive(right, "value");
    return (left == NULL && right == NULL) || cJSON_Compare(left, right, true);
}

static void note_key(const struct sides *sides, const char *label, const char *in_a,
                     const char *in_b)
{
    char a[COMPARE_SETTING_VALUE], b[COMPARE_SETTING_VALUE];
    if (same(sides, in_a, in_b)) return;
    compare_setting_text(sides->a, in_a, a);
    compare_setting_text(sides->b, in_b, b);
    comparison_add_setting(sides->comparison, label, a, b);
}

/* Each key below two prefixes, "alerts.rules.3." and "alerts.rules.1."; false: all are the same. */
static bool note_below(const struct sides *sides, const char *label, const char *below_a,
                       const char *below_b, bool note)
{
    bool differs = false;
    for (unsigned side = 0; side < 2; side++) {
        const char *own = side == 0 ? below_a : below_b;
        const cJSON *setting, *const settings = side == 0 ? sides->a : sides->b;
        cJSON_ArrayForEach(setting, settings)
        {
            char in_a[KEY_BYTES], in_b[KEY_BYTES], name[KEY_BYTES];
            if (strncmp(setting->string, own, strlen(own)) != 0) continue;
            const char *rest = setting->string + strlen(own);
            (void)snprintf(in_a, sizeof in_a, "%s%s", below_a, rest);
            (void)snprintf(in_b, sizeof in_b, "%s%s", below_b, rest);
            (void)snprintf(name, sizeof name, "%s%s", label, rest);
            if (same(sides, in_a, in_b) || (side == 1 && has(sides->a, in_a))) continue;
            differs = true;
            if (note) note_key(sides, name, in_a, in_b);
        }
    }
    return differs;
}

/* ---- rules, by name ---- */

static void value_at(const cJSON *settings, const char *below, const char *key,
                     char value[static COMPARE_SETTING_VALUE])
{
    char path[KEY_BYTES];
    (void)snprintf(path, sizeof path, "%s%s", below, key);
    value[0] = '\0';
    if (has(settings, path)) compare_setting_text(settings, path, value);
}

/* "< 50%/5m for 10m": short enough for a column of the console. */
static void say_rule(const cJSON *settings, const char *below,
                     char words[static COMPARE_SETTING_VALUE])
{
    char op[COMPARE_SETTING_VALUE], limit[COMPARE_SETTING_VALUE], window[COMPARE_SETTING_VALUE];
    char span[COMPARE_SETTING_VALUE], all[4 * COMPARE_SETTING_VALUE + 16];
    value_at(settings, below, "op", op);
    value_at(settings, below, "threshold", limit);
    value_at(settings, below, "window", window);
    value_at(settings, below, "for", span);
    const bool waits = span[0] != '\0' && strcmp(span, "0s") != 0;
    (void)snprintf(all, sizeof all, "%s %s/%s%s%s", op, limit, window, waits ? " for " : "",
                   waits ? span : "");
    (void)snprintf(words, COMPARE_SETTING_VALUE, "%.47s", all);
}

static bool rule_named(const cJSON *settings, const char *name, char below[static 32])
{
    for (unsigned i = 0; i < ALERT_RULES_MAX; i++) {
        char other[COMPARE_SETTING_VALUE];
        (void)snprintf(below, 32, "alerts.rules.%u.", i);
        value_at(settings, below, "name", other);
        if (strcmp(other, name) == 0) return true;
    }
    return false;
}

static void note_rules(const struct sides *sides)
{
    static const char none[] = "(no such rule)";
    for (unsigned side = 0; side < 2; side++) {
        for (unsigned i = 0; i < ALERT_RULES_MAX; i++) {
            char below[32], other[32], name[COMPARE_SETTING_VALUE], words[COMPARE_SETTING_VALUE];
            char label[KEY_BYTES];
            const cJSON *own = side == 0 ? sides->a : sides->b;
            (void)snprintf(below, sizeof below, "alerts.rules.%u.", i);
            value_at(own, below, "name", name);
            if (name[0] == '\0') break;
            (void)snprintf(label, sizeof label, "alert %s", name);
            if (rule_named(side == 0 ? sides->b : sides->a, name, other)) {
                (void)snprintf(label, sizeof label, "alert %s: ", name);
                if (side == 0) (void)note_below(sides, label, below, other, true);
                continue;
            }
            say_rule(own, below, words);
            comparison_add_setting(sides->comparison, label, side == 0 ? words : none,
                                   side == 0 ? none : words);
        }
    }
}

/* ---- steps, by place ---- */

static void say_step(const cJSON *settings, const char *below,
                     char words[static COMPARE_SETTING_VALUE])
{
    static const char *const more[] = {"key", "value", "provider", "probe", "text"};
    char verb[COMPARE_SETTING_VALUE];
    size_t used;
    value_at(settings, below, "do", verb);
    (void)snprintf(words, COMPARE_SETTING_VALUE, "%s", verb[0] != '\0' ? verb : "(no such step)");
    if (verb[0] == '\0') return;
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        char value[COMPARE_SETTING_VALUE];
        value_at(settings, below, more[i], value);
        if (value[0] == '\0' || strcmp(value, "(not set)") == 0) continue;
        used = strlen(words);
        (void)snprintf(words + used, COMPARE_SETTING_VALUE - used, " %s", value);
    }
}

static void note_steps(const struct sides *sides, const char *prefix, const char *whose)
{
    for (unsigned i = 0; i < STEPS_MAX; i++) {
        char below[KEY_BYTES], label[KEY_BYTES];
        char a[COMPARE_SETTING_VALUE], b[COMPARE_SETTING_VALUE];
        (void)snprintf(below, sizeof below, "%s.steps.%u.", prefix, i);
        (void)snprintf(label, sizeof label, "%s, step %u", whose, i + 1);
        if (!note_below(sides, label, below, below, false)) continue;
        say_step(sides->a, below, a);
        say_step(sides->b, below, b);
        if (strcmp(a, b) != 0) {
            comparison_add_setting(sides->comparison, label, a, b);
            continue;
        }
        (void)snprintf(label, sizeof label, "%s, step %u: ", whose, i + 1);
        (void)note_below(sides, label, below, below, true);
    }
}

/* ---- all of it ---- */

static bool noted_apart(const char *path)
{
    return strncmp(path, "alerts.rules.", 13) == 0 || strstr(path, ".steps.") != NULL;
}

static void note_operators(const struct sides *sides)
{
    static const char end[] = ".id";
    for (unsigned side = 0; side < 2; side++) {
        const cJSON *setting, *const settings = side == 0 ? sides->a : sides->b;
        cJSON_ArrayForEach(setting, settings)
        {
            char prefix[KEY_BYTES];
            const size_t length = strlen(setting->string);
            if (strncmp(setting->string, "operators.", 10) != 0 || noted_apart(setting->string))
                continue;
            if (length <= sizeof end - 1 || length >= sizeof prefix ||
                strcmp(setting->string + length - (sizeof end - 1), end) != 0)
                continue;
            if (side == 1 && has(sides->a, setting->string)) continue;
            (void)snprintf(prefix, sizeof prefix, "%.*s", (int)(length - (sizeof end - 1)),
                           setting->string);
            note_steps(sides, prefix, prefix + 10);
        }
    }
}

void compare_drill_note(struct comparison *comparison, const cJSON *a, const cJSON *b)
{
    const struct sides sides = {comparison, a, b};
    note_rules(&sides);
    note_operators(&sides);
    note_steps(&sides, "rollbacks", "rollbacks");
    for (unsigned side = 0; side < 2; side++) {
        const cJSON *setting, *const settings = side == 0 ? a : b;
        cJSON_ArrayForEach(setting, settings)
        {
            const char *path = setting->string;
            if (compare_drill_key_of(path) != DRILL_KEY_TREATMENT || noted_apart(path)) continue;
            if (side == 1 && has(a, path)) continue;
            note_key(&sides, path, path, path);
        }
    }
}

bool compare_drill_measure(const char *folder_a, const char *folder_b, double alpha,
                           struct drill_comparison *comparison, struct err *err)
{
    char path_a[PATH_BYTES], path_b[PATH_BYTES];
    struct drill_measured a, b = {0};
    (void)snprintf(path_a, sizeof path_a, "%.4096s/measures.csv", folder_a);
    (void)snprintf(path_b, sizeof path_b, "%.4096s/measures.csv", folder_b);
    if (!drill_measures_read(&a, path_a, err)) return false;
    bool made = drill_measures_read(&b, path_b, err);
    if (made && a.repeats != b.repeats) {
        made = err_fail(err, ERR_INPUT, (struct place){0}, "%s has %u repeats, and %s %u", path_a,
                        a.repeats, path_b, b.repeats);
    }
    made = made && drill_comparison_make(&a, &b, 1.0 - alpha, comparison, err);
    drill_measures_release(&a);
    drill_measures_release(&b);
    return made;
}
