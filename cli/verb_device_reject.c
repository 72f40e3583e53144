#include "verb.h"

#include "requests.h"

const char cli_notes_device_reject[] =
    "Forgets who asked to be these devices. Who asks again is in the list again.";

enum cli_exit cli_run_device_reject(struct cli *cli, const struct cli_args *args)
{
    return cli_requests_decide(cli, args, "reject", "rejected");
}
