/* Values of request headers that decide something in otterd: credentials, addresses, ranges. Pieces lie
 * within the value. */
#include "fuzz.h"

#include "http/headers.h"
#include "http/range.h"

static bool within(const char *piece, size_t len, const char *text)
{
    return piece >= text && piece + len <= text + strlen(text);
}

static void check_credentials(const char *text)
{
    struct http_credentials c;

    http_credentials_parse(text, &c);
    if (c.scheme == HTTP_SCHEME_BEARER)
        MUST(within(c.token, strlen(c.token), text) && strlen(c.token) > 0 &&
             strlen(c.token) <= HTTP_TOKEN_MAX);
    if (c.scheme == HTTP_SCHEME_HMAC)
        MUST(within(c.device, c.device_len, text) && within(c.nonce, c.nonce_len, text) &&
             within(c.mac, c.mac_len, text) && c.device_len > 0);
}

static void check_slice(const char *text, uint64_t size)
{
    static const char etag[] = "\"abc\"";
    struct http_conditions c = {.range = text, .if_range = NULL, .etag = etag, .size = size};
    struct http_slice slice = http_slice_of(&c);

    if (slice.part == HTTP_PART_RANGE)
        MUST(slice.length >= 1 && slice.first < size && slice.length <= size - slice.first);
    c.if_range = text;
    (void)http_slice_of(&c);
    c.if_none_match = text;
    MUST(http_slice_of(&c).part == HTTP_PART_NOT_MODIFIED || !http_etag_listed(text, etag));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    char address[HTTP_IP_STR];
    uint64_t number;

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_credentials(text);
    check_slice(text, 0);
    check_slice(text, 1000);
    check_slice(text, UINT64_MAX);
    if (http_forwarded_for(text, address))
        MUST(strlen(address) >= 2 && strlen(address) < sizeof(address));
    (void)http_forwarded_plain(text);
    (void)http_media_type_is(text, "application/json");
    if (http_number(text, 1000, &number))
        MUST(number <= 1000);
    free(text);
    return 0;
}
