/** The words of screens, errors and `--help`: every string literal of the program is read through TypeScript's parser. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../src/', import.meta.url))

interface Literal {
  readonly text: string
  readonly line: number
  /** The message of a ConclaveError. */
  readonly isMessage: boolean
}

interface Rule {
  readonly refused: RegExp
  readonly instead: string
  /** Only in these files. */
  readonly within?: RegExp
  /** Literals that are not prose for people: names of commands, reasons of the protocol, labels of signatures. */
  readonly allowed?: readonly string[]
}

const rules: readonly Rule[] = [
  {
    refused: /\bknock(?:s|ed|ing)?\b/i,
    instead: 'request, ask to join',
    allowed: [
      'conclave knocks ROOM',
      'conclave/1 knock pseudonym',
      'knock already answered',
      'knock older than the departure',
      'knocks <room>',
      'requests knocks',
    ],
  },
  { refused: /(?<![-_.])\bpasswords?\b(?![-_])/i, instead: 'passphrase' },
  { refused: /\bkicked\b|\b(?:a|the) kick\b/i, instead: 'removed, removal', allowed: ['a direct message has no kick'] },
  { refused: /\b(?:he|him|his|himself|she|her)\b/i, instead: 'they, them, their' },
  { refused: /\b(?:whoever|whosoever|whatever is|somebody|one['’]s own)\b/i, instead: 'someone, their own' },
  { refused: /\bdefects?\b/i, instead: 'bug' },
  { refused: /\b(?:to be had|not to be|need not|knows not)\b/i, instead: "can't be obtained, must not" },
  {
    refused: /\b(?:any more|anew|stands for|goes? on\b(?! Alt)|let it stand|nobody who|cut off before)\b/i,
    instead: 'plainer words',
  },
  { refused: /\b(?:face to face|by telephone)\b/i, instead: 'by phone or in person' },
  { refused: /(?<!there )\bis no (?!longer\b|[a-z]+er\b)[a-z]+\b/i, instead: 'isn’t a …' },
  { refused: /\bconclave [a-z]/, instead: 'the command of the terminal interface', within: /^tui\// },
]

/** Records of the log are rejected for reasons that only verification prints, in the specification's words. */
const specified = /^protocol\/|\/generated\//

/** Its text, with `…` where values are filled in. */
function wordsOf({ head, templateSpans }: ts.TemplateExpression): string {
  return [head.text, ...templateSpans.map(({ literal }) => literal.text)].join('…')
}

function literals(file: string, text: string): readonly Literal[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Literal[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) {
      const said = ts.isTemplateExpression(node) ? wordsOf(node) : node.text
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1
      const { parent } = node
      const isError = ts.isNewExpression(parent) && parent.expression.getText() === 'ConclaveError'
      const isMessage = isError && parent.arguments?.[1] === node
      if (said.includes(' ')) found.push({ text: said, line, isMessage })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

const files = globSync('**/*.ts', { cwd: root }).filter((file) => !specified.test(file))
const texts = new Map(files.map((file) => [file, readFileSync(root + file, 'utf8')]))
const parsed = new Map<string, readonly Literal[]>()

/** Where literals are that `fits`; only files that `mayHold` one are parsed. */
function found(mayHold: (text: string, file: string) => boolean, fits: (one: Literal) => boolean): readonly string[] {
  return [...texts].flatMap(([file, text]) => {
    if (!mayHold(text, file)) return []
    const all = parsed.get(file) ?? literals(file, text)
    parsed.set(file, all)
    return all.filter(fits).map((one) => `src/${file}:${one.line}: "${one.text}"`)
  })
}

describe('words on screens, in errors and in --help', () => {
  test.each(rules)('none match $refused: $instead', ({ refused, within, allowed = [] }) => {
    const mayHold = (text: string, file: string) => refused.test(text) && (within?.test(file) ?? true)
    expect(found(mayHold, (one) => refused.test(one.text) && !allowed.includes(one.text))).toEqual([])
  })

  test('a message of an error starts with a capital, a name or a value', () => {
    const isSmall = ({ text, isMessage }: Literal) => isMessage && /^(?!etcd |unlock )[a-z]/.test(text)
    expect(found((text) => text.includes('new ConclaveError('), isSmall)).toEqual([])
  })

  test('what is refused is found in literals and templates, and not in comments and names', () => {
    const sample = "// a knock\nconst knock = `${knock} knocked on it`\nconst other = 'no password here'\n"
    expect(literals('sample.ts', sample).map((one) => one.text)).toEqual(['… knocked on it', 'no password here'])
  })
})
