// One open conversation: sends runs, answers interrupts, replays and reconnects. Its state is a Thread (thread.ts).
import { randomUUID, type AgentSubscriber, type BaseEvent, type ResumeEntry } from "@ag-ui/client";
import { sentenceOf, type HostClient } from "../api/client";
import type { SharedFile } from "./activities";
import type { PageCommand, PageReply } from "../commands/pageCommands";
import { SancaAgent } from "./agent";
import { addUserMessage, currentLeg, emptyThread, isOpen, reduce, truncateAt, type Thread } from "./thread";

/** loading: the first replay; live: a run streams; lost: reconnecting; restarting: the host brings the engine back. */
export type Connection = "idle" | "loading" | "live" | "lost" | "restarting" | "failed";

export interface SessionView {
  thread: Thread;
  connection: Connection;
  stopping: boolean;
  /** A sentence of the host that is no part of the conversation, for instance an exceeded limit. */
  problem: string | null;
}

export interface SessionOptions {
  language: () => string;
  onSignedOut: () => void;
  /** Called when a run started or ended: the list of sessions is stale. */
  onChanged: () => void;
  /** Carries out a page command; absent where the page takes none. */
  onCommand?: (command: PageCommand) => Promise<PageReply>;
  /** Milliseconds before the first reconnect; doubled each time up to 8 s. */
  firstDelay?: number;
}

interface RunParts {
  forwardedProps?: Record<string, unknown>;
  resume?: ResumeEntry[];
}

export interface Answer {
  approved: boolean;
  reason?: string;
  value?: unknown;
}

interface HttpFailure extends Error {
  status?: number;
  payload?: unknown;
}

const notForUs = /^(ACTIVITY|REASONING|STATE|TOOL_CALL)_/;

/** Milliseconds a replayed command waits for the word that it was done before. */
const replaySettles = 400;
const maxAttempts = 40;
const longestDelay = 8000;
/** A replay that ends short of what is shown is believed after this pause; until then the person keeps what they see. */
const catchUpPause = 2000;

export class ConversationSession {
  readonly id: string;
  private view: SessionView = { thread: emptyThread, connection: "idle", stopping: false, problem: null };
  private readonly listeners = new Set<() => void>();
  private readonly client: HostClient;
  private readonly options: SessionOptions;
  private agent: SancaAgent;
  private generation = 0;
  private attempt = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private frame: number | undefined;
  private pending: Thread = emptyThread;
  private nextConnection: Connection | undefined;
  /** Commands by id, and what became of each: one is carried out once, whatever is replayed. */
  private readonly commands = new Map<string, "waiting" | "taken">();

  constructor(id: string, client: HostClient, options: SessionOptions) {
    this.id = id;
    this.client = client;
    this.options = options;
    this.agent = this.newAgent();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): SessionView => this.view;

  /** Ends all traffic of this conversation in this window; a run goes on in the engine. */
  close(): void {
    this.generation += 1;
    clearTimeout(this.retryTimer);
    if (this.frame !== undefined) cancelAnimationFrame(this.frame);
    this.agent.abortRun();
  }

  get busy(): boolean {
    return this.view.connection !== "idle" && this.view.connection !== "failed";
  }

  send(text: string, files: SharedFile[] = [], replacesMessageId?: string): Promise<void> {
    const id = randomUUID();
    this.forgetFrom(replacesMessageId);
    this.pending = addUserMessage(this.pending, id, text, files);
    this.agent.addMessage({ id, role: "user", content: text });
    const forwardedProps: Record<string, unknown> = {};
    if (files.length > 0) forwardedProps.fileIds = files.map((file) => file.file_id);
    if (replacesMessageId) forwardedProps.replacesMessageId = replacesMessageId;
    return this.run({ forwardedProps });
  }

  answer(interruptId: string, answer: Answer): Promise<void> {
    return this.run({ resume: [{ interruptId, status: "resolved", payload: answer }] });
  }

  dismiss(interruptId: string, reason?: string): Promise<void> {
    return this.run({ resume: [{ interruptId, status: "cancelled", payload: { approved: false, reason } }] });
  }

  click(userAction: Record<string, unknown>, dataModel: unknown): Promise<void> {
    return this.run({ forwardedProps: { a2uiAction: { userAction, ...(dataModel ? { dataModel } : {}) } } });
  }

  runCode(actionCode: string, replacesMessageId?: string): Promise<void> {
    this.forgetFrom(replacesMessageId);
    return this.run({ forwardedProps: { actionCode, ...(replacesMessageId ? { replacesMessageId } : {}) } });
  }

  private forgetFrom(messageId?: string): void {
    if (!messageId) return;
    this.pending = truncateAt(this.pending, messageId);
    const index = this.agent.messages.findIndex((message) => message.id === messageId);
    if (index >= 0) this.agent.setMessages(this.agent.messages.slice(0, index));
  }

  continueRun(continueRunId: string): Promise<void> {
    return this.run({ forwardedProps: { continueRunId } });
  }

  /** Asks the engine to stop; the stream then ends by itself. */
  async stop(): Promise<void> {
    const leg = currentLeg(this.view.thread);
    if (!leg || !this.busy) return;
    this.publish({ stopping: true });
    try {
      await this.client.cancelRun(leg.engineRun ?? leg.id);
    } catch (error) {
      this.publish({ stopping: false, problem: (error as Error).message });
    }
  }

  clearProblem(): void {
    this.publish({ problem: null });
  }

  /** Replays the session because another window went on with it; never while something is under way here. */
  async refresh(): Promise<void> {
    if (this.view.connection === "idle") await this.connect();
  }

  /** Replays the session and follows its live run, if there is one. */
  async connect(): Promise<void> {
    const generation = this.begin();
    const shown = this.pending;
    this.agent = this.newAgent();
    let replayed = emptyThread;
    let pause: ReturnType<typeof setTimeout> | undefined;
    const show = (): void => {
      clearTimeout(pause);
      if (generation !== this.generation || onlyEngineLost(replayed)) return;
      this.accept(keepUnsent(shown, replayed), isOpen(replayed) ? "live" : undefined);
    };
    if (this.attempt === 0 && shown.events === 0) this.publish({ connection: "loading" });
    const subscriber = this.subscriber(generation, (event) => {
      replayed = reduce(replayed, event);
      clearTimeout(pause);
      this.noteCommand(event, replaySettles);
      if (replayed.events >= shown.events) show();
      else pause = setTimeout(show, catchUpPause);
    });
    const failure = await outcome(this.agent.connectAgent({}, subscriber));
    clearTimeout(pause);
    if (generation !== this.generation) return;
    if (failure) return this.connectFailed(failure);
    show();
    this.settle(replayed);
  }

  private async run(parts: RunParts): Promise<void> {
    const generation = this.begin();
    this.attempt = 0;
    this.agent.pendingInterrupts = parts.resume ? this.pending.interrupts : [];
    this.accept(this.pending);
    this.publish({ connection: "live", problem: null });
    const subscriber = this.subscriber(generation, (event) => {
      this.noteCommand(event, 0);
      this.accept(reduce(this.pending, event));
    });
    const known = this.pending.legs.length;
    const parameters = {
      runId: randomUUID(),
      forwardedProps: {
        language: this.options.language(),
        page: pageContext(this.options.onCommand !== undefined),
        ...parts.forwardedProps,
      },
      resume: parts.resume,
    };
    const failure = await outcome(this.agent.runAgent(parameters, subscriber));
    if (generation !== this.generation) return;
    if (failure) return this.runFailed(failure);
    if (this.pending.legs.length === known) return this.lost("lost");
    this.settle(this.pending);
  }

  /** In a replay a command waits a moment for the word that it is done; what another window did is not done again. */
  private noteCommand(event: BaseEvent, pause: number): void {
    const { type, name, value } = event as BaseEvent & { name?: string; value?: PageCommand };
    if (String(type) !== "CUSTOM" || !value?.id || !this.options.onCommand) return;
    if (name === "sanca.page_done") this.commands.set(value.id, "taken");
    if (name !== "sanca.page_command" || this.commands.has(value.id)) return;
    this.commands.set(value.id, "waiting");
    if (pause === 0) void this.takeCommand(value);
    else setTimeout(() => void this.takeCommand(value), pause);
  }

  private async takeCommand(command: PageCommand): Promise<void> {
    if (this.commands.get(command.id) !== "waiting" || !this.options.onCommand) return;
    this.commands.set(command.id, "taken");
    const reply = await this.options.onCommand(command);
    await this.client.pageReply(command.run_id, reply).catch(() => undefined); // the engine's time limit says it
  }

  private begin(): number {
    this.generation += 1;
    clearTimeout(this.retryTimer);
    this.agent.abortRun();
    return this.generation;
  }

  private newAgent(): SancaAgent {
    return new SancaAgent(this.client.base, this.id, this.client.fetch);
  }

  private subscriber(generation: number, take: (event: BaseEvent) => void): AgentSubscriber {
    return {
      onEvent: ({ event }) => {
        if (generation !== this.generation) return { stopPropagation: true };
        const type = String(event.type);
        if (type === "RUN_STARTED") this.options.onChanged();
        take(event);
        // The protocol's own reducer needs only messages and interrupts; it copies all it holds at each change. State
        // and tool calls are for clients that do not know our activities, which say the same.
        return notForUs.test(type) ? { stopPropagation: true } : undefined;
      },
    };
  }

  private settle(thread: Thread): void {
    if (isOpen(thread)) return this.lost("lost");
    if (currentLeg(thread)?.errorCode === "engine_lost") return this.lost("restarting");
    this.attempt = 0;
    this.publish({ connection: "idle", stopping: false });
    this.options.onChanged();
  }

  private runFailed(error: HttpFailure): void {
    const status = error.status ?? 0;
    if (status === 401) return this.signedOut();
    if (status === 0 || status === 503 || status === 504) return this.lost("lost");
    this.publish({ connection: "idle", stopping: false, problem: failureSentence(error) });
  }

  private connectFailed(error: HttpFailure): void {
    const status = error.status ?? 0;
    if (status === 401) return this.signedOut();
    if (status === 404) return this.publish({ connection: "idle", stopping: false });
    if (status === 0 || status >= 500) return this.lost(status === 503 ? "restarting" : "lost");
    this.publish({ connection: "failed", stopping: false, problem: failureSentence(error) });
  }

  private signedOut(): void {
    this.publish({ connection: "failed", stopping: false });
    this.options.onSignedOut();
  }

  private lost(connection: "lost" | "restarting"): void {
    this.attempt += 1;
    if (this.attempt > maxAttempts) return this.publish({ connection: "failed", stopping: false });
    this.publish({ connection, stopping: false });
    const delay = Math.min((this.options.firstDelay ?? 500) * 2 ** (this.attempt - 1), longestDelay);
    this.retryTimer = setTimeout(() => void this.connect(), delay);
  }

  /** Takes the new state and shows it with the next frame. */
  private accept(thread: Thread, connection?: Connection): void {
    this.pending = thread;
    this.nextConnection = connection;
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.publish(this.nextConnection ? { connection: this.nextConnection } : {});
    });
  }

  private publish(change: Partial<SessionView>): void {
    this.nextConnection = undefined;
    this.view = { ...this.view, ...change, thread: this.pending };
    for (const listener of this.listeners) listener();
  }
}

/** Runs the stream to its end and returns why it failed, null when it ended by itself. */
async function outcome(stream: Promise<unknown>): Promise<HttpFailure | null> {
  try {
    await stream;
    return null;
  } catch (error) {
    return error as HttpFailure;
  }
}

/** Where the person is and what they marked, so that "this one" can be understood. */
function pageContext(takesCommands: boolean): Record<string, string | boolean> {
  const selection = getSelection()?.toString().slice(0, 2000) ?? "";
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return { url: location.href, title: document.title, selection, timeZone: timeZone ?? "", takesCommands };
}

/** A replay that only says that the engine is away must not wipe out what is on the page. */
function onlyEngineLost(thread: Thread): boolean {
  return thread.legs.length <= 1 && thread.items.every((item) => item.kind === "error" && item.code === "engine_lost");
}

/** A message the server never got stays visible, so that it can be sent again. */
function keepUnsent(shown: Thread, replayed: Thread): Thread {
  const last = shown.items.findLast((item) => item.kind === "user");
  if (!last || last.kind !== "user" || last.run || replayed.items.some((item) => item.id === last.id)) return replayed;
  return addUserMessage(replayed, last.id, last.text, last.files);
}

function failureSentence(error: HttpFailure): string {
  if (error.status === undefined) return error.message;
  return sentenceOf(error.status, typeof error.payload === "string" ? error.payload : JSON.stringify(error.payload));
}
