// Lists that the API gives by pages, saved whole: one line of JSON for each entry.
import { address, get, type Run } from '../api/client'

function save(name: string, parts: string[]) {
  const url = URL.createObjectURL(new Blob(parts, { type: 'application/x-ndjson' }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

const stem = (run: Run) => run.input.name.replace(/\.[^.]+$/, '')
const lines = (entries: unknown[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

export const logName = (run: Run) => `${stem(run)}_events.ndjson`
export async function saveLog(run: Run) {
  const parts: string[] = []
  let after = 0
  for (let more = true; more; ) {
    const page = await get('/api/v1/runs/{id}/logs', { id: run.id }, { after_id: after, limit: 1000 })
    parts.push(lines(page.entries))
    after = page.entries.at(-1)?.id ?? after
    more = page.entries.length > 0 && page.has_more
  }
  save(logName(run), parts)
}

export const issuesName = (run: Run) => `${stem(run)}_issues.ndjson`
export async function saveIssues(run: Run) {
  const parts: string[] = []
  let cursor: string | null | undefined
  do {
    const page = await get('/api/v1/runs/{id}/issues', { id: run.id }, { limit: 1000, cursor })
    parts.push(lines(page.issues))
    cursor = page.next_cursor
  } while (cursor)
  save(issuesName(run), parts)
}

/** Downloads what an address gives, under the name that the server says, or this one. */
export const download = (url: string, name = '') => Object.assign(document.createElement('a'), { href: url, download: name }).click()
export const reportName = (run: Run) => `${stem(run)}_report.html`
export const reportUrl = (run: Run) => address('/api/v1/runs/{id}/report', { id: run.id })
