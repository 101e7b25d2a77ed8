// Upload, run, follow, download: with the types that openapi-typescript makes, and openapi-fetch.
import createClient from "openapi-fetch";
import type { components, paths } from "./ade";

type Line = components["schemas"]["RunStreamLine"];
type Run = components["schemas"]["Run"];

declare const process: { argv: string[] };
const [address = "", token = "", configuration = ""] = process.argv.slice(2);
const { GET, POST } = createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });

function demand<T>(found: T | undefined | false, what: unknown): T {
  if (!found) throw new Error(JSON.stringify(what));
  return found;
}

/** The lines of a stream, as they come. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  let text = "";
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    text += piece.value;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) if (line) yield JSON.parse(line) as Line;
  }
}

const form = new FormData();
form.append("file", new Blob(["First name,Surname,E-mail\nAnn,Lee,ann@example.org\n"]), "story.csv");
const uploaded = await POST("/api/v1/workspaces/{workspace}/documents", {
  params: { path: { workspace: "default" } },
  body: { file: "" },
  bodySerializer: () => form,
});
const document = demand(uploaded.data, uploaded.error);

const started = await POST("/api/v1/configs/{config_id}/runs", {
  params: { path: { config_id: configuration } },
  body: { document_id: document.id, stream: true },
  parseAs: "stream",
});
let ended: Run | undefined;
const levels = new Set<string>();
for await (const line of linesOf(demand(started.data, started.error) as ReadableStream<Uint8Array>)) {
  // Lines of the engine have its own id; every other line has the data of its event.
  if ("engine_run_id" in line) continue;
  if (line.event === "run.created") demand(line.data.run.status === "queued", line);
  if (line.event === "run.started") demand(line.data.attempt === 1, line);
  if (line.event === "run.log") levels.add(line.data.level);
  if (line.event === "run.completed") ended = line.data.run;
  // @ts-expect-error: an interrupted stream has no data
  if (line.event === "stream.interrupted") demand(false, line.data);
}
const run = demand(ended, "the stream ended without the end");
demand(run.status === "succeeded", run);

const log = await GET("/api/v1/runs/{id}/logs", { params: { path: { id: run.id }, query: { limit: 1 } } });
const page = demand(log.data, log.error);
demand(page.has_more && page.next_after_id === 1, page);

const output = await GET("/api/v1/runs/{id}/output", { params: { path: { id: run.id } }, parseAs: "arrayBuffer" });
const bytes = new Uint8Array(demand(output.data, output.error) as ArrayBuffer);
demand(bytes[0] === 0x50 && bytes[1] === 0x4b, "a workbook is a zip file");

const absent = await GET("/api/v1/runs/{id}", { params: { path: { id: "0199" } } });
demand(absent.error?.code === "run_not_found" || absent.error?.code === "not_found", absent.error);
// @ts-expect-error: a run has no colour
export const colour = run.colour;
console.log("done");
