// A client whose types come from /api/openapi.json. That a misspelt parameter does not compile shows that they are types, and not `any`.
import createClient from "openapi-fetch";
import type { components, paths } from "./voc.js";

declare const process: { env: { VOC_URL: string } };

type Feedback = components["schemas"]["Feedback"];

const voc = createClient<paths>({ baseUrl: process.env.VOC_URL });

async function newest(team: string): Promise<Feedback[]> {
  const { data, error } = await voc.GET("/api/feedback/", { params: { query: { team: [team], limit: 2 } } });
  if (error) throw new Error(error.detail);
  return data as Feedback[];
}

const [first] = await newest("Triage");
if (!first) throw new Error("no feedback");
const number: number | null = first.issue_number;
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
