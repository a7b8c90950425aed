/** Ratios between two ways of doing the same work, measured in alternating runs of one process tree. */
import { readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** CPU seconds of this process and its threads, to a microsecond, and of its finished children, to a hundredth. Linux. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage()
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
  return (user + system) / 1e6 + (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND
}

async function time(work) {
  const cpu = cpuSeconds()
  const wall = performance.now()
  const inner = await work()
  // work that measures itself (a child that loads libraries first) returns its own seconds
  if (inner !== undefined) return { cpu: inner.cpu, wall: inner.wall }
  return { cpu: cpuSeconds() - cpu, wall: (performance.now() - wall) / 1000 }
}

const median = (values) => [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]

/**
 * @param name what is compared with what
 * @param ours,reference functions doing the work once; may return { cpu, wall } of their own
 * @returns medians of the ratios of neighbouring runs, and their spread
 */
export async function ratio(name, ours, reference, { runs = 5, target } = {}) {
  await ours()
  await reference()
  const pairs = []
  for (let index = 0; index < runs; index++) {
    const order = index % 2 === 0 ? ['ours', 'reference'] : ['reference', 'ours']
    const pair = {}
    for (const side of order) pair[side] = await time(side === 'ours' ? ours : reference)
    pairs.push(pair)
  }
  const of = (key) => pairs.map(({ ours: a, reference: b }) => a[key] / b[key])
  const describe = (key) =>
    `${median(of(key)).toFixed(2)} (${Math.min(...of(key)).toFixed(2)}-${Math.max(...of(key)).toFixed(2)})`
  const result = { name, cpu: median(of('cpu')), wall: median(of('wall')), target }
  console.log(
    `${name.padEnd(64)} cpu ${describe('cpu').padEnd(18)} wall ${describe('wall').padEnd(18)} ${target === undefined ? '' : `target <= ${target}`}`,
  )
  return result
}
