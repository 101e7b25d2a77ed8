// Follows a workspace's stream of events, resumes it after a break, and reports the state of the connection.

export interface Told {
  kind: 'run' | 'environment' | 'counts' | 'reset' | 'link'
  data: any
}
export interface Link {
  live: boolean
  /** When the connection broke, and when the next attempt is. */
  since: number | null
  next: number | null
}

const KINDS = ['run', 'environment', 'counts', 'reset'] as const

export class Follower {
  private tell = new Map<unknown, (told: Told) => void>()
  private source: EventSource | null = null
  private last = ''
  private tries = 0
  private timer = 0
  private link: Link = { live: false, since: null, next: null }
  private counts: Told | null = null

  constructor(readonly workspace: string) {
    this.open()
  }

  add(key: unknown, tell: (told: Told) => void) {
    this.tell.set(key, tell)
    tell({ kind: 'link', data: this.link })
    if (this.counts) tell(this.counts)
  }

  /** Whether no listener is left. */
  remove(key: unknown): boolean {
    this.tell.delete(key)
    if (this.tell.size) return false
    this.source?.close()
    clearTimeout(this.timer)
    return true
  }

  /** Tries again at once. */
  now() {
    if (this.link.live) return
    clearTimeout(this.timer)
    this.source?.close()
    this.open()
  }

  private open() {
    const query = new URLSearchParams({ workspace: this.workspace })
    if (this.last) query.set('after_id', this.last)
    const source = (this.source = new EventSource(`/api/v1/events?${query}`))
    source.onopen = () => {
      this.tries = 0
      this.say({ live: true, since: null, next: null })
    }
    source.onerror = () => this.again(source)
    for (const kind of KINDS)
      source.addEventListener(kind, (event) => {
        if (event.lastEventId) this.last = event.lastEventId
        const told = { kind, data: event.data ? JSON.parse(event.data) : null }
        if (kind === 'counts') this.counts = told
        for (const tell of this.tell.values()) tell(told)
      })
  }

  private again(source: EventSource) {
    source.close()
    const wait = Math.min(30, 2 ** this.tries++) * 1000 * (0.8 + 0.4 * Math.random())
    this.say({ live: false, since: this.link.since ?? Date.now(), next: Date.now() + wait })
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.open(), wait) as unknown as number
  }

  private say(link: Link) {
    this.link = link
    for (const tell of this.tell.values()) tell({ kind: 'link', data: link })
  }
}
