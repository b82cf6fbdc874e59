"use strict";
// The samples of the page: read once from the JSON block; texts are only ever made into text nodes.
const DATA = JSON.parse(document.getElementById("data").textContent);
const PROBLEMS = DATA.problems, SAMPLES = DATA.samples, TONES = DATA.tones, RUNS = DATA.runs;
const MARKS = { good: "✓", bad: "✗", pale: "✗", warn: "!", none: "–", accent: "•" };
const HAS_TOKENS = SAMPLES.some((sample) => sample.k !== undefined);

const SIBLINGS = PROBLEMS.map(() => []);
SAMPLES.forEach((sample, place) => SIBLINGS[sample.p].push(place));
const MIXED = SIBLINGS.map((places) => new Set(places.map((place) => judged(SAMPLES[place]))).size > 1);

const FLIPS = new Map(Object.entries(DATA.flips).map(([name, places]) => [name, new Set(places)]));

const plain = (text) => text.normalize("NFC").toLowerCase();
const words = (text) => plain(text).split(/\s+/).filter(Boolean);
const lengthOf = (sample) => (HAS_TOKENS ? sample.k : sample.n);
const statusesOf = (sample) => (sample.s ? [...new Set(sample.s)] : ["ok"]);
const spaced = (name) => name.replaceAll("_", " ");
const markOf = (sample) => (sample.v === "scored" ? scoreOf(sample).toFixed(2) : MARKS[TONES[sample.v]]);

const problemTexts = [], sampleTexts = [];
function problemText(place) {
  const { id, text, answer = "" } = PROBLEMS[place];
  return (problemTexts[place] ??= plain(`${id}\n${text}\n${answer}`));
}
function sampleText(place) {
  const sample = SAMPLES[place];
  return (sampleTexts[place] ??= plain([sample.t, sample.z ?? "", ...sample.r].join("\n")));
}

/** A column is found by its name: runs may have other columns. */
function cellOf(sample, name) {
  return sample.x[DATA.columns[sample.a].indexOf(name)] ?? null;
}
function scoreOf(sample) {
  return cellOf(sample, DATA.scores[sample.a]);
}
/** What samples of a problem differ by: the verdict, or the score where it knows more than right and wrong. */
function judged(sample) {
  return sample.v === "scored" ? scoreOf(sample) : sample.v;
}

/** Whether a sample meets all criteria; those that are absent ask nothing. */
function matches(place, asked) {
  const sample = SAMPLES[place], problem = PROBLEMS[sample.p];
  if (asked.verdict && sample.v !== asked.verdict) return false;
  if (asked.subject && problem.subject !== asked.subject) return false;
  if (asked.level && problem.level !== asked.level) return false;
  if (asked.finish && (sample.f ?? "not said") !== asked.finish) return false;
  if (asked.status && !statusesOf(sample).includes(asked.status)) return false;
  if (asked.run && RUNS[sample.a] !== asked.run) return false;
  if (asked.flip && !FLIPS.get(asked.flip).has(sample.p)) return false;
  if (asked.mixed && !MIXED[sample.p]) return false;
  const length = lengthOf(sample);
  if (asked.shortest !== null && !(length >= asked.shortest)) return false;
  if (asked.longest !== null && !(length <= asked.longest)) return false;
  if (asked.low !== null || asked.high !== null) {
    const value = cellOf(sample, asked.column);
    if (value === null || value < (asked.low ?? -Infinity) || value > (asked.high ?? Infinity)) return false;
  }
  return asked.words.every((word) => sampleText(place).includes(word) || problemText(sample.p).includes(word));
}

/** Orders by name: what is sorted by, and which way. Ties keep the order of the suite. */
function sorted(places, order) {
  const [key, way] = [order.slice(1), order[0] === "-" ? -1 : 1];
  if (!key) return places;
  const of = (place) => (key === "length" ? lengthOf(SAMPLES[place]) : cellOf(SAMPLES[place], key.slice(1))) ?? null;
  return places.sort((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return (x === null) - (y === null) || a - b;
    return way * (x - y) || a - b;
  });
}
