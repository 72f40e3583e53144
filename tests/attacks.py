"""Attack -> the tests that perform it. Each becomes a suite `attack-<name>` (tests/suites.py) and is a row of the table in
docs/security.md, Attacks (tests/support/check_attacks.py holds the two together).

A test is `test_file.py::test_name` of tests/e2e, which runs in the suite e2e or qemu, too, or `unit:<program>` as meson names it.
"""

ATTACKS = {
    "arbitrary-software": [
        "test_attack_keys.py::test_no_code_runs_that_the_offline_keys_did_not_sign",
        "test_qemu_boot.py::test_an_image_of_another_key_or_link_is_refused",
        "test_qemu_boot.py::test_the_signature_is_checked_at_every_boot",
        "test_qemu_update.py::test_an_image_that_is_damaged_on_the_servers_disk_is_refused_by_its_digest",
        "test_straight_road.py::test_a_release_signed_by_a_foreign_key_is_refused_by_the_server",
        "test_bad_input.py::test_an_image_by_a_key_the_product_does_not_know_is_refused",
    ],
    "rollback": [
        "test_attack_documents.py::test_no_older_release_is_installed_however_well_it_is_signed",
        "test_qemu_update.py::test_a_server_that_lies_gets_neither_other_hardwares_image_nor_an_older_one_into_a_device",
        "test_qemu_boot.py::test_an_image_below_the_counter_floor_is_never_booted",
    ],
    "fast-forward": [
        "test_attack_keys.py::test_spent_numbers_and_dates_are_void_with_the_next_epoch",
        "unit:client-roots",
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
    "stolen-offer-key": [
        "test_attack_keys.py::test_a_stolen_offer_key_offers_what_is_published_until_a_root_takes_it_out",
        "test_root_ceremony.py::test_the_offer_key_changes_under_a_running_server_and_no_device_refuses",
    ],
    "one-stolen-release-key": [
        "test_attack_keys.py::test_one_stolen_release_key_is_below_the_threshold_and_goes_with_the_next_root",
        "test_root_ceremony.py::test_a_revoked_release_key_signs_for_nobody_any_more",
        "test_qemu_keys.py::test_a_board_follows_the_roots_it_missed_and_takes_nothing_by_a_key_that_was_taken_back",
    ],
    "duplicate-signatures": [
        "test_attack_keys.py::test_one_key_counts_once_however_its_signature_is_doubled",
    ],
}
