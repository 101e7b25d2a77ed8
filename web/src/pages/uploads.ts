// Uploads: files are hashed, sent unless the server has them, and made ready to run.
import { listed } from '../parts'
import { signal } from '@preact/signals'
import { address, changing, get, patiently, Problem, problemOf, type Schemas, workspace } from '../api/client'
import { begin, leaveOut } from './starts'

/** The options of files that were started together. */
export interface Start {
  configuration: string
  options: { validate_only: boolean; active_sheet_only: boolean }
  /** The label that they share; a single file has none, and its run is shown. */
  batch: string
}
const labelOf = (batch: string) => `batch:${batch}`
export const batchOf = (start: Start | null) => start?.batch && labelOf(start.batch)

export interface Upload {
  key: number
  file: File
  state: 'hashing' | 'sending' | 'ready' | 'refused' | 'failed'
  sent: number
  note: string
  /** Its sheets, once the server has read it. */
  sheets: string
  document: Schemas['Document'] | null
  /** The user has started it; it runs as soon as it is sent. */
  start: Start | null
}

export const uploads = signal<Upload[]>([])
const READS = /\.(xlsx|xlsm|xlsb|xls|ods|csv|tsv|txt)$/i
const AT_ONCE = 3
let made = 0
let busy = 0
const line: number[] = []

function set(key: number, changes: Partial<Upload>) {
  uploads.value = uploads.value.map((upload) => (upload.key === key ? { ...upload, ...changes } : upload))
}
const of = (key: number) => uploads.value.find((upload) => upload.key === key)

export function add(files: File[]) {
  const taken = new Set(uploads.value.map(({ file }) => `${file.name} ${file.size} ${file.lastModified}`))
  for (const file of files) {
    if (taken.has(`${file.name} ${file.size} ${file.lastModified}`)) continue
    const key = ++made
    const good = READS.test(file.name)
    uploads.value = [...uploads.value, { key, file, state: good ? 'hashing' : 'refused', sent: 0, sheets: '', note: good ? '' : 'unsupported_format: save it as .xlsx, .xls, .ods or .csv', document: null, start: null }]
    if (good) line.push(key)
  }
  next()
}

/** Returns whether it will lead to a run. A stored file that can't be read does: its run fails with the reason. */
export const isForRun = ({ state, document }: Upload) => (state === 'refused' ? !!document : state !== 'failed')

/** Starts files: sent ones at once, others when they are sent. Rejected files are reported to their batch. */
export function start(files: Upload[], how: Start) {
  for (const { key } of files) set(key, { start: how })
  handOver(files.map(({ key }) => key))
}

function handOver(keys: number[]) {
  const ours = keys.map(of).filter((upload) => upload?.start) as (Upload & { start: Start })[]
  const ready = ours.filter(({ document }) => document)
  const refused = ours.filter(({ state, document, start }) => state === 'refused' && !document && start.batch)
  for (const { key } of [...ready, ...refused]) remove(key)
  if (refused.length) leaveOut(labelOf(refused[0].start.batch), refused.map(({ file, note }) => ({ name: file.name, why: note })))
  begin(ready.map(({ key, file, document, start: { configuration, options, batch } }) => ({
    key: `console-${key}-${performance.timeOrigin}`,
    url: `/api/v1/configs/${configuration}/runs`,
    body: { document_id: document!.id, options, labels: batch ? { batch } : {} },
    name: file.name,
    batch: batch && labelOf(batch),
    from: batch ? undefined : '/start',
  })))
}

/** The files on their way to be started. */
export const onTheirWay = () => uploads.value.filter((upload) => upload.start && /hashing|sending|failed/.test(upload.state))
addEventListener('beforeunload', (event) => uploads.peek().some((upload) => upload.start && /hashing|sending/.test(upload.state)) && event.preventDefault())

export const remove = (key: number) => void (uploads.value = uploads.value.filter((upload) => upload.key !== key))
export const again = (key: number) => (set(key, { state: 'hashing', note: '', sent: 0 }), line.push(key), next())

/** Returns the dropped files, with all files of dropped folders. */
export async function dropped(transfer: DataTransfer): Promise<File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry != null)
  if (!entries.length) return [...transfer.files]
  const found: File[] = []
  const walk = async (entry: FileSystemEntry, top: boolean): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((good, bad) => (entry as FileSystemFileEntry).file(good, bad))
      // Folders contain many files that are not workbooks.
      if (top || (READS.test(file.name) && !file.name.startsWith('~$'))) found.push(file)
      return
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader()
    for (;;) {
      const some = await new Promise<FileSystemEntry[]>((good, bad) => reader.readEntries(good, bad))
      if (!some.length) return
      for (const entry of some) await walk(entry, false)
    }
  }
  for (const entry of entries) await walk(entry!, true)
  return found
}

async function next() {
  while (busy < AT_ONCE && line.length) {
    const upload = of(line.shift()!)
    if (!upload) continue
    busy++
    send(upload)
      .catch((error: Problem) => {
        // Too large or of an unsupported kind: sending it again would be refused again.
        set(upload.key, { state: /413|415|422/.test(`${error.status}`) ? 'refused' : 'failed', note: listed([error.message, error.hint], ' ') })
        handOver([upload.key])
      })
      .finally(() => (busy--, next()))
  }
}

async function send({ key, file }: Upload) {
  const known = await lookUp(file).catch(() => null)
  if (known) {
    set(key, { state: 'ready', document: known, note: 'already stored, so not sent again' })
    return arrived(key, known.id)
  }
  set(key, { state: 'sending' })
  const wait = ({ message }: Problem, left: number) => set(key, { note: `${message} The upload continues in ${left} s.`, sent: 0 })
  const document = await patiently(() => post(key, file), wait, () => !of(key))
  if (!document) return
  set(key, { state: 'ready', document, sent: file.size, note: '' })
  arrived(key, document.id)
}

const post = (key: number, file: File) =>
  new Promise<Schemas['Document']>((good, bad) => {
    const request = new XMLHttpRequest()
    request.open('POST', address('/api/v1/workspaces/{workspace}/documents', { workspace: workspace.peek(), name: file.name }))
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    for (const [name, value] of Object.entries(changing())) request.setRequestHeader(name, value)
    request.upload.onprogress = (event) => of(key) ? set(key, { sent: event.loaded }) : request.abort()
    request.onload = async () => {
      if (request.status < 300) return good(JSON.parse(request.responseText))
      bad(await problemOf(new Response(request.responseText, { status: request.status, headers: { 'Retry-After': request.getResponseHeader('Retry-After') ?? '' } })))
    }
    // A file that was changed or moved since can't be read any more.
    request.onerror = () => file.slice(0, 1).arrayBuffer().then(
      () => bad(new Problem(0, 'offline', 'The connection broke off.')),
      () => bad(new Error('The file was changed since it was chosen: choose it again.')),
    )
    request.onabort = () => bad(new Error('Taken out.'))
    request.send(file)
  })

const arrived = (key: number, id: string) => (of(key)?.start ? handOver([key]) : void look(key, id))

/** Returns the sheets of a document; a server may not offer this. */
async function look(key: number, id: string) {
  const found = await get('/api/v1/documents/{id}/sheets', { id }).catch(({ status, message, code, hint }: Problem) => {
    if (status !== 422) return
    // A file that can't be read now can't be read by a run.
    const said = message.replace(new RegExp(`^${of(key)?.file.name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}:?( is)? `), '')
    set(key, { state: 'refused', note: listed([`${code}: ${said}`, hint], '. ') })
  })
  if (!found) return
  const names = found.sheets.map((sheet) => (sheet.state === 'visible' ? sheet.name : `${sheet.name} (hidden)`))
  const empty = found.sheets.every((sheet) => sheet.rows === 0) ? ', with nothing in it' : ''
  set(key, { sheets: (names.length === 1 ? `1 sheet: ${names[0]}` : `${names.length} sheets: ${names.slice(0, 6).join(', ')}${names.length > 6 ? ', …' : ''}`) + empty })
}

/** Returns the document with the same bytes and name, if the server has it. */
async function lookUp(file: File): Promise<Schemas['Document'] | null> {
  // Browsers can hash only on localhost and over HTTPS.
  if (!globalThis.crypto?.subtle || file.size > 512 * 1024 * 1024) return null
  const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
  const sha256 = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const found = await get('/api/v1/workspaces/{workspace}/documents', { sha256, workspace: workspace.peek() }).catch(() => null)
  return found?.items.find((item) => item.name === file.name && !item.deleted_at) ?? null
}
