// The page's development fixture: a scripted host that speaks the HTTP and AG-UI contract. Not a part of the product.
import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
import { extname, join, normalize } from "node:path";
import { fleetApi, newFleet } from "./fleet.mjs";
import { addDocument, memoryApi, newMemory } from "./memory.mjs";
import { scriptFor, skills, toolkits } from "./scripts.mjs";

const rights = {
  viewer: ["system:read", "sanca:ask"],
  developer: ["system:read", "sanca:ask", "fleet:inject", "system:change", "knowledge:write"],
  operator: [
    "system:read",
    "sanca:ask",
    "fleet:inject",
    "system:change",
    "knowledge:write",
    "system:operate",
    "sanca:settings",
  ],
};
const names = { viewer: "Vera Viewer", developer: "Dan Developer", operator: "Olga Operator" };
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:";
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const status = {
  engine: "up",
  message: "The engine runs.",
  details: {
    status: "ok",
    version: "0.1.0",
    sandboxLevel: "namespace",
    gateway: "connected",
    gatewayDetail: "",
    store: "sqlite",
    models: [],
    runsLive: 0,
  },
};
const operation = (tag, summary) => ({ tags: [tag], summary });
const openApi = {
  openapi: "3.1.0",
  paths: {
    "/agui": { post: operation("Chat", "Start a run or answer an interrupt") },
    "/agui/connect": { get: operation("Chat", "Replay a session and follow its live run") },
    "/api/sanca/sessions": { get: operation("Sessions", "The person's sessions") },
    "/api/sanca/sessions/{id}": {
      patch: operation("Sessions", "Rename a session"),
      delete: operation("Sessions", "Delete a session"),
    },
    "/api/fleet/faults": { post: operation("Fleet", "Break something on purpose") },
  },
};

class Session {
  constructor(id) {
    this.id = id;
    this.title = "";
    this.createdAt = this.updatedAt = new Date().toISOString();
    this.events = [];
    this.listeners = new Set();
    this.run = null;
  }

  emit(event) {
    const stamped = { ...event, timestamp: Date.now() };
    this.events.push(stamped);
    this.updatedAt = new Date().toISOString();
    for (const listener of this.listeners) listener(stamped);
  }
}

/** Starts the fixture. `pace` stretches or shrinks the scripted pauses; `dist` serves a built page with the host's policy. */
export async function startFixture({ port = 0, pace = 1, dist = null } = {}) {
  const state = {
    sessions: new Map(),
    files: new Map(),
    models: [],
    memory: newMemory(),
    fleet: newFleet(),
    pace,
    engineDown: false,
    feedback: [],
  };
  const server = createServer((request, response) => {
    handle(state, request, response, dist).catch((error) => fail(response, 500, String(error)));
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, state, stop };
}

async function handle(state, request, response, dist) {
  const url = new URL(request.url, "http://fixture");
  const path = url.pathname;
  const cookies = Object.fromEntries((request.headers.cookie ?? "").split("; ").map((pair) => pair.split("=")));
  const user = cookies["dev-user"] ?? "operator";
  const method = request.method;
  if (
    dist &&
    !path.startsWith("/api") &&
    !path.startsWith("/agui") &&
    !path.startsWith("/v3") &&
    !["/login", "/logout"].includes(path)
  ) {
    return serveFile(dist, path, response);
  }
  const writes = method !== "GET" && method !== "HEAD";
  if (writes && cookies["XSRF-TOKEN"] && request.headers["x-xsrf-token"] !== cookies["XSRF-TOKEN"]) {
    return fail(response, 403, "The CSRF header is missing or wrong.");
  }
  if (path === "/login") return signIn(request, response);
  if (path === "/logout") return json(response, 200, {}, { "set-cookie": "dev-user=none; Path=/" });
  if (!rights[user]) return fail(response, 401, "Nobody is signed in.");
  if (path === "/api/me") {
    const headers = { "set-cookie": `XSRF-TOKEN=${cookies["XSRF-TOKEN"] ?? randomUUID()}; Path=/` };
    return json(response, 200, { user, displayName: names[user], rights: rights[user], tenant: "demo" }, headers);
  }
  if (path === "/agui" && method === "POST") return startRun(state, user, await body(request), response);
  if (path === "/agui/connect") return connect(state, url.searchParams.get("threadId"), response);
  if (path === "/v3/api-docs") return json(response, 200, openApi);
  if (path.startsWith("/api/fleet"))
    return fleetApi(state.fleet, {
      path,
      method,
      url,
      json: () => body(request),
      send: (...args) => json(response, ...args),
    });
  return sancaApi(state, { path, method, request, response });
}

async function sancaApi(state, { path, method, request, response }) {
  const parts = path.split("/").slice(3);
  const [kind, id, verb] = parts;
  if (kind === "sessions" && !id)
    return json(
      response,
      200,
      [...state.sessions.values()].map(summary).toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt)),
    );
  if (kind === "sessions" && verb === "files") return upload(state, id, request, response);
  if (kind === "sessions" && method === "PATCH") {
    state.sessions.get(id).title = (await body(request)).title;
    return json(response, 200, {});
  }
  if (kind === "sessions" && method === "DELETE") {
    state.sessions.delete(id);
    return json(response, 200, {});
  }
  if (kind === "runs" && verb === "cancel") {
    const session = [...state.sessions.values()].find(
      (entry) => entry.run && [entry.run.id, entry.run.leg].includes(id),
    );
    if (!session) return fail(response, 404, `There is no live run ${id}.`);
    session.run.cancelled = true;
    session.run.wake?.();
    return json(response, 200, {});
  }
  if (kind === "runs" && verb === "feedback") {
    state.feedback.push({ id, ...(await body(request)) });
    return json(response, 200, {});
  }
  if (kind === "runs" && verb === "page") {
    const reply = await body(request);
    for (const session of state.sessions.values()) if (session.run?.id === id) session.run.pageReply?.(reply);
    return json(response, 200, {});
  }
  if (kind === "me")
    return json(response, 200, { user: "operator", displayName: "operator", rights: [], tenant: "demo" });
  if (kind === "status") return json(response, 200, status);
  if (kind === "skills") return json(response, 200, skills);
  if (kind === "tools") return json(response, 200, toolkits);
  if (kind === "files") return download(state, id, response);
  if (kind === "memory" && id === "documents") return teach(state, request, response);
  if (kind === "memory" && id === "export") return exportMemory(state, response);
  if (kind === "memory")
    return memoryApi(state, {
      verb: id,
      method,
      read: () => body(request),
      send: (code, value) => json(response, code, value),
      fail: (code, detail) => fail(response, code, detail),
    });
  if (kind === "runs" && !verb) return json(response, 200, { runId: id, sessionId: "s-demo" });
  if (kind === "models") return models(state, id, method, request, response);
  return fail(response, 404, `There is nothing at ${path}.`);
}

const summary = ({ id, title, createdAt, updatedAt, run }) => ({
  sessionId: id,
  title,
  createdAt,
  updatedAt,
  liveRunId: run?.id ?? null,
});

async function models(state, id, method, request, response) {
  if (method === "GET") return json(response, 200, state.models);
  if (id === "test") {
    const { baseUrl, apiKey } = await body(request);
    const ok = !String(baseUrl).includes("wrong") && apiKey !== "wrong";
    const message = ok
      ? "The model answered."
      : "The endpoint refused the key; check that it belongs to this base URL.";
    return json(response, 200, { ok, message, seconds: 0.42 });
  }
  if (method === "PUT") {
    const { apiKey, ...entry } = await body(request);
    state.models = [{ ...entry, hasKey: Boolean(apiKey), source: "settings" }];
    return json(response, 200, state.models);
  }
  state.models = [];
  return json(response, 200, []);
}

async function signIn(request, response) {
  const form = new URLSearchParams(await text(request));
  if (!rights[form.get("username")] || form.get("password") === "wrong")
    return fail(response, 401, "Wrong user name or password.");
  return json(response, 200, {}, { "set-cookie": `dev-user=${form.get("username")}; Path=/` });
}

async function startRun(state, user, input, response) {
  if (state.engineDown) return fail(response, 503, "The engine is not there.");
  const session = state.sessions.get(input.threadId) ?? new Session(input.threadId);
  const message = input.messages.findLast((entry) => entry.role === "user");
  const props = input.forwardedProps ?? {};
  const fresh = !input.resume && !props.actionCode && !props.continueRunId && !props.a2uiAction;
  if (fresh && message?.content.startsWith("refuse"))
    return fail(response, 429, "You have used today's budget of 200 runs; it is filled again at midnight.");
  state.sessions.set(session.id, session);
  if (fresh && !session.title) session.title = message.content.slice(0, 60);
  const stream = openStream(response);
  const waiting = session.run?.answer && input.resume?.[0] ? session.run : null;
  const run = waiting ?? { id: props.continueRunId ?? `run-${randomUUID().slice(0, 8)}`, cancelled: false, user };
  run.leg = input.runId;
  run.user = user;
  session.run = run;
  follow(session, stream, run);
  const forwardedProps = Object.fromEntries(
    ["replacesMessageId", "fileIds"].filter((key) => props[key]).map((key) => [key, props[key]]),
  );
  session.emit({
    type: "RUN_STARTED",
    threadId: session.id,
    runId: input.runId,
    metadata: { trace_id: randomUUID().replaceAll("-", "") },
    input: { threadId: session.id, runId: input.runId, messages: fresh ? [message] : [], forwardedProps },
  });
  if (waiting) return waiting.answer(input.resume[0]);
  const context = { state, session, run, props, message: fresh ? message.content : "", input };
  await scriptFor(context)(context);
}

/** Sends the run's events until the AG-UI run ends. */
function follow(session, stream, run) {
  const listener = (event) => {
    if (run.drop) return;
    stream.send(event);
    if (event.type === "RUN_FINISHED" || event.type === "RUN_ERROR") end();
  };
  const end = () => {
    session.listeners.delete(listener);
    stream.end();
  };
  run.cut = end;
  session.listeners.add(listener);
  stream.onClose(() => session.listeners.delete(listener));
}

function connect(state, threadId, response) {
  if (state.engineDown) return fail(response, 503, "The engine is not there.");
  const session = state.sessions.get(threadId);
  const stream = openStream(response);
  if (!session) return stream.end();
  for (const event of session.events) stream.send(event);
  const last = session.events.findLast((event) => ["RUN_STARTED", "RUN_FINISHED", "RUN_ERROR"].includes(event.type));
  if (last?.type !== "RUN_STARTED") return stream.end();
  const listener = (event) => {
    stream.send(event);
    if (event.type === "RUN_FINISHED" || event.type === "RUN_ERROR") {
      session.listeners.delete(listener);
      stream.end();
    }
  };
  session.listeners.add(listener);
  stream.onClose(() => session.listeners.delete(listener));
}

function openStream(response) {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": open\n\n");
  return {
    send: (event) => response.write(`data: ${JSON.stringify(event)}\n\n`),
    end: () => response.end(),
    onClose: (listener) => response.on("close", listener),
  };
}

/** The name of the one file in a multipart body. */
function nameIn(raw) {
  const head = raw.subarray(0, 1000).toString("latin1");
  return Buffer.from(/filename="([^"]*)"/.exec(head)?.[1] ?? "file", "latin1").toString("utf8");
}

async function teach(state, request, response) {
  const name = nameIn(await bytes(request));
  if (/\.(exe|jar)$/.test(name)) return fail(response, 415, `Files of type ${extname(name)} are not taken.`);
  await new Promise((resolve) => setTimeout(resolve, 300 * state.pace));
  return json(response, 200, addDocument(state, name));
}

function exportMemory(state, response) {
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "content-disposition": 'attachment; filename="sanca-memory.jsonl"',
  });
  response.end(state.memory.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

async function upload(state, sessionId, request, response) {
  const raw = await bytes(request);
  const head = raw.subarray(0, 1000).toString("latin1");
  const name = nameIn(raw);
  const mediaType = /Content-Type: ([^\r\n]+)/.exec(head)?.[1] ?? "application/octet-stream";
  if (raw.length > 10 * 1024 * 1024) return fail(response, 413, `${name} is larger than 10 MB; send a smaller file.`);
  if (/\.(exe|sh|jar)$/.test(name))
    return fail(
      response,
      415,
      `Files of the type ${extname(name)} are not accepted; send text, tables, images or archives.`,
    );
  const start = raw.indexOf("\r\n\r\n") + 4;
  const data = raw.subarray(start, raw.lastIndexOf("\r\n--"));
  const fileId = `file-${randomUUID().slice(0, 8)}`;
  state.files.set(fileId, { name, data, mediaType });
  await new Promise((resolve) => setTimeout(resolve, 200 * state.pace));
  return json(response, 200, { fileId, name, sizeBytes: data.length, mediaType });
}

function download(state, id, response) {
  const file = state.files.get(id);
  if (!file) return fail(response, 404, `There is no file ${id}.`);
  response.writeHead(200, {
    "content-type": file.mediaType,
    "content-disposition": `attachment; filename="${encodeURIComponent(file.name)}"`,
  });
  response.end(file.data);
}

function serveFile(dist, path, response) {
  const file = join(dist, normalize(path === "/" ? "/index.html" : path));
  if (!existsSync(file) || !statSync(file).isFile()) return fail(response, 404, `There is nothing at ${path}.`);
  response.writeHead(200, {
    "content-type": types[extname(file)] ?? "application/octet-stream",
    "content-security-policy": policy,
  });
  createReadStream(file).pipe(response);
}

function bytes(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => resolve(Buffer.concat(chunks)));
    request.on("error", reject);
  });
}

const text = async (request) => (await bytes(request)).toString("utf8");
const body = async (request) => JSON.parse((await text(request)) || "{}");

function json(response, status, value, headers = {}) {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}

function fail(response, status, detail) {
  if (response.headersSent) return response.end();
  response.writeHead(status, { "content-type": "application/problem+json" });
  response.end(JSON.stringify({ status, detail }));
}
