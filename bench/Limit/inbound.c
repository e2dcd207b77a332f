/* UDP -> TUN. Whatever one receive brings is joined by scatter-gather, as GRO in the kernel joins: the first packet's
 * headers beside all payloads, one write. Nothing is held back between receives. */
#define _GNU_SOURCE
#include "limit.h"
#include "packet.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { MOST_JOINED = 128, MOST_SUPER_PACKET = 65535 };

/* What will be written next: one packet or several that follow each other. */
static struct {
    struct packet first;
    struct iovec pieces[1 + MOST_JOINED]; /* the virtio-net header, the first packet, the payloads of the others */
    unsigned packets;
    unsigned length;        /* of all that was joined */
    unsigned mss;           /* payload of every packet but the last */
    uint32_t next_sequence; /* TCP */
    bool closed;            /* nothing may follow */
} held;

static struct virtio_net_hdr describe_held(void) {
    const struct packet *first = &held.first;
    struct virtio_net_hdr offload = {0};
    if (held.packets == 1)
        return offload;
    packet_set_length(first, held.length);
    uint8_t *field = first->bytes + first->transport + checksum_offset(first);
    put_checksum(field, sum_fold(sum_pseudo_header(first, held.length - first->transport)));
    offload.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
    offload.gso_type = first->protocol == UDP ? VIRTIO_NET_HDR_GSO_UDP_L4
                       : first->v6            ? VIRTIO_NET_HDR_GSO_TCPV6
                                              : VIRTIO_NET_HDR_GSO_TCPV4;
    offload.hdr_len = (uint16_t)first->payload;
    offload.gso_size = (uint16_t)held.mss;
    offload.csum_start = (uint16_t)first->transport;
    offload.csum_offset = (uint16_t)checksum_offset(first);
    return offload;
}

/* A packet that the kernel refuses is lost, as on any network. */
static void flush(const struct tunnel *tunnel) {
    if (held.packets == 0)
        return;
    struct virtio_net_hdr offload = describe_held();
    held.pieces[0] = (struct iovec){&offload, sizeof offload};
    unsigned skipped = tunnel->tun_offload ? 0 : 1;
    while (writev(tunnel->tun, held.pieces + skipped, (int)(1 + held.packets - skipped)) < 0 && errno == EINTR) {
    }
    held.packets = 0;
}

/* Fit to be joined at all: whole, plain, and with a true checksum, since the joined packet gets a new one. */
static bool mergeable(const struct tunnel *tunnel, const struct packet *packet) {
    const uint8_t *ip = packet->bytes, *transport = ip + packet->transport;
    if (!tunnel->tun_offload || packet->payload == packet->length)
        return false;
    if (packet->protocol == TCP ? (transport[13] & ~TCP_PSH) != TCP_ACK : packet->protocol != UDP || !tunnel->uso)
        return false;
    bool options = !packet->v6 && packet->transport != 20;
    bool fragment = !packet->v6 && (get16(ip + 6) & 0x3fff) != 0;
    if (options || fragment)
        return false;
    unsigned length = packet->length - packet->transport;
    return sum_fold(sum(transport, length, sum_pseudo_header(packet, length))) == 0xffff;
}

static bool same_flow(const struct packet *a, const struct packet *b) {
    const uint8_t *x = a->bytes, *y = b->bytes, *s = x + a->transport, *t = y + b->transport;
    if (a->protocol != b->protocol || a->v6 != b->v6 || a->payload != b->payload || memcmp(s, t, 4) != 0)
        return false;
    /* Traffic class, hop limit, addresses; in TCP acknowledgement, window and options. */
    bool ip = a->v6 ? memcmp(x, y, 4) == 0 && memcmp(x + 7, y + 7, 33) == 0
                    : x[1] == y[1] && x[8] == y[8] && memcmp(x + 12, y + 12, 8) == 0;
    return ip && (a->protocol == UDP || (memcmp(s + 8, t + 8, 4) == 0 && memcmp(s + 14, t + 14, 2) == 0 &&
                                         memcmp(s + 20, t + 20, a->payload - a->transport - 20) == 0));
}

static bool try_join(const struct packet *packet) {
    unsigned length = packet->length - packet->payload;
    const uint8_t *transport = packet->bytes + packet->transport;
    if (held.closed || held.packets == MOST_JOINED || length > held.mss || held.length + length > MOST_SUPER_PACKET ||
        !same_flow(&held.first, packet) || (packet->protocol == TCP && get32(transport + 4) != held.next_sequence))
        return false;
    held.pieces[1 + held.packets++] = (struct iovec){packet->bytes + packet->payload, length};
    held.length += length;
    held.next_sequence += length;
    bool push = packet->protocol == TCP && transport[13] & TCP_PSH;
    if (push)
        held.first.bytes[held.first.transport + 13] |= TCP_PSH;
    held.closed = push || length < held.mss;
    return true;
}

static void deliver(const struct tunnel *tunnel, uint8_t *ip, unsigned available) {
    struct packet packet;
    if (!packet_parse(&packet, ip, available))
        return;
    bool fit = mergeable(tunnel, &packet);
    if (held.packets > 0 && fit && try_join(&packet))
        return;
    flush(tunnel);
    held.first = packet;
    held.pieces[1] = (struct iovec){ip, packet.length};
    held.packets = 1;
    held.length = packet.length;
    held.mss = packet.length - packet.payload;
    held.next_sequence = packet.protocol == TCP ? get32(ip + packet.transport + 4) + held.mss : 0;
    held.closed = !fit || (packet.protocol == TCP && ip[packet.transport + 13] & TCP_PSH);
}

/* How long each datagram is that the socket merged into one message. */
static unsigned segment_size(struct msghdr *message, unsigned received) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            return size > 0 ? (unsigned)size : received;
        }
    }
    return received;
}

void *inbound(void *argument) {
    static uint8_t buffer[65536];
    const struct tunnel *tunnel = argument;
    for (;;) {
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
        struct iovec piece = {buffer, sizeof buffer};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        ssize_t got = recvmsg(tunnel->udp, &message, 0);
        /* The other end may not listen yet. */
        if (got < 0 && errno != EINTR && errno != ECONNREFUSED)
            fail("receive a datagram");
        unsigned received = got < 0 ? 0 : (unsigned)got, size = segment_size(&message, received);
        for (unsigned offset = 0; offset < received; offset += size) {
            unsigned length = received - offset < size ? received - offset : size;
            if (length > HEADER + TAG && buffer[offset] == TRANSPORT_DATA)
                deliver(tunnel, buffer + offset + HEADER, length - HEADER - TAG);
        }
        flush(tunnel);
    }
}
