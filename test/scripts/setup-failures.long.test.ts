import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkout, isAlive, plainEnvironment, remove, run, start, temporaryFolder } from './clone.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
  for (const path of ['package.json', 'package-lock.json', '.npmrc', 'scripts', 'bin']) {
    cpSync(join(checkout, path), join(folder, path), { recursive: true })
  }
})
afterEach(() => remove(folder))

function writeProgram(path: string, script: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

/** A PATH that has the tools of a shell and only the programs that are given. */
function pathWith(programs: Record<string, string>): string {
  const bin = join(folder, 'path')
  mkdirSync(bin, { recursive: true })
  for (const tool of ['sh', 'readlink', 'dirname', 'sleep', 'cat']) {
    const found = ['/bin', '/usr/bin'].map((place) => join(place, tool)).find(existsSync)
    if (found) symlinkSync(found, join(bin, tool))
  }
  for (const [name, script] of Object.entries(programs)) writeProgram(join(bin, name), script)
  return bin
}

describe('the set-up', () => {
  test('on a Node that is too old says which one to install', async () => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'18.20.1'})`
    const { code, stderr } = await run('node', ['--import', pretend, 'scripts/setup.js'], folder)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^conclave: Node 18\.20\.1 is too old.*Node 20 or newer\n {2}Install .*nodejs\.org/)
  })

  test('without a network says so and what to do', async () => {
    const { code, stderr } = await run('node', ['scripts/setup.js'], folder, {
      npm_config_registry: 'http://127.0.0.1:1/',
      npm_config_cache: join(folder, 'npm-cache'),
      npm_config_fetch_retries: '0',
    })
    expect(code).toBe(1)
    expect(stderr).toContain("Can't fetch the dependencies: npm can't reach its registry")
    expect(stderr).toContain('Connect to the network')
  })

  test('in a folder that can’t be written says what to do', () => {
    // The superuser may write everywhere, so somebody else tries.
    const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
    chmodSync(folder, 0o555)
    const { status, stderr } = spawnSync('node', ['scripts/setup.js'], {
      cwd: folder,
      env: plainEnvironment(),
      encoding: 'utf8',
      ...nobody,
    })
    chmodSync(folder, 0o755)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^conclave: EACCES.*\n {2}Make the folder yours/)
  })

  test('shows why npm failed otherwise', async () => {
    const node = process.execPath
    const path = pathWith({ npm: 'echo "something odd" >&2; exit 1' })
    const { code, stderr } = await run(node, ['scripts/setup.js'], folder, { PATH: path })
    expect(code).toBe(1)
    expect(stderr).toMatch(/npm ci failed\nsomething odd\n/)
    expect(readdirSync(join(folder, '.cache'))).toEqual([])
  })

  test('where no Node is published for the platform, takes the one that runs it unless that is too old', async () => {
    mkdirSync(join(folder, 'node_modules'))
    const path = pathWith({ npm: 'exit 0' })
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'24.14.1'})`
    const setup = ['scripts/setup.js', '--no-build']
    const old = await run(process.execPath, ['--import', pretend, ...setup], folder, { PATH: path })
    expect(old.code).toBe(1)
    expect(old.stderr).toMatch(
      /No Node comes with Conclave for \w+ on \w+, and Node 24\.14\.1 is too old\n {2}Install Node 24\.15/,
    )
    expect((await run(process.execPath, setup, folder, { PATH: path })).code).toBe(0)
  })

  test('links the Node that npm installed, where npm took its link away again', async () => {
    const program = `node_modules/node-${process.platform}-${process.arch}/bin/node`
    const path = pathWith({ npm: 'exit 0' })
    const link = join(folder, 'node_modules/.bin/node')
    for (const left of ['nothing is left', 'a link to nothing is left']) {
      remove(join(folder, 'node_modules/.bin'))
      if (left.startsWith('a')) {
        mkdirSync(dirname(link), { recursive: true })
        symlinkSync('../node/bin/node', link)
      }
      writeProgram(join(folder, program), 'echo own')
      expect((await run(process.execPath, ['scripts/setup.js', '--no-build'], folder, { PATH: path })).code).toBe(0)
      expect(realpathSync(link), left).toBe(realpathSync(join(folder, program)))
      expect(readdirSync(dirname(link))).toEqual(['node'])
    }
  })

  test('has npm run no install script', async () => {
    mkdirSync(join(folder, 'node_modules'))
    const path = pathWith({ npm: `echo "$@" > "${folder}/arguments"` })
    await run(process.execPath, ['scripts/setup.js', '--no-build'], folder, { PATH: path })
    expect(readFileSync(join(folder, 'arguments'), 'utf8')).toMatch(/^ci .*--ignore-scripts/)
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('ends with its npm on %s and gives its lock back', async (signal, code) => {
    const path = pathWith({ npm: `echo $$ > "${folder}/npm.pid"; exec sleep 600` })
    const setup = start(process.execPath, ['scripts/setup.js'], folder, { PATH: path })
    await expect.poll(() => existsSync(join(folder, 'npm.pid')) && npmPid() > 0).toBe(true)
    setup.kill(signal)
    expect((await setup.ended).code).toBe(code)
    await expect.poll(() => isAlive(npmPid())).toBe(false)
    expect(readdirSync(join(folder, '.cache'))).toEqual([])
  })

  test('ends with its npm when the shell that started it is gone', async () => {
    const path = pathWith({ npm: `echo $$ > "${folder}/npm.pid"; exec sleep 600` })
    const shell = start('/bin/sh', ['-c', `"${process.execPath}" scripts/setup.js && true`], folder, { PATH: path })
    await expect.poll(() => existsSync(join(folder, 'npm.pid')) && npmPid() > 0).toBe(true)
    shell.kill('SIGTERM')
    await expect.poll(() => isAlive(npmPid())).toBe(false)
    await expect.poll(() => readdirSync(join(folder, '.cache'))).toEqual([])
  })

  test('while the npm of a killed set-up is still at work, the next one waits for it', async () => {
    const path = pathWith({
      npm: `[ -e "${folder}/npm.pid" ] && echo second npm && exit 9; echo $$ > "${folder}/npm.pid"; exec sleep 600`,
    })
    const first = start(process.execPath, ['scripts/setup.js'], folder, { PATH: path })
    await expect.poll(() => existsSync(join(folder, 'npm.pid')) && npmPid() > 0).toBe(true)
    await expect.poll(() => readFileSync(join(folder, '.cache/setup.lock'), 'utf8')).toContain(`"pid":${npmPid()},`)
    first.kill('SIGKILL')
    const second = start(process.execPath, ['scripts/setup.js'], folder, { PATH: path })
    await second.prints(`Waiting for another start that is setting up (process ${npmPid()})`)
    process.kill(npmPid())
    const { stderr } = await second.ended
    expect(stderr).toMatch(/Waiting for another start[^]*Installing dependencies[^]*second npm/)
    await first.ended
  })

  function npmPid(): number {
    return Number(readFileSync(join(folder, 'npm.pid'), 'utf8'))
  }
})

describe('the launcher', () => {
  beforeEach(() => {
    mkdirSync(join(folder, 'dist'))
    writeFileSync(join(folder, 'dist/conclave.js'), '')
  })

  test.each(['v20.20.2', 'v24.14.9', 'v23.99.0'])(
    'refuses the system’s Node %s and says what to do',
    async (version) => {
      const path = pathWith({ node: `[ "$1" = --version ] && echo ${version} || echo ran` })
      const { code, stdout, stderr } = await run(join(folder, 'bin/conclave'), [], '/', { PATH: path })
      expect(code).toBe(1)
      expect(stdout).toBe('')
      expect(stderr).toContain(`Node ${version} is too old: Conclave needs 24.15 or newer`)
      expect(stderr).toContain(`npm --prefix '${folder}' start`)
    },
  )

  test.each(['v24.15.0', 'v25.0.0', 'v30.1.2'])('takes the system’s Node %s', async (version) => {
    const path = pathWith({ node: `[ "$1" = --version ] && echo ${version} || echo ran "$@"` })
    const { code, stdout } = await run(join(folder, 'bin/conclave'), ['--json'], '/', { PATH: path })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ran (--disable-warning=\w+ )+\//)
    expect(stdout).toContain(` ${folder}/dist/conclave.js --json\n`)
  })

  test('prefers the Node of the checkout', async () => {
    writeProgram(join(folder, 'node_modules/.bin/node'), 'echo own "$@"')
    const path = pathWith({ node: 'echo system' })
    const { stdout } = await run(join(folder, 'bin/conclave'), [], '/', { PATH: path })
    expect(stdout).toMatch(/^own /)
  })

  test('without any Node says so', async () => {
    const { code, stderr } = await run(join(folder, 'bin/conclave'), [], '/', { PATH: pathWith({}) })
    expect(code).toBe(1)
    expect(stderr).toContain('There is no Node here')
  })
})

describe('the search for etcd', () => {
  const search = (env: NodeJS.ProcessEnv, call = 'findEtcd()') => {
    const find = `import('./scripts/etcd.js').then((scripts) => scripts.${call}).then(console.log, async (error) => {
      const { printFailure } = await import('./scripts/failure.js')
      printFailure(error)
      process.exit(1)
    })`
    return run(process.execPath, ['-e', find], folder, { XDG_CACHE_HOME: join(folder, 'cache'), ...env })
  }

  test('takes the one on PATH', async () => {
    const { stdout } = await search({ PATH: pathWith({ etcd: 'echo "etcd Version: 3.6.14"' }) })
    expect(stdout).toBe('etcd\n')
  })

  test('takes one that was unpacked earlier', async () => {
    const program = join(folder, 'cache/conclave/etcd-3.4.23/usr/bin/etcd')
    writeProgram(program, 'echo "etcd Version: 3.4.23"')
    const { stdout, stderr } = await search({ PATH: pathWith({}) })
    expect(stdout).toBe(`${program}\n`)
    expect(stderr).toBe('')
  })

  test('fails on a CONCLAVE_ETCD that is no etcd, whatever else is there', async () => {
    const path = pathWith({ etcd: 'echo "etcd Version: 3.6.14"', other: 'echo something else' })
    const { code, stderr } = await search({ PATH: path, CONCLAVE_ETCD: 'other' })
    expect(code).toBe(1)
    expect(stderr).toContain('CONCLAVE_ETCD names other')
  })

  test('with none and no way to fetch one, says what to install', async () => {
    const { code, stderr } = await search({ PATH: pathWith({}) })
    expect(code).toBe(1)
    for (const way of [
      'apt install etcd-server',
      'dnf install etcd',
      'pacman -S etcd',
      'brew install etcd',
      'https://',
    ]) {
      expect(stderr).toContain(way)
    }
  })

  const aptWithOwnLists = () => `
      for last in "$@"; do :; done
      case "$*" in *Dir::State=*) own=yes ;; *) own= ;; esac
      if [ "$last" = update ] && [ "$own" ]; then echo yes > "${folder}/updated"; exit 0; fi
      if [ "$last" = etcd-server ] && [ "$own" ] && [ -e "${folder}/updated" ]; then
        echo package > etcd-server_3.5.30-1_amd64.deb; exit 0
      fi
      echo "E: Unable to locate package etcd-server" >&2; exit 100`
  const dpkg = `
      tree=$3; [ "$1" = -x ] && [ -s "$2" ] || exit 2
      /bin/mkdir -p "$tree/usr/bin"
      printf '#!/bin/sh\\necho "etcd Version: 3.5.30"\\n' > "$tree/usr/bin/etcd"
      /bin/chmod 755 "$tree/usr/bin/etcd"`

  test('fetches package lists of its own where the system has none', async () => {
    const { stdout, stderr } = await search({ PATH: pathWith({ 'apt-get': aptWithOwnLists(), dpkg }) })
    expect(stderr).toMatch(/^conclave: Fetching etcd for the tests … \d+\.\d s\n$/)
    expect(stdout).toBe(`${join(folder, 'cache/conclave/etcd-3.5.30-1/usr/bin/etcd')}\n`)
    expect(readdirSync(join(folder, 'cache/conclave'))).toEqual(['etcd-3.5.30-1'])
  })

  test('takes the usual one as the mended one if it is; else fetches that of a later release, and keeps them apart', async () => {
    const [good, old] = ['echo "etcd Version: 3.4.42"', 'echo "etcd Version: 3.4.41"']
    const path = pathWith({ good, old, 'apt-get': aptWithOwnLists(), dpkg })
    expect((await search({ PATH: path }, "findMendedEtcd('good')")).stdout).toBe('good\n')
    const refusing = await search({ PATH: path, CONCLAVE_MENDED_ETCD: 'old' }, "findMendedEtcd('good')")
    expect(refusing.stderr).toContain('CONCLAVE_MENDED_ETCD names old')
    const { stdout, stderr } = await search({ PATH: path }, "findMendedEtcd('old')")
    expect(stderr).toMatch(/^conclave: Fetching a mended etcd for the tests … \d+\.\d s\n$/)
    expect(stdout).toBe(`${join(folder, 'cache/conclave/mended-etcd-3.5.30-1/usr/bin/etcd')}\n`)
    expect(readdirSync(join(folder, 'cache/conclave'))).toEqual(['mended-etcd-3.5.30-1'])
    expect((await search({ PATH: path })).stdout).toContain('/conclave/etcd-3.5.30-1/')
  })
})
