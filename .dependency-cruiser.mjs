/**
 * The layers of ARCHITECTURE.md as rules: a folder of src/ imports only what its row names, plus base.
 * Every rule is an allow-list (`pathNot`), so that a folder that nobody thought of is refused too.
 */

/** What each folder may import besides itself and base. */
const layers = {
  base: [],
  crypto: [],
  store: [],
  protocol: ['crypto/'],
  // Vaults, pins and name records are crypto's bytes that chat keeps in the store; protocol knows only rooms.
  chat: ['protocol/', 'crypto/', 'store/(store|compacted|read-one)[.]ts$'],
  tui: ['chat/'],
  node: ['store/store[.]ts$', 'store/compacted[.]ts$', 'store/etcd/'],
  client: ['node/', 'chat/', 'store/'],
  cli: ['client/', 'tui/', 'node/', 'chat/', 'store/'],
}

/** Within chat each folder uses those above it alone, and the types of what front ends see. */
const chatFolders = [
  'home',
  'connection',
  'identity',
  'replica',
  'replay',
  'reconcile',
  'log',
  'timeline',
  'people',
  'outbox',
  'recovery',
  'room',
]

/** Within node likewise. */
const nodeFolders = ['home', 'certificates', 'cluster', 'health', 'process', 'access', 'tickets', 'membership']

/**
 * @param {string} layer
 * @param {readonly string[]} folders
 * @returns {import('dependency-cruiser').IForbiddenRuleType[]}
 */
const folderRules = (layer, folders) =>
  folders.map((folder, at) => ({
    name: `${layer}-${folder}`,
    comment: `${layer}/${folder} may import ${folders.slice(0, at).join(', ')} alone`,
    severity: 'error',
    from: { path: `^src/${layer}/(${folder})/` },
    to: {
      path: `^src/${layer}/`,
      pathNot: [`^src/${layer}/(${folders.slice(0, at + 1).join('|')})/`, `^src/${layer}/[^/]+$`],
    },
  }))

/** @type {import('dependency-cruiser').IForbiddenRuleType[]} */
const layerRules = Object.entries(layers).map(([folder, allowed]) => ({
  name: `layer-${folder}`,
  comment: `${folder} may import ${['base', ...allowed].join(', ')} alone`,
  severity: 'error',
  from: { path: `^src/${folder}/` },
  to: { path: '^src/', pathNot: [`^src/(${folder}|base)/`, ...allowed.map((path) => `^src/${path}`)] },
}))

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...layerRules,
    ...folderRules('chat', chatFolders),
    ...folderRules('node', nodeFolders),
    {
      name: 'known-folders',
      comment: 'a new folder of src/ needs a row in the table of layers first',
      severity: 'error',
      from: { path: '.' },
      to: { path: '^src/', pathNot: [`^src/(${Object.keys(layers).join('|')})/`, '^src/(index|main)[.]ts$'] },
    },
    {
      name: 'main-only-starts-cli',
      severity: 'error',
      from: { path: '^src/main[.]ts$' },
      to: { path: '^src/', pathNot: '^src/cli/' },
    },
    {
      name: 'index-is-the-public-api',
      comment: 'the public API wires chat through client; of lower layers it exports types alone',
      severity: 'error',
      from: { path: '^src/index[.]ts$' },
      to: { path: '^src/', pathNot: '^src/(client|chat|base)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      severity: 'error',
      from: { path: '^src/' },
      to: { circular: true },
    },
    {
      name: 'no-cycles-in-tests',
      comment: 'a suite and its cases may share types',
      severity: 'error',
      from: { path: '^(test|bench|scripts)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'src-knows-no-tests',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'examples-use-the-public-api',
      severity: 'error',
      from: { path: '^examples/' },
      to: { path: '^src/', pathNot: '^src/index[.]ts$' },
    },
    {
      name: 'no-unlisted-dependency',
      comment: 'what src/ imports stands in package.json under dependencies',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist/'] },
    tsPreCompilationDeps: true,
    detectJSDocImports: false,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
}
