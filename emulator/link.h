/*
 * A device's network: the posix socket with the run's faults in between, and the count of sockets open in the
 * process. Without power nothing goes in or out.
 */
#ifndef OTTER_EMU_LINK_H
#define OTTER_EMU_LINK_H

#include "fault.h"
#include "ports/posix/net_posix.h"
#include "source.h"

/* Shared by all links of a process. */
struct emu_links {
    const struct emu_fault_plan *plan;
    const struct emu_sources *sources;
    struct otter_posix_resolver resolver;
    int epoll_fd;
    uint64_t now_us; /* the loop's clock, kept by the loop */
    uint32_t open;   /* sockets */
    uint32_t open_max_seen;
};

struct emu_link {
    struct otter_net net; /* what the client gets */
    struct otter_posix_net socket;
    struct emu_links *links;
    struct emu_fault_link faults;
    const bool *power_off; /* the flash's: after a power cut the code still running must not be heard */
    uint64_t received, sent;
    uint32_t drops, corrupted;
};

/* index: of the device, for its own sequence of faults and its source address. tag: epoll_event.data.ptr. */
void emu_link_init(struct emu_link *l, struct emu_links *links, uint32_t index, void *tag,
                   const bool *power_off);

bool emu_link_is_open(const struct emu_link *l);

/*
 * True if the client should be stepped at once, because it would not be told AGAIN. Else *ret_due_us is when
 * a slow link lets the next byte through; EMU_NEVER when only an event can tell.
 */
bool emu_link_ready(const struct emu_link *l, bool write, uint64_t *ret_due_us);

#endif
