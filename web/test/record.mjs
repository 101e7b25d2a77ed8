// Records a short story as an animated picture: a file is dropped, its run is watched, the result is read, an issue is looked at, and the
// workbook is downloaded: node test/record.mjs PATH-OF-ADE PICTURE.webp [--chromium PATH]. ImageMagick's `convert` puts it together.
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { called, launch, person, Place } from './ground.mjs'
import { settled } from './looks.mjs'

const { ade, chromium, dist } = called()
const picture = process.argv.slice(3).find((one) => /\.(webp|gif)$/.test(one))
const place = new Place(ade)
const frames = []
let browser
try {
  place.ade('init', 'crew', '--quiet')
  // The environment is there: the story is about a file.
  place.ade('run', 'crew', 'crew/tests/cases/office-export/input.csv', '--quiet')
  await place.start()
  browser = await launch(chromium)
  const { context, page } = await person(browser, { dist, viewport: { width: 1120, height: 660 } })
  await context.request.post(`${place.url}/sign-in`, { form: { token: place.token } })
  const cdp = await context.newCDPSession(page)
  /** What is seen now, for so many seconds, with the hand and what it does. */
  const shown = async (seconds, words, hand) => {
    await settled(page)
    await page.evaluate(
      ([words, hand]) => {
        document.querySelector('#told')?.remove()
        const told = document.body.appendChild(Object.assign(document.createElement('div'), { id: 'told' }))
        const line = told.appendChild(Object.assign(document.createElement('div'), { textContent: words }))
        Object.assign(line.style, { position: 'fixed', left: '50%', bottom: '44px', transform: 'translateX(-50%)', padding: '8px 16px', borderRadius: '8px', background: '#1c1b19', color: '#fff', font: '600 16px/24px system-ui', zIndex: 99 })
        if (!hand) return
        const dot = told.appendChild(document.createElement('div'))
        Object.assign(dot.style, { position: 'fixed', left: `${hand[0] - 11}px`, top: `${hand[1] - 11}px`, width: '22px', height: '22px', borderRadius: '50%', background: '#2148c066', border: '2px solid #2148c0', zIndex: 99 })
      },
      [words, hand],
    )
    const path = join(place.folder, `frame-${String(frames.length).padStart(3, '0')}.png`)
    await page.screenshot({ path })
    await page.evaluate(() => document.querySelector('#told').remove())
    frames.push(['-delay', String(Math.round(seconds * 100)), path])
  }
  const middle = async (locator) => {
    const { x, y, width, height } = await locator.boundingBox()
    return [x + width / 2, y + height / 2]
  }
  const press = async (locator, words) => {
    await shown(0.9, words, await middle(locator))
    await locator.click()
  }
  await page.goto(`${place.url}/console/runs`)
  await page.locator('tr[id^=run-]').first().waitFor()
  await shown(1.2, 'A messy workbook came by mail')
  const files = [place.at('crew/sample.xlsx')]
  const drag = (type, [x, y]) => cdp.send('Input.dispatchDragEvent', { type, x, y, data: { items: [], files, dragOperationsMask: 1 } })
  await drag('dragEnter', [560, 500])
  await drag('dragOver', [560, 360])
  await page.locator('.choices button').first().waitFor()
  await shown(1.4, 'Drop it anywhere', [560, 330])
  await drag('drop', [560, 330])
  await page.getByText('Ready', { exact: true }).waitFor()
  await press(page.getByRole('button', { name: /^Start 1 run/ }), 'Start')
  await page.waitForURL(/\/console\/runs\/[0-9a-f-]{36}/)
  await page.locator('.log-line').first().waitFor()
  await shown(1, 'Its run, live')
  await page.locator('.grid-pane').nth(1).waitFor()
  await shown(2.4, 'The sender’s sheet, and what became of it')
  await page.getByRole('button', { name: 'Next issue, n' }).waitFor()
  await page.keyboard.press('n')
  await page.locator('.side').getByText(/issue 1 of \d+/).waitFor()
  await page.locator('.side').getByRole('heading', { name: /^Why row/ }).waitFor()
  await shown(3, 'n: the first problem, and why')
  await page.keyboard.press('n')
  await page.locator('.side').getByText(/issue 2 of \d+/).waitFor()
  await shown(2.2, 'n: the next one')
  const download = page.waitForEvent('download')
  await press(page.getByRole('link', { name: 'Download the normalized workbook' }), 'The clean workbook')
  await (await download).path()
  await page.keyboard.press('4')
  await page.getByRole('link', { name: 'Download: Marked copy' }).waitFor()
  await shown(2.4, 'And the marked copy, to send back', await middle(page.getByRole('link', { name: 'Download: Marked copy' })))
  await context.close()
  execFileSync('convert', [...frames.flat(), '-loop', '0', '-define', 'webp:lossless=false', '-quality', '80', '-layers', 'optimize', picture])
  console.log(`${frames.length} frames, ${statSync(picture).size} bytes`)
} finally {
  await browser?.close()
  await place.end()
}
