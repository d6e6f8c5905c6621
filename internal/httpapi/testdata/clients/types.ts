// A client whose types come from /api/openapi.json. That a misspelt parameter does not compile shows that they are types, and not `any`.
import createClient from "openapi-fetch";
import type { components, paths } from "./voc.js";

declare const process: { env: { VOC_URL: string } };

type Feedback = components["schemas"]["Feedback"];

const voc = createClient<paths>({ baseUrl: process.env.VOC_URL });

// all reads every page of a team's feedback.
async function all(team: string): Promise<Feedback[]> {
  const records: Feedback[] = [];
  let cursor: string | undefined;
  do {
    const query = { team: [team], limit: 2, ...(cursor ? { cursor } : {}) };
    const { data, error, response } = await voc.GET("/api/feedback/", { params: { query } });
    if (error) throw new Error(error.detail);
    records.push(...data);
    cursor = response.headers.get("X-Next-Cursor") ?? undefined;
    const total = Number(response.headers.get("X-Total-Count"));
    if (!cursor && records.length !== total) throw new Error(`${records.length} of ${total} records`);
  } while (cursor);
  return records;
}

const [first] = await all("Triage");
if (!first) throw new Error("no feedback");
const number: number | null | undefined = first.issue_number;
console.log(first.week, first.priority, number);

const one = await voc.GET("/api/feedback/{id}", { params: { path: { id: first.id } } });
if (one.data?.team_routed !== first.team) throw new Error(`team ${one.data?.team_routed}`);

const refused = await voc.GET("/api/feedback/", {
  // @ts-expect-error: the parameter is called team
  params: { query: { teem: ["Triage"] } },
});
if (refused.error?.errors?.[0]?.parameter !== "teem") throw new Error(JSON.stringify(refused.error));

const status = await voc.GET("/api/cache/");
const running: string | undefined = status.data?.cache_status.running?.run_id;
console.log(status.data?.cache_status.total_records, running ?? "at rest");

// @ts-expect-error: a record has no such key
console.log(first.colour ?? "no colour");
