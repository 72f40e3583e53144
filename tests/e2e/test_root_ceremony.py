"""Ceremonies: root keys of three people, each alone with a folder of his own; what devices and the server make of it."""

import contextlib
import shutil
import signal
import sqlite3

import otter
import pytest

PEOPLE = ("alice", "bob", "carol")


class Ceremony(otter.World):
    """Two of three root keys; the office has no private one of them."""

    def start(self):
        self.server.start()
        for name in PEOPLE:
            (self.folder / name).mkdir()
            self.keys[name] = self.folder / name / "root.key"
        for name in ("release2", "image2", "dave"):
            self.keys[name] = self.folder / f"{name}.key"
        for name in (*PEOPLE, "release", "release2", "image", "image2", "dave"):
            self.otter("key", "new", "--out", self.keys[name])
        self.otter("root", "new", "--root-key", *(self.pub(p) for p in PEOPLE), "--threshold-root", 2, "--release-key",
                   self.pub("release"), "--offer-key", self.server.data / "offer.pub", "--out", self.root)
        self.signed(self.root, None, "alice", "bob")
        self.otter("root", "publish", self.root)
        self.newest, self.version = self.root, 1
        return self

    def signed(self, path, old, *people):
        """Each signs a copy alone; the copies are merged."""
        copies = []
        for name in people:
            copies.append(self.folder / name / path.name)
            shutil.copy(path, copies[-1])
            key = self.keys[name]
            self.alone("root", "sign", copies[-1], "--key", key, *(["--from", old] if old else []))
        self.alone("root", "merge", *copies, "--out", path, *(["--from", old] if old else []))

    def alone(self, *args, expect=0):
        """On a machine that knows no server."""
        return otter.run([otter.OTTER, *args], expect=expect, env={"OTTER_SERVER": ""})

    def follow(self, verb, *changes, people=("bob", "carol"), publish=True):
        self.version += 1
        out = self.folder / f"root{self.version}.json"
        said = self.otter("root", verb, self.newest, *changes, "--out", out)
        self.signed(out, self.newest, *people)
        self.alone("root", "verify", out, "--from", self.newest)
        if publish:
            self.otter("root", "publish", out)
        self.newest = out
        return said

    def next_offer_key(self, how="hup"):
        """A key that waits in the server's folder."""
        path = self.server.data / "offer.next.key"
        self.otter("key", "new", "--out", path)
        if how == "hup":
            seen = self.server.log.read_text().count("offer-key-waits")
            self.server.process.send_signal(signal.SIGHUP)
            otter.wait_for("the key to be read", lambda: self.server.log.read_text().count("offer-key-waits") > seen)
        else:
            self.server.stop()
            self.server.start()
        return self.server.data / "offer.next.key.pub"

    def offer_kid(self):
        return self.otter("server", "status", "--json").json["offer_kid"]


@pytest.fixture
def ceremony(tmp_path):
    made = Ceremony(tmp_path, ("--poll-interval", "5")).start()
    yield made
    made.stop()


def kid(world, pub):
    return world.otter("key", "show", pub, "--json").json["kid"]


def test_each_signs_alone_in_any_order_and_who_is_missing_is_said(ceremony):
    w = ceremony
    out = w.folder / "next.json"
    w.alone("root", "rotate", w.root, "--root-key", f"{w.pub('alice')}={w.pub('dave')}", "--out", out)
    copy = {name: w.folder / name / "next.json" for name in ("bob", "carol")}
    for name, path in copy.items():
        shutil.copy(out, path)
    said = w.alone("root", "sign", copy["carol"], "--key", w.keys["carol"], "--from", w.root).out
    assert "Root 1's keys: 1 of 2" in said and "Root 2's keys: 1 of 2" in said and kid(w, w.pub("dave")) in said
    assert "threshold-not-met" in w.alone("root", "verify", copy["carol"], "--from", w.root, expect=1).err
    assert "threshold-not-met" in w.otter("root", "publish", copy["carol"], expect=1).err
    w.alone("root", "sign", copy["bob"], "--key", w.keys["bob"], "--from", w.root)
    assert "duplicate-signature" in w.alone("root", "sign", copy["bob"], "--key", w.keys["bob"], "--from", w.root,
                                            expect=1).err
    for order in (("bob", "carol"), ("carol", "bob")):
        merged = w.folder / "-".join(order)
        assert "publish" in w.alone("root", "merge", *(copy[n] for n in order), "--from", w.root, "--out", merged).out
        assert "follows" in w.alone("root", "verify", merged, "--from", w.root).out
    w.otter("root", "publish", merged)
    assert w.otter("server", "status", "--json").json["root"]["version"] == 2


def test_a_signer_is_told_all_that_changes_and_signs_no_root_that_does_not_follow(ceremony):
    w = ceremony
    out, later = w.folder / "next.json", w.folder / "later.json"
    w.alone("root", "rotate", w.root, "--threshold", "root=1", "--root-key", f"{w.pub('alice')}={w.pub('dave')}", "--add",
            f"release={w.pub('release2')}", "--epoch", "+1", "--out", out)
    draft = out.read_bytes()
    said = w.alone("root", "sign", out, "--key", w.keys["bob"], "--from", w.root, "--dry-run").out
    assert [line[8:] for line in said.splitlines() if line.startswith("Change: ")] == [
        f"root key goes: {kid(w, w.pub('alice'))}", f"root key comes: {kid(w, w.pub('dave'))}",
        "root threshold falls: 1, was 2", f"release key comes: {kid(w, w.pub('release2'))}", "sequence epoch: 2, was 1"]
    assert out.read_bytes() == draft
    w.alone("root", "rotate", out, "--out", later)
    assert "Change: dates alone" in w.alone("root", "sign", later, "--key", w.keys["bob"], "--from", out, "--dry-run").out
    for verb in (["sign", later, "--key", w.keys["bob"]], ["verify", later], ["merge", later, later, "--out", w.folder / "x"]):
        assert "root-version" in w.alone("root", *verb, "--from", w.root, expect=1).err
    assert '"signatures"' not in later.read_text() and not (w.folder / "x").exists()


def test_a_merge_takes_neither_strangers_nor_another_root(ceremony):
    w = ceremony
    one, two = (w.folder / n for n in ("one.json", "two.json"))
    for out, days in ((one, "365d"), (two, "364d")):
        w.alone("root", "rotate", w.root, "--expires", days, "--out", out)
        w.alone("root", "sign", out, "--key", w.keys["bob"], "--from", w.root)
    assert "another root" in w.alone("root", "merge", one, two, "--from", w.root, "--out", w.folder / "x", expect=1).err
    bad = w.folder / "bad.json"
    text = one.read_text()
    at = text.rindex('"signature":"') + len('"signature":"') + 10
    bad.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:])
    assert "bad-signature" in w.alone("root", "merge", bad, one, "--from", w.root, "--out", w.folder / "x", expect=1).err
    assert not (w.folder / "x").exists()


REFUSED = {"below its threshold": ("revoke", ["--key", "release"], "fewer keys"),
           "in no role": ("revoke", ["--key", "image"], "in no role"),
           "a lower epoch": ("rotate", ["--epoch", "0"], "root-epoch"),
           "no role": ("rotate", ["--add", "boss=release2"], "expected root="),
           "three of two": ("rotate", ["--threshold", "root=4"], "fewer keys"),
           "the offer key elsewhere": ("rotate", ["--add", "root=OFFER"], "no other role"),
           "nothing at all": ("revoke", [], "--key or --image-key")}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_no_root_is_not_written(ceremony, name):
    w = ceremony
    verb, words, said = REFUSED[name]
    names = {n: str(w.pub(n)) for n in ("release", "release2", "image")} | {"OFFER": str(w.server.data / "offer.pub")}
    words = ["=".join(names.get(part, part) for part in word.split("=")) for word in words]
    done = w.alone("root", verb, w.root, *words, "--out", w.folder / "x", expect=None)
    assert done.code in (1, 2) and said in done.err and not (w.folder / "x").exists()


def test_the_offer_key_changes_under_a_running_server_and_no_device_refuses(ceremony):
    w = ceremony
    base, fleet = w.image("1.0.0", "A"), w.fleet(4)
    assert "no offer key" in w.otter("root", "publish", w.folder / unnamed(w), expect=1).err
    first = w.offer_kid()
    for how in ("hup", "restart"):
        pub = w.next_offer_key(how)
        waiting, old = kid(w, pub), w.offer_kid()
        w.follow("rotate", "--offer-key", f"{old}={pub}")
        assert w.offer_kid() == waiting != old
        pub.unlink()
        assert not (w.server.data / "offer.next.key").exists()
        assert kid(w, w.server.data / "offer.pub") == waiting
    w.follow("rotate", "--expires", "300d")
    # Two offer keys and three roots later than their factory data: they follow, and take what they are offered.
    rollout = w.rollout(w.publish("1.1.0"))
    assert w.emulate(fleet, base, "--expect", "1.1.0:confirmed").json["by_version"] == {"1.1.0": 4}
    assert w.status(rollout)["counts"]["succeeded"] == 4
    shown = w.otter("device", "list", "--all", "--json").json["items"]
    assert {(d["root"], d["last_refusal"]) for d in shown} == {(4, None)}
    kept = w.offer_kid()
    w.server.kill()
    w.server.start()
    assert w.offer_kid() == kept != first


def unnamed(w):
    """A root whose offer key the server has not got."""
    out = w.folder / "unnamed.json"
    w.otter("root", "rotate", w.root, "--offer-key", f"{w.offer_kid()}={w.pub('image2')}", "--out", out)
    w.signed(out, w.root, "alice", "bob")
    return out


def test_a_revoked_release_key_signs_for_nobody_any_more(ceremony):
    w = ceremony
    base, fleet = w.image("1.0.0", "A"), w.fleet(3)
    release = w.publish("1.1.0")
    draft = w.rollout(release, start=False)
    paused, running = (w.rollout(release, target="id == dev-1", phases="50,100") for _ in range(2))
    w.otter("rollout", "pause", paused)
    said = w.follow("revoke", "--key", w.pub("release"), "--add", f"release={w.pub('release2')}").out
    assert "To be signed anew: release pump@1.1.0" in said and "0 devices" in said
    for verb, rollout in (("start", draft), ("resume", paused), ("resume", running)):
        told = w.otter("rollout", verb, rollout, expect=1).err
        assert "unknown-key" in told and "make it again" in told
    assert (w.status(draft)["state"], w.status(paused)["state"], w.status(running)["state"]) == ("draft", "paused", "halted")
    path, images = w.release("1.2.0")
    assert "unknown-key" in w.otter("release", "publish", path, *images, expect=1).err
    w.otter("rollout", "abort", running)
    w.otter("rollout", "abort", paused)
    new = w.publish("1.3.0", sequence=1, key=w.keys["release2"], create=("--epoch", "2"))
    rollout = w.rollout(new)
    assert w.emulate(fleet, base, "--expect", "1.3.0:confirmed").json["by_version"] == {"1.3.0": 3}
    assert w.status(rollout)["counts"]["succeeded"] == 3


# By which root a release that was published before is refused, and by which one it is taken again.
UNTRUSTED = {
    "unknown-key": (lambda w: ["--release-key", f"{w.pub('release')}={w.pub('release2')}"],
                    lambda w: ["--release-key", f"{w.pub('release2')}={w.pub('release')}"]),
    "threshold-not-met": (lambda w: ["--add", f"release={w.pub('release2')}", "--threshold", "release=2"],
                          lambda w: ["--threshold", "release=1"]),
    "wrong-epoch": (lambda w: ["--epoch", "2"], None),
}


@pytest.mark.parametrize("code", UNTRUSTED)
def test_what_devices_would_refuse_by_the_newest_root_is_not_rolled_out_any_further(ceremony, code):
    w, (untrusted, trusted) = ceremony, UNTRUSTED[code]
    base, fleet = w.image("1.0.0", "A"), w.fleet(3)
    release, back = w.publish("1.1.0"), w.publish("1.2.0")
    draft, running, paused, asks = (w.rollout(release, *more, target=target, start=start, phases="1dev,100") for more, target, start in [
        ([], "all", False), (["--rollback-release", back], "all", True), ([], "id == dev-1", True),
        (["--approval", "yes"], "id == dev-2", True)])
    w.otter("rollout", "pause", paused)
    w.otter("rollout", "pause", asks)
    w.follow("rotate", *untrusted(w))
    for words in [("rollout", "start", draft), ("rollout", "resume", paused), ("rollout", "approve", asks),
                  ("rollout", "resume", running), ("rollout", "rollback", running), ("device", "pin", "dev-1", "--release", release),
                  ("rollout", "create", "--release", release, "--target", "all", "--phases", "100")]:
        assert code in w.otter(*words, expect=1).err, words
    # What ran is halted in the root's own transaction, and says why; nobody is offered it.
    assert [w.status(r)["state"] for r in (draft, running, paused, asks)] == ["draft", "halted", "paused", "paused"]
    assert w.status(running)["state_reason"] == f"{code}: devices would refuse its release under root 2"
    events = w.otter("rollout", "events", running, "--json").json["items"]
    assert (events[-1]["kind"], events[-1]["who"], events[-1]["detail"]["root"]) == ("halted", "admin", 2)
    w.otter("rollout", "abort", paused)
    w.otter("rollout", "abort", asks)
    told = [w.otter("rollout", "explain", "--device", f"dev-{n}", "--json").json["rollouts"] for n in (1, 2, 3)]
    assert "halted" in {each["rule"] for rollouts in told for each in rollouts if each["id"] == running}
    if not trusted:
        return
    w.follow("rotate", *trusted(w))
    w.otter("rollout", "resume", running)
    w.otter("rollout", "advance", running)
    assert w.emulate(fleet, base, "--expect", "1.1.0:confirmed").json["by_version"] == {"1.1.0": 3}


def test_what_ran_by_an_otterd_that_halted_nothing_goes_no_further_either(ceremony):
    """Of a database of before: the root that took the key away is in it, and the rollout still runs."""
    w = ceremony
    w.fleet(2)
    rollout = w.rollout(w.publish("1.1.0"), phases="1dev,100")
    w.follow("rotate", *UNTRUSTED["unknown-key"][0](w))
    w.server.stop()
    with contextlib.closing(sqlite3.connect(w.server.data / "otter.db", isolation_level=None)) as db:
        assert db.execute("UPDATE rollouts SET state = 'running', state_reason = '' WHERE id = ?", (rollout,)).rowcount == 1
    w.server.start()
    assert w.status(rollout)["state"] == "running"
    assert "unknown-key" in w.otter("rollout", "advance", rollout, expect=1).err


def test_a_root_that_changes_nothing_for_a_release_lets_it_run(ceremony):
    w = ceremony
    w.fleet(1)
    rollout = w.rollout(w.publish("1.1.0"))
    w.follow("rotate", "--add", f"release={w.pub('release2')}")
    assert w.status(rollout)["state"] == "running"


def test_the_status_shows_the_offer_key_that_waits_and_warns_of_one_that_no_root_names(ceremony):
    w = ceremony
    shown = w.otter("server", "status")
    assert "does not name" not in shown.out and w.otter("server", "status", "--json").json["offer_next_kid"] is None
    pub = w.next_offer_key()
    told = w.otter("server", "status", "--json").json
    assert told["offer_next_kid"] == kid(w, pub) and told["offer_named"] and kid(w, pub) in w.otter("server", "status").out
    # A data directory that was put together wrongly.
    w.server.stop()
    (w.server.data / "offer.next.key").unlink()
    for name in ("offer.key", "offer.pub"):
        (w.server.data / name).rename(w.folder / name)
    shutil.copy(w.keys["dave"], w.server.data / "offer.key")
    w.server.start()
    shown = w.otter("server", "status")
    assert not w.otter("server", "status", "--json").json["offer_named"] and "does not name" in shown.out


def test_a_revoked_image_key_is_refused_and_another_goes_on(ceremony):
    w = ceremony
    base = w.image("1.0.0", "A")
    folder = w.folder / "two-keys"
    w.otter("device", "provision", "--count", 2, "--id-prefix", "dev-", "--product", otter.PRODUCT, "--hardware",
            w.hardware, "--root", w.root, "--image-key", w.pub("image"), "--image-key", w.pub("image2"), "--url",
            w.server.url, "--out-dir", folder)
    old = w.rollout(w.publish("1.1.0"))
    said = w.follow("revoke", "--image-key", w.pub("image")).out
    assert "Devices of product pump take no image" in said
    w.emulate(folder, base, "--expect", "1.1.0:confirmed", "--timeout", "5", expect=1, timeout=5)
    assert w.status(old)["reasons"] == {"image-key-revoked": 2}
    path, images = w.release("1.2.0")
    assert "image-key-revoked" in w.otter("release", "publish", path, *images, expect=1).err
    for slot in "AB":
        w.image("1.3.0", slot, key=w.keys["image2"])
    new = w.rollout(w.publish("1.3.0"))
    assert w.emulate(folder, base, "--expect", "1.3.0:confirmed").json["by_version"] == {"1.3.0": 2}
    assert w.status(new)["counts"]["succeeded"] == 2
