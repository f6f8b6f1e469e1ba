"""The outcome as a table, as JSON, and as one HTML page that needs nothing else."""

import html
import io
from typing import Any

__all__ = ["columns", "page", "picture", "rows"]

columns = (
    "format",
    "lanes",
    "float32",
    "RTL",
    "dot products",
    "mismatches",
    "gates",
    "FO4",
    "gates/lane vs int8",
    "ECP5 LUTs",
)

#: How a number system is marked in the picture, by how its elements are multiplied.
_KINDS = {"exact": ("o", "#1f5fa8"), "lmul": ("D", "#c2571a"), "block": ("s", "#2e7d4f")}


def rows(results: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The table's text, a row a number system."""
    base = next(r["gates"] / r["lanes"] for r in results if r["name"] == "int8")
    return [
        (
            r["name"],
            str(r["lanes"]),
            f"{r['accuracy_float32']:.1%}",
            f"{r['accuracy_rtl']:.1%}",
            f"{r['dot_products']:,}",
            str(r["mismatches"]),
            f"{r['gates']:,.0f}",
            f"{r['fo4']:.0f}",
            f"{r['gates'] / r['lanes'] / base:.2f}",
            "-" if r["ecp5_luts"] is None else f"{r['ecp5_luts']:,}",
        )
        for r in results
    ]


def picture(results: list[dict[str, Any]]) -> str:
    """Accuracy against gates, as SVG."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "bitwright"
    matplotlib.rcParams["font.size"] = 11
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.2, 4.2), layout="constrained")
    for r in results:
        marker, color = _KINDS[r["product"]]
        place = (r["gates"] / r["lanes"], 100 * r["accuracy_rtl"])
        axes.scatter(*place, s=60, marker=marker, color=color, zorder=3)
        axes.annotate(
            r["name"],
            place,
            xytext=(7, 5),
            textcoords="offset points",
        )
    exact = 100 * results[0]["accuracy_float32"]
    axes.axhline(exact, color="#666666", linestyle="--", linewidth=1)
    axes.annotate(
        "float32",
        (0.995, exact),
        xycoords=("axes fraction", "data"),
        ha="right",
        xytext=(0, 3),
        textcoords="offset points",
        color="#666666",
    )
    axes.set_xscale("log")
    axes.margins(y=0.12)
    low, high = (f(r["gates"] / r["lanes"] for r in results) for f in (min, max))
    axes.set_xlim(low * 0.8, high * 1.7)
    ticks = [
        t
        for t in (50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000)
        if low * 0.8 <= t <= high * 1.7
    ]
    axes.set_xticks(ticks, [f"{t:,}" for t in ticks])
    axes.minorticks_off()
    axes.set_xlabel("gates per lane of the dot product unit (NAND2 = 1, logarithmic)")
    axes.set_ylabel("accuracy through the RTL, %")
    axes.grid(color="#e4e4e4", zorder=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    pyplot.close(figure)
    svg = text.getvalue()
    return svg[svg.index("<svg") :]


_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; max-width: 62rem; margin: 2rem auto;
       padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .9rem; text-align: right; border-bottom: 1px solid #ddd; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
svg { max-width: 100%; height: auto; }
footer { color: #555; font-size: .9rem; margin-top: 2rem; }
"""


def page(document: dict[str, Any]) -> str:
    """One HTML file with the table and the plot in it."""
    results = document["results"]
    head = "".join(f"<th>{html.escape(c)}</th>" for c in columns)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>"
        for row in rows(results)
    )
    total = sum(r["dot_products"] for r in results)
    wrong = sum(r["mismatches"] for r in results)
    tools = ", ".join(f"{n} {v}" for n, v in document["tools"].items())
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>bitwright: handwritten digits in low-bit hardware</title>
<style>{_STYLE}</style></head>
<body>
<h1>Handwritten digits in low-bit hardware</h1>
<p>A 64-32-10 classifier, trained in floating point on scikit-learn's digits, then quantized with
one scale a tensor, or in blocks. Every dot product of the {document["images"]} test images ran
through the generated Verilog in simulation and was compared, bit by bit, with the golden model:
{total:,} dot products, {wrong} mismatches.</p>
{picture(results)}
<table><thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody></table>
<p>Units of {document["lanes"]} lanes sum exactly over up to {document["beats"]} beats and round
once, to float32. Units for blocks (mx, nv, bfp) sum a pair of blocks a beat exactly, add the
float32 sum of the blocks before, and round once; the blocks were quantized in simulated hardware,
too. Gates: area in NAND2 equivalents, optimised for area; FO4: delay from register to register or
port, in inverter delays, optimised for speed; ECP5 LUTs without DSP blocks, not mapped for the wide
units for blocks. All are estimates by synthesis, before layout. One test image is
{1 / document["images"]:.1%} of accuracy: smaller differences than about 1 % say nothing.</p>
<footer>Made by <code>make run</code>. {html.escape(tools)}; {html.escape(document["simulator"])}.
</footer>
</body></html>
"""
