import { PassThrough } from 'node:stream'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readFrames, writeFrame } from './frames.js'
import { readLines } from './lines.js'

const test = suite('pipes')

test('messages arrive whole, however they are cut', () => {
  const sent = [{ text: 'Zürich' }, [], 'x'.repeat(300), null]
  const whole = new PassThrough()
  for (const message of sent) writeFrame(whole, message)
  const bytes = whole.read() as Buffer
  for (const size of [1, 3, 7, 100, bytes.length]) {
    const received: unknown[] = []
    const pipe = new PassThrough()
    readFrames(pipe, (message) => received.push(message))
    for (let at = 0; at < bytes.length; at += size) pipe.emit('data', bytes.subarray(at, at + size))
    assert.equal(received, sent)
  }
})

test('text arrives line by line, the last one without an end', async () => {
  const lines: string[] = []
  const stream = new PassThrough()
  readLines(stream, (line) => lines.push(line))
  const text = Buffer.from('one\ntwo\r\n\n 10%\r 20%\r 100%\nZürich\nrest')
  // in the middle of ü
  const cut = text.indexOf(0xc3) + 1
  stream.write(text.subarray(0, cut))
  stream.end(text.subarray(cut))
  await new Promise((resolve) => stream.once('close', resolve))
  assert.equal(lines, ['one', 'two', ' 100%', 'Zürich', 'rest'])
})

test('a line without an end arrives in pieces', () => {
  const lines: string[] = []
  const stream = new PassThrough()
  readLines(stream, (line) => lines.push(line))
  for (let count = 0; count < 3; count++) stream.emit('data', Buffer.alloc(40000, 'a'))
  assert.equal(
    lines.map(({ length }) => length),
    [80000],
  )
})

test.run()
