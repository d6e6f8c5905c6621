// Plots of figures by week, as SVG: at most 104 weeks of eight series. Colours, print and zoom are
// the style sheet's. Every plot has a table beside it, and date fields do what dragging does, so a
// plot itself needs no keyboard.
import { day, h, svg, whole } from "./kit.js";

const margin = { left: 34, right: 10, top: 10, bottom: 22 };

/**
 * WeekPlot draws a plot that fills its host, and draws it again when the host's width changes.
 *
 * spec: {weeks, series: [{name, cls, counts}], kind: "bars"|"lines", label, format, selection:
 * [from, to] | null, onrange(from, to), onweek(week), note(i)}. A count of null is a gap.
 */
export class WeekPlot {
  constructor(height) {
    this.height = height;
    this.tip = h("div", { class: "tip", hidden: true });
    this.host = h("div", { class: "plot" }, this.tip);
    this.host.style.height = height + "px";
    this.width = 0;
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry.contentRect.width);
      if (width !== this.width) { this.width = width; this.draw(); }
    }).observe(this.host);
    this.listen();
  }

  /** show draws a spec. */
  show(spec) {
    this.spec = spec;
    this.draw();
  }

  draw() {
    const { spec, width, height } = this;
    if (!spec || width < 50) return;
    const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
    const n = Math.max(spec.weeks.length, 1);
    this.step = inner.width / n;
    const top = this.top();
    const ticks = niceTicks(top);
    const max = Math.max(ticks.at(-1), top, 1e-9);
    const y = (v) => margin.top + inner.height * (1 - v / max);
    const grid = ticks.map((v) => [
      svg("line", { class: "rule", x1: margin.left, x2: width - margin.right, y1: y(v), y2: y(v) }),
      svg("text", { class: "tick", x: margin.left - 6, y: y(v) + 4, "text-anchor": "end" }, tickText(v)),
    ]);
    const drawing = svg("svg", { width, height, role: "img", "aria-label": spec.label },
      grid, this.months(), this.shade(), spec.kind === "lines" ? this.lines(y) : this.bars(y), this.cursor = svg("rect", { class: "cursor", y: margin.top, height: inner.height, width: this.step, visibility: "hidden" }));
    this.drawing?.remove();
    this.host.prepend(this.drawing = drawing);
  }

  /** top is the largest value, or sum of a week. */
  top() {
    const { weeks, series, kind } = this.spec;
    if (kind === "lines") return Math.max(0, ...series.flatMap((s) => s.counts.map((c) => c ?? 0)));
    return Math.max(0, ...weeks.map((_, i) => series.reduce((sum, s) => sum + s.counts[i], 0)));
  }

  x(i) { return margin.left + i * this.step; }

  bars(y) {
    const gap = this.step > 5 ? Math.min(3, this.step * 0.18) : 0.5;
    const groups = this.spec.series.map((s) => svg("g", { class: "bar " + s.cls }));
    this.spec.weeks.forEach((_, i) => {
      let sum = 0;
      this.spec.series.forEach((s, k) => {
        const count = s.counts[i];
        if (!count) return;
        const bottom = y(sum);
        sum += count;
        groups[k].append(svg("rect", { x: (this.x(i) + gap / 2).toFixed(1), width: Math.max(1, this.step - gap).toFixed(1), y: y(sum).toFixed(1), height: Math.max(1, bottom - y(sum)).toFixed(1) }));
      });
    });
    return groups;
  }

  lines(y) {
    return this.spec.series.map((s) => {
      let d = "", open = false;
      const dots = [];
      s.counts.forEach((count, i) => {
        if (count == null) { open = false; return; }
        const at = [(this.x(i) + this.step / 2).toFixed(1), y(count).toFixed(1)];
        d += (open ? "L" : "M") + at;
        open = true;
        dots.push(svg("circle", { cx: at[0], cy: at[1], r: s.weak?.[i] ? 2 : 2.6, class: s.weak?.[i] ? "weak" : "" }));
      });
      return svg("g", { class: "line " + s.cls }, svg("path", { d }), dots);
    });
  }

  /** months names the first week of each month where there is room. */
  months() {
    let last = -99;
    return this.spec.weeks.map((week, i) => {
      const isFirst = i === 0 || week.slice(5, 7) !== this.spec.weeks[i - 1].slice(5, 7);
      if (!isFirst || this.x(i) - last < 44 || this.x(i) > this.width - 40) return null;
      if (i === 0 && this.spec.weeks[Math.ceil(44 / this.step)]?.slice(5, 7) !== week.slice(5, 7)) return null; // the next one says more
      const january = week.slice(5, 7) === "01" || last < 0;
      last = this.x(i);
      const name = new Date(week).toLocaleDateString("en-GB", { month: "short", timeZone: "UTC" });
      return svg("text", { class: "tick", x: this.x(i), y: this.height - 6 }, january ? `${name} ${week.slice(2, 4)}` : name);
    });
  }

  /** shade marks the selected weeks. */
  shade() {
    const [from, to] = this.dragged || this.spec.selection || [];
    if (!from && !to) return null;
    const first = from ? this.spec.weeks.findIndex((w) => w >= mondayOf(from)) : 0;
    let end = to ? this.spec.weeks.findIndex((w) => w >= to) : -1;
    if (end < 0) end = this.spec.weeks.length;
    if (first < 0 || end <= first) return null;
    const box = { y: margin.top, height: this.height - margin.top - margin.bottom };
    return [
      svg("rect", { class: "chosen", x: this.x(first), width: this.x(end) - this.x(first), ...box }),
      svg("rect", { class: "edge", x: this.x(first), width: 2, ...box }),
      svg("rect", { class: "edge", x: this.x(end) - 2, width: 2, ...box }),
    ];
  }

  weekAt(event) {
    const i = Math.floor((event.clientX - this.host.getBoundingClientRect().left - margin.left) / this.step);
    return Math.min(Math.max(i, 0), this.spec.weeks.length - 1);
  }

  /** listen shows a week's figures under the pointer, and selects weeks by dragging. */
  listen() {
    let from = -1;
    const range = (i) => [this.spec.weeks[Math.min(from, i)], after(this.spec.weeks[Math.max(from, i)])];
    this.host.addEventListener("pointerdown", (event) => {
      if (!this.spec?.weeks.length || event.button) return;
      from = this.weekAt(event);
      if (this.spec.onrange && event.pointerType !== "touch") this.host.setPointerCapture(event.pointerId);
    });
    this.host.addEventListener("pointermove", (event) => {
      if (!this.spec?.weeks.length) return;
      const i = this.weekAt(event);
      this.point(i);
      if (from >= 0 && i !== from && this.spec.onrange) { this.dragged = range(i); this.draw(); }
    });
    this.host.addEventListener("pointerup", (event) => {
      if (from < 0) return;
      const i = this.weekAt(event), moved = i !== from, chosen = range(i);
      from = -1;
      this.dragged = null;
      if (moved && this.spec.onrange) this.spec.onrange(...chosen);
      else if (event.pointerType !== "touch" && this.spec.onweek) this.spec.onweek(this.spec.weeks[i]);
    });
    for (const name of ["pointerleave", "pointercancel"])
      this.host.addEventListener(name, () => { from = -1; this.point(-1); if (this.dragged) { this.dragged = null; this.draw(); } });
  }

  /** point shows the figures of week i; -1 shows none. */
  point(i) {
    this.tip.hidden = i < 0;
    this.cursor?.setAttribute("visibility", i < 0 ? "hidden" : "visible");
    if (i < 0) return;
    const { spec } = this;
    this.cursor?.setAttribute("x", this.x(i));
    const format = spec.format || whole;
    const rows = spec.series.filter((s) => s.counts[i]).map((s) =>
      h("div", {}, h("span", { class: "key " + s.cls }), h("bdi", {}, s.name), h("b", {}, format(s.counts[i]))));
    const sum = spec.kind === "lines" || spec.series.length < 2 || spec.overlap ? null : h("div", { class: "sum" }, "All", h("b", {}, whole(spec.series.reduce((t, s) => t + s.counts[i], 0))));
    this.tip.replaceChildren(h("strong", {}, `Week of ${day(spec.weeks[i])}`), ...rows.reverse(), sum || "", spec.note ? h("div", { class: "quiet" }, spec.note(i)) : "");
    const left = this.x(i) + this.step;
    const flip = left > this.width - 230;
    this.tip.style.left = flip ? "auto" : left + 8 + "px";
    this.tip.style.right = flip ? this.width - this.x(i) + 8 + "px" : "auto";
  }
}

/** spark is a small plot of counts without axes, for a line of text. */
export function spark(counts, cls) {
  const top = Math.max(1, ...counts), width = 4 * counts.length, height = 24;
  return svg("svg", { class: "spark " + (cls || ""), viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", preserveAspectRatio: "none" },
    counts.map((c, i) => svg("rect", { x: 4 * i, width: 3, y: height - (height * c) / top, height: (height * c) / top })));
}

/** legend names the series of a plot, each with its total and a link. */
export function legend(series) {
  return h("ul", { class: "legend" }, series.map((s) => {
    const content = [h("span", { class: "key " + s.cls }), h("bdi", {}, s.name), s.total == null ? null : h("b", {}, whole(s.total))];
    return h("li", {}, s.href ? h("a", { href: s.href }, content) : h("span", {}, content));
  }));
}

const after = (monday) => new Date(Date.parse(monday) + 7 * 86400e3).toISOString().slice(0, 10);

function mondayOf(date) {
  const at = new Date(date.slice(0, 10));
  return new Date(at - ((at.getUTCDay() + 6) % 7) * 86400e3).toISOString().slice(0, 10);
}

const tickText = (v) => (Number.isInteger(v) ? whole(v) : String(Number(v.toPrecision(2))));

/** niceTicks are up to four round values, from 0 to at least most of max. */
function niceTicks(max) {
  if (!(max > 0)) return [0, 1];
  const raw = max / 3, power = 10 ** Math.floor(Math.log10(raw));
  const step = Math.max([1, 2, 5, 10].find((m) => m * power >= raw) * power, max < 4 ? 1 : 0);
  const ticks = [];
  for (let v = 0; v <= max + step * 0.4; v += step) ticks.push(v);
  return ticks;
}

