#!/usr/bin/env bash
# What the Linux kernel's WireGuard costs, on a machine whose own kernel has none: two network namespaces inside one user-mode Linux
# guest (Debian's, with wireguard.ko built for it), iperf3 between them. README.md says what the figure is worth.
#   bench/Kernel/uml.sh build                   once: a minute of processor time, 180 MB of downloads (root, for missing packages)
#   bench/Kernel/uml.sh run [SECONDS] [ROUNDS]  processor seconds for each GB, with the tunnel and with the bare veth pair (5 3; at least 2)
# The guest is kept in artifacts/uml.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out=$root/artifacts/uml
. "$root/scripts/packages.sh"
. "$root/scripts/guest.sh"

temporary_folder() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
}

# wireguard.ko and what it needs beyond Debian's modules, against the configuration that Debian built its user-mode Linux with.
build_modules() {
    local source=$1 objects=$2
    "$here/uml-vectors.sh" "$source"
    cd "$source"
    scripts/config --file "$objects/.config" -m WIREGUARD -d DEBUG_INFO -e DEBUG_INFO_NONE -d DEBUG_INFO_DWARF_TOOLCHAIN_DEFAULT
    make ARCH=um O="$objects" olddefconfig
    make ARCH=um O="$objects" -j"$(nproc)" modules_prepare
    # Symbols of the kernel itself are found when the modules are loaded: there is no kernel here to look into.
    make ARCH=um O="$objects" -j"$(nproc)" KBUILD_MODPOST_WARN=1 drivers/net/wireguard/wireguard.ko \
        lib/crypto/lib{curve25519,curve25519-generic,chacha20poly1305,chacha,poly1305}.ko arch/x86/crypto/{chacha,poly1305}-x86_64.ko
}

build() {
    install_missing gcc libc6-dev make flex bison bc perl xz-utils cpio wireguard-tools iproute2 iperf3 dash
    local version series source module
    temporary_folder

    apt-get update -q >"$work/log" 2>&1 || tail -n 3 "$work/log" >&2
    unpack_packages "$work/packages" user-mode-linux busybox-static
    version=$(basename "$work"/packages/usr/lib/uml/modules/*)
    series=${version%.*}
    # The source of the very version that the package was built from.
    source=$(apt-cache madison "linux-source-$series" | awk -v v="$version-" 'index($3, v) == 1 { print $3; exit }')
    [ -n "$source" ] || { echo "uml.sh: no linux-source-$series of version $version" >&2; return 1; }
    echo "WireGuard for Debian's user-mode-linux $version"
    unpack_packages "$work/source" "linux-source-$series=$source"
    tar -xJf "$work/source/usr/src/linux-source-$series.tar.xz" -C "$work" --exclude='*/drivers/gpu' --exclude='*/tools/testing' --exclude='*.dts' --exclude='*.dtsi'
    # Kconfig wants to read what was left out.
    tar -xJf "$work/source/usr/src/linux-source-$series.tar.xz" -C "$work" --wildcards '*/drivers/gpu/*Kconfig*' '*/drivers/gpu/*Makefile'
    mkdir "$work/objects"
    zcat "$work/packages/usr/share/doc/user-mode-linux/config.gz" >"$work/objects/.config"
    (build_modules "$work/linux-source-$series" "$work/objects") >"$work/log" 2>&1 || {
        tail -n 20 "$work/log" >&2
        return 1
    }

    mkdir -p "$work/tree/lib/modules"
    mv "$work/packages/usr/lib/uml/modules/$version" "$work/tree/lib/modules/"
    find "$work/objects" -name '*.ko' | while read -r module; do
        find "$work/tree" -name "$(basename "$module")" -delete
        strip -g -o "$work/tree/lib/modules/$version/kernel/$(basename "$module")" "$module"
    done
    start_tree "$work/guest" "$work/packages/bin/busybox" "$here/uml-init"
    for module in dash ip wg iperf3; do
        add_program "$work/guest" "$module"
    done
    # wireguard.ko does not name the last two, which it was not built beside.
    add_modules "$work/guest" "$work/tree" "$version" wireguard ipv6 veth udp_tunnel ip6_udp_tunnel
    mkdir -p "$out"
    install "$work/packages/usr/bin/linux.uml" "$out/linux"
    pack_tree "$work/guest" "$out/initrd"
    echo "artifacts/uml: Linux $version"
}

# The guest ends by itself; its memory is a file, and its console is this terminal.
run() {
    [ -s "$out/initrd" ] || { echo "uml.sh: first: bench/Kernel/uml.sh build" >&2; return 1; }
    temporary_folder
    TMPDIR=/dev/shm HOME=$work timeout -k 5 $((60 + 3 * ${2:-3} * ${1:-5})) "$out/linux" "uml_dir=$work/" mem=384M initrd="$out/initrd" \
        con=null con0=null,fd:1 ssl=null panic=-1 quiet seconds="${1:-5}" rounds="${2:-3}" </dev/null | tr -d '\r' | grep --line-buffered -E '^(Linux|round|median|guest)'
}

case "${1:-}" in
build | run) "$@" ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 2
    ;;
esac
