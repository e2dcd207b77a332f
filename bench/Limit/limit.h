/* A WireGuard tunnel's packet path with the cryptography left out.
 *
 *     TUN with virtio-net headers (TSO, USO)  <->  UDP (UDP_SEGMENT, UDP_GRO)
 *
 * Every packet becomes a datagram exactly as long as WireGuard's, with a header in front and room for a tag behind, and
 * every inner checksum is made and verified as it must be. Payload is never copied and nothing is encrypted,
 * authenticated or negotiated. What this program reaches, no userspace WireGuard of the same shape can exceed: it is the
 * yardstick of bench/EndToEnd, and of no other use. */
#ifndef LIMIT_H
#define LIMIT_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    HEADER = 16,         /* type, the receiver's index, counter */
    TAG = 16,
    TRANSPORT_DATA = 4,  /* the message's type */
    PADDING = 16,        /* a packet grows to a multiple of it, but not past the MTU */
    MOST_SEGMENTS = 64,  /* of one UDP_SEGMENT send, UDP_MAX_SEGMENTS in older kernels */
    MOST_PAYLOAD = 65000 /* of one send */
};

struct tunnel {
    int tun;
    int udp;
    char name[IFNAMSIZ];
    bool tun_offload; /* the device speaks virtio-net headers */
    bool uso;         /* and takes and gives UDP super-packets */
    bool udp_offload; /* the socket segments and merges */
};

/* Both are a thread's whole life; the argument is the tunnel. */
void *outbound(void *tunnel);
void *inbound(void *tunnel);

_Noreturn void fail(const char *what);

#endif
