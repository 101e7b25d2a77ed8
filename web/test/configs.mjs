// A configuration from its template to its second version, with a real server: node test/configs.mjs URL TOKEN [chromium]
import assert from 'node:assert/strict'
import { chromium } from 'playwright-core'

const [base, token, executablePath = '/usr/bin/chromium'] = process.argv.slice(2)
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
const step = (text) => console.log(`· ${text}`)
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce' })
  await context.request.post(`${base}/sign-in`, { form: { token } })
  const page = await context.newPage()
  const wrong = []
  page.on('pageerror', (error) => wrong.push(error.stack))
  await page.exposeFunction('forbidden', (text) => wrong.push(text))
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) => window.forbidden(`${event.violatedDirective} ${event.blockedURI}`)))
  const button = (name) => page.getByRole('button', { name })
  const typed = async (line, text) => {
    await page.locator('.cm-line').nth(line).click()
    await page.keyboard.press('End')
    await page.keyboard.type(text)
  }

  step('a template makes a draft, which is checked when its environment is there')
  await page.goto(`${base}/console/configs`)
  await button(/^New/).click()
  await button(/^minimal/).click()
  await page.getByLabel('Name', { exact: true }).fill(`story ${Date.now()}`)
  await button('Make the configuration').click()
  await page.waitForURL(/\/console\/configs\/[0-9a-f-]{36}/)
  const id = page.url().match(/configs\/([0-9a-f-]{36})/)[1]
  await page.getByText('Draft loads').waitFor({ timeout: 90_000 })

  step('letters in the editor are text, and a mistake stands below its line')
  await typed(0, '\nsunk = ggcjk')
  assert.equal(await page.getByText('1 file not saved').count(), 1)
  await page.keyboard.press('Control+s')
  await page.locator('.cm-message', { hasText: 'ggcjk' }).waitFor()
  await page.locator('.cm-line').nth(4).click()
  await page.keyboard.press('F8')
  await page.getByText('line 2, column 1').waitFor()

  step('what does not load is refused, and published when that is asked for')
  await page.goto(`${base}/console/configs/${id}/compare`)
  await button(/^Publish version 1/).click()
  await page.getByText('Not published: it does not load.').waitFor()
  await button('Publish all the same…').click()
  await button('Publish all the same').last().click()
  await page.waitForURL(/versions/)
  await page.getByRole('row', { name: /Version 1 Active/ }).waitFor()

  step('nobody’s change is overwritten: a conflict is compared')
  await page.getByRole('tab', { name: /^Files/ }).click()
  await page.locator('.cm-line').nth(1).waitFor()
  await typed(0, '  # mine')
  const file = `${base}/api/v1/configs/${id}/files/src/ade_config/columns/fields.py`
  const text = await (await fetch(file, { headers: { Authorization: `Bearer ${token}` } })).text()
  const other = await fetch(file, { method: 'PUT', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/octet-stream', 'If-Match': '*' }, body: text.replace('\nsunk = ggcjk', '') })
  assert.equal(other.status, 200)
  await page.keyboard.press('Control+s')
  await page.getByText('while you edited it').waitFor()
  assert.match(await page.locator('.diff').innerText(), /# mine/)
  await button('Take theirs').click()
  await page.locator('.cm-line').first().waitFor()
  assert.ok(!(await page.locator('.cm-content').innerText()).includes('# mine'))
  await page.keyboard.press('Control+s')
  await page.getByText('Draft loads').waitFor()

  step('the second version is active, and the first can be again')
  await page.getByRole('tab', { name: /^Compare/ }).click()
  await page.locator('.diff td.minus', { hasText: 'ggcjk' }).waitFor()
  await button(/^Publish version 2/).click()
  await page.getByRole('row', { name: /Version 2 Active/ }).waitFor()
  await page.getByRole('row', { name: /Version 1 Archived/ }).getByRole('button', { name: 'Activate' }).click()
  await page.getByRole('row', { name: /Version 1 Active/ }).waitFor()

  assert.deepEqual(wrong, [])
  console.log('all well')
} finally {
  await browser.close()
}
