#include "sim/command/wires.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "providers/cassette.h"
#include "providers/signing.h"
#include "sim/command/command.h"

/* A mock server elsewhere that speaks TLS. */
static bool is_secure_mock(const struct wire_spec *spec, const struct scenario *scenario,
                           unsigned p)
{
    return wire_reach(spec, scenario, (enum provider)p) == REACH_ELSEWHERE &&
           strncmp(scenario->providers[p].base_url, "https:", 6) == 0;
}

static bool read_ca(const struct invocation *invocation, const struct scenario *scenario,
                    struct wire_spec *spec, struct err *err)
{
    if (!option_belongs(OPTION_CA, invocation->command->command)) return true;
    if (!invocation_given(invocation, OPTION_CA)) return true;
    spec->ca_file = invocation->values[OPTION_CA].text;
    bool any = false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct http_place place = {.ca_file = spec->ca_file};
        if (!is_secure_mock(spec, scenario, p)) continue;
        if (!wire_find_place(scenario, (enum provider)p, &place, err)) return false;
        any = true;
    }
    if (any) return true;
    (void)err_fail(err, ERR_USAGE, (struct place){0},
                   "--ca is for mock servers elsewhere, in real time and by https, and this run "
                   "calls none");
    return err_hint(err, "such a provider is in the mode \"mock\" and has a \"base_url\"; real "
                         "ones are verified against the system's authorities alone");
}

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
    if (invocation_given(invocation, OPTION_RECORD) && scenario->replications > 1) {
        (void)err_fail(err, ERR_USAGE, (struct place){0},
                       "--record keeps the conversations of one replication, and this run has "
                       "%" PRIu32,
                       scenario->replications);
        return err_hint(err, "say --replications 1");
    }
    if (spec->clock == WIRE_CLOCK_REAL && invocation_on(invocation, OPTION_CHECK_DETERMINISM)) {
        (void)err_fail(
            err, ERR_USAGE, (struct place){0},
            "--check-determinism needs virtual time: no two runs in real time are alike");
        return err_hint(err, "`routesim verify --clock real` says how far they are apart");
    }
    return wire_check(spec, scenario, err) && read_ca(invocation, scenario, spec, err);
}

/* A key that cannot be loaded would only show when every call is refused. What the variable holds
 * is not shown: it may be the key itself. */
static bool key_file_is_good(const struct env *env, const char *key, struct err *err)
{
    struct err why = {.code = ERR_NONE};
    struct signer *const signer = signer_from_file(env_get(env, key), &why);
    signer_destroy(signer);
    if (signer != NULL) return true;
    (void)err_fail(err, why.code, (struct place){0}, "%s names no key that can be used: %s", key,
                   why.message);
    return why.hint[0] == '\0' ? false : err_hint(err, "%s", why.hint);
}

/* What is missing for a provider to be called; false, with err filled. */
static bool has_credentials(const struct scenario *scenario, unsigned p, struct err *err)
{
    const enum api api = scenario->providers[p].backend.api;
    const struct credential_keys *const keys = api_keys((enum provider)p, api);
    const char *const id = provider_traits[p].id;
    struct credential held;
    assert(keys != NULL); /* the scenario's reader knows the APIs */
    if (!config_read_pair(&scenario->env, keys, &held)) {
        (void)err_fail(err, ERR_ENVIRONMENT, (struct place){0},
                       "%s is to be live and has no credentials", id);
        return err_hint(err,
                        "set %s%s%s in the environment, or in a private file given by "
                        "--env-file",
                        keys->id != NULL ? keys->id : "", keys->id != NULL ? " and " : "",
                        keys->secret);
    }
    static const uint64_t nobody[PROVIDER_COUNT] = {0};
    struct router_config config;
    struct err_list ignored = {0};
    config_read(&scenario->env, scenario->profile, scenario->policy.live_adapters, nobody, &config,
                &ignored);
    if (!config.providers[p].enabled || config.providers[p].forced_mock) {
        (void)err_fail(err, ERR_INPUT, (struct place){.file = scenario->file},
                       "%s is to be live, and the router's configuration keeps it from being "
                       "called",
                       id);
        return err_hint(err,
                        "LOOPGPT_ENABLE_%s has to be \"true\", LOOPGPT_%s_MOCK must not be; "
                        "as_coded, MealMe and Instacart are never called",
                        provider_traits[p].key, provider_traits[p].key);
    }
    return !api_is_signed((enum provider)p, api) ||
           key_file_is_good(&scenario->env, keys->secret, err);
}

void wires_describe(const struct scenario *scenario, const struct wire_spec *spec,
                    struct text *text)
{
    static const char *const ways[WIRE_KIND_COUNT] = {
        "mocks are asked in memory", "mocks are asked through both codecs, in memory",
        "mocks are HTTP servers of this process"};
    const char *comma = "";
    bool own = false;
    for (unsigned p = 0; p < PROVIDER_COUNT; p++)
        own = own || wire_reach(spec, scenario, (enum provider)p) == REACH_OWN;
    if (own) {
        text_put(text, ways[spec->kind]);
        comma = "; ";
    }
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const char *const id = provider_traits[p].id;
        const char *const url = wire_base_url(scenario, (enum provider)p);
        switch (wire_reach(spec, scenario, (enum provider)p)) {
        case REACH_OWN:
            continue;
        case REACH_ELSEWHERE:
            text_format(text, "%s%s is a mock server at %s", comma, id, url != NULL ? url : "");
            break;
        case REACH_LIVE:
            text_format(text, "%s%s is the real one%s%s", comma, id, url != NULL ? " at " : "",
                        url != NULL ? url : "");
            break;
        case REACH_REPLAY:
            text_format(text, "%s%s is played back from %s", comma, id,
                        scenario->providers[p].cassette);
            break;
        }
        comma = "; ";
    }
    if (!wire_is_live(scenario)) return;
    text_format(text, ", at most %" PRIu64 " HTTP requests and %g orders a minute",
                spec->max_requests, spec->max_orders_per_s * 60);
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

/* Whoever asks for caps believes that somebody real is called. */
static void warn_of_idle_caps(const struct invocation *invocation, const struct console *console)
{
    static const enum option caps[] = {OPTION_MAX_REQUESTS, OPTION_MAX_RATE, OPTION_YES_LIVE};
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        if (!invocation_given(invocation, caps[i])) continue;
        fprintf(console->err, "routesim: warning: --%s means nothing: no provider is live\n",
                option_traits(caps[i])->name);
    }
}

/* Mocks are called without limit and asked to place orders, so who is taken for one is looked at
 * before anything is sent: by name, the scenario's reader has seen the literal addresses. */
static bool mocks_are_inside(const struct scenario *scenario, const struct wire_spec *spec,
                             struct err *err)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        struct http_place place = {0};
        if (wire_reach(spec, scenario, (enum provider)p) != REACH_ELSEWHERE) continue;
        if (!wire_find_place(scenario, (enum provider)p, &place, err)) return false;
        if (!http_place_check_inside(&place, err)) return false;
    }
    return true;
}

bool wires_may_go_live(const struct invocation *invocation, struct console *console,
                       const struct scenario *scenario, const struct wire_spec *spec, int *code)
{
    struct err err;
    if (!mocks_are_inside(scenario, spec, &err)) {
        *code = console_error(console, &err, NULL);
        return false;
    }
    if (!wire_is_live(scenario)) {
        warn_of_idle_caps(invocation, console);
        return true;
    }
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

void wires_head(const struct scenario *scenario, const struct wire_spec *spec,
                struct cassette_head *head)
{
    *head = (struct cassette_head){.scenario = scenario->name,
                                   .seed = scenario->seed_text,
                                   .clock = wire_clock_names[spec->clock],
                                   .start_unix_us = scenario->start_unix_us,
                                   .duration_us = scenario->duration_us,
                                   .order_gap_us = wire_order_gap_us(spec)};
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const enum wire_reach reach = wire_reach(spec, scenario, (enum provider)p);
        if (reach != REACH_REPLAY) head->providers |= 1u << p;
        if (reach == REACH_LIVE) head->live |= 1u << p;
    }
}
