#!/bin/sh
# bench/Limit/build.sh OUT: compiles the limit program, for the machine that it will measure.
set -eu
gcc -std=gnu11 -O3 -march=native -Wall -Wextra -Werror -pthread -o "$1" "$(dirname "$0")"/*.c
