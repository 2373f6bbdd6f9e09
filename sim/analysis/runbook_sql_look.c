/* What is said of a query and its values: texts that columns are compared with, values as shown. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "router/base/text.h"
#include "sim/analysis/runbook_sql_state.h"

struct literals {
    struct sql_literal *items;
    uint32_t count, capacity;
};

static void keep(struct literals *literals, const struct sql_node *column,
                 const struct sql_node *text, bool pattern)
{
    if (column->kind == SQL_CALL && column->count == 1) column = column->children[0]; /* LOWER(x) */
    if (column->kind != SQL_COLUMN || text->kind != SQL_LITERAL || text->value.type != SQL_TEXT)
        return;
    if (literals->count == literals->capacity) return;
    literals->items[literals->count++] = (struct sql_literal){.column = column->name,
                                                              .text = text->value.text,
                                                              .pattern = pattern,
                                                              .offset = text->offset,
                                                              .length = text->length};
}

static void look_at_query(struct literals *literals, const struct sql_select *select);

static void look_at(struct literals *literals, const struct sql_node *node)
{
    if (node == NULL) return;
    if (node->kind == SQL_BINARY && node->operation >= SQL_EQUAL && node->operation <= SQL_ILIKE) {
        const bool pattern = node->operation >= SQL_LIKE;
        keep(literals, node->children[0], node->children[1], pattern);
        keep(literals, node->children[1], node->children[0], pattern);
    }
    for (uint32_t i = 1; node->kind == SQL_IN && i < node->count; i++)
        keep(literals, node->children[0], node->children[i], false);
    for (uint32_t i = 0; i < node->count; i++)
        look_at(literals, node->children[i]);
    look_at(literals, node->filter);
    look_at(literals, node->within);
    if (node->query != NULL) look_at_query(literals, node->query);
}

static void look_at_list(struct literals *literals, const struct sql_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        look_at(literals, list->items[i].node);
}

static void look_at_query(struct literals *literals, const struct sql_select *select)
{
    for (uint32_t i = 0; i < select->with_count; i++)
        look_at_query(literals, select->with[i].select);
    if (select->from != NULL) look_at_query(literals, select->from);
    look_at_list(literals, &select->items);
    look_at(literals, select->where);
    look_at_list(literals, &select->groups);
    look_at(literals, select->having);
    look_at_list(literals, &select->orders);
}

uint32_t sql_literals(const struct sql_select *select, struct sql_literal *literals,
                      uint32_t capacity)
{
    struct literals found = {.items = literals, .capacity = capacity};
    look_at_query(&found, select);
    return found.count;
}

void sql_title(const struct sql_select *select, struct text *text)
{
    const struct sql_select *inner = select;
    while (inner->from != NULL)
        inner = inner->from;
    text_put(text, inner->table != NULL ? inner->table : "no table");
    for (uint32_t i = 0; i < select->items.count && text->length < 100; i++) {
        const struct sql_item *const item = &select->items.items[i];
        text_put(text, i == 0 ? ": " : ", ");
        text_put(text, item->alias != NULL            ? item->alias
                       : item->node->kind == SQL_STAR ? "*"
                       : item->node->kind == SQL_COLUMN || item->node->kind == SQL_CALL
                           ? item->node->name
                           : "...");
    }
}

static void show_time(double unix_s, char shown[static SQL_SHOWN_MAX])
{
    const time_t whole = (time_t)floor(unix_s);
    struct tm parts;
    if (!(fabs(unix_s) < 2e11) || gmtime_r(&whole, &parts) == NULL ||
        strftime(shown, SQL_SHOWN_MAX, "%Y-%m-%d %H:%M:%S", &parts) == 0)
        (void)snprintf(shown, SQL_SHOWN_MAX, "?");
}

static void show_number(double value, char shown[static SQL_SHOWN_MAX])
{
    struct text text = {0};
    if (!(fabs(value) < 1e15)) {
        (void)snprintf(shown, SQL_SHOWN_MAX, "%.6g", value);
        return;
    }
    text_fixed(&text, value, 4);
    while (text.length > 0 && text.bytes[text.length - 1] == '0')
        text.bytes[--text.length] = '\0';
    if (text.length > 0 && text.bytes[text.length - 1] == '.') text.bytes[--text.length] = '\0';
    (void)snprintf(shown, SQL_SHOWN_MAX, "%s", text.bytes != NULL ? text.bytes : "?");
    text_release(&text);
}

void sql_show(const struct sql_value *value, char shown[static SQL_SHOWN_MAX])
{
    switch (value->type) {
    case SQL_NULL:
        (void)snprintf(shown, SQL_SHOWN_MAX, "NULL");
        break;
    case SQL_BOOL:
        (void)snprintf(shown, SQL_SHOWN_MAX, "%s", value->number != 0 ? "t" : "f");
        break;
    case SQL_INTEGER:
        (void)snprintf(shown, SQL_SHOWN_MAX, "%.0f", value->number);
        break;
    case SQL_NUMBER:
        show_number(value->number, shown);
        break;
    case SQL_SPAN:
        show_number(value->number, shown);
        (void)strncat(shown, " s", SQL_SHOWN_MAX - strlen(shown) - 1);
        break;
    case SQL_TIME:
        show_time(value->number, shown);
        break;
    case SQL_TEXT:
        (void)snprintf(shown, SQL_SHOWN_MAX, "%.63s", value->text);
        break;
    }
}
