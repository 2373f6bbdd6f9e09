/* mocks/shelf.h - one provider's shelves: price and stock of a product in a store at an instant.
 *
 * Prices and stock are processes in time, keyed by what they are of and never by who asks: see
 * mocks/catalogue.h. Answers are remembered per store and product for as long as neither the week
 * nor the stock period changes (a window), so that asking costs one look at a table. Instants may
 * go back; the window then moves back with them.
 *
 * Ownership: the table lies in the arena given to shelf_create(); the catalogue is borrowed.
 * Failure:   shelf_create(): ERR_INPUT for impossible numbers, ERR_ENVIRONMENT without memory.
 */
#ifndef MOCKS_SHELF_H
#define MOCKS_SHELF_H

#include "mocks/catalogue.h"
#include "mocks/law.h"

struct shelf_entry {
    uint32_t stamp; /* of the window in which the answer holds; 0: never asked */
    int32_t answer; /* cents of the product itself; below 0, of a substitute; 0: missing */
};

struct shelf {
    enum provider provider;
    const struct catalogue *catalogue; /* borrowed */
    struct price_spec spec;
    struct law spread;       /* millionths of the chain's price */
    struct law unknown_base; /* cents */
    uint64_t spread_q32, promotion_q32, stock_out_q32, substitution_q32, no_store_q32;
    uint64_t spread_key, promotion_key, stock_key, store_key; /* of the replication */
    int64_t epoch_us;
    int64_t window_from_us;
    uint64_t window_us; /* 0: no window yet */
    uint64_t week, period;
    uint32_t stamp;
    uint32_t product_count;
    struct shelf_entry *entries; /* [store][product] */
};

bool shelf_create(enum provider provider, const struct price_spec *spec,
                  const struct catalogue *catalogue, struct arena *arena, struct shelf *shelf,
                  struct err *err);
void shelf_reset(struct shelf *shelf, uint64_t seed_r, int64_t epoch_us);

/* The store that serves a postal code; false: none does. */
bool shelf_store(const struct shelf *shelf, uint32_t postal_hash, uint32_t *store);

/* The price at an instant, with the stock of another; 0, above or below as shelf_entry.answer. */
int32_t shelf_compute(struct shelf *shelf, uint32_t store, const struct order_item *item,
                      int64_t price_at_us, int64_t now_us);

/* The parts of shelf_answer() that are seldom needed. */
void shelf_open_window(struct shelf *shelf, int64_t now_us);
int32_t shelf_recall(struct shelf *shelf, uint32_t store, const struct order_item *item,
                     int64_t now_us);

/* Price and stock of an item now: the hot path. */
static inline int32_t shelf_answer(struct shelf *shelf, uint32_t store,
                                   const struct order_item *item, int64_t now_us)
{
    if ((uint64_t)(now_us - shelf->window_from_us) >= shelf->window_us) {
        shelf_open_window(shelf, now_us);
    }
    if (item->product < shelf->product_count && store < shelf->spec.stores) {
        const struct shelf_entry *const entry =
            &shelf->entries[store * shelf->product_count + item->product];
        if (entry->stamp == shelf->stamp) return entry->answer;
    }
    return shelf_recall(shelf, store, item, now_us);
}

#endif
