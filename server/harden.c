#include "server/harden.h"

#include "host/nodump.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool harden_user(bool allow_root, struct host_error *err)
{
    const char *told = getenv(HARDEN_ROOT_VARIABLE);

    if (geteuid() != 0 || allow_root || (told && strcmp(told, "yes") == 0))
        return true;
    return host_fail(err, HOST_ERROR_FORMAT,
                     "running as root is refused: it needs no right of root, and what breaks into it would "
                     "have them all; start it as a user of its own (etc/otterd.service; runuser -u otter -- "
                     "otterd ...), or say --allow-root, in a container that is thrown away");
}

void harden_process(void)
{
    (void)umask(077);
    host_no_dump();
}
