/* TUN -> UDP. A super-packet is cut by scatter-gather: new headers beside the old payload, one send for all segments.
 * Small packets are gathered until the device has no more, then sent together. */
#define _GNU_SOURCE
#include "limit.h"
#include "packet.h"

#include <errno.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

enum { MOST_INNER_HEADERS = 128, MOST_TRAILER = PADDING - 1 + TAG, MOST_PACKET = 65535 };

static uint64_t counter;
static unsigned mtu;

static void put_header(uint8_t *at) {
    uint32_t type = TRANSPORT_DATA, index = 1;
    memcpy(at, &type, 4);
    memcpy(at + 4, &index, 4);
    memcpy(at + 8, &counter, 8);
    counter++;
}

/* Whoever made the device up set its MTU before: the first packet is early enough to ask. */
static void read_mtu(const struct tunnel *tunnel) {
    struct ifreq request = {0};
    memcpy(request.ifr_name, tunnel->name, sizeof tunnel->name);
    if (ioctl(tunnel->udp, SIOCGIFMTU, &request) < 0)
        fail("read the MTU");
    mtu = (unsigned)request.ifr_mtu;
}

static unsigned padded(unsigned length) {
    unsigned longer = (length + PADDING - 1) & ~(unsigned)(PADDING - 1);
    return longer <= mtu ? longer : length <= mtu ? mtu : length;
}

/* All datagrams are `size` long, the last perhaps shorter. One that is refused is lost, as on any network. */
static void send_datagrams(const struct tunnel *tunnel, struct iovec *pieces, size_t count, unsigned size, unsigned datagrams) {
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(uint16_t))] = {0};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    if (datagrams > 1) {
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *segment = CMSG_FIRSTHDR(&message);
        segment->cmsg_level = SOL_UDP;
        segment->cmsg_type = UDP_SEGMENT;
        segment->cmsg_len = CMSG_LEN(sizeof(uint16_t));
        uint16_t length = (uint16_t)size;
        memcpy(CMSG_DATA(segment), &length, sizeof length);
    }
    while (sendmsg(tunnel->udp, &message, 0) < 0 && errno == EINTR) {
    }
}

/* The headers of segment `index`, of which `super` holds the originals; its checksum covers the payload where that lies. */
static void put_segment_headers(uint8_t *to, const struct packet *super, unsigned mss, unsigned index,
                                const uint8_t *payload, unsigned length, bool last) {
    memcpy(to, super->bytes, super->payload);
    struct packet segment = *super;
    segment.bytes = to;
    segment.length = super->payload + length;
    if (!super->v6)
        put16(to + 4, (uint16_t)(get16(to + 4) + index));
    packet_set_length(&segment, segment.length);

    uint8_t *transport = to + super->transport;
    if (super->protocol == TCP) {
        put32(transport + 4, get32(transport + 4) + index * mss);
        if (!last)
            transport[13] &= (uint8_t) ~(TCP_FIN | TCP_PSH);
        if (index > 0)
            transport[13] &= (uint8_t)~TCP_CWR;
    }
    uint8_t *field = transport + checksum_offset(super);
    put16(field, 0);
    uint64_t total = sum_pseudo_header(&segment, segment.length - segment.transport);
    total = sum(transport, super->payload - super->transport, total);
    put_checksum(field, checksum(sum(payload, length, total), super->protocol));
}

static void send_super_packet(const struct tunnel *tunnel, const struct packet *super, unsigned mss) {
    /* Before a segment's header lies what ends the datagram before it, so that a segment takes two pieces and not three. */
    static uint8_t blocks[MOST_SEGMENTS + 1][MOST_TRAILER + HEADER + MOST_INNER_HEADERS];
    static struct iovec pieces[2 * MOST_SEGMENTS + 1];

    unsigned size = HEADER + padded(super->payload + mss) + TAG;
    unsigned most = tunnel->udp_offload ? MOST_PAYLOAD / size : 1;
    most = most > MOST_SEGMENTS ? MOST_SEGMENTS : most;
    unsigned index = 0;
    for (unsigned offset = super->payload; offset < super->length;) {
        unsigned datagrams = 0, trailer = 0;
        size_t count = 0;
        for (; offset < super->length && datagrams < most; datagrams++, index++) {
            unsigned left = super->length - offset, length = left < mss ? left : mss;
            uint8_t *block = blocks[datagrams], *header = block + trailer;
            memset(block, 0, trailer);
            put_header(header);
            put_segment_headers(header + HEADER, super, mss, index, super->bytes + offset, length, length == left);
            pieces[count++] = (struct iovec){block, trailer + HEADER + super->payload};
            pieces[count++] = (struct iovec){super->bytes + offset, length};
            trailer = padded(super->payload + length) - (super->payload + length) + TAG;
            offset += length;
        }
        memset(blocks[datagrams], 0, trailer);
        pieces[count++] = (struct iovec){blocks[datagrams], trailer};
        send_datagrams(tunnel, pieces, count, size, datagrams);
    }
}

/* Datagrams that will leave in one send lie one behind the other. The send takes equal ones and a last that is shorter. */
static struct {
    uint8_t bytes[MOST_PAYLOAD + HEADER + MOST_PACKET + MOST_TRAILER];
    unsigned used, datagrams, size;
    bool full;
} gathered;

static void flush(const struct tunnel *tunnel) {
    if (gathered.datagrams == 0)
        return;
    struct iovec piece = {gathered.bytes, gathered.used};
    send_datagrams(tunnel, &piece, 1, gathered.size, gathered.datagrams);
    gathered.used = gathered.datagrams = 0;
    gathered.full = false;
}

/* The packet lies behind the gathered datagrams, with room for the header before it. */
static void gather(const struct tunnel *tunnel, unsigned length) {
    uint8_t *datagram = gathered.bytes + gathered.used;
    unsigned whole = padded(length), size = HEADER + whole + TAG;
    put_header(datagram);
    memset(datagram + HEADER + length, 0, whole - length + TAG);
    if (gathered.datagrams > 0 && (gathered.full || size > gathered.size || gathered.used + size > MOST_PAYLOAD)) {
        flush(tunnel);
        memmove(gathered.bytes, datagram, size);
    }
    if (gathered.datagrams == 0)
        gathered.size = size;
    gathered.full = size < gathered.size;
    gathered.used += size;
    gathered.datagrams++;
    if (!tunnel->udp_offload || gathered.datagrams == MOST_SEGMENTS)
        flush(tunnel);
}

/* The kernel left the checksum to whoever puts the packet on a wire; the field holds the pseudo header's sum already. */
static void complete_checksum(uint8_t *ip, unsigned length, const struct virtio_net_hdr *offload) {
    if (offload->csum_start + offload->csum_offset + 2u > length)
        return;
    uint8_t *start = ip + offload->csum_start;
    uint8_t protocol = offload->csum_offset == 6 ? UDP : TCP;
    put_checksum(start + offload->csum_offset, checksum(sum(start, length - offload->csum_start, 0), protocol));
}

static void take(const struct tunnel *tunnel, uint8_t *ip, unsigned length, const struct virtio_net_hdr *offload) {
    if (offload->gso_type == VIRTIO_NET_HDR_GSO_NONE) {
        if (offload->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
            complete_checksum(ip, length, offload);
        gather(tunnel, length);
        return;
    }
    struct packet super;
    flush(tunnel);
    if (packet_parse(&super, ip, length) && super.payload <= MOST_INNER_HEADERS && offload->gso_size > 0)
        send_super_packet(tunnel, &super, offload->gso_size);
}

void *outbound(void *argument) {
    const struct tunnel *tunnel = argument;
    unsigned before = tunnel->tun_offload ? sizeof(struct virtio_net_hdr) : 0;
    for (;;) {
        /* The virtio-net header falls where the datagram's header will be written over it. */
        uint8_t *ip = gathered.bytes + gathered.used + HEADER;
        ssize_t got = read(tunnel->tun, ip - before, before + MOST_PACKET);
        if (got < 0 && errno == EAGAIN) {
            flush(tunnel);
            struct pollfd device = {tunnel->tun, POLLIN, 0};
            poll(&device, 1, -1);
        } else if (got < 0 && errno != EINTR) {
            fail("read from the TUN device");
        } else if (got > (ssize_t)before) {
            if (mtu == 0)
                read_mtu(tunnel);
            struct virtio_net_hdr offload = {0};
            memcpy(&offload, ip - before, before);
            take(tunnel, ip, (unsigned)got - before, &offload);
        }
    }
}
