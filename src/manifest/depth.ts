/** Where YAML is nested too deeply to be parsed. */

/**
 * As counted here: a manifest of the 50 levels that a reader may need counts 100 at most, and what counts so much has 400 levels
 * at most. The library runs out of stack at some 800, and to let it is no way: V8 ends the process where it then compiles a regular expression.
 */
const MOST = 120;

/** The lexer's marks for brackets that can no longer be closed, for a document and for a scalar: in no text that is read. */
const UNCLOSED = '\u0018';
const MARKS = new Set([UNCLOSED, '\u0002', '\u001f']);

/** The offset of the first piece that is nested too deeply. @param pieces what the lexer cuts the text into, without recursion */
export function offsetOfTooDeep(pieces: Iterable<string>): number | undefined {
  let offset = 0;
  let lineBegin = 0;
  let first = true;
  let brackets = 0;
  /** Columns of what the next lines may be inside of. */
  const columns: number[] = [];
  for (const piece of pieces) {
    if (piece === UNCLOSED) brackets = 0;
    if (MARKS.has(piece)) continue;
    if (piece === '[' || piece === '{') brackets++;
    else if (piece === ']' || piece === '}') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0 && !/^[\s#]/.test(piece) && (first || /^[-?:]$/.test(piece))) {
      const column = offset - lineBegin;
      while ((columns.at(-1) ?? -1) >= column) columns.pop();
      columns.push(column);
    }
    if (brackets + columns.length > MOST) return offset;
    if (!/^\s/.test(piece)) first = false;
    const end = piece.lastIndexOf('\n');
    if (end >= 0) {
      lineBegin = offset + end + 1;
      first = true;
    }
    offset += piece.length;
  }
  return undefined;
}
