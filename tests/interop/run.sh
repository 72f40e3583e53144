#!/bin/sh
# Every check of our formats by other implementations: Python's own reading of the specification, JSON Schema, jose,
# openssl. OTTER_BIN names the `otter` whose output is checked beside the committed vectors. Exit 0: all agree.
set -eu
here=$(dirname "$0")
failed=0
for check in "make-vectors.py --check" check-schemas.py check-images.py jose-check.py; do
    set -- $check
    script=$1
    shift
    printf '%s: ' "$script"
    /usr/bin/python3 -B "$here/$script" "$@" || failed=1
done
exit $failed
