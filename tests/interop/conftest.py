import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import parts  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "imgtool: needs the imgtool of the venv that OTTER_IMGTOOL names")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    return parts.run(session)
