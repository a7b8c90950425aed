/** What a run of many tasks holds: chunks of past tasks must go. */
import { writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { succeeds, workFolder } from './chunkflow.js'

const test = suite('memory of a run')
const folder = workFolder()
test.after(() => folder.remove())

const TASK = 'create-chunk --size 24 1024 1000 threshold --threshold 100 connected-components'
/**
 * Garbage may be a quarter of a GiB before it is collected, some 290 MiB are measured. The chunks of a task, voxels, mask and
 * labels, are 140 MiB: some tasks of garbage more, and it is too much.
 */
const ALLOWED_MIB = 400

const REPORT = `
  import { isMainThread } from 'node:worker_threads'
  if (isMainThread) process.on('exit', () => console.log('peak ' + process.resourceUsage().maxRSS))`

/** The most memory that a run ever had. */
async function peakMiB(tasks: number): Promise<number> {
  writeFileSync(folder.file('report.mjs'), REPORT)
  const { stdout } = await succeeds(
    `generate-tasks --roi-start 0 0 0 --chunk-size 24 1024 1000 --grid-size ${tasks} 1 1 ${TASK}`,
    { ...folder, env: { NODE_OPTIONS: `--import ${pathToFileURL(folder.file('report.mjs')).href}` } },
  )
  return Number(/peak (\d+)/.exec(stdout)![1]) / 1024
}

test('many tasks take hardly more than a few', async () => {
  const [few, many] = [await peakMiB(2), await peakMiB(24)]
  assert.ok(many < few + ALLOWED_MIB, `${Math.round(many)} MiB for 24 tasks, ${Math.round(few)} MiB for 2`)
})

test.run()
