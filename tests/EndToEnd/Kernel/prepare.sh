#!/usr/bin/env bash
# Makes artifacts/kernel-guest/{vmlinuz,initrd}: Debian's kernel and a file system in memory for it, which the tests here boot in
# QEMU. What is made once is kept; delete the folder for a newer kernel.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$root/artifacts/kernel-guest
. "$root/scripts/packages.sh"
. "$root/scripts/guest.sh"

[ "$(dpkg --print-architecture)" = amd64 ] || {
    echo "kernel guest: only for amd64, not for $(dpkg --print-architecture)" >&2
    exit 1
}
install_missing qemu-system-x86 cpio xz-utils wireguard-tools iproute2 dash
[ "$out/initrd" -nt "$here/guest-init" ] && [ "$out/initrd" -nt "$here/prepare.sh" ] && [ -s "$out/vmlinuz" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The newest kernel is a package with its version in the name; this one only depends on it.
download() {
    local image
    image=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
    [ -n "$image" ] && unpack_packages "$work/packages" "$image" busybox-static
}

echo "downloading Debian's cloud kernel"
download 2>"$work/log" || { apt-get update -q >"$work/log" 2>&1 && download; } || {
    tail -n 20 "$work/log" >&2
    exit 1
}
version=$(basename "$work"/packages/lib/modules/*)

start_tree "$work/guest" "$work/packages/bin/busybox" "$here/guest-init"
for name in dash ip wg; do
    add_program "$work/guest" "$name"
done
add_modules "$work/guest" "$work/packages" "$version" virtio_pci virtio_net wireguard
mkdir -p "$out"
cp "$work/packages/boot/vmlinuz-$version" "$out/vmlinuz"
pack_tree "$work/guest" "$out/initrd"
echo "artifacts/kernel-guest: Linux $version"
