"""Pictures by hand: SVG that needs no other file, in colours that print. Bars with their spread, and curves over a fleet's size."""

import dataclasses
import math
from xml.sax.saxutils import escape

STYLE = ("text{font-family:sans-serif}.axis{stroke:#999;fill:none}.grid{stroke:#e4e4e4}"
         ".met{fill:#1a7f37}.missed{fill:#c62828}.plain{fill:#1565c0}.spread{stroke:#111}"
         ".target{stroke:#111;stroke-width:2;stroke-dasharray:4 2}.curve{fill:none;stroke-width:2}")
COLOURS = ("#1565c0", "#1a7f37", "#c62828", "#b26a00", "#6a1b9a", "#00838f", "#555")


@dataclasses.dataclass
class Bar:
    label: str
    value: float
    low: float
    high: float
    target: float | None = None
    met: bool | None = None


@dataclasses.dataclass
class Curve:
    label: str
    points: list  # (x, y), x rising and above 0


@dataclasses.dataclass
class Panel:
    title: str
    unit: str
    curves: list
    limit: float | None = None  # a target, as a line across


def step_of(most, wanted=5):
    """A round step, 1, 2 or 5 times a power of ten, that divides up to `most` into about `wanted`."""
    if most <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(most / wanted))
    return next(power * n for n in (1, 2, 5, 10) if power * n * wanted >= most * 0.999)


def ticks(most):
    """From 0 to the first that reaches `most`."""
    step = step_of(most)
    return [round(i * step, 10) for i in range(math.ceil(most / step - 1e-9) + 1)] if most > 0 else [0.0, 1.0]


def number(value):
    return f"{value:,.0f}" if value >= 1000 or value == int(value) else f"{value:g}"


def text(x, y, what, *, anchor="start", size=12, colour="#333"):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" style="font-size:{size}px;fill:{colour}">'
            f"{escape(what)}</text>")


def path(kind, d, **more):
    extra = "".join(f' {name}="{value}"' for name, value in more.items())
    return f'<path class="{kind}" d="{d}"{extra}/>'


def picture(width, height, parts):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">\n<style>{STYLE}</style>\n'
            f'<rect width="{width}" height="{height}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n")


# --- bars

TOP, LINE, BARS_WIDTH, RIGHT = 50, 20, 420, 70
LETTER = 6.3  # width of most letters


def bar(b, left, y, x_of):
    """One line: its name, the bar, the quarters as a whisker, the target as a dash, the figure."""
    kind = {None: "plain", True: "met", False: "missed"}[b.met]
    middle = y + LINE / 2
    parts = [text(left - 8, middle + 4, b.label, anchor="end"),
             f'<rect class="{kind}" x="{left}" y="{y + 4}" width="{x_of(b.value) - left:.1f}" height="{LINE - 8}"/>',
             path("spread", f"M{x_of(b.low):.1f} {middle}H{x_of(b.high):.1f}"),
             text(x_of(max(b.value, b.high, b.target or 0)) + 6, middle + 4, f"{b.value:.2f}")]
    if b.target is not None:
        parts.append(path("target", f"M{x_of(b.target):.1f} {y + 1}v{LINE - 2}"))
    return parts


def bars(title, items):
    left = 20 + round(LETTER * max(len(b.label) for b in items))
    width, height = left + BARS_WIDTH + RIGHT, TOP + LINE * len(items) + 40
    at = ticks(max(max(b.high, b.value, b.target or 0) for b in items))

    def x_of(value):
        return left + value * BARS_WIDTH / at[-1]
    parts = [text(20, 24, title, size=15),
             text(20, 42, "line: quarters; dashes: target; green: met, red: missed")]
    for value in at:
        parts += [path("grid", f"M{x_of(value):.1f} {TOP}V{height - 40}"),
                  text(x_of(value), height - 22, number(value), anchor="middle")]
    for i, b in enumerate(items):
        parts += bar(b, left, TOP + i * LINE, x_of)
    return picture(width, height, parts)


# --- curves

PANEL_WIDTH, PANEL_HEIGHT = 560, 300
COLUMNS = 2


def decades(curves):
    xs = [x for c in curves for x, _ in c.points]
    low, high = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    return low, max(high, low + 1)


def panel(p, left, top):
    """Over a logarithmic axis of devices; names of the curves above."""
    x0, x1, y0, y1 = left + 70, left + PANEL_WIDTH - 40, top + PANEL_HEIGHT - 30, top + 30 + 16 * math.ceil(len(p.curves) / 2)
    low, high = decades(p.curves)
    at = ticks(max([p.limit or 0, *(y for c in p.curves for _, y in c.points)]))

    def x_of(value):
        return x0 + (math.log10(value) - low) * (x1 - x0) / (high - low)

    def y_of(value):
        return y0 - value * (y0 - y1) / at[-1]
    parts = [text(left + 20, top + 18, f"{p.title}, {p.unit}" if p.unit else p.title, size=15)]
    for value in at:
        parts += [path("grid", f"M{x0} {y_of(value):.1f}H{x1}"), text(x0 - 6, y_of(value) + 4, number(value), anchor="end")]
    for power in range(low, high + 1):
        parts.append(text(x_of(10 ** power), y0 + 18, f"{10 ** power:,}", anchor="middle"))
    if p.limit is not None:
        parts.append(path("target", f"M{x0} {y_of(p.limit):.1f}H{x1}"))
    for i, c in enumerate(p.curves):
        colour = COLOURS[i % len(COLOURS)]
        points = [f"{x_of(x):.1f} {y_of(y):.1f}" for x, y in c.points]
        parts.append(path("curve", "M" + "L".join(points), stroke=colour))
        parts += [f'<circle cx="{p.split(" ")[0]}" cy="{p.split(" ")[1]}" r="3" fill="{colour}"/>' for p in points]
        parts.append(text(left + 20 + i % 2 * 270, top + 36 + i // 2 * 16, c.label, colour=colour))
    parts.append(path("axis", f"M{x0} {y1}V{y0}H{x1}"))
    return parts


def panels(title, items):
    rows = math.ceil(len(items) / COLUMNS)
    parts = [text(20, 24, title, size=15)]
    for i, p in enumerate(items):
        parts += panel(p, i % COLUMNS * PANEL_WIDTH, 40 + i // COLUMNS * PANEL_HEIGHT)
    return picture(COLUMNS * PANEL_WIDTH, 40 + rows * PANEL_HEIGHT, parts)
