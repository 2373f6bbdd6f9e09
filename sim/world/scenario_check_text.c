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
        const char *limit = sign + length;
        const char *during = strstr(limit, " during ");
        const size_t limit_length = during != NULL ? (size_t)(during - limit) : strlen(limit);
        if (!take(check.limit_text, sizeof check.limit_text, limit, limit_length)) break;
        if (during != NULL &&
            !take(check.during, sizeof check.during, during + 8, strlen(during + 8))) {
            break;
        }
        scenario->checks[scenario->check_count++] = check;
        return;
    }
    err_add(list, from_shell,
            "write --check 'router.p95_ms<=5s', or 'router.p95_ms<=5s during FAULT'",
            "\"%s\" is no check: metric, comparison, limit", text);
}
