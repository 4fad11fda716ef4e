// The list of a conversation's entries; it follows the stream as long as the person has not scrolled up.
import { ArrowDown, CircleAlert } from "lucide-react";
import { Fragment, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Recalled, SharedFile } from "../agui/activities";
import type { Answer, ConversationSession, SessionView } from "../agui/session";
import { actionOf, currentLeg, engineRunOf, type Item, type Leg, type Thread as ThreadState } from "../agui/thread";
import { LazySurface } from "../cards/LazySurface";
import { memoryLayers } from "../app/route";
import { CallLinks } from "./CallLink";
import { EvidenceLine } from "./EvidenceLine";
import { GoalsCard } from "./GoalsCard";
import { useI18n } from "../i18n/context";
import { IconButton, Spinner } from "../ui/controls";
import { ApprovalCard } from "./ApprovalCard";
import { ImageCard } from "./ImageCard";
import { AssistantMessage, ChoicesCard, FileCard, NoticeLine, Reasoning, RunFooter, UserMessage } from "./Messages";
import { RecalledLine } from "./RecalledLine";
import { RoundCard } from "./RoundCard";

interface ThreadProps {
  session: ConversationSession;
  view: SessionView;
  /** Opens the timeline, at a call when one is named. */
  onTimeline: (callId?: string) => void;
}

export function Thread({ session, view, onTimeline }: ThreadProps) {
  const { t } = useI18n();
  const { thread } = view;
  const busy = view.connection !== "idle";
  const scroller = useFollow(thread.events + thread.items.length);
  const lastUser = thread.items.findLast((item) => item.kind === "user");
  const lastLeg = currentLeg(thread);
  const resend = (item: Extract<Item, { kind: "user" }>, text: string): void => {
    const replaced = item.run ? item.id : undefined;
    if (actionOf(item.text) === null) void session.send(text, item.files as SharedFile[], replaced);
    else void session.runCode(actionOf(text) ?? text, replaced);
  };
  const retry = (): void => {
    if (lastUser?.kind === "user") resend(lastUser, lastUser.text);
  };
  const working = view.connection === "live" && !thread.items.some(isMoving);
  return (
    <CallLinks value={onTimeline}>
      <div className="thread-scroll" ref={scroller.box} tabIndex={-1}>
        <div
          className="thread"
          role="log"
          aria-live="polite"
          aria-relevant="additions"
          aria-busy={busy}
          aria-label={t("conversation")}
        >
          {thread.items.map((item, index) => (
            <Fragment key={item.id}>
              {!isSaidElsewhere(item, view) && <Entry item={item} {...{ session, thread, busy, resend }} />}
              {thread.items[index + 1]?.run !== item.run && (
                <Footer
                  leg={thread.legs.find((leg) => leg.id === item.run)}
                  last={index === thread.items.length - 1}
                  {...{ thread, busy, retry, onTimeline }}
                />
              )}
            </Fragment>
          ))}
          {lastLeg && !thread.items.some((item) => item.run === lastLeg.id) && (
            <Footer leg={lastLeg} last {...{ thread, busy, retry, onTimeline }} />
          )}
          {working && (
            <p className="working" role="status">
              <Spinner /> {t("working")}
            </p>
          )}
        </div>
        {!scroller.following && (
          <IconButton icon={ArrowDown} label={t("toEnd")} className="to-end" onClick={scroller.toEnd} />
        )}
      </div>
    </CallLinks>
  );
}

/** Something on the page already shows that work goes on. */
function isMoving(item: Item): boolean {
  if (item.kind === "round") return ["planning", "running"].includes(item.content.status);
  return "streaming" in item && item.streaming;
}

/** The banner says that the engine is away, an interrupted run's error what its notice said, a round's title its plan. */
function isSaidElsewhere(item: Item, { thread, connection }: SessionView): boolean {
  if (item.kind === "assistant") {
    const said = item.text.trim();
    return thread.items.some(
      (other) => other.kind === "round" && other.content.sub_goal === said && other.content.code && said !== "",
    );
  }
  if (item.kind === "error") return item.code === "engine_lost" && connection !== "idle" && connection !== "failed";
  if (item.kind !== "notice" || item.content.code !== "interrupted") return false;
  return thread.items.some((other) => other.kind === "error" && other.message === item.content.text);
}

/** What a call of the conversation was a call of; null when its round does not list it. */
function callName(thread: ThreadState, callId: string): string | null {
  for (const item of thread.items) {
    const call = item.kind === "round" ? item.content.calls.find((one) => one.call_id === callId) : undefined;
    if (call) return `${call.toolkit}.${call.tool}`;
  }
  return null;
}

const hasChoices = (thread: ThreadState, run: string): boolean =>
  thread.items.some((item) => item.kind === "choices" && item.run === run);

/** The card of choices shows the list that a terminal shows as text. */
const beforeList = (text: string): string => text.split(/\n\n- /)[0]!;

interface EntryProps {
  item: Item;
  session: ConversationSession;
  thread: ThreadState;
  busy: boolean;
  resend: (item: Extract<Item, { kind: "user" }>, text: string) => void;
}

function Entry({ item, session, thread, busy, resend }: EntryProps) {
  switch (item.kind) {
    case "user":
      if (actionOf(item.text) !== null) return null; // the round below shows it
      return (
        <UserMessage
          item={item}
          sentAt={thread.legs.find((leg) => leg.id === item.run)?.startedAt ?? null}
          canResend={!busy}
          onResend={(text) => resend(item, text)}
        />
      );
    case "assistant": {
      const text = hasChoices(thread, item.run) ? beforeList(item.text) : item.text;
      return text || item.streaming ? <AssistantMessage text={text} streaming={item.streaming} /> : null;
    }
    case "reasoning":
      return item.text ? <Reasoning text={item.text} streaming={item.streaming} /> : null;
    case "goals":
      return (
        <GoalsCard
          goals={item.content}
          nameOf={(callId) => callName(thread, callId)}
          over={!busy || currentLeg(thread)?.id !== item.run}
        />
      );
    case "round":
      return <RoundCard round={item.content} />;
    case "approval": {
      const callId = item.content.call_id;
      const interrupt = thread.interrupts.find((entry) => entry.id === callId) ?? null;
      return (
        <ApprovalCard
          approval={item.content}
          interrupt={interrupt}
          busy={busy}
          onAnswer={(answer: Answer) => void session.answer(callId, answer)}
          onDismiss={() => void session.dismiss(callId)}
        />
      );
    }
    case "surface":
      return (
        <div className="card">
          <LazySurface
            operations={item.operations}
            disabled={busy || thread.interrupts.length > 0}
            onAction={(action, model) => void session.click(action, model)}
          />
        </div>
      );
    case "file":
      return <FileCard file={item.content} />;
    case "image":
      return <ImageCard image={item.content} />;
    case "notice":
      return <NoticeLine notice={item.content} />;
    case "choices":
      return <ChoicesCard choices={item.content} busy={busy} onPick={(text) => void session.send(text)} />;
    case "error":
      return <RunFault item={item} session={session} thread={thread} busy={busy} />;
  }
}

type ErrorItem = Extract<Item, { kind: "error" }>;

/** A run that ended badly. One the engine's death cut off can be continued, as long as nothing came after it. */
function RunFault({
  item,
  session,
  thread,
  busy,
}: {
  item: ErrorItem;
  session: ConversationSession;
  thread: ThreadState;
  busy: boolean;
}) {
  const { t } = useI18n();
  const last = currentLeg(thread)?.id === item.run;
  const engineRun = engineRunOf(thread, item.run);
  const interrupted = item.code === "interrupted";
  if (item.code === "engine_lost" && !last) return null;
  return (
    <div
      className={`notice ${interrupted ? "warning" : "error"}`}
      role="alert"
      data-testid="run-error"
      data-code={item.code ?? ""}
    >
      <CircleAlert size={15} aria-hidden />
      <div>
        <p>{item.message}</p>
        {interrupted && <p className="tone-muted">{t("interruptedText")}</p>}
        {interrupted && last && engineRun && (
          <button
            type="button"
            className="button small"
            data-testid="continue"
            disabled={busy}
            onClick={() => void session.continueRun(engineRun)}
          >
            {t("continueRun")}
          </button>
        )}
      </div>
    </div>
  );
}

interface FooterProps {
  thread: ThreadState;
  leg: Leg | undefined;
  last: boolean;
  busy: boolean;
  retry: () => void;
  onTimeline: (callId?: string) => void;
}

/** Behind the last entry of a run that is over; one that waits for an answer has none. */
function Footer({ thread, leg, last, busy, retry, onTimeline }: FooterProps) {
  const { t, seconds, moment } = useI18n();
  if (!leg?.ending || leg.ending === "interrupt" || (last && busy)) return null;
  const text = thread.items.findLast((item) => item.kind === "assistant" && item.run === leg.id);
  const calls = leg.result?.calls ?? 0;
  const parts = [
    leg.ending === "cancelled" ? t("runCancelled") : null,
    leg.endedAt ? moment(leg.endedAt) : null,
    duration(leg, seconds),
    calls > 0 ? t(calls === 1 ? "callCountOne" : "callCount", { count: calls }) : null,
  ].filter((part) => part !== null);
  return (
    <>
      <EvidenceLine evidence={leg.result?.evidence} />
      <RecalledLine recalled={recalledBy(thread, leg.id)} />
      <RunFooter
        text={text?.kind === "assistant" ? text.text : ""}
        runId={leg.engineRun}
        canRetry={!busy && last && thread.items.some((item) => item.kind === "user")}
        onRetry={retry}
        onTimeline={() => onTimeline()}
        summary={parts.length > 0 ? parts.join(" · ") : t("timeline")}
      />
    </>
  );
}

/** What of memory went into a run, each once; a kind of memory that the page does not know is left out. */
function recalledBy(thread: ThreadState, run: string): Recalled[] {
  const all = thread.items.flatMap((item) =>
    item.kind === "round" && item.run === run ? (item.content.recalled ?? []) : [],
  );
  const keys = all.map((one) => `${one.layer}/${one.session_id}/${one.id}`);
  return all.filter((one, index) => memoryLayers.includes(one.layer) && keys.indexOf(keys[index]!) === index);
}

function duration(leg: Leg, seconds: (value: number) => string): string | null {
  if (leg.result?.seconds != null) return seconds(leg.result.seconds);
  return leg.startedAt && leg.endedAt ? seconds((leg.endedAt - leg.startedAt) / 1000) : null;
}

const nearEnd = 80;

/** Keeps the end in view while content grows, unless the person scrolled away from it. */
function useFollow(version: number) {
  const box = useRef<HTMLDivElement>(null);
  const stick = useRef(true);
  const lastTop = useRef(0);
  const [following, setFollowing] = useState(true);
  useEffect(() => {
    const element = box.current!;
    const onScroll = (): void => {
      const upwards = element.scrollTop < lastTop.current - 2;
      lastTop.current = element.scrollTop;
      const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < nearEnd;
      // Content that grows moves the end away too; only a person moves the view upwards.
      if (atEnd || upwards) stick.current = atEnd;
      setFollowing(stick.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    const observer = new ResizeObserver(() => {
      if (stick.current) element.scrollTop = element.scrollHeight;
    });
    observer.observe(element.firstElementChild!);
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
    };
  }, []);
  useLayoutEffect(() => {
    if (stick.current) box.current!.scrollTop = box.current!.scrollHeight;
  }, [version]);
  const toEnd = (): void => box.current?.scrollTo({ top: box.current.scrollHeight, behavior: "smooth" });
  return { box, following, toEnd };
}
