#include "memory.h"

#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WORD 8u

/* More than an eighth of the whole against every model: worth a model of its own. */
#define POOR(m) ((m)->size / 8)

void *emu_memory_of(const struct emu_memory *m, uint32_t index)
{
    return m->base + (size_t)index * m->stride;
}

static void give_back(struct emu_memory *m, uint32_t index)
{
    if (madvise(emu_memory_of(m, index), m->stride, MADV_DONTNEED) != 0)
        abort(); /* of a whole mapping of our own: cannot fail */
}

static uint8_t *add_model(struct emu_memory *m, const uint8_t *raw)
{
    uint8_t *model = m->models < EMU_MODELS ? malloc(m->size) : NULL;

    if (model == NULL)
        return NULL;
    memcpy(model, raw, m->size);
    return m->model[m->models++] = model;
}

/* Against the model that leaves least, into scratch; which one. */
static uint32_t pack_best(struct emu_memory *m, const uint8_t *raw, size_t *ret_len)
{
    size_t best = EMU_PACK_ROOM(m->size);
    uint32_t which = 0;

    for (uint32_t i = 0; i < m->models; i++) {
        size_t len = emu_pack(raw, m->model[i], m->size, m->scratch, best);

        if (len < best) {
            best = len;
            which = i;
        }
    }
    *ret_len = emu_pack(raw, m->model[which], m->size, m->scratch, EMU_PACK_ROOM(m->size));
    return which;
}

bool emu_memory_rest(struct emu_memory *m, uint32_t index, struct emu_packed *p)
{
    const uint8_t *raw = emu_memory_of(m, index);
    size_t len;
    uint32_t model = pack_best(m, raw, &len);
    uint8_t *bytes;

    if (len > POOR(m) && add_model(m, raw) != NULL)
        model = pack_best(m, raw, &len);
    bytes = malloc(len);
    if (bytes == NULL)
        return false;
    memcpy(bytes, m->scratch, len);
    *p = (struct emu_packed){.bytes = bytes, .len = (uint32_t)len, .model = model};
    give_back(m, index);
    return true;
}

void emu_memory_wake(struct emu_memory *m, uint32_t index, struct emu_packed *p)
{
    if (p->bytes == NULL)
        return;
    if (!emu_unpack(p->bytes, p->len, m->model[p->model], m->size, emu_memory_of(m, index)))
        abort(); /* packed by us: a defect */
    free(p->bytes);
    *p = (struct emu_packed){0};
}

void emu_memory_forget(struct emu_memory *m, uint32_t index, struct emu_packed *p)
{
    free(p->bytes);
    *p = (struct emu_packed){0};
    give_back(m, index);
}

bool emu_memory_init(struct emu_memory *m, uint32_t count, size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    *m = (struct emu_memory){.count = count, .size = (size + WORD - 1) / WORD * WORD};
    if (m->size > EMU_PACK_MAX)
        return false;
    m->stride = (m->size + page - 1) / page * page;
    m->base = mmap(NULL, m->stride * count, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (m->base == MAP_FAILED) {
        m->base = NULL;
        return false;
    }
    /* Huge pages would hold the devices around one that is awake; without them the kernel has no such call.
     */
    (void)madvise(m->base, m->stride * count, MADV_NOHUGEPAGE);
    m->scratch = malloc(EMU_PACK_ROOM(m->size));
    m->model[0] = calloc(1, m->size);
    m->models = 1;
    if (m->scratch != NULL && m->model[0] != NULL)
        return true;
    emu_memory_free(m);
    return false;
}

void emu_memory_free(struct emu_memory *m)
{
    if (m->base != NULL)
        (void)munmap(m->base, m->stride * m->count);
    for (uint32_t i = 0; i < m->models; i++)
        free(m->model[i]);
    free(m->scratch);
    *m = (struct emu_memory){0};
}
