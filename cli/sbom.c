#include "sbom.h"

#include <stdio.h>
#include <string.h>

/* A version is somebody else's text: what is no version is left out. */
static const char *version_of(const json_t *document, const char *name)
{
    const char *text = json_string_value(json_object_get(document, name));
    size_t len = text != NULL ? strlen(text) : 0;

    return len > 0 && len <= 16 && strspn(text, "0123456789.-ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len ? text : "";
}

/* A software package of SPDX 3's graph, whatever prefix its context gives the type. */
static bool is_package(const json_t *element)
{
    const char *type = json_string_value(json_object_get(element, "type"));
    const char *end = type != NULL ? strrchr(type, '_') : NULL;

    return end != NULL && strcmp(end, "_Package") == 0;
}

static bool judge_spdx3(const json_t *document, struct cli_sbom *ret)
{
    const char *context = json_string_value(json_object_get(document, "@context"));
    const json_t *graph = json_object_get(document, "@graph");

    if (context == NULL || strncmp(context, "https://spdx.org/rdf/", 21) != 0 || !json_is_array(graph))
        return false;
    *ret = (struct cli_sbom){.format = "SPDX 3"};
    for (size_t i = 0; i < json_array_size(graph); i++)
        ret->components += is_package(json_array_get(graph, i)) ? 1 : 0;
    return true;
}

bool cli_sbom_judge(const json_t *document, struct cli_sbom *ret)
{
    const char *format = json_string_value(json_object_get(document, "bomFormat"));
    const char *spdx = version_of(document, "spdxVersion");

    if (format != NULL && strcmp(format, "CycloneDX") == 0) {
        ret->components = json_array_size(json_object_get(document, "components"));
        snprintf(ret->format, sizeof(ret->format), "CycloneDX %s", version_of(document, "specVersion"));
        return true;
    }
    if (strncmp(spdx, "SPDX-", 5) == 0) {
        ret->components = json_array_size(json_object_get(document, "packages"));
        snprintf(ret->format, sizeof(ret->format), "%s", spdx);
        return true;
    }
    return judge_spdx3(document, ret);
}
