#!/usr/bin/python3
"""Who may include whom: the table of docs/architecture.md, checked over every C file.

Exit 1 and one line a breach. --self-test plants one forbidden include for each rule in a copy of the tree and fails
unless each of them is found.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)

# Folder -> folders whose headers it may include (its own always). First match by longest prefix.
MAY = {
    "lib/core": [],
    "lib/host": ["lib/core"],
    "lib/pkcs11": ["lib/host", "lib/core"],
    "server/policy": ["lib/core"],
    "server/plan": ["server/policy", "lib/host", "lib/core"],
    "server/metrics": [],
    "server/store": ["lib/host", "lib/core"],
    "server/fleet": ["server/policy", "lib/host", "lib/core"],
    "server/service": ["server/policy", "server/plan", "server/store", "server/fleet", "server/metrics", "lib/host", "lib/core"],
    "server/http": ["server/service", "server/policy", "server/metrics", "lib/host", "lib/core"],
    "server": ["server/http", "server/service", "lib/host", "lib/core"],
    "simulator": ["server/policy", "lib/core"],
    "cli": ["simulator", "server/plan", "server/policy", "lib/pkcs11", "lib/host", "lib/core"],
    "device-fw/port": ["lib/core"],
    "device-fw/journal": ["device-fw/port", "lib/core"],
    "device-fw/boot": ["device-fw/journal", "device-fw/port", "lib/core"],
    "device-fw/client": ["device-fw/journal", "device-fw/port", "lib/core"],
    "device-fw/crypto": ["device-fw/port", "lib/core"],
    "device-fw/net": ["device-fw/port", "lib/core"],
    "device-fw/updater": ["device-fw/boot", "device-fw/client", "device-fw/crypto", "device-fw/journal", "device-fw/net",
                          "device-fw/port", "lib/core"],
    "device-fw/app": ["device-fw/boot", "device-fw/client", "device-fw/crypto", "device-fw/journal", "device-fw/port", "device-fw/ports/cortex_m",
                      "device-fw/updater", "lib/core"],
    "device-fw/check": ["device-fw/port", "lib/core"],
    "device-fw/bootloader": ["device-fw/boot", "device-fw/journal", "device-fw/crypto", "device-fw/port", "lib/core"],
    "device-fw/ports/cortex_m": ["device-fw/port", "lib/core"],
    # The client's header: the times that a test may shorten (port/tune.h).
    "device-fw/ports/mps2": ["device-fw/port", "device-fw/ports/cortex_m", "device-fw/client", "lib/core"],
    "device-fw/ports/stm32f4": ["device-fw/port", "device-fw/ports/cortex_m", "lib/core"],
    "device-fw/ports/posix": ["device-fw/port", "device-fw/crypto", "lib/host", "lib/core"],
    "emulator": ["device-fw", "lib/host", "lib/core"],
}

# Where the include directories lead: first part of an include path -> folder.
ROOTS = {
    "core": "lib/core", "host": "lib/host", "pkcs11": "lib/pkcs11",
    "policy": "server/policy", "plan": "server/plan", "simulator": "simulator", "store": "server/store", "fleet": "server/fleet", "service": "server/service",
    "metrics": "server/metrics",
    "http": "server/http", "port": "device-fw/port", "journal": "device-fw/journal", "boot": "device-fw/boot",
    "client": "device-fw/client", "crypto": "device-fw/crypto", "net": "device-fw/net", "app": "device-fw/app",
    "updater": "device-fw/updater", "check": "device-fw/check",
    "bootloader": "device-fw/bootloader", "ports": "device-fw/ports", "posix": "device-fw/ports/posix", "emulator": "emulator", "cli": "cli", "server": "server",
}

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdalign.h", "limits.h", "string.h"}
FREESTANDING_FOLDERS = ["lib/core", "device-fw/port", "device-fw/journal", "device-fw/boot", "device-fw/client",
                        "device-fw/crypto", "device-fw/net", "device-fw/updater", "server/policy", "simulator"]

# Third-party header -> the one folder that may name it, or the two.
THIRD_PARTY = {
    r"openssl/.*": "lib/host", r"jansson\.h": "lib/host", r"curl/.*": "lib/host", r"ini\.h": "lib/host", r"glib.*\.h": "lib/host",
    # Of GnuTLS tokens are one folder's, TLS another's; keys without a place are both's.
    r"gnutls/pkcs11\.h": "lib/pkcs11", r"gnutls/(abstract|crypto)\.h": ("server/http", "lib/pkcs11"),
    r"sqlite3\.h": "server/store", r"seccomp\.h": "server", r"microhttpd\.h": "server/http", r"gnutls/.*": "server/http",
    r"bearssl.*\.h": "device-fw/crypto",
    r"(lwip|netif)/.*": "device-fw/net", r"stm32f4xx.*\.h": "device-fw/ports/stm32f4",
}


def rule_for(path):
    folders = [f for f in MAY if path == f or path.startswith(f + "/")]
    return max(folders, key=len) if folders else None


def folder_of(include, path, root):
    """The project folder that an include leads to, None for a system header."""
    if "/" not in include:
        here = (root / path).parent / include
        return str(pathlib.PurePath(path).parent) if here.exists() else None
    first = include.split("/")[0]
    if first == "ports":
        return "device-fw/" + "/".join(include.split("/")[:2])
    return ROOTS.get(first)


def breach(path, kind, include, root):
    """What is wrong with this include, or None."""
    folder = rule_for(path)
    for pattern, home in THIRD_PARTY.items():
        if re.fullmatch(pattern, include):
            homes = home if isinstance(home, tuple) else (home,)
            return None if folder and any((folder + "/").startswith(h + "/") for h in homes) else f"only {' and '.join(homes)} may name it"
    if folder is None:
        return None
    if kind == "<":
        if folder in FREESTANDING_FOLDERS and include not in FREESTANDING:
            return f"{folder} is freestanding"
        return None
    target = folder_of(include, path, root)
    if target is None:
        return "leads to no folder of the project"
    if target == folder or target.startswith(folder + "/") and folder != "server":
        return None
    if any(target == allowed or target.startswith(allowed + "/") for allowed in MAY[folder]):
        return None
    return f"{folder} may include only {', '.join(MAY[folder]) or 'itself'}"


def breaches(root, paths):
    for path in paths:
        text = (root / path).read_text(errors="replace")
        for kind, include in INCLUDE.findall(text):
            why = breach(path, kind, include, root)
            if why:
                yield f"{path}: #include {include}: {why}"


def tree_files():
    listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "--", "*.c", "*.h"],
                            check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    return [p for p in listed if (ROOT / p).is_file() and not p.startswith("tests/")]


# (folder, include that it must not have)
PLANTED = [
    ("lib/core", "<stdlib.h>"), ("lib/core", '"host/log.h"'), ("lib/core", "<openssl/evp.h>"),
    ("lib/host", '"store/store.h"'), ("lib/host", '"pkcs11/signer.h"'), ("lib/host", "<gnutls/pkcs11.h>"), ("lib/pkcs11", "<openssl/evp.h>"),
    ("server/http", "<gnutls/pkcs11.h>"), ("server/service", '"pkcs11/signer.h"'), ("emulator", '"pkcs11/signer.h"'), ("lib/pkcs11", '"service/service.h"'), ("server/policy", '"host/clock.h"'), ("server/policy", '"store/store.h"'),
    ("server/policy", "<time.h>"), ("server/plan", '"store/store.h"'), ("server/plan", "<sqlite3.h>"),
    ("simulator", "<stdlib.h>"), ("simulator", "<time.h>"), ("simulator", '"host/clock.h"'), ("simulator", '"service/service.h"'),
    ("cli", '"store/store.h"'), ("server/policy", '"simulator/simulator.h"'), ("server/metrics", '"service/service.h"'), ("server/metrics", '"core/bytes.h"'),
    ("server/store", '"service/service.h"'), ("server/service", '"http/loop.h"'),
    ("server/service", "<sqlite3.h>"), ("server/service", "<glib.h>"), ("server/service", "<microhttpd.h>"), ("server/service", "<gnutls/gnutls.h>"),
    ("server/http", '"store/store.h"'), ("server/http", "<curl/curl.h>"), ("cli", '"service/service.h"'), ("device-fw/boot", '"client/client.h"'),
    ("device-fw/client", '"boot/boot.h"'), ("device-fw/client", "<stdio.h>"), ("device-fw/client", "<bearssl.h>"), ("device-fw/boot", "<ec/ec_p256_m31.c>"),
    ("device-fw/check", '"client/client.h"'), ("device-fw/check", '"ports/mps2/mps2.h"'),
    ("device-fw/updater", '"lwip/tcp.h"'), ("device-fw/updater", "<stdio.h>"), ("device-fw/updater", '"ports/mps2/mps2.h"'),
    ("device-fw/net", '"client/client.h"'), ("device-fw/net", "<stdio.h>"), ("device-fw/client", '"lwip/tcp.h"'),
    ("device-fw/ports/posix", '"client/client.h"'), ("device-fw/ports/cortex_m", '"client/client.h"'),
    ("device-fw/ports/mps2", '"boot/boot.h"'), ("device-fw/bootloader", '"client/client.h"'),
    ("device-fw/ports/stm32f4", '"lwip/tcp.h"'), ("device-fw/ports/stm32f4", '"client/client.h"'),
    ("device-fw/bootloader", "<stm32f4xx_hal.h>"), ("device-fw/bootloader", '"ports/mps2/mps2.h"'), ("emulator", '"service/service.h"'),
]


def self_test():
    missed = []
    for folder, include in PLANTED:
        with tempfile.TemporaryDirectory() as scratch:
            root = pathlib.Path(scratch)
            (root / folder).mkdir(parents=True)
            (root / folder / "planted.c").write_text(f"#include {include}\n")
            if not list(breaches(root, [f"{folder}/planted.c"])):
                missed.append(f"not found: {include} in {folder}")
    return missed


def main():
    found = self_test() if "--self-test" in sys.argv else list(breaches(ROOT, tree_files()))
    print("\n".join(found) if found else "no forbidden include")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
