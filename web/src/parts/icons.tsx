const SHAPES = {
  plus: 'M8 3v10M3 8h10',
  find: 'M11 7a4 4 0 1 1-8 0 4 4 0 0 1 8 0M10 10l3.500 3.500',
  down: 'm4 6 4 4 4-4',
  up: 'm4 10 4-4 4 4',
  close: 'm4 4 8 8M12 4l-8 8',
  copy: 'M6 5.500h7v8H6zM10.500 3H3v7.500',
  download: 'M8 2.500v8M4.500 7.500 8 11l3.500-3.500M3 13.500h10',
  upload: 'M8 13V3.500M4 7l4-4 4 4',
  again: 'M13 8a5 5 0 1 1-1.500-3.600M13 2.500V5h-2.600',
  stop: 'M4.500 4.500h7v7h-7z',
  arrow: 'M3 8h10M9.500 4.500 13 8l-3.500 3.500',
  lines: 'M3 4h10M3 8h10M3 12h6',
  code: 'M5.500 4 2 8l3.500 4M10.500 4 14 8l-3.500 4',
  boxes: 'M2.500 3h11v4h-11zM2.500 9h11v4h-11zM5 5h.01M5 11h.01',
  pulse: 'M2 9h3l2-5 2.500 8 2-4H14',
  key: 'M8 8a2.700 2.700 0 1 1-5.400 0A2.700 2.700 0 0 1 8 8h6M12 8v2.500',
  sheet: 'M2.500 3h11v10h-11zM2.500 6.500h11M2.500 9.800h11M6.500 3v10',
  page: 'M4 2.500h5l3 3v8H4zM9 2.500v3h3',
  panes: 'M2.500 3H7v10H2.500zM9 3h4.500v10H9z',
  check: 'm3 8.500 3.200 3L13 4.500',
  warning: 'M8 2.300 14.300 13.300H1.700zM8 6.500v3M8 11.400v.1',
  half: 'M8 2.500a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM8 2.500v11M8 5h3.500M8 8h5M8 11h3.500',
} as const

export type IconName = keyof typeof SHAPES

export const Icon = ({ name }: { name: IconName }) => (
  <svg class="line" viewBox="0 0 16 16" aria-hidden="true"><path d={SHAPES[name]} /></svg>
)

export const Mark = () => (
  <svg viewBox="0 0 18 18" aria-hidden="true">
    <path class="from" d="M1.500 3.500h4M3 9h2.500M1 14.500h4.500" />
    <path class="to" d="M9.500 3.500h7M9.500 9h7M9.500 14.500h7" />
  </svg>
)

/** A shape for each status, so that colour is not the only difference. */
export function Glyph({ of }: { of: string }) {
  const ring = <circle cx="8" cy="8" r="6.200" fill="none" stroke="currentColor" stroke-width="1.500" />
  switch (of) {
    case 'running':
    case 'building':
      return (
        <svg class="turning" viewBox="0 0 16 16" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.800" stroke-linecap="round">
          <circle cx="8" cy="8" r="6.200" opacity=".25" />
          <path d="M8 1.800A6.200 6.200 0 0 1 14.200 8" />
        </svg>
      )
    case 'succeeded':
    case 'ready':
      return (
        <svg class="line" viewBox="0 0 16 16" aria-hidden="true">
          {ring}
          <path d="m5.300 8.200 1.900 1.900 3.500-4" />
        </svg>
      )
    case 'partial':
      return (
        <svg viewBox="0 0 16 16" aria-hidden="true">
          {ring}
          <path d="M8 1.800a6.200 6.200 0 0 1 0 12.400z" fill="currentColor" />
        </svg>
      )
    case 'failed':
      return (
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="7" fill="currentColor" />
          <path d="m5.700 5.700 4.600 4.600m0-4.600-4.600 4.600" stroke="var(--surface)" stroke-width="1.600" stroke-linecap="round" />
        </svg>
      )
    case 'cancelled':
      return (
        <svg class="line" viewBox="0 0 16 16" aria-hidden="true">
          {ring}
          <path d="M5.200 8h5.600" />
        </svg>
      )
    // Facts that were not checked.
    case 'plain':
      return (
        <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="3.500" fill="currentColor" /></svg>
      )
    case 'warned':
      return <Icon name="warning" />
    default:
      return (
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <circle cx="8" cy="8" r="6.200" fill="none" stroke="currentColor" stroke-width="1.500" stroke-dasharray="2.600 2.270" />
        </svg>
      )
  }
}
