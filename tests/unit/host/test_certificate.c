/* Which CA a device can be given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../tls/pki.h"

#include "core/bytes.h"
#include "core/factory.h"
#include "host/certificate.h"
#include "host/file.h"
#include "temp.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>

static void write_pem(const char *path, const struct pki_cert *c, const char *before)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(before, f);
    assert_int_equal(PEM_write_X509(f, c->x), 1);
    assert_int_equal(fclose(f), 0);
}

static void a_device_gets_a_ca_that_it_can_use(void **state)
{
    static const struct {
        struct pki_spec spec;
        const char *says; /* NULL: taken */
    } rows[] = {
        {{"CA", NULL, PKI_P256, true, 0, 1}, NULL},
        {{"CA", NULL, PKI_P384, true, 0, 1}, NULL},
        {{"CA", NULL, PKI_RSA2048, true, 0, 1}, NULL},
        {{"CA", NULL, PKI_RSA1024, true, 0, 1}, "RSA keys of 2,048"},
        {{"server", "otter.test", PKI_P256, false, 0, 1}, "is not the certificate of a CA"},
    };
    const char *path = temp_path("ca");

    (void)state;

    for (size_t i = 0; i < OTTER_ARRAY_LEN(rows); i++) {
        struct pki_cert c = pki_make(&rows[i].spec, NULL);
        uint8_t der[OTTER_CA_MAX], out[OTTER_CA_MAX];
        uint32_t der_len = pki_der(&c, der, sizeof(der));

        for (unsigned form = 0; form < 2; form++) {
            struct host_error err = {0};
            size_t len = 0;

            if (form == 0)
                write_pem(path, &c, "a bundle's comment\n");
            else
                assert_true(host_file_write(path, der, der_len, 0600, HOST_FILE_REPLACE, NULL));
            if (host_ca_read(path, out, sizeof(out), &len, &err) != (rows[i].says == NULL))
                fail_msg("row %zu: %s", i, err.message);
            if (rows[i].says == NULL) {
                assert_int_equal(len, der_len);
                assert_memory_equal(out, der, der_len);
                assert_false(host_ca_read(path, out, der_len - 1, &len, &err));
                assert_non_null(strstr(err.message, "too long for a device"));
            } else if (strstr(err.message, rows[i].says) == NULL) {
                fail_msg("row %zu says: %s", i, err.message);
            }
        }
        pki_free(&c);
    }
}

static void what_is_no_certificate_is_refused_with_its_place(void **state)
{
    static const char *const texts[] = {"", "x", "0", "0\x82\x01", "-----BEGIN CERTIFICATE-----\nAAAA\n"};
    const char *path = temp_path("ca");
    uint8_t out[OTTER_CA_MAX];
    struct host_error err = {0};
    size_t len;

    (void)state;
    for (size_t i = 0; i < OTTER_ARRAY_LEN(texts); i++) {
        assert_true(host_file_write(path, texts[i], strlen(texts[i]), 0600, HOST_FILE_REPLACE, NULL));
        assert_false(host_ca_read(path, out, sizeof(out), &len, &err));
        assert_int_equal(err.kind, HOST_ERROR_FORMAT);
        assert_non_null(strstr(err.message, path));
    }
    assert_false(host_ca_read("/nowhere/at/all", out, sizeof(out), &len, &err));
    assert_int_equal(err.kind, HOST_ERROR_FILE);
}

#define WITH_TEMP(f) cmocka_unit_test_setup_teardown(f, temp_setup, temp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TEMP(a_device_gets_a_ca_that_it_can_use),
        WITH_TEMP(what_is_no_certificate_is_refused_with_its_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
