import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const BIN = path.join(ROOT, 'cli/bin/chunkflow.mjs')

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A command line as a shell would split it; quotes group words. */
export function words(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/["']/g, ''))
}

/** Runs the built command in a folder. */
export function chunkflow(
  line: string | readonly string[],
  { cwd, env = {} }: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  const args = typeof line === 'string' ? words(line.replace(/^chunkflow /, '')) : [...line]
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [BIN, ...args],
      { cwd, env: { ...process.env, NODE_OPTIONS: '', ...env }, maxBuffer: 1 << 26 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
        resolve({ code, stdout, stderr })
      },
    )
    child.stdin?.end()
  })
}

/** {@link chunkflow}, failing the test with what was printed when it does not succeed. */
export async function succeeds(
  line: string | readonly string[],
  where: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<CommandResult> {
  const result = await chunkflow(line, where)
  if (result.code !== 0)
    throw new Error(
      `exit ${result.code}: chunkflow ${typeof line === 'string' ? line : line.join(' ')}\n${result.stdout}${result.stderr}`,
    )
  return result
}

/** A folder for one suite. */
export function workFolder(): { readonly cwd: string; file(name: string): string; remove(): void } {
  const cwd = mkdtempSync(path.join(tmpdir(), 'chunkflow-pipeline-'))
  return {
    cwd,
    file: (name) => path.join(cwd, name),
    remove: () => rmSync(cwd, { recursive: true, force: true }),
  }
}

/** All files below a folder, relative, sorted. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort()
}

export interface Hdf5Dataset {
  readonly shape: readonly number[]
  readonly values: ArrayLike<number | bigint>
}

/** Reads datasets and root attributes with h5wasm directly, not through our reader. */
export async function readHdf5(file: string): Promise<{
  keys: string[]
  attributes: Record<string, unknown>
  dataset(name: string): Hdf5Dataset
  close(): void
}> {
  const h5wasm = await import('h5wasm/node')
  await h5wasm.ready
  if (statSync(file).size === 0) throw new Error(`${file} is empty`)
  const opened = new h5wasm.File(file, 'r')
  return {
    keys: opened.keys(),
    attributes: Object.fromEntries(
      Object.entries(opened.attrs).map(([name, attribute]) => [name, attribute.value]),
    ),
    dataset: (name) => {
      const found = opened.get(name) as { shape: number[]; value: ArrayLike<number | bigint> }
      return { shape: found.shape, values: found.value }
    },
    close: () => void opened.close(),
  }
}

export const sum = (values: ArrayLike<number | bigint>): number => {
  let total = 0
  for (let index = 0; index < values.length; index++) total += Number(values[index])
  return total
}

/** How many voxels each value has, by value. */
export function countValues(values: ArrayLike<number | bigint>): Map<number, number> {
  const counts = new Map<number, number>()
  for (let index = 0; index < values.length; index++)
    counts.set(Number(values[index]), (counts.get(Number(values[index])) ?? 0) + 1)
  return counts
}

/** A command as the documents have it, with a folder of the test in place of `/tmp`; paths into this checkout stay. */
export const withoutTmp = (line: string, folder: string): string =>
  line
    .split(ROOT)
    .map((part) => part.replaceAll('/tmp/', `${folder}/`))
    .join(ROOT)
