/* A board without a network driver: the application shows what it would poll with. */
#include "app/online.h"

#include "port/console.h"

void online_init(const struct identity *identity, const struct health *health, bool fails)
{
    static char text[OTTER_POLL_MAX];

    (void)health;
    (void)fails;
    console_line("update: off, built without a network");
    if (identity_poll(identity, text, sizeof(text)) > 0)
        console_pair("update: would poll", text);
}

uint32_t online_step(uint64_t now_ms)
{
    (void)now_ms;
    return UINT32_MAX;
}
