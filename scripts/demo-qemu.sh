# Sourced by scripts/demo: four devices whose ARM firmware runs in QEMU.
# shellcheck shell=bash disable=SC2154
HARDWARE=mps2-an386
PYTHON=/usr/bin/python3
TOOLS=$ROOT/tests/support
# Times of the updater that would make a demonstration long.
OPTIONS=(backoff_first_ms=1000 backoff_max_ms=3000 inactivity_ms=4000)
pumps="pump-1 pump-2 pump-3 pump-4"
declare -A running # the process of each that is on

# make_tls: an authority of our own, and the certificate that it gives otterd.
make_tls() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/ca.key" -out "$work/ca.pem" \
        -days 365 -subj "/CN=Demo authority" -addext keyUsage=critical,keyCertSign 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/tls.key" -out "$work/tls.csr" \
        -subj "/CN=otter.test" 2>/dev/null
    printf 'basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:otter.test,IP:127.0.0.1\n' >"$work/tls.ext"
    openssl x509 -req -in "$work/tls.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 365 -extfile "$work/tls.ext" \
        -out "$work/tls.pem" 2>/dev/null
    chmod 600 "$work"/*.key
}

# provision NAME PORT TAG: registers it and writes its factory data. Devices see us as 10.0.2.2.
provision() {
    otter device provision --id "$1" --tag "$3" --product "$PRODUCT" --hardware "$HARDWARE" --root "$work/root.json" \
        --image-key "$work/image.key.pub" "$work/image2.key.pub" --url "https://10.0.2.2:$2" --tls-name otter.test \
        --ca "$work/ca.pem" --out "$work/$1.factory" >/dev/null
}
# make_device NAME PORT: as it comes from the factory.
make_device() {
    provision "$1" "$2" "$1"
    "$ROOT/scripts/mkflash" --factory "$work/$1.factory" --slot-a "$work/1.0.0-A.img" -o "$work/$1"
}

# switch_on NAME OPTIONS...: its console goes to $work/NAME.log. The control socket's path is short, whatever $work's is.
switch_on() {
    local name=$1
    shift
    (cd "$work" && exec "$PYTHON" "$TOOLS/qemu.py" run "$name" --boot "$work/fw/1.0.0/boot.elf" --qmp "$name.qmp" \
        --options "${OPTIONS[@]}" "$@") >"$work/$name.err" 2>&1 &
    children+=("$!")
    running[$name]=$!
}
switch_off() { kill "${running[$1]}" && wait "${running[$1]}" || true; }
link() { (cd "$work" && "$PYTHON" "$TOOLS/qemu.py" link "$1.qmp" "$2"); }

# start_relay: a server between pump-4 and otterd, as if otterd had been broken into. It obeys orders.json.
start_relay() {
    "$PYTHON" "$TOOLS/relay.py" --port-file "$work/relay.port" --tls "$work/tls.pem" "$work/tls.key" --to "$url" \
        --cacert "$work/ca.pem" --orders "$work/orders.json" >"$work/relay.log" 2>&1 &
    children+=("$!")
    within 20 ready "$!" "$work/relay.port" && [ -s "$work/relay.port" ] || { cat "$work/relay.log"; die "no relay"; }
}
order() { printf '%s\n' "$1" >"$work/orders.new" && mv "$work/orders.new" "$work/orders.json"; }

counted() { [ "$(count "$1")" = "$2" ]; }
# counts STATE N: so many devices of $rollout have come to that.
counts() { within 90 counted "$1" "$2" || { otter rollout status "$rollout"; tail -n 20 "$work"/pump-?.log; return 1; }; }
says_already() { [ "$(grep -c -- "$2" "$work/$1.log")" -ge "$3" ]; }
# says NAME PATTERN [N]: its console has said so, N times.
says() { within 90 says_already "$1" "$2" "${3:-1}" || { tail -n 40 "$work/$1.log" "$work/$1.err"; return 1; }; }
# mark: what the consoles have said by now does not count for says_anew NAME PATTERN.
declare -A marks
mark() { for name in $pumps; do marks[$name]=$(wc -l <"$work/$name.log"); done; }
said_anew() { tail -n +"$((marks[$1] + 1))" "$work/$1.log" | grep -- "$2" >/dev/null; }
says_anew() { within 90 said_anew "$1" "$2" || { tail -n 40 "$work/$1.log" "$work/$1.err"; return 1; }; }
# because REASON STATE: what the rollout gives as the reason of its one device.
because() { counts "$2" 1 && otter rollout status "$rollout" | tee /dev/stderr | grep -q "$1=1"; }
# runs NAME VERSION: it told the server that it runs this, confirmed.
runs() {
    otter device show "$1" --json | tr -d ' \n' | tee "$work/shown.json" |
        grep -q '"running":{"version":"'"$2"'"[^}]*"confirmed":true' || { cat "$work/shown.json"; return 1; }
}
# decided NAME MEMBER: what the server knows of it has this.
decided() { otter device show "$1" --json | tr -d ' \n' | grep -q "$2"; }
# nobody: $rollout has ended, and no device had a part in it.
nobody() { otter rollout status "$rollout" --json | tr -d ' \n' | grep -q '"state":"complete".*"succeeded":0,"failed":0'; }
# damage DIGEST: another byte in the middle of a blob on the server's disk.
damage() {
    local blob=$work/data/blobs/${1:0:2}/$1
    chmod u+w "$blob"
    printf 'X' | dd of="$blob" bs=1 seek=4711 conv=notrunc status=none
}
# end_server: as a power cut does.
end_server() { { kill -9 "$pid" && wait "$pid"; } 2>/dev/null || true; }
# roll_out VERSION: to all, or the refusal.
roll_out() {
    otter rollout create --release "$PRODUCT@$1" --target all --json >"$work/rollout.json" &&
        otter rollout start "$(number id <"$work/rollout.json")"
}
digest() { sha256sum "$1" | cut -d ' ' -f 1; }

step "Build (otter, otterd; bootloader and application for Cortex-M4: 1.1.0, 1.4.0 whose network is broken, 1.5.0, 1.0.0)"
build_firmware 1.1.0
build_firmware 1.4.0 --app-fault network
build_firmware 1.5.0
build_firmware 1.0.0 # last: this is what a plain build leaves
for again in 1.2.0=1.1.0 1.3.0=1.1.0 1.6.0=1.5.0 1.7.0=1.5.0; do cp -r "$work/fw/${again#*=}" "$work/fw/${again%=*}"; done
(cd "$work/fw/1.0.0" && wc -c boot.bin app-a.bin app-b.bin)

step "Start otterd with TLS and make the keys"
make_tls
scheme=https server_options=(--tls-cert "$work/tls.pem" --tls-key "$work/tls.key")
export OTTER_CACERT=$work/ca.pem
start_server data "$port"
use_server "$url" data
for name in root release release2 image image2; do otter key new --out "$work/$name.key" >/dev/null; done
make_root

step "Four devices from the factory with a signed 1.0.0"
sign_release 1.0.0 1
publish 1.0.0
start_relay
for name in pump-1 pump-2 pump-3; do make_device "$name" "$(port_of data)"; done
make_device pump-4 "$(port_of relay)"
for name in $pumps; do switch_on "$name"; done
for name in $pumps; do check "$name boots it, and finds its address by DHCP" says "$name" '^net: address'; done

step "1.1.0 in phases of 25 and 100 %"
sign_release 1.1.0 2
publish 1.1.0
make_rollout 1.1.0 --phases 25,100 --auto
check "all four download it over TLS into the other slot, boot it, confirm it" counts succeeded 4
show otter rollout status "$rollout"
show cat "$work/pump-1.log"

step "Four bad days at once: pump-1's image is damaged, pump-2's hangs, pump-3's has no network, pump-4's server lies"
sign_release 1.2.0 3
publish 1.2.0
for slot in A B; do damage "$(digest "$work/1.2.0-$slot.img")"; done
sign_release 1.3.0 4 --selftest hang
publish 1.3.0
sign_release 1.4.0 5
publish 1.4.0
HARDWARE=nucleo-f429zi
provision nucleo-1 "$(port_of data)" pump-4 # stays in its box: a rollout must have somebody to be for
mkdir "$work/fw/9.0.0" && cp "$ROOT/build/fw/$HARDWARE"/app-*.bin "$work/fw/9.0.0/"
sign_release 9.0.0 6
publish 9.0.0
HARDWARE=mps2-an386
switch_off pump-3
switch_on pump-3 trial_deadline_ms=9000 # an hour, if it is not told: too long for a demonstration, and 9 s too short for a good image
target='tag == "pump-1"' make_rollout 1.2.0
damaged=$rollout
target='tag == "pump-2"' make_rollout 1.3.0
hanging=$rollout
target='tag == "pump-3"' make_rollout 1.4.0
deaf=$rollout
target='tag == "pump-4"' make_rollout 9.0.0
foreign=$rollout
target='tag == "pump-4"' make_rollout 1.0.0
check "pump-4 is not offered what is for another board" decided pump-4 '"answer":"wrong-hardware"'
check "nor what is older: for nobody" nobody
order '{"poll": {"hardware": "nucleo-f429zi"}}'
rollout=$foreign
check "when the server is deceived about the board, pump-4 itself refuses" because wrong-hardware failed
order '{"poll": {"sequence": 0}}'
within 60 decided pump-4 '"sequence":0' || die "pump-4 does not poll"
target='tag == "pump-4"' make_rollout 1.0.0 --allow-downgrade
check "and likewise what is older than what it runs" because sequence-not-above failed
order '{}'
rollout=$damaged
check "pump-1 refuses the damaged image by its digest" because image-digest failed
rollout=$hanging
check "pump-2 is reset by the watchdog three times and reverted" because watchdog reverted
rollout=$deaf
check "pump-3 never confirms an image that finds no server, and is reverted" because trial-no-server reverted
show grep '^boot: ' "$work/pump-2.log"
for name in $pumps; do check "$name is on 1.1.0" runs "$name" 1.1.0; done

step "otterd is killed; a cable is pulled during a download"
switch_off pump-3
switch_on pump-3
end_server
mark
for name in $pumps; do check "$name finds no server" says_anew "$name" 'net-unreachable\|net-lost'; done
order '{"hold": 50000}'
start_server data "$(port_of data)"
sign_release 1.5.0 7
publish 1.5.0
make_rollout 1.5.0
check "pump-4 is in the middle of its download" within 60 test -e "$work/orders.json.held"
link pump-4 down
check "pump-4 notices" says pump-4 '^net: link down'
check "and keeps what it has" says pump-4 '^update: downloading net-'
order '{}'
link pump-4 up
check "all four run 1.5.0" counts succeeded 4

step "Two new roots: neither the release key nor the image key is trusted any more"
sign_release 1.6.0 8
publish 1.6.0
end_server
cp -a "$work/data" "$work/old" # a snapshot of its disk
start_server data "$(port_of data)"
otter root rotate "$work/root.json" --release-key "$work/release.key.pub=$work/release2.key.pub" --out "$work/root2.json" >/dev/null
otter root sign "$work/root2.json" --key "$work/root.key" --from "$work/root.json" >/dev/null
otter root publish "$work/root2.json" >/dev/null
otter root revoke "$work/root2.json" --image-key "$work/image.key.pub" --out "$work/root3.json" >/dev/null
otter root sign "$work/root3.json" --key "$work/root.key" --from "$work/root2.json" >/dev/null
show otter root publish "$work/root3.json"
check "the server rolls nothing out that devices would refuse" refused unknown-key roll_out 1.6.0
for name in $pumps; do check "$name follows both roots" within 60 decided "$name" '"root":3'; done

step "Somebody puts yesterday's server in its place, which knows neither of them"
end_server
start_server old "$(port_of data)"
make_rollout 1.6.0
check "all four refuse what it offers" counts failed 4
show otter rollout status "$rollout"
end_server
start_server data "$(port_of old)"
sign_release 1.7.0 9
check "the server takes nothing more by that key" refused unknown-key publish 1.7.0
release_key=$work/release2.key
sign_release 1.7.0 9
check "nor images by the image key" refused image-key-revoked publish 1.7.0
image_key=$work/image2.key
sign_release 1.7.0 9
publish 1.7.0
make_rollout 1.7.0
check "all four run 1.7.0, signed by the new keys" counts succeeded 4
for name in $pumps; do check "$name is on 1.7.0, confirmed" runs "$name" 1.7.0; done
switch_off pump-1
mark
switch_on pump-1
check "pump-1, off and on, has a bootloader that no longer trusts 1.5.0 either" says_anew pump-1 '^boot: slot . image-key-revoked'

printf '\ndemo passed: 4 devices in QEMU, every claim checked\n'
