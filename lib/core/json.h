/*
 * Bounded JSON (RFC 8259), without allocation: the document stays where it is, tokens point into it.
 * otter_json_parse accepts well-formed JSON only, in valid UTF-8: one object or array, depth at most
 * OTTER_JSON_DEPTH, OTTER_JSON_TOKENS tokens (a key and each value is one).
 */
#ifndef OTTER_CORE_JSON_H
#define OTTER_CORE_JSON_H

#include "core/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OTTER_JSON_DEPTH  8u
#define OTTER_JSON_TOKENS 128u

enum otter_json_type {
    OTTER_JSON_OBJECT = 1,
    OTTER_JSON_ARRAY,
    OTTER_JSON_STRING,
    OTTER_JSON_NUMBER,
    OTTER_JSON_BOOL,
    OTTER_JSON_NULL
};

/* 12 bytes; 128 of them are 1.5 KB on the stack of the functions that decode. */
struct otter_json_token {
    uint16_t start; /* offset of the first character (a string's: after the quote) */
    uint16_t end;   /* offset behind the last character (a string's: the closing quote) */
    uint16_t size;  /* members of an object, elements of an array */
    uint16_t next;  /* index of the token after this one and all inside it */
    uint8_t type;   /* enum otter_json_type */
    bool escaped;   /* a string that holds a backslash */
};

struct otter_json {
    const char *text;
    size_t len;      /* <= 65,535 */
    size_t error_at; /* after BAD_JSON: offset of the first wrong character */
    uint16_t count;  /* tokens in use */
    struct otter_json_token token[OTTER_JSON_TOKENS];
};

/* OK, TOO_LARGE (text over 65,535 bytes) or BAD_JSON (with error_at). `text` must outlive `json`. */
enum otter_status otter_json_parse(struct otter_json *json, const char *text, size_t len);

/* One expected member of an object. */
struct otter_json_field {
    const char *name;
    uint8_t type; /* enum otter_json_type */
    bool optional;
    uint16_t index; /* out: index of the value's token, 0 if absent (token 0 is never a member's value) */
};

/*
 * Matches the object at token `object` against the table, exactly: OK, BAD_VALUE (not an object, or a member
 * of the wrong type), MISSING_MEMBER, UNKNOWN_MEMBER (unless allow_unknown), DUPLICATE_MEMBER. At most 32
 * fields. json->error_at is the offset of the offending token.
 */
enum otter_status otter_json_fields(struct otter_json *json, unsigned object, struct otter_json_field *fields,
                                    unsigned n, bool allow_unknown);

/* A number token that is a plain non-negative integer <= max. */
bool otter_json_uint(const struct otter_json *json, unsigned token, uint64_t max, uint64_t *ret);

/* Copies a string without escapes and a NUL into out (cap bytes); false if escaped or too long. */
bool otter_json_string(const struct otter_json *json, unsigned token, char *out, size_t cap);

/* The like, but \" \\ \/ become themselves and every other escape or control character a '?' ; cut at cap
 * - 1. */
void otter_json_text(const struct otter_json *json, unsigned token, char *out, size_t cap);

/* Strict base64url string of exactly n bytes. */
bool otter_json_b64(const struct otter_json *json, unsigned token, uint8_t *out, size_t n);

/* Lower-case hex string of exactly n bytes. */
bool otter_json_hex(const struct otter_json *json, unsigned token, uint8_t *out, size_t n);

/* Writer into a bounded buffer: a too small one is remembered, never overrun. No white space. */
struct otter_json_out {
    char *buf;
    size_t cap;
    size_t len;
    bool overflow;
    bool comma;
};

void otter_json_out_init(struct otter_json_out *o, char *buf, size_t cap);
void otter_json_begin(struct otter_json_out *o, const char *key_or_null, char bracket); /* '{' or '[' */
void otter_json_end(struct otter_json_out *o, char bracket);                            /* '}' or ']' */
void otter_json_put_string(struct otter_json_out *o, const char *key_or_null, const char *value);
void otter_json_put_uint(struct otter_json_out *o, const char *key_or_null, uint64_t value);
void otter_json_put_bool(struct otter_json_out *o, const char *key_or_null, bool value);
void otter_json_put_hex(struct otter_json_out *o, const char *key_or_null, const uint8_t *b, size_t n);
void otter_json_put_b64(struct otter_json_out *o, const char *key_or_null, const uint8_t *b, size_t n);

/* Length written (NUL-terminated), or -1 if it did not fit. */
int otter_json_out_finish(struct otter_json_out *o);

#endif
