// The editing state of a configuration: its files as on the server, unsaved changes, and the last check. It survives switching tabs.
import { computed, signal } from '@preact/signals'
import { change, changing, get, Problem, problemOf, type Schemas, whenReady } from '../api/client'
import { plain, said } from './configs-words'

export type Known = Schemas['KnownConfiguration']
export type File = Schemas['ConfigurationFile']

export type Check = Schemas['ConfigurationCheck']

/** A message of a check at its line. */
export interface Message {
  file: string
  line: number
  text: string
  hint: string | null
}

export type Checking = { state: 'none' | 'checking' } | { state: 'waits'; why: string } | { state: 'done'; check: Check; took: number } | { state: 'failed'; error: Problem }

/** Sends a body that is not JSON. */
export async function raw(url: string, method: string, body?: BodyInit, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { method, body, signal, headers: method === 'GET' ? headers : { ...changing(), ...headers } }).catch(() => {
    throw new Problem(0, 'offline', 'The server does not answer.', 'Nothing is lost: try again when it does.')
  })
  if (!response.ok) throw await problemOf(response)
  return response
}

export const archiveType = (name: string) => (/\.zip$/i.test(name) ? 'application/zip' : 'application/gzip')

/** Returns the address of a file in the draft or a version. */
export function fileUrl(id: string, path: string, version?: string | null): string {
  return `/api/v1/configs/${id}/${version ? `versions/${version}/` : ''}files/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** Returns a file's text if it can be edited here. */
export async function textOf(id: string, path: string, version?: string | null): Promise<{ text: string | null; etag: string; size: number }> {
  const response = await raw(fileUrl(id, path, version), 'GET')
  const bytes = new Uint8Array(await response.arrayBuffer())
  const etag = (response.headers.get('etag') ?? '').replaceAll('"', '')
  let text: string | null = null
  try {
    if (bytes.length <= 1024 * 1024 && !bytes.includes(0)) text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // A file that is not UTF-8 is downloaded, not shown.
  }
  return { text, etag, size: bytes.length }
}

/** Returns the messages of a check that have a position. */
export const messagesOf = (check: Check | null): Message[] => (check?.error?.file && check.error.line ? [{ file: plain(check.error.file), line: check.error.line, text: said(check.error), hint: check.error.hint ?? null }] : [])

export class Bench {
  readonly known = signal<Schemas['ConfigurationDetails'] | null>(null)
  readonly files = signal<File[] | null>(null)
  /** The differences from the active version. */
  readonly changed = signal<Map<string, Schemas['ConfigurationFileChange']>>(new Map())
  readonly versions = signal<Schemas['Version'][] | null>(null)
  /** The unsaved changes. */
  readonly edits = signal<Map<string, string>>(new Map())
  /** A file that somebody else changed in the meantime. */
  readonly conflict = signal<string | null>(null)
  readonly checking = signal<Checking>({ state: 'none' })
  readonly error = signal<unknown>(null)
  readonly saving = signal(false)
  /** Counts the reloads of the shown files. */
  readonly turns = signal(0)
  readonly check = computed(() => (this.checking.value.state === 'done' ? this.checking.value.check : null))
  readonly messages = computed(() => messagesOf(this.check.value))
  digest = ''
  /** The content and digest of a file when it was last read or saved. */
  private readonly texts = new Map<string, string>()
  private readonly bases = new Map<string, string>()
  private turn = 0

  constructor(readonly id: string) {}

  /** The name of the other side of a publication. */
  get side() {
    return this.known.value?.uploaded ? 'draft' : 'folder'
  }

  async load() {
    try {
      const [known, versions] = await Promise.all([get('/api/v1/configs/{config_id}', { config_id: this.id }), get('/api/v1/configs/{config_id}/versions', { config_id: this.id })])
      this.known.value = known
      this.versions.value = versions.items
      this.error.value = null
      await this.list()
    } catch (error) {
      this.error.value = error
    }
  }

  /** Reloads the files and their differences. */
  async list() {
    const values = { config_id: this.id }
    const found = await get('/api/v1/configs/{config_id}/files', values)
    this.files.value = found.items
    this.digest = found.digest
    const active = this.known.value?.active_version
    const diff = active ? await get('/api/v1/configs/{config_id}/diff', { ...values, from: 'active' }).catch(() => null) : null
    this.changed.value = new Map(diff?.files.map((file) => [file.path, file.status]))
  }

  /** Checks whether files were changed elsewhere, in a folder by an editor. Unsaved text is kept. */
  async refresh() {
    const before = this.digest
    await this.list()
    if (this.digest === before) return
    const edits = this.edits.peek()
    if (this.files.peek()!.some(({ path, sha256 }) => this.bases.has(path) && this.bases.get(path) !== sha256 && !edits.has(path))) this.turns.value++
    if (this.checking.peek().state === 'done') await this.runCheck()
  }

  /** Records a file as read, so that later changes can be detected. */
  read(path: string, text: string, sha256: string | null) {
    this.texts.set(path, text)
    if (sha256) this.bases.set(path, sha256)
    else this.bases.delete(path)
  }

  /** Sets the unsaved text of a file; null: the server's content. */
  edit(path: string, text: string | null) {
    const edits = new Map(this.edits.peek())
    if (text == null || (text === this.texts.get(path) && this.bases.has(path))) edits.delete(path)
    else edits.set(path, text)
    this.edits.value = edits
  }

  /** Saves all changes. Returns false if somebody else was faster; `conflict` has the file. */
  async save(): Promise<boolean> {
    if (this.saving.value || !this.edits.value.size) return true
    this.saving.value = true
    try {
      for (const [path, text] of this.edits.peek()) {
        const base = this.bases.get(path)
        const only: Record<string, string> = base ? { 'If-Match': `"${base}"` } : { 'If-None-Match': '*' }
        try {
          const response = await raw(fileUrl(this.id, path), 'PUT', new TextEncoder().encode(text), { 'Content-Type': 'application/octet-stream', ...only })
          const { sha256 }: File = await response.json()
          this.read(path, text, sha256)
          // The user may have typed more in the meantime.
          const now = this.edits.peek().get(path)
          this.edit(path, now ?? null)
        } catch (error) {
          if ((error as Problem).status !== 412) throw error
          this.conflict.value = path
          return false
        }
      }
      return true
    } finally {
      this.saving.value = false
      await this.list().catch(() => {})
    }
  }

  async remove(path: string) {
    const file = this.files.value?.find((file) => file.path === path)
    this.edit(path, null)
    if (file) await raw(fileUrl(this.id, path), 'DELETE', undefined, { 'If-Match': `"${this.bases.get(path) ?? file.sha256}"` })
    await this.list()
  }

  /** Checks the saved files. If the environment must be built first, the check follows the build. */
  async runCheck() {
    const turn = ++this.turn
    const gone = () => turn !== this.turn
    const begun = performance.now()
    if (this.checking.value.state !== 'waits') this.checking.value = { state: 'checking' }
    try {
      const check = await whenReady(() => change<Check>('POST', `/api/v1/configs/${this.id}/check`), (why) => (this.checking.value = { state: 'waits', why }), gone)
      if (check) this.checking.value = { state: 'done', check, took: performance.now() - begun }
    } catch (error) {
      this.checking.value = { state: 'failed', error: error as Problem }
    }
  }

  /** Discards everything that was read or typed. */
  forget() {
    this.texts.clear()
    this.bases.clear()
    this.edits.value = new Map()
    this.turns.value++
  }

  /** Nobody is viewing the configuration any more. */
  rest() {
    this.turn++
    if (/checking|waits/.test(this.checking.value.state)) this.checking.value = { state: 'none' }
  }

  /** Publishes a version of the files as they were listed. */
  publish(force: boolean) {
    return change<Schemas['Version']>('POST', `/api/v1/configs/${this.id}/publish`, { force }, { 'If-Match': `"${this.digest}"` })
  }

  async act(wanted: Schemas['ConfigurationChange']) {
    await change('PATCH', `/api/v1/configs/${this.id}`, wanted)
    await this.load()
  }
}

const benches = new Map<string, Bench>()
export function benchOf(id: string): Bench {
  const held = benches.get(id) ?? new Bench(id)
  benches.set(id, held)
  return held
}

addEventListener('beforeunload', (event) => {
  if ([...benches.values()].some((bench) => bench.edits.peek().size)) event.preventDefault()
})
