#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: installed.sh CMAKE BUILD SOURCE WRITE_BUNDLE CC CXX [CFLAGS]
#
# Installs into a temporary directory, compiles the examples against that with nothing but what pkg-config says (shared and static, and
# the header as C++), and verifies a bundle with one of them.

set -eu
cmake=$1 build=$2 source=$3 write_bundle=$4 cc=$5 cxx=$6 flags=${7-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

"$cmake" --install "$build" --prefix "$root/usr" >"$root/log"
pc=$(find "$root/usr" -name enclume.pc)
[ -n "$pc" ] || { echo "enclume.pc was not installed" >&2; exit 1; }
[ -f "$root/usr/share/man/man3/enclume.3" ] || { echo "enclume.3 was not installed" >&2; exit 1; }
libdir=$(dirname "$(dirname "$pc")")
export PKG_CONFIG_PATH="$libdir/pkgconfig"
cflags=$(pkg-config --cflags enclume)
libs=$(pkg-config --libs enclume)
# What --static adds are libc's own libraries; the archive is named so that the shared library does not come first.
static_libs=$(pkg-config --static --libs enclume | sed "s|-lenclume|$libdir/libenclume.a|")

cd "$root"
warnings='-Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2086 # options, several in each
for example in verify chat; do
    "$cc" -std=c99 $warnings $flags "$source/examples/$example.c" $cflags $libs -o "$example"
    "$cc" -std=c17 $warnings $flags "$source/examples/$example.c" $cflags $static_libs -o "$example-static"
done
printf '#include <enclume.h>\nint main() { return enclume_verdict_accepted(nullptr); }\n' >header.cpp
# shellcheck disable=SC2086
"$cxx" -std=c++11 $warnings $flags header.cpp $cflags $libs -o header

export LD_LIBRARY_PATH="$libdir"
./header
"$write_bundle"
measurement=$(cat measurement)
for verify in ./verify ./verify-static; do
    "$verify" evidence.json "$measurement" root.pem >accepted
    grep -q '^ACCEPTED' accepted
    grep -q '^SIMULATED' accepted
    status=0
    "$verify" evidence.json "$measurement" >refused || status=$?
    [ "$status" = 1 ] && grep -q '^REFUSED' refused
    status=0
    "$verify" evidence.json 00 2>/dev/null || status=$?
    [ "$status" = 2 ]
done
for chat in ./chat ./chat-static; do
    status=0
    "$chat" 127.0.0.1:1 "$measurement" hello 2>said || status=$?
    [ "$status" = 3 ] || { cat said >&2; exit 1; }
done
