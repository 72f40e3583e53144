# Sourced by the scripts beside it: the project's root, messages, installing what is missing.
# shellcheck shell=bash
set -euo pipefail
export LC_ALL=C.UTF-8
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_missing KIND...: the packages of scripts/packages for these kinds that are not installed yet.
install_missing() {
    local kind missing=() package
    for kind in "$@"; do
        while read -r package; do
            dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
        done < <(awk -v k="$kind" '$1 == k { print $2 }' "$ROOT/scripts/packages")
    done
    [ "${#missing[@]}" -gt 0 ] || return 0
    say "installing: ${missing[*]}"
    # The lists may be absent or old on a fresh machine.
    as_root apt-get update -q >/dev/null
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
        die "apt-get could not install: ${missing[*]}"
}
