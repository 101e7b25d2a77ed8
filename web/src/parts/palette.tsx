// Ctrl K: runs, pages, configurations and what one can do. What is here already is found at once, then what the server finds.
import { useEffect, useState } from 'preact/hooks'
import { get, workspace, type Run, type Schemas } from '../api/client'
import { go } from '../router'
import { plainly, short } from './format'
import { Icon, type IconName } from './icons'
import { PAGES } from './frame'
import { useKeys } from './keys'
import { choose } from '../pages/start'

interface Choice {
  icon: IconName
  text: string
  note?: string
  act: () => void
}

export function Palette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const [runs, setRuns] = useState<Run[]>([])
  const [configurations, setConfigurations] = useState<Schemas['KnownConfiguration'][]>([])
  useKeys({ Escape: onClose, 'Ctrl k': onClose }, 'top')
  useEffect(() => {
    const before = document.activeElement as HTMLElement | null
    get('/api/v1/workspaces/{workspace}/configs', { workspace: workspace.peek() }, { limit: 100 }).then((page) => setConfigurations(page.items), () => {})
    return () => before?.focus?.()
  }, [])
  useEffect(() => {
    const abort = new AbortController()
    const timer = setTimeout(
      () => get('/api/v1/runs', {}, { workspace: workspace.peek(), q: text, limit: 8 }, abort.signal).then((page) => setRuns(page.items), () => {}),
      text ? 120 : 0,
    )
    return () => (clearTimeout(timer), abort.abort())
  }, [text])

  const has = (name: string) => name.toLowerCase().includes(text.toLowerCase())
  const to = (address: string) => () => go(address)
  const choices: Choice[] = [
    ...runs.filter((run) => has(`${run.input.name} ${run.configuration_name} ${run.id}`)).map((run): Choice => ({ icon: 'lines', text: plainly(run.input.name), note: `${run.configuration_name}, ${run.status}, ${short(run.id)}`, act: to(`/runs/${run.id}`) })),
    ...configurations.filter((one) => has(one.name)).slice(0, 6).map((one): Choice => ({ icon: 'code', text: one.name, note: 'configuration', act: to(`/configs/${one.id}`) })),
    ...PAGES.filter((page) => has(page.name)).map((page): Choice => ({ icon: page.icon, text: page.name, note: `g ${page.key}`, act: to(page.to) })),
    ...(has('start a run choose files') ? [{ icon: 'plus', text: 'Start a run: choose files', note: 'u', act: choose } as Choice] : []),
  ]
  const current = Math.min(at, choices.length - 1)
  const take = (choice?: Choice) => {
    if (!choice) return
    onClose()
    choice.act()
  }
  const key = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step) setAt((current + step + choices.length) % choices.length)
    else if (event.key === 'Enter') take(choices[current])
    else return
    event.preventDefault()
  }
  return (
    <div class="veil high" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <div class="dialog" role="dialog" aria-modal="true" aria-label="Search or go to">
        <input
          class="palette-input"
          ref={(input) => void (input && !text && input.focus())}
          role="combobox"
          aria-expanded="true"
          aria-controls="choices"
          aria-activedescendant={current >= 0 ? `choice-${current}` : undefined}
          aria-label="Search or go to"
          placeholder="Runs, configurations, pages"
          value={text}
          onInput={(event) => (setText(event.currentTarget.value), setAt(0))}
          onKeyDown={key}
        />
        <div class="palette-list" id="choices" role="listbox" aria-label="Found">
          {choices.map((choice, index) => (
            <div key={index} id={`choice-${index}`} role="option" aria-selected={index === current} onMouseMove={() => setAt(index)} onClick={() => take(choice)}>
              <Icon name={choice.icon} />
              <bdi class="cut">{choice.text}</bdi>
              <span class="dim small">{choice.note}</span>
            </div>
          ))}
        </div>
        {!choices.length && <p class="empty">Nothing here has “{text}” in its name.</p>}
      </div>
    </div>
  )
}
