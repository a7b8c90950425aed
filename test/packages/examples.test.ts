/** Every example of every operator runs as it is printed, in an empty folder. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, ROOT, workFolder } from '../pipelines/chunkflow.js'

interface Registry {
  readonly plugins: readonly {
    readonly operators: readonly {
      readonly name: string
      readonly effects: string
      readonly examples: readonly string[]
    }[]
  }[]
}
interface Listed {
  readonly name: string
  readonly summary: string
  readonly effects: string
}

const test = suite('examples')

test('every operator is listed with a summary, and its examples work', async () => {
  const here = workFolder()
  try {
    const { stdout } = await chunkflow('operators --json', { cwd: here.cwd })
    const operators = JSON.parse(stdout) as Listed[]
    assert.ok(operators.length > 30)
    for (const { name, summary } of operators) assert.match(summary, /^[A-Z0-9][^.]*[^.\s]$/, name)
  } finally {
    here.remove()
  }
  const { plugins } = JSON.parse(readFileSync(path.join(ROOT, 'registry.json'), 'utf8')) as Registry
  const operators = plugins
    .flatMap((plugin) => plugin.operators)
    .filter(({ effects }) => effects !== 'interactive')
  await Promise.all(
    [0, 1].map(async (worker) => {
      for (const [index, { name, examples }] of operators.entries()) {
        if (index % 2 !== worker) continue
        const folder = workFolder()
        try {
          for (const example of examples) {
            const { code, stderr } = await chunkflow(example, { cwd: folder.cwd })
            assert.is(code, 0, `${name}: chunkflow ${example}\n${stderr}`)
          }
        } finally {
          folder.remove()
        }
      }
    }),
  )
})

test.run()
