/**
 * Runs the uvu suites of the given files in this process and prints one JSON line of counts as its last word.
 * A file that registers no suite is an error: uvu alone would call it a success.
 */
import { pathToFileURL } from 'node:url'

process.env.FORCE_COLOR ??= '0'
globalThis.UVU_DEFER = 1
const uvu = await import('uvu')

const files = process.argv.slice(2)
globalThis.UVU_QUEUE = [[null]]
const empty = []
for (const [index, file] of files.entries()) {
  globalThis.UVU_INDEX = index
  globalThis.UVU_QUEUE[index] = [file.replace(`${process.cwd()}/`, '')]
  await import(pathToFileURL(file).href)
  if (globalThis.UVU_QUEUE[index].length < 2) empty.push(file)
}

let output = ''
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (chunk, ...rest) => {
  output += String(chunk)
  return write(chunk, ...rest)
}
await uvu.exec()
const count = (label) => Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? 0)
const total = count('Total')
const passed = count('Passed')
const skipped = count('Skipped')
for (const file of empty) console.error(`${file}: no suite (is test.run() missing?)`)
if (total === 0) console.error('no tests ran')
write(
  `\n${JSON.stringify({ harness: 1, passed, skipped, failed: total - passed + empty.length + (total === 0 ? 1 : 0) })}\n`,
)
