// The base of tests in a browser: a folder of its own, an `ade dev` in it, and a Chromium that reports the errors of a page.
import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { crc32 } from 'node:zlib'
import { chromium } from 'playwright-core'

/** A workbook with these sheets, of texts alone. */
export function workbook(sheets) {
  const cell = (text) => `<c t="inlineStr"><is><t>${text}</t></is></c>`
  const all = (make) => sheets.map((_, at) => make(at + 1)).join('')
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const relations = 'http://schemas.openxmlformats.org/package/2006/relationships'
  const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.'
  return zip([
    ['[Content_Types].xml', `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${type}sheet.main+xml"/>${all((at) => `<Override PartName="/xl/worksheets/sheet${at}.xml" ContentType="${type}worksheet+xml"/>`)}</Types>`],
    ['_rels/.rels', `<Relationships xmlns="${relations}"><Relationship Id="r1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`],
    ['xl/workbook.xml', `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${all((at) => `<sheet name="${sheets[at - 1][0]}" sheetId="${at}" r:id="r${at}"/>`)}</sheets></workbook>`],
    ['xl/_rels/workbook.xml.rels', `<Relationships xmlns="${relations}">${all((at) => `<Relationship Id="r${at}" Type="${office}/worksheet" Target="worksheets/sheet${at}.xml"/>`)}</Relationships>`],
    ...sheets.map(([, rows], at) => [`xl/worksheets/sheet${at + 1}.xml`, `<worksheet xmlns="${main}"><sheetData>${rows.map((row) => `<row>${row.map(cell).join('')}</row>`).join('')}</sheetData></worksheet>`]),
  ])
}

/** An archive of texts, nothing of it compressed. */
function zip(files) {
  const parts = []
  const index = []
  let from = 0
  for (const [name, text] of files) {
    const [title, data] = [Buffer.from(name), Buffer.from(text)]
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt32LE(crc32(data), 10)
    head.writeUInt32LE(data.length, 14)
    head.writeUInt32LE(data.length, 18)
    head.writeUInt16LE(title.length, 22)
    const place = Buffer.alloc(14)
    place.writeUInt32LE(from, 10)
    parts.push(Buffer.from('PK\x03\x04', 'latin1'), head, title, data)
    index.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), head, place, title)
    from += 30 + title.length + data.length
  }
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(index.reduce((sum, part) => sum + part.length, 0), 8)
  end.writeUInt32LE(from, 12)
  return Buffer.concat([...parts, ...index, Buffer.from('PK\x05\x06', 'latin1'), end])
}

/** A wait that only a hang reaches. */
export const HANG = 30_000

/** `PROGRAM [--chromium PATH] [--dist FOLDER]` and what else a script takes. With a folder, the console is what was built there, and not
 * what the program carries: nothing needs to be compiled to see a change. */
export function called(options = {}) {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { chromium: { type: 'string', default: '/usr/bin/chromium' }, dist: { type: 'string' }, ...options } })
  if (!positionals[0]) throw new Error('which `ade`? Give its path')
  if (!existsSync(values.chromium)) throw new Error(`no Chromium at ${values.chromium}: install it, or name one with --chromium`)
  return { ade: resolve(positionals[0]), ...values }
}

/** Runs that come here wait until they may go on. */
const HOLD = `import pathlib
import time


def hold(logger, input_file_name):
    logger.info(f"asks the register about {input_file_name}")
    logger.info("waits for the register")
    while not pathlib.Path(@GATE@).exists():
        time.sleep(0.02)


def register(registry):
    registry.register_hook(hold, hook="on_table_mapped", priority=10)
`
const BREAK = `def divide(table):
    return table / 0


def register(registry):
    registry.register_hook(divide, hook="on_table_validated", priority=10)
`

/** A folder with the configuration `crew`, one whose runs wait at a gate, and one that fails. */
export class Place {
  folder = mkdtempSync(join(tmpdir(), 'ade-console-'))
  process = null
  port = 0

  constructor(ade) {
    this.program = ade
    // A worker finds runs soon, and the next worker soon retries them.
    const hurry = { ADE_WORKER_POLL_INTERVAL: '0.1', ADE_WORKER_POLL_INTERVAL_MAX: '0.2', ADE_WORKER_CLEANUP_INTERVAL: '0.2', ADE_WORKER_BACKOFF_BASE_SECONDS: '0.2', ADE_WORKER_BACKOFF_MAX_SECONDS: '1' }
    this.env = { ...process.env, ...hurry, ADE_DATA_DIR: join(this.folder, 'data'), ADE_SANDBOX_WRITE: join(this.folder, 'gates'), NO_COLOR: '1' }
  }

  at = (...parts) => join(this.folder, ...parts)
  ade = (...what) => execFileSync(this.program, what, { cwd: this.folder, env: this.env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

  configurations() {
    mkdirSync(this.at('gates'))
    this.ade('init', 'crew', '--quiet')
    const hooked = (name, code) => {
      cpSync(this.at('crew'), this.at(name), { recursive: true })
      const manifest = readFileSync(this.at(name, 'pyproject.toml'), 'utf8')
      writeFileSync(this.at(name, 'pyproject.toml'), manifest.replaceAll('crew', name))
      mkdirSync(this.at(name, 'src/ade_config/hooks'))
      writeFileSync(this.at(name, 'src/ade_config/hooks/own.py'), code)
    }
    hooked('payroll', HOLD.replace('@GATE@', JSON.stringify(this.at('gates/open'))))
    hooked('broken', BREAK)
  }

  open = () => writeFileSync(this.at('gates/open'), '')

  /** Starts the server, after a first time where it was. */
  async start(...options) {
    const server = (this.process = spawn(this.program, ['dev', '--port', String(this.port), '--json', ...options], { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] }))
    server.closed = new Promise((done) => server.once('close', done))
    let said = ''
    let log = ''
    server.stderr.on('data', (text) => (log = `${log}${text}`.slice(-20_000)))
    this.log = () => log
    const told = await new Promise((good, bad) => {
      server.stdout.on('data', (text) => {
        said += text
        try {
          good(JSON.parse(said))
        } catch {
          // The output is not complete yet.
        }
      })
      server.once('exit', (code) => bad(new Error(`ade dev ended with ${code}: ${log}`)))
    })
    this.url = told.url
    this.token = told.token
    this.link = told.link
    this.port = Number(new URL(told.url).port)
    return this
  }

  /** As when the power fails. */
  async kill() {
    this.process.kill('SIGKILL')
    await this.process.closed
  }

  async end() {
    if (this.process && this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGINT')
      await this.process.closed
    }
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Asks the API. */
  async api(path, token = this.token, init = {}) {
    const response = await fetch(`${this.url}/api/v1/${path}`, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } })
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return response.json()
  }
}

export const launch = (executablePath) => chromium.launch({ executablePath, args: ['--no-sandbox', '--force-color-profile=srgb', '--font-render-hinting=none'] })

/** A browser of its own for a person. What goes wrong in a page of it, and what the policy forbids, is in `wrong`. */
export async function person(browser, { dist, ...options } = {}) {
  const wrong = []
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: 'reduce', locale: 'en-GB', colorScheme: 'light', ...options })
  context.setDefaultTimeout(HANG)
  await context.exposeFunction('wentWrong', (text) => wrong.push(text))
  await context.addInitScript(() => addEventListener('securitypolicyviolation', (event) => window.wentWrong(`forbidden: ${event.violatedDirective} ${event.blockedURI}`)))
  context.on('weberror', (error) => wrong.push(error.error().stack ?? String(error.error())))
  context.on('dialog', (dialog) => (dialog.type() === 'beforeunload' || wrong.push(`a dialog: ${dialog.message()}`), dialog.accept()))
  context.on('request', (request) => /^(https?|wss?):/.test(request.url()) && !['127.0.0.1', 'localhost'].includes(new URL(request.url()).hostname) && wrong.push(`asked another host: ${request.url()}`))
  if (dist) await context.route(/\/console(?!\/session)(\/|$|\?)/, (route) => fromFolder(route, dist))
  const page = await context.newPage()
  return { context, page, wrong }
}

const KINDS = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }

/** Answers as the server does, with its policy. */
async function fromFolder(route, dist) {
  const path = new URL(route.request().url()).pathname.slice('/console/'.length)
  const name = existsSync(join(dist, path)) && path.includes('.') ? path : 'index.html'
  const response = await route.fetch({ url: new URL('/console', route.request().url()).href })
  const { 'content-encoding': _, 'content-length': __, etag: ___, ...headers } = response.headers()
  await route.fulfill({ status: 200, headers: { ...headers, 'content-type': KINDS[name.split('.').at(-1)] }, body: readFileSync(join(dist, name)) })
}

/** Does one thing after another, and says how each went. What follows a failure is not tried: it would stand on nothing. */
export class Steps {
  passed = 0
  failed = 0
  began = performance.now()

  async step(name, does) {
    if (this.failed) return
    const began = performance.now()
    try {
      await does()
      this.passed++
      console.log(`ok     ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`)
    } catch (error) {
      this.failed++
      console.log(`FAILED ${name}\n${error.stack ?? error}`)
      await this.onFailure?.(name)
    }
  }

  /** The last line, and the exit status. */
  done() {
    console.log(`${this.passed} passed, ${this.failed} failed (${((performance.now() - this.began) / 1000).toFixed(0)} s)`)
    process.exitCode = this.failed ? 1 : 0
  }
}
