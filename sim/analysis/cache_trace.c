#include "sim/analysis/cache_trace.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/base/csv.h"
#include "router/base/memory.h"
#include "router/base/random.h"
#include "router/cache.h"

static bool out_of_memory(struct err *err)
{
    return err_fail(err, ERR_ENVIRONMENT, (struct place){0}, "out of memory for a trace of orders");
}

/* ---- numbers for hashes ---------------------------------------------------------------------- */

enum number {
    NUMBER_ITEM,
    NUMBER_PLACE,
    NUMBER_USER,
    NUMBER_CART,
    NUMBER_CART_PLACE,
    NUMBER_CART_USER,
    NUMBERS
};

struct table { /* open addressing; at most half full */
    uint64_t *keys;
    uint32_t *numbers; /* + 1; 0: the slot is empty */
    uint32_t mask;     /* slots - 1; 0: no slots yet */
    uint32_t count;
};

struct cache_trace_numbers {
    struct table tables[NUMBERS];
};

static uint32_t slot_of(const struct table *table, uint64_t key)
{
    uint32_t slot = (uint32_t)random_mix(key) & table->mask;
    while (table->numbers[slot] != 0 && table->keys[slot] != key)
        slot = (slot + 1) & table->mask;
    return slot;
}

static bool grow_table(struct table *table)
{
    const uint32_t slots = table->mask == 0 ? 1024 : 2 * (table->mask + 1);
    struct table grown = {.keys = memory_zeroed(slots * sizeof(uint64_t)),
                          .numbers = memory_zeroed(slots * sizeof(uint32_t)),
                          .mask = slots - 1,
                          .count = table->count};
    if (grown.keys == NULL || grown.numbers == NULL) {
        free(grown.keys);
        free(grown.numbers);
        return false;
    }
    for (uint32_t i = 0; table->mask > 0 && i <= table->mask; i++) {
        if (table->numbers[i] == 0) continue;
        const uint32_t slot = slot_of(&grown, table->keys[i]);
        grown.keys[slot] = table->keys[i];
        grown.numbers[slot] = table->numbers[i];
    }
    free(table->keys);
    free(table->numbers);
    *table = grown;
    return true;
}

/* The number of a key, a new one for one that is new; false when memory is out. */
static bool number_of(struct table *table, uint64_t key, uint32_t *number)
{
    if (2 * (table->count + 1) > table->mask && !grow_table(table)) return false;
    const uint32_t slot = slot_of(table, key);
    if (table->numbers[slot] == 0) {
        table->keys[slot] = key;
        table->numbers[slot] = ++table->count;
    }
    *number = table->numbers[slot] - 1;
    return true;
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Room for one more row of an array that doubles. */
static bool room_for(void **rows, uint32_t count, uint32_t *capacity, size_t size)
{
    if (count < *capacity) return true;
    const uint32_t wanted = *capacity == 0 ? 1024 : 2 * *capacity;
    void *const grown = memory_resize(*rows, wanted, size);
    if (grown == NULL) return false;
    *rows = grown;
    *capacity = wanted;
    return true;
}

static bool add_item(struct cache_trace *trace, const struct order_item *item, uint32_t *number)
{
    if (!number_of(&trace->numbers->tables[NUMBER_ITEM], item->name_hash, number)) return false;
    if (*number < trace->item_count) return true;
    void *items = trace->items;
    if (!room_for(&items, trace->item_count, &trace->item_capacity, sizeof *trace->items)) {
        return false;
    }
    trace->items = items;
    const char *const name = arena_text(&trace->arena, item->name, strlen(item->name));
    if (name == NULL) return false;
    trace->items[trace->item_count] = *item;
    trace->items[trace->item_count].name = name;
    trace->items[trace->item_count++].quantity = 1;
    return true;
}

static bool add_lines(struct cache_trace *trace, const struct order_request *request)
{
    for (uint32_t i = 0; i < request->item_count; i++) {
        void *lines = trace->lines;
        if (!room_for(&lines, trace->line_count, &trace->line_capacity, sizeof *trace->lines)) {
            return false;
        }
        trace->lines = lines;
        struct cache_line *const line = &trace->lines[trace->line_count];
        if (!add_item(trace, &request->items[i], &line->item)) return false;
        line->quantity = request->items[i].quantity;
        trace->line_count++;
    }
    return true;
}

static bool add_place(struct cache_trace *trace, uint32_t hash, uint32_t *number)
{
    if (!number_of(&trace->numbers->tables[NUMBER_PLACE], hash, number)) return false;
    if (*number < trace->place_count) return true;
    void *hashes = trace->postal_hashes;
    if (!room_for(&hashes, trace->place_count, &trace->place_capacity, sizeof hash)) return false;
    trace->postal_hashes = hashes;
    trace->postal_hashes[trace->place_count++] = hash;
    return true;
}

/* The cart alone, with the router's own sums but without its place: the postal code left out. */
static uint64_t cart_hash(const struct order_request *request)
{
    struct order_request anywhere = *request;
    anywhere.postal_code = "";
    return cache_key_make(QUOTE_KEY_CART, PROVIDER_MEALME, &anywhere).high;
}

/* Providers share the carts, so that any one's key tells carts apart. */
static bool add_numbers(struct cache_trace *trace, const struct order_request *request,
                        struct cache_order *order)
{
    struct table *const tables = trace->numbers->tables;
    const uint64_t user = request->user_id != NULL ? random_hash_text(request->user_id) : 0;
    const bool added =
        number_of(&tables[NUMBER_USER], user, &order->user) &&
        add_place(trace, request->postal_hash, &order->place) &&
        number_of(&tables[NUMBER_CART], cart_hash(request), &order->cart) &&
        number_of(&tables[NUMBER_CART_PLACE],
                  cache_key_make(QUOTE_KEY_CART, PROVIDER_MEALME, request).high,
                  &order->cart_place) &&
        number_of(&tables[NUMBER_CART_USER],
                  cache_key_make(QUOTE_KEY_USER, PROVIDER_MEALME, request).high, &order->cart_user);
    trace->user_count = tables[NUMBER_USER].count;
    trace->cart_count = tables[NUMBER_CART].count;
    trace->cart_place_count = tables[NUMBER_CART_PLACE].count;
    trace->cart_user_count = tables[NUMBER_CART_USER].count;
    return added;
}

static bool add_order(struct cache_trace *trace, int64_t at_us, const struct order_request *request,
                      struct err *err)
{
    assert(request->item_count > 0);
    assert(request->item_count <= ORDER_ITEMS_MAX);
    assert(trace->count == 0 || at_us >= trace->orders[trace->count - 1].at_us);
    if (trace->count == CACHE_TRACE_ORDERS_MAX) {
        trace->cut = true;
        err->code = ERR_NONE;
        return false;
    }
    if (trace->numbers == NULL) {
        trace->numbers = memory_zeroed(sizeof *trace->numbers);
        if (trace->numbers == NULL) return out_of_memory(err);
    }
    void *orders = trace->orders;
    if (!room_for(&orders, trace->count, &trace->capacity, sizeof *trace->orders)) {
        return out_of_memory(err);
    }
    trace->orders = orders;
    struct cache_order *const order = &trace->orders[trace->count];
    *order = (struct cache_order){
        .at_us = at_us, .first_line = trace->line_count, .line_count = request->item_count};
    if (!add_lines(trace, request) || !add_numbers(trace, request, order)) {
        return out_of_memory(err);
    }
    trace->count++;
    return true;
}

static_assert((uint64_t)CACHE_TRACE_ORDERS_MAX * ORDER_ITEMS_MAX < UINT32_MAX,
              "lines are counted in 32 bits");

bool cache_trace_add(struct cache_trace *trace, int64_t at_us, const struct order_request *request,
                     struct err *err)
{
    trace->has_times = true;
    return add_order(trace, at_us, request, err);
}

void cache_trace_release(struct cache_trace *trace)
{
    for (unsigned n = 0; trace->numbers != NULL && n < NUMBERS; n++) {
        free(trace->numbers->tables[n].keys);
        free(trace->numbers->tables[n].numbers);
    }
    free(trace->numbers);
    free(trace->orders);
    free(trace->lines);
    free(trace->items);
    free(trace->postal_hashes);
    arena_release(&trace->arena);
    *trace = (struct cache_trace){0};
}

/* ---- a CSV of baskets ------------------------------------------------------------------------ */

struct basket { /* one record */
    struct order_item items[ORDER_ITEMS_MAX];
    struct order_request request;
    int64_t unix_us;
};

static bool take_item(struct basket *basket, const struct csv *csv, uint32_t field, struct err *err)
{
    const char *const name = csv->fields[field];
    const uint64_t hash = random_hash_text(name);
    for (uint32_t i = 0; i < basket->request.item_count; i++) {
        if (basket->items[i].name_hash != hash || strcmp(basket->items[i].name, name) != 0)
            continue;
        basket->items[i].quantity++;
        return true;
    }
    if (basket->request.item_count == ORDER_ITEMS_MAX) {
        return err_fail(err, ERR_INPUT, csv_place(csv, field), "a basket of more than %d items",
                        ORDER_ITEMS_MAX);
    }
    basket->items[basket->request.item_count++] = (struct order_item){
        .name = name, .name_hash = hash, .product = ORDER_PRODUCT_UNKNOWN, .quantity = 1};
    return true;
}

static bool take_field(struct basket *basket, const struct cache_trace_csv *spec,
                       const struct csv *csv, uint32_t field, struct err *err)
{
    const char *const text = csv->fields[field];
    const uint32_t number = field + 1;
    if (number == spec->time_field) {
        return instant_parse(text, csv_place(csv, field), &basket->unix_us, err);
    }
    if (number == spec->user_field) {
        basket->request.user_id = text;
        return true;
    }
    if (number == spec->place_field) {
        basket->request.postal_code = text;
        return true;
    }
    return text[0] == '\0' || take_item(basket, csv, field, err);
}

static bool read_basket(struct basket *basket, const struct cache_trace_csv *spec,
                        const struct csv *csv, struct err *err)
{
    basket->request = (struct order_request){.items = basket->items, .postal_code = ""};
    const uint32_t numbers[] = {spec->time_field, spec->user_field, spec->place_field};
    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i] <= csv->count) continue;
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "the record has %u fields, not %u",
                        csv->count, numbers[i]);
    }
    for (uint32_t field = 0; field < csv->count; field++) {
        if (!take_field(basket, spec, csv, field, err)) return false;
    }
    if (basket->request.item_count == 0) {
        return err_fail(err, ERR_INPUT, csv_place(csv, 0), "a basket without an item");
    }
    basket->request.postal_hash = postal_hash(basket->request.postal_code);
    return true;
}

static bool falls(const struct cache_trace *trace, int64_t at_us)
{
    return trace->count > 0 && at_us < trace->orders[trace->count - 1].at_us;
}

static bool read_baskets(struct cache_trace *trace, const struct cache_trace_csv *spec,
                         struct csv *csv, struct basket *basket, struct err *err)
{
    int64_t first_us = 0;
    err->code = ERR_NONE;
    while (csv_next(csv, err)) {
        if (!read_basket(basket, spec, csv, err)) return false;
        if (trace->count == 0) first_us = basket->unix_us;
        const int64_t at_us =
            spec->time_field > 0 ? basket->unix_us - first_us : (int64_t)trace->count;
        if (falls(trace, at_us)) {
            (void)err_fail(err, ERR_INPUT, csv_place(csv, spec->time_field - 1),
                           "an instant before that of the record above");
            return err_hint(err, "sort the file by time");
        }
        if (!add_order(trace, at_us, &basket->request, err)) return trace->cut;
    }
    if (err->code != ERR_NONE) return false;
    if (trace->count > 0) return true;
    return err_fail(err, ERR_INPUT, (struct place){.file = csv->file}, "%s holds no basket",
                    csv->file);
}

bool cache_trace_read_csv(struct cache_trace *trace, const struct cache_trace_csv *spec,
                          struct err *err)
{
    *trace = (struct cache_trace){.has_times = spec->time_field > 0};
    struct basket *const basket = memory_zeroed(sizeof *basket);
    if (basket == NULL) return out_of_memory(err);
    struct csv csv;
    const bool read =
        csv_open(&csv, spec->path, err) && read_baskets(trace, spec, &csv, basket, err);
    csv_release(&csv);
    free(basket);
    if (!read) cache_trace_release(trace);
    return read;
}
