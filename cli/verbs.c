#include "verbs.h"
#include "verb.h"

#include <string.h>

const struct cli_noun cli_nouns[] = {
    {"key", "Keys"},
    {"root", "Root: whom the devices trust"},
    {"image", "Images (MCUboot's format)"},
    {"image-key", "Image keys that the server knows"},
    {"release", "Releases"},
    {"rollout", "Rollouts"},
    {"device", "Devices"},
    {"fleet", "The fleet as a whole"},
    {"group", "Saved groups of devices"},
    {"operator", "Operators: who has a token"},
    {"server", "Server"},
    {"completion", "Completion of command lines"},
    {NULL, NULL},
};

const struct cli_option cli_global_options[] = {
    {"server", CLI_OPTION_VALUE, "URL", "otterd: http://..., https://... or unix:/path"},
    {"token-file", CLI_OPTION_VALUE, "F", "file with the operator's token"},
    {"cacert", CLI_OPTION_VALUE, "F", "PEM file of the CA to trust instead of the system's"},
    {"insecure-plain-http", CLI_OPTION_FLAG, NULL, "send the token over http to another machine"},
    {"format", CLI_OPTION_VALUE, "FORMAT", "table, json, jsonl or csv"},
    {"json", CLI_OPTION_FLAG, NULL, "the server's answer unchanged"},
    {"columns", CLI_OPTION_VALUE, "A,B",
     "columns of a table or CSV; a wrong one is answered with their names"},
    {"filter", CLI_OPTION_VALUE, "EXPR", "of lists: what the expression selects"},
    {"sort", CLI_OPTION_VALUE, "COLUMN", "of lists: by this column; -COLUMN: falling"},
    {"limit", CLI_OPTION_VALUE, "N", "of lists: at most N items"},
    {"all", CLI_OPTION_FLAG, NULL, "of lists: every page"},
    {"dry-run", CLI_OPTION_FLAG, NULL, "check everything, change nothing"},
    {"trace", CLI_OPTION_VALUE, "FILE", "append each exchange with the server, as JSON lines without tokens"},
    {"help", CLI_OPTION_FLAG, NULL, "this text"},
    {NULL},
};

/* noun, verb, operands, summary, least and most operands, options, function, notes */
const struct cli_verb cli_verbs[] = {
    {"key", "new", "", "Make a key pair on P-256", 0, 0, cli_options_key_new, cli_run_key_new},
    {"key", "show", "KEY", "Show a key's id", 1, 1, cli_options_key_show, cli_run_key_show},
    {"key", "passphrase", "FILE", "Give a private key another passphrase, or none", 1, 1,
     cli_options_key_passphrase, cli_run_key_passphrase, cli_notes_key_passphrase},

    {"root", "new", "", "Write a root that names keys and thresholds", 0, 0, cli_options_root_new,
     cli_run_root_new, cli_notes_root_new},
    {"root", "sign", "FILE", "Add a root key's signature", 1, 1, cli_options_root_sign, cli_run_root_sign,
     cli_signature_notes},
    {"root", "publish", "FILE", "Verify a signed root and send it to the server", 1, 1, NULL,
     cli_run_root_publish},
    {"root", "show", "[FILE]", "Show a root: of a file, or the server's newest", 0, 1, cli_options_root_show,
     cli_run_root_show},
    {"root", "list", "", "List the server's roots", 0, 0, NULL, cli_run_root_list},

    {"image", "sign", "IN [OUT]", "Make a signed image of a firmware", 1, 2, cli_options_image_sign,
     cli_run_image_sign, cli_notes_image_sign},
    {"image", "info", "FILE", "Show what an image says about itself", 1, 1, NULL, cli_run_image_info},
    {"image", "verify", "FILE", "Check an image's hash and signature as a bootloader does", 1, 1,
     cli_options_image_verify, cli_run_image_verify},

    {"image-key", "add", "FILE", "Tell the server a product's image key", 1, 1, cli_options_image_key_add,
     cli_run_image_key_add},
    {"image-key", "list", "", "List the image keys that the server knows", 0, 0, NULL,
     cli_run_image_key_list},

    {"release", "create", "", "Write a release of signed images", 0, 0, cli_options_release_create,
     cli_run_release_create, cli_notes_release_create},
    {"release", "sign", "FILE", "Add a release key's signature", 1, 1, cli_options_release_sign,
     cli_run_release_sign, cli_signature_notes},
    {"release", "verify", "FILE [IMAGE...]", "Check a release as a device does", 1, 1 + OTTER_IMAGES_MAX,
     cli_options_release_verify, cli_run_release_verify},
    {"release", "publish", "FILE [IMAGE...]", "Upload the images and publish the release", 1,
     1 + OTTER_IMAGES_MAX, cli_options_release_publish, cli_run_release_publish, cli_notes_release_publish},
    {"release", "list", "", "List the published releases", 0, 0, NULL, cli_run_release_list},
    {"release", "show", "R", "Show a release: a file, or a published one", 1, 1, NULL, cli_run_release_show},
    {"release", "deps", "R", "Show what needs a release, and what it shares", 1, 1, NULL,
     cli_run_release_deps},
    {"release", "withdraw", "R", "No rollout may have it any more", 1, 1, cli_options_release_withdraw,
     cli_run_release_withdraw, cli_notes_release_withdraw},

    {"rollout", "create", "", "Plan a release for the devices that a target selects", 0, 0,
     cli_options_rollout_create, cli_run_rollout_create, cli_notes_rollout_create},
    {"rollout", "preview", "[ID]", "Show whom a rollout would reach, and by when", 0, 1,
     cli_options_rollout_preview, cli_run_rollout_preview, cli_notes_rollout_preview},
    {"rollout", "simulate", "[ID]",
     "Try a rollout in virtual time: its curve, and whether its gates stop a bad release", 0, 1,
     cli_options_rollout_simulate, cli_run_rollout_simulate, cli_notes_rollout_simulate},
    {"rollout", "start", "ID", "Open the first phase", 1, 1, NULL, cli_run_rollout_start},
    {"rollout", "advance", "ID", "Open the next phase", 1, 1, cli_options_rollout_phase,
     cli_run_rollout_advance},
    {"rollout", "pause", "ID", "Grant no further devices; running updates finish", 1, 1, NULL,
     cli_run_rollout_pause},
    {"rollout", "resume", "ID", "Go on after a pause or a halt", 1, 1, NULL, cli_run_rollout_resume,
     cli_notes_rollout_resume},
    {"rollout", "approve", "ID", "Approve the next phase, as a second operator", 1, 1,
     cli_options_rollout_phase, cli_run_rollout_approve, cli_notes_rollout_approve},
    {"rollout", "rollback", "ID", "End it, and bring its devices to the release to go back with", 1, 1, NULL,
     cli_run_rollout_rollback, cli_notes_rollout_rollback},
    {"rollout", "abort", "ID", "End it; downloads stop, installed updates finish", 1, 1, NULL,
     cli_run_rollout_abort},
    {"rollout", "list", "", "List the rollouts", 0, 0, NULL, cli_run_rollout_list},
    {"rollout", "status", "ID", "Show a rollout, or watch it to its end", 1, 1, cli_options_rollout_status,
     cli_run_rollout_status, cli_notes_rollout_status},
    {"rollout", "attempts", "ID", "List a rollout's updates, device by device", 1, 1, NULL,
     cli_run_rollout_attempts},
    {"rollout", "explain", "", "Say why a device is offered what it is offered, or nothing", 0, 0,
     cli_options_rollout_explain, cli_run_rollout_explain, cli_notes_rollout_explain},
    {"rollout", "events", "ID", "List what happened to a rollout, and who did it", 1, 1, NULL,
     cli_run_rollout_events},
    {"rollout", "report", "ID", "Write a line for each device of a rollout", 1, 1, NULL,
     cli_run_rollout_report, cli_notes_rollout_report},
    {"rollout", "wait", "ID", "Wait, as in CI, for a phase or the whole rollout", 1, 1,
     cli_options_rollout_wait, cli_run_rollout_wait, cli_notes_rollout_wait},

    {"device", "provision", "", "Write factory data for devices and register them", 0, 0,
     cli_options_device_provision, cli_run_device_provision, cli_notes_device_provision},
    {"device", "enroll", "[FACTORY...]", "Register devices that have their factory data", 0,
     CLI_OPERANDS_MANY, cli_options_device_enroll, cli_run_device_enroll, cli_notes_device_enroll},
    {"device", "list", "", "List the devices", 0, 0, NULL, cli_run_device_list},
    {"device", "show", "ID", "Show a device and its updates", 1, 1, NULL, cli_run_device_show},
    {"device", "timeline", "ID", "Show what has happened to a device", 1, 1, NULL, cli_run_device_timeline},
    {"device", "import", "F.csv", "Register devices and set their labels from a CSV; -: standard input", 1, 1,
     NULL, cli_run_device_import, cli_notes_device_import},
    {"device", "export", "", "Write devices and their labels as a CSV to import", 0, 0,
     cli_options_device_export, cli_run_device_export, cli_notes_device_export},
    {"device", "tag", "[ID...]", "Add and remove tags", 0, CLI_OPERANDS_MANY, cli_options_device_tag,
     cli_run_device_tag},
    {"device", "set", "[ID...] NAME=VALUE...", "Set attributes; NAME= removes one", 1, CLI_OPERANDS_MANY,
     cli_options_device_set, cli_run_device_set, cli_notes_device_set},
    {"device", "hold", "[ID...]", "Offer devices nothing", 0, CLI_OPERANDS_MANY, cli_options_device_hold,
     cli_run_device_hold, cli_notes_device_hold},
    {"device", "unhold", "[ID...]", "Offer held devices updates again", 0, CLI_OPERANDS_MANY,
     cli_options_device_unhold, cli_run_device_unhold},
    {"device", "pin", "[ID...]", "Offer devices one release only", 0, CLI_OPERANDS_MANY,
     cli_options_device_pin, cli_run_device_pin, cli_notes_device_pin},
    {"device", "unpin", "[ID...]", "Offer pinned devices every release again", 0, CLI_OPERANDS_MANY,
     cli_options_device_unpin, cli_run_device_unpin},
    {"device", "retry", "[ID...]", "Let devices try a lost update once more", 0, CLI_OPERANDS_MANY,
     cli_options_device_retry, cli_run_device_retry, cli_notes_device_retry},
    {"device", "retire", "[ID...]", "Take devices out of service for good", 0, CLI_OPERANDS_MANY,
     cli_options_device_retire, cli_run_device_retire, cli_notes_device_retire},
    {"device", "reinstate", "[ID...]", "Take retired devices back into service", 0, CLI_OPERANDS_MANY,
     cli_options_device_reinstate, cli_run_device_reinstate},

    {"fleet", "summary", "", "Count devices by version, state and last-seen age", 0, 0,
     cli_options_fleet_summary, cli_run_fleet_summary, cli_notes_fleet_summary},

    {"group", "set", "GROUP", "Save a target under a name", 1, 1, cli_options_group_set, cli_run_group_set,
     cli_notes_group_set},
    {"group", "list", "", "List the saved groups", 0, 0, NULL, cli_run_group_list},
    {"group", "show", "GROUP", "Show a group, its devices' number, and who uses it", 1, 1, NULL,
     cli_run_group_show},
    {"group", "delete", "GROUP", "Forget a group that nothing uses", 1, 1, NULL, cli_run_group_delete,
     cli_notes_group_delete},

    {"operator", "add", "NAME", "Give an operator a token of its own", 1, 1, NULL, cli_run_operator_add,
     cli_notes_operator_add},
    {"operator", "list", "", "List the operators", 0, 0, NULL, cli_run_operator_list},
    {"operator", "remove", "OPERATOR", "Take an operator's token back", 1, 1, NULL, cli_run_operator_remove,
     cli_notes_operator_remove},

    {"server", "status", "", "Show version, root and counts of the server", 0, 0, NULL,
     cli_run_server_status},
    {"server", "freeze", "", "Grant no updates, of no rollout, at once", 0, 0, cli_options_server_freeze,
     cli_run_server_freeze, cli_notes_server_freeze},
    {"server", "unfreeze", "", "Grant updates again", 0, 0, NULL, cli_run_server_unfreeze},
    {"server", "gc", "", "Drop images that nothing needs from the server's disk", 0, 0, cli_options_server_gc,
     cli_run_server_gc, cli_notes_server_gc},
    {"server", "backup", "DIR", "Copy database and images into a folder on the server's machine", 1, 1, NULL,
     cli_run_server_backup, cli_notes_server_backup},

    {"completion", "bash", "", "Print the script for bash", 0, 0, NULL, cli_run_completion,
     cli_notes_completion_bash},
    {"completion", "zsh", "", "Print the script for zsh", 0, 0, NULL, cli_run_completion,
     cli_notes_completion_zsh},
    {"completion", "fish", "", "Print the script for fish", 0, 0, NULL, cli_run_completion,
     cli_notes_completion_fish},
    {NULL},
};

const struct cli_verb *cli_verb_find(const char *noun, const char *name)
{
    for (const struct cli_verb *verb = cli_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, noun) == 0 && strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

bool cli_noun_exists(const char *noun)
{
    for (const struct cli_noun *n = cli_nouns; n->name != NULL; n++)
        if (strcmp(n->name, noun) == 0)
            return true;
    return false;
}
