/* Lists that are short enough to be made whole: any of their members may sort them. */
#include "service/internal.h"

#include "core/bytes.h"

struct small_list {
    struct list_maker maker;
    const json_t *items;
};

static json_t *make(struct list_maker *self, uint64_t position)
{
    const json_t *items = OTTER_CONTAINER_OF(self, struct small_list, maker)->items;

    return json_incref(json_array_get(items, (size_t)position - 1));
}

/* By a text or a number; the items live until the page is made. */
static bool gather(struct list_page *page, const json_t *items)
{
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        const json_t *value = json_object_get(item, page->column);
        const char *text = json_string_value(value);
        struct list_key key = {.text = text ? text : "", .position = i + 1};

        key.number = json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value) : 0;
        if (!list_key(page, &key))
            return false;
    }
    return true;
}

enum otter_status list_end_small(struct list_page *page, const json_t *items)
{
    struct small_list list = {.maker.make = make, .items = items};

    if (page->column && !gather(page, items))
        return list_drop(page, OTTER_INTERNAL);
    for (size_t i = (size_t)page->after; !page->column && i < json_array_size(items); i++)
        if (!list_add(page, json_incref(json_array_get(items, i)), i + 1))
            break;
    return list_end(page, &list.maker);
}
