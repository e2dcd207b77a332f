#!/bin/sh
# Builds artifacts/wgnet: one self-contained executable that needs no .NET where it runs. How is said in src/Cli/WgNet.Cli.csproj.
set -eu
cd "$(dirname "$0")"

case "$(uname -m)" in
x86_64) rid=linux-x64 ;;
aarch64) rid=linux-arm64 ;;
*) echo "build.sh: no build for $(uname -m): only x86_64 and aarch64" >&2; exit 1 ;;
esac

if ! command -v dotnet >/dev/null; then
    echo "build.sh: dotnet is missing: install the .NET SDK 10, https://dotnet.microsoft.com/download" >&2
    exit 1
fi
if ! dotnet --version >/dev/null 2>&1; then
    echo "build.sh: dotnet cannot use the SDK that global.json asks for (10.0): $(dotnet --list-sdks | tr '\n' ' ')is installed" >&2
    exit 1
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
dotnet publish src/Cli -c Release -r "$rid" -o "$out" -v quiet --nologo -clp:NoSummary
mkdir -p artifacts
# A new file and a rename: a running wgnet keeps the old one.
cp "$out/wgnet" artifacts/wgnet.new
mv artifacts/wgnet.new artifacts/wgnet
echo "artifacts/wgnet: $(wc -c <artifacts/wgnet) bytes, $rid"
