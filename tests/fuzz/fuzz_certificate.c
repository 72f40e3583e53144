/*
 * Certificates as a server may send them: the dates that pass by are those that BearSSL reads, the judgement
 * ends whatever the pieces, and without the CA's signature nothing is believed.
 */
#include "fuzz.h"

#include "crypto/tls_chain.h"

static void judge(const struct otter_tls_anchor *anchor, const uint8_t *data, size_t size, size_t piece)
{
    static struct otter_tls_chain chain;
    const br_x509_class **x = &chain.vtable;

    otter_tls_chain_init(&chain, anchor, 1800000000, 0);
    (*x)->start_chain(x, "otter.test");
    (*x)->start_cert(x, (uint32_t)size);
    for (size_t at = 0; at < size; at += piece)
        (*x)->append(x, data + at, size - at < piece ? size - at : piece);
    (*x)->end_cert(x);
    MUST((*x)->end_chain(x) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct otter_tls_anchor anchor, found;
    br_x509_decoder_context decoder;
    struct otter_x509_dates dates;

    br_x509_decoder_init(&decoder, NULL, NULL);
    br_x509_decoder_push(&decoder, data, size);
    otter_x509_dates_init(&dates);
    for (size_t i = 0; i < size; i++)
        (void)otter_x509_dates_feed(&dates, data[i]);
    if (dates.state == OTTER_X509_DONE && br_x509_decoder_get_pkey(&decoder) != NULL) {
        MUST(dates.not_before == decoder.notbefore_days * UINT64_C(86400) + decoder.notbefore_seconds);
        MUST(dates.not_after == decoder.notafter_days * UINT64_C(86400) + decoder.notafter_seconds);
    }
    MUST(dates.held_len <= sizeof(dates.held));
    if (otter_tls_anchor_load(&found, data, size))
        MUST(br_x509_decoder_isCA(&decoder) && found.dn_len > 0 && found.dn_len < sizeof(found.dn));
    judge(&anchor, data, size, 1); /* an anchor without name or key believes nobody */
    judge(&anchor, data, size, size > 0 ? size : 1);
    return 0;
}
