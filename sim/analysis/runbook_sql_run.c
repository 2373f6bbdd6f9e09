/* Answering a query over rows: expressions of a row or a group, the clauses, the result. */
#include <assert.h>
#include <string.h>

#include <gsl/gsl_heapsort.h>

#include "sim/analysis/runbook_sql_answer.h"

/* ---- expressions ---- */

static int column_of(const struct sql_table *table, const char *name)
{
    for (uint32_t i = 0; i < table->column_count; i++)
        if (strcmp(table->columns[i], name) == 0) return (int)i;
    return -1;
}

static bool equal_nodes(const struct sql_node *a, const struct sql_node *b)
{
    if (a == NULL || b == NULL) return a == b;
    if (a->kind != b->kind || a->operation != b->operation || a->negated != b->negated ||
        a->distinct != b->distinct || a->count != b->count || a->query != b->query)
        return false;
    if ((a->name == NULL) != (b->name == NULL) ||
        (a->name != NULL && strcmp(a->name, b->name) != 0))
        return false;
    if (a->kind == SQL_LITERAL && !sql_same(&a->value, &b->value)) return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!equal_nodes(a->children[i], b->children[i])) return false;
    return equal_nodes(a->filter, b->filter) && equal_nodes(a->within, b->within);
}

static struct sql_value of_column(const struct sql_scope *scope, const struct sql_node *node)
{
    struct sql_answering *const answering = scope->answering;
    const int column = column_of(&answering->source, node->name);
    if (column < 0)
        return sql_refuse(answering, node, true, "column \"%s\" does not exist", node->name);
    if (scope->group != NULL)
        return sql_refuse(answering, node, true,
                          "column \"%s\" must appear in the GROUP BY clause or be used in an "
                          "aggregate function",
                          node->name);
    if (scope->row >= answering->source.row_count) return sql_null; /* a check without rows */
    return answering->source
        .values[(size_t)scope->row * answering->source.column_count + (size_t)column];
}

static struct sql_value of_query(struct sql_answering *answering, const struct sql_node *node)
{
    struct sql_table table;
    struct sql_error error;
    if (!sql_answer(node->query, answering->world, answering->arena, &table, &error)) {
        if (!answering->failed) *answering->error = error;
        answering->failed = true;
        return sql_null;
    }
    if (table.column_count != 1 || table.row_count > 1)
        return sql_refuse(answering, node, true, "a query for one value returns more");
    return table.row_count == 0 ? sql_null : table.values[0];
}

/* Answered once, for it would take the square of the rows. */
static struct sql_value once(const struct sql_scope *scope, const struct sql_node *node)
{
    struct sql_answering *const answering = scope->answering;
    for (uint32_t i = 0; i < answering->kept_count; i++)
        if (answering->kept[i].node == node) return answering->kept[i].value;
    if (answering->kept_count == SQL_LIST_MAX)
        return sql_refuse(answering, node, false, "more than %d queries and windows", SQL_LIST_MAX);
    const struct sql_value value =
        node->kind == SQL_QUERY ? of_query(answering, node) : sql_aggregate(scope, node);
    answering->kept[answering->kept_count].node = node;
    answering->kept[answering->kept_count++].value = value;
    return value;
}

static struct sql_value negative(struct sql_answering *answering, const struct sql_node *node,
                                 struct sql_value value)
{
    if (value.type == SQL_NULL) return value;
    if (!sql_is_number(&value) && value.type != SQL_SPAN)
        return sql_refuse(answering, node, true, "minus of no number");
    value.number = -value.number;
    return value;
}

struct sql_value sql_answer_node(const struct sql_scope *scope, const struct sql_node *node)
{
    struct sql_answering *const answering = scope->answering;
    struct sql_value value;
    if (answering->failed) return sql_null;
    for (uint32_t i = 0; scope->group != NULL && i < answering->key_count; i++)
        if (equal_nodes(node, answering->keys[i])) return scope->group->keys[i];
    switch (node->kind) {
    case SQL_LITERAL:
        return node->value;
    case SQL_COLUMN:
        return of_column(scope, node);
    case SQL_STAR:
        return sql_refuse(answering, node, true, "* stands here for nothing");
    case SQL_NOT:
        value = sql_answer_node(scope, node->children[0]);
        return value.type == SQL_BOOL ? sql_truth(value.number == 0) : sql_null;
    case SQL_NEGATE:
        return negative(answering, node, sql_answer_node(scope, node->children[0]));
    case SQL_BINARY:
        return sql_binary(scope, node);
    case SQL_IN:
        return sql_in_list(scope, node);
    case SQL_BETWEEN:
        return sql_between(scope, node);
    case SQL_IS_NULL:
        value = sql_answer_node(scope, node->children[0]);
        return sql_truth((value.type == SQL_NULL) != node->negated);
    case SQL_CASE:
        return sql_cases(scope, node);
    case SQL_CALL:
        if (!sql_is_aggregate(node->name)) return sql_call(scope, node);
        if (node->over) return once(scope, node);
        if (scope->group == NULL)
            return sql_refuse(answering, node, true, "aggregate functions are not allowed here");
        return sql_aggregate(scope, node);
    case SQL_CAST:
        return sql_cast(answering, node, sql_answer_node(scope, node->children[0]));
    case SQL_QUERY:
        return once(scope, node);
    }
    assert(!"a kind of node outside its enum");
    return sql_null;
}

/* ---- clauses ---- */

static bool has_aggregate(const struct sql_node *node)
{
    if (node == NULL || node->kind == SQL_QUERY) return false;
    if (node->kind == SQL_CALL && sql_is_aggregate(node->name) && !node->over) return true;
    for (uint32_t i = 0; i < node->count; i++)
        if (has_aggregate(node->children[i])) return true;
    return false;
}

static bool list_has_aggregate(const struct sql_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (has_aggregate(list->items[i].node)) return true;
    return false;
}

/* A name of the list, or its number, in GROUP BY and ORDER BY. */
static const struct sql_node *meant_by(const struct sql_answering *answering,
                                       const struct sql_node *node, bool source_first)
{
    const struct sql_list *const items = &answering->select->items;
    const bool number_of_item = node->kind == SQL_LITERAL && node->value.type == SQL_INTEGER;
    if (number_of_item && node->value.number >= 1 && node->value.number <= items->count)
        return items->items[(uint32_t)node->value.number - 1].node;
    if (node->kind != SQL_COLUMN) return node;
    if (source_first && column_of(&answering->source, node->name) >= 0) return node;
    for (uint32_t i = 0; i < items->count; i++)
        if (items->items[i].alias != NULL && strcmp(items->items[i].alias, node->name) == 0)
            return items->items[i].node;
    return node;
}

static const struct sql_table *table_named(const struct sql_world *world, const char *name)
{
    /* The last one first: a name of WITH hides a table. */
    for (uint32_t i = world->table_count; i > 0; i--)
        if (strcmp(world->tables[i - 1].name, name) == 0) return &world->tables[i - 1];
    return NULL;
}

static bool open_source(struct sql_answering *answering)
{
    const struct sql_select *const select = answering->select;
    const struct sql_node place = {.offset = select->from_offset, .length = select->from_length};
    if (select->from != NULL)
        return sql_answer(select->from, answering->world, answering->arena, &answering->source,
                          answering->error);
    if (select->table == NULL) { /* one row of nothing */
        answering->source = (struct sql_table){.name = "", .row_count = 1};
        return true;
    }
    const struct sql_table *const table = table_named(answering->world, select->table);
    if (table == NULL) {
        (void)sql_refuse(answering, &place, true, "relation \"%s\" does not exist", select->table);
        return false;
    }
    answering->source = *table;
    return true;
}

static bool filter_rows(struct sql_answering *answering)
{
    answering->rows =
        sql_take(answering, answering->source.row_count + 1u, sizeof *answering->rows);
    for (uint32_t row = 0; row < answering->source.row_count && !answering->failed; row++) {
        if (answering->select->where != NULL) {
            const struct sql_scope scope = {.answering = answering, .row = row};
            const struct sql_value let = sql_answer_node(&scope, answering->select->where);
            if (!sql_is_true(&let)) continue;
        }
        answering->rows[answering->row_count++] = row;
    }
    return !answering->failed;
}

/* A column that is none is one also where no row asks for it. */
static void check_names(struct sql_answering *answering, const struct sql_node *node)
{
    if (node == NULL || node->kind == SQL_QUERY || answering->failed) return;
    if (node->kind == SQL_COLUMN && column_of(&answering->source, node->name) < 0)
        (void)sql_refuse(answering, node, true, "column \"%s\" does not exist", node->name);
    for (uint32_t i = 0; i < node->count; i++)
        check_names(answering, node->children[i]);
    check_names(answering, node->filter);
    check_names(answering, node->within);
}

static bool check_all_names(struct sql_answering *answering)
{
    const struct sql_select *const select = answering->select;
    check_names(answering, select->where);
    for (uint32_t i = 0; i < select->items.count; i++)
        if (select->items.items[i].node->kind != SQL_STAR)
            check_names(answering, select->items.items[i].node);
    for (uint32_t i = 0; i < select->groups.count; i++)
        check_names(answering, meant_by(answering, select->groups.items[i].node, true));
    for (uint32_t i = 0; i < select->orders.count; i++)
        check_names(answering, meant_by(answering, select->orders.items[i].node, false));
    check_names(answering, select->having);
    return !answering->failed;
}

static struct sql_group *group_for(struct sql_answering *answering, const struct sql_value *keys)
{
    for (uint32_t i = 0; i < answering->group_count; i++) {
        bool equal = true;
        for (uint32_t k = 0; k < answering->key_count && equal; k++)
            equal = sql_same(&answering->groups[i].keys[k], &keys[k]);
        if (equal) return &answering->groups[i];
    }
    if (answering->group_count == answering->group_capacity) {
        const uint32_t capacity = answering->group_capacity == 0 ? 16 : 2 * answering->group_count;
        struct sql_group *const grown = sql_take(answering, capacity, sizeof *grown);
        if (grown == NULL) return NULL;
        if (answering->group_count > 0)
            memcpy(grown, answering->groups, answering->group_count * sizeof *grown);
        answering->groups = grown;
        answering->group_capacity = capacity;
    }
    struct sql_group *const group = &answering->groups[answering->group_count++];
    struct sql_value *const kept = sql_take(answering, answering->key_count + 1u, sizeof *kept);
    *group = (struct sql_group){.keys = kept};
    if (kept == NULL) return NULL;
    if (answering->key_count > 0) memcpy(kept, keys, answering->key_count * sizeof *kept);
    return group;
}

static bool add_to_group(struct sql_answering *answering, struct sql_group *group, uint32_t row)
{
    if (group == NULL) return false;
    if (group->count == group->capacity) {
        const uint32_t capacity = group->capacity == 0 ? 16 : 2 * group->capacity;
        uint32_t *const grown = sql_take(answering, capacity, sizeof *grown);
        if (grown == NULL) return false;
        if (group->count > 0) memcpy(grown, group->rows, group->count * sizeof *grown);
        group->rows = grown;
        group->capacity = capacity;
    }
    group->rows[group->count++] = row;
    return true;
}

static bool make_groups(struct sql_answering *answering)
{
    const struct sql_select *const select = answering->select;
    struct sql_value keys[SQL_LIST_MAX];
    answering->grouped = select->groups.count > 0 || select->having != NULL ||
                         list_has_aggregate(&select->items) || list_has_aggregate(&select->orders);
    if (!answering->grouped) return true;
    for (uint32_t i = 0; i < select->groups.count; i++)
        answering->keys[answering->key_count++] =
            meant_by(answering, select->groups.items[i].node, true);
    if (answering->key_count == 0 && group_for(answering, keys) == NULL) return false;
    for (uint32_t i = 0; i < answering->row_count; i++) {
        const struct sql_scope scope = {.answering = answering, .row = answering->rows[i]};
        for (uint32_t k = 0; k < answering->key_count; k++)
            keys[k] = sql_answer_node(&scope, answering->keys[k]);
        if (answering->failed ||
            !add_to_group(answering, group_for(answering, keys), answering->rows[i]))
            return false;
    }
    return true;
}

/* ---- the result ---- */

struct sorted_row {
    const struct sql_answering *answering;
    const struct sql_value *values, *orders;
    uint32_t index;
};

static int compare_rows(const void *a, const void *b)
{
    const struct sorted_row *const left = a, *const right = b;
    const struct sql_list *const orders = &left->answering->select->orders;
    for (uint32_t i = 0; i < orders->count; i++) {
        const struct sql_value *const x = &left->orders[i], *const y = &right->orders[i];
        const bool falls = orders->items[i].falls, first = orders->items[i].nulls_first;
        if (x->type == SQL_NULL || y->type == SQL_NULL) {
            if (x->type == y->type) continue;
            return (x->type == SQL_NULL) == first ? -1 : 1;
        }
        const int order = sql_comparable(x, y) ? sql_order_of(x, y) : 0;
        if (order != 0) return falls ? -order : order;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

static const char *column_title(const struct sql_item *item)
{
    if (item->alias != NULL) return item->alias;
    const struct sql_node *node = item->node;
    if (node->kind == SQL_CAST && node->children[0]->kind == SQL_COLUMN) node = node->children[0];
    if (node->kind == SQL_COLUMN || node->kind == SQL_CALL) return node->name;
    return node->kind == SQL_CASE ? "case" : "?column?";
}

static bool title_columns(struct sql_answering *answering, struct sql_table *result)
{
    const struct sql_list *const items = &answering->select->items;
    for (uint32_t i = 0; i < items->count; i++) {
        const bool star = items->items[i].node->kind == SQL_STAR;
        const uint32_t more = star ? answering->source.column_count : 1;
        if (star && answering->grouped)
            (void)sql_refuse(answering, items->items[i].node, true, "* is of rows, not of groups");
        if (result->column_count + more > SQL_COLUMNS_MAX)
            (void)sql_refuse(answering, items->items[i].node, false, "more than %d columns",
                             SQL_COLUMNS_MAX);
        if (answering->failed) return false;
        for (uint32_t k = 0; k < more; k++)
            result->columns[result->column_count++] =
                star ? answering->source.columns[k] : column_title(&items->items[i]);
    }
    return true;
}

static bool make_row(struct sql_answering *answering, const struct sql_scope *scope,
                     const struct sql_table *result, struct sorted_row *row)
{
    const struct sql_select *const select = answering->select;
    struct sql_value *const values =
        sql_take(answering, result->column_count + select->orders.count + 1u, sizeof *values);
    uint32_t column = 0;
    if (values == NULL) return false;
    for (uint32_t i = 0; i < select->items.count; i++) {
        const struct sql_node *const node = select->items.items[i].node;
        if (node->kind != SQL_STAR) {
            values[column++] = sql_answer_node(scope, node);
            continue;
        }
        for (uint32_t k = 0; k < answering->source.column_count; k++)
            values[column++] =
                answering->source.values[(size_t)scope->row * answering->source.column_count + k];
    }
    for (uint32_t i = 0; i < select->orders.count; i++)
        values[column + i] =
            sql_answer_node(scope, meant_by(answering, select->orders.items[i].node, false));
    row->values = values;
    row->orders = values + column;
    return !answering->failed;
}

static bool is_repeated(const struct sorted_row *rows, uint32_t count, uint32_t columns)
{
    for (uint32_t i = 0; i < count; i++) {
        bool equal = true;
        for (uint32_t c = 0; c < columns && equal; c++)
            equal = sql_same(&rows[i].values[c], &rows[count].values[c]);
        if (equal) return true;
    }
    return false;
}

static bool make_rows(struct sql_answering *answering, struct sql_table *result)
{
    const struct sql_select *const select = answering->select;
    const uint32_t most = answering->grouped ? answering->group_count : answering->row_count;
    struct sorted_row *const rows = sql_take(answering, most + 1u, sizeof *rows);
    uint32_t count = 0;
    for (uint32_t i = 0; rows != NULL && i < most; i++) {
        struct sql_scope scope = {.answering = answering};
        if (answering->grouped)
            scope.group = &answering->groups[i];
        else
            scope.row = answering->rows[i];
        if (select->having != NULL) {
            const struct sql_value let = sql_answer_node(&scope, select->having);
            if (!sql_is_true(&let)) continue;
        }
        rows[count] = (struct sorted_row){.answering = answering, .index = count};
        if (answering->failed || !make_row(answering, &scope, result, &rows[count])) return false;
        if (!select->distinct || !is_repeated(rows, count, result->column_count)) count++;
    }
    if (answering->failed) return false;
    if (select->orders.count > 0) gsl_heapsort(rows, count, sizeof *rows, compare_rows);
    if (select->limit >= 0 && count > select->limit) count = (uint32_t)select->limit;
    result->values =
        sql_take(answering, (size_t)count * result->column_count + 1, sizeof *result->values);
    for (uint32_t i = 0; result->values != NULL && i < count; i++)
        memcpy(result->values + (size_t)i * result->column_count, rows[i].values,
               result->column_count * sizeof *result->values);
    result->row_count = count;
    return !answering->failed;
}

/* The tables that WITH names stand behind the world's. */
static bool add_with(struct sql_answering *answering, struct sql_world *world)
{
    const struct sql_select *const select = answering->select;
    struct sql_table *const tables =
        sql_take(answering, world->table_count + select->with_count + 1u, sizeof *tables);
    if (tables == NULL) return false;
    for (uint32_t i = 0; i < world->table_count; i++)
        tables[i] = world->tables[i];
    world->tables = tables;
    for (uint32_t i = 0; i < select->with_count; i++) {
        struct sql_table *const table = &tables[world->table_count];
        if (!sql_answer(select->with[i].select, world, answering->arena, table, answering->error))
            return false;
        table->name = select->with[i].name;
        world->table_count++;
    }
    return true;
}

bool sql_answer(const struct sql_select *select, const struct sql_world *world, struct arena *arena,
                struct sql_table *result, struct sql_error *error)
{
    struct sql_world extended = *world;
    struct sql_answering answering = {
        .select = select, .world = &extended, .arena = arena, .error = error};
    *error = (struct sql_error){0};
    *result = (struct sql_table){.name = ""};
    if (select->with_count > 0 && !add_with(&answering, &extended)) return false;
    return open_source(&answering) && check_all_names(&answering) && filter_rows(&answering) &&
           make_groups(&answering) && title_columns(&answering, result) &&
           make_rows(&answering, result);
}
