#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: symbols.sh NM exported LIBENCLUME.so     it exports enclume_* and nothing else
#        symbols.sh NM pure ARCHIVE...            what they call has no network, clock, file or thread in it

set -eu
nm=$1
what=$2
shift 2
case $what in
    exported)
        # The version's own name stands among the symbols, as absolute (A).
        names=$("$nm" -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }')
        echo "$names" | grep -q '^enclume_verify$' || { echo "enclume_verify is missing" >&2; exit 1; }
        others=$(echo "$names" | grep -v '^enclume_' || true)
        ;;
    pure)
        names=$("$nm" --undefined-only "$@" | awk '$1 == "U" { print $2 }' | sort -u)
        [ -n "$names" ] || { echo "the archives name no symbols" >&2; exit 1; }
        others=$(echo "$names" | grep -Ex '(__)?(socket|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|getaddrinfo|open(at)?(64)?(_2)?|creat|fopen(64)?|time|gettimeofday|clock_gettime|localtime(_r)?|gmtime(_r)?|nanosleep|pthread_create|fork|execve?|system|popen|getenv|secure_getenv)' || true)
        ;;
esac
[ -z "$others" ] || { echo "not wanted here: $others" >&2; exit 1; }
