// Feedback: search, filters with counts, the weeks, the table and one record. The address holds all
// of it, with the API's own names, so that a saved view is a link.
import { announce, failed, rewrite, state } from "./app.js";
import {
  WEEK, ask, badge, blank, colourClass, day, decimal, download, h, hasToken, icon, isoDay, now, ordered, plural, priorityClass, propertyNames, query, shown, stamp, text, trouble,
  twin, weekAfter, whole,
} from "./kit.js";
import { WeekPlot, legend } from "./plot.js";
import { Rows } from "./rows.js";

const properties = ["priority", "environment", "area", "team", "status", "type_of_issue", "source"];
const splits = ["priority", "environment", "area", "team", "status"];
const shownChoices = 6;
const wide = matchMedia("(min-width: 60rem)"); // the filters stand beside the table

/** feedback makes the view. */
export function feedback(parameters) { return new Feedback(parameters); }

class Feedback {
  constructor(parameters) {
    this.read(parameters);
    this.expanded = new Set();
    this.rows = new Rows({
      open: (id) => this.openRecord(id),
      sort: (key) => { this.filter.sort = key; this.changed(); },
      failed: (problem) => this.rows.message(failed(problem, () => this.load())),
      loaded: (total, unknown) => this.counted(total, unknown),
    });
    this.build();
    this.load();
    requestAnimationFrame(() => this.id && this.showRecord(this.id)); // once the view is in the page
  }

  /** read takes the view from the address. */
  read(parameters) {
    this.filter = { q: parameters.get("q") || "", sort: parameters.get("sort") || "", created_from: parameters.get("created_from") || "", created_to: parameters.get("created_to") || "" };
    for (const property of properties) this.filter[property] = parameters.getAll(property);
    this.split = splits.includes(parameters.get("split")) ? parameters.get("split") : parameters.has("split") ? "" : "priority";
    this.id = parameters.get("id") || "";
  }

  /** asked are the parameters of the API for the filters. */
  asked(without = []) {
    const { q, created_from, created_to } = this.filter;
    const all = { q, created_from, created_to };
    for (const property of properties) all[property] = this.filter[property];
    for (const name of without) delete all[name];
    for (const name of Object.keys(all)) if (all[name] === "") delete all[name];
    return all;
  }

  address() {
    const extra = { sort: this.filter.sort || null, split: this.split === "priority" ? null : this.split, id: this.id || null };
    return "/app/feedback" + query({ ...this.asked(), ...extra });
  }

  build() {
    this.search = h("input", { type: "search", id: "q", value: this.filter.q, placeholder: "Search: words, \"a phrase\", begin*", autocomplete: "off", spellcheck: false, maxLength: 500, "aria-keyshortcuts": "/",
      oninput: () => this.typed(), onkeydown: (event) => { if (event.key === "ArrowDown") { event.preventDefault(); this.rows.focus(); } } });
    this.total = h("p", { class: "total", role: "status" }, "…");
    this.csv = h("a", { class: "button", download: "feedback.csv", href: "/api/feedback.csv", onclick: (event) => this.save(event) }, "CSV");
    this.active = h("div", { class: "chips active" });
    this.facets = h("div", { class: "facets" });
    this.rail = h("details", { class: "rail", open: wide.matches }, h("summary", {}, "Filters"), this.facets);
    this.plot = new WeekPlot(170);
    this.verdict = h("p", { class: "verdict" }, " ");
    this.legend = h("div", { class: "legend-box" });
    this.twin = h("div");
    this.from = h("input", { type: "date", id: "from", onchange: () => this.dates(this.from.value, this.filter.created_to) });
    this.to = h("input", { type: "date", id: "to", onchange: () => this.dates(this.filter.created_from, this.to.value) });
    this.splitter = h("select", { id: "split", onchange: () => { this.split = this.splitter.value; rewrite(this.address()); this.drawWeeks(); } },
      h("option", { value: "" }, "nothing"), splits.map((name) => h("option", { value: name }, propertyNames[name].toLowerCase())));
    this.root = h("div", { class: "view-feedback" },
      h("h1", { class: "unseen" }, "Feedback"),
      h("div", { class: "searchbar" }, h("label", { class: "unseen", for: "q" }, "Search"), this.search, h("kbd", { "aria-hidden": "true" }, "/"), this.total, this.csv),
      this.active,
      h("div", { class: "columns" }, this.rail,
        h("div", { class: "results" },
          h("section", { class: "card weeks", "aria-label": "Feedback by week" },
            h("div", { class: "head" }, h("h2", {}, "By week"), this.legend,
              h("label", { class: "field" }, "split by ", this.splitter)),
            this.plot.host,
            this.verdict,
            h("div", { class: "range" }, h("label", {}, "From ", this.from), h("label", {}, "before ", this.to), this.presets = h("span", { class: "presets" }), h("span", { class: "quiet hint" }, "or drag across the weeks")),
            this.twin),
          this.rows.root)));
    this.drawer = h("dialog", { class: "drawer", "aria-label": "Record", onclose: () => this.closed(), onclick: (event) => { if (event.target === this.drawer) this.drawer.close(); }, onkeydown: (event) => this.walk(event) });
    this.root.append(this.drawer);
    this.onkey = (event) => this.key(event);
    document.addEventListener("keydown", this.onkey);
    this.onwide = () => { this.rail.open = wide.matches; };
    wide.addEventListener("change", this.onwide);
    this.fields();
  }

  /** fields sets what the person can set to what the view has. */
  fields() {
    if (document.activeElement !== this.search) this.search.value = this.filter.q;
    this.from.value = this.filter.created_from.slice(0, 10);
    this.to.value = this.filter.created_to.slice(0, 10);
    this.splitter.value = this.split;
    this.csv.href = "/api/feedback.csv" + query({ ...this.asked(), sort: this.filter.sort || null });
    this.rows.sorted(this.filter.sort);
    this.drawActive();
  }

  key(event) {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !this.drawer.open) { event.preventDefault(); this.search.focus(); this.search.select(); }
    if (event.key === "Escape" && event.target === this.search && this.search.value) { event.preventDefault(); this.search.value = ""; this.typed(); }
  }

  typed() {
    this.filter.q = searchable(this.search.value);
    clearTimeout(this.addressTimer);
    this.addressTimer = setTimeout(() => rewrite(this.address(), { replace: true }), 300);
    this.fields();
    this.load();
  }

  /** changed shows another view, which the back button leaves again. */
  changed() {
    this.fields();
    rewrite(this.address());
    this.load();
  }

  dates(from, to) {
    this.filter.created_from = from;
    this.filter.created_to = to;
    this.changed();
  }

  toggle(property, value) {
    const values = this.filter[property];
    this.filter[property] = values.includes(value) ? values.filter((v) => v !== value) : [...values, value];
    this.changed();
  }

  /** update follows the address: back, forward, or a link. */
  update(parameters) {
    clearTimeout(this.addressTimer);
    const before = JSON.stringify([this.asked(), this.filter.sort]), split = this.split, id = this.id;
    this.read(parameters);
    this.search.value = this.filter.q;
    this.fields();
    if (JSON.stringify([this.asked(), this.filter.sort]) !== before) this.load();
    else if (this.split !== split) this.drawWeeks();
    if (this.id !== id) this.id ? this.showRecord(this.id) : this.drawer.close();
  }

  refresh() { this.load(); }

  leave() {
    document.removeEventListener("keydown", this.onkey);
    wide.removeEventListener("change", this.onwide);
    clearTimeout(this.addressTimer);
    clearTimeout(this.weeksTimer);
    this.aborter?.abort();
    this.rows.stop();
  }

  /** load asks for rows first, then counts, then weeks: in the order in which they are looked at. */
  load() {
    this.aborter?.abort();
    this.aborter = new AbortController();
    const { signal } = this.aborter;
    this.rows.load({ ...this.asked(), sort: this.filter.sort || null });
    this.loadFacets(signal);
    clearTimeout(this.weeksTimer);
    this.weeksTimer = setTimeout(() => this.drawWeeks(), this.weeks ? 120 : 0);
  }

  counted(total, unknown) {
    this.total.textContent = plural(total, "record");
    if (unknown) this.rows.message(blank(`No record has this ${unknown.split(",").map((name) => (propertyNames[name.trim()] || name).toLowerCase()).join(" or ")}`, "The value may be misspelled, or no longer in the table."));
    else if (total === 0) this.rows.message(blank("Nothing matches", "Remove a filter, or search for fewer words. ", h("a", { href: "/app/feedback" }, "Start again")));
  }

  async loadFacets(signal) {
    this.facets.setAttribute("aria-busy", "true");
    try {
      const { body } = await ask("/api/feedback/facets" + query(this.asked()), { signal });
      this.choices = body;
      this.drawFacets();
    } catch (problem) {
      if (problem.name !== "AbortError" && ![401, 403, 503, 0, 400].includes(problem.status)) this.facets.replaceChildren(trouble(problem));
    } finally {
      if (!signal.aborted) this.facets.removeAttribute("aria-busy");
    }
  }

  drawFacets() {
    const focused = document.activeElement?.closest?.(".facets button")?.dataset.key;
    this.facets.replaceChildren(...properties.map((property) => {
      const selected = this.filter[property];
      const choices = [...this.choices[property]];
      const lower = new Set(choices.map((c) => c.value.toLowerCase()));
      for (const value of selected) if (!lower.has(value.toLowerCase())) choices.unshift({ value, count: 0 });
      const isAll = this.expanded.has(property);
      const isOn = (value) => selected.some((s) => s.toLowerCase() === value.toLowerCase());
      const visible = isAll ? choices : choices.filter((c, i) => i < shownChoices || isOn(c.value));
      const most = Math.max(1, ...choices.map((c) => c.count));
      return h("fieldset", {}, h("legend", {}, propertyNames[property]),
        h("div", { class: "choices" }, visible.map(({ value, count }) => this.choice(property, value, count, isOn(value), count / most)),
          choices.length > visible.length || isAll && choices.length > shownChoices
            ? h("button", { type: "button", class: "more", "data-key": property + "…", "aria-expanded": String(isAll), onclick: () => { isAll ? this.expanded.delete(property) : this.expanded.add(property); this.drawFacets(); } },
              isAll ? "fewer" : `${choices.length - visible.length} more`) : null));
    }));
    if (focused) [...this.facets.querySelectorAll("button")].find((b) => b.dataset.key === focused)?.focus();
  }

  choice(property, value, count, isOn, share) {
    const button = h("button", { type: "button", class: "choice", "aria-pressed": String(isOn), "data-key": property + "=" + value, onclick: () => this.toggle(property, isOn ? this.filter[property].find((s) => s.toLowerCase() === value.toLowerCase()) : value) },
      h("span", { class: "share", "aria-hidden": "true" }), text(shown(value), "name"), h("span", { class: "count" }, whole(count)));
    button.firstChild.style.width = (share * 100).toFixed(1) + "%";
    return button;
  }

  drawActive() {
    const chips = properties.flatMap((property) => this.filter[property].map((value) =>
      h("button", { type: "button", class: "chip", "aria-label": `Remove ${propertyNames[property]} ${shown(value)}`, onclick: () => this.toggle(property, value) }, h("span", { class: "quiet" }, propertyNames[property] + " "), text(shown(value)), icon("M4 4l8 8M12 4l-8 8"))));
    const { created_from: from, created_to: to } = this.filter;
    if (from || to) chips.push(h("button", { type: "button", class: "chip", "aria-label": "Remove the dates", onclick: () => this.dates("", "") }, h("span", { class: "quiet" }, "Created "), [from && `from ${day(from)}`, to && `before ${day(to)}`].filter(Boolean).join(" "), icon("M4 4l8 8M12 4l-8 8")));
    if (chips.length > 1 || (chips.length && this.filter.q)) chips.push(h("a", { class: "clear", href: "/app/feedback" }, "clear all"));
    this.active.replaceChildren(...chips);
  }

  // The weeks. They are those of all dates, so that the range in them can be moved.

  async drawWeeks() {
    const asked = this.asked(["created_from", "created_to"]);
    const ticket = (this.weeksTicket = {});
    try {
      const [{ body: every }, { body: all }] = await Promise.all([ask("/api/feedback/facets"), ask("/api/feedback/facets" + query(asked))]);
      if (this.weeksTicket !== ticket) return;
      const weeks = everyWeek(every.week); // the same for every filter, so that an empty week is one
      this.weeks = { weeks, counts: spread(all.week, weeks) };
      if (this.split === "") return this.showWeeks([{ name: "records", cls: "s0", counts: this.weeks.counts, total: all.total }]);
      const selected = this.filter[this.split];
      const values = ordered(this.split, all[this.split].map((c) => c.value).filter((v) => !selected.length || selected.some((s) => s.toLowerCase() === v.toLowerCase())).slice(0, 6), (value) => value);
      const each = await Promise.all(values.map((value) => ask("/api/feedback/facets" + query({ ...asked, [this.split]: value }))));
      if (this.weeksTicket !== ticket) return;
      const series = each.map(({ body }, i) => ({
        name: shown(values[i]), cls: colourClass(this.split, values[i], i), counts: spread(body.week, weeks), total: body.total,
        href: "/app/feedback" + query({ ...this.asked(), [this.split]: values[i] }),
      }));
      const rest = this.weeks.counts.map((count, i) => count - series.reduce((sum, s) => sum + s.counts[i], 0));
      if (this.split !== "area" && rest.some((count) => count > 0)) series.push({ name: "others", cls: "s-rest", counts: rest, total: rest.reduce((a, b) => a + b, 0) });
      this.showWeeks(series);
    } catch (problem) {
      if (this.weeksTicket !== ticket || problem.name === "AbortError") return;
      this.verdict.replaceChildren([400, 401, 403, 503].includes(problem.status) ? "" : text(problem.message));
    }
  }

  showWeeks(series) {
    const { weeks, counts } = this.weeks;
    const { created_from, created_to } = this.filter;
    this.plot.show({
      weeks, series, overlap: this.split === "area", label: `Records per week: ${weeks.length} weeks, ${whole(counts.reduce((a, b) => a + b, 0))} records. The table below has the figures.`,
      selection: created_from || created_to ? [created_from, created_to] : null,
      onrange: (from, to) => this.dates(from, to),
      onweek: (week) => this.dates(week, weekAfter(week)),
    });
    this.legend.replaceChildren(this.split ? legend(series) : "");
    this.twin.replaceChildren(twin("Records per week", ["Week of", "All", ...series.map((s) => s.name)], weeks.map((week, i) => [day(week), whole(counts[i]), ...series.map((s) => whole(s.counts[i]))]).reverse()));
    this.verdict.replaceChildren(...(weeks.length ? judge(weeks, counts) : ["No record has a week yet."]));
    const last = lastWhole(weeks);
    const presets = last < 0 ? [] : [["last week", 1], ["4 weeks", 4], ["13 weeks", 13]].filter(([, n]) => last + 1 >= n).map(([name, n]) => [name, weeks[last + 1 - n], weekAfter(weeks[last])]);
    this.presets.replaceChildren(...presets.map(([name, from, to]) => h("button", { type: "button", class: "link", onclick: () => this.dates(from, to) }, name)),
      created_from || created_to ? h("button", { type: "button", class: "link", onclick: () => this.dates("", "") }, "all dates") : "");
  }

  async save(event) {
    if (!hasToken("read")) return;
    event.preventDefault();
    try {
      await download(this.csv.getAttribute("href"), "feedback.csv");
    } catch (problem) {
      announce(problem.message);
      this.rows.message(trouble(problem));
    }
  }

  // One record.

  openRecord(id) {
    this.id = id;
    rewrite(this.address());
    this.showRecord(id);
  }

  async showRecord(id) {
    if (!this.drawer.open) { this.drawer.replaceChildren(h("p", { class: "quiet" }, "…")); this.drawer.showModal(); }
    try {
      const { body } = await ask("/api/feedback/" + encodeURIComponent(id));
      if (this.id === id) this.drawer.replaceChildren(...recordParts(body, this));
    } catch (problem) {
      if (this.id === id) this.drawer.replaceChildren(closeButton(this.drawer), failed(problem, () => this.showRecord(id)));
    }
  }

  walk(event) {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    if (!step || event.target.closest(".scroll")) return;
    event.preventDefault();
    const id = this.rows.move(step);
    if (id && id !== this.id) { this.id = id; rewrite(this.address(), { replace: true }); this.showRecord(id); }
  }

  closed() {
    if (!this.id) return;
    this.id = "";
    rewrite(this.address());
    this.rows.focus();
  }
}

const closeButton = (drawer) => h("button", { type: "button", class: "close", "aria-label": "Close", onclick: () => drawer.close() }, icon("M3 3l10 10M13 3L3 13"));

function recordParts(r, view) {
  const link = (property, value) => h("a", { href: "/app/feedback" + query({ [property]: value }) }, text(shown(value)));
  const web = (address, words) => (/^https?:\/\//i.test(address) ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words) : null);
  const facts = [
    ["Priority", badge(r.priority, priorityClass(r.priority))], ["Status", link("status", r.status)], ["Environment", link("environment", r.environment)], ["Team", link("team", r.team)],
    ["Areas", (r.areas.length ? r.areas : ["Unknown"]).flatMap((area, i) => [i ? ", " : "", link("area", area)])],
    ["Type of issue", link("type_of_issue", r.type_of_issue)], ["Source", text(r.source)], ["Created", stamp(r.created_at)], ["Modified", stamp(r.modified_at)],
    ["Reporter", r.reporter_email && text(r.reporter_email)], ["Triage", text(r.triage_rep)], ["Related IMT", r.related_imt && text(r.related_imt)],
  ];
  const long = (name, value) => value && value !== r.description && [h("h3", {}, name), h("p", { class: "prose", dir: "auto" }, value)];
  return [
    h("header", {}, h("h2", {}, r.issue_number == null ? "Record" : "Issue " + r.issue_number, " ", h("small", { class: "quiet" }, r.id)),
      h("span", { class: "pager" }, h("button", { type: "button", "aria-label": "Previous record", onclick: () => view.walk(arrow("ArrowUp", view)) }, icon("M3 10l5-5 5 5")), h("button", { type: "button", "aria-label": "Next record", onclick: () => view.walk(arrow("ArrowDown", view)) }, icon("M3 6l5 5 5-5"))),
      closeButton(view.drawer)),
    h("p", { class: "links" }, web(r.airtable_url, "Open in Airtable"), web(r.slack_thread, "Slack thread"), h("a", { href: "/api/feedback/" + encodeURIComponent(r.id), target: "_blank" }, "JSON")),
    h("p", { class: "prose lead", dir: "auto" }, r.description),
    h("dl", {}, facts.filter(([, value]) => value).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    long("Notes", r.notes), long("Resolution", r.resolution_notes),
    h("details", { class: "twin" }, h("summary", {}, "Every Airtable field"), h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Fields" },
      h("table", {}, h("tbody", {}, Object.entries(r.fields).map(([name, value]) => h("tr", {}, h("th", { scope: "row" }, text(name)), h("td", {}, text(typeof value === "string" ? value : JSON.stringify(value))))))))),
  ].flat().filter(Boolean);
}

const arrow = (key, view) => ({ key, target: view.drawer, preventDefault() {} });

/** searchable is what is typed so far as a search: the last word may be under way. */
function searchable(typed) {
  const q = typed.trim();
  if (!/[\p{L}\p{N}]/u.test(q)) return "";
  return /[\p{L}\p{N}]$/u.test(q) && (q.match(/"/g) || []).length % 2 === 0 ? q + "*" : q;
}

/** everyWeek lists the Mondays from the first to the last week that has any record, at most 104. */
function everyWeek(facet) {
  if (!facet.length) return [];
  const weeks = [];
  const limit = isoDay(now());
  const known = facet.map((c) => c.value).filter((w) => w <= limit);
  const last = Date.parse(known.at(-1) || facet[0].value);
  for (let at = Math.max(Date.parse(facet[0].value), last - 103 * WEEK); at <= last; at += WEEK) weeks.push(isoDay(at));
  return weeks;
}

function spread(facet, weeks) {
  const counts = new Map(facet.map((c) => [c.value, c.count]));
  return weeks.map((week) => counts.get(week) || 0);
}

/** lastWhole is the index of the last week that was over when the snapshot was made. */
function lastWhole(weeks) {
  const made = Date.parse(state.cache?.snapshot?.created_at || new Date(now()).toISOString());
  let last = weeks.length - 1;
  while (last >= 0 && Date.parse(weeks[last]) + WEEK > made) last--;
  return last;
}

/**
 * judge says whether the weeks get worse, and since when. A week of the last 52 is a step if the mean
 * of up to eight weeks from it on differs by half from that of the eight weeks before it, if chance
 * hardly explains that (the log-likelihood of Poisson counts is higher by 8 with two means than with
 * one), and if no week within eight of it is a larger step. The last step counts if all weeks since
 * still differ by half. One low week alone is no step: it may not be complete.
 */
export function judge(weeks, counts) {
  const last = lastWhole(weeks);
  if (last < 10) return ["Too few weeks to tell whether it is getting worse: eleven whole weeks are needed."];
  const mean = (from, to) => { let sum = 0; for (let i = from; i < to; i++) sum += counts[i]; return sum / (to - from); };
  const differs = (a, b, n) => (a > b && a >= 1.5 * b ? 1 : a < b && b >= 1.5 * a && n > 1 ? -1 : 0);
  const steps = [];
  for (let start = Math.max(8, last - 51); start <= last; start++) {
    const n = Math.min(8, last + 1 - start), a = mean(start, start + n), b = mean(start - 8, start), all = (a * n + b * 8) / (n + 8);
    const part = (m, weeksOf) => (m ? m * weeksOf * Math.log(m / all) : 0);
    const score = part(a, n) + part(b, 8);
    if (score >= 8 && differs(a, b, n)) steps.push({ start, score, b });
  }
  const step = steps.filter((s) => !steps.some((other) => Math.abs(other.start - s.start) <= 8 && other.score > s.score)).at(-1);
  const figures = (m) => (m >= 10 || m === 0 ? whole(m) : decimal(m));
  const lately = `Week of ${day(weeks[last])}: ${whole(counts[last])}, against ${figures(mean(last - 8, last))} a week in the eight weeks before.`;
  const since = step && mean(step.start, last + 1);
  const direction = step ? differs(since, step.b, last + 1 - step.start) : 0;
  if (!direction) return [h("strong", { class: "word same" }, "No clear change. "), lately];
  return [h("strong", { class: "word " + (direction > 0 ? "worse" : "better") }, direction > 0 ? "Getting worse" : "Getting better", ` since the week of ${day(weeks[step.start])}: `),
    `${figures(since)} a week since then, against ${figures(step.b)} in the eight weeks before. ${lately}`];
}
