#include "cli.h"

#include "host/nodump.h"

int main(int argc, char **argv)
{
    host_no_dump();
    return cli_main(argc, argv, stdout, stderr);
}
