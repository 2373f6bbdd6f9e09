#include "sim/command/notify.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "router/base/duration.h"
#include "router/base/memory.h"

enum {
    DEDUP_TEXT_MAX = 256,
    /* At the end everything that fires is resolved, whatever waits already. */
    ROOM = NOTIFY_QUEUE_MAX + ALERT_INSTANCES_MAX,
};

struct message { /* an alert, with all that it borrowed copied */
    bool resolved;
    enum webhook_severity severity;
    char dedup_key[DEDUP_TEXT_MAX];
    char rule[NOTIFY_NAME_MAX], instance[NOTIFY_NAME_MAX];
    char summary[NOTIFY_TEXT_MAX];
    int64_t at_unix_us;
    char names[WEBHOOK_DETAILS_MAX][NOTIFY_NAME_MAX];
    char values[WEBHOOK_DETAILS_MAX][NOTIFY_TEXT_MAX];
    uint32_t detail_count;
};

struct notify {
    struct notify_keys keys;
    char url[ENV_VALUE_MAX]; /* instead of their own; "": none */
    char ca_file[ENV_VALUE_MAX];
    char source[NOTIFY_TEXT_MAX];
    char prefix[DEDUP_TEXT_MAX / 2]; /* of dedup keys */
    struct webhook_limits limits;
    struct webhook_sender *senders[WEBHOOK_KIND_COUNT]; /* NULL: not told */
    pthread_t thread;
    atomic_bool stop; /* for the sender: at once */

    struct message *open; /* what fires, [ALERT_INSTANCES_MAX]; the caller's thread alone */
    uint32_t open_count;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    /* under the lock */
    struct message *queue; /* a ring of ROOM */
    uint32_t first, waiting;
    bool closing; /* nothing more will come */
    bool ended;   /* the thread has nothing more to do */
    struct notify_summary summary;
};

/* ---- time ------------------------------------------------------------------------------------ */

static struct timespec instant_after(int64_t span_us)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(span_us / US_PER_SECOND);
    at.tv_nsec += (long)(span_us % US_PER_SECOND) * 1000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

static bool make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) return false;
    const bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                      pthread_cond_init(condition, &attributes) == 0;
    (void)pthread_condattr_destroy(&attributes);
    return made;
}

/* ---- the sending thread ---------------------------------------------------------------------- */

static struct webhook_event event_of(const struct notify *notify, const struct message *message,
                                     struct webhook_detail details[WEBHOOK_DETAILS_MAX])
{
    for (uint32_t i = 0; i < message->detail_count; i++)
        details[i] = (struct webhook_detail){message->names[i], message->values[i]};
    return (struct webhook_event){.resolved = message->resolved,
                                  .severity = message->severity,
                                  .dedup_key = message->dedup_key,
                                  .summary = message->summary,
                                  .source = notify->source,
                                  .component = message->instance,
                                  .group = "",
                                  .class = message->rule,
                                  .at_unix_us = message->at_unix_us,
                                  .details = details,
                                  .detail_count = message->detail_count};
}

/* False: there is no more time. */
static bool wait_for(struct notify *notify, int64_t span_us)
{
    const struct timespec until = instant_after(span_us);
    int result = 0;
    (void)pthread_mutex_lock(&notify->lock);
    while (!atomic_load(&notify->stop) && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&notify->changed, &notify->lock, &until);
    (void)pthread_mutex_unlock(&notify->lock);
    return !atomic_load(&notify->stop);
}

static struct webhook_answer send_to(struct notify *notify, enum webhook_kind kind,
                                     const struct webhook_event *event)
{
    for (uint32_t attempts = 1;; attempts++) {
        const struct webhook_answer answer =
            webhook_post(notify->senders[kind], event, &notify->stop);
        const int64_t wait_us = webhook_wait_us(kind, &answer, attempts, &notify->limits);
        if (wait_us < 0 || !wait_for(notify, wait_us)) return answer;
    }
}

static void count(struct notify *notify, enum webhook_kind kind,
                  const struct webhook_answer *answer)
{
    (void)pthread_mutex_lock(&notify->lock);
    struct notify_count *const counted = &notify->summary.of[kind];
    if (answer->fate == WEBHOOK_TAKEN) {
        counted->sent++;
    } else {
        counted->failed++;
        memcpy(counted->why, answer->why, sizeof counted->why);
    }
    (void)pthread_mutex_unlock(&notify->lock);
}

static void send_message(struct notify *notify, const struct message *message)
{
    struct webhook_detail details[WEBHOOK_DETAILS_MAX];
    const struct webhook_event event = event_of(notify, message, details);
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++) {
        if (notify->senders[kind] == NULL) continue;
        const struct webhook_answer answer = send_to(notify, (enum webhook_kind)kind, &event);
        count(notify, (enum webhook_kind)kind, &answer);
    }
}

/* Waits for the next one. False: there will be none. */
static bool take_message(struct notify *notify, struct message *message)
{
    (void)pthread_mutex_lock(&notify->lock);
    while (notify->waiting == 0 && !notify->closing)
        (void)pthread_cond_wait(&notify->changed, &notify->lock);
    const bool taken = notify->waiting > 0 && !atomic_load(&notify->stop);
    if (taken) {
        *message = notify->queue[notify->first];
        notify->first = (notify->first + 1) % ROOM;
        notify->waiting--;
    } else {
        notify->ended = true;
        (void)pthread_cond_broadcast(&notify->changed);
    }
    (void)pthread_mutex_unlock(&notify->lock);
    return taken;
}

static void *send_all(void *context)
{
    struct notify *const notify = context;
    struct message message;
    while (take_message(notify, &message))
        send_message(notify, &message);
    return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static bool missing(const char *key, enum webhook_kind kind, struct err *err)
{
    (void)err_fail(err, ERR_INPUT, (struct place){0}, "%s is not set: %s cannot be told", key,
                   webhook_kind_names[kind]);
    return err_hint(err, "set it in the environment, or in a private file given by --env-file");
}

static bool open_sender(struct notify *notify, enum webhook_kind kind, const char *own_url,
                        struct err *err)
{
    const struct webhook_target target = {
        .kind = kind,
        .url = notify->url[0] != '\0' ? notify->url : own_url,
        .routing_key = kind == WEBHOOK_PAGERDUTY ? notify->keys.pagerduty : "",
        .ca_file = notify->ca_file[0] != '\0' ? notify->ca_file : NULL};
    if (!webhook_check(&target, err)) return false;
    notify->senders[kind] = webhook_open(&target, &notify->limits, err);
    notify->summary.of[kind].asked = true;
    return notify->senders[kind] != NULL;
}

static bool open_senders(struct notify *notify, const struct notify_spec *spec, struct err *err)
{
    if (spec->pagerduty) {
        if (notify->keys.pagerduty[0] == '\0')
            return missing(NOTIFY_PAGERDUTY_KEY, WEBHOOK_PAGERDUTY, err);
        if (!open_sender(notify, WEBHOOK_PAGERDUTY, WEBHOOK_PAGERDUTY_URL, err)) return false;
    }
    if (!spec->slack) return true;
    if (notify->url[0] == '\0' && notify->keys.slack[0] == '\0')
        return missing(NOTIFY_SLACK_WEBHOOK, WEBHOOK_SLACK, err);
    return open_sender(notify, WEBHOOK_SLACK, notify->keys.slack, err);
}

/* False: too long. */
static bool copy(char *to, size_t size, const char *from)
{
    if (from == NULL) from = "";
    if (strlen(from) >= size) return false;
    (void)strcpy(to, from);
    return true;
}

static bool take_spec(struct notify *notify, const struct notify_spec *spec, struct err *err)
{
    char at[INSTANT_TEXT_MAX];
    notify->keys = *spec->keys;
    notify->limits = spec->limits;
    instant_format(spec->started_unix_us, at);
    (void)snprintf(notify->source, sizeof notify->source, "routesim drill %s", spec->drill);
    (void)snprintf(notify->prefix, sizeof notify->prefix, "routesim/%.60s/%s", spec->drill, at);
    if (copy(notify->url, sizeof notify->url, spec->url) &&
        copy(notify->ca_file, sizeof notify->ca_file, spec->ca_file)) {
        return true;
    }
    return err_fail(err, ERR_INPUT, (struct place){0},
                    "the URL of --notify-url, or the CA file, has more than %d bytes",
                    ENV_VALUE_MAX - 1);
}

static void release(struct notify *notify)
{
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++)
        webhook_close(notify->senders[kind]);
    free(notify->open);
    free(notify->queue);
    /* Not left in memory that others will get. */
    memset(&notify->keys, 0, sizeof notify->keys);
    free(notify);
}

static bool start(struct notify *notify)
{
    if (pthread_mutex_init(&notify->lock, NULL) != 0) return false;
    if (!make_condition(&notify->changed)) {
        (void)pthread_mutex_destroy(&notify->lock);
        return false;
    }
    /* Signals are for the thread that can act on them. */
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(&notify->thread, NULL, send_all, notify) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started) return true;
    (void)pthread_cond_destroy(&notify->changed);
    (void)pthread_mutex_destroy(&notify->lock);
    return false;
}

struct notify *notify_open(const struct notify_spec *spec, struct err *err)
{
    assert(spec->pagerduty || spec->slack);
    struct notify *const notify = memory_zeroed(sizeof *notify);
    if (notify == NULL) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for notifications");
        return NULL;
    }
    if (take_spec(notify, spec, err) && open_senders(notify, spec, err)) {
        notify->queue = memory_zeroed(ROOM * sizeof *notify->queue);
        notify->open = memory_zeroed(ALERT_INSTANCES_MAX * sizeof *notify->open);
        if (notify->queue != NULL && notify->open != NULL && start(notify)) return notify;
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                       "no thread, or no memory, for notifications");
    }
    release(notify);
    return NULL;
}

void notify_describe(const struct notify *notify, struct text *text)
{
    bool first = true;
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++) {
        if (notify->senders[kind] == NULL) continue;
        char shown[WEBHOOK_SHOWN_MAX];
        webhook_show_url(notify->url[0] != '\0'      ? notify->url
                         : kind == WEBHOOK_PAGERDUTY ? WEBHOOK_PAGERDUTY_URL
                                                     : notify->keys.slack,
                         shown);
        text_format(text, "%s%s (%s)", first ? "" : " and ", webhook_kind_names[kind], shown);
        first = false;
    }
}

/* ---- what is told ---------------------------------------------------------------------------- */

static enum webhook_severity severity_of(enum alert_severity severity)
{
    switch (severity) {
    case SEVERITY_PAGE:
        return WEBHOOK_CRITICAL;
    case SEVERITY_TICKET:
        return WEBHOOK_WARNING;
    case SEVERITY_INFO:
    case SEVERITY_COUNT:
        break;
    }
    return WEBHOOK_INFO;
}

static void take_alert(const struct notify *notify, const struct notify_alert *alert,
                       struct message *message)
{
    assert(alert->detail_count <= WEBHOOK_DETAILS_MAX);
    memset(message, 0, sizeof *message);
    message->resolved = alert->resolved;
    message->severity = severity_of(alert->severity);
    message->at_unix_us = alert->at_unix_us;
    message->detail_count = alert->detail_count;
    (void)snprintf(message->rule, sizeof message->rule, "%s", alert->rule);
    (void)snprintf(message->instance, sizeof message->instance, "%s", alert->instance);
    (void)snprintf(message->summary, sizeof message->summary, "%s", alert->summary);
    (void)snprintf(message->dedup_key, sizeof message->dedup_key, "%.100s/%.63s%s%.63s",
                   notify->prefix, alert->rule, alert->instance[0] == '\0' ? "" : "/",
                   alert->instance);
    for (uint32_t i = 0; i < alert->detail_count; i++) {
        (void)snprintf(message->names[i], NOTIFY_NAME_MAX, "%s", alert->details[i].name);
        (void)snprintf(message->values[i], NOTIFY_TEXT_MAX, "%s", alert->details[i].value);
    }
}

/* Under the lock. False: there is no room. */
static bool put_last(struct notify *notify, const struct message *message, uint32_t room)
{
    if (notify->waiting >= room) {
        for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++)
            notify->summary.of[kind].dropped += notify->senders[kind] != NULL;
        return false;
    }
    notify->queue[(notify->first + notify->waiting++) % ROOM] = *message;
    (void)pthread_cond_broadcast(&notify->changed);
    return true;
}

/* Keeps the list of what fires, as far as anybody was told. */
static void remember(struct notify *notify, const struct message *message)
{
    uint32_t at = 0;
    while (at < notify->open_count && strcmp(notify->open[at].dedup_key, message->dedup_key) != 0)
        at++;
    if (message->resolved) {
        if (at < notify->open_count) notify->open[at] = notify->open[--notify->open_count];
    } else if (at < ALERT_INSTANCES_MAX) {
        notify->open[at] = *message;
        if (at == notify->open_count) notify->open_count++;
    }
}

void notify_alert(struct notify *notify, const struct notify_alert *alert)
{
    struct message message;
    take_alert(notify, alert, &message);
    (void)pthread_mutex_lock(&notify->lock);
    const bool queued = put_last(notify, &message, NOTIFY_QUEUE_MAX);
    (void)pthread_mutex_unlock(&notify->lock);
    if (queued) remember(notify, &message); /* a lost end is made good by notify_close() */
}

/* ---- the end --------------------------------------------------------------------------------- */

static int64_t unix_now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

/* Under the lock. */
static void resolve_all(struct notify *notify)
{
    for (uint32_t i = 0; i < notify->open_count; i++) {
        struct message *const message = &notify->open[i];
        message->resolved = true;
        message->at_unix_us = unix_now_us();
        message->detail_count = 1;
        (void)strcpy(message->names[0], "Why");
        (void)strcpy(message->values[0], "the drill is over; the alert was firing still");
        (void)put_last(notify, message, ROOM);
    }
}

void notify_close(struct notify *notify, int64_t patience_us, struct notify_summary *summary)
{
    const struct timespec until = instant_after(patience_us < 0 ? 0 : patience_us);
    int result = 0;
    (void)pthread_mutex_lock(&notify->lock);
    resolve_all(notify);
    notify->closing = true;
    (void)pthread_cond_broadcast(&notify->changed);
    while (!notify->ended && result != ETIMEDOUT)
        result = pthread_cond_timedwait(&notify->changed, &notify->lock, &until);
    atomic_store(&notify->stop, true);
    (void)pthread_cond_broadcast(&notify->changed);
    (void)pthread_mutex_unlock(&notify->lock);

    (void)pthread_join(notify->thread, NULL);
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++)
        notify->summary.of[kind].dropped += notify->senders[kind] != NULL ? notify->waiting : 0;
    *summary = notify->summary;
    (void)pthread_cond_destroy(&notify->changed);
    (void)pthread_mutex_destroy(&notify->lock);
    release(notify);
}

void notify_describe_summary(const struct notify_summary *summary, struct text *text)
{
    bool first = true;
    for (int kind = 0; kind < WEBHOOK_KIND_COUNT; kind++) {
        const struct notify_count *const counted = &summary->of[kind];
        if (!counted->asked) continue;
        text_format(text, "%s%s: %u sent", first ? "" : "; ", webhook_kind_names[kind],
                    (unsigned)counted->sent);
        if (counted->failed > 0)
            text_format(text, ", %u failed (%s)", (unsigned)counted->failed, counted->why);
        if (counted->dropped > 0)
            text_format(text, ", %u not sent: no time or room was left",
                        (unsigned)counted->dropped);
        first = false;
    }
}
