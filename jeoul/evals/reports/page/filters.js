// The form above the list: its choices, and what it asks for.
const form = document.getElementById("filters");

function counted(values) {
  const counts = new Map();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

/** Choices with how many each has; where there are fewer than `least` there is none to make, and nothing is shown. */
function offer(name, counts, all, least = 2) {
  const select = form.elements[name];
  select.append(new Option(all, ""));
  for (const [value, count] of counts) select.append(new Option(`${spaced(String(value))} (${count})`, value));
  select.closest("label").hidden = counts.size < least;
}

function natural(counts) {
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  return new Map([...counts].sort(([a], [b]) => order(a, b)));
}

function offerAll() {
  const order = Object.keys(TONES);
  const verdicts = [...counted(SAMPLES.map((sample) => sample.v))].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  offer("verdict", new Map(verdicts), "any");
  offer("subject", natural(counted(SAMPLES.map((sample) => PROBLEMS[sample.p].subject))), "any");
  offer("level", natural(counted(SAMPLES.map((sample) => PROBLEMS[sample.p].level))), "any");
  const said = SAMPLES.some((sample) => sample.f !== undefined);
  offer("finish", said ? counted(SAMPLES.map((sample) => sample.f ?? "not said")) : new Map(), "any");
  offer("status", counted(SAMPLES.flatMap(statusesOf)), "any");
  offer("run", RUNS.length > 1 ? counted(SAMPLES.map((sample) => RUNS[sample.a])) : new Map(), "any");
  offer("flip", new Map([...FLIPS].map(([name, places]) => [name, places.size])), "all", 1);
  const unit = HAS_TOKENS ? "tokens" : "characters";
  document.getElementById("length").textContent = `Length in ${unit}`;
  const columns = [...new Set(DATA.columns.flat())];
  for (const column of columns) form.elements.column.append(new Option(column, column));
  const orders = [["", "as in the suite"], ["+length", "shortest first"], ["-length", "longest first"]];
  for (const column of columns) orders.push([`-:${column}`, `${column}, highest first`], [`+:${column}`, `${column}, lowest first`]);
  for (const [value, text] of orders) form.elements.order.append(new Option(text, value));
  form.elements.mixed.closest("label").hidden = !MIXED.some(Boolean);
}

function asked() {
  const values = Object.fromEntries(new FormData(form));
  const bound = (name) => (values[name] === "" ? null : Number(values[name]));
  return {
    ...values,
    words: words(values.text),
    low: bound("low"),
    high: bound("high"),
    shortest: bound("shortest"),
    longest: bound("longest"),
  };
}
