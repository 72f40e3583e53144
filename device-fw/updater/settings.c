#include "updater/settings.h"

#include <string.h>

static bool is_blank(const uint8_t *raw, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        if (raw[i] != 0xff)
            return false;
    return true;
}

enum otter_status otter_settings_read(struct otter_flash *flash, uint8_t raw[OTTER_FACTORY_MAX],
                                      struct otter_factory *ret)
{
    uint32_t len =
        flash->map->factory_size < OTTER_FACTORY_MAX ? flash->map->factory_size : OTTER_FACTORY_MAX;
    enum otter_status status = flash->read(flash, flash->map->factory_base, raw, len);

    if (status != OTTER_OK)
        return status;
    return is_blank(raw, len) ? OTTER_UNKNOWN_DEVICE : otter_factory_decode(raw, len, ret);
}

static bool fits(const char *text, size_t max)
{
    return text == NULL || memchr(text, '\0', max + 1) != NULL;
}

/* What fits. */
static void take(char *out, const char *text)
{
    memcpy(out, text, strlen(text) + 1);
}

enum otter_status otter_settings_override(struct otter_factory *f, const struct otter_updater_config *config)
{
    if (!fits(config->url, OTTER_URL_MAX) || !fits(config->tls_name, OTTER_NAME_MAX) ||
        config->ca_len > sizeof(f->ca))
        return OTTER_BAD_VALUE;
    if (config->url != NULL) {
        take(f->url[0], config->url);
        f->url[1][0] = '\0';
        f->tls_name[0][0] = '\0';
        f->tls_name[1][0] = '\0';
    }
    if (config->tls_name != NULL)
        take(f->tls_name[0], config->tls_name);
    if (config->ca_len > 0) {
        memcpy(f->ca, config->ca, config->ca_len);
        f->ca_len = (uint16_t)config->ca_len;
    }
    return OTTER_OK;
}
