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
    "endless-data": [
        "test_attack_network.py::test_an_answer_without_end_costs_a_device_a_few_kilobytes",
        "test_lying_network.py::test_300_devices_back_off_from_a_lying_network_and_are_updated_once_it_is_honest",
        "test_refusals_reach.py::test_each_refusal_of_the_networks_bytes_reaches_the_server_by_its_name",
        "test_bad_input.py::test_a_poll_with_malformed_json_is_400_with_the_place_and_one_over_the_limit_413",
        "unit:client-http",
    ],
    "slow-retrieval": [
        "test_attack_network.py::test_a_trickle_that_keeps_the_least_rate_holds_an_attempt_up_to_its_deadline_and_no_longer",
        "test_lying_network.py::test_300_devices_back_off_from_a_lying_network_and_are_updated_once_it_is_honest",
        "test_overload.py::test_a_fleet_updates_beside_connections_that_only_take_up_room",
        "test_tls.py::test_a_handshake_that_stands_still_is_cut_and_costs_no_processor",
        "unit:client-network",
    ],
    "extraneous-data": [
        "test_attack_network.py::test_what_comes_beside_what_was_asked_for_is_never_taken",
        "test_refusals_reach.py::test_each_refusal_of_the_networks_bytes_reaches_the_server_by_its_name",
        "unit:client-http",
    ],
    "malicious-mirror": [
        "test_attack_network.py::test_a_mirror_gets_nothing_but_its_own_bytes_refused_and_sees_no_credential",
        "test_qemu_tls.py::test_a_mirror_that_is_not_trusted_is_refused_and_the_server_hears_why",
        "unit:client-network",
    ],
    "server-taken-over": [
        "test_attack_server.py::test_an_edited_disk_brings_no_device_to_run_anything_else",
        "test_attack_server.py::test_an_operator_who_was_written_into_the_database_publishes_nothing_and_is_seen",
        "test_bad_days.py::test_a_second_server_with_the_offer_key_and_a_foreign_root_cannot_move_the_devices",
        "test_database.py::test_the_check_finds_each_kind_of_damage_and_works_beside_a_running_server",
        "test_audit.py::test_an_edit_of_the_database_is_found_by_check_and_export",
    ],
    "old-backup": [
        "test_attack_server.py::test_devices_do_not_go_back_with_an_old_backup_and_the_operator_sees_it",
        "test_backup.py::test_a_backup_under_load_has_all_that_was_acknowledged_before_it_said_done",
        "test_backup.py::test_devices_under_way_finish_their_update_across_backup_and_restore",
        "test_backup.py::test_a_spoilt_backup_is_refused_and_leaves_nothing",
        "test_audit.py::test_a_backup_brings_the_log_and_a_restored_one_says_so_and_is_seen_by_a_newer_head",
    ],
    "toctou": [
        "test_attack_device.py::test_an_image_changed_between_its_check_and_its_boot_does_not_boot",
        "test_attack_server.py::test_an_image_changed_in_the_middle_of_its_download_is_refused_as_a_whole",
        "test_attack_server.py::test_an_image_changed_between_upload_and_publishing_reaches_no_device",
        "test_qemu_boot.py::test_the_signature_is_checked_at_every_boot",
        "test_qemu_update.py::test_an_image_that_is_damaged_on_the_servers_disk_is_refused_by_its_digest",
        "test_blobs_mapped.py::test_a_file_in_the_place_of_another_is_what_is_served",
    ],
    "flash-wear": [
        "test_attack_device.py::test_hopeless_offers_for_ever_cost_a_bounded_number_of_erases",
        "test_attack_device.py::test_a_failing_release_that_is_offered_again_and_again_is_written_once",
        "unit:client-refusals",
        "unit:client-trial",
        "unit:client-update",
    ],
    "retry-after-for-ever": [
        "test_attack_network.py::test_whatever_retry_after_says_a_device_asks_daily",
        "unit:client-pure",
        "unit:client-trial",
        "unit:client-http",
    ],
    "report-forging": [
        "test_attack_device.py::test_a_report_moves_the_devices_own_attempt_forward_and_nothing_else",
        "test_attack_device.py::test_a_recorded_report_on_plain_http_counts_once",
        "test_device_credentials.py::test_no_credential_but_its_own_speaks_for_a_device",
        "test_bad_input.py::test_a_report_for_a_foreign_attempt_is_404_and_counts_nothing",
        "test_bad_input.py::test_the_same_report_twice_counts_once_and_none_after_the_end",
    ],
    "device-id-squatting": [
        "test_attack_device.py::test_who_asks_for_an_id_before_its_device_is_seen_beside_it_and_is_not_taken",
        "test_attack_device.py::test_who_holds_the_fleet_key_and_takes_an_id_first_is_put_out_again",
        "test_attack_device.py::test_by_registration_an_id_is_whoever_the_operator_named",
        "test_device_credentials.py::test_an_id_that_two_tokens_ask_for_is_nobodys_until_an_operator_says_whose",
        "test_device_credentials.py::test_who_asks_for_an_id_that_exists_is_seen_and_gets_nothing",
        "test_device_credentials.py::test_a_fleet_key_takes_no_id_over_and_an_operator_sees_who_tried",
    ],
    "tls-downgrade": [
        "test_attack_network.py::test_who_answers_in_otterds_place_changes_no_devices_token",
        "test_attack_network.py::test_a_device_speaks_no_weaker_tls_and_shows_its_token_to_nobody_who_asks_for_it",
        "test_attack_network.py::test_nobody_is_led_from_https_to_plain_http",
        "test_device_tls.py::test_https_never_becomes_plain_http",
        "test_tls.py::test_older_versions_are_refused",
        "test_tls.py::test_sound_suites_alone_are_spoken",
        "test_tls.py::test_plain_http_is_not_answered_on_an_address_with_tls",
        "test_qemu_plain.py::test_firmware_without_tls_refuses_https_by_name_and_runs_on",
    ],
}
