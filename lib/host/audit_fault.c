/* What can be wrong with an audit log, by name and in words. */
#include "host/audit.h"

static const struct {
    const char *name, *meaning;
} faults[AUDIT_FAULT_COUNT] = {
    [AUDIT_GOOD] = {"good", "nothing is wrong"},
    [AUDIT_NO_ENTRY] = {"no-entry", "the line is no entry of an audit log"},
    [AUDIT_CHANGED] = {"changed", "the entry is not the one that its hash was made of"},
    [AUDIT_MISSING] = {"missing", "entries are missing before this line"},
    [AUDIT_MISPLACED] = {"misplaced", "the entry is not in its place"},
    [AUDIT_UNCHAINED] = {"unchained", "the entry does not follow the one before"},
    [AUDIT_BEGINS_LATE] = {"begins-late", "the log does not begin with entry 1"},
    [AUDIT_UNSIGNED] = {"unsigned", "the signature of a head is not good"},
    [AUDIT_STRANGE_KEY] = {"strange-key", "a key is none of this log's: it may be another server's"},
    [AUDIT_OTHER_HEAD] = {"other-head",
                          "a head is of another log, or of this one before it was written anew"},
    [AUDIT_CUT] = {"cut", "the log ends before the entry that a head is of"},
    [AUDIT_NO_HEAD] = {"no-head", "nothing signed says where the log ends"},
};

const char *audit_fault_name(enum audit_fault fault)
{
    return (unsigned)fault < AUDIT_FAULT_COUNT ? faults[fault].name : "?";
}

const char *audit_fault_meaning(enum audit_fault fault)
{
    return (unsigned)fault < AUDIT_FAULT_COUNT ? faults[fault].meaning : "?";
}
