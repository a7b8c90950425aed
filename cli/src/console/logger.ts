import { appendFileSync } from 'node:fs'
import type { Logger } from '@chunkflow/kernel/authoring'
import { redactAddresses } from './redact.js'

const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'] as const
export type LogLevel = (typeof LEVELS)[number]

export interface LoggerSettings {
  readonly level: LogLevel
  readonly file: string | undefined
}

/** Messages go to stderr (and the log file), without secrets of web addresses; results to stdout. */
export function createLogger({ level, file }: LoggerSettings): Logger {
  const least = LEVELS.indexOf(level)
  const write = (at: LogLevel, text: string): void => {
    const message = redactAddresses(text)
    if (file !== undefined && LEVELS.indexOf(at) >= Math.min(least, LEVELS.indexOf('info')))
      appendFileSync(file, `${new Date().toISOString()} ${at.padEnd(7)} ${message}\n`)
    if (LEVELS.indexOf(at) < least) return
    const prefix = at === 'info' ? '' : `${at}: `
    process.stderr.write(`${prefix}${message}\n`)
  }
  return {
    debug: (message) => write('debug', message),
    info: (message) => write('info', message),
    warn: (message) => write('warning', message),
    error: (message) => write('error', message),
    result: (line) => void process.stdout.write(`${line}\n`),
  }
}
