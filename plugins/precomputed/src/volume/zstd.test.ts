import { execFileSync } from 'node:child_process'
import { hasPython, SYSTEM_PYTHON } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compressZstd, decompressZstd } from './zstd.js'

const test = suite('zstd')

/** Text of many repetitions, each a little different. */
const sample = (length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 5) * (index >> 9)) & 0x7f)

test('what is compressed comes back, whatever its size', async () => {
  for (const length of [1, 200, 300, 70_000, 300_000]) {
    const bytes = sample(length)
    assert.equal(new Uint8Array(await decompressZstd(await compressZstd(bytes, 3), length)), bytes)
  }
})

test('a higher level compresses more', async () => {
  const bytes = sample(300_000)
  const [fast, small] = await Promise.all([compressZstd(bytes, 1), compressZstd(bytes, 19)])
  assert.ok(small.length < fast.length, `${small.length} and ${fast.length} bytes`)
})

test('a frame that says more than a block can have is refused', async () => {
  const frame = await compressZstd(sample(5000), 3)
  const refused = await decompressZstd(frame, 4999).then(
    () => false,
    () => true,
  )
  assert.ok(refused)
})

test('other programs learn the size from the frame', async () => {
  if (!hasPython('zstandard')) return
  const program = `
import sys, zstandard
frame = sys.stdin.buffer.read()
print(zstandard.frame_content_size(frame), len(zstandard.ZstdDecompressor().decompress(frame)))`
  for (const length of [1, 200, 70_000]) {
    const input = await compressZstd(sample(length), 3)
    const output = execFileSync(SYSTEM_PYTHON, ['-c', program], { input, encoding: 'utf8' })
    assert.is(output, `${length} ${length}\n`)
  }
})

test.run()
