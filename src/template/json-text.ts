/** Finds where a text stops being JSON. */

/** Where the first mistake is; the end of the text where something is missing there; nothing where the text is JSON. */
export function jsonMistake(text: string): number | undefined {
  if (parses(text) === 'yes') return undefined;
  // The longest beginning that could still become JSON: whatever is behind it, it is the next character that is wrong.
  let right = 0;
  let wrong = text.length + 1;
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1;
    if (parses(text.slice(0, middle)) === 'no') wrong = middle;
    else right = middle;
  }
  return Math.min(right, Math.max(0, text.trimEnd().length - 1));
}

/** Whether a text is JSON, or could be with more behind it. */
function parses(text: string): 'yes' | 'no' | 'more' {
  try {
    JSON.parse(text);
    return 'yes';
  } catch (error) {
    const message = String(error);
    const position = /at position (\d+)/.exec(message)?.[1];
    const atEnd = /end of JSON|Unterminated/.test(message) || (position !== undefined && Number(position) >= text.length);
    return atEnd || couldGrow(text) ? 'more' : 'no';
  }
}

/** A word or a number that is cut off in the middle. */
function couldGrow(text: string): boolean {
  const [word = ''] = /[A-Za-z]*$/.exec(text) ?? [];
  return word !== '' && ['true', 'false', 'null'].some((one) => one !== word && one.startsWith(word)) && parsesWith(text, word);
}

function parsesWith(text: string, word: string): boolean {
  const whole = ['true', 'false', 'null'].find((one) => one.startsWith(word)) ?? '';
  return parses(text.slice(0, text.length - word.length) + whole) !== 'no';
}
