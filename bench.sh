#!/usr/bin/env bash
# How fast WgNet is, beside others, measured on this machine. Leave the machine alone meanwhile.
#   ./bench.sh                 micro-benchmarks
#   ./bench.sh micro [WORD]    those with the word in their name, such as Aead; BenchmarkDotNet's options may follow
#   ./bench.sh turns           look-ups of learned addresses and in .NET's dictionaries, block by block, with packets in between
#   ./bench.sh e2e [OPTION...] tunnels between network namespaces, against wireguard-go, the machine's limit and others; see e2e --help (root)
#   ./bench.sh peers [OPTION...]
#                              a gateway with 10,000 peers: handshakes a second, memory, idle cost; see peers --help (root, two processors)
#   ./bench.sh uml build|run   what the kernel's WireGuard costs in a user-mode Linux guest, where the machine's kernel has none; see bench/Kernel
#   ./bench.sh profile         where the time goes in one TCP stream, by perf (root)
# Results are on the terminal and in artifacts/bench/.
set -euo pipefail
cd "$(dirname "$0")"
. scripts/packages.sh

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

usage() {
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
}

# What a tunnel between two namespaces and traffic through it need.
programs=(libsodium23 wireguard-tools iproute2 iputils-ping iperf3)

need_root() {
    if [ "$(id -u)" -ne 0 ]; then
        echo "bench.sh: network namespaces need root: sudo ./bench.sh ..." >&2
        exit 1
    fi
}

build() {
    dotnet build "$1" -c Release -v quiet -clp:NoSummary
}

micro() {
    install_missing libsodium23
    build bench/Micro
    bench/Micro/bin/Release/net10.0/WgNet.Micro "$@"
}

e2e() {
    build bench/EndToEnd
    case " $* " in
    *" --help "* | *" -h "*) exec bench/EndToEnd/bin/Release/net10.0/WgNet.Bench --help ;;
    esac
    need_root
    install_missing "${programs[@]}" wireguard-go gcc libc6-dev ethtool
    ./build.sh
    mkdir -p artifacts/bench
    bench/Limit/build.sh artifacts/bench/limit
    exec bench/EndToEnd/bin/Release/net10.0/WgNet.Bench "$@"
}

peers() {
    build bench/Peers
    case " $* " in
    *" --help "* | *" -h "*) exec bench/Peers/bin/Release/net10.0/WgNet.Peers --help ;;
    esac
    need_root
    install_missing "${programs[@]}" wireguard-go
    ./build.sh
    # The gateway keeps processor 0 to itself.
    exec taskset -c 1 bench/Peers/bin/Release/net10.0/WgNet.Peers "$@"
}

profile() {
    build bench/EndToEnd
    need_root
    install_missing "${programs[@]}" linux-perf
    ./build.sh
    exec bench/EndToEnd/bin/Release/net10.0/WgNet.Bench profile
}

have_dotnet
case "${1:-micro}" in
micro) shift $(($# > 0)); micro "$@" ;;
turns) micro turns ;;
e2e) shift; e2e "$@" ;;
peers) shift; peers "$@" ;;
profile) profile ;;
uml) shift; exec bench/Kernel/uml.sh "$@" ;;
-h | --help | help) usage ;;
*) usage >&2; exit 2 ;;
esac
