/**
 * `npm run demo`: the main job on a real electron-microscopy volume, as a user would type it. Image → convolutional network →
 * affinities → watershed and agglomeration → evaluation against ground truth → Neuroglancer volumes and a picture.
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline/promises'
import { fileURLToPath } from 'node:url'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..')
const output = path.join(root, 'demo-output')
const chunkflow = path.join(root, 'cli/bin/chunkflow.mjs')
const data = 'test/fixtures/fib25/slab.h5'

const chain = [
  `load-h5 --file-name ${data} --dataset-path /image -o image`,
  'inference --framework onnx --convnet-model test/fixtures/model/model.onnx --patch-size 18 192 192 --patch-overlap 4 64 64 --num-output-channels 3 --mask-output-chunk -i image -o affinity',
  'agglomerate --threshold 0.7 --aff-threshold-low 0.001 --aff-threshold-high 0.9999 -i affinity -o segmentation',
  `load-h5 --file-name ${data} --dataset-path /label --layer-type segmentation -o groundtruth`,
  'evaluate-segmentation -s segmentation -g groundtruth --split-components --json demo-output/scores.json',
  'save-precomputed -i image -v file://demo-output/image',
  'save-precomputed -i affinity -v file://demo-output/affinity',
  'save-precomputed -i segmentation -v file://demo-output/segmentation --encoding compressed_segmentation --upload-log',
  "snapshot -i 'image,affinity,image[overlay=segmentation],image[overlay=groundtruth]' --scale 2 -f demo-output/slice.png",
]

const view = ['open', ...['image', 'affinity', 'segmentation'].map((name) => `demo-output/${name}`)]

console.log(
  'A FIB-SEM volume of fly brain, 30 x 250 x 250 voxels of 10 nm (FlyEM, HHMI Janelia; CC Attribution).\n',
)
console.log(`npx chunkflow ${chain.join(' \\\n  ')}\n`)

rmSync(output, { recursive: true, force: true })
mkdirSync(output, { recursive: true })
const started = performance.now()
const code = await run([chunkflow, ...chain.join(' ').replaceAll("'", '').split(' ')])
const seconds = (performance.now() - started) / 1000
if (code !== 0) process.exit(code)

const scores = readJson('scores.json')
const [logFile] = readLog()
const report = {
  scores: {
    voiSplit: scores.voi_split,
    voiMerge: scores.voi_merge,
    adaptedRandError: scores.adapted_rand_error,
  },
  timings: { ...logFile, total: seconds },
  versions: {
    chunkflow: readPackage('cli').version,
    node: process.versions.node,
    onnxruntime: readPackage('node_modules/onnxruntime-node').version,
  },
}
writeFileSync(path.join(output, 'report.json'), `${JSON.stringify(report, null, 2)}\n`)
console.log(`
variation of information ${(report.scores.voiSplit + report.scores.voiMerge).toFixed(3)} bits (split ${report.scores.voiSplit.toFixed(3)}, merge ${report.scores.voiMerge.toFixed(3)}), adapted Rand error ${report.scores.adaptedRandError.toFixed(4)}
${seconds.toFixed(1)} s

demo-output/slice.png      image, affinities, segmentation over the image, ground truth: look at it
demo-output/report.json    scores, timings, versions
demo-output/image, affinity, segmentation    Neuroglancer precomputed layers

npx chunkflow ${view.join(' ')}`)

// a person may look at once; a script is never kept waiting
if (process.stdin.isTTY && process.stdout.isTTY) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question('\nOpen it in Neuroglancer now? [y/N] ')
  terminal.close()
  if (/^y(es)?$/i.test(answer.trim())) process.exitCode = await run([chunkflow, ...view, '--open'])
}

function run(args) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  return new Promise((resolve) => child.on('close', (status) => resolve(status ?? 1)))
}
function readJson(name) {
  return JSON.parse(readFileSync(path.join(output, name), 'utf8'))
}
function readLog() {
  const log = readJson('segmentation/log/160-190_0-250_0-250.json')
  return [log.timer]
}
function readPackage(folder) {
  return JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8'))
}
