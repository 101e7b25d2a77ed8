// Small parts that pages share.
import { signal } from '@preact/signals'
import type { ComponentChildren, ComponentProps } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { address, get, type Gets, type Json, type Problem, type Run, type Session, type Values, writing } from '../api/client'
import { hear } from '../api/events'
import type { Told } from '../api/follower'
import { advice } from './advice'
import { Glyph, Icon, type IconName } from './icons'
import { go, href } from '../router'
import { useKeys } from './keys'
import { listed, many, number, plainly, span } from './format'

/** The facts about a page for the frame. */
export interface About {
  title: string
  command?: string
  keys?: [string, string][]
  /** Whether the page has its own primary button. */
  main?: boolean
}
export const about = signal<About>({ title: 'ADE' })

export function useAbout(said: About) {
  const text = JSON.stringify(said)
  useEffect(() => {
    about.value = said
    document.title = said.title === 'ADE' ? 'ADE' : `${said.title} · ADE`
  }, [text])
}

// Messages about events elsewhere; at most three, errors stay.
export interface Toast {
  id: number
  text: ComponentChildren
  kind: 'good' | 'error'
}
export const toasts = signal<Toast[]>([])
let made = 0
export function toast(text: ComponentChildren, kind: Toast['kind'] = 'good') {
  const id = ++made
  // A repeated message replaces itself.
  toasts.value = [...toasts.value.filter((toast) => typeof text !== 'string' || toast.text !== text).slice(-2), { id, text, kind }]
  if (kind === 'good') setTimeout(() => document.querySelector('.toasts:is(:hover, :focus-within)') || drop(id), 6000)
}
export const drop = (id: number) => (toasts.value = toasts.value.filter((toast) => toast.id !== id))
export const failed = (error: unknown) => {
  const problem = error as Problem
  const text = `${problem.message}${problem.retryAfter ? ` Try again in ${problem.retryAfter} s.` : problem.hint ? ` ${problem.hint}` : ''}`
  toast(problem.page ? <>{text} <PageLink to={problem.page} /></> : text, 'error')
}

/** A link to a page of the console; `icon`: a picture before its text. */
export const Link = ({ to, icon, children, ...rest }: { to: string; icon?: IconName } & ComponentProps<'a'>) => (
  <a href={href(to)} {...rest}>
    {icon && <Icon name={icon} />}
    {children}
  </a>
)

/** A foreign name, with its text direction isolated. */
export const Name = ({ of }: { of: string | null | undefined }) => <bdi>{plainly(of)}</bdi>

/** The fields without a column, in a run that found something. */
export const missing = (run: Run) => (run.status === 'succeeded' && run.metrics?.tables ? run.metrics.missing_fields : [])

/** Returns, for example, `8 of 9 fields`. */
export const fieldsOf = ({ mapped_fields, expected_fields }: NonNullable<Run['metrics']>) => (mapped_fields < expected_fields ? `${number(mapped_fields)} of ${many(expected_fields, 'field')}` : many(mapped_fields, 'field'))

/** A run's status. `whole`: with the code of a failure and with warnings. */
export function StatusOf({ run, whole }: { run: Run; whole?: boolean }) {
  const issues = run.metrics?.issues ?? 0
  const lacks = missing(run).length > 0
  const nothing = run.nothing_found
  if (run.status === 'succeeded' && !run.metrics) return <Status of="plain">{whole ? 'Succeeded, not read' : 'Succeeded'}</Status>
  if (run.status === 'running' && run.cancel_requested_at) return <Status of="running">Stopping…</Status>
  if (run.status === 'succeeded' && run.refused?.length) return <Status of="warned">Succeeded, refused</Status>
  if (run.status === 'succeeded' && !whole) return <Status of={nothing ? 'warned' : lacks ? 'partial' : 'succeeded'}>Succeeded</Status>
  if (nothing) return <Status of="warned">Succeeded, no {nothing} found</Status>
  if (issues) return <Status of={lacks ? 'partial' : 'warned'}>Succeeded, {many(issues, 'issue')}</Status>
  if (lacks) return <Status of="partial">Succeeded, {fieldsOf(run.metrics!)}</Status>
  if (whole && run.error && run.status !== 'cancelled') return <Status of={run.status}>{`${title(run.status)}: ${run.error.code}`}</Status>
  return <Status of={run.status}>{title(run.status)}</Status>
}

/** A button; `kind`: its look, `needs`: the required permission. */
export const Button = ({ kind = '', icon, needs, children, ...rest }: { kind?: string; needs?: Session['scope']; icon?: IconName } & ComponentProps<'button'>) => (
  <button type="button" {...rest} {...(needs && writing(needs))} class={`button ${kind}`}>
    {icon && <Icon name={icon} />}
    {children}
  </button>
)

/** A single choice; `none`: the word for all. */
export const Choice = ({ id, label, value, all, none, kind = '', onChange }: { id?: string; label: string; value?: string; all: (string | [value: string, text: string])[]; none?: string; kind?: string; onChange?: (value: string) => void }) => (
  <select id={id} name={id} class={`input ${kind}`} aria-label={label} value={value} onChange={(event) => onChange?.(event.currentTarget.value)}>
    {none && <option value="">{none}</option>}
    {all.map((item) => (typeof item === 'string' ? [item, item] : item)).map(([value, text]) => (
      <option key={value} value={value}>{text}</option>
    ))}
  </select>
)

/** A choice with its label above. */
export const Labelled = ({ id, label, ...rest }: { id: string } & Parameters<typeof Choice>[0]) => (
  <div>
    <label class="label" for={id}>{label}</label>
    <Choice id={id} label={label} {...rest} />
  </div>
)

/** A form field with its label and its error. */
export const Entry = ({ id, label, wrong, kind = '', ...rest }: { id: string; label: ComponentChildren; wrong?: string; kind?: string } & Omit<ComponentProps<'input'>, 'label'>) => (
  <>
    <label class="label gap-above" for={id}>{label}</label>
    <input id={id} name={id} class={`input fill ${kind}`} autocomplete="off" aria-invalid={!!wrong} aria-describedby={`${id}-wrong`} {...rest} />
    <p class="bad small break" id={`${id}-wrong`} role="alert">{wrong}</p>
  </>
)

/** A section of the side panel. */
export const Block = ({ title, kind = '', children }: { title?: ComponentChildren; kind?: string; children: ComponentChildren }) => (
  <div class={`block ${kind}`}>
    {title && <h2>{title}</h2>}
    {children}
  </div>
)

/** The head of a list: title, summary and actions. */
export const Title = ({ of, say, children }: { of: ComponentChildren; say?: ComponentChildren; children?: ComponentChildren }) => (
  <div class="title">
    <h1>{of}</h1>
    <span class="say cut dim">{say}</span>
    {children}
  </div>
)

/** The head of one record: its list, name, state, facts and actions. */
export const TitleOf = ({ kind = '', list, to, name, state, facts, children }: { kind?: string; list: string; to: string; name: string; state: ComponentChildren; facts: ComponentChildren; children: ComponentChildren }) => (
  <div class={`run-title ${kind}`}>
    <div class="grow">
      <div class="first">
        <span class="small dim roomy"><Link class="dim" to={to}>{list}</Link> /</span>
        <h1 class="cut" title={name}><Name of={name} /></h1>
        {state}
      </div>
      <div class="run-facts dim">{facts}</div>
    </div>
    {children}
  </div>
)

/** Terms with their descriptions; false pairs are left out. */
export const Facts = ({ all }: { all: ([term: ComponentChildren, said: ComponentChildren] | false | null | '' | undefined)[] }) => (
  <dl class="facts small">
    {all.map((item) => item && (
      <>
        <dt>{item[0]}</dt>
        <dd>{item[1]}</dd>
      </>
    ))}
  </dl>
)

/** Figures in a row, each with its name above and a word below. */
export const Figures = ({ label, all, children }: { label: string; all: ([name: string, figure: ComponentChildren, below?: ComponentChildren, kind?: string] | false | null)[]; children?: ComponentChildren }) => (
  <section class="strip" aria-label={label}>
    {all.map((item) => item && (
      <div class={`figure-box dim ${item[3] ?? ''}`} key={item[0]}>
        {item[0]}
        <b>{item[1]}</b>
        {item[2] && <span>{item[2]}</span>}
      </div>
    ))}
    {children}
  </section>
)

/** A column of a table: its heading, the look of its cells, their content, and a description. */
export type Column<T> = [head: string, kind: string, cell: (item: T) => ComponentChildren, title?: (item: T) => string | null | undefined]

/** A table of records; `line`: the attributes of a record's line. */
export const Records = <T,>({ of, kind = '', all, id, line, columns }: { of: string; kind?: string; all: T[]; id: (item: T) => string | number; line?: (item: T) => ComponentProps<'tr'>; columns: Column<T>[] }) => (
  <table class={`records ${kind}`}>
    <caption class="unseen">{of}</caption>
    <Heads all={columns} />
    <tbody>
      {all.map((item) => (
        <tr {...line?.(item)} key={id(item)}>
          {columns.map(([, kind, cell, title]) => <td class={kind} title={title?.(item) ?? undefined}>{cell(item)}</td>)}
        </tr>
      ))}
    </tbody>
  </table>
)

/** A bulleted list; `tone`: an item's look. With a title it is a section of the panel, and is left out if empty. */
export function Points<T>({ title, all, kind = '', tone, children }: { title?: ComponentChildren; all: readonly T[]; kind?: string; tone?: (item: T) => string; children: (item: T) => ComponentChildren }) {
  const list = (
    <ul class={`reasons small ${kind}`}>
      {all.map((item, at) => <li key={at} class={tone?.(item)}>{children(item)}</li>)}
    </ul>
  )
  if (!title) return list
  return all.length ? <Block title={title}>{list}</Block> : null
}

/** The keys for moving through a list; without a step they select the first item. */
export const moves = (move: (step: number) => unknown) => ({ j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1) })

export const Status = ({ of, children }: { of: string; children: ComponentChildren }) => (
  <span class={`status mid ${of}`}>
    <Glyph of={of} />
    <span class="status-word">{children}</span>
  </span>
)

export const title = (word: string) => word[0].toUpperCase() + word.slice(1)

export const STAGES = { queued: 'Queued', environment: 'Environment', configuration: 'Configuration', detecting: 'Detecting', writing: 'Writing' } as const

/** A message without the name of the file that is shown next to it. */
export const bare = (message: string, name: string) => message.replace(`${name}: `, '').replaceAll(` ${name}`, '')

/** What a run does, or why it did not: the sentence instead of its figures. */
export function doing(run: Run): string {
  if (run.status === 'failed') return run.error ? `${run.error.code}: ${bare(run.error.message, run.input.name)}` : 'failed'
  if (run.status === 'cancelled') return run.duration_ms != null ? `Cancelled after ${span(run.duration_ms)}` : 'Cancelled before it started'
  if (run.status === 'queued') {
    if (run.stage === 'environment') return 'Waits for its environment'
    return run.attempt_count ? `Tries again (attempt ${run.attempt_count + 1} of ${run.max_attempts})` : 'Waits for a free slot'
  }
  if (run.status === 'running') return `${STAGES[run.stage ?? 'detecting']}${run.rows ? `, ${number(run.rows)} rows` : ''}`
  if (run.refused?.length) return `Refused: ${run.refused.map((item) => item.message).join('; ')}`
  return run.skipped_reason ? 'Safe mode skip' : !run.metrics ? 'A check alone: the file was not read' : run.metrics.tables === 0 ? 'No table found' : ''
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [done, setDone] = useState(false)
  return (
    <button
      type="button"
      aria-label={done ? 'Copied' : label}
      onClick={() => {
        copy(text)
        setDone(true)
        setTimeout(() => setDone(false), 1500)
      }}
    >
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  )
}

export function copy(text: string) {
  if (navigator.clipboard) return void navigator.clipboard.writeText(text).catch(() => {})
  // Over plain HTTP by name, scripts have no clipboard.
  const area = document.createElement('textarea')
  area.value = text
  document.body.append(area)
  area.select()
  document.execCommand('copy')
  area.remove()
}

/** A filter; ↓ and Enter move to the list that it filters. */
export function Search({ value, label, onInput, onDown }: { value: string; label: string; onInput: (text: string) => void; onDown?: () => void }) {
  const input = useRef<HTMLInputElement>(null)
  useKeys({ '/': () => input.current?.select() })
  return (
    <span class="search">
      <Icon name="find" />
      <input ref={input} class="input" type="search" aria-label={label} placeholder={label} value={value} onInput={(event) => onInput(event.currentTarget.value)} onKeyDown={(event) => /^(ArrowDown|Enter)$/.test(event.key) && onDown && !event.isComposing && (event.preventDefault(), event.currentTarget.blur(), onDown())} />
      <kbd class="roomy">/</kbd>
    </span>
  )
}

export function Segments<T extends string>({ label, all, value, onChange }: { label: string; all: [T, ComponentChildren, number?][]; value: T; onChange: (value: T) => void }) {
  return (
    <span class="segments" role="group" aria-label={label}>
      {all.map(([item, text, count]) => (
        <button type="button" key={item} aria-pressed={item === value} onClick={() => onChange(item)}>
          {text}
          {count != null && <span class="count">{number(count)}</span>}
        </button>
      ))}
    </span>
  )
}

export const Switch = ({ on, onChange, children }: { on: boolean; onChange: (on: boolean) => void; children: ComponentChildren }) => (
  <button type="button" class="switch mid" role="switch" aria-checked={on} onClick={() => onChange(!on)}>{children}</button>
)

/** A question before something irreversible. The focus is on the harmless answer. */
export function Dialog({ title, onClose, wide, footer, children }: { title: string; onClose: () => void; wide?: boolean; footer?: ComponentChildren; children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  useKeys({ Escape: onClose }, 'top')
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    const all = [...box.current!.querySelectorAll<HTMLElement>('[data-first], input, .answers button, button')].filter((item) => item.offsetParent)
    ;(all.find((item) => item.hasAttribute('data-first')) ?? all.find((item) => item.tagName === 'INPUT') ?? all.find((item) => item.closest('.answers')) ?? all[0] ?? box.current!).focus()
    return () => before?.focus?.()
  }, [])
  const keep = (event: KeyboardEvent) => {
    if (event.key !== 'Tab') return
    const all = [...box.current!.querySelectorAll<HTMLElement>('a[href], button, input, select')].filter((item) => item.offsetParent)
    const at = all.indexOf(document.activeElement as HTMLElement)
    if (event.shiftKey ? at > 0 : at < all.length - 1) return
    event.preventDefault()
    all[event.shiftKey ? all.length - 1 : 0]?.focus()
  }
  return (
    <div class="veil" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <div ref={box} class={`dialog ${wide ? 'wide' : ''}`} role="dialog" aria-modal="true" aria-label={title} tabIndex={-1} onKeyDown={keep}>
        <div class="asked"><h2>{title}</h2></div>
        <div class="body">{children}</div>
        {footer && <div class="answers">{footer}</div>}
      </div>
    </div>
  )
}

/** The headings of a table; item in brackets is only read aloud, one with an arrow is sorted by. */
export const Heads = ({ all }: { all: [text: string, kind?: string, ...rest: unknown[]][] }) => (
  <thead>
    <tr>
      {all.map(([text, kind]) => (
        <th class={kind} aria-sort={text.endsWith('↓') ? 'descending' : undefined}>
          {text[0] === '(' ? <span class="unseen">{text.slice(1, -1)}</span> : text}
        </th>
      ))}
    </tr>
  </thead>
)

/** A question with two answers: do nothing, or the red one. */
export const Ask = ({ title, keep, does, onKeep, onDo, children }: { title: string; keep: string; does: string; onKeep: () => void; onDo: () => void; children: ComponentChildren }) => (
  <Dialog
    title={title}
    onClose={onKeep}
    footer={
      <>
        <Button onClick={onKeep}>{keep}</Button>
        <Button kind="danger" onClick={() => (onKeep(), onDo())}>{does}</Button>
      </>
    }
  >
    {children}
  </Dialog>
)

/** A question with a form. Errors in sending are thrown, and shown in the form. */
export function AskForm({ title, does, wide, onClose, onSend, children }: { title: string; does: string; wide?: boolean; onClose: () => void; onSend: (form: FormData) => unknown; children: (wrong: string) => ComponentChildren }) {
  const { doing, error, during } = useDoing()
  const send = (event: Event) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    if (!doing) during('Making…', async () => onSend(form))
  }
  const { message, hint } = (error ?? {}) as Partial<Problem>
  return (
    <Dialog title={title} wide={wide} onClose={onClose}>
      <form onSubmit={send}>
        {children(listed([message, hint], '. '))}
        <p class="flow gap-above">
          <button class="button filled" aria-disabled={!!doing}>{doing || does}</button>
          <Button onClick={onClose}>Cancel</Button>
        </p>
      </form>
    </Dialog>
  )
}

/** The tabs of a page: links that arrow keys move through. */
export function Tabs<T extends string>({ label, all, current, to, counts, children }: { label: string; all: readonly T[]; current: T; to: (tab: T) => string; counts: Partial<Record<T, number>>; children?: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null)
  const arrows = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    const next = (all.indexOf(current) + step + all.length) % all.length
    go(to(all[next]))
    box.current?.querySelectorAll('a')[next].focus()
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={box} onKeyDown={arrows}>
      {all.map((tab) => (
        <Link key={tab} role="tab" to={to(tab)} aria-selected={tab === current} tabIndex={tab === current ? 0 : -1}>
          {title(tab)}
          {!!counts[tab] && <span class="count">{number(counts[tab]!)}</span>}
        </Link>
      ))}
      {children}
    </div>
  )
}

/** A sentence of the server: text in backticks is code; the first letter is capitalized unless it is a name. */
export function Said({ text }: { text: string | null | undefined }) {
  const parts = (text ?? '').replace(/^[a-z]+(?= )/, (word) => title(word)).split('`')
  return <>{parts.map((part, index) => (index % 2 ? <code key={index}>{part}</code> : part))}</>
}

const PageLink = ({ to }: { to: string }) => <Link to={`/${to}`}>{to === 'configs' ? 'Configurations' : title(to)}</Link>

/** The advice or notices of a server record; `instead`: replaces its commands instead of a page. */
export function Advice({ text, instead }: { text: string | null | undefined; instead?: ComponentChildren }) {
  const { said, page } = advice(text)
  return <><Said text={said} /> {instead || (page && <PageLink to={page} />)}</>
}

/** An empty pane and the reason; not an error. */
export const Nothing = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <div class="empty">
    <h2>{title}</h2>
    <p class="mid">{children}</p>
  </div>
)

/** The page for an unknown address. */
export const NoSuch = ({ what, to, list }: { what: string; to: string; list: string }) => (
  <div class="empty">
    <h1>No such {what}</h1>
    <p class="mid">It was deleted, belongs to another workspace, or its address is incomplete.</p>
    <p>
      <a class="button" href={to}>{list}</a>
    </p>
  </div>
)

/** The message of a pane that can't show its content. */
export const Trouble = ({ error, again }: { error: unknown; again?: () => void }) => {
  if (error == null) return null
  const problem = error as Problem
  return (
    <div class="notice small error" role="alert">
      <Icon name="warning" />
      <div class="grow">
        <strong><Said text={problem.message} /></strong>
        <div class="mid"><Said text={problem.hint} /> {problem.page && <PageLink to={problem.page} />} {problem.code && <code>{problem.code}</code>}</div>
      </div>
      {again && <Button onClick={again}>Try again</Button>}
    </div>
  )
}

/** Placeholders of the final height, shown if loading takes longer than a moment. */
export function Loading() {
  const [shown, show] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => show(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return shown ? (
    <div class="padded" role="status">
      <span class="unseen">Loading</span>
      <span class="bone" />
    </div>
  ) : null
}

/** The current action in words, and its error. */
export function useDoing() {
  const [doing, say] = useState('')
  const [error, setError] = useState<unknown>(null)
  const during = async (what: string, does: () => Promise<unknown>) => {
    say(what)
    setError(null)
    await does().catch(setError)
    say('')
  }
  return { doing, say, error, during }
}

/** Loads something for a page, and again when its dependencies change or an event matches `outdates`. */
export function useLoaded<T>(load: (abort: AbortSignal) => Promise<T>, depends: unknown[], outdates?: (told: Told) => boolean): { value: T | null; error: unknown; again: () => void } {
  const [state, setState] = useState<{ value: T | null; error: unknown }>({ value: null, error: null })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    const abort = new AbortController()
    load(abort.signal).then(
      (value) => abort.signal.aborted || setState({ value, error: null }),
      (error) => abort.signal.aborted || setState((before) => ({ value: before.value, error })),
    )
    return () => abort.abort()
  }, [...depends, turn])
  const again = () => setTurn((turn) => turn + 1)
  useEffect(() => {
    if (!outdates) return
    let waiting: ReturnType<typeof setTimeout> | 0 = 0
    const off = hear((told) => told.some(outdates) && (waiting ||= setTimeout(() => ((waiting = 0), again()), 300)))
    return () => (off(), clearTimeout(waiting))
  }, depends)
  return { ...state, again }
}

/** Loads the answer of an address; without an address, nothing is requested. */
export const useGot = <P extends keyof Gets>(path: P | '' | false, values: Values = {}, depends: unknown[] = [], outdates?: (told: Told) => boolean) =>
  useLoaded(async (abort): Promise<Json<Gets[P]> | null> => path && get(path, values, abort) || null, [path && address(path, values), ...depends], outdates)

/** Repeats something while the page is visible. */
export function useEvery(ms: number, does: () => unknown, on: boolean) {
  const held = useRef(does)
  held.current = does
  useEffect(() => {
    if (!on) return
    const timer = setInterval(() => document.hidden || held.current(), ms)
    return () => clearInterval(timer)
  }, [on])
}
