/* Whatever an event log holds: its rows are read and every query is answered, or there is a reason
 * why not; and what is read once is read again alike. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/analysis/log_export.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_alike(const struct operator_answers *a, const struct operator_answers *b)
{
    for (unsigned q = 0; q < OPERATOR_QUERY_COUNT; q++) {
        assert(a->answers[q].rows == b->answers[q].rows);
        const uint32_t cells = a->answers[q].rows * operator_queries[q].column_count;
        for (uint32_t c = 0; c < cells; c++) {
            const char *one = a->answers[q].cells[c], *other = b->answers[q].cells[c];
            assert((one == NULL) == (other == NULL));
            assert(one == NULL || strcmp(one, other) == 0);
        }
    }
}

static void export_twice(const char *path)
{
    struct log_export_request request = {.events = path};
    struct log_export_facts facts[2];
    struct operator_answers answers[2];
    struct err err = {.code = ERR_NONE};
    bool ok[2] = {false, false};
    if (!event_rows_span(path, &request.span, &err)) {
        assert(err.code != ERR_NONE);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        ok[i] = log_export_run(&request, &facts[i], &answers[i], &err);
        assert(ok[i] || err.code != ERR_NONE);
    }
    assert(ok[0] == ok[1]);
    if (!ok[0]) return;
    assert(facts[0].rows[EXPORT_EDGE_LOGS] == request.span.rows);
    check_alike(&answers[0], &answers[1]);
    operator_answers_release(&answers[0]);
    operator_answers_release(&answers[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/routesim-fuzz-XXXXXX";
    const int file = mkstemp(path);
    assert(file >= 0);
    const ssize_t written = write(file, data, size);
    assert(written == (ssize_t)size);
    export_twice(path);
    (void)close(file);
    (void)unlink(path);
    return 0;
}
