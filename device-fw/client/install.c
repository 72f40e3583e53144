/* From a complete slot to the reset into its trial. */
#include "client/internal.h"

#define ASK_MS 60000u /* may_install is asked again after this long */

enum otter_client_want otter_phase_verify(struct otter_client *c, uint64_t now)
{
    const struct otter_slot_layout *layout = &c->facts.slot[c->dl.slot];
    struct otter_flash_source source;
    struct otter_image_keys keys;
    struct otter_image_info info;
    enum otter_status status;

    (void)now;
    otter_client_image_keys(c, &keys);
    otter_flash_source_init(&source, c->config.flash, layout->base, layout->size - layout->trailer_size);
    status = otter_verify_manifest_image(c->config.crypto, &keys, &c->doc.manifest, c->image, &source.source,
                                         &info);
    if (status != OTTER_OK)
        return otter_client_attempt_failed(c, status);
    c->ask_install_ms = 0;
    (void)otter_report_add(c, c->offer.attempt, OTTER_UPDATE_DOWNLOADED, OTTER_OK);
    c->after = OTTER_PHASE_INSTALL;
    return otter_client_go(c, OTTER_PHASE_REPORT);
}

/*
 * The pending record last: from then on the bootloader may try the image. Whatever an earlier trial of the
 * same digest left behind goes first, so that a reset in between finds neither half a trial nor a lost count.
 */
static enum otter_status write_pending(struct otter_client *c)
{
    struct otter_journal *j = c->config.journal;
    const struct otter_digest *digest = &c->offer.image.sha256;
    struct otter_installs installs = {*digest, (uint8_t)(otter_journal_install_count(j, digest) + 1)};
    static const struct otter_trial no_trial;
    struct otter_pending pending = {
        .present = true,
        .slot = c->dl.slot,
        .digest = *digest,
        .epoch = c->doc.manifest.epoch,
        .sequence = c->doc.manifest.sequence,
        .counter = c->doc.manifest.security_counter,
        .attempt = c->offer.attempt,
        .manifest = c->offer.manifest.sha256,
    };
    enum otter_status status = otter_journal_drop_rejected(j, digest);

    if (status == OTTER_OK && j->live.trial.present)
        status = otter_journal_set_trial(j, &no_trial);
    if (status == OTTER_OK)
        status = otter_journal_set_installs(j, &installs);
    if (status == OTTER_OK)
        status = otter_journal_set_pending(j, &pending);
    return status;
}

static bool may_install(struct otter_client *c, uint64_t now)
{
    struct otter_client_hooks *hooks = c->config.hooks;

    if (now < c->ask_install_ms)
        return false;
    if (hooks == NULL || hooks->may_install == NULL || hooks->may_install(hooks))
        return true;
    c->ask_install_ms = now + ASK_MS;
    return false;
}

enum otter_client_want otter_phase_install(struct otter_client *c, uint64_t now)
{
    enum otter_status status;

    if (!may_install(c, now)) {
        otter_exchange_close(c);
        /* The application may keep us waiting for days: polls go on, and lead back here while the offer
         * stands. */
        if (now >= c->next_poll_ms)
            return otter_client_begin_cycle(c);
        return otter_client_sleep(c,
                                  c->ask_install_ms < c->next_poll_ms ? c->ask_install_ms : c->next_poll_ms);
    }
    status = write_pending(c);
    if (status != OTTER_OK)
        return otter_client_attempt_failed(c, status);
    c->installed = true;
    (void)otter_report_add(c, c->offer.attempt, OTTER_UPDATE_INSTALLED, OTTER_OK);
    c->after = OTTER_PHASE_RESET;
    return otter_client_go(c, OTTER_PHASE_REPORT);
}
