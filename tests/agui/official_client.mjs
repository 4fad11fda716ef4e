// Talks to an AG-UI endpoint with the official client and its verification, as told on standard input, and prints what
// the client made of it. Connections may be cut in the middle of every event: a fetch of our own then goes on by id.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const require = createRequire(new URL("../../java-host/portal/page/package.json", import.meta.url));
const { HttpAgent, runHttpRequest, transformHttpEventStream } = require("@ag-ui/client");

const { url, headers, threadId, steps, cancel } = JSON.parse(await text(process.stdin));

/** An event as it is framed: all up to the empty line. */
async function readFrames(response, most) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const frames = [];
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { frames, ended: true };
    rest += value;
    for (let at = rest.indexOf("\n\n"); at >= 0 && frames.length < most; at = rest.indexOf("\n\n")) {
      frames.push(rest.slice(0, at + 2));
      rest = rest.slice(at + 2);
    }
    if (frames.length === most && rest) {
      await reader.cancel(); // in the middle of the next event
      return { frames, ended: false };
    }
  }
}

/** Breaks a connection off after so many events and a half, and goes on where it was, until the stream ends by itself. */
function cutting(most, told) {
  return async (address, init) => {
    const first = await fetch(address, init);
    if (!first.ok) return first;
    async function* whole() {
      let response = first;
      let seen = "";
      for (;;) {
        const { frames, ended } = await readFrames(response, most);
        for (const frame of frames) {
          seen = /^id: (.*)$/m.exec(frame)?.[1] ?? seen;
          yield frame;
        }
        if (ended) return;
        told.cuts += 1;
        const again = `${url}/agui/connect?threadId=${encodeURIComponent(threadId)}`;
        response = await fetch(again, { headers: { ...headers, ...(seen ? { "Last-Event-ID": seen } : {}) } });
        if (!response.ok) throw new Error(`connecting again gave ${response.status}`);
      }
    }
    const body = ReadableStream.from(whole()).pipeThrough(new TextEncoderStream());
    return new Response(body, { status: 200, headers: first.headers });
  };
}

class Agent extends HttpAgent {
  connect() {
    const address = `${url}/agui/connect?threadId=${encodeURIComponent(threadId)}`;
    return transformHttpEventStream(runHttpRequest(() => this.fetch(address, { headers })));
  }
}

function newAgent(step, told) {
  const fetchFn = step.cut ? cutting(step.cut, told) : (address, init) => fetch(address, init);
  return new Agent({ url: `${url}/agui`, threadId, headers, fetch: fetchFn });
}

async function stop(run) {
  const path = cancel.path.replace("{run}", run);
  const init = { method: "POST", headers: { ...headers, "Content-Type": "application/json" } };
  const answer = await fetch(`${url}${path}`, { ...init, body: JSON.stringify(cancel.body ?? {}) });
  if (!answer.ok) throw new Error(`cancel gave ${answer.status}`);
}

async function perform(step, before) {
  const told = { events: [], outcome: null, error: null, cuts: 0 };
  const agent = newAgent(step, told);
  agent.setMessages(step.do === "connect" ? [] : (before?.messages ?? []));
  agent.setState(step.do === "connect" ? {} : (before?.state ?? {}));
  agent.pendingInterrupts = before?.pendingInterrupts ?? [];
  let stopping;
  const subscriber = {
    onEvent: ({ event }) => {
      told.events.push(event.type);
      if (event.type === "RUN_FINISHED") told.outcome = event.outcome?.type ?? null;
      if (event.type === "RUN_ERROR") told.outcome = `error ${event.code}`;
      if (step.do === "cancel" && event.type === "TEXT_MESSAGE_CONTENT") stopping ??= stop(agent.state.run.id);
    },
  };
  try {
    if (step.do === "connect") await agent.connectAgent({}, subscriber);
    else {
      if (step.text) agent.addMessage({ id: crypto.randomUUID(), role: "user", content: step.text });
      const [interrupt] = agent.pendingInterrupts;
      const resume = step.do === "resume" ? [{ interruptId: interrupt.id, ...step.answer }] : undefined;
      if (step.edit) agent.setMessages(agent.messages.slice(-1));
      const edited = step.edit ? { replacesMessageId: before.said } : {};
      await agent.runAgent({ forwardedProps: { ...step.props, ...edited }, resume }, subscriber);
    }
    await stopping;
  } catch (error) {
    told.error = String(error?.message ?? error);
  }
  const said = agent.messages.findLast((message) => message.role === "user")?.id ?? before?.said;
  return { told, agent, said };
}

const results = [];
let before;
for (const step of steps) {
  const { told, agent, said } = await perform(step, before);
  const { messages, state, pendingInterrupts } = agent;
  before = { messages, state, pendingInterrupts, said };
  results.push({ ...told, messages, state, interrupts: pendingInterrupts });
}
console.log(JSON.stringify(results));
