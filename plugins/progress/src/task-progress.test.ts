import { boxFromSize, type HookHandlers, zyx } from '@chunkflow/sdk'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import plugin from './plugin.js'
import { createTaskProgress } from './task-progress.js'

const test = suite('task progress')

function observe(taskCount: number | undefined) {
  const events: string[] = []
  let ms = 0
  const hook: HookHandlers = createTaskProgress({
    progress: {
      start: (label, total) => {
        events.push(`+ ${label}${total === undefined ? '' : ` / ${total}`}`)
        return { advance: () => {}, end: () => void events.push(`- ${label}`) }
      },
    },
    logger: { info: (message) => void events.push(message) },
    now: () => ms,
  })
  hook.runStarted!({ steps: [], globals: { mip: 0, dryRun: false }, taskCount })
  const pass = (index: number, seconds: number, end: 'taskFinished' | 'taskSkipped' | 'taskFailed'): void => {
    const task = { index, bbox: boxFromSize(zyx(index, 0, 0), zyx(1, 2, 3)), log: { timer: {} } }
    const step = { index: 0, name: 'threshold', operator: 'threshold' }
    hook.taskStarted!(task)
    hook.operatorStarted!(step, task)
    ms += seconds * 1000
    if (end !== 'taskFailed') hook.operatorFinished!(step, task, seconds)
    hook[end]!(task, 'why')
  }
  return { events, hook, pass }
}

test('one task shows nothing', () => {
  const { events, hook, pass } = observe(undefined)
  pass(0, 100, 'taskFinished')
  hook.runFinished!({ failed: false, tasks: 1 })
  assert.equal(events, [])
})

test('several tasks: which one, which operator, and how many in the end', () => {
  const { events, hook, pass } = observe(3)
  pass(0, 4, 'taskFinished')
  pass(1, 8, 'taskSkipped')
  pass(2, 1, 'taskFailed')
  hook.runFinished!({ failed: true, tasks: 2 })
  assert.equal(events, [
    '+ task 1 of 3 0-1_0-2_0-3: threshold',
    '- task 1 of 3 0-1_0-2_0-3: threshold',
    '+ task 2 of 3 1-2_0-2_0-3: threshold',
    '- task 2 of 3 1-2_0-2_0-3: threshold',
    'task 2 of 3 1-2_0-2_0-3 skipped after 8.0 s',
    '+ task 3 of 3 2-3_0-2_0-3: threshold',
    '- task 3 of 3 2-3_0-2_0-3: threshold',
    '2 tasks in 13 s (1 skipped, 1 failed)',
  ])
})

test('without a known number, from the second task on', () => {
  const { events, hook, pass } = observe(undefined)
  pass(0, 20, 'taskFinished')
  pass(1, 20, 'taskFinished')
  hook.runFinished!({ failed: false, tasks: 2 })
  assert.equal(events, [
    '+ task 2 1-2_0-2_0-3: threshold',
    '- task 2 1-2_0-2_0-3: threshold',
    'task 2 1-2_0-2_0-3 finished after 20 s',
    '2 tasks in 40 s',
  ])
})

test('the plugin provides both', () => {
  assert.is(plugin.provides[0]!.token.id, 'chunkflow.progress')
  assert.is(plugin.hooks[0]!.name, 'progress')
})

test.run()
