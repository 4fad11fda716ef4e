// The AG-UI agent of a conversation: POST /agui for a run, GET /agui/connect for the replay.
import type { RunAgentInput } from "@ag-ui/core";
import { HttpAgent, runHttpRequest, transformHttpEventStream, type HttpAgentFetchFn } from "@ag-ui/client";

export class SancaAgent extends HttpAgent {
  private readonly connectUrl: string;

  constructor(base: string, threadId: string, fetchFn: HttpAgentFetchFn) {
    super({ url: `${base}/agui`, threadId, fetch: fetchFn });
    this.connectUrl = `${base}/agui/connect?threadId=${encodeURIComponent(threadId)}`;
  }

  /** Sends only the newest message, and only when it is what the run is about: the engine keeps the conversation itself. */
  override run(input: RunAgentInput): ReturnType<HttpAgent["run"]> {
    const props = (input.forwardedProps ?? {}) as Record<string, unknown>;
    const other = input.resume ?? props.actionCode ?? props.continueRunId ?? props.a2uiAction;
    const newest = input.messages.at(-1);
    return super.run({ ...input, messages: !other && newest?.role === "user" ? [newest] : [] });
  }

  /** Replays every stored event of the session, then the live run's. */
  protected override connect(): ReturnType<HttpAgent["run"]> {
    this.abortController = new AbortController();
    const request = {
      method: "GET",
      headers: { Accept: "text/event-stream" },
      signal: this.abortController.signal,
    };
    return transformHttpEventStream(runHttpRequest(() => this.fetch(this.connectUrl, request)));
  }
}
