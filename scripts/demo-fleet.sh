# Sourced by scripts/demo: the road over a fleet of emulated devices.
# shellcheck shell=bash disable=SC2154

HARDWARE=nucleo-f429zi

# fleet FLAGS...: the emulated fleet goes on where it was; its summary is in $work/fleet.json.
fleet() {
    otter-emu --fleet "$work/fleet/fleet.jsonl" --slot-a "$work/1.0.0-A.img" --keep "$work/flash" --speed 20 \
        --json "$@" >"$work/fleet.json"
}

# told DEVICE WHAT: its history has this.
told() { otter device timeline "$1" --json | grep -q "\"$2\""; }

step "Build (otter, otterd, otter-emu, and a real Cortex-M4 application in four versions)"
for version in 1.0.0 1.1.0 1.2.0 1.3.0; do build_firmware "$version"; done
"$ROOT/scripts/build" --no-install
ls -l "$work/fw/1.1.0" | awk 'NR > 1 { print $5, $9 }'

step "Start otterd and make the keys"
server_options=(--enrol fleet-key)
start_server data "$port"
use_server "$url" data
for name in root release image foreign foreign-root; do otter key new --out "$work/$name.key" >/dev/null; done
show otter key show "$work/release.key"
make_root

step "A fleet of $devices devices on a signed 1.0.0"
sign_release 1.0.0 1
publish 1.0.0
otter device provision --count "$devices" --id-prefix dev- --product "$PRODUCT" --hardware "$HARDWARE" \
    --root "$work/root.json" --image-key "$work/image.key.pub" --url "$url" --out-dir "$work/fleet" >/dev/null
check "all $devices devices boot 1.0.0" fleet --expect 1.0.0:confirmed --timeout 60

step "1.1.0 in phases of 5, 25 and 100 %"
sign_release 1.1.0 2
show otter image info "$work/1.1.0-B.img"
publish 1.1.0
check "publishing the same release again is a no-op" publish 1.1.0
make_rollout 1.1.0 --phases 5,25,100 --auto
check "the fleet runs 1.1.0" fleet --expect 1.1.0:confirmed --timeout 120
show otter rollout status "$rollout"
check "each device confirmed the very digest" equal "$devices" "$(count succeeded)"

step "Who may do what"
add_operator vera "viewer:$PRODUCT"
check "Vera, a viewer, sees how it went" by vera otter rollout status "$rollout"
check "and may not stop anything" refused 'lacks the right to operate' by vera otter server freeze --reason "just trying"

step "1.2.0 hangs in its self-test: the watchdog bites, the bootloader goes back"
sign_release 1.2.0 3 --selftest hang
publish 1.2.0
make_rollout 1.2.0 --phases 10,100 --min-sample 1000 # all of the phase, before its losses halt the rollout
chosen=$(number devices < <(otter rollout status "$rollout" --json | tr -d '\n' | sed 's/"plan".*//; s/.*"phases"/"phases"/'))
check "the chosen devices came back to 1.1.0" fleet --expect 1.1.0:confirmed --expect-reason watchdog \
    --expect-count "$chosen" --timeout 120
show otter rollout status "$rollout"
check "$chosen devices are shown as reverted" equal "$chosen" "$(count reverted)"
check "the rollout is halted, and nobody else gets 1.2.0" halted
otter rollout abort "$rollout" >/dev/null

step "A release signed by a foreign key"
release_key=$work/foreign.key
sign_release 1.3.0 4
check "the server refuses it" refused unknown-key publish 1.3.0

step "The same over the wire: a second otterd with the stolen offer key and a foreign root"
mkdir -m 700 "$work/evil"
cp "$work/data/offer.key" "$work/data/offer.pub" "$work/evil/"
start_server evil
use_server "$url" evil
otter root new --root-key "$work/foreign-root.key.pub" --release-key "$work/foreign.key.pub" \
    --offer-key "$work/evil/offer.pub" --out "$work/foreign-root.json" >/dev/null
otter root sign "$work/foreign-root.json" --key "$work/foreign-root.key" >/dev/null
otter root publish "$work/foreign-root.json" >/dev/null
otter device enroll --from "$work/fleet/devices.csv" >/dev/null
publish 1.3.0
make_rollout 1.3.0 --phases 100 --min-sample 1000
check "the devices refuse it and stay on 1.1.0" fleet --server "$url" --expect 1.1.0:confirmed \
    --expect-reason unknown-key --timeout 120
show otter rollout status "$rollout"
check "and say why" equal "$devices" "$(count failed)"

step "Ten more devices, which nobody registers: they enrol themselves by the fleet key of their factory"
use_server "$scheme://127.0.0.1:$(port_of data)" data
otter fleet-key new "$PRODUCT" --out "$work/fleet.key" >/dev/null
otter device provision --count 10 --id-prefix new- --product "$PRODUCT" --hardware "$HARDWARE" --root "$work/root.json" \
    --image-key "$work/image.key.pub" --url "$OTTER_SERVER" --fleet-key "$work/fleet.key" --out-dir "$work/new" >/dev/null
new_fleet() {
    otter-emu --fleet "$work/new/fleet.jsonl" --slot-a "$work/1.0.0-A.img" --keep "$work/flash" --speed 20 --until-idle
}
check "each makes a token of its own" new_fleet
check "the server knows them" equal 10 "$(otter device list --filter 'id == new-*' --all --format jsonl | wc -l)"
otter device rotate --target 'id == new-*' --yes
check "asked to, they make new ones" new_fleet
check "and use them" told new-01 token-rotated
otter device revoke new-01 --reason "left in a train"
check "one that is revoked is nobody" told new-01 token-revoked

step "What was done, by whom"
show otter audit list --filter 'who == vera or act == device-r*'
audited

printf '\ndemo passed: %s devices, every claim checked\n' "$devices"
