/** Debian's Chromium, driven for real, and commands that wait for somebody to look at their page. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { ROOT, words } from '../pipelines/chunkflow.js'

const CHROMIUM = '/usr/bin/chromium'
const FLAGS = [
  '--no-sandbox',
  '--no-first-run',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // WebGL without a graphics card
  '--use-gl=angle',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]

interface Hooks {
  before(hook: () => Promise<void>): void
  after(hook: () => Promise<void>): void
}

/** Opens a browser while a suite runs. @returns asks for it in a test: null without Chromium, which is said once */
export function browserWhile(test: Hooks): () => Browser | null {
  let browser: Browser | null = null
  test.before(async () => {
    browser = await launchBrowser()
  })
  test.after(async () => {
    await browser?.close()
  })
  return () => browser
}

async function launchBrowser(): Promise<Browser | null> {
  if (!existsSync(CHROMIUM)) {
    console.log('skipped: needs chromium')
    return null
  }
  const { chromium } = await import('playwright-core')
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS })
}

export interface Viewing {
  readonly url: string
  readonly child: ChildProcess
  /** What it printed so far. */
  output(): { readonly stdout: string; readonly stderr: string }
  /** Interrupts the wait as Ctrl-C does, and gives the exit code. */
  interrupt(): Promise<number>
  readonly exit: Promise<number>
}

/** Starts a command line and waits until it prints an address. Its input is nobody's, as with `</dev/null`. */
export async function startViewing(
  line: string,
  { cwd, stdin = 'ignore' }: { cwd: string; stdin?: 'ignore' | 'pipe' },
): Promise<Viewing> {
  const child = spawn(process.execPath, [path.join(ROOT, 'cli/bin/chunkflow.mjs'), ...words(line)], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: [stdin, 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  const exit = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? 255)))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.on('data', (part: Buffer) => {
      stdout += part.toString()
      const found = /Open this url in browser: \n(http:\S+)\n/.exec(stdout)?.[1]
      if (found !== undefined) resolve(found)
    })
    child.stderr!.on('data', (part: Buffer) => {
      stderr += part.toString()
    })
    void exit.then((code) =>
      reject(new Error(`exit ${code} without an address: ${line}\n${stdout}${stderr}`)),
    )
  })
  return {
    url,
    child,
    exit,
    output: () => ({ stdout, stderr }),
    interrupt: () => {
      child.kill('SIGINT')
      return exit
    },
  }
}

export interface WatchedPage {
  readonly page: Page
  /** Requests to elsewhere, failed ones, errors of the page. Empty when all is well. */
  readonly troubles: readonly string[]
  screenshot(name: string): Promise<Buffer>
}

/** Opens the page of a viewer and keeps an eye on it. */
export async function openPage(
  browser: Browser,
  { url }: Pick<Viewing, 'url'>,
  size = { width: 1280, height: 800 },
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: size })
  // tsx names functions with it, also those that run in the page
  await page.addInitScript('globalThis.__name = (value) => value')
  const troubles: string[] = []
  page.on('request', (request) => {
    const { protocol } = new URL(request.url())
    if (protocol !== 'blob:' && protocol !== 'data:' && !request.url().startsWith(url))
      troubles.push(`asked elsewhere: ${request.url()}`)
  })
  page.on('requestfailed', (request) => {
    // tiles that are scrolled past are given up
    if (request.failure()?.errorText !== 'net::ERR_ABORTED')
      troubles.push(`failed: ${request.url()} ${request.failure()?.errorText}`)
  })
  page.on('response', (response) => {
    if (response.status() >= 400) troubles.push(`${response.status()}: ${response.url()}`)
  })
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`console: ${message.text()}`)
  })
  await page.goto(url)
  const folder = path.join(ROOT, 'test/output')
  mkdirSync(folder, { recursive: true })
  return {
    page,
    troubles,
    screenshot: (name) => page.screenshot({ path: path.join(folder, `${name}.png`) }),
  }
}
