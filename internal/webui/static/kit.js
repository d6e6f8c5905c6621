// Elements, words for figures, and requests to the API. Text from the API only ever becomes a text
// node or a property of an element, so that it cannot become markup.

/** h returns an element: props are properties, or attributes if they contain a dash. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** svg is h for SVG, where all props are attributes. */
export function svg(tag, props, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props || {})) node.setAttribute(name, value);
  node.append(...children.flat(3).filter((child) => child != null));
  return node;
}

function fill(node, props, children) {
  for (const [name, value] of Object.entries(props || {})) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else if (name === "class") node.className = value;
    else node[name] = value;
  }
  node.append(...children.flat(3).filter((child) => child != null && child !== false));
  return node;
}

/** text is a value of the API in its own direction, so that bidi marks stay inside of it. */
export const text = (value, cls) => h("bdi", { class: cls }, String(value));

/** icon is one of the shapes in icons.svg's manner: decoration, never the only sign. */
export function icon(d) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d }));
}

// Figures and times.

const DAY = 86400e3;
export const WEEK = 7 * DAY;
const integers = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 0 });
const decimals = new Intl.NumberFormat("en-GB", { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const days = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const shortDays = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

export const whole = (n) => integers.format(n);
export const decimal = (n) => decimals.format(n);
export const hours = (n) => (n >= 100 ? integers : decimals).format(n) + " h";
export const plural = (n, word) => `${whole(n)} ${word}${n === 1 ? "" : "s"}`;

/** day writes a date of the API, which is in UTC: 2 June 2025. */
export const day = (date) => days.format(new Date(date));
export const shortDay = (date) => shortDays.format(new Date(date));
export const isoDay = (time) => new Date(time).toISOString().slice(0, 10);
export const weekAfter = (monday) => isoDay(Date.parse(monday) + WEEK);

/** clock writes an instant in the viewer's zone, or another: 9:04, or Mon 30 Nov, 9:04. */
export function clock(instant, timeZone) {
  const at = new Date(instant);
  const near = Math.abs(at - now()) < 18 * 3600e3;
  return new Intl.DateTimeFormat("en-GB", {
    hour: "numeric", minute: "2-digit", timeZone,
    ...(near ? {} : { weekday: "short", day: "numeric", month: "short" }),
  }).format(at);
}

/** stamp writes an instant in full, for receipts. */
export function stamp(instant, timeZone) {
  if (!instant) return "–";
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone }).format(new Date(instant));
}

/** span writes a duration in its two largest units. */
export function span(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return plural(s, "second");
  if (s < 3600) return plural(Math.floor(s / 60), "minute");
  if (s < 2 * 86400) {
    const rest = Math.floor((s % 3600) / 60);
    return plural(Math.floor(s / 3600), "hour") + (rest && s < 6 * 3600 ? ` ${rest} min` : "");
  }
  return plural(Math.floor(s / 86400), "day");
}

let skew = 0; // of this machine's clock behind the server's, in ms

/** now is the server's clock. */
export const now = () => Date.now() + skew;

// Requests.

/** Problem is an answer that is no success: the API's own words, or why there was none. */
export class Problem extends Error {
  constructor(status, body, headers) {
    super(body.detail || body.title || body.message || `status ${status}`);
    this.status = status;
    this.title = body.title || (status ? `Status ${status}` : "No response");
    this.errors = body.errors || [];
    this.request = body.request_id || headers?.get("X-Request-Id") || "";
    this.retryAfter = Number(headers?.get("Retry-After")) || 0;
  }
}

// Tokens are kept here and nowhere else: a reload forgets them. With READ_ACCESS=jwt the one that
// reads is no admin token; with READ_ACCESS=token it may be.
const tokens = { read: "", admin: "" };

export const hasToken = (kind) => tokens[kind] !== "";
export const setToken = (kind, value) => { tokens[kind] = value.trim(); };
const authorization = (method) => {
  const token = method === "GET" ? tokens.read : tokens.admin || tokens.read;
  return token ? { Authorization: "Bearer " + token } : {};
};

/** ask sends a request and returns {status, body, headers}. It throws a Problem, or an AbortError. */
export async function ask(path, { method = "GET", body, signal, accept = [] } = {}) {
  const headers = authorization(method);
  if (body) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "voc does not respond", detail: "The connection to the server failed. This page keeps trying." });
  }
  const date = Date.parse(response.headers.get("Date"));
  if (date && Math.abs(date - Date.now() - skew) > 2000) skew = date - Date.now();
  let parsed;
  try {
    parsed = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    parsed = { title: "The response is not JSON", detail: `${path} responded with status ${response.status} and no JSON. Is a proxy in between?` };
    throw new Problem(response.ok ? 502 : response.status, parsed, response.headers);
  }
  if (!response.ok && !accept.includes(response.status)) throw new Problem(response.status, parsed, response.headers);
  return { status: response.status, body: parsed, headers: response.headers };
}

/** download saves an answer as a file; a plain link cannot send the token. */
export async function download(path, name) {
  const response = await fetch(path, { headers: authorization("GET") });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})), response.headers);
  const url = URL.createObjectURL(await response.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10e3);
}

/** query writes parameters as a query string with its question mark, or "". */
export function query(parameters) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    for (const one of Array.isArray(value) ? value : [value]) if (one != null && one !== false) search.append(name, one);
  const written = search.toString();
  return written && "?" + written;
}

/** feedbackLink is the address of the records with these parameters. */
export const feedbackLink = (parameters) => "/app/feedback" + query(parameters);

// Pieces that every view uses.

export const propertyNames = {
  priority: "Priority", environment: "Environment", area: "Area", team: "Team", status: "Status",
  type_of_issue: "Type of issue", source: "Source",
};

/** shown is a value as people read it: the contract allows an empty one. */
export const shown = (value) => (value === "" ? "(none)" : value);

/** badge is a word with its colour. */
export const badge = (word, cls) => h("span", { class: "badge " + (cls || "") }, text(word));

const priorities = { high: "p-high", medium: "p-medium", low: "p-low" };
export const priorityClass = (value) => priorities[String(value).toLowerCase()] || "p-other";

/** ordered puts priorities in their own order, from the foot of a column up. */
export function ordered(by, all, valueOf = (one) => one.value) {
  if (by !== "priority") return all;
  const rank = (one) => ["p-high", "p-medium", "p-low", "p-other"].indexOf(priorityClass(valueOf(one)));
  return [...all].sort((a, b) => rank(a) - rank(b));
}

/** colourClass is the colour of a series: priorities have their own. */
export const colourClass = (by, value, i) => (value === null ? "s-rest" : by === "priority" ? priorityClass(value) : "s" + (i % 7));

/** closedStates are those of a record that needs no more work. */
const closedStates = /^(done|closed|resolved|complete|completed|won.?t (fix|do)|cancell?ed|duplicate|rejected|declined)$/i;
export const isOpen = (status) => !closedStates.test(status.trim());

/** twin is the table that says what a plot shows. */
export function twin(caption, head, rows) {
  const details = h("details", { class: "twin" }, h("summary", {}, "As a table"));
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    details.append(h("div", { class: "scroll", tabIndex: 0, role: "region", "aria-label": caption },
      h("table", {}, h("caption", {}, caption),
        h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, cell)))),
        h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell))))))));
  });
  return details;
}

/** trouble shows a problem in the API's words. */
export function trouble(problem, again) {
  return h("div", { class: "trouble", role: "status" },
    h("strong", {}, text(problem.title || "An error in this page")),
    h("p", {}, text(problem.message)),
    problem.errors?.map((e) => h("p", {}, h("code", {}, e.parameter), " ", text(e.detail))),
    problem.request && h("p", { class: "quiet" }, "Request ", h("code", {}, problem.request)),
    again && h("button", { type: "button", onclick: again }, "Try again"));
}

/** blank is what stands where there is nothing to show. */
export const blank = (title, ...more) => h("div", { class: "blank" }, h("strong", {}, title), h("p", {}, more));
