import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ChunkflowError } from '@chunkflow/sdk'
import { temporaryFolder, testFiles } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findScript } from './find-script.js'

const test = suite('find script')
const folder = temporaryFolder()
test.after(() => folder.remove())

const place = (name: string): string => path.join(folder.path, name)
const files = testFiles(place('work'))
for (const name of ['work/plugins', 'built-in', 'own', 'data/chunkflow/plugins/deep'])
  mkdirSync(place(name), { recursive: true })
const environment = { CHUNKFLOW_PLUGIN_DIR: place('own'), XDG_DATA_HOME: place('data') }
const find = (name: string): Promise<string> =>
  findScript(name, files, { builtIn: pathToFileURL(place('built-in')), environment })

test('looks in one folder after the other', async () => {
  const order = ['data/chunkflow/plugins', 'own', 'built-in', 'work/plugins', 'work']
  for (const where of order) {
    writeFileSync(place(`${where}/filter.py`), '')
    assert.is(await find('filter'), place(`${where}/filter.py`))
  }
  writeFileSync(place('data/chunkflow/plugins/deep/inside.py'), '')
  assert.is(await find('deep/inside'), place('data/chunkflow/plugins/deep/inside.py'))
  const elsewhere = {
    builtIn: pathToFileURL(place('own')),
    environment: { CHUNKFLOW_DATA_DIR: place('data/chunkflow') },
  }
  assert.is(await findScript('deep/inside', files, elsewhere), place('data/chunkflow/plugins/deep/inside.py'))
})

test('tries endings in order, and takes a name with one as it is', async () => {
  for (const ending of ['.py', '.mjs', '.js', '.ts']) {
    writeFileSync(place(`work/many${ending}`), '')
    assert.is(await find('many'), place(`work/many${ending}`))
  }
  assert.is(await find('many.py'), place('work/many.py'))
  assert.is(await find('./plugins/filter.py'), place('work/plugins/filter.py'))
  assert.is(await find(place('own/filter')), place('own/filter.py'))
})

test('names the folders when there is no such file', async () => {
  mkdirSync(place('work/median.py'))
  for (const name of ['median', 'median_filter', place('none.py')]) {
    try {
      await find(name)
      assert.unreachable()
    } catch (error) {
      const { code, what, where, fix } = error as ChunkflowError
      assert.is(code, 'plugin-file-missing')
      assert.match(what, name)
      if (name === 'median_filter') {
        assert.match(
          where[0]!,
          `${place('work')}, ${place('work/plugins')}, ${place('built-in')}, ${place('own')}`,
        )
        assert.match(fix!, 'chunkflow median-filter --help')
      }
    }
  }
})

test.run()
