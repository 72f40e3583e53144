#include "cli.h"

#include "host/memory.h"
#include "host/nodump.h"

int main(int argc, char **argv)
{
    host_no_dump();
    host_memory_watch(); /* JSON that lacks characters is not taken */
    return cli_main(argc, argv, stdout, stderr);
}
