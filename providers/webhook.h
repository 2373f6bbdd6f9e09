/* providers/webhook.h - tells PagerDuty or Slack of an alert, for real.
 *
 * Nothing in routesim calls this unless it was asked to: a drill's alerts are simulated, and so are
 * those whom they wake. Who asks gets one POST an alert and one when it is over.
 *
 * PagerDuty, Events API v2: POST https://events.pagerduty.com/v2/enqueue, one JSON object
 *
 *   routing_key      the integration key of a service, 32 characters; the only proof of who asks
 *   event_action     "trigger", or "resolve" when it is over ("acknowledge" is a person's)
 *   dedup_key        at most 255 characters; events of one key are one alert, and "resolve" needs
 * it payload          of a trigger: summary (at most 1024 characters), source, severity (critical,
 *                    error, warning, info); timestamp (ISO 8601), component, group, class,
 *                    custom_details (an object) where wanted
 *   client           who monitors
 *
 * Answers: 202 when it was taken in (which is not yet an incident), 400 with "message" and "errors"
 * when it is no event, 429 when a key sends too many, 5xx when the same may be sent again. An event
 * has at most 512 KB. Severities are mapped so: page critical, ticket warning, info info.
 *
 * Slack, incoming webhook: POST https://hooks.slack.com/services/T.../B.../..., where the URL
 * itself is the secret. One JSON object: "text" is what notifications and old clients show,
 * "blocks" what the channel shows: a header (plain text, at most 150 characters), a section of at
 * most ten fields (mrkdwn, each at most 2000 characters; & < > are escaped) and a context line.
 * Answers are words: 200 "ok"; 400 invalid_payload; 403 action_prohibited; 404 channel_not_found,
 * no_service; 410 channel_is_archived; 429 with Retry-After in seconds: about one message a second
 * is meant.
 *
 * Trust: as providers/http_client.h. TLS is verified, chain and host name, by the system's or the
 * target's CA file, and nothing switches that off; http: is for this machine's loopback alone,
 * whatever a name resolves to; redirects are not followed, there is no proxy, no .netrc. Of an
 * answer at most WEBHOOK_BODY_BYTES_MAX are read.
 *
 * Secrets: a URL's path and the routing key stand in no message. What a server says is repeated
 * only when no part of them is in it.
 *
 * Ownership: a target's texts are borrowed for as long as its sender lives. One thread a sender.
 * Failure:   webhook_check(): what cannot be a target. webhook_open(): out of memory. Posting
 * cannot fail: what became of it is an answer.
 */
#ifndef PROVIDERS_WEBHOOK_H
#define PROVIDERS_WEBHOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "router/base/err.h"
#include "router/base/text.h"

#define WEBHOOK_PAGERDUTY_URL "https://events.pagerduty.com/v2/enqueue"

enum {
    WEBHOOK_ROUTING_KEY_LENGTH = 32,
    WEBHOOK_DEDUP_KEY_MAX = 255, /* characters, as all of these but the last */
    WEBHOOK_SUMMARY_MAX = 1024,
    WEBHOOK_HEADER_MAX = 150,
    WEBHOOK_FIELD_MAX = 2000,
    WEBHOOK_DETAILS_MAX = 8, /* with severity and state they are Slack's ten fields */
    WEBHOOK_BODY_BYTES_MAX = 4096,
};

/* ---- what is said ---- */

enum webhook_severity { WEBHOOK_CRITICAL, WEBHOOK_WARNING, WEBHOOK_INFO, WEBHOOK_SEVERITY_COUNT };
extern const char *const webhook_severity_names[WEBHOOK_SEVERITY_COUNT];

struct webhook_detail {
    const char *name, *value;
};

struct webhook_event {
    bool resolved;
    enum webhook_severity severity;
    const char *dedup_key; /* the same when it fires and when it is over; never "" */
    const char *summary;   /* one sentence */
    const char *source;    /* what is ill: "routesim drill kroger-outage" */
    const char *component; /* a provider; "": none, here and below */
    const char *group;
    const char *class;
    int64_t at_unix_us;
    const struct webhook_detail *details;
    uint32_t detail_count; /* at most WEBHOOK_DETAILS_MAX */
};

/* Append the whole JSON object. What is too long is cut between characters and ends in "...". */
void webhook_put_pagerduty(struct text *text, const struct webhook_event *event,
                           const char *routing_key);
void webhook_put_slack(struct text *text, const struct webhook_event *event);

/* ---- whom it is said to ---- */

enum webhook_kind { WEBHOOK_PAGERDUTY, WEBHOOK_SLACK, WEBHOOK_KIND_COUNT };
extern const char *const webhook_kind_names[WEBHOOK_KIND_COUNT]; /* "PagerDuty", "Slack" */

struct webhook_target {
    enum webhook_kind kind;
    const char *url;
    const char *routing_key; /* PagerDuty's; "" else */
    const char *ca_file;     /* PEM; NULL: the system's */
};

/* A URL that may be posted to and, for PagerDuty, a key that may be one. */
bool webhook_check(const struct webhook_target *target, struct err *err);

/* "https://hooks.slack.com/...": the part of a URL that may be shown. */
enum { WEBHOOK_SHOWN_MAX = 128 };
void webhook_show_url(const char *url, char text[static WEBHOOK_SHOWN_MAX]);

/* ---- what becomes of it ---- */

enum webhook_fate {
    WEBHOOK_TAKEN,      /* 2xx */
    WEBHOOK_REFUSED,    /* any other status: the same would be refused again */
    WEBHOOK_LIMITED,    /* 429 */
    WEBHOOK_BROKEN,     /* 5xx */
    WEBHOOK_UNREACHED,  /* no address, no connection: nothing of it was sent */
    WEBHOOK_UNTRUSTED,  /* no TLS, or a certificate that is not good: nothing was sent */
    WEBHOOK_UNANSWERED, /* sent, and nobody knows what became of it */
    WEBHOOK_STOPPED,    /* by the caller */
    WEBHOOK_FATE_COUNT
};
extern const char *const webhook_fate_names[WEBHOOK_FATE_COUNT];

enum { WEBHOOK_WHY_MAX = 256 };
struct webhook_answer {
    enum webhook_fate fate;
    uint16_t status;           /* 0: none */
    int64_t retry_after_us;    /* -1: not stated */
    char why[WEBHOOK_WHY_MAX]; /* "HTTP 400: Event object is invalid"; "" when it was taken */
};

struct webhook_limits {
    int64_t connect_us, total_us; /* of one attempt, TLS in the first */
    uint32_t attempts_max;
    int64_t first_wait_us, wait_max_us;
};
extern const struct webhook_limits webhook_limits_default; /* 3 s, 10 s, 4, 1 s, 30 s */

/* How long to wait before the next attempt after `attempts` of them (from 1); -1: there is none.
 * 429, 5xx and what was not reached are tried again, after first_wait doubled each time or what
 * Retry-After says, whichever is longer; not when that is longer than wait_max. What is unanswered
 * is sent again to PagerDuty only, where the key makes one alert of two events. */
int64_t webhook_wait_us(enum webhook_kind kind, const struct webhook_answer *answer,
                        uint32_t attempts, const struct webhook_limits *limits);

struct webhook_sender; /* for one target; each attempt has a connection of its own */

struct webhook_sender *webhook_open(const struct webhook_target *target,
                                    const struct webhook_limits *limits, struct err *err);
void webhook_close(struct webhook_sender *sender); /* NULL is fine */

/* One attempt, in at most total_us. `stop`, when not NULL, ends it within a second or so. */
struct webhook_answer webhook_post(struct webhook_sender *sender, const struct webhook_event *event,
                                   const atomic_bool *stop);

#endif
