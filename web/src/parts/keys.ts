// Keys of the frame and of the page that is shown. Single letters act outside of inputs alone, and can be turned off.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** What a key does; `false`: nothing, and the browser does what it would. */
type Keys = Record<string, (event: KeyboardEvent) => unknown>
const stack: { current: Keys; alone?: boolean }[] = []
let first = ''
let forget = 0

export const letterKeys = signal(localStorage.getItem('ade.keys') !== 'off')
export function setLetterKeys(on: boolean) {
  letterKeys.value = on
  localStorage.setItem('ade.keys', on ? 'on' : 'off')
}

/** Binds keys while the component is shown; what is bound last goes first, what stands behind goes last, and below what lies on top of the page none
 * acts. `g r` is one after the other, `Ctrl k` together. */
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
  // The editor is in a shadow root, which hides from the event itself where it was.
  const target = event.composedPath()[0] as HTMLElement
  const typing = (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && (target as HTMLInputElement).type !== 'checkbox') || target.isContentEditable
  const together = event.ctrlKey || event.metaKey
  // In a field these are the field's.
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
