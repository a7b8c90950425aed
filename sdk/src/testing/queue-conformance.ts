import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FailedMessage, Queue, QueueDriver, QueueMessage } from '../contracts/queues.js'
import type { ConformanceCheck } from './operator-conformance.js'

/** Bodies as chunkflow sends them, more than fit into two batches of a cloud queue. */
const BODIES = Array.from({ length: 23 }, (_, index) => `-5-${index}_0-64_-64-0`)
/** How long a test waits for what must happen at last. */
const PATIENCE_MS = 30_000
/** A lease that is waited for. */
const SHORT_SECONDS = 2
/** A lease that is kept alive, far from its end also on a busy machine. */
const KEPT_SECONDS = 8
/** A lease that does not end within a test. */
const LONG_SECONDS = 600

/**
 * What a queue promises (see the contract QUEUES), as cases for any test runner. Leases are waited for, so the cases take some
 * seconds; run them side by side if the runner can.
 * @param driver opens queues by name; `receive` on an empty queue should answer within a second or so
 * @param freshName the name of a queue that does not exist yet, another at every call
 */
export function queueConformance(
  driver: () => Promise<QueueDriver> | QueueDriver,
  freshName: () => string,
): readonly ConformanceCheck[] {
  return Object.entries(CASES).map(([name, check]) => ({
    name,
    run: async () => check({ driver: await driver(), name: freshName() }),
  }))
}

interface Place {
  readonly driver: QueueDriver
  readonly name: string
}

const CASES: Readonly<Record<string, (place: Place) => Promise<void>>> = {
  'a new queue is empty': async (place) => {
    assert.equal(await receive(await open(place)), null)
  },

  'gives out every body once, as it was sent, also equal ones': async (place) => {
    const queue = await open(place)
    const sent = [...BODIES, BODIES[0]!, 'ä/漢字 "quoted" <&>\nline']
    await queue.send(sent)
    assert.deepEqual((await drain(queue)).sort(), [...sent].sort())
    assert.equal(await receive(queue), null)
  },

  'sends nothing when there is nothing to send': async (place) => {
    const queue = await open(place)
    await queue.send([])
    assert.equal(await receive(queue), null)
  },

  'a queue opened twice is one queue': async (place) => {
    await (await open(place)).send(['0-1_0-1_0-1'])
    const other = await open(place)
    assert.deepEqual(await drain(other), ['0-1_0-1_0-1'])
    assert.equal(await receive(await open(place)), null)
  },

  'receivers side by side never hold one message together': async (place) => {
    const queue = await open(place)
    await queue.send(BODIES)
    const receivers = await Promise.all(BODIES.map(async () => receive(await open(place))))
    const bodies = receivers.map((message) => message?.body)
    assert.deepEqual(bodies.sort(), [...BODIES].sort())
  },

  'hides a received message': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    const first = await receive(queue, LONG_SECONDS)
    assert.equal(first?.body, '0-1_0-1_0-1')
    assert.equal(first.seconds, LONG_SECONDS)
    assert.equal(await receive(await open(place), LONG_SECONDS), null)
    await first.acknowledge()
  },

  'offers a message again when its time is over': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    assert.equal((await receive(queue, SHORT_SECONDS))?.seconds, SHORT_SECONDS)
    const again = await receiveAtLast(queue)
    assert.equal(again.body, '0-1_0-1_0-1')
    await again.acknowledge()
  },

  'hides a message as long as the queue was made with, unless told otherwise': async (place) => {
    const queue = await open(place, 77)
    await queue.send(['a', 'b'])
    assert.equal((await receive(queue))?.seconds, 77)
    assert.equal((await receive(await open(place)))?.seconds, 77)
  },

  'keeps a message hidden while its lease is extended': async (place) => {
    const queue = await open(place)
    const other = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    const message = await receive(queue, KEPT_SECONDS)
    for (const end = Date.now() + (KEPT_SECONDS + 2) * 1000; Date.now() < end; ) {
      await sleep(1000)
      await message!.extend()
    }
    assert.equal(await receive(other, LONG_SECONDS), null)
    await message!.acknowledge()
  },

  'never offers an acknowledged message again, also after its time': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    const message = await receive(queue, SHORT_SECONDS)
    await message!.extend()
    await message!.acknowledge()
    await sleep(SHORT_SECONDS * 1000 + 500)
    assert.equal(await receive(queue), null)
  },

  'acknowledging twice does no harm': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1', '1-2_0-1_0-1'])
    const message = await receive(queue)
    await message!.acknowledge()
    await message!.acknowledge()
    assert.equal((await drain(queue)).length, 1)
  },

  'offers a released message again, before its time is over': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    await (await receive(queue, LONG_SECONDS))!.release('not today')
    const again = await receiveAtLast(queue)
    assert.equal(again.body, '0-1_0-1_0-1')
    await again.acknowledge()
  },

  'a released message comes back as often as it is released': async (place) => {
    // what makes a dead letter is a recorded failure, never the number of deliveries
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    for (let round = 0; round < 12; round++) await (await receiveAtLast(queue)).release('once more')
    await (await receiveAtLast(queue)).acknowledge()
  },

  'puts a dead letter aside': async (place) => {
    const queue = await open(place)
    await queue.send(['0-1_0-1_0-1'])
    const message = await receive(queue, SHORT_SECONDS)
    if (message!.deadLetter === undefined) return message!.acknowledge()
    await message!.deadLetter('the model is missing')
    await sleep(SHORT_SECONDS * 1000 + 500)
    assert.equal(await receive(queue), null)
  },

  'a queue that is to be there already is not made': async ({ driver, name }) => {
    const code = await driver.open(name, { create: false }).then(
      () => 'made',
      (error: { code?: string }) => error.code,
    )
    assert.equal(code, 'queue-missing')
    await (await driver.open(name, {})).send(['0-1_0-1_0-1'])
    assert.deepEqual(await drain(await driver.open(name, { create: false })), ['0-1_0-1_0-1'])
  },

  'counts what waits, what is held and what was put aside': async (place) => {
    const queue = await open(place)
    if (queue.counts === undefined) return
    assert.deepEqual(await queue.counts(), { waiting: 0, held: 0, failed: 0 })
    await queue.send(BODIES)
    const held = await receive(queue, LONG_SECONDS)
    const bad = await receive(queue, LONG_SECONDS)
    const failed = bad!.deadLetter === undefined ? 0 : 1
    await (failed === 1 ? bad!.deadLetter!('a reason') : bad!.acknowledge())
    assert.deepEqual(await queue.counts(), { waiting: BODIES.length - 2, held: 1, failed })
    await held!.acknowledge()
  },

  'tells what was put aside and why, again and again': async (place) => {
    const queue = await open(place)
    const sent = await putAside(queue)
    if (sent === undefined || queue.failed === undefined) return
    for (let round = 0; round < 2; round++) {
      const letters = await lettersOf(await open(place))
      assert.deepEqual(
        letters.map(({ body, reason }) => `${body}: ${reason}`).sort(),
        sent.map((body) => `${body}: "ä" is missing\nin ${body}`),
      )
    }
    // who stops in between leaves the rest
    for await (const _ of queue.failed({ signal: new AbortController().signal })) break
    assert.equal((await lettersOf(queue)).length, sent.length)
  },

  'offers again what was put aside, or forgets it': async (place) => {
    const queue = await open(place)
    const sent = await putAside(queue)
    if (sent === undefined || queue.failed === undefined) return
    for await (const letter of queue.failed({ signal: new AbortController().signal })) {
      if (letter.body === sent[0]) await letter.remove()
      if (letter.body === sent[1]) await letter.retry()
    }
    assert.deepEqual((await lettersOf(queue)).map(({ body }) => body).sort(), sent.slice(2))
    assert.deepEqual(await drain(queue), [sent[1]])
  },

  'a message keeps its stamp, and others have none': async (place) => {
    const queue = await open(place)
    if (queue.keepsStamps !== true) return
    const stamp = '0123456789abcdef'.repeat(4)
    await queue.send(['0-1_0-1_0-1', '1-2_0-1_0-1'], { stamp })
    await queue.send(['0-1_0-1_0-1'])
    const stamps = async (): Promise<readonly string[]> => {
      const found: string[] = []
      for (
        let message = await receive(queue, LONG_SECONDS);
        message !== null;
        message = await receive(queue)
      ) {
        found.push(`${message.body} ${message.stamp}`)
        if (message.stamp === undefined || message.deadLetter === undefined) await message.acknowledge()
        else await message.deadLetter('a reason')
      }
      return found.sort()
    }
    const stamped = [`0-1_0-1_0-1 ${stamp}`, `1-2_0-1_0-1 ${stamp}`]
    const again = await receiveAtLast(queue)
    await again.release('once more')
    assert.deepEqual(await stampsAtLast(stamps, 3), [...stamped, '0-1_0-1_0-1 undefined'].sort())
    if (queue.failed === undefined || (await queue.counts?.())?.failed === 0) return
    const letters = await lettersOf(queue)
    assert.deepEqual(letters.map(({ body, stamp: own }) => `${body} ${own}`).sort(), stamped)
    for await (const letter of queue.failed({ signal: new AbortController().signal })) await letter.retry()
    assert.deepEqual(await stampsAtLast(stamps, 2), stamped)
  },

  'an aborted receiver comes back with nothing': async (place) => {
    const queue = await open(place)
    assert.equal(await queue.receive({ signal: AbortSignal.abort() }), null)
    await queue.send(['0-1_0-1_0-1'])
    assert.equal(await queue.receive({ signal: AbortSignal.abort() }), null)
    assert.deepEqual(await drain(queue), ['0-1_0-1_0-1'])
  },
}

const open = ({ driver, name }: Place, visibilitySeconds?: number): Promise<Queue> =>
  driver.open(name, visibilitySeconds === undefined ? {} : { visibilitySeconds })

const receive = (queue: Queue, visibilitySeconds?: number): Promise<QueueMessage | null> =>
  queue.receive({
    signal: new AbortController().signal,
    ...(visibilitySeconds === undefined ? {} : { visibilitySeconds }),
  })

/** A message, as soon as there is one. */
async function receiveAtLast(queue: Queue): Promise<QueueMessage> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(100)) {
    const message = await receive(queue)
    if (message !== null) return message
  }
  throw new assert.AssertionError({ message: 'the message never came back' })
}

/** What several tries find, until it is as much as there must be. */
async function stampsAtLast(
  find: () => Promise<readonly string[]>,
  count: number,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const deadline = Date.now() + PATIENCE_MS; found.length < count && Date.now() < deadline; )
    found.push(...(await find()))
  return found.sort()
}

/** Sends and puts aside more messages than a cloud gives out at once; undefined where that cannot be done. */
async function putAside(queue: Queue): Promise<string[] | undefined> {
  const bodies = [...BODIES].sort()
  await queue.send(bodies)
  for (let message = await receive(queue, LONG_SECONDS); message !== null; message = await receive(queue)) {
    if (message.deadLetter === undefined) return undefined
    await message.deadLetter(`"ä" is missing\nin ${message.body}`)
  }
  return bodies
}

async function lettersOf(queue: Queue): Promise<FailedMessage[]> {
  const letters: FailedMessage[] = []
  for await (const letter of queue.failed!({ signal: new AbortController().signal })) letters.push(letter)
  return letters
}

/** Bodies of all messages, acknowledged one by one. */
async function drain(queue: Queue): Promise<string[]> {
  const bodies: string[] = []
  for (let message = await receive(queue); message !== null; message = await receive(queue)) {
    bodies.push(message.body)
    await message.acknowledge()
  }
  return bodies
}
