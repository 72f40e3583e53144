/* Bills of materials as far as Otter looks at them: which format, and how many components. Pure. */
#ifndef OTTER_CLI_SBOM_H
#define OTTER_CLI_SBOM_H

#include "host/json.h"

#include <stdbool.h>
#include <stdint.h>

#define CLI_SBOM_FORMAT 48u

struct cli_sbom {
    char format[CLI_SBOM_FORMAT]; /* "CycloneDX 1.5", "SPDX-2.3" */
    uint64_t components;
};

/* CycloneDX in JSON (ECMA-424), SPDX 2 in JSON, or SPDX 3 in JSON-LD; false: none of them. */
bool cli_sbom_judge(const json_t *document, struct cli_sbom *ret);

#endif
