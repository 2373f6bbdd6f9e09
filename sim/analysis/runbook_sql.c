/* Clauses and statements. */
#include <ctype.h>
#include <string.h>

#include "sim/analysis/runbook_sql_parser.h"

static bool push_item(struct sql_parser *parser, struct sql_list *list, struct sql_item item)
{
    if (parser->failed || item.node == NULL) return false;
    if (list->items == NULL)
        list->items = sql_parser_take(parser, SQL_LIST_MAX, sizeof *list->items);
    if (list->items == NULL) return false;
    if (list->count == SQL_LIST_MAX) {
        sql_fail(parser, item.node->offset, item.node->length, false, "a list of more than %d",
                 SQL_LIST_MAX);
        return false;
    }
    list->items[list->count++] = item;
    return true;
}

static void select_list(struct sql_parser *parser, struct sql_list *list)
{
    do {
        struct sql_item item = {0};
        if (sql_is(parser, "*")) {
            item.node = sql_node_make(parser, SQL_STAR, parser->token.offset);
            sql_next(parser);
        } else {
            item.node = sql_expression(parser);
        }
        if (sql_accept(parser, "as")) {
            /* Any word may be a name after AS. */
            if (parser->token.kind != SQL_TOKEN_WORD && parser->token.kind != SQL_TOKEN_QUOTED)
                sql_unexpected(parser, "a name");
            item.alias = parser->token.text;
            sql_next(parser);
        } else if (sql_is_name(parser)) {
            item.alias = sql_name(parser, "a name");
        }
        if (!push_item(parser, list, item)) return;
    } while (sql_accept(parser, ","));
}

static void order_list(struct sql_parser *parser, struct sql_list *list)
{
    do {
        struct sql_item item = {.node = sql_expression(parser)};
        item.falls = sql_accept(parser, "desc");
        if (!item.falls) (void)sql_accept(parser, "asc");
        item.nulls_first = item.falls;
        if (sql_accept(parser, "nulls")) {
            item.nulls_first = sql_accept(parser, "first");
            if (!item.nulls_first) sql_expect(parser, "last");
        }
        if (!push_item(parser, list, item)) return;
    } while (sql_accept(parser, ","));
}

static void from_clause(struct sql_parser *parser, struct sql_select *select)
{
    select->from_offset = parser->token.offset;
    if (sql_accept(parser, "(")) {
        select->from = sql_read_select(parser);
        sql_expect(parser, ")");
        select->from_length = parser->token.offset - select->from_offset;
    } else {
        select->from_length = parser->token.length;
        select->table = sql_name(parser, "a table");
        if (sql_accept(parser, "."))
            select->table = sql_name(parser, "a table"); /* public.edge_logs */
    }
    if (sql_accept(parser, "as") || sql_is_name(parser)) select->alias = sql_name(parser, "a name");
    static const char *const joins[] = {",",     "join",  "left",    "right",
                                        "inner", "cross", "natural", NULL};
    for (unsigned i = 0; joins[i] != NULL; i++)
        if (sql_is(parser, joins[i]))
            sql_fail(parser, parser->token.offset, parser->token.length, false,
                     "queries over several tables are not understood");
}

static void with_clause(struct sql_parser *parser, struct sql_select *select)
{
    select->with = sql_parser_take(parser, SQL_LIST_MAX, sizeof *select->with);
    do {
        struct sql_named entry = {.name = sql_name(parser, "a name")};
        sql_expect(parser, "as");
        sql_expect(parser, "(");
        entry.select = sql_read_select(parser);
        sql_expect(parser, ")");
        if (parser->failed || select->with == NULL) return;
        if (select->with_count == SQL_LIST_MAX) {
            sql_fail(parser, parser->token.offset, 1, false, "a list of more than %d",
                     SQL_LIST_MAX);
            return;
        }
        select->with[select->with_count++] = entry;
    } while (sql_accept(parser, ","));
}

static void limit_clause(struct sql_parser *parser, struct sql_select *select)
{
    if (parser->token.kind != SQL_TOKEN_NUMBER) {
        sql_unexpected(parser, "a number");
        return;
    }
    select->limit = parser->token.number;
    sql_next(parser);
}

static void clauses(struct sql_parser *parser, struct sql_select *select)
{
    if (sql_accept(parser, "with")) with_clause(parser, select);
    sql_expect(parser, "select");
    select->distinct = sql_accept(parser, "distinct");
    select_list(parser, &select->items);
    if (sql_accept(parser, "from")) from_clause(parser, select);
    if (sql_accept(parser, "where")) select->where = sql_expression(parser);
    if (sql_accept(parser, "group")) {
        sql_expect(parser, "by");
        order_list(parser, &select->groups);
    }
    if (sql_accept(parser, "having")) select->having = sql_expression(parser);
    if (sql_accept(parser, "order")) {
        sql_expect(parser, "by");
        order_list(parser, &select->orders);
    }
    if (sql_accept(parser, "limit")) limit_clause(parser, select);
    static const char *const beyond[] = {"union",  "intersect", "except", "offset",
                                         "window", "fetch",     "for",    NULL};
    for (unsigned i = 0; beyond[i] != NULL; i++)
        if (sql_is(parser, beyond[i]))
            sql_fail(parser, parser->token.offset, parser->token.length, false,
                     "%s is not understood", beyond[i]);
}

struct sql_select *sql_read_select(struct sql_parser *parser)
{
    struct sql_select *const select = sql_parser_take(parser, 1, sizeof *select);
    if (select == NULL) return NULL;
    *select = (struct sql_select){.limit = -1};
    if (parser->depth == SQL_DEPTH_MAX) {
        sql_fail(parser, parser->token.offset, parser->token.length, false,
                 "queries lie more than %d deep", SQL_DEPTH_MAX);
        return NULL;
    }
    parser->depth++;
    clauses(parser, select);
    parser->depth--;
    return parser->failed ? NULL : select;
}

static bool read_statement(struct sql_parser *parser, struct sql_script *script)
{
    const uint32_t from = parser->token.offset;
    if (!sql_is(parser, "select") && !sql_is(parser, "with")) {
        sql_fail(parser, from, parser->token.length, false,
                 "statements other than SELECT are not "
                 "run here");
        return false;
    }
    const struct sql_select *const select = sql_read_select(parser);
    if (select == NULL) return false;
    if (script->count == SQL_STATEMENTS_MAX) {
        sql_fail(parser, from, 1, false, "more than %d statements", SQL_STATEMENTS_MAX);
        return false;
    }
    uint32_t end = parser->token.offset;
    if (parser->token.kind != SQL_TOKEN_END && !sql_is(parser, ";")) {
        sql_unexpected(parser, "the query's end");
        return false;
    }
    while (end > from && isspace((unsigned char)parser->text[end - 1]))
        end--;
    script->statements[script->count++] =
        (struct sql_statement){.select = select, .offset = from, .length = end - from};
    return true;
}

bool sql_read(struct sql_script *script, const char *text, uint32_t length, struct arena *arena,
              struct sql_error *error)
{
    struct sql_parser parser = {.text = text, .length = length, .arena = arena, .error = error};
    *script = (struct sql_script){0};
    *error = (struct sql_error){0};
    sql_next(&parser);
    while (!parser.failed) {
        while (sql_accept(&parser, ";"))
            ;
        if (parser.token.kind == SQL_TOKEN_END) break;
        if (!read_statement(&parser, script)) break;
    }
    return !parser.failed;
}
