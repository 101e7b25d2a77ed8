// Writes what browsers take compressed beside each file, where it is smaller. The same Node writes the same bytes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

const sums = { plain: 0, gzip: 0, brotli: 0 }
for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue
  const path = join(entry.parentPath, entry.name)
  const bytes = readFileSync(path)
  const gzip = gzipSync(bytes, { level: 9 })
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  })
  sums.plain += bytes.length
  sums.gzip += Math.min(gzip.length, bytes.length)
  sums.brotli += Math.min(brotli.length, bytes.length)
  if (bytes.length < 1024) continue
  writeFileSync(`${path}.gz`, gzip)
  writeFileSync(`${path}.br`, brotli)
}
console.log(`${sums.plain} bytes, ${sums.gzip} as gzip, ${sums.brotli} as brotli`)
