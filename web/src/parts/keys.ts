// Keys of the frame and of the current page. Single letters work only outside input fields, and can be turned off.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** The action of a key; `false`: it did nothing, and the browser handles the key. */
type Keys = Record<string, (event: KeyboardEvent) => unknown>
const stack: { current: Keys; alone?: boolean }[] = []
let first = ''
let forget = 0

export const letterKeys = signal(localStorage.getItem('ade.keys') !== 'off')
export function setLetterKeys(on: boolean) {
  letterKeys.value = on
  localStorage.setItem('ade.keys', on ? 'on' : 'off')
}

/** Binds keys while the component is shown. Later bindings come first; fallback bindings come last; below an overlay none works. `g r` is a
 * sequence, `Ctrl k` a combination. */
export function useKeys(keys: Keys, place?: 'behind' | 'top') {
  const held = useRef<Keys>(keys)
  held.current = keys
  useEffect(() => {
    Object.assign(held, { alone: place === 'top' })
    if (place === 'behind') stack.push(held)
    else stack.unshift(held)
    return () => void stack.splice(stack.indexOf(held), 1)
  }, [])
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing) return
  // The editor is in a shadow root, which hides the event's real target.
  const target = event.composedPath()[0] as HTMLElement
  const typing = (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && (target as HTMLInputElement).type !== 'checkbox') || target.isContentEditable
  const together = event.ctrlKey || event.metaKey
  // In an input field these keys belong to the field.
  if (typing && together && /^[acvxyz]$/i.test(event.key)) return
  if (typing && !together && !/^F\d/.test(event.key) && (event.key !== 'Escape' || target.isContentEditable)) return
  const isLetter = event.key.length === 1 && !together
  if (isLetter && !letterKeys.peek()) return
  if (/^(Enter| )$/.test(event.key) && target.closest('a, button') && !together) return
  const name = `${together ? 'Ctrl ' : ''}${event.key.length === 1 ? event.key.toLowerCase() : event.key}`
  const names = first ? [`${first} ${name}`] : [event.shiftKey ? `Shift ${name}` : name, name]
  clearTimeout(forget)
  first = ''
  for (const name of names)
    for (const { current, alone } of stack) {
      if (current[name]) return void (current[name](event) !== false && event.preventDefault())
      if (alone) break
    }
  if (name === 'g') {
    first = name
    forget = setTimeout(() => (first = ''), 1200) as unknown as number
  }
})
