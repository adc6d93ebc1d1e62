/**
 * Writes docs/api.md: every name that the library exports, with its declaration as tsc emits it. A test compares it with
 * the sources, so that a change of the public API is seen in review.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

export const reportFile = join(root, 'docs/api.md')

/** @returns the text that docs/api.md should have */
export function apiReport() {
  const parsed = ts.getParsedCommandLineOfConfigFile(join(root, 'tsconfig.build.json'), undefined, {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic({ messageText }) {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'))
    },
  })
  if (parsed === undefined) throw new Error('tsconfig.build.json is missing')
  const { options, fileNames } = parsed
  const program = ts.createProgram(fileNames, { ...options, noCheck: true })
  /** @type {Map<string, ts.SourceFile>} */
  const declared = new Map()
  program.emit(undefined, (file, text) => {
    declared.set(
      relative(join(root, 'dist/types'), file),
      ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true),
    )
  })
  const checker = program.getTypeChecker()
  const index = program.getSourceFile(join(root, 'src/index.ts'))
  const module = index && checker.getSymbolAtLocation(index)
  if (module === undefined) throw new Error('src/index.ts exports nothing')
  const exported = checker.getExportsOfModule(module).map((symbol) => resolved(checker, symbol))
  const names = new Set(exported.map(({ name }) => name))
  const texts = exported.map((symbol) => declarationOf(symbol, declared))
  const hidden = [...new Set(exported.flatMap((symbol) => referredTo(checker, symbol)))].filter(
    (one) => !names.has(one),
  )
  return `# Public API

What \`import … from 'conclave'\` gives. Written by \`npm run api\` from the sources; don't edit.
\`npm run docs\` makes pages of it, with all comments.

\`\`\`ts
${texts
  .sort((a, b) => (a.name < b.name ? -1 : 1))
  .map(({ text }) => text)
  .join('\n\n')}
\`\`\`
${hidden.length === 0 ? '' : `\nReferred to, but not exported: ${hidden.sort().join(', ')}.\n`}`
}

/**
 * @param {ts.TypeChecker} checker
 * @param {ts.Symbol} symbol
 */
function resolved(checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/**
 * @param {ts.Symbol} symbol
 * @param {ReadonlyMap<string, ts.SourceFile>} declared
 */
function declarationOf({ name, declarations = [] }, declared) {
  const source = declarations[0]?.getSourceFile().fileName ?? ''
  const file = declared.get(relative(join(root, 'src'), source).replace(/\.ts$/, '.d.ts'))
  const statements = file?.statements.filter((statement) => namesOf(statement).includes(name)) ?? []
  if (file === undefined || statements.length === 0) throw new Error(`no declaration of ${name}`)
  const printer = ts.createPrinter({ removeComments: true })
  return { name, text: statements.map((one) => printer.printNode(ts.EmitHint.Unspecified, one, file)).join('\n') }
}

/**
 * @param {ts.Statement} statement
 * @returns {readonly string[]}
 */
function namesOf(statement) {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  const isNamed =
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isFunctionDeclaration(statement)
  return isNamed && statement.name ? [statement.name.text] : []
}

/**
 * Types of ours that a declaration refers to.
 *
 * @param {ts.TypeChecker} checker
 * @param {ts.Symbol} symbol
 * @returns {readonly string[]}
 */
function referredTo(checker, { declarations = [] }) {
  /** @type {string[]} */
  const found = []
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isBlock(node)) return
    if (ts.isTypeReferenceNode(node)) {
      const symbol = checker.getSymbolAtLocation(node.typeName)
      const target = symbol && resolved(checker, symbol)
      const own = target?.declarations?.some(
        (one) => !ts.isTypeParameterDeclaration(one) && one.getSourceFile().fileName.startsWith(join(root, 'src')),
      )
      if (target && own) found.push(target.name)
    }
    ts.forEachChild(node, visit)
  }
  for (const declaration of declarations) visit(declaration)
  return found
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(reportFile, apiReport())
