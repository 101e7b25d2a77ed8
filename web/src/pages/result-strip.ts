// The strip next to the grids: the positions of a sheet's issues, and the visible part.
import type { Lines } from '../grid/lines'
import type { Side } from '../grid/windows'
import { spot, type Issue } from './explained'

export function paint(canvas: HTMLCanvasElement, lines: Lines, [from, to]: number[], issues: Issue[], side: Side) {
  const { clientWidth: width, clientHeight: height } = canvas
  if (canvas.height !== height * devicePixelRatio) Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio })
  const pen = canvas.getContext('2d')!
  const style = getComputedStyle(canvas)
  pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0)
  pen.clearRect(0, 0, width, height)
  pen.fillStyle = style.borderTopColor
  pen.fillRect(0, from * height, width, Math.max(4, (to - from) * height))
  const colours = { info: style.borderBottomColor, warning: style.borderLeftColor, error: style.borderRightColor }
  for (const severity of ['info', 'warning', 'error'] as const) {
    pen.fillStyle = colours[severity]
    for (const issue of issues) {
      const at = issue.severity === severity ? spot(issue, side) : null
      if (at) pen.fillRect(2, (lines.of(side, at.row) / Math.max(lines.total, 1)) * height, width - 4, 3)
    }
  }
}
