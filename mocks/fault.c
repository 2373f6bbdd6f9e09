#include "mocks/fault.h"

#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "router/base/duration.h"

const char *const fault_kind_names[FAULT_KIND_COUNT + 1] = {
    [FAULT_HANG] = "hang",
    [FAULT_LATENCY] = "latency",
    [FAULT_ERROR] = "error",
    [FAULT_REFUSE] = "refuse",
    [FAULT_RESET] = "reset",
    [FAULT_DNS] = "dns",
    [FAULT_TLS] = "tls",
    [FAULT_THROTTLE] = "throttle",
    [FAULT_AUTH] = "auth",
    [FAULT_MALFORMED] = "malformed",
    [FAULT_TRUNCATED] = "truncated",
    [FAULT_SLOW_BODY] = "slow_body",
    [FAULT_EMPTY_RESULTS] = "empty_results",
    [FAULT_PARTIAL] = "partial",
    [FAULT_PRICE_DRIFT] = "price_drift",
    [FAULT_STALE_PRICES] = "stale_prices",
    [FAULT_CLOCK_SKEW] = "clock_skew",
    [FAULT_OUTAGE] = "outage",
    [FAULT_COMPROMISED] = "compromised",
};

const char *const fault_layer_names[LAYER_MODIFIER + 2] = {
    "dns", "connect", "tls", "transport", "status", "body", "modifier", NULL};

const char *const fault_auth_names[AUTH_KIND_COUNT + 1] = {"expired", "revoked", "wrong_scope",
                                                           "token_endpoint_down", NULL};

enum fault_layer fault_layer(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_DNS:
        return LAYER_DNS;
    case FAULT_REFUSE:
        return LAYER_CONNECT;
    case FAULT_TLS:
        return LAYER_TLS;
    case FAULT_HANG:
    case FAULT_RESET:
        return LAYER_TRANSPORT;
    case FAULT_ERROR:
    case FAULT_THROTTLE:
    case FAULT_AUTH:
        return LAYER_STATUS;
    case FAULT_MALFORMED:
    case FAULT_TRUNCATED:
    case FAULT_EMPTY_RESULTS:
        return LAYER_BODY;
    case FAULT_LATENCY:
    case FAULT_SLOW_BODY:
    case FAULT_PARTIAL:
    case FAULT_PRICE_DRIFT:
    case FAULT_STALE_PRICES:
    case FAULT_CLOCK_SKEW:
    case FAULT_OUTAGE:
    case FAULT_COMPROMISED:
    case FAULT_KIND_COUNT:
        break;
    }
    return LAYER_MODIFIER;
}

int64_t fault_end_us(const struct fault_spec *fault)
{
    return fault->for_us > INT64_MAX - fault->at_us ? INT64_MAX : fault->at_us + fault->for_us;
}

static bool flaps(const struct fault_spec *fault)
{
    return fault->flap_on_us > 0 && fault->flap_off_us > 0;
}

bool fault_is_on(const struct fault_spec *fault, int64_t now_us)
{
    if (now_us < fault->at_us || now_us >= fault_end_us(fault)) return false;
    if (!flaps(fault)) return true;
    return (now_us - fault->at_us) % (fault->flap_on_us + fault->flap_off_us) < fault->flap_on_us;
}

double fault_strength(const struct fault_spec *fault, int64_t now_us)
{
    if (!fault_is_on(fault, now_us)) return 0;
    const int64_t age_us = now_us - fault->at_us;
    if (age_us >= fault->ramp_us) return fault->fraction;
    return fault->fraction * ((double)age_us / (double)fault->ramp_us);
}

int64_t fault_next_change_us(const struct fault_spec *fault, int64_t now_us)
{
    const int64_t end_us = fault_end_us(fault);
    if (now_us < fault->at_us) return fault->at_us;
    if (now_us >= end_us) return INT64_MAX;
    if (!flaps(fault)) return end_us;
    const int64_t period_us = fault->flap_on_us + fault->flap_off_us;
    const int64_t age_us = (now_us - fault->at_us) % period_us;
    const int64_t next_us =
        now_us - age_us + (age_us < fault->flap_on_us ? fault->flap_on_us : period_us);
    return next_us < end_us ? next_us : end_us;
}

/* ---- a sentence for people ------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void say(char label[FAULT_LABEL_MAX],
                                                      const char *format, ...)
{
    const size_t length = strlen(label);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(label + length, FAULT_LABEL_MAX - length, format, arguments);
    va_end(arguments);
}

static void say_whose(const struct fault_spec *fault, char label[FAULT_LABEL_MAX])
{
    const struct provider_traits *last = NULL;
    unsigned count = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if ((fault->provider_mask >> p & 1u) == 0) continue;
        last = &provider_traits[p];
        count++;
    }
    if (count == 1)
        say(label, "%s: ", last->short_name);
    else if (count == PROVIDER_COUNT)
        say(label, "all providers: ");
    else
        say(label, "%u providers: ", count);
}

static void say_what(const struct fault_spec *fault, char label[FAULT_LABEL_MAX])
{
    char span[DURATION_TEXT_MAX];
    switch (fault->kind) {
    case FAULT_ERROR:
        say(label, "%u", fault->status);
        return;
    case FAULT_THROTTLE:
        say(label, "429");
        return;
    case FAULT_AUTH:
        say(label, "credential %s",
            fault->auth == AUTH_WRONG_SCOPE           ? "lacks its scope"
            : fault->auth == AUTH_TOKEN_ENDPOINT_DOWN ? "end point down"
                                                      : fault_auth_names[fault->auth]);
        return;
    case FAULT_LATENCY:
        say(label, "latency");
        if (fault->multiply > 0 && (fault->multiply < 1 || fault->multiply > 1)) {
            say(label, " x%g", fault->multiply);
        }
        if (fault->add_us != 0) {
            duration_format(fault->add_us, span);
            say(label, " +%s", span);
        }
        return;
    case FAULT_PRICE_DRIFT:
        say(label, "prices x%g", fault->price_factor);
        return;
    case FAULT_PARTIAL:
        say(label, "%g%% of items missing", 100 * fault->share);
        return;
    case FAULT_SLOW_BODY:
        say(label, "slow body x%g", fault->multiply);
        return;
    case FAULT_COMPROMISED:
        say(label, "stolen credential");
        return;
    case FAULT_EMPTY_RESULTS:
        say(label, "empty results");
        return;
    case FAULT_STALE_PRICES:
        say(label, "stale prices");
        return;
    case FAULT_CLOCK_SKEW:
        say(label, "clock skew");
        return;
    case FAULT_HANG:
    case FAULT_REFUSE:
    case FAULT_RESET:
    case FAULT_DNS:
    case FAULT_TLS:
    case FAULT_MALFORMED:
    case FAULT_TRUNCATED:
    case FAULT_OUTAGE:
        say(label, "%s", fault_kind_names[fault->kind]);
        return;
    case FAULT_KIND_COUNT:
        break;
    }
    assert(false);
}

/* "all calls", "search calls", "token and store calls", "calls of 3 kinds". */
static void say_calls(const struct fault_spec *fault, char label[FAULT_LABEL_MAX])
{
    const char *first = NULL, *second = NULL;
    unsigned count = 0;
    for (unsigned o = 0; o < OPERATION_COUNT; o++) {
        if ((fault->operation_mask >> o & 1u) == 0) continue;
        if (count++ == 0)
            first = operation_names[o];
        else
            second = operation_names[o];
    }
    if (count == 0 || count == OPERATION_COUNT)
        say(label, "all calls");
    else if (count == 1)
        say(label, "%s calls", first);
    else if (count == 2)
        say(label, "%s and %s calls", first, second);
    else
        say(label, "calls of %u kinds", count);
}

void fault_label(const struct fault_spec *fault, char label[FAULT_LABEL_MAX])
{
    label[0] = '\0';
    say_whose(fault, label);
    say_what(fault, label);
    if (fault->kind == FAULT_COMPROMISED) {
        say(label, ", %g calls a minute", fault->calls_per_minute);
    } else if (fault->fraction < 1) {
        say(label, " on %g%% of %s", 100 * fault->fraction, fault->per_call ? "calls" : "orders");
        if (fault->operation_mask != 0) {
            say(label, ", ");
            say_calls(fault, label);
        }
    } else {
        say(label, ", ");
        say_calls(fault, label);
    }
}
