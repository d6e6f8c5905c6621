// Servers and pages for the tests of the page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { VOC_BINARY: binary, VOC_SAMPLE: sample = "", CHROMIUM: executablePath, SCREENSHOTS: pictures } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const token = "try";
const running = new Set(), places = new Set();

/** folder is one of the system's temporary folders, until the tests end. */
export function folder() {
  const place = mkdtempSync(join(tmpdir(), "page-"));
  places.add(place);
  return place;
}

/** freePort is a port that was free a moment ago. */
export function freePort() {
  return new Promise((found) => {
    const probe = createServer().listen(0, "127.0.0.1", () => { const { port } = probe.address(); probe.close(() => found(port)); });
  });
}

/** start runs a server until stop is called. Its store stays in place for another. */
export async function start({ env = {}, place = folder(), port, ready = /^voc (serves|has nothing)/m } = {}) {
  const address = `127.0.0.1:${port || (await freePort())}`;
  const child = spawn(binary, [], { cwd: place, env: { PATH: process.env.PATH, TMPDIR: place, ADDR: address, ADMIN_TOKENS: token, ...(sample && { AIRTABLE_SIM_DATA: sample }), ...env } });
  running.add(child);
  let said = "", log = "";
  child.stdout.on("data", (text) => (said += text));
  child.stderr.on("data", (text) => (log += text));
  const ended = new Promise((done) => child.on("exit", done));
  for (let i = 0; !ready.test(said); i++) {
    if (i > 1200 || child.exitCode !== null) throw new Error(`the server did not start: ${said}${log}`);
    await new Promise((done) => setTimeout(done, 50));
  }
  return {
    url: `http://${address}`, port: Number(address.split(":")[1]), place, said: () => said,
    stop: async () => { child.kill(); await ended; running.delete(child); },
    /** api asks the API directly, as the tests' second opinion. */
    api: async (path, headers = {}) => {
      const response = await fetch(`http://${address}${path}`, { headers });
      return { status: response.status, headers: response.headers, body: await response.json() };
    },
  };
}

export const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
if (pictures) mkdirSync(pictures, { recursive: true });

export async function finish() {
  await browser.close();
  for (const child of running) child.kill();
  for (const place of places) rmSync(place, { recursive: true, force: true });
}

/** open opens an address in a page of its own, which must not complain. */
export async function open(url, { width = 1280, theme = "light", allow = [], route, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width, height: width < 500 ? 844 : 900 }, colorScheme: theme, reducedMotion: "reduce", timezoneId: "Europe/Berlin", locale: "en-GB", ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (m) => m.type() === "error" && !allow.some((pattern) => pattern.test(m.text())) && page.complaints.push(m.text()));
  page.on("pageerror", (error) => page.complaints.push(error.stack));
  if (route) await page.route(...route);
  await page.goto(url);
  page.done = async () => { assert.deepEqual(page.complaints, []); await context.close(); };
  return page;
}

/** settled waits until nothing on the page loads. */
export async function settled(page) {
  await page.waitForFunction(() => document.querySelector("main").childElementCount > 0 && !document.querySelector("[aria-busy=true]") && document.getElementById("word").textContent !== "Checking");
  await page.waitForLoadState("networkidle");
}

/** accessible lets axe look at the page, in both themes. */
export async function accessible(page, name) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(50);
    if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
    const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    assert.deepEqual(found.violations.map((v) => [name, colorScheme, v.id, v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160) + " " + n.failureSummary)]), []);
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** fits checks that nothing sticks out to the side, once the page has its new width. */
export async function fits(page, name) {
  const isNarrow = () => page.waitForFunction(() => document.documentElement.scrollWidth <= innerWidth, null, { timeout: 5000 });
  await isNarrow().catch(() => assert.fail(`${name}: wider than its window`));
}

/** picture keeps what a state looks like, in three widths and two themes. */
export async function picture(page, name, { fullPage = true } = {}) {
  if (!pictures) return;
  const size = page.viewportSize();
  await page.evaluate(() => window.scrollTo(0, 0));
  for (const theme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme: theme });
    for (const width of [390, 1024, 1600]) {
      await page.setViewportSize({ width, height: width < 500 ? 844 : 1000 });
      await page.waitForTimeout(120);
      await fits(page, `${name} at ${width}`);
      await page.screenshot({ path: join(pictures, `${name}-${width}-${theme}.png`), fullPage });
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(size);
}

/** table reads the twin of a plot: its rows, as texts. */
export async function twin(page, section) {
  const details = page.locator(`${section} details.twin`).filter({ hasText: "As a table" }).first();
  if (!(await details.evaluate((d) => d.open))) await details.locator("summary").click();
  await details.locator("tbody tr").first().waitFor();
  return details.evaluate((d) => [...d.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/** number reads a figure of the page. */
export const number = (text) => Number(text.replace(/,/g, "").match(/-?\d+(\.\d+)?/)[0]);
export const whole = (n) => Math.round(n).toLocaleString("en-GB");
