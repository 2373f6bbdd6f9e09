/* A whole quote in one call: our own house form, for mocks of whatever provider.
 *
 *   POST /single/v1/quote, Basic:
 *   {"items":[{"name":"Whole Milk","quantity":2},...],"postal_code":"45202"}
 *   {"subtotal_cents":1917,"fee_cents":499,"tax_cents":173,"eta_minutes_min":25,
 *    "eta_minutes_max":40,"found":2,"substituted":0}
 *
 * found and substituted are lines of the cart, and no more than it has. */
#include "providers/codec_state.h"

static bool encode(struct codec *codec, const struct call *call, struct http_request *request,
                   struct err *err)
{
    codec_begin(request, HTTP_POST, "/single/v1/quote", true);
    text_char(&request->body, '{');
    codec_put_items(&request->body, call->request);
    codec_put_text(&request->body, "postal_code", codec_postal_code(call));
    text_char(&request->body, '}');
    return codec_show_token(codec, call, request, err);
}

static bool take_lines(const cJSON *node, uint32_t most, uint16_t *lines)
{
    double count;
    if (codec_number(node, &count) != NUMBER_GOOD) return false;
    if (!(count >= 0 && count <= most)) return false;
    *lines = (uint16_t)count;
    return *lines == count;
}

static bool decode(struct codec *codec, const struct call *call, const cJSON *body,
                   struct reply *reply)
{
    (void)codec;
    const cJSON *const subtotal = codec_member(body, "subtotal_cents");
    const uint32_t lines = call->request->item_count;
    return subtotal != NULL && codec_cents(subtotal, &reply->as.quote.subtotal_cents) &&
           codec_cents(codec_member(body, "fee_cents"), &reply->as.quote.fee_cents) &&
           codec_cents(codec_member(body, "tax_cents"), &reply->as.quote.tax_cents) &&
           codec_minutes(codec_member(body, "eta_minutes_min"), &reply->as.quote.eta_minutes_min) &&
           codec_minutes(codec_member(body, "eta_minutes_max"), &reply->as.quote.eta_minutes_max) &&
           take_lines(codec_member(body, "found"), lines, &reply->as.quote.found) &&
           take_lines(codec_member(body, "substituted"), lines - reply->as.quote.found,
                      &reply->as.quote.substituted);
}

const struct codec_formats codec_single = {.encode = encode, .decode = decode};
