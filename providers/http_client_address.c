#include "providers/http_client_state.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/* What IANA's special-purpose address registries (RFC 6890 and its updates) keep from the public
 * internet. */
static const struct {
    uint32_t network;
    uint32_t bits;
} special_ipv4[] = {
    {0x00000000, 8},  /* this network, and 0.0.0.0 */
    {0x0A000000, 8},  /* private */
    {0x64400000, 10}, /* shared: carrier-grade NAT */
    {0x7F000000, 8},  /* loopback */
    {0xA9FE0000, 16}, /* link-local: clouds answer with credentials here */
    {0xAC100000, 12}, /* private */
    {0xC0000000, 24}, /* protocol assignments */
    {0xC0000200, 24}, /* documentation */
    {0xC0586300, 24}, /* 6to4 relays, withdrawn */
    {0xC0A80000, 16}, /* private */
    {0xC6120000, 15}, /* benchmarks */
    {0xC6336400, 24}, /* documentation */
    {0xCB007100, 24}, /* documentation */
    {0xE0000000, 4},  /* multicast */
    {0xF0000000, 4},  /* reserved, and broadcast */
};

static bool ipv4_is_public(uint32_t address)
{
    for (size_t i = 0; i < sizeof special_ipv4 / sizeof *special_ipv4; i++) {
        if ((address ^ special_ipv4[i].network) >> (32 - special_ipv4[i].bits) == 0) return false;
    }
    return true;
}

static bool has_prefix(const uint8_t address[16], const uint8_t prefix[16], uint32_t bits)
{
    if (memcmp(address, prefix, bits / 8) != 0) return false;
    return bits % 8 == 0 || ((address[bits / 8] ^ prefix[bits / 8]) >> (8 - bits % 8)) == 0;
}

/* Everything public lies in 2000::/3, so loopback, mapped forms, unique-local, link-local and
 * multicast need no rows; these are the holes in it. */
static const struct {
    uint8_t network[16];
    uint32_t bits;
} special_ipv6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments; Teredo carries IPv4 inside */
    {{0x20, 0x01, 0x0D, 0xB8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: any IPv4 address inside */
    {{0x3F, 0xFF, 0x00}, 20},       /* documentation */
};

static bool ipv6_is_public(const uint8_t address[16])
{
    /* NAT64 (RFC 6052): how the IPv4 internet looks from a network without IPv4. */
    static const uint8_t nat64[16] = {0x00, 0x64, 0xFF, 0x9B};
    if (has_prefix(address, nat64, 96)) {
        return ipv4_is_public((uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
                              (uint32_t)address[14] << 8 | address[15]);
    }
    if (address[0] >> 5 != 1) return false;
    for (size_t i = 0; i < sizeof special_ipv6 / sizeof *special_ipv6; i++) {
        if (has_prefix(address, special_ipv6[i].network, special_ipv6[i].bits)) return false;
    }
    return true;
}

bool http_address_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return ipv4_is_public(ntohl(ipv4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return ipv6_is_public(ipv6.sin6_addr.s6_addr);
    }
    return false; /* a socket file, or what we do not know */
}

/* Where mock servers are: on this machine or in a private network. Not simply what is not public: a
 * mapped IPv4 address is the IPv4 address, a 6to4 one leads out, and link-local ones are where
 * clouds hand out credentials. */
static bool ipv4_is_inside(uint32_t address)
{
    static const struct {
        uint32_t network;
        uint32_t bits;
    } inside[] = {
        {0x00000000, 32}, /* this machine, as Linux connects to it */
        {0x7F000000, 8},  {0x0A000000, 8},  {0xAC100000, 12},
        {0xC0A80000, 16}, {0x64400000, 10}, {0xC6120000, 15},
    };
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        if ((address ^ inside[i].network) >> (32 - inside[i].bits) == 0) return true;
    }
    return false;
}

static bool ipv6_is_inside(const uint8_t address[16])
{
    static const uint8_t mapped[16] = {[10] = 0xFF, [11] = 0xFF};
    static const uint8_t here[16] = {0}; /* ::, and ::1 with it */
    static const uint8_t unique_local[16] = {0xFC};
    if (has_prefix(address, mapped, 96)) {
        return ipv4_is_inside((uint32_t)address[12] << 24 | (uint32_t)address[13] << 16 |
                              (uint32_t)address[14] << 8 | address[15]);
    }
    return (has_prefix(address, here, 120) && address[15] <= 1) ||
           has_prefix(address, unique_local, 7);
}

bool http_address_is_inside(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return ipv4_is_inside(ntohl(ipv4.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return ipv6_is_inside(ipv6.sin6_addr.s6_addr);
    }
    return false;
}

bool address_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, address, sizeof ipv4);
        return ntohl(ipv4.sin_addr.s_addr) >> 24 == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, address, sizeof ipv6);
        return IN6_IS_ADDR_LOOPBACK(&ipv6.sin6_addr);
    }
    return false;
}

bool address_allowed(const struct transfer *transfer, const struct sockaddr *address)
{
    if (transfer->call.place->declared_mock) return http_address_is_inside(address);
    return http_address_is_public(address) ||
           (transfer->loopback_allowed && address_is_loopback(address));
}

bool address_read(const char *text, struct sockaddr_storage *address)
{
    *address = (struct sockaddr_storage){0};
    struct in_addr ipv4;
    if (inet_pton(AF_INET, text, &ipv4) == 1) {
        const struct sockaddr_in read = {.sin_family = AF_INET, .sin_addr = ipv4};
        memcpy(address, &read, sizeof read);
        return true;
    }
    struct in6_addr ipv6;
    if (inet_pton(AF_INET6, text, &ipv6) == 1) {
        const struct sockaddr_in6 read = {.sin6_family = AF_INET6, .sin6_addr = ipv6};
        memcpy(address, &read, sizeof read);
        return true;
    }
    return false;
}

/* A literal only: a name, "localhost" too, leads where some resolver says. */
bool address_names_loopback(const char *host_and_port)
{
    const char *host = host_and_port;
    const char *end = strrchr(host_and_port, ':');
    if (end == NULL) return false;
    if (host[0] == '[') {
        if (end[-1] != ']') return false;
        host++;
        end--;
    }
    char text[INET6_ADDRSTRLEN];
    const size_t length = (size_t)(end - host);
    if (length >= sizeof text) return false;
    memcpy(text, host, length);
    text[length] = '\0';
    struct sockaddr_storage address;
    return address_read(text, &address) && address_is_loopback((const struct sockaddr *)&address);
}
