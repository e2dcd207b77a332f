# Sourced by tests/EndToEnd/Kernel/prepare.sh and bench/Kernel/uml.sh: what a small Linux guest boots, made of Debian's packages.
# Packages with a kernel in it are unpacked, never installed.

# unpack_packages FOLDER PACKAGE[=VERSION]...: downloads them and unpacks them there.
unpack_packages() {
    local folder=$1 debs
    shift
    debs=$(mktemp -d)
    # apt-get downloads as a user of its own where it may.
    chmod 755 "$debs"
    (cd "$debs" && apt-get download -q "$@") >"$debs/log" 2>&1 || {
        tail -n 20 "$debs/log" >&2
        rm -rf "$debs"
        return 1
    }
    for package in "$debs"/*.deb; do
        dpkg-deb -x "$package" "$folder"
    done
    rm -rf "$debs"
    # From Debian 13 on files are below /usr, where they were a link away before.
    [ ! -d "$folder/usr/lib/modules" ] || { mkdir -p "$folder/lib" && cp -a "$folder/usr/lib/modules" "$folder/lib/"; }
    [ ! -e "$folder/usr/bin/busybox" ] || install -D "$folder/usr/bin/busybox" "$folder/bin/busybox"
}

# start_tree TREE BUSYBOX INIT: a file system with busybox and a first process.
start_tree() {
    mkdir -p "$1"/{bin,usr/bin,dev,proc,sys,tmp,run,etc}
    install -m 755 "$2" "$1/bin/busybox"
    install -m 755 "$3" "$1/init"
}

# add_program TREE NAME: a program of this machine with the libraries that it is linked with.
add_program() {
    local program library
    program=$(command -v "$2")
    cp -L "$program" "$1/usr/bin/$2"
    for library in $(ldd "$program" | grep -oE '/[^ ]+'); do
        mkdir -p "$1$(dirname "$library")"
        cp -Ln "$library" "$1$library"
    done
}

# add_modules TREE SOURCE VERSION NAME...: modules of SOURCE/lib/modules/VERSION, all that they need, and what modprobe reads of them.
add_modules() {
    local tree=$1 source=$2 version=$3 name file
    shift 3
    find "$source/lib/modules/$version" -name '*.ko.xz' -exec xz -d {} +
    "$tree/bin/busybox" depmod -b "$source" "$version"
    for name in "$@"; do
        for file in $(sed -n "s|^\(.*/$name\.ko\):|\1|p" "$source/lib/modules/$version/modules.dep"); do
            install -D -m 644 "$source/lib/modules/$version/$file" "$tree/lib/modules/$version/$file"
        done
    done
    "$tree/bin/busybox" depmod -b "$tree" "$version"
}

# pack_tree TREE FILE: as the initial file system that a kernel takes.
pack_tree() {
    (cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) >"$2.new"
    mv "$2.new" "$2"
}
