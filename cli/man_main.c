/* otter-man: prints a page of the manual for scdoc; without a name, the names. Runs while Otter is built. */
#include "man.h"

#include "verbs.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        puts("otter");
        for (const struct cli_noun *noun = cli_nouns; noun->name != NULL; noun++)
            printf("otter-%s\n", noun->name);
        return 0;
    }
    if (strcmp(argv[1], "otter") == 0) {
        cli_man(stdout);
        return 0;
    }
    if (strncmp(argv[1], "otter-", 6) == 0 && cli_man_noun(stdout, argv[1] + 6))
        return 0;
    fprintf(stderr, "otter-man: no page %s\n", argv[1]);
    return 2;
}
