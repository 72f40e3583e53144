/* otter-emu's two jobs. Both return the process's exit code. */
#ifndef OTTER_EMU_RUN_H
#define OTTER_EMU_RUN_H

#include "options.h"

enum emu_exit { EMU_EXIT_OK = 0, EMU_EXIT_UNEXPECTED = 1, EMU_EXIT_USAGE = 2, EMU_EXIT_FILE = 5 };

/* From the command line: parses, then runs a fleet or inspects. Results to out, messages and progress to err.
 */
int emu_main(int argc, char *const *argv, FILE *out, FILE *err);

/* Runs the fleet until it is as expected, idle, timed out, or told to stop by SIGINT or SIGTERM. */
int emu_run(const struct emu_options *o, FILE *out, FILE *err);

/* Prints what a flash file holds; changes nothing. */
int emu_inspect(const struct emu_options *o, FILE *out, FILE *err);

#endif
