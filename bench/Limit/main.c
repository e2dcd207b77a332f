/* limit INTERFACE: opens both ends and starts one thread for each direction. See limit.h. */
#define _GNU_SOURCE
#include "limit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

enum { SOCKET_BUFFER = 7 << 20 };

static const char usage[] =
    "usage: LIMIT_LOCAL=address:port LIMIT_PEER=address:port limit INTERFACE\n"
    "Carries the packets of a new TUN device to the other end as plain datagrams over IPv4.\n"
    "There is no encryption: for measurements between network namespaces only.\n"
    "LIMIT_TUN_OFFLOAD=off and LIMIT_UDP_OFFLOAD=off do without super-packets on that side.\n";

void fail(const char *what) {
    fprintf(stderr, "limit: cannot %s: %m\n", what);
    exit(1);
}

static bool is_off(const char *variable) {
    const char *value = getenv(variable);
    return value != NULL && strcmp(value, "off") == 0;
}

static struct sockaddr_in address(const char *variable) {
    const char *value = getenv(variable), *colon = value == NULL ? NULL : strchr(value, ':');
    struct sockaddr_in address = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN] = "";
    if (colon != NULL && colon - value < (ptrdiff_t)sizeof host)
        memcpy(host, value, (size_t)(colon - value));
    if (inet_pton(AF_INET, host, &address.sin_addr) != 1) {
        fprintf(stderr, "limit: %s is not an IPv4 address and a port\n%s", variable, usage);
        exit(2);
    }
    address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    return address;
}

static void open_tun(struct tunnel *tunnel) {
    tunnel->tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
    if (tunnel->tun < 0)
        fail("open /dev/net/tun");
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", tunnel->name);
    if (tunnel->tun_offload)
        request.ifr_flags |= IFF_VNET_HDR;
    if (ioctl(tunnel->tun, TUNSETIFF, &request) < 0)
        fail("make the TUN device");
    if (tunnel->tun_offload) {
        unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
        tunnel->uso = ioctl(tunnel->tun, TUNSETOFFLOAD, tcp | TUN_F_USO4 | TUN_F_USO6) == 0;
        if (!tunnel->uso && ioctl(tunnel->tun, TUNSETOFFLOAD, tcp) < 0)
            fail("set the TUN device's offloads");
    }
}

static void open_udp(struct tunnel *tunnel) {
    struct sockaddr_in local = address("LIMIT_LOCAL"), peer = address("LIMIT_PEER");
    tunnel->udp = socket(AF_INET, SOCK_DGRAM, 0);
    if (tunnel->udp < 0)
        fail("make a socket");
    int size = SOCKET_BUFFER, on = 1;
    setsockopt(tunnel->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    setsockopt(tunnel->udp, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    if (tunnel->udp_offload && setsockopt(tunnel->udp, SOL_UDP, UDP_GRO, &on, sizeof on) < 0)
        fail("switch UDP_GRO on");
    if (bind(tunnel->udp, (struct sockaddr *)&local, sizeof local) < 0)
        fail("bind LIMIT_LOCAL");
    if (connect(tunnel->udp, (struct sockaddr *)&peer, sizeof peer) < 0)
        fail("connect to LIMIT_PEER");
}

int main(int argc, char **argv) {
    if (argc != 2 || argv[1][0] == '-') {
        fputs(usage, stderr);
        return 2;
    }
    static struct tunnel tunnel;
    snprintf(tunnel.name, sizeof tunnel.name, "%s", argv[1]);
    tunnel.tun_offload = !is_off("LIMIT_TUN_OFFLOAD");
    tunnel.udp_offload = !is_off("LIMIT_UDP_OFFLOAD");
    open_udp(&tunnel);
    open_tun(&tunnel);

    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigaddset(&end, SIGINT);
    pthread_sigmask(SIG_BLOCK, &end, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, outbound, &tunnel) != 0 || pthread_create(&thread, NULL, inbound, &tunnel) != 0)
        fail("start a thread");
    int signal;
    sigwait(&end, &signal);
    return 0;
}
