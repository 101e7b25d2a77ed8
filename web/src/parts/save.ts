// Saves whole API lists: the log as JSON lines, issues as a table.
import { all, get, type Run, type Schemas } from '../api/client'
import { csv } from '../pages/copied'

function save(name: string, parts: string[], type = 'application/x-ndjson') {
  const url = URL.createObjectURL(new Blob(parts, { type }))
  download(url, name)
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

const stem = (run: Run) => run.input.name.replace(/\.[^.]+$/, '')
const lines = (entries: unknown[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

export const logName = (run: Run) => `${stem(run)}_events.ndjson`
export async function saveLog(run: Run) {
  const parts: string[] = []
  let after = 0
  for (let more = true; more; ) {
    const page = await get('/api/v1/runs/{id}/logs', { id: run.id, after_id: after, limit: 1000 })
    parts.push(lines(page.entries))
    after = page.entries.at(-1)?.id ?? after
    more = page.entries.length > 0 && page.has_more
  }
  save(logName(run), parts)
}

export const issuesName = (run: Run) => `${stem(run)}_issues.csv`
type Issue = Schemas['Issue']
const COLUMNS = ['sheet', 'cell', 'row', 'severity', 'rule', 'field', 'key', 'value', 'message'] as const
/** Issues as table rows, below the headings. */
export const issueRows = (issues: Issue[]) => [[...COLUMNS] as (string | number | null)[], ...issues.map((issue) => COLUMNS.map((column) => issue[column]))]

/** Returns all issues of a run, or those that match. */
export async function saveIssues(run: Run, passes: ((issue: Issue) => boolean) | null = null) {
  const found = await all('/api/v1/runs/{id}/issues', { id: run.id, limit: 1000 }, (page) => page.issues as Issue[])
  const name = issuesName(run)
  save(passes ? name.replace(/s\.csv$/, 's_filtered.csv') : name, ['\ufeff', csv(issueRows(passes ? found.filter(passes) : found))], 'text/csv')
}

/** Downloads an address, under the server's name, or this one. */
export const download = (url: string, name = '') => Object.assign(document.createElement('a'), { href: url, download: name }).click()
export const reportName = (run: Run) => `${stem(run)}_report.html`
