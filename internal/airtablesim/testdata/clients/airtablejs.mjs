// Checks that Airtable's own JavaScript client works with the emulator: it pages
// through a whole table by GET and by POST, and creates, changes and deletes a
// record. Four calls a second, since the client asks again within the 30 s in
// which a 429 would have everything refused.
//
//   node airtablejs.mjs URL BASE TABLE TOKEN COUNT
//
// Needs the package airtable in the working folder's node_modules. Prints
// "N records"; exits with 1 when N is not COUNT or a step fails.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const [endpointUrl, baseId, tableName, apiKey, count] = process.argv.slice(2);
const Airtable = createRequire(process.cwd() + "/")("airtable");
const table = new Airtable({ endpointUrl, apiKey }).base(baseId)(tableName);

async function paced(call) {
  await sleep(250);
  return call();
}

for (const how of [{}, { method: "post" }]) {
  const ids = new Set();
  await paced(() => table.select(how).eachPage((records, next) => {
    records.forEach((record) => ids.add(record.id));
    paced(next);
  }));
  console.log(`${ids.size} records`);
  assert.equal(ids.size, Number(count));
}

const created = await paced(() => table.create({ "Initial Description": "by airtable.js", Priority: 1 }));
await paced(() => table.update(created.id, { Priority: 2 }));
const filter = { filterByFormula: `RECORD_ID()='${created.id}'`, fields: ["Priority"] };
const [found] = await paced(() => table.select(filter).all());
assert.deepEqual(found.fields, { Priority: 2 });
await paced(() => table.destroy(created.id));
await paced(() => assert.rejects(table.find(created.id), { statusCode: 404 }));
await paced(() => assert.rejects(table.select({ fields: ["No such field"] }).all(), { error: "UNKNOWN_FIELD_NAME" }));
