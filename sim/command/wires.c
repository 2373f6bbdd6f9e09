#include "sim/command/wires.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sim/command/command.h"

bool wires_read(const struct invocation *invocation, const struct scenario *scenario,
                struct wire_spec *spec, struct err *err)
{
    const bool live = wire_is_live(scenario);
    *spec = (struct wire_spec){.clock = (enum wire_clock)invocation->values[OPTION_CLOCK].choice};
    if (live && !invocation_given(invocation, OPTION_CLOCK)) spec->clock = WIRE_CLOCK_REAL;
    if (invocation_given(invocation, OPTION_WIRE)) {
        spec->kind = (enum wire_kind)invocation->values[OPTION_WIRE].choice;
    } else if (spec->clock == WIRE_CLOCK_REAL) {
        spec->kind = WIRE_HTTP;
    }
    spec->tls = invocation_on(invocation, OPTION_MOCK_TLS);
    if (spec->tls && spec->kind != WIRE_HTTP) {
        (void)err_fail(err, ERR_USAGE, (struct place){0}, "--tls needs --wire http");
        return err_hint(err, "only over HTTP is there anything to encrypt");
    }
    if (live) {
        spec->max_requests = (uint64_t)invocation->values[OPTION_MAX_REQUESTS].whole;
        spec->max_orders_per_s = invocation->values[OPTION_MAX_RATE].number;
    }
    if (spec->kind == WIRE_STRUCT && invocation_given(invocation, OPTION_RECORD)) {
        (void)err_fail(err, ERR_USAGE, (struct place){0},
                       "--record has nothing to keep: calls travel as structs");
        return err_hint(err, "say --wire bytes or --wire http");
    }
    return wire_check(spec, scenario, err);
}

/* What is missing for a provider to be called; false, with err filled. */
static bool has_credentials(const struct scenario *scenario, unsigned p, struct err *err)
{
    static const uint64_t nobody[PROVIDER_COUNT] = {0};
    struct router_config config;
    struct err_list ignored = {0};
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, nobody, &config,
                &ignored);
    const char *const id = provider_traits[p].id;
    const enum api api = scenario->providers[p].backend.api;
    bool there = config.providers[p].credential.fingerprint != 0;
    const char *keys =
        p == PROVIDER_KROGER_API ? "KROGER_CLIENT_ID and KROGER_CLIENT_SECRET" : "MEALME_API_KEY";
    if (p == PROVIDER_WALMART_API) {
        const bool is_signed = api == API_STANDARD;
        keys = is_signed ? "WALMART_CONSUMER_ID and WALMART_PRIVATE_KEY_FILE"
                         : "WALMART_PARTNER_ID and WALMART_API_KEY";
        there = env_get(&scenario->env,
                        is_signed ? "WALMART_PRIVATE_KEY_FILE" : "WALMART_API_KEY") != NULL;
    }
    if (p == PROVIDER_INSTACART) {
        const bool connect = api == API_STANDARD;
        keys = connect ? "INSTACART_CLIENT_ID and INSTACART_CLIENT_SECRET" : "INSTACART_API_KEY";
        there = env_get(&scenario->env,
                        connect ? "INSTACART_CLIENT_SECRET" : "INSTACART_API_KEY") != NULL;
    }
    if (there && config.providers[p].enabled && !config.providers[p].forced_mock) return true;
    if (!there) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                       "%s is to be live and has no credentials", id);
        return err_hint(err, "set %s in the environment, or in a private file given by --env-file",
                        keys);
    }
    (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                   "%s is to be live, and the router's configuration keeps it from being called",
                   id);
    return err_hint(err,
                    "LOOPGPT_ENABLE_%s has to be \"true\", LOOPGPT_%s_MOCK must not be; as_coded, "
                    "MealMe and Instacart are never called",
                    provider_traits[p].key, provider_traits[p].key);
}

void wires_describe(const struct scenario *scenario, const struct wire_spec *spec,
                    struct text *text)
{
    static const char *const ways[WIRE_KIND_COUNT] = {
        "mocks are asked in memory", "mocks are asked through both codecs, in memory",
        "mocks are HTTP servers of this process"};
    text_put(text, ways[spec->kind]);
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode != MODE_LIVE) continue;
        text_format(text, "; %s is the real one", provider_traits[p].id);
    }
    if (!wire_is_live(scenario)) return;
    text_format(text, ", at most %" PRIu64 " HTTP calls and %g orders a minute", spec->max_requests,
                spec->max_orders_per_s * 60);
}

static bool says_yes(struct console *console, const struct scenario *scenario,
                     const struct wire_spec *spec)
{
    struct text text = {0};
    wires_describe(scenario, spec, &text);
    fprintf(console->err, "%s.\nNothing is bought. Call real providers? Type yes: ",
            text.bytes != NULL ? text.bytes : "");
    fflush(console->err);
    text_release(&text);
    char answer[16] = "";
    if (fgets(answer, sizeof answer, stdin) == NULL) return false;
    answer[strcspn(answer, "\r\n")] = '\0';
    return strcmp(answer, "yes") == 0;
}

bool wires_may_go_live(const struct invocation *invocation, struct console *console,
                       const struct scenario *scenario, const struct wire_spec *spec, int *code)
{
    if (!wire_is_live(scenario)) return true;
    struct err err;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        if (scenario->providers[p].mode != MODE_LIVE) continue;
        if (has_credentials(scenario, p, &err)) continue;
        *code = console_error(console, &err, NULL);
        return false;
    }
    if (invocation_on(invocation, OPTION_YES_LIVE)) return true;
    if (isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0) {
        if (says_yes(console, scenario, spec)) return true;
        fputs("routesim: nothing was called\n", console->err);
        *code = EXIT_USAGE;
        return false;
    }
    (void)err_fail(&err, ERR_USAGE, (struct place){0},
                   "real providers are called only after a yes");
    (void)err_hint(&err, "say --yes-live");
    *code = console_error(console, &err, NULL);
    return false;
}
