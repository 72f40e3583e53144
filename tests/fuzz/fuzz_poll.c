/* An accepted poll comes back as it was from its own encoding. */
#include "fuzz.h"

#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OTTER_POLL_MAX + 1];
    struct otter_poll poll;
    struct otter_poll back;
    size_t at = 0;
    int len;

    if (otter_poll_decode((const char *)data, size, &poll, &at) != OTTER_OK) {
        MUST(at <= size);
        return 0;
    }
    len = otter_poll_encode(&poll, text, sizeof(text));
    MUST(len > 0);
    MUST(otter_poll_decode(text, (size_t)len, &back, NULL) == OTTER_OK);
    /* The name is for the one who decodes; what is encoded is the status. */
    memset(poll.refused_name, 0, sizeof(poll.refused_name));
    memset(back.refused_name, 0, sizeof(back.refused_name));
    MUST(memcmp(&poll, &back, sizeof(poll)) == 0);
    return 0;
}
