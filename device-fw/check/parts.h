/* What of a board is tried. Each: NULL if it keeps its contract, else the rule that does not hold; static. */
#ifndef OTTER_CHECK_PARTS_H
#define OTTER_CHECK_PARTS_H

const char *check_map(void);
const char *check_handover(void);
const char *check_clock(void);
const char *check_random(void);
const char *check_flash(void);
const char *check_protection(void);
const char *check_link(void);

/* What the flash took, as check_flash has seen it. */
void check_say_times(void);

#endif
