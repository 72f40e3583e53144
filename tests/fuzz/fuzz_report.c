/* An accepted report comes back as it was from its own encoding; the reply to one is never misread. */
#include "fuzz.h"

#include "core/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[OTTER_REPORT_MAX + 1];
    char device[OTTER_NAME_BUF];
    char back_device[OTTER_NAME_BUF];
    struct otter_running running;
    struct otter_running back_running;
    struct otter_report report;
    struct otter_report back;
    bool go;
    int len;

    (void)otter_report_reply_decode((const char *)data, size, &go);
    if (otter_report_decode((const char *)data, size, device, &running, &report, NULL) != OTTER_OK)
        return 0;
    len = otter_report_encode(device, &running, &report, text, sizeof(text));
    MUST(len > 0);
    MUST(otter_report_decode(text, (size_t)len, back_device, &back_running, &back, NULL) == OTTER_OK);
    MUST(memcmp(&report, &back, sizeof(report)) == 0 && strcmp(device, back_device) == 0);
    return 0;
}
