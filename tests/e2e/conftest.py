import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import api_judge  # noqa: E402
import otter  # noqa: E402
import parts  # noqa: E402


def pytest_configure(config):
    for name, meaning in {"quick": "also in scripts/test --quick", "full": "only in scripts/test --full",
                          "coverage": "part of the coverage figure",
                          "long(seconds)": "some seconds on a quiet machine: the longest start first"}.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")


@pytest.hookimpl(trylast=True)  # after -m has chosen
def pytest_collection_modifyitems(items):
    parts.sort(items)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    return parts.run(session)


TRACES = api_judge.Traces()
api_judge.watch_http_client()


@pytest.fixture(autouse=True)
def api_honesty():
    """Whatever this test and its `otter` exchanged with a server is as docs/openapi.yaml says, and no otterd missed a call."""
    yield
    wrong = [*api_judge.verdict(), *TRACES.verdict(), *otter.refused_calls()]
    assert not wrong, "\n".join(wrong)


@pytest.fixture(autouse=True, scope="session")
def no_call_refused():
    """Nor in an otterd that a module shared, once it has ended."""
    yield
    assert not otter.refused_calls()


@pytest.fixture
def world(tmp_path):
    made = otter.World(tmp_path)
    made.start()
    yield made
    if made.server.process.poll() is None:
        made.server.stop()
