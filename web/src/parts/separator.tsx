// The separator between two panes: dragged, or moved by arrow keys; a double click resets it. Sizes are kept for each kind of page.
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface Between {
  /** The storage name of the size. */
  name: string
  label: string
  /** The custom property for the size, on the element with both panes. */
  holder: () => HTMLElement | null
  property: string
  /** The pane whose size it is, and whether it is after the separator. */
  pane: () => HTMLElement | null
  behind?: boolean
  flat?: boolean
  least?: number
  moved?: () => void
}

const kept = (name: string) => `ade.size.${name}`

/** Creates the separator; the page positions it. */
export function separator(of: Between): HTMLElement {
  const { name, label, holder, property, pane, behind, flat, least = 160, moved } = of
  const line = document.createElement('div')
  line.className = `separator ${flat ? 'flat' : ''}`
  line.tabIndex = 0
  for (const [key, value] of Object.entries({ role: 'separator', 'aria-label': label, 'aria-orientation': flat ? 'horizontal' : 'vertical', 'aria-valuemin': String(least), 'aria-valuenow': String(least) })) line.setAttribute(key, value)
  const extent = (element: Element | null) => (element ? element.getBoundingClientRect()[flat ? 'height' : 'width'] : 0)
  const tell = () => line.setAttribute('aria-valuenow', String(Math.round(extent(pane()))))
  const use = (size: number | null) => {
    if (size == null) holder()?.style.removeProperty(property)
    else holder()?.style.setProperty(property, `${size}px`)
    moved?.()
  }
  const set = (size: number | null) => {
    const whole = extent(holder())
    line.setAttribute('aria-valuemax', String(Math.round(whole - least)))
    if (size != null) size = Math.round(Math.max(least, Math.min(whole - least, size)))
    use(size)
    if (size == null) localStorage.removeItem(kept(name))
    else localStorage.setItem(kept(name), String(size))
    tell()
  }
  const before = Number(localStorage.getItem(kept(name)))
  if (before) queueMicrotask(() => use(before))
  requestAnimationFrame(tell)
  const at = (event: MouseEvent) => (flat ? event.clientY : event.clientX)
  line.addEventListener('pointerdown', (event) => {
    if (event.button) return
    event.preventDefault()
    line.focus({ preventScroll: true })
    line.setPointerCapture(event.pointerId)
    const from = at(event)
    const size = extent(pane())
    line.onpointermove = (event) => set(size + (at(event) - from) * (behind ? -1 : 1))
  })
  for (const end of ['pointerup', 'pointercancel']) line.addEventListener(end, () => (line.onpointermove = null))
  line.addEventListener('dblclick', () => set(null))
  line.addEventListener('keydown', (event) => {
    const step = event.key === (flat ? 'ArrowDown' : 'ArrowRight') ? 1 : event.key === (flat ? 'ArrowUp' : 'ArrowLeft') ? -1 : 0
    if (!step) return
    event.preventDefault()
    event.stopPropagation()
    set(extent(pane()) + step * (event.shiftKey ? 48 : 8) * (behind ? -1 : 1))
  })
  return line
}

/** The separator as a component: placed between the two panes, in the element that holds them. */
export function Separator({ label, name, behind, flat, least }: Pick<Between, 'label' | 'name' | 'behind' | 'flat' | 'least'>) {
  const place = useRef<HTMLSpanElement>(null)
  useLayoutEffect(() => {
    const own = place.current!
    const line = separator({
      label,
      name,
      behind,
      flat,
      least,
      property: '--size',
      holder: () => own.parentElement,
      pane: () => (behind ? own.nextElementSibling : own.previousElementSibling) as HTMLElement | null,
    })
    own.append(line)
    return () => (line.remove(), own.parentElement?.style.removeProperty('--size'))
  }, [name])
  return <span class="separates" ref={place} />
}
