# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the set-ups of tests that need other people's npm packages.

# npm_tree NAME FROM TO STAMP: the modules that FROM/package-lock.json pins, into TO/node_modules; no install scripts. STAMP is a file that says what TO was
# made of, so that a second run has nothing to do. What cannot be had is said, and is no error.
npm_tree() {
    local name=$1 from=$2 to=$3 stamp=$4 want
    want=$(cat "$from/package.json" "$from/package-lock.json" | sha256sum | cut -d' ' -f1)
    [ "$(cat "$stamp" 2>/dev/null || true)" != "$want" ] || { echo "ok   npm $name"; return; }
    command -v npm >/dev/null || { echo "skip npm $name: npm is not installed"; return; }
    mkdir -p "$to"
    cp "$from/package.json" "$from/package-lock.json" "$to/"
    if (cd "$to" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) >"$to/npm.log" 2>&1; then
        printf '%s\n' "$want" >"$stamp"
        echo "ok   npm $name"
    else
        rm -rf "$to/node_modules" "$stamp"
        echo "skip npm $name: npm ci failed, see $to/npm.log"
    fi
}
