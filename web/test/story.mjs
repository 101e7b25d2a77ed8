// A person's whole way through the console, with a real server on a fresh data directory, and axe on every page on the way:
// node test/story.mjs PATH-OF-ADE [--chromium PATH] [--dist FOLDER] [--pictures FOLDER] [--docs FOLDER]
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { called, HANG, launch, person, Place, Steps, workbook } from './ground.mjs'
import { Looks, settled, THEMES, WIDTHS } from './looks.mjs'

const { ade, chromium, dist, pictures, docs } = called({ pictures: { type: 'string' }, docs: { type: 'string' } })
const steps = new Steps()
const looks = new Looks({ pictures, docs })
const place = new Place(ade)
let browser

try {
  place.configurations()
  await place.start()
  browser = await launch(chromium)
  const { context, page, wrong } = await person(browser, { dist })
  page.on('filechooser', () => {})
  steps.onFailure = async () => {
    console.log(`at ${page.url()}\n${await page.locator('body').ariaSnapshot().catch(() => '')}\n${wrong.join('\n')}\n${place.log().slice(-1500)}`)
  }
  const cdp = await context.newCDPSession(page)
  const button = (name, options) => page.getByRole('button', { name, ...options })
  const heading = (name) => page.getByRole('heading', { level: 1, name })
  const status = (name) => page.locator('.run-title .status', { hasText: name }).waitFor()
  const row = (id) => page.locator(`#run-${id}`)
  const query = (name) => new URL(page.url()).searchParams.get(name)
  const says = (name, value) => page.waitForURL((url) => (typeof value === 'function' ? value(url.searchParams.get(name)) : url.searchParams.get(name) === value))
  const go = async (path) => {
    await page.goto(`${place.url}/console${path}`)
    await page.locator('h1').first().waitFor()
  }
  const idHere = () => page.url().match(/(?:runs|configs)\/([0-9a-f-]{36})/)[1]
  const look = (name) => looks.at(page, name)
  /** Files in the hand, as a system holds them over a window. */
  const drag = async (kind, files) => cdp.send('Input.dispatchDragEvent', { type: kind, x: 640, y: 620, data: { items: [], files, dragOperationsMask: 1 } })
  const sent = async (name, bytes) => ({ name, mimeType: '', buffer: Buffer.from(bytes) })
  const choose = async (...files) => {
    const chooser = page.waitForEvent('filechooser')
    await page.keyboard.press('u')
    await (await chooser).setFiles(files)
  }
  const began = async (config) => {
    await go(`/start?config=${config}`)
    await page.locator('#configuration').waitFor()
  }
  /** Changes what stands in the editor, as hands do: a line is found, and typed anew. */
  const typed = async (line, text) => {
    await page.locator('.cm-line', { hasText: line }).first().click()
    // Home moves to the first letter of the line, so that its indentation stays.
    await page.keyboard.press('Home')
    await page.keyboard.press('Shift+End')
    await page.keyboard.type(text)
    // A completed name or an automatically closed bracket would change the text.
    await page.locator('.cm-line', { hasText: text }).first().waitFor()
  }

  let token
  let crew
  let people
  let asOfOne
  let messy
  let batch
  let slow

  await steps.step('the printed link opens the console, and no code stays in the address', async () => {
    await page.goto(place.link)
    await page.getByRole('heading', { name: 'Drop a messy workbook here' }).waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    assert.equal(page.url(), `${place.url}/console`)

    assert.doesNotMatch(JSON.stringify(await cdp.send('Page.getNavigationHistory')), /code=[0-9a-f]{64}/, 'the link is not in the history')
    assert.ok(!(await page.evaluate(() => JSON.stringify([document.referrer, document.cookie, { ...localStorage }, { ...sessionStorage }, performance.getEntries().map((one) => one.name)]))).includes(place.token))
    await look('first-run')
  })

  await steps.step('a wrong token is told, the right one enters', async () => {
    token = place.ade('tokens', 'create', 'story', '--scope', 'admin', '--json')
    token = JSON.parse(token).token
    await button('Theme and session').click()
    await button('Sign out').click()
    await heading('Sign in').waitFor()
    await page.getByLabel('Token').fill('ade_wrong')
    await button('Sign in').click()
    await page.getByText('This token is not valid').waitFor()
    await look('sign-in')
    await page.getByLabel('Token').fill(token)
    await button('Sign in').click()
    await page.getByRole('heading', { name: 'Drop a messy workbook here' }).waitFor()
  })

  await steps.step('two files are held over the window, and dropped', async () => {
    writeFileSync(place.at('office.csv'), readFileSync(place.at('crew/tests/cases/office-export/input.csv')))
    const files = [place.at('crew/sample.xlsx'), place.at('office.csv')]
    for (const kind of ['dragEnter', 'dragOver']) await drag(kind, files)
    await page.getByRole('heading', { name: 'Drop 2 workbooks' }).waitFor()
    await page.locator('.choices button').nth(2).waitFor()
    await look('start-drop')
    for (const kind of ['dragEnter', 'dragOver', 'drop']) await drag(kind, files)
    await page.getByText('Ready', { exact: true }).nth(1).waitFor()
    await choose(await sent('minutes.docx', 'no workbook'))
    await page.getByText('unsupported_format').filter({ visible: true }).waitFor()
    crew = (await place.api('workspaces/default/configs')).items.find((item) => item.name === 'crew').id
    await page.locator('#configuration').selectOption(crew)
    await look('start')
    await button('Remove minutes.docx').click()
  })

  await steps.step('their runs are watched live, in two tabs by one stream', async () => {
    const second = await context.newPage()
    await second.goto(`${place.url}/console/runs`)
    await second.getByText('Live', { exact: true }).waitFor()
    await page.bringToFront()
    await page.keyboard.press('Control+Enter')
    await heading(/^Batch of /).waitFor()
    const ended = page.locator('tr[id^=run-]').filter({ hasText: /sample\.xlsx|office\.csv/ }).filter({ hasText: 'Succeeded' })
    await ended.nth(1).waitFor()
    messy = (await page.locator('tr[id^=run-]', { hasText: 'sample.xlsx' }).getAttribute('id')).slice(4)
    await second.locator(`#run-${messy}`).getByText('Succeeded').waitFor()
    await second.close()
    // The page reports lost columns, and filters by them.
    await page.locator('tr', { hasText: 'office.csv' }).getByText('6 of 9', { exact: true }).waitFor()
    await button(/^Fields missing 1/).click()
    await row(messy).waitFor({ state: 'detached' })
    batch = query('label')
    await go('/runs')
    await row(messy).waitFor()
    await look('runs')
  })

  await steps.step('what was dropped together is a batch: what was not found, the rules, and one archive', async () => {
    await go(`/runs?label=${encodeURIComponent(batch)}`)
    const panel = page.getByRole('complementary', { name: 'The batch' })
    await panel.getByRole('heading', { name: 'Not found' }).waitFor()
    await panel.locator('li', { hasText: 'hours' }).getByRole('link', { name: 'office.csv' }).waitFor()
    await panel.getByRole('heading', { name: 'Issues by rule' }).waitFor()
    await look('batch')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'All files' }).click()])
    const zip = readFileSync(await download.path(), 'latin1')
    for (const name of ['outputs/', 'marked/', 'report.html']) assert.ok(zip.includes(name), name)
    await page.keyboard.press('Escape')
    await heading('Runs').waitFor()
  })

  await steps.step('neither a full queue nor a page that is left loses a file', async () => {
    let refused = 0
    const full = { status: 429, contentType: 'application/problem+json', headers: { 'Retry-After': '30' }, body: JSON.stringify({ code: 'queue_full', detail: 'The queue is full.' }) }
    const queue = /api.v1.configs.[^/]+.runs$/
    await page.route(queue, (route) => (refused++ ? route.continue() : route.fulfill(full)))
    // A server that is busy while files are sent does not lose them either.
    const sending = /documents.name=/
    let busy = 0
    await page.route(sending, (route) => (busy++ ? route.continue() : route.fulfill({ ...full, headers: { 'Retry-After': '1' } })))
    await choose(await sent('a.csv', 'Surname,Hours\nLee,4\n'), await sent('b.csv', 'Surname,Hours\nRay,5\n'), await sent('c.csv', 'Surname,Hours\nMoss,6\n'))
    await page.getByText('Ready', { exact: true }).nth(2).waitFor()
    assert.equal(busy, 4)
    await page.unroute(sending)
    await page.locator('#configuration').selectOption(crew)
    await page.keyboard.press('Control+Enter')
    await page.getByText('The queue is full: the next starts in').waitFor()
    await page.getByText('3 files wait for a run').waitFor()
    await page.unroute(queue)
    // A reload is like a window that is closed, and opened on another day.
    await page.reload()
    await page.locator('tr[id^=run-]').filter({ hasText: /[abc]\.csv/ }).filter({ hasText: 'Succeeded' }).nth(2).waitFor()
    assert.equal(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('ade.waits.')).length), 0)
  })

  await steps.step('what is run again waits for the queue as files do, and says how many wait', async () => {
    await go('/runs')
    const made = page.locator('tr[id^=run-]').filter({ hasText: /[abc]\.csv/ })
    await made.nth(2).waitFor()
    await made.nth(0).click()
    await made.nth(2).click({ modifiers: ['Shift'] })
    let asked = 0
    const full = { status: 429, contentType: 'application/problem+json', headers: { 'Retry-After': '3' }, body: JSON.stringify({ code: 'queue_full', detail: 'The queue is full.' }) }
    const again = /api.v1.runs.[^/]+.retry$/
    await page.route(again, (route) => (++asked === 2 ? route.fulfill(full) : route.continue()))
    await page.keyboard.press('r')
    await page.getByText('1 of 3 started, 2 wait.').waitFor()
    await look('runs-wait')
    await page.getByText('3 runs started.').waitFor()
    await made.filter({ hasText: 'Succeeded' }).nth(5).waitFor()
    assert.equal(asked, 4)
    await page.unroute(again)
  })

  await steps.step('a file that cannot be read stays with its batch: after a reload, and in the archive', async () => {
    await choose(await sent('d.csv', 'Surname,Hours\nKerr,7\n'), await sent('torn.xlsx', 'no workbook'), await sent('minutes.docx', 'no workbook'))
    await page.getByText('Cannot be read').nth(1).waitFor()
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.locator('#configuration').selectOption(crew)
    await page.keyboard.press('Control+Enter')
    const panel = page.getByRole('complementary', { name: 'The batch' })
    await panel.getByRole('heading', { name: '1 left out' }).waitFor()
    await panel.getByRole('heading', { name: '1 failed' }).waitFor()
    await page.locator('tr[id^=run-]', { hasText: 'd.csv' }).getByText('Succeeded').waitFor()
    await page.reload()
    await page.locator('tr[id^=run-]', { hasText: 'torn.xlsx' }).getByText('Failed').waitFor()
    await panel.locator('li', { hasText: 'minutes.docx' }).getByText('unsupported_format').waitFor()
    await look('batch-left-out')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'All files' }).click()])
    const zip = readFileSync(await download.path(), 'latin1')
    for (const line of ['torn.xlsx: its run failed', 'minutes.docx: unsupported_format']) assert.ok(zip.includes(line), line)
  })

  await steps.step('a run is compared with an earlier one', async () => {
    await go(`/runs/${messy}/compare`)
    await page.getByRole('heading', { name: 'No earlier run to compare with' }).waitFor()
    const office = (await place.api('runs?q=office')).items[0].id
    await page.getByLabel('Compared with').selectOption(office)
    await page.getByRole('region', { name: 'What differs' }).getByText('hours').first().waitFor()
    await page.getByText(/before, \d+ now/).waitFor()
    await says('with', office)
    await look('compare')
    await go('/runs')
    await row(messy).waitFor()
  })

  await steps.step('the result is read: the sheet beside what came of it', async () => {
    for (let press = 0; press < 20; press++) {
      await page.keyboard.press('j')
      if (await page.locator(`#run-${messy}.chosen`).count()) break
    }
    await page.keyboard.press('Enter')
    await page.waitForURL((url) => url.pathname.includes(messy))
    await page.locator('.grid-pane').nth(1).waitFor()
    assert.equal(await page.locator('[role=grid]').count(), 2)
    await page.locator('.grid-cell.lost', { hasText: 'empty' }).first().waitFor()
    await page.locator('.grid-row.gone').first().waitFor()
    await look('run-result-quiet')
  })

  await steps.step('n and p go through the issues, and the panel says why', async () => {
    await button('Next issue, n').waitFor()
    await page.keyboard.press('n')
    await page.locator('.side').getByText(/issue 1 of \d+/).waitFor()
    await says('cell', 'C11')
    await looks.document(page, 'console-result')
    await page.keyboard.press('n')
    await page.locator('.side').getByText(/issue 2 of \d+/).waitFor()
    await page.keyboard.press('p')
    await page.locator('.side').getByText(/issue 1 of \d+/).waitFor()
    await says('cell', 'C11')
    assert.equal(await page.locator('.grid-cell.chosen').count(), 2)
    const why = page.locator('.side')
    await why.getByText('not an e-mail address').waitFor()
    await why.getByText('email.value_lost').waitFor()
    await why.getByText('Cameron.Taylor at example.org').waitFor()
    await why.getByRole('heading', { name: 'Why C is email' }).waitFor()
    await why.locator('.candidates').first().waitFor()
    await look('run-result')
  })

  await steps.step('issues stand below their rules and are saved as a table, and other rows are left out', async () => {
    await page.getByRole('switch', { name: 'Only issues' }).click()
    await page.locator('.grid-row').filter({ hasText: 'Avery' }).first().waitFor({ state: 'hidden' })
    await look('run-result-only')
    await page.getByRole('switch', { name: 'Only issues' }).click()
    await button('Issues', { exact: true }).click()
    await button('By rule').click()
    await page.getByRole('heading', { name: 'email.value_lost (not readable, left empty) · 1 issue' }).waitFor()
    await look('run-issues')
    const saved = page.waitForEvent('download')
    await button('CSV').click()
    assert.equal((await saved).suggestedFilename(), 'sample_issues.csv')
    await button('Side by side').click()
    await says('view', null)
    await says('cell', 'C11')
  })

  await steps.step('arrows move, Tab goes to the other side and back, a link shows the same cell, and a text is found', async () => {
    await page.locator('[role=grid]').first().focus()
    await page.keyboard.press('ArrowDown')
    await says('cell', 'C12')
    await page.keyboard.press('ArrowUp')
    await says('cell', 'C11')
    await page.keyboard.press('Tab')
    await says('side', 'output')
    await page.keyboard.press('Shift+Tab')
    await says('side', null)
    const active = await page.locator('[role=grid]').first().getAttribute('aria-activedescendant')
    assert.ok(await page.locator(`[id="${active}"]`).count(), 'the active cell is in the page')
    await page.reload()
    await page.locator('.grid-cell.chosen').nth(1).waitFor()
    await says('cell', 'C11')
    await page.keyboard.press('Control+f')
    await page.keyboard.type('skyler')
    await page.keyboard.press('Enter')
    await says('cell', (cell) => cell !== 'C11')
    await page.locator('.grid-cell.chosen', { hasText: 'Skyler' }).first().waitFor()
    await page.keyboard.press('Escape')
    await page.locator('h1').click()
    // The key leads to the issues before the row that was found.
    for (const cell of ['F16', 'C11']) {
      await page.keyboard.press('p')
      await says('cell', cell)
    }
  })

  await steps.step('columns are made wider and kept in sight, by keys and by hand, and stay so', async () => {
    await page.locator('[role=grid]').first().focus()
    const head = () => page.locator('.grid-pane').first().locator('.grid-head', { hasText: /^B$/ })
    const width = async () => (await head().boundingBox()).width
    const before = await width()
    await page.keyboard.press('ArrowLeft')
    await says('cell', 'B11')
    await page.keyboard.press('z')
    await page.locator('.grid-held .grid-cell', { hasText: 'Taylor' }).waitFor()
    for (let press = 0; press < 3; press++) await page.keyboard.press('>')
    assert.equal(await width(), before + 48)
    const edge = await head().locator('.grid-size').boundingBox()
    await page.mouse.move(edge.x + 4, edge.y + 10)
    await page.mouse.down()
    await page.mouse.move(edge.x + 34, edge.y + 10)
    await page.mouse.up()
    assert.equal(await width(), before + 78)
    // The held column keeps its position, whatever is scrolled.
    const left = (await head().boundingBox()).x
    await page.locator('.grid-wide').first().evaluate((grid) => (grid.scrollLeft = 300))
    await page.locator('.grid-pane').first().locator('.grid-head', { hasText: /^H$/ }).waitFor()
    assert.equal((await head().boundingBox()).x, left)
    await look('run-result-held')
    await page.reload()
    await page.locator('.grid-held .grid-cell', { hasText: 'Taylor' }).waitFor()
    assert.equal(await width(), before + 78)
    await head().locator('.grid-size').dblclick()
    assert.equal(await width(), before)
    await head().dblclick({ position: { x: 12, y: 8 } })
    await page.locator('.grid-held .grid-cell').first().waitFor({ state: 'hidden' })
    await page.locator('[role=grid]').first().focus()
    await page.keyboard.press('ArrowRight')
    await says('cell', 'C11')
  })

  await steps.step('a text is found over all sheets, each of which is in sight then, and no issue is lacking in what is saved', async () => {
    await began(crew)
    const rows = (sheet) => [['Surname', 'Hours'], ...['Lee', 'Ray', 'Moss'].map((name) => [name, '30']), ...(sheet % 11 ? [] : [['', ''], ['', 'needle']])]
    await choose(await sent('weeks.xlsx', workbook(Array.from({ length: 23 }, (_, at) => [`Week ${at}`, rows(at)]))))
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await status('Succeeded')
    await page.locator('.grid-pane').nth(1).waitFor()
    assert.ok((await page.getByLabel('Sheet, 23').boundingBox()).width > 80)
    await page.keyboard.press('Control+f')
    await page.keyboard.type('needle')
    for (const sheet of ['Week 0', 'Week 11', 'Week 22', 'Week 0']) {
      await page.keyboard.press('Enter')
      await says('sheet', sheet)
      await page.locator('.grid-cell.chosen', { hasText: 'needle' }).waitFor()
      await page.locator('.find').getByText('1 of 1').waitFor()
      const [tab, list] = await Promise.all([page.getByRole('tab', { name: sheet, exact: true }), page.getByRole('tablist', { name: 'Sheets' })].map((one) => one.boundingBox()))
      assert.ok(tab.x >= list.x - 1 && tab.x + tab.width <= list.x + list.width + 1, `the tab of ${sheet} is in sight`)
    }
    await look('run-result-sheets')
    await began(crew)
    await choose(await sent('many.csv', `Surname,E-mail\n${Array.from({ length: 10_500 }, (_, at) => `Lee,none ${at}\n`).join('')}`))
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await status('Succeeded, 10,500 issues')
    await page.getByText('The first 10,000 issues are marked here').waitFor()
    // Cells that are still loading cover nothing: no two rows are at one position, and a missing cell has no text.
    const cells = /runs.[^/]+.cells/
    const waits = []
    await page.route(cells, (route) => waits.push(route))
    await page.locator('.grid-scroller').evaluate((scroller) => (scroller.scrollTop = 4100 * 24))
    await page.locator('.grid-row[data-line="4101"] .absent').first().waitFor()
    const over = await page.locator('.grid-pane').evaluateAll((panes) =>
      panes.flatMap((pane) => {
        const rows = [...pane.querySelectorAll('.grid-row')].filter((row) => row.offsetParent)
        const tops = rows.map((row) => row.getBoundingClientRect().top)
        const texts = [...pane.querySelectorAll('.absent')].filter((cell) => cell.offsetParent && cell.textContent)
        return [...rows.filter((_, at) => tops.indexOf(tops[at]) < at).map((row) => `row ${row.dataset.line}`), ...texts.map((cell) => cell.textContent)]
      }),
    )
    assert.deepEqual(over, [])
    await page.unroute(cells)
    for (const route of waits) await route.continue().catch(() => {})
    await settled(page)
    await button('Issues', { exact: true }).click()
    await page.keyboard.press('n')
    await page.locator('.side').getByText('issue 1 of 10,500').waitFor()
    await button('Copy', { exact: true }).click()
    await page.getByText('10,000 of 10,500 issues copied').waitFor()
    const [saved] = await Promise.all([page.waitForEvent('download'), button('CSV').click()])
    assert.equal(readFileSync(await saved.path(), 'utf8').trim().split('\n').length, 10_501)
    await go(`/runs/${messy}/result?cell=C11`)
    await page.locator('.grid-cell.chosen').nth(1).waitFor()
  })

  await steps.step('the log, each decision, and the files', async () => {
    await page.keyboard.press('2')
    await page.waitForURL(/\/log$/)
    await page.locator('.log-line').first().click()
    await page.locator('.log-data').waitFor()
    await look('run-log')
    await page.goBack()
    await says('cell', 'C11')
    await page.locator('.grid-cell.chosen').nth(1).waitFor()
    await page.keyboard.press('3')
    await page.getByRole('heading', { name: /^Columns of table 1/ }).waitFor()
    await look('run-explain')
    await page.keyboard.press('4')
    await page.getByRole('link', { name: 'Download: Marked copy' }).waitFor()
    await look('run-files')
  })

  await steps.step('the workbook and the painted copy are downloaded', async () => {
    const fetched = async (does) => {
      const download = page.waitForEvent('download')
      await does()
      const file = await download
      return [file.suggestedFilename(), readFileSync(await file.path())]
    }
    const [name, bytes] = await fetched(() => page.getByRole('link', { name: 'Download: Normalized workbook' }).click())
    const kept = join(place.folder, 'data/workspaces/default/runs', messy, 'output')
    assert.equal(name, 'sample_normalized.xlsx')
    assert.deepEqual(bytes, readFileSync(join(kept, readdirSync(kept).find((one) => one.endsWith('.xlsx')))))
    assert.deepEqual((await fetched(() => page.keyboard.press('d')))[1], bytes)
    const [painted, copy] = await fetched(() => page.getByRole('link', { name: 'Download: Marked copy' }).click())
    assert.match(painted, /^sample.*\.xlsx$/)
    writeFileSync(place.at('painted.xlsx'), copy)
    place.ade('annotate', messy, '-o', 'as-annotated.xlsx')
    assert.deepEqual(copy, readFileSync(place.at('as-annotated.xlsx')), 'the copy is the one that `ade annotate` makes')
  })

  await steps.step('the server is killed while a run works: the page says so, and recovers', async () => {
    slow = (await place.api('workspaces/default/configs', token)).items.find((item) => item.name === 'payroll').id
    await began(slow)
    await choose(await sent('week-46.csv', readFileSync(place.at('office.csv'))))
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/\/console\/runs\/[0-9a-f-]{36}/)
    await page.locator('.log-line', { hasText: 'waits for the register' }).waitFor()
    await status('Running')
    await looks.document(page, 'console-run')
    await look('run')
    await place.kill()
    await page.getByText('No connection since').waitFor()
    await page.getByText('Offline', { exact: true }).waitFor()
    await look('offline')
    await place.start()
    // The page may retry by itself before the click.
    const hand = button('Try now').click({ timeout: 5000 }).catch(() => {})
    await page.getByText('Live', { exact: true }).waitFor()
    await page.getByText('No connection since').waitFor({ state: 'detached' })
    await hand
    // The worker that came back begins the interrupted run again, and the page shows this without a reload.
    await page.locator('.log-line', { hasText: 'waits for the register' }).nth(1).waitFor()
  })

  await steps.step('a long run is cancelled', async () => {
    await status('Running')
    await page.keyboard.press('x')
    await status('Cancelled')
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await page.locator('tr', { hasText: 'week-46.csv' }).getByText('Cancelled', { exact: true }).waitFor()
  })

  await steps.step('a run that fails shows the line that failed', async () => {
    const broken = (await place.api('workspaces/default/configs', token)).items.find((item) => item.name === 'broken').id
    await began(broken)
    await choose(await sent('wages.csv', readFileSync(place.at('office.csv'))))
    await page.keyboard.press('Control+Enter')
    await status('Failed')
    await page.locator('.code-place .wrong', { hasText: 'table / 0' }).waitFor()
    await look('run-failed')
    await page.getByRole('link', { name: 'Open at line 2' }).click()
    await page.locator('.cm-line', { hasText: 'table / 0' }).waitFor()
    assert.equal(query('line'), '2')
  })

  await steps.step('a configuration is made from a template and published', async () => {
    await go('/configs')
    await button(/^New/).click()
    await button(/^default/).click()
    await page.getByLabel('Name', { exact: true }).fill('people')
    await look('configurations-new')
    await button('Create the configuration').click()
    await page.waitForURL(/\/console\/configs\/[0-9a-f-]{36}/)
    people = idHere()
    await page.getByText('Draft loads').waitFor()
    await page.getByRole('link', { name: 'Publish…' }).click()
    await button(/^Publish version 1/).click()
    await page.getByRole('row', { name: /Version 1 Active/ }).waitFor()
    await began(people)
    await choose({ name: 'sample.xlsx', mimeType: '', buffer: readFileSync(place.at('crew/sample.xlsx')) })
    await page.getByText('already stored, so not sent again').filter({ visible: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/\/console\/runs\/[0-9a-f-]{36}/)
    await status('Succeeded')
    asOfOne = idHere()
  })

  const fields = () => page.goto(`${place.url}/console/configs/${people}/files?file=${encodeURIComponent('src/ade_config/columns/fields.py')}`)

  await steps.step('a mistake in the editor is told at its line, and mended', async () => {
    await fields()
    await typed('return range(field_name, least=0, most=80)', 'return range(field_name, least=0, most=eighty())')
    await page.getByText('1 file not saved').first().waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('Draft loads').or(page.getByText('Draft does not load')).waitFor()
    await typed('FULL_NAME = FullName(', 'FULL_NAME = FullNames(["full name", "name", "employee name", "member name"])')
    await page.keyboard.press('Control+s')
    await page.locator('.cm-message', { hasText: 'FullNames' }).waitFor()
    await page.locator('.cm-line').first().click()
    await page.keyboard.press('F8')
    await page.getByText('line 6, column 1').waitFor()
    await look('configuration')
    await typed('FULL_NAME = FullNames(', 'FULL_NAME = FullName(["full name", "name", "employee name", "member name"])')
    await typed('return range(field_name, least=0, most=eighty())', 'return range(field_name, least=0, most=40)')
    await page.keyboard.press('Control+s')
    await page.getByText('Draft loads').waitFor()
    assert.equal(await page.locator('.cm-message').count(), 0)
  })

  await steps.step('nobody’s change is overwritten: a conflict is compared', async () => {
    const file = `${place.url}/api/v1/configs/${people}/files/src/ade_config/columns/fields.py`
    const headers = { Authorization: `Bearer ${token}` }
    await typed('Field("employer", "Employer"', 'Field("employer", "Boss", headers=["employer", "company", "contractor"], read=text),')
    const text = await (await fetch(file, { headers })).text()
    const other = await fetch(file, { method: 'PUT', headers: { ...headers, 'Content-Type': 'application/octet-stream', 'If-Match': '*' }, body: text.replace('"Employer"', '"Firm"') })
    assert.equal(other.status, 200)
    await page.keyboard.press('Control+s')
    await page.getByText('while you edited it').waitFor()
    assert.match(await page.locator('.diff').innerText(), /"Boss"/)
    await look('configuration-conflict')
    await button('Use theirs').click()
    await page.locator('.cm-line', { hasText: '"Firm"' }).waitFor()
    await page.keyboard.press('Control+s')
    await page.getByText('Draft loads').waitFor()
  })

  await steps.step('versions are compared, the draft is tried on what was run before, and published', async () => {
    await page.getByRole('tab', { name: /^Compare/ }).click()
    await page.locator('.diff td.minus', { hasText: '80' }).waitFor()
    await page.locator('.diff td.plus', { hasText: '"Firm"' }).waitFor()
    await button('Try', { exact: true }).click()
    await page.locator('.trial').getByText('column Firm').first().waitFor()
    await page.locator('.trial').getByText('column Employer').first().waitFor()
    await page.locator('.trial').getByText(/hours\.up_to_80: \d+ issues, was 1/).waitFor()
    await page.getByText('Same dependencies').waitFor()
    await looks.document(page, 'console-compare')
    await look('configuration-compare')
    await button(/^Publish version 2/).click()
    await page.getByRole('row', { name: /Version 2 Active/ }).waitFor()
    await page.getByRole('row', { name: /Version 1 Archived/ }).waitFor()
    await look('configuration-versions')
  })

  await steps.step('it is run again, and the result is another', async () => {
    await began(people)
    await choose({ name: 'sample.xlsx', mimeType: '', buffer: readFileSync(place.at('crew/sample.xlsx')) })
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await page.waitForURL(/\/console\/runs\/[0-9a-f-]{36}/)
    await status('Succeeded')
    const first = idHere()
    await page.getByText('version 2').waitFor()
    await button('Normalized').click()
    await page.locator('.grid-pane .grid-cell', { hasText: 'Firm' }).first().waitFor()
    await page.keyboard.press('r')
    await page.waitForURL((url) => /\/runs\//.test(url.pathname) && !url.pathname.includes(first))
    await status('Succeeded')
    await page.keyboard.press('4')
    await page.locator('.facts').getByText('Again of').waitFor()
    // A run of version 1 runs again with the active version; the menu has the former one.
    const elsewhere = () => page.waitForURL((url) => /\/runs\//.test(url.pathname) && !url.pathname.includes(asOfOne))
    await go(`/runs/${asOfOne}`)
    await button('Run again', { exact: true }).click()
    await elsewhere()
    await page.locator('.run-facts').getByText('version 2').waitFor()
    await go(`/runs/${asOfOne}`)
    await button('More of this run').click()
    await button(/^Run again as it was, with version 1/).click()
    await elsewhere()
    await page.locator('.run-facts').getByText('version 1').waitFor()
    await status('Succeeded')
  })

  await steps.step('filters are in the address, the palette finds a run, and each page has its keys', async () => {
    await page.keyboard.press('g')
    await page.keyboard.press('r')
    await row(messy).waitFor()
    await button(/^Failed/).click()
    await says('status', 'failed')
    await row(messy).waitFor({ state: 'detached' })
    await page.reload()
    await page.locator('tr', { hasText: 'wages.csv' }).waitFor()
    assert.equal(await row(messy).count(), 0)
    await page.getByRole('searchbox').fill('no such run')
    await page.getByText('No failed run').waitFor()
    await look('runs-empty')
    await page.locator('h1').click({ position: { x: 5, y: 5 } })
    await page.keyboard.press('Escape')
    await row(messy).waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type(messy.slice(-6))
    await page.getByRole('option').filter({ hasText: messy.slice(-6) }).first().waitFor()
    await look('palette')
    await page.keyboard.press('Escape')
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'All keys' }).waitFor()
    await look('keys')
    await page.keyboard.press('Escape')
    for (const [key, name] of [['c', 'Configurations'], ['e', 'Environments'], ['w', 'Workers'], ['t', 'Tokens']]) {
      await page.keyboard.press('g')
      await page.keyboard.press(key)
      await heading(name).waitFor()
      await page.locator('table tbody tr, main h2').first().waitFor()
      await look(name.toLowerCase())
    }
    await go('/nowhere')
    await look('nowhere')
  })

  await steps.step('an environment says what it holds, and a token is made and copied once', async () => {
    await go('/environments')
    await page.locator('table a').first().click()
    await page.waitForURL(/\/environments\/[0-9a-f-]+/)
    await look('environment')
    await go('/tokens')
    await button(/^Create/).first().click()
    await look('tokens-new')
    await page.getByLabel('Name').fill(`for ${'<b>Ann</b>'}`)
    await button('Create the token').click()
    await page.getByText(/ade_[0-9a-f]{64}/).waitFor()
    await page.locator('td', { hasText: '<b>Ann</b>' }).waitFor()
    await page.reload()
    await page.locator('td', { hasText: '<b>Ann</b>' }).waitFor()
    assert.equal(await page.getByText(/ade_[0-9a-f]{64}/).count(), 0)
  })

  await steps.step('headers that a file has are given to fields, written, checked, and it is run again', async () => {
    await began(crew)
    await choose(await sent('april.csv', `Surname,Given name,Std.,Farbe\n${'King,Ann,30.5,blau\n'.repeat(12)}`))
    await page.getByText('Ready', { exact: true }).waitFor()
    await page.keyboard.press('Control+Enter')
    await status('Succeeded')
    const first = idHere()
    await page.getByRole('complementary', { name: 'Why' }).getByRole('button', { name: /^Which columns are they/ }).waitFor()
    await page.locator('h1').click()
    await page.keyboard.press('m')
    const dialog = page.getByRole('dialog', { name: 'Which columns are they?' })
    await dialog.getByText('"hours" and "Std." both mean "hours"').waitFor()
    await dialog.getByRole('radio', { name: /^Std\./ }).check()
    await dialog.locator('.plus', { hasText: '"Std."' }).waitFor()
    await look('fix')
    await dialog.getByRole('button', { name: 'Write and check' }).click()
    await dialog.getByText('Written, and loads').waitFor()
    assert.match(readFileSync(place.at('crew/src/ade_config/columns/fields.py'), 'utf8'), /"hours worked", "Std\."/)
    await dialog.getByRole('button', { name: 'Run again' }).click()
    await page.waitForURL((url) => /\/runs\//.test(url.pathname) && !url.pathname.includes(first))
    await status('Succeeded')
    await page.locator('.run-facts').getByText('3 of 9 fields').waitFor()
    // If the console does not edit a folder, it edits a copy of it.
    const session = /console.session$/
    await page.route(session, async (route) => {
      const response = await route.fetch()
      return route.fulfill({ response, json: { ...(await response.json()), edits_folders: false } })
    })
    await go(`/configs/${crew}`)
    await button('Copy to a draft').click()
    await heading('crew draft').waitFor()
    await page.getByText('Draft loads').waitFor()
    await look('configuration-copy')
    await page.unroute(session)
  })

  await steps.step('sample files become a configuration: its questions are answered, and it is published', async () => {
    await go('/configs')
    await button(/^New/).click()
    await button(/^Sample files/).click()
    await heading('From sample files').waitFor()
    const rows = Array.from({ length: 30 }, (_, n) => `D-${n},${100 + n}.5,2025-03-${String(1 + (n % 28)).padStart(2, '0')}\n`).join('')
    await choose(await sent('north-march.csv', `Delivery no,Cost,Delivery date\n${rows}`), await sent('south-march.csv', `Delivery no,Freight,Delivery date\n${rows}`))
    await page.getByText('Ready', { exact: true }).nth(1).waitFor()
    await page.getByLabel('Name', { exact: true }).fill('deliveries')
    await page.locator('h1').click()
    await page.keyboard.press('Control+Enter')
    await page.getByRole('heading', { name: /^4 fields from 60 records of 2 samples/ }).waitFor()
    await look('from-samples')
    await page.getByRole('checkbox').first().check()
    await button('Answer').click()
    await page.getByRole('heading', { name: /^3 fields from/ }).waitFor()
    // The way to the draft and back loses nothing.
    await page.getByRole('link', { name: 'Open the draft' }).click()
    await heading('deliveries').waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: /^3 fields from/ }).waitFor()
    await page.locator('.button.filled', { hasText: 'Publish version 1' }).click()
    await heading('deliveries').waitFor()
    await page.locator('.run-facts').getByText('is active').waitFor()
  })

  await steps.step('names, headers, cells and logs look as they are', async () => {
    const markup = '<img src=x onerror=alert(1)>'
    const turned = 'abc\u202Edef'
    const long = 'x'.repeat(30_000)
    const unlike = []
    /** No markup of a file became an element, the page is no wider than the window, and a text that turns the writing turns nothing but itself. */
    const plain = async (where) => {
      const found = await page.evaluate(() => {
        const told = []
        if (document.querySelector('#app :is(script, img, b[onclick])')) told.push('markup became an element')
        if (document.documentElement.scrollWidth > innerWidth) told.push('the page is wider than the window')
        const walk = document.createTreeWalker(document.querySelector('#app'), NodeFilter.SHOW_TEXT)
        while (walk.nextNode()) {
          const text = walk.currentNode
          if (!/[\u202A-\u202E\u2066-\u2069]/.test(text.data)) continue
          let box = text.parentElement
          const own = (element) => !/^(inline|contents)$/.test(getComputedStyle(element).display) || /isolate|plaintext/.test(getComputedStyle(element).unicodeBidi)
          while (!own(box)) box = box.parentElement
          const after = box.textContent.slice(box.textContent.indexOf(text.data) + text.data.length)
          if (after.trim()) told.push(`turns what follows in <${box.localName} class="${box.className}">: ${after.slice(0, 60)}`)
        }
        return told
      })
      unlike.push(...found.map((item) => `${where}: ${item}`))
    }
    const name = `${markup.replaceAll('/', '')} ${turned}.csv`
    place.open()
    await began(slow)
    await choose(await sent(name, `First name,Surname,E-mail,"<b>Hours</b> ${turned}",Comments\nAnn,Lee,ann at example.org,12,${markup}\n${turned},Ray,r@example.org,13,${long}\n"<script>alert(1)</script>",Poe,p@example.org,99,"&lt;b&gt;"\n`))
    await page.locator('td', { hasText: markup }).first().waitFor()
    await plain('start')
    await page.keyboard.press('Control+Enter')
    await status('Succeeded')
    await page.locator('.grid-pane').nth(1).waitFor()
    const cells = page.locator('.grid-pane').first().locator('.grid-cell')
    for (const text of ['<script>alert(1)</script>', markup, '&lt;b&gt;', turned]) await cells.getByText(text.slice(0, 20)).first().waitFor()
    await page.locator('h1', { hasText: markup }).waitFor()
    await plain('result')
    await look('unsafe')
    await page.keyboard.press('n')
    await page.locator('.side').getByText('ann at example.org').waitFor()
    await cells.getByText('xxxxxxxx').first().click()
    await page.locator('.side code', { hasText: 'xxxxxxxx' }).first().waitFor()
    await plain('why')
    await page.keyboard.press('2')
    await page.locator('.log-line', { hasText: markup }).first().waitFor()
    await plain('log')
    for (const key of ['3', '4']) {
      await page.keyboard.press(key)
      await page.locator('h2').first().waitFor()
      await plain(key === '3' ? 'explain' : 'files')
    }
    await page.keyboard.press('Escape')
    await page.locator('tr', { hasText: markup }).first().waitFor()
    await plain('runs')
    assert.deepEqual(unlike, [])
  })

  await steps.step('nothing was forbidden, nothing failed in a page, and no token was in an address', async () => {
    assert.deepEqual(wrong, [])
    assert.doesNotMatch(JSON.stringify(await cdp.send('Page.getNavigationHistory')), /ade_[0-9a-f]{64}/)
  })
  await steps.step(`axe finds nothing on ${looks.seen.length} pages in ${THEMES.length} themes at ${WIDTHS.length} widths`, async () => {
    assert.deepEqual([...new Set(looks.found)], [])
  })
} catch (error) {
  steps.failed++
  console.log(error.stack ?? error)
} finally {
  await browser?.close()
  await place.end()
}
steps.done()
