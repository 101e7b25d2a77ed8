// An analyst's month: twelve files are dropped, looked at, the configuration is mended and tried, the files run again, sent back and
// compared with the month before; with the keys, clicks and seconds that it takes.
// node test/analyst.mjs PATH-OF-ADE [--chromium PATH] [--dist FOLDER] [--pictures FOLDER]
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { called, launch, person, Place, Steps } from './ground.mjs'
import { Looks, THEMES, WIDTHS } from './looks.mjs'

const { ade, chromium, dist, pictures } = called({ pictures: { type: 'string' } })
const steps = new Steps()
const looks = new Looks({ pictures })
const place = new Place(ade)
const SITES = ['North', 'South', 'East', 'West', 'Quay', 'Hill', 'Mill', 'Park', 'Lake', 'Dale', 'Ford', 'Glen']
const NAMES = ['Lee', 'Ray', 'Moss', 'Vane', 'Ash', 'Kerr', 'Odell', 'Pratt', 'Quinn', 'Rowe', 'Shaw', 'Todd']

const isTorn = (at, month) => month === '03' && at === 5
const nameOf = (at, month) => `${SITES[at]}-2026-${month}.${isTorn(at, month) ? 'xlsx' : 'csv'}`

/** A site's file of a month: three lack the hours, two call them otherwise, one is torn. */
function file(at, month) {
  const now = month === '03'
  if (isTorn(at, month)) return 'no workbook'
  const lacks = now && at < 3
  const hours = lacks ? '' : now && at > 9 ? ',Std.' : ',Hours'
  const rows = NAMES.map((name, row) => [`M-${at}${row + 10}`, name, 'Ann', row === at ? 'nobody' : `${name.toLowerCase()}@example.org`, `+44 20 7946 01${row + 10}`, 'Acme', `2024-01-${row + 10}`, `${900 + row}.50`].join(',') + (lacks ? '' : `,${30 + row + (now ? at % 3 : 0)}`))
  return `Member ID,Surname,First name,E-mail,Phone,Employer,Start date,Gross pay${hours}\n${rows.join('\n')}\n`
}

let browser
try {
  place.ade('init', 'crew', '--quiet')
  for (const month of ['02', '03']) {
    mkdirSync(place.at(month))
    SITES.forEach((_, at) => writeFileSync(place.at(month, nameOf(at, month)), file(at, month)))
  }
  place.ade('run', 'crew', '02', '-q', '-o', 'out-02')
  await place.start()
  browser = await launch(chromium)
  const { page, wrong } = await person(browser, { dist })
  page.on('filechooser', () => {})
  steps.onFailure = async () => console.log(`at ${page.url()}\n${await page.locator('body').ariaSnapshot().catch(() => '')}\n${wrong.join('\n')}\n${place.log().slice(-1500)}`)
  const done = { keys: 0, clicks: 0 }
  const press = async (...keys) => {
    for (const key of keys) (done.keys++, await page.keyboard.press(key))
  }
  const click = (locator, options) => (done.clicks++, locator.click(options))
  const panel = page.getByRole('complementary', { name: 'The batch' })
  const files = page.locator('tr[id^=run-]')
  const ended = (count) => files.filter({ hasText: /Succeeded|Failed/ }).nth(count - 1).waitFor()
  const look = (name) => looks.at(page, `analyst-${name}`)
  let batch

  await steps.step('twelve files are dropped, and stay together', async () => {
    await page.goto(place.link)
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor()
    const chooser = page.waitForEvent('filechooser')
    await press('u')
    await (await chooser).setFiles(SITES.map((_, at) => place.at('03', nameOf(at, '03'))))
    await page.locator('.framed tr').nth(11).waitFor()
    await page.locator('#configuration').waitFor()
    await press('Control+Enter')
    await page.getByRole('heading', { level: 1, name: /^Batch of / }).waitFor()
    await ended(12)
    batch = page.url()
  })

  await steps.step('it is seen at once which files lost a column, and which one failed', async () => {
    await panel.locator('li', { hasText: 'hours' }).filter({ hasText: 'in 5 files' }).waitFor()
    await panel.getByRole('heading', { name: '1 failed' }).waitFor()
    await panel.locator('li', { hasText: 'email' }).filter({ hasText: 'in 11 files' }).waitFor()
    await look('batch')
    await click(page.getByRole('button', { name: /^Fields missing 5/ }))
    await files.nth(5).waitFor({ state: 'detached' })
    // The near matches show the names of the column in the two other files.
    await press('j', 'Enter')
    await page.getByRole('complementary', { name: 'Why' }).getByText('Fields without a column, and the nearest columns').waitFor()
    await click(page.getByRole('complementary', { name: 'Why' }).getByRole('button', { name: 'hours' }))
  })

  await steps.step('the configuration is mended where it lies', async () => {
    const line = page.locator('.cm-line', { hasText: 'Field("hours"' }).first()
    await click(line)
    await press('Home', 'Shift+End')
    await page.keyboard.type('Field("hours", "Hours", headers=["hours", "std", "regular hours", "base hours", "hours worked"],')
    await press('Control+s')
    await page.getByText('Folder loads').waitFor()
    assert.match(readFileSync(place.at('crew/src/ade_config/columns/fields.py'), 'utf8'), /"hours", "std"/)
    await look('mended')
  })

  await steps.step('it is tried on those that lost a column, the changed ones first', async () => {
    await page.goto(batch)
    await ended(12)
    await click(page.getByRole('button', { name: /^Fields missing 5/ }))
    await files.nth(5).waitFor({ state: 'detached' })
    await press('Control+a')
    await click(page.getByRole('link', { name: 'Try the changes' }))
    await click(page.getByRole('button', { name: 'Try', exact: true }))
    await page.getByText('5 inputs: 2 have a different result.').waitFor()
    await page.locator('.trial tbody').first().getByText('field hours now has a column').waitFor()
    await look('tried')
  })

  await steps.step('it is published, and what lost a column is run again', async () => {
    await click(page.getByRole('button', { name: 'Publish version 1' }))
    await page.getByText('Version 1 of crew is active.').waitFor()
    // The page of versions leads back to the list, with its filter: only the newest run of a file counts.
    await click(page.getByRole('button', { name: 'Run these 5 again' }))
    await panel.locator('li', { hasText: 'hours' }).filter({ hasText: 'in 3 files' }).waitFor()
    await panel.getByText('5 runs before their files were run again are left out.').waitFor()
    await page.getByRole('button', { name: /^Fields missing 3/ }).waitFor()
    await ended(3)
    assert.equal(await files.count(), 3)
    await click(page.getByRole('button', { name: /^Fields missing 3/ }))
    await ended(12)
    assert.equal(await files.count(), 12)
    await look('again')
  })

  await steps.step('marked copies go back as one archive', async () => {
    done.clicks++
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Marked copies' }).click()])
    const zip = readFileSync(await download.path(), 'latin1')
    assert.equal(new Set(zip.match(/marked\/\w+-2026-03_annotated\.xlsx/g)).size, 11)
    assert.match(zip, /left-out\.txt/)
  })

  await steps.step('a site is compared with its last month', async () => {
    await page.goto(batch)
    await ended(12)
    // A file that ran twice this month is compared with its former run; its last month is one choice away.
    await click(files.filter({ hasText: 'Glen' }).getByRole('link'))
    // The keys of the page work as soon as the result is there.
    await page.locator('.grid-pane').nth(1).waitFor()
    await press('5')
    await page.getByText('since').getByRole('link', { name: 'Glen-2026-03.csv' }).waitFor()
    const choices = page.getByLabel('Compared with').locator('option')
    assert.match(await choices.nth(2).innerText(), /^Glen-2026-03\.csv, today/)
    assert.match(await choices.nth(3).innerText(), /^Glen-2026-02\.csv, today/)
    await page.getByLabel('Compared with').selectOption('The last file of its sender')
    done.clicks++
    await page.getByText('since').getByRole('link', { name: 'Glen-2026-02.csv' }).waitFor()
    await page.getByRole('region', { name: 'Totals' }).getByText('hours').waitFor()
    await page.getByText('12 before, 12 now').waitFor()
    await look('compared')
  })

  await steps.step('nothing was forbidden, and nothing failed in a page', async () => assert.deepEqual(wrong, []))
  await steps.step(`axe finds nothing on ${looks.seen.length} pages in ${THEMES.length} themes at ${WIDTHS.length} widths`, async () => assert.deepEqual(looks.found, []))
  console.log(`${done.keys} keys and ${done.clicks} clicks`)
} finally {
  await browser?.close()
  await place.end()
}
steps.done()
