// Full-text search over the sections of the site, in the browser and without a server.
//
// `createSearch(index)` returns `find(query)`.  The index, made at build time, is
// {pages: [[address, title], …], sections: [[page, anchor, title, text], …],
// messages: [[section, [name, …], [part, …]], …]}: the parts of an error message that never differ, and its exceptions.
// Any word of a query may be missing: sections are ranked by BM25 and by the share of the query
// that they have; words that stand beside each other in both count more, and so does a heading.  A word that no
// page has is taken for the words that begin like it or are a typing error away.  A message that a query
// has whole leads to its entry, the further up the more of its line is its own.
// Engines that want every word of a query, Pagefind and Sphinx's own, find 25 and 23 of the 40
// in tests/browser/queries.toml; MiniSearch finds as many as this, with eight times the bytes.
globalThis.createSearch = (index) => {
  "use strict";
  const K = 1.6, B = 0.6; // of BM25: how soon a repeated word counts less, how much a long section does
  const IN_TITLE = 4, IN_PAGE_TITLE = 2, BESIDE = 1.2;
  const WHOLE = 0.8; // how much it counts that a section has all that is asked, rare words before common ones
  const HALF = 0.5; // of a line that is a message's own: with less, the line is about something else
  const MOST_WORDS = 400; // of a query: a pasted traceback is longer than its message, but not without end
  const FILLING = new Set(("a an and are as at be by can do does for from has have how i if in into is it its my of on or so that the "
    + "their them then there they this to was what when which who why will with you your").split(" "));
  const WORD = /[\p{Script=Han}]+|[\p{L}\p{N}]+/gu;
  const HUMP = /\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{N}+/gu;

  // A word without its ending: locks, locked and locking are one.
  const stem = (word) => {
    if (word.length < 4 || /\d/.test(word)) return word;
    const short = word.replace(/ies$/, "y").replace(/(ss|x|ch|sh)es$/, "$1").replace(/([^su])s$/, "$1");
    return short.replace(/([^aeiou])\1(ing|ed)$/, "$1").replace(/(..[^e])(ing|ed)$/, "$1").replace(/(...)e$/, "$1");
  };
  // The words of a text: of BrokenPipeError its parts as well, of Chinese each pair of characters.
  const words = (text) => {
    const found = [];
    for (const [word] of text.matchAll(WORD)) {
      if (/\p{Script=Han}/u.test(word)) {
        for (let at = 0; at < Math.max(1, word.length - 1); at++) found.push(word.slice(at, at + 2));
        continue;
      }
      found.push(stem(word.toLowerCase()));
      const humps = /\p{Ll}\p{Lu}/u.test(word) ? word.match(HUMP) ?? [] : [];
      for (const hump of humps) found.push(stem(hump.toLowerCase()));
    }
    return found;
  };

  const postings = new Map(); // of each word: section → weight
  const note = (text, section, weight) => {
    const found = words(text);
    for (const word of found) {
      if (!postings.has(word)) postings.set(word, new Map());
      const where = postings.get(word);
      where.set(section, (where.get(section) ?? 0) + weight);
    }
    return found;
  };
  const running = [], lengths = [];
  index.sections.forEach(([page, , title, text], section) => {
    const found = note(text, section, 1);
    const heading = note(title, section, IN_TITLE);
    if (title !== index.pages[page][1]) note(index.pages[page][1], section, IN_PAGE_TITLE);
    running.push(` ${heading.join(" ")} | ${found.join(" ")} `);
    lengths.push(found.length + heading.length);
  });
  const average = lengths.reduce((sum, length) => sum + length, 0) / (lengths.length || 1);
  const rarity = (count) => Math.log(1 + (lengths.length - count + 0.5) / (count + 0.5));

  // Whether two words differ by at most so many letters added, left out, changed or swapped.
  const near = (one, other, most) => {
    if (Math.abs(one.length - other.length) > most) return false;
    let before = [], row = Array.from({ length: other.length + 1 }, (_, at) => at);
    for (let i = 1; i <= one.length; i++) {
      const next = [i];
      for (let j = 1; j <= other.length; j++) {
        next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (one[i - 1] !== other[j - 1]));
        if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]) next[j] = Math.min(next[j], before[j - 2] + 1);
      }
      if (Math.min(...next) > most) return false;
      [before, row] = [row, next];
    }
    return row[other.length] <= most;
  };
  // The words of the site that a word of the query stands for, each with its weight.
  const meant = (word, last) => {
    const found = new Map();
    if (postings.has(word)) found.set(word, 1);
    if (last && word.length > 1) {
      for (const known of postings.keys()) if (known !== word && known.startsWith(word)) found.set(known, 0.5);
    }
    if (!found.size && word.length > 3) {
      const most = word.length > 7 ? 2 : 1;
      for (const known of postings.keys()) if (near(word, known, most)) found.set(known, 0.7);
    }
    return found;
  };

  const flat = (text) => text.toLowerCase().split(/\s+/).filter(Boolean).join(" ");
  const messages = (index.messages ?? []).map(([section, names, parts]) => [section, names.map(flat), parts.map(flat)]);
  // The entries of the messages that a text has whole: section → the share of a line that is the message's own.
  const told = (query) => {
    const whole = flat(query), lines = [...new Set(query.split("\n").map(flat))].filter(Boolean).slice(-MOST_WORDS);
    const found = new Map();
    for (const [section, names, parts] of messages) {
      // the name of an exception alone is a message where nothing else was pasted
      for (const line of parts.length ? [...lines, whole] : [whole]) {
        let at = 0, own = 0;
        for (const part of parts) {
          const start = line.indexOf(part, at);
          if (start < 0) { at = -1; break; }
          at = start + part.length;
          own += part.length;
        }
        if (at < 0) continue;
        for (const name of names) if (line.includes(name)) { own += name.length; break; }
        found.set(section, Math.max(found.get(section) ?? 0, own / line.length));
      }
    }
    return found;
  };

  const excerpt = (text, marked) => {
    const hits = [];
    for (const match of text.matchAll(WORD)) {
      const all = words(match[0]);
      if (all.some((word) => marked.has(word))) {
        hits.push([match.index, match.index + match[0].length, Math.max(...all.map((word) => marked.get(word) ?? 0))]);
      }
    }
    const WIDTH = 170;
    let from = 0, best = -1;
    for (const [start] of hits) {
      const value = hits.reduce((sum, [at, , weight]) => sum + (at >= start && at < start + WIDTH ? weight : 0), 0);
      if (value > best) [from, best] = [start, value];
    }
    from = Math.max(0, from - 30);
    from = from && text.indexOf(" ", from) + 1;
    const until = Math.min(text.length, from + WIDTH + 30);
    const parts = [];
    let at = from;
    for (const [start, end] of hits) {
      if (start < at || end > until) continue;
      parts.push([text.slice(at, start), false], [text.slice(start, end), true]);
      at = end;
    }
    parts.push([text.slice(at, until), false]);
    if (from) parts.unshift(["… ", false]);
    if (until < text.length) parts.push([" …", false]);
    return parts;
  };

  // The best sections, one a page: {address, title, section, excerpt: [[text, whether it was looked for], …]}.
  return (query, most = 10) => {
    let asked = words(query).slice(-MOST_WORDS);
    const telling = asked.filter((word) => !FILLING.has(word));
    if (telling.length) asked = telling;
    const scores = new Float64Array(lengths.length);
    const marked = new Map(), had = new Float64Array(lengths.length);
    let wanted = 0;
    [...new Set(asked)].forEach((word) => {
      let rarest = 0;
      const best = new Map(); // of each section: what the word is worth there
      for (const [known, weight] of meant(word, word === asked.at(-1))) {
        const where = postings.get(known);
        const rare = rarity(where.size);
        marked.set(known, rare * weight);
        rarest = Math.max(rarest, rare * weight);
        for (const [section, count] of where) {
          best.set(section, Math.max(best.get(section) ?? 0, rare * weight));
          scores[section] += (weight * rare * count * (K + 1)) / (count + K * (1 - B + (B * lengths[section]) / average));
        }
      }
      wanted += rarest;
      for (const [section, value] of best) had[section] += value;
    });
    const pairs = new Set();
    for (let at = 1; at < asked.length; at++) pairs.add(`${asked[at - 1]} ${asked[at]}`);
    for (const pair of pairs) {
      const where = [];
      const [one, other] = pair.split(" ");
      for (const section of postings.get(one)?.keys() ?? []) {
        if (postings.get(other)?.has(section) && running[section].includes(` ${pair} `)) where.push(section);
      }
      for (const section of where) scores[section] += BESIDE * rarity(where.length);
    }
    scores.forEach((score, section) => {
      if (score) scores[section] = score * (1 - WHOLE + (WHOLE * had[section]) / wanted);
    });
    const top = Math.max(...scores);
    for (const [section, share] of told(query)) if (share > HALF) scores[section] += share * top;
    const order = [...scores.keys()].filter((section) => scores[section] > 0).sort((one, other) => scores[other] - scores[one]);
    const results = new Map();
    for (const section of order) {
      const [page, anchor, title, text] = index.sections[section];
      if (results.has(page)) continue;
      const [address, pageTitle] = index.pages[page];
      results.set(page, {
        address: anchor ? `${address}#${anchor}` : address,
        title: pageTitle,
        section: title === pageTitle ? "" : title,
        excerpt: excerpt(text, marked),
      });
      if (results.size === most) break;
    }
    return [...results.values()];
  };
};
