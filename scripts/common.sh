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

# prepare KIND...: all that these kinds of task need, installed, fetched, unpacked.
prepare() {
    install_missing "$@"
    case " $* " in *" build "*) "$ROOT/scripts/sources" ;; esac
    case " $* " in *" test "*) unpack_missing ;; esac
}

# unpack_missing: single programs of packages (kind `unpack`) below build/tools. The package is not installed: none of
# its scripts runs, no daemon of its starts.
unpack_missing() {
    local package program tools=$ROOT/build/tools
    while read -r package program; do
        [ ! -x "$tools/$program" ] || continue
        say "unpacking: $program of $package"
        rm -rf "$tools/tmp" && mkdir -p "$tools/tmp"
        apt-cache show "$package" >/dev/null 2>&1 || as_root apt-get update -q >/dev/null
        (cd "$tools/tmp" && apt-get download -q "$package" >/dev/null 2>&1) || die "apt-get could not download: $package"
        dpkg-deb --fsys-tarfile "$tools/tmp/$package"_*.deb | tar -x -C "$tools" "./$program"
        rm -r "$tools/tmp"
    done < <(awk '$1 == "unpack" { print $2, $3 }' "$ROOT/scripts/packages")
}
