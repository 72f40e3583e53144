#!/usr/bin/python3
"""Connections that take up room: `silent` ones say nothing, `slow` ones send a request's head a byte at a time.

strangers.py KIND PORT COUNT: raises its limit of files, opens as many of COUNT as it may, from many addresses of 127/8, writes
a line of JSON {"held": N}, and opens anew, a second later, whatever is closed. At the end of standard input it ends with a
line {"closed": how often that was}.
"""

import heapq
import json
import os
import resource
import select
import socket
import sys
import time

HEAD = b"POST /v1/device/poll HTTP/1.1\r\nHost: x\r\nX-Slow: "
PATIENCE = 1.0  # between a byte and the next; and until one that was closed comes again
IP_BIND_ADDRESS_NO_PORT = 24


def files():
    """As many as there may be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def connect(port, number):
    """Not waiting for anything; from an address of its own, as far as there are."""
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    s.bind((f"127.{1 + number // 250 % 250}.{number // 62500}.{1 + number % 250}", 0))
    s.connect_ex(("127.0.0.1", port))
    return s


class Strangers:
    def __init__(self, kind, port, count):
        self.slow, self.port = kind == "slow", port
        self.ready = select.epoll()
        self.by_fd, self.due, self.closed = {}, [], 0
        for number in range(count):
            self.open(number)

    def open(self, number):
        s = connect(self.port, number)
        self.by_fd[s.fileno()] = (s, number)
        self.ready.register(s, select.EPOLLIN | (select.EPOLLOUT | select.EPOLLET if self.slow else 0))
        if self.slow:
            heapq.heappush(self.due, (time.monotonic() + PATIENCE, s.fileno(), number))

    def close(self, fd):
        s, number = self.by_fd.pop(fd)
        s.close()
        self.closed += 1
        heapq.heappush(self.due, (time.monotonic() + PATIENCE, -1, number))

    def say(self, fd, what):
        try:
            self.by_fd[fd][0].send(what)
        except BlockingIOError:
            pass
        except OSError:
            self.close(fd)

    def turn(self):
        """What has happened; then whoever's time has come."""
        for fd, event in self.ready.poll(0.1):
            if fd not in self.by_fd:
                continue
            if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                self.close(fd)  # nobody has anything to say to it but that it is over
            elif self.slow and event & select.EPOLLOUT:
                self.ready.modify(fd, select.EPOLLIN)
                self.say(fd, HEAD)
        now = time.monotonic()
        while self.due and self.due[0][0] <= now:
            _, fd, number = heapq.heappop(self.due)
            if fd < 0:
                self.open(number)
            elif self.by_fd.get(fd, (None, None))[1] == number:
                self.say(fd, b"x")
                heapq.heappush(self.due, (now + PATIENCE, fd, number))


def main():
    kind, port, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    count = min(count, files() - 100)
    strangers = Strangers(kind, port, count)
    print(json.dumps({"held": count}), flush=True)
    while not select.select([0], [], [], 0)[0] or os.read(0, 1):
        strangers.turn()
    print(json.dumps({"closed": strangers.closed}), flush=True)


if __name__ == "__main__":
    main()
