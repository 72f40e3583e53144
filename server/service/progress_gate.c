/* Asks the gate of a rollout, and stores and tells what it says (progress.h). */
#include "service/rollout_fleet.h"

/* Phases that nobody of is out any more. */
static enum otter_status mark_through(struct svc *svc, const struct progress_note *note,
                                      struct store_rollout *row, bool *ret_any)
{
    enum otter_status status = OTTER_OK;

    for (unsigned i = 0; i < row->phase && status == OTTER_OK; i++) {
        if (progress_out_of(note, i) || row->phases[i].completed)
            continue;
        row->phases[i].completed = svc_now(svc);
        *ret_any = true;
        status =
            rollout_event(svc, row->id, "phase-complete", "", json_pack("{s:I}", "phase", (json_int_t)i + 1));
    }
    return status;
}

static bool stops(enum policy_verdict verdict)
{
    return verdict == POLICY_GATE_WARN || verdict == POLICY_GATE_HALT || verdict == POLICY_GATE_ROLLBACK;
}

/* As long as it is not known who is out a threshold that is passed is all that is acted upon. */
static enum otter_status decide_losses(struct svc *svc, const struct catalog_rollout *r,
                                       struct store_rollout *row, struct gate_done *ret)
{
    const struct gate_out some = {.outstanding = 1};
    struct gate_view view;
    enum otter_status status = gate_look(svc, r, row, &some, &view);

    return status == OTTER_OK && stops(view.result.verdict) ? gate_run(svc, r, row, &some, ret) : status;
}

static enum otter_status decide(struct svc *svc, const struct catalog_rollout *r,
                                const struct progress_note *note, struct store_rollout *row,
                                struct gate_done *ret)
{
    const struct gate_out out = {.outstanding = progress_out(r, note), .barred = note->barred};
    bool through = false;
    enum otter_status status = mark_through(svc, note, row, &through);

    if (status == OTTER_OK)
        status = gate_run(svc, r, row, &out, ret);
    ret->changed = ret->changed || through;
    return status;
}

/* Soaking ends then. */
static void come_again(struct svc *svc, int64_t at)
{
    if (at > svc_now(svc) && at < svc->next_progress)
        svc->next_progress = at;
}

/* Commits what was decided of a row, if anything, and tells of it. */
static enum otter_status settle(struct svc *svc, enum otter_status status, const struct store_rollout *row,
                                struct gate_done *done)
{
    struct store *store = svc->writer;

    if (status == OTTER_OK && done->changed)
        status = store->ops->rollout_update(store, row);
    if (status == OTTER_OK && done->changed)
        status = store->ops->commit(store);
    else
        store->ops->rollback(store);
    done->changed = done->changed && status == OTTER_OK;
    come_again(svc, done->until);
    if (done->changed && done->told)
        events_tell(svc, &done->event);
    return status;
}

enum otter_status progress_decide(struct progress_turn *turn, const struct catalog_rollout *r,
                                  struct progress_note *note, bool known, bool *ret_changed)
{
    struct svc *svc = turn->svc;
    struct store *store = svc->writer;
    struct gate_done done = {.changed = false};
    struct store_rollout row;
    enum otter_status status = store->ops->begin(store, true);

    progress_spend(turn, PROGRESS_GATE_PLACES);
    if (status != OTTER_OK)
        return status;
    status = store->ops->rollout_get(store, r->row.id, &row);
    if (status == OTTER_OK && row.phase == r->row.phase) /* else the catalog could not be read */
        status = known ? decide(svc, r, note, &row, &done) : decide_losses(svc, r, &row, &done);
    status = settle(svc, status, &row, &done);
    *ret_changed = *ret_changed || done.changed;
    if (known)
        note->verdict = done.verdict;
    note->look = note->look || (done.changed && done.again);
    return status;
}

bool progress_hurries(struct progress_turn *turn, const struct catalog_rollout *r,
                      const struct progress_note *note)
{
    const struct gate_out none = {.barred = note->barred};
    struct gate_view view;

    progress_spend(turn, PROGRESS_GATE_PLACES);
    if (gate_look(turn->svc, r, &r->row, &none, &view) != OTTER_OK)
        return true;
    come_again(turn->svc, view.result.until);
    return view.result.verdict != note->verdict;
}
