"""Keys and tokens that change under ARM firmware in QEMU: roots that a board missed, servers that came by keys of yesterday,
and tokens that it makes for itself while the power goes."""

import contextlib
import signal

import boards as support
import otter
import pytest
import relay as relays


@pytest.fixture(scope="module", autouse=True)
def variants():
    support.build_variants()


class Keys(support.Boards):
    """Other servers of the same place: what was backed up is served by an otterd of its own."""

    def __init__(self, folder, server_options=()):
        super().__init__(folder, server_options)
        self.more = []

    def make_keys(self, *names):
        for name in names:
            self.keys[name] = self.folder / f"{name}.key"
            self.otter("key", "new", "--out", self.keys[name])

    def next_root(self, verb, *changes, signers):
        version = int(self.otter("root", "show", self.root, "--json").json["version"]) + 1
        out = self.folder / f"{self.server.data.name}-root{version}.json"
        self.otter("root", verb, self.root, *changes, "--out", out)
        for name in signers:
            self.otter("root", "sign", out, "--key", self.keys[name], "--from", self.root)
        self.otter("root", "publish", out)
        self.root = out

    def old_server(self, name):
        """All that this one has by now, for later."""
        self.otter("server", "backup", self.folder / f"{name}.backup")
        made = otter.Server(self.folder / name, *self.server.options)
        made.cacert, made.root = self.server.cacert, self.root
        otter.run([otter.OTTERD, "--restore", self.folder / f"{name}.backup", "--data", made.data])
        self.more.append(made)
        return made

    @contextlib.contextmanager
    def served_by(self, other):
        """For `otter` and for boards behind the relay, too."""
        kept, kept_root = self.server, self.root
        self.server, self.root = other.start(), other.root
        try:
            yield
        finally:
            self.server, self.root = kept, kept_root
            other.stop()

    def stop(self):
        super().stop()
        for server in self.more:
            if server.process and server.process.poll() is None:
                server.kill()


@pytest.fixture
def boards(tmp_path):
    made = Keys(tmp_path, ["--enrol", "fleet-key ask"])
    made.start()
    yield made
    made.stop()


@pytest.fixture
def relay(boards):
    with boards.relay() as made:
        yield made


def miss_four_roots(boards):
    """Another root key and two of two, another offer key, another release key in the place of one that was stolen. Returns
    a server of the first day and one of the day before the theft."""
    boards.make_keys("root2", "root3", "release2")
    first = boards.old_server("first")
    boards.next_root("rotate", "--root-key", f"{boards.pub('root')}={boards.pub('root2')}", "--add",
                     f"root={boards.pub('root3')}", "--threshold", "root=2", signers=("root", "root2", "root3"))
    waiting = boards.server.data / "offer.next.key"
    boards.otter("key", "new", "--out", waiting)
    boards.server.process.send_signal(signal.SIGHUP)
    otter.wait_for("the next offer key to be read", lambda: "offer-key-waits" in boards.server.log.read_text())
    boards.next_root("rotate", "--offer-key", f"{boards.server.data / 'offer.pub'}={waiting}.pub", signers=("root2", "root3"))
    before = boards.old_server("before")
    boards.next_root("revoke", "--key", boards.pub("release"), "--add", f"release={boards.pub('release2')}",
                     signers=("root2", "root3"))
    boards.next_root("rotate", "--expires", "300d", signers=("root2", "root3"))
    return first, before


def test_a_board_follows_the_roots_it_missed_and_takes_nothing_by_a_key_that_was_taken_back(boards, relay):
    boards.make_keys("image2")
    stolen = boards.publish("1.3.0", sequence=30)
    device = boards.board("dev-1", boards.image("1.0.0", "A"), url=boards.url(relay.port), image_keys=("image", "image2"))
    first, before = miss_four_roots(boards)
    device.start()
    otter.wait_for("four roots to be followed", lambda: boards.shown("dev-1")["root"] == 5, 60)
    # The server of yesterday has the right offer key, and a release by the key that was stolen since.
    with boards.served_by(before):
        rollout = boards.rollout(stolen)
        device.wait_for_line("^update: failed unknown-key")
        assert boards.until(rollout, failed=1)["reasons"] == {"unknown-key": 1}
    # The one of the first day signs by an offer key that was taken back, and who has the first root key makes roots for it.
    with boards.served_by(first):
        boards.rollout(stolen)
        device.wait_for_line("^update: - unknown-key poll")
        for _ in range(5):
            boards.next_root("rotate", "--epoch", 2, "--expires", "200d", signers=("root",))
        device.wait_for_line("^update: - unknown-key roots")
        otter.wait_for("its word", lambda: boards.shown("dev-1")["last_refusal"], 60)
    # The release is right; its images are by a key that is no longer trusted.
    boards.keys["release"] = boards.keys["release2"]
    release = boards.publish("1.4.0", sequence=1, create=("--epoch", 2))
    boards.next_root("revoke", "--image-key", boards.pub("image"), signers=("root2", "root3"))
    second = boards.rollout(release)
    device.wait_for_line("^update: failed image-key-revoked")
    assert boards.until(second, failed=1)["reasons"] == {"image-key-revoked": 1}
    for slot in "AB":
        boards.image("1.1.0", slot, key=boards.keys["image2"])
    third = boards.rollout(boards.publish("1.1.0", sequence=2, create=("--epoch", 2)))
    support.updates(device, "1.1.0", "B")
    boards.until(third, succeeded=1)
    assert boards.shown("dev-1")["root"] == 6 and device.count("^boot: row trial") == 1
    # From now on the bootloader, too, refuses what the old key has signed.
    device.stop()
    device.start()
    device.wait_for_line("^boot: slot A image-key-revoked")
    support.runs(device, "1.1.0", "B")


def power_fails(device, relay, path, what):
    """The plug is pulled while this request, or its reply, is on its way; then the board is on again."""
    relay.lost = relays.Lost(path, what)
    if not device.running():
        device.start()
    relay.lost.await_it()
    device.stop()
    lost, relay.lost = relay.lost, None
    lost.go_on.set()


def test_tokens_of_a_boards_own_outlive_the_power_between_their_entry_and_the_servers_word(boards, relay):
    boards.otter("fleet-key", "new", otter.PRODUCT, "--out", boards.folder / "fleet.key")
    device = boards.board("dev-1", boards.image("1.0.0", "A"), url=boards.url(relay.port),
                          factory=["--fleet-key", boards.folder / "fleet.key"])

    def kinds():
        told = boards.otter("device", "timeline", "dev-1", "--json").json["items"]
        return [moment["kind"] for moment in told if moment["kind"].startswith("token")]

    def seen():
        return boards.shown("dev-1")["last_seen"]
    for what in ("request", "reply"):
        power_fails(device, relay, "/v1/device/enrol", what)
    device.start()
    otter.wait_for("the board to poll by its own token", seen, 60)
    boards.otter("device", "rotate", "dev-1")
    for what in ("request", "reply"):
        power_fails(device, relay, "/v1/device/token", what)
    device.start()
    otter.wait_for("the new token to be used", lambda: kinds() == ["token-rotate", "token-rotated"], 60)
    bearers = [headers.get("Authorization", "") for _, path, headers, _ in relay.requests if path == "/v1/device/poll"]
    assert len(set(bearers)) == 2 and all(bearer.startswith("Bearer ") for bearer in bearers)
    # Revoked, it is nobody at once, and comes back when it is accepted.
    boards.otter("device", "revoke", "dev-1", "--reason", "left in a train")
    device.wait_for_line("^update: - http-status poll")
    assert [item["device"] for item in boards.otter("device", "requests", "--json").json["items"]] == ["revoked"]
    boards.otter("device", "accept", "dev-1")
    rollout = boards.rollout(boards.publish("1.1.0"))
    device.stop()
    device.start()  # else it asks again in some minutes
    support.updates(device, "1.1.0", "B")
    boards.until(rollout, succeeded=1)
    assert kinds() == ["token-rotate", "token-rotated", "token-revoked", "token-returned"]
