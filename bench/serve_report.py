# SPDX-License-Identifier: Apache-2.0
"""What bench/serve measured, as a table and as a drawing."""

import os
import platform
import statistics
import subprocess
from collections import namedtuple

END = "<!-- to here -->"
Way = namedtuple("Way", "name text")
COLOURS = {"proxy": "#1b6ca8", "upstream": "#6a4c93", "client": "#2a9d5c", "nginx": "#b5651d"}
AIM_RATE, AIM_FIRST, AIM_FIRST_MS = 0.99, 1.02, 1.0


def at(values, share):
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def gpu():
    """What nvidia-smi says of the first one, as words for the page."""
    def ask(*options):
        p = subprocess.run(["nvidia-smi", *options], capture_output=True, text=True, check=False)
        return p.stdout.strip().splitlines()[0].strip() if p.returncode == 0 and p.stdout.strip() else "unknown"
    name, driver = (ask("--query-gpu=" + what, "--format=csv,noheader") for what in ("name", "driver_version"))
    return f"{name}, driver {driver}, confidential computing: {ask('conf-compute', '-f').split(':')[-1].strip()}"


def about(args, rounds, model, load, same, prompts, example):
    lines = [
        *([f"The model is on the GPU: {gpu()}.", ""] if args.device == "gpu" else []),
        f"{processor()}, {os.cpu_count()} processors, Linux {platform.release()}; load of the machine at the start: "
        f"{load[0]:.1f}. {rounds} rounds; {args.threads} thread(s) of llama.cpp; {args.max_tokens} tokens an answer, streamed; model {model}.",
        "",
        "The demonstration model, greedy: " + ", ".join(
            f"{name} gives the text of llama-server in {n} of {prompts} cases" for name, n in same.items() if name != "bare") +
        f" (“{example.strip().splitlines()[0][:70]}…”).",
        "",
    ]
    return "\n".join(lines) + "\n"


class Report:
    def __init__(self, cells, results, ways, memory, missing):
        self.cells, self.results, self.memory, self.missing = cells, results, memory, missing
        self.ways = [Way(*w) for w in ways]

    def saved(self, text):
        """All of it, as `loaded` takes it."""
        return {"about": text, "ways": self.ways, "memory": self.memory, "missing": self.missing, "cells": self.cells,
                "results": [[*key, runs] for key, runs in self.results.items()]}

    # ---- numbers ----

    def runs(self, cell, way):
        return self.results[(*cell, way)]

    def ratio(self, cell, way, value):
        """Median over the rounds of this way's value against that of bare in the same round."""
        pairs = zip(self.runs(cell, way), self.runs(cell, "bare"))
        return statistics.median(value(a) / value(b) for a, b in pairs)

    def row(self, cell, way):
        runs = self.runs(cell, way)
        first = [v for r in runs for v in r["first_ms"]]
        gaps = [v for r in runs for v in r["gaps_ms"]] or [0.0]
        rate = lambda r: r["tokens"] / r["seconds"]
        cpu = lambda r: r["cpu"] / r["tokens"] * 1000
        first_of = lambda r: statistics.median(r["first_ms"])
        low_first = lambda name: at([v for r in self.runs(cell, name) for v in r["first_ms"]], 0.1)
        low_gap = lambda name: at([v for r in self.runs(cell, name) for v in r["gaps_ms"] or [1.0]], 0.1)
        added = statistics.median(first_of(a) - first_of(b) for a, b in zip(runs, self.runs(cell, "bare")))
        return {
            "rate": statistics.median(map(rate, runs)), "rate_ratio": self.ratio(cell, way, rate),
            "first": statistics.median(first), "first_p99": at(first, 0.99), "first_ratio": self.ratio(cell, way, first_of),
            "first_added": added,
            "first_low_ratio": low_first(way) / low_first("bare"), "first_low_added": low_first(way) - low_first("bare"),
            "gap_low_ratio": low_gap(way) / low_gap("bare"),
            "gap": statistics.median(gaps), "gap_p99": at(gaps, 0.99),
            "cpu": statistics.median(map(cpu, runs)), "cpu_ratio": self.ratio(cell, way, cpu),
        }

    def numbers(self):
        rows = [{"prompt": c[0], "clients": c[1], "way": w.name, **self.row(c, w.name)} for c in self.cells for w in self.ways]
        return {"rows": rows, "memory_mib": self.memory, "missing": self.missing}

    # ---- the table ----

    def table(self):
        out = ["| prompt | clients | way | tokens/s | ratio | first text, ms (median, p99) | ratio | added ms | best tenth: ratio, added ms | gap, ms (median, p99) | best tenth: ratio | CPU s / 1000 tokens | ratio |",
               "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
        for cell in self.cells:
            for way in self.ways:
                r = self.row(cell, way.name)
                out.append(f"| {cell[0]} | {cell[1]} | {way.name} | {r['rate']:.1f} | {r['rate_ratio']:.3f} | {r['first']:.1f}, {r['first_p99']:.1f} | "
                           f"{r['first_ratio']:.3f} | {r['first_added']:+.2f} | {r['first_low_ratio']:.3f}, {r['first_low_added']:+.2f} | {r['gap']:.2f}, {r['gap_p99']:.2f} | {r['gap_low_ratio']:.3f} | {r['cpu']:.2f} | {r['cpu_ratio']:.3f} |")
        out += ["", "The best tenth is what the fastest tenth of first texts, or of gaps between two texts, stayed below: where other work on the machine disturbs, it says what the way itself takes."]
        out += ["", "Most memory held (resident), all processes of a way together: " +
                ", ".join(f"{w.name} {self.memory[w.name]:.0f} MiB" for w in self.ways) + ".", ""]
        out += [f"- **{w.name}**: {w.text}" for w in self.ways]
        out += [f"- **{name}** was left out: {why}" for name, why in self.missing.items()]
        return "\n".join(out) + "\n"

    # ---- the drawing ----

    def panel(self, top, title, key, aim):
        """Bars of one ratio, a group for each cell; 1 is llama-server bare."""
        ways = [w.name for w in self.ways if w.name != "bare"]
        values = {(c, w): self.row(c, w)[key] for c in self.cells for w in ways}
        low, high = min([0.9, *values.values()]) - 0.02, max([1.1, *values.values()]) + 0.02
        left, width, height = 60, 880, 190
        y = lambda v: top + 30 + height * (high - v) / (high - low)
        out = [f'<text x="{left}" y="{top + 16}" class="t">{title}</text>']
        step = 0.05 if high - low < 0.6 else 0.25 if high - low < 3 else 1
        tick = round(low / step) * step
        while tick <= high:
            if tick >= low:
                out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" class="g"/>'
                           f'<text x="{left - 8}" y="{y(tick) + 4:.1f}" class="n" text-anchor="end">{tick:.2f}</text>')
            tick += step
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(aim):.1f}" y2="{y(aim):.1f}" class="a"/>')
        group = width / len(self.cells)
        bar = min(34, group * 0.8 / len(ways))
        for i, cell in enumerate(self.cells):
            x0 = left + group * i + (group - bar * len(ways)) / 2
            for k, way in enumerate(ways):
                v = values[cell, way]
                above, below = min(y(v), y(1)), max(y(v), y(1))
                out.append(f'<rect x="{x0 + bar * k:.1f}" y="{above:.1f}" width="{bar - 3:.1f}" height="{max(below - above, 1):.1f}" fill="{COLOURS[way]}"/>'
                           f'<text x="{x0 + bar * k + bar / 2 - 1.5:.1f}" y="{above - 4 if v >= 1 else below + 12:.1f}" class="v" text-anchor="middle">{v:.2f}</text>')
            out.append(f'<text x="{left + group * (i + 0.5):.1f}" y="{top + height + 48}" class="n" text-anchor="middle">'
                       f'{cell[0]}, {cell[1]} client{"s" if cell[1] > 1 else ""}</text>')
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y(1):.1f}" y2="{y(1):.1f}" class="o"/>')
        return out

    def svg(self):
        out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 980 1130" font-family="sans-serif">',
               '<!-- SPDX-License-Identifier: Apache-2.0; drawn by bench/serve -->',
               '<style>.t{font-size:15px;font-weight:bold}.n{font-size:12px;fill:#444}.v{font-size:10px;fill:#222}'
               '.g{stroke:#ddd}.o{stroke:#000;stroke-width:1.5}.a{stroke:#c00;stroke-dasharray:5 4}</style>',
               '<rect width="980" height="1130" fill="#fff"/>']
        x = 60
        for w in self.ways:
            if w.name != "bare":
                out.append(f'<rect x="{x}" y="14" width="14" height="14" fill="{COLOURS[w.name]}"/><text x="{x + 20}" y="26" class="n">{w.name}</text>')
                x += 110
        out.append(f'<text x="{x}" y="26" class="n">black: llama-server bare = 1; red: the aim</text>')
        out += self.panel(40, "Tokens a second, against llama-server bare (more is better)", "rate_ratio", AIM_RATE)
        out += self.panel(310, "Time to the first text, against llama-server bare (less is better)", "first_ratio", AIM_FIRST)
        out += self.panel(850, "The shortest tenth of gaps between two texts, against llama-server bare (less is better)", "gap_low_ratio", 1 / AIM_RATE)
        out += self.panel(580, "Processor time a token, of all processes, against llama-server bare (less is better)", "cpu_ratio", 1)
        return "\n".join(out) + "\n</svg>\n"

    # ---- the page ----

    def update_docs(self, directory, text, section):
        page = os.path.join(directory, "performance.md")
        with open(page, encoding="utf-8") as f:
            old = f.read()
        begin = f"<!-- bench/serve {section + ' ' if section else ''}writes from here -->"
        before, found, rest = old.partition(begin)
        _, ended, after = rest.partition(END)
        if not found or not ended:
            raise SystemExit(f"bench/serve: {page} has no markers, or has lost them: {begin} {END}")
        name = f"performance-{section}.svg" if section else "performance.svg"
        with open(os.path.join(directory, name), "w", encoding="utf-8") as f:
            f.write(self.svg())
        with open(page, "w", encoding="utf-8") as f:
            f.write(f"{before}{begin}\n\n![Ratios against llama-server bare]({name})\n\n{text}{self.table()}\n{END}{after}")


def loaded(saved):
    """What Report.saved gave: the report and the text about it."""
    results = {tuple(key): runs for *key, runs in saved["results"]}
    return Report([tuple(c) for c in saved["cells"]], results, saved["ways"], saved["memory"], saved["missing"]), saved["about"]
