#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: symbols.sh NM LIBENCLUME.so     it exports enclume_* and nothing else

set -eu
# The version's own name stands among the symbols, as absolute (A).
names=$("$1" -D --defined-only "$2" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }')
echo "$names" | grep -q '^enclume_verify$' || { echo "enclume_verify is missing" >&2; exit 1; }
others=$(echo "$names" | grep -v '^enclume_' || true)
[ -z "$others" ] || { echo "not wanted here: $others" >&2; exit 1; }
