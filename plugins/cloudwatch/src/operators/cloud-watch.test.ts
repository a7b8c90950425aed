import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { isChunkflowError, SILENT_PROGRESS, type Step, type TaskLog } from '@chunkflow/sdk'
import { recordingLogger, testTask } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { metricsOf } from '../metrics.js'
import cloudWatch from './cloud-watch.js'

const test = suite('cloud-watch')

interface Received {
  readonly target: string
  readonly body: { Namespace: string; MetricData: { MetricName: string; Value: number; Unit: string }[] }
}
const received: Received[] = []
let status = 200
const server = createServer(async (request, response) => {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const bytes = Buffer.concat(parts)
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
  received.push({ target: String(request.headers['x-amz-target']), body: JSON.parse(text.toString()) })
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' })
  response.end(status === 200 ? '{}' : '{"__type": "AccessDenied", "message": "not yours"}')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
process.env.AWS_ENDPOINT_URL_CLOUDWATCH = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'
test.before.each(() => {
  received.length = 0
  status = 200
})
test.after(() => {
  server.closeAllConnections()
  server.close()
})

/** Runs the operator on a task with a log. */
async function send(log: Partial<TaskLog>, { dryRun = false, logName = 'chunkflow' } = {}) {
  const { logger, messages } = recordingLogger()
  const step = cloudWatch.create({
    options: { logName },
    logger,
    globals: { mip: 0, dryRun },
    name: 'cloud-watch',
    services: {},
    workers: {},
    assets: {},
  }) as Step
  const task = testTask()
  Object.assign(task.log, log)
  const context = {
    signal: new AbortController().signal,
    logger,
    progress: SILENT_PROGRESS,
    taskRange: undefined,
    onInterrupt: () => () => {},
  }
  try {
    await (dryRun ? step.dryRun!(task, context) : step.run(task, context))
  } finally {
    await step.dispose?.()
  }
  return messages
}

test('one metric a timer, in seconds, by compute device', async () => {
  const log = { timer: { inference: 12.5, 'save-precomputed': 0.25 }, compute_device: 'TITAN X (Pascal)' }
  const messages = await send(log, { logName: 'my-project' })
  const Dimensions = [{ Name: 'compute_device', Value: 'TITAN X (Pascal)' }]
  assert.equal(received, [
    {
      target: 'GraniteServiceVersion20100801.PutMetricData',
      body: {
        Namespace: 'my-project',
        MetricData: [
          { MetricName: 'inference', Value: 12.5, Unit: 'Seconds', Dimensions },
          { MetricName: 'save-precomputed', Value: 0.25, Unit: 'Seconds', Dimensions },
        ],
      },
    },
  ])
  assert.match(messages.info.join(), '"inference":12.5')
  assert.equal(messages.warn, [])
})

test('without a device the processor stands in; without timers nothing is sent', async () => {
  const messages = await send({ timer: { mask: 1 } })
  assert.is(received.length, 1)
  assert.match(messages.warn.join(), 'names no compute device')
  await send({ timer: {} })
  assert.is(received.length, 1)
})

test('more than a thousand timers go in several requests', () => {
  const timer = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`t${index}`, index]))
  const requests = metricsOf({ timer, compute_device: 'cpu' }, recordingLogger().logger)
  assert.equal(
    requests.map((data) => data.length),
    [1000, 1],
  )
  assert.is(requests[1]![0]!.MetricName, 't1000')
})

test('a dry run sends nothing', async () => {
  const messages = await send({ timer: { mask: 1 } }, { dryRun: true })
  assert.match(messages.info.join(), 'would send 1 timers to chunkflow')
  assert.equal(received, [])
})

test('a refusal is an error', async () => {
  status = 403
  try {
    await send({ timer: { mask: 1 }, compute_device: 'cpu' })
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'metrics-failed')
    assert.match(error.what, 'not yours')
    assert.not.ok(error.retryable)
  }
})

test.run()
