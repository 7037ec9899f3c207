"""The drawing of a run: an SVG whose places are percents and whose texts keep their size, so that it fits any width."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import chain

from spawnable.timeline.arrows import arrows
from spawnable.timeline.key import key
from spawnable.timeline.layout import NARROW, cluster, percent, runs, side, width
from spawnable.timeline.model import Lane, Timeline, timeline
from spawnable.timeline.phrases import Phrases, Translate
from spawnable.timeline.rows import Row, row
from spawnable.timeline.scale import LEFT, RIGHT, Scale, scale_of
from spawnable.timeline.standalone import listed, style
from spawnable.timeline.story import story
from spawnable.transcript import Transcript

__all__ = ["common_scale", "draw", "marks", "sheet"]

#: pixels between the top and the first lane, and under the last
_TOP, _AXIS = 6.0, 26.0
#: how far right a lock's bars may end if its name is to stand behind them, in percent
_LAST_NAME = 85.0


def draw(
    transcript: Transcript,
    *,
    name: str = "timeline",
    links: Mapping[int, str] | None = None,
    standalone: bool = False,
    scale: Scale | None = None,
    translate: Translate = str,
) -> str:
    """Return a run's timeline as an SVG: the same bytes for the same transcript.

    `name` begins every id in it.  `links` says where the mark of each line of output
    leads to, by the line's number from 1; a mark whose lines have no link is none.
    Inside a page the drawing has the style of `timeline.css` and is described by the
    element with the id `NAME-story`; `standalone`, it is a file of its own that holds
    its style, its story and the lines of output.  `scale` makes it comparable with
    another.  `translate` takes each English phrase and returns what is shown.
    """
    say = Phrases(translate)
    run = timeline(transcript)
    drawing = _Drawing(run, scale or run.scale(), say, name)
    if standalone:
        links = {number: f"#{name}-line-{number}" for number in range(1, len(run.lines) + 1)}
    body = drawing.body(links or {})
    height = drawing.height
    title = say.title(run.transcript.start_method)
    if not standalone:
        return (
            f'<svg class="timeline-drawing" role="group" aria-label="{escape(title)}" '
            f'aria-describedby="{name}-story" width="100%" height="{height:.0f}">{body}</svg>'
        )
    text, more = listed(run, name, height)
    told = escape(" ".join(story(run, say)), quote=False)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline-drawing" role="group" aria-labelledby="{name}-title" '
        f'aria-describedby="{name}-story" width="100%" height="{height + more:.0f}">'
        f'<title id="{name}-title">{escape(title, quote=False)}</title><desc id="{name}-story">{told}</desc>'
        f"<style>{style()}</style>{body}{text}</svg>\n"
    )


def sheet(transcripts: Sequence[Transcript], *, translate: Translate = str) -> str:
    """Return the timelines of several runs as one SVG file of its own, under each other and on one scale."""
    say = Phrases(translate)
    scale = common_scale([timeline(transcript) for transcript in transcripts])
    parts, y = [], 0.0
    for number, transcript in enumerate(transcripts, 1):
        inner = draw(transcript, name=f"run-{number}", standalone=True, scale=scale, translate=translate)
        inner = inner.replace(f"<style>{style()}</style>", "", 1).rstrip("\n")
        title = f"{say.title(transcript.start_method)}, Python {transcript.python}"
        parts.append(f'<text class="n p0" x="2%" y="{y + 20:.0f}">{escape(title, quote=False)}</text>')
        parts.append(inner.replace("<svg ", f'<svg y="{y + 28:.0f}" ', 1))
        y += 28 + float(inner.partition(' height="')[2].partition('"')[0]) + 16
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="timeline-drawing" width="100%" height="{y:.0f}">'
        f"<style>{style()}</style>{''.join(parts)}</svg>\n"
    )


def common_scale(runs: Sequence[Timeline]) -> Scale:
    """Return one scale for several runs, so that a second is as wide in each."""
    return scale_of(max((run.end for run in runs), default=0.0), [time for run in runs for time in run.busy()])


def marks(run: Timeline, name: str, scale: Scale | None = None) -> dict[int, str]:
    """Return the id of the mark of each line of output, by the line's number, in the drawing of that name."""
    chosen = scale or run.scale()
    written = [*(lane.written for lane in run.lanes), run.unattributed]
    clusters = (numbers for lane in written for numbers, _, _ in cluster(lane, chosen))
    return {number: f"{name}-mark-{numbers[0]}" for numbers in clusters for number in numbers}


class _Drawing:
    """One SVG as it comes into being, from the top down."""

    def __init__(self, run: Timeline, scale: Scale, say: Phrases, name: str) -> None:
        self.run, self.scale, self.say, self.name = run, scale, say, name
        self.rows: dict[int, Row] = {}
        self.height = _TOP
        for lane in run.lanes:
            self.rows[lane.process.pid] = made = row(lane, run, scale, say, self.height)
            self.height = made.bottom

    def body(self, links: Mapping[int, str]) -> str:
        """Return all that the drawing shows."""
        below = self.height
        marks = "".join(self._marks(lane, links) for lane in self.run.lanes)
        if self.run.unattributed:
            marks += self._beads(self.run.unattributed, below + 12, "", self.say._("an unknown process"), links)
            below += 24
        if self.run.omitted:
            text = self.say._("%d more processes are not shown.") % self.run.omitted
            below += 18
            omitted = f'<text class="q" y="{below - 4:.0f}">{escape(text)}</text>'
        else:
            omitted = ""
        axis = self._axis(below)
        shapes = "".join(chain(map(self._joints, self.run.lanes), map(self._bars, self.run.lanes)))
        labels = "".join(map(self._labels, self.run.lanes))
        explained, self.height = key(self.run, self.scale, self.say, below + _AXIS)
        defs = (
            f'<defs><pattern id="{self.name}-zombie" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><path class="zl" d="M0 0v6"/></pattern>'
            f'<marker id="{self.name}-head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
            f'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
            '<path class="hd" d="M0 .5 8 4 0 7.5z"/></marker></defs>'
        )
        sent = arrows(self.run, self.scale, {pid: made.y for pid, made in self.rows.items()}, self.name)
        fill = f'<g aria-hidden="true" style="--zombie:url(#{self.name}-zombie)">'
        return f"{defs}{fill}{axis}{shapes}{sent}{labels}{omitted}{explained}</g>{marks}"

    def _axis(self, bottom: float) -> str:
        """Return the ticks, and where time is left out."""
        parts, ticks = [], self.scale.ticks()
        for time in ticks:
            at = percent(self.scale.at(time))
            anchor = ' class="start"' if time == 0 else ""
            text = f"{time * 1000:,.0f}" if time != ticks[-1] else self.say.ms(time)
            parts.append(
                f'<line class="g" x1="{at}" x2="{at}" y1="0" y2="{bottom:.0f}"/>'
                f'<text x="{at}" y="{bottom + 14:.0f}"{anchor}>{text}</text>'
            )
        for begin, end in self.scale.cuts:
            left, right = self.scale.at(begin), self.scale.at(end)
            parts.append(
                f'<rect class="cut" x="{percent(left)}" width="{percent(right - left)}" y="0" height="{bottom:.0f}"/>'
                f'<text class="cut-text" x="{percent((left + right) / 2)}" y="{bottom + 14:.0f}">≈</text>'
            )
        return f'<g class="axis">{"".join(parts)}</g>'

    def _joints(self, lane: Lane) -> str:
        """Return the lines that join a process with the one that created it and the one that learned of its end."""
        process, own = lane.process, self.rows[lane.process.pid].y
        parts = []
        if process.parent in self.rows:
            at = percent(self.scale.at(process.birth))
            parts.append(f'<line class="b" x1="{at}" x2="{at}" y1="{self.rows[process.parent].y:.0f}" y2="{own:.0f}"/>')
        if lane.reaped is not None and lane.reaped.pid in self.rows:
            moment = self.scale.at(lane.reaped.time)
            at, gone = percent(moment), self.scale.at(lane.end)
            if moment - gone > 1:
                parts.append(f'<line class="j" x1="{percent(gone)}" x2="{at}" y1="{own:.0f}" y2="{own:.0f}"/>')
            top = self.rows[lane.reaped.pid].y
            parts.append(
                f'<line class="j" x1="{at}" x2="{at}" y1="{own:.0f}" y2="{top + 7:.0f}" '
                f'marker-end="url(#{self.name}-head)"/>'
            )
        return f'<g class="{lane.colour}">{"".join(parts)}</g>' if parts else ""

    def _bars(self, lane: Lane) -> str:
        """Return a process's bar, and those of its locks."""
        made, process = self.rows[lane.process.pid], lane.process
        begin = self.scale.at(process.birth)
        stop = self.scale.at(self.run.end if process.death is None else process.death)
        parts = [f'<line class="s" x1="{percent(begin)}" x2="{percent(stop)}"/>']
        for left, right, state in runs(lane.spells, self.scale):
            if state == "Z":
                parts.append(
                    f'<rect class="z" x="{percent(left)}" width="{percent(right - left)}" y="-7" height="14"/>'
                )
            else:
                kind = {"R": "r", "T": "t", "?": "u"}[state]
                parts.append(f'<line class="{kind}" x1="{percent(left)}" x2="{percent(right)}"/>')
        parts += [self._end(lane, stop), *self._spans(lane, made)]
        return f'<g class="{lane.colour}" transform="translate(0 {made.y:.0f})">{"".join(parts)}</g>'

    def _labels(self, lane: Lane) -> str:
        """Return a process's name, what is said under its bar, and the names of its locks."""
        made = self.rows[lane.process.pid]
        parts = [self._name(lane, self.scale.at(lane.process.birth))]
        parts += [_text("q", at, anchor, y - made.y, text) for text, y, at, anchor in made.notes]
        for name, y in made.tracks.items():
            spans = [span for span in lane.spans if span.name == name]
            first, last = (self.scale.at(time) for time in (spans[0].begin, max(span.end for span in spans)))
            before = first - width(name) / NARROW * 100 > 1
            at, anchor = (first, "end") if before or last > _LAST_NAME else (last, "start")
            parts.append(_text("q", at, anchor, y - made.y + 4, name, dx=-4 if anchor == "end" else 4))
        return f'<g class="{lane.colour}" transform="translate(0 {made.y:.0f})">{"".join(parts)}</g>'

    def _end(self, lane: Lane, stop: float) -> str:
        process = lane.process
        if process.death is None:
            return f'<text class="e" x="{percent(stop)}" dx="2" y="5">→</text>'
        if process.exit_code == 0:
            return f'<line class="e" x1="{percent(stop)}" x2="{percent(stop)}" y1="-8" y2="8"/>'
        return f'<text class="x" x="{percent(stop)}" y="7">×</text>'  # noqa: RUF001

    def _name(self, lane: Lane, begin: float) -> str:
        name, said = lane.process.name, self.say.end(lane.process)
        at, anchor = side(begin, f"{name}  {said} ")
        inner = f'{escape(name, quote=False)}<tspan class="q" dx="7">{escape(said, quote=False)}</tspan>'
        dx = {"start": 5 if begin > LEFT + 1 else -5, "end": 0}[anchor]
        return _text("n", at, anchor, -13, inner, dx=dx, raw=True)

    def _spans(self, lane: Lane, made: Row) -> list[str]:
        """Return the bars of waiting for locks and holding them."""
        parts = []
        for span in lane.spans:
            y = made.tracks[span.name] - made.y
            kind = "h" if span.what == "hold" else "w"
            left, right = self.scale.at(span.begin), self.scale.at(span.end)
            parts.append(
                f'<line class="{kind}" x1="{percent(left)}" x2="{percent(max(right, left + 0.4))}" '
                f'y1="{y:.0f}" y2="{y:.0f}"/>'
            )
        return parts

    def _marks(self, lane: Lane, links: Mapping[int, str]) -> str:
        made = self.rows[lane.process.pid]
        return self._beads(lane.written, made.y, lane.colour, lane.process.name, links)

    def _beads(
        self, written: Sequence[tuple[int, float]], y: float, colour: str, writer: str, links: Mapping[int, str]
    ) -> str:
        """Return the marks of lines of output."""
        parts = []
        for numbers, at, label in cluster(written, self.scale):
            classes = " ".join(["k", *(f"n{number}" for number in numbers if number <= 99)])  # noqa: PLR2004
            texts = [self.run.lines[number - 1].text.strip() for number in numbers[:3]]
            values = {"lines": self.say.lines(numbers), "writer": writer, "text": " / ".join(texts)[:90]}
            told = self.say._("%(writer)s writes %(lines)s: %(text)s") % values
            # who speaks to the page calls a mark by what it shows
            told = escape(told if label in told else f"{label}: {told}")
            inner = f'<text x="{percent(at)}" y="4">{label}</text>'
            link = next((links[number] for number in numbers if number in links), None)
            if link is None:
                parts.append(f'<g class="{classes}" role="img" aria-label="{told}">{inner}</g>')
            else:
                ident = f"{self.name}-mark-{numbers[0]}"
                parts.append(f'<a class="{classes}" id="{ident}" href="{escape(link)}" aria-label="{told}">{inner}</a>')
        if not parts:
            return ""
        return f'<g class="{colour}" transform="translate(0 {y:.0f})">{"".join(parts)}</g>'


def _text(kind: str, at: float, anchor: str, y: float, text: str, *, dx: int = 0, raw: bool = False) -> str:
    """Return a text; `raw` where it is SVG already."""
    place = f' dx="{dx}"' if dx else ""
    end = ' text-anchor="end"' if anchor == "end" else ""
    inner = text if raw else escape(text, quote=False)
    return f'<text class="{kind}" x="{percent(min(at, RIGHT + 3))}"{place} y="{y:.0f}"{end}>{inner}</text>'
