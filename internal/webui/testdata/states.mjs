// The states that are not the usual one: stale, empty, first load, locked, away, and hostile texts.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, fits, folder, open, picture, settled, start, token } from "./kit.mjs";

const text = (page, selector) => page.locator(selector).first().textContent();

/** hostile are records whose texts try to be more than text. */
function hostile() {
  const long = "word ".repeat(4000), endless = "x".repeat(20000);
  const texts = [
    "<script>document.title = 'broken'</script><img src=x onerror=\"document.title='broken'\">", "\u202eright to left \u2066isolated \u200f marks", long, endless,
    "=SUM(1,2)", "line\r\nbreaks\n\n\nand\ttabs", "emoji 👩‍👩‍👧‍👦 日本語 ไทย עברית العربية", "javascript:alert(1)",
  ];
  const line = (notes, i) => JSON.stringify({
    id: "recHostile" + String(i).padStart(7, "0"), createdTime: `2026-0${1 + (i % 9)}-05T00:00:00.000Z`,
    fields: { Issue: i, Notes: notes, Status: texts[(i + 1) % 8].slice(0, 300), Environment: texts[i % 8].slice(0, 900), "Area Impacted": [texts[(i + 2) % 8].slice(0, 500)], "Type of Issue": texts[(i + 3) % 8].slice(0, 500), Priority: 1 + (i % 3), "Slack Thread Link": "javascript:alert(1)" },
  });
  const path = join(folder(), "hostile.jsonl");
  writeFileSync(path, Array.from({ length: 64 }, (_, i) => line(texts[i % 8], i)).join("\n"));
  return path;
}

export async function states({ does, server }) {
  await does("stale: red, a word, the reasons and what to do", async () => {
    const kinds = [ // whose words once led elsewhere
      'READ_ACCESS=token asks for a token (OPERATE.md, "Reads are public")',
      'the run made at most 12 calls and was killed (OPERATE.md, "Refresh failed")',
      'temporary files cannot be written (OPERATE.md, "Disk full")',
      'the watchdog has not looked since 2026-11-27T20:00:00Z (OPERATE.md, "Watchdog silent")',
    ];
    const page = await open(server.url + "/app/status", {
      allow: [/503/],
      route: [/\/api\/(cache\/|health)$/, async (route) => {
        const isHealth = route.request().url().endsWith("health");
        const response = await route.fetch();
        const body = isHealth ? { status: "degraded", reasons: ["the incremental refresh that was due at 2026-11-27T20:00:00Z has not succeeded, and no run has reported an error (OPERATE.md, \"Refresh overdue\")", ...kinds] } : { ...(await response.json()), stale: true, warnings: ["incremental refresh failed at 2026-11-27T20:00:03Z: rejected by the publish gate: 412 of 580 records (71 %) would be removed (OPERATE.md, \"Refresh failed\")"] };
        await route.fulfill({ status: isHealth ? 503 : 200, json: body });
      }],
    });
    await settled(page);
    assert.match(await text(page, "#word"), /^Stale/);
    assert.match(await text(page, ".health"), /was due at.*Check that the server.*publish gate.*accept the change/s);
    assert.match(await text(page, ".health"), /Reads are public.*READ_TOKENS.*12 calls.*Correct the cause.*Disk full.*Free space.*Watchdog silent.*log of the watchdog/s);
    await accessible(page, "stale");
    await picture(page, "stale", { fullPage: false });
    await page.done();
  });

  await does("empty, and a first load that failed", async () => {
    const empty = await start({ env: { AIRTABLE_API_KEY: "patWrong", AIRTABLE_BASE_ID: "appWrong000000001", AIRTABLE_API_URL: "http://127.0.0.1:1", SCHEDULE: "off" } });
    const page = await open(empty.url + "/", { allow: [/503/] });
    await page.locator("#gate .card").first().waitFor();
    assert.match(await text(page, "#word"), /^(Empty|Loading)/);
    assert.match(await text(page, "#gate .card"), /Nothing has been loaded yet|first refresh is running/);
    await accessible(page, "empty");
    await fits(page, "empty");
    await picture(page, "empty", { fullPage: false });
    for (const path of ["/app/feedback", "/app/trends", "/app/status"]) { await page.goto(empty.url + path); await page.locator("main .card:visible").first().waitFor(); await page.waitForTimeout(300); await accessible(page, "empty " + path); }
    await page.done();
    await empty.stop();
  });

  await does("locked: a token is asked for, refused in the API's words, and kept in memory only", async () => {
    const locked = await start({ env: { READ_ACCESS: "token", READ_TOKENS: "reader" } });
    const page = await open(locked.url + "/app/feedback", { allow: [/401/] });
    await page.locator("#gate .token input").waitFor();
    assert.match(await text(page, "#word"), /^Locked/);
    await accessible(page, "locked");
    await picture(page, "locked", { fullPage: false });
    await page.locator("#gate .token input").fill("wrong");
    await page.locator("#gate .token button").click();
    await page.waitForTimeout(300);
    assert.match(await text(page, "#gate .token label"), /Another token/);
    await page.locator("#gate .token input").fill("reader");
    await page.locator("#gate .token button").click();
    await page.locator(".body .row:not([hidden])").first().waitFor();
    await page.waitForFunction(() => document.getElementById("word").textContent.startsWith("Fresh"));
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator("a.button").click()]);
    assert.equal(file.suggestedFilename(), "feedback.csv");
    assert.equal(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]).includes("reader")), false);
    await page.reload();
    await page.locator("#gate .token input").waitFor();
    await page.done();
    await locked.stop();
  });

  await does("a server that goes away is said, and its return too", async () => {
    let mortal = await start();
    const page = await open(mortal.url + "/", { allow: [/ERR_CONNECTION|Failed to load/] });
    await settled(page);
    await mortal.stop();
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange"))); // a look now, not in half a minute
    await page.waitForFunction(() => document.getElementById("word").textContent.startsWith("No response"));
    assert.ok((await page.locator(".ranks li").count()) > 0, "what was loaded stays");
    await accessible(page, "no answer");
    await picture(page, "away", { fullPage: false });
    mortal = await start({ port: mortal.port, place: mortal.place });
    await page.waitForFunction(() => document.getElementById("word").textContent.startsWith("Fresh"));
    await page.done();
    await mortal.stop();
  });

  await does("texts that try to be more do no harm", async () => {
    const evil = await start({ env: { AIRTABLE_SIM_DATA: hostile(), FEEDBACK_YEARS: "all" } });
    const page = await open(evil.url + "/app/feedback");
    await settled(page);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const path of ["/", "/app/feedback", "/app/trends?weeks=52", "/app/status"]) {
        await page.goto(evil.url + path);
        await settled(page);
        await fits(page, `${path} at ${width}`);
        assert.doesNotMatch(await page.title(), /broken/);
        assert.equal(await page.locator("main script, main img").count(), 0);
      }
      for (let i = 0; i < 8; i++) {
        await page.goto(`${evil.url}/app/feedback?id=recHostile${String(i).padStart(7, "0")}`);
        await page.locator(".drawer .lead").waitFor();
        await fits(page, `record ${i} at ${width}`);
        assert.equal(await page.locator("a[href^=javascript]").count(), 0);
        assert.ok((await page.locator(".drawer").evaluate((d) => d.scrollWidth - d.clientWidth)) <= 0, `record ${i} at ${width}`);
      }
    }
    await page.goto(evil.url + "/app/feedback");
    await settled(page);
    await accessible(page, "hostile");
    await picture(page, "hostile");
    await page.done();
    await evil.stop();
  });

  await does("whoever opens the page joins a running refresh", async () => {
    const page = await open(server.url + "/");
    await settled(page);
    await fetch(server.url + "/api/cache/update-full", { method: "POST", headers: { Authorization: "Bearer " + token } });
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
    await page.waitForFunction(() => /refresh running/.test(document.getElementById("sentence").textContent));
    await page.waitForFunction(() => /next refresh/.test(document.getElementById("sentence").textContent), null, { timeout: 60e3 });
    await page.done();
  });
}
