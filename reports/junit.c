#include <string.h>

#include "reports/exports.h"
#include "reports/findings.h"
#include "reports/show.h"

static void put_attribute(struct text *text, const char *name, const char *value)
{
    text_format(text, " %s=\"", name);
    text_html(text, value);
    text_char(text, '"');
}

static void put_property(struct text *text, const char *name, const char *value)
{
    text_put(text, "      <property");
    put_attribute(text, "name", name);
    put_attribute(text, "value", value);
    text_put(text, "/>\n");
}

/* What was measured against what: "router.p95_ms was 5.21 s, limit <= 5 s". */
static void put_message(struct text *message, const struct result_check *check)
{
    text_format(message, "%s was ", check->metric);
    show_value(message, metric_traits[check->metric_id].unit, &check->measured);
    text_put(message, " (n = ");
    text_grouped(message, (int64_t)check->measured.n);
    text_format(message, "), limit %s %s", check_operator(check->op), check->limit_text);
    if (check->during[0] != '\0') text_format(message, ", during %s", check->during);
}

static void put_case(struct text *text, const struct result *result,
                     const struct result_check *check)
{
    struct text message = {0};
    put_message(&message, check);
    text_put(text, "    <testcase");
    put_attribute(text, "classname", result->scenario);
    put_attribute(text, "name", check->name);
    if (check->file != NULL) {
        put_attribute(text, "file", check->file);
        text_format(text, " line=\"%u\"", check->line);
    }
    text_put(text, " time=\"0\">\n");
    if (check->verdict != CHECK_PASSED) {
        text_put(text, check->verdict == CHECK_FAILED ? "      <failure type=\"check\""
                                                      : "      <skipped");
        put_attribute(text, "message", message.bytes != NULL ? message.bytes : "");
        text_put(text, "/>\n");
    } else {
        text_put(text, "      <system-out>");
        text_html(text, message.bytes != NULL ? message.bytes : "");
        text_put(text, "</system-out>\n");
    }
    text_put(text, "    </testcase>\n");
    if (message.failed) text->failed = true;
    text_release(&message);
}

static void put_stopped(struct text *text, const struct result *result)
{
    text_put(text, "    <testcase");
    put_attribute(text, "classname", result->scenario);
    text_put(text, " name=\"the run reaches its end\" time=\"0\">\n      <error type=\"stopped\"");
    put_attribute(text, "message",
                  result->stopped_by[0] != '\0' ? result->stopped_by : "stopped early");
    text_put(text, "/>\n    </testcase>\n");
}

static void put_deaf(struct text *text, const struct result *result)
{
    struct text finding = {0};
    finding_live(result, &finding);
    text_put(text, "    <testcase");
    put_attribute(text, "classname", result->scenario);
    text_put(text,
             " name=\"a real provider answers\" time=\"0\">\n      <error type=\"unreachable\"");
    put_attribute(text, "message", finding.bytes != NULL ? finding.bytes : "");
    text_put(text, "/>\n    </testcase>\n");
    text_release(&finding);
}

static void put_unanswered(struct text *text, const struct result *result)
{
    struct text finding = {0};
    finding_replay(result, &finding);
    text_put(text, "    <testcase");
    put_attribute(text, "classname", result->scenario);
    text_put(text, " name=\"every call has a recorded answer\" time=\"0\">\n      <error "
                   "type=\"unanswered\"");
    put_attribute(text, "message", finding.bytes != NULL ? finding.bytes : "");
    text_put(text, "/>\n    </testcase>\n");
    text_release(&finding);
}

static void put_counts(struct text *text, const struct result *result)
{
    const unsigned errors = (result->complete ? 0u : 1u) + (result_is_deaf(result) ? 1u : 0u) +
                            (result_lacks_answers(result) ? 1u : 0u);
    text_format(text, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"0\"",
                result->check_count + errors, result->checks_failed, errors,
                result->checks_inconclusive);
}

void junit_write(struct text *text, const struct result *result)
{
    text_put(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    put_attribute(text, "name", result->program);
    put_counts(text, result);
    text_put(text, ">\n  <testsuite");
    put_attribute(text, "name", result->scenario);
    put_counts(text, result);
    text_put(text, ">\n    <properties>\n");
    put_property(text, "seed", result->seed_text);
    put_property(text, "command", result->command);
    text_put(text, "    </properties>\n");
    for (uint32_t i = 0; i < result->check_count; i++)
        put_case(text, result, &result->checks[i]);
    if (!result->complete) put_stopped(text, result);
    if (result_is_deaf(result)) put_deaf(text, result);
    if (result_lacks_answers(result)) put_unanswered(text, result);
    text_put(text, "  </testsuite>\n</testsuites>\n");
}
