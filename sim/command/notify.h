/* sim/command/notify.h - tells PagerDuty and Slack of a drill's alerts while it runs, for real.
 *
 * Off unless asked for: `drill --clock real --notify-pagerduty --notify-slack`. The keys come from
 * a private file (--env-file) or the process's environment, the file first, never from the command
 * line, where others could read them:
 *
 *   ROUTESIM_PAGERDUTY_KEY    the integration key of a service (Events API v2)
 *   ROUTESIM_SLACK_WEBHOOK    the URL of an incoming webhook
 *
 * --notify-url URL is posted to instead of both, which tests and relays want; a key of PagerDuty's
 * is wanted even so. What is posted, and whom it trusts: providers/webhook.h.
 *
 * A drill is never held up: notify_alert() copies what it is told into a queue and returns, and one
 * thread sends, in order, each to PagerDuty and then to Slack, trying again as webhook_wait_us()
 * says. Past NOTIFY_QUEUE_MAX waiting ones what comes is dropped, and counted. An alert and its end
 * have one dedup key, "routesim/DRILL/START/RULE/INSTANCE", so that two drills are never one alert.
 * Whatever still fires when the drill ends is resolved, so that no incident stays open.
 *
 * Ownership: notify_open() copies keys and URLs. Any one thread calls; the sending one is its own.
 * Failure:   notify_open(): a key or URL that is missing or no good (ERR_INPUT), no thread. After
 *            that nothing fails: the summary says what was sent and what was not, and why.
 */
#ifndef SIM_COMMAND_NOTIFY_H
#define SIM_COMMAND_NOTIFY_H

#include "providers/webhook.h"
#include "router/config.h"
#include "sim/command/invocation.h"
#include "sim/world/alert.h"

#define NOTIFY_PAGERDUTY_KEY "ROUTESIM_PAGERDUTY_KEY"
#define NOTIFY_SLACK_WEBHOOK "ROUTESIM_SLACK_WEBHOOK"

enum { NOTIFY_QUEUE_MAX = 256, NOTIFY_NAME_MAX = 64, NOTIFY_TEXT_MAX = 320 };

/* ---- keys ---- */

struct notify_keys { /* "": not set */
    char pagerduty[ENV_VALUE_MAX];
    char slack[ENV_VALUE_MAX];
};

/* `env_file` NULL: the process's environment alone. */
bool notify_read_keys(const char *env_file, struct notify_keys *keys, struct err_list *list);

/* Takes both keys out of what an env file gave to the router, which does not read them. */
void notify_forget_keys(struct env *env);

/* ---- sending ---- */

struct notify_spec {
    bool pagerduty, slack; /* whom; not neither */
    const struct notify_keys *keys;
    const char *url;     /* --notify-url; NULL: their own */
    const char *ca_file; /* NULL: the system's */
    const char *drill;   /* its name */
    int64_t started_unix_us;
    struct webhook_limits limits; /* webhook_limits_default */
};

/* What --notify-pagerduty, --notify-slack and --notify-url ask for, with the keys that it needs read
 * into `keys`, which `spec` borrows. Whether anybody is to be told: spec->pagerduty or slack. The
 * drill's name and start are the caller's to fill in. False: `list` says why. */
bool notify_read_options(const struct invocation *invocation, struct notify_keys *keys,
                         struct notify_spec *spec, struct err_list *list);

struct notify_alert {
    bool resolved;
    enum alert_severity severity; /* page: critical, ticket: warning, info: info */
    const char *rule;
    const char *instance; /* a provider's id; "": the rule has but one */
    const char *summary;  /* a sentence; cut at NOTIFY_TEXT_MAX, details' texts too */
    int64_t at_unix_us;
    const struct webhook_detail *details; /* copied; the names are cut at NOTIFY_NAME_MAX */
    uint32_t detail_count;                /* at most WEBHOOK_DETAILS_MAX */
};

struct notify_count {
    bool asked;    /* it was to be told at all */
    uint32_t sent; /* taken in by it */
    uint32_t failed;
    uint32_t dropped;          /* the queue was full, or the drill was over */
    char why[WEBHOOK_WHY_MAX]; /* of the last that failed; shows no secret */
};
struct notify_summary {
    struct notify_count of[WEBHOOK_KIND_COUNT];
};

struct notify;

struct notify *notify_open(const struct notify_spec *spec, struct err *err);

/* Whom it tells: "PagerDuty (https://events.pagerduty.com/...) and Slack (...)". */
void notify_describe(const struct notify *notify, struct text *text);

/* Never waits for anybody. */
void notify_alert(struct notify *notify, const struct notify_alert *alert);

/* Resolves what fires still, waits at most `patience_us` for what is queued, then gives up the rest
 * within a second or so. `notify` is gone. */
void notify_close(struct notify *notify, int64_t patience_us, struct notify_summary *summary);

/* "PagerDuty: 3 sent; Slack: 2 sent, 1 failed (HTTP 404: no_service)". */
void notify_describe_summary(const struct notify_summary *summary, struct text *text);

#endif
