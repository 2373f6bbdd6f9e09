#include "reports/json_tree.h"

#include <assert.h>

static void new_line(struct json_tree *tree)
{
    text_char(tree->text, '\n');
    for (unsigned i = 0; i < tree->depth; i++)
        text_put(tree->text, "  ");
}

void json_tree_key(struct json_tree *tree, const char *key)
{
    if (tree->more) text_char(tree->text, ',');
    if (tree->lines == 0 && tree->depth > 0)
        new_line(tree);
    else if (tree->more)
        text_char(tree->text, ' ');
    tree->more = true;
    if (key == NULL) return;
    text_json_string(tree->text, key);
    text_put(tree->text, ": ");
}

void json_tree_open(struct json_tree *tree, const char *key, char bracket, enum json_layout layout)
{
    json_tree_key(tree, key);
    text_char(tree->text, bracket);
    tree->depth++;
    if (layout == JSON_LINE || tree->lines > 0) tree->lines++;
    tree->more = false;
}

void json_tree_close(struct json_tree *tree, char bracket)
{
    assert(tree->depth > 0);
    tree->depth--;
    if (tree->lines > 0)
        tree->lines--;
    else if (tree->more)
        new_line(tree);
    text_char(tree->text, bracket);
    tree->more = true;
    if (tree->depth == 0) text_char(tree->text, '\n');
}

void json_tree_string(struct json_tree *tree, const char *key, const char *value)
{
    json_tree_key(tree, key);
    if (value != NULL)
        text_json_string(tree->text, value);
    else
        text_put(tree->text, "null");
}

void json_tree_number(struct json_tree *tree, const char *key, double value)
{
    json_tree_key(tree, key);
    text_double(tree->text, value);
}

void json_tree_count(struct json_tree *tree, const char *key, uint64_t value)
{
    assert(value <= INT64_MAX);
    json_tree_whole(tree, key, (int64_t)value);
}

void json_tree_whole(struct json_tree *tree, const char *key, int64_t value)
{
    json_tree_key(tree, key);
    text_int(tree->text, value);
}

void json_tree_flag(struct json_tree *tree, const char *key, bool value)
{
    json_tree_key(tree, key);
    text_put(tree->text, value ? "true" : "false");
}

void json_tree_null(struct json_tree *tree, const char *key)
{
    json_tree_string(tree, key, NULL);
}
