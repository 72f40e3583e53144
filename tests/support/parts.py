"""One of several processes of pytest over the same tests: with OTTER_PARTS=FOLDER, which they share, each test runs in the
process that first comes to it. The longest come first, so that none is left over alone. Unset: all of them run here."""

import hashlib
import os
import pathlib


def sort(items):
    """By the mark long(seconds), and then as they are written."""
    def seconds(item):
        mark = item.get_closest_marker("long")
        return mark.args[0] if mark else 0
    items.sort(key=lambda item: -seconds(item))


def take(folder, item):
    """Was no other process here before?"""
    try:
        (folder / hashlib.sha256(item.nodeid.encode()).hexdigest()).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def run(session):
    """In place of pytest's own loop over session.items; None: that one shall run."""
    folder = os.environ.get("OTTER_PARTS")
    if not folder or session.testsfailed or session.config.option.collectonly:
        return None
    ours = (item for item in session.items if take(pathlib.Path(folder), item))
    item = next(ours, None)
    while item is not None:
        following = next(ours, None)  # of what is set up, what that one needs stays
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        item = following
    return True
