#include "verb.h"

#include "api.h"
#include "show_device.h"

enum cli_exit cli_run_device_list(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    return cli_api_list(cli, "/api/v1/devices", cli_device_columns);
}
