// A list on a page: its records, loading, an error, or empty; the selected line; and virtual lists for long lists.
import type { ComponentChildren, RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useKeys } from './keys'
import { Button, Loading, moves, Trouble } from './parts'

/** The lines of a list and the keys for them: the selected line scrolls into view, and Enter then belongs to the list and no longer to a button
 * pressed before. */
export function useLines<T extends { id: string }>(all: T[], chosen: string | null | undefined, choose: (id: string) => void) {
  const box = useRef<HTMLDivElement>(null)
  const at = all.findIndex((item) => item.id === chosen)
  const move = (step: number) => {
    const next = all[Math.max(0, Math.min(all.length - 1, at + step))]
    if (!next) return
    box.current?.focus({ preventScroll: true })
    choose(next.id)
    box.current?.querySelector(`tr[id$="${next.id}"]`)?.scrollIntoView({ block: 'nearest' })
    return next.id
  }
  useKeys(moves(move))
  return { box, at, move, enter: () => move(at < 0 ? 1 : 0) }
}

/** `there`: whether it is loaded; `more`: loads the next page near the end; `side`: the panel next to it. */
export const List = ({ of, there, error, again, box, more, side, children }: { of: string; there: boolean; error: unknown; again?: () => void; box?: RefObject<HTMLDivElement>; more?: () => void; side?: ComponentChildren; children: ComponentChildren }) => (
  <>
    <Trouble error={error} again={again} />
    <div class="split">
      <div class="scroller grow" ref={box} tabIndex={0} role="region" aria-label={of} onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => scrollTop + clientHeight * 2 > scrollHeight && more?.()}>
        {there ? children : error == null && <Loading />}
      </div>
      {side}
    </div>
  </>
)

/** The text of a list if the filters match nothing. */
export const NoneLeft = ({ clear, children }: { clear: () => void; children: ComponentChildren }) => (
  <div class="empty">
    <p>{children}</p>
    <Button onClick={clear}>Clear the filters <kbd>Esc</kbd></Button>
  </div>
)

/** A list with lines of equal height, of which only visible ones are in the page. */
export function useSight(line: number) {
  const box = useRef<HTMLDivElement>(null)
  const [[top, height], see] = useState([0, 800])
  const look = () => box.current && see([box.current.scrollTop, box.current.clientHeight])
  useEffect(() => {
    const watch = new ResizeObserver(look)
    watch.observe(box.current!)
    return () => watch.disconnect()
  }, [])
  const first = Math.max(0, Math.floor(top / line) - 10)
  const styled = (name: 'height' | 'top', lines: number) => (element: HTMLElement | null) => void (element && (element.style[name] = `${lines * line}px`))
  return {
    box,
    look,
    first,
    last: first + Math.ceil(height / line) + 20,
    /** Sets an element's height to a number of lines. */
    high: (lines: number) => styled('height', lines),
    /** Positions an element at a line. */
    at: (place: number) => styled('top', place),
    show(place: number) {
      const { scrollTop, clientHeight } = box.current!
      const y = place * line
      if (y < scrollTop || y + line > scrollTop + clientHeight) box.current!.scrollTop = y - clientHeight / 2
    },
  }
}
