// Measures the console: size, first paint, a large grid, a long log, memory. Not a test: figures differ from machine to machine.
// node test/figures.mjs PATH-OF-ADE [--chromium PATH] [--only size,paint,grid,log,memory]
//
// The log's 100,000 lines, the stream of 2,000 runs and the cells of the largest grid are made by a server between the page and `ade`,
// in the shapes of the API; all else is the real server's, a run of 200,000 x 20 cells, too.
import { createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import { called, launch, person, Place } from './ground.mjs'

const { ade, chromium, dist, only } = called({ only: { type: 'string', default: 'size,paint,grid,log,memory' } })
const wanted = new Set(only.split(','))
const ROWS = 200_000
const COLUMNS = 200
const LINES = 100_000
const RUNS = 2_000
const place = new Place(ade)
const say = (what, value) => console.log(`${what.padEnd(58)} ${value}`)
const sorted = (all) => [...all].sort((a, b) => a - b)
const part = (all, share) => sorted(all)[Math.min(all.length - 1, Math.floor(all.length * share))]
const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
let browser
let between

/** A server before `ade` that answers some requests itself. */
async function before(answers) {
  const server = createServer((asked, answer) => {
    const url = new URL(asked.url, place.url)
    const own = answers(url, asked)
    if (typeof own === 'function') return own(answer)
    if (own !== undefined) {
      const body = JSON.stringify(own)
      return answer.writeHead(200, { 'Content-Type': 'application/json' }).end(body)
    }
    const passed = request(new URL(asked.url, place.url), { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode, got.headers)
      got.pipe(answer)
    })
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${server.address().port}`, end: () => (server.closeAllConnections(), server.close()) }
}

async function entered(base) {
  const seen = await person(browser, { dist })
  await seen.context.request.post(`${base}/sign-in`, { form: { token: place.token } })
  return seen
}

function size() {
  const folder = new URL('../dist', import.meta.url).pathname
  let sum = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /\.(br|gz)$/.test(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    const bytes = Math.min(brotliCompressSync(readFileSync(path)).length, statSync(path).size)
    sum += bytes
    if (bytes > 1000) say(`  ${entry.name}, of ${statSync(path).size} bytes`, `${bytes} bytes`)
  }
  say('assets, all of them, as brotli', `${(sum / 1000).toFixed(1)} kB`)
}

async function paint() {
  const firsts = []
  const lists = []
  for (let turn = 0; turn < 9; turn++) {
    const { context, page } = await entered(place.url)
    await page.goto(`${place.url}/console/runs`)
    await page.locator('tr[id^=run-]').first().waitFor()
    lists.push(await page.evaluate(() => performance.now()))
    firsts.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime))
    await context.close()
  }
  say('first contentful paint, empty cache, loopback', `median ${ms(part(firsts, 0.5))}, most ${ms(Math.max(...firsts))}, of ${firsts.length}`)
  say('first run in the list (seen by the driver)', `median ${ms(part(lists, 0.5))}`)
}

const made = (side, row, column) => (side === 'input' ? `r${row} c${column} ${(row * 7919 + column * 104729) % 100_000}` : ((row * 31 + column) % 9973) + 0.5)

/** Answers for a run whose sheet has so many cells; each 37th row was not written. */
function large(url) {
  const what = url.pathname.split('/').at(-1)
  const side = url.searchParams.get('side')
  if (what === 'sheets') return { sheets: [{ name: 'Wide', state: 'visible', rows: side === 'input' ? ROWS + 1 : ROWS + 1 - Math.floor(ROWS / 37), columns: COLUMNS }] }
  if (what === 'issues') return { issues: [], counts: { error: 0, warning: 0, info: 0 }, next_cursor: null }
  if (what === 'explain') return { tables: [], notices: [], rows: [] }
  if (what === 'rows') {
    const written = (row, output_row, count) => ({ row, output_sheet: 'Wide', output_row, count, descending: false, turned: false, unknown: false })
    const segments = [written(1, 1, 1)]
    for (let row = 2, out = 2; row <= ROWS + 1; row += 37, out += 36) {
      segments.push(written(row, out, Math.min(36, ROWS + 2 - row)))
      if (row + 36 <= ROWS + 1) segments.push({ row: row + 36, count: 1, reason: 'total', descending: false, turned: false, unknown: false })
    }
    const from = Number(url.searchParams.get('cursor') ?? 0)
    return { side: 'input', sheet: 'Wide', segments: segments.slice(from, from + 10_000), next_cursor: from + 10_000 < segments.length ? String(from + 10_000) : null }
  }
  if (what === 'cells') {
    const [r1, r2] = url.searchParams.get('rows').split('-').map(Number)
    const [c1, c2] = url.searchParams.get('columns').split('-').map(Number)
    const rows = Array.from({ length: r2 - r1 + 1 }, (_, row) => Array.from({ length: c2 - c1 + 1 }, (_, column) => made(side, r1 + row, c1 + column)))
    return { first_row: r1, first_column: c1, rows }
  }
}

/** A file of so many cells, and its run. */
async function wide(columns) {
  const out = createWriteStream(place.at('wide.csv'))
  const told = (text) => new Promise((done) => (out.write(text) ? done() : out.once('drain', done)))
  const others = Array.from({ length: columns - 4 }, (_, at) => at)
  await told(`Given Name,Surname,E-Mail,Hours Worked,${others.map((at) => `Extra ${at + 5}`).join(',')}\n`)
  const tails = Array.from({ length: 400 }, (_, row) => others.map((at) => (row * 7919 + at * 104729) % 1000).join(','))
  for (let row = 0; row < ROWS; row++) await told(`Ann${row % 97},Lee${row % 89},${row % 50 ? `a${row}@example.org` : 'ann at example.org'},${row % 100},${tails[row % 400]}\n`)
  await new Promise((done) => out.end(done))
  const begun = performance.now()
  place.ade('run', 'crew', 'wide.csv', '--quiet')
  say(`a run of ${ROWS.toLocaleString('en')} rows x ${columns} columns, ${Math.round(statSync(place.at('wide.csv')).size / 1e6)} MB of CSV`, ms(performance.now() - begun))
  return (await place.api('runs?limit=1')).items[0].id
}

/** Moves the scroller so many px in a second, and looks at each frame: what it took, and whether what is in sight has its values. */
const scrolled = (page, speed, most, wheel) =>
  page.evaluate(
    async ([speed, most, wheel]) => {
      const scroller = document.querySelector('.grid-scroller')
      const end = scroller.scrollHeight - scroller.clientHeight
      if (!wheel) scroller.scrollTop = 0
      await new Promise((done) => setTimeout(done, 1000))
      const frames = []
      let cells = 0
      let blank = 0
      let longestBlank = 0
      let without = 0
      let longestWithout = 0
      const begun = performance.now()
      let last = begun
      const from = scroller.scrollTop
      // The script reads the content of a frame in the next one, after it was drawn.
      const look = (now) => {
        const took = now - last
        last = now
        frames.push(took)
        const box = scroller.getBoundingClientRect()
        let rows = 0
        let there = 0
        let absent = 0
        for (const pane of document.querySelectorAll('.grid-pane')) {
          for (const row of pane.querySelectorAll('.grid-row')) {
            if (row.style.display === 'none') continue
            const { top, bottom } = row.getBoundingClientRect()
            if (bottom < box.top + 50 || top > box.bottom) continue
            rows++
            if (row.querySelector('.grid-cell.absent:not([style*="none"])')) absent++
            else there++
          }
        }
        cells = Math.max(cells, document.querySelectorAll('.grid-cell').length)
        blank = rows ? 0 : blank + took
        longestBlank = Math.max(longestBlank, blank)
        without = absent && !there ? without + took : 0
        longestWithout = Math.max(longestWithout, without)
        return absent
      }
      for (;;) {
        const now = await new Promise(requestAnimationFrame)
        look(now)
        if (now - begun > most * 1000) break
        if (!wheel) {
          const aim = from + ((now - begun) / 1000) * speed
          scroller.scrollTop = Math.min(end, aim)
          if (aim > end + speed * 0.02) break
        }
      }
      const way = scroller.scrollTop - from
      const stopped = performance.now()
      while (look(await new Promise(requestAnimationFrame))) if (performance.now() - stopped > 10_000) break
      const rest = frames.splice(-1)
      return { frames, cells, longestBlank, longestWithout, complete: performance.now() - stopped, way, rest }
    },
    [speed, most, wheel],
  )

async function grid(id) {
  between = await before((url) => (url.pathname.startsWith(`/api/v1/runs/${id}/`) ? large(url) : undefined))
  say(`grid of ${ROWS.toLocaleString('en')} x ${COLUMNS}, made answers`, '')
  await through(`${between.url}/console/runs/${id}/result`, between.url)
  between.end()
  // The server keeps 256 MiB of sheets; it reads each side of larger ones again for each window.
  const real = await wide(20)
  await through(`${place.url}/console/runs/${real}/result`, place.url)
}

async function through(address, base) {
  const { context, page } = await entered(base)
  const cdp = await context.newCDPSession(page)
  for (const turn of ['first', 'second']) {
    const begun = performance.now()
    await page.goto(address)
    await page.locator('.grid-pane').nth(1).locator('.grid-number', { hasText: /^3$/ }).waitFor()
    await page.waitForFunction(() => !document.querySelector('.grid-row:not([style*="display: none"]) .grid-cell.absent:not([style*="display: none"])'))
    say(`  its result is open, ${turn} time`, ms(performance.now() - begun))
  }
  const tell = (name, found) => {
    say(`  ${name}: way, frames, p95, longest`, `${Math.round(found.way).toLocaleString('en')} px, ${found.frames.length}, ${ms(part(found.frames, 0.95))}, ${ms(Math.max(...found.frames))}`)
    say('    frames above 50 ms, above 100 ms', `${found.frames.filter((frame) => frame > 50).length}, ${found.frames.filter((frame) => frame > 100).length}`)
    say('    longest without a row, without any row that has its values', `${ms(found.longestBlank)}, ${ms(found.longestWithout)}`)
    say('    complete after the stop; cells in the page', `${ms(found.complete)}; ${found.cells}`)
  }
  const total = await page.evaluate(() => document.querySelector('.grid-scroller').scrollHeight)
  tell('top to end in 10 s', await scrolled(page, total / 10, 12))
  tell('20,000 px/s for 5 s', await scrolled(page, 20_000, 5))
  await page.evaluate(() => (document.querySelector('.grid-scroller').scrollTop = 0))
  await page.mouse.move(400, 500)
  const wheel = scrolled(page, 0, 6, true)
  await page.waitForTimeout(1100)
  for (let turn = 0; turn < 50; turn++) {
    await cdp.send('Input.dispatchMouseEvent', { type: 'mouseWheel', x: 400, y: 500, deltaX: 0, deltaY: 600 })
    await page.waitForTimeout(80)
  }
  tell('wheel, 50 times 600 px', await wheel)
  await context.close()
}

async function log(id) {
  const line = (at) => ({ id: at, run_id: id, attempt: 1, level: at % 1000 ? 'info' : 'warning', event: at % 3 ? 'engine.log' : 'engine.sheet.progress', message: `Line ${at} of a long log: row ${at * 17} has the value ${(at * 7919) % 100_003}`, created: new Date(1.79e12 + at).toISOString(), data: { row: at } })
  between = await before((url) => {
    if (url.pathname !== `/api/v1/runs/${id}/logs`) return
    const after = Number(url.searchParams.get('after_id'))
    const count = Math.min(Number(url.searchParams.get('limit')), LINES - after)
    return { entries: Array.from({ length: Math.max(0, count) }, (_, index) => line(after + index + 1)) }
  })
  const { context, page } = await entered(between.url)
  const begun = performance.now()
  await page.goto(`${between.url}/console/runs/${id}/log`)
  await page.locator(`[aria-label="Event log, ${LINES.toLocaleString('en')} lines"]`).waitFor()
  say(`log, ${LINES.toLocaleString('en')} lines, all read`, ms(performance.now() - begun))
  const took = []
  for (const text of ['9', '99', '999', 'no such line', 'value 5', 'row 17', 'of a long'])
    took.push(
      await page.evaluate(
        (text) =>
          new Promise((done) => {
            const input = document.querySelector('input[type=search]')
            const box = document.querySelector('.log')
            const begun = performance.now()
            const watch = new MutationObserver(() => (watch.disconnect(), requestAnimationFrame(() => done(performance.now() - begun))))
            watch.observe(box, { attributeFilter: ['aria-label'] })
            input.value = text
            input.dispatchEvent(new InputEvent('input', { bubbles: true }))
          }),
        text,
      ),
    )
  say('  a search, from the key to the frame that shows it', `median ${ms(part(took, 0.5))}, most ${ms(Math.max(...took))}`)
  const fast = await page.evaluate(async () => {
    const box = document.querySelector('.log')
    const end = box.scrollHeight - box.clientHeight
    const frames = []
    const begun = performance.now()
    let last = begun
    for (;;) {
      const now = await new Promise(requestAnimationFrame)
      frames.push(now - last)
      last = now
      box.scrollTop = (end * (now - begun)) / 5000
      if (now - begun > 5000) return { frames, nodes: document.querySelectorAll('.log-line').length }
    }
  })
  say('  top to end in 5 s: p95, longest; lines in the page', `${ms(part(fast.frames, 0.95))}, ${ms(Math.max(...fast.frames))}; ${fast.nodes}`)
  await context.close()
  between.end()
}

async function memory(id) {
  const like = await place.api(`runs/${id}`)
  let tell = null
  let sent = 0
  let at = 1e9
  between = await before((url) => {
    if (url.pathname !== '/api/v1/events') return
    return (answer) => {
      answer.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' })
      answer.flushHeaders()
      tell = (kind, data) => answer.write(`id: ${++at}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`)
    }
  })
  const { context, page } = await entered(between.url)
  const cdp = await context.newCDPSession(page)
  await page.goto(`${between.url}/console/runs`)
  await page.getByText('Live', { exact: true }).waitFor()
  const counts = { queued: 0, running: 1, succeeded: 0, failed: 0, cancelled: 0, oldest_wait_ms: null, environments_queued: 0, environments_building: 0 }
  const held = async () => {
    await cdp.send('HeapProfiler.collectGarbage')
    const { metrics } = await cdp.send('Performance.getMetrics')
    const of = (name) => metrics.find((metric) => metric.name === name).value
    const rows = await page.locator('tr[id^=run-]').count()
    say(`memory after ${sent} runs`, `${(of('JSHeapUsedSize') / 1e6).toFixed(1)} MB of script, ${of('Nodes')} nodes, ${rows} rows in the list`)
  }
  await cdp.send('Performance.enable')
  await held()
  for (; sent < RUNS; sent++) {
    const now = new Date().toISOString()
    const one = { ...like, id: `01a2ffff-0000-7000-8000-${String(sent).padStart(12, '0')}`, created_at: now, input: { ...like.input, name: `live-${sent}.xlsx` } }
    const early = { metrics: null, completed_at: null, duration_ms: null, output_path: null }
    tell('run', { ...one, ...early, status: 'queued', stage: null, started_at: null })
    tell('run', { ...one, ...early, status: 'running', stage: 'configuration', started_at: now })
    tell('run', { ...one, ...early, status: 'running', stage: 'detecting', started_at: now })
    tell('counts', { ...counts, succeeded: sent })
    tell('run', { ...one, status: 'succeeded', started_at: now, completed_at: now })
    await new Promise((done) => setTimeout(done, 90))
    if (sent % 250 === 249) {
      sent++
      await held()
      sent--
    }
  }
  await context.close()
  between.end()
}

try {
  place.ade('init', 'crew', '--quiet')
  place.ade('run', 'crew', 'crew/sample.xlsx', '--quiet')
  await place.start()
  browser = await launch(chromium)
  const id = (await place.api('runs?limit=1')).items[0].id
  if (wanted.has('size')) size()
  if (wanted.has('paint')) await paint()
  if (wanted.has('grid')) await grid(id)
  if (wanted.has('log')) await log(id)
  if (wanted.has('memory')) await memory(id)
} finally {
  await browser?.close()
  between?.end()
  await place.end()
}
