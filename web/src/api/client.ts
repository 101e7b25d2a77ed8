// Requests to the API. Their types come from the API's own description: `npm run check` makes types.ts from it.
import { signal } from '@preact/signals'
import { BASE } from '../router'
import { advice } from '../parts/advice'
import type { components, paths } from './types'

export type Schemas = components['schemas']
export type Run = Schemas['Run']

/** The server's facts about the current user, from src/api/pages/console.rs. */
export interface Session {
  csrf: string | null
  token: string
  scope: 'read' | 'run' | 'admin'
  workspaces: string[] | null
  workspace: string
  this_machine: boolean
  edits_folders: boolean
  version: string
}

export const session = signal<Session | null>(null)
export const workspace = signal('')
/** Whether nobody is signed in, and whether a former session has ended. */
export const signedOut = signal(false)
export const sessionEnded = () => signedOut.value && !!session.peek()

/** A problem answer (RFC 9457): what happened, and what to do. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly hint: string | null = null,
    readonly retryAfter: number | null = null,
    readonly errors: { field: string; message: string }[] = [],
    /** The reasons that a configuration does not load. */
    readonly error: Schemas['RunError'] | null = null,
    /** The page with the advised action. */
    readonly page: string | null = null,
  ) {
    super(message)
  }
}

export type Gets = { [P in keyof paths]: paths[P] extends { get: { responses: infer R } } ? R : never }
export type Json<R> = R extends { 200: { content: { 'application/json': infer T } } } ? T : never
export type Values = Record<string, string | number | boolean | null | undefined>

/** Returns the address of a route, also for downloads. Parameters that are not in its path become the query. */
export function address<P extends keyof paths>(path: P, values: Values = {}): string {
  const text = new URLSearchParams()
  for (const [key, value] of Object.entries(values)) if (value != null && value !== '' && !path.includes(`{${key}}`)) text.set(key, String(value))
  return path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name] ?? '')) + (text.size ? `?${text}` : '')
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => null)
  if (response.status === 401) signedOut.value = true
  const after = Number(response.headers.get('retry-after')) || null
  const { said, page } = advice(body?.hint)
  return new Problem(response.status, body?.code ?? `http_${response.status}`, body?.detail ?? `The server answered ${response.status}.`, said || null, after, body?.errors ?? [], body?.error ?? null, page)
}

async function send(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init).catch((error) => {
    if (error?.name === 'AbortError') throw error
    answered.value = 0
    throw new Problem(0, 'offline', 'The server does not answer.', 'This page tries again by itself.')
  })
  if (!response.ok) throw await problemOf(response)
  if (offline.peek()) answered.value = Date.now()
  return response
}

export async function get<P extends keyof Gets>(path: P, values: Values = {}, abort?: AbortSignal): Promise<Json<Gets[P]>> {
  return (await send(address(path, values), { signal: abort })).json()
}

/** Reads all pages of a list. */
export async function all<P extends keyof Gets, T>(path: P, values: Values, of: (page: Json<Gets[P]>) => T[]): Promise<T[]> {
  const found: T[] = []
  for (let cursor: string | null | undefined = ''; cursor != null; ) {
    const page = (await get(path, { ...values, cursor })) as Json<Gets[P]>
    found.push(...of(page))
    cursor = (page as { next_cursor?: string | null }).next_cursor
  }
  return found
}

/** Sends a request that changes something. */
export async function change<T = unknown>(method: 'PATCH' | 'POST' | 'PUT' | 'DELETE', url: string, body?: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<T> {
  if (offline.peek() && !answered.peek()) throw new Problem(0, 'offline', 'Nothing was sent: there is no connection to the server.')
  if (body !== undefined) headers = { 'Content-Type': 'application/json', ...headers }
  const response = await send(url, { method, signal, headers: { ...changing(), ...headers }, body: body === undefined ? undefined : JSON.stringify(body) })
  return response.status === 204 ? (undefined as T) : response.json()
}

/** Returns whether the same request may succeed later: a full queue gets room again, and a server that is down comes back. */
const mayPass = ({ status }: Problem) => !status || status === 429 || status === 503

/** Repeats a request until its problem is permanent or gone. Calls `waits` each second with the problem and the seconds left. Returns null if
 * nobody wants the answer any more. */
export async function patiently<T>(ask: () => Promise<T>, waits: (problem: Problem, left: number) => void, gone = () => false, passes = mayPass): Promise<T | null> {
  for (;;) {
    try {
      const found = await ask()
      return gone() ? null : found
    } catch (error) {
      if (gone()) return null
      if (!(error instanceof Problem) || !passes(error)) throw error
      for (let left = error.retryAfter ?? 2; left > 0; left--) {
        waits(error, left)
        await new Promise((resolve) => setTimeout(resolve, 1000))
        if (gone()) return null
      }
    }
  }
}

/** Sends a request that needs an environment. While that is built, calls `waits` with the reason and repeats the request. */
export const whenReady = <T,>(ask: () => Promise<T>, waits: (why: string) => void, gone: () => boolean) => patiently(ask, ({ message }) => waits(message), gone, ({ code }) => code === 'environment_not_ready')

export const changing = (): Record<string, string> => (session.peek()?.csrf ? { 'X-CSRF-Token': session.peek()!.csrf! } : {})

/** Checks whether the server answers and still knows the user. */
export const stillThere = () => send(`${BASE}/session`, {}).then(() => (answered.value = Date.now()), () => {})

export async function begin() {
  const found: Session = await (await send(`${BASE}/session`, {})).json()
  const kept = sessionStorage.getItem('ade.workspace')
  workspace.value = kept && (!found.workspaces || found.workspaces.includes(kept)) ? kept : found.workspaces?.includes(found.workspace) === false ? found.workspaces[0] : found.workspace
  session.value = found
  signedOut.value = false
}

/** Whether the connection has been down for longer than a moment. */
export const offline = signal(false)

/** The time of the last answered request since the connection broke: the server is up although its event stream is not. */
export const answered = signal(0)

/** Returns why the user cannot change something; empty if they can. */
export const hindrance = (scope: Session['scope']): string => (offline.value && !answered.value ? 'There is no connection to the server.' : may(scope) ? '' : 'This session may only read.')

/** Returns the attributes of a button that changes something, disabled with a reason if it can't. */
export const writing = (scope: Session['scope'] = 'run') => {
  const why = hindrance(scope)
  return why ? { 'aria-disabled': true as const, title: why } : {}
}

export const may = (scope: Session['scope']) => {
  const order = ['read', 'run', 'admin']
  return order.indexOf(session.value?.scope ?? 'read') >= order.indexOf(scope)
}
