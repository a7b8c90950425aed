/** Ratios between two ways of doing the same work, measured in alternating runs of one process tree. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { SYSTEM_PYTHON } from '@chunkflow/sdk/testing'

export interface Seconds {
  readonly cpu: number
  readonly wall: number
}

/** Does something once. What measures itself (a child that loads libraries first) returns its own seconds. */
export type Work = () => Seconds | void | Promise<Seconds | void>

/** What a benchmark gets. */
export interface Bench {
  readonly ratio: typeof ratio
}

const TICKS_PER_SECOND = 100

/** CPU seconds of this process and its threads, to a microsecond, and of its finished children, to a hundredth. Linux. */
function cpuSeconds(): number {
  const { user, system } = process.cpuUsage()
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
  return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

async function time(work: Work): Promise<Seconds> {
  const cpu = cpuSeconds()
  const wall = performance.now()
  const inner = await work()
  if (inner !== undefined) return inner
  return { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 }
}

const median = (values: readonly number[]): number =>
  [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]!

/**
 * @param name what is compared with what
 * @returns medians of the ratios of neighbouring runs
 */
export async function ratio(
  name: string,
  ours: Work,
  reference: Work,
  { runs = 5, target }: { readonly runs?: number; readonly target?: number } = {},
): Promise<{ readonly name: string; readonly cpu: number; readonly wall: number }> {
  await ours()
  await reference()
  const pairs: { ours: Seconds; reference: Seconds }[] = []
  for (let index = 0; index < runs; index++)
    if (index % 2 === 0) pairs.push({ ours: await time(ours), reference: await time(reference) })
    else pairs.push({ reference: await time(reference), ours: await time(ours) })
  const of = (key: keyof Seconds): number[] => pairs.map((pair) => pair.ours[key] / pair.reference[key])
  const describe = (key: keyof Seconds): string =>
    `${median(of(key)).toFixed(2)} (${Math.min(...of(key)).toFixed(2)}-${Math.max(...of(key)).toFixed(2)})`
  console.log(
    `${name.padEnd(64)} cpu ${describe('cpu').padEnd(18)} wall ${describe('wall').padEnd(18)} ${target === undefined ? '' : `target <= ${target}`}`,
  )
  return { name, cpu: median(of('cpu')), wall: median(of('wall')) }
}

/** Runs a Python program that prints its seconds as JSON. */
export const pythonSeconds = (program: string, ...args: readonly string[]): Seconds =>
  JSON.parse(execFileSync(SYSTEM_PYTHON, ['-c', program, ...args], { encoding: 'utf8' })) as Seconds
