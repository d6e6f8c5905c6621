// Status: what the last runs did, when the next ones are due, and the actions of an operator.
import { announce, failed, look, running, state, tokenForm, verdict } from "./app.js";
import { Problem, ask, badge, blank, clock, h, hasToken, now, plural, setToken, span, stamp, text, trouble, whole } from "./kit.js";

const modes = {
  incremental: ["Incremental", "Reads what changed since the last run. Seconds, a few Airtable calls."],
  sweep: ["Sweep", "Also finds deleted records and changed computed values. Reads every record's id and computed cells."],
  full: ["Full", "Reads every record again. Minutes, one Airtable call for every hundred records."],
};
const good = { published: "good", unchanged: "good", joined: "good", pending: "wait", held: "warn", fenced: "warn", "retry-later": "warn", refused: "bad", failed: "bad" };
const outcomeOf = (run) => run.outcome || "running";

/** status makes the view. */
export function status() { return new Status(); }

class Status {
  constructor() {
    this.health = h("section", { class: "card health", "aria-label": "Health" });
    this.progress = h("div");
    this.runs = h("div", { class: "runs-box" });
    this.schedule = h("div");
    this.quota = h("div");
    this.snapshots = h("div");
    const card = (title, cls, ...content) => h("section", { class: "card " + cls }, h("div", { class: "head" }, h("h2", {}, title)), content);
    this.root = h("div", { class: "view-status" }, h("h1", { class: "unseen" }, "Status"),
      this.health,
      card("The last runs", "runs", this.progress, this.runs),
      card("Start a refresh", "actions", h("ul", { class: "modes" }, Object.entries(modes).map(([mode, [name, words]]) => h("li", {},
        h("button", { type: "button", onclick: () => refreshDialog(mode) }, name), h("p", {}, words))))),
      card("Schedule", "schedule", this.schedule),
      card("Airtable calls this month", "quota", this.quota),
      card("Snapshots", "snapshots", this.snapshots));
    this.refresh();
    this.changed();
  }

  update() {}

  /** changed shows the shell's new look at the status. */
  changed() {
    const run = running();
    if (this.wasRunning && !run) this.refresh();
    this.wasRunning = run !== null;
    this.drawHealth();
    this.drawProgress(run);
    if (!state.cache) return;
    this.drawSchedule();
    this.drawQuota();
  }

  async refresh() {
    try {
      const [runs, snapshots] = await Promise.all([ask("/api/cache/runs?limit=40"), ask("/api/cache/snapshots")]);
      this.drawRuns(runs.body);
      this.drawSnapshots(snapshots.body);
    } catch (problem) {
      this.runs.replaceChildren(failed(problem, () => this.refresh()) || "");
      this.snapshots.replaceChildren(h("p", { class: "quiet" }, text(problem.message)));
    }
  }

  drawHealth() {
    const [level, word, sentence] = verdict();
    const reasons = state.health?.reasons || [], warnings = state.cache?.warnings || [];
    const list = (title, all) => (all.length ? [h("h3", {}, title), h("ul", { class: "reasons" }, all.map((reason) => h("li", {}, text(reason), h("p", { class: "todo" }, advice(reason)))))] : []);
    const { audit, restore_proven_at: proven, freshness } = state.cache || {};
    const extra = [
      freshness?.typical_s != null && `An edit in Airtable shows here after ${span(freshness.typical_s * 1000)} on average, and after ${span(freshness.worst_s * 1000)} at worst.`,
      audit?.at && `Last audit ${stamp(audit.at)}: ${plural(audit.differing, "record")} of ${whole(audit.checked)} differed.`,
      proven && `The last successful restore drill was on ${stamp(proven)}.`,
    ].filter(Boolean);
    this.health.className = "card health " + level;
    this.health.replaceChildren(h("h2", {}, word === "Fresh" && level === "good" ? "All is well" : word), h("p", {}, sentence[0].toUpperCase() + sentence.slice(1) + "."), ...list("Why it is degraded", reasons), ...list("Warnings", warnings),
      extra.length ? h("p", { class: "quiet" }, extra.join(" ")) : "", freshness?.terms?.length ? h("details", { class: "twin" }, h("summary", {}, "How that adds up"), h("table", {}, h("tbody", {}, freshness.terms.map((term) => h("tr", {}, h("th", { scope: "row" }, text(term.name)), h("td", {}, span(term.seconds * 1000))))))) : "");
  }

  drawProgress(run) {
    if (!run) { this.progress.replaceChildren(); return; }
    const total = state.cache.cache_status.total_records;
    const bar = h("progress", { "aria-label": `${run.mode} refresh`, max: Math.max(total, run.records, 1) });
    if (run.records) bar.value = run.records;
    this.progress.replaceChildren(h("div", { class: "progress" }, h("strong", {}, `A ${run.mode} refresh is running`), bar,
      h("p", { class: "quiet" }, `${plural(run.records, "record")} in ${plural(run.pages, "page")}, for ${span(now() - Date.parse(run.started))}. It publishes a complete snapshot or none: readers never see part of one.`)));
  }

  drawRuns(runs) {
    if (!runs.length) { this.runs.replaceChildren(blank("No run yet", "Start a full refresh, or wait for the schedule.")); return; }
    const took = (run) => (run.finished && run.started ? Date.parse(run.finished) - Date.parse(run.started) : 0);
    const changes = (run) => run.added + run.changed + run.removed;
    const longest = Math.max(1, ...runs.map(took)), largest = Math.max(1, ...runs.map(changes));
    const ordered = [...runs].reverse();
    const bars = ordered.map((run, i) => {
      const time = h("span", { class: "time" }), count = h("span", { class: "changes" });
      time.style.height = 6 + 52 * Math.sqrt(took(run) / longest) + "px";
      count.style.height = changes(run) ? 3 + 27 * Math.sqrt(changes(run) / largest) + "px" : "0";
      const words = `${run.mode}, ${outcomeOf(run)}, ${stamp(run.started)}, took ${span(took(run))}, ${plural(changes(run), "change")}`;
      return h("button", { type: "button", class: "run " + (good[outcomeOf(run)] || "wait"), "aria-label": words, title: words, tabIndex: i === ordered.length - 1 ? 0 : -1, onclick: () => receipt(run) }, time, count);
    });
    const strip = h("div", { class: "strip", role: "group", "aria-label": "The last runs, oldest first. Arrow keys move, Enter shows a receipt.", onkeydown: (event) => {
      const at = bars.indexOf(document.activeElement), to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: bars.length - 1 }[event.key];
      if (to == null || at < 0 || !bars[to]) return;
      event.preventDefault();
      bars[at].tabIndex = -1;
      bars[to].tabIndex = 0;
      bars[to].focus();
    } }, bars);
    const last = runs[0];
    this.runs.replaceChildren(strip, h("p", { class: "note" }, "Each bar is a run: above the line, how long it took; below it, how much changed. ", h("span", { class: "key good" }), " published or unchanged ", h("span", { class: "key warn" }), " held or to be retried ", h("span", { class: "key bad" }), " failed or rejected"),
      h("p", {}, "The last one: ", h("button", { type: "button", class: "link", onclick: () => receipt(last) }, `${last.mode}, ${outcomeOf(last)}`), last.started ? `, ${clock(last.started)}, ${plural(changes(last), "change")}, ${span(took(last))}.` : "."),
      h("details", { class: "twin" }, h("summary", {}, "As a table"), h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Runs" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Started", "Mode", "By", "Outcome", "Took", "Added", "Changed", "Removed", "Receipt"].map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, runs.map((run) => h("tr", {}, h("th", { scope: "row" }, stamp(run.started)), h("td", {}, run.mode), h("td", {}, run.trigger), h("td", {}, badge(outcomeOf(run), good[outcomeOf(run)] || "wait")), h("td", {}, span(took(run))), h("td", {}, whole(run.added)), h("td", {}, whole(run.changed)), h("td", {}, whole(run.removed)), h("td", {}, h("button", { type: "button", class: "link", "aria-label": `Receipt of ${run.id}`, onclick: () => receipt(run) }, "show")))))))));
  }

  drawSchedule() {
    const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
    const rows = Object.entries(state.cache.schedule).filter(([, s]) => s.next_run || s.last_run);
    this.schedule.replaceChildren(h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Schedule" }, h("table", {}, h("thead", {}, h("tr", {}, ["Mode", "Next", "Last success", "Rule"].map((cell) => h("th", { scope: "col" }, cell)))),
      h("tbody", {}, rows.map(([mode, s]) => h("tr", {}, h("th", { scope: "row" }, modes[mode]?.[0] || mode),
        h("td", {}, s.next_run ? [clock(s.next_run), s.timezone && s.timezone !== here ? h("small", { class: "quiet" }, `${clock(s.next_run, s.timezone)} in ${s.timezone.split("/").at(-1).replace("_", " ")}`) : null] : "off"),
        h("td", {}, s.last_success ? clock(s.last_success) : "never", s.last_error ? h("small", { class: "bad-text" }, text(s.last_error)) : null), h("td", {}, h("code", {}, s.expression))))))),
      h("p", { class: "note" }, `Times are in ${here}; the rules are in ${rows[0]?.[1].timezone || "UTC"}.`));
  }

  drawQuota() {
    const { calls_this_month: calls, monthly_cap: cap, forecast } = state.cache.airtable;
    this.quota.replaceChildren(h("p", { class: "big" }, whole(calls), h("span", { class: "quiet" }, cap ? ` of ${whole(cap)}` : " made; no cap is set")),
      cap ? h("meter", { min: 0, max: cap, value: Math.min(calls, cap), high: cap * 0.9, optimum: 0, "aria-label": "Airtable calls" }) : "",
      h("p", { class: "note" }, `${whole(forecast)} are expected by the end of the month.`));
  }

  drawSnapshots(all) {
    if (!all.length) { this.snapshots.replaceChildren(blank("None yet", "The first refresh makes one.")); return; }
    this.snapshots.replaceChildren(h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Snapshots" }, h("table", {}, h("thead", {}, h("tr", {}, ["Made", "Records", "Size", "", "Snapshot"].map((cell) => h("th", { scope: "col" }, cell || h("span", { class: "unseen" }, "Action"))))),
      h("tbody", {}, all.map((s) => h("tr", {}, h("th", { scope: "row" }, stamp(s.created_at)), h("td", {}, whole(s.records)), h("td", {}, `${(s.bytes / 1e6).toFixed(1)} MB`),
        h("td", {}, s.current ? badge("current", "good") : h("button", { type: "button", "aria-label": `Roll back to ${s.id}`, onclick: () => rollbackDialog(s) }, "Roll back")), h("td", {}, h("code", {}, s.id))))))));
  }
}

const actions = {
  "Refresh failed": "Correct the cause that it names; then start that refresh again.",
  "Refresh overdue": "Check that the server, or the schedule on AWS, is running. Start that refresh by hand to see its receipt.",
  "Schedule off": "Set SCHEDULE=on, or have another program start the refreshes.",
  "Store unreadable": "Check SNAPSHOT_STORE, the network and the rights of the role or user.",
  "Store damaged": "Restore the object that the warning names, or start a full refresh with “accept the change”.",
  "Quota high": "Refresh less often, or raise Airtable's plan and AIRTABLE_MONTHLY_CALLS.",
  "Refreshes held": "Start a refresh once the table is right again; the schedule then continues.",
  "Field renamed": "Put the new name into FIELD_MAP or AIRTABLE_TABLE_NAME, or rename it back in Airtable.",
  "Audit differs": "Start a full refresh, and compare the records that it changes with Airtable.",
  "Drill failed": "Run voc drill and read its error.",
  "Watchdog silent": "Look at the log of the watchdog.",
  "No snapshot yet": "Start a full refresh; if it fails, its receipt says why.",
  "Snapshot withheld": "Start an incremental refresh, or run voc refresh remap.",
  "Refresh warns": "Change the field or the setting that it names; the next refresh checks again.",
  "Disk full": "Free space where TMPDIR is, for two unpacked snapshots.",
  "Reads are public": "If that is not intended, set READ_ACCESS=token and READ_TOKENS.",
  "Secrets unreadable": "Check the parameters in SSM and the rights of the role.",
  "List too large": "Request pages with limit, or narrow FEEDBACK_YEARS.",
};

/** advice says what to do about a reason or warning, by the heading of OPERATE.md that ends it. */
function advice(reason) {
  const heading = /\(OPERATE\.md, "([^"]+)"\)$/.exec(reason)?.[1];
  if (heading === "Refresh failed" && /publish gate/.test(reason)) return "Look at the table in Airtable. If the change is intended, run that refresh again with “accept the change”.";
  return actions[heading] || "See the receipt of the last run.";
}

function dialog(title, ...content) {
  const box = h("dialog", { class: "ask", "aria-label": title, onclose: () => box.remove() }, h("h2", {}, title), content);
  document.body.append(box);
  box.showModal();
  return box;
}

const cancel = (box, word = "Cancel") => h("button", { type: "button", onclick: () => box().close() }, word);

function receipt(run) {
  const box = dialog(`Receipt of a ${run.mode} refresh`, h("p", {}, badge(outcomeOf(run), good[outcomeOf(run)] || "wait")),
    run.error && h("p", { class: "prose" }, text(run.error)),
    h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": "Figures" }, h("table", {}, h("tbody", {}, Object.entries(run).filter(([name, value]) => value != null && name !== "error").map(([name, value]) =>
      h("tr", {}, h("th", { scope: "row" }, name.replaceAll("_", " ")), h("td", {}, text(typeof value === "number" ? whole(value) : /^\d{4}-.*T.*Z$/.test(value) ? stamp(value) : typeof value === "object" ? JSON.stringify(value) : value))))))),
    h("div", { class: "row end" }, h("a", { href: "/api/cache/runs/" + encodeURIComponent(run.id), target: "_blank" }, "JSON"), cancel(() => box, "Close")));
}

/** refreshDialog starts a refresh. */
export function refreshDialog(mode = "incremental") {
  const select = h("select", { id: "mode" }, Object.entries(modes).map(([value, [name]]) => h("option", { value, selected: value === mode }, name)));
  const words = h("p", { class: "quiet" }, modes[mode][1]);
  select.addEventListener("change", () => { words.textContent = modes[select.value][1]; });
  const accept = h("input", { type: "checkbox", id: "accept" });
  act("Start a refresh", "Start", [h("p", {}, h("label", { for: "mode" }, "Mode "), select), words, h("p", {}, accept, h("label", { for: "accept" }, " accept the change: this run may pass the publish gate"))],
    () => ask("/api/cache/update-" + select.value, { method: "POST", body: accept.checked ? { accept: true } : undefined }));
}

function rollbackDialog(snapshot) {
  act("Roll back", "Roll back", [h("p", {}, `Readers will see the ${plural(snapshot.records, "record")} of ${stamp(snapshot.created_at)} again. Scheduled refreshes are then held until a person starts one.`), h("p", {}, h("code", {}, snapshot.id))],
    () => ask("/api/cache/rollback", { method: "POST", body: { to: snapshot.id } }));
}

/** act asks before it does something, for a token if there is none, and shows how it goes. */
function act(title, verb, content, send) {
  const outcome = h("div", { role: "status" });
  const token = h("div");
  const button = h("button", { class: "main", type: "button" }, verb);
  const askToken = () => token.replaceChildren(tokenForm("admin", "Admin token (one of ADMIN_TOKENS)", () => { token.replaceChildren(); button.hidden = false; button.click(); }));
  const box = dialog(title, content, token, outcome, h("div", { class: "row end" }, cancel(() => box, "Close"), button));
  const start = async () => {
    button.disabled = true;
    outcome.replaceChildren(h("p", { class: "quiet" }, "…"));
    try {
      const { body } = await send();
      announce(body.message);
      button.hidden = true;
      outcome.replaceChildren(h("p", {}, text(body.message + ".")), h("progress", { "aria-label": "run" }));
      await follow(body.run_id, outcome);
    } catch (problem) {
      outcome.replaceChildren(trouble(problem));
      if (problem.status === 401) { setToken("admin", ""); button.hidden = true; askToken(); }
    }
    button.disabled = false;
  };
  button.addEventListener("click", start);
  if (!hasToken("admin") && !hasToken("read")) { button.hidden = true; askToken(); }
}

/** follow shows a run until it has ended. */
async function follow(id, outcome) {
  look();
  for (;;) {
    await new Promise((done) => setTimeout(done, 700));
    if (!outcome.isConnected) return; // the dialog is closed; the shell goes on showing the run
    let run;
    try {
      run = (await ask("/api/cache/runs/" + encodeURIComponent(id))).body;
    } catch (problem) {
      if (problem.status !== 0 && problem.status < 500) throw problem;
      continue; // the server is away
    }
    if (run.outcome === null || run.outcome === "pending") {
      outcome.replaceChildren(h("p", {}, run.outcome === null ? `Running: ${plural(run.read, "record")} read in ${plural(run.pages, "page")}.` : "Waiting for its turn."), h("progress", { "aria-label": "run" }));
      continue;
    }
    await look();
    announce(`The run ended: ${run.outcome}.`);
    if (run.error) outcome.replaceChildren(trouble(new Problem(200, { title: `The run ended: ${run.outcome}`, detail: run.error })));
    else outcome.replaceChildren(h("p", {}, badge(run.outcome, good[run.outcome]), ` ${plural(run.added, "record")} added, ${whole(run.changed)} changed, ${whole(run.removed)} removed.`));
    return;
  }
}
