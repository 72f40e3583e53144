#include "verb.h"

#include "completion.h"
#include "verbs.h"

const char cli_notes_completion_bash[] =
    "For this shell: source <(otter completion bash). For every later one, put that line into ~/.bashrc, or "
    "write the script to ~/.local/share/bash-completion/completions/otter.";
const char cli_notes_completion_zsh[] =
    "For this shell: source <(otter completion zsh). For every later one, write the script to a file _otter "
    "in a folder of $fpath, before compinit runs.";
const char cli_notes_completion_fish[] =
    "For this shell: otter completion fish | source. For every later one, write the script to "
    "~/.config/fish/completions/otter.fish.";

enum cli_exit cli_run_completion(struct cli *cli, const struct cli_args *args)
{
    (void)args;
    for (const char *const *line = cli_completion_script(cli->verb->name); *line != NULL; line++)
        fprintf(cli->out, "%s\n", *line);
    return CLI_DONE;
}
