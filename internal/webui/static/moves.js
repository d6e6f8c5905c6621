// The overview, and how feedback moves. Every figure is one of the API's; the only sums made here
// are of weeks that are shown, and the text beside them says so.
import { failed, rewrite, state } from "./app.js";
import {
  ask, badge, blank, colourClass, day, decimal, feedbackLink, h, hours, isOpen, isoDay, now, ordered, plural, propertyNames, query, shortDay, shown, text, twin,
  weekAfter, whole, WEEK,
} from "./kit.js";
import { WeekPlot, legend, spark } from "./plot.js";

const splits = ["area", "type_of_issue", "environment", "team", "priority", "status"];
const before = 8; // weeks that a week is compared with
const movesShown = 8;

const trendsOf = async (by, weeks) => (await ask("/api/reports/trends" + query({ by, weeks }))).body;

/** section is a card that loads itself. It keeps its height while it does. */
class Section {
  constructor(title, cls, make) {
    this.make = make;
    this.title = h("h2", {}, title);
    this.tools = h("div", { class: "tools" });
    this.body = h("div", { class: "content" });
    this.root = h("section", { class: "card " + cls }, h("div", { class: "head" }, this.title, this.tools), this.body);
    this.load();
  }

  async load() {
    const ticket = (this.ticket = {});
    this.root.setAttribute("aria-busy", "true");
    try {
      const parts = await this.make(this, () => this.ticket === ticket);
      if (this.ticket === ticket && parts) this.body.replaceChildren(...[parts].flat(2).filter(Boolean));
    } catch (problem) {
      if (this.ticket === ticket) this.body.replaceChildren(failed(problem, () => this.load()) || "");
    }
    if (this.ticket === ticket) this.root.removeAttribute("aria-busy");
  }
}

/** choice is a row of buttons of which one is pressed. */
function choice(label, options, current, choose) {
  const buttons = options.map(([value, name]) => h("button", { type: "button", "aria-pressed": String(value === current), onclick: () => {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.value === String(value)));
    choose(value);
  }, "data-value": String(value) }, name));
  return h("div", { class: "choice-row", role: "group", "aria-label": label }, buttons);
}

class View {
  constructor(cls, title, ...sections) {
    this.sections = sections;
    this.root = h("div", { class: cls }, h("h1", { class: "unseen" }, title), sections.map((s) => s.root));
  }
  update() {}
  refresh() { for (const section of this.sections) section.load(); }
}

/** overview makes the first view. */
export function overview() {
  return new View("view-overview", "Overview", lastWeek(), rising({}), weekly({ by: "priority", weeks: 26, isFixed: true }), openHigh(), voices());
}

/** trends makes the view of how feedback moves. Its settings are in the address. */
export function trends(parameters) {
  const settings = { by: "area", weeks: 26, environment: "", week: "" };
  const read = (from) => {
    settings.by = splits.includes(from.get("by")) ? from.get("by") : "area";
    settings.weeks = [13, 26, 52, 104].includes(Number(from.get("weeks"))) ? Number(from.get("weeks")) : 26;
    settings.environment = from.get("environment") || "";
    settings.week = /^\d{4}-\d\d-\d\d$/.test(from.get("week") || "") ? from.get("week") : "";
  };
  read(parameters);
  settings.save = () => rewrite("/app/trends" + query({ by: settings.by === "area" ? null : settings.by, weeks: settings.weeks === 26 ? null : settings.weeks, environment: settings.environment || null, week: settings.week || null }));
  const view = new View("view-trends", "Trends", weekly(settings), rising(settings), openHigh(), times(settings));
  view.update = (from) => {
    const old = JSON.stringify(settings);
    read(from);
    if (JSON.stringify(settings) !== old) view.refresh();
  };
  return view;
}

/** lastWeek says what customers wrote about most. */
function lastWeek() {
  let by = "area";
  const section = new Section("Last week", "last", async () => {
    const [report, priorities] = await Promise.all([trendsOf(by, 26), trendsOf("priority", 26)]);
    const { weeks } = report, week = weeks.at(-1);
    const sums = weeks.map((_, i) => priorities.series.reduce((sum, s) => sum + s.counts[i], 0));
    if (!sums.some(Boolean)) return blank("No feedback yet", "The newest week appears here once there is some.");
    const range = { created_from: week, created_to: weekAfter(week) };
    const series = report.series.filter((s) => s.value !== null && s.counts.at(-1)).sort((a, b) => b.counts.at(-1) - a.counts.at(-1));
    const most = Math.max(1, ...series.map((s) => s.counts.at(-1)));
    section.title.textContent = isRecent(week) ? "Last week" : "The newest week";
    return [
      h("p", { class: "big" }, h("a", { href: feedbackLink(range) }, plural(sums.at(-1), "record")), h("span", { class: "quiet" }, ` in the week of ${day(week)}; ${mean(sums)} a week in the eight weeks before`)),
      isRecent(week) ? null : h("p", { class: "note" }, `No later week has feedback: the newest whole one ended on ${day(Date.parse(week) + 6 * 86400e3)}.`),
      h("h3", {}, "Most about ", h("span", { class: "quiet" }, "– with the mean of the eight weeks before, and the last thirteen weeks")),
      h("ol", { class: "ranks" }, series.slice(0, 6).map((s) => {
        const bar = h("span", { class: "bar", "aria-hidden": "true" });
        bar.style.width = (100 * s.counts.at(-1)) / most + "%";
        return h("li", {}, h("a", { href: feedbackLink({ [by]: s.value, ...range }) }, bar, text(shown(s.value), "name"), h("b", {}, whole(s.counts.at(-1)))), h("span", { class: "quiet" }, `was ${mean(s.counts)} a week`, spark(s.counts.slice(-13), "s0")));
      })),
      series.length > 6 && h("p", { class: "quiet" }, `and ${plural(series.length - 6, "other value")}`),
    ];
  });
  section.tools.append(choice("What it is about", [["area", "Area"], ["type_of_issue", "Type"], ["environment", "Environment"], ["team", "Team"]], by, (value) => { by = value; section.load(); }));
  return section;
}

const isRecent = (week) => now() - Date.parse(week) < 2 * WEEK + 86400e3;

/** mean is that of the eight counts before the last. */
function mean(counts) {
  const sum = counts.slice(-1 - before, -1).reduce((a, b) => a + b, 0);
  return sum / before >= 10 ? whole(sum / before) : decimal(sum / before);
}

/** rising lists what a week has more of than the eight before it. */
function rising(settings) {
  const section = new Section("What rose", "rising", async () => {
    const { body } = await ask("/api/reports/movers" + query({ week: settings.week || null }));
    section.title.textContent = `What rose in the week of ${day(body.week)}`;
    section.tools.replaceChildren(...(settings.save ? steps(body.week) : [h("a", { href: "/app/trends?week=" + body.week }, "other weeks")]));
    const range = { created_from: body.week, created_to: weekAfter(body.week) };
    const movers = body.movers.slice(0, movesShown);
    const most = Math.max(1, ...movers.map((m) => m.count));
    const item = (m) => {
      const [is, was] = [h("span", { class: "is" }), h("span", { class: "was" })];
      is.style.width = (100 * m.count) / most + "%";
      was.style.width = (100 * m.expected) / most + "%";
      const isNew = Date.parse(m.first_seen) >= Date.parse(body.week);
      return h("li", {}, h("a", { href: feedbackLink({ [m.by]: m.value, ...range }) }, text(shown(m.value), "name")), h("small", { class: "quiet" }, propertyNames[m.by].toLowerCase()),
        isNew ? badge("new", "p-medium") : null,
        h("span", { class: "figures" }, h("b", {}, whole(m.count)), ` against ${decimal(m.expected)} a week`),
        h("span", { class: "pair", "aria-hidden": "true" }, is, was));
    };
    return [
      movers.length ? h("ol", { class: "movers" }, movers.map(item)) : blank("Nothing rose", "No area, type of issue or environment meets the rule in this week."),
      body.movers.length > movesShown && h("p", { class: "quiet" }, `These are the ${movesShown} least likely of ${body.movers.length}.`),
      h("details", { class: "twin" }, h("summary", {}, "The rule"), h("p", {}, text(body.rule)), h("p", {}, "A record counts in each of its areas. ", h("a", { href: "/api/docs#movers" }, "How to recompute it"))),
    ];
  });
  const steps = (week) => {
    const last = Date.parse(state.cache?.snapshot?.created_at || isoDay(now()));
    const step = (days, name, sign) => h("button", { type: "button", class: "step", "aria-label": name, disabled: Date.parse(week) + days * 86400e3 + WEEK > last, onclick: () => { settings.week = isoDay(Date.parse(week) + days * 86400e3); settings.save(); section.load(); } }, sign);
    return [step(-7, "The week before", "←"), step(7, "The week after", "→")];
  };
  return section;
}

/** weekly plots feedback per week, stacked. */
function weekly(settings) {
  const plot = new WeekPlot(settings.isFixed ? 190 : 260);
  const section = new Section("Feedback per week", "weekly", async () => {
    const { weeks, series } = await trendsOf(settings.by, settings.weeks);
    const top = series.filter((s) => s.value !== null).slice(0, 7), others = series.filter((s) => !top.includes(s));
    const drawn = ordered(settings.by, top).map((s, i) => ({
      name: shown(s.value), cls: colourClass(settings.by, s.value, i), counts: s.counts, total: s.total,
      href: feedbackLink({ [settings.by]: s.value, created_from: weeks[0], created_to: weekAfter(weeks.at(-1)) }),
    }));
    if (others.length) drawn.push({ name: "all others", cls: "s-rest", counts: weeks.map((_, i) => others.reduce((sum, s) => sum + s.counts[i], 0)), total: others.reduce((sum, s) => sum + s.total, 0) });
    plot.show({
      weeks, series: drawn, overlap: settings.by === "area", label: `Records per week by ${propertyNames[settings.by].toLowerCase()}, ${weeks.length} weeks up to the week of ${day(weeks.at(-1))}. The table below has the figures.`,
      onweek: (week) => { location.assign(feedbackLink({ created_from: week, created_to: weekAfter(week) })); },
    });
    return [
      plot.host, legend(drawn),
      settings.by === "area" && h("p", { class: "note" }, "A record counts in each of its areas, so a column can be higher than the number of records in the week."),
      twin(`Records per week by ${propertyNames[settings.by].toLowerCase()}`, ["Week of", ...drawn.map((s) => s.name)], weeks.map((week, i) => [day(week), ...drawn.map((s) => whole(s.counts[i]))]).reverse()),
    ];
  });
  section.tools.append(...(settings.isFixed ? [h("a", { href: "/app/trends" }, "by area, team and more")] : [
    choice("Stacked by", splits.map((by) => [by, propertyNames[by]]), settings.by, (by) => { settings.by = by; settings.save(); section.load(); }),
    choice("Weeks", [13, 26, 52, 104].map((n) => [n, String(n)]), settings.weeks, (n) => { settings.weeks = n; settings.save(); section.load(); }),
  ]));
  return section;
}

const measures = [
  ["timeToInProgressHoursAvg", "To in progress"], ["timeInProgressToDoneHoursAvg", "In progress to done"], ["timeReportedToReferredHoursAvg", "Reported to referred"],
  ["timeReferredToDoneHoursAvg", "Referred to done"], ["timeReportToResolutionHoursAvg", "Report to resolution"],
];

/** times plots how long things take: five measures of one environment, or of all. */
function times(settings) {
  const plots = measures.map(() => new WeekPlot(130));
  const section = new Section("How long things take", "times", async () => {
    const environment = settings.environment || null;
    const [report, counts, names] = await Promise.all([
      ask("/api/reports/response-times" + query({ environment })), ask("/api/reports/response-counts" + query({ environment })), ask("/api/reports/environments"),
    ]);
    const { rows, weighted } = report.body;
    section.tools.replaceChildren(h("label", { class: "field" }, "environment ", h("select", { onchange: (event) => { settings.environment = event.target.value; settings.save(); section.load(); } },
      ["", ...names.body.environments].map((name) => h("option", { value: name, selected: name === settings.environment }, name || "all")))));
    if (!weighted) return blank("No response times", "None of these records has any of the five durations.");
    const weeks = rows.map((row) => row.weekLabel).slice(-104), drawn = rows.slice(-104), behind = counts.body.rows.slice(-104);
    return [
      h("div", { class: "multiples" }, measures.map(([key, name], i) => {
        plots[i].show({
          kind: "lines", weeks, format: hours, label: `${name}: mean hours per week. The table below has the figures.`,
          series: [{ name, cls: "s" + i, counts: drawn.map((row, w) => (behind[w][key] ? row[key] : null)), weak: behind.map((row) => row[key] < 5) }],
          note: (w) => (behind[w][key] ? `mean of ${plural(behind[w][key], "record")}, of ${whole(drawn[w].count)} reported` : "no record has this duration"),
        });
        return h("figure", {}, h("figcaption", {}, h("span", {}, name), h("b", {}, hours(weighted[key])), h("small", { class: "quiet" }, `mean of ${plural(counts.body.total[key], "record")}`)), plots[i].host);
      })),
      h("p", { class: "note" }, "Hours, averaged over the records of a week that have the duration. A hollow point is the mean of fewer than five records."),
      twin("Mean hours by week, with the records behind each", ["Week of", "Records", ...measures.map(([, name]) => name)],
        drawn.map((row, w) => [day(row.weekLabel), whole(row.count), ...measures.map(([key]) => (behind[w][key] ? `${hours(row[key])} (${whole(behind[w][key])})` : "–"))]).reverse()),
    ];
  });
  return section;
}

const ages = [["under 1 week", 0, 1], ["1 to 4 weeks", 1, 4], ["4 to 13 weeks", 4, 13], ["13 to 26 weeks", 13, 26], ["over 26 weeks", 26, Infinity]];

/** openHigh counts the High records that are not done, by the age of their week. */
function openHigh() {
  return new Section("Open High by age", "open-high", async () => {
    const high = { priority: "High" };
    const states = (await ask("/api/feedback/facets" + query(high))).body.status.map((c) => c.value).filter(isOpen);
    const { body } = states.length ? await ask("/api/feedback/facets" + query({ ...high, status: states })) : { body: { total: 0, week: [] } };
    if (!body.total) return blank("None open", "No High record still needs work.");
    const monday = mondayBefore(Date.parse(state.cache?.snapshot?.created_at || new Date(now()).toISOString()));
    const rows = ages.map(([name, from, to]) => {
      const [oldest, newest] = [to === Infinity ? "" : isoDay(monday - (to - 1) * WEEK), from === 0 ? "" : isoDay(monday - (from - 1) * WEEK)];
      const count = body.week.filter((c) => (!oldest || c.value >= oldest) && (!newest || c.value < newest)).reduce((sum, c) => sum + c.count, 0);
      return { name, count, href: feedbackLink({ ...high, status: states, created_from: oldest || null, created_to: newest || null }) };
    });
    const most = Math.max(1, ...rows.map((row) => row.count));
    return [
      h("p", { class: "big" }, h("a", { href: feedbackLink({ ...high, status: states }) }, whole(body.total)), h("span", { class: "quiet" }, " open"), h("span", { class: "quiet" }, body.week.length ? `, the oldest since the week of ${day(body.week[0].value)}` : "")),
      h("ul", { class: "ranks ages" }, rows.map((row) => {
        const bar = h("span", { class: "bar p-high", "aria-hidden": "true" });
        bar.style.width = (100 * row.count) / most + "%";
        return h("li", {}, h("a", { href: row.href }, bar, h("span", { class: "name" }, row.name), h("b", {}, whole(row.count))));
      })),
      h("p", { class: "note" }, "Open: ", states.flatMap((s, i) => [i ? ", " : "", text(s)]), ". Ages are in whole weeks, counted back from the Monday of the snapshot's week."),
    ];
  });
}

const mondayBefore = (time) => { const at = new Date(isoDay(time)); return +at - ((at.getUTCDay() + 6) % 7) * 86400e3; };

/** voices shows the newest High records. */
function voices() {
  return new Section("Newest High", "voices", async (section) => {
    const { body } = await ask("/api/customer-pulse/");
    section.tools.replaceChildren(h("a", { href: feedbackLink({ priority: "High" }) }, "all High"));
    if (!body.high_priority_issues.length) return blank("None", "No record is of priority High.");
    return h("ul", { class: "voices" }, body.high_priority_issues.map((issue) => h("li", {},
      h("a", { href: feedbackLink({ priority: "High", id: issue.id }), dir: "auto" }, issue.description),
      h("span", { class: "quiet" }, text(issue.environment), " · ", shortDay(issue.created)))));
  });
}
