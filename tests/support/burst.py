#!/usr/bin/python3
"""Polls that arrive as fast as one machine can send them, each over a connection of its own, and what became of each.

burst.py PORT SECONDS: standard input has a line of JSON for each device, [name, request]; standard output gets one for each,
[name, status, Retry-After], or [name, 0, why] if there was no answer within so many seconds. As many connections are open at
a time as there may be files; whoever is not taken in at once waits in the kernel's queue.
"""

import concurrent.futures
import json
import multiprocessing
import select
import sys
import time

import strangers

PROCESSES = 2


class Poll:
    def __init__(self, name, text):
        self.name, self.text, self.got, self.socket = name, text.encode(), b"", None

    def result(self, why="ended"):
        head, end, _ = self.got.partition(b"\r\n\r\n")
        if not end:
            return [self.name, 0, why]
        lines = head.decode("latin-1").split("\r\n")
        wait = [int(line.split(":")[1]) for line in lines if line.lower().startswith("retry-after:")]
        return [self.name, int(lines[0].split(" ")[1]), wait[0] if wait else None]


class Burst:
    def __init__(self, port, first, polls, seconds):
        self.port, self.first, self.waiting = port, first, list(reversed(polls))
        self.until = time.monotonic() + seconds
        self.most = strangers.files() - 100
        self.ready, self.open, self.results = select.epoll(), {}, []

    def begin(self):
        poll = self.waiting.pop()
        poll.socket = strangers.connect(self.port, self.first + len(self.waiting))
        self.open[poll.socket.fileno()] = poll
        self.ready.register(poll.socket, select.EPOLLOUT)

    def end(self, poll, why="ended"):
        del self.open[poll.socket.fileno()]
        poll.socket.close()
        self.results.append(poll.result(why))

    def step(self, poll, event):
        fd = poll.socket.fileno()
        try:
            if event & select.EPOLLOUT and poll.text:
                poll.text = poll.text[poll.socket.send(poll.text):]
                if not poll.text:
                    self.ready.modify(fd, select.EPOLLIN)
                return
            piece = poll.socket.recv(65536)
            poll.got += piece
            if not piece:
                self.end(poll)
        except BlockingIOError:
            pass
        except OSError as error:
            self.end(poll, error.strerror)

    def run(self):
        while (self.waiting or self.open) and time.monotonic() < self.until:
            for _ in range(200):  # then look who has an answer
                if self.waiting and len(self.open) < self.most:
                    self.begin()
            for fd, event in self.ready.poll(0 if self.waiting and len(self.open) < self.most else 0.1):
                self.step(self.open[fd], event)
        for poll in list(self.open.values()):
            self.end(poll, "no answer in time")
        return self.results + [[poll.name, 0, "never begun"] for poll in self.waiting]


def part(arguments):
    port, first, polls, seconds = arguments
    return Burst(port, first, [Poll(*poll) for poll in polls], seconds).run()


def main():
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    polls = [json.loads(line) for line in sys.stdin]
    size = -(-len(polls) // PROCESSES)
    parts = [(port, at, polls[at:at + size], seconds) for at in range(0, len(polls), size)]
    with concurrent.futures.ProcessPoolExecutor(PROCESSES, multiprocessing.get_context("fork")) as pool:
        for results in pool.map(part, parts):
            sys.stdout.write("".join(json.dumps(result) + "\n" for result in results))


if __name__ == "__main__":
    main()
