#include "providers/http_client_state.h"

#include <assert.h>

/* Calls in flight by the end of their lives: a binary heap, in which each knows its place, for
 * nearly all of them leave before they are due.
 *
 * libcurl's own timers alone would not do. 7.88.1 forgets a timeout that lies less than a
 * millisecond after another timer of the same call (the one of happy eyeballs, 200 ms after it
 * began to connect), and a call that waits to share another's connection has none at all: such
 * calls never ended. Nor do whole milliseconds suit deadlines. libcurl is still told, with a second
 * on top. */

static void put(struct http_client *client, uint32_t place, struct transfer *transfer)
{
    client->deadlines[place] = transfer;
    transfer->deadline_place = place;
}

static void rise(struct http_client *client, uint32_t place, struct transfer *transfer)
{
    while (place > 0) {
        struct transfer *const above = client->deadlines[(place - 1) / 2];
        if (above->due_us <= transfer->due_us) break;
        put(client, place, above);
        place = (place - 1) / 2;
    }
    put(client, place, transfer);
}

static void sink(struct http_client *client, uint32_t place, struct transfer *transfer)
{
    const uint32_t count = client->deadline_count;
    for (uint32_t below = 2 * place + 1; below < count; below = 2 * place + 1) {
        struct transfer *const *const children = &client->deadlines[below];
        if (below + 1 < count && children[1]->due_us < children[0]->due_us) below++;
        if (transfer->due_us <= client->deadlines[below]->due_us) break;
        put(client, place, client->deadlines[below]);
        place = below;
    }
    put(client, place, transfer);
}

void deadlines_add(struct http_client *client, struct transfer *transfer)
{
    assert(client->deadline_count < client->transfer_count);
    rise(client, client->deadline_count++, transfer);
}

void deadlines_remove(struct http_client *client, struct transfer *transfer)
{
    const uint32_t place = transfer->deadline_place;
    assert(client->deadlines[place] == transfer);
    struct transfer *const last = client->deadlines[--client->deadline_count];
    if (last == transfer) return;
    if (last->due_us < transfer->due_us)
        rise(client, place, last);
    else
        sink(client, place, last);
}

struct transfer *deadlines_first(const struct http_client *client)
{
    return client->deadline_count > 0 ? client->deadlines[0] : NULL;
}
