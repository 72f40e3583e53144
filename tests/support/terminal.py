"""A program on a pseudo-terminal of its own: what it writes is read as it comes, keys are sent as a person would."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time


def sit_down():
    """In the child: the terminal is its own, and ^C and ^\\ mean what they do to a person's shell, however tests were started."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for key in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(key, signal.SIG_DFL)


class Terminal:
    def __init__(self, args, *, env, cwd=None, rows=50, columns=200, only_out=False):
        leader, follower = pty.openpty()
        self.leader = leader
        self.seen = ""
        self.at = 0
        self.resize(rows, columns)
        self.process = subprocess.Popen([str(a) for a in args], stdin=follower, stdout=follower,
                                        stderr=subprocess.DEVNULL if only_out else follower, env=env, cwd=cwd,
                                        start_new_session=True, preexec_fn=sit_down)
        os.close(follower)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.leader)

    def resize(self, rows, columns):
        fcntl.ioctl(self.leader, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, text):
        os.write(self.leader, text.encode())

    def read(self, seconds):
        """What came within that time; None at the end."""
        if not select.select([self.leader], [], [], seconds)[0]:
            return ""
        try:
            piece = os.read(self.leader, 65536)
        except OSError:  # the last writer is gone
            piece = b""
        if not piece:
            return None
        self.seen += piece.decode(errors="replace")
        return piece

    def wait_for(self, text, seconds=60):
        """Until text has come, behind what was waited for before."""
        end = time.monotonic() + seconds
        while text not in self.seen[self.at:]:
            piece = self.read(max(0.0, end - time.monotonic()))
            assert piece is not None and time.monotonic() < end, f"no {text!r} in {self.seen[self.at:]!r}"
        self.at = self.seen.index(text, self.at) + len(text)

    def end(self, seconds=60):
        """(exit status, all that it wrote)."""
        end = time.monotonic() + seconds
        while self.read(max(0.0, end - time.monotonic())):
            assert time.monotonic() < end, f"still writing: {self.seen[-500:]!r}"
        return self.process.wait(seconds), self.seen
