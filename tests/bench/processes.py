"""What /proc knows of a server: CPU time and memory of a process and its children."""

import os
import pathlib
import resource
import time


def tree(pid):
    """The process and its direct children: nginx's master and its workers."""
    found = [pid]
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_ns(pid):
    """Nanoseconds that all threads of the tree have run, in the kernel or out of it."""
    total = 0
    for member in tree(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total


class OthersShare:
    """How much of the machine's CPU time went to others: processes not ours, the hypervisor."""

    def __init__(self):
        self.began, self.busy, self.own = time.monotonic(), self._busy(), self._own()

    @staticmethod
    def _busy():
        total = pathlib.Path("/proc/stat").read_text().splitlines()[0].split()
        user, nice, system, _, _, _, _, steal = map(int, total[1:9])
        return (user + nice + system + steal) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def _own():
        return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF,
                                                                             resource.RUSAGE_CHILDREN)))

    def percent(self):
        """Since the start; only once all our children have ended and been waited for."""
        others = self._busy() - self.busy - (self._own() - self.own)
        return max(0.0, 100 * others / ((time.monotonic() - self.began) * os.cpu_count()))


def rss_bytes(pid):
    """Resident memory of the tree."""
    total = 0
    for member in tree(pid):
        for line in pathlib.Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total


def has_mapped(pid, name):
    """Is a file whose path has this name mapped into the process?"""
    return name in pathlib.Path(f"/proc/{pid}/maps").read_text()
