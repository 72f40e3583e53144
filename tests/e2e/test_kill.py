"""SIGTERM and kill -9 under load, held against a ledger of what was acknowledged."""

import random
import signal
import socket
import threading
import time

import ledger as books
import otter
import pytest

KILLS = 100


@pytest.mark.long(70)
def test_kill_9_a_hundred_times_under_load_loses_nothing_and_counts_nothing_twice(world):
    """Polls, grants, reports, labels, rollouts, uploads, releases, roots, all at once, until the kill at any moment."""
    rollout, ledger, chance = books.prepare(world), books.Ledger(), random.Random(7)
    for number in range(KILLS):
        with books.Load(world, ledger, rollout, seed=number, most_devices=12):
            time.sleep(chance.uniform(0.02, 0.5))  # when the kill comes: no logic waits for it
            world.server.kill()
        books.check_files(world.server.data)
        world.server.start()
        books.check(world.server, ledger, rollout)
    # That there was a load, however slow the machine.
    assert ledger.acknowledged > KILLS * 5 and not ledger.refused, (ledger.acknowledged, ledger.refused)
    succeeded = sum(device.rank == books.RANK["succeeded"] for device in ledger.devices.values())
    assert succeeded > KILLS and len(ledger.releases) > 10 and ledger.roots > 5 and len(ledger.blobs) > KILLS


def receive(connection):
    """One answer's bytes up to its end; what had come when the connection ended otherwise."""
    got = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                return got, "closed"
            got += piece
            head, end, body = got.partition(b"\r\n\r\n")
            length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
            if end and len(body) >= (length[0] if length else 0):
                return got, "whole"
    except ConnectionError:
        return got, "reset"


class Asker(threading.Thread):
    """Asks for a list over and over, on new connections and on kept ones, until nobody listens any more."""

    def __init__(self, server):
        super().__init__()
        self.port, self.whole, self.torn = server.port, 0, []
        self.text = (f"GET /api/v1/devices?limit=1000 HTTP/1.1\r\nHost: x\r\n"
                     f"Authorization: Bearer {server.token}\r\n\r\n").encode()

    def run(self):
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            except OSError:
                return
            with connection:
                how = "whole"
                while how == "whole":
                    try:
                        connection.sendall(self.text)
                    except OSError:
                        break  # it was closed between two answers
                    got, how = receive(connection)
                    self.whole += how == "whole"
                    if got and how != "whole":
                        self.torn.append((how, len(got), got[-80:]))


def test_sigterm_under_load_ends_with_0_and_keeps_all_it_acknowledged_and_tears_no_answer(world):
    rollout, ledger, answered = books.prepare(world), books.Ledger(), 0
    for number in range(5):
        with books.Load(world, ledger, rollout, seed=number, most_devices=60, keep_on=True):
            askers = [Asker(world.server) for _ in range(4)]
            for asker in askers:
                asker.start()
            done = ledger.acknowledged + 60
            otter.wait_for("load", lambda: ledger.acknowledged >= done, 60)
            world.server.process.send_signal(signal.SIGTERM)
            assert world.server.process.wait(60) == 0
            for asker in askers:
                asker.join(90)
                assert not asker.is_alive() and not asker.torn, asker.torn
                answered += asker.whole
        books.check_files(world.server.data)
        world.server.start()
        books.check(world.server, ledger, rollout)
    assert answered > 100 and set(ledger.refused) <= {503}, (answered, ledger.refused)
