/* URLs, as an offer's `blobs` brings them, and the small words of the protocol: what is accepted is bounded
 * and canonical. */
#include "fuzz.h"

#include "client/url.h"
#include "core/bytes.h"
#include "core/crypto.h"
#include "core/names.h"
#include "core/version.h"

static void check_url(const char *text, size_t len)
{
    struct otter_url url;

    memset(&url, 0x5a, sizeof(url));
    if (!otter_url_parse(text, &url)) {
        for (size_t i = 0; i < sizeof(url); i++)
            MUST(((const uint8_t *)&url)[i] == 0x5a);
        return;
    }
    MUST(len <= OTTER_URL_MAX && url.port != 0 && url.host[0] != '\0');
    MUST(strlen(url.host) <= OTTER_URL_MAX && strlen(url.path) <= OTTER_URL_MAX);
    MUST(url.path[0] == '\0' || (url.path[0] == '/' && url.path[strlen(url.path) - 1] != '/'));
    for (const char *p = url.host; *p != '\0'; p++)
        MUST(*p > ' ' && *p < 0x7f && *p != '@' && *p != '/');
    for (const char *p = url.path; *p != '\0'; p++)
        MUST(*p > ' ' && *p < 0x7f && *p != '?' && *p != '#'); /* it is put into a request line */
    MUST(otter_url_same_origin(&url, &url));
    (void)otter_url_is_loopback(&url);
}

static void check_encodings(const char *s, size_t len)
{
    static uint8_t bytes[1024];
    static char back[2 * sizeof(bytes) + 2];
    int n = otter_b64_decode(s, len, bytes, sizeof(bytes));

    if (n >= 0) { /* one spelling alone */
        otter_b64_encode(bytes, (size_t)n, back);
        MUST(strlen(back) == len && memcmp(back, s, len) == 0);
    }
    if (len % 2 == 0 && len / 2 <= sizeof(bytes) && otter_hex_decode(s, len, bytes, len / 2)) {
        otter_hex_encode(bytes, len / 2, back);
        MUST(memcmp(back, s, len) == 0);
    }
}

static void check_words(const char *s, size_t len)
{
    struct otter_version version, again;
    char text[OTTER_VERSION_STR];
    enum otter_slot slot;
    uint64_t number;

    if (otter_version_parse(s, len, &version)) {
        otter_version_format(&version, text);
        MUST(otter_version_parse(text, strlen(text), &again) && otter_version_compare(&version, &again) == 0);
    }
    if (otter_parse_uint(s, len, 1000, &number))
        MUST(number <= 1000 && len > 0 && len <= 4);
    if (otter_slot_parse(s, len, &slot))
        MUST(strlen(otter_slot_name(slot)) == len && memcmp(otter_slot_name(slot), s, len) == 0);
    if (otter_device_id_valid(s, len) || otter_name_valid(s, len))
        MUST(len >= 1 && len <= OTTER_NAME_MAX && memchr(s, '"', len) == NULL &&
             memchr(s, '\0', len) == NULL);
}

static void check_keys(const uint8_t *data, size_t len)
{
    uint8_t sig[OTTER_SIG_LEN];
    uint8_t spki[OTTER_SPKI_LEN];
    const uint8_t *point = otter_spki_point(data, len);

    if (point != NULL) {
        otter_spki_from_point(point, spki);
        MUST(len == sizeof(spki) && memcmp(spki, data, len) == 0);
    }
    if (otter_sig_from_der(data, len, sig))
        MUST(len >= 8 && len <= 72 && data[0] == 0x30 && data[1] == len - 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    check_url(text, strlen(text));
    free(text);
    /* Without a NUL behind them: all of these are told a length. */
    check_encodings((const char *)data, size);
    check_words((const char *)data, size);
    check_keys(data, size);
    return 0;
}
