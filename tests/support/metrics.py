"""/metrics as Prometheus reads it: the text format 0.0.4, strictly."""

import pathlib
import re
import shutil

TOOLS = pathlib.Path(__file__).resolve().parents[2] / "build/tools/usr/bin"
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


def promtool():
    """The program that Prometheus checks its texts with (scripts/setup unpacks it)."""
    found = TOOLS / "promtool"
    return found if found.exists() else shutil.which("promtool")


class Metrics:
    def __init__(self, text):
        self.types, self.samples = {}, {}
        helped, families = set(), []
        assert text.endswith("\n")
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ")[2]
                assert name not in helped, f"twice: {line}"
                helped.add(name)
                families.append(name)
            elif line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                assert name == families[-1] and name not in self.types, line
                self.types[name] = kind
            else:
                self._sample(line, families[-1])
        assert helped == set(self.types)

    def _sample(self, line, family):
        name, labels, value = SAMPLE.fullmatch(line).groups()
        suffixes = ("_bucket", "_sum", "_count") if self.types[family] == "histogram" else ("",)
        assert name in [family + suffix for suffix in suffixes], f"{line} below {family}"
        key = (name, tuple(sorted((k, re.sub(r'\\[\\"n]', lambda m: ESCAPES[m.group()], v))
                                  for k, v in LABEL.findall(labels or ""))))
        assert key not in self.samples, f"twice: {line}"
        self.samples[key] = float(value)

    def get(self, name, /, **labels):
        """One sample; 0 if a family has none of these labels yet."""
        assert any(name.startswith(family) for family in self.types), f"no {name}"
        return self.samples.get((name, tuple(sorted(labels.items()))), 0)

    def of(self, name):
        """{labels: value} of a family."""
        return {labels: value for (family, labels), value in self.samples.items() if family == name}


def read(server, **kwargs):
    status, headers, body = server.request("GET", "/metrics", **kwargs)
    assert status == 200, body
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return Metrics(body.decode())
