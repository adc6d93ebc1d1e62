/**
 * What is wrong with a chosen passphrase, judged by zxcvbn: its estimate of how soon a cracker who knows dictionaries,
 * keyboards and dates would guess it. The dictionaries take megabytes and are loaded at the first question.
 */
import { passwordGuessesLog10Min } from '../base/limits.ts'
import { passwordBytes } from './password.ts'

/** zxcvbn's scale goes from 0 to 4. */
const scoreMin = 3
/** zxcvbn's time grows with the square of the length; what follows these characters could only make a password stronger. */
const judgedCharsMax = 128

type Judge = (password: string, known: string[]) => { score: number; guessesLog10: number; advice: string }
let judge: Promise<Judge> | undefined

/** A sentence that says what is wrong, or undefined when the password will do. `name` counts as known to a guesser. */
export async function passwordWeakness(password: string, name: string): Promise<string | undefined> {
  if (password.length === 0) return 'It is empty.'
  if (passwordBytes(password) === undefined) return 'It is too long, or not text.'
  judge ??= loadJudge()
  const judged = password.normalize('NFKC').slice(0, judgedCharsMax)
  const { score, guessesLog10, advice } = (await judge)(judged, [name, 'conclave'])
  if (score >= scoreMin && guessesLog10 >= passwordGuessesLog10Min) return undefined
  return `It could be guessed. ${advice}`
}

async function loadJudge(): Promise<Judge> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
    import('@zxcvbn-ts/language-en'),
  ])
  const zxcvbn = new ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
    translations: english.translations,
  })
  return (password, known) => {
    const { score, guessesLog10, feedback } = zxcvbn.check(password, known)
    const sentences = [feedback.warning, ...feedback.suggestions].filter((text) => text !== null && text !== '')
    const advice = sentences.length > 0 ? sentences.join(' ') : 'Make it longer, or let six words be generated.'
    return { score, guessesLog10, advice }
  }
}
