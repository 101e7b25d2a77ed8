// Requested starts: the browser keeps them until the server has them, so that neither leaving the page nor a full queue loses a file.
import { signal } from '@preact/signals'
import { change, get, hindrance, patiently, type Problem, workspace } from '../api/client'
import { failed, many, number, toast } from '../parts'
import { watch } from '../parts/frame'
import { go, path } from '../router'

/** A request that waits for its turn. */
export interface Waiting {
  key: string
  url: string
  body?: unknown
  /** The file, or the run to repeat. */
  name?: string
  run?: string
  /** The label shared by the files that were dropped together. */
  batch?: string
  /** The page where it was requested; if the user is still there, the page changes to the run. */
  from?: string
}

const KEPT = 'ade.waits.'
/** The requests that the server does not have yet; the number requested since there were none, without refused ones; and why the next one waits. */
export const waiting = signal<Waiting[]>([])
export const asked = signal(0)
export const held = signal('')
let busy = false

export function begin(ones: Waiting[]) {
  for (const waiter of ones) localStorage.setItem(KEPT + waiter.key, JSON.stringify(waiter))
  take(ones)
}

/** Resumes the requests left when the page was closed. */
export function goOn() {
  const known = new Set(waiting.peek().map((waiter) => waiter.key))
  const left = Object.keys(localStorage).filter((key) => key.startsWith(KEPT) && !known.has(key.slice(KEPT.length)))
  take(left.map((key) => JSON.parse(localStorage[key])))
}

function take(ones: Waiting[]) {
  waiting.value = [...waiting.peek(), ...ones]
  asked.value += ones.filter(isRun).length
  work()
}

/** Repeats runs, with the current configuration or the old one. A single run is shown. */
export function runAgain(ids: string[], how: 'again' | 'retry' = 'again') {
  if (hindrance('run')) return failed(new Error(hindrance('run')))
  begin(ids.map((id) => ({ key: `${how}-${id}-${Date.now()}`, url: `/api/v1/runs/${id}/retry`, body: { current: how === 'again' }, run: id, from: ids.length === 1 ? path.peek() : undefined })))
}

const LEFT_OUT = '/left-out'
/** Returns whether it will lead to a run. */
export const isRun = (waiter: Waiting) => !waiter.url.endsWith(LEFT_OUT)

/** Reports files to the batch that do not become runs, with the reason. */
export function leaveOut(batch: string, files: { name: string; why: string }[]) {
  if (!files.length) return
  begin([{ key: `left-${Date.now()}-${Math.random()}`, url: `/api/v1/workspaces/${encodeURIComponent(workspace.peek())}/batches/${encodeURIComponent(batch)}${LEFT_OUT}`, body: { files }, batch, name: files.map(({ name }) => name).join(', ') }])
}

async function work() {
  if (busy) return
  busy = true
  const lost: string[] = []
  for (let waiter = waiting.peek()[0]; waiter; waiter = waiting.peek()[0]) {
    const { key, url, body, run, batch, from } = waiter
    try {
      const made = await patiently(
        () => change<{ id?: string }>('POST', url, body, { 'Idempotency-Key': key }),
        ({ status }, left) => (held.value = `${status === 429 ? 'The queue is full' : 'The server does not answer'}: the next starts in ${left} s.`),
      )
      if (held.peek()) held.value = 'They go on.'
      if (made?.id) {
        watch(made.id)
        if (from === path.peek()) go(`/runs/${made.id}`)
      }
    } catch (error) {
      const { status, message, hint } = error as Problem
      if (status === 401) break
      const name = waiter.name ?? (await get('/api/v1/runs/{id}', { id: run! }).catch(() => null))?.input.name ?? run!
      const why = `${message} ${hint ?? ''}`.trim()
      lost.push(`${name} was not started: ${why}`)
      if (isRun(waiter)) asked.value--
      if (batch && isRun(waiter)) leaveOut(batch, [{ name, why }])
    }
    localStorage.removeItem(KEPT + key)
    waiting.value = waiting.peek().filter((other) => other.key !== key)
  }
  held.value = ''
  busy = false
  if (waiting.peek().length) return
  if (asked.peek() > 1) toast(`${many(asked.peek(), 'run')} started.`)
  asked.value = 0
  if (lost.length) failed(new Error(`${lost.length > 1 ? `${number(lost.length)} were not started. ` : ''}${lost.join(' ')}`))
}
