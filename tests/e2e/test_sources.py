"""scripts/sources over package sources of its own making: what it reads of a machine's lists, and which version it takes.

The archive is a folder (`file:`), signed by nobody and trusted by its list; what apt does with it is real.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPTS = ["sources", "common.sh", "build"]


def checksums(path):
    data = path.read_bytes()
    return hashlib.md5(data).hexdigest(), hashlib.sha256(data).hexdigest(), len(data)


class Archive:
    """A flat archive of source packages, each with one file."""

    def __init__(self, folder):
        self.folder = folder
        self.entries = []
        folder.mkdir()

    def add(self, name, version, upstream):
        file = f"{name}_{version.split(':')[-1]}"  # without the epoch
        tar = self.folder / f"{file}.tar.gz"
        content = self.folder / "content"
        (content / "src").mkdir(parents=True)
        (content / "src/version.h").write_text(version)
        (content / "debian/source").mkdir(parents=True)
        (content / "debian/source/format").write_text("3.0 (native)\n")
        with tarfile.open(tar, "w:gz") as out:
            out.add(content, f"{name}-{upstream}")
        shutil.rmtree(content)
        fields = f"Format: 3.0 (native)\n{{head}}: {name}\nBinary: {name}\nArchitecture: all\nVersion: {version}\n" \
                 "Maintainer: Nobody <nobody@example.com>\nStandards-Version: 4.6.2\n"
        dsc = self.folder / f"{file}.dsc"
        dsc.write_text(fields.format(head="Source") + self.files([tar]))
        self.entries.append(fields.format(head="Package") + self.files([dsc, tar]) + "Directory: .\n")
        (self.folder / "Sources").write_text("\n".join(self.entries))
        return self

    def files(self, paths):
        sums = [(path.name, *checksums(path)) for path in paths]
        return "Checksums-Sha256:\n" + "".join(f" {sha} {size} {name}\n" for name, _, sha, size in sums) + \
               "Files:\n" + "".join(f" {md5} {size} {name}\n" for name, md5, _, size in sums)


class Machine:
    """A copy of the scripts in a folder with a blank, and an apt whose lists are the test's."""

    def __init__(self, folder, packages):
        self.root = folder / "a tree"
        self.etc = folder / "etc apt"
        (self.root / "scripts").mkdir(parents=True)
        (self.etc / "parts").mkdir(parents=True)
        for name in SCRIPTS:
            shutil.copy(ROOT / "scripts" / name, self.root / "scripts")
        (self.root / "scripts/packages").write_text(packages)
        (self.etc / "apt.conf").write_text(f'Dir::Etc::sourcelist "{self.etc}/sources.list";\n'
                                           f'Dir::Etc::sourceparts "{self.etc}/parts";\n')

    def list(self, name, text):
        (self.etc / name).write_text(text)

    def run(self, *args, script="sources"):
        return subprocess.run([self.root / "scripts" / script, *args], env={**os.environ, "APT_CONFIG": str(self.etc / "apt.conf"),
                                                                          "LC_ALL": "C", "LANG": "de_DE.UTF-8"},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=300, check=False)

    def version(self, name):
        """Of what is unpacked, by its one file."""
        return (self.root / "build/sources" / name / "src/version.h").read_text()


@pytest.fixture
def archive(tmp_path):
    return Archive(tmp_path / "archive").add("alpha", "2.1.3+dfsg1-2", "2.1.3").add("beta", "0.6-1", "0.6")


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, "build gcc\nsource alpha 2.1.3\nsource beta 0.6\n")


DEB822 = "Types: {types}\n# a comment\nURIs: file:{uri}\nSuites: ./\nTrusted: yes\n"


@pytest.mark.parametrize("name, text", [
    ("parts/debian.sources", DEB822.format(types="deb", uri="{uri}")),
    ("parts/debian.sources", DEB822.format(types="deb deb-src", uri="{uri}")),
    ("parts/debian.sources", DEB822.format(types="deb-src", uri="{uri}")),
    ("parts/debian.sources", "Types: deb\nURIs: file:{uri}-gone\nSuites: ./\nTrusted: yes\n\n" +
     DEB822.format(types="deb", uri="{uri}")),
    ("sources.list", "# a comment\ndeb [trusted=yes] file:{uri} ./\n"),
    ("sources.list", "deb [trusted=yes] file:{uri} ./\ndeb-src [trusted=yes] file:{uri} ./\n"),
    ("sources.list", "deb-src [trusted=yes] file:{uri} ./\n#deb [trusted=yes] file:{uri}-gone ./\n"),
    ("parts/extra.list", "  deb\t[trusted=yes] file:{uri} ./\ndeb cdrom:[Debian]/ bookworm main\n"),
], ids=["deb822", "deb822 with sources", "deb822 of sources", "one of two does not answer", "one line", "one line each",
        "one line of sources", "a part, and a disc"])
def test_any_form_of_list_will_do(archive, machine, name, text):
    machine.list(name, text.format(uri=archive.folder))
    done = machine.run()
    assert done.returncode == 0, done.stdout
    assert (machine.version("alpha"), machine.version("beta")) == ("2.1.3+dfsg1-2", "0.6-1")
    # Nothing is left of it but the sources, and nothing of the machine has changed.
    assert sorted(path.name for path in (machine.root / "build/sources").iterdir()) == \
        ["alpha", "alpha.version", "beta", "beta.version", "lock"]
    assert (machine.etc / name).read_text() == text.format(uri=archive.folder)


def test_what_is_there_is_not_fetched_again(archive, machine, tmp_path):
    machine.list("sources.list", f"deb [trusted=yes] file:{archive.folder} ./\n")
    assert machine.run().returncode == 0
    archive.folder.rename(tmp_path / "gone")
    assert machine.run().returncode == 0
    assert machine.run("--check").returncode == 0
    # Another version is wanted: what is there does not do.
    (machine.root / "scripts/packages").write_text("source alpha 2.1.3\nsource beta 0.7\n")
    done = machine.run("--check")
    assert done.returncode == 1 and "missing below build/sources: beta 0.7" in done.stdout
    done = machine.run()
    assert done.returncode == 1 and "error: no source package beta 0.7" in done.stdout


def test_the_newest_revision_of_the_version_wanted_is_taken_and_no_other_version(archive, machine):
    archive.add("alpha", "2.1.3+dfsg1-10", "2.1.3").add("alpha", "2.2.0-1", "2.2.0").add("beta", "1:0.6-9", "0.6")
    machine.list("sources.list", f"deb [trusted=yes] file:{archive.folder} ./\n")
    done = machine.run()
    assert done.returncode == 0, done.stdout
    assert (machine.version("alpha"), machine.version("beta")) == ("2.1.3+dfsg1-10", "1:0.6-9")


def test_a_version_that_is_nowhere_is_an_error_that_says_so(archive, machine):
    (machine.root / "scripts/packages").write_text("source alpha 2.1.4\n")
    machine.list("sources.list", f"deb [trusted=yes] file:{archive.folder} ./\n")
    done = machine.run()
    assert done.returncode == 1
    assert "error: no source package alpha 2.1.4" in done.stdout
    assert not (machine.root / "build/sources/alpha").exists()


def test_a_build_that_may_not_fetch_says_what_is_missing(machine):
    done = machine.run("--no-install", script="build")
    assert done.returncode == 1
    assert done.stdout == "error: missing below build/sources: alpha 2.1.3 beta 0.6; scripts/setup build fetches them\n"


def test_a_download_that_is_not_what_the_list_says_is_refused(archive, machine):
    (archive.folder / "alpha_2.1.3+dfsg1-2.tar.gz").write_bytes(b"not this")
    machine.list("sources.list", f"deb [trusted=yes] file:{archive.folder} ./\n")
    done = machine.run()
    assert done.returncode == 1
    assert "error: apt-get could not download the source package alpha" in done.stdout
    assert not (machine.root / "build/sources/alpha").exists()
