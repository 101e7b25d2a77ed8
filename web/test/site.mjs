// A reader of the documents' site, which lies on a disk: no page asks another host for anything, the search finds what is asked, and axe
// finds nothing in both themes at three widths: node test/site.mjs FOLDER-OF-THE-SITE [--chromium PATH] [--pictures FOLDER].
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { Looks } from './looks.mjs'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { chromium: { type: 'string', default: '/usr/bin/chromium' }, pictures: { type: 'string' } } })
const site = pathToFileURL(`${resolve(positionals[0])}/`).href

/** What is asked, and the page that answers it, which is to be among the first three. */
const QUESTIONS = `
a column was not found | how-to/column-not-found
dates wrong | how-to/dates-and-numbers
what may my code read | explanation/confinement
disk is full | how-to/disk-full
retry a run | reference/commands
two tables on one sheet | how-to/two-tables
upgrade | how-to/upgrade
issues back to the sender | how-to/issues-to-the-sender
what spends an attempt | explanation/queue
date_order | how-to/dates-and-numbers
less than | how-to/less-than
detection limit | how-to/less-than
reference range | how-to/ranges
date and time | how-to/date-and-time
field from other columns | how-to/field-from-others
key of several fields | how-to/key-of-several-fields
codes from words | how-to/codes-from-words
synonyms | how-to/codes-from-words
`.trim().split('\n').map((line) => line.split(' | '))
const PAGES = ['index', 'tutorial/first-workbook', 'how-to/column-not-found', 'reference/errors', 'explanation/queue']

const faults = []
const browser = await chromium.launch({ executablePath: values.chromium, args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--no-first-run'] })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  page.on('request', (request) => /^(file|data|blob):/.test(request.url()) || faults.push(`${page.url()} asks for ${request.url()}`))
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
  for (const [question, answer] of QUESTIONS) {
    await page.goto(`${site}index.html`)
    await page.locator('[data-md-component=search] button').first().click()
    const field = page.locator('input[type=search], input[placeholder]').first()
    await field.fill(question)
    const hits = page.locator('a[href*="?h="]')
    await hits.first().waitFor()
    // The list is that of the whole question once its first link has all of its words.
    await page.waitForFunction(([words]) => [...document.querySelectorAll('*')].some((one) => one.shadowRoot?.querySelector(`a[href*="?h=${words}"]`)), [question.replaceAll(' ', '+')])
    const found = await hits.evaluateAll((links) => links.slice(0, 3).map((link) => link.href))
    if (!found.some((link) => link.includes(`/${answer}.html`))) faults.push(`'${question}' finds ${found.join(', ')}`)
  }
  const looks = new Looks({ pictures: values.pictures })
  for (const name of PAGES) {
    await page.goto(`${site}${name}.html`)
    await looks.at(page, name.replaceAll('/', '-'))
    if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) faults.push(`${name} is wider than a small screen`)
  }
  faults.push(...looks.found)
  console.log(`${QUESTIONS.length} questions, ${PAGES.length} pages, ${faults.length} faults`)
} finally {
  await browser.close()
}
if (faults.length) {
  console.error(faults.join('\n'))
  process.exitCode = 1
}
