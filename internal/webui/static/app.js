// The shell: which view is open, and how fresh the copy is. It asks for the status every half
// minute, and every two seconds while a refresh runs, so that whoever opens the page joins it.
import { ask, clock, h, hasToken, now, plural, setToken, span, text, trouble, whole } from "./kit.js";

const views = {
  "/": ["Overview", () => import("./moves.js").then((m) => m.overview)],
  "/app/feedback": ["Feedback", () => import("./feedback.js").then((m) => m.feedback)],
  "/app/trends": ["Trends", () => import("./moves.js").then((m) => m.trends)],
  "/app/status": ["Status", () => import("./status.js").then((m) => m.status)],
};

/** state is what the shell knows. Views read it and are told when it changes. */
export const state = { cache: null, health: null, problem: null, answered: 0 };

const main = document.getElementById("main");
let view = null; // {root, update(params), changed(), refresh(), leave()}
let path = "";
let timer = 0;

/** go opens an address of the page. replace keeps the history's length. */
export function go(address, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  open();
}

/** rewrite changes the address without opening it: the view shows it already. */
export function rewrite(address, { replace = false } = {}) {
  if (address === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
}

async function open() {
  const wanted = location.pathname.replace(/\/$/, "").replace(/^\/app$/, "") || "/";
  const parameters = new URLSearchParams(location.search);
  if (view && wanted === path) { view.update(parameters); return; }
  const isFirst = path === "";
  path = wanted;
  const [name, load] = views[wanted] || ["No such view", async () => missing];
  document.title = `${name} · voc`;
  for (const link of document.querySelectorAll("nav a"))
    if (new URL(link.href).pathname === (views[wanted] ? wanted : "")) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  view?.leave?.();
  view = null;
  const make = await load();
  if (path !== wanted) return; // another view was opened while this one was loading
  view = make(parameters);
  main.replaceChildren(view.root);
  main.dataset.view = name;
  guard();
  if (!isFirst) { window.scrollTo(0, 0); main.focus({ preventScroll: true }); }
}

const missing = () => ({ root: h("div", { class: "blank" }, h("h1", {}, "No such view"), h("p", {}, h("a", { href: "/" }, "Go to the overview"))), update() {} });

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || link.target || link.download) return;
  const to = new URL(link.href);
  if (to.origin !== location.origin || (to.pathname !== "/" && !views[to.pathname]) || (to.hash && to.pathname === location.pathname)) return;
  event.preventDefault();
  if (to.href !== location.href) go(to.pathname + to.search);
});
addEventListener("popstate", open);

// Freshness.

/** look asks how fresh the copy is, and again later. */
export async function look() {
  clearTimeout(timer);
  const before = state.cache, wasRunning = running();
  try {
    const [cache, health] = await Promise.all([ask("/api/cache/"), ask("/api/health", { accept: [503] })]);
    const wasSilent = state.problem !== null;
    Object.assign(state, { cache: cache.body, health: health.body, problem: null, answered: now() });
    const isNew = before && state.cache.snapshot?.id !== before.snapshot?.id;
    if (isNew || wasSilent) view?.refresh?.();
  } catch (problem) {
    state.problem = problem;
  }
  show();
  guard();
  view?.changed?.();
  if (wasRunning && !running()) announce("The refresh has ended.");
  timer = setTimeout(look, state.problem?.status === 0 ? 3000 : running() ? 1500 : document.hidden ? 120e3 : 30e3);
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });

/** running is the refresh that runs now, or null. */
export const running = () => state.cache?.cache_status.running ?? null;

/** verdict says in one sentence whether the copy is fresh. */
export function verdict() {
  const { cache, health, problem } = state;
  if (problem?.status === 0) return ["bad", "No response", `voc has not responded${state.answered ? " since " + clock(state.answered) : ""}; this page keeps trying`];
  if (problem?.status === 401 || problem?.status === 403) return ["warn", "Locked", "reading needs a token"];
  if (problem) return ["bad", "Fault", problem.message];
  if (!cache) return ["wait", "Checking", "how current the data is …"];
  const run = running();
  const progress = run ? `${run.mode} refresh running: ${plural(run.records, "record")} read so far` : "";
  if (!cache.snapshot) return run ? ["wait", "Loading", `first ${progress}`] : ["bad", "Empty", "nothing has been loaded yet"];
  const next = Object.values(cache.schedule).map((s) => s.next_run).filter(Boolean).sort()[0];
  const asOf = cache.snapshot.data_as_of;
  const sentence = `as of ${clock(asOf)}, ${span(now() - Date.parse(asOf))} ago; ` + (progress || (next ? `next refresh at ${clock(next)}` : "no refresh is scheduled"));
  if (health.status !== "ok" || cache.stale) return ["bad", "Stale", sentence];
  const warnings = cache.warnings.length;
  if (warnings) return ["warn", "Fresh", `${sentence}; ${plural(warnings, "warning")}`];
  return ["good", "Fresh", sentence];
}

let said = "";
const isLocked = () => [401, 403].includes(state.problem?.status);

function show() {
  const [level, word, sentence] = verdict();
  const box = document.getElementById("fresh");
  box.className = "fresh " + level;
  document.getElementById("word").textContent = word + ":";
  const link = (level === "warn" || level === "bad") && state.cache && state.problem?.status !== 0 && !isLocked() && path !== "/app/status" ? h("a", { href: "/app/status" }, "why, and what to do") : "";
  document.getElementById("sentence").replaceChildren(sentence, link && " — ", link);
  document.getElementById("refresh").hidden = !state.cache || running() !== null;
  const served = state.cache?.snapshot;
  document.getElementById("about").textContent = served ? `${whole(served.records)} records, snapshot ${served.id}` : "";
  if (said && said !== word) announce(`${word}: ${sentence}`);
  said = word;
}

/** announce lets a screen reader say a text. */
export function announce(words) { document.getElementById("said").textContent = words; }

document.getElementById("refresh").addEventListener("click", () => import("./status.js").then((m) => m.refreshDialog()));
setInterval(show, 15e3);

// Tokens.

/** tokenForm asks for a token that may read, or for an admin token; it is kept until the page is closed. */
export function tokenForm(kind, words, done) {
  const field = h("input", { type: "password", autocomplete: "off", required: true, spellcheck: false });
  return h("form", { class: "token", onsubmit: (event) => { event.preventDefault(); setToken(kind, field.value); done(); } },
    h("label", {}, words, field), h("button", { class: "main" }, "Use it"),
    h("p", { class: "quiet" }, "It is kept only in the memory of this page: closing or reloading the page discards it."));
}

/** failed shows why a part of a view has no data. What stops all of them is the gate's to say. */
export function failed(problem, again) {
  if (problem.name === "AbortError" || isGated(problem)) return null;
  return trouble(problem, again);
}

const isGated = (problem) => [401, 403].includes(problem.status) || (problem.status === 503 && !state.cache?.snapshot);

/** gate stands in the place of a view that cannot be shown: for want of a token, or of a snapshot. */
const gate = h("div", { id: "gate" });
let barred = "";

function guard() {
  const { cache, problem } = state;
  const run = running();
  const why = problem && isGated(problem) ? "locked" : cache && !cache.snapshot && path !== "/app/status" ? (run ? "loading" : "empty") : "";
  main.classList.toggle("gated", why !== "");
  if (why === "loading") gate.querySelector(".count")?.replaceChildren(`${plural(run.records, "record")} so far`);
  if (why === barred && gate.isConnected) return;
  barred = why;
  gate.replaceChildren(...({ locked: lockedParts, loading: loadingParts, empty: emptyParts }[why]?.(problem) || []));
  main.prepend(gate);
}

function lockedParts(problem) {
  const words = hasToken("read") ? "Another token" : "Token";
  return [h("section", { class: "card" }, h("h1", {}, hasToken("read") ? "This token was rejected" : "Reading needs a token"), h("p", { role: "status" }, text(problem.message)),
    h("p", { class: "quiet" }, "Use one of READ_TOKENS or ADMIN_TOKENS or, if API Gateway verifies JWTs, a JWT with the right audience. Ask the operator for it."),
    tokenForm("read", words, () => { barred = ""; look().then(() => view?.refresh?.()); }))];
}

const loadingParts = () => [h("section", { class: "card" }, h("h1", {}, "The first refresh is running"), h("p", {}, h("progress", { "aria-label": "first refresh" })), h("p", { class: "count" }), h("p", { class: "quiet" }, "This page shows the records once they are complete."))];

const emptyParts = () => [h("section", { class: "card" }, h("h1", {}, "Nothing has been loaded yet"), h("p", {}, "There are no records until the first refresh has succeeded."),
  (state.cache.cache_status.last_error || state.health.reasons?.[0]) && h("p", { class: "trouble" }, text(state.cache.cache_status.last_error || state.health.reasons[0])),
  h("p", { class: "row" }, h("button", { type: "button", class: "main", onclick: () => import("./status.js").then((m) => m.refreshDialog("full")) }, "Run the first refresh"), " ", h("a", { href: "/app/status" }, "see the last runs")))];

look();
open();
