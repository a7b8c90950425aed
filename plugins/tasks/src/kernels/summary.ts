import type { Zyx } from '@chunkflow/sdk'

/** Seconds by timer, of one task. */
export interface TaskTimes {
  readonly device: string
  readonly seconds: ReadonlyMap<string, number>
}

/** A log file's text; undefined when it is no task log. Older logs are a JSON text inside JSON. */
export function parseLog(text: string): TaskTimes | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
    if (typeof value === 'string') value = JSON.parse(value)
  } catch {
    return undefined
  }
  const log = value as { timer?: unknown; compute_device?: unknown } | null
  if (typeof log !== 'object' || log === null || typeof log.timer !== 'object' || log.timer === null)
    return undefined
  const timers = Object.entries(log.timer).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  )
  return {
    device: typeof log.compute_device === 'string' ? log.compute_device : 'unknown',
    seconds: new Map(timers),
  }
}

const COMPLETE = 'complete_task'

/**
 * Tables of mean, maximum, minimum, speed (when the output size is known) and sum, one row per device. Columns are the timers
 * in the order of the first log that has them, then the sum of all timers of a log; a log without a timer does not count there.
 */
export function summarize(logs: readonly TaskTimes[], outputSize: Zyx | undefined): string[] {
  const columns = [...new Set(logs.flatMap(({ seconds }) => [...seconds.keys()])), COMPLETE]
  const devices = [...new Set(logs.map(({ device }) => device))].sort()
  const samples = (device: string, column: string): number[] =>
    logs
      .filter((log) => log.device === device)
      .flatMap(({ seconds }) => {
        if (column === COMPLETE) return [[...seconds.values()].reduce((left, right) => left + right, 0)]
        const value = seconds.get(column)
        return value === undefined ? [] : [value]
      })
  const table = (title: string, statistic: (values: number[]) => number): string[] => [
    `${title}:`,
    ...alignColumns([
      ['compute device', ...columns],
      ...devices.map((device) => [
        device,
        ...columns.map((column) => cell(samples(device, column), statistic)),
      ]),
    ]),
    '',
  ]
  const sum = (values: number[]): number => values.reduce((left, right) => left + right, 0)
  const mean = (values: number[]): number => sum(values) / values.length
  const megavoxels = outputSize === undefined ? 0 : (outputSize[0] * outputSize[1] * outputSize[2]) / 1e6
  return [
    ...table('mean time (sec)', mean),
    ...table('max time (sec)', (values) => values.reduce((left, right) => Math.max(left, right))),
    ...table('min time (sec)', (values) => values.reduce((left, right) => Math.min(left, right))),
    ...(outputSize === undefined
      ? []
      : table('mean speed (MVoxel/s)', (values) => megavoxels / mean(values))),
    ...table('summation of time (hour)', (values) => sum(values) / 3600),
  ]
}

const cell = (values: number[], statistic: (values: number[]) => number): string =>
  values.length === 0 ? '-' : String(Number(statistic(values).toFixed(6)))

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) =>
    row
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!)))
      .join('  '),
  )
}
