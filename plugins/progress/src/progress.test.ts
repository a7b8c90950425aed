import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { createProgress } from './progress.js'
import { Screen } from './testing/screen.js'

const test = suite('progress')

function onTerminal({ width = 60, height = 24 } = {}) {
  const screen = new Screen()
  let ms = 0
  const progress = createProgress({
    isTerminal: true,
    stream: screen,
    columns: () => width,
    rows: () => height,
    now: () => ms,
    say: () => assert.unreachable('a terminal gets no plain lines'),
  })
  const wait = (milliseconds: number): void => {
    ms += milliseconds
  }
  return { screen, progress, wait }
}

function elsewhere() {
  const screen = new Screen()
  const lines: string[] = []
  let ms = 0
  const progress = createProgress({
    isTerminal: false,
    stream: screen,
    now: () => ms,
    say: (line) => void lines.push(line),
  })
  const wait = (milliseconds: number): void => {
    ms += milliseconds
  }
  return { screen, lines, progress, wait }
}

test('draws, redraws in place and leaves nothing', () => {
  const { screen, progress, wait } = onTerminal()
  const bar = progress.start('read', 4, 'blocks')
  for (let block = 0; block < 3; block++) {
    wait(1000)
    bar.advance()
  }
  assert.equal(screen.shown, ['read  ##############-----   75%  3/4 blocks  1/s  ETA 1.0 s'])
  bar.end()
  assert.equal(screen.shown, [''])
  bar.advance()
  bar.end()
  assert.equal(screen.shown, [''])
})

test('several bars at once, each on its line; the others move up', () => {
  const { screen, progress, wait } = onTerminal()
  const bars = ['read', 'write', 'mesh'].map((label) => progress.start(label, undefined))
  wait(1000)
  bars[0]!.advance()
  assert.equal(screen.shown, ['read  1  1/s  1.0 s', 'write  1.0 s', 'mesh  1.0 s'])
  bars[1]!.end()
  assert.equal(screen.shown, ['read  1  1/s  1.0 s', 'mesh  1.0 s'])
  bars[0]!.end()
  bars[2]!.end()
  assert.equal(screen.shown, [''])
})

test('short work is never drawn, and drawing is not done for every step', () => {
  const { screen, progress, wait } = onTerminal()
  const short = progress.start('short', 3)
  for (let step = 0; step < 3; step++) {
    wait(90)
    short.advance()
  }
  short.end()
  assert.is(screen.writes, 0)
  const long = progress.start('long', 10_000)
  for (let step = 0; step < 10_000; step++) {
    wait(1)
    long.advance()
  }
  assert.ok(screen.writes <= 100, `${screen.writes} in 10 s`)
  long.end()
})

test('what others write stays whole, above the bars', () => {
  const { screen, progress, wait } = onTerminal()
  const write = screen.write
  const bar = progress.start('read', undefined)
  wait(500)
  bar.advance()
  screen.write('warning: one\nwarning: two\n')
  assert.equal(screen.shown, ['warning: one', 'warning: two'])
  wait(500)
  bar.advance()
  assert.equal(screen.shown, ['warning: one', 'warning: two', 'read  2  2/s  1.0 s'])
  screen.write('half a ')
  wait(500)
  bar.advance()
  assert.equal(screen.shown, ['warning: one', 'warning: two', 'half a'])
  screen.write('line\n')
  wait(500)
  bar.advance()
  assert.is(screen.shown.at(-1), 'read  4  2/s  2.0 s')
  bar.end()
  assert.equal(screen.shown, ['warning: one', 'warning: two', 'half a line'])
  assert.is(screen.write, write)
  assert.not.ok(Object.hasOwn(screen, 'write'))
})

test('keeps within the width and height of the terminal', () => {
  const { screen, progress, wait } = onTerminal({ width: 31, height: 4 })
  const bars = Array.from({ length: 9 }, (_, index) =>
    progress.start(`a long label, number ${index}`, 1000, 'voxels'),
  )
  wait(3000)
  for (const bar of bars) bar.advance(17)
  wait(3000)
  bars[0]!.advance()
  assert.is(screen.shown.length, 3)
  assert.ok(screen.widest <= 30)
  progress.dispose()
  assert.equal(screen.shown, [''])
})

test('plain lines: at most one in 10 s, one at the end of what took over 2 s', () => {
  const { screen, lines, progress, wait } = elsewhere()
  const bar = progress.start('inference', 100, 'patches')
  for (let second = 0; second < 25; second++) {
    wait(1000)
    bar.advance(4)
  }
  bar.end()
  bar.end()
  const short = progress.start('short', 2)
  wait(1900)
  short.advance(2)
  short.end()
  const idle = progress.start('waiting', undefined)
  wait(60_000)
  idle.end()
  assert.equal(lines, [
    'inference: 40 of 100 patches, 4 a second, 15 s to go',
    'inference: 80 of 100 patches, 4 a second, 5.0 s to go',
    'inference: 100 of 100 patches in 25 s',
  ])
  assert.is(screen.writes, 0)
})

test.run()
