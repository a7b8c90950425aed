/** Tasks that were made for one chain: `generate-tasks --for`, with folder queues and SQS. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { chunkflow, succeeds, workFolder } from '../pipelines/chunkflow.js'
import { startCloud } from './cloud.js'

const test = suite('stamped tasks')
const folder = workFolder()
const { cwd, file } = folder
const buckets = workFolder()
const cloud = await startCloud(buckets.cwd, [])
test.after(async () => {
  await cloud.close()
  buckets.remove()
  folder.remove()
})

for (const queue of ['fq://tasks', 'stamped'])
  test(`only the chain they are for takes them: ${queue}`, async () => {
    const place = { cwd, env: cloud.env }
    const name = queue.replace(/\W+/g, '-')
    const worker = (steps: string): string =>
      `fetch-task -q ${queue} --retry-times 0 create-chunk --size 2 3 4 ${steps} delete-task-in-queue`
    const own = `threshold -t 7 save-h5 -f ${name}-`
    // the source, acknowledgement and viewers play no part
    await succeeds(`--save-pipeline ${name}.json create-chunk --size 2 3 4 ${own}`, place)
    const generated = await succeeds(`generate-tasks -c 2 3 4 -g 1 1 2 -q ${queue} --for ${name}.json`, place)
    const { stdout } = await succeeds(`plan --json create-chunk --size 2 3 4 ${own}`, place)
    const { digest } = JSON.parse(stdout) as { digest: string }
    assert.match(generated.stderr, `tasks for the pipeline ${digest.slice(0, 12)} (${name}.json)`)

    const refused = await chunkflow(worker(`threshold -t 8 save-h5 -f ${name}-`), place)
    assert.is(refused.code, 1)
    assert.match(refused.stderr, /Task \S+ is for the pipeline \w{12}; this chain is \w{12}/)
    assert.match(refused.stderr, '--any-pipeline')
    assert.equal(resultsOf(name), [])
    // what was refused waits for the others
    await succeeds(worker(own), place)
    assert.equal(resultsOf(name), [`${name}-0-2_0-3_0-4.h5`])
    const { stdout: counted } = await succeeds(`queue ${queue} --json`, place)
    assert.equal(JSON.parse(counted).counts, { waiting: 0, held: 0, failed: 0 })
  })

const resultsOf = (name: string): string[] =>
  readdirSync(cwd).filter((found) => found.startsWith(`${name}-`) && found.endsWith('.h5'))

test('a chain that cannot run gets no tasks', async () => {
  await succeeds('--save-pipeline good.json create-chunk save-h5 -f a.h5', { cwd })
  const broken = readFileSync(file('good.json'), 'utf8').replace('save-h5', 'save-h6')
  writeFileSync(file('broken.json'), broken)
  const { code, stderr } = await chunkflow('generate-tasks -c 2 3 4 -q fq://none --for broken.json', { cwd })
  assert.is(code, 1)
  assert.match(stderr, 'save-h6')
  assert.not.ok(readdirSync(cwd).includes('none'))
})

test.run()
