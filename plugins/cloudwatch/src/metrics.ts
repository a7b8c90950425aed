import { cpus } from 'node:os'
import type { MetricDatum } from '@aws-sdk/client-cloudwatch'
import type { Logger, TaskLog } from '@chunkflow/sdk'

/** Data of one request: Amazon's limit. */
const LARGEST_REQUEST = 1000

/** One metric for each timer of a task, in requests (specification 6.13). */
export function metricsOf(log: TaskLog, logger: Logger): MetricDatum[][] {
  const timers = Object.entries(log.timer)
  if (timers.length === 0) return []
  const Dimensions = [{ Name: 'compute_device', Value: deviceOf(log, logger) }]
  const data = timers.map(
    ([MetricName, Value]): MetricDatum => ({ MetricName, Value, Unit: 'Seconds', Dimensions }),
  )
  return Array.from({ length: Math.ceil(data.length / LARGEST_REQUEST) }, (_, request) =>
    data.slice(request * LARGEST_REQUEST, (request + 1) * LARGEST_REQUEST),
  )
}

function deviceOf({ compute_device: device }: TaskLog, logger: Logger): string {
  if (device !== undefined) return device
  const processor = cpus()[0]?.model.trim() || 'unknown'
  logger.warn(`the log names no compute device: its metrics are those of ${processor}`)
  return processor
}
