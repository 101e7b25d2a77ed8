// What was asked to be started: it is kept in the browser until the server has it, so that neither leaving the page nor a full queue loses a file.
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
  /** The file that it is of, or the run that is run again. */
  name?: string
  run?: string
  /** The label that the file shares with those that were dropped with it. */
  batch?: string
  /** The page that it was asked for on; where nobody has left it, it gives way to the run. */
  from?: string
}

const KEPT = 'ade.waits.'
/** What the server does not have yet; how many runs were asked for since none was left, without those that it refused; and why the next one waits. */
export const waiting = signal<Waiting[]>([])
export const asked = signal(0)
export const held = signal('')
let busy = false

export function begin(ones: Waiting[]) {
  for (const one of ones) localStorage.setItem(KEPT + one.key, JSON.stringify(one))
  take(ones)
}

/** Goes on with what was left when the page was closed. */
export function goOn() {
  const known = new Set(waiting.peek().map((one) => one.key))
  const left = Object.keys(localStorage).filter((key) => key.startsWith(KEPT) && !known.has(key.slice(KEPT.length)))
  take(left.map((key) => JSON.parse(localStorage[key])))
}

function take(ones: Waiting[]) {
  waiting.value = [...waiting.peek(), ...ones]
  asked.value += ones.filter(isRun).length
  work()
}

/** Runs again, with the configuration as it is now or as it was. The run of one alone is shown. */
export function runAgain(ids: string[], how: 'again' | 'retry' = 'again') {
  if (hindrance('run')) return failed(new Error(hindrance('run')))
  begin(ids.map((id) => ({ key: `${how}-${id}-${Date.now()}`, url: `/api/v1/runs/${id}/retry`, body: { current: how === 'again' }, run: id, from: ids.length === 1 ? path.peek() : undefined })))
}

const LEFT_OUT = '/left-out'
/** Whether a run comes of it. */
export const isRun = (one: Waiting) => !one.url.endsWith(LEFT_OUT)

/** Has the batch tell of files that become no run, and why. */
export function leaveOut(batch: string, files: { name: string; why: string }[]) {
  if (!files.length) return
  begin([{ key: `left-${Date.now()}-${Math.random()}`, url: `/api/v1/workspaces/${encodeURIComponent(workspace.peek())}/batches/${encodeURIComponent(batch)}${LEFT_OUT}`, body: { files }, batch, name: files.map(({ name }) => name).join(', ') }])
}

async function work() {
  if (busy) return
  busy = true
  const lost: string[] = []
  for (let one = waiting.peek()[0]; one; one = waiting.peek()[0]) {
    const { key, url, body, run, batch, from } = one
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
      const name = one.name ?? (await get('/api/v1/runs/{id}', { id: run! }).catch(() => null))?.input.name ?? run!
      const why = `${message} ${hint ?? ''}`.trim()
      lost.push(`${name} was not started. ${why}`)
      if (isRun(one)) asked.value--
      if (batch && isRun(one)) leaveOut(batch, [{ name, why }])
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
