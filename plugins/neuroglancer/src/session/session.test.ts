import { PassThrough } from 'node:stream'
import type { ViewerContext } from '@chunkflow/sdk'
import { recordingLogger } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openSession, type SessionSettings } from './session.js'
import { waitForPerson } from './wait-for-person.js'

const test = suite('viewer session')

function setUp() {
  const controller = new AbortController()
  const { logger, messages } = recordingLogger()
  const handlers: (() => void)[] = []
  const context: ViewerContext = {
    signal: controller.signal,
    logger,
    onInterrupt: (handler) => {
      handlers.push(handler)
      return () => void handlers.splice(handlers.indexOf(handler), 1)
    },
  }
  return { controller, context, messages, handlers }
}
const never = new Promise<void>(() => {})

test('q and Enter end the wait, other lines do not; the input can be used again', async () => {
  const { context, handlers } = setUp()
  const input = new PassThrough()
  for (let round = 0; round < 2; round++) {
    const waiting = waitForPerson(never, context, input)
    input.write('hello\nqq\n ')
    await new Promise((resolve) => setImmediate(resolve))
    assert.is(handlers.length, 1)
    input.write('q \n')
    assert.is(await waiting, 'key')
    assert.is(handlers.length, 0)
    assert.is(input.listenerCount('data'), 0)
  }
})

test('the end of the input, an interrupt, the page and the end of the run end it', async () => {
  const ended = new PassThrough()
  const one = waitForPerson(never, setUp().context, ended)
  ended.end()
  assert.is(await one, 'input-closed')
  assert.is(await waitForPerson(never, setUp().context, ended), 'input-closed')
  const interrupted = setUp()
  const two = waitForPerson(never, interrupted.context, new PassThrough())
  interrupted.handlers[0]!()
  assert.is(await two, 'interrupt')
  assert.is(await waitForPerson(Promise.resolve(), setUp().context, undefined), 'page')
  const stopped = setUp()
  const three = waitForPerson(never, stopped.context, undefined)
  stopped.controller.abort()
  assert.is(await three, 'stopped')
  assert.is(await waitForPerson(never, stopped.context, undefined), 'stopped')
})

const open = (settings: Partial<SessionSettings>, context: ViewerContext) =>
  openSession(
    { page: new URL('../pages/view/', import.meta.url), routes: [], button: 'Go on', ...settings },
    context,
  )

test('prints one address; the button of the page ends the wait', async () => {
  const { context, messages } = setUp()
  const session = await open({}, context)
  try {
    assert.equal(messages.result, ['Open this url in browser: ', session.url])
    assert.match(session.url, /^http:\/\/127\.0\.0\.1:\d+\/$/)
    assert.equal(await (await fetch(`${session.url}session.json`)).json(), { button: 'Go on' })
    const waiting = session.wait()
    assert.is((await fetch(`${session.url}continue`, { method: 'POST' })).status, 403)
    const answer = await fetch(`${session.url}continue`, { method: 'POST', headers: { 'x-chunkflow': '1' } })
    assert.is(answer.status, 200)
    await answer.text()
    assert.is(await waiting, 'page')
  } finally {
    await session.close()
  }
  assert.is(
    await fetch(session.url).then(
      () => 'answers',
      () => 'closed',
    ),
    'closed',
  )
})

test('beyond loopback the address has a random part, another each time', async () => {
  const { context } = setUp()
  const first = await open({ bind: '0.0.0.0' }, context)
  const second = await open({ bind: '0.0.0.0' }, context)
  try {
    const tokens = [first, second].map(({ url }) => /^http:\/\/[^/]+\/([0-9a-f]{32})\/$/.exec(url)?.[1])
    assert.ok(tokens[0] !== undefined && tokens[1] !== undefined && tokens[0] !== tokens[1], first.url)
    const { port } = new URL(first.url)
    assert.is((await fetch(`http://127.0.0.1:${port}/`)).status, 404)
    assert.is((await fetch(`http://127.0.0.1:${port}/${tokens[0]}/`)).status, 200)
  } finally {
    await first.close()
    await second.close()
  }
})

test('a token that would not survive in an address is refused; nobody waits, no button', async () => {
  const { context } = setUp()
  const refused = await open({ token: 'a/b' }, context).catch((error: { code: string }) => error.code)
  assert.is(refused, 'viewer-options')
  const session = await open({ token: 'mine', button: undefined }, context)
  assert.match(session.url, /\/mine\/$/)
  assert.equal(await (await fetch(`${session.url}session.json`)).json(), { button: null })
  const answer = await fetch(`${session.url}continue`, { method: 'POST', headers: { 'x-chunkflow': '1' } })
  assert.is(answer.status, 404)
  await session.close()
})

test.run()
