// The filters of a list of runs in the address, and updates from the stream.
import type { Run } from '../api/client'

export const SINCE: Record<string, { name: string; sentence: string; seconds: number | null }> = {
  '5m': { name: 'Last 5 minutes', sentence: 'in the last 5 minutes', seconds: 300 },
  '1h': { name: 'Last hour', sentence: 'in the last hour', seconds: 3600 },
  '24h': { name: 'Last 24 hours', sentence: 'in the last 24 hours', seconds: 86_400 },
  '7d': { name: 'Last 7 days', sentence: 'in the last 7 days', seconds: 604_800 },
  all: { name: 'All times', sentence: 'of all times', seconds: null },
}

export interface Filter {
  status: string
  config: string
  since: string
  sinceGiven: boolean
  /** `issues`: runs with issues; `fields`: runs with fields that have no column. */
  look: string
  /** A label that runs share, as `key:value`. */
  label: string
  q: string
}

export function filterOf(query: URLSearchParams): Filter {
  const since = query.get('since') ?? ''
  return {
    status: query.get('status') ?? '',
    config: query.get('config') ?? '',
    since: since in SINCE ? since : 'all',
    sinceGiven: since in SINCE && since !== 'all',
    look: query.get('issues') === '1' ? 'issues' : (query.get('look') ?? ''),
    label: query.get('label') ?? '',
    q: query.get('q') ?? '',
  }
}

/** Returns whether a list with this filter shows a run, following the server's filters. */
export function accepts(filter: Filter, run: Run, now: number): boolean {
  if (filter.status && !filter.status.split(',').includes(run.status)) return false
  if (filter.config && filter.config !== run.configuration_name && filter.config !== run.configuration_id) return false
  const seconds = SINCE[filter.since].seconds
  if (seconds && Date.parse(run.created_at) < now - seconds * 1000) return false
  if (filter.look === 'issues' && !run.metrics?.issues) return false
  if (filter.look === 'fields' && !(run.status === 'succeeded' && run.metrics?.missing_fields.length)) return false
  const colon = filter.label.indexOf(':')
  if (filter.label && run.labels[filter.label.slice(0, colon)] !== filter.label.slice(colon + 1)) return false
  if (!filter.q) return true
  const q = filter.q.toLowerCase()
  const texts = [run.input.name, run.configuration_name, ...Object.entries(run.labels).flat()]
  return texts.some((text) => String(text).toLowerCase().includes(q)) || run.id.endsWith(q)
}

/** Merges changed runs into a list, newest first. Runs that no longer match are removed; `added` are the new ones. */
export function merged(before: Run[], changed: Run[], accepted: (run: Run) => boolean): { runs: Run[]; added: Run[] } {
  const by = new Map(changed.map((run) => [run.id, run]))
  const runs: Run[] = []
  for (const run of before) {
    const now = by.get(run.id)
    by.delete(run.id)
    if (!now) runs.push(run)
    else if (accepted(now)) runs.push(now)
  }
  const added = [...by.values()].filter(accepted)
  // Ids are UUIDv7, so their order is by time.
  return { runs: added.length ? [...added, ...runs].sort((a, b) => (a.id < b.id ? 1 : -1)) : runs, added }
}
