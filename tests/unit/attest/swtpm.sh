#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: swtpm.sh TEST
#
# Starts swtpm, a TPM in software, makes an attestation key, measures three things, has a challenge quoted, and gives what came of it to TEST, which knows the
# measurements and the challenge. Nothing of ours writes any of it. Exits with 77 where swtpm or tpm2-tools is not installed.
set -euo pipefail

for program in swtpm tpm2_createek tpm2_createak tpm2_pcrextend tpm2_pcrread tpm2_quote tpm2_certify tpm2_flushcontext; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not installed (deps/packages check)"; exit 77; }
done

dir=$(mktemp -d)
stop() {
    [ ! -s "$dir/pid" ] || kill "$(cat "$dir/pid")" 2>/dev/null || true
    rm -rf "$dir"
}
trap stop EXIT

swtpm socket --tpm2 --tpmstate "dir=$dir" --server "type=unixio,path=$dir/socket" --ctrl "type=unixio,path=$dir/socket.ctrl" \
    --flags not-need-init,startup-clear --daemon --pid "file=$dir/pid"
export TPM2TOOLS_TCTI="swtpm:path=$dir/socket"
cd "$dir"

measure() { tpm2_pcrextend "$1:sha256=$(printf '%s' "$2" | sha256sum | cut -d' ' -f1)"; }
measure 4 'boot loader'
measure 7 'keys'
measure 11 'kernel'

# There is no resource manager before it: what a tool leaves loaded takes one of three places.
flush() { tpm2_flushcontext -Q -t; }
quote() { flush; tpm2_quote -Q -c ak.context -q "$challenge" -g sha256 "$@"; }

challenge=$(printf 'challenge' | sha256sum | cut -d' ' -f1)
tpm2_createek -Q -c ek.context -G rsa -u ek.public
flush
tpm2_createak -Q -C ek.context -c ak.context -G rsa -g sha256 -s rsassa -u ak.pem -f pem -n ak.name
quote -l sha256:0,4,7,11 -m quote -s signature -o values.serialized
tpm2_pcrread -Q -o values sha256:0,4,7,11
# The same of one register less; and with the signature bare.
quote -l sha256:0,4,11 -m quote.less -s signature.less
quote -l sha256:0,4,7,11 -m quote.plain -s signature.plain -f plain
# Of more registers than a TPM reads at once.
quote -l sha256:0,1,2,3,4,5,6,7,8,9,10,11 -m quote.more -s signature.more -o values.more
# Another statement by the same key.
flush
tpm2_certify -Q -c ak.context -C ak.context -g sha256 -o certify -s certify.signature
cd - >/dev/null
"$1" "$dir"
