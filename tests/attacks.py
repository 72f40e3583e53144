"""Attack -> the tests that perform it. Each becomes a suite `attack-<name>` (tests/suites.py) and is a row of the table in
docs/security.md, Attacks (tests/support/check_attacks.py holds the two together).

A test is `test_file.py::test_name` of tests/e2e, which runs in the suite e2e or qemu, too, or `unit:<program>` as meson names it.
"""

ATTACKS = {
    "rollback": [
        "test_qemu_update.py::test_a_server_that_lies_gets_neither_other_hardwares_image_nor_an_older_one_into_a_device",
    ],
}
