#!/usr/bin/env bash
# All checks and tests: formatting, build, unit tests, end-to-end tests. The last line is "N passed, N failed".
#   ./test.sh         everything (root, for the network namespaces of the end-to-end tests)
#   ./test.sh unit    build and unit tests
#   ./test.sh e2e     build and end-to-end tests (root)
#   ./test.sh kernel  of these, the tests with the Linux kernel's WireGuard (root, about two minutes)
#   ./test.sh mutations [factor]
#                     the mutation tests alone, with random seeds and so many times as many inputs (20 if not said)
#   ./test.sh paths   the end-to-end tests on every path that a packet can take: each offload off, each instruction set off (root, an hour)
#   ./test.sh soak [minutes]
#                     full load with keys renewed every five seconds, for so many minutes (10 if not said; root)
set -uo pipefail
cd "$(dirname "$0")" || exit 1
. scripts/packages.sh

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

passed=0
failed=0

step() {
    printf '%s  %s\n' "$(date +%T)" "$1"
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}

# A step that is not a test counts as one failure, and only then.
fail() {
    echo "FAILED: $1" >&2
    failed=$((failed + 1))
}

must() {
    "$@" || { fail "$*"; finish; }
}

# A skipped test counts as failed: the scenario that it stands for was not seen to work.
run_suite() {
    local name=$1 program=tests/$1/bin/Release/net10.0/WgNet.$1 log summary total bad
    shift
    log=$(mktemp)
    "$program" -noLogo -noColor "$@" | tee "$log"
    summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+' "$log" | tail -n 1)
    rm -f "$log"
    if [ -z "$summary" ]; then
        fail "$name: ended without a summary"
        return
    fi
    total=$(count Total "$summary")
    bad=$(($(count Errors "$summary") + $(count Failed "$summary") + $(count Skipped "$summary") + $(count 'Not Run' "$summary")))
    [ "$total" -gt 0 ] || fail "$name: no tests were found"
    passed=$((passed + (total > bad ? total - bad : 0)))
    failed=$((failed + bad))
}

count() {
    sed -E "s/.*$1: ([0-9]+).*/\1/" <<<"$2"
}

check_format() {
    step "format"
    dotnet format WgNet.sln --verify-no-changes --no-restore || fail "dotnet format: run it without --verify-no-changes"
}

unit() {
    step "unit tests"
    run_suite Unit
}

mutations() {
    step "mutation tests, ${1}-fold"
    WGNET_MUTATIONS=$1 run_suite Unit -namespace WgNet.Unit.Mutation
}

end_to_end() {
    if [ "$(id -u)" -ne 0 ]; then
        fail "end-to-end tests make network namespaces: run them as root (sudo ./test.sh)"
        return
    fi
    step "build artifacts/wgnet"
    must ./build.sh
    prepare_kernel_guest
    step "end-to-end tests (all of them about five minutes)"
    run_suite EndToEnd -reporter verbose "$@"
}

e2e() {
    end_to_end
}

kernel() {
    end_to_end -namespace WgNet.EndToEnd.Kernel
}

prepare_kernel_guest() {
    step "kernel for the guest"
    must tests/EndToEnd/Kernel/prepare.sh
}

# The same list as in tests/EndToEnd/PathTests.cs, which carries the basics over each of them in the normal run.
path_settings=(WGNET_OFFLOAD=off WGNET_TUN_OFFLOAD=off WGNET_UDP_OFFLOAD=off
    WGNET_WORKERS=2 WGNET_WORKERS=4 DOTNET_EnableAVX512=0 DOTNET_EnableAVX2=0 DOTNET_EnableHWIntrinsic=0)

paths() {
    step "build artifacts/wgnet"
    must ./build.sh
    prepare_kernel_guest
    local setting
    for setting in "${path_settings[@]}"; do
        step "end-to-end tests with $setting"
        export "${setting?}"
        run_suite EndToEnd -class- WgNet.EndToEnd.PathTests -class- WgNet.EndToEnd.SoakTests
        unset "${setting%%=*}"
    done
}

soak() {
    step "build artifacts/wgnet"
    must ./build.sh
    step "full load for $1 minutes with each peer"
    WGNET_SOAK_SECONDS=$(($1 * 60)) run_suite EndToEnd -class WgNet.EndToEnd.SoakTests -reporter verbose
}

part=${1:-all}
case "$part" in
all | unit | e2e | kernel | mutations | paths | soak) ;;
*)
    echo "usage: ./test.sh [unit|e2e|kernel|mutations [factor]|paths|soak [minutes]]" >&2
    exit 2
    ;;
esac

step "tools"
must have_dotnet
# gcc: struct layouts are compared with what the C compiler says; wg: the control socket and key commands with the stock tool;
# ip: routing calls with what it reports.
packages=(libsodium23 gcc libc6-dev wireguard-tools iproute2)
[ "$part" = unit ] || [ "$part" = mutations ] || packages+=(wireguard-go radvd iputils-ping nftables procps iperf3)
must install_missing "${packages[@]}"

step "build"
must dotnet build WgNet.sln -c Release -v quiet -clp:NoSummary

case "$part" in
all)
    check_format
    unit
    e2e
    ;;
mutations) mutations "${2:-20}" ;;
soak) soak "${2:-10}" ;;
*) "$part" ;;
esac
finish
