#!/usr/bin/env bash
# All checks and tests: formatting, build, unit tests, end-to-end tests. The last line is "N passed, N failed".
#   ./test.sh         everything (root, for the network namespaces of the end-to-end tests)
#   ./test.sh unit    build and unit tests
#   ./test.sh e2e     build and end-to-end tests (root)
#   ./test.sh kernel  of these, the tests with the Linux kernel's WireGuard (root, about two minutes)
#   ./test.sh mutations [factor]
#                     the mutation tests alone, with random seeds and so many times as many inputs (20 if not said)
#   ./test.sh paths   the end-to-end tests on every path that a packet can take: each offload off, each instruction set off (root;
#                     several paths at a time; about half an hour)
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

# What failed comes once more at the end, where it is found without reading thousands of lines.
failures=$(mktemp)

finish() {
    if [ -s "$failures" ]; then
        echo "What failed:"
        cat "$failures"
    fi
    rm -f "$failures"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
    exit
}

# A step that is not a test counts as one failure, and only then.
fail() {
    echo "FAILED: $1" >&2
    echo "    $1" >>"$failures"
    failed=$((failed + 1))
}

must() {
    "$@" || { fail "$*"; finish; }
}

program() {
    echo "tests/$1/bin/Release/net10.0/WgNet.$1"
}

run_suite() {
    local name=$1 log
    shift
    log=$(mktemp)
    "$(program "$name")" -noLogo -noColor "$@" | tee "$log"
    tally "$name" "$log"
    rm -f "$log"
}

# A skipped test counts as failed: the scenario that it stands for was not seen to work.
tally() {
    local name=$1 summary total bad
    summary=$(grep -E 'Total: [0-9]+, Errors: [0-9]+' "$2" | tail -n 1)
    if [ -z "$summary" ]; then
        fail "$name: ended without a summary"
        return
    fi
    total=$(count Total "$summary")
    bad=$(($(count Errors "$summary") + $(count Failed "$summary") + $(count Skipped "$summary") + $(count 'Not Run' "$summary")))
    [ "$total" -gt 0 ] || fail "$name: no tests were found"
    passed=$((passed + (total > bad ? total - bad : 0)))
    failed=$((failed + bad))
    [ "$bad" -eq 0 ] || failed_tests "$2" >>"$failures"
}

# Of each test that failed or was skipped: its name, and what followed it until the next test's line.
failed_tests() {
    awk '/\[(FAIL|SKIP)\]$/ { shown = 1; lines = 0 }
        / \[(STARTING|FINISHED)\]/ || /^  [^ ]/ || /^===/ { shown = 0 }
        shown && lines++ < 40' "$1"
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

as_root() {
    [ "$(id -u)" -eq 0 ] || { fail "end-to-end tests make network namespaces: run them as root (sudo ./test.sh)"; finish; }
}

end_to_end() {
    as_root
    step "build artifacts/wgnet"
    must ./build.sh
    prepare_kernel_guest
    step "end-to-end tests (all of them about ten minutes)"
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

# So many at a time: the tests mostly wait, each in namespaces of its own, and one path by itself leaves half of two cores idle.
paths_at_once=2

# What a path cannot change is left out, and so is what sets paths itself or measures the machine with them. What counts lost and
# reordered packets of full load comes afterwards, one path at a time.
no_path_tests=()
for class in Path Soak Footprint Idle Benchmark Peers Process StockTools Worker LearningFlood \
    Quick QuickStock QuickDns QuickSave QuickReload Init SetParity ShowParity LearningShow LearnedCommand \
    Watch QuickTurn QuickEnd Completion Help Manual State Event EndpointName Metrics Top Permission Doctor Error KeyFile; do
    no_path_tests+=(-class- "WgNet.EndToEnd.${class}Tests")
done
lone_path_tests=(-class WgNet.EndToEnd.WorkerTests)

declare -A path_of=()
path_logs=""

paths() {
    as_root
    step "build artifacts/wgnet"
    must ./build.sh
    prepare_kernel_guest
    path_logs=$(mktemp -d)
    trap stop_paths EXIT
    step "end-to-end tests, $paths_at_once paths at a time"
    local setting
    for setting in "${path_settings[@]}"; do
        [ ${#path_of[@]} -lt $paths_at_once ] || end_path
        begin_path "$setting" "${no_path_tests[@]}"
    done
    while [ ${#path_of[@]} -gt 0 ]; do
        end_path
    done
    step "end-to-end tests of full load, one path at a time"
    for setting in "${path_settings[@]}"; do
        begin_path "$setting" "${lone_path_tests[@]}"
        end_path
    done
}

begin_path() {
    local setting=$1
    shift
    env --default-signal=INT "$setting" setsid "$(program EndToEnd)" -noLogo -noColor -maxThreads 3 "$@" >"$path_logs/$setting" 2>&1 &
    path_of[$!]=$setting
}

# SIGINT lets them end their tests and remove processes and namespaces; a second one would not. So they have sessions of their own,
# where Ctrl-C does not reach them, and hear of it here, once.
stop_paths() {
    local running
    mapfile -t running < <(jobs -rp)
    if [ ${#running[@]} -gt 0 ]; then
        step "waiting for the tests that run"
        kill -s INT "${running[@]}" 2>/dev/null
        wait
    fi
    rm -rf "$path_logs"
}

# Waits for one of those that run. What it printed is shown only where it tells of a failure.
end_path() {
    local pid setting failed_before=$failed
    wait -n -p pid
    setting=${path_of[$pid]}
    unset "path_of[$pid]"
    tally "$setting" "$path_logs/$setting"
    step "with $setting: $(sed -nE 's/.*(Total: .*)/\1/p' "$path_logs/$setting" | tail -n 1)"
    [ "$failed" -eq "$failed_before" ] || cat "$path_logs/$setting"
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
[ "$part" = unit ] || [ "$part" = mutations ] || packages+=(wireguard-go radvd iputils-ping nftables procps iperf3 curl tmux bash zsh fish man-db groff-base mandoc dnsmasq-base prometheus python3-prometheus-client)
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
