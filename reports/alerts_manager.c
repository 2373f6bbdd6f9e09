/* The configuration of Alertmanager: who is told, after how long, and what keeps quiet meanwhile.
 */
#include <assert.h>
#include <string.h>

#include "reports/alerts_prometheus.h"

/* A matcher of Alertmanager knows the escapes \\, \" and \n and no others. */
static void put_matcher(struct text *yaml, const char *label, const char *value)
{
    struct text matcher = {0};
    text_format(&matcher, "%s=\"", label);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') text_char(&matcher, '\\');
        if (*at == '\n') {
            text_put(&matcher, "\\n");
        } else {
            text_char(&matcher, *at);
        }
    }
    text_char(&matcher, '"');
    alerts_put_quoted(yaml, matcher.bytes != NULL ? matcher.bytes : "");
    yaml->failed |= matcher.failed;
    text_release(&matcher);
}

/* ---- routes ---- */

static void put_wait(struct text *yaml, const char *indent, int64_t wait_us)
{
    text_format(yaml, "%sgroup_wait: ", indent);
    alerts_put_span(yaml, wait_us);
    text_char(yaml, '\n');
}

/* The first route that matches takes an alert, so a rule's own delay comes before its group. */
static void put_route_of_rule(struct text *yaml, const struct alert_rule *rule)
{
    text_put(yaml, "        - matchers: [");
    put_matcher(yaml, "alertname", rule->name);
    text_put(yaml, "]\n");
    text_format(yaml, "          group_by: [%s]\n",
                rule->group[0] != '\0' ? "alert_group" : "\"...\"");
    put_wait(yaml, "          ", rule->notify_us);
}

static bool is_first_of_group(const struct prometheus_export *export, uint32_t index)
{
    const struct alert_rule *rule = &export->rules[index];
    if (rule->group[0] == '\0') return false;
    for (uint32_t r = 0; r < index; r++) {
        const struct alert_rule *other = &export->rules[r];
        if (other->severity == rule->severity && strcmp(other->group, rule->group) == 0)
            return false;
    }
    return true;
}

static void put_route_of_group(struct text *yaml, const struct alert_rule *rule)
{
    text_put(yaml, "        - matchers: [");
    put_matcher(yaml, "alert_group", rule->group);
    text_put(yaml, "]\n          group_by: [alert_group]\n");
}

static void put_routes_below(struct text *yaml, const struct prometheus_export *export,
                             enum alert_severity severity)
{
    bool any = false;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (uint32_t r = 0; r < export->rule_count; r++) {
            const struct alert_rule *rule = &export->rules[r];
            const bool own = pass == 0 && rule->notify_us >= 0;
            const bool group = pass == 1 && is_first_of_group(export, r);
            if (rule->severity != severity || !(own || group)) continue;
            if (!any) text_put(yaml, "      routes:\n");
            any = true;
            if (own) {
                put_route_of_rule(yaml, rule);
            } else {
                put_route_of_group(yaml, rule);
            }
        }
    }
}

static void put_routes(struct text *yaml, const struct prometheus_export *export)
{
    text_format(yaml,
                "route:\n  receiver: \"%s\"\n  group_by: [\"...\"]\n"
                "  group_interval: 1m\n  repeat_interval: 4h\n  routes:\n",
                alert_route_names[SEVERITY_INFO]);
    for (unsigned s = 0; s < SEVERITY_COUNT; s++) {
        text_put(yaml, "    - matchers: [");
        put_matcher(yaml, "severity", alert_severity_names[s]);
        text_format(yaml, "]\n      receiver: \"%s\"\n", alert_route_names[s]);
        put_wait(yaml, "      ", export->notify_us[s]);
        put_routes_below(yaml, export, (enum alert_severity)s);
    }
}

/* ---- who keeps quiet ---- */

static const struct alert_rule *rule_named(const struct prometheus_export *export, const char *name)
{
    for (uint32_t r = 0; r < export->rule_count; r++)
        if (strcmp(export->rules[r].name, name) == 0) return &export->rules[r];
    return NULL;
}

static void put_inhibitions(struct text *yaml, const struct prometheus_export *export)
{
    bool any = false;
    for (uint32_t r = 0; r < export->rule_count; r++) {
        const struct alert_rule *quiet = &export->rules[r];
        const struct alert_rule *by = rule_named(export, quiet->suppressed_by);
        if (quiet->suppressed_by[0] == '\0' || by == NULL) continue;
        if (!any) text_put(yaml, "inhibit_rules:\n");
        any = true;
        text_put(yaml, "  - source_matchers: [");
        put_matcher(yaml, "alertname", by->name);
        text_put(yaml, "]\n    target_matchers: [");
        put_matcher(yaml, "alertname", quiet->name);
        text_put(yaml, "]\n");
        if (by->scope == SCOPE_EACH_PROVIDER && quiet->scope != SCOPE_ROUTER)
            text_put(yaml, "    equal: [provider]\n");
    }
}

void alerts_write_alertmanager(struct text *yaml, const struct prometheus_export *export)
{
    text_put(yaml,
             "# Who is told of the rules beside this file, for Alertmanager 0.22 and later. The\n"
             "# receivers have no addresses: add pagerduty_configs, slack_configs, email_configs.\n"
             "# Where our engine tells nothing of a second alert of a group that was told,\n"
             "# Alertmanager sends the group again after group_interval.\n");
    put_routes(yaml, export);
    text_put(yaml, "receivers:\n");
    for (unsigned s = 0; s < SEVERITY_COUNT; s++)
        text_format(yaml, "  - name: \"%s\"\n", alert_route_names[s]);
    put_inhibitions(yaml, export);
}
