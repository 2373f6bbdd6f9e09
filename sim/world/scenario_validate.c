#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "providers/codec.h"
#include "router/base/duration.h"
#include "sim/world/scenario_keys.h"

/* The runbook's alert "High Latency": a timeout beyond it makes one slow provider raise the alarm.
 */
#define ALERT_P95_US (5 * US_PER_SECOND)

#define PLACE(member)                                                                              \
    scenario_place(scenario, &scenario->member, sizeof scenario->member, whole_file(scenario))

static struct place whole_file(const struct scenario *scenario)
{
    return (struct place){.file = scenario->file};
}

static bool is_given(const struct scenario *scenario, const void *address, size_t size)
{
    const struct place unseen = {.line = UINT32_MAX};
    return scenario_place(scenario, address, size, unseen).line != UINT32_MAX;
}
#define GIVEN(member)   is_given(scenario, &scenario->member, sizeof scenario->member)
#define REFUSED(member) scenario_is_refused(scenario, &scenario->member, sizeof scenario->member)

static bool all_zero(const double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] != 0.0) return false;
    }
    return true;
}

/* ---- span and workload ---- */

static void validate_span(const struct scenario *scenario, struct err_list *list)
{
    char duration[DURATION_TEXT_MAX];
    char warmup[DURATION_TEXT_MAX];
    duration_format(scenario->duration_us, duration);
    duration_format(scenario->warmup_us, warmup);
    if (scenario->warmup_us >= scenario->duration_us && !REFUSED(duration_us)) {
        err_add(list, PLACE(warmup_us), "measured are orders that start after the warm-up",
                "the warm-up of %s leaves nothing of a run of %s", warmup, duration);
    }
}

static void validate_replay(const struct scenario *scenario, struct err_list *list)
{
    const struct arrival_spec *arrivals = &scenario->workload.arrivals;
    if (arrivals->file[0] == '\0' && !REFUSED(workload.arrivals)) {
        err_add(list, PLACE(workload.arrivals.kind), NULL,
                "arrivals of the kind \"replay\" need a \"file\"");
    }
    if (arrivals->column[0] == '\0' && !REFUSED(workload.arrivals)) {
        err_add(list, PLACE(workload.arrivals.kind), NULL,
                "arrivals of the kind \"replay\" need a \"column\" of time stamps");
    }
    if (GIVEN(workload.arrivals.per_second)) {
        err_warn(list, PLACE(workload.arrivals.per_second), "\"speed\": 2 plays them twice as fast",
                 "\"rate\" means nothing where stamps are replayed");
    }
}

static void validate_arrivals(const struct scenario *scenario, struct err_list *list)
{
    const struct arrival_spec *arrivals = &scenario->workload.arrivals;
    if (arrivals->kind == ARRIVAL_REPLAY) {
        validate_replay(scenario, list);
    } else if (GIVEN(workload.arrivals.file)) {
        err_warn(list, PLACE(workload.arrivals.file), "say \"kind\": \"replay\" to use it",
                 "\"file\" means nothing for arrivals of the kind \"%s\"",
                 arrival_kind_names[arrivals->kind]);
    }
    if (arrivals->kind != ARRIVAL_GAMMA && GIVEN(workload.arrivals.shape)) {
        err_warn(list, PLACE(workload.arrivals.shape), "say \"kind\": \"gamma\" to use it",
                 "\"shape\" means nothing for arrivals of the kind \"%s\"",
                 arrival_kind_names[arrivals->kind]);
    }
    const bool profile = arrivals->kind == ARRIVAL_PROFILE;
    if (!profile &&
        (GIVEN(workload.arrivals.hour_share) || GIVEN(workload.arrivals.weekday_share))) {
        err_warn(list,
                 GIVEN(workload.arrivals.hour_share) ? PLACE(workload.arrivals.hour_share)
                                                     : PLACE(workload.arrivals.weekday_share),
                 "say \"kind\": \"profile\" to use them",
                 "shares of hours and weekdays mean nothing for arrivals of the kind \"%s\"",
                 arrival_kind_names[arrivals->kind]);
    }
    if (all_zero(arrivals->hour_share, 24)) {
        err_add(list, PLACE(workload.arrivals.hour_share), NULL, "no hour has a share above 0");
    }
    if (all_zero(arrivals->weekday_share, 7)) {
        err_add(list, PLACE(workload.arrivals.weekday_share), NULL,
                "no weekday has a share above 0");
    }
}

static void validate_carts(const struct scenario *scenario, struct err_list *list)
{
    const struct cart_spec *carts = &scenario->workload.carts;
    if (carts->kind == CART_REPLAY && carts->file[0] == '\0' && !REFUSED(workload.carts)) {
        err_add(list, PLACE(workload.carts.kind), NULL,
                "carts of the kind \"replay\" need a \"file\"");
    }
    if (carts->kind == CART_GENERATED && GIVEN(workload.carts.file)) {
        err_warn(list, PLACE(workload.carts.file), "say \"kind\": \"replay\" to use it",
                 "\"file\" means nothing for carts that are generated");
    }
    if (carts->lines > 0 && scenario->catalogue.size > 0 && !REFUSED(workload.carts) &&
        carts->kind == CART_GENERATED && carts->lines > scenario->catalogue.size) {
        err_add(list, PLACE(workload.carts.lines), NULL,
                "carts of %u lines need more products than the catalogue's %u",
                (unsigned)carts->lines, (unsigned)scenario->catalogue.size);
    }
    if (scenario->catalogue.file[0] == '\0' && scenario->catalogue.size == 0 &&
        !REFUSED(catalogue)) {
        err_add(list, PLACE(catalogue.size), "a size of 0 takes all products of a \"file\"",
                "a generated catalogue needs a size");
    }
}

static void validate_workload(const struct scenario *scenario, struct err_list *list)
{
    const struct workload_spec *workload = &scenario->workload;
    validate_arrivals(scenario, list);
    validate_carts(scenario, list);
    if (all_zero(workload->preferences, PREFERENCE_COUNT) && !REFUSED(workload.preferences)) {
        err_add(list, PLACE(workload.preferences), NULL, "no preference has a weight above 0");
    }
    if (workload->postal_count == 0 && !REFUSED(workload.postal_codes)) {
        err_add(list, PLACE(workload.postal_codes), NULL, "an order needs a postal code: list one");
    }
    if (workload->confirm + workload->cancel > 1.0 + 1e-12) {
        const struct place place =
            GIVEN(workload.cancel) ? PLACE(workload.cancel) : PLACE(workload.confirm);
        err_add(list, place,
                GIVEN(workload.confirm) ? NULL : "by default every routed order is confirmed",
                "shares of confirmed (%g) and cancelled (%g) orders sum to more than 1",
                workload->confirm, workload->cancel);
    }
    if (workload->confirm > 0 && workload->confirm_after_us > scenario->policy.confirm_life_us) {
        char life[DURATION_TEXT_MAX];
        duration_format(scenario->policy.confirm_life_us, life);
        err_warn(list, PLACE(workload.confirm_after_us), NULL,
                 "every confirmation comes too late: a decision can be confirmed for %s "
                 "(router.policy.confirm_life)",
                 life);
    }
}

/* ---- router ---- */

/* Whether the router took its timeout from this text; what it cannot use it has warned about. */
static bool is_timeout(const char *text, int64_t timeout_us)
{
    return strtoll(text, NULL, 10) == timeout_us / US_PER_MS;
}

static void warn_of_timeouts(const struct scenario *scenario, const struct router_config *config,
                             struct err_list *list)
{
    if (scenario->profile == PROFILE_AS_CODED) return; /* it does not read them */
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        char key[ENV_KEY_MAX];
        char timeout[DURATION_TEXT_MAX];
        (void)snprintf(key, sizeof key, "LOOPGPT_%s_TIMEOUT", provider_traits[p].key);
        const int64_t timeout_us = config->providers[p].timeout_us;
        if (timeout_us <= ALERT_P95_US) continue;
        for (uint32_t i = 0; i < scenario->env.count; i++) {
            const struct env_pair *pair = &scenario->env.pairs[i];
            if (strcmp(pair->key, key) != 0 || !is_timeout(pair->value, timeout_us)) continue;
            duration_format(timeout_us, timeout);
            err_warn(list, pair->place, "while it hangs, every order waits that long",
                     "a timeout of %s lies above the 5 s of the alert \"High Latency\"", timeout);
        }
    }
}

/* Tokens belong to no order, a confirmation must not be sent twice, and a health check measures. */
static void validate_hedge(const struct scenario *scenario, const struct router_config *config,
                           struct err_list *list)
{
    const struct hedge_policy *hedge = &scenario->policy.hedge;
    if (REFUSED(policy.hedge)) return;
    static const enum operation never[] = {OPERATION_TOKEN, OPERATION_CONFIRM, OPERATION_HEALTH};
    for (size_t i = 0; i < sizeof never / sizeof never[0]; i++) {
        if ((hedge->operation_mask >> never[i] & 1u) == 0) continue;
        err_add(list, PLACE(policy.hedge.operation_mask), NULL, "a %s call is never hedged",
                operation_names[never[i]]);
    }
    if (!hedge->enabled) return;
    int64_t longest_us = 0;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (config->providers[p].timeout_us > longest_us)
            longest_us = config->providers[p].timeout_us;
    }
    if (hedge->after_us < longest_us) return;
    err_warn(list, PLACE(policy.hedge.after_us), "a second call has to come within the timeout",
             "no quote is waited for that long: nothing will be hedged");
}

static void validate_router(const struct scenario *scenario, struct err_list *list)
{
    const uint64_t held[PROVIDER_COUNT] = {1, 1, 1, 1}; /* the right credentials, as by default */
    struct router_config config;
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, held, &config,
                list);
    warn_of_timeouts(scenario, &config, list);
    validate_hedge(scenario, &config, list);
    const struct retry_policy *retry = &scenario->policy.retry;
    if (retry->backoff_us_max < retry->backoff_us && !REFUSED(policy.retry)) {
        err_add(list, PLACE(policy.retry.backoff_us_max), NULL,
                "the longest wait between retries is shorter than the first");
    }
}

/* ---- providers ---- */

static void validate_history(const struct scenario *scenario, unsigned p, struct err_list *list)
{
    const struct history_spec *history = &scenario->providers[p].history;
    if (REFUSED(providers[p].history) || !GIVEN(providers[p].history)) return;
    if (history->orders <= 0) {
        err_add(list, PLACE(providers[p].history), NULL,
                "a history of no orders has no rates: give \"orders\" of %s",
                provider_traits[p].id);
    } else if (history->success_rate < 0) {
        err_add(list, PLACE(providers[p].history), NULL,
                "the history of %s lacks \"success_rate\", in percent", provider_traits[p].id);
    } else if (history->success_rate > 0 && history->success_rate <= 1.0) {
        err_warn(list, PLACE(providers[p].history.success_rate), "95 means 95%",
                 "\"success_rate\" is in percent; %g%% is next to nothing", history->success_rate);
    }
}

static void validate_credentials(const struct scenario *scenario, unsigned p, struct err_list *list)
{
    const struct credential_spec *credentials = &scenario->providers[p].backend.credentials;
    if (credentials->expires_at_us >= scenario->duration_us) {
        err_warn(list, PLACE(providers[p].backend.credentials.expires_at_us), NULL,
                 "the credential of %s expires after the run", provider_traits[p].id);
    }
    if (credentials->rotated_at_us >= scenario->duration_us) {
        err_warn(list, PLACE(providers[p].backend.credentials.rotated_at_us), NULL,
                 "the credential of %s is rotated after the run", provider_traits[p].id);
    }
}

static void validate_limits(struct scenario *scenario, unsigned p, struct err_list *list)
{
    struct limit_spec *limits = &scenario->providers[p].backend.limits;
    if (REFUSED(providers[p].backend.limits)) return;
    if (!GIVEN(providers[p].backend.limits.burst) && limits->per_second > 0) {
        limits->burst = fmax(1.0, limits->per_second); /* a second's worth */
    } else if (limits->per_second > 0 && limits->burst < 1.0) {
        err_add(list, PLACE(providers[p].backend.limits.burst), NULL,
                "a burst below 1 lets no call through");
    } else if (limits->per_second == 0 && GIVEN(providers[p].backend.limits.burst)) {
        err_warn(list, PLACE(providers[p].backend.limits.burst), NULL,
                 "\"burst\" means nothing without \"per_second\"");
    }
}

/* ---- how it is reached ---- */

/* Whether a URL leads to one of the vendors themselves: to the domain of any of their APIs, or to a
 * host in it. */
static bool leads_to_a_vendor(const char *base_url)
{
    const char *host = strstr(base_url, "://");
    if (host == NULL) return false;
    host += 3;
    size_t length = strcspn(host, ":/");
    while (length > 0 && host[length - 1] == '.')
        length--;
    for (unsigned i = 0; i < PROVIDER_COUNT * API_COUNT * 2; i++) {
        const enum provider p = (enum provider)(i % PROVIDER_COUNT);
        const enum api api = (enum api)(i / PROVIDER_COUNT % API_COUNT);
        const bool sandbox = i >= PROVIDER_COUNT * API_COUNT;
        const char *const url = api_exists(p, api) ? codec_base_url(p, api, sandbox) : NULL;
        if (url == NULL) continue;
        const char *domain = strrchr(url, '.');
        while (domain[-1] != '.' && domain[-1] != '/')
            domain--; /* "kroger.com" of "https://api.kroger.com" */
        const size_t wanted = strlen(domain);
        if (length < wanted || strncasecmp(host + length - wanted, domain, wanted) != 0) continue;
        if (length == wanted || host[length - wanted - 1] == '.') return true;
    }
    return false;
}

static void validate_base_url(const struct scenario *scenario, unsigned p, struct err_list *list)
{
    const struct provider_spec *provider = &scenario->providers[p];
    if (provider->base_url[0] == '\0' || provider->mode == MODE_REPLAY) return;
    struct http_place named = {.declared_mock = provider->mode == MODE_MOCK};
    struct err err = {.code = ERR_NONE};
    (void)snprintf(named.base_url, sizeof named.base_url, "%s", provider->base_url);
    struct place place = PLACE(providers[p].base_url);
    if (!http_place_check(&named, &err)) {
        if (strchr(provider->base_url, '@') != NULL) place.line = 0; /* no excerpt of a password */
        err_add(list, place, err.hint[0] != '\0' ? err.hint : NULL, "%s", err.message);
    } else if (provider->mode == MODE_MOCK && leads_to_a_vendor(provider->base_url)) {
        /* Mocks are called without limit, and asked to place orders. */
        err_add(list, place, "say \"mode\": \"live\", or name the address of a mock server",
                "%s is a mock here, and this is the address of a real provider",
                provider_traits[p].id);
    }
}

static void validate_reach(const struct scenario *scenario, unsigned p, struct err_list *list)
{
    const struct provider_spec *provider = &scenario->providers[p];
    const char *const id = provider_traits[p].id;
    if (!api_exists((enum provider)p, provider->backend.api)) {
        err_add(list, PLACE(providers[p].backend.api), "say \"api\": \"standard\"",
                "%s has no API \"%s\"", id, api_names[provider->backend.api]);
    }
    if (provider->mode == MODE_REPLAY && provider->cassette[0] == '\0') {
        err_add(list, PLACE(providers[p].mode), "`routesim run --record FILE` writes one",
                "%s is to be replayed and names no \"cassette\"", id);
    }
    if (provider->mode != MODE_REPLAY && GIVEN(providers[p].cassette)) {
        err_warn(list, PLACE(providers[p].cassette), "say \"mode\": \"replay\" to use it",
                 "\"cassette\" means nothing for a provider of the mode \"%s\"",
                 provider_mode_names[provider->mode]);
    }
    validate_base_url(scenario, p, list);
}

void scenario_validate(struct scenario *scenario, struct err_list *list)
{
    assert(scenario != NULL && list != NULL);
    validate_span(scenario, list);
    validate_workload(scenario, list);
    validate_router(scenario, list);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        validate_history(scenario, p, list);
        validate_credentials(scenario, p, list);
        validate_limits(scenario, p, list);
        validate_reach(scenario, p, list);
    }
    scenario_validate_laws(scenario, list);
    scenario_validate_faults(scenario, list);
    scenario_validate_cache(scenario, list);
    scenario_validate_alerts(scenario, list);
    scenario_validate_drill(scenario, list);
    scenario_validate_checks(scenario, list);
}
