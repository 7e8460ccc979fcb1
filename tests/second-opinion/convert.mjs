// Atlassian's own converter between ADF and wiki markup, in both directions and there and back. Reads inputs as JSON lines
// (`name`, `adf` or null, `wiki` or null) from standard input, writes one JSON document with what became of each.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

// Their packages say `require` to Node only in their CommonJS form.
const require = createRequire(import.meta.url);
const { WikiMarkupTransformer } = require('@atlaskit/editor-wikimarkup-transformer');
const { JSONTransformer } = require('@atlaskit/editor-json-transformer');
const { defaultSchema } = require('@atlaskit/adf-schema/schema-default');

const markup = new WikiMarkupTransformer(defaultSchema);
const tree = new JSONTransformer(defaultSchema);

// `error` stands where they give up: that is an answer too.
function attempt(convert, input) {
  if (input === null || input === undefined || input.error) return null;
  try {
    return convert(input);
  } catch (error) {
    return { error: String(error.message ?? error).split('\n')[0] };
  }
}
// They make ids by chance where a node has none: they say nothing, and would differ every time.
function settled(node) {
  return JSON.parse(JSON.stringify(node, (key, value) => (key === 'localId' && value !== '' ? undefined : value)));
}
const toWiki = (adf) => markup.encode(tree.parse(adf));
const toAdf = (wiki) => settled(tree.encode(markup.parse(wiki)));

const answers = [];
for (const line of readFileSync(0, 'utf8').split('\n').filter((line) => line !== '')) {
  const { name, adf, wiki } = JSON.parse(line);
  const asWiki = attempt(toWiki, adf);
  const asAdf = attempt(toAdf, wiki);
  answers.push({ name, adf, wiki, asWiki, asAdf, adfAgain: attempt(toAdf, asWiki), wikiAgain: attempt(toWiki, asAdf) });
}
const lock = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
// One answer a line, so that a diff shows which changed.
const lines = answers.map((answer) => `    ${JSON.stringify(answer)}`);
console.log(`{\n  "versions": ${JSON.stringify(lock.dependencies)},\n  "answers": [\n${lines.join(',\n')}\n  ]\n}`);
