#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: installed.sh CMAKE BUILD SOURCE WRITE_BUNDLE WRITE_PARTS CC CXX [CFLAGS]
#
# Installs into a temporary directory, compiles the examples against that with nothing but what pkg-config says (shared and static, and
# the header as C++), and verifies a bundle, a report, a quote and a GPU with them.

set -eu
cmake=$1 build=$2 source=$3 write_bundle=$4 write_parts=$5 cc=$6 cxx=$7 flags=${8-}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

"$cmake" --install "$build" --prefix "$root/usr" >"$root/log"
pc=$(find "$root/usr" -name enclume.pc)
[ -n "$pc" ] || { echo "enclume.pc was not installed" >&2; exit 1; }
[ -f "$root/usr/share/man/man3/enclume.3" ] || { echo "enclume.3 was not installed" >&2; exit 1; }
libdir=$(dirname "$(dirname "$pc")")
for file in include/enclume.h share/man/man1/enclume.1 share/doc/enclume/docs/policy.md share/doc/enclume/examples/chat.c \
    share/doc/enclume/deploy/haproxy.cfg share/bash-completion/completions/enclume; do
    [ -f "$root/usr/$file" ] || { echo "$file was not installed" >&2; exit 1; }
done
# The units start the program that was installed with them; several of the template share an address, a user, and no metrics.
units="$root/usr/lib/systemd/system"
grep -q "^ExecStart=$root/usr/bin/enclume-gateway --listen .* --metrics 127.0.0.1:9100$" "$units/enclume-gateway.service"
grep -q "^ExecStart=$root/usr/bin/enclume-gateway --reuse-port --listen .* --metrics 127.0.0.1:910%i$" "$units/enclume-gateway@.service"
grep -qx 'User=enclume-gateway' "$units/enclume-gateway@.service"
[ "$(diff "$units/enclume-gateway.service" "$units/enclume-gateway@.service" | grep -c '^[<>]')" = 3 ]
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no "$units/enclume-gateway@1.service" "$units/enclume-gateway.service" 2>"$root/units" || true
    if grep enclume-gateway "$root/units" >&2; then exit 1; fi
fi
export PKG_CONFIG_PATH="$libdir/pkgconfig"
cflags=$(pkg-config --cflags enclume)
libs=$(pkg-config --libs enclume)
# What --static adds are libc's own libraries; the archive is named so that the shared library does not come first.
static_libs=$(pkg-config --static --libs enclume | sed "s|-lenclume|$libdir/libenclume.a|")

cd "$root"
warnings='-Wall -Wextra -Wpedantic -Werror'
# shellcheck disable=SC2086 # options, several in each
for example in verify verify_snp verify_tdx verify_vtpm verify_gpu chat; do
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

# A report and a quote: the chain of SEV-SNP is good until 2048, Intel's documents until 2026, so a quote is accepted but for its dates.
"$write_parts"
octets() { od -An -v -tx1 -j "$2" -N "$3" "$1" | tr -d ' \n'; }
pem() { printf -- '-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n' "$(base64 -w 0 "$1")"; }
root() { pem "$1" | awk '{ printf "%s\\n", $0 }'; }
printf '{"version":1,"snp":{"measurements":["%s"]},"simulated_roots":["%s"]}' "$(octets genoa-report.bin 144 48)" "$(root genoa-ark.der)" >snp.json
printf '{"version":1,"tdx":{"launches":[{"mrtd":"%s","rtmr0":"any","rtmr1":"any","rtmr2":"any","rtmr3":"any"}]},"simulated_roots":["%s"]}' \
    "$(octets tdx5-quote.bin 190 48)" "$(root tdx5-root.der)" >tdx.json
printf '{"version":1,"snp":{"measurements":["%s"]},"vtpm":{"pcrs":["pcr0","pcr4","pcr7","pcr11"],"pcr_values":{"pcr11":["%s"]}},"simulated_roots":["%s"]}' \
    "$(octets vtpm_snp-report.bin 144 48)" "$(octets vtpm_snp-pcrs.bin 96 32)" "$(root vtpm_snp-ark.der)" >vtpm.json
for suffix in '' -static; do
    "./verify_snp$suffix" snp.json genoa-report.bin "$(octets genoa-report.bin 80 64)" genoa-vek.der genoa-ask.der genoa-ark.der \
        genoa-crl.der >accepted || { cat accepted >&2; exit 1; }
    grep -q '^ACCEPTED' accepted
    status=0
    "./verify_snp$suffix" snp.json genoa-report.bin "$(octets genoa-report.bin 0 64)" genoa-vek.der genoa-ask.der genoa-ark.der \
        genoa-crl.der >refused || status=$?
    [ "$status" = 1 ] && grep -q '^REFUSED: 1 of .*snp.report_data' refused
    status=0
    "./verify_tdx$suffix" tdx.json tdx5-quote.bin "$(octets tdx5-quote.bin 574 64)" tdx5-collateral.json >quote || status=$?
    # From the dates on, whatever the clock says: everything else holds.
    [ "$status" -le 1 ] && ! grep '^FAILED' quote | grep -v -e current -e valid -e evaluation_number
    grep -q '^ok      tdx.report_data ' quote
    "./verify_vtpm$suffix" vtpm.json vtpm_snp-nonce.bin vtpm_snp-hcl_report.bin vtpm_snp-tpm_quote.bin vtpm_snp-signature.bin vtpm_snp-pcrs.bin \
        vtpm_snp-vek.der vtpm_snp-ask.der vtpm_snp-ark.der vtpm_snp-crl.der >accepted || { cat accepted >&2; exit 1; }
    grep -q '^ACCEPTED' accepted
    status=0
    "./verify_vtpm$suffix" vtpm.json vtpm_snp-pcrs.bin vtpm_snp-hcl_report.bin vtpm_snp-tpm_quote.bin vtpm_snp-signature.bin vtpm_snp-pcrs.bin \
        vtpm_snp-vek.der vtpm_snp-ask.der vtpm_snp-ark.der vtpm_snp-crl.der 2>/dev/null || status=$?
    [ "$status" = 2 ] # no challenge is so long
    status=0
    "./verify_tdx$suffix" 2>/dev/null || status=$?
    [ "$status" = 2 ]
done
# GPUs: all is good until 2046.
printf '{"version":1,"simulated_roots":["%s","%s"]}' $(awk 'BEGIN { RS = "-----END CERTIFICATE-----\n"; ORS = " " } NF {
    gsub("\n", ""); sub("-----BEGIN CERTIFICATE-----", ""); print }' hopper-roots.pem) >gpu.json
nonce=$(printf 'd0%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
for suffix in '' -static; do
    "./verify_gpu$suffix" gpu.json "$nonce" hopper-report.bin hopper-chain.pem hopper-driver.xml hopper-vbios.xml -- hopper-ocsp?.der \
        >accepted || { cat accepted >&2; exit 1; }
    grep -q '^ACCEPTED.*SIMULATED NVIDIA GPU' accepted
    status=0
    "./verify_gpu$suffix" gpu.json "$nonce" hopper-report.bin hopper-chain.pem hopper-driver.xml hopper-vbios.xml >refused || status=$?
    [ "$status" = 1 ] && grep -q '^REFUSED: 2 of .*nvgpu.chain.not_revoked' refused
    status=0
    "./verify_gpu$suffix" 2>/dev/null || status=$?
    [ "$status" = 2 ]
done
for chat in ./chat ./chat-static; do
    status=0
    "$chat" 127.0.0.1:1 snp.json hello 2>said || status=$?
    [ "$status" = 3 ] || { cat said >&2; exit 1; }
    status=0
    "$chat" 127.0.0.1 snp.json hello 2>said || status=$?
    [ "$status" = 2 ] && grep -q 'wanted HOST:PORT' said
done
