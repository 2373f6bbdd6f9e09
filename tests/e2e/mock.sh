#!/usr/bin/env bash
# Goal: `routesim mock` serves what any client of the four APIs would meet, and does what its operators
# are told it does.
# Method: it is started on free ports, and curl and openssl alone speak to it. Prints a line `ok - name`,
# `ok - name # SKIP why` or `not ok - name` a test. Every mock stops by itself after two minutes, so that
# none outlives a test that was killed.
# shellcheck source=lib/e2e.bash
. "$(dirname "${BASH_SOURCE[0]}")/lib/e2e.bash" || exit 1
for tool in curl openssl; do
    command -v $tool >/dev/null || { skip "mocks over HTTP" "there is no $tool here"; exit 0; }
done
mock_pid=

# start WORDS...: a mock that has said where it is; sets MEALME, INSTACART, KROGER_API, WALMART_API, ADMIN
start() {
    local i
    : >"$scratch/urls"
    "$program" mock --print-urls --for 2m "$@" >"$scratch/urls" 2>"$scratch/log" </dev/null &
    mock_pid=$!
    MEALME='' INSTACART='' KROGER_API='' WALMART_API='' ADMIN='' ENV_FILE='' CA_FILE=''
    for ((i = 0; i < 300; i++)); do
        if [ -s "$scratch/urls" ] || ! kill -0 "$mock_pid" 2>/dev/null; then break; fi
        sleep 0.05
    done
    # shellcheck source=/dev/null
    . "$scratch/urls"
}

# stop SIGNAL: sets code, and out to what is left of the process
stop() {
    kill -"$1" "$mock_pid" 2>/dev/null
    wait "$mock_pid" 2>/dev/null
    code=$?
    out=$(kill -0 "$mock_pid" 2>&1 && echo there)
    mock_pid=
}

# ask CURL-WORDS...: sets code to the HTTP status (000: none), out to the body, err to the headers
ask() {
    code=$(curl -sS --max-time 20 --noproxy '*' -o "$scratch/body" -D "$scratch/headers" -w '%{http_code}' "$@" 2>"$scratch/curl-error")
    out=$(cat "$scratch/body" 2>/dev/null) err=$(cat "$scratch/headers" "$scratch/curl-error" 2>/dev/null)
    rm -f "$scratch/body" "$scratch/headers"
}
field() { # field NAME: the value of a member of $out, whatever it lies in; the first
    sed -nE "s/.*\"$1\": ?\"?([^\",}]*)\"?.*/\1/p" <<<"$out" | head -n 1
}

# ---- as a person starts it ----
"$program" mock --for 1s --keys "$scratch/first" >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'shows a table of addresses, and stops when its time is over' \
    '$code == 0 && $out == *"KROGER_API    http://127.0.0.1:"*"admin "*"http://127.0.0.1:"* && $err == *"stopped after 1 s and 0 requests"*'
code=0 out=$(stat -c '%a %n' "$scratch/first" "$scratch/first"/* | sed "s|$scratch/||" | tr '\n' ' ')
check 'writes its credentials where nobody else can read them' \
    '$out == "700 first 600 first/mock.env 600 first/walmart-private.pem "'

# ---- Kroger ----
# quick SPAN: a scenario of well providers that answer after this long
quick() {
    printf '{"schema": "routesim.scenario/1", "name": "quick", "providers": {'
    for name in MEALME INSTACART KROGER_API; do
        printf '"%s": {"latency": {"all": {"law": "constant", "value": "%s"}}}, ' $name "$1"
    done
    printf '"WALMART_API": {"latency": {"all": {"law": "constant", "value": "%s"}}}}}\n' "$1"
}
quick 1ms >"$scratch/quick.json"
start "$scratch/quick.json" --keys "$scratch/keys"
code=0 out=$(cat "$scratch/urls")
check 'prints NAME=URL lines for programs' \
    '$out == MEALME=http://127.0.0.1:*INSTACART=http*KROGER_API=http*WALMART_API=http*ADMIN=http*ENV_FILE=*'
# shellcheck source=/dev/null
. "$ENV_FILE"
token_words=(-d 'grant_type=client_credentials&scope=product.compact' "$KROGER_API/v1/connect/oauth2/token")
ask -u "$KROGER_CLIENT_ID:$KROGER_CLIENT_SECRET" "${token_words[@]}"
kroger_token=$(field access_token)
check 'Kroger: gives a token' '$code == 200 && $(field token_type) == bearer && $(field expires_in) == 1800 && -n $kroger_token'
kroger=(-H "Authorization: Bearer $kroger_token" -H 'Accept: application/json')
ask "${kroger[@]}" "$KROGER_API/v1/locations?filter.zipCode.near=45202&filter.limit=1"
kroger_store=$(field locationId)
check 'Kroger: finds a store' '$code == 200 && $kroger_store =~ ^[0-9]{8}$'
kroger_search="$KROGER_API/v1/products?filter.term=milk&filter.locationId=$kroger_store&filter.limit=2"
ask "${kroger[@]}" "$kroger_search"
check 'Kroger: finds products with prices' '$code == 200 && $out == *"\"regular\":"* && $out == *"\"productId\":"*'

ask -u "$KROGER_CLIENT_ID:wrong" "${token_words[@]}"
check 'Kroger refuses a wrong secret in its own words' '$code == 400 && $out == "{\"error\":\"unauthorized\",\"error_description\":\"invalid credentials\"}"'
ask -u "$KROGER_CLIENT_ID:$KROGER_CLIENT_SECRET" -d 'grant_type=password' "$KROGER_API/v1/connect/oauth2/token"
check 'Kroger refuses another grant in its own words' '$code == 400 && $out == *"\"unsupported_grant_type\""*'
ask -H 'Authorization: Bearer mock-0000000000000000' "$kroger_search"
check 'Kroger refuses a wrong token in its own words' '$code == 401 && $out == *"\"error\":\"invalid_token\",\"error_description\":\"The access token is invalid or has expired\""*'
ask "$kroger_search"
check 'Kroger misses a token in its own words' '$code == 401 && $out == *"\"error\":\"invalid_request\",\"error_description\":\"The access_token is missing\""*'
ask "${kroger[@]}" "$KROGER_API/v1/products?filter.term=milk&filter.locationId=12"
check 'Kroger refuses a bad store number in its own words' '$code == 400 && $out == *"must have a length of 8 characters"*'

# ---- Walmart ----
# sign KEY-FILE MILLISECONDS: the four headers, signed by openssl
sign() {
    local signature
    signature=$(printf '%s\n%s\n%s\n' "$WALMART_CONSUMER_ID" "$2" "$WALMART_KEY_VERSION" |
        openssl dgst -sha256 -sign "$1" | openssl base64 -A)
    walmart=(-H "WM_CONSUMER.ID: $WALMART_CONSUMER_ID" -H "WM_CONSUMER.INTIMESTAMP: $2"
        -H "WM_SEC.KEY_VERSION: $WALMART_KEY_VERSION" -H "WM_SEC.AUTH_SIGNATURE: $signature" -H 'Accept: application/json')
}
now_ms() { echo "$((${EPOCHREALTIME/[.,]/} / 1000))"; }
affiliate=$WALMART_API/api-proxy/service/affil/product/v2
sign "$WALMART_PRIVATE_KEY_FILE" "$(now_ms)"
ask "${walmart[@]}" "$affiliate/search?query=whole%20milk&numItems=1"
check 'Walmart: answers a search that openssl signed' '$code == 200 && $out == *"\"salePrice\":"* && $(field query) == "whole milk"'
ask "${walmart[@]}" "$affiliate/stores?zip=45011"
check 'Walmart: finds stores' '$code == 200 && $out == "["*"\"no\":"*'
sign "$WALMART_PRIVATE_KEY_FILE" "$(($(now_ms) - 181000))"
ask "${walmart[@]}" "$affiliate/search?query=milk"
check 'Walmart refuses an old signature in its own words' '$code == 401 && $out == *"\"details\":{\"Description\":"*"imestamp"*"expired"*'
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$scratch/other.pem" 2>/dev/null ||
    openssl genrsa -out "$scratch/other.pem" 2048 2>/dev/null
sign "$scratch/other.pem" "$(now_ms)"
ask "${walmart[@]}" "$affiliate/search?query=milk"
check 'Walmart refuses a signature by another key in its own words' \
    '$code == 401 && $out == *"Could not authenticate in-request, auth signature : Signature verification failed: affil-product"*'
WALMART_KEY_VERSION=2
sign "$WALMART_PRIVATE_KEY_FILE" "$(now_ms)"
ask "${walmart[@]}" "$affiliate/search?query=milk"
check 'Walmart refuses a version under which it knows no key, however good the signature' \
    '$code == 401 && $out == *"auth signature : Public key not found for: affil-product"*'
WALMART_KEY_VERSION=1

# ---- Instacart ----
connect_token() { # connect_token SECRET
    ask -H 'Content-Type: application/json' \
        -d "{\"client_id\":\"$INSTACART_CLIENT_ID\",\"client_secret\":\"$1\",\"grant_type\":\"client_credentials\",\"scope\":\"connect:fulfillment\"}" \
        "$INSTACART/v2/oauth/token"
}
connect_token "$INSTACART_CLIENT_SECRET"
instacart=(-H "Authorization: Bearer $(field access_token)" -H 'Content-Type: application/json')
check 'Instacart: gives a token' '$code == 200 && $(field token_type) == Bearer && $(field expires_in) == 86400'
slots='{"postal_code":"94105","cart_total_cents":4599,"items_count":7,"with_eta_options":true}'
ask "${instacart[@]}" -d "$slots" "$INSTACART/v2/fulfillment/service_options/delivery"
check 'Instacart: offers delivery slots' '$code == 200 && $out == *"\"service_options\":["*"\"start_at\":\"20"*'
connect_token wrong
check 'Instacart refuses a wrong secret in its own words' '$code == 401 && $out == *"\"error\":"*'
ask -H 'Authorization: Bearer wrong' -H 'Content-Type: application/json' -d "$slots" "$INSTACART/v2/fulfillment/service_options/delivery"
check 'Instacart refuses a wrong token' '$code == 401 && $out == *"\"error\":{\"message\":"*'

# ---- MealMe ----
mealme_cart=(-G --data-urlencode 'query={"Whole Milk":2,"Eggs":1}' -d user_latitude=39.1 -d user_longitude=-84.5 "$MEALME/search/cart")
ask -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]}"
product=$(field product_id)
check 'MealMe: fills a cart' '$code == 200 && $out == "{\"carts\":["* && -n $product'
order="{\"place_order\":false,\"include_final_quote\":true,\"items\":[{\"product_id\":\"$product\",\"quantity\":2}],\"pickup\":false,
\"user_name\":\"A\",\"user_email\":\"a@example.invalid\",\"user_phone\":5135550148,\"user_id\":\"u\",\"user_latitude\":39.1,\"user_longitude\":-84.5,
\"user_street_num\":\"1\",\"user_street_name\":\"Example\",\"user_city\":\"Cincinnati\",\"user_state\":\"OH\",\"user_zipcode\":\"45202\",\"user_country\":\"US\"}"
ask -H "Id-Token: $MEALME_API_KEY" -H 'Content-Type: application/json' -d "$order" "$MEALME/order/order/v4"
check 'MealMe: quotes an order without placing it' '$code == 202 && $out == *"\"order_placed\":false"* && $out == *"\"delivery_time_min\":"* && $out == *"\"sales_tax_cents\":"*'
ask -H 'Id-Token: mock-MEALME:wrong' "${mealme_cart[@]}"
check 'MealMe refuses a wrong key in its own words' '$code == 401 && $out == "{\"error\":\"Incorrect API key\"}"'
ask -H "Id-Token: $MEALME_API_KEY" "$MEALME/search/cart?query=%7B%22Eggs%22%3A1%7D"
check 'MealMe misses a parameter in its own words' '$code == 400 && $out == "{\"error\":\"Missing/Invalid required input parameter: user_latitude\"}"'

# ---- one request's fault ----
ask "${kroger[@]}" -H 'X-Mock-Fault: status=503' "$kroger_search"
check 'a request can ask for a status' '$code == 503'
ask "${kroger[@]}" -H 'X-Mock-Fault: truncated' "$kroger_search"
check 'a request can ask for a body cut short' '$code == 200 && $err == *"curl: (18)"*'
ask "${kroger[@]}" -H 'X-Mock-Fault: reset' "$kroger_search"
check 'a request can ask for a reset' '$code == 000 && ( $err == *"curl: (56)"* || $err == *"curl: (52)"* )'
ask "${kroger[@]}" -H 'X-Mock-Fault: nonsense' "$kroger_search"
check 'a fault that is none is refused with the list' '$code == 400 && $out == *hang*gzip_bomb*'

# ---- the admin interface ----
json=(-H 'Content-Type: application/json')
ask "$ADMIN/journal?provider=kroger&operation=token"
check 'the journal knows the token calls and hides what they showed' \
    '$code == 200 && $(wc -l <<<"$out") -eq 2 && $out == *"\"status\":400"* && $out == *"Authorization: [hidden]"* && $out != *"$kroger_token"*'
ask "$ADMIN/journal"
check 'no secret is in the journal at all' '$code == 200 && $out != *generation-* && $out != *"$kroger_token"*'
ask "${json[@]}" -d '{"provider":"walmart","operation":"search","status":200,"min":1,"max":1}' "$ADMIN/verify"
check 'verifies what was asked' '$code == 200 && $(field verdict) == holds'
ask "${json[@]}" -d '{"provider":"walmart","operation":"search","status":418}' "$ADMIN/verify"
check 'and tells what came nearest when it was not' '$code == 409 && $(field verdict) == fails && $out == *"\"near_miss\": {"*status*'
ask -X POST "$ADMIN/credentials/kroger/rotate"
check 'rotates a credential without showing it' '$code == 200 && $(field generation) == 2 && $out != *generation-*'
ask -u "$KROGER_CLIENT_ID:$KROGER_CLIENT_SECRET" "${token_words[@]}"
check 'after which the old one is refused' '$code == 400 && $out == *"invalid credentials"*'
ask "${kroger[@]}" "$kroger_search"
check 'and its token lives on' '$code == 200'
ask -X POST "$ADMIN/credentials/kroger/issue"
issued=$(field id):$(field secret)
ask -u "$issued" "${token_words[@]}"
check 'the new one is issued, and is taken' '$code == 200'
ask -X POST "$ADMIN/credentials/walmart/rotate"
sign "$WALMART_PRIVATE_KEY_FILE" "$(now_ms)"
ask "${walmart[@]}" "$affiliate/search?query=milk"
check 'a signature by the key before counts no longer' '$code == 401 && $out == *"\"details\":"*'
ask -X PUT "${json[@]}" -d '{"advance":"1h"}' "$ADMIN/clock"
ask "${kroger[@]}" "$kroger_search"
check 'the clock jumps over the end of a token' '$code == 401 && $out == *"invalid_token"*'
ask -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]}"
check 'and what does not expire is as it was' '$code == 200'
ask "${json[@]}" -d '{"id":"down","provider":"MEALME","kind":"error","status":502,"for":"1h"}' "$ADMIN/faults"
ask -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]}"
check 'a fault is put in while it runs' '$code == 502'
ask -X DELETE "$ADMIN/faults/down"
ask -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]}"
check 'and taken out' '$code == 200'
ask "${json[@]}" -d '{"id":"x","provider":"KROGER","kind":"hang"}' "$ADMIN/faults"
check 'a fault that cannot be is refused with a hint' '$code == 400 && $out == *"KROGER_API"* && $(field column) == 22'
ask -H 'Origin: http://evil.example' "$ADMIN/health"
check 'no web page may ask' '$code == 403'
ask -H 'Host: evil.example' "$ADMIN/health"
check 'nor a name that was rebound' '$code == 403'
ask "${json[@]}" -d '{"seed":5}' "$ADMIN/reset"
ask -u "$KROGER_CLIENT_ID:$KROGER_CLIENT_SECRET" "${token_words[@]}"
check 'a reset begins anew, with the first credential' '$code == 200'
ask -X PUT "${json[@]}" -d '{"advance":"1h"}' "$ADMIN/clock"
sign "$WALMART_PRIVATE_KEY_FILE" "$(now_ms)"
ask "${walmart[@]}" "$affiliate/search?query=milk"
check 'a clock that has jumped still takes signatures of now' '$code == 200'
stop TERM
check 'SIGTERM stops it, exit 0, and nothing is left' '$code == 0 && $out != *there*'

# ---- a scenario: limits, faults on time, reloading ----
cat >"$scratch/limited.json" <<'END'
{"schema": "routesim.scenario/1", "name": "limited",
 "providers": {"KROGER_API": {"limits": {"per_second": 1, "burst": 3, "retry_after": "7s"},
                              "latency": {"all": {"law": "constant", "value": "1ms"}}},
               "WALMART_API": {"latency": {"all": {"law": "constant", "value": "1ms"}}}},
 "faults": [{"id": "later", "provider": "WALMART_API", "kind": "error", "status": 503, "at": "30m", "for": "10m"}]}
END
start "$scratch/limited.json" --only kroger,walmart --set providers.WALMART_API.api=access_token --journal "$scratch/journal.jsonl"
code=0 out=$(cat "$scratch/urls")
check 'serves those alone that it is told to' '$out != *MEALME* && $out == *KROGER_API=*WALMART_API=*ADMIN=*'
for ((i = 0; i < 5; i++)); do ask -u "$KROGER_CLIENT_ID:$KROGER_CLIENT_SECRET" "${token_words[@]:0:2}" "$KROGER_API/v1/connect/oauth2/token"; done
check 'a rate limit answers 429, and says when to come back' '$code == 429 && $err == *"Retry-After: 7"*'
house=(-H "WM_CONSUMER.ID: $WALMART_PARTNER_ID" -H "WM_SEC.ACCESS_TOKEN: $WALMART_API_KEY" "$WALMART_API/api/v1/items/search?query=milk")
ask "${house[@]}"
check "Walmart's other API is spoken by setting" '$code == 200'
ask -X PUT "${json[@]}" -d '{"to":"31m"}' "$ADMIN/clock"
ask "${house[@]}"
check "the scenario's fault strikes at its time" '$code == 503'
cp "$scratch/limited.json" "$scratch/good.json"
printf '{"schema": "routesim.scenario/1",\n "faults": [{"id": "x", "provider": "KROGER", "kind": "hang"}]}\n' >"$scratch/limited.json"
kill -HUP "$mock_pid"
await 'grep -q "served on" "$scratch/log"'
code=0 out=$(cat "$scratch/log")
check 'SIGHUP with a broken scenario names line and column' '$out == *"limited.json:2:37: error:"*"KROGER_API"*"the scenario from before is served on"*'
ask "${house[@]}"
check 'and serves the old one on' '$code == 503'
sed -e 's/"status": 503/"status": 500/' "$scratch/good.json" >"$scratch/limited.json"
kill -HUP "$mock_pid"
await 'grep -q "read again" "$scratch/log"'
ask "${house[@]}"
check 'SIGHUP with a good one takes it' '$code == 500'
ask -X POST "$ADMIN/credentials/walmart/rotate"
kill -HUP "$mock_pid"
await '[ "$(grep -c "read again" "$scratch/log")" = 2 ]'
ask "$ADMIN/credentials"
check 'what was rotated stays rotated' '$code == 200 && $out == *"WALMART_API"*"\"generation\": 2"*'
ask "${house[@]}"
check 'and the old one is refused still' '$code == 401'
ask -X POST "$ADMIN/stop"
wait "$mock_pid"
stopped=$? mock_pid=
code=$stopped out=$(tail -n 1 "$scratch/journal.jsonl")
check 'the admin interface stops it, and the journal is kept' '$code == 0 && $out == "{\"sequence\":"*"\"status\":401"*'

# ---- a key version of one's own ----
sed -e 's/"providers"/"router": {"env": {"LOOPGPT_ENABLE_WALMART": "true", "WALMART_KEY_VERSION": "v-7"}}, &/' "$scratch/quick.json" >"$scratch/version.json"
start "$scratch/version.json" --only walmart --keys "$scratch/versions"
versions() { # versions SHOWN: asks under it
    # shellcheck source=/dev/null
    . "$scratch/versions/mock.env"
    WALMART_KEY_VERSION=${1:-$WALMART_KEY_VERSION}
    sign "$WALMART_PRIVATE_KEY_FILE" "$(now_ms)"
    ask "${walmart[@]}" "$WALMART_API/api-proxy/service/affil/product/v2/search?query=milk"
}
versions ''
check "the mock knows its key under the scenario's version, and says so" '$code == 200 && $WALMART_KEY_VERSION == v-7'
versions 1
check 'and under no other' '$code == 401 && $out == *"Public key not found for"*'
stop TERM
out=$("$program" verify --duration 10s "$scratch/version.json" 2>&1)
code=$?
check 'the router shows the same version to its own mocks' '$code == 0 && $out == *"http "*" 0 differences"*'

# ---- below HTTP ----
sed -e 's/"providers"/"faults": [{"id": "gone", "provider": "MEALME", "kind": "refuse", "at": "10m", "for": "10m"}], &/' \
    "$scratch/quick.json" >"$scratch/refusing.json"
health=(-H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]:0:7}")
start "$scratch/refusing.json" --only mealme
ask "${health[@]}" "$MEALME/search/cart"
check 'behind a relay a provider answers as ever' '$code == 200'
ask -X PUT "${json[@]}" -d '{"to":"11m"}' "$ADMIN/clock"
for ((i = 0; i < 100; i++)); do ask "${health[@]}" "$MEALME/search/cart"; [ "$code" = 200 ] || break; sleep 0.05; done
check 'a fault that refuses connections refuses them' '$code == 000 && $err == *"curl: (7)"*'
ask -X PUT "${json[@]}" -d '{"to":"21m"}' "$ADMIN/clock"
for ((i = 0; i < 100; i++)); do ask "${health[@]}" "$MEALME/search/cart"; [ "$code" = 200 ] && break; sleep 0.05; done
check 'and then no more' '$code == 200'
stop TERM
start "$scratch/quick.json" --only mealme --tls --keys "$scratch/keys" --relay
ask "${json[@]}" -d '{"id":"t","provider":"MEALME","kind":"tls"}' "$ADMIN/faults"
for ((i = 0; i < 100; i++)); do ask --cacert "$CA_FILE" "${health[@]}" "$MEALME/search/cart"; [ "$code" = 200 ] || break; sleep 0.05; done
check 'with --relay a fault that is put in breaks handshakes' '$code == 000 && $err == *"curl: (35)"*'
ask -X DELETE "$ADMIN/faults/t"
for ((i = 0; i < 100; i++)); do ask --cacert "$CA_FILE" "${health[@]}" "$MEALME/search/cart"; [ "$code" = 200 ] && break; sleep 0.05; done
check 'and taking it out mends them' '$code == 200'
stop TERM
start "$scratch/quick.json" --only mealme
ask "${json[@]}" -d '{"id":"r","provider":"MEALME","kind":"refuse"}' "$ADMIN/faults"
check 'without a relay it is said what clients meet instead' '$code == 201 && $out == *"its calls are reset; mock --relay begins with a relay there"*'
ask "${health[@]}" "$MEALME/search/cart"
check 'namely a reset' '$code == 000 && ( $err == *"curl: (56)"* || $err == *"curl: (52)"* )'
stop TERM

# ---- TLS ----
start "$scratch/quick.json" --tls --keys "$scratch/keys"
ask --cacert "$CA_FILE" "${health[@]}" "$MEALME/search/cart"
check 'TLS: taken by whoever knows the authority' '$code == 200 && $MEALME == https://*'
ask "${health[@]}" "$MEALME/search/cart"
check 'TLS: refused by whoever does not' '$code == 000 && $err == *"curl: (60)"*'
stop INT
check 'SIGINT stops it as well, exit 0' '$code == 0 && $out != *there*'
for kind in expired wrong_host unknown_issuer; do
    start "$scratch/quick.json" --tls=$kind --keys "$scratch/keys" --only mealme
    ask --cacert "$CA_FILE" "${health[@]}" "$MEALME/search/cart"
    check "TLS: a certificate that is $kind is refused" '$code == 000 && $err == *"curl: (60)"*'
    stop TERM
done

# ---- a call that waits, and a second signal ----
quick 50s >"$scratch/slow.json"
start "$scratch/slow.json" --only mealme
curl -sS --max-time 60 --noproxy '*' -o /dev/null -w '%{http_code}' "${health[@]}" "$MEALME/search/cart" >"$scratch/slow" &
slow=$!
await 'curl -s "$ADMIN/counters" | grep -q "\"waiting\": 1"'
ask "${json[@]}" -d '{"id":"s","provider":"MEALME","kind":"error","status":504,"at":"20m","hits_in_flight":true}' "$ADMIN/faults"
ask -X PUT "${json[@]}" -d '{"to":"30m"}' "$ADMIN/clock"
wait $slow
code=0 out=$(cat "$scratch/slow")
check 'a fault that hits calls in flight ends one that waits' '$out == 504'
stop TERM
quick 1500ms >"$scratch/slow.json"
start "$scratch/slow.json" --only mealme
curl -sS --max-time 20 --noproxy '*' -o /dev/null -w '%{http_code}' -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]:0:7}" "$MEALME/search/cart" >"$scratch/slow" &
slow=$!
await 'curl -s "$ADMIN/counters" | grep -q "\"waiting\": 1"'
stop TERM
wait $slow
code=0 out=$(cat "$scratch/slow")
check 'an answer that is due soon still goes out when it is stopped' '$out == 200'
quick 1900ms >"$scratch/slow.json"
start "$scratch/slow.json" --only mealme
curl -sS --max-time 20 --noproxy '*' -o /dev/null -H "Id-Token: $MEALME_API_KEY" "${mealme_cart[@]:0:7}" "$MEALME/search/cart" 2>/dev/null &
slow=$!
await 'curl -s "$ADMIN/counters" | grep -q "\"waiting\": 1"'
kill -TERM "$mock_pid"
await 'grep -q "stopped after" "$scratch/log"'
stop TERM
wait $slow
check 'a second signal leaves at once' '$code == 143'

# ---- the doctor ----
start "$scratch/quick.json" --keys "$scratch/keys"
examine() { # examine WORDS...
    "$program" doctor "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
}
here=()
for name in MEALME INSTACART KROGER_API WALMART_API; do
    here+=(--set "providers.$name.mode=mock" --set "providers.$name.base_url=${!name}")
done
examine --live mealme,instacart,kroger,walmart --yes-live --env-file "$scratch/keys/mock.env" "${here[@]}"
check 'the doctor asks every provider whether it takes the credential' \
    '$out == *"MEALME: health answered 200"*"INSTACART: token answered 200"*"KROGER_API: token answered 200"*"WALMART_API: health answered 200"*"4 HTTP calls were sent in all"* && $out != *FAIL*live*'
check 'and shows none' '$out$err != *generation-* && $out == *"KROGER_CLIENT_ID, KROGER_CLIENT_SECRET"*'
KROGER_CLIENT_ID=canary-1f9 KROGER_CLIENT_SECRET=canary-e07 WALMART_PARTNER_ID=canary-3c examine --live kroger --yes-live "${here[@]}"
check 'a refusal is told in the provider'"'"'s own words' '$code == 4 && $out == *"FAIL  live "*"KROGER_API: token answered 400, "*"invalid credentials"*"1 HTTP call was sent"*'
check 'half of a pair is told, and no value' '$out == *"warn  credentials"*"WALMART_PARTNER_ID is set and WALMART_API_KEY is not"* && $out$err != *canary*'
examine --live kroger --yes-live "${here[@]}"
check 'a provider without credentials is not called' '$code == 4 && $out == *"KROGER_API: has no credentials"*"0 HTTP calls were sent"*'
examine --live kroger
check 'nobody is called without a yes' '$code == 2 && $err == *--yes-live*'
stop TERM
examine --live kroger --yes-live --env-file "$scratch/keys/mock.env" "${here[@]}"
check 'a provider that is not there is told apart' '$code == 4 && $out == *"FAIL  live "*"KROGER_API: "*refused*'

# ---- where other machines can reach it ----
if [ -n "$(hostname -I 2>/dev/null)" ]; then
    start --listen 0.0.0.0 --expose --only mealme --tls --keys "$scratch/exposed" --relay
    host=${MEALME#https://} host=${host%:*}
    ask --cacert "$CA_FILE" "$MEALME/"
    check 'the address is told that others have to use, and the certificate is for it' \
        '$code == 404 && " $(hostname -I) " == *" $host "* && $(cat "$ENV_FILE") == *"MEALME_API_BASE=$MEALME"* && $ADMIN == http://127.0.0.1:*'
    stop TERM
else
    skip 'the address is told that others have to use' 'no network here'
fi

# ---- ports ----
start --only mealme --port-base 0 --admin 0
code=0 out=$(cat "$scratch/urls")
check '--port-base 0 is any free port, as the hint of a busy one says' '$out == MEALME=http://127.0.0.1:[1-9]*ADMIN=http://127.0.0.1:[1-9]*'
stop TERM

# ---- quiet ----
"$program" mock --only mealme --for 1s -q >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check '-q says nothing' '$code == 0 && -z $out && -z $err'
"$program" mock --only mealme --for 1s -q --print-urls >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check '-q prints what was asked for' '$code == 0 && $out == MEALME=http://127.0.0.1:*ADMIN=* && -z $err'

# ---- what it cannot do ----
start --only mealme --keys "$scratch/claimed"
before=$(cat "$scratch/claimed/mock.env")
"$program" mock --only mealme --keys "$scratch/claimed" --for 1s >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'the keys of a mock that runs are not overwritten' \
    '$code == 2 && -z $out && $err == *"claimed: error: the keys of a mock that runs are in this folder"* && $(cat "$scratch/claimed/mock.env") == "$before"'
stop KILL
start --only mealme --keys "$scratch/claimed"
check 'those of one that is gone are, however it went' '-n $MEALME && $(cat "$scratch/claimed/mock.env") == *"$MEALME"*'
port=${MEALME##*:}
"$program" mock --port-base "$port" --for 1s >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
check 'a busy port is named, exit 4' '$code == 4 && -z $out && $err == *"$port"*'
"$program" mock --only mealme --admin "${ADMIN##*:}" --for 1s >"$scratch/out" 2>"$scratch/err" </dev/null
code=$? err=$(cat "$scratch/err")
check 'so is a busy port of the admin interface' '$code == 4 && $err == *"${ADMIN##*:}"*'
stop TERM
try() { # try WORDS...: a mock that should not begin
    "$program" mock --only mealme --for 10s "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
}
try --journal "$scratch/nowhere/journal.jsonl"
check 'a journal that cannot be written is named before anything is served, exit 4' \
    '$code == 4 && -z $out && $err == *"nowhere/journal.jsonl: error: the journal cannot be written: No such file"*'
try --journal "$scratch"
check 'a folder is no journal' '$code == 4 && -z $out && $err == *"Is a directory"*'
refuse() { # refuse NAME CONDITION WORDS...
    local name=$1 condition=$2
    shift 2
    "$program" mock --for 1s "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
    check "$name" "$condition"
}
refuse 'other machines are let in only when it is said twice' '$code == 2 && $err == *--expose*' --listen 0.0.0.0
refuse 'an address that is none is refused' '$code == 2 && $err == *"127.0.0.1:9000"*' --listen localhost
refuse 'a provider that is none is refused' '$code == 2 && $err == *"KROGER"*' --only kroge
printf '{"schema": "routesim.scenario/1",\n "faults": [{"id": "x", "provider": "KROGER", "kind": "hang"}]}\n' >"$scratch/broken.json"
refuse 'a scenario that is none is refused' '$code == 3 && $err == *"broken.json:2:37"*' "$scratch/broken.json"
mkdir "$scratch/theirs" && echo 'MINE=1' >"$scratch/theirs/mock.env"
refuse "another's file is left alone" '$code == 2 && $err == *"left alone"* && $(cat "$scratch/theirs/mock.env") == MINE=1' --keys "$scratch/theirs"
mkdir -m 777 "$scratch/open"
refuse 'keys are not written where others can write' '$code == 2 && $err == *"chmod 700"*' --keys "$scratch/open"

# ---- the vendors' words are data ----
mkdir "$scratch/words"
sed -e 's/"Too many requests"/"Enough for now"/' scenarios/data/payloads/walmart.json >"$scratch/words/walmart.json"
start --only walmart --payloads "$scratch/words" --set 'providers.WALMART_API.api=access_token' --set 'providers.WALMART_API.limits={"per_second":1,"burst":1}'
for ((i = 0; i < 4; i++)); do
    ask -H "WM_CONSUMER.ID: $WALMART_PARTNER_ID" -H "WM_SEC.ACCESS_TOKEN: $WALMART_API_KEY" "$WALMART_API/api/v1/items/search?query=milk"
done
check 'a folder of payloads corrects what a vendor says' '$code == 429 && $out == *"Enough for now"*'
stop TERM
echo '{"nonsense": {}}' >"$scratch/words/walmart.json"
refuse 'a payload that is none is named' '$code == 3 && $err == *"walmart.json:1:"*' --payloads "$scratch/words"

# ---- what it writes can be read ----
cat >"$scratch/none.json" <<'END'
{"schema": "routesim.scenario/1", "name": "none", "duration": "1m", "workload": {"arrivals": {"rate": "1/s"}}}
END
for wire in struct bytes http; do
    "$program" run "$scratch/none.json" --wire $wire --env-file "$scratch/keys/mock.env" --out "$scratch/run-$wire" --no-plots >"$scratch/out" 2>"$scratch/err" </dev/null
    code=$? out=$(cat "$scratch/out") err=$(cat "$scratch/err")
    check "mock.env is an env file, whose credentials mocks take over the wire $wire" \
        '$code == 0 && $err != *"nobody reads"* && $(grep -cE "^  (MealMe|Instacart|Kroger|Walmart) +[1-9]" <<<"$out") -eq 4'
done

exit $failed
