"""Completion in the shells themselves: bash, zsh and fish, each with the script that otter prints for it."""

import json
import os
import pathlib
import re
import socket
import subprocess

import pytest

import otter
from reply_server import replying
from terminal import Terminal

BASH = r"""
eval "$(otter completion bash)"
COMP_LINE=$1 COMP_POINT=${#1}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
complete -p otter >/dev/null || exit 9
_otter
printf '%s\n' "${COMPREPLY[@]}"
"""
BREAKS = re.compile(r"[ \t]+|([=:@]+)")


def environment(folder, **more):
    return {**os.environ, "PATH": f"{pathlib.Path(otter.OTTER).parent}:/usr/bin:/bin", "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "dumb", "OTTER_SERVER": "http://127.0.0.1:1",
            "OTTER_TRACE": "", **more}


def shell(args, folder, **more):
    done = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=60, check=False, cwd=folder, env=environment(folder, **more))
    assert done.returncode == 0 and not done.stderr, f"{args}\n{done.stdout}\n{done.stderr}"
    return [line for line in done.stdout.split("\n") if line]


def bash_words(line):
    """As bash parts a line by its COMP_WORDBREAKS."""
    return [word for word in BREAKS.split(line) if word] + ([""] if line[-1] in " =" else [])


def bash(line, folder, **more):
    words = bash_words(line)
    return shell(["bash", "--norc", "-c", BASH, "test", line, *words], folder, **more)


def fish(line, folder, **more):
    lines = shell(["fish", "--no-config", "-c", f"otter completion fish | source; complete -C {json.dumps(line)}"],
                  folder, **more)
    return [tuple(line.split("\t")) if "\t" in line else (line, "") for line in lines]


ZSH = r"""
autoload -Uz compinit && compinit -u -D
source <(otter completion zsh)
# What would be shown, printed instead: _describe and _files at their end call compadd.
compadd() {
    local -a words; local arg=
    zparseopts -D -E -a opts O:=o A:=a D:=d
    if (( $#o + $#a + $#d )); then builtin compadd "$opts[@]" "$o[@]" "$a[@]" "$d[@]" "$@"; return; fi
    builtin compadd -A words "$@"
    words=("${(@Q)words}")
    print -rl -- "WORD:$IPREFIX"$^words >>$OUT
    builtin compadd "$@"
}
bindkey '^I' complete-word
zle -C complete-word complete-word _main_complete
PROMPT='ready> '
"""


def zsh(line, folder, **more):
    """An interactive zsh on a terminal of its own; what it hands to its line editor as matches."""
    (folder / "zsh").mkdir(exist_ok=True)
    (folder / "zsh/.zshrc").write_text(ZSH)
    out = folder / "zsh/out"
    out.write_text("")
    env = environment(folder, ZDOTDIR=str(folder / "zsh"), OUT=str(out), **more)
    with Terminal(["zsh", "-i"], env=env, cwd=folder) as terminal:
        terminal.wait_for("ready> ")
        terminal.send(line + "\t")
        terminal.send("\x15print -r -- do''ne; exit\r")  # ^U: not run, only looked at
        terminal.wait_for("done")
        terminal.end()
    return [text.removeprefix("WORD:") for text in out.read_text().split("\n") if text.startswith("WORD:") and text != "WORD:"]


CASES = [
    ("otter ro", ["rollout", "root"]),
    ("otter rollout s", ["simulate", "start", "status"]),
    ("otter rollout status 7 --w", ["--watch"]),
    ("otter --format ", ["csv", "json", "jsonl", "table"]),
    ("otter --json key ne", ["new"]),
    ("otter image sign --slot ", ["A", "B"]),
    ("otter release create --hardware f407,h", ["f407,h743"]),
    ("otter key new --out x --", None),
    ("otter nonsense ", []),
]


@pytest.mark.parametrize("line,expected", CASES, ids=[case[0] for case in CASES])
def test_every_shell_offers_what_fits(tmp_path, line, expected):
    if expected is None:
        expected = sorted(line.split("\t")[0] for line in shell(
            [otter.OTTER, "__complete", *line.split()[1:]], tmp_path)[1:])
        assert "--kind" in expected and "--server" in expected and "--out" not in expected
    assert sorted(bash(line, tmp_path)) == expected
    assert sorted(word for word, _ in fish(line, tmp_path)) == expected
    assert sorted(zsh(line, tmp_path)) == expected


def test_words_behind_an_equals_sign(tmp_path):
    assert sorted(bash("otter device list --format=js", tmp_path)) == ["json", "jsonl"]  # bash keeps what stands before =
    assert sorted(word for word, _ in fish("otter device list --format=js", tmp_path)) == ["--format=json", "--format=jsonl"]
    assert sorted(zsh("otter device list --format=js", tmp_path)) == ["--format=json", "--format=jsonl"]


def test_what_a_word_means_is_told(tmp_path):
    assert ("status", "Show a rollout, or watch it to its end") in fish("otter rollout ", tmp_path)
    assert any(word == "--watch" and says for word, says in fish("otter rollout status --w", tmp_path))


def test_files_complete_with_blanks_in_their_names(tmp_path):
    (tmp_path / "my key.pub").write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "A.img").write_text("")
    assert [w for w, _ in fish("otter key show my", tmp_path)] == ["my key.pub"]
    assert [w for w, _ in fish("otter root show --save=su", tmp_path)] == ["--save=sub/"]
    assert [w for w, _ in fish("otter release create --image A=A", tmp_path)] == ["A=A.img"]
    assert [w for w, _ in fish("otter device provision --out-dir ", tmp_path) if "key" in w or "img" in w] == []
    assert "my key.pub" in zsh("otter key show my", tmp_path)
    assert "A=A.img" in zsh("otter release create --image A=A", tmp_path)
    with Terminal(["bash", "--norc", "-i"], env=environment(tmp_path, PS1="ready> "), cwd=tmp_path) as terminal:
        terminal.wait_for("ready> ")
        terminal.send("eval \"$(otter completion bash)\"\r")
        terminal.wait_for("ready> ")
        terminal.send("otter() { if [ \"$1\" = __complete ]; then command otter \"$@\"; else printf '<%s>' \"$@\"; echo; fi; }\r")
        terminal.wait_for("ready> ")
        for typed, becomes in [("otter key show my\t", "<key><show><my key.pub>"),
                               ("otter release create --image A=A\t", "<release><create><--image><A=A.img>"),
                               ("otter device list --format=jsonl\t", "<device><list><--format=jsonl>"),
                               ("otter --server http:/\th roll\tstat\t", "<--server><http://h><rollout><status>"),
                               ("otter device provision --out-dir s\t", "<--out-dir><sub/>")]:
            terminal.send(typed + "\r")
            terminal.wait_for(becomes)


def test_ids_come_from_the_server(world, tmp_path):
    world.fleet(2)
    release = world.publish("1.1.0")
    draft = world.rollout(release, start=False)
    more = {"OTTER_SERVER": world.server.url, "OTTER_TOKEN": world.server.token}
    assert sorted(bash("otter device show dev-", tmp_path, **more)) == ["dev-1", "dev-2"]
    assert bash("otter rollout start ", tmp_path, **more) == [str(draft)]
    assert ("pump@1.1.0", release[:12]) in fish("otter rollout create --release ", tmp_path, **more)
    assert fish("otter rollout start ", tmp_path, **more) == [(str(draft), "draft pump 1.1.0")]
    assert zsh("otter rollout start ", tmp_path, **more) == [str(draft)]
    # Those that the line itself names win.
    assert bash(f"otter --server {world.server.url} rollout start ", tmp_path, OTTER_TOKEN=world.server.token) == [str(draft)]


def test_a_server_that_does_not_answer_is_not_waited_for(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert bash("otter device show ", tmp_path, OTTER_SERVER=url) == []
    assert bash("otter device show ", tmp_path, OTTER_SERVER=url) == []  # refused by now
    assert bash("otter device show ", tmp_path, OTTER_SERVER="nonsense") == []


def test_what_a_shell_would_expand_is_never_offered(tmp_path):
    items = [{"id": i} for i in ("good-1", "$(touch pwned)", "a b", "`id`", "-rf", "x;y")]
    with replying(json.dumps({"items": items, "next": None})) as url:
        assert bash("otter device show ", tmp_path, OTTER_SERVER=url) == ["good-1"]
        assert [word for word, _ in fish("otter device show ", tmp_path, OTTER_SERVER=url)] == ["good-1"]
