// Ctrl K: finds runs, pages, configurations and actions. Loaded ones appear at once, then the server's results.
import { useEffect, useState } from 'preact/hooks'
import { get, type Run, workspace } from '../api/client'
import { go } from '../router'
import { plainly, short } from './format'
import { Icon, type IconName } from './icons'
import { PAGES } from './frame'
import { useKeys } from './keys'
import { useLoaded } from './parts'
import { choose, configurations } from '../pages/start'

export interface Choice {
  icon: IconName
  text: string
  note?: string
  act: () => void
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [runs, setRuns] = useState<Run[]>([])
  const { value: known } = useLoaded(configurations, [])
  useKeys({ Escape: onClose, 'Ctrl k': onClose }, 'top')
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    return () => before?.focus?.()
  }, [])
  useEffect(() => {
    const abort = new AbortController()
    const timer = setTimeout(
      () => get('/api/v1/runs', { workspace: workspace.peek(), q: text, limit: 8 }, abort.signal).then((page) => setRuns(page.items), () => {}),
      text ? 120 : 0,
    )
    return () => (clearTimeout(timer), abort.abort())
  }, [text])

  const has = (name: string) => name.toLowerCase().includes(text.toLowerCase())
  const to = (address: string) => () => go(address)
  const choices: Choice[] = [
    ...runs.filter((run) => has(`${run.input.name} ${run.configuration_name} ${run.id}`)).map((run): Choice => ({ icon: 'lines', text: plainly(run.input.name), note: `${run.configuration_name}, ${run.status}, ${short(run.id)}`, act: to(`/runs/${run.id}`) })),
    ...(known ?? []).filter((configuration) => has(configuration.name)).slice(0, 6).map((configuration): Choice => ({ icon: 'code', text: configuration.name, note: 'configuration', act: to(`/configs/${configuration.id}`) })),
    ...PAGES.filter((page) => has(page.name)).map((page): Choice => ({ icon: page.icon, text: page.name, note: `g ${page.key}`, act: to(page.to) })),
    ...(has('start a run choose files') ? [{ icon: 'plus', text: 'Start a run: choose files', note: 'u', act: choose } as Choice] : []),
  ]
  return (
    <div class="veil high" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <div class="dialog" role="dialog" aria-modal="true" aria-label="Search or go to">
        <Finder kind="palette-input" label="Search or go to" hint="Runs, configurations, pages" text={text} all={choices} onText={setText} onTake={(choice) => (onClose(), choice.act())} />
      </div>
    </div>
  )
}

/** A field with its results below: arrows move through them, and Enter takes one. */
export function Finder({ label, hint, kind, text, all, onText, onTake }: { label: string; hint: string; kind: string; text: string; all: Choice[]; onText: (text: string) => void; onTake: (choice: Choice) => void }) {
  const [at, setAt] = useState(0)
  const current = Math.min(at, all.length - 1)
  const key = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) setAt((current + step + all.length) % Math.max(1, all.length))
    else if (event.key === 'Enter' && all[current]) onTake(all[current])
    else return
    event.preventDefault()
  }
  return (
    <>
      <input
        class={kind}
        ref={(input) => void (input && !text && input.focus())}
        role="combobox"
        aria-expanded="true"
        aria-controls="choices"
        aria-activedescendant={current >= 0 ? `choice-${current}` : undefined}
        aria-label={label}
        placeholder={hint}
        value={text}
        onInput={(event) => (onText(event.currentTarget.value), setAt(0))}
        onKeyDown={key}
      />
      <div class="palette-list" id="choices" role="listbox" aria-label="Found">
        {all.map((choice, index) => (
          <div key={index} id={`choice-${index}`} role="option" aria-selected={index === current} onMouseMove={() => setAt(index)} onClick={() => onTake(choice)}>
            <Icon name={choice.icon} />
            <bdi class="cut">{choice.text}</bdi>
            <span class="dim small">{choice.note}</span>
          </div>
        ))}
      </div>
      {!all.length && <p class="empty">Nothing here has “{text}” in its name.</p>}
    </>
  )
}
