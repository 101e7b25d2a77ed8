// Looks at a page in both themes and three widths: with axe (WCAG 2.2 A and AA, best practices), and, if asked, with a camera.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
export const WIDTHS = [1440, 1024, 390]
export const THEMES = ['light', 'dark']
const HEIGHTS = { 1440: 900, 1024: 768, 390: 844 }

/** Waits until nothing that is shown is on its way any more. */
export const settled = (page) =>
  page.waitForFunction(() => !document.querySelector('.bone, .grid-row:not([style*="display: none"]) .absent') && new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))

export class Looks {
  /** What axe found: page, width, theme, what. */
  found = []
  /** Pages that were looked at. */
  seen = []

  /** `pictures`: a folder for a picture of each page. `docs`: one for those that the documents show. */
  constructor({ pictures, docs }) {
    this.pictures = pictures
    this.docs = docs
    for (const folder of [pictures, docs]) if (folder) mkdirSync(folder, { recursive: true })
  }

  async at(page, name) {
    this.seen.push(name)
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: HEIGHTS[width] })
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
        await settled(page)
        if (this.pictures) await page.screenshot({ path: join(this.pictures, `${name}-${width}-${theme}.png`) })
        if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE)
        const found = await page.evaluate(async (rules) => {
          const { violations } = await window.axe.run({ runOnly: rules, resultTypes: ['violations'] })
          return violations.map((violation) => `${violation.id} (${violation.nodes.length}): ${violation.nodes[0].html.slice(0, 160)} ${violation.nodes[0].failureSummary.split('\n')[1] ?? ''}`)
        }, RULES)
        for (const what of found) this.found.push(`${name} ${width} ${theme}: ${what}`)
      }
    }
    await this.back(page)
  }

  /** A picture for the documents, in both themes. */
  async document(page, name) {
    if (!this.docs) return
    await page.setViewportSize({ width: 1280, height: 720 })
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
      await settled(page)
      await page.screenshot({ path: join(this.docs, `${name}-${theme}.png`) })
    }
    await this.back(page)
  }

  async back(page) {
    await page.setViewportSize({ width: 1280, height: 800 })
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
    await settled(page)
  }
}
