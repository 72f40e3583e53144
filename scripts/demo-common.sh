# Sourced by scripts/demo: steps that are shown, claims that are checked, a server, releases and rollouts.
# shellcheck shell=bash disable=SC2154
PRODUCT=pump
export OTTERD_ALLOW_ROOT=yes # in a container there may be no other user
scheme=http server_options=() # https: the options that make otterd speak TLS
image_key=$work/image.key release_key=$work/release.key target=all

step() { printf '\n== %s\n' "$*"; }
show() { printf '$ %s\n' "$*"; "$@"; }
# check WHAT COMMAND...: the command succeeds.
check() {
    local what=$1
    shift
    if "$@" >"$work/check.out" 2>&1; then
        printf 'ok: %s\n' "$what"
    else
        cat "$work/check.out"
        printf 'NOT OK: %s\n' "$what"
        exit 1
    fi
}
equal() { [ "$1" = "$2" ] || { printf 'expected %s, got %s\n' "$1" "$2"; return 1; }; }
# number NAME < JSON: an integer member of the first object that has it.
number() { grep -o "\"$1\": *[0-9]*" | head -n 1 | grep -o '[0-9]*$'; }
# refused CODE COMMAND...: the command exits with 1, or with 4 for want of a right, and names the refusal.
refused() {
    local code=$1 status=0
    shift
    "$@" >"$work/refused.out" 2>&1 || status=$?
    cat "$work/refused.out"
    { [ "$status" = 1 ] || [ "$status" = 4 ]; } && grep -q "$code" "$work/refused.out"
}

# within SECONDS COMMAND...: until it succeeds.
within() {
    local tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}
# ready PID FILE: a process that writes its port there when it is; 0 also when it is no more.
ready() { [ -s "$2" ] || ! kill -0 "$1" 2>/dev/null; }
port_of() { sed 's/.*://' "$work/$1.port"; }

# start_server NAME [PORT]: otterd over $work/NAME; sets `url` and `pid`.
start_server() {
    local name=$1
    rm -f "$work/$name.port"
    otterd --data "$work/$name" --listen "127.0.0.1:${2:-0}" --port-file "$work/$name.port" --poll-interval 5 \
        "${server_options[@]}" >>"$work/$name.log" 2>&1 &
    pid=$!
    children+=("$pid")
    within 20 ready "$pid" "$work/$name.port" || die "otterd is not ready after 20 s; see $work/$name.log"
    [ -s "$work/$name.port" ] || { cat "$work/$name.log"; die "otterd did not start"; }
    url=$scheme://127.0.0.1:$(port_of "$name")
}
use_server() { export OTTER_SERVER=$1 OTTER_TOKEN; OTTER_TOKEN=$(cat "$work/$2/admin.token"); }
# add_operator NAME ROLE: his token is in $work/NAME.token. by NAME COMMAND...: as this operator.
add_operator() {
    otter operator add "$1" --role "$2" --expires 1d --json | sed 's/.*"token": *"\([^"]*\)".*/\1/' >"$work/$1.token"
    chmod 600 "$work/$1.token"
}
by() {
    local name=$1
    shift
    OTTER_TOKEN=$(cat "$work/$name.token") "$@"
}
# audited: the whole log is exported and checked without the server; a line of it that was changed is found.
audited() {
    otter audit export --out "$work/audit.jsonl"
    show otter audit verify "$work/audit.jsonl" --key "$work/data/audit.pub"
    sed -i '3s/"admin"/"nimda"/' "$work/audit.jsonl"
    check "a line that was changed is found" refused 'line 3' otter audit verify "$work/audit.jsonl"
}

# build_firmware VERSION [options of scripts/build...]: $work/fw/VERSION, of both boards' firmware.
build_firmware() {
    local version=$1
    shift
    "$ROOT/scripts/build" --no-install --app-version "$version" "$@"
    mkdir -p "$work/fw/$version"
    cp "$ROOT/build/fw/$HARDWARE"/* "$work/fw/$version/"
}

# make_root: root.json of $work's keys, published.
make_root() {
    otter root new --root-key "$work/root.key.pub" --release-key "$work/release.key.pub" \
        --offer-key "$work/data/offer.pub" --out "$work/root.json" >/dev/null
    otter root sign "$work/root.json" --key "$work/root.key" >/dev/null
    show otter root publish "$work/root.json"
}

# sign_release VERSION SEQUENCE [image options...]: $work/VERSION.json and its two images, by image_key and release_key.
sign_release() {
    local version=$1 sequence=$2 slot
    shift 2
    for slot in A B; do
        otter image sign --key "$image_key" --version "$version" --hardware "$HARDWARE" --slot "$slot" "$@" \
            "$work/fw/$version/app-$(tr AB ab <<<"$slot").bin" "$work/$version-$slot.img" >/dev/null
    done
    otter release create --product "$PRODUCT" --version "$version" --hardware "$HARDWARE" \
        --image "A=$work/$version-A.img" --image "B=$work/$version-B.img" --sequence "$sequence" \
        --out "$work/$version.json" >/dev/null
    otter release sign "$work/$version.json" --key "$release_key" >/dev/null
}
publish() { otter release publish "$work/$1.json" "$work/$1-A.img" "$work/$1-B.img"; }
# make_rollout VERSION ARGS...: for the devices of `target`; creates and starts; its number is in $rollout.
make_rollout() {
    local version=$1
    shift
    otter rollout create --release "$PRODUCT@$version" --target "$target" "$@" --json >"$work/rollout.json"
    rollout=$(number id <"$work/rollout.json")
    otter rollout start "$rollout" >/dev/null
}
halted() { otter rollout status "$rollout" --json | tr -d ' \n' | grep -q '"state":"halted"'; }
count() { otter rollout status "$rollout" --json | tr -d '\n' | sed 's/.*"counts"/"counts"/' | number "$1"; }
