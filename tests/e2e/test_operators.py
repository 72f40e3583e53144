"""Operators with tokens of their own: who may make them, what they may do, and by whom a change was made."""

import http.client
import json
import socket

import otter
import pytest


def run(world, token, *args, expect=0):
    return otter.run([otter.OTTER, *args], expect=expect, env={"OTTER_SERVER": world.server.url, "OTTER_TOKEN": token})


SECRET = "A" * 43


def poll(world, device):
    body = {"device": device, "product": otter.PRODUCT, "hardware": otter.HARDWARE, "epoch": 1, "sequence": 0, "root": 1,
            "running": {"version": "1.0.0", "sha256": "00" * 32, "slot": "A", "confirmed": True},
            "nonce": "AAAAAAAAAAAAAAAAAAAAAA", "caps": {"ram": 0, "covers": 0}}
    return world.server.request("POST", "/v1/device/poll", body, token=SECRET)[0]


def names(world):
    return [item["name"] for item in world.otter("operator", "list", "--json").json["items"]]


def add(world, name, *roles):
    given = [word for role in roles or ("operator", "publisher", "approver") for word in ("--role", role)]
    return world.otter("operator", "add", name, *given, "--json").json["token"]


def test_an_operator_works_with_a_token_of_its_own_until_it_is_taken_back(world):
    eve = add(world, "eve")
    assert names(world) == ["admin", "eve"]
    run(world, eve, "server", "freeze", "--reason", "works")
    world.server.stop()
    world.server.start()
    run(world, eve, "server", "unfreeze")
    log = world.server.log.read_text()
    assert log.count(" operator=eve ") == 2 and " operator=admin " in log and eve not in log
    world.otter("operator", "remove", "eve")
    assert names(world) == ["admin"]
    assert "unauthorized" in run(world, eve, "device", "list", expect=None).err


def test_one_makes_a_rollout_and_another_approves_it(world):
    eve = add(world, "eve")
    world.fleet(2)
    rollout = world.rollout(world.publish("1.1.0"), "--approval", "yes", phases="1dev,100")
    assert "has to be approved first" in world.otter("rollout", "advance", rollout, expect=1).err
    assert "another operator has to approve it" in world.otter("rollout", "approve", rollout, expect=4).err
    run(world, eve, "rollout", "approve", rollout)
    assert "was approved by eve already" in run(world, eve, "rollout", "approve", rollout, expect=1).err
    run(world, eve, "rollout", "advance", rollout)
    world.otter("operator", "remove", "eve")
    events = world.otter("rollout", "events", rollout, "--json").json["items"]
    assert [(e["kind"], e["who"]) for e in events] == [
        ("created", "admin"), ("started", "admin"), ("phase-opened", "admin"), ("approved", "eve"), ("phase-opened", "eve")]
    told = world.status(rollout)
    assert (told["created_by"], told["approved_by"], told["phase"]) == ("admin", "eve", 2)


def test_a_token_is_nothing_from_its_removal_on_even_where_it_was_something_before(world):
    eve = add(world, "eve")
    connection = http.client.HTTPConnection("127.0.0.1", world.server.port, timeout=20)

    def status():
        connection.request("GET", "/api/v1/devices", headers={"Authorization": f"Bearer {eve}"})
        reply = connection.getresponse()
        reply.read()
        return reply.status
    assert status() == 200
    world.otter("operator", "remove", "eve")
    assert status() == 401
    assert add(world, "eve") != eve
    assert status() == 401
    connection.close()


def begun(world, token, path, body):
    """A POST whose head is answered by nothing but `go on`; what is called sends the body and tells the status."""
    connection, text = socket.create_connection(("127.0.0.1", world.server.port), timeout=20), json.dumps(body).encode()
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: otter\r\nAuthorization: Bearer {token}\r\nExpect: 100-continue\r\n"
                       f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode())
    assert b"100" in connection.recv(4096)  # the head was judged

    def end():
        with connection:
            connection.sendall(text)
            return int(connection.makefile("rb").readline().split()[1])
    return end


def test_a_request_that_began_before_a_token_was_taken_back_does_nothing(world):
    """Who holds bodies back would have an operator or a token of his own after all was taken from him."""
    made = world.server.json("POST", "/api/v1/operators", {"name": "adam", "grants": []}, expect=201)
    eve = add(world, "eve", "admin")
    path, back = "/api/v1/operators", {"name": "back", "grants": [{"role": "admin", "product": "*"}]}
    requests = [begun(world, eve, path, back), begun(world, made["token"], "/api/v1/tokens", {"label": "back"}),
                begun(world, world.server.token, path, back)]
    world.otter("operator", "remove", "eve")
    world.otter("token", "revoke", made["token_id"])
    assert [end() for end in requests[:2]] == [401, 401]
    assert names(world) == ["admin", "adam"] and world.server.json("GET", "/api/v1/tokens")["items"] == []
    assert requests[2]() == 201


def test_only_who_may_administer_everything_makes_operators_and_admin_stays(world):
    eve = add(world, "eve")
    for args in ("add", "adam", "--role", "viewer"), ("remove", "eve"), ("grant", "eve", "--role", "admin"), ("list",):
        assert "lacks the right to administer for the whole server" in run(world, eve, "operator", *args, expect=4).err
    assert "stays" in world.otter("operator", "remove", "admin", expect=None).err
    assert names(world) == ["admin", "eve"]


@pytest.mark.parametrize("method, path, body, status, code", [
    ("POST", "/api/v1/operators", {"name": "eve", "grants": []}, 409, "already-exists"),
    ("POST", "/api/v1/operators", {"name": "admin", "grants": []}, 409, "already-exists"),
    ("POST", "/api/v1/operators", {"name": "adam"}, 400, "missing-member"),
    ("POST", "/api/v1/operators", {"name": "e/ve", "grants": []}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": "..", "grants": []}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": "-eve", "grants": []}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": "adam", "grants": [{"role": "king", "product": "*"}]}, 400, "bad-value"),
    ("POST", "/api/v1/operators", {"name": "adam", "grants": [], "expires_in": -1}, 400, "bad-value"),
    ("GET", "/api/v1/operators/adam", None, 404, "not-found"),
    ("PATCH", "/api/v1/operators/adam", {"disabled": True}, 404, "not-found"),
    ("PATCH", "/api/v1/operators/admin", {"disabled": True}, 409, "conflict"),
    ("DELETE", "/api/v1/operators/adam", None, 404, "not-found"),
    ("DELETE", "/api/v1/operators/admin", None, 409, "conflict"),
    ("POST", "/api/v1/tokens", {"operator": "adam"}, 404, "not-found"),
    ("POST", "/api/v1/tokens", {"label": "a\nb"}, 400, "bad-value"),
    ("DELETE", "/api/v1/tokens/99", None, 404, "not-found"),
])
def test_what_cannot_be_is_refused(world, method, path, body, status, code):
    add(world, "eve")
    told = world.server.json(method, path, body, expect=status)
    assert told["code"] == code
    assert names(world) == ["admin", "eve"]


def test_an_operator_of_one_product_knows_nothing_of_another(world):
    """Neither by lists, counts and single objects, nor by what is refused, nor by keys of others."""
    world.fleet(2)
    release = world.publish("1.1.0")
    rollout = world.rollout(release, start=False)
    other = add(world, "other", "admin:toaster")
    ours = add(world, "ours", f"operator:{otter.PRODUCT}", f"publisher:{otter.PRODUCT}")

    def ask(token, method, path, body=None, **headers):
        status, _, text = world.server.request(method, path, body, token=token, headers=headers)
        return status, json.loads(text) if text else None
    for path in "devices", "releases", "rollouts", "image-keys":
        assert ask(other, "GET", f"/api/v1/{path}")[1]["items"] == [] != ask(ours, "GET", f"/api/v1/{path}")[1]["items"] or \
            path == "image-keys", path
    told = ask(other, "GET", "/api/v1/status")[1]
    assert (told["devices"], told["releases"], told["rollouts"]) == (0, 0, 0)
    told = ask(other, "GET", "/api/v1/fleet/summary?by=product")[1]
    assert (told["devices"], told["groups"], told["retired"]) == (0, [], 0)
    for there, absent in (("devices/dev-1", "devices/nobody"), ("devices/dev-1/timeline", "devices/nobody/timeline"),
                          ("devices/dev-1/attempts", "devices/nobody/attempts"),
                          ("rollouts/explain?device=dev-1", "rollouts/explain?device=nobody"),
                          (f"releases/{release}", f"releases/{'0' * 64}"),
                          (f"releases/{release}/manifest", f"releases/{'0' * 64}/manifest"),
                          (f"releases/{release}/deps", f"releases/{'0' * 64}/deps"),
                          *((f"rollouts/{rollout}{part}", f"rollouts/999{part}") for part in (
                              "", "/attempts", "/devices", "/events", "/reasons", "/preview"))):
        (status, first), (also, second) = ask(other, "GET", f"/api/v1/{there}"), ask(other, "GET", f"/api/v1/{absent}")
        names_out = lambda told: told["detail"].replace(release, "X").replace("0" * 64, "X").replace(  # noqa: E731
            "dev-1", "X").replace("nobody", "X").replace("999", "X").replace(str(rollout), "X")
        assert status == also == 404 and names_out(first) == names_out(second), there
    body = {"ids": ["dev-1", "nobody"]}
    told = ask(other, "POST", "/api/v1/devices/unhold", body)[1]
    assert told["matched"] == 0 and {e["code"] for e in told["errors"]} == {"not-found"}
    assert ask(other, "POST", "/api/v1/devices/unhold", {"target": "all"})[1]["matched"] == 0
    assert ask(other, "POST", f"/api/v1/rollouts/{rollout}/start")[0] == 404
    assert ask(other, "POST", f"/api/v1/releases/{release}/withdraw", {"reason": "x"})[0] == 404
    assert ask(other, "POST", "/api/v1/rollouts", {"release": release, "target": "all", "phases": [100]})[0] == 404
    assert ask(other, "POST", "/api/v1/rollouts/preview", {"release": release, "target": "all", "phases": [100]})[0] == 404
    # A key of another operator is another key.
    key = {"Idempotency-Key": "same"}
    made = {"release": release, "target": "all", "phases": [100]}
    assert ask(ours, "POST", "/api/v1/rollouts", made, **key)[0] == 201
    assert ask(other, "POST", "/api/v1/rollouts", made, **key)[0] == 404
    # What one sees and may not change is forbidden, with what is missing; dry runs, too.
    viewer = add(world, "viewer", f"viewer:{otter.PRODUCT}", "operator:toaster")
    for path, body in (f"rollouts/{rollout}/start", None), ("devices/label", None):
        if body is None and path.startswith("rollouts"):
            status, told = ask(viewer, "POST", f"/api/v1/{path}?dry_run=1")
            assert status == 403 and f"operate for product {otter.PRODUCT}" in told["detail"]
    told = ask(viewer, "POST", "/api/v1/devices/hold", {"ids": ["dev-1"]})[1]
    assert told["changed"] == 0 and told["errors"][0]["code"] == "forbidden"
    status, told = ask(viewer, "POST", "/api/v1/devices", {"id": "new", "product": otter.PRODUCT, "hardware": "h",
                                                          "secret": "A" * 43})
    assert (status, told["code"]) == (403, "forbidden")


def test_roles_are_granted_and_taken_back(world):
    world.fleet(1)
    eve = add(world, "eve", "viewer")
    assert "operate" in run(world, eve, "server", "freeze", "--reason", "x", expect=4).err
    world.otter("operator", "grant", "eve", "--role", "operator", "--role", "approver:toaster")
    run(world, eve, "server", "freeze", "--reason", "x")
    shown = world.otter("operator", "show", "eve").out
    assert "operator" in shown and "approver:toaster" in shown
    assert "eve" in run(world, eve, "operator", "show").out
    world.otter("operator", "revoke", "eve", "--role", "operator")
    assert "operate" in run(world, eve, "server", "unfreeze", expect=4).err
    assert "is no admin of" in world.otter("operator", "revoke", "eve", "--role", "admin", expect=1).err
    world.otter("operator", "disable", "eve")
    assert "switched off" in run(world, eve, "device", "list", expect=4).err
    world.otter("operator", "enable", "eve")
    run(world, eve, "device", "list")


def test_two_tokens_of_one_operator_approve_nothing(world):
    eve = add(world, "eve")
    second = run(world, eve, "token", "new", "--expires", "12h", "--json").json["token"]
    world.fleet(2)
    release = world.publish("1.1.0")
    rollout = run(world, eve, "rollout", "create", "--release", release, "--target", "all", "--phases", "1dev,100",
                  "--approval", "yes", "--json").json["id"]
    run(world, eve, "rollout", "start", rollout)
    assert "another operator has to approve it" in run(world, second, "rollout", "approve", rollout, expect=4).err
    only_sees = add(world, "adam", "operator")
    assert "approve" in run(world, only_sees, "rollout", "approve", rollout, expect=4).err
    run(world, add(world, "judge", "approver"), "rollout", "approve", rollout)


def test_a_login_is_kept_for_its_server_alone_and_given_back(world, tmp_path):
    eve = add(world, "eve", "viewer")
    env = {"OTTER_SERVER": world.server.url, "XDG_CONFIG_HOME": str(tmp_path / "config"), "OTTER_TOKEN": ""}

    def otter_cli(*args, expect=0):
        return otter.run([otter.OTTER, *args], expect=expect, env=env)
    assert "unauthorized" in otter_cli("device", "list", expect=4).err
    (tmp_path / "token").write_text(eve + "\n")
    otter_cli("login", "--token-file", tmp_path / "token", "--expires", "12h", "--label", "laptop")
    kept = tmp_path / "config/otter/credentials"
    assert kept.stat().st_mode & 0o777 == 0o600 and eve not in kept.read_text()
    otter_cli("device", "list")
    tokens = otter_cli("token", "list", "--json").json["items"]
    assert [t["label"] for t in tokens] == ["", "laptop"] and tokens[1]["made_by"] == tokens[0]["id"]
    assert "unauthorized" in otter.run([otter.OTTER, "--server", f"http://localhost:{world.server.port}", "device", "list"],
                                       expect=4, env=env).err
    kept.chmod(0o644)
    assert "chmod" in otter_cli("device", "list", expect=None).err
    kept.chmod(0o600)
    token = json.loads(kept.read_text())[world.server.url]["token"]
    otter_cli("logout")
    assert token not in kept.read_text()
    assert "unauthorized" in run(world, token, "device", "list", expect=4).err
    assert "nobody is logged in" in otter_cli("logout", expect=1).err


def test_wrong_tokens_lock_an_address_and_no_device(world):
    world.server.json("POST", "/api/v1/devices", {"id": "own-1", "product": otter.PRODUCT, "hardware": otter.HARDWARE,
                                                  "secret": SECRET}, expect=201)
    eve = add(world, "eve", "viewer")
    for _ in range(11):
        assert world.server.request("GET", "/api/v1/status", token="guess")[0] == 401
    status, headers, _ = world.server.request("GET", "/api/v1/status", token=eve)
    assert status == 429 and 1 <= int(headers["retry-after"]) <= 15
    assert "too many wrong tokens" in run(world, eve, "device", "list", expect=None).err
    assert poll(world, "own-1") in (200, 204)
    world.server.stop()
    world.server.start()
    assert world.server.request("GET", "/api/v1/status", token=eve)[0] == 200


def test_admin_token_goes_when_another_admin_is_there_and_comes_back_on_the_machine_alone(world):
    assert "nobody could administer" in world.otter("operator", "disable", "admin", expect=1).err
    eve = add(world, "eve", "admin")
    world.otter("operator", "disable", "admin")
    assert "switched off" in world.otter("device", "list", expect=4).err
    assert "nobody could administer" in run(world, eve, "operator", "remove", "eve", expect=1).err
    [token] = [t["id"] for t in world.server.json("GET", "/api/v1/tokens", token=eve)["items"] if t["operator"] == "eve"]
    assert "nobody could administer" in run(world, eve, "token", "revoke", token, expect=1).err
    run(world, eve, "operator", "enable", "admin")
    assert names(world) == ["admin", "eve"]
    run(world, eve, "operator", "disable", "admin")
    world.server.stop()
    world.server.options = [*world.server.options, "--enable-admin"]
    world.server.start()
    world.otter("operator", "remove", "eve")


def test_an_operator_has_a_bounded_number_of_tokens_until_it_takes_one_back(world):
    eve = add(world, "eve")

    def make(expect):
        return world.server.json("POST", "/api/v1/tokens", {"label": "another"}, expect=expect, token=eve)
    made = [make(201) for _ in range(31)]
    assert "at most 32 tokens" in make(409)["detail"]
    world.server.json("DELETE", f"/api/v1/tokens/{made[0]['id']}", expect=204, token=eve)
    assert world.server.json("GET", "/api/v1/whoami", token=make(201)["token"])["name"] == "eve"


def test_the_token_is_nowhere_but_in_the_answer(world):
    """Neither in the list, nor in a trace, nor readable in the data directory."""
    trace = world.folder / "add.trace"
    token = world.otter("operator", "add", "eve", "--role", "viewer", "--json", "--trace", trace).json["token"]
    assert token not in trace.read_text() and json.loads(trace.read_text())["response"]["name"] == "eve"
    assert token not in world.otter("operator", "list", "--json").out
    world.server.stop()
    for path in world.server.data.rglob("*"):
        assert not path.is_file() or token.encode() not in path.read_bytes(), path


def test_a_backup_brings_operators_along(world):
    eve = add(world, "eve")
    backup, restored = world.folder / "backup", world.folder / "restored"
    world.otter("server", "backup", backup)
    world.server.stop()
    otter.run([otter.OTTERD, "--restore", backup, "--data", restored])
    world.server.data = world.server.served = restored
    world.server.start()
    assert names(world) == ["admin", "eve"]
    run(world, eve, "device", "list")


def test_fleet_keys_of_a_product_are_for_who_administers_it(tmp_path):
    world = otter.World(tmp_path, ["--enrol", "fleet-key"])
    world.start()
    other = "thermo"
    tokens = {role: add(world, f"of-{n}", role) for n, role in enumerate([f"publisher:{otter.PRODUCT}", f"operator:{otter.PRODUCT}",
                                                                          f"admin:{other}", f"admin:{otter.PRODUCT}"])}
    *few, admin = tokens.items()
    run(world, admin[1], "fleet-key", "new", otter.PRODUCT, "--out", tmp_path / "a.key")
    [key] = json.loads(run(world, admin[1], "fleet-key", "list", "--json").out)["items"]
    for role, token in few:
        made = run(world, token, "fleet-key", "new", otter.PRODUCT, "--out", tmp_path / f"{role}.key", expect=4)
        assert "administer" in made.err, role
        assert run(world, token, "fleet-key", "remove", key["id"], expect=None).code in (1, 4), role
        listed = run(world, token, "fleet-key", "list", "--json", expect=None)
        assert key["id"] not in listed.out, role
    assert "not-found" in run(world, tokens[f"admin:{other}"], "fleet-key", "remove", key["id"], expect=None).err
    run(world, admin[1], "fleet-key", "remove", key["id"])
    assert world.otter("fleet-key", "list", "--json").json["items"] == []
    world.stop()
