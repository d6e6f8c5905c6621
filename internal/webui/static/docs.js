// The documentation: the real address in the commands, real ids in the examples, and a button that
// runs what only reads. Without this script the page is complete, with sample values.
const sample = "http://localhost:8080", shownLength = 6000;
const contents = document.querySelector(".contents");
const narrow = matchMedia("(max-width: 60rem)");
const fold = () => { contents.open = !narrow.matches; };
narrow.addEventListener("change", fold);
fold();

const form = document.getElementById("token-form"), token = form.querySelector("input");
form.addEventListener("submit", (event) => event.preventDefault());
const headers = () => (token.value ? { Authorization: "Bearer " + token.value.trim() } : {});

/** element makes an element from properties. */
const element = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

for (const ask of document.querySelectorAll("pre.ask")) {
  ask.textContent = ask.textContent.replace(sample, location.origin);
  const out = element("pre", { hidden: true, tabIndex: 0 });
  const copy = element("button", { type: "button", onclick: () => navigator.clipboard?.writeText(ask.textContent).then(() => { copy.textContent = "Copied"; }) }, "Copy");
  const buttons = element("div", { className: "buttons" }, copy);
  if (ask.dataset.method === "get") buttons.append(element("button", { type: "button", onclick: () => run(ask.dataset.target, out) }, "Run"));
  ask.after(buttons, out);
}

/** run shows the real answer to a request. */
async function run(target, out) {
  out.hidden = false;
  out.textContent = "…";
  try {
    const started = performance.now();
    const response = await fetch(target, { headers: headers() });
    let body = await response.text();
    const took = Math.round(performance.now() - started);
    if (response.headers.get("Content-Type")?.includes("json")) body = JSON.stringify(JSON.parse(body), null, 2);
    const named = ["X-Total-Count", "X-Unknown-Values", "X-Next-Cursor", "X-Data-As-Of", "ETag"].filter((name) => response.headers.get(name)).map((name) => `${name}: ${response.headers.get(name)}`);
    out.textContent = [`${response.status} ${response.statusText}, ${took} ms`, ...named, "", body.length > shownLength ? body.slice(0, shownLength) + `\n… and ${(body.length - shownLength).toLocaleString("en")} more characters` : body].join("\n");
    if (response.status === 401) form.hidden = false;
  } catch (error) {
    out.textContent = `No response: ${error.message}`;
  }
}

/** realIds puts ids that exist into the examples. */
async function realIds() {
  for (const [path, list] of [["/api/feedback/", "/api/feedback/?limit=1&fields=id"], ["/api/cache/runs/", "/api/cache/runs?limit=1"]]) {
    const response = await fetch(list, { headers: headers() }).catch(() => null);
    const [first] = response?.ok ? await response.json() : [];
    if (!first) continue;
    for (const ask of document.querySelectorAll("pre.ask")) {
      const { target } = ask.dataset;
      if (!new RegExp(`^${path}[^/?.]{12,}$`).test(target)) continue;
      ask.textContent = ask.textContent.replace(target, path + first.id);
      ask.dataset.target = path + first.id;
    }
  }
}

/** reveal opens the part that the address names. */
function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let parent = target; parent; parent = parent.parentElement) if (parent.tagName === "DETAILS") parent.open = true;
  if (contents.contains(document.activeElement) && narrow.matches) contents.open = false;
}

addEventListener("hashchange", reveal);
reveal();
realIds();
