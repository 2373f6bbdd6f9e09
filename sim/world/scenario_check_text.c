#include <stdio.h>
#include <string.h>

#include "sim/world/scenario_keys.h"

static const struct place from_shell = {.file = "--check"};

/* Copies `length` bytes without the spaces around them; false when that is nothing or too much. */
static bool take(char *into, size_t size, const char *from, size_t length)
{
    while (length > 0 && *from == ' ') {
        from++;
        length--;
    }
    while (length > 0 && from[length - 1] == ' ')
        length--;
    if (length == 0 || length >= size) return false;
    memcpy(into, from, length);
    into[length] = '\0';
    return true;
}

void scenario_add_check(struct scenario *scenario, const char *text, struct err_list *list)
{
    if (scenario->check_count == SCENARIO_CHECKS_MAX) {
        err_add(list, from_shell, NULL, "a scenario holds at most %d checks", SCENARIO_CHECKS_MAX);
        return;
    }
    struct check_spec check = {.place = from_shell};
    const size_t before = strcspn(text, "<>=!");
    const char *sign = text + before;
    for (unsigned op = 0; check_operator_names[op] != NULL; op++) { /* "<=" stands before "<" */
        const size_t length = strlen(check_operator_names[op]);
        if (strncmp(sign, check_operator_names[op], length) != 0) continue;
        check.op = (enum check_operator)op;
        if (!take(check.metric, sizeof check.metric, text, before)) break;
        if (!take(check.limit_text, sizeof check.limit_text, sign + length,
                  strlen(sign + length))) {
            break;
        }
        scenario->checks[scenario->check_count++] = check;
        return;
    }
    err_add(list, from_shell, "write --check 'router.p95_ms<=5000'",
            "\"%s\" is no check: metric, comparison, limit", text);
}
