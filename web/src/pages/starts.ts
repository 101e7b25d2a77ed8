// What was asked to be started: it is kept in the browser until the server has it, so that neither leaving the page nor a full queue loses a file.
import { signal } from '@preact/signals'
import { change, type Problem, type Run } from '../api/client'
import { failed } from '../parts/parts'
import { watch } from '../parts/frame'
import { go, path } from '../router'

/** How files are run that were started together. */
export interface Start {
  configuration: string
  options: { validate_only: boolean; active_sheet_only: boolean }
  labels: Record<string, string>
  /** There is one file alone: its run is shown. */
  alone: boolean
}
export interface Waiting extends Start {
  key: string
  name: string
  document: string
}

const KEPT = 'ade.waits.'
/** Files that the server has, whose runs it has not yet; and why the next one waits. */
export const waiting = signal<Waiting[]>([])
export const held = signal('')
let busy = false

export function begin(one: Waiting) {
  localStorage.setItem(KEPT + one.key, JSON.stringify(one))
  waiting.value = [...waiting.peek(), one]
  work()
}

/** Goes on with what was left when the page was closed. */
export function goOn() {
  const known = new Set(waiting.peek().map((one) => one.key))
  const left = Object.keys(localStorage).filter((key) => key.startsWith(KEPT) && !known.has(key.slice(KEPT.length)))
  waiting.value = [...waiting.peek(), ...left.map((key) => JSON.parse(localStorage[key]))]
  work()
}

async function work() {
  if (busy) return
  busy = true
  for (let one = waiting.peek()[0]; one; one = waiting.peek()[0]) {
    try {
      const body = { document_id: one.document, options: one.options, labels: one.labels }
      const run = await change<Run>('POST', `/api/v1/configs/${one.configuration}/runs`, body, { 'Idempotency-Key': one.key })
      watch(run.id)
      if (one.alone && path.peek() === '/start') go(`/runs/${run.id}`)
    } catch (error) {
      const { status, message, hint, retryAfter } = error as Problem
      if (status === 401) break
      if (!status || status === 429 || status === 503) {
        // A full queue has room again when some of it has ended, and a server that is away comes back.
        for (let left = retryAfter ?? 3; left > 0; left--) {
          held.value = `${status === 429 ? 'The queue is full' : 'The server does not answer'}: the next starts in ${left} s.`
          await new Promise((resolve) => setTimeout(resolve, 1000))
        }
        continue
      }
      failed(new Error(`${one.name} was not started. ${message} ${hint ?? ''}`))
    }
    held.value = ''
    localStorage.removeItem(KEPT + one.key)
    waiting.value = waiting.peek().filter(({ key }) => key !== one.key)
  }
  busy = false
}
