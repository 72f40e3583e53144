/* From the command line to one of the two jobs. */
#include "run.h"

int emu_main(int argc, char *const *argv, FILE *out, FILE *err)
{
    struct host_error error = {0};
    struct emu_options o;

    if (!emu_options_parse(argc, argv, &o, &error)) {
        fprintf(err, "otter-emu: %s\n", error.message);
        return EMU_EXIT_USAGE;
    }
    if (o.help) {
        emu_options_help(out);
        return EMU_EXIT_OK;
    }
    if (o.version) {
        fprintf(out, "otter-emu %s\n", OTTER_EMU_VERSION);
        return EMU_EXIT_OK;
    }
    return o.inspect != NULL ? emu_inspect(&o, out, err) : emu_run(&o, out, err);
}
