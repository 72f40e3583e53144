/* Keys and tokens in memory stay there. */
#ifndef OTTER_HOST_NODUMP_H
#define OTTER_HOST_NODUMP_H

/*
 * For a program that holds secrets, before it reads one: its memory is written into no core dump, and no
 * process of the same user looks into it, unless that user is root.
 */
void host_no_dump(void);

#endif
