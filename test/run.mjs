/**
 * The test command: every package's `*.test.ts` under uvu, one process per package, then the suites of this folder.
 * `npm test -- plugins/tiff` runs some. Ends with a line `N passed, N failed`.
 */
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const TIMEOUT_MS = 8 * 60_000
/** How long a process may live after its last test: longer means a worker or a server was left running. */
const LEAK_MS = 10_000

const directories = (folder) =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(folder, entry.name))

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'output', 'external-plugin', 'templates'].includes(entry.name)
        ? []
        : testFiles(file)
    return entry.name.endsWith('.test.ts') ? [file] : []
  })
}

const wanted = process.argv.slice(2)
const groups = [
  ...['kernel', 'sdk', 'cli'].map((name) => path.join(root, name)),
  ...directories(path.join(root, 'plugins')),
  ...directories(path.join(root, 'test')),
]
  .filter(
    (folder) =>
      wanted.length === 0 ||
      wanted.some((name) => path.relative(root, folder).startsWith(name.replace(/\/$/, ''))),
  )
  .map((folder) => ({ name: path.relative(root, folder), files: testFiles(folder) }))
  .filter((group) => {
    const isPackage = !group.name.startsWith('test/')
    return group.files.length > 0 || isPackage
  })

async function runGroup({ name, files }) {
  if (files.length === 0)
    return { name, passed: 0, skipped: 0, failed: 1, output: `${name}: a package without tests\n` }
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--import', 'tsx', path.join(root, 'test/harness.mjs'), ...files],
    {
      cwd: root,
      env: {
        ...process.env,
        TSX_TSCONFIG_PATH: path.join(root, 'tsconfig.json'),
        NODE_OPTIONS: '--no-warnings',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  let counts
  let reason
  const stop = (text) => {
    reason = text
    child.kill('SIGKILL')
  }
  let timer = setTimeout(stop, TIMEOUT_MS, `timed out after ${TIMEOUT_MS / 1000} s`)
  const read = (chunk) => {
    output += chunk
    const found = /\n(\{"harness":1.*\})\n/.exec(output)
    if (found === null || counts !== undefined) return
    counts = JSON.parse(found[1])
    clearTimeout(timer)
    timer = setTimeout(stop, LEAK_MS, 'did not end by itself: a worker, server or timer was left running')
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  const code = await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  output = output.replace(/\n\{"harness":1.*\}\n/, '')
  if (reason !== undefined) output += `${name}: ${reason}\n`
  const failed = (counts?.failed ?? 0) + (reason !== undefined || counts === undefined ? 1 : 0)
  if (counts === undefined && reason === undefined)
    output += `${name}: ended with code ${code} before its tests did\n`
  return { name, passed: counts?.passed ?? 0, skipped: counts?.skipped ?? 0, failed, output }
}

const queue = [...groups].sort((left, right) => weight(right) - weight(left))
const results = []
function weight(group) {
  return (
    group.files.reduce((sum, file) => sum + statSync(file).size, 0) +
    (group.name.startsWith('test/') ? 1e9 : 0)
  )
}
async function worker() {
  for (let group = queue.shift(); group !== undefined; group = queue.shift()) {
    const result = await runGroup(group)
    results.push(result)
    const summary = `${result.passed} passed, ${result.failed} failed${result.skipped > 0 ? `, ${result.skipped} skipped` : ''}`
    process.stdout.write(`${result.failed > 0 ? result.output : ''}${result.name.padEnd(32)} ${summary}\n`)
    const notes = result.output.match(/^.*skipped: needs.*$/gm) ?? []
    if (result.failed === 0) for (const note of new Set(notes)) process.stdout.write(`  ${note}\n`)
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker))
const sum = (key) => results.reduce((total, result) => total + result[key], 0)
if (groups.length === 0) console.error(`no tests match ${wanted.join(' ')}`)
const failed = sum('failed') + (groups.length === 0 ? 1 : 0)
console.log(`\n${sum('passed')} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
