"""A soak as a picture: what a server held, over time."""

import chart

WIDTH, HEIGHT = 900, 220
LEFT, RIGHT, HEAD, FOOT = 80, 30, 46, 34
CURVES = [  # panel, unit, members of a sample
    ("Memory", "MB", (("rss", "resident"), ("private", "of that private"))),
    ("Held", "", (("descriptors", "descriptors"), ("threads", "threads"))),
    ("Database", "MB", (("database", "database"), ("wal", "its log"))),
    ("A poll", "ms", (("poll_ms", "latency"),)),
]


def panel(title, unit, curves, seconds, top):
    """curves: (label, points)"""
    x1, y0, y1 = WIDTH - RIGHT, top + HEIGHT - FOOT, top + HEAD
    at, along = chart.ticks(max(y for _, points in curves for _, y in points)), chart.ticks(seconds)

    def x_of(value):
        return LEFT + value * (x1 - LEFT) / along[-1]

    def y_of(value):
        return y0 - value * (y0 - y1) / at[-1]
    parts = [chart.text(20, top + 18, f"{title}, {unit}" if unit else title, size=15)]
    for value in at:
        parts += [chart.path("grid", f"M{LEFT} {y_of(value):.1f}H{x1}"),
                  chart.text(LEFT - 6, y_of(value) + 4, chart.number(value), anchor="end")]
    parts += [chart.text(x_of(value), y0 + 18, f"{chart.number(value)} s", anchor="middle") for value in along]
    for i, (label, points) in enumerate(curves):
        colour = chart.COLOURS[i % len(chart.COLOURS)]
        parts.append(chart.path("curve", "M" + "L".join(f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in points), stroke=colour))
        parts.append(chart.text(LEFT + i * 200, top + 36, label, colour=colour))
    return [*parts, chart.path("axis", f"M{LEFT} {y1}V{y0}H{x1}")]


def draw(series):
    """series: name of a server -> samples. All servers' curves of a kind are in one panel."""
    seconds = max(samples[-1]["at"] for samples in series.values())
    parts = [chart.text(20, 24, "What otterd held, over time", size=15)]
    for i, (title, unit, members) in enumerate(CURVES):
        curves = [(f"{name}: {label}", [(s["at"], s[member]) for s in samples])
                  for name, samples in series.items() for member, label in members]
        parts += panel(title, unit, curves, seconds, 40 + i * HEIGHT)
    return chart.picture(WIDTH, 40 + len(CURVES) * HEIGHT, parts)
