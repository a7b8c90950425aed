import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { errorOf, faultyServer, queueConformance, sideBySide } from '@chunkflow/sdk/testing'
import { buildApp } from 'fauxqs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createSqsDriver } from './sqs-driver.js'
import { waitSeconds } from './wait-seconds.js'

const test = suite('SQS')
const app = buildApp({ logger: false })
const address = await app.listen({ port: 0, host: '127.0.0.1' })
const environment = {
  AWS_ENDPOINT_URL_SQS: address,
  AWS_REGION: 'eu-central-1',
  CHUNKFLOW_QUEUE_WAIT_SECONDS: '0',
}
process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'
const driver = createSqsDriver(environment)
test.after(async () => {
  driver.dispose()
  await app.close()
})

let queues = 0
const checks = queueConformance(
  () => driver,
  () => `queue-${queues++}`,
)
// leases are waited for
for (const { name, run } of sideBySide(checks)) test(name, run)

type Answer = (body: Record<string, unknown>, request: IncomingMessage) => unknown
interface Failure {
  readonly status: number
  readonly type: string
}
const fails = (status: number, type: string): Failure => ({ status, type })
const isFailure = (answer: unknown): answer is Failure =>
  typeof answer === 'object' && answer !== null && 'status' in answer

/** A server that answers by the name of the action, and what it was asked. */
async function stub(answers: Readonly<Record<string, Answer>>) {
  const asked: { action: string; body: Record<string, unknown> }[] = []
  const server = await faultyServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const action = String(request.headers['x-amz-target']).replace('AmazonSQS.', '')
    const body = JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>
    asked.push({ action, body })
    const answer = answers[action]?.(body, request) ?? fails(400, 'com.amazonaws.sqs#InvalidAction')
    response.writeHead(isFailure(answer) ? answer.status : 200, {
      'content-type': 'application/x-amz-json-1.0',
    })
    response.end(
      JSON.stringify(isFailure(answer) ? { __type: answer.type, message: `told ${answer.type}` } : answer),
    )
  })
  const opened = createSqsDriver({ ...environment, AWS_ENDPOINT_URL_SQS: server.url })
  return {
    driver: opened,
    asked,
    close: async () => {
      opened.dispose()
      await server.close()
    },
  }
}
const PRESENT: Readonly<Record<string, Answer>> = {
  GetQueueUrl: () => ({ QueueUrl: 'http://nowhere.invalid/1/work' }),
  GetQueueAttributes: () => ({ Attributes: { VisibilityTimeout: '600' } }),
}
const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const signal = new AbortController().signal

test('makes a queue that is missing, with long polls, its time-out and the longest keeping', async () => {
  const {
    driver: opened,
    asked,
    close,
  } = await stub({
    ...PRESENT,
    GetQueueUrl: () => fails(400, 'com.amazonaws.sqs#QueueDoesNotExist'),
    CreateQueue: () => ({ QueueUrl: 'http://nowhere.invalid/1/work' }),
  })
  try {
    await opened.open('work', {})
    await opened.open('other', { visibilitySeconds: 120 })
  } finally {
    await close()
  }
  const made = asked.filter(({ action }) => action === 'CreateQueue').map(({ body }) => body)
  const attributes = { ReceiveMessageWaitTimeSeconds: '20', MessageRetentionPeriod: '1209600' }
  assert.equal(made, [
    { QueueName: 'work', Attributes: { ...attributes, VisibilityTimeout: '3600' } },
    { QueueName: 'other', Attributes: { ...attributes, VisibilityTimeout: '120' } },
  ])
})

test('two workers may make one queue at once', async () => {
  let looked = 0
  const { driver: opened, close } = await stub({
    ...PRESENT,
    GetQueueUrl: (body, request) =>
      looked++ === 0
        ? fails(400, 'com.amazonaws.sqs#QueueDoesNotExist')
        : PRESENT.GetQueueUrl!(body, request),
    CreateQueue: () => fails(400, 'com.amazonaws.sqs#QueueNameExists'),
  })
  try {
    await opened.open('work', {})
    assert.is(looked, 2)
  } finally {
    await close()
  }
})

test('sends again what one answer could not take, and only that', async () => {
  const batches: string[][] = []
  const { driver: opened, close } = await stub({
    ...PRESENT,
    SendMessageBatch: ({ Entries }) => {
      const entries = Entries as { Id: string; MessageBody: string }[]
      batches.push(entries.map((entry) => entry.MessageBody))
      const refused = batches.length === 1 ? ['1', '3'] : []
      return {
        Successful: entries
          .filter(({ Id }) => !refused.includes(Id))
          .map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody) })),
        Failed: refused.map((Id) => ({ Id, SenderFault: false, Code: 'InternalError' })),
      }
    },
  })
  try {
    await (await opened.open('work', {})).send(['a', 'b', 'c', 'd'])
  } finally {
    await close()
  }
  assert.equal(batches, [
    ['a', 'b', 'c', 'd'],
    ['b', 'd'],
  ])
})

test('an entry that is refused for good is an error that tells how many were sent', async () => {
  let requests = 0
  const { driver: opened, close } = await stub({
    ...PRESENT,
    SendMessageBatch: ({ Entries }) => {
      requests += 1
      const entries = Entries as { Id: string; MessageBody: string }[]
      return {
        Successful: entries
          .slice(1)
          .map(({ Id, MessageBody }) => ({ Id, MessageId: Id, MD5OfMessageBody: md5(MessageBody) })),
        Failed: [{ Id: '0', SenderFault: true, Code: 'InvalidMessageContents', Message: 'bad characters' }],
      }
    },
  })
  try {
    const error = await errorOf((await opened.open('work', {})).send(['a', 'b', 'c']))
    assert.is(error.code, 'queue-unreachable')
    assert.match(error.what, 'Only 2 of 3 messages were sent: InvalidMessageContents: bad characters')
    assert.is(requests, 1)
  } finally {
    await close()
  }
})

test('asks with the time-out that is given, and never trusts a body that arrived damaged', async () => {
  let body = '0-1_0-1_0-1'
  const {
    driver: opened,
    asked,
    close,
  } = await stub({
    ...PRESENT,
    ReceiveMessage: () => ({
      Messages: [{ Body: body, MD5OfBody: md5('0-1_0-1_0-1'), MessageId: 'm', ReceiptHandle: 'r' }],
    }),
  })
  try {
    const queue = await opened.open('work', {})
    assert.is((await queue.receive({ signal }))!.seconds, 600)
    assert.is((await queue.receive({ signal, visibilitySeconds: 60 }))!.seconds, 60)
    const requests = asked.filter(({ action }) => action === 'ReceiveMessage').map((request) => request.body)
    assert.equal(
      requests.map(({ VisibilityTimeout, WaitTimeSeconds, MaxNumberOfMessages }) => [
        VisibilityTimeout,
        WaitTimeSeconds,
        MaxNumberOfMessages,
      ]),
      [
        [undefined, 0, 1],
        [60, 0, 1],
      ],
    )
    body = '0-1_0-1_0-2'
    assert.match((await errorOf(queue.receive({ signal }))).what, 'MD5')
  } finally {
    await close()
  }
})

test('a server in trouble is asked again; one that stays so is an error worth another run', async () => {
  let answers = 0
  const { driver: opened, close } = await stub({
    ...PRESENT,
    GetQueueUrl: (body, request) =>
      answers++ < 2 ? fails(503, 'ServiceUnavailable') : PRESENT.GetQueueUrl!(body, request),
    ReceiveMessage: () => fails(500, 'InternalFailure'),
  })
  try {
    const queue = await opened.open('work', {})
    const error = await errorOf(queue.receive({ signal }))
    assert.is(error.code, 'queue-unreachable')
    assert.ok(error.retryable)
  } finally {
    await close()
  }
})

test('refused credentials, lost leases and bad names say so', async () => {
  const { driver: opened, close } = await stub({
    ...PRESENT,
    ReceiveMessage: () => ({
      Messages: [{ Body: 'a', MD5OfBody: md5('a'), MessageId: 'm', ReceiptHandle: 'r' }],
    }),
    ChangeMessageVisibility: () => fails(400, 'com.amazonaws.sqs#MessageNotInflight'),
    SendMessageBatch: () => fails(403, 'AccessDenied'),
  })
  try {
    const queue = await opened.open('work', {})
    const message = (await queue.receive({ signal }))!
    assert.is((await errorOf(message.extend())).code, 'queue-lease-lost')
    await message.release('what is no longer held is free')
    assert.is((await errorOf(queue.send(['a']))).code, 'queue-denied')
    for (const name of ['', 'a b', 'work.fifo', 'x'.repeat(81), '../x'])
      assert.is((await errorOf(opened.open(name, {}))).code, 'queue-name-invalid')
  } finally {
    await close()
  }
})

test('times longer than Amazon allows are refused before anything is asked', async () => {
  assert.is((await errorOf(driver.open('long', { visibilitySeconds: 43_201 }))).code, 'flag-invalid')
  const queue = await driver.open('long', { visibilitySeconds: 43_200 })
  assert.is((await errorOf(queue.receive({ signal, visibilitySeconds: 50_000 }))).code, 'flag-invalid')
})

test('a dead letter lies in a queue beside, with its reason', async () => {
  const queue = await driver.open('graves', {})
  await queue.send(['0-1_0-1_0-1'])
  await (await queue.receive({ signal }))!.deadLetter!('model.onnx is missing')
  assert.is(await queue.receive({ signal }), null)
  const letters = await driver.open('graves-dead-letters', {})
  assert.is((await letters.receive({ signal }))?.body, '0-1_0-1_0-1')
  const seen = (await (await fetch(`${address}/_fauxqs/queues/graves-dead-letters`)).json()) as {
    messages: { inflight: { message: { messageAttributes: { reason: { StringValue: string } } } }[] }
  }
  const [letter] = seen.messages.inflight
  assert.is(letter!.message.messageAttributes.reason.StringValue, 'model.onnx is missing')
})

test('when the queue of dead letters cannot be opened once, the next letter finds it', async () => {
  let looked = 0
  const message = { Body: 'a', MD5OfBody: md5('a'), MessageId: 'm', ReceiptHandle: 'r' }
  const {
    driver: opened,
    asked,
    close,
  } = await stub({
    ...PRESENT,
    GetQueueUrl: (body, request) =>
      body.QueueName === 'work-dead-letters' && looked++ === 0
        ? fails(403, 'AccessDenied')
        : PRESENT.GetQueueUrl!(body, request),
    ReceiveMessage: () => ({ Messages: [message] }),
    SendMessageBatch: () => ({ Successful: [{ Id: '0', MessageId: 'n', MD5OfMessageBody: md5('a') }] }),
    DeleteMessage: () => ({}),
  })
  try {
    const queue = await opened.open('work', {})
    const first = (await queue.receive({ signal }))!
    assert.is((await errorOf(first.deadLetter!('bad'))).code, 'queue-denied')
    await first.deadLetter!('bad')
    assert.equal(
      asked.slice(-2).map(({ action }) => action),
      ['SendMessageBatch', 'DeleteMessage'],
    )
  } finally {
    await close()
  }
})

test('a reason loses the characters that Amazon refuses, so that the letter is kept', async () => {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  const queue = await driver.open('colours', {})
  await queue.send(['0-1_0-1_0-1'])
  await (await queue.receive({ signal }))!.deadLetter!('\u001b[31mred\u001b[0m\0 \t\n\uffff\ud800 naïve 🧠')
  const reasons: string[] = []
  for await (const { reason } of queue.failed!({ signal })) reasons.push(reason)
  assert.equal(reasons, ['[31mred[0m \t\n naïve 🧠'])
})

test('the wait at the server is told in whole seconds up to 20', () => {
  assert.is(waitSeconds({}), 20)
  assert.is(waitSeconds({ CHUNKFLOW_QUEUE_WAIT_SECONDS: '3' }), 3)
  for (const text of ['21', '-1', 'soon', '1.5'])
    assert.throws(() => waitSeconds({ CHUNKFLOW_QUEUE_WAIT_SECONDS: text }), 'CHUNKFLOW_QUEUE_WAIT_SECONDS')
})

test.run()
