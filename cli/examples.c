/* Command lines to begin with, for --help and the manual. A unit test parses each of them. */
#include "verbs.h"

const struct cli_example cli_examples[] = {
    {"key", "new", "key new --out release.key --kind release", NULL},
    {"key", "show", "key show release.key.pub", NULL},

    {"root", "new",
     "root new --root-key r1.key.pub r2.key.pub --threshold-root 2 --release-key release.key.pub "
     "--offer-key offer.pub --out root.json",
     "Two root keys, both of which must sign"},
    {"root", "new", "root new --from root.json --epoch 2 --release-key new.key.pub --out root2.json",
     "After a release key was stolen"},
    {"root", "sign", "root sign root2.json --key r1.key --from root.json", NULL},
    {"root", "publish", "root publish root.json", NULL},
    {"root", "show", "root show --save root.json", "The server's newest, also as a file"},

    {"image", "sign",
     "image sign --key image.key --version 1.4.0 --hardware nucleo-f429zi --slot A app-a.bin a.img", NULL},
    {"image", "info", "image info a.img", NULL},
    {"image", "verify", "image verify --key image.key.pub a.img", NULL},
    {"image-key", "add", "image-key add --product pump image.key.pub", NULL},

    {"release", "create",
     "release create --product pump --version 1.4.0 --hardware nucleo-f429zi --image A=a.img "
     "B=b.img --sequence 14 --out r.json",
     NULL},
    {"release", "sign", "release sign r.json --key release.key", NULL},
    {"release", "verify", "release verify r.json a.img b.img --root root.json", NULL},
    {"release", "publish", "release publish r.json a.img b.img", NULL},
    {"release", "list", "release list --filter 'product == pump' --columns version,sequence,id", NULL},
    {"release", "show", "release show pump@1.4.0", NULL},
    {"release", "deps", "release deps pump@1.3.0", NULL},
    {"release", "withdraw", "release withdraw pump@1.4.0 --reason 'bricks rev C boards' --abort-rollouts",
     NULL},

    {"rollout", "create", "rollout create --release pump@1.4.0 --target all --phases 1,10,50,100",
     "One per cent first"},
    {"rollout", "create",
     "rollout create --release pump@1.4.0 --target 'tag == lab and version < 1.3.0' --auto",
     "Only some devices"},
    {"rollout", "create",
     "rollout create --release pump@1.4.0 --target all --phases 10dev,5,25,100 --gate auto --success 99 "
     "--failure 2 --soak 1h --on-failure rollback --rollback-release pump@1.3.1",
     "By itself, an hour apart, back to 1.3.1 when more than 2 % are lost"},
    {"rollout", "create",
     "rollout create --release pump@1.4.0 --target all --window 'mon-fri 22:00-05:00' --tz Europe/Berlin "
     "--max-active 200 --bandwidth 5MB/s",
     "At night, gently"},
    {"rollout", "create", "rollout create --plan weekly.json --release pump@1.4.0", "As planned before"},
    {"rollout", "start", "rollout start 7", NULL},
    {"rollout", "approve", "rollout approve 7 --token-file second.token", NULL},
    {"rollout", "resume", "rollout resume 7", NULL},
    {"rollout", "rollback", "rollout rollback 7", NULL},
    {"rollout", "status", "rollout status 7 --watch", NULL},
    {"rollout", "wait", "rollout wait 7 --until phase=1 --timeout 2h", "In CI"},
    {"rollout", "explain", "rollout explain --device dev-17 --at 2026-11-28T03:00:00Z",
     "Why has it got nothing, and would it on Saturday night?"},
    {"rollout", "events", "rollout events 7", NULL},
    {"rollout", "report", "rollout report 7 --format csv", "For a spreadsheet"},
    {"rollout", "attempts", "rollout attempts 7 --filter 'state == failed'", "Which devices failed, and why"},

    {"group", "set", "group set canary --target 'tag == lab or attr.site == oslo' --poll 60s", NULL},
    {"group", "set", "group set asleep --target 'seen == no or last_seen < 30d ago'",
     "Not heard of for 30 days, or never"},
    {"group", "show", "group show canary", NULL},
    {"group", "delete", "group delete canary --dry-run", "Would anything miss it?"},

    {"device", "provision",
     "device provision --id dev-17 --product pump --hardware nucleo-f429zi --root root.json "
     "--image-key image.key.pub --url https://ota.example.com --out factory.bin",
     NULL},
    {"device", "enroll", "device enroll --from devices.csv", NULL},
    {"device", "list",
     "device list --filter 'version < 1.4.0 and tag != lab' --sort -last_seen --all --format csv", NULL},
    {"device", "show", "device show dev-17", "What it runs, and why its last update ended as it did"},
    {"device", "timeline", "device timeline dev-17", NULL},
    {"device", "tag", "device tag dev-17 dev-18 --add lab", NULL},
    {"device", "tag", "device tag --target 'hardware == h743' --add rev-c", NULL},
    {"device", "set", "device set dev-17 site=oslo floor=", "Sets one attribute, removes another"},
    {"device", "hold", "device hold dev-17 --reason 'on the bench'", NULL},
    {"device", "pin", "device pin --target 'tag == museum' --release pump@1.2.0", NULL},
    {"device", "retire", "device retire dev-17 --reason 'lost in the harbour'", NULL},
    {"device", "import", "device import fleet.csv --dry-run", NULL},
    {"device", "export", "device export --out fleet.csv", NULL},

    {"fleet", "summary", "fleet summary --by version,hardware", NULL},

    {"operator", "add", "operator add eve", "A second operator, who may approve what the first one made"},
    {"operator", "remove", "operator remove eve", NULL},

    {"server", "status", "server status --json", NULL},
    {"server", "freeze", "server freeze --reason 'power plant works today'", NULL},
    {"server", "gc", "server gc --keep 5 --dry-run", "What would be dropped"},
    {"server", "backup", "server backup /var/backups/otter", NULL},
    {NULL, NULL, NULL, NULL},
};
