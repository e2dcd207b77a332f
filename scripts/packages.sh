# Sourced by the scripts that need Debian packages: demo.sh, test.sh, bench.sh and what these call.

# install_missing PACKAGE...: apt-get is asked only for what is not there, so a second run needs no network.
install_missing() {
    local missing=() package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0

    if [ "$(id -u)" -ne 0 ]; then
        echo "missing Debian packages: sudo apt-get install ${missing[*]}" >&2
        return 1
    fi
    echo "installing ${missing[*]}"
    {
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
    } >"${TMPDIR:-/tmp}/wgnet-apt.log" 2>&1 || {
        tail -n 20 "${TMPDIR:-/tmp}/wgnet-apt.log" >&2
        return 1
    }
}

# have_dotnet: says what to install if there is no SDK.
have_dotnet() {
    command -v dotnet >/dev/null || {
        echo "dotnet is missing: install the .NET SDK 10, https://dotnet.microsoft.com/download" >&2
        return 1
    }
}
