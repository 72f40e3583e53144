"""The table of suites: what scripts/test runs, in which tier. Each suite yields cases with an outcome."""

import dataclasses
import json
import os
import pathlib
import re
import subprocess
import tempfile
import typing
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
PYTHON = "/usr/bin/python3"
MESON = [PYTHON, "/usr/bin/meson"]


class SuiteError(Exception):
    """The suite could not run at all."""


@dataclasses.dataclass
class Case:
    name: str
    outcome: str  # passed, failed, skipped
    message: str = ""


@dataclasses.dataclass
class Suite:
    name: str
    tier: str  # quick, default, full: the first in which it runs
    summary: str
    run: typing.Callable


def command(args, **kwargs):
    """Runs to the end; stdout and stderr together."""
    kwargs.setdefault("cwd", ROOT)
    kwargs.setdefault("timeout", 1800)
    return subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, text=True, errors="replace", check=False, **kwargs)


def must(args, **kwargs):
    done = command(args, **kwargs)
    if done.returncode != 0:
        raise SuiteError(f"{' '.join(str(a) for a in args)}: exit {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


def outcome_of(name, done, limit=4000):
    return Case(name, "passed" if done.returncode == 0 else "failed", done.stdout[-limit:])


def sources(*patterns):
    listed = must(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns]).splitlines()
    return [ROOT / path for path in listed if (ROOT / path).is_file()]


def meson_build(name, options, env=None):
    """Configures (once) and builds build/<name>."""
    folder = BUILD / name
    if not (folder / "build.ninja").exists():
        must([*MESON, "setup", folder, *options], env=env)
    must(["ninja", "-C", folder, "--quiet"], env=env)
    return folder


# --- form

def run_format(_tier):
    for path in sources("*.c", "*.h"):
        yield outcome_of(str(path.relative_to(ROOT)), command(["clang-format", "--dry-run", "-Werror", path]), 600)


def run_include_rules(_tier):
    done = command([PYTHON, ROOT / "tests/support/include_rules.py", "--self-test"])
    yield outcome_of("each rule finds a planted forbidden include", done)
    yield outcome_of("the tree keeps the rules", command([PYTHON, ROOT / "tests/support/include_rules.py"]))


def run_tidy(_tier):
    folder = meson_build("native", ["-Dtests=false"])
    for path in sources("lib/**/*.c", "server/**/*.c", "cli/*.c", "emulator/*.c", "device-fw/journal/*.c",
                        "device-fw/boot/*.c", "device-fw/client/*.c", "device-fw/port/*.c"):
        yield outcome_of(str(path.relative_to(ROOT)), command(["clang-tidy", "--quiet", "-p", folder, path]))


def run_docs(_tier):
    folder = meson_build("asan", ASAN_OPTIONS)
    done = command([PYTHON, ROOT / "tests/support/gen_docs.py", "--check", folder / "tests/support/gen-names"])
    yield outcome_of("docs/protocol.md holds the names of lib/core", done)
    yield outcome_of("no machine path, no registry host in any file",
                     command([PYTHON, ROOT / "tests/support/check_text.py"]))


# --- unit

ASAN_OPTIONS = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
TSAN_OPTIONS = ["-Db_sanitize=thread", "-Db_lundef=false"]
SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                 "TSAN_OPTIONS": "halt_on_error=1"}
CMOCKA_LINE = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (.+)$", re.M)


def unit_tests(folder):
    return json.loads(must([*MESON, "introspect", folder, "--tests"]))


def run_unit_program(test, env):
    """One cmocka program: a case a test function, plus one for the exit itself if it is not explained by them."""
    extra = test["env"] if isinstance(test["env"], dict) else {}
    done = command(test["cmd"], env={**os.environ, **env, **extra}, cwd=test["workdir"] or ROOT, timeout=600)
    found = dict()
    for verdict, name in CMOCKA_LINE.findall(done.stdout):
        found[name] = verdict
    outcomes = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}
    for name, verdict in found.items():
        yield Case(f"{test['name']}: {name}", outcomes[verdict], done.stdout[-3000:] if verdict == "FAILED" else "")
    if done.returncode != 0 and "FAILED" not in found.values() or not found:
        yield Case(f"{test['name']}: exit {done.returncode}", "passed" if done.returncode == 0 else "failed",
                   done.stdout[-4000:])


def run_units(folder, env):
    for test in unit_tests(folder):
        yield from run_unit_program(test, env)


def run_unit(_tier):
    yield from run_units(meson_build("asan", ASAN_OPTIONS), SANITIZER_ENV)


def run_tsan(_tier):
    folder = meson_build("tsan", TSAN_OPTIONS)
    for test in unit_tests(folder):
        if any(area in test["name"] for area in ("http", "service", "fleet", "store")):
            yield from run_unit_program(test, SANITIZER_ENV)


def run_coverage(_tier):
    """Lines of lib/ and server/ that the unit tests and one e2e run reach."""
    folder = meson_build("coverage", ["-Db_coverage=true", "-Dbuildtype=debug"])
    must(["find", folder, "-name", "*.gcda", "-delete"])
    for test in unit_tests(folder):
        command(test["cmd"], cwd=test["workdir"] or ROOT, timeout=600)
    pytest_cases("tests/e2e", {"OTTER_BUILD": str(folder)}, ["-m", "coverage"])
    done = command(["gcovr", "--root", ROOT, "--object-directory", folder, "--filter", "lib/", "--filter", "server/",
                    "--fail-under-line", "85", "--gcov-ignore-parse-errors"])
    yield outcome_of("at least 85 % of the lines of lib/ and server/", done)


# --- whole system

def pytest_cases(path, env, extra=()):
    with tempfile.TemporaryDirectory() as scratch:
        xml = pathlib.Path(scratch) / "result.xml"
        done = command([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={xml}", *extra, ROOT / path],
                       env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env}, timeout=3600)
        if not xml.exists():
            raise SuiteError(done.stdout[-4000:])
        cases = []
        for element in ElementTree.parse(xml).iter("testcase"):
            bad = [child for child in element if child.tag in ("failure", "error", "skipped")]
            outcome = "passed" if not bad else "skipped" if bad[0].tag == "skipped" else "failed"
            cases.append(Case(element.get("name"), outcome,
                              "".join((child.get("message") or "") + "\n" + (child.text or "") for child in bad)[-4000:]))
        return cases


def build_product():
    must([ROOT / "scripts/build", "--no-install"])


def run_e2e(tier):
    build_product()
    marker = {"quick": "quick", "default": "not full", "full": ""}[tier]
    yield from pytest_cases("tests/e2e", {"OTTER_BUILD": str(BUILD)}, ["-m", marker] if marker else [])


def run_interop(_tier):
    build_product()
    yield from pytest_cases("tests/interop", {"OTTER_BUILD": str(BUILD), "OTTER_BIN": str(BUILD / "otter")})


def run_fuzz(tier):
    seconds = 60 if tier == "full" else 15
    folder = meson_build("fuzz", ["-Dfuzzing=true", "-Dtests=false", "-Dserver=false", "-Dcli=false", "-Demulator=false",
                                  "-Db_lundef=false"], env={**os.environ, "CC": "clang"})
    for harness in sorted((folder / "tests/fuzz").glob("fuzz_*")):
        if not harness.is_file() or not os.access(harness, os.X_OK):
            continue
        with tempfile.TemporaryDirectory() as corpus:
            seeds = ROOT / "tests/fuzz/seeds" / harness.name.removeprefix("fuzz_")
            done = command([harness, f"-max_total_time={seconds}", "-rss_limit_mb=2048", "-timeout=10",
                            f"-artifact_prefix={corpus}/", corpus, *([seeds] if seeds.is_dir() else [])])
            yield outcome_of(harness.name, done)


def run_mutate(_tier):
    done = command([PYTHON, ROOT / "tests/mutate/mutate.py", "--json"])
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise SuiteError(done.stdout[-4000:])
    for line in lines:
        result = json.loads(line)
        yield Case(result["name"], "passed" if result["killed"] else "failed", result.get("detail", ""))


def run_demo(_tier):
    yield outcome_of("scripts/demo ends as it says", command([ROOT / "scripts/demo"], timeout=900))


SUITES = [
    Suite("format", "quick", "clang-format over every C file", run_format),
    Suite("include-rules", "quick", "who may include whom (style.md), and that the check finds each breach",
          run_include_rules),
    Suite("unit", "quick", "cmocka under ASan and UBSan", run_unit),
    Suite("e2e", "quick", "the real daemon, CLI and emulator as processes", run_e2e),
    Suite("docs", "default", "generated tables and text rules", run_docs),
    Suite("interop", "default", "jose, openssl and an independent checker in Python", run_interop),
    Suite("fuzz", "default", "libFuzzer, 15 s a parser (60 s in --full)", run_fuzz),
    Suite("coverage", "default", "gcovr, at least 85 % of lines of lib/ and server/", run_coverage),
    Suite("demo", "full", "scripts/demo", run_demo),
    Suite("tsan", "full", "threaded units under TSan", run_tsan),
    Suite("tidy", "full", "clang-tidy", run_tidy),
    Suite("mutate", "full", "named one-line mutations, each turns a test red", run_mutate),
]
