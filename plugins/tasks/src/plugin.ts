import { definePlugin } from '@chunkflow/sdk'

export default definePlugin({
  name: '@chunkflow/plugin-tasks',
  permissions: ['environment', 'filesystem', 'network'],
  operators: {
    'adjust-bbox': () => import('./operators/adjust-bbox.js'),
    cleanup: () => import('./operators/cleanup.js'),
    'copy-var': () => import('./operators/copy-var.js'),
    'create-bbox': () => import('./operators/create-bbox.js'),
    debug: () => import('./operators/debug.js'),
    'delete-task-in-queue': () => import('./operators/delete-task-in-queue.js'),
    'delete-var': () => import('./operators/delete-var.js'),
    'fetch-task-from-file': () => import('./operators/fetch-task-from-file.js'),
    'fetch-task-from-sqs': () => import('./operators/fetch-task-from-sqs.js'),
    'generate-tasks': () => import('./operators/generate-tasks.js'),
    'log-summary': () => import('./operators/log-summary.js'),
    'mark-complete': () => import('./operators/mark-complete.js'),
    'setup-env': () => import('./operators/setup-env.js'),
    'skip-all-zero': () => import('./operators/skip-all-zero.js'),
    'skip-none': () => import('./operators/skip-none.js'),
    'skip-task-by-file': () => import('./operators/skip-task-by-file.js'),
  },
})
