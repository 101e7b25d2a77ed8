// Events of a workspace's stream in this tab. They are batched per frame; a hidden tab gets them when it is visible again.
import { batch, effect, signal } from '@preact/signals'
import { Follower, type Link, type Told } from './follower'
import { answered, offline, signedOut, stillThere, workspace } from './client'

export interface Counts {
  queued: number
  running: number
  succeeded: number
  failed: number
  cancelled: number
  oldest_wait_ms: number | null
  environments_queued: number
  environments_building: number
}

export const link = signal<Link>({ live: false, since: null, next: null })
export const counts = signal<Counts | null>(null)

const listeners = new Set<(told: Told[]) => void>()
let waiting: Told[] = []
let asked = false
let port: MessagePort | null = null
let own: Follower | null = null

/** Subscribes to events until the returned function is called. */
export function hear(listener: (told: Told[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function take(told: Told) {
  if (told.kind === 'link') link.value = told.data
  else if (told.kind === 'counts') counts.value = told.data
  waiting.push(told)
  if (asked) return
  asked = true
  const flush = () => {
    asked = false
    const all = waiting
    waiting = []
    batch(() => listeners.forEach((listener) => listener(all)))
  }
  if (document.hidden) addEventListener('visibilitychange', flush, { once: true })
  else requestAnimationFrame(flush)
}

function follow(name: string, now = false) {
  if (window.SharedWorker) {
    if (!port) {
      port = new SharedWorker(new URL('./stream.worker.ts', import.meta.url), { type: 'module', name: 'ade' }).port
      port.onmessage = ({ data }) => take(data)
      addEventListener('pagehide', () => port!.postMessage({ leave: true }))
      addEventListener('pageshow', (event) => event.persisted && follow(workspace.peek()))
    }
    port.postMessage({ workspace: name, now })
    return
  }
  if (own?.workspace === name) return now ? own.now() : undefined
  own?.remove(take)
  own = new Follower(name)
  own.add(take, take)
}

export const tryNow = () => follow(workspace.peek(), true)

// A break of a moment is not worth showing.
effect(() => {
  const gone = !link.value.live && link.value.since != null
  answered.value = 0
  if (!gone) return void (offline.value = false)
  const timer = setTimeout(() => ((offline.value = true), stillThere()), Math.max(0, link.value.since! + 1500 - Date.now()))
  return () => clearTimeout(timer)
})

effect(() => {
  if (workspace.value && !signedOut.value) follow(workspace.value)
})
