// The frame around each page: bar, connection, messages, footer, and the keys that work everywhere.
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { answered, change, hindrance, offline, type Run, session, workspace } from '../api/client'
import { counts, hear, link, tryNow } from '../api/events'
import { go, href, path } from '../router'
import { clock, many, now, number, plainly, listed } from './format'
import { Icon, Mark, type IconName } from './icons'
import { letterKeys, setLetterKeys, useKeys } from './keys'
import { about, Button, CopyButton, Dialog, doing, drop, failed, fieldsOf, Link, missing, Name, Switch, toast, toasts, useGot } from './parts'
import { Palette } from './palette'
import { Fix, fixing } from '../pages/fix'
import { DropAnywhere, choose } from '../pages/start'
import { asked, held, isRun, waiting } from '../pages/starts'

export const PAGES: { to: string; name: string; brief: string; icon: IconName; key: string }[] = [
  { to: '/runs', name: 'Runs', brief: 'Runs', icon: 'lines', key: 'r' },
  { to: '/configs', name: 'Configurations', brief: 'Configs', icon: 'code', key: 'c' },
  { to: '/environments', name: 'Environments', brief: 'Environments', icon: 'boxes', key: 'e' },
  { to: '/workers', name: 'Workers', brief: 'Workers', icon: 'pulse', key: 'w' },
  { to: '/tokens', name: 'Tokens', brief: 'Tokens', icon: 'key', key: 't' },
]

const ALL_KEYS: [string, string][] = [
  ['Ctrl K', 'search or go to'],
  ['?', 'all keys'],
  ['/', 'filter or search this page'],
  ['Esc', 'one level out'],
  ['g r', 'Runs'],
  ['g c', 'Configurations'],
  ['g e', 'Environments'],
  ['g w', 'Workers'],
  ['g t', 'Tokens'],
  ['u', 'start a run: choose files'],
  ['.', 'show what is new'],
  ['j k', 'next, previous line of a list'],
  ['Enter', 'open'],
  ['Space', 'choose; Shift ↑ ↓: several; Ctrl A: all'],
  ['x', 'cancel a run'],
  ['m', 'give fields the headers of a run’s file'],
  ['r', 'run again, with the configuration as it is now'],
  ['1 – 5', 'tabs of a run'],
  ['Shift J K', 'next, previous run of the list'],
  ['d', 'download the workbook, or those of the chosen runs'],
  ['Shift D', 'download the marked copy, or those of the chosen runs'],
  ['i', 'panel Why'],
  ['c', 'copy the id'],
  ['n p', 'next, previous issue'],
  ['[ ]', 'sheets'],
  ['h', 'header row'],
  ['Ctrl G', 'go to a cell'],
  ['< >', 'narrower, wider column'],
  ['z', 'keep the columns up to this one in sight'],
  ['Ctrl F', 'find in the cells'],
  ['Tab', 'the other side’s cell'],
  ['Shift ↑ ↓ ← →', 'choose several cells'],
  ['Ctrl C', 'copy them, with tabs'],
  ['F6', 'the next part of the page'],
  ['f', 'follow the log'],
  ['e', 'next error of the log'],
]

/** The parts of a page that F6 cycles through. */
const PANES = '.bar, main .tools, main .tree-pane, main .editor-root, main .grid-wide, main .issue-list, main .log, main .log-data, main .scroller, main .side, main .padded'
const REACHED = 'a[href], button, input, select, [tabindex="0"]'

function nextPane(step: 1 | -1) {
  const all = [...document.querySelectorAll<HTMLElement>(PANES)].filter((pane) => pane.offsetParent && !pane.querySelector('.scroller'))
  const here = all.findLastIndex((pane) => pane.contains(document.activeElement))
  for (let count = 1; count <= all.length; count++) {
    const pane = all[(here + step * count + all.length * 2) % all.length]
    const target = pane.shadowRoot?.querySelector<HTMLElement>('.cm-content') ?? (pane.tabIndex >= 0 ? pane : (pane.querySelector<HTMLElement>('[aria-current], [aria-selected="true"]') ?? pane.querySelector<HTMLElement>(REACHED)))
    target?.focus()
    if (target && pane.contains(document.activeElement)) return
  }
}

export const shown = signal<'palette' | 'keys' | null>(null)
const close = () => (shown.value = null)

export function Frame({ children }: { children: ComponentChildren }) {
  const keys: Record<string, (event: KeyboardEvent) => void> = { 'Ctrl k': () => (shown.value = 'palette'), '?': () => (shown.value = 'keys'), 'Shift ?': () => (shown.value = 'keys'), F6: (event) => nextPane(event.shiftKey ? -1 : 1), u: choose, Escape: () => toasts.value.length && drop(toasts.value.at(-1)!.id) }
  for (const page of PAGES) keys[`g ${page.key}`] = () => go(page.to)
  useKeys(keys, 'behind')
  const at = PAGES.find((page) => path.value.startsWith(page.to))
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <Bar at={at?.to} />
      <Offline />
      <Waits />
      <main id="main" tabIndex={-1}>{children}</main>
      <Foot />
      <nav class="bottom" aria-label="Main, at the bottom">
        {PAGES.map((page) => (
          <Link key={page.to} to={page.to} aria-current={at === page ? 'page' : undefined}>
            <Icon name={page.icon} />
            {page.brief}
          </Link>
        ))}
      </nav>
      <DropAnywhere />
      {fixing.value && <Fix run={fixing.value} />}
      {shown.value === 'palette' && <Palette onClose={close} />}
      {shown.value === 'keys' && <AllKeys />}
      <div class="toasts" aria-live="polite">
        {toasts.value.map((toast) => (
          <div class="toast small" key={toast.id} role={toast.kind === 'error' ? 'alert' : undefined}>
            <span class={toast.kind === 'error' ? 'bad' : 'ok'}>
              <Icon name={toast.kind === 'error' ? 'warning' : 'check'} />
            </span>
            <div>{toast.text}</div>
            <button type="button" aria-label="Close" onClick={() => drop(toast.id)}><Icon name="close" /></button>
          </div>
        ))}
      </div>
    </>
  )
}

function Bar({ at }: { at?: string }) {
  const busy = counts.value ? counts.value.queued + counts.value.running : 0
  return (
    <header class="bar">
      <Link class="brand" to="/runs" aria-label="ADE, runs">
        <Mark />
        <span>ADE</span>
      </Link>
      <span class="divide" />
      <Workspaces />
      <nav aria-label="Main">
        <ul>
          {PAGES.map((page) => (
            <li key={page.to}>
              <Link to={page.to} aria-current={at === page.to ? 'page' : undefined}>
                {page.name}
                {page.to === '/runs' && <span class="count">{busy || ''}</span>}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <span class="grow" />
      <button type="button" class="finder dim" aria-label="Search or go to Ctrl K" aria-keyshortcuts="Control+K" onClick={() => (shown.value = 'palette')}>
        <Icon name="find" />
        <span>Search or go to</span>{' '}
        <kbd>Ctrl K</kbd>
      </button>
      <span class={`link-state dim ${link.value.live ? '' : 'away'}`} role="status">
        {link.value.live ? 'Live' : 'Offline'}
      </span>
      <Link icon="plus" class={`button ${about.value.main ? '' : 'filled'}`} to="/start">
        Start a run
      </Link>
      <Account />
    </header>
  )
}

/** A button with a menu below it. */
export function Menu({ label, face, square, children }: { label: string; face: ComponentChildren; square?: boolean; children: ComponentChildren }) {
  const [open, setOpen] = useState(false)
  useEffect(() => {
    if (!open) return
    const away = () => setOpen(false)
    addEventListener('click', away)
    return () => removeEventListener('click', away)
  }, [open])
  return (
    <span class="holds-menu">
      <Button kind={square ? 'square' : 'quiet'} aria-haspopup="true" aria-expanded={open} aria-label={label} onClick={() => setOpen(!open)}>
        {face}
      </Button>
      {open && <Opened onClose={() => setOpen(false)}>{children}</Opened>}
    </span>
  )
}

/** An open menu: Esc closes only it. */
function Opened({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  useKeys({ Escape: () => (onClose(), box.current?.parentElement?.querySelector('button')?.focus()) }, 'top')
  return (
    <div class="menu" ref={box}>{children}</div>
  )
}

function Workspaces() {
  const all = useGot('/api/v1/workspaces').value?.items ?? []
  const use = (id: string) => {
    workspace.value = id
    sessionStorage.setItem('ade.workspace', id)
    go('/runs')
  }
  if (all.length < 2) return <span class="workspace mid">{workspace.value}</span>
  return (
    <span class="workspace">
      <Menu label={`Workspace: ${workspace.value}`} face={<>{workspace.value} <Icon name="down" /></>}>
        {all.map((item) => (
          <button type="button" key={item.id} onClick={() => use(item.id)}>{item.id}</button>
        ))}
      </Menu>
    </span>
  )
}

function Account() {
  const [theme, setTheme] = useState(document.documentElement.dataset.theme ?? '')
  const use = (next: string) => {
    setTheme(next)
    document.documentElement.dataset.theme = next
    localStorage.setItem('ade.theme', next)
  }
  const themes = [
    ['', 'Theme of the system'],
    ['light', 'Light'],
    ['dark', 'Dark'],
  ]
  const out = async () => {
    await fetch('/sign-out', { method: 'POST', body: new URLSearchParams({ csrf: session.value?.csrf ?? '' }) })
    location.assign(href('/sign-in'))
  }
  return (
    <span>
      <Menu label="Theme and session" square face={<Icon name="half" />}>
        {themes.map(([value, name]) => (
          <button type="button" key={value} aria-pressed={theme === value} onClick={() => use(value)}>
            {name}
            {theme === value && <Icon name="check" />}
          </button>
        ))}
        <a href="/docs" target="_blank">Documentation of the API</a>
        {session.value?.csrf && (
          <button type="button" onClick={out}>Sign out</button>
        )}
      </Menu>
    </span>
  )
}

function Offline() {
  const { since, next } = link.value
  if (!offline.value || !since) return null
  const wait = next ? Math.max(0, Math.ceil((next - now.value) / 1000)) : 0
  return (
    <div class="notice small warning" role="region" aria-label="Connection">
      <Icon name="warning" />
      <span class="grow">
        <strong>
          {answered.value ? 'No live events' : 'No connection'} since {clock(since).slice(0, 5)}.
        </strong>{' '}
        {answered.value ? 'Lists ask every 2 s instead.' : 'What you see is from then.'} {wait ? `Tries again in ${wait} s.` : 'Trying…'}
      </span>
      <Button onClick={tryNow}>Try now</Button>
    </div>
  )
}

/** Shows how many of many requested runs have started, and that the others will. */
function Waits() {
  if (!held.value) return null
  const left = waiting.value.filter(isRun).length
  return (
    <div class="notice small" role="region" aria-label="Runs to be started">
      <Icon name="again" />
      <span class="grow">
        <strong role="status">{number(asked.value - left)} of {number(asked.value)} started, {number(left)} {left === 1 ? 'waits' : 'wait'}.</strong> {held.value} You may close this window; starting continues when you open it again.
      </span>
    </div>
  )
}

const Foot = () => (
  <footer class="foot dim">
    {about.value.command && (
      <span class="command">
        <span class="wide-only">Same on the command line:</span>
        <code>{plainly(about.value.command)}</code>
        <CopyButton text={about.value.command} label="Copy the command" />
      </span>
    )}
    <span class="keys">
      {about.value.keys?.map(([key, does]) => (
        <span key={key}>
          {key.split(' ').map((press) => (
            <kbd key={press}>{press}</kbd>
          ))}
          {does}
        </span>
      ))}
    </span>
  </footer>
)

function AllKeys() {
  return (
    <Dialog title="All keys" wide onClose={close}>
      <div class="key-list">
        {ALL_KEYS.map(([keys, does]) => (
          <>
            <span>
              {keys.split(' ').map((key) => (
                <>
                  <kbd>{key}</kbd>{' '}
                </>
              ))}
            </span>
            <span>{does}</span>
          </>
        ))}
      </div>
      <p class="gap-above">
        <Switch on={letterKeys.value} onChange={setLetterKeys}>Single letters act</Switch>
      </p>
    </Dialog>
  )
}

/** The runs started here: elsewhere in the console, their ends are reported. */
const watched = new Set<string>()
/** The results of runs started together, which are reported in one sentence. */
let ended: Run[] = []
let together_ = false
export const watch = (id: string) => (watched.add(id), (together_ ||= watched.size > 3))
hear((told) => {
  for (const { kind, data } of told) {
    const run = data as Run
    if (kind !== 'run' || !watched.has(run.id) || !run.completed_at) continue
    watched.delete(run.id)
    ended.push(run)
  }
  if (together_ && watched.size) return
  const all = ended
  const wereMany = together_
  ended = []
  together_ = false
  if (path.peek() === '/runs') return
  if (wereMany) return toastOf(all)
  for (const run of all) if (!path.peek().startsWith(`/runs/${run.id}`)) toastOf([run])
})

function toastOf(runs: Run[]) {
  if (!runs.length) return
  const [run] = runs
  const count = (status: string) => runs.filter((run) => run.status === status).length
  const bad = count('failed')
  const lacking = runs.filter((run) => missing(run).length).length
  const batches = new Set(runs.map((run) => run.labels.batch))
  const told = runs.length > 1 ? listed([`${number(count('succeeded'))} succeeded`, bad && `${number(bad)} failed`, lacking && `${number(lacking)} with fields not found`, `${number(runs.filter((run) => run.metrics?.issues).length)} with issues`]) : endOf(run)
  toast(
    <>
      <strong class="break">{runs.length > 1 ? `${many(runs.length, 'run')} ended` : <Name of={run.input.name} />}</strong> <Link to={runs.length === 1 ? `/runs/${run.id}` : run.labels.batch && batches.size === 1 ? `/runs?label=${encodeURIComponent(`batch:${run.labels.batch}`)}` : '/runs'}>Open</Link>
      <br />
      {told}
    </>,
    runs.length === 1 && bad ? 'error' : 'good',
  )
}

function endOf(run: Run): string {
  const metrics = run.metrics
  if (run.status !== 'succeeded') return doing(run)
  const lost = missing(run)
  return metrics && !run.nothing_found ? `${many(metrics.rows, 'row')} read, ${fieldsOf(metrics)}${lost.length ? `, not found: ${lost.join(', ')}` : ''}, ${metrics.issues ? many(metrics.issues, 'issue') : 'no issues'}` : `no ${run.nothing_found ?? 'table'} found`
}

/** Cancels a run without asking, because it can be run again. */
export async function cancelRun(id: string) {
  if (hindrance('run')) return failed(new Error(hindrance('run')))
  await change('POST', `/api/v1/runs/${id}/cancel`).catch(failed)
}
