/* Included by every verb_<noun>_<verb>.c: the functions and option tables that verbs.c gathers. */
#ifndef OTTER_CLI_VERB_H
#define OTTER_CLI_VERB_H

#include "cli.h"
#include "options.h"

#include "core/bytes.h"
#include "core/documents.h"

/* X(noun_verb): one function a verb. */
#define CLI_RUN(name) enum cli_exit cli_run_##name(struct cli *cli, const struct cli_args *args)

CLI_RUN(key_new);
CLI_RUN(key_show);
CLI_RUN(key_passphrase);
CLI_RUN(root_new);
CLI_RUN(root_sign);
CLI_RUN(root_publish);
CLI_RUN(root_show);
CLI_RUN(root_list);
CLI_RUN(image_sign);
CLI_RUN(image_info);
CLI_RUN(image_verify);
CLI_RUN(image_key_add);
CLI_RUN(image_key_list);
CLI_RUN(release_create);
CLI_RUN(release_sign);
CLI_RUN(release_verify);
CLI_RUN(release_publish);
CLI_RUN(release_list);
CLI_RUN(release_show);
CLI_RUN(release_deps);
CLI_RUN(release_withdraw);
CLI_RUN(rollout_create);
CLI_RUN(rollout_start);
CLI_RUN(rollout_advance);
CLI_RUN(rollout_pause);
CLI_RUN(rollout_resume);
CLI_RUN(rollout_abort);
CLI_RUN(rollout_approve);
CLI_RUN(rollout_rollback);
CLI_RUN(rollout_list);
CLI_RUN(rollout_status);
CLI_RUN(rollout_attempts);
CLI_RUN(rollout_wait);
CLI_RUN(rollout_preview);
CLI_RUN(rollout_simulate);
CLI_RUN(rollout_explain);
CLI_RUN(rollout_events);
CLI_RUN(rollout_report);
CLI_RUN(device_provision);
CLI_RUN(device_enroll);
CLI_RUN(device_list);
CLI_RUN(device_show);
CLI_RUN(device_tag);
CLI_RUN(device_set);
CLI_RUN(device_hold);
CLI_RUN(device_unhold);
CLI_RUN(device_pin);
CLI_RUN(device_unpin);
CLI_RUN(device_retry);
CLI_RUN(device_retire);
CLI_RUN(device_reinstate);
CLI_RUN(device_timeline);
CLI_RUN(device_import);
CLI_RUN(device_export);
CLI_RUN(fleet_summary);
CLI_RUN(group_set);
CLI_RUN(group_list);
CLI_RUN(group_show);
CLI_RUN(group_delete);
CLI_RUN(server_status);
CLI_RUN(completion);
CLI_RUN(server_gc);
CLI_RUN(server_freeze);
CLI_RUN(server_unfreeze);
CLI_RUN(server_backup);
CLI_RUN(operator_add);
CLI_RUN(operator_list);
CLI_RUN(operator_remove);
CLI_RUN(operator_show);
CLI_RUN(operator_grant);
CLI_RUN(operator_revoke);
CLI_RUN(operator_disable);
CLI_RUN(operator_enable);
CLI_RUN(token_new);
CLI_RUN(token_list);
CLI_RUN(token_revoke);
CLI_RUN(token_login);
CLI_RUN(token_logout);
CLI_RUN(audit_list);
CLI_RUN(audit_head);
CLI_RUN(audit_export);
CLI_RUN(audit_verify);
CLI_RUN(audit_prune);

extern const struct cli_option cli_options_key_new[];
extern const struct cli_option cli_options_key_show[];
extern const struct cli_option cli_options_key_passphrase[];
extern const struct cli_option cli_options_root_new[];
extern const struct cli_option cli_options_root_sign[];
extern const struct cli_option cli_options_root_show[];
extern const struct cli_option cli_options_image_sign[];
extern const struct cli_option cli_options_image_verify[];
extern const struct cli_option cli_options_image_key_add[];
extern const struct cli_option cli_options_release_create[];
extern const struct cli_option cli_options_release_sign[];
extern const struct cli_option cli_options_release_verify[];
extern const struct cli_option cli_options_release_publish[];
extern const struct cli_option cli_options_release_show[];
extern const struct cli_option cli_options_rollout_create[];
extern const struct cli_option cli_options_rollout_status[];
extern const struct cli_option cli_options_device_provision[];
extern const struct cli_option cli_options_device_enroll[];
extern const struct cli_option cli_options_device_tag[];
extern const struct cli_option cli_options_device_set[];
extern const struct cli_option cli_options_device_hold[];
extern const struct cli_option cli_options_device_unhold[];
extern const struct cli_option cli_options_device_pin[];
extern const struct cli_option cli_options_device_unpin[];
extern const struct cli_option cli_options_device_retry[];
extern const struct cli_option cli_options_device_retire[];
extern const struct cli_option cli_options_device_reinstate[];
extern const struct cli_option cli_options_device_export[];
extern const struct cli_option cli_options_release_withdraw[];
extern const struct cli_option cli_options_rollout_wait[];
extern const struct cli_option cli_options_rollout_phase[]; /* of advance and approve */
extern const struct cli_option cli_options_rollout_preview[];
extern const struct cli_option cli_options_rollout_simulate[];
extern const struct cli_option cli_options_rollout_explain[];
extern const struct cli_option cli_options_fleet_summary[];
extern const struct cli_option cli_options_group_set[];
extern const struct cli_option cli_options_operator_add[];
extern const struct cli_option cli_options_operator_grant[];
extern const struct cli_option cli_options_operator_revoke[];
extern const struct cli_option cli_options_token_new[];
extern const struct cli_option cli_options_token_login[];
extern const struct cli_option cli_options_token_logout[];
extern const struct cli_option cli_options_server_gc[];
extern const struct cli_option cli_options_server_freeze[];
extern const struct cli_option cli_options_audit_head[];
extern const struct cli_option cli_options_audit_export[];
extern const struct cli_option cli_options_audit_verify[];
extern const struct cli_option cli_options_audit_prune[];

extern const char cli_notes_key_passphrase[];
extern const char cli_signature_notes[]; /* of root sign and release sign */
extern const char cli_notes_image_sign[];
extern const char cli_notes_root_new[];
extern const char cli_notes_release_create[];
extern const char cli_notes_release_publish[];
extern const char cli_notes_device_provision[];
extern const char cli_notes_device_enroll[];
extern const char cli_notes_completion_bash[];
extern const char cli_notes_completion_zsh[];
extern const char cli_notes_completion_fish[];
extern const char cli_notes_device_set[];
extern const char cli_notes_device_hold[];
extern const char cli_notes_device_pin[];
extern const char cli_notes_device_retry[];
extern const char cli_notes_device_retire[];
extern const char cli_notes_device_import[];
extern const char cli_notes_device_export[];
extern const char cli_notes_release_withdraw[];
extern const char cli_notes_rollout_approve[];
extern const char cli_notes_rollout_create[];
extern const char cli_notes_rollout_resume[];
extern const char cli_notes_rollout_rollback[];
extern const char cli_notes_rollout_status[];
extern const char cli_notes_rollout_wait[];
extern const char cli_notes_rollout_preview[];
extern const char cli_notes_rollout_simulate[];
extern const char cli_notes_rollout_explain[];
extern const char cli_notes_rollout_report[];
extern const char cli_notes_fleet_summary[];
extern const char cli_notes_group_set[];
extern const char cli_notes_group_delete[];
extern const char cli_notes_server_gc[];
extern const char cli_notes_server_freeze[];
extern const char cli_notes_server_backup[];
extern const char cli_notes_operator_add[];
extern const char cli_notes_operator_remove[];
extern const char cli_notes_audit_list[];
extern const char cli_notes_audit_head[];
extern const char cli_notes_audit_export[];
extern const char cli_notes_audit_verify[];
extern const char cli_notes_audit_prune[];

extern const char cli_notes_operator_show[];
extern const char cli_notes_operator_disable[];
extern const char cli_notes_token_new[];
extern const char cli_notes_token_list[];
extern const char cli_notes_token_revoke[];
extern const char cli_notes_token_login[];
extern const char cli_notes_token_logout[];

#endif
