/* reports/json_tree.h - a JSON document from the outside in: commas and indentation are kept.
 *
 * A member or an item is begun by json_tree_key() (NULL in an array), then written by one of the
 * put functions or opened by json_tree_open(). What is opened as JSON_LINE stands on one line, with
 * all that is in it. Numbers that are not known are null.
 *
 *   struct json_tree tree = {.text = &text};
 *   json_tree_open(&tree, NULL, '{', JSON_BLOCK);
 *   json_tree_string(&tree, "schema", "x/1");
 *   json_tree_close(&tree, '}');
 *
 * Failure: text->failed.
 */
#ifndef REPORTS_JSON_TREE_H
#define REPORTS_JSON_TREE_H

#include "router/base/text.h"

struct json_tree {
    struct text *text;
    unsigned depth;
    unsigned lines; /* how many of the open ones stand on one line */
    bool more;      /* something stands before, in what is open */
};

enum json_layout { JSON_BLOCK, JSON_LINE };

void json_tree_key(struct json_tree *tree, const char *key);
void json_tree_open(struct json_tree *tree, const char *key, char bracket, enum json_layout layout);
void json_tree_close(struct json_tree *tree, char bracket);

void json_tree_string(struct json_tree *tree, const char *key, const char *value); /* NULL: null */
void json_tree_number(struct json_tree *tree, const char *key, double value);
void json_tree_count(struct json_tree *tree, const char *key, uint64_t value);
void json_tree_whole(struct json_tree *tree, const char *key, int64_t value);
void json_tree_flag(struct json_tree *tree, const char *key, bool value);
void json_tree_null(struct json_tree *tree, const char *key);

#endif
