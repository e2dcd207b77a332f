/* What the tunnel must know of the packets inside: where their headers end, and the Internet checksum (RFC 1071). */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TCP = 6, UDP = 17 };
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_CWR = 0x80 };

struct packet {
    uint8_t *bytes;
    unsigned length;    /* as the IP header says */
    unsigned transport; /* where the TCP or UDP header begins */
    unsigned payload;   /* where it ends; all of the packet if it is neither */
    uint8_t protocol;   /* TCP, UDP or what the IP header says */
    bool v6;
};

/* False if the headers do not fit into `available` bytes. Extension headers count as a protocol that is not known. */
bool packet_parse(struct packet *packet, uint8_t *bytes, unsigned available);

/* Writes the length into the IP header, and into the UDP header if there is one; the IPv4 header is summed anew. */
void packet_set_length(const struct packet *packet, unsigned length);

static inline unsigned checksum_offset(const struct packet *packet) {
    return packet->protocol == TCP ? 16 : 6;
}

/* One's-complement sums, not yet folded. Bytes that follow an odd number of others cannot be added to them. */
uint64_t sum(const uint8_t *bytes, size_t count, uint64_t start);
uint64_t sum_pseudo_header(const struct packet *packet, unsigned length);
uint16_t sum_fold(uint64_t sum);

/* What a checksum field holds for a sum. UDP means "none" by zero and so writes the other zero. */
static inline uint16_t checksum(uint64_t total, uint8_t protocol) {
    uint16_t value = (uint16_t)~sum_fold(total);
    return value == 0 && protocol == UDP ? 0xffff : value;
}

/* Unaligned words, in network order where the name says so. */
static inline uint16_t get16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint32_t get32(const uint8_t *at) {
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static inline void put16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* A checksum is of native words and is stored as one. */
static inline void put_checksum(uint8_t *at, uint16_t value) {
    __builtin_memcpy(at, &value, sizeof value);
}

#endif
