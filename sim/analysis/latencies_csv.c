/* Latencies from CSV: the part of latencies.h that finds columns and judges cells. */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/csv.h"
#include "router/base/duration.h"
#include "router/base/memory.h"
#include "router/base/random.h"
#include "router/base/text.h"
#include "sim/analysis/latencies.h"

enum { ORDERS_FIRST = 1024 };

#define EPOCH_MS_FROM 1e11 /* as seconds that would be the year 5138 */
#define EPOCH_S_MAX   2.5e11

const char *const latency_column_names[LATENCY_COLUMNS] = {
    [COLUMN_LATENCY] = "latency", [COLUMN_PROVIDER] = "provider", [COLUMN_CODE] = "code",
    [COLUMN_TIME] = "time",       [COLUMN_ORDER] = "order",       [COLUMN_TIMEOUT] = "timeout",
    [COLUMN_EVENT] = "event"};

/* Common names, the likeliest first: upptime's and edge_logs' among them. */
static const char *const common_names[LATENCY_COLUMNS][12] = {
    [COLUMN_LATENCY] = {"latency_ms", "ms", "duration_ms", "elapsed_ms", "response_time_ms",
                        "response_ms", "time_ms", "latency", "latency_s", "latency_seconds",
                        "seconds"},
    [COLUMN_PROVIDER] = {"provider_id", "provider", "site", "service", "host", "endpoint"},
    [COLUMN_CODE] = {"error_code", "code", "http_status", "status_code", "http_code", "status",
                     "outcome", "result"},
    [COLUMN_TIME] = {"timestamp", "epoch", "unix_time", "time", "date", "at"},
    [COLUMN_ORDER] = {"request_id", "order_id", "order_index", "order", "trace_id"},
    [COLUMN_TIMEOUT] = {"timeout_ms", "deadline_ms", "timeout"},
    [COLUMN_EVENT] = {"event", "event_name"}};

/* Of these the values are seconds. */
static const char *const names_of_seconds[] = {"latency_s", "latency_seconds", "seconds", NULL};

/* ---- words ---- */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Equal but for capitals, underscores, hyphens and blanks. */
static bool same_word(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, "_- ");
        b += strspn(b, "_- ");
        if (lower(*a) != lower(*b)) return false;
        if (*a == '\0') return true;
        a++;
        b++;
    }
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words != NULL; words++) {
        if (same_word(word, *words)) return true;
    }
    return false;
}

static bool is_unknown(const char *cell)
{
    static const char *const unknown[] = {"", "null", "na", "n/a", "nan", "none", NULL};
    return is_one_of(cell, unknown);
}

/* ---- the spec ---- */

static bool take_assignment(struct latency_csv *spec, char *word, struct err *err)
{
    char *const equals = strchr(word, '=');
    if (equals == NULL || equals[1] == '\0') {
        (void)err_fail(err, ERR_USAGE, (struct place){0}, "\"%s\" names no column", word);
        return err_hint(err, "write them like latency=ms,provider=site,code=code,time=epoch");
    }
    *equals = '\0';
    for (unsigned c = 0; c < LATENCY_COLUMNS; c++) {
        if (strcmp(word, latency_column_names[c]) != 0) continue;
        if (spec->columns[c] != NULL)
            return err_fail(err, ERR_USAGE, (struct place){0}, "\"%s\" is given twice", word);
        spec->columns[c] = equals + 1;
        return true;
    }
    char hint[ERR_HINT_MAX];
    const char *names[LATENCY_COLUMNS + 1] = {NULL};
    memcpy(names, latency_column_names, sizeof latency_column_names);
    (void)err_fail(err, ERR_USAGE, (struct place){0}, "nothing is read from a column \"%s\"", word);
    if (text_suggest(word, names, hint, sizeof hint)) return err_hint(err, "%s", hint);
    return err_hint(err, "there are latency, provider, code, time, order, timeout and event");
}

bool latency_columns_read(struct latency_csv *spec, const char *text,
                          char room[static LATENCY_COLUMNS_TEXT_MAX], struct err *err)
{
    const size_t length = strlen(text);
    if (length >= LATENCY_COLUMNS_TEXT_MAX) {
        return err_fail(err, ERR_USAGE, (struct place){0}, "columns named in more than %d bytes",
                        LATENCY_COLUMNS_TEXT_MAX - 1);
    }
    memcpy(room, text, length + 1);
    memset(spec->columns, 0, sizeof spec->columns);
    for (char *word = room; word != NULL;) {
        char *const comma = strchr(word, ',');
        if (comma != NULL) *comma = '\0';
        if (!take_assignment(spec, word, err)) return false;
        word = comma == NULL ? NULL : comma + 1;
    }
    return true;
}

/* ---- columns of a header ---- */

enum { NOWHERE = CSV_FIELDS_MAX };

struct reading {
    struct latency_set *set;
    struct csv *csv;
    const struct latency_csv *spec;
    struct err_list *list;
    uint32_t columns[LATENCY_COLUMNS]; /* NOWHERE: none */
    uint32_t fields;                   /* that a row needs */
    const char **orders;               /* in the file's bytes, by their number */
    uint32_t order_count, order_capacity;
    uint32_t *slots; /* open addressing: order's number + 1 */
    uint32_t slot_count;
};

static uint32_t find_common(const struct csv *csv, enum latency_column column)
{
    for (const char *const *name = common_names[column]; *name != NULL; name++) {
        for (uint32_t f = 0; f < csv->count; f++) {
            if (same_word(csv->fields[f], *name)) return f;
        }
    }
    return NOWHERE;
}

static bool take_column(struct reading *reading, enum latency_column column, struct err *err)
{
    struct csv *const csv = reading->csv;
    uint32_t *const place = &reading->columns[column];
    const char *const wanted = reading->spec->columns[column];
    *place = NOWHERE;
    if (wanted == NULL) {
        *place = find_common(csv, column);
    } else if (!csv_column(csv, wanted, place, err)) {
        return false;
    }
    if (*place == NOWHERE) return true;
    const char *const name = csv->fields[*place];
    if (strlen(name) >= LATENCY_NAME_MAX) {
        return err_fail(err, ERR_INPUT, csv_place(csv, *place),
                        "a column's name has %d bytes at most", LATENCY_NAME_MAX - 1);
    }
    (void)strcpy(reading->set->names[column], name);
    if (*place >= reading->fields) reading->fields = *place + 1;
    return true;
}

/* A header of one column that other separators are in: that is what to mend first. */
static bool hint_separator(const struct csv *csv, struct err *err)
{
    const char *const found = csv->count == 1 ? strpbrk(csv->fields[0], ";\t|") : NULL;
    if (found == NULL || err->code != ERR_INPUT) return false;
    const char *const named = *found == '\t' ? "a tab" : *found == ';' ? "\";\"" : "\"|\"";
    return err_hint(err, "its columns seem to be separated by %s: write commas", named);
}

static bool find_columns(struct reading *reading, struct err *err)
{
    struct csv *const csv = reading->csv;
    err->code = ERR_NONE;
    if (!csv_next(csv, err)) {
        if (err->code != ERR_NONE) return false;
        (void)err_fail(err, ERR_INPUT, (struct place){.file = csv->file}, "is empty");
        return err_hint(err, "the first line names the columns");
    }
    for (unsigned c = 0; c < LATENCY_COLUMNS; c++) {
        if (!take_column(reading, (enum latency_column)c, err)) return hint_separator(csv, err);
    }
    if (reading->columns[COLUMN_LATENCY] == NOWHERE) {
        (void)err_fail(err, ERR_INPUT, csv_place(csv, 0),
                       "none of the columns is known to hold "
                       "latencies");
        (void)err_hint(err, "name it, in milliseconds: --columns latency=COLUMN");
        return hint_separator(csv, err);
    }
    reading->set->in_seconds = is_one_of(reading->set->names[COLUMN_LATENCY], names_of_seconds);
    reading->set->has_time = reading->columns[COLUMN_TIME] != NOWHERE;
    reading->set->has_fates =
        reading->columns[COLUMN_CODE] != NOWHERE || reading->columns[COLUMN_EVENT] != NOWHERE;
    return true;
}

/* ---- cells ---- */

static const char *cell(const struct reading *reading, enum latency_column column)
{
    const uint32_t place = reading->columns[column];
    return place == NOWHERE ? "" : reading->csv->fields[place];
}

static struct place place_of(const struct reading *reading, enum latency_column column)
{
    return csv_place(reading->csv, reading->columns[column]);
}

/* A decimal number and nothing else: no hexadecimal, no infinity, no blanks. */
static bool read_number(const char *text, double *value)
{
    char *end = NULL;
    if (text[0] == '\0' || strspn(text, "+-.0123456789eE") != strlen(text)) return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

/* Of milliseconds, or seconds where the column's name says so; -1: the cell is empty. */
static bool read_span(const struct reading *reading, enum latency_column column, int64_t *us,
                      struct err *err)
{
    const char *const text = cell(reading, column);
    const bool seconds = column == COLUMN_LATENCY && reading->set->in_seconds;
    const double unit_us = seconds ? 1e6 : 1e3;
    double value;
    *us = -1;
    if (is_unknown(text)) return true;
    if (!read_number(text, &value) ||
        !(value >= 0.0 && value * unit_us <= (double)LATENCY_US_MAX)) {
        return err_fail(err, ERR_INPUT, place_of(reading, column), "\"%.40s\" is no %s in %s", text,
                        latency_column_names[column], seconds ? "seconds" : "milliseconds");
    }
    *us = llround(value * unit_us);
    return true;
}

/* PostgreSQL writes UTC as "+00", others as "+00:00"; instant_parse() wants Z or nothing. */
static void cut_zero_offset(char *text)
{
    static const char *const zeros[] = {"+00:00", "+0000", "+00", NULL};
    const size_t length = strlen(text);
    for (const char *const *zero = zeros; *zero != NULL; zero++) {
        const size_t size = strlen(*zero);
        if (length > 19 + size - 1 && strcmp(text + length - size, *zero) == 0) {
            text[length - size] = '\0';
            return;
        }
    }
}

static bool read_time(struct reading *reading, int64_t *at_us, struct err *err)
{
    const uint32_t place = reading->columns[COLUMN_TIME];
    *at_us = (int64_t)reading->set->rows;
    if (place == NOWHERE) return true;
    char *const text = reading->csv->fields[place];
    double seconds;
    if (!read_number(text, &seconds)) {
        cut_zero_offset(text);
        if (instant_parse(text, place_of(reading, COLUMN_TIME), at_us, err)) return true;
        return err_hint(err, "write Unix seconds, or UTC like \"2017-01-01T07:30:27Z\"");
    }
    if (fabs(seconds) >= EPOCH_MS_FROM) seconds /= 1000.0;
    if (!(fabs(seconds) <= EPOCH_S_MAX)) {
        return err_fail(err, ERR_INPUT, place_of(reading, COLUMN_TIME),
                        "\"%.40s\" is no instant in Unix seconds", text);
    }
    /* Whole seconds and their fraction apart: seconds * 1e6 would round the last microsecond. */
    const double whole = floor(seconds);
    *at_us = (int64_t)whole * US_PER_SECOND + llround((seconds - whole) * 1e6);
    return true;
}

/* What a code says: ANSWERED, CENSORED (it is a timeout) or FAILED. */
static enum latency_fate fate_of_code(const char *code)
{
    static const char *const good[] = {"ok",       "success", "successful", "up",
                                       "degraded", "true",    NULL};
    static const char *const late[] = {"timeout",           "timed_out", "timedout",
                                       "deadline_exceeded", "etimedout", NULL};
    double status;
    if (is_unknown(code) || is_one_of(code, good)) return LATENCY_ANSWERED;
    if (is_one_of(code, late)) return LATENCY_CENSORED;
    if (read_number(code, &status) && status >= 200.0 && status < 300.0) return LATENCY_ANSWERED;
    return LATENCY_FAILED;
}

/* False: the row is no call's end. */
static bool fate_of_row(const struct reading *reading, enum latency_fate *fate)
{
    static const char *const good[] = {"provider_quote_success", NULL};
    static const char *const bad[] = {"provider_quote_error", NULL};
    *fate = fate_of_code(cell(reading, COLUMN_CODE));
    if (reading->columns[COLUMN_EVENT] == NOWHERE) return true;
    const char *const event = cell(reading, COLUMN_EVENT);
    if (is_one_of(event, good)) {
        *fate = LATENCY_ANSWERED;
        return true;
    }
    /* An error stays one though its code is empty, or a status that somebody took for good. */
    if (*fate == LATENCY_ANSWERED) *fate = LATENCY_FAILED;
    return is_one_of(event, bad);
}

/* ---- orders by name ---- */

static bool grow_orders(struct reading *reading, struct err *err)
{
    const uint32_t count = reading->slot_count == 0 ? ORDERS_FIRST : reading->slot_count * 2;
    uint32_t *slots = memory_zeroed(count * sizeof *slots);
    const char **orders = memory_resize(reading->orders, count / 2, sizeof *orders);
    if (orders != NULL) reading->orders = orders;
    if (slots == NULL || orders == NULL) {
        free(slots);
        return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for the orders");
    }
    for (uint32_t i = 0; i < reading->order_count; i++) {
        uint64_t at = random_hash_text(orders[i]);
        while (slots[at & (count - 1)] != 0)
            at++;
        slots[at & (count - 1)] = i + 1;
    }
    free(reading->slots);
    reading->slots = slots;
    reading->slot_count = count;
    return true;
}

/* The names stay where they are, in the file's bytes, which outlive the reading. */
static bool number_order(struct reading *reading, uint32_t *number, struct err *err)
{
    const char *const name = cell(reading, COLUMN_ORDER);
    *number = LATENCY_NO_ORDER;
    if (is_unknown(name)) return true;
    if (reading->order_count * 2 >= reading->slot_count && !grow_orders(reading, err)) return false;
    uint64_t at = random_hash_text(name);
    for (;; at++) {
        const uint32_t slot = reading->slots[at & (reading->slot_count - 1)];
        if (slot == 0) break;
        *number = slot - 1;
        if (strcmp(reading->orders[slot - 1], name) == 0) return true;
    }
    *number = reading->order_count;
    reading->orders[reading->order_count++] = name;
    reading->slots[at & (reading->slot_count - 1)] = reading->order_count;
    return true;
}

/* ---- rows ---- */

/* Applies what is known of time and timeout; false: an answer without a time. */
static bool settle_sample(struct latency_sample *sample, int64_t us, int64_t timeout_us)
{
    const bool failed = sample->fate != LATENCY_ANSWERED;
    if (us < 0 && !failed) return false;
    sample->timeout_us = timeout_us;
    if (us <= 0 && sample->fate == LATENCY_CENSORED) us = timeout_us; /* 0: unknown here too */
    if (us <= 0 && failed) {
        sample->fate = LATENCY_UNTIMED;
        return true;
    }
    sample->us = us;
    if (timeout_us == 0 || us < timeout_us) return true;
    sample->fate = LATENCY_CENSORED;
    sample->us = timeout_us;
    return true;
}

/* One of our providers by any of its names, whatever the capitals; what it was called is noted. */
static const char *our_id(struct latency_set *set, const char *name)
{
    for (unsigned p = 0; p < PROVIDER_COUNT; p++) {
        const struct provider_traits *const ours = &provider_traits[p];
        if (strcmp(name, ours->id) == 0) return name;
        const char *const names[] = {ours->id, ours->key, ours->short_name, ours->display, NULL};
        if (!is_one_of(name, names)) continue;
        if (set->spelt[p][0] == '\0') (void)snprintf(set->spelt[p], LATENCY_NAME_MAX, "%s", name);
        return ours->id;
    }
    return name;
}

static struct latency_series *series_of_row(struct reading *reading, struct err *err)
{
    if (reading->columns[COLUMN_PROVIDER] == NOWHERE)
        return latency_series_of(reading->set, "all", err);
    const char *const name = cell(reading, COLUMN_PROVIDER);
    const struct place place = place_of(reading, COLUMN_PROVIDER);
    if (name[0] == '\0') {
        (void)err_fail(err, ERR_INPUT, place, "no %s is named for this call",
                       reading->set->names[COLUMN_PROVIDER]);
        return NULL;
    }
    struct latency_series *series =
        latency_series_of(reading->set, our_id(reading->set, name), err);
    if (series == NULL && err->code == ERR_INPUT) err->place = place;
    return series;
}

static bool take_row(struct reading *reading, struct err *err)
{
    struct latency_set *const set = reading->set;
    if (reading->csv->count < reading->fields) {
        return err_fail(err, ERR_INPUT, csv_place(reading->csv, reading->csv->count - 1),
                        "the row ends here: it has %u field%s, and %u are needed",
                        reading->csv->count, reading->csv->count == 1 ? "" : "s", reading->fields);
    }
    enum latency_fate fate;
    if (!fate_of_row(reading, &fate)) {
        set->rows_no_call++;
        return true;
    }
    struct latency_sample sample = {.fate = (uint8_t)fate};
    int64_t us, timeout_us;
    if (!read_span(reading, COLUMN_LATENCY, &us, err) ||
        !read_span(reading, COLUMN_TIMEOUT, &timeout_us, err) ||
        !read_time(reading, &sample.at_us, err) || !number_order(reading, &sample.order, err))
        return false;
    if (timeout_us <= 0) timeout_us = reading->spec->timeout_us;
    if (!settle_sample(&sample, us, timeout_us)) {
        set->rows_without_latency++;
        return true;
    }
    struct latency_series *series = series_of_row(reading, err);
    return series != NULL && latency_add(series, &sample, err);
}

/* False when nothing more can be read; bad cells go to the list, and reading goes on. */
static bool take_rows(struct reading *reading, struct err *err)
{
    while (csv_next(reading->csv, err)) {
        const bool taken = take_row(reading, err);
        reading->set->rows++;
        if (taken) continue;
        if (err->code == ERR_ENVIRONMENT) return false;
        err_list_add(reading->list, err);
    }
    return err->code == ERR_NONE;
}

/* Milliseconds have few fractions, and calls that take less than ten of them are rare. */
static void warn_of_seconds(const struct reading *reading)
{
    const struct latency_set *const set = reading->set;
    uint64_t answers = 0, fractions = 0, below_10ms = 0, below_60ms = 0;
    for (uint32_t s = 0; s < set->count; s++) {
        for (uint32_t i = 0; i < set->series[s].count; i++) {
            const struct latency_sample *const sample = &set->series[s].samples[i];
            if (sample->fate != LATENCY_ANSWERED) continue;
            answers++;
            fractions += sample->us % 1000 != 0;
            below_10ms += sample->us < 10000;
            below_60ms += sample->us < 60000;
        }
    }
    if (set->in_seconds || fractions * 2 <= answers) return;
    if (below_10ms * 2 <= answers && below_60ms < answers) return;
    err_warn(reading->list, (struct place){.file = reading->csv->file},
             "if they are seconds, call the column latency_s in its header",
             "\"%s\" is read as milliseconds, and its values look like seconds",
             set->names[COLUMN_LATENCY]);
}

static bool finish(struct reading *reading, struct err *err)
{
    struct latency_set *const set = reading->set;
    for (uint32_t s = 0; s < set->count; s++) {
        if (!latency_finish(&set->series[s], err)) return false;
    }
    if (set->count > 0) {
        warn_of_seconds(reading);
        return true;
    }
    const struct place whole = {.file = reading->csv->file};
    if (set->rows == 0) return err_fail(err, ERR_INPUT, whole, "has no rows");
    (void)err_fail(err, ERR_INPUT, whole, "not one of its rows is a call with a latency");
    if (set->rows_no_call == 0) return false;
    return err_hint(err,
                    "calls are the rows whose \"%s\" is provider_quote_success or "
                    "provider_quote_error",
                    set->names[COLUMN_EVENT]);
}

/* `opened` says whether the reader of `csv` began well; it is released either way. */
static bool read_opened(struct latency_set *set, struct csv *csv, bool opened,
                        const struct latency_csv *spec, struct err_list *list, struct err *err)
{
    *set = (struct latency_set){0};
    struct reading reading = {.set = set, .csv = csv, .spec = spec, .list = list};
    const uint32_t errors_before = list->errors;
    bool read = opened && find_columns(&reading, err) && take_rows(&reading, err);
    if (read && list->errors == errors_before) read = finish(&reading, err);
    if (!read) err_list_add(list, err);
    free(reading.orders);
    free(reading.slots);
    csv_release(csv);
    if (list->errors != errors_before) latencies_release(set);
    return list->errors == errors_before;
}

bool latencies_read_csv(struct latency_set *set, const char *path, const struct latency_csv *spec,
                        struct err_list *list)
{
    struct csv csv;
    struct err err = {.code = ERR_NONE};
    const bool opened = csv_open(&csv, path, &err);
    return read_opened(set, &csv, opened, spec, list, &err);
}

bool latencies_from_csv_bytes(struct latency_set *set, const char *name, const char *bytes,
                              size_t length, const struct latency_csv *spec, struct err_list *list)
{
    struct csv csv;
    struct err err = {.code = ERR_NONE};
    const bool opened = csv_from_bytes(&csv, name, bytes, length, &err);
    return read_opened(set, &csv, opened, spec, list, &err);
}
