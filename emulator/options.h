/* The command line of otter-emu. */
#ifndef OTTER_EMU_OPTIONS_H
#define OTTER_EMU_OPTIONS_H

#include "bad.h"
#include "expect.h"
#include "fault.h"
#include "host/error.h"
#include "source.h"

#include <stdio.h>

struct emu_options {
    const char *server;      /* overrides the factory data's URL; NULL = as provisioned */
    const char *fleet_key;   /* file of the product's, instead of the secret; NULL = as provisioned */
    const char *cacert;      /* file of the CA to trust instead; NULL = as provisioned */
    const char *tls_name;    /* of the server's certificate, instead; NULL = as provisioned, or the host */
    const char *fleet;       /* JSONL */
    const char *factory_dir; /* *.bin */
    const char *slot_a;      /* signed image for slot A of new devices */
    const char *keep;        /* directory of flash files; NULL = a temporary one */
    const char *log;         /* file of event lines; NULL = none */
    const char *inspect;     /* flash file to print */
    const char *hardware;    /* of --inspect */
    struct emu_expect expect;
    struct emu_fault_plan fault;
    struct emu_cut_plan cut;
    struct emu_bad_plan bad;
    uint32_t speed;       /* 1.. */
    uint32_t concurrency; /* devices awake at once, and so sockets open */
    uint32_t pool_mb;     /* most that the devices' flash may take without --keep */
    struct emu_sources sources;
    uint32_t timeout_s; /* real seconds; 0 = none */
    uint32_t devices;   /* only the first so many of the fleet; 0 = all */
    bool openssl;       /* checks hashes and signatures, instead of the firmware's BearSSL */
    bool auth_hmac;     /* Otter-HMAC always, instead of where the updater uses it by itself */
    bool until_idle;
    bool json;
    bool verbose;
    bool quiet;
    bool help;
    bool version;
};

/*
 * Strings in *ret point into argv. False with a message for people on a usage error. --help and --version win
 * over all else. argv[0] is the program.
 */
bool emu_options_parse(int argc, char *const *argv, struct emu_options *ret, struct host_error *err);

/* The text of --help. */
void emu_options_help(FILE *out);

#endif
