"""What a report of a rollout lists, and what it leaves out."""


def test_a_report_of_an_ended_rollout_leaves_out_whom_it_was_not_for(world):
    world.fleet(3)
    rollout = world.rollout(world.publish("1.1.0"), target="id == dev-2")

    def listed():
        return [line["device"] for line in world.otter("rollout", "report", rollout, "--json").json["items"]]
    assert listed() == ["dev-2"]
    world.otter("rollout", "abort", rollout)
    assert listed() == ["dev-2"]
