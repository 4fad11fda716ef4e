// The scripted host's memory: a handful of records of each kind, kept while the fixture runs.
const hours = (count) => new Date(Date.now() - count * 3_600_000).toISOString();

const record = (layer, id, text, more = {}) => ({
  layer,
  id,
  sessionId: "",
  wholeTenant: false,
  title: "",
  text,
  speaker: "",
  time: hours(1),
  source: "",
  document: "",
  citation: "",
  validUntil: "",
  data: {},
  revision: 1,
  updatedAt: hours(1),
  score: 0,
  reasons: [],
  canEdit: layer !== "message",
  canForget: true,
  ...more,
});

const piece = (number, heading, text, more = {}) =>
  record("knowledge", `runbooks/payment.md#${number}`, text, {
    wholeTenant: true,
    title: heading,
    document: "runbooks/payment.md",
    citation: `runbooks/payment.md, lines ${number * 12}-${number * 12 + 10}`,
    time: hours(50),
    data: { heading },
    ...more,
  });

export const newMemory = () => [
  record("message", "m1", "Why does checkout answer so slowly since noon?", {
    sessionId: "s-demo",
    speaker: "user",
    time: hours(0.3),
  }),
  record(
    "message",
    "m2",
    "The pool of **payment** was exhausted: 20 connections for 48 requests at once. I raised `pool.size` to 40 and the latency fell from 2.1 s to 180 ms.",
    { sessionId: "s-demo", speaker: "assistant", time: hours(0.2) },
  ),
  record("preference", "language", "Always answer in Chinese.", {
    data: { kind: "language", by: "learned" },
    time: hours(30),
  }),
  record("preference", "night", "Never restart payment at night.", {
    data: { kind: "dont", by: "user" },
    time: hours(70),
  }),
  record("preference", "role", "I am on call for checkout and payment.", {
    data: { kind: "role", by: "learned" },
    time: hours(200),
  }),
  record("experience", "exp-1", "Why is {service} slow? The pool of what it depends on was exhausted.", {
    title: "Find the exhausted pool behind a slow service",
    document: "find-exhausted-pool",
    time: hours(26),
    data: { outcome: "ok", helped: 3, failed: 0, verified: true, run_ids: ["run_5f0c2b7d9e41"] },
  }),
  record("experience", "exp-2", "Deploy {release} of {service} while its disk is full", {
    title: "Deploying onto a full disk",
    time: hours(90),
    data: {
      outcome: "failed",
      helped: 0,
      failed: 2,
      why: "The release could not be unpacked: the disk was full.",
      run_ids: [],
    },
  }),
  record(
    "summary",
    "s-demo-2026-11-21-1",
    "- checkout was slow from 12:04; the cause was the pool of payment (20 connections).\n- `pool.size` was raised to 40 and stayed there.\n- Open: nobody has looked at the timeout of inventory.",
    { title: "Slow checkout", document: "2026-11-21", time: hours(14) },
  ),
  record("knowledge", "runbooks/payment.md#0", "Payment: pool, restart, disk", {
    wholeTenant: true,
    document: "runbooks/payment.md",
    time: hours(50),
    canEdit: false,
    data: { kind: "document", pieces: 3, remarks: ["pool.size of payment is 20 here and 40 in notes/pools.md."] },
  }),
  piece(
    1,
    "Pool",
    "The pool of payment has 20 connections. When `pool_waiting` stays above 5, raise `pool.size` by half and watch for ten minutes.",
    {
      data: { heading: "Pool", contradicted_by: [{ source: "notes/pools.md, line 4" }] },
    },
  ),
  piece(2, "Restart", "Restart payment only between 09:00 and 18:00; it takes the sessions of checkout with it."),
  piece(3, "Disk", "Receipts older than a week may be deleted.", { validUntil: hours(24) }),
];

const kinds = ["message", "summary", "knowledge", "experience", "preference"];
const isHead = (one) => one.data.kind === "document";
const isPiece = (one) => one.layer === "knowledge" && !isHead(one);

function reasonsFor(words, one) {
  const text = `${one.title} ${one.text}`.toLowerCase();
  const found = words.filter((word) => text.includes(word));
  if (found.length === 0) return [];
  const share = Math.min(0.8, 0.45 + found.length * 0.12);
  return [
    { kind: "words", detail: found.join(", "), share },
    { kind: "meaning", detail: "", share: 1 - share - 0.06 },
    { kind: "recent", detail: "", share: 0.06 },
  ];
}

function search(memory, query) {
  const words = (query.query ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  let found = memory.filter(
    (one) =>
      (!query.layers?.length || query.layers.includes(one.layer)) &&
      (!query.ids?.length || query.ids.includes(one.id)) &&
      (!query.sessionId || one.sessionId === query.sessionId) &&
      (!query.document || one.document === query.document),
  );
  if (words.length > 0)
    found = found
      .map((one) => ({ ...one, reasons: reasonsFor(words, one), score: 0.7 }))
      .filter((one) => one.reasons.length > 0);
  else if (!query.ids?.length && !query.document) {
    found = found.filter((one) => !isPiece(one)).toSorted((a, b) => b.time.localeCompare(a.time));
  }
  const start = Number(query.after || 0);
  const limit = query.limit || 30;
  return {
    items: found.slice(start, start + limit),
    next: start + limit < found.length ? String(start + limit) : "",
    counts: kinds.map((layer) => ({ layer, records: memory.filter((one) => one.layer === layer).length })),
    store: "sqlite",
    notice: "",
  };
}

const same = (key) => (one) => one.layer === key.layer && one.id === key.id && one.sessionId === (key.sessionId ?? "");

/** Answers one request; `state.memory` is the list of records. */
export async function memoryApi(state, { verb, method, read, send, fail }) {
  if (verb === "search") return send(200, search(state.memory, await read()));
  if (verb === "forget") {
    const { items, everything, document } = await read();
    const gone = state.memory.filter(
      (one) => everything || one.document === document || items?.some((key) => same(key)(one)),
    );
    state.memory = state.memory.filter((one) => !gone.includes(one));
    if (everything) state.sessions.clear();
    return send(200, { forgotten: gone.length });
  }
  if (method === "PUT") {
    const change = await read();
    if (change.revision === 0) {
      const added = record("preference", `p${state.memory.length}`, change.text, {
        data: { ...change.data, by: "user" },
        time: hours(0),
      });
      state.memory.unshift(added);
      return send(200, added);
    }
    const known = state.memory.find(same(change));
    if (!known) return fail(404, "There is no such record of yours any more.");
    if (known.revision !== change.revision) return fail(409, "It was changed meanwhile; read it again.");
    Object.assign(known, { text: change.text, revision: known.revision + 1, data: { ...known.data, ...change.data } });
    return send(200, known);
  }
  return fail(404, "There is no such thing in memory.");
}

/** Takes a document: two pieces, and a remark where its name asks for one. */
export function addDocument(state, name) {
  const head = { wholeTenant: true, document: name, time: hours(0), canEdit: false };
  state.memory.unshift(
    record("knowledge", `${name}#0`, name, { ...head, data: { kind: "document", pieces: 1, remarks: [] } }),
  );
  state.memory.push(
    record("knowledge", `${name}#1`, `What ${name} says.`, {
      wholeTenant: true,
      document: name,
      citation: `${name}, lines 1-9`,
    }),
  );
  const remarks = name.includes("odd") ? ["pool.size is 30 here and 20 in runbooks/payment.md."] : [];
  return { document: name, pieces: 1, unchanged: false, remarks };
}
