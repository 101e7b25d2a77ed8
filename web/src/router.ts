// The address decides what is shown; filters, sheets and cells are in it, so that a link shows a colleague the same.
import { computed, signal } from '@preact/signals'

export const BASE = import.meta.env.BASE_URL.replace(/\/$/, '')
const here = signal(location.pathname + location.search)

export const path = computed(() => new URL(here.value, location.origin).pathname.slice(BASE.length).replace(/\/$/, '') || '/runs')
export const query = computed(() => new URL(here.value, location.origin).searchParams)
/** Returns the address's value under a name. */
export const inAddress = (name: string) => query.value.get(name) ?? ''

export const href = (to: string) => BASE + to

// Browsers allow some hundred address changes in half a minute; a held key makes more.
let late = 0
function write() {
  clearTimeout(late)
  if (late) history.replaceState(null, '', here.peek())
  late = 0
}
addEventListener('pagehide', write)

/** Goes to a page of the console; back returns from it. */
export function go(to: string) {
  write()
  history.pushState(null, '', href(to))
  here.value = location.pathname + location.search
  document.getElementById('main')?.focus({ preventScroll: true })
}

/** Changes values in the current page's address. Back does not undo it. */
export function amend(changes: Record<string, string | null | undefined>, to = path.peek()) {
  const next = new URLSearchParams(query.peek())
  for (const [key, value] of Object.entries(changes)) {
    if (value) next.set(key, value)
    else next.delete(key)
  }
  const text = next.toString()
  here.value = href(to) + (text && `?${text}`)
  late ||= setTimeout(write, 150) as unknown as number
}

addEventListener('popstate', () => {
  clearTimeout(late)
  late = 0
  here.value = location.pathname + location.search
})
addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element).closest?.('a')
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
  if (!`${link.pathname}/`.startsWith(`${BASE}/`)) return
  if (link.hash && link.pathname === location.pathname) return
  event.preventDefault()
  go(link.pathname.slice(BASE.length) + link.search)
})
