import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chunkflowError } from '@chunkflow/sdk'

/** Where onnxruntime runs a model. `explicit`: the user named it, so nothing else will do. */
export interface OrtDevice {
  readonly provider: 'cpu' | 'webgpu' | 'cuda'
  readonly index: number
  readonly explicit: boolean
}

const CPU: OrtDevice = { provider: 'cpu', index: 0, explicit: false }

/**
 * @param device `auto`, `cpu`, `webgpu`, `cuda` or `cuda:1`
 * @param hasCuda whether onnxruntime's CUDA libraries are installed
 * @throws onnx-device-unknown, onnx-device-missing
 */
export function chooseDevice(device: string, hasCuda: boolean): OrtDevice {
  if (device === 'auto') return hasCuda ? { ...CPU, provider: 'cuda' } : CPU
  const [, provider, index] = /^(cpu|webgpu|cuda)(?::(\d+))?$/.exec(device) ?? []
  if (provider === undefined || (index !== undefined && provider !== 'cuda'))
    throw chunkflowError('onnx-device-unknown', `onnxruntime has no device "${device}"`, {
      fix: 'use --device auto, cpu, webgpu, cuda or cuda:1',
    })
  if (provider === 'cuda' && !hasCuda)
    throw chunkflowError(
      'onnx-device-missing',
      'onnxruntime cannot use CUDA: its CUDA libraries are not installed',
      {
        fix: 'run the install script of onnxruntime-node (Linux x64, CUDA 12), or use --device auto or cpu',
      },
    )
  return { provider: provider as OrtDevice['provider'], index: Number(index ?? 0), explicit: true }
}

/** The CUDA part of onnxruntime is a library of its own, beside the main one; asking for it without prints noise. */
export function findCuda(): boolean {
  const require = createRequire(import.meta.url)
  const name =
    process.platform === 'win32' ? 'onnxruntime_providers_cuda.dll' : 'libonnxruntime_providers_cuda.so'
  try {
    const folder = path.dirname(require.resolve('onnxruntime-node/package.json'))
    return existsSync(path.join(folder, 'bin/napi-v6', process.platform, process.arch, name))
  } catch {
    // a package that is missing altogether is reported when the model is loaded
    return false
  }
}
