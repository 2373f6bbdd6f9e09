/* Whatever the bytes: no crash; every error has a place in the file; offsets of words and
 * statements lie in their blocks; queries that are read are answered or refused. */
#include <assert.h>
#include <string.h>

#include "sim/analysis/runbook_curl.h"
#include "sim/analysis/runbook_request.h"
#include "sim/analysis/runbook_shell.h"
#include "sim/analysis/runbook_sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sql_value values[] = {{.type = SQL_TEXT, .text = "provider_quote_error"},
                                          {.type = SQL_TIME, .number = 10},
                                          {.type = SQL_NUMBER, .number = 1.5},
                                          {.type = SQL_TEXT, .text = "router_decision"},
                                          {.type = SQL_TIME, .number = 20},
                                          {.type = SQL_NULL}};

static void answer(const struct sql_select *select, struct arena *arena)
{
    struct sql_value rows[6];
    struct sql_table result;
    struct sql_error error;
    struct sql_literal literals[4];
    char shown[SQL_SHOWN_MAX];
    memcpy(rows, values, sizeof rows);
    const struct sql_table log = {.name = "edge_logs",
                                  .columns = {"event", "timestamp", "latency_ms"},
                                  .column_count = 3,
                                  .values = rows,
                                  .row_count = 2};
    const struct sql_world world = {.tables = &log, .table_count = 1, .now_s = 30};
    struct text title = {0};
    sql_title(select, &title);
    text_release(&title);
    assert(sql_literals(select, literals, 4) <= 4);
    if (!sql_answer(select, &world, arena, &result, &error)) {
        assert(error.message[0] != '\0');
        return;
    }
    assert(result.column_count <= SQL_COLUMNS_MAX);
    for (size_t i = 0; i < (size_t)result.row_count * result.column_count; i++)
        sql_show(&result.values[i], shown);
}

static void read_sql(struct runbook_document *document, const struct runbook_block *block)
{
    static struct sql_script script;
    struct sql_error error;
    struct arena arena = {0};
    if (!sql_read(&script, block->text, block->length, &arena, &error)) {
        assert(error.message[0] != '\0');
        assert(error.offset <= block->length);
        (void)runbook_place(document, block, error.offset, error.length);
    }
    for (uint32_t i = 0; i < script.count; i++) {
        assert(script.statements[i].offset + script.statements[i].length <= block->length);
        answer(script.statements[i].select, &arena);
    }
    arena_release(&arena);
}

static void take_command(struct runbook_document *document, const struct runbook_block *block,
                         const struct runbook_command *command)
{
    static struct runbook_request request;
    struct runbook_curl curl;
    for (const struct runbook_command *c = command; c != NULL; c = c->next)
        for (uint32_t w = 0; w < c->word_count; w++) {
            assert(c->words[w].offset + c->words[w].length <= block->length);
            (void)runbook_place(document, block, c->words[w].offset, c->words[w].length);
        }
    assert(command->offset + command->length <= block->length);
    if (command->word_count == 0) return;
    runbook_curl_read(&curl, command);
    for (unsigned p = 0; p < PROFILE_COUNT; p++)
        runbook_request_read(&request, curl.body, curl.body_open, (enum profile)p,
                             &document->arena);
    (void)runbook_request_translate(&request, curl.body, &document->arena);
}

static void read_shell(struct runbook_document *document, const struct runbook_block *block,
                       struct err_list *list)
{
    struct runbook_commands commands = {0};
    if (runbook_shell_read(document, block, &commands, list))
        for (uint32_t i = 0; i < commands.count; i++)
            take_command(document, block, &commands.items[i]);
    runbook_commands_release(&commands);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct runbook_document document;
    static struct err_list list;
    list = (struct err_list){0};
    const bool good = runbook_document_read(&document, "fuzz.md", (const char *)data, size, &list);
    assert(good == (list.errors == 0));
    for (uint32_t i = 0; good && i < document.block_count; i++) {
        const struct runbook_block *const block = &document.blocks[i];
        assert(document.headings[block->heading].section <= block->heading);
        if (block->language == RUNBOOK_SQL)
            read_sql(&document, block);
        else if (block->language != RUNBOOK_OTHER)
            read_shell(&document, block, &list);
    }
    for (uint32_t i = 0; i < list.count; i++)
        assert(list.items[i].place.line <= size + 1);
    runbook_document_release(&document);
    return 0;
}
