"""The manual: complete, understood by scdoc, and rendered without a warning."""

import os
import pathlib
import re
import subprocess

import pytest

import otter

ROOT = pathlib.Path(__file__).resolve().parents[2]
OTTER_MAN = otter.program("cli/otter-man", "native/cli/otter-man")


def run(args, **kwargs):
    done = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANROFFOPT": "",
                               "GROFF_NO_SGR": "1"}, **kwargs)
    assert done.returncode == 0, f"{args}: {done.stderr.decode(errors='replace')}"
    return done.stdout.decode(), done.stderr.decode()


def pages():
    return run([OTTER_MAN])[0].split()


def source(page):
    """A page in scdoc's form."""
    fill = ["/usr/bin/python3", ROOT / "docs/man/fill.py"]
    if page == "otterd.8":
        return run([*fill, ROOT / "docs/man/otterd.8.scd.in", "--help-of", otter.OTTERD])[0]
    if page == "otterd.conf.5":
        return run([*fill, ROOT / "docs/man/otterd.conf.5.scd.in", "--keys-of", ROOT / "etc/otterd.conf"])[0]
    return run([OTTER_MAN, page])[0]


def shown(tmp_path, page):
    """As man shows it, without emphasis, on one line a paragraph; with no word from scdoc or groff."""
    roff, warned = run(["scdoc"], input=source(page).encode())
    assert warned == ""
    file = tmp_path / (page if page.startswith("otterd") else page + ".1")
    file.write_text(roff)
    text, warned = run(["man", "--warnings=all", "--no-hyphenation", "--no-justification", "-l", file])
    assert warned == "", f"{page}: {warned}"
    return re.sub(r"\s+", " ", re.sub(".\b", "", text).replace("‐", "-"))


def plain(text):
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("page", [*pages(), "otterd.8", "otterd.conf.5"])
def test_a_page_is_rendered_without_a_warning(tmp_path, page):
    assert "NAME" in shown(tmp_path, page) and "\\" not in shown(tmp_path, page)


def options_of(help_text, title):
    """[(usage, text)] of a part of --help."""
    part = help_text.split(f"\n{title}:\n")[1].split("\n\n")[0] if f"\n{title}:\n" in help_text else ""
    found = []
    for line in part.split("\n"):
        option = re.match(r"^  (--\S.*?)(?:  +(\S.*))?$", line)
        if option:
            found.append([option[1], option[2] or ""])
        elif line.strip():
            found[-1][1] += " " + line.strip()
    return found


def test_every_verb_and_option_of_help_is_in_the_manual(tmp_path):
    otter_help = otter.run([otter.OTTER, "--help"]).out
    verbs = re.findall(r"^  ([a-z][a-z-]*) ([a-z]+)\b", otter_help.split("\nEverywhere:")[0], re.M)
    texts = {page: shown(tmp_path, page) for page in pages()}
    assert len(verbs) > 30
    options = 0
    for noun, verb in verbs:
        told = otter.run([otter.OTTER, noun, verb, "--help"]).out
        page = texts[f"otter-{noun}"]
        assert f"otter {noun} {verb}" in texts["otter"] and f"otter {noun} {verb}" in page
        for usage, says in options_of(told, "Options"):
            options += 1
            assert f"{usage} {plain(says).strip()}" in page, f"otter {noun} {verb}: {usage} {says}"
        for line in re.findall(r"^  (otter .*(?:\n      \S.*)*)", told.split("\nExamples:\n")[-1].split("\nEverywhere")[0], re.M):
            assert plain(line) in page, line
    assert options > 60
    for usage, says in options_of(otter_help, "Everywhere"):
        assert f"{usage} {plain(says).strip()}" in texts["otter"], usage


def test_every_page_is_built_and_installed():
    listed = (ROOT / "docs/man/meson.build").read_text()
    for page in pages():
        assert f"'{page}'" in listed, f"docs/man/meson.build does not list {page}"


def test_every_option_of_otterd_is_in_its_page(tmp_path):
    page = shown(tmp_path, "otterd.8")
    options = re.findall(r"--[a-z][a-z-]+", otter.run([otter.OTTERD, "--help"]).out)
    assert len(options) > 10
    assert [name for name in options if name not in page] == []


def test_every_key_of_the_configuration_is_in_its_page(tmp_path):
    page = shown(tmp_path, "otterd.conf.5")
    keys = re.findall(r"^([a-z_]+) =", otter.run([otter.OTTERD, "--print-config"]).out, re.M)
    assert len(keys) > 10
    assert [key for key in keys if f"{key} = " not in page] == []
    assert "[listen]" in page and "[tls]" in page


def test_every_option_of_otter_emu_is_in_its_page(tmp_path):
    text, warned = run(["man", "--warnings=all", "--no-hyphenation", "-l", ROOT / "docs/man/otter-emu.1"])
    assert warned == ""
    page = re.sub(".\b", "", text).replace("‐", "-")
    options = re.findall(r"^ +(?:-[a-z], )?(--[a-z][a-z0-9-]+)", otter.run([otter.EMU, "--help"]).out, re.M)
    assert len(options) > 20
    assert [name for name in options if name not in page and name not in ("--help", "--version")] == []
