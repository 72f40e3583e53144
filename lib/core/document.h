/* What the decoders of root, manifest, offer, poll and report share; internal to lib/core. Pure. */
#ifndef OTTER_CORE_DOCUMENT_H
#define OTTER_CORE_DOCUMENT_H

#include "core/crypto.h"
#include "core/json.h"
#include "core/names.h"
#include "core/status.h"
#include "core/version.h"

/*
 * Parses a payload and matches it against the n members of its format, into ret_fields. The type comes before
 * anything else, so that a document of another type is called that and not a heap of unknown members. OK,
 * TOO_LARGE, BAD_JSON, BAD_VALUE, MISSING_MEMBER, DUPLICATE_MEMBER, WRONG_TYPE, UNKNOWN_MEMBER.
 */
enum otter_status otter_document_open(struct otter_json *json, const char *payload, size_t len,
                                      const char *type, const struct otter_json_field *members,
                                      struct otter_json_field *ret_fields, unsigned n);

/* A string without escapes that `valid` accepts. */
bool otter_document_name(const struct otter_json *json, unsigned token,
                         bool (*valid)(const char *s, size_t len), char ret[OTTER_NAME_BUF]);

bool otter_document_version(const struct otter_json *json, unsigned token, struct otter_version *ret);
bool otter_document_slot(const struct otter_json *json, unsigned token, enum otter_slot *ret);

/* An integer below 2^53 and at least min. */
bool otter_document_int(const struct otter_json *json, unsigned token, uint64_t min, uint64_t *ret);

#endif
