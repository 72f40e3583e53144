#include "fleet_key.h"

#include "core/bytes.h"
#include "host/crypto.h"
#include "host/file.h"

#include <string.h>

#define TEXT OTTER_B64_LEN(OTTER_SECRET_LEN)

enum cli_exit cli_fleet_key_read(struct cli *cli, const char *path, uint8_t ret[OTTER_SECRET_LEN])
{
    struct host_error err = {0};
    auto_free char *text = NULL;
    size_t len;
    bool ok;

    if (!host_file_read(path, 256, &text, &len, &err))
        return cli_fail_error(cli, &err);
    ok = otter_b64_decode(text, strcspn(text, "\r\n"), ret, OTTER_SECRET_LEN) == (int)OTTER_SECRET_LEN;
    host_wipe(text, len);
    return ok ? CLI_DONE
              : cli_fail(cli, CLI_REFUSED, "%s: no fleet key: 32 bytes in base64url are expected", path);
}

enum cli_exit cli_fleet_key_write(struct cli *cli, const char *path, const uint8_t key[OTTER_SECRET_LEN])
{
    struct host_error err = {0};
    char text[TEXT + 2];
    bool ok;

    otter_b64_encode(key, OTTER_SECRET_LEN, text);
    memcpy(text + TEXT, "\n", 2);
    ok = host_file_write(path, text, TEXT + 1, 0600, HOST_FILE_NEW, &err);
    host_wipe(text, sizeof(text));
    return ok ? CLI_DONE : cli_fail_error(cli, &err);
}
