import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { boxFromSize, createChunk, isChunkflowError, zyx } from '@chunkflow/sdk'
import { runOperator, temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import loadJson from './load-json.js'
import saveJson from './save-json.js'

const test = suite('json')
const folder = temporaryFolder()
test.after(() => folder.remove())
const services = { files: testFiles(folder.path) }
const bbox = boxFromSize(zyx(7, -3, 11), zyx(5, 9, 14))

test('writes and reads, named by box, 64-bit integers as text', async () => {
  const value = {
    ids: new BigUint64Array([2n ** 64n - 1n]),
    score: 0.5,
    box: bbox,
    chunk: createChunk(new Uint8Array(8), [2, 2, 2]),
  }
  await runOperator(saveJson, { options: { filePath: 'out-' }, variables: { dict: value, bbox }, services })
  const text = readFileSync(path.join(folder.path, 'out-7-12_-3-6_11-25.json'), 'utf8')
  assert.equal(JSON.parse(text).ids, ['18446744073709551615'])
  const { task } = await runOperator(loadJson, {
    options: { filePath: 'out-' },
    variables: { bbox },
    services,
  })
  const read = task.get<Record<string, unknown>>('dict')
  assert.equal(
    [read.score, read.box, (read.chunk as { shape: number[] }).shape],
    [0.5, { start: [7, -3, 11], stop: [12, 6, 25] }, [2, 2, 2]],
  )
})

test('a dry run names the file; broken JSON is refused', async () => {
  const { messages } = await runOperator(saveJson, {
    options: { filePath: 'never.json' },
    variables: { dict: 1 },
    services,
    dryRun: true,
  })
  assert.match(messages.info[0]!, 'never.json')
  writeFileSync(path.join(folder.path, 'bad.json'), '{')
  try {
    await runOperator(loadJson, { options: { filePath: 'bad.json' }, services })
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error) && error.code === 'json-invalid')
  }
})

test.run()
