#include "run.h"

int main(int argc, char **argv)
{
    return emu_main(argc, argv, stdout, stderr);
}
