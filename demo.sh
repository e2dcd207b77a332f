#!/usr/bin/env bash
# What WgNet is for, in a minute: two unmodified WireGuard clients choose their own IPv6 addresses and are reached at them.
# Everything happens in network namespaces of its own and is removed at the end.
#
#   gateway   WgNet, one /64, radvd             LearnableIPs = 2001:db8:1::/64 for both clients
#      ║  ╚══ alice   wireguard-go, AllowedIPs = ::/0, a stable address by SLAAC
#      ╚═════ bob     wireguard-go, AllowedIPs = ::/0, a stable and a temporary (privacy) address
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

if [ "$(id -u)" -ne 0 ]; then
    echo "demo.sh makes network namespaces: run it as root (sudo ./demo.sh)" >&2
    exit 1
fi

if [ -t 1 ]; then
    bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' dim=$'\e[2m' off=$'\e[0m'
else
    bold='' green='' red='' dim='' off=''
fi

readonly prefix=2001:db8:1::/64 gateway_address=2001:db8:1::1
# The machine shares namespaces and control sockets: their names carry this process's id.
readonly gateway=demo$$-gateway alice=demo$$-alice bob=demo$$-bob
readonly wg_gateway=gw$$ wg_alice=alice$$ wg_bob=bob$$
work=$(mktemp -d)

cleanup() {
    local namespace pid
    for namespace in "$gateway" "$alice" "$bob"; do
        for pid in $(ip netns pids "$namespace" 2>/dev/null); do
            kill "$pid" 2>/dev/null || true
        done
    done
    wait 2>/dev/null || true
    for namespace in "$gateway" "$alice" "$bob"; do
        ip netns del "$namespace" 2>/dev/null || true
    done
    rm -rf "$work" "/var/lib/wgnet/$wg_gateway".*
}
trap cleanup EXIT
trap 'exit 130' INT TERM

step() {
    printf '\n%s%s%s\n' "$bold" "$1" "$off"
}

# Name and value of a finding, lined up.
say() {
    printf '  %-28s %s\n' "$1" "$2"
}

good() {
    printf '  %-28s %s%s%s\n' "$1" "$green" "$2" "$off"
}

fail() {
    printf '%s%s%s\n' "$red" "$1" "$off" >&2
    exit 1
}

# on NAMESPACE COMMAND...
on() {
    ip netns exec "$@"
}

# start NAMESPACE COMMAND...: in the background, until the demo ends.
start() {
    ip netns exec "$@" >>"$work/daemons.log" 2>&1 &
}

# until_true SECONDS COMMAND...
until_true() {
    local tries=$(($1 * 10))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            cat "$work/daemons.log" >&2
            fail "waited in vain for: $*"
        fi
        sleep 0.1
    done
}

# address NAMESPACE INTERFACE FLAG: the first global address that has the flag.
address() {
    on "$1" ip -6 -o address show dev "$2" scope global |
        awk -v flag="$3" '$0 ~ flag && !/tentative/ { sub("/.*", "", $4); print $4; exit }'
}

has_address() {
    [ -n "$(address "$@")" ]
}

# reach WHO NAMESPACE ADDRESS [ping options]
reach() {
    local who=$1 namespace=$2 target=$3
    shift 3
    local answer
    answer=$(on "$namespace" ping -n -c 3 -i 0.2 -w 5 "$@" "$target" | tail -n 1) || fail "$who: $target does not answer"
    good "$who" "$target answers ($(sed -E 's#.*= [^/]*/([^/]*)/.*#\1#' <<<"$answer") ms)"
}

# client NAME NAMESPACE INTERFACE NETWORK: an unmodified client with nothing but keys and AllowedIPs = ::/0.
client() {
    local name=$1 namespace=$2 interface=$3 outside=$4
    ip netns add "$namespace"
    ip link add "out-$interface" netns "$gateway" type veth peer name outside netns "$namespace"
    on "$gateway" ip address add "$outside.1/24" dev "out-$interface"
    on "$gateway" ip link set "out-$interface" up
    on "$namespace" ip address add "$outside.2/24" dev outside
    on "$namespace" ip link set outside up
    on "$namespace" ip link set lo up

    start "$namespace" wireguard-go -f "$interface"
    until_true 10 on "$namespace" wg show "$interface"
    wg genkey >"$work/$interface.key"
    on "$namespace" wg set "$interface" private-key "$work/$interface.key" \
        peer "$(wg pubkey <"$work/gateway.key")" allowed-ips ::/0 endpoint "$outside.1:51820"
    on "$namespace" ip link set "$interface" mtu 1420
    say "$name" "AllowedIPs = ::/0, Endpoint = $outside.1:51820, no address"
}

printf '%sWgNet: clients choose their own IPv6 addresses, and packets find their way back%s\n' "$bold" "$off"

step "1. Build"
have_dotnet
install_missing libsodium23 wireguard-tools wireguard-go radvd iproute2 iputils-ping procps
./build.sh >"$work/build.log" 2>&1 || {
    cat "$work/build.log" >&2
    fail "the build failed"
}
say artifacts/wgnet "$(($(stat -c %s artifacts/wgnet) / 1000000)) MB, one file"
started=$SECONDS

step "2. Two clients: wireguard-go as Debian ships it, with nothing but keys"
umask 077
wg genkey >"$work/gateway.key"
ip netns add "$gateway"
client alice "$alice" "$wg_alice" 192.0.2
client bob "$bob" "$wg_bob" 198.51.100
on "$bob" sysctl -qw "net.ipv6.conf.$wg_bob.use_tempaddr=2"
say bob "use_tempaddr = 2: wants privacy addresses too"

step "3. A gateway: wgnet, one /64 for everybody, and radvd"
cat >"$work/$wg_gateway.conf" <<CONF
[Interface]
PrivateKey = $(cat "$work/gateway.key")
ListenPort = 51820
Address = $gateway_address/64, fe80::1/64

[Peer] # alice
PublicKey = $(wg pubkey <"$work/$wg_alice.key")
LearnableIPs = $prefix, fe80::/64

[Peer] # bob
PublicKey = $(wg pubkey <"$work/$wg_bob.key")
LearnableIPs = $prefix, fe80::/64
CONF
sed -E "s/^/    $dim/; s/(PrivateKey = ).*/\1(hidden)/; s/\$/$off/" "$work/$wg_gateway.conf"
on "$gateway" ip link set lo up
on "$gateway" sysctl -qw net.ipv6.conf.all.forwarding=1
on "$gateway" "$PWD/artifacts/wgnet" up "$work/$wg_gateway.conf" >"$work/up.log" 2>&1 || {
    cat "$work/up.log" >&2
    fail "wgnet up failed"
}
cat >"$work/radvd.conf" <<CONF
interface $wg_gateway {
  AdvSendAdvert on;
  UnicastOnly on;
  prefix $prefix { };
};
CONF
start "$gateway" radvd -n -m stderr -C "$work/radvd.conf" -p "$work/radvd.pid"
say radvd "advertises $prefix to who asks"

step "4. The clients come up, ask for a router, and form addresses by SLAAC"
on "$alice" ip link set "$wg_alice" up
on "$bob" ip link set "$wg_bob" up
until_true 15 has_address "$alice" "$wg_alice" mngtmpaddr
until_true 15 has_address "$bob" "$wg_bob" mngtmpaddr
until_true 15 has_address "$bob" "$wg_bob" temporary
alice_address=$(address "$alice" "$wg_alice" mngtmpaddr)
bob_address=$(address "$bob" "$wg_bob" mngtmpaddr)
bob_temporary=$(address "$bob" "$wg_bob" temporary)
say alice "$alice_address"
say bob "$bob_address"
say "bob, temporary" "$bob_temporary"

step "5. Everybody is reached, with no address configured for anybody"
reach "alice -> gateway" "$alice" "$gateway_address"
reach "bob -> gateway" "$bob" "$gateway_address" -I "$bob_address"
reach "bob (temporary) -> gateway" "$bob" "$gateway_address" -I "$bob_temporary"
reach "gateway -> alice" "$gateway" "$alice_address"
reach "gateway -> bob" "$gateway" "$bob_address"
reach "gateway -> bob (temporary)" "$gateway" "$bob_temporary"
reach "alice -> bob (temporary)" "$alice" "$bob_temporary"
reach "bob -> alice" "$bob" "$alice_address"

step "6. wgnet show: what the gateway has learned"
on "$gateway" artifacts/wgnet show "$wg_gateway" | sed 's/^/    /'

step "7. Bob forges alice's address"
on "$bob" ip address add "$alice_address/128" dev "$wg_bob" nodad
if on "$bob" ping -n -q -c 5 -i 0.2 -W 1 -I "$alice_address" "$gateway_address" >/dev/null; then
    fail "a forged packet was answered"
fi
good "bob as alice -> gateway" "5 packets sent, 0 answered"
dropped=$(on "$gateway" artifacts/wgnet show "$wg_gateway" | grep -o '[0-9]* conflict') || fail "the forged packets were not counted"
good "gateway, dropped" "$dropped"
on "$bob" ip address del "$alice_address/128" dev "$wg_bob"
reach "gateway -> alice, still" "$gateway" "$alice_address"

step "8. Removed: namespaces, interfaces, files"
on "$gateway" artifacts/wgnet down "$work/$wg_gateway.conf" >/dev/null 2>&1
cleanup
trap - EXIT
good "done" "in $((SECONDS - started)) seconds after the build"
