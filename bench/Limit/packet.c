#include "packet.h"

#include <arpa/inet.h>
#include <string.h>

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20, UDP_HEADER = 8 };

bool packet_parse(struct packet *packet, uint8_t *bytes, unsigned available) {
    if (available < IPV4_HEADER)
        return false;
    packet->bytes = bytes;
    packet->v6 = bytes[0] >> 4 == 6;
    if (packet->v6) {
        packet->transport = IPV6_HEADER;
        packet->length = available < IPV6_HEADER ? 0 : IPV6_HEADER + get16(bytes + 4);
        packet->protocol = bytes[6];
    } else {
        packet->transport = (bytes[0] & 15) * 4;
        packet->length = get16(bytes + 2);
        packet->protocol = bytes[9];
    }
    if (packet->length > available || packet->transport < IPV4_HEADER || packet->transport > packet->length)
        return false;

    unsigned rest = packet->length - packet->transport;
    packet->payload = packet->length;
    if (packet->protocol == UDP) {
        packet->payload = packet->transport + UDP_HEADER;
        return rest >= UDP_HEADER;
    }
    if (packet->protocol == TCP) {
        if (rest < TCP_HEADER)
            return false;
        unsigned header = (bytes[packet->transport + 12] >> 4) * 4;
        packet->payload = packet->transport + header;
        return header >= TCP_HEADER && header <= rest;
    }
    return true;
}

void packet_set_length(const struct packet *packet, unsigned length) {
    uint8_t *ip = packet->bytes;
    if (packet->v6) {
        put16(ip + 4, (uint16_t)(length - IPV6_HEADER));
    } else {
        put16(ip + 2, (uint16_t)length);
        put16(ip + 10, 0);
        put_checksum(ip + 10, checksum(sum(ip, packet->transport, 0), 0));
    }
    if (packet->protocol == UDP)
        put16(ip + packet->transport + 4, (uint16_t)(length - packet->transport));
}

/* Words of 32 bits into a sum of 64: a loop that the compiler turns into vector instructions. */
uint64_t sum(const uint8_t *bytes, size_t count, uint64_t start) {
    uint64_t total = 0;
    size_t words = count / 4;
    for (size_t i = 0; i < words; i++) {
        uint32_t word;
        memcpy(&word, bytes + 4 * i, 4);
        total += word;
    }
    bytes += words * 4;
    uint16_t last = 0;
    if (count & 2) {
        memcpy(&last, bytes, 2);
        total += last;
        bytes += 2;
    }
    return start + total + (count & 1 ? ntohs((uint16_t)(*bytes << 8)) : 0);
}

uint64_t sum_pseudo_header(const struct packet *packet, unsigned length) {
    uint64_t addresses = packet->v6 ? sum(packet->bytes + 8, 32, 0) : sum(packet->bytes + 12, 8, 0);
    return addresses + htons(packet->protocol) + htons((uint16_t)length);
}

uint16_t sum_fold(uint64_t total) {
    total = (total & 0xffffffff) + (total >> 32);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    total = (total & 0xffff) + (total >> 16);
    return (uint16_t)total;
}
