"""A part of the tests for this process: OTTER_PART=0/2 keeps every second one, 1/2 the others. Unset: all."""

import os


def keep_part(config, items):
    part, parts = (int(number) for number in os.environ.get("OTTER_PART", "0/1").split("/"))
    dropped = [item for at, item in enumerate(items) if at % parts != part]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
        items[:] = [item for at, item in enumerate(items) if at % parts == part]
