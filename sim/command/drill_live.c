#include "sim/command/drill_live.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "router/base/duration.h"
#include "sim/command/drill_hasten.h"

#define PATIENCE_US (5 * US_PER_SECOND)

static const struct place typed = {.file = "(typed)"};

/* ---- saying ---- */

static void say(const struct drill_live *live, int64_t at_us, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(const struct drill_live *live, int64_t at_us, const char *format, ...)
{
    if (!live->says) return;
    FILE *const stream = live->console->err;
    const int64_t seconds = at_us / US_PER_SECOND;
    fprintf(stream, "[%lld:%02lld] ", (long long)(seconds / 60), (long long)(seconds % 60));
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stream, format, arguments);
    va_end(arguments);
    fputc('\n', stream);
    (void)fflush(stream);
}

static const char *instance_of(const struct story_entry *entry)
{
    return entry->scope < PROVIDER_COUNT ? provider_traits[entry->scope].id : "";
}

static const char *actor_name(const struct drill_live *live, const struct story_entry *entry)
{
    return entry->index < live->scenario->drill.operator_count
               ? live->scenario->drill.operators[entry->index].id
               : "rollback";
}

/* "set ", before what is set; nothing where the text is the verb's own. */
static const char *verb_of(const struct drill_live *live, const struct story_entry *entry)
{
    static const char *const before[STEP_VERB_COUNT] = {
        [STEP_SET] = "set ",       [STEP_UNSET] = "unset ",
        [STEP_REDEPLOY] = "",      [STEP_ROTATE] = "rotate ",
        [STEP_VERIFY] = "verify ", [STEP_REQUEST] = "sends ",
        [STEP_HEALTH_CHECK] = "",  [STEP_WAIT_UNTIL] = "waits until ",
        [STEP_ROLLBACK] = "",      [STEP_NOTE] = "",
        [STEP_FAIL] = "gives up "};
    const struct drill_spec *drill = &live->scenario->drill;
    assert(entry->step >= 0);
    const struct step_spec *steps = entry->whose < drill->operator_count
                                        ? drill->operators[entry->whose].steps
                                        : drill->rollbacks.steps;
    return before[steps[entry->step].verb];
}

static void say_alert(const struct drill_live *live, const struct story_entry *entry,
                      const char *what)
{
    const enum alert_severity severity = live->scenario->alerts.rules[entry->index].severity;
    const char *instance = instance_of(entry);
    say(live, entry->at_us, "%s %s: %s%s%s", alert_severity_names[severity], what, entry->text,
        instance[0] != '\0' ? ", " : "", instance);
}

static void say_entry(const struct drill_live *live, const struct story_entry *entry)
{
    switch (entry->kind) {
    case STORY_FAULT_ON:
    case STORY_FAULT_OFF:
        /* Whoever is drilled must not know; scripts may. */
        if (live->asks) return;
        say(live, entry->at_us, "fault %s %s", entry->text,
            entry->kind == STORY_FAULT_ON ? "begins" : "is over");
        return;
    case STORY_FIRED:
        say_alert(live, entry, "fires");
        return;
    case STORY_TOLD:
        say_alert(live, entry, "is told");
        return;
    case STORY_RESOLVED:
        say_alert(live, entry, "resolved");
        return;
    case STORY_PENDING:
    case STORY_RESET:
        return;
    case STORY_ACK:
        say(live, entry->at_us, "%s acknowledge%s", actor_name(live, entry), live->asks ? "" : "s");
        return;
    case STORY_ESCALATED:
        say(live, entry->at_us, "nobody acknowledged in time: %s %s",
            entry->why[0] == '\0' ? entry->text : "nobody else is told,",
            entry->why[0] == '\0' ? "is told" : entry->why);
        return;
    case STORY_STEP_BEGAN:
        say(live, entry->at_us, "%s: %s%s ...", actor_name(live, entry), verb_of(live, entry),
            entry->text);
        return;
    case STORY_STEP_ENDED:
        say(live, entry->at_us, "%s: %s%s: %s%s%s", actor_name(live, entry), verb_of(live, entry),
            entry->text, step_outcome_names[entry->outcome], entry->why[0] != '\0' ? ". " : "",
            entry->why);
        return;
    case STORY_LIVE:
        say(live, entry->at_us, "%s", entry->text);
        return;
    case STORY_HYPOTHESIS_LOST:
        say(live, entry->at_us, "steady state is lost: %s", entry->text);
        return;
    case STORY_HYPOTHESIS_MET:
        say(live, entry->at_us, "steady state holds");
        return;
    case STORY_STOPPED:
        say(live, entry->at_us, "stop condition: %s", entry->text);
        return;
    case STORY_ROLLBACK:
        say(live, entry->at_us, "rollback");
        return;
    case STORY_KIND_COUNT:
        break;
    }
    assert(!"an entry outside its enum");
}

/* ---- telling ---- */

static void tell(struct drill_live *live, const struct story_entry *entry)
{
    const bool told = entry->kind == STORY_TOLD;
    bool *firing = &live->firing[entry->index][entry->scope];
    if (!told && (entry->kind != STORY_RESOLVED || !*firing)) return;
    *firing = told;
    if (live->notify == NULL) return;
    const struct alert_rule *rule = &live->scenario->alerts.rules[entry->index];
    char summary[NOTIFY_TEXT_MAX];
    const char *instance = instance_of(entry);
    (void)snprintf(summary, sizeof summary, "%s%s%s%s (a drill: %s)", rule->name,
                   instance[0] != '\0' ? " about " : "", instance, told ? "" : " is over",
                   live->scenario->name);
    const struct notify_alert alert = {.resolved = !told,
                                       .severity = rule->severity,
                                       .rule = rule->name,
                                       .instance = instance,
                                       .summary = summary,
                                       .at_unix_us = live->scenario->start_unix_us + entry->at_us};
    notify_alert(live->notify, &alert);
}

static void noted(void *context, const struct story_entry *entry)
{
    struct drill_live *live = context;
    if (entry->kind == STORY_TOLD || entry->kind == STORY_RESOLVED) tell(live, entry);
    say_entry(live, entry);
}

/* ---- what is typed ---- */

static const char help_text[] =
    "set KEY VALUE, unset KEY, redeploy, rotate PROVIDER [overlap SPAN], request, health,\n"
    "rollback, note WORDS; status shows what fires, stop ends the drill\n";

static char *next_word(char **rest)
{
    char *word = *rest + strspn(*rest, " \t");
    char *end = word + strcspn(word, " \t");
    if (*end != '\0') *end++ = '\0';
    *rest = end;
    return word;
}

static bool copy_word(char *into, size_t size, const char *word, const char *what,
                      const struct drill_live *live)
{
    if (word[0] == '\0' || strlen(word) >= size) {
        say(live, live->now_us, "%s: %s", what, word[0] == '\0' ? "is missing" : "is too long");
        return false;
    }
    (void)strcpy(into, word);
    return true;
}

static bool read_provider(const struct drill_live *live, const char *word, int *provider)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (strcmp(provider_traits[p].id, word) != 0) continue;
        *provider = (int)p;
        return true;
    }
    say(live, live->now_us, "\"%s\" is no provider: MEALME, INSTACART, KROGER_API, WALMART_API",
        word);
    return false;
}

static bool read_overlap(const struct drill_live *live, char *rest, int64_t *overlap_us)
{
    const char *word = next_word(&rest);
    struct err err;
    if (word[0] == '\0') return true;
    const char *span = next_word(&rest);
    if (strcmp(word, "overlap") == 0 && duration_parse(span, typed, overlap_us, &err)) return true;
    say(live, live->now_us, "rotate PROVIDER [overlap SPAN], as in: rotate KROGER_API overlap 10m");
    return false;
}

/* One line into a step; false: it is none, and that was said. */
static bool read_step(const struct drill_live *live, char *line, struct step_spec *step)
{
    char *rest = line;
    const char *verb = next_word(&rest);
    if (strcmp(verb, "set") == 0) {
        step->verb = STEP_SET;
        return copy_word(step->key, sizeof step->key, next_word(&rest), "the key", live) &&
               copy_word(step->value, sizeof step->value, next_word(&rest), "the value", live);
    }
    if (strcmp(verb, "unset") == 0) {
        step->verb = STEP_UNSET;
        return copy_word(step->key, sizeof step->key, next_word(&rest), "the key", live);
    }
    if (strcmp(verb, "rotate") == 0) {
        step->verb = STEP_ROTATE;
        return read_provider(live, next_word(&rest), &step->provider) &&
               read_overlap(live, rest, &step->overlap_us);
    }
    if (strcmp(verb, "note") == 0) {
        step->verb = STEP_NOTE;
        (void)snprintf(step->text, sizeof step->text, "%s", rest + strspn(rest, " \t"));
        return true;
    }
    static const struct {
        const char *word;
        enum step_verb verb;
    } plain[] = {{"redeploy", STEP_REDEPLOY},
                 {"request", STEP_REQUEST},
                 {"health", STEP_HEALTH_CHECK},
                 {"rollback", STEP_ROLLBACK}};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(verb, plain[i].word) != 0) continue;
        step->verb = plain[i].verb;
        return true;
    }
    say(live, live->now_us, "\"%s\" is nothing that can be done here; help says what is", verb);
    return false;
}

static void show_status(const struct drill_live *live)
{
    uint32_t count = 0;
    for (uint32_t r = 0; r < live->scenario->alerts.rule_count; r++) {
        for (unsigned s = 0; s < SCOPE_COUNT; s++) {
            if (!live->firing[r][s]) continue;
            count++;
            say(live, live->now_us, "firing: %s%s%s", live->scenario->alerts.rules[r].name,
                s < PROVIDER_COUNT ? ", " : "", s < PROVIDER_COUNT ? provider_traits[s].id : "");
        }
    }
    if (count == 0) say(live, live->now_us, "nothing that you were told of is firing");
}

static void add_step(struct drill_live *live, struct world *world, const struct step_spec *step)
{
    struct operator_spec *you = &live->scenario->drill.operators[0];
    if (you->step_count == STEPS_MAX) {
        say(live, live->now_us, "a drill has at most %d steps", STEPS_MAX);
        return;
    }
    you->steps[you->step_count++] = *step;
    world_operator_go(world, 0);
}

static void obey(struct drill_live *live, struct world *world, char *line)
{
    const char *word = line + strspn(line, " \t");
    if (*word == '\0') return;
    if (strcmp(word, "help") == 0) {
        fputs(help_text, live->console->err);
    } else if (strcmp(word, "status") == 0) {
        show_status(live);
    } else if (strcmp(word, "stop") == 0) {
        live->wants_stop = SIGINT;
    } else {
        /* Typing took its time already; only a deployment takes more. */
        struct step_spec step = {.place = typed,
                                 .provider = -1,
                                 .takes = {.kind = LAW_CONSTANT},
                                 .at_most_us = -1,
                                 .payload = live->scenario->profile,
                                 .store = true};
        if (!read_step(live, line, &step)) return;
        if (step.verb == STEP_REDEPLOY) step.takes.kind = LAW_KIND_COUNT;
        add_step(live, world, &step);
    }
}

static void take_characters(struct drill_live *live, struct world *world, const char *bytes,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] == '\n') {
            live->line[live->length] = '\0';
            if (live->too_long) {
                say(live, live->now_us, "that line is too long");
            } else {
                obey(live, world, live->line);
            }
            live->length = 0;
            live->too_long = false;
        } else if (bytes[i] == '\r') {
            continue;
        } else if (live->length + 1 < sizeof live->line) {
            live->line[live->length++] = bytes[i];
        } else {
            live->too_long = true;
        }
    }
}

/* A signal of the process stops the drill, and so does who types "stop". */
static void hear(void *context, struct world *world, int64_t now_us)
{
    struct drill_live *live = context;
    live->now_us = now_us;
    if (*live->stop != 0) live->wants_stop = *live->stop;
    while (live->asks && !live->input_over) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&input, 1, 0) <= 0) return;
        char bytes[256];
        const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (got <= 0) {
            live->input_over = true;
            return;
        }
        take_characters(live, world, bytes, (size_t)got);
    }
}

/* ---- making ready ---- */

/* You are the only operator; what is expected of others' steps is expected of nobody. */
static void take_over(struct scenario *scenario)
{
    struct drill_spec *drill = &scenario->drill;
    memset(drill->operators, 0, sizeof drill->operators);
    drill->operator_count = 1;
    struct operator_spec *you = &drill->operators[0];
    (void)strcpy(you->id, "you");
    you->place = typed;
    you->ack.kind = LAW_CONSTANT;
    you->ack_timeout_us = -1;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < drill->expect_count; i++) {
        if (drill->expects[i].kind != EXPECT_STEP) drill->expects[kept++] = drill->expects[i];
    }
    drill->expect_count = kept;
}

static bool usage(struct err_list *list, const char *message, const char *hint)
{
    struct err err;
    (void)err_fail(&err, ERR_USAGE, (struct place){0}, "%s", message);
    (void)err_hint(&err, "%s", hint);
    err_list_add(list, &err);
    return false;
}

bool drill_live_open(struct drill_live *live, const struct invocation *invocation,
                     struct console *console, struct scenario *scenario,
                     const volatile sig_atomic_t *stop, struct err_list *list)
{
    *live = (struct drill_live){.scenario = scenario,
                                .console = console,
                                .asks = invocation_on(invocation, OPTION_ASK),
                                .says = !console->quiet || invocation_on(invocation, OPTION_ASK),
                                .stop = stop};
    const char *speed_text = invocation->values[OPTION_SPEED].text;
    double speed = 1.0;
    if (speed_text != NULL && !drill_speed_read(speed_text, &speed)) {
        return usage(list, "--speed is how many times as fast", "write --speed 60x, 1x to 10000x");
    }
    struct notify_spec spec;
    if (!notify_read_options(invocation, &live->keys, &spec, list)) return false;
    if (speed > 1.0) drill_hasten(scenario, speed);
    if (live->asks) take_over(scenario);
    if (!spec.pagerduty && !spec.slack) return true;
    spec.drill = scenario->name;
    spec.started_unix_us = scenario->start_unix_us;
    struct err err;
    live->notify = notify_open(&spec, &err);
    if (live->notify != NULL) {
        struct text whom = {0};
        notify_describe(live->notify, &whom);
        fprintf(console->err, "routesim: alerts of this drill are told to %s\n",
                whom.bytes != NULL ? whom.bytes : "");
        text_release(&whom);
        return true;
    }
    err_list_add(list, &err);
    return false;
}

void drill_live_control(struct drill_live *live, struct world_control *control)
{
    control->noted = noted;
    control->noted_context = live;
    control->idle = hear;
    control->idle_context = live;
    control->stop = &live->wants_stop;
}

void drill_live_close(struct drill_live *live)
{
    if (live->notify == NULL) return;
    struct notify_summary summary;
    struct text text = {0};
    notify_close(live->notify, PATIENCE_US, &summary);
    live->notify = NULL;
    notify_describe_summary(&summary, &text);
    fprintf(live->console->err, "routesim: alerts told: %s\n",
            text.bytes != NULL ? text.bytes : "");
    text_release(&text);
}
