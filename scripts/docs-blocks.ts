// Code blocks of the documentation that come from files. A comment above the block says which:
//   <!-- source: src/sagas/index.ts -->                  the whole file
//   <!-- source: examples/enroll.sh: Sign in -->         its paragraph below a comment of one line that begins so
//   <!-- source: docs/sagas/course-enrollment.md -->     of a page, its first block in the same language

const BLOCK = /(<!-- source: ([^\s:]+)(?:: (.+?))? -->\n```(\w*)\n)(?:.*\n)*?(?=```\n)/g;

/**
 * The text with every such block as its source is now; unchanged when nothing has drifted.
 *
 * @param read the text of a file, by its path from the root of the project
 * @throws {Error} a block names a paragraph that its source does not have, or a page without such a block
 */
export function withSources(markdown: string, read: (path: string) => string): string {
  return markdown.replaceAll(BLOCK, (_block, head: string, path: string, paragraph: string | undefined, language: string) => {
    const source = read(path).trimEnd();
    if (path.endsWith(".md")) return head + blockOf(source, path, language);
    return `${head}${paragraph === undefined ? source : paragraphOf(source, path, paragraph)}\n`;
  });
}

function blockOf(page: string, path: string, language: string): string {
  const [, found] = new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, "m").exec(page) ?? [];
  if (found === undefined) throw new Error(`${path} has no block in ${language}`);
  return found;
}

function paragraphOf(source: string, path: string, beginning: string): string {
  const found = source.split("\n\n").find((one) => one.startsWith(`# ${beginning}`) || one.startsWith(`// ${beginning}`));
  if (found === undefined) throw new Error(`${path} has no paragraph that begins with the comment "${beginning}"`);
  return found.slice(found.indexOf("\n") + 1);
}
