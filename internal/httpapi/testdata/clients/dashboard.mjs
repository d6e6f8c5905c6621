// Does, from a page of another origin in headless Chromium, every request that the existing dashboard makes, and looks at /api/docs as a person would.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { chromium } from "playwright-core";

const { VOC_URL: api, VOC_ORIGIN: origin, VOC_TOKEN: token, CHROMIUM: executablePath, SCREENSHOT: path } = process.env;

// What the dashboard's browser sends along with each read.
const fresh = { "Cache-Control": "no-cache", Pragma: "no-cache", Expires: "0" };
const json = { "Content-Type": "application/json" };
const feedbackKeys = ["id", "description", "priority", "team", "environment", "area_impacted", "created", "week", "issue_number", "status", "reporter_email",
  "slack_thread", "type_of_issue", "type_of_report", "source", "triage_rep"];
const averages = ["timeToInProgressHoursAvg", "timeInProgressToDoneHoursAvg", "timeReportedToReferredHoursAvg", "timeReferredToDoneHoursAvg", "timeReportToResolutionHoursAvg"];

const server = createServer((_, response) => response.setHeader("Content-Type", "text/html").end("<!doctype html><title>dashboard</title><link rel=icon href=data:,>"));
await new Promise((listening) => server.listen(new URL(origin).port, "127.0.0.1", listening));
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const page = await browser.newPage();
const complaints = [];
page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
await page.goto(origin);

// ask is a fetch of the page's own: a CORS header too few, and it fails there.
const ask = (target, options = {}) =>
  page.evaluate(
    async ([url, options]) => {
      const response = await fetch(url, options);
      const text = await response.text();
      return { status: response.status, headers: Object.fromEntries(response.headers), body: text && JSON.parse(text) };
    },
    [api + target, options],
  );

const buster = () => `t=${Date.now()}`;
const read = async (target) => {
  const answer = await ask(target + (target.includes("?") ? "&" : "?") + buster(), { headers: fresh });
  assert.equal(answer.status, 200, `${target}: ${JSON.stringify(answer.body)}`);
  return answer;
};
const does = async (what, check) => {
  await check();
  console.log("ok ", what);
};

await does("the list, with its headers and cache-buster", async () => {
  const { body, headers } = await read("/api/feedback/");
  assert.ok(body.length > 100);
  for (const record of body) assert.deepEqual(Object.keys(record), feedbackKeys);
  for (const name of ["etag", "last-modified", "x-total-count", "x-data-as-of", "x-snapshot", "x-request-id"]) assert.ok(headers[name], `the page can not read ${name}`);
  assert.equal(headers["x-total-count"], String(body.length));
});
await does("without its slash too, and not again what it has", async () => {
  const { headers, body } = await read("/api/feedback?priority=High");
  assert.ok(body.every((record) => record.priority === "High"));
  const again = await ask("/api/feedback?priority=High&" + buster(), { headers: { "If-None-Match": headers.etag }, cache: "no-store" });
  assert.equal(again.status, 304);
});
await does("a record for the detail page", async () => {
  const { body: [first] } = await read("/api/feedback/?limit=1");
  const { body } = await read(`/api/feedback/${first.id}`);
  assert.equal(body.initial_description, first.description);
  assert.equal(body.team_routed, first.team);
});
await does("facets for the lists of choices", async () => {
  const { body } = await read("/api/feedback/facets?priority=High");
  assert.ok(body.total > 0 && body.team.length > 0 && body.week.length > 0);
});
await does("the report on response times, of all environments and of one", async () => {
  const { body: { environments } } = await read("/api/reports/environments");
  for (const environment of ["All Environments", ...environments]) {
    const { body } = await read(`/api/reports/response-times?environment=${encodeURIComponent(environment)}`);
    assert.ok(body.rows.length > 0);
    for (const row of [...body.rows, body.weighted]) assert.deepEqual(Object.keys(row), ["weekLabel", "count", ...averages]);
  }
});
await does("the pulse", async () => {
  const { body } = await read("/api/customer-pulse/");
  assert.ok(body.total_feedback > 0 && body.monthly_trends.data.length <= 12 && body.high_priority_issues.length <= 5);
});
await does("the state of the cache", async () => {
  const { body } = await read("/api/cache/");
  assert.ok(body.cache_status.total_records > 0 && body.actions);
});
for (const mode of ["full", "incremental"]) {
  await does(`a refresh (${mode}) with a token, and where it is`, async () => {
    const { status, headers, body } = await ask(`/api/cache/update-${mode}`, { method: "POST", headers: { ...json, Authorization: `Bearer ${token}` } });
    assert.equal(status, 202, JSON.stringify(body));
    assert.equal(headers.location, `/api/cache/runs/${body.run_id}`);
    await read(headers.location);
  });
}
await does("no refresh without one, and the page is told why", async () => {
  const { status, body } = await ask("/api/cache/update-full", { method: "POST", headers: json });
  assert.equal(status, 401);
  assert.ok(body.detail);
});
await does("the sign-in", async () => {
  const signIn = (password) => ask("/api/users/auth", { method: "POST", headers: json, body: JSON.stringify({ email: "ann@example.com", password }) });
  assert.deepEqual((await signIn("open sesame")).body, { email: "ann@example.com", name: "Ann", role: "admin" });
  assert.equal((await signIn("guess")).status, 401);
});
await does("what is not there, as a problem that the page can read", async () => {
  for (const target of ["/api/users/", "/api/chat/sessions", "/api/feedback/recNobody", "/nowhere"]) {
    const { status, body } = await ask(target, { headers: fresh });
    assert.equal(status, 404);
    assert.ok(body.type.startsWith("/api/docs#") && body.detail);
  }
});
await does("a page of a third origin is shut out", async () => {
  await page.goto(origin.replace("localhost", "127.0.0.1"));
  await assert.rejects(ask("/api/feedback/"), /Failed to fetch/);
});

await does("the page of the documentation loads nothing from elsewhere, asks what can be asked, and explains a problem where its type leads", async () => {
  complaints.length = 0;
  const requests = [];
  page.on("request", (request) => requests.push(request.url()));
  await page.setViewportSize({ width: 1400, height: 1000 });
  await page.goto(`${api}/api/docs`);
  await page.waitForLoadState("networkidle"); // the examples have ids that exist
  await page.screenshot({ path });
  for (const command of await page.locator("pre.ask[data-method=get]").all()) {
    const target = await command.getAttribute("data-target");
    assert.ok((await command.textContent()).includes(api + target));
    const answer = await fetch(api + target);
    assert.equal(answer.status, 200, `${target}: ${await answer.text()}`); // one that is not read keeps its connection
  }
  await page.goto(`${api}/api/docs#bad-parameter`);
  await page.locator("article#bad-parameter:target").waitFor();
  assert.deepEqual(requests.filter((url) => !url.startsWith(`${api}/`)), []);
  assert.deepEqual(complaints, []);
  await page.setViewportSize({ width: 400, height: 800 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `on a telephone it is ${overflow} px too wide`);
});

await browser.close();
server.close();
server.closeAllConnections();
