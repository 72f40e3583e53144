"""The table of suites: what scripts/test runs, in which tier. Each suite yields cases with an outcome."""

import collections
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import typing
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests/fuzz")]
import attacks  # noqa: E402
import vector_seeds  # noqa: E402

BUILD = ROOT / "build"
PYTHON = "/usr/bin/python3"
MESON = [PYTHON, "/usr/bin/meson"]
JOBS = 2  # what runs side by side: no more, so that a test's timeouts mean the same on every machine


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
    tier: str  # quick, default, full: the first in which it runs; named: in none
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


def side_by_side(work, items):
    """work(item) of each, JOBS at a time; the results in the items' order."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        yield from pool.map(work, items)


def sources(*patterns):
    listed = must(["git", "ls-files", "-co", "--exclude-standard", "--", *patterns]).splitlines()
    return [ROOT / path for path in listed if (ROOT / path).is_file()]


def meson_configured(name, options, env=None):
    """build/<name>, set up if it is not yet."""
    folder = BUILD / name
    if not (folder / "build.ninja").exists():
        must([*MESON, "setup", folder, *options], env=env)
    return folder


def meson_build(name, options, env=None):
    """Configures (once) and builds build/<name>."""
    folder = meson_configured(name, options, env)
    must(["ninja", "-C", folder, "--quiet"], env=env)
    return folder


# --- form

FORMAT_BATCH = 64
FORMAT_LINE = re.compile(r"^(.+?):\d+:\d+: error: ", re.M)


def run_format(_tier):
    """A case a file, a clang-format a batch."""
    files = sources("*.c", "*.h")
    batches = [files[i:i + FORMAT_BATCH] for i in range(0, len(files), FORMAT_BATCH)]

    def check(batch):
        return command(["clang-format", "--dry-run", "-Werror", *batch])
    for batch, done in zip(batches, side_by_side(check, batches)):
        wrong = set(FORMAT_LINE.findall(done.stdout))
        if done.returncode != 0 and not wrong:
            raise SuiteError(done.stdout[-4000:])
        for path in batch:
            said = [line for line in done.stdout.splitlines() if line.startswith(f"{path}:")]
            yield Case(str(path.relative_to(ROOT)), "failed" if str(path) in wrong else "passed", "\n".join(said[:5]))


def run_include_rules(_tier):
    done = command([PYTHON, ROOT / "tests/support/include_rules.py", "--self-test"])
    yield outcome_of("each rule finds a planted forbidden include", done)
    yield outcome_of("the tree keeps the rules", command([PYTHON, ROOT / "tests/support/include_rules.py"]))


TIDY_LINE = re.compile(r"^.+:\d+:\d+: (?:error|warning): .+$", re.M)


def run_tidy(_tier):
    """A case a file that the native build compiles."""
    folder = meson_build("native", ["-Dtests=false"])
    known = {os.path.normpath(folder / entry["file"])
             for entry in json.loads((folder / "compile_commands.json").read_text())}
    files = [path for path in sources("lib/*.c", "server/*.c", "cli/*.c", "emulator/*.c", "device-fw/*.c")
             if str(path) in known]

    def check(path):
        done = command(["clang-tidy", "--quiet", "-p", folder, path])
        return Case(str(path.relative_to(ROOT)), "passed" if done.returncode == 0 else "failed",
                    "\n".join(TIDY_LINE.findall(done.stdout)[:10]) or done.stdout[-2000:])
    yield from side_by_side(check, files)


def run_analysis(tool):
    """What it finds in what the native and the ARM build compile; no defect, by a row of tests/support/<tool>.justified."""
    build_product()
    script = [PYTHON, ROOT / "tests/support/analysis.py", tool]
    yield outcome_of("a planted defect is found, and a row that fits nothing any more", command([*script, "--self-test"]))
    yield outcome_of("nothing else is found, and each row fits", command([*script, BUILD / "native", BUILD / "arm"], timeout=5400))


def run_docs(_tier):
    folder = meson_build("asan", ASAN_OPTIONS)
    done = command([PYTHON, ROOT / "tests/support/gen_docs.py", "--check", folder / "tests/support/gen-names"])
    yield outcome_of("docs/protocol.md, docs/openapi.yaml and docs/rollouts.md hold the names, members and refusals of the code", done)
    yield outcome_of("docs/openapi.yaml holds together", command([PYTHON, ROOT / "tests/support/check_openapi.py"]))
    yield outcome_of("the code in docs/porting.md compiles, its excerpts are excerpts",
                     command([PYTHON, ROOT / "tests/support/check_porting.py"]))
    yield outcome_of("that check finds each planted defect", command([PYTHON, ROOT / "tests/support/check_porting.py", "--self-test"]))
    yield outcome_of("docs/security.md has a row for each attack, its tests are there",
                     command([PYTHON, ROOT / "tests/support/check_attacks.py"]))
    yield outcome_of("that check finds each planted defect", command([PYTHON, ROOT / "tests/support/check_attacks.py", "--self-test"]))
    yield outcome_of("no machine path, no registry host in any file",
                     command([PYTHON, ROOT / "tests/support/check_text.py"]))
    # Of what tests/bench measures only the arithmetic: figures would say nothing beside other suites.
    yield from pytest_cases("tests/bench", {"OTTER_BUILD": str(folder)}, parts=1)


# --- unit

ASAN_OPTIONS = ["-Db_sanitize=address,undefined", "-Db_lundef=false"]
TSAN_OPTIONS = ["-Db_sanitize=thread", "-Db_lundef=false"]
SANITIZER_ENV = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0", "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
                 "TSAN_OPTIONS": "halt_on_error=1"}
CMOCKA_LINE = re.compile(r"^\[\s+(OK|FAILED|SKIPPED)\s+\] (?!\d+ test\(s\))(.+)$", re.M)


def unit_tests(folder):
    return json.loads(must([*MESON, "introspect", folder, "--tests"]))


def run_unit_program(test, env, timeout=600):
    """One cmocka program: a case a test function, plus one for the exit itself if it is not explained by them."""
    extra = test["env"] if isinstance(test["env"], dict) else {}
    done = command(test["cmd"], env={**os.environ, **env, **extra}, cwd=test["workdir"] or ROOT, timeout=timeout)
    found = dict()
    for verdict, name in CMOCKA_LINE.findall(done.stdout):
        found[name] = verdict
    outcomes = {"OK": "passed", "FAILED": "failed", "SKIPPED": "skipped"}
    for name, verdict in found.items():
        yield Case(f"{test['name']}: {name}", outcomes[verdict], done.stdout[-3000:] if verdict == "FAILED" else "")
    if done.returncode != 0 and "FAILED" not in found.values() or not found:
        yield Case(f"{test['name']}: exit {done.returncode}", "passed" if done.returncode == 0 else "failed",
                   done.stdout[-4000:])


def run_units(folder, env, areas=None, timeout=600):
    """All unit programs, or those of some areas (the part of a test's name before the first / or -)."""
    chosen = [test for test in unit_tests(folder) if areas is None or re.split("[/-]", test["name"])[0] in areas]
    chosen.sort(key=lambda test: -test["timeout"])  # the long ones first, so that none is left over alone

    def run(test):
        return list(run_unit_program(test, env, timeout))
    for cases in side_by_side(run, chosen):
        yield from cases


def run_named_units(names):
    """Some programs alone, and no other is built."""
    folder = meson_configured("asan", ASAN_OPTIONS)
    chosen = [test for test in unit_tests(folder) if test["name"] in names]
    must(["ninja", "-C", folder, "--quiet", *(os.path.relpath(test["cmd"][0], folder) for test in chosen)])
    for test in chosen:
        yield from run_unit_program(test, SANITIZER_ENV)


def run_unit(_tier):
    folder = meson_build("asan", ASAN_OPTIONS)
    areas = {re.split("[/-]", test["name"])[0] for test in unit_tests(folder)} - {"oom"}
    yield from run_units(folder, SANITIZER_ENV, areas)


def run_oom(tier):
    """Allocations fail, one after the other: each in --full, some where the suite is asked for by its name."""
    env = {**SANITIZER_ENV, **({"OTTER_LONG": "1"} if tier == "full" else {})}
    yield from run_units(meson_build("asan", ASAN_OPTIONS), env, {"oom"}, timeout=5400)


# What of e2e runs with sanitized programs: the straight roads, and who may do what by which key, token and log. All of it
# would take hours; memory figures, an offset clock and system calls that are forbidden mean nothing there.
SANITIZED = [["-m", "quick or coverage"],
             ["-m", "not full and not quick and not coverage",
              "-k", "test_operators or test_rights or test_audit or test_device_credentials or test_root_ceremony or test_papers"
                    " or test_cli_keys"]]


def sanitized_e2e(folder, what):
    """otterd, otter and otter-emu of a sanitized build; each report that any of them left."""
    with tempfile.TemporaryDirectory() as scratch:
        log = f"log_path={scratch}/report"
        env = {"OTTER_BUILD": str(folder), "TSAN_OPTIONS": f"{log}:exitcode=0", "ASAN_OPTIONS": f"{log}:detect_leaks=1",
               "UBSAN_OPTIONS": f"{log}:halt_on_error=1:print_stacktrace=1"}
        for chosen in SANITIZED:
            for case in pytest_cases("tests/e2e", env, chosen):
                yield dataclasses.replace(case, name=f"e2e: {case.name}")
        reports = [path.read_text(errors="replace")[:4000] for path in sorted(pathlib.Path(scratch).glob("report*"))]
        yield Case(f"e2e: no {what} reported", "failed" if reports else "passed", "\n".join(reports[:3]))


def run_tsan(_tier):
    """What has threads: the server's and the host's units, then the programs under e2e tests."""
    folder = meson_build("tsan", TSAN_OPTIONS)
    yield from run_units(folder, SANITIZER_ENV, {"http", "service", "fleet", "store", "host"})
    build_product()
    yield from sanitized_e2e(folder, "race")


def run_asan(_tier):
    """Units run under ASan and UBSan in every tier (unit); here the programs do, under e2e tests."""
    folder = meson_build("asan", ASAN_OPTIONS)
    build_product()
    yield from sanitized_e2e(folder, "error or leak")


COVERED = 85  # % of lines


def run_coverage(_tier):
    """Lines of lib/ and server/ that the unit tests and some e2e tests reach."""
    folder = meson_build("coverage", ["-Db_coverage=true", "-Dbuildtype=debug"])
    must(["find", folder, "-name", "*.gcda", "-delete"])
    red = [case for case in run_units(folder, {}) if case.outcome == "failed"]
    build_product()
    red += [case for case in pytest_cases("tests/e2e", {"OTTER_BUILD": str(folder)}, ["-m", "coverage or quick"])
            if case.outcome == "failed"]
    # A red test reaches less than it should, and the figure would hide it.
    yield Case("what is measured is green", "failed" if red else "passed",
               "\n".join(f"{case.name}: {case.message[-500:]}" for case in red[:5]))
    done = command(["gcovr", "--root", ROOT, "--object-directory", folder, "--filter", "lib/", "--filter", "server/",
                    "-j", str(JOBS), "--json-summary", "--gcov-ignore-parse-errors",
                    folder], timeout=600)
    start = done.stdout.find("{\"branch")
    if done.returncode != 0 or start < 0:
        raise SuiteError(done.stdout[-4000:])
    yield from judge_coverage(json.loads(done.stdout[start:]))


def judge_coverage(summary):
    lines = {}
    for entry in summary["files"]:
        top = entry["filename"].split("/")[0]
        total, covered = lines.get(top, (0, 0))
        lines[top] = (total + entry["line_total"], covered + entry["line_covered"])
    worst = sorted(summary["files"], key=lambda entry: entry["line_covered"] - entry["line_total"])[:12]
    for top, (total, covered) in sorted(lines.items()):
        figure = 100 * covered / total
        print(f"coverage: {figure:.1f} % of {total} lines of {top}/")
        yield Case(f"{top}/: at least {COVERED} % of lines", "passed" if figure >= COVERED else "failed",
                   f"{figure:.1f} %; most lines missed:\n" +
                   "\n".join(f"{e['filename']}: {e['line_total'] - e['line_covered']} of {e['line_total']}" for e in worst))


# --- whole system

def pytest_part(path, env, extra, part, scratch):
    xml = pathlib.Path(scratch) / f"result-{part}.xml"
    done = command([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={xml}", *extra, ROOT / path],
                   env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env, "OTTER_PARTS": scratch}, timeout=3600)
    if not xml.exists():
        raise SuiteError(done.stdout[-4000:])
    return list(junit_cases(xml))


def junit_cases(xml, prefix=""):
    for element in ElementTree.parse(xml).iter("testcase"):
        bad = [child for child in element if child.tag in ("failure", "error", "skipped")]
        outcome = "passed" if not bad else "skipped" if bad[0].tag == "skipped" else "failed"
        yield Case(prefix + element.get("name"), outcome,
                   "".join((child.get("message") or "") + "\n" + (child.text or "") for child in bad)[-4000:])


def pytest_cases(path, env, extra=(), parts=JOBS):
    """So many processes of pytest; each test runs in the one that first comes to it (tests/support/parts.py)."""
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(parts) as pool:
        done = list(pool.map(lambda part: pytest_part(path, env, extra, part, scratch), range(parts)))
    return [case for part in done for case in part]


def build_product():
    must([ROOT / "scripts/build", "--no-install"])


def run_e2e(tier):
    build_product()
    marker = {"quick": "quick", "default": "not full", "full": ""}[tier]
    with tempfile.TemporaryDirectory() as ledger:
        yield from pytest_cases("tests/e2e", {"OTTER_BUILD": str(BUILD), "OTTER_LEDGER": ledger},
                                ["--ignore-glob", "*/test_qemu*.py", *(["-m", marker] if marker else [])])
        if tier != "quick":
            yield outcome_of("each operation, status and code of the API is answered",
                             command([PYTHON, ROOT / "tests/support/api_ledger.py", ledger]))


def run_qemu(tier):
    """The ARM firmware in qemu-system-arm. What it sees of the API is judged, too, but counts for no ledger."""
    build_product()
    yield from pytest_cases("tests/e2e", {"OTTER_BUILD": str(BUILD)},
                            ["-k", "test_qemu", *([] if tier == "full" else ["-m", "not full"])],
                            parts=JOBS + 1)  # most of them wait: for a poll, for a watchdog


def run_attack(tests):
    """The tests of an attack (tests/attacks.py), in whatever suite they run otherwise; only what they need is built."""
    units = [test.removeprefix("unit:") for test in tests if test.startswith("unit:")]
    if units:
        yield from run_named_units(units)
    ends = [ROOT / "tests/e2e" / test for test in tests if not test.startswith("unit:")]
    if ends:
        build_product()
        yield from pytest_cases(ends[0], {"OTTER_BUILD": str(BUILD)}, ends[1:])


# The phases of schemathesis, so divided that both take the same time; each against an otterd of its own.
SCHEMATHESIS_PHASES = ["examples,coverage,stateful", "fuzzing"]


def pinned_venv(name, wanted):
    """What `wanted`, a requirements file, names, in the venv build/<name>; None and why, where it cannot be installed."""
    venv = BUILD / name
    stamp = venv / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted.read_text():
        return venv, ""
    for args in ([PYTHON, "-m", "venv", "--clear", venv],
                 [venv / "bin/pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:",
                  "--requirement", wanted]):
        done = command(args, timeout=600)
        if done.returncode != 0:
            return None, done.stdout[-2000:]
    stamp.write_text(wanted.read_text())
    return venv, ""


def run_schemathesis(_tier):
    """A case an operation and phase: requests that a program made from docs/openapi.yaml."""
    venv, why = pinned_venv("schemathesis", ROOT / "tests/schemathesis/requirements.txt")
    if venv is None:
        yield Case("installed", "skipped", why)
        return
    yield Case("installed", "passed")
    build_product()

    def run(phases):
        with tempfile.TemporaryDirectory() as scratch:
            xml = pathlib.Path(scratch) / "report.xml"
            done = command([PYTHON, ROOT / "tests/schemathesis/run.py", venv, phases, xml],
                           env={**os.environ, "OTTER_BUILD": str(BUILD), "PYTHONDONTWRITEBYTECODE": "1"}, timeout=900)
            cases = list(junit_cases(xml, f"{phases}: ")) if xml.exists() else []
        return [*cases, outcome_of(f"{phases}: to the end", done)]
    for cases in side_by_side(run, SCHEMATHESIS_PHASES):
        yield from cases


def run_interop(_tier):
    """Without a way to PyPI what imgtool made once is judged, and one case says so."""
    build_product()
    env = {"OTTER_BUILD": str(BUILD), "OTTER_BIN": str(BUILD / "otter"),
           "OTTER_VERDICTS": str(meson_build("asan", ASAN_OPTIONS) / "tests/support/image-verdicts")}
    venv, why = pinned_venv("imgtool", ROOT / "tests/interop/imgtool/requirements.txt")
    yield Case("imgtool-installed", "passed" if venv else "skipped", why)
    yield from pytest_cases("tests/interop", {**env, "OTTER_IMGTOOL": str(venv)}, [] if venv else ["-m", "not imgtool"])


def run_firmware(_tier):
    """What the cross build makes: its sizes, and the NUCLEO-F429ZI, of which ST's HAL is the user's to bring."""
    build_product()
    yield outcome_of("sizes, stack and instructions keep to tests/bench/firmware/budgets",
                     command([PYTHON, ROOT / "tests/bench/firmware.py", "--check"]))
    yield outcome_of("programs of the NUCLEO-F429ZI hold together without ST's HAL",
                     command([PYTHON, ROOT / "tests/support/f429_layout.py", BUILD / "arm"]))
    with tempfile.TemporaryDirectory() as scratch:
        done = command([*MESON, "setup", scratch, "--cross-file", "device-fw/cross/cortex-m4.ini", "-Dserver=false",
                        "-Dcli=false", "-Demulator=false", "-Dtests=false", "-Dstm32cube=tests"])
        refused = done.returncode != 0 and "is missing: stm32cube names a folder" in done.stdout
        yield Case("a folder without ST's HAL is refused", "passed" if refused else "failed", done.stdout[-2000:])


# The default tier makes the same inputs each time, as many as 15 s suffice for: what it says of a commit, it says again.
# Addresses get into libFuzzer's inputs by the comparisons that it watches, so they are the same, too, where they may be.
# --full looks further, from another seed each time.
FUZZ_RUNS = {"client": 2000, "journal": 2000, "frames": 15000, "json": 50_000, "audit": 5000, "pem": 20_000, "note": 5000,
             "front": 0}  # the seeds alone: with threads no two runs are alike, so that more is for --full
FUZZ_RUNS_ELSE = 300_000


def fuzz_bounds(tier, name):
    if tier == "full":
        return ["-max_total_time=60"]
    return ["-seed=1", f"-runs={FUZZ_RUNS.get(name, FUZZ_RUNS_ELSE)}", "-max_total_time=15"]


def run_fuzz(tier):
    folder = meson_build("fuzz", ["-Dfuzzing=true", "-Dtests=false", "-Dserver=false", "-Dcli=false", "-Demulator=false",
                                  "-Db_lundef=false"], env={**os.environ, "CC": "clang"})

    same_addresses = ["setarch", "-R"] if command(["setarch", "-R", "true"]).returncode == 0 else []

    def fuzz(harness):
        with tempfile.TemporaryDirectory() as corpus:
            name = harness.name.removeprefix("fuzz_")
            vector_seeds.write(name, corpus)
            seeds = sorted([*pathlib.Path(corpus).iterdir(), *(ROOT / "tests/fuzz/seeds" / name).glob("*")])
            listed = ["-seed_inputs=" + ",".join(map(str, seeds))] if seeds else []
            done = command([*same_addresses, harness, *fuzz_bounds(tier, name), "-rss_limit_mb=2048", "-timeout=10",
                            f"-artifact_prefix={corpus}/", *listed])
            return outcome_of(harness.name, done)
    yield from side_by_side(fuzz, [path for path in sorted((folder / "tests/fuzz").glob("fuzz_*"))
                                   if path.is_file() and os.access(path, os.X_OK)])


def run_mutate(_tier):
    done = command([PYTHON, ROOT / "tests/mutate/mutate.py", "--json"], timeout=5400)  # a build and a test each
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    results = [json.loads(line) for line in lines]
    for result in results:
        yield Case(result["name"], "passed" if result["killed"] else "failed", result.get("detail", ""))
    # 1 says that a mutant survived, as its line does; with any other difference between the two, not all were tried.
    if not results or done.returncode != int(not all(result["killed"] for result in results)):
        raise SuiteError(done.stdout[-4000:])


SIM_CASE = re.compile(r"^case (\S+) (\S+) operations=(\d+) cases=(\d+) runs=(\d+) failures=(\d+)$", re.M)
SIM_TOTAL = re.compile(r"^total .*\bcases=(\d+)\b", re.M)
SIM_CASES = 100_000  # at least, over all geometries and phases
SIM_SPREAD = {"f429-whole": 2000, "f407-whole": 2000, "h743-whole": 2000, "uniform-4k-whole": 2000}  # at least, of each


def run_sim(_tier):
    """Power cuts at each flash operation: a case a geometry and phase, then a case a seeded fault."""
    folder = BUILD / "sim"
    if not (folder / "build.ninja").exists():
        must([*MESON, "setup", folder, "-Doptimization=2", "-Dserver=false", "-Dcli=false", "-Demulator=false"])
    must(["ninja", "-C", folder, "--quiet", "sim-all"])
    programs = folder / "tests/sim"
    done = command([programs / "sim", "--jobs", JOBS], timeout=3600)
    if done.returncode not in (0, 1):
        raise SuiteError(done.stdout[-4000:])
    table, total = done.stdout.split("\ncase ", 1)[0], SIM_TOTAL.search(done.stdout)
    print(table)
    of_geometry = collections.Counter()
    for geometry, phase, _operations, cases, _runs, failures in SIM_CASE.findall(done.stdout):
        told = [line for line in done.stdout.splitlines() if line.startswith(f"failure: {geometry} {phase}:")]
        of_geometry[geometry] += int(cases)
        yield Case(f"{geometry} {phase}", "passed" if failures == "0" and cases != "0" else "failed",
                   "\n".join([f"{cases} cases", *told]))
    for geometry, least in SIM_SPREAD.items():
        yield Case(f"{geometry}: at least {least} cases", "passed" if of_geometry[geometry] >= least else "failed",
                   f"{of_geometry[geometry]}")
    cases = int(total.group(1)) if total else 0
    print(f"sim: {total.group(0) if total else 'no total'}")
    yield Case(f"at least {SIM_CASES} cases", "passed" if cases >= SIM_CASES else "failed", f"{cases}")
    for line in must([PYTHON, ROOT / "tests/sim/fault.py", "--list"]).splitlines():
        name, *where = line.split()
        found = command([programs / f"sim-{name}", "--jobs", JOBS, "--until-failure", *where])
        yield outcome_of(f"found: {name}", found)


def run_demo(_tier):
    yield outcome_of("scripts/demo ends as it says", command([ROOT / "scripts/demo"], timeout=900))


def run_demo_qemu(_tier):
    yield outcome_of("scripts/demo --qemu ends as it says", command([ROOT / "scripts/demo", "--qemu"], timeout=900))


def run_soak(_tier):
    """A minute of it, a case a verdict; the hour is scripts/soak's."""
    build_product()
    folder = BUILD / "soak"
    (folder / "soak.json").unlink(missing_ok=True)
    done = command([PYTHON, ROOT / "tests/bench/soak.py", "--seconds", "60", "--out", folder],
                   env={**os.environ, "OTTER_BUILD": str(BUILD)}, timeout=900)
    if not (folder / "soak.json").exists():
        raise SuiteError(done.stdout[-4000:])
    for verdict in json.loads((folder / "soak.json").read_text())["verdicts"]:
        yield Case(verdict["what"], "passed" if verdict["met"] else "failed", verdict["detail"])


SUITES = [
    Suite("format", "quick", "clang-format over every C file", run_format),
    Suite("include-rules", "quick", "who may include whom (style.md), and that the check finds each breach",
          run_include_rules),
    Suite("unit", "quick", "cmocka under ASan and UBSan", run_unit),
    Suite("e2e", "quick", "the real daemon, CLI and emulator as processes", run_e2e),
    Suite("qemu", "default", "bootloader and updater as ARM binaries in QEMU, against the real daemon", run_qemu),
    Suite("docs", "default", "generated tables and text rules", run_docs),
    Suite("interop", "default", "jose, openssl, imgtool and an independent checker in Python", run_interop),
    Suite("schemathesis", "default", "requests made from docs/openapi.yaml, in a venv below build/", run_schemathesis),
    Suite("firmware", "default", "sizes of the firmware; the NUCLEO-F429ZI without ST's HAL", run_firmware),
    Suite("fuzz", "default", "libFuzzer, the same inputs for 15 s a parser (new ones for 60 s in --full)", run_fuzz),
    Suite("oom", "full", "allocations fail, one after the other: refused whole or done whole, and nothing leaks", run_oom),
    Suite("coverage", "default", "gcovr, at least 85 % of lines of lib/ and server/", run_coverage),
    Suite("sim", "default", "the power cut at each flash operation of updates, reverts, first boots, journal turns", run_sim),
    Suite("soak", "full", "otterd at work for a minute: memory, descriptors and threads stay flat", run_soak),
    Suite("demo", "full", "scripts/demo", run_demo),
    Suite("demo-qemu", "full", "scripts/demo --qemu", run_demo_qemu),
    Suite("tsan", "full", "threaded units under TSan, and otterd, otter and otter-emu under e2e tests", run_tsan),
    Suite("asan", "full", "otterd, otter and otter-emu under ASan and UBSan and e2e tests", run_asan),
    Suite("tidy", "full", "clang-tidy", run_tidy),
    Suite("cppcheck", "full", "cppcheck finds nothing that is not justified", lambda _tier: run_analysis("cppcheck")),
    Suite("fanalyzer", "full", "neither does gcc -fanalyzer", lambda _tier: run_analysis("fanalyzer")),
    Suite("mutate", "full", "named one-line mutations, each turns a test red", run_mutate),
    *(Suite(f"attack-{name}", "named", "the tests that perform this attack", lambda _tier, tests=tests: run_attack(tests))
      for name, tests in attacks.ATTACKS.items()),
]
