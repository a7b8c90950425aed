import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hasPython, SYSTEM_PYTHON } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('python package chunkflow')

const checks = fileURLToPath(new URL('./testing/chunk_package.py', import.meta.url))
const names = [...readFileSync(checks, 'utf8').matchAll(/^def (check_\w+)/gm)].map((match) => match[1]!)
const library = fileURLToPath(new URL('./python/library', import.meta.url))

test('has checks', () => {
  assert.ok(names.length > 10)
})

if (hasPython('numpy'))
  for (const name of names)
    test(name.replace('check_', '').replaceAll('_', ' '), () => {
      execFileSync(SYSTEM_PYTHON, ['-B', checks, name], {
        env: { ...process.env, PYTHONPATH: library },
        stdio: ['ignore', 'inherit', 'pipe'],
      })
    })

test.run()
