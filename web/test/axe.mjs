// Looks at each page with axe (WCAG 2.2 A and AA, best practices) and for what a strict policy forbids. Give the server's address and a
// token: node test/axe.mjs http://127.0.0.1:8000 ade_… [chromium]
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const [base, token, executablePath = '/usr/bin/chromium'] = process.argv.slice(2)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
let wrong = 0
try {
  const get = async (path) => (await fetch(`${base}/api/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } })).json()
  const run = (await get('runs?limit=1&has_issues=true')).items[0]?.id
  const config = (await get('workspaces/default/configs?limit=1')).items[0]?.id
  const pages = ['/runs', '/start', '/configs', '/environments', '/workers', '/tokens']
  if (run) for (const tab of ['result', 'log', 'explain', 'files']) pages.push(`/runs/${run}/${tab}`)
  if (config) for (const tab of ['files', 'compare', 'versions']) pages.push(`/configs/${config}/${tab}`)
  for (const colorScheme of ['light', 'dark'])
    for (const width of [1280, 768, 390]) {
      const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme, reducedMotion: 'reduce' })
      await context.request.post(`${base}/sign-in`, { form: { token } })
      const page = await context.newPage()
      const tell = (what) => (wrong++, console.log(`${new URL(page.url()).pathname} ${width} ${colorScheme}: ${what}`))
      page.on('pageerror', (error) => tell(error.message))
      await page.addInitScript(() => {
        window.violations = []
        addEventListener('securitypolicyviolation', (event) => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`))
      })
      await page.addInitScript(axe)
      for (const path of pages) {
        await page.goto(`${base}/console${path}`)
        await page.locator('h1').first().waitFor()
        await page.waitForLoadState('load')
        await page.waitForTimeout(600)
        const { violations, forbidden } = await page.evaluate(async () => ({
          violations: (await window.axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })).violations.map((one) => `${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 140)} ${one.nodes[0].failureSummary.split('\n')[1] ?? ''}`),
          forbidden: window.violations,
        }))
        for (const one of [...violations, ...forbidden]) tell(one)
      }
      await context.close()
    }
} finally {
  await browser.close()
}
console.log(wrong ? `${wrong} wrong` : 'nothing wrong')
process.exitCode = wrong ? 1 : 0
