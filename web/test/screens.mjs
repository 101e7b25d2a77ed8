// Takes pictures outside the console from real runs: a report, a marked copy, and `ade top` in a terminal:
// node test/screens.mjs PATH-OF-ADE FOLDER [--chromium PATH]. The folder gets report-, marked- and top-, each -light.png and -dark.png.
// tmux holds the terminal; LibreOffice shows the marked copy.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { called, launch, Place } from './ground.mjs'

const { ade, chromium } = called()
const folder = resolve(process.argv[3])
const place = new Place(ade)
const tmux = (...what) => execFileSync('tmux', ['-L', `ade-${process.pid}`, ...what], { cwd: place.folder, env: { ...place.env, NO_COLOR: undefined, TERM: 'xterm-256color' }, encoding: 'utf8' })

/** Lines with their colours (SGR) as HTML. */
function coloured(text) {
  const escaped = (part) => part.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  let kinds = new Set()
  return text
    .split(/\x1b\[([\d;]*)m/)
    .map((part, at) => {
      if (at % 2 === 0) return part && `<span class="${[...kinds].join(' ')}">${escaped(part)}</span>`
      for (const code of part.split(';').map(Number)) {
        if (code === 0) kinds = new Set()
        else if (code === 39) kinds = new Set([...kinds].filter((kind) => !/^s3|^s9/.test(kind)))
        else if (code === 22) kinds = new Set([...kinds].filter((kind) => kind !== 's1' && kind !== 's2'))
        else kinds.add(`s${code}`)
      }
      return ''
    })
    .join('')
}

const STYLE = `body { margin: 0; width: max-content; background: var(--back); color: var(--fore) } pre { margin: 0; padding: 20px 24px; font: 14px/20px 'DejaVu Sans Mono', monospace }
.s1 { font-weight: 700 } .s2 { opacity: .72 } .s31 { color: var(--red) } .s32 { color: var(--green) } .s33 { color: var(--amber) } .s36, .s34 { color: var(--blue) }
:root { --back: #fff; --fore: #1c1b19; --red: #b3261e; --green: #1b6e35; --amber: #8a5a00; --blue: #2148c0 }
@media (prefers-color-scheme: dark) { :root { --back: #16171a; --fore: #e6e4df; --red: #ff8a80; --green: #7dd491; --amber: #ffc46b; --blue: #9db4ff } }`

/** The sheets of a marked copy, each below its name, on a dark page with light letters if the reader prefers that. */
const SHEETS = `body { margin: 0; padding: 16px 20px; width: max-content; background: var(--back); color: var(--fore) } h2 { font: 600 13px sans-serif; margin: 0 0 6px } table { margin: 0 0 18px }
td { font: 13px/20px Calibri, Carlito, sans-serif; padding: 1px 8px; white-space: nowrap; color: var(--fore); border: 1px solid var(--line) !important } td[bgcolor] * { color: #1c1b19 } td * { font: inherit; color: var(--fore) } comment { display: none } .comment-indicator { display: inline-block; width: 6px; height: 6px; background: #b3261e; vertical-align: super }
:root { --back: #fff; --fore: #1c1b19; --line: #e2dfd8 } @media (prefers-color-scheme: dark) { :root { --back: #16171a; --fore: #e6e4df; --line: #33353b } }`

/** Leaves the list of issues and the first rows of the first marked sheet. */
function leaveTwoSheets(style) {
  const tables = [...document.querySelectorAll('table')].slice(0, 2)
  document.body.replaceChildren()
  for (const [at, table] of tables.entries()) {
    const title = document.createElement('h2')
    title.textContent = ['Issues', 'North'][at]
    document.body.append(title, table)
    for (const row of [...table.rows].slice(at ? 14 : 9)) row.remove()
    // A text alone in its row runs over the empty cells beside it.
    for (const { cells } of table.rows) {
      if (![...cells].slice(1).some((cell) => cell.textContent.trim())) [...cells].slice(1).forEach((cell) => cell.remove())
      if (cells.length === 1) cells[0].colSpan = 9
    }
  }
  document.querySelectorAll('style').forEach((old) => old.remove())
  document.head.append(Object.assign(document.createElement('style'), { textContent: style }))
}

let browser
let worker
try {
  place.configurations()
  mkdirSync(place.at('inbox'))
  for (const name of ['north', 'south', 'crew-may', 'crew-june', 'site-12', 'site-14', 'roster']) cpSync(place.at('crew/sample.xlsx'), place.at(`inbox/${name}.xlsx`))
  place.ade('run', 'crew', 'inbox/roster.xlsx', '--quiet')
  place.ade('report', 'latest', '--html', 'report.html')
  place.ade('annotate', 'latest', '-o', 'marked.xlsx')
  execFileSync('soffice', ['--headless', '--convert-to', 'html', 'marked.xlsx'], { cwd: place.folder, env: { ...place.env, HOME: place.folder }, stdio: 'ignore' })
  place.ade('run', 'payroll', 'inbox/', '--detach', '--quiet')
  worker = spawn(place.program, ['worker', '--concurrency', '2'], { cwd: place.folder, env: place.env, stdio: 'ignore' })
  tmux('new-session', '-d', '-s', 'top', '-x', '110', '-y', '26', place.program, 'top')
  let screen = ''
  // Two of the runs wait at their gate.
  while (!/2 running|running +2/i.test(screen)) {
    await after(300)
    screen = tmux('capture-pane', '-p', '-t', 'top')
  }
  await after(2500)
  const text = tmux('capture-pane', '-e', '-p', '-t', 'top').trimEnd()
  writeFileSync(place.at('top.html'), `<!doctype html><meta charset="utf-8"><style>${STYLE}</style><pre>${coloured(text)}</pre>`)
  browser = await launch(chromium)
  for (const colorScheme of ['light', 'dark']) {
    const context = await browser.newContext({ colorScheme, viewport: { width: 1000, height: 760 } })
    const page = await context.newPage()
    await page.goto(`file://${place.at('report.html')}`)
    await page.screenshot({ path: join(folder, `report-${colorScheme}.png`) })
    await page.goto(`file://${place.at('marked.html')}`)
    await page.evaluate(leaveTwoSheets, SHEETS)
    await page.locator('body').screenshot({ path: join(folder, `marked-${colorScheme}.png`) })
    await page.goto(`file://${place.at('top.html')}`)
    await page.locator('pre').screenshot({ path: join(folder, `top-${colorScheme}.png`) })
    await context.close()
  }
} finally {
  place.open()
  worker?.kill('SIGKILL')
  try {
    tmux('kill-server')
  } catch {
    // It was not started.
  }
  await browser?.close()
  await place.end()
}
