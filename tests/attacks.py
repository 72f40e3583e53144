"""Attack -> the tests that perform it. Each becomes a suite `attack-<name>` (tests/suites.py) and is a row of the table in
docs/security.md, Attacks (tests/support/check_attacks.py holds the two together).

A test is `test_file.py::test_name` of tests/e2e, which runs in the suite e2e or qemu, too, or `unit:<program>` as meson names it.
"""

ATTACKS = {
    "rollback": [
        "test_attack_documents.py::test_no_older_release_is_installed_however_well_it_is_signed",
        "test_qemu_update.py::test_a_server_that_lies_gets_neither_other_hardwares_image_nor_an_older_one_into_a_device",
        "test_qemu_boot.py::test_an_image_below_the_counter_floor_is_never_booted",
    ],
    "freeze": [
        "test_attack_documents.py::test_what_has_expired_is_refused_and_an_offer_cannot_be_dated_back",
        "test_attack_documents.py::test_who_keeps_answers_back_is_seen_after_a_week_and_updates_go_on_behind_him",
    ],
    "mix-and-match": [
        "test_attack_documents.py::test_parts_of_several_releases_make_no_update",
    ],
    "wrong-device": [
        "test_attack_documents.py::test_what_is_for_another_device_or_product_is_refused",
    ],
    "wrong-hardware": [
        "test_attack_documents.py::test_what_is_for_other_hardware_is_refused",
        "test_qemu_update.py::test_a_server_that_lies_gets_neither_other_hardwares_image_nor_an_older_one_into_a_device",
        "test_qemu_imgtool.py::test_what_is_linked_for_another_board_is_refused",
    ],
    "wrong-slot": [
        "test_attack_documents.py::test_what_is_for_another_slot_is_refused",
        "test_bad_input.py::test_an_image_linked_for_the_other_slot_is_refused",
    ],
    "replayed-offer": [
        "test_attack_documents.py::test_an_offer_that_answers_another_poll_is_refused",
    ],
    "another-devices-offer": [
        "test_attack_documents.py::test_another_devices_offer_is_refused_even_if_otterd_made_it_for_this_nonce",
    ],
}
